#include "core/keras/config.h"

#include <limits.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/keras/config_internal.h"

#define MAX_LAYERS      16384 /* the largest of keras.applications has 1,100 */
#define MAX_DEPTH       8     /* of models within models */
#define MAX_ARENA_BYTES ((size_t)512 << 20)

const char *dsc_keras_text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* "Functional" of "Functional" and of "package>Functional". */
static const char *short_class(const char *name)
{
    const char *cut = strrchr(name, '>');

    return cut ? cut + 1 : name;
}

static bool is_sequential(const char *class_name)
{
    return !strcmp(short_class(class_name), "Sequential");
}

static bool is_model(const char *class_name)
{
    const char *name = short_class(class_name);

    return is_sequential(name) || !strcmp(name, "Functional") || !strcmp(name, "Model");
}

/* [null, 20] -> a shape; null is a free axis. */
static enum dsc_status parse_shape(const json_t *value, struct dsc_shape *out)
{
    size_t rank = json_array_size(value);
    struct dsc_shape s = { .rank = rank };

    if (!json_is_array(value) || !rank || rank > DSC_MAX_RANK)
        return dsc_fail(DSC_FORMAT, "its input shape has %zu axes, expected 1 to %d", rank,
                        DSC_MAX_RANK);
    for (size_t i = 0; i < rank; i++) {
        const json_t *dim = json_array_get(value, i);
        json_int_t n = json_integer_value(dim);

        if (!json_is_null(dim) && (!json_is_integer(dim) || n <= 0 || n > INT_MAX))
            return dsc_fail(DSC_FORMAT, "axis %zu of its input shape is not a size", i);
        s.dim[i] = json_is_null(dim) ? DSC_DIM_FREE : (size_t)n;
    }
    *out = s;
    return DSC_OK;
}

/* Word indices stay whole numbers; pictures in bytes are as good as floats. */
static enum dsc_dtype parse_dtype(const json_t *config)
{
    const json_t *value = json_object_get(config, "dtype");
    const char *name = json_is_object(value)
                           ? dsc_keras_text(json_object_get(value, "config"), "name")
                           : json_string_value(value);

    if (name && (!strcmp(name, "int32") || !strcmp(name, "int64")))
        return DSC_I32;
    return name && !strcmp(name, "bool") ? DSC_BOOL : DSC_F32;
}

static const json_t *find_shape(const json_t *config)
{
    static const char *const keys[] = { "batch_shape", "batch_input_shape", "build_input_shape" };

    for (size_t i = 0; i < DSC_COUNT(keys); i++)
        if (json_is_array(json_object_get(config, keys[i])))
            return json_object_get(config, keys[i]);
    return NULL;
}

static enum dsc_status parse_input(struct dsc_keras_parser *p, struct dsc_keras_layer *l)
{
    const json_t *shape = find_shape(l->config);

    if (json_is_true(json_object_get(l->config, "sparse")) ||
        json_is_true(json_object_get(l->config, "ragged")))
        return dsc_fail(DSC_UNSUPPORTED, "sparse and ragged inputs are not supported");
    l->calls = dsc_arena_alloc(&p->c->arena, 1, sizeof(*l->calls));
    if (!l->calls)
        return dsc_fail_nomem("a model's layers");
    l->n_calls = 1;
    l->is_input = true;
    l->has_shape = shape != NULL;
    l->dtype = parse_dtype(l->config);
    return shape ? parse_shape(shape, &l->shape) : DSC_OK;
}

static enum dsc_status parse_model(struct dsc_keras_config **out, const json_t *model,
                                   size_t depth);

/* Name, class and config of one entry of `layers`. */
static enum dsc_status parse_layer(struct dsc_keras_parser *p, struct dsc_keras_layer *l,
                                   const json_t *entry)
{
    enum dsc_status st;

    l->class_name = dsc_keras_text(entry, "class_name");
    l->config = json_object_get(entry, "config");
    l->name = dsc_keras_text(entry, "name");
    if (!l->name)
        l->name = dsc_keras_text(l->config, "name");
    if (!l->class_name)
        return dsc_fail(DSC_FORMAT, "a layer has no 'class_name'");
    if (!l->name)
        return dsc_fail(DSC_FORMAT, "a layer of the class '%s' has no name", l->class_name);
    if (is_model(l->class_name)) {
        st = parse_model(&l->model, entry, p->depth + 1);
        return st ? dsc_fail_context(st, "model '%s'", l->name) : DSC_OK;
    }
    if (!json_is_object(l->config))
        return dsc_fail(DSC_FORMAT, "layer '%s' has no 'config'", l->name);
    if (!strcmp(short_class(l->class_name), "InputLayer")) {
        st = parse_input(p, l);
        return st ? dsc_fail_context(st, "layer '%s'", l->name) : DSC_OK;
    }
    return DSC_OK;
}

