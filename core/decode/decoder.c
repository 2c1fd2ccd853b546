#include "core/decode/decoder.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/graph/batch.h"

#define MAX_LENGTH 1000000

struct dsc_decoder {
    struct dsc_split *split;
    struct dsc_causal causal;
    enum dsc_padding_side side;
    enum dsc_dtype word_dtype;
    size_t length;
};

struct dsc_decoding {
    const struct dsc_decoder *decoder;
    struct dsc_batch *picture;
    struct dsc_session *words;
    size_t n_pictures;
    size_t n_steps; /* since begin */
    size_t n_rows, cap_rows;
    struct dsc_tensor *inputs; /* of the words graph; data of cap_rows rows */
    const struct dsc_tensor **in;
    size_t *row_picture;      /* whose carried values lie in each row, SIZE_MAX: none */
    int32_t *history, *spare; /* whole: [cap_rows, length], the words of each row */
    int32_t index;
};

/* ---- decoder ---- */

static bool is_input(const struct dsc_graph *g, int value)
{
    for (size_t i = 0; i < g->n_inputs; i++)
        if (g->inputs[i].value == value)
            return true;
    return false;
}

int dsc_decoder_find_words(const struct dsc_graph *g)
{
    for (size_t i = 0; i < g->n_nodes; i++) {
        int v = g->nodes[i].op == &dsc_op_embedding ? g->nodes[i].in[0] : -1;

        while (v >= 0 && g->values[v].node >= 0)
            v = g->nodes[g->values[v].node].op == &dsc_op_cast ? g->nodes[g->values[v].node].in[0]
                                                               : -1;
        if (v >= 0 && is_input(g, v) && dsc_graph_shape(g, v).rank == 2 &&
            dsc_graph_type(g, v)->dtype != DSC_BOOL)
            return v;
    }
    return -1;
}

static enum dsc_status split_graph(struct dsc_decoder *d, const struct dsc_graph *g, int words,
                                   bool never_step)
{
    struct dsc_split_options options = {
        .words = words,
        .output = g->outputs[0].value,
        .length = d->length,
        .never_step = never_step,
    };
    enum dsc_status st = dsc_split_new(&d->split, g, &d->causal, &options);

    /* A shape that only fits the whole sentence: not a fault, but not a step either. */
    if (st == DSC_INVALID && d->causal.can_step && !never_step) {
        d->causal.can_step = false;
        snprintf(d->causal.reason, sizeof(d->causal.reason), "its shapes fit whole sentences only");
        st = dsc_split_new(&d->split, g, &d->causal, &options);
    }
    return st;
}

static enum dsc_status set_length(struct dsc_decoder *d, size_t of_model, size_t asked)
{
    if (of_model != DSC_DIM_FREE)
        d->length = of_model;
    else
        d->length = asked;
    if (!d->length)
        return dsc_fail(DSC_INVALID, "the model reads sentences of any length: say how long they "
                                     "may be with --max-length");
    if (d->length > MAX_LENGTH)
        return dsc_fail(DSC_UNSUPPORTED, "sentences of %zu words: %d is the most", d->length,
                        MAX_LENGTH);
    return DSC_OK;
}

enum dsc_status dsc_decoder_new(struct dsc_decoder **out, const struct dsc_graph *g,
                                const struct dsc_decoder_options *options)
{
    int words = dsc_decoder_find_words(g);
    struct dsc_decoder *d;
    enum dsc_status st;

    if (words < 0 || !g->n_outputs)
        return dsc_fail(DSC_UNSUPPORTED,
                        "not a captioner: no input [?, T] of word indices is read by an Embedding "
                        "layer");
    d = dsc_calloc(1, sizeof(*d));
    if (!d)
        return dsc_fail_nomem("a decoder");
    d->side = options->side;
    d->word_dtype = dsc_graph_type(g, words)->dtype;
    st = set_length(d, dsc_graph_shape(g, words).dim[1], options->length);
    if (!st)
        st = dsc_causal_analyse(&d->causal, g, words, d->side);
    if (!st)
        st = split_graph(d, g, words, options->never_step);
    if (st) {
        dsc_decoder_free(d);
        return st;
    }
    *out = d;
    return DSC_OK;
}

