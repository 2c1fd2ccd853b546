/* MultiHeadAttention over one axis of steps: query [N, T, E], value and key [N, S, E'].
 *
 * What may be attended to is the AND of: the query's mask (rows), the value's and the key's
 * (columns), `attention_mask`, and the causal one. The query's mask is given on. From Keras
 * 3.8 on the call takes the masks off its arguments, so that later layers see none on them.
 * A row where nothing may be attended to weighs all steps alike; from 3.10 on its weights are
 * zero, but only where Keras does not use its fused attention. */
#include <math.h>
#include <stddef.h>

#include "core/layers/mask_util.h"

struct multi_head_attention {
    size_t heads, key_dim, value_dim, output_dim; /* output_dim 0: the query's */
    float dropout;
    bool use_bias;
};

/* null, [1] or 1: the only axis of steps that inputs of 3 axes have. */
static enum dsc_status check_axes(const json_t *v)
{
    long axis = 1;
    enum dsc_status st = DSC_OK;

    if (v && !json_is_null(v))
        st = dsc_config_axis(v, "attention_axes", &axis);
    if (!st && axis != 1)
        st = dsc_fail(DSC_UNSUPPORTED, "setting 'attention_axes' is %ld, only 1 can be done", axis);
    return st;
}

static enum dsc_status config(struct dsc_layer *l, const json_t *json)
{
    static const struct dsc_config_field fields[] = {
        { DSC_SETTING("num_heads", SIZE, multi_head_attention, heads), .required = true },
        { DSC_SETTING("key_dim", SIZE, multi_head_attention, key_dim), .required = true },
        { DSC_SETTING("value_dim", SIZE, multi_head_attention, value_dim) },
        { DSC_SETTING("output_shape", SIZES, multi_head_attention, output_dim), .count = 1 },
        { DSC_SETTING("use_bias", BOOL, multi_head_attention, use_bias) },
        { DSC_SETTING("dropout", FLOAT, multi_head_attention, dropout) },
        { .key = "attention_axes", .kind = DSC_CONFIG_OTHER },
        { .key = "use_gate", .kind = DSC_CONFIG_OFF },
        { .key = "sliding_window", .kind = DSC_CONFIG_OFF },
        { .key = "flash_attention", .kind = DSC_CONFIG_OTHER },
        { .key = "query_shape", .kind = DSC_CONFIG_OTHER },
        { .key = "key_shape", .kind = DSC_CONFIG_OTHER },
        { .key = "value_shape", .kind = DSC_CONFIG_OTHER },
        { 0 },
    };
    struct multi_head_attention *s = l->state;
    enum dsc_status st;

    s->use_bias = true;
    st = dsc_config_read(l, json, fields);
    if (!s->value_dim)
        s->value_dim = s->key_dim;
    return st ? st : check_axes(json_object_get(json, "attention_axes"));
}

static size_t n_weights(const struct dsc_layer *l)
{
    return ((const struct multi_head_attention *)l->state)->use_bias ? 8 : 4;
}

/* The tensors of a call and the masks that came with them. */
struct inputs {
    struct dsc_layer_tensor query, value, key;
    bool has_key, with_scores;
};

/* Argument `name`, the positional one number i, with `<name>_mask` in place of its own. */
static enum dsc_status find(const struct dsc_layer_call *call, size_t i, const char *name,
                            const char *mask_name, struct dsc_layer_tensor *t)
{
    const struct dsc_layer_arg *a = dsc_call_arg(call, name);
    const struct dsc_layer_arg *m = dsc_call_arg(call, mask_name);

    if (a && a->n_tensors)
        *t = a->tensors[0];
    else if (i < call->n_in)
        *t = call->in[i];
    else
        return dsc_fail(DSC_INVALID, "argument '%s' of its call is missing", name);
    return m && m->n_tensors ? dsc_mask_bool(call->graph, m->tensors[0].value, &t->mask) : DSC_OK;
}

static enum dsc_status find_inputs(const struct dsc_layer *l, const struct dsc_layer_call *call,
                                   struct inputs *in)
{
    const struct dsc_layer_arg *key = dsc_call_arg(call, "key");
    enum dsc_status st = find(call, 0, "query", "query_mask", &in->query);

