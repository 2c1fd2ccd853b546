#!/usr/bin/env python3
"""Make tests/golden/text: small vocabularies saved in every form that Keras users save them in,
and what Keras makes of texts. Run it once under tf.keras 2.15 and once under Keras 3, through
scripts/gen-golden.py or alone; each writes the files of its own era. Same versions, same bytes.

  k2_*, k3_*          the vocabularies
  k2.json, k3.json    "about": versions; "cases": {"file", "form", "words" (by index, null where
                      there is none), "oov", "num_words", "sequences": [{"text", "indexes"}]},
                      a line for each; "lower": pairs of a text and Python's str.lower() of it
"""
import argparse
import collections
import json
import os
import pickle
import sys
import types

if os.environ.get("PYTHONHASHSEED") != "0":
    # Keras goes through sets of words, whose order is part of the bytes.
    os.environ["PYTHONHASHSEED"] = "0"
    os.execv(sys.executable, [sys.executable, *sys.argv])
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

CAPTIONS = [
    "startseq A child in a pink dress is climbing up a set of stairs endseq",
    "startseq A black dog and a white dog are playing on the road endseq",
    "startseq The café's naïve Übermensch reads ΟΔΥΣΣΕΥΣ, twice endseq",
    "startseq ИДЁТ снег; 犬が走る 🐕 endseq",
]
TEXTS = [
    "startseq a dog in the CAFÉ'S road endseq",
    "unknown words, a black-white dog!",
    "ΟΔΥΣΣΕΥΣ ΣΑΣ ΑΣ.Σ идёт СНЕГ İSTANBUL",
    "  tabs\tand\nlines \t the end  ",
    "",
    "...",
    "犬が走る 🐕 🐕",
]
LOWER = ["ΑΣ", "ΑΣ Σ ΣΑ", "Σ", "ΑΣ́", "İI", "ǅ ẞ ΐ Ⅷ Ⓐ", "Ǆ",
         "ΑΣ.Β ΑΣ'", "ᾼ", "𐐀", "Ϳ", "Å K Ω", "ⓐΣʰ", "ʰΣ", "·\u0345Σ", "ΣΣʰ"]
MODULES = {
    "keras_preprocessing": "keras_preprocessing.text",
    "keras": "keras.preprocessing.text",
    "tf": "tensorflow.python.keras.preprocessing.text",
}


def tokenizer_class():
    if keras.__version__.startswith("2."):
        from keras.src.preprocessing.text import Tokenizer
    else:
        from keras.src.legacy.preprocessing.text import Tokenizer
    return Tokenizer


def words_of(index):
    words = [None] * (max(index.values()) + 1)
    for word, i in index.items():
        words[int(i)] = word
    return words


class Cases:
    def __init__(self, out, era):
        self.out, self.era, self.list = out, era, []

    def write(self, name, data):
        name = f"{self.era}_{name}"
        with open(os.path.join(self.out, name), "wb") as f:
            f.write(data if isinstance(data, bytes) else data.encode())
        return name

    def add(self, name, data, form, words, **extra):
        case = {"file": self.write(name, data), "form": form, "words": words}
        self.list.append({**case, **extra})

    def tokenizer(self, name, data, form, t):
        sequences = [{"text": x, "indexes": t.texts_to_sequences([x])[0]} for x in TEXTS]
        self.add(name, data, form, words_of(t.word_index), sequences=sequences,
                 oov=t.word_index.get(t.oov_token), num_words=t.num_words)


def dump_as(t, module, protocol):
    """Pickle a Tokenizer under the module path of another era."""
    cls = type(t)
    own = cls.__module__
    parts = module.split(".")
    path = [".".join(parts[: i + 1]) for i in range(len(parts))]
    saved = {name: sys.modules.get(name) for name in path}
    for name in path:
        sys.modules[name] = types.ModuleType(name)
    sys.modules[module].Tokenizer = cls
    cls.__module__ = module
    try:
        return pickle.dumps(t, protocol)
    finally:
        cls.__module__ = own
        for name, value in saved.items():
            if value is not None:
                sys.modules[name] = value
            else:
                del sys.modules[name]


