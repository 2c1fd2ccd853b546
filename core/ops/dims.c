#include "core/ops/dims_internal.h"

/* A loop over fewer elements than this ends before a second thread is awake. */
#define ELEMENTS_PER_THREAD 32768

bool dsc_dim_add(size_t a, size_t b, size_t *sum)
{
    size_t n = DSC_DIM_FREE;

    if (a != DSC_DIM_FREE && b != DSC_DIM_FREE && (!dsc_add_size(a, b, &n) || n == DSC_DIM_FREE))
        return false;
    *sum = n;
    return true;
}

bool dsc_dim_mul(size_t a, size_t b, size_t *product)
{
    size_t n = DSC_DIM_FREE;

    if (a != DSC_DIM_FREE && b != DSC_DIM_FREE && (!dsc_mul_size(a, b, &n) || n == DSC_DIM_FREE))
        return false;
    *product = n;
    return true;
}

bool dsc_dim_join(size_t a, size_t b, size_t *dim)
{
    if (a != b && a != DSC_DIM_FREE && b != DSC_DIM_FREE)
        return false;
    *dim = a == DSC_DIM_FREE ? b : a;
    return true;
}

struct dsc_axis_view dsc_axis_view(struct dsc_shape s, size_t axis)
{
    return (struct dsc_axis_view){ dsc_shape_count(s, 0, axis), s.dim[axis],
                                   dsc_shape_count(s, axis + 1, s.rank) };
}

enum dsc_status dsc_check_dtype(const struct dsc_op_io *io, const char *op, enum dsc_dtype dtype)
{
    for (size_t i = 0; i < io->n_in; i++)
        if (io->in[i] && io->in[i]->dtype != dtype)
            return dsc_fail(DSC_INVALID, "%s: input %zu is %s, expected %s", op, i,
                            dsc_dtype_name(io->in[i]->dtype), dsc_dtype_name(dtype));
    return DSC_OK;
}

enum dsc_status dsc_check_axis(const char *op, struct dsc_shape s, size_t axis)
{
    char text[DSC_SHAPE_TEXT];

    if (axis < s.rank)
        return DSC_OK;
    return dsc_fail(DSC_INVALID, "%s: shape %s has no axis %zu", op, dsc_shape_text(s, text), axis);
}

enum dsc_status dsc_check_channels(const char *op, const struct dsc_tensor *x, size_t axis,
                                   const struct dsc_tensor *t)
{
    char x_text[DSC_SHAPE_TEXT], t_text[DSC_SHAPE_TEXT];
    size_t joined;

    if (!t || (t->shape.rank == 1 && dsc_dim_join(x->shape.dim[axis], t->shape.dim[0], &joined)))
        return DSC_OK;
    return dsc_fail(DSC_INVALID, "%s: %s does not fit axis %zu of %s", op,
                    dsc_shape_text(t->shape, t_text), axis, dsc_shape_text(x->shape, x_text));
}

int dsc_threads_for(const struct dsc_op_io *io, size_t n)
{
    size_t most = n / ELEMENTS_PER_THREAD;

    if (most < 2)
        return 1;
    return most < (size_t)io->n_threads ? (int)most : io->n_threads;
}

bool dsc_time_of_first(const struct dsc_op_io *io, const int *in_axis)
{
    for (size_t i = 1; i < io->n_in; i++)
        if (io->in[i] && in_axis[i] >= 0)
            return false;
    return in_axis[0] >= 0;
}

enum dsc_time dsc_time_each(const struct dsc_op_io *io, const int *in_axis, int *out_axis)
{
    (void)io;
    *out_axis = in_axis[0];
    return DSC_TIME_STEPWISE;
}
