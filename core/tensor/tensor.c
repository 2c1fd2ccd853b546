#include "core/tensor/tensor.h"

#include <assert.h>
#include <stdio.h>

#include "core/base/alloc.h"

enum dsc_status dsc_tensor_new(struct dsc_tensor **out, enum dsc_dtype dtype,
                               struct dsc_shape shape)
{
    char text[DSC_SHAPE_TEXT];
    struct dsc_tensor *t;
    size_t len_bytes;

    if (!dsc_shape_bytes(shape, dtype, &len_bytes))
        return dsc_fail(DSC_INVALID, "a tensor of shape %s has no size that can be stored",
                        dsc_shape_text(shape, text));
    t = dsc_malloc(1, sizeof(*t));
    if (!t)
        return dsc_fail_nomem("a tensor");
    t->dtype = dtype;
    t->shape = shape;
    t->data = dsc_malloc(len_bytes, 1);
    if (!t->data) {
        dsc_free(t);
        return dsc_fail(DSC_NOMEM, "out of memory for a tensor of %zu bytes", len_bytes);
    }
    *out = t;
    return DSC_OK;
}

void dsc_tensor_free(struct dsc_tensor *t)
{
    if (!t)
        return;
    dsc_free(t->data);
    dsc_free(t);
}

float *dsc_tensor_f32(const struct dsc_tensor *t)
{
    assert(t->dtype == DSC_F32);
    return t->data;
}

int32_t *dsc_tensor_i32(const struct dsc_tensor *t)
{
    assert(t->dtype == DSC_I32);
    return t->data;
}

uint8_t *dsc_tensor_bool(const struct dsc_tensor *t)
{
    assert(t->dtype == DSC_BOOL);
    return t->data;
}

size_t dsc_dtype_bytes(enum dsc_dtype dtype)
{
    return dtype == DSC_BOOL ? 1 : 4;
}

const char *dsc_dtype_name(enum dsc_dtype dtype)
{
    static const char *const names[] = { "float32", "int32", "bool" };

    return names[dtype];
}

bool dsc_shape_equal(struct dsc_shape a, struct dsc_shape b)
{
    if (a.rank != b.rank)
        return false;
    for (size_t i = 0; i < a.rank; i++)
        if (a.dim[i] != b.dim[i])
            return false;
    return true;
}

bool dsc_shape_fits(struct dsc_shape a, struct dsc_shape b)
{
    if (a.rank != b.rank)
        return false;
    for (size_t i = 0; i < a.rank; i++)
        if (a.dim[i] != b.dim[i] && a.dim[i] != DSC_DIM_FREE && b.dim[i] != DSC_DIM_FREE)
            return false;
    return true;
}

bool dsc_shape_is_known(struct dsc_shape s)
{
    for (size_t i = 0; i < s.rank; i++)
        if (s.dim[i] == DSC_DIM_FREE)
            return false;
    return true;
}

size_t dsc_shape_count(struct dsc_shape s, size_t begin, size_t end)
{
    size_t n = 1;

    for (size_t i = begin; i < end; i++) {
        assert(s.dim[i] != DSC_DIM_FREE);
        n *= s.dim[i];
    }
    return n;
}

size_t dsc_tensor_count(const struct dsc_tensor *t)
{
    return dsc_shape_count(t->shape, 0, t->shape.rank);
}

size_t dsc_tensor_row_bytes(const struct dsc_tensor *t)
{
    return dsc_shape_count(t->shape, 1, t->shape.rank) * dsc_dtype_bytes(t->dtype);
}

bool dsc_shape_bytes(struct dsc_shape s, enum dsc_dtype dtype, size_t *len_bytes)
{
    size_t n = dsc_dtype_bytes(dtype);

    for (size_t i = 0; i < s.rank; i++)
        if (s.dim[i] == DSC_DIM_FREE || !dsc_mul_size(n, s.dim[i], &n))
            return false;
    if (n > PTRDIFF_MAX)
        return false;
    *len_bytes = n;
    return true;
}

const char *dsc_shape_text(struct dsc_shape s, char text[DSC_SHAPE_TEXT])
{
    size_t n = 0;

    n += (size_t)snprintf(text, DSC_SHAPE_TEXT, "[");
    for (size_t i = 0; i < s.rank; i++) {
        const char *comma = i ? ", " : "";

        if (s.dim[i] == DSC_DIM_FREE)
            n += (size_t)snprintf(text + n, DSC_SHAPE_TEXT - n, "%s?", comma);
        else
            n += (size_t)snprintf(text + n, DSC_SHAPE_TEXT - n, "%s%zu", comma, s.dim[i]);
    }
    snprintf(text + n, DSC_SHAPE_TEXT - n, "]");
    return text;
}
