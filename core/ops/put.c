#include <string.h>

#include "core/ops/copy_internal.h"
#include "core/ops/dims_internal.h"
#include "core/ops/ops.h"

static bool index_fits(const struct dsc_tensor *index)
{
    return index->dtype == DSC_I32 && index->shape.rank <= 1 &&
           (!index->shape.rank || index->shape.dim[0] == 1);
}

static enum dsc_status shape(const struct dsc_op_io *io)
{
    const struct dsc_put *attr = io->attr;
    const struct dsc_tensor *x = io->in[0], *part = io->in[1], *index = io->in[2];
    struct dsc_shape slice = x->shape;
    enum dsc_status st = dsc_check_axis("put", slice, attr->axis);
    char x_text[DSC_SHAPE_TEXT], part_text[DSC_SHAPE_TEXT];

    if (st)
        return st;
    if (!index_fits(index))
        return dsc_fail(DSC_INVALID, "put: the index is %s %s, expected int32 [] or [1]",
                        dsc_dtype_name(index->dtype), dsc_shape_text(index->shape, x_text));
    slice.dim[attr->axis] = 1;
    if (part->dtype != x->dtype || !dsc_shape_fits(part->shape, slice))
        return dsc_fail(DSC_INVALID, "put: %s %s is no slice of %s %s", dsc_dtype_name(part->dtype),
                        dsc_shape_text(part->shape, part_text), dsc_dtype_name(x->dtype),
                        dsc_shape_text(x->shape, x_text));
    io->out[0].dtype = x->dtype;
    io->out[0].shape = x->shape;
    return DSC_OK;
}

static enum dsc_status forward(const struct dsc_op_io *io)
{
    const struct dsc_put *attr = io->attr;
    const struct dsc_tensor *x = io->in[0];
    struct dsc_axis_view v = dsc_axis_view(x->shape, attr->axis);
    const int32_t index = *dsc_tensor_i32(io->in[2]);
    const size_t elem = dsc_dtype_bytes(x->dtype);
    struct dsc_copy c = { 0 };

    if (index < 0 || (size_t)index >= v.n)
        return dsc_fail(DSC_INVALID, "put: index %d of an axis of length %zu", (int)index, v.n);
    if (io->out[0].data != x->data)
        memcpy(io->out[0].data, x->data, dsc_tensor_count(x) * elem);
    dsc_copy_axis(&c, v.outer, (ptrdiff_t)v.inner, (ptrdiff_t)(v.n * v.inner));
    dsc_copy_axis(&c, v.inner, 1, 1);
    dsc_copy_run(c, (char *)io->out[0].data + (size_t)index * v.inner * elem, io->in[1]->data, elem,
                 dsc_threads_for(io, v.outer * v.inner));
    return DSC_OK;
}

const struct dsc_op dsc_op_put = {
    .name = "put",
    .attr_bytes = sizeof(struct dsc_put),
    .min_in = 3,
    .max_in = 3,
    .n_out = 1,
    .flags = DSC_OP_INPLACE,
    .shape = shape,
    .forward = forward,
};
