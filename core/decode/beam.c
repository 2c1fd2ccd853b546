#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/decode/search_internal.h"

struct beam {
    double logprob;
    size_t row; /* of the last step */
    int32_t *words;
};

struct candidate {
    double logprob;
    size_t beam;
    int32_t word;
};

/* The search for one picture. All of its sentences have n_words words. */
struct picture {
    struct beam *live, *next;
    size_t n_live;
    struct dsc_hypotheses done; /* best first by rank(); at most search->beam */
    size_t n_words;
};

struct search {
    const struct dsc_search *options;
    const struct dsc_decoder *d;
    struct picture *pictures;
    size_t n_pictures;
    struct candidate *candidates; /* beam * (beam + 1) */
    struct dsc_choice *choices;   /* beam + 1 */
    struct dsc_row *rows;
    struct beam *beams;
    int32_t *words;
};

/* What sentences compete by; `length` counts the end word, also where the model could read no
 * more before it came. */
static double rank(const struct dsc_search *o, double logprob, size_t length)
{
    return o->length_penalty == 0 ? logprob : logprob / pow((double)length, o->length_penalty);
}

static double rank_done(const struct dsc_search *o, const struct dsc_hypothesis *h)
{
    return rank(o, h->logprob, h->n_words + 1);
}

/* Keep a finished sentence when it is among the best. */
static enum dsc_status finish(const struct search *s, struct picture *p, const int32_t *words,
                              double logprob)
{
    const struct dsc_search *o = s->options;
    double mine = rank(o, logprob, p->n_words + 1);
    struct dsc_hypothesis h;
    enum dsc_status st;
    size_t i;

    if (p->done.n == o->beam) {
        if (rank_done(o, &p->done.items[o->beam - 1]) >= mine)
            return DSC_OK;
        dsc_free(p->done.items[--p->done.n].words);
    }
    st = dsc_hypotheses_add(&p->done, words, p->n_words, logprob);
    if (st)
        return st;
    h = p->done.items[p->done.n - 1];
    for (i = p->done.n - 1; i > 0 && rank_done(o, &p->done.items[i - 1]) < mine; i--)
        p->done.items[i] = p->done.items[i - 1];
    p->done.items[i] = h;
    return DSC_OK;
}

/* Best first; equal ones by beam, then by word, so that results never depend on the sort. */
static int compare(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;

    if (x->logprob != y->logprob)
        return x->logprob < y->logprob ? 1 : -1;
    if (x->beam != y->beam)
        return x->beam < y->beam ? -1 : 1;
    return (x->word > y->word) - (x->word < y->word);
}

static enum dsc_status list_candidates(struct search *s, const struct picture *p,
                                       const float *scores, size_t *n)
{
    size_t vocabulary = dsc_decoder_vocabulary(s->d);

    *n = 0;
    for (size_t b = 0; b < p->n_live; b++) {
        size_t n_choices = s->options->beam + 1;
        enum dsc_status st =
            dsc_choose(s->d, scores + p->live[b].row * vocabulary, s->options->flags,
                       DSC_WORD_EMPTY | DSC_WORD_START, s->choices, &n_choices);

        if (st)
            return st;
        for (size_t i = 0; i < n_choices; i++)
            s->candidates[(*n)++] = (struct candidate){ p->live[b].logprob + s->choices[i].logprob,
                                                        b, s->choices[i].word };
    }
    qsort(s->candidates, *n, sizeof(*s->candidates), compare);
    return DSC_OK;
}

/* The best candidates become the live sentences; end words among the first `beam` finish theirs. */
static enum dsc_status advance(struct search *s, struct picture *p, size_t n_candidates)
{
    size_t n_next = 0, beam = s->options->beam;
    struct beam *swap = p->live;

    for (size_t i = 0; i < n_candidates && n_next < beam; i++) {
        const struct candidate *c = &s->candidates[i];
        const struct beam *from = &p->live[c->beam];
        struct beam *to = &p->next[n_next];
        enum dsc_status st = DSC_OK;

        if (s->options->flags[c->word] & DSC_WORD_END) {
            if (i < beam)
                st = finish(s, p, from->words, c->logprob);
            if (st)
                return st;
            continue;
        }
        to->logprob = c->logprob;
        to->row = from->row;
        memcpy(to->words, from->words, p->n_words * sizeof(int32_t));
        to->words[p->n_words] = c->word;
        n_next++;
    }
    p->live = p->next;
    p->next = swap;
    p->n_live = n_next;
    p->n_words++;
    return DSC_OK;
}

/* No live sentence can come before the worst of a full list: adding words only lowers log p,
 * and the longest, of max_length words without an end word, divides it by (max_length + 1)^a. */
