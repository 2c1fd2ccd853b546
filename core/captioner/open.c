#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cpu.h"
#include "core/base/log.h"
#include "core/captioner/captioner_internal.h"
#include "core/captioner/settings.h"
#include "core/text/tokenizer.h"

#define DEFAULT_LENGTH 40 /* words, for models that read any number */

/* describe.json of a folder outranks what the model says of itself. */
static enum dsc_status find_settings(struct dsc_settings *s, const struct dsc_captioner *c)
{
    if (c->bundle.settings)
        return dsc_settings_read_file(s, c->bundle.settings);
    return dsc_settings_read(s, c->model_file->file);
}

static enum dsc_status make_decoder(struct dsc_captioner *c, const struct dsc_settings *s,
                                    const struct dsc_captioner_options *o)
{
    struct dsc_decoder_options options = { .side = s->has_padding ? s->padding : DSC_PAD_PRE };
    enum dsc_status st = DSC_OK;

    if (o->padding)
        st = dsc_padding_parse(&options.side, o->padding);
    if (st)
        return st;
    options.length = o->max_length ? o->max_length : s->max_length;
    if (!options.length)
        options.length = DEFAULT_LENGTH;
    st = dsc_decoder_new(&c->decoder, c->model_file->graph, &options);
    if (st)
        return dsc_fail_context(st, "'%s'", c->bundle.model);
    c->max_length = o->max_length ? o->max_length : s->max_length;
    if (dsc_decoder_recompute_reason(c->decoder))
        dsc_log(DSC_LOG_DEBUG, "every prefix is computed anew: %s",
                dsc_decoder_recompute_reason(c->decoder));
    return DSC_OK;
}

/* ---- vocabulary ---- */

static enum dsc_status load_vocab(struct dsc_captioner *c, struct dsc_settings *s)
{
    bool guessed = c->bundle.tokenizer_is_guess;

    if (s->vocab && guessed) {
        dsc_free(c->bundle.tokenizer);
        c->bundle.tokenizer = NULL;
        c->vocab = s->vocab;
        s->vocab = NULL;
        return DSC_OK;
    }
    if (!c->bundle.tokenizer)
        return dsc_fail(DSC_FORMAT,
                        "'%s': holds no vocabulary, and no tokenizer.pkl or tokenizer.json lies "
                        "beside it: give --tokenizer FILE",
                        c->bundle.model);
    if (guessed)
        dsc_log(DSC_LOG_INFO, "words from '%s', which lies beside the model", c->bundle.tokenizer);
    return dsc_vocab_load(&c->vocab, c->bundle.tokenizer);
}

static void flag_words(struct dsc_captioner *c, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (i == 0 || !dsc_vocab_word(c->vocab, (int64_t)i))
            c->word_flags[i] |= DSC_WORD_EMPTY;
    c->word_flags[c->vocab->start] |= DSC_WORD_START;
    /* Never banned, whatever else it is: it may have index 0 or be the start word too. */
    c->word_flags[c->vocab->end] = DSC_WORD_END;
}

static enum dsc_status set_vocab(struct dsc_captioner *c, struct dsc_settings *s,
                                 const struct dsc_captioner_options *o)
{
    size_t rows = dsc_decoder_vocabulary(c->decoder);
    const char *start = o->start_word ? o->start_word : s->start_word;
    const char *end = o->end_word ? o->end_word : s->end_word;
    enum dsc_status st = load_vocab(c, s);

    if (st)
        return st;
    st = dsc_vocab_fit(c->vocab, rows);
    if (st)
        return dsc_fail_context(st == DSC_INVALID ? DSC_FORMAT : st, "'%s' and '%s'",
                                c->bundle.tokenizer ? c->bundle.tokenizer : "its vocabulary",
                                c->bundle.model);
    st = dsc_vocab_find_markers(c->vocab, start, end);
    if (st)
        return st;
    if ((size_t)c->vocab->start >= rows || (size_t)c->vocab->end >= rows)
        return dsc_fail(DSC_INVALID,
                        "the start word '%s' or the end word '%s' is not among the "
                        "%zu words of the model",
                        dsc_vocab_word(c->vocab, c->vocab->start),
                        dsc_vocab_word(c->vocab, c->vocab->end), rows);
    c->word_flags = dsc_calloc(rows, 1);
    if (!c->word_flags)
        return dsc_fail_nomem("a vocabulary");
    flag_words(c, rows);
    return DSC_OK;
}

