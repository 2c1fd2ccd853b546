/* Ops that move numbers without computing: each element is looked up where its rule says. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/op_case.h"

TestSuite(moves, .fini = op_free_all);

#define F DSC_DIM_FREE

static const enum dsc_dtype dtypes[] = { DSC_F32, DSC_I32, DSC_BOOL };

Test(moves, concat_joins_any_axis_and_type)
{
    static const struct dsc_shape base[] = {
        { 1, { 4 } }, { 2, { 3, 4 } }, { 4, { 2, 3, 4, 5 } }, { 3, { 40, 60, 21 } }
    };

    for (size_t i = 0; i < DSC_COUNT(base) * 4 * DSC_COUNT(dtypes); i++) {
        struct dsc_shape s = base[i % DSC_COUNT(base)];
        struct dsc_concat attr = { i / DSC_COUNT(base) % 4 };
        enum dsc_dtype dtype = dtypes[i / DSC_COUNT(base) / 4];
        struct dsc_tensor *x[3], *y;
        size_t at[DSC_MAX_RANK] = { 0 }, length = 0;

        if (attr.axis >= s.rank)
            continue;
        for (size_t j = 0; j < 3; j++) {
            s.dim[attr.axis] = 1 + 2 * j;
            length += s.dim[attr.axis];
            x[j] = op_random(dtype, s, (unsigned)j);
        }
        y = op_run(&dsc_op_concat, &attr, x, 3, 2);
        s.dim[attr.axis] = length;
        op_expect_dims(y, s);
        do {
            size_t from[DSC_MAX_RANK], j = 0;

            memcpy(from, at, sizeof(from));
            for (; from[attr.axis] >= x[j]->shape.dim[attr.axis]; j++)
                from[attr.axis] -= x[j]->shape.dim[attr.axis];
            op_expect(y, at, op_at(x[j], from), 0);
        } while (op_next(y->shape, at));
        op_free_all();
    }
}

Test(moves, concat_shapes)
{
    struct dsc_concat attr = { 1 };
    struct dsc_tensor in[] = { op_type(DSC_F32, DSC_SHAPE(F, 3, F)),
                               op_type(DSC_F32, DSC_SHAPE(2, 4, F)),
                               op_type(DSC_F32, DSC_SHAPE(F, 5, 7)) };

    op_expect_shape(&dsc_op_concat, &attr, in, 3, DSC_SHAPE(2, 12, 7));
    in[1].shape.dim[1] = F;
    op_expect_shape(&dsc_op_concat, &attr, in, 3, DSC_SHAPE(2, F, 7));
    in[1].shape = DSC_SHAPE(2, 4, 8);
    op_expect_invalid(&dsc_op_concat, &attr, in, 3,
                      "concat: [2, 7, 8] and [?, 5, 7] cannot be joined along axis 1");
    in[1].shape = DSC_SHAPE(2, 4);
    op_expect_invalid(&dsc_op_concat, &attr, in, 2,
                      "concat: [?, 3, ?] and [2, 4] cannot be joined along axis 1");
    in[1] = op_type(DSC_I32, DSC_SHAPE(2, 4, 7));
    op_expect_invalid(&dsc_op_concat, &attr, in, 2, "concat: input 1 is int32, expected float32");
    in[1] = op_type(DSC_F32, DSC_SHAPE(2, F - 2, 7));
    op_expect_invalid(&dsc_op_concat, &attr, in, 2,
                      "concat: [?, 3, ?] and [2, 18446744073709551613, 7] cannot be joined along "
                      "axis 1");
    attr.axis = 3;
    op_expect_invalid(&dsc_op_concat, &attr, in, 2, "concat: shape [?, 3, ?] has no axis 3");
}

static void check_slice(enum dsc_dtype dtype, struct dsc_shape shape, const struct dsc_slice *attr)
{
    struct dsc_tensor *x = op_random(dtype, shape, 3);
    struct dsc_tensor *y = op_run(&dsc_op_slice, attr, &x, 1, 2);
    size_t at[DSC_MAX_RANK] = { 0 };

    for (size_t i = 0; i < shape.rank; i++) {
        size_t kept = i >= attr->rank ? shape.dim[i]
                      : attr->size[i] != DSC_DIM_FREE
                          ? attr->size[i]
                          : shape.dim[i] - attr->begin[i] - attr->drop_end[i];

        cr_assert_eq(y->shape.dim[i], kept);
    }
    if (!dsc_tensor_count(y))
        return;
    do {
        size_t from[DSC_MAX_RANK];

        for (size_t i = 0; i < DSC_MAX_RANK; i++)
            from[i] = at[i] + (i < attr->rank ? attr->begin[i] : 0);
        op_expect(y, at, op_at(x, from), 0);
    } while (op_next(y->shape, at));
}

Test(moves, slice_takes_a_box)
{
    static const struct dsc_slice cuts[] = {
        { 0, { 0 }, { 0 }, { 0 } },
        { 1, { 1 }, { 2 }, { 0 } },
        { 2, { 0, 1 }, { F, F }, { 0, 2 } },
        { 2, { 0, 1 }, { F, 0 }, { 0, 0 } },
        { 3, { 1, 1, 2 }, { 1, F, 3 }, { 0, 1, 0 } },
        { 4, { 0, 0, 0, 1 }, { F, F, F, 1 }, { 0 } },
        { 4, { 0, 1, 1, 0 }, { F, F, F, F }, { 0, 1, 1, 0 } },
    };

    for (size_t i = 0; i < DSC_COUNT(cuts); i++) {
        for (size_t t = 0; t < DSC_COUNT(dtypes); t++) {
            check_slice(dtypes[t], DSC_SHAPE(3, 4, 5, 3), &cuts[i]);
            check_slice(dtypes[t], DSC_SHAPE(3, 40, 50, 30), &cuts[i]);
        }
        op_free_all();
    }
}

Test(moves, slice_shapes)
{
    struct dsc_slice attr = { 2, { 0, 2 }, { F, F }, { 0, 3 } };
    struct dsc_tensor in = op_type(DSC_F32, DSC_SHAPE(F, F, 9));

    op_expect_shape(&dsc_op_slice, &attr, &in, 1, DSC_SHAPE(F, F, 9));
    attr.size[1] = 4;
    op_expect_shape(&dsc_op_slice, &attr, &in, 1, DSC_SHAPE(F, 4, 9));
    in.shape.dim[1] = 5;
    op_expect_invalid(&dsc_op_slice, &attr, &in, 1,
                      "slice: 4 from 2 on is not in axis 1 of [?, 5, 9]");
    attr.begin[1] = 6;
    op_expect_invalid(&dsc_op_slice, &attr, &in, 1,
                      "slice: 4 from 6 on is not in axis 1 of [?, 5, 9]");
    attr.size[1] = F;
    op_expect_invalid(&dsc_op_slice, &attr, &in, 1,
                      "slice: 6 and 3 cannot be cut off axis 1 of [?, 5, 9]");
    attr.rank = 4;
    op_expect_invalid(&dsc_op_slice, &attr, &in, 1, "slice: 4 axes named, the shape is [?, 5, 9]");
}

Test(moves, take_leaves_one_of_an_axis)
{
    struct dsc_tensor *x = op_random(DSC_F32, DSC_SHAPE(3, 4, 5), 3);

    for (size_t axis = 0; axis < 3; axis++) {
        for (int32_t i = 0; i < (int32_t)x->shape.dim[axis]; i++) {
            struct dsc_take attr = { axis };
            struct dsc_tensor *index =
                op_tensor(DSC_I32, i % 2 ? DSC_SHAPE(1) : (struct dsc_shape){ 0 }, &i);
            struct dsc_tensor *y =
                op_run(&dsc_op_take, &attr, (struct dsc_tensor *[]){ x, index }, 2, 1);
            size_t at[DSC_MAX_RANK] = { 0 };

            cr_assert_eq(y->shape.dim[axis], 1);
            do {
                size_t from[DSC_MAX_RANK];

                memcpy(from, at, sizeof(from));
                from[axis] = (size_t)i;
                op_expect(y, at, op_at(x, from), 0);
            } while (op_next(y->shape, at));
        }
    }
}

Test(moves, take_refuses_what_is_outside)
{
    struct dsc_take attr = { 1 };
    struct dsc_tensor *x = op_random(DSC_BOOL, DSC_SHAPE(2, 4), 3);
    struct dsc_tensor *four = op_tensor(DSC_I32, DSC_SHAPE(1), (int32_t[]){ 4 });
    struct dsc_tensor *minus = op_tensor(DSC_I32, DSC_SHAPE(1), (int32_t[]){ -1 });
    struct dsc_tensor in[] = { op_type(DSC_F32, DSC_SHAPE(F, F, 2)),
                               op_type(DSC_I32, DSC_SHAPE(1)) };

    op_expect_failure(&dsc_op_take, &attr, (struct dsc_tensor *[]){ x, four }, 2,
                      "take: index 4 of an axis of length 4");
    op_expect_failure(&dsc_op_take, &attr, (struct dsc_tensor *[]){ x, minus }, 2,
                      "take: index -1 of an axis of length 4");
    op_expect_shape(&dsc_op_take, &attr, in, 2, DSC_SHAPE(F, 1, 2));
    in[1] = op_type(DSC_I32, DSC_SHAPE(2));
    op_expect_invalid(&dsc_op_take, &attr, in, 2,
                      "take: the index is int32 [2], expected int32 [] or [1]");
    in[1] = op_type(DSC_F32, DSC_SHAPE(1));
    op_expect_invalid(&dsc_op_take, &attr, in, 2,
                      "take: the index is float32 [1], expected int32 [] or [1]");
    in[0].shape = DSC_SHAPE(2);
    op_expect_invalid(&dsc_op_take, &attr, in, 2, "take: shape [2] has no axis 1");
}

Test(moves, pad_puts_a_border_around)
{
    static const struct dsc_shape shapes[] = { { 0 },
                                               { 1, { 5 } },
                                               { 4, { 2, 3, 4, 3 } },
                                               { 4, { 1, 60, 61, 30 } },
                                               { 6, { 2, 1, 2, 3, 1, 2 } } };
    struct dsc_pad attr = { { 0, 2, 1, 0, 3, 1 }, { 1, 0, 2, 0, 0, 2 }, 0 };

    for (size_t i = 0; i < DSC_COUNT(shapes) * DSC_COUNT(dtypes) * 2; i++) {
        struct dsc_shape s = shapes[i % DSC_COUNT(shapes)];
        struct dsc_tensor *x = op_random(dtypes[i / DSC_COUNT(shapes) % DSC_COUNT(dtypes)], s, 3);
        size_t at[DSC_MAX_RANK] = { 0 };
        struct dsc_tensor *y;

        attr.value = i % 2 ? 1 : 0;
        y = op_run(&dsc_op_pad, &attr, &x, 1, 2);
        do {
            size_t from[DSC_MAX_RANK];
            bool inside = true;

            for (size_t j = 0; j < s.rank; j++) {
                from[j] = at[j] - attr.before[j];
                inside = inside && from[j] < s.dim[j];
            }
            op_expect(y, at, inside ? op_at(x, from) : (double)attr.value, 0);
        } while (op_next(y->shape, at));
        op_free_all();
    }
}

Test(moves, pad_shapes)
{
    struct dsc_pad attr = { { 0, 2 }, { 0, 1 }, 3e9F };
    struct dsc_tensor in = op_type(DSC_F32, DSC_SHAPE(F, 4, F));

    op_expect_shape(&dsc_op_pad, &attr, &in, 1, DSC_SHAPE(F, 7, F));
    in.dtype = DSC_I32;
    op_expect_invalid(&dsc_op_pad, &attr, &in, 1, "pad: the value 3e+09 is no int32");
    in.dtype = DSC_F32;
    attr.after[2] = F - 1;
    op_expect_shape(&dsc_op_pad, &attr, &in, 1, DSC_SHAPE(F, 7, F));
    in.shape.dim[2] = 1;
    op_expect_invalid(&dsc_op_pad, &attr, &in, 1,
                      "pad: 0 and 18446744073709551614 cannot be added to axis 2 of [?, 4, 1]");
}

static void check_transpose(enum dsc_dtype dtype, struct dsc_shape shape, const size_t *perm)
{
    struct dsc_tensor *x = op_random(dtype, shape, 3), *y;
    struct dsc_transpose attr;
    size_t at[DSC_MAX_RANK] = { 0 };

    memcpy(attr.perm, perm, sizeof(attr.perm));
    y = op_run(&dsc_op_transpose, &attr, &x, 1, 2);
    do {
        size_t from[DSC_MAX_RANK];

        for (size_t i = 0; i < shape.rank; i++) {
            from[perm[i]] = at[i];
            cr_assert_eq(y->shape.dim[i], shape.dim[perm[i]]);
        }
        op_expect(y, at, op_at(x, from), 0);
    } while (op_next(y->shape, at));
}

/* The next order of n axes; false after the last. */
static bool next_order(size_t *perm, size_t n)
{
    size_t i = n - 1, j = n - 1, swap;

    while (i > 0 && perm[i - 1] > perm[i])
        i--;
    if (!i)
        return false;
    while (perm[j] < perm[i - 1])
        j--;
    swap = perm[i - 1], perm[i - 1] = perm[j], perm[j] = swap;
    for (j = n - 1; i < j; i++, j--)
        swap = perm[i], perm[i] = perm[j], perm[j] = swap;
    return true;
}

