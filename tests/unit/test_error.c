#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>

#include "core/base/base.h"

Test(error, keeps_the_sentence_and_returns_the_status)
{
    cr_assert_eq(dsc_fail(DSC_FORMAT, "'%s': rank %d", "w", 3), DSC_FORMAT);
    cr_assert_str_eq(dsc_error_message(), "'w': rank 3");
}

Test(error, context_goes_in_front)
{
    enum dsc_status st = dsc_fail(DSC_IO, "cannot open 'a'");

    st = dsc_fail_context(st, "while loading '%s'", "b");
    cr_assert_eq(st, DSC_IO);
    cr_assert_str_eq(dsc_error_message(), "while loading 'b': cannot open 'a'");
}

Test(error, may_quote_the_last_message)
{
    dsc_fail(DSC_IO, "first");
    dsc_fail(DSC_IO, "second after %s", dsc_error_message());
    cr_assert_str_eq(dsc_error_message(), "second after first");
}

Test(error, control_characters_never_reach_the_terminal)
{
    dsc_fail(DSC_FORMAT, "layer '%s'", "a\033[2Jb\n\x7f");
    cr_assert_str_eq(dsc_error_message(), "layer 'a?[2Jb?"
                                          "?'");
}

Test(error, long_sentences_are_cut)
{
    char text[5000];

    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    dsc_fail(DSC_FORMAT, "%s", text);
    cr_assert_eq(strlen(dsc_error_message()), 1023u);
    dsc_fail_context(DSC_FORMAT, "%.1020s", text);
    cr_assert_eq(strlen(dsc_error_message()), 1023u);
    cr_assert_str_eq(dsc_error_message() + 1020, ": x");
    dsc_fail_context(DSC_FORMAT, "%s", text);
    cr_assert_eq(strlen(dsc_error_message()), 1023u);
}

static void *fail_elsewhere(void *arg)
{
    (void)arg;
    dsc_fail(DSC_IO, "elsewhere");
    return NULL;
}

Test(error, threads_have_their_own)
{
    pthread_t t;

    dsc_fail(DSC_IO, "here");
    cr_assert_eq(pthread_create(&t, NULL, fail_elsewhere, NULL), 0);
    pthread_join(t, NULL);
    cr_assert_str_eq(dsc_error_message(), "here");
}

Test(error, statuses_have_texts)
{
    cr_assert_str_eq(dsc_status_text(DSC_OK), "success");
    cr_assert_str_eq(dsc_status_text(DSC_NOMEM), "out of memory");
    cr_assert_str_eq(dsc_status_text((enum dsc_status)99), "unknown status");
    cr_assert_eq(dsc_fail_nomem("words"), DSC_NOMEM);
    cr_assert_str_eq(dsc_error_message(), "out of memory for words");
}

Test(error, sizes_that_overflow_are_seen)
{
    size_t out = 7;

    cr_assert(!dsc_mul_size(SIZE_MAX / 2 + 1, 2, &out));
    cr_assert(!dsc_add_size(SIZE_MAX, 1, &out));
    cr_assert_eq(out, 7u);
    cr_assert(dsc_mul_size(SIZE_MAX, 0, &out));
    cr_assert_eq(out, 0u);
    cr_assert(dsc_mul_size(SIZE_MAX / 2, 2, &out));
    cr_assert_eq(out, SIZE_MAX - 1);
    cr_assert(dsc_add_size(SIZE_MAX - 1, 1, &out));
    cr_assert_eq(out, SIZE_MAX);
}
