#include <math.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/image/resize_internal.h"

#define PI 3.14159265358979323846

/* Filters in double precision, in the order of operations that Pillow's results imply:
 * the last bit of a weight decides the last bit of a pixel. */

static double box_filter(double x)
{
    return x > -0.5 && x <= 0.5 ? 1.0 : 0.0;
}

static double bilinear_filter(double x)
{
    x = fabs(x);
    return x < 1.0 ? 1.0 - x : 0.0;
}

static double sinc(double x)
{
    x *= PI;
    return x == 0.0 ? 1.0 : sin(x) / x;
}

static double hamming_filter(double x)
{
    x = fabs(x);
    if (x >= 1.0)
        return 0.0;
    /* the window's two numbers are single precision there */
    return x == 0.0 ? 1.0 : sinc(x) * ((double)0.54f + (double)0.46f * cos(x * PI));
}

/* Keys' cubic convolution with a = -1/2 */
static double bicubic_filter(double x)
{
    const double a = -0.5;

    x = fabs(x);
    if (x < 1.0)
        return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
    return x < 2.0 ? (((x - 5) * x + 8) * x - 4) * a : 0.0;
}

static double lanczos_filter(double x)
{
    return x >= -3.0 && x < 3.0 ? sinc(x) * sinc(x / 3) : 0.0;
}

static const struct {
    double (*at)(double x);
    double support;
} filters[] = {
    [DSC_FILTER_BOX] = { box_filter, 0.5 },       [DSC_FILTER_BILINEAR] = { bilinear_filter, 1 },
    [DSC_FILTER_HAMMING] = { hamming_filter, 1 }, [DSC_FILTER_BICUBIC] = { bicubic_filter, 2 },
    [DSC_FILTER_LANCZOS] = { lanczos_filter, 3 },
};

static int32_t to_fixed(double weight)
{
    double scaled = weight * (1 << DSC_WEIGHT_BITS);

    return (int32_t)(weight < 0 ? scaled - 0.5 : scaled + 0.5);
}

/* The weights of one output position, whose centre lies at `centre` of the input. */
static void fill_one(struct dsc_weights *w, size_t i, enum dsc_filter filter, double centre,
                     double filter_scale, double *exact)
{
    double support = filters[filter].support * filter_scale, inverse = 1.0 / filter_scale;
    double from = centre - support + 0.5, to = centre + support + 0.5, sum = 0.0;
    size_t first = from > 0 ? (size_t)from : 0;
    size_t end = DSC_MIN((size_t)to, w->len_in);

    for (size_t t = 0; t < end - first; t++) {
        exact[t] = filters[filter].at(((double)(t + first) - centre + 0.5) * inverse);
        sum += exact[t];
    }
    for (size_t t = 0; t < end - first; t++)
        w->values[i * w->taps + t] = to_fixed(sum != 0.0 ? exact[t] / sum : exact[t]);
    w->first[i] = first;
    w->count[i] = end - first;
}

enum dsc_status dsc_weights_init(struct dsc_weights *w, enum dsc_filter filter, size_t len_in,
                                 size_t start, size_t len, size_t len_out)
{
    /* Pillow's box is in single precision. */
    double from = (double)(float)start;
    double scale = (double)((float)(start + len) - (float)start) / (double)len_out;
    double filter_scale = scale < 1.0 ? 1.0 : scale;
    size_t taps = (size_t)ceil(filters[filter].support * filter_scale) * 2 + 1;
    struct dsc_weights made = { .len_in = len_in, .len_out = len_out, .taps = taps };
    size_t n;
    double *exact = dsc_malloc(taps, sizeof(*exact));

    made.first = dsc_malloc(len_out, sizeof(*made.first));
    made.count = dsc_malloc(len_out, sizeof(*made.count));
    made.values = dsc_mul_size(len_out, taps, &n) ? dsc_malloc(n, sizeof(*made.values)) : NULL;
    if (!exact || !made.first || !made.count || !made.values) {
        dsc_free(exact);
        dsc_weights_release(&made);
        return dsc_fail_nomem("resizing a picture");
    }
    for (size_t i = 0; i < len_out; i++)
        fill_one(&made, i, filter, from + ((double)i + 0.5) * scale, filter_scale, exact);
    dsc_free(exact);
    *w = made;
    return DSC_OK;
}

void dsc_weights_release(struct dsc_weights *w)
{
    dsc_free(w->values);
    dsc_free(w->count);
    dsc_free(w->first);
    *w = (struct dsc_weights){ 0 };
}
