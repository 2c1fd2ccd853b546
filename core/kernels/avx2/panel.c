#include "core/kernels/avx2/panel.h"

#include <immintrin.h>
#include <stdint.h>

#define INLINE __attribute__((always_inline)) static inline

/* Six rows of two vectors leave four registers for a row of b and an element of a. */
#define MAX_ROWS 6
#define MAX_COLS 16

struct edge {
    __m256i mask[2]; /* columns of each vector */
};

/* sum[s, r, v] += a[r, i] b[i, v] for the i that are s modulo S. */
INLINE void multiply(__m256 *sum, const struct dsc_panel *p, const float *a, const float *b,
                     size_t k, const int R, const int S)
{
    const size_t lda = p->lda;
    const float *a0 = a, *a3 = R > 3 ? a + 3 * lda : a;

    for (; k >= (size_t)S; k -= (size_t)S, b += (size_t)S * p->width) {
#pragma GCC unroll 4
        for (int s = 0; s < S; s++) {
            const __m256 b0 = _mm256_loadu_ps(b + (size_t)s * p->width);
            const __m256 b1 = _mm256_loadu_ps(b + (size_t)s * p->width + 8);

#pragma GCC unroll 6
            for (int r = 0; r < R; r++) {
                const float *base = r < 3 ? a0 : a3;
                const __m256 x = _mm256_set1_ps(base[(size_t)(r % 3) * lda + (size_t)s]);
                __m256 *out = sum + (s * R + r) * 2;

                out[0] = _mm256_fmadd_ps(x, b0, out[0]);
                out[1] = _mm256_fmadd_ps(x, b1, out[1]);
            }
        }
        a0 += S, a3 += S;
    }
}

INLINE void finish(const struct dsc_panel *p, size_t row, const __m256 *sum, const struct edge *e,
                   const int R)
{
    const __m256 lo = _mm256_set1_ps(p->lo), hi = _mm256_set1_ps(p->hi);

#pragma GCC unroll 6
    for (int r = 0; r < R; r++) {
        const size_t at = row + (size_t)r;

#pragma GCC unroll 2
        for (int v = 0; v < 2; v++) {
            __m256 x = sum[r * 2 + v];

            if (p->residual)
                x = _mm256_add_ps(
                    x, _mm256_maskload_ps(p->residual + at * p->ldr + 8 * v, e->mask[v]));
            if (p->clip)
                x = _mm256_min_ps(hi, _mm256_max_ps(lo, x));
            _mm256_maskstore_ps(p->c + at * p->ldc + 8 * v, e->mask[v], x);
        }
    }
}

/* R rows from `row`, up to sixteen columns. Few rows have too few sums to hide the latency of
 * the multiply-add: they take S steps of k at once, each step in sums of its own. */
INLINE void block(const struct dsc_panel *p, size_t row, const struct edge *e, const int R,
                  const int S)
{
    const float *a = p->a + row * p->lda;
    const size_t whole = p->k / (size_t)S * (size_t)S;
    __m256 sum[12];

#pragma GCC unroll 12
    for (int i = 0; i < S * R * 2; i++)
        sum[i] = i < R * 2 && p->bias ? _mm256_maskload_ps(p->bias + 8 * (i % 2), e->mask[i % 2])
                                      : _mm256_setzero_ps();
    multiply(sum, p, a, p->b, whole, R, S);
    if (S > 1) {
#pragma GCC unroll 12
        for (int i = R * 2; i < S * R * 2; i++)
            sum[i % (R * 2)] = _mm256_add_ps(sum[i % (R * 2)], sum[i]);
        multiply(sum, p, a + whole, p->b + whole * p->width, p->k - whole, R, 1);
    }
    finish(p, row, sum, e, R);
}

typedef void block_fn(const struct dsc_panel *p, size_t row, const struct edge *e);

#define BLOCK(R, S)                                                                    \
    static void block_##R(const struct dsc_panel *p, size_t row, const struct edge *e) \
    {                                                                                  \
        block(p, row, e, R, S);                                                        \
    }
BLOCK(1, 4)
BLOCK(2, 2)
BLOCK(3, 2)
BLOCK(4, 1)
BLOCK(5, 1)
BLOCK(6, 1)

static block_fn *const blocks[MAX_ROWS + 1] = { NULL,    block_1, block_2, block_3,
                                                block_4, block_5, block_6 };

/* The first n of eight lanes. */
static __m256i first(size_t n)
{
    static const int32_t ones[16] = { -1, -1, -1, -1, -1, -1, -1, -1 };

    return _mm256_loadu_si256((const __m256i *)(const void *)(ones + 8 - (n < 8 ? n : 8)));
}

/* Rows in blocks of nearly one size: 7 are 4 and 3, not 6 and 1. */
static void half(const struct dsc_panel *p)
{
    const struct edge e = { { first(p->cols), first(p->cols > 8 ? p->cols - 8 : 0) } };
    size_t parts = (p->rows + MAX_ROWS - 1) / MAX_ROWS, row = 0;

    for (; parts; parts--) {
        const size_t n = (p->rows - row) / parts;

        blocks[n](p, row, &e);
        row += n;
    }
}

void dsc_avx2_panel_f32(const struct dsc_panel *p)
{
    struct dsc_panel h = *p;

    h.cols = p->cols < MAX_COLS ? p->cols : MAX_COLS;
    half(&h);
    if (p->cols <= MAX_COLS)
        return;
    h.cols = p->cols - MAX_COLS;
    h.b += MAX_COLS;
    h.c += MAX_COLS;
    if (h.bias)
        h.bias += MAX_COLS;
    if (h.residual)
        h.residual += MAX_COLS;
    half(&h);
}
