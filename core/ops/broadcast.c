#include "core/ops/broadcast_internal.h"

/* 16 KiB of each array: a block stays in the first cache for what is done to it next. */
#define BLOCK 4096

/* Length of the axis `from_end` places before the end; 1 when there is none. */
static size_t dim_from_end(struct dsc_shape s, size_t from_end)
{
    return from_end <= s.rank ? s.dim[s.rank - from_end] : 1;
}

static bool join(size_t a, size_t b, size_t *dim)
{
    if (a == b || b == 1)
        *dim = a;
    else if (a == 1 || a == DSC_DIM_FREE)
        *dim = b;
    else if (b == DSC_DIM_FREE)
        *dim = a;
    else
        return false;
    return true;
}

enum dsc_status dsc_broadcast_shape(const char *op, struct dsc_shape a, struct dsc_shape b,
                                    struct dsc_shape *out)
{
    char a_text[DSC_SHAPE_TEXT], b_text[DSC_SHAPE_TEXT];
    struct dsc_shape s = { .rank = DSC_MAX(a.rank, b.rank) };

    for (size_t i = 0; i < s.rank; i++) {
        size_t from_end = s.rank - i;

        if (!join(dim_from_end(a, from_end), dim_from_end(b, from_end), &s.dim[i]))
            return dsc_fail(DSC_INVALID, "%s: shapes %s and %s do not broadcast", op,
                            dsc_shape_text(a, a_text), dsc_shape_text(b, b_text));
    }
    *out = s;
    return DSC_OK;
}

/* Put an axis in front of those that are there, joined to the first when both
 * inputs go on where it ends. */
static void prepend(struct dsc_broadcast *w, size_t size, size_t a_step, size_t b_step)
{
    size_t first = DSC_MAX_RANK - w->rank;

    if (size == 1)
        return;
    if (w->rank && a_step == w->a_step[first] * w->size[first] &&
        b_step == w->b_step[first] * w->size[first]) {
        w->size[first] *= size;
        return;
    }
    first--;
    w->rank++;
    w->size[first] = size;
    w->a_step[first] = a_step;
    w->b_step[first] = b_step;
}

static void move_to_begin(struct dsc_broadcast *w)
{
    size_t first = DSC_MAX_RANK - w->rank;

    for (size_t i = 0; i < w->rank; i++) {
        w->size[i] = w->size[first + i];
        w->a_step[i] = w->a_step[first + i];
        w->b_step[i] = w->b_step[first + i];
    }
}

static void cut_into_blocks(struct dsc_broadcast *w)
{
    size_t inner = w->size[w->rank - 1];

    w->rows = 1;
    for (size_t i = 0; i + 1 < w->rank; i++)
        w->rows *= w->size[i];
    w->rows_per_block = w->pieces_per_row = 1;
    if (inner > BLOCK)
        w->pieces_per_row = (inner + BLOCK - 1) / BLOCK;
    else if (inner)
        w->rows_per_block = BLOCK / inner;
    w->n_blocks = w->rows / w->rows_per_block + (w->rows % w->rows_per_block != 0);
    w->n_blocks = inner ? w->n_blocks * w->pieces_per_row : 0;
}

struct dsc_broadcast dsc_broadcast_of(struct dsc_shape a, struct dsc_shape b)
{
    struct dsc_broadcast w = { 0 };
    size_t rank = DSC_MAX(a.rank, b.rank), a_step = 1, b_step = 1;

    for (size_t from_end = 1; from_end <= rank; from_end++) {
        size_t m = dim_from_end(a, from_end), n = dim_from_end(b, from_end);

        prepend(&w, m == 1 ? n : m, m == 1 ? 0 : a_step, n == 1 ? 0 : b_step);
        a_step *= m;
        b_step *= n;
    }
    move_to_begin(&w);
    if (!w.rank) {
        w.rank = 1;
        w.size[0] = w.a_step[0] = w.b_step[0] = 1;
    }
    cut_into_blocks(&w);
    return w;
}

static void seek(const struct dsc_broadcast *w, size_t row, size_t at[DSC_MAX_RANK],
                 struct dsc_run *r)
{
    for (size_t i = w->rank - 1; i-- > 0;) {
        at[i] = row % w->size[i];
        row /= w->size[i];
        r->a += at[i] * w->a_step[i];
        r->b += at[i] * w->b_step[i];
    }
}

static void advance(const struct dsc_broadcast *w, size_t at[DSC_MAX_RANK], struct dsc_run *r)
{
    r->y += r->n;
    for (size_t i = w->rank - 1; i-- > 0;) {
        r->a += w->a_step[i];
        r->b += w->b_step[i];
        if (++at[i] < w->size[i])
            return;
        r->a -= w->size[i] * w->a_step[i];
        r->b -= w->size[i] * w->b_step[i];
        at[i] = 0;
    }
}

struct dsc_span dsc_broadcast_block(const struct dsc_broadcast *w, size_t i, dsc_run_fn *fn,
                                    const void *arg)
{
    size_t last = w->rank - 1, inner = w->size[last];
    size_t row = i / w->pieces_per_row * w->rows_per_block;
    size_t end = DSC_MIN(row + w->rows_per_block, w->rows);
    size_t skip = i % w->pieces_per_row * BLOCK, at[DSC_MAX_RANK] = { 0 };
    struct dsc_run r = { .y = row * inner + skip,
                         .a = skip * w->a_step[last],
                         .b = skip * w->b_step[last],
                         .n = w->pieces_per_row > 1 ? DSC_MIN(inner - skip, (size_t)BLOCK) : inner,
                         .a_step = w->a_step[last],
                         .b_step = w->b_step[last] };
    struct dsc_span span = { r.y, (end - row) * r.n };

    seek(w, row, at, &r);
    for (; row < end; row++) {
        fn(arg, &r);
        advance(w, at, &r);
    }
    return span;
}

enum dsc_time dsc_broadcast_time(const struct dsc_op_io *io, const int *in_axis, int *out_axis)
{
    size_t from_end = 0, rank = 0;

    for (size_t i = 0; i < io->n_in; i++) {
        if (!io->in[i])
            continue;
        rank = DSC_MAX(rank, io->in[i]->shape.rank);
        if (in_axis[i] < 0)
            continue;
        if (from_end && from_end != io->in[i]->shape.rank - (size_t)in_axis[i])
            return DSC_TIME_WHOLE;
        from_end = io->in[i]->shape.rank - (size_t)in_axis[i];
    }
    if (!from_end)
        return DSC_TIME_WHOLE;
    for (size_t i = 0; i < io->n_in; i++)
        if (io->in[i] && in_axis[i] < 0 && dim_from_end(io->in[i]->shape, from_end) != 1)
            return DSC_TIME_WHOLE;
    *out_axis = (int)(rank - from_end);
    return DSC_TIME_STEPWISE;
}
