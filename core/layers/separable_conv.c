/* DepthwiseConv2D, and SeparableConv2D: depthwise, then a 1 x 1 convolution. */
#include <stddef.h>

#include "core/layers/lower_util.h"

struct separable_conv {
    bool has_pointwise;
    size_t filters, multiplier;
    size_t kernel[2], strides[2], dilation[2];
    int padding;
    bool use_bias;
    struct dsc_layer_act act;
};

static enum dsc_status config(struct dsc_layer *l, const json_t *json)
{
    static const char *const paddings[] = { "valid", "same", NULL };
    bool has_pointwise = dsc_layer_is(l, "SeparableConv2D");
    struct separable_conv *s = l->state;
    const struct dsc_config_field fields[] = {
        { .key = "filters",
          .kind = has_pointwise ? DSC_CONFIG_SIZE : DSC_CONFIG_OTHER,
          .offset = offsetof(struct separable_conv, filters),
          .required = has_pointwise },
        { DSC_SETTING("kernel_size", SIZES, separable_conv, kernel), .count = 2, .required = true },
        { DSC_SETTING("strides", SIZES, separable_conv, strides), .count = 2 },
        { DSC_SETTING("dilation_rate", SIZES, separable_conv, dilation), .count = 2 },
        { DSC_SETTING("depth_multiplier", SIZE, separable_conv, multiplier) },
        { .key = "groups", .kind = DSC_CONFIG_OTHER }, /* Keras 2 writes it and does not use it */
        { DSC_SETTING("padding", CHOICE, separable_conv, padding), .names = paddings },
        { .key = "data_format", .kind = DSC_CONFIG_FORMAT },
        { DSC_SETTING("activation", ACT, separable_conv, act) },
        { DSC_SETTING("use_bias", BOOL, separable_conv, use_bias) },
        { 0 },
    };

    *s = (struct separable_conv){
        .has_pointwise = has_pointwise,
        .multiplier = 1,
        .strides = { 1, 1 },
        .dilation = { 1, 1 },
        .use_bias = true,
    };
    return dsc_config_read(l, json, fields);
}

static size_t n_weights(const struct dsc_layer *l)
{
    const struct separable_conv *s = l->state;

    return 1 + (size_t)s->has_pointwise + (size_t)s->use_bias;
}

static struct dsc_window window_of(const struct separable_conv *s)
{
    return (struct dsc_window){
        .stride_h = s->strides[0],
        .stride_w = s->strides[1],
        .dilation_h = s->dilation[0],
        .dilation_w = s->dilation[1],
        .padding = s->padding ? DSC_PAD_SAME : DSC_PAD_VALID,
    };
}

/* x [N, H, W, C m] -> [N, H, W, filters], bias and activation included. */
static enum dsc_status pointwise(const struct dsc_layer *l, struct dsc_graph *g, int x, int *y)
{
    const struct separable_conv *s = l->state;
    struct dsc_conv2d attr = { { .stride_h = 1, .stride_w = 1, .dilation_h = 1, .dilation_w = 1 },
                               .groups = 1,
                               .act = s->act.act };
    int in[3] = { x, -1, -1 };
    size_t c;
    enum dsc_status st = dsc_lower_last(g, x, &c);

    if (!st)
        st = dsc_lower_weight(l, g, 1, DSC_SHAPE(1, 1, c, s->filters), &in[1]);
    if (!st && s->use_bias)
        st = dsc_lower_weight(l, g, 2, DSC_SHAPE(s->filters), &in[2]);
    return st ? st : dsc_graph_add(g, &dsc_op_conv2d, &attr, in, 3, y);
}

static enum dsc_status lower(const struct dsc_layer *l, struct dsc_layer_call *call)
{
    const struct separable_conv *s = l->state;
    struct dsc_graph *g = call->graph;
    struct dsc_depthwise attr = { .window = window_of(s) };
    int in[3] = { -1, -1, -1 }, y;
    size_t c, m;
    enum dsc_status st = dsc_call_check(call, 1, 1, NULL);

    if (st)
        return st;
    in[0] = call->in[0].value;
    st = dsc_lower_rank(g, in[0], 4, 4, "[N, H, W, C]");
    if (!st)
        st = dsc_lower_last(g, in[0], &c);
    if (!st && !dsc_mul_size(c, s->multiplier, &m))
        st = dsc_fail(DSC_FORMAT, "setting 'depth_multiplier' is too large");
    if (!st)
        st = dsc_lower_weight(l, g, 0, DSC_SHAPE(s->kernel[0], s->kernel[1], c, s->multiplier),
                              &in[1]);
    if (!st && !s->has_pointwise) {
        attr.act = s->act.act;
        if (s->use_bias)
            st = dsc_lower_weight(l, g, 1, DSC_SHAPE(m), &in[2]);
    }
    if (!st)
        st = dsc_graph_add(g, &dsc_op_depthwise, &attr, in, 3, &y);
    if (!st && s->has_pointwise)
        st = pointwise(l, g, y, &y);
    if (!st)
        st = dsc_lower_act_rest(g, y, &s->act, &y);
    if (!st)
        dsc_lower_done(call, y, -1);
    return st;
}

const struct dsc_layer_class dsc_layer_separable_conv = { sizeof(struct separable_conv), config,
                                                          n_weights, lower, NULL };