Test(moves, transpose_takes_every_order)
{
    static const struct dsc_shape shapes[] = {
        { 1, { 7 } },           { 2, { 35, 70 } },        { 3, { 3, 5, 4 } },
        { 4, { 2, 33, 4, 3 } }, { 5, { 2, 1, 3, 2, 4 } }, { 6, { 2, 3, 1, 2, 3, 2 } }
    };

    for (size_t i = 0; i < DSC_COUNT(shapes); i++) {
        size_t perm[DSC_MAX_RANK] = { 0, 1, 2, 3, 4, 5 };

        do {
            check_transpose(dtypes[i % 2 * 2], shapes[i], perm);
            op_free_all();
        } while (next_order(perm, shapes[i].rank));
    }
    check_transpose(DSC_F32, (struct dsc_shape){ 0 }, (size_t[DSC_MAX_RANK]){ 0 });
    check_transpose(DSC_F32, DSC_SHAPE(2, 80, 70, 9), (size_t[DSC_MAX_RANK]){ 0, 3, 1, 2 });
    check_transpose(DSC_F32, DSC_SHAPE(2, 9, 80, 70), (size_t[DSC_MAX_RANK]){ 0, 2, 3, 1 });
    check_transpose(DSC_F32, DSC_SHAPE(3, 50, 8, 64), (size_t[DSC_MAX_RANK]){ 0, 2, 1, 3 });
    check_transpose(DSC_F32, DSC_SHAPE(301, 302), (size_t[DSC_MAX_RANK]){ 1, 0 });
}

