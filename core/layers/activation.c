/* Activation, ReLU, LeakyReLU, ELU. */
#include <stddef.h>

#include "core/layers/mask_util.h"

struct activation {
    struct dsc_layer_act act;
};

static enum dsc_status config(struct dsc_layer *l, const json_t *json)
{
    static const struct dsc_config_field one[] = {
        { DSC_SETTING("activation", ACT, activation, act), .required = true },
        { 0 },
    };
    static const struct dsc_config_field numbers[] = {
        { .key = "max_value", .kind = DSC_CONFIG_OTHER },
        { .key = "threshold", .kind = DSC_CONFIG_OTHER },
        { .key = "negative_slope", .kind = DSC_CONFIG_OTHER },
        { .key = "alpha", .kind = DSC_CONFIG_OTHER },
        { 0 },
    };
    const char *class_name = dsc_layer_is(l, "ReLU")        ? "ReLU"
                             : dsc_layer_is(l, "LeakyReLU") ? "LeakyReLU"
                                                            : "ELU";
    enum dsc_status st;

    if (dsc_layer_is(l, "Activation"))
        return dsc_config_read(l, json, one);
    st = dsc_config_read(l, json, numbers);
    return st ? st : dsc_config_act_layer(class_name, json, &((struct activation *)l->state)->act);
}

static enum dsc_status lower(const struct dsc_layer *l, struct dsc_layer_call *call)
{
    const struct activation *s = l->state;
    int y, mask;
    enum dsc_status st = dsc_call_check(call, 1, 1, NULL);

    if (!st)
        st = dsc_lower_act(call->graph, call->in[0].value, &s->act, &y);
    if (!st)
        st = dsc_mask_previous(call, &mask);
    if (!st)
        dsc_lower_done(call, y, mask);
    return st;
}

const struct dsc_layer_class dsc_layer_activation = { sizeof(struct activation), config, NULL,
                                                      lower, NULL };
