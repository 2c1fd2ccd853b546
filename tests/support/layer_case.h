/* layer_case.h - one Keras layer config, lowered on inputs given as text.
 *
 * Inputs are separated by ';': "f[?, 9, 12]m" is float32, a free first axis, with a mask;
 * the letters i and b stand for int32 and bool; "k:f[?, 16]" is the argument named k, "k="
 * followed by JSON a literal, "=" a positional literal. Several inputs without a name make
 * one list, as merge layers take it; '|' in front begins a new positional argument.
 * Weights are "[12, 64]; [64]". Results read "[?, 16]; [?, 9, 3]m".
 *
 *     layer_expect(&(struct layer_case){ "Dense", KERAS_2, "{\"units\": 3}", "f[?, 4]",
 *                                        "[4, 3]; [3]", "[?, 3]" });
 */
#ifndef DSC_LAYER_CASE_H
#define DSC_LAYER_CASE_H

#include "core/layers/layer.h"

/* Keras 2.2, tf.keras 2.15, Keras 3.3, Keras 3.15. */
enum layer_era { KERAS_22, KERAS_2, KERAS_33, KERAS_3 };

struct layer_case {
    const char *class_name;
    enum layer_era era;
    const char *config;
    const char *in;
    const char *weights; /* NULL: none */
    const char *out;
};

struct dsc_keras_version layer_version(enum layer_era era);
/* Lowered, the results are those of the case. */
void layer_expect(const struct layer_case *c);
/* Made or lowered, it fails with this status and a sentence that contains the text; c->out is
 * not used. */
void layer_expect_failure(const struct layer_case *c, enum dsc_status status, const char *text);
/* The graph of a case, which the caller frees together with *l, *call's results filled. */
struct layer_run {
    struct dsc_layer *layer;
    struct dsc_graph *graph;
    struct dsc_layer_call call;
};
enum dsc_status layer_lower(const struct layer_case *c, struct layer_run *run);
void layer_run_release(struct layer_run *run);

#endif
