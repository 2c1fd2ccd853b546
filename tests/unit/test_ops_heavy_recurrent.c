/* lstm, gru and rnn against plain loops in double that follow Keras' text. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "tests/support/heavy_case.h"

enum cell { LSTM, GRU, RNN };
static const size_t n_gates[] = { 4, 3, 1 };
static const struct dsc_op *const ops[] = { &dsc_op_lstm, &dsc_op_gru, &dsc_op_rnn };

struct walk_case {
    enum cell cell;
    size_t n, t, e, u;
    struct dsc_recurrent attr;
    bool bias, mask, states;
};

struct inputs {
    struct dsc_tensor *x, *w, *r, *b, *mask, *h, *c;
};

struct wanted {
    double *y, *h, *c, *last; /* last: the output of the step before */
};

static double number(const struct dsc_tensor *t, size_t i)
{
    return t ? (double)dsc_tensor_f32(t)[i] : 0;
}

/* Input product and bias of gate column j; and the recurrent product of state s. */
static double from_input(const struct walk_case *k, const struct inputs *in, size_t n, size_t t,
                         size_t j)
{
    const size_t columns = n_gates[k->cell] * k->u;
    double sum = number(in->b, j);

    for (size_t e = 0; e < k->e; e++)
        sum += number(in->x, (n * k->t + t) * k->e + e) * number(in->w, e * columns + j);
    return sum;
}

static double from_state(const struct walk_case *k, const struct inputs *in, const double *s,
                         size_t j)
{
    const size_t columns = n_gates[k->cell] * k->u;
    double sum = k->attr.reset_after ? number(in->b, columns + j) : 0;

    for (size_t u = 0; u < k->u; u++)
        sum += s[u] * number(in->r, u * columns + j);
    return sum;
}

#define MAX_UNITS 80

static void step_lstm(const struct walk_case *k, const struct inputs *in, size_t n, size_t t,
                      double *h, double *c)
{
    double next[MAX_UNITS];

    for (size_t u = 0; u < k->u; u++) {
        double z[4];

        for (size_t g = 0; g < 4; g++)
            z[g] = from_input(k, in, n, t, g * k->u + u) + from_state(k, in, h, g * k->u + u);
        c[u] = heavy_act(z[1], k->attr.gate_act) * c[u] +
               heavy_act(z[0], k->attr.gate_act) * heavy_act(z[2], k->attr.act);
        next[u] = heavy_act(z[3], k->attr.gate_act) * heavy_act(c[u], k->attr.act);
    }
    memcpy(h, next, k->u * sizeof(*h));
}

static void step_gru(const struct walk_case *k, const struct inputs *in, size_t n, size_t t,
                     double *h)
{
    double z[MAX_UNITS], reset[MAX_UNITS], reset_h[MAX_UNITS], next[MAX_UNITS];

    for (size_t u = 0; u < k->u; u++) {
        z[u] = heavy_act(from_input(k, in, n, t, u) + from_state(k, in, h, u), k->attr.gate_act);
        reset[u] = heavy_act(from_input(k, in, n, t, k->u + u) + from_state(k, in, h, k->u + u),
                             k->attr.gate_act);
        reset_h[u] = reset[u] * h[u];
    }
    for (size_t u = 0; u < k->u; u++) {
        const size_t j = 2 * k->u + u;
        const double r = k->attr.reset_after ? reset[u] * from_state(k, in, h, j)
                                             : from_state(k, in, reset_h, j);

        next[u] = z[u] * h[u] + (1 - z[u]) * heavy_act(from_input(k, in, n, t, j) + r, k->attr.act);
    }
    memcpy(h, next, k->u * sizeof(*h));
}

static void step_rnn(const struct walk_case *k, const struct inputs *in, size_t n, size_t t,
                     double *h)
{
    double next[MAX_UNITS];

    for (size_t u = 0; u < k->u; u++)
        next[u] = heavy_act(from_input(k, in, n, t, u) + from_state(k, in, h, u), k->attr.act);
    memcpy(h, next, k->u * sizeof(*h));
}

static void step(const struct walk_case *k, const struct inputs *in, size_t n, size_t t, double *h,
                 double *c)
{
    if (k->cell == LSTM)
        step_lstm(k, in, n, t, h, c);
    else if (k->cell == GRU)
        step_gru(k, in, n, t, h);
    else
        step_rnn(k, in, n, t, h);
}

static void walk_row(const struct walk_case *k, const struct inputs *in, struct wanted *want,
                     size_t n)
{
    double *h = want->h + n * k->u, *c = want->c + n * k->u, out[MAX_UNITS] = { 0 };

    for (size_t u = 0; u < k->u; u++) {
        h[u] = number(in->h, n * k->u + u);
        c[u] = number(in->c, n * k->u + u);
    }
    for (size_t s = 0; s < k->t; s++) {
        const size_t t = k->attr.backwards ? k->t - 1 - s : s;

        if (!in->mask || dsc_tensor_bool(in->mask)[n * k->t + t]) {
            step(k, in, n, t, h, c);
            memcpy(out, h, k->u * sizeof(*h));
        } else if (k->attr.zero_masked) {
            memset(out, 0, sizeof(out));
        }
        if (k->attr.sequences)
            memcpy(want->y + (n * k->t + s) * k->u, out, k->u * sizeof(*out));
    }
    if (!k->attr.sequences)
        memcpy(want->y + n * k->u, out, k->u * sizeof(*out));
}

