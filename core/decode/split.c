#include "core/decode/split.h"

#include <stdio.h>

#include "core/base/alloc.h"

struct carried {
    int value;
    bool one_slice; /* its axis of equal slices cut to length 1 */
    int inside;     /* the value of the words graph that stands for it */
};

struct builder {
    const struct dsc_graph *g;
    const struct dsc_causal *c;
    const struct dsc_split_options *options;
    struct dsc_split *split;
    bool *has_input; /* per value: needs an input of the graph, not constants alone */
    bool *in_tail;   /* per node, whole: only the newest word is wanted here */
    int *map;        /* per value: its copy in the graph that is being built, -1 */
    int *taken;      /* per value, whole: its slice at the newest word, -1 */
    struct dsc_graph *to;
    struct carried *carried;
    size_t n_carried, cap_carried;
    int *results; /* per state: the value of the words graph that it becomes */
    size_t cap_results, cap_states, cap_inputs;
    int index; /* the place of the newest word */
};

static enum dsc_dependence_kind kind_of(const struct builder *b, const struct dsc_node *n)
{
    return b->c->values[n->out[0]].kind;
}

static bool has_time_input(const struct builder *b, const struct dsc_node *n)
{
    for (size_t i = 0; i < n->n_in; i++)
        if (n->in[i] >= 0 && b->c->values[n->in[i]].kind == DSC_DEP_TIME)
            return true;
    return false;
}

/* A recurrent op that reads the words: the one whose state is carried. */
static bool carries_state(const struct builder *b, const struct dsc_node *n)
{
    return b->split->steps && n->op->n_state && has_time_input(b, n);
}

static void find_inputs(struct builder *b)
{
    for (size_t i = 0; i < b->g->n_inputs; i++)
        b->has_input[b->g->inputs[i].value] = true;
    for (size_t i = 0; i < b->g->n_nodes; i++) {
        const struct dsc_node *n = &b->g->nodes[i];
        bool any = false;

        for (size_t j = 0; j < n->n_in; j++)
            any |= n->in[j] >= 0 && b->has_input[n->in[j]];
        for (size_t j = 0; j < n->op->n_out; j++)
            b->has_input[n->out[j]] = any;
    }
}

/* Nodes after which nothing looks at another word: they need to run on one word only. */
static bool only_tail_reads(const struct builder *b, int value)
{
    for (size_t i = 0; i < b->g->n_nodes; i++)
        for (size_t j = 0; j < b->g->nodes[i].n_in; j++)
            if (b->g->nodes[i].in[j] == value && !b->in_tail[i])
                return false;
    return true;
}

static void find_tail(struct builder *b)
{
    for (size_t i = b->g->n_nodes; i-- > 0;) {
        const struct dsc_node *n = &b->g->nodes[i];
        int axis;

        b->in_tail[i] = kind_of(b, n) == DSC_DEP_TIME && n->op->n_out == 1 &&
                        dsc_causal_time(b->c, b->g, n, &axis) == DSC_TIME_STEPWISE &&
                        only_tail_reads(b, n->out[0]);
    }
}

/* An input of the words graph, and what the decoder has to give there. */
static enum dsc_status add_input(struct builder *b, struct dsc_split_port port,
                                 const struct dsc_tensor *type, int *inside)
{
    static const char *const names[] = { "words", "index", "carried", "state" };
    struct dsc_split *s = b->split;
    char name[32];

    if (dsc_grow(&s->inputs, &b->cap_inputs, s->n_inputs + 1, sizeof(*s->inputs)))
        return dsc_fail_nomem("a decoder");
    s->inputs[s->n_inputs++] = port;
    snprintf(name, sizeof(name), "%s_%zu", names[port.kind], port.which);
    return dsc_graph_add_input(b->to, name, type->dtype, type->shape, inside);
}

static enum dsc_status carry(struct builder *b, int value, bool one_slice, size_t *which)
{
    struct dsc_tensor type = *dsc_graph_type(b->g, value);
    struct carried c = { .value = value, .one_slice = one_slice };
    enum dsc_status st;

