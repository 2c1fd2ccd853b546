/* BatchNormalization with its moving moments, as at inference. */
#include <stddef.h>

#include "core/layers/mask_util.h"

struct batch_normalization {
    long axis;
    float epsilon;
    bool center, scale;
};

static enum dsc_status config(struct dsc_layer *l, const json_t *json)
{
    static const struct dsc_config_field fields[] = {
        { .key = "axis", .kind = DSC_CONFIG_OTHER },
        { DSC_SETTING("epsilon", FLOAT, batch_normalization, epsilon) },
        { DSC_SETTING("center", BOOL, batch_normalization, center) },
        { DSC_SETTING("scale", BOOL, batch_normalization, scale) },
        { .key = "renorm", .kind = DSC_CONFIG_OFF },
        { .key = "renorm_clipping", .kind = DSC_CONFIG_OTHER },
        { .key = "renorm_momentum", .kind = DSC_CONFIG_OTHER },
        { .key = "virtual_batch_size", .kind = DSC_CONFIG_OFF },
        { .key = "adjustment", .kind = DSC_CONFIG_OFF },
        { .key = "fused", .kind = DSC_CONFIG_OTHER },
        { 0 },
    };
    struct batch_normalization *s = l->state;
    const json_t *axis = json_object_get(json, "axis");
    enum dsc_status st;

    *s =
        (struct batch_normalization){ .axis = -1, .epsilon = 1e-3f, .center = true, .scale = true };
    st = dsc_config_read(l, json, fields);
    return st || !axis ? st : dsc_config_axis(axis, "axis", &s->axis);
}

static size_t n_weights(const struct dsc_layer *l)
{
    const struct batch_normalization *s = l->state;

    return (size_t)s->scale + (size_t)s->center + 2;
}

/* Keras' order: gamma, beta, moving mean, moving variance; the first two when used. */
static enum dsc_status weights(const struct dsc_layer *l, struct dsc_graph *g, size_t c, int in[5])
{
    const struct batch_normalization *s = l->state;
    const bool has[5] = { false, s->scale, s->center, true, true };
    enum dsc_status st = DSC_OK;
    size_t n = 0;

    for (size_t i = 1; i < 5 && !st; i++) {
        in[i] = -1;
        if (has[i])
            st = dsc_lower_weight(l, g, n++, DSC_SHAPE(c), &in[i]);
    }
    return st;
}

static enum dsc_status lower(const struct dsc_layer *l, struct dsc_layer_call *call)
{
    const struct batch_normalization *s = l->state;
    struct dsc_graph *g = call->graph;
    struct dsc_batch_norm attr = { .epsilon = s->epsilon };
    struct dsc_shape shape;
    int in[5], y, mask;
    enum dsc_status st = dsc_call_check(call, 1, 1, NULL);

    if (!st)
        st = dsc_call_inference(call);
    if (st)
        return st;
    in[0] = call->in[0].value;
    shape = dsc_graph_shape(g, in[0]);
    st = dsc_lower_axis(s->axis, shape.rank, &attr.axis);
    if (!st && shape.dim[attr.axis] == DSC_DIM_FREE)
        st = dsc_fail(DSC_UNSUPPORTED, "the axis that it normalizes must be known");
    if (!st)
        st = weights(l, g, shape.dim[attr.axis], in);
    if (!st)
        st = dsc_graph_add(g, &dsc_op_batch_norm, &attr, in, 5, &y);
    if (!st)
        st = dsc_mask_previous(call, &mask);
    if (!st)
        dsc_lower_done(call, y, mask);
    return st;
}

const struct dsc_layer_class dsc_layer_batch_normalization = { sizeof(struct batch_normalization),
                                                               config, n_weights, lower, NULL };
