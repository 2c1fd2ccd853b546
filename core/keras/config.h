/* config.h - the architecture that a Keras file holds, in one form for all dialects.
 *
 * Keras has written its `model_config` in several ways: inbound nodes as nested lists (Keras 1
 * and 2) or as args and kwargs (Keras 3), Sequential as a list or an object, input shapes
 * under several keys. Here all of them become layers, calls of layers, and the order in which
 * to make the calls. What is inside a layer's config stays JSON: its class reads it.
 *
 *     struct dsc_keras_config *c;
 *     st = dsc_keras_config_parse(&c, json, strlen(json));
 *     for (size_t i = 0; i < c->n_steps; i++)
 *         run(&c->layers[c->steps[i].layer].calls[c->steps[i].call]);
 *     dsc_keras_config_free(c);
 */
#ifndef DSC_KERAS_CONFIG_H
#define DSC_KERAS_CONFIG_H

#include <jansson.h>

#include "core/base/arena.h"
#include "core/tensor/tensor.h"

#define DSC_KERAS_MAX_JSON_BYTES ((size_t)32 << 20)

/* Result `tensor` of call number `call` of a layer. */
struct dsc_keras_ref {
    size_t layer, call, tensor;
};

struct dsc_keras_arg {
    const char *name; /* NULL: positional */
    const struct dsc_keras_ref *refs;
    size_t n_refs;         /* 0: a literal */
    const json_t *literal; /* NULL for tensors */
};

struct dsc_keras_call {
    struct dsc_keras_arg *args; /* positional ones first */
    size_t n_args;
};

struct dsc_keras_layer {
    const char *class_name, *name;
    const json_t *config;         /* an object */
    struct dsc_keras_call *calls; /* none: the layer is not used; inputs have one without args */
    size_t n_calls;
    struct dsc_keras_config *model; /* a whole model used as a layer, or NULL */
    bool is_input;
    bool has_shape; /* of an input: false when the file does not say */
    struct dsc_shape shape;
    enum dsc_dtype dtype;
};

struct dsc_keras_step {
    size_t layer, call;
};

struct dsc_keras_config {
    const char *class_name, *name;
    struct dsc_keras_layer *layers; /* as listed */
    size_t n_layers;
    struct dsc_keras_step *steps; /* every call, after those whose results it takes */
    size_t n_steps;
    struct dsc_keras_ref *inputs; /* results of input layers */
    size_t n_inputs;
    struct dsc_keras_ref *outputs;
    size_t n_outputs;
    struct dsc_arena arena; /* everything above */
    json_t *root;           /* what config and literal point into; NULL in a model within */
};

/* Parse a `model_config`. Fails with one sentence that names the layer: DSC_FORMAT for what makes
 * no sense, DSC_UNSUPPORTED for a model that is not Functional or Sequential, or that is larger or
 * deeper than any real one. */
DSC_CHECK_RESULT enum dsc_status dsc_keras_config_parse(struct dsc_keras_config **out,
                                                        const char *json, size_t len_bytes);
void dsc_keras_config_free(struct dsc_keras_config *c); /* takes NULL */

#endif
