/* pool2d, upsample2d, conv2d_transpose. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "core/ops/window.h"
#include "tests/support/op_case.h"

TestSuite(pictures, .fini = op_free_all);

#define F DSC_DIM_FREE

static struct dsc_window window(enum dsc_padding padding, size_t stride_h, size_t stride_w)
{
    return (struct dsc_window){ .stride_h = stride_h,
                                .stride_w = stride_w,
                                .dilation_h = 1,
                                .dilation_w = 1,
                                .padding = padding };
}

/* Maximum or mean over one window, padded pixels left out. */
static double pool(const struct dsc_tensor *x, const struct dsc_pool2d *attr, const size_t *at,
                   const struct dsc_window_axis *rows, const struct dsc_window_axis *cols)
{
    double most = -(double)INFINITY, sum = 0;
    size_t n = 0;

    for (size_t i = 0; i < attr->kh; i++) {
        for (size_t j = 0; j < attr->kw; j++) {
            size_t from[DSC_MAX_RANK] = { at[0], at[1] * attr->window.stride_h + i - rows->before,
                                          at[2] * attr->window.stride_w + j - cols->before, at[3] };

            if (from[1] >= x->shape.dim[1] || from[2] >= x->shape.dim[2])
                continue;
            most = fmax(most, op_at(x, from));
            sum += op_at(x, from);
            n++;
        }
    }
    return attr->average ? sum / (double)n : most;
}

static void check_pool(struct dsc_shape shape, struct dsc_pool2d attr)
{
    struct dsc_tensor *x = op_random(DSC_F32, shape, 1), *y;
    struct dsc_window_axis rows, cols;

    cr_assert_eq(dsc_window_axis(&attr.window, shape.dim[1], attr.kh, true, &rows), DSC_OK);
    cr_assert_eq(dsc_window_axis(&attr.window, shape.dim[2], attr.kw, false, &cols), DSC_OK);
    for (int i = 0; i < 2; i++) {
        size_t at[DSC_MAX_RANK] = { 0 };

        attr.average = i;
        y = op_run(&dsc_op_pool2d, &attr, &x, 1, 2);
        op_expect_dims(y, DSC_SHAPE(shape.dim[0], rows.out, cols.out, shape.dim[3]));
        do
            op_expect(y, at, pool(x, &attr, at, &rows, &cols), 1e-6);
        while (op_next(y->shape, at));
    }
    op_free_all();
}

Test(pictures, pool2d_takes_windows)
{
    static const struct dsc_shape shapes[] = { { 4, { 1, 3, 3, 1 } },
                                               { 4, { 2, 7, 8, 5 } },
                                               { 4, { 1, 8, 5, 17 } },
                                               { 4, { 2, 40, 30, 33 } } };
    static const size_t kernels[][2] = { { 1, 1 }, { 2, 2 }, { 3, 3 }, { 2, 3 } };

    for (size_t i = 0; i < DSC_COUNT(shapes) * DSC_COUNT(kernels); i++) {
        const size_t *k = kernels[i / DSC_COUNT(shapes)];
        struct dsc_shape s = shapes[i % DSC_COUNT(shapes)];

        for (size_t stride = 1; stride <= 3; stride++) {
            struct dsc_window w = window(DSC_PAD_EXPLICIT, stride, 2);

            check_pool(
                s, (struct dsc_pool2d){ false, k[0], k[1], window(DSC_PAD_VALID, stride, stride) });
            check_pool(s,
                       (struct dsc_pool2d){ false, k[0], k[1], window(DSC_PAD_SAME, stride, 1) });
            w.top = w.left = k[0] - 1;
            w.right = k[1] - 1;
            check_pool(s, (struct dsc_pool2d){ false, k[0], k[1], w });
        }
    }
}

