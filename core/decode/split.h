/* split.h - a captioner as two graphs: what a picture needs once, what a word needs.
 *
 * picture: the graph's inputs but the words, in their order -> the carried values.
 * words, one of two, its inputs as `inputs` lists them:
 *   steps:  the new word [R, 1], its place, i32 [1], carried values [R, ...], states: of
 *           recurrent ops [R, U], keys and values of the words so far [R, ..., T, ...]
 *           -> scores [R, 1, V] or [R, V], then the new states
 *   whole:  all words so far with their padding [R, T], carried values [R, ...], and the place
 *           of the newest word, i32 [1]
 *           -> scores [R, 1, V] or [R, V]
 * R counts rows: beams of pictures.
 */
#ifndef DSC_SPLIT_H
#define DSC_SPLIT_H

#include "core/decode/causal.h"
#include "core/graph/model.h"

enum dsc_split_input { DSC_SPLIT_WORDS, DSC_SPLIT_INDEX, DSC_SPLIT_CARRIED, DSC_SPLIT_STATE };

struct dsc_split_port { /* one input of the words graph */
    enum dsc_split_input kind;
    size_t which; /* carried value or state, counted from 0 */
};

struct dsc_split_state {    /* one state of the step graph */
    int carried;            /* which carried value it begins from, -1: zeros */
    struct dsc_shape shape; /* f32, rows first */
};

struct dsc_split {
    struct dsc_model *picture, *words;
    bool steps;
    struct dsc_split_port *inputs; /* one per input of the words graph */
    size_t n_inputs;
    size_t n_carried;
    struct dsc_split_state *states;
    size_t n_states;
    bool is_probability; /* the scores are a softmax; else they are logits */
    size_t vocabulary;   /* V */
};

struct dsc_split_options {
    int words;       /* the value of the words, a graph input [N, T] */
    int output;      /* the value of the scores [N, V] or [N, T, V] */
    size_t length;   /* T, most words of a sentence */
    bool never_step; /* build the whole graph although stepping would do: for tests */
};

/* The graph stays the caller's and must outlive the split: constants are shared.
 * `c` is the analysis of the same graph. DSC_UNSUPPORTED when the output is not a
 * score for each word of a vocabulary. */
DSC_CHECK_RESULT enum dsc_status dsc_split_new(struct dsc_split **out, const struct dsc_graph *g,
                                               const struct dsc_causal *c,
                                               const struct dsc_split_options *options);
void dsc_split_free(struct dsc_split *s);

#endif
