/* image_internal.h - what image.c and the four format readers share.
 *
 * A reader parses its header, calls dsc_image_begin() with what it found, and
 * fills reader->image.pixels unless only the header was wanted.
 */
#ifndef DSC_IMAGE_INTERNAL_H
#define DSC_IMAGE_INTERNAL_H

#include "core/image/image.h"

struct dsc_image_reader {
    const uint8_t *bytes;
    size_t len_bytes;
    const char *name; /* for messages */
    size_t max_pixels;
    bool header_only;
    struct dsc_image image; /* pixels owned by dsc_image_decode() */
};

/* Record size and mode and allocate the pixels, not initialised, unless only the
 * header is wanted. Fails when a side is 0 or the picture is over the limit. */
DSC_CHECK_RESULT enum dsc_status dsc_image_begin(struct dsc_image_reader *r, size_t width,
                                                 size_t height, const char *mode);

/* The four readers. */
DSC_CHECK_RESULT enum dsc_status dsc_jpeg_read(struct dsc_image_reader *r);
DSC_CHECK_RESULT enum dsc_status dsc_png_read(struct dsc_image_reader *r);
DSC_CHECK_RESULT enum dsc_status dsc_webp_read(struct dsc_image_reader *r);
DSC_CHECK_RESULT enum dsc_status dsc_gif_read(struct dsc_image_reader *r);

/* DSC_FORMAT with a sentence that says what the bytes look like instead. */
enum dsc_status dsc_image_not_a_picture(const struct dsc_image_reader *r);

/* Orientation 1..8 in an EXIF block, with or without its leading "Exif\0\0"; 1 when
 * the block has none or is malformed. */
unsigned dsc_exif_orientation(const uint8_t *exif, size_t len_bytes);

/* Turn image->pixels upright by image->orientation; DSC_NOMEM leaves it as it was. */
DSC_CHECK_RESULT enum dsc_status dsc_exif_apply(struct dsc_image *image);

#endif
