/* Attention (dot and concat scores) and AdditiveAttention, of [query, value] or
 * [query, value, key]: softmax(scores) value.
 *
 * The value's mask takes steps out of the softmax; the query's makes results zero and is
 * given on. */
#include <stddef.h>

#include "core/layers/mask_util.h"

enum { DOT, CONCAT };

struct attention {
    bool additive, use_scale, causal;
    int mode;
};

static enum dsc_status config(struct dsc_layer *l, const json_t *json)
{
    static const char *const modes[] = { "dot", "concat", NULL };
    static const struct dsc_config_field fields[] = {
        { DSC_SETTING("use_scale", BOOL, attention, use_scale) },
        { DSC_SETTING("causal", BOOL, attention, causal) },
        { DSC_SETTING("score_mode", CHOICE, attention, mode), .names = modes },
        { 0 },
    };
    struct attention *s = l->state;

    s->additive = s->use_scale = dsc_layer_is(l, "AdditiveAttention");
    return dsc_config_read(l, json, fields);
}

static size_t n_weights(const struct dsc_layer *l)
{
    const struct attention *s = l->state;

    return (size_t)s->use_scale + (size_t)(!s->additive && s->mode == CONCAT);
}

/* q [N, T, D], k [N, S, D] -> q + k as [N, T, S, D] */
static enum dsc_status add_pairs(struct dsc_graph *g, int q, int k, int *sum)
{
    enum dsc_status st = dsc_lower_expand(g, q, 2, &q);

    if (!st)
        st = dsc_lower_expand(g, k, 1, &k);
    return st ? st : dsc_lower_binary(g, DSC_ADD, q, k, sum);
}

static enum dsc_status tanh_of(struct dsc_graph *g, int x, int *y)
{
    return dsc_graph_add(g, &dsc_op_unary, &(struct dsc_unary){ { DSC_ACT_TANH, 0, 0, 0 } }, &x, 1,
                         y);
}

/* sum(scale tanh(q + k)) over D, as a product with a kernel of one column. */
static enum dsc_status additive_scores(const struct dsc_layer *l, struct dsc_graph *g, int q, int k,
                                       int *scores)
{
    const struct attention *s = l->state;
    int in[2];
    size_t d;
    enum dsc_status st = dsc_lower_last(g, q, &d);

    if (!st)
        st = add_pairs(g, q, k, &in[0]);
    if (!st)
        st = tanh_of(g, in[0], &in[0]);
    if (!st && !s->use_scale)
        return dsc_lower_reduce(g, in[0], (struct dsc_reduce){ DSC_REDUCE_SUM, 1u << 3, false },
                                scores);
    if (!st)
        st = dsc_lower_weight_as(l, g, 0, DSC_SHAPE(d), DSC_SHAPE(d, 1), &in[1]);
    if (!st)
        st = dsc_graph_add(g, &dsc_op_dense, &(struct dsc_dense){ 0 }, in, 2, scores);
    return st ? st : dsc_lower_squeeze(g, *scores, 3, scores);
}

/* weight sum(tanh(scale (q + k))) over D; both are single numbers. */
static enum dsc_status concat_scores(const struct dsc_layer *l, struct dsc_graph *g, int q, int k,
                                     int *scores)
{
    const struct attention *s = l->state;
    struct dsc_reduce sum = { DSC_REDUCE_SUM, 1u << 3, false };
    struct dsc_shape number = { 0 };
    int x, w;
    enum dsc_status st = add_pairs(g, q, k, &x);

    if (!st && s->use_scale) {
        st = dsc_lower_weight(l, g, 0, number, &w);
        if (!st)
            st = dsc_lower_binary(g, DSC_MUL, x, w, &x);
    }
    if (!st)
        st = tanh_of(g, x, &x);
    if (!st)
        st = dsc_lower_reduce(g, x, sum, &x);
    if (!st)
        st = dsc_lower_weight(l, g, s->use_scale, number, &w);
    return st ? st : dsc_lower_binary(g, DSC_MUL, x, w, scores);
}