static struct dsc_tensor *new_mask(size_t n, size_t t)
{
    struct dsc_tensor *m = NULL;

    cr_assert_eq(dsc_tensor_new(&m, DSC_BOOL, DSC_SHAPE(n, t)), DSC_OK);
    for (size_t i = 0; i < n * t; i++)
        dsc_tensor_bool(m)[i] = i / t % 3 == 2 ? 0 : i * 7 % 5 > 1; /* every third row: none */
    return m;
}

static struct inputs new_inputs(const struct walk_case *k)
{
    const size_t columns = n_gates[k->cell] * k->u;
    struct inputs in = {
        .x = heavy_tensor(DSC_SHAPE(k->n, k->t, k->e), 1, 1),
        .w = heavy_tensor(DSC_SHAPE(k->e, columns), 0.3F, 2),
        .r = heavy_tensor(DSC_SHAPE(k->u, columns), 0.3F, 3),
    };

    if (k->bias)
        in.b = k->attr.reset_after ? heavy_tensor(DSC_SHAPE(2, columns), 0.5F, 4)
                                   : heavy_tensor(DSC_SHAPE(columns), 0.5F, 4);
    if (k->mask)
        in.mask = new_mask(k->n, k->t);
    if (k->states)
        in.h = heavy_tensor(DSC_SHAPE(k->n, k->u), 1, 5);
    if (k->states && k->cell == LSTM)
        in.c = heavy_tensor(DSC_SHAPE(k->n, k->u), 1, 6);
    return in;
}

static void check(const struct walk_case *k)
{
    struct inputs in = new_inputs(k);
    const struct dsc_tensor *list[] = { in.x, in.w, in.r, in.b, in.mask, in.h, in.c };
    struct wanted want = {
        .y = dsc_calloc(k->n * k->t * k->u + k->n * k->u, sizeof(double)),
        .h = dsc_calloc(k->n * k->u, sizeof(double)),
        .c = dsc_calloc(k->n * k->u, sizeof(double)),
    };
    char what[80];

    cr_assert(want.y && want.h && want.c && k->u <= MAX_UNITS);
    for (size_t n = 0; n < k->n; n++)
        walk_row(k, &in, &want, n);
    snprintf(what, sizeof(what), "%s n %zu t %zu e %zu u %zu", ops[k->cell]->name, k->n, k->t, k->e,
             k->u);
    for (size_t way = 0; way < heavy_ways(); way++) {
        struct heavy_out out =
            heavy_run(ops[k->cell], &k->attr, list, ops[k->cell]->max_in, heavy_way(way));

        heavy_expect(&out.t[0], want.y, what);
        heavy_expect(&out.t[1], want.h, what);
        if (k->cell == LSTM)
            heavy_expect(&out.t[2], want.c, what);
        heavy_free(&out);
    }
    for (size_t i = 0; i < DSC_COUNT(list); i++)
        dsc_tensor_free((struct dsc_tensor *)list[i]);
    dsc_free(want.y);
    dsc_free(want.h);
    dsc_free(want.c);
}

static const struct dsc_act tanh_act = { .kind = DSC_ACT_TANH };
static const struct dsc_act sigmoid = { .kind = DSC_ACT_SIGMOID };
static const struct dsc_act hard = { .kind = DSC_ACT_HARD_SIGMOID, .a = 0.2F, .b = 0.5F };
static const struct dsc_act relu = { .kind = DSC_ACT_RELU, .c = INFINITY };

/* Every flag with every cell, at sizes off and on the vectors. */
static void check_cell(enum cell cell)
{
    static const size_t sizes[][4] = {
        { 1, 1, 3, 1 }, { 2, 4, 5, 7 }, { 3, 6, 17, 33 }, { 5, 1, 16, 64 }, { 1, 9, 8, 48 },
    };

    for (size_t s = 0; s < DSC_COUNT(sizes); s++)
        for (unsigned flags = 0; flags < 128; flags++) {
            const struct walk_case k = {
                .cell = cell,
                .n = sizes[s][0],
                .t = sizes[s][1],
                .e = sizes[s][2],
                .u = sizes[s][3],
                .attr = { .act = flags % 3 ? tanh_act : relu,
                          .gate_act = flags % 5 ? sigmoid : hard,
                          .sequences = flags & 1,
                          .backwards = flags & 2,
                          .zero_masked = flags & 4,
                          .reset_after = cell == GRU && flags & 8 },
                .bias = flags & 16,
                .mask = flags & 32,
                .states = flags & 64,
            };

            if ((flags & 4 && !k.mask) || (flags & 8 && cell != GRU))
                continue;
            check(&k);
        }
}

