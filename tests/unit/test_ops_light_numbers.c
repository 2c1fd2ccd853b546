/* cast, dropout, prelu, batch_norm, reduce. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "tests/support/op_case.h"

TestSuite(numbers, .fini = op_free_all);

#define F DSC_DIM_FREE

Test(numbers, cast_goes_between_all_types)
{
    static const float values[] = { 0, -0.5F, 1.9F, -1.9F, 2e9F, 3e9F, -3e9F, NAN, INFINITY };
    static const int32_t as_i32[] = { 0,         0,         1,         -1,       2000000000,
                                      INT32_MIN, INT32_MIN, INT32_MIN, INT32_MIN };
    struct dsc_tensor *x = op_tensor(DSC_F32, DSC_SHAPE(9), values);
    struct dsc_tensor *ids = op_random(DSC_I32, DSC_SHAPE(4, 5), 1);
    struct dsc_tensor *mask = op_random(DSC_BOOL, DSC_SHAPE(4, 5), 1), *y;

    y = op_run(&dsc_op_cast, &(struct dsc_cast){ DSC_I32 }, &x, 1, 1);
    cr_assert_arr_eq(dsc_tensor_i32(y), as_i32, sizeof(as_i32));
    y = op_run(&dsc_op_cast, &(struct dsc_cast){ DSC_BOOL }, &x, 1, 1);
    for (size_t i = 0; i < 9; i++)
        cr_assert_eq(dsc_tensor_bool(y)[i], i != 0);
    for (size_t i = 0; i < 20; i++) {
        int32_t id = dsc_tensor_i32(ids)[i];
        uint8_t bit = dsc_tensor_bool(mask)[i];

        y = op_run(&dsc_op_cast, &(struct dsc_cast){ DSC_F32 }, &ids, 1, 1);
        cr_assert_eq(dsc_tensor_f32(y)[i], (float)id);
        y = op_run(&dsc_op_cast, &(struct dsc_cast){ DSC_BOOL }, &ids, 1, 1);
        cr_assert_eq(dsc_tensor_bool(y)[i], id != 0);
        y = op_run(&dsc_op_cast, &(struct dsc_cast){ DSC_F32 }, &mask, 1, 1);
        cr_assert_eq(dsc_tensor_f32(y)[i], (float)bit);
        y = op_run(&dsc_op_cast, &(struct dsc_cast){ DSC_I32 }, &mask, 1, 1);
        cr_assert_eq(dsc_tensor_i32(y)[i], bit);
    }
    y = op_run(&dsc_op_cast, &(struct dsc_cast){ DSC_F32 }, &x, 1, 1);
    cr_assert_arr_eq(dsc_tensor_f32(y), values, sizeof(values));
    op_run_inplace(&dsc_op_cast, &(struct dsc_cast){ DSC_F32 }, &x, 1, 1);
    cr_assert_arr_eq(dsc_tensor_f32(x), values, sizeof(values));
}

Test(numbers, cast_and_dropout_keep_shape_and_words)
{
    struct dsc_tensor in = op_type(DSC_I32, DSC_SHAPE(F, 3, F));

    op_expect_shape(&dsc_op_cast, &(struct dsc_cast){ DSC_F32 }, &in, 1, in.shape);
    op_expect_time(&dsc_op_cast, &(struct dsc_cast){ DSC_F32 }, &in, (int[]){ 2 }, 1, 2);
    op_expect_shape(&dsc_op_dropout, &(struct dsc_dropout){ 0.5F }, &in, 1, in.shape);
    op_expect_time(&dsc_op_dropout, &(struct dsc_dropout){ 0.5F }, &in, (int[]){ 2 }, 1, 2);
    cr_assert(dsc_op_dropout.flags & DSC_OP_VIEW);
}

Test(numbers, prelu_shares_slopes)
{
    static const struct {
        struct dsc_shape x, alpha;
    } cases[] = {
        { { 1, { 5 } }, { 0 } },
        { { 2, { 3, 5 } }, { 1, { 5 } } },
        { { 4, { 2, 3, 4, 5 } }, { 3, { 3, 4, 5 } } },
        { { 4, { 2, 3, 4, 5 } }, { 3, { 1, 1, 5 } } },
        { { 4, { 2, 3, 4, 5 } }, { 3, { 1, 4, 1 } } },
        { { 4, { 2, 60, 40, 50 } }, { 3, { 1, 1, 50 } } },
    };

    for (size_t i = 0; i < DSC_COUNT(cases); i++) {
        struct dsc_tensor *x = op_random(DSC_F32, cases[i].x, 1);
        struct dsc_tensor *alpha = op_random(DSC_F32, cases[i].alpha, 2);
        struct dsc_tensor *y =
            op_run(&dsc_op_prelu, NULL, (struct dsc_tensor *[]){ x, alpha }, 2, 2);
        size_t at[DSC_MAX_RANK] = { 0 };

        do {
            double v = op_at(x, at);

            op_expect(y, at, v > 0 ? v : op_at(alpha, at + 1) * v, 1e-6);
        } while (op_next(y->shape, at));
        op_run_inplace(&dsc_op_prelu, NULL, (struct dsc_tensor *[]){ x, alpha }, 2, 1);
        cr_assert_arr_eq(x->data, y->data, dsc_tensor_count(x) * sizeof(float));
        op_free_all();
    }
}

Test(numbers, prelu_shapes_and_words)
{
    struct dsc_tensor in[] = { op_type(DSC_F32, DSC_SHAPE(F, F, 8)),
                               op_type(DSC_F32, DSC_SHAPE(1, 8)) };

    op_expect_shape(&dsc_op_prelu, NULL, in, 2, DSC_SHAPE(F, F, 8));
    op_expect_time(&dsc_op_prelu, NULL, in, (int[]){ 1, -1 }, 2, 1);
    in[1].shape = DSC_SHAPE(34, 8);
    op_expect_shape(&dsc_op_prelu, NULL, in, 2, DSC_SHAPE(F, F, 8));
    op_expect_time(&dsc_op_prelu, NULL, in, (int[]){ 1, -1 }, 2, -1);
    in[1].shape = DSC_SHAPE(1, 7);
    op_expect_invalid(&dsc_op_prelu, NULL, in, 2,
                      "prelu: slopes of shape [1, 7] do not fit [?, ?, 8]");
    in[1].shape = DSC_SHAPE(8);
    op_expect_invalid(&dsc_op_prelu, NULL, in, 2,
                      "prelu: slopes of shape [8] do not fit [?, ?, 8]");
}

static void check_norm(struct dsc_shape shape, size_t axis, bool has_gamma, bool has_beta)
{
    struct dsc_batch_norm attr = { axis, 1e-3F };
    struct dsc_shape c = DSC_SHAPE(shape.dim[axis]);
    struct dsc_tensor *x = op_random(DSC_F32, shape, 1), *gamma = op_random(DSC_F32, c, 2);
    struct dsc_tensor *beta = op_random(DSC_F32, c, 3), *mean = op_random(DSC_F32, c, 4);
    struct dsc_tensor *var = op_random(DSC_F32, c, 5), *y;
    struct dsc_tensor *in[] = { x, has_gamma ? gamma : NULL, has_beta ? beta : NULL, mean, var };
    size_t at[DSC_MAX_RANK] = { 0 };

    for (size_t i = 0; i < c.dim[0]; i++)
        dsc_tensor_f32(var)[i] = fabsf(dsc_tensor_f32(var)[i]) + 0.1F;
    y = op_run(&dsc_op_batch_norm, &attr, in, 5, 2);
    do {
        const size_t *k = &at[axis];
        double v = (op_at(x, at) - op_at(mean, k)) / sqrt(op_at(var, k) + (double)attr.epsilon);

        op_expect(y, at, v * (has_gamma ? op_at(gamma, k) : 1) + (has_beta ? op_at(beta, k) : 0),
                  1e-5);
    } while (op_next(y->shape, at));
    op_run_inplace(&dsc_op_batch_norm, &attr, in, 5, 1);
    cr_assert_arr_eq(x->data, y->data, dsc_tensor_count(x) * sizeof(float));
    op_free_all();
}

Test(numbers, batch_norm_uses_the_moving_moments)
{
    for (int which = 0; which < 4; which++) {
        check_norm(DSC_SHAPE(7, 5), 1, which & 1, which & 2);
        check_norm(DSC_SHAPE(2, 3, 4, 5), 3, which & 1, which & 2);
        check_norm(DSC_SHAPE(2, 3, 4, 5), 1, which & 1, which & 2);
        check_norm(DSC_SHAPE(3, 41, 40, 33), 3, which & 1, which & 2);
        check_norm(DSC_SHAPE(3, 33, 41, 40), 1, which & 1, which & 2);
    }
}

Test(numbers, batch_norm_shapes_and_words)
{
    struct dsc_batch_norm attr = { 2, 1e-3F };
    struct dsc_tensor in[] = { op_type(DSC_F32, DSC_SHAPE(F, F, 8)), op_type(DSC_F32, DSC_SHAPE(8)),
                               op_type(DSC_F32, DSC_SHAPE(8)), op_type(DSC_F32, DSC_SHAPE(8)),
                               op_type(DSC_F32, DSC_SHAPE(8)) };
    const int words[] = { 1, -1, -1, -1, -1 };

    op_expect_shape(&dsc_op_batch_norm, &attr, in, 5, DSC_SHAPE(F, F, 8));
    op_expect_time(&dsc_op_batch_norm, &attr, in, words, 5, 1);
    op_expect_invalid(&dsc_op_batch_norm, &attr, in, 3,
                      "batch_norm: the moving mean or variance is left out");
    attr.axis = 1;
    op_expect_time(&dsc_op_batch_norm, &attr, in, words, 5, -1);
    attr.axis = 3;
    op_expect_invalid(&dsc_op_batch_norm, &attr, in, 5,
                      "batch_norm: shape [?, ?, 8] has no axis 3");
    attr.axis = 2;
    in[3].shape = DSC_SHAPE(7);
    op_expect_invalid(&dsc_op_batch_norm, &attr, in, 5,
                      "batch_norm: [7] does not fit axis 2 of [?, ?, 8]");
}

/* What one more number does to a result, and the result of none. */
static double fold(enum dsc_reduce_kind kind, double acc, double x)
{
    if (kind == DSC_REDUCE_MAX)
        return fmax(acc, x);
    return kind == DSC_REDUCE_MIN ? fmin(acc, x) : acc + x;
}

