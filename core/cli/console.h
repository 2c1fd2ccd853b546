/* console.h - what a program says while it works: warnings and a progress bar
 * on stderr, results on stdout, never mixed up on one terminal.
 *
 *     struct dsc_console c;
 *
 *     dsc_console_init(&c, "describe", DSC_CONSOLE_NORMAL);
 *     dsc_progress_begin(&c, picture_count);
 *     for (...) {
 *         dsc_console_print(&c, line);
 *         dsc_progress_add(&c, 1);
 *     }
 *     dsc_progress_end(&c);
 *     dsc_console_release(&c);
 *
 * Every function may be called from several threads, but _init and _release.
 */
#ifndef DSC_CONSOLE_H
#define DSC_CONSOLE_H

#include <pthread.h>

#include "core/base/base.h"
#include "core/cli/options.h"

enum dsc_console_level {
    DSC_CONSOLE_QUIET,  /* errors */
    DSC_CONSOLE_NORMAL, /* and DSC_LOG_WARNING, DSC_LOG_INFO, the progress bar */
    DSC_CONSOLE_VERBOSE /* and DSC_LOG_DEBUG */
};

struct dsc_progress {
    size_t done, total;
    double start_s, shown_s; /* by a clock that never jumps; shown_s 0: no bar on the screen */
    bool active;
};

struct dsc_console {
    const char *program;
    enum dsc_console_level level;
    bool stderr_is_terminal, stdout_is_terminal;
    struct dsc_progress progress;
    pthread_mutex_t lock;
};

/* Become the receiver of dsc_log(): "PROGRAM: warning: <text>" and so on. The
 * console must stay where it is until dsc_console_release(). */
void dsc_console_init(struct dsc_console *c, const char *program, enum dsc_console_level level);
void dsc_console_release(struct dsc_console *c);
/* The level that -q and -v ask for. */
enum dsc_console_level dsc_console_level(const struct dsc_common_options *o);

/* "PROGRAM: <text>" on stderr, whatever the level. */
void dsc_console_error(struct dsc_console *c, const char *fmt, ...) DSC_PRINTF(2, 3);
/* The same with dsc_error_message(). */
void dsc_console_fail(struct dsc_console *c);
/* A result on stdout, written out at once; the text ends its own lines. Fails:
 * DSC_IO, as on a full disk or a closed pipe. */
DSC_CHECK_RESULT enum dsc_status dsc_console_print(struct dsc_console *c, const char *text);

/* A bar for `total` steps, drawn only where stderr is a terminal and not quiet,
 * ten times a second at most. */
void dsc_progress_begin(struct dsc_console *c, size_t total);
void dsc_progress_add(struct dsc_console *c, size_t steps);
void dsc_progress_end(struct dsc_console *c);
/* The bar as text, without line end: "123/500 [#####---------------]  24%  31.2/s  ETA 0:12". */
void dsc_progress_format(char *out, size_t out_bytes, size_t done, size_t total, double elapsed_s);

#endif
