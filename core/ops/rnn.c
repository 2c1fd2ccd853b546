#include "core/ops/recurrent_internal.h"

static void step(const struct dsc_recurrent_run *r, size_t t, const struct dsc_recurrent_share *who)
{
    const struct dsc_step_product p = {
        .a = r->h,
        .right = r->right[1],
        .c = dsc_recurrent_z(r, 0, t),
        .ldc = r->t * r->u,
        .m = r->u,
        .add = true,
    };

    dsc_recurrent_product(r, &p, who);
    dsc_recurrent_wait();
    for (size_t n = 0; n < r->n; n++)
        if (!dsc_recurrent_is_masked(r, n, t))
            dsc_kernels()->act_f32(r->h + n * r->u + who->units.begin,
                                   dsc_recurrent_z(r, n, t) + who->units.begin,
                                   who->units.end - who->units.begin, r->attr->act);
}

static const struct dsc_cell cell = {
    .name = "rnn",
    .gates = 1,
    .n_state = 1,
    .step = step,
};

DSC_RECURRENT_OP(rnn, &cell, 1);
