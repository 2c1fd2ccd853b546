#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/image_golden.h"

/* One picture of decode.txt. */
struct golden {
    char file[64], format[8], mode[8];
    unsigned orientation;
    size_t width, height;
};

static bool next_golden(FILE *list, struct golden *g)
{
    char line[256];

    if (!golden_line(list, line, sizeof(line)))
        return false;
    cr_assert_eq(sscanf(line, "%63s %7s %7s %u %zu %zu", g->file, g->format, g->mode,
                        &g->orientation, &g->width, &g->height),
                 6);
    return true;
}

static void check_header(const struct golden *g, const struct dsc_image *image)
{
    cr_assert_str_eq(image->format, g->format, "%s", g->file);
    cr_assert_str_eq(image->mode, g->mode, "%s", g->file);
    cr_assert_eq(image->orientation, g->orientation, "%s", g->file);
    cr_assert_eq(image->width, g->width, "%s", g->file);
    cr_assert_eq(image->height, g->height, "%s", g->file);
}

Test(image, decodes_as_pillow)
{
    FILE *list = golden_list("decode.txt");
    struct golden g;
    size_t n = 0;

    while (next_golden(list, &g)) {
        struct dsc_image image = golden_decode(g.file, 0);
        char name[80];
        struct dsc_strbuf expected;

        snprintf(name, sizeof(name), "%s.rgb", g.file);
        expected = golden_read(name);
        check_header(&g, &image);
        cr_assert_eq(expected.len, g.width * g.height * 3);
        for (size_t i = 0; i < expected.len; i++)
            cr_assert_eq(image.pixels[i], (uint8_t)expected.text[i], "%s: byte %zu is %d, not %d",
                         g.file, i, image.pixels[i], (uint8_t)expected.text[i]);
        dsc_strbuf_release(&expected);
        dsc_image_release(&image);
        n++;
    }
    fclose(list);
    cr_assert_gt(n, 90u);
}

Test(image, probe_reads_the_header_alone)
{
    FILE *list = golden_list("decode.txt");
    struct golden g;

    while (next_golden(list, &g)) {
        struct dsc_strbuf s = golden_read(g.file);
        struct dsc_image image = { 0 };

        cr_assert_eq(dsc_image_probe(&image, s.text, s.len, g.file), DSC_OK);
        cr_assert(dsc_image_recognised(s.text, s.len));
        check_header(&g, &image);
        cr_assert_null(image.pixels);
        dsc_strbuf_release(&s);
    }
    fclose(list);
}

Test(image, exif_orientation_on_request)
{
    FILE *list = golden_list("decode.txt");
    struct dsc_strbuf expected = golden_read("orient.rgb");
    struct golden g;
    size_t at = 0;

    while (next_golden(list, &g)) {
        struct dsc_image image;
        bool turned = g.orientation >= 5;

        if (g.orientation == 1)
            continue;
        image = golden_decode(g.file, DSC_IMAGE_EXIF_ORIENT);
        cr_assert_eq(image.width, turned ? g.height : g.width, "%s", g.file);
        cr_assert_eq(image.height, turned ? g.width : g.height, "%s", g.file);
        cr_assert_eq(image.orientation, g.orientation);
        cr_assert_arr_eq(image.pixels, expected.text + at, g.width * g.height * 3, "%s", g.file);
        at += g.width * g.height * 3;
        dsc_image_release(&image);
    }
    cr_assert_eq(at, expected.len);
    dsc_strbuf_release(&expected);
    fclose(list);
}

static void refused(const void *bytes, size_t len_bytes, enum dsc_status status, const char *text)
{
    struct dsc_image image = { 0 };

    cr_assert_eq(dsc_image_decode(&image, bytes, len_bytes, "x", NULL, 0), status, "%s", text);
    cr_assert_str_eq(dsc_error_message(), text);
    cr_assert_null(image.pixels);
}

#define REFUSED(bytes, text) refused((bytes), sizeof(bytes) - 1, DSC_FORMAT, (text))

