#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/keras/config_internal.h"

#define MAX_NESTING 8     /* of lists around the tensors of an argument */
#define MAX_CALLS   16384 /* of one model; the largest of keras.applications makes 1,100 */

static bool is_class(const json_t *object, const char *name)
{
    const char *text = dsc_keras_text(object, "class_name");

    return text && !strcmp(text, name);
}

/* ["name", node, tensor], with or without kwargs at the end. */
static bool is_history(const json_t *v)
{
    size_t n = json_array_size(v);

    return (n == 3 || n == 4) && json_is_string(json_array_get(v, 0)) &&
           json_is_integer(json_array_get(v, 1)) && json_is_integer(json_array_get(v, 2));
}

/* Keras 2 puts a plain value among the tensors this way. */
static bool is_constant(const json_t *v)
{
    const char *name = json_string_value(json_array_get(v, 0));

    return json_array_size(v) >= 3 && name && !strcmp(name, "_CONSTANT_VALUE");
}

static bool is_known(const struct dsc_keras_parser *p, const json_t *history)
{
    return json_object_get(p->index, json_string_value(json_array_get(history, 0))) != NULL;
}

static enum dsc_status add_ref(struct dsc_keras_parser *p, const json_t *history)
{
    const char *name = json_string_value(json_array_get(history, 0));
    json_int_t node = json_integer_value(json_array_get(history, 1));
    json_int_t tensor = json_integer_value(json_array_get(history, 2));
    const json_t *number = json_object_get(p->index, name);

    if (!number)
        return dsc_fail(DSC_FORMAT, "takes the result of '%s', which is not in the model", name);
    if (node < 0 || node > MAX_CALLS || tensor < 0 || tensor > MAX_CALLS)
        return dsc_fail(DSC_FORMAT, "takes a result of '%s' that cannot be", name);
    if (dsc_grow(&p->ref, &p->cap_refs, p->n_refs + 1, sizeof(*p->ref)))
        return dsc_fail_nomem("a model's calls");
    p->ref[p->n_refs++] =
        (struct dsc_keras_ref){ (size_t)json_integer_value(number), (size_t)node, (size_t)tensor };
    return DSC_OK;
}

/* Add every tensor inside a value of either dialect to p->ref, in order; *plain: something
 * in a list is no tensor. */
static enum dsc_status collect(struct dsc_keras_parser *p, const json_t *v, size_t depth,
                               bool *plain)
{
    enum dsc_status st = DSC_OK;
    const json_t *item;
    const char *key;
    size_t i;

    if (depth > MAX_NESTING)
        return dsc_fail(DSC_UNSUPPORTED, "an argument is nested too deeply");
    if (is_class(v, "__keras_tensor__")) {
        item = json_object_get(json_object_get(v, "config"), "keras_history");
        if (!is_history(item))
            return dsc_fail(DSC_FORMAT, "an argument names no tensor");
        return add_ref(p, item);
    }
    if (is_history(v) && is_known(p, v))
        return add_ref(p, v);
    if (json_is_array(v)) {
        json_array_foreach(v, i, item)
        {
            st = collect(p, item, depth + 1, plain);
            if (st)
                return st;
        }
        return DSC_OK;
    }
    if (!json_is_object(v)) {
        *plain = true;
        return DSC_OK;
    }
    json_object_foreach((json_t *)(uintptr_t)v, key, item)
    {
        bool ignored; /* an object's own words, like "__tuple__" */

        st = collect(p, item, depth + 1, &ignored);
        if (st)
            return st;
    }
    return DSC_OK;
}

/* Move p->ref to the arena. */
static enum dsc_status keep_refs(struct dsc_keras_parser *p, const struct dsc_keras_ref **out,
                                 size_t *n)
{
    struct dsc_keras_ref *copy = dsc_arena_alloc(&p->c->arena, p->n_refs, sizeof(*copy));

    if (!copy)
        return dsc_fail_nomem("a model's calls");
    if (p->n_refs)
        memcpy(copy, p->ref, p->n_refs * sizeof(*copy));
    *out = copy;
    *n = p->n_refs;
    p->n_refs = 0;
    return DSC_OK;
}

/* One argument from its value; the name is borrowed from the JSON. */
static enum dsc_status parse_arg(struct dsc_keras_parser *p, struct dsc_keras_arg *arg,
                                 const char *name, const json_t *value)
{
    bool plain = false;
    enum dsc_status st;

    p->n_refs = 0;
    arg->name = name;
    st = collect(p, value, 0, &plain);
    if (st)
        return st;
    if (!p->n_refs) {
        arg->literal = value;
        return DSC_OK;
    }
    if (plain)
        return dsc_fail(DSC_UNSUPPORTED, "an argument mixes tensors and other values");
    return keep_refs(p, &arg->refs, &arg->n_refs);
}

static enum dsc_status new_args(struct dsc_keras_parser *p, struct dsc_keras_call *call, size_t n)
{
    call->args = dsc_arena_alloc(&p->c->arena, n, sizeof(*call->args));
    return call->args ? DSC_OK : dsc_fail_nomem("a model's calls");
}

