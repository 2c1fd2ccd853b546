#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cpu.h"
#include "core/base/strbuf.h"
#include "core/cli/console.h"
#include "core/graph/session.h"
#include "core/h5/writer.h"
#include "core/keras/load.h"
#include "infer/cmd.h"

struct predict_options {
    struct dsc_common_options common;
    const char *inputs, *output;
    size_t batch_size;
};

#define S struct predict_options
static const struct dsc_option options[] = {
    DSC_OPTION_STRING("inputs", 0, S, inputs, "FILE",
                      "HDF5 with /inputs/NAME for each input of the model (one input: any name)"),
    DSC_OPTION_STRING("output", 'o', S, output, "FILE",
                      "HDF5 that gets /outputs/output_0, output_1, ..."),
    DSC_OPTION_SIZE("batch-size", 0, S, batch_size, "N", 1, 1000000,
                    "rows that run at a time (32)"),
    DSC_OPTION_INCLUDE(dsc_common_options, S, common), DSC_OPTION_END
};

const struct dsc_command cmd_predict_command = {
    "describe", "predict", "MODEL",
    "Run a Keras model on the numbers of a file, as model.predict() does.", options
};

/* A dataset of the inputs' file, and the rows of it that run now. */
struct source {
    char *path;
    struct dsc_h5_array array;
    struct dsc_tensor rows;
    size_t row_count; /* elements of one row */
    void *buffer;     /* of `rows`; NULL: they lie in the file */
};

struct predictor {
    const struct predict_options *options;
    struct dsc_console *console;
    struct dsc_keras_model *keras;
    struct dsc_model *model;
    const struct dsc_graph *graph;
    struct dsc_session *session;
    struct dsc_h5 *file;
    struct source *sources; /* in the order of graph->inputs */
    size_t n_rows;          /* of every input */
    bool is_sliced;         /* the batch axis is free: `batch` rows run at a time */
    size_t batch;
    struct dsc_h5_writer *writer;
    size_t *per_row; /* rows of each output for a row of the inputs */
};

static enum dsc_h5_type file_type(enum dsc_dtype dtype)
{
    return dtype == DSC_F32 ? DSC_H5_F32 : dtype == DSC_I32 ? DSC_H5_I32 : DSC_H5_BOOL;
}

static enum dsc_status open_model(struct predictor *p, const char *path)
{
    size_t threads = p->options->common.threads;
    enum dsc_status st = dsc_keras_load(&p->keras, path);

    if (!threads)
        threads = (size_t)dsc_cpu_count();
    if (!st)
        st = dsc_model_new(&p->model, dsc_keras_take_graph(p->keras));
    if (!st)
        st = dsc_session_new(&p->session, p->model, (int)threads);
    if (!st)
        p->graph = dsc_model_graph(p->model);
    return st;
}

/* ---- inputs ---- */

static enum dsc_status fail_missing(const struct predictor *p, const char *name,
                                    const struct dsc_h5_texts *there)
{
    struct dsc_strbuf s = DSC_STRBUF_INIT;
    enum dsc_status st = dsc_strbuf_puts(&s, there->n ? "" : "nothing");

    for (size_t i = 0; i < there->n && !st; i++)
        st = dsc_strbuf_printf(&s, "%s'%s'", i ? ", " : "", there->text[i]);
    if (!st)
        st = dsc_fail(DSC_FORMAT, "'%s' has no dataset 'inputs/%s'; in 'inputs' there is %s",
                      p->options->inputs, name, s.text);
    dsc_strbuf_release(&s);
    return st;
}

/* Path of input i: called as the input layer; a single one may have any name. */
static enum dsc_status find_source(struct predictor *p, size_t i, const struct dsc_h5_texts *there)
{
    const char *name = p->graph->inputs[i].name;
    struct dsc_strbuf s = DSC_STRBUF_INIT;
    enum dsc_h5_kind kind;
    enum dsc_status st;

    if (p->graph->n_inputs == 1 && there->n == 1)
        name = there->text[0];
    st = dsc_strbuf_printf(&s, "inputs/%s", name);
    if (!st)
        p->sources[i].path = dsc_strbuf_detach(&s);
    dsc_strbuf_release(&s);
    if (!st)
        st = dsc_h5_find(p->file, p->sources[i].path, &kind);
    if (!st && kind != DSC_H5_DATASET)
        st = fail_missing(p, name, there);
    return st;
}

static enum dsc_status measure_source(struct predictor *p, size_t i)
{
    const struct dsc_tensor *type = dsc_graph_type(p->graph, p->graph->inputs[i].value);
    struct source *s = &p->sources[i];
    char got[DSC_SHAPE_TEXT], want[DSC_SHAPE_TEXT];
    enum dsc_status st = dsc_h5_array(p->file, s->path, &s->array);
    size_t len_bytes;

