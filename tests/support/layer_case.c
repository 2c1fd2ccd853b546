#include "tests/support/layer_case.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_PARTS 12

/* What the text of one case becomes; static, as a run borrows from it. */
static struct dsc_layer_tensor positional[MAX_PARTS], named[MAX_PARTS];
static struct dsc_layer_arg args[MAX_PARTS];
static char names[MAX_PARTS][32];
static json_t *literals[MAX_PARTS];
static struct dsc_tensor *weights[MAX_PARTS];
static size_t n_literals, n_weights;

struct dsc_keras_version layer_version(enum layer_era era)
{
    static const struct dsc_keras_version versions[] = {
        { 2, 2, false }, { 2, 15, true }, { 3, 3, false }, { 3, 15, false }
    };

    return versions[era];
}

static const char *skip(const char *text)
{
    while (*text == ' ' || *text == ';')
        text++;
    return text;
}

/* "[?, 9]" -> a shape; answers what comes after. */
static const char *parse_shape(const char *text, struct dsc_shape *s)
{
    char *end;

    cr_assert_eq(*text, '[', "a shape at '%s'", text);
    text++;
    for (s->rank = 0; *text != ']'; s->rank++) {
        while (*text == ' ' || *text == ',')
            text++;
        if (*text == '?') {
            s->dim[s->rank] = DSC_DIM_FREE;
            text++;
        } else {
            s->dim[s->rank] = strtoul(text, &end, 10);
            text = end;
        }
    }
    return text + 1;
}

static const char *parse_tensor(const char *text, struct dsc_graph *g, struct dsc_layer_tensor *t)
{
    enum dsc_dtype dtype = *text == 'f' ? DSC_F32 : *text == 'i' ? DSC_I32 : DSC_BOOL;
    struct dsc_shape s;

    text = parse_shape(text + 1, &s);
    t->mask = -1;
    cr_assert_eq(dsc_graph_add_input(g, "x", dtype, s, &t->value), DSC_OK);
    if (*text != 'm')
        return text;
    s.rank--;
    cr_assert_eq(dsc_graph_add_input(g, "mask", DSC_BOOL, s, &t->mask), DSC_OK);
    return text + 1;
}

static const char *parse_literal(const char *text, struct dsc_layer_arg *a)
{
    char json[256];
    size_t len = strcspn(text, ";");

    cr_assert_lt(len, sizeof(json));
    memcpy(json, text, len);
    json[len] = '\0';
    literals[n_literals] = json_loads(json, JSON_DECODE_ANY, NULL);
    cr_assert_not_null(literals[n_literals], "literal '%s'", json);
    a->literal = literals[n_literals++];
    return text + len;
}

/* "name:" or "name=" in front of a named argument. */
static const char *parse_name(const char *text, struct dsc_layer_arg *a, char *to)
{
    size_t len = strcspn(text, ":=;[");

    if (text[len] != ':' && text[len] != '=')
        return text;
    memcpy(to, text, len);
    to[len] = '\0';
    a->name = len ? to : NULL;
    return text + len;
}

static void parse_inputs(const char *text, struct dsc_layer_call *call)
{
    struct dsc_layer_arg *a = NULL;
    size_t n_named = 0;

    for (text = skip(text); *text; text = skip(text)) {
        struct dsc_layer_arg fresh = { 0 };

        if (*text == '|') {
            a = NULL;
            text = skip(text + 1);
        }
        text = parse_name(text, &fresh, names[call->n_args]);
        if (*text == '=' || *text == ':') {
            a = &args[call->n_args++];
            *a = fresh;
            if (*text == '=') {
                text = parse_literal(text + 1, a);
                a = NULL;
                continue;
            }
            a->tensors = &named[n_named];
            text++;
        } else if (!a) {
            a = &args[call->n_args++];
            *a = (struct dsc_layer_arg){ .tensors = &positional[call->n_in] };
        }
        a->n_tensors++;
        if (a->name)
            text = parse_tensor(text, call->graph, &named[n_named++]);
        else
            text = parse_tensor(text, call->graph, &positional[call->n_in++]);
    }
}

