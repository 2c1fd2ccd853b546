#include "core/image/resize.h"

#include <assert.h>
#include <string.h>

#include <omp.h>

#include "core/base/alloc.h"
#include "core/image/resize_internal.h"

/* Below this many multiplications a second thread costs more than it saves. */
#define PARALLEL_WORK ((size_t)1 << 23)

/* Rows that are filtered across together, see filter_across(). */
#define STRIP_ROWS  16
#define STRIP_LANES ((size_t)STRIP_ROWS * 3)

/* Accumulators that stay in registers and first-level cache. */
#define BLOCK_LANES ((size_t)48)
static_assert(STRIP_LANES == BLOCK_LANES, "a pixel of a strip is one block");

const char *dsc_filter_name(enum dsc_filter filter)
{
    static const char *const names[] = { "nearest", "box",     "bilinear",   "hamming",
                                         "bicubic", "lanczos", "tf-bilinear" };

    return names[filter];
}

struct dsc_box dsc_box_whole(const struct dsc_image *image)
{
    return (struct dsc_box){ 0, 0, image->width, image->height };
}

/* a b / c for a picture's side a and sides b and c of a target, held below `max`. */
static size_t scaled_side(size_t a, size_t b, size_t c, size_t max)
{
    size_t product;

    if (!c || !dsc_mul_size(a, b, &product))
        return max;
    return DSC_MIN(product / c, max);
}

struct dsc_box dsc_box_crop(const struct dsc_image *image, size_t width, size_t height)
{
    struct dsc_box box = { 0, 0, 0, 0 };

    box.height = scaled_side(image->width, height, width, image->height);
    box.width = scaled_side(image->height, width, height, image->width);
    box.x = (image->width - box.width) / 2;
    box.y = (image->height - box.height) / 2;
    return box;
}

enum dsc_status dsc_resize_check(size_t width, size_t height, const struct dsc_image *image,
                                 const struct dsc_box *box)
{
    if (!width || !height)
        return dsc_fail(DSC_INVALID, "a picture cannot be resized to %zu x %zu pixels", width,
                        height);
    if (!box->width || !box->height || box->x > image->width || box->y > image->height ||
        box->width > image->width - box->x || box->height > image->height - box->y)
        return dsc_fail(DSC_INVALID,
                        "no part of %zu x %zu pixels at (%zu, %zu) in a picture of %zu x %zu",
                        box->width, box->height, box->x, box->y, image->width, image->height);
    return DSC_OK;
}

/* Where each output position samples the input, by Pillow's affine transform. It adds
 * up the step, and its rounding may carry the last positions past the end: returns how
 * many lie within, the others are black. */
static size_t nearest_positions(size_t *at, size_t n, size_t start, size_t len, size_t limit)
{
    double step = (double)(float)len / (double)n;
    double position = (double)start + step * 0.5;

    for (size_t i = 0; i < n; i++, position += step) {
        at[i] = (size_t)position;
        if (at[i] >= limit)
            return i;
    }
    return n;
}

static enum dsc_status resize_nearest(uint8_t *y, size_t width, size_t height,
                                      const struct dsc_image *image, const struct dsc_box *box)
{
    size_t *columns = dsc_malloc(width, sizeof(*columns));
    size_t *rows = dsc_malloc(height, sizeof(*rows));
    enum dsc_status st = DSC_OK;
    size_t n_columns, n_rows;

    if (!columns || !rows) {
        st = dsc_fail_nomem("resizing a picture");
        goto out;
    }
    n_columns = nearest_positions(columns, width, box->x, box->width, image->width);
    n_rows = nearest_positions(rows, height, box->y, box->height, image->height);
    for (size_t i = 0; i < n_rows; i++) {
        const uint8_t *row = image->pixels + rows[i] * image->width * 3;
        uint8_t *q = y + i * width * 3;

        for (size_t j = 0; j < n_columns; j++, q += 3)
            memcpy(q, row + columns[j] * 3, 3);
        memset(q, 0, (width - n_columns) * 3);
    }
    memset(y + n_rows * width * 3, 0, (height - n_rows) * width * 3);
out:
    dsc_free(rows);
    dsc_free(columns);
    return st;
}