Test(moves, transpose_shapes)
{
    struct dsc_transpose attr = { { 0, 2, 1 } };
    struct dsc_tensor in = op_type(DSC_F32, DSC_SHAPE(F, 4, F));

    op_expect_shape(&dsc_op_transpose, &attr, &in, 1, DSC_SHAPE(F, F, 4));
    attr.perm[2] = 2;
    op_expect_invalid(&dsc_op_transpose, &attr, &in, 1,
                      "transpose: [0, 2, 2] is no order of the axes of [?, 4, ?]");
    attr.perm[2] = 3;
    op_expect_invalid(&dsc_op_transpose, &attr, &in, 1,
                      "transpose: [0, 2, 3] is no order of the axes of [?, 4, ?]");
}

static void expect_reshape(struct dsc_shape from, struct dsc_shape to, struct dsc_shape result)
{
    struct dsc_tensor in = op_type(DSC_F32, from);
    struct dsc_reshape attr = { .rank = to.rank };

    memcpy(attr.dim, to.dim, sizeof(attr.dim));
    op_expect_shape(&dsc_op_reshape, &attr, &in, 1, result);
}

static void refuse_reshape(struct dsc_shape from, struct dsc_shape to, const char *sentence)
{
    struct dsc_tensor in = op_type(DSC_F32, from);
    struct dsc_reshape attr = { .rank = to.rank };

    memcpy(attr.dim, to.dim, sizeof(attr.dim));
    op_expect_invalid(&dsc_op_reshape, &attr, &in, 1, sentence);
}

