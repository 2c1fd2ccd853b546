/* dense, matmul, softmax, layer_norm, affine and unary against sums in double. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "tests/support/heavy_case.h"

static const struct dsc_act none = { 0 }, tanh_act = { .kind = DSC_ACT_TANH };
static const struct dsc_act relu = { .kind = DSC_ACT_RELU, .c = INFINITY };

static double *new_sums(size_t n)
{
    double *want = dsc_calloc(n, sizeof(*want));

    cr_assert(want);
    return want;
}

/* Every way of running op gives `want`. Frees want and the inputs. */
static void check(const struct dsc_op *op, const void *attr, struct dsc_tensor *const *in,
                  size_t n_in, double *want, const char *what)
{
    const struct dsc_tensor *list[4];

    for (size_t i = 0; i < n_in; i++)
        list[i] = in[i];
    for (size_t way = 0; way < heavy_ways(); way++) {
        struct heavy_out out = heavy_run(op, attr, list, n_in, heavy_way(way));

        heavy_expect(&out.t[0], want, what);
        heavy_free(&out);
    }
    for (size_t i = 0; i < n_in; i++)
        dsc_tensor_free(in[i]);
    dsc_free(want);
}

static void check_dense(struct dsc_shape shape, size_t m, struct dsc_act act, unsigned options)
{
    const size_t k = shape.dim[shape.rank - 1], rows = dsc_shape_count(shape, 0, shape.rank - 1);
    const struct dsc_dense attr = { act };
    struct dsc_shape result = shape;
    struct dsc_tensor *in[4] = { heavy_tensor(shape, 1, 1),
                                 heavy_tensor(DSC_SHAPE(k, m), 0.2F, 2) };
    double *want = new_sums(rows * m);
    char what[60];

    result.dim[shape.rank - 1] = m;
    in[2] = options & 1 ? heavy_tensor(DSC_SHAPE(m), 1, 3) : NULL;
    in[3] = options & 2 ? heavy_tensor(result, 1, 4) : NULL;
    for (size_t i = 0; i < rows * m; i++) {
        for (size_t j = 0; j < k; j++)
            want[i] += (double)dsc_tensor_f32(in[0])[i / m * k + j] *
                       (double)dsc_tensor_f32(in[1])[j * m + i % m];
        want[i] += in[2] ? (double)dsc_tensor_f32(in[2])[i % m] : 0;
        want[i] += in[3] ? (double)dsc_tensor_f32(in[3])[i] : 0;
        want[i] = heavy_act(want[i], act);
    }
    snprintf(what, sizeof(what), "dense %zux%zux%zu", rows, k, m);
    check(&dsc_op_dense, &attr, in, 4, want, what);
}

Test(dense, is_the_sum_of_products)
{
    check_dense(DSC_SHAPE(1, 20), 16, relu, 3);
    check_dense(DSC_SHAPE(7), 5, none, 1);
    check_dense(DSC_SHAPE(3, 256), 300, tanh_act, 1);
    check_dense(DSC_SHAPE(2, 5, 33), 47, relu, 3);
    check_dense(DSC_SHAPE(0, 4), 3, none, 1);
    check_dense(DSC_SHAPE(1, 1280), 256, relu, 1);
    check_dense(DSC_SHAPE(600, 30), 40, none, 2);
    check_dense(DSC_SHAPE(60, 90), 200, relu, 0);
}

Test(dense, says_what_does_not_fit)
{
    const struct dsc_dense attr = { none };
    const struct dsc_tensor x = { DSC_F32, DSC_SHAPE(DSC_DIM_FREE, 20), NULL };
    const struct dsc_tensor w = { DSC_F32, DSC_SHAPE(16, 4), NULL };
    struct dsc_tensor out;
    const struct dsc_op_io io = {
        .attr = &attr, .in = (const struct dsc_tensor *[]){ &x, &w }, .n_in = 2, .out = &out
    };

    cr_assert_eq(dsc_op_dense.shape(&io), DSC_INVALID);
    cr_assert_str_eq(dsc_error_message(), "dense: input [?, 20] does not fit weights [16, 4]");
}

