#include "core/ops/recurrent_internal.h"

#include <omp.h>
#include <string.h>

#include "core/ops/dims_internal.h"

#define MAX_RIGHTS 3

static enum dsc_status misfit(const struct dsc_op_io *io, const struct dsc_cell *cell, size_t in,
                              const char *what)
{
    static const char *const names[] = {
        "input", "kernel", "recurrent kernel", "bias", "mask", "state", "cell state",
    };
    char text[DSC_SHAPE_TEXT], x_text[DSC_SHAPE_TEXT], r_text[DSC_SHAPE_TEXT];

    return dsc_fail(DSC_INVALID, "%s: %s %s is not %s (input %s, recurrent kernel %s)", cell->name,
                    names[in], dsc_shape_text(io->in[in]->shape, text), what,
                    dsc_shape_text(io->in[0]->shape, x_text),
                    dsc_shape_text(io->in[2]->shape, r_text));
}

static bool is_shape(const struct dsc_tensor *t, struct dsc_shape s)
{
    return !t || dsc_shape_fits(t->shape, s);
}

static enum dsc_status check_types(const struct dsc_op_io *io, const struct dsc_cell *cell)
{
    for (size_t i = 0; i < io->n_in; i++) {
        const enum dsc_dtype want = i == DSC_RECURRENT_MASK ? DSC_BOOL : DSC_F32;

        if (io->in[i] && io->in[i]->dtype != want)
            return dsc_fail(DSC_INVALID, "%s: input %zu is %s, expected %s", cell->name, i,
                            dsc_dtype_name(io->in[i]->dtype), dsc_dtype_name(want));
    }
    return DSC_OK;
}

static enum dsc_status check_shapes(const struct dsc_op_io *io, const struct dsc_cell *cell)
{
    const struct dsc_recurrent *attr = io->attr;
    const struct dsc_shape x = io->in[0]->shape, r = io->in[2]->shape;
    struct dsc_shape bias;
    size_t u, columns;
    bool two_biases;

    if (x.rank != 3)
        return misfit(io, cell, 0, "[N, T, E]");
    u = r.rank ? r.dim[0] : 0;
    if (!u || u == DSC_DIM_FREE || !dsc_mul_size(u, cell->gates, &columns) ||
        !dsc_shape_fits(r, DSC_SHAPE(u, columns)))
        return misfit(io, cell, 2, "[units, gates x units]");
    if (!dsc_shape_fits(io->in[1]->shape, DSC_SHAPE(x.dim[2], columns)))
        return misfit(io, cell, 1, "[E, gates x units]");
    two_biases = cell->first_columns && attr->reset_after;
    bias = two_biases ? DSC_SHAPE(2, columns) : DSC_SHAPE(columns);
    if (!is_shape(dsc_op_in(io, 3), bias))
        return misfit(io, cell, 3, two_biases ? "[2, gates x units]" : "[gates x units]");
    if (!is_shape(dsc_op_in(io, DSC_RECURRENT_MASK), DSC_SHAPE(x.dim[0], x.dim[1])))
        return misfit(io, cell, DSC_RECURRENT_MASK, "[N, T]");
    for (size_t i = 0; i < cell->n_state; i++)
        if (!is_shape(dsc_op_in(io, DSC_RECURRENT_STATE_IN + i), DSC_SHAPE(x.dim[0], u)))
            return misfit(io, cell, DSC_RECURRENT_STATE_IN + i, "[N, units]");
    return DSC_OK;
}

enum dsc_status dsc_recurrent_shape(const struct dsc_op_io *io, const struct dsc_cell *cell)
{
    const struct dsc_recurrent *attr = io->attr;
    const struct dsc_shape x = io->in[0]->shape;
    enum dsc_status st = check_types(io, cell);
    size_t u;

    if (!st)
        st = check_shapes(io, cell);
    if (st)
        return st;
    u = io->in[2]->shape.dim[0];
    io->out[0].dtype = DSC_F32;
    io->out[0].shape = attr->sequences ? DSC_SHAPE(x.dim[0], x.dim[1], u) : DSC_SHAPE(x.dim[0], u);
    for (size_t i = 1; i <= cell->n_state; i++) {
        io->out[i].dtype = DSC_F32;
        io->out[i].shape = DSC_SHAPE(x.dim[0], u);
    }
    return DSC_OK;
}

