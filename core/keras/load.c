#include "core/keras/load.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/keras/load_internal.h"

enum dsc_status dsc_keras_problem(struct dsc_keras_loader *l, enum dsc_status st)
{
    struct dsc_keras_model *m = l->m;
    char *copy;

    if (st == DSC_NOMEM || !(l->flags & DSC_KERAS_COLLECT))
        return st;
    copy = dsc_strdup(dsc_error_message());
    if (!copy ||
        dsc_grow(&m->problems, &l->parts->cap_problems, m->n_problems + 1, sizeof(*m->problems))) {
        dsc_free(copy);
        return dsc_fail_nomem("a list of problems");
    }
    m->problems[m->n_problems++] = copy;
    return DSC_OK;
}

static enum dsc_status read_version(struct dsc_keras_model *m, const char *group)
{
    enum dsc_status st;
    bool found;

    st = dsc_h5_has_attr(m->file, group, "keras_version", &found);
    if (st)
        return st;
    if (!found)
        return dsc_fail(DSC_UNSUPPORTED,
                        "'%s' does not say which Keras wrote it (attribute 'keras_version')",
                        dsc_h5_name(m->file));
    st = dsc_h5_attr_text(m->file, group, "keras_version", &m->keras_version);
    if (!st)
        st = dsc_keras_version_parse(&m->version, m->keras_version);
    if (!st && (m->version.major < 2 || m->version.major > 3))
        st = dsc_fail(DSC_UNSUPPORTED, "Keras %s wrote it, Keras 2 and 3 are supported",
                      m->keras_version);
    return st;
}

/* Weights alone: Keras 1 and 2 list `layer_names`, Keras 3's ".weights.h5" has a group `layers`. */
static enum dsc_status fail_without_config(const struct dsc_keras_model *m, const char *group)
{
    enum dsc_h5_kind layers = DSC_H5_NONE;
    bool names;
    enum dsc_status st = dsc_h5_has_attr(m->file, group, "layer_names", &names);

    if (!st && !strcmp(group, "/"))
        st = dsc_h5_find(m->file, "layers", &layers);
    if (st)
        return st;
    if (names || layers == DSC_H5_GROUP)
        return dsc_fail(DSC_FORMAT, "it holds weights without an architecture: save the whole "
                                    "model with model.save()");
    return dsc_fail(DSC_FORMAT, "it holds no Keras model (attribute 'model_config')");
}

static enum dsc_status read_config(struct dsc_keras_model *m, const char *group)
{
    enum dsc_status st;
    char *json = NULL;
    bool found;

    st = dsc_h5_has_attr(m->file, group, "model_config", &found);
    if (!st && !found)
        st = fail_without_config(m, group);
    if (st)
        return st;
    st = dsc_h5_attr_text(m->file, group, "model_config", &json);
    if (!st)
        st = dsc_keras_config_parse(&m->config, json, strlen(json));
    dsc_free(json);
    return st;
}

static enum dsc_status make_units(struct dsc_keras_loader *l, const struct dsc_keras_config *c,
                                  struct dsc_keras_unit **out)
{
    struct dsc_keras_unit *units = dsc_arena_alloc(&l->parts->arena, c->n_layers, sizeof(*units));
    enum dsc_status st = DSC_OK;

    if (!units)
        return dsc_fail_nomem("a model's layers");
    *out = units; /* what is made so far is freed with the rest */
    for (size_t i = 0; i < c->n_layers && !st; i++) {
        const struct dsc_keras_layer *layer = &c->layers[i];

        units[i].config = layer;
        if (layer->model)
            st = make_units(l, layer->model, &units[i].within);
        else if (!layer->is_input)
            st = dsc_layer_new(&units[i].layer, layer->class_name, layer->name, layer->config,
                               l->m->version);
        if (st)
            st = dsc_keras_problem(l, st);
    }
    return st;
}

static void free_units(struct dsc_keras_unit *units, const struct dsc_keras_config *c)
{
    for (size_t i = 0; units && i < c->n_layers; i++) {
        if (units[i].within)
            free_units(units[i].within, units[i].config->model);
        dsc_layer_free(units[i].layer);
    }
}

static enum dsc_status read_weights(struct dsc_keras_loader *l)
{
    enum dsc_status st = DSC_OK;

