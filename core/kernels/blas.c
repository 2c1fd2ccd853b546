#include <cblas.h>
#include <pthread.h>

#include "core/kernels/product.h"

/* Ops run in parallel themselves: OpenBLAS' own threads would fight with theirs. */
static void one_thread(void)
{
    openblas_set_num_threads(1);
}

void dsc_blas_sgemm(const struct dsc_sgemm *g)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, one_thread);
    cblas_sgemm(CblasRowMajor, g->transpose_a ? CblasTrans : CblasNoTrans,
                g->transpose_b ? CblasTrans : CblasNoTrans, (blasint)g->i, (blasint)g->j,
                (blasint)g->k, g->alpha, g->a, (blasint)g->lda, g->b, (blasint)g->ldb, g->beta,
                g->c, (blasint)g->ldc);
}
