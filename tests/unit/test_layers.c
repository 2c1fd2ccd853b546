/* Every class of layers.def, in the spelling of tf.keras 2.15 and of Keras 3: shapes of the
 * results, and which of them have masks. Numbers are compared with real Keras' in test_golden. */
#include <criterion/criterion.h>
#include <string.h>

#include "core/layers/mask_util.h"
#include "tests/support/layer_case.h"

/* What both eras write into every config. */
#define K2_BASE "\"name\": \"layer_1\", \"trainable\": true, \"dtype\": \"float32\""
#define K3_BASE                                                                       \
    "\"name\": \"layer_1\", \"trainable\": true, \"dtype\": {\"module\": \"keras\", " \
    "\"class_name\": \"DTypePolicy\", \"config\": {\"name\": \"float32\"}, "          \
    "\"registered_name\": null}"
#define INITS                                                               \
    "\"kernel_initializer\": {\"class_name\": \"Zeros\", \"config\": {}}, " \
    "\"kernel_regularizer\": null, \"activity_regularizer\": null, \"bias_constraint\": null"
#define CONV_BASE \
    "\"data_format\": \"channels_last\", \"use_bias\": true, \"activation\": \"relu\", " INITS
#define RNN2                                                                            \
    "\"go_backwards\": false, \"stateful\": false, \"unroll\": false, \"time_major\": " \
    "false, \"units\": 8, \"activation\": \"tanh\", \"use_bias\": true, \"dropout\": "  \
    "0.1, \"recurrent_dropout\": 0.0, \"implementation\": 2, " INITS
#define RNN3                                                                    \
    "\"go_backwards\": false, \"stateful\": false, \"unroll\": false, "         \
    "\"zero_output_for_mask\": false, \"units\": 8, \"activation\": \"tanh\", " \
    "\"use_bias\": true, \"dropout\": 0.1, \"recurrent_dropout\": 0.0, \"seed\": null, " INITS
#define GATES2 "\"recurrent_activation\": \"sigmoid\", "
#define INNER(class_name, config)                                                             \
    "{\"module\": \"keras.layers\", \"class_name\": \"" class_name "\", \"config\": {" config \
    "}, \"registered_name\": null}"
#define LSTM_WEIGHTS "[12, 32]; [8, 32]; [32]"
#define ALL          SLICE("null", "null")
#define SLICE(a, b) \
    "{\"class_name\": \"__slice__\", \"config\": {\"start\": " a ", \"stop\": " b "}}"

