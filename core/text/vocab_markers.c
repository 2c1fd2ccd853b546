#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/text/vocab.h"

#define MAX_MARKER     32  /* bytes */
#define COMMON_ENGLISH 100 /* a marker is in every caption, so few words are more frequent */
#define MAX_NEAR       4

/* In order of how surely the words are markers. */
static const struct pair {
    const char *start, *end;
    bool english; /* words that captions may hold as well */
} pairs[] = {
    { "startseq", "endseq", false },
    { "<startseq>", "<endseq>", false },
    { "<start>", "<end>", false },
    { "[start]", "[end]", false },
    { "<sos>", "<eos>", false },
    { "<bos>", "<eos>", false },
    { "[sos]", "[eos]", false },
    { "[bos]", "[eos]", false },
    { "<s>", "</s>", false },
    { "seqstart", "seqend", false },
    { "startofseq", "endofseq", false },
    { "beginseq", "endseq", false },
    { "sos", "eos", false },
    { "bos", "eos", false },
    { "ssss", "eeee", false },
    { "[cls]", "[sep]", false },
    { "start", "end", true },
};

static int index_in_case(const struct dsc_vocab *v, const char *word, int (*fold)(int c))
{
    char text[MAX_MARKER];
    size_t i;

    for (i = 0; word[i] && i + 1 < sizeof(text); i++)
        text[i] = (char)fold((unsigned char)word[i]);
    text[i] = '\0';
    return dsc_vocab_index(v, text);
}

static bool find_pair(struct dsc_vocab *v, int (*fold)(int c))
{
    for (size_t i = 0; i < DSC_COUNT(pairs); i++) {
        int start = index_in_case(v, pairs[i].start, fold);
        int end = index_in_case(v, pairs[i].end, fold);

        if (start == DSC_VOCAB_NONE || end == DSC_VOCAB_NONE)
            continue;
        if (pairs[i].english && v->by_frequency && DSC_MAX(start, end) > COMMON_ENGLISH)
            continue;
        v->start = start;
        v->end = end;
        return true;
    }
    return false;
}

/* Edits that turn a into b, without case; both shorter than MAX_MARKER. */
static size_t distance(const char *a, const char *b)
{
    size_t row[MAX_MARKER + 1], n = strlen(b);

    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 0; a[i]; i++) {
        size_t diagonal = row[0];

        row[0] = i + 1;
        for (size_t j = 0; j < n; j++) {
            bool same = tolower((unsigned char)a[i]) == tolower((unsigned char)b[j]);
            size_t best = DSC_MIN(row[j], row[j + 1]) + 1;

            best = DSC_MIN(best, diagonal + !same);
            diagonal = row[j + 1];
            row[j + 1] = best;
        }
    }
    return row[n];
}

struct near {
    const char *word;
    size_t cost;
};

/* Keep the best MAX_NEAR, each word once, best first. */
static void keep_near(struct near *list, const char *word, size_t cost)
{
    size_t i;

    for (i = 0; i < MAX_NEAR; i++)
        if (list[i].word && !strcmp(list[i].word, word))
            return;
    for (i = MAX_NEAR; i > 0 && (!list[i - 1].word || cost < list[i - 1].cost); i--)
        if (i < MAX_NEAR)
            list[i] = list[i - 1];
    if (i < MAX_NEAR)
        list[i] = (struct near){ word, cost };
}

/* Words within a third of the length of the wanted one, or that hold it. */
static void search_near(const struct dsc_vocab *v, const char *wanted, struct near *list)
{
    size_t len = strlen(wanted);

    if (!len || len >= MAX_MARKER)
        return;
    for (size_t i = 0; i < v->size; i++) {
        const char *word = v->words[i];
        size_t n = word ? strlen(word) : 0, cost;

        if (!n || n >= MAX_MARKER)
            continue;
        cost = distance(word, wanted);
        if (strstr(word, wanted))
            cost = DSC_MIN(cost, 1);
        if (cost <= 1 + len / 3)
            keep_near(list, word, cost);
    }
}

static void print_near(const struct near *list, char *text, size_t size)
{
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < MAX_NEAR && list[i].word && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s'%s'",
                                 i ? ", " : "; the nearest it has: ", list[i].word);
}

static enum dsc_status not_a_word(const struct dsc_vocab *v, const char *option, const char *word)
{
    struct near list[MAX_NEAR] = { { NULL, 0 } };
    char text[MAX_NEAR * (MAX_MARKER + 4) + 32];

    search_near(v, word, list);
    print_near(list, text, sizeof(text));
    return dsc_fail(DSC_INVALID, "%s: the tokenizer has no word '%.80s'%s", option, word, text);
}

static enum dsc_status no_pair(const struct dsc_vocab *v)
{
    struct near list[MAX_NEAR] = { { NULL, 0 } };
    char text[MAX_NEAR * (MAX_MARKER + 4) + 32];

    for (size_t i = 0; i < 3; i++) {
        search_near(v, pairs[i].start, list);
        search_near(v, pairs[i].end, list);
    }
    search_near(v, "start", list);
    search_near(v, "end", list);
    print_near(list, text, sizeof(text));
    return dsc_fail(DSC_INVALID,
                    "the tokenizer has no known pair of start and end words (as startseq endseq "
                    "or <start> <end>): name them with --start-word and --end-word%s",
                    text);
}

enum dsc_status dsc_vocab_find_markers(struct dsc_vocab *v, const char *start_word,
                                       const char *end_word)
{
    int start = start_word ? dsc_vocab_index(v, start_word) : DSC_VOCAB_NONE;
    int end = end_word ? dsc_vocab_index(v, end_word) : DSC_VOCAB_NONE;
    bool known = v->start != DSC_VOCAB_NONE && v->end != DSC_VOCAB_NONE;

    if (start_word && start == DSC_VOCAB_NONE)
        return not_a_word(v, "--start-word", start_word);
    if (end_word && end == DSC_VOCAB_NONE)
        return not_a_word(v, "--end-word", end_word);
    if (!(start_word && end_word) && !known && !find_pair(v, tolower) && !find_pair(v, toupper))
        return no_pair(v);
    if (start_word)
        v->start = start;
    if (end_word)
        v->end = end;
    return DSC_OK;
}
