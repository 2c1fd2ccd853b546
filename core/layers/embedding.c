/* Embedding: rows of a table; with mask_zero, the mask is ids != 0. */
#include <stddef.h>

#include "core/layers/lower_util.h"

struct embedding {
    size_t input_dim, output_dim;
    bool mask_zero;
};

static enum dsc_status config(struct dsc_layer *l, const json_t *json)
{
    static const struct dsc_config_field fields[] = {
        { DSC_SETTING("input_dim", SIZE, embedding, input_dim), .required = true },
        { DSC_SETTING("output_dim", SIZE, embedding, output_dim), .required = true },
        { DSC_SETTING("mask_zero", BOOL, embedding, mask_zero) },
        { .key = "input_length", .kind = DSC_CONFIG_OTHER },
        { .key = "sparse", .kind = DSC_CONFIG_OFF },
        { 0 },
    };

    return dsc_config_read(l, json, fields);
}

static size_t n_weights(const struct dsc_layer *l)
{
    (void)l;
    return 1;
}

static enum dsc_status lower(const struct dsc_layer *l, struct dsc_layer_call *call)
{
    const struct embedding *s = l->state;
    int in[2], y, mask = -1;
    enum dsc_status st = dsc_call_check(call, 1, 1, NULL);

    if (st)
        return st;
    in[0] = call->in[0].value;
    st = dsc_lower_weight(l, call->graph, 0, DSC_SHAPE(s->input_dim, s->output_dim), &in[1]);
    if (!st)
        st = dsc_graph_add(call->graph, &dsc_op_embedding, NULL, in, 2, &y);
    if (!st && s->mask_zero)
        st = dsc_lower_scalar(call->graph, DSC_NOT_EQUAL, in[0], 0, &mask);
    if (!st)
        dsc_lower_done(call, y, mask);
    return st;
}

const struct dsc_layer_class dsc_layer_embedding = { sizeof(struct embedding), config, n_weights,
                                                     lower, NULL };
