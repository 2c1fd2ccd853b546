#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/text/pickle.h"

/* A pickle as a C string that may hold zero bytes. */
#define PARSE(p, text) dsc_pickle_parse(p, text, sizeof(text) - 1, "t.pkl", NULL)

static void expect_failure(const char *bytes, size_t len, enum dsc_status status, const char *words)
{
    struct dsc_pickle p;

    cr_assert_eq(dsc_pickle_parse(&p, bytes, len, "t.pkl", NULL), status, "%s: %s", words,
                 dsc_error_message());
    cr_assert_not_null(strstr(dsc_error_message(), words), "'%s' is not in: %s", words,
                       dsc_error_message());
    cr_assert_null(p.root);
}

#define REFUSED(text, words) expect_failure(text, sizeof(text) - 1, DSC_UNSUPPORTED, words)
#define DAMAGED(text, words) expect_failure(text, sizeof(text) - 1, DSC_FORMAT, words)

static bool is_text(const struct dsc_pickle_value *v, enum dsc_pickle_type type, const char *text)
{
    return v->type == type && v->n == strlen(text) && !memcmp(v->bytes, text, v->n);
}

/* The pickle of one integer. */
static int64_t integer(const char *bytes, size_t len)
{
    struct dsc_pickle p;
    int64_t n;

    cr_assert_eq(dsc_pickle_parse(&p, bytes, len, "t.pkl", NULL), DSC_OK, "%s",
                 dsc_error_message());
    cr_assert_eq(p.root->type, DSC_PICKLE_INT);
    n = p.root->integer;
    dsc_pickle_release(&p);
    return n;
}

#define INTEGER(text) integer(text, sizeof(text) - 1)

Test(pickle, reads_integers_of_every_opcode)
{
    cr_assert_eq(INTEGER("K\xff."), 255);
    cr_assert_eq(INTEGER("M\x01\x02."), 513);
    cr_assert_eq(INTEGER("J\xfe\xff\xff\xff."), -2);
    cr_assert_eq(INTEGER("J\xff\xff\xff\x7f."), INT32_MAX);
    cr_assert_eq(INTEGER("I-12\n."), -12);
    cr_assert_eq(INTEGER("L9223372036854775807L\n."), INT64_MAX);
    cr_assert_eq(INTEGER("L-9223372036854775808L\n."), INT64_MIN);
    cr_assert_eq(INTEGER("\x80\x02\x8a\x00."), 0);
    cr_assert_eq(INTEGER("\x80\x02\x8a\x01\x80."), -128);
    cr_assert_eq(INTEGER("\x80\x02\x8a\x02\xff\x00."), 255);
    cr_assert_eq(INTEGER("\x80\x02\x8a\x09\xff\xff\xff\xff\xff\xff\xff\x7f\x00."), INT64_MAX);
    cr_assert_eq(INTEGER("\x80\x02\x8b\x02\x00\x00\x00\x39\x30."), 12345);
}

Test(pickle, refuses_integers_above_64_bits)
{
    DAMAGED("L9223372036854775808L\n.", "at byte 0: not an integer of at most 64 bits");
    DAMAGED("L99999999999999999999L\n.", "not an integer");
    DAMAGED("\x80\x02\x8a\x09\xff\xff\xff\xff\xff\xff\xff\xff\x00.", "at byte 2: not an integer");
    DAMAGED("I\n.", "not an integer");
    DAMAGED("I1x\n.", "not an integer");
}

Test(pickle, reads_floats_truth_and_none)
{
    struct dsc_pickle p;

    cr_assert_eq(PARSE(&p, "F-1.5e2\n."), DSC_OK);
    cr_assert_eq(p.root->real, -150.0);
    dsc_pickle_release(&p);
    cr_assert_eq(PARSE(&p, "G\x3f\xf8\x00\x00\x00\x00\x00\x00."), DSC_OK);
    cr_assert_eq(p.root->type, DSC_PICKLE_FLOAT);
    cr_assert_eq(p.root->real, 1.5);
    dsc_pickle_release(&p);
    cr_assert_eq(PARSE(&p, "(I00\nI01\n\x88\x89Nt."), DSC_OK);
    cr_assert_eq(p.root->n, 5u);
    for (size_t i = 0; i < 4; i++) {
        cr_assert_eq(p.root->items[i]->type, DSC_PICKLE_BOOL);
        cr_assert_eq(p.root->items[i]->truth, i == 1 || i == 2);
    }
    cr_assert_eq(p.root->items[4]->type, DSC_PICKLE_NONE);
    dsc_pickle_release(&p);
    DAMAGED("Fone\n.", "not a number");
}

