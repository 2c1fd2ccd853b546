#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/text/tokenizer.h"

static void add(struct dsc_vocab *v, const char *word, int64_t index)
{
    cr_assert_eq(dsc_vocab_add(v, word, strlen(word), index), DSC_OK, "%s", dsc_error_message());
}

/* Words from index `first` on. */
static struct dsc_vocab *with_words(int first, const char *const *words, size_t n)
{
    struct dsc_vocab *v = dsc_vocab_new();

    for (size_t i = 0; i < n; i++)
        add(v, words[i], first + (int64_t)i);
    return v;
}

#define WORDS(first, ...)                                   \
    with_words(first, (const char *const[]){ __VA_ARGS__ }, \
               sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

static void expect_message(const char *words)
{
    cr_assert_not_null(strstr(dsc_error_message(), words), "'%s' is not in: %s", words,
                       dsc_error_message());
}

Test(vocab, finds_words_and_indexes)
{
    struct dsc_vocab *v = dsc_vocab_new();
    char word[16];

    cr_assert_eq(dsc_vocab_size(v), 0u);
    cr_assert_eq(dsc_vocab_index(v, "a"), DSC_VOCAB_NONE);
    for (int i = 1; i <= 5000; i++) {
        snprintf(word, sizeof(word), "w%d", i);
        add(v, word, i);
    }
    cr_assert_eq(dsc_vocab_size(v), 5001u);
    cr_assert_eq(v->count, 5000u);
    for (int i = 1; i <= 5000; i++) {
        snprintf(word, sizeof(word), "w%d", i);
        cr_assert_eq(dsc_vocab_index(v, word), i);
        cr_assert_str_eq(dsc_vocab_word(v, i), word);
    }
    cr_assert_null(dsc_vocab_word(v, 0));
    cr_assert_null(dsc_vocab_word(v, -1));
    cr_assert_null(dsc_vocab_word(v, 5001));
    cr_assert_eq(dsc_vocab_index(v, "w"), DSC_VOCAB_NONE);
    cr_assert_eq(dsc_vocab_index(v, ""), DSC_VOCAB_NONE);
    cr_assert_eq(dsc_vocab_index_n(v, "w12345", 3), 12);
    cr_assert_eq(dsc_vocab_index_n(v, "w1\0x", 4), DSC_VOCAB_NONE);
    dsc_vocab_free(v);
}

Test(vocab, names_contradictions)
{
    struct dsc_vocab *v = WORDS(1, "a", "b");

    add(v, "a", 1);
    cr_assert_eq(dsc_vocab_add(v, "c", 1, 2), DSC_FORMAT);
    expect_message("the words 'b' and 'c' both have index 2");
    cr_assert_eq(dsc_vocab_add(v, "a", 1, 7), DSC_FORMAT);
    expect_message("the word 'a' has two indexes, 1 and 7");
    cr_assert_eq(dsc_vocab_add(v, "d", 1, -1), DSC_FORMAT);
    expect_message("the word 'd' has index -1, expected 0 to 10000000");
    cr_assert_eq(dsc_vocab_add(v, "d", 1, 10000001), DSC_FORMAT);
    cr_assert_eq(dsc_vocab_add(v, "\xff", 1, 3), DSC_FORMAT);
    expect_message("index 3 is not UTF-8 text");
    cr_assert_eq(dsc_vocab_add(v, "\xed\xa0\x80", 3, 3), DSC_FORMAT);
    cr_assert_eq(dsc_vocab_add(v, "a\0b", 3, 3), DSC_FORMAT);
    cr_assert_eq(v->count, 2u);
    cr_assert_eq(dsc_vocab_size(v), 3u);
    dsc_vocab_free(v);
}

Test(vocab, holds_the_empty_word)
{
    struct dsc_vocab *v = WORDS(0, "", "a");

    cr_assert_eq(dsc_vocab_index(v, ""), 0);
    cr_assert_str_eq(dsc_vocab_word(v, 0), "");
    dsc_vocab_free(v);
}

Test(vocab, fits_a_model_of_its_size)
{
    struct dsc_vocab *v = WORDS(1, "startseq", "endseq", "a");

    cr_assert_eq(dsc_vocab_fit(v, 4), DSC_OK);
    cr_assert_eq(dsc_vocab_fit(v, 5), DSC_OK);
    cr_assert_eq(dsc_vocab_fit(v, 6), DSC_OK);
    cr_assert_eq(dsc_vocab_fit(v, 7), DSC_INVALID);
    cr_assert_eq(dsc_vocab_fit(v, 3), DSC_INVALID);
    expect_message("the tokenizer has 3 words and needs 4 rows, but the model has 3");
    v->num_words = 2;
    cr_assert_eq(dsc_vocab_fit(v, 2), DSC_OK);
    cr_assert_eq(dsc_vocab_fit(v, 3), DSC_OK);
    v->num_words = 100;
    cr_assert_eq(dsc_vocab_fit(v, 100), DSC_OK);
    dsc_vocab_free(v);
}

Test(vocab, settles_the_base_of_a_list_by_the_model)
{
    struct dsc_vocab *v = WORDS(0, "startseq", "endseq", "a");

    v->base_open = true;
    v->start = 0;
    cr_assert_eq(dsc_vocab_fit(v, 4), DSC_OK);
    cr_assert_null(dsc_vocab_word(v, 0));
    cr_assert_str_eq(dsc_vocab_word(v, 3), "a");
    cr_assert_eq(dsc_vocab_index(v, "startseq"), 1);
    cr_assert_eq(v->start, 1);
    cr_assert_eq(v->end, DSC_VOCAB_NONE);
    cr_assert_eq(dsc_vocab_size(v), 4u);
    /* Once is enough. */
    cr_assert_eq(dsc_vocab_fit(v, 5), DSC_OK);
    cr_assert_eq(dsc_vocab_index(v, "startseq"), 1);
    dsc_vocab_free(v);

    v = WORDS(0, "startseq", "endseq", "a");
    v->base_open = true;
    cr_assert_eq(dsc_vocab_fit(v, 3), DSC_OK);
    cr_assert_eq(dsc_vocab_index(v, "startseq"), 0);
    dsc_vocab_free(v);
}

static void expect_markers(struct dsc_vocab *v, int start, int end)
{
    cr_assert_eq(dsc_vocab_find_markers(v, NULL, NULL), DSC_OK, "%s", dsc_error_message());
    cr_assert_eq(v->start, start);
    cr_assert_eq(v->end, end);
    dsc_vocab_free(v);
}

Test(vocab, finds_the_known_pairs)
{
    static const char *const pairs[][2] = {
        { "startseq", "endseq" }, { "<startseq>", "<endseq>" },
        { "<start>", "<end>" },   { "start", "end" },
        { "[start]", "[end]" },   { "sos", "eos" },
        { "<sos>", "<eos>" },     { "bos", "eos" },
        { "<bos>", "<eos>" },     { "<START>", "<END>" },
        { "<s>", "</s>" },        { "[START]", "[END]" },
    };

    for (size_t i = 0; i < DSC_COUNT(pairs); i++)
        expect_markers(WORDS(1, "a", pairs[i][1], "dog", pairs[i][0]), 4, 2);
    expect_markers(WORDS(1, "start", "end", "startseq", "endseq"), 3, 4);
    expect_markers(WORDS(1, "start", "startseq", "end"), 1, 3);
}

Test(vocab, takes_english_words_for_markers_only_when_frequent)
{
    struct dsc_vocab *v = WORDS(1, "a", "dog");

    v->by_frequency = true;
    add(v, "start", 50);
    add(v, "end", 101);
    cr_assert_eq(dsc_vocab_find_markers(v, NULL, NULL), DSC_INVALID);
    expect_message("'start', 'end'");
    dsc_vocab_free(v);
    v = WORDS(1, "start", "end");
    v->by_frequency = true;
    expect_markers(v, 1, 2);
}

Test(vocab, takes_the_markers_that_are_named)
{
    struct dsc_vocab *v = WORDS(1, "a", "first", "last", "startseq", "endseq");

    cr_assert_eq(dsc_vocab_find_markers(v, "first", "last"), DSC_OK);
    cr_assert_eq(v->start, 2);
    cr_assert_eq(v->end, 3);
    /* What the file, or an earlier call, said stays. */
    cr_assert_eq(dsc_vocab_find_markers(v, NULL, NULL), DSC_OK);
    cr_assert_eq(v->start, 2);
    cr_assert_eq(dsc_vocab_find_markers(v, "startseq", NULL), DSC_OK);
    cr_assert_eq(v->start, 4);
    cr_assert_eq(v->end, 3);
    cr_assert_eq(dsc_vocab_find_markers(v, "startsec", NULL), DSC_INVALID);
    expect_message("--start-word: the tokenizer has no word 'startsec'; the nearest it has: "
                   "'startseq'");
    cr_assert_eq(dsc_vocab_find_markers(v, NULL, "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"),
                 DSC_INVALID);
    expect_message("--end-word: the tokenizer has no word 'zzz");
    cr_assert_eq(v->start, 4);
    dsc_vocab_free(v);
}

Test(vocab, says_how_to_name_markers)
{
    struct dsc_vocab *v = WORDS(1, "a", "dog", "start_seq", "end_seq");

    cr_assert_eq(dsc_vocab_find_markers(v, NULL, NULL), DSC_INVALID);
    expect_message("--start-word and --end-word");
    expect_message("'start_seq'");
    expect_message("'end_seq'");
    dsc_vocab_free(v);
    v = dsc_vocab_new();
    cr_assert_eq(dsc_vocab_find_markers(v, NULL, NULL), DSC_INVALID);
    dsc_vocab_free(v);
}

static void expect_indexes(const struct dsc_vocab *v, const char *text, const int *want, size_t n)
{
    int *got = NULL;
    size_t n_got = 0;

    cr_assert_eq(dsc_vocab_encode(v, text, &got, &n_got), DSC_OK, "%s", dsc_error_message());
    cr_assert_eq(n_got, n, "'%s': %zu indexes, expected %zu", text, n_got, n);
    for (size_t i = 0; i < n; i++)
        cr_assert_eq(got[i], want[i], "'%s'[%zu]", text, i);
    dsc_free(got);
}

#define INDEXES(v, text, ...)                             \
    expect_indexes(v, text, (const int[]){ __VA_ARGS__ }, \
                   sizeof((const int[]){ __VA_ARGS__ }) / sizeof(int))

Test(vocab, encodes_texts)
{
    struct dsc_vocab *v = WORDS(1, "a", "dog", "über", "A");

    INDEXES(v, "a dog  a cat", 1, 2, 1);
    INDEXES(v, "A dog", 4, 2);
    expect_indexes(v, "", NULL, 0);
    v->lower = true;
    v->filters = ".,é";
    INDEXES(v, "A dog,ÜBER.DOGéa", 1, 2, 3, 2, 1);
    v->num_words = 3;
    INDEXES(v, "a über dog", 1, 2);
    v->oov = 1;
    INDEXES(v, "über cat dog", 1, 1, 2);
    v->split = "xy";
    INDEXES(v, "dogxydog.dog", 2, 2, 2);
    cr_assert_eq(dsc_vocab_encode(v, "\xff", &(int *){ NULL }, &(size_t){ 0 }), DSC_INVALID);
    dsc_vocab_free(v);
}

Test(vocab, survives_each_failing_allocation)
{
    struct dsc_vocab *v = WORDS(1, "a", "dog");
    enum dsc_status st = DSC_NOMEM;
    int *indexes = NULL;
    size_t n = 0;

    v->lower = true;
    for (uint64_t k = 1; st == DSC_NOMEM; k++) {
        dsc_alloc_fail_after(k);
        st = dsc_vocab_encode(v, "A dog É", &indexes, &n);
        dsc_alloc_fail_after(0);
    }
    cr_assert_eq(st, DSC_OK);
    cr_assert_eq(n, 2u);
    dsc_free(indexes);
    st = DSC_NOMEM;
    for (uint64_t k = 1; st == DSC_NOMEM; k++) {
        struct dsc_strbuf s = DSC_STRBUF_INIT;

        dsc_alloc_fail_after(k);
        st = dsc_vocab_to_json(v, &s);
        dsc_alloc_fail_after(0);
        dsc_strbuf_release(&s);
    }
    dsc_vocab_free(v);
    for (uint64_t k = 1; k < 5; k++) {
        v = dsc_vocab_new();
        dsc_alloc_fail_after(k);
        st = dsc_vocab_add(v, "a", 1, 1);
        dsc_alloc_fail_after(0);
        cr_assert_eq(st, k < 4 ? DSC_NOMEM : DSC_OK);
        cr_assert_eq(dsc_vocab_index(v, "a"), k < 4 ? DSC_VOCAB_NONE : 1);
        dsc_vocab_free(v);
    }
}

Test(vocab, comes_back_from_json)
{
    struct dsc_vocab *v = WORDS(1, "startseq", "endseq", "\"\\/\t\x7f é🐕");
    struct dsc_vocab *w = NULL;
    struct dsc_strbuf s = DSC_STRBUF_INIT, again = DSC_STRBUF_INIT;

    add(v, "far", 9);
    v->start = 1;
    v->end = 2;
    v->oov = 9;
    v->num_words = 5;
    v->lower = v->char_level = v->by_frequency = v->base_open = true;
    v->filters = "!\"\n";
    v->split = "-";
    v->cut = DSC_VOCAB_CUT_VECTORIZATION;
    cr_assert_eq(dsc_vocab_to_json(v, &s), DSC_OK);
    cr_assert_eq(dsc_vocab_parse(&w, s.text, s.len, "attribute"), DSC_OK, "%s",
                 dsc_error_message());
    cr_assert_eq(w->count, 4u);
    cr_assert_eq(dsc_vocab_size(w), 10u);
    cr_assert_str_eq(dsc_vocab_word(w, 3), "\"\\/\t\x7f é🐕");
    cr_assert_eq(w->start, 1);
    cr_assert_eq(w->end, 2);
    cr_assert_eq(w->oov, 9);
    cr_assert_eq(w->num_words, 5);
    cr_assert_str_eq(w->form, v->form);
    cr_assert_eq(dsc_vocab_to_json(w, &again), DSC_OK);
    cr_assert_str_eq(again.text, s.text);
    dsc_strbuf_release(&s);
    dsc_strbuf_release(&again);
    dsc_vocab_free(v);
    dsc_vocab_free(w);
}
