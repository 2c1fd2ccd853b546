/* TimeDistributed: a layer on every step. What works on each element or on the last axis is
 * applied to the whole input; for the rest, steps become samples and samples steps again.
 *
 * Masks: Keras 3 passes the input's on. Keras 2 gives the inner layer's, asked step by step,
 * or else the input's, reduced to [N, T]. */
#include "core/layers/mask_util.h"

struct time_distributed {
    struct dsc_layer *inner;
};

static enum dsc_status config(struct dsc_layer *l, const json_t *json)
{
    static const struct dsc_config_field fields[] = {
        { .key = "layer", .kind = DSC_CONFIG_OTHER, .required = true },
        { 0 },
    };
    struct time_distributed *s = l->state;
    const json_t *v = json_object_get(json, "layer");
    const json_t *inner = json_object_get(v, "config");
    const char *class_name = json_string_value(json_object_get(v, "class_name"));
    const char *name = json_string_value(json_object_get(inner, "name"));
    enum dsc_status st = dsc_config_read(l, json, fields);

    if (st)
        return st;
    if (!class_name || !inner)
        return dsc_fail(DSC_FORMAT, "setting 'layer' is not a layer");
    return dsc_layer_new(&s->inner, class_name, name ? name : class_name, inner, l->version);
}

static void release(struct dsc_layer *l)
{
    dsc_layer_free(((struct time_distributed *)l->state)->inner);
}

static size_t n_weights(const struct dsc_layer *l)
{
    return dsc_layer_n_weights(((const struct time_distributed *)l->state)->inner);
}

/* Classes for which one more axis in front makes no difference. */
static bool is_direct(const struct dsc_layer *inner)
{
    return inner->cls == &dsc_layer_dense || inner->cls == &dsc_layer_activation ||
           inner->cls == &dsc_layer_dropout || inner->cls == &dsc_layer_embedding;
}

/* [N, T, ...] -> [N T, ...] */
static enum dsc_status fold(struct dsc_graph *g, int x, int *y)
{
    struct dsc_shape s = dsc_graph_shape(g, x);
    struct dsc_reshape attr = { .rank = s.rank - 1, .dim = { DSC_RESHAPE_INFER } };
    char text[DSC_SHAPE_TEXT];

    for (size_t i = 2; i < s.rank; i++) {
        if (s.dim[i] == DSC_DIM_FREE || !s.dim[i])
            return dsc_fail(DSC_UNSUPPORTED,
                            "its input has shape %s, whose axes after the second "
                            "must be known",
                            dsc_shape_text(s, text));
        attr.dim[i - 1] = s.dim[i];
    }
    return dsc_lower_reshape(g, x, attr, y);
}

/* [N T, ...] -> [N, T, ...] */
static enum dsc_status unfold(struct dsc_graph *g, int x, size_t steps, int *y)
{
    struct dsc_shape s = dsc_graph_shape(g, x);
    struct dsc_reshape attr = { .rank = s.rank + 1, .dim = { DSC_RESHAPE_INFER, steps } };
    char text[DSC_SHAPE_TEXT];

    if (s.rank == DSC_MAX_RANK)
        return dsc_fail(DSC_UNSUPPORTED, "its results have too many axes");
    for (size_t i = 1; i < s.rank; i++) {
        if (s.dim[i] == DSC_DIM_FREE)
            return dsc_fail(DSC_UNSUPPORTED,
                            "its layer gives shape %s, whose axes after the "
                            "first must be known",
                            dsc_shape_text(s, text));
        attr.dim[i + 1] = s.dim[i];
    }
    return dsc_lower_reshape(g, x, attr, y);
}

/* Any of a mask over the axes after [N, T]. */
static enum dsc_status reduce_mask(struct dsc_graph *g, int mask, int *out)
{
    enum dsc_status st = DSC_OK;

    while (!st && mask >= 0 && dsc_graph_shape(g, mask).rank > 2)
        st = dsc_mask_any(g, mask, dsc_graph_shape(g, mask).rank - 1, false, &mask);
    if (!st)
        *out = mask;
    return st;
}

static enum dsc_status run_inner(const struct dsc_layer *l, struct dsc_layer_call *call,
                                 struct dsc_layer_tensor in, struct dsc_layer_tensor *out)
{
    const struct time_distributed *s = l->state;
    struct dsc_layer inner = *s->inner;
    const struct dsc_layer_arg arg = { .tensors = &in, .n_tensors = 1 };
    struct dsc_layer_call c = {
        .graph = call->graph, .in = &in, .n_in = 1, .args = &arg, .n_args = 1
    };
    enum dsc_status st;

    inner.weights = l->weights;
    inner.n_weights = l->n_weights;
    st = inner.cls->lower(&inner, &c);
    if (st)
        return dsc_fail_context(st, "layer '%s' (%s)", inner.name, inner.class_name);
    if (c.n_out != 1)
        return dsc_fail(DSC_UNSUPPORTED, "its layer gives %zu results, expected 1", c.n_out);
    *out = c.out[0];
    return DSC_OK;
}

static enum dsc_status lower_folded(const struct dsc_layer *l, struct dsc_layer_call *call,
                                    int mask, struct dsc_layer_tensor *out)
{
    struct dsc_graph *g = call->graph;
    struct dsc_layer_tensor in = { -1, -1 };
    size_t steps = dsc_graph_shape(g, call->in[0].value).dim[1];
    enum dsc_status st;

    if (steps == DSC_DIM_FREE)
        return dsc_fail(DSC_UNSUPPORTED,
                        "its number of steps must be known for a layer of class "
                        "%s; give the model an input of fixed length",
                        ((const struct time_distributed *)l->state)->inner->class_name);
    st = fold(g, call->in[0].value, &in.value);
    if (!st && mask >= 0 && dsc_graph_shape(g, mask).rank > 2)
        st = fold(g, mask, &in.mask);
    if (!st)
        st = run_inner(l, call, in, out);
    if (!st)
        st = unfold(g, out->value, steps, &out->value);
    if (!st && out->mask >= 0)
        st = unfold(g, out->mask, steps, &out->mask);
    return st;
}

static enum dsc_status lower(const struct dsc_layer *l, struct dsc_layer_call *call)
{
    const struct time_distributed *s = l->state;
    struct dsc_layer_tensor out;
    int mask, previous;
    enum dsc_status st = dsc_call_check(call, 1, 1, NULL);

    if (!st)
        st = dsc_lower_rank(call->graph, call->in[0].value, 2, DSC_MAX_RANK, "[N, T, ...]");
    if (!st)
        st = dsc_mask_of_call(l, call, &mask);
    if (!st)
        st = dsc_mask_previous(call, &previous);
    if (st)
        return st;
    if (is_direct(s->inner))
        st = run_inner(l, call, (struct dsc_layer_tensor){ call->in[0].value, mask }, &out);
    else
        st = lower_folded(l, call, mask, &out);
    if (st)
        return st;
    if (l->version.major >= 3)
        out.mask = previous;
    else if (out.mask < 0)
        st = reduce_mask(call->graph, previous, &out.mask);
    if (!st)
        dsc_lower_done(call, out.value, out.mask);
    return st;
}

const struct dsc_layer_class dsc_layer_time_distributed = { sizeof(struct time_distributed), config,
                                                            n_weights, lower, release };
