/* RepeatVector: [N, E] -> [N, n, E]. */
#include <stddef.h>

#include "core/layers/lower_util.h"

struct repeat_vector {
    size_t n;
};

static enum dsc_status config(struct dsc_layer *l, const json_t *json)
{
    static const struct dsc_config_field fields[] = {
        { DSC_SETTING("n", SIZE, repeat_vector, n), .required = true },
        { 0 },
    };

    return dsc_config_read(l, json, fields);
}

static enum dsc_status lower(const struct dsc_layer *l, struct dsc_layer_call *call)
{
    const struct repeat_vector *s = l->state;
    int y;
    enum dsc_status st = dsc_call_check(call, 1, 1, NULL);

    if (!st)
        st = dsc_lower_rank(call->graph, call->in[0].value, 2, 2, "[N, E]");
    if (!st)
        st = dsc_graph_add(call->graph, &dsc_op_repeat, &(struct dsc_repeat){ 1, s->n },
                           &call->in[0].value, 1, &y);
    if (!st)
        dsc_lower_done(call, y, -1);
    return st;
}

const struct dsc_layer_class dsc_layer_repeat_vector = { sizeof(struct repeat_vector), config, NULL,
                                                         lower, NULL };
