/* dims_internal.h - lengths of axes, as the shape rules of ops handle them. */
#ifndef DSC_DIMS_INTERNAL_H
#define DSC_DIMS_INTERNAL_H

#include "core/ops/op.h"

/* A tensor seen from one of its axes: row-major [outer, n, inner]. */
struct dsc_axis_view {
    size_t outer, n, inner;
};

/* Sum and product of two lengths, free when one is; false, with the result
 * untouched, when there is no such length. */
bool dsc_dim_add(size_t a, size_t b, size_t *sum);
bool dsc_dim_mul(size_t a, size_t b, size_t *product);
/* The length that both stand for: a free one takes the other's. False when they differ. */
bool dsc_dim_join(size_t a, size_t b, size_t *dim);

/* Of a tensor whose shape is known. */
struct dsc_axis_view dsc_axis_view(struct dsc_shape s, size_t axis);

/* DSC_INVALID unless every input that is there has this type. */
DSC_CHECK_RESULT enum dsc_status dsc_check_dtype(const struct dsc_op_io *io, const char *op,
                                                 enum dsc_dtype dtype);
/* DSC_INVALID unless `axis` is one of the shape's. */
DSC_CHECK_RESULT enum dsc_status dsc_check_axis(const char *op, struct dsc_shape s, size_t axis);
/* DSC_INVALID unless t, when there, is [C] with C the length of `axis` of x. */
DSC_CHECK_RESULT enum dsc_status dsc_check_channels(const char *op, const struct dsc_tensor *x,
                                                    size_t axis, const struct dsc_tensor *t);

/* Threads worth starting for light work on n elements: 1..io->n_threads. */
int dsc_threads_for(const struct dsc_op_io *io, size_t n);

/* Does in[0], and no other input, depend on the words? */
bool dsc_time_of_first(const struct dsc_op_io *io, const int *in_axis);
/* The `time` of an op that works on each number by itself. */
enum dsc_time dsc_time_each(const struct dsc_op_io *io, const int *in_axis, int *out_axis);

#endif
