/* A small captioner of real Keras, from files to captions. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/strbuf.h"
#include "core/captioner/captioner_internal.h"
#include "core/describe.h"

#define GOLDEN "tests/golden/captioner/"
#define BUNDLE GOLDEN "bundle"

static const char *const pictures[] = { BUNDLE "/noise.png", BUNDLE "/ramp.png",
                                        BUNDLE "/wave.png" };
static const struct dsc_caption_options greedy = { .beam = 1 };

static struct dsc_captioner *open_bundle(struct dsc_captioner_options options)
{
    struct dsc_captioner *c = NULL;

    options.model = BUNDLE;
    cr_assert_eq(dsc_captioner_open_from(&c, &options, NULL), DSC_OK, "%s", dsc_error_message());
    return c;
}

/* What Keras says of a picture. */
static void expect_keras(const char *path, const struct dsc_captions *captions, double tolerance)
{
    json_t *all = json_load_file(GOLDEN "expected.json", 0, NULL);
    const json_t *want = json_object_get(all, strrchr(path, '/') + 1);

    cr_assert_not_null(want);
    cr_assert_eq(captions->n, 1);
    cr_assert_str_eq(captions->items[0].text, json_string_value(json_object_get(want, "caption")));
    cr_assert_float_eq(captions->items[0].logprob,
                       json_real_value(json_object_get(want, "logprob")), tolerance);
    cr_assert_float_eq(captions->items[0].probability, exp(captions->items[0].logprob), 1e-12);
    cr_assert(captions->time_ms > 0);
    json_decref(all);
}

Test(captioner, says_what_keras_says)
{
    struct dsc_captioner *c = open_bundle((struct dsc_captioner_options){ 0 });

    for (size_t i = 0; i < DSC_COUNT(pictures); i++) {
        struct dsc_captions *captions = NULL;

        cr_assert_eq(dsc_caption_file(c, pictures[i], &greedy, &captions), DSC_OK, "%s",
                     dsc_error_message());
        expect_keras(pictures[i], captions, 1e-4);
        dsc_captions_free(captions);
    }
    dsc_captioner_close(c);
}

Test(captioner, takes_a_picture_in_memory)
{
    struct dsc_captioner *c = open_bundle((struct dsc_captioner_options){ 0 });
    struct dsc_strbuf bytes = DSC_STRBUF_INIT;
    struct dsc_captions *captions = NULL;

    cr_assert_eq(dsc_strbuf_read_file(&bytes, pictures[0], 1 << 20), DSC_OK);
    cr_assert_eq(dsc_caption_memory(c, bytes.text, bytes.len, &greedy, &captions), DSC_OK, "%s",
                 dsc_error_message());
    expect_keras(pictures[0], captions, 1e-4);
    dsc_captions_free(captions);
    captions = NULL;
    cr_assert_neq(dsc_caption_memory(c, bytes.text, bytes.len / 2, &greedy, &captions), DSC_OK);
    cr_assert_neq(dsc_caption_memory(c, NULL, 0, &greedy, &captions), DSC_OK);
    cr_assert_null(captions);
    dsc_strbuf_release(&bytes);
    dsc_captioner_close(c);
}

Test(captioner, says_what_it_is_made_of)
{
    struct dsc_captioner *c = open_bundle((struct dsc_captioner_options){ .threads = 2 });
    struct dsc_captioner_facts facts = dsc_captioner_facts(c);

    cr_assert_str_eq(facts.model, BUNDLE "/model.h5");
    cr_assert_str_eq(facts.encoder, BUNDLE "/encoder.h5");
    cr_assert_str_eq(facts.tokenizer, BUNDLE "/tokenizer.json");
    cr_assert_str_eq(facts.start_word, "startseq");
    cr_assert_str_eq(facts.end_word, "endseq");
    cr_assert_null(facts.recompute_reason);
    cr_assert_eq(facts.max_length, 8);
    cr_assert_eq(dsc_captioner_threads(c), 2);
    dsc_captioner_close(c);
}

/* ---- batches ---- */

static void release(struct dsc_caption_result *results, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        dsc_captions_free(results[i].captions);
        dsc_free(results[i].error);
    }
}