Test(image, says_what_else_it_is)
{
    REFUSED("", "'x': empty, a JPEG, PNG, WebP or GIF picture expected");
    REFUSED("<!", "'x': not a picture: starts with 3c 21; JPEG, PNG, WebP or GIF expected");
    REFUSED("a caption and more", "'x': not a picture: starts with 61 20 63 61 70 74 69 6f; JPEG, "
                                  "PNG, WebP or GIF expected");
    REFUSED("\n  <!DOCTYPE html><p>", "'x': an HTML page; JPEG, PNG, WebP or GIF expected");
    REFUSED(
        "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
        "'x': a Git LFS pointer in place of the picture (run `git lfs pull` to fetch it); JPEG, "
        "PNG, WebP or GIF expected");
    REFUSED("\0\0\0\x18"
            "ftypheic",
            "'x': an HEIC picture; JPEG, PNG, WebP or GIF expected");
    REFUSED("\0\0\0\x18"
            "ftypavif",
            "'x': an AVIF picture; JPEG, PNG, WebP or GIF expected");
    REFUSED("II*\0....", "'x': a TIFF picture; JPEG, PNG, WebP or GIF expected");
    REFUSED("BM....", "'x': a BMP picture; JPEG, PNG, WebP or GIF expected");
    REFUSED("RIFF....WAVE", "'x': a RIFF file without WebP in it; JPEG, PNG, WebP or GIF expected");
    cr_assert_not(dsc_image_recognised("BM", 2));
    cr_assert_not(dsc_image_recognised("", 0));
}

