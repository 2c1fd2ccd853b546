/* image.h - a picture's bytes become RGB pixels.
 *
 * JPEG, PNG, WebP and GIF, told apart by content, never by name. The pixels are
 * those of Pillow's Image.open(f).convert("RGB"), bit for bit: alpha is dropped,
 * not composited; 16-bit grey is clipped to 255, 16-bit colour keeps its high
 * byte; CMYK is taken as Adobe's; of an animation the first frame is read.
 *
 *     struct dsc_image image = { 0 };
 *     enum dsc_status st = dsc_image_read_file(&image, "cat.jpg", NULL, 0);
 *     ...
 *     dsc_image_release(&image);
 */
#ifndef DSC_IMAGE_H
#define DSC_IMAGE_H

#include "core/base/base.h"

struct dsc_image {
    size_t width, height;
    uint8_t *pixels;      /* u8 [H, W, 3], RGB; NULL after dsc_image_probe() */
    const char *format;   /* "JPEG", "PNG", "WebP" or "GIF"; static */
    const char *mode;     /* the file's own, as Pillow names it: "L", "P", "I;16"; static */
    unsigned orientation; /* as EXIF has it, 1..8; 1 when the file does not say */
};

/* What a picture may cost; the pixels are counted before any is allocated. */
struct dsc_image_limits {
    size_t max_bytes;  /* of the file */
    size_t max_pixels; /* width times height */
};

#define DSC_IMAGE_LIMITS_DEFAULT    \
    {                               \
        (size_t)64 << 20, 100000000 \
    }

enum dsc_image_flag {
    /* Turn the picture upright by its EXIF orientation (JPEG, PNG, WebP), as
     * Pillow's ImageOps.exif_transpose does. Keras does not, so the default is off.
     * width and height are then those of the turned picture; orientation still
     * holds what was found. */
    DSC_IMAGE_EXIF_ORIENT = 1 << 0,
};

/* Decode a picture in memory.
 *
 * out     owned by the caller, released by dsc_image_release(); untouched on failure
 * name    stands for the picture in messages: a path, an URL, "picture 3"
 * limits  NULL: DSC_IMAGE_LIMITS_DEFAULT
 * flags   of enum dsc_image_flag
 *
 * Fails: DSC_FORMAT for bytes that are no picture (the sentence says what they look
 * like), for a broken or truncated one and for one over a limit; DSC_UNSUPPORTED for
 * one that is whole but of a kind that Pillow refuses too; DSC_NOMEM. As in Pillow,
 * JPEG data that libjpeg only warns about is accepted, a file that ends early is not. */
DSC_CHECK_RESULT enum dsc_status dsc_image_decode(struct dsc_image *out, const void *bytes,
                                                  size_t len_bytes, const char *name,
                                                  const struct dsc_image_limits *limits,
                                                  unsigned flags);

/* The same from a file, or from standard input for "-"; DSC_IO when it cannot be read. */
DSC_CHECK_RESULT enum dsc_status dsc_image_read_file(struct dsc_image *out, const char *path,
                                                     const struct dsc_image_limits *limits,
                                                     unsigned flags);

/* Read the header only: every field but the pixels. Nothing to release. The limits
 * are not applied, so that a picture that is too large can still be described. */
DSC_CHECK_RESULT enum dsc_status dsc_image_probe(struct dsc_image *out, const void *bytes,
                                                 size_t len_bytes, const char *name);

/* Whether the bytes begin as one of the four formats does. */
bool dsc_image_recognised(const void *bytes, size_t len_bytes);

/* Free the pixels and clear the struct; a cleared one is fine. */
void dsc_image_release(struct dsc_image *image);

#endif
