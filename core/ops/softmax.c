#include <string.h>

#include "core/kernels/kernels.h"
#include "core/ops/dims_internal.h"
#include "core/ops/matrix_internal.h"
#include "core/ops/ops.h"

/* Keras adds this to a masked score, for float32. */
#define MASKED (-1e9F)

static bool mask_fits(struct dsc_shape x, struct dsc_shape mask)
{
    if (mask.rank > x.rank)
        return false;
    for (size_t i = 1; i <= mask.rank; i++) {
        const size_t m = mask.dim[mask.rank - i], n = x.dim[x.rank - i];

        if (m != 1 && m != n && m != DSC_DIM_FREE && n != DSC_DIM_FREE)
            return false;
    }
    return true;
}

static enum dsc_status shape(const struct dsc_op_io *io)
{
    const struct dsc_softmax *attr = io->attr;
    const struct dsc_tensor *x = io->in[0], *mask = dsc_op_in(io, 1);
    char x_text[DSC_SHAPE_TEXT], m_text[DSC_SHAPE_TEXT];
    enum dsc_status st = dsc_check_axis("softmax", x->shape, attr->axis);

    if (st)
        return st;
    if (x->dtype != DSC_F32)
        return dsc_fail(DSC_INVALID, "softmax: the input is %s, expected float32",
                        dsc_dtype_name(x->dtype));
    if (mask && (mask->dtype != DSC_BOOL || !mask_fits(x->shape, mask->shape)))
        return dsc_fail(DSC_INVALID, "softmax: the %s mask %s does not fit scores %s",
                        dsc_dtype_name(mask->dtype), dsc_shape_text(mask->shape, m_text),
                        dsc_shape_text(x->shape, x_text));
    if (attr->causal && (x->shape.rank < 2 || attr->axis != x->shape.rank - 1))
        return dsc_fail(DSC_INVALID,
                        "softmax: a causal one runs over the last of two axes, not "
                        "axis %zu of %s",
                        attr->axis, dsc_shape_text(x->shape, x_text));
    if (dsc_op_in(io, 2) && io->in[2]->dtype != DSC_I32)
        return dsc_fail(DSC_INVALID, "softmax: the place of the first row is %s, expected int32",
                        dsc_dtype_name(io->in[2]->dtype));
    io->out[0].dtype = DSC_F32;
    io->out[0].shape = x->shape;
    return DSC_OK;
}

/* The mask row of row `row` of x (all axes but the last), and *step from entry to entry. */
static const uint8_t *mask_row(const struct dsc_tensor *mask, struct dsc_shape x, size_t row,
                               size_t *step)
{
    const size_t skip = x.rank - mask->shape.rank;
    size_t at = 0, stride = 1;

    if (!mask->shape.rank) {
        *step = 0;
        return dsc_tensor_bool(mask);
    }
    *step = mask->shape.dim[mask->shape.rank - 1] != 1;
    for (size_t i = x.rank - 1; i-- > 0;) {
        const size_t index = row % x.dim[i];

        row /= x.dim[i];
        if (i < skip)
            continue;
        stride *= mask->shape.dim[i - skip + 1];
        if (mask->shape.dim[i - skip] != 1)
            at += index * stride;
    }
    return dsc_tensor_bool(mask) + at;
}

/* One row with what is masked pushed down; y may be x. */
static void push_down(const struct dsc_op_io *io, size_t row, size_t n)
{
    const struct dsc_softmax *attr = io->attr;
    const struct dsc_shape s = io->in[0]->shape;
    const struct dsc_tensor *mask = dsc_op_in(io, 1);
    const float *x = dsc_tensor_f32(io->in[0]) + row * n;
    float *y = dsc_tensor_f32(&io->out[0]) + row * n;
    const size_t first = dsc_op_in(io, 2) ? (size_t)*dsc_tensor_i32(io->in[2]) : 0;
    const size_t last = attr->causal ? first + row % s.dim[s.rank - 2] : SIZE_MAX;
    size_t step = 0;
    const uint8_t *m = mask ? mask_row(mask, s, row, &step) : NULL;

    for (size_t i = 0; i < n; i++)
        y[i] = i > last || (m && !m[i * step]) ? x[i] + MASKED : x[i];
}

