/* config_util.h - Keras config objects read into the state of a layer, every key accounted for.
 *
 * A class gives a table of the settings it understands; what the table leaves out is
 * either known not to change results (initializers, names, ...) or refused by
 * name. The class presets its state with Keras' defaults; a key that is absent or null
 * leaves the preset alone.
 *
 *     static const struct dsc_config_field fields[] = {
 *         { DSC_SETTING("units", SIZE, dense, units), .required = true },
 *         { DSC_SETTING("activation", ACT, dense, act) },
 *         { 0 },
 *     };
 *     *s = (struct dense){ .use_bias = true };
 *     st = dsc_config_read(l, config, fields);
 */
#ifndef DSC_CONFIG_UTIL_H
#define DSC_CONFIG_UTIL_H

#include "core/layers/layer.h"

/* An activation of a layer; softmax runs over the last axis and is an op of its own,
 * then act is DSC_ACT_NONE. All zeros: linear. */
struct dsc_layer_act {
    struct dsc_act act;
    bool softmax;
};

enum dsc_config_kind {
    DSC_CONFIG_BOOL,   /* bool */
    DSC_CONFIG_SIZE,   /* size_t, at least 1 */
    DSC_CONFIG_INT,    /* long, may be negative: an axis */
    DSC_CONFIG_FLOAT,  /* float */
    DSC_CONFIG_SIZES,  /* size_t[count], each at least 1; a single number is taken for all */
    DSC_CONFIG_CHOICE, /* int: the place of the text in `names` */
    DSC_CONFIG_ACT,    /* struct dsc_layer_act */
    DSC_CONFIG_FORMAT, /* nothing stored: data_format, refused unless channels_last */
    DSC_CONFIG_OFF,    /* nothing stored: refused, with `advice`, unless false, 0 or null */
    DSC_CONFIG_OTHER,  /* nothing stored: the class reads it itself */
};

struct dsc_config_field {
    const char *key;
    enum dsc_config_kind kind;
    size_t offset;            /* in the state */
    size_t count;             /* DSC_CONFIG_SIZES */
    const char *const *names; /* DSC_CONFIG_CHOICE: ended by NULL */
    const char *advice;       /* DSC_CONFIG_OFF: what to do */
    bool required;
};

/* A setting that goes to a member of the state. */
#define DSC_SETTING(name, kind_name, state, member) \
    .key = name, .kind = DSC_CONFIG_##kind_name, .offset = offsetof(struct state, member)

/* Read config into l->state. DSC_FORMAT: a value that makes no sense, a required key that is
 * missing; DSC_UNSUPPORTED: a key that is not known, a value that cannot be done. */
DSC_CHECK_RESULT enum dsc_status dsc_config_read(struct dsc_layer *l, const json_t *config,
                                                 const struct dsc_config_field *fields);

/* Helpers for what a class reads itself; `key` is for the messages. */

/* A whole number from min to INT_MAX. */
DSC_CHECK_RESULT enum dsc_status dsc_config_int(const json_t *v, const char *key, long min,
                                                long *out);
DSC_CHECK_RESULT enum dsc_status dsc_config_float(const json_t *v, const char *key, float *out);
/* A number or a list of numbers (also Keras 3's serialized numpy array): their count, and
 * *out, which the caller frees with dsc_free. */
DSC_CHECK_RESULT enum dsc_status dsc_config_floats(const json_t *v, const char *key, float **out,
                                                   size_t *count);
/* An axis, as a number or a list of one number. */
DSC_CHECK_RESULT enum dsc_status dsc_config_axis(const json_t *v, const char *key, long *out);
/* An activation of any form: a name, a function object, a layer object (LeakyReLU, ReLU, ...).
 * The slope of hard_sigmoid is that of the era. null is linear. */
DSC_CHECK_RESULT enum dsc_status dsc_config_act(const json_t *v, const char *key,
                                                struct dsc_keras_version version,
                                                struct dsc_layer_act *out);
/* The settings of an activation layer class (ReLU, LeakyReLU, ELU); false when the
 * class is none of them. Keys are not checked. */
DSC_CHECK_RESULT enum dsc_status dsc_config_act_layer(const char *class_name, const json_t *config,
                                                      struct dsc_layer_act *out);
/* What a JSON value looks like, for a message; `text` is returned. */
#define DSC_CONFIG_TEXT 64
const char *dsc_config_text(const json_t *v, char text[DSC_CONFIG_TEXT]);

/* True when the file's class name is `name`, with or without a package in front. */
bool dsc_layer_is(const struct dsc_layer *l, const char *name);
/* True when that Keras or a later one wrote the file. */
bool dsc_layer_since(const struct dsc_layer *l, int major, int minor);

#endif