static inline uint8_t to_byte(int32_t sum)
{
    int32_t value = (sum + (1 << (DSC_WEIGHT_BITS - 1))) >> DSC_WEIGHT_BITS;

    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

/* y[i] = sum over t of x[t * stride + i] weights[t], in Pillow's fixed point. */
static void weigh_block(uint8_t *restrict y, const uint8_t *restrict x, size_t stride,
                        const int32_t *weights, size_t taps)
{
    int32_t sums[BLOCK_LANES] = { 0 };

    for (size_t t = 0; t < taps; t++) {
        const uint8_t *p = x + t * stride;
        int32_t weight = weights[t];

        for (size_t i = 0; i < BLOCK_LANES; i++)
            sums[i] += p[i] * weight;
    }
    for (size_t i = 0; i < BLOCK_LANES; i++)
        y[i] = to_byte(sums[i]);
}

/* The same for the lanes that do not fill a block. */
static void weigh_rest(uint8_t *y, const uint8_t *x, size_t stride, const int32_t *weights,
                       size_t taps, size_t lanes)
{
    for (size_t i = 0; i < lanes; i++) {
        int32_t sum = 0;

        for (size_t t = 0; t < taps; t++)
            sum += x[t * stride + i] * weights[t];
        y[i] = to_byte(sum);
    }
}

/* [rows, width, 3] -> [width, 3, STRIP_ROWS]; rows that are missing repeat the last. */
static void strip_gather(uint8_t *strip, const uint8_t *rows, size_t n_rows, size_t width)
{
    const uint8_t *p[STRIP_ROWS];

    for (size_t r = 0; r < STRIP_ROWS; r++)
        p[r] = rows + DSC_MIN(r, n_rows - 1) * width * 3;
    for (size_t i = 0; i < width * 3; i++, strip += STRIP_ROWS)
        for (size_t r = 0; r < STRIP_ROWS; r++)
            strip[r] = p[r][i];
}

/* Filter `n_rows` rows across: pixels of several rows are laid side by side, so that
 * across becomes down and weigh_block() serves for both passes. */
static void filter_strip(uint8_t *y, const uint8_t *x, size_t n_rows, const struct dsc_weights *w,
                         uint8_t *strip)
{
    uint8_t pixel[STRIP_LANES];

    strip_gather(strip, x, n_rows, w->len_in);
    for (size_t j = 0; j < w->len_out; j++) {
        weigh_block(pixel, strip + w->first[j] * STRIP_LANES, STRIP_LANES, w->values + j * w->taps,
                    w->count[j]);
        for (size_t r = 0; r < n_rows; r++) {
            uint8_t *q = y + (r * w->len_out + j) * 3;

            q[0] = pixel[r];
            q[1] = pixel[STRIP_ROWS + r];
            q[2] = pixel[2 * STRIP_ROWS + r];
        }
    }
}

/* [height, len_in, 3] -> [height, len_out, 3] */
static enum dsc_status filter_across(uint8_t *y, const uint8_t *x, size_t height,
                                     const struct dsc_weights *w)
{
    size_t strips = (height + STRIP_ROWS - 1) / STRIP_ROWS;
    bool parallel = strips > 1 && height * w->len_out * w->taps > PARALLEL_WORK;
    size_t threads = parallel ? (size_t)omp_get_max_threads() : 1;
    size_t strip_bytes = w->len_in * STRIP_LANES;
    uint8_t *scratch = dsc_malloc(threads, strip_bytes);

    if (!scratch)
        return dsc_fail_nomem("resizing a picture");
#pragma omp parallel for num_threads((int)threads) schedule(static)
    for (size_t s = 0; s < strips; s++) {
        size_t row = s * STRIP_ROWS;

        filter_strip(y + row * w->len_out * 3, x + row * w->len_in * 3,
                     DSC_MIN(height - row, STRIP_ROWS), w,
                     scratch + (size_t)omp_get_thread_num() * strip_bytes);
    }
    dsc_free(scratch);
    return DSC_OK;
}

/* [.., width, 3] -> [len_out, width, 3]; x holds the input's rows from `first_row` on. */
static void filter_down(uint8_t *y, const uint8_t *x, size_t width, size_t first_row,
                        const struct dsc_weights *w)
{
    size_t lanes = width * 3, whole = lanes - lanes % BLOCK_LANES;
    bool parallel = w->len_out * width * w->taps > PARALLEL_WORK;

#pragma omp parallel for if (parallel) schedule(static)
    for (size_t i = 0; i < w->len_out; i++) {
        const uint8_t *p = x + (w->first[i] - first_row) * lanes;
        const int32_t *weights = w->values + i * w->taps;
        uint8_t *q = y + i * lanes;

        for (size_t j = 0; j < whole; j += BLOCK_LANES)
            weigh_block(q + j, p + j, lanes, weights, w->count[i]);
        weigh_rest(q + whole, p + whole, lanes, weights, w->count[i], lanes - whole);
    }
}

/* Pillow's choice since release 13; every earlier one goes across first. */
static bool down_first(size_t width, size_t height, const struct dsc_image *image)
{
    ptrdiff_t narrower = (ptrdiff_t)image->width - (ptrdiff_t)width;
    ptrdiff_t lower = (ptrdiff_t)image->height - (ptrdiff_t)height;

    return lower > 0 && lower > 2 * narrower;
}

static enum dsc_status resize_down_across(uint8_t *y, const struct dsc_image *image,
                                          const struct dsc_weights *across,
                                          const struct dsc_weights *down)
{
    uint8_t *between = dsc_malloc(down->len_out, image->width * 3);
    enum dsc_status st;

    if (!between)
        return dsc_fail_nomem("resizing a picture");
    filter_down(between, image->pixels, image->width, 0, down);
    st = filter_across(y, between, down->len_out, across);
    dsc_free(between);
    return st;
}

/* Only the rows that the second pass reads go through the first. */
static enum dsc_status resize_across_down(uint8_t *y, const struct dsc_image *image,
                                          const struct dsc_weights *across,
                                          const struct dsc_weights *down)
{
    size_t last = down->len_out - 1;
    size_t first_row = down->first[0];
    size_t n_rows = down->first[last] + down->count[last] - first_row;
    uint8_t *between = dsc_malloc(n_rows, across->len_out * 3);
    enum dsc_status st;

    if (!between)
        return dsc_fail_nomem("resizing a picture");
    st = filter_across(between, image->pixels + first_row * image->width * 3, n_rows, across);
    if (!st)
        filter_down(y, between, across->len_out, first_row, down);
    dsc_free(between);
    return st;
}

static enum dsc_status resize_filtered(uint8_t *y, size_t width, size_t height,
                                       const struct dsc_image *image, const struct dsc_box *box,
                                       enum dsc_filter filter)
{
    struct dsc_weights across = { 0 }, down = { 0 };
    bool need_across = width != image->width || box->width != width;
    bool need_down = height != image->height || box->height != height;
    enum dsc_status st = DSC_OK;

    if (need_across)
        st = dsc_weights_init(&across, filter, image->width, box->x, box->width, width);
    if (!st && need_down)
        st = dsc_weights_init(&down, filter, image->height, box->y, box->height, height);
    if (st)
        goto out;
    if (need_across && need_down && down_first(width, height, image))
        st = resize_down_across(y, image, &across, &down);
    else if (need_across && need_down)
        st = resize_across_down(y, image, &across, &down);
    else if (need_across)
        st = filter_across(y, image->pixels, height, &across);
    else if (need_down)
        filter_down(y, image->pixels, width, 0, &down);
    else
        memcpy(y, image->pixels, width * height * 3);
out:
    dsc_weights_release(&down);
    dsc_weights_release(&across);
    return st;
}

enum dsc_status dsc_resize_u8(uint8_t *y, size_t width, size_t height,
                              const struct dsc_image *image, const struct dsc_box *box,
                              enum dsc_filter filter)
{
    enum dsc_status st = dsc_resize_check(width, height, image, box);

    if (st)
        return st;
    if (filter == DSC_FILTER_NEAREST)
        return resize_nearest(y, width, height, image, box);
    if (filter > DSC_FILTER_LANCZOS)
        return dsc_fail(DSC_INVALID, "filter '%s' gives floats, not bytes",
                        dsc_filter_name(filter));
    return resize_filtered(y, width, height, image, box, filter);
}
