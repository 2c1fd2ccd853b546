#include "core/captioner/bundle.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/strbuf.h"

static bool is_folder(const char *path)
{
    struct stat s;

    return !stat(path, &s) && S_ISDIR(s.st_mode);
}

/* "folder/name", with `len` bytes of folder. */
static enum dsc_status join(char **out, const char *folder, size_t len, const char *name)
{
    struct dsc_strbuf s = DSC_STRBUF_INIT;
    enum dsc_status st = dsc_strbuf_printf(&s, "%.*s%s%s", (int)len, folder,
                                           len && folder[len - 1] != '/' ? "/" : "", name);

    if (st)
        dsc_strbuf_release(&s);
    else
        *out = dsc_strbuf_detach(&s);
    return st;
}

static enum dsc_status copy(char **out, const char *path)
{
    *out = dsc_strdup(path);
    return *out ? DSC_OK : dsc_fail_nomem("a path");
}

static enum dsc_status find_model(struct dsc_bundle *b, const char *named, const char *installed)
{
    const char *given = getenv("DESCRIBE_MODEL");
    const char *path = named;
    enum dsc_status st;

    if (!path && given && *given)
        path = given;
    if (!path)
        path = !access("model.h5", F_OK) ? "model.h5" : installed;
    if (!path)
        return dsc_fail(DSC_INVALID,
                        "no captioner: give --model FILE or FOLDER, set DESCRIBE_MODEL, or work "
                        "in a folder that holds model.h5");
    if (!is_folder(path))
        return copy(&b->model, path);
    st = join(&b->model, path, strlen(path), "model.h5");
    if (!st && access(b->model, F_OK))
        st = dsc_fail(DSC_IO, "'%s': a folder without model.h5", path);
    return st;
}

/* The first of the names that lies beside the model. */
static enum dsc_status find_beside(char **out, const char *model, const char *const *names)
{
    const char *slash = strrchr(model, '/');
    size_t len = slash ? (size_t)(slash - model) + 1 : 0;

    for (; *names; names++) {
        enum dsc_status st = join(out, model, len, *names);

        if (st)
            return st;
        if (!access(*out, F_OK))
            return DSC_OK;
        dsc_free(*out);
        *out = NULL;
    }
    return DSC_OK;
}

static enum dsc_status find_part(char **out, bool *is_guess, const char *named, const char *model,
                                 const char *const *names)
{
    *is_guess = !named;
    return named ? copy(out, named) : find_beside(out, model, names);
}

enum dsc_status dsc_bundle_find(struct dsc_bundle *out, const struct dsc_captioner_options *options,
                                const char *installed)
{
    static const char *const tokenizers[] = { "tokenizer.pkl", "tokenizer.pickle", "tokenizer.p",
                                              "tokenizer.json", NULL };
    static const char *const encoders[] = { "encoder.h5", NULL };
    static const char *const settings[] = { "describe.json", NULL };
    struct dsc_bundle b = { 0 };
    enum dsc_status st = find_model(&b, options->model, installed);

    if (!st)
        st =
            find_part(&b.tokenizer, &b.tokenizer_is_guess, options->tokenizer, b.model, tokenizers);
    if (!st)
        st = find_part(&b.encoder, &b.encoder_is_guess, options->encoder, b.model, encoders);
    if (!st)
        st = find_beside(&b.settings, b.model, settings);
    if (st) {
        dsc_bundle_release(&b);
        return st;
    }
    *out = b;
    return DSC_OK;
}

void dsc_bundle_release(struct dsc_bundle *b)
{
    dsc_free(b->model);
    dsc_free(b->encoder);
    dsc_free(b->tokenizer);
    dsc_free(b->settings);
    *b = (struct dsc_bundle){ 0 };
}
