#include <math.h>
#include <string.h>
#include <time.h>

#include "core/base/alloc.h"
#include "core/captioner/captioner_internal.h"
#include "core/graph/batch.h"

struct dsc_captioning {
    const struct dsc_captioner *captioner;
    struct dsc_batch *encoder; /* NULL: the decoder takes pixels */
    struct dsc_decoding *decoding;
    float *pixels; /* [cap_pictures, H, W, 3] */
    size_t cap_pictures;
    struct dsc_captioning *next; /* in the captioner's pool */
};

enum dsc_status dsc_captioning_new(struct dsc_captioning **out, const struct dsc_captioner *c,
                                   int n_threads)
{
    struct dsc_captioning *w = dsc_calloc(1, sizeof(*w));
    enum dsc_status st = DSC_OK;

    if (!w)
        return dsc_fail_nomem("a captioning");
    w->captioner = c;
    if (c->encoder)
        st = dsc_batch_new(&w->encoder, c->encoder, n_threads);
    if (!st)
        st = dsc_decoding_new(&w->decoding, c->decoder, n_threads);
    if (st) {
        dsc_captioning_free(w);
        return st;
    }
    *out = w;
    return DSC_OK;
}

void dsc_captioning_free(struct dsc_captioning *w)
{
    if (!w)
        return;
    dsc_batch_free(w->encoder);
    dsc_decoding_free(w->decoding);
    dsc_free(w->pixels);
    dsc_free(w);
}

static double now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void set_error(struct dsc_caption_result *r, enum dsc_status st)
{
    r->status = st;
    r->error = dsc_strdup(dsc_error_message());
}

static enum dsc_status make_room(struct dsc_captioning *w, size_t n)
{
    const struct dsc_preprocess *p = &w->captioner->preprocess;
    size_t size;
    float *pixels;

    if (n <= w->cap_pictures)
        return DSC_OK;
    if (!dsc_mul_size(p->width, p->height, &size) || !dsc_mul_size(size, 3 * sizeof(float), &size))
        return dsc_fail_nomem("pictures");
    pixels = dsc_malloc(n, size);
    if (!pixels)
        return dsc_fail(DSC_NOMEM, "out of memory for %zu pictures of %zux%zu", n, p->width,
                        p->height);
    dsc_free(w->pixels);
    w->pixels = pixels;
    w->cap_pictures = n;
    return DSC_OK;
}

static enum dsc_status load_picture(const struct dsc_captioning *w,
                                    const struct dsc_picture *picture,
                                    const struct dsc_caption_options *o, float *pixels)
{
    struct dsc_image_limits limits = DSC_IMAGE_LIMITS_DEFAULT;
    unsigned flags = o->exif_orientation ? DSC_IMAGE_EXIF_ORIENT : 0;
    struct dsc_image image = { 0 };
    enum dsc_status st;

    if (o->max_pixels)
        limits.max_pixels = o->max_pixels;
    if (picture->bytes)
        st = dsc_image_decode(&image, picture->bytes, picture->len_bytes, picture->name, &limits,
                              flags);
    else
        st = dsc_image_read_file(&image, picture->name, &limits, flags);
    if (st)
        return st;
    st = dsc_preprocess_run(&w->captioner->preprocess, &image, pixels);
    dsc_image_release(&image);
    return st ? dsc_fail_context(st, "'%s'", picture->name) : DSC_OK;
}

/* Fill the buffer with the pictures that can be read; `places` says which they are. */
static size_t load_pictures(struct dsc_captioning *w, const struct dsc_picture *pictures, size_t n,
                            const struct dsc_caption_options *o, struct dsc_caption_result *results,
                            size_t *places)
{
    size_t size = w->captioner->preprocess.width * w->captioner->preprocess.height * 3;
    size_t loaded = 0;

    for (size_t i = 0; i < n; i++) {
        enum dsc_status st = load_picture(w, &pictures[i], o, w->pixels + loaded * size);

        if (st)
            set_error(&results[i], st);
        else
            places[loaded++] = i;
    }
    return loaded;
}

