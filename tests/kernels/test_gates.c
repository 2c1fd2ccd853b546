#include "tests/kernels/kernel_case.h"

#define MAX_UNITS 37

static const struct dsc_act tanh_act = { .kind = DSC_ACT_TANH },
                            relu = { .kind = DSC_ACT_RELU, .c = INFINITY };
static const struct dsc_act sigmoid = { .kind = DSC_ACT_SIGMOID };
static const struct dsc_act hard = { .kind = DSC_ACT_HARD_SIGMOID, .a = 0.2F, .b = 0.5F };

static struct kernel_case h, c;
static float z[CASE_FLOATS], r[CASE_FLOATS], old[CASE_FLOATS];

typedef void gates_fn(const struct dsc_gates *g);

static void check(gates_fn *fast, gates_fn *reference, const char *what)
{
    for (size_t units = 1; units <= MAX_UNITS; units++) {
        const size_t from = units > 20 ? 4 : 0; /* a thread's part */
        struct dsc_gates g = { .n = units - from, .units = units, .z = z + from, .r = r };

        g.h_old = old;
        g.act = units % 3 ? tanh_act : relu;
        g.gate_act = units % 2 ? sigmoid : hard;
        case_begin(&h);
        case_begin(&c);
        memcpy(c.got + 1, old, g.n * sizeof(float));
        memcpy(c.want + 1, old, g.n * sizeof(float));
        g.h = h.got + 1;
        g.c = c.got + 1;
        fast(&g);
        g.h = h.want + 1;
        g.c = c.want + 1;
        reference(&g);
        case_end(&h, 1e-6F, what, units);
        case_end(&c, 1e-6F, what, units);
    }
}

static void check_gates(enum dsc_isa isa)
{
    const struct dsc_kernels *k = fast_table(isa), *s = &dsc_kernels_scalar;

    if (!k)
        cr_skip_test("%s is not here", dsc_isa_name(isa));
    case_fill(z, CASE_FLOATS, 1);
    case_fill(r, CASE_FLOATS, 2);
    case_fill(old, CASE_FLOATS, 3);
    check(k->lstm_gates_f32, s->lstm_gates_f32, "lstm_gates");
    check(k->gru_gates_f32, s->gru_gates_f32, "gru_gates");
    check(k->gru_reset_f32, s->gru_reset_f32, "gru_reset");
    check(k->gru_mix_f32, s->gru_mix_f32, "gru_mix");
}

Test(gates, avx2_is_scalar)
{
    check_gates(DSC_ISA_AVX2);
}

Test(gates, avx512_is_scalar)
{
    check_gates(DSC_ISA_AVX512);
}