Test(lstm, walks_as_keras)
{
    check_cell(LSTM);
}

Test(gru, walks_as_keras)
{
    check_cell(GRU);
}

Test(rnn, walks_as_keras)
{
    check_cell(RNN);
}

/* Large enough that two threads share the units of a step. */
Test(lstm, threads_agree)
{
    const struct walk_case base = {
        .n = 40,
        .t = 3,
        .e = 70,
        .u = 80,
        .attr = { .act = tanh_act, .gate_act = sigmoid, .sequences = true, .reset_after = true },
        .bias = true,
        .mask = true,
        .states = true,
    };

    for (int cell = LSTM; cell <= RNN; cell++)
        for (size_t t = 1; t <= 3; t += 2)
            for (int after = 0; after < 2; after++) {
                struct walk_case k = base;

                k.cell = (enum cell)cell;
                k.t = t;
                k.attr.reset_after = after && cell == GRU;
                check(&k);
            }
}

/* The decoder's way: one word at a time on the state of the word before. */
Test(lstm, steps_equal_the_walk)
{
    const struct dsc_recurrent attr = { .act = tanh_act, .gate_act = sigmoid, .sequences = true };
    struct dsc_tensor *x = heavy_tensor(DSC_SHAPE(1, 4, 5), 1, 1), *w, *r;
    const struct heavy_way way = { true, 1 };
    struct heavy_out all, state = { 0 };

    w = heavy_tensor(DSC_SHAPE(5, 28), 0.3F, 2);
    r = heavy_tensor(DSC_SHAPE(7, 28), 0.3F, 3);
    all = heavy_run(&dsc_op_lstm, &attr, (const struct dsc_tensor *[]){ x, w, r }, 3, way);
    for (size_t t = 0; t < 4; t++) {
        const struct dsc_tensor word = { DSC_F32, DSC_SHAPE(1, 1, 5), dsc_tensor_f32(x) + 5 * t };
        const struct dsc_tensor *in[] = {
            &word, w, r, NULL, NULL, t ? &state.t[1] : NULL, t ? &state.t[2] : NULL
        };
        struct heavy_out next = heavy_run(&dsc_op_lstm, &attr, in, 7, way);

        for (size_t u = 0; u < 7; u++)
            cr_assert(fabsf(dsc_tensor_f32(&next.t[0])[u] - dsc_tensor_f32(&all.t[0])[t * 7 + u]) <
                      1e-6F);
        heavy_free(&state);
        state = next;
    }
    heavy_free(&state);
    heavy_free(&all);
    dsc_tensor_free(x);
    dsc_tensor_free(w);
    dsc_tensor_free(r);
}

Test(lstm, says_what_does_not_fit)
{
    const struct dsc_recurrent attr = { .act = tanh_act, .gate_act = sigmoid };
    const struct dsc_tensor x = { DSC_F32, DSC_SHAPE(DSC_DIM_FREE, DSC_DIM_FREE, 5), NULL };
    const struct dsc_tensor w = { DSC_F32, DSC_SHAPE(6, 28), NULL };
    const struct dsc_tensor r = { DSC_F32, DSC_SHAPE(7, 28), NULL };
    struct dsc_tensor out[3];
    const struct dsc_op_io io = {
        .attr = &attr, .in = (const struct dsc_tensor *[]){ &x, &w, &r }, .n_in = 3, .out = out
    };

    cr_assert_eq(dsc_op_lstm.shape(&io), DSC_INVALID);
    cr_assert_str_eq(dsc_error_message(),
                     "lstm: kernel [6, 28] is not [E, gates x units] (input [?, ?, 5], recurrent "
                     "kernel [7, 28])");
}

Test(lstm, behaves_as_recurrent_along_words)
{
    struct dsc_recurrent attr = { .act = tanh_act, .gate_act = sigmoid };
    const struct dsc_tensor x = { DSC_F32, DSC_SHAPE(1, 4, 5), NULL };
    const struct dsc_op_io io = { .attr = &attr,
                                  .in = (const struct dsc_tensor *[]){ &x, &x, &x },
                                  .n_in = 3 };
    int out_axis = -1;

    cr_assert_eq(dsc_op_lstm.time(&io, (int[]){ 1, -1, -1 }, &out_axis), DSC_TIME_RECURRENT);
    cr_assert_eq(dsc_op_lstm.time(&io, (int[]){ 2, -1, -1 }, &out_axis), DSC_TIME_WHOLE);
    cr_assert_eq(dsc_op_lstm.time(&io, (int[]){ 1, 0, -1 }, &out_axis), DSC_TIME_WHOLE);
    attr.backwards = true;
    cr_assert_eq(dsc_op_lstm.time(&io, (int[]){ 1, -1, -1 }, &out_axis), DSC_TIME_WHOLE);
}
