#include "core/ops/copy_internal.h"
#include "core/ops/dims_internal.h"
#include "core/ops/ops.h"

static enum dsc_status shape(const struct dsc_op_io *io)
{
    const struct dsc_repeat *attr = io->attr;
    struct dsc_shape in = io->in[0]->shape, s = { .rank = in.rank + 1 };
    char text[DSC_SHAPE_TEXT];

    if (attr->axis > in.rank || s.rank > DSC_MAX_RANK || attr->n == DSC_DIM_FREE)
        return dsc_fail(DSC_INVALID, "repeat: %s has no room for a new axis %zu of length %zu",
                        dsc_shape_text(in, text), attr->axis, attr->n);
    for (size_t i = 0; i < s.rank; i++)
        s.dim[i] = i < attr->axis ? in.dim[i] : i == attr->axis ? attr->n : in.dim[i - 1];
    io->out[0].dtype = io->in[0]->dtype;
    io->out[0].shape = s;
    return DSC_OK;
}

static enum dsc_status forward(const struct dsc_op_io *io)
{
    const struct dsc_repeat *attr = io->attr;
    struct dsc_axis_view v = dsc_axis_view(io->out[0].shape, attr->axis);
    ptrdiff_t inner = (ptrdiff_t)v.inner;
    struct dsc_copy c = { 0 };

    dsc_copy_axis(&c, v.outer, inner, (ptrdiff_t)v.n * inner);
    dsc_copy_axis(&c, v.n, 0, inner);
    dsc_copy_axis(&c, v.inner, 1, 1);
    dsc_copy_run(c, io->out[0].data, io->in[0]->data, dsc_dtype_bytes(io->out[0].dtype),
                 dsc_threads_for(io, dsc_copy_count(&c)));
    return DSC_OK;
}

static enum dsc_time time_of(const struct dsc_op_io *io, const int *in_axis, int *out_axis)
{
    const struct dsc_repeat *attr = io->attr;

    *out_axis = in_axis[0] + ((size_t)in_axis[0] >= attr->axis);
    return DSC_TIME_STEPWISE;
}

const struct dsc_op dsc_op_repeat = {
    .name = "repeat",
    .attr_bytes = sizeof(struct dsc_repeat),
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .shape = shape,
    .forward = forward,
    .time = time_of,
};