Test(moves, reshape_infers_what_can_be)
{
    const size_t copy = DSC_RESHAPE_COPY, infer = DSC_RESHAPE_INFER;

    expect_reshape(DSC_SHAPE(2, 12), DSC_SHAPE(copy, 3, 4), DSC_SHAPE(2, 3, 4));
    expect_reshape(DSC_SHAPE(2, 12), DSC_SHAPE(copy, 3, infer), DSC_SHAPE(2, 3, 4));
    expect_reshape(DSC_SHAPE(F, 12), DSC_SHAPE(copy, infer, 6), DSC_SHAPE(F, 2, 6));
    expect_reshape(DSC_SHAPE(F, 4, 4, 8), DSC_SHAPE(copy, infer, 8), DSC_SHAPE(F, 16, 8));
    expect_reshape(DSC_SHAPE(F, F, F, 8), DSC_SHAPE(copy, infer, 8), DSC_SHAPE(F, F, 8));
    expect_reshape(DSC_SHAPE(F, F, F, 8), DSC_SHAPE(copy, infer), DSC_SHAPE(F, F));
    expect_reshape(DSC_SHAPE(F, F, 4, 8), DSC_SHAPE(copy, copy, 32), DSC_SHAPE(F, F, 32));
    expect_reshape(DSC_SHAPE(F, 10), DSC_SHAPE(infer, 5), DSC_SHAPE(F, 5));
    expect_reshape(DSC_SHAPE(F, F), DSC_SHAPE(copy, 7, 3), DSC_SHAPE(F, 7, 3));
    expect_reshape(DSC_SHAPE(0, 10), DSC_SHAPE(copy, infer), DSC_SHAPE(0, 10));
    expect_reshape(DSC_SHAPE(1), (struct dsc_shape){ 0 }, (struct dsc_shape){ 0 });
    expect_reshape((struct dsc_shape){ 0 }, DSC_SHAPE(infer), DSC_SHAPE(1));

    refuse_reshape(DSC_SHAPE(F, 12), DSC_SHAPE(copy, 5, infer),
                   "reshape: [?, 12] cannot become [?, 5, ?]: the lengths do not divide");
    refuse_reshape(DSC_SHAPE(F, 12), DSC_SHAPE(copy, 5),
                   "reshape: [?, 12] cannot become [?, 5]: the numbers of elements differ");
    refuse_reshape(DSC_SHAPE(F, 12), DSC_SHAPE(infer, infer),
                   "reshape: [?, 12] cannot become [?, ?]: two axes are to be inferred");
    refuse_reshape(DSC_SHAPE(2), DSC_SHAPE(copy, copy),
                   "reshape: [2] cannot become [2, 0]: there is no such axis to copy");
    refuse_reshape(DSC_SHAPE(2), DSC_SHAPE(F / 2, 3),
                   "reshape: [2] cannot become [9223372036854775807, 3]: too large");
    refuse_reshape(DSC_SHAPE(2), (struct dsc_shape){ 7, { 1, 1, 1, 1, 1, 1 } },
                   "reshape: [2] cannot become [1, 1, 1, 1, 1, 1]: too many axes");
    cr_assert(dsc_op_reshape.flags & DSC_OP_VIEW);
}

