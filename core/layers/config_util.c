#include "core/layers/config_util.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/log.h"
#include "core/base/strbuf.h"

/* Keys of every class and era that leave predictions as they are. */
static const char *const ignored[] = {
    "name",         "trainable",        "seed",         "batch_input_shape", "batch_shape",
    "input_shape",  "input_dtype",      "build_config", "compile_config",    "registered_name",
    "module",       "autocast",         "dynamic",      "implementation",    "unroll",
    "use_cudnn",    "unit_forget_bias", "dropout",      "recurrent_dropout", "momentum",
    "synchronized", "noise_shape",      "lora_alpha",
};

/* Ends of keys that only training reads. */
static const char *const ignored_ends[] = { "_initializer", "_regularizer", "_constraint" };

static const char *const dtypes[] = {
    "float32", "float16", "bfloat16",       "float64",       "int32",
    "int64",   "bool",    "mixed_bfloat16", "mixed_float16",
};

const char *dsc_config_text(const json_t *v, char text[DSC_CONFIG_TEXT])
{
    if (json_is_string(v))
        snprintf(text, DSC_CONFIG_TEXT, "'%.48s'", json_string_value(v));
    else if (json_is_integer(v))
        snprintf(text, DSC_CONFIG_TEXT, "%lld", (long long)json_integer_value(v));
    else if (json_is_real(v))
        snprintf(text, DSC_CONFIG_TEXT, "%g", json_real_value(v));
    else if (json_is_boolean(v))
        snprintf(text, DSC_CONFIG_TEXT, "%s", json_is_true(v) ? "true" : "false");
    else if (json_is_array(v))
        snprintf(text, DSC_CONFIG_TEXT, "a list of %zu", json_array_size(v));
    else
        snprintf(text, DSC_CONFIG_TEXT, "%s", json_is_object(v) ? "an object" : "null");
    return text;
}

bool dsc_layer_is(const struct dsc_layer *l, const char *name)
{
    const char *mark = strrchr(l->class_name, '>');

    return !strcmp(mark ? mark + 1 : l->class_name, name);
}

bool dsc_layer_since(const struct dsc_layer *l, int major, int minor)
{
    return l->version.major > major || (l->version.major == major && l->version.minor >= minor);
}

static enum dsc_status wrong(const json_t *v, const char *key, const char *expected)
{
    char text[DSC_CONFIG_TEXT];

    return dsc_fail(DSC_FORMAT, "setting '%s' is %s, expected %s", key, dsc_config_text(v, text),
                    expected);
}

enum dsc_status dsc_config_int(const json_t *v, const char *key, long min, long *out)
{
    json_int_t n = json_integer_value(v);
    char expected[64];

    if (!json_is_integer(v) || n < min || n > INT_MAX) {
        snprintf(expected, sizeof(expected), "a whole number from %ld to %d", min, INT_MAX);
        return wrong(v, key, expected);
    }
    *out = (long)n;
    return DSC_OK;
}

enum dsc_status dsc_config_float(const json_t *v, const char *key, float *out)
{
    if (!json_is_number(v) || !isfinite((float)json_number_value(v)))
        return wrong(v, key, "a number");
    *out = (float)json_number_value(v);
    return DSC_OK;
}

/* [a, [b, c]] -> a b c; Keras writes per-channel numbers as nested lists. */
static enum dsc_status flatten_floats(const json_t *v, const char *key, struct dsc_strbuf *bytes,
                                      int depth)
{
    enum dsc_status st = DSC_OK;
    float f;

    if (json_is_array(v) && depth < DSC_MAX_RANK) {
        for (size_t i = 0; i < json_array_size(v) && !st; i++)
            st = flatten_floats(json_array_get(v, i), key, bytes, depth + 1);
        return st;
    }
    st = dsc_config_float(v, key, &f);
    return st ? st : dsc_strbuf_add(bytes, (const char *)&f, sizeof(f));
}

