#include <string.h>

#include "core/kernels/kernels.h"
#include "core/ops/dims_internal.h"
#include "core/ops/window.h"

/* What one row of the result needs. */
struct pool {
    const struct dsc_pool2d *attr;
    struct dsc_window_axis rows, cols;
    size_t height, width, channels; /* of the input */
    const float *x;
    float *y;
};

/* The part [begin, end) of a window at place i that lies inside the picture. */
struct span {
    size_t begin, end;
};

static enum dsc_status place_window(const struct dsc_op_io *io, struct dsc_window_axis *rows,
                                    struct dsc_window_axis *cols)
{
    const struct dsc_pool2d *attr = io->attr;
    struct dsc_shape s = io->in[0]->shape;
    enum dsc_status st = dsc_window_axis(&attr->window, s.dim[1], attr->kh, true, rows);

    if (!st)
        st = dsc_window_axis(&attr->window, s.dim[2], attr->kw, false, cols);
    return st;
}

static enum dsc_status shape(const struct dsc_op_io *io)
{
    const struct dsc_pool2d *attr = io->attr;
    struct dsc_shape s = io->in[0]->shape;
    struct dsc_window_axis rows, cols;
    enum dsc_status st = dsc_check_dtype(io, "pool2d", DSC_F32);
    char text[DSC_SHAPE_TEXT];

    if (st)
        return st;
    if (s.rank != 4)
        return dsc_fail(DSC_INVALID, "pool2d: shape %s, expected [N, H, W, C]",
                        dsc_shape_text(s, text));
    if (attr->window.dilation_h != 1 || attr->window.dilation_w != 1)
        return dsc_fail(DSC_INVALID, "pool2d: dilation %zu x %zu, expected 1 x 1",
                        attr->window.dilation_h, attr->window.dilation_w);
    st = place_window(io, &rows, &cols);
    if (st)
        return dsc_fail_context(st, "pool2d over %s", dsc_shape_text(s, text));
    if (rows.before >= attr->kh || rows.after >= attr->kh || cols.before >= attr->kw ||
        cols.after >= attr->kw || (!s.dim[1] && rows.out) || (!s.dim[2] && cols.out))
        return dsc_fail(DSC_INVALID, "pool2d: a window of %zu x %zu lies in the padding alone",
                        attr->kh, attr->kw);
    s.dim[1] = rows.out;
    s.dim[2] = cols.out;
    io->out[0].dtype = DSC_F32;
    io->out[0].shape = s;
    return DSC_OK;
}

static struct span inside(size_t i, size_t stride, size_t before, size_t kernel, size_t length)
{
    size_t at = i * stride;

    return (struct span){ at > before ? at - before : 0, DSC_MIN(at + kernel - before, length) };
}

static void pool_pixel(const struct pool *p, float *y, const float *picture, struct span rows,
                       struct span cols)
{
    const struct dsc_kernels *k = dsc_kernels();
    size_t channels = p->channels, n = (rows.end - rows.begin) * (cols.end - cols.begin);
    bool is_first = true;

    for (size_t r = rows.begin; r < rows.end; r++) {
        const float *x = picture + (r * p->width + cols.begin) * channels;

        for (size_t c = cols.begin; c < cols.end; c++, x += channels) {
            if (is_first)
                memcpy(y, x, channels * sizeof(float));
            else if (p->attr->average)
                k->add_f32(y, y, x, channels);
            else
                k->max_f32(y, y, x, channels);
            is_first = false;
        }
    }
    if (p->attr->average)
        k->div_scalar_f32(y, y, (float)n, channels);
}

static void pool_row(const struct pool *p, size_t row)
{
    const struct dsc_window *w = &p->attr->window;
    const float *picture = p->x + row / p->rows.out * p->height * p->width * p->channels;
    float *y = p->y + row * p->cols.out * p->channels;
    struct span rows =
        inside(row % p->rows.out, w->stride_h, p->rows.before, p->attr->kh, p->height);

    for (size_t i = 0; i < p->cols.out; i++)
        pool_pixel(p, y + i * p->channels, picture, rows,
                   inside(i, w->stride_w, p->cols.before, p->attr->kw, p->width));
}

static enum dsc_status forward(const struct dsc_op_io *io)
{
    struct dsc_shape s = io->in[0]->shape;
    struct pool p = { .attr = io->attr,
                      .height = s.dim[1],
                      .width = s.dim[2],
                      .channels = s.dim[3],
                      .x = dsc_tensor_f32(io->in[0]),
                      .y = dsc_tensor_f32(&io->out[0]) };
    enum dsc_status st = place_window(io, &p.rows, &p.cols);
    size_t n = s.dim[0] * p.rows.out;
    int n_threads = dsc_threads_for(io, dsc_tensor_count(io->in[0]));

    if (st || !p.channels)
        return st;
#pragma omp parallel for num_threads(n_threads) if (n_threads > 1)
    for (size_t row = 0; row < n; row++)
        pool_row(&p, row);
    return DSC_OK;
}

const struct dsc_op dsc_op_pool2d = {
    .name = "pool2d",
    .attr_bytes = sizeof(struct dsc_pool2d),
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .shape = shape,
    .forward = forward,
};
