/* load.h - a Keras HDF5 file becomes layers, weights and a graph.
 *
 *     struct dsc_keras_model *k;
 *     struct dsc_model *m;
 *     st = dsc_keras_load(&k, "model.h5");
 *     st = dsc_model_new(&m, dsc_keras_take_graph(k));
 *     ...
 *     dsc_model_free(m);
 *     dsc_keras_model_free(k);
 *
 * Weights are read where they lie in the mapped file: the dsc_keras_model must outlive every
 * graph and model made from it. What only training needs (optimizer slots, losses) is not
 * looked at. Read-only after loading: several threads may use it.
 */
#ifndef DSC_KERAS_LOAD_H
#define DSC_KERAS_LOAD_H

#include "core/h5/h5.h"
#include "core/keras/config.h"
#include "core/layers/layer.h"

struct dsc_keras_layer_info {
    const char *name, *class_name;
    bool has_shape;
    struct dsc_shape shape; /* of the first result of the first call */
    size_t parameters;      /* numbers in its weights */
};

struct dsc_keras_model {
    const struct dsc_h5 *file; /* for attributes of our own */
    char *keras_version;       /* as the file says: "2.15.0" */
    struct dsc_keras_version version;
    struct dsc_keras_config *config;
    struct dsc_keras_layer_info *layers; /* in the order of config->layers */
    size_t n_layers;
    size_t parameters; /* of all layers */

    /* Inputs are called as the input layers, in the order of the model's inputs;
     * outputs are called output_0, output_1, ... NULL after dsc_keras_take_graph. */
    struct dsc_graph *graph;

    /* Sentences, after dsc_keras_inspect; with any, the graph holds only what could be built
     * and is for looking at. */
    char **problems;
    size_t n_problems;

    struct dsc_keras_parts *parts; /* load.c's own */
};

enum dsc_keras_flag {
    DSC_KERAS_COLLECT = 1 << 0, /* go on after a problem with one layer, and list it */
};

/* Load a whole-model file. Fails with a sentence that names file and layer: DSC_IO, DSC_FORMAT,
 * DSC_UNSUPPORTED, DSC_NOMEM. */
DSC_CHECK_RESULT enum dsc_status dsc_keras_load(struct dsc_keras_model **out, const char *path);
/* The same with DSC_KERAS_COLLECT. */
DSC_CHECK_RESULT enum dsc_status dsc_keras_inspect(struct dsc_keras_model **out, const char *path);
/* The model in a group ("/": the whole file) of an open file, which must outlive it. */
DSC_CHECK_RESULT enum dsc_status dsc_keras_load_h5(struct dsc_keras_model **out,
                                                   const struct dsc_h5 *file, const char *group,
                                                   unsigned flags);
void dsc_keras_model_free(struct dsc_keras_model *m); /* takes NULL */

/* Hand the graph over to the caller. */
struct dsc_graph *dsc_keras_take_graph(struct dsc_keras_model *m);

/* "2.15.0", "2.3.0-tf", "3.15.1". Fails: DSC_FORMAT. */
DSC_CHECK_RESULT enum dsc_status dsc_keras_version_parse(struct dsc_keras_version *out,
                                                         const char *text);

#endif
