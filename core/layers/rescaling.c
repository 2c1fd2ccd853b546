/* Rescaling: x scale + offset, numbers or one for each channel. Keras 3 passes masks on. */
#include <stddef.h>

#include "core/base/alloc.h"
#include "core/layers/mask_util.h"

struct rescaling {
    float *scale, *offset;
    size_t n_scale, n_offset;
};

static enum dsc_status config(struct dsc_layer *l, const json_t *json)
{
    static const struct dsc_config_field fields[] = {
        { .key = "scale", .kind = DSC_CONFIG_OTHER, .required = true },
        { .key = "offset", .kind = DSC_CONFIG_OTHER },
        { 0 },
    };
    const json_t *offset = json_object_get(json, "offset");
    struct rescaling *s = l->state;
    enum dsc_status st = dsc_config_read(l, json, fields);

    if (!st)
        st = dsc_config_floats(json_object_get(json, "scale"), "scale", &s->scale, &s->n_scale);
    if (!st && offset && !json_is_null(offset))
        st = dsc_config_floats(offset, "offset", &s->offset, &s->n_offset);
    return st;
}

static void release(struct dsc_layer *l)
{
    struct rescaling *s = l->state;

    dsc_free(s->scale);
    dsc_free(s->offset);
}

/* One number for each of c channels. */
static enum dsc_status per_channel(struct dsc_graph *g, const float *numbers, size_t n, size_t c,
                                   int *value)
{
    enum dsc_status st;
    float *all;

    if (n != 1 && n != c)
        return dsc_fail(DSC_FORMAT, "it has %zu numbers for %zu channels", n, c);
    all = dsc_malloc(c, sizeof(*all));
    if (!all)
        return dsc_fail_nomem("a rescaling");
    for (size_t i = 0; i < c; i++)
        all[i] = numbers[n == 1 ? 0 : i];
    st = dsc_lower_floats(g, all, c, value);
    dsc_free(all);
    return st;
}

static enum dsc_status lower(const struct dsc_layer *l, struct dsc_layer_call *call)
{
    const struct rescaling *s = l->state;
    struct dsc_graph *g = call->graph;
    static const float zero = 0;
    struct dsc_affine attr = { 0 };
    int in[3], y;
    size_t c;
    enum dsc_status st = dsc_call_check(call, 1, 1, NULL);

    if (!st)
        st = dsc_lower_cast(g, call->in[0].value, DSC_F32, &in[0]);
    if (!st)
        st = dsc_lower_last(g, in[0], &c);
    if (st)
        return st;
    attr.axis = dsc_graph_shape(g, in[0]).rank - 1;
    st = per_channel(g, s->scale, s->n_scale, c, &in[1]);
    if (!st)
        st = per_channel(g, s->offset ? s->offset : &zero, s->offset ? s->n_offset : 1, c, &in[2]);
    if (!st)
        st = dsc_graph_add(g, &dsc_op_affine, &attr, in, 3, &y);
    if (!st)
        dsc_lower_done(call, y, l->version.major >= 3 ? call->in[0].mask : -1);
    return st;
}

const struct dsc_layer_class dsc_layer_rescaling = { sizeof(struct rescaling), config, NULL, lower,
                                                     release };
