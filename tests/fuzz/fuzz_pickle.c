/* Any bytes as a tokenizer: a vocabulary that holds together, or one sentence. */
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/text/tokenizer.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void require(bool truth)
{
    if (!truth)
        __builtin_trap();
}

static void check_words(const struct dsc_vocab *v)
{
    size_t count = 0;

    for (size_t i = 0; i < dsc_vocab_size(v); i++) {
        const char *word = dsc_vocab_word(v, (int64_t)i);

        count += word != NULL;
        require(!word || dsc_vocab_index(v, word) == (int)i);
    }
    require(count == v->count);
}

static void check_encode(const struct dsc_vocab *v)
{
    int *indexes = NULL;
    size_t n = 0;

    if (dsc_vocab_encode(v, "startseq A Dog, on the ROAD ΑΣ endseq", &indexes, &n))
        return;
    for (size_t i = 0; i < n; i++)
        require(dsc_vocab_word(v, indexes[i]) != NULL);
    dsc_free(indexes);
}

static void check_json(const struct dsc_vocab *v)
{
    struct dsc_strbuf s = DSC_STRBUF_INIT;
    struct dsc_vocab *again = NULL;

    require(!dsc_vocab_to_json(v, &s));
    require(!dsc_vocab_parse(&again, s.text, s.len, "json"));
    check_words(again);
    dsc_vocab_free(again);
    dsc_strbuf_release(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct dsc_vocab *v = NULL;

    if (dsc_vocab_parse(&v, bytes, len, "fuzz")) {
        require(strlen(dsc_error_message()) > 0);
        return 0;
    }
    check_words(v);
    check_encode(v);
    check_json(v);
    if (!dsc_vocab_find_markers(v, NULL, NULL))
        check_words(v);
    if (!dsc_vocab_fit(v, dsc_vocab_size(v) + 1))
        check_words(v);
    dsc_vocab_free(v);
    return 0;
}
