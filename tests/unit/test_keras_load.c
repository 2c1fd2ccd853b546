#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/strbuf.h"
#include "core/graph/model.h"
#include "core/h5/writer.h"
#include "core/keras/load.h"

#define GOLDEN "tests/golden/keras/"

#define CONFIG(layers, last)                                                                  \
    "{\"class_name\":\"Sequential\",\"config\":{\"name\":\"m\",\"layers\":[{\"class_name\":"  \
    "\"InputLayer\",\"config\":{\"name\":\"x\",\"batch_input_shape\":[null,3]}}," layers last \
    "]}}"
#define DENSE(name) \
    "{\"class_name\":\"Dense\",\"config\":{\"name\":\"" name "\",\"units\":2,\"use_bias\":true}}"

/* A model file as each test wants it; NULL leaves an attribute out. */
struct file {
    const char *config, *version;
    bool no_weights, no_bias, wide_kernel;
};

static char path[64];

static void write_file(const struct file *f)
{
    static const char *const names[] = { "one/kernel:0", "one/bias:0" };
    static const float zeros[16];
    struct dsc_h5_array kernel = { DSC_H5_F32, 2, { 3, f->wide_kernel ? 5 : 2 }, NULL };
    struct dsc_h5_array bias = { DSC_H5_F32, 1, { 2 }, NULL };
    struct dsc_h5_writer *w;

    snprintf(path, sizeof(path), "/tmp/describe-keras-%ld.h5", (long)getpid());
    cr_assert(!dsc_h5_writer_open(&w, path));
    if (f->config)
        cr_assert(!dsc_h5_writer_add_text(w, "/", "model_config", f->config));
    if (f->version)
        cr_assert(!dsc_h5_writer_add_text(w, "/", "keras_version", f->version));
    if (!f->no_weights) {
        cr_assert(!dsc_h5_writer_add_array(w, "model_weights/one/one/kernel:0", &kernel, zeros));
        cr_assert(!dsc_h5_writer_add_texts(w, "model_weights/one", "weight_names", names, 2));
    }
    if (!f->no_weights && !f->no_bias)
        cr_assert(!dsc_h5_writer_add_array(w, "model_weights/one/one/bias:0", &bias, zeros));
    cr_assert(!dsc_h5_writer_commit(w));
    dsc_h5_writer_close(w);
}

static void expect_failure(const struct file *f, enum dsc_status st, const char *words)
{
    struct dsc_keras_model *m;

    write_file(f);
    cr_expect_eq(dsc_keras_load(&m, path), st, "%s", dsc_error_message());
    cr_expect(strstr(dsc_error_message(), words), "no '%s' in: %s", words, dsc_error_message());
    cr_expect(strstr(dsc_error_message(), path), "no path in: %s", dsc_error_message());
    unlink(path);
}

Test(keras_load, names_file_and_layer_of_every_failure)
{
    static const struct {
        struct file file;
        enum dsc_status st;
        const char *words;
    } cases[] = {
        { { NULL, "2.15.0", .no_weights = true }, DSC_FORMAT, "holds no Keras model" },
        { { CONFIG(DENSE("one"), ""), NULL, .no_bias = false }, DSC_UNSUPPORTED, "which Keras" },
        { { CONFIG(DENSE("one"), ""), "1.0.8", .no_bias = false }, DSC_UNSUPPORTED, "Keras 1.0.8" },
        { { CONFIG(DENSE("one"), ""), "2.15.0", .no_weights = true }, DSC_FORMAT, "no weights" },
        { { CONFIG(DENSE("one"), ""), "2.15.0", .no_bias = true }, DSC_FORMAT, "one/bias:0" },
        { { CONFIG(DENSE("one"), ""), "2.15.0", .wide_kernel = true }, DSC_FORMAT, "'one'" },
        { { CONFIG(DENSE("two"), ""), "2.15.0", .no_bias = false }, DSC_FORMAT, "'two'" },
        { { CONFIG(DENSE("one"), ",{\"class_name\":\"Wonder\",\"config\":{\"name\":\"w\"}}"),
            "2.15.0", .no_bias = false },
          DSC_UNSUPPORTED,
          "Wonder" },
    };

    for (size_t i = 0; i < DSC_COUNT(cases); i++)
        expect_failure(&cases[i].file, cases[i].st, cases[i].words);
}

Test(keras_load, inspect_lists_every_problem)
{
    struct file f = { CONFIG(DENSE("one") "," DENSE("two"),
                             ",{\"class_name\":\"Wonder\",\"config\":{\"name\":\"w\"}},"
                             "{\"class_name\":\"Activation\",\"config\":{\"name\":\"a\","
                             "\"activation\":\"relu\"}}"),
                      "2.15.0", .no_bias = false };
    struct dsc_keras_model *m;

    write_file(&f);
    cr_assert_eq(dsc_keras_inspect(&m, path), DSC_OK, "%s", dsc_error_message());
    cr_assert_eq(m->n_problems, 2);
    cr_expect(strstr(m->problems[0], "Wonder"), "%s", m->problems[0]);
    cr_expect(strstr(m->problems[1], "'two'"), "%s", m->problems[1]);
    cr_assert_eq(m->n_layers, 5);
    cr_expect_eq(m->parameters, 8);
    cr_expect(m->layers[1].has_shape && m->layers[1].shape.dim[1] == 2);
    cr_expect_not(m->layers[2].has_shape);
    dsc_keras_model_free(m);
    unlink(path);
}

