/* bench_kernels - one JSON line for each representative product, convolution and step: the op
 * as a model runs it, and beside it OpenBLAS on the same product where there is one.
 *
 *     {"op", "shape", "threads", "isa", "time_us", "gflops", "blas_us", "processor", "commit"}
 *
 * time_us is the least of many runs. blas_us is one thread of OpenBLAS divided by the threads
 * of the op: what it would take at best. Arguments: words that must occur in the op's name.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/alloc.h"
#include "core/kernels/product.h"
#include "core/ops/ops.h"

#define MAX_IN       7
#define MAX_THREADS  2
#define SECONDS_EACH 0.15

struct bench {
    const char *name;
    const struct dsc_op *op;
    const void *attr;
    struct dsc_shape in[MAX_IN]; /* rank 0: left out */
    size_t rows, k, m;           /* of the product it is; 0: none */
    double multiplications;
};

#define WINDOW(s, pad)              \
    {                               \
        s, s, 1, 1, pad, 0, 0, 0, 0 \
    }
#define RELU6                        \
    {                                \
        .kind = DSC_ACT_RELU, .c = 6 \
    }

static const struct dsc_dense dense = { RELU6 }, linear = { { 0 } };
static const struct dsc_conv2d conv = { WINDOW(1, DSC_PAD_SAME), 1, RELU6 };
static const struct dsc_conv2d conv_by_2 = { WINDOW(2, DSC_PAD_SAME), 1, RELU6 };
static const struct dsc_depthwise depthwise = { WINDOW(1, DSC_PAD_SAME), RELU6 };
static const struct dsc_depthwise depthwise_by_2 = { WINDOW(2, DSC_PAD_SAME), RELU6 };
#define CELL_ACTS .act = { .kind = DSC_ACT_TANH }, .gate_act = { .kind = DSC_ACT_SIGMOID }
static const struct dsc_recurrent lstm_cell = { CELL_ACTS };
static const struct dsc_recurrent gru_cell = { CELL_ACTS, .reset_after = true };
static const struct dsc_softmax softmax = { 1, false };
static const struct dsc_layer_norm layer_norm = { 1e-3F, false };
static const struct dsc_unary tanh_of = { { .kind = DSC_ACT_TANH } };

#define S(...) DSC_SHAPE(__VA_ARGS__)
#define CONV(h, k, c, m, attr, out)                                                            \
    {                                                                                          \
        "conv2d", &dsc_op_conv2d, attr, { S(1, h, h, c), S(k, k, c, m), S(m) }, (out) * (out), \
            (k) * (k) * (c), m, (double)(out) * (out) * (k) * (k) * (c) * (m)                  \
    }
#define DEPTHWISE(h, k, c, attr, out)                                                          \
    {                                                                                          \
        "depthwise", &dsc_op_depthwise, attr, { S(1, h, h, c), S(k, k, c, 1), S(c) }, 0, 0, 0, \
            (double)(out) * (out) * (k) * (k) * (c)                                            \
    }
#define DENSE(n, k, m, attr)                                                                       \
    {                                                                                              \
        "dense", &dsc_op_dense, attr, { S(n, k), S(k, m), S(m) }, n, k, m, (double)(n) * (k) * (m) \
    }
#define CELL(name, g, n, t, e, u, attr, bias)                                                  \
    {                                                                                          \
#name, &dsc_op_##name, attr,                                                           \
            { S(n, t, e), S(e, (g) * (u)), S(u, (g) * (u)), bias, S(0), S(n, u), S(n, u) }, n, \
              (e) + (u), (g) * (u), (double)(n) * (t) * (g) * (u) * ((e) + (u))                \
    }

static const struct bench benches[] = {
    CONV(224, 3, 3, 32, &conv_by_2, 112),
    CONV(112, 1, 16, 96, &conv, 112),
    CONV(56, 1, 96, 24, &conv, 56),
    CONV(14, 1, 480, 112, &conv, 14),
    CONV(7, 1, 320, 1280, &conv, 7),
    CONV(56, 3, 64, 64, &conv, 56),
    CONV(14, 3, 512, 512, &conv, 14),
    DEPTHWISE(112, 3, 96, &depthwise_by_2, 56),
    DEPTHWISE(112, 3, 32, &depthwise, 112),
    DEPTHWISE(14, 5, 672, &depthwise, 14),
    DEPTHWISE(7, 5, 1152, &depthwise, 7),
    DENSE(1, 1280, 256, &dense),
    DENSE(3, 256, 2924, &linear),
    DENSE(1, 256, 8000, &linear),
    DENSE(1, 25088, 4096, &dense),
    DENSE(64, 2048, 512, &dense),
    CELL(lstm, 4, 1, 1, 256, 256, &lstm_cell, S(1024)),
    CELL(lstm, 4, 5, 1, 256, 256, &lstm_cell, S(1024)),
    CELL(lstm, 4, 1, 34, 256, 256, &lstm_cell, S(1024)),
    CELL(gru, 3, 5, 1, 256, 512, &gru_cell, S(2, 1536)),
    { "softmax", &dsc_op_softmax, &softmax, { S(3, 2924) }, 0, 0, 0, 3 * 2924.0 },
    { "layer_norm", &dsc_op_layer_norm, &layer_norm, { S(64, 512) }, 0, 0, 0, 64 * 512.0 },
    { "unary", &dsc_op_unary, &tanh_of, { S(64, 512) }, 0, 0, 0, 64 * 512.0 },
};

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void *need(void *p)
{
    if (!p) {
        fprintf(stderr, "bench_kernels: %s\n", dsc_error_message());
        exit(1);
    }
    return p;
}

