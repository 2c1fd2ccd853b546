#include "core/base/log.h"

#include <stdarg.h>
#include <stdio.h>

static dsc_log_fn *callback;
static void *callback_arg;

void dsc_log_set(dsc_log_fn *fn, void *arg)
{
    callback = fn;
    callback_arg = arg;
}

void dsc_log(enum dsc_log_level level, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    if (!callback)
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    callback(callback_arg, level, text);
}
