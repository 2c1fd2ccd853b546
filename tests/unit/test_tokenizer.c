#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/text/pickle.h"
#include "core/text/tokenizer.h"

#define GOLDEN "tests/golden/text/"
#define REAL   "../shared/models/tokenizers/"

static struct dsc_vocab *parse(const void *bytes, size_t len)
{
    struct dsc_vocab *v = NULL;

    cr_assert_eq(dsc_vocab_parse(&v, bytes, len, "t"), DSC_OK, "%s", dsc_error_message());
    return v;
}

#define PARSE(text) parse(text, sizeof(text) - 1)

static void expect_failure(const void *bytes, size_t len, const char *words)
{
    struct dsc_vocab *v = NULL;

    cr_assert_neq(dsc_vocab_parse(&v, bytes, len, "t"), DSC_OK, "%s", words);
    cr_assert_null(v);
    cr_assert_eq(strncmp(dsc_error_message(), "'t': ", 5), 0, "%s", dsc_error_message());
    cr_assert_not_null(strstr(dsc_error_message(), words), "'%s' is not in: %s", words,
                       dsc_error_message());
}

#define REFUSED(text, words) expect_failure(text, sizeof(text) - 1, words)

/* ---- what real Keras wrote ---- */

static json_t *golden(const char *name)
{
    char path[128];
    json_t *j;

    snprintf(path, sizeof(path), GOLDEN "%s", name);
    j = json_load_file(path, 0, NULL);
    cr_assert_not_null(j, "%s", path);
    return j;
}

static struct dsc_vocab *load(const char *folder, const char *file)
{
    struct dsc_vocab *v = NULL;
    char path[256];

    snprintf(path, sizeof(path), "%s%s", folder, file);
    cr_assert_eq(dsc_vocab_load(&v, path), DSC_OK, "%s", dsc_error_message());
    return v;
}

static void check_words(const struct dsc_vocab *v, json_t *words, const char *file)
{
    size_t count = 0;

    cr_assert_eq(dsc_vocab_size(v), json_array_size(words), "%s: size %zu", file,
                 dsc_vocab_size(v));
    for (size_t i = 0; i < json_array_size(words); i++) {
        const char *want = json_string_value(json_array_get(words, i));
        const char *got = dsc_vocab_word(v, (int64_t)i);

        cr_assert_eq(!want, !got, "%s: index %zu", file, i);
        if (!want)
            continue;
        cr_assert_str_eq(got, want, "%s: index %zu", file, i);
        cr_assert_eq(dsc_vocab_index(v, want), (int)i, "%s: '%s'", file, want);
        count++;
    }
    cr_assert_eq(v->count, count, "%s", file);
}

static void check_sequence(const struct dsc_vocab *v, json_t *sequence, const char *file)
{
    const char *text = json_string_value(json_object_get(sequence, "text"));
    json_t *want = json_object_get(sequence, "indexes");
    int *got = NULL;
    size_t n = 0;

    cr_assert_eq(dsc_vocab_encode(v, text, &got, &n), DSC_OK, "%s", dsc_error_message());
    cr_assert_eq(n, json_array_size(want), "%s: '%s': %zu indexes, expected %zu", file, text, n,
                 json_array_size(want));
    for (size_t i = 0; i < n; i++)
        cr_assert_eq(got[i], json_integer_value(json_array_get(want, i)), "%s: '%s'[%zu]", file,
                     text, i);
    dsc_free(got);
}

static void check_case(json_t *c)
{
    const char *file = json_string_value(json_object_get(c, "file"));
    json_t *num_words = json_object_get(c, "num_words"), *oov = json_object_get(c, "oov");
    json_t *sequences = json_object_get(c, "sequences");
    struct dsc_vocab *v = load(GOLDEN, file);

    cr_assert_str_eq(v->form, json_string_value(json_object_get(c, "form")), "%s", file);
    check_words(v, json_object_get(c, "words"), file);
    cr_assert_eq(v->num_words, json_integer_value(num_words), "%s", file);
    cr_assert_eq(v->oov, oov && json_is_integer(oov) ? json_integer_value(oov) : DSC_VOCAB_NONE,
                 "%s", file);
    for (size_t i = 0; i < json_array_size(sequences); i++)
        check_sequence(v, json_array_get(sequences, i), file);
    dsc_vocab_free(v);
}

