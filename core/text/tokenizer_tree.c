#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistr.h>

#include "core/text/pickle_internal.h"
#include "core/text/tokenizer_internal.h"

#define MIN_SPREAD 1000 /* highest index that a vocabulary of any size may have */
#define MAX_SPREAD 100  /* indexes for each word */

static const char punctuation[] = "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'"; /* TextVectorization's */

static const char *type_name(const struct dsc_pickle_value *v)
{
    static const char *const names[] = {
        [DSC_PICKLE_NONE] = "None",      [DSC_PICKLE_BOOL] = "a truth value",
        [DSC_PICKLE_INT] = "an integer", [DSC_PICKLE_FLOAT] = "a number with a fraction",
        [DSC_PICKLE_STR] = "text",       [DSC_PICKLE_BYTES] = "bytes",
        [DSC_PICKLE_LIST] = "a list",    [DSC_PICKLE_TUPLE] = "a tuple",
        [DSC_PICKLE_DICT] = "a dict",    [DSC_PICKLE_SET] = "a set",
        [DSC_PICKLE_GLOBAL] = "a class", [DSC_PICKLE_OBJECT] = "an object",
    };

    return names[v->type];
}

enum dsc_status dsc_reader_form(struct dsc_reader *r, const char *what)
{
    char text[160];

    snprintf(text, sizeof(text), "%s, %s", what, r->kind);
    r->vocab->form = dsc_vocab_keep(r->vocab, text, strlen(text));
    return r->vocab->form ? DSC_OK : dsc_fail_nomem("a vocabulary");
}

enum dsc_status dsc_reader_add(struct dsc_reader *r, struct dsc_text word, int64_t index,
                               size_t expected)
{
    if (index > MIN_SPREAD && (uint64_t)index / MAX_SPREAD > expected)
        return dsc_fail(DSC_FORMAT, "the word '%.*s' has index %lld, in a vocabulary of %zu words",
                        (int)DSC_MIN(word.len, 80), word.bytes, (long long)index, expected);
    return dsc_vocab_add(r->vocab, word.bytes, word.len, index);
}

/* ---- dicts of words ---- */

/* An index as a key: an integer, or its digits, since JSON has no other keys. */
static enum dsc_status key_index(struct dsc_reader *r, const struct dsc_pickle_value *v,
                                 int64_t *out, bool *found)
{
    struct dsc_text text;
    enum dsc_status st = dsc_value_int(r, v, out, found);

    if (st || *found)
        return st;
    st = dsc_value_text(r, v, &text, found);
    if (!st && *found)
        *found = dsc_pickle_text_int(text.bytes, text.len, out);
    return st;
}

static enum dsc_status add_pair(struct dsc_reader *r, const struct dsc_pickle_value *word,
                                const struct dsc_pickle_value *index, bool index_is_key, size_t n)
{
    struct dsc_text text;
    int64_t i = 0;
    bool found;
    enum dsc_status st = dsc_value_text(r, word, &text, &found);

    if (st)
        return st;
    if (!found)
        return dsc_fail(DSC_FORMAT, "a dict of words and indexes holds %s where a word belongs",
                        type_name(word));
    st = index_is_key ? key_index(r, index, &i, &found) : dsc_value_int(r, index, &i, &found);
    if (st)
        return st;
    if (!found)
        return dsc_fail(DSC_FORMAT, "the word '%.*s' has %s for an index",
                        (int)DSC_MIN(text.len, 80), text.bytes, type_name(index));
    return dsc_reader_add(r, text, i, n);
}

/* Either direction; *index_first tells which was found. */
static enum dsc_status read_pairs(struct dsc_reader *r, const struct dsc_pickle_value *dict,
                                  bool *index_first)
{
    enum dsc_status st = DSC_OK;
    int64_t index;
    bool is_int;

    if (!dict->n)
        return dsc_fail(DSC_FORMAT, "a vocabulary without words");
    st = dsc_value_int(r, dict->items[1], &index, &is_int);
    *index_first = !is_int;
    for (size_t i = 0; !st && i < dict->n; i++) {
        const struct dsc_pickle_value *key = dict->items[2 * i], *value = dict->items[2 * i + 1];

        st = is_int ? add_pair(r, key, value, false, dict->n)
                    : add_pair(r, value, key, true, dict->n);
    }
    return st;
}

/* ---- lists of words ---- */

bool dsc_word_is_first(struct dsc_text word)
{
    static const char *const first[] = { "", "[UNK]", "<pad>", "[pad]", "<PAD>", "[PAD]" };

    for (size_t i = 0; i < DSC_COUNT(first); i++)
        if (strlen(first[i]) == word.len && !memcmp(first[i], word.bytes, word.len))
            return true;
    return false;
}

