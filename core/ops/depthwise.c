#include <string.h>

#include "core/kernels/product.h"
#include "core/ops/dims_internal.h"
#include "core/ops/matrix_internal.h"
#include "core/ops/window.h"

struct plan {
    const struct dsc_window *w;
    size_t n, height, width, channels; /* of x */
    size_t kh, kw, multiplier;
    struct dsc_window_axis v, h;
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
    return p;
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

/* The taps of every output of one row lie in the same lines `ty` of the window. Outputs begin
 * and end where all kw taps are inside share one call; the others take one each. */
struct row {
    const float *x; /* the picture */
    float *y;       /* [W', C m] */
    size_t oy;
    struct dsc_part ty;
};

static void run_outputs(const struct plan *p, const struct row *r, struct dsc_taps job, size_t ox,
                        size_t n)
{
    const struct dsc_part tx =
        taps_inside(ox, p->w->stride_w, p->w->dilation_w, p->kw, p->h.before, p->width);

    job.y += ox * p->channels;
    job.n = n;
    job.kw = tx.end - tx.begin;
    if (job.kw && job.kh) {
        const size_t y = r->oy * p->w->stride_h + r->ty.begin * p->w->dilation_h - p->v.before;
        const size_t x = ox * p->w->stride_w + tx.begin * p->w->dilation_w - p->h.before;

        job.x += (y * p->width + x) * p->channels;
        job.w += (r->ty.begin * p->kw + tx.begin) * p->channels;
    }
    dsc_kernels()->taps_f32(&job);
}

static void run_row(const struct plan *p, const struct row *r, struct dsc_taps job)
{
    const size_t span = (p->kw - 1) * p->w->dilation_w, stride = p->w->stride_w;
    const size_t begin = DSC_MIN((p->h.before + stride - 1) / stride, p->h.out);
    const size_t reach = p->width + p->h.before;
    const size_t whole = reach > span ? DSC_MIN((reach - span - 1) / stride + 1, p->h.out) : 0;
    size_t ox = 0;

    for (; ox < begin; ox++)
        run_outputs(p, r, job, ox, 1);
    if (ox < whole) {
        run_outputs(p, r, job, ox, whole - ox);
        ox = whole;
    }
    for (; ox < p->h.out; ox++)
        run_outputs(p, r, job, ox, 1);
}

/* Several results for each channel: plain loops, for a layer that is hardly ever met. */
static void run_row_multiplied(const struct plan *p, const struct row *r, const float *w,
                               const float *bias)
{
    const size_t m = p->multiplier, out = p->channels * m;

    for (size_t ox = 0; ox < p->h.out; ox++) {
        const struct dsc_part tx =
            taps_inside(ox, p->w->stride_w, p->w->dilation_w, p->kw, p->h.before, p->width);
        float *y = r->y + ox * out;

        if (bias)
            memcpy(y, bias, out * sizeof(*y));
        else
            memset(y, 0, out * sizeof(*y));
        for (size_t ty = r->ty.begin; ty < r->ty.end; ty++)
            for (size_t t = tx.begin; t < tx.end; t++) {
                const size_t iy = r->oy * p->w->stride_h + ty * p->w->dilation_h - p->v.before;
                const size_t ix = ox * p->w->stride_w + t * p->w->dilation_w - p->h.before;
                const float *x = r->x + (iy * p->width + ix) * p->channels;
                const float *tap = w + (ty * p->kw + t) * out;

                for (size_t c = 0; c < p->channels; c++)
                    for (size_t j = 0; j < m; j++)
                        y[c * m + j] += x[c] * tap[c * m + j];
            }
    }
}

static enum dsc_status forward(const struct dsc_op_io *io)
{
    const struct dsc_depthwise *attr = io->attr;
    const struct plan p = plan_of(io);
    const size_t out = p.channels * p.multiplier, rows = p.n * p.v.out;
    const float *x = dsc_tensor_f32(io->in[0]);
    const int n_threads =
        dsc_threads_for_product(io->n_threads, rows * p.h.out * out * p.kh * p.kw);
    struct dsc_taps all = {
        .x_step = p.w->stride_w * p.channels,
        .x_row = p.w->dilation_h * p.width * p.channels,
        .x_tap = p.w->dilation_w * p.channels,
        .w = dsc_tensor_f32(io->in[1]),
        .w_row = p.kw * p.channels,
        .channels = p.channels,
        .bias = dsc_op_in_f32(io, 2),
    };

    all.clip = dsc_act_is_clip(&attr->act, &all.lo, &all.hi) && p.multiplier == 1;
#pragma omp parallel for num_threads(n_threads) if (n_threads > 1)
    for (size_t i = 0; i < rows; i++) {
        struct row r = {
            .x = x + i / p.v.out * p.height * p.width * p.channels,
            .y = dsc_tensor_f32(&io->out[0]) + i * p.h.out * out,
            .oy = i % p.v.out,
        };
        struct dsc_taps job = all;

        r.ty = taps_inside(r.oy, p.w->stride_h, p.w->dilation_h, p.kh, p.v.before, p.height);
        job.x = r.x;
        job.y = r.y;
        job.kh = r.ty.end - r.ty.begin;
        if (p.multiplier == 1)
            run_row(&p, &r, job);
        else
            run_row_multiplied(&p, &r, all.w, all.bias);
        if (!all.clip && attr->act.kind != DSC_ACT_NONE)
            dsc_kernels()->act_f32(r.y, r.y, p.h.out * out, attr->act);
    }
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
