#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/decode/search_internal.h"
#include "tests/support/decode_case.h"
#include "tests/support/graph_case.h"
#include "tests/support/op_case.h"

#define N_PICTURES 3
#define START      1
#define MAX_BEAM   5
#define MAX_WORDS  16
#define MAX_V      80
#define GOLDEN     "tests/golden/keras/"

/* ---- the slow way: sentences scored by the whole model ---- */

struct sentence {
    int32_t words[MAX_WORDS + 1]; /* the start word first */
    size_t n;                     /* words without the start word */
    double logprob;
};

struct reference {
    struct decode_case *c;
    enum dsc_padding_side side;
    bool is_probability;
    struct dsc_search s;
};

/* log p of every word that may come next. */
static void next_words(struct reference *r, size_t picture, const struct sentence *s,
                       double logprobs[MAX_V])
{
    const float *scores = decode_case_scores(r->c, picture, s->words, s->n + 1, r->side);
    size_t v = r->c->vocabulary;
    double sum = 0;

    cr_assert_leq(v, MAX_V);
    for (size_t i = 0; i < v; i++)
        sum += exp((double)scores[i]);
    for (size_t i = 0; i < v; i++)
        logprobs[i] = r->is_probability ? log((double)scores[i]) : (double)scores[i] - log(sum);
}

static struct sentence with(const struct sentence *s, size_t word, double logprob)
{
    struct sentence longer = *s;

    longer.words[++longer.n] = (int32_t)word;
    longer.logprob += logprob;
    return longer;
}

static struct sentence greedy(struct reference *r, size_t picture)
{
    struct sentence s = { .words = { START } };

    for (size_t t = 0; t < r->s.max_length; t++) {
        double logprobs[MAX_V];
        size_t best = 0;

        next_words(r, picture, &s, logprobs);
        for (size_t w = 1; w < r->c->vocabulary; w++)
            if (logprobs[w] > logprobs[best])
                best = w;
        if (r->s.flags[best] & (DSC_WORD_END | DSC_WORD_EMPTY)) {
            s.logprob += logprobs[best];
            break;
        }
        s = with(&s, best, logprobs[best]);
    }
    return s;
}

static double rank(const struct reference *r, const struct sentence *s)
{
    return s->logprob / pow((double)s->n + 1, r->s.length_penalty);
}

/* Put s in a list of at most `most`, best first, after its equals. */
static void insert(const struct reference *r, struct sentence *list, size_t *n, size_t most,
                   const struct sentence *s)
{
    size_t i = *n;

    while (i > 0 && rank(r, &list[i - 1]) < rank(r, s))
        i--;
    if (i == most)
        return;
    *n = DSC_MIN(*n + 1, most);
    memmove(&list[i + 1], &list[i], (*n - i - 1) * sizeof(*list));
    list[i] = *s;
}

struct option {
    struct sentence s; /* the word appended */
    bool ends;
};

static int compare(const void *a, const void *b)
{
    const struct option *x = a, *y = b;

    return (x->s.logprob < y->s.logprob) - (x->s.logprob > y->s.logprob);
}

/* Every word after every live sentence; never stops early. */
static size_t beam(struct reference *r, size_t picture, struct sentence *done)
{
    static struct option options[MAX_BEAM * MAX_V];
    struct sentence live[MAX_BEAM] = { { .words = { START } } };
    size_t n_live = 1, n_done = 0;

    for (size_t t = 0; t < r->s.max_length; t++) {
        size_t n = 0, next = 0;

        for (size_t b = 0; b < n_live; b++) {
            double logprobs[MAX_V];

            next_words(r, picture, &live[b], logprobs);
            for (size_t w = 0; w < r->c->vocabulary; w++)
                if (!(r->s.flags[w] & (DSC_WORD_EMPTY | DSC_WORD_START)))
                    options[n++] = (struct option){ with(&live[b], w, logprobs[w]),
                                                    r->s.flags[w] & DSC_WORD_END };
        }
        qsort(options, n, sizeof(*options), compare);
        for (size_t i = 0; i < n && next < r->s.beam; i++) {
            if (!options[i].ends) {
                live[next++] = options[i].s;
            } else if (i < r->s.beam) {
                options[i].s.n--;
                insert(r, done, &n_done, r->s.beam, &options[i].s);
            }
        }
        n_live = next;
    }
    for (size_t b = 0; b < n_live; b++)
        insert(r, done, &n_done, r->s.beam, &live[b]);
    return n_done;
}

/* ---- comparing ---- */

