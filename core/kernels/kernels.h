/* kernels.h - the table of inner loops, filled for the running processor.
 *
 * Kernels take raw f32 arrays of any alignment, return nothing, allocate nothing and
 * run on the calling thread; the op that calls them splits the work. scalar/ has all
 * of them and is the reference; kernels.def says what each computes.
 *
 *     const struct dsc_kernels *k = dsc_kernels();
 *
 *     k->act_f32(y, x, n, (struct dsc_act){ .kind = DSC_ACT_TANH });
 */
#ifndef DSC_KERNELS_H
#define DSC_KERNELS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/cpu.h"
#include "core/kernels/act.h"

/* Columns of a packed panel: see product.h. */
#define DSC_PANEL 32

/* One panel of a product: c[rows, cols] = clip(a[rows, k] b[k, cols] + bias + residual, lo, hi). */
struct dsc_panel {
    float *c; /* row r begins at c + r * ldc; must not overlap a, b or bias */
    size_t ldc;
    const float *a;
    size_t lda;
    const float *b; /* packed: b + i * width is row i, `width` floats */
    size_t width;   /* 16 or 32 */
    size_t rows, k;
    size_t cols;           /* 1..width */
    const float *bias;     /* [cols], or NULL */
    const float *residual; /* as c, or NULL; may be c */
    size_t ldr;
    bool clip; /* keep the result in lo..hi; NaN stays NaN */
    float lo, hi;
};

/* A run of outputs of a depthwise window, along a row or down a column, whose taps all lie
 * inside the picture; some or all of the channels:
 * y[i y_step + c] = clip(sum over taps x[i x_step + ty x_row + tx x_tap + c]
 *                                      w[ty w_row + tx w_tap + c] + bias[c]). */
struct dsc_taps {
    float *y;
    size_t y_step;
    const float *x;
    size_t x_step, x_row, x_tap;
    const float *w;
    size_t w_row, w_tap;
    size_t kh, kw;
    size_t n, channels;
    const float *bias; /* [channels], or NULL */
    bool clip;
    float lo, hi;
};

/* Units of one row of a recurrent step. Gates that follow each other in z, r lie
 * `units` floats apart; n of the units, the pointers at the first. */
struct dsc_gates {
    size_t n, units;
    const float
        *z; /* input product with its bias and, but for gru's candidate, the recurrent product */
    const float
        *r;   /* gru with reset_after: the candidate's recurrent product and bias [n]; else NULL */
    float *h; /* out: the new state; gru: may be h_old */
    const float *h_old; /* gru */
    float *c;           /* lstm: in and out */
    struct dsc_act act, gate_act;
};

struct dsc_kernels {
#define DSC_KERNEL(name, params) void(*name) params;
#include "core/kernels/kernels.def"
#undef DSC_KERNEL
};

/* Best table for this machine; never NULL, every member set. */
const struct dsc_kernels *dsc_kernels(void);

/* Table of one level alone, members may be NULL; NULL when not built in. For tests. */
const struct dsc_kernels *dsc_kernels_of(enum dsc_isa isa);

extern const struct dsc_kernels dsc_kernels_scalar, dsc_kernels_avx2, dsc_kernels_avx512;

#endif
