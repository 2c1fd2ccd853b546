#include "core/graph/plan.h"

#include <string.h>

#include "core/base/alloc.h"

#define NEVER SIZE_MAX

/* A value's storage while the plan is made: aliases point to one root. */
struct place {
    int root;
    size_t last_use; /* of the root: the node after which the memory is free */
    size_t len_bytes;
};

struct block {
    size_t offset, len_bytes;
    int root;
};

struct planner {
    const struct dsc_graph *g;
    struct dsc_plan *plan;
    struct place *places; /* one per value */
    struct block *live;   /* sorted by offset */
    size_t n_live;
};

static size_t count_arguments(const struct dsc_graph *g)
{
    size_t n = 1;

    for (size_t i = 0; i < g->n_nodes; i++)
        n += g->nodes[i].n_in;
    return n;
}

static struct dsc_op_io node_io(const struct dsc_model *m, const struct dsc_plan *p, size_t node,
                                const struct dsc_tensor *const *in)
{
    const struct dsc_node *n = &m->graph->nodes[node];

    return (struct dsc_op_io){
        .attr = n->attr,
        .in = in,
        .n_in = n->n_in,
        .out = &p->tensors[n->out[0]],
        .pack = m->packs[node],
        .n_threads = p->n_threads,
    };
}

static enum dsc_status infer_shapes(struct dsc_plan *p, const struct dsc_model *m)
{
    const struct dsc_graph *g = m->graph;
    const struct dsc_tensor **arg = p->arguments;

    for (size_t i = 0; i < g->n_nodes; i++) {
        const struct dsc_node *n = &g->nodes[i];
        struct dsc_op_io io = node_io(m, p, i, arg);
        enum dsc_status st;

        for (size_t j = 0; j < n->n_in; j++)
            *arg++ = n->in[j] < 0 ? NULL : &p->tensors[n->in[j]];
        st = n->op->shape(&io);
        if (st)
            return dsc_fail_context(st, "'%s'", n->label);
    }
    return DSC_OK;
}

static enum dsc_status measure(struct planner *pl)
{
    char text[DSC_SHAPE_TEXT];

    for (size_t v = 0; v < pl->g->n_values; v++) {
        const struct dsc_tensor *t = &pl->plan->tensors[v];

        pl->places[v] = (struct place){ .root = (int)v, .last_use = NEVER };
        /* Values of nodes that a rewrite removed have no shape here. */
        if (pl->g->values[v].node < 0)
            continue;
        if (!dsc_shape_bytes(t->shape, t->dtype, &pl->places[v].len_bytes))
            return dsc_fail(DSC_INVALID, "a tensor of shape %s has no size that can be stored",
                            dsc_shape_text(t->shape, text));
    }
    return DSC_OK;
}

static void use(struct planner *pl, int value, size_t node)
{
    struct place *root = &pl->places[pl->places[value].root];

    if (root->last_use == NEVER || root->last_use < node)
        root->last_use = node;
}

/* Who reads what last; reshapes share the memory of what they reshape. */
static void find_last_uses(struct planner *pl)
{
    const struct dsc_graph *g = pl->g;

    for (size_t i = 0; i < g->n_nodes; i++) {
        const struct dsc_node *n = &g->nodes[i];

        if (n->op->flags & DSC_OP_VIEW)
            pl->places[n->out[0]].root = pl->places[n->in[0]].root;
        for (size_t j = 0; j < n->n_in; j++)
            if (n->in[j] >= 0)
                use(pl, n->in[j], i);
        for (size_t j = 0; j < n->op->n_out; j++)
            use(pl, n->out[j], i);
    }
    for (size_t i = 0; i < g->n_outputs; i++)
        use(pl, g->outputs[i].value, g->n_nodes);
}

static bool in_arena(const struct planner *pl, int root)
{
    return pl->g->values[root].node >= 0;
}

static bool can_overwrite(const struct planner *pl, size_t node)
{
    const struct dsc_node *n = &pl->g->nodes[node];
    const struct dsc_tensor *t = pl->plan->tensors;
    int root;

    if (!(n->op->flags & DSC_OP_INPLACE) || t[n->in[0]].dtype != t[n->out[0]].dtype ||
        !dsc_shape_equal(t[n->in[0]].shape, t[n->out[0]].shape))
        return false;
    root = pl->places[n->in[0]].root;
    for (size_t j = 1; j < n->n_in; j++)
        if (n->in[j] >= 0 && pl->places[n->in[j]].root == root)
            return false;
    return in_arena(pl, root) && pl->places[root].last_use == node;
}

/* The smallest gap between live blocks that holds len_bytes, else the end. */
static size_t find_gap(const struct planner *pl, size_t len_bytes, size_t *at)
{
    size_t begin = 0, best = NEVER, offset = 0;

    for (size_t i = 0; i < pl->n_live; i++) {
        size_t gap = pl->live[i].offset - begin;

        if (gap >= len_bytes && gap < best) {
            best = gap;
            offset = begin;
            *at = i;
        }
        begin = pl->live[i].offset + pl->live[i].len_bytes;
    }
    if (best != NEVER)
        return offset;
    *at = pl->n_live;
    return begin;
}

static enum dsc_status place_value(struct planner *pl, int value)
{
    size_t len_bytes, end, at;
    struct block b = { .root = value };

