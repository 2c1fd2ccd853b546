/* Models saved by real Keras give Keras' numbers, |d| <= 1e-5 + 1e-4 |x|. */
#include <criterion/criterion.h>

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/graph/session.h"
#include "core/keras/load.h"

#define GOLDEN     "tests/golden/keras"
#define PATH_BYTES 512
#define MAX_IO     64

/* Numbers of a file as the tensor that the graph's input or output wants. */
static struct dsc_tensor *read_tensor(const struct dsc_h5 *f, const char *path,
                                      enum dsc_dtype dtype)
{
    static const enum dsc_h5_type type[] = { DSC_H5_F32, DSC_H5_I32, DSC_H5_BOOL };
    struct dsc_shape shape;
    struct dsc_tensor *t;
    struct dsc_h5_array a;

    cr_assert_eq(dsc_h5_array(f, path, &a), DSC_OK, "%s", dsc_error_message());
    shape.rank = a.rank;
    memcpy(shape.dim, a.dim, sizeof(a.dim));
    cr_assert_eq(dsc_tensor_new(&t, dtype, shape), DSC_OK, "%s", dsc_error_message());
    cr_assert_eq(dsc_h5_read(f, path, type[dtype], 0, SIZE_MAX, t->data), DSC_OK, "%s",
                 dsc_error_message());
    return t;
}

static bool numbers_agree(const char *name, const struct dsc_tensor *got,
                          const struct dsc_tensor *want)
{
    const float *x = dsc_tensor_f32(got), *y = dsc_tensor_f32(want);
    char a[DSC_SHAPE_TEXT], b[DSC_SHAPE_TEXT];
    size_t worst = 0;
    double excess = 0;

    if (!dsc_shape_equal(got->shape, want->shape) || got->dtype != DSC_F32) {
        cr_log_error("%s: shape %s, Keras has %s", name, dsc_shape_text(got->shape, a),
                     dsc_shape_text(want->shape, b));
        return false;
    }
    for (size_t i = 0; i < dsc_tensor_count(want); i++) {
        double d = fabs((double)x[i] - (double)y[i]) - (1e-5 + 1e-4 * fabs((double)y[i]));

        if (!(d <= excess)) {
            excess = isnan(d) ? HUGE_VAL : d;
            worst = i;
        }
    }
    if (excess > 0)
        cr_log_error("%s: number %zu of %s is %.9g, Keras has %.9g", name, worst,
                     dsc_shape_text(want->shape, b), (double)x[worst], (double)y[worst]);
    return excess <= 0;
}

static bool outputs_agree(const struct dsc_session *s, const struct dsc_graph *g,
                          const struct dsc_h5 *io, const char *name)
{
    char path[2 * PATH_BYTES];
    bool agree = true;

    for (size_t i = 0; i < g->n_outputs; i++) {
        struct dsc_tensor *want;

        snprintf(path, sizeof(path), "outputs/%s", g->outputs[i].name);
        want = read_tensor(io, path, DSC_F32);
        snprintf(path, sizeof(path), "%s: %s", name, g->outputs[i].name);
        agree &= numbers_agree(path, dsc_session_output(s, i), want);
        dsc_tensor_free(want);
    }
    return agree;
}

static bool run_agrees(const struct dsc_model *m, const struct dsc_h5 *io, const char *name)
{
    const struct dsc_graph *g = dsc_model_graph(m);
    struct dsc_tensor *in[MAX_IO];
    struct dsc_session *s;
    char path[PATH_BYTES];
    bool agree;

    cr_assert(g->n_inputs <= MAX_IO);
    cr_assert_eq(dsc_session_new(&s, m, 1), DSC_OK);
    for (size_t i = 0; i < g->n_inputs; i++) {
        snprintf(path, sizeof(path), "inputs/%s", g->inputs[i].name);
        if (g->n_inputs == 1) {
            struct dsc_h5_texts t = { 0 };

            cr_assert(!dsc_h5_list(io, "inputs", &t) && t.n == 1);
            snprintf(path, sizeof(path), "inputs/%s", t.text[0]);
            dsc_h5_texts_release(&t);
        }
        in[i] = read_tensor(io, path, dsc_graph_type(g, g->inputs[i].value)->dtype);
    }
    agree = !dsc_session_run(s, (const struct dsc_tensor *const *)in, g->n_inputs);
    if (!agree)
        cr_log_error("%s: %s", name, dsc_error_message());
    agree = agree && outputs_agree(s, g, io, name);
    for (size_t i = 0; i < g->n_inputs; i++)
        dsc_tensor_free(in[i]);
    dsc_session_free(s);
    return agree;
}

