/* The ops with which Keras 3 computes masks in the open: NotEqual, LogicalAnd, LogicalOr, Any,
 * OnesLike, ZerosLike, ConvertToTensor.
 *
 * Concatenating inputs with and without masks gives
 * any(concat(ones_like(a), expand_dims(mask) | zeros_like(b))), which is ones again. Any sees
 * through this, so that such a mask costs nothing and is known to do nothing. */
#include <stddef.h>
#include <string.h>

#include "core/layers/mask_util.h"

struct mask_op {
    long axis; /* of Any */
    bool has_axis, keepdims;
    bool is_bool; /* OnesLike, ZerosLike: dtype "bool" */
};

static enum dsc_status config(struct dsc_layer *l, const json_t *json)
{
    const struct dsc_config_field fields[] = {
        { .key = "axis", .kind = DSC_CONFIG_OTHER },
        { DSC_SETTING("keepdims", BOOL, mask_op, keepdims) },
        { .key = "dtype", .kind = DSC_CONFIG_OTHER },
        { .key = "sparse", .kind = DSC_CONFIG_OFF },
        { .key = "ragged", .kind = DSC_CONFIG_OFF },
        { 0 },
    };
    const json_t *axis = json_object_get(json, "axis");
    const char *dtype = json_string_value(json_object_get(json, "dtype"));
    struct mask_op *s = l->state;
    enum dsc_status st = dsc_config_read(l, json, fields);

    s->is_bool = dtype && !strcmp(dtype, "bool");
    s->has_axis = axis && !json_is_null(axis);
    return st || !s->has_axis ? st : dsc_config_axis(axis, "axis", &s->axis);
}

/* The two arguments of a comparison; b is -1 for a number. */
static enum dsc_status operands(const struct dsc_layer_call *call, int *a, int *b, float *number)
{
    const struct dsc_layer_arg *args = call->args;

    if (call->n_args != 2 || args[0].n_tensors + args[1].n_tensors != call->n_in || !call->n_in ||
        call->n_in > 2)
        return dsc_fail(DSC_FORMAT, "an op of %zu arguments, expected 2", call->n_args);
    *a = call->in[0].value;
    *b = call->n_in == 2 ? call->in[1].value : -1;
    if (call->n_in == 2)
        return DSC_OK;
    return dsc_config_float(args[args[0].n_tensors ? 1 : 0].literal, "argument", number);
}

static enum dsc_status lower_not_equal(struct dsc_layer_call *call, int *y)
{
    int a = -1, b = -1;
    float number = 0;
    enum dsc_status st = operands(call, &a, &b, &number);

    if (st)
        return st;
    return b < 0 ? dsc_lower_scalar(call->graph, DSC_NOT_EQUAL, a, number, y)
                 : dsc_lower_binary(call->graph, DSC_NOT_EQUAL, a, b, y);
}

/* a | zeros keeps its node, which gives it its shape; a | a is a. */
static enum dsc_status lower_logical(struct dsc_layer_call *call, enum dsc_binary_kind kind, int *y)
{
    struct dsc_graph *g = call->graph;
    int a = -1, b = -1;
    float number = 0;
    enum dsc_status st = operands(call, &a, &b, &number);

    if (!st && b < 0)
        st = dsc_fail(DSC_UNSUPPORTED, "an op of a mask and a number");
    if (!st)
        st = dsc_mask_bool(g, a, &a);
    if (!st)
        st = dsc_mask_bool(g, b, &b);
    if (!st && a == b)
        *y = a;
    else if (!st)
        st = dsc_lower_binary(g, kind, a, b, y);
    return st;
}

static const struct dsc_node *producer(const struct dsc_graph *g, int x, const struct dsc_op *op)
{
    int node = g->values[x].node;

    return node >= 0 && g->nodes[node].op == op ? &g->nodes[node] : NULL;
}

/* The value m of which x is a copy along a last axis of length 1, or -1. */
static int expanded(const struct dsc_graph *g, int x)
{
    const struct dsc_node *n = producer(g, x, &dsc_op_reshape);
    struct dsc_shape s = dsc_graph_shape(g, x);

    if (!n || s.dim[s.rank - 1] != 1 || dsc_graph_shape(g, n->in[0]).rank + 1 != s.rank)
        return -1;
    return n->in[0];
}

