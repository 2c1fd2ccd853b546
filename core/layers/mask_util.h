/* mask_util.h - Keras masks, bool values of one rank less than their tensor, usually [N, T].
 *
 * A mask of ones is no mask: it is -1 wherever that can be seen, so that what looks for
 * masks later (core/decode) sees only those that do something.
 */
#ifndef DSC_MASK_UTIL_H
#define DSC_MASK_UTIL_H

#include "core/layers/lower_util.h"

/* The mask that the class's `call` gets for its first input: an explicit `mask` argument,
 * else the one that came with the tensor. Keras 3 passes the latter only to a layer called
 * with one tensor argument, so not to an RNN with initial_state. */
DSC_CHECK_RESULT enum dsc_status dsc_mask_of_call(const struct dsc_layer *l,
                                                  const struct dsc_layer_call *call, int *mask);
/* The mask that compute_mask gets: an explicit one, else the first input's. */
DSC_CHECK_RESULT enum dsc_status dsc_mask_previous(const struct dsc_layer_call *call, int *mask);
/* Mask of the i-th tensor of a list argument: the explicit list's, else its own. */
DSC_CHECK_RESULT enum dsc_status dsc_mask_of_list(const struct dsc_layer_call *call, size_t i,
                                                  int *mask);

/* a DSC_AND b or a DSC_OR b; either may be -1, which is ones. */
DSC_CHECK_RESULT enum dsc_status dsc_mask_join(struct dsc_graph *g, enum dsc_binary_kind kind,
                                               int a, int b, int *mask);
/* The masks of a merge layer's inputs joined, or -1: Keras 2 gives the AND of those
 * present, Keras 3 the OR, where one that is missing leaves none, and before 3.4 none at all. */
DSC_CHECK_RESULT enum dsc_status dsc_mask_merge(const struct dsc_layer *l,
                                                const struct dsc_layer_call *call, int *mask);
/* y where the mask, which broadcasts to y, is true; else 0. */
DSC_CHECK_RESULT enum dsc_status dsc_mask_zero(struct dsc_graph *g, int y, int mask, int *out);
/* x != 0 as bool; bool stays. */
DSC_CHECK_RESULT enum dsc_status dsc_mask_bool(struct dsc_graph *g, int x, int *mask);
/* True where any element of `axis` is. */
DSC_CHECK_RESULT enum dsc_status dsc_mask_any(struct dsc_graph *g, int x, size_t axis,
                                              bool keep_axis, int *mask);

/* A bool value of x's shape, all true or all false, and the tests that recognise them. */
DSC_CHECK_RESULT enum dsc_status dsc_mask_fill(struct dsc_graph *g, int x, bool ones, int *mask);
bool dsc_mask_is_ones(const struct dsc_graph *g, int x);
bool dsc_mask_is_zeros(const struct dsc_graph *g, int x);

#endif
