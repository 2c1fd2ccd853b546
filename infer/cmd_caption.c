#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/strbuf.h"
#include "infer/captioner_options.h"
#include "infer/cmd.h"
#include "infer/json_line.h"
#include "infer/pictures.h"

/* Enough that the weights of a decoder are read once for many sentences, few enough that two
 * threads share a short list evenly. */
#define BATCH 8

struct caption_options {
    struct dsc_common_options common;
    struct captioner_options captioner;
    size_t beam, candidates, max_pixels;
    double length_penalty;
    bool json, recursive, exif;
};

#define S struct caption_options
static const struct dsc_option options[] = {
    DSC_OPTION_INCLUDE(captioner_options, S, captioner),
    DSC_OPTION_SIZE("beam", 'b', S, beam, "K", 1, 1000,
                    "keep the K best sentences at each word; 1 is greedy (3)"),
    DSC_OPTION_SIZE("candidates", 'n', S, candidates, "N", 1, 1000,
                    "print the N best captions of each picture (1)"),
    DSC_OPTION_DOUBLE("length-penalty", 0, S, length_penalty, "A", 0, 10,
                      "captions compete by log p / length^A (0: by log p)"),
    DSC_OPTION_FLAG("exif", 0, S, exif, "turn pictures as their EXIF data says; Keras does not"),
    DSC_OPTION_SIZE("max-pixels", 0, S, max_pixels, "N", 1, 2000000000,
                    "refuse larger pictures (100000000)"),
    DSC_OPTION_FLAG("json", 0, S, json, "one JSON object a line"),
    DSC_OPTION_FLAG("recursive", 'r', S, recursive, "also the folders within a folder"),
    DSC_OPTION_INCLUDE(dsc_common_options, S, common),
    DSC_OPTION_END
};

const struct dsc_command cmd_caption_command = {
    "describe", "caption", "IMAGE|DIR|- ...",
    "Write a sentence about each picture: JPEG, PNG, WebP or GIF; - is standard input.\n"
    "One picture: the caption alone. Several, or a folder: PATH<TAB>CAPTION.",
    options
};

/* One run over many pictures; workers take batches, results come out in order. */
struct run {
    const struct caption_options *options;
    const struct dsc_captioner *captioner;
    struct dsc_console *console;
    struct picture_list pictures;
    struct dsc_caption_result *results;
    bool *done;
    bool single;    /* one file: no path in front */
    int op_threads; /* of each worker */
    size_t batch;

    pthread_mutex_t lock; /* of everything below */
    size_t next;          /* the first picture that nobody has taken */
    size_t printed;
    size_t n_failed;
    enum dsc_status status; /* why the whole run ends */
};

static json_t *candidate_json(const struct dsc_caption *c)
{
    return json_pack("{s:s, s:f, s:f}", "text", c->text, "logprob", c->logprob, "probability",
                     c->probability);
}

static enum dsc_status print_json(struct run *r, const char *path,
                                  const struct dsc_caption_result *result)
{
    const struct dsc_captions *c = result->captions;
    json_t *list;

    if (!c)
        return json_line_print(r->console,
                               json_pack("{s:o, s:o}", "image", json_any_text(path), "error",
                                         json_any_text(result->error ? result->error : "")));
    list = json_array();
    for (size_t i = 0; i < c->n; i++)
        json_array_append_new(list, candidate_json(&c->items[i]));
    return json_line_print(r->console, json_pack("{s:o, s:s, s:o, s:f}", "image",
                                                 json_any_text(path), "caption", c->items[0].text,
                                                 "candidates", list, "time_ms", c->time_ms));
}

static enum dsc_status print_text(struct run *r, const char *path, const struct dsc_captions *c)
{
    struct dsc_strbuf s = DSC_STRBUF_INIT;
    enum dsc_status st = DSC_OK;

    for (size_t i = 0; !st && i < c->n; i++) {
        size_t start;

        if (r->options->candidates > 1)
            st = dsc_strbuf_printf(&s, "%s\t%zu\t%.6f\t", path, i + 1, c->items[i].logprob);
        else if (!r->single)
            st = dsc_strbuf_printf(&s, "%s\t", path);
        start = s.len;
        if (!st)
            st = dsc_strbuf_puts(&s, c->items[i].text);
        if (!st)
            dsc_make_printable(s.text + start);
        if (!st)
            st = dsc_strbuf_puts(&s, "\n");
    }
    if (!st)
        st = dsc_console_print(r->console, s.text);
    dsc_strbuf_release(&s);
    return st;
}

static enum dsc_status print_result(struct run *r, size_t i)
{
    struct dsc_caption_result *result = &r->results[i];
    const char *path = r->pictures.paths[i];

    if (!result->captions) {
        r->n_failed++;
        dsc_console_error(r->console, "%s", result->error ? result->error : "out of memory");
    }
    if (r->options->json)
        return print_json(r, path, result);
    return result->captions ? print_text(r, path, result->captions) : DSC_OK;
}

/* The lock is held. Whoever fails first says why. */
static void fail(struct run *r, enum dsc_status st)
{
    if (!r->status) {
        r->status = st;
        dsc_console_fail(r->console);
    }
}

static void print_and_drop(struct run *r, size_t i)
{
    struct dsc_caption_result *result = &r->results[i];
    enum dsc_status st = r->status ? DSC_OK : print_result(r, i);

    if (st)
        fail(r, st);
    dsc_captions_free(result->captions);
    dsc_free(result->error);
    *result = (struct dsc_caption_result){ 0 };
}

