/* op_case.h - run one op on small tensors, and walk tensors by coordinates.
 *
 * Every function fails the running test by itself when something goes wrong.
 *
 *     struct dsc_tensor *x = op_random(DSC_F32, DSC_SHAPE(2, 3), 1);
 *     struct dsc_tensor *y = op_run(&dsc_op_reverse, &attr, (struct dsc_tensor *[]){ x }, 1, 2);
 *     size_t at[DSC_MAX_RANK] = { 0 };
 *
 *     do
 *         op_expect(y, at, op_at(x, mirrored(at)), 0);
 *     while (op_next(y->shape, at));
 *
 * Tensors live until op_free_all(), the `.fini` of a suite that uses them.
 */
#ifndef DSC_OP_CASE_H
#define DSC_OP_CASE_H

#include "core/ops/ops.h"

/* f32: -2..2; i32: -9..9; bool: either. The same seed gives the same numbers. */
struct dsc_tensor *op_random(enum dsc_dtype dtype, struct dsc_shape shape, unsigned seed);
/* A copy of values, of the type's own C type. */
struct dsc_tensor *op_tensor(enum dsc_dtype dtype, struct dsc_shape shape, const void *values);
/* A type without data. */
struct dsc_tensor op_type(enum dsc_dtype dtype, struct dsc_shape shape);

/* The first result. Shape, work and forward must succeed; forward must not allocate. */
struct dsc_tensor *op_run(const struct dsc_op *op, const void *attr, struct dsc_tensor *const *in,
                          size_t n_in, int n_threads);
/* The same with the result in in[0]'s memory, which it answers. */
struct dsc_tensor *op_run_inplace(const struct dsc_op *op, const void *attr,
                                  struct dsc_tensor *const *in, size_t n_in, int n_threads);
/* Forward fails with this sentence. */
void op_expect_failure(const struct dsc_op *op, const void *attr, struct dsc_tensor *const *in,
                       size_t n_in, const char *sentence);
/* The shape rule answers this, for inputs of f32, or of the types that are given. */
void op_expect_shape(const struct dsc_op *op, const void *attr, const struct dsc_tensor *in,
                     size_t n_in, struct dsc_shape expected);
/* The shape rule is DSC_INVALID with this sentence. */
void op_expect_invalid(const struct dsc_op *op, const void *attr, const struct dsc_tensor *in,
                       size_t n_in, const char *sentence);
/* The answer of op->time; out_axis -1: DSC_TIME_WHOLE. */
void op_expect_time(const struct dsc_op *op, const void *attr, const struct dsc_tensor *in,
                    const int *in_axis, size_t n_in, int out_axis);

void op_free_all(void);

/* Step to the next coordinates in row-major order; false, at zeros again, after the last. */
bool op_next(struct dsc_shape s, size_t at[DSC_MAX_RANK]);
/* The element at these coordinates; those of an axis of length 1 count as 0. */
double op_at(const struct dsc_tensor *t, const size_t *at);
/* |y[at] - expected| <= tolerance (1 + |expected|); 0: the same. */
void op_expect(const struct dsc_tensor *y, const size_t *at, double expected, double tolerance);
void op_expect_dims(const struct dsc_tensor *y, struct dsc_shape expected);

#endif
