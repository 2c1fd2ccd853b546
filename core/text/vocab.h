/* vocab.h - the words a captioner knows, and the index of each.
 *
 *     struct dsc_vocab *v;
 *     st = dsc_vocab_load(&v, "tokenizer.pkl");         (core/text/tokenizer.h)
 *     st = dsc_vocab_fit(v, rows_of_the_softmax);
 *     st = dsc_vocab_find_markers(v, NULL, NULL);
 *     puts(dsc_vocab_word(v, index));
 *     dsc_vocab_free(v);
 *
 * Index 0 is the padding in every Keras captioner and usually has no word. The
 * rows of the embedding and of the softmax are highest index + 1.
 *
 * Reading is safe from several threads at once; changing is not.
 */
#ifndef DSC_VOCAB_H
#define DSC_VOCAB_H

#include "core/base/arena.h"
#include "core/base/base.h"
#include "core/base/strbuf.h"

#define DSC_VOCAB_NONE      (-1)
#define DSC_VOCAB_MAX_INDEX 10000000

/* How dsc_vocab_encode cuts a text into words. */
enum dsc_vocab_cut {
    DSC_VOCAB_CUT_TOKENIZER,    /* as Keras' Tokenizer: filters become `split`, then cut there */
    DSC_VOCAB_CUT_VECTORIZATION /* as TextVectorization: filters vanish, then cut at white space */
};

struct dsc_vocab {
    size_t size;         /* highest index + 1; 0 when empty */
    size_t count;        /* words */
    int start, end, oov; /* indexes, or DSC_VOCAB_NONE */
    int num_words;       /* Keras' num_words or max_tokens: texts only give indexes below; 0: all */
    enum dsc_vocab_cut cut;
    bool lower;          /* texts are made lower case */
    bool char_level;     /* every character is a word */
    bool by_frequency;   /* the indexes follow the frequency of the words, most frequent first */
    bool base_open;      /* read from a bare list: dsc_vocab_fit may move every index up by one */
    const char *filters; /* UTF-8, characters that are no part of words; never NULL */
    const char *split;   /* never NULL nor empty */
    const char *form;    /* what it was read from, for people: "Keras tokenizer JSON" */

    const char **words; /* by index, NULL where there is none; use dsc_vocab_word */
    size_t cap_words;
    uint32_t *slots; /* hash table of index + 1, 0 empty */
    size_t n_slots;  /* a power of two */
    struct dsc_arena arena;
};

/* Empty, with the settings for texts that are split at blanks and not changed.
 * NULL when out of memory. */
struct dsc_vocab *dsc_vocab_new(void);
void dsc_vocab_free(struct dsc_vocab *v);

/* Give a word an index. The word is copied.
 *
 * word  `len` bytes of UTF-8 without a zero byte; may be empty
 *
 * Fails, with *v unchanged: DSC_FORMAT for bytes that are no UTF-8, an index
 * outside 0..DSC_VOCAB_MAX_INDEX, a word with another index, an index with
 * another word; DSC_NOMEM. The same pair again is fine. */
DSC_CHECK_RESULT enum dsc_status dsc_vocab_add(struct dsc_vocab *v, const char *word, size_t len,
                                               int64_t index);

/* Keep a copy of `len` bytes as long as *v lives, for its text fields; NULL when
 * out of memory. */
const char *dsc_vocab_keep(struct dsc_vocab *v, const char *text, size_t len);

/* The word of an index, borrowed; NULL when there is none. */
const char *dsc_vocab_word(const struct dsc_vocab *v, int64_t index);
/* The index of a word, or DSC_VOCAB_NONE. */
int dsc_vocab_index(const struct dsc_vocab *v, const char *word);
int dsc_vocab_index_n(const struct dsc_vocab *v, const char *word, size_t len);
/* Highest index + 1: the rows a model needs. */
size_t dsc_vocab_size(const struct dsc_vocab *v);

/* Check that the vocabulary and a model with `rows` outputs belong together.
 *
 * A bare list of words does not say whether its first word has index 0 or 1:
 * the rows decide (rows = words: 0; rows = words + 1: 1). One or two rows more
 * than indexes pass, and so does a num_words that explains the rows.
 *
 * Fails: DSC_INVALID, naming both sizes. */
DSC_CHECK_RESULT enum dsc_status dsc_vocab_fit(struct dsc_vocab *v, size_t rows);

/* Set v->start and v->end.
 *
 * start_word, end_word  the words, or NULL to take what the file said, else the
 *                       first known pair that is there: startseq endseq,
 *                       <start> <end>, [start] [end], start end, <bos> <eos> ...
 *                       (in lower or upper case)
 *
 * "start" and "end", being English, are taken from a vocabulary in order of
 * frequency only when they are as frequent as markers are.
 *
 * Fails: DSC_INVALID with the options to give and the nearest words. */
DSC_CHECK_RESULT enum dsc_status dsc_vocab_find_markers(struct dsc_vocab *v, const char *start_word,
                                                        const char *end_word);

/* The indexes of the words of a text, as Keras' texts_to_sequences gives them:
 * lower case (Python's str.lower), filters, split, num_words, oov token.
 *
 * text      UTF-8
 * *indexes  to be freed with dsc_free(); NULL when *n is 0
 *
 * Fails: DSC_INVALID when text is not UTF-8; DSC_NOMEM. */
DSC_CHECK_RESULT enum dsc_status dsc_vocab_encode(const struct dsc_vocab *v, const char *text,
                                                  int **indexes, size_t *n);

/* Append the vocabulary as JSON, without a line end, that dsc_vocab_parse reads back:
 *
 *     {"format": "describe vocabulary 1", "words": [null, "startseq", ...],
 *      "start": 1, "end": 2, "oov": null, "num_words": null, "cut": "tokenizer",
 *      "filters": "!...", "lower": true, "split": " ", "char_level": false,
 *      "by_frequency": true, "base_open": false, "source": "keras.pre... pickle, protocol 3"}
 *
 * words  by index, null where there is none
 * start, end, oov, num_words  an index, a count or null */
DSC_CHECK_RESULT enum dsc_status dsc_vocab_to_json(const struct dsc_vocab *v,
                                                   struct dsc_strbuf *out);

#endif
