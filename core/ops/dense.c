#include "core/ops/dims_internal.h"
#include "core/ops/matrix_internal.h"
#include "core/ops/ops.h"

static enum dsc_status shape(const struct dsc_op_io *io)
{
    const struct dsc_tensor *x = io->in[0], *w = io->in[1], *residual = dsc_op_in(io, 3);
    char x_text[DSC_SHAPE_TEXT], w_text[DSC_SHAPE_TEXT];
    struct dsc_shape out = x->shape;
    enum dsc_status st = dsc_check_dtype(io, "dense", DSC_F32);
    size_t k;

    if (st)
        return st;
    if (!out.rank || w->shape.rank != 2 ||
        !dsc_dim_join(out.dim[out.rank - 1], w->shape.dim[0], &k))
        return dsc_fail(DSC_INVALID, "dense: input %s does not fit weights %s",
                        dsc_shape_text(x->shape, x_text), dsc_shape_text(w->shape, w_text));
    st = dsc_check_channels("dense", w, 1, dsc_op_in(io, 2));
    if (st)
        return st;
    out.dim[out.rank - 1] = w->shape.dim[1];
    if (residual && !dsc_shape_fits(residual->shape, out))
        return dsc_fail(DSC_INVALID, "dense: the addend %s does not fit the result %s",
                        dsc_shape_text(residual->shape, x_text), dsc_shape_text(out, w_text));
    io->out[0].dtype = DSC_F32;
    io->out[0].shape = out;
    return DSC_OK;
}

static struct dsc_right right_of(const struct dsc_tensor *w)
{
    return (struct dsc_right){ w->data, w->shape.dim[1], 0, w->shape.dim[0], w->shape.dim[1] };
}

static enum dsc_status pack(const struct dsc_op_io *io, void **out)
{
    struct dsc_right r = right_of(io->in[1]);

    return r.w ? dsc_right_pack(&r, 1, out) : DSC_OK;
}

static size_t work_bytes(const struct dsc_op_io *io)
{
    struct dsc_right r = right_of(io->in[1]);

    return io->pack ? 0 : dsc_right_bytes(&r, 1);
}

static enum dsc_status forward(const struct dsc_op_io *io)
{
    const struct dsc_dense *attr = io->attr;
    const struct dsc_right r = right_of(io->in[1]);
    const struct dsc_product p = {
        .a = dsc_tensor_f32(io->in[0]),
        .lda = r.k,
        .packed = io->pack ? io->pack : io->work,
        .k = r.k,
        .m = r.m,
        .c = dsc_tensor_f32(&io->out[0]),
        .ldc = r.m,
        .bias = dsc_op_in_f32(io, 2),
        .residual = dsc_op_in_f32(io, 3),
        .ldr = r.m,
        .act = attr->act,
    };

    if (!io->pack)
        dsc_right_fill(io->work, &r, 1);
    dsc_matrix_product(&p, dsc_shape_count(io->out[0].shape, 0, io->out[0].shape.rank - 1),
                       io->n_threads);
    return DSC_OK;
}

static enum dsc_time time_of(const struct dsc_op_io *io, const int *in_axis, int *out_axis)
{
    const bool weights = in_axis[1] >= 0 || (dsc_op_in(io, 2) && in_axis[2] >= 0);

    /* The addend is as long as x along the words, so the two go by steps together. */
    if (weights || in_axis[0] < 0 || in_axis[0] + 1 == (int)io->in[0]->shape.rank ||
        (dsc_op_in(io, 3) && in_axis[3] != in_axis[0]))
        return DSC_TIME_WHOLE;
    *out_axis = in_axis[0];
    return DSC_TIME_STEPWISE;
}

const struct dsc_op dsc_op_dense = {
    .name = "dense",
    .attr_bytes = sizeof(struct dsc_dense),
    .min_in = 2,
    .max_in = 4,
    .n_out = 1,
    .shape = shape,
    .pack = pack,
    .work_bytes = work_bytes,
    .forward = forward,
    .time = time_of,
};
