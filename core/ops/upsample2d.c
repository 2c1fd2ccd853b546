#include <math.h>
#include <string.h>

#include "core/ops/dims_internal.h"
#include "core/ops/ops.h"

static enum dsc_status shape(const struct dsc_op_io *io)
{
    const struct dsc_upsample2d *attr = io->attr;
    struct dsc_shape s = io->in[0]->shape;
    enum dsc_status st = dsc_check_dtype(io, "upsample2d", DSC_F32);
    char text[DSC_SHAPE_TEXT];

    if (st)
        return st;
    if (s.rank != 4)
        return dsc_fail(DSC_INVALID, "upsample2d: shape %s, expected [N, H, W, C]",
                        dsc_shape_text(s, text));
    if (!attr->fh || !attr->fw || !dsc_dim_mul(s.dim[1], attr->fh, &s.dim[1]) ||
        !dsc_dim_mul(s.dim[2], attr->fw, &s.dim[2]))
        return dsc_fail(DSC_INVALID, "upsample2d: %s cannot grow %zu x %zu times",
                        dsc_shape_text(io->in[0]->shape, text), attr->fh, attr->fw);
    io->out[0].dtype = DSC_F32;
    io->out[0].shape = s;
    return DSC_OK;
}

/* Two neighbours along one axis and how far the place lies towards the second. */
struct between {
    size_t low, high;
    float part;
};

/* tf.image.resize: pixel centres lie at halves, the border is repeated. */
static struct between between(size_t i, size_t factor, size_t length)
{
    double at = ((double)i + 0.5) / (double)factor - 0.5, low = floor(at);
    struct between b = { low > 0 ? (size_t)low : 0, (size_t)(low + 1), (float)(at - low) };

    b.high = DSC_MIN(b.high, length - 1);
    return b;
}

static void nearest_row(const struct dsc_upsample2d *attr, float *y, const float *x, size_t width,
                        size_t channels)
{
    for (size_t i = 0; i < width * attr->fw; i++)
        memcpy(y + i * channels, x + i / attr->fw * channels, channels * sizeof(float));
}

static void bilinear_row(const struct dsc_upsample2d *attr, float *y, const float *top,
                         const float *bottom, float down, size_t width, size_t channels)
{
    for (size_t i = 0; i < width * attr->fw; i++, y += channels) {
        struct between b = between(i, attr->fw, width);
        const float *tl = top + b.low * channels, *tr = top + b.high * channels;
        const float *bl = bottom + b.low * channels, *br = bottom + b.high * channels;

#pragma omp simd
        for (size_t c = 0; c < channels; c++) {
            float t = tl[c] + (tr[c] - tl[c]) * b.part;
            float u = bl[c] + (br[c] - bl[c]) * b.part;

            y[c] = t + (u - t) * down;
        }
    }
}

static void fill_row(const struct dsc_op_io *io, size_t row)
{
    const struct dsc_upsample2d *attr = io->attr;
    struct dsc_shape s = io->in[0]->shape;
    size_t height = s.dim[1], width = s.dim[2], channels = s.dim[3], line = width * channels;
    const float *x = dsc_tensor_f32(io->in[0]) + row / (height * attr->fh) * height * line;
    float *y = dsc_tensor_f32(&io->out[0]) + row * attr->fw * line;
    struct between b;

    row %= height * attr->fh;
    if (!attr->bilinear) {
        nearest_row(attr, y, x + row / attr->fh * line, width, channels);
        return;
    }
    b = between(row, attr->fh, height);
    bilinear_row(attr, y, x + b.low * line, x + b.high * line, b.part, width, channels);
}

static enum dsc_status forward(const struct dsc_op_io *io)
{
    struct dsc_shape out = io->out[0].shape;
    size_t count = dsc_tensor_count(&io->out[0]), rows = out.dim[0] * out.dim[1];
    int n_threads = dsc_threads_for(io, count);

    if (!count)
        return DSC_OK;
#pragma omp parallel for num_threads(n_threads) if (n_threads > 1)
    for (size_t row = 0; row < rows; row++)
        fill_row(io, row);
    return DSC_OK;
}

const struct dsc_op dsc_op_upsample2d = {
    .name = "upsample2d",
    .attr_bytes = sizeof(struct dsc_upsample2d),
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .shape = shape,
    .forward = forward,
};
