/* Add, Subtract, Multiply, Average, Maximum, Minimum, as layers and as Keras 3 op nodes
 * (x + y, 2 * x, 1 - x, x / 3), which also take numbers; Divide and TrueDivide, only op nodes.
 *
 * Layers: an input of lower rank gets axes of length 1 after the batch axis. Masks are those of
 * dsc_mask_merge. From 3.4 on, Multiply, Maximum and Minimum also leave masked elements out. */
#include "core/layers/mask_util.h"

static enum dsc_binary_kind kind_of(const struct dsc_layer *l)
{
    static const struct {
        const char *name;
        enum dsc_binary_kind kind;
    } kinds[] = {
        { "Add", DSC_ADD },      { "Average", DSC_ADD },     { "Subtract", DSC_SUB },
        { "Multiply", DSC_MUL }, { "Maximum", DSC_MAXIMUM }, { "Minimum", DSC_MINIMUM },
    };

    for (size_t i = 0; i < DSC_COUNT(kinds); i++)
        if (dsc_layer_is(l, kinds[i].name))
            return kinds[i].kind;
    return DSC_DIV;
}

static enum dsc_status lift(struct dsc_graph *g, int x, size_t rank, int *y)
{
    enum dsc_status st = DSC_OK;

    *y = x;
    while (!st && dsc_graph_shape(g, *y).rank < rank)
        st = dsc_lower_expand(g, *y, DSC_MIN(1, dsc_graph_shape(g, *y).rank), y);
    return st;
}

/* A mask [N, T] for elements [N, T, E] as numbers [N, T, 1], 0 and 1; -1 for none, and for an
 * input that was lifted, which Keras loses the mask of. */
static enum dsc_status mask_numbers(struct dsc_graph *g, struct dsc_layer_tensor in, size_t rank,
                                    int *mask)
{
    enum dsc_status st;

    *mask = -1;
    if (in.mask < 0 || dsc_graph_shape(g, in.value).rank != rank ||
        dsc_graph_shape(g, in.mask).rank + 1 != rank)
        return DSC_OK;
    st = dsc_lower_expand(g, in.mask, rank - 1, mask);
    return st ? st : dsc_lower_cast(g, *mask, DSC_F32, mask);
}

/* a where the mask's numbers are 1, b where they are 0: a m + b (1 - m). */
static enum dsc_status select(struct dsc_graph *g, int mask, int a, int b, int *y)
{
    int rest;
    enum dsc_status st = dsc_lower_scalar(g, DSC_MUL, mask, -1, &rest);

    if (!st)
        st = dsc_lower_scalar(g, DSC_ADD, rest, 1, &rest);
    if (!st)
        st = dsc_lower_binary(g, DSC_MUL, a, mask, &a);
    if (!st && b >= 0)
        st = dsc_lower_binary(g, DSC_MUL, b, rest, &rest);
    return st ? st : dsc_lower_binary(g, DSC_ADD, a, rest, y);
}

/* The merge so far, and the numbers of its mask or -1. */
struct merged {
    int value, mask;
};

/* A product: masked factors count as 1, and the result is 0 where all are masked. */
static enum dsc_status multiply(struct dsc_graph *g, struct merged *y, struct merged x, bool first)
{
    enum dsc_status st = DSC_OK;

    if (x.mask >= 0)
        st = select(g, x.mask, x.value, -1, &x.value);
    if (st || first) {
        *y = x;
        return st;
    }
    st = dsc_lower_binary(g, DSC_MUL, y->value, x.value, &y->value);
    if (!st && y->mask >= 0 && x.mask >= 0)
        return dsc_lower_binary(g, DSC_MAXIMUM, y->mask, x.mask, &y->mask);
    y->mask = -1;
    return st;
}

/* A maximum or minimum: where one is masked, the other counts. */
static enum dsc_status choose(struct dsc_graph *g, enum dsc_binary_kind kind, struct merged *y,
                              struct merged x)
{
    enum dsc_status st = DSC_OK;

    if (x.mask >= 0)
        st = select(g, x.mask, x.value, y->value, &x.value);
    if (!st && y->mask >= 0)
        st = select(g, y->mask, y->value, x.value, &y->value);
    if (!st)
        st = dsc_lower_binary(g, kind, y->value, x.value, &y->value);
    if (!st && y->mask >= 0 && x.mask >= 0)
        return dsc_lower_binary(g, DSC_MAXIMUM, y->mask, x.mask, &y->mask);
    y->mask = -1;
    return st;
}

