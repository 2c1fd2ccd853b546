/* lower_util.h - small steps that the lowering of many classes shares.
 *
 * Graph helpers append nodes and give the value of the result; call helpers look at the
 * arguments of a call. Failures carry a sentence without the layer's name, which
 * dsc_layer_lower puts in front.
 */
#ifndef DSC_LOWER_UTIL_H
#define DSC_LOWER_UTIL_H

#include "core/layers/config_util.h"

/* Weight i as a constant, its shape compared with `expected`: "weight 1 has shape [20, 16],
 * expected [20, 32]". */
DSC_CHECK_RESULT enum dsc_status dsc_lower_weight(const struct dsc_layer *l, struct dsc_graph *g,
                                                  size_t i, struct dsc_shape expected, int *value);
/* The same, and the constant then goes by another shape with as many elements. */
DSC_CHECK_RESULT enum dsc_status dsc_lower_weight_as(const struct dsc_layer *l, struct dsc_graph *g,
                                                     size_t i, struct dsc_shape expected,
                                                     struct dsc_shape as, int *value);

/* DSC_INVALID unless min <= rank of x <= max; `axes` names them: "[N, H, W, C]". */
DSC_CHECK_RESULT enum dsc_status dsc_lower_rank(const struct dsc_graph *g, int x, size_t min,
                                                size_t max, const char *axes);
/* The length of the last axis; DSC_UNSUPPORTED when it is free, or x has no axis. */
DSC_CHECK_RESULT enum dsc_status dsc_lower_last(const struct dsc_graph *g, int x, size_t *len);
/* A Keras axis, negative from the end, as one of `rank`; DSC_FORMAT when outside. */
DSC_CHECK_RESULT enum dsc_status dsc_lower_axis(long axis, size_t rank, size_t *out);

DSC_CHECK_RESULT enum dsc_status dsc_lower_act(struct dsc_graph *g, int x,
                                               const struct dsc_layer_act *act, int *y);
/* What is left of `act` after an op that applied act->act itself: the softmax, if any. */
DSC_CHECK_RESULT enum dsc_status dsc_lower_act_rest(struct dsc_graph *g, int x,
                                                    const struct dsc_layer_act *act, int *y);
DSC_CHECK_RESULT enum dsc_status dsc_lower_softmax(struct dsc_graph *g, int x, int mask,
                                                   struct dsc_softmax attr, int *y);
DSC_CHECK_RESULT enum dsc_status dsc_lower_binary(struct dsc_graph *g, enum dsc_binary_kind kind,
                                                  int a, int b, int *y);
DSC_CHECK_RESULT enum dsc_status dsc_lower_scalar(struct dsc_graph *g, enum dsc_binary_kind kind,
                                                  int a, float b, int *y);
DSC_CHECK_RESULT enum dsc_status dsc_lower_cast(struct dsc_graph *g, int x, enum dsc_dtype dtype,
                                                int *y);
DSC_CHECK_RESULT enum dsc_status dsc_lower_reduce(struct dsc_graph *g, int x,
                                                  struct dsc_reduce attr, int *y);
DSC_CHECK_RESULT enum dsc_status dsc_lower_transpose(struct dsc_graph *g, int x,
                                                     struct dsc_transpose attr, int *y);
DSC_CHECK_RESULT enum dsc_status dsc_lower_reshape(struct dsc_graph *g, int x,
                                                   struct dsc_reshape attr, int *y);
/* A new axis of length 1 before `axis`. */
DSC_CHECK_RESULT enum dsc_status dsc_lower_expand(struct dsc_graph *g, int x, size_t axis, int *y);
/* Take away an axis of length 1. */
DSC_CHECK_RESULT enum dsc_status dsc_lower_squeeze(struct dsc_graph *g, int x, size_t axis, int *y);
/* A constant of n numbers made here. */
DSC_CHECK_RESULT enum dsc_status dsc_lower_floats(struct dsc_graph *g, const float *numbers,
                                                  size_t n, int *value);

/* Add a result to the call. */
void dsc_lower_done(struct dsc_layer_call *call, int value, int mask);

/* DSC_INVALID unless the call has min_in .. max_in positional tensors; DSC_UNSUPPORTED for
 * an argument that is not in `names` (ended by NULL; NULL: none). `training` and `mask` are
 * always allowed, and arguments that are null. */
DSC_CHECK_RESULT enum dsc_status dsc_call_check(const struct dsc_layer_call *call, size_t min_in,
                                                size_t max_in, const char *const *names);
/* The argument of that name, NULL when absent. */
const struct dsc_layer_arg *dsc_call_arg(const struct dsc_layer_call *call, const char *name);
/* A literal true or false; *out is left alone when absent or null. */
DSC_CHECK_RESULT enum dsc_status dsc_call_flag(const struct dsc_layer_call *call, const char *name,
                                               bool *out);
/* DSC_UNSUPPORTED when the layer is called with training=true, which fixes it in
 * training mode. */
DSC_CHECK_RESULT enum dsc_status dsc_call_inference(const struct dsc_layer_call *call);

#endif
