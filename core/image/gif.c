/* GIF by giflib: the first frame on its screen, coloured as Pillow does. */
#include <string.h>

#include <gif_lib.h>

#include "core/base/alloc.h"
#include "core/image/image_internal.h"

#define NO_INDEX (-1)

struct gif {
    GifFileType *lib;
    struct dsc_image_reader *reader;
    size_t at;               /* bytes read so far */
    int transparent;         /* colour index, or NO_INDEX */
    uint8_t colours[256][3]; /* of the first frame */
    bool grey;               /* mode "L" for Pillow, else "P" */
};

static int read_bytes(GifFileType *lib, GifByteType *out, int len_bytes)
{
    struct gif *g = lib->UserData;
    const struct dsc_image_reader *r = g->reader;
    size_t n = len_bytes > 0 ? (size_t)len_bytes : 0;

    n = DSC_MIN(n, r->len_bytes - g->at);
    memcpy(out, r->bytes + g->at, n);
    g->at += n;
    return (int)n;
}

static enum dsc_status failed(const struct gif *g, int code)
{
    const char *text = GifErrorString(code);
    const struct dsc_image_reader *r = g->reader;

    if (code == D_GIF_ERR_NOT_ENOUGH_MEM)
        return dsc_fail_nomem("a GIF decoder");
    if (g->at == r->len_bytes)
        return dsc_fail(DSC_FORMAT,
                        "'%s': truncated GIF: the file ends after %zu bytes, before its picture "
                        "does",
                        r->name, r->len_bytes);
    return dsc_fail(DSC_FORMAT, "'%s': broken GIF: %s", r->name, text ? text : "cause unknown");
}

/* Of the extensions before the frame only the transparent colour matters. */
static enum dsc_status read_extension(struct gif *g)
{
    GifByteType *block;
    int code;

    if (DGifGetExtension(g->lib, &code, &block) == GIF_ERROR)
        return failed(g, g->lib->Error);
    if (code == GRAPHICS_EXT_FUNC_CODE && block && block[0] >= 4 && (block[1] & 1))
        g->transparent = block[4];
    while (block)
        if (DGifGetExtensionNext(g->lib, &block) == GIF_ERROR)
            return failed(g, g->lib->Error);
    return DSC_OK;
}

static enum dsc_status find_frame(struct gif *g)
{
    enum dsc_status st;
    GifRecordType type;

    for (;;) {
        if (DGifGetRecordType(g->lib, &type) == GIF_ERROR)
            return failed(g, g->lib->Error);
        switch (type) {
        case IMAGE_DESC_RECORD_TYPE:
            return DGifGetImageDesc(g->lib) == GIF_ERROR ? failed(g, g->lib->Error) : DSC_OK;
        case EXTENSION_RECORD_TYPE:
            st = read_extension(g);
            if (st)
                return st;
            break;
        default:
            return dsc_fail(DSC_FORMAT, "'%s': GIF without a picture in it", g->reader->name);
        }
    }
}

/* A palette that maps each index to that grey. */
static bool is_ramp(const ColorMapObject *map)
{
    for (int i = 0; map && i < map->ColorCount; i++)
        if (map->Colors[i].Red != i || map->Colors[i].Green != i || map->Colors[i].Blue != i)
            return false;
    return true;
}

/* The frame's own palette, else the file's. A ramp is no palette for Pillow: one of the
 * frame's own gives way to the file's even then, and without any other all 256 indices
 * are greys. Indices past the end of a palette are black. */
static void read_colours(struct gif *g)
{
    const ColorMapObject *local = g->lib->Image.ColorMap, *global = g->lib->SColorMap;
    const ColorMapObject *map = local && !is_ramp(local) ? local : global;

    g->grey = is_ramp(local ? local : global);
    if (is_ramp(map)) {
        for (int i = 0; i < 256; i++)
            memset(g->colours[i], i, 3);
        return;
    }
    for (int i = 0; i < map->ColorCount && i < 256; i++) {
        g->colours[i][0] = map->Colors[i].Red;
        g->colours[i][1] = map->Colors[i].Green;
        g->colours[i][2] = map->Colors[i].Blue;
    }
}

