#include "core/base/strbuf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"

static enum dsc_status reserve(struct dsc_strbuf *s, size_t more)
{
    size_t need;

    if (!dsc_add_size(s->len, more, &need) || !dsc_add_size(need, 1, &need) ||
        dsc_grow(&s->text, &s->cap, need, 1))
        return dsc_fail_nomem("text");
    return DSC_OK;
}

enum dsc_status dsc_strbuf_add(struct dsc_strbuf *s, const char *text, size_t len)
{
    enum dsc_status st = reserve(s, len);

    if (st)
        return st;
    memcpy(s->text + s->len, text, len);
    s->len += len;
    s->text[s->len] = '\0';
    return DSC_OK;
}

enum dsc_status dsc_strbuf_puts(struct dsc_strbuf *s, const char *text)
{
    return dsc_strbuf_add(s, text, strlen(text));
}

enum dsc_status dsc_strbuf_printf(struct dsc_strbuf *s, const char *fmt, ...)
{
    enum dsc_status st;
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0)
        return dsc_fail(DSC_INVALID, "text that cannot be formatted");
    st = reserve(s, (size_t)n);
    if (st)
        return st;
    va_start(ap, fmt);
    vsnprintf(s->text + s->len, (size_t)n + 1, fmt, ap);
    va_end(ap);
    s->len += (size_t)n;
    return DSC_OK;
}

char *dsc_strbuf_detach(struct dsc_strbuf *s)
{
    char *text = s->text;

    *s = (struct dsc_strbuf)DSC_STRBUF_INIT;
    return text;
}

void dsc_strbuf_release(struct dsc_strbuf *s)
{
    dsc_free(dsc_strbuf_detach(s));
}

static enum dsc_status read_all(struct dsc_strbuf *s, FILE *f, const char *path, size_t max_bytes)
{
    for (;;) {
        enum dsc_status st = reserve(s, 65536);
        size_t n;

        if (st)
            return st;
        n = fread(s->text + s->len, 1, s->cap - s->len - 1, f);
        s->len += n;
        s->text[s->len] = '\0';
        if (s->len > max_bytes)
            return dsc_fail(DSC_FORMAT, "'%s': more than %zu bytes, the limit for such a file",
                            path, max_bytes);
        if (!n && ferror(f))
            return dsc_fail(DSC_IO, "cannot read '%s': %s", path, strerror(errno));
        if (!n)
            return DSC_OK;
    }
}

enum dsc_status dsc_strbuf_read_file(struct dsc_strbuf *s, const char *path, size_t max_bytes)
{
    bool is_stdin = !strcmp(path, "-");
    FILE *f = is_stdin ? stdin : fopen(path, "rb");
    enum dsc_status st;

    if (!f)
        return dsc_fail(DSC_IO, "cannot open '%s': %s", path, strerror(errno));
    st = read_all(s, f, is_stdin ? "standard input" : path, max_bytes);
    if (!is_stdin)
        fclose(f);
    return st;
}
