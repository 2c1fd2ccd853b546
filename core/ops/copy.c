#include "core/ops/copy_internal.h"

#include <string.h>

/* A tile of 32 by 32 numbers and its transpose fit in the first cache together. */
#define TILE 32

/* Where a walk over the outer axes stands: coordinates and offsets in elements. */
struct cursor {
    size_t at[DSC_MAX_RANK];
    ptrdiff_t from, to;
};

void dsc_copy_axis(struct dsc_copy *c, size_t size, ptrdiff_t from_step, ptrdiff_t to_step)
{
    c->size[c->rank] = size;
    c->from_step[c->rank] = from_step;
    c->to_step[c->rank++] = to_step;
}

void dsc_dense_steps(struct dsc_shape s, ptrdiff_t step[DSC_MAX_RANK])
{
    ptrdiff_t n = 1;

    for (size_t i = s.rank; i-- > 0;) {
        step[i] = n;
        n *= (ptrdiff_t)s.dim[i];
    }
}

size_t dsc_copy_count(const struct dsc_copy *c)
{
    size_t n = 1;

    for (size_t i = 0; i < c->rank; i++)
        n *= c->size[i];
    return n;
}

/* Leave out axes of length 1, join those that lie one after the other on both
 * sides; at least one axis is left. */
static struct dsc_copy simplify(const struct dsc_copy *c)
{
    struct dsc_copy s = { 0 };

    for (size_t i = 0; i < c->rank; i++) {
        ptrdiff_t size = (ptrdiff_t)c->size[i];
        size_t last = s.rank - 1;

        if (size == 1)
            continue;
        if (s.rank && s.from_step[last] == c->from_step[i] * size &&
            s.to_step[last] == c->to_step[i] * size) {
            s.size[last] *= c->size[i];
            s.from_step[last] = c->from_step[i];
            s.to_step[last] = c->to_step[i];
        } else {
            dsc_copy_axis(&s, c->size[i], c->from_step[i], c->to_step[i]);
        }
    }
    if (!s.rank)
        dsc_copy_axis(&s, 1, 1, 1);
    return s;
}

/* Stand at the n-th place of the first `rank` axes. */
static struct cursor seek(const struct dsc_copy *c, size_t rank, size_t n)
{
    struct cursor p = { { 0 }, 0, 0 };

    for (size_t i = rank; i-- > 0;) {
        p.at[i] = n % c->size[i];
        n /= c->size[i];
        p.from += (ptrdiff_t)p.at[i] * c->from_step[i];
        p.to += (ptrdiff_t)p.at[i] * c->to_step[i];
    }
    return p;
}

static void advance(struct cursor *p, const struct dsc_copy *c, size_t rank)
{
    for (size_t i = rank; i-- > 0;) {
        p->from += c->from_step[i];
        p->to += c->to_step[i];
        if (++p->at[i] < c->size[i])
            return;
        p->from -= (ptrdiff_t)c->size[i] * c->from_step[i];
        p->to -= (ptrdiff_t)c->size[i] * c->to_step[i];
        p->at[i] = 0;
    }
}

static size_t count_outer(const struct dsc_copy *c, size_t rank)
{
    size_t n = 1;

    for (size_t i = 0; i < rank; i++)
        n *= c->size[i];
    return n;
}

/* The innermost axis is dense on both sides: whole runs move. */
static void copy_runs(const struct dsc_copy *c, char *to, const char *from, ptrdiff_t elem,
                      int n_threads)
{
    size_t outer = c->rank - 1, n = count_outer(c, outer), run = c->size[outer] * (size_t)elem;
    size_t n_parts = (size_t)n_threads;

#pragma omp parallel for num_threads(n_threads) if (n_threads > 1)
    for (size_t part = 0; part < n_parts; part++) {
        size_t row = n * part / n_parts, end = n * (part + 1) / n_parts;
        struct cursor p = seek(c, outer, row);

        for (; row < end; row++) {
            memcpy(to + p.to * elem, from + p.from * elem, run);
            advance(&p, c, outer);
        }
    }
}

