#include "core/ops/window.h"

static enum dsc_status place(size_t in, size_t span, size_t stride, struct dsc_window_axis *axis)
{
    size_t padded;

    if (!dsc_add_size(in, axis->before, &padded) || !dsc_add_size(padded, axis->after, &padded) ||
        padded < span)
        return dsc_fail(DSC_INVALID, "a window of %zu does not fit in %zu pixels", span, in);
    axis->out = (padded - span) / stride + 1;
    return DSC_OK;
}

enum dsc_status dsc_window_axis(const struct dsc_window *w, size_t in, size_t kernel, bool vertical,
                                struct dsc_window_axis *axis)
{
    size_t stride = vertical ? w->stride_h : w->stride_w;
    size_t dilation = vertical ? w->dilation_h : w->dilation_w;
    size_t span, need;

    if (!kernel || !stride || !dilation || !dsc_mul_size(kernel - 1, dilation, &span) ||
        !dsc_add_size(span, 1, &span))
        return dsc_fail(DSC_INVALID, "a window of %zu taps, stride %zu, dilation %zu", kernel,
                        stride, dilation);
    *axis = (struct dsc_window_axis){ .out = DSC_DIM_FREE };
    if (w->padding == DSC_PAD_EXPLICIT) {
        axis->before = vertical ? w->top : w->left;
        axis->after = vertical ? w->bottom : w->right;
    }
    if (in == DSC_DIM_FREE)
        return DSC_OK;
    if (w->padding == DSC_PAD_SAME) {
        size_t out = in / stride + (in % stride != 0);

        if (!dsc_mul_size(out ? out - 1 : 0, stride, &need) || !dsc_add_size(need, span, &need))
            return dsc_fail(DSC_INVALID, "a window of %zu over %zu pixels", span, in);
        need = need > in ? need - in : 0;
        axis->before = need / 2;
        axis->after = need - need / 2;
    }
    return place(in, span, stride, axis);
}