    for (*which = 0; *which < b->n_carried; ++*which)
        if (b->carried[*which].value == value && b->carried[*which].one_slice == one_slice)
            return DSC_OK;
    if (dsc_grow(&b->carried, &b->cap_carried, b->n_carried + 1, sizeof(*b->carried)))
        return dsc_fail_nomem("a decoder");
    if (one_slice)
        type.shape.dim[b->c->values[value].axis] = 1;
    st = add_input(b, (struct dsc_split_port){ DSC_SPLIT_CARRIED, b->n_carried }, &type, &c.inside);
    if (!st)
        b->carried[b->n_carried++] = c;
    return st;
}

static enum dsc_status copy_node(struct builder *b, const struct dsc_node *n, const int *in)
{
    int out[DSC_OP_MAX_OUT];
    enum dsc_status st = dsc_graph_set_label(b->to, n->label);

    if (!st)
        st = dsc_graph_add(b->to, n->op, n->attr, in, n->n_in, out);
    for (size_t i = 0; !st && i < n->op->n_out; i++)
        b->map[n->out[i]] = out[i];
    return st;
}

/* The slice of a value at the newest word. */
static enum dsc_status take_newest(struct builder *b, int value, int *inside)
{
    struct dsc_take attr = { .axis = (size_t)b->c->values[value].axis };
    enum dsc_status st = DSC_OK;

    if (b->taken[value] < 0)
        st = dsc_graph_add(b->to, &dsc_op_take, &attr, (int[]){ *inside, b->index }, 2,
                           &b->taken[value]);
    *inside = b->taken[value];
    return st;
}

static bool runs_on_one_word(const struct builder *b, int node)
{
    return b->split->steps || (node >= 0 && b->in_tail[node]);
}

/* What stands for `value` in the words graph, for a node that reads it. */
static enum dsc_status find_value(struct builder *b, const struct dsc_node *reader, int value,
                                  int *inside)
{
    const struct dsc_dependence *d = &b->c->values[value];
    int node = (int)(reader - b->g->nodes), producer = b->g->values[value].node;
    enum dsc_status st = DSC_OK;
    size_t which;

    if (d->kind == DSC_DEP_PICTURE && b->has_input[value]) {
        bool one_slice = d->axis >= 0 && has_time_input(b, reader) && runs_on_one_word(b, node);

        st = carry(b, value, one_slice, &which);
        if (!st)
            *inside = b->carried[which].inside;
        return st;
    }
    if (b->map[value] < 0 && producer < 0)
        st = dsc_graph_add_const(b->to, dsc_graph_type(b->g, value), &b->map[value]);
    *inside = b->map[value];
    if (!st && !b->split->steps && d->kind == DSC_DEP_TIME && b->in_tail[node] &&
        !runs_on_one_word(b, producer))
        st = take_newest(b, value, inside);
    return st;
}

static enum dsc_status add_state(struct builder *b, struct dsc_split_state state, int *inside)
{
    const struct dsc_tensor type = { .dtype = DSC_F32, .shape = state.shape };
    struct dsc_split *s = b->split;

    if (dsc_grow(&s->states, &b->cap_states, s->n_states + 1, sizeof(*s->states)) ||
        dsc_grow(&b->results, &b->cap_results, s->n_states + 1, sizeof(int)))
        return dsc_fail_nomem("a decoder");
    s->states[s->n_states] = state;
    return add_input(b, (struct dsc_split_port){ DSC_SPLIT_STATE, s->n_states++ }, &type, inside);
}

/* State i of a recurrent op, which begins where the op's begins. */
static enum dsc_status add_own_state(struct builder *b, const struct dsc_node *n, size_t i,
                                     int *inside)
{
    const size_t at = n->op->state_in + i;
    const int begin = at < n->n_in ? n->in[at] : -1;
    struct dsc_split_state state = {
        .carried = -1,
        .shape = dsc_graph_shape(b->g, n->out[n->op->state_out + i]),
    };
    size_t which;
    enum dsc_status st;

    if (begin >= 0) {
        st = carry(b, begin, false, &which);
        if (st)
            return st;
        state.carried = (int)which;
    }
    return add_state(b, state, inside);
}

/* The recurrent op with its state given from outside and, as every step is a word,
 * without its mask. */
static enum dsc_status copy_recurrent(struct builder *b, const struct dsc_node *n, int *in)
{
    const size_t first = b->split->n_states;
    struct dsc_node wide = *n;
    enum dsc_status st = DSC_OK;

