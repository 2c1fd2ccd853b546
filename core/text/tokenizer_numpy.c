#include <string.h>
#include <unistr.h>

#include "core/text/pickle_internal.h"
#include "core/text/tokenizer_internal.h"

#define MAX_ITEM 65536 /* characters of one word */

/* An element type: kind 'O' object, 'U' UCS-4 text, 'S' bytes, 'i' or 'u' integer. */
struct dtype {
    char kind;
    size_t size_bytes;
    bool big_endian;
};

static bool is_object(const struct dsc_pickle_value *v, enum dsc_pickle_class id)
{
    return v->type == DSC_PICKLE_OBJECT && v->object->global->id == id;
}

static bool plain_text(const struct dsc_pickle_value *v, struct dsc_text *out)
{
    *out = (struct dsc_text){ v->bytes, v->n };
    return v->type == DSC_PICKLE_STR || v->type == DSC_PICKLE_BYTES;
}

/* dtype('U5', False, True) with the state (3, '<', None, ...). */
static bool read_dtype(const struct dsc_pickle_value *v, struct dtype *out)
{
    const struct dsc_pickle_value *state;
    struct dsc_text text;
    int64_t n;

    if (!is_object(v, DSC_PICKLE_NP_DTYPE) || !v->object->args->n ||
        !plain_text(v->object->args->items[0], &text) || !text.len || !*text.bytes ||
        !strchr("OUSiu", *text.bytes))
        return false;
    if (!dsc_pickle_text_int(text.bytes + 1, text.len - 1, &n) || n < 0 || n > MAX_ITEM)
        return false;
    out->kind = text.bytes[0];
    out->size_bytes = (size_t)n * (out->kind == 'U' ? 4 : 1);
    if ((out->kind == 'i' || out->kind == 'u') && (n < 1 || n > 8))
        return false;
    state = v->object->state;
    out->big_endian = state && state->type == DSC_PICKLE_TUPLE && state->n > 1 &&
                      plain_text(state->items[1], &text) && text.len == 1 && *text.bytes == '>';
    return true;
}

static uint64_t load(const uint8_t *p, size_t n, bool big_endian)
{
    uint64_t value = 0;

    for (size_t i = 0; i < n; i++)
        value = value << 8 | p[big_endian ? i : n - 1 - i];
    return value;
}

static void load_int(const struct dtype *t, const uint8_t *p, struct dsc_pickle_value *out)
{
    uint64_t value = load(p, t->size_bytes, t->big_endian);
    unsigned unused = 64 - 8 * (unsigned)t->size_bytes;

    out->type = DSC_PICKLE_INT;
    if (t->kind == 'i' && value << unused >> 63)
        value |= unused ? UINT64_MAX << (64 - unused) : 0;
    memcpy(&out->integer, &value, sizeof(value));
}

/* Texts and bytes are padded with zeros, which are no part of them. */
static enum dsc_status load_text(struct dsc_reader *r, const struct dtype *t, const uint8_t *p,
                                 struct dsc_pickle_value *out)
{
    size_t n = t->size_bytes / 4;
    char *text;

    if (t->kind == 'S') {
        out->type = DSC_PICKLE_BYTES;
        out->bytes = (const char *)p;
        for (out->n = t->size_bytes; out->n && !p[out->n - 1];)
            out->n--;
        return DSC_OK;
    }
    while (n && !load(p + 4 * (n - 1), 4, t->big_endian))
        n--;
    text = dsc_arena_alloc(&r->scratch, n + 1, 4);
    if (!text)
        return dsc_fail_nomem("a tokenizer");
    out->type = DSC_PICKLE_STR;
    out->bytes = text;
    for (size_t i = 0; i < n; i++) {
        uint32_t c = (uint32_t)load(p + 4 * i, 4, t->big_endian);

        /* Above Unicode: any byte that the check of words refuses. */
        if (c <= 0x10ffff)
            out->n += dsc_pickle_put_utf8(text + out->n, c);
        else
            text[out->n++] = (char)0xff;
    }
    return DSC_OK;
}

