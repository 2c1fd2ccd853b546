#include <stdio.h>

#include "core/base/alloc.h"
#include "core/keras/load_internal.h"

/* Models within models called many times grow without bound: no real one comes near. */
#define MAX_STEPS 200000

struct results {
    struct dsc_layer_tensor *tensor;
    size_t n; /* 0: there was a problem, here or before */
};

/* One model being lowered; a model used twice is lowered twice, on the same units. */
struct scope {
    struct dsc_keras_loader *loader;
    const struct dsc_keras_config *config;
    struct dsc_keras_unit *units;
    struct results **results; /* [layer][call] */
    const struct dsc_layer_tensor *in;
    size_t n_in;
};

static void *room(struct dsc_keras_loader *l, size_t n, size_t size)
{
    return dsc_arena_alloc(&l->parts->arena, n, size);
}

static enum dsc_status make_results(struct scope *s)
{
    const struct dsc_keras_config *c = s->config;

    s->results = room(s->loader, c->n_layers, sizeof(*s->results));
    if (!s->results)
        return dsc_fail_nomem("a model's graph");
    for (size_t i = 0; i < c->n_layers; i++) {
        s->results[i] = room(s->loader, c->layers[i].n_calls, sizeof(**s->results));
        if (!s->results[i])
            return dsc_fail_nomem("a model's graph");
    }
    return DSC_OK;
}

/* The tensors that refs name. *missing: one of them could not be made. */
static enum dsc_status gather(const struct scope *s, const struct dsc_keras_ref *refs, size_t n,
                              struct dsc_layer_tensor *out, bool *missing)
{
    for (size_t i = 0; i < n; i++) {
        const struct results *r = &s->results[refs[i].layer][refs[i].call];

        if (!r->n) {
            *missing = true;
            return DSC_OK;
        }
        if (refs[i].tensor >= r->n)
            return dsc_fail(DSC_FORMAT, "result %zu of layer '%s' is used, which has %zu",
                            refs[i].tensor, s->config->layers[refs[i].layer].name, r->n);
        out[i] = r->tensor[refs[i].tensor];
    }
    return DSC_OK;
}

/* A call's arguments with tensors in place of names. */
static enum dsc_status gather_args(const struct scope *s, const struct dsc_keras_call *from,
                                   struct dsc_layer_call *to, bool *missing)
{
    struct dsc_layer_arg *args = room(s->loader, from->n_args, sizeof(*args));
    size_t n = 0, used = 0;
    struct dsc_layer_tensor *all;

    for (size_t i = 0; i < from->n_args; i++)
        n += from->args[i].n_refs;
    all = room(s->loader, n, sizeof(*all));
    if (!args || !all)
        return dsc_fail_nomem("a model's graph");
    for (size_t i = 0; i < from->n_args && !*missing; i++) {
        const struct dsc_keras_arg *a = &from->args[i];
        enum dsc_status st = gather(s, a->refs, a->n_refs, all + used, missing);

        if (st)
            return st;
        args[i] = (struct dsc_layer_arg){ a->name, all + used, a->n_refs, a->literal };
        used += a->n_refs;
        if (!a->name)
            to->n_in = used;
    }
    to->in = all;
    to->args = args;
    to->n_args = from->n_args;
    return DSC_OK;
}

static enum dsc_status keep_results(const struct scope *s, struct results *r,
                                    const struct dsc_layer_tensor *out, size_t n)
{
    r->tensor = room(s->loader, n, sizeof(*r->tensor));
    if (!r->tensor)
        return dsc_fail_nomem("a model's graph");
    for (size_t i = 0; i < n; i++)
        r->tensor[i] = out[i];
    r->n = n;
    return DSC_OK;
}

static enum dsc_status lower_input(const struct scope *s, size_t layer, struct results *r)
{
    for (size_t i = 0; i < s->config->n_inputs && i < s->n_in; i++)
        if (s->config->inputs[i].layer == layer)
            return s->in[i].value < 0 ? DSC_OK : keep_results(s, r, &s->in[i], 1);
    return DSC_OK; /* not among the model's inputs: whoever takes it is told */
}

static enum dsc_status lower_model(struct dsc_keras_loader *l,
                                   const struct dsc_keras_config *config,
                                   struct dsc_keras_unit *units, const struct dsc_layer_call *call,
                                   struct results *out);

static bool is_argument(const struct dsc_layer_call *call, int value)
{
    for (size_t i = 0; i < call->n_args; i++)
        for (size_t j = 0; j < call->args[i].n_tensors; j++)
            if (call->args[i].tensors[j].value == value)
                return true;
    return false;
}

/* Take the masks off every result that is one of the call's arguments, see dsc_layer_call. */
static void drop_masks(const struct scope *s, const struct dsc_layer_call *call)
{
    for (size_t i = 0; i < s->config->n_layers; i++)
        for (size_t j = 0; j < s->config->layers[i].n_calls; j++)
            for (size_t k = 0; k < s->results[i][j].n; k++)
                if (is_argument(call, s->results[i][j].tensor[k].value))
                    s->results[i][j].tensor[k].mask = -1;
}

