/* panel.h - the product kernel of this instruction set. */
#ifndef DSC_AVX512_PANEL_H
#define DSC_AVX512_PANEL_H

#include "core/kernels/kernels.h"

void dsc_avx512_panel_f32(const struct dsc_panel *p);

#endif
