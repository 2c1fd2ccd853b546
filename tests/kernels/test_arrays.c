#include "tests/kernels/kernel_case.h"

#define MAX_N 70 /* more than four vectors of the widest set, and a rest */

typedef void pair_fn(float *y, const float *a, const float *b, size_t n);
typedef void scalar_fn(float *y, const float *x, float s, size_t n);
typedef void reduce_fn(float *y, const float *x, size_t n);

static float a[CASE_FLOATS], b[CASE_FLOATS];
static struct kernel_case c;

static void inputs(void)
{
    case_fill(a, CASE_FLOATS, 1);
    case_fill(b, CASE_FLOATS, 2);
    a[5] = NAN;
    b[9] = NAN;
    a[11] = INFINITY;
}

static void check_pair(pair_fn *fast, pair_fn *reference, const char *what)
{
    for (size_t n = 0; n <= MAX_N; n++) {
        const size_t at = n % 5;

        case_begin(&c);
        fast(c.got + at, a + n % 3, b + n % 7, n);
        reference(c.want + at, a + n % 3, b + n % 7, n);
        case_end(&c, 0, what, n);
        memcpy(c.got, a, sizeof(c.got));
        memcpy(c.want, a, sizeof(c.want));
        fast(c.got + at, c.got + at, b, n);
        reference(c.want + at, c.want + at, b, n);
        case_end(&c, 0, what, n);
    }
}

static void check_scalar(scalar_fn *fast, scalar_fn *reference, const char *what)
{
    for (size_t n = 0; n <= MAX_N; n++) {
        case_begin(&c);
        fast(c.got + n % 5, a + n % 3, 1.75F, n);
        reference(c.want + n % 5, a + n % 3, 1.75F, n);
        case_end(&c, 0, what, n);
    }
}

static void check_reduce(reduce_fn *fast, reduce_fn *reference, float rtol, const char *what)
{
    for (size_t n = 0; n <= 300; n++)
        for (size_t from = 0; from < 26; from += 12) { /* with NaN, infinity, none */
            case_begin(&c);
            fast(c.got + 3, a + from, n);
            reference(c.want + 3, a + from, n);
            case_end(&c, rtol, what, n);
        }
}

static void check_arrays(enum dsc_isa isa)
{
    const struct dsc_kernels *k = fast_table(isa), *s = &dsc_kernels_scalar;

    if (!k)
        cr_skip_test("%s is not here", dsc_isa_name(isa));
    inputs();
#define PAIR(name)   check_pair(k->name##_f32, s->name##_f32, #name)
#define SCALAR(name) check_scalar(k->name##_scalar_f32, s->name##_scalar_f32, #name "_scalar")
    PAIR(add);
    PAIR(sub);
    PAIR(mul);
    PAIR(div);
    PAIR(max);
    PAIR(min);
    SCALAR(add);
    SCALAR(mul);
    SCALAR(div);
    SCALAR(max);
    SCALAR(min);
    SCALAR(rsub);
    SCALAR(rdiv);
    check_reduce(k->reduce_max_f32, s->reduce_max_f32, 0, "reduce_max");
    check_reduce(k->reduce_min_f32, s->reduce_min_f32, 0, "reduce_min");
    check_reduce(k->reduce_sum_f32, s->reduce_sum_f32, 1e-5F, "reduce_sum");
}

Test(arrays, avx2_is_scalar)
{
    check_arrays(DSC_ISA_AVX2);
}

Test(arrays, avx512_is_scalar)
{
    check_arrays(DSC_ISA_AVX512);
}

static void check_affine(const struct dsc_kernels *k)
{
    const struct dsc_kernels *s = &dsc_kernels_scalar;

    for (size_t n = 0; n <= MAX_N; n++) {
        for (int which = 0; which < 4; which++) {
            const float *scale = which & 1 ? b + 20 : NULL, *shift = which & 2 ? b + 33 : NULL;

            case_begin(&c);
            k->affine_f32(c.got + 1, a + 20, scale, shift, 3, n);
            s->affine_f32(c.want + 1, a + 20, scale, shift, 3, n);
            case_end(&c, 1e-6F, "affine", n);
        }
        case_begin(&c);
        k->affine_scalar_f32(c.got + 1, a + 20, 0.3F, -4, n);
        s->affine_scalar_f32(c.want + 1, a + 20, 0.3F, -4, n);
        case_end(&c, 1e-6F, "affine_scalar", n);
        case_begin(&c);
        k->copy_rows_f32(c.got + 1, n + 3, a + 20, n + 5, 4, n);
        s->copy_rows_f32(c.want + 1, n + 3, a + 20, n + 5, 4, n);
        case_end(&c, 0, "copy_rows", n);
    }
}

static void check_norms(const struct dsc_kernels *k)
{
    const struct dsc_kernels *s = &dsc_kernels_scalar;

    for (size_t n = 1; n <= 2 * MAX_N; n++) {
        const float *gamma = n % 2 ? b + 20 : NULL, *beta = n % 3 ? b + 33 : NULL;

        case_begin(&c);
        k->softmax_f32(c.got + 1, a + 20, n);
        s->softmax_f32(c.want + 1, a + 20, n);
        case_end(&c, 1e-6F, "softmax", n);
        case_begin(&c);
        k->layer_norm_f32(c.got + 1, a + 20, gamma, beta, n, 1e-3F);
        s->layer_norm_f32(c.want + 1, a + 20, gamma, beta, n, 1e-3F);
        case_end(&c, 1e-5F, "layer_norm", n);
        case_begin(&c);
        k->rms_norm_f32(c.got + 1, a + 20, gamma, n, 1e-3F);
        s->rms_norm_f32(c.want + 1, a + 20, gamma, n, 1e-3F);
        case_end(&c, 1e-5F, "rms_norm", n);
    }
}

static void check_rows(enum dsc_isa isa)
{
    const struct dsc_kernels *k = fast_table(isa);

    if (!k)
        cr_skip_test("%s is not here", dsc_isa_name(isa));
    inputs();
    check_affine(k);
    check_norms(k);
}

Test(rows, avx2_is_scalar)
{
    check_rows(DSC_ISA_AVX2);
}

Test(rows, avx512_is_scalar)
{
    check_rows(DSC_ISA_AVX512);
}

/* Large scores must not overflow, equal ones must share. */
Test(rows, softmax_is_safe)
{
    for (int isa = 0; isa <= (int)dsc_cpu_isa(); isa++) {
        const struct dsc_kernels *k = dsc_kernels_of((enum dsc_isa)isa);
        float x[40], y[40];

        for (size_t i = 0; k && i < DSC_COUNT(x); i++)
            x[i] = i < 20 ? 1e30F : -1e30F;
        if (!k)
            continue;
        k->softmax_f32(y, x, DSC_COUNT(x));
        for (size_t i = 0; i < DSC_COUNT(x); i++)
            cr_assert(fabsf(y[i] - (i < 20 ? 0.05F : 0)) < 1e-7F);
    }
}
