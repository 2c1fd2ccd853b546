/* act.h - the activation functions, as plain numbers that an op can carry.
 *
 * Every kernel with a fused epilogue, the elementwise op and the recurrent
 * cells name an activation this way. Formulas are Keras'.
 */
#ifndef DSC_ACT_H
#define DSC_ACT_H

enum dsc_act_kind {
    DSC_ACT_NONE,    /* x */
    DSC_ACT_RELU,    /* x >= b ? min(x, c) : a (x - b); c INFINITY for no top.
                             Keras ReLU: a negative slope, b threshold, c max_value */
    DSC_ACT_SIGMOID, /* 1 / (1 + exp(-x)) */
    DSC_ACT_TANH,
    DSC_ACT_HARD_SIGMOID, /* clip(a x + b, 0, 1): Keras 1, 2: a 0.2, b 0.5; Keras 3: a 1/6 */
    DSC_ACT_ELU,          /* x > 0 ? x : a (exp(x) - 1) */
    DSC_ACT_SELU,
    DSC_ACT_SOFTPLUS,   /* log(1 + exp(x)) */
    DSC_ACT_SOFTSIGN,   /* x / (1 + |x|) */
    DSC_ACT_SWISH,      /* x sigmoid(x), also called silu */
    DSC_ACT_HARD_SWISH, /* x relu6(x + 3) / 6 */
    DSC_ACT_GELU,       /* x Phi(x), by erf */
    DSC_ACT_GELU_TANH,  /* its tanh approximation */
    DSC_ACT_MISH,       /* x tanh(softplus(x)) */
    DSC_ACT_EXP,
    DSC_ACT_COUNT
};

struct dsc_act {
    enum dsc_act_kind kind;
    float a, b, c; /* parameters named above, 0 where the kind has none */
};

#endif
