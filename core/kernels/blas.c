#include <cblas.h>

#include "core/kernels/product.h"

void dsc_blas_sgemm(const struct dsc_sgemm *g)
{
    cblas_sgemm(CblasRowMajor, g->transpose_a ? CblasTrans : CblasNoTrans,
                g->transpose_b ? CblasTrans : CblasNoTrans, (blasint)g->i, (blasint)g->j,
                (blasint)g->k, g->alpha, g->a, (blasint)g->lda, g->b, (blasint)g->ldb, g->beta,
                g->c, (blasint)g->ldc);
}

void dsc_blas_set_threads(int n)
{
    openblas_set_num_threads(n);
}
