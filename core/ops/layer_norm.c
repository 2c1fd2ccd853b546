#include "core/kernels/kernels.h"
#include "core/ops/dims_internal.h"
#include "core/ops/matrix_internal.h"
#include "core/ops/ops.h"

static enum dsc_status shape(const struct dsc_op_io *io)
{
    const struct dsc_tensor *x = io->in[0];
    enum dsc_status st = dsc_check_dtype(io, "layer_norm", DSC_F32);

    if (!st)
        st = dsc_check_axis("layer_norm", x->shape, x->shape.rank - 1);
    for (size_t i = 1; !st && i < io->n_in; i++)
        st = dsc_check_channels("layer_norm", x, x->shape.rank - 1, io->in[i]);
    if (st)
        return st;
    io->out[0].dtype = DSC_F32;
    io->out[0].shape = x->shape;
    return DSC_OK;
}

static enum dsc_status forward(const struct dsc_op_io *io)
{
    const struct dsc_layer_norm *attr = io->attr;
    const float *x = dsc_tensor_f32(io->in[0]), *gamma = dsc_op_in_f32(io, 1);
    const float *beta = dsc_op_in_f32(io, 2);
    const struct dsc_axis_view v = dsc_axis_view(io->in[0]->shape, io->in[0]->shape.rank - 1);
    const int n_threads = dsc_threads_for(io, v.outer * v.n);
    const struct dsc_kernels *k = dsc_kernels();
    float *y = dsc_tensor_f32(&io->out[0]);

    if (!v.n)
        return DSC_OK;
#pragma omp parallel for num_threads(n_threads) if (n_threads > 1)
    for (size_t i = 0; i < v.outer; i++) {
        if (attr->rms)
            k->rms_norm_f32(y + i * v.n, x + i * v.n, gamma, v.n, attr->epsilon);
        else
            k->layer_norm_f32(y + i * v.n, x + i * v.n, gamma, beta, v.n, attr->epsilon);
    }
    return DSC_OK;
}

static enum dsc_time time_of(const struct dsc_op_io *io, const int *in_axis, int *out_axis)
{
    if (!dsc_time_of_first(io, in_axis) || in_axis[0] + 1 == (int)io->in[0]->shape.rank)
        return DSC_TIME_WHOLE;
    *out_axis = in_axis[0];
    return DSC_TIME_STEPWISE;
}

const struct dsc_op dsc_op_layer_norm = {
    .name = "layer_norm",
    .attr_bytes = sizeof(struct dsc_layer_norm),
    .min_in = 1,
    .max_in = 3,
    .n_out = 1,
    .flags = DSC_OP_INPLACE,
    .shape = shape,
    .forward = forward,
    .time = time_of,
};
