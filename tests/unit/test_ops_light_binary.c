#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "tests/support/op_case.h"

TestSuite(binary, .fini = op_free_all);

static double combine(enum dsc_binary_kind kind, double a, double b)
{
    switch (kind) {
    case DSC_ADD:
        return a + b;
    case DSC_SUB:
        return a - b;
    case DSC_MUL:
        return a * b;
    case DSC_DIV:
        return a / b;
    case DSC_MAXIMUM:
        return fmax(a, b);
    case DSC_MINIMUM:
        return fmin(a, b);
    case DSC_NOT_EQUAL:
        return a != b;
    case DSC_AND:
        return a != 0 && b != 0;
    default:
        return a != 0 || b != 0;
    }
}

/* The element that broadcasting puts at `at` of a result of rank `rank`. */
static double broadcast_at(const struct dsc_tensor *t, const size_t *at, size_t rank)
{
    return op_at(t, at + (rank - t->shape.rank));
}

static void check(const struct dsc_binary *attr, struct dsc_tensor *a, struct dsc_tensor *b,
                  const struct dsc_tensor *y)
{
    size_t at[DSC_MAX_RANK] = { 0 };

    do {
        double expected = combine(attr->kind, broadcast_at(a, at, y->shape.rank),
                                  b ? broadcast_at(b, at, y->shape.rank) : (double)attr->scalar);

        if (attr->act.kind == DSC_ACT_RELU)
            expected = fmax(expected, 0);
        op_expect(y, at, expected, 1e-6);
    } while (op_next(y->shape, at));
}

static const struct {
    struct dsc_shape a, b, y;
} shapes[] = {
    { { 0 }, { 0 }, { 0 } },
    { { 1, { 1 } }, { 0 }, { 1, { 1 } } },
    { { 2, { 3, 5 } }, { 2, { 3, 5 } }, { 2, { 3, 5 } } },
    { { 2, { 3, 5 } }, { 0 }, { 2, { 3, 5 } } },
    { { 0 }, { 2, { 3, 5 } }, { 2, { 3, 5 } } },
    { { 4, { 2, 3, 4, 5 } }, { 1, { 5 } }, { 4, { 2, 3, 4, 5 } } },
    { { 1, { 5 } }, { 4, { 2, 3, 4, 5 } }, { 4, { 2, 3, 4, 5 } } },
    { { 4, { 2, 3, 4, 5 } }, { 4, { 2, 1, 1, 5 } }, { 4, { 2, 3, 4, 5 } } },
    { { 3, { 2, 7, 6 } }, { 3, { 2, 7, 1 } }, { 3, { 2, 7, 6 } } },
    { { 3, { 2, 7, 1 } }, { 3, { 2, 1, 6 } }, { 3, { 2, 7, 6 } } },
    { { 2, { 4, 1 } }, { 2, { 1, 3 } }, { 2, { 4, 3 } } },
    { { 6, { 2, 1, 3, 1, 2, 1 } }, { 5, { 4, 1, 5, 1, 3 } }, { 6, { 2, 4, 3, 5, 2, 3 } } },
    { { 2, { 2, 9001 } }, { 1, { 9001 } }, { 2, { 2, 9001 } } },
    { { 2, { 2, 9001 } }, { 2, { 2, 1 } }, { 2, { 2, 9001 } } },
    { { 3, { 17, 33, 151 } }, { 3, { 17, 1, 151 } }, { 3, { 17, 33, 151 } } },
    { { 3, { 17, 33, 151 } }, { 3, { 17, 33, 151 } }, { 3, { 17, 33, 151 } } },
};

Test(binary, numbers_broadcast)
{
    for (size_t i = 0; i < DSC_COUNT(shapes); i++) {
        for (enum dsc_binary_kind kind = DSC_ADD; kind <= DSC_MINIMUM; kind++) {
            struct dsc_tensor *a = op_random(DSC_F32, shapes[i].a, 1);
            struct dsc_tensor *b = op_random(DSC_F32, shapes[i].b, 2);
            struct dsc_binary attr = { .kind = kind };
            struct dsc_tensor *y;

            for (int n_threads = 1; n_threads <= 2; n_threads++) {
                y = op_run(&dsc_op_binary, &attr, (struct dsc_tensor *[]){ a, b }, 2, n_threads);
                op_expect_dims(y, shapes[i].y);
                cr_assert_eq(y->dtype, DSC_F32);
                check(&attr, a, b, y);
            }
            op_free_all();
        }
    }
}

