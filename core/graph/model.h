/* model.h - a graph made ready to run, shared by all threads.
 *
 * A model owns its graph after the rewrites (core/graph/rewrite_*.c) and what the ops
 * prepared from their constants. It is read-only after dsc_model_new.
 * A session (session.h) holds everything that changes during a run.
 */
#ifndef DSC_MODEL_H
#define DSC_MODEL_H

#include "core/graph/graph.h"

struct dsc_model;

/* Rewrite the graph and prepare its constants. Takes the graph, also when this fails. */
DSC_CHECK_RESULT enum dsc_status dsc_model_new(struct dsc_model **out,
                                               struct dsc_graph *take_graph);
void dsc_model_free(struct dsc_model *m);

/* The graph as it runs; inputs and outputs keep their order and names. Borrowed. */
const struct dsc_graph *dsc_model_graph(const struct dsc_model *m);

#endif
