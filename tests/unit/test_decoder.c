#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "core/base/alloc.h"
#include "tests/support/decode_case.h"
#include "tests/support/graph_case.h"
#include "tests/support/op_case.h"

#define ANY   DSC_DIM_FREE
#define E     3
#define V     5
#define MERGE "tests/golden/keras/merge-tf215.h5"

static void expect_no_decoder(struct dsc_graph *g, enum dsc_status status, const char *sentence)
{
    struct dsc_decoder *d = NULL;

    cr_assert_eq(dsc_decoder_new(&d, g, &(struct dsc_decoder_options){ 0 }), status);
    cr_assert_str_eq(dsc_error_message(), sentence);
    cr_assert_null(d);
    dsc_graph_free(g);
}

/* words of a type and length -> [?, T, E] */
static struct dsc_graph *words_graph(enum dsc_dtype dtype, size_t length, int *x)
{
    struct dsc_graph *g = graph_new();

    cr_assert_eq(dsc_graph_add_input(g, "words", dtype, DSC_SHAPE(ANY, length), x), DSC_OK);
    if (dtype == DSC_BOOL)
        *x = GRAPH_NODE(g, cast, &(struct dsc_cast){ DSC_I32 }, *x);
    *x = GRAPH_NODE(g, embedding, NULL, *x, graph_weights(g, DSC_SHAPE(9, E)));
    return g;
}

static int scores_of(struct dsc_graph *g, int x)
{
    x = GRAPH_NODE(g, dense, &(struct dsc_dense){ 0 }, x, graph_weights(g, DSC_SHAPE(E, V)));
    return GRAPH_NODE(g, softmax, &(struct dsc_softmax){ .axis = dsc_graph_shape(g, x).rank - 1 },
                      x);
}

Test(decoder, refuses_what_is_no_captioner)
{
    static const char nothing[] = "not a captioner: no input [?, T] of word indices is read by an "
                                  "Embedding layer";
    struct dsc_graph *g = graph_new();
    int x = graph_input(g, "image", DSC_SHAPE(ANY, E));

    graph_output(g, scores_of(g, x));
    expect_no_decoder(g, DSC_UNSUPPORTED, nothing);
    g = words_graph(DSC_BOOL, 4, &x);
    graph_output(g, scores_of(g, x));
    expect_no_decoder(g, DSC_UNSUPPORTED, nothing);
    g = words_graph(DSC_I32, 4, &x);
    expect_no_decoder(g, DSC_UNSUPPORTED, nothing);
}

Test(decoder, refuses_outputs_that_are_no_scores)
{
    struct dsc_reduce words = { .kind = DSC_REDUCE_SUM, .axes = 6 };
    struct dsc_reshape four = { .rank = 4, .dim = { DSC_RESHAPE_COPY, DSC_RESHAPE_COPY, 1, V } };
    struct dsc_binary zero = { .kind = DSC_NOT_EQUAL };
    struct dsc_graph *g;
    int x, y;

    g = words_graph(DSC_I32, 4, &x);
    graph_output(g, graph_input(g, "scores", DSC_SHAPE(ANY, V)));
    expect_no_decoder(g, DSC_UNSUPPORTED, "the model's output does not depend on its words");
    g = words_graph(DSC_I32, 4, &x);
    graph_output(g, GRAPH_NODE(g, binary, &zero, x));
    expect_no_decoder(g, DSC_UNSUPPORTED, "the model's output is bool, scores are float32");
    g = words_graph(DSC_I32, 4, &x);
    graph_output(g, GRAPH_NODE(g, reduce, &words, x));
    expect_no_decoder(g, DSC_UNSUPPORTED,
                      "the model's output has shape [?], a score for each word of a vocabulary "
                      "[?, V] or [?, T, V] was expected");
    g = words_graph(DSC_I32, 4, &x);
    y = scores_of(g, x);
    graph_output(g, GRAPH_NODE(g, reshape, &four, y));
    expect_no_decoder(g, DSC_UNSUPPORTED,
                      "the model's output has shape [?, 4, 1, 5], a score for each word of a "
                      "vocabulary [?, V] or [?, T, V] was expected");
    g = words_graph(DSC_I32, 4, &x);
    graph_output(
        g, scores_of(
               g, GRAPH_NODE(g, slice, (&(struct dsc_slice){ .rank = 2, .size = { ANY, 3 } }), x)));
    expect_no_decoder(g, DSC_UNSUPPORTED,
                      "the model's output [?, 3, 5] holds more than the scores of one word");
}

Test(decoder, needs_a_length)
{
    struct dsc_decoder_options options = { .length = 6 };
    struct dsc_decoder *d = NULL;
    int x;
    struct dsc_graph *g = words_graph(DSC_I32, ANY, &x);

    graph_output(g, scores_of(g, x));
    cr_assert_eq(dsc_decoder_new(&d, g, &options), DSC_OK, "%s", dsc_error_message());
    cr_assert_eq(dsc_decoder_length(d), 6);
    dsc_decoder_free(d);
    expect_no_decoder(g, DSC_INVALID,
                      "the model reads sentences of any length: say how long they "
                      "may be with --max-length");
    g = words_graph(DSC_I32, (size_t)1 << 62, &x);
    graph_output(g, scores_of(g, x));
    expect_no_decoder(g, DSC_UNSUPPORTED,
                      "sentences of 4611686018427387904 words: 1000000 is the most");
}

