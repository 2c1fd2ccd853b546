#include "core/kernels/avx512/panel.h"

#include <immintrin.h>
#include <stdint.h>

#define INLINE __attribute__((always_inline)) static inline

/* Fourteen rows of two vectors leave three registers for a row of b and an element of a. */
#define MAX_ROWS 14

struct edge {
    __mmask16 mask[2]; /* columns of each vector */
};

/* sum[s, r, v] += a[r, i] b[i, v] for the i that are s modulo S. Rows of a are reached from
 * every third: base, base + lda and base + 2 lda are addresses the processor forms itself. */
INLINE void multiply(__m512 *sum, const struct dsc_panel *p, const float *const *a, const float *b,
                     size_t k, const int R, const int V, const int S)
{
    const size_t lda = p->lda;
    const float *a0 = a[0], *a3 = a[1], *a6 = a[2], *a9 = a[3], *a12 = a[4];

    for (; k >= (size_t)S; k -= (size_t)S, b += (size_t)S * p->width) {
#pragma GCC unroll 8
        for (int s = 0; s < S; s++) {
            const float *bs = b + (size_t)s * p->width;
            const __m512 b0 = _mm512_loadu_ps(bs);
            const __m512 b1 = V > 1 ? _mm512_loadu_ps(bs + 16) : b0;

#pragma GCC unroll 14
            for (int r = 0; r < R; r++) {
                const float *base = r < 3 ? a0 : r < 6 ? a3 : r < 9 ? a6 : r < 12 ? a9 : a12;
                const __m512 x = _mm512_set1_ps(base[(size_t)(r % 3) * lda + (size_t)s]);

                sum[(s * R + r) * V] = _mm512_fmadd_ps(x, b0, sum[(s * R + r) * V]);
                if (V > 1)
                    sum[(s * R + r) * V + 1] = _mm512_fmadd_ps(x, b1, sum[(s * R + r) * V + 1]);
            }
        }
        a0 += S, a3 += S, a6 += S, a9 += S, a12 += S;
    }
}

INLINE void finish(const struct dsc_panel *p, size_t row, const __m512 *sum, const struct edge *e,
                   const int R, const int V)
{
    const __m512 lo = _mm512_set1_ps(p->lo), hi = _mm512_set1_ps(p->hi);

#pragma GCC unroll 14
    for (int r = 0; r < R; r++) {
        const size_t at = row + (size_t)r;

#pragma GCC unroll 2
        for (int v = 0; v < V; v++) {
            __m512 x = sum[r * V + v];

            if (p->residual)
                x = _mm512_add_ps(
                    x, _mm512_maskz_loadu_ps(e->mask[v], p->residual + at * p->ldr + 16 * v));
            if (p->clip)
                x = _mm512_min_ps(hi, _mm512_max_ps(lo, x));
            _mm512_mask_storeu_ps(p->c + at * p->ldc + 16 * v, e->mask[v], x);
        }
    }
}

/* R rows from `row`, V vectors of columns. Few rows have too few sums to hide the latency of
 * the multiply-add: they take S steps of k at once, each step in sums of its own. */
INLINE void block(const struct dsc_panel *p, size_t row, const struct edge *e, const int R,
                  const int V, const int S)
{
    const float *a[5] = { p->a + row * p->lda, 0 };
    const size_t whole = p->k / (size_t)S * (size_t)S;
    __m512 sum[28];

#pragma GCC unroll 4
    for (int g = 1; g < 5; g++)
        a[g] = 3 * g < R ? a[0] + (size_t)(3 * g) * p->lda : a[0];
#pragma GCC unroll 28
    for (int i = 0; i < S * R * V; i++)
        sum[i] = i < R * V && p->bias
                     ? _mm512_maskz_loadu_ps(e->mask[i % V], p->bias + 16 * (i % V))
                     : _mm512_setzero_ps();
    multiply(sum, p, a, p->b, whole, R, V, S);
    if (S > 1) {
#pragma GCC unroll 28
        for (int i = R * V; i < S * R * V; i++)
            sum[i % (R * V)] = _mm512_add_ps(sum[i % (R * V)], sum[i]);
#pragma GCC unroll 5
        for (int g = 0; g < 5; g++)
            a[g] += whole;
        multiply(sum, p, a, p->b + whole * p->width, p->k - whole, R, V, 1);
    }
    finish(p, row, sum, e, R, V);
}

typedef void block_fn(const struct dsc_panel *p, size_t row, const struct edge *e);

#define BLOCK(R, V, S)                                                                       \
    static void block_##R##_##V(const struct dsc_panel *p, size_t row, const struct edge *e) \
    {                                                                                        \
        block(p, row, e, R, V, S);                                                           \
    }
BLOCK(1, 1, 8)
BLOCK(2, 1, 4)
BLOCK(3, 1, 4)
BLOCK(4, 1, 2)
BLOCK(5, 1, 2)
BLOCK(6, 1, 2)
BLOCK(7, 1, 2)
BLOCK(8, 1, 1)
BLOCK(9, 1, 1)
BLOCK(10, 1, 1)
BLOCK(11, 1, 1)
BLOCK(12, 1, 1)
BLOCK(13, 1, 1)
BLOCK(14, 1, 1)
BLOCK(1, 2, 4)
BLOCK(2, 2, 4)
BLOCK(3, 2, 2)
BLOCK(4, 2, 2)
BLOCK(5, 2, 2)
BLOCK(6, 2, 1)
BLOCK(7, 2, 1)
BLOCK(8, 2, 1)
BLOCK(9, 2, 1)
BLOCK(10, 2, 1)
BLOCK(11, 2, 1)
BLOCK(12, 2, 1)
BLOCK(13, 2, 1)
BLOCK(14, 2, 1)

static block_fn *const blocks[2][MAX_ROWS + 1] = {
    { NULL, block_1_1, block_2_1, block_3_1, block_4_1, block_5_1, block_6_1, block_7_1, block_8_1,
      block_9_1, block_10_1, block_11_1, block_12_1, block_13_1, block_14_1 },
    { NULL, block_1_2, block_2_2, block_3_2, block_4_2, block_5_2, block_6_2, block_7_2, block_8_2,
      block_9_2, block_10_2, block_11_2, block_12_2, block_13_2, block_14_2 },
};

/* Rows in blocks of nearly one size: 15 are 8 and 7, not 14 and 1. */
void dsc_avx512_panel_f32(const struct dsc_panel *p)
{
    const int v = p->cols > 16;
    const uint32_t columns = p->cols >= 32 ? UINT32_MAX : (1u << p->cols) - 1;
    const struct edge e = { { (__mmask16)columns, (__mmask16)(columns >> 16) } };
    size_t parts = (p->rows + MAX_ROWS - 1) / MAX_ROWS, row = 0;

    for (; parts; parts--) {
        const size_t n = (p->rows - row) / parts;

        blocks[v][n](p, row, &e);
        row += n;
    }
}