/* Merge one more input. */
static enum dsc_status merge_next(struct dsc_graph *g, enum dsc_binary_kind kind, struct merged *y,
                                  struct merged x, bool first)
{
    if (kind == DSC_MUL)
        return multiply(g, y, x, first);
    if (first) {
        *y = x;
        return DSC_OK;
    }
    if (kind == DSC_MAXIMUM || kind == DSC_MINIMUM)
        return choose(g, kind, y, x);
    return dsc_lower_binary(g, kind, y->value, x.value, &y->value);
}

static enum dsc_status merge_all(const struct dsc_layer *l, struct dsc_layer_call *call, int *out)
{
    struct dsc_graph *g = call->graph;
    struct merged y = { -1, -1 }, x;
    size_t rank = 0;
    enum dsc_status st = DSC_OK;

    for (size_t i = 0; i < call->n_in; i++)
        rank = DSC_MAX(rank, dsc_graph_shape(g, call->in[i].value).rank);
    for (size_t i = 0; i < call->n_in && !st; i++) {
        x.mask = -1;
        st = lift(g, call->in[i].value, rank, &x.value);
        if (!st && dsc_layer_since(l, 3, 4))
            st = mask_numbers(g, call->in[i], rank, &x.mask);
        if (!st)
            st = merge_next(g, kind_of(l), &y, x, !i);
    }
    if (!st && kind_of(l) == DSC_MUL && y.mask >= 0)
        st = dsc_lower_binary(g, DSC_MUL, y.value, y.mask, &y.value);
    if (!st)
        *out = y.value;
    return st;
}

static enum dsc_status lower_layer(const struct dsc_layer *l, struct dsc_layer_call *call)
{
    bool pair = kind_of(l) == DSC_SUB;
    int y, mask;
    enum dsc_status st = dsc_call_check(call, pair ? 2 : 1, pair ? 2 : SIZE_MAX, NULL);

    if (!st)
        st = merge_all(l, call, &y);
    if (!st && dsc_layer_is(l, "Average"))
        st = dsc_lower_scalar(call->graph, DSC_MUL, y, 1 / (float)call->n_in, &y);
    if (!st)
        st = dsc_mask_merge(l, call, &mask);
    if (!st)
        dsc_lower_done(call, y, mask);
    return st;
}

/* number <kind> x: only what commutes, and subtraction. */
static enum dsc_status number_first(struct dsc_graph *g, enum dsc_binary_kind kind, float number,
                                    int x, int *y)
{
    enum dsc_status st = DSC_OK;

    if (kind == DSC_DIV)
        return dsc_fail(DSC_UNSUPPORTED, "a number divided by a tensor cannot be done");
    if (kind == DSC_SUB) {
        st = dsc_lower_scalar(g, DSC_MUL, x, -1, &x);
        kind = DSC_ADD;
    }
    return st ? st : dsc_lower_scalar(g, kind, x, number, y);
}

static enum dsc_status lower_op(const struct dsc_layer *l, struct dsc_layer_call *call)
{
    const struct dsc_layer_arg *a = call->args;
    struct dsc_graph *g = call->graph;
    enum dsc_status st;
    float number;
    int y;

    if (call->n_args != 2 || a[0].n_tensors > 1 || a[1].n_tensors > 1 || !call->n_in)
        return dsc_fail(DSC_FORMAT, "an op of %zu arguments, expected 2", call->n_args);
    if (a[0].n_tensors && a[1].n_tensors) {
        st = dsc_lower_binary(g, kind_of(l), a[0].tensors[0].value, a[1].tensors[0].value, &y);
    } else {
        st = dsc_config_float(a[0].n_tensors ? a[1].literal : a[0].literal, "argument", &number);
        if (!st && a[0].n_tensors)
            st = dsc_lower_scalar(g, kind_of(l), a[0].tensors[0].value, number, &y);
        else if (!st)
            st = number_first(g, kind_of(l), number, a[1].tensors[0].value, &y);
    }
    if (!st)
        dsc_lower_done(call, y, -1);
    return st;
}

/* A layer is called with one list, an op with two arguments. */
static enum dsc_status lower(const struct dsc_layer *l, struct dsc_layer_call *call)
{
    bool op = l->version.major >= 3 && (call->n_args == 2 && !call->args[1].name);

    return op || kind_of(l) == DSC_DIV ? lower_op(l, call) : lower_layer(l, call);
}

const struct dsc_layer_class dsc_layer_merge = { 0, NULL, NULL, lower, NULL };
