#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/image/preprocess.h"

#define KNOWN                                                                      \
    "caffe, tf, torch, raw, mean=M, std=S, size=WxH, filter=NAME, order=rgb|bgr, " \
    "fit=stretch|crop"

/* What was said already; the mode's words are one place, mean and std two more. */
enum { SAID_MODE, SAID_MEAN, SAID_STD, SAID_SIZE, SAID_FILTER, SAID_ORDER, SAID_FIT, N_SAID };

struct parser {
    struct dsc_preprocess made;
    bool said[N_SAID];
    const char *text; /* the whole, for messages */
};

static const char *const mode_names[] = { "caffe", "tf", "torch", "raw" };
static const char *const order_names[] = { "rgb", "bgr" };
static const char *const fit_names[] = { "stretch", "crop" };

static enum dsc_status bad_value(const struct parser *p, const char *word, const char *expected)
{
    return dsc_fail(DSC_INVALID, "preprocessing '%s': '%s', %s expected", p->text, word, expected);
}

static bool find_name(const char *const *names, size_t n, const char *name, size_t *index)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(names[i], name)) {
            *index = i;
            return true;
        }
    return false;
}

/* One finite decimal number, up to `end`, which must follow it. */
static bool read_float(const char **text, char end, float *out)
{
    char *stop;
    float value;

    if (!**text || !strchr("+-.0123456789", **text))
        return false;
    value = strtof(*text, &stop);
    if (*stop != end || !isfinite(value) || memchr(*text, 'x', (size_t)(stop - *text)))
        return false;
    *out = value;
    *text = end ? stop + 1 : stop;
    return true;
}

static bool read_colours(const char *text, float out[3])
{
    float v[3];

    if (!strchr(text, '/')) {
        if (!read_float(&text, '\0', &v[0]))
            return false;
        v[1] = v[2] = v[0];
    } else if (!read_float(&text, '/', &v[0]) || !read_float(&text, '/', &v[1]) ||
               !read_float(&text, '\0', &v[2])) {
        return false;
    }
    memcpy(out, v, sizeof(v));
    return true;
}

static bool read_side(const char **text, char end, size_t *out)
{
    char *stop;
    unsigned long value;

    if (**text < '0' || **text > '9')
        return false;
    errno = 0;
    value = strtoul(*text, &stop, 10);
    if (*stop != end || errno || value < 1 || value > 65535)
        return false;
    *out = value;
    *text = stop + 1;
    return true;
}

static enum dsc_status parse_mean(struct parser *p, const char *value, const char *word)
{
    return read_colours(value, p->made.mean) ? DSC_OK
                                             : bad_value(p, word, "a number or three as R/G/B");
}

static enum dsc_status parse_std(struct parser *p, const char *value, const char *word)
{
    float *std = p->made.std;

    if (!read_colours(value, std) || std[0] == 0.0f || std[1] == 0.0f || std[2] == 0.0f)
        return bad_value(p, word, "a number other than 0, or three as R/G/B");
    return DSC_OK;
}

static enum dsc_status parse_size(struct parser *p, const char *value, const char *word)
{
    if (!read_side(&value, 'x', &p->made.width) || !read_side(&value, '\0', &p->made.height))
        return bad_value(p, word, "WIDTHxHEIGHT, each 1 to 65535,");
    return DSC_OK;
}

static enum dsc_status parse_filter(struct parser *p, const char *value, const char *word)
{
    for (enum dsc_filter f = DSC_FILTER_NEAREST; f < DSC_FILTER_COUNT; f++)
        if (!strcmp(dsc_filter_name(f), value)) {
            p->made.filter = f;
            return DSC_OK;
        }
    return bad_value(p, word, "nearest, box, bilinear, hamming, bicubic, lanczos or tf-bilinear");
}

static enum dsc_status parse_order(struct parser *p, const char *value, const char *word)
{
    size_t i;

    if (!find_name(order_names, DSC_COUNT(order_names), value, &i))
        return bad_value(p, word, "rgb or bgr");
    p->made.order = (enum dsc_order)i;
    return DSC_OK;
}

static enum dsc_status parse_fit(struct parser *p, const char *value, const char *word)
{
    size_t i;

    if (!find_name(fit_names, DSC_COUNT(fit_names), value, &i))
        return bad_value(p, word, "stretch or crop");
    p->made.fit = (enum dsc_fit)i;
    return DSC_OK;
}

static const struct {
    const char *name;
    enum dsc_status (*parse)(struct parser *p, const char *value, const char *word);
    int place;
} keys[] = {
    { "mean", parse_mean, SAID_MEAN },    { "std", parse_std, SAID_STD },
    { "size", parse_size, SAID_SIZE },    { "filter", parse_filter, SAID_FILTER },
    { "order", parse_order, SAID_ORDER }, { "fit", parse_fit, SAID_FIT },
};

