#include "core/layers/mask_util.h"

#include <math.h>

/* The node that writes x when it is an instance of op, else NULL. */
static const struct dsc_node *producer(const struct dsc_graph *g, int x, const struct dsc_op *op)
{
    int node = x < 0 ? -1 : g->values[x].node;

    return node >= 0 && g->nodes[node].op == op ? &g->nodes[node] : NULL;
}

/* Ones are x != NaN, true whatever x is; zeros are that != 1. */
static const struct dsc_node *not_equal(const struct dsc_graph *g, int x, float *scalar)
{
    const struct dsc_node *n = producer(g, x, &dsc_op_binary);
    const struct dsc_binary *attr = n ? n->attr : NULL;

    if (!n || attr->kind != DSC_NOT_EQUAL || n->n_in != 1)
        return NULL;
    *scalar = attr->scalar;
    return n;
}

bool dsc_mask_is_ones(const struct dsc_graph *g, int x)
{
    float scalar;

    return not_equal(g, x, &scalar) && isnan(scalar);
}

bool dsc_mask_is_zeros(const struct dsc_graph *g, int x)
{
    float scalar;
    const struct dsc_node *n = not_equal(g, x, &scalar);
    const struct dsc_node *cast = n ? producer(g, n->in[0], &dsc_op_cast) : NULL;

    return cast && scalar == 1 && dsc_mask_is_ones(g, cast->in[0]);
}

enum dsc_status dsc_mask_fill(struct dsc_graph *g, int x, bool ones, int *mask)
{
    enum dsc_status st = dsc_lower_cast(g, x, DSC_F32, &x);

    if (!st)
        st = dsc_lower_scalar(g, DSC_NOT_EQUAL, x, NAN, &x);
    if (!st && !ones) {
        st = dsc_lower_cast(g, x, DSC_F32, &x);
        if (!st)
            st = dsc_lower_scalar(g, DSC_NOT_EQUAL, x, 1, &x);
    }
    if (!st)
        *mask = x;
    return st;
}

static enum dsc_status explicit_mask(const struct dsc_layer_call *call, int *mask)
{
    const struct dsc_layer_arg *a = dsc_call_arg(call, "mask");
    enum dsc_status st;

    if (!a->n_tensors)
        return dsc_fail(DSC_UNSUPPORTED, "argument 'mask' of its call is not a tensor");
    st = dsc_mask_bool(call->graph, a->tensors[0].value, mask);
    if (!st && dsc_mask_is_ones(call->graph, *mask))
        *mask = -1;
    return st;
}

static bool has_explicit(const struct dsc_layer_call *call)
{
    const struct dsc_layer_arg *a = dsc_call_arg(call, "mask");

    return a && (a->n_tensors || (a->literal && !json_is_null(a->literal)));
}

static size_t tensor_args(const struct dsc_layer_call *call)
{
    size_t n = 0;

    for (size_t i = 0; i < call->n_args; i++)
        n += call->args[i].n_tensors > 0;
    return n;
}

enum dsc_status dsc_mask_previous(const struct dsc_layer_call *call, int *mask)
{
    if (has_explicit(call))
        return explicit_mask(call, mask);
    *mask = call->in[0].mask;
    return DSC_OK;
}

enum dsc_status dsc_mask_of_call(const struct dsc_layer *l, const struct dsc_layer_call *call,
                                 int *mask)
{
    if (l->version.major >= 3 && tensor_args(call) > 1 && !has_explicit(call)) {
        *mask = -1;
        return DSC_OK;
    }
    return dsc_mask_previous(call, mask);
}

enum dsc_status dsc_mask_of_list(const struct dsc_layer_call *call, size_t i, int *mask)
{
    const struct dsc_layer_arg *a = dsc_call_arg(call, "mask");

    if (!has_explicit(call)) {
        *mask = call->in[i].mask;
        return DSC_OK;
    }
    if (a->n_tensors <= i)
        return dsc_fail(DSC_UNSUPPORTED, "argument 'mask' of its call must be a list with a mask "
                                         "for each tensor");
    *mask = -1;
    return a->tensors[i].value < 0 ? DSC_OK : dsc_mask_bool(call->graph, a->tensors[i].value, mask);
}

enum dsc_status dsc_mask_join(struct dsc_graph *g, enum dsc_binary_kind kind, int a, int b,
                              int *mask)
{
    bool none_a = a < 0 || dsc_mask_is_ones(g, a), none_b = b < 0 || dsc_mask_is_ones(g, b);

    if (kind == DSC_AND && (none_a || none_b)) {
        *mask = none_a ? (none_b ? -1 : b) : a;
        return DSC_OK;
    }
    if (none_a || none_b || a == b) {
        *mask = none_a || none_b ? -1 : a;
        return DSC_OK;
    }
    return dsc_lower_binary(g, kind, a, b, mask);
}

enum dsc_status dsc_mask_merge(const struct dsc_layer *l, const struct dsc_layer_call *call,
                               int *mask)
{
    enum dsc_binary_kind kind = l->version.major >= 3 ? DSC_OR : DSC_AND;
    enum dsc_status st = DSC_OK;

    *mask = call->in[0].mask;
    for (size_t i = 1; i < call->n_in && !st; i++)
        st = dsc_mask_join(call->graph, kind, *mask, call->in[i].mask, mask);
    if (l->version.major >= 3 && !dsc_layer_since(l, 3, 4))
        *mask = -1;
    return st;
}

enum dsc_status dsc_mask_zero(struct dsc_graph *g, int y, int mask, int *out)
{
    enum dsc_status st = dsc_lower_cast(g, mask, DSC_F32, &mask);

    return st ? st : dsc_lower_binary(g, DSC_MUL, y, mask, out);
}

enum dsc_status dsc_mask_bool(struct dsc_graph *g, int x, int *mask)
{
    if (dsc_graph_type(g, x)->dtype != DSC_BOOL)
        return dsc_lower_scalar(g, DSC_NOT_EQUAL, x, 0, mask);
    *mask = x;
    return DSC_OK;
}

enum dsc_status dsc_mask_any(struct dsc_graph *g, int x, size_t axis, bool keep_axis, int *mask)
{
    struct dsc_reduce attr = { DSC_REDUCE_MAX, 1u << axis, keep_axis };
    enum dsc_status st = dsc_lower_cast(g, x, DSC_F32, &x);

    if (!st)
        st = dsc_lower_reduce(g, x, attr, &x);
    return st ? st : dsc_lower_scalar(g, DSC_NOT_EQUAL, x, 0, mask);
}
