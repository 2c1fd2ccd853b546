/* MaxPooling and AveragePooling, 1-D (as pictures of width 1) and 2-D. */
#include <stddef.h>

#include "core/layers/lower_util.h"

struct pooling {
    bool is_1d, average;
    size_t pool[2], strides[2]; /* 1-D: the second is 1; strides 0: those of the pool */
    int padding;
};

static enum dsc_status config(struct dsc_layer *l, const json_t *json)
{
    static const char *const paddings[] = { "valid", "same", NULL };
    struct pooling *s = l->state;
    bool is_1d = dsc_layer_is(l, "MaxPooling1D") || dsc_layer_is(l, "AveragePooling1D");
    const struct dsc_config_field fields[] = {
        { DSC_SETTING("pool_size", SIZES, pooling, pool), .count = is_1d ? 1 : 2 },
        { DSC_SETTING("strides", SIZES, pooling, strides), .count = is_1d ? 1 : 2 },
        { DSC_SETTING("padding", CHOICE, pooling, padding), .names = paddings },
        { .key = "data_format", .kind = DSC_CONFIG_FORMAT },
        { 0 },
    };

    *s = (struct pooling){ .is_1d = is_1d, .pool = { 2, is_1d ? 1 : 2 } };
    s->average = dsc_layer_is(l, "AveragePooling1D") || dsc_layer_is(l, "AveragePooling2D");
    return dsc_config_read(l, json, fields);
}

static enum dsc_status lower(const struct dsc_layer *l, struct dsc_layer_call *call)
{
    const struct pooling *s = l->state;
    struct dsc_graph *g = call->graph;
    struct dsc_pool2d attr = { s->average, s->pool[0], s->pool[1], { 0 } };
    size_t rank = s->is_1d ? 3 : 4;
    int x;
    enum dsc_status st = dsc_call_check(call, 1, 1, NULL);

    if (st)
        return st;
    attr.window.stride_h = s->strides[0] ? s->strides[0] : s->pool[0];
    attr.window.stride_w = s->strides[1] ? s->strides[1] : s->pool[1];
    attr.window.dilation_h = attr.window.dilation_w = 1;
    attr.window.padding = s->padding ? DSC_PAD_SAME : DSC_PAD_VALID;
    x = call->in[0].value;
    st = dsc_lower_rank(g, x, rank, rank, s->is_1d ? "[N, T, C]" : "[N, H, W, C]");
    if (!st && s->is_1d)
        st = dsc_lower_expand(g, x, 2, &x);
    if (!st)
        st = dsc_graph_add(g, &dsc_op_pool2d, &attr, &x, 1, &x);
    if (!st && s->is_1d)
        st = dsc_lower_squeeze(g, x, 2, &x);
    if (!st)
        dsc_lower_done(call, x, -1);
    return st;
}

const struct dsc_layer_class dsc_layer_pooling = { sizeof(struct pooling), config, NULL, lower,
                                                   NULL };
