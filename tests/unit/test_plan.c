#include <criterion/criterion.h>
#include <stdio.h>

#include "core/base/alloc.h"
#include "core/graph/plan.h"
#include "tests/support/graph_case.h"
#include "tests/support/op_case.h"

#define N 3
#define T 3
#define E 4

/* ---- a look at a plan from outside ---- */

struct life {
    int group;         /* the value whose memory this is, through views */
    size_t birth, end; /* of the group: nodes that write it first and read it last */
};

struct look {
    const struct dsc_graph *g;
    const struct dsc_plan *p;
    struct life *lives; /* per value */
};

static void find_lives(struct look *l)
{
    const struct dsc_graph *g = l->g;

    for (size_t v = 0; v < g->n_values; v++)
        l->lives[v] = (struct life){ .group = (int)v, .birth = SIZE_MAX };
    for (size_t i = 0; i < g->n_nodes; i++) {
        const struct dsc_node *n = &g->nodes[i];

        if (n->op->flags & DSC_OP_VIEW)
            l->lives[n->out[0]].group = l->lives[n->in[0]].group;
        for (size_t j = 0; j < n->op->n_out; j++) {
            struct life *of = &l->lives[l->lives[n->out[j]].group];

            of->birth = DSC_MIN(of->birth, i);
            of->end = DSC_MAX(of->end, i);
        }
        for (size_t j = 0; j < n->n_in; j++)
            if (n->in[j] >= 0)
                l->lives[l->lives[n->in[j]].group].end = i;
    }
    for (size_t i = 0; i < g->n_outputs; i++)
        l->lives[l->lives[g->outputs[i].value].group].end = g->n_nodes;
}

static size_t bytes_of(const struct look *l, size_t v)
{
    const struct dsc_tensor *t = &l->p->tensors[v];

    return dsc_tensor_count(t) * dsc_dtype_bytes(t->dtype);
}

static bool share_memory(const struct look *l, size_t a, size_t b)
{
    const size_t *at = l->p->offsets;

    return at[a] < at[b] + bytes_of(l, b) && at[b] < at[a] + bytes_of(l, a);
}

/* b is written over a by an op that may do that. */
static bool is_written_over(const struct look *l, struct life a, struct life b)
{
    const struct dsc_node *n = &l->g->nodes[b.birth];

    return a.end == b.birth && (n->op->flags & DSC_OP_INPLACE) && n->out[0] == b.group &&
           l->lives[n->in[0]].group == a.group && l->p->offsets[a.group] == l->p->offsets[b.group];
}

static void expect_apart(const struct look *l, size_t a, size_t b, const char *what)
{
    struct life x = l->lives[l->lives[a].group], y = l->lives[l->lives[b].group];

    if (x.group == y.group || !share_memory(l, a, b) || x.end < y.birth || y.end < x.birth)
        return;
    cr_assert(is_written_over(l, x, y) || is_written_over(l, y, x),
              "%s: values %zu and %zu share memory while both are alive", what, a, b);
}

static bool is_computed(const struct look *l, size_t v)
{
    return l->p->offsets[v] != SIZE_MAX;
}

static void expect_sound(const struct look *l, const char *what)
{
    for (size_t v = 0; v < l->g->n_values; v++) {
        int group = l->lives[v].group;
        bool own = l->g->values[group].node >= 0;

        cr_assert(l->g->values[v].node < 0 || is_computed(l, v) == own,
                  "%s: value %zu has no place, or should have none", what, v);
        if (!is_computed(l, v))
            continue;
        cr_assert_eq(l->p->offsets[v] % DSC_ALIGN, 0);
        cr_assert_eq(l->p->offsets[v], l->p->offsets[group]);
        cr_assert_leq(l->p->offsets[v] + bytes_of(l, v), l->p->work_offset);
        for (size_t u = 0; u < v; u++)
            if (is_computed(l, u))
                expect_apart(l, u, v, what);
    }
    cr_assert_leq(l->p->work_offset, l->p->arena_bytes);
}

/* ---- models ---- */

struct run {
    struct dsc_model *m;
    struct dsc_tensor *in[2];
    struct dsc_tensor **expected;
    struct dsc_plan *plan;
};