Test(pickle, reads_text_of_every_opcode)
{
    struct dsc_pickle p;

    cr_assert_eq(PARSE(&p, "(Vdog \\u00e9\\U0001F415 \xe9 \\\n"
                           "X\x03\x00\x00\x00"
                           "dog\x8c\x02\xc3\xa9\x8d\x01\x00\x00\x00\x00\x00\x00\x00z"
                           "l."),
                 DSC_OK);
    cr_assert(is_text(p.root->items[0], DSC_PICKLE_STR, "dog é🐕 é \\"));
    cr_assert(is_text(p.root->items[1], DSC_PICKLE_STR, "dog"));
    cr_assert(is_text(p.root->items[2], DSC_PICKLE_STR, "é"));
    cr_assert(is_text(p.root->items[3], DSC_PICKLE_STR, "z"));
    dsc_pickle_release(&p);
    DAMAGED("V\\u00g0\n.", "broken escape");
    DAMAGED("V\\U00110000\n.", "broken escape");
    DAMAGED("V\\u12", "the file ends inside");
}

Test(pickle, reads_bytes_of_every_opcode)
{
    struct dsc_pickle p;

    cr_assert_eq(PARSE(&p, "(S'it\\'s\\t\\x41\\102\\q\\\\'\nS\"a\"\nT\x01\x00\x00\x00tU\x01u"
                           "B\x01\x00\x00\x00"
                           "bC\x01"
                           "c\x8e\x01\x00\x00\x00\x00\x00\x00\x00"
                           "d\x96\x01\x00\x00\x00\x00\x00\x00\x00"
                           "el."),
                 DSC_OK);
    cr_assert_eq(p.root->n, 8u);
    cr_assert(is_text(p.root->items[0], DSC_PICKLE_BYTES, "it's\tAB\\q\\"));
    cr_assert(is_text(p.root->items[1], DSC_PICKLE_BYTES, "a"));
    for (size_t i = 2; i < 8; i++)
        cr_assert(is_text(p.root->items[i], DSC_PICKLE_BYTES, (char[]){ "tubcde"[i - 2], 0 }));
    dsc_pickle_release(&p);
    DAMAGED("S'a\n.", "quotes");
    DAMAGED("S'\n.", "quotes");
    DAMAGED("Sa\n.", "quotes");
}

Test(pickle, reads_containers)
{
    struct dsc_pickle p;
    const struct dsc_pickle_value *v;

    cr_assert_eq(PARSE(&p, "\x80\x04(]K\x01"
                           "a(K\x02K\x03"
                           "e(K\x04l)K\x05\x85K\x06K\x07\x86K\x08K\x09K\x0a\x87(t}K\x01K\x02s(K\x03"
                           "K\x04uN(d\x8f(K\x01\x90(K\x01K\x02\x91"
                           "0(K\x01"
                           "1K\x09"
                           "2t."),
                 DSC_OK, "%s", dsc_error_message());
    v = p.root;
    cr_assert_eq(v->n, 13u);
    cr_assert_eq(v->items[0]->type, DSC_PICKLE_LIST);
    cr_assert_eq(v->items[0]->n, 3u);
    cr_assert_eq(v->items[0]->items[2]->integer, 3);
    cr_assert_eq(v->items[1]->n, 1u);
    for (size_t i = 0; i < 4; i++) {
        cr_assert_eq(v->items[2 + i]->type, DSC_PICKLE_TUPLE);
        cr_assert_eq(v->items[2 + i]->n, i);
    }
    cr_assert_eq(v->items[6]->n, 0u);
    cr_assert_eq(v->items[7]->type, DSC_PICKLE_DICT);
    cr_assert_eq(v->items[7]->n, 2u);
    cr_assert_eq(v->items[7]->items[3]->integer, 4);
    cr_assert_eq(v->items[9]->n, 0u);
    cr_assert_eq(v->items[10]->type, DSC_PICKLE_SET);
    cr_assert_eq(v->items[10]->n, 1u);
    cr_assert_eq(v->items[11], v->items[12]);
    dsc_pickle_release(&p);
}