Test(dense, goes_by_steps_along_words)
{
    const struct dsc_tensor x = { DSC_F32, DSC_SHAPE(1, 4, 5), NULL };
    const struct dsc_op_io io = { .in = (const struct dsc_tensor *[]){ &x, &x, NULL, &x },
                                  .n_in = 4 };
    int out_axis = -1;

    cr_assert_eq(dsc_op_dense.time(&io, (int[]){ 1, -1, -1, 1 }, &out_axis), DSC_TIME_STEPWISE);
    cr_assert_eq(out_axis, 1);
    cr_assert_eq(dsc_op_dense.time(&io, (int[]){ 1, -1, -1, -1 }, &out_axis), DSC_TIME_WHOLE);
    cr_assert_eq(dsc_op_dense.time(&io, (int[]){ 2, -1, -1, 2 }, &out_axis), DSC_TIME_WHOLE);
    cr_assert_eq(dsc_op_dense.time(&io, (int[]){ 1, 0, -1, 1 }, &out_axis), DSC_TIME_WHOLE);
}

static void check_matmul(size_t items, size_t i, size_t k, size_t j, bool ta, bool tb)
{
    const struct dsc_matmul attr = { ta, tb, 0.25F };
    struct dsc_tensor *in[] = {
        heavy_tensor(ta ? DSC_SHAPE(items, 1, k, i) : DSC_SHAPE(items, 1, i, k), 1, 1),
        heavy_tensor(tb ? DSC_SHAPE(items, 1, j, k) : DSC_SHAPE(items, 1, k, j), 1, 2),
    };
    const float *a = dsc_tensor_f32(in[0]), *b = dsc_tensor_f32(in[1]);
    double *want = new_sums(items * i * j);
    char what[60];

    for (size_t at = 0; at < items * i * j; at++) {
        const size_t row = at / j % i, column = at % j, item = at / j / i;

        for (size_t d = 0; d < k; d++)
            want[at] += 0.25 * (double)a[item * i * k + (ta ? d * i + row : row * k + d)] *
                        (double)b[item * k * j + (tb ? column * k + d : d * j + column)];
    }
    snprintf(what, sizeof(what), "matmul %zux%zux%zu %d %d", i, k, j, ta, tb);
    check(&dsc_op_matmul, &attr, in, 2, want, what);
}

Test(matmul, is_the_sum_of_products)
{
    for (int t = 0; t < 4; t++) {
        check_matmul(1, 1, 1, 1, t & 1, t & 2);
        check_matmul(3, 4, 5, 6, t & 1, t & 2);
        check_matmul(8, 40, 64, 50, t & 1, t & 2);
        check_matmul(1, 101, 80, 70, t & 1, t & 2);
        check_matmul(2, 3, 0, 4, t & 1, t & 2);
    }
}

Test(matmul, goes_by_steps_along_words)
{
    const struct dsc_matmul attr = { .transpose_b = true };
    const struct dsc_tensor x = { DSC_F32, DSC_SHAPE(1, 4, 5), NULL };
    const struct dsc_op_io io = { .attr = &attr,
                                  .in = (const struct dsc_tensor *[]){ &x, &x },
                                  .n_in = 2 };
    int out_axis = -1;

    cr_assert_eq(dsc_op_matmul.time(&io, (int[]){ 1, -1 }, &out_axis), DSC_TIME_STEPWISE);
    cr_assert_eq(out_axis, 1);
    cr_assert_eq(dsc_op_matmul.time(&io, (int[]){ -1, 1 }, &out_axis), DSC_TIME_STEPWISE);
    cr_assert_eq(out_axis, 2);
    cr_assert_eq(dsc_op_matmul.time(&io, (int[]){ 0, 0 }, &out_axis), DSC_TIME_STEPWISE);
    cr_assert_eq(out_axis, 0);
    cr_assert_eq(dsc_op_matmul.time(&io, (int[]){ 1, 1 }, &out_axis), DSC_TIME_WHOLE);
}

static struct dsc_tensor *new_mask(struct dsc_shape shape)
{
    struct dsc_tensor *m = NULL;

    cr_assert_eq(dsc_tensor_new(&m, DSC_BOOL, shape), DSC_OK);
    for (size_t i = 0; i < dsc_tensor_count(m); i++)
        dsc_tensor_bool(m)[i] = i * 11 % 7 > 2;
    return m;
}

