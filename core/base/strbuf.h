/* strbuf.h - a growing byte string, always ended by a NUL.
 *
 * Initialise with DSC_STRBUF_INIT. Appending records DSC_NOMEM on failure and
 * leaves what was there.
 */
#ifndef DSC_STRBUF_H
#define DSC_STRBUF_H

#include "core/base/base.h"

struct dsc_strbuf {
    char *text;      /* NULL until the first append */
    size_t len, cap; /* bytes, the NUL not counted in len */
};

#define DSC_STRBUF_INIT \
    {                   \
        NULL, 0, 0      \
    }

DSC_CHECK_RESULT enum dsc_status dsc_strbuf_add(struct dsc_strbuf *s, const char *text, size_t len);
DSC_CHECK_RESULT enum dsc_status dsc_strbuf_puts(struct dsc_strbuf *s, const char *text);
DSC_CHECK_RESULT enum dsc_status dsc_strbuf_printf(struct dsc_strbuf *s, const char *fmt, ...)
    DSC_PRINTF(2, 3);
/* Hand the text over to the caller, who frees it with dsc_free(); NULL when
 * nothing was added. The buffer is empty afterwards. */
char *dsc_strbuf_detach(struct dsc_strbuf *s);
void dsc_strbuf_release(struct dsc_strbuf *s);

/* Read a whole file, or standard input for "-", into `s`; DSC_IO names the path,
 * DSC_FORMAT when it holds more than max_bytes. */
DSC_CHECK_RESULT enum dsc_status dsc_strbuf_read_file(struct dsc_strbuf *s, const char *path,
                                                      size_t max_bytes);

#endif
