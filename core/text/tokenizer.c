#include "core/text/tokenizer.h"

#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/text/tokenizer_internal.h"

#define MAX_JSON_BYTES    ((size_t)32 << 20)
#define MAX_SCRATCH_BYTES ((size_t)512 << 20)

static enum dsc_status read_pickle(struct dsc_reader *r, const char *bytes, size_t len,
                                   const char *name)
{
    struct dsc_pickle p;
    char kind[32];
    enum dsc_status st = dsc_pickle_parse(&p, bytes, len, name, NULL);

    if (st)
        return st;
    snprintf(kind, sizeof(kind), "pickle, protocol %u", p.protocol);
    r->kind = kind;
    st = dsc_reader_tree(r, p.root);
    r->kind = NULL;
    dsc_pickle_release(&p);
    return st ? dsc_fail_context(st, "'%s'", name) : DSC_OK;
}

static enum dsc_status read_json(struct dsc_reader *r, const char *text, size_t len)
{
    const struct dsc_pickle_value *root;
    enum dsc_status st;

    if (len > MAX_JSON_BYTES)
        return dsc_fail(DSC_FORMAT, "JSON of %zu bytes, more than the %zu allowed", len,
                        MAX_JSON_BYTES);
    r->kind = "JSON";
    st = dsc_json_value(r, text, len, &root);
    return st ? st : dsc_reader_tree(r, root);
}

/* A list of words may begin with '[UNK]' or '"': ask for two characters that only
 * JSON has. */
static bool looks_like_json(const char *text, size_t len)
{
    static const char blank[] = " \t\r\n";
    const char *p = text, *end = text + len;
    char first;

    while (p < end && *p && strchr(blank, *p))
        p++;
    if (p == end)
        return false;
    first = *p++;
    while (p < end && *p && strchr(blank, *p))
        p++;
    if (first == '{')
        return p == end || *p == '"' || *p == '}' || *p == '\'';
    if (first == '[')
        return p < end &&
               (strchr("\"[]{-0123456789", *p) || (end - p > 4 && !memcmp(p, "null", 4)));
    return first == '"' && p < end && (*p == '{' || *p == '[');
}

static enum dsc_status read_text(struct dsc_reader *r, const char *text, size_t len,
                                 const char *name)
{
    enum dsc_status st;

    if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
        text += 3;
        len -= 3;
    }
    if (looks_like_json(text, len)) {
        st = read_json(r, text, len);
    } else {
        r->kind = "text";
        st = dsc_reader_lines(r, text, len);
    }
    return st ? dsc_fail_context(st, "'%s'", name) : DSC_OK;
}

enum dsc_status dsc_vocab_parse(struct dsc_vocab **out, const void *bytes, size_t len,
                                const char *name)
{
    struct dsc_reader r = { .scratch.max_bytes = MAX_SCRATCH_BYTES };
    enum dsc_status st = dsc_refuse_other_files(bytes, len, name);

    if (st)
        return st;
    r.vocab = dsc_vocab_new();
    if (!r.vocab)
        return dsc_fail_nomem("a vocabulary");
    st = dsc_pickle_looks_like(bytes, len) ? read_pickle(&r, bytes, len, name)
                                           : read_text(&r, bytes, len, name);
    dsc_arena_release(&r.scratch);
    if (st) {
        dsc_vocab_free(r.vocab);
        return st;
    }
    *out = r.vocab;
    return DSC_OK;
}

enum dsc_status dsc_vocab_load(struct dsc_vocab **out, const char *path)
{
    struct dsc_strbuf file = DSC_STRBUF_INIT;
    enum dsc_status st = dsc_strbuf_read_file(&file, path, DSC_TOKENIZER_MAX_BYTES);

    if (!st)
        st = dsc_vocab_parse(out, file.text ? file.text : "", file.len, path);
    dsc_strbuf_release(&file);
    return st;
}