static enum dsc_status lower_layer(const struct scope *s, const struct dsc_keras_unit *u,
                                   struct dsc_layer_call *call, struct results *r)
{
    enum dsc_status st;

    if (!u->layer)
        return DSC_OK;
    for (size_t i = 0; i < DSC_LAYER_MAX_OUT; i++)
        call->out[i] = (struct dsc_layer_tensor){ -1, -1 };
    st = dsc_layer_lower(u->layer, call);
    if (!st && call->drops_masks)
        drop_masks(s, call);
    return st ? st : keep_results(s, r, call->out, call->n_out);
}

static void note_shape(const struct scope *s, struct dsc_keras_unit *u, const struct results *r)
{
    if (u->has_shape || !r->n)
        return;
    u->has_shape = true;
    u->shape = dsc_graph_shape(s->loader->m->graph, r->tensor[0].value);
}

/* A failure here is this layer's own. */
static enum dsc_status lower_step(const struct scope *s, struct dsc_keras_step step)
{
    struct dsc_keras_unit *u = &s->units[step.layer];
    struct results *r = &s->results[step.layer][step.call];
    struct dsc_layer_call call = { .graph = s->loader->m->graph };
    bool missing = false;
    enum dsc_status st;

    if (++s->loader->n_steps > MAX_STEPS)
        return dsc_fail(DSC_UNSUPPORTED, "the model makes more than %d calls", MAX_STEPS);
    if (u->config->is_input) {
        st = lower_input(s, step.layer, r);
    } else {
        st = gather_args(s, &u->config->calls[step.call], &call, &missing);
        if (st)
            return dsc_fail_context(st, "layer '%s'", u->config->name);
        if (missing)
            return DSC_OK;
        if (u->config->model)
            st = lower_model(s->loader, u->config->model, u->within, &call, r);
        else
            st = lower_layer(s, u, &call, r);
    }
    if (!st)
        note_shape(s, u, r);
    return st;
}

static enum dsc_status lower_model(struct dsc_keras_loader *l,
                                   const struct dsc_keras_config *config,
                                   struct dsc_keras_unit *units, const struct dsc_layer_call *call,
                                   struct results *out)
{
    struct scope s = { l, config, units, NULL, call->in, call->n_in };
    struct dsc_layer_tensor *tensor = room(l, config->n_outputs, sizeof(*tensor));
    bool missing = false;
    enum dsc_status st = tensor ? make_results(&s) : dsc_fail_nomem("a model's graph");

    if (!st && call->n_in != config->n_inputs)
        return dsc_fail(DSC_FORMAT, "model '%s' is given %zu tensors, it takes %zu", config->name,
                        call->n_in, config->n_inputs);
    for (size_t i = 0; i < config->n_steps && !st; i++) {
        st = lower_step(&s, config->steps[i]);
        if (st && l->n_steps <= MAX_STEPS)
            st = dsc_keras_problem(l, st);
    }
    if (!st)
        st = gather(&s, config->outputs, config->n_outputs, tensor, &missing);
    if (st || missing)
        return st;
    out->tensor = tensor;
    out->n = config->n_outputs;
    return DSC_OK;
}

static enum dsc_status add_input(struct dsc_keras_loader *l, const struct dsc_keras_layer *input,
                                 int *value)
{
    enum dsc_status st;

    *value = -1;
    if (!input->has_shape)
        st = dsc_fail(DSC_UNSUPPORTED,
                      "input '%s' has no shape in the file: build the model "
                      "before saving it",
                      input->name);
    else
        st = dsc_graph_add_input(l->m->graph, input->name, input->dtype, input->shape, value);
    return st ? dsc_keras_problem(l, st) : DSC_OK;
}

static enum dsc_status add_outputs(struct dsc_keras_loader *l, const struct results *r)
{
    enum dsc_status st = DSC_OK;
    char name[32];

    for (size_t i = 0; i < r->n && !st; i++) {
        snprintf(name, sizeof(name), "output_%zu", i);
        st = dsc_graph_add_output(l->m->graph, name, r->tensor[i].value);
    }
    return st;
}

enum dsc_status dsc_keras_lower(struct dsc_keras_loader *l)
{
    const struct dsc_keras_config *c = l->m->config;
    struct dsc_layer_tensor *in = room(l, c->n_inputs, sizeof(*in));
    struct dsc_layer_call call = { .in = in, .n_in = c->n_inputs };
    struct results out = { NULL, 0 };
    enum dsc_status st = DSC_OK;

    if (!in)
        return dsc_fail_nomem("a model's graph");
    for (size_t i = 0; i < c->n_inputs && !st; i++) {
        in[i].mask = -1;
        st = add_input(l, &c->layers[c->inputs[i].layer], &in[i].value);
    }
    if (!st)
        st = lower_model(l, c, l->parts->units, &call, &out);
    if (!st && !out.n && !l->m->n_problems)
        st = dsc_keras_problem(l, dsc_fail(DSC_FORMAT, "its outputs do not follow from its "
                                                       "inputs"));
    return st ? st : add_outputs(l, &out);
}
