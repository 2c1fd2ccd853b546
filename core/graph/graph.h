/* graph.h - a model as ops that read values and write values.
 *
 * Values are inputs, constants, or results of nodes; they are named by small
 * integers, -1 for none. Nodes are appended after the nodes they read, so the
 * order of nodes is an order of running.
 *
 *     struct dsc_graph *g;
 *     int x, w, y;
 *     st = dsc_graph_new(&g);
 *     st = dsc_graph_add_input(g, "image", DSC_F32, DSC_SHAPE(DSC_DIM_FREE, 20), &x);
 *     st = dsc_graph_add_const(g, weights, &w);
 *     st = dsc_graph_add(g, &dsc_op_dense, &(struct dsc_dense){ 0 }, (int[]){ x, w }, 2, &y);
 *     st = dsc_graph_add_output(g, "scores", y);
 */
#ifndef DSC_GRAPH_H
#define DSC_GRAPH_H

#include "core/base/arena.h"
#include "core/ops/ops.h"

struct dsc_value {
    struct dsc_tensor type; /* free axes allowed; data only for constants */
    int node;               /* the node that writes it, -1 for inputs and constants */
};

struct dsc_node {
    const struct dsc_op *op;
    void *attr;        /* op->attr_bytes, owned by the graph */
    const char *label; /* the Keras layer it came from; for messages */
    int *in;
    size_t n_in;
    int out[DSC_OP_MAX_OUT];
};

struct dsc_port { /* an input or an output of the graph */
    const char *name;
    int value;
};

struct dsc_graph {
    struct dsc_arena arena; /* attributes, names, lists */
    struct dsc_value *values;
    size_t n_values, cap_values;
    struct dsc_node *nodes;
    size_t n_nodes, cap_nodes;
    struct dsc_port *inputs, *outputs;
    size_t n_inputs, cap_inputs, n_outputs, cap_outputs;
    struct dsc_tensor **owned; /* constants made for this graph */
    size_t n_owned, cap_owned;
    const char *label; /* given to the nodes that are added from now on */
};

DSC_CHECK_RESULT enum dsc_status dsc_graph_new(struct dsc_graph **out);
void dsc_graph_free(struct dsc_graph *g);

/* A value that a run is given. The name is copied. */
DSC_CHECK_RESULT enum dsc_status dsc_graph_add_input(struct dsc_graph *g, const char *name,
                                                     enum dsc_dtype dtype, struct dsc_shape shape,
                                                     int *value);
/* A constant that lives elsewhere and must outlive the graph. */
DSC_CHECK_RESULT enum dsc_status dsc_graph_add_const(struct dsc_graph *g,
                                                     const struct dsc_tensor *t, int *value);
/* A constant that the graph frees; taken also when this fails. */
DSC_CHECK_RESULT enum dsc_status dsc_graph_take_const(struct dsc_graph *g,
                                                      struct dsc_tensor *take_t, int *value);
/* Append a node. attr is copied (op->attr_bytes); in[i] -1 leaves an optional
 * input out; op->n_out values are written to out. DSC_INVALID when shapes do not
 * fit; the sentence begins with the op, whoever builds the graph names the layer. */
DSC_CHECK_RESULT enum dsc_status dsc_graph_add(struct dsc_graph *g, const struct dsc_op *op,
                                               const void *attr, const int *in, size_t n_in,
                                               int *out);
DSC_CHECK_RESULT enum dsc_status dsc_graph_add_output(struct dsc_graph *g, const char *name,
                                                      int value);
/* Label of the nodes added from now on: a Keras layer's name. Copied. */
DSC_CHECK_RESULT enum dsc_status dsc_graph_set_label(struct dsc_graph *g, const char *label);

/* Type (and data of a constant) of a value; borrowed. */
const struct dsc_tensor *dsc_graph_type(const struct dsc_graph *g, int value);
struct dsc_shape dsc_graph_shape(const struct dsc_graph *g, int value);

#endif
