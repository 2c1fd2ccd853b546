#include "tests/support/decode_case.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "tests/support/op_case.h"

#define PATH_BYTES 512

#define OK(call)   cr_assert_eq((call), DSC_OK, "%s", dsc_error_message())

/* Another input of word indices, for a model that reads two sentences. */
static bool is_counted(const struct dsc_graph *g, int value)
{
    for (size_t i = 0; i < g->n_nodes; i++)
        if ((g->nodes[i].op == &dsc_op_embedding || g->nodes[i].op == &dsc_op_cast) &&
            g->nodes[i].in[0] == value)
            return true;
    return false;
}

static void make_counts(struct dsc_tensor *t)
{
    for (size_t i = 0; i < dsc_tensor_count(t); i++)
        if (t->dtype == DSC_I32)
            dsc_tensor_i32(t)[i] = (int32_t)(i * 5 % 7);
        else
            dsc_tensor_f32(t)[i] = (float)(i * 5 % 7);
}

static void make_pictures(struct decode_case *c, const struct dsc_graph *g, int words,
                          size_t n_pictures)
{
    for (size_t i = 0; i < g->n_inputs; i++) {
        struct dsc_tensor type = *dsc_graph_type(g, g->inputs[i].value);

        if (g->inputs[i].value == words) {
            c->words = i;
            continue;
        }
        cr_assert_lt(c->n_inputs, DECODE_MAX_INPUTS);
        for (size_t a = 0; a < type.shape.rank; a++)
            if (type.shape.dim[a] == DSC_DIM_FREE)
                type.shape.dim[a] = a ? 8 : n_pictures;
        c->pictures[c->n_inputs] = op_random(type.dtype, type.shape, (unsigned)i + 1);
        if (is_counted(g, g->inputs[i].value))
            make_counts(c->pictures[c->n_inputs]);
        c->n_inputs++;
    }
}

bool decode_case_open(struct decode_case *c, const char *path, size_t n_pictures, size_t length)
{
    const struct dsc_graph *g;
    struct dsc_shape scores;
    int words;

    *c = (struct decode_case){ 0 };
    OK(dsc_keras_load(&c->file, path));
    g = c->file->graph;
    words = dsc_decoder_find_words(g);
    if (words < 0) {
        dsc_keras_model_free(c->file);
        return false;
    }
    c->length = dsc_graph_shape(g, words).dim[1];
    if (c->length == DSC_DIM_FREE)
        c->length = length;
    scores = dsc_graph_shape(g, g->outputs[0].value);
    c->vocabulary = scores.dim[scores.rank - 1];
    make_pictures(c, g, words, n_pictures);
    OK(dsc_keras_load(&c->again, path));
    OK(dsc_model_new(&c->whole, dsc_keras_take_graph(c->again)));
    OK(dsc_session_new(&c->session, c->whole, 1));
    return true;
}

void decode_case_close(struct decode_case *c)
{
    for (size_t i = 0; i < c->n_inputs; i++)
        dsc_tensor_free(c->pictures[i]);
    dsc_session_free(c->session);
    dsc_model_free(c->whole);
    dsc_keras_model_free(c->again);
    dsc_keras_model_free(c->file);
}

/* One picture of a batch. */
static struct dsc_tensor one_of(const struct dsc_tensor *t, size_t i)
{
    struct dsc_tensor one = *t;

    one.shape.dim[0] = 1;
    one.data = (char *)t->data + i * dsc_tensor_count(&one) * dsc_dtype_bytes(t->dtype);
    return one;
}

static struct dsc_tensor *pad(const struct decode_case *c, const int32_t *words, size_t n,
                              size_t first)
{
    const struct dsc_graph *g = dsc_model_graph(c->whole);
    enum dsc_dtype dtype = dsc_graph_type(g, g->inputs[c->words].value)->dtype;
    struct dsc_tensor *t = NULL;

    OK(dsc_tensor_new(&t, dtype, DSC_SHAPE(1, c->length)));
    for (size_t i = 0; i < c->length; i++) {
        int32_t word = i >= first && i < first + n ? words[i - first] : 0;

        if (dtype == DSC_I32)
            dsc_tensor_i32(t)[i] = word;
        else
            dsc_tensor_f32(t)[i] = (float)word;
    }
    return t;
}

const float *decode_case_scores(struct decode_case *c, size_t picture, const int32_t *words,
                                size_t n, enum dsc_padding_side side)
{
    size_t first = side == DSC_PAD_PRE ? c->length - n : 0;
    struct dsc_tensor *sentence = pad(c, words, n, first), one[DECODE_MAX_INPUTS];
    const struct dsc_tensor *in[DECODE_MAX_INPUTS + 1], *y;

    for (size_t i = 0; i < c->n_inputs; i++) {
        one[i] = one_of(c->pictures[i], picture);
        in[i + (i >= c->words)] = &one[i];
    }
    in[c->words] = sentence;
    OK(dsc_session_run(c->session, in, c->n_inputs + 1));
    dsc_tensor_free(sentence);
    y = dsc_session_output(c->session, 0);
    return dsc_tensor_f32(y) + (y->shape.rank == 3 ? (first + n - 1) * c->vocabulary : 0);
}

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

static bool is_model(const char *name)
{
    size_t len = strlen(name);

    return len > 3 && !strcmp(name + len - 3, ".h5") && !strstr(name, ".weights.");
}

static void each_in_folder(const char *folder, void (*fn)(const char *path))
{
    static char paths[200][PATH_BYTES];
    DIR *dir = opendir(folder);
    struct dirent *entry;
    size_t n = 0;

    if (!dir) {
        cr_log_info("%s is not there: its models are left out", folder);
        return;
    }
    while ((entry = readdir(dir)) && n < DSC_COUNT(paths))
        if (is_model(entry->d_name))
            snprintf(paths[n++], PATH_BYTES, "%s/%s", folder, entry->d_name);
    closedir(dir);
    qsort(paths, n, PATH_BYTES, compare);
    for (size_t i = 0; i < n; i++)
        fn(paths[i]);
}

void decode_each_model(void (*fn)(const char *path))
{
    each_in_folder("tests/golden/keras", fn);
    each_in_folder("../shared/models/golden/tf215", fn);
    each_in_folder("../shared/models/golden/k3", fn);
}
