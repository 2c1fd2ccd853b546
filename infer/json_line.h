/* json_line.h - results as one JSON object a line. */
#ifndef DSC_JSON_LINE_H
#define DSC_JSON_LINE_H

#include <jansson.h>

#include "core/cli/console.h"

/* A JSON string of any bytes: what is no UTF-8 becomes '?'. NULL when out of memory. */
json_t *json_any_text(const char *text);

/* Print the object on a line of its own and drop the reference, also on failure. NULL stands for
 * one that could not be made: DSC_NOMEM. */
DSC_CHECK_RESULT enum dsc_status json_line_print(struct dsc_console *c, json_t *take_object);

#endif
