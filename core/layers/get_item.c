/* GetItem, a Keras 3 op node: x[:, -1, 2:5]. Slices of step 1, numbers and one ellipsis. */
#include <string.h>

#include "core/layers/lower_util.h"

struct plan {
    struct dsc_slice slice;
    unsigned dropped; /* bit mask of the axes that a number took away */
};

static bool is_object(const json_t *v, const char *class_name)
{
    const char *text = json_string_value(json_object_get(v, "class_name"));

    return text && !strcmp(text, class_name);
}

/* An end of a slice; *given is false for null. */
static enum dsc_status read_end(const json_t *v, bool *given, long *out)
{
    *given = v && !json_is_null(v);
    *out = 0;
    return *given ? dsc_config_int(v, "slice", -(1L << 30), out) : DSC_OK;
}

/* start and stop of an axis, from the front or the end, as begin and size or drop_end. */
static enum dsc_status place(struct plan *p, size_t axis, size_t len, const json_t *config)
{
    bool has_start, has_stop, has_step;
    long start, stop, step;
    enum dsc_status st = read_end(json_object_get(config, "start"), &has_start, &start);

    if (!st)
        st = read_end(json_object_get(config, "stop"), &has_stop, &stop);
    if (!st)
        st = read_end(json_object_get(config, "step"), &has_step, &step);
    if (st)
        return st;
    if (has_step && step != 1)
        return dsc_fail(DSC_UNSUPPORTED, "a slice of step %ld, only 1 can be done", step);
    if (start < 0 && len == DSC_DIM_FREE)
        return dsc_fail(DSC_UNSUPPORTED,
                        "a slice that begins %ld before the end of an axis that "
                        "is not known",
                        -start);
    if (start < 0)
        start = DSC_MAX(start + (long)len, 0);
    p->slice.begin[axis] = (size_t)start;
    p->slice.size[axis] = DSC_DIM_FREE;
    if (!has_stop)
        return DSC_OK;
    if (stop < 0) {
        p->slice.drop_end[axis] = (size_t)-stop;
        return DSC_OK;
    }
    if (len != DSC_DIM_FREE)
        stop = DSC_MIN(stop, (long)len);
    if (stop <= start)
        return dsc_fail(DSC_UNSUPPORTED, "a slice from %ld to %ld is empty", start, stop);
    p->slice.size[axis] = (size_t)(stop - start);
    return DSC_OK;
}

static enum dsc_status add_key(struct plan *p, size_t axis, size_t len, const json_t *key)
{
    long index;
    enum dsc_status st;

    if (is_object(key, "__slice__"))
        return place(p, axis, len, json_object_get(key, "config"));
    if (!json_is_integer(key))
        return dsc_fail(DSC_UNSUPPORTED, "an index that is neither a number nor a slice");
    st = dsc_config_int(key, "index", -(1L << 30), &index);
    if (st)
        return st;
    if (index < 0 && len == DSC_DIM_FREE)
        return dsc_fail(DSC_UNSUPPORTED, "an index from the end of an axis that is not known");
    if (index < 0)
        index += (long)len;
    if (index < 0 || (len != DSC_DIM_FREE && (size_t)index >= len))
        return dsc_fail(DSC_FORMAT, "an index outside an axis of %zu", len);
    p->slice.begin[axis] = (size_t)index;
    p->slice.size[axis] = 1;
    p->dropped |= 1u << axis;
    return DSC_OK;
}

/* Lay the keys over the axes of x. */
static enum dsc_status read_keys(struct plan *p, struct dsc_shape s, const json_t *keys)
{
    size_t n = json_is_array(keys) ? json_array_size(keys) : 1, axis = 0, skip = 0;
    enum dsc_status st = DSC_OK;

    for (size_t i = 0; i < n; i++)
        skip += is_object(json_is_array(keys) ? json_array_get(keys, i) : keys, "__ellipsis__");
    if (n - skip > s.rank || skip > 1)
        return dsc_fail(DSC_FORMAT, "%zu indexes into %zu axes", n, s.rank);
    for (size_t i = 0; i < n && !st; i++) {
        const json_t *key = json_is_array(keys) ? json_array_get(keys, i) : keys;

        if (is_object(key, "__ellipsis__")) {
            axis += s.rank - (n - 1);
        } else {
            st = add_key(p, axis, s.dim[axis], key);
            axis++;
        }
    }
    return st;
}

static enum dsc_status lower(const struct dsc_layer *l, struct dsc_layer_call *call)
{
    struct dsc_graph *g = call->graph;
    struct dsc_shape s;
    struct plan p = { 0 };
    int y;
    enum dsc_status st;

    (void)l;
    if (call->n_in != 1 || call->n_args != 2 || call->args[1].n_tensors || !call->args[1].literal)
        return dsc_fail(DSC_UNSUPPORTED, "its index is a tensor or is missing");
    s = dsc_graph_shape(g, call->in[0].value);
    p.slice.rank = s.rank;
    for (size_t i = 0; i < s.rank; i++)
        p.slice.size[i] = DSC_DIM_FREE;
    st = read_keys(&p, s, call->args[1].literal);
    if (!st)
        st = dsc_graph_add(g, &dsc_op_slice, &p.slice, &call->in[0].value, 1, &y);
    for (size_t i = s.rank; i-- > 0 && !st;)
        if (p.dropped & 1u << i)
            st = dsc_lower_squeeze(g, y, i, &y);
    if (!st)
        dsc_lower_done(call, y, -1);
    return st;
}

const struct dsc_layer_class dsc_layer_get_item = { 0, NULL, NULL, lower, NULL };
