#!/usr/bin/env python3
"""Prove with Keras that the joined .h5 of make-default.py is the model it was made from.

    PYTHON scripts/check-default.py JOINED.h5 ENCODER.h5 MODEL.h5
           [--expected GREEDY.json --images FOLDER [--max-length N]] [--pictures FOLDER]

Run it with tf.keras 2.15 and with Keras 3 (scripts/setup --keras makes both). Fails unless
  - every array of the file is where Keras put it,
  - the joined model gives what encoder and decoder give apart with the same weights.
Says how far rounding the weights moved the outputs, how many of the captions that GREEDY.json
holds ({"x.jpg": {"caption": ...}}, pictures of the model's size, as stored) stay equal, and
the greedy caption of each picture in --pictures, resized as the `describe` attribute says.
"""
import argparse
import json
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import h5py
import keras
import numpy as np
from PIL import Image

SAME = {"atol": 1e-6, "rtol": 1e-4}
BATCH = 50


# Keras 3 refuses a key that tf.keras writes for every layer of these classes.
class LSTM(keras.layers.LSTM):
    def __init__(self, *args, time_major=False, **kwargs):
        super().__init__(*args, **kwargs)


class DepthwiseConv2D(keras.layers.DepthwiseConv2D):
    def __init__(self, *args, groups=1, **kwargs):
        super().__init__(*args, **kwargs)


def load(path):
    return keras.models.load_model(path, compile=False)


def load_part(path):
    if keras.__version__.startswith("2."):
        return load(path)
    return keras.models.load_model(path, compile=False, custom_objects={
        "LSTM": LSTM, "DepthwiseConv2D": DepthwiseConv2D})


def check_arrays(model, path):
    count = 0
    with h5py.File(path) as f:
        groups = f["model_weights"]
        for layer in model.layers:
            names = groups[layer.name].attrs["weight_names"] if layer.name in groups else []
            stored = [groups[layer.name][n][()] for n in names]
            found = layer.get_weights()
            if len(stored) != len(found) or not all(map(np.array_equal, stored, found)):
                sys.exit(f"{path}: layer '{layer.name}' did not get its own weights")
            count += len(stored)
    print(f"{count} arrays in their places")


def random_inputs(model, rng, n=8):
    h, w, c = model.inputs[0].shape[1:]
    steps, rows = model.inputs[1].shape[1], model.outputs[0].shape[-1]
    pixels = rng.standard_normal((n, h, w, c)).astype(np.float32)
    words = np.zeros((n, steps), np.float32)
    for i in range(n):
        length = 1 + i * (steps - 1) // (n - 1)
        words[i, steps - length:] = rng.integers(1, rows, length)
    return pixels, words


def apart(encoder, decoder, pixels, words):
    features = encoder.predict(pixels, verbose=0)
    by_width = {features.shape[1]: features, words.shape[1]: words}
    return decoder.predict([by_width[x.shape[1]] for x in decoder.inputs], verbose=0)


def check_outputs(model, encoder, decoder):
    pixels, words = random_inputs(model, np.random.default_rng(3))
    joined = model.predict([pixels, words], verbose=0)
    unrounded = apart(encoder, decoder, pixels, words)
    for part in (encoder, decoder):
        for layer in part.layers:
            if layer.get_weights():
                layer.set_weights(model.get_layer(layer.name).get_weights())
    same = apart(encoder, decoder, pixels, words)
    print(f"joined against apart: {np.abs(joined - same).max():.1e}, "
          f"against unrounded weights: {np.abs(joined - unrounded).max():.1e}")
    if not np.allclose(joined, same, **SAME):
        sys.exit("the joined model gives other numbers")


class Captioner:
    """The joined model cut in two, so that each picture's features are computed once."""

    def __init__(self, model, about):
        feature = model.get_layer(about["encoder"]["layer"]).output
        self.encoder = keras.Model(model.inputs[0], feature)
        self.decoder = keras.Model([feature, model.inputs[1]], model.outputs[0])
        self.vocabulary = about["vocabulary"]
        self.steps = about["max_length"]

    def greedy(self, pixels, max_length):
        n, end = len(pixels), self.vocabulary["end"]
        features = self.encoder.predict(pixels, BATCH, verbose=0)
        words = np.zeros((n, self.steps), np.float32)
        words[:, -1] = self.vocabulary["start"]
        captions, going = [[] for _ in range(n)], np.ones(n, bool)
        for _ in range(max_length or self.steps):
            best = self.decoder.predict([features, words], BATCH, verbose=0).argmax(-1)
            going &= (best != end) & (best != 0)
            if not going.any():
                break
            for i in np.flatnonzero(going):
                captions[i].append(self.vocabulary["words"][best[i]])
            words = np.concatenate([words[:, 1:], best[:, None]], 1).astype(np.float32)
        return [" ".join(c) for c in captions]


def picture(path, about):
    """A picture as the model sees it: f32 [H, W, 3]."""
    rules = dict(rule.split("=") for rule in about["preprocess"].split(","))
    size = tuple(int(n) for n in rules["size"].split("x"))
    image = Image.open(path).convert("RGB")
    if image.size != size:
        image = image.resize(size, Image.Resampling[rules["filter"].upper()])
    return (np.asarray(image, np.float32) - float(rules["mean"])) / float(rules["std"])


def count_equal(captioner, about, expected, folder, max_length):
    with open(expected, encoding="utf-8") as f:
        expected = json.load(f)
    names, equal = list(expected), 0
    for i in range(0, len(names), BATCH):
        batch = names[i : i + BATCH]
        pixels = np.stack([picture(os.path.join(folder, name), about) for name in batch])
        found = captioner.greedy(pixels, max_length)
        equal += sum(c == expected[name]["caption"] for c, name in zip(found, batch))
    print(f"{equal} of {len(names)} captions equal")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("joined", "encoder", "model"):
        parser.add_argument(name)
    for name in ("expected", "images", "pictures"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--max-length", type=int, help="words at which GREEDY.json was cut")
    args = parser.parse_args()

    print(f"Keras {keras.__version__}, {args.joined}")
    model = load(args.joined)
    with h5py.File(args.joined) as f:
        about = json.loads(f.attrs["describe"])
    check_arrays(model, args.joined)
    check_outputs(model, load_part(args.encoder), load_part(args.model))
    captioner = Captioner(model, about)
    if args.expected:
        count_equal(captioner, about, args.expected, args.images, args.max_length)
    if args.pictures:
        for name in sorted(os.listdir(args.pictures)):
            if name.endswith((".jpg", ".png")):
                pixels = picture(os.path.join(args.pictures, name), about)
                print(f"{name}\t{captioner.greedy(pixels[None], None)[0]}")


if __name__ == "__main__":
    main()
