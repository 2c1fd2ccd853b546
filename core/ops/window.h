/* window.h - where a convolution or pooling window falls; for ops only. */
#ifndef DSC_WINDOW_H
#define DSC_WINDOW_H

#include "core/ops/ops.h"

struct dsc_window_axis {
    size_t out;    /* output length; DSC_DIM_FREE when the input's is */
    size_t before; /* padding before; with a free input and SAME: 0, not known yet */
    size_t after;
};

/* One axis of a window of `kernel` taps: along H when vertical, else along W.
 * TensorFlow's rules for SAME and VALID. DSC_INVALID when the window is larger
 * than the padded input, or a stride, dilation or kernel is 0. */
DSC_CHECK_RESULT enum dsc_status dsc_window_axis(const struct dsc_window *w, size_t in,
                                                 size_t kernel, bool vertical,
                                                 struct dsc_window_axis *axis);

#endif
