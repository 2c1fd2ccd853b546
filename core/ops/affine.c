#include "core/kernels/kernels.h"
#include "core/ops/dims_internal.h"
#include "core/ops/matrix_internal.h"
#include "core/ops/ops.h"

/* Numbers that are scaled, then activated while they are in the first cache. */
#define CHUNK 4096

static enum dsc_status shape(const struct dsc_op_io *io)
{
    const struct dsc_affine *attr = io->attr;
    enum dsc_status st = dsc_check_dtype(io, "affine", DSC_F32);

    if (!st)
        st = dsc_check_axis("affine", io->in[0]->shape, attr->axis);
    for (size_t i = 1; !st && i < io->n_in; i++)
        st = dsc_check_channels("affine", io->in[0], attr->axis, io->in[i]);
    if (st)
        return st;
    io->out[0].dtype = DSC_F32;
    io->out[0].shape = io->in[0]->shape;
    return DSC_OK;
}

/* The axis is the last: rows of C. */
static void by_rows(const struct dsc_op_io *io, size_t rows, size_t n)
{
    const struct dsc_affine *attr = io->attr;
    const float *x = dsc_tensor_f32(io->in[0]), *scale = dsc_op_in_f32(io, 1);
    const float *shift = dsc_op_in_f32(io, 2);
    const size_t step = DSC_MAX(CHUNK / n, 1), chunks = rows / step + (rows % step != 0);
    const int n_threads = dsc_threads_for(io, rows * n);
    float *y = dsc_tensor_f32(&io->out[0]);

#pragma omp parallel for num_threads(n_threads) if (n_threads > 1)
    for (size_t i = 0; i < chunks; i++) {
        const size_t at = i * step * n, count = DSC_MIN(step, rows - i * step);

        dsc_kernels()->affine_f32(y + at, x + at, scale, shift, count, n);
        if (attr->act.kind != DSC_ACT_NONE)
            dsc_kernels()->act_f32(y + at, y + at, count * n, attr->act);
    }
}

/* One scale and one shift for each run of `inner` numbers. */
static void by_runs(const struct dsc_op_io *io, struct dsc_axis_view v)
{
    const struct dsc_affine *attr = io->attr;
    const float *x = dsc_tensor_f32(io->in[0]), *scale = dsc_op_in_f32(io, 1);
    const float *shift = dsc_op_in_f32(io, 2);
    const size_t runs = v.outer * v.n;
    const int n_threads = dsc_threads_for(io, runs * v.inner);
    float *y = dsc_tensor_f32(&io->out[0]);

#pragma omp parallel for num_threads(n_threads) if (n_threads > 1)
    for (size_t i = 0; i < runs; i++) {
        const size_t at = i * v.inner, c = i % v.n;

        dsc_kernels()->affine_scalar_f32(y + at, x + at, scale ? scale[c] : 1, shift ? shift[c] : 0,
                                         v.inner);
        if (attr->act.kind != DSC_ACT_NONE)
            dsc_kernels()->act_f32(y + at, y + at, v.inner, attr->act);
    }
}

static enum dsc_status forward(const struct dsc_op_io *io)
{
    const struct dsc_affine *attr = io->attr;
    const struct dsc_axis_view v = dsc_axis_view(io->in[0]->shape, attr->axis);

    if (!v.n)
        return DSC_OK;
    if (v.inner == 1)
        by_rows(io, v.outer, v.n);
    else
        by_runs(io, v);
    return DSC_OK;
}

static enum dsc_time time_of(const struct dsc_op_io *io, const int *in_axis, int *out_axis)
{
    const struct dsc_affine *attr = io->attr;

    if (!dsc_time_of_first(io, in_axis) || in_axis[0] == (int)attr->axis)
        return DSC_TIME_WHOLE;
    *out_axis = in_axis[0];
    return DSC_TIME_STEPWISE;
}

const struct dsc_op dsc_op_affine = {
    .name = "affine",
    .attr_bytes = sizeof(struct dsc_affine),
    .min_in = 1,
    .max_in = 3,
    .n_out = 1,
    .flags = DSC_OP_INPLACE,
    .shape = shape,
    .forward = forward,
    .time = time_of,
};