/* rows by cols elements whose steps are given in bytes. */
struct tile {
    size_t rows, cols;
    ptrdiff_t from_row, from_col, to_row, to_col;
};

static void copy_tile(const struct tile *t, char *to, const char *from, size_t elem)
{
    for (size_t r = 0; r < t->rows; r++) {
        const char *x = from + (ptrdiff_t)r * t->from_row;
        char *y = to + (ptrdiff_t)r * t->to_row;

        /* A constant length lets the compiler move registers. */
        if (elem == 4)
            for (size_t i = 0; i < t->cols; i++, x += t->from_col, y += t->to_col)
                memcpy(y, x, 4);
        else
            for (size_t i = 0; i < t->cols; i++, x += t->from_col, y += t->to_col)
                *y = *x;
    }
}

/* Move axis i, not the last one, to the place before the last. */
static void make_row_axis(struct dsc_copy *c, size_t i)
{
    struct dsc_copy old = *c;

    c->rank = 0;
    for (size_t j = 0; j < old.rank; j++) {
        if (j + 1 == old.rank)
            dsc_copy_axis(c, old.size[i], old.from_step[i], old.to_step[i]);
        if (j != i)
            dsc_copy_axis(c, old.size[j], old.from_step[j], old.to_step[j]);
    }
}

/* The two innermost axes move in tiles, so that both the axis that is dense in
 * the source and the one that is dense in the result use whole cache lines. */
static void copy_tiles(const struct dsc_copy *c, char *to, const char *from, ptrdiff_t elem,
                       int n_threads)
{
    size_t outer = c->rank - 2, rows = c->size[outer], cols = c->size[outer + 1];
    size_t row_tiles = (rows + TILE - 1) / TILE, n = count_outer(c, outer) * row_tiles;

#pragma omp parallel for num_threads(n_threads) if (n_threads > 1)
    for (size_t i = 0; i < n; i++) {
        struct cursor p = seek(c, outer, i / row_tiles);
        size_t row = i % row_tiles * TILE;
        struct tile t = { DSC_MIN(rows - row, (size_t)TILE), 0,
                          c->from_step[outer] * elem,        c->from_step[outer + 1] * elem,
                          c->to_step[outer] * elem,          c->to_step[outer + 1] * elem };
        const char *x = from + p.from * elem + (ptrdiff_t)row * t.from_row;
        char *y = to + p.to * elem + (ptrdiff_t)row * t.to_row;

        for (size_t col = 0; col < cols; col += TILE) {
            t.cols = DSC_MIN(cols - col, (size_t)TILE);
            copy_tile(&t, y + (ptrdiff_t)col * t.to_col, x + (ptrdiff_t)col * t.from_col,
                      (size_t)elem);
        }
    }
}

/* The axis that is dense in the source, the last but one when there is none. */
static size_t source_axis(const struct dsc_copy *c)
{
    for (size_t i = 0; i + 1 < c->rank; i++)
        if (c->from_step[i] == 1)
            return i;
    return c->rank - 2;
}

void dsc_copy_run(struct dsc_copy c, void *to, const void *from, size_t elem_bytes, int n_threads)
{
    if (!dsc_copy_count(&c))
        return;
    c = simplify(&c);
    if (c.from_step[c.rank - 1] == 1 && c.to_step[c.rank - 1] == 1) {
        copy_runs(&c, to, from, (ptrdiff_t)elem_bytes, n_threads);
        return;
    }
    if (c.rank == 1) {
        struct dsc_copy flat = { 0 };

        dsc_copy_axis(&flat, 1, 0, 0);
        dsc_copy_axis(&flat, c.size[0], c.from_step[0], c.to_step[0]);
        c = flat;
    }
    make_row_axis(&c, source_axis(&c));
    copy_tiles(&c, to, from, (ptrdiff_t)elem_bytes, n_threads);
}