Test(pictures, pool2d_shapes)
{
    struct dsc_pool2d attr = { false, 2, 2, window(DSC_PAD_VALID, 2, 2) };
    struct dsc_tensor in = op_type(DSC_F32, DSC_SHAPE(F, F, 9, 3));

    op_expect_shape(&dsc_op_pool2d, &attr, &in, 1, DSC_SHAPE(F, F, 4, 3));
    attr.window.padding = DSC_PAD_SAME;
    op_expect_shape(&dsc_op_pool2d, &attr, &in, 1, DSC_SHAPE(F, F, 5, 3));
    attr.window.padding = DSC_PAD_VALID;
    attr.kw = 10;
    op_expect_invalid(&dsc_op_pool2d, &attr, &in, 1,
                      "pool2d over [?, ?, 9, 3]: a window of 10 does not fit in 9 pixels");
    attr.kw = 2;
    attr.window.padding = DSC_PAD_EXPLICIT;
    attr.window.bottom = 2;
    op_expect_invalid(&dsc_op_pool2d, &attr, &in, 1,
                      "pool2d: a window of 2 x 2 lies in the padding alone");
    attr.window.dilation_w = 2;
    op_expect_invalid(&dsc_op_pool2d, &attr, &in, 1, "pool2d: dilation 1 x 2, expected 1 x 1");
    in.shape.rank = 3;
    op_expect_invalid(&dsc_op_pool2d, &attr, &in, 1,
                      "pool2d: shape [?, ?, 9], expected [N, H, W, C]");
}

/* tf.image.resize with half-pixel centres along one axis. */
static void neighbours(size_t i, size_t factor, size_t length, size_t *low, size_t *high,
                       double *part)
{
    double at = ((double)i + 0.5) / (double)factor - 0.5, below = floor(at);

    *part = at - below;
    *low = below < 0 ? 0 : (size_t)below;
    *high = (size_t)fmin(below + 1, (double)length - 1);
}

static double upsampled(const struct dsc_tensor *x, const struct dsc_upsample2d *attr,
                        const size_t *at)
{
    size_t i[2], j[2];
    double down, right, sum = 0;

    if (!attr->bilinear)
        return op_at(x, (size_t[DSC_MAX_RANK]){ at[0], at[1] / attr->fh, at[2] / attr->fw, at[3] });
    neighbours(at[1], attr->fh, x->shape.dim[1], &i[0], &i[1], &down);
    neighbours(at[2], attr->fw, x->shape.dim[2], &j[0], &j[1], &right);
    for (int a = 0; a < 2; a++)
        for (int b = 0; b < 2; b++)
            sum += (a ? down : 1 - down) * (b ? right : 1 - right) *
                   op_at(x, (size_t[DSC_MAX_RANK]){ at[0], i[a], j[b], at[3] });
    return sum;
}

Test(pictures, upsample2d_repeats_or_blends)
{
    static const struct dsc_shape shapes[] = { { 4, { 2, 3, 4, 5 } },
                                               { 4, { 1, 1, 1, 1 } },
                                               { 4, { 2, 20, 17, 33 } } };

    for (size_t i = 0; i < DSC_COUNT(shapes) * 9 * 2; i++) {
        struct dsc_upsample2d attr = { 1 + i / 2 % 3, 1 + i / 6 % 3, i % 2 };
        struct dsc_tensor *x = op_random(DSC_F32, shapes[i / 18], 1);
        struct dsc_tensor *y = op_run(&dsc_op_upsample2d, &attr, &x, 1, 2);
        size_t at[DSC_MAX_RANK] = { 0 };

        op_expect_dims(y, DSC_SHAPE(x->shape.dim[0], x->shape.dim[1] * attr.fh,
                                    x->shape.dim[2] * attr.fw, x->shape.dim[3]));
        do
            op_expect(y, at, upsampled(x, &attr, at), 2e-6);
        while (op_next(y->shape, at));
        op_free_all();
    }
}

