/* pickle_internal.h - the parts of the pickle reader. */
#ifndef DSC_PICKLE_INTERNAL_H
#define DSC_PICKLE_INTERNAL_H

#include "core/text/pickle.h"

/* The entry of the list of allowed names; NULL when it is not there. */
const struct dsc_pickle_global *dsc_pickle_find_global(const char *module, size_t module_len,
                                                       const char *name, size_t name_len);

/* Numbers as protocol 0 writes them in text; false when it is none or, for
 * integers, does not fit 64 bits. A long integer may end in 'L'. */
bool dsc_pickle_text_int(const char *text, size_t len, int64_t *out);
bool dsc_pickle_text_float(const char *text, size_t len, double *out);

/* A long integer: `len` bytes, little-endian two's complement; false when it
 * does not fit 64 bits. */
bool dsc_pickle_long(const uint8_t *bytes, size_t len, int64_t *out);

/* Undo the escapes of a quoted byte string ('\n', '\x41', '\101' ...), quotes
 * not included. `out` holds at least len bytes. Returns the length written. */
size_t dsc_pickle_unescape(char *out, const char *text, size_t len);

/* Decode Python's raw-unicode-escape (Latin-1 with \uXXXX and \UXXXXXXXX) to
 * UTF-8. `out` holds at least 2 len bytes. False for a broken escape. */
bool dsc_pickle_raw_unicode(char *out, size_t *out_len, const char *text, size_t len);

/* Write code point c as UTF-8 (surrogates too, as Python's surrogatepass);
 * returns 1 to 4 bytes. */
size_t dsc_pickle_put_utf8(char *out, uint32_t c);

#endif
