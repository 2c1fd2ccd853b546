#include <math.h>
#include <string.h>

#include "core/h5/h5_internal.h"

#define MAX_NUMBER_BYTES 8

/* Bits of mantissa and exponent, by size, of the floats that are known. */
static bool is_known_float(const struct dsc_h5_datatype *t, unsigned exponent_bits)
{
    static const struct {
        size_t bytes;
        unsigned mantissa, exponent;
    } known[] = { { 2, 10, 5 }, { 2, 7, 8 }, { 4, 23, 8 }, { 8, 52, 11 } };

    for (size_t i = 0; i < DSC_COUNT(known); i++)
        if (known[i].bytes == t->bytes && known[i].mantissa == t->mantissa_bits &&
            known[i].exponent == exponent_bits)
            return true;
    return false;
}

static void parse_number(struct dsc_h5_datatype *t, unsigned class, uint32_t bits,
                         struct dsc_h5_cursor *c)
{
    uint64_t offset = dsc_h5_take(c, 2), precision = dsc_h5_take(c, 2);

    t->class = DSC_H5_OTHER;
    t->big_endian = bits & 1;
    if (offset || precision != 8 * (uint64_t)t->bytes || t->bytes > MAX_NUMBER_BYTES)
        return;
    if (class == 0) {
        t->is_signed = bits & 8;
        if (t->bytes == 1 || t->bytes == 2 || t->bytes == 4 || t->bytes == 8)
            t->class = DSC_H5_INTEGER;
        return;
    }
    dsc_h5_skip(c, 1);
    offset = dsc_h5_take(c, 1); /* of the exponent, in bits */
    dsc_h5_skip(c, 1);
    t->mantissa_bits = (unsigned)dsc_h5_take(c, 1);
    if (!(bits & 0x40) && is_known_float(t, (unsigned)offset))
        t->class = DSC_H5_FLOAT;
}

static bool parse(struct dsc_h5_datatype *t, struct dsc_h5_cursor *c, bool in_enum)
{
    unsigned class = (unsigned)dsc_h5_take(c, 1) & 0xf;
    uint32_t bits = (uint32_t)dsc_h5_take(c, 3);

    *t = (struct dsc_h5_datatype){ .class = DSC_H5_OTHER };
    t->bytes = (size_t)dsc_h5_take(c, 4);
    if (c->failed || !t->bytes)
        return false;
    if (class <= 1) {
        parse_number(t, class, bits, c);
    } else if (class == 3) {
        t->class = DSC_H5_TEXT;
        t->space_padded = (bits & 0xf) == 2;
    } else if (class == 8 && !in_enum) { /* numbers under names: how h5py stores numpy's bool */
        if (!parse(t, c, true))
            return false;
        t->is_enum = true;
    } else if (class == 9 && (bits & 0xf) == 1 && t->bytes == 16) {
        t->class = DSC_H5_TEXT_POINTER;
    }
    return !c->failed;
}

bool dsc_h5_datatype_parse(struct dsc_h5_datatype *t, const uint8_t *bytes, size_t len)
{
    struct dsc_h5_cursor c = dsc_h5_cursor(bytes, len);

    return parse(t, &c, false);
}

/* IV.A.2.b */
bool dsc_h5_space_parse(struct dsc_h5_space *s, const uint8_t *bytes, size_t len)
{
    struct dsc_h5_cursor c = dsc_h5_cursor(bytes, len);
    uint64_t version = dsc_h5_take(&c, 1), type;

    s->rank = (size_t)dsc_h5_take(&c, 1);
    dsc_h5_skip(&c, 1);
    type = dsc_h5_take(&c, 1);
    if (version == 1)
        dsc_h5_skip(&c, 4);
    if (version < 1 || version > 2)
        return false;
    s->n = version == 2 && type == 2 ? 0 : 1;
    for (size_t i = 0; i < s->rank; i++) {
        uint64_t dim = dsc_h5_take(&c, 8);

        if (dim > SIZE_MAX / 16 || !dsc_mul_size(s->n, (size_t)dim, &s->n))
            return false;
        if (i < DSC_H5_MAX_RANK)
            s->dim[i] = (size_t)dim;
    }
    return !c.failed;
}

