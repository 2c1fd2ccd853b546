#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <unistr.h>

#include "core/base/alloc.h"
#include "core/text/vocab.h"

#define SIGMA "Σ" /* the one letter whose lower case depends on its neighbours */

struct indexes {
    int *items;
    size_t n, cap;
};

static enum dsc_status add_index(struct indexes *out, int index)
{
    if (dsc_grow(&out->items, &out->cap, out->n + 1, sizeof(int)))
        return dsc_fail_nomem("a text");
    out->items[out->n++] = index;
    return DSC_OK;
}

static enum dsc_status add_word(const struct dsc_vocab *v, const char *word, size_t len,
                                struct indexes *out)
{
    int index = dsc_vocab_index_n(v, word, len);

    if (index != DSC_VOCAB_NONE && v->num_words && index >= v->num_words)
        index = DSC_VOCAB_NONE;
    if (index == DSC_VOCAB_NONE)
        index = v->oov;
    return index == DSC_VOCAB_NONE ? DSC_OK : add_index(out, index);
}

/* Bytes of the character at s, which is valid UTF-8 and not empty. */
static size_t char_len(const char *s)
{
    unsigned char c = (unsigned char)*s;

    return c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

static bool is_filter(const struct dsc_vocab *v, const char *s, size_t len)
{
    for (const char *f = v->filters; *f; f += char_len(f))
        if (char_len(f) == len && !memcmp(f, s, len))
            return true;
    return false;
}

/* tf.strings.lower without an encoding changes ASCII alone. */
static enum dsc_status lower_ascii(struct dsc_strbuf *out, const char *text)
{
    enum dsc_status st = dsc_strbuf_puts(out, text);

    for (size_t i = 0; !st && i < out->len; i++)
        if (out->text[i] >= 'A' && out->text[i] <= 'Z')
            out->text[i] = (char)(out->text[i] - 'A' + 'a');
    return st;
}

static enum dsc_status lower_part(struct dsc_strbuf *out, const char *text, size_t len)
{
    size_t lower_len = 0;
    char *lower;
    enum dsc_status st;

    if (!len)
        return DSC_OK;
    lower = (char *)u8_tolower((const uint8_t *)text, len, NULL, NULL, NULL, &lower_len);
    if (!lower)
        return dsc_fail_nomem("a text");
    st = dsc_strbuf_add(out, lower, lower_len);
    dsc_free(lower);
    return st;
}

/* Whether the sigma at `at` ends a word, by the rule of CPython: the nearest
 * character that is not case-ignorable is cased before it, and not after it.
 * (libunistring sees letters that are both, as U+02B0, otherwise.) */
static bool is_final_sigma(const char *text, const char *at)
{
    const uint8_t *p;
    ucs4_t c;

    p = (const uint8_t *)at;
    do
        p = u8_prev(&c, p, (const uint8_t *)text);
    while (p && uc_is_property_case_ignorable(c));
    if (!p || !uc_is_property_cased(c))
        return false;
    p = (const uint8_t *)at + strlen(SIGMA);
    do
        p = u8_next(&c, p);
    while (p && uc_is_property_case_ignorable(c));
    return !p || !uc_is_property_cased(c);
}

static enum dsc_status lower_unicode(struct dsc_strbuf *out, const char *text)
{
    const char *part = text, *sigma;
    enum dsc_status st = DSC_OK;

    while (!st && (sigma = strstr(part, SIGMA))) {
        st = lower_part(out, part, (size_t)(sigma - part));
        if (!st)
            st = dsc_strbuf_puts(out, is_final_sigma(text, sigma) ? "ς" : "σ");
        part = sigma + strlen(SIGMA);
    }
    return st ? st : lower_part(out, part, strlen(part));
}

static enum dsc_status to_lower(const struct dsc_vocab *v, const char *text, struct dsc_strbuf *out)
{
    const char *p = text;

    while (*p && (unsigned char)*p < 0x80)
        p++;
    if (!v->lower)
        return dsc_strbuf_puts(out, text);
    return *p && v->cut == DSC_VOCAB_CUT_TOKENIZER ? lower_unicode(out, text)
                                                   : lower_ascii(out, text);
}

/* Replace every filter character by `with`. */
static enum dsc_status filter(const struct dsc_vocab *v, const struct dsc_strbuf *text,
                              const char *with, struct dsc_strbuf *out)
{
    const char *end = text->text + text->len;
    enum dsc_status st = DSC_OK;

    for (const char *p = text->text; !st && p < end;) {
        size_t len = char_len(p);

        st = is_filter(v, p, len) ? dsc_strbuf_puts(out, with) : dsc_strbuf_add(out, p, len);
        p += len;
    }
    return st;
}

static enum dsc_status cut_chars(const struct dsc_vocab *v, const struct dsc_strbuf *text,
                                 struct indexes *out)
{
    enum dsc_status st = DSC_OK;

    for (size_t i = 0; !st && i < text->len;) {
        size_t len = char_len(text->text + i);

        st = add_word(v, text->text + i, len, out);
        i += len;
    }
    return st;
}

static enum dsc_status cut_at_split(const struct dsc_vocab *v, const char *text,
                                    struct indexes *out)
{
    enum dsc_status st = DSC_OK;
    const char *next;

    for (; !st && text; text = next) {
        const char *end = strstr(text, v->split);
        size_t len = end ? (size_t)(end - text) : strlen(text);

        next = end ? end + strlen(v->split) : NULL;
        if (len)
            st = add_word(v, text, len, out);
    }
    return st;
}

static enum dsc_status cut_at_space(const struct dsc_vocab *v, const char *text,
                                    struct indexes *out)
{
    static const char space[] = " \t\n\v\f\r";
    enum dsc_status st = DSC_OK;

    for (text += strspn(text, space); !st && *text; text += strspn(text, space)) {
        size_t len = strcspn(text, space);

        st = add_word(v, text, len, out);
        text += len;
    }
    return st;
}

static enum dsc_status cut(const struct dsc_vocab *v, const char *text, struct indexes *out)
{
    struct dsc_strbuf lower = DSC_STRBUF_INIT, clean = DSC_STRBUF_INIT;
    bool tokenizer = v->cut == DSC_VOCAB_CUT_TOKENIZER;
    enum dsc_status st = to_lower(v, text, &lower);

    /* Keras' Tokenizer does not filter what it cuts into characters. */
    if (!st && tokenizer && v->char_level) {
        st = cut_chars(v, &lower, out);
        goto out;
    }
    if (!st)
        st = filter(v, &lower, tokenizer ? v->split : "", &clean);
    if (st || !clean.len)
        goto out;
    if (v->char_level)
        st = cut_chars(v, &clean, out);
    else
        st = tokenizer ? cut_at_split(v, clean.text, out) : cut_at_space(v, clean.text, out);
out:
    dsc_strbuf_release(&lower);
    dsc_strbuf_release(&clean);
    return st;
}

enum dsc_status dsc_vocab_encode(const struct dsc_vocab *v, const char *text, int **indexes,
                                 size_t *n)
{
    struct indexes out = { NULL, 0, 0 };
    enum dsc_status st;

    if (u8_check((const uint8_t *)text, strlen(text)))
        return dsc_fail(DSC_INVALID, "the text is not UTF-8");
    st = cut(v, text, &out);
    if (st) {
        dsc_free(out.items);
        return st;
    }
    *indexes = out.items;
    *n = out.n;
    return DSC_OK;
}
