#include "core/kernels/kernels.h"

#include <pthread.h>

static const struct dsc_kernels *const levels[DSC_ISA_COUNT] = {
    [DSC_ISA_SCALAR] = &dsc_kernels_scalar,
#ifdef DSC_HAVE_avx2
    [DSC_ISA_AVX2] = &dsc_kernels_avx2,
#endif
#ifdef DSC_HAVE_avx512
    [DSC_ISA_AVX512] = &dsc_kernels_avx512,
#endif
};

static struct dsc_kernels best;

static void lay_over(const struct dsc_kernels *k)
{
#define DSC_KERNEL(name, params) \
    if (k->name)                 \
        best.name = k->name;
#include "core/kernels/kernels.def"
#undef DSC_KERNEL
}

static void resolve(void)
{
    for (int i = 0; i <= (int)dsc_cpu_isa(); i++)
        if (levels[i])
            lay_over(levels[i]);
}

const struct dsc_kernels *dsc_kernels(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, resolve);
    return &best;
}

const struct dsc_kernels *dsc_kernels_of(enum dsc_isa isa)
{
    return levels[isa];
}
