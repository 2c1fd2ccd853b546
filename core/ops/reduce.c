#include <math.h>

#include "core/ops/copy_internal.h"
#include "core/ops/dims_internal.h"
#include "core/ops/ops.h"

/* Results that are worked on together; their accumulators lie on the stack. */
#define BLOCK 256

/* One group of axes: sizes and steps in elements of the input. */
struct axes {
    size_t rank;
    size_t size[DSC_MAX_RANK];
    size_t step[DSC_MAX_RANK];
};

/* The input in three parts: kept axes, reduced axes, and the innermost axis that
 * belongs to one of them and is run over without steps. */
struct reduction {
    enum dsc_reduce_kind kind;
    const float *x;
    struct axes kept, reduced;
    size_t run;    /* length of the innermost axis */
    bool run_kept; /* else it is reduced too */
    size_t n_kept; /* products of the sizes */
    size_t n_reduced;
    double scale; /* of a mean */
};

static bool is_reduced(const struct dsc_reduce *attr, size_t axis)
{
    return attr->axes >> axis & 1;
}

static enum dsc_status shape(const struct dsc_op_io *io)
{
    const struct dsc_reduce *attr = io->attr;
    struct dsc_shape in = io->in[0]->shape, s = { .rank = 0 };
    enum dsc_status st = dsc_check_dtype(io, "reduce", DSC_F32);
    char text[DSC_SHAPE_TEXT];

    if (st)
        return st;
    if (attr->axes >> in.rank)
        return dsc_fail(DSC_INVALID, "reduce: an axis is named that %s does not have",
                        dsc_shape_text(in, text));
    for (size_t i = 0; i < in.rank; i++) {
        if (!is_reduced(attr, i))
            s.dim[s.rank++] = in.dim[i];
        else if (attr->keep_axes)
            s.dim[s.rank++] = 1;
    }
    io->out[0].dtype = DSC_F32;
    io->out[0].shape = s;
    return DSC_OK;
}

static void add_axis(struct axes *a, size_t size, size_t step)
{
    /* Axes come from the last to the first; neighbours of one kind are one. */
    if (a->rank && a->size[a->rank - 1] * a->step[a->rank - 1] == step) {
        a->size[a->rank - 1] *= size;
        return;
    }
    a->size[a->rank] = size;
    a->step[a->rank++] = step;
}

static size_t count(const struct axes *a)
{
    size_t n = 1;

    for (size_t i = 0; i < a->rank; i++)
        n *= a->size[i];
    return n;
}

static struct reduction plan(const struct dsc_op_io *io)
{
    const struct dsc_reduce *attr = io->attr;
    struct dsc_shape in = io->in[0]->shape;
    struct reduction r = { .kind = attr->kind, .x = dsc_tensor_f32(io->in[0]), .run = 1 };
    struct axes *inner;
    size_t step = 1;

    for (size_t i = in.rank; i-- > 0; step *= in.dim[i])
        if (in.dim[i] != 1)
            add_axis(is_reduced(attr, i) ? &r.reduced : &r.kept, in.dim[i], step);
    r.scale = 1.0 / (double)count(&r.reduced);
    r.run_kept = r.kept.rank && r.kept.step[0] == 1;
    inner = r.run_kept ? &r.kept : &r.reduced;
    if (inner->rank) {
        r.run = inner->size[0];
        inner->size[0] = 1;
    }
    r.n_kept = count(&r.kept);
    r.n_reduced = count(&r.reduced);
    return r;
}

/* Offset of the n-th place, the first axis running fastest. */
static size_t offset(const struct axes *a, size_t n)
{
    size_t at = 0;

    if (a->rank == 1)
        return n * a->step[0];
    for (size_t i = 0; i < a->rank; i++) {
        at += n % a->size[i] * a->step[i];
        n /= a->size[i];
    }
    return at;
}

static double start_of(enum dsc_reduce_kind kind)
{
    if (kind == DSC_REDUCE_MAX)
        return -(double)INFINITY;
    return kind == DSC_REDUCE_MIN ? (double)INFINITY : 0;
}

