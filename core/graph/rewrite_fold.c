#include <math.h>
#include <string.h>

#include "core/graph/rewrite.h"

/* scale = gamma / sqrt(var + epsilon), shift = beta - mean scale, C numbers each. */
struct moments {
    struct dsc_tensor *scale, *shift;
};

static const float *constant(const struct dsc_graph *g, int value)
{
    return value < 0 ? NULL : g->values[value].type.data;
}

/* Is gamma, beta, mean and var known now, or left out? */
static bool is_constant_norm(const struct dsc_graph *g, const struct dsc_node *n)
{
    for (size_t i = 1; i < 5; i++)
        if (n->in[i] >= 0 && !constant(g, n->in[i]))
            return false;
    return true;
}

static enum dsc_status compute_moments(const struct dsc_graph *g, const struct dsc_node *n,
                                       struct moments *m)
{
    const struct dsc_batch_norm *attr = n->attr;
    const float *gamma = constant(g, n->in[1]), *beta = constant(g, n->in[2]);
    const float *mean = constant(g, n->in[3]), *var = constant(g, n->in[4]);
    struct dsc_shape shape = dsc_graph_shape(g, n->in[3]);
    enum dsc_status st = dsc_tensor_new(&m->scale, DSC_F32, shape);

    if (!st)
        st = dsc_tensor_new(&m->shift, DSC_F32, shape);
    if (st)
        return st;
    for (size_t c = 0; c < shape.dim[0]; c++) {
        double scale =
            (gamma ? (double)gamma[c] : 1.0) / sqrt((double)var[c] + (double)attr->epsilon);

        dsc_tensor_f32(m->scale)[c] = (float)scale;
        dsc_tensor_f32(m->shift)[c] =
            (float)((beta ? (double)beta[c] : 0.0) - (double)mean[c] * scale);
    }
    return DSC_OK;
}

/* A convolution or product whose weights end in the output channels, whose result
 * only this norm reads, and that applies nothing after its bias. */
static struct dsc_node *foldable_producer(struct dsc_graph *g, const struct dsc_node *norm)
{
    static const struct {
        const struct dsc_op *op;
        size_t act;
    } kinds[] = {
        { &dsc_op_conv2d, offsetof(struct dsc_conv2d, act) },
        { &dsc_op_depthwise, offsetof(struct dsc_depthwise, act) },
        { &dsc_op_dense, offsetof(struct dsc_dense, act) },
    };
    size_t last = dsc_graph_shape(g, norm->in[0]).rank - 1;

    if (((const struct dsc_batch_norm *)norm->attr)->axis != last)
        return NULL;
    for (size_t i = 0; i < DSC_COUNT(kinds); i++) {
        struct dsc_node *p = dsc_graph_sole_producer(g, norm->in[0], kinds[i].op);
        const struct dsc_act *act = p ? (void *)((char *)p->attr + kinds[i].act) : NULL;

        if (p && act->kind == DSC_ACT_NONE && constant(g, p->in[1]) &&
            (p->n_in < 3 || p->in[2] < 0 || constant(g, p->in[2])) && (p->n_in < 4 || p->in[3] < 0))
            return p;
    }
    return NULL;
}

static enum dsc_status scale_weights(struct dsc_graph *g, int w, const struct moments *m,
                                     int *scaled)
{
    const struct dsc_tensor *old = dsc_graph_type(g, w);
    size_t n = dsc_tensor_count(old), channels = dsc_tensor_count(m->scale);
    const float *scale = dsc_tensor_f32(m->scale), *from = dsc_tensor_f32(old);
    struct dsc_tensor *t;
    enum dsc_status st = dsc_tensor_new(&t, DSC_F32, old->shape);

    if (st)
        return st;
    for (size_t i = 0; i < n; i += channels)
        for (size_t c = 0; c < channels; c++)
            dsc_tensor_f32(t)[i + c] = from[i + c] * scale[c];
    return dsc_graph_take_const(g, t, scaled);
}

/* shift += bias scale: what the folded op adds. */
static void add_bias(struct dsc_tensor *shift, const float *bias, const struct dsc_tensor *scale)
{
    for (size_t c = 0; bias && c < dsc_tensor_count(shift); c++)
        dsc_tensor_f32(shift)[c] += bias[c] * dsc_tensor_f32(scale)[c];
}

