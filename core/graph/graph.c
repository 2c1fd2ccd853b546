#include "core/graph/graph.h"

#include <string.h>

#include "core/base/alloc.h"

enum dsc_status dsc_graph_new(struct dsc_graph **out)
{
    struct dsc_graph *g = dsc_calloc(1, sizeof(*g));

    if (!g)
        return dsc_fail_nomem("a graph");
    *out = g;
    return DSC_OK;
}

void dsc_graph_free(struct dsc_graph *g)
{
    if (!g)
        return;
    for (size_t i = 0; i < g->n_owned; i++)
        dsc_tensor_free(g->owned[i]);
    dsc_free(g->owned);
    dsc_free(g->values);
    dsc_free(g->nodes);
    dsc_free(g->inputs);
    dsc_free(g->outputs);
    dsc_arena_release(&g->arena);
    dsc_free(g);
}

static enum dsc_status add_value(struct dsc_graph *g, const struct dsc_tensor *type, int node,
                                 int *value)
{
    if (dsc_grow(&g->values, &g->cap_values, g->n_values + 1, sizeof(*g->values)))
        return dsc_fail_nomem("a graph");
    g->values[g->n_values] = (struct dsc_value){ .type = *type, .node = node };
    *value = (int)g->n_values++;
    return DSC_OK;
}

static enum dsc_status add_port(struct dsc_graph *g, struct dsc_port **ports, size_t *n,
                                size_t *cap, struct dsc_port port)
{
    char *name = dsc_arena_strdup(&g->arena, port.name);

    if (!name || dsc_grow(ports, cap, *n + 1, sizeof(**ports)))
        return dsc_fail_nomem("a graph");
    (*ports)[(*n)++] = (struct dsc_port){ name, port.value };
    return DSC_OK;
}

enum dsc_status dsc_graph_add_input(struct dsc_graph *g, const char *name, enum dsc_dtype dtype,
                                    struct dsc_shape shape, int *value)
{
    struct dsc_tensor type = { dtype, shape, NULL };
    int v;
    enum dsc_status st = add_value(g, &type, -1, &v);

    if (!st)
        st = add_port(g, &g->inputs, &g->n_inputs, &g->cap_inputs, (struct dsc_port){ name, v });
    if (!st)
        *value = v;
    return st;
}

enum dsc_status dsc_graph_add_const(struct dsc_graph *g, const struct dsc_tensor *t, int *value)
{
    return add_value(g, t, -1, value);
}

enum dsc_status dsc_graph_take_const(struct dsc_graph *g, struct dsc_tensor *take_t, int *value)
{
    if (dsc_grow(&g->owned, &g->cap_owned, g->n_owned + 1, sizeof(struct dsc_tensor *))) {
        dsc_tensor_free(take_t);
        return dsc_fail_nomem("a graph");
    }
    g->owned[g->n_owned++] = take_t;
    return dsc_graph_add_const(g, take_t, value);
}

enum dsc_status dsc_graph_add_output(struct dsc_graph *g, const char *name, int value)
{
    return add_port(g, &g->outputs, &g->n_outputs, &g->cap_outputs,
                    (struct dsc_port){ name, value });
}

enum dsc_status dsc_graph_set_label(struct dsc_graph *g, const char *label)
{
    g->label = dsc_arena_strdup(&g->arena, label);
    return g->label ? DSC_OK : dsc_fail_nomem("a graph");
}

const struct dsc_tensor *dsc_graph_type(const struct dsc_graph *g, int value)
{
    return &g->values[value].type;
}

struct dsc_shape dsc_graph_shape(const struct dsc_graph *g, int value)
{
    return g->values[value].type.shape;
}

/* The pointers to the inputs' types, in the arena: they are needed only now,
 * but a graph is small. */
static enum dsc_status ask_shape(struct dsc_graph *g, const struct dsc_node *node,
                                 struct dsc_tensor *out)
{
    const struct dsc_tensor **in = dsc_arena_alloc(&g->arena, node->n_in + 1, sizeof(*in));
    struct dsc_op_io io = {
        .attr = node->attr, .in = in, .n_in = node->n_in, .out = out, .n_threads = 1
    };

    if (!in)
        return dsc_fail_nomem("a graph");
    for (size_t i = 0; i < node->n_in; i++)
        in[i] = node->in[i] < 0 ? NULL : dsc_graph_type(g, node->in[i]);
    return node->op->shape(&io);
}

static enum dsc_status check_inputs(const struct dsc_graph *g, const struct dsc_op *op,
                                    const int *in, size_t n_in)
{
    if (n_in < op->min_in && op->max_in == SIZE_MAX)
        return dsc_fail(DSC_INVALID, "%s: %zu inputs, %zu or more expected", op->name, n_in,
                        op->min_in);
    if (n_in < op->min_in || n_in > op->max_in)
        return dsc_fail(DSC_INVALID, "%s: %zu inputs, %zu to %zu expected", op->name, n_in,
                        op->min_in, op->max_in);
    for (size_t i = 0; i < n_in; i++) {
        if (in[i] >= 0 && (size_t)in[i] >= g->n_values)
            return dsc_fail(DSC_INVALID, "%s: input %zu is value %d of a graph of %zu", op->name, i,
                            in[i], g->n_values);
        if (in[i] < 0 && i < op->min_in)
            return dsc_fail(DSC_INVALID, "%s: input %zu is left out", op->name, i);
    }
    return DSC_OK;
}

static enum dsc_status copy_node(struct dsc_graph *g, struct dsc_node *node, const void *attr,
                                 const int *in)
{
    node->label = g->label ? g->label : node->op->name;
    node->in = dsc_arena_alloc(&g->arena, node->n_in + 1, sizeof(int));
    node->attr = dsc_arena_alloc(&g->arena, node->op->attr_bytes, 1);
    if (!node->in || !node->attr)
        return dsc_fail_nomem("a graph");
    memcpy(node->in, in, node->n_in * sizeof(int));
    if (node->op->attr_bytes)
        memcpy(node->attr, attr, node->op->attr_bytes);
    return DSC_OK;
}

enum dsc_status dsc_graph_add(struct dsc_graph *g, const struct dsc_op *op, const void *attr,
                              const int *in, size_t n_in, int *out)
{
    struct dsc_node node = { .op = op, .n_in = n_in };
    struct dsc_tensor types[DSC_OP_MAX_OUT] = { 0 };
    enum dsc_status st = check_inputs(g, op, in, n_in);

    if (!st)
        st = copy_node(g, &node, attr, in);
    if (!st)
        st = ask_shape(g, &node, types);
    if (st)
        return st;
    if (dsc_grow(&g->nodes, &g->cap_nodes, g->n_nodes + 1, sizeof(*g->nodes)))
        return dsc_fail_nomem("a graph");
    for (size_t i = 0; i < op->n_out; i++) {
        types[i].data = NULL;
        st = add_value(g, &types[i], (int)g->n_nodes, &node.out[i]);
        if (st)
            return st;
    }
    memcpy(out, node.out, op->n_out * sizeof(int));
    g->nodes[g->n_nodes++] = node;
    return DSC_OK;
}