static void expect_sentence(const struct dsc_hypothesis *got, const struct sentence *want,
                            const char *what)
{
    cr_assert_float_eq(got->logprob, want->logprob, 1e-4, "%s: %.9g, expected %.9g", what,
                       got->logprob, want->logprob);
    cr_assert_eq(got->n_words, want->n, "%s: %zu words, expected %zu", what, got->n_words, want->n);
    for (size_t i = 0; i < want->n; i++)
        cr_assert_eq(got->words[i], want->words[i + 1], "%s: word %zu", what, i);
}

static void expect_picture(struct reference *r, size_t picture, const struct dsc_hypotheses *got,
                           const char *what)
{
    struct sentence want[MAX_BEAM] = { { .n = 0 } };
    size_t n = 1;

    if (r->s.beam == 1)
        want[0] = greedy(r, picture);
    else
        n = beam(r, picture, want);
    cr_assert_eq(got->n, DSC_MIN(n, r->s.candidates));
    for (size_t i = 0; i < got->n; i++)
        expect_sentence(&got->items[i], &want[i], what);
}

struct searcher {
    struct decode_case c;
    struct dsc_decoder *d;
    struct dsc_decoding *z;
    struct reference r;
    uint8_t flags[MAX_V];
};

static void begin(struct searcher *s, const char *path, enum dsc_padding_side side)
{
    struct dsc_decoder_options options = { .side = side };

    memset(s, 0, sizeof(*s));
    cr_assert(decode_case_open(&s->c, path, N_PICTURES, 0));
    cr_assert_eq(dsc_decoder_new(&s->d, s->c.file->graph, &options), DSC_OK);
    cr_assert_eq(dsc_decoding_new(&s->z, s->d, 1), DSC_OK);
    s->r = (struct reference){ &s->c, side, dsc_decoder_is_probability(s->d), { 0 } };
    s->r.s = (struct dsc_search){
        .flags = s->flags, .start = START, .max_length = s->c.length, .beam = 1, .candidates = 1
    };
    s->flags[0] = DSC_WORD_EMPTY;
    s->flags[START] = DSC_WORD_START;
}

static void end(struct searcher *s)
{
    dsc_decoding_free(s->z);
    dsc_decoder_free(s->d);
    decode_case_close(&s->c);
}

static void begin_pictures(struct searcher *s)
{
    cr_assert_eq(
        dsc_decoding_begin(s->z, (const struct dsc_tensor *const *)s->c.pictures, s->c.n_inputs),
        DSC_OK);
}

static void expect_search(struct searcher *s, const char *what)
{
    struct dsc_hypotheses h[N_PICTURES];

    begin_pictures(s);
    cr_assert_eq(dsc_search_run(s->z, s->d, &s->r.s, h, N_PICTURES), DSC_OK, "%s",
                 dsc_error_message());
    for (size_t i = 0; i < N_PICTURES; i++) {
        expect_picture(&s->r, i, &h[i], what);
        dsc_hypotheses_release(&h[i]);
    }
}

static const struct {
    const char *path;
    enum dsc_padding_side side;
} models[] = {
    { GOLDEN "merge-tf215.h5", DSC_PAD_PRE },
    { GOLDEN "merge_nomask-k315.h5", DSC_PAD_PRE },
    { GOLDEN "initinject-tf215.h5", DSC_PAD_POST },
    { GOLDEN "transformer-k315.h5", DSC_PAD_POST },
};

/* Words that end sentences, so that they end early in some and never in others. */
static void each_end(struct searcher *s, const char *what)
{
    for (size_t w = 2; w < 14; w += 3) {
        s->flags[w] = DSC_WORD_END;
        expect_search(s, what);
        s->flags[w] = 0;
    }
}

Test(search, greedy_is_the_likeliest_word_each_time)
{
    for (size_t i = 0; i < DSC_COUNT(models); i++) {
        struct searcher s;

        begin(&s, models[i].path, models[i].side);
        each_end(&s, models[i].path);
        s.r.s.max_length = 3;
        each_end(&s, models[i].path);
        /* Index 0 and other indexes without words end the sentence too. */
        memset(s.flags, DSC_WORD_EMPTY, s.c.vocabulary / 2);
        each_end(&s, models[i].path);
        end(&s);
    }
}

Test(search, beam_is_what_scoring_whole_sentences_gives)
{
    static const double penalties[] = { 0, 0.7, 1, 2 };

    for (size_t i = 0; i < DSC_COUNT(models); i++) {
        struct searcher s;

        begin(&s, models[i].path, models[i].side);
        for (size_t b = 2; b <= MAX_BEAM; b++) {
            s.r.s.beam = b;
            s.r.s.candidates = b;
            s.r.s.length_penalty = penalties[b % DSC_COUNT(penalties)];
            s.r.s.max_length = b == 4 ? 3 : s.c.length;
            each_end(&s, models[i].path);
        }
        end(&s);
    }
}

