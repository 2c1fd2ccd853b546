/* pattern.h - what kind of network a graph is, by where the picture meets the words.
 *
 * The names are those of Tanti et al., "Where to put the image in an image caption
 * generator" (2018), and of the field.
 */
#ifndef DSC_PATTERN_H
#define DSC_PATTERN_H

#include "core/graph/graph.h"

enum dsc_pattern {
    DSC_PATTERN_OTHER,
    DSC_PATTERN_ENCODER,     /* pixels in, no words */
    DSC_PATTERN_LANGUAGE,    /* words in, no picture */
    DSC_PATTERN_MERGE,       /* the picture joins after the recurrent layers */
    DSC_PATTERN_PAR_INJECT,  /* the picture is read along with every word */
    DSC_PATTERN_INIT_INJECT, /* the recurrent layers begin from the picture */
    DSC_PATTERN_ATTENTION,   /* words choose where in the picture to look */
    DSC_PATTERN_TRANSFORMER, /* words and picture, nothing recurrent */
};

/* OTHER also when memory is short. */
enum dsc_pattern dsc_pattern_of(const struct dsc_graph *g);
const char *dsc_pattern_name(enum dsc_pattern p); /* "merge", "par-inject", ... */

#endif
