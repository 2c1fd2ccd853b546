#include <criterion/criterion.h>
#include <string.h>

#include "core/base/alloc.h"
#include "tests/support/graph_case.h"
#include "tests/support/op_case.h"

#define ANY DSC_DIM_FREE

/* Every failure leaves the result alone. */
static void expect_refused(struct dsc_graph *g, const struct dsc_op *op, const void *attr,
                           const int *in, size_t n_in, const char *sentence)
{
    int out[DSC_OP_MAX_OUT] = { -7, -7, -7 };

    cr_assert_eq(dsc_graph_add(g, op, attr, in, n_in, out), DSC_INVALID);
    cr_assert_str_eq(dsc_error_message(), sentence);
    cr_assert_eq(out[0], -7);
}

Test(graph, remembers_names_types_and_order)
{
    struct dsc_graph *g = graph_new();
    char name[] = "image";
    int x = graph_input(g, name, DSC_SHAPE(ANY, 4));
    int w = graph_weights(g, DSC_SHAPE(4, 3)), y;

    name[0] = '!';
    cr_assert_eq(dsc_graph_set_label(g, "scores"), DSC_OK);
    y = GRAPH_NODE(g, dense, &(struct dsc_dense){ 0 }, x, w);
    graph_output(g, y);
    cr_assert_str_eq(g->inputs[0].name, "image");
    cr_assert_str_eq(g->nodes[0].label, "scores");
    cr_assert(g->n_nodes == 1 && g->values[y].node == 0 && g->values[x].node == -1);
    cr_assert(dsc_shape_equal(dsc_graph_shape(g, y), DSC_SHAPE(ANY, 3)));
    cr_assert_null(dsc_graph_type(g, y)->data);
    cr_assert_not_null(dsc_graph_type(g, w)->data);
    dsc_graph_free(g);
}

Test(graph, copies_attributes)
{
    struct dsc_graph *g = graph_new();
    struct dsc_unary attr = { .act = { .kind = DSC_ACT_TANH } };

    GRAPH_NODE(g, unary, &attr, graph_input(g, "x", DSC_SHAPE(2)));
    attr.act.kind = DSC_ACT_SIGMOID;
    cr_assert_eq(((struct dsc_unary *)g->nodes[0].attr)->act.kind, DSC_ACT_TANH);
    dsc_graph_free(g);
}

Test(graph, refuses_shapes_that_do_not_fit)
{
    struct dsc_graph *g = graph_new();
    int x = graph_input(g, "x", DSC_SHAPE(ANY, 4)), w = graph_weights(g, DSC_SHAPE(5, 3));

    expect_refused(g, &dsc_op_dense, &(struct dsc_dense){ 0 }, (int[]){ x, w }, 2,
                   "dense: input [?, 4] does not fit weights [5, 3]");
    cr_assert(g->n_nodes == 0 && g->n_values == 2);
    dsc_graph_free(g);
}

Test(graph, refuses_a_wrong_number_of_inputs)
{
    struct dsc_graph *g = graph_new();
    int x = graph_input(g, "x", DSC_SHAPE(ANY, 4));

    expect_refused(g, &dsc_op_dense, &(struct dsc_dense){ 0 }, &x, 1,
                   "dense: 1 inputs, 2 to 4 expected");
    expect_refused(g, &dsc_op_unary, &(struct dsc_unary){ 0 }, (int[]){ x, x }, 2,
                   "unary: 2 inputs, 1 to 1 expected");
    expect_refused(g, &dsc_op_concat, &(struct dsc_concat){ 0 }, &x, 1,
                   "concat: 1 inputs, 2 or more expected");
    dsc_graph_free(g);
}

Test(graph, refuses_values_that_are_not_there)
{
    struct dsc_graph *g = graph_new();
    int x = graph_input(g, "x", DSC_SHAPE(ANY, 4));

    expect_refused(g, &dsc_op_dense, &(struct dsc_dense){ 0 }, (int[]){ x, -1 }, 2,
                   "dense: input 1 is left out");
    expect_refused(g, &dsc_op_dense, &(struct dsc_dense){ 0 }, (int[]){ x, 9 }, 2,
                   "dense: input 1 is value 9 of a graph of 1");
    dsc_graph_free(g);
}

Test(graph, takes_optional_inputs_left_out)
{
    struct dsc_graph *g = graph_new();
    int x = graph_input(g, "x", DSC_SHAPE(ANY, 4)), w = graph_weights(g, DSC_SHAPE(4, 4));
    int y = GRAPH_NODE(g, dense, &(struct dsc_dense){ 0 }, x, w, -1, x);

    cr_assert(dsc_shape_equal(dsc_graph_shape(g, y), DSC_SHAPE(ANY, 4)));
    dsc_graph_free(g);
}

Test(graph, frees_taken_constants_also_when_it_fails)
{
    for (uint64_t n = 1; n < 4; n++) {
        struct dsc_graph *g = graph_new();
        struct dsc_tensor *t = op_random(DSC_F32, DSC_SHAPE(3), 1);
        enum dsc_status st;
        int v = -7;

        dsc_alloc_fail_after(n);
        st = dsc_graph_take_const(g, t, &v);
        dsc_alloc_fail_after(0);
        cr_assert_eq(st, n < 3 ? DSC_NOMEM : DSC_OK);
        cr_assert_eq(v, n < 3 ? -7 : 0);
        dsc_graph_free(g);
    }
}

static enum dsc_status build(struct dsc_graph **out)
{
    struct dsc_graph *g = NULL;
    int x, y[DSC_OP_MAX_OUT];
    enum dsc_status st = dsc_graph_new(&g);

    if (!st)
        st = dsc_graph_add_input(g, "x", DSC_F32, DSC_SHAPE(ANY, 4), &x);
    if (!st)
        st = dsc_graph_set_label(g, "layer");
    /* Enough nodes for every list to grow. */
    for (int i = 0; i < 20 && !st; i++) {
        st = dsc_graph_add(g, &dsc_op_unary, &(struct dsc_unary){ { DSC_ACT_TANH, 0, 0, 0 } }, &x,
                           1, y);
        x = y[0];
    }
    if (!st)
        st = dsc_graph_add_output(g, "y", x);
    if (st)
        dsc_graph_free(g);
    else
        *out = g;
    return st;
}

Test(graph, survives_every_failed_allocation)
{
    struct dsc_graph *g = NULL;
    enum dsc_status st = DSC_NOMEM;

    for (uint64_t n = 1; st; n++) {
        dsc_alloc_fail_after(n);
        st = build(&g);
        dsc_alloc_fail_after(0);
        cr_assert(st == DSC_OK || st == DSC_NOMEM);
        cr_assert(n < 100);
    }
    dsc_graph_free(g);
}
