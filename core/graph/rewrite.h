/* rewrite.h - changes of a graph that keep its results; for core/graph only.
 *
 * Each rewrite edits the graph in place. Nodes that are no longer needed stay until
 * dsc_rewrite_clean, which is run last. Results may differ by rounding (a folded
 * batch norm multiplies the weights instead of the sums).
 */
#ifndef DSC_REWRITE_H
#define DSC_REWRITE_H

#include "core/graph/graph.h"

/* Take out what does nothing at inference: dropout, casts to the same type, the identity. */
DSC_CHECK_RESULT enum dsc_status dsc_rewrite_drop(struct dsc_graph *g);
/* Put batch norms into the weights of the convolution or product before them, or turn
 * them into one affine op; put zero padding into the convolution after it. */
DSC_CHECK_RESULT enum dsc_status dsc_rewrite_fold(struct dsc_graph *g);
/* Let convolutions, products and sums apply the addition and the activation that follow. */
DSC_CHECK_RESULT enum dsc_status dsc_rewrite_fuse(struct dsc_graph *g);
/* Remove nodes whose results nobody reads. */
DSC_CHECK_RESULT enum dsc_status dsc_rewrite_clean(struct dsc_graph *g);

/* Let everything that reads the node's first result (nodes and graph outputs) read `to`,
 * and the node read nothing, so that it no longer counts as a use of its inputs. */
void dsc_graph_bypass(struct dsc_graph *g, struct dsc_node *n, int to);
/* How often a value is read, graph outputs included. */
size_t dsc_graph_uses(const struct dsc_graph *g, int value);
/* The node that writes a value when it is an instance of op and only read once, else NULL. */
struct dsc_node *dsc_graph_sole_producer(struct dsc_graph *g, int value, const struct dsc_op *op);

#endif
