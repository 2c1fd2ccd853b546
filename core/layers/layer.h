/* layer.h - Keras layer classes: their config, their weights, their ops.
 *
 * A class is one const struct in one file, listed in layers.def. The loader
 * (core/keras) makes one dsc_layer for each layer of a file, hands it the config
 * and the weights in the order of the file's `weight_names`, and calls `lower` once for
 * each time the model uses the layer.
 *
 * Masks: Keras passes a bool mask [N, T] along with a tensor. Here it is a second value
 * of the graph, -1 when there is none; `lower` does what the class's
 * compute_mask does in the era that wrote the file.
 */
#ifndef DSC_LAYER_H
#define DSC_LAYER_H

#include <jansson.h>

#include "core/graph/graph.h"

#define DSC_LAYER_MAX_OUT 6 /* Bidirectional LSTM: two outputs, four states */

/* The Keras that wrote a file; what the defaults and some rules hang on. */
struct dsc_keras_version {
    int major, minor;
    bool is_tf; /* tf.keras ("2.3.0-tf" and all from 2.4 to 2.15) */
};

struct dsc_layer_tensor {
    int value;
    int mask; /* -1: none */
};

/* One argument of a call, as the functional graph stores it. */
struct dsc_layer_arg {
    const char *name; /* NULL: positional */
    const struct dsc_layer_tensor *tensors;
    size_t n_tensors;      /* 0: a literal */
    const json_t *literal; /* borrowed; NULL for tensors */
};

struct dsc_layer_call {
    struct dsc_graph *graph;
    const struct dsc_layer_tensor *in; /* all tensors of positional arguments, in order */
    size_t n_in;
    const struct dsc_layer_arg *args; /* every argument, positional first */
    size_t n_args;
    struct dsc_layer_tensor out[DSC_LAYER_MAX_OUT]; /* filled by lower; masks -1 before */
    size_t n_out;
    /* Set by lower when the arguments' tensors lose their masks for every layer after:
     * MultiHeadAttention takes them off while it runs, from Keras 3.8 on. */
    bool drops_masks;
};

struct dsc_layer {
    const struct dsc_layer_class *cls;
    const char *class_name; /* as the file says */
    const char *name;
    struct dsc_keras_version version;
    void *state;                             /* cls->state_bytes, zero-filled, filled by config */
    const struct dsc_tensor *const *weights; /* in Keras' order, borrowed from the loader */
    size_t n_weights;
};

struct dsc_layer_class {
    size_t state_bytes;

    /* Read the config object of any era into l->state. A key that changes results
     * and is not understood is DSC_UNSUPPORTED, never ignored. NULL: nothing to read. */
    enum dsc_status (*config)(struct dsc_layer *l, const json_t *config);

    /* How many weight arrays the file must hold for this layer, after config. NULL: 0. */
    size_t (*n_weights)(const struct dsc_layer *l);

    /* Add the layer's ops to call->graph and fill call->out and n_out. Weight
     * shapes are checked here, against the inputs. */
    enum dsc_status (*lower)(const struct dsc_layer *l, struct dsc_layer_call *call);

    /* Free what config allocated inside the state. NULL: nothing. */
    void (*release)(struct dsc_layer *l);
};

#define DSC_LAYER(keras, c_name) extern const struct dsc_layer_class dsc_layer_##c_name;
#include "core/layers/layers.def"
#undef DSC_LAYER

/* Class of a Keras name ("Conv2D", or "package>Name": the part after '>'), NULL
 * when there is none. */
const struct dsc_layer_class *dsc_layer_class_find(const char *keras_name);
/* Walk layers.def: name i, NULL past the end. */
const char *dsc_layer_class_name(size_t i);

/* A layer from its Keras config object ({"name", "trainable", ...}). Fails with a
 * sentence that names layer and class: DSC_UNSUPPORTED for a class or a setting that is not
 * known, DSC_FORMAT for a config that makes no sense. */
DSC_CHECK_RESULT enum dsc_status dsc_layer_new(struct dsc_layer **out, const char *class_name,
                                               const char *name, const json_t *config,
                                               struct dsc_keras_version version);
void dsc_layer_free(struct dsc_layer *l);
size_t dsc_layer_n_weights(const struct dsc_layer *l);
/* Hand over the weights (the array and tensors stay the caller's, and must outlive every
 * graph); DSC_FORMAT, naming both counts, when there are not n_weights of them. */
DSC_CHECK_RESULT enum dsc_status dsc_layer_set_weights(struct dsc_layer *l,
                                                       const struct dsc_tensor *const *weights,
                                                       size_t n);
/* cls->lower, with the layer's name as label and in front of a failure's sentence. */
DSC_CHECK_RESULT enum dsc_status dsc_layer_lower(const struct dsc_layer *l,
                                                 struct dsc_layer_call *call);

#endif