/* w, then r in one or two parts; answers how many. */
static size_t rights_of(const struct dsc_op_io *io, const struct dsc_cell *cell,
                        struct dsc_right right[MAX_RIGHTS])
{
    const struct dsc_tensor *w = io->in[1], *r = io->in[2];
    const size_t u = r->shape.dim[0], columns = cell->gates * u;
    const size_t first = cell->first_columns ? cell->first_columns * u : columns;

    right[0] = (struct dsc_right){ w->data, columns, 0, w->shape.dim[0], columns };
    right[1] = (struct dsc_right){ r->data, columns, 0, u, first };
    right[2] = (struct dsc_right){ r->data, columns, first, u, columns - first };
    return cell->first_columns ? 3 : 2;
}

enum dsc_status dsc_recurrent_pack(const struct dsc_op_io *io, const struct dsc_cell *cell,
                                   void **out)
{
    struct dsc_right right[MAX_RIGHTS];
    const size_t n = rights_of(io, cell, right);

    return io->in[1]->data && io->in[2]->data ? dsc_right_pack(right, n, out) : DSC_OK;
}

static size_t z_bytes(const struct dsc_op_io *io, const struct dsc_cell *cell)
{
    const size_t *x = io->in[0]->shape.dim;
    size_t n = cell->gates;

    if (!dsc_mul_size(n, io->in[2]->shape.dim[0], &n) || !dsc_mul_size(n, x[0], &n) ||
        !dsc_mul_size(n, x[1], &n))
        return SIZE_MAX;
    return dsc_work_floats(n);
}

size_t dsc_recurrent_work_bytes(const struct dsc_op_io *io, const struct dsc_cell *cell)
{
    struct dsc_right right[MAX_RIGHTS];
    const size_t n = rights_of(io, cell, right), states = dsc_tensor_count(&io->out[1]);
    size_t bytes = dsc_work_add(z_bytes(io, cell), cell->has_extra ? dsc_work_floats(states) : 0);

    return dsc_work_add(bytes, io->pack ? 0 : dsc_right_bytes(right, n));
}

void dsc_recurrent_wait(void)
{
#pragma omp barrier
}

void dsc_recurrent_product(const struct dsc_recurrent_run *r, const struct dsc_step_product *p,
                           const struct dsc_recurrent_share *who)
{
    const struct dsc_part panels = dsc_part_of(dsc_packed_panels(p->m), 1, who->i, who->of);
    const struct dsc_product product = {
        .a = p->a,
        .lda = r->u,
        .packed = p->right,
        .k = r->u,
        .m = p->m,
        .c = p->c,
        .ldc = p->ldc,
        .bias = p->bias,
        .residual = p->add ? p->c : NULL,
        .ldr = p->ldc,
    };

    dsc_product_run(&product, 0, r->n, panels.begin, panels.end);
}

/* z = x w + b for all words. */
static struct dsc_product input_product(const struct dsc_recurrent_run *r)
{
    return (struct dsc_product){
        .a = r->x,
        .lda = r->e,
        .packed = r->right[0],
        .k = r->e,
        .m = r->gates * r->u,
        .c = r->z,
        .ldc = r->gates * r->u,
        .bias = r->b,
    };
}

static struct dsc_recurrent_run begin_run(const struct dsc_op_io *io, const struct dsc_cell *cell)
{
    const struct dsc_tensor *mask = dsc_op_in(io, DSC_RECURRENT_MASK);
    const size_t *x = io->in[0]->shape.dim;
    struct dsc_right right[MAX_RIGHTS];
    const size_t n_rights = rights_of(io, cell, right);
    char *work = io->work;
    struct dsc_recurrent_run r = {
        .attr = io->attr,
        .n = x[0],
        .t = x[1],
        .e = x[2],
        .u = io->in[2]->shape.dim[0],
        .gates = cell->gates,
        .x = dsc_tensor_f32(io->in[0]),
        .b = dsc_op_in_f32(io, 3),
        .mask = mask ? dsc_tensor_bool(mask) : NULL,
        .y = dsc_tensor_f32(&io->out[0]),
        .h = dsc_tensor_f32(&io->out[1]),
        .c = cell->n_state > 1 ? dsc_tensor_f32(&io->out[2]) : NULL,
    };
    const float *packed = io->pack;

