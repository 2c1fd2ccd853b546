#include <criterion/criterion.h>
#include <string.h>

#include "core/base/alloc.h"
#include "tests/support/graph_case.h"
#include "tests/support/op_case.h"

#define ANY DSC_DIM_FREE
#define T   5
#define E   4
#define V   6

/* words [?, ?] and features [?, E] to scores [?, V]: ops that pack, that need scratch, that carry
 * state, that write over their input. */
static struct dsc_graph *captioner(void)
{
    struct dsc_recurrent recurrent = {
        .act = { .kind = DSC_ACT_TANH },
        .gate_act = { .kind = DSC_ACT_SIGMOID },
    };
    struct dsc_graph *g = graph_new();
    int words, x, features, out[DSC_OP_MAX_OUT];

    cr_assert_eq(dsc_graph_add_input(g, "words", DSC_I32, DSC_SHAPE(ANY, ANY), &words), DSC_OK);
    features = graph_input(g, "features", DSC_SHAPE(ANY, E));
    cr_assert_eq(dsc_graph_set_label(g, "embedding_7"), DSC_OK);
    x = GRAPH_NODE(g, embedding, NULL, words, graph_weights(g, DSC_SHAPE(V, E)));
    cr_assert_eq(dsc_graph_set_label(g, "gru_2"), DSC_OK);
    cr_assert_eq(dsc_graph_add(g, &dsc_op_gru, &recurrent,
                               (int[]){ x, graph_weights(g, DSC_SHAPE(E, 3 * E)),
                                        graph_weights(g, DSC_SHAPE(E, 3 * E)) },
                               3, out),
                 DSC_OK, "%s", dsc_error_message());
    x = graph_add(
        g,
        GRAPH_NODE(g, dense, &(struct dsc_dense){ 0 }, features, graph_weights(g, DSC_SHAPE(E, E))),
        out[0]);
    x = GRAPH_NODE(g, dense, &(struct dsc_dense){ 0 }, x, graph_weights(g, DSC_SHAPE(E, V)));
    graph_output(g, GRAPH_NODE(g, softmax, &(struct dsc_softmax){ .axis = 1 }, x));
    return g;
}

struct run {
    struct dsc_graph *plain;
    struct dsc_model *m;
    struct dsc_session *s;
};

static void begin(struct run *r)
{
    *r = (struct run){ .plain = captioner() };
    cr_assert_eq(dsc_model_new(&r->m, captioner()), DSC_OK, "%s", dsc_error_message());
    cr_assert_eq(dsc_session_new(&r->s, r->m, 2), DSC_OK);
}

static void end(struct run *r)
{
    dsc_session_free(r->s);
    dsc_model_free(r->m);
    dsc_graph_free(r->plain);
}

static struct dsc_tensor *random_words(size_t n, size_t t)
{
    struct dsc_tensor *words = op_random(DSC_I32, DSC_SHAPE(n, t), (unsigned)(n * 31 + t));

    for (size_t i = 0; i < n * t; i++)
        dsc_tensor_i32(words)[i] = (dsc_tensor_i32(words)[i] + 9) % V;
    return words;
}

/* Run on n pictures and sentences of t words, and compare with the plain graph. */
static void expect_right(struct run *r, size_t n, size_t t)
{
    struct dsc_tensor *in[] = { random_words(n, t),
                                op_random(DSC_F32, DSC_SHAPE(n, E), (unsigned)(n + t)) };
    struct dsc_tensor **expected =
        graph_run_plainly(r->plain, (const struct dsc_tensor *const *)in);

    cr_assert_eq(dsc_session_run(r->s, (const struct dsc_tensor *const *)in, 2), DSC_OK, "%s",
                 dsc_error_message());
    graph_expect_close(dsc_session_output(r->s, 0), expected[0], 1e-5F, "a run");
    graph_free_tensors(expected, 1);
    dsc_tensor_free(in[0]);
    dsc_tensor_free(in[1]);
}

Test(session, alternates_between_shapes)
{
    static const size_t sizes[][2] = { { 1, T }, { 8, T }, { 1, T }, { 3, 1 },   { 8, T },
                                       { 2, T }, { 3, 1 }, { 1, 2 }, { 100, 9 }, { 1, T } };
    struct run r;

    begin(&r);
    for (size_t i = 0; i < DSC_COUNT(sizes); i++)
        expect_right(&r, sizes[i][0], sizes[i][1]);
    end(&r);
}

Test(session, forgets_the_shapes_of_long_ago)
{
    struct run r;

    begin(&r);
    for (size_t round = 0; round < 2; round++)
        for (size_t n = 1; n < 40; n++)
            expect_right(&r, n, T);
    end(&r);
}

Test(session, allocates_nothing_when_warm)
{
    struct dsc_tensor *few[] = { random_words(2, T), op_random(DSC_F32, DSC_SHAPE(2, E), 1) };
    struct dsc_tensor *many[] = { random_words(9, T), op_random(DSC_F32, DSC_SHAPE(9, E), 1) };
    uint64_t before = 0;
    struct run r;

    begin(&r);
    for (int i = 0; i < 3; i++) {
        if (i == 1)
            before = dsc_alloc_count();
        cr_assert_eq(dsc_session_run(r.s, (const struct dsc_tensor *const *)few, 2), DSC_OK);
        cr_assert_eq(dsc_session_run(r.s, (const struct dsc_tensor *const *)many, 2), DSC_OK);
    }
    cr_assert_eq(dsc_alloc_count(), before, "%d allocations", (int)(dsc_alloc_count() - before));
    for (int i = 0; i < 2; i++) {
        dsc_tensor_free(few[i]);
        dsc_tensor_free(many[i]);
    }
    end(&r);
}