Test(captioner, a_bad_picture_fails_alone)
{
    const struct dsc_picture batch[] = {
        { .name = pictures[2] },
        { .name = GOLDEN "expected.json" },
        { .name = pictures[0] },
        { .name = GOLDEN "nowhere.png" },
        { .name = "five bytes", .bytes = "GIF89", .len_bytes = 5 },
        { .name = pictures[1] },
    };
    static const bool is_bad[] = { false, true, false, true, true, false };
    struct dsc_captioner *c = open_bundle((struct dsc_captioner_options){ 0 });
    struct dsc_caption_result results[DSC_COUNT(batch)];
    struct dsc_captioning *w = NULL;

    cr_assert_eq(dsc_captioning_new(&w, c, 1), DSC_OK);
    for (int round = 0; round < 2; round++) {
        dsc_captioning_run(w, batch, DSC_COUNT(batch), &greedy, results);
        for (size_t i = 0; i < DSC_COUNT(batch); i++) {
            cr_assert_eq(!results[i].captions, is_bad[i], "%s", batch[i].name);
            cr_assert_eq(!results[i].error, !is_bad[i]);
            if (is_bad[i])
                cr_assert_not_null(strstr(results[i].error, batch[i].name), "%s", results[i].error);
            else
                expect_keras(batch[i].name, results[i].captions, 1e-4);
        }
        release(results, DSC_COUNT(batch));
        /* Nothing but bad pictures. */
        dsc_captioning_run(w, &batch[3], 2, &greedy, results);
        cr_assert(results[0].status && results[1].status);
        release(results, 2);
    }
    dsc_captioning_free(w);
    dsc_captioner_close(c);
}

Test(captioner, gives_candidates_in_order)
{
    struct dsc_captioner *c = open_bundle((struct dsc_captioner_options){ 0 });
    const struct dsc_caption_options five = { .candidates = 5 }, none = { 0 };
    struct dsc_captions *captions = NULL;

    cr_assert_eq(dsc_caption_file(c, pictures[0], &five, &captions), DSC_OK);
    cr_assert_eq(captions->n, 5);
    for (size_t i = 1; i < 5; i++) {
        cr_assert(captions->items[i].logprob <= captions->items[i - 1].logprob);
        cr_assert_str_neq(captions->items[i].text, captions->items[i - 1].text);
    }
    dsc_captions_free(captions);
    cr_assert_eq(dsc_caption_file(c, pictures[0], &none, &captions), DSC_OK);
    cr_assert_eq(captions->n, 1);
    dsc_captions_free(captions);
    cr_assert_eq(dsc_caption_file(c, pictures[0], NULL, &captions), DSC_OK);
    cr_assert_eq(captions->n, 1);
    dsc_captions_free(captions);
    dsc_captioner_close(c);
}

Test(captioner, stops_at_the_length_asked_for)
{
    struct dsc_captioner *c = open_bundle((struct dsc_captioner_options){ .max_length = 3 });
    struct dsc_captions *captions = NULL;

    cr_assert_eq(dsc_caption_file(c, pictures[2], &greedy, &captions), DSC_OK);
    cr_assert_str_eq(captions->items[0].text, "a dog runs");
    dsc_captions_free(captions);
    dsc_captioner_close(c);
}

static void expect_bad_options(struct dsc_captioner *c, struct dsc_caption_options options,
                               const char *sentence)
{
    struct dsc_captions *captions = NULL;

    cr_assert_eq(dsc_caption_file(c, pictures[0], &options, &captions), DSC_INVALID);
    cr_assert_str_eq(dsc_error_message(), sentence);
    cr_assert_null(captions);
}

Test(captioner, refuses_options_that_make_no_sense)
{
    struct dsc_captioner *c = open_bundle((struct dsc_captioner_options){ 0 });

    expect_bad_options(c, (struct dsc_caption_options){ .beam = 2, .candidates = 3 },
                       "3 candidates of a beam of 2: the beam must be as wide");
    expect_bad_options(c, (struct dsc_caption_options){ .beam = 1001 },
                       "a beam of 1001: 1000 is the widest");
    expect_bad_options(c, (struct dsc_caption_options){ .length_penalty = -1 },
                       "a length penalty of -1: a number from 0 was expected");
    expect_bad_options(c, (struct dsc_caption_options){ .length_penalty = (double)NAN },
                       "a length penalty of nan: a number from 0 was expected");
    dsc_captioner_close(c);
}

/* ---- what does not go together ---- */

static void expect_closed(struct dsc_captioner_options options, enum dsc_status status,
                          const char *words)
{
    struct dsc_captioner *c = NULL;

    cr_assert_eq(dsc_captioner_open_from(&c, &options, NULL), status, "%s", dsc_error_message());
    cr_assert_null(c);
    cr_assert_not_null(strstr(dsc_error_message(), words), "'%s' is not in: %s", words,
                       dsc_error_message());
}