/* Takes g. */
static void begin(struct run *r, struct dsc_graph *g)
{
    *r = (struct run){ 0 };
    for (size_t i = 0; i < g->n_inputs; i++) {
        struct dsc_shape shape = dsc_graph_shape(g, g->inputs[i].value);

        shape.dim[0] = N;
        r->in[i] = op_random(DSC_F32, shape, (unsigned)i + 1);
    }
    r->expected = graph_run_plainly(g, (const struct dsc_tensor *const *)r->in);
    cr_assert_eq(dsc_model_new(&r->m, g), DSC_OK, "%s", dsc_error_message());
    cr_assert_eq(dsc_plan_new(&r->plan, r->m, (const struct dsc_tensor *const *)r->in, 1), DSC_OK,
                 "%s", dsc_error_message());
}

static void end(struct run *r)
{
    graph_free_tensors(r->expected, r->m->graph->n_outputs);
    dsc_plan_free(r->plan);
    dsc_model_free(r->m);
    dsc_tensor_free(r->in[0]);
    dsc_tensor_free(r->in[1]);
}

/* The plan is sound and a session that follows it gives what the plain run gave. */
static void expect(struct run *r, const char *what)
{
    const struct dsc_graph *g = dsc_model_graph(r->m);
    struct look l = { g, r->plan, dsc_calloc(g->n_values, sizeof(struct life)) };
    struct dsc_session *s = NULL;

    find_lives(&l);
    expect_sound(&l, what);
    dsc_free(l.lives);
    cr_assert_eq(dsc_session_new(&s, r->m, 1), DSC_OK);
    cr_assert_eq(dsc_session_run(s, (const struct dsc_tensor *const *)r->in, g->n_inputs), DSC_OK,
                 "%s: %s", what, dsc_error_message());
    for (size_t i = 0; i < g->n_outputs; i++)
        graph_expect_close(dsc_session_output(s, i), r->expected[i], 1e-5F, what);
    dsc_session_free(s);
}

static void expect_model(struct dsc_graph *g, const char *what)
{
    struct run r;

    begin(&r, g);
    expect(&r, what);
    end(&r);
}

static int reshape(struct dsc_graph *g, int x, size_t a, size_t b)
{
    struct dsc_reshape attr = { .rank = b ? 3 : 2, .dim = { DSC_RESHAPE_COPY, a, b } };

    return GRAPH_NODE(g, reshape, &attr, x);
}

/* An op that cannot write over its input and that no rewrite touches. */
static int reverse(struct dsc_graph *g, int x)
{
    return GRAPH_NODE(g, reverse, &(struct dsc_reverse){ 1 }, x);
}

static int softmax(struct dsc_graph *g, int x)
{
    return GRAPH_NODE(g, softmax, &(struct dsc_softmax){ .axis = 1 }, x);
}

static int times(struct dsc_graph *g, int a, int b)
{
    return GRAPH_NODE(g, binary, &(struct dsc_binary){ .kind = DSC_MUL }, a, b);
}

Test(plan, uses_two_places_for_a_chain)
{
    struct dsc_graph *g = graph_new();
    int x = graph_input(g, "x", DSC_SHAPE(DSC_DIM_FREE, T, E));
    struct run r;

    for (int i = 0; i < 20; i++)
        x = reverse(g, x);
    graph_output(g, x);
    begin(&r, g);
    cr_assert_eq(r.plan->work_offset, (size_t)2 * 192, "%zu bytes", r.plan->work_offset);
    expect(&r, "a chain");
    end(&r);
}

Test(plan, writes_over_what_nobody_reads_again)
{
    struct dsc_graph *g = graph_new();
    int x = graph_input(g, "x", DSC_SHAPE(DSC_DIM_FREE, T, E));
    struct run r;

    x = reverse(g, x);
    for (int i = 0; i < 20; i++)
        x = softmax(g, x);
    graph_output(g, x);
    begin(&r, g);
    cr_assert_eq(r.plan->work_offset, (size_t)192, "%zu bytes", r.plan->work_offset);
    expect(&r, "in place");
    end(&r);
}

