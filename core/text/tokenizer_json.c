#include <jansson.h>
#include <string.h>

#include "core/text/tokenizer_internal.h"

/* Jansson refuses more than 2048 levels, which bounds the recursion here. */
static enum dsc_status convert(struct dsc_reader *r, const json_t *j, struct dsc_pickle_value *v);

static struct dsc_pickle_value **new_items(struct dsc_reader *r, size_t n)
{
    struct dsc_pickle_value **items = dsc_arena_alloc(&r->scratch, n, sizeof(*items));
    struct dsc_pickle_value *values = dsc_arena_alloc(&r->scratch, n, sizeof(*values));

    for (size_t i = 0; items && values && i < n; i++)
        items[i] = &values[i];
    return values ? items : NULL;
}

static enum dsc_status convert_string(struct dsc_reader *r, const char *s, size_t len,
                                      struct dsc_pickle_value *v)
{
    v->type = DSC_PICKLE_STR;
    v->n = len;
    v->bytes = dsc_arena_strndup(&r->scratch, s, len);
    return v->bytes ? DSC_OK : dsc_fail_nomem("JSON");
}

static enum dsc_status convert_object(struct dsc_reader *r, json_t *j, struct dsc_pickle_value *v)
{
    enum dsc_status st = DSC_OK;
    json_t *item;
    const char *key;
    size_t i = 0;

    v->type = DSC_PICKLE_DICT;
    v->n = json_object_size(j);
    v->items = new_items(r, 2 * v->n);
    if (!v->items)
        return dsc_fail_nomem("JSON");
    json_object_foreach(j, key, item)
    {
        st = convert_string(r, key, strlen(key), v->items[i]);
        if (!st)
            st = convert(r, item, v->items[i + 1]);
        if (st)
            break;
        i += 2;
    }
    return st;
}

static enum dsc_status convert_array(struct dsc_reader *r, const json_t *j,
                                     struct dsc_pickle_value *v)
{
    enum dsc_status st = DSC_OK;

    v->type = DSC_PICKLE_LIST;
    v->n = json_array_size(j);
    v->items = new_items(r, v->n);
    if (!v->items)
        return dsc_fail_nomem("JSON");
    for (size_t i = 0; !st && i < v->n; i++)
        st = convert(r, json_array_get(j, i), v->items[i]);
    return st;
}

static enum dsc_status convert(struct dsc_reader *r, const json_t *j, struct dsc_pickle_value *v)
{
    switch (json_typeof(j)) {
    case JSON_OBJECT:
        return convert_object(r, (json_t *)j, v);
    case JSON_ARRAY:
        return convert_array(r, j, v);
    case JSON_STRING:
        return convert_string(r, json_string_value(j), json_string_length(j), v);
    case JSON_INTEGER:
        v->type = DSC_PICKLE_INT;
        v->integer = json_integer_value(j);
        return DSC_OK;
    case JSON_REAL:
        v->type = DSC_PICKLE_FLOAT;
        v->real = json_real_value(j);
        return DSC_OK;
    case JSON_TRUE:
    case JSON_FALSE:
        v->type = DSC_PICKLE_BOOL;
        v->truth = json_typeof(j) == JSON_TRUE;
        return DSC_OK;
    case JSON_NULL:
        break;
    }
    v->type = DSC_PICKLE_NONE;
    return DSC_OK;
}

enum dsc_status dsc_json_value(struct dsc_reader *r, const char *text, size_t len,
                               const struct dsc_pickle_value **out)
{
    struct dsc_pickle_value *v;
    json_error_t error;
    enum dsc_status st;
    json_t *j = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);

    if (!j && json_error_code(&error) == json_error_out_of_memory)
        return dsc_fail_nomem("JSON");
    if (!j)
        return dsc_fail(DSC_FORMAT, "line %d, column %d: not JSON: %s", error.line, error.column,
                        error.text);
    v = dsc_arena_alloc(&r->scratch, 1, sizeof(*v));
    st = v ? convert(r, j, v) : dsc_fail_nomem("JSON");
    json_decref(j);
    if (!st)
        *out = v;
    return st;
}
