/* Permute: the axes after the batch in another order, counted from 1. */
#include <stddef.h>

#include "core/layers/lower_util.h"

struct permute {
    size_t rank;
    struct dsc_transpose attr;
};

static enum dsc_status config(struct dsc_layer *l, const json_t *json)
{
    static const struct dsc_config_field fields[] = {
        { .key = "dims", .kind = DSC_CONFIG_OTHER, .required = true },
        { 0 },
    };
    const json_t *dims = json_object_get(json, "dims");
    struct permute *s = l->state;
    enum dsc_status st = dsc_config_read(l, json, fields);
    unsigned seen = 1;
    long n = 0;

    if (st)
        return st;
    if (!json_is_array(dims) || json_array_size(dims) >= DSC_MAX_RANK)
        return dsc_fail(DSC_FORMAT, "setting 'dims' is no list of at most %d numbers",
                        DSC_MAX_RANK - 1);
    s->rank = json_array_size(dims) + 1;
    for (size_t i = 1; i < s->rank; i++) {
        st = dsc_config_int(json_array_get(dims, i - 1), "dims", 1, &n);
        if (st)
            return st;
        if ((size_t)n >= s->rank || (seen & 1u << n))
            return dsc_fail(DSC_FORMAT, "setting 'dims' is no order of the axes 1 to %zu",
                            s->rank - 1);
        seen |= 1u << n;
        s->attr.perm[i] = (size_t)n;
    }
    return DSC_OK;
}

static enum dsc_status lower(const struct dsc_layer *l, struct dsc_layer_call *call)
{
    const struct permute *s = l->state;
    size_t rank;
    int y;
    enum dsc_status st = dsc_call_check(call, 1, 1, NULL);

    if (st)
        return st;
    rank = dsc_graph_shape(call->graph, call->in[0].value).rank;
    if (rank != s->rank)
        return dsc_fail(DSC_INVALID, "its input has %zu axes, expected %zu", rank, s->rank);
    st = dsc_lower_transpose(call->graph, call->in[0].value, s->attr, &y);
    if (!st)
        dsc_lower_done(call, y, -1);
    return st;
}

const struct dsc_layer_class dsc_layer_permute = { sizeof(struct permute), config, NULL, lower,
                                                   NULL };