static void check_cases(const char *name, size_t at_least)
{
    json_t *j = golden(name), *cases = json_object_get(j, "cases");

    cr_assert_geq(json_array_size(cases), at_least);
    for (size_t i = 0; i < json_array_size(cases); i++)
        check_case(json_array_get(cases, i));
    json_decref(j);
}

Test(tokenizer, reads_what_keras_2_writes)
{
    check_cases("k2.json", 40);
}

Test(tokenizer, reads_what_keras_3_writes)
{
    check_cases("k3.json", 60);
}

/* A text becomes the words of its lower case: known ones are found. */
Test(tokenizer, makes_lower_case_as_python)
{
    json_t *j = golden("k2.json"), *list = json_object_get(j, "lower");

    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *text = json_string_value(json_array_get(json_array_get(list, i), 0));
        const char *lower = json_string_value(json_array_get(json_array_get(list, i), 1));
        struct dsc_vocab *v = dsc_vocab_new();
        int *indexes = NULL;
        size_t n = 0;

        cr_assert_eq(dsc_vocab_add(v, lower, strlen(lower), 1), DSC_OK);
        v->lower = true;
        v->split = "\x01";
        cr_assert_eq(dsc_vocab_encode(v, text, &indexes, &n), DSC_OK);
        cr_assert_eq(n, *text != '\0', "'%s' does not become '%s'", text, lower);
        dsc_free(indexes);
        dsc_vocab_free(v);
    }
    json_decref(j);
}

/* Facts about the real files, found with a restricted unpickler in Python. */
static const struct real {
    const char *file, *form;
    size_t count, size;
    int start, end;
    const char *word; /* of the highest index */
} reals[] = {
    { "ixtoword.pkl", "dict of indexes to words, pickle, protocol 3", 1624, 1625, 1, 11, "sumo" },
    { "wordtoix.pkl", "dict of words to indexes, pickle, protocol 3", 1624, 1625, 1, 11, "sumo" },
    { "keras3_legacy_oov_filters.pkl",
      "keras.src.legacy.preprocessing.text.Tokenizer, pickle, protocol 4", 8832, 8833, 3, 4,
      "patterns" },
    { "keras_2018_plain_dict_p3.pkl", "keras.preprocessing.text.Tokenizer, pickle, protocol 3",
      7578, 7579, 1, 2, NULL },
    { "keras_preprocessing_p3.pkl", "keras_preprocessing.text.Tokenizer, pickle, protocol 3", 7506,
      7507, 1, 2, "patterns" },
    { "keras_preprocessing_p4.pkl", "keras_preprocessing.text.Tokenizer, pickle, protocol 4", 7578,
      7579, 1, 2, "patterns" },
    { "keras_preprocessing_text_p3_analyzer.pkl",
      "keras.preprocessing.text.Tokenizer, pickle, protocol 3", 8780, 8781, 2, 3, "patterns" },
    { "textvectorization_p3.pkl", "TextVectorization, pickle, protocol 3", 4999, 5000, 3, 2,
      "album" },
    { "vocab_list.pkl", "list of words, pickle, protocol 3", 5348, 5348, 0, 17, "eiffel" },
};

static void check_real(const struct real *r)
{
    struct dsc_vocab *v = load(REAL, r->file);

    cr_assert_str_eq(v->form, r->form);
    cr_assert_eq(v->count, r->count, "%s: %zu words", r->file, v->count);
    cr_assert_eq(dsc_vocab_size(v), r->size, "%s: size %zu", r->file, dsc_vocab_size(v));
    cr_assert_eq(dsc_vocab_find_markers(v, NULL, NULL), DSC_OK, "%s", dsc_error_message());
    cr_assert_eq(v->start, r->start, "%s: start %d", r->file, v->start);
    cr_assert_eq(v->end, r->end, "%s: end %d", r->file, v->end);
    if (r->word)
        cr_assert_str_eq(dsc_vocab_word(v, (int64_t)r->size - 1), r->word, "%s", r->file);
    dsc_vocab_free(v);
}

static bool have_real(void)
{
    if (!access(REAL, R_OK))
        return true;
    /* Not cr_log_warn: with that Criterion exits as if a test had failed. */
    cr_log_info("skipped: %s is not there", REAL);
    return false;
}

