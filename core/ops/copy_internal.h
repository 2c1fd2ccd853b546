/* copy_internal.h - one strided copy for every op that only moves numbers. */
#ifndef DSC_COPY_INTERNAL_H
#define DSC_COPY_INTERNAL_H

#include "core/tensor/tensor.h"

/* Element (i, j, ...) goes from from[i from_step[0] + j from_step[1] + ...] to
 * to[i to_step[0] + ...]. Steps count elements; a source step may be 0 (repeat)
 * or negative (backwards). */
struct dsc_copy {
    size_t rank;
    size_t size[DSC_MAX_RANK];
    ptrdiff_t from_step[DSC_MAX_RANK], to_step[DSC_MAX_RANK];
};

/* Append an axis, the innermost last. */
void dsc_copy_axis(struct dsc_copy *c, size_t size, ptrdiff_t from_step, ptrdiff_t to_step);
/* The steps of a dense tensor's axes. */
void dsc_dense_steps(struct dsc_shape s, ptrdiff_t step[DSC_MAX_RANK]);
/* Elements that move. */
size_t dsc_copy_count(const struct dsc_copy *c);
/* Copy on n_threads threads; the two must not overlap. elem_bytes: 1 or 4. */
void dsc_copy_run(struct dsc_copy c, void *to, const void *from, size_t elem_bytes, int n_threads);

#endif