static enum dsc_status load_item(struct dsc_reader *r, const struct dtype *t, const char *p,
                                 struct dsc_pickle_value *out)
{
    *out = (struct dsc_pickle_value){ .type = DSC_PICKLE_NONE };
    if (t->kind == 'U' || t->kind == 'S')
        return load_text(r, t, (const uint8_t *)p, out);
    load_int(t, (const uint8_t *)p, out);
    return DSC_OK;
}

enum dsc_status dsc_numpy_scalar(struct dsc_reader *r, const struct dsc_pickle_value *v,
                                 const char *kinds, struct dsc_pickle_value *out, bool *found)
{
    const struct dsc_pickle_value *args;
    struct dsc_text bytes;
    struct dtype t;
    enum dsc_status st;

    *found = false;
    if (!is_object(v, DSC_PICKLE_NP_SCALAR))
        return DSC_OK;
    args = v->object->args;
    if (args->n != 2 || !read_dtype(args->items[0], &t) || !strchr(kinds, t.kind))
        return DSC_OK;
    st = dsc_value_bytes(r, args->items[1], &bytes, found);
    if (st || !*found)
        return st;
    *found = bytes.len == t.size_bytes;
    return *found ? load_item(r, &t, bytes.bytes, out) : DSC_OK;
}

/* The parts of an array of one axis; false when v is none. */
static bool read_array(const struct dsc_pickle_value *v, struct dtype *t, size_t *n,
                       const struct dsc_pickle_value **data)
{
    const struct dsc_pickle_value *args, *state, *shape, *type;

    if (v->type != DSC_PICKLE_OBJECT)
        return false;
    args = v->object->args;
    state = v->object->state;
    if (v->object->global->id == DSC_PICKLE_NP_FROMBUFFER && args->n >= 3) {
        *data = args->items[0];
        type = args->items[1];
        shape = args->items[2];
    } else if (v->object->global->id == DSC_PICKLE_NP_RECONSTRUCT && state &&
               state->type == DSC_PICKLE_TUPLE && state->n == 5) {
        shape = state->items[1];
        type = state->items[2];
        *data = state->items[4];
    } else {
        return false;
    }
    if (shape->type != DSC_PICKLE_TUPLE || shape->n != 1 ||
        shape->items[0]->type != DSC_PICKLE_INT || shape->items[0]->integer < 0)
        return false;
    *n = (size_t)shape->items[0]->integer;
    return read_dtype(type, t);
}

static enum dsc_status load_items(struct dsc_reader *r, const struct dtype *t, const char *p,
                                  struct dsc_pickle_value *list)
{
    struct dsc_pickle_value *values = dsc_arena_alloc(&r->scratch, list->n, sizeof(*values));
    enum dsc_status st = DSC_OK;

    list->items = dsc_arena_alloc(&r->scratch, list->n, sizeof(*list->items));
    if (!values || !list->items)
        return dsc_fail_nomem("a tokenizer");
    for (size_t i = 0; !st && i < list->n; i++) {
        list->items[i] = &values[i];
        st = load_item(r, t, p + i * t->size_bytes, &values[i]);
    }
    return st;
}

enum dsc_status dsc_numpy_list(struct dsc_reader *r, const struct dsc_pickle_value *v,
                               const struct dsc_pickle_value **out)
{
    const struct dsc_pickle_value *data;
    struct dsc_pickle_value *list;
    struct dsc_text bytes;
    struct dtype t;
    size_t n, len_bytes;
    bool found;
    enum dsc_status st;

    *out = NULL;
    if (!read_array(v, &t, &n, &data))
        return DSC_OK;
    if (t.kind == 'O') {
        *out = data->type == DSC_PICKLE_LIST && data->n == n ? data : NULL;
        return DSC_OK;
    }
    st = dsc_value_bytes(r, data, &bytes, &found);
    if (st || !found || !t.size_bytes || !dsc_mul_size(n, t.size_bytes, &len_bytes) ||
        bytes.len != len_bytes)
        return st;
    list = dsc_arena_alloc(&r->scratch, 1, sizeof(*list));
    if (!list)
        return dsc_fail_nomem("a tokenizer");
    list->type = DSC_PICKLE_LIST;
    list->n = n;
    st = load_items(r, &t, bytes.bytes, list);
    if (!st)
        *out = list;
    return st;
}