static const struct layer_case cases[] = {
    { "Activation", KERAS_2, "{" K2_BASE ", \"activation\": \"relu\"}", "f[?, 3, 4]m", NULL,
      "[?, 3, 4]m" },
    { "Activation", KERAS_3, "{" K3_BASE ", \"activation\": \"softmax\"}", "f[?, 3, 4]", NULL,
      "[?, 3, 4]" },
    { "Activation", KERAS_3,
      "{" K3_BASE ", \"activation\": {\"module\": \"builtins\", \"class_name\": \"function\", "
      "\"config\": \"relu\", \"registered_name\": \"function\"}}",
      "f[?, 3]", NULL, "[?, 3]" },
    { "Activation", KERAS_2,
      "{" K2_BASE ", \"activation\": " INNER("LeakyReLU", "\"alpha\": 0.1") "}", "f[?, 3]", NULL,
      "[?, 3]" },
    { "ActivityRegularization", KERAS_2, "{" K2_BASE ", \"l1\": 0.1, \"l2\": 0}", "f[?, 3, 4]m",
      NULL, "[?, 3, 4]m" },
    { "ActivityRegularization", KERAS_3, "{" K3_BASE ", \"l1\": 0.1, \"l2\": 0}", "f[?, 3]", NULL,
      "[?, 3]" },

    { "Add", KERAS_2, "{" K2_BASE "}", "f[?, 9, 8]m; f[?, 9, 8]", NULL, "[?, 9, 8]m" },
    { "Add", KERAS_2, "{" K2_BASE "}", "f[?, 8]; f[?, 9, 8]", NULL, "[?, 9, 8]" },
    { "Add", KERAS_3, "{" K3_BASE "}", "f[?, 9, 8]m; f[?, 9, 8]", NULL, "[?, 9, 8]" },
    { "Add", KERAS_3, "{" K3_BASE "}", "f[?, 9, 8]m; f[?, 9, 8]m", NULL, "[?, 9, 8]m" },
    { "Add", KERAS_3, "{\"name\": \"add\"}", "f[?, 8]; = 1.5", NULL, "[?, 8]" },
    { "Subtract", KERAS_2, "{" K2_BASE "}", "f[?, 8]; f[?, 8]", NULL, "[?, 8]" },
    { "Subtract", KERAS_3, "{" K3_BASE "}", "f[?, 8]; f[?, 8]", NULL, "[?, 8]" },
    { "Subtract", KERAS_3, "{\"name\": \"subtract\"}", "= 1; | f[?, 8]", NULL, "[?, 8]" },
    { "Subtract", KERAS_3, "{\"name\": \"subtract\"}", "f[?, 8]; | f[?, 1]", NULL, "[?, 8]" },
    { "Multiply", KERAS_2, "{" K2_BASE "}", "f[?, 4, 4, 8]; f[?, 1, 1, 8]", NULL, "[?, 4, 4, 8]" },
    { "Multiply", KERAS_3, "{" K3_BASE "}", "f[?, 9, 8]; f[?, 9, 8]; f[?, 9, 8]", NULL,
      "[?, 9, 8]" },
    { "Average", KERAS_2, "{" K2_BASE "}", "f[?, 8]; f[?, 8]; f[?, 8]", NULL, "[?, 8]" },
    { "Average", KERAS_3, "{" K3_BASE "}", "f[?, 8]; f[?, 8]", NULL, "[?, 8]" },
    { "Maximum", KERAS_2, "{" K2_BASE "}", "f[?, 8]; f[?, 8]", NULL, "[?, 8]" },
    { "Maximum", KERAS_3, "{" K3_BASE "}", "f[?, 8]; f[?, 8]", NULL, "[?, 8]" },
    { "Minimum", KERAS_2, "{" K2_BASE "}", "f[?, 8]; f[?, 8]", NULL, "[?, 8]" },
    { "Minimum", KERAS_3, "{" K3_BASE "}", "f[?, 8]; f[?, 8]", NULL, "[?, 8]" },
    { "TrueDivide", KERAS_3, "{\"name\": \"true_divide\"}", "f[?, 8]; = 3.0", NULL, "[?, 8]" },
    { "Divide", KERAS_3, "{\"name\": \"divide\"}", "f[?, 8]; | f[?, 8]", NULL, "[?, 8]" },
    { "Concatenate", KERAS_2, "{" K2_BASE ", \"axis\": -1}", "f[?, 9, 8]m; f[?, 9, 4]", NULL,
      "[?, 9, 12]m" },
    { "Concatenate", KERAS_3, "{" K3_BASE ", \"axis\": -1}", "f[?, 9, 8]m; f[?, 9, 4]", NULL,
      "[?, 9, 12]" },
    { "Concatenate", KERAS_3, "{" K3_BASE ", \"axis\": 2}", "f[?, 9, 8]m; f[?, 9, 4]m", NULL,
      "[?, 9, 12]m" },
    { "Concatenate", KERAS_2, "{" K2_BASE ", \"axis\": 1}", "f[?, 1, 8]; f[?, 9, 8]m", NULL,
      "[?, 10, 8]m" },
    { "Concatenate", KERAS_3, "{\"name\": \"c\", \"axis\": -1}", "b[?, 9, 8]; b[?, 9, 4]", NULL,
      "[?, 9, 12]" },
    { "Dot", KERAS_2, "{" K2_BASE ", \"axes\": [2, 2], \"normalize\": false}",
      "f[?, 9, 16]; f[?, 7, 16]", NULL, "[?, 9, 7]" },
    { "Dot", KERAS_2, "{" K2_BASE ", \"axes\": [2, 1], \"normalize\": true}",
      "f[?, 9, 7]; f[?, 7, 16]", NULL, "[?, 9, 16]" },
    { "Dot", KERAS_3, "{" K3_BASE ", \"axes\": 1, \"normalize\": false}", "f[?, 9]; f[?, 9]", NULL,
      "[?, 1]" },
    { "Dot", KERAS_3, "{" K3_BASE ", \"axes\": [-1, 1], \"normalize\": false}",
      "f[?, 9]; f[?, 9, 4]", NULL, "[?, 4]" },
    { "Dot", KERAS_3, "{" K3_BASE ", \"axes\": [1, 1], \"normalize\": false}",
      "f[?, 9, 4]; f[?, 9]", NULL, "[?, 4]" },

    { "Dense", KERAS_2, "{" K2_BASE ", \"units\": 3, \"activation\": \"relu\", " INITS "}",
      "f[?, 4]", "[4, 3]; [3]", "[?, 3]" },
    { "Dense", KERAS_3,
      "{" K3_BASE ", \"units\": 3, \"use_bias\": false, \"activation\": \"softmax\", "
      "\"quantization_config\": null, " INITS "}",
      "f[?, ?, 4]m", "[4, 3]", "[?, ?, 3]m" },
    { "Embedding", KERAS_2,
      "{" K2_BASE ", \"batch_input_shape\": [null, null], \"input_dim\": 61, \"output_dim\": 12, "
      "\"mask_zero\": true, \"input_length\": null, \"embeddings_initializer\": {}}",
      "i[?, 9]", "[61, 12]", "[?, 9, 12]m" },
    { "Embedding", KERAS_3,
      "{" K3_BASE ", \"input_dim\": 61, \"output_dim\": 12, \"mask_zero\": false, "
      "\"quantization_config\": null}",
      "f[?, ?]", "[61, 12]", "[?, ?, 12]" },
    { "LSTM", KERAS_2,
      "{" K2_BASE ", \"return_sequences\": false, \"return_state\": false, " GATES2 RNN2 "}",
      "f[?, 9, 12]m", LSTM_WEIGHTS, "[?, 8]" },
    { "LSTM", KERAS_2,
      "{" K2_BASE ", \"return_sequences\": true, \"return_state\": true, " GATES2 RNN2 "}",
      "f[?, 9, 12]m; f[?, 8]; f[?, 8]", LSTM_WEIGHTS, "[?, 9, 8]m; [?, 8]; [?, 8]" },
    { "LSTM", KERAS_3, "{" K3_BASE ", \"return_sequences\": true, " GATES2 RNN3 "}",
      "f[?, ?, 12]; training=false; mask:b[?, ?]", LSTM_WEIGHTS, "[?, ?, 8]m" },
    { "LSTM", KERAS_3, "{" K3_BASE ", \"return_sequences\": true, " GATES2 RNN3 "}",
      "f[?, 9, 12]m; initial_state:f[?, 8]; f[?, 8]", LSTM_WEIGHTS, "[?, 9, 8]m" },
    { "LSTM", KERAS_22, "{\"name\": \"lstm\", \"units\": 8, \"activation\": \"tanh\"}",
      "f[?, 9, 12]", LSTM_WEIGHTS, "[?, 8]" },
    { "GRU", KERAS_2, "{" K2_BASE ", \"reset_after\": true, " GATES2 RNN2 "}", "f[?, 9, 12]",
      "[12, 24]; [8, 24]; [2, 24]", "[?, 8]" },
    { "GRU", KERAS_3, "{" K3_BASE ", \"reset_after\": false, " GATES2 RNN3 "}",
      "f[?, 9, 12]; initial_state:f[?, 8]", "[12, 24]; [8, 24]; [24]", "[?, 8]" },
    { "GRU", KERAS_22, "{\"name\": \"gru\", \"units\": 8, \"use_bias\": true}", "f[?, 9, 12]",
      "[12, 24]; [8, 24]; [24]", "[?, 8]" },
    { "SimpleRNN", KERAS_2, "{" K2_BASE ", " RNN2 "}", "f[?, 9, 12]", "[12, 8]; [8, 8]; [8]",
      "[?, 8]" },
    { "SimpleRNN", KERAS_3, "{" K3_BASE ", \"return_state\": true, " RNN3 "}", "f[?, 9, 12]",
      "[12, 8]; [8, 8]; [8]", "[?, 8]; [?, 8]" },
    { "Bidirectional", KERAS_2,
      "{" K2_BASE ", \"merge_mode\": \"concat\", \"layer\": " INNER(
          "LSTM", "\"return_sequences\": true, " GATES2 RNN2) "}",
      "f[?, 9, 12]m", LSTM_WEIGHTS "; " LSTM_WEIGHTS, "[?, 9, 16]m" },
    { "Bidirectional", KERAS_2,
      "{" K2_BASE ", \"merge_mode\": null, \"layer\": " INNER(
          "LSTM", "\"return_state\": true, " GATES2 RNN2) "}",
      "f[?, 9, 12]m; f[?, 8]; f[?, 8]; f[?, 8]; f[?, 8]", LSTM_WEIGHTS "; " LSTM_WEIGHTS,
      "[?, 8]; [?, 8]; [?, 8]; [?, 8]; [?, 8]; [?, 8]" },
    { "Bidirectional", KERAS_3,
      "{" K3_BASE ", \"merge_mode\": \"sum\", \"layer\": " INNER(
          "SimpleRNN", RNN3) ", "
                             "\"backward_layer\": " INNER(
                                 "SimpleRNN", "\"go_backwards\": true, \"units\": 8") "}",
      "f[?, 9, 12]; mask:b[?, 9]", "[12, 8]; [8, 8]; [8]; [12, 8]; [8, 8]; [8]", "[?, 8]" },
    { "Bidirectional", KERAS_3,
      "{" K3_BASE ", \"merge_mode\": \"ave\", \"layer\": " INNER(
          "GRU", "\"return_sequences\": true, \"use_bias\": false, \"units\": 8") "}",
      "f[?, 9, 12]m", "[12, 24]; [8, 24]; [12, 24]; [8, 24]", "[?, 9, 8]m" },
    { "TimeDistributed", KERAS_2,
      "{" K2_BASE ", \"layer\": " INNER("Dense", "\"units\": 3, \"activation\": \"softmax\"") "}",
      "f[?, ?, 4]m", "[4, 3]; [3]", "[?, ?, 3]m" },
    { "TimeDistributed", KERAS_2, "{" K2_BASE ", \"layer\": " INNER("LSTM", GATES2 RNN2) "}",
      "f[?, 5, 9, 12]", LSTM_WEIGHTS, "[?, 5, 8]" },
    { "TimeDistributed", KERAS_2,
      "{" K2_BASE ", \"layer\": " INNER(
          "Embedding", "\"input_dim\": 61, \"output_dim\": 12, \"mask_zero\": true") "}",
      "i[?, 5, 9]", "[61, 12]", "[?, 5, 9, 12]m" },
    { "TimeDistributed", KERAS_3,
      "{" K3_BASE ", \"layer\": " INNER("Conv2D", "\"filters\": 6, \"kernel_size\": [3, 3]") "}",
      "f[?, 5, 17, 15, 3]; mask:b[?, 5]", "[3, 3, 3, 6]; [6]", "[?, 5, 15, 13, 6]m" },
    { "RepeatVector", KERAS_2, "{" K2_BASE ", \"n\": 9}", "f[?, 16]", NULL, "[?, 9, 16]" },
    { "RepeatVector", KERAS_3, "{" K3_BASE ", \"n\": 9}", "f[?, 16]m", NULL, "[?, 9, 16]" },
    { "Masking", KERAS_2, "{" K2_BASE ", \"mask_value\": 0.0}", "f[?, ?, 4]", NULL, "[?, ?, 4]m" },
    { "Masking", KERAS_3, "{" K3_BASE ", \"mask_value\": -1.0}", "f[?, 9, 4]", NULL, "[?, 9, 4]m" },

    { "Dropout", KERAS_2, "{" K2_BASE ", \"rate\": 0.5, \"noise_shape\": null, \"seed\": null}",
      "f[?, 9, 8]m", NULL, "[?, 9, 8]m" },
    { "Dropout", KERAS_3, "{" K3_BASE ", \"rate\": 0.5, \"seed\": 1, \"noise_shape\": null}",
      "f[?, 9]; training=false", NULL, "[?, 9]" },
    { "SpatialDropout1D", KERAS_2, "{" K2_BASE ", \"rate\": 0.5}", "f[?, 9, 8]m", NULL,
      "[?, 9, 8]m" },
    { "SpatialDropout1D", KERAS_3, "{" K3_BASE ", \"rate\": 0.5, \"seed\": null}", "f[?, 9, 8]",
      NULL, "[?, 9, 8]" },
    { "SpatialDropout2D", KERAS_2,
      "{" K2_BASE ", \"rate\": 0.5, \"data_format\": \"channels_last\"}", "f[?, 4, 4, 8]", NULL,
      "[?, 4, 4, 8]" },
    { "SpatialDropout2D", KERAS_3,
      "{" K3_BASE ", \"rate\": 0.5, \"data_format\": \"channels_last\"}", "f[?, 4, 4, 8]", NULL,
      "[?, 4, 4, 8]" },
    { "GaussianNoise", KERAS_2, "{" K2_BASE ", \"stddev\": 0.1}", "f[?, 8]", NULL, "[?, 8]" },
    { "GaussianNoise", KERAS_3, "{" K3_BASE ", \"stddev\": 0.1, \"seed\": null}", "f[?, 8]", NULL,
      "[?, 8]" },
    { "GaussianDropout", KERAS_2, "{" K2_BASE ", \"rate\": 0.1}", "f[?, 8]", NULL, "[?, 8]" },
    { "GaussianDropout", KERAS_3, "{" K3_BASE ", \"rate\": 0.1}", "f[?, 8]", NULL, "[?, 8]" },
    { "AlphaDropout", KERAS_2, "{" K2_BASE ", \"rate\": 0.1}", "f[?, 8]", NULL, "[?, 8]" },
    { "AlphaDropout", KERAS_3, "{" K3_BASE ", \"rate\": 0.1, \"noise_shape\": null}", "f[?, 8]",
      NULL, "[?, 8]" },

    { "BatchNormalization", KERAS_2,
      "{" K2_BASE ", \"axis\": [3], \"momentum\": 0.99, \"epsilon\": 0.001, \"center\": true, "
      "\"scale\": true, \"gamma_initializer\": {}, \"beta_constraint\": null}",
      "f[?, 4, 4, 8]", "[8]; [8]; [8]; [8]", "[?, 4, 4, 8]" },
    { "BatchNormalization", KERAS_3,
      "{" K3_BASE ", \"axis\": -1, \"momentum\": 0.99, \"epsilon\": 0.001, \"center\": true, "
      "\"scale\": false, \"synchronized\": false, \"renorm\": false, \"renorm_clipping\": null, "
      "\"renorm_momentum\": 0.99}",
      "f[?, 9, 8]m; mask=null", "[8]; [8]; [8]", "[?, 9, 8]m" },
    { "LayerNormalization", KERAS_2,
      "{" K2_BASE ", \"axis\": [2], \"epsilon\": 0.001, \"center\": true, \"scale\": true}",
      "f[?, 9, 8]m", "[8]; [8]", "[?, 9, 8]m" },
    { "LayerNormalization", KERAS_3,
      "{" K3_BASE ", \"axis\": -1, \"epsilon\": 0.001, \"center\": false, \"scale\": true, "
      "\"rms_scaling\": false}",
      "f[?, ?, 8]", "[8]", "[?, ?, 8]" },
    { "Normalization", KERAS_2,
      "{" K2_BASE ", \"axis\": [3], \"mean\": null, \"variance\": null, \"invert\": false}",
      "f[?, ?, ?, 3]", "[3]; [3]; []", "[?, ?, ?, 3]" },
    { "Normalization", KERAS_3,
      "{" K3_BASE ", \"axis\": null, \"mean\": 2.0, \"variance\": [[4.0]], \"invert\": true}",
      "f[?, 3]", NULL, "[?, 3]" },
    { "Rescaling", KERAS_2, "{" K2_BASE ", \"scale\": 0.0078, \"offset\": -1}", "f[?, 4, 4, 3]m",
      NULL, "[?, 4, 4, 3]" },
    { "Rescaling", KERAS_3,
      "{" K3_BASE ", \"scale\": {\"class_name\": \"__numpy__\", \"config\": {\"value\": "
      "[1.0, 2.0, 3.0], \"dtype\": \"float32\"}}, \"offset\": 0.0}",
      "i[?, 4, 4, 3]", NULL, "[?, 4, 4, 3]" },

    { "Attention", KERAS_2,
      "{" K2_BASE ", \"dropout\": 0.0, \"use_scale\": true, "
      "\"score_mode\": \"dot\"}",
      "f[?, 9, 16]m; f[?, 6, 16]m", "[]", "[?, 9, 16]m" },
    { "Attention", KERAS_2,
      "{" K2_BASE ", \"dropout\": 0.1, \"use_scale\": false, "
      "\"causal\": true}",
      "f[?, ?, 16]; f[?, ?, 16]; return_attention_scores=true", NULL, "[?, ?, 16]; [?, ?, ?]" },
    { "Attention", KERAS_3,
      "{" K3_BASE ", \"use_scale\": true, \"score_mode\": \"concat\", \"dropout\": 0.0, "
      "\"seed\": null}",
      "f[?, 9, 16]; f[?, 6, 4]; f[?, 6, 16]; use_causal_mask=true", "[]; []", "[?, 9, 4]" },
    { "AdditiveAttention", KERAS_2, "{" K2_BASE ", \"dropout\": 0.0, \"use_scale\": true}",
      "f[?, ?, 16]m; f[?, ?, 16]", "[16]", "[?, ?, 16]m" },
    { "AdditiveAttention", KERAS_3,
      "{" K3_BASE ", \"use_scale\": false, \"dropout\": 0.0, \"seed\": null}",
      "f[?, 9, 16]; f[?, 6, 16]m", NULL, "[?, 9, 16]" },
    { "MultiHeadAttention", KERAS_2,
      "{" K2_BASE ", \"num_heads\": 4, \"key_dim\": 4, \"value_dim\": 4, \"dropout\": 0.0, "
      "\"use_bias\": true, \"output_shape\": null, \"attention_axes\": [1], \"query_shape\": "
      "[null, 9, 16], \"key_shape\": [null, 9, 16], \"value_shape\": [null, 9, 16]}",
      "f[?, 9, 16]m; value:f[?, 9, 16]m; use_causal_mask=true",
      "[16, 4, 4]; [4, 4]; [16, 4, 4]; [4, 4]; [16, 4, 4]; [4, 4]; [4, 4, 16]; [16]",
      "[?, 9, 16]m" },
    { "MultiHeadAttention", KERAS_3,
      "{" K3_BASE ", \"num_heads\": 2, \"key_dim\": 4, \"value_dim\": 3, \"dropout\": 0.0, "
      "\"use_bias\": false, \"use_gate\": false, \"output_shape\": [7], \"attention_axes\": [1], "
      "\"sliding_window\": null, \"seed\": null}",
      "f[?, ?, 16]; | f[?, ?, 12]; | f[?, ?, 12]; attention_mask:b[?, ?, ?]; "
      "return_attention_scores=true",
      "[16, 2, 4]; [12, 2, 4]; [12, 2, 3]; [2, 3, 7]", "[?, ?, 7]; [?, 2, ?, ?]" },

    { "Conv2D", KERAS_2,
      "{" K2_BASE ", \"filters\": 8, \"kernel_size\": [3, 2], \"strides\": [2, 2], \"padding\": "
      "\"same\", \"dilation_rate\": [1, 1], \"groups\": 1, " CONV_BASE "}",
      "f[?, 17, 15, 3]", "[3, 2, 3, 8]; [8]", "[?, 9, 8, 8]" },
    { "Conv2D", KERAS_3,
      "{" K3_BASE ", \"filters\": 8, \"kernel_size\": [3, 3], \"strides\": [1, 1], \"padding\": "
      "\"valid\", \"dilation_rate\": [2, 2], \"groups\": 2, \"use_bias\": false, "
      "\"activation\": \"softmax\"}",
      "f[?, ?, ?, 4]", "[3, 3, 2, 8]", "[?, ?, ?, 8]" },
    { "Conv1D", KERAS_2,
      "{" K2_BASE ", \"filters\": 8, \"kernel_size\": [3], \"strides\": [1], \"padding\": "
      "\"causal\", \"dilation_rate\": [2], \"groups\": 1, " CONV_BASE "}",
      "f[?, 9, 4]", "[3, 4, 8]; [8]", "[?, 9, 8]" },
    { "Conv1D", KERAS_3,
      "{" K3_BASE ", \"filters\": 8, \"kernel_size\": [3], \"strides\": [2], \"padding\": "
      "\"same\", \"dilation_rate\": [1], \"groups\": 1, " CONV_BASE "}",
      "f[?, ?, 4]m", "[3, 4, 8]; [8]", "[?, ?, 8]" },
    { "Conv2DTranspose", KERAS_2,
      "{" K2_BASE ", \"filters\": 6, \"kernel_size\": [3, 3], \"strides\": [2, 2], \"padding\": "
      "\"same\", \"dilation_rate\": [1, 1], \"groups\": 1, \"output_padding\": null, " CONV_BASE
      "}",
      "f[?, 9, 8, 16]", "[3, 3, 6, 16]; [6]", "[?, 18, 16, 6]" },
    { "Conv2DTranspose", KERAS_3,
      "{" K3_BASE ", \"filters\": 6, \"kernel_size\": [3, 3], \"strides\": [2, 2], \"padding\": "
      "\"valid\", \"output_padding\": [1, 1], \"dilation_rate\": [1, 1], " CONV_BASE "}",
      "f[?, 9, 8, 16]", "[3, 3, 6, 16]; [6]", "[?, 20, 18, 6]" },
    { "DepthwiseConv2D", KERAS_2,
      "{" K2_BASE ", \"kernel_size\": [3, 3], \"strides\": [2, 2], \"padding\": \"same\", "
      "\"dilation_rate\": [1, 1], \"groups\": 1, \"depth_multiplier\": 2, " CONV_BASE "}",
      "f[?, 17, 15, 8]", "[3, 3, 8, 2]; [16]", "[?, 9, 8, 16]" },
    { "DepthwiseConv2D", KERAS_3,
      "{" K3_BASE ", \"kernel_size\": [3, 3], \"depth_multiplier\": 1, \"use_bias\": false}",
      "f[?, 17, 15, 8]", "[3, 3, 8, 1]", "[?, 15, 13, 8]" },
    { "SeparableConv2D", KERAS_2,
      "{" K2_BASE ", \"filters\": 10, \"kernel_size\": [3, 3], \"strides\": [1, 1], \"padding\": "
      "\"same\", \"dilation_rate\": [1, 1], \"groups\": 1, \"depth_multiplier\": 2, " CONV_BASE "}",
      "f[?, 7, 5, 8]", "[3, 3, 8, 2]; [1, 1, 16, 10]; [10]", "[?, 7, 5, 10]" },
    { "SeparableConv2D", KERAS_3,
      "{" K3_BASE ", \"filters\": 10, \"kernel_size\": 3, \"use_bias\": false}", "f[?, 7, 5, 8]",
      "[3, 3, 8, 1]; [1, 1, 8, 10]", "[?, 5, 3, 10]" },
    { "MaxPooling2D", KERAS_2,
      "{" K2_BASE ", \"pool_size\": [2, 2], \"padding\": \"same\", \"strides\": [2, 2], "
      "\"data_format\": \"channels_last\"}",
      "f[?, 7, 8, 3]", NULL, "[?, 4, 4, 3]" },
    { "MaxPooling2D", KERAS_3, "{" K3_BASE ", \"pool_size\": [2, 2], \"strides\": null}",
      "f[?, 7, 8, 3]", NULL, "[?, 3, 4, 3]" },
    { "AveragePooling2D", KERAS_2,
      "{" K2_BASE ", \"pool_size\": [3, 3], \"padding\": \"same\", \"strides\": [1, 1]}",
      "f[?, 7, 8, 3]", NULL, "[?, 7, 8, 3]" },
    { "AveragePooling2D", KERAS_3, "{" K3_BASE ", \"pool_size\": 2}", "f[?, ?, 8, 3]", NULL,
      "[?, ?, 4, 3]" },
    { "MaxPooling1D", KERAS_2,
      "{" K2_BASE ", \"pool_size\": [2], \"padding\": \"valid\", \"strides\": [2], "
      "\"data_format\": \"channels_last\"}",
      "f[?, 9, 3]", NULL, "[?, 4, 3]" },
    { "MaxPooling1D", KERAS_3, "{" K3_BASE ", \"pool_size\": [2], \"padding\": \"same\"}",
      "f[?, ?, 3]", NULL, "[?, ?, 3]" },
    { "AveragePooling1D", KERAS_2, "{" K2_BASE ", \"pool_size\": [2], \"strides\": [1]}",
      "f[?, 9, 3]", NULL, "[?, 8, 3]" },
    { "AveragePooling1D", KERAS_3, "{" K3_BASE ", \"pool_size\": 3}", "f[?, 9, 3]", NULL,
      "[?, 3, 3]" },
    { "GlobalAveragePooling1D", KERAS_2,
      "{" K2_BASE ", \"data_format\": \"channels_last\", \"keepdims\": false}", "f[?, 9, 3]m", NULL,
      "[?, 3]" },
    { "GlobalAveragePooling1D", KERAS_3, "{" K3_BASE ", \"keepdims\": true}",
      "f[?, 9, 3]; mask:b[?, 9]", NULL, "[?, 1, 3]" },
    { "GlobalAveragePooling2D", KERAS_2, "{" K2_BASE ", \"keepdims\": true}", "f[?, 4, 4, 3]", NULL,
      "[?, 1, 1, 3]" },
    { "GlobalAveragePooling2D", KERAS_3, "{" K3_BASE ", \"keepdims\": false}", "f[?, ?, ?, 3]",
      NULL, "[?, 3]" },
    { "GlobalMaxPooling1D", KERAS_2, "{" K2_BASE ", \"keepdims\": false}", "f[?, 9, 3]m", NULL,
      "[?, 3]" },
    { "GlobalMaxPooling1D", KERAS_3, "{" K3_BASE ", \"keepdims\": false}", "f[?, 9, 3]", NULL,
      "[?, 3]" },
    { "GlobalMaxPooling2D", KERAS_2, "{" K2_BASE "}", "f[?, 4, 4, 3]", NULL, "[?, 3]" },
    { "GlobalMaxPooling2D", KERAS_3, "{" K3_BASE ", \"keepdims\": false}", "f[?, 4, 4, 3]", NULL,
      "[?, 3]" },
    { "ZeroPadding2D", KERAS_2, "{" K2_BASE ", \"padding\": [[1, 2], [0, 1]]}", "f[?, 4, 4, 8]",
      NULL, "[?, 7, 5, 8]" },
    { "ZeroPadding2D", KERAS_3, "{" K3_BASE ", \"padding\": [1, 3]}", "f[?, 4, 4, 8]", NULL,
      "[?, 6, 10, 8]" },
    { "ZeroPadding1D", KERAS_2, "{" K2_BASE ", \"padding\": [1, 2]}", "f[?, 4, 8]", NULL,
      "[?, 7, 8]" },
    { "ZeroPadding1D", KERAS_3, "{" K3_BASE ", \"padding\": 1}", "f[?, ?, 8]", NULL, "[?, ?, 8]" },
    { "Cropping2D", KERAS_2, "{" K2_BASE ", \"cropping\": [[1, 2], [2, 1]]}", "f[?, 18, 16, 6]",
      NULL, "[?, 15, 13, 6]" },
    { "Cropping2D", KERAS_3, "{" K3_BASE ", \"cropping\": 1}", "f[?, ?, 16, 6]", NULL,
      "[?, ?, 14, 6]" },
    { "Cropping1D", KERAS_2, "{" K2_BASE ", \"cropping\": [1, 0]}", "f[?, 9, 6]", NULL,
      "[?, 8, 6]" },
    { "Cropping1D", KERAS_3, "{" K3_BASE ", \"cropping\": [0, 2]}", "f[?, 9, 6]", NULL,
      "[?, 7, 6]" },
    { "UpSampling2D", KERAS_2, "{" K2_BASE ", \"size\": [2, 3], \"interpolation\": \"nearest\"}",
      "f[?, 4, 4, 6]", NULL, "[?, 8, 12, 6]" },
    { "UpSampling2D", KERAS_3, "{" K3_BASE ", \"size\": 2, \"interpolation\": \"bilinear\"}",
      "f[?, ?, 4, 6]", NULL, "[?, ?, 8, 6]" },
    { "UpSampling1D", KERAS_2, "{" K2_BASE ", \"size\": 2}", "f[?, 4, 6]", NULL, "[?, 8, 6]" },
    { "UpSampling1D", KERAS_3, "{" K3_BASE ", \"size\": 3}", "f[?, ?, 6]", NULL, "[?, ?, 6]" },
    { "Flatten", KERAS_2, "{" K2_BASE ", \"data_format\": \"channels_last\"}", "f[?, 4, 4, 6]m",
      NULL, "[?, 96]" },
    { "Flatten", KERAS_3, "{" K3_BASE ", \"data_format\": \"channels_last\"}", "f[?, ?, 6]", NULL,
      "[?, ?]" },
    { "Reshape", KERAS_2, "{" K2_BASE ", \"target_shape\": [1, 1, 16]}", "f[?, 16]", NULL,
      "[?, 1, 1, 16]" },
    { "Reshape", KERAS_3, "{" K3_BASE ", \"target_shape\": [-1, 8]}", "f[?, 4, 4, 2]", NULL,
      "[?, 4, 8]" },
    { "Permute", KERAS_2, "{" K2_BASE ", \"dims\": [2, 1]}", "f[?, 9, 4]", NULL, "[?, 4, 9]" },
    { "Permute", KERAS_3, "{" K3_BASE ", \"dims\": [3, 1, 2]}", "f[?, 9, 4, 2]", NULL,
      "[?, 2, 9, 4]" },

    { "LeakyReLU", KERAS_2, "{" K2_BASE ", \"alpha\": 0.3}", "f[?, 9, 8]m", NULL, "[?, 9, 8]m" },
    { "LeakyReLU", KERAS_3, "{" K3_BASE ", \"negative_slope\": 0.3}", "f[?, 8]", NULL, "[?, 8]" },
    { "ReLU", KERAS_2,
      "{" K2_BASE ", \"max_value\": 6.0, \"negative_slope\": 0.1, \"threshold\": 0.0}", "f[?, 8]",
      NULL, "[?, 8]" },
    { "ReLU", KERAS_3,
      "{" K3_BASE ", \"max_value\": null, \"negative_slope\": 0.0, \"threshold\": 0.5}", "f[?, 8]",
      NULL, "[?, 8]" },
    { "ELU", KERAS_2, "{" K2_BASE ", \"alpha\": 1.0}", "f[?, 8]", NULL, "[?, 8]" },
    { "ELU", KERAS_3, "{" K3_BASE ", \"alpha\": 0.5}", "f[?, 8]", NULL, "[?, 8]" },
    { "PReLU", KERAS_2, "{" K2_BASE ", \"alpha_initializer\": {}, \"shared_axes\": [1, 2]}",
      "f[?, ?, ?, 16]", "[1, 1, 16]", "[?, ?, ?, 16]" },
    { "PReLU", KERAS_3, "{" K3_BASE ", \"shared_axes\": null}", "f[?, 9, 4]m", "[9, 4]",
      "[?, 9, 4]m" },
    { "Softmax", KERAS_2, "{" K2_BASE ", \"axis\": -1}", "f[?, 9, 4]", NULL, "[?, 9, 4]" },
    { "Softmax", KERAS_3, "{" K3_BASE ", \"axis\": 1}", "f[?, 9, 4]; mask:b[?, 9, 4]", NULL,
      "[?, 9, 4]m" },

    { "NotEqual", KERAS_3, "{\"name\": \"not_equal\"}", "f[?, 9]; = 0", NULL, "[?, 9]" },
    { "NotEqual", KERAS_3, "{\"name\": \"not_equal\"}", "i[?, 9]; | i[?, 9]", NULL, "[?, 9]" },
    { "LogicalAnd", KERAS_3, "{\"name\": \"and\"}", "b[?, 9]; | b[?, 9]", NULL, "[?, 9]" },
    { "LogicalOr", KERAS_3, "{\"name\": \"or\"}", "b[?, 9, 1]; | b[?, 9, 12]", NULL, "[?, 9, 12]" },
    { "Any", KERAS_3, "{\"name\": \"any\", \"axis\": -1, \"keepdims\": false}", "b[?, 9, 28]", NULL,
      "[?, 9]" },
    { "OnesLike", KERAS_3, "{\"name\": \"ones_like\", \"dtype\": \"bool\"}", "f[?, 9, 16]", NULL,
      "[?, 9, 16]" },
    { "ZerosLike", KERAS_3, "{\"name\": \"zeros_like\", \"dtype\": \"bool\"}", "f[?, ?, 12]", NULL,
      "[?, ?, 12]" },
    { "ConvertToTensor", KERAS_3,
      "{\"name\": \"c\", \"dtype\": null, \"sparse\": null, \"ragged\": null}", "b[?, ?]", NULL,
      "[?, ?]" },
    { "ExpandDims", KERAS_3, "{\"name\": \"expand_dims\", \"axis\": -1}", "b[?, ?]", NULL,
      "[?, ?, 1]" },
    { "ExpandDims", KERAS_3, "{\"name\": \"expand_dims\", \"axis\": 1}", "f[?, ?, ?, 3]", NULL,
      "[?, 1, ?, ?, 3]" },
    { "GetItem", KERAS_3, "{\"name\": \"get_item\"}", "f[?, 9, 8]; = [" ALL ", -1]", NULL,
      "[?, 8]" },
    { "GetItem", KERAS_3, "{\"name\": \"get_item\"}",
      "f[?, ?, 8]; = [{\"class_name\": \"__ellipsis__\", \"config\": {}}, " SLICE("1", "5") "]",
      NULL, "[?, ?, 4]" },
    { "GetItem", KERAS_3, "{\"name\": \"get_item\"}",
      "f[?, 9, 8]; = [" ALL ", " SLICE("-3", "null") ", " SLICE("null", "-2") "]", NULL,
      "[?, 3, 6]" },
};