    r.z = io->work;
    work += z_bytes(io, cell);
    if (cell->has_extra) {
        r.extra = (float *)(void *)work;
        work += dsc_work_floats(r.n * r.u);
    }
    if (!packed) {
        dsc_right_fill((float *)(void *)work, right, n_rights);
        packed = (const float *)(const void *)work;
    }
    for (size_t i = 0; i < n_rights; i++)
        r.right[i] = packed + dsc_right_at(right, i);
    for (size_t i = 0; i < cell->n_state; i++) {
        const float *from = dsc_op_in_f32(io, DSC_RECURRENT_STATE_IN + i);
        float *to = i ? r.c : r.h;

        if (from)
            memcpy(to, from, r.n * r.u * sizeof(*to));
        else
            memset(to, 0, r.n * r.u * sizeof(*to));
    }
    return r;
}

/* Write the thread's units of the output of step s, which read word t. */
static void put_sequence(const struct dsc_recurrent_run *r, size_t s, size_t t,
                         struct dsc_part units)
{
    const size_t bytes = (units.end - units.begin) * sizeof(float);

    for (size_t n = 0; n < r->n; n++) {
        float *y = r->y + (n * r->t + s) * r->u + units.begin;

        if (!dsc_recurrent_is_masked(r, n, t))
            memcpy(y, r->h + n * r->u + units.begin, bytes);
        else if (s && !r->attr->zero_masked)
            memcpy(y, y - r->u, bytes);
        else
            memset(y, 0, bytes);
    }
}

/* The last output: the state, unless the last word, or every word, was masked. */
static void put_last(const struct dsc_recurrent_run *r)
{
    for (size_t n = 0; n < r->n; n++) {
        bool any = false, last = false;

        for (size_t s = 0; s < r->t; s++) {
            last = !dsc_recurrent_is_masked(r, n, r->attr->backwards ? r->t - 1 - s : s);
            any = any || last;
        }
        if (r->attr->zero_masked ? last : any)
            memcpy(r->y + n * r->u, r->h + n * r->u, r->u * sizeof(float));
        else
            memset(r->y + n * r->u, 0, r->u * sizeof(float));
    }
}

static void walk(const struct dsc_recurrent_run *r, const struct dsc_cell *cell, int i, int of)
{
    const struct dsc_recurrent_share who = { i, of, dsc_part_of(r->u, 16, i, of) };

    if (r->t == 1) {
        const struct dsc_product p = input_product(r);
        const struct dsc_part panels = dsc_part_of(dsc_packed_panels(p.m), 1, i, of);

        dsc_product_run(&p, 0, r->n, panels.begin, panels.end);
        dsc_recurrent_wait();
    }
    for (size_t s = 0; s < r->t; s++) {
        const size_t t = r->attr->backwards ? r->t - 1 - s : s;

        cell->step(r, t, &who);
        if (r->attr->sequences)
            put_sequence(r, s, t, who.units);
        dsc_recurrent_wait();
    }
}

enum dsc_status dsc_recurrent_forward(const struct dsc_op_io *io, const struct dsc_cell *cell)
{
    const struct dsc_recurrent_run r = begin_run(io, cell);
    const size_t depth = r.u + (r.t == 1 ? r.e : 0);
    const int n_threads = dsc_threads_for_product(io->n_threads, r.n * depth * r.gates * r.u);

    if (r.t > 1) {
        const struct dsc_product p = input_product(&r);

        dsc_matrix_product(&p, r.n * r.t, io->n_threads);
    }
#pragma omp parallel num_threads(n_threads) if (n_threads > 1)
    walk(&r, cell, omp_get_thread_num(), omp_get_num_threads());
    if (!r.attr->sequences)
        put_last(&r);
    return DSC_OK;
}

enum dsc_time dsc_recurrent_time(const struct dsc_op_io *io, const int *in_axis, int *out_axis)
{
    const struct dsc_recurrent *attr = io->attr;

    (void)out_axis;
    if (attr->backwards || in_axis[0] != 1)
        return DSC_TIME_WHOLE;
    for (size_t i = 1; i < io->n_in; i++)
        if (io->in[i] && in_axis[i] != (i == DSC_RECURRENT_MASK ? 1 : -1))
            return DSC_TIME_WHOLE;
    return DSC_TIME_RECURRENT;
}