/* ---- the picture's way in ---- */

static bool is_pixels(struct dsc_shape s)
{
    return s.rank == 4 && s.dim[3] == 3;
}

static enum dsc_status picture_input(const struct dsc_captioner *c, struct dsc_shape *shape)
{
    const struct dsc_graph *g = dsc_model_graph(dsc_decoder_picture_model(c->decoder));

    if (g->n_inputs != 1)
        return dsc_fail(DSC_UNSUPPORTED,
                        "'%s': %zu inputs besides the words, one for the picture was expected",
                        c->bundle.model, g->n_inputs);
    *shape = dsc_graph_shape(g, g->inputs[0].value);
    return DSC_OK;
}

/* A grid may be given as rows and columns or as one axis of places. */
static bool holds_as_many(struct dsc_shape a, struct dsc_shape b)
{
    size_t n, m;

    if (!a.rank || !b.rank)
        return false;
    a.dim[0] = b.dim[0] = 1;
    return dsc_shape_bytes(a, DSC_F32, &n) && dsc_shape_bytes(b, DSC_F32, &m) && n == m;
}

static enum dsc_status load_encoder(struct dsc_captioner *c, struct dsc_shape *pixels)
{
    const char *path = c->bundle.encoder;
    struct dsc_shape shape;
    struct dsc_graph *g;
    char text[DSC_SHAPE_TEXT];
    enum dsc_status st = dsc_keras_load(&c->encoder_file, path);

    if (st)
        return st;
    g = c->encoder_file->graph;
    if (g->n_inputs != 1 || !is_pixels(dsc_graph_shape(g, g->inputs[0].value)))
        return dsc_fail(
            DSC_FORMAT, "'%s': an encoder has one input of pixels [?, H, W, 3], not %s", path,
            g->n_inputs ? dsc_shape_text(dsc_graph_shape(g, g->inputs[0].value), text) : "none");
    shape = dsc_graph_shape(g, g->outputs[0].value);
    *pixels = dsc_graph_shape(g, g->inputs[0].value);
    if (!dsc_shape_fits(shape, c->features) && !holds_as_many(shape, c->features)) {
        char want[DSC_SHAPE_TEXT];

        return dsc_fail(DSC_FORMAT,
                        "the encoder '%s' gives %s, but the model '%s' reads %s: they do not "
                        "belong together, or the encoder is cut at another layer",
                        path, dsc_shape_text(shape, text), c->bundle.model,
                        dsc_shape_text(c->features, want));
    }
    return dsc_model_new(&c->encoder, dsc_keras_take_graph(c->encoder_file));
}

static enum dsc_status make_encoder(struct dsc_captioner *c, const struct dsc_captioner_options *o,
                                    struct dsc_shape *pixels)
{
    char text[DSC_SHAPE_TEXT];
    enum dsc_status st = picture_input(c, &c->features);

    if (st)
        return st;
    if (is_pixels(c->features) && !o->encoder) {
        dsc_free(c->bundle.encoder);
        c->bundle.encoder = NULL;
        *pixels = c->features;
        return DSC_OK;
    }
    if (!c->bundle.encoder)
        return dsc_fail(DSC_INVALID,
                        "the model '%s' reads features %s of a picture, not pixels: give the "
                        "network that makes them with --encoder FILE",
                        c->bundle.model, dsc_shape_text(c->features, text));
    if (c->bundle.encoder_is_guess)
        dsc_log(DSC_LOG_INFO, "features by '%s', which lies beside the model", c->bundle.encoder);
    return load_encoder(c, pixels);
}

/* ---- preprocessing ---- */

