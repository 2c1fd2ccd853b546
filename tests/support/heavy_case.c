#include "tests/support/heavy_case.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "core/base/alloc.h"

#define GUARD_BYTES 64
#define GUARD       0xa5
#define MAX_IN      8

size_t heavy_ways(void)
{
    return 4;
}

struct heavy_way heavy_way(size_t i)
{
    return (struct heavy_way){ i < 2, 1 + (int)(i % 2) };
}

static void new_outputs(struct heavy_out *out)
{
    for (size_t i = 0; i < out->n; i++) {
        size_t bytes;

        cr_assert(dsc_shape_bytes(out->t[i].shape, out->t[i].dtype, &bytes));
        out->t[i].data = dsc_malloc(bytes + GUARD_BYTES, 1);
        cr_assert(out->t[i].data);
        memset(out->t[i].data, 0xff, bytes);
        memset((char *)out->t[i].data + bytes, GUARD, GUARD_BYTES);
    }
}

static void check_guards(const struct heavy_out *out)
{
    for (size_t i = 0; i < out->n; i++) {
        const unsigned char *end = (const unsigned char *)out->t[i].data;
        size_t bytes;

        cr_assert(dsc_shape_bytes(out->t[i].shape, out->t[i].dtype, &bytes));
        for (size_t j = 0; j < GUARD_BYTES; j++)
            cr_assert(end[bytes + j] == GUARD, "output %zu is overrun", i);
    }
}

struct heavy_out heavy_run(const struct dsc_op *op, const void *attr,
                           const struct dsc_tensor *const *in, size_t n_in, struct heavy_way way)
{
    struct heavy_out out = { .n = op->n_out };
    struct dsc_op_io io = { .attr = attr, .in = in, .n_in = n_in, .out = out.t };
    void *pack = NULL;
    size_t bytes = 0;
    uint64_t before;

    io.n_threads = way.n_threads;
    cr_assert_eq(op->shape(&io), DSC_OK, "%s", dsc_error_message());
    if (way.packed && op->pack)
        cr_assert_eq(op->pack(&io, &pack), DSC_OK, "%s", dsc_error_message());
    io.pack = pack;
    if (op->work_bytes)
        bytes = op->work_bytes(&io);
    io.work = dsc_malloc(bytes, 1);
    cr_assert(io.work);
    memset(io.work, 0xff, bytes);
    new_outputs(&out);
    before = dsc_alloc_count();
    cr_assert_eq(op->forward(&io), DSC_OK, "%s", dsc_error_message());
    cr_assert_eq(dsc_alloc_count(), before, "%s allocates", op->name);
    check_guards(&out);
    dsc_free(io.work);
    dsc_free(pack);
    return out;
}

void heavy_free(struct heavy_out *out)
{
    for (size_t i = 0; i < out->n; i++)
        dsc_free(out->t[i].data);
}

void heavy_expect(const struct dsc_tensor *got, const double *expected, const char *what)
{
    const float *y = dsc_tensor_f32(got);
    const size_t n = dsc_tensor_count(got);
    double worst = 0;
    size_t at = 0;

    for (size_t i = 0; i < n; i++) {
        const double d = fabs((double)y[i] - expected[i]) / (1e-5 + 1e-4 * fabs(expected[i]));

        if (!(d <= worst)) {
            worst = d;
            at = i;
        }
    }
    cr_assert(worst <= 1, "%s: element %zu of %zu is %.9g, expected %.9g", what, at, n,
              (double)y[at], expected[at]);
}

static double clip(double x, double lo, double hi)
{
    return x < lo ? lo : x > hi ? hi : x;
}

double heavy_act(double x, struct dsc_act act)
{
    const double a = (double)act.a, b = (double)act.b, c = (double)act.c;

    switch (act.kind) {
    case DSC_ACT_NONE:
    case DSC_ACT_COUNT:
        return x;
    case DSC_ACT_RELU:
        return x >= b ? fmin(x, c) : a * (x - b);
    case DSC_ACT_SIGMOID:
        return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x));
    case DSC_ACT_TANH:
        return tanh(x);
    case DSC_ACT_HARD_SIGMOID:
        return clip(a * x + b, 0, 1);
    case DSC_ACT_ELU:
        return x > 0 ? x : a * expm1(x);
    case DSC_ACT_SELU:
        return 1.05070098735548 * (x > 0 ? x : 1.67326324235438 * expm1(x));
    case DSC_ACT_SOFTPLUS:
        return fmax(x, 0) + log1p(exp(-fabs(x)));
    case DSC_ACT_SOFTSIGN:
        return x / (1 + fabs(x));
    case DSC_ACT_SWISH:
        return x * heavy_act(x, (struct dsc_act){ .kind = DSC_ACT_SIGMOID });
    case DSC_ACT_HARD_SWISH:
        return x * clip(x + 3, 0, 6) / 6;
    case DSC_ACT_GELU:
        return 0.5 * x * erfc(-x / sqrt(2));
    case DSC_ACT_GELU_TANH:
        return 0.5 * x * (1 + tanh(sqrt(2 / 3.14159265358979324) * (x + 0.044715 * x * x * x)));
    case DSC_ACT_MISH:
        return x * tanh(heavy_act(x, (struct dsc_act){ .kind = DSC_ACT_SOFTPLUS }));
    case DSC_ACT_EXP:
        return exp(x);
    }
    return x;
}

float heavy_random(unsigned *state)
{
    *state = *state * 1664525U + 1013904223U;
    return (float)(*state >> 8) / (float)(1 << 23) - 1;
}

struct dsc_tensor *heavy_tensor(struct dsc_shape shape, float scale, unsigned seed)
{
    unsigned state = seed * 2654435761U + 1;
    struct dsc_tensor *t = NULL;

    cr_assert_eq(dsc_tensor_new(&t, DSC_F32, shape), DSC_OK, "%s", dsc_error_message());
    for (size_t i = 0; i < dsc_tensor_count(t); i++)
        dsc_tensor_f32(t)[i] = scale * heavy_random(&state);
    return t;
}