Test(layers, every_case_gives_its_shapes_and_masks)
{
    for (size_t i = 0; i < DSC_COUNT(cases); i++)
        layer_expect(&cases[i]);
}

static bool has_case(const char *name, enum layer_era era)
{
    for (size_t i = 0; i < DSC_COUNT(cases); i++)
        if (!strcmp(cases[i].class_name, name) && cases[i].era == era)
            return true;
    return false;
}

/* Op nodes exist in Keras 3 only: they are classes without a `keras.layers` name. */
static bool is_op_node(const char *name)
{
    static const char *const ops[] = { "ConvertToTensor", "NotEqual",   "LogicalAnd",
                                       "LogicalOr",       "Any",        "OnesLike",
                                       "ZerosLike",       "ExpandDims", "GetItem",
                                       "Divide",          "TrueDivide" };

    for (size_t i = 0; i < DSC_COUNT(ops); i++)
        if (!strcmp(ops[i], name))
            return true;
    return false;
}

Test(layers, every_class_has_a_case_of_each_era)
{
    for (size_t i = 0; dsc_layer_class_name(i); i++) {
        const char *name = dsc_layer_class_name(i);

        cr_expect(has_case(name, KERAS_3), "no Keras 3 case for %s", name);
        cr_expect(is_op_node(name) || has_case(name, KERAS_2), "no Keras 2 case for %s", name);
    }
}