static enum dsc_status choose_preprocess(struct dsc_captioner *c, struct dsc_settings *s,
                                         const struct dsc_captioner_options *o)
{
    struct dsc_settings of_encoder = { 0 };
    enum dsc_status st;

    if (o->preprocess)
        return dsc_preprocess_parse(&c->preprocess, o->preprocess);
    if (s->has_preprocess) {
        c->preprocess = s->preprocess;
        return DSC_OK;
    }
    if (c->encoder_file) {
        st = dsc_settings_read(&of_encoder, c->encoder_file->file);
        c->preprocess = of_encoder.preprocess;
        s->has_preprocess = of_encoder.has_preprocess;
        dsc_settings_release(&of_encoder);
        if (st || s->has_preprocess)
            return st;
    }
    return dsc_fail(DSC_INVALID,
                    "'%s' does not say how its pictures were prepared, and a wrong guess gives "
                    "wrong captions without a sign: give --preprocess caffe (VGG, ResNet), tf "
                    "(Inception, Xception, MobileNet), torch (DenseNet), raw (EfficientNet) or "
                    "mean=M,std=S",
                    c->encoder_file ? c->bundle.encoder : c->bundle.model);
}

static enum dsc_status set_size(struct dsc_captioner *c, struct dsc_shape pixels)
{
    struct dsc_preprocess *p = &c->preprocess;
    size_t height = pixels.dim[1], width = pixels.dim[2];

    if (!p->width && (height == DSC_DIM_FREE || width == DSC_DIM_FREE))
        return dsc_fail(DSC_INVALID, "the encoder takes pictures of any size: say which it was "
                                     "trained with, as --preprocess ...,size=224x224");
    if (!p->width) {
        p->width = width;
        p->height = height;
    }
    if ((width != DSC_DIM_FREE && p->width != width) ||
        (height != DSC_DIM_FREE && p->height != height))
        return dsc_fail(DSC_INVALID,
                        "pictures of %zux%zu were asked for, the encoder takes %zux%zu", p->width,
                        p->height, width, height);
    return DSC_OK;
}

/* ---- the whole ---- */

static enum dsc_status open_parts(struct dsc_captioner *c, struct dsc_settings *s,
                                  const struct dsc_captioner_options *o)
{
    struct dsc_shape pixels = { 0 };
    enum dsc_status st = dsc_keras_load(&c->model_file, c->bundle.model);

    if (!st)
        st = find_settings(s, c);
    if (!st)
        st = make_decoder(c, s, o);
    if (!st)
        st = set_vocab(c, s, o);
    if (!st)
        st = make_encoder(c, o, &pixels);
    if (!st)
        st = choose_preprocess(c, s, o);
    if (!st)
        st = set_size(c, pixels);
    return st;
}

enum dsc_status dsc_captioner_open_from(struct dsc_captioner **out,
                                        const struct dsc_captioner_options *options,
                                        const char *installed)
{
    struct dsc_captioner *c = dsc_calloc(1, sizeof(*c));
    struct dsc_settings s = { 0 };
    enum dsc_status st;

    if (!c)
        return dsc_fail_nomem("a captioner");
    pthread_mutex_init(&c->lock, NULL);
    c->threads = options->threads > 0 ? options->threads : dsc_cpu_count();
    st = dsc_bundle_find(&c->bundle, options, installed);
    if (!st)
        st = open_parts(c, &s, options);
    dsc_settings_release(&s);
    if (st) {
        dsc_captioner_close(c);
        return st;
    }
    *out = c;
    return DSC_OK;
}

void dsc_captioner_close(struct dsc_captioner *c)
{
    if (!c)
        return;
    dsc_captioner_drain(c);
    pthread_mutex_destroy(&c->lock);
    dsc_decoder_free(c->decoder);
    dsc_model_free(c->encoder);
    dsc_keras_model_free(c->model_file);
    dsc_keras_model_free(c->encoder_file);
    dsc_vocab_free(c->vocab);
    dsc_free(c->word_flags);
    dsc_bundle_release(&c->bundle);
    dsc_free(c);
}

struct dsc_captioner_facts dsc_captioner_facts(const struct dsc_captioner *c)
{
    return (struct dsc_captioner_facts){
        .model = c->bundle.model,
        .encoder = c->bundle.encoder,
        .tokenizer = c->bundle.tokenizer,
        .start_word = dsc_vocab_word(c->vocab, c->vocab->start),
        .end_word = dsc_vocab_word(c->vocab, c->vocab->end),
        .recompute_reason = dsc_decoder_recompute_reason(c->decoder),
        .vocabulary = dsc_decoder_vocabulary(c->decoder),
        .max_length = c->max_length ? c->max_length : dsc_decoder_length(c->decoder),
    };
}

int dsc_captioner_threads(const struct dsc_captioner *c)
{
    return c->threads;
}
