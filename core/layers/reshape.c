/* Reshape: everything but the batch axis under another shape; -1 is what is left. */
#include "core/layers/lower_util.h"

static enum dsc_status config(struct dsc_layer *l, const json_t *json)
{
    static const struct dsc_config_field fields[] = {
        { .key = "target_shape", .kind = DSC_CONFIG_OTHER, .required = true },
        { 0 },
    };
    const json_t *target = json_object_get(json, "target_shape");
    struct dsc_reshape *r = l->state;
    enum dsc_status st = dsc_config_read(l, json, fields);
    bool inferred = false;
    long n = 0;

    if (st)
        return st;
    if (!json_is_array(target) || json_array_size(target) >= DSC_MAX_RANK)
        return dsc_fail(DSC_FORMAT, "setting 'target_shape' is no list of at most %d numbers",
                        DSC_MAX_RANK - 1);
    r->rank = json_array_size(target) + 1;
    r->dim[0] = DSC_RESHAPE_COPY;
    for (size_t i = 1; i < r->rank; i++) {
        st = dsc_config_int(json_array_get(target, i - 1), "target_shape", -1, &n);
        if (st)
            return st;
        if (!n || (n < 0 && inferred))
            return dsc_fail(DSC_FORMAT, "setting 'target_shape' has a 0 or a second -1");
        inferred = inferred || n < 0;
        r->dim[i] = n < 0 ? DSC_RESHAPE_INFER : (size_t)n;
    }
    return DSC_OK;
}

static enum dsc_status lower(const struct dsc_layer *l, struct dsc_layer_call *call)
{
    int y;
    enum dsc_status st = dsc_call_check(call, 1, 1, NULL);

    if (!st)
        st = dsc_graph_add(call->graph, &dsc_op_reshape, l->state, &call->in[0].value, 1, &y);
    if (!st)
        dsc_lower_done(call, y, -1);
    return st;
}

const struct dsc_layer_class dsc_layer_reshape = { sizeof(struct dsc_reshape), config, NULL, lower,
                                                   NULL };