static double start(enum dsc_reduce_kind kind)
{
    if (kind == DSC_REDUCE_MAX)
        return -(double)INFINITY;
    return kind == DSC_REDUCE_MIN ? (double)INFINITY : 0;
}

/* Walk the input once per result: slow, and plain. */
static void check_reduce(const struct dsc_tensor *x, const struct dsc_reduce *attr,
                         const struct dsc_tensor *y)
{
    size_t at[DSC_MAX_RANK] = { 0 };

    do {
        struct dsc_shape box = { .rank = x->shape.rank };
        size_t begin[DSC_MAX_RANK] = { 0 }, in[DSC_MAX_RANK] = { 0 }, axis = 0, n = 0;
        double acc = start(attr->kind);

        for (size_t i = 0; i < x->shape.rank; i++) {
            bool reduced = attr->axes >> i & 1;

            box.dim[i] = reduced ? x->shape.dim[i] : 1;
            begin[i] = reduced ? 0 : at[axis];
            axis += !reduced || attr->keep_axes;
        }
        do {
            size_t from[DSC_MAX_RANK];

            for (size_t i = 0; i < DSC_MAX_RANK; i++)
                from[i] = begin[i] + in[i];
            acc = fold(attr->kind, acc, op_at(x, from));
            n++;
        } while (op_next(box, in));
        op_expect(y, at, attr->kind == DSC_REDUCE_MEAN ? acc / (double)n : acc, 1e-7);
    } while (op_next(y->shape, at));
}