def tokenizers(cases):
    cls = tokenizer_class()
    name = f"{cls.__module__}.Tokenizer"
    plain = cls()
    settings = {
        "plain": plain,
        "oov": cls(num_words=12, oov_token="<unk>", filters="", lower=False),
        "limit": cls(num_words=6),
        "split": cls(split="e", filters=".é"),
        "chars": cls(char_level=True, oov_token="?"),
    }
    for key, t in settings.items():
        t.fit_on_texts(CAPTIONS)
        cases.tokenizer(f"{key}_p4.pkl", pickle.dumps(t, 4), f"{name}, pickle, protocol 4", t)
    for p in (0, 1, 2, 3, 5):
        # Nothing in the file tells protocol 1 from 0.
        form = f"{name}, pickle, protocol {0 if p == 1 else p}"
        cases.tokenizer(f"plain_p{p}.pkl", pickle.dumps(plain, p), form, plain)
    cases.tokenizer("plain.json", plain.to_json(), "Keras tokenizer, JSON", plain)
    cases.tokenizer("twice.json", json.dumps(plain.to_json()), "Keras tokenizer, JSON", plain)
    if cases.era == "k2":
        for key, module in MODULES.items():
            form = f"{module}.Tokenizer, pickle, protocol 3"
            cases.tokenizer(f"{key}_p3.pkl", dump_as(plain, module, 3), form, plain)
        old_form(cases, plain)
    return plain


def old_form(cases, t):
    """Keras 2.0 and 2.1: plain dicts, no index_word, no oov_token."""
    old = object.__new__(type(t))
    for key in ("word_docs", "filters", "num_words", "split", "index_docs", "word_index",
                "char_level", "lower", "document_count", "word_counts"):
        value = t.__dict__[key]
        is_counter = isinstance(value, collections.defaultdict)
        setattr(old, key, dict(value) if is_counter else value)
    form = "keras.preprocessing.text.Tokenizer, pickle, protocol 3"
    data = dump_as(old, "keras.preprocessing.text", 3)
    cases.add("old_p3.pkl", data, form, words_of(t.word_index))


def plain_forms(cases, index):
    words = words_of(index)
    inverse = {i: w for w, i in index.items()}
    listed = words[1:]
    for p in (0, 2, 4):
        kind = f"pickle, protocol {p}"
        cases.add(f"word_index_p{p}.pkl", pickle.dumps(index, p),
                  f"dict of words to indexes, {kind}", words)
        cases.add(f"index_word_p{p}.pkl", pickle.dumps(inverse, p),
                  f"dict of indexes to words, {kind}", words)
        cases.add(f"list_p{p}.pkl", pickle.dumps(listed, p), f"list of words, {kind}", listed)
        cases.add(f"tuple_p{p}.pkl", pickle.dumps(tuple(listed), p), f"list of words, {kind}",
                  listed)
    ordered = collections.OrderedDict(index)
    cases.add("ordered_p2.pkl", pickle.dumps(ordered, 2),
              "dict of words to indexes, pickle, protocol 2", words)
    cases.add("word_index.json", json.dumps(index), "dict of words to indexes, JSON", words)
    cases.add("index_word.json", json.dumps(inverse, ensure_ascii=False),
              "dict of indexes to words, JSON", words)
    cases.add("list.json", json.dumps(listed), "list of words, JSON", listed)
    lines = "".join(w + "\n" for w in listed)
    cases.add("list.txt", lines, "list of words, text", listed)
    cases.add("padded.txt", "\n" + lines, "list of words, text", words)
    cases.add("word_index.tsv", "".join(f"{w}\t{i}\r\n" for w, i in index.items()),
              "words and indexes, text", words)
    cases.add("index_word.csv", "index,word\n" + "".join(f"{i},{w}\n" for w, i in index.items()),
              "words and indexes, text", words)


