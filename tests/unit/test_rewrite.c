#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>

#include "core/base/alloc.h"
#include "tests/support/graph_case.h"
#include "tests/support/op_case.h"

#define C     4 /* channels, H and W of every picture below */
#define H     5
#define W     4
#define N     3
#define ANY   DSC_DIM_FREE
#define IMAGE DSC_SHAPE(ANY, H, W, C)

/* A folded norm multiplies weights instead of sums. */
#define TOLERANCE 1e-5F

/* ---- parts of graphs ---- */

static int conv(struct dsc_graph *g, int x, enum dsc_padding padding)
{
    struct dsc_conv2d attr = { .window = { 1, 1, 1, 1, padding, 1, 1, 1, 1 }, .groups = 1 };

    return GRAPH_NODE(g, conv2d, &attr, x, graph_weights(g, DSC_SHAPE(3, 3, C, C)),
                      graph_weights(g, DSC_SHAPE(C)));
}

/* 1 x 1 in two groups, without bias. */
static int grouped(struct dsc_graph *g, int x)
{
    struct dsc_conv2d attr = { .window = { 1, 1, 1, 1, DSC_PAD_VALID, 0, 0, 0, 0 }, .groups = 2 };

    return GRAPH_NODE(g, conv2d, &attr, x, graph_weights(g, DSC_SHAPE(1, 1, C / 2, C)));
}

static int depthwise(struct dsc_graph *g, int x, enum dsc_padding padding)
{
    struct dsc_depthwise attr = { .window = { 1, 1, 1, 1, padding, 1, 1, 1, 1 } };

    return GRAPH_NODE(g, depthwise, &attr, x, graph_weights(g, DSC_SHAPE(3, 3, C, 1)));
}

static int dense(struct dsc_graph *g, int x)
{
    return GRAPH_NODE(g, dense, &(struct dsc_dense){ 0 }, x, graph_weights(g, DSC_SHAPE(C, C)));
}

static int norm_of(struct dsc_graph *g, int x, size_t axis, size_t n)
{
    struct dsc_batch_norm attr = { .axis = axis, .epsilon = 1e-3F };

    return GRAPH_NODE(g, batch_norm, &attr, x, graph_positive(g, n), graph_weights(g, DSC_SHAPE(n)),
                      graph_weights(g, DSC_SHAPE(n)), graph_positive(g, n));
}

static int norm(struct dsc_graph *g, int x)
{
    return norm_of(g, x, 3, C);
}

/* Without gamma and beta. */
static int bare_norm(struct dsc_graph *g, int x)
{
    struct dsc_batch_norm attr = { .axis = 3, .epsilon = 1e-3F };

    return GRAPH_NODE(g, batch_norm, &attr, x, -1, -1, graph_weights(g, DSC_SHAPE(C)),
                      graph_positive(g, C));
}

static int relu(struct dsc_graph *g, int x)
{
    return graph_act(g, x, DSC_ACT_RELU);
}

static int dropout(struct dsc_graph *g, int x)
{
    return GRAPH_NODE(g, dropout, &(struct dsc_dropout){ 0.5F }, x);
}

static int pad(struct dsc_graph *g, int x, float value)
{
    struct dsc_pad attr = { .before = { 0, 1, 1, 0 }, .after = { 0, 1, 1, 0 }, .value = value };

    return GRAPH_NODE(g, pad, &attr, x);
}

static int times(struct dsc_graph *g, int a, int b)
{
    return GRAPH_NODE(g, binary, &(struct dsc_binary){ .kind = DSC_MUL }, a, b);
}

static int plus_three(struct dsc_graph *g, int x)
{
    struct dsc_binary attr = { .kind = DSC_ADD, .scalar = 3 };

    return GRAPH_NODE(g, binary, &attr, x);
}

/* ---- models against plain runs ---- */