/* The header of a PNG of 60000 x 60000 pixels, with its check sum. */
static const char bomb[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xea\x60\0\0\xea\x60\x08\x02\0\0\0"
                           "\x0f\xb0\xe2\x15\0\0\0\0IDAT\x35\xaf\x06\x1e";

Test(image, refuses_a_bomb_by_its_header)
{
    struct dsc_image image = { 0 };
    uint64_t before = dsc_alloc_count();

    refused(bomb, sizeof(bomb) - 1, DSC_FORMAT,
            "'x': PNG picture of 60000 x 60000 pixels, more than the limit of 100000000 in all");
    cr_assert_eq(dsc_alloc_count(), before);
    cr_assert_eq(dsc_image_probe(&image, bomb, sizeof(bomb) - 1, "x"), DSC_OK);
    cr_assert_eq(image.width, 60000u);
}

Test(image, limits_hold)
{
    struct dsc_strbuf s = golden_read("png_c2_d8.png");
    struct dsc_image_limits limits = { s.len - 1, 1000 };
    struct dsc_image image = { 0 };

    cr_assert_eq(dsc_image_decode(&image, s.text, s.len, "x", &limits, 0), DSC_FORMAT);
    cr_assert_eq(dsc_image_read_file(&image, GOLDEN "png_c2_d8.png", &limits, 0), DSC_FORMAT);
    limits = (struct dsc_image_limits){ s.len, 19 * 13 - 1 };
    cr_assert_eq(dsc_image_decode(&image, s.text, s.len, "x", &limits, 0), DSC_FORMAT);
    limits.max_pixels++;
    cr_assert_eq(dsc_image_decode(&image, s.text, s.len, "x", &limits, 0), DSC_OK);
    dsc_image_release(&image);
    dsc_strbuf_release(&s);
}

Test(image, reads_files_and_names_missing_ones)
{
    struct dsc_image image = { 0 };

    cr_assert_eq(dsc_image_read_file(&image, GOLDEN "jpeg_420.jpg", NULL, 0), DSC_OK);
    cr_assert_eq(image.width, 97u);
    dsc_image_release(&image);
    cr_assert_null(image.pixels);
    cr_assert_eq(dsc_image_read_file(&image, GOLDEN "no.jpg", NULL, 0), DSC_IO);
    cr_assert_not_null(strstr(dsc_error_message(), "no.jpg"));
}

Test(image, reads_standard_input)
{
    struct dsc_image image = { 0 };

    cr_assert_not_null(freopen(GOLDEN "gif_local.gif", "rb", stdin));
    cr_assert_eq(dsc_image_read_file(&image, "-", NULL, 0), DSC_OK);
    cr_assert_str_eq(image.format, "GIF");
    dsc_image_release(&image);
    cr_assert_not_null(freopen("/dev/null", "rb", stdin));
    cr_assert_eq(dsc_image_read_file(&image, "-", NULL, 0), DSC_FORMAT);
    cr_assert_str_eq(dsc_error_message(),
                     "'standard input': empty, a JPEG, PNG, WebP or GIF picture expected");
}

/* The last scan of a progressive JPEG, six hundred times over. */
Test(image, refuses_endless_scans)
{
    struct dsc_strbuf s = golden_read("jpeg_grey_progressive.jpg"), bomb_file = DSC_STRBUF_INIT;
    struct dsc_image image = { 0 };
    size_t at = s.len - 2;

    while (memcmp(s.text + at, "\xff\xda", 2))
        at--;
    cr_assert_eq(dsc_strbuf_add(&bomb_file, s.text, at), DSC_OK);
    for (int i = 0; i < 600; i++)
        cr_assert_eq(dsc_strbuf_add(&bomb_file, s.text + at, s.len - 2 - at), DSC_OK);
    cr_assert_eq(dsc_strbuf_add(&bomb_file, "\xff\xd9", 2), DSC_OK);
    cr_assert_eq(dsc_image_decode(&image, bomb_file.text, bomb_file.len, "x", NULL, 0), DSC_FORMAT);
    cr_assert_str_eq(dsc_error_message(), "'x': broken JPEG: more than 500 scans");
    dsc_strbuf_release(&bomb_file);
    dsc_strbuf_release(&s);
}

/* Decode a copy that has no byte to spare, so that a sanitizer sees every overrun. */
static enum dsc_status decode_copy(const char *bytes, size_t len_bytes, struct dsc_image *image)
{
    uint8_t *copy = malloc(len_bytes ? len_bytes : 1);
    enum dsc_status st;

    cr_assert_not_null(copy);
    memcpy(copy, bytes, len_bytes);
    st = dsc_image_decode(image, copy, len_bytes, "x", NULL, DSC_IMAGE_EXIF_ORIENT);
    free(copy);
    return st;
}

/* A file that ends early may only pass when what is lost comes after the pixels: later
 * frames, or the at most 54 bytes that any of the others has there. */
static void check_truncated(const struct golden *g, const struct dsc_strbuf *s, size_t step)
{
    size_t tail = strstr(g->file, "animated") ? s->len : 54;

    for (size_t n = 0; n < s->len; n += step) {
        struct dsc_image image = { 0 };
        enum dsc_status st = decode_copy(s->text, n, &image);

        cr_assert(st == DSC_FORMAT || (!st && n + tail >= s->len), "%s: %zu of %zu bytes: %d",
                  g->file, n, s->len, (int)st);
        cr_assert(st || image.pixels);
        dsc_image_release(&image);
    }
}

Test(image, truncated_files_are_refused)
{
    FILE *list = golden_list("decode.txt");
    struct golden g;

    while (next_golden(list, &g)) {
        struct dsc_strbuf s = golden_read(g.file);

        check_truncated(&g, &s, 1 + s.len / 60);
        dsc_strbuf_release(&s);
    }
    fclose(list);
}

Test(image, damaged_files_do_no_harm)
{
    FILE *list = golden_list("decode.txt");
    struct golden g;

    srand(7);
    while (next_golden(list, &g)) {
        struct dsc_strbuf s = golden_read(g.file);

        for (int i = 0; i < 40; i++) {
            struct dsc_image image = { 0 };
            size_t at = (size_t)rand() % s.len;
            char kept = s.text[at];

            s.text[at] = (char)rand();
            if (decode_copy(s.text, s.len, &image))
                cr_assert_null(image.pixels);
            dsc_image_release(&image);
            if (i % 4)
                s.text[at] = kept;
        }
        dsc_strbuf_release(&s);
    }
    fclose(list);
}

static void check_out_of_memory(const struct golden *g, const struct dsc_strbuf *s)
{
    enum dsc_status st = DSC_NOMEM;
    int n = 0;

    while (st && ++n < 10) {
        struct dsc_image image = { 0 };

        dsc_alloc_fail_after((uint64_t)n);
        st = decode_copy(s->text, s->len, &image);
        dsc_alloc_fail_after(0);
        cr_assert(st == DSC_NOMEM || !st, "%s: allocation %d: %s", g->file, n, dsc_error_message());
        dsc_image_release(&image);
    }
    cr_assert(n > 1 && n < 10, "%s", g->file);
}

Test(image, survives_every_failing_allocation)
{
    FILE *list = golden_list("decode.txt");
    struct golden g;

    while (next_golden(list, &g)) {
        struct dsc_strbuf s = golden_read(g.file);

        check_out_of_memory(&g, &s);
        dsc_strbuf_release(&s);
    }
    fclose(list);
}
