/* Conv2DTranspose. */
#include <stddef.h>

#include "core/layers/lower_util.h"

struct conv2d_transpose {
    size_t filters;
    size_t kernel[2], strides[2], dilation[2];
    bool has_output_padding;
    size_t output_padding[2];
    int padding;
    bool use_bias;
    struct dsc_layer_act act;
};

/* null, one number or two, from 0. */
static enum dsc_status read_output_padding(struct conv2d_transpose *s, const json_t *v)
{
    enum dsc_status st = DSC_OK;
    long n = 0;

    if (!v || json_is_null(v))
        return DSC_OK;
    if (json_is_array(v) && json_array_size(v) != 2)
        return dsc_fail(DSC_FORMAT, "setting 'output_padding' has %zu numbers, expected 2",
                        json_array_size(v));
    s->has_output_padding = true;
    for (size_t i = 0; i < 2 && !st; i++) {
        st = dsc_config_int(json_is_array(v) ? json_array_get(v, i) : v, "output_padding", 0, &n);
        s->output_padding[i] = (size_t)n;
    }
    return st;
}

static enum dsc_status config(struct dsc_layer *l, const json_t *json)
{
    static const char *const paddings[] = { "valid", "same", NULL };
    static const struct dsc_config_field fields[] = {
        { DSC_SETTING("filters", SIZE, conv2d_transpose, filters), .required = true },
        { DSC_SETTING("kernel_size", SIZES, conv2d_transpose, kernel), .count = 2,
          .required = true },
        { DSC_SETTING("strides", SIZES, conv2d_transpose, strides), .count = 2 },
        { DSC_SETTING("dilation_rate", SIZES, conv2d_transpose, dilation), .count = 2 },
        { .key = "groups", .kind = DSC_CONFIG_OTHER }, /* Keras 2 writes it and does not use it */
        { .key = "output_padding", .kind = DSC_CONFIG_OTHER },
        { DSC_SETTING("padding", CHOICE, conv2d_transpose, padding), .names = paddings },
        { .key = "data_format", .kind = DSC_CONFIG_FORMAT },
        { DSC_SETTING("activation", ACT, conv2d_transpose, act) },
        { DSC_SETTING("use_bias", BOOL, conv2d_transpose, use_bias) },
        { 0 },
    };
    struct conv2d_transpose *s = l->state;
    enum dsc_status st;

    *s = (struct conv2d_transpose){ .strides = { 1, 1 }, .dilation = { 1, 1 }, .use_bias = true };
    st = dsc_config_read(l, json, fields);
    if (!st && (s->dilation[0] > 1 || s->dilation[1] > 1))
        st = dsc_fail(DSC_UNSUPPORTED, "setting 'dilation_rate' is above 1, which is not "
                                       "supported for transposed convolutions");
    return st ? st : read_output_padding(s, json_object_get(json, "output_padding"));
}

static size_t n_weights(const struct dsc_layer *l)
{
    return ((const struct conv2d_transpose *)l->state)->use_bias ? 2 : 1;
}

static enum dsc_status lower(const struct dsc_layer *l, struct dsc_layer_call *call)
{
    const struct conv2d_transpose *s = l->state;
    struct dsc_graph *g = call->graph;
    struct dsc_conv2d_transpose attr = {
        .stride_h = s->strides[0],
        .stride_w = s->strides[1],
        .same = s->padding == 1,
        .has_output_padding = s->has_output_padding,
        .output_padding_h = s->output_padding[0],
        .output_padding_w = s->output_padding[1],
        .act = s->act.act,
    };
    int in[3] = { -1, -1, -1 }, y;
    size_t c;
    enum dsc_status st = dsc_call_check(call, 1, 1, NULL);

    if (st)
        return st;
    in[0] = call->in[0].value;
    st = dsc_lower_rank(g, in[0], 4, 4, "[N, H, W, C]");
    if (!st)
        st = dsc_lower_last(g, in[0], &c);
    if (!st)
        st =
            dsc_lower_weight(l, g, 0, DSC_SHAPE(s->kernel[0], s->kernel[1], s->filters, c), &in[1]);
    if (!st && s->use_bias)
        st = dsc_lower_weight(l, g, 1, DSC_SHAPE(s->filters), &in[2]);
    if (!st)
        st = dsc_graph_add(g, &dsc_op_conv2d_transpose, &attr, in, 3, &y);
    if (!st)
        st = dsc_lower_act_rest(g, y, &s->act, &y);
    if (!st)
        dsc_lower_done(call, y, -1);
    return st;
}

const struct dsc_layer_class dsc_layer_conv2d_transpose = { sizeof(struct conv2d_transpose), config,
                                                            n_weights, lower, NULL };
