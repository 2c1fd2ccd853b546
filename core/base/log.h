/* log.h - how the library speaks: through a callback that a program sets.
 *
 * Nothing is printed unless a program asks for it.
 */
#ifndef DSC_LOG_H
#define DSC_LOG_H

#include "core/base/base.h"

enum dsc_log_level { DSC_LOG_WARNING, DSC_LOG_INFO, DSC_LOG_DEBUG };

typedef void dsc_log_fn(void *arg, enum dsc_log_level level, const char *text);

/* Set the callback for the whole process, before other threads start; NULL: silence. */
void dsc_log_set(dsc_log_fn *fn, void *arg);
/* One sentence, no line end. */
void dsc_log(enum dsc_log_level level, const char *fmt, ...) DSC_PRINTF(2, 3);

#endif
