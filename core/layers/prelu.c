/* PReLU: a slope for each element, of length 1 along shared axes. */
#include <stddef.h>

#include "core/layers/mask_util.h"

struct prelu {
    unsigned shared; /* bit mask of axes */
};

static enum dsc_status config(struct dsc_layer *l, const json_t *json)
{
    static const struct dsc_config_field fields[] = {
        { .key = "shared_axes", .kind = DSC_CONFIG_OTHER }, { 0 }
    };
    const json_t *axes = json_object_get(json, "shared_axes");
    struct prelu *s = l->state;
    enum dsc_status st = dsc_config_read(l, json, fields);
    long axis = 0;

    if (st || !axes || json_is_null(axes))
        return st;
    for (size_t i = 0; i < (json_is_array(axes) ? json_array_size(axes) : 1) && !st; i++) {
        st = dsc_config_int(json_is_array(axes) ? json_array_get(axes, i) : axes, "shared_axes", 1,
                            &axis);
        if (!st && axis >= DSC_MAX_RANK)
            st = dsc_fail(DSC_FORMAT, "setting 'shared_axes' names axis %ld", axis);
        if (!st)
            s->shared |= 1u << axis;
    }
    return st;
}

static size_t n_weights(const struct dsc_layer *l)
{
    (void)l;
    return 1;
}

static enum dsc_status lower(const struct dsc_layer *l, struct dsc_layer_call *call)
{
    const struct prelu *s = l->state;
    struct dsc_graph *g = call->graph;
    struct dsc_shape alpha = { 0 }, shape;
    int in[2], y, mask;
    enum dsc_status st = dsc_call_check(call, 1, 1, NULL);

    if (!st)
        st = dsc_lower_rank(g, call->in[0].value, 2, DSC_MAX_RANK, "2 axes or more");
    if (st)
        return st;
    in[0] = call->in[0].value;
    shape = dsc_graph_shape(g, in[0]);
    alpha.rank = shape.rank - 1;
    for (size_t i = 1; i < shape.rank; i++) {
        alpha.dim[i - 1] = s->shared & 1u << i ? 1 : shape.dim[i];
        if (alpha.dim[i - 1] == DSC_DIM_FREE)
            return dsc_fail(DSC_UNSUPPORTED,
                            "axis %zu of its input must be known, or be among "
                            "the shared axes",
                            i);
    }
    st = dsc_lower_weight(l, g, 0, alpha, &in[1]);
    if (!st)
        st = dsc_graph_add(g, &dsc_op_prelu, NULL, in, 2, &y);
    if (!st)
        st = dsc_mask_previous(call, &mask);
    if (!st)
        dsc_lower_done(call, y, mask);
    return st;
}

const struct dsc_layer_class dsc_layer_prelu = { sizeof(struct prelu), config, n_weights, lower,
                                                 NULL };
