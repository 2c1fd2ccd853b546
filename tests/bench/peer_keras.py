#!/usr/bin/env python3
"""What a Keras user does with a captioner, timed. scripts/bench-peers.py runs it.

    PYTHON tests/bench/peer_keras.py TASK THREADS MODEL.h5 PICTURE ...

TASK
  first      the first picture, once: import, load, predict
  predict    the first picture, again and again, `predict` for each word as in every tutorial
  function   the same with a tf.function for the encoder and one for each word
  loop       every picture, one after the other, as `predict`
  batch      the best that predict gives: the encoder in batches of 32, then each word for all
             pictures at once

In all of them a picture's features are computed once, words are padded with pad_sequences and
the likeliest is taken. Prints one JSON object: seconds (one per repetition, loading and one
warm-up left out), captions, versions.
"""
import io
import json
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import h5py
import keras
import numpy as np
import tensorflow as tf
from PIL import Image

REPEAT_S = 8
ENCODER_BATCH = 32


class Captioner:
    def __init__(self, path):
        with h5py.File(path) as f:
            about = json.loads(f.attrs["describe"])
        rules = dict(rule.split("=") for rule in about["preprocess"].split(","))
        self.size = tuple(int(n) for n in rules["size"].split("x"))
        self.filter = Image.Resampling[rules["filter"].upper()]
        self.mean, self.std = float(rules["mean"]), float(rules["std"])
        self.words, self.length = about["vocabulary"]["words"], about["max_length"]
        self.start, self.end = about["vocabulary"]["start"], about["vocabulary"]["end"]
        model = keras.models.load_model(path, compile=False)
        feature = model.get_layer(about["encoder"]["layer"]).output
        self.encoder = keras.Model(model.inputs[0], feature)
        self.decoder = keras.Model([feature, model.inputs[1]], model.outputs[0])
        encode = tf.function(lambda x: self.encoder(x, training=False))
        step = tf.function(lambda f, w: self.decoder([f, w], training=False))
        self.encode_function = lambda x: encode(tf.constant(x))
        self.step_function = lambda f, w: step(f, tf.constant(w)).numpy()

    def pixels(self, data):
        image = Image.open(io.BytesIO(data)).convert("RGB")
        if image.size != self.size:
            image = image.resize(self.size, self.filter)
        return (np.asarray(image, np.float32) - self.mean) / self.std

    def encode_predict(self, x):
        return self.encoder.predict(x, verbose=0)

    def step_predict(self, features, words):
        return self.decoder.predict([features, words], verbose=0)

    def pad(self, sequences):
        return keras.utils.pad_sequences(sequences, maxlen=self.length, dtype="float32")

    def one(self, data, encode, step):
        features = encode(self.pixels(data)[None])
        sequence = [self.start]
        for _ in range(self.length):
            best = int(np.argmax(step(features, self.pad([sequence]))))
            if best in (0, self.end):
                break
            sequence.append(best)
        return " ".join(self.words[i] for i in sequence[1:])

    def many(self, pictures):
        features = np.concatenate([
            self.encode_predict(np.stack([self.pixels(p) for p in pictures[i : i + ENCODER_BATCH]]))
            for i in range(0, len(pictures), ENCODER_BATCH)])
        sequences = [[self.start] for _ in pictures]
        going = np.ones(len(pictures), bool)
        for _ in range(self.length):
            scores = self.decoder.predict([features, self.pad(sequences)], len(pictures),
                                          verbose=0)
            best = scores.argmax(-1)
            going &= (best != self.end) & (best != 0)
            if not going.any():
                break
            for i in np.flatnonzero(going):
                sequences[i].append(int(best[i]))
        return [" ".join(self.words[i] for i in s[1:]) for s in sequences]


def timed(work):
    begin = time.perf_counter()
    result = work()
    return time.perf_counter() - begin, result


def repeated(work):
    work()
    seconds = []
    while sum(seconds) < REPEAT_S or len(seconds) < 3:
        took, result = timed(work)
        seconds.append(took)
    return seconds, [result]


def main():
    task, threads, model, names = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4:]
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    pictures = []
    for name in names:
        with open(name, "rb") as f:
            pictures.append(f.read())
    c = Captioner(model)
    predict = lambda data: c.one(data, c.encode_predict, c.step_predict)
    if task == "first":
        took, caption = timed(lambda: predict(pictures[0]))
        seconds, captions = [took], [caption]
    elif task == "predict":
        seconds, captions = repeated(lambda: predict(pictures[0]))
    elif task == "function":
        seconds, captions = repeated(
            lambda: c.one(pictures[0], c.encode_function, c.step_function))
    elif task == "loop":
        predict(pictures[0])
        took, captions = timed(lambda: [predict(p) for p in pictures])
        seconds = [took]
    elif task == "batch":
        predict(pictures[0])
        took, captions = timed(lambda: c.many(pictures))
        seconds = [took]
    else:
        sys.exit(__doc__)
    print(json.dumps({"seconds": seconds, "captions": captions, "keras": keras.__version__,
                      "tensorflow": tf.__version__}))


if __name__ == "__main__":
    main()
