#include <string.h>

#include "core/kernels/kernels.h"
#include "core/ops/broadcast_internal.h"
#include "core/ops/dims_internal.h"
#include "core/ops/ops.h"

static const char *const names[] = { "add",     "sub",       "mul", "div", "maximum",
                                     "minimum", "not_equal", "and", "or" };

/* What a block of the walk needs to know. */
struct operands {
    enum dsc_binary_kind kind;
    enum dsc_dtype dtype; /* of both inputs */
    const void *a, *b;
    void *y;
};

static bool is_logical(enum dsc_binary_kind kind)
{
    return kind == DSC_AND || kind == DSC_OR;
}

static enum dsc_status check_types(const struct dsc_op_io *io)
{
    const struct dsc_binary *attr = io->attr;
    const char *name = names[attr->kind];
    enum dsc_dtype dtype = io->in[0]->dtype;

    if (is_logical(attr->kind)) {
        if (io->n_in < 2 || !io->in[1])
            return dsc_fail(DSC_INVALID, "%s: two masks are needed", name);
        return dsc_check_dtype(io, name, DSC_BOOL);
    }
    if (attr->kind != DSC_NOT_EQUAL)
        return dsc_check_dtype(io, name, DSC_F32);
    if (dtype == DSC_BOOL)
        return dsc_fail(DSC_INVALID, "%s: bool cannot be compared", name);
    return dsc_check_dtype(io, name, dtype);
}

static enum dsc_status shape(const struct dsc_op_io *io)
{
    const struct dsc_binary *attr = io->attr;
    const struct dsc_tensor *b = io->n_in > 1 ? io->in[1] : NULL;
    bool is_bool = attr->kind == DSC_NOT_EQUAL || is_logical(attr->kind);
    enum dsc_status st = check_types(io);

    if (st)
        return st;
    if (is_bool && attr->act.kind != DSC_ACT_NONE)
        return dsc_fail(DSC_INVALID, "%s: a mask has no activation", names[attr->kind]);
    io->out[0].dtype = is_bool ? DSC_BOOL : DSC_F32;
    return dsc_broadcast_shape(names[attr->kind], io->in[0]->shape,
                               b ? b->shape : (struct dsc_shape){ 0 }, &io->out[0].shape);
}

/* Both inputs run along. */
static void arrays(enum dsc_binary_kind kind, float *y, const float *a, const float *b, size_t n)
{
    const struct dsc_kernels *k = dsc_kernels();

    switch (kind) {
    case DSC_ADD:
        k->add_f32(y, a, b, n);
        break;
    case DSC_SUB:
        k->sub_f32(y, a, b, n);
        break;
    case DSC_MUL:
        k->mul_f32(y, a, b, n);
        break;
    case DSC_DIV:
        k->div_f32(y, a, b, n);
        break;
    case DSC_MAXIMUM:
        k->max_f32(y, a, b, n);
        break;
    default:
        k->min_f32(y, a, b, n);
    }
}

/* One input is a single number; `turned`: the first one. */
static void with_number(enum dsc_binary_kind kind, float *y, const float *x, float s, size_t n,
                        bool turned)
{
    const struct dsc_kernels *k = dsc_kernels();

    switch (kind) {
    case DSC_ADD:
        k->add_scalar_f32(y, x, s, n);
        break;
    case DSC_SUB:
        if (turned)
            k->rsub_scalar_f32(y, x, s, n);
        else
            k->add_scalar_f32(y, x, -s, n);
        break;
    case DSC_MUL:
        k->mul_scalar_f32(y, x, s, n);
        break;
    case DSC_DIV:
        if (turned)
            k->rdiv_scalar_f32(y, x, s, n);
        else
            k->div_scalar_f32(y, x, s, n);
        break;
    case DSC_MAXIMUM:
        k->max_scalar_f32(y, x, s, n);
        break;
    default:
        k->min_scalar_f32(y, x, s, n);
    }
}

