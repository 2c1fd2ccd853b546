#include "core/text/vocab.h"

#include <string.h>
#include <unistr.h>

#include "core/base/alloc.h"

#define MIN_SLOTS  64
#define SLACK_ROWS 2 /* off by one is the commonest slip when a model is sized */

struct dsc_vocab *dsc_vocab_new(void)
{
    struct dsc_vocab *v = dsc_calloc(1, sizeof(*v));

    if (!v)
        return NULL;
    v->start = v->end = v->oov = DSC_VOCAB_NONE;
    v->filters = "";
    v->split = " ";
    v->form = "made in memory";
    return v;
}

void dsc_vocab_free(struct dsc_vocab *v)
{
    if (!v)
        return;
    dsc_free(v->words);
    dsc_free(v->slots);
    dsc_arena_release(&v->arena);
    dsc_free(v);
}

/* FNV-1a with a final mix, for tables of a power of two. The start differs from
 * run to run, so that no file can be written to collide. */
static size_t hash(const struct dsc_vocab *v, const char *word, size_t len)
{
    uint64_t h = 0xcbf29ce484222325u ^ (uintptr_t)v;

    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)word[i]) * 0x100000001b3u;
    return (size_t)(h ^ h >> 29);
}

/* The slot that holds the word, or the empty one where it belongs. */
static uint32_t *find_slot(const struct dsc_vocab *v, const char *word, size_t len)
{
    size_t mask = v->n_slots - 1;

    for (size_t i = hash(v, word, len) & mask;; i = (i + 1) & mask) {
        uint32_t *slot = &v->slots[i];
        const char *known = *slot ? v->words[*slot - 1] : NULL;

        if (!known || (strlen(known) == len && !memcmp(known, word, len)))
            return slot;
    }
}

/* Room for one more word, the table at most half full. */
static enum dsc_status grow_slots(struct dsc_vocab *v)
{
    size_t n = v->n_slots ? 2 * v->n_slots : MIN_SLOTS;
    uint32_t *old = v->slots;

    if (2 * (v->count + 1) <= v->n_slots)
        return DSC_OK;
    v->slots = dsc_calloc(n, sizeof(*v->slots));
    if (!v->slots) {
        v->slots = old;
        return dsc_fail_nomem("a vocabulary");
    }
    v->n_slots = n;
    for (size_t i = 0; i < v->size; i++)
        if (v->words[i])
            *find_slot(v, v->words[i], strlen(v->words[i])) = (uint32_t)i + 1;
    dsc_free(old);
    return DSC_OK;
}

static enum dsc_status grow_words(struct dsc_vocab *v, size_t size)
{
    if (dsc_grow(&v->words, &v->cap_words, size, sizeof(char *)))
        return dsc_fail_nomem("a vocabulary");
    for (size_t i = v->size; i < size; i++)
        v->words[i] = NULL;
    return DSC_OK;
}

enum dsc_status dsc_vocab_add(struct dsc_vocab *v, const char *word, size_t len, int64_t index)
{
    const char *kept, *other;
    enum dsc_status st;
    int known;

    if (memchr(word, '\0', len) || u8_check((const uint8_t *)word, len))
        return dsc_fail(DSC_FORMAT, "the word of index %lld is not UTF-8 text", (long long)index);
    if (index < 0 || index > DSC_VOCAB_MAX_INDEX)
        return dsc_fail(DSC_FORMAT, "the word '%.*s' has index %lld, expected 0 to %d",
                        (int)DSC_MIN(len, 80), word, (long long)index, DSC_VOCAB_MAX_INDEX);
    known = dsc_vocab_index_n(v, word, len);
    if (known == index)
        return DSC_OK;
    if (known != DSC_VOCAB_NONE)
        return dsc_fail(DSC_FORMAT, "the word '%.*s' has two indexes, %d and %lld",
                        (int)DSC_MIN(len, 80), word, known, (long long)index);
    other = dsc_vocab_word(v, index);
    if (other)
        return dsc_fail(DSC_FORMAT, "the words '%.80s' and '%.*s' both have index %lld", other,
                        (int)DSC_MIN(len, 80), word, (long long)index);
    st = grow_slots(v);
    if (!st)
        st = grow_words(v, (size_t)index + 1);
    if (st)
        return st;
    kept = dsc_vocab_keep(v, word, len);
    if (!kept)
        return dsc_fail_nomem("a vocabulary");
    v->words[index] = kept;
    v->size = DSC_MAX(v->size, (size_t)index + 1);
    v->count++;
    *find_slot(v, word, len) = (uint32_t)index + 1;
    return DSC_OK;
}

const char *dsc_vocab_keep(struct dsc_vocab *v, const char *text, size_t len)
{
    return dsc_arena_strndup(&v->arena, text, len);
}

const char *dsc_vocab_word(const struct dsc_vocab *v, int64_t index)
{
    return index >= 0 && (uint64_t)index < v->size ? v->words[index] : NULL;
}

int dsc_vocab_index_n(const struct dsc_vocab *v, const char *word, size_t len)
{
    return v->n_slots ? (int)*find_slot(v, word, len) - 1 : DSC_VOCAB_NONE;
}

int dsc_vocab_index(const struct dsc_vocab *v, const char *word)
{
    return dsc_vocab_index_n(v, word, strlen(word));
}

size_t dsc_vocab_size(const struct dsc_vocab *v)
{
    return v->size;
}

static enum dsc_status move_up(struct dsc_vocab *v)
{
    enum dsc_status st = grow_words(v, v->size + 1);

    if (st)
        return st;
    memmove(v->words + 1, v->words, v->size * sizeof(*v->words));
    v->words[0] = NULL;
    v->size++;
    for (size_t i = 0; i < v->n_slots; i++)
        v->slots[i] += v->slots[i] != 0;
    v->start += v->start != DSC_VOCAB_NONE;
    v->end += v->end != DSC_VOCAB_NONE;
    v->oov += v->oov != DSC_VOCAB_NONE;
    return DSC_OK;
}

enum dsc_status dsc_vocab_fit(struct dsc_vocab *v, size_t rows)
{
    size_t limit = (size_t)v->num_words;

    if (v->base_open) {
        enum dsc_status st = rows == v->size + 1 ? move_up(v) : DSC_OK;

        if (st)
            return st;
        v->base_open = false;
    }
    if (rows >= v->size && rows - v->size <= SLACK_ROWS)
        return DSC_OK;
    if (limit && (rows == limit || rows == limit + 1))
        return DSC_OK;
    return dsc_fail(DSC_INVALID,
                    "the tokenizer has %zu words and needs %zu rows, but the model has %zu: they "
                    "do not belong together",
                    v->count, v->size, rows);
}
