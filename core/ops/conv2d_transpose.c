#include <string.h>

#include "core/kernels/kernels.h"
#include "core/kernels/product.h"
#include "core/ops/dims_internal.h"
#include "core/ops/ops.h"

/* One axis: tap k of pixel i falls on pixel i stride + k - before of the result. */
struct spread {
    size_t stride, kernel, out, before;
};

static bool place(const struct dsc_conv2d_transpose *attr, bool vertical, size_t in, size_t kernel,
                  struct spread *s)
{
    size_t stride = vertical ? attr->stride_h : attr->stride_w;
    size_t extra = vertical ? attr->output_padding_h : attr->output_padding_w;
    size_t pad = attr->same ? kernel / 2 : 0, full;

    *s = (struct spread){ .stride = stride, .kernel = kernel, .out = DSC_DIM_FREE };
    if (!stride || !kernel || kernel == DSC_DIM_FREE || extra == DSC_DIM_FREE)
        return false;
    if (in == DSC_DIM_FREE)
        return true;
    /* What all taps cover, from the first of the first pixel to the last of the last. */
    if (!in || !dsc_dim_mul(in - 1, stride, &full) || !dsc_dim_add(full, kernel, &full))
        return false;
    if (attr->has_output_padding) {
        if (!dsc_dim_add(full, extra, &s->out) || s->out <= 2 * pad)
            return false;
        s->out -= 2 * pad;
    } else if (!dsc_dim_mul(in, stride, &s->out) ||
               (!attr->same && kernel > stride && !dsc_dim_add(s->out, kernel - stride, &s->out))) {
        return false;
    }
    if (attr->same && full > s->out)
        s->before = (full - s->out) / 2;
    return true;
}

static enum dsc_status shape(const struct dsc_op_io *io)
{
    const struct dsc_conv2d_transpose *attr = io->attr;
    struct dsc_shape x = io->in[0]->shape, w = io->in[1]->shape, s = x;
    const struct dsc_tensor *bias = io->n_in > 2 ? io->in[2] : NULL;
    enum dsc_status st = dsc_check_dtype(io, "conv2d_transpose", DSC_F32);
    char x_text[DSC_SHAPE_TEXT], w_text[DSC_SHAPE_TEXT];
    struct spread rows, cols;
    size_t joined;

    if (st)
        return st;
    dsc_shape_text(x, x_text);
    dsc_shape_text(w, w_text);
    if (x.rank != 4 || w.rank != 4 || !dsc_dim_join(x.dim[3], w.dim[3], &joined))
        return dsc_fail(DSC_INVALID,
                        "conv2d_transpose: picture %s, weights %s, expected [N, H, W, C] and "
                        "[kh, kw, M, C]",
                        x_text, w_text);
    if (!place(attr, true, x.dim[1], w.dim[0], &rows) ||
        !place(attr, false, x.dim[2], w.dim[1], &cols))
        return dsc_fail(DSC_INVALID,
                        "conv2d_transpose: picture %s, weights %s, stride %zu x %zu give no result",
                        x_text, w_text, attr->stride_h, attr->stride_w);
    s.dim[1] = rows.out;
    s.dim[2] = cols.out;
    s.dim[3] = w.dim[2];
    io->out[0].dtype = DSC_F32;
    io->out[0].shape = s;
    return dsc_check_channels("conv2d_transpose", &io->out[0], 3, bias);
}

/* One sample times one row of taps: [H W, kw M]. */
static size_t work_bytes(const struct dsc_op_io *io)
{
    struct dsc_shape x = io->in[0]->shape, w = io->in[1]->shape;
    const size_t factors[] = { x.dim[1], x.dim[2], w.dim[1], w.dim[2] };
    size_t n = sizeof(float);

    for (size_t i = 0; i < DSC_COUNT(factors); i++)
        if (!dsc_mul_size(n, factors[i], &n))
            return SIZE_MAX;
    return n;
}

