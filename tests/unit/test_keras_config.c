#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/strbuf.h"
#include "core/keras/config.h"
#include "core/keras/load.h"

static struct dsc_keras_config *parse(const char *json)
{
    struct dsc_keras_config *c = NULL;

    cr_assert_eq(dsc_keras_config_parse(&c, json, strlen(json)), DSC_OK, "%s", dsc_error_message());
    return c;
}

static void expect_failure(const char *json, enum dsc_status st, const char *words)
{
    struct dsc_keras_config *c = NULL;

    cr_expect_eq(dsc_keras_config_parse(&c, json, strlen(json)), st, "%s", json);
    cr_expect(strstr(dsc_error_message(), words), "no '%s' in: %s", words, dsc_error_message());
}

#define INPUT(name, shape)                                                              \
    "{\"class_name\":\"InputLayer\",\"name\":\"" name "\",\"config\":{\"name\":\"" name \
    "\"," shape "},\"inbound_nodes\":[]}"
#define LAYER(cls, name, nodes)                                                      \
    "{\"class_name\":\"" cls "\",\"name\":\"" name "\",\"config\":{\"name\":\"" name \
    "\"},\"inbound_nodes\":" nodes "}"
#define MODEL(layers, in, out)                                                      \
    "{\"class_name\":\"Functional\",\"config\":{\"name\":\"m\",\"layers\":[" layers \
    "],\"input_layers\":" in ",\"output_layers\":" out "}}"
#define TENSOR(name, node, k)                                                                 \
    "{\"class_name\":\"__keras_tensor__\",\"config\":{\"keras_history\":[\"" name "\"," #node \
    "," #k "]}}"
#define A INPUT("a", "\"batch_input_shape\":[null,4]")
#define B INPUT("b", "\"batch_shape\":[2,null,3],\"dtype\":\"int32\"")

static void expect_ref(const struct dsc_keras_config *c, struct dsc_keras_ref r, const char *name,
                       size_t call, size_t tensor)
{
    cr_expect_str_eq(c->layers[r.layer].name, name);
    cr_expect_eq(r.call, call);
    cr_expect_eq(r.tensor, tensor);
}

Test(keras_config, reads_inputs_of_both_eras)
{
    struct dsc_keras_config *c = parse(MODEL(A "," B, "[[\"b\",0,0],[\"a\",0,0]]", "[\"a\",0,0]"));

    cr_assert(c->n_inputs == 2 && c->n_outputs == 1);
    expect_ref(c, c->inputs[0], "b", 0, 0);
    expect_ref(c, c->inputs[1], "a", 0, 0);
    cr_expect(c->layers[0].is_input && c->layers[0].has_shape);
    cr_expect_eq(c->layers[0].shape.dim[0], DSC_DIM_FREE);
    cr_expect_eq(c->layers[0].shape.dim[1], 4);
    cr_expect_eq(c->layers[0].dtype, DSC_F32);
    cr_expect_eq(c->layers[1].shape.rank, 3);
    cr_expect_eq(c->layers[1].shape.dim[0], 2);
    cr_expect_eq(c->layers[1].dtype, DSC_I32);
    dsc_keras_config_free(c);
}

Test(keras_config, reads_calls_as_nested_lists)
{
    struct dsc_keras_config *c = parse(MODEL(
        A "," B "," LAYER("LSTM", "l",
                          "[[[\"a\",0,0,{\"training\":false,\"mask\":[\"b\",0,0]}],[\"b\",0,1,{"
                          "\"training\":false,\"mask\":[\"b\",0,0]}]]]"),
        "[[\"a\",0,0]]", "[[\"l\",0,0]]"));
    const struct dsc_keras_call *call = &c->layers[2].calls[0];

    cr_assert_eq(call->n_args, 3);
    cr_expect_null(call->args[0].name);
    cr_assert_eq(call->args[0].n_refs, 2);
    expect_ref(c, call->args[0].refs[1], "b", 0, 1);
    cr_expect_str_eq(call->args[1].name, "training");
    cr_expect(json_is_false(call->args[1].literal));
    cr_expect_str_eq(call->args[2].name, "mask");
    cr_assert_eq(call->args[2].n_refs, 1);
    expect_ref(c, call->args[2].refs[0], "b", 0, 0);
    dsc_keras_config_free(c);
}

