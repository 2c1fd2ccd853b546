#include <string.h>

#include "core/base/alloc.h"
#include "core/graph/rewrite.h"

void dsc_graph_bypass(struct dsc_graph *g, struct dsc_node *n, int to)
{
    int from = n->out[0];

    n->n_in = 0;
    for (size_t i = 0; i < g->n_nodes; i++)
        for (size_t j = 0; j < g->nodes[i].n_in; j++)
            if (g->nodes[i].in[j] == from)
                g->nodes[i].in[j] = to;
    for (size_t i = 0; i < g->n_outputs; i++)
        if (g->outputs[i].value == from)
            g->outputs[i].value = to;
}

size_t dsc_graph_uses(const struct dsc_graph *g, int value)
{
    size_t n = 0;

    for (size_t i = 0; i < g->n_nodes; i++)
        for (size_t j = 0; j < g->nodes[i].n_in; j++)
            n += g->nodes[i].in[j] == value;
    for (size_t i = 0; i < g->n_outputs; i++)
        n += g->outputs[i].value == value;
    return n;
}

struct dsc_node *dsc_graph_sole_producer(struct dsc_graph *g, int value, const struct dsc_op *op)
{
    int node = value < 0 ? -1 : g->values[value].node;

    if (node < 0 || g->nodes[node].op != op || dsc_graph_uses(g, value) != 1)
        return NULL;
    return &g->nodes[node];
}

static bool does_nothing(const struct dsc_graph *g, const struct dsc_node *n)
{
    if (n->op == &dsc_op_dropout)
        return true;
    if (n->op == &dsc_op_unary)
        return ((const struct dsc_unary *)n->attr)->act.kind == DSC_ACT_NONE;
    if (n->op == &dsc_op_cast)
        return ((const struct dsc_cast *)n->attr)->dtype == g->values[n->in[0]].type.dtype;
    return false;
}

enum dsc_status dsc_rewrite_drop(struct dsc_graph *g)
{
    for (size_t i = 0; i < g->n_nodes; i++)
        if (does_nothing(g, &g->nodes[i]))
            dsc_graph_bypass(g, &g->nodes[i], g->nodes[i].in[0]);
    return DSC_OK;
}

static bool is_needed(const struct dsc_node *n, const uint8_t *needed)
{
    for (size_t i = 0; i < n->op->n_out; i++)
        if (needed[n->out[i]])
            return true;
    return false;
}

static void compact(struct dsc_graph *g, const uint8_t *needed)
{
    size_t kept = 0;

    for (size_t i = 0; i < g->n_nodes; i++) {
        struct dsc_node *n = &g->nodes[i];
        int place = is_needed(n, needed) ? (int)kept : -1;

        for (size_t j = 0; j < n->op->n_out; j++)
            if (g->values[n->out[j]].node == (int)i)
                g->values[n->out[j]].node = place;
        if (place >= 0)
            g->nodes[kept++] = *n;
    }
    g->n_nodes = kept;
}

enum dsc_status dsc_rewrite_clean(struct dsc_graph *g)
{
    uint8_t *needed = dsc_calloc(g->n_values, 1);

    if (!needed)
        return dsc_fail_nomem("a graph");
    for (size_t i = 0; i < g->n_outputs; i++)
        needed[g->outputs[i].value] = 1;
    for (size_t i = g->n_nodes; i-- > 0;) {
        const struct dsc_node *n = &g->nodes[i];

        if (!is_needed(n, needed))
            continue;
        for (size_t j = 0; j < n->n_in; j++)
            if (n->in[j] >= 0)
                needed[n->in[j]] = 1;
    }
    compact(g, needed);
    dsc_free(needed);
    return DSC_OK;
}
