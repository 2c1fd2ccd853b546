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

static enum dsc_status shape(const struct dsc_op_io *io)
{
    return dsc_recurrent_shape(io, &cell);
}

static enum dsc_status pack(const struct dsc_op_io *io, void **out)
{
    return dsc_recurrent_pack(io, &cell, out);
}

static size_t work_bytes(const struct dsc_op_io *io)
{
    return dsc_recurrent_work_bytes(io, &cell);
}

static enum dsc_status forward(const struct dsc_op_io *io)
{
    return dsc_recurrent_forward(io, &cell);
}

const struct dsc_op dsc_op_rnn = {
    .name = "rnn",
    .attr_bytes = sizeof(struct dsc_recurrent),
    .min_in = 3,
    .max_in = 6,
    .n_out = 2,
    .n_state = 1,
    .state_in = DSC_RECURRENT_STATE_IN,
    .state_out = 1,
    .mask_in = DSC_RECURRENT_MASK,
    .shape = shape,
    .pack = pack,
    .work_bytes = work_bytes,
    .forward = forward,
    .time = dsc_recurrent_time,
};