Test(plan, never_writes_over_inputs_and_constants)
{
    struct dsc_graph *g = graph_new();
    int x = graph_input(g, "x", DSC_SHAPE(DSC_DIM_FREE, T, E));
    int w = graph_weights(g, DSC_SHAPE(T, E));
    struct run r;
    float first;

    graph_output(g, softmax(g, x));
    graph_output(g, softmax(g, reshape(g, x, E, T)));
    graph_output(g, softmax(g, w));
    begin(&r, g);
    first = *dsc_tensor_f32(r.in[0]);
    expect(&r, "inputs and constants");
    expect(&r, "the same again");
    cr_assert_eq(*dsc_tensor_f32(r.in[0]), first);
    end(&r);
}

Test(plan, keeps_a_value_that_is_read_twice)
{
    struct dsc_graph *g = graph_new();
    int x = reverse(g, graph_input(g, "x", DSC_SHAPE(DSC_DIM_FREE, T, E)));

    graph_output(g, times(g, softmax(g, x), x));
    graph_output(g, times(g, x, x));
    expect_model(g, "read twice");
}

Test(plan, keeps_a_value_behind_its_views)
{
    struct dsc_graph *g = graph_new();
    int x = reverse(g, graph_input(g, "x", DSC_SHAPE(DSC_DIM_FREE, T, E)));
    int view = reshape(g, reshape(g, x, T * E, 0), T, E), y = softmax(g, x);

    for (int i = 0; i < 4; i++)
        y = reverse(g, y);
    graph_output(g, times(g, y, view));
    graph_output(g, softmax(g, view));
    expect_model(g, "views");
}

Test(plan, gives_outputs_that_are_inputs_constants_and_views)
{
    struct dsc_graph *g = graph_new();
    int x = graph_input(g, "x", DSC_SHAPE(DSC_DIM_FREE, T, E));
    int w = graph_weights(g, DSC_SHAPE(T, E)), y = reverse(g, x);

    graph_output(g, x);
    graph_output(g, w);
    graph_output(g, reshape(g, x, T * E, 0));
    graph_output(g, y);
    graph_output(g, reshape(g, y, E, T));
    graph_output(g, y);
    expect_model(g, "outputs of every kind");
}

static int lstm(struct dsc_graph *g, int x, int h, bool sequences, int out[DSC_OP_MAX_OUT])
{
    struct dsc_recurrent attr = {
        .act = { .kind = DSC_ACT_TANH },
        .gate_act = { .kind = DSC_ACT_SIGMOID },
        .sequences = sequences,
    };
    int in[] = {
        x, graph_weights(g, DSC_SHAPE(E, 4 * E)), graph_weights(g, DSC_SHAPE(E, 4 * E)), -1, -1, h,
        -1
    };

    cr_assert_eq(dsc_graph_add(g, &dsc_op_lstm, &attr, in, 7, out), DSC_OK, "%s",
                 dsc_error_message());
    return out[0];
}

Test(plan, places_every_result_of_an_op)
{
    struct dsc_graph *g = graph_new();
    int x = graph_input(g, "x", DSC_SHAPE(DSC_DIM_FREE, T, E)), out[DSC_OP_MAX_OUT];

    /* Only the cell state is read. */
    lstm(g, x, -1, true, out);
    graph_output(g, softmax(g, out[2]));
    /* All three, the state twice. */
    lstm(g, x, out[2], true, out);
    graph_output(g, times(g, out[1], out[2]));
    graph_output(g, lstm(g, out[0], out[1], false, out));
    expect_model(g, "several results");
}

Test(plan, takes_no_pictures)
{
    struct dsc_graph *g = graph_new();
    int x = graph_input(g, "x", DSC_SHAPE(DSC_DIM_FREE, T, E));
    struct dsc_tensor *in = op_random(DSC_F32, DSC_SHAPE(0, T, E), 1);
    struct dsc_session *s = NULL;
    struct dsc_model *m = NULL;

    graph_output(g, softmax(g, reverse(g, x)));
    cr_assert_eq(dsc_model_new(&m, g), DSC_OK);
    cr_assert_eq(dsc_session_new(&s, m, 1), DSC_OK);
    cr_assert_eq(dsc_session_run(s, (const struct dsc_tensor *const *)&in, 1), DSC_OK);
    cr_assert_eq(dsc_tensor_count(dsc_session_output(s, 0)), 0);
    dsc_session_free(s);
    dsc_model_free(m);
    dsc_tensor_free(in);
}

