/* captioner_options.h - the options by which every verb names its captioner. */
#ifndef DSC_CAPTIONER_OPTIONS_H
#define DSC_CAPTIONER_OPTIONS_H

#include "core/captioner/captioner.h"
#include "core/cli/options.h"

struct captioner_options {
    const char *model, *tokenizer, *encoder, *preprocess, *padding, *start_word, *end_word;
    size_t max_length;
};
extern const struct dsc_option captioner_options[];

/* Open the captioner that the options name, else the one installed with this program: beside
 * it in a build folder, else in the data folder. */
DSC_CHECK_RESULT enum dsc_status captioner_open(struct dsc_captioner **out,
                                                const struct captioner_options *o, size_t threads);

#endif
