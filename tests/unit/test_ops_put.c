/* put, and the softmax of one word's row, as the decoder steps through attention with them. */
#include <criterion/criterion.h>

#include "tests/support/op_case.h"

TestSuite(put, .fini = op_free_all);

Test(put, replaces_one_slice_of_any_axis)
{
    struct dsc_tensor *x = op_random(DSC_F32, DSC_SHAPE(2, 3, 4), 1);

    for (size_t axis = 0; axis < 3; axis++) {
        struct dsc_put attr = { axis };
        struct dsc_shape slice = x->shape;

        slice.dim[axis] = 1;
        for (int32_t i = 0; i < (int32_t)x->shape.dim[axis]; i++) {
            struct dsc_tensor *part = op_random(DSC_F32, slice, 7);
            struct dsc_tensor *index = op_tensor(DSC_I32, DSC_SHAPE(1), &i);
            struct dsc_tensor *in[] = { x, part, index };
            struct dsc_tensor *y = op_run(&dsc_op_put, &attr, in, 3, 2);
            size_t at[DSC_MAX_RANK] = { 0 };

            do
                op_expect(y, at, at[axis] == (size_t)i ? op_at(part, at) : op_at(x, at), 0);
            while (op_next(y->shape, at));
        }
    }
}

Test(put, works_in_place)
{
    struct dsc_put attr = { 1 };
    struct dsc_tensor *x = op_random(DSC_F32, DSC_SHAPE(2, 3), 1);
    struct dsc_tensor *part = op_random(DSC_F32, DSC_SHAPE(2, 1), 2);
    struct dsc_tensor *index = op_tensor(DSC_I32, DSC_SHAPE(1), (int32_t[]){ 2 });
    double kept = op_at(x, (size_t[]){ 1, 1 });
    struct dsc_tensor *y =
        op_run_inplace(&dsc_op_put, &attr, (struct dsc_tensor *[]){ x, part, index }, 3, 1);

    op_expect(y, (size_t[]){ 1, 2 }, op_at(part, (size_t[]){ 1, 0 }), 0);
    op_expect(y, (size_t[]){ 1, 1 }, kept, 0);
}

Test(put, refuses_what_does_not_fit)
{
    struct dsc_put attr = { 1 };
    struct dsc_tensor in[] = {
        op_type(DSC_F32, DSC_SHAPE(2, 3)),
        op_type(DSC_F32, DSC_SHAPE(2, 2)),
        op_type(DSC_I32, DSC_SHAPE(1)),
    };
    struct dsc_tensor *x = op_random(DSC_F32, DSC_SHAPE(2, 3), 1);
    struct dsc_tensor *part = op_random(DSC_F32, DSC_SHAPE(2, 1), 2);
    struct dsc_tensor *three = op_tensor(DSC_I32, DSC_SHAPE(1), (int32_t[]){ 3 });

    op_expect_invalid(&dsc_op_put, &attr, in, 3,
                      "put: float32 [2, 2] is no slice of float32 [2, 3]");
    in[2] = op_type(DSC_F32, DSC_SHAPE(1));
    op_expect_invalid(&dsc_op_put, &attr, in, 3,
                      "put: the index is float32 [1], expected int32 [] or [1]");
    op_expect_failure(&dsc_op_put, &attr, (struct dsc_tensor *[]){ x, part, three }, 3,
                      "put: index 3 of an axis of length 3");
}

Test(put, one_row_of_a_causal_softmax_knows_its_place)
{
    struct dsc_softmax attr = { .axis = 1, .causal = true };
    struct dsc_tensor *x = op_random(DSC_F32, DSC_SHAPE(5, 5), 3);
    struct dsc_tensor *whole = op_run(&dsc_op_softmax, &attr, &x, 1, 1);

    for (int32_t t = 0; t < 5; t++) {
        struct dsc_tensor *row =
            op_tensor(DSC_F32, DSC_SHAPE(1, 5), dsc_tensor_f32(x) + (size_t)t * 5);
        struct dsc_tensor *place = op_tensor(DSC_I32, DSC_SHAPE(1), &t);
        struct dsc_tensor *in[] = { row, NULL, place };
        struct dsc_tensor *y = op_run(&dsc_op_softmax, &attr, in, 3, 1);

        for (size_t s = 0; s < 5; s++)
            op_expect(y, (size_t[]){ 0, s }, op_at(whole, (size_t[]){ (size_t)t, s }), 0);
    }
}
