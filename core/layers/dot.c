/* Dot: products of two inputs over one axis each, sample by sample; ranks 2 and 3. */
#include <math.h>
#include <stddef.h>

#include "core/layers/lower_util.h"

struct dot {
    long axes[2];
    bool normalize;
    bool one_axis; /* axes was a single number */
};

static enum dsc_status config(struct dsc_layer *l, const json_t *json)
{
    static const struct dsc_config_field fields[] = {
        { .key = "axes", .kind = DSC_CONFIG_OTHER, .required = true },
        { DSC_SETTING("normalize", BOOL, dot, normalize) },
        { 0 },
    };
    const json_t *axes = json_object_get(json, "axes");
    struct dot *s = l->state;
    enum dsc_status st = dsc_config_read(l, json, fields);

    if (!st && json_is_array(axes) && json_array_size(axes) != 2)
        return dsc_fail(DSC_FORMAT, "setting 'axes' has %zu numbers, expected 2",
                        json_array_size(axes));
    for (size_t i = 0; i < 2 && !st; i++)
        st = dsc_config_int(json_is_array(axes) ? json_array_get(axes, i) : axes, "axes",
                            -DSC_MAX_RANK, &s->axes[i]);
    return st;
}

/* The summed axis last, and that axis of length 1 divided out: x / |x|. Keras' l2_normalize is
 * x / sqrt(max(sum, 1e-12)); 1e-12 added instead differs only where the sum is as small. */
static enum dsc_status normalize(struct dsc_graph *g, int x, int *y)
{
    struct dsc_layer_norm attr = { .rms = true };
    size_t k;
    enum dsc_status st = dsc_lower_last(g, x, &k);

    if (st)
        return st;
    attr.epsilon = 1e-12f / (float)k;
    st = dsc_graph_add(g, &dsc_op_layer_norm, &attr, &x, 1, &x);
    return st ? st : dsc_lower_scalar(g, DSC_MUL, x, 1 / sqrtf((float)k), y);
}

/* Input i as [N, M, K], K the summed axis; M is 1 for [N, K]. */
static enum dsc_status operand(const struct dot *s, struct dsc_layer_call *call, size_t i, int *y)
{
    struct dsc_graph *g = call->graph;
    int x = call->in[i].value;
    size_t axis;
    enum dsc_status st = dsc_lower_rank(g, x, 2, 3, "2 or 3 axes");

    if (!st)
        st = dsc_lower_axis(s->axes[i], dsc_graph_shape(g, x).rank, &axis);
    if (!st && !axis)
        st = dsc_fail(DSC_FORMAT, "setting 'axes' names the batch axis");
    if (!st && dsc_graph_shape(g, x).rank == 2)
        st = dsc_lower_expand(g, x, 1, &x);
    else if (!st && axis == 1)
        st = dsc_lower_transpose(g, x, (struct dsc_transpose){ { 0, 2, 1 } }, &x);
    if (!st && s->normalize)
        st = normalize(g, x, &x);
    if (!st)
        *y = x;
    return st;
}

static enum dsc_status lower(const struct dsc_layer *l, struct dsc_layer_call *call)
{
    const struct dot *s = l->state;
    struct dsc_graph *g = call->graph;
    struct dsc_matmul attr = { .transpose_b = true, .scale = 1 };
    size_t rank[2];
    int in[2], y;
    enum dsc_status st = dsc_call_check(call, 2, 2, NULL);

    for (size_t i = 0; i < 2 && !st; i++) {
        rank[i] = dsc_graph_shape(g, call->in[i].value).rank;
        st = operand(s, call, i, &in[i]);
    }
    if (!st)
        st = dsc_graph_add(g, &dsc_op_matmul, &attr, in, 2, &y);
    if (!st && rank[0] == 2)
        st = dsc_lower_squeeze(g, y, 1, &y);
    else if (!st && rank[1] == 2)
        st = dsc_lower_squeeze(g, y, 2, &y);
    if (!st)
        dsc_lower_done(call, y, -1);
    return st;
}

const struct dsc_layer_class dsc_layer_dot = { sizeof(struct dot), config, NULL, lower, NULL };
