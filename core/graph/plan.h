/* plan.h - where every value of one run lies, for one set of input shapes.
 *
 * Values that are not alive at the same time share memory: each node's results get
 * the lowest free place that is large enough (best fit), elementwise ops write over
 * their input when nobody else reads it, reshapes cost nothing. For core/graph only.
 */
#ifndef DSC_PLAN_H
#define DSC_PLAN_H

#include "core/graph/model_internal.h"

struct dsc_plan {
    struct dsc_shape *in_shapes;         /* of the graph inputs: what the plan was made for */
    struct dsc_tensor *tensors;          /* one per value; data set by dsc_plan_place */
    size_t *offsets;                     /* of each value in the arena, SIZE_MAX: not there */
    const struct dsc_tensor **arguments; /* the inputs of all nodes, one after another */
    size_t arena_bytes;                  /* values and, after them, the scratch space */
    size_t work_offset;
    int n_threads;
};

/* Make a plan; DSC_INVALID when the shapes do not run through the graph. */
DSC_CHECK_RESULT enum dsc_status dsc_plan_new(struct dsc_plan **out, const struct dsc_model *m,
                                              const struct dsc_tensor *const *in, int n_threads);
void dsc_plan_free(struct dsc_plan *p);
/* Give every value its address in an arena of arena_bytes; inputs are set at each run. */
void dsc_plan_place(struct dsc_plan *p, const struct dsc_model *m, unsigned char *arena);

#endif
