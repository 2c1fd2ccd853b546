/* vec_gates.h - the pointwise part of recurrent cells; included after vec_math.h. */
#ifndef DSC_VEC_GATES_H
#define DSC_VEC_GATES_H

#include "core/kernels/kernels.h"

static inline void lstm_gates_f32(const struct dsc_gates *g)
{
    const float *in = g->z, *forget = in + g->units;
    const float *candidate = forget + g->units, *out = candidate + g->units;

    for (size_t u = 0; u < g->n; u += VLEN) {
        const size_t left = g->n - u;
        const VEC i = v_act(v_get(in + u, left), &g->gate_act);
        const VEC f = v_act(v_get(forget + u, left), &g->gate_act);
        const VEC k = v_act(v_get(candidate + u, left), &g->act);
        const VEC o = v_act(v_get(out + u, left), &g->gate_act);
        const VEC c = v_fma(f, v_get(g->c + u, left), v_mul(i, k));

        v_put(g->c + u, c, left);
        v_put(g->h + u, v_mul(o, v_act(c, &g->act)), left);
    }
}

/* z old + (1 - z) candidate */
static inline VEC v_mix(VEC z, VEC old, VEC candidate)
{
    return v_fma(z, old, v_mul(v_sub(v_set(1.0f), z), candidate));
}

static inline void gru_gates_f32(const struct dsc_gates *g)
{
    const float *z_r = g->z + g->units, *z_h = z_r + g->units;

    for (size_t u = 0; u < g->n; u += VLEN) {
        const size_t left = g->n - u;
        const VEC update = v_act(v_get(g->z + u, left), &g->gate_act);
        const VEC reset = v_act(v_get(z_r + u, left), &g->gate_act);
        const VEC in = v_fma(reset, v_get(g->r + u, left), v_get(z_h + u, left));

        v_put(g->h + u, v_mix(update, v_get(g->h_old + u, left), v_act(in, &g->act)), left);
    }
}

static inline void gru_reset_f32(const struct dsc_gates *g)
{
    const float *z_r = g->z + g->units;

    for (size_t u = 0; u < g->n; u += VLEN) {
        const size_t left = g->n - u;
        const VEC reset = v_act(v_get(z_r + u, left), &g->gate_act);

        v_put(g->h + u, v_mul(reset, v_get(g->h_old + u, left)), left);
    }
}

static inline void gru_mix_f32(const struct dsc_gates *g)
{
    const float *z_h = g->z + 2 * g->units;

    for (size_t u = 0; u < g->n; u += VLEN) {
        const size_t left = g->n - u;
        const VEC update = v_act(v_get(g->z + u, left), &g->gate_act);
        const VEC candidate = v_act(v_get(z_h + u, left), &g->act);

        v_put(g->h + u, v_mix(update, v_get(g->h_old + u, left), candidate), left);
    }
}

#endif