/* any(x) over the last axis when it can be seen: *m is a mask, or *ones is set. */
static bool see_through(const struct dsc_graph *g, int x, int *m, bool *ones)
{
    const struct dsc_node *n = producer(g, x, &dsc_op_binary);
    const struct dsc_binary *attr = n ? n->attr : NULL;
    int found;

    if (dsc_mask_is_ones(g, x)) {
        *ones = true;
        return true;
    }
    if (n && n->n_in == 2 && attr->kind == DSC_OR && dsc_mask_is_zeros(g, n->in[1]))
        x = n->in[0];
    found = expanded(g, x);
    if (found < 0 || (*m >= 0 && *m != found))
        return false;
    *m = found;
    return true;
}

static bool see_through_concat(const struct dsc_graph *g, int x, int *m, bool *ones)
{
    const struct dsc_node *n = producer(g, x, &dsc_op_concat);
    size_t last = dsc_graph_shape(g, x).rank - 1;
    bool all = n != NULL;

    *m = -1;
    *ones = false;
    if (!n)
        return see_through(g, x, m, ones);
    if (((const struct dsc_concat *)n->attr)->axis != last)
        return false;
    for (size_t i = 0; i < n->n_in; i++)
        all = see_through(g, n->in[i], m, ones) && all;
    return all || *ones;
}

static enum dsc_status lower_any(const struct dsc_layer *l, struct dsc_layer_call *call, int *y)
{
    const struct mask_op *s = l->state;
    struct dsc_graph *g = call->graph;
    int x = call->in[0].value, m;
    size_t rank = dsc_graph_shape(g, x).rank, axis;
    bool ones;
    enum dsc_status st;

    if (!s->has_axis)
        return dsc_fail(DSC_UNSUPPORTED, "an Any over all axes");
    st = dsc_lower_axis(s->axis, rank, &axis);
    if (st)
        return st;
    if (axis + 1 == rank && !s->keepdims && see_through_concat(g, x, &m, &ones)) {
        if (!ones) {
            *y = m;
            return DSC_OK;
        }
        st = dsc_mask_any(g, x, axis, false, &x);
        return st ? st : dsc_mask_fill(g, x, true, y);
    }
    return dsc_mask_any(g, x, axis, s->keepdims, y);
}

static enum dsc_status lower_fill(const struct dsc_layer *l, struct dsc_layer_call *call, int *y)
{
    const struct mask_op *s = l->state;
    enum dsc_status st =
        dsc_mask_fill(call->graph, call->in[0].value, dsc_layer_is(l, "OnesLike"), y);

    if (!st && !s->is_bool)
        st = dsc_lower_cast(call->graph, *y, dsc_graph_type(call->graph, call->in[0].value)->dtype,
                            y);
    return st;
}

static enum dsc_status lower_same(struct dsc_layer_call *call, int *y)
{
    *y = call->in[0].value;
    return dsc_call_check(call, 1, 1, NULL);
}

static enum dsc_status lower(const struct dsc_layer *l, struct dsc_layer_call *call)
{
    int y = -1;
    enum dsc_status st;

    if (!call->n_in)
        return dsc_fail(DSC_FORMAT, "an op without a tensor");
    if (dsc_layer_is(l, "ConvertToTensor"))
        st = lower_same(call, &y);
    else if (dsc_layer_is(l, "NotEqual"))
        st = lower_not_equal(call, &y);
    else if (dsc_layer_is(l, "LogicalAnd"))
        st = lower_logical(call, DSC_AND, &y);
    else if (dsc_layer_is(l, "LogicalOr"))
        st = lower_logical(call, DSC_OR, &y);
    else if (dsc_layer_is(l, "Any"))
        st = lower_any(l, call, &y);
    else
        st = lower_fill(l, call, &y);
    if (!st)
        dsc_lower_done(call, y, -1);
    return st;
}

const struct dsc_layer_class dsc_layer_mask_op = { sizeof(struct mask_op), config, NULL, lower,
                                                   NULL };
