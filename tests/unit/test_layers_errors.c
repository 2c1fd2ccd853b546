/* Configs and calls that a layer refuses, and the sentences that say so. */
#include <criterion/criterion.h>
#include <string.h>

#include "core/base/alloc.h"
#include "tests/support/layer_case.h"

#define LSTM_WEIGHTS              "[12, 32]; [8, 32]; [32]"
#define INNER(class_name, config) "{\"class_name\": \"" class_name "\", \"config\": {" config "}}"

struct failing {
    struct layer_case c;
    enum dsc_status status;
    const char *text;
};

static const struct failing configs[] = {
    { { "Lambda", KERAS_2, "{}", "f[?, 4]", NULL, NULL },
      DSC_UNSUPPORTED,
      "layer 'layer_1' is of class 'Lambda', which is not supported" },
    { { "LSTM", KERAS_2, "{\"units\": 8, \"projection\": 3}", "f[?, 9, 12]", NULL, NULL },
      DSC_UNSUPPORTED,
      "layer 'layer_1' (LSTM): setting 'projection' is not known here" },
    { { "LSTM", KERAS_2, "{\"units\": 8, \"stateful\": true}", "f[?, 9, 12]", NULL, NULL },
      DSC_UNSUPPORTED,
      "setting 'stateful' is true, which is not supported; stateful layers carry state" },
    { { "GRU", KERAS_2, "{\"units\": 8, \"time_major\": true}", "f[?, 9, 12]", NULL, NULL },
      DSC_UNSUPPORTED,
      "setting 'time_major' is true" },
    { { "LSTM", KERAS_2, "{\"units\": 8, \"activation\": \"softmax\"}", "f[?, 9, 12]", NULL, NULL },
      DSC_UNSUPPORTED,
      "softmax as an activation inside a recurrent layer" },
    { { "LSTM", KERAS_2, "{}", "f[?, 9, 12]", NULL, NULL },
      DSC_FORMAT,
      "setting 'units' is missing" },
    { { "Dense", KERAS_2, "{\"units\": 0}", "f[?, 4]", NULL, NULL },
      DSC_FORMAT,
      "setting 'units' is 0, expected a whole number from 1 to 2147483647" },
    { { "Dense", KERAS_2, "{\"units\": 99999999999}", "f[?, 4]", NULL, NULL },
      DSC_FORMAT,
      "setting 'units' is 99999999999" },
    { { "Dense", KERAS_2, "{\"units\": \"many\"}", "f[?, 4]", NULL, NULL },
      DSC_FORMAT,
      "setting 'units' is 'many'" },
    { { "Dense", KERAS_2, "{\"units\": 3, \"use_bias\": \"yes\"}", "f[?, 4]", NULL, NULL },
      DSC_FORMAT,
      "setting 'use_bias' is 'yes', expected true or false" },
    { { "Dense", KERAS_2, "{\"units\": 3, \"activation\": \"rellu\"}", "f[?, 4]", NULL, NULL },
      DSC_UNSUPPORTED,
      "setting 'activation' is 'rellu', an activation that is not known; known are softmax" },
    { { "Dense", KERAS_2, "{\"units\": 3, \"activation\": [1]}", "f[?, 4]", NULL, NULL },
      DSC_FORMAT,
      "setting 'activation' is a list of 1, expected an activation" },
    { { "Dense", KERAS_2, "{\"units\": 3, \"activation\": {\"class_name\": \"Custom>Snake\"}}",
        "f[?, 4]", NULL, NULL },
      DSC_UNSUPPORTED,
      "an activation of class 'Snake' is not known" },
    { { "Dense", KERAS_3,
        "{\"units\": 3, \"dtype\": {\"class_name\": \"QuantizedDTypePolicy\", \"config\": "
        "{\"mode\": \"int8\"}}}",
        "f[?, 4]", NULL, NULL },
      DSC_UNSUPPORTED,
      "setting 'dtype' is null, which is not supported" },
    { { "Dense", KERAS_3, "{\"units\": 3, \"quantization_config\": {\"mode\": \"int4\"}}",
        "f[?, 4]", NULL, NULL },
      DSC_UNSUPPORTED,
      "setting 'quantization_config' is not known" },
    { { "Conv2D", KERAS_2,
        "{\"filters\": 2, \"kernel_size\": 3, \"data_format\": \"channels_first\"}",
        "f[?, 3, 9, 9]", NULL, NULL },
      DSC_UNSUPPORTED,
      "'channels_first', which is not supported; rebuild the model" },
    { { "Conv2D", KERAS_2, "{\"filters\": 2, \"kernel_size\": [3, 3, 3]}", "f[?, 9, 9, 3]", NULL,
        NULL },
      DSC_FORMAT,
      "setting 'kernel_size' has 3 numbers, expected 2" },
    { { "Conv2D", KERAS_2, "{\"filters\": 2, \"kernel_size\": 3, \"padding\": \"causal\"}",
        "f[?, 9, 9, 3]", NULL, NULL },
      DSC_UNSUPPORTED,
      "setting 'padding' is 'causal', but only 'valid', 'same' can be done" },
    { { "Conv2DTranspose", KERAS_2,
        "{\"filters\": 2, \"kernel_size\": 3, \"dilation_rate\": [2, 2]}", "f[?, 9, 9, 3]", NULL,
        NULL },
      DSC_UNSUPPORTED,
      "setting 'dilation_rate' is above 1" },
    { { "UpSampling2D", KERAS_2, "{\"size\": 2, \"interpolation\": \"bicubic\"}", "f[?, 9, 9, 3]",
        NULL, NULL },
      DSC_UNSUPPORTED,
      "setting 'interpolation' is 'bicubic', but only 'nearest', 'bilinear' can be done" },
    { { "BatchNormalization", KERAS_2, "{\"axis\": [1, 2]}", "f[?, 9, 9, 3]", NULL, NULL },
      DSC_UNSUPPORTED,
      "setting 'axis' has 2 axes" },
    { { "BatchNormalization", KERAS_2, "{\"renorm\": true}", "f[?, 9, 9, 3]", NULL, NULL },
      DSC_UNSUPPORTED,
      "setting 'renorm' is true" },
    { { "Reshape", KERAS_2, "{\"target_shape\": [-1, -1]}", "f[?, 9]", NULL, NULL },
      DSC_FORMAT,
      "setting 'target_shape' has a 0 or a second -1" },
    { { "Reshape", KERAS_2, "{\"target_shape\": [1, 2, 3, 4, 5, 6]}", "f[?, 9]", NULL, NULL },
      DSC_FORMAT,
      "setting 'target_shape' is no list of at most 5 numbers" },
    { { "Permute", KERAS_2, "{\"dims\": [1, 1]}", "f[?, 9, 4]", NULL, NULL },
      DSC_FORMAT,
      "setting 'dims' is no order of the axes 1 to 2" },
    { { "Dot", KERAS_2, "{\"axes\": [1, 2, 3]}", "f[?, 9, 4]; f[?, 9, 4]", NULL, NULL },
      DSC_FORMAT,
      "setting 'axes' has 3 numbers, expected 2" },
    { { "ZeroPadding2D", KERAS_2, "{\"padding\": [[1, 2], [3]]}", "f[?, 9, 9, 3]", NULL, NULL },
      DSC_FORMAT,
      "setting 'padding' has a list of 1 numbers, expected 2" },
    { { "Normalization", KERAS_2, "{\"axis\": -1, \"mean\": 1.0}", "f[?, 3]", NULL, NULL },
      DSC_FORMAT,
      "one of 'mean' and 'variance', expected both" },
    { { "Rescaling", KERAS_2, "{\"scale\": \"big\"}", "f[?, 3]", NULL, NULL },
      DSC_FORMAT,
      "setting 'scale' is 'big', expected a number" },
    { { "Bidirectional", KERAS_2, "{\"layer\": " INNER("Dense", "\"units\": 3") "}", "f[?, 9, 12]",
        NULL, NULL },
      DSC_UNSUPPORTED,
      "it wraps a layer of class 'Dense', only LSTM, GRU and SimpleRNN can be done" },
    { { "Bidirectional", KERAS_2,
        "{\"layer\": " INNER("LSTM", "\"units\": 8, \"stateful\": true") "}", "f[?, 9, 12]", NULL,
        NULL },
      DSC_UNSUPPORTED,
      "layer 'layer_1' (Bidirectional): layer 'layer' (LSTM): setting 'stateful' is true" },
    { { "Bidirectional", KERAS_2,
        "{\"merge_mode\": \"sum\", \"layer\": " INNER(
            "GRU", "\"units\": 8") ", "
                                   "\"backward_layer\": " INNER(
                                       "GRU", "\"units\": 4, \"go_backwards\": true") "}",
        "f[?, 9, 12]", NULL, NULL },
      DSC_FORMAT,
      "its layers have 8 and 4 units, which cannot be merged" },
    { { "Bidirectional", KERAS_3,
        "{\"layer\": " INNER("GRU", "\"units\": 8") ", \"backward_layer\": " INNER(
            "GRU", "\"units\": 8") "}",
        "f[?, 9, 12]", NULL, NULL },
      DSC_FORMAT,
      "its two layers must run in opposite directions" },
    { { "TimeDistributed", KERAS_2, "{\"layer\": 3}", "f[?, 9, 12]", NULL, NULL },
      DSC_FORMAT,
      "setting 'layer' is not a layer" },
    { { "MultiHeadAttention", KERAS_3, "{\"num_heads\": 2, \"key_dim\": 4, \"use_gate\": true}",
        "f[?, 9, 12]; | f[?, 9, 12]", NULL, NULL },
      DSC_UNSUPPORTED,
      "setting 'use_gate' is true" },
    { { "MultiHeadAttention", KERAS_3,
        "{\"num_heads\": 2, \"key_dim\": 4, \"attention_axes\": [2]}", "f[?, 9, 12]; | f[?, 9, 12]",
        NULL, NULL },
      DSC_UNSUPPORTED,
      "setting 'attention_axes' is 2, only 1 can be done" },
    { { "LayerNormalization", KERAS_3, "{\"rms_scaling\": true}", "f[?, 9]", NULL, NULL },
      DSC_UNSUPPORTED,
      "setting 'rms_scaling' is true" },
};