/* tf.image.resize([[1, 2], [3, 5]], (4, 4)), TensorFlow 2.15. */
Test(pictures, upsample2d_is_tensorflows)
{
    static const float small[] = { 1, 2, 3, 5 };
    static const float large[] = { 1,    1.25F,   1.75F,   2,     1.5F, 1.8125F, 2.4375F, 2.75F,
                                   2.5F, 2.9375F, 3.8125F, 4.25F, 3,    3.5F,    4.5F,    5 };
    struct dsc_tensor *x = op_tensor(DSC_F32, DSC_SHAPE(1, 2, 2, 1), small);
    struct dsc_tensor *y =
        op_run(&dsc_op_upsample2d, &(struct dsc_upsample2d){ 2, 2, true }, &x, 1, 1);

    cr_assert_arr_eq(dsc_tensor_f32(y), large, sizeof(large));
}

Test(pictures, upsample2d_shapes)
{
    struct dsc_upsample2d attr = { 2, 3, true };
    struct dsc_tensor in = op_type(DSC_F32, DSC_SHAPE(F, F, 9, 3));

    op_expect_shape(&dsc_op_upsample2d, &attr, &in, 1, DSC_SHAPE(F, F, 27, 3));
    attr.fw = F / 4;
    op_expect_invalid(&dsc_op_upsample2d, &attr, &in, 1,
                      "upsample2d: [?, ?, 9, 3] cannot grow 2 x 4611686018427387903 times");
    in.shape.rank = 3;
    op_expect_invalid(&dsc_op_upsample2d, &attr, &in, 1,
                      "upsample2d: shape [?, ?, 9], expected [N, H, W, C]");
}

/* Every tap of every pixel, where it falls; `before` rows and columns are cut off. */
static void spread(const struct dsc_tensor *x, const struct dsc_tensor *w,
                   const struct dsc_conv2d_transpose *attr, const size_t *before, double *y,
                   struct dsc_shape out)
{
    size_t at[DSC_MAX_RANK] = { 0 };

    do {
        size_t tap[DSC_MAX_RANK] = { 0 };

        do {
            size_t i = at[1] * attr->stride_h + tap[0] - before[0];
            size_t j = at[2] * attr->stride_w + tap[1] - before[1];
            size_t place = ((at[0] * out.dim[1] + i) * out.dim[2] + j) * out.dim[3] + tap[2];

            if (tap[3] == at[3] && i < out.dim[1] && j < out.dim[2])
                y[place] += op_at(x, at) * op_at(w, tap);
        } while (op_next(w->shape, tap));
    } while (op_next(x->shape, at));
}

static void check_transpose(struct dsc_conv2d_transpose attr, struct dsc_shape kernel,
                            const size_t *size, const size_t *before)
{
    static double expected[4096];
    struct dsc_tensor *x = op_random(DSC_F32, DSC_SHAPE(2, 3, 4, 5), 1);
    struct dsc_tensor *w = op_random(DSC_F32, kernel, 2), *y;
    struct dsc_tensor *bias = op_random(DSC_F32, DSC_SHAPE(kernel.dim[2]), 3);
    size_t n, at[DSC_MAX_RANK] = { 0 };

    y = op_run(&dsc_op_conv2d_transpose, &attr, (struct dsc_tensor *[]){ x, w, bias }, 3, 2);
    op_expect_dims(y, DSC_SHAPE(2, size[0], size[1], kernel.dim[2]));
    n = dsc_tensor_count(y);
    cr_assert_leq(n, DSC_COUNT(expected));
    for (size_t i = 0; i < n; i++)
        expected[i] = (double)dsc_tensor_f32(bias)[i % kernel.dim[2]];
    spread(x, w, &attr, before, expected, y->shape);
    n = 0;
    do
        op_expect(y, at, expected[n++], 1e-5);
    while (op_next(y->shape, at));
    op_free_all();
}

