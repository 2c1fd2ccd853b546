#!/usr/bin/env python3
"""Make the model in data/default: an encoder, a decoder and a tokenizer in one .h5.

    scripts/make-default.py ENCODER.h5 MODEL.h5 TOKENIZER.pkl OUT.h5 [--bits N]

The two Keras models become one functional model of two inputs, pixels and words, that
tf.keras 2.15 and Keras 3 open alike: the decoder's picture input gives way to the encoder's
output, and keys that Keras 3 refuses are left out. Training state is left out too. The root
attribute `describe`, which Keras ignores, holds JSON: vocabulary (the form of
core/text/vocab.h), padding, preprocessing and what there is to know about the model.

Weights of two and more axes keep N significant bits (data/default/MODEL_CARD.md has the
figures behind the default) and lie shuffled and deflated; those of one axis, small and each
worth a whole channel, are kept whole. scripts/check-default.py proves the result.

Needs h5py and numpy, no Keras. The same input gives the same bytes.
"""
import argparse
import collections
import json
import pickle

import h5py
import numpy as np

REFUSED_BY_KERAS3 = ["time_major"]
TEXT = h5py.string_dtype("utf-8")
ABOUT = {
    "padding": "pre",
    "encoder": {"name": "EfficientNet-Lite0", "layer": "avg_pool"},
    "training_data": "Flickr8k",
    "licence": {"encoder": "Apache-2.0", "decoder": "MIT"},
    "scores": {
        "data": "Flickr8k, test split of 1000 pictures",
        "CIDEr-D": {"greedy": 0.470, "beam 3": 0.508, "beam 5": 0.519},
    },
}
PREPROCESS = "size={w}x{h},mean=127,std=128,filter={filter}"


# --- tokenizer ------------------------------------------------------------------------

class State:
    """Stands for a Keras Tokenizer: takes the pickled state, runs nothing."""

    def __setstate__(self, state):
        self.__dict__.update(state)


class Unpickler(pickle.Unpickler):
    harmless = {
        ("collections", "OrderedDict"): collections.OrderedDict,
        ("collections", "defaultdict"): collections.defaultdict,
        ("builtins", "int"): int,
    }

    def find_class(self, module, name):
        if (module, name) in self.harmless:
            return self.harmless[module, name]
        if "keras" in module and name == "Tokenizer":
            self.tokenizer_class = f"{module}.{name}"
            return State
        raise pickle.UnpicklingError(f"{module}.{name} is no part of a tokenizer")


def read_vocabulary(path):
    with open(path, "rb") as f:
        unpickler = Unpickler(f)
        tokenizer = unpickler.load()
    index = tokenizer.word_index
    words = [None] * (max(index.values()) + 1)
    for word, i in index.items():
        words[i] = word
    with open(path, "rb") as f:
        protocol = f.read(2)[1]
    return {
        "format": "describe vocabulary 1",
        "words": words,
        "start": index["startseq"],
        "end": index["endseq"],
        "oov": index.get(tokenizer.oov_token),
        "num_words": tokenizer.num_words,
        "cut": "tokenizer",
        "filters": tokenizer.filters,
        "lower": tokenizer.lower,
        "split": tokenizer.split,
        "char_level": tokenizer.char_level,
        "by_frequency": True,
        "base_open": False,
        "source": f"{unpickler.tokenizer_class} pickle, protocol {protocol}",
    }


# --- architecture ---------------------------------------------------------------------

def read_config(h5):
    return json.loads(h5.attrs["model_config"])["config"]


def inbound(layer):
    """The [name, node, tensor, kwargs] entries of a layer's only call."""
    return [entry for node in layer["inbound_nodes"] for entry in node]


def rename(layers, old, new):
    for layer in layers:
        if layer["name"] == old:
            layer["name"] = layer["config"]["name"] = new
        for entry in inbound(layer):
            if entry[0] == old:
                entry[0] = new