/* Axis before the last: the numbers side by side along `inner` go together. */
static void across(const float *x, float *y, struct dsc_axis_view v, float *work)
{
    const struct dsc_kernels *k = dsc_kernels();
    float *max = work, *sum = work + v.inner;

    memcpy(max, x, v.inner * sizeof(*max));
    memset(sum, 0, v.inner * sizeof(*sum));
    for (size_t i = 1; i < v.n; i++)
        k->max_f32(max, max, x + i * v.inner, v.inner);
    for (size_t i = 0; i < v.n; i++) {
        float *row = y + i * v.inner;

        k->sub_f32(row, x + i * v.inner, max, v.inner);
        k->act_f32(row, row, v.inner, (struct dsc_act){ .kind = DSC_ACT_EXP });
        k->add_f32(sum, sum, row, v.inner);
    }
    for (size_t i = 0; i < v.n; i++)
        k->div_f32(y + i * v.inner, y + i * v.inner, sum, v.inner);
}

static size_t work_bytes(const struct dsc_op_io *io)
{
    const struct dsc_softmax *attr = io->attr;
    const struct dsc_axis_view v = dsc_axis_view(io->in[0]->shape, attr->axis);

    return v.inner > 1 ? dsc_work_floats(2 * v.inner) : 0;
}

static enum dsc_status forward(const struct dsc_op_io *io)
{
    const struct dsc_softmax *attr = io->attr;
    const struct dsc_shape s = io->in[0]->shape;
    const struct dsc_axis_view v = dsc_axis_view(s, attr->axis);
    const size_t n = s.dim[s.rank - 1], count = dsc_tensor_count(io->in[0]);
    const bool pushed = attr->causal || dsc_op_in(io, 1);
    const size_t rows = n ? count / n : 0;
    const int n_threads = dsc_threads_for(io, count);
    const float *x = dsc_tensor_f32(io->in[0]);
    float *y = dsc_tensor_f32(&io->out[0]);

#pragma omp parallel for num_threads(n_threads) if (n_threads > 1)
    for (size_t i = 0; i < rows; i++) {
        if (pushed)
            push_down(io, i, n);
        if (v.inner == 1 && attr->axis == s.rank - 1)
            dsc_kernels()->softmax_f32(y + i * n, (pushed ? y : x) + i * n, n);
    }
    if (attr->axis == s.rank - 1 || !count)
        return DSC_OK;
    for (size_t i = 0; i < v.outer; i++) {
        const size_t at = i * v.n * v.inner;

        across((pushed ? y : x) + at, y + at, v, io->work);
    }
    return DSC_OK;
}

/* Can the mask be cut at the same word as x? */
static bool mask_follows(const struct dsc_op_io *io, const int *in_axis)
{
    const struct dsc_tensor *mask = dsc_op_in(io, 1);
    int axis;

    if (!mask)
        return true;
    axis = in_axis[0] - (int)(io->in[0]->shape.rank - mask->shape.rank);
    if (in_axis[1] >= 0)
        return in_axis[1] == axis;
    return axis < 0 || mask->shape.dim[axis] == 1;
}

static enum dsc_time time_of(const struct dsc_op_io *io, const int *in_axis, int *out_axis)
{
    const struct dsc_softmax *attr = io->attr;

    if (attr->causal || in_axis[0] < 0 || in_axis[0] == (int)attr->axis ||
        !mask_follows(io, in_axis))
        return DSC_TIME_WHOLE;
    *out_axis = in_axis[0];
    return DSC_TIME_STEPWISE;
}

const struct dsc_op dsc_op_softmax = {
    .name = "softmax",
    .attr_bytes = sizeof(struct dsc_softmax),
    .min_in = 1,
    .max_in = 3,
    .n_out = 1,
    .flags = DSC_OP_INPLACE,
    .shape = shape,
    .work_bytes = work_bytes,
    .forward = forward,
    .time = time_of,
};
