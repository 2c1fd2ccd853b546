#include "core/captioner/pattern.h"

#include "core/base/alloc.h"
#include "core/decode/decoder.h"

enum source { FROM_WORDS = 1 << 0, FROM_PICTURE = 1 << 1 };

struct traits {
    bool recurrent, begins_from_picture, reads_picture, looks_at_picture;
};

static unsigned source_of(const struct dsc_node *n, size_t i, const uint8_t *sources)
{
    return i < n->n_in && n->in[i] >= 0 ? sources[n->in[i]] : 0;
}

/* A distribution over something, made of words and picture together, that is not the answer. */
static bool is_attention(const struct dsc_graph *g, const struct dsc_node *n, unsigned from)
{
    return n->op == &dsc_op_softmax && from == (FROM_WORDS | FROM_PICTURE) &&
           n->out[0] != g->outputs[0].value;
}

static void look_at(struct traits *t, const struct dsc_graph *g, const struct dsc_node *n,
                    const uint8_t *sources, unsigned from)
{
    if (is_attention(g, n, from))
        t->looks_at_picture = true;
    if (!n->op->n_state || !(from & FROM_WORDS))
        return;
    t->recurrent = true;
    if (source_of(n, 0, sources) & FROM_PICTURE)
        t->reads_picture = true;
    for (size_t i = 0; i < n->op->n_state; i++)
        if (source_of(n, n->op->state_in + i, sources) & FROM_PICTURE)
            t->begins_from_picture = true;
}

static struct traits find_traits(const struct dsc_graph *g, uint8_t *sources)
{
    struct traits t = { false, false, false, false };

    for (size_t i = 0; i < g->n_nodes; i++) {
        const struct dsc_node *n = &g->nodes[i];
        unsigned from = 0;

        for (size_t j = 0; j < n->n_in; j++)
            from |= source_of(n, j, sources);
        for (size_t j = 0; j < n->op->n_out; j++)
            sources[n->out[j]] = (uint8_t)from;
        look_at(&t, g, n, sources, from);
    }
    return t;
}

static enum dsc_pattern name_traits(struct traits t)
{
    if (!t.recurrent)
        return DSC_PATTERN_TRANSFORMER;
    if (t.looks_at_picture)
        return DSC_PATTERN_ATTENTION;
    if (t.begins_from_picture)
        return DSC_PATTERN_INIT_INJECT;
    return t.reads_picture ? DSC_PATTERN_PAR_INJECT : DSC_PATTERN_MERGE;
}

static enum dsc_pattern without_words(const struct dsc_graph *g)
{
    struct dsc_shape s = dsc_graph_shape(g, g->inputs[0].value);

    return g->n_inputs == 1 && s.rank == 4 && s.dim[3] == 3 ? DSC_PATTERN_ENCODER
                                                            : DSC_PATTERN_OTHER;
}

enum dsc_pattern dsc_pattern_of(const struct dsc_graph *g)
{
    enum dsc_pattern p;
    uint8_t *sources;
    int words;

    if (!g->n_inputs || !g->n_outputs)
        return DSC_PATTERN_OTHER;
    words = dsc_decoder_find_words(g);
    if (words < 0)
        return without_words(g);
    if (g->n_inputs == 1)
        return DSC_PATTERN_LANGUAGE;
    sources = dsc_calloc(g->n_values + 1, 1);
    if (!sources)
        return DSC_PATTERN_OTHER;
    for (size_t i = 0; i < g->n_inputs; i++)
        sources[g->inputs[i].value] = FROM_PICTURE;
    sources[words] = FROM_WORDS;
    p = name_traits(find_traits(g, sources));
    dsc_free(sources);
    return p;
}

const char *dsc_pattern_name(enum dsc_pattern p)
{
    static const char *const names[] = {
        "other",      "encoder",     "language model", "merge",
        "par-inject", "init-inject", "attention",      "transformer",
    };

    return names[p];
}
