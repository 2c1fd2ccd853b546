#include "core/graph/session.h"

#include "core/base/alloc.h"
#include "core/graph/plan.h"

/* Decoding alternates between few shapes; a plan is small. */
#define MAX_PLANS 16

struct dsc_session {
    const struct dsc_model *model;
    struct dsc_plan *plans[MAX_PLANS]; /* the one used last is first */
    size_t n_plans;
    unsigned char *arena;
    size_t arena_bytes;
    int n_threads;
};

enum dsc_status dsc_session_new(struct dsc_session **out, const struct dsc_model *m, int n_threads)
{
    struct dsc_session *s = dsc_calloc(1, sizeof(*s));

    if (!s)
        return dsc_fail_nomem("a session");
    s->model = m;
    s->n_threads = DSC_MAX(n_threads, 1);
    *out = s;
    return DSC_OK;
}

void dsc_session_free(struct dsc_session *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n_plans; i++)
        dsc_plan_free(s->plans[i]);
    dsc_free(s->arena);
    dsc_free(s);
}

static enum dsc_status check_inputs(const struct dsc_graph *g, const struct dsc_tensor *const *in,
                                    size_t n_in)
{
    char got[DSC_SHAPE_TEXT], want[DSC_SHAPE_TEXT];

    if (n_in != g->n_inputs)
        return dsc_fail(DSC_INVALID, "%zu inputs given, the model has %zu", n_in, g->n_inputs);
    for (size_t i = 0; i < n_in; i++) {
        const struct dsc_tensor *type = dsc_graph_type(g, g->inputs[i].value);

        if (in[i]->dtype != type->dtype)
            return dsc_fail(DSC_INVALID, "input '%s': %s given, %s expected", g->inputs[i].name,
                            dsc_dtype_name(in[i]->dtype), dsc_dtype_name(type->dtype));
        if (!dsc_shape_is_known(in[i]->shape) || !dsc_shape_fits(in[i]->shape, type->shape))
            return dsc_fail(DSC_INVALID, "input '%s': shape %s given, %s expected",
                            g->inputs[i].name, dsc_shape_text(in[i]->shape, got),
                            dsc_shape_text(type->shape, want));
    }
    return DSC_OK;
}

static bool plan_fits(const struct dsc_plan *p, const struct dsc_tensor *const *in, size_t n_in)
{
    for (size_t i = 0; i < n_in; i++)
        if (!dsc_shape_equal(p->in_shapes[i], in[i]->shape))
            return false;
    return true;
}

static void move_to_front(struct dsc_session *s, size_t i)
{
    struct dsc_plan *p = s->plans[i];

    for (; i > 0; i--)
        s->plans[i] = s->plans[i - 1];
    s->plans[0] = p;
}

static enum dsc_status fit_arena(struct dsc_session *s, size_t need)
{
    unsigned char *arena;

    if (s->arena && need <= s->arena_bytes)
        return DSC_OK;
    arena = dsc_malloc(need, 1);
    if (!arena)
        return dsc_fail(DSC_NOMEM, "out of memory: this run needs %zu bytes for its values", need);
    dsc_free(s->arena);
    s->arena = arena;
    s->arena_bytes = need;
    for (size_t i = 0; i < s->n_plans; i++)
        dsc_plan_place(s->plans[i], s->model, arena);
    return DSC_OK;
}

static enum dsc_status add_plan(struct dsc_session *s, const struct dsc_tensor *const *in)
{
    struct dsc_plan *p;
    enum dsc_status st = dsc_plan_new(&p, s->model, in, s->n_threads);

    if (st)
        return st;
    if (s->n_plans == MAX_PLANS)
        dsc_plan_free(s->plans[--s->n_plans]);
    s->plans[s->n_plans++] = p;
    move_to_front(s, s->n_plans - 1);
    st = fit_arena(s, p->arena_bytes);
    if (st) {
        dsc_plan_free(p);
        for (size_t i = 1; i < s->n_plans; i++)
            s->plans[i - 1] = s->plans[i];
        s->n_plans--;
        return st;
    }
    dsc_plan_place(p, s->model, s->arena);
    return DSC_OK;
}

static enum dsc_status find_plan(struct dsc_session *s, const struct dsc_tensor *const *in,
                                 size_t n_in)
{
    for (size_t i = 0; i < s->n_plans; i++) {
        if (plan_fits(s->plans[i], in, n_in)) {
            move_to_front(s, i);
            return DSC_OK;
        }
    }
    return add_plan(s, in);
}

static enum dsc_status run_nodes(struct dsc_session *s, struct dsc_plan *p)
{
    const struct dsc_graph *g = s->model->graph;
    const struct dsc_tensor *const *arg = p->arguments;

    for (size_t i = 0; i < g->n_nodes; i++) {
        const struct dsc_node *n = &g->nodes[i];
        struct dsc_op_io io = {
            .attr = n->attr,
            .in = arg,
            .n_in = n->n_in,
            .out = &p->tensors[n->out[0]],
            .pack = s->model->packs[i],
            .work = s->arena + p->work_offset,
            .n_threads = s->n_threads,
        };
        enum dsc_status st = DSC_OK;

        arg += n->n_in;
        /* A view may be of an input, whose address changes from run to run. */
        if (n->op->flags & DSC_OP_VIEW)
            io.out->data = io.in[0]->data;
        else
            st = n->op->forward(&io);
        if (st)
            return dsc_fail_context(st, "'%s'", n->label);
    }
    return DSC_OK;
}

enum dsc_status dsc_session_run(struct dsc_session *s, const struct dsc_tensor *const *in,
                                size_t n_in)
{
    const struct dsc_graph *g = s->model->graph;
    enum dsc_status st = check_inputs(g, in, n_in);

    if (!st)
        st = find_plan(s, in, n_in);
    if (st)
        return st;
    for (size_t i = 0; i < n_in; i++)
        s->plans[0]->tensors[g->inputs[i].value].data = in[i]->data;
    return run_nodes(s, s->plans[0]);
}

const struct dsc_tensor *dsc_session_output(const struct dsc_session *s, size_t i)
{
    return &s->plans[0]->tensors[s->model->graph->outputs[i].value];
}