def join(encoder, decoder):
    """One functional config out of two, layers in the order in which Keras 2 and 3 both
    restore weights: the encoder first, then the decoder as it was."""
    layers = {layer["name"]: layer for layer in decoder["layers"]}
    pictures, words = sorted((entry[0] for entry in decoder["input_layers"]),
                             key=lambda name: layers[name]["config"]["batch_input_shape"][1],
                             reverse=True)
    feature = encoder["output_layers"][0][0]
    head, tail = encoder["layers"], [x for x in decoder["layers"] if x["name"] != pictures]
    rename(tail, pictures, feature)
    rename(tail, words, "words")
    rename(head, encoder["input_layers"][0][0], "pixels")
    joined = head + tail
    if len({layer["name"] for layer in joined}) != len(joined):
        raise SystemExit("make-default: a layer's name is used in both models")
    for layer in joined:
        for key in REFUSED_BY_KERAS3:
            layer["config"].pop(key, None)
    return {"name": "captioner", "trainable": True, "layers": joined,
            "input_layers": [["pixels", 0, 0], ["words", 0, 0]],
            "output_layers": decoder["output_layers"]}


# --- weights --------------------------------------------------------------------------

def round_bits(x, bits):
    """x with its mantissa rounded to `bits` significant bits, ties to even."""
    drop = 24 - bits
    if drop <= 0:
        return x
    u = x.view(np.uint32)
    u = u + np.uint32((1 << (drop - 1)) - 1) + ((u >> np.uint32(drop)) & np.uint32(1))
    return (u & np.uint32(0xFFFFFFFF << drop & 0xFFFFFFFF)).view(np.float32)


def write_array(group, name, x, bits):
    x = np.ascontiguousarray(x, dtype="<f4")
    if x.ndim < 2:
        group.create_dataset(name, data=x, track_times=False)
        return
    group.create_dataset(name, data=round_bits(x, bits), chunks=x.shape, shuffle=True,
                         compression="gzip", compression_opts=9, track_times=False)


def write_weights(out, sources, layers, bits):
    """The groups of every layer, in the order of the config, as Keras 2 lays them out."""
    root = out.create_group("model_weights")
    for layer in layers:
        name = layer["name"]
        group = root.create_group(name)
        source = next((s["model_weights"][name] for s in sources
                       if name in s["model_weights"]), None)
        names = [] if source is None else list(source.attrs["weight_names"])
        group.attrs.create("weight_names", names, dtype=TEXT)
        for weight in names:
            write_array(group, weight, source[weight][()], bits)
    names = [layer["name"] for layer in layers]
    root.attrs.create("layer_names", names, dtype=TEXT)
    for key in ("backend", "keras_version"):
        root.attrs.create(key, sources[0].attrs[key], dtype=TEXT)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("encoder", "model", "tokenizer", "out"):
        parser.add_argument(name)
    parser.add_argument("--bits", type=int, default=16, help="significant bits kept, 2 to 24")
    parser.add_argument("--filter", default="bilinear", help="for pictures of other sizes")
    args = parser.parse_args()

    vocabulary = read_vocabulary(args.tokenizer)
    with h5py.File(args.encoder) as enc, h5py.File(args.model) as dec:
        config = join(read_config(enc), read_config(dec))
        shapes = {x["name"]: x["config"].get("batch_input_shape") for x in config["layers"]}
        about = dict(ABOUT, max_length=shapes["words"][1], preprocess=PREPROCESS.format(
            h=shapes["pixels"][1], w=shapes["pixels"][2], filter=args.filter))
        with h5py.File(args.out, "w") as out:
            for key in ("backend", "keras_version"):
                out.attrs.create(key, enc.attrs[key], dtype=TEXT)
            model_config = json.dumps({"class_name": "Functional", "config": config})
            out.attrs.create("model_config", model_config, dtype=TEXT)
            describe = {"format": "describe captioner 1", **about, "vocabulary": vocabulary}
            out.attrs.create("describe", json.dumps(describe, ensure_ascii=False), dtype=TEXT)
            write_weights(out, [enc, dec], config["layers"], args.bits)
    print(f"{args.out}: {len(config['layers'])} layers, {len(vocabulary['words'])} words")


if __name__ == "__main__":
    main()