def numpy_forms(cases, index):
    """NumPy 1 and 2 write other module names; protocol 5 writes arrays in another way."""
    index = {w: i for w, i in index.items() if i <= 20}
    words = words_of(index)
    listed = words[1:]
    texts = np.array(listed)
    for p in (0, 2, 4, 5):
        kind = f"pickle, protocol {p}"
        cases.add(f"np_key_p{p}.pkl",
                  pickle.dumps({np.int32(i): np.str_(w) for w, i in index.items()}, p),
                  f"dict of indexes to words, {kind}", words)
        cases.add(f"np_value_p{p}.pkl",
                  pickle.dumps({w: np.int64(i) for w, i in index.items()}, p),
                  f"dict of words to indexes, {kind}", words)
        arrays = {"U": texts, "O": texts.astype(object),
                  "big": texts.astype(texts.dtype.newbyteorder(">")),
                  "S": np.array([w.encode() for w in listed])}
        for key, a in arrays.items():
            cases.add(f"np_{key}_p{p}.pkl", pickle.dumps(a, p), f"list of words, {kind}", listed)


def vectorizations(cases):
    for key, settings in {"tv": {}, "tv_limit": {"max_tokens": 9},
                          "tv_chars": {"split": "character"}, "tv_raw": {"standardize": None},
                          "tv_lower": {"standardize": "lower"}}.items():
        t = tf.keras.layers.TextVectorization(**settings)
        t.adapt(CAPTIONS)
        words = [str(w) for w in t.get_vocabulary()]
        sequences = [{"text": x, "indexes": [int(i) for i in np.asarray(t([x]))[0]]}
                     for x in TEXTS]
        for s in sequences:
            # Padding, which the layer adds to short texts.
            while s["indexes"] and s["indexes"][-1] == 0:
                s["indexes"].pop()
        words[0] = None
        extra = {"oov": 1, "sequences": sequences, "num_words": settings.get("max_tokens")}
        # Keras 3 gives no weights; people then keep the words themselves.
        weights = t.get_weights() or [np.array([w.encode() for w in words[2:]], dtype=object)]
        for p in (3, 5) if key == "tv" else (4,):
            cases.add(f"{key}_p{p}.pkl",
                      pickle.dumps({"config": t.get_config(), "weights": weights}, p),
                      f"TextVectorization, pickle, protocol {p}", words, **extra)
        if key != "tv":
            continue
        # As TensorFlow 2.3 to 2.5 export their hash table: in no order, with the indexes.
        order = np.random.default_rng(3).permutation(len(weights[0]))
        table = [weights[0][order], order + 2]
        cases.add(f"{key}_table_p4.pkl",
                  pickle.dumps({"config": t.get_config(), "weights": table}, 4),
                  "TextVectorization, pickle, protocol 4", words, **extra)
        cases.add(f"{key}_list_p4.pkl", pickle.dumps(t.get_vocabulary(), 4),
                  "list of words, pickle, protocol 4", words, oov=1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--out", default="tests/golden/text")
    out = parser.parse_args().out
    os.makedirs(out, exist_ok=True)
    era = "k" + keras.__version__.split(".")[0]
    cases = Cases(out, era)
    plain = tokenizers(cases)
    vectorizations(cases)
    numpy_forms(cases, plain.word_index)
    if era == "k3":
        plain_forms(cases, plain.word_index)
    about = {"keras": keras.__version__, "numpy": np.__version__,
             "python": sys.version.split()[0], "made_by": "scripts/gen-golden-text.py"}
    lower = [[x, x.lower()] for x in LOWER + TEXTS]
    with open(os.path.join(out, f"{era}.json"), "w", encoding="utf-8") as f:
        f.write('{"about": ' + json.dumps(about) + ',\n"cases": [\n')
        f.write(",\n".join(json.dumps(c, ensure_ascii=False) for c in cases.list))
        f.write('\n],\n"lower": ' + json.dumps(lower, ensure_ascii=False) + "}\n")
    print(f"{len(cases.list)} vocabularies of Keras {keras.__version__} in {out}")


if __name__ == "__main__":
    main()
