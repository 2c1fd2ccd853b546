/* The activations of Keras configs: names, function objects and layer objects. */
#include <math.h>
#include <string.h>

#include "core/layers/config_util.h"

static const struct {
    const char *name;
    struct dsc_act act;
} acts[] = {
    { "linear", { DSC_ACT_NONE, 0, 0, 0 } },
    { "relu", { DSC_ACT_RELU, 0, 0, INFINITY } },
    { "relu6", { DSC_ACT_RELU, 0, 0, 6 } },
    { "leaky_relu", { DSC_ACT_RELU, 0.2f, 0, INFINITY } },
    { "sigmoid", { DSC_ACT_SIGMOID, 0, 0, 0 } },
    { "hard_sigmoid", { DSC_ACT_HARD_SIGMOID, 0.2f, 0.5f, 0 } },
    { "tanh", { DSC_ACT_TANH, 0, 0, 0 } },
    { "elu", { DSC_ACT_ELU, 1, 0, 0 } },
    { "selu", { DSC_ACT_SELU, 0, 0, 0 } },
    { "softplus", { DSC_ACT_SOFTPLUS, 0, 0, 0 } },
    { "softsign", { DSC_ACT_SOFTSIGN, 0, 0, 0 } },
    { "swish", { DSC_ACT_SWISH, 0, 0, 0 } },
    { "silu", { DSC_ACT_SWISH, 0, 0, 0 } },
    { "hard_swish", { DSC_ACT_HARD_SWISH, 0, 0, 0 } },
    { "hard_silu", { DSC_ACT_HARD_SWISH, 0, 0, 0 } },
    { "gelu", { DSC_ACT_GELU, 0, 0, 0 } },
    { "mish", { DSC_ACT_MISH, 0, 0, 0 } },
    { "exponential", { DSC_ACT_EXP, 0, 0, 0 } },
};

static enum dsc_status act_by_name(const char *name, const char *key,
                                   struct dsc_keras_version version, struct dsc_layer_act *out)
{
    *out = (struct dsc_layer_act){ .softmax = !strcmp(name, "softmax") };
    if (out->softmax)
        return DSC_OK;
    for (size_t i = 0; i < DSC_COUNT(acts); i++) {
        if (strcmp(acts[i].name, name))
            continue;
        out->act = acts[i].act;
        if (out->act.kind == DSC_ACT_HARD_SIGMOID && version.major >= 3)
            out->act.a = 1.0f / 6;
        return DSC_OK;
    }
    return dsc_fail(DSC_UNSUPPORTED,
                    "setting '%s' is '%s', an activation that is not known; known are softmax, "
                    "linear, relu, relu6, leaky_relu, sigmoid, hard_sigmoid, tanh, elu, selu, "
                    "softplus, softsign, swish (silu), hard_swish (hard_silu), gelu, mish and "
                    "exponential",
                    key, name);
}

/* The first of two spellings that is present and not null. */
static enum dsc_status number(const json_t *config, const char *key, const char *other, float *out)
{
    const json_t *v = json_object_get(config, key);

    if (!v)
        v = json_object_get(config, other);
    return v && !json_is_null(v) ? dsc_config_float(v, key, out) : DSC_OK;
}

enum dsc_status dsc_config_act_layer(const char *class_name, const json_t *config,
                                     struct dsc_layer_act *out)
{
    struct dsc_act *a = &out->act;
    enum dsc_status st;

    *out = (struct dsc_layer_act){ .act = { DSC_ACT_RELU, 0, 0, INFINITY } };
    if (!strcmp(class_name, "ReLU")) {
        st = number(config, "negative_slope", "alpha", &a->a);
        if (!st)
            st = number(config, "threshold", "theta", &a->b);
        return st ? st : number(config, "max_value", "max_value", &a->c);
    }
    if (!strcmp(class_name, "LeakyReLU")) {
        a->a = 0.3f;
        return number(config, "negative_slope", "alpha", &a->a);
    }
    if (!strcmp(class_name, "ELU")) {
        *a = (struct dsc_act){ DSC_ACT_ELU, 1, 0, 0 };
        return number(config, "alpha", "alpha", &a->a);
    }
    return dsc_fail(DSC_UNSUPPORTED, "an activation of class '%s' is not known", class_name);
}

enum dsc_status dsc_config_act(const json_t *v, const char *key, struct dsc_keras_version version,
                               struct dsc_layer_act *out)
{
    const json_t *config = json_object_get(v, "config");
    const char *class_name = json_string_value(json_object_get(v, "class_name"));
    const char *mark;
    char text[DSC_CONFIG_TEXT];

    if (!v || json_is_null(v))
        return act_by_name("linear", key, version, out);
    if (json_is_string(v))
        return act_by_name(json_string_value(v), key, version, out);
    if (json_is_string(config)) /* {"class_name": "function", "config": "relu"} */
        return act_by_name(json_string_value(config), key, version, out);
    if (!class_name)
        return dsc_fail(DSC_FORMAT, "setting '%s' is %s, expected an activation", key,
                        dsc_config_text(v, text));
    mark = strrchr(class_name, '>');
    class_name = mark ? mark + 1 : class_name;
    if (!strcmp(class_name, "Softmax")) {
        const json_t *axis = json_object_get(config, "axis");

        if (axis && json_integer_value(axis) != -1)
            return dsc_fail(DSC_UNSUPPORTED,
                            "setting '%s' is a Softmax over an axis that is not "
                            "the last",
                            key);
        return act_by_name("softmax", key, version, out);
    }
    if (!strcmp(class_name, "Activation"))
        return dsc_config_act(json_object_get(config, "activation"), key, version, out);
    return dsc_config_act_layer(class_name, config, out);
}