void dsc_decoder_free(struct dsc_decoder *d)
{
    if (!d)
        return;
    dsc_split_free(d->split);
    dsc_causal_release(&d->causal);
    dsc_free(d);
}

size_t dsc_decoder_vocabulary(const struct dsc_decoder *d)
{
    return d->split->vocabulary;
}

size_t dsc_decoder_length(const struct dsc_decoder *d)
{
    return d->length;
}

bool dsc_decoder_is_probability(const struct dsc_decoder *d)
{
    return d->split->is_probability;
}

const char *dsc_decoder_recompute_reason(const struct dsc_decoder *d)
{
    return d->causal.can_step ? NULL : d->causal.reason;
}

const struct dsc_model *dsc_decoder_picture_model(const struct dsc_decoder *d)
{
    return d->split->picture;
}

/* ---- decoding ---- */

enum dsc_status dsc_decoding_new(struct dsc_decoding **out, const struct dsc_decoder *d,
                                 int n_threads)
{
    struct dsc_decoding *z = dsc_calloc(1, sizeof(*z));
    enum dsc_status st;

    if (!z)
        return dsc_fail_nomem("a decoding");
    z->decoder = d;
    z->inputs = dsc_calloc(d->split->n_inputs, sizeof(*z->inputs));
    z->in = dsc_calloc(d->split->n_inputs, sizeof(*z->in));
    st = z->inputs && z->in ? DSC_OK : dsc_fail_nomem("a decoding");
    if (!st)
        st = dsc_batch_new(&z->picture, d->split->picture, n_threads);
    if (!st)
        st = dsc_session_new(&z->words, d->split->words, n_threads);
    if (st) {
        dsc_decoding_free(z);
        return st;
    }
    *out = z;
    return DSC_OK;
}

static void free_rows(struct dsc_decoding *z)
{
    for (size_t i = 0; z->inputs && i < z->decoder->split->n_inputs; i++) {
        if (z->decoder->split->inputs[i].kind != DSC_SPLIT_INDEX)
            dsc_free(z->inputs[i].data);
        z->inputs[i].data = NULL;
    }
    dsc_free(z->row_picture);
    dsc_free(z->history);
    dsc_free(z->spare);
    z->row_picture = NULL;
    z->history = z->spare = NULL;
    z->cap_rows = 0;
}

void dsc_decoding_free(struct dsc_decoding *z)
{
    if (!z)
        return;
    dsc_batch_free(z->picture);
    dsc_session_free(z->words);
    free_rows(z);
    dsc_free(z->inputs);
    dsc_free(z->in);
    dsc_free(z);
}

/* Does a value hold one thing for each of n pictures or rows? */
static bool has_rows(const struct dsc_tensor *t, size_t n)
{
    return t->shape.rank && t->shape.dim[0] == n;
}

enum dsc_status dsc_decoding_begin(struct dsc_decoding *z, const struct dsc_tensor *const *in,
                                   size_t n_in)
{
    enum dsc_status st = dsc_batch_run(z->picture, in, n_in);

    if (st)
        return st;
    z->n_pictures = !n_in ? 1 : in[0]->shape.rank ? in[0]->shape.dim[0] : 0;
    z->n_steps = 0;
    for (size_t r = 0; r < z->cap_rows; r++)
        z->row_picture[r] = SIZE_MAX;
    return DSC_OK;
}

/* The type of input i for n rows; carried values have the shape this picture gave. */
static struct dsc_tensor input_type(const struct dsc_decoding *z, size_t i, size_t n_rows)
{
    const struct dsc_split *s = z->decoder->split;
    struct dsc_tensor t = { .dtype = DSC_F32 };

