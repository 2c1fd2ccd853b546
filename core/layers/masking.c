/* Masking: steps whose elements all equal mask_value become zeros and are masked. */
#include <stddef.h>

#include "core/layers/mask_util.h"

struct masking {
    float mask_value;
};

static enum dsc_status config(struct dsc_layer *l, const json_t *json)
{
    static const struct dsc_config_field fields[] = {
        { DSC_SETTING("mask_value", FLOAT, masking, mask_value) },
        { 0 },
    };

    return dsc_config_read(l, json, fields);
}

static enum dsc_status lower(const struct dsc_layer *l, struct dsc_layer_call *call)
{
    const struct masking *s = l->state;
    struct dsc_graph *g = call->graph;
    int x, any, mask, y;
    size_t last;
    enum dsc_status st = dsc_call_check(call, 1, 1, NULL);

    if (st)
        return st;
    x = call->in[0].value;
    st = dsc_lower_rank(g, x, 2, DSC_MAX_RANK, "2 axes or more");
    if (st)
        return st;
    last = dsc_graph_shape(g, x).rank - 1;
    st = dsc_lower_scalar(g, DSC_NOT_EQUAL, x, s->mask_value, &any);
    if (!st)
        st = dsc_mask_any(g, any, last, true, &any);
    if (!st)
        st = dsc_lower_squeeze(g, any, last, &mask);
    if (!st)
        st = dsc_lower_cast(g, any, DSC_F32, &any);
    if (!st)
        st = dsc_lower_binary(g, DSC_MUL, x, any, &y);
    if (!st)
        dsc_lower_done(call, y, mask);
    return st;
}

const struct dsc_layer_class dsc_layer_masking = { sizeof(struct masking), config, NULL, lower,
                                                   NULL };