Test(pickle, follows_the_memo)
{
    struct dsc_pickle p;

    cr_assert_eq(PARSE(&p, "(K\x01p3\nK\x02q\x04K\x03r\x05\x00\x00\x00K\x06\x94g3\nh\x04j\x05\x00"
                           "\x00\x00h\x06t."),
                 DSC_OK, "%s", dsc_error_message());
    cr_assert_eq(p.root->n, 8u);
    for (size_t i = 0; i < 4; i++)
        cr_assert_eq(p.root->items[i], p.root->items[i + 4]);
    dsc_pickle_release(&p);
    DAMAGED("h\x01.", "memo entry that is not there");
    DAMAGED("K\x01q\x02h\x01.", "memo entry that is not there");
    DAMAGED("K\x01r\xff\xff\xff\x7f.", "memo entry out of all order");
    DAMAGED("K\x01p-1\n.", "not a memo entry");
    DAMAGED("q\x01.", "a value is missing");
}

Test(pickle, records_constructions_and_runs_none)
{
    struct dsc_pickle p;
    const struct dsc_pickle_object *o;
    const struct dsc_pickle_global *ordered_dict;

    cr_assert_eq(PARSE(&p, "\x80\x02"
                           "ccollections\nOrderedDict\n)R(K\x01K\x02u}b."),
                 DSC_OK, "%s", dsc_error_message());
    cr_assert_eq(p.root->type, DSC_PICKLE_OBJECT);
    o = p.root->object;
    ordered_dict = o->global;
    cr_assert_str_eq(ordered_dict->module, "collections");
    cr_assert_str_eq(ordered_dict->name, "OrderedDict");
    cr_assert_eq(o->args->n, 0u);
    cr_assert_eq(o->pairs->n, 1u);
    cr_assert_eq(o->state->type, DSC_PICKLE_DICT);
    dsc_pickle_release(&p);

    /* The same class by INST, OBJ, STACK_GLOBAL with NEWOBJ_EX, _reconstructor. */
    cr_assert_eq(PARSE(&p, "(icollections\nOrderedDict\n."), DSC_OK);
    cr_assert_eq(p.root->object->global, ordered_dict);
    dsc_pickle_release(&p);
    cr_assert_eq(PARSE(&p, "(ccollections\nOrderedDict\nK\x01o."), DSC_OK);
    cr_assert_eq(p.root->object->args->n, 1u);
    dsc_pickle_release(&p);
    cr_assert_eq(PARSE(&p, "\x80\x04\x8c\x0b"
                           "collections\x8c\x0bOrderedDict\x93)}\x92."),
                 DSC_OK);
    cr_assert_str_eq(p.root->object->global->name, "OrderedDict");
    dsc_pickle_release(&p);
    cr_assert_eq(PARSE(&p, "ccopy_reg\n_reconstructor\n(ckeras.preprocessing.text\nTokenizer\n"
                           "c__builtin__\nobject\nNtR."),
                 DSC_OK);
    cr_assert_eq(p.root->object->global->id, DSC_PICKLE_TOKENIZER);
    dsc_pickle_release(&p);
}

Test(pickle, refuses_every_other_name)
{
    REFUSED("\x80\x03"
            "cposix\nsystem\nX\x02\x00\x00\x00id\x85R.",
            "'t.pkl': at byte 2: refers to 'posix.system', which a tokenizer never needs; refused");
    REFUSED("cos\nsystem\n(S'id'\ntR.", "'os.system'");
    REFUSED("(ios\nsystem\n.", "'os.system'");
    REFUSED("\x80\x04\x8c\x08"
            "builtins\x8c\x04"
            "eval\x93.",
            "'builtins.eval'");
    REFUSED("c__builtin__\ngetattr\n.", "'__builtin__.getattr'");
    REFUSED("ccollections\nOrderedDict.fromkeys\n.", "'collections.OrderedDict.fromkeys'");
    REFUSED("c\n\n.", "'.'");
    REFUSED("ccollections\nOrderedDict\n)}(K\x01K\x02u\x92.", "keyword arguments");
}

Test(pickle, refuses_what_lies_outside_the_file)
{
    REFUSED("P1\n.", "persistent id");
    REFUSED("K\x01Q.", "persistent id");
    REFUSED("\x80\x02\x82\x01.", "extension code");
    REFUSED("\x80\x02\x83\x01\x00.", "extension code");
    REFUSED("\x80\x02\x84\x01\x00\x00\x00.", "extension code");
    REFUSED("\x80\x05\x97.", "buffer outside");
    REFUSED("\x80\x05K\x01\x98.", "buffer outside");
    REFUSED("\x80\x06K\x01.", "protocol 6, the highest known is 5");
}

