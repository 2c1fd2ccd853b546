#include "core/base/alloc.h"
#include "core/decode/search_internal.h"

struct sentence {
    int32_t *words;
    size_t n_words;
    double logprob;
};

static enum dsc_status finish(struct dsc_hypotheses *h, const struct sentence *s)
{
    h->items = dsc_calloc(1, sizeof(*h->items));
    if (!h->items)
        return dsc_fail_nomem("a caption");
    return dsc_hypotheses_add(h, s->words, s->n_words, s->logprob);
}

/* Give every row its word; keep, as rows of the next step, those that go on. */
static enum dsc_status extend(const struct dsc_decoder *d, const struct dsc_search *search,
                              struct sentence *sentences, struct dsc_row *rows, size_t *n_rows,
                              const float *scores)
{
    size_t kept = 0;

    for (size_t r = 0; r < *n_rows; r++) {
        struct sentence *s = &sentences[rows[r].picture];
        struct dsc_choice c;
        size_t one = 1;
        enum dsc_status st =
            dsc_choose(d, scores + r * dsc_decoder_vocabulary(d), search->flags, 0, &c, &one);

        if (st)
            return st;
        s->logprob += c.logprob;
        if (search->flags[c.word] & (DSC_WORD_END | DSC_WORD_EMPTY))
            continue;
        s->words[s->n_words++] = c.word;
        rows[kept++] = (struct dsc_row){ rows[r].picture, r, c.word };
    }
    *n_rows = kept;
    return DSC_OK;
}

static enum dsc_status run(struct dsc_decoding *z, const struct dsc_decoder *d,
                           const struct dsc_search *search, struct sentence *sentences,
                           struct dsc_row *rows, size_t n_rows)
{
    for (size_t t = 0; t < search->max_length && n_rows; t++) {
        const float *scores;
        enum dsc_status st = dsc_decoding_step(z, rows, n_rows, &scores);

        if (!st)
            st = extend(d, search, sentences, rows, &n_rows, scores);
        if (st)
            return st;
    }
    return DSC_OK;
}

enum dsc_status dsc_greedy_run(struct dsc_decoding *z, const struct dsc_decoder *d,
                               const struct dsc_search *search, struct dsc_hypotheses *out,
                               size_t n_pictures)
{
    struct sentence *sentences = dsc_calloc(n_pictures, sizeof(*sentences));
    struct dsc_row *rows = dsc_malloc(n_pictures, sizeof(*rows));
    int32_t *words = dsc_malloc(n_pictures, search->max_length * sizeof(*words));
    enum dsc_status st = DSC_OK;

    if (!sentences || !rows || !words)
        st = dsc_fail_nomem("captions");
    for (size_t i = 0; !st && i < n_pictures; i++) {
        sentences[i].words = words + i * search->max_length;
        rows[i] = (struct dsc_row){ i, i, search->start };
    }
    if (!st)
        st = run(z, d, search, sentences, rows, n_pictures);
    for (size_t i = 0; !st && i < n_pictures; i++)
        st = finish(&out[i], &sentences[i]);
    dsc_free(sentences);
    dsc_free(rows);
    dsc_free(words);
    return st;
}
