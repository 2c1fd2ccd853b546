/* ExpandDims, a Keras 3 op node: a new axis of length 1. */
#include <stddef.h>

#include "core/layers/lower_util.h"

struct expand_dims {
    long axis;
};

static enum dsc_status config(struct dsc_layer *l, const json_t *json)
{
    static const struct dsc_config_field fields[] = {
        { .key = "axis", .kind = DSC_CONFIG_OTHER, .required = true },
        { 0 },
    };
    struct expand_dims *s = l->state;
    enum dsc_status st = dsc_config_read(l, json, fields);

    return st ? st : dsc_config_axis(json_object_get(json, "axis"), "axis", &s->axis);
}

static enum dsc_status lower(const struct dsc_layer *l, struct dsc_layer_call *call)
{
    const struct expand_dims *s = l->state;
    struct dsc_graph *g = call->graph;
    size_t axis;
    int y;
    enum dsc_status st = dsc_call_check(call, 1, 1, NULL);

    if (!st)
        st = dsc_lower_axis(s->axis, dsc_graph_shape(g, call->in[0].value).rank + 1, &axis);
    if (!st)
        st = dsc_lower_expand(g, call->in[0].value, axis, &y);
    if (!st)
        dsc_lower_done(call, y, -1);
    return st;
}

const struct dsc_layer_class dsc_layer_expand_dims = { sizeof(struct expand_dims), config, NULL,
                                                       lower, NULL };
