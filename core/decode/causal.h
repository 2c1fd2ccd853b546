/* causal.h - which values of a captioner depend on the words, and how.
 *
 * Keras runs a captioner on the whole padded sentence for every new word. Most of
 * that is the same work again: what does not depend on the words is done once for a
 * picture, and where every op needs word t only, or the state after word t - 1, one
 * step for the new word is enough. dsc_causal_analyse walks the graph once and
 * says for each value which case it is; split.c builds the smaller graphs.
 *
 * Stepping is exact in these cases, and otherwise refused with a reason:
 *   - recurrent ops whose mask is "word != 0": padding, before or after, changes nothing;
 *   - recurrent ops without a mask when padding is after the words and the output at
 *     word t is read (return_sequences), so that what follows cannot reach it;
 *   - causal attention of words to words when padding is after them: keys and values of
 *     the words so far are kept.
 */
#ifndef DSC_CAUSAL_H
#define DSC_CAUSAL_H

#include "core/graph/graph.h"

enum dsc_padding_side { DSC_PAD_PRE, DSC_PAD_POST };

enum dsc_dependence_kind {
    DSC_DEP_PICTURE, /* constants and whatever only the picture decides */
    DSC_DEP_TIME,    /* one slice for each word, along `axis` */
    DSC_DEP_NOW,     /* the sentence so far, no axis of words */
};

struct dsc_dependence {
    enum dsc_dependence_kind kind;
    int axis;       /* DSC_DEP_TIME: the words; DSC_DEP_PICTURE: an axis along which all slices
                 are equal (RepeatVector) and meet the words; else -1 */
    int past;       /* DSC_DEP_TIME: an axis of all words that each word looks at (the scores of
                 attention); else -1 */
    bool is_causal; /* with past: nothing is left of the words that come later */
    bool is_mask;   /* true exactly at the words: word != 0, and its conjunctions */
};

struct dsc_causal {
    struct dsc_dependence *values; /* one per value of the graph */
    bool can_step;
    char reason[256]; /* why not */
};

/* Walk the graph from its words, the value of one graph input [N, T]. */
DSC_CHECK_RESULT enum dsc_status dsc_causal_analyse(struct dsc_causal *c, const struct dsc_graph *g,
                                                    int words, enum dsc_padding_side side);
void dsc_causal_release(struct dsc_causal *c);

/* How a node treats the axes of its inputs; used again to find the tail of stepwise nodes. */
enum dsc_time dsc_causal_time(const struct dsc_causal *c, const struct dsc_graph *g,
                              const struct dsc_node *n, int *out_axis);

#endif
