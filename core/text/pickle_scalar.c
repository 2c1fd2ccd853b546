#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "core/text/pickle_internal.h"

#define MAX_NUMBER 400 /* characters: the longest float that repr() can write is shorter */

bool dsc_pickle_text_int(const char *text, size_t len, int64_t *out)
{
    size_t i = 0;
    uint64_t n = 0;
    bool negative;

    if (len && text[len - 1] == 'L')
        len--;
    negative = len && text[0] == '-';
    if (len && (text[0] == '-' || text[0] == '+'))
        i++;
    if (i == len)
        return false;
    for (; i < len; i++) {
        unsigned digit = (unsigned)(unsigned char)text[i] - '0';

        if (digit > 9 || n > (UINT64_MAX - digit) / 10)
            return false;
        n = n * 10 + digit;
    }
    if (n > (uint64_t)INT64_MAX + negative)
        return false;
    if (negative)
        *out = n ? -(int64_t)(n - 1) - 1 : 0;
    else
        *out = (int64_t)n;
    return true;
}

bool dsc_pickle_text_float(const char *text, size_t len, double *out)
{
    char number[MAX_NUMBER + 1], *dot, *rest;
    double value;

    if (!len || len > MAX_NUMBER || memchr(text, '\0', len))
        return false;
    memcpy(number, text, len);
    number[len] = '\0';
    /* strtod wants the program's own decimal point. */
    dot = strchr(number, '.');
    if (dot)
        *dot = localeconv()->decimal_point[0];
    value = strtod(number, &rest);
    if (*rest)
        return false;
    *out = value;
    return true;
}

bool dsc_pickle_long(const uint8_t *bytes, size_t len, int64_t *out)
{
    uint8_t sign = len && (bytes[len - 1] & 0x80) ? 0xff : 0;
    uint64_t n = sign ? UINT64_MAX : 0;

    for (size_t i = 8; i < len; i++)
        if (bytes[i] != sign)
            return false;
    if (len > 8 && (bytes[7] & 0x80) != (sign & 0x80))
        return false;
    for (size_t i = DSC_MIN(len, 8); i-- > 0;)
        n = n << 8 | bytes[i];
    memcpy(out, &n, sizeof(n));
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* n digits of hexadecimal; false when there are fewer. */
static bool hex(const char *text, size_t len, size_t n, uint32_t *out)
{
    uint32_t value = 0;

    if (len < n)
        return false;
    for (size_t i = 0; i < n; i++) {
        int digit = hex_digit(text[i]);

        if (digit < 0)
            return false;
        value = value << 4 | (uint32_t)digit;
    }
    *out = value;
    return true;
}

/* The escape whose character after the backslash is text[0]; the number of
 * characters it took, 0 when it is none. */
static size_t unescape_one(char *out, const char *text, size_t len)
{
    static const char names[] = "abfnrtv\\'\"", values[] = "\a\b\f\n\r\t\v\\'\"";
    const char *known = text[0] ? strchr(names, text[0]) : NULL;
    uint32_t code = 0;
    size_t n = 0;

    if (known) {
        *out = values[known - names];
        return 1;
    }
    if (text[0] == 'x' && hex(text + 1, len - 1, 2, &code)) {
        *out = (char)code;
        return 3;
    }
    while (n < 3 && n < len && text[n] >= '0' && text[n] <= '7')
        code = code * 8 + (uint32_t)(text[n++] - '0');
    if (n)
        *out = (char)code;
    return n;
}

size_t dsc_pickle_unescape(char *out, const char *text, size_t len)
{
    size_t n = 0;

    for (size_t i = 0; i < len; n++) {
        size_t taken = 0;

        if (text[i] == '\\' && i + 1 < len)
            taken = unescape_one(out + n, text + i + 1, len - i - 1);
        if (taken) {
            i += taken + 1;
        } else {
            out[n] = text[i++];
        }
    }
    return n;
}

size_t dsc_pickle_put_utf8(char *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

bool dsc_pickle_raw_unicode(char *out, size_t *out_len, const char *text, size_t len)
{
    size_t n = 0, i = 0;

    while (i < len) {
        uint32_t c = (unsigned char)text[i];
        size_t digits = 0;

        if (c == '\\' && i + 1 < len)
            digits = text[i + 1] == 'u' ? 4 : text[i + 1] == 'U' ? 8 : 0;
        if (digits) {
            if (!hex(text + i + 2, len - i - 2, digits, &c) || c > 0x10ffff)
                return false;
            i += digits + 2;
        } else {
            i++;
        }
        n += dsc_pickle_put_utf8(out + n, c);
    }
    *out_len = n;
    return true;
}