Test(layers, a_class_is_found_with_and_without_its_package)
{
    cr_assert_not_null(dsc_layer_class_find("Dense"));
    cr_assert_eq(dsc_layer_class_find("Custom>Dense"), dsc_layer_class_find("Dense"));
    cr_assert_null(dsc_layer_class_find("Lambda"));
    cr_assert_null(dsc_layer_class_find(""));
}

/* The mask of any(concat(ones_like(a), expand_dims(mask) | zeros_like(b))), which Keras 3 writes
 * out for a concatenation of inputs with and without a mask. */
static int masked_pattern(struct dsc_graph *g, bool with_ones)
{
    struct dsc_layer_tensor a = { -1, -1 }, b = { -1, -1 };
    int mask, ones, zeros, wide;

    cr_assert_eq(dsc_graph_add_input(g, "a", DSC_F32, DSC_SHAPE(DSC_DIM_FREE, 9, 4), &a.value),
                 DSC_OK);
    cr_assert_eq(dsc_graph_add_input(g, "b", DSC_F32, DSC_SHAPE(DSC_DIM_FREE, 9, 3), &b.value),
                 DSC_OK);
    cr_assert_eq(dsc_graph_add_input(g, "m", DSC_BOOL, DSC_SHAPE(DSC_DIM_FREE, 9), &mask), DSC_OK);
    cr_assert_eq(dsc_lower_expand(g, mask, 2, &wide), DSC_OK);
    cr_assert_eq(dsc_mask_fill(g, b.value, false, &zeros), DSC_OK);
    cr_assert_eq(dsc_lower_binary(g, DSC_OR, wide, zeros, &b.value), DSC_OK);
    if (with_ones) {
        cr_assert_eq(dsc_mask_fill(g, a.value, true, &ones), DSC_OK);
    } else {
        cr_assert_eq(dsc_mask_fill(g, a.value, false, &zeros), DSC_OK);
        cr_assert_eq(dsc_lower_binary(g, DSC_OR, wide, zeros, &ones), DSC_OK);
    }
    cr_assert_eq(dsc_graph_add(g, &dsc_op_concat, &(struct dsc_concat){ 2 },
                               (int[]){ ones, b.value }, 2, &wide),
                 DSC_OK);
    return wide;
}