Test(search, length_penalty_changes_who_wins_not_what_is_found)
{
    static const double penalties[] = { 0, 0.7, 1, 3 };
    struct searcher s;

    begin(&s, models[0].path, models[0].side);
    s.r.s.beam = s.r.s.candidates = 3;
    for (size_t i = 0; i < DSC_COUNT(penalties); i++) {
        s.r.s.length_penalty = penalties[i];
        each_end(&s, "length penalty");
    }
    end(&s);
}

Test(search, candidates_are_the_first_of_the_beam)
{
    struct searcher s;

    begin(&s, models[0].path, models[0].side);
    s.flags[5] = DSC_WORD_END;
    s.r.s.beam = 4;
    for (s.r.s.candidates = 1; s.r.s.candidates <= 4; s.r.s.candidates++)
        expect_search(&s, "candidates");
    end(&s);
}

/* A beam that holds every sentence finds the best of all. */
Test(search, wide_beam_finds_the_best_sentence_of_all)
{
    const uint8_t banned = DSC_WORD_EMPTY | DSC_WORD_START;
    struct dsc_hypotheses h[N_PICTURES];
    double one[MAX_V], two[MAX_V];
    struct searcher s;

    begin(&s, models[0].path, models[0].side);
    s.flags[5] = DSC_WORD_END;
    s.r.s.beam = 600;
    s.r.s.max_length = 2;
    begin_pictures(&s);
    cr_assert_eq(dsc_search_run(s.z, s.d, &s.r.s, h, N_PICTURES), DSC_OK);
    for (size_t i = 0; i < N_PICTURES; i++) {
        const struct sentence empty = { .words = { START } };
        double best = -HUGE_VAL;

        next_words(&s.r, i, &empty, one);
        for (size_t a = 0; a < s.c.vocabulary; a++) {
            const struct sentence first = with(&empty, a, one[a]);

            if (s.flags[a] & DSC_WORD_END)
                best = DSC_MAX(best, one[a]);
            if (s.flags[a])
                continue;
            next_words(&s.r, i, &first, two);
            for (size_t b = 0; b < s.c.vocabulary; b++)
                if (!(s.flags[b] & banned))
                    best = DSC_MAX(best, one[a] + two[b]);
        }
        cr_assert_float_eq(h[i].items[0].logprob, best, 1e-5);
        dsc_hypotheses_release(&h[i]);
    }
    end(&s);
}

/* ---- batches ---- */

static struct dsc_tensor one_of(const struct dsc_tensor *t, size_t i)
{
    struct dsc_tensor one = *t;

    one.shape.dim[0] = 1;
    one.data = (char *)t->data + i * dsc_tensor_count(&one) * dsc_dtype_bytes(t->dtype);
    return one;
}

Test(search, pictures_of_a_batch_do_not_disturb_each_other)
{
    struct dsc_hypotheses all[N_PICTURES], one;
    struct searcher s;

    begin(&s, models[0].path, models[0].side);
    s.flags[5] = DSC_WORD_END;
    for (s.r.s.beam = 1; s.r.s.beam <= 4; s.r.s.beam++) {
        begin_pictures(&s);
        cr_assert_eq(dsc_search_run(s.z, s.d, &s.r.s, all, N_PICTURES), DSC_OK);
        for (size_t i = 0; i < N_PICTURES; i++) {
            struct dsc_tensor picture = one_of(s.c.pictures[0], i);

            cr_assert_eq(dsc_decoding_begin(s.z, (const struct dsc_tensor *[]){ &picture }, 1),
                         DSC_OK);
            cr_assert_eq(dsc_search_run(s.z, s.d, &s.r.s, &one, 1), DSC_OK);
            cr_assert_eq(one.items[0].n_words, all[i].items[0].n_words);
            cr_assert_arr_eq(one.items[0].words, all[i].items[0].words,
                             one.items[0].n_words * sizeof(int32_t));
            cr_assert_float_eq(one.items[0].logprob, all[i].items[0].logprob, 1e-5);
            dsc_hypotheses_release(&one);
            dsc_hypotheses_release(&all[i]);
        }
    }
    end(&s);
}

/* ---- choosing words ---- */

#define V 5