Test(tokenizer, reads_the_real_files)
{
    struct dsc_vocab *v;

    if (!have_real())
        return;
    for (size_t i = 0; i < DSC_COUNT(reals); i++)
        check_real(&reals[i]);
    v = load(REAL, "keras3_legacy_oov_filters.pkl");
    cr_assert_eq(v->num_words, 5000);
    cr_assert_str_eq(dsc_vocab_word(v, v->oov), "<unk>");
    cr_assert_str_eq(v->filters, "");
    dsc_vocab_free(v);
    v = load(REAL, "keras_2018_plain_dict_p3.pkl");
    cr_assert_eq(dsc_vocab_index(v, "seyeview"), 6064);
    cr_assert_eq(dsc_vocab_index(v, "whiel"), 5431);
    cr_assert_eq(v->oov, DSC_VOCAB_NONE);
    dsc_vocab_free(v);
    v = load(REAL, "vocab_list.pkl");
    cr_assert_eq(dsc_vocab_fit(v, 5349), DSC_OK);
    cr_assert_eq(v->count, 5348u);
    cr_assert_eq(dsc_vocab_index(v, "startseq"), 1);
    dsc_vocab_free(v);
}

/* ---- forms that no Keras of today writes ---- */

Test(tokenizer, reads_python_2_pickles)
{
    struct dsc_vocab *v = PARSE("(dp0\nS'startseq'\np1\nI1\nsS'endseq'\np2\nL2L\ns.");

    cr_assert_eq(dsc_vocab_index(v, "endseq"), 2);
    dsc_vocab_free(v);
    v = PARSE(
        "ccollections\nOrderedDict\np0\n((lp1\n(lp2\nS'a'\np3\naI1\naa(lp4\nS'b'\naI2\naatR.");
    cr_assert_eq(dsc_vocab_index(v, "b"), 2);
    cr_assert_eq(v->count, 2u);
    dsc_vocab_free(v);
    v = PARSE("ccopy_reg\n_reconstructor\np0\n(ckeras.preprocessing.text\nTokenizer\n"
              "c__builtin__\nobject\nNtR(dS'word_index'\n(dS'a'\nI1\nssS'lower'\nI01\nsb.");
    cr_assert_eq(dsc_vocab_index(v, "a"), 1);
    cr_assert(v->lower);
    dsc_vocab_free(v);
}

Test(tokenizer, takes_the_index_of_words_from_either_dict)
{
    struct dsc_vocab *v = PARSE("{\"index_word\": {\"1\": \"a\", \"2\": \"b\"}, \"lower\": false}");

    cr_assert_eq(dsc_vocab_index(v, "b"), 2);
    cr_assert(!v->lower);
    dsc_vocab_free(v);
    /* What a user changed by hand: word_index decides. */
    v = PARSE("{\"word_index\": {\"<unk>\": 2, \"a\": 1}, \"index_word\": {\"1\": \"a\", \"2\": "
              "\"b\"}, \"oov_token\": \"<unk>\"}");
    cr_assert_eq(v->oov, 2);
    cr_assert_eq(v->count, 2u);
    dsc_vocab_free(v);
}

Test(tokenizer, reads_lists)
{
    struct dsc_vocab *v = PARSE("[\"\", \"[UNK]\", \"a\"]");

    cr_assert(!v->base_open);
    cr_assert_eq(v->oov, 1);
    cr_assert_eq(v->count, 2u);
    cr_assert_eq(dsc_vocab_index(v, "a"), 2);
    dsc_vocab_free(v);
    v = PARSE("[\"a\", \"b\"]");
    cr_assert(v->base_open);
    cr_assert_eq(dsc_vocab_index(v, "b"), 1);
    dsc_vocab_free(v);
}