    switch (s->inputs[i].kind) {
    case DSC_SPLIT_WORDS:
        t.dtype = z->decoder->word_dtype;
        t.shape = DSC_SHAPE(n_rows, s->steps ? 1 : z->decoder->length);
        break;
    case DSC_SPLIT_INDEX:
        t.dtype = DSC_I32;
        t.shape = DSC_SHAPE(1);
        break;
    case DSC_SPLIT_CARRIED:
        t = *dsc_batch_output(z->picture, s->inputs[i].which);
        t.shape.dim[0] = n_rows;
        break;
    case DSC_SPLIT_STATE:
        t.shape = s->states[s->inputs[i].which].shape;
        t.shape.dim[0] = n_rows;
        break;
    }
    return t;
}

/* Whether the buffers hold n rows of what this picture carries. */
static bool rows_fit(const struct dsc_decoding *z, size_t n_rows)
{
    if (n_rows > z->cap_rows)
        return false;
    for (size_t i = 0; i < z->decoder->split->n_inputs; i++) {
        struct dsc_tensor t = input_type(z, i, n_rows);

        if (z->decoder->split->inputs[i].kind == DSC_SPLIT_CARRIED &&
            dsc_tensor_row_bytes(&t) != dsc_tensor_row_bytes(&z->inputs[i]))
            return false;
    }
    return true;
}

static bool allocate_inputs(struct dsc_decoding *z, size_t n)
{
    const struct dsc_split *s = z->decoder->split;

    for (size_t i = 0; i < s->n_inputs; i++) {
        z->inputs[i] = input_type(z, i, n);
        z->in[i] = &z->inputs[i];
        if (s->inputs[i].kind == DSC_SPLIT_INDEX)
            z->inputs[i].data = &z->index;
        else
            z->inputs[i].data = dsc_malloc(n, dsc_tensor_row_bytes(&z->inputs[i]));
        if (!z->inputs[i].data)
            return false;
    }
    return true;
}

/* Make room for n rows. Inputs are filled anew at each step; only the words so far must
 * stay. */
static enum dsc_status grow_rows(struct dsc_decoding *z, size_t n_rows)
{
    size_t n = DSC_MAX(n_rows, z->cap_rows), len = z->decoder->length;
    int32_t *history = z->history;
    bool ok;

    z->history = NULL;
    free_rows(z);
    z->row_picture = dsc_malloc(n, sizeof(*z->row_picture));
    ok = z->row_picture && allocate_inputs(z, n);
    if (ok && !z->decoder->split->steps) {
        z->history = dsc_malloc(n, len * sizeof(int32_t));
        z->spare = dsc_malloc(n, len * sizeof(int32_t));
        ok = z->history && z->spare;
    }
    if (ok && history && z->history && z->n_steps)
        memcpy(z->history, history, z->n_rows * len * sizeof(int32_t));
    dsc_free(history);
    if (!ok) {
        free_rows(z);
        return dsc_fail(DSC_NOMEM, "out of memory for %zu sentences at once", n);
    }
    z->cap_rows = n;
    for (size_t r = 0; r < n; r++)
        z->row_picture[r] = SIZE_MAX;
    return DSC_OK;
}

static void put_row(struct dsc_tensor *to, size_t row, const struct dsc_tensor *from, size_t source)
{
    size_t len_bytes = dsc_tensor_row_bytes(to);

    memcpy((char *)to->data + row * len_bytes, (const char *)from->data + source * len_bytes,
           len_bytes);
}

static void put_carried(struct dsc_decoding *z, struct dsc_tensor *to, size_t which,
                        const struct dsc_row *rows, size_t n_rows)
{
    const struct dsc_tensor *from = dsc_batch_output(z->picture, which);

    for (size_t r = 0; r < n_rows; r++)
        if (z->row_picture[r] != rows[r].picture)
            put_row(to, r, from, rows[r].picture);
}

