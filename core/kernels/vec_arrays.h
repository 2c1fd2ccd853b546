/* vec_arrays.h - the kernels over plain arrays and rows; included after vec_math.h. */
#ifndef DSC_VEC_ARRAYS_H
#define DSC_VEC_ARRAYS_H

#include <math.h>

#include "core/kernels/kernels.h"

static inline void act_f32(float *y, const float *x, size_t n, struct dsc_act act)
{
    for (size_t i = 0; i < n; i += VLEN)
        v_put(y + i, v_act(v_get(x + i, n - i), &act), n - i);
}

static inline VEC v_max_nan(VEC a, VEC b)
{
    return v_pick(v_is_nan(a), a, v_max(a, b));
}

static inline VEC v_min_nan(VEC a, VEC b)
{
    return v_pick(v_is_nan(a), a, v_min(a, b));
}

#define PAIR(name, op)                                                                \
    static inline void name##_f32(float *y, const float *a, const float *b, size_t n) \
    {                                                                                 \
        for (size_t i = 0; i < n; i += VLEN)                                          \
            v_put(y + i, op(v_get(a + i, n - i), v_get(b + i, n - i)), n - i);        \
    }
PAIR(add, v_add)
PAIR(sub, v_sub)
PAIR(mul, v_mul)
PAIR(div, v_div)
PAIR(max, v_max_nan)
PAIR(min, v_min_nan)
#undef PAIR

#define SCALAR(name, value)                                                           \
    static inline void name##_scalar_f32(float *y, const float *x, float s, size_t n) \
    {                                                                                 \
        const VEC vs = v_set(s);                                                      \
                                                                                      \
        for (size_t i = 0; i < n; i += VLEN) {                                        \
            const VEC vx = v_get(x + i, n - i);                                       \
                                                                                      \
            v_put(y + i, value, n - i);                                               \
        }                                                                             \
    }
SCALAR(add, v_add(vx, vs))
SCALAR(mul, v_mul(vx, vs))
SCALAR(div, v_div(vx, vs))
SCALAR(max, v_max_nan(vx, vs))
SCALAR(min, v_min_nan(vx, vs))
SCALAR(rsub, v_sub(vs, vx))
SCALAR(rdiv, v_div(vs, vx))
#undef SCALAR

static inline void affine_f32(float *y, const float *x, const float *scale, const float *shift,
                              size_t rows, size_t n)
{
    const VEC one = v_set(1.0f), zero = v_zero();

    for (size_t r = 0; r < rows; r++, x += n, y += n)
        for (size_t i = 0; i < n; i += VLEN) {
            const VEC a = scale ? v_get(scale + i, n - i) : one;
            const VEC b = shift ? v_get(shift + i, n - i) : zero;

            v_put(y + i, v_fma(v_get(x + i, n - i), a, b), n - i);
        }
}

static inline void affine_scalar_f32(float *y, const float *x, float scale, float shift, size_t n)
{
    const VEC a = v_set(scale), b = v_set(shift);

    for (size_t i = 0; i < n; i += VLEN)
        v_put(y + i, v_fma(v_get(x + i, n - i), a, b), n - i);
}

/* Sum of f(x) with four running sums: short chains, and less rounding than one. */
#define REDUCE_SUM(result, n, f)                               \
    do {                                                       \
        VEC s0 = v_zero(), s1 = s0, s2 = s0, s3 = s0;          \
        size_t i = 0;                                          \
                                                               \
        for (; i + 4 * VLEN <= (n); i += 4 * VLEN) {           \
            s0 = v_add(s0, f(v_load(x + i)));                  \
            s1 = v_add(s1, f(v_load(x + i + VLEN)));           \
            s2 = v_add(s2, f(v_load(x + i + 2 * VLEN)));       \
            s3 = v_add(s3, f(v_load(x + i + 3 * VLEN)));       \
        }                                                      \
        for (; i + VLEN <= (n); i += VLEN)                     \
            s0 = v_add(s0, f(v_load(x + i)));                  \
        (result) = v_sum(v_add(v_add(s0, s1), v_add(s2, s3))); \
        for (; i < (n); i++)                                   \
            (result) += f##_one(x[i]);                         \
    } while (0)

