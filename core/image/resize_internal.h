/* resize_internal.h - the weights of Pillow's filters along one axis. */
#ifndef DSC_RESIZE_INTERNAL_H
#define DSC_RESIZE_INTERNAL_H

#include "core/image/resize.h"

/* Weights are fixed-point numbers with this many bits after the point: 8 bits of
 * result and 2 for overshoot are left of 32. */
#define DSC_WEIGHT_BITS 22

/* Output i is the sum of inputs first[i] .. first[i] + count[i] - 1, each times its
 * weight in values[i * taps] and after. Owned; release with dsc_weights_release(). */
struct dsc_weights {
    size_t len_in, len_out;
    size_t taps;     /* room for each output, at least its count */
    size_t *first;   /* [len_out] */
    size_t *count;   /* [len_out] */
    int32_t *values; /* [len_out, taps] */
};

/* Weights that take `len` positions from `start` on, of an axis of len_in, to len_out. */
DSC_CHECK_RESULT enum dsc_status dsc_weights_init(struct dsc_weights *w, enum dsc_filter filter,
                                                  size_t len_in, size_t start, size_t len,
                                                  size_t len_out);
void dsc_weights_release(struct dsc_weights *w);

/* DSC_INVALID for an empty size or a box that is not in the picture. */
DSC_CHECK_RESULT enum dsc_status dsc_resize_check(size_t width, size_t height,
                                                  const struct dsc_image *image,
                                                  const struct dsc_box *box);

#endif
