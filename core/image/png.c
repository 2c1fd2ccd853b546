/* PNG by libpng, with libpng's own transformations set to give Pillow's pixels. */
#include <setjmp.h>
#include <string.h>

#include <png.h>

#include "core/image/image_internal.h"

struct png_file {
    png_structp lib;
    png_infop info;
    size_t at; /* bytes read so far */
    jmp_buf fatal;
    struct dsc_image_reader *reader;
    enum dsc_status status; /* of what went wrong inside the library */
};

static void on_error(png_structp lib, png_const_charp text)
{
    struct png_file *p = png_get_error_ptr(lib);

    /* png_malloc() reports like any fault in the file. */
    if (!strcmp(text, "Out of memory"))
        p->status = dsc_fail_nomem("a PNG decoder");
    else
        p->status = dsc_fail(DSC_FORMAT, "'%s': broken PNG: %s", p->reader->name, text);
    longjmp(p->fatal, 1);
}

static void on_warning(png_structp lib, png_const_charp text)
{
    (void)lib;
    (void)text;
}

static void read_bytes(png_structp lib, png_bytep out, size_t len_bytes)
{
    struct png_file *p = png_get_io_ptr(lib);
    const struct dsc_image_reader *r = p->reader;

    if (len_bytes > r->len_bytes - p->at) {
        p->status = dsc_fail(DSC_FORMAT,
                             "'%s': truncated PNG: the file ends after %zu bytes, before its "
                             "picture does",
                             r->name, r->len_bytes);
        longjmp(p->fatal, 1);
    }
    memcpy(out, r->bytes + p->at, len_bytes);
    p->at += len_bytes;
}

/* eXIf may stand anywhere in the file, and libpng stops at the pixels. */
static unsigned find_orientation(const struct dsc_image_reader *r)
{
    size_t at = 8;

    while (r->len_bytes - at >= 12) {
        const uint8_t *p = r->bytes + at;
        size_t len_bytes = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];

        if (len_bytes > r->len_bytes - at - 12)
            break;
        if (!memcmp(p + 4, "eXIf", 4))
            return dsc_exif_orientation(p + 8, len_bytes);
        at += 12 + len_bytes;
    }
    return 1;
}

static const char *pillow_mode(int type, int depth)
{
    switch (type) {
    case PNG_COLOR_TYPE_GRAY:
        return depth == 1 ? "1" : depth == 16 ? "I;16" : "L";
    case PNG_COLOR_TYPE_PALETTE:
        return "P";
    case PNG_COLOR_TYPE_GRAY_ALPHA:
        return depth == 16 ? "RGBA" : "LA";
    case PNG_COLOR_TYPE_RGB:
        return "RGB";
    default:
        return "RGBA";
    }
}

/* Deep grey is kept as two bytes a pixel, which fit in the three of RGB: Pillow
 * clips it, where libpng would keep the high byte. */
static void set_transformations(struct png_file *p, bool deep_grey)
{
    png_set_interlace_handling(p->lib);
    if (deep_grey)
        return;
    png_set_expand_gray_1_2_4_to_8(p->lib);
    png_set_palette_to_rgb(p->lib);
    png_set_strip_16(p->lib);
    png_set_strip_alpha(p->lib);
    png_set_gray_to_rgb(p->lib);
}

/* In place, from the last pixel so that none is overwritten before it is read. */
static void clip_deep_grey(struct dsc_image *image)
{
    for (size_t y = 0; y < image->height; y++) {
        uint8_t *row = image->pixels + y * image->width * 3;

        for (size_t x = image->width; x-- > 0;)
            memset(row + 3 * x, row[2 * x] ? 255 : row[2 * x + 1], 3);
    }
}

static enum dsc_status read_pixels(struct png_file *p, bool deep_grey)
{
    struct dsc_image *image = &p->reader->image;
    int passes;

    set_transformations(p, deep_grey);
    passes = png_set_interlace_handling(p->lib);
    png_read_update_info(p->lib, p->info);
    if (png_get_rowbytes(p->lib, p->info) != image->width * (deep_grey ? 2 : 3))
        return dsc_fail(DSC_FORMAT, "'%s': broken PNG: rows of an unexpected length",
                        p->reader->name);
    for (int pass = 0; pass < passes; pass++)
        for (size_t y = 0; y < image->height; y++)
            png_read_row(p->lib, image->pixels + y * image->width * 3, NULL);
    if (deep_grey)
        clip_deep_grey(image);
    return DSC_OK;
}

static enum dsc_status read_guarded(struct png_file *p)
{
    struct dsc_image_reader *r = p->reader;
    enum dsc_status st;
    bool deep_grey;
    int type, depth;

    if (setjmp(p->fatal))
        return p->status;
    png_set_read_fn(p->lib, p, read_bytes);
    /* Only size, palette and pixels matter: profiles and texts are skipped unread. */
    png_set_keep_unknown_chunks(p->lib, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_set_user_limits(p->lib, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_read_info(p->lib, p->info);
    type = png_get_color_type(p->lib, p->info);
    depth = png_get_bit_depth(p->lib, p->info);
    deep_grey = type == PNG_COLOR_TYPE_GRAY && depth == 16;
    r->image.orientation = find_orientation(r);
    st = dsc_image_begin(r, png_get_image_width(p->lib, p->info),
                         png_get_image_height(p->lib, p->info), pillow_mode(type, depth));
    if (st || r->header_only)
        return st;
    return read_pixels(p, deep_grey);
}

enum dsc_status dsc_png_read(struct dsc_image_reader *r)
{
    struct png_file p = { .reader = r };
    enum dsc_status st;

    p.lib = png_create_read_struct(PNG_LIBPNG_VER_STRING, &p, on_error, on_warning);
    p.info = p.lib ? png_create_info_struct(p.lib) : NULL;
    st = p.info ? read_guarded(&p) : dsc_fail_nomem("a PNG decoder");
    png_destroy_read_struct(&p.lib, &p.info, NULL);
    return st;
}