Test(pickle, names_what_is_damaged)
{
    DAMAGED("", "the file ends inside");
    DAMAGED(".", "a value is missing");
    DAMAGED("0.", "a value is missing");
    DAMAGED("2.", "a value is missing");
    DAMAGED("K\x01K\x02.", "values are left over");
    DAMAGED("(K\x01.", "values are left over");
    DAMAGED("e.", "a mark is missing");
    DAMAGED("K\x01(e.", "items for something that holds none");
    DAMAGED("K\x01K\x02"
            "a.",
            "items for something that holds none");
    DAMAGED("](K\x01\x90.", "items for something that holds none");
    DAMAGED("NK\x02K\x03s.", "items for something that holds none");
    DAMAGED("cnumpy\nndarray\n)RK\x02K\x03s.", "items for something that holds none");
    DAMAGED("}(K\x01u.", "a key has no value");
    DAMAGED("(K\x01"
            "d.",
            "a key has no value");
    DAMAGED("K\x01)R.", "no function");
    DAMAGED("ccollections\nOrderedDict\nNR.", "no function");
    DAMAGED("ccopyreg\n_reconstructor\n)R.", "no class");
    DAMAGED("(o.", "no class");
    DAMAGED("}}b.", "a state for something that has none");
    DAMAGED("K\x01K\x02\x93.", "a name that is not text");
    DAMAGED("K\x01\x86.", "a value is missing");
    DAMAGED("(K\x01\x86.", "a value is missing");
    DAMAGED("K\x01\xff.", "0xff means nothing");
    DAMAGED("\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\xffN.", "the file ends inside");
    DAMAGED("X\xff\xff\xff\xff"
            "dog.",
            "the file ends inside");
    DAMAGED("\x8d\xff\xff\xff\xff\xff\xff\xff\xff"
            "dog.",
            "the file ends inside");
    DAMAGED("\x8b\xff\xff\xff\xff.", "the file ends inside");
}

Test(pickle, ignores_what_follows)
{
    cr_assert_eq(INTEGER("K\x07.K\x08."), 7);
}

static void fill(char *bytes, size_t n, const char *pattern)
{
    size_t len = strlen(pattern);

    for (size_t i = 0; i < n; i++)
        bytes[i] = pattern[i % len];
}

Test(pickle, bounds_depth)
{
    static char bytes[400000];

    fill(bytes, sizeof(bytes), "(");
    expect_failure(bytes, sizeof(bytes), DSC_FORMAT, "at byte 1000: values nested more than 1000");
    fill(bytes, sizeof(bytes), "](");
    expect_failure(bytes, sizeof(bytes), DSC_FORMAT, "nested more than 1000");
    /* Lists first, then each appended to the one below: no mark at all. */
    fill(bytes, sizeof(bytes) / 2, "]");
    fill(bytes + sizeof(bytes) / 2, sizeof(bytes) / 2, "a");
    expect_failure(bytes, sizeof(bytes), DSC_FORMAT, "nested more than 1000");
    bytes[0] = ')';
    fill(bytes + 1, sizeof(bytes) - 1, "\x85");
    expect_failure(bytes, sizeof(bytes), DSC_FORMAT, "nested more than 1000");
}

Test(pickle, bounds_values_and_bytes)
{
    const struct dsc_pickle_limits limits = { 1000, 100, 10 };
    struct dsc_pickle p;
    char bytes[1001];

    memset(bytes, ']', sizeof(bytes));
    cr_assert_eq(dsc_pickle_parse(&p, bytes, 1001, "t.pkl", &limits), DSC_FORMAT);
    cr_assert_not_null(strstr(dsc_error_message(), "1001 bytes, more than the 1000 allowed"));
    cr_assert_eq(dsc_pickle_parse(&p, bytes, 1000, "t.pkl", &limits), DSC_FORMAT);
    cr_assert_not_null(strstr(dsc_error_message(), "more than 100 values"));
    bytes[0] = 'N';
    memset(bytes + 1, '2', sizeof(bytes) - 1);
    cr_assert_eq(dsc_pickle_parse(&p, bytes, 1000, "t.pkl", &limits), DSC_FORMAT);
    cr_assert_not_null(strstr(dsc_error_message(), "more than 100 values"));
}

