#include "core/graph/rewrite.h"

static const struct {
    const struct dsc_op *op;
    size_t act;        /* where its attributes hold the activation */
    bool has_residual; /* in[3] is added before the activation */
} fusers[] = {
    { &dsc_op_conv2d, offsetof(struct dsc_conv2d, act), true },
    { &dsc_op_dense, offsetof(struct dsc_dense, act), true },
    { &dsc_op_depthwise, offsetof(struct dsc_depthwise, act), false },
    { &dsc_op_conv2d_transpose, offsetof(struct dsc_conv2d_transpose, act), false },
    { &dsc_op_affine, offsetof(struct dsc_affine, act), false },
    { &dsc_op_binary, offsetof(struct dsc_binary, act), false },
};

static struct dsc_act *act_of(const struct dsc_node *n, size_t fuser)
{
    return (void *)((char *)n->attr + fusers[fuser].act);
}

/* The node that writes `value`, when it could still apply something to it. */
static struct dsc_node *open_producer(struct dsc_graph *g, int value, size_t fuser)
{
    struct dsc_node *p = dsc_graph_sole_producer(g, value, fusers[fuser].op);

    return p && act_of(p, fuser)->kind == DSC_ACT_NONE ? p : NULL;
}

static void fuse_act(struct dsc_graph *g, struct dsc_node *n)
{
    if (g->values[n->in[0]].type.dtype != DSC_F32)
        return;
    for (size_t f = 0; f < DSC_COUNT(fusers); f++) {
        struct dsc_node *p = open_producer(g, n->in[0], f);

        if (!p)
            continue;
        *act_of(p, f) = ((const struct dsc_unary *)n->attr)->act;
        dsc_graph_bypass(g, n, p->out[0]);
        return;
    }
}

/* The sum becomes the product with a residual: it runs where the sum ran, so
 * both sides are ready by then. */
static enum dsc_status absorb_sum(struct dsc_graph *g, struct dsc_node *sum, struct dsc_node *p,
                                  size_t fuser, int residual)
{
    int *in = dsc_arena_alloc(&g->arena, 4, sizeof(int));
    struct dsc_act act = ((const struct dsc_binary *)sum->attr)->act;

    if (!in)
        return dsc_fail_nomem("a graph");
    in[0] = p->in[0];
    in[1] = p->in[1];
    in[2] = p->n_in > 2 ? p->in[2] : -1;
    in[3] = residual;
    sum->op = p->op;
    sum->label = p->label;
    sum->attr = p->attr;
    sum->in = in;
    sum->n_in = 4;
    p->n_in = 0;
    *act_of(sum, fuser) = act;
    return DSC_OK;
}

/* Free lengths count as equal. Should a run show that they are not, the fused op refuses what
 * the sum would have broadcast, which no layer of Keras asks for. */
static bool is_plain_sum(const struct dsc_graph *g, const struct dsc_node *n)
{
    return n->op == &dsc_op_binary && ((const struct dsc_binary *)n->attr)->kind == DSC_ADD &&
           n->n_in == 2 && n->in[1] >= 0 &&
           dsc_shape_equal(dsc_graph_shape(g, n->in[0]), dsc_graph_shape(g, n->in[1]));
}

static enum dsc_status fuse_sum(struct dsc_graph *g, struct dsc_node *sum)
{
    for (size_t f = 0; f < DSC_COUNT(fusers); f++) {
        for (int side = 0; fusers[f].has_residual && side < 2; side++) {
            struct dsc_node *p = open_producer(g, sum->in[side], f);

            if (p && (p->n_in < 4 || p->in[3] < 0))
                return absorb_sum(g, sum, p, f, sum->in[!side]);
        }
    }
    return DSC_OK;
}

enum dsc_status dsc_rewrite_fuse(struct dsc_graph *g)
{
    for (size_t i = 0; i < g->n_nodes; i++) {
        struct dsc_node *n = &g->nodes[i];
        enum dsc_status st = DSC_OK;

        if (n->op == &dsc_op_unary)
            fuse_act(g, n);
        else if (is_plain_sum(g, n))
            st = fuse_sum(g, n);
        if (st)
            return st;
    }
    return DSC_OK;
}
