#include <limits.h>
#include <string.h>

#include "core/ops/dims_internal.h"
#include "core/ops/matrix_internal.h"
#include "core/ops/ops.h"

/* Both sides come from the picture or the words, so nothing can be packed ahead: the product
 * is OpenBLAS', one item of the leading axes after the other. */

static enum dsc_status misfit(const struct dsc_tensor *a, const struct dsc_tensor *b)
{
    char a_text[DSC_SHAPE_TEXT], b_text[DSC_SHAPE_TEXT];

    return dsc_fail(DSC_INVALID, "matmul: %s and %s cannot be multiplied",
                    dsc_shape_text(a->shape, a_text), dsc_shape_text(b->shape, b_text));
}

/* OpenBLAS counts in int. */
static bool is_counted(struct dsc_shape s)
{
    for (size_t i = 0; i < s.rank; i++)
        if (s.dim[i] != DSC_DIM_FREE && s.dim[i] > INT_MAX)
            return false;
    return true;
}

static enum dsc_status shape(const struct dsc_op_io *io)
{
    const struct dsc_matmul *attr = io->attr;
    const struct dsc_shape a = io->in[0]->shape, b = io->in[1]->shape;
    enum dsc_status st = dsc_check_dtype(io, "matmul", DSC_F32);
    struct dsc_shape out = a;
    size_t k, r = a.rank;

    if (st)
        return st;
    if (r < 2 || b.rank != r || !is_counted(a) || !is_counted(b) ||
        !dsc_dim_join(a.dim[r - 1 - attr->transpose_a], b.dim[r - 2 + attr->transpose_b], &k))
        return misfit(io->in[0], io->in[1]);
    for (size_t i = 0; i + 2 < r; i++)
        if (!dsc_dim_join(a.dim[i], b.dim[i], &out.dim[i]))
            return misfit(io->in[0], io->in[1]);
    out.dim[r - 2] = a.dim[r - 2 + attr->transpose_a];
    out.dim[r - 1] = b.dim[r - 1 - attr->transpose_b];
    io->out[0].dtype = DSC_F32;
    io->out[0].shape = out;
    return DSC_OK;
}

/* Items go to threads when there are enough of them, else the rows of each item. */
struct share {
    size_t items, rows, rows_per_part, parts; /* parts of one item */
    int n_threads;
};

static struct share share_of(const struct dsc_op_io *io, const struct dsc_sgemm *g, size_t items)
{
    struct share s = { .items = items, .rows = g->i };

    s.n_threads = dsc_threads_for_product(io->n_threads, items * g->i * g->j * g->k);
    s.parts = items < (size_t)s.n_threads ? DSC_MIN(g->i, (size_t)s.n_threads) : 1;
    s.rows_per_part = (g->i + s.parts - 1) / s.parts;
    return s;
}

static void multiply_part(const struct dsc_op_io *io, struct dsc_sgemm g, size_t item, size_t row,
                          size_t rows)
{
    const size_t a_item = g.i * g.k;

    g.a = dsc_tensor_f32(io->in[0]) + item * a_item + row * (g.transpose_a ? 1 : g.k);
    g.b = dsc_tensor_f32(io->in[1]) + item * g.k * g.j;
    g.c = dsc_tensor_f32(&io->out[0]) + item * g.i * g.j + row * g.j;
    g.i = rows;
    dsc_blas_sgemm(&g);
}

static enum dsc_status forward(const struct dsc_op_io *io)
{
    const struct dsc_matmul *attr = io->attr;
    const struct dsc_shape a = io->in[0]->shape, out = io->out[0].shape;
    struct dsc_sgemm g = { attr->transpose_a, attr->transpose_b, .alpha = attr->scale };
    struct share s;

    g.i = out.dim[out.rank - 2];
    g.j = out.dim[out.rank - 1];
    g.k = a.dim[a.rank - 1 - attr->transpose_a];
    g.lda = g.transpose_a ? g.i : g.k;
    g.ldb = g.transpose_b ? g.k : g.j;
    g.ldc = g.j;
    if (!dsc_tensor_count(&io->out[0]))
        return DSC_OK;
    if (!g.k) {
        memset(io->out[0].data, 0, dsc_tensor_count(&io->out[0]) * sizeof(float));
        return DSC_OK;
    }
    s = share_of(io, &g, dsc_shape_count(out, 0, out.rank - 2));
#pragma omp parallel for num_threads(s.n_threads) if (s.n_threads > 1)
    for (size_t part = 0; part < s.items * s.parts; part++) {
        const size_t row = part % s.parts * s.rows_per_part;

        if (row < s.rows)
            multiply_part(io, g, part / s.parts, row, DSC_MIN(s.rows_per_part, s.rows - row));
    }
    return DSC_OK;
}

static enum dsc_time time_of(const struct dsc_op_io *io, const int *in_axis, int *out_axis)
{
    const struct dsc_matmul *attr = io->attr;
    const int rank = (int)io->in[0]->shape.rank;
    const int row = attr->transpose_a ? rank - 1 : rank - 2;
    const int column = attr->transpose_b ? rank - 2 : rank - 1;

    if (in_axis[0] == in_axis[1] && in_axis[0] < rank - 2)
        *out_axis = in_axis[0];
    else if (in_axis[0] == row && in_axis[1] < 0)
        *out_axis = rank - 2;
    else if (in_axis[1] == column && in_axis[0] < 0)
        *out_axis = rank - 1;
    else
        return DSC_TIME_WHOLE;
    return DSC_TIME_STEPWISE;
}

const struct dsc_op dsc_op_matmul = {
    .name = "matmul",
    .attr_bytes = sizeof(struct dsc_matmul),
    .min_in = 2,
    .max_in = 2,
    .n_out = 1,
    .shape = shape,
    .forward = forward,
    .time = time_of,
};
