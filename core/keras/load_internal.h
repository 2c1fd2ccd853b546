/* load_internal.h - what load.c, weights.c and lower.c share. */
#ifndef DSC_KERAS_LOAD_INTERNAL_H
#define DSC_KERAS_LOAD_INTERNAL_H

#include "core/keras/load.h"

/* A layer of the config with what was made for it; same order. */
struct dsc_keras_unit {
    const struct dsc_keras_layer *config;
    struct dsc_layer *layer;       /* NULL for inputs, models, and layers with a problem */
    struct dsc_keras_unit *within; /* of a model: config->model->n_layers units */
    struct dsc_tensor **weights;
    size_t n_weights;
    size_t parameters;
    bool has_shape;
    struct dsc_shape shape;
};

struct dsc_keras_parts {
    struct dsc_keras_unit *units;
    struct dsc_arena arena;    /* units, tensors that are mapped, what lowering needs */
    struct dsc_tensor **owned; /* tensors that were copied out of the file */
    size_t n_owned, cap_owned;
    struct dsc_h5 *own_file; /* to be closed with the model */
    size_t cap_problems;
};

struct dsc_keras_loader {
    struct dsc_keras_model *m;
    struct dsc_keras_parts *parts;
    char *root; /* group of the weights */
    unsigned flags;
    size_t n_steps; /* calls lowered so far */
};

/* Keep the sentence of a failure and go on (DSC_OK) when problems are collected; otherwise
 * `st` itself. */
DSC_CHECK_RESULT enum dsc_status dsc_keras_problem(struct dsc_keras_loader *l, enum dsc_status st);

/* Find the group of weights below `group`. */
DSC_CHECK_RESULT enum dsc_status dsc_keras_weights_find(struct dsc_keras_loader *l,
                                                        const char *group);
/* Read the weights of a top layer, with all that are within it. */
DSC_CHECK_RESULT enum dsc_status dsc_keras_weights_read(struct dsc_keras_loader *l,
                                                        struct dsc_keras_unit *u);
/* Add the whole model to m->graph. */
DSC_CHECK_RESULT enum dsc_status dsc_keras_lower(struct dsc_keras_loader *l);

#endif
