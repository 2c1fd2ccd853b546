#include "infer/json_line.h"

#include "core/base/alloc.h"
#include "core/base/strbuf.h"

json_t *json_any_text(const char *text)
{
    json_t *t = json_string(text);
    char *copy;

    if (t)
        return t;
    copy = dsc_strdup(text);
    for (char *s = copy; s && *s; s++)
        if ((unsigned char)*s >= 0x80)
            *s = '?';
    t = copy ? json_string(copy) : NULL;
    dsc_free(copy);
    return t;
}

static int append(const char *text, size_t len, void *line)
{
    return dsc_strbuf_add(line, text, len) ? -1 : 0;
}

enum dsc_status json_line_print(struct dsc_console *c, json_t *take_object)
{
    struct dsc_strbuf line = DSC_STRBUF_INIT;
    enum dsc_status st;

    if (!take_object || json_dump_callback(take_object, append, &line, JSON_REAL_PRECISION(9)))
        st = dsc_fail_nomem("a line of JSON");
    else
        st = dsc_strbuf_puts(&line, "\n");
    if (!st)
        st = dsc_console_print(c, line.text);
    json_decref(take_object);
    dsc_strbuf_release(&line);
    return st;
}
