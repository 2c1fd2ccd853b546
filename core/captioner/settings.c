#include "core/captioner/settings.h"

#include <jansson.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/text/tokenizer.h"

#define SETTINGS_ATTR      "describe"
#define SETTINGS_MAX_BYTES ((size_t)64 << 20)

enum dsc_status dsc_padding_parse(enum dsc_padding_side *out, const char *text)
{
    if (!strcmp(text, "pre"))
        *out = DSC_PAD_PRE;
    else if (!strcmp(text, "post"))
        *out = DSC_PAD_POST;
    else
        return dsc_fail(DSC_INVALID, "padding '%s': 'pre' or 'post' expected", text);
    return DSC_OK;
}

/* The text of a key, NULL when it is missing or null. */
static enum dsc_status get_text(const json_t *o, const char *key, const char **text)
{
    const json_t *v = json_object_get(o, key);

    *text = NULL;
    if (!v || json_is_null(v))
        return DSC_OK;
    if (!json_is_string(v))
        return dsc_fail(DSC_FORMAT, "'%s': a text was expected", key);
    *text = json_string_value(v);
    return DSC_OK;
}

static enum dsc_status copy_text(const json_t *o, const char *key, char **copy)
{
    const char *text;
    enum dsc_status st = get_text(o, key, &text);

    if (st || !text)
        return st;
    *copy = dsc_strdup(text);
    return *copy ? DSC_OK : dsc_fail_nomem("the settings of a captioner");
}

static int append(const char *text, size_t len, void *buffer)
{
    return dsc_strbuf_add(buffer, text, len) ? -1 : 0;
}

static enum dsc_status read_vocabulary(struct dsc_settings *s, const json_t *o)
{
    const json_t *v = json_object_get(o, "vocabulary");
    struct dsc_strbuf text = DSC_STRBUF_INIT;
    enum dsc_status st;

    if (!v || json_is_null(v))
        return DSC_OK;
    if (json_dump_callback(v, append, &text, JSON_COMPACT | JSON_ENCODE_ANY))
        st = dsc_fail_nomem("a vocabulary");
    else
        st = dsc_vocab_parse(&s->vocab, text.text, text.len, "vocabulary");
    dsc_strbuf_release(&text);
    return st;
}

static enum dsc_status read_length(struct dsc_settings *s, const json_t *o)
{
    const json_t *v = json_object_get(o, "max_length");

    if (!v || json_is_null(v))
        return DSC_OK;
    if (!json_is_integer(v) || json_integer_value(v) < 1 || json_integer_value(v) > 1000000)
        return dsc_fail(DSC_FORMAT, "'max_length': a number of words was expected");
    s->max_length = (size_t)json_integer_value(v);
    return DSC_OK;
}

static enum dsc_status read_choices(struct dsc_settings *s, const json_t *o)
{
    const char *text;
    enum dsc_status st = get_text(o, "padding", &text);

    if (!st && text) {
        st = dsc_padding_parse(&s->padding, text);
        s->has_padding = !st;
    }
    if (!st)
        st = get_text(o, "preprocess", &text);
    if (!st && text) {
        st = dsc_preprocess_parse(&s->preprocess, text);
        s->has_preprocess = !st;
    }
    /* A file's fault, not the caller's. */
    return st == DSC_INVALID ? DSC_FORMAT : st;
}

static enum dsc_status read_all(struct dsc_settings *s, const json_t *o)
{
    const char *format;
    enum dsc_status st;

    if (!json_is_object(o))
        return dsc_fail(DSC_FORMAT, "a JSON object was expected");
    st = get_text(o, "format", &format);
    if (!st && (!format || strcmp(format, "describe captioner 1")))
        return dsc_fail(DSC_FORMAT, "'format' is '%s', 'describe captioner 1' expected",
                        format ? format : "missing");
    if (!st)
        st = read_choices(s, o);
    if (!st)
        st = read_length(s, o);
    if (!st)
        st = copy_text(o, "start_word", &s->start_word);
    if (!st)
        st = copy_text(o, "end_word", &s->end_word);
    if (!st)
        st = copy_text(json_object_get(o, "encoder"), "name", &s->encoder_name);
    if (!st)
        st = read_vocabulary(s, o);
    return st;
}

enum dsc_status dsc_settings_parse(struct dsc_settings *out, const char *json, size_t len_bytes,
                                   const char *name)
{
    struct dsc_settings s = { 0 };
    json_error_t error;
    json_t *root = json_loadb(json, len_bytes, JSON_REJECT_DUPLICATES, &error);
    enum dsc_status st;

    if (!root)
        return dsc_fail(DSC_FORMAT, "'%s': the captioner's settings are no JSON: line %d: %s", name,
                        error.line, error.text);
    st = read_all(&s, root);
    json_decref(root);
    if (st) {
        dsc_settings_release(&s);
        return dsc_fail_context(st, "'%s': the captioner's settings", name);
    }
    *out = s;
    return DSC_OK;
}

enum dsc_status dsc_settings_read(struct dsc_settings *out, const struct dsc_h5 *file)
{
    bool found;
    char *text;
    enum dsc_status st = dsc_h5_has_attr(file, "/", SETTINGS_ATTR, &found);

    if (st || !found)
        return st;
    st = dsc_h5_attr_text(file, "/", SETTINGS_ATTR, &text);
    if (st)
        return st;
    st = dsc_settings_parse(out, text, strlen(text), dsc_h5_name(file));
    dsc_free(text);
    return st;
}

enum dsc_status dsc_settings_read_file(struct dsc_settings *out, const char *path)
{
    struct dsc_strbuf text = DSC_STRBUF_INIT;
    enum dsc_status st = dsc_strbuf_read_file(&text, path, SETTINGS_MAX_BYTES);

    if (!st)
        st = dsc_settings_parse(out, text.text, text.len, path);
    dsc_strbuf_release(&text);
    return st;
}

void dsc_settings_release(struct dsc_settings *s)
{
    dsc_vocab_free(s->vocab);
    dsc_free(s->start_word);
    dsc_free(s->end_word);
    dsc_free(s->encoder_name);
    *s = (struct dsc_settings){ 0 };
}