Test(decoder, finds_the_softmax_behind_other_shapes)
{
    struct dsc_reshape same = { .rank = 3, .dim = { DSC_RESHAPE_COPY, DSC_RESHAPE_COPY, V } };
    struct dsc_dropout none = { 0.5F };

    for (int logits = 0; logits < 2; logits++) {
        struct dsc_decoder *d = NULL;
        int x, y;
        struct dsc_graph *g = words_graph(DSC_I32, 4, &x);

        y = scores_of(g, x);
        if (logits)
            y = GRAPH_NODE(g, dense, &(struct dsc_dense){ 0 }, y,
                           graph_weights(g, DSC_SHAPE(V, V)));
        graph_output(g, GRAPH_NODE(g, dropout, &none, GRAPH_NODE(g, reshape, &same, y)));
        cr_assert_eq(dsc_decoder_new(&d, g, &(struct dsc_decoder_options){ 0 }), DSC_OK, "%s",
                     dsc_error_message());
        cr_assert_eq(dsc_decoder_is_probability(d), !logits);
        dsc_decoder_free(d);
        dsc_graph_free(g);
    }
}

/* A model of words alone writes one story. */
Test(decoder, takes_a_model_without_a_picture)
{
    struct dsc_row row = { .word = 2 };
    struct dsc_decoding *z = NULL;
    struct dsc_decoder *d = NULL;
    const float *scores;
    double sum = 0;
    int x;
    struct dsc_graph *g = words_graph(DSC_F32, 4, &x);

    graph_output(g, scores_of(g, x));
    cr_assert_eq(dsc_decoder_new(&d, g, &(struct dsc_decoder_options){ 0 }), DSC_OK);
    cr_assert_eq(dsc_decoding_new(&z, d, 1), DSC_OK);
    cr_assert_eq(dsc_decoding_begin(z, NULL, 0), DSC_OK);
    cr_assert_eq(dsc_decoding_step(z, &row, 1, &scores), DSC_OK, "%s", dsc_error_message());
    for (size_t i = 0; i < V; i++)
        sum += (double)scores[i];
    cr_assert_float_eq(sum, 1, 1e-5);
    dsc_decoding_free(z);
    dsc_decoder_free(d);
    dsc_graph_free(g);
}

/* words and an image [?, 1, ?, E]: what the picture carries has another shape for each width. */
static struct dsc_graph *any_size(void)
{
    struct dsc_reshape apart = { .rank = 4, .dim = { DSC_RESHAPE_COPY, DSC_RESHAPE_COPY, 1, E } };
    struct dsc_reduce all = { .kind = DSC_REDUCE_SUM, .axes = 1U << 2 };
    int x, image, y;
    struct dsc_graph *g = words_graph(DSC_I32, 4, &x);

    image = graph_input(g, "image", DSC_SHAPE(ANY, 1, ANY, E));
    /* [N, T, 1, E] times [N, 1, W, E], summed over W. */
    y = GRAPH_NODE(g, binary, &(struct dsc_binary){ .kind = DSC_MUL },
                   GRAPH_NODE(g, reshape, &apart, x), graph_act(g, image, DSC_ACT_TANH));
    graph_output(g, scores_of(g, GRAPH_NODE(g, reduce, &all, y)));
    return g;
}

Test(decoder, takes_pictures_of_other_sizes)
{
    struct dsc_decoder *d[2] = { NULL, NULL };
    struct dsc_decoding *z[2] = { NULL, NULL };
    struct dsc_graph *g = any_size();

    for (int i = 0; i < 2; i++) {
        struct dsc_decoder_options options = { .never_step = i };

        cr_assert_eq(dsc_decoder_new(&d[i], g, &options), DSC_OK, "%s", dsc_error_message());
        cr_assert_eq(dsc_decoding_new(&z[i], d[i], 1), DSC_OK);
    }
    cr_assert_null(dsc_decoder_recompute_reason(d[0]));
    for (size_t width = 1; width < 5; width++) {
        struct dsc_tensor *in = op_random(DSC_F32, DSC_SHAPE(2, 1, width, E), (unsigned)width);
        struct dsc_row rows[] = { { 1, 0, 3 }, { 0, 1, 4 } };
        const float *scores[2];

        for (int i = 0; i < 2; i++) {
            cr_assert_eq(dsc_decoding_begin(z[i], (const struct dsc_tensor *const *)&in, 1),
                         DSC_OK);
            for (int t = 0; t < 2; t++)
                cr_assert_eq(dsc_decoding_step(z[i], rows, 2, &scores[i]), DSC_OK, "%s",
                             dsc_error_message());
        }
        for (size_t i = 0; i < 2 * V; i++)
            cr_assert_float_eq((double)scores[0][i], (double)scores[1][i], 1e-6);
        dsc_tensor_free(in);
    }
    for (int i = 0; i < 2; i++) {
        dsc_decoding_free(z[i]);
        dsc_decoder_free(d[i]);
    }
    dsc_graph_free(g);
}

