#include "tests/support/op_case.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "core/base/alloc.h"

#define MAX_IN 8

/* What an io points to. */
struct run {
    struct dsc_op_io io;
    const struct dsc_tensor *in[MAX_IN];
    struct dsc_tensor out[DSC_OP_MAX_OUT];
};

static struct dsc_tensor **made; /* by this test */
static size_t n_made, cap_made;

static uint32_t next_number(uint32_t *state)
{
    *state = *state * 1664525U + 1013904223U;
    return *state >> 8;
}

static struct dsc_tensor *new_tensor(enum dsc_dtype dtype, struct dsc_shape shape)
{
    struct dsc_tensor *t = NULL;

    cr_assert_eq(dsc_tensor_new(&t, dtype, shape), DSC_OK, "%s", dsc_error_message());
    cr_assert_eq(dsc_grow(&made, &cap_made, n_made + 1, sizeof(struct dsc_tensor *)), 0);
    made[n_made++] = t;
    return t;
}

void op_free_all(void)
{
    while (n_made)
        dsc_tensor_free(made[--n_made]);
    dsc_free(made);
    made = NULL;
    cap_made = 0;
}

struct dsc_tensor *op_random(enum dsc_dtype dtype, struct dsc_shape shape, unsigned seed)
{
    struct dsc_tensor *t = new_tensor(dtype, shape);
    uint32_t state = seed * 2654435761U + 1;

    for (size_t i = 0; i < dsc_tensor_count(t); i++) {
        uint32_t n = next_number(&state);

        if (dtype == DSC_F32)
            dsc_tensor_f32(t)[i] = (float)n / (float)(1 << 22) - 2;
        else if (dtype == DSC_I32)
            dsc_tensor_i32(t)[i] = (int32_t)(n % 19) - 9;
        else
            dsc_tensor_bool(t)[i] = n & 1;
    }
    return t;
}

struct dsc_tensor *op_tensor(enum dsc_dtype dtype, struct dsc_shape shape, const void *values)
{
    struct dsc_tensor *t = new_tensor(dtype, shape);

    memcpy(t->data, values, dsc_tensor_count(t) * dsc_dtype_bytes(dtype));
    return t;
}

struct dsc_tensor op_type(enum dsc_dtype dtype, struct dsc_shape shape)
{
    return (struct dsc_tensor){ dtype, shape, NULL };
}

static void prepare(struct run *r, const struct dsc_op *op, const void *attr, size_t n_in)
{
    *r = (struct run){ .io = { .attr = attr, .n_in = n_in } };
    r->io.in = r->in;
    r->io.out = r->out;
    r->io.n_threads = 1;
    cr_assert(n_in <= MAX_IN && op->n_out == 1);
}

static void prepare_run(struct run *r, const struct dsc_op *op, const void *attr,
                        struct dsc_tensor *const *in, size_t n_in)
{
    prepare(r, op, attr, n_in);
    for (size_t i = 0; i < n_in; i++)
        r->in[i] = in[i];
    cr_assert_eq(op->shape(&r->io), DSC_OK, "%s", dsc_error_message());
}

static enum dsc_status forward(struct run *r, const struct dsc_op *op, int n_threads)
{
    enum dsc_status st;
    uint64_t before;

    r->io.n_threads = n_threads;
    r->io.work = dsc_malloc(op->work_bytes ? op->work_bytes(&r->io) : 0, 1);
    cr_assert(r->io.work);
    before = dsc_alloc_count();
    st = op->forward(&r->io);
    cr_assert_eq(dsc_alloc_count(), before, "%s allocates", op->name);
    dsc_free(r->io.work);
    return st;
}

struct dsc_tensor *op_run(const struct dsc_op *op, const void *attr, struct dsc_tensor *const *in,
                          size_t n_in, int n_threads)
{
    struct dsc_tensor *y;
    struct run r;

    prepare_run(&r, op, attr, in, n_in);
    y = new_tensor(r.out[0].dtype, r.out[0].shape);
    if (op->flags & DSC_OP_VIEW)
        memcpy(y->data, in[0]->data, dsc_tensor_count(y) * dsc_dtype_bytes(y->dtype));
    else
        memset(y->data, 0xa5, dsc_tensor_count(y) * dsc_dtype_bytes(y->dtype));
    r.out[0].data = y->data;
    cr_assert_eq(forward(&r, op, n_threads), DSC_OK, "%s", dsc_error_message());
    return y;
}

struct dsc_tensor *op_run_inplace(const struct dsc_op *op, const void *attr,
                                  struct dsc_tensor *const *in, size_t n_in, int n_threads)
{
    struct run r;

