/* decoder.h - the next word's scores, for many sentences at once.
 *
 * A decoder is read-only and shared; a decoding is one thread's work with it. Pictures
 * are given once, then every step appends one word to every row, a row being one
 * unfinished sentence about one of the pictures.
 *
 *     st = dsc_decoding_begin(d, (const struct dsc_tensor *[]){ &features }, 1);
 *     row = (struct dsc_row){ .picture = 0, .word = start };
 *     st = dsc_decoding_step(d, &row, 1, &scores);      // scores of the first word
 *     row.word = argmax(scores), row.parent = 0, ...
 */
#ifndef DSC_DECODER_H
#define DSC_DECODER_H

#include "core/decode/split.h"

struct dsc_decoder;
struct dsc_decoding;

struct dsc_decoder_options {
    enum dsc_padding_side side;
    size_t length;   /* words the model reads, when its words input has a free axis; else 0 */
    bool never_step; /* recompute every prefix, for tests */
};

/* Find the words input (the one an embedding reads), analyse and split. The graph must
 * outlive the decoder. DSC_UNSUPPORTED when the graph is no captioner. */
DSC_CHECK_RESULT enum dsc_status dsc_decoder_new(struct dsc_decoder **out,
                                                 const struct dsc_graph *g,
                                                 const struct dsc_decoder_options *options);
void dsc_decoder_free(struct dsc_decoder *d);

/* The value of the graph input that an embedding reads as words, -1 when there is none. */
int dsc_decoder_find_words(const struct dsc_graph *g);

size_t dsc_decoder_vocabulary(const struct dsc_decoder *d);   /* V, the scores of a row */
size_t dsc_decoder_length(const struct dsc_decoder *d);       /* most words a row may have */
bool dsc_decoder_is_probability(const struct dsc_decoder *d); /* else logits */
/* How words are made: NULL when one step a word is exact, else why every prefix is
 * computed anew. */
const char *dsc_decoder_recompute_reason(const struct dsc_decoder *d);
/* The picture's part: its inputs are the model's inputs but the words. */
const struct dsc_model *dsc_decoder_picture_model(const struct dsc_decoder *d);

DSC_CHECK_RESULT enum dsc_status dsc_decoding_new(struct dsc_decoding **out,
                                                  const struct dsc_decoder *d, int n_threads);
void dsc_decoding_free(struct dsc_decoding *d);

/* Run the picture's part on its inputs (batch axis first, the same N for all; a model that reads
 * words alone has one picture). */
DSC_CHECK_RESULT enum dsc_status dsc_decoding_begin(struct dsc_decoding *d,
                                                    const struct dsc_tensor *const *in,
                                                    size_t n_in);

struct dsc_row {
    size_t picture; /* 0..N-1 */
    size_t parent;  /* the row of the last step that this one continues; not read at the first */
    int32_t word;   /* appended now */
};

/* Append a word to each row and compute the scores of the word after it: *scores is
 * [n_rows, V], borrowed until the next step. At most dsc_decoder_length steps. */
DSC_CHECK_RESULT enum dsc_status dsc_decoding_step(struct dsc_decoding *d,
                                                   const struct dsc_row *rows, size_t n_rows,
                                                   const float **scores);

#endif