/* The mask entry of element `at` of x, by the rule of numpy; true without a mask. */
static bool is_open(const struct dsc_tensor *x, const struct dsc_tensor *mask, size_t at)
{
    size_t index = 0, stride = 1;

    if (!mask)
        return true;
    for (size_t i = 1; i <= x->shape.rank; i++) {
        const size_t n = x->shape.dim[x->shape.rank - i];

        if (i <= mask->shape.rank) {
            const size_t m = mask->shape.dim[mask->shape.rank - i];

            index += m == 1 ? 0 : at % n * stride;
            stride *= m;
        }
        at /= n;
    }
    return dsc_tensor_bool(mask)[index];
}

static void check_softmax(struct dsc_shape shape, size_t axis, struct dsc_tensor *mask, bool causal)
{
    const struct dsc_softmax attr = { axis, causal };
    struct dsc_tensor *in[] = { heavy_tensor(shape, 4, 1), mask };
    const size_t count = dsc_tensor_count(in[0]), n = shape.dim[axis];
    const size_t inner = dsc_shape_count(shape, axis + 1, shape.rank);
    double *want = new_sums(count);

    for (size_t i = 0; i < count; i++) {
        const bool late = causal && i % n > i / n % shape.dim[shape.rank - 2];
        const float add = late || !is_open(in[0], mask, i) ? -1e9F : 0;

        want[i] = (double)(dsc_tensor_f32(in[0])[i] + add);
    }
    for (size_t o = 0; o < count / (n * inner) * inner; o++) {
        double *x = want + o / inner * n * inner + o % inner, max = -HUGE_VAL, sum = 0;

        for (size_t i = 0; i < n; i++)
            max = fmax(max, x[i * inner]);
        for (size_t i = 0; i < n; i++)
            sum += x[i * inner] = exp(x[i * inner] - max);
        for (size_t i = 0; i < n; i++)
            x[i * inner] /= sum;
    }
    check(&dsc_op_softmax, &attr, in, 2, want, "softmax");
}

Test(softmax, is_as_keras)
{
    check_softmax(DSC_SHAPE(3, 2924), 1, NULL, false);
    check_softmax(DSC_SHAPE(2, 3, 5), 2, NULL, false);
    check_softmax(DSC_SHAPE(2, 3, 5), 1, NULL, false);
    check_softmax(DSC_SHAPE(4, 3, 5), 0, NULL, false);
    check_softmax(DSC_SHAPE(7), 0, NULL, false);
    check_softmax(DSC_SHAPE(40, 2000), 1, NULL, false);
    check_softmax(DSC_SHAPE(2, 3, 4, 5), 3, new_mask(DSC_SHAPE(2, 1, 1, 5)), false);
    check_softmax(DSC_SHAPE(2, 3, 4, 5), 3, new_mask(DSC_SHAPE(4, 5)), false);
    check_softmax(DSC_SHAPE(2, 3, 4, 5), 3, new_mask(DSC_SHAPE(2, 1, 4, 1)), false);
    check_softmax(DSC_SHAPE(2, 3, 4, 5), 3, new_mask(DSC_SHAPE(2, 3, 4, 5)), true);
    check_softmax(DSC_SHAPE(2, 3, 4, 4), 3, NULL, true);
    check_softmax(DSC_SHAPE(2, 4, 3), 1, new_mask(DSC_SHAPE(4, 1)), false);
}

Test(softmax, goes_by_steps_along_words)
{
    struct dsc_softmax attr = { .axis = 2 };
    const struct dsc_tensor x = { DSC_F32, DSC_SHAPE(2, 4, 5), NULL };
    const struct dsc_tensor mask = { DSC_BOOL, DSC_SHAPE(4, 5), NULL };
    const struct dsc_op_io io = { .attr = &attr,
                                  .in = (const struct dsc_tensor *[]){ &x, &mask },
                                  .n_in = 2 };
    int out_axis = -1;

    cr_assert_eq(dsc_op_softmax.time(&io, (int[]){ 1, 0 }, &out_axis), DSC_TIME_STEPWISE);
    cr_assert_eq(out_axis, 1);
    cr_assert_eq(dsc_op_softmax.time(&io, (int[]){ 1, -1 }, &out_axis), DSC_TIME_WHOLE);
    cr_assert_eq(dsc_op_softmax.time(&io, (int[]){ 2, 1 }, &out_axis), DSC_TIME_WHOLE);
    attr.causal = true;
    cr_assert_eq(dsc_op_softmax.time(&io, (int[]){ 1, 0 }, &out_axis), DSC_TIME_WHOLE);
}

