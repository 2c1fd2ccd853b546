#include <omp.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/ops/dims_internal.h"
#include "core/ops/matrix_internal.h"
#include "core/ops/window.h"

/* A convolution is a product whose rows are the windows of the picture. A 1 x 1 window reads
 * the picture itself; other windows are copied, a block of rows at a time, into work. */

/* Floats of such a block: it stays in the second-level cache beside a panel of weights. */
#define BLOCK_FLOATS (128 * 1024)
#define MIN_ROWS     28
#define MAX_ROWS     448

struct plan {
    const struct dsc_window *w;
    size_t n, height, width, channels; /* of x */
    size_t kh, kw, groups, m;          /* m: output channels of one group */
    size_t group_channels, k;          /* k: kh kw group_channels */
    struct dsc_window_axis v, h;
    size_t ld, rows; /* a block: rows of ld floats */
};

static enum dsc_status misfit(const struct dsc_op_io *io)
{
    const struct dsc_conv2d *attr = io->attr;
    char x_text[DSC_SHAPE_TEXT], w_text[DSC_SHAPE_TEXT];

    return dsc_fail(DSC_INVALID, "conv2d: input %s does not fit weights %s in %zu groups",
                    dsc_shape_text(io->in[0]->shape, x_text),
                    dsc_shape_text(io->in[1]->shape, w_text), attr->groups);
}

static enum dsc_status shape(const struct dsc_op_io *io)
{
    const struct dsc_conv2d *attr = io->attr;
    const struct dsc_shape x = io->in[0]->shape, w = io->in[1]->shape;
    const struct dsc_tensor *residual = dsc_op_in(io, 3);
    char a_text[DSC_SHAPE_TEXT], b_text[DSC_SHAPE_TEXT];
    enum dsc_status st = dsc_check_dtype(io, "conv2d", DSC_F32);
    struct dsc_window_axis v, h;
    size_t channels, joined;
    struct dsc_shape out;

    if (st)
        return st;
    if (x.rank != 4 || w.rank != 4 || !dsc_shape_is_known(w) || !attr->groups ||
        w.dim[3] % attr->groups || !dsc_mul_size(w.dim[2], attr->groups, &channels) ||
        !dsc_dim_join(x.dim[3], channels, &joined))
        return misfit(io);
    st = dsc_check_channels("conv2d", io->in[1], 3, dsc_op_in(io, 2));
    if (!st)
        st = dsc_window_axis(&attr->window, x.dim[1], w.dim[0], true, &v);
    if (!st)
        st = dsc_window_axis(&attr->window, x.dim[2], w.dim[1], false, &h);
    if (st)
        return dsc_fail_context(st, "conv2d of %s with weights %s", dsc_shape_text(x, a_text),
                                dsc_shape_text(w, b_text));
    out = DSC_SHAPE(x.dim[0], v.out, h.out, w.dim[3]);
    if (residual && !dsc_shape_fits(residual->shape, out))
        return dsc_fail(DSC_INVALID, "conv2d: the addend %s does not fit the result %s",
                        dsc_shape_text(residual->shape, a_text), dsc_shape_text(out, b_text));
    io->out[0].dtype = DSC_F32;
    io->out[0].shape = out;
    return DSC_OK;
}

/* Everything about a run; of io->in[0] the shape only is read. The shape rule has seen that
 * windows fit, so the two calls cannot fail. */
static struct plan plan_of(const struct dsc_op_io *io)
{
    const struct dsc_conv2d *attr = io->attr;
    const size_t *x = io->in[0]->shape.dim, *w = io->in[1]->shape.dim;
    struct plan p = {
        .w = &attr->window,
        .n = x[0],
        .height = x[1],
        .width = x[2],
        .channels = x[3],
        .kh = w[0],
        .kw = w[1],
        .groups = attr->groups,
        .m = w[3] / attr->groups,
        .group_channels = w[2],
        .k = w[0] * w[1] * w[2],
    };

    if (dsc_window_axis(p.w, p.height, p.kh, true, &p.v) ||
        dsc_window_axis(p.w, p.width, p.kw, false, &p.h))
        p.v.out = p.h.out = 0;
    /* Rows that begin a power of two apart would share few lines of the cache. */
    p.ld = p.k + (p.k % 512 < 16 ? 16 : 0);
    p.rows = DSC_MIN(DSC_MAX(BLOCK_FLOATS / (p.ld + 1), MIN_ROWS), MAX_ROWS);
    return p;
}

