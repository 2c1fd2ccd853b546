#include "core/ops/copy_internal.h"
#include "core/ops/dims_internal.h"
#include "core/ops/ops.h"

/* What is kept of an axis of length `in`; false when it is not all there. */
static bool keep(const struct dsc_slice *s, size_t axis, size_t in, size_t *kept)
{
    size_t lost = 0;

    if (s->size[axis] != DSC_DIM_FREE) {
        *kept = s->size[axis];
        return in == DSC_DIM_FREE || (s->begin[axis] <= in && *kept <= in - s->begin[axis]);
    }
    if (!dsc_add_size(s->begin[axis], s->drop_end[axis], &lost))
        return false;
    *kept = in == DSC_DIM_FREE ? DSC_DIM_FREE : in - lost;
    return in == DSC_DIM_FREE || lost <= in;
}

static enum dsc_status shape(const struct dsc_op_io *io)
{
    const struct dsc_slice *attr = io->attr;
    struct dsc_shape in = io->in[0]->shape, s = in;
    char text[DSC_SHAPE_TEXT];

    if (attr->rank > in.rank)
        return dsc_fail(DSC_INVALID, "slice: %zu axes named, the shape is %s", attr->rank,
                        dsc_shape_text(in, text));
    for (size_t i = 0; i < attr->rank; i++) {
        if (keep(attr, i, in.dim[i], &s.dim[i]))
            continue;
        dsc_shape_text(in, text);
        if (attr->size[i] == DSC_DIM_FREE)
            return dsc_fail(DSC_INVALID, "slice: %zu and %zu cannot be cut off axis %zu of %s",
                            attr->begin[i], attr->drop_end[i], i, text);
        return dsc_fail(DSC_INVALID, "slice: %zu from %zu on is not in axis %zu of %s",
                        attr->size[i], attr->begin[i], i, text);
    }
    io->out[0].dtype = io->in[0]->dtype;
    io->out[0].shape = s;
    return DSC_OK;
}

static enum dsc_status forward(const struct dsc_op_io *io)
{
    const struct dsc_slice *attr = io->attr;
    struct dsc_shape in = io->in[0]->shape, out = io->out[0].shape;
    size_t elem = dsc_dtype_bytes(io->out[0].dtype);
    ptrdiff_t from_step[DSC_MAX_RANK], to_step[DSC_MAX_RANK], begin = 0;
    struct dsc_copy c = { 0 };

    dsc_dense_steps(in, from_step);
    dsc_dense_steps(out, to_step);
    for (size_t i = 0; i < out.rank; i++) {
        dsc_copy_axis(&c, out.dim[i], from_step[i], to_step[i]);
        if (i < attr->rank)
            begin += (ptrdiff_t)attr->begin[i] * from_step[i];
    }
    dsc_copy_run(c, io->out[0].data, (const char *)io->in[0]->data + begin * (ptrdiff_t)elem, elem,
                 dsc_threads_for(io, dsc_tensor_count(&io->out[0])));
    return DSC_OK;
}

/* An axis cut to a given length no longer fits one word, even where that length
 * is the whole. */
static enum dsc_time time_of(const struct dsc_op_io *io, const int *in_axis, int *out_axis)
{
    const struct dsc_slice *attr = io->attr;
    size_t axis = (size_t)in_axis[0];

    if (axis < attr->rank &&
        (attr->begin[axis] || attr->drop_end[axis] || attr->size[axis] != DSC_DIM_FREE))
        return DSC_TIME_WHOLE;
    *out_axis = in_axis[0];
    return DSC_TIME_STEPWISE;
}

const struct dsc_op dsc_op_slice = {
    .name = "slice",
    .attr_bytes = sizeof(struct dsc_slice),
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .shape = shape,
    .forward = forward,
    .time = time_of,
};