Test(pictures, conv2d_transpose_is_keras)
{
    const size_t none[] = { 0, 0 };

    check_transpose((struct dsc_conv2d_transpose){ .stride_h = 1, .stride_w = 1 },
                    DSC_SHAPE(3, 3, 2, 5), (size_t[]){ 5, 6 }, none);
    check_transpose((struct dsc_conv2d_transpose){ .stride_h = 2, .stride_w = 3 },
                    DSC_SHAPE(3, 2, 4, 5), (size_t[]){ 7, 12 }, none);
    check_transpose((struct dsc_conv2d_transpose){ .stride_h = 2, .stride_w = 2, .same = true },
                    DSC_SHAPE(3, 3, 4, 5), (size_t[]){ 6, 8 }, none);
    check_transpose((struct dsc_conv2d_transpose){ .stride_h = 2, .stride_w = 2, .same = true },
                    DSC_SHAPE(4, 5, 4, 5), (size_t[]){ 6, 8 }, (size_t[]){ 1, 1 });
    check_transpose((struct dsc_conv2d_transpose){ .stride_h = 3, .stride_w = 3, .same = true },
                    DSC_SHAPE(2, 2, 4, 5), (size_t[]){ 9, 12 }, none);
    check_transpose((struct dsc_conv2d_transpose){ .stride_h = 2,
                                                   .stride_w = 2,
                                                   .same = true,
                                                   .has_output_padding = true,
                                                   .output_padding_h = 1,
                                                   .output_padding_w = 1 },
                    DSC_SHAPE(3, 5, 4, 5), (size_t[]){ 6, 8 }, (size_t[]){ 0, 1 });
    check_transpose(
        (struct dsc_conv2d_transpose){
            .stride_h = 2, .stride_w = 2, .has_output_padding = true, .output_padding_h = 1 },
        DSC_SHAPE(3, 3, 4, 5), (size_t[]){ 8, 9 }, none);
}

Test(pictures, conv2d_transpose_activates)
{
    struct dsc_conv2d_transpose attr = { .stride_h = 1,
                                         .stride_w = 1,
                                         .act = { DSC_ACT_RELU, 0, 0, INFINITY } };
    struct dsc_tensor *x = op_tensor(DSC_F32, DSC_SHAPE(1, 1, 2, 1), (float[]){ 1, -1 });
    struct dsc_tensor *w = op_tensor(DSC_F32, DSC_SHAPE(1, 1, 1, 1), (float[]){ 3 });
    struct dsc_tensor *y =
        op_run(&dsc_op_conv2d_transpose, &attr, (struct dsc_tensor *[]){ x, w }, 2, 1);

    cr_assert_arr_eq(dsc_tensor_f32(y), ((float[]){ 3, 0 }), 2 * sizeof(float));
}

Test(pictures, conv2d_transpose_shapes)
{
    struct dsc_conv2d_transpose attr = { .stride_h = 2, .stride_w = 2, .same = true };
    struct dsc_tensor in[] = { op_type(DSC_F32, DSC_SHAPE(F, F, 9, 3)),
                               op_type(DSC_F32, DSC_SHAPE(3, 3, 8, 3)),
                               op_type(DSC_F32, DSC_SHAPE(8)) };

    op_expect_shape(&dsc_op_conv2d_transpose, &attr, in, 3, DSC_SHAPE(F, F, 18, 8));
    in[2].shape = DSC_SHAPE(7);
    op_expect_invalid(&dsc_op_conv2d_transpose, &attr, in, 3,
                      "conv2d_transpose: [7] does not fit axis 3 of [?, ?, 18, 8]");
    attr.stride_w = F / 4;
    op_expect_invalid(&dsc_op_conv2d_transpose, &attr, in, 2,
                      "conv2d_transpose: picture [?, ?, 9, 3], weights [3, 3, 8, 3], stride 2 x "
                      "4611686018427387903 give no result");
    in[1].shape.dim[3] = 8;
    op_expect_invalid(&dsc_op_conv2d_transpose, &attr, in, 2,
                      "conv2d_transpose: picture [?, ?, 9, 3], weights [3, 3, 8, 8], expected "
                      "[N, H, W, C] and [kh, kw, M, C]");
}