static bool is_direct(const struct plan *p)
{
    return p->kh == 1 && p->kw == 1 && p->w->stride_h == 1 && p->w->stride_w == 1 &&
           p->v.out == p->height && p->h.out == p->width;
}

static struct dsc_right right_of(const struct dsc_op_io *io, size_t group)
{
    const struct dsc_conv2d *attr = io->attr;
    const struct dsc_tensor *w = io->in[1];
    const size_t *d = w->shape.dim, m = d[3] / attr->groups;

    return (struct dsc_right){ w->data, d[3], group * m, d[0] * d[1] * d[2], m };
}

/* Floats of all groups, which have one size. SIZE_MAX when they overflow. */
static size_t packed_floats(const struct dsc_op_io *io)
{
    const struct dsc_conv2d *attr = io->attr;
    const struct dsc_right r = right_of(io, 0);
    size_t all;

    return dsc_mul_size(dsc_right_at(&r, 1), attr->groups, &all) ? all : SIZE_MAX;
}

static void fill(const struct dsc_op_io *io, float *packed)
{
    const struct dsc_conv2d *attr = io->attr;

    for (size_t i = 0; i < attr->groups; i++) {
        const struct dsc_right r = right_of(io, i);

        dsc_right_fill(packed + i * dsc_right_at(&r, 1), &r, 1);
    }
}

static enum dsc_status pack(const struct dsc_op_io *io, void **out)
{
    const size_t bytes = dsc_work_floats(packed_floats(io));

    if (!io->in[1]->data)
        return DSC_OK;
    *out = bytes < SIZE_MAX ? dsc_malloc(bytes, 1) : NULL;
    if (!*out)
        return dsc_fail_nomem("packed weights");
    fill(io, *out);
    return DSC_OK;
}

static size_t work_bytes(const struct dsc_op_io *io)
{
    const struct plan p = plan_of(io);
    const size_t packed = io->pack ? 0 : dsc_work_floats(packed_floats(io));
    size_t blocks = 0;

    if (!is_direct(&p) &&
        !dsc_mul_size(dsc_work_floats(p.rows * p.ld), (size_t)io->n_threads, &blocks))
        return SIZE_MAX;
    return dsc_work_add(packed, blocks);
}

/* A stretch of outputs ox .. ox_end - 1 of one row, and the rows of the block they fill. */
struct stretch {
    size_t ox, ox_end;
    float *to; /* the columns of a line of taps in the row of output ox */
};

/* Columns of taps kx .. kx + taps - 1 of one line of the window, for the outputs of the stretch
 * whose taps all lie inside the picture; answers which those are. */
static struct dsc_part copy_inside(const struct plan *p, const float *line, struct stretch s,
                                   size_t kx, size_t taps)
{
    const size_t first = kx * p->w->dilation_w, last = (kx + taps - 1) * p->w->dilation_w;
    const size_t step = p->w->stride_w, before = p->h.before;
    struct dsc_part in = { s.ox, s.ox_end };

    if (first < before)
        in.begin = DSC_MAX(s.ox, (before - first + step - 1) / step);
    in.end = last < p->width + before ? DSC_MIN(s.ox_end, (p->width + before - last - 1) / step + 1)
                                      : s.ox;
    if (in.begin >= in.end)
        return (struct dsc_part){ s.ox, s.ox };
    dsc_kernels()->copy_rows_f32(s.to + (in.begin - s.ox) * p->ld + kx * p->group_channels, p->ld,
                                 line + (in.begin * step + first - before) * p->channels,
                                 step * p->channels, in.end - in.begin, taps * p->group_channels);
    return in;
}

/* One tap where it is cut off by the left or right edge. */
static void copy_tap(const struct plan *p, const float *line, struct stretch s, size_t kx)
{
    const struct dsc_part in = copy_inside(p, line, s, kx, 1);
    const size_t bytes = p->group_channels * sizeof(float);

    for (size_t ox = s.ox; ox < s.ox_end; ox++)
        if (ox < in.begin || ox >= in.end)
            memset(s.to + (ox - s.ox) * p->ld + kx * p->group_channels, 0, bytes);
}

/* A line of kw taps for every output of the stretch. */
static void copy_line(const struct plan *p, const float *line, struct stretch s)
{
    const bool joined = p->w->dilation_w == 1 && p->groups == 1;
    const struct dsc_part in =
        joined ? copy_inside(p, line, s, 0, p->kw) : (struct dsc_part){ s.ox, s.ox };
    const struct stretch left = { s.ox, in.begin, s.to };
    const struct stretch right = { in.end, s.ox_end, s.to + (in.end - s.ox) * p->ld };

    for (size_t kx = 0; kx < p->kw; kx++) {
        if (left.ox < left.ox_end)
            copy_tap(p, line, left, kx);
        if (right.ox < right.ox_end)
            copy_tap(p, line, right, kx);
    }
}