/* The words of a list from index `base` on; '' and None have an index alone. */
static enum dsc_status read_words(struct dsc_reader *r, const struct dsc_pickle_value *list,
                                  size_t base)
{
    enum dsc_status st = DSC_OK;

    for (size_t i = 0; !st && i < list->n; i++) {
        struct dsc_text word = { "", 0 };
        bool found;

        st = dsc_value_text(r, list->items[i], &word, &found);
        if (st)
            return st;
        if (!found && list->items[i]->type != DSC_PICKLE_NONE)
            return dsc_fail(DSC_FORMAT, "item %zu of a list of words is %s", i,
                            type_name(list->items[i]));
        if (word.len)
            st = dsc_reader_add(r, word, (int64_t)(base + i), base + list->n);
    }
    return st;
}

static enum dsc_status read_list(struct dsc_reader *r, const struct dsc_pickle_value *list)
{
    struct dsc_text first = { "", 0 };
    bool found = false;
    enum dsc_status st = DSC_OK;

    if (list->n)
        st = dsc_value_text(r, list->items[0], &first, &found);
    if (!st)
        st = read_words(r, list, 0);
    if (!st && !r->vocab->count)
        st = dsc_fail(DSC_FORMAT, "a list without words");
    if (st)
        return st;
    r->vocab->base_open = found && !dsc_word_is_first(first);
    if (!r->vocab->base_open)
        r->vocab->oov = dsc_vocab_index(r->vocab, "[UNK]");
    return dsc_reader_form(r, "list of words");
}

/* ---- settings ---- */

/* A text setting; none leaves *out as it is. */
static enum dsc_status read_text(struct dsc_reader *r, const struct dsc_pickle_value *dict,
                                 const char *key, const char **out)
{
    const struct dsc_pickle_value *v = dsc_value_key(dict, key);
    struct dsc_text text;
    bool found = false;
    enum dsc_status st = v ? dsc_value_text(r, v, &text, &found) : DSC_OK;
    const char *kept;

    if (st || !found)
        return st;
    if (memchr(text.bytes, '\0', text.len) || u8_check((const uint8_t *)text.bytes, text.len))
        return dsc_fail(DSC_FORMAT, "'%s' is not UTF-8 text", key);
    kept = dsc_vocab_keep(r->vocab, text.bytes, text.len);
    if (!kept)
        return dsc_fail_nomem("a vocabulary");
    *out = kept;
    return DSC_OK;
}

static void read_bool(const struct dsc_pickle_value *dict, const char *key, bool *out)
{
    const struct dsc_pickle_value *v = dsc_value_key(dict, key);

    if (v && v->type == DSC_PICKLE_BOOL)
        *out = v->truth;
    else if (v && v->type == DSC_PICKLE_INT)
        *out = v->integer != 0;
}

/* An integer within 0..INT_MAX; anything else leaves *out as it is. */
static enum dsc_status read_int(struct dsc_reader *r, const struct dsc_pickle_value *dict,
                                const char *key, int *out)
{
    const struct dsc_pickle_value *v = dsc_value_key(dict, key);
    bool found = false;
    int64_t n = 0;
    enum dsc_status st = v ? dsc_value_int(r, v, &n, &found) : DSC_OK;

    if (!st && found && n >= 0 && n <= INT_MAX)
        *out = (int)n;
    return st;
}

/* ---- Keras' Tokenizer ---- */

/* The dict of an attribute; to_json() writes the dicts as JSON in JSON. */
static enum dsc_status attribute_dict(struct dsc_reader *r, const struct dsc_pickle_value *state,
                                      const char *key, const struct dsc_pickle_value **out)
{
    const struct dsc_pickle_value *v = dsc_value_key(state, key);
    enum dsc_status st = DSC_OK;

    *out = NULL;
    if (v && v->type == DSC_PICKLE_STR) {
        st = dsc_json_value(r, v->bytes, v->n, &v);
        if (st)
            return dsc_fail_context(st, "'%s'", key);
    }
    return v ? dsc_value_dict(r, v, out) : DSC_OK;
}

static enum dsc_status read_settings(struct dsc_reader *r, const struct dsc_pickle_value *state)
{
    struct dsc_vocab *v = r->vocab;
    const char *oov = NULL, *split = NULL;
    enum dsc_status st;

    v->by_frequency = true;
    v->lower = true;
    read_bool(state, "lower", &v->lower);
    read_bool(state, "char_level", &v->char_level);
    st = read_int(r, state, "num_words", &v->num_words);
    if (!st)
        st = read_text(r, state, "filters", &v->filters);
    if (!st)
        st = read_text(r, state, "split", &split);
    if (!st)
        st = read_text(r, state, "oov_token", &oov);
    if (split && *split)
        v->split = split;
    if (!st && oov)
        v->oov = dsc_vocab_index(v, oov);
    return st;
}

