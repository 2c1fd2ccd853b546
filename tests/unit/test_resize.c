#include <math.h>

#include "tests/unit/image_golden.h"

/* One line of resize.txt or tf.txt. */
struct resize_case {
    char source[64], filter[16];
    struct dsc_box box;
    size_t width, height;
};

static bool next_case(FILE *list, struct resize_case *c)
{
    char line[256];

    if (!golden_line(list, line, sizeof(line)))
        return false;
    cr_assert_eq(sscanf(line, "%63s %15s %zu %zu %zu %zu %zu %zu", c->source, c->filter, &c->box.x,
                        &c->box.y, &c->box.width, &c->box.height, &c->width, &c->height),
                 8);
    return true;
}

static enum dsc_filter filter_of(const char *name)
{
    for (enum dsc_filter f = DSC_FILTER_NEAREST; f < DSC_FILTER_COUNT; f++)
        if (!strcmp(dsc_filter_name(f), name))
            return f;
    cr_assert_fail("no filter %s", name);
    return DSC_FILTER_COUNT;
}

Test(resize, six_filters_are_pillows)
{
    FILE *list = golden_list("resize.txt");
    struct dsc_strbuf expected = golden_read("resize.rgb");
    struct resize_case c;
    size_t at = 0;

    while (next_case(list, &c)) {
        struct dsc_image image = golden_decode(c.source, 0);
        size_t n = c.width * c.height * 3;
        uint8_t *y = dsc_malloc(n, 1);

        cr_assert_eq(dsc_resize_u8(y, c.width, c.height, &image, &c.box, filter_of(c.filter)),
                     DSC_OK);
        for (size_t i = 0; i < n; i++)
            cr_assert_eq(y[i], (uint8_t)expected.text[at + i],
                         "%s %s to %zu x %zu: byte %zu is %d, not %d", c.source, c.filter, c.width,
                         c.height, i, y[i], (uint8_t)expected.text[at + i]);
        at += n;
        dsc_free(y);
        dsc_image_release(&image);
    }
    cr_assert_eq(at, expected.len);
    dsc_strbuf_release(&expected);
    fclose(list);
}

/* The test crops first: TensorFlow's resize has no box. */
Test(resize, bilinear_is_tensorflows)
{
    FILE *list = golden_list("tf.txt");
    struct dsc_strbuf expected = golden_read("tf.f32");
    struct resize_case c;
    size_t at = 0;

    while (next_case(list, &c)) {
        struct dsc_image image = golden_decode(c.source, 0);
        size_t n = c.width * c.height * 3;
        float *y = dsc_malloc(n, sizeof(*y));

        cr_assert_eq(dsc_resize_tf_bilinear(y, c.width, c.height, &image, &c.box), DSC_OK);
        for (size_t i = 0; i < n; i++, at += sizeof(float)) {
            float want;

            memcpy(&want, expected.text + at, sizeof(want));
            cr_assert_leq(fabsf(y[i] - want), 1e-4f, "%s to %zu x %zu: %zu is %g, not %g", c.source,
                          c.width, c.height, i, (double)y[i], (double)want);
        }
        dsc_free(y);
        dsc_image_release(&image);
    }
    cr_assert_eq(at, expected.len);
    dsc_strbuf_release(&expected);
    fclose(list);
}

/* A picture that is worth several threads must not depend on how many there are; its
 * left part, small enough for one, is filtered alone for comparison. */
Test(resize, large_pictures_are_as_small_ones)
{
    static uint8_t pixels[1600 * 1200 * 3], part[100 * 1200 * 3], y[400 * 300 * 3], z[25 * 300 * 3];
    struct dsc_image image = { .width = 1600, .height = 1200, .pixels = pixels };
    struct dsc_image left = { .width = 100, .height = 1200, .pixels = part };
    struct dsc_box whole = dsc_box_whole(&image), whole_left = dsc_box_whole(&left);

    for (size_t i = 0; i < sizeof(pixels); i++)
        pixels[i] = (uint8_t)(i * 2654435761u >> 13);
    for (size_t row = 0; row < 1200; row++)
        memcpy(part + row * 300, pixels + row * 4800, 300);
    cr_assert_eq(dsc_resize_u8(y, 400, 300, &image, &whole, DSC_FILTER_BOX), DSC_OK);
    cr_assert_eq(dsc_resize_u8(z, 25, 300, &left, &whole_left, DSC_FILTER_BOX), DSC_OK);
    for (size_t row = 0; row < 300; row++)
        cr_assert_arr_eq(y + row * 1200, z + row * 75, 75);
}

Test(resize, refuses_what_has_no_pixels)
{
    uint8_t pixels[12] = { 0 }, y[12];
    float f[12];
    struct dsc_image image = { .width = 2, .height = 2, .pixels = pixels };
    struct dsc_box boxes[] = { { 0, 0, 0, 2 }, { 0, 0, 2, 0 }, { 1, 0, 2, 2 },
                               { 0, 1, 2, 2 }, { 3, 0, 1, 1 }, { 1, 1, SIZE_MAX, 1 } };
    struct dsc_box whole = dsc_box_whole(&image);

    for (size_t i = 0; i < DSC_COUNT(boxes); i++) {
        cr_assert_eq(dsc_resize_u8(y, 2, 2, &image, &boxes[i], DSC_FILTER_BOX), DSC_INVALID);
        cr_assert_eq(dsc_resize_tf_bilinear(f, 2, 2, &image, &boxes[i]), DSC_INVALID);
    }
    cr_assert_eq(dsc_resize_u8(y, 0, 2, &image, &whole, DSC_FILTER_BOX), DSC_INVALID);
    cr_assert_eq(dsc_resize_u8(y, 2, 0, &image, &whole, DSC_FILTER_NEAREST), DSC_INVALID);
    cr_assert_eq(dsc_resize_u8(y, 2, 2, &image, &whole, DSC_FILTER_TF_BILINEAR), DSC_INVALID);
}

Test(resize, crop_is_the_middle_of_the_shape_asked)
{
    struct dsc_image image = { .width = 500, .height = 375 };
    struct dsc_box box = dsc_box_crop(&image, 224, 224);

    cr_assert(box.x == 62 && box.y == 0 && box.width == 375 && box.height == 375);
    box = dsc_box_crop(&image, 400, 100);
    cr_assert(box.x == 0 && box.y == 125 && box.width == 500 && box.height == 125);
    image.width = 1;
    cr_assert_eq(dsc_box_crop(&image, 400, 100).height, 0u);
}

Test(resize, survives_every_failing_allocation)
{
    struct dsc_image image = golden_decode("resize_tall.png", 0);
    struct dsc_box whole = dsc_box_whole(&image);
    uint8_t y[20 * 20 * 3];
    float f[20 * 20 * 3];

    for (enum dsc_filter filter = DSC_FILTER_NEAREST; filter < DSC_FILTER_COUNT; filter++) {
        for (size_t width = 9; width <= 20; width += 11) { /* down first, and across first */
            enum dsc_status st = DSC_NOMEM;
            int n = 0;

            while (st && ++n < 20) {
                dsc_alloc_fail_after((uint64_t)n);
                st = filter == DSC_FILTER_TF_BILINEAR
                         ? dsc_resize_tf_bilinear(f, width, 20, &image, &whole)
                         : dsc_resize_u8(y, width, 20, &image, &whole, filter);
                dsc_alloc_fail_after(0);
                cr_assert(st == DSC_NOMEM || !st);
            }
            cr_assert(n > 2 && n < 20);
        }
    }
    dsc_image_release(&image);
}