    if (st)
        return st;
    s->rows = (struct dsc_tensor){ type->dtype, { .rank = s->array.rank }, NULL };
    memcpy(s->rows.shape.dim, s->array.dim, sizeof(s->array.dim));
    if (!s->array.rank || !dsc_shape_fits(s->rows.shape, type->shape))
        return dsc_fail(DSC_INVALID, "'%s': dataset '%s' has the shape %s, the model takes %s",
                        p->options->inputs, s->path, dsc_shape_text(s->rows.shape, got),
                        dsc_shape_text(type->shape, want));
    if (!dsc_shape_bytes(s->rows.shape, type->dtype, &len_bytes))
        return dsc_fail(DSC_INVALID, "'%s': dataset '%s' is too large", p->options->inputs,
                        s->path);
    s->row_count = dsc_shape_count(s->rows.shape, 1, s->rows.shape.rank);
    return DSC_OK;
}

static bool batch_is_free(const struct dsc_graph *g)
{
    for (size_t i = 0; i < g->n_inputs; i++)
        if (dsc_graph_shape(g, g->inputs[i].value).dim[0] != DSC_DIM_FREE)
            return false;
    return true;
}

/* All inputs have as many rows; where the model fixes them they run at once. */
static enum dsc_status count_rows(struct predictor *p)
{
    p->is_sliced = batch_is_free(p->graph);
    p->n_rows = p->sources[0].array.dim[0];
    for (size_t i = 1; i < p->graph->n_inputs && p->is_sliced; i++)
        if (p->sources[i].array.dim[0] != p->n_rows)
            return dsc_fail(DSC_INVALID, "'%s': dataset '%s' has %zu rows, '%s' has %zu",
                            p->options->inputs, p->sources[0].path, p->n_rows, p->sources[i].path,
                            p->sources[i].array.dim[0]);
    if (!p->n_rows)
        return dsc_fail(DSC_INVALID, "'%s': dataset '%s' has no rows", p->options->inputs,
                        p->sources[0].path);
    p->batch = p->is_sliced ? DSC_MIN(p->options->batch_size, p->n_rows) : p->n_rows;
    return DSC_OK;
}

/* Room for a batch of what has to be converted; the rest is read where it lies. */
static enum dsc_status make_buffers(struct predictor *p)
{
    for (size_t i = 0; i < p->graph->n_inputs; i++) {
        struct source *s = &p->sources[i];
        size_t n = p->is_sliced ? p->batch : s->array.dim[0];

        if (s->array.mapped && s->rows.dtype == DSC_F32)
            continue;
        s->buffer = dsc_malloc(n * s->row_count, dsc_dtype_bytes(s->rows.dtype));
        if (!s->buffer)
            return dsc_fail_nomem("a batch of inputs");
    }
    return DSC_OK;
}

static enum dsc_status open_inputs(struct predictor *p)
{
    struct dsc_h5_texts there = { 0 };
    enum dsc_status st = dsc_h5_open(&p->file, p->options->inputs);

    if (!st)
        st = dsc_h5_list(p->file, "inputs", &there);
    if (!st) {
        p->sources = dsc_calloc(p->graph->n_inputs, sizeof(*p->sources));
        st = p->sources ? DSC_OK : dsc_fail_nomem("inputs");
    }
    for (size_t i = 0; i < p->graph->n_inputs && !st; i++) {
        st = find_source(p, i, &there);
        if (!st)
            st = measure_source(p, i);
    }
    if (!st)
        st = count_rows(p);
    if (!st)
        st = make_buffers(p);
    dsc_h5_texts_release(&there);
    return st;
}

/* ---- running ---- */

static enum dsc_status load_rows(struct predictor *p, size_t first, size_t n)
{
    for (size_t i = 0; i < p->graph->n_inputs; i++) {
        struct source *s = &p->sources[i];
        enum dsc_status st;

        if (p->is_sliced)
            s->rows.shape.dim[0] = n;
        if (!s->buffer) {
            s->rows.data = (void *)(uintptr_t)(s->array.mapped + first * s->row_count);
            continue;
        }
        st = dsc_h5_read(p->file, s->path, file_type(s->rows.dtype), first, s->rows.shape.dim[0],
                         s->buffer);
        if (st)
            return st;
        s->rows.data = s->buffer;
    }
    return DSC_OK;
}

static void name_output(const struct predictor *p, size_t i, char path[64])
{
    snprintf(path, 64, "outputs/%s", p->graph->outputs[i].name);
}