Test(moves, repeat_adds_an_axis)
{
    static const struct dsc_shape shapes[] = {
        { 0 }, { 1, { 6 } }, { 2, { 5, 3 } }, { 2, { 1, 900 } }
    };

    for (size_t i = 0; i < DSC_COUNT(shapes) * DSC_COUNT(dtypes); i++) {
        struct dsc_shape s = shapes[i % DSC_COUNT(shapes)];
        struct dsc_tensor *x = op_random(dtypes[i / DSC_COUNT(shapes)], s, 3);

        for (size_t axis = 0; axis <= s.rank; axis++) {
            struct dsc_repeat attr = { axis, axis ? 75 : 4 };
            struct dsc_tensor *y = op_run(&dsc_op_repeat, &attr, &x, 1, 2);
            size_t at[DSC_MAX_RANK] = { 0 };

            cr_assert_eq(y->shape.rank, s.rank + 1);
            cr_assert_eq(y->shape.dim[axis], attr.n);
            do {
                size_t from[DSC_MAX_RANK];

                for (size_t j = 0; j < s.rank; j++)
                    from[j] = at[j + (j >= axis)];
                op_expect(y, at, op_at(x, from), 0);
            } while (op_next(y->shape, at));
        }
        op_free_all();
    }
}

Test(moves, repeat_shapes)
{
    struct dsc_repeat attr = { 1, 34 };
    struct dsc_tensor in = op_type(DSC_F32, DSC_SHAPE(F, 256));

    op_expect_shape(&dsc_op_repeat, &attr, &in, 1, DSC_SHAPE(F, 34, 256));
    attr.axis = 3;
    op_expect_invalid(&dsc_op_repeat, &attr, &in, 1,
                      "repeat: [?, 256] has no room for a new axis 3 of length 34");
}

