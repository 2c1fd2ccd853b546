#include "core/image/preprocess.h"

#include <string.h>

#include "core/base/alloc.h"

/* Each mode in the steps that Keras takes, every one rounded to single precision:
 * x / divide, - mean, / std. Dividing by 1 and taking 0 away change nothing. */
struct steps {
    float divide;
    float mean[3], std[3]; /* red, green, blue */
};

static struct steps mode_steps(const struct dsc_preprocess *p)
{
    struct steps s = { 1.0f, { 0.0f, 0.0f, 0.0f }, { 1.0f, 1.0f, 1.0f } };

    switch (p->mode) {
    case DSC_PIXELS_CAFFE:
        return (struct steps){ 1.0f, { 123.68f, 116.779f, 103.939f }, { 1.0f, 1.0f, 1.0f } };
    case DSC_PIXELS_TF:
        return (struct steps){ 127.5f, { 1.0f, 1.0f, 1.0f }, { 1.0f, 1.0f, 1.0f } };
    case DSC_PIXELS_TORCH:
        return (struct steps){ 255.0f, { 0.485f, 0.456f, 0.406f }, { 0.229f, 0.224f, 0.225f } };
    case DSC_PIXELS_RAW:
        return s;
    case DSC_PIXELS_MEAN_STD:
        memcpy(s.mean, p->mean, sizeof(s.mean));
        memcpy(s.std, p->std, sizeof(s.std));
        return s;
    }
    return s;
}

static float apply(const struct steps *s, size_t colour, float x)
{
    x /= s->divide;
    x -= s->mean[colour];
    return x / s->std[colour];
}

/* Where a colour goes among the output's channels, and comes from: the same. */
static size_t channel(const struct dsc_preprocess *p, size_t colour)
{
    return p->order == DSC_ORDER_BGR ? 2 - colour : colour;
}

/* Bytes have 256 values: a table per colour spares the divisions. */
static void from_bytes(const struct dsc_preprocess *p, const struct steps *s, float *out,
                       const uint8_t *rgb, size_t pixels)
{
    float table[3][256];

    for (size_t c = 0; c < 3; c++)
        for (size_t v = 0; v < 256; v++)
            table[c][v] = apply(s, c, (float)v);
    for (size_t c = 0; c < 3; c++) {
        float *q = out + channel(p, c);

        for (size_t i = 0; i < pixels; i++)
            q[3 * i] = table[c][rgb[3 * i + c]];
    }
}

static void from_floats(const struct dsc_preprocess *p, const struct steps *s, float *x,
                        size_t pixels)
{
    for (size_t i = 0; i < pixels; i++, x += 3) {
        float rgb[3] = { x[0], x[1], x[2] };

        for (size_t c = 0; c < 3; c++)
            x[channel(p, c)] = apply(s, c, rgb[c]);
    }
}

enum dsc_status dsc_preprocess_run(const struct dsc_preprocess *p, const struct dsc_image *image,
                                   float *out)
{
    struct dsc_box box =
        p->fit == DSC_FIT_CROP ? dsc_box_crop(image, p->width, p->height) : dsc_box_whole(image);
    struct steps s = mode_steps(p);
    size_t pixels;
    enum dsc_status st;
    uint8_t *rgb;

    if (!dsc_mul_size(p->width, p->height, &pixels))
        return dsc_fail(DSC_INVALID, "a picture cannot be resized to %zu x %zu pixels", p->width,
                        p->height);
    if (p->filter == DSC_FILTER_TF_BILINEAR) {
        st = dsc_resize_tf_bilinear(out, p->width, p->height, image, &box);
        if (!st)
            from_floats(p, &s, out, pixels);
        return st;
    }
    if (p->width == image->width && p->height == image->height) {
        from_bytes(p, &s, out, image->pixels, pixels);
        return DSC_OK;
    }
    rgb = dsc_malloc(pixels, 3);
    if (!rgb)
        return dsc_fail_nomem("a resized picture");
    st = dsc_resize_u8(rgb, p->width, p->height, image, &box, p->filter);
    if (!st)
        from_bytes(p, &s, out, rgb, pixels);
    dsc_free(rgb);
    return st;
}