static inline VEC v_same(VEC x)
{
    return x;
}

static inline float v_same_one(float x)
{
    return x;
}

static inline VEC v_square(VEC x)
{
    return v_mul(x, x);
}

static inline float v_square_one(float x)
{
    return x * x;
}

static inline void reduce_sum_f32(float *y, const float *x, size_t n)
{
    float sum;

    REDUCE_SUM(sum, n, v_same);
    *y = sum;
}

static inline float fold_max(VEC v)
{
    float lane[VLEN], m = -INFINITY;

    v_store(lane, v);
    for (size_t i = 0; i < VLEN; i++)
        m = lane[i] > m || isnan(lane[i]) ? lane[i] : m;
    return m;
}

static inline void reduce_max_f32(float *y, const float *x, size_t n)
{
    VEC m = v_set(-INFINITY), bad = v_zero();
    size_t i = 0;
    float tail;

    for (; i + VLEN <= n; i += VLEN) {
        const VEC v = v_load(x + i);

        m = v_max(m, v);
        bad = v_pick(v_is_nan(v), v, bad);
    }
    tail = fold_max(v_pick(v_is_nan(bad), bad, m));
    for (; i < n; i++)
        tail = tail > x[i] || isnan(tail) ? tail : x[i];
    *y = tail;
}

static inline void reduce_min_f32(float *y, const float *x, size_t n)
{
    VEC m = v_set(INFINITY), bad = v_zero();
    size_t i = 0;
    float tail;

    for (; i + VLEN <= n; i += VLEN) {
        const VEC v = v_load(x + i);

        m = v_min(m, v);
        bad = v_pick(v_is_nan(v), v, bad);
    }
    tail = -fold_max(v_sub(v_zero(), v_pick(v_is_nan(bad), bad, m)));
    for (; i < n; i++)
        tail = tail < x[i] || isnan(tail) ? tail : x[i];
    *y = tail;
}

static inline void softmax_f32(float *y, const float *x, size_t n)
{
    float max, sum;

    reduce_max_f32(&max, x, n);
    for (size_t i = 0; i < n; i += VLEN)
        v_put(y + i, v_exp(v_sub(v_get(x + i, n - i), v_set(max))), n - i);
    reduce_sum_f32(&sum, y, n);
    div_scalar_f32(y, y, sum, n);
}

/* y = x scale gamma + beta */
static inline void scale_row(float *y, const float *x, float scale, const float *gamma,
                             const float *beta, size_t n)
{
    const VEC s = v_set(scale), zero = v_zero();

    for (size_t i = 0; i < n; i += VLEN) {
        const VEC g = gamma ? v_mul(s, v_get(gamma + i, n - i)) : s;
        const VEC b = beta ? v_get(beta + i, n - i) : zero;

        v_put(y + i, v_fma(v_get(x + i, n - i), g, b), n - i);
    }
}

static inline void rms_norm_f32(float *y, const float *x, const float *gamma, size_t n,
                                float epsilon)
{
    float sum;

    REDUCE_SUM(sum, n, v_square);
    scale_row(y, x, 1.0f / sqrtf(sum / (float)n + epsilon), gamma, NULL, n);
}

/* The variance is taken from the centred row: sum of squares less square of sums would
 * lose the small variances that epsilon is there for. */
static inline void layer_norm_f32(float *y, const float *x, const float *gamma, const float *beta,
                                  size_t n, float epsilon)
{
    float mean, sum;

    reduce_sum_f32(&mean, x, n);
    add_scalar_f32(y, x, -mean / (float)n, n);
    x = y;
    REDUCE_SUM(sum, n, v_square);
    scale_row(y, y, 1.0f / sqrtf(sum / (float)n + epsilon), gamma, beta, n);
}
#undef REDUCE_SUM

static inline void copy_rows_f32(float *y, size_t ldy, const float *x, size_t ldx, size_t rows,
                                 size_t n)
{
    for (size_t r = 0; r < rows; r++, y += ldy, x += ldx)
        for (size_t i = 0; i < n; i += VLEN)
            v_put(y + i, v_get(x + i, n - i), n - i);
}

#endif