    if (!st)
        st = find(call, 1, "value", "value_mask", &in->value);
    in->has_key = call->n_in > 2 || (key && key->n_tensors);
    in->with_scores = false;
    if (!st)
        st = dsc_call_flag(call, "return_attention_scores", &in->with_scores);
    in->key = in->value;
    if (!st && in->has_key)
        st = find(call, 2, "key", "key_mask", &in->key);
    /* Keras finds the query's mask on the tensor, whatever was given. */
    if (!st && dsc_layer_since(l, 3, 8))
        in->query.mask = call->n_in ? call->in[0].mask : in->query.mask;
    return st;
}

/* x [N, T, E] -> [N, heads, T, dim], with the weights that begin at number `first`. */
static enum dsc_status project(const struct dsc_layer *l, struct dsc_graph *g, int x, size_t first,
                               size_t dim, int *y)
{
    const struct multi_head_attention *s = l->state;
    struct dsc_reshape split = { 4, { DSC_RESHAPE_COPY, DSC_RESHAPE_COPY, s->heads, dim } };
    int in[3] = { x, -1, -1 };
    size_t e, width;
    enum dsc_status st = dsc_lower_last(g, x, &e);

    if (!st && !dsc_mul_size(s->heads, dim, &width))
        st = dsc_fail(DSC_FORMAT, "setting 'num_heads' is too large");
    if (!st)
        st = dsc_lower_weight_as(l, g, first, DSC_SHAPE(e, s->heads, dim), DSC_SHAPE(e, width),
                                 &in[1]);
    if (!st && s->use_bias)
        st = dsc_lower_weight_as(l, g, first + 1, DSC_SHAPE(s->heads, dim), DSC_SHAPE(width),
                                 &in[2]);
    if (!st)
        st = dsc_graph_add(g, &dsc_op_dense, &(struct dsc_dense){ 0 }, in, 3, y);
    if (!st)
        st = dsc_lower_reshape(g, *y, split, y);
    return st ? st : dsc_lower_transpose(g, *y, (struct dsc_transpose){ { 0, 2, 1, 3 } }, y);
}

/* x [N, heads, T, value_dim] -> [N, T, output_dim] */
static enum dsc_status join_heads(const struct dsc_layer *l, struct dsc_graph *g, int x,
                                  size_t out_dim, int *y)
{
    const struct multi_head_attention *s = l->state;
    size_t first = s->use_bias ? 6 : 3, width;
    struct dsc_reshape flat = { 3, { DSC_RESHAPE_COPY, DSC_RESHAPE_COPY } };
    int in[3] = { -1, -1, -1 };
    enum dsc_status st;

    if (!dsc_mul_size(s->heads, s->value_dim, &width))
        return dsc_fail(DSC_FORMAT, "setting 'num_heads' is too large");
    flat.dim[2] = width;
    st = dsc_lower_transpose(g, x, (struct dsc_transpose){ { 0, 2, 1, 3 } }, &in[0]);
    if (!st)
        st = dsc_lower_reshape(g, in[0], flat, &in[0]);
    if (!st)
        st = dsc_lower_weight_as(l, g, first, DSC_SHAPE(s->heads, s->value_dim, out_dim),
                                 DSC_SHAPE(width, out_dim), &in[1]);
    if (!st && s->use_bias)
        st = dsc_lower_weight(l, g, first + 1, DSC_SHAPE(out_dim), &in[2]);
    return st ? st : dsc_graph_add(g, &dsc_op_dense, &(struct dsc_dense){ 0 }, in, 3, y);
}

/* AND into *mask a mask [N, X] as [N, 1, X, 1] (rows) or [N, 1, 1, X]. */
static enum dsc_status add_mask(struct dsc_graph *g, int one, bool rows, int *mask)
{
    enum dsc_status st;

    if (one < 0)
        return DSC_OK;
    if (dsc_graph_shape(g, one).rank != 2)
        return dsc_fail(DSC_UNSUPPORTED, "a mask of %zu axes comes with an input, expected [N, T]",
                        dsc_graph_shape(g, one).rank);
    st = dsc_lower_expand(g, one, 1, &one);
    if (!st)
        st = dsc_lower_expand(g, one, rows ? 3 : 1, &one);
    return st ? st : dsc_mask_join(g, DSC_AND, *mask, one, mask);
}

/* `attention_mask` [N, T, S], or with an axis of heads before T. */
static enum dsc_status add_given_mask(const struct dsc_layer_call *call, int *mask)
{
    const struct dsc_layer_arg *a = dsc_call_arg(call, "attention_mask");
    struct dsc_graph *g = call->graph;
    int given;
    enum dsc_status st;