static const struct failing calls[] = {
    { { "Dense", KERAS_2, "{\"units\": 3}", "f[?, 4]", "[4, 3]", NULL },
      DSC_FORMAT,
      "layer 'layer_1' (Dense): the file holds 1 weight arrays, expected 2" },
    { { "Dense", KERAS_2, "{\"units\": 3}", "f[?, 4]", "[4, 3]; [4]", NULL },
      DSC_FORMAT,
      "layer 'layer_1' (Dense): weight 1 has shape [4], expected [3]" },
    { { "Dense", KERAS_2, "{\"units\": 3}", "f[?, ?]", "[4, 3]; [3]", NULL },
      DSC_UNSUPPORTED,
      "its input has shape [?, ?], whose last axis must be known" },
    { { "Dense", KERAS_2, "{\"units\": 3}", "f[?, 4]; f[?, 4]", "[4, 3]; [3]", NULL },
      DSC_INVALID,
      "it is called with 2 tensors, expected 1" },
    { { "Dense", KERAS_3, "{\"units\": 3}", "f[?, 4]; scale=2", "[4, 3]; [3]", NULL },
      DSC_UNSUPPORTED,
      "argument 'scale' of its call is not known" },
    { { "Dropout", KERAS_2, "{\"rate\": 0.5}", "f[?, 4]; training=true", NULL, NULL },
      DSC_UNSUPPORTED,
      "it is called with training=true" },
    { { "BatchNormalization", KERAS_2, "{}", "f[?, 4]; training=1", "[4]; [4]; [4]; [4]", NULL },
      DSC_UNSUPPORTED,
      "it is called with training=true" },
    { { "LSTM", KERAS_2, "{\"units\": 8}", "f[?, 9, 12]; f[?, 8]", LSTM_WEIGHTS, NULL },
      DSC_FORMAT,
      "it is called with 1 initial states, expected 2" },
    { { "LSTM", KERAS_2, "{\"units\": 8}", "f[?, 12]", LSTM_WEIGHTS, NULL },
      DSC_INVALID,
      "its input has shape [?, 12], expected [N, T, E]" },
    { { "LSTM", KERAS_2, "{\"units\": 8}", "f[?, 9, 10]", LSTM_WEIGHTS, NULL },
      DSC_FORMAT,
      "weight 0 has shape [12, 32], expected [10, 32]" },
    { { "LSTM", KERAS_3, "{\"units\": 8}", "f[?, 9, 12]; mask=5", LSTM_WEIGHTS, NULL },
      DSC_UNSUPPORTED,
      "argument 'mask' of its call is not a tensor" },
    { { "Conv2D", KERAS_2, "{\"filters\": 4, \"kernel_size\": 3, \"groups\": 2}", "f[?, 9, 9, 3]",
        "[3, 3, 1, 4]; [4]", NULL },
      DSC_FORMAT,
      "3 channels and 4 filters do not split in 2 groups" },
    { { "Conv2D", KERAS_2, "{\"filters\": 4, \"kernel_size\": 30}", "f[?, 9, 9, 3]",
        "[30, 30, 3, 4]; [4]", NULL },
      DSC_INVALID,
      "layer 'layer_1' (Conv2D): " },
    { { "LayerNormalization", KERAS_2, "{\"axis\": 1}", "f[?, 9, 4]", "[4]; [4]", NULL },
      DSC_UNSUPPORTED,
      "setting 'axis' is 1, only the last axis of its input can be done" },
    { { "TimeDistributed", KERAS_2,
        "{\"layer\": " INNER("Conv2D", "\"filters\": 2, \"kernel_size\": 3") "}",
        "f[?, ?, 9, 9, 3]", "[3, 3, 3, 2]; [2]", NULL },
      DSC_UNSUPPORTED,
      "its number of steps must be known for a layer of class Conv2D" },
    { { "TimeDistributed", KERAS_2, "{\"layer\": " INNER("Dense", "\"units\": 3") "}", "f[?, ?, 4]",
        "[5, 3]; [3]", NULL },
      DSC_FORMAT,
      "layer 'layer_1' (TimeDistributed): layer 'Dense' (Dense): weight 0 has shape [5, 3], "
      "expected [4, 3]" },
    { { "Softmax", KERAS_2, "{\"axis\": -1}", "f[?, 9, 4]m", NULL, NULL },
      DSC_UNSUPPORTED,
      "its mask has 2 axes and its input 3" },
    { { "Softmax", KERAS_2, "{\"axis\": 3}", "f[?, 9, 4]", NULL, NULL },
      DSC_FORMAT,
      "its axis lies outside an input of 3 axes" },
    { { "Dot", KERAS_2, "{\"axes\": [0, 1]}", "f[?, 9]; f[?, 9]", NULL, NULL },
      DSC_FORMAT,
      "setting 'axes' names the batch axis" },
    { { "Add", KERAS_2, "{}", "f[?, 9]; f[?, 8]", NULL, NULL },
      DSC_INVALID,
      "layer 'layer_1' (Add): " },
    { { "Divide", KERAS_3, "{}", "= 1; | f[?, 8]", NULL, NULL },
      DSC_UNSUPPORTED,
      "a number divided by a tensor" },
    { { "GetItem", KERAS_3, "{}",
        "f[?, ?, 8]; = [{\"class_name\": \"__slice__\", \"config\": "
        "{}}, -1]",
        NULL, NULL },
      DSC_UNSUPPORTED,
      "an index from the end of an axis that is not known" },
    { { "GetItem", KERAS_3, "{}", "f[?, 9]; = [0, 0, 0]", NULL, NULL },
      DSC_FORMAT,
      "3 indexes into 2 axes" },
    { { "GetItem", KERAS_3, "{}",
        "f[?, 9]; = [{\"class_name\": \"__slice__\", \"config\": "
        "{\"start\": 0, \"stop\": 9, \"step\": 2}}]",
        NULL, NULL },
      DSC_UNSUPPORTED,
      "a slice of step 2" },
    { { "Attention", KERAS_2, "{}", "f[?, 9, 4]", NULL, NULL },
      DSC_INVALID,
      "it is called with 1 tensors" },
    { { "PReLU", KERAS_2, "{\"shared_axes\": [1]}", "f[?, ?, ?, 4]", "[1, 1, 4]", NULL },
      DSC_UNSUPPORTED,
      "axis 2 of its input must be known" },
};

