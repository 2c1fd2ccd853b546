/* panel.h - the product kernel of this instruction set. */
#ifndef DSC_AVX2_PANEL_H
#define DSC_AVX2_PANEL_H

#include "core/kernels/kernels.h"

void dsc_avx2_panel_f32(const struct dsc_panel *p);

#endif
