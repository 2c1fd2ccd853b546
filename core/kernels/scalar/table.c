#include "core/kernels/scalar/scalar.h"

const struct dsc_kernels dsc_kernels_scalar = {
#define DSC_KERNEL(name, params) .name = dsc_scalar_##name,
#include "core/kernels/kernels.def"
#undef DSC_KERNEL
};
