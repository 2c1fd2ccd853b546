/* captioner_internal.h - the parts of a captioner. */
#ifndef DSC_CAPTIONER_INTERNAL_H
#define DSC_CAPTIONER_INTERNAL_H

#include <pthread.h>

#include "core/captioner/bundle.h"
#include "core/captioner/captioner.h"
#include "core/decode/search.h"
#include "core/image/preprocess.h"
#include "core/keras/load.h"
#include "core/text/vocab.h"

struct dsc_captioner {
    struct dsc_bundle bundle;
    struct dsc_keras_model *model_file, *encoder_file;
    struct dsc_model *encoder; /* NULL: the decoder takes pixels itself */
    struct dsc_decoder *decoder;
    struct dsc_vocab *vocab;
    uint8_t *word_flags; /* one per word of the decoder, enum dsc_word_flag */
    struct dsc_preprocess preprocess;
    struct dsc_shape features; /* what the decoder reads of the encoder, batch axis first */
    size_t max_length;
    int threads;

    pthread_mutex_t lock; /* of the pool */
    struct dsc_captioning *pool;
};

/* Free every idle captioning. */
void dsc_captioner_drain(struct dsc_captioner *c);

#endif
