/* conv2d and depthwise against sums in double, over shapes that reach every edge. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/ops/window.h"
#include "tests/support/heavy_case.h"

struct picture_case {
    size_t n, h, w, c, kh, kw, m, groups; /* m: all outputs, or depthwise the multiplier */
    struct dsc_window window;
    struct dsc_act act;
    bool bias, residual;
};

#define RELU6                        \
    {                                \
        .kind = DSC_ACT_RELU, .c = 6 \
    }
#define TANH                 \
    {                        \
        .kind = DSC_ACT_TANH \
    }
#define SAME(stride, dilation)                                       \
    {                                                                \
        stride, stride, dilation, dilation, DSC_PAD_SAME, 0, 0, 0, 0 \
    }
#define VALID(stride, dilation)                                       \
    {                                                                 \
        stride, stride, dilation, dilation, DSC_PAD_VALID, 0, 0, 0, 0 \
    }

/* One output, at (oy, ox), of kernel w[kh, kw, depth, outs] at [.., .., d, o]: the channel c0 + d
 * of x is read for every d < depth. */
struct sum {
    const struct picture_case *p;
    const float *x, *w;
    struct dsc_window_axis v, h;
    size_t depth, outs;
};

static double window_sum(const struct sum *s, size_t n, size_t oy, size_t ox, size_t c0, size_t o,
                         size_t d_step)
{
    const struct picture_case *p = s->p;
    double sum = 0;

    for (size_t ky = 0; ky < p->kh; ky++)
        for (size_t kx = 0; kx < p->kw; kx++) {
            const long y =
                (long)(oy * p->window.stride_h + ky * p->window.dilation_h) - (long)s->v.before;
            const long x =
                (long)(ox * p->window.stride_w + kx * p->window.dilation_w) - (long)s->h.before;

            if (y < 0 || x < 0 || y >= (long)p->h || x >= (long)p->w)
                continue;
            for (size_t d = 0; d < s->depth; d++)
                sum += (double)s->x[((n * p->h + (size_t)y) * p->w + (size_t)x) * p->c + c0 + d] *
                       (double)s->w[(ky * p->kw + kx) * d_step * s->outs + d * s->outs + o];
        }
    return sum;
}

static void check(const struct dsc_op *op, const void *attr, const struct picture_case *p,
                  bool depthwise)
{
    const size_t out_c = depthwise ? p->c * p->m : p->m;
    struct dsc_tensor *x = heavy_tensor(DSC_SHAPE(p->n, p->h, p->w, p->c), 1, 1);
    struct dsc_tensor *w =
        depthwise ? heavy_tensor(DSC_SHAPE(p->kh, p->kw, p->c, p->m), 0.3F, 2)
                  : heavy_tensor(DSC_SHAPE(p->kh, p->kw, p->c / p->groups, p->m), 0.3F, 2);
    struct dsc_tensor *b = p->bias ? heavy_tensor(DSC_SHAPE(out_c), 1, 3) : NULL;
    struct dsc_tensor *residual = NULL;
    struct sum s = { .p = p, .x = dsc_tensor_f32(x), .w = dsc_tensor_f32(w) };
    size_t count, group = depthwise ? 1 : p->m / p->groups, i = 0;
    double *want;
    char what[100];

    cr_assert_eq(dsc_window_axis(&p->window, p->h, p->kh, true, &s.v), DSC_OK);
    cr_assert_eq(dsc_window_axis(&p->window, p->w, p->kw, false, &s.h), DSC_OK);
    count = p->n * s.v.out * s.h.out * out_c;
    want = dsc_malloc(count, sizeof(*want));
    cr_assert(want);
    if (p->residual)
        residual = heavy_tensor(DSC_SHAPE(p->n, s.v.out, s.h.out, out_c), 1, 4);
    s.depth = depthwise ? 1 : p->c / p->groups;
    s.outs = p->m;
    for (size_t n = 0; n < p->n; n++)
        for (size_t oy = 0; oy < s.v.out; oy++)
            for (size_t ox = 0; ox < s.h.out; ox++)
                for (size_t o = 0; o < out_c; o++, i++) {
                    const size_t c0 = depthwise ? o / p->m : o / group * s.depth;

                    want[i] = window_sum(&s, n, oy, ox, c0, o, depthwise ? p->c : s.depth);
                    want[i] += b ? (double)dsc_tensor_f32(b)[o] : 0;
                    want[i] += residual ? (double)dsc_tensor_f32(residual)[i] : 0;
                    want[i] = heavy_act(want[i], p->act);
                }
    snprintf(what, sizeof(what), "%s %zux%zux%zux%zu by %zux%zu to %zu", op->name, p->n, p->h, p->w,
             p->c, p->kh, p->kw, p->m);
    for (size_t way = 0; way < heavy_ways(); way++) {
        const struct dsc_tensor *in[] = { x, w, b, residual };
        struct heavy_out out = heavy_run(op, attr, in, depthwise ? 3 : 4, heavy_way(way));

        cr_assert_eq(dsc_tensor_count(&out.t[0]), count);
        heavy_expect(&out.t[0], want, what);
        heavy_free(&out);
    }
    dsc_tensor_free(x);
    dsc_tensor_free(w);
    dsc_tensor_free(b);
    dsc_tensor_free(residual);
    dsc_free(want);
}

