/* product.h - products with a right side that was packed once, and OpenBLAS.
 *
 * A right side [k, m] is packed as panels of DSC_PANEL columns, the last of 16 when that
 * is enough, each stored row after row and filled up with zeros: the same for every
 * instruction set. The rows of a are read where they lie.
 *
 *     size_t n = dsc_packed_count(k, m);            (0: too large)
 *     float *packed = dsc_malloc(n, sizeof(float));
 *     dsc_packed_fill(packed, w, m, k, m);
 *     dsc_product_run(&(struct dsc_product){ .a = x, .lda = k, .packed = packed, ... },
 *                     0, rows, 0, dsc_packed_panels(m));
 *
 * Single-threaded: threads take ranges of rows or panels.
 */
#ifndef DSC_PRODUCT_H
#define DSC_PRODUCT_H

#include "core/kernels/kernels.h"

/* c[rows, m] = act(a[rows, k] b + bias + residual) */
struct dsc_product {
    const float *a;
    size_t lda; /* floats between rows of a */
    const float *packed;
    size_t k, m;
    float *c;
    size_t ldc;
    const float *bias;     /* [m], or NULL */
    const float *residual; /* [rows, m], or NULL; may be c */
    size_t ldr;
    struct dsc_act act;
};

/* Panels of m columns. */
size_t dsc_packed_panels(size_t m);
/* Floats of a packed [k, m]; 0 when that overflows. */
size_t dsc_packed_count(size_t k, size_t m);
/* Pack w[k, m], ldw floats between its rows. */
void dsc_packed_fill(float *packed, const float *w, size_t ldw, size_t k, size_t m);

/* Rows row .. row_end - 1 of panels panel .. panel_end - 1. */
void dsc_product_run(const struct dsc_product *p, size_t row, size_t row_end, size_t panel,
                     size_t panel_end);

/* True, with lo and hi, for an activation that only bounds the result. */
bool dsc_act_is_clip(const struct dsc_act *act, float *lo, float *hi);

/* A product by OpenBLAS, for right sides that cannot be packed ahead (packed ones are
 * faster at every size measured): c[i, j] = alpha a[i, k] b[k, j] + beta c, row-major; with
 * transpose_a, a is [k, i], with transpose_b, b is [j, k]. Sizes below 2^31. Runs on the
 * calling thread: the first call sets OpenBLAS to one thread, for the whole program. */
struct dsc_sgemm {
    bool transpose_a, transpose_b;
    size_t i, j, k;
    float alpha, beta;
    const float *a, *b;
    float *c;
    size_t lda, ldb, ldc;
};
void dsc_blas_sgemm(const struct dsc_sgemm *g);

#endif