Test(binary, comparisons_and_masks_broadcast)
{
    for (size_t i = 0; i < DSC_COUNT(shapes); i++) {
        for (enum dsc_binary_kind kind = DSC_NOT_EQUAL; kind <= DSC_OR; kind++) {
            enum dsc_dtype dtype = kind == DSC_NOT_EQUAL ? DSC_I32 : DSC_BOOL;
            struct dsc_tensor *a = op_random(dtype, shapes[i].a, 1);
            struct dsc_tensor *b = op_random(dtype, shapes[i].b, 2);
            struct dsc_binary attr = { .kind = kind };
            struct dsc_tensor *y =
                op_run(&dsc_op_binary, &attr, (struct dsc_tensor *[]){ a, b }, 2, 2);

            cr_assert_eq(y->dtype, DSC_BOOL);
            check(&attr, a, b, y);
            op_free_all();
        }
    }
}

Test(binary, takes_a_number_as_attribute)
{
    for (enum dsc_binary_kind kind = DSC_ADD; kind <= DSC_NOT_EQUAL; kind++) {
        struct dsc_binary attr = { .kind = kind, .scalar = 0.75F };
        struct dsc_tensor *x = op_random(DSC_F32, DSC_SHAPE(3, 7), 5);

        dsc_tensor_f32(x)[4] = 0.75F;
        check(&attr, x, NULL, op_run(&dsc_op_binary, &attr, (struct dsc_tensor *[]){ x }, 1, 1));
        check(&attr, x, NULL,
              op_run(&dsc_op_binary, &attr, (struct dsc_tensor *[]){ x, NULL }, 2, 1));
    }
}

Test(binary, compares_words_with_a_number)
{
    static const float numbers[] = { 0, -3, 2.5F, 3e9F, NAN };
    struct dsc_tensor *x = op_random(DSC_I32, DSC_SHAPE(5, 9), 5);

    for (size_t i = 0; i < DSC_COUNT(numbers); i++) {
        struct dsc_binary attr = { .kind = DSC_NOT_EQUAL, .scalar = numbers[i] };

        check(&attr, x, NULL, op_run(&dsc_op_binary, &attr, (struct dsc_tensor *[]){ x }, 1, 1));
    }
}

Test(binary, large_words_compare_exactly)
{
    struct dsc_binary attr = { .kind = DSC_NOT_EQUAL, .scalar = 16777216 };
    struct dsc_tensor *x = op_tensor(DSC_I32, DSC_SHAPE(2), (int32_t[]){ 16777216, 16777217 });
    struct dsc_tensor *y = op_run(&dsc_op_binary, &attr, (struct dsc_tensor *[]){ x }, 1, 1);

    cr_assert_eq(dsc_tensor_bool(y)[0], 0);
    cr_assert_eq(dsc_tensor_bool(y)[1], 1);
}

Test(binary, activates_and_works_in_place)
{
    struct dsc_binary attr = { DSC_SUB, 0, { DSC_ACT_RELU, 0, 0, INFINITY } };
    struct dsc_tensor *a = op_random(DSC_F32, DSC_SHAPE(3, 40, 1001), 1);
    struct dsc_tensor *old = op_random(DSC_F32, DSC_SHAPE(3, 40, 1001), 1);
    struct dsc_tensor *b = op_random(DSC_F32, DSC_SHAPE(40, 1), 2);

    op_run_inplace(&dsc_op_binary, &attr, (struct dsc_tensor *[]){ a, b }, 2, 2);
    check(&attr, old, b, a);
}

Test(binary, empty_inputs_give_empty_results)
{
    struct dsc_tensor *a = op_random(DSC_F32, DSC_SHAPE(0, 5), 1);
    struct dsc_tensor *b = op_random(DSC_F32, DSC_SHAPE(1, 5), 1);
    struct dsc_binary attr = { .kind = DSC_ADD };

    op_expect_dims(op_run(&dsc_op_binary, &attr, (struct dsc_tensor *[]){ a, b }, 2, 2),
                   DSC_SHAPE(0, 5));
}

