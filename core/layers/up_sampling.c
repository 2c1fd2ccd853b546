/* UpSampling2D, nearest and bilinear; UpSampling1D: each step n times. */
#include <stddef.h>

#include "core/layers/lower_util.h"

struct up_sampling {
    size_t size[2]; /* 1-D: the second is 1 */
    int bilinear;
};

static bool is_1d(const struct dsc_layer *l)
{
    return dsc_layer_is(l, "UpSampling1D");
}

static enum dsc_status config(struct dsc_layer *l, const json_t *json)
{
    static const char *const kinds[] = { "nearest", "bilinear", NULL };
    const struct dsc_config_field fields[] = {
        { DSC_SETTING("size", SIZES, up_sampling, size), .count = is_1d(l) ? 1 : 2 },
        { DSC_SETTING("interpolation", CHOICE, up_sampling, bilinear), .names = kinds },
        { .key = "data_format", .kind = DSC_CONFIG_FORMAT },
        { 0 },
    };

    *(struct up_sampling *)l->state = (struct up_sampling){ { 2, is_1d(l) ? 1 : 2 }, 0 };
    return dsc_config_read(l, json, fields);
}

static enum dsc_status lower(const struct dsc_layer *l, struct dsc_layer_call *call)
{
    const struct up_sampling *s = l->state;
    struct dsc_upsample2d attr = { s->size[0], s->size[1], s->bilinear == 1 };
    struct dsc_graph *g = call->graph;
    size_t rank = is_1d(l) ? 3 : 4;
    int x;
    enum dsc_status st = dsc_call_check(call, 1, 1, NULL);

    if (st)
        return st;
    x = call->in[0].value;
    st = dsc_lower_rank(g, x, rank, rank, is_1d(l) ? "[N, T, C]" : "[N, H, W, C]");
    if (!st && is_1d(l))
        st = dsc_lower_expand(g, x, 2, &x);
    if (!st)
        st = dsc_graph_add(g, &dsc_op_upsample2d, &attr, &x, 1, &x);
    if (!st && is_1d(l))
        st = dsc_lower_squeeze(g, x, 2, &x);
    if (!st)
        dsc_lower_done(call, x, -1);
    return st;
}

const struct dsc_layer_class dsc_layer_up_sampling = { sizeof(struct up_sampling), config, NULL,
                                                       lower, NULL };