static int any_of(struct dsc_graph *g, int x)
{
    json_t *config = json_pack("{s:s, s:i}", "name", "any", "axis", -1);
    struct dsc_layer_tensor in = { x, -1 };
    struct dsc_layer_arg arg = { .tensors = &in, .n_tensors = 1 };
    struct dsc_layer_call call = { .graph = g, .in = &in, .n_in = 1, .args = &arg, .n_args = 1 };
    struct dsc_layer *l;

    cr_assert_eq(dsc_layer_new(&l, "Any", "any", config, layer_version(KERAS_3)), DSC_OK);
    cr_assert_eq(dsc_layer_lower(l, &call), DSC_OK);
    dsc_layer_free(l);
    json_decref(config);
    return call.out[0].value;
}

Test(layers, a_written_out_mask_is_seen_through)
{
    struct dsc_graph *g;
    int wide, y;

    cr_assert_eq(dsc_graph_new(&g), DSC_OK);
    wide = masked_pattern(g, true);
    cr_expect(dsc_mask_is_ones(g, any_of(g, wide)), "ones beside a mask are ones");
    wide = masked_pattern(g, false);
    y = any_of(g, wide);
    cr_expect_eq(g->values[y].node, -1, "the mask itself");
    cr_expect_eq(dsc_graph_shape(g, y).rank, 2u);
    dsc_graph_free(g);
}