Test(captioner, says_why_it_does_not_open)
{
    const struct dsc_captioner_options bundle = { .model = BUNDLE };
    struct dsc_captioner_options o = bundle;

    o.padding = "middle";
    expect_closed(o, DSC_INVALID, "padding 'middle': 'pre' or 'post' expected");
    o = bundle;
    o.preprocess = "loud";
    expect_closed(o, DSC_INVALID, "loud");
    o = bundle;
    o.preprocess = "tf,size=13x12";
    expect_closed(o, DSC_INVALID, "pictures of 13x12 were asked for, the encoder takes 12x12");
    o = bundle;
    o.start_word = "stratseq";
    expect_closed(o, DSC_INVALID, "startseq");
    o = bundle;
    o.encoder = BUNDLE "/model.h5";
    expect_closed(o, DSC_FORMAT, "an encoder has one input of pixels [?, H, W, 3]");
    o = bundle;
    o.model = BUNDLE "/encoder.h5";
    expect_closed(o, DSC_UNSUPPORTED, "not a captioner");
    o = bundle;
    o.tokenizer = "tests/golden/captioner/expected.json";
    expect_closed(o, DSC_FORMAT, "expected.json");
    o.model = "tests/golden";
    expect_closed(o, DSC_IO, "'tests/golden': a folder without model.h5");
    /* Another model: its features are not this encoder's, and nothing lies beside it. */
    o = (struct dsc_captioner_options){ .model = "tests/golden/keras/merge-tf215.h5" };
    expect_closed(o, DSC_FORMAT, "give --tokenizer FILE");
    o.tokenizer = BUNDLE "/tokenizer.json";
    expect_closed(o, DSC_FORMAT, "'tests/golden/keras/merge-tf215.h5'");
}

/* ---- a bundle put together by hand ---- */

static void copy_file(const char *from, const char *folder, const char *name)
{
    struct dsc_strbuf bytes = DSC_STRBUF_INIT;
    char path[256];
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    cr_assert_eq(dsc_strbuf_read_file(&bytes, from, 1 << 24), DSC_OK, "%s", dsc_error_message());
    f = fopen(path, "wb");
    cr_assert(f && fwrite(bytes.text, 1, bytes.len, f) == bytes.len && !fclose(f));
    dsc_strbuf_release(&bytes);
}

static void remove_from(const char *folder, const char *name)
{
    char path[256];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    unlink(path);
}

static void write_words(const char *folder, const char *const *words, size_t n)
{
    char path[256];
    FILE *f;

    snprintf(path, sizeof(path), "%s/tokenizer.json", folder);
    f = fopen(path, "w");
    cr_assert_not_null(f);
    fputc('{', f);
    for (size_t i = 0; i < n; i++)
        fprintf(f, "%s\"%s\": %zu", i ? ", " : "", words[i], i);
    fputc('}', f);
    fclose(f);
}

/* Index 0, where others keep the padding, is never banned when it is the end word. */
Test(captioner, ends_at_an_end_word_of_index_0)
{
    static const char *const words[] = { "endseq", "startseq", "b", "c", "d", "e", "f", "g",
                                         "h",      "i",        "j", "k", "l", "m", "n" };
    struct dsc_captioner_options options = { .preprocess = "mean=127,std=128" };
    char folder[] = "/tmp/captioner-XXXXXX";
    struct dsc_captioner *c = NULL;

    cr_assert_not_null(mkdtemp(folder));
    copy_file(BUNDLE "/model.h5", folder, "model.h5");
    copy_file(BUNDLE "/encoder.h5", folder, "encoder.h5");
    write_words(folder, words, DSC_COUNT(words));
    options.model = folder;
    cr_assert_eq(dsc_captioner_open_from(&c, &options, NULL), DSC_OK, "%s", dsc_error_message());
    cr_assert_eq(c->word_flags[0], DSC_WORD_END);
    cr_assert_eq(c->word_flags[1], DSC_WORD_START);
    cr_assert_eq(c->word_flags[2], 0);
    dsc_captioner_close(c);
    options.preprocess = NULL;
    expect_closed(options, DSC_INVALID, "does not say how its pictures were prepared");
    remove_from(folder, "encoder.h5");
    expect_closed(options, DSC_INVALID, "give the network that makes them with --encoder FILE");
    remove_from(folder, "tokenizer.json");
    remove_from(folder, "model.h5");
    cr_assert_eq(rmdir(folder), 0);
}

/* ---- out of memory ---- */

static enum dsc_status describe(void)
{
    const struct dsc_captioner_options options = { .model = BUNDLE, .threads = 1 };
    const struct dsc_caption_options beam = { .beam = 2 };
    struct dsc_captions *captions = NULL;
    struct dsc_captioner *c = NULL;
    enum dsc_status st = dsc_captioner_open_from(&c, &options, NULL);

    if (!st)
        st = dsc_caption_file(c, pictures[0], &beam, &captions);
    dsc_captions_free(captions);
    dsc_captioner_close(c);
    return st;
}

Test(captioner, survives_every_failed_allocation)
{
    enum dsc_status st = DSC_NOMEM;

    for (uint64_t n = 1; st; n++) {
        dsc_alloc_fail_after(n);
        st = describe();
        dsc_alloc_fail_after(0);
        cr_assert(st == DSC_OK || st == DSC_NOMEM, "allocation %d: status %d: %s", (int)n, (int)st,
                  dsc_error_message());
        cr_assert(n < 20000);
    }
}
