#include <math.h>

#include "core/kernels/kernels.h"
#include "core/ops/dims_internal.h"
#include "core/ops/ops.h"

static enum dsc_status shape(const struct dsc_op_io *io)
{
    const struct dsc_batch_norm *attr = io->attr;
    const struct dsc_tensor *x = io->in[0];
    enum dsc_status st = dsc_check_dtype(io, "batch_norm", DSC_F32);

    if (!st)
        st = dsc_check_axis("batch_norm", x->shape, attr->axis);
    if (!st && (io->n_in < 5 || !io->in[3] || !io->in[4]))
        st = dsc_fail(DSC_INVALID, "batch_norm: the moving mean or variance is left out");
    for (size_t i = 1; !st && i < io->n_in; i++)
        st = dsc_check_channels("batch_norm", x, attr->axis, io->in[i]);
    if (st)
        return st;
    io->out[0].dtype = DSC_F32;
    io->out[0].shape = x->shape;
    return DSC_OK;
}

/* A scale and a shift for each channel. */
static size_t work_bytes(const struct dsc_op_io *io)
{
    const struct dsc_batch_norm *attr = io->attr;

    return 2 * io->in[0]->shape.dim[attr->axis] * sizeof(float);
}

static void find_moments(const struct dsc_op_io *io, size_t channels)
{
    const struct dsc_batch_norm *attr = io->attr;
    const float *gamma = io->in[1] ? dsc_tensor_f32(io->in[1]) : NULL;
    const float *beta = io->in[2] ? dsc_tensor_f32(io->in[2]) : NULL;
    const float *mean = dsc_tensor_f32(io->in[3]), *var = dsc_tensor_f32(io->in[4]);
    float *scale = io->work, *shift = scale + channels;

    for (size_t c = 0; c < channels; c++) {
        double s = (gamma ? (double)gamma[c] : 1.0) / sqrt((double)var[c] + (double)attr->epsilon);

        scale[c] = (float)s;
        shift[c] = (float)((beta ? (double)beta[c] : 0.0) - (double)mean[c] * s);
    }
}

static enum dsc_status forward(const struct dsc_op_io *io)
{
    const struct dsc_batch_norm *attr = io->attr;
    const struct dsc_kernels *k = dsc_kernels();
    struct dsc_axis_view v = dsc_axis_view(io->in[0]->shape, attr->axis);
    const float *x = dsc_tensor_f32(io->in[0]), *scale = io->work, *shift = scale + v.n;
    float *y = dsc_tensor_f32(&io->out[0]);
    size_t rows = v.inner == 1 ? v.outer : v.outer * v.n;
    int n_threads = dsc_threads_for(io, v.outer * v.n * v.inner);
    size_t n_parts = (size_t)n_threads;

    find_moments(io, v.n);
#pragma omp parallel for num_threads(n_threads) if (n_threads > 1)
    for (size_t part = 0; part < n_parts; part++) {
        size_t row = rows * part / n_parts, end = rows * (part + 1) / n_parts;

        if (v.inner == 1) {
            k->affine_f32(y + row * v.n, x + row * v.n, scale, shift, end - row, v.n);
            continue;
        }
        for (; row < end; row++)
            k->affine_scalar_f32(y + row * v.inner, x + row * v.inner, scale[row % v.n],
                                 shift[row % v.n], v.inner);
    }
    return DSC_OK;
}

static enum dsc_time time_of(const struct dsc_op_io *io, const int *in_axis, int *out_axis)
{
    const struct dsc_batch_norm *attr = io->attr;

    if (!dsc_time_of_first(io, in_axis) || (size_t)in_axis[0] == attr->axis)
        return DSC_TIME_WHOLE;
    *out_axis = in_axis[0];
    return DSC_TIME_STEPWISE;
}

const struct dsc_op dsc_op_batch_norm = {
    .name = "batch_norm",
    .attr_bytes = sizeof(struct dsc_batch_norm),
    .min_in = 1, /* gamma and beta may be left out */
    .max_in = 5,
    .n_out = 1,
    .flags = DSC_OP_INPLACE,
    .shape = shape,
    .work_bytes = work_bytes,
    .forward = forward,
    .time = time_of,
};
