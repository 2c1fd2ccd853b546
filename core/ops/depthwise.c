#include <omp.h>

#include "core/kernels/product.h"
#include "core/ops/dims_internal.h"
#include "core/ops/matrix_internal.h"
#include "core/ops/window.h"

/* Floats of the picture that a tile reads for one row of outputs: half of the first cache. */
#define TILE_FLOATS  6144
#define MIN_COLUMNS  12
#define CHANNEL_UNIT 32

struct plan {
    const struct dsc_window *w;
    size_t n, height, width, channels; /* of x */
    size_t kh, kw, multiplier;
    struct dsc_window_axis v, h;
    struct dsc_part whole_rows, whole_columns; /* outputs with all taps inside */
};

static enum dsc_status shape(const struct dsc_op_io *io)
{
    const struct dsc_depthwise *attr = io->attr;
    const struct dsc_tensor *bias = dsc_op_in(io, 2);
    const struct dsc_shape x = io->in[0]->shape, w = io->in[1]->shape;
    char x_text[DSC_SHAPE_TEXT], w_text[DSC_SHAPE_TEXT];
    enum dsc_status st = dsc_check_dtype(io, "depthwise", DSC_F32);
    struct dsc_window_axis v, h;
    size_t channels;

    if (st)
        return st;
    dsc_shape_text(x, x_text);
    dsc_shape_text(w, w_text);
    if (x.rank != 4 || w.rank != 4 || !dsc_shape_is_known(w) ||
        !dsc_dim_join(x.dim[3], w.dim[2], &channels) || !dsc_dim_mul(channels, w.dim[3], &channels))
        return dsc_fail(DSC_INVALID, "depthwise: input %s does not fit weights %s", x_text, w_text);
    if (bias && (bias->shape.rank != 1 || bias->shape.dim[0] != channels))
        return dsc_fail(DSC_INVALID, "depthwise: bias %s does not fit weights %s",
                        dsc_shape_text(bias->shape, x_text), w_text);
    st = dsc_window_axis(&attr->window, x.dim[1], w.dim[0], true, &v);
    if (!st)
        st = dsc_window_axis(&attr->window, x.dim[2], w.dim[1], false, &h);
    if (st)
        return dsc_fail_context(st, "depthwise of %s with weights %s", x_text, w_text);
    io->out[0].dtype = DSC_F32;
    io->out[0].shape = DSC_SHAPE(x.dim[0], v.out, h.out, channels);
    return DSC_OK;
}

/* Taps of output `o` that fall inside the picture. */
static struct dsc_part taps_inside(size_t o, size_t stride, size_t dilation, size_t taps,
                                   size_t before, size_t length)
{
    const size_t at = o * stride;
    struct dsc_part in = { 0, taps };

    if (at < before)
        in.begin = (before - at + dilation - 1) / dilation;
    if (at + (taps - 1) * dilation >= before + length)
        in.end = at < before + length ? (before + length - at - 1) / dilation + 1 : 0;
    return in.begin < in.end ? in : (struct dsc_part){ 0, 0 };
}

/* Outputs first .. end - 1 of an axis whose taps are all inside. */
static struct dsc_part whole_windows(size_t out, size_t stride, size_t dilation, size_t taps,
                                     size_t before, size_t length)
{
    const size_t span = (taps - 1) * dilation, reach = length + before;
    struct dsc_part in = { DSC_MIN((before + stride - 1) / stride, out), 0 };

    if (reach > span)
        in.end = DSC_MIN((reach - span - 1) / stride + 1, out);
    in.end = DSC_MAX(in.begin, in.end);
    return in;
}

static struct plan plan_of(const struct dsc_op_io *io)
{
    const struct dsc_depthwise *attr = io->attr;
    const size_t *x = io->in[0]->shape.dim, *w = io->in[1]->shape.dim;
    struct plan p = {
        .w = &attr->window,
        .n = x[0],
        .height = x[1],
        .width = x[2],
        .channels = x[3],
        .kh = w[0],
        .kw = w[1],
        .multiplier = w[3],
    };

    /* The shape rule has seen that the windows fit. */
    if (dsc_window_axis(p.w, p.height, p.kh, true, &p.v) ||
        dsc_window_axis(p.w, p.width, p.kw, false, &p.h))
        p.v.out = p.h.out = 0;
    p.whole_rows =
        whole_windows(p.v.out, p.w->stride_h, p.w->dilation_h, p.kh, p.v.before, p.height);
    p.whole_columns =
        whole_windows(p.h.out, p.w->stride_w, p.w->dilation_w, p.kw, p.h.before, p.width);
    return p;
}