    for (size_t i = 0; i < l->m->config->n_layers && !st; i++) {
        struct dsc_keras_unit *u = &l->parts->units[i];

        if (u->config->is_input)
            continue;
        st = dsc_keras_weights_read(l, u);
        if (st) {
            st = dsc_keras_problem(l, st);
            dsc_layer_free(u->layer); /* what takes its result is skipped, not reported */
            u->layer = NULL;
        }
    }
    return st;
}

static enum dsc_status describe_layers(struct dsc_keras_loader *l)
{
    struct dsc_keras_model *m = l->m;

    m->layers = dsc_arena_alloc(&l->parts->arena, m->config->n_layers, sizeof(*m->layers));
    if (!m->layers)
        return dsc_fail_nomem("a model's layers");
    m->n_layers = m->config->n_layers;
    for (size_t i = 0; i < m->n_layers; i++) {
        const struct dsc_keras_unit *u = &l->parts->units[i];

        m->layers[i] = (struct dsc_keras_layer_info){ u->config->name, u->config->class_name,
                                                      u->has_shape, u->shape, u->parameters };
        m->parameters += u->parameters;
    }
    return DSC_OK;
}

static enum dsc_status load_into(struct dsc_keras_loader *l, const char *group)
{
    struct dsc_keras_model *m = l->m;
    enum dsc_status st = read_config(m, group);

    if (!st)
        st = read_version(m, group);
    if (!st)
        st = dsc_keras_weights_find(l, group);
    if (!st)
        st = make_units(l, m->config, &l->parts->units);
    if (!st)
        st = read_weights(l);
    if (!st)
        st = dsc_graph_new(&m->graph);
    if (!st)
        st = dsc_keras_lower(l);
    return st ? st : describe_layers(l);
}

/* Put the file in front of a sentence that does not begin with it: core/h5 names it already. */
static enum dsc_status name_file(const struct dsc_h5 *file, enum dsc_status st)
{
    const char *name = dsc_h5_name(file), *text = dsc_error_message();

    if (*text == '\'' && !strncmp(text + 1, name, strlen(name)))
        return st;
    return dsc_fail_context(st, "'%s'", name);
}

enum dsc_status dsc_keras_load_h5(struct dsc_keras_model **out, const struct dsc_h5 *file,
                                  const char *group, unsigned flags)
{
    struct dsc_keras_model *m = dsc_calloc(1, sizeof(*m));
    struct dsc_keras_parts *parts = dsc_calloc(1, sizeof(*parts));
    struct dsc_keras_loader l = { .m = m, .parts = parts, .flags = flags };
    enum dsc_status st;

    if (!m || !parts) {
        dsc_free(m);
        dsc_free(parts);
        return dsc_fail_nomem("a model");
    }
    m->file = file;
    m->parts = parts;
    st = load_into(&l, group);
    dsc_free(l.root);
    if (st) {
        dsc_keras_model_free(m);
        return name_file(file, st);
    }
    *out = m;
    return DSC_OK;
}

static enum dsc_status load_path(struct dsc_keras_model **out, const char *path, unsigned flags)
{
    struct dsc_keras_model *m = NULL;
    struct dsc_h5 *file = NULL;
    enum dsc_status st = dsc_h5_open(&file, path);

    if (!st)
        st = dsc_keras_load_h5(&m, file, "/", flags);
    if (st) {
        dsc_h5_close(file);
        return st;
    }
    m->parts->own_file = file;
    *out = m;
    return DSC_OK;
}

enum dsc_status dsc_keras_load(struct dsc_keras_model **out, const char *path)
{
    return load_path(out, path, 0);
}

enum dsc_status dsc_keras_inspect(struct dsc_keras_model **out, const char *path)
{
    return load_path(out, path, DSC_KERAS_COLLECT);
}

void dsc_keras_model_free(struct dsc_keras_model *m)
{
    struct dsc_keras_parts *p;

    if (!m)
        return;
    p = m->parts;
    dsc_graph_free(m->graph);
    free_units(p->units, m->config);
    dsc_keras_config_free(m->config);
    for (size_t i = 0; i < p->n_owned; i++)
        dsc_tensor_free(p->owned[i]);
    for (size_t i = 0; i < m->n_problems; i++)
        dsc_free(m->problems[i]);
    dsc_free(m->problems);
    dsc_free(m->keras_version);
    dsc_free(p->owned);
    dsc_arena_release(&p->arena);
    dsc_h5_close(p->own_file);
    dsc_free(p);
    dsc_free(m);
}

struct dsc_graph *dsc_keras_take_graph(struct dsc_keras_model *m)
{
    struct dsc_graph *g = m->graph;

    m->graph = NULL;
    return g;
}