static struct dsc_decoder *decoder_of(bool softmax, struct dsc_graph **graph)
{
    struct dsc_decoder *d = NULL;
    struct dsc_graph *g = graph_new();
    int x;

    cr_assert_eq(dsc_graph_add_input(g, "words", DSC_I32, DSC_SHAPE(DSC_DIM_FREE, 4), &x), DSC_OK);
    x = GRAPH_NODE(g, embedding, NULL, x, graph_weights(g, DSC_SHAPE(V, V)));
    if (softmax)
        x = GRAPH_NODE(g, softmax, &(struct dsc_softmax){ .axis = 2 }, x);
    graph_output(g, x);
    cr_assert_eq(dsc_decoder_new(&d, g, &(struct dsc_decoder_options){ 0 }), DSC_OK);
    *graph = g;
    return d;
}

Test(search, chooses_the_best_words)
{
    static const uint8_t flags[V] = { DSC_WORD_EMPTY, 0, 0, DSC_WORD_END, 0 };
    static const float p[V] = { 0.4F, 0.1F, 0.2F, 0.2F, 0.1F };
    static const float logits[V] = { 1004, 1001, 1002, 1002, -INFINITY };
    struct dsc_choice choices[V + 1];
    struct dsc_graph *g[2];
    struct dsc_decoder *d[] = { decoder_of(true, &g[0]), decoder_of(false, &g[1]) };
    size_t n = 2;

    cr_assert_eq(dsc_choose(d[0], p, flags, 0, choices, &n), DSC_OK);
    cr_assert(n == 2 && choices[0].word == 0 && choices[1].word == 2);
    cr_assert_float_eq(choices[0].logprob, log(0.4), 1e-6);
    n = V + 1;
    cr_assert_eq(dsc_choose(d[0], p, flags, DSC_WORD_EMPTY, choices, &n), DSC_OK);
    cr_assert(n == 4 && choices[0].word == 2 && choices[1].word == 3 && choices[2].word == 1 &&
              choices[3].word == 4);
    n = V;
    cr_assert_eq(dsc_choose(d[1], logits, flags, 0, choices, &n), DSC_OK);
    cr_assert(n == V && choices[0].word == 0 && choices[4].word == 4);
    cr_assert_float_eq(choices[0].logprob, -log(1 + 2 * exp(-2) + exp(-3)), 1e-6);
    cr_assert_eq(choices[4].logprob, -INFINITY);
    for (int i = 0; i < 2; i++) {
        dsc_decoder_free(d[i]);
        dsc_graph_free(g[i]);
    }
}

static void expect_broken(bool softmax, float bad, float others, const char *sentence)
{
    static const uint8_t flags[V] = { 0 };
    const float scores[V] = { others, others, bad, others, others };
    struct dsc_choice choices[V];
    struct dsc_graph *g;
    struct dsc_decoder *d = decoder_of(softmax, &g);
    size_t n = V;

    cr_assert_eq(dsc_choose(d, scores, flags, 0, choices, &n), DSC_INVALID);
    cr_assert_str_eq(dsc_error_message(), sentence);
    dsc_decoder_free(d);
    dsc_graph_free(g);
}

Test(search, refuses_scores_that_are_no_numbers)
{
    expect_broken(true, NAN, 0.1F,
                  "the model gave word 2 a score that is not a number (nan): its weights or its "
                  "picture are broken");
    expect_broken(false, INFINITY, 1,
                  "the model gave word 2 a score that is not a number (inf): its weights or its "
                  "picture are broken");
    expect_broken(false, -INFINITY, -INFINITY,
                  "the model gave no word a score above -inf: its weights or its picture are "
                  "broken");
}

/* ---- out of memory ---- */

Test(search, survives_every_failed_allocation)
{
    struct searcher s;

    begin(&s, models[0].path, models[0].side);
    s.flags[5] = DSC_WORD_END;
    for (s.r.s.beam = 1; s.r.s.beam < 4; s.r.s.beam += 2) {
        enum dsc_status st = DSC_NOMEM;

        for (uint64_t n = 1; st; n++) {
            struct dsc_hypotheses h[N_PICTURES];

            begin_pictures(&s);
            dsc_alloc_fail_after(n);
            st = dsc_search_run(s.z, s.d, &s.r.s, h, N_PICTURES);
            dsc_alloc_fail_after(0);
            cr_assert(st == DSC_OK || st == DSC_NOMEM, "%s", dsc_error_message());
            cr_assert(n < 500);
            for (size_t i = 0; i < N_PICTURES; i++)
                dsc_hypotheses_release(&h[i]);
        }
        expect_search(&s, "after the failures");
    }
    end(&s);
}