static enum dsc_status add_name(struct dsc_keras_parser *p, const char *name, size_t number)
{
    if (json_object_get(p->index, name))
        return dsc_fail(DSC_FORMAT, "two layers are called '%s'", name);
    if (json_object_set_new(p->index, name, json_integer((json_int_t)number)))
        return dsc_fail_nomem("a model's layers");
    return DSC_OK;
}

/* `room` entries are left free in front. */
static enum dsc_status parse_layers(struct dsc_keras_parser *p, const json_t *list, size_t room)
{
    struct dsc_keras_config *c = p->c;
    size_t n = json_array_size(list);
    enum dsc_status st = DSC_OK;

    if (!n)
        return dsc_fail(DSC_FORMAT, "it has no layers");
    if (n > MAX_LAYERS)
        return dsc_fail(DSC_UNSUPPORTED, "it has %zu layers, at most %d are allowed", n,
                        MAX_LAYERS);
    c->layers = dsc_arena_alloc(&c->arena, n + room, sizeof(*c->layers));
    if (!c->layers)
        return dsc_fail_nomem("a model's layers");
    c->n_layers = room;
    for (size_t i = 0; i < n && !st; i++) {
        struct dsc_keras_layer *l = &c->layers[c->n_layers++];

        st = parse_layer(p, l, json_array_get(list, i));
        if (!st)
            st = add_name(p, l->name, room + i);
    }
    return st;
}

static enum dsc_status parse_functional(struct dsc_keras_parser *p, const json_t *config)
{
    struct dsc_keras_config *c = p->c;
    const json_t *list = json_object_get(config, "layers");
    enum dsc_status st = parse_layers(p, list, 0);

    for (size_t i = 0; i < c->n_layers && !st; i++) {
        const json_t *nodes = json_object_get(json_array_get(list, i), "inbound_nodes");

        if (!c->layers[i].is_input)
            st = dsc_keras_parse_calls(p, &c->layers[i], nodes);
        if (st)
            st = dsc_fail_context(st, "layer '%s'", c->layers[i].name);
    }
    if (!st)
        st = dsc_keras_parse_ends(p, json_object_get(config, "input_layers"), "input_layers",
                                  &c->inputs, &c->n_inputs);
    if (!st)
        st = dsc_keras_parse_ends(p, json_object_get(config, "output_layers"), "output_layers",
                                  &c->outputs, &c->n_outputs);
    for (size_t i = 0; i < c->n_inputs && !st; i++)
        if (!c->layers[c->inputs[i].layer].is_input)
            st = dsc_fail(DSC_FORMAT, "'input_layers' names '%s', which is no input",
                          c->layers[c->inputs[i].layer].name);
    return st;
}

/* The input that a Sequential model begins with when its list leaves it out. Keras 2 keeps the
 * shape in the first layer, Keras 3 in the model. */
static enum dsc_status make_input(struct dsc_keras_parser *p, const json_t *config)
{
    struct dsc_keras_layer *first = &p->c->layers[1], *l = &p->c->layers[0];
    const struct dsc_keras_config *m = first->model;
    const json_t *shape = find_shape(first->config);
    size_t len = strlen(first->name);
    char *name = dsc_arena_alloc(&p->c->arena, len + sizeof("_input"), 1);

    if (!name)
        return dsc_fail_nomem("a model's layers");
    memcpy(name, first->name, len);
    memcpy(name + len, "_input", sizeof("_input"));
    *l = (struct dsc_keras_layer){ .class_name = "InputLayer", .name = name, .is_input = true };
    l->n_calls = 1;
    l->calls = dsc_arena_alloc(&p->c->arena, 1, sizeof(*l->calls));
    if (!l->calls)
        return dsc_fail_nomem("a model's layers");
    if (m && m->n_inputs) {
        l->has_shape = m->layers[m->inputs[0].layer].has_shape;
        l->shape = m->layers[m->inputs[0].layer].shape;
        l->dtype = m->layers[m->inputs[0].layer].dtype;
        return DSC_OK;
    }
    if (!shape)
        shape = find_shape(config);
    l->has_shape = shape != NULL;
    return shape ? parse_shape(shape, &l->shape) : DSC_OK;
}

/* Each layer takes the result of the one before it. */
static enum dsc_status chain(struct dsc_keras_parser *p, size_t i)
{
    struct dsc_keras_layer *l = &p->c->layers[i];
    struct dsc_keras_ref *ref = dsc_arena_alloc(&p->c->arena, 1, sizeof(*ref));