Test(plan, refuses_sizes_that_cannot_be_stored)
{
    struct dsc_repeat wide = { .axis = 1, .n = (size_t)1 << 40 };
    struct dsc_graph *g = graph_new();
    int x = graph_input(g, "x", DSC_SHAPE(DSC_DIM_FREE, E));
    struct dsc_tensor *in = op_random(DSC_F32, DSC_SHAPE(N, E), 1);
    struct dsc_plan *p = NULL;
    struct dsc_model *m = NULL;

    for (int i = 0; i < 2; i++)
        x = GRAPH_NODE(g, repeat, &wide, x);
    graph_output(g, x);
    cr_assert_eq(dsc_model_new(&m, g), DSC_OK);
    cr_assert_eq(dsc_plan_new(&p, m, (const struct dsc_tensor *const *)&in, 1), DSC_INVALID);
    cr_assert_str_eq(dsc_error_message(), "a tensor of shape [3, 1099511627776, 1099511627776, 4] "
                                          "has no size that can be stored");
    dsc_model_free(m);
    dsc_tensor_free(in);
}

/* ---- any graph ---- */

struct numbers {
    uint32_t state;
};

static size_t below(struct numbers *r, size_t n)
{
    r->state = r->state * 1664525U + 1013904223U;
    return (r->state >> 8) % n;
}

/* Two kinds of values: [N, T, E] and [N, E]. */
struct pool {
    int long_[40], short_[40];
    size_t n_long, n_short;
};

static void put_lstm(struct dsc_graph *g, struct numbers *r, struct pool *p, int x, int h)
{
    bool sequences = below(r, 2);
    int out[DSC_OP_MAX_OUT];

    lstm(g, x, h, sequences, out);
    if (sequences)
        p->long_[p->n_long++] = out[0];
    else
        p->short_[p->n_short++] = out[0];
    p->short_[p->n_short++] = out[1];
    p->short_[p->n_short++] = out[2];
}

static void put_node(struct dsc_graph *g, struct numbers *r, struct pool *p)
{
    int x = p->long_[below(r, p->n_long)], y = p->long_[below(r, p->n_long)];
    int s = p->short_[below(r, p->n_short)], t = p->short_[below(r, p->n_short)];

    switch (below(r, 9)) {
    case 0:
        p->long_[p->n_long++] = softmax(g, x);
        break;
    case 1:
        p->long_[p->n_long++] = reverse(g, x);
        break;
    case 2:
        p->long_[p->n_long++] = times(g, x, y);
        break;
    case 3:
        p->long_[p->n_long++] = reshape(g, reshape(g, x, E, T), T, E);
        break;
    case 4:
        p->long_[p->n_long++] = times(g, x, reshape(g, s, 1, E));
        break;
    case 5:
        p->short_[p->n_short++] = graph_act(g, graph_add(g, s, t), DSC_ACT_TANH);
        break;
    case 6:
        p->short_[p->n_short++] = softmax(g, s);
        break;
    case 7:
        p->long_[p->n_long++] = graph_act(g, x, DSC_ACT_SIGMOID);
        break;
    default:
        put_lstm(g, r, p, x, s);
    }
}

Test(plan, is_sound_for_any_graph)
{
    for (unsigned seed = 0; seed < 2000; seed++) {
        struct numbers r = { seed };
        struct dsc_graph *g = graph_new();
        struct pool p = { .n_long = 2, .n_short = 1 };
        size_t n_nodes = 2 + below(&r, 10), n_outputs = 1 + below(&r, 3);
        char what[32];

        p.long_[0] = graph_input(g, "x", DSC_SHAPE(DSC_DIM_FREE, T, E));
        p.long_[1] = p.long_[0];
        p.short_[0] = graph_input(g, "s", DSC_SHAPE(DSC_DIM_FREE, E));
        for (size_t i = 0; i < n_nodes; i++)
            put_node(g, &r, &p);
        for (size_t i = 0; i < n_outputs; i++) {
            graph_output(g, p.long_[p.n_long - 1 - below(&r, DSC_MIN(p.n_long, (size_t)4))]);
            graph_output(g, p.short_[p.n_short - 1 - below(&r, DSC_MIN(p.n_short, (size_t)4))]);
        }
        snprintf(what, sizeof(what), "random graph %u", seed);
        expect_model(g, what);
    }
}