Test(keras_config, reads_calls_as_args_and_kwargs)
{
    struct dsc_keras_config *c = parse(MODEL(
        A "," B "," LAYER("LSTM", "l",
                          "[{\"args\":[" TENSOR("a", 0, 0) ",7,[" TENSOR("b", 0, 0) "," TENSOR(
                              "a", 0, 1) "]],\"kwargs\":{\"mask\":null,\"state\":{\"class_name\":"
                                         "\"__tuple__\",\"items\":[" TENSOR("b", 0, 0) "]}}}]"),
        "{\"y\":[\"b\",0,0],\"x\":[\"a\",0,0]}", "[\"l\",0,0]"));
    const struct dsc_keras_call *call = &c->layers[2].calls[0];

    cr_assert_eq(call->n_args, 5);
    expect_ref(c, call->args[0].refs[0], "a", 0, 0);
    cr_expect_eq(json_integer_value(call->args[1].literal), 7);
    cr_assert_eq(call->args[2].n_refs, 2);
    expect_ref(c, call->args[2].refs[1], "a", 0, 1);
    cr_expect(json_is_null(call->args[3].literal));
    cr_assert_eq(call->args[4].n_refs, 1);
    expect_ref(c, c->inputs[0], "a", 0, 0); /* "x" before "y" */
    dsc_keras_config_free(c);
}

#define LAST   LAYER("Dense", "last", "[[[\"twice\",1,0,{}]]]")
#define TWICE  LAYER("Dense", "twice", "[[[\"a\",0,0,{}]],[[\"mid\",0,0,{}]]]")
#define MID    LAYER("Dense", "mid", "[[[\"twice\",0,0,{}]]]")
#define UNUSED LAYER("Dense", "unused", "[]")

Test(keras_config, orders_calls_by_what_they_take)
{
    static const char json[] =
        MODEL(LAST "," TWICE "," MID "," UNUSED "," A, "[[\"a\",0,0]]", "[[\"last\",0,0]]");
    struct dsc_keras_config *c = parse(json);
    static const char *const order[] = { "a", "twice", "mid", "twice", "last" };

    cr_assert_eq(c->n_steps, 5);
    for (size_t i = 0; i < 5; i++)
        cr_expect_str_eq(c->layers[c->steps[i].layer].name, order[i]);
    cr_expect_eq(c->layers[3].n_calls, 0);
    dsc_keras_config_free(c);
}

Test(keras_config, counts_calls_of_inner_models_from_one_or_zero)
{
#define BLOCK(nodes)                                                                            \
    "{\"class_name\":\"Functional\",\"name\":\"block\",\"config\":{\"name\":\"block\","         \
    "\"layers\":[" INPUT(                                                                       \
        "i",                                                                                    \
        "\"batch_shape\":[null,4]") "],\"input_layers\":[[\"i\",0,0]],"                         \
                                    "\"output_layers\":[[\"i\",0,0]]},\"inbound_nodes\":" nodes \
                                    "}"
    static const char *const json[] = {
        MODEL(A "," BLOCK("[[[\"a\",0,0,{}]],[[\"block\",1,0,{}]]]"), "[[\"a\",0,0]]",
              "[[\"block\",2,0]]"),
        MODEL(A "," BLOCK("[[[\"a\",0,0,{}]],[[\"block\",0,0,{}]]]"), "[[\"a\",0,0]]",
              "[[\"block\",1,0]]"),
    };

    for (size_t i = 0; i < 2; i++) {
        struct dsc_keras_config *c = parse(json[i]);

        cr_assert(c->layers[1].model && c->layers[1].model->n_inputs == 1);
        expect_ref(c, c->layers[1].calls[1].args[0].refs[0], "block", 0, 0);
        expect_ref(c, c->outputs[0], "block", 1, 0);
        dsc_keras_config_free(c);
    }
}