/* acc[i] takes in x[i]; a NaN stays. */
static void take_row(enum dsc_reduce_kind kind, double *acc, const float *x, size_t n)
{
    if (kind == DSC_REDUCE_MAX) {
#pragma omp simd
        for (size_t i = 0; i < n; i++)
            acc[i] = (double)x[i] <= acc[i] || acc[i] != acc[i] ? acc[i] : (double)x[i];
    } else if (kind == DSC_REDUCE_MIN) {
#pragma omp simd
        for (size_t i = 0; i < n; i++)
            acc[i] = (double)x[i] >= acc[i] || acc[i] != acc[i] ? acc[i] : (double)x[i];
    } else {
#pragma omp simd
        for (size_t i = 0; i < n; i++)
            acc[i] += (double)x[i];
    }
}

/* The result of folding n numbers, through a few accumulators side by side. */
static double take_run(enum dsc_reduce_kind kind, double acc, const float *x, size_t n)
{
    double lanes[8];
    size_t i = 0;

    for (size_t l = 0; l < DSC_COUNT(lanes); l++)
        lanes[l] = start_of(kind);
    for (; i + DSC_COUNT(lanes) <= n; i += DSC_COUNT(lanes))
        take_row(kind, lanes, x + i, DSC_COUNT(lanes));
    take_row(kind, lanes, x + i, n - i);
    for (size_t l = 0; l < DSC_COUNT(lanes); l++) {
        if (kind == DSC_REDUCE_MEAN || kind == DSC_REDUCE_SUM)
            acc += lanes[l];
        else if (kind == DSC_REDUCE_MAX)
            acc = lanes[l] <= acc || acc != acc ? acc : lanes[l];
        else
            acc = lanes[l] >= acc || acc != acc ? acc : lanes[l];
    }
    return acc;
}

static float finish(const struct reduction *r, double acc)
{
    return (float)(r->kind == DSC_REDUCE_MEAN ? acc * r->scale : acc);
}

/* n results that lie side by side in the input too, from x on. */
static void reduce_block(const struct reduction *r, float *y, const float *x, size_t n)
{
    double acc[BLOCK];

    for (size_t i = 0; i < n; i++)
        acc[i] = start_of(r->kind);
    for (size_t j = 0; j < r->n_reduced; j++)
        take_row(r->kind, acc, x + offset(&r->reduced, j), n);
    for (size_t i = 0; i < n; i++)
        y[i] = finish(r, acc[i]);
}

static float reduce_one(const struct reduction *r, const float *x)
{
    double acc = start_of(r->kind);

    for (size_t j = 0; j < r->n_reduced; j++)
        acc = take_run(r->kind, acc, x + offset(&r->reduced, j), r->run);
    return finish(r, acc);
}

/* Sums are kept in double: a mean over 100 x 100 pixels is exact to the last f32 bit. */
static enum dsc_status forward(const struct dsc_op_io *io)
{
    struct reduction r = plan(io);
    float *y = dsc_tensor_f32(&io->out[0]);
    size_t blocks = r.run_kept ? (r.run + BLOCK - 1) / BLOCK : 1, n = r.n_kept * blocks;
    int n_threads = dsc_threads_for(io, dsc_tensor_count(io->in[0]));

#pragma omp parallel for num_threads(n_threads) if (n_threads > 1)
    for (size_t i = 0; i < n; i++) {
        const float *x = r.x + offset(&r.kept, i / blocks);
        size_t at = i % blocks * BLOCK;

        if (r.run_kept)
            reduce_block(&r, y + i / blocks * r.run + at, x + at,
                         DSC_MIN(r.run - at, (size_t)BLOCK));
        else
            y[i] = reduce_one(&r, x);
    }
    return DSC_OK;
}

static enum dsc_time time_of(const struct dsc_op_io *io, const int *in_axis, int *out_axis)
{
    const struct dsc_reduce *attr = io->attr;
    int axis = in_axis[0];

    if (is_reduced(attr, (size_t)axis))
        return DSC_TIME_WHOLE;
    for (size_t i = 0; i < (size_t)in_axis[0]; i++)
        axis -= is_reduced(attr, i) && !attr->keep_axes;
    *out_axis = axis;
    return DSC_TIME_STEPWISE;
}

const struct dsc_op dsc_op_reduce = {
    .name = "reduce",
    .attr_bytes = sizeof(struct dsc_reduce),
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .shape = shape,
    .forward = forward,
    .time = time_of,
};