/* A hostile model could make one value for all pictures. */
Test(decoder, refuses_to_mix_pictures)
{
    struct dsc_reduce over_batch = { .kind = DSC_REDUCE_SUM, .axes = 1, .keep_axes = true };
    struct dsc_tensor *in = op_random(DSC_F32, DSC_SHAPE(3, E), 1);
    struct dsc_decoding *z = NULL;
    struct dsc_decoder *d = NULL;
    int x, image;
    struct dsc_graph *g = words_graph(DSC_I32, 4, &x);

    image = GRAPH_NODE(g, reduce, &over_batch, graph_input(g, "image", DSC_SHAPE(ANY, E)));
    image = GRAPH_NODE(g, repeat, (&(struct dsc_repeat){ 1, 4 }), image);
    graph_output(g, scores_of(g, graph_add(g, x, image)));
    cr_assert_eq(dsc_decoder_new(&d, g, &(struct dsc_decoder_options){ 0 }), DSC_OK, "%s",
                 dsc_error_message());
    cr_assert_eq(dsc_decoding_new(&z, d, 1), DSC_OK);
    cr_assert_eq(dsc_decoding_begin(z, (const struct dsc_tensor *const *)&in, 1), DSC_INVALID);
    cr_assert_str_eq(dsc_error_message(), "the model mixes the samples of a batch");
    dsc_decoding_free(z);
    dsc_decoder_free(d);
    dsc_graph_free(g);
    dsc_tensor_free(in);
}

/* Warm, a whole sentence allocates nothing. */
Test(decoder, allocates_nothing_when_warm)
{
    struct dsc_decoding *z = NULL;
    struct dsc_decoder *d = NULL;
    struct decode_case c;
    uint64_t before = 0;

    cr_assert(decode_case_open(&c, MERGE, 2, 0));
    cr_assert_eq(dsc_decoder_new(&d, c.file->graph, &(struct dsc_decoder_options){ 0 }), DSC_OK);
    cr_assert_eq(dsc_decoding_new(&z, d, 1), DSC_OK);
    for (int round = 0; round < 3; round++) {
        struct dsc_row rows[] = { { 0, 0, 1 }, { 1, 1, 1 }, { 1, 1, 2 } };
        const float *scores;

        if (round == 1)
            before = dsc_alloc_count();
        cr_assert_eq(
            dsc_decoding_begin(z, (const struct dsc_tensor *const *)c.pictures, c.n_inputs),
            DSC_OK);
        for (size_t t = 0; t < c.length; t++)
            cr_assert_eq(dsc_decoding_step(z, rows, 2 + t % 2, &scores), DSC_OK);
    }
    cr_assert_eq(dsc_alloc_count(), before);
    dsc_decoding_free(z);
    dsc_decoder_free(d);
    decode_case_close(&c);
}

/* Everything from the split to two steps with more rows. */
static enum dsc_status decode(const struct decode_case *c, bool never_step)
{
    struct dsc_decoder_options options = { .never_step = never_step };
    struct dsc_row rows[] = { { 0, 0, 1 }, { 1, 0, 2 }, { 0, 0, 3 } };
    struct dsc_decoding *z = NULL;
    struct dsc_decoder *d = NULL;
    const float *scores;
    enum dsc_status st = dsc_decoder_new(&d, c->file->graph, &options);

    if (!st)
        st = dsc_decoding_new(&z, d, 1);
    if (!st)
        st = dsc_decoding_begin(z, (const struct dsc_tensor *const *)c->pictures, c->n_inputs);
    if (!st)
        st = dsc_decoding_step(z, rows, 2, &scores);
    if (!st)
        st = dsc_decoding_step(z, rows, 3, &scores);
    dsc_decoding_free(z);
    dsc_decoder_free(d);
    return st;
}

Test(decoder, survives_every_failed_allocation)
{
    static const char *const models[] = {
        MERGE,
        "tests/golden/keras/transformer-k315.h5",
        "tests/golden/keras/parinject-tf215.h5",
    };

    for (size_t i = 0; i < 2 * DSC_COUNT(models); i++) {
        enum dsc_status st = DSC_NOMEM;
        struct decode_case c;

        cr_assert(decode_case_open(&c, models[i / 2], 2, 0));
        for (uint64_t n = 1; st; n++) {
            dsc_alloc_fail_after(n);
            st = decode(&c, i % 2);
            dsc_alloc_fail_after(0);
            cr_assert(st == DSC_OK || st == DSC_NOMEM, "%s, allocation %d: %s", models[i / 2],
                      (int)n, dsc_error_message());
            cr_assert(n < 2000);
        }
        decode_case_close(&c);
    }
}
