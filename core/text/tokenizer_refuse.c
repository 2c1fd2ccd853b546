#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <unistr.h>

#include "core/text/tokenizer_internal.h"

#define SOURCE_LINES 200 /* Python imports something near the top */

static const struct signature {
    const char *bytes;
    size_t len;
    const char *what;
} signatures[] = {
    { "version https://git-lfs", 23,
      "a Git LFS pointer, not the file itself: run 'git lfs pull' where it came from" },
    { "\x89HDF\r\n\x1a\n", 8, "an HDF5 file; expected a tokenizer (is it the model?)" },
    { "PK\x03\x04", 4, "a zip archive; expected a tokenizer (unpack it first)" },
    { "\x1f\x8b", 2, "compressed by gzip; unpack it first" },
    { "BZh", 3, "compressed by bzip2; unpack it first" },
    { "\xfd"
      "7zXZ",
      5, "compressed by xz; unpack it first" },
    { "\x93NUMPY", 6, "a NumPy array file; save its words as a pickle or as text" },
    { "\xff\xfe", 2, "UTF-16 text; save it as UTF-8" },
    { "\xfe\xff", 2, "UTF-16 text; save it as UTF-8" },
};

static bool starts(const char *line, size_t len, const char *with)
{
    size_t n = strlen(with);

    return len >= n && !strncasecmp(line, with, n);
}

static bool holds(const char *line, size_t len, const char *what)
{
    size_t n = strlen(what);

    for (size_t i = 0; i + n <= len; i++)
        if (!memcmp(line + i, what, n))
            return true;
    return false;
}

static bool is_python(const char *line, size_t len)
{
    return starts(line, len, "import ") || starts(line, len, "def ") ||
           (starts(line, len, "from ") && holds(line, len, " import ")) ||
           (starts(line, len, "#!") && holds(line, len, "python")) ||
           (starts(line, len, "class ") && line[len - 1] == ':');
}

static bool is_python_source(const char *text, size_t len)
{
    const char *end = text + len;

    for (int i = 0; i < SOURCE_LINES && text < end; i++) {
        const char *eol = memchr(text, '\n', (size_t)(end - text));
        size_t n = (size_t)((eol ? eol : end) - text);

        while (n && text[n - 1] == '\r')
            n--;
        if (is_python(text, n))
            return true;
        text = eol ? eol + 1 : end;
    }
    return false;
}

static bool is_html(const char *text, size_t len)
{
    while (len && isspace((unsigned char)*text)) {
        text++;
        len--;
    }
    return starts(text, len, "<!doctype") || starts(text, len, "<html") ||
           starts(text, len, "<?xml");
}

static bool is_binary(const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)bytes[i] < ' ' && !strchr("\t\n\r", bytes[i]))
            return true;
    return false;
}

/* Text in UTF-16 without its mark: every second byte of English is zero. */
static bool is_utf16(const char *bytes, size_t len)
{
    return len >= 4 && ((bytes[0] && !bytes[1] && bytes[2] && !bytes[3]) ||
                        (!bytes[0] && bytes[1] && !bytes[2] && bytes[3]));
}

enum dsc_status dsc_refuse_other_files(const char *bytes, size_t len, const char *name)
{
    const char *what = NULL;

    if (!len)
        return dsc_fail(DSC_FORMAT, "'%s': the file is empty", name);
    for (size_t i = 0; i < DSC_COUNT(signatures); i++)
        if (len >= signatures[i].len && !memcmp(bytes, signatures[i].bytes, signatures[i].len))
            return dsc_fail(DSC_FORMAT, "'%s': %s", name, signatures[i].what);
    if (dsc_pickle_looks_like(bytes, len))
        return DSC_OK;
    if (is_utf16(bytes, len))
        what = "UTF-16 text; save it as UTF-8";
    else if (is_binary(bytes, len))
        what = "binary data of no known kind; expected a pickle, JSON or a list of words";
    else if (u8_check((const uint8_t *)bytes, len))
        what = "text that is not UTF-8; save it as UTF-8";
    else if (is_html(bytes, len))
        what = "a web page; expected a tokenizer (download the file itself, not its page)";
    else if (is_python_source(bytes, len))
        what = "Python source; expected the tokenizer that it makes";
    return what ? dsc_fail(DSC_FORMAT, "'%s': %s", name, what) : DSC_OK;
}
