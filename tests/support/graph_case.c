#include "tests/support/graph_case.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "core/base/alloc.h"
#include "tests/support/op_case.h"

#define OK(call) cr_assert_eq((call), DSC_OK, "%s", dsc_error_message())

struct dsc_graph *graph_new(void)
{
    struct dsc_graph *g = NULL;

    OK(dsc_graph_new(&g));
    return g;
}

int graph_input(struct dsc_graph *g, const char *name, struct dsc_shape shape)
{
    int v = -1;

    OK(dsc_graph_add_input(g, name, DSC_F32, shape, &v));
    return v;
}

static int add_numbers(struct dsc_graph *g, struct dsc_shape shape, float scale, float shift)
{
    struct dsc_tensor *t = op_random(DSC_F32, shape, (unsigned)g->n_values + 1);
    int v = -1;

    for (size_t i = 0; i < dsc_tensor_count(t); i++)
        dsc_tensor_f32(t)[i] = dsc_tensor_f32(t)[i] * scale + shift;
    OK(dsc_graph_take_const(g, t, &v));
    return v;
}

int graph_weights(struct dsc_graph *g, struct dsc_shape shape)
{
    return add_numbers(g, shape, 0.25F, 0);
}

int graph_positive(struct dsc_graph *g, size_t n)
{
    return add_numbers(g, DSC_SHAPE(n), 0.25F, 1);
}

int graph_node(struct dsc_graph *g, const struct dsc_op *op, const void *attr, const int *in,
               size_t n_in)
{
    int out[DSC_OP_MAX_OUT] = { -1, -1, -1 };

    OK(dsc_graph_add(g, op, attr, in, n_in, out));
    return out[0];
}

int graph_act(struct dsc_graph *g, int x, enum dsc_act_kind kind)
{
    struct dsc_unary attr = { .act = { kind, 0, 0, INFINITY } };

    return GRAPH_NODE(g, unary, &attr, x);
}

int graph_add(struct dsc_graph *g, int a, int b)
{
    return GRAPH_NODE(g, binary, &(struct dsc_binary){ .kind = DSC_ADD }, a, b);
}

void graph_output(struct dsc_graph *g, int value)
{
    OK(dsc_graph_add_output(g, "output", value));
}

/* ---- the plain run ---- */

static struct dsc_tensor *new_tensor(const struct dsc_tensor *type)
{
    struct dsc_tensor *t = NULL;

    OK(dsc_tensor_new(&t, type->dtype, type->shape));
    return t;
}

static size_t len_bytes(const struct dsc_tensor *t)
{
    return dsc_tensor_count(t) * dsc_dtype_bytes(t->dtype);
}

static struct dsc_tensor *copy_of(const struct dsc_tensor *t)
{
    struct dsc_tensor *copy = new_tensor(t);

    memcpy(copy->data, t->data, len_bytes(t));
    return copy;
}

static void run_node(const struct dsc_node *n, struct dsc_tensor **values)
{
    const struct dsc_tensor **in = dsc_calloc(n->n_in + 1, sizeof(*in));
    struct dsc_tensor out[DSC_OP_MAX_OUT] = { 0 };
    struct dsc_op_io io = {
        .attr = n->attr, .in = in, .n_in = n->n_in, .out = out, .n_threads = 1
    };

    for (size_t i = 0; i < n->n_in; i++)
        in[i] = n->in[i] < 0 ? NULL : values[n->in[i]];
    OK(n->op->shape(&io));
    for (size_t i = 0; i < n->op->n_out; i++) {
        values[n->out[i]] = new_tensor(&out[i]);
        out[i].data = values[n->out[i]]->data;
    }
    io.work = dsc_malloc(n->op->work_bytes ? n->op->work_bytes(&io) : 0, 1);
    if (n->op->flags & DSC_OP_VIEW)
        memcpy(out[0].data, in[0]->data, len_bytes(&out[0]));
    else
        OK(n->op->forward(&io));
    dsc_free(io.work);
    dsc_free(in);
}

struct dsc_tensor **graph_run_plainly(const struct dsc_graph *g, const struct dsc_tensor *const *in)
{
    struct dsc_tensor **values = dsc_calloc(g->n_values, sizeof(*values));
    struct dsc_tensor **outputs = dsc_calloc(g->n_outputs + 1, sizeof(*outputs));

    cr_assert(values && outputs);
    for (size_t v = 0; v < g->n_values; v++)
        if (g->values[v].type.data)
            values[v] = copy_of(&g->values[v].type);
    for (size_t i = 0; i < g->n_inputs; i++)
        values[g->inputs[i].value] = copy_of(in[i]);
    for (size_t i = 0; i < g->n_nodes; i++)
        run_node(&g->nodes[i], values);
    for (size_t i = 0; i < g->n_outputs; i++)
        outputs[i] = copy_of(values[g->outputs[i].value]);
    graph_free_tensors(values, g->n_values);
    return outputs;
}

void graph_free_tensors(struct dsc_tensor **tensors, size_t n)
{
    for (size_t i = 0; i < n; i++)
        dsc_tensor_free(tensors[i]);
    dsc_free(tensors);
}

/* ---- comparing ---- */

static double number(const struct dsc_tensor *t, size_t i)
{
    if (t->dtype == DSC_F32)
        return (double)dsc_tensor_f32(t)[i];
    return t->dtype == DSC_I32 ? dsc_tensor_i32(t)[i] : dsc_tensor_bool(t)[i];
}

void graph_expect_close(const struct dsc_tensor *a, const struct dsc_tensor *b, float tolerance,
                        const char *what)
{
    char a_text[DSC_SHAPE_TEXT], b_text[DSC_SHAPE_TEXT];
    double largest = 0, worst = -1;
    size_t at = 0;

    cr_assert(a->dtype == b->dtype && dsc_shape_equal(a->shape, b->shape), "%s: %s, expected %s",
              what, dsc_shape_text(a->shape, a_text), dsc_shape_text(b->shape, b_text));
    for (size_t i = 0; i < dsc_tensor_count(b); i++) {
        double d = fabs(number(a, i) - number(b, i));

        largest = DSC_MAX(largest, fabs(number(b, i)));
        if (!(d <= worst)) {
            worst = d;
            at = i;
        }
    }
    cr_assert(worst <= (double)tolerance * (1e-3 + largest),
              "%s: worst at element %zu: %.9g, expected %.9g (the largest is %.3g)", what, at,
              number(a, at), number(b, at), largest);
}
