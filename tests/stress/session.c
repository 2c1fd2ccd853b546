/* One captioner, several threads: the same captions as alone, and no data race. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "core/base/strbuf.h"
#include "core/describe.h"

#define BUNDLE    "tests/golden/captioner/bundle"
#define N_THREADS 4
#define ROUNDS    8

static const char *const pictures[] = { BUNDLE "/noise.png", BUNDLE "/ramp.png",
                                        BUNDLE "/wave.png" };

struct worker {
    pthread_t thread;
    struct dsc_captioner *captioner;
    char text[ROUNDS][128];
    char error[256]; /* empty: it went well */
};

static int describe(struct worker *w, int round)
{
    /* Some rounds alike in all threads, some not. */
    const struct dsc_caption_options options = { .beam = 1 + (size_t)round % 3 };
    const char *path = pictures[round % 3];
    struct dsc_strbuf bytes = DSC_STRBUF_INIT;
    struct dsc_captions *captions;
    enum dsc_status st;

    if (round % 2) {
        st = dsc_caption_file(w->captioner, path, &options, &captions);
    } else {
        st = dsc_strbuf_read_file(&bytes, path, 1 << 20);
        if (!st)
            st = dsc_caption_memory(w->captioner, bytes.text, bytes.len, &options, &captions);
        dsc_strbuf_release(&bytes);
    }
    if (st) {
        snprintf(w->error, sizeof(w->error), "%s", dsc_error_message());
        return -1;
    }
    snprintf(w->text[round], sizeof(w->text[round]), "%s", captions->items[0].text);
    dsc_captions_free(captions);
    /* Failures keep their sentence for the thread that made them. */
    if (!dsc_caption_file(w->captioner, "nowhere.png", &options, &captions) ||
        !strstr(dsc_error_message(), "nowhere.png")) {
        snprintf(w->error, sizeof(w->error), "no sentence about nowhere.png");
        return -1;
    }
    return 0;
}

static void *work(void *arg)
{
    struct worker *w = arg;

    for (int round = 0; round < ROUNDS && !describe(w, round); round++)
        ;
    return NULL;
}

static int same_words(const struct worker *a, const struct worker *b)
{
    for (int round = 0; round < ROUNDS; round++)
        if (strcmp(a->text[round], b->text[round]))
            return 0;
    return 1;
}

int main(void)
{
    const struct dsc_captioner_options options = { .model = BUNDLE, .threads = 2 };
    struct worker alone = { .error = "" }, workers[N_THREADS];
    struct dsc_captioner *captioner;
    int failed = 0;

    if (dsc_captioner_open(&captioner, &options)) {
        fprintf(stderr, "%s\n", dsc_error_message());
        return 1;
    }
    memset(workers, 0, sizeof(workers));
    for (int i = 0; i < N_THREADS; i++) {
        workers[i].captioner = captioner;
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
            return 1;
    }
    for (int i = 0; i < N_THREADS; i++)
        pthread_join(workers[i].thread, NULL);
    alone.captioner = captioner;
    work(&alone);
    if (*alone.error)
        failed = 1;
    for (int i = 0; i < N_THREADS; i++) {
        if (!*workers[i].error && same_words(&workers[i], &alone))
            continue;
        fprintf(stderr, "thread %d: %s\n", i, *workers[i].error ? workers[i].error : "other words");
        failed = 1;
    }
    dsc_captioner_close(captioner);
    return failed;
}