static enum dsc_status read_tokenizer(struct dsc_reader *r, const struct dsc_pickle_value *state,
                                      const char *what)
{
    const struct dsc_pickle_value *dict;
    bool index_first;
    enum dsc_status st = attribute_dict(r, state, "word_index", &dict);

    if (!st && !dict)
        st = attribute_dict(r, state, "index_word", &dict);
    if (!st && (!dict || !dict->n))
        return dsc_fail(DSC_FORMAT, "a Tokenizer without words: save it after fit_on_texts");
    if (!st)
        st = read_pairs(r, dict, &index_first);
    if (!st)
        st = read_settings(r, state);
    return st ? st : dsc_reader_form(r, what);
}

static enum dsc_status read_object(struct dsc_reader *r, const struct dsc_pickle_value *v)
{
    const struct dsc_pickle_global *global = v->object->global;
    const struct dsc_pickle_value *state = NULL;
    char what[120];
    enum dsc_status st = DSC_OK;

    if (v->object->state)
        st = dsc_value_dict(r, v->object->state, &state);
    if (st)
        return st;
    if (global->id != DSC_PICKLE_TOKENIZER)
        return dsc_fail(DSC_FORMAT, "an object of %s.%s, which holds no vocabulary", global->module,
                        global->name);
    snprintf(what, sizeof(what), "%s.%s", global->module, global->name);
    return read_tokenizer(r, state, what);
}

/* ---- TextVectorization ---- */

static bool is_text(const struct dsc_pickle_value *v, const char *text)
{
    return v && v->type == DSC_PICKLE_STR && v->n == strlen(text) && !memcmp(v->bytes, text, v->n);
}

static enum dsc_status vectorization_settings(struct dsc_reader *r,
                                              const struct dsc_pickle_value *config)
{
    const struct dsc_pickle_value *standardize = dsc_value_key(config, "standardize");
    struct dsc_vocab *v = r->vocab;
    bool both = is_text(standardize, "lower_and_strip_punctuation");

    v->cut = DSC_VOCAB_CUT_VECTORIZATION;
    v->by_frequency = true;
    v->lower = both || is_text(standardize, "lower");
    if (both || is_text(standardize, "strip_punctuation"))
        v->filters = punctuation;
    v->char_level = is_text(dsc_value_key(config, "split"), "character");
    return read_int(r, config, "max_tokens", &v->num_words);
}

/* The words: the first array of the weights, else the config's own list. */
static enum dsc_status vectorization_words(struct dsc_reader *r,
                                           const struct dsc_pickle_value *config,
                                           const struct dsc_pickle_value *weights,
                                           const struct dsc_pickle_value **out)
{
    const struct dsc_pickle_value *list = NULL, *v = dsc_value_key(config, "vocabulary");
    enum dsc_status st = dsc_value_list(r, weights, &list);

    if (!st && list && list->n)
        st = dsc_value_list(r, list->items[0], &list);
    if (!st && (!list || !list->n) && v)
        st = dsc_value_list(r, v, &list);
    if (!st && (!list || !list->n))
        st = dsc_fail(DSC_FORMAT, "a TextVectorization without its words: save the list that "
                                  "get_vocabulary() gives");
    if (!st)
        *out = list;
    return st;
}

/* TensorFlow 2.3 to 2.5 export their hash table: words in any order, and in a
 * second array the index of each. */
static enum dsc_status read_table(struct dsc_reader *r, const struct dsc_pickle_value *words,
                                  const struct dsc_pickle_value *weights, bool *found)
{
    const struct dsc_pickle_value *list, *indexes = NULL;
    enum dsc_status st = dsc_value_list(r, weights, &list);
    int64_t index;

    *found = false;
    if (!st && list && list->n > 1)
        st = dsc_value_list(r, list->items[1], &indexes);
    if (st || !indexes || indexes->n != words->n)
        return st;
    st = dsc_value_int(r, indexes->items[0], &index, found);
    for (size_t i = 0; !st && *found && i < words->n; i++)
        st = add_pair(r, words->items[i], indexes->items[i], false, words->n);
    return st;
}

