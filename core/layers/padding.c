/* ZeroPadding and Cropping, 1-D and 2-D: so many elements more or less at each end. */
#include <stddef.h>

#include "core/layers/lower_util.h"

struct padding {
    bool is_1d, crop;
    size_t before[2], after[2];
};

/* p, [before, after]; *out is left alone unless it succeeds. */
static enum dsc_status read_ends(const json_t *v, const char *key, size_t *before, size_t *after)
{
    long b, a;
    enum dsc_status st;

    if (json_is_array(v) && json_array_size(v) != 2)
        return dsc_fail(DSC_FORMAT, "setting '%s' has a list of %zu numbers, expected 2", key,
                        json_array_size(v));
    st = dsc_config_int(json_is_array(v) ? json_array_get(v, 0) : v, key, 0, &b);
    if (!st)
        st = dsc_config_int(json_is_array(v) ? json_array_get(v, 1) : v, key, 0, &a);
    if (st)
        return st;
    *before = (size_t)b;
    *after = (size_t)a;
    return DSC_OK;
}

/* 2-D: p, [vertical, horizontal] or [[top, bottom], [left, right]]. */
static enum dsc_status read_2d(struct padding *s, const json_t *v, const char *key)
{
    enum dsc_status st = DSC_OK;

    if (json_is_array(v) && json_array_size(v) != 2)
        return dsc_fail(DSC_FORMAT, "setting '%s' has %zu parts, expected 2", key,
                        json_array_size(v));
    for (size_t i = 0; i < 2 && !st; i++)
        st = read_ends(json_is_array(v) ? json_array_get(v, i) : v, key, &s->before[i],
                       &s->after[i]);
    return st;
}

static enum dsc_status config(struct dsc_layer *l, const json_t *json)
{
    struct padding *s = l->state;
    bool crop = dsc_layer_is(l, "Cropping1D") || dsc_layer_is(l, "Cropping2D");
    const char *key = crop ? "cropping" : "padding";
    const struct dsc_config_field fields[] = {
        { .key = key, .kind = DSC_CONFIG_OTHER, .required = true },
        { .key = "data_format", .kind = DSC_CONFIG_FORMAT },
        { 0 },
    };
    const json_t *v = json_object_get(json, key);
    enum dsc_status st = dsc_config_read(l, json, fields);

    s->crop = crop;
    s->is_1d = dsc_layer_is(l, "Cropping1D") || dsc_layer_is(l, "ZeroPadding1D");
    if (st)
        return st;
    return s->is_1d ? read_ends(v, key, &s->before[0], &s->after[0]) : read_2d(s, v, key);
}

static enum dsc_status lower(const struct dsc_layer *l, struct dsc_layer_call *call)
{
    const struct padding *s = l->state;
    struct dsc_graph *g = call->graph;
    size_t axes = s->is_1d ? 1 : 2;
    struct dsc_slice slice = { .rank = axes + 1, .size = { DSC_DIM_FREE } };
    struct dsc_pad pad = { .value = 0 };
    int y;
    enum dsc_status st = dsc_call_check(call, 1, 1, NULL);

    if (st)
        return st;
    st = dsc_lower_rank(g, call->in[0].value, axes + 2, axes + 2,
                        s->is_1d ? "[N, T, C]" : "[N, H, W, C]");
    if (st)
        return st;
    for (size_t i = 0; i < axes; i++) {
        pad.before[i + 1] = slice.begin[i + 1] = s->before[i];
        pad.after[i + 1] = slice.drop_end[i + 1] = s->after[i];
        slice.size[i + 1] = DSC_DIM_FREE;
    }
    if (s->crop)
        st = dsc_graph_add(g, &dsc_op_slice, &slice, &call->in[0].value, 1, &y);
    else
        st = dsc_graph_add(g, &dsc_op_pad, &pad, &call->in[0].value, 1, &y);
    if (!st)
        dsc_lower_done(call, y, -1);
    return st;
}

const struct dsc_layer_class dsc_layer_padding = { sizeof(struct padding), config, NULL, lower,
                                                   NULL };
