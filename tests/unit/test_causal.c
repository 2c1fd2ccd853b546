#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "tests/support/decode_case.h"
#include "tests/support/graph_case.h"

#define N_PICTURES 3
#define MAX_ROWS   8
#define MAX_LENGTH 16

/* ---- any captioner: one step a word, recomputation and the whole model agree ---- */

struct numbers {
    uint32_t state;
};

static size_t below(struct numbers *r, size_t n)
{
    r->state = r->state * 1664525U + 1013904223U;
    return (r->state >> 8) % n;
}

struct sentence {
    int32_t words[MAX_LENGTH];
    size_t picture;
};

/* The rows of the next step: grown, dropped, twice and in another order. */
static size_t choose_rows(struct numbers *r, const struct decode_case *c, size_t step,
                          const struct sentence *old, size_t n_old, struct sentence *now,
                          struct dsc_row *rows)
{
    size_t n = 1 + below(r, MAX_ROWS);

    for (size_t i = 0; i < n; i++) {
        size_t parent = step ? below(r, n_old) : 0;

        if (step)
            now[i] = old[parent];
        else
            now[i].picture = below(r, c->n_inputs ? N_PICTURES : 1);
        now[i].words[step] = (int32_t)(1 + below(r, c->vocabulary - 1));
        rows[i] = (struct dsc_row){ now[i].picture, parent, now[i].words[step] };
    }
    return n;
}

static void expect_scores(const float *got, const float *want, size_t n, const char *what,
                          size_t step, size_t row)
{
    for (size_t i = 0; i < n; i++)
        cr_assert(fabs((double)got[i] - (double)want[i]) <= 1e-6 + 1e-4 * fabs((double)want[i]),
                  "%s: step %zu, row %zu, word %zu: %.9g, expected %.9g", what, step, row, i,
                  (double)got[i], (double)want[i]);
}

/* Sentences to the model's end, compared at every word. */
static void expect_sentences(struct decode_case *c, struct dsc_decoding *z,
                             enum dsc_padding_side side, const char *what, unsigned seed)
{
    struct sentence sentences[2][MAX_ROWS];
    struct numbers r = { seed };
    struct dsc_row rows[MAX_ROWS];
    size_t n = 0;

    cr_assert_eq(dsc_decoding_begin(z, (const struct dsc_tensor *const *)c->pictures, c->n_inputs),
                 DSC_OK, "%s: %s", what, dsc_error_message());
    for (size_t t = 0; t < c->length; t++) {
        struct sentence *old = sentences[t % 2], *now = sentences[(t + 1) % 2];
        const float *scores;

        n = choose_rows(&r, c, t, old, n, now, rows);
        cr_assert_eq(dsc_decoding_step(z, rows, n, &scores), DSC_OK, "%s: %s", what,
                     dsc_error_message());
        for (size_t i = 0; i < n; i++)
            expect_scores(scores + i * c->vocabulary,
                          decode_case_scores(c, now[i].picture, now[i].words, t + 1, side),
                          c->vocabulary, what, t, i);
    }
    cr_assert_eq(dsc_decoding_step(z, rows, n, &(const float *){ NULL }), DSC_INVALID);
}

static void expect_exact(const char *path, enum dsc_padding_side side, bool never_step)
{
    struct dsc_decoder_options options = { side, 7, never_step };
    struct dsc_decoding *z = NULL;
    struct dsc_decoder *d = NULL;
    struct decode_case c;
    char what[600];

    if (!decode_case_open(&c, path, N_PICTURES, options.length))
        return;
    cr_assert_leq(c.length, MAX_LENGTH);
    snprintf(what, sizeof(what), "%s, padding %s, %s", path, side == DSC_PAD_PRE ? "pre" : "post",
             never_step ? "recomputed" : "stepped");
    cr_assert_eq(dsc_decoder_new(&d, c.file->graph, &options), DSC_OK, "%s: %s", what,
                 dsc_error_message());
    cr_assert_eq(dsc_decoder_vocabulary(d), c.vocabulary);
    cr_assert_eq(dsc_decoder_length(d), c.length);
    cr_assert_eq(dsc_decoding_new(&z, d, 1), DSC_OK);
    for (unsigned seed = 0; seed < 3; seed++)
        expect_sentences(&c, z, side, what, seed);
    dsc_decoding_free(z);
    dsc_decoder_free(d);
    decode_case_close(&c);
}

