#include "core/layers/lower_util.h"

#include <string.h>

enum dsc_status dsc_lower_weight_as(const struct dsc_layer *l, struct dsc_graph *g, size_t i,
                                    struct dsc_shape expected, struct dsc_shape as, int *value)
{
    char found[DSC_SHAPE_TEXT], wanted[DSC_SHAPE_TEXT];
    struct dsc_tensor t;

    if (i >= l->n_weights)
        return dsc_fail(DSC_INVALID, "weight %zu is missing, there are %zu", i, l->n_weights);
    t = *l->weights[i];
    if (t.dtype != DSC_F32)
        return dsc_fail(DSC_FORMAT, "weight %zu holds %s, expected float32", i,
                        dsc_dtype_name(t.dtype));
    if (!dsc_shape_equal(t.shape, expected))
        return dsc_fail(DSC_FORMAT, "weight %zu has shape %s, expected %s", i,
                        dsc_shape_text(t.shape, found), dsc_shape_text(expected, wanted));
    t.shape = as;
    return dsc_graph_add_const(g, &t, value);
}

enum dsc_status dsc_lower_weight(const struct dsc_layer *l, struct dsc_graph *g, size_t i,
                                 struct dsc_shape expected, int *value)
{
    return dsc_lower_weight_as(l, g, i, expected, expected, value);
}

enum dsc_status dsc_lower_rank(const struct dsc_graph *g, int x, size_t min, size_t max,
                               const char *axes)
{
    struct dsc_shape s = dsc_graph_shape(g, x);
    char text[DSC_SHAPE_TEXT];

    if (s.rank >= min && s.rank <= max)
        return DSC_OK;
    return dsc_fail(DSC_INVALID, "its input has shape %s, expected %s", dsc_shape_text(s, text),
                    axes);
}

enum dsc_status dsc_lower_last(const struct dsc_graph *g, int x, size_t *len)
{
    struct dsc_shape s = dsc_graph_shape(g, x);
    char text[DSC_SHAPE_TEXT];

    if (!s.rank || s.dim[s.rank - 1] == DSC_DIM_FREE)
        return dsc_fail(DSC_UNSUPPORTED,
                        "its input has shape %s, whose last axis must be known; give the model "
                        "an input of fixed size",
                        dsc_shape_text(s, text));
    *len = s.dim[s.rank - 1];
    return DSC_OK;
}

enum dsc_status dsc_lower_axis(long axis, size_t rank, size_t *out)
{
    if (axis < 0)
        axis += (long)rank;
    if (axis < 0 || (size_t)axis >= rank)
        return dsc_fail(DSC_FORMAT, "its axis lies outside an input of %zu axes", rank);
    *out = (size_t)axis;
    return DSC_OK;
}

enum dsc_status dsc_lower_softmax(struct dsc_graph *g, int x, int mask, struct dsc_softmax attr,
                                  int *y)
{
    return dsc_graph_add(g, &dsc_op_softmax, &attr, (int[]){ x, mask }, 2, y);
}

enum dsc_status dsc_lower_act_rest(struct dsc_graph *g, int x, const struct dsc_layer_act *act,
                                   int *y)
{
    size_t rank = dsc_graph_shape(g, x).rank;

    if (!act->softmax) {
        *y = x;
        return DSC_OK;
    }
    if (!rank)
        return dsc_fail(DSC_INVALID, "a softmax of a single number");
    return dsc_lower_softmax(g, x, -1, (struct dsc_softmax){ .axis = rank - 1 }, y);
}

enum dsc_status dsc_lower_act(struct dsc_graph *g, int x, const struct dsc_layer_act *act, int *y)
{
    if (act->softmax || act->act.kind == DSC_ACT_NONE)
        return dsc_lower_act_rest(g, x, act, y);
    return dsc_graph_add(g, &dsc_op_unary, &(struct dsc_unary){ act->act }, &x, 1, y);
}

enum dsc_status dsc_lower_binary(struct dsc_graph *g, enum dsc_binary_kind kind, int a, int b,
                                 int *y)
{
    return dsc_graph_add(g, &dsc_op_binary, &(struct dsc_binary){ .kind = kind }, (int[]){ a, b },
                         2, y);
}

enum dsc_status dsc_lower_scalar(struct dsc_graph *g, enum dsc_binary_kind kind, int a, float b,
                                 int *y)
{
    return dsc_graph_add(g, &dsc_op_binary, &(struct dsc_binary){ .kind = kind, .scalar = b }, &a,
                         1, y);
}

enum dsc_status dsc_lower_cast(struct dsc_graph *g, int x, enum dsc_dtype dtype, int *y)
{
    if (dsc_graph_type(g, x)->dtype == dtype) {
        *y = x;
        return DSC_OK;
    }
    return dsc_graph_add(g, &dsc_op_cast, &(struct dsc_cast){ dtype }, &x, 1, y);
}

enum dsc_status dsc_lower_reduce(struct dsc_graph *g, int x, struct dsc_reduce attr, int *y)
{
    return dsc_graph_add(g, &dsc_op_reduce, &attr, &x, 1, y);
}

enum dsc_status dsc_lower_transpose(struct dsc_graph *g, int x, struct dsc_transpose attr, int *y)
{
    return dsc_graph_add(g, &dsc_op_transpose, &attr, &x, 1, y);
}

enum dsc_status dsc_lower_reshape(struct dsc_graph *g, int x, struct dsc_reshape attr, int *y)
{
    return dsc_graph_add(g, &dsc_op_reshape, &attr, &x, 1, y);
}

