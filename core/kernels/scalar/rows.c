#include <math.h>

#include "core/kernels/scalar/scalar.h"

void dsc_scalar_softmax_f32(float *y, const float *x, size_t n)
{
    float max;
    double sum = 0;

    dsc_scalar_reduce_max_f32(&max, x, n);
    for (size_t i = 0; i < n; i++) {
        y[i] = expf(x[i] - max);
        sum += (double)y[i];
    }
    for (size_t i = 0; i < n; i++)
        y[i] = (float)((double)y[i] / sum);
}

void dsc_scalar_layer_norm_f32(float *y, const float *x, const float *gamma, const float *beta,
                               size_t n, float epsilon)
{
    double mean = 0, var = 0, scale;

    for (size_t i = 0; i < n; i++)
        mean += (double)x[i];
    mean /= (double)n;
    for (size_t i = 0; i < n; i++)
        var += ((double)x[i] - mean) * ((double)x[i] - mean);
    scale = 1 / sqrt(var / (double)n + (double)epsilon);
    for (size_t i = 0; i < n; i++)
        y[i] =
            (float)(((double)x[i] - mean) * scale) * (gamma ? gamma[i] : 1) + (beta ? beta[i] : 0);
}

void dsc_scalar_rms_norm_f32(float *y, const float *x, const float *gamma, size_t n, float epsilon)
{
    double sum = 0, scale;

    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    scale = 1 / sqrt(sum / (double)n + (double)epsilon);
    for (size_t i = 0; i < n; i++)
        y[i] = (float)((double)x[i] * scale) * (gamma ? gamma[i] : 1);
}