static enum dsc_status dot_scores(const struct dsc_layer *l, struct dsc_graph *g, int q, int k,
                                  int *scores)
{
    struct dsc_matmul attr = { .transpose_b = true, .scale = 1 };
    struct dsc_shape number = { 0 };
    int w;
    enum dsc_status st = dsc_graph_add(g, &dsc_op_matmul, &attr, (int[]){ q, k }, 2, scores);

    if (st || !((const struct attention *)l->state)->use_scale)
        return st;
    st = dsc_lower_weight(l, g, 0, number, &w);
    return st ? st : dsc_lower_binary(g, DSC_MUL, *scores, w, scores);
}

static enum dsc_status add_scores(const struct dsc_layer *l, struct dsc_graph *g, int q, int k,
                                  int *scores)
{
    const struct attention *s = l->state;

    if (s->additive)
        return additive_scores(l, g, q, k, scores);
    return s->mode == CONCAT ? concat_scores(l, g, q, k, scores) : dot_scores(l, g, q, k, scores);
}

/* Scores [N, T, S] -> weights: softmax with the value's mask [N, S] and the causal one. */
static enum dsc_status weigh(struct dsc_graph *g, int scores, int v_mask, bool causal, int *weights)
{
    struct dsc_softmax attr = { .axis = 2, .causal = causal };
    enum dsc_status st = DSC_OK;

    if (v_mask >= 0)
        st = dsc_lower_expand(g, v_mask, 1, &v_mask);
    return st ? st : dsc_lower_softmax(g, scores, v_mask, attr, weights);
}

/* y [N, T, D] times the mask [N, T]. */
static enum dsc_status apply_mask(struct dsc_graph *g, int y, int mask, int *out)
{
    enum dsc_status st;

    *out = y;
    if (mask < 0)
        return DSC_OK;
    st = dsc_lower_expand(g, mask, 2, &mask);
    return st ? st : dsc_mask_zero(g, y, mask, out);
}

static enum dsc_status check_inputs(const struct dsc_layer_call *call)
{
    enum dsc_status st = DSC_OK;

    for (size_t i = 0; i < call->n_in && !st; i++)
        st = dsc_lower_rank(call->graph, call->in[i].value, 3, 3, "[N, T, D]");
    return st;
}

static enum dsc_status lower(const struct dsc_layer *l, struct dsc_layer_call *call)
{
    static const char *const names[] = { "use_causal_mask", "return_attention_scores", NULL };
    bool causal = ((const struct attention *)l->state)->causal, with_scores = false;
    struct dsc_graph *g = call->graph;
    int q_mask, v_mask, scores, y;
    enum dsc_status st = dsc_call_check(call, 2, 3, names);

    if (!st)
        st = check_inputs(call);
    if (!st)
        st = dsc_call_flag(call, "use_causal_mask", &causal);
    if (!st)
        st = dsc_call_flag(call, "return_attention_scores", &with_scores);
    if (!st)
        st = dsc_mask_of_list(call, 0, &q_mask);
    if (!st)
        st = dsc_mask_of_list(call, 1, &v_mask);
    if (!st)
        st = add_scores(l, g, call->in[0].value, call->in[call->n_in - 1].value, &scores);
    if (!st)
        st = weigh(g, scores, v_mask, causal, &scores);
    if (!st)
        st = dsc_graph_add(g, &dsc_op_matmul, &(struct dsc_matmul){ .scale = 1 },
                           (int[]){ scores, call->in[1].value }, 2, &y);
    if (!st)
        st = apply_mask(g, y, q_mask, &y);
    if (st)
        return st;
    /* Keras 3 before 3.4 gave no masks on from layers that take a list. */
    dsc_lower_done(call, y, l->version.major < 3 || dsc_layer_since(l, 3, 4) ? q_mask : -1);
    if (with_scores)
        dsc_lower_done(call, scores, -1);
    return DSC_OK;
}

const struct dsc_layer_class dsc_layer_attention = { sizeof(struct attention), config, n_weights,
                                                     lower, NULL };