    wide.n_in = n->op->max_in;
    in[n->op->mask_in] = -1;
    for (size_t i = 0; !st && i < n->op->n_state; i++)
        st = add_own_state(b, n, i, &in[n->op->state_in + i]);
    if (!st)
        st = copy_node(b, &wide, in);
    for (size_t i = 0; !st && i < n->op->n_state; i++)
        b->results[first + i] = b->map[n->out[n->op->state_out + i]];
    return st;
}

/* A key or value of the new word joins those of the words so far; *inside becomes all of them. */
static enum dsc_status keep_past(struct builder *b, int value, int *inside)
{
    const struct dsc_put attr = { .axis = (size_t)b->c->values[value].axis };
    const size_t which = b->split->n_states;
    struct dsc_split_state state = { .carried = -1, .shape = dsc_graph_shape(b->g, value) };
    int cache;
    enum dsc_status st;

    state.shape.dim[attr.axis] = b->options->length;
    st = add_state(b, state, &cache);
    if (!st)
        st = dsc_graph_add(b->to, &dsc_op_put, &attr, (int[]){ cache, *inside, b->index }, 3,
                           inside);
    if (!st)
        b->results[which] = *inside;
    return st;
}

/* A product in which every word looks at all words so far. */
static bool looks_at_past(const struct builder *b, const struct dsc_node *n)
{
    return b->split->steps && n->op == &dsc_op_matmul &&
           (b->c->values[n->in[0]].past >= 0 || b->c->values[n->out[0]].past >= 0);
}

static enum dsc_status copy_special(struct builder *b, const struct dsc_node *n, int *in)
{
    struct dsc_node wide = *n;
    enum dsc_status st = DSC_OK;

    if (carries_state(b, n))
        return copy_recurrent(b, n, in);
    if (looks_at_past(b, n))
        st = keep_past(b, n->in[1], &in[1]);
    if (b->split->steps && n->op == &dsc_op_softmax && b->c->values[n->out[0]].past >= 0) {
        wide.n_in = 3;
        in[2] = b->index;
    }
    return st ? st : copy_node(b, &wide, in);
}

static enum dsc_status copy_words_node(struct builder *b, const struct dsc_node *n)
{
    const size_t most = n->op->max_in == SIZE_MAX ? n->n_in : n->op->max_in;
    int *in = dsc_arena_alloc(&b->to->arena, most + 1, sizeof(int));
    enum dsc_status st = DSC_OK;

    if (!in)
        return dsc_fail_nomem("a decoder");
    for (size_t i = 0; i < most; i++)
        in[i] = -1;
    for (size_t i = 0; !st && i < n->n_in; i++) {
        const bool is_own = carries_state(b, n) && i >= n->op->mask_in;

        if (n->in[i] >= 0 && !is_own)
            st = find_value(b, n, n->in[i], &in[i]);
    }
    return st ? st : copy_special(b, n, in);
}

/* ---- the two graphs ---- */

static enum dsc_status begin_graph(struct builder *b)
{
    for (size_t v = 0; v < b->g->n_values; v++)
        b->map[v] = b->taken[v] = -1;
    return dsc_graph_new(&b->to);
}

/* Hand the finished graph to a model. */
static enum dsc_status end_graph(struct builder *b, struct dsc_model **out)
{
    struct dsc_graph *g = b->to;

    b->to = NULL;
    return dsc_model_new(out, g);
}

/* Scores of every word, made by something that needs all words: Keras' users read those of the
 * newest. */
static bool has_all_words(const struct builder *b, int value)
{
    const struct dsc_shape shape = dsc_graph_shape(b->g, value);

    return !b->split->steps && b->c->values[value].kind == DSC_DEP_NOW && shape.rank == 3 &&
           shape.dim[1] == dsc_graph_shape(b->g, b->options->words).dim[1];
}

static enum dsc_status add_scores(struct builder *b)
{
    const struct dsc_take second = { .axis = 1 };
    int value = b->options->output, producer = b->g->values[value].node;
    int inside = b->map[value];
    enum dsc_status st = DSC_OK;
    char text[DSC_SHAPE_TEXT];
    struct dsc_shape shape;

