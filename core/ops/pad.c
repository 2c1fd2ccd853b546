#include <string.h>

#include "core/ops/copy_internal.h"
#include "core/ops/dims_internal.h"
#include "core/ops/ops.h"

static enum dsc_status shape(const struct dsc_op_io *io)
{
    const struct dsc_pad *attr = io->attr;
    struct dsc_shape s = io->in[0]->shape;
    char text[DSC_SHAPE_TEXT];

    if (io->in[0]->dtype == DSC_I32 &&
        !(attr->value >= -2147483648.0F && attr->value < 2147483648.0F))
        return dsc_fail(DSC_INVALID, "pad: the value %g is no int32", (double)attr->value);
    for (size_t i = 0; i < s.rank; i++) {
        size_t more;

        if (!dsc_add_size(attr->before[i], attr->after[i], &more) || more == DSC_DIM_FREE ||
            !dsc_dim_add(s.dim[i], more, &s.dim[i]))
            return dsc_fail(DSC_INVALID, "pad: %zu and %zu cannot be added to axis %zu of %s",
                            attr->before[i], attr->after[i], i,
                            dsc_shape_text(io->in[0]->shape, text));
    }
    io->out[0].dtype = io->in[0]->dtype;
    io->out[0].shape = s;
    return DSC_OK;
}

static void fill(const struct dsc_tensor *y, float value)
{
    size_t n = dsc_tensor_count(y);

    if (value == 0) {
        memset(y->data, 0, n * dsc_dtype_bytes(y->dtype));
    } else if (y->dtype == DSC_F32) {
        for (size_t i = 0; i < n; i++)
            dsc_tensor_f32(y)[i] = value;
    } else if (y->dtype == DSC_I32) {
        for (size_t i = 0; i < n; i++)
            dsc_tensor_i32(y)[i] = (int32_t)value;
    } else {
        memset(y->data, 1, n);
    }
}

/* The whole is filled, then the middle copied: the border is small, and finding
 * its pieces would cost more than writing the middle twice. */
static enum dsc_status forward(const struct dsc_op_io *io)
{
    const struct dsc_pad *attr = io->attr;
    struct dsc_shape in = io->in[0]->shape;
    size_t elem = dsc_dtype_bytes(io->out[0].dtype);
    ptrdiff_t from_step[DSC_MAX_RANK], to_step[DSC_MAX_RANK], begin = 0;
    struct dsc_copy c = { 0 };

    dsc_dense_steps(in, from_step);
    dsc_dense_steps(io->out[0].shape, to_step);
    for (size_t i = 0; i < in.rank; i++) {
        dsc_copy_axis(&c, in.dim[i], from_step[i], to_step[i]);
        begin += (ptrdiff_t)attr->before[i] * to_step[i];
    }
    fill(&io->out[0], attr->value);
    dsc_copy_run(c, (char *)io->out[0].data + begin * (ptrdiff_t)elem, io->in[0]->data, elem,
                 dsc_threads_for(io, dsc_copy_count(&c)));
    return DSC_OK;
}

static enum dsc_time time_of(const struct dsc_op_io *io, const int *in_axis, int *out_axis)
{
    const struct dsc_pad *attr = io->attr;

    if (attr->before[in_axis[0]] || attr->after[in_axis[0]])
        return DSC_TIME_WHOLE;
    *out_axis = in_axis[0];
    return DSC_TIME_STEPWISE;
}

const struct dsc_op dsc_op_pad = {
    .name = "pad",
    .attr_bytes = sizeof(struct dsc_pad),
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .shape = shape,
    .forward = forward,
    .time = time_of,
};
