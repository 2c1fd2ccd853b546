/* search_internal.h - what greedy and beam search share. */
#ifndef DSC_SEARCH_INTERNAL_H
#define DSC_SEARCH_INTERNAL_H

#include "core/decode/search.h"

struct dsc_choice {
    int32_t word;
    float score; /* as the model gave it */
    double logprob;
};

/* The n best words of one row of V scores, best first, equal scores by lower index; words with
 * a flag of `banned` are left out. Fewer than n only when V is. DSC_INVALID for scores
 * that are not numbers. */
DSC_CHECK_RESULT enum dsc_status dsc_choose(const struct dsc_decoder *d, const float *scores,
                                            const uint8_t *flags, unsigned banned,
                                            struct dsc_choice *choices, size_t *n);

/* A copy of words with its log probability, appended to h, which has room. */
DSC_CHECK_RESULT enum dsc_status dsc_hypotheses_add(struct dsc_hypotheses *h, const int32_t *words,
                                                    size_t n_words, double logprob);

DSC_CHECK_RESULT enum dsc_status dsc_greedy_run(struct dsc_decoding *z, const struct dsc_decoder *d,
                                                const struct dsc_search *search,
                                                struct dsc_hypotheses *out, size_t n_pictures);
DSC_CHECK_RESULT enum dsc_status dsc_beam_run(struct dsc_decoding *z, const struct dsc_decoder *d,
                                              const struct dsc_search *search,
                                              struct dsc_hypotheses *out, size_t n_pictures);

#endif