    if (!b->split->steps && b->c->values[value].kind == DSC_DEP_TIME &&
        !runs_on_one_word(b, producer))
        st = take_newest(b, value, &inside);
    else if (has_all_words(b, value))
        st = dsc_graph_add(b->to, &dsc_op_take, &second, (int[]){ inside, b->index }, 2, &inside);
    if (st)
        return st;
    shape = dsc_graph_shape(b->to, inside);
    if (shape.rank == 3 && shape.dim[1] != 1)
        return dsc_fail(b->split->steps ? DSC_INVALID : DSC_UNSUPPORTED,
                        "the model's output %s holds more than the scores of one word",
                        dsc_shape_text(shape, text));
    return dsc_graph_add_output(b->to, "scores", inside);
}

static enum dsc_status add_word_inputs(struct builder *b)
{
    const struct dsc_tensor index = { .dtype = DSC_I32, .shape = DSC_SHAPE(1) };
    struct dsc_tensor words = *dsc_graph_type(b->g, b->options->words);
    enum dsc_status st;

    if (b->split->steps)
        words.shape.dim[1] = 1;
    st = add_input(b, (struct dsc_split_port){ DSC_SPLIT_WORDS, 0 }, &words,
                   &b->map[b->options->words]);
    if (!st)
        st = add_input(b, (struct dsc_split_port){ DSC_SPLIT_INDEX, 0 }, &index, &b->index);
    return st;
}

static enum dsc_status build_words(struct builder *b)
{
    enum dsc_status st = begin_graph(b);

    if (!st)
        st = add_word_inputs(b);
    for (size_t i = 0; !st && i < b->g->n_nodes; i++) {
        const struct dsc_node *n = &b->g->nodes[i];

        if (kind_of(b, n) != DSC_DEP_PICTURE || !b->has_input[n->out[0]])
            st = copy_words_node(b, n);
    }
    if (!st)
        st = add_scores(b);
    for (size_t i = 0; !st && i < b->split->n_states; i++)
        st = dsc_graph_add_output(b->to, "state", b->results[i]);
    return st ? st : end_graph(b, &b->split->words);
}

static enum dsc_status copy_picture_node(struct builder *b, const struct dsc_node *n)
{
    int *in = dsc_arena_alloc(&b->to->arena, n->n_in + 1, sizeof(int));
    enum dsc_status st = DSC_OK;

    if (!in)
        return dsc_fail_nomem("a decoder");
    for (size_t i = 0; !st && i < n->n_in; i++) {
        int v = n->in[i];

        if (v >= 0 && b->map[v] < 0)
            st = dsc_graph_add_const(b->to, dsc_graph_type(b->g, v), &b->map[v]);
        in[i] = v < 0 ? -1 : b->map[v];
    }
    return st ? st : copy_node(b, n, in);
}

static enum dsc_status add_carried_output(struct builder *b, const struct carried *c)
{
    struct dsc_slice attr = { .rank = dsc_graph_shape(b->g, c->value).rank };
    int value = b->map[c->value];
    enum dsc_status st = DSC_OK;

    for (size_t i = 0; i < attr.rank; i++)
        attr.size[i] = DSC_DIM_FREE;
    if (c->one_slice) {
        attr.size[b->c->values[c->value].axis] = 1;
        st = dsc_graph_add(b->to, &dsc_op_slice, &attr, &value, 1, &value);
    }
    return st ? st : dsc_graph_add_output(b->to, "carried", value);
}

static enum dsc_status build_picture(struct builder *b)
{
    enum dsc_status st = begin_graph(b);

    for (size_t i = 0; !st && i < b->g->n_inputs; i++) {
        const struct dsc_port *p = &b->g->inputs[i];
        const struct dsc_tensor *type = dsc_graph_type(b->g, p->value);

        if (p->value != b->options->words)
            st = dsc_graph_add_input(b->to, p->name, type->dtype, type->shape, &b->map[p->value]);
    }
    for (size_t i = 0; !st && i < b->g->n_nodes; i++)
        if (kind_of(b, &b->g->nodes[i]) == DSC_DEP_PICTURE)
            st = copy_picture_node(b, &b->g->nodes[i]);
    for (size_t i = 0; !st && i < b->n_carried; i++)
        st = add_carried_output(b, &b->carried[i]);
    return st ? st : end_graph(b, &b->split->picture);
}

/* ---- the whole ---- */

