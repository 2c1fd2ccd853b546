/* captioner.h - encoder, decoder, vocabulary and preprocessing as one object, and one thread's
 * work with it.
 *
 * A captioner is read-only once it is open. A captioning holds the sessions and buffers of one
 * thread; it describes pictures in batches:
 *
 *     st = dsc_captioner_open_from(&c, &options, "/usr/share/describe/model.h5");
 *     st = dsc_captioning_new(&w, c, 2);
 *     dsc_captioning_run(w, pictures, n, &caption_options, results);
 *
 * Programs use these; libdescribe's users see core/describe.h.
 */
#ifndef DSC_CAPTIONER_H
#define DSC_CAPTIONER_H

#include "core/base/base.h"

struct dsc_captioning;

/* As dsc_captioner_open of describe.h, with the captioner to fall back on; NULL: none. */
DSC_CHECK_RESULT enum dsc_status dsc_captioner_open_from(
    struct dsc_captioner **out, const struct dsc_captioner_options *options, const char *installed);

/* Words about an open captioner, borrowed. */
struct dsc_captioner_facts {
    const char *model, *encoder, *tokenizer; /* paths; NULL: within the model */
    const char *start_word, *end_word;
    const char *recompute_reason; /* NULL: one step a word */
    size_t vocabulary, max_length;
};
struct dsc_captioner_facts dsc_captioner_facts(const struct dsc_captioner *c);
/* Threads for one call, as the options said or one for each processor. */
int dsc_captioner_threads(const struct dsc_captioner *c);

/* n_threads: for one run; the captioner must outlive it. */
DSC_CHECK_RESULT enum dsc_status dsc_captioning_new(struct dsc_captioning **out,
                                                    const struct dsc_captioner *c, int n_threads);
void dsc_captioning_free(struct dsc_captioning *w); /* takes NULL */

struct dsc_picture {
    const char *name;  /* a path, "-" for standard input; with bytes: what messages call it */
    const void *bytes; /* NULL: read from the path */
    size_t len_bytes;
};

struct dsc_caption_result {
    struct dsc_captions *captions; /* NULL when this picture failed; caller frees */
    enum dsc_status status;
    char *error; /* the sentence of a failure, freed with dsc_free() */
};

/* Describe n pictures in one batch. A picture that cannot be read fails alone; options that make
 * no sense, and running out of memory, fail them all. time_ms of each is its share of the
 * batch. */
void dsc_captioning_run(struct dsc_captioning *w, const struct dsc_picture *pictures, size_t n,
                        const struct dsc_caption_options *options,
                        struct dsc_caption_result *results);

/* A captioning from the captioner's own pool, for calls from any thread; given back after. */
DSC_CHECK_RESULT enum dsc_status dsc_captioner_borrow(struct dsc_captioner *c,
                                                      struct dsc_captioning **out);
void dsc_captioner_give_back(struct dsc_captioner *c, struct dsc_captioning *w);

#endif
