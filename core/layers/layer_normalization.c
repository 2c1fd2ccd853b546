/* LayerNormalization over the last axis. */
#include <stddef.h>

#include "core/layers/mask_util.h"

struct layer_normalization {
    long axis;
    float epsilon;
    bool center, scale;
};

static enum dsc_status config(struct dsc_layer *l, const json_t *json)
{
    static const struct dsc_config_field fields[] = {
        { .key = "axis", .kind = DSC_CONFIG_OTHER },
        { DSC_SETTING("epsilon", FLOAT, layer_normalization, epsilon) },
        { DSC_SETTING("center", BOOL, layer_normalization, center) },
        { DSC_SETTING("scale", BOOL, layer_normalization, scale) },
        { .key = "rms_scaling", .kind = DSC_CONFIG_OFF },
        { 0 },
    };
    struct layer_normalization *s = l->state;
    const json_t *axis = json_object_get(json, "axis");
    enum dsc_status st;

    *s =
        (struct layer_normalization){ .axis = -1, .epsilon = 1e-3f, .center = true, .scale = true };
    st = dsc_config_read(l, json, fields);
    return st || !axis ? st : dsc_config_axis(axis, "axis", &s->axis);
}

static size_t n_weights(const struct dsc_layer *l)
{
    const struct layer_normalization *s = l->state;

    return (size_t)s->scale + (size_t)s->center;
}

static enum dsc_status lower(const struct dsc_layer *l, struct dsc_layer_call *call)
{
    const struct layer_normalization *s = l->state;
    struct dsc_graph *g = call->graph;
    struct dsc_layer_norm attr = { .epsilon = s->epsilon };
    int in[3] = { -1, -1, -1 }, y, mask;
    size_t c, axis;
    enum dsc_status st = dsc_call_check(call, 1, 1, NULL);

    if (st)
        return st;
    in[0] = call->in[0].value;
    st = dsc_lower_last(g, in[0], &c);
    if (!st)
        st = dsc_lower_axis(s->axis, dsc_graph_shape(g, in[0]).rank, &axis);
    if (!st && axis + 1 != dsc_graph_shape(g, in[0]).rank)
        st = dsc_fail(DSC_UNSUPPORTED,
                      "setting 'axis' is %ld, only the last axis of its input "
                      "can be done",
                      s->axis);
    if (!st && s->scale)
        st = dsc_lower_weight(l, g, 0, DSC_SHAPE(c), &in[1]);
    if (!st && s->center)
        st = dsc_lower_weight(l, g, s->scale, DSC_SHAPE(c), &in[2]);
    if (!st)
        st = dsc_graph_add(g, &dsc_op_layer_norm, &attr, in, 3, &y);
    if (!st)
        st = dsc_mask_previous(call, &mask);
    if (!st)
        dsc_lower_done(call, y, mask);
    return st;
}

const struct dsc_layer_class dsc_layer_layer_normalization = { sizeof(struct layer_normalization),
                                                               config, n_weights, lower, NULL };
