#include "core/kernels/scalar/scalar.h"

void dsc_scalar_lstm_gates_f32(const struct dsc_gates *g)
{
    for (size_t u = 0; u < g->n; u++) {
        const float in = dsc_scalar_act(g->z[u], &g->gate_act);
        const float forget = dsc_scalar_act(g->z[g->units + u], &g->gate_act);
        const float candidate = dsc_scalar_act(g->z[2 * g->units + u], &g->act);
        const float out = dsc_scalar_act(g->z[3 * g->units + u], &g->gate_act);

        g->c[u] = forget * g->c[u] + in * candidate;
        g->h[u] = out * dsc_scalar_act(g->c[u], &g->act);
    }
}

static float mix(float update, float old, float candidate)
{
    return update * old + (1.0f - update) * candidate;
}

void dsc_scalar_gru_gates_f32(const struct dsc_gates *g)
{
    for (size_t u = 0; u < g->n; u++) {
        const float update = dsc_scalar_act(g->z[u], &g->gate_act);
        const float reset = dsc_scalar_act(g->z[g->units + u], &g->gate_act);
        const float z_h = g->z[2 * g->units + u] + reset * g->r[u];

        g->h[u] = mix(update, g->h_old[u], dsc_scalar_act(z_h, &g->act));
    }
}

void dsc_scalar_gru_reset_f32(const struct dsc_gates *g)
{
    for (size_t u = 0; u < g->n; u++)
        g->h[u] = dsc_scalar_act(g->z[g->units + u], &g->gate_act) * g->h_old[u];
}

void dsc_scalar_gru_mix_f32(const struct dsc_gates *g)
{
    for (size_t u = 0; u < g->n; u++) {
        const float update = dsc_scalar_act(g->z[u], &g->gate_act);

        g->h[u] = mix(update, g->h_old[u], dsc_scalar_act(g->z[2 * g->units + u], &g->act));
    }
}
