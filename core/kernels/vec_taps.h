/* vec_taps.h - depthwise windows, channels in vectors; included after vec_math.h.
 *
 * A block is P outputs times V vectors of channels in registers, P V = 8: enough sums to
 * hide the latency of the multiply-add. The picture is read as a memory operand.
 */
#ifndef DSC_VEC_TAPS_H
#define DSC_VEC_TAPS_H

#include <math.h>

#include "core/kernels/kernels.h"

/* Outputs i .. i + P - 1, channels c .. c + V VLEN - 1, of which `left` may be touched. KW is
 * the number of taps in a line, 0 when it is no constant. The job comes by value: stores
 * through y could otherwise change it, for all the compiler knows. */
__attribute__((always_inline)) static inline void taps_block(struct dsc_taps t, size_t i, size_t c,
                                                             size_t left, const int P, const int V,
                                                             const size_t KW)
{
    const VEC lo = v_set(t.clip ? t.lo : -INFINITY), hi = v_set(t.clip ? t.hi : INFINITY);
    const size_t kw = KW ? KW : t.kw;
    const float *x = t.x + i * t.x_step + c, *w = t.w + c;
    float *y = t.y + i * t.y_step + c;
    VEC sum[8];

#pragma GCC unroll 8
    for (int v = 0; v < V; v++) {
        const size_t at = (size_t)v * VLEN;

        sum[v] = t.bias ? v_get(t.bias + c + at, left - at) : v_zero();
#pragma GCC unroll 8
        for (int p = 1; p < P; p++)
            sum[p * V + v] = sum[v];
    }
    for (size_t ty = 0; ty < t.kh; ty++, x += t.x_row, w += t.w_row) {
        const float *xt = x, *wt = w;

#pragma GCC unroll 5
        for (size_t tx = 0; tx < kw; tx++, xt += t.x_tap, wt += t.w_tap)
#pragma GCC unroll 8
            for (int v = 0; v < V; v++) {
                const size_t at = (size_t)v * VLEN;
                const VEC wv = v_get(wt + at, left - at);

#pragma GCC unroll 8
                for (int p = 0; p < P; p++)
                    sum[p * V + v] =
                        v_fma(v_get(xt + (size_t)p * t.x_step + at, left - at), wv, sum[p * V + v]);
            }
    }
#pragma GCC unroll 8
    for (int p = 0; p < P; p++)
#pragma GCC unroll 8
        for (int v = 0; v < V; v++) {
            const size_t at = (size_t)v * VLEN;
            const VEC s = v_min(hi, v_max(lo, sum[p * V + v]));

            v_put(y + (size_t)p * t.y_step + at, s, left - at);
        }
}

/* All channels of P outputs; V vectors at a time, then one by one. */
__attribute__((always_inline)) static inline void taps_outputs(const struct dsc_taps *t, size_t i,
                                                               const int P, const int V,
                                                               const size_t KW)
{
    const size_t wide = (size_t)V * VLEN, channels = t->channels;
    size_t c = 0;

    for (; c + wide <= channels; c += wide)
        taps_block(*t, i, c, wide, P, V, KW);
    for (; c + VLEN <= channels; c += VLEN)
        taps_block(*t, i, c, VLEN, P, 1, KW);
    if (c < channels)
        taps_block(*t, i, c, channels - c, P, 1, KW);
}

__attribute__((always_inline)) static inline void taps_run(const struct dsc_taps *t,
                                                           const size_t KW)
{
    size_t i = 0;

    for (; i + 4 <= t->n; i += 4)
        taps_outputs(t, i, 4, 2, KW);
    if (i + 2 <= t->n) {
        taps_outputs(t, i, 2, 4, KW);
        i += 2;
    }
    if (i < t->n)
        taps_outputs(t, i, 1, 8, KW);
}

static inline void taps_f32(const struct dsc_taps *t)
{
    if (t->kw == 3)
        taps_run(t, 3);
    else if (t->kw == 5)
        taps_run(t, 5);
    else
        taps_run(t, 0);
}

#endif
