/* broadcast_internal.h - two inputs of different shapes walked together, as numpy does.
 *
 * Shapes are aligned at the last axis; a length of 1, or an axis that is not
 * there, is repeated. Neighbouring axes that repeat alike are joined, so that
 * most cases end in a few long runs:
 *
 *     struct dsc_broadcast w = dsc_broadcast_of(a.shape, b.shape);
 *
 *     for (size_t i = 0; i < w.n_blocks; i++)
 *         dsc_broadcast_block(&w, i, add_run, arrays);
 */
#ifndef DSC_BROADCAST_INTERNAL_H
#define DSC_BROADCAST_INTERNAL_H

#include "core/ops/op.h"

struct dsc_broadcast {
    size_t rank; /* after joining, at least 1 */
    size_t size[DSC_MAX_RANK];
    size_t a_step[DSC_MAX_RANK], b_step[DSC_MAX_RANK]; /* elements, 0 where repeated */
    size_t rows, rows_per_block, pieces_per_row;
    size_t n_blocks; /* pieces of the result that fit in the first cache */
};

/* n elements: result from y on, a from a on by a_step (0 or 1), b likewise. */
struct dsc_run {
    size_t y, a, b, n;
    size_t a_step, b_step;
};
typedef void dsc_run_fn(const void *arg, const struct dsc_run *r);

struct dsc_span { /* of the result, in elements */
    size_t begin, n;
};

/* The shape of the result. A free axis gives way to a known length other than 1. */
DSC_CHECK_RESULT enum dsc_status dsc_broadcast_shape(const char *op, struct dsc_shape a,
                                                     struct dsc_shape b, struct dsc_shape *out);
/* Both known, and known to fit. */
struct dsc_broadcast dsc_broadcast_of(struct dsc_shape a, struct dsc_shape b);
/* Call fn for the runs of block i; answers what part of the result that was. Blocks may
 * run on different threads. */
struct dsc_span dsc_broadcast_block(const struct dsc_broadcast *w, size_t i, dsc_run_fn *fn,
                                    const void *arg);

/* dsc_op.time of ops whose inputs broadcast. */
enum dsc_time dsc_broadcast_time(const struct dsc_op_io *io, const int *in_axis, int *out_axis);

#endif
