/* tokenizer_internal.h - the parts of the tokenizer reader.
 *
 * JSON is turned into the values of core/text/pickle.h, so that one set of rules
 * (tokenizer_tree.c) reads both. A value may be written in several ways (bytes
 * through _codecs.encode, NumPy scalars and arrays, OrderedDict); the functions
 * of tokenizer_value.c see through them, to a fixed depth.
 */
#ifndef DSC_TOKENIZER_INTERNAL_H
#define DSC_TOKENIZER_INTERNAL_H

#include "core/text/pickle.h"
#include "core/text/vocab.h"

struct dsc_text {
    const char *bytes; /* no NUL at the end */
    size_t len;
};

/* What reads one file. */
struct dsc_reader {
    struct dsc_vocab *vocab;
    struct dsc_arena scratch; /* lives until the file is read */
    const char *kind;         /* "pickle, protocol 3", "JSON" */
};

/* Text of a STR, of bytes in any spelling or of a NumPy string; *found says
 * whether it is one. */
DSC_CHECK_RESULT enum dsc_status dsc_value_text(struct dsc_reader *r,
                                                const struct dsc_pickle_value *v,
                                                struct dsc_text *out, bool *found);
/* An INT, or a NumPy integer. */
DSC_CHECK_RESULT enum dsc_status dsc_value_int(struct dsc_reader *r,
                                               const struct dsc_pickle_value *v, int64_t *out,
                                               bool *found);
/* *out: the DICT that v is, or that an OrderedDict or the like holds; NULL when
 * it is none. */
DSC_CHECK_RESULT enum dsc_status dsc_value_dict(struct dsc_reader *r,
                                                const struct dsc_pickle_value *v,
                                                const struct dsc_pickle_value **out);
/* *out: the LIST or TUPLE that v is, or a LIST of what a NumPy array of one axis
 * holds; NULL when it is none. */
DSC_CHECK_RESULT enum dsc_status dsc_value_list(struct dsc_reader *r,
                                                const struct dsc_pickle_value *v,
                                                const struct dsc_pickle_value **out);
/* The value of a key, NULL when the key or the dict is not there. */
const struct dsc_pickle_value *dsc_value_key(const struct dsc_pickle_value *dict, const char *key);

/* NumPy, as pickles write it; *found false when v is no such thing. `kinds` are
 * the letters of the types that are wanted: "iu" integers, "US" texts. */
DSC_CHECK_RESULT enum dsc_status dsc_numpy_scalar(struct dsc_reader *r,
                                                  const struct dsc_pickle_value *v,
                                                  const char *kinds, struct dsc_pickle_value *out,
                                                  bool *found);
DSC_CHECK_RESULT enum dsc_status dsc_numpy_list(struct dsc_reader *r,
                                                const struct dsc_pickle_value *v,
                                                const struct dsc_pickle_value **out);
/* Raw bytes in any spelling. */
DSC_CHECK_RESULT enum dsc_status dsc_value_bytes(struct dsc_reader *r,
                                                 const struct dsc_pickle_value *v,
                                                 struct dsc_text *out, bool *found);

/* Parse JSON into values that live in the scratch memory. Fails: DSC_FORMAT with
 * line and column. */
DSC_CHECK_RESULT enum dsc_status dsc_json_value(struct dsc_reader *r, const char *text, size_t len,
                                                const struct dsc_pickle_value **out);

/* Fill r->vocab from a tree, or from lines of text. */
DSC_CHECK_RESULT enum dsc_status dsc_reader_tree(struct dsc_reader *r,
                                                 const struct dsc_pickle_value *root);
DSC_CHECK_RESULT enum dsc_status dsc_reader_lines(struct dsc_reader *r, const char *text,
                                                  size_t len);

/* Set the form: "<what>, <kind>". */
DSC_CHECK_RESULT enum dsc_status dsc_reader_form(struct dsc_reader *r, const char *what);

/* Whether a first word of a list tells that the list counts from 0. */
bool dsc_word_is_first(struct dsc_text word);

/* dsc_vocab_add for a vocabulary of about `expected` words: an index out of all
 * proportion is refused before memory is taken for it. */
DSC_CHECK_RESULT enum dsc_status dsc_reader_add(struct dsc_reader *r, struct dsc_text word,
                                                int64_t index, size_t expected);

/* DSC_FORMAT with a sentence when the bytes are a known kind of file, or no
 * text, that holds no vocabulary; DSC_OK otherwise. */
DSC_CHECK_RESULT enum dsc_status dsc_refuse_other_files(const char *bytes, size_t len,
                                                        const char *name);

#endif