Test(moves, reverse_turns_an_axis)
{
    static const struct dsc_shape shapes[] = {
        { 1, { 7 } }, { 3, { 3, 1, 5 } }, { 3, { 0, 3, 2 } }, { 3, { 20, 70, 60 } }
    };

    for (size_t i = 0; i < DSC_COUNT(shapes) * DSC_COUNT(dtypes); i++) {
        struct dsc_shape s = shapes[i % DSC_COUNT(shapes)];
        struct dsc_tensor *x = op_random(dtypes[i / DSC_COUNT(shapes)], s, 3);

        for (size_t axis = 0; axis < s.rank; axis++) {
            struct dsc_reverse attr = { axis };
            struct dsc_tensor *y = op_run(&dsc_op_reverse, &attr, &x, 1, 2);
            size_t at[DSC_MAX_RANK] = { 0 };

            op_expect_dims(y, s);
            if (!dsc_tensor_count(y))
                continue;
            do {
                size_t from[DSC_MAX_RANK];

                memcpy(from, at, sizeof(from));
                from[axis] = s.dim[axis] - 1 - at[axis];
                op_expect(y, at, op_at(x, from), 0);
            } while (op_next(y->shape, at));
        }
        op_free_all();
    }
    op_expect_invalid(&dsc_op_reverse, &(struct dsc_reverse){ 2 },
                      (struct dsc_tensor[]){ op_type(DSC_F32, DSC_SHAPE(F, 2)) }, 1,
                      "reverse: shape [?, 2] has no axis 2");
}