static enum dsc_status parse_kwargs(struct dsc_keras_parser *p, struct dsc_keras_call *call,
                                    const json_t *kwargs)
{
    enum dsc_status st = DSC_OK;
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)kwargs, key, value)
    {
        st = parse_arg(p, &call->args[call->n_args++], key, value);
        if (st)
            return dsc_fail_context(st, "argument '%s'", key);
    }
    return st;
}

/* Keras 3: {"args": [...], "kwargs": {...}}. */
static enum dsc_status parse_args_node(struct dsc_keras_parser *p, struct dsc_keras_call *call,
                                       const json_t *node)
{
    const json_t *args = json_object_get(node, "args"), *kwargs = json_object_get(node, "kwargs");
    enum dsc_status st = new_args(p, call, json_array_size(args) + json_object_size(kwargs));
    const json_t *value;
    size_t i;

    if (st)
        return st;
    json_array_foreach(args, i, value)
    {
        st = parse_arg(p, &call->args[call->n_args++], NULL, value);
        if (st)
            return st;
    }
    return parse_kwargs(p, call, kwargs);
}

/* The tensors so far become one positional argument. */
static enum dsc_status end_tensors(struct dsc_keras_parser *p, struct dsc_keras_call *call)
{
    struct dsc_keras_arg *arg = &call->args[call->n_args];

    if (!p->n_refs)
        return DSC_OK;
    call->n_args++;
    return keep_refs(p, &arg->refs, &arg->n_refs);
}

/* Keras 1 and 2: [["name", node, tensor, {kwargs}], ...]; the last kwargs count, as in
 * Keras' own reader. */
static enum dsc_status parse_list_node(struct dsc_keras_parser *p, struct dsc_keras_call *call,
                                       const json_t *node)
{
    bool single = is_history(node) || is_constant(node);
    size_t n = single ? 1 : json_array_size(node);
    const json_t *kwargs = NULL;
    enum dsc_status st = DSC_OK;
    bool plain = false;

    for (size_t i = 0; i < n; i++)
        if (json_is_object(json_array_get(single ? node : json_array_get(node, i), 3)))
            kwargs = json_array_get(single ? node : json_array_get(node, i), 3);
    st = new_args(p, call, n + json_object_size(kwargs));
    p->n_refs = 0;
    for (size_t i = 0; i < n && !st; i++) {
        const json_t *entry = single ? node : json_array_get(node, i);

        if (is_constant(entry)) {
            st = end_tensors(p, call);
            if (!st)
                call->args[call->n_args++].literal = json_array_get(entry, 2);
        } else if (is_history(entry)) {
            st = add_ref(p, entry);
        } else {
            st = collect(p, entry, 0, &plain);
        }
    }
    if (!st && plain)
        st = dsc_fail(DSC_FORMAT, "its inbound nodes name no tensors");
    if (!st)
        st = end_tensors(p, call);
    return st ? st : parse_kwargs(p, call, kwargs);
}

enum dsc_status dsc_keras_parse_calls(struct dsc_keras_parser *p, struct dsc_keras_layer *layer,
                                      const json_t *nodes)
{
    enum dsc_status st = DSC_OK;
    size_t n = json_array_size(nodes);

    if (n > MAX_CALLS)
        return dsc_fail(DSC_UNSUPPORTED, "it is called %zu times, at most %d are allowed", n,
                        MAX_CALLS);
    layer->calls = dsc_arena_alloc(&p->c->arena, n, sizeof(*layer->calls));
    if (!layer->calls)
        return dsc_fail_nomem("a model's calls");
    for (size_t i = 0; i < n && !st; i++) {
        const json_t *node = json_array_get(nodes, i);

        st = json_is_object(node) ? parse_args_node(p, &layer->calls[i], node)
                                  : parse_list_node(p, &layer->calls[i], node);
        layer->n_calls++;
    }
    return st;
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* An object of tensors counts in the order of its sorted keys, as Keras flattens it. */
static enum dsc_status collect_sorted(struct dsc_keras_parser *p, const json_t *value)
{
    const char **keys = dsc_arena_alloc(&p->c->arena, json_object_size(value), sizeof(*keys));
    enum dsc_status st = DSC_OK;
    const char *key;
    bool plain = false;
    json_t *item;
    size_t n = 0;

    if (!keys)
        return dsc_fail_nomem("a model's calls");
    json_object_foreach((json_t *)(uintptr_t)value, key, item) keys[n++] = key;
    qsort(keys, n, sizeof(*keys), compare_keys);
    for (size_t i = 0; i < n && !st; i++)
        st = collect(p, json_object_get(value, keys[i]), 1, &plain);
    return st;
}

enum dsc_status dsc_keras_parse_ends(struct dsc_keras_parser *p, const json_t *value,
                                     const char *key, struct dsc_keras_ref **out, size_t *n)
{
    const struct dsc_keras_ref *refs;
    bool plain = false;
    enum dsc_status st;

    p->n_refs = 0;
    if (json_is_object(value) && !is_class(value, "__keras_tensor__"))
        st = collect_sorted(p, value);
    else
        st = collect(p, value, 0, &plain);
    if (!st && (plain || !p->n_refs))
        st = dsc_fail(DSC_FORMAT, "names no layer of the model");
    if (!st)
        st = keep_refs(p, &refs, n);
    if (st)
        return dsc_fail_context(st, "'%s'", key);
    *out = (struct dsc_keras_ref *)(uintptr_t)refs;
    return DSC_OK;
}

/* The largest call number that the file uses for each layer. */
static void note_largest(size_t *largest, const struct dsc_keras_ref *refs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        largest[refs[i].layer] = DSC_MAX(largest[refs[i].layer], refs[i].call);
}

/* A model used as a layer counts the call that made it as number 0 in most releases: the file's
 * numbers then run from 1 to the number of calls. */
static enum dsc_status resolve_refs(const struct dsc_keras_config *c, const size_t *largest,
                                    struct dsc_keras_ref *refs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct dsc_keras_layer *l = &c->layers[refs[i].layer];

        if (l->model && largest[refs[i].layer] == l->n_calls && refs[i].call > 0)
            refs[i].call--;
        if (refs[i].call >= l->n_calls)
            return dsc_fail(DSC_FORMAT,
                            "takes the result of call %zu of '%s', which is called %zu "
                            "times",
                            refs[i].call, l->name, l->n_calls);
    }
    return DSC_OK;
}

