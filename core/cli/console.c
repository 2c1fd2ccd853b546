#include "core/cli/console.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/log.h"

#define BAR_CELLS  20
#define REDRAW_S   0.1
#define SETTLE_S   0.5 /* no rate is shown before */
#define MAX_ETA_S  359999.0
#define ERASE_LINE "\r\033[K"

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The caller holds the lock in the functions from here to dsc_console_init(). */

static void hide_bar(struct dsc_console *c)
{
    if (c->progress.shown_s > 0)
        fputs(ERASE_LINE, stderr);
    c->progress.shown_s = 0;
}

static void show_bar(struct dsc_console *c)
{
    struct dsc_progress *p = &c->progress;
    double now = now_s();
    char line[96];

    if (!p->active || now - p->shown_s < REDRAW_S)
        return;
    dsc_progress_format(line, sizeof(line), p->done, p->total, now - p->start_s);
    fprintf(stderr, ERASE_LINE "%s", line);
    fflush(stderr);
    p->shown_s = now;
}

static void say(struct dsc_console *c, const char *kind, const char *text)
{
    hide_bar(c);
    fprintf(stderr, "%s: %s%s\n", c->program, kind, text);
    show_bar(c);
}

static void on_log(void *arg, enum dsc_log_level level, const char *text)
{
    static const char *const kinds[] = { "warning: ", "note: ", "debug: " };
    struct dsc_console *c = arg;

    if (c->level == DSC_CONSOLE_QUIET ||
        (level == DSC_LOG_DEBUG && c->level != DSC_CONSOLE_VERBOSE))
        return;
    pthread_mutex_lock(&c->lock);
    say(c, kinds[level], text);
    pthread_mutex_unlock(&c->lock);
}

void dsc_console_init(struct dsc_console *c, const char *program, enum dsc_console_level level)
{
    *c = (struct dsc_console){ .program = program,
                               .level = level,
                               .stderr_is_terminal = isatty(STDERR_FILENO) != 0,
                               .stdout_is_terminal = isatty(STDOUT_FILENO) != 0 };
    pthread_mutex_init(&c->lock, NULL);
    dsc_log_set(on_log, c);
}

void dsc_console_release(struct dsc_console *c)
{
    dsc_log_set(NULL, NULL);
    pthread_mutex_destroy(&c->lock);
}

enum dsc_console_level dsc_console_level(const struct dsc_common_options *o)
{
    if (o->quiet)
        return DSC_CONSOLE_QUIET;
    return o->verbose ? DSC_CONSOLE_VERBOSE : DSC_CONSOLE_NORMAL;
}

void dsc_console_error(struct dsc_console *c, const char *fmt, ...)
{
    char text[1280];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    pthread_mutex_lock(&c->lock);
    say(c, "", text);
    pthread_mutex_unlock(&c->lock);
}

void dsc_console_fail(struct dsc_console *c)
{
    dsc_console_error(c, "%s", dsc_error_message());
}

enum dsc_status dsc_console_print(struct dsc_console *c, const char *text)
{
    bool ok;

    pthread_mutex_lock(&c->lock);
    if (c->stdout_is_terminal)
        hide_bar(c);
    ok = fputs(text, stdout) != EOF && fflush(stdout) != EOF;
    if (c->stdout_is_terminal)
        show_bar(c);
    pthread_mutex_unlock(&c->lock);
    return ok ? DSC_OK : dsc_fail(DSC_IO, "cannot write to standard output: %s", strerror(errno));
}

void dsc_progress_begin(struct dsc_console *c, size_t total)
{
    pthread_mutex_lock(&c->lock);
    c->progress = (struct dsc_progress){ .total = total,
                                         .start_s = now_s(),
                                         .active = total && c->stderr_is_terminal &&
                                                   c->level != DSC_CONSOLE_QUIET };
    show_bar(c);
    pthread_mutex_unlock(&c->lock);
}

void dsc_progress_add(struct dsc_console *c, size_t steps)
{
    pthread_mutex_lock(&c->lock);
    c->progress.done += steps;
    show_bar(c);
    pthread_mutex_unlock(&c->lock);
}

void dsc_progress_end(struct dsc_console *c)
{
    pthread_mutex_lock(&c->lock);
    hide_bar(c);
    c->progress.active = false;
    pthread_mutex_unlock(&c->lock);
}

void dsc_progress_format(char *out, size_t out_bytes, size_t done, size_t total, double elapsed_s)
{
    static const char full[] = "####################", empty[] = "--------------------";
    double share = total ? (double)DSC_MIN(done, total) / (double)total : 1;
    double rate = elapsed_s > 0 ? (double)done / elapsed_s : 0;
    int cells = (int)(share * BAR_CELLS);
    int n = snprintf(out, out_bytes, "%zu/%zu [%.*s%.*s] %3d%%", done, total, cells, full,
                     BAR_CELLS - cells, empty, (int)(share * 100));

    if (n < 0 || (size_t)n >= out_bytes || rate <= 0 || elapsed_s < SETTLE_S)
        return;
    out += n;
    out_bytes -= (size_t)n;
    if (done < total) {
        double left_s = (double)(total - done) / rate;
        long eta = (long)DSC_MIN(left_s + 0.5, MAX_ETA_S);

        snprintf(out, out_bytes, "  %.1f/s  ETA %ld:%02ld", rate, eta / 60, eta % 60);
    } else {
        snprintf(out, out_bytes, "  %.1f/s", rate);
    }
}