static void step(const char *path)
{
    expect_exact(path, DSC_PAD_PRE, false);
    expect_exact(path, DSC_PAD_POST, false);
}

static void recompute(const char *path)
{
    expect_exact(path, DSC_PAD_PRE, true);
    expect_exact(path, DSC_PAD_POST, true);
}

Test(causal, steps_as_the_whole_model)
{
    decode_each_model(step);
}

Test(causal, recomputes_as_the_whole_model)
{
    decode_each_model(recompute);
}

/* ---- which models step ---- */

#define BACKWARDS "reads the words backwards"
#define BEFORE    "has no mask, so the padding before the words changes its state"
#define AFTER     "has no mask, so the padding after the words changes its last state"
#define ALL       "needs all words"

/* NULL: one step a word is exact. */
static const struct expectation {
    const char *model, *pre, *post;
} expectations[] = {
    { "bidirectional-tf215", BACKWARDS, BACKWARDS },
    { "bidirectional-k315", BACKWARDS, BACKWARDS },
    { "bidirectional_nomask-tf215", BEFORE, BACKWARDS },
    { "bidirectional_nomask-k315", BEFORE, BACKWARDS },
    { "dot_attention-tf215", BEFORE, ALL },
    { "dot_attention-k315", BEFORE, ALL },
    { "grid_attention-tf215", BEFORE, NULL },
    { "grid_attention-k315", BEFORE, NULL },
    { "initinject-tf215", NULL, NULL },
    { "initinject-k315", BEFORE, NULL }, /* Keras 3 drops the mask beside initial states */
    { "masks_joined-k315", ALL, ALL },
    { "merge-tf215", NULL, NULL },
    { "merge-k315", NULL, NULL },
    { "merge_concat_gru-tf215", NULL, NULL },
    { "merge_concat_gru-k315", NULL, NULL },
    { "merge_gru_noreset-tf215", NULL, NULL },
    { "merge_gru_noreset-k315", NULL, NULL },
    { "merge_hardsig-tf215", NULL, NULL },
    { "merge_hardsig-k315", NULL, NULL },
    { "merge_integers-tf215", NULL, NULL },
    { "merge_integers-k315", NULL, NULL },
    { "merge_nomask-tf215", BEFORE, AFTER },
    { "merge_nomask-k315", BEFORE, AFTER },
    { "parinject-tf215", NULL, NULL },
    { "parinject-k315", BEFORE, AFTER }, /* Keras 3: a branch without a mask leaves none */
    { "parinject_twice-tf215", NULL, NULL },
    { "parinject_twice-k315", BEFORE, AFTER },
    { "sequential-tf215", BEFORE, AFTER },
    { "sequential-k315", BEFORE, AFTER },
    { "states-tf215", BACKWARDS, BACKWARDS },
    { "states-k315", BACKWARDS, BACKWARDS },
    { "transformer-tf215", ALL, NULL },
    { "transformer-k315", ALL, NULL },
};

static void expect_reason(const char *model, const struct dsc_graph *g, enum dsc_padding_side side,
                          const char *reason)
{
    struct dsc_decoder_options options = { side, 7, false };
    struct dsc_decoder *d = NULL;
    const char *got;

    cr_assert_eq(dsc_decoder_new(&d, g, &options), DSC_OK, "%s: %s", model, dsc_error_message());
    got = dsc_decoder_recompute_reason(d);
    cr_assert_eq(!got, !reason, "%s, side %d: %s", model, (int)side, got ? got : "steps");
    if (reason)
        cr_assert_not_null(strstr(got, reason), "%s: it %s, expected: %s", model, got, reason);
    dsc_decoder_free(d);
}

Test(causal, says_which_models_step_and_why_not)
{
    for (size_t i = 0; i < DSC_COUNT(expectations); i++) {
        const struct expectation *e = &expectations[i];
        struct dsc_keras_model *k = NULL;
        char path[128];

        snprintf(path, sizeof(path), "tests/golden/keras/%s.h5", e->model);
        cr_assert_eq(dsc_keras_load(&k, path), DSC_OK, "%s", dsc_error_message());
        expect_reason(e->model, k->graph, DSC_PAD_PRE, e->pre);
        expect_reason(e->model, k->graph, DSC_PAD_POST, e->post);
        dsc_keras_model_free(k);
    }
}

/* ---- rules that no golden model shows ---- */

#define T 4
#define E 3