/* The node that writes the first result of a case. */
static const struct dsc_node *last_node(const struct layer_run *run)
{
    return &run->graph->nodes[run->graph->values[run->call.out[0].value].node];
}

static const struct dsc_recurrent *recurrent_of(const struct layer_case *c, struct layer_run *run)
{
    cr_assert_eq(layer_lower(c, run), DSC_OK, "%s", dsc_error_message());
    return last_node(run)->attr;
}

Test(layers, gates_default_to_those_of_the_era)
{
    enum dsc_act_kind kind;
    struct layer_case c = { "LSTM", KERAS_22, "{\"units\": 8}", "f[?, 9, 12]", LSTM_WEIGHTS, "" };
    struct layer_run run;

    kind = recurrent_of(&c, &run)->gate_act.kind;
    cr_expect_eq(kind, DSC_ACT_HARD_SIGMOID);
    layer_run_release(&run);
    c.era = KERAS_2;
    kind = recurrent_of(&c, &run)->gate_act.kind;
    cr_expect_eq(kind, DSC_ACT_SIGMOID);
    layer_run_release(&run);
}

Test(layers, hard_sigmoid_has_the_slope_of_the_era)
{
    struct layer_case c = { "LSTM",
                            KERAS_2,
                            "{\"units\": 8, \"recurrent_activation\": "
                            "\"hard_sigmoid\"}",
                            "f[?, 9, 12]",
                            LSTM_WEIGHTS,
                            "" };
    struct layer_run run;
    double slope = (double)recurrent_of(&c, &run)->gate_act.a;

    cr_expect_float_eq(slope, 0.2, 1e-7);
    layer_run_release(&run);
    c.era = KERAS_3;
    slope = (double)recurrent_of(&c, &run)->gate_act.a;
    cr_expect_float_eq(slope, 1.0 / 6, 1e-7);
    layer_run_release(&run);
}

