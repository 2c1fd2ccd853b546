/* LSTM, GRU, SimpleRNN. Masks: given on when sequences are returned; states have none. */
#include <stddef.h>

#include "core/layers/recurrent_internal.h"

static const char *const stateful_advice =
    "stateful layers carry state from one call to the next; rebuild the model with stateful=false "
    "(the weights stay valid) and save it again";

/* Keras before 2.3 used hard_sigmoid for the gates; reset_after came with tf.keras 2. */
static void preset(struct dsc_layer *l)
{
    struct dsc_keras_version v = l->version;
    bool old = !v.is_tf && (v.major < 2 || (v.major == 2 && v.minor < 3));
    struct dsc_layer_act sigmoid = { .act = { DSC_ACT_SIGMOID, 0, 0, 0 } };
    struct dsc_layer_act hard = { .act = { DSC_ACT_HARD_SIGMOID, 0.2f, 0.5f, 0 } };

    *(struct dsc_recurrent_layer *)l->state = (struct dsc_recurrent_layer){
        .act = { .act = { DSC_ACT_TANH, 0, 0, 0 } },
        .gate_act = old ? hard : sigmoid,
        .use_bias = true,
        .reset_after = v.is_tf || v.major >= 3,
        .n_state = dsc_layer_is(l, "LSTM") ? 2 : 1,
    };
}

static enum dsc_status config(struct dsc_layer *l, const json_t *json)
{
    static const struct dsc_config_field fields[] = {
        { DSC_SETTING("units", SIZE, dsc_recurrent_layer, units), .required = true },
        { DSC_SETTING("activation", ACT, dsc_recurrent_layer, act) },
        { DSC_SETTING("recurrent_activation", ACT, dsc_recurrent_layer, gate_act) },
        { DSC_SETTING("use_bias", BOOL, dsc_recurrent_layer, use_bias) },
        { DSC_SETTING("return_sequences", BOOL, dsc_recurrent_layer, sequences) },
        { DSC_SETTING("return_state", BOOL, dsc_recurrent_layer, return_state) },
        { DSC_SETTING("go_backwards", BOOL, dsc_recurrent_layer, backwards) },
        { DSC_SETTING("zero_output_for_mask", BOOL, dsc_recurrent_layer, zero_masked) },
        { DSC_SETTING("reset_after", BOOL, dsc_recurrent_layer, reset_after) },
        { .key = "stateful", .kind = DSC_CONFIG_OFF, .advice = stateful_advice },
        { .key = "time_major", .kind = DSC_CONFIG_OFF, .advice = "give the layer batches first" },
        { 0 },
    };
    const struct dsc_recurrent_layer *s = l->state;
    enum dsc_status st;

    preset(l);
    st = dsc_config_read(l, json, fields);
    if (!st && (s->act.softmax || s->gate_act.softmax))
        st = dsc_fail(DSC_UNSUPPORTED, "softmax as an activation inside a recurrent layer cannot "
                                       "be done");
    return st;
}

static size_t n_weights(const struct dsc_layer *l)
{
    return ((const struct dsc_recurrent_layer *)l->state)->use_bias ? 3 : 2;
}

static enum dsc_status weights(const struct dsc_layer *l, struct dsc_graph *g, size_t e, int *in)
{
    const struct dsc_recurrent_layer *s = l->state;
    bool gru = dsc_layer_is(l, "GRU");
    size_t gates = gru ? 3 : s->n_state == 2 ? 4 : 1, width;
    enum dsc_status st;

    if (!dsc_mul_size(gates, s->units, &width))
        return dsc_fail(DSC_FORMAT, "setting 'units' is too large");
    st = dsc_lower_weight(l, g, 0, DSC_SHAPE(e, width), &in[1]);
    if (!st)
        st = dsc_lower_weight(l, g, 1, DSC_SHAPE(s->units, width), &in[2]);
    if (!st && s->use_bias)
        st = dsc_lower_weight(
            l, g, 2, gru && s->reset_after ? DSC_SHAPE(2, width) : DSC_SHAPE(width), &in[3]);
    return st;
}

enum dsc_status dsc_recurrent_add(const struct dsc_layer *l, struct dsc_graph *g,
                                  struct dsc_recurrent_run *run)
{
    const struct dsc_recurrent_layer *s = l->state;
    const struct dsc_op *op = s->n_state == 2          ? &dsc_op_lstm
                              : dsc_layer_is(l, "GRU") ? &dsc_op_gru
                                                       : &dsc_op_rnn;
    struct dsc_recurrent attr = { s->act.act,   s->gate_act.act, s->sequences,
                                  s->backwards, s->zero_masked,  s->reset_after };
    int in[7] = { run->x, -1, -1, -1, run->mask, run->state[0], run->state[1] };
    int out[DSC_OP_MAX_OUT];
    size_t e;
    enum dsc_status st = dsc_lower_rank(g, run->x, 3, 3, "[N, T, E]");

    if (!st)
        st = dsc_lower_last(g, run->x, &e);
    if (!st)
        st = weights(l, g, e, in);
    if (!st)
        st = dsc_graph_add(g, op, &attr, in, 5 + s->n_state, out);
    if (st)
        return st;
    run->y = out[0];
    for (size_t i = 0; i < s->n_state; i++)
        run->last[i] = out[1 + i];
    return DSC_OK;
}

enum dsc_status dsc_recurrent_states(const struct dsc_layer_call *call, size_t needed, int *states,
                                     size_t *n)
{
    const struct dsc_layer_arg *a = dsc_call_arg(call, "initial_state");
    bool named = a && a->n_tensors;
    size_t found = named ? a->n_tensors : call->n_in - 1;

    if (found && found != needed)
        return dsc_fail(DSC_FORMAT, "it is called with %zu initial states, expected %zu", found,
                        needed);
    if (a && !named && a->literal && !json_is_null(a->literal))
        return dsc_fail(DSC_UNSUPPORTED, "argument 'initial_state' of its call is not a tensor");
    for (size_t i = 0; i < found; i++)
        states[i] = named ? a->tensors[i].value : call->in[1 + i].value;
    *n = found;
    return DSC_OK;
}

static enum dsc_status lower(const struct dsc_layer *l, struct dsc_layer_call *call)
{
    static const char *const names[] = { "initial_state", NULL };
    const struct dsc_recurrent_layer *s = l->state;
    struct dsc_recurrent_run run = { .state = { -1, -1 } };
    size_t n;
    int previous;
    enum dsc_status st = dsc_call_check(call, 1, 1 + s->n_state, names);

    if (st)
        return st;
    run.x = call->in[0].value;
    st = dsc_recurrent_states(call, s->n_state, run.state, &n);
    if (!st)
        st = dsc_mask_of_call(l, call, &run.mask);
    if (!st)
        st = dsc_mask_previous(call, &previous);
    if (!st)
        st = dsc_recurrent_add(l, call->graph, &run);
    if (st)
        return st;
    dsc_lower_done(call, run.y, s->sequences ? previous : -1);
    for (size_t i = 0; i < s->n_state && s->return_state; i++)
        dsc_lower_done(call, run.last[i], -1);
    return DSC_OK;
}

const struct dsc_layer_class dsc_layer_recurrent = { sizeof(struct dsc_recurrent_layer), config,
                                                     n_weights, lower, NULL };