#define SEQ(config) "{\"class_name\":\"Sequential\",\"config\":" config "}"
#define PLAIN(cls, name, more) \
    "{\"class_name\":\"" cls "\",\"config\":{\"name\":\"" name "\"" more "}}"

Test(keras_config, reads_every_form_of_sequential)
{
    static const struct {
        const char *json, *input;
    } cases[] = {
        { SEQ("[" PLAIN("Dense", "d", ",\"batch_input_shape\":[null,5]") "]"), "d_input" },
        { SEQ("{\"layers\":[" PLAIN("Dense", "d", ",\"batch_input_shape\":[null,5]") "]}"),
          "d_input" },
        { SEQ("{\"layers\":[" PLAIN("Dense", "d", "") "],\"build_input_shape\":[null,5]}"),
          "d_input" },
        { SEQ("{\"layers\":[" PLAIN("InputLayer", "in",
                                    ",\"batch_shape\":[null,5]") "," PLAIN("Dense", "d", "") "]}"),
          "in" },
        { SEQ("{\"layers\":[" SEQ("{\"name\":\"inner\",\"layers\":[" PLAIN(
              "InputLayer", "in", ",\"batch_shape\":[null,5]") "]}") "," PLAIN("Dense", "d",
                                                                               "") "]}"),
          "inner_input" },
    };

    for (size_t i = 0; i < DSC_COUNT(cases); i++) {
        struct dsc_keras_config *c = parse(cases[i].json);

        cr_assert(c->n_inputs == 1 && c->n_outputs == 1);
        expect_ref(c, c->inputs[0], cases[i].input, 0, 0);
        expect_ref(c, c->outputs[0], "d", 0, 0);
        cr_expect(c->layers[0].has_shape && c->layers[0].shape.rank == 2);
        cr_expect_eq(c->layers[0].shape.dim[1], 5);
        cr_expect_eq(c->n_steps, c->n_layers);
        dsc_keras_config_free(c);
    }
}

Test(keras_config, names_what_makes_no_sense)
{
    expect_failure("{", DSC_FORMAT, "not JSON: line 1");
    expect_failure("[]", DSC_FORMAT, "class_name");
    expect_failure("{\"class_name\":\"CaptionModel\",\"config\":{}}", DSC_UNSUPPORTED,
                   "'CaptionModel', written in Python");
    expect_failure("{\"class_name\":\"Functional\",\"config\":{}}", DSC_FORMAT, "no layers");
    expect_failure(MODEL("{\"class_name\":\"Dense\"}", "[]", "[]"), DSC_FORMAT,
                   "'Dense' has no name");
    expect_failure(MODEL(A "," A, "[[\"a\",0,0]]", "[[\"a\",0,0]]"), DSC_FORMAT,
                   "two layers are called 'a'");
    expect_failure(
        MODEL(A "," LAYER("Dense", "d", "[[[\"x\",0,0,{}]]]"), "[[\"a\",0,0]]", "[[\"d\",0,0]]"),
        DSC_FORMAT, "layer 'd': takes the result of 'x'");
    expect_failure(
        MODEL(A "," LAYER("Dense", "d", "[[[\"a\",1,0,{}]]]"), "[[\"a\",0,0]]", "[[\"d\",0,0]]"),
        DSC_FORMAT, "layer 'd': takes the result of call 1 of 'a'");
    expect_failure(
        MODEL(A "," LAYER("Dense", "d", "[[[\"d\",0,0,{}]]]"), "[[\"a\",0,0]]", "[[\"d\",0,0]]"),
        DSC_FORMAT, "layer 'd' takes a result that needs its own");
    expect_failure(MODEL(A, "[[\"a\",0,0]]", "[]"), DSC_FORMAT, "'output_layers'");
    expect_failure(
        MODEL(A "," LAYER("Dense", "d", "[[[\"a\",0,0,{}]]]"), "[[\"d\",0,0]]", "[[\"d\",0,0]]"),
        DSC_FORMAT, "'d', which is no input");
    expect_failure(MODEL(INPUT("a", "\"batch_shape\":[null,-1]"), "[[\"a\",0,0]]", "[[\"a\",0,0]]"),
                   DSC_FORMAT, "layer 'a': axis 1 of its input shape");
    expect_failure(
        MODEL(INPUT("a", "\"batch_shape\":[1,1,1,1,1,1,1]"), "[[\"a\",0,0]]", "[[\"a\",0,0]]"),
        DSC_FORMAT, "7 axes");
    expect_failure(MODEL(INPUT("a", "\"ragged\":true"), "[[\"a\",0,0]]", "[[\"a\",0,0]]"),
                   DSC_UNSUPPORTED, "ragged");
    expect_failure(
        SEQ("{\"layers\":[" PLAIN("Dense", "d", "") "," PLAIN("InputLayer", "i", "") "]}"),
        DSC_FORMAT, "'i' is an input in the middle");
}