/* What one thread does at a time: rows, columns and channels whose lines of the picture fit in
 * the first cache until the next row of outputs needs them again. */
struct tile {
    const float *x; /* the picture */
    float *y;
    struct dsc_part rows, columns, channels;
};

/* n outputs from (oy, ox) on, side by side or, when `down`, below each other; all have the taps
 * of the first. */
static void run_outputs(const struct plan *p, const struct tile *t, struct dsc_taps job, size_t oy,
                        size_t ox, size_t n, bool down)
{
    const struct dsc_part ty =
        taps_inside(oy, p->w->stride_h, p->w->dilation_h, p->kh, p->v.before, p->height);
    const struct dsc_part tx =
        taps_inside(ox, p->w->stride_w, p->w->dilation_w, p->kw, p->h.before, p->width);
    const size_t c = t->channels.begin;

    job.n = n;
    job.kh = ty.end - ty.begin;
    job.kw = tx.end - tx.begin;
    job.y = t->y + (oy * p->h.out + ox) * p->channels + c;
    job.y_step = (down ? p->h.out : 1) * p->channels;
    job.x_step = (down ? p->w->stride_h * p->width : p->w->stride_w) * p->channels;
    job.x = t->x;
    if (job.kw && job.kh) {
        const size_t y = oy * p->w->stride_h + ty.begin * p->w->dilation_h - p->v.before;
        const size_t x = ox * p->w->stride_w + tx.begin * p->w->dilation_w - p->h.before;

        job.x += (y * p->width + x) * p->channels + c;
        job.w += (ty.begin * p->kw + tx.begin) * p->channels + c;
    }
    job.bias = job.bias ? job.bias + c : NULL;
    job.channels = t->channels.end - c;
    dsc_kernels()->taps_f32(&job);
}

static struct dsc_part both(struct dsc_part a, struct dsc_part b)
{
    const size_t begin = DSC_MAX(a.begin, b.begin), end = DSC_MIN(a.end, b.end);

    return (struct dsc_part){ begin, DSC_MAX(begin, end) };
}

/* A column whose taps are cut off by the left or right edge. */
static void run_column(const struct plan *p, const struct tile *t, const struct dsc_taps *job,
                       size_t ox)
{
    const struct dsc_part in = both(t->rows, p->whole_rows);

    for (size_t oy = t->rows.begin; oy < t->rows.end; oy++)
        if (oy < in.begin || oy >= in.end)
            run_outputs(p, t, *job, oy, ox, 1, true);
    if (in.begin < in.end)
        run_outputs(p, t, *job, in.begin, ox, in.end - in.begin, true);
}

static void run_tile(const struct plan *p, const struct tile *t, const struct dsc_taps *job)
{
    const struct dsc_part in = both(t->columns, p->whole_columns);

    for (size_t oy = t->rows.begin; oy < t->rows.end && in.begin < in.end; oy++)
        run_outputs(p, t, *job, oy, in.begin, in.end - in.begin, false);
    for (size_t ox = t->columns.begin; ox < t->columns.end; ox++)
        if (ox < in.begin || ox >= in.end)
            run_column(p, t, job, ox);
}

/* Rows of outputs of one picture, in tiles. */
static void run_rows(const struct plan *p, struct tile t, const struct dsc_taps *job)
{
    const size_t line_floats = TILE_FLOATS / (p->kh * DSC_MIN(p->w->stride_w, p->kw));
    /* Strips of all channels read memory in order; only when they get narrow, some channels. */
    const bool strips = p->channels * MIN_COLUMNS <= line_floats;
    const size_t columns = strips ? line_floats / p->channels : p->h.out;
    const size_t fit = line_floats / p->h.out / CHANNEL_UNIT * CHANNEL_UNIT;
    const size_t channels = strips ? p->channels : DSC_MAX(fit, CHANNEL_UNIT);

    for (size_t c = 0; c < p->channels; c += channels)
        for (size_t ox = 0; ox < p->h.out; ox += columns) {
            t.channels = (struct dsc_part){ c, DSC_MIN(c + channels, p->channels) };
            t.columns = (struct dsc_part){ ox, DSC_MIN(ox + columns, p->h.out) };
            run_tile(p, &t, job);
        }
}

