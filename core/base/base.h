/* base.h - status codes with a sentence for the user, and small macros that
 * every module uses.
 *
 * A function that can fail returns `enum dsc_status` (core/describe.h) and
 * records one sentence where the fault is seen:
 *
 *     if (rank != 2)
 *         return dsc_fail(DSC_FORMAT, "dataset '%s': rank %d, expected 2", path, rank);
 *
 * The sentence is kept per thread; dsc_fail_context() puts words in front.
 */
#ifndef DSC_BASE_H
#define DSC_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/describe.h"

#define DSC_CHECK_RESULT __attribute__((warn_unused_result))
#define DSC_PRINTF(f, a) __attribute__((format(printf, f, a)))
#define DSC_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define DSC_MIN(a, b)    ((a) < (b) ? (a) : (b))
#define DSC_MAX(a, b)    ((a) > (b) ? (a) : (b))

/* Record the sentence of a failure for this thread and return `status`.
 * Lower case, no full stop, the subject in single quotes; control characters
 * of the text (names from files are hostile) are replaced by '?'. */
enum dsc_status dsc_fail(enum dsc_status status, const char *fmt, ...) DSC_PRINTF(2, 3);

/* Put "<text>: " in front of the sentence recorded last and return `status`,
 * the status that is already on its way to the caller. */
enum dsc_status dsc_fail_context(enum dsc_status status, const char *fmt, ...) DSC_PRINTF(2, 3);

/* dsc_fail for an allocation of `what`: "out of memory for <what>". */
enum dsc_status dsc_fail_nomem(const char *what);

/* Replace control characters by '?': text of a file must not steer the user's terminal, nor end
 * the line it is printed on. */
void dsc_make_printable(char *text);

/* Product and sum of sizes; false, with *out untouched, when they overflow. */
bool dsc_mul_size(size_t a, size_t b, size_t *out);
bool dsc_add_size(size_t a, size_t b, size_t *out);

#endif
