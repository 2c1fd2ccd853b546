#include "core/ops/broadcast_internal.h"
#include "core/ops/dims_internal.h"
#include "core/ops/ops.h"

struct operands {
    const float *x, *alpha;
    float *y;
};

static enum dsc_status shape(const struct dsc_op_io *io)
{
    struct dsc_shape x = io->in[0]->shape, alpha = io->in[1]->shape;
    bool fits = alpha.rank + 1 == x.rank;
    enum dsc_status st = dsc_check_dtype(io, "prelu", DSC_F32);
    char x_text[DSC_SHAPE_TEXT], text[DSC_SHAPE_TEXT];
    size_t joined;

    if (st)
        return st;
    for (size_t i = 0; fits && i < alpha.rank; i++)
        fits = alpha.dim[i] == 1 || dsc_dim_join(alpha.dim[i], x.dim[i + 1], &joined);
    if (!fits)
        return dsc_fail(DSC_INVALID, "prelu: slopes of shape %s do not fit %s",
                        dsc_shape_text(alpha, text), dsc_shape_text(x, x_text));
    io->out[0].dtype = DSC_F32;
    io->out[0].shape = x;
    return DSC_OK;
}

static void run(const void *arg, const struct dsc_run *r)
{
    const struct operands *o = arg;
    const float *x = o->x + r->a, *alpha = o->alpha + r->b;
    float *y = o->y + r->y;

    if (r->b_step) {
#pragma omp simd
        for (size_t i = 0; i < r->n; i++)
            y[i] = x[i] > 0 ? x[i] : alpha[i] * x[i];
    } else {
#pragma omp simd
        for (size_t i = 0; i < r->n; i++)
            y[i] = x[i] > 0 ? x[i] : *alpha * x[i];
    }
}

static enum dsc_status forward(const struct dsc_op_io *io)
{
    struct operands o = { dsc_tensor_f32(io->in[0]), dsc_tensor_f32(io->in[1]),
                          dsc_tensor_f32(&io->out[0]) };
    struct dsc_broadcast w = dsc_broadcast_of(io->in[0]->shape, io->in[1]->shape);
    int n_threads = dsc_threads_for(io, dsc_tensor_count(&io->out[0]));

#pragma omp parallel for num_threads(n_threads) if (n_threads > 1)
    for (size_t i = 0; i < w.n_blocks; i++)
        dsc_broadcast_block(&w, i, run, &o);
    return DSC_OK;
}

const struct dsc_op dsc_op_prelu = {
    .name = "prelu",
    .min_in = 2,
    .max_in = 2,
    .n_out = 1,
    .flags = DSC_OP_INPLACE,
    .shape = shape,
    .forward = forward,
    .time = dsc_broadcast_time,
};
