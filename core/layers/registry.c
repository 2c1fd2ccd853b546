#include <string.h>

#include "core/base/alloc.h"
#include "core/layers/config_util.h"

static const struct {
    const char *name;
    const struct dsc_layer_class *cls;
} classes[] = {
#define DSC_LAYER(keras, c_name) { #keras, &dsc_layer_##c_name },
#include "core/layers/layers.def"
#undef DSC_LAYER
};

const struct dsc_layer_class *dsc_layer_class_find(const char *keras_name)
{
    const char *mark = strrchr(keras_name, '>');

    keras_name = mark ? mark + 1 : keras_name;
    for (size_t i = 0; i < DSC_COUNT(classes); i++)
        if (!strcmp(classes[i].name, keras_name))
            return classes[i].cls;
    return NULL;
}

const char *dsc_layer_class_name(size_t i)
{
    return i < DSC_COUNT(classes) ? classes[i].name : NULL;
}

static enum dsc_status context(enum dsc_status st, const char *class_name, const char *name)
{
    return st ? dsc_fail_context(st, "layer '%s' (%s)", name, class_name) : DSC_OK;
}

static enum dsc_status read_config(struct dsc_layer *l, const json_t *config)
{
    static const struct dsc_config_field none[] = { { 0 } };

    if (!json_is_object(config))
        return dsc_fail(DSC_FORMAT, "its config is not an object");
    return l->cls->config ? l->cls->config(l, config) : dsc_config_read(l, config, none);
}

enum dsc_status dsc_layer_new(struct dsc_layer **out, const char *class_name, const char *name,
                              const json_t *config, struct dsc_keras_version version)
{
    const struct dsc_layer_class *cls = dsc_layer_class_find(class_name);
    struct dsc_layer *l;
    enum dsc_status st;

    if (!cls)
        return dsc_fail(DSC_UNSUPPORTED,
                        "layer '%s' is of class '%s', which is not supported; custom layers and "
                        "Lambda functions cannot be run without Python",
                        name, class_name);
    l = dsc_calloc(1, sizeof(*l));
    if (!l)
        return dsc_fail_nomem("a layer");
    l->cls = cls;
    l->version = version;
    l->class_name = dsc_strdup(class_name);
    l->name = dsc_strdup(name);
    l->state = dsc_calloc(1, cls->state_bytes);
    if (!l->class_name || !l->name || !l->state) {
        st = dsc_fail_nomem("a layer");
        goto out;
    }
    st = context(read_config(l, config), class_name, name);
    if (!st) {
        *out = l;
        l = NULL;
    }
out:
    dsc_layer_free(l);
    return st;
}

void dsc_layer_free(struct dsc_layer *l)
{
    if (!l)
        return;
    if (l->cls->release && l->state)
        l->cls->release(l);
    dsc_free(l->state);
    dsc_free((char *)l->class_name);
    dsc_free((char *)l->name);
    dsc_free(l);
}

size_t dsc_layer_n_weights(const struct dsc_layer *l)
{
    return l->cls->n_weights ? l->cls->n_weights(l) : 0;
}

enum dsc_status dsc_layer_set_weights(struct dsc_layer *l, const struct dsc_tensor *const *weights,
                                      size_t n)
{
    size_t expected = dsc_layer_n_weights(l);

    if (n != expected)
        return context(
            dsc_fail(DSC_FORMAT, "the file holds %zu weight arrays, expected %zu", n, expected),
            l->class_name, l->name);
    l->weights = weights;
    l->n_weights = n;
    return DSC_OK;
}

enum dsc_status dsc_layer_lower(const struct dsc_layer *l, struct dsc_layer_call *call)
{
    enum dsc_status st = dsc_graph_set_label(call->graph, l->name);

    call->n_out = 0;
    call->drops_masks = false;
    for (size_t i = 0; i < DSC_LAYER_MAX_OUT; i++)
        call->out[i] = (struct dsc_layer_tensor){ -1, -1 };
    if (!st && l->n_weights != dsc_layer_n_weights(l))
        st = dsc_fail(DSC_INVALID, "it was given no weights");
    return context(st ? st : l->cls->lower(l, call), l->class_name, l->name);
}