static void expect_free(struct dsc_shape a, struct dsc_shape b, struct dsc_shape y)
{
    struct dsc_tensor in[] = { op_type(DSC_F32, a), op_type(DSC_F32, b) };

    op_expect_shape(&dsc_op_binary, &(struct dsc_binary){ .kind = DSC_ADD }, in, 2, y);
}

Test(binary, free_axes_pass_through)
{
    const size_t f = DSC_DIM_FREE;

    expect_free(DSC_SHAPE(f, 3), DSC_SHAPE(f, 3), DSC_SHAPE(f, 3));
    expect_free(DSC_SHAPE(f, 3), DSC_SHAPE(3), DSC_SHAPE(f, 3));
    expect_free(DSC_SHAPE(f, f, 1), DSC_SHAPE(f, 1, 8), DSC_SHAPE(f, f, 8));
    expect_free(DSC_SHAPE(f, 3), DSC_SHAPE(7, 3), DSC_SHAPE(7, 3));
    expect_free(DSC_SHAPE(7, 3), DSC_SHAPE(f, 3), DSC_SHAPE(7, 3));
}

Test(binary, names_what_does_not_fit)
{
    struct dsc_binary attr = { .kind = DSC_MUL };
    struct dsc_tensor in[] = { op_type(DSC_F32, DSC_SHAPE(DSC_DIM_FREE, 3)),
                               op_type(DSC_F32, DSC_SHAPE(2, 4)) };

    op_expect_invalid(&dsc_op_binary, &attr, in, 2,
                      "mul: shapes [?, 3] and [2, 4] do not broadcast");
    in[1] = op_type(DSC_I32, DSC_SHAPE(3));
    op_expect_invalid(&dsc_op_binary, &attr, in, 2, "mul: input 1 is int32, expected float32");
    attr.kind = DSC_NOT_EQUAL;
    op_expect_invalid(&dsc_op_binary, &attr, in, 2,
                      "not_equal: input 1 is int32, expected float32");
    attr.act.kind = DSC_ACT_TANH;
    op_expect_invalid(&dsc_op_binary, &attr, in, 1, "not_equal: a mask has no activation");
    attr = (struct dsc_binary){ .kind = DSC_OR };
    op_expect_invalid(&dsc_op_binary, &attr, in, 1, "or: two masks are needed");
    op_expect_invalid(&dsc_op_binary, &attr, in, 2, "or: input 0 is float32, expected bool");
    in[0].dtype = DSC_BOOL;
    attr.kind = DSC_NOT_EQUAL;
    op_expect_invalid(&dsc_op_binary, &attr, in, 1, "not_equal: bool cannot be compared");
}

static void expect_time(struct dsc_shape a, int a_axis, struct dsc_shape b, int b_axis, int axis)
{
    struct dsc_tensor in[] = { op_type(DSC_F32, a), op_type(DSC_F32, b) };

    op_expect_time(&dsc_op_binary, &(struct dsc_binary){ .kind = DSC_ADD }, in,
                   (int[]){ a_axis, b_axis }, 2, axis);
}

Test(binary, words_stay_where_they_are_counted_from_the_end)
{
    const size_t f = DSC_DIM_FREE;

    expect_time(DSC_SHAPE(f, f, 8), 1, DSC_SHAPE(f, f, 8), 1, 1);
    expect_time(DSC_SHAPE(f, f, 8), 1, DSC_SHAPE(8), -1, 1);
    expect_time(DSC_SHAPE(8), -1, DSC_SHAPE(f, 4, 8), 1, 1);
    expect_time(DSC_SHAPE(f, 4, 8), 1, DSC_SHAPE(f, 1, 8), -1, 1);
    expect_time(DSC_SHAPE(4, 8), 0, DSC_SHAPE(f, 4, 8), 1, 1);
    expect_time(DSC_SHAPE(f, 4, 8), 1, DSC_SHAPE(f, 4, 8), -1, -1);
    expect_time(DSC_SHAPE(f, 4, 8), 1, DSC_SHAPE(4, 1), -1, -1);
    expect_time(DSC_SHAPE(f, 4, 4), 1, DSC_SHAPE(f, 4, 4), 2, -1);
    expect_time(DSC_SHAPE(f, f, 8), 1, DSC_SHAPE(f, f, 8), -1, -1);
}
