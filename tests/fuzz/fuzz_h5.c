/* Any bytes as an HDF5 file and as a Keras model: numbers, or one sentence. */
#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/graph/model.h"
#include "core/keras/load.h"

#define MAX_ELEMENTS 100000
#define MAX_OBJECTS  200 /* a group may hold itself */

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void require(bool truth)
{
    if (!truth)
        __builtin_trap();
}

static void expect_sentence(enum dsc_status st)
{
    require(!st || strlen(dsc_error_message()) > 0);
}

static void read_array(const struct dsc_h5 *f, const char *path)
{
    struct dsc_h5_array a;
    enum dsc_status st = dsc_h5_array(f, path, &a);
    volatile float last;
    size_t n = 1;
    void *out;

    expect_sentence(st);
    if (st)
        return;
    require(a.rank <= DSC_H5_MAX_RANK);
    for (size_t i = 0; i < a.rank; i++)
        require(dsc_mul_size(n, a.dim[i], &n));
    if (a.mapped)
        last = a.mapped[n - 1];
    (void)last;
    if (n > MAX_ELEMENTS)
        return;
    out = dsc_malloc(n, 4);
    for (int type = DSC_H5_F32; type <= DSC_H5_BOOL; type++)
        expect_sentence(dsc_h5_read(f, path, (enum dsc_h5_type)type, 0, SIZE_MAX, out));
    if (a.rank && a.dim[0] > 2)
        expect_sentence(dsc_h5_read(f, path, DSC_H5_F32, 1, 1, out));
    dsc_free(out);
}

static void read_attrs(const struct dsc_h5 *f, const char *path)
{
    static const char *const names[] = { "model_config", "layer_names", "weight_names", "variable",
                                         "fixed_list",   "split",       "empty_list",   "integer" };

    for (size_t i = 0; i < DSC_COUNT(names); i++) {
        struct dsc_h5_texts t = { 0 };
        double number;
        char *text;

        expect_sentence(dsc_h5_attr_texts(f, path, names[i], &t));
        for (size_t j = 0; j < t.n; j++)
            require(t.text[j] != NULL);
        dsc_h5_texts_release(&t);
        if (!dsc_h5_attr_text(f, path, names[i], &text))
            dsc_free(text);
        expect_sentence(dsc_h5_attr_number(f, path, names[i], &number));
    }
}

static void read_all(const struct dsc_h5 *f, const char *path, size_t *budget)
{
    struct dsc_h5_texts t = { 0 };
    enum dsc_h5_kind kind;

    if (!*budget || strlen(path) > 200 || dsc_h5_find(f, path, &kind))
        return;
    --*budget;
    read_attrs(f, path);
    if (kind == DSC_H5_DATASET)
        read_array(f, path);
    if (kind == DSC_H5_GROUP && !dsc_h5_list(f, path, &t))
        for (size_t i = 0; i < t.n && i < 50; i++) {
            char below[512];

            snprintf(below, sizeof(below), "%s/%.200s", path, t.text[i]);
            read_all(f, below, budget);
        }
    dsc_h5_texts_release(&t);
}

static void load(const struct dsc_h5 *f, unsigned flags)
{
    struct dsc_keras_model *k = NULL;
    struct dsc_model *m = NULL;
    enum dsc_status st = dsc_keras_load_h5(&k, f, "/", flags);

    expect_sentence(st);
    if (!st && !k->n_problems)
        expect_sentence(dsc_model_new(&m, dsc_keras_take_graph(k)));
    dsc_model_free(m);
    dsc_keras_model_free(k);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    size_t budget = MAX_OBJECTS;
    struct dsc_h5 *f;
    enum dsc_status st = dsc_h5_open_memory(&f, bytes, len, "fuzz");

    expect_sentence(st);
    if (st)
        return 0;
    read_all(f, "", &budget);
    load(f, 0);
    load(f, DSC_KERAS_COLLECT);
    dsc_h5_close(f);
    return 0;
}
