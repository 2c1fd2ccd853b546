#include "core/ops/recurrent_internal.h"

static void step(const struct dsc_recurrent_run *r, size_t t, const struct dsc_recurrent_share *who)
{
    const struct dsc_step_product p = {
        .a = r->h,
        .right = r->right[1],
        .c = dsc_recurrent_z(r, 0, t),
        .ldc = r->t * 4 * r->u,
        .m = 4 * r->u,
        .add = true,
    };

    dsc_recurrent_product(r, &p, who);
    dsc_recurrent_wait();
    for (size_t n = 0; n < r->n; n++) {
        const size_t at = n * r->u + who->units.begin;
        const struct dsc_gates g = {
            .n = who->units.end - who->units.begin,
            .units = r->u,
            .z = dsc_recurrent_z(r, n, t) + who->units.begin,
            .h = r->h + at,
            .c = r->c + at,
            .act = r->attr->act,
            .gate_act = r->attr->gate_act,
        };

        if (!dsc_recurrent_is_masked(r, n, t))
            dsc_kernels()->lstm_gates_f32(&g);
    }
}

static const struct dsc_cell cell = {
    .name = "lstm",
    .gates = 4,
    .n_state = 2,
    .step = step,
};

DSC_RECURRENT_OP(lstm, &cell, 2);
