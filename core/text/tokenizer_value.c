#include <string.h>
#include <unistr.h>

#include "core/text/tokenizer_internal.h"

static bool is_object(const struct dsc_pickle_value *v, enum dsc_pickle_class id)
{
    return v->type == DSC_PICKLE_OBJECT && v->object->global->id == id;
}

/* The bytes of a string whose characters are all below 256: how the text
 * protocols write bytes. */
static enum dsc_status latin1_bytes(struct dsc_reader *r, const struct dsc_pickle_value *v,
                                    struct dsc_text *out, bool *found)
{
    char *bytes = dsc_arena_alloc(&r->scratch, v->n + 1, 1);
    size_t n = 0;

    if (!bytes)
        return dsc_fail_nomem("a tokenizer");
    for (size_t i = 0; i < v->n;) {
        ucs4_t c;
        int len = u8_mbtoucr(&c, (const uint8_t *)v->bytes + i, v->n - i);

        if (len <= 0 || c > 0xff)
            return DSC_OK;
        bytes[n++] = (char)c;
        i += (size_t)len;
    }
    *out = (struct dsc_text){ bytes, n };
    *found = true;
    return DSC_OK;
}

enum dsc_status dsc_value_bytes(struct dsc_reader *r, const struct dsc_pickle_value *v,
                                struct dsc_text *out, bool *found)
{
    const struct dsc_pickle_value *arg;

    *found = false;
    if (is_object(v, DSC_PICKLE_CODECS_ENCODE) || is_object(v, DSC_PICKLE_BYTES_CLASS)) {
        *found = !v->object->args->n;
        *out = (struct dsc_text){ "", 0 };
        if (*found)
            return DSC_OK;
        arg = v->object->args->items[0];
        if (arg->type == DSC_PICKLE_STR)
            return latin1_bytes(r, arg, out, found);
        v = arg;
    }
    if (v->type == DSC_PICKLE_BYTES) {
        *out = (struct dsc_text){ v->bytes, v->n };
        *found = true;
    }
    return DSC_OK;
}

enum dsc_status dsc_value_text(struct dsc_reader *r, const struct dsc_pickle_value *v,
                               struct dsc_text *out, bool *found)
{
    struct dsc_pickle_value scalar;
    enum dsc_status st;

    *found = v->type == DSC_PICKLE_STR;
    if (*found)
        *out = (struct dsc_text){ v->bytes, v->n };
    if (v->type != DSC_PICKLE_BYTES && v->type != DSC_PICKLE_OBJECT)
        return DSC_OK;
    st = dsc_value_bytes(r, v, out, found);
    if (st || *found)
        return st;
    st = dsc_numpy_scalar(r, v, "US", &scalar, found);
    if (!st && *found)
        *out = (struct dsc_text){ scalar.bytes, scalar.n };
    return st;
}

enum dsc_status dsc_value_int(struct dsc_reader *r, const struct dsc_pickle_value *v, int64_t *out,
                              bool *found)
{
    struct dsc_pickle_value scalar;
    enum dsc_status st = DSC_OK;

    *found = v->type == DSC_PICKLE_INT;
    if (*found) {
        *out = v->integer;
    } else if (v->type == DSC_PICKLE_OBJECT) {
        st = dsc_numpy_scalar(r, v, "iu", &scalar, found);
        if (!st && *found)
            *out = scalar.integer;
    }
    return st;
}

/* A list of pairs, as Python 2 gives one to OrderedDict. */
static enum dsc_status pairs_to_dict(struct dsc_reader *r, const struct dsc_pickle_value *list,
                                     const struct dsc_pickle_value **out)
{
    struct dsc_pickle_value *dict = dsc_arena_alloc(&r->scratch, 1, sizeof(*dict));

    if (!dict)
        return dsc_fail_nomem("a tokenizer");
    dict->type = DSC_PICKLE_DICT;
    dict->items = dsc_arena_alloc(&r->scratch, list->n, 2 * sizeof(*dict->items));
    if (!dict->items)
        return dsc_fail_nomem("a tokenizer");
    for (size_t i = 0; i < list->n; i++) {
        const struct dsc_pickle_value *pair = list->items[i];

        if ((pair->type != DSC_PICKLE_LIST && pair->type != DSC_PICKLE_TUPLE) || pair->n != 2)
            return DSC_OK;
        dict->items[2 * i] = pair->items[0];
        dict->items[2 * i + 1] = pair->items[1];
    }
    dict->n = list->n;
    *out = dict;
    return DSC_OK;
}

enum dsc_status dsc_value_dict(struct dsc_reader *r, const struct dsc_pickle_value *v,
                               const struct dsc_pickle_value **out)
{
    const struct dsc_pickle_value *args, *arg;

    *out = v->type == DSC_PICKLE_DICT ? v : NULL;
    if (!is_object(v, DSC_PICKLE_DICT_CLASS))
        return DSC_OK;
    *out = v->object->pairs;
    args = v->object->args;
    arg = args->n ? args->items[args->n - 1] : NULL;
    if (*out || !arg)
        return DSC_OK;
    if (arg->type == DSC_PICKLE_DICT)
        *out = arg;
    else if (arg->type == DSC_PICKLE_LIST)
        return pairs_to_dict(r, arg, out);
    return DSC_OK;
}

enum dsc_status dsc_value_list(struct dsc_reader *r, const struct dsc_pickle_value *v,
                               const struct dsc_pickle_value **out)
{
    *out = v->type == DSC_PICKLE_LIST || v->type == DSC_PICKLE_TUPLE ? v : NULL;
    return v->type == DSC_PICKLE_OBJECT ? dsc_numpy_list(r, v, out) : DSC_OK;
}

const struct dsc_pickle_value *dsc_value_key(const struct dsc_pickle_value *dict, const char *key)
{
    size_t len = strlen(key);

    /* The last one counts, as in Python. */
    for (size_t i = dict ? dict->n : 0; i-- > 0;) {
        const struct dsc_pickle_value *k = dict->items[2 * i];

        /* Python 2 writes names as bytes. */
        if ((k->type == DSC_PICKLE_STR || k->type == DSC_PICKLE_BYTES) && k->n == len &&
            !memcmp(k->bytes, key, len))
            return dict->items[2 * i + 1];
    }
    return NULL;
}
