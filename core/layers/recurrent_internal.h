/* recurrent_internal.h - what Bidirectional needs of the recurrent layers. */
#ifndef DSC_RECURRENT_INTERNAL_H
#define DSC_RECURRENT_INTERNAL_H

#include "core/layers/mask_util.h"

#define DSC_RECURRENT_MAX_STATE 2

/* The state of an LSTM, GRU or SimpleRNN layer. */
struct dsc_recurrent_layer {
    size_t units;
    struct dsc_layer_act act, gate_act;
    bool use_bias, sequences, return_state, backwards, zero_masked, reset_after;
    size_t n_state; /* 2 for LSTM (h, c), else 1 */
};

struct dsc_recurrent_run {
    int x, mask;                        /* mask -1: none */
    int state[DSC_RECURRENT_MAX_STATE]; /* initial, -1: zeros */
    int y;                              /* result */
    int last[DSC_RECURRENT_MAX_STATE];  /* results: the states at the end */
};

/* Add the op of a recurrent layer; fills the results of run. */
DSC_CHECK_RESULT enum dsc_status dsc_recurrent_add(const struct dsc_layer *l, struct dsc_graph *g,
                                                   struct dsc_recurrent_run *run);

/* The initial states of a call, in order: the tensors after the first, or the `initial_state`
 * argument. *n is 0, or what the layer needs, `needed`; DSC_FORMAT otherwise. */
DSC_CHECK_RESULT enum dsc_status dsc_recurrent_states(const struct dsc_layer_call *call,
                                                      size_t needed, int *states, size_t *n);

#endif
