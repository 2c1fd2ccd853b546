/* vec_math.h - exp, tanh and the activations on one vector.
 *
 * Included by the table.c of an instruction set after its vec.h. Relative error is
 * below 3 units in the last place, gelu's lower tail apart (Keras computes that with
 * the same cancellation). Polynomials are minimax fits of this project. NaN goes
 * through: v_min and v_max return their second argument then.
 */
#ifndef DSC_VEC_MATH_H
#define DSC_VEC_MATH_H

#include "core/kernels/act.h"

/* The vector at p, of which `left` >= 1 elements may be touched. */
static inline VEC v_get(const float *p, size_t left)
{
    return left >= VLEN ? v_load(p) : v_load_n(p, left);
}

static inline void v_put(float *p, VEC v, size_t left)
{
    if (left >= VLEN)
        v_store(p, v);
    else
        v_store_n(p, v, left);
}

#define LOG2E  1.44269504f
#define LN2_HI 0.693359375f /* so short that n LN2_HI is exact */
#define LN2_LO (-2.12194440e-4f)

/* (exp(r) - 1 - r) / r^2 for |r| <= ln(2) / 2 */
static inline VEC v_exp_poly(VEC r)
{
    VEC p = v_set(1.99079688e-4f);

    p = v_fma(p, r, v_set(1.39339129e-3f));
    p = v_fma(p, r, v_set(8.33328534e-3f));
    p = v_fma(p, r, v_set(4.1666463e-2f));
    p = v_fma(p, r, v_set(0.166666672f));
    return v_fma(p, r, v_set(0.5f));
}

static inline VEC v_exp(VEC x)
{
    /* exp(-105) is below half the smallest denormal, exp(89) above the largest float. */
    const VEC in = v_max(v_set(-105.0f), v_min(v_set(89.0f), x));
    const VEC n = v_round(v_mul(in, v_set(LOG2E)));
    const VEC r = v_fnma(n, v_set(LN2_LO), v_fnma(n, v_set(LN2_HI), in));
    const VEC p = v_add(v_fma(v_mul(r, r), v_exp_poly(r), r), v_set(1.0f));

    return v_scale(p, n);
}

/* exp(x) - 1 for x <= 0 */
static inline VEC v_expm1(VEC x)
{
    const VEC in = v_max(v_set(-40.0f), x);
    const VEC n = v_round(v_mul(in, v_set(LOG2E)));
    const VEC r = v_fnma(n, v_set(LN2_LO), v_fnma(n, v_set(LN2_HI), in));
    const VEC p = v_fma(v_mul(r, r), v_exp_poly(r), r);
    const VEC s = v_scale(v_set(1.0f), n);

    return v_fma(s, p, v_sub(s, v_set(1.0f)));
}

/* log(1 + e) for 0 <= e <= 1, by 2 atanh(e / (2 + e)) */
static inline VEC v_log1p(VEC e)
{
    const VEC t = v_div(e, v_add(e, v_set(2.0f)));
    const VEC s = v_mul(t, t);
    VEC p = v_set(0.116269141f);

    p = v_fma(p, s, v_set(0.108500168f));
    p = v_fma(p, s, v_set(0.14296405f));
    p = v_fma(p, s, v_set(0.199998483f));
    p = v_fma(p, s, v_set(0.333333343f));
    p = v_fma(v_mul(t, s), p, t);
    return v_add(p, p);
}

/* exp(-|x|) never overflows, and keeps small results exact. */
static inline VEC v_sigmoid(VEC x)
{
    const VEC e = v_exp(v_sub(v_zero(), v_abs(x)));
    const VEC top = v_pick(v_gt(v_zero(), x), e, v_set(1.0f));

    return v_div(top, v_add(v_set(1.0f), e));
}

static inline VEC v_tanh(VEC x)
{
    const VEC t = v_expm1(v_mul(v_set(-2.0f), v_abs(x)));

    return v_sign_of(v_div(t, v_add(t, v_set(2.0f))), x);
}

static inline VEC v_softplus(VEC x)
{
    return v_add(v_max(v_zero(), x), v_log1p(v_exp(v_sub(v_zero(), v_abs(x)))));
}

/* x tanh(softplus(x)), by tanh(log(1 + e)) = q / (q + 2) with q = e (e + 2) */
static inline VEC v_mish(VEC x)
{
    const VEC e = v_exp(v_min(v_set(20.0f), x));
    const VEC q = v_mul(e, v_add(e, v_set(2.0f)));

    return v_mul(x, v_div(q, v_add(q, v_set(2.0f))));
}

