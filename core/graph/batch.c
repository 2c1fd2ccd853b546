#include "core/graph/batch.h"

#include <string.h>

#include "core/base/alloc.h"

#define SLICE_BYTES ((size_t)32 << 20) /* of weights for each further sample of a slice */
#define MAX_SLICE   16
#define SMALL_BYTES ((size_t)64 << 10) /* samples of less go together whatever the weights */

struct gathered {
    struct dsc_tensor tensor; /* [N, ...] */
    size_t cap_bytes;
};

struct dsc_batch {
    const struct dsc_graph *graph;
    struct dsc_session *session;
    size_t slice;
    struct dsc_tensor *in; /* the inputs of one slice */
    const struct dsc_tensor **in_list;
    struct gathered *out; /* per output, when there was more than one slice */
    bool is_gathered;
};

static size_t weight_bytes(const struct dsc_graph *g)
{
    size_t n = 0, len_bytes;

    for (size_t v = 0; v < g->n_values; v++) {
        const struct dsc_tensor *t = &g->values[v].type;

        if (t->data && dsc_shape_bytes(t->shape, t->dtype, &len_bytes))
            n += len_bytes;
    }
    return n;
}

enum dsc_status dsc_batch_new(struct dsc_batch **out, const struct dsc_model *m, int n_threads)
{
    struct dsc_batch *b = dsc_calloc(1, sizeof(*b));
    enum dsc_status st;

    if (!b)
        return dsc_fail_nomem("a batch");
    b->graph = dsc_model_graph(m);
    b->slice = DSC_MIN(1 + weight_bytes(b->graph) / SLICE_BYTES, (size_t)MAX_SLICE);
    b->in = dsc_calloc(b->graph->n_inputs + 1, sizeof(*b->in));
    b->in_list = dsc_calloc(b->graph->n_inputs + 1, sizeof(*b->in_list));
    b->out = dsc_calloc(b->graph->n_outputs + 1, sizeof(*b->out));
    st = b->in && b->in_list && b->out ? DSC_OK : dsc_fail_nomem("a batch");
    if (!st)
        st = dsc_session_new(&b->session, m, n_threads);
    if (st) {
        dsc_batch_free(b);
        return st;
    }
    *out = b;
    return DSC_OK;
}

void dsc_batch_free(struct dsc_batch *b)
{
    if (!b)
        return;
    dsc_session_free(b->session);
    for (size_t i = 0; b->out && i < b->graph->n_outputs; i++)
        dsc_free(b->out[i].tensor.data);
    dsc_free(b->in);
    dsc_free(b->in_list);
    dsc_free(b->out);
    dsc_free(b);
}

/* How many samples there are, when all inputs agree and can be cut there; else 0. */
static size_t count_samples(const struct dsc_tensor *const *in, size_t n_in)
{
    for (size_t i = 0; i < n_in; i++)
        if (!in[i]->shape.rank || in[i]->shape.dim[0] != in[0]->shape.dim[0])
            return 0;
    return n_in ? in[0]->shape.dim[0] : 0;
}

static size_t slice_of(const struct dsc_batch *b, const struct dsc_tensor *const *in, size_t n_in,
                       size_t n)
{
    size_t len_bytes = 0;

    for (size_t i = 0; i < n_in; i++)
        len_bytes += dsc_tensor_row_bytes(in[i]);
    return len_bytes < SMALL_BYTES ? n : b->slice;
}

static enum dsc_status check_rows(const struct dsc_batch *b, size_t n)
{
    for (size_t i = 0; i < b->graph->n_outputs; i++) {
        const struct dsc_tensor *t = dsc_session_output(b->session, i);

        if (!t->shape.rank || t->shape.dim[0] != n)
            return dsc_fail(DSC_INVALID, "the model mixes the samples of a batch");
    }
    return DSC_OK;
}

/* Copy the session's outputs to their place among those of all n samples. */
static enum dsc_status gather(struct dsc_batch *b, size_t first, size_t n)
{
    for (size_t i = 0; i < b->graph->n_outputs; i++) {
        const struct dsc_tensor *from = dsc_session_output(b->session, i);
        struct gathered *to = &b->out[i];
        size_t row = dsc_tensor_row_bytes(from), need;

        if (!dsc_mul_size(row, n, &need))
            return dsc_fail_nomem("a batch");
        if (need > to->cap_bytes) {
            dsc_free(to->tensor.data);
            to->cap_bytes = 0;
            to->tensor.data = dsc_malloc(need, 1);
            if (!to->tensor.data)
                return dsc_fail(DSC_NOMEM, "out of memory for the results of %zu samples", n);
            to->cap_bytes = need;
        }
        to->tensor.dtype = from->dtype;
        to->tensor.shape = from->shape;
        to->tensor.shape.dim[0] = n;
        memcpy((char *)to->tensor.data + first * row, from->data, from->shape.dim[0] * row);
    }
    return DSC_OK;
}

static enum dsc_status run_slices(struct dsc_batch *b, const struct dsc_tensor *const *in,
                                  size_t n_in, size_t n, size_t slice)
{
    for (size_t first = 0; first < n; first += slice) {
        size_t here = DSC_MIN(slice, n - first);
        enum dsc_status st;

        for (size_t i = 0; i < n_in; i++) {
            b->in[i] = *in[i];
            b->in[i].shape.dim[0] = here;
            b->in[i].data = (char *)in[i]->data + first * dsc_tensor_row_bytes(in[i]);
            b->in_list[i] = &b->in[i];
        }
        st = dsc_session_run(b->session, b->in_list, n_in);
        if (!st)
            st = check_rows(b, here);
        if (!st)
            st = gather(b, first, n);
        if (st)
            return st;
    }
    return DSC_OK;
}

enum dsc_status dsc_batch_run(struct dsc_batch *b, const struct dsc_tensor *const *in, size_t n_in)
{
    size_t n = n_in == b->graph->n_inputs ? count_samples(in, n_in) : 0;
    size_t slice = n > 1 ? slice_of(b, in, n_in, n) : 1;
    enum dsc_status st;

    b->is_gathered = n > slice;
    if (b->is_gathered)
        return run_slices(b, in, n_in, n, slice);
    st = dsc_session_run(b->session, in, n_in);
    return st || !n ? st : check_rows(b, n);
}

const struct dsc_tensor *dsc_batch_output(const struct dsc_batch *b, size_t i)
{
    return b->is_gathered ? &b->out[i].tensor : dsc_session_output(b->session, i);
}
