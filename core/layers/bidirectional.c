/* Bidirectional: a recurrent layer forwards and one backwards, their results merged. */
#include <stddef.h>
#include <string.h>

#include "core/layers/recurrent_internal.h"

enum merge_mode { CONCAT, SUM, MUL, AVE, NONE };

struct bidirectional {
    struct dsc_layer *layer[2]; /* forward, backward: the order of the weights */
    int mode;
};

static struct dsc_recurrent_layer *recurrent(const struct bidirectional *s, size_t i)
{
    return s->layer[i]->state;
}

static enum dsc_status new_inner(struct dsc_layer *l, const json_t *v, const char *key, size_t i)
{
    struct bidirectional *s = l->state;
    const json_t *config = json_object_get(v, "config");
    const char *class_name = json_string_value(json_object_get(v, "class_name"));
    const char *name = json_string_value(json_object_get(config, "name"));

    if (!class_name || !config)
        return dsc_fail(DSC_FORMAT, "setting '%s' is not a layer", key);
    if (dsc_layer_class_find(class_name) != &dsc_layer_recurrent)
        return dsc_fail(DSC_UNSUPPORTED,
                        "it wraps a layer of class '%s', only LSTM, GRU and "
                        "SimpleRNN can be done",
                        class_name);
    return dsc_layer_new(&s->layer[i], class_name, name ? name : key, config, l->version);
}

/* Every version with `zero_output_for_mask` sets it when sequences are returned, so that
 * masked steps of both directions are zeros. */
static void force_zeros(const struct dsc_layer *l)
{
    const struct bidirectional *s = l->state;

    if (!l->version.is_tf && l->version.major < 3)
        return;
    for (size_t i = 0; i < 2; i++)
        recurrent(s, i)->zero_masked = recurrent(s, i)->sequences;
}

static enum dsc_status check_pair(const struct bidirectional *s)
{
    const struct dsc_recurrent_layer *a = recurrent(s, 0), *b = recurrent(s, 1);

    if (a->backwards == b->backwards || a->sequences != b->sequences ||
        a->return_state != b->return_state)
        return dsc_fail(DSC_FORMAT, "its two layers must run in opposite directions and agree in "
                                    "'return_sequences' and 'return_state'");
    if (s->mode != CONCAT && s->mode != NONE && a->units != b->units)
        return dsc_fail(DSC_FORMAT, "its layers have %zu and %zu units, which cannot be merged",
                        a->units, b->units);
    return DSC_OK;
}

static enum dsc_status config(struct dsc_layer *l, const json_t *json)
{
    static const char *const modes[] = { "concat", "sum", "mul", "ave", NULL };
    static const struct dsc_config_field fields[] = {
        { .key = "layer", .kind = DSC_CONFIG_OTHER, .required = true },
        { .key = "backward_layer", .kind = DSC_CONFIG_OTHER },
        { DSC_SETTING("merge_mode", CHOICE, bidirectional, mode), .names = modes },
        { 0 },
    };
    const json_t *layer = json_object_get(json, "layer");
    const json_t *backward = json_object_get(json, "backward_layer");
    struct bidirectional *s = l->state;
    enum dsc_status st = dsc_config_read(l, json, fields);

    if (json_is_null(json_object_get(json, "merge_mode")))
        s->mode = NONE;
    if (!st)
        st = new_inner(l, layer, "layer", 0);
    if (!st && backward && !json_is_null(backward)) {
        st = new_inner(l, backward, "backward_layer", 1);
    } else if (!st) {
        st = new_inner(l, layer, "layer", 1);
        if (!st)
            recurrent(s, 1)->backwards = !recurrent(s, 1)->backwards;
    }
    if (st)
        return st;
    force_zeros(l);
    return check_pair(s);
}

static void release(struct dsc_layer *l)
{
    struct bidirectional *s = l->state;

    dsc_layer_free(s->layer[0]);
    dsc_layer_free(s->layer[1]);
}

static size_t n_weights(const struct dsc_layer *l)
{
    const struct bidirectional *s = l->state;

    return dsc_layer_n_weights(s->layer[0]) + dsc_layer_n_weights(s->layer[1]);
}

static enum dsc_status merge(struct dsc_graph *g, int mode, const int y[2], int *out)
{
    static const enum dsc_binary_kind kinds[] = {
        [SUM] = DSC_ADD, [MUL] = DSC_MUL, [AVE] = DSC_ADD
    };
    enum dsc_status st;

    if (mode == CONCAT)
        return dsc_graph_add(g, &dsc_op_concat,
                             &(struct dsc_concat){ dsc_graph_shape(g, y[0]).rank - 1 }, y, 2, out);
    st = dsc_lower_binary(g, kinds[mode], y[0], y[1], out);
    return st || mode != AVE ? st : dsc_lower_scalar(g, DSC_MUL, *out, 0.5f, out);
}

/* Results, then the states of both; states have no masks. */
static enum dsc_status finish(const struct dsc_layer *l, struct dsc_layer_call *call,
                              const struct dsc_recurrent_run run[2])
{
    const struct bidirectional *s = l->state;
    const struct dsc_recurrent_layer *r = recurrent(s, 0);
    int y[2] = { run[0].y, run[1].y }, merged, mask;
    enum dsc_status st = dsc_mask_previous(call, &mask);

    if (!r->sequences)
        mask = -1;
    else if (!st) /* the backward results come in the order of processing */
        st = dsc_graph_add(call->graph, &dsc_op_reverse, &(struct dsc_reverse){ 1 }, &y[1], 1,
                           &y[1]);
    if (!st && s->mode != NONE)
        st = merge(call->graph, s->mode, y, &merged);
    if (st)
        return st;
    if (s->mode != NONE) {
        dsc_lower_done(call, merged, mask);
    } else {
        dsc_lower_done(call, y[0], mask);
        dsc_lower_done(call, y[1], mask);
    }
    for (size_t i = 0; i < 2 && r->return_state; i++)
        for (size_t j = 0; j < r->n_state; j++)
            dsc_lower_done(call, run[i].last[j], -1);
    return DSC_OK;
}

static enum dsc_status lower(const struct dsc_layer *l, struct dsc_layer_call *call)
{
    static const char *const names[] = { "initial_state", NULL };
    const struct bidirectional *s = l->state;
    size_t n_state = recurrent(s, 0)->n_state, n, first = 0;
    int states[2 * DSC_RECURRENT_MAX_STATE], mask;
    struct dsc_recurrent_run run[2];
    enum dsc_status st = dsc_call_check(call, 1, 1 + 2 * n_state, names);

    if (!st)
        st = dsc_recurrent_states(call, 2 * n_state, states, &n);
    if (!st)
        st = dsc_mask_of_call(l, call, &mask);
    for (size_t i = 0; i < 2 && !st; i++) {
        struct dsc_layer inner = *s->layer[i];

        run[i] = (struct dsc_recurrent_run){ .x = call->in[0].value, mask, { -1, -1 } };
        if (n)
            memcpy(run[i].state, &states[i * n_state], n_state * sizeof(int));
        inner.n_weights = dsc_layer_n_weights(&inner);
        inner.weights = l->weights + first;
        first += inner.n_weights;
        st = dsc_recurrent_add(&inner, call->graph, &run[i]);
    }
    return st ? st : finish(l, call, run);
}

const struct dsc_layer_class dsc_layer_bidirectional = { sizeof(struct bidirectional), config,
                                                         n_weights, lower, release };