/* Make a model of g, check how many nodes are left and that it gives what g gave. */
static void expect(struct dsc_graph *g, size_t n_nodes, const char *what)
{
    struct dsc_tensor *in[2] = { NULL, NULL };
    struct dsc_tensor **expected;
    struct dsc_session *s = NULL;
    struct dsc_model *m = NULL;
    size_t n_outputs = g->n_outputs;

    for (size_t i = 0; i < g->n_inputs; i++) {
        struct dsc_shape shape = dsc_graph_shape(g, g->inputs[i].value);

        if (shape.dim[0] == ANY)
            shape.dim[0] = N;
        in[i] = op_random(DSC_F32, shape, (unsigned)i + 1);
    }
    expected = graph_run_plainly(g, (const struct dsc_tensor *const *)in);
    cr_assert_eq(dsc_model_new(&m, g), DSC_OK, "%s: %s", what, dsc_error_message());
    if (n_nodes != SIZE_MAX)
        cr_assert_eq(dsc_model_graph(m)->n_nodes, n_nodes, "%s: %zu nodes are left, expected %zu",
                     what, dsc_model_graph(m)->n_nodes, n_nodes);
    cr_assert_eq(dsc_session_new(&s, m, 1), DSC_OK);
    cr_assert_eq(
        dsc_session_run(s, (const struct dsc_tensor *const *)in, dsc_model_graph(m)->n_inputs),
        DSC_OK, "%s: %s", what, dsc_error_message());
    for (size_t i = 0; i < n_outputs; i++)
        graph_expect_close(dsc_session_output(s, i), expected[i], TOLERANCE, what);
    graph_free_tensors(expected, n_outputs);
    dsc_session_free(s);
    dsc_model_free(m);
    dsc_tensor_free(in[0]);
    dsc_tensor_free(in[1]);
}