/* Several results for each channel: plain loops, for a layer that is hardly ever met. */
static void multiply_rows(const struct plan *p, const struct tile *t, const float *w,
                          const float *bias)
{
    const size_t m = p->multiplier, out = p->channels * m;
    const size_t first = t->rows.begin * p->h.out, end = t->rows.end * p->h.out;

    for (size_t i = first; i < end; i++) {
        const size_t oy = i / p->h.out, ox = i % p->h.out;
        const struct dsc_part ty =
            taps_inside(oy, p->w->stride_h, p->w->dilation_h, p->kh, p->v.before, p->height);
        const struct dsc_part tx =
            taps_inside(ox, p->w->stride_w, p->w->dilation_w, p->kw, p->h.before, p->width);
        const size_t taps = (ty.end - ty.begin) * (tx.end - tx.begin);
        float *y = t->y + i * out;

        for (size_t c = 0; c < out; c++)
            y[c] = bias ? bias[c] : 0;
        for (size_t tap = 0; tap < taps; tap++) {
            const size_t ky = ty.begin + tap / (tx.end - tx.begin);
            const size_t kx = tx.begin + tap % (tx.end - tx.begin);
            const size_t iy = oy * p->w->stride_h + ky * p->w->dilation_h - p->v.before;
            const size_t ix = ox * p->w->stride_w + kx * p->w->dilation_w - p->h.before;
            const float *x = t->x + (iy * p->width + ix) * p->channels;

            for (size_t c = 0; c < out; c++)
                y[c] += x[c / m] * w[(ky * p->kw + kx) * out + c];
        }
    }
}

/* Rows part.begin .. part.end - 1 of all pictures, which lie one after the other. */
static void run_part(const struct dsc_op_io *io, const struct plan *p, struct dsc_part part,
                     const struct dsc_taps *job)
{
    const struct dsc_depthwise *attr = io->attr;
    const size_t row_floats = p->h.out * p->channels * p->multiplier;
    const size_t picture = p->height * p->width * p->channels;
    float *y = dsc_tensor_f32(&io->out[0]);

    for (size_t row = part.begin; row < part.end;) {
        const size_t n = row / p->v.out, oy = row - n * p->v.out;
        const size_t rows = DSC_MIN(p->v.out - oy, part.end - row);
        const struct tile t = {
            .x = dsc_tensor_f32(io->in[0]) + n * picture,
            .y = y + n * p->v.out * row_floats,
            .rows = { oy, oy + rows },
        };

        if (p->multiplier == 1)
            run_rows(p, t, job);
        else
            multiply_rows(p, &t, job->w, job->bias);
        row += rows;
    }
    if (!job->clip && attr->act.kind != DSC_ACT_NONE) {
        float *from = y + part.begin * row_floats;

        dsc_kernels()->act_f32(from, from, (part.end - part.begin) * row_floats, attr->act);
    }
}

static enum dsc_status forward(const struct dsc_op_io *io)
{
    const struct dsc_depthwise *attr = io->attr;
    const struct plan p = plan_of(io);
    const size_t rows = p.n * p.v.out;
    const int n_threads = dsc_threads_for_product(io->n_threads, rows * p.h.out * p.channels *
                                                                     p.multiplier * p.kh * p.kw);
    struct dsc_taps job = {
        .x_row = p.w->dilation_h * p.width * p.channels,
        .x_tap = p.w->dilation_w * p.channels,
        .w = dsc_tensor_f32(io->in[1]),
        .w_row = p.kw * p.channels,
        .w_tap = p.channels,
        .bias = dsc_op_in_f32(io, 2),
    };

    if (!dsc_tensor_count(&io->out[0]))
        return DSC_OK;
    job.clip = p.multiplier == 1 && dsc_act_is_clip(&attr->act, &job.lo, &job.hi);
#pragma omp parallel num_threads(n_threads) if (n_threads > 1)
    run_part(io, &p, dsc_part_of(rows, 1, omp_get_thread_num(), omp_get_num_threads()), &job);
    return DSC_OK;
}

const struct dsc_op dsc_op_depthwise = {
    .name = "depthwise",
    .attr_bytes = sizeof(struct dsc_depthwise),
    .min_in = 2,
    .max_in = 3,
    .n_out = 1,
    .shape = shape,
    .forward = forward,
};