Test(numbers, reduce_over_every_set_of_axes)
{
    static const struct dsc_shape shapes[] = { { 0 },
                                               { 1, { 21 } },
                                               { 2, { 3, 300 } },
                                               { 4, { 2, 3, 1, 5 } },
                                               { 5, { 3, 2, 3, 2, 4 } },
                                               { 6, { 2, 1, 3, 2, 2, 9 } } };

    for (size_t i = 0; i < DSC_COUNT(shapes); i++) {
        struct dsc_tensor *x = op_random(DSC_F32, shapes[i], 1);

        for (unsigned axes = 0; axes < 1U << shapes[i].rank; axes++) {
            for (int kind = DSC_REDUCE_MEAN; kind <= DSC_REDUCE_MIN; kind++) {
                struct dsc_reduce attr = { (enum dsc_reduce_kind)kind, axes, (kind + axes) % 2 };

                check_reduce(x, &attr, op_run(&dsc_op_reduce, &attr, &x, 1, 1));
            }
        }
        op_free_all();
    }
}

Test(numbers, reduce_pools_pictures_on_threads)
{
    struct dsc_tensor *x = op_random(DSC_F32, DSC_SHAPE(2, 9, 8, 700), 1);

    for (int kind = DSC_REDUCE_MEAN; kind <= DSC_REDUCE_MIN; kind++) {
        struct dsc_reduce attr = { (enum dsc_reduce_kind)kind, 6, false };
        struct dsc_reduce rows = { (enum dsc_reduce_kind)kind, 8, true };
        struct dsc_tensor *y = op_run(&dsc_op_reduce, &attr, &x, 1, 2);

        op_expect_dims(y, DSC_SHAPE(2, 700));
        check_reduce(x, &attr, y);
        y = op_run(&dsc_op_reduce, &rows, &x, 1, 2);
        op_expect_dims(y, DSC_SHAPE(2, 9, 8, 1));
        check_reduce(x, &rows, y);
    }
}

