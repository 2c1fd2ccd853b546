/* bundle.h - which files make up a captioner.
 *
 * One .h5 with everything, a folder with the parts under fixed names, or files named one by
 * one. Nothing is opened here.
 */
#ifndef DSC_BUNDLE_H
#define DSC_BUNDLE_H

#include "core/base/base.h"

struct dsc_bundle { /* paths, NULL: there is none */
    char *model;
    char *encoder;
    char *tokenizer;
    char *settings;          /* describe.json of a folder */
    bool tokenizer_is_guess; /* lies beside the model and nobody named it */
    bool encoder_is_guess;
};

/* Find the files.
 *
 * options    only model, tokenizer and encoder are read
 * installed  the captioner to fall back on; NULL: none
 *
 * The model is options->model, else $DESCRIBE_MODEL, else model.h5 in the current folder, else
 * `installed`. A folder stands for the model.h5 in it. tokenizer.pkl, .pickle, .p, .json and
 * encoder.h5 are looked for beside the model. DSC_INVALID when there is no model
 * at all, with what to do; DSC_IO when a folder has no model.h5. */
DSC_CHECK_RESULT enum dsc_status dsc_bundle_find(struct dsc_bundle *out,
                                                 const struct dsc_captioner_options *options,
                                                 const char *installed);
void dsc_bundle_release(struct dsc_bundle *b);

#endif
