/* scalar.h - the reference kernels, one function for each line of kernels.def. */
#ifndef DSC_SCALAR_H
#define DSC_SCALAR_H

#include "core/kernels/kernels.h"

#define DSC_KERNEL(name, params) void dsc_scalar_##name params;
#include "core/kernels/kernels.def"
#undef DSC_KERNEL

/* act(x) for one number. */
float dsc_scalar_act(float x, const struct dsc_act *act);

#endif