/* Length of an axis for a reshape that moves it; false when a second one is free. */
static bool moved_axis(size_t len, bool *has_free, size_t *out)
{
    if (len != DSC_DIM_FREE) {
        *out = len;
        return true;
    }
    *out = DSC_RESHAPE_INFER;
    if (*has_free)
        return false;
    *has_free = true;
    return true;
}

enum dsc_status dsc_lower_expand(struct dsc_graph *g, int x, size_t axis, int *y)
{
    struct dsc_shape s = dsc_graph_shape(g, x);
    struct dsc_reshape attr = { .rank = s.rank + 1 };
    bool has_free = false, fits = true;

    if (axis > s.rank || s.rank == DSC_MAX_RANK)
        return dsc_fail(DSC_INVALID, "a new axis %zu of an input of %zu axes", axis, s.rank);
    attr.dim[axis] = 1;
    for (size_t i = 0; i < axis; i++)
        attr.dim[i] = DSC_RESHAPE_COPY;
    for (size_t i = axis; i < s.rank; i++)
        fits = fits && s.dim[i] && moved_axis(s.dim[i], &has_free, &attr.dim[i + 1]);
    if (fits)
        return dsc_lower_reshape(g, x, attr, y);
    return dsc_graph_add(g, &dsc_op_repeat, &(struct dsc_repeat){ axis, 1 }, &x, 1, y);
}

enum dsc_status dsc_lower_squeeze(struct dsc_graph *g, int x, size_t axis, int *y)
{
    struct dsc_shape s = dsc_graph_shape(g, x);
    struct dsc_reshape attr = { .rank = s.rank - 1 };
    bool has_free = false, fits = true;

    if (axis >= s.rank || s.dim[axis] != 1)
        return dsc_fail(DSC_INVALID, "axis %zu of an input of %zu axes does not have length 1",
                        axis, s.rank);
    for (size_t i = 0; i < axis; i++)
        attr.dim[i] = DSC_RESHAPE_COPY;
    for (size_t i = axis + 1; i < s.rank; i++)
        fits = fits && s.dim[i] && moved_axis(s.dim[i], &has_free, &attr.dim[i - 1]);
    if (fits)
        return dsc_lower_reshape(g, x, attr, y);
    return dsc_lower_reduce(g, x, (struct dsc_reduce){ DSC_REDUCE_SUM, 1u << axis, false }, y);
}

enum dsc_status dsc_lower_floats(struct dsc_graph *g, const float *numbers, size_t n, int *value)
{
    struct dsc_tensor *t;
    enum dsc_status st = dsc_tensor_new(&t, DSC_F32, DSC_SHAPE(n));

    if (st)
        return st;
    memcpy(t->data, numbers, n * sizeof(*numbers));
    return dsc_graph_take_const(g, t, value);
}

void dsc_lower_done(struct dsc_layer_call *call, int value, int mask)
{
    call->out[call->n_out++] = (struct dsc_layer_tensor){ value, mask };
}

static bool is_listed(const char *name, const char *const *names)
{
    if (!strcmp(name, "training") || !strcmp(name, "mask"))
        return true;
    for (; names && *names; names++)
        if (!strcmp(name, *names))
            return true;
    return false;
}

enum dsc_status dsc_call_check(const struct dsc_layer_call *call, size_t min_in, size_t max_in,
                               const char *const *names)
{
    if (call->n_in < min_in || call->n_in > max_in)
        return dsc_fail(DSC_INVALID, "it is called with %zu tensors, expected %zu%s", call->n_in,
                        min_in, max_in > min_in ? " or more" : "");
    for (size_t i = 0; i < call->n_args; i++) {
        const struct dsc_layer_arg *a = &call->args[i];

        if (!a->n_tensors && (!a->literal || json_is_null(a->literal)))
            continue;
        if (!a->name && !a->n_tensors)
            return dsc_fail(DSC_UNSUPPORTED, "argument %zu of its call is not a tensor", i);
        if (a->name && !is_listed(a->name, names))
            return dsc_fail(DSC_UNSUPPORTED, "argument '%s' of its call is not known", a->name);
    }
    return DSC_OK;
}

const struct dsc_layer_arg *dsc_call_arg(const struct dsc_layer_call *call, const char *name)
{
    for (size_t i = 0; i < call->n_args; i++)
        if (call->args[i].name && !strcmp(call->args[i].name, name))
            return &call->args[i];
    return NULL;
}

enum dsc_status dsc_call_flag(const struct dsc_layer_call *call, const char *name, bool *out)
{
    const struct dsc_layer_arg *a = dsc_call_arg(call, name);

    if (!a || (!a->n_tensors && (!a->literal || json_is_null(a->literal))))
        return DSC_OK;
    if (a->n_tensors || !json_is_boolean(a->literal))
        return dsc_fail(DSC_FORMAT, "argument '%s' of its call is not true or false", name);
    *out = json_is_true(a->literal);
    return DSC_OK;
}

enum dsc_status dsc_call_inference(const struct dsc_layer_call *call)
{
    const struct dsc_layer_arg *a = dsc_call_arg(call, "training");

    if (a && (a->n_tensors || json_is_true(a->literal) || json_integer_value(a->literal)))
        return dsc_fail(DSC_UNSUPPORTED,
                        "it is called with training=true, so that its results are random or "
                        "depend on the batch; save the model without that argument");
    return DSC_OK;
}