    if (!a || !a->n_tensors)
        return DSC_OK;
    st = dsc_lower_rank(g, a->tensors[0].value, 3, 4, "an attention mask [N, T, S]");
    if (!st)
        st = dsc_mask_bool(g, a->tensors[0].value, &given);
    if (!st && dsc_graph_shape(g, given).rank == 3)
        st = dsc_lower_expand(g, given, 1, &given);
    return st ? st : dsc_mask_join(g, DSC_AND, *mask, given, mask);
}

static enum dsc_status all_masks(const struct dsc_layer_call *call, const struct inputs *in,
                                 int *mask)
{
    enum dsc_status st = add_mask(call->graph, in->query.mask, true, mask);

    if (!st)
        st = add_mask(call->graph, in->value.mask, false, mask);
    if (!st && in->has_key)
        st = add_mask(call->graph, in->key.mask, false, mask);
    return st ? st : add_given_mask(call, mask);
}

/* *scores: softmax(query key'), *y: its product with value, both with an axis of heads. */
static enum dsc_status attend(const struct dsc_layer *l, struct dsc_layer_call *call,
                              const struct inputs *in, int *scores, int *y)
{
    const struct multi_head_attention *s = l->state;
    struct dsc_graph *g = call->graph;
    struct dsc_matmul product = { .transpose_b = true, .scale = 1 / sqrtf((float)s->key_dim) };
    struct dsc_softmax attr = { .axis = 3 };
    size_t step = s->use_bias ? 2 : 1;
    int q, k, v, mask = -1;
    enum dsc_status st = dsc_call_flag(call, "use_causal_mask", &attr.causal);

    if (!st)
        st = all_masks(call, in, &mask);
    if (!st)
        st = project(l, g, in->query.value, 0, s->key_dim, &q);
    if (!st)
        st = project(l, g, in->key.value, step, s->key_dim, &k);
    if (!st)
        st = project(l, g, in->value.value, 2 * step, s->value_dim, &v);
    if (!st)
        st = dsc_graph_add(g, &dsc_op_matmul, &product, (int[]){ q, k }, 2, scores);
    if (!st)
        st = dsc_lower_softmax(g, *scores, mask, attr, scores);
    if (!st && mask >= 0 && dsc_layer_since(l, 3, 10) && (in->with_scores || s->dropout > 0))
        st = dsc_mask_zero(g, *scores, mask, scores);
    return st ? st
              : dsc_graph_add(g, &dsc_op_matmul, &(struct dsc_matmul){ .scale = 1 },
                              (int[]){ *scores, v }, 2, y);
}

static enum dsc_status lower(const struct dsc_layer *l, struct dsc_layer_call *call)
{
    static const char *const names[] = {
        "query",
        "value",
        "key",
        "query_mask",
        "value_mask",
        "key_mask",
        "attention_mask",
        "use_causal_mask",
        "return_attention_scores",
        NULL,
    };
    const struct multi_head_attention *s = l->state;
    struct dsc_graph *g = call->graph;
    struct inputs in;
    size_t out_dim;
    int scores, y;
    enum dsc_status st = dsc_call_check(call, 0, 3, names);

    if (!st)
        st = find_inputs(l, call, &in);
    if (!st)
        st = dsc_lower_rank(g, in.query.value, 3, 3, "[N, T, E]");
    if (!st)
        st = dsc_lower_rank(g, in.value.value, 3, 3, "[N, S, E]");
    if (!st)
        st = dsc_lower_rank(g, in.key.value, 3, 3, "[N, S, E]");
    if (!st)
        st = dsc_lower_last(g, in.query.value, &out_dim);
    if (!st)
        st = attend(l, call, &in, &scores, &y);
    if (!st)
        st = join_heads(l, g, y, s->output_dim ? s->output_dim : out_dim, &y);
    if (st)
        return st;
    dsc_lower_done(call, y, in.query.mask);
    if (in.with_scores)
        dsc_lower_done(call, scores, -1);
    call->drops_masks = dsc_layer_since(l, 3, 8);
    return DSC_OK;
}

const struct dsc_layer_class dsc_layer_multi_head_attention = { sizeof(struct multi_head_attention),
                                                                config, n_weights, lower, NULL };