/* The encoder's features as the decoder reads them: a grid may be one axis of places there. */
static enum dsc_status give_shape(const struct dsc_captioner *c, struct dsc_tensor *features,
                                  size_t n)
{
    char got[DSC_SHAPE_TEXT], want[DSC_SHAPE_TEXT];
    struct dsc_shape shape = c->features;
    size_t len_bytes;

    if (dsc_shape_fits(features->shape, shape))
        return DSC_OK;
    shape.dim[0] = n;
    if (!dsc_shape_bytes(shape, DSC_F32, &len_bytes) ||
        len_bytes != dsc_tensor_count(features) * sizeof(float))
        return dsc_fail(DSC_INVALID,
                        "'%s' gives %s for pictures of %zux%zu, but '%s' reads %s: give the size "
                        "it was trained with, as --preprocess ...,size=224x224",
                        c->bundle.encoder, dsc_shape_text(features->shape, got),
                        c->preprocess.width, c->preprocess.height, c->bundle.model,
                        dsc_shape_text(c->features, want));
    features->shape = shape;
    return DSC_OK;
}

/* Pixels to whatever the decoder reads, which then runs its picture's part. */
static enum dsc_status encode(struct dsc_captioning *w, size_t n)
{
    const struct dsc_preprocess *p = &w->captioner->preprocess;
    const struct dsc_tensor pixels = { DSC_F32, DSC_SHAPE(n, p->height, p->width, 3), w->pixels };
    const struct dsc_tensor *in = &pixels;
    struct dsc_tensor features;
    enum dsc_status st = DSC_OK;

    if (w->encoder) {
        st = dsc_batch_run(w->encoder, &in, 1);
        if (st)
            return dsc_fail_context(st, "'%s'", w->captioner->bundle.encoder);
        features = *dsc_batch_output(w->encoder, 0);
        st = give_shape(w->captioner, &features, n);
        if (st)
            return st;
        in = &features;
    }
    st = dsc_decoding_begin(w->decoding, &in, 1);
    return st ? dsc_fail_context(st, "'%s'", w->captioner->bundle.model) : DSC_OK;
}

static enum dsc_status join_words(const struct dsc_vocab *v, const struct dsc_hypothesis *h,
                                  char **text)
{
    struct dsc_strbuf s = DSC_STRBUF_INIT;
    const char *between = v->char_level ? "" : " ";
    enum dsc_status st = dsc_strbuf_puts(&s, "");

    for (size_t i = 0; !st && i < h->n_words; i++) {
        const char *word = dsc_vocab_word(v, h->words[i]);

        if (i)
            st = dsc_strbuf_puts(&s, between);
        if (!st && word)
            st = dsc_strbuf_puts(&s, word);
    }
    if (st)
        dsc_strbuf_release(&s);
    else
        *text = dsc_strbuf_detach(&s);
    return st;
}

static enum dsc_status make_captions(const struct dsc_vocab *v, const struct dsc_hypotheses *h,
                                     double time_ms, struct dsc_captions **out)
{
    struct dsc_captions *c = dsc_calloc(1, sizeof(*c));

    if (!c || !(c->items = dsc_calloc(h->n, sizeof(*c->items)))) {
        dsc_free(c);
        return dsc_fail_nomem("captions");
    }
    c->time_ms = time_ms;
    for (; c->n < h->n; c->n++) {
        char *text;
        enum dsc_status st = join_words(v, &h->items[c->n], &text);

        if (st) {
            dsc_captions_free(c);
            return st;
        }
        c->items[c->n].text = text;
        c->items[c->n].logprob = h->items[c->n].logprob;
        c->items[c->n].probability = exp(h->items[c->n].logprob);
    }
    *out = c;
    return DSC_OK;
}

void dsc_captions_free(struct dsc_captions *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->n; i++)
        dsc_free((char *)c->items[i].text);
    dsc_free(c->items);
    dsc_free(c);
}

static enum dsc_status search_all(struct dsc_captioning *w, const struct dsc_caption_options *o,
                                  struct dsc_hypotheses *hypotheses, size_t n)
{
    const struct dsc_captioner *c = w->captioner;
    const struct dsc_search search = {
        .flags = c->word_flags,
        .start = c->vocab->start,
        .max_length = c->max_length,
        .beam = o->beam,
        .candidates = o->candidates,
        .length_penalty = o->length_penalty,
    };
    enum dsc_status st = encode(w, n);