Test(layers, keras_3_uses_no_mask_beside_an_initial_state)
{
    struct layer_case c = { "LSTM",
                            KERAS_3,
                            "{\"units\": 8, \"return_sequences\": true}",
                            "f[?, 9, 12]m; initial_state:f[?, 8]; f[?, 8]",
                            LSTM_WEIGHTS,
                            "" };
    struct layer_run run;

    recurrent_of(&c, &run);
    cr_expect_eq(last_node(&run)->in[4], -1);
    cr_expect_geq(run.call.out[0].mask, 0, "and still gives it on");
    layer_run_release(&run);
    c.in = "f[?, 9, 12]m";
    recurrent_of(&c, &run);
    cr_expect_geq(last_node(&run)->in[4], 0);
    layer_run_release(&run);
}

Test(layers, multi_head_attention_of_keras_3_drops_masks)
{
    struct layer_case c = { "MultiHeadAttention",
                            KERAS_3,
                            "{\"num_heads\": 1, \"key_dim\": 2, \"use_bias\": false}",
                            "f[?, 9, 4]m; | f[?, 9, 4]m",
                            "[4, 1, 2]; [4, 1, 2]; [4, 1, 2]; "
                            "[1, 2, 4]",
                            "" };
    struct layer_run run;

    cr_assert_eq(layer_lower(&c, &run), DSC_OK, "%s", dsc_error_message());
    cr_expect(run.call.drops_masks);
    layer_run_release(&run);
    c.era = KERAS_2;
    cr_assert_eq(layer_lower(&c, &run), DSC_OK);
    cr_expect_not(run.call.drops_masks);
    layer_run_release(&run);
}