    if (!dsc_add_size(pl->places[value].len_bytes, DSC_ALIGN - 1, &len_bytes))
        return dsc_fail_nomem("a plan");
    b.len_bytes = DSC_MAX(len_bytes & ~(size_t)(DSC_ALIGN - 1), (size_t)DSC_ALIGN);
    b.offset = find_gap(pl, b.len_bytes, &at);
    if (!dsc_add_size(b.offset, b.len_bytes, &end))
        return dsc_fail_nomem("a plan");
    memmove(&pl->live[at + 1], &pl->live[at], (pl->n_live - at) * sizeof(b));
    pl->live[at] = b;
    pl->n_live++;
    pl->plan->offsets[value] = b.offset;
    pl->plan->work_offset = DSC_MAX(pl->plan->work_offset, end);
    return DSC_OK;
}

static void drop_dead(struct planner *pl, size_t node)
{
    size_t kept = 0;

    for (size_t i = 0; i < pl->n_live; i++)
        if (pl->places[pl->live[i].root].last_use > node)
            pl->live[kept++] = pl->live[i];
    pl->n_live = kept;
}

static enum dsc_status place_node(struct planner *pl, size_t node)
{
    const struct dsc_node *n = &pl->g->nodes[node];

    if (can_overwrite(pl, node)) {
        int root = pl->places[n->in[0]].root;
        size_t last_use = pl->places[n->out[0]].last_use;

        /* Whatever was an alias of the result is now an alias of the root. */
        for (size_t v = 0; v < pl->g->n_values; v++)
            if (pl->places[v].root == n->out[0])
                pl->places[v].root = root;
        pl->places[root].last_use = last_use;
        return DSC_OK;
    }
    for (size_t j = 0; j < n->op->n_out; j++) {
        enum dsc_status st = DSC_OK;

        if (pl->places[n->out[j]].root == n->out[j])
            st = place_value(pl, n->out[j]);
        if (st)
            return st;
    }
    return DSC_OK;
}

static enum dsc_status place_all(struct planner *pl)
{
    for (size_t i = 0; i < pl->g->n_nodes; i++) {
        enum dsc_status st = place_node(pl, i);

        if (st)
            return st;
        drop_dead(pl, i);
    }
    for (size_t v = 0; v < pl->g->n_values; v++)
        pl->plan->offsets[v] = pl->plan->offsets[pl->places[v].root];
    return DSC_OK;
}

static enum dsc_status add_work(struct dsc_plan *p, const struct dsc_model *m)
{
    const struct dsc_tensor **arg = p->arguments;
    size_t most = 0;

    for (size_t i = 0; i < m->graph->n_nodes; i++) {
        const struct dsc_node *n = &m->graph->nodes[i];
        struct dsc_op_io io = node_io(m, p, i, arg);

        if (n->op->work_bytes)
            most = DSC_MAX(most, n->op->work_bytes(&io));
        arg += n->n_in;
    }
    if (!dsc_add_size(p->work_offset, most, &p->arena_bytes))
        return dsc_fail_nomem("a plan");
    return DSC_OK;
}

static enum dsc_status make(struct dsc_plan *p, const struct dsc_model *m)
{
    const struct dsc_graph *g = m->graph;
    struct planner pl = { .g = g, .plan = p };
    enum dsc_status st = infer_shapes(p, m);

    if (st)
        return st;
    pl.places = dsc_calloc(g->n_values + 1, sizeof(*pl.places));
    pl.live = dsc_calloc(g->n_values + 1, sizeof(*pl.live));
    if (!pl.places || !pl.live)
        st = dsc_fail_nomem("a plan");
    if (!st)
        st = measure(&pl);
    if (!st) {
        find_last_uses(&pl);
        st = place_all(&pl);
    }
    if (!st)
        st = add_work(p, m);
    dsc_free(pl.places);
    dsc_free(pl.live);
    return st;
}

static enum dsc_status allocate(struct dsc_plan *p, const struct dsc_graph *g)
{
    p->in_shapes = dsc_calloc(g->n_inputs + 1, sizeof(*p->in_shapes));
    p->tensors = dsc_calloc(g->n_values + 1, sizeof(*p->tensors));
    p->offsets = dsc_malloc(g->n_values + 1, sizeof(*p->offsets));
    p->arguments = dsc_calloc(count_arguments(g), sizeof(*p->arguments));
    if (!p->in_shapes || !p->tensors || !p->offsets || !p->arguments)
        return dsc_fail_nomem("a plan");
    memset(p->offsets, 0xff, (g->n_values + 1) * sizeof(*p->offsets));
    return DSC_OK;
}

enum dsc_status dsc_plan_new(struct dsc_plan **out, const struct dsc_model *m,
                             const struct dsc_tensor *const *in, int n_threads)
{
    const struct dsc_graph *g = m->graph;
    struct dsc_plan *p = dsc_calloc(1, sizeof(*p));
    enum dsc_status st;

    if (!p)
        return dsc_fail_nomem("a plan");
    p->n_threads = n_threads;
    st = allocate(p, g);
    if (!st) {
        for (size_t v = 0; v < g->n_values; v++)
            p->tensors[v] = g->values[v].type;
        for (size_t i = 0; i < g->n_inputs; i++)
            p->in_shapes[i] = p->tensors[g->inputs[i].value].shape = in[i]->shape;
        st = make(p, m);
    }
    if (st) {
        dsc_plan_free(p);
        return st;
    }
    *out = p;
    return DSC_OK;
}

void dsc_plan_free(struct dsc_plan *p)
{
    if (!p)
        return;
    dsc_free(p->in_shapes);
    dsc_free(p->tensors);
    dsc_free(p->offsets);
    dsc_free(p->arguments);
    dsc_free(p);
}

void dsc_plan_place(struct dsc_plan *p, const struct dsc_model *m, unsigned char *arena)
{
    for (size_t v = 0; v < m->graph->n_values; v++)
        if (p->offsets[v] != SIZE_MAX)
            p->tensors[v].data = arena + p->offsets[v];
}
