/* Concatenate, as a layer and as a Keras 3 op node (of bool masks).
 *
 * Masks, both eras: ones for inputs without, joined along the axis like their inputs. Along
 * the last axis, which masks [N, T] do not have, Keras 2 gives the AND of them, Keras 3 the
 * OR - so that one input without a mask leaves none; before 3.4 it gives none at all. */
#include <stddef.h>

#include "core/base/alloc.h"
#include "core/layers/mask_util.h"

struct concatenate {
    long axis;
};

static enum dsc_status config(struct dsc_layer *l, const json_t *json)
{
    static const struct dsc_config_field fields[] = {
        { DSC_SETTING("axis", INT, concatenate, axis) },
        { 0 },
    };

    ((struct concatenate *)l->state)->axis = -1;
    return dsc_config_read(l, json, fields);
}

static enum dsc_status concat(struct dsc_graph *g, const int *in, size_t n, size_t axis, int *y)
{
    if (n == 1) {
        *y = in[0];
        return DSC_OK;
    }
    return dsc_graph_add(g, &dsc_op_concat, &(struct dsc_concat){ axis }, in, n, y);
}

/* Ones of the shape of x without its last axis. */
static enum dsc_status ones_for(struct dsc_graph *g, int x, int *mask)
{
    size_t last = dsc_graph_shape(g, x).rank - 1;
    struct dsc_reduce attr = { DSC_REDUCE_MAX, 1u << last, false };
    enum dsc_status st = dsc_lower_cast(g, x, DSC_F32, &x);

    if (!st)
        st = dsc_lower_reduce(g, x, attr, &x);
    return st ? st : dsc_mask_fill(g, x, true, mask);
}

static enum dsc_status masks_along(const struct dsc_layer_call *call, size_t axis, int *in,
                                   int *mask)
{
    enum dsc_status st = DSC_OK;

    for (size_t i = 0; i < call->n_in && !st; i++) {
        in[i] = call->in[i].mask;
        if (in[i] < 0)
            st = ones_for(call->graph, call->in[i].value, &in[i]);
    }
    return st ? st : concat(call->graph, in, call->n_in, axis, mask);
}

static enum dsc_status join_masks(const struct dsc_layer *l, const struct dsc_layer_call *call,
                                  size_t axis, int *in, int *mask)
{
    size_t rank = dsc_graph_shape(call->graph, call->in[0].value).rank;
    bool any = false;

    *mask = -1;
    for (size_t i = 0; i < call->n_in; i++) {
        if (call->in[i].mask < 0)
            continue;
        any = true;
        if (dsc_graph_shape(call->graph, call->in[i].mask).rank + 1 != rank)
            return dsc_fail(DSC_UNSUPPORTED,
                            "the mask of its input %zu has %zu axes, expected "
                            "%zu",
                            i, dsc_graph_shape(call->graph, call->in[i].mask).rank, rank - 1);
    }
    if (!any || (l->version.major >= 3 && !dsc_layer_since(l, 3, 4)))
        return DSC_OK;
    return axis + 1 == rank ? dsc_mask_merge(l, call, mask) : masks_along(call, axis, in, mask);
}

static enum dsc_status lower(const struct dsc_layer *l, struct dsc_layer_call *call)
{
    const struct concatenate *s = l->state;
    struct dsc_graph *g = call->graph;
    size_t axis;
    int *in, y, mask;
    enum dsc_status st = dsc_call_check(call, 1, SIZE_MAX, NULL);

    if (st)
        return st;
    st = dsc_lower_axis(s->axis, dsc_graph_shape(g, call->in[0].value).rank, &axis);
    if (st)
        return st;
    in = dsc_malloc(call->n_in, sizeof(*in));
    if (!in)
        return dsc_fail_nomem("a concatenation");
    for (size_t i = 0; i < call->n_in; i++)
        in[i] = call->in[i].value;
    st = concat(g, in, call->n_in, axis, &y);
    if (!st)
        st = join_masks(l, call, axis, in, &mask);
    if (!st)
        dsc_lower_done(call, y, mask);
    dsc_free(in);
    return st;
}

const struct dsc_layer_class dsc_layer_concatenate = { sizeof(struct concatenate), config, NULL,
                                                       lower, NULL };
