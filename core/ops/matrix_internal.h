/* matrix_internal.h - products as ops run them: right sides packed once when they are
 * constant, the result shared out to threads.
 */
#ifndef DSC_MATRIX_INTERNAL_H
#define DSC_MATRIX_INTERNAL_H

#include "core/kernels/product.h"
#include "core/ops/op.h"

/* Input i, NULL when it was left out. */
static inline const struct dsc_tensor *dsc_op_in(const struct dsc_op_io *io, size_t i)
{
    return i < io->n_in ? io->in[i] : NULL;
}

static inline const float *dsc_op_in_f32(const struct dsc_op_io *io, size_t i)
{
    const struct dsc_tensor *t = dsc_op_in(io, i);

    return t ? dsc_tensor_f32(t) : NULL;
}

/* Bytes of n floats, rounded up to whole cache lines; SIZE_MAX when there is no such size. */
size_t dsc_work_floats(size_t n);
/* Sum of two sizes of work; SIZE_MAX when it overflows. */
size_t dsc_work_add(size_t a, size_t b);

/* A right side [k, m] that lies in the columns `column` on of w[k, ldw]. */
struct dsc_right {
    const float *w;
    size_t ldw, column, k, m;
};
/* Pack n of them one after the other, each begun at dsc_right_at(); *out is one block. */
DSC_CHECK_RESULT enum dsc_status dsc_right_pack(const struct dsc_right *r, size_t n, void **out);
/* The same, into memory of dsc_right_bytes(). */
void dsc_right_fill(float *packed, const struct dsc_right *r, size_t n);
/* Floats in front of right side i; i = n: of all. SIZE_MAX when they overflow. */
size_t dsc_right_at(const struct dsc_right *r, size_t i);
/* Scratch for rights that are no constants: dsc_right_fill() writes them in each run. */
size_t dsc_right_bytes(const struct dsc_right *r, size_t n);

/* Threads worth starting for a product of this many multiplications. */
int dsc_threads_for_product(int n_threads, size_t multiplications);
/* The part of 0..n that thread i of n_threads takes, in whole units. */
struct dsc_part {
    size_t begin, end;
};
struct dsc_part dsc_part_of(size_t n, size_t unit, int i, int n_threads);

/* All rows and columns, on up to n_threads threads. */
void dsc_matrix_product(const struct dsc_product *p, size_t rows, int n_threads);

#endif