enum dsc_status dsc_config_floats(const json_t *v, const char *key, float **out, size_t *count)
{
    struct dsc_strbuf bytes = DSC_STRBUF_INIT;
    const json_t *array = json_object_get(json_object_get(v, "config"), "value");
    enum dsc_status st = flatten_floats(array ? array : v, key, &bytes, 0);

    if (!st && bytes.len) {
        *count = bytes.len / sizeof(float);
        *out = (float *)(void *)dsc_strbuf_detach(&bytes);
    } else if (!st) {
        st = wrong(v, key, "at least one number");
    }
    dsc_strbuf_release(&bytes);
    return st;
}

enum dsc_status dsc_config_axis(const json_t *v, const char *key, long *out)
{
    if (json_is_array(v)) {
        if (json_array_size(v) != 1)
            return dsc_fail(DSC_UNSUPPORTED, "setting '%s' has %zu axes, only one can be done", key,
                            json_array_size(v));
        v = json_array_get(v, 0);
    }
    return dsc_config_int(v, key, -DSC_MAX_RANK, out);
}

static enum dsc_status read_sizes(const json_t *v, const struct dsc_config_field *f, size_t *out)
{
    enum dsc_status st = DSC_OK;
    long n;

    if (json_is_array(v) && json_array_size(v) != f->count)
        return dsc_fail(DSC_FORMAT, "setting '%s' has %zu numbers, expected %zu", f->key,
                        json_array_size(v), f->count);
    for (size_t i = 0; i < f->count && !st; i++) {
        st = dsc_config_int(json_is_array(v) ? json_array_get(v, i) : v, f->key, 1, &n);
        if (!st)
            out[i] = (size_t)n;
    }
    return st;
}

static enum dsc_status read_choice(const json_t *v, const struct dsc_config_field *f, int *out)
{
    struct dsc_strbuf known = DSC_STRBUF_INIT;
    char text[DSC_CONFIG_TEXT];
    enum dsc_status st = DSC_OK;

    for (int i = 0; f->names[i]; i++)
        if (json_is_string(v) && !strcmp(json_string_value(v), f->names[i])) {
            *out = i;
            return DSC_OK;
        }
    for (size_t i = 0; f->names[i] && !st; i++)
        st = dsc_strbuf_printf(&known, "%s'%s'", i ? ", " : "", f->names[i]);
    if (!st)
        st = dsc_fail(json_is_string(v) ? DSC_UNSUPPORTED : DSC_FORMAT,
                      "setting '%s' is %s, but only %s can be done", f->key,
                      dsc_config_text(v, text), known.text);
    dsc_strbuf_release(&known);
    return st;
}

static enum dsc_status read_format(const json_t *v, const char *key)
{
    if (json_is_string(v) && !strcmp(json_string_value(v), "channels_first"))
        return dsc_fail(DSC_UNSUPPORTED,
                        "setting '%s' is 'channels_first', which is not supported; rebuild the "
                        "model with data_format='channels_last' (the weights stay valid) and "
                        "save it again",
                        key);
    if (!json_is_string(v) || strcmp(json_string_value(v), "channels_last"))
        return wrong(v, key, "'channels_last'");
    return DSC_OK;
}

static enum dsc_status read_off(const json_t *v, const struct dsc_config_field *f)
{
    char text[DSC_CONFIG_TEXT];

    if (json_is_false(v) || (json_is_number(v) && json_number_value(v) == 0))
        return DSC_OK;
    return dsc_fail(DSC_UNSUPPORTED, "setting '%s' is %s, which is not supported%s%s", f->key,
                    dsc_config_text(v, text), f->advice ? "; " : "", f->advice ? f->advice : "");
}

