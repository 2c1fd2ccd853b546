/* Add, Subtract, Multiply, Average, Maximum, Minimum, as layers and as Keras 3 op nodes
 * (x + y, 2 * x, 1 - x, x / 3), which also take numbers; Divide and TrueDivide, only op nodes.
 *
 * Layers: an input of lower rank gets axes of length 1 after the batch axis. Masks: Keras 2
 * gives the AND of those present; Keras 3 the OR, and none when one is missing. */
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

static enum dsc_status merge_masks(const struct dsc_layer *l, const struct dsc_layer_call *call,
                                   int *mask)
{
    enum dsc_binary_kind kind = l->version.major >= 3 ? DSC_OR : DSC_AND;
    enum dsc_status st = DSC_OK;

    *mask = call->in[0].mask;
    for (size_t i = 1; i < call->n_in && !st; i++)
        st = dsc_mask_join(call->graph, kind, *mask, call->in[i].mask, mask);
    return st;
}

static enum dsc_status lift(struct dsc_graph *g, int x, size_t rank, int *y)
{
    enum dsc_status st = DSC_OK;

    *y = x;
    while (!st && dsc_graph_shape(g, *y).rank < rank)
        st = dsc_lower_expand(g, *y, DSC_MIN(1, dsc_graph_shape(g, *y).rank), y);
    return st;
}

static enum dsc_status lower_layer(const struct dsc_layer *l, struct dsc_layer_call *call)
{
    bool pair = kind_of(l) == DSC_SUB;
    struct dsc_graph *g = call->graph;
    size_t rank = 0;
    int y, x, mask;
    enum dsc_status st = dsc_call_check(call, pair ? 2 : 1, pair ? 2 : SIZE_MAX, NULL);

    if (st)
        return st;
    for (size_t i = 0; i < call->n_in; i++)
        rank = DSC_MAX(rank, dsc_graph_shape(g, call->in[i].value).rank);
    st = lift(g, call->in[0].value, rank, &y);
    for (size_t i = 1; i < call->n_in && !st; i++) {
        st = lift(g, call->in[i].value, rank, &x);
        if (!st)
            st = dsc_lower_binary(g, kind_of(l), y, x, &y);
    }
    if (!st && dsc_layer_is(l, "Average"))
        st = dsc_lower_scalar(g, DSC_MUL, y, 1 / (float)call->n_in, &y);
    if (!st)
        st = merge_masks(l, call, &mask);
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