static inline VEC v_erf_small(VEC s)
{
    VEC p = v_set(7.8891193e-5f);

    p = v_fma(p, s, v_set(-8.02084105e-4f));
    p = v_fma(p, s, v_set(5.18953521e-3f));
    p = v_fma(p, s, v_set(-2.68544443e-2f));
    p = v_fma(p, s, v_set(0.112836003f));
    p = v_fma(p, s, v_set(-0.37612626f));
    return v_fma(p, s, v_set(1.12837911f));
}

/* log(1 - erf(a)), 1 <= a <= 4 */
static inline VEC v_log_erfc(VEC a)
{
    VEC p = v_set(-2.1686008e-5f);

    p = v_fma(p, a, v_set(4.41326469e-4f));
    p = v_fma(p, a, v_set(-4.20451304e-3f));
    p = v_fma(p, a, v_set(2.52081268e-2f));
    p = v_fma(p, a, v_set(-0.108418375f));
    p = v_fma(p, a, v_set(-0.633220077f));
    p = v_fma(p, a, v_set(-1.12957835f));
    return v_fma(p, a, v_set(1.88020073e-4f));
}

static inline VEC v_erf(VEC x)
{
    const VEC a = v_min(v_set(4.0f), v_abs(x));
    const VEC small = v_mul(x, v_erf_small(v_mul(x, x)));
    const VEC large = v_sign_of(v_sub(v_set(1.0f), v_exp(v_log_erfc(a))), x);

    return v_pick(v_gt(a, v_set(1.0f)), large, small);
}

static inline VEC v_gelu_tanh(VEC x)
{
    const VEC cube = v_mul(v_mul(x, x), x);
    const VEC in = v_mul(v_set(0.7978845608f), v_fma(v_set(0.044715f), cube, x));

    return v_mul(v_mul(v_set(0.5f), x), v_add(v_set(1.0f), v_tanh(in)));
}

static inline VEC v_clip(VEC x, VEC lo, VEC hi)
{
    return v_min(hi, v_max(lo, x));
}

static inline VEC v_relu(VEC x, const struct dsc_act *act)
{
    const VEC b = v_set(act->b);
    const VEC top = v_min(v_set(act->c), x);

    /* Not the product: with a 0, -INFINITY must give 0; NaN comes through `top`. */
    if (act->a == 0)
        return v_pick(v_gt(b, x), v_zero(), top);
    return v_pick(v_gt(b, x), v_mul(v_set(act->a), v_sub(x, b)), top);
}

static inline VEC v_elu(VEC x, float scale, float a)
{
    const VEC low = v_mul(v_set(a), v_expm1(v_min(v_zero(), x)));

    return v_mul(v_set(scale), v_pick(v_gt(x, v_zero()), x, low));
}

static inline VEC v_act(VEC x, const struct dsc_act *act)
{
    switch (act->kind) {
    case DSC_ACT_NONE:
    case DSC_ACT_COUNT:
        return x;
    case DSC_ACT_RELU:
        return v_relu(x, act);
    case DSC_ACT_SIGMOID:
        return v_sigmoid(x);
    case DSC_ACT_TANH:
        return v_tanh(x);
    case DSC_ACT_HARD_SIGMOID:
        return v_clip(v_fma(v_set(act->a), x, v_set(act->b)), v_zero(), v_set(1.0f));
    case DSC_ACT_ELU:
        return v_elu(x, 1.0f, act->a);
    case DSC_ACT_SELU:
        return v_elu(x, 1.05070098f, 1.67326324f);
    case DSC_ACT_SOFTPLUS:
        return v_softplus(x);
    case DSC_ACT_SOFTSIGN:
        return v_div(x, v_add(v_set(1.0f), v_abs(x)));
    case DSC_ACT_SWISH:
        return v_mul(x, v_sigmoid(x));
    case DSC_ACT_HARD_SWISH:
        return v_mul(v_mul(x, v_clip(v_add(x, v_set(3.0f)), v_zero(), v_set(6.0f))),
                     v_set(1.0f / 6.0f));
    case DSC_ACT_GELU:
        return v_mul(v_mul(v_set(0.5f), x),
                     v_add(v_set(1.0f), v_erf(v_mul(x, v_set(0.7071067812f)))));
    case DSC_ACT_GELU_TANH:
        return v_gelu_tanh(x);
    case DSC_ACT_MISH:
        return v_mish(x);
    case DSC_ACT_EXP:
        return v_exp(x);
    }
    return x;
}

#endif
