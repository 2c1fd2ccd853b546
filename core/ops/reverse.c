#include "core/ops/copy_internal.h"
#include "core/ops/dims_internal.h"
#include "core/ops/ops.h"

static enum dsc_status shape(const struct dsc_op_io *io)
{
    const struct dsc_reverse *attr = io->attr;
    enum dsc_status st = dsc_check_axis("reverse", io->in[0]->shape, attr->axis);

    if (st)
        return st;
    io->out[0].dtype = io->in[0]->dtype;
    io->out[0].shape = io->in[0]->shape;
    return DSC_OK;
}

static enum dsc_status forward(const struct dsc_op_io *io)
{
    const struct dsc_reverse *attr = io->attr;
    struct dsc_axis_view v = dsc_axis_view(io->out[0].shape, attr->axis);
    ptrdiff_t inner = (ptrdiff_t)v.inner, slab = (ptrdiff_t)(v.n * v.inner);
    size_t elem = dsc_dtype_bytes(io->out[0].dtype), n = v.outer * v.n * v.inner;
    struct dsc_copy c = { 0 };

    if (!n)
        return DSC_OK;
    dsc_copy_axis(&c, v.outer, slab, slab);
    dsc_copy_axis(&c, v.n, -inner, inner);
    dsc_copy_axis(&c, v.inner, 1, 1);
    dsc_copy_run(c, io->out[0].data, (const char *)io->in[0]->data + (v.n - 1) * v.inner * elem,
                 elem, dsc_threads_for(io, n));
    return DSC_OK;
}

static enum dsc_time time_of(const struct dsc_op_io *io, const int *in_axis, int *out_axis)
{
    const struct dsc_reverse *attr = io->attr;

    if ((size_t)in_axis[0] == attr->axis)
        return DSC_TIME_WHOLE;
    *out_axis = in_axis[0];
    return DSC_TIME_STEPWISE;
}

const struct dsc_op dsc_op_reverse = {
    .name = "reverse",
    .attr_bytes = sizeof(struct dsc_reverse),
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .shape = shape,
    .forward = forward,
    .time = time_of,
};
