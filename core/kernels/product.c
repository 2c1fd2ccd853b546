#include "core/kernels/product.h"

#include <math.h>
#include <string.h>

#include "core/base/base.h"

#define HALF_PANEL (DSC_PANEL / 2)
/* Depth of one pass: a panel of it and the rows it meets stay in the second-level cache. */
#define MAX_DEPTH 1024
/* Floats of a that are used with every panel before the next rows are read. */
#define BLOCK_A  (64 * 1024)
#define MIN_ROWS 28

size_t dsc_packed_panels(size_t m)
{
    return m / DSC_PANEL + (m % DSC_PANEL != 0);
}

static size_t panel_width(size_t m, size_t panel)
{
    return m - panel * DSC_PANEL <= HALF_PANEL ? HALF_PANEL : DSC_PANEL;
}

size_t dsc_packed_count(size_t k, size_t m)
{
    size_t columns, n;

    if (!m)
        return 0;
    columns = (dsc_packed_panels(m) - 1) * DSC_PANEL;
    columns += panel_width(m, dsc_packed_panels(m) - 1);
    return dsc_mul_size(columns, k, &n) && n <= PTRDIFF_MAX / sizeof(float) ? n : 0;
}

void dsc_packed_fill(float *packed, const float *w, size_t ldw, size_t k, size_t m)
{
    for (size_t panel = 0; panel < dsc_packed_panels(m); panel++) {
        const size_t width = panel_width(m, panel), column = panel * DSC_PANEL;
        const size_t cols = DSC_MIN(width, m - column);

        for (size_t i = 0; i < k; i++, packed += width) {
            memcpy(packed, w + i * ldw + column, cols * sizeof(*packed));
            memset(packed + cols, 0, (width - cols) * sizeof(*packed));
        }
    }
}

bool dsc_act_is_clip(const struct dsc_act *act, float *lo, float *hi)
{
    if (act->kind != DSC_ACT_RELU || act->a != 0 || act->b != 0)
        return false;
    *lo = 0;
    *hi = act->c;
    return true;
}

/* One panel over the rows given, in passes over k: what a pass has summed is the residual of
 * the next. */
static void run_panel(const struct dsc_product *p, size_t row, size_t rows, size_t panel)
{
    const size_t width = panel_width(p->m, panel), column = panel * DSC_PANEL;
    const struct dsc_kernels *kernels = dsc_kernels();
    struct dsc_panel job = {
        .c = p->c + row * p->ldc + column,
        .ldc = p->ldc,
        .a = p->a + row * p->lda,
        .lda = p->lda,
        .b = p->packed + column * p->k,
        .width = width,
        .rows = rows,
        .cols = DSC_MIN(width, p->m - column),
        .bias = p->bias ? p->bias + column : NULL,
        .residual = p->residual ? p->residual + row * p->ldr + column : NULL,
        .ldr = p->ldr,
    };
    const bool clip = dsc_act_is_clip(&p->act, &job.lo, &job.hi);
    size_t left = p->k;

    do {
        /* The whole depth at once when the rows are too few to use a panel twice. */
        job.k = left < 2 * MAX_DEPTH || rows <= MIN_ROWS / 2 ? left : MAX_DEPTH;
        left -= job.k;
        job.clip = clip && !left;
        kernels->panel_f32(&job);
        job.a += job.k;
        job.b += job.k * width;
        job.bias = NULL;
        job.residual = job.c;
        job.ldr = job.ldc;
    } while (left);
}

static void activate(const struct dsc_product *p, size_t row, size_t row_end, size_t panel,
                     size_t panel_end)
{
    const size_t column = panel * DSC_PANEL, cols = DSC_MIN(panel_end * DSC_PANEL, p->m) - column;
    float lo, hi;

    if (p->act.kind == DSC_ACT_NONE || dsc_act_is_clip(&p->act, &lo, &hi))
        return;
    for (; row < row_end; row++) {
        float *c = p->c + row * p->ldc + column;

        dsc_kernels()->act_f32(c, c, cols, p->act);
    }
}

void dsc_product_run(const struct dsc_product *p, size_t row, size_t row_end, size_t panel,
                     size_t panel_end)
{
    const size_t fit = BLOCK_A / (DSC_MIN(p->k, MAX_DEPTH) + 1);
    const size_t block = DSC_MAX(fit, MIN_ROWS);

    while (row < row_end && panel < panel_end) {
        const size_t rows = DSC_MIN(block, row_end - row);

        for (size_t i = panel; i < panel_end; i++)
            run_panel(p, row, rows, i);
        activate(p, row, row + rows, panel, panel_end);
        row += rows;
    }
}
