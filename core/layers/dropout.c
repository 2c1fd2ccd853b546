/* Dropout and the other layers that only act in training; all pass masks on.
 *
 * Dropout stays in the graph as an op, for training; the noise layers and
 * ActivityRegularization are their input. */
#include <stddef.h>

#include "core/layers/mask_util.h"

struct dropout {
    float rate;
};

static enum dsc_status config(struct dsc_layer *l, const json_t *json)
{
    static const struct dsc_config_field fields[] = {
        { DSC_SETTING("rate", FLOAT, dropout, rate) },
        { .key = "stddev", .kind = DSC_CONFIG_OTHER },
        { .key = "data_format", .kind = DSC_CONFIG_OTHER },
        { .key = "l1", .kind = DSC_CONFIG_OTHER },
        { .key = "l2", .kind = DSC_CONFIG_OTHER },
        { 0 },
    };

    return dsc_config_read(l, json, fields);
}

static enum dsc_status lower(const struct dsc_layer *l, struct dsc_layer_call *call)
{
    const struct dropout *s = l->state;
    int y, mask;
    enum dsc_status st = dsc_call_check(call, 1, 1, NULL);

    if (!st && !dsc_layer_is(l, "ActivityRegularization"))
        st = dsc_call_inference(call);
    if (!st)
        st = dsc_mask_previous(call, &mask);
    if (st)
        return st;
    y = call->in[0].value;
    if (dsc_layer_is(l, "Dropout"))
        st = dsc_graph_add(call->graph, &dsc_op_dropout, &(struct dsc_dropout){ s->rate }, &y, 1,
                           &y);
    if (!st)
        dsc_lower_done(call, y, mask);
    return st;
}

const struct dsc_layer_class dsc_layer_dropout = { sizeof(struct dropout), config, NULL, lower,
                                                   NULL };
