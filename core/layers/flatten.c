/* Flatten: [N, ...] -> [N, product]. */
#include "core/layers/lower_util.h"

static enum dsc_status config(struct dsc_layer *l, const json_t *json)
{
    static const struct dsc_config_field fields[] = {
        { .key = "data_format", .kind = DSC_CONFIG_FORMAT }, { 0 }
    };

    return dsc_config_read(l, json, fields);
}

static enum dsc_status lower(const struct dsc_layer *l, struct dsc_layer_call *call)
{
    struct dsc_reshape attr = { .rank = 2, .dim = { DSC_RESHAPE_COPY, 1 } };
    struct dsc_shape s;
    int y;
    enum dsc_status st = dsc_call_check(call, 1, 1, NULL);

    (void)l;
    if (!st)
        st = dsc_lower_rank(call->graph, call->in[0].value, 1, DSC_MAX_RANK, "1 axis or more");
    if (st)
        return st;
    s = dsc_graph_shape(call->graph, call->in[0].value);
    for (size_t i = 1; i < s.rank; i++) {
        if (s.dim[i] == DSC_DIM_FREE) {
            attr.dim[1] = DSC_RESHAPE_INFER;
            break;
        }
        if (!dsc_mul_size(attr.dim[1], s.dim[i], &attr.dim[1]))
            return dsc_fail(DSC_INVALID, "its input has too many elements");
    }
    st = dsc_lower_reshape(call->graph, call->in[0].value, attr, &y);
    if (!st)
        dsc_lower_done(call, y, -1);
    return st;
}

const struct dsc_layer_class dsc_layer_flatten = { 0, config, NULL, lower, NULL };
