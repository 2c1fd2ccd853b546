#include <string.h>
#include <strings.h>

#include "core/base/base.h"
#include "core/image/image_internal.h"

/* What people pass as a picture that is none of the four formats. */
struct signature {
    size_t offset;
    size_t len_bytes;
    const char *bytes;
    const char *what;
};

#define SIGNATURE(offset, bytes, what)               \
    {                                                \
        (offset), sizeof(bytes) - 1, (bytes), (what) \
    }

static const struct signature signatures[] = {
    SIGNATURE(0, "version https://git-lfs.github.com/spec/",
              "a Git LFS pointer in place of the picture (run `git lfs pull` to fetch it)"),
    SIGNATURE(4, "ftypavif", "an AVIF picture"),
    SIGNATURE(4, "ftypavis", "an AVIF picture"),
    SIGNATURE(4, "ftypheic", "an HEIC picture"),
    SIGNATURE(4, "ftypheix", "an HEIC picture"),
    SIGNATURE(4, "ftyphevc", "an HEIC picture"),
    SIGNATURE(4, "ftypheim", "an HEIC picture"),
    SIGNATURE(4, "ftypmif1", "an HEIF picture"),
    SIGNATURE(4, "ftypmsf1", "an HEIF picture"),
    SIGNATURE(4, "ftyp", "an MP4 file"),
    SIGNATURE(0, "II*\0", "a TIFF picture"),
    SIGNATURE(0, "MM\0*", "a TIFF picture"),
    SIGNATURE(0, "BM", "a BMP picture"),
    SIGNATURE(0, "\xff\x0a", "a JPEG XL picture"),
    SIGNATURE(4, "JXL \r\n\x87\n", "a JPEG XL picture"),
    SIGNATURE(4, "jP  \r\n\x87\n", "a JPEG 2000 picture"),
    SIGNATURE(0, "\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    SIGNATURE(0, "8BPS", "a Photoshop picture"),
    SIGNATURE(0, "\0\0\1\0", "a Windows icon"),
    SIGNATURE(0, "RIFF", "a RIFF file without WebP in it"),
    SIGNATURE(0, "%PDF", "a PDF file"),
    SIGNATURE(0, "PK\3\4", "a ZIP archive"),
    SIGNATURE(0, "\x1f\x8b", "a gzip file"),
    SIGNATURE(0, "\x89HDF", "an HDF5 file, perhaps a model"),
};

/* Markup is looked for after white space and in either case. */
static const struct signature markup[] = {
    SIGNATURE(0, "<!doctype html", "an HTML page"), SIGNATURE(0, "<html", "an HTML page"),
    SIGNATURE(0, "<head", "an HTML page"),          SIGNATURE(0, "<svg", "an SVG drawing"),
    SIGNATURE(0, "<?xml", "an XML file"),
};

static const char *find_markup(const uint8_t *bytes, size_t len_bytes)
{
    size_t at = len_bytes >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3) ? 3 : 0;

    while (at < len_bytes && strchr(" \t\r\n", bytes[at]) && bytes[at])
        at++;
    for (size_t i = 0; i < DSC_COUNT(markup); i++)
        if (len_bytes - at >= markup[i].len_bytes &&
            !strncasecmp((const char *)bytes + at, markup[i].bytes, markup[i].len_bytes))
            return markup[i].what;
    return NULL;
}

static const char *find_signature(const uint8_t *bytes, size_t len_bytes)
{
    for (size_t i = 0; i < DSC_COUNT(signatures); i++) {
        const struct signature *s = &signatures[i];

        if (len_bytes >= s->offset + s->len_bytes &&
            !memcmp(bytes + s->offset, s->bytes, s->len_bytes))
            return s->what;
    }
    return find_markup(bytes, len_bytes);
}

enum dsc_status dsc_image_not_a_picture(const struct dsc_image_reader *r)
{
    static const char digits[] = "0123456789abcdef";
    const char *what = find_signature(r->bytes, r->len_bytes);
    char hex[3 * 8 + 1] = "";
    char *p = hex;

    if (!r->len_bytes)
        return dsc_fail(DSC_FORMAT, "'%s': empty, a JPEG, PNG, WebP or GIF picture expected",
                        r->name);
    if (what)
        return dsc_fail(DSC_FORMAT, "'%s': %s; JPEG, PNG, WebP or GIF expected", r->name, what);
    for (size_t i = 0; i < DSC_MIN(r->len_bytes, 8); i++) {
        *p++ = digits[r->bytes[i] >> 4];
        *p++ = digits[r->bytes[i] & 15];
        *p++ = ' ';
    }
    p[-1] = '\0';
    return dsc_fail(DSC_FORMAT,
                    "'%s': not a picture: starts with %s; JPEG, PNG, WebP or GIF expected", r->name,
                    hex);
}
