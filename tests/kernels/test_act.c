#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "core/base/base.h"
#include "core/kernels/kernels.h"
#include "tests/support/heavy_case.h"

static const struct dsc_act acts[] = {
    { .kind = DSC_ACT_NONE },
    { .kind = DSC_ACT_RELU, .c = INFINITY },
    { .kind = DSC_ACT_RELU, .c = 6 },
    { .kind = DSC_ACT_RELU, .a = 0.25F, .b = 0.5F, .c = 3 },
    { .kind = DSC_ACT_SIGMOID },
    { .kind = DSC_ACT_TANH },
    { .kind = DSC_ACT_HARD_SIGMOID, .a = 0.2F, .b = 0.5F },
    { .kind = DSC_ACT_ELU, .a = 1 },
    { .kind = DSC_ACT_ELU, .a = 0.5F },
    { .kind = DSC_ACT_SELU },
    { .kind = DSC_ACT_SOFTPLUS },
    { .kind = DSC_ACT_SOFTSIGN },
    { .kind = DSC_ACT_SWISH },
    { .kind = DSC_ACT_HARD_SWISH },
    { .kind = DSC_ACT_GELU },
    { .kind = DSC_ACT_GELU_TANH },
    { .kind = DSC_ACT_MISH },
    { .kind = DSC_ACT_EXP },
};

#define BATCH 4099

/* Units in the last place between the float y and the exact value. */
static double ulps(float y, double exact)
{
    const double smallest = ldexp(1, -149);
    int exponent;

    if (isnan(exact) || isnan(y))
        return isnan(exact) && isnan(y) ? 0 : HUGE_VAL;
    if ((float)exact == y)
        return 0;
    if (isinf(y) || isinf((float)exact))
        return HUGE_VAL;
    frexp(exact, &exponent);
    return fabs((double)y - exact) / fmax(ldexp(1, exponent - 24), smallest);
}

/* Three units, and what cancellation leaves of 1 + erf(x), 1 + tanh(x) (in Keras as here) and
 * a x + b, and what x times a denormal loses. */
static double allowed(struct dsc_act act, float x, double exact)
{
    const double eps = ldexp(1, -23), ulp = fmax(fabs(exact), ldexp(1, -126)) * eps;
    const bool cancels = act.kind == DSC_ACT_GELU || act.kind == DSC_ACT_GELU_TANH ||
                         act.kind == DSC_ACT_HARD_SIGMOID || act.kind == DSC_ACT_HARD_SWISH;

    return 3 * ulp + fabs((double)x) * ldexp(1, -149) +
           (cancels ? 2 * eps * fmax(fabs((double)x), 0.2) : 0);
}

static void check_batch(const struct dsc_kernels *k, enum dsc_isa isa, struct dsc_act act,
                        const float *x, size_t n)
{
    static float y[BATCH];

    k->act_f32(y, x, n, act);
    for (size_t i = 0; i < n; i++) {
        const double exact = heavy_act((double)x[i], act);
        const bool is_range = fabs(exact) < 3.3e38;

        if (is_range && fabs((double)y[i] - exact) <= allowed(act, x[i], exact))
            continue;
        cr_assert(ulps(y[i], exact) <= 3, "%s, act %d of %.9g: %.9g, expected %.9g (%.2f ulp)",
                  dsc_isa_name(isa), (int)act.kind, (double)x[i], (double)y[i], exact,
                  ulps(y[i], exact));
    }
}

static enum dsc_isa next_table(int *i, const struct dsc_kernels **k)
{
    for (; *i <= (int)dsc_cpu_isa(); (*i)++)
        if (dsc_kernels_of((enum dsc_isa) * i)) {
            *k = dsc_kernels_of((enum dsc_isa) * i);
            return (enum dsc_isa)(*i)++;
        }
    *k = NULL;
    return DSC_ISA_COUNT;
}

/* Every 9973rd float of either sign, denormals and infinities among them. */
Test(act, is_right_over_the_whole_range)
{
    static float x[BATCH];
    const struct dsc_kernels *k;
    enum dsc_isa isa;
    int level = 0;

    while ((isa = next_table(&level, &k)) != DSC_ISA_COUNT)
        for (size_t a = 0; a < DSC_COUNT(acts); a++) {
            uint64_t bits = 0;

            while (bits <= UINT32_MAX) {
                size_t n = 0;

                for (; n < BATCH && bits <= UINT32_MAX; bits += 9973) {
                    const uint32_t b = (uint32_t)bits;
                    float f;

                    memcpy(&f, &b, sizeof(f));
                    if (isfinite(f) && fabsf(f) < 1e18F)
                        x[n++] = f;
                }
                check_batch(k, isa, acts[a], x, n);
            }
        }
}

/* Where results are used: every step of 1 / 4096. */
Test(act, is_right_near_zero)
{
    static float x[BATCH];
    const struct dsc_kernels *k;
    enum dsc_isa isa;
    int level = 0;

    while ((isa = next_table(&level, &k)) != DSC_ISA_COUNT)
        for (size_t a = 0; a < DSC_COUNT(acts); a++)
            for (int from = -110 * 4096; from < 95 * 4096; from += BATCH) {
                for (int i = 0; i < BATCH; i++)
                    x[i] = (float)(from + i) / 4096;
                check_batch(k, isa, acts[a], x, BATCH);
            }
}

static void check_special(const struct dsc_kernels *k, enum dsc_act_kind kind, float x, float y)
{
    const struct dsc_act act = { .kind = kind, .c = INFINITY };
    float in[19], out[19];

    for (size_t i = 0; i < DSC_COUNT(in); i++)
        in[i] = x;
    k->act_f32(out, in, DSC_COUNT(in), act);
    for (size_t i = 0; i < DSC_COUNT(in); i++)
        cr_assert(isnan(y) ? isnan(out[i]) : out[i] == y, "act %d of %g: %g, expected %g",
                  (int)kind, (double)x, (double)out[i], (double)y);
}

Test(act, knows_infinity_and_nan)
{
    const struct dsc_kernels *k;
    int level = 0;

    while (next_table(&level, &k) != DSC_ISA_COUNT) {
        for (int kind = 0; kind < DSC_ACT_COUNT; kind++)
            check_special(k, (enum dsc_act_kind)kind, NAN, NAN);
        check_special(k, DSC_ACT_EXP, INFINITY, INFINITY);
        check_special(k, DSC_ACT_EXP, -INFINITY, 0);
        check_special(k, DSC_ACT_EXP, 100, INFINITY);
        check_special(k, DSC_ACT_EXP, -200, 0);
        check_special(k, DSC_ACT_SIGMOID, INFINITY, 1);
        check_special(k, DSC_ACT_SIGMOID, -INFINITY, 0);
        check_special(k, DSC_ACT_TANH, INFINITY, 1);
        check_special(k, DSC_ACT_TANH, -INFINITY, -1);
        check_special(k, DSC_ACT_RELU, INFINITY, INFINITY);
        check_special(k, DSC_ACT_RELU, -INFINITY, 0);
        check_special(k, DSC_ACT_SOFTPLUS, INFINITY, INFINITY);
        check_special(k, DSC_ACT_SOFTPLUS, -INFINITY, 0);
        check_special(k, DSC_ACT_GELU, INFINITY, INFINITY);
        check_special(k, DSC_ACT_MISH, INFINITY, INFINITY);
        check_special(k, DSC_ACT_HARD_SIGMOID, 0, 0);
    }
}