static void run_f32(const void *arg, const struct dsc_run *r)
{
    const struct operands *o = arg;
    const float *a = (const float *)o->a + r->a, *b = (const float *)o->b + r->b;
    float *y = (float *)o->y + r->y;

    if (r->a_step && r->b_step)
        arrays(o->kind, y, a, b, r->n);
    else if (r->a_step)
        with_number(o->kind, y, a, *b, r->n, false);
    else
        with_number(o->kind, y, b, *a, r->n, true);
}

static void run_not_equal(const void *arg, const struct dsc_run *r)
{
    const struct operands *o = arg;
    uint8_t *y = (uint8_t *)o->y + r->y;

    if (o->dtype == DSC_I32) {
        const int32_t *a = (const int32_t *)o->a + r->a, *b = (const int32_t *)o->b + r->b;

        for (size_t i = 0; i < r->n; i++)
            y[i] = a[i * r->a_step] != b[i * r->b_step];
    } else {
        const float *a = (const float *)o->a + r->a, *b = (const float *)o->b + r->b;

        for (size_t i = 0; i < r->n; i++)
            y[i] = a[i * r->a_step] != b[i * r->b_step];
    }
}

static void run_logical(const void *arg, const struct dsc_run *r)
{
    const struct operands *o = arg;
    const uint8_t *a = (const uint8_t *)o->a + r->a, *b = (const uint8_t *)o->b + r->b;
    uint8_t *y = (uint8_t *)o->y + r->y;

    if (o->kind == DSC_AND)
        for (size_t i = 0; i < r->n; i++)
            y[i] = a[i * r->a_step] & b[i * r->b_step];
    else
        for (size_t i = 0; i < r->n; i++)
            y[i] = a[i * r->a_step] | b[i * r->b_step];
}

static enum dsc_status forward_f32(const struct dsc_op_io *io, const struct operands *o,
                                   const struct dsc_broadcast *w)
{
    const struct dsc_binary *attr = io->attr;
    float *y = o->y;
    int n_threads = dsc_threads_for(io, dsc_tensor_count(&io->out[0]));

#pragma omp parallel for num_threads(n_threads) if (n_threads > 1)
    for (size_t i = 0; i < w->n_blocks; i++) {
        struct dsc_span s = dsc_broadcast_block(w, i, run_f32, o);

        if (attr->act.kind != DSC_ACT_NONE)
            dsc_kernels()->act_f32(y + s.begin, y + s.begin, s.n, attr->act);
    }
    return DSC_OK;
}

/* Does the number of an i32 comparison have a fraction, or lie outside i32? */
static bool is_no_i32(float x)
{
    return !(x >= -2147483648.0F && x < 2147483648.0F) || x != (float)(int32_t)x;
}

static enum dsc_status forward(const struct dsc_op_io *io)
{
    const struct dsc_binary *attr = io->attr;
    const struct dsc_tensor *a = io->in[0], *b = io->n_in > 1 ? io->in[1] : NULL;
    struct dsc_broadcast w = dsc_broadcast_of(a->shape, b ? b->shape : (struct dsc_shape){ 0 });
    struct operands o = { attr->kind, a->dtype, a->data, b ? b->data : &attr->scalar,
                          io->out[0].data };
    int32_t number;

    if (io->out[0].dtype == DSC_F32)
        return forward_f32(io, &o, &w);
    if (!b && a->dtype == DSC_I32) {
        if (is_no_i32(attr->scalar)) {
            memset(o.y, 1, dsc_tensor_count(&io->out[0]));
            return DSC_OK;
        }
        number = (int32_t)attr->scalar;
        o.b = &number;
    }
    for (size_t i = 0; i < w.n_blocks; i++)
        dsc_broadcast_block(&w, i, attr->kind == DSC_NOT_EQUAL ? run_not_equal : run_logical, &o);
    return DSC_OK;
}

const struct dsc_op dsc_op_binary = {
    .name = "binary",
    .attr_bytes = sizeof(struct dsc_binary),
    .min_in = 1,
    .max_in = 2,
    .n_out = 1,
    .flags = DSC_OP_INPLACE,
    .shape = shape,
    .forward = forward,
    .time = dsc_broadcast_time,
};