static void expect_all(const struct failing *f, size_t n)
{
    for (size_t i = 0; i < n; i++)
        layer_expect_failure(&f[i].c, f[i].status, f[i].text);
}

Test(layers_errors, configs_that_cannot_be_done_are_refused_in_a_sentence)
{
    expect_all(configs, DSC_COUNT(configs));
}

Test(layers_errors, calls_that_do_not_fit_are_refused_in_a_sentence)
{
    expect_all(calls, DSC_COUNT(calls));
}

Test(layers_errors, a_config_must_be_an_object)
{
    struct dsc_keras_version version = layer_version(KERAS_3);
    json_t *list = json_array();
    struct dsc_layer *l = NULL;

    cr_expect_eq(dsc_layer_new(&l, "Dense", "d", list, version), DSC_FORMAT);
    cr_expect_eq(dsc_layer_new(&l, "Dense", "d", NULL, version), DSC_FORMAT);
    cr_expect_null(l);
    json_decref(list);
}

Test(layers_errors, a_layer_without_its_weights_is_not_lowered)
{
    json_t *config = json_pack("{s:i}", "units", 3);
    struct dsc_layer_call call = { 0 };
    struct dsc_layer *l;

    cr_assert_eq(dsc_layer_new(&l, "LSTM", "l", config, layer_version(KERAS_3)), DSC_OK);
    cr_assert_eq(dsc_graph_new(&call.graph), DSC_OK);
    cr_expect_eq(dsc_layer_lower(l, &call), DSC_INVALID);
    cr_expect_str_eq(dsc_error_message(), "layer 'l' (LSTM): it was given no weights");
    dsc_graph_free(call.graph);
    dsc_layer_free(l);
    json_decref(config);
}