static enum dsc_status say(struct parser *p, int place, const char *word)
{
    if (p->said[place])
        return dsc_fail(DSC_INVALID, "preprocessing '%s': '%s' is said a second time", p->text,
                        word);
    p->said[place] = true;
    return DSC_OK;
}

static enum dsc_status parse_word(struct parser *p, const char *word)
{
    const char *equals = strchr(word, '=');
    size_t len = equals ? (size_t)(equals - word) : 0, mode;

    if (!equals && find_name(mode_names, DSC_COUNT(mode_names), word, &mode)) {
        p->made.mode = (enum dsc_pixel_mode)mode;
        return say(p, SAID_MODE, word);
    }
    for (size_t i = 0; equals && i < DSC_COUNT(keys); i++) {
        enum dsc_status st;

        if (strlen(keys[i].name) != len || strncmp(keys[i].name, word, len))
            continue;
        st = say(p, keys[i].place, word);
        return st ? st : keys[i].parse(p, equals + 1, word);
    }
    return dsc_fail(DSC_INVALID, "preprocessing '%s': '%s' is not known; known are %s", p->text,
                    word, KNOWN);
}

static enum dsc_status parse_words(struct parser *p)
{
    const char *at = p->text;

    for (;;) {
        size_t len = strcspn(at, ",");
        char word[128];
        enum dsc_status st;

        if (len >= sizeof(word))
            return dsc_fail(DSC_INVALID, "preprocessing '%s': a word is too long", p->text);
        memcpy(word, at, len);
        word[len] = '\0';
        st = parse_word(p, word);
        if (st || !at[len])
            return st;
        at += len + 1;
    }
}

enum dsc_status dsc_preprocess_parse(struct dsc_preprocess *out, const char *text)
{
    struct parser p = { .made = { .std = { 1.0f, 1.0f, 1.0f } }, .text = text };
    bool numbers;
    enum dsc_status st = parse_words(&p);

    if (st)
        return st;
    numbers = p.said[SAID_MEAN] || p.said[SAID_STD];
    if (numbers == p.said[SAID_MODE])
        return dsc_fail(DSC_INVALID,
                        "preprocessing '%s': %s of caffe, tf, torch, raw and mean=M,std=S expected",
                        text, numbers ? "only one" : "one");
    if (numbers)
        p.made.mode = DSC_PIXELS_MEAN_STD;
    if (!p.said[SAID_ORDER])
        p.made.order = p.made.mode == DSC_PIXELS_CAFFE && !numbers ? DSC_ORDER_BGR : DSC_ORDER_RGB;
    *out = p.made;
    return DSC_OK;
}

/* The shortest decimal that reads back as the same float. */
static enum dsc_status add_float(struct dsc_strbuf *out, float value)
{
    char text[32];

    for (int digits = 1; digits <= 9; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, (double)value);
        if (strtof(text, NULL) == value)
            break;
    }
    return dsc_strbuf_puts(out, text);
}

static enum dsc_status add_colours(struct dsc_strbuf *out, const char *key, const float v[3])
{
    size_t n = v[0] == v[1] && v[1] == v[2] ? 1 : 3;
    enum dsc_status st = dsc_strbuf_printf(out, "%s=", key);

    for (size_t i = 0; i < n && !st; i++) {
        if (i)
            st = dsc_strbuf_puts(out, "/");
        if (!st)
            st = add_float(out, v[i]);
    }
    return st;
}

static enum dsc_status add_mode(const struct dsc_preprocess *p, struct dsc_strbuf *out)
{
    enum dsc_status st;

    if (p->mode != DSC_PIXELS_MEAN_STD)
        return dsc_strbuf_puts(out, mode_names[p->mode]);
    st = add_colours(out, "mean", p->mean);
    return st ? st : add_colours(out, ",std", p->std);
}

enum dsc_status dsc_preprocess_format(const struct dsc_preprocess *p, struct dsc_strbuf *out)
{
    enum dsc_order usual = p->mode == DSC_PIXELS_CAFFE ? DSC_ORDER_BGR : DSC_ORDER_RGB;
    enum dsc_status st = add_mode(p, out);

    if (!st && p->width)
        st = dsc_strbuf_printf(out, ",size=%zux%zu", p->width, p->height);
    if (!st && p->filter != DSC_FILTER_NEAREST)
        st = dsc_strbuf_printf(out, ",filter=%s", dsc_filter_name(p->filter));
    if (!st && p->order != usual)
        st = dsc_strbuf_printf(out, ",order=%s", order_names[p->order]);
    if (!st && p->fit != DSC_FIT_STRETCH)
        st = dsc_strbuf_printf(out, ",fit=%s", fit_names[p->fit]);
    return st;
}