Test(keras_config, bounds_models_within_models)
{
    struct dsc_strbuf s = DSC_STRBUF_INIT;

    for (int i = 0; i < 40; i++)
        cr_assert_eq(
            dsc_strbuf_puts(&s, "{\"class_name\":\"Sequential\",\"name\":\"s\",\"config\":["),
            DSC_OK);
    for (int i = 0; i < 40; i++)
        cr_assert_eq(dsc_strbuf_puts(&s, "]}"), DSC_OK);
    expect_failure(s.text, DSC_UNSUPPORTED, "nested more than");
    dsc_strbuf_release(&s);
}

Test(keras_config, runs_out_of_memory_in_order)
{
    static const char json[] =
        MODEL(A "," B "," LAYER("Add", "l", "[[[\"a\",0,0,{\"k\":[\"b\",0,0]}]]]"),
              "[[\"a\",0,0],[\"b\",0,0]]", "[[\"l\",0,0]]");
    struct dsc_keras_config *c = NULL;
    enum dsc_status st = DSC_NOMEM;

    for (uint64_t n = 1; st; n++) {
        dsc_alloc_fail_after(n);
        st = dsc_keras_config_parse(&c, json, sizeof(json) - 1);
        dsc_alloc_fail_after(0);
        cr_assert(!st || st == DSC_NOMEM, "%s", dsc_error_message());
    }
    dsc_keras_config_free(c);
}

Test(keras_config, reads_versions)
{
    static const struct {
        const char *text;
        struct dsc_keras_version v;
    } cases[] = {
        { "1.2.2", { 1, 2, false } },   { "2.0.3", { 2, 0, false } },
        { "2.3.1", { 2, 3, false } },   { "2.2.4-tf", { 2, 2, true } },
        { "2.3.0-tf", { 2, 3, true } }, { "2.15.0", { 2, 15, true } },
        { "3.15.1", { 3, 15, false } },
    };
    struct dsc_keras_version v;

    for (size_t i = 0; i < DSC_COUNT(cases); i++) {
        cr_assert_eq(dsc_keras_version_parse(&v, cases[i].text), DSC_OK);
        cr_expect(v.major == cases[i].v.major && v.minor == cases[i].v.minor &&
                      v.is_tf == cases[i].v.is_tf,
                  "%s", cases[i].text);
    }
    cr_expect_eq(dsc_keras_version_parse(&v, "new"), DSC_FORMAT);
    cr_expect_eq(dsc_keras_version_parse(&v, "2"), DSC_FORMAT);
    cr_expect_eq(dsc_keras_version_parse(&v, "99999999999.1"), DSC_FORMAT);
}