static void parse_weights(const char *text)
{
    struct dsc_shape s;

    for (text = skip(text ? text : ""); *text; text = skip(text)) {
        text = parse_shape(text, &s);
        cr_assert_eq(dsc_tensor_new(&weights[n_weights], DSC_F32, s), DSC_OK);
        for (size_t i = 0; i < dsc_tensor_count(weights[n_weights]); i++)
            dsc_tensor_f32(weights[n_weights])[i] = 1;
        n_weights++;
    }
}

enum dsc_status layer_lower(const struct layer_case *c, struct layer_run *run)
{
    json_t *config = json_loads(c->config, 0, NULL);
    enum dsc_status st;

    *run = (struct layer_run){ 0 };
    n_literals = n_weights = 0;
    cr_assert_not_null(config, "%s: config %s", c->class_name, c->config);
    cr_assert_eq(dsc_graph_new(&run->graph), DSC_OK);
    run->call.graph = run->graph;
    run->call.in = positional;
    run->call.args = args;
    parse_inputs(c->in, &run->call);
    parse_weights(c->weights);
    st = dsc_layer_new(&run->layer, c->class_name, "layer_1", config, layer_version(c->era));
    json_decref(config);
    if (!st)
        st =
            dsc_layer_set_weights(run->layer, (const struct dsc_tensor *const *)weights, n_weights);
    return st ? st : dsc_layer_lower(run->layer, &run->call);
}

void layer_run_release(struct layer_run *run)
{
    dsc_layer_free(run->layer);
    dsc_graph_free(run->graph);
    for (size_t i = 0; i < n_literals; i++)
        json_decref(literals[i]);
    for (size_t i = 0; i < n_weights; i++)
        dsc_tensor_free(weights[i]);
}

static const char *results_text(const struct layer_run *run, char *to, size_t size)
{
    size_t n = 0;

    to[0] = '\0';
    for (size_t i = 0; i < run->call.n_out; i++) {
        const struct dsc_layer_tensor *t = &run->call.out[i];
        char text[DSC_SHAPE_TEXT];

        dsc_shape_text(dsc_graph_shape(run->graph, t->value), text);
        n += (size_t)snprintf(to + n, size - n, "%s%s%s", i ? "; " : "", text,
                              t->mask >= 0 ? "m" : "");
    }
    return to;
}

/* A mask is bool and has the first axes of what it masks. */
static void check_mask(const struct layer_case *c, const struct layer_run *run, size_t i)
{
    struct dsc_shape x = dsc_graph_shape(run->graph, run->call.out[i].value), m;

    if (run->call.out[i].mask < 0)
        return;
    m = dsc_graph_shape(run->graph, run->call.out[i].mask);
    cr_expect_eq(dsc_graph_type(run->graph, run->call.out[i].mask)->dtype, DSC_BOOL);
    x.rank = DSC_MIN(x.rank, m.rank);
    cr_expect(dsc_shape_fits(x, m), "%s: a mask that does not fit", c->class_name);
}

void layer_expect(const struct layer_case *c)
{
    struct layer_run run;
    enum dsc_status st = layer_lower(c, &run);
    char text[512];

    cr_expect_eq(st, DSC_OK, "%s %s on %s: %s", c->class_name, c->config, c->in,
                 dsc_error_message());
    if (!st) {
        results_text(&run, text, sizeof(text));
        cr_expect_str_eq(text, c->out, "%s %s on %s: results %s, expected %s", c->class_name,
                         c->config, c->in, text, c->out);
        for (size_t i = 0; i < run.call.n_out; i++)
            check_mask(c, &run, i);
    }
    layer_run_release(&run);
}

void layer_expect_failure(const struct layer_case *c, enum dsc_status status, const char *text)
{
    struct layer_run run;
    enum dsc_status st = layer_lower(c, &run);

    cr_expect_eq(st, status, "%s %s on %s: status %d, %s", c->class_name, c->config, c->in, st,
                 st ? dsc_error_message() : "no failure");
    if (st)
        cr_expect_not_null(strstr(dsc_error_message(), text), "'%s' does not say '%s'",
                           dsc_error_message(), text);
    layer_run_release(&run);
}
