#include "core/base/alloc.h"
#include "core/graph/model_internal.h"
#include "core/graph/rewrite.h"

static enum dsc_status rewrite(struct dsc_graph *g)
{
    static enum dsc_status (*const passes[])(struct dsc_graph *) = {
        dsc_rewrite_drop, dsc_rewrite_clean, dsc_rewrite_fold, dsc_rewrite_fuse, dsc_rewrite_clean,
    };
    enum dsc_status st = DSC_OK;

    for (size_t i = 0; i < DSC_COUNT(passes) && !st; i++)
        st = passes[i](g);
    return st;
}

static enum dsc_status pack_node(struct dsc_graph *g, const struct dsc_node *n, void **pack)
{
    const struct dsc_tensor **in;
    struct dsc_op_io io = { .attr = n->attr, .n_in = n->n_in, .n_threads = 1 };

    if (!n->op->pack)
        return DSC_OK;
    in = dsc_arena_alloc(&g->arena, n->n_in + 1, sizeof(*in));
    if (!in)
        return dsc_fail_nomem("a model");
    for (size_t i = 0; i < n->n_in; i++)
        in[i] = n->in[i] < 0 ? NULL : dsc_graph_type(g, n->in[i]);
    io.in = in;
    return n->op->pack(&io, pack);
}

static enum dsc_status pack_all(struct dsc_model *m)
{
    m->packs = dsc_calloc(m->graph->n_nodes + 1, sizeof(void *));
    if (!m->packs)
        return dsc_fail_nomem("a model");
    for (size_t i = 0; i < m->graph->n_nodes; i++) {
        enum dsc_status st = pack_node(m->graph, &m->graph->nodes[i], &m->packs[i]);

        if (st)
            return st;
    }
    return DSC_OK;
}

enum dsc_status dsc_model_new(struct dsc_model **out, struct dsc_graph *take_graph)
{
    struct dsc_model *m = dsc_calloc(1, sizeof(*m));
    enum dsc_status st;

    if (!m) {
        dsc_graph_free(take_graph);
        return dsc_fail_nomem("a model");
    }
    m->graph = take_graph;
    st = rewrite(m->graph);
    if (!st)
        st = pack_all(m);
    if (st) {
        dsc_model_free(m);
        return st;
    }
    *out = m;
    return DSC_OK;
}

void dsc_model_free(struct dsc_model *m)
{
    if (!m)
        return;
    for (size_t i = 0; m->packs && i < m->graph->n_nodes; i++)
        dsc_free(m->packs[i]);
    dsc_free(m->packs);
    dsc_graph_free(m->graph);
    dsc_free(m);
}

const struct dsc_graph *dsc_model_graph(const struct dsc_model *m)
{
    return m->graph;
}