    l->calls = dsc_arena_alloc(&p->c->arena, 1, sizeof(*l->calls));
    if (!l->calls || !ref)
        return dsc_fail_nomem("a model's calls");
    l->calls->args = dsc_arena_alloc(&p->c->arena, 1, sizeof(*l->calls->args));
    if (!l->calls->args)
        return dsc_fail_nomem("a model's calls");
    *ref = (struct dsc_keras_ref){ i - 1, 0, 0 };
    l->calls->args[0] = (struct dsc_keras_arg){ .refs = ref, .n_refs = 1 };
    l->calls->n_args = 1;
    l->n_calls = 1;
    return DSC_OK;
}

static enum dsc_status parse_sequential(struct dsc_keras_parser *p, const json_t *config)
{
    const json_t *list = json_is_array(config) ? config : json_object_get(config, "layers");
    const char *first = dsc_keras_text(json_array_get(list, 0), "class_name");
    size_t room = first && !strcmp(short_class(first), "InputLayer") ? 0 : 1;
    struct dsc_keras_config *c = p->c;
    enum dsc_status st = parse_layers(p, list, room);

    if (!st && room)
        st = make_input(p, config);
    for (size_t i = 1; i < c->n_layers && !st; i++)
        st = c->layers[i].is_input
                 ? dsc_fail(DSC_FORMAT, "layer '%s' is an input in the middle", c->layers[i].name)
                 : chain(p, i);
    if (st)
        return st;
    c->inputs = dsc_arena_alloc(&c->arena, 1, sizeof(*c->inputs));
    c->outputs = dsc_arena_alloc(&c->arena, 1, sizeof(*c->outputs));
    if (!c->inputs || !c->outputs)
        return dsc_fail_nomem("a model's calls");
    c->outputs[0].layer = c->n_layers - 1;
    c->n_inputs = c->n_outputs = 1;
    return DSC_OK;
}

static enum dsc_status parse_into(struct dsc_keras_parser *p, const json_t *model)
{
    const json_t *config = json_object_get(model, "config");
    struct dsc_keras_config *c = p->c;
    enum dsc_status st;

    c->class_name = dsc_keras_text(model, "class_name");
    if (!c->class_name)
        return dsc_fail(DSC_FORMAT, "its architecture has no 'class_name'");
    if (!is_model(c->class_name))
        return dsc_fail(DSC_UNSUPPORTED,
                        "the model is of the class '%s', written in Python; Functional and "
                        "Sequential models hold their whole architecture",
                        c->class_name);
    if (p->depth > MAX_DEPTH)
        return dsc_fail(DSC_UNSUPPORTED, "models are nested more than %d deep", MAX_DEPTH);
    c->name = dsc_keras_text(config, "name");
    if (!c->name)
        c->name = "model";
    p->index = json_object();
    if (!p->index)
        return dsc_fail_nomem("a model's layers");
    st = is_sequential(c->class_name) ? parse_sequential(p, config) : parse_functional(p, config);
    if (!st)
        st = dsc_keras_resolve(p);
    return st ? st : dsc_keras_sort(c);
}

static enum dsc_status parse_model(struct dsc_keras_config **out, const json_t *model, size_t depth)
{
    struct dsc_keras_parser p = { .depth = depth };
    enum dsc_status st;

    p.c = dsc_calloc(1, sizeof(*p.c));
    if (!p.c)
        return dsc_fail_nomem("a model's layers");
    p.c->arena.max_bytes = MAX_ARENA_BYTES;
    st = parse_into(&p, model);
    json_decref(p.index);
    dsc_free(p.ref);
    if (st)
        dsc_keras_config_free(p.c);
    else
        *out = p.c;
    return st;
}

enum dsc_status dsc_keras_config_parse(struct dsc_keras_config **out, const char *json,
                                       size_t len_bytes)
{
    struct dsc_keras_config *c = NULL;
    enum dsc_status st;
    json_error_t error;
    json_t *root;

    if (len_bytes > DSC_KERAS_MAX_JSON_BYTES)
        return dsc_fail(DSC_UNSUPPORTED, "its architecture takes %zu bytes, at most %zu are read",
                        len_bytes, DSC_KERAS_MAX_JSON_BYTES);
    root = json_loadb(json, len_bytes, 0, &error);
    if (!root)
        return dsc_fail(DSC_FORMAT, "its architecture is not JSON: line %d, column %d: %s",
                        error.line, error.column, error.text);
    st = parse_model(&c, root, 0);
    if (st) {
        json_decref(root);
        return st;
    }
    c->root = root;
    *out = c;
    return DSC_OK;
}

void dsc_keras_config_free(struct dsc_keras_config *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->n_layers; i++)
        dsc_keras_config_free(c->layers[i].model);
    json_decref(c->root);
    dsc_arena_release(&c->arena);
    dsc_free(c);
}
