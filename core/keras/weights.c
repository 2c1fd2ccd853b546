#include <string.h>

#include "core/base/alloc.h"
#include "core/base/strbuf.h"
#include "core/keras/load_internal.h"

static enum dsc_status join(char **out, const char *a, const char *b)
{
    struct dsc_strbuf s = DSC_STRBUF_INIT;
    enum dsc_status st = dsc_strbuf_printf(&s, "%s%s%s", a, !strcmp(a, "/") ? "" : "/", b);

    if (!st)
        *out = dsc_strbuf_detach(&s);
    dsc_strbuf_release(&s);
    return st;
}

enum dsc_status dsc_keras_weights_find(struct dsc_keras_loader *l, const char *group)
{
    const struct dsc_h5 *file = l->m->file;
    enum dsc_h5_kind kind;
    enum dsc_status st = join(&l->root, group, "model_weights");

    if (!st)
        st = dsc_h5_find(file, l->root, &kind);
    if (st)
        return st;
    if (kind == DSC_H5_GROUP)
        return DSC_OK;
    return dsc_fail(DSC_FORMAT, "'%s' holds an architecture but no weights (group '%s')",
                    dsc_h5_name(file), l->root);
}

/* A tensor of which the struct lives in the arena and the data in the file or in `owned`. */
static enum dsc_status read_tensor(struct dsc_keras_loader *l, const char *path,
                                   struct dsc_tensor **out)
{
    struct dsc_keras_parts *parts = l->parts;
    struct dsc_tensor *t = NULL;
    struct dsc_shape shape;
    struct dsc_h5_array a;
    enum dsc_status st = dsc_h5_array(l->m->file, path, &a);

    if (st)
        return st;
    shape.rank = a.rank;
    memcpy(shape.dim, a.dim, sizeof(a.dim));
    if (a.mapped) {
        t = dsc_arena_alloc(&parts->arena, 1, sizeof(*t));
        if (!t)
            return dsc_fail_nomem("weights");
        *t = (struct dsc_tensor){ DSC_F32, shape, (void *)(uintptr_t)a.mapped };
        *out = t;
        return DSC_OK;
    }
    if (dsc_grow(&parts->owned, &parts->cap_owned, parts->n_owned + 1, sizeof(*parts->owned)))
        return dsc_fail_nomem("weights");
    st = dsc_tensor_new(&t, DSC_F32, shape);
    if (st)
        return st;
    parts->owned[parts->n_owned++] = t;
    *out = t;
    return dsc_h5_read(l->m->file, path, DSC_H5_F32, 0, SIZE_MAX, t->data);
}

/* True when one of the names between the slashes of `path`, the last one left out, is `name`
 * (which may itself hold slashes). */
static bool passes_through(const char *path, const char *name)
{
    size_t len = strlen(name);

    for (const char *p = path; (p = strstr(p, name)); p++)
        if ((p == path || p[-1] == '/') && p[len] == '/')
            return true;
    return false;
}

static enum dsc_status read_named(struct dsc_keras_loader *l, struct dsc_keras_unit *u,
                                  const char *group, const char *weight)
{
    enum dsc_status st;
    char *path;

    st = join(&path, group, weight);
    if (st)
        return st;
    st = read_tensor(l, path, &u->weights[u->n_weights]);
    dsc_free(path);
    if (!st)
        u->parameters += dsc_tensor_count(u->weights[u->n_weights++]);
    return st;
}

/* Weights of `u` among those of its top layer: all of them, or for a layer within a model those
 * whose path goes through it. */
static enum dsc_status read_unit(struct dsc_keras_loader *l, struct dsc_keras_unit *u,
                                 const char *group, const struct dsc_h5_texts *names, bool is_top)
{
    enum dsc_status st = DSC_OK;

    if (u->config->model) {
        for (size_t i = 0; i < u->config->model->n_layers && !st; i++) {
            st = read_unit(l, &u->within[i], group, names, false);
            u->parameters += u->within[i].parameters;
        }
        return st;
    }
    u->weights = dsc_arena_alloc(&l->parts->arena, names->n, sizeof(*u->weights));
    if (!u->weights)
        return dsc_fail_nomem("weights");
    for (size_t i = 0; i < names->n && !st; i++)
        if (is_top || passes_through(names->text[i], u->config->name))
            st = read_named(l, u, group, names->text[i]);
    if (st || !u->layer)
        return st;
    return dsc_layer_set_weights(u->layer, (const struct dsc_tensor *const *)u->weights,
                                 u->n_weights);
}

enum dsc_status dsc_keras_weights_read(struct dsc_keras_loader *l, struct dsc_keras_unit *u)
{
    struct dsc_h5_texts names = { 0 };
    enum dsc_h5_kind kind = DSC_H5_NONE;
    enum dsc_status st;
    char *group;

    st = join(&group, l->root, u->config->name);
    if (st)
        return st;
    st = dsc_h5_find(l->m->file, group, &kind);
    if (!st && kind == DSC_H5_GROUP)
        st = dsc_h5_attr_texts(l->m->file, group, "weight_names", &names);
    if (!st)
        st = read_unit(l, u, group, &names, true);
    dsc_free(group);
    dsc_h5_texts_release(&names);
    return st;
}
