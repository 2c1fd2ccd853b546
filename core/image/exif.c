#include <string.h>

#include "core/base/alloc.h"
#include "core/image/image_internal.h"

#define TAG_ORIENTATION 0x0112
#define TYPE_SHORT      3
#define IFD_ENTRY_BYTES 12

/* A TIFF block: every read is checked against its end, and fails with 0. */
struct tiff {
    const uint8_t *bytes;
    size_t len_bytes;
    bool big_endian;
};

static unsigned read_u16(const struct tiff *t, size_t at)
{
    const uint8_t *p = t->bytes + at;

    if (at > t->len_bytes || t->len_bytes - at < 2)
        return 0;
    return t->big_endian ? (unsigned)p[0] << 8 | p[1] : (unsigned)p[1] << 8 | p[0];
}

static size_t read_u32(const struct tiff *t, size_t at)
{
    size_t a = read_u16(t, at), b = read_u16(t, at + 2);

    return t->big_endian ? a << 16 | b : b << 16 | a;
}

unsigned dsc_exif_orientation(const uint8_t *exif, size_t len_bytes)
{
    struct tiff t = { exif, len_bytes, false };
    size_t ifd, entries;

    if (len_bytes >= 6 && !memcmp(exif, "Exif\0\0", 6)) {
        t.bytes += 6;
        t.len_bytes -= 6;
    }
    if (t.len_bytes < 8 || (memcmp(t.bytes, "II*\0", 4) && memcmp(t.bytes, "MM\0*", 4)))
        return 1;
    t.big_endian = t.bytes[0] == 'M';
    ifd = read_u32(&t, 4);
    entries = read_u16(&t, ifd);
    for (size_t i = 0; i < entries; i++) {
        size_t at = ifd + 2 + i * IFD_ENTRY_BYTES;
        unsigned value = read_u16(&t, at + 8);

        if (read_u16(&t, at) != TAG_ORIENTATION)
            continue;
        return read_u16(&t, at + 2) == TYPE_SHORT && value >= 1 && value <= 8 ? value : 1;
    }
    return 1;
}

/* Where the upright picture's pixel (0, 0) lies in the stored one, and how far apart
 * its neighbours to the right and below are there, in pixels. */
struct walk {
    ptrdiff_t start, right, down;
};

static struct walk upright_walk(unsigned orientation, size_t width, size_t height)
{
    ptrdiff_t w = (ptrdiff_t)width, last_x = w - 1, last_y = (ptrdiff_t)(height - 1) * w;
    const struct walk walks[] = {
        { 0, 1, w },                 /* 1: as stored */
        { last_x, -1, w },           /* 2: mirrored */
        { last_y + last_x, -1, -w }, /* 3: turned by 180 degrees */
        { last_y, 1, -w },           /* 4: upside down */
        { 0, w, 1 },                 /* 5: transposed */
        { last_y, -w, 1 },           /* 6: to be turned clockwise */
        { last_y + last_x, -w, -1 }, /* 7: transposed on the other diagonal */
        { last_x, w, -1 },           /* 8: to be turned anticlockwise */
    };

    return walks[orientation - 1];
}

enum dsc_status dsc_exif_apply(struct dsc_image *image)
{
    bool swapped = image->orientation >= 5;
    size_t width = swapped ? image->height : image->width;
    size_t height = swapped ? image->width : image->height;
    struct walk walk = upright_walk(image->orientation, image->width, image->height);
    uint8_t *pixels, *q;

    if (image->orientation == 1)
        return DSC_OK;
    q = pixels = dsc_malloc(width * height, 3);
    if (!pixels)
        return dsc_fail_nomem("a picture's pixels");
    for (size_t y = 0; y < height; y++) {
        ptrdiff_t at = walk.start + (ptrdiff_t)y * walk.down;

        for (size_t x = 0; x < width; x++, at += walk.right, q += 3)
            memcpy(q, image->pixels + at * 3, 3);
    }
    dsc_free(image->pixels);
    image->pixels = pixels;
    image->width = width;
    image->height = height;
    return DSC_OK;
}