/* `expression` makes the output out of x in g; other outputs are added by the expression. */
#define EXPECT(n_nodes, ...)                       \
    do {                                           \
        struct dsc_graph *g = graph_new();         \
        int x = graph_input(g, "x", IMAGE), a = x; \
                                                   \
        (void)a;                                   \
        graph_output(g, (__VA_ARGS__));            \
        expect(g, (n_nodes), #__VA_ARGS__);        \
    } while (0)

Test(rewrite, folds_norms_into_what_is_before)
{
    EXPECT(1, norm(g, conv(g, x, DSC_PAD_SAME)));
    EXPECT(1, norm(g, grouped(g, x)));
    EXPECT(1, norm(g, depthwise(g, x, DSC_PAD_SAME)));
    EXPECT(1, norm(g, dense(g, x)));
    EXPECT(1, bare_norm(g, conv(g, x, DSC_PAD_SAME)));
    EXPECT(1, norm(g, norm(g, conv(g, x, DSC_PAD_SAME))));
    EXPECT(1, norm(g, dropout(g, conv(g, x, DSC_PAD_SAME))));
}

Test(rewrite, turns_other_norms_into_affine)
{
    EXPECT(1, norm(g, x));
    EXPECT(2, conv(g, norm(g, x), DSC_PAD_SAME));
    EXPECT(2, norm(g, relu(g, conv(g, x, DSC_PAD_SAME))));
    EXPECT(1, relu(g, norm(g, x)));
    EXPECT(2, norm_of(g, conv(g, x, DSC_PAD_SAME), 1, H));
    EXPECT(2, norm(g, graph_add(g, conv(g, x, DSC_PAD_SAME), x)));
    /* Somebody else reads the result before the norm. */
    EXPECT(3, (a = conv(g, x, DSC_PAD_SAME), graph_add(g, norm(g, a), a)));
    EXPECT(2, (a = conv(g, x, DSC_PAD_SAME), graph_output(g, a), norm(g, a)));
}

Test(rewrite, keeps_norms_of_moments_that_are_computed)
{
    struct dsc_batch_norm attr = { .axis = 3, .epsilon = 1e-3F };
    struct dsc_graph *g = graph_new();
    int x = graph_input(g, "x", IMAGE), variance = graph_input(g, "variance", DSC_SHAPE(C));

    variance = graph_act(g, variance, DSC_ACT_SIGMOID);
    graph_output(g, GRAPH_NODE(g, batch_norm, &attr, conv(g, x, DSC_PAD_SAME), -1, -1,
                               graph_weights(g, DSC_SHAPE(C)), variance));
    expect(g, 3, "computed moments");
}

Test(rewrite, leaves_weights_alone_that_are_computed)
{
    struct dsc_graph *g = graph_new();
    int x = graph_input(g, "x", DSC_SHAPE(ANY, C)), w = graph_input(g, "w", DSC_SHAPE(C, C));

    x = GRAPH_NODE(g, dense, &(struct dsc_dense){ 0 }, x, w);
    graph_output(g, relu(g, norm_of(g, x, 1, C)));
    expect(g, 2, "computed weights");
}

/* A layer used twice: each use has its own norm, the weights are one constant. */
Test(rewrite, keeps_shared_weights_for_the_others)
{
    struct dsc_graph *g = graph_new();
    int x = graph_input(g, "x", IMAGE), w = graph_weights(g, DSC_SHAPE(C, C));
    int a = GRAPH_NODE(g, dense, &(struct dsc_dense){ 0 }, x, w);
    int b = GRAPH_NODE(g, dense, &(struct dsc_dense){ 0 }, x, w);

    graph_output(g, norm(g, a));
    graph_output(g, relu(g, b));
    expect(g, 2, "shared weights");
}

Test(rewrite, fuses_activations)
{
    EXPECT(1, relu(g, conv(g, x, DSC_PAD_SAME)));
    EXPECT(1, relu(g, norm(g, conv(g, x, DSC_PAD_SAME))));
    EXPECT(1, relu(g, dropout(g, norm(g, dropout(g, conv(g, x, DSC_PAD_SAME))))));
    EXPECT(1, graph_act(g, dense(g, x), DSC_ACT_TANH));
    EXPECT(1, graph_act(g, depthwise(g, x, DSC_PAD_SAME), DSC_ACT_SWISH));
    EXPECT(2, relu(g, graph_add(g, x, relu(g, x))));
    EXPECT(2, relu(g, graph_act(g, conv(g, x, DSC_PAD_SAME), DSC_ACT_TANH)));
    EXPECT(2, (a = conv(g, x, DSC_PAD_SAME), graph_output(g, a), relu(g, a)));
    EXPECT(4,
           (a = conv(g, x, DSC_PAD_SAME), graph_add(g, relu(g, a), graph_act(g, a, DSC_ACT_TANH))));
}

Test(rewrite, fuses_sums)
{
    EXPECT(1, graph_add(g, conv(g, x, DSC_PAD_SAME), x));
    EXPECT(1, graph_add(g, x, conv(g, x, DSC_PAD_SAME)));
    EXPECT(1, relu(g, graph_add(g, norm(g, conv(g, x, DSC_PAD_SAME)), x)));
    EXPECT(2, relu(g, graph_add(g, dense(g, x), conv(g, x, DSC_PAD_SAME))));
    EXPECT(2, relu(g, graph_add(g, dropout(g, norm(g, dense(g, x))), norm(g, grouped(g, x)))));
    /* The sum itself may be added to. */
    EXPECT(2, graph_add(g, dense(g, x), graph_add(g, x, conv(g, x, DSC_PAD_SAME))));
    EXPECT(3, graph_add(g, graph_add(g, dense(g, x), x), graph_add(g, grouped(g, x), x)));
}

Test(rewrite, leaves_sums_that_cannot_be_fused)
{
    EXPECT(2, graph_add(g, depthwise(g, x, DSC_PAD_SAME), x));
    EXPECT(2, graph_add(g, relu(g, conv(g, x, DSC_PAD_SAME)), x));
    EXPECT(2, (a = conv(g, x, DSC_PAD_SAME), graph_add(g, a, a)));
    EXPECT(2, (a = conv(g, x, DSC_PAD_SAME), graph_output(g, a), graph_add(g, a, x)));
    EXPECT(2, graph_add(g, conv(g, x, DSC_PAD_SAME), graph_weights(g, DSC_SHAPE(C))));
    EXPECT(2, times(g, conv(g, x, DSC_PAD_SAME), x));
    EXPECT(2, plus_three(g, conv(g, x, DSC_PAD_SAME)));
}

/* A sum that only a run would show to broadcast fails; it is never computed wrongly. */
Test(rewrite, takes_free_lengths_as_equal)
{
    struct dsc_graph *g = graph_new();
    int x = graph_input(g, "x", DSC_SHAPE(ANY, ANY, C));
    int y = graph_input(g, "y", DSC_SHAPE(ANY, ANY, C));
    struct dsc_tensor *in[] = { op_random(DSC_F32, DSC_SHAPE(2, 1, C), 1),
                                op_random(DSC_F32, DSC_SHAPE(2, 5, C), 2) };
    struct dsc_session *s = NULL;
    struct dsc_model *m = NULL;

    cr_assert_eq(dsc_graph_set_label(g, "add_1"), DSC_OK);
    graph_output(g, graph_add(g, dense(g, x), y));
    cr_assert_eq(dsc_model_new(&m, g), DSC_OK);
    cr_assert_eq(dsc_model_graph(m)->n_nodes, 1);
    cr_assert_eq(dsc_session_new(&s, m, 1), DSC_OK);
    cr_assert_eq(dsc_session_run(s, (const struct dsc_tensor *const *)in, 2), DSC_INVALID);
    cr_assert_str_eq(dsc_error_message(),
                     "'add_1': dense: the addend [2, 5, 4] does not fit the result [2, 1, 4]");
    dsc_session_free(s);
    dsc_model_free(m);
    dsc_tensor_free(in[0]);
    dsc_tensor_free(in[1]);
}

Test(rewrite, folds_zero_padding)
{
    EXPECT(1, conv(g, pad(g, x, 0), DSC_PAD_VALID));
    EXPECT(1, conv(g, pad(g, x, 0), DSC_PAD_EXPLICIT));
    EXPECT(1, depthwise(g, pad(g, x, 0), DSC_PAD_VALID));
    EXPECT(1, relu(g, norm(g, conv(g, dropout(g, pad(g, x, 0)), DSC_PAD_VALID))));
    EXPECT(2, (a = pad(g, x, 0),
               graph_add(g, conv(g, a, DSC_PAD_VALID), depthwise(g, a, DSC_PAD_VALID))));
    EXPECT(2, conv(g, pad(g, x, 1), DSC_PAD_VALID));
    EXPECT(2, conv(g, pad(g, x, 0), DSC_PAD_SAME));
    EXPECT(2, (a = pad(g, x, 0), graph_output(g, a), conv(g, a, DSC_PAD_VALID)));
    EXPECT(2, conv(g, pad(g, pad(g, x, 0), 0), DSC_PAD_VALID));
}

Test(rewrite, drops_what_does_nothing)
{
    EXPECT(0, x);
    EXPECT(0, dropout(g, dropout(g, x)));
    EXPECT(0, graph_act(g, x, DSC_ACT_NONE));
    EXPECT(0, GRAPH_NODE(g, cast, &(struct dsc_cast){ DSC_F32 }, x));
    EXPECT(2, GRAPH_NODE(g, cast, &(struct dsc_cast){ DSC_F32 },
                         GRAPH_NODE(g, cast, &(struct dsc_cast){ DSC_I32 }, x)));
    EXPECT(1, (conv(g, x, DSC_PAD_SAME), relu(g, x)));
    EXPECT(1, (relu(g, conv(g, x, DSC_PAD_SAME)), a = dropout(g, x), norm(g, a)));
    EXPECT(0, (a = dropout(g, x), graph_output(g, a), graph_output(g, x), a));
}

/* ---- every order and sharing ---- */

struct numbers {
    uint32_t state;
};

static size_t below(struct numbers *r, size_t n)
{
    r->state = r->state * 1664525U + 1013904223U;
    return (r->state >> 8) % n;
}

static int random_node(struct dsc_graph *g, struct numbers *r, const int *values, size_t n)
{
    int x = values[n - 1 - below(r, DSC_MIN(n, (size_t)3))], y = values[below(r, n)];

    switch (below(r, 14)) {
    case 0:
        return conv(g, x, DSC_PAD_SAME);
    case 1:
        return conv(g, pad(g, x, 0), DSC_PAD_VALID);
    case 2:
        return depthwise(g, x, DSC_PAD_EXPLICIT);
    case 3:
        return grouped(g, x);
    case 4:
        return dense(g, x);
    case 5:
    case 6:
        return norm(g, x);
    case 7:
        return norm_of(g, x, 2, W);
    case 8:
        return relu(g, x);
    case 9:
        return graph_act(g, x, DSC_ACT_TANH);
    case 10:
        return dropout(g, x);
    case 11:
        return GRAPH_NODE(g, softmax, &(struct dsc_softmax){ .axis = below(r, 3) + 1 }, x);
    default:
        return graph_add(g, x, y);
    }
}

static void expect_random(unsigned seed)
{
    struct numbers r = { seed };
    struct dsc_graph *g = graph_new();
    size_t n = 1, n_nodes = 2 + below(&r, 12), n_outputs = 1 + below(&r, 3);
    int values[20] = { graph_input(g, "x", IMAGE) };
    char what[32];

    snprintf(what, sizeof(what), "random graph %u", seed);
    for (size_t i = 0; i < n_nodes; i++, n++)
        values[n] = random_node(g, &r, values, n);
    graph_output(g, values[n - 1]);
    for (size_t i = 1; i < n_outputs; i++)
        graph_output(g, values[below(&r, n)]);
    expect(g, SIZE_MAX, what);
}

Test(rewrite, keeps_the_results_of_any_graph)
{
    for (unsigned seed = 0; seed < 2000; seed++)
        expect_random(seed);
}

Test(rewrite, survives_every_failed_allocation)
{
    enum dsc_status st = DSC_NOMEM;

    for (uint64_t n = 1; st; n++) {
        struct dsc_graph *g = graph_new();
        struct dsc_model *m = NULL;
        int x = graph_input(g, "x", IMAGE), y = relu(g, norm(g, grouped(g, pad(g, x, 0))));

        graph_output(g, graph_add(g, norm(g, x), graph_add(g, x, dense(g, norm(g, x)))));
        graph_output(g, y);
        dsc_alloc_fail_after(n);
        st = dsc_model_new(&m, g);
        dsc_alloc_fail_after(0);
        cr_assert(st == DSC_OK || st == DSC_NOMEM);
        cr_assert(n < 100);
        dsc_model_free(m);
    }
}