static void paint(const struct gif *g, uint8_t *rgb, const uint8_t *indices, size_t n)
{
    for (size_t i = 0; i < n; i++)
        memcpy(rgb + 3 * i, g->colours[indices[i]], 3);
}

/* What the frame does not cover shows the transparent colour, or index 0. */
static void paint_screen(const struct gif *g)
{
    const struct dsc_image *image = &g->reader->image;
    const uint8_t *colour = g->colours[g->transparent == NO_INDEX ? 0 : g->transparent];

    for (size_t i = 0; i < image->width * image->height; i++)
        memcpy(image->pixels + 3 * i, colour, 3);
}

static enum dsc_status read_row(struct gif *g, uint8_t *indices, size_t y)
{
    const GifImageDesc *frame = &g->lib->Image;
    const struct dsc_image *image = &g->reader->image;
    size_t row = (size_t)frame->Top + y;

    if (DGifGetLine(g->lib, indices, frame->Width) == GIF_ERROR)
        return failed(g, g->lib->Error);
    paint(g, image->pixels + (row * image->width + (size_t)frame->Left) * 3, indices,
          (size_t)frame->Width);
    return DSC_OK;
}

static enum dsc_status read_rows(struct gif *g, uint8_t *indices)
{
    static const struct {
        size_t first, step;
    } interlaced[] = { { 0, 8 }, { 4, 8 }, { 2, 4 }, { 1, 2 } }, plain[] = { { 0, 1 } };
    const GifImageDesc *frame = &g->lib->Image;
    size_t passes = frame->Interlace ? DSC_COUNT(interlaced) : DSC_COUNT(plain);
    enum dsc_status st = DSC_OK;

    for (size_t pass = 0; pass < passes && !st; pass++) {
        size_t first = frame->Interlace ? interlaced[pass].first : plain[pass].first;
        size_t step = frame->Interlace ? interlaced[pass].step : plain[pass].step;

        for (size_t y = first; y < (size_t)frame->Height && !st; y += step)
            st = read_row(g, indices, y);
    }
    return st;
}

static enum dsc_status read_first_frame(struct gif *g)
{
    struct dsc_image_reader *r = g->reader;
    const GifImageDesc *frame = &g->lib->Image;
    enum dsc_status st = find_frame(g);
    size_t right, bottom;
    uint8_t *indices;

    if (st)
        return st;
    if (frame->Width <= 0 || frame->Height <= 0 || frame->Left < 0 || frame->Top < 0)
        return dsc_fail(DSC_FORMAT, "'%s': broken GIF: a frame of %d x %d pixels", r->name,
                        frame->Width, frame->Height);
    read_colours(g);
    right = (size_t)frame->Left + (size_t)frame->Width;
    bottom = (size_t)frame->Top + (size_t)frame->Height;
    st = dsc_image_begin(r, DSC_MAX((size_t)g->lib->SWidth, right),
                         DSC_MAX((size_t)g->lib->SHeight, bottom), g->grey ? "L" : "P");
    if (st || r->header_only)
        return st;
    indices = dsc_malloc((size_t)frame->Width, 1);
    if (!indices)
        return dsc_fail_nomem("a row of a GIF");
    paint_screen(g);
    st = read_rows(g, indices);
    dsc_free(indices);
    return st;
}

enum dsc_status dsc_gif_read(struct dsc_image_reader *r)
{
    struct gif g = { .reader = r, .transparent = NO_INDEX };
    enum dsc_status st;
    int code = 0;

    g.lib = DGifOpen(&g, read_bytes, &code);
    if (!g.lib)
        return failed(&g, code);
    st = read_first_frame(&g);
    DGifCloseFile(g.lib, &code);
    return st;
}