static const struct picture_case convolutions[] = {
    { 1, 8, 9, 3, 3, 3, 32, 1, SAME(2, 1), RELU6, true, false },
    { 1, 9, 8, 3, 3, 3, 5, 1, SAME(2, 1), TANH, true, true },
    { 2, 7, 7, 20, 1, 1, 33, 1, SAME(1, 1), RELU6, true, true },
    { 1, 7, 5, 12, 1, 1, 40, 1, VALID(2, 1), { 0 }, true, false },
    { 2, 14, 13, 8, 3, 3, 17, 1, VALID(1, 1), RELU6, false, false },
    { 1, 14, 13, 8, 3, 3, 64, 1, SAME(1, 1), { 0 }, true, true },
    { 1, 12, 11, 4, 3, 3, 6, 1, SAME(1, 2), TANH, true, false },
    { 1, 12, 11, 4, 5, 3, 6, 1, VALID(1, 2), { 0 }, false, true },
    { 1, 5, 5, 6, 7, 7, 10, 1, SAME(1, 1), { 0 }, true, false },
    { 1, 5, 5, 6, 5, 5, 10, 1, VALID(1, 1), { 0 }, true, false },
    { 2, 9, 9, 12, 3, 3, 18, 3, SAME(1, 1), RELU6, true, true },
    { 2, 9, 9, 12, 3, 3, 18, 3, SAME(2, 1), TANH, true, false },
    { 2, 6, 7, 12, 1, 1, 24, 4, SAME(1, 1), RELU6, true, true },
    { 1, 6, 7, 6, 3, 3, 6, 6, SAME(1, 1), { 0 }, true, false },
    { 1, 20, 40, 3, 3, 3, 70, 1, { 1, 2, 1, 1, DSC_PAD_EXPLICIT, 2, 1, 0, 3 }, RELU6, true, false },
    { 1, 3, 3, 4, 3, 3, 8, 1, { 1, 1, 1, 1, DSC_PAD_EXPLICIT, 4, 4, 4, 4 }, { 0 }, true, false },
    { 1, 6, 6, 512, 3, 3, 40, 1, SAME(1, 1), RELU6, true, false },
    { 1, 64, 48, 4, 3, 3, 8, 1, SAME(1, 1), RELU6, true, false },
    { 0, 8, 8, 3, 3, 3, 4, 1, SAME(1, 1), { 0 }, true, false },
};

Test(conv2d, is_the_sum_over_its_windows)
{
    for (size_t i = 0; i < DSC_COUNT(convolutions); i++) {
        const struct picture_case *p = &convolutions[i];
        const struct dsc_conv2d attr = { p->window, p->groups, p->act };

        check(&dsc_op_conv2d, &attr, p, false);
    }
}

