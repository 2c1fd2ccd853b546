#include "core/decode/causal.h"

#include <stdio.h>

#include "core/base/alloc.h"

/* Ops whose number of inputs is open (concat) rarely join more than this; wider ones
 * are treated as needing all words. */
#define MAX_ASKED 32

static void refuse(struct dsc_causal *c, const struct dsc_node *n, const char *why)
{
    if (c->can_step)
        snprintf(c->reason, sizeof(c->reason), "'%s' (%s) %s", n->label, n->op->name, why);
    c->can_step = false;
}

enum dsc_time dsc_causal_time(const struct dsc_causal *c, const struct dsc_graph *g,
                              const struct dsc_node *n, int *out_axis)
{
    const struct dsc_tensor *in[MAX_ASKED];
    struct dsc_tensor out[DSC_OP_MAX_OUT];
    int in_axis[MAX_ASKED];
    struct dsc_op_io io = {
        .attr = n->attr, .in = in, .n_in = n->n_in, .out = out, .n_threads = 1
    };

    if (!n->op->time || n->n_in > MAX_ASKED)
        return DSC_TIME_WHOLE;
    for (size_t i = 0; i < n->n_in; i++) {
        in[i] = n->in[i] < 0 ? NULL : dsc_graph_type(g, n->in[i]);
        in_axis[i] = n->in[i] < 0 ? -1 : c->values[n->in[i]].axis;
    }
    for (size_t i = 0; i < n->op->n_out; i++)
        out[i] = *dsc_graph_type(g, n->out[i]);
    return n->op->time(&io, in_axis, out_axis);
}

static struct dsc_dependence of(const struct dsc_causal *c, const struct dsc_node *n, size_t i)
{
    if (i >= n->n_in || n->in[i] < 0)
        return (struct dsc_dependence){ .kind = DSC_DEP_PICTURE, .axis = -1, .past = -1 };
    return c->values[n->in[i]];
}

static bool any_input(const struct dsc_causal *c, const struct dsc_node *n,
                      enum dsc_dependence_kind kind)
{
    for (size_t i = 0; i < n->n_in; i++)
        if (n->in[i] >= 0 && c->values[n->in[i]].kind == kind)
            return true;
    return false;
}

static void set_outputs(struct dsc_causal *c, const struct dsc_node *n,
                        enum dsc_dependence_kind kind, int axis)
{
    for (size_t i = 0; i < n->op->n_out; i++)
        c->values[n->out[i]] = (struct dsc_dependence){ .kind = kind, .axis = axis, .past = -1 };
}

/* A value of the picture alone. A repeat makes an axis of equal slices, and stepwise ops
 * keep it. */
static void walk_picture(struct dsc_causal *c, const struct dsc_graph *g, const struct dsc_node *n)
{
    int axis = -1;

    if (n->op == &dsc_op_repeat)
        axis = (int)((const struct dsc_repeat *)n->attr)->axis;
    else if (of(c, n, 0).axis < 0 || dsc_causal_time(c, g, n, &axis) != DSC_TIME_STEPWISE)
        axis = -1;
    set_outputs(c, n, DSC_DEP_PICTURE, axis);
}

static bool value_is_read(const struct dsc_graph *g, int value)
{
    for (size_t i = 0; i < g->n_nodes; i++)
        for (size_t j = 0; j < g->nodes[i].n_in; j++)
            if (g->nodes[i].in[j] == value)
                return true;
    for (size_t i = 0; i < g->n_outputs; i++)
        if (g->outputs[i].value == value)
            return true;
    return false;
}

static bool reads_state(const struct dsc_graph *g, const struct dsc_node *n)
{
    for (size_t i = 0; i < n->op->n_state; i++)
        if (value_is_read(g, n->out[n->op->state_out + i]))
            return true;
    return false;
}

/* The rules of the file's head: may this recurrent op run one word at a time? */
static void check_recurrent(struct dsc_causal *c, const struct dsc_graph *g,
                            const struct dsc_node *n, enum dsc_padding_side side)
{
    const struct dsc_recurrent *attr = n->attr;
    bool masked = n->n_in > n->op->mask_in && n->in[n->op->mask_in] >= 0;

    if (attr->backwards)
        refuse(c, n, "reads the words backwards");
    else if (of(c, n, 0).kind != DSC_DEP_TIME || of(c, n, 0).axis != 1)
        refuse(c, n, "does not read one word a step");
    else if (masked && !of(c, n, n->op->mask_in).is_mask)
        refuse(c, n, "has a mask that is not the padding of the words");
    else if (!masked && side == DSC_PAD_PRE)
        refuse(c, n, "has no mask, so the padding before the words changes its state");
    else if (!masked && (!attr->sequences || reads_state(g, n)))
        refuse(c, n, "has no mask, so the padding after the words changes its last state");
    else if (attr->zero_masked && !attr->sequences && side == DSC_PAD_POST)
        refuse(c, n, "gives zeros after the padding that follows the words");
    for (size_t i = 0; i < n->op->n_state; i++)
        if (of(c, n, n->op->state_in + i).kind != DSC_DEP_PICTURE)
            refuse(c, n, "begins from a state that depends on the words");
}

static void walk_recurrent(struct dsc_causal *c, const struct dsc_graph *g,
                           const struct dsc_node *n, enum dsc_padding_side side)
{
    const struct dsc_recurrent *attr = n->attr;

    check_recurrent(c, g, n, side);
    set_outputs(c, n, DSC_DEP_NOW, -1);
    if (attr->sequences && !attr->backwards)
        c->values[n->out[0]] =
            (struct dsc_dependence){ .kind = DSC_DEP_TIME, .axis = 1, .past = -1 };
}