struct words_model {
    struct dsc_graph *g;
    int words, mask, x; /* [?, T], word != 0, the embedded words [?, T, E] */
};

static struct words_model begin_model(void)
{
    struct dsc_binary not_equal = { .kind = DSC_NOT_EQUAL };
    struct words_model m = { .g = graph_new() };

    cr_assert_eq(dsc_graph_add_input(m.g, "words", DSC_I32, DSC_SHAPE(DSC_DIM_FREE, T), &m.words),
                 DSC_OK);
    m.mask = GRAPH_NODE(m.g, binary, &not_equal, m.words);
    m.x = GRAPH_NODE(m.g, embedding, NULL, m.words, graph_weights(m.g, DSC_SHAPE(9, E)));
    return m;
}

static int gru(struct dsc_graph *g, int x, int mask, int h, struct dsc_recurrent attr)
{
    attr.act.kind = DSC_ACT_TANH;
    attr.gate_act.kind = DSC_ACT_SIGMOID;
    return GRAPH_NODE(g, gru, &attr, x, graph_weights(g, DSC_SHAPE(E, 3 * E)),
                      graph_weights(g, DSC_SHAPE(E, 3 * E)), -1, mask, h);
}

static void end_model(struct words_model m, int output, const char *pre, const char *post)
{
    graph_output(m.g, output);
    expect_reason("a graph", m.g, DSC_PAD_PRE, pre);
    expect_reason("a graph", m.g, DSC_PAD_POST, post);
    dsc_graph_free(m.g);
}

Test(causal, refuses_zeros_after_the_padding)
{
    struct words_model m = begin_model();

    end_model(m, gru(m.g, m.x, m.mask, -1, (struct dsc_recurrent){ .zero_masked = true }), NULL,
              "gives zeros after the padding that follows the words");
    m = begin_model();
    end_model(
        m,
        gru(m.g, m.x, m.mask, -1, (struct dsc_recurrent){ .zero_masked = true, .sequences = true }),
        NULL, NULL);
}

Test(causal, knows_the_mask_of_the_words)
{
    struct dsc_binary both = { .kind = DSC_AND }, either = { .kind = DSC_OR };
    struct dsc_binary seven = { .kind = DSC_NOT_EQUAL, .scalar = 7 };
    struct words_model m = begin_model();

    end_model(m,
              gru(m.g, m.x, GRAPH_NODE(m.g, binary, &both, m.mask, m.mask), -1,
                  (struct dsc_recurrent){ 0 }),
              NULL, NULL);
    m = begin_model();
    end_model(m,
              gru(m.g, m.x, GRAPH_NODE(m.g, binary, &either, m.mask, m.mask), -1,
                  (struct dsc_recurrent){ 0 }),
              "not the padding of the words", "not the padding of the words");
    m = begin_model();
    end_model(
        m, gru(m.g, m.x, GRAPH_NODE(m.g, binary, &seven, m.words), -1, (struct dsc_recurrent){ 0 }),
        "not the padding of the words", "not the padding of the words");
}

Test(causal, refuses_a_state_that_the_words_made)
{
    struct words_model m = begin_model();
    int h = gru(m.g, m.x, m.mask, -1, (struct dsc_recurrent){ 0 });

    end_model(m, gru(m.g, m.x, m.mask, h, (struct dsc_recurrent){ 0 }),
              "begins from a state that depends on the words",
              "begins from a state that depends on the words");
}

Test(causal, refuses_to_join_the_sentence_with_its_words)
{
    struct dsc_reshape attr = { .rank = 3, .dim = { DSC_RESHAPE_COPY, 1, E } };
    struct words_model m = begin_model();
    int last = gru(m.g, m.x, m.mask, -1, (struct dsc_recurrent){ 0 });

    last = GRAPH_NODE(m.g, reshape, &attr, last);
    end_model(m, graph_add(m.g, m.x, last), "joins the end of the sentence with each of its words",
              "joins the end of the sentence with each of its words");
}

/* A table of positions differs from word to word. */
Test(causal, refuses_constants_along_the_words)
{
    struct words_model m = begin_model();

    end_model(m, graph_add(m.g, m.x, graph_weights(m.g, DSC_SHAPE(T, E))), ALL, ALL);
    m = begin_model();
    end_model(m, graph_add(m.g, m.x, graph_weights(m.g, DSC_SHAPE(1, E))), NULL, NULL);
}