static void expect_refused(struct run *r, const struct dsc_tensor *words,
                           const struct dsc_tensor *features, const char *sentence)
{
    const struct dsc_tensor *in[] = { words, features };

    cr_assert_eq(dsc_session_run(r->s, in, features ? 2 : 1), DSC_INVALID);
    cr_assert_str_eq(dsc_error_message(), sentence);
    /* And the session goes on. */
    expect_right(r, 2, T);
}

Test(session, refuses_inputs_that_do_not_fit)
{
    struct dsc_tensor *words = random_words(2, T), *ids = op_random(DSC_F32, DSC_SHAPE(2, T), 1);
    struct dsc_tensor *features = op_random(DSC_F32, DSC_SHAPE(2, E), 1);
    struct dsc_tensor *wide = op_random(DSC_F32, DSC_SHAPE(2, E + 1), 1);
    struct dsc_tensor *many = op_random(DSC_F32, DSC_SHAPE(3, E), 1);
    struct dsc_tensor *flat = op_random(DSC_I32, DSC_SHAPE(T), 1);
    struct dsc_tensor free_axis = op_type(DSC_F32, DSC_SHAPE(ANY, E));
    struct run r;

    begin(&r);
    expect_refused(&r, words, NULL, "1 inputs given, the model has 2");
    expect_refused(&r, ids, features, "input 'words': float32 given, int32 expected");
    expect_refused(&r, words, wide, "input 'features': shape [2, 5] given, [?, 4] expected");
    expect_refused(&r, flat, features, "input 'words': shape [5] given, [?, ?] expected");
    expect_refused(&r, words, &free_axis, "input 'features': shape [?, 4] given, [?, 4] expected");
    expect_refused(&r, words, many,
                   "'gru_2': dense: the addend [2, 4] does not fit the result [3, 4]");
    dsc_tensor_free(words);
    dsc_tensor_free(ids);
    dsc_tensor_free(features);
    dsc_tensor_free(wide);
    dsc_tensor_free(many);
    dsc_tensor_free(flat);
    end(&r);
}

Test(session, names_the_layer_that_fails)
{
    struct dsc_tensor *words = random_words(2, T),
                      *features = op_random(DSC_F32, DSC_SHAPE(2, E), 1);
    struct run r;

    begin(&r);
    dsc_tensor_i32(words)[3] = V;
    cr_assert_eq(dsc_session_run(r.s, (const struct dsc_tensor *[]){ words, features }, 2),
                 DSC_INVALID);
    cr_assert_eq(strncmp(dsc_error_message(), "'embedding_7': ", 15), 0, "%s", dsc_error_message());
    expect_right(&r, 2, T);
    dsc_tensor_free(words);
    dsc_tensor_free(features);
    end(&r);
}

Test(session, reads_inputs_where_they_are_now)
{
    struct dsc_reshape attr = { .rank = 1, .dim = { 4 } };
    struct dsc_graph *g = graph_new();
    int x = graph_input(g, "x", DSC_SHAPE(2, 2));
    struct dsc_session *s = NULL;
    struct dsc_model *m = NULL;

    graph_output(g, GRAPH_NODE(g, reshape, &attr, x));
    graph_output(g, x);
    cr_assert_eq(dsc_model_new(&m, g), DSC_OK);
    cr_assert_eq(dsc_session_new(&s, m, 1), DSC_OK);
    for (unsigned i = 0; i < 3; i++) {
        struct dsc_tensor *in = op_random(DSC_F32, DSC_SHAPE(2, 2), i);

        cr_assert_eq(dsc_session_run(s, (const struct dsc_tensor *const *)&in, 1), DSC_OK);
        for (size_t o = 0; o < 2; o++)
            cr_assert_arr_eq(dsc_session_output(s, o)->data, in->data, 4 * sizeof(float));
        dsc_tensor_free(in);
    }
    dsc_session_free(s);
    dsc_model_free(m);
}

/* A failed allocation leaves a session that can run again. */
Test(session, survives_every_failed_allocation)
{
    struct dsc_tensor *words = random_words(3, T),
                      *features = op_random(DSC_F32, DSC_SHAPE(3, E), 1);
    const struct dsc_tensor *in[] = { words, features };
    enum dsc_status st = DSC_NOMEM;
    struct run r;

    for (uint64_t n = 1; st; n++) {
        begin(&r);
        expect_right(&r, 1, T);
        dsc_alloc_fail_after(n);
        st = dsc_session_run(r.s, in, 2);
        dsc_alloc_fail_after(0);
        cr_assert(st == DSC_OK || st == DSC_NOMEM);
        cr_assert(n < 30);
        expect_right(&r, 1, T);
        expect_right(&r, 3, T);
        end(&r);
    }
    dsc_tensor_free(words);
    dsc_tensor_free(features);
}
