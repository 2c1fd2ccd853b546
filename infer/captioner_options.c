#include "infer/captioner_options.h"

#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/strbuf.h"
#include "infer/self.h"

#define S struct captioner_options

const struct dsc_option captioner_options[] = {
    DSC_OPTION_STRING("model", 'm', S, model, "FILE",
                      "a Keras .h5, or a folder with model.h5, encoder.h5 and tokenizer.pkl "
                      "($DESCRIBE_MODEL, ./model.h5, or the one installed)"),
    DSC_OPTION_STRING("tokenizer", 't', S, tokenizer, "FILE",
                      "the words: a pickle, JSON or word list (in or beside the model)"),
    DSC_OPTION_STRING("encoder", 'e', S, encoder, "FILE",
                      "a Keras .h5 from pixels to the features that the model reads"),
    DSC_OPTION_STRING("preprocess", 'p', S, preprocess, "LIST",
                      "caffe, tf, torch, raw or mean=M,std=S; and size=WxH, filter=NAME, "
                      "order=rgb|bgr, fit=stretch|crop (as the captioner says)"),
    DSC_OPTION_STRING("padding", 0, S, padding, "SIDE",
                      "pre or post: where sentences were padded (as the captioner says, or pre)"),
    DSC_OPTION_STRING("start-word", 0, S, start_word, "WORD",
                      "the word that begins every sentence (found in the vocabulary)"),
    DSC_OPTION_STRING("end-word", 0, S, end_word, "WORD",
                      "the word that ends every sentence (found in the vocabulary)"),
    DSC_OPTION_SIZE("max-length", 0, S, max_length, "N", 1, 1000000,
                    "most words of a caption (as many as the model reads)"),
    DSC_OPTION_END
};

/* DIR/share/model.h5 for the program DIR/describe, as the build folder has it. */
static char *beside_program(void)
{
    struct dsc_strbuf s = DSC_STRBUF_INIT;
    char self[4096], *slash;

    if (!self_path(self, sizeof(self)))
        return NULL;
    slash = strrchr(self, '/');
    if (!slash || dsc_strbuf_add(&s, self, (size_t)(slash - self)) ||
        dsc_strbuf_puts(&s, "/share/model.h5") || access(s.text, R_OK)) {
        dsc_strbuf_release(&s);
        return NULL;
    }
    return dsc_strbuf_detach(&s);
}

enum dsc_status captioner_open(struct dsc_captioner **out, const struct captioner_options *o,
                               size_t threads)
{
    const struct dsc_captioner_options options = {
        .model = o->model,
        .tokenizer = o->tokenizer,
        .encoder = o->encoder,
        .preprocess = o->preprocess,
        .padding = o->padding,
        .start_word = o->start_word,
        .end_word = o->end_word,
        .max_length = o->max_length,
        .threads = (int)threads,
    };
    const char *installed = DSC_DATADIR "/model.h5";
    char *beside = beside_program();
    enum dsc_status st;

    if (!beside && access(installed, R_OK))
        installed = NULL;
    st = dsc_captioner_open_from(out, &options, beside ? beside : installed);
    dsc_free(beside);
    return st;
}
