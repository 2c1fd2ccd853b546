/* settings.h - what a captioner must know besides its weights.
 *
 * Kept as JSON in the attribute `describe` at the root of the captioner's .h5, which Keras
 * ignores, or in describe.json of a bundle folder:
 *
 *     {"format": "describe captioner 1",
 *      "vocabulary": { ... as dsc_vocab_to_json writes it ... },
 *      "padding": "pre",             how sentences are padded, or "post"
 *      "max_length": 34,             words the model reads
 *      "preprocess": "mean=127,std=128,size=224x224",
 *      "start_word": "startseq", "end_word": "endseq",
 *      "encoder": {"name": "VGG16", "layer": "fc2"},
 *      "training_data": "...", "licence": ..., "scores": {...}}
 *
 * Every key but format may be missing; others are for people and are kept as they are.
 */
#ifndef DSC_SETTINGS_H
#define DSC_SETTINGS_H

#include "core/decode/causal.h"
#include "core/h5/h5.h"
#include "core/image/preprocess.h"
#include "core/text/vocab.h"

struct dsc_settings {
    bool has_padding, has_preprocess;
    enum dsc_padding_side padding;
    struct dsc_preprocess preprocess;
    size_t max_length;       /* 0: not said */
    struct dsc_vocab *vocab; /* NULL: not said */
    char *start_word, *end_word, *encoder_name;
};

/* Read the JSON text; `name` is for messages. Fails with DSC_FORMAT, naming the key. */
DSC_CHECK_RESULT enum dsc_status dsc_settings_parse(struct dsc_settings *out, const char *json,
                                                    size_t len_bytes, const char *name);
/* The settings in a model's file; all unset when it has none. `out` is { 0 } before. */
DSC_CHECK_RESULT enum dsc_status dsc_settings_read(struct dsc_settings *out,
                                                   const struct dsc_h5 *file);
/* Those of a describe.json. */
DSC_CHECK_RESULT enum dsc_status dsc_settings_read_file(struct dsc_settings *out, const char *path);
void dsc_settings_release(struct dsc_settings *s);

/* "pre" or "post"; DSC_INVALID for another word. */
DSC_CHECK_RESULT enum dsc_status dsc_padding_parse(enum dsc_padding_side *out, const char *text);

#endif