/* Keep the results of a batch and print all that are next in order. */
static void hand_in(struct run *r, const struct dsc_caption_result *results, size_t first, size_t n)
{
    pthread_mutex_lock(&r->lock);
    memcpy(&r->results[first], results, n * sizeof(*results));
    for (size_t i = first; i < first + n; i++)
        r->done[i] = true;
    for (; r->printed < r->pictures.n && r->done[r->printed]; r->printed++)
        print_and_drop(r, r->printed);
    pthread_mutex_unlock(&r->lock);
    dsc_progress_add(r->console, n);
}

static size_t take_batch(struct run *r, size_t *first)
{
    size_t n = 0;

    pthread_mutex_lock(&r->lock);
    if (!r->status) {
        *first = r->next;
        n = DSC_MIN(r->batch, r->pictures.n - r->next);
        r->next += n;
    }
    pthread_mutex_unlock(&r->lock);
    return n;
}

static void stop(struct run *r, enum dsc_status st)
{
    pthread_mutex_lock(&r->lock);
    fail(r, st);
    pthread_mutex_unlock(&r->lock);
}

static void *work(void *arg)
{
    struct run *r = arg;
    const struct dsc_caption_options o = {
        .beam = r->options->beam,
        .candidates = r->options->candidates,
        .length_penalty = r->options->length_penalty,
        .exif_orientation = r->options->exif,
        .max_pixels = r->options->max_pixels,
    };
    struct dsc_caption_result results[BATCH];
    struct dsc_picture pictures[BATCH];
    struct dsc_captioning *w;
    enum dsc_status st = dsc_captioning_new(&w, r->captioner, r->op_threads);
    size_t first, n;

    if (st) {
        stop(r, st);
        return NULL;
    }
    while ((n = take_batch(r, &first))) {
        for (size_t i = 0; i < n; i++)
            pictures[i] = (struct dsc_picture){ .name = r->pictures.paths[first + i] };
        dsc_captioning_run(w, pictures, n, &o, results);
        hand_in(r, results, first, n);
    }
    dsc_captioning_free(w);
    return NULL;
}

/* One picture: all threads inside its ops. Several: a worker each, one thread inside. */
static void run_workers(struct run *r)
{
    size_t n = (size_t)dsc_captioner_threads(r->captioner);
    size_t n_workers = DSC_MAX(DSC_MIN(n, r->pictures.n), (size_t)1), started = 0;
    pthread_t *threads = dsc_malloc(n_workers, sizeof(*threads));

    r->op_threads = (int)DSC_MAX(n / n_workers, (size_t)1);
    r->batch = DSC_MIN((size_t)BATCH, (r->pictures.n + n_workers - 1) / n_workers);
    while (threads && started + 1 < n_workers && !pthread_create(&threads[started], NULL, work, r))
        started++;
    work(r);
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    dsc_free(threads);
}

static int exit_code(const struct run *r)
{
    if (r->status)
        return DSC_EXIT_FAILED;
    if (!r->n_failed)
        return DSC_EXIT_OK;
    return r->n_failed == r->pictures.n ? DSC_EXIT_FAILED : DSC_EXIT_PARTLY;
}

static int caption_all(struct run *r)
{
    r->results = dsc_calloc(r->pictures.n, sizeof(*r->results));
    r->done = dsc_calloc(r->pictures.n, sizeof(*r->done));
    if (!r->results || !r->done) {
        dsc_console_error(r->console, "out of memory for %zu pictures", r->pictures.n);
        return DSC_EXIT_FAILED;
    }
    pthread_mutex_init(&r->lock, NULL);
    if (r->pictures.n > 1)
        dsc_progress_begin(r->console, r->pictures.n);
    run_workers(r);
    dsc_progress_end(r->console);
    pthread_mutex_destroy(&r->lock);
    return exit_code(r);
}

static int caption(const struct caption_options *o, const struct dsc_args *args,
                   struct dsc_console *console)
{
    struct run r = { .options = o, .console = console };
    struct dsc_captioner *captioner = NULL;
    int code = DSC_EXIT_FAILED;
    enum dsc_status st =
        pictures_list(&r.pictures, args->operands, args->operand_count, o->recursive);

    if (!st)
        st = captioner_open(&captioner, &o->captioner, o->common.threads);
    if (st) {
        dsc_console_fail(console);
        code = st == DSC_INVALID ? DSC_EXIT_USAGE : DSC_EXIT_FAILED;
    } else if (!r.pictures.n) {
        dsc_console_error(console, "no pictures in '%s': JPEG, PNG, WebP or GIF expected",
                          args->operands[0]);
    } else {
        r.captioner = captioner;
        r.single = pictures_is_single(args->operands, args->operand_count);
        code = caption_all(&r);
    }
    dsc_free(r.results);
    dsc_free(r.done);
    pictures_release(&r.pictures);
    dsc_captioner_close(captioner);
    return code;
}

static int check(const struct caption_options *o, const struct dsc_args *args)
{
    if (!args->operand_count)
        return dsc_usage_error(&cmd_caption_command, "no picture was named");
    if (o->beam && o->candidates > o->beam)
        return dsc_usage_error(&cmd_caption_command,
                               "%zu candidates need a beam of as many, not %zu", o->candidates,
                               o->beam);
    return DSC_EXIT_NONE;
}

int cmd_caption(int argc, char **argv)
{
    struct caption_options o = { .candidates = 1 };
    struct dsc_args args = { 0 };
    struct dsc_console console;
    int code = dsc_args_parse(&args, &cmd_caption_command, &o, argc, argv);

    if (code == DSC_EXIT_NONE)
        code = check(&o, &args);
    if (code == DSC_EXIT_NONE) {
        dsc_console_init(&console, "describe", dsc_console_level(&o.common));
        code = caption(&o, &args, &console);
        dsc_console_release(&console);
    }
    dsc_args_release(&args);
    return code;
}
