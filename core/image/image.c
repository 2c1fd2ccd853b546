#include "core/image/image.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/strbuf.h"
#include "core/image/image_internal.h"

struct codec {
    const char *format;
    bool (*matches)(const uint8_t *bytes, size_t len_bytes);
    enum dsc_status (*read)(struct dsc_image_reader *r);
};

static bool is_jpeg(const uint8_t *bytes, size_t len_bytes)
{
    return len_bytes >= 3 && !memcmp(bytes, "\xff\xd8\xff", 3);
}

static bool is_png(const uint8_t *bytes, size_t len_bytes)
{
    return len_bytes >= 8 && !memcmp(bytes, "\x89PNG\r\n\x1a\n", 8);
}

static bool is_webp(const uint8_t *bytes, size_t len_bytes)
{
    return len_bytes >= 12 && !memcmp(bytes, "RIFF", 4) && !memcmp(bytes + 8, "WEBP", 4);
}

static bool is_gif(const uint8_t *bytes, size_t len_bytes)
{
    return len_bytes >= 6 && (!memcmp(bytes, "GIF87a", 6) || !memcmp(bytes, "GIF89a", 6));
}

static const struct codec codecs[] = {
    { "JPEG", is_jpeg, dsc_jpeg_read },
    { "PNG", is_png, dsc_png_read },
    { "WebP", is_webp, dsc_webp_read },
    { "GIF", is_gif, dsc_gif_read },
};

static const struct codec *codec_find(const uint8_t *bytes, size_t len_bytes)
{
    for (size_t i = 0; i < DSC_COUNT(codecs); i++)
        if (codecs[i].matches(bytes, len_bytes))
            return &codecs[i];
    return NULL;
}

bool dsc_image_recognised(const void *bytes, size_t len_bytes)
{
    return codec_find(bytes, len_bytes);
}

enum dsc_status dsc_image_begin(struct dsc_image_reader *r, size_t width, size_t height,
                                const char *mode)
{
    size_t pixels;

    if (!width || !height)
        return dsc_fail(DSC_FORMAT, "'%s': %s picture of %zu x %zu pixels", r->name,
                        r->image.format, width, height);
    r->image.width = width;
    r->image.height = height;
    r->image.mode = mode;
    if (r->header_only)
        return DSC_OK;
    if (!dsc_mul_size(width, height, &pixels) || pixels > r->max_pixels)
        return dsc_fail(DSC_FORMAT,
                        "'%s': %s picture of %zu x %zu pixels, more than the limit of %zu in all",
                        r->name, r->image.format, width, height, r->max_pixels);
    r->image.pixels = dsc_malloc(pixels, 3);
    if (!r->image.pixels)
        return dsc_fail_nomem("a picture's pixels");
    return DSC_OK;
}

static enum dsc_status read_with_codec(struct dsc_image_reader *r)
{
    const struct codec *codec = codec_find(r->bytes, r->len_bytes);

    if (!codec)
        return dsc_image_not_a_picture(r);
    r->image.format = codec->format;
    r->image.orientation = 1;
    return codec->read(r);
}

enum dsc_status dsc_image_decode(struct dsc_image *out, const void *bytes, size_t len_bytes,
                                 const char *name, const struct dsc_image_limits *limits,
                                 unsigned flags)
{
    static const struct dsc_image_limits defaults = DSC_IMAGE_LIMITS_DEFAULT;
    const struct dsc_image_limits *l = limits ? limits : &defaults;
    struct dsc_image_reader r = { bytes, len_bytes, name, l->max_pixels, false, { 0 } };
    enum dsc_status st;

    if (len_bytes > l->max_bytes)
        return dsc_fail(DSC_FORMAT, "'%s': %zu bytes, more than the limit of %zu for a picture",
                        name, len_bytes, l->max_bytes);
    st = read_with_codec(&r);
    if (!st && (flags & DSC_IMAGE_EXIF_ORIENT))
        st = dsc_exif_apply(&r.image);
    if (st) {
        dsc_image_release(&r.image);
        return st;
    }
    *out = r.image;
    return DSC_OK;
}

enum dsc_status dsc_image_read_file(struct dsc_image *out, const char *path,
                                    const struct dsc_image_limits *limits, unsigned flags)
{
    static const struct dsc_image_limits defaults = DSC_IMAGE_LIMITS_DEFAULT;
    const struct dsc_image_limits *l = limits ? limits : &defaults;
    const char *name = strcmp(path, "-") ? path : "standard input";
    struct dsc_strbuf file = DSC_STRBUF_INIT;
    enum dsc_status st = dsc_strbuf_read_file(&file, path, l->max_bytes);

    if (!st)
        st = dsc_image_decode(out, file.text, file.len, name, l, flags);
    dsc_strbuf_release(&file);
    return st;
}

enum dsc_status dsc_image_probe(struct dsc_image *out, const void *bytes, size_t len_bytes,
                                const char *name)
{
    struct dsc_image_reader r = { bytes, len_bytes, name, 0, true, { 0 } };
    enum dsc_status st = read_with_codec(&r);

    if (!st)
        *out = r.image;
    return st;
}

void dsc_image_release(struct dsc_image *image)
{
    dsc_free(image->pixels);
    *image = (struct dsc_image){ 0 };
}
