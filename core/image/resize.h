/* resize.h - RGB pictures to another size, bit for bit as Pillow and TensorFlow.
 *
 * dsc_resize_u8() is Image.resize(size, filter, box) of Pillow 13 for mode "RGB"; its
 * antialiasing, its fixed-point arithmetic and its rounding included. Older Pillows
 * differ by one level here and there in pictures whose height shrinks far more than
 * their width, which 13 filters down before across.
 * dsc_resize_tf_bilinear() is tf.image.resize(x, size), bilinear, antialias=False.
 */
#ifndef DSC_RESIZE_H
#define DSC_RESIZE_H

#include "core/image/image.h"

/* The order is that of the names in dsc_filter_name(). */
enum dsc_filter {
    DSC_FILTER_NEAREST,
    DSC_FILTER_BOX,
    DSC_FILTER_BILINEAR,
    DSC_FILTER_HAMMING,
    DSC_FILTER_BICUBIC,
    DSC_FILTER_LANCZOS,
    DSC_FILTER_TF_BILINEAR, /* floats only */
    DSC_FILTER_COUNT,
};

/* "nearest" .. "lanczos", "tf-bilinear"; static. */
const char *dsc_filter_name(enum dsc_filter filter);

/* A part of a picture, in whole pixels. */
struct dsc_box {
    size_t x, y, width, height;
};

/* The whole of a picture. */
struct dsc_box dsc_box_whole(const struct dsc_image *image);

/* The largest part in the middle with the shape of width x height, as Keras'
 * load_img(keep_aspect_ratio=True) takes it. A side of it is 0 when the picture is
 * too thin for that shape; the resizers refuse such a box. */
struct dsc_box dsc_box_crop(const struct dsc_image *image, size_t width, size_t height);

/* Resize the part `box` of a picture to width x height.
 *
 * y       out  u8 [H, W, 3]; must not overlap the picture
 * filter  one of the six of Pillow
 *
 * As in Pillow a filter reaches for pixels beyond the box, nearest never does, and a
 * picture that has the size already is copied. Uses OpenMP threads for large work.
 * Fails: DSC_INVALID for an empty or outlying box or a size of 0; DSC_NOMEM.
 * Cost: taps per pixel grow with the reduction; two passes, across then down. */
DSC_CHECK_RESULT enum dsc_status dsc_resize_u8(uint8_t *y, size_t width, size_t height,
                                               const struct dsc_image *image,
                                               const struct dsc_box *box, enum dsc_filter filter);

/* The same by TensorFlow's rule (half-pixel centres, no antialiasing), into floats.
 * Nothing beyond the box is seen: Keras crops first there (smart_resize).
 *
 * y  out  f32 [H, W, 3], 0..255, not rounded */
DSC_CHECK_RESULT enum dsc_status dsc_resize_tf_bilinear(float *y, size_t width, size_t height,
                                                        const struct dsc_image *image,
                                                        const struct dsc_box *box);

#endif
