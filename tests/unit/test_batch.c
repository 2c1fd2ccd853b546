#include <criterion/criterion.h>

#include "core/base/alloc.h"
#include "core/graph/batch.h"
#include "tests/support/graph_case.h"
#include "tests/support/op_case.h"

#define SIZE 48 /* pictures [SIZE, SIZE, 3]: two of them are no longer small */
#define ANY  DSC_DIM_FREE

/* Two inputs to two outputs; `mixing`: and one of all samples together. */
static struct dsc_graph *pictures(bool mixing)
{
    struct dsc_reduce pool = { .axes = 6 }, samples = { .axes = 1 };
    struct dsc_graph *g = graph_new();
    int x = graph_input(g, "x", DSC_SHAPE(ANY, SIZE, SIZE, 3));
    int y = graph_input(g, "y", DSC_SHAPE(ANY, 3));

    graph_output(g, graph_act(g, x, DSC_ACT_TANH));
    x = graph_add(g, GRAPH_NODE(g, reduce, &pool, x), y);
    graph_output(g, x);
    if (mixing)
        graph_output(g, GRAPH_NODE(g, reduce, &samples, x));
    return g;
}

struct run {
    struct dsc_graph *plain;
    struct dsc_model *m;
    struct dsc_batch *b;
};

static void begin(struct run *r, bool mixing)
{
    *r = (struct run){ .plain = pictures(mixing) };
    cr_assert_eq(dsc_model_new(&r->m, pictures(mixing)), DSC_OK);
    cr_assert_eq(dsc_batch_new(&r->b, r->m, 1), DSC_OK);
}

static void end(struct run *r)
{
    dsc_batch_free(r->b);
    dsc_model_free(r->m);
    dsc_graph_free(r->plain);
}

static void expect_right(struct run *r, size_t n)
{
    struct dsc_tensor *in[] = {
        op_random(DSC_F32, DSC_SHAPE(n, SIZE, SIZE, 3), (unsigned)n),
        op_random(DSC_F32, DSC_SHAPE(n, 3), (unsigned)n + 1),
    };
    struct dsc_tensor **expected =
        graph_run_plainly(r->plain, (const struct dsc_tensor *const *)in);

    cr_assert_eq(dsc_batch_run(r->b, (const struct dsc_tensor *const *)in, 2), DSC_OK, "%s",
                 dsc_error_message());
    for (size_t i = 0; i < 2; i++)
        graph_expect_close(dsc_batch_output(r->b, i), expected[i], 1e-5F, "a batch");
    graph_free_tensors(expected, 2);
    dsc_tensor_free(in[0]);
    dsc_tensor_free(in[1]);
}

Test(batch, gives_what_one_run_gives)
{
    static const size_t sizes[] = { 1, 5, 2, 9, 1, 3, 0 };
    struct run r;

    begin(&r, false);
    for (size_t i = 0; i < DSC_COUNT(sizes); i++)
        expect_right(&r, sizes[i]);
    end(&r);
}

static void expect_refused(struct run *r, size_t n, size_t m, size_t n_in, const char *sentence)
{
    struct dsc_tensor *in[] = { op_random(DSC_F32, DSC_SHAPE(n, SIZE, SIZE, 3), 1),
                                op_random(DSC_F32, DSC_SHAPE(m, 3), 1) };

    cr_assert_eq(dsc_batch_run(r->b, (const struct dsc_tensor *const *)in, n_in), DSC_INVALID);
    cr_assert_str_eq(dsc_error_message(), sentence);
    dsc_tensor_free(in[0]);
    dsc_tensor_free(in[1]);
}

Test(batch, refuses_what_cannot_be_taken_apart)
{
    struct run r;

    begin(&r, false);
    expect_refused(&r, 4, 4, 1, "1 inputs given, the model has 2");
    expect_refused(&r, 4, 3, 2, "'binary': add: shapes [4, 3] and [3, 3] do not broadcast");
    end(&r);
    begin(&r, true);
    expect_refused(&r, 4, 4, 2, "the model mixes the samples of a batch");
    expect_refused(&r, 1, 1, 2, "the model mixes the samples of a batch");
    end(&r);
}

Test(batch, survives_every_failed_allocation_and_is_quiet_when_warm)
{
    struct dsc_tensor *in[] = { op_random(DSC_F32, DSC_SHAPE(4, SIZE, SIZE, 3), 1),
                                op_random(DSC_F32, DSC_SHAPE(4, 3), 1) };
    enum dsc_status st = DSC_NOMEM;

    for (uint64_t n = 1; st; n++) {
        uint64_t before;
        struct run r;

        begin(&r, false);
        expect_right(&r, 2);
        dsc_alloc_fail_after(n);
        st = dsc_batch_run(r.b, (const struct dsc_tensor *const *)in, 2);
        dsc_alloc_fail_after(0);
        cr_assert(st == DSC_OK || st == DSC_NOMEM);
        cr_assert(n < 30);
        cr_assert_eq(dsc_batch_run(r.b, (const struct dsc_tensor *const *)in, 2), DSC_OK);
        before = dsc_alloc_count();
        cr_assert_eq(dsc_batch_run(r.b, (const struct dsc_tensor *const *)in, 2), DSC_OK);
        cr_assert_eq(dsc_alloc_count(), before);
        end(&r);
    }
    dsc_tensor_free(in[0]);
    dsc_tensor_free(in[1]);
}
