#include <math.h>

#include "core/base/alloc.h"
#include "core/image/resize_internal.h"

/* Between which two inputs an output position lies, and how far along. */
struct lerp {
    size_t low, high;
    float along;
};

static void lerp_positions(struct lerp *at, size_t n, size_t start, size_t len)
{
    float scale = (float)len / (float)n;

    for (size_t i = 0; i < n; i++) {
        float position = ((float)i + 0.5f) * scale - 0.5f;
        float below = floorf(position), above = ceilf(position);
        size_t low = below > 0 ? (size_t)below : 0, high = above > 0 ? (size_t)above : 0;

        at[i].low = start + DSC_MIN(low, len - 1);
        at[i].high = start + DSC_MIN(high, len - 1);
        at[i].along = position - below;
    }
}

static void lerp_row(float *y, const uint8_t *top, const uint8_t *bottom, float down,
                     const struct lerp *columns, size_t width)
{
    for (size_t i = 0; i < width; i++) {
        size_t left = columns[i].low * 3, right = columns[i].high * 3;
        float across = columns[i].along;

        for (size_t c = 0; c < 3; c++) {
            float a = (float)top[left + c], b = (float)bottom[left + c];

            a += ((float)top[right + c] - a) * across;
            b += ((float)bottom[right + c] - b) * across;
            y[3 * i + c] = a + (b - a) * down;
        }
    }
}

enum dsc_status dsc_resize_tf_bilinear(float *y, size_t width, size_t height,
                                       const struct dsc_image *image, const struct dsc_box *box)
{
    enum dsc_status st = dsc_resize_check(width, height, image, box);
    struct lerp *columns, *rows;

    if (st)
        return st;
    columns = dsc_malloc(width, sizeof(*columns));
    rows = dsc_malloc(height, sizeof(*rows));
    if (!columns || !rows) {
        st = dsc_fail_nomem("resizing a picture");
        goto out;
    }
    lerp_positions(columns, width, box->x, box->width);
    lerp_positions(rows, height, box->y, box->height);
    for (size_t i = 0; i < height; i++)
        lerp_row(y + i * width * 3, image->pixels + rows[i].low * image->width * 3,
                 image->pixels + rows[i].high * image->width * 3, rows[i].along, columns, width);
out:
    dsc_free(rows);
    dsc_free(columns);
    return st;
}
