#include <string.h>

#include "core/ops/dims_internal.h"
#include "core/ops/ops.h"

static enum dsc_status shape(const struct dsc_op_io *io)
{
    const struct dsc_cast *attr = io->attr;

    io->out[0].dtype = attr->dtype;
    io->out[0].shape = io->in[0]->shape;
    return DSC_OK;
}

/* Towards zero; what does not fit, NaN too, is the smallest i32, as x86 processors answer. */
static int32_t truncate(float x)
{
    return x >= -2147483648.0F && x < 2147483648.0F ? (int32_t)x : INT32_MIN;
}

static void to_f32(float *y, const struct dsc_tensor *x, size_t n)
{
    if (x->dtype == DSC_I32)
        for (size_t i = 0; i < n; i++)
            y[i] = (float)dsc_tensor_i32(x)[i];
    else
        for (size_t i = 0; i < n; i++)
            y[i] = dsc_tensor_bool(x)[i];
}

static void to_i32(int32_t *y, const struct dsc_tensor *x, size_t n)
{
    if (x->dtype == DSC_F32)
        for (size_t i = 0; i < n; i++)
            y[i] = truncate(dsc_tensor_f32(x)[i]);
    else
        for (size_t i = 0; i < n; i++)
            y[i] = dsc_tensor_bool(x)[i];
}

static void to_bool(uint8_t *y, const struct dsc_tensor *x, size_t n)
{
    if (x->dtype == DSC_F32)
        for (size_t i = 0; i < n; i++)
            y[i] = dsc_tensor_f32(x)[i] != 0;
    else
        for (size_t i = 0; i < n; i++)
            y[i] = dsc_tensor_i32(x)[i] != 0;
}

static enum dsc_status forward(const struct dsc_op_io *io)
{
    const struct dsc_tensor *x = io->in[0], *y = &io->out[0];
    size_t n = dsc_tensor_count(x);

    if (x->dtype == y->dtype) {
        if (n && x->data != y->data)
            memcpy(y->data, x->data, n * dsc_dtype_bytes(x->dtype));
    } else if (y->dtype == DSC_F32) {
        to_f32(dsc_tensor_f32(y), x, n);
    } else if (y->dtype == DSC_I32) {
        to_i32(dsc_tensor_i32(y), x, n);
    } else {
        to_bool(dsc_tensor_bool(y), x, n);
    }
    return DSC_OK;
}

const struct dsc_op dsc_op_cast = {
    .name = "cast",
    .attr_bytes = sizeof(struct dsc_cast),
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .flags = DSC_OP_INPLACE,
    .shape = shape,
    .forward = forward,
    .time = dsc_time_each,
};