/* A list of ten references to a list of ten references ...: a tree of 10^60. */
Test(pickle, shares_what_is_shared)
{
    struct dsc_pickle p;
    char bytes[4096];
    size_t n = 0;

    n += (size_t)snprintf(bytes, sizeof(bytes), "]p0\n0");
    for (int i = 0; i < 60; i++) {
        n += (size_t)snprintf(bytes + n, sizeof(bytes) - n, "(");
        for (int k = 0; k < 10; k++)
            n += (size_t)snprintf(bytes + n, sizeof(bytes) - n, "g%d\n", i);
        n += (size_t)snprintf(bytes + n, sizeof(bytes) - n, "lp%d\n0", i + 1);
    }
    n += (size_t)snprintf(bytes + n, sizeof(bytes) - n, "g60\n.");
    cr_assert_eq(dsc_pickle_parse(&p, bytes, n, "t.pkl", NULL), DSC_OK, "%s", dsc_error_message());
    cr_assert_eq(p.root->depth, 60u);
    cr_assert_lt(p.arena.used_bytes, 100000u);
    dsc_pickle_release(&p);
}

Test(pickle, reads_cycles)
{
    struct dsc_pickle p;

    cr_assert_eq(PARSE(&p, "]q\x00h\x00"
                           "a."),
                 DSC_OK);
    cr_assert_eq(p.root->items[0], p.root);
    dsc_pickle_release(&p);
    cr_assert_eq(PARSE(&p, "}q\x00(K\x01h\x00h\x00h\x00u."), DSC_OK);
    cr_assert_eq(p.root->items[3], p.root);
    dsc_pickle_release(&p);
}

static const char sample[] = "\x80\x04\x95\x30\x00\x00\x00\x00\x00\x00\x00(\x8c\x0b"
                             "collections\x94\x8c\x0bOrderedDict\x94"
                             "\x93)R(\x8c\x01"
                             "aK\x01\x8c\x01"
                             "bM\x01\x02u}(h\x00]\x94(NF1.5\nL5L\nV\\u00e9\nS'x'\n"
                             "e\x8f(K\x02\x90K\x03us]\x94h\x02"
                             "at.";

Test(pickle, ends_cleanly_when_cut_short)
{
    struct dsc_pickle p;

    for (size_t n = 0; n < sizeof(sample) - 1; n++) {
        char *bytes = dsc_malloc(n, 1);

        memcpy(bytes, sample, n);
        cr_assert_neq(dsc_pickle_parse(&p, bytes, n, "t.pkl", NULL), DSC_OK, "%zu bytes", n);
        dsc_free(bytes);
    }
}

Test(pickle, ends_cleanly_when_bytes_change)
{
    struct dsc_pickle p;
    char bytes[sizeof(sample)];

    srand(1);
    for (int i = 0; i < 200000; i++) {
        memcpy(bytes, sample, sizeof(sample));
        for (int k = rand() % 4; k >= 0; k--)
            bytes[(size_t)rand() % sizeof(bytes)] = (char)rand();
        if (!dsc_pickle_parse(&p, bytes, sizeof(bytes), "t.pkl", NULL))
            dsc_pickle_release(&p);
    }
}

Test(pickle, survives_each_failing_allocation)
{
    static const char bytes[] = "(lp0\n(dp1\nV\\u00e9\nS'x'\nsa(ccollections\nOrderedDict\nR(oa.";
    enum dsc_status st = DSC_NOMEM;
    struct dsc_pickle p;
    uint64_t n;

    for (n = 1; st == DSC_NOMEM; n++) {
        dsc_alloc_fail_after(n);
        st = PARSE(&p, bytes);
        dsc_alloc_fail_after(0);
        cr_assert_null(p.root);
    }
    cr_assert_gt(n, 3u);
}

Test(pickle, is_told_from_text)
{
#define LOOKS(text) dsc_pickle_looks_like(text, sizeof(text) - 1)
    cr_assert(LOOKS("\x80\x03}q\x00."));
    cr_assert(LOOKS("\x80\x07]."));
    cr_assert(LOOKS("(dp0\nS'a'\np1\nI1\ns."));
    cr_assert(LOOKS("(lp0\n."));
    cr_assert(LOOKS("}q\x00."));
    cr_assert(LOOKS("]."));
    cr_assert(LOOKS("ccopy_reg\n_reconstructor\np0\n(c"));
    cr_assert(LOOKS("cos\nsystem\n(S'id'\ntR."));
    cr_assert(LOOKS("cos\nsystem\nq\x00U\x02id\x85R."));
    cr_assert(!LOOKS("cat\ndog\npig\n"));
    cr_assert(!LOOKS("cat\ndog\nquail\n"));
    cr_assert(!LOOKS("cat\n"));
    cr_assert(!LOOKS("{\"a\": 1}"));
    cr_assert(!LOOKS("[\"a\"]"));
    cr_assert(!LOOKS("(\n"));
    cr_assert(!LOOKS("i\nc\na\n"));
    cr_assert(!LOOKS("a"));
    cr_assert(!LOOKS(""));
}
