/* model_internal.h - what a session sees of a model. */
#ifndef DSC_MODEL_INTERNAL_H
#define DSC_MODEL_INTERNAL_H

#include "core/graph/model.h"

struct dsc_model {
    struct dsc_graph *graph;
    void **packs; /* one per node, NULL where the op prepares nothing */
};

#endif
