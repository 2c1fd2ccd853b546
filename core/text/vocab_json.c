#include "core/text/vocab.h"

/* A JSON string. Everything else in the text is valid UTF-8 and stays as it is. */
static enum dsc_status put_string(struct dsc_strbuf *out, const char *s)
{
    enum dsc_status st = dsc_strbuf_add(out, "\"", 1);

    for (; !st && *s; s++) {
        unsigned char c = (unsigned char)*s;

        if (c == '"' || c == '\\')
            st = dsc_strbuf_printf(out, "\\%c", c);
        else if (c < ' ')
            st = dsc_strbuf_printf(out, "\\u%04x", c);
        else
            st = dsc_strbuf_add(out, s, 1);
    }
    return st ? st : dsc_strbuf_add(out, "\"", 1);
}

static enum dsc_status put_text(struct dsc_strbuf *out, const char *key, const char *value)
{
    enum dsc_status st = dsc_strbuf_printf(out, ", \"%s\": ", key);

    return st ? st : put_string(out, value);
}

static enum dsc_status put_bool(struct dsc_strbuf *out, const char *key, bool value)
{
    return dsc_strbuf_printf(out, ", \"%s\": %s", key, value ? "true" : "false");
}

static enum dsc_status put_int(struct dsc_strbuf *out, const char *key, int value, int none)
{
    if (value == none)
        return dsc_strbuf_printf(out, ", \"%s\": null", key);
    return dsc_strbuf_printf(out, ", \"%s\": %d", key, value);
}

static enum dsc_status put_words(struct dsc_strbuf *out, const struct dsc_vocab *v)
{
    enum dsc_status st =
        dsc_strbuf_puts(out, "{\"format\": \"describe vocabulary 1\", \"words\": [");

    for (size_t i = 0; !st && i < v->size; i++) {
        if (i)
            st = dsc_strbuf_puts(out, ", ");
        if (!st)
            st = v->words[i] ? put_string(out, v->words[i]) : dsc_strbuf_puts(out, "null");
    }
    return st ? st : dsc_strbuf_puts(out, "]");
}

enum dsc_status dsc_vocab_to_json(const struct dsc_vocab *v, struct dsc_strbuf *out)
{
    bool tokenizer = v->cut == DSC_VOCAB_CUT_TOKENIZER;
    enum dsc_status st = put_words(out, v);

    if (!st)
        st = put_int(out, "start", v->start, DSC_VOCAB_NONE);
    if (!st)
        st = put_int(out, "end", v->end, DSC_VOCAB_NONE);
    if (!st)
        st = put_int(out, "oov", v->oov, DSC_VOCAB_NONE);
    if (!st)
        st = put_int(out, "num_words", v->num_words, 0);
    if (!st)
        st = put_text(out, "cut", tokenizer ? "tokenizer" : "vectorization");
    if (!st)
        st = put_text(out, "filters", v->filters);
    if (!st)
        st = put_bool(out, "lower", v->lower);
    if (!st)
        st = put_text(out, "split", v->split);
    if (!st)
        st = put_bool(out, "char_level", v->char_level);
    if (!st)
        st = put_bool(out, "by_frequency", v->by_frequency);
    if (!st)
        st = put_bool(out, "base_open", v->base_open);
    if (!st)
        st = put_text(out, "source", v->form);
    return st ? st : dsc_strbuf_puts(out, "}");
}