Test(moves, embedding_looks_words_up)
{
    struct dsc_tensor *w = op_random(DSC_F32, DSC_SHAPE(20, 300), 3);
    struct dsc_tensor *ids = op_random(DSC_I32, DSC_SHAPE(50, 12), 4);
    struct dsc_tensor *floats = op_random(DSC_F32, DSC_SHAPE(50, 12), 4);
    struct dsc_tensor *y, *z;
    size_t at[DSC_MAX_RANK] = { 0 };

    for (size_t i = 0; i < dsc_tensor_count(ids); i++) {
        dsc_tensor_i32(ids)[i] += 9;
        dsc_tensor_f32(floats)[i] = (float)dsc_tensor_i32(ids)[i] + 0.5F;
    }
    y = op_run(&dsc_op_embedding, NULL, (struct dsc_tensor *[]){ ids, w }, 2, 2);
    z = op_run(&dsc_op_embedding, NULL, (struct dsc_tensor *[]){ floats, w }, 2, 1);
    op_expect_dims(y, DSC_SHAPE(50, 12, 300));
    do {
        size_t from[DSC_MAX_RANK] = { (size_t)op_at(ids, at), at[2] };

        op_expect(y, at, op_at(w, from), 0);
        op_expect(z, at, op_at(w, from), 0);
    } while (op_next(y->shape, at));
}

Test(moves, embedding_refuses_words_outside_the_table)
{
    struct dsc_tensor *w = op_random(DSC_F32, DSC_SHAPE(20, 3), 3);
    static const float bad[] = { 20, -1, 1e30F };
    struct dsc_tensor in[] = { op_type(DSC_I32, DSC_SHAPE(F, 34)),
                               op_type(DSC_F32, DSC_SHAPE(20, 3)) };

    for (size_t i = 0; i < DSC_COUNT(bad); i++) {
        char sentence[128];
        struct dsc_tensor *id = op_tensor(DSC_F32, DSC_SHAPE(1), &bad[i]);

        snprintf(sentence, sizeof(sentence), "embedding: word %.0f is not in the table of 20 words",
                 (double)bad[i]);
        op_expect_failure(&dsc_op_embedding, NULL, (struct dsc_tensor *[]){ id, w }, 2, sentence);
    }
    op_expect_failure(
        &dsc_op_embedding, NULL,
        (struct dsc_tensor *[]){ op_tensor(DSC_I32, DSC_SHAPE(1), (int32_t[]){ -7 }), w }, 2,
        "embedding: word -7 is not in the table of 20 words");
    op_expect_shape(&dsc_op_embedding, NULL, in, 2, DSC_SHAPE(F, 34, 3));
    in[1].shape = DSC_SHAPE(20);
    op_expect_invalid(&dsc_op_embedding, NULL, in, 2,
                      "embedding: the table is float32 [20], expected float32 [V, E]");
    in[0].dtype = DSC_BOOL;
    op_expect_invalid(&dsc_op_embedding, NULL, in, 2,
                      "embedding: the words are bool, expected int32 or float32");
}

static void expect_time(const struct dsc_op *op, const void *attr, struct dsc_shape shape, int axis,
                        int out_axis)
{
    struct dsc_tensor in = op_type(DSC_F32, shape);

    op_expect_time(op, attr, &in, &axis, 1, out_axis);
}

