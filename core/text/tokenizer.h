/* tokenizer.h - a vocabulary from any file that Keras users save one in.
 *
 * The kind is told by content, never by name:
 *
 * - a pickle (core/text/pickle.h; nothing in it is executed) or JSON of
 *   - Keras' Tokenizer of any era, or its to_json(). word_index decides;
 *     index_word is read only when there is no word_index.
 *   - TextVectorization as {'config': ..., 'weights': ...}. Its words begin at
 *     index 2, after the padding and '[UNK]' (at 1 unless output_mode is int).
 *   - a dict of words to indexes, or of indexes to words; indexes may be
 *     integers, NumPy integers or, as keys, digits
 *   - a list, tuple or NumPy array of words: index = position. When the first
 *     one is '' or a padding or '[UNK]' token, as get_vocabulary() writes, that
 *     is certain. Otherwise code in the field counts from 0 and from 1 equally
 *     often, and dsc_vocab_fit() decides by the size of the model.
 *   - what dsc_vocab_to_json() wrote
 * - text: one word a line, as a list; or a word and its index on each line, in
 *   either order, with a tab, comma or blank between. An empty line is an index
 *   without a word.
 *
 * Anything else gets a sentence that says what the file is instead and, where
 * there is one, the way out.
 */
#ifndef DSC_TOKENIZER_H
#define DSC_TOKENIZER_H

#include "core/text/vocab.h"

#define DSC_TOKENIZER_MAX_BYTES ((size_t)64 << 20)

/* Read a vocabulary file; "-" is standard input. *out is freed with
 * dsc_vocab_free(). Its markers are set only when the file stores them: see
 * dsc_vocab_find_markers().
 *
 * Fails: DSC_IO; DSC_FORMAT for what is damaged or not a vocabulary;
 * DSC_UNSUPPORTED for a pickle that names what a tokenizer never needs;
 * DSC_NOMEM. The sentence begins with the path. */
DSC_CHECK_RESULT enum dsc_status dsc_vocab_load(struct dsc_vocab **out, const char *path);

/* The same from memory; `name` is for messages. */
DSC_CHECK_RESULT enum dsc_status dsc_vocab_parse(struct dsc_vocab **out, const void *bytes,
                                                 size_t len, const char *name);

#endif