/* Load, run, compare; says on what it fails. */
static bool file_agrees(const char *model, const char *io_path)
{
    struct dsc_keras_model *k;
    struct dsc_model *m;
    struct dsc_h5 *io;
    bool agree;

    if (dsc_keras_load(&k, model)) {
        cr_log_error("%s", dsc_error_message());
        return false;
    }
    if (dsc_model_new(&m, dsc_keras_take_graph(k))) {
        cr_log_error("%s: %s", model, dsc_error_message());
        dsc_keras_model_free(k);
        return false;
    }
    cr_assert_eq(dsc_h5_open(&io, io_path), DSC_OK, "%s", dsc_error_message());
    agree = run_agrees(m, io, model);
    dsc_h5_close(io);
    dsc_model_free(m);
    dsc_keras_model_free(k);
    return agree;
}

/* Every NAME.h5 or .hdf5 of a folder; io: the ending of the file beside it that holds inputs and
 * outputs, NULL for the model's own file. Returns how many were tried. */
static size_t walk(const char *folder, const char *io, size_t *failed)
{
    DIR *d = opendir(folder);
    size_t n = 0;

    if (!d)
        return 0;
    for (struct dirent *e; (e = readdir(d));) {
        char model[PATH_BYTES], beside[PATH_BYTES];
        const char *ending = strrchr(e->d_name, '.');

        if (!ending || (strcmp(ending, ".h5") && strcmp(ending, ".hdf5")))
            continue;
        snprintf(model, sizeof(model), "%s/%s", folder, e->d_name);
        snprintf(beside, sizeof(beside), "%s/%.*s%s", folder, (int)(ending - e->d_name), e->d_name,
                 io ? io : ".h5");
        if (access(beside, R_OK))
            continue;
        *failed += !file_agrees(model, beside);
        n++;
    }
    closedir(d);
    return n;
}

Test(keras_golden, committed_models_give_keras_numbers)
{
    size_t failed = 0, n = walk(GOLDEN, NULL, &failed);

    cr_assert(n > 0);
    cr_assert_eq(failed, 0, "%zu of %zu models differ", failed, n);
}

static void walk_shared(const char *folder)
{
    size_t failed = 0, n;

    if (access(folder, R_OK))
        cr_skip("no %s", folder);
    n = walk(folder, ".io", &failed);
    cr_assert(n > 0);
    cr_assert_eq(failed, 0, "%zu of %zu models differ", failed, n);
}

Test(keras_golden, shared_models_of_tf215)
{
    walk_shared("../shared/models/golden/tf215");
}

Test(keras_golden, shared_models_of_keras_3)
{
    walk_shared("../shared/models/golden/k3");
}

Test(keras_golden, shared_models_of_keras_224)
{
    walk_shared("../shared/models/golden/k224");
}

Test(keras_golden, shared_models_of_other_people)
{
    walk_shared("../shared/models/found");
}

/* Every class name that a config holds, however deep. */
static void note_classes(const json_t *v, json_t *seen)
{
    const json_t *item;
    const char *key;
    size_t i;

    json_array_foreach(v, i, item) note_classes(item, seen);
    json_object_foreach((json_t *)(uintptr_t)v, key, item)
    {
        if (!strcmp(key, "class_name") && json_is_string(item))
            json_object_set_new(seen, json_string_value(item), json_true());
        note_classes(item, seen);
    }
}

Test(keras_golden, every_layer_class_has_a_model)
{
    json_t *seen = json_object();
    DIR *d = opendir(GOLDEN);
    const char *name;

    cr_assert(d);
    for (struct dirent *e; (e = readdir(d));) {
        char path[PATH_BYTES], *json = NULL;
        struct dsc_h5 *f;
        json_t *root;

        if (!strstr(e->d_name, ".h5"))
            continue;
        snprintf(path, sizeof(path), "%s/%s", GOLDEN, e->d_name);
        cr_assert_eq(dsc_h5_open(&f, path), DSC_OK, "%s", dsc_error_message());
        cr_assert_eq(dsc_h5_attr_text(f, "/", "model_config", &json), DSC_OK, "%s",
                     dsc_error_message());
        root = json_loads(json, 0, NULL);
        note_classes(root, seen);
        json_decref(root);
        dsc_free(json);
        dsc_h5_close(f);
    }
    closedir(d);
    for (size_t i = 0; (name = dsc_layer_class_name(i)); i++)
        cr_expect(json_object_get(seen, name), "no model in %s has a layer %s", GOLDEN, name);
    json_decref(seen);
}
