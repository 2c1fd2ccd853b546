/* decode_case.h - captioners of real Keras, and the slow way to the scores of a word.
 *
 * Every function fails the running test by itself when something goes wrong.
 */
#ifndef DSC_DECODE_CASE_H
#define DSC_DECODE_CASE_H

#include "core/decode/decoder.h"
#include "core/graph/session.h"
#include "core/keras/load.h"

#define DECODE_MAX_INPUTS 4

struct decode_case {
    struct dsc_keras_model *file; /* its graph is the decoder's */
    struct dsc_keras_model *again;
    struct dsc_model *whole; /* the same file as one model that reads padded sentences */
    struct dsc_session *session;
    struct dsc_tensor *pictures[DECODE_MAX_INPUTS]; /* of n_pictures, for dsc_decoding_begin */
    size_t n_inputs;                                /* without the words */
    size_t words;                                   /* which input of the model they are */
    size_t length, vocabulary;
};

/* Load a model, with random pictures of values in -2..2. False, with nothing loaded, when it reads
 * no words. `length` is used when the model reads any number of words. */
bool decode_case_open(struct decode_case *c, const char *path, size_t n_pictures, size_t length);
void decode_case_close(struct decode_case *c);

/* Scores [V] of the word after words[0] .. words[n - 1] about a picture, by the whole model on the
 * padded sentence; owned by the case until the next call. */
const float *decode_case_scores(struct decode_case *c, size_t picture, const int32_t *words,
                                size_t n, enum dsc_padding_side side);

/* The paths of the models to try: those of tests/golden/keras, then those beside the repository
 * when they are there. Calls fn for each. */
void decode_each_model(void (*fn)(const char *path));

#endif
