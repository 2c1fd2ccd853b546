/* Normalization with the mean and variance of its config, or adapted ones, which the file holds as
 * weights: mean, variance and a count. Keras 3 passes masks on. */
#include <math.h>
#include <stddef.h>

#include "core/base/alloc.h"
#include "core/layers/mask_util.h"

#define LEAST_DEVIATION 1e-7f /* Keras' epsilon */

struct normalization {
    float *mean, *variance; /* of the config, or NULL */
    size_t n_mean, n_variance;
    long axis;
    bool one_number; /* axis null: one mean for everything */
    bool invert;
};

static enum dsc_status read_moments(struct normalization *s, const json_t *json)
{
    const json_t *mean = json_object_get(json, "mean");
    const json_t *variance = json_object_get(json, "variance");
    bool has_mean = mean && !json_is_null(mean), has_variance = variance && !json_is_null(variance);
    enum dsc_status st;

    if (has_mean != has_variance)
        return dsc_fail(DSC_FORMAT, "it has one of 'mean' and 'variance', expected both");
    if (!has_mean)
        return DSC_OK;
    st = dsc_config_floats(mean, "mean", &s->mean, &s->n_mean);
    return st ? st : dsc_config_floats(variance, "variance", &s->variance, &s->n_variance);
}

static enum dsc_status config(struct dsc_layer *l, const json_t *json)
{
    static const struct dsc_config_field fields[] = {
        { .key = "axis", .kind = DSC_CONFIG_OTHER },
        { .key = "mean", .kind = DSC_CONFIG_OTHER },
        { .key = "variance", .kind = DSC_CONFIG_OTHER },
        { DSC_SETTING("invert", BOOL, normalization, invert) },
        { 0 },
    };
    struct normalization *s = l->state;
    const json_t *axis = json_object_get(json, "axis");
    enum dsc_status st = dsc_config_read(l, json, fields);

    s->axis = -1;
    s->one_number = json_is_null(axis) || (json_is_array(axis) && !json_array_size(axis));
    if (!st && axis && !s->one_number)
        st = dsc_config_axis(axis, "axis", &s->axis);
    return st ? st : read_moments(s, json);
}

static size_t n_weights(const struct dsc_layer *l)
{
    return ((const struct normalization *)l->state)->mean ? 0 : 3;
}

static void release(struct dsc_layer *l)
{
    struct normalization *s = l->state;

    dsc_free(s->mean);
    dsc_free(s->variance);
}

struct moments {
    const float *mean, *variance;
    size_t n_mean, n_variance;
};

static enum dsc_status find_moments(const struct dsc_layer *l, struct moments *m)
{
    const struct normalization *s = l->state;

    *m = (struct moments){ s->mean, s->variance, s->n_mean, s->n_variance };
    if (s->mean)
        return DSC_OK;
    if (l->n_weights != 3 || l->weights[0]->dtype != DSC_F32 || l->weights[1]->dtype != DSC_F32)
        return dsc_fail(DSC_FORMAT, "it has no mean and variance; adapt() was not called");
    m->mean = dsc_tensor_f32(l->weights[0]);
    m->variance = dsc_tensor_f32(l->weights[1]);
    m->n_mean = dsc_tensor_count(l->weights[0]);
    m->n_variance = dsc_tensor_count(l->weights[1]);
    return DSC_OK;
}

/* (x - mean) / deviation, or x deviation + mean, as x scale + shift. */
static enum dsc_status add_factors(struct dsc_graph *g, const struct normalization *s,
                                   const struct moments *m, size_t c, int in[2])
{
    float *scale, *shift;
    enum dsc_status st;

    if ((m->n_mean != 1 && m->n_mean != c) || (m->n_variance != 1 && m->n_variance != c))
        return dsc_fail(DSC_FORMAT, "it has %zu means and %zu variances for an axis of %zu",
                        m->n_mean, m->n_variance, c);
    scale = dsc_malloc(c, 2 * sizeof(*scale));
    if (!scale)
        return dsc_fail_nomem("a normalization");
    shift = scale + c;
    for (size_t i = 0; i < c; i++) {
        float mean = m->mean[m->n_mean == 1 ? 0 : i];
        float deviation = sqrtf(m->variance[m->n_variance == 1 ? 0 : i]);

        deviation = fmaxf(deviation, LEAST_DEVIATION);
        scale[i] = s->invert ? deviation : 1 / deviation;
        shift[i] = s->invert ? mean : -mean / deviation;
    }
    st = dsc_lower_floats(g, scale, c, &in[0]);
    if (!st)
        st = dsc_lower_floats(g, shift, c, &in[1]);
    dsc_free(scale);
    return st;
}

static enum dsc_status lower(const struct dsc_layer *l, struct dsc_layer_call *call)
{
    const struct normalization *s = l->state;
    struct dsc_graph *g = call->graph;
    struct dsc_affine attr = { 0 };
    struct dsc_shape shape;
    struct moments m;
    int in[3], y;
    enum dsc_status st = dsc_call_check(call, 1, 1, NULL);

    if (!st)
        st = dsc_lower_cast(g, call->in[0].value, DSC_F32, &in[0]);
    if (!st)
        st = find_moments(l, &m);
    if (st)
        return st;
    shape = dsc_graph_shape(g, in[0]);
    st = dsc_lower_axis(s->one_number ? -1 : s->axis, shape.rank, &attr.axis);
    if (!st && shape.dim[attr.axis] == DSC_DIM_FREE)
        st = dsc_fail(DSC_UNSUPPORTED, "the axis that it normalizes must be known");
    if (!st)
        st = add_factors(g, s, &m, shape.dim[attr.axis], &in[1]);
    if (!st)
        st = dsc_graph_add(g, &dsc_op_affine, &attr, in, 3, &y);
    if (!st)
        dsc_lower_done(call, y, l->version.major >= 3 ? call->in[0].mask : -1);
    return st;
}

const struct dsc_layer_class dsc_layer_normalization = { sizeof(struct normalization), config,
                                                         n_weights, lower, release };
