#include <string.h>

#include "core/ops/dims_internal.h"
#include "core/ops/ops.h"

static enum dsc_status shape(const struct dsc_op_io *io)
{
    const struct dsc_tensor *ids = io->in[0], *w = io->in[1];
    struct dsc_shape s = ids->shape;
    char text[DSC_SHAPE_TEXT];

    if (ids->dtype == DSC_BOOL)
        return dsc_fail(DSC_INVALID, "embedding: the words are bool, expected int32 or float32");
    if (w->dtype != DSC_F32 || w->shape.rank != 2)
        return dsc_fail(DSC_INVALID, "embedding: the table is %s %s, expected float32 [V, E]",
                        dsc_dtype_name(w->dtype), dsc_shape_text(w->shape, text));
    if (s.rank == DSC_MAX_RANK)
        return dsc_fail(DSC_INVALID, "embedding: words of shape %s have too many axes",
                        dsc_shape_text(s, text));
    s.dim[s.rank++] = w->shape.dim[1];
    io->out[0].dtype = DSC_F32;
    io->out[0].shape = s;
    return DSC_OK;
}

/* The row of word i; false when the table has no such row. Fractions are cut off, as
 * Keras' cast does. */
static bool row_of(const struct dsc_tensor *ids, size_t i, size_t n_rows, size_t *row)
{
    if (ids->dtype == DSC_I32) {
        *row = (size_t)dsc_tensor_i32(ids)[i];
        return dsc_tensor_i32(ids)[i] >= 0 && *row < n_rows;
    }
    if (!(dsc_tensor_f32(ids)[i] > -1 && (double)dsc_tensor_f32(ids)[i] < (double)n_rows))
        return false;
    *row = (size_t)(int64_t)dsc_tensor_f32(ids)[i];
    return true;
}

static enum dsc_status check_words(const struct dsc_tensor *ids, size_t n, size_t n_rows)
{
    size_t row;

    for (size_t i = 0; i < n; i++)
        if (!row_of(ids, i, n_rows, &row))
            return dsc_fail(DSC_INVALID, "embedding: word %.0f is not in the table of %zu words",
                            ids->dtype == DSC_I32 ? (double)dsc_tensor_i32(ids)[i]
                                                  : (double)dsc_tensor_f32(ids)[i],
                            n_rows);
    return DSC_OK;
}

static enum dsc_status forward(const struct dsc_op_io *io)
{
    const struct dsc_tensor *ids = io->in[0];
    const float *w = dsc_tensor_f32(io->in[1]);
    float *y = dsc_tensor_f32(&io->out[0]);
    size_t n_rows = io->in[1]->shape.dim[0], width = io->in[1]->shape.dim[1];
    size_t n = dsc_tensor_count(ids);
    int n_threads = dsc_threads_for(io, n * width);
    enum dsc_status st = check_words(ids, n, n_rows);

    if (st || !width)
        return st;
#pragma omp parallel for num_threads(n_threads) if (n_threads > 1)
    for (size_t i = 0; i < n; i++) {
        size_t row = 0;

        row_of(ids, i, n_rows, &row);
        memcpy(y + i * width, w + row * width, width * sizeof(float));
    }
    return DSC_OK;
}

static enum dsc_time time_of(const struct dsc_op_io *io, const int *in_axis, int *out_axis)
{
    if (!dsc_time_of_first(io, in_axis))
        return DSC_TIME_WHOLE;
    *out_axis = in_axis[0];
    return DSC_TIME_STEPWISE;
}

const struct dsc_op dsc_op_embedding = {
    .name = "embedding",
    .min_in = 2,
    .max_in = 2,
    .n_out = 1,
    .shape = shape,
    .forward = forward,
    .time = time_of,
};
