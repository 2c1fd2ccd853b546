/* config_internal.h - what config.c and calls.c share. */
#ifndef DSC_KERAS_CONFIG_INTERNAL_H
#define DSC_KERAS_CONFIG_INTERNAL_H

#include "core/keras/config.h"

/* One model while it is parsed. */
struct dsc_keras_parser {
    struct dsc_keras_config *c;
    json_t *index;             /* layer name -> number */
    struct dsc_keras_ref *ref; /* scratch list of calls.c */
    size_t n_refs, cap_refs;
    size_t depth; /* of models within models */
};

/* Text of an object's key; NULL when it is absent or no string. */
const char *dsc_keras_text(const json_t *object, const char *key);

/* Parse layer->calls from its `inbound_nodes`, of either form. Call numbers are still those of the
 * file. */
DSC_CHECK_RESULT enum dsc_status dsc_keras_parse_calls(struct dsc_keras_parser *p,
                                                       struct dsc_keras_layer *layer,
                                                       const json_t *nodes);
/* Parse `input_layers` or `output_layers`: one tensor, a list, or an object of them. */
DSC_CHECK_RESULT enum dsc_status dsc_keras_parse_ends(struct dsc_keras_parser *p,
                                                      const json_t *value, const char *key,
                                                      struct dsc_keras_ref **out, size_t *n);
/* Turn the file's call numbers into positions in `calls`, and check them. */
DSC_CHECK_RESULT enum dsc_status dsc_keras_resolve(struct dsc_keras_parser *p);
/* Fill c->steps. */
DSC_CHECK_RESULT enum dsc_status dsc_keras_sort(struct dsc_keras_config *c);

#endif
