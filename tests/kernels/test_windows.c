#include "core/base/alloc.h"
#include "core/kernels/product.h"
#include "tests/kernels/kernel_case.h"

#define MAX_ROWS 31 /* two blocks of the widest kernel, and a rest */

static struct kernel_case out;
static float x[CASE_FLOATS], w[CASE_FLOATS], extra[CASE_FLOATS];

static void check_one_panel(const struct dsc_kernels *k, struct dsc_panel p, int options)
{
    p.bias = options & 1 ? extra + 1 : NULL;
    p.residual = options & 2 ? extra + 40 : NULL;
    p.ldr = p.cols + 1;
    p.clip = options & 4;
    p.lo = -0.5F;
    p.hi = 0.75F;
    case_begin(&out);
    p.c = out.got + 3;
    k->panel_f32(&p);
    p.c = out.want + 3;
    dsc_kernels_scalar.panel_f32(&p);
    case_end(&out, 1e-5F, "panel", p.cols);
}

static void check_panels(enum dsc_isa isa)
{
    static const size_t depths[] = { 0, 1, 2, 3, 7, 8, 9, 40 };
    const struct dsc_kernels *k = fast_table(isa);
    int options = 0;

    if (!k)
        cr_skip_test("%s is not here", dsc_isa_name(isa));
    case_fill(x, CASE_FLOATS, 1);
    case_fill(w, CASE_FLOATS, 2);
    case_fill(extra, CASE_FLOATS, 3);
    for (size_t rows = 1; rows <= MAX_ROWS; rows++)
        for (size_t cols = 1; cols <= DSC_PANEL; cols++)
            for (size_t d = 0; d < DSC_COUNT(depths); d++) {
                const struct dsc_panel p = {
                    .ldc = cols + rows % 4,
                    .a = x + rows % 5,
                    .lda = depths[d] + cols % 3,
                    .b = w + cols % 7,
                    .width = cols <= 16 && rows % 2 ? 16 : 32,
                    .rows = rows,
                    .k = depths[d],
                    .cols = cols,
                };

                check_one_panel(k, p, options++ % 8);
            }
}

Test(panel, avx2_is_scalar)
{
    check_panels(DSC_ISA_AVX2);
}

Test(panel, avx512_is_scalar)
{
    check_panels(DSC_ISA_AVX512);
}

static void check_taps(enum dsc_isa isa)
{
    static const size_t sizes[] = { 1, 2, 3, 5 };
    const struct dsc_kernels *k = fast_table(isa);
    size_t i = 0;

    if (!k)
        cr_skip_test("%s is not here", dsc_isa_name(isa));
    case_fill(x, CASE_FLOATS, 1);
    case_fill(w, CASE_FLOATS, 2);
    case_fill(extra, CASE_FLOATS, 3);
    for (size_t channels = 1; channels <= 70; channels++)
        for (size_t n = 0; n <= 9; n++, i++) {
            struct dsc_taps t = {
                .y_step = channels + i % 2,
                .x = x + i % 3,
                .x_step = channels * (1 + i % 2),
                .x_row = channels * 8 + 1,
                .x_tap = channels * (1 + i % 3),
                .w = w + i % 5,
                .w_row = channels * 6,
                .w_tap = channels + 1,
                .kh = sizes[i % 4],
                .kw = sizes[i / 4 % 4],
                .n = n,
                .channels = channels,
                .bias = i % 2 ? extra + 1 : NULL,
                .clip = i % 3 == 0,
                .lo = 0,
                .hi = 1,
            };

            case_begin(&out);
            t.y = out.got + 1;
            k->taps_f32(&t);
            t.y = out.want + 1;
            dsc_kernels_scalar.taps_f32(&t);
            case_end(&out, 1e-5F, "taps", channels);
        }
}

Test(taps, avx2_is_scalar)
{
    check_taps(DSC_ISA_AVX2);
}

Test(taps, avx512_is_scalar)
{
    check_taps(DSC_ISA_AVX512);
}

/* c of `rows` rows of a packed product against sums in double. */
static void check_product(size_t rows, size_t k, size_t m, struct dsc_act act, bool add)
{
    struct dsc_tensor *a = heavy_tensor(DSC_SHAPE(rows, k), 0.1F, 1);
    struct dsc_tensor *b = heavy_tensor(DSC_SHAPE(k, m), 1, 2);
    struct dsc_tensor *bias = heavy_tensor(DSC_SHAPE(m), 1, 3);
    struct dsc_tensor *c = heavy_tensor(DSC_SHAPE(rows, m), 1, 4);
    double *want = dsc_malloc(rows * m, sizeof(*want));
    float *packed = dsc_malloc(dsc_packed_count(k, m), sizeof(*packed));
    const struct dsc_product p = {
        .a = dsc_tensor_f32(a),
        .lda = k,
        .packed = packed,
        .k = k,
        .m = m,
        .c = dsc_tensor_f32(c),
        .ldc = m,
        .bias = dsc_tensor_f32(bias),
        .residual = add ? dsc_tensor_f32(c) : NULL,
        .ldr = m,
        .act = act,
    };
    const size_t half = dsc_packed_panels(m) / 2;

    cr_assert(want && packed);
    for (size_t i = 0; i < rows * m; i++) {
        want[i] = (double)p.bias[i % m] + (add ? (double)p.c[i] : 0);
        for (size_t j = 0; j < k; j++)
            want[i] += (double)p.a[i / m * k + j] * (double)dsc_tensor_f32(b)[j * m + i % m];
        want[i] = heavy_act(want[i], act);
    }
    dsc_packed_fill(packed, dsc_tensor_f32(b), m, k, m);
    dsc_product_run(&p, 0, rows / 2, 0, dsc_packed_panels(m));
    dsc_product_run(&p, rows / 2, rows, 0, half);
    dsc_product_run(&p, rows / 2, rows, half, dsc_packed_panels(m));
    heavy_expect(c, want, "product");
    dsc_tensor_free(a);
    dsc_tensor_free(b);
    dsc_tensor_free(bias);
    dsc_tensor_free(c);
    dsc_free(want);
    dsc_free(packed);
}

Test(product, is_the_sum_of_products)
{
    const struct dsc_act none = { 0 }, tanh_act = { .kind = DSC_ACT_TANH };
    const struct dsc_act relu6 = { .kind = DSC_ACT_RELU, .c = 6 };
    const struct dsc_act leaky = { .kind = DSC_ACT_RELU, .a = 0.1F, .c = INFINITY };

    check_product(1, 1, 1, none, false);
    check_product(3, 20, 33, tanh_act, false);
    check_product(5, 64, 48, relu6, true);
    check_product(17, 31, 100, leaky, true);
    check_product(60, 12, 17, relu6, false);
    check_product(40, 2500, 70, tanh_act, true); /* more than one pass over k */
    check_product(10, 5000, 40, relu6, true);
    check_product(300, 1030, 20, none, false); /* more than one block of rows */
}

Test(product, sizes_do_not_overflow)
{
    cr_assert_eq(dsc_packed_count(10, 33), 480);
    cr_assert_eq(dsc_packed_count(10, 16), 160);
    cr_assert_eq(dsc_packed_count(10, 49), 640);
    cr_assert_eq(dsc_packed_count(SIZE_MAX / 8, 64), 0);
}