static struct dsc_tensor *new_tensor(struct dsc_shape shape)
{
    struct dsc_tensor *t = NULL;
    unsigned state = 1;

    if (dsc_tensor_new(&t, DSC_F32, shape))
        need(NULL);
    for (size_t i = 0; i < dsc_tensor_count(t); i++) {
        state = state * 1664525U + 1013904223U;
        dsc_tensor_f32(t)[i] = ((float)(state >> 8) / (float)(1 << 23) - 1) * 0.1F;
    }
    return t;
}

typedef void run_fn(const void *arg);

static double least_time(run_fn *run, const void *arg)
{
    const double begin = now();
    double least = 1e9;

    for (int i = 0; i < 3 || now() - begin < SECONDS_EACH; i++) {
        const double t = now();

        run(arg);
        least = DSC_MIN(least, now() - t);
    }
    return least;
}

struct op_run {
    const struct dsc_op *op;
    struct dsc_op_io io;
};

static void run_op(const void *arg)
{
    const struct op_run *r = arg;

    if (r->op->forward(&r->io))
        need(NULL);
}

static double time_op(const struct bench *b, struct dsc_tensor *const *in, int n_threads)
{
    const struct dsc_tensor *list[MAX_IN];
    struct dsc_tensor out[DSC_OP_MAX_OUT];
    struct op_run r = { b->op, { .attr = b->attr, .in = list, .out = out } };
    void *pack = NULL;
    double time;

    r.io.n_threads = n_threads;
    for (size_t i = 0; i < MAX_IN && i < b->op->max_in; i++)
        list[r.io.n_in++] = in[i];
    if (b->op->shape(&r.io) || (b->op->pack && b->op->pack(&r.io, &pack)))
        need(NULL);
    r.io.pack = pack;
    r.io.work = need(dsc_malloc(b->op->work_bytes ? b->op->work_bytes(&r.io) : 0, 1));
    for (size_t i = 0; i < b->op->n_out; i++)
        out[i].data = need(dsc_malloc(dsc_tensor_count(&out[i]), sizeof(float)));
    time = least_time(run_op, &r);
    for (size_t i = 0; i < b->op->n_out; i++)
        dsc_free(out[i].data);
    dsc_free(r.io.work);
    dsc_free(pack);
    return time;
}

static void run_blas(const void *arg)
{
    dsc_blas_sgemm(arg);
}

static double time_blas(const struct bench *b)
{
    struct dsc_tensor *a = new_tensor(S(b->rows, b->k)), *w = new_tensor(S(b->k, b->m));
    struct dsc_tensor *c = new_tensor(S(b->rows, b->m));
    const struct dsc_sgemm g = {
        .i = b->rows,
        .j = b->m,
        .k = b->k,
        .alpha = 1,
        .a = dsc_tensor_f32(a),
        .b = dsc_tensor_f32(w),
        .c = dsc_tensor_f32(c),
        .lda = b->k,
        .ldb = b->m,
        .ldc = b->m,
    };
    const double time = least_time(run_blas, &g);

    dsc_tensor_free(a);
    dsc_tensor_free(w);
    dsc_tensor_free(c);
    return time;
}

/* The processor's name, as /proc/cpuinfo has it. */
static const char *processor(char name[128])
{
    FILE *f = fopen("/proc/cpuinfo", "r");
    char line[256];

    snprintf(name, 128, "unknown");
    while (f && fgets(line, sizeof(line), f))
        if (sscanf(line, "model name : %127[^\n\"\\]", name) == 1)
            break;
    if (f)
        fclose(f);
    return name;
}

static void print(const struct bench *b, double seconds, int n_threads, double blas)
{
    const char *commit = getenv("DSC_COMMIT");
    char text[DSC_SHAPE_TEXT], name[128];

    printf("{\"op\": \"%s\", \"shape\": \"%s", b->name, dsc_shape_text(b->in[0], text));
    if (b->in[1].rank)
        printf(" by %s", dsc_shape_text(b->in[1], text));
    printf("\", \"threads\": %d, \"isa\": \"%s\", \"time_us\": %.1f, \"gflops\": %.1f", n_threads,
           dsc_isa_name(dsc_cpu_isa()), seconds * 1e6, 2 * b->multiplications / seconds * 1e-9);
    if (blas > 0)
        printf(", \"blas_us\": %.1f", blas / n_threads * 1e6);
    printf(", \"processor\": \"%s\", \"commit\": \"%s\"}\n", processor(name),
           commit ? commit : "unknown");
    fflush(stdout);
}

static void run(const struct bench *b)
{
    struct dsc_tensor *in[MAX_IN] = { NULL };
    const double blas = b->rows ? time_blas(b) : 0;

    for (size_t i = 0; i < MAX_IN; i++)
        if (b->in[i].rank && b->in[i].dim[0])
            in[i] = new_tensor(b->in[i]);
    for (int n = 1; n <= MAX_THREADS; n++)
        print(b, time_op(b, in, n), n, blas);
    for (size_t i = 0; i < MAX_IN; i++)
        dsc_tensor_free(in[i]);
}

int main(int argc, char **argv)
{
    for (size_t i = 0; i < DSC_COUNT(benches); i++) {
        bool wanted = argc < 2;

        for (int a = 1; a < argc; a++)
            wanted = wanted || strstr(benches[i].name, argv[a]);
        if (wanted)
            run(&benches[i]);
    }
    return 0;
}