Test(keras_load, describes_layers_inputs_and_outputs)
{
    struct dsc_keras_model *m;
    const struct dsc_graph *g;

    cr_assert_eq(dsc_keras_load(&m, GOLDEN "shared-k315.h5"), DSC_OK, "%s", dsc_error_message());
    g = m->graph;
    cr_expect_str_eq(m->keras_version, "3.15.1");
    cr_assert(g->n_inputs == 2 && g->n_outputs == 2);
    cr_expect_str_eq(g->inputs[0].name, "right");
    cr_expect_str_eq(g->inputs[1].name, "left");
    cr_expect_str_eq(g->outputs[1].name, "output_1");
    cr_expect_eq(m->parameters, 10 * 8 + 8 + 8 * 2 + 2);
    dsc_keras_model_free(m);
}

Test(keras_load, keeps_the_type_of_inputs)
{
    struct dsc_keras_model *m;

    cr_assert_eq(dsc_keras_load(&m, GOLDEN "merge_integers-k315.h5"), DSC_OK);
    cr_expect_eq(dsc_graph_type(m->graph, m->graph->inputs[0].value)->dtype, DSC_F32);
    cr_expect_eq(dsc_graph_type(m->graph, m->graph->inputs[1].value)->dtype, DSC_I32);
    dsc_keras_model_free(m);
}

Test(keras_load, says_that_weights_alone_are_not_a_model)
{
    static const char *const names[] = { "one" };
    struct dsc_keras_model *m;
    struct dsc_h5_writer *w;

    snprintf(path, sizeof(path), "/tmp/describe-weights-%ld.h5", (long)getpid());
    for (int keras_3 = 0; keras_3 < 2; keras_3++) {
        cr_assert(!dsc_h5_writer_open(&w, path));
        cr_assert(!(keras_3 ? dsc_h5_writer_add_group(w, "layers/dense/vars")
                            : dsc_h5_writer_add_texts(w, "/", "layer_names", names, 1)));
        cr_assert(!dsc_h5_writer_commit(w));
        dsc_h5_writer_close(w);
        cr_expect_eq(dsc_keras_load(&m, path), DSC_FORMAT);
        cr_expect(strstr(dsc_error_message(), "weights without an architecture"), "%s",
                  dsc_error_message());
    }
    unlink(path);
}

/* Load from memory, and make the model when that works. */
static enum dsc_status load_bytes(const void *bytes, size_t len, unsigned flags)
{
    struct dsc_keras_model *m = NULL;
    struct dsc_model *model = NULL;
    struct dsc_h5 *f = NULL;
    enum dsc_status st = dsc_h5_open_memory(&f, bytes, len, "model.h5");

    if (!st)
        st = dsc_keras_load_h5(&m, f, "/", flags);
    if (!st && !m->n_problems)
        st = dsc_model_new(&model, dsc_keras_take_graph(m));
    dsc_model_free(model);
    dsc_keras_model_free(m);
    dsc_h5_close(f);
    return st;
}

Test(keras_load, runs_out_of_memory_in_order)
{
    static const char *const names[] = { GOLDEN "masked_steps-k315.h5", GOLDEN "nested-tf215.h5" };

    for (size_t i = 0; i < DSC_COUNT(names); i++) {
        struct dsc_strbuf s = DSC_STRBUF_INIT;
        enum dsc_status st = DSC_NOMEM;

        cr_assert_eq(dsc_strbuf_read_file(&s, names[i], 1 << 20), DSC_OK);
        for (uint64_t n = 1; st; n++) {
            dsc_alloc_fail_after(n);
            st = load_bytes(s.text, s.len, n % 2 ? DSC_KERAS_COLLECT : 0);
            dsc_alloc_fail_after(0);
            cr_assert(!st || st == DSC_NOMEM, "%s", dsc_error_message());
        }
        dsc_strbuf_release(&s);
    }
}

Test(keras_load, refuses_every_shortened_file)
{
    struct dsc_strbuf s = DSC_STRBUF_INIT;

    cr_assert_eq(dsc_strbuf_read_file(&s, GOLDEN "merge-tf215.h5", 1 << 20), DSC_OK);
    for (size_t len = 0; len < s.len; len += 97) {
        char *part = malloc(len + 1); /* exactly so long, for the sanitizers */

        memcpy(part, s.text, len);
        cr_expect_eq(load_bytes(part, len, 0), DSC_FORMAT, "%zu bytes", len);
        cr_expect(strstr(dsc_error_message(), "'model.h5'"), "%s", dsc_error_message());
        free(part);
    }
    dsc_strbuf_release(&s);
}

/* One changed byte may go unnoticed (a weight), but never breaks anything. */
Test(keras_load, survives_changed_bytes)
{
    struct dsc_strbuf s = DSC_STRBUF_INIT;
    uint32_t seed = 1;

    cr_assert_eq(dsc_strbuf_read_file(&s, GOLDEN "shared-tf215.h5", 1 << 20), DSC_OK);
    for (int i = 0; i < 1500; i++) {
        size_t at;
        char old;

        seed = seed * 1664525 + 1013904223;
        at = (seed >> 8) % s.len;
        old = s.text[at];
        s.text[at] = (char)(old ^ (1 << (seed >> 29)));
        if (load_bytes(s.text, s.len, i % 2 ? DSC_KERAS_COLLECT : 0))
            cr_expect(strlen(dsc_error_message()) > 0);
        s.text[at] = old;
    }
    dsc_strbuf_release(&s);
}