    prepare_run(&r, op, attr, in, n_in);
    cr_assert(op->flags & DSC_OP_INPLACE);
    cr_assert(r.out[0].dtype == in[0]->dtype && dsc_shape_equal(r.out[0].shape, in[0]->shape));
    r.out[0].data = in[0]->data;
    cr_assert_eq(forward(&r, op, n_threads), DSC_OK, "%s", dsc_error_message());
    return in[0];
}

void op_expect_failure(const struct dsc_op *op, const void *attr, struct dsc_tensor *const *in,
                       size_t n_in, const char *sentence)
{
    struct dsc_tensor *y;
    struct run r;

    prepare_run(&r, op, attr, in, n_in);
    y = new_tensor(r.out[0].dtype, r.out[0].shape);
    r.out[0].data = y->data;
    cr_assert_eq(forward(&r, op, 1), DSC_INVALID);
    cr_assert_str_eq(dsc_error_message(), sentence);
}

static enum dsc_status ask_shape(struct run *r, const struct dsc_op *op, const void *attr,
                                 const struct dsc_tensor *in, size_t n_in)
{
    prepare(r, op, attr, n_in);
    for (size_t i = 0; i < n_in; i++)
        r->in[i] = &in[i];
    return op->shape(&r->io);
}

void op_expect_shape(const struct dsc_op *op, const void *attr, const struct dsc_tensor *in,
                     size_t n_in, struct dsc_shape expected)
{
    struct run r;

    cr_assert_eq(ask_shape(&r, op, attr, in, n_in), DSC_OK, "%s", dsc_error_message());
    op_expect_dims(&r.out[0], expected);
}

void op_expect_invalid(const struct dsc_op *op, const void *attr, const struct dsc_tensor *in,
                       size_t n_in, const char *sentence)
{
    struct run r;

    cr_assert_eq(ask_shape(&r, op, attr, in, n_in), DSC_INVALID, "%s accepted what is '%s'",
                 op->name, sentence);
    cr_assert_str_eq(dsc_error_message(), sentence);
}

void op_expect_time(const struct dsc_op *op, const void *attr, const struct dsc_tensor *in,
                    const int *in_axis, size_t n_in, int out_axis)
{
    enum dsc_time expected = out_axis < 0 ? DSC_TIME_WHOLE : DSC_TIME_STEPWISE;
    int axis = -1;
    struct run r;

    cr_assert_eq(ask_shape(&r, op, attr, in, n_in), DSC_OK, "%s", dsc_error_message());
    cr_assert(op->time);
    cr_assert_eq(op->time(&r.io, in_axis, &axis), expected, "%s along the words", op->name);
    if (expected == DSC_TIME_STEPWISE)
        cr_assert_eq(axis, out_axis, "%s: axis %d, expected %d", op->name, axis, out_axis);
}

bool op_next(struct dsc_shape s, size_t at[DSC_MAX_RANK])
{
    for (size_t i = s.rank; i-- > 0;) {
        if (++at[i] < s.dim[i])
            return true;
        at[i] = 0;
    }
    return false;
}

double op_at(const struct dsc_tensor *t, const size_t *at)
{
    size_t n = 0;

    for (size_t i = 0; i < t->shape.rank; i++) {
        size_t place = t->shape.dim[i] == 1 ? 0 : at[i];

        if (place >= t->shape.dim[i])
            cr_assert_fail("%zu on axis %zu is outside", place, i);
        n = n * t->shape.dim[i] + place;
    }
    if (t->dtype == DSC_F32)
        return (double)dsc_tensor_f32(t)[n];
    return t->dtype == DSC_I32 ? dsc_tensor_i32(t)[n] : dsc_tensor_bool(t)[n];
}

void op_expect(const struct dsc_tensor *y, const size_t *at, double expected, double tolerance)
{
    struct dsc_shape place = { .rank = y->shape.rank };
    char text[DSC_SHAPE_TEXT];
    double got = op_at(y, at);

    if (fabs(got - expected) <= tolerance * (1 + fabs(expected)) || got == expected)
        return;
    memcpy(place.dim, at, place.rank * sizeof(*at));
    cr_assert_fail("at %s: %.9g, expected %.9g", dsc_shape_text(place, text), got, expected);
}

void op_expect_dims(const struct dsc_tensor *y, struct dsc_shape expected)
{
    char got_text[DSC_SHAPE_TEXT], text[DSC_SHAPE_TEXT];

    cr_assert(dsc_shape_equal(y->shape, expected), "shape %s, expected %s",
              dsc_shape_text(y->shape, got_text), dsc_shape_text(expected, text));
}