static enum dsc_status resolve_call(const struct dsc_keras_config *c, const size_t *largest,
                                    struct dsc_keras_call *call)
{
    enum dsc_status st = DSC_OK;

    for (size_t i = 0; i < call->n_args && !st; i++)
        st = resolve_refs(c, largest, (struct dsc_keras_ref *)(uintptr_t)call->args[i].refs,
                          call->args[i].n_refs);
    return st;
}

enum dsc_status dsc_keras_resolve(struct dsc_keras_parser *p)
{
    struct dsc_keras_config *c = p->c;
    size_t *largest = dsc_arena_alloc(&c->arena, c->n_layers, sizeof(*largest));
    enum dsc_status st = DSC_OK;

    if (!largest)
        return dsc_fail_nomem("a model's calls");
    for (size_t i = 0; i < c->n_layers; i++)
        for (size_t j = 0; j < c->layers[i].n_calls; j++)
            for (size_t k = 0; k < c->layers[i].calls[j].n_args; k++)
                note_largest(largest, c->layers[i].calls[j].args[k].refs,
                             c->layers[i].calls[j].args[k].n_refs);
    note_largest(largest, c->outputs, c->n_outputs);
    for (size_t i = 0; i < c->n_layers; i++)
        for (size_t j = 0; j < c->layers[i].n_calls; j++) {
            st = resolve_call(c, largest, &c->layers[i].calls[j]);
            if (st)
                return dsc_fail_context(st, "layer '%s'", c->layers[i].name);
        }
    st = resolve_refs(c, largest, c->inputs, c->n_inputs);
    if (!st)
        st = resolve_refs(c, largest, c->outputs, c->n_outputs);
    return st;
}

static bool is_ready(const struct dsc_keras_call *call, bool *const *done)
{
    for (size_t i = 0; i < call->n_args; i++)
        for (size_t j = 0; j < call->args[i].n_refs; j++)
            if (!done[call->args[i].refs[j].layer][call->args[i].refs[j].call])
                return false;
    return true;
}

/* Layers are listed nearly in order: a sweep or two takes all. */
static void sweep(struct dsc_keras_config *c, bool *const *done)
{
    for (size_t i = 0; i < c->n_layers; i++)
        for (size_t j = 0; j < c->layers[i].n_calls; j++)
            if (!done[i][j] && is_ready(&c->layers[i].calls[j], done)) {
                done[i][j] = true;
                c->steps[c->n_steps++] = (struct dsc_keras_step){ i, j };
            }
}

enum dsc_status dsc_keras_sort(struct dsc_keras_config *c)
{
    bool **done = dsc_arena_alloc(&c->arena, c->n_layers, sizeof(*done));
    size_t total = 0, before;

    if (!done)
        return dsc_fail_nomem("a model's calls");
    for (size_t i = 0; i < c->n_layers; i++) {
        total += c->layers[i].n_calls;
        done[i] = dsc_arena_alloc(&c->arena, c->layers[i].n_calls, sizeof(**done));
        if (!done[i])
            return dsc_fail_nomem("a model's calls");
    }
    if (total > MAX_CALLS)
        return dsc_fail(DSC_UNSUPPORTED, "its layers are called %zu times, at most %d are allowed",
                        total, MAX_CALLS);
    c->steps = dsc_arena_alloc(&c->arena, total, sizeof(*c->steps));
    if (!c->steps)
        return dsc_fail_nomem("a model's calls");
    do {
        before = c->n_steps;
        sweep(c, done);
    } while (c->n_steps > before && c->n_steps < total);
    for (size_t i = 0; i < c->n_layers && c->n_steps < total; i++)
        for (size_t j = 0; j < c->layers[i].n_calls; j++)
            if (!done[i][j])
                return dsc_fail(DSC_FORMAT, "layer '%s' takes a result that needs its own",
                                c->layers[i].name);
    return DSC_OK;
}
