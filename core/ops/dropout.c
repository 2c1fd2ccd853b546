#include "core/ops/ops.h"

static enum dsc_status shape(const struct dsc_op_io *io)
{
    io->out[0].dtype = io->in[0]->dtype;
    io->out[0].shape = io->in[0]->shape;
    return DSC_OK;
}

/* A view: the result is the input's memory. */
static enum dsc_status forward(const struct dsc_op_io *io)
{
    (void)io;
    return DSC_OK;
}

static enum dsc_time time_of(const struct dsc_op_io *io, const int *in_axis, int *out_axis)
{
    (void)io;
    *out_axis = in_axis[0];
    return DSC_TIME_STEPWISE;
}

const struct dsc_op dsc_op_dropout = {
    .name = "dropout",
    .attr_bytes = sizeof(struct dsc_dropout),
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .flags = DSC_OP_VIEW,
    .shape = shape,
    .forward = forward,
    .time = time_of,
};
