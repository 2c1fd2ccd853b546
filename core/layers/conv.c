/* Conv2D and Conv1D, which runs as a picture of width 1. */
#include <stddef.h>

#include "core/layers/lower_util.h"

enum { VALID, SAME, CAUSAL };

struct conv {
    bool is_1d;
    size_t filters, groups;
    size_t kernel[2], strides[2], dilation[2]; /* 1-D: the second is 1 */
    int padding;
    bool use_bias;
    struct dsc_layer_act act;
};

static enum dsc_status config(struct dsc_layer *l, const json_t *json)
{
    static const char *const paddings[] = { "valid", "same", "causal", NULL };
    static const char *const paddings_2d[] = { "valid", "same", NULL };
    struct conv *s = l->state;
    bool is_1d = dsc_layer_is(l, "Conv1D");
    size_t n = is_1d ? 1 : 2;
    const struct dsc_config_field fields[] = {
        { DSC_SETTING("filters", SIZE, conv, filters), .required = true },
        { DSC_SETTING("kernel_size", SIZES, conv, kernel), .count = n, .required = true },
        { DSC_SETTING("strides", SIZES, conv, strides), .count = n },
        { DSC_SETTING("dilation_rate", SIZES, conv, dilation), .count = n },
        { DSC_SETTING("groups", SIZE, conv, groups) },
        { DSC_SETTING("padding", CHOICE, conv, padding), .names = is_1d ? paddings : paddings_2d },
        { .key = "data_format", .kind = DSC_CONFIG_FORMAT },
        { DSC_SETTING("activation", ACT, conv, act) },
        { DSC_SETTING("use_bias", BOOL, conv, use_bias) },
        { 0 },
    };

    *s = (struct conv){ is_1d, 0, 1, { 1, 1 }, { 1, 1 }, { 1, 1 }, .use_bias = true };
    return dsc_config_read(l, json, fields);
}

static size_t n_weights(const struct dsc_layer *l)
{
    return ((const struct conv *)l->state)->use_bias ? 2 : 1;
}

static struct dsc_conv2d attr_of(const struct conv *s)
{
    struct dsc_conv2d attr = { .groups = s->groups, .act = s->act.act };
    struct dsc_window *w = &attr.window;

    w->stride_h = s->strides[0];
    w->stride_w = s->strides[1];
    w->dilation_h = s->dilation[0];
    w->dilation_w = s->dilation[1];
    w->padding = s->padding == SAME ? DSC_PAD_SAME : DSC_PAD_VALID;
    if (s->padding == CAUSAL) { /* step t sees no later one */
        w->padding = DSC_PAD_EXPLICIT;
        w->top = (s->kernel[0] - 1) * s->dilation[0];
    }
    return attr;
}

static enum dsc_status weights(const struct dsc_layer *l, struct dsc_graph *g, size_t c, int *in)
{
    const struct conv *s = l->state;
    struct dsc_shape as = DSC_SHAPE(s->kernel[0], s->kernel[1], c / s->groups, s->filters);
    struct dsc_shape kernel = as;
    enum dsc_status st;

    if (c % s->groups || s->filters % s->groups)
        return dsc_fail(DSC_FORMAT, "%zu channels and %zu filters do not split in %zu groups", c,
                        s->filters, s->groups);
    if (s->is_1d)
        kernel = DSC_SHAPE(s->kernel[0], c / s->groups, s->filters);
    st = dsc_lower_weight_as(l, g, 0, kernel, as, &in[1]);
    if (!st && s->use_bias)
        st = dsc_lower_weight(l, g, 1, DSC_SHAPE(s->filters), &in[2]);
    return st;
}

static enum dsc_status lower(const struct dsc_layer *l, struct dsc_layer_call *call)
{
    const struct conv *s = l->state;
    struct dsc_graph *g = call->graph;
    struct dsc_conv2d attr = attr_of(s);
    int in[3] = { -1, -1, -1 }, y;
    size_t c, rank = s->is_1d ? 3 : 4;
    enum dsc_status st = dsc_call_check(call, 1, 1, NULL);

    if (st)
        return st;
    in[0] = call->in[0].value;
    st = dsc_lower_rank(g, in[0], rank, rank, s->is_1d ? "[N, T, C]" : "[N, H, W, C]");
    if (!st)
        st = dsc_lower_last(g, in[0], &c);
    if (!st)
        st = weights(l, g, c, in);
    if (!st && s->is_1d)
        st = dsc_lower_expand(g, in[0], 2, &in[0]);
    if (!st)
        st = dsc_graph_add(g, &dsc_op_conv2d, &attr, in, 3, &y);
    if (!st && s->is_1d)
        st = dsc_lower_squeeze(g, y, 2, &y);
    if (!st)
        st = dsc_lower_act_rest(g, y, &s->act, &y);
    if (!st)
        dsc_lower_done(call, y, -1);
    return st;
}

const struct dsc_layer_class dsc_layer_conv = { sizeof(struct conv), config, n_weights, lower,
                                                NULL };
