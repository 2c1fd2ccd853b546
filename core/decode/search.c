#include <math.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/decode/search_internal.h"

/* log(sum(exp(x))), so that x - that is a log probability. */
static double log_sum(const float *x, size_t n)
{
    float most = x[0];
    double sum = 0;

    for (size_t i = 1; i < n; i++)
        most = x[i] > most ? x[i] : most;
    for (size_t i = 0; i < n; i++)
        sum += (double)expf(x[i] - most);
    return (double)most + log(sum);
}

/* A probability of 0 is one that f32 could not hold. */
static double log_of_probability(float p)
{
    return log((double)DSC_MAX(p, 0x1p-149f));
}

static void insert(struct dsc_choice *choices, size_t n, size_t *filled, struct dsc_choice c)
{
    size_t i = *filled < n ? (*filled)++ : n - 1;

    for (; i > 0 && choices[i - 1].score < c.score; i--)
        choices[i] = choices[i - 1];
    choices[i] = c;
}

enum dsc_status dsc_choose(const struct dsc_decoder *d, const float *scores, const uint8_t *flags,
                           unsigned banned, struct dsc_choice *choices, size_t *n)
{
    size_t vocabulary = dsc_decoder_vocabulary(d), filled = 0;
    bool is_probability = dsc_decoder_is_probability(d);
    double total;

    for (size_t w = 0; w < vocabulary; w++) {
        if (!(scores[w] < INFINITY))
            return dsc_fail(DSC_INVALID,
                            "the model gave word %zu a score that is not a number (%g): its "
                            "weights or its picture are broken",
                            w, (double)scores[w]);
        if (flags[w] & banned)
            continue;
        if (filled < *n || scores[w] > choices[*n - 1].score)
            insert(choices, *n, &filled, (struct dsc_choice){ (int32_t)w, scores[w], 0 });
    }
    total = is_probability ? 0 : log_sum(scores, vocabulary);
    if (!isfinite(total))
        return dsc_fail(DSC_INVALID, "the model gave no word a score above -inf: its weights or "
                                     "its picture are broken");
    for (size_t i = 0; i < filled; i++)
        choices[i].logprob = is_probability ? log_of_probability(choices[i].score)
                                            : (double)choices[i].score - total;
    *n = filled;
    return DSC_OK;
}

enum dsc_status dsc_hypotheses_add(struct dsc_hypotheses *h, const int32_t *words, size_t n_words,
                                   double logprob)
{
    int32_t *copy = dsc_malloc(n_words, sizeof(*words));

    if (!copy)
        return dsc_fail_nomem("a caption");
    if (n_words)
        memcpy(copy, words, n_words * sizeof(*words));
    h->items[h->n++] = (struct dsc_hypothesis){ copy, n_words, logprob };
    return DSC_OK;
}

void dsc_hypotheses_release(struct dsc_hypotheses *h)
{
    for (size_t i = 0; i < h->n; i++)
        dsc_free(h->items[i].words);
    dsc_free(h->items);
    *h = (struct dsc_hypotheses){ NULL, 0 };
}

enum dsc_status dsc_search_run(struct dsc_decoding *z, const struct dsc_decoder *d,
                               const struct dsc_search *search, struct dsc_hypotheses *out,
                               size_t n_pictures)
{
    struct dsc_search s = *search;
    enum dsc_status st;

    s.beam = DSC_MAX(s.beam, (size_t)1);
    s.candidates = DSC_MIN(DSC_MAX(s.candidates, (size_t)1), s.beam);
    if (!s.max_length || s.max_length > dsc_decoder_length(d))
        s.max_length = dsc_decoder_length(d);
    for (size_t i = 0; i < n_pictures; i++)
        out[i] = (struct dsc_hypotheses){ NULL, 0 };
    if (s.beam == 1)
        st = dsc_greedy_run(z, d, &s, out, n_pictures);
    else
        st = dsc_beam_run(z, d, &s, out, n_pictures);
    for (size_t i = 0; st && i < n_pictures; i++)
        dsc_hypotheses_release(&out[i]);
    return st;
}