static enum dsc_status read_vectorization(struct dsc_reader *r,
                                          const struct dsc_pickle_value *config,
                                          const struct dsc_pickle_value *weights)
{
    static const struct dsc_text unknown = { "[UNK]", 5 };
    const struct dsc_pickle_value *list;
    struct dsc_text first = { "", 0 };
    size_t base = is_text(dsc_value_key(config, "output_mode"), "int") ? 2 : 1;
    bool found, table;
    enum dsc_status st = vectorization_words(r, config, weights, &list);

    if (!st)
        st = dsc_value_text(r, list->items[0], &first, &found);
    if (!st)
        st = read_table(r, list, weights, &table);
    if (st)
        return st;
    if (found && dsc_word_is_first(first))
        base = 0;
    if (!table)
        st = read_words(r, list, base);
    if (!st && base)
        st = dsc_reader_add(r, unknown, (int64_t)base - 1, base);
    if (!st)
        st = vectorization_settings(r, config);
    if (st)
        return st;
    r->vocab->oov = dsc_vocab_index_n(r->vocab, unknown.bytes, unknown.len);
    return dsc_reader_form(r, "TextVectorization");
}

/* ---- our own ---- */

static enum dsc_status marker(struct dsc_reader *r, const struct dsc_pickle_value *dict,
                              const char *key, int *out)
{
    enum dsc_status st = read_int(r, dict, key, out);

    if (!st && *out != DSC_VOCAB_NONE && !dsc_vocab_word(r->vocab, *out))
        return dsc_fail(DSC_FORMAT, "'%s' is index %d, which has no word", key, *out);
    return st;
}

static enum dsc_status read_own(struct dsc_reader *r, const struct dsc_pickle_value *dict)
{
    const struct dsc_pickle_value *words = dsc_value_key(dict, "words");
    struct dsc_vocab *v = r->vocab;
    enum dsc_status st;

    if (!words || words->type != DSC_PICKLE_LIST)
        return dsc_fail(DSC_FORMAT, "a describe vocabulary without its list 'words'");
    st = read_words(r, words, 0);
    if (!st && !v->count)
        st = dsc_fail(DSC_FORMAT, "a vocabulary without words");
    if (!st)
        st = read_settings(r, dict);
    if (!st)
        st = read_text(r, dict, "source", &v->form);
    if (!st)
        st = marker(r, dict, "start", &v->start);
    if (!st)
        st = marker(r, dict, "end", &v->end);
    if (!st)
        st = marker(r, dict, "oov", &v->oov);
    read_bool(dict, "by_frequency", &v->by_frequency);
    read_bool(dict, "base_open", &v->base_open);
    if (is_text(dsc_value_key(dict, "cut"), "vectorization"))
        v->cut = DSC_VOCAB_CUT_VECTORIZATION;
    return st;
}

/* ---- what is it ---- */

static enum dsc_status read_dict(struct dsc_reader *r, const struct dsc_pickle_value *dict)
{
    const struct dsc_pickle_value *config = NULL, *v = dsc_value_key(dict, "config");
    const struct dsc_pickle_value *weights = dsc_value_key(dict, "weights");
    bool index_first;
    enum dsc_status st = v ? dsc_value_dict(r, v, &config) : DSC_OK;

    if (st)
        return st;
    if (is_text(dsc_value_key(dict, "format"), "describe vocabulary 1"))
        return read_own(r, dict);
    if (config && weights)
        return read_vectorization(r, config, weights);
    if (config)
        return read_tokenizer(r, config, "Keras tokenizer");
    st = attribute_dict(r, dict, "word_index", &v);
    if (!st && !v)
        st = attribute_dict(r, dict, "index_word", &v);
    if (!st && v)
        return read_tokenizer(r, dict, "Keras tokenizer");
    if (!st)
        st = read_pairs(r, dict, &index_first);
    if (st)
        return st;
    return dsc_reader_form(r,
                           index_first ? "dict of indexes to words" : "dict of words to indexes");
}

enum dsc_status dsc_reader_tree(struct dsc_reader *r, const struct dsc_pickle_value *root)
{
    const struct dsc_pickle_value *v;
    enum dsc_status st = DSC_OK;

    /* json.dump(tokenizer.to_json()) is JSON within a JSON string. */
    if (root->type == DSC_PICKLE_STR)
        st = dsc_json_value(r, root->bytes, root->n, &root);
    if (!st)
        st = dsc_value_dict(r, root, &v);
    if (st)
        return st;
    if (v)
        return read_dict(r, v);
    st = dsc_value_list(r, root, &v);
    if (st)
        return st;
    if (v)
        return read_list(r, v);
    if (root->type == DSC_PICKLE_OBJECT)
        return read_object(r, root);
    if (root->type == DSC_PICKLE_SET)
        return dsc_fail(DSC_FORMAT, "a set of words, which gives them no indexes: save a list or a "
                                    "dict");
    return dsc_fail(DSC_FORMAT, "holds %s, not a vocabulary", type_name(root));
}
