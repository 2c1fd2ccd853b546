/* vec_taps.h - depthwise windows, channels in vectors; included after vec_math.h.
 *
 * Each call of `block` makes P outputs times V vectors of channels in registers. Eight
 * sums hide the latency of the multiply-add; the picture is read as a memory operand.
 */
#ifndef DSC_VEC_TAPS_H
#define DSC_VEC_TAPS_H

#include "core/kernels/kernels.h"

static inline VEC v_finish(VEC v, const struct dsc_taps *t)
{
    return t->clip ? v_min(v_set(t->hi), v_max(v_set(t->lo), v)) : v;
}

/* Outputs i .. i + P - 1, channels c .. c + V VLEN - 1; `left` counts the channels from c. */
__attribute__((always_inline)) static inline void taps_block(const struct dsc_taps *t, size_t i,
                                                             size_t c, size_t left, const int P,
                                                             const int V)
{
    const float *x = t->x + i * t->x_step + c, *w = t->w + c;
    float *y = t->y + i * t->y_step + c;
    VEC sum[8];

#pragma GCC unroll 8
    for (int v = 0; v < V; v++) {
        sum[v] =
            t->bias ? v_get(t->bias + c + (size_t)v * VLEN, left - (size_t)v * VLEN) : v_zero();
#pragma GCC unroll 8
        for (int p = 1; p < P; p++)
            sum[p * V + v] = sum[v];
    }
    for (size_t ty = 0; ty < t->kh; ty++) {
        const float *xt = x + ty * t->x_row, *wt = w + ty * t->w_row;

        for (size_t tx = 0; tx < t->kw; tx++, xt += t->x_tap, wt += t->w_tap)
#pragma GCC unroll 8
            for (int v = 0; v < V; v++) {
                const size_t at = (size_t)v * VLEN;
                const VEC wv = v_get(wt + at, left - at);

#pragma GCC unroll 8
                for (int p = 0; p < P; p++)
                    sum[p * V + v] = v_fma(v_get(xt + (size_t)p * t->x_step + at, left - at), wv,
                                           sum[p * V + v]);
            }
    }
#pragma GCC unroll 8
    for (int p = 0; p < P; p++)
#pragma GCC unroll 8
        for (int v = 0; v < V; v++) {
            const size_t at = (size_t)v * VLEN;

            v_put(y + (size_t)p * t->y_step + at, v_finish(sum[p * V + v], t), left - at);
        }
}

/* All channels of P outputs; V vectors at a time, then one by one. */
__attribute__((always_inline)) static inline void taps_outputs(const struct dsc_taps *t, size_t i,
                                                               const int P, const int V)
{
    const size_t wide = (size_t)V * VLEN;
    size_t c = 0;

    for (; c + wide <= t->channels; c += wide)
        taps_block(t, i, c, wide, P, V);
    for (; c + VLEN <= t->channels; c += VLEN)
        taps_block(t, i, c, VLEN, P, 1);
    if (c < t->channels)
        taps_block(t, i, c, t->channels - c, P, 1);
}

static inline void taps_f32(const struct dsc_taps *t)
{
    size_t i = 0;

    for (; i + 4 <= t->n; i += 4)
        taps_outputs(t, i, 4, 2);
    if (i + 2 <= t->n) {
        taps_outputs(t, i, 2, 4);
        i += 2;
    }
    if (i < t->n)
        taps_outputs(t, i, 1, 8);
}

#endif