/* Over the vocabulary, whatever shape the scores are given afterwards. */
static bool ends_in_softmax(const struct dsc_graph *g, int value)
{
    const size_t rank = dsc_graph_shape(g, value).rank, v = dsc_graph_shape(g, value).dim[rank - 1];
    const struct dsc_node *n;
    struct dsc_shape in;

    while (g->values[value].node >= 0) {
        n = &g->nodes[g->values[value].node];
        in = dsc_graph_shape(g, n->in[0]);
        if (n->op == &dsc_op_softmax)
            return ((const struct dsc_softmax *)n->attr)->axis == in.rank - 1;
        if (n->op != &dsc_op_dropout &&
            (n->op != &dsc_op_reshape || !in.rank || in.dim[in.rank - 1] != v))
            return false;
        value = n->in[0];
    }
    return false;
}

static enum dsc_status check_output(const struct builder *b)
{
    const struct dsc_dependence *d = &b->c->values[b->options->output];
    struct dsc_shape shape = dsc_graph_shape(b->g, b->options->output);
    size_t rank = d->kind == DSC_DEP_TIME ? 3 : 2;
    enum dsc_dtype dtype = dsc_graph_type(b->g, b->options->output)->dtype;
    char text[DSC_SHAPE_TEXT];

    if (d->kind == DSC_DEP_PICTURE)
        return dsc_fail(DSC_UNSUPPORTED, "the model's output does not depend on its words");
    if (dtype != DSC_F32)
        return dsc_fail(DSC_UNSUPPORTED, "the model's output is %s, scores are float32",
                        dsc_dtype_name(dtype));
    if (d->kind == DSC_DEP_TIME && d->axis != 1)
        return dsc_fail(DSC_UNSUPPORTED, "the model's output has its words on axis %d", d->axis);
    if (shape.rank < rank || shape.rank > 3 || shape.dim[shape.rank - 1] == DSC_DIM_FREE ||
        !shape.dim[shape.rank - 1])
        return dsc_fail(DSC_UNSUPPORTED,
                        "the model's output has shape %s, a score for each word of a vocabulary "
                        "[?, V] or [?, T, V] was expected",
                        dsc_shape_text(shape, text));
    return DSC_OK;
}

static enum dsc_status build(struct builder *b)
{
    struct dsc_shape shape = dsc_graph_shape(b->g, b->options->output);
    enum dsc_status st = check_output(b);

    if (st)
        return st;
    b->split->vocabulary = shape.dim[shape.rank - 1];
    b->split->is_probability = ends_in_softmax(b->g, b->options->output);
    find_inputs(b);
    if (!b->split->steps)
        find_tail(b);
    st = build_words(b);
    if (!st)
        st = build_picture(b);
    b->split->n_carried = b->n_carried;
    return st;
}

enum dsc_status dsc_split_new(struct dsc_split **out, const struct dsc_graph *g,
                              const struct dsc_causal *c, const struct dsc_split_options *options)
{
    struct builder b = { .g = g, .c = c, .options = options };
    enum dsc_status st;

    b.split = dsc_calloc(1, sizeof(*b.split));
    b.has_input = dsc_calloc(g->n_values + 1, sizeof(bool));
    b.in_tail = dsc_calloc(g->n_nodes + 1, sizeof(bool));
    b.map = dsc_malloc(g->n_values + 1, sizeof(int));
    b.taken = dsc_malloc(g->n_values + 1, sizeof(int));
    if (b.split && b.has_input && b.in_tail && b.map && b.taken) {
        b.split->steps = c->can_step && !options->never_step;
        st = build(&b);
    } else
        st = dsc_fail_nomem("a decoder");
    dsc_graph_free(b.to);
    dsc_free(b.has_input);
    dsc_free(b.in_tail);
    dsc_free(b.map);
    dsc_free(b.taken);
    dsc_free(b.carried);
    dsc_free(b.results);
    if (st) {
        dsc_split_free(b.split);
        return st;
    }
    *out = b.split;
    return DSC_OK;
}

void dsc_split_free(struct dsc_split *s)
{
    if (!s)
        return;
    dsc_model_free(s->picture);
    dsc_model_free(s->words);
    dsc_free(s->inputs);
    dsc_free(s->states);
    dsc_free(s);
}