    if (st)
        return st;
    st = dsc_search_run(w->decoding, c->decoder, &search, hypotheses, n);
    return st ? dsc_fail_context(st, "'%s'", c->bundle.model) : DSC_OK;
}

/* Describe the n pictures that were loaded; results go to their places. */
static enum dsc_status describe(struct dsc_captioning *w, const struct dsc_caption_options *o,
                                const size_t *places, size_t n, double start_ms,
                                struct dsc_caption_result *results)
{
    struct dsc_hypotheses *h = dsc_calloc(n, sizeof(*h));
    enum dsc_status st = h ? search_all(w, o, h, n) : dsc_fail_nomem("captions");
    double time_ms = (now_ms() - start_ms) / (double)n;

    for (size_t i = 0; !st && i < n; i++)
        st = make_captions(w->captioner->vocab, &h[i], time_ms, &results[places[i]].captions);
    for (size_t i = 0; h && i < n; i++)
        dsc_hypotheses_release(&h[i]);
    dsc_free(h);
    return st;
}

static enum dsc_status set_defaults(struct dsc_caption_options *o)
{
    o->candidates = DSC_MAX(o->candidates, (size_t)1);
    if (!o->beam)
        o->beam = DSC_MAX((size_t)3, o->candidates);
    if (o->candidates > o->beam)
        return dsc_fail(DSC_INVALID, "%zu candidates of a beam of %zu: the beam must be as wide",
                        o->candidates, o->beam);
    if (o->beam > 1000)
        return dsc_fail(DSC_INVALID, "a beam of %zu: 1000 is the widest", o->beam);
    if (!isfinite(o->length_penalty) || o->length_penalty < 0)
        return dsc_fail(DSC_INVALID, "a length penalty of %g: a number from 0 was expected",
                        o->length_penalty);
    return DSC_OK;
}

static enum dsc_status run(struct dsc_captioning *w, const struct dsc_picture *pictures, size_t n,
                           struct dsc_caption_options o, struct dsc_caption_result *results)
{
    double start_ms = now_ms();
    size_t *places, loaded;
    enum dsc_status st = set_defaults(&o);

    if (!st)
        st = make_room(w, n);
    if (st)
        return st;
    places = dsc_malloc(n, sizeof(*places));
    if (!places)
        return dsc_fail_nomem("pictures");
    loaded = load_pictures(w, pictures, n, &o, results, places);
    if (loaded)
        st = describe(w, &o, places, loaded, start_ms, results);
    dsc_free(places);
    return st;
}

void dsc_captioning_run(struct dsc_captioning *w, const struct dsc_picture *pictures, size_t n,
                        const struct dsc_caption_options *options,
                        struct dsc_caption_result *results)
{
    static const struct dsc_caption_options defaults = { 0 };
    enum dsc_status st;

    memset(results, 0, n * sizeof(*results));
    st = run(w, pictures, n, options ? *options : defaults, results);
    for (size_t i = 0; st && i < n; i++) {
        dsc_captions_free(results[i].captions);
        results[i].captions = NULL;
        if (!results[i].status)
            set_error(&results[i], st);
    }
}

enum dsc_status dsc_captioner_borrow(struct dsc_captioner *c, struct dsc_captioning **out)
{
    struct dsc_captioning *w;

    pthread_mutex_lock(&c->lock);
    w = c->pool;
    if (w)
        c->pool = w->next;
    pthread_mutex_unlock(&c->lock);
    if (!w)
        return dsc_captioning_new(out, c, c->threads);
    *out = w;
    return DSC_OK;
}

void dsc_captioner_give_back(struct dsc_captioner *c, struct dsc_captioning *w)
{
    pthread_mutex_lock(&c->lock);
    w->next = c->pool;
    c->pool = w;
    pthread_mutex_unlock(&c->lock);
}

void dsc_captioner_drain(struct dsc_captioner *c)
{
    while (c->pool) {
        struct dsc_captioning *w = c->pool;

        c->pool = w->next;
        dsc_captioning_free(w);
    }
}
