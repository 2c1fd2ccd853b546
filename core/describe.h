/* describe.h - describe pictures in words with a captioner trained in Keras.
 *
 * The one header of libdescribe: open a captioner (a model.h5 and its
 * tokenizer, or one file that holds both), give it pictures, close it.
 *
 *     #include <describe.h>
 *     #include <stdio.h>
 *
 *     int main(int argc, char **argv)
 *     {
 *         struct dsc_captioner_options options = { 0 };
 *         struct dsc_captioner *captioner;
 *         struct dsc_captions *captions;
 *
 *         if (dsc_captioner_open(&captioner, &options)) {
 *             fprintf(stderr, "%s\n", dsc_error_message());
 *             return 1;
 *         }
 *         for (int i = 1; i < argc; i++) {
 *             if (dsc_caption_file(captioner, argv[i], NULL, &captions)) {
 *                 fprintf(stderr, "%s\n", dsc_error_message());
 *                 continue;
 *             }
 *             printf("%s\t%s\n", argv[i], captions->items[0].text);
 *             dsc_captions_free(captions);
 *         }
 *         dsc_captioner_close(captioner);
 *         return 0;
 *     }
 *
 * Build with `cc example.c $(pkg-config --cflags --libs describe)`.
 *
 * An open captioner never changes: any number of threads may use it at once.
 * Options are zero-initialised; a field of zero means the default. Do not fork
 * after the first caption: threads of the math libraries do not survive it. On a
 * machine with other work start the program with GOMP_SPINCOUNT=500 and
 * OPENBLAS_NUM_THREADS=1 in its environment, as describe(1) does for itself.
 */
#ifndef DSC_DESCRIBE_H
#define DSC_DESCRIBE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DSC_STATUS_MAP(X)              \
    X(OK, 0, "success")                \
    X(NOMEM, 1, "out of memory")       \
    X(IO, 2, "input/output failed")    \
    X(FORMAT, 3, "malformed input")    \
    X(UNSUPPORTED, 4, "not supported") \
    X(INVALID, 5, "invalid argument")  \
    X(CANCELLED, 6, "cancelled")

/* What a call came to; everything but DSC_OK (0) is a failure. */
enum dsc_status {
#define X(name, value, text) DSC_##name = value,
    DSC_STATUS_MAP(X)
#undef X
};

/* One sentence about the last failure in this thread: the file, the place, what was expected.
 * Borrowed until the thread's next call. */
const char *dsc_error_message(void);
/* A few words for a status. */
const char *dsc_status_text(enum dsc_status status);

struct dsc_captioner;

/* Which captioner to open. All strings are borrowed for the call; NULL or 0: the default. */
struct dsc_captioner_options {
    const char *model;      /* a Keras .h5, or a folder with model.h5, encoder.h5, tokenizer.pkl or
                               .json. Default: $DESCRIBE_MODEL, else model.h5 in the current folder,
                               else the captioner that is installed with the library */
    const char *tokenizer;  /* pickle, JSON or word list; default: beside the model, or within it */
    const char *encoder;    /* a Keras .h5 from pixels to what the model reads; default likewise */
    const char *preprocess; /* "mean=127,std=128", see describe(1); default: the captioner's own */
    const char *padding;    /* "pre" or "post"; default: the captioner's own, else "pre" */
    const char *start_word; /* default: found in the vocabulary */
    const char *end_word;
    size_t max_length; /* most words of a caption; default: as many as the model reads */
    int threads;       /* for one call; default: one for each processor */
};

/* Open a captioner. DSC_INVALID: an option makes no sense or has to be given; DSC_FORMAT: a file
 * is broken or the files do not fit together; DSC_UNSUPPORTED: a layer that is not known;
 * DSC_IO, DSC_NOMEM. *out is left alone on failure; the caller closes it. */
enum dsc_status dsc_captioner_open(struct dsc_captioner **out,
                                   const struct dsc_captioner_options *options);
/* Takes NULL. */
void dsc_captioner_close(struct dsc_captioner *captioner);

/* How to describe a picture. */
struct dsc_caption_options {
    size_t beam;           /* sentences kept at each word; 1: greedy. Default 3 */
    size_t candidates;     /* captions wanted, at most `beam`. Default 1 */
    double length_penalty; /* a: captions compete by log p / length^a. Default 0: by log p */
    int exif_orientation;  /* not 0: turn the picture as its EXIF data says; Keras does not */
    size_t max_pixels;     /* refuse larger pictures. Default 100 million */
};

struct dsc_caption {
    const char *text;   /* UTF-8, words with blanks between */
    double logprob;     /* natural log of the sentence's probability, the end word included */
    double probability; /* exp(logprob) */
};

struct dsc_captions {
    struct dsc_caption *items; /* best first */
    size_t n;                  /* at least 1 */
    double time_ms;            /* from the picture's bytes to the captions */
};

/* Describe a JPEG, PNG, WebP or GIF. options NULL: the defaults. *out is freed with
 * dsc_captions_free(). DSC_IO or DSC_FORMAT when the picture cannot be read, DSC_INVALID for
 * options that make no sense, DSC_NOMEM. */
enum dsc_status dsc_caption_file(struct dsc_captioner *captioner, const char *path,
                                 const struct dsc_caption_options *options,
                                 struct dsc_captions **out);
/* The same for a picture in memory. */
enum dsc_status dsc_caption_memory(struct dsc_captioner *captioner, const void *bytes,
                                   size_t len_bytes, const struct dsc_caption_options *options,
                                   struct dsc_captions **out);
/* Takes NULL. */
void dsc_captions_free(struct dsc_captions *captions);

#ifdef __cplusplus
}
#endif

#endif
