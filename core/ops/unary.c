#include "core/kernels/kernels.h"
#include "core/ops/dims_internal.h"
#include "core/ops/ops.h"

#define CHUNK 4096

static enum dsc_status shape(const struct dsc_op_io *io)
{
    io->out[0].dtype = DSC_F32;
    io->out[0].shape = io->in[0]->shape;
    return dsc_check_dtype(io, "activation", DSC_F32);
}

static enum dsc_status forward(const struct dsc_op_io *io)
{
    const struct dsc_unary *attr = io->attr;
    const size_t n = dsc_tensor_count(&io->out[0]), chunks = n / CHUNK + (n % CHUNK != 0);
    const float *x = dsc_tensor_f32(io->in[0]);
    float *y = dsc_tensor_f32(&io->out[0]);
    const int n_threads = dsc_threads_for(io, n);

#pragma omp parallel for num_threads(n_threads) if (n_threads > 1)
    for (size_t i = 0; i < chunks; i++)
        dsc_kernels()->act_f32(y + i * CHUNK, x + i * CHUNK, DSC_MIN(n - i * CHUNK, CHUNK),
                               attr->act);
    return DSC_OK;
}

const struct dsc_op dsc_op_unary = {
    .name = "unary",
    .attr_bytes = sizeof(struct dsc_unary),
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .flags = DSC_OP_INPLACE,
    .shape = shape,
    .forward = forward,
    .time = dsc_time_each,
};
