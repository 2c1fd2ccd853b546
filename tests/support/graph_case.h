/* graph_case.h - build a graph a line a node, and run it the plain way.
 *
 * Every function fails the running test by itself when something goes wrong.
 *
 *     struct dsc_graph *g = graph_new();
 *     int x = graph_input(g, "x", DSC_SHAPE(DSC_DIM_FREE, 4));
 *     int y = GRAPH_NODE(g, dense, &(struct dsc_dense){ 0 }, x, graph_weights(g, DSC_SHAPE(4, 3)));
 *
 *     graph_output(g, y);
 *     expected = graph_run_plainly(g, in);   // before dsc_model_new takes and changes the graph
 */
#ifndef DSC_GRAPH_CASE_H
#define DSC_GRAPH_CASE_H

#include "core/graph/graph.h"
#include "core/graph/session.h"

struct dsc_graph *graph_new(void);
int graph_input(struct dsc_graph *g, const char *name, struct dsc_shape shape); /* f32 */
/* A constant of random numbers in -0.5..0.5, other ones each time. */
int graph_weights(struct dsc_graph *g, struct dsc_shape shape);
/* The same in 0.5..1.5: variances. */
int graph_positive(struct dsc_graph *g, size_t n);
/* Append a node; its first result. */
int graph_node(struct dsc_graph *g, const struct dsc_op *op, const void *attr, const int *in,
               size_t n_in);
#define GRAPH_NODE(g, op, attr, ...)                              \
    graph_node((g), &dsc_op_##op, (attr), (int[]){ __VA_ARGS__ }, \
               sizeof((int[]){ __VA_ARGS__ }) / sizeof(int))
int graph_act(struct dsc_graph *g, int x, enum dsc_act_kind kind); /* a unary node */
int graph_add(struct dsc_graph *g, int a, int b);                  /* a binary node */
void graph_output(struct dsc_graph *g, int value);

/* Each node's forward alone, in order, in memory of its own, nothing rewritten, packed or
 * shared: what a model has to give. One tensor per output, freed by graph_free_tensors. */
struct dsc_tensor **graph_run_plainly(const struct dsc_graph *g,
                                      const struct dsc_tensor *const *in);
void graph_free_tensors(struct dsc_tensor **tensors, size_t n);

/* |a - b| <= tolerance (1e-3 + largest |b|), element by element: sums of terms that cancel err by
 * the size of the terms. Shapes must be equal. */
void graph_expect_close(const struct dsc_tensor *a, const struct dsc_tensor *b, float tolerance,
                        const char *what);

#endif
