/* Dense: act(x kernel + bias) over the last axis. */
#include <stddef.h>

#include "core/layers/mask_util.h"

struct dense {
    size_t units;
    bool use_bias;
    struct dsc_layer_act act;
};

static enum dsc_status config(struct dsc_layer *l, const json_t *json)
{
    static const struct dsc_config_field fields[] = {
        { DSC_SETTING("units", SIZE, dense, units), .required = true },
        { DSC_SETTING("use_bias", BOOL, dense, use_bias) },
        { DSC_SETTING("activation", ACT, dense, act) },
        { 0 },
    };

    *(struct dense *)l->state = (struct dense){ .use_bias = true };
    return dsc_config_read(l, json, fields);
}

static size_t n_weights(const struct dsc_layer *l)
{
    return ((const struct dense *)l->state)->use_bias ? 2 : 1;
}

static enum dsc_status lower(const struct dsc_layer *l, struct dsc_layer_call *call)
{
    const struct dense *s = l->state;
    struct dsc_graph *g = call->graph;
    int in[3] = { -1, -1, -1 }, y, mask;
    size_t k;
    enum dsc_status st = dsc_call_check(call, 1, 1, NULL);

    if (st)
        return st;
    in[0] = call->in[0].value;
    st = dsc_lower_last(g, in[0], &k);
    if (!st)
        st = dsc_lower_weight(l, g, 0, DSC_SHAPE(k, s->units), &in[1]);
    if (!st && s->use_bias)
        st = dsc_lower_weight(l, g, 1, DSC_SHAPE(s->units), &in[2]);
    if (!st)
        st = dsc_graph_add(g, &dsc_op_dense, &(struct dsc_dense){ s->act.act }, in, 3, &y);
    if (!st)
        st = dsc_lower_act_rest(g, y, &s->act, &y);
    if (!st)
        st = dsc_mask_previous(call, &mask);
    if (!st)
        dsc_lower_done(call, y, mask);
    return st;
}

const struct dsc_layer_class dsc_layer_dense = { sizeof(struct dense), config, n_weights, lower,
                                                 NULL };
