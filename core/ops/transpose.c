#include "core/ops/copy_internal.h"
#include "core/ops/dims_internal.h"
#include "core/ops/ops.h"

static bool is_permutation(const size_t *perm, size_t rank)
{
    unsigned seen = 0;

    for (size_t i = 0; i < rank; i++) {
        if (perm[i] >= rank || (seen >> perm[i] & 1))
            return false;
        seen |= 1U << perm[i];
    }
    return true;
}

static enum dsc_status shape(const struct dsc_op_io *io)
{
    const struct dsc_transpose *attr = io->attr;
    struct dsc_shape in = io->in[0]->shape, order = { .rank = in.rank }, s = in;
    char text[DSC_SHAPE_TEXT], order_text[DSC_SHAPE_TEXT];

    if (!is_permutation(attr->perm, in.rank)) {
        for (size_t i = 0; i < in.rank; i++)
            order.dim[i] = attr->perm[i];
        return dsc_fail(DSC_INVALID, "transpose: %s is no order of the axes of %s",
                        dsc_shape_text(order, order_text), dsc_shape_text(in, text));
    }
    for (size_t i = 0; i < in.rank; i++)
        s.dim[i] = in.dim[attr->perm[i]];
    io->out[0].dtype = io->in[0]->dtype;
    io->out[0].shape = s;
    return DSC_OK;
}

static enum dsc_status forward(const struct dsc_op_io *io)
{
    const struct dsc_transpose *attr = io->attr;
    struct dsc_shape out = io->out[0].shape;
    ptrdiff_t from_step[DSC_MAX_RANK], to_step[DSC_MAX_RANK];
    struct dsc_copy c = { 0 };

    dsc_dense_steps(io->in[0]->shape, from_step);
    dsc_dense_steps(out, to_step);
    for (size_t i = 0; i < out.rank; i++)
        dsc_copy_axis(&c, out.dim[i], from_step[attr->perm[i]], to_step[i]);
    dsc_copy_run(c, io->out[0].data, io->in[0]->data, dsc_dtype_bytes(io->out[0].dtype),
                 dsc_threads_for(io, dsc_copy_count(&c)));
    return DSC_OK;
}

static enum dsc_time time_of(const struct dsc_op_io *io, const int *in_axis, int *out_axis)
{
    const struct dsc_transpose *attr = io->attr;
    int axis = 0;

    while (attr->perm[axis] != (size_t)in_axis[0])
        axis++;
    *out_axis = axis;
    return DSC_TIME_STEPWISE;
}

const struct dsc_op dsc_op_transpose = {
    .name = "transpose",
    .attr_bytes = sizeof(struct dsc_transpose),
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .shape = shape,
    .forward = forward,
    .time = time_of,
};