/* Windows of outputs row .. row_end - 1 (of all pictures, row-major) for one group. */
static void copy_windows(const struct plan *p, const float *x, size_t row, size_t row_end,
                         float *block)
{
    const size_t line_floats = p->kw * p->group_channels;

    while (row < row_end) {
        const size_t ox = row % p->h.out, oy = row / p->h.out % p->v.out;
        const size_t n = DSC_MIN(p->h.out - ox, row_end - row);
        const float *picture = x + row / p->h.out / p->v.out * p->height * p->width * p->channels;

        for (size_t ky = 0; ky < p->kh; ky++) {
            const size_t y = oy * p->w->stride_h + ky * p->w->dilation_h;
            const struct stretch s = { ox, ox + n, block + ky * line_floats };

            if (y >= p->v.before && y < p->v.before + p->height)
                copy_line(p, picture + (y - p->v.before) * p->width * p->channels, s);
            else
                for (size_t i = 0; i < n; i++)
                    memset(s.to + i * p->ld, 0, line_floats * sizeof(float));
        }
        row += n;
        block += n * p->ld;
    }
}

static struct dsc_product product_of(const struct dsc_op_io *io, const struct plan *p,
                                     const float *packed, size_t group)
{
    const struct dsc_conv2d *attr = io->attr;
    const struct dsc_right r = right_of(io, group);
    const float *bias = dsc_op_in_f32(io, 2), *residual = dsc_op_in_f32(io, 3);

    return (struct dsc_product){
        .a = dsc_tensor_f32(io->in[0]) + group * p->group_channels,
        .lda = p->channels,
        .packed = packed + group * dsc_right_at(&r, 1),
        .k = p->k,
        .m = p->m,
        .c = dsc_tensor_f32(&io->out[0]) + group * p->m,
        .ldc = p->groups * p->m,
        .bias = bias ? bias + group * p->m : NULL,
        .residual = residual ? residual + group * p->m : NULL,
        .ldr = p->groups * p->m,
        .act = attr->act,
    };
}

/* Outputs row .. row_end - 1 through a block in work. */
static void by_blocks(const struct dsc_op_io *io, const struct plan *p, const float *packed,
                      struct dsc_part part, float *block)
{
    const float *x = dsc_tensor_f32(io->in[0]);

    for (size_t row = part.begin; row < part.end; row += p->rows) {
        const size_t end = DSC_MIN(row + p->rows, part.end);

        for (size_t group = 0; group < p->groups; group++) {
            struct dsc_product g = product_of(io, p, packed, group);

            copy_windows(p, x + group * p->group_channels, row, end, block);
            g.a = block;
            g.lda = p->ld;
            g.c += row * g.ldc;
            if (g.residual)
                g.residual += row * g.ldr;
            dsc_product_run(&g, 0, end - row, 0, dsc_packed_panels(p->m));
        }
    }
}

static enum dsc_status forward(const struct dsc_op_io *io)
{
    const struct plan p = plan_of(io);
    const size_t rows = p.n * p.v.out * p.h.out, block_floats = p.rows * p.ld;
    const int n_threads = dsc_threads_for_product(io->n_threads, rows * p.k * p.m * p.groups);
    const float *packed = io->pack;
    float *blocks = io->work;

    if (!packed) {
        fill(io, io->work);
        packed = io->work;
        blocks += dsc_work_floats(packed_floats(io)) / sizeof(float);
    }
    if (is_direct(&p)) {
        for (size_t group = 0; group < p.groups; group++) {
            const struct dsc_product g = product_of(io, &p, packed, group);

            dsc_matrix_product(&g, rows, io->n_threads);
        }
        return DSC_OK;
    }
#pragma omp parallel num_threads(n_threads) if (n_threads > 1)
    {
        const int i = omp_get_thread_num();

        by_blocks(io, &p, packed, dsc_part_of(rows, 1, i, omp_get_num_threads()),
                  blocks + (size_t)i * (dsc_work_floats(block_floats) / sizeof(float)));
    }
    return DSC_OK;
}

const struct dsc_op dsc_op_conv2d = {
    .name = "conv2d",
    .attr_bytes = sizeof(struct dsc_conv2d),
    .min_in = 2,
    .max_in = 4,
    .n_out = 1,
    .shape = shape,
    .pack = pack,
    .work_bytes = work_bytes,
    .forward = forward,
};