static const struct picture_case depthwises[] = {
    { 1, 14, 14, 48, 3, 3, 1, 1, SAME(1, 1), RELU6, true, false },
    { 1, 14, 15, 40, 3, 3, 1, 1, SAME(2, 1), RELU6, true, false },
    { 2, 15, 14, 24, 5, 5, 1, 1, SAME(1, 1), TANH, true, false },
    { 2, 15, 14, 144, 5, 5, 1, 1, SAME(2, 1), RELU6, true, false },
    { 1, 7, 7, 130, 7, 7, 1, 1, SAME(1, 1), { 0 }, false, false },
    { 1, 7, 7, 16, 5, 5, 1, 1, VALID(1, 1), RELU6, true, false },
    { 1, 3, 2, 17, 5, 5, 1, 1, SAME(1, 1), RELU6, true, false },
    { 1, 12, 12, 19, 3, 3, 1, 1, SAME(1, 2), { 0 }, true, false },
    { 1, 12, 12, 19, 3, 5, 1, 1, VALID(1, 2), { 0 }, true, false },
    { 1, 9, 9, 7, 3, 3, 2, 1, SAME(1, 1), RELU6, true, false },
    { 2, 9, 8, 5, 3, 3, 3, 1, SAME(2, 1), TANH, false, false },
    { 1, 9, 8, 5, 3, 3, 3, 1, SAME(1, 3), { 0 }, true, false },
    { 1, 2, 2, 16, 3, 3, 1, 1, { 1, 1, 1, 1, DSC_PAD_EXPLICIT, 5, 5, 5, 5 }, RELU6, true, false },
    { 1, 8, 8, 16, 3, 3, 1, 1, { 2, 1, 1, 1, DSC_PAD_EXPLICIT, 0, 1, 0, 1 }, RELU6, true, false },
    { 1, 112, 40, 96, 3, 3, 1, 1, SAME(1, 1), RELU6, true, false },
};

Test(depthwise, is_the_sum_over_its_windows)
{
    for (size_t i = 0; i < DSC_COUNT(depthwises); i++) {
        const struct picture_case *p = &depthwises[i];
        const struct dsc_depthwise attr = { p->window, p->act };

        check(&dsc_op_depthwise, &attr, p, true);
    }
}

static void expect_invalid(const struct dsc_op *op, const void *attr, struct dsc_shape x,
                           struct dsc_shape w, const char *sentence)
{
    const struct dsc_tensor tx = { DSC_F32, x, NULL }, tw = { DSC_F32, w, NULL };
    struct dsc_tensor out;
    const struct dsc_op_io io = {
        .attr = attr, .in = (const struct dsc_tensor *[]){ &tx, &tw }, .n_in = 2, .out = &out
    };

    cr_assert_eq(op->shape(&io), DSC_INVALID);
    cr_assert_str_eq(dsc_error_message(), sentence);
}

Test(conv2d, says_what_does_not_fit)
{
    struct dsc_conv2d attr = { .window = VALID(1, 1), .groups = 1 };

    expect_invalid(&dsc_op_conv2d, &attr, DSC_SHAPE(DSC_DIM_FREE, 8, 8, 3), DSC_SHAPE(3, 3, 4, 8),
                   "conv2d: input [?, 8, 8, 3] does not fit weights [3, 3, 4, 8] in 1 groups");
    expect_invalid(&dsc_op_conv2d, &attr, DSC_SHAPE(DSC_DIM_FREE, 2, 8, 3), DSC_SHAPE(3, 3, 3, 8),
                   "conv2d of [?, 2, 8, 3] with weights [3, 3, 3, 8]: a window of 3 does not fit "
                   "in 2 pixels");
    attr.groups = 0;
    expect_invalid(&dsc_op_conv2d, &attr, DSC_SHAPE(1, 8, 8, 3), DSC_SHAPE(3, 3, 3, 8),
                   "conv2d: input [1, 8, 8, 3] does not fit weights [3, 3, 3, 8] in 0 groups");
}

Test(depthwise, says_what_does_not_fit)
{
    const struct dsc_depthwise attr = { .window = VALID(1, 1) };

    expect_invalid(&dsc_op_depthwise, &attr, DSC_SHAPE(1, 8, 8, 3), DSC_SHAPE(3, 3, 4, 1),
                   "depthwise: input [1, 8, 8, 3] does not fit weights [3, 3, 4, 1]");
}

/* A picture whose size is not known yet. */
Test(conv2d, lets_free_axes_through)
{
    const struct dsc_conv2d attr = { .window = SAME(2, 1), .groups = 1 };
    const struct dsc_tensor x = { DSC_F32, DSC_SHAPE(DSC_DIM_FREE, DSC_DIM_FREE, 9, 3), NULL };
    const struct dsc_tensor w = { DSC_F32, DSC_SHAPE(3, 3, 3, 8), NULL };
    struct dsc_tensor out;
    const struct dsc_op_io io = {
        .attr = &attr, .in = (const struct dsc_tensor *[]){ &x, &w }, .n_in = 2, .out = &out
    };

    cr_assert_eq(dsc_op_conv2d.shape(&io), DSC_OK);
    cr_assert(dsc_shape_equal(out.shape, DSC_SHAPE(DSC_DIM_FREE, DSC_DIM_FREE, 5, 8)));
}