/* One layer of inputs [N, 9, 8], all or some with masks. */
static void expect_merge(const char *class_name, enum layer_era era, const char *in,
                         const char *out)
{
    layer_expect(&(struct layer_case){ class_name, era, "{}", in, NULL, out });
}

Test(layers, keras_3_before_3_4_takes_no_masks_from_lists)
{
    const char *both = "f[?, 9, 8]m; f[?, 9, 8]m";

    expect_merge("Add", KERAS_33, both, "[?, 9, 8]");
    expect_merge("Add", KERAS_3, both, "[?, 9, 8]m");
    expect_merge("Concatenate", KERAS_33, both, "[?, 9, 16]");
    expect_merge("Concatenate", KERAS_3, both, "[?, 9, 16]m");
    expect_merge("Attention", KERAS_33, both, "[?, 9, 8]");
    expect_merge("Attention", KERAS_3, both, "[?, 9, 8]m");
}

Test(layers, products_of_keras_3_leave_masked_elements_out)
{
    struct layer_case c = { "Multiply", KERAS_3, "{}", "f[?, 9, 8]m; f[?, 9, 8]", NULL, "" };
    struct layer_run run;
    size_t masked, plain;

    cr_assert_eq(layer_lower(&c, &run), DSC_OK);
    masked = run.graph->n_nodes;
    layer_run_release(&run);
    c.era = KERAS_2;
    cr_assert_eq(layer_lower(&c, &run), DSC_OK);
    plain = run.graph->n_nodes;
    layer_run_release(&run);
    cr_expect_eq(plain, 1u);
    cr_expect_gt(masked, plain);
}

Test(layers, nodes_carry_the_layers_name)
{
    struct layer_case c = { "Dense", KERAS_2, "{\"units\": 3}", "f[?, 4]", "[4, 3]; [3]", "" };
    struct layer_run run;

    cr_assert_eq(layer_lower(&c, &run), DSC_OK);
    cr_expect_str_eq(last_node(&run)->label, "layer_1");
    layer_run_release(&run);
}
