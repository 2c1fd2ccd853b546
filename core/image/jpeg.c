/* JPEG by libjpeg-turbo, with the settings and the leniency of Pillow. */
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

#include "core/image/image_internal.h"

/* A progressive file may hold millions of empty scans, each of which walks the
 * whole picture; real ones have about ten. */
#define MAX_SCANS 500

struct jpeg {
    struct jpeg_decompress_struct lib;
    struct jpeg_error_mgr errors;
    struct jpeg_source_mgr source;
    struct jpeg_progress_mgr progress;
    jmp_buf fatal;
    struct dsc_image_reader *reader;
    enum dsc_status status; /* of what went wrong inside the library */
};

static void on_error(j_common_ptr lib)
{
    struct jpeg *j = lib->client_data;
    char text[JMSG_LENGTH_MAX];
    int code = lib->err->msg_code;

    lib->err->format_message(lib, text);
    if (code == JERR_OUT_OF_MEMORY)
        j->status = dsc_fail_nomem("a JPEG decoder");
    else if (code == JERR_SOF_UNSUPPORTED || code == JERR_BAD_PRECISION ||
             code == JERR_ARITH_NOTIMPL)
        j->status = dsc_fail(DSC_UNSUPPORTED, "'%s': JPEG of a kind that is not read: %s",
                             j->reader->name, text);
    else
        j->status = dsc_fail(DSC_FORMAT, "'%s': broken JPEG: %s", j->reader->name, text);
    longjmp(j->fatal, 1);
}

/* Pillow decodes on through whatever libjpeg merely warns about. */
static void on_warning(j_common_ptr lib, int level)
{
    (void)lib;
    (void)level;
}

static void on_progress(j_common_ptr lib)
{
    struct jpeg *j = lib->client_data;

    if (j->lib.input_scan_number <= MAX_SCANS)
        return;
    j->status =
        dsc_fail(DSC_FORMAT, "'%s': broken JPEG: more than %d scans", j->reader->name, MAX_SCANS);
    longjmp(j->fatal, 1);
}

static void source_nothing(j_decompress_ptr lib)
{
    (void)lib;
}

/* No more bytes: suspend, so that the caller sees a truncated file, where the
 * library's own memory source would paint the rest grey. */
static boolean source_fill(j_decompress_ptr lib)
{
    (void)lib;
    return FALSE;
}

static void source_skip(j_decompress_ptr lib, long len_bytes)
{
    size_t n = len_bytes > 0 ? (size_t)len_bytes : 0;

    n = DSC_MIN(n, lib->src->bytes_in_buffer);
    lib->src->next_input_byte += n;
    lib->src->bytes_in_buffer -= n;
}

static void open_library(struct jpeg *j)
{
    const struct dsc_image_reader *r = j->reader;

    jpeg_create_decompress(&j->lib);
    j->source.init_source = source_nothing;
    j->source.fill_input_buffer = source_fill;
    j->source.skip_input_data = source_skip;
    j->source.resync_to_restart = jpeg_resync_to_restart;
    j->source.term_source = source_nothing;
    j->source.next_input_byte = r->bytes;
    j->source.bytes_in_buffer = r->len_bytes;
    j->lib.src = &j->source;
    j->progress.progress_monitor = on_progress;
    j->lib.progress = &j->progress;
}

static enum dsc_status truncated(const struct jpeg *j)
{
    return dsc_fail(DSC_FORMAT,
                    "'%s': truncated JPEG: the file ends after %zu bytes, before its "
                    "picture does",
                    j->reader->name, j->reader->len_bytes);
}

/* The first EXIF block, found by walking the markers up to the first scan. */
static unsigned find_orientation(const struct dsc_image_reader *r)
{
    const uint8_t *p = r->bytes;
    size_t at = 2;

    while (r->len_bytes - at >= 4 && p[at] == 0xff) {
        size_t len_bytes = (size_t)p[at + 2] << 8 | p[at + 3];
        unsigned marker = p[at + 1];

        if (marker == 0xff) { /* padding */
            at++;
            continue;
        }
        if (marker == 0xda || len_bytes < 2 || len_bytes > r->len_bytes - at - 2)
            break;
        if (marker == 0xe1 && len_bytes >= 8 && !memcmp(p + at + 4, "Exif\0\0", 6))
            return dsc_exif_orientation(p + at + 4, len_bytes - 2);
        at += 2 + len_bytes;
    }
    return 1;
}

static enum dsc_status read_header(struct jpeg *j)
{
    struct dsc_image_reader *r = j->reader;
    const char *mode;
    int found;

    do
        found = jpeg_read_header(&j->lib, FALSE);
    while (found == JPEG_HEADER_TABLES_ONLY);
    if (found == JPEG_SUSPENDED)
        return truncated(j);
    switch (j->lib.num_components) {
    case 1:
        mode = "L";
        break;
    case 3:
        mode = "RGB";
        break;
    case 4:
        mode = "CMYK";
        break;
    default:
        return dsc_fail(DSC_UNSUPPORTED, "'%s': JPEG with %d colour components, 1, 3 or 4 expected",
                        r->name, j->lib.num_components);
    }
    r->image.orientation = find_orientation(r);
    return dsc_image_begin(r, j->lib.image_width, j->lib.image_height, mode);
}

/* a b / 255, rounded, for a and b in 0..255 */
static unsigned mul_div_255(unsigned a, unsigned b)
{
    unsigned product = a * b + 128;

    return (product + (product >> 8)) >> 8;
}

/* Adobe stores CMYK inverted, and Pillow takes every CMYK JPEG for Adobe's. */
static void cmyk_to_rgb(uint8_t *rgb, const uint8_t *inverted, size_t n)
{
    for (size_t i = 0; i < n; i++, rgb += 3, inverted += 4) {
        unsigned light = inverted[3];

        for (int c = 0; c < 3; c++)
            rgb[c] = (uint8_t)(light - mul_div_255(255u - inverted[c], light));
    }
}

static enum dsc_status read_pixels(struct jpeg *j)
{
    struct dsc_image *image = &j->reader->image;
    j_decompress_ptr lib = &j->lib;
    bool cmyk = lib->num_components == 4;
    JSAMPARRAY inks = NULL;

    lib->out_color_space = cmyk ? JCS_CMYK : JCS_RGB;
    if (!jpeg_start_decompress(lib))
        return truncated(j);
    if (cmyk)
        inks =
            lib->mem->alloc_sarray((j_common_ptr)lib, JPOOL_IMAGE, (JDIMENSION)image->width * 4, 1);
    while (lib->output_scanline < lib->output_height) {
        uint8_t *row = image->pixels + (size_t)lib->output_scanline * image->width * 3;

        if (jpeg_read_scanlines(lib, inks ? inks : &row, 1) != 1)
            return truncated(j);
        if (inks)
            cmyk_to_rgb(row, inks[0], image->width);
    }
    return DSC_OK;
}

static enum dsc_status read_guarded(struct jpeg *j)
{
    enum dsc_status st;

    if (setjmp(j->fatal))
        return j->status;
    open_library(j);
    st = read_header(j);
    if (st || j->reader->header_only)
        return st;
    return read_pixels(j);
}

enum dsc_status dsc_jpeg_read(struct dsc_image_reader *r)
{
    struct jpeg j = { .reader = r };
    enum dsc_status st;

    j.lib.err = jpeg_std_error(&j.errors);
    j.lib.client_data = &j;
    j.errors.error_exit = on_error;
    j.errors.emit_message = on_warning;
    st = read_guarded(&j);
    jpeg_destroy_decompress(&j.lib);
    return st;
}