static void fill_bias(float *y, const float *bias, size_t pixels, size_t channels)
{
    if (!bias)
        memset(y, 0, pixels * channels * sizeof(float));
    for (size_t i = 0; bias && i < pixels; i++)
        memcpy(y + i * channels, bias, channels * sizeof(float));
}

/* Does tap k of pixel i fall inside the result, and where? */
static bool lands(const struct spread *s, size_t i, size_t k, size_t *at)
{
    size_t place = i * s->stride + k;

    *at = place - s->before;
    return place >= s->before && *at < s->out;
}

/* Add the products of one row of the input, [W, kw, M], to a row of the result. */
static void add_row(const struct spread *cols, float *y, const float *products, size_t width,
                    size_t channels)
{
    const struct dsc_kernels *k = dsc_kernels();
    size_t at;

    for (size_t i = 0; i < width; i++)
        for (size_t tap = 0; tap < cols->kernel; tap++, products += channels)
            if (lands(cols, i, tap, &at))
                k->add_f32(y + at * channels, y + at * channels, products, channels);
}

static void transpose_sample(const struct dsc_op_io *io, const struct spread *rows,
                             const struct spread *cols, float *y, const float *x)
{
    struct dsc_shape in = io->in[0]->shape, w = io->in[1]->shape;
    size_t width = in.dim[2], channels = w.dim[2], row_of_taps = w.dim[1] * channels;
    struct dsc_sgemm g = { .transpose_b = true,
                           .i = in.dim[1] * width,
                           .j = row_of_taps,
                           .k = in.dim[3],
                           .alpha = 1,
                           .a = x,
                           .c = io->work,
                           .lda = in.dim[3],
                           .ldb = in.dim[3],
                           .ldc = row_of_taps };
    size_t at;

    for (size_t tap = 0; tap < w.dim[0]; tap++) {
        g.b = dsc_tensor_f32(io->in[1]) + tap * row_of_taps * in.dim[3];
        dsc_blas_sgemm(&g);
        for (size_t i = 0; i < in.dim[1]; i++)
            if (lands(rows, i, tap, &at))
                add_row(cols, y + at * cols->out * channels, g.c + i * width * row_of_taps, width,
                        channels);
    }
}

static enum dsc_status forward(const struct dsc_op_io *io)
{
    const struct dsc_conv2d_transpose *attr = io->attr;
    struct dsc_shape in = io->in[0]->shape, out = io->out[0].shape, w = io->in[1]->shape;
    const float *x = dsc_tensor_f32(io->in[0]);
    const float *bias = io->n_in > 2 && io->in[2] ? dsc_tensor_f32(io->in[2]) : NULL;
    float *y = dsc_tensor_f32(&io->out[0]);
    size_t pixels = out.dim[1] * out.dim[2], n_in = dsc_shape_count(in, 1, 4);
    struct spread rows, cols;

    if (!dsc_tensor_count(&io->out[0]))
        return DSC_OK;
    place(attr, true, in.dim[1], w.dim[0], &rows);
    place(attr, false, in.dim[2], w.dim[1], &cols);
    for (size_t n = 0; n < in.dim[0]; n++, x += n_in, y += pixels * out.dim[3]) {
        fill_bias(y, bias, pixels, out.dim[3]);
        if (in.dim[3])
            transpose_sample(io, &rows, &cols, y, x);
        if (attr->act.kind != DSC_ACT_NONE)
            dsc_kernels()->act_f32(y, y, pixels * out.dim[3], attr->act);
    }
    return DSC_OK;
}

const struct dsc_op dsc_op_conv2d_transpose = {
    .name = "conv2d_transpose",
    .attr_bytes = sizeof(struct dsc_conv2d_transpose),
    .min_in = 2,
    .max_in = 3,
    .n_out = 1,
    .shape = shape,
    .work_bytes = work_bytes,
    .forward = forward,
};