static bool is_settled(const struct search *s, const struct picture *p)
{
    const struct dsc_search *o = s->options;
    double best = -HUGE_VAL;

    if (p->done.n < o->beam)
        return p->n_live == 0;
    for (size_t b = 0; b < p->n_live; b++)
        best = DSC_MAX(best, p->live[b].logprob);
    return rank_done(o, &p->done.items[o->beam - 1]) >=
           rank(o, best, o->length_penalty > 0 ? o->max_length + 1 : p->n_words + 1);
}

static size_t list_rows(struct search *s)
{
    size_t n = 0;

    for (size_t i = 0; i < s->n_pictures; i++) {
        struct picture *p = &s->pictures[i];

        for (size_t b = 0; b < p->n_live; b++) {
            int32_t word = p->n_words ? p->live[b].words[p->n_words - 1] : s->options->start;

            s->rows[n] = (struct dsc_row){ i, p->live[b].row, word };
            p->live[b].row = n++;
        }
    }
    return n;
}

static enum dsc_status step(struct search *s, const float *scores)
{
    for (size_t i = 0; i < s->n_pictures; i++) {
        struct picture *p = &s->pictures[i];
        enum dsc_status st = DSC_OK;
        size_t n;

        if (!p->n_live)
            continue;
        st = list_candidates(s, p, scores, &n);
        if (!st)
            st = advance(s, p, n);
        if (st)
            return st;
        if (is_settled(s, p))
            p->n_live = 0;
    }
    return DSC_OK;
}

/* The model can read no more: what is unfinished competes as it is. */
static enum dsc_status finish_all(struct search *s)
{
    for (size_t i = 0; i < s->n_pictures; i++) {
        struct picture *p = &s->pictures[i];

        for (size_t b = 0; b < p->n_live; b++) {
            enum dsc_status st = finish(s, p, p->live[b].words, p->live[b].logprob);

            if (st)
                return st;
        }
    }
    return DSC_OK;
}

static enum dsc_status run(struct search *s, struct dsc_decoding *z)
{
    for (size_t t = 0; t < s->options->max_length; t++) {
        size_t n_rows = list_rows(s);
        const float *scores;
        enum dsc_status st;

        if (!n_rows)
            return DSC_OK;
        st = dsc_decoding_step(z, s->rows, n_rows, &scores);
        if (!st)
            st = step(s, scores);
        if (st)
            return st;
    }
    return finish_all(s);
}

static enum dsc_status set_up(struct search *s)
{
    size_t beam = s->options->beam, length = s->options->max_length;
    size_t n_beams = 2 * beam * s->n_pictures;

    s->pictures = dsc_calloc(s->n_pictures, sizeof(*s->pictures));
    s->candidates = dsc_malloc(beam * (beam + 1), sizeof(*s->candidates));
    s->choices = dsc_malloc(beam + 1, sizeof(*s->choices));
    s->rows = dsc_malloc(beam * s->n_pictures, sizeof(*s->rows));
    s->beams = dsc_calloc(n_beams, sizeof(*s->beams));
    s->words = dsc_malloc(n_beams, length * sizeof(*s->words));
    if (!s->pictures || !s->candidates || !s->choices || !s->rows || !s->beams || !s->words)
        return dsc_fail_nomem("captions");
    for (size_t i = 0; i < n_beams; i++)
        s->beams[i].words = s->words + i * length;
    for (size_t i = 0; i < s->n_pictures; i++) {
        struct picture *p = &s->pictures[i];

        p->live = s->beams + 2 * i * beam;
        p->next = p->live + beam;
        p->n_live = 1;
        p->done.items = dsc_calloc(beam, sizeof(*p->done.items));
        if (!p->done.items)
            return dsc_fail_nomem("captions");
    }
    return DSC_OK;
}

/* The wanted sentences move out; the rest is freed with the search. */
static void hand_over(struct search *s, struct dsc_hypotheses *out)
{
    for (size_t i = 0; i < s->n_pictures; i++) {
        struct dsc_hypotheses *done = &s->pictures[i].done;

        while (done->n > s->options->candidates)
            dsc_free(done->items[--done->n].words);
        out[i] = *done;
        *done = (struct dsc_hypotheses){ NULL, 0 };
    }
}

enum dsc_status dsc_beam_run(struct dsc_decoding *z, const struct dsc_decoder *d,
                             const struct dsc_search *search, struct dsc_hypotheses *out,
                             size_t n_pictures)
{
    struct search s = { .options = search, .d = d, .n_pictures = n_pictures };
    enum dsc_status st = set_up(&s);

    if (!st)
        st = run(&s, z);
    if (!st)
        hand_over(&s, out);
    for (size_t i = 0; s.pictures && i < n_pictures; i++)
        dsc_hypotheses_release(&s.pictures[i].done);
    dsc_free(s.pictures);
    dsc_free(s.candidates);
    dsc_free(s.choices);
    dsc_free(s.rows);
    dsc_free(s.beams);
    dsc_free(s.words);
    return st;
}