/* After the first batch of n rows the shapes of the whole are known. */
static enum dsc_status add_outputs(struct predictor *p, size_t n)
{
    p->per_row = dsc_calloc(p->graph->n_outputs, sizeof(*p->per_row));
    if (!p->per_row)
        return dsc_fail_nomem("outputs");
    for (size_t i = 0; i < p->graph->n_outputs; i++) {
        const struct dsc_tensor *t = dsc_session_output(p->session, i);
        struct dsc_h5_array a = { file_type(t->dtype), t->shape.rank, { 0 }, NULL };
        enum dsc_status st;
        char path[64];

        memcpy(a.dim, t->shape.dim, sizeof(a.dim));
        p->per_row[i] = a.rank ? a.dim[0] / n : 0;
        if (n < p->n_rows &&
            (!a.rank || a.dim[0] % n || !dsc_mul_size(p->per_row[i], p->n_rows, &a.dim[0])))
            return dsc_fail(DSC_UNSUPPORTED,
                            "'%s' does not have a row for each row of the inputs: give "
                            "--batch-size %zu to run all at once",
                            p->graph->outputs[i].name, p->n_rows);
        name_output(p, i, path);
        st = dsc_h5_writer_add_array(p->writer, path, &a, n < p->n_rows ? NULL : t->data);
        if (st)
            return st;
    }
    return DSC_OK;
}

static enum dsc_status store_rows(struct predictor *p, size_t first, size_t n)
{
    enum dsc_status st = first ? DSC_OK : add_outputs(p, n);
    char path[64];

    for (size_t i = 0; i < p->graph->n_outputs && !st && n < p->n_rows; i++) {
        const struct dsc_tensor *t = dsc_session_output(p->session, i);

        name_output(p, i, path);
        st = dsc_h5_writer_put_rows(p->writer, path, first * p->per_row[i], t->shape.dim[0],
                                    t->data);
    }
    return st;
}

static enum dsc_status run_rows(struct predictor *p, const struct dsc_tensor *const *in)
{
    enum dsc_status st = DSC_OK;

    dsc_progress_begin(p->console, p->n_rows);
    for (size_t first = 0; first < p->n_rows && !st; first += p->batch) {
        size_t n = DSC_MIN(p->batch, p->n_rows - first);

        st = load_rows(p, first, n);
        if (!st)
            st = dsc_session_run(p->session, in, p->graph->n_inputs);
        if (st)
            break;
        st = store_rows(p, first, n);
        dsc_progress_add(p->console, n);
    }
    dsc_progress_end(p->console);
    return st;
}

static enum dsc_status run_all(struct predictor *p)
{
    const struct dsc_tensor **in = dsc_calloc(p->graph->n_inputs, sizeof(*in));
    enum dsc_status st = in ? DSC_OK : dsc_fail_nomem("inputs");

    for (size_t i = 0; i < p->graph->n_inputs && !st; i++)
        in[i] = &p->sources[i].rows;
    if (!st)
        st = dsc_h5_writer_open(&p->writer, p->options->output);
    if (!st)
        st = run_rows(p, in);
    if (!st)
        st = dsc_h5_writer_add_text(p->writer, "/", "keras_version", p->keras->keras_version);
    if (!st)
        st = dsc_h5_writer_commit(p->writer);
    dsc_free(in);
    return st;
}

static void release(struct predictor *p)
{
    dsc_h5_writer_close(p->writer);
    for (size_t i = 0; p->sources && i < p->graph->n_inputs; i++) {
        dsc_free(p->sources[i].path);
        dsc_free(p->sources[i].buffer);
    }
    dsc_free(p->sources);
    dsc_free(p->per_row);
    dsc_h5_close(p->file);
    dsc_session_free(p->session);
    dsc_model_free(p->model);
    dsc_keras_model_free(p->keras);
}

static int predict(const struct predict_options *o, const char *model)
{
    struct dsc_console console;
    struct predictor p = { .options = o, .console = &console };
    enum dsc_status st;

    dsc_console_init(&console, "describe", dsc_console_level(&o->common));
    st = open_model(&p, model);
    if (!st)
        st = open_inputs(&p);
    if (!st)
        st = run_all(&p);
    if (st)
        dsc_console_fail(&console);
    release(&p);
    dsc_console_release(&console);
    return st ? DSC_EXIT_FAILED : DSC_EXIT_OK;
}

int cmd_predict(int argc, char **argv)
{
    struct predict_options o = { .batch_size = 32 };
    struct dsc_args args = { 0 };
    int code = dsc_args_parse(&args, &cmd_predict_command, &o, argc, argv);

    if (code == DSC_EXIT_NONE && args.operand_count != 1)
        code = dsc_usage_error(&cmd_predict_command,
                               args.operand_count ? "one model at a time, not %zu"
                                                  : "no model was named",
                               args.operand_count);
    if (code == DSC_EXIT_NONE && !o.inputs)
        code = dsc_usage_error(&cmd_predict_command, "--inputs FILE is missing");
    if (code == DSC_EXIT_NONE && !o.output)
        code = dsc_usage_error(&cmd_predict_command, "--output FILE is missing");
    if (code == DSC_EXIT_NONE && !strcmp(o.output, "-"))
        code = dsc_usage_error(&cmd_predict_command,
                               "HDF5 cannot be written to standard output: give --output a name");
    if (code == DSC_EXIT_NONE)
        code = predict(&o, args.operands[0]);
    dsc_args_release(&args);
    return code;
}