Test(moves, words_keep_or_change_their_axis)
{
    struct dsc_slice slice = { 2, { 0, 0 }, { 3, F }, { 0, 0 } };
    struct dsc_pad pad = { { 0, 0, 1 }, { 0, 0, 1 }, 0 };
    struct dsc_transpose transpose = { { 0, 2, 3, 1 } };
    struct dsc_shape s = DSC_SHAPE(F, F, 4, 8);

    expect_time(&dsc_op_slice, &slice, s, 1, 1);
    expect_time(&dsc_op_slice, &slice, s, 0, -1);
    expect_time(&dsc_op_slice, &slice, s, 2, 2);
    expect_time(&dsc_op_pad, &pad, s, 1, 1);
    expect_time(&dsc_op_pad, &pad, s, 2, -1);
    expect_time(&dsc_op_transpose, &transpose, s, 1, 3);
    expect_time(&dsc_op_transpose, &transpose, s, 0, 0);
    expect_time(&dsc_op_repeat, &(struct dsc_repeat){ 1, 9 }, s, 1, 2);
    expect_time(&dsc_op_repeat, &(struct dsc_repeat){ 2, 9 }, s, 1, 1);
    expect_time(&dsc_op_reverse, &(struct dsc_reverse){ 1 }, s, 1, -1);
    expect_time(&dsc_op_reverse, &(struct dsc_reverse){ 2 }, s, 1, 1);
}

Test(moves, words_of_several_inputs)
{
    struct dsc_tensor x[] = { op_type(DSC_F32, DSC_SHAPE(F, 34, 4)),
                              op_type(DSC_F32, DSC_SHAPE(F, 34, 4)) };
    struct dsc_tensor take[] = { x[0], op_type(DSC_I32, DSC_SHAPE(1)) };
    struct dsc_tensor ids[] = { op_type(DSC_I32, DSC_SHAPE(F, 34)),
                                op_type(DSC_F32, DSC_SHAPE(20, 3)) };

    op_expect_time(&dsc_op_concat, &(struct dsc_concat){ 2 }, x, (int[]){ 1, 1 }, 2, 1);
    op_expect_time(&dsc_op_concat, &(struct dsc_concat){ 1 }, x, (int[]){ 1, 1 }, 2, -1);
    op_expect_time(&dsc_op_concat, &(struct dsc_concat){ 2 }, x, (int[]){ 1, -1 }, 2, -1);
    op_expect_time(&dsc_op_concat, &(struct dsc_concat){ 2 }, x, (int[]){ -1, 1 }, 2, -1);
    op_expect_time(&dsc_op_take, &(struct dsc_take){ 2 }, take, (int[]){ 1, -1 }, 2, 1);
    op_expect_time(&dsc_op_take, &(struct dsc_take){ 1 }, take, (int[]){ 1, -1 }, 2, -1);
    op_expect_time(&dsc_op_embedding, NULL, ids, (int[]){ 1, -1 }, 2, 1);
    op_expect_time(&dsc_op_embedding, NULL, ids, (int[]){ 1, 0 }, 2, -1);
}

Test(moves, words_pass_a_reshape_that_leaves_them)
{
    const size_t copy = DSC_RESHAPE_COPY, infer = DSC_RESHAPE_INFER;
    const struct {
        struct dsc_reshape attr;
        struct dsc_shape in;
        int out_axis;
    } cases[] = {
        { { 3, { copy, copy, 32 } }, DSC_SHAPE(F, F, 4, 8), 1 },
        { { 3, { copy, infer, 32 } }, DSC_SHAPE(F, F, 4, 8), 1 },
        { { 3, { copy, copy, infer } }, DSC_SHAPE(F, 34, 4, 8), 1 },
        { { 4, { copy, copy, 2, 4 } }, DSC_SHAPE(F, F, 8), 1 },
        { { 3, { copy, 34, 32 } }, DSC_SHAPE(F, 34, 4, 8), -1 },
        { { 3, { copy, infer, 16 } }, DSC_SHAPE(F, 34, 4, 8), -1 },
        { { 3, { infer, copy, 16 } }, DSC_SHAPE(F, F, 4, 8), -1 },
        { { 2, { infer, 32 } }, DSC_SHAPE(F, F, 4, 8), -1 },
        { { 1, { infer } }, DSC_SHAPE(F, F, 4, 8), -1 },
    };

    for (size_t i = 0; i < DSC_COUNT(cases); i++)
        expect_time(&dsc_op_reshape, &cases[i].attr, cases[i].in, 1, cases[i].out_axis);
}
