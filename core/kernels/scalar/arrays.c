#include <math.h>
#include <string.h>

#include "core/kernels/scalar/scalar.h"

static float max_nan(float a, float b)
{
    return a > b || isnan(a) ? a : b;
}

static float min_nan(float a, float b)
{
    return a < b || isnan(a) ? a : b;
}

#define PAIR(name, value)                                                            \
    void dsc_scalar_##name##_f32(float *y, const float *a, const float *b, size_t n) \
    {                                                                                \
        for (size_t i = 0; i < n; i++)                                               \
            y[i] = value;                                                            \
    }
PAIR(add, a[i] + b[i])
PAIR(sub, a[i] - b[i])
PAIR(mul, a[i] * b[i])
PAIR(div, a[i] / b[i])
PAIR(max, max_nan(a[i], b[i]))
PAIR(min, min_nan(a[i], b[i]))

#define SCALAR(name, value)                                                          \
    void dsc_scalar_##name##_scalar_f32(float *y, const float *x, float s, size_t n) \
    {                                                                                \
        for (size_t i = 0; i < n; i++)                                               \
            y[i] = value;                                                            \
    }
SCALAR(add, x[i] + s)
SCALAR(mul, x[i] * s)
SCALAR(div, x[i] / s)
SCALAR(max, max_nan(x[i], s))
SCALAR(min, min_nan(x[i], s))
SCALAR(rsub, s - x[i])
SCALAR(rdiv, s / x[i])

void dsc_scalar_affine_f32(float *y, const float *x, const float *scale, const float *shift,
                           size_t rows, size_t n)
{
    for (size_t r = 0; r < rows; r++)
        for (size_t i = 0; i < n; i++)
            y[r * n + i] = x[r * n + i] * (scale ? scale[i] : 1) + (shift ? shift[i] : 0);
}

void dsc_scalar_affine_scalar_f32(float *y, const float *x, float scale, float shift, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] * scale + shift;
}

void dsc_scalar_reduce_sum_f32(float *y, const float *x, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += (double)x[i];
    *y = (float)sum;
}

void dsc_scalar_reduce_max_f32(float *y, const float *x, size_t n)
{
    float m = -INFINITY;

    for (size_t i = 0; i < n; i++)
        m = max_nan(m, x[i]);
    *y = m;
}

void dsc_scalar_reduce_min_f32(float *y, const float *x, size_t n)
{
    float m = INFINITY;

    for (size_t i = 0; i < n; i++)
        m = min_nan(m, x[i]);
    *y = m;
}

void dsc_scalar_copy_rows_f32(float *y, size_t ldy, const float *x, size_t ldx, size_t rows,
                              size_t n)
{
    for (size_t r = 0; r < rows; r++)
        memcpy(y + r * ldy, x + r * ldx, n * sizeof(*y));
}
