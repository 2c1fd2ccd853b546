#include <math.h>

#include "core/kernels/scalar/scalar.h"

static float sigmoid(float x)
{
    const float e = expf(-fabsf(x));

    return (x < 0 ? e : 1.0f) / (1.0f + e);
}

static float softplus(float x)
{
    return (x > 0 ? x : x < 0 ? 0.0f : x) + log1pf(expf(-fabsf(x)));
}

/* Written so that NaN goes through. */
static float clip(float x, float lo, float hi)
{
    return x < lo ? lo : x > hi ? hi : x;
}

static float relu(float x, const struct dsc_act *act)
{
    if (x >= act->b)
        return x > act->c ? act->c : x;
    /* Not the product: with a 0, -INFINITY must give 0, NaN must stay. */
    return act->a == 0 && !isnan(x) ? 0.0f : act->a * (x - act->b);
}

static float gelu_tanh(float x)
{
    return 0.5f * x * (1.0f + tanhf(0.7978845608f * (x + 0.044715f * x * x * x)));
}

float dsc_scalar_act(float x, const struct dsc_act *act)
{
    switch (act->kind) {
    case DSC_ACT_NONE:
    case DSC_ACT_COUNT:
        return x;
    case DSC_ACT_RELU:
        return relu(x, act);
    case DSC_ACT_SIGMOID:
        return sigmoid(x);
    case DSC_ACT_TANH:
        return tanhf(x);
    case DSC_ACT_HARD_SIGMOID:
        return clip(act->a * x + act->b, 0, 1);
    case DSC_ACT_ELU:
        return x > 0 ? x : act->a * expm1f(x);
    case DSC_ACT_SELU:
        return 1.05070098f * (x > 0 ? x : 1.67326324f * expm1f(x));
    case DSC_ACT_SOFTPLUS:
        return softplus(x);
    case DSC_ACT_SOFTSIGN:
        return x / (1.0f + fabsf(x));
    case DSC_ACT_SWISH:
        return x * sigmoid(x);
    case DSC_ACT_HARD_SWISH:
        return x * clip(x + 3.0f, 0, 6) * (1.0f / 6.0f);
    case DSC_ACT_GELU:
        return 0.5f * x * (1.0f + erff(x * 0.7071067812f));
    case DSC_ACT_GELU_TANH:
        return gelu_tanh(x);
    case DSC_ACT_MISH:
        return x * tanhf(softplus(x));
    case DSC_ACT_EXP:
        return expf(x);
    }
    return x;
}

void dsc_scalar_act_f32(float *y, const float *x, size_t n, struct dsc_act act)
{
    for (size_t i = 0; i < n; i++)
        y[i] = dsc_scalar_act(x[i], &act);
}
