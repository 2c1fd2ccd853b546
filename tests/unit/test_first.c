/* A real captioner, trained in tf.keras 2.15, on real pictures: the captions that Keras gives,
 * word for word. The figures come from the models/first folder of ../shared. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/captioner/captioner.h"

#define FIRST    "../shared/models/first"
#define PICTURES "../shared/data/flickr8k/Images"
#define BATCH    25

/* Keras' loop ended each sentence after 20 words. */
static struct dsc_captioner *open_first(void)
{
    const struct dsc_captioner_options o = {
        .model = FIRST "/model.h5",
        .tokenizer = FIRST "/tokenizer.pkl",
        .encoder = FIRST "/encoder.h5",
        .preprocess = "mean=127,std=128",
        .max_length = 20,
    };
    struct dsc_captioner *c = NULL;

    cr_assert_eq(dsc_captioner_open(&c, &o), DSC_OK, "%s", dsc_error_message());
    return c;
}

struct expected {
    const char *names[BATCH];
    const json_t *captions[BATCH];
    char paths[BATCH][256];
    size_t n;
};

static void compare(const struct expected *e, const struct dsc_caption_result *results)
{
    for (size_t i = 0; i < e->n; i++) {
        const struct dsc_captions *c = results[i].captions;
        const char *text = json_string_value(json_object_get(e->captions[i], "caption"));
        double logprob = json_real_value(json_object_get(e->captions[i], "logprob"));

        cr_assert_not_null(c, "%s: %s", e->names[i], results[i].error);
        cr_assert_str_eq(c->items[0].text, text, "%s", e->names[i]);
        cr_assert(fabs(c->items[0].logprob - logprob) <= 1e-3, "%s: log p %.6f, Keras %.6f",
                  e->names[i], c->items[0].logprob, logprob);
    }
}

static void run_batch(struct dsc_captioning *w, struct expected *e)
{
    const struct dsc_caption_options greedy = { .beam = 1 };
    struct dsc_caption_result results[BATCH];
    struct dsc_picture pictures[BATCH];

    for (size_t i = 0; i < e->n; i++) {
        snprintf(e->paths[i], sizeof(e->paths[i]), PICTURES "/%s", e->names[i]);
        pictures[i] = (struct dsc_picture){ .name = e->paths[i] };
    }
    dsc_captioning_run(w, pictures, e->n, &greedy, results);
    compare(e, results);
    for (size_t i = 0; i < e->n; i++) {
        dsc_captions_free(results[i].captions);
        dsc_free(results[i].error);
    }
    e->n = 0;
}

Test(first, gives_the_500_captions_of_keras)
{
    struct dsc_captioning *w = NULL;
    struct expected e = { .n = 0 };
    struct dsc_captioner *c;
    const char *name;
    json_t *all, *caption;

    if (access(FIRST, R_OK) || access(PICTURES, R_OK))
        cr_skip_test(FIRST " or " PICTURES " is absent");
    all = json_load_file(FIRST "/expected_greedy.json", 0, NULL);
    cr_assert_eq(json_object_size(all), 500);
    c = open_first();
    cr_assert_eq(dsc_captioning_new(&w, c, 2), DSC_OK);
    json_object_foreach(all, name, caption)
    {
        e.names[e.n] = name;
        e.captions[e.n++] = caption;
        if (e.n == BATCH)
            run_batch(w, &e);
    }
    run_batch(w, &e);
    dsc_captioning_free(w);
    dsc_captioner_close(c);
    json_decref(all);
}

Test(first, one_picture_alone_is_the_same_as_in_a_batch)
{
    const struct dsc_caption_options greedy = { .beam = 1 };
    struct dsc_captions *captions;
    struct dsc_captioner *c;

    if (access(FIRST, R_OK) || access(PICTURES, R_OK))
        cr_skip_test(FIRST " or " PICTURES " is absent");
    c = open_first();
    cr_assert_eq(dsc_caption_file(c, PICTURES "/3385593926_d3e9c21170.jpg", &greedy, &captions),
                 DSC_OK, "%s", dsc_error_message());
    cr_assert_str_eq(captions->items[0].text, "two dogs are running on the snow");
    dsc_captions_free(captions);
    dsc_captioner_close(c);
}
