/* Any bytes as a model's architecture: layers whose configs were understood and that refuse inputs
 * and weights that do not fit, or one sentence. */
#include <string.h>

#include "core/base/alloc.h"
#include "core/keras/config.h"
#include "core/layers/layer.h"

#define MAX_BYTES   65536
#define MAX_IN      8
#define MAX_WEIGHTS 16

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void require(bool truth)
{
    if (!truth)
        __builtin_trap();
}

/* Inputs of every rank, the first axis free; whether they fit is for the layer to say. */
static void lower(const struct dsc_layer *l, const struct dsc_keras_call *call, size_t rank)
{
    struct dsc_layer_tensor in[MAX_IN];
    struct dsc_layer_arg args[MAX_IN] = { 0 };
    struct dsc_layer_call c = { .in = in, .args = args };
    struct dsc_shape shape = { rank, { DSC_DIM_FREE, 4, 4, 4, 4 } };
    int value;

    if (dsc_graph_new(&c.graph))
        return;
    require(!dsc_graph_add_input(c.graph, "x", DSC_F32, shape, &value));
    for (size_t i = 0; i < MAX_IN; i++)
        in[i] = (struct dsc_layer_tensor){ value, -1 };
    for (size_t i = 0; i < DSC_LAYER_MAX_OUT; i++)
        c.out[i] = (struct dsc_layer_tensor){ -1, -1 };
    for (size_t i = 0; i < call->n_args && i < MAX_IN; i++) {
        const struct dsc_keras_arg *a = &call->args[i];
        size_t n = DSC_MIN(a->n_refs, (size_t)MAX_IN);

        args[c.n_args++] = (struct dsc_layer_arg){ a->name, in, n, a->literal };
        if (!a->name)
            c.n_in = DSC_MIN(c.n_in + n, (size_t)MAX_IN);
    }
    if (dsc_layer_lower(l, &c))
        require(strlen(dsc_error_message()) > 0);
    else
        require(c.n_out <= DSC_LAYER_MAX_OUT);
    dsc_graph_free(c.graph);
}

static void try_layer(const struct dsc_keras_layer *from, struct dsc_keras_version version)
{
    static float numbers[64];
    static const struct dsc_tensor matrix = { DSC_F32, { 2, { 4, 16 } }, numbers };
    const struct dsc_tensor *weights[MAX_WEIGHTS];
    struct dsc_layer *l;
    size_t n;

    if (dsc_layer_new(&l, from->class_name, from->name, from->config, version)) {
        require(strlen(dsc_error_message()) > 0);
        return;
    }
    n = dsc_layer_n_weights(l);
    for (size_t i = 0; i < MAX_WEIGHTS; i++)
        weights[i] = &matrix;
    if (n <= MAX_WEIGHTS && !dsc_layer_set_weights(l, weights, n))
        for (size_t i = 0; i < from->n_calls && i < 4; i++)
            for (size_t rank = 2; rank <= 5; rank++)
                lower(l, &from->calls[i], rank);
    dsc_layer_free(l);
}

static void try_model(const struct dsc_keras_config *c)
{
    static const struct dsc_keras_version versions[] = { { 2, 2, false },
                                                         { 2, 15, true },
                                                         { 3, 15, false } };

    for (size_t i = 0; i < c->n_steps; i++)
        require(c->steps[i].call < c->layers[c->steps[i].layer].n_calls);
    for (size_t i = 0; i < c->n_layers; i++) {
        if (c->layers[i].model)
            try_model(c->layers[i].model);
        for (size_t v = 0; v < DSC_COUNT(versions) && !c->layers[i].model; v++)
            if (!c->layers[i].is_input)
                try_layer(&c->layers[i], versions[v]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct dsc_keras_config *c;

    if (len > MAX_BYTES)
        return 0;
    if (dsc_keras_config_parse(&c, (const char *)bytes, len)) {
        require(strlen(dsc_error_message()) > 0);
        return 0;
    }
    try_model(c);
    dsc_keras_config_free(c);
    return 0;
}
