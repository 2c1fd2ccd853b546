/* Global average and maximum, 1-D and 2-D. GlobalAveragePooling1D averages the steps that
 * its mask keeps; the others do not look at masks, and none passes one on. */
#include <stddef.h>

#include "core/layers/mask_util.h"

struct global_pooling {
    bool is_1d, average, keepdims;
};

static enum dsc_status config(struct dsc_layer *l, const json_t *json)
{
    static const struct dsc_config_field fields[] = {
        { DSC_SETTING("keepdims", BOOL, global_pooling, keepdims) },
        { .key = "data_format", .kind = DSC_CONFIG_FORMAT },
        { 0 },
    };
    struct global_pooling *s = l->state;
    bool average_1d = dsc_layer_is(l, "GlobalAveragePooling1D");

    s->is_1d = average_1d || dsc_layer_is(l, "GlobalMaxPooling1D");
    s->average = average_1d || dsc_layer_is(l, "GlobalAveragePooling2D");
    return dsc_config_read(l, json, fields);
}

/* sum(x mask) / sum(mask) over the steps. */
static enum dsc_status masked_average(struct dsc_graph *g, int x, int mask, bool keepdims, int *y)
{
    struct dsc_reduce attr = { DSC_REDUCE_SUM, 1u << 1, keepdims };
    int weight, sum, count;
    enum dsc_status st = dsc_lower_cast(g, mask, DSC_F32, &weight);

    if (!st)
        st = dsc_lower_expand(g, weight, 2, &weight);
    if (!st)
        st = dsc_lower_binary(g, DSC_MUL, x, weight, &x);
    if (!st)
        st = dsc_lower_reduce(g, x, attr, &sum);
    if (!st)
        st = dsc_lower_reduce(g, weight, attr, &count);
    return st ? st : dsc_lower_binary(g, DSC_DIV, sum, count, y);
}

static enum dsc_status lower(const struct dsc_layer *l, struct dsc_layer_call *call)
{
    const struct global_pooling *s = l->state;
    struct dsc_reduce attr = { s->average ? DSC_REDUCE_MEAN : DSC_REDUCE_MAX, s->is_1d ? 2u : 6u,
                               s->keepdims };
    struct dsc_graph *g = call->graph;
    size_t rank = s->is_1d ? 3 : 4;
    int x, y, mask = -1;
    enum dsc_status st = dsc_call_check(call, 1, 1, NULL);

    if (st)
        return st;
    x = call->in[0].value;
    st = dsc_lower_rank(g, x, rank, rank, s->is_1d ? "[N, T, C]" : "[N, H, W, C]");
    if (!st && s->is_1d && s->average)
        st = dsc_mask_of_call(l, call, &mask);
    if (st)
        return st;
    if (mask >= 0)
        st = masked_average(g, x, mask, s->keepdims, &y);
    else
        st = dsc_lower_reduce(g, x, attr, &y);
    if (!st)
        dsc_lower_done(call, y, -1);
    return st;
}

const struct dsc_layer_class dsc_layer_global_pooling = { sizeof(struct global_pooling), config,
                                                          NULL, lower, NULL };
