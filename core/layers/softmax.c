/* Softmax over one axis; a mask of the input's own rank takes elements out. Where it leaves none,
 * all come out equal, and zero from Keras 3.10 on. */
#include <stddef.h>

#include "core/layers/mask_util.h"

struct softmax {
    long axis;
};

static enum dsc_status config(struct dsc_layer *l, const json_t *json)
{
    static const struct dsc_config_field fields[] = { { .key = "axis", .kind = DSC_CONFIG_OTHER },
                                                      { 0 } };
    struct softmax *s = l->state;
    const json_t *axis = json_object_get(json, "axis");
    enum dsc_status st = dsc_config_read(l, json, fields);

    s->axis = -1;
    return st || !axis ? st : dsc_config_axis(axis, "axis", &s->axis);
}

static enum dsc_status lower(const struct dsc_layer *l, struct dsc_layer_call *call)
{
    const struct softmax *s = l->state;
    struct dsc_graph *g = call->graph;
    struct dsc_softmax attr = { 0 };
    int mask, previous, y;
    enum dsc_status st = dsc_call_check(call, 1, 1, NULL);

    if (st)
        return st;
    st = dsc_lower_axis(s->axis, dsc_graph_shape(g, call->in[0].value).rank, &attr.axis);
    if (!st)
        st = dsc_mask_of_call(l, call, &mask);
    if (!st)
        st = dsc_mask_previous(call, &previous);
    if (st)
        return st;
    if (mask >= 0 && dsc_graph_shape(g, mask).rank != dsc_graph_shape(g, call->in[0].value).rank)
        return dsc_fail(DSC_UNSUPPORTED,
                        "its mask has %zu axes and its input %zu, which Keras "
                        "does not join either; use Activation('softmax')",
                        dsc_graph_shape(g, mask).rank, dsc_graph_shape(g, call->in[0].value).rank);
    st = dsc_lower_softmax(g, call->in[0].value, mask, attr, &y);
    if (!st && mask >= 0 && dsc_layer_since(l, 3, 10))
        st = dsc_mask_zero(g, y, mask, &y);
    if (!st)
        dsc_lower_done(call, y, previous);
    return st;
}

const struct dsc_layer_class dsc_layer_softmax = { sizeof(struct softmax), config, NULL, lower,
                                                   NULL };