/* The words themselves, or the same as another type. */
static bool is_words(const struct dsc_graph *g, int value, int words)
{
    const struct dsc_node *n = g->values[value].node < 0 ? NULL : &g->nodes[g->values[value].node];

    return value == words || (n && n->op == &dsc_op_cast && n->in[0] == words);
}

static bool makes_mask(const struct dsc_causal *c, const struct dsc_graph *g,
                       const struct dsc_node *n, int words)
{
    const struct dsc_binary *attr = n->attr;
    bool has_scalar = n->n_in < 2 || n->in[1] < 0;

    if (n->op != &dsc_op_binary)
        return false;
    if (attr->kind == DSC_NOT_EQUAL)
        return has_scalar && attr->scalar == 0 && is_words(g, n->in[0], words);
    return attr->kind == DSC_AND && !has_scalar && of(c, n, 0).is_mask && of(c, n, 1).is_mask;
}

/* The scores of words for words, q k': each word's row needs the keys of all words. */
static bool walk_scores(struct dsc_causal *c, const struct dsc_graph *g, const struct dsc_node *n)
{
    const struct dsc_matmul *attr = n->attr;
    const int rank = (int)dsc_graph_shape(g, n->in[0]).rank;
    const int row = attr->transpose_a ? rank - 1 : rank - 2;
    const int column = attr->transpose_b ? rank - 2 : rank - 1;

    if (of(c, n, 0).axis != row || of(c, n, 1).axis != column)
        return false;
    c->values[n->out[0]] =
        (struct dsc_dependence){ .kind = DSC_DEP_TIME, .axis = rank - 2, .past = rank - 1 };
    return true;
}

/* Causal weights times values: each word's row sums over the words so far. */
static bool walk_weighted_sum(struct dsc_causal *c, const struct dsc_graph *g,
                              const struct dsc_node *n)
{
    const struct dsc_matmul *attr = n->attr;
    const int rank = (int)dsc_graph_shape(g, n->in[0]).rank;

    if (!of(c, n, 0).is_causal || attr->transpose_a ||
        of(c, n, 1).axis != (attr->transpose_b ? rank - 1 : rank - 2))
        return false;
    c->values[n->out[0]] =
        (struct dsc_dependence){ .kind = DSC_DEP_TIME, .axis = rank - 2, .past = -1 };
    return true;
}

static bool walk_weights(struct dsc_causal *c, const struct dsc_node *n)
{
    const struct dsc_softmax *attr = n->attr;

    if (!attr->causal || (n->n_in > 1 && n->in[1] >= 0))
        return false;
    c->values[n->out[0]] = of(c, n, 0);
    c->values[n->out[0]].is_causal = true;
    return true;
}

/* The three ops of attention from words to words; with padding before the words the padding
 * would be looked at, and it moves. */
static bool walk_attention(struct dsc_causal *c, const struct dsc_graph *g,
                           const struct dsc_node *n, enum dsc_padding_side side)
{
    const bool looks_back = of(c, n, 0).past >= 0;

    if (side != DSC_PAD_POST || of(c, n, 0).kind != DSC_DEP_TIME)
        return false;
    if (n->op == &dsc_op_softmax)
        return looks_back && walk_weights(c, n);
    if (n->op != &dsc_op_matmul || of(c, n, 1).kind != DSC_DEP_TIME || of(c, n, 1).past >= 0)
        return false;
    return looks_back ? walk_weighted_sum(c, g, n) : walk_scores(c, g, n);
}

static bool any_looks_back(const struct dsc_causal *c, const struct dsc_node *n)
{
    for (size_t i = 0; i < n->n_in; i++)
        if (of(c, n, i).past >= 0)
            return true;
    return false;
}

static void walk_words(struct dsc_causal *c, const struct dsc_graph *g, const struct dsc_node *n,
                       int words)
{
    int axis = -1;

    if (!any_input(c, n, DSC_DEP_TIME)) {
        set_outputs(c, n, DSC_DEP_NOW, -1);
        return;
    }
    if (any_input(c, n, DSC_DEP_NOW))
        refuse(c, n, "joins the end of the sentence with each of its words");
    else if (!any_looks_back(c, n) && dsc_causal_time(c, g, n, &axis) == DSC_TIME_STEPWISE) {
        set_outputs(c, n, DSC_DEP_TIME, axis);
        c->values[n->out[0]].is_mask = makes_mask(c, g, n, words);
        return;
    } else
        refuse(c, n, "needs all words");
    set_outputs(c, n, DSC_DEP_NOW, -1);
}

enum dsc_status dsc_causal_analyse(struct dsc_causal *c, const struct dsc_graph *g, int words,
                                   enum dsc_padding_side side)
{
    c->values = dsc_malloc(g->n_values + 1, sizeof(*c->values));
    c->can_step = true;
    c->reason[0] = '\0';
    if (!c->values)
        return dsc_fail_nomem("a decoder");
    for (size_t v = 0; v < g->n_values; v++)
        c->values[v] = (struct dsc_dependence){ .kind = DSC_DEP_PICTURE, .axis = -1, .past = -1 };
    c->values[words] = (struct dsc_dependence){ .kind = DSC_DEP_TIME, .axis = 1, .past = -1 };
    for (size_t i = 0; i < g->n_nodes; i++) {
        const struct dsc_node *n = &g->nodes[i];

        if (!any_input(c, n, DSC_DEP_TIME) && !any_input(c, n, DSC_DEP_NOW))
            walk_picture(c, g, n);
        else if (n->op->n_state && any_input(c, n, DSC_DEP_TIME))
            walk_recurrent(c, g, n, side);
        else if (!walk_attention(c, g, n, side))
            walk_words(c, g, n, words);
    }
    return DSC_OK;
}

void dsc_causal_release(struct dsc_causal *c)
{
    dsc_free(c->values);
    c->values = NULL;
}
