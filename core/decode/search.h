/* search.h - from the next word's scores to sentences.
 *
 * Greedy takes the likeliest word each time and bans nothing, as the tutorials' loops
 * do: it stops at the end word, at index 0 or another index without a word, or
 * when the model can read no more. Beam search keeps the `beam` likeliest unfinished sentences
 * of each picture, all in one batch; padding and the start word are never chosen.
 */
#ifndef DSC_SEARCH_H
#define DSC_SEARCH_H

#include "core/decode/decoder.h"

enum dsc_word_flag {
    DSC_WORD_END = 1 << 0,   /* ends a sentence */
    DSC_WORD_EMPTY = 1 << 1, /* padding, or an index without a word */
    DSC_WORD_START = 1 << 2,
};

struct dsc_search {
    const uint8_t *flags; /* one per word of the vocabulary, enum dsc_word_flag */
    int32_t start;        /* the word that every sentence begins with, not part of it */
    size_t max_length; /* most words chosen, the end word counted; 0: as many as the model reads */
    size_t beam;       /* 1: greedy */
    size_t candidates; /* sentences wanted for each picture, at most beam */
    double length_penalty; /* a: sentences compete by log p / length^a; 0: by log p */
};

struct dsc_hypothesis {
    int32_t *words; /* start and end word left out */
    size_t n_words;
    double logprob; /* natural log of the sentence's probability, the end word included */
};

struct dsc_hypotheses { /* of one picture, best first */
    struct dsc_hypothesis *items;
    size_t n;
};

/* Sentences for the pictures of the last dsc_decoding_begin. out has one entry for each of the
 * n_pictures; the caller releases each. DSC_INVALID when scores are not numbers. */
DSC_CHECK_RESULT enum dsc_status dsc_search_run(struct dsc_decoding *z, const struct dsc_decoder *d,
                                                const struct dsc_search *search,
                                                struct dsc_hypotheses *out, size_t n_pictures);
void dsc_hypotheses_release(struct dsc_hypotheses *h);

#endif
