#include "core/kernels/scalar/scalar.h"

static float clip(float x, bool on, float lo, float hi)
{
    return !on ? x : x < lo ? lo : x > hi ? hi : x;
}

/* Sixteen columns at a time, a number that compilers turn into vectors. */
#define COLUMNS 16

static void panel_row(const struct dsc_panel *p, size_t r, size_t first)
{
    const size_t cols = p->cols - first < COLUMNS ? p->cols - first : COLUMNS;
    const float *a = p->a + r * p->lda, *b = p->b + first;
    float *c = p->c + r * p->ldc + first;
    float sum[COLUMNS] = { 0 };

    for (size_t i = 0; i < p->k; i++, b += p->width)
        for (size_t j = 0; j < COLUMNS; j++)
            sum[j] += a[i] * b[j];
    for (size_t j = 0; j < cols; j++) {
        if (p->bias)
            sum[j] += p->bias[first + j];
        if (p->residual)
            sum[j] += p->residual[r * p->ldr + first + j];
        c[j] = clip(sum[j], p->clip, p->lo, p->hi);
    }
}

void dsc_scalar_panel_f32(const struct dsc_panel *p)
{
    for (size_t first = 0; first < p->cols; first += COLUMNS)
        for (size_t r = 0; r < p->rows; r++)
            panel_row(p, r, first);
}

void dsc_scalar_taps_f32(const struct dsc_taps *t)
{
    for (size_t i = 0; i < t->n; i++)
        for (size_t c = 0; c < t->channels; c++) {
            const float *x = t->x + i * t->x_step + c;
            float sum = t->bias ? t->bias[c] : 0;

            for (size_t ty = 0; ty < t->kh; ty++)
                for (size_t tx = 0; tx < t->kw; tx++)
                    sum +=
                        x[ty * t->x_row + tx * t->x_tap] * t->w[ty * t->w_row + tx * t->w_tap + c];
            t->y[i * t->y_step + c] = clip(sum, t->clip, t->lo, t->hi);
        }
}