static void check_layer_norm(struct dsc_shape shape, bool rms, bool gamma, bool beta)
{
    const struct dsc_layer_norm attr = { 1e-3F, rms };
    const size_t n = shape.dim[shape.rank - 1];
    struct dsc_tensor *in[] = { heavy_tensor(shape, 2, 1),
                                gamma ? heavy_tensor(DSC_SHAPE(n), 1, 2) : NULL,
                                beta ? heavy_tensor(DSC_SHAPE(n), 1, 3) : NULL };
    const size_t count = dsc_tensor_count(in[0]);
    const float *x = dsc_tensor_f32(in[0]);
    double *want = new_sums(count);

    for (size_t r = 0; r < count; r += n) {
        double mean = 0, var = 0;

        for (size_t i = 0; i < n && !rms; i++)
            mean += (double)x[r + i] / (double)n;
        for (size_t i = 0; i < n; i++)
            var += ((double)x[r + i] - mean) * ((double)x[r + i] - mean) / (double)n;
        for (size_t i = 0; i < n; i++)
            want[r + i] = ((double)x[r + i] - mean) / sqrt(var + 1e-3) *
                              (gamma ? (double)dsc_tensor_f32(in[1])[i] : 1) +
                          (beta ? (double)dsc_tensor_f32(in[2])[i] : 0);
    }
    check(&dsc_op_layer_norm, &attr, in, 3, want, "layer_norm");
}

Test(layer_norm, is_as_keras)
{
    check_layer_norm(DSC_SHAPE(3, 256), false, true, true);
    check_layer_norm(DSC_SHAPE(2, 5, 37), false, false, true);
    check_layer_norm(DSC_SHAPE(2, 5, 37), false, true, false);
    check_layer_norm(DSC_SHAPE(300, 301), false, true, true);
    check_layer_norm(DSC_SHAPE(2, 5, 37), true, true, false);
    check_layer_norm(DSC_SHAPE(4, 1), true, false, false);
}

static void check_affine(struct dsc_shape shape, size_t axis, struct dsc_act act, unsigned options)
{
    const struct dsc_affine attr = { axis, act };
    const size_t n = shape.dim[axis], inner = dsc_shape_count(shape, axis + 1, shape.rank);
    struct dsc_tensor *in[] = { heavy_tensor(shape, 2, 1),
                                options & 1 ? heavy_tensor(DSC_SHAPE(n), 1, 2) : NULL,
                                options & 2 ? heavy_tensor(DSC_SHAPE(n), 1, 3) : NULL };
    const size_t count = dsc_tensor_count(in[0]);
    double *want = new_sums(count);

    for (size_t i = 0; i < count; i++) {
        const size_t c = i / inner % n;

        want[i] = heavy_act((double)dsc_tensor_f32(in[0])[i] *
                                    (in[1] ? (double)dsc_tensor_f32(in[1])[c] : 1) +
                                (in[2] ? (double)dsc_tensor_f32(in[2])[c] : 0),
                            act);
    }
    check(&dsc_op_affine, &attr, in, 3, want, "affine");
}

Test(affine, scales_an_axis)
{
    for (unsigned options = 0; options < 4; options++) {
        check_affine(DSC_SHAPE(2, 3, 5, 7), 3, relu, options);
        check_affine(DSC_SHAPE(2, 3, 5, 7), 1, tanh_act, options);
        check_affine(DSC_SHAPE(2, 9000), 1, none, options);
        check_affine(DSC_SHAPE(2, 90, 500), 2, relu, options);
        check_affine(DSC_SHAPE(6, 3, 5000), 0, relu, options);
    }
}

Test(unary, is_the_activation)
{
    static const size_t sizes[] = { 0, 1, 100, 5000, 100000 };

    for (int kind = 0; kind < DSC_ACT_COUNT; kind++)
        for (size_t s = 0; s < DSC_COUNT(sizes); s++) {
            const struct dsc_unary attr = { { (enum dsc_act_kind)kind, 0.3F, 0.5F, 2 } };
            struct dsc_tensor *in[] = { heavy_tensor(DSC_SHAPE(sizes[s], 1), 4, 1) };
            double *want = new_sums(sizes[s]);

            for (size_t i = 0; i < sizes[s]; i++)
                want[i] = heavy_act((double)dsc_tensor_f32(in[0])[i], attr.act);
            check(&dsc_op_unary, &attr, in, 1, want, "unary");
        }
}