static enum dsc_status give_bias(struct dsc_graph *g, struct dsc_node *p, int bias)
{
    if (p->n_in < 3) {
        int *in = dsc_arena_alloc(&g->arena, 3, sizeof(int));

        if (!in)
            return dsc_fail_nomem("a graph");
        memcpy(in, p->in, 2 * sizeof(int));
        p->in = in;
        p->n_in = 3;
    }
    p->in[2] = bias;
    return DSC_OK;
}

static enum dsc_status fold_into(struct dsc_graph *g, struct dsc_node *p, struct dsc_node *norm,
                                 struct moments *m)
{
    const float *bias = p->n_in > 2 ? constant(g, p->in[2]) : NULL;
    int w, b;
    enum dsc_status st = scale_weights(g, p->in[1], m, &w);

    if (st)
        return st;
    add_bias(m->shift, bias, m->scale);
    st = dsc_graph_take_const(g, m->shift, &b);
    m->shift = NULL;
    if (!st)
        st = give_bias(g, p, b);
    if (st)
        return st;
    p->in[1] = w;
    dsc_graph_bypass(g, norm, p->out[0]);
    return DSC_OK;
}

static enum dsc_status turn_into_affine(struct dsc_graph *g, struct dsc_node *n, struct moments *m)
{
    struct dsc_affine *attr = dsc_arena_alloc(&g->arena, 1, sizeof(*attr));
    int scale, shift;
    enum dsc_status st;

    if (!attr)
        return dsc_fail_nomem("a graph");
    attr->axis = ((const struct dsc_batch_norm *)n->attr)->axis;
    st = dsc_graph_take_const(g, m->scale, &scale);
    m->scale = NULL;
    if (st)
        return st;
    st = dsc_graph_take_const(g, m->shift, &shift);
    m->shift = NULL;
    if (st)
        return st;
    n->op = &dsc_op_affine;
    n->attr = attr;
    n->in[1] = scale;
    n->in[2] = shift;
    n->n_in = 3;
    return DSC_OK;
}

static enum dsc_status fold_norm(struct dsc_graph *g, struct dsc_node *n)
{
    struct moments m = { NULL, NULL };
    struct dsc_node *p = foldable_producer(g, n);
    enum dsc_status st = compute_moments(g, n, &m);

    if (!st)
        st = p ? fold_into(g, p, n, &m) : turn_into_affine(g, n, &m);
    dsc_tensor_free(m.scale);
    dsc_tensor_free(m.shift);
    return st;
}

static struct dsc_window *window_of(const struct dsc_node *n)
{
    if (n->op == &dsc_op_conv2d)
        return &((struct dsc_conv2d *)n->attr)->window;
    if (n->op == &dsc_op_depthwise)
        return &((struct dsc_depthwise *)n->attr)->window;
    return NULL;
}

static bool pads_only_pixels(const struct dsc_pad *p)
{
    return p->value == 0 && !p->before[0] && !p->after[0] && !p->before[3] && !p->after[3];
}

/* Zero padding before a convolution is the convolution's own explicit padding. */
static void fold_pad(struct dsc_graph *g, struct dsc_node *n)
{
    struct dsc_window *w = window_of(n);
    int from = w ? g->values[n->in[0]].node : -1;
    const struct dsc_node *pad = from < 0 ? NULL : &g->nodes[from];
    const struct dsc_pad *p;

    if (!pad || pad->op != &dsc_op_pad || w->padding == DSC_PAD_SAME)
        return;
    p = pad->attr;
    if (!pads_only_pixels(p))
        return;
    if (w->padding == DSC_PAD_VALID)
        w->top = w->bottom = w->left = w->right = 0;
    w->padding = DSC_PAD_EXPLICIT;
    w->top += p->before[1];
    w->bottom += p->after[1];
    w->left += p->before[2];
    w->right += p->after[2];
    n->in[0] = pad->in[0];
}

enum dsc_status dsc_rewrite_fold(struct dsc_graph *g)
{
    for (size_t i = 0; i < g->n_nodes; i++) {
        struct dsc_node *n = &g->nodes[i];
        enum dsc_status st = DSC_OK;

        fold_pad(g, n);
        if (n->op == &dsc_op_batch_norm && is_constant_norm(g, n))
            st = fold_norm(g, n);
        if (st)
            return st;
    }
    return DSC_OK;
}
