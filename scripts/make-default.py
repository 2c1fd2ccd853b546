#!/usr/bin/env python3
"""Make the model in data/default: an encoder, a decoder and a tokenizer in one .h5.

    scripts/make-default.py ENCODER.h5 MODEL.h5 TOKENIZER.pkl OUT.h5
           [--encoder-bits N] [--decoder-bits N] [--filter NAME]

The two Keras models become one functional model of two inputs, pixels and words, that
tf.keras 2.15 and Keras 3 open alike: the decoder's picture input gives way to the encoder's
output, and keys that Keras 3 refuses are left out. Training state is left out too. The root
attribute `describe`, which Keras ignores, holds JSON: vocabulary (the form of
core/text/vocab.h), padding, preprocessing and what there is to know about the model.

Weights of two and more axes keep N significant bits (data/default/MODEL_CARD.md has the
figures behind the defaults); those of one axis, few and each worth a whole channel, keep all.
Weights lie shuffled and deflated. scripts/check-default.py proves the result.

Needs h5py and numpy, no Keras. The same input gives the same bytes.
"""
import argparse
import collections
import json
import pickle

import h5py
import numpy as np

REFUSED_BY_KERAS3 = {
    "LSTM": ["time_major"],
    "DepthwiseConv2D": ["groups"],
    "Embedding": ["batch_input_shape", "input_length"],
}
PACKED_FROM = 256
# Groups and chunk indexes of HDF5 1.10 take half a megabyte less than those of 1.6.
LIBVER = (h5py.h5f.LIBVER_V110, h5py.h5f.LIBVER_V110)
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
        for key in REFUSED_BY_KERAS3.get(layer["class_name"], []):
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
    packed = {}
    if x.size >= PACKED_FROM:
        packed = {"chunks": x.shape, "shuffle": True, "compression": "gzip",
                  "compression_opts": 9}
    group.create_dataset(name, data=round_bits(x, bits) if x.ndim > 1 else x,
                         track_times=False, **packed)


def stampless(kind):
    """Creation properties without a time, so that the same input gives the same bytes."""
    properties = h5py.h5p.create(kind)
    properties.set_obj_track_times(False)
    return properties


def make_group(parent, path):
    for name in path.split("/"):
        if name not in parent:
            h5py.h5g.create(parent.id, name.encode(), gcpl=stampless(h5py.h5p.GROUP_CREATE))
        parent = parent[name]
    return parent


def make_file(path):
    access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    access.set_libver_bounds(*LIBVER)
    return h5py.File(h5py.h5f.create(path.encode(), h5py.h5f.ACC_TRUNC,
                                     fcpl=stampless(h5py.h5p.FILE_CREATE), fapl=access))


def write_layer(root, name, source, bits):
    """A layer's group as Keras 2 lays it out."""
    group = make_group(root, name)
    names = [] if source is None else list(source.attrs["weight_names"])
    group.attrs.create("weight_names", names, dtype=TEXT)
    for weight in names:
        folder, _, leaf = weight.rpartition("/")
        write_array(make_group(group, folder), leaf, source[weight][()], bits)


def write_weights(out, parts, layers):
    """Every layer, in the order of the config. parts: (file, significant bits) pairs."""
    root = make_group(out, "model_weights")
    names = [layer["name"] for layer in layers]
    for name in names:
        found = ((h5["model_weights"].get(name), bits) for h5, bits in parts)
        source, bits = next((x for x in found if x[0] is not None), (None, 24))
        write_layer(root, name, source, bits)
    root.attrs.create("layer_names", names, dtype=TEXT)
    for key in ("backend", "keras_version"):
        root.attrs.create(key, out.attrs[key], dtype=TEXT)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("encoder", "model", "tokenizer", "out"):
        parser.add_argument(name)
    for part, bits in (("encoder", 13), ("decoder", 11)):
        parser.add_argument(f"--{part}-bits", type=int, default=bits, metavar="N",
                            help=f"significant bits kept, 2 to 24 ({bits})")
    parser.add_argument("--filter", default="bilinear", help="for pictures of other sizes")
    args = parser.parse_args()

    vocabulary = read_vocabulary(args.tokenizer)
    with h5py.File(args.encoder) as enc, h5py.File(args.model) as dec:
        config = join(read_config(enc), read_config(dec))
        shapes = {x["name"]: x["config"].get("batch_input_shape") for x in config["layers"]}
        about = dict(ABOUT, max_length=shapes["words"][1], preprocess=PREPROCESS.format(
            h=shapes["pixels"][1], w=shapes["pixels"][2], filter=args.filter))
        with make_file(args.out) as out:
            for key in ("backend", "keras_version"):
                out.attrs.create(key, enc.attrs[key], dtype=TEXT)
            model_config = json.dumps({"class_name": "Functional", "config": config})
            out.attrs.create("model_config", model_config, dtype=TEXT)
            describe = {"format": "describe captioner 1", **about, "vocabulary": vocabulary}
            out.attrs.create("describe", json.dumps(describe, ensure_ascii=False), dtype=TEXT)
            write_weights(out, [(enc, args.encoder_bits), (dec, args.decoder_bits)],
                          config["layers"])
    print(f"{args.out}: {len(config['layers'])} layers, {len(vocabulary['words'])} words")


if __name__ == "__main__":
    main()
