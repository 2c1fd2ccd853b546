#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/base.h"

#define MESSAGE_BYTES 1024

static _Thread_local char message[MESSAGE_BYTES];

void dsc_make_printable(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = '?';
}

enum dsc_status dsc_fail(enum dsc_status status, const char *fmt, ...)
{
    char text[MESSAGE_BYTES];
    va_list ap;

    /* The arguments may point into the message itself. */
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    dsc_make_printable(text);
    memcpy(message, text, sizeof(message));
    return status;
}

enum dsc_status dsc_fail_context(enum dsc_status status, const char *fmt, ...)
{
    char text[MESSAGE_BYTES];
    va_list ap;
    size_t n;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    dsc_make_printable(text);
    n = strlen(text);
    for (const char *p = ": "; *p && n < sizeof(text) - 1; p++)
        text[n++] = *p;
    for (const char *p = message; *p && n < sizeof(text) - 1; p++)
        text[n++] = *p;
    text[n] = '\0';
    memcpy(message, text, sizeof(message));
    return status;
}

enum dsc_status dsc_fail_nomem(const char *what)
{
    return dsc_fail(DSC_NOMEM, "out of memory for %s", what);
}

const char *dsc_error_message(void)
{
    return message;
}

const char *dsc_status_text(enum dsc_status status)
{
    switch (status) {
#define X(name, value, text) \
    case DSC_##name:         \
        return text;
        DSC_STATUS_MAP(X)
#undef X
    }
    return "unknown status";
}

bool dsc_mul_size(size_t a, size_t b, size_t *out)
{
    if (b && a > SIZE_MAX / b)
        return false;
    *out = a * b;
    return true;
}

bool dsc_add_size(size_t a, size_t b, size_t *out)
{
    if (a > SIZE_MAX - b)
        return false;
    *out = a + b;
    return true;
}