Test(tokenizer, reads_lines)
{
    struct dsc_vocab *v = PARSE("\xef\xbb\xbf[UNK]\r\na\r\n\r\n,\n");

    cr_assert_eq(dsc_vocab_index(v, "[UNK]"), 0);
    cr_assert_eq(dsc_vocab_index(v, "a"), 1);
    cr_assert_eq(dsc_vocab_index(v, ","), 3);
    cr_assert(!v->base_open);
    dsc_vocab_free(v);
    v = PARSE("\"\na\n");
    cr_assert_eq(dsc_vocab_index(v, "\""), 0);
    cr_assert(v->base_open);
    dsc_vocab_free(v);
    v = PARSE("a 1\n, 2\n");
    cr_assert_eq(dsc_vocab_index(v, ","), 2);
    dsc_vocab_free(v);
    v = PARSE("word,index\na,1\n,,2\n");
    cr_assert_eq(dsc_vocab_index(v, ","), 2);
    cr_assert_eq(v->count, 2u);
    dsc_vocab_free(v);
}

/* ---- what is refused ---- */

Test(tokenizer, says_what_another_file_is)
{
    REFUSED("", "the file is empty");
    REFUSED("version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 399422\n",
            "a Git LFS pointer, not the file itself: run 'git lfs pull'");
    REFUSED("\x89HDF\r\n\x1a\n\0\0\0", "an HDF5 file");
    REFUSED("PK\x03\x04\x14", "a zip archive");
    REFUSED("\x1f\x8b\x08", "compressed by gzip");
    REFUSED("\x93NUMPY\x01\x00", "a NumPy array file");
    REFUSED("\xff\xfe{\0\"\0", "UTF-16 text");
    REFUSED("{\0\"\0a\0", "UTF-16 text");
    REFUSED("\0{\0\"\0a", "UTF-16 text");
    REFUSED("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "binary data of no known kind");
    REFUSED("caf\xe9\n", "not UTF-8");
    REFUSED("\n<!DOCTYPE html>\n<html>", "a web page");
    REFUSED("# coding\nimport pickle\n", "Python source");
    REFUSED("from keras import layers\n", "Python source");
    REFUSED("def load():\n", "Python source");
}

Test(tokenizer, says_what_is_wrong_with_a_vocabulary)
{
    REFUSED("{}", "without words");
    REFUSED("[]", "a list without words");
    REFUSED("\n\n", "without words");
    REFUSED("{\"a\": 1, \"b\": 1}", "the words 'a' and 'b' both have index 1");
    REFUSED("{\"a\": 1, \"a\": 2}", "line 1");
    REFUSED("{\"1\": \"a\", \"2\": \"a\"}", "the word 'a' has two indexes, 1 and 2");
    REFUSED("{\"a\": 9000000}", "the word 'a' has index 9000000, in a vocabulary of 1 words");
    REFUSED("{\"a\": -1}", "index -1");
    REFUSED("{\"a\": 1, \"b\": \"x\"}", "the word 'b' has text for an index");
    REFUSED("{\"a\": 1, \"b\": null}", "the word 'b' has None for an index");
    REFUSED("{\"a\": 1.5}", "holds a number with a fraction where a word belongs");
    REFUSED("{\"a\": [1]}", "holds a list where a word belongs");
    REFUSED("[\"a\", [1]]", "item 1 of a list of words is a list");
    REFUSED("{'a': 1}", "line 1, column 2: not JSON");
    REFUSED("{\"a\": 1", "not JSON");
    REFUSED("[1, 2]", "item 0 of a list of words is an integer");
    REFUSED("a\na\n", "line 2: the word 'a' has two indexes, 0 and 1");
    REFUSED("a\nb c\n", "line 2: expected one word a line, found 'b c'");
    REFUSED("a 1\nb\n", "line 2: expected a word and its index");
    REFUSED("1 a\nb\n", "line 2: expected an index and its word");
    REFUSED("{\"word_index\": {}}", "a Tokenizer without words");
    REFUSED("{\"word_index\": \"{\"}", "'word_index': line 1");
    REFUSED("{\"class_name\": \"Tokenizer\", \"config\": {}}", "a Tokenizer without words");
    REFUSED("{\"config\": {}, \"weights\": []}", "a TextVectorization without its words");
    REFUSED("{\"format\": \"describe vocabulary 1\"}", "without its list 'words'");
    REFUSED("{\"format\": \"describe vocabulary 1\", \"words\": [null, \"a\"], \"start\": 0}",
            "'start' is index 0, which has no word");
    REFUSED("K\x01.", "binary data of no known kind");
    REFUSED("\x80\x03K\x01.", "holds an integer, not a vocabulary");
    REFUSED("\x80\x04\x8f(\x8c\x01"
            "a\x90.",
            "a set of words");
    REFUSED("\x80\x04(\x8c\x01"
            "a\x91.",
            "a set of words");
    REFUSED("\x80\x03"
            "ckeras.preprocessing.text\nTokenizer\n)\x81.",
            "a Tokenizer without words");
    REFUSED("\x80\x03"
            "cnumpy\nndarray\n)R.",
            "an object of numpy.ndarray");
    REFUSED("\x80\x03]C\x01\xff"
            "a.",
            "the word of index 0 is not UTF-8 text");
    REFUSED("\x80\x03]X\x03\x00\x00\x00\xed\xa0\x80"
            "a.",
            "not UTF-8 text");
    REFUSED("\x80\x03"
            "cposix\nsystem\nX\x02\x00\x00\x00id\x85R.",
            "'posix.system'");
}

Test(tokenizer, walks_no_cycle)
{
    REFUSED("\x80\x03]q\x00h\x00"
            "a.",
            "item 0 of a list of words is a list");
    REFUSED("\x80\x03}q\x00h\x00h\x00s.", "holds a dict where a word belongs");
    REFUSED("\x80\x03}q\x00X\x06\x00\x00\x00"
            "configh\x00s.",
            "a Tokenizer without words");
    REFUSED("\x80\x03}q\x00(X\x06\x00\x00\x00"
            "configh\x00X\x07\x00\x00\x00weightsh\x00u.",
            "a TextVectorization without its words");
}

struct bytes {
    char data[512];
    size_t n;
};

static void put(struct bytes *b, const char *data, size_t n)
{
    memcpy(b->data + b->n, data, n);
    b->n += n;
}

/* The pickle of a NumPy array with this shape (opcodes), element type (two
 * characters) and data (opcodes). */
static struct bytes array(const char *shape, size_t n_shape, const char *type, const char *data,
                          size_t n_data)
{
    static const char head[] = "\x80\x03"
                               "cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n"
                               "K\x00\x85U\x01"
                               "b\x87R(K\x01";
    static const char dtype[] = "cnumpy\ndtype\nU\x02";
    static const char state[] = "K\x00K\x01\x87R(K\x03U\x01<NNNK\x00K\x00K\x00tb\x89";
    struct bytes b = { .n = 0 };

    put(&b, head, sizeof(head) - 1);
    put(&b, shape, n_shape);
    put(&b, dtype, sizeof(dtype) - 1);
    put(&b, type, 2);
    put(&b, state, sizeof(state) - 1);
    put(&b, data, n_data);
    put(&b, "tb.", 3);
    return b;
}

#define ARRAY(shape, type, data) array(shape, sizeof(shape) - 1, type, data, sizeof(data) - 1)

static void refuse_array(struct bytes b, const char *words)
{
    expect_failure(b.data, b.n, words);
}

Test(tokenizer, checks_arrays)
{
    struct bytes b = ARRAY("K\x02\x85", "S2", "U\x04wxy\x00");
    struct dsc_vocab *v = parse(b.data, b.n);

    cr_assert_eq(dsc_vocab_index(v, "wx"), 0);
    cr_assert_eq(dsc_vocab_index(v, "y"), 1);
    dsc_vocab_free(v);
    refuse_array(ARRAY("K\x03\x85", "S2", "U\x04wxyz"), "an object of numpy");
    refuse_array(ARRAY("J\xff\xff\xff\x7f\x85", "U9", "U\x04wxyz"), "an object of numpy");
    refuse_array(ARRAY("J\xff\xff\xff\xff\x85", "U9", "U\x04wxyz"), "an object of numpy");
    refuse_array(ARRAY("K\x02\x85", "S0", "U\x00"), "an object of numpy");
    refuse_array(ARRAY("N", "S2", "U\x04wxyz"), "an object of numpy");
    refuse_array(ARRAY("K\x02K\x02\x86", "S1", "U\x04wxyz"), "an object of numpy");
    refuse_array(ARRAY("K\x01\x85", "U1", "U\x04\xff\xff\xff\x7f"), "not UTF-8 text");
    refuse_array(ARRAY("K\x01\x85", "U1", "U\x04\x00\xd8\x00\x00"), "not UTF-8 text");
    refuse_array(ARRAY("K\x01\x85", "i4", "U\x04wxyz"), "item 0 of a list of words is an integer");
    refuse_array(ARRAY("K\x01\x85", "f4", "U\x04wxyz"), "an object of numpy");
    refuse_array(ARRAY("K\x01\x85", "i9", "U\x09wxyzwxyzw"), "an object of numpy");
    refuse_array(ARRAY("K\x01\x85",
                       "\0"
                       "1",
                       "U\x01w"),
                 "an object of numpy");
    refuse_array(ARRAY("K\x01\x85", "O8", "]"), "an object of numpy");
}

Test(tokenizer, names_the_path)
{
    struct dsc_vocab *v = NULL;

    cr_assert_eq(dsc_vocab_load(&v, "no/such.pkl"), DSC_IO);
    cr_assert_not_null(strstr(dsc_error_message(), "'no/such.pkl'"));
}

/* ---- damage ---- */

static struct dsc_strbuf read_golden(const char *name)
{
    struct dsc_strbuf s = DSC_STRBUF_INIT;
    char path[128];

    snprintf(path, sizeof(path), GOLDEN "%s", name);
    cr_assert_eq(dsc_strbuf_read_file(&s, path, 1 << 20), DSC_OK, "%s", dsc_error_message());
    return s;
}

static const char *const damaged[] = {
    "k2_plain_p0.pkl", "k2_plain_p4.pkl",  "k2_plain.json",  "k2_tv_p3.pkl",
    "k3_np_U_p2.pkl",  "k3_np_key_p4.pkl", "k3_np_S_p5.pkl",
};

/* Every length: a pickle or JSON that is cut short is never taken for a whole one. */
Test(tokenizer, ends_cleanly_when_cut_short)
{
    for (size_t i = 0; i < DSC_COUNT(damaged); i++) {
        struct dsc_strbuf s = read_golden(damaged[i]);

        for (size_t n = 2; n < s.len; n++) {
            char *bytes = dsc_malloc(n, 1);
            struct dsc_vocab *v = NULL;

            memcpy(bytes, s.text, n);
            /* The first lines of protocol 0 could as well be words. */
            if (!strstr(damaged[i], "_p0") || dsc_pickle_looks_like(bytes, n))
                cr_assert_neq(dsc_vocab_parse(&v, bytes, n, "t"), DSC_OK, "%s: %zu bytes",
                              damaged[i], n);
            dsc_free(bytes);
        }
        dsc_strbuf_release(&s);
    }
}

Test(tokenizer, ends_cleanly_when_bytes_change)
{
    srand(2);
    for (size_t i = 0; i < DSC_COUNT(damaged); i++) {
        struct dsc_strbuf s = read_golden(damaged[i]);
        char *bytes = dsc_malloc(s.len, 1);

        for (int k = 0; k < 3000; k++) {
            struct dsc_vocab *v = NULL;

            memcpy(bytes, s.text, s.len);
            for (int flips = 1 + rand() % 3; flips > 0; flips--)
                bytes[(size_t)rand() % s.len] = (char)rand();
            if (!dsc_vocab_parse(&v, bytes, s.len, "t"))
                dsc_vocab_free(v);
        }
        dsc_free(bytes);
        dsc_strbuf_release(&s);
    }
}

Test(tokenizer, survives_each_failing_allocation)
{
    static const char *const files[] = { "k2_plain_p0.pkl",  "k2_plain.json",     "k3_np_U_p2.pkl",
                                         "k3_np_key_p0.pkl", "k3_word_index.tsv", "k2_tv_p3.pkl" };

    for (size_t i = 0; i < DSC_COUNT(files); i++) {
        struct dsc_strbuf s = read_golden(files[i]);
        enum dsc_status st = DSC_NOMEM;
        struct dsc_vocab *v = NULL;
        uint64_t n;

        for (n = 1; st == DSC_NOMEM; n++) {
            dsc_alloc_fail_after(n);
            st = dsc_vocab_parse(&v, s.text, s.len, files[i]);
            dsc_alloc_fail_after(0);
        }
        cr_assert_eq(st, DSC_OK, "%s: %s", files[i], dsc_error_message());
        cr_assert_gt(n, 4u, "%s", files[i]);
        dsc_vocab_free(v);
        dsc_strbuf_release(&s);
    }
}