static enum dsc_status read_field(struct dsc_layer *l, const json_t *v,
                                  const struct dsc_config_field *f)
{
    void *to = (char *)l->state + f->offset;
    enum dsc_status st;
    long n;

    switch (f->kind) {
    case DSC_CONFIG_BOOL:
        /* Old Keras writes 0 and 1. */
        if (!json_is_boolean(v) && !json_is_integer(v))
            return wrong(v, f->key, "true or false");
        *(bool *)to = json_is_true(v) || json_integer_value(v);
        return DSC_OK;
    case DSC_CONFIG_SIZE:
        st = dsc_config_int(v, f->key, 1, &n);
        if (!st)
            *(size_t *)to = (size_t)n;
        return st;
    case DSC_CONFIG_INT:
        return dsc_config_int(v, f->key, INT_MIN, to);
    case DSC_CONFIG_FLOAT:
        return dsc_config_float(v, f->key, to);
    case DSC_CONFIG_SIZES:
        return read_sizes(v, f, to);
    case DSC_CONFIG_CHOICE:
        return read_choice(v, f, to);
    case DSC_CONFIG_ACT:
        return dsc_config_act(v, f->key, l->version, to);
    case DSC_CONFIG_FORMAT:
        return read_format(v, f->key);
    case DSC_CONFIG_OFF:
        return read_off(v, f);
    case DSC_CONFIG_OTHER:
        break;
    }
    return DSC_OK;
}

/* A dtype is a name or a policy object. Weights are widened to float32 when read; what
 * Keras computes in 16 bits is computed more exactly here. */
static enum dsc_status check_dtype(const struct dsc_layer *l, const json_t *v)
{
    const json_t *name = v;
    char text[DSC_CONFIG_TEXT];

    if (json_is_object(v))
        name = json_object_get(json_object_get(v, "config"), "name");
    for (size_t i = 0; i < DSC_COUNT(dtypes); i++) {
        if (!json_is_string(name) || strcmp(json_string_value(name), dtypes[i]))
            continue;
        if (strstr(dtypes[i], "float") && strcmp(dtypes[i], "float32"))
            dsc_log(DSC_LOG_INFO, "layer '%s' was saved with dtype %s and is computed in float32",
                    l->name, dtypes[i]);
        return DSC_OK;
    }
    return dsc_fail(DSC_UNSUPPORTED, "setting 'dtype' is %s, which is not supported",
                    dsc_config_text(name, text));
}

static bool is_ignored(const char *key)
{
    size_t len = strlen(key);

    for (size_t i = 0; i < DSC_COUNT(ignored); i++)
        if (!strcmp(key, ignored[i]))
            return true;
    for (size_t i = 0; i < DSC_COUNT(ignored_ends); i++) {
        size_t end = strlen(ignored_ends[i]);

        if (len > end && !strcmp(key + len - end, ignored_ends[i]))
            return true;
    }
    return false;
}

static enum dsc_status check_key(struct dsc_layer *l, const char *key, const json_t *v,
                                 const struct dsc_config_field *fields)
{
    for (const struct dsc_config_field *f = fields; f->key; f++)
        if (!strcmp(f->key, key))
            return DSC_OK;
    if (json_is_null(v) || is_ignored(key))
        return DSC_OK;
    if (!strcmp(key, "dtype"))
        return check_dtype(l, v);
    return dsc_fail(DSC_UNSUPPORTED,
                    "setting '%s' is not known here and may change results; is the model from a "
                    "newer Keras?",
                    key);
}

enum dsc_status dsc_config_read(struct dsc_layer *l, const json_t *config,
                                const struct dsc_config_field *fields)
{
    enum dsc_status st = DSC_OK;
    const char *key;
    json_t *v;

    /* jansson's walk takes a pointer that is not const but changes nothing. */
    json_object_foreach((json_t *)config, key, v)
    {
        st = check_key(l, key, v, fields);
        if (st)
            return st;
    }
    for (const struct dsc_config_field *f = fields; f->key && !st; f++) {
        v = json_object_get(config, f->key);
        if (v && !json_is_null(v))
            st = read_field(l, v, f);
        else if (f->required)
            st = dsc_fail(DSC_FORMAT, "setting '%s' is missing", f->key);
    }
    return st;
}