Test(numbers, reduce_is_accurate_and_keeps_nan)
{
    struct dsc_tensor *x = op_random(DSC_F32, DSC_SHAPE(1, 300, 300, 2), 1), *y;
    struct dsc_reduce mean = { DSC_REDUCE_MEAN, 6, false };

    for (size_t i = 0; i < dsc_tensor_count(x); i++)
        dsc_tensor_f32(x)[i] = i % 2 ? 0.1F : 1e7F;
    y = op_run(&dsc_op_reduce, &mean, &x, 1, 1);
    cr_assert_eq(dsc_tensor_f32(y)[0], 1e7F);
    cr_assert_eq(dsc_tensor_f32(y)[1], 0.1F);
    dsc_tensor_f32(x)[77] = NAN;
    for (int kind = DSC_REDUCE_MEAN; kind <= DSC_REDUCE_MIN; kind++) {
        struct dsc_reduce pooled = { (enum dsc_reduce_kind)kind, 6, false };
        struct dsc_reduce all = { (enum dsc_reduce_kind)kind, 15, false };

        y = op_run(&dsc_op_reduce, &pooled, &x, 1, 1);
        cr_assert(!isnan(dsc_tensor_f32(y)[0]) && isnan(dsc_tensor_f32(y)[1]));
        y = op_run(&dsc_op_reduce, &all, &x, 1, 1);
        cr_assert(isnan(dsc_tensor_f32(y)[0]));
    }
}

Test(numbers, reduce_of_nothing)
{
    struct dsc_tensor *x = op_random(DSC_F32, DSC_SHAPE(2, 0, 3), 1);
    struct dsc_reduce attr = { DSC_REDUCE_SUM, 2, false };
    struct dsc_tensor *y = op_run(&dsc_op_reduce, &attr, &x, 1, 1);

    op_expect_dims(y, DSC_SHAPE(2, 3));
    for (size_t i = 0; i < 6; i++)
        cr_assert_eq(dsc_tensor_f32(y)[i], 0);
    attr.axes = 4;
    op_expect_dims(op_run(&dsc_op_reduce, &attr, &x, 1, 1), DSC_SHAPE(2, 0));
}

Test(numbers, reduce_shapes_and_words)
{
    struct dsc_reduce attr = { DSC_REDUCE_SUM, 1U << 2 | 1U << 0, false };
    struct dsc_tensor in = op_type(DSC_F32, DSC_SHAPE(F, F, 4, 8));

    op_expect_shape(&dsc_op_reduce, &attr, &in, 1, DSC_SHAPE(F, 8));
    op_expect_time(&dsc_op_reduce, &attr, &in, (int[]){ 1 }, 1, 0);
    op_expect_time(&dsc_op_reduce, &attr, &in, (int[]){ 2 }, 1, -1);
    op_expect_time(&dsc_op_reduce, &attr, &in, (int[]){ 3 }, 1, 1);
    attr.keep_axes = true;
    op_expect_shape(&dsc_op_reduce, &attr, &in, 1, DSC_SHAPE(1, F, 1, 8));
    op_expect_time(&dsc_op_reduce, &attr, &in, (int[]){ 3 }, 1, 3);
    attr.axes = 16;
    op_expect_invalid(&dsc_op_reduce, &attr, &in, 1,
                      "reduce: an axis is named that [?, ?, 4, 8] does not have");
    in.dtype = DSC_I32;
    op_expect_invalid(&dsc_op_reduce, &attr, &in, 1, "reduce: input 0 is int32, expected float32");
}