static void put_state(struct dsc_decoding *z, struct dsc_tensor *to, size_t which,
                      const struct dsc_row *rows, size_t n_rows)
{
    const struct dsc_split_state *state = &z->decoder->split->states[which];
    const struct dsc_tensor *from = NULL;

    if (z->n_steps)
        from = dsc_session_output(z->words, 1 + which);
    else if (state->carried >= 0)
        from = dsc_batch_output(z->picture, (size_t)state->carried);
    if (!from)
        memset(to->data, 0, n_rows * dsc_tensor_row_bytes(to));
    for (size_t r = 0; from && r < n_rows; r++)
        put_row(to, r, from, z->n_steps ? rows[r].parent : rows[r].picture);
}

static void put_word(struct dsc_tensor *to, size_t at, int32_t word)
{
    if (to->dtype == DSC_I32)
        dsc_tensor_i32(to)[at] = word;
    else
        dsc_tensor_f32(to)[at] = (float)word;
}

/* The words so far, padded as Keras' pad_sequences does. */
static void put_history(struct dsc_decoding *z, struct dsc_tensor *to, const struct dsc_row *rows,
                        size_t n_rows)
{
    size_t length = z->decoder->length, n = z->n_steps + 1;
    size_t first = z->decoder->side == DSC_PAD_PRE ? length - n : 0;
    int32_t *swap = z->history;

    for (size_t r = 0; r < n_rows; r++) {
        int32_t *words = z->spare + r * length;

        if (z->n_steps)
            memcpy(words, z->history + rows[r].parent * length, z->n_steps * sizeof(*words));
        words[n - 1] = rows[r].word;
        for (size_t t = 0; t < length; t++)
            put_word(to, r * length + t, t >= first && t < first + n ? words[t - first] : 0);
    }
    z->history = z->spare;
    z->spare = swap;
}

static void put_inputs(struct dsc_decoding *z, const struct dsc_row *rows, size_t n_rows)
{
    const struct dsc_split *s = z->decoder->split;
    const bool before = !s->steps && z->decoder->side == DSC_PAD_PRE;

    z->index = (int32_t)(before ? z->decoder->length - 1 : z->n_steps);
    for (size_t i = 0; i < s->n_inputs; i++) {
        struct dsc_tensor *to = &z->inputs[i];

        /* A picture of another size may carry as many numbers in another shape. */
        to->shape = input_type(z, i, n_rows).shape;
        if (s->inputs[i].kind == DSC_SPLIT_CARRIED)
            put_carried(z, to, s->inputs[i].which, rows, n_rows);
        else if (s->inputs[i].kind == DSC_SPLIT_STATE)
            put_state(z, to, s->inputs[i].which, rows, n_rows);
        else if (s->inputs[i].kind == DSC_SPLIT_WORDS && !s->steps)
            put_history(z, to, rows, n_rows);
        else if (s->inputs[i].kind == DSC_SPLIT_WORDS)
            for (size_t r = 0; r < n_rows; r++)
                put_word(to, r, rows[r].word);
    }
    for (size_t r = 0; r < n_rows; r++)
        z->row_picture[r] = rows[r].picture;
}

enum dsc_status dsc_decoding_step(struct dsc_decoding *z, const struct dsc_row *rows, size_t n_rows,
                                  const float **scores)
{
    enum dsc_status st;

    if (z->n_steps == z->decoder->length)
        return dsc_fail(DSC_INVALID, "the model reads no more than %zu words", z->n_steps);
    for (size_t r = 0; r < n_rows; r++)
        assert(rows[r].picture < z->n_pictures && (!z->n_steps || rows[r].parent < z->n_rows));
    st = rows_fit(z, n_rows) ? DSC_OK : grow_rows(z, n_rows);
    if (st)
        return st;
    put_inputs(z, rows, n_rows);
    st = dsc_session_run(z->words, z->in, z->decoder->split->n_inputs);
    if (st)
        return st;
    for (size_t i = 0; i <= z->decoder->split->n_states; i++)
        if (!has_rows(dsc_session_output(z->words, i), n_rows))
            return dsc_fail(DSC_INVALID, "the model mixes the sentences of a batch");
    z->n_steps++;
    z->n_rows = n_rows;
    *scores = dsc_tensor_f32(dsc_session_output(z->words, 0));
    return DSC_OK;
}