/* Every allocation of making and lowering a layer may fail; none may leak or crash. */
static void torture(const struct layer_case *c)
{
    struct layer_run run;
    enum dsc_status st = DSC_NOMEM;

    for (uint64_t n = 1; st && n < 1000; n++) {
        json_t *config = json_loads(c->config, 0, NULL);

        dsc_alloc_fail_after(n);
        st = dsc_layer_new(&run.layer, c->class_name, "l", config, layer_version(c->era));
        dsc_alloc_fail_after(0);
        cr_assert(st == DSC_OK || st == DSC_NOMEM, "%s", dsc_error_message());
        if (!st)
            dsc_layer_free(run.layer);
        json_decref(config);
    }
    cr_expect_eq(st, DSC_OK);
}

Test(layers_errors, allocations_that_fail_are_reported)
{
    torture(&(struct layer_case){ "Dense", KERAS_2, "{\"units\": 3}", "", NULL, NULL });
    torture(&(struct layer_case){ "Bidirectional", KERAS_2,
                                  "{\"layer\": " INNER("LSTM", "\"units\": 8") "}", "", NULL,
                                  NULL });
    torture(&(struct layer_case){ "Rescaling", KERAS_2, "{\"scale\": [1, 2, 3]}", "", NULL, NULL });
}
