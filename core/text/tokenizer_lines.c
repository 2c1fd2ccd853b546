#include <string.h>

#include "core/text/pickle_internal.h"
#include "core/text/tokenizer_internal.h"

static const char separators[] = "\t, ";

enum shape { WORD, WORD_INDEX, INDEX_WORD };

struct lines {
    const char *at, *end;
    size_t number; /* of the line read last, from 1 */
};

/* The next line without its end; false after the last. */
static bool next_line(struct lines *l, struct dsc_text *line)
{
    const char *eol = memchr(l->at, '\n', (size_t)(l->end - l->at));

    if (l->at == l->end)
        return false;
    line->bytes = l->at;
    line->len = (size_t)((eol ? eol : l->end) - l->at);
    l->at = eol ? eol + 1 : l->end;
    l->number++;
    while (line->len && strchr("\r ", line->bytes[line->len - 1]))
        line->len--;
    return true;
}

/* Cut a line into a word and a number, at the last separator for WORD_INDEX and
 * at the first for INDEX_WORD; false when it has not that shape. */
static bool cut(struct dsc_text line, enum shape shape, struct dsc_text *word, int64_t *index)
{
    struct dsc_text number;
    size_t i;

    if (shape == WORD_INDEX) {
        for (i = line.len; i > 0 && !strchr(separators, line.bytes[i - 1]);)
            i--;
        if (i < 2)
            return false;
        *word = (struct dsc_text){ line.bytes, i - 1 };
        number = (struct dsc_text){ line.bytes + i, line.len - i };
    } else {
        for (i = 0; i < line.len && !strchr(separators, line.bytes[i]);)
            i++;
        if (i + 1 >= line.len)
            return false;
        number = (struct dsc_text){ line.bytes, i };
        *word = (struct dsc_text){ line.bytes + i + 1, line.len - i - 1 };
    }
    while (word->len > 1 && strchr(separators, word->bytes[word->len - 1]))
        word->len--;
    while (word->len > 1 && strchr(separators, word->bytes[0])) {
        word->bytes++;
        word->len--;
    }
    return dsc_pickle_text_int(number.bytes, number.len, index);
}

static enum shape shape_of(struct dsc_text line)
{
    struct dsc_text word;
    int64_t index;

    if (cut(line, WORD_INDEX, &word, &index))
        return WORD_INDEX;
    return cut(line, INDEX_WORD, &word, &index) ? INDEX_WORD : WORD;
}

static bool has_separator(struct dsc_text line)
{
    for (size_t i = 0; i < line.len; i++)
        if (strchr(separators, line.bytes[i]))
            return true;
    return false;
}

/* The shape of the lines, from the first one, or from the second when the first
 * is a heading: then *heading. */
static enum shape find_shape(struct lines l, bool *heading)
{
    struct dsc_text line = { "", 0 }, second = { "", 0 };
    enum shape shape;

    while (!line.len && next_line(&l, &line)) {
    }
    while (!second.len && next_line(&l, &second)) {
    }
    shape = shape_of(line);
    *heading = shape == WORD && line.len > 1 && has_separator(line) && shape_of(second) != WORD;
    return *heading ? shape_of(second) : shape;
}

static enum dsc_status read_pairs(struct dsc_reader *r, struct lines l, enum shape shape,
                                  bool heading)
{
    size_t expected = (size_t)(l.end - l.at) / 4; /* a pair takes 4 bytes at least */
    struct dsc_text line, word;
    enum dsc_status st = DSC_OK;
    int64_t index;

    while (!st && next_line(&l, &line)) {
        if (!line.len)
            continue;
        if (heading) {
            heading = false;
            continue;
        }
        if (!cut(line, shape, &word, &index))
            return dsc_fail(DSC_FORMAT, "line %zu: expected %s, as on the first line", l.number,
                            shape == WORD_INDEX ? "a word and its index" : "an index and its word");
        st = dsc_reader_add(r, word, index, expected);
        if (st)
            return dsc_fail_context(st, "line %zu", l.number);
    }
    return st;
}

static enum dsc_status read_words(struct dsc_reader *r, struct lines l)
{
    struct dsc_text line;
    enum dsc_status st = DSC_OK;

    while (!st && next_line(&l, &line)) {
        if (l.number == 1)
            r->vocab->base_open = !dsc_word_is_first(line);
        if (!line.len)
            continue;
        if (memchr(line.bytes, ' ', line.len) || memchr(line.bytes, '\t', line.len))
            return dsc_fail(DSC_FORMAT, "line %zu: expected one word a line, found '%.*s'",
                            l.number, (int)DSC_MIN(line.len, 60), line.bytes);
        st = dsc_reader_add(r, line, (int64_t)l.number - 1, l.number);
        if (st)
            return dsc_fail_context(st, "line %zu", l.number);
    }
    if (!r->vocab->base_open)
        r->vocab->oov = dsc_vocab_index(r->vocab, "[UNK]");
    return st;
}

enum dsc_status dsc_reader_lines(struct dsc_reader *r, const char *text, size_t len)
{
    struct lines l = { text, text + len, 0 };
    bool heading;
    enum shape shape = find_shape(l, &heading);
    enum dsc_status st = shape == WORD ? read_words(r, l) : read_pairs(r, l, shape, heading);

    if (!st && !r->vocab->count)
        st = dsc_fail(DSC_FORMAT, "a vocabulary without words");
    if (st)
        return st;
    return dsc_reader_form(r, shape == WORD ? "list of words" : "words and indexes");
}