static uint64_t take_bits(const struct dsc_h5_datatype *t, const uint8_t *p)
{
    uint64_t v = 0;

    for (size_t i = 0; i < t->bytes; i++)
        v = v << 8 | p[t->big_endian ? i : t->bytes - 1 - i];
    return v;
}

static double small_float(uint64_t bits, unsigned mantissa_bits, unsigned exponent_bits)
{
    uint64_t mantissa = bits & ((1u << mantissa_bits) - 1);
    int exponent = (int)(bits >> mantissa_bits & ((1u << exponent_bits) - 1));
    int bias = (1 << (exponent_bits - 1)) - 1, top = (1 << exponent_bits) - 1;
    double sign = bits >> (mantissa_bits + exponent_bits) & 1 ? -1 : 1;

    if (exponent == top)
        return mantissa ? (double)NAN : sign * (double)INFINITY;
    if (!exponent)
        return sign * ldexp((double)mantissa, 1 - bias - (int)mantissa_bits);
    return sign * ldexp((double)(mantissa | (uint64_t)1 << mantissa_bits),
                        exponent - bias - (int)mantissa_bits);
}

static double take_float(const struct dsc_h5_datatype *t, const uint8_t *p)
{
    uint64_t bits = take_bits(t, p);
    uint32_t half = (uint32_t)bits;
    double d;
    float f;

    if (t->mantissa_bits == 52) {
        memcpy(&d, &bits, sizeof(d));
        return d;
    }
    if (t->mantissa_bits == 23) {
        memcpy(&f, &half, sizeof(f));
        return (double)f;
    }
    return small_float(bits, t->mantissa_bits, t->mantissa_bits == 10 ? 5 : 8);
}

/* A whole number as 64 bits; those of unsigned ones above INT64_MAX become INT64_MAX, which
 * fits nowhere either. */
static int64_t take_integer(const struct dsc_h5_datatype *t, const uint8_t *p)
{
    uint64_t bits = take_bits(t, p);
    unsigned shift = 64 - 8 * (unsigned)t->bytes;

    if (!t->is_signed)
        return bits > INT64_MAX ? INT64_MAX : (int64_t)bits;
    bits <<= shift;
    return (int64_t)bits / ((int64_t)1 << shift);
}

double dsc_h5_number(const struct dsc_h5_datatype *t, const uint8_t *from)
{
    return t->class == DSC_H5_FLOAT ? take_float(t, from) : (double)take_integer(t, from);
}

/* A word index that does not fit must not become another word. */
static bool take_i32(const struct dsc_h5_datatype *t, const uint8_t *p, int32_t *out)
{
    int64_t k;
    double x;

    if (t->class == DSC_H5_FLOAT) {
        x = take_float(t, p);
        if (!(x >= INT32_MIN && x <= INT32_MAX) || x != (double)(int32_t)x)
            return false;
        *out = (int32_t)x;
        return true;
    }
    k = take_integer(t, p);
    *out = (int32_t)k;
    return k >= INT32_MIN && k <= INT32_MAX;
}

bool dsc_h5_is_native(const struct dsc_h5_datatype *t)
{
    static const union {
        uint16_t number;
        uint8_t first;
    } probe = { 1 };

    return t->class == DSC_H5_FLOAT && t->bytes == 4 && t->big_endian == !probe.first;
}

bool dsc_h5_convert(const struct dsc_h5_datatype *t, const uint8_t *from, size_t n,
                    enum dsc_h5_type type, void *to)
{
    int32_t k;

    if (type == DSC_H5_F32 && dsc_h5_is_native(t)) {
        memcpy(to, from, n * sizeof(float));
        return true;
    }
    for (size_t i = 0; i < n; i++, from += t->bytes) {
        if (type == DSC_H5_F32) {
            ((float *)to)[i] = (float)dsc_h5_number(t, from);
            continue;
        }
        if (!take_i32(t, from, &k))
            return false;
        if (type == DSC_H5_I32)
            ((int32_t *)to)[i] = k;
        else
            ((uint8_t *)to)[i] = k != 0;
    }
    return true;
}
