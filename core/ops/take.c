#include "core/ops/copy_internal.h"
#include "core/ops/dims_internal.h"
#include "core/ops/ops.h"

static enum dsc_status shape(const struct dsc_op_io *io)
{
    const struct dsc_take *attr = io->attr;
    const struct dsc_tensor *index = io->in[1];
    struct dsc_shape s = io->in[0]->shape;
    enum dsc_status st = dsc_check_axis("take", s, attr->axis);
    char text[DSC_SHAPE_TEXT];

    if (st)
        return st;
    if (index->dtype != DSC_I32 || index->shape.rank > 1 ||
        (index->shape.rank == 1 && index->shape.dim[0] != 1))
        return dsc_fail(DSC_INVALID, "take: the index is %s %s, expected int32 [] or [1]",
                        dsc_dtype_name(index->dtype), dsc_shape_text(index->shape, text));
    if (s.dim[attr->axis] == 0)
        return dsc_fail(DSC_INVALID, "take: axis %zu of %s is empty", attr->axis,
                        dsc_shape_text(s, text));
    s.dim[attr->axis] = 1;
    io->out[0].dtype = io->in[0]->dtype;
    io->out[0].shape = s;
    return DSC_OK;
}

static enum dsc_status forward(const struct dsc_op_io *io)
{
    const struct dsc_take *attr = io->attr;
    const struct dsc_tensor *x = io->in[0];
    struct dsc_axis_view v = dsc_axis_view(x->shape, attr->axis);
    int32_t index = *dsc_tensor_i32(io->in[1]);
    size_t elem = dsc_dtype_bytes(x->dtype);
    struct dsc_copy c = { 0 };

    if (index < 0 || (size_t)index >= v.n)
        return dsc_fail(DSC_INVALID, "take: index %d of an axis of length %zu", (int)index, v.n);
    dsc_copy_axis(&c, v.outer, (ptrdiff_t)(v.n * v.inner), (ptrdiff_t)v.inner);
    dsc_copy_axis(&c, v.inner, 1, 1);
    dsc_copy_run(c, io->out[0].data, (const char *)x->data + (size_t)index * v.inner * elem, elem,
                 dsc_threads_for(io, v.outer * v.inner));
    return DSC_OK;
}

static enum dsc_time time_of(const struct dsc_op_io *io, const int *in_axis, int *out_axis)
{
    const struct dsc_take *attr = io->attr;

    if (!dsc_time_of_first(io, in_axis) || (size_t)in_axis[0] == attr->axis)
        return DSC_TIME_WHOLE;
    *out_axis = in_axis[0];
    return DSC_TIME_STEPWISE;
}

const struct dsc_op dsc_op_take = {
    .name = "take",
    .attr_bytes = sizeof(struct dsc_take),
    .min_in = 2,
    .max_in = 2,
    .n_out = 1,
    .shape = shape,
    .forward = forward,
    .time = time_of,
};
