#include "core/ops/recurrent_internal.h"

/* The thread's units of row n. */
static struct dsc_gates gates_of(const struct dsc_recurrent_run *r, size_t n, size_t t,
                                 const struct dsc_recurrent_share *who)
{
    const size_t at = n * r->u + who->units.begin;

    return (struct dsc_gates){
        .n = who->units.end - who->units.begin,
        .units = r->u,
        .z = dsc_recurrent_z(r, n, t) + who->units.begin,
        .r = r->extra + at,
        .h = r->h + at,
        .h_old = r->h + at,
        .act = r->attr->act,
        .gate_act = r->attr->gate_act,
    };
}

/* Keras' first form: the candidate's product reads reset * h. */
static void reset_before(const struct dsc_recurrent_run *r, size_t t,
                         const struct dsc_recurrent_share *who)
{
    const struct dsc_step_product candidate = {
        .a = r->extra,
        .right = r->right[2],
        .c = dsc_recurrent_z(r, 0, t) + 2 * r->u,
        .ldc = r->t * 3 * r->u,
        .m = r->u,
        .add = true,
    };

    for (size_t n = 0; n < r->n; n++) {
        struct dsc_gates g = gates_of(r, n, t, who);

        g.h = r->extra + n * r->u + who->units.begin;
        dsc_kernels()->gru_reset_f32(&g);
    }
    dsc_recurrent_wait();
    dsc_recurrent_product(r, &candidate, who);
    dsc_recurrent_wait();
    for (size_t n = 0; n < r->n; n++) {
        const struct dsc_gates g = gates_of(r, n, t, who);

        if (!dsc_recurrent_is_masked(r, n, t))
            dsc_kernels()->gru_mix_f32(&g);
    }
}

/* CuDNN's form: reset * (h r + recurrent bias). */
static void reset_after(const struct dsc_recurrent_run *r, size_t t,
                        const struct dsc_recurrent_share *who)
{
    for (size_t n = 0; n < r->n; n++) {
        const struct dsc_gates g = gates_of(r, n, t, who);

        if (!dsc_recurrent_is_masked(r, n, t))
            dsc_kernels()->gru_gates_f32(&g);
    }
}

static void step(const struct dsc_recurrent_run *r, size_t t, const struct dsc_recurrent_share *who)
{
    const float *bias = r->b && r->attr->reset_after ? r->b + 3 * r->u : NULL;
    const struct dsc_step_product gates = {
        .a = r->h,
        .right = r->right[1],
        .bias = bias,
        .c = dsc_recurrent_z(r, 0, t),
        .ldc = r->t * 3 * r->u,
        .m = 2 * r->u,
        .add = true,
    };
    const struct dsc_step_product candidate = {
        .a = r->h,
        .right = r->right[2],
        .bias = bias ? bias + 2 * r->u : NULL,
        .c = r->extra,
        .ldc = r->u,
        .m = r->u,
    };

    dsc_recurrent_product(r, &gates, who);
    if (r->attr->reset_after)
        dsc_recurrent_product(r, &candidate, who);
    dsc_recurrent_wait();
    if (r->attr->reset_after)
        reset_after(r, t, who);
    else
        reset_before(r, t, who);
}

static const struct dsc_cell cell = {
    .name = "gru",
    .gates = 3,
    .n_state = 1,
    .first_columns = 2,
    .has_extra = true,
    .step = step,
};

DSC_RECURRENT_OP(gru, &cell, 1);
