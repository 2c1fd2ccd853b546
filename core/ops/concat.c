#include "core/ops/copy_internal.h"
#include "core/ops/dims_internal.h"
#include "core/ops/ops.h"

/* Put x behind what `joined` holds already. */
static enum dsc_status append(struct dsc_shape *joined, struct dsc_shape x, size_t axis)
{
    char text[DSC_SHAPE_TEXT], x_text[DSC_SHAPE_TEXT];
    bool fits = x.rank == joined->rank;
    struct dsc_shape s = *joined;

    for (size_t i = 0; fits && i < x.rank; i++) {
        if (i == axis)
            fits = dsc_dim_add(s.dim[i], x.dim[i], &s.dim[i]);
        else
            fits = dsc_dim_join(s.dim[i], x.dim[i], &s.dim[i]);
    }
    if (!fits)
        return dsc_fail(DSC_INVALID, "concat: %s and %s cannot be joined along axis %zu",
                        dsc_shape_text(*joined, text), dsc_shape_text(x, x_text), axis);
    *joined = s;
    return DSC_OK;
}

static enum dsc_status shape(const struct dsc_op_io *io)
{
    const struct dsc_concat *attr = io->attr;
    struct dsc_shape s = io->in[0]->shape;
    enum dsc_status st = dsc_check_axis("concat", s, attr->axis);

    if (!st)
        st = dsc_check_dtype(io, "concat", io->in[0]->dtype);
    for (size_t i = 1; !st && i < io->n_in; i++)
        st = io->in[i] ? append(&s, io->in[i]->shape, attr->axis)
                       : dsc_fail(DSC_INVALID, "concat: input %zu is left out", i);
    if (st)
        return st;
    io->out[0].dtype = io->in[0]->dtype;
    io->out[0].shape = s;
    return DSC_OK;
}

static enum dsc_status forward(const struct dsc_op_io *io)
{
    const struct dsc_concat *attr = io->attr;
    size_t elem = dsc_dtype_bytes(io->out[0].dtype);
    struct dsc_axis_view all = dsc_axis_view(io->out[0].shape, attr->axis);
    char *to = io->out[0].data;

    for (size_t i = 0; i < io->n_in; i++) {
        const struct dsc_tensor *x = io->in[i];
        size_t run = x->shape.dim[attr->axis] * all.inner;
        struct dsc_copy c = { 0 };

        dsc_copy_axis(&c, all.outer, (ptrdiff_t)run, (ptrdiff_t)(all.n * all.inner));
        dsc_copy_axis(&c, run, 1, 1);
        dsc_copy_run(c, to, x->data, elem, dsc_threads_for(io, all.outer * run));
        to += run * elem;
    }
    return DSC_OK;
}

static enum dsc_time time_of(const struct dsc_op_io *io, const int *in_axis, int *out_axis)
{
    const struct dsc_concat *attr = io->attr;

    for (size_t i = 0; i < io->n_in; i++)
        if (in_axis[i] < 0 || in_axis[i] != in_axis[0] || (size_t)in_axis[i] == attr->axis)
            return DSC_TIME_WHOLE;
    *out_axis = in_axis[0];
    return DSC_TIME_STEPWISE;
}

const struct dsc_op dsc_op_concat = {
    .name = "concat",
    .attr_bytes = sizeof(struct dsc_concat),
    .min_in = 2,
    .max_in = SIZE_MAX,
    .n_out = 1,
    .shape = shape,
    .forward = forward,
    .time = time_of,
};
