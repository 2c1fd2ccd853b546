#!/usr/bin/env python3
"""Write a small captioner and what Keras says about three pictures into tests/golden/captioner.

    gen-golden-captioner.py

Run under TensorFlow 2.15 (tests/requirements). The encoder is random, the decoder has learnt
a sentence for each picture. A file that exists is never written again.

bundle/        model.h5, encoder.h5, tokenizer.json, describe.json
bundle/*.png   pictures, none of the encoder's size
expected.json  {picture: {"caption", "logprob"}}: greedy, by predict() on each padded prefix
"""
import json
import os

os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'
os.environ['CUDA_VISIBLE_DEVICES'] = ''
import numpy as np  # noqa: E402
import keras  # noqa: E402
from PIL import Image  # noqa: E402

L = keras.layers
OUT = os.path.join(os.path.dirname(__file__), '..', 'tests', 'golden', 'captioner')
SIZE, FEATURES, UNITS, LENGTH = 12, 9, 8, 8
PICTURES = {
    'noise.png': ((10, 14), 'startseq two men play with a red ball endseq'),
    'ramp.png': ((24, 24), 'startseq a dog endseq'),
    'wave.png': ((31, 17), 'startseq a dog runs on green grass endseq'),
}


def path(*names):
    return os.path.join(OUT, *names)


def write(name, text):
    if not os.path.exists(path(name)):
        with open(path(name), 'w', encoding='utf-8') as f:
            f.write(text + '\n')


def save(model, name):
    if not os.path.exists(path(name)):
        model.save(path(name))


def encoder():
    x = inp = L.Input((SIZE, SIZE, 3), name='pixels')
    x = L.Conv2D(6, 3, strides=2, padding='same', use_bias=False, name='conv')(x)
    x = L.ReLU(name='relu')(L.BatchNormalization(name='norm')(x))
    x = L.GlobalAveragePooling2D(name='pool')(L.Conv2D(FEATURES, 3, name='features')(x))
    model = keras.Model(inp, x)
    rs = np.random.RandomState(3)
    values = [rs.normal(0, 0.5, w.shape) for w in model.weights]
    model.set_weights([np.abs(v) if 'variance' in w.name else v
                       for w, v in zip(model.weights, values)])
    return model


def decoder(v):
    image = L.Input((FEATURES,), name='image')
    words = L.Input((LENGTH,), name='words')
    x = L.Dense(UNITS, name='project')(L.Dropout(0.5, name='drop')(image))
    y = L.Embedding(v, UNITS, mask_zero=True, name='embed')(words)
    x = L.add([x, L.LSTM(UNITS, name='lstm')(y)], name='join')
    return keras.Model([image, words], L.Dense(v, activation='softmax', name='scores')(x))


def draw(name, size, rs):
    y, x = np.mgrid[:size[1], :size[0]]
    planes = {
        'wave.png': [127 + 120 * np.sin(x / (2 + c)) * np.cos(y / 3) for c in range(3)],
        'noise.png': [rs.randint(0, 256, x.shape) for _ in range(3)],
        'ramp.png': [x * 10, y * 10, 255 - x * 5],
    }[name]
    if not os.path.exists(path('bundle', name)):
        Image.fromarray(np.stack(planes, -1).astype('uint8')).save(path('bundle', name))


def features(model, name):
    pixels = keras.utils.img_to_array(
        keras.utils.load_img(path('bundle', name), target_size=(SIZE, SIZE)))
    return model.predict((pixels[None] - 127) / 128, verbose=0)[0]


def teach(models, tokenizer):
    """Each prefix of each sentence and the word after it."""
    x, words, y = [], [], []
    for name, (_, text) in PICTURES.items():
        ids = tokenizer.texts_to_sequences([text])[0]
        for i in range(1, len(ids)):
            x.append(features(models[0], name))
            words.append(ids[:i])
            y.append(ids[i])
    words = keras.preprocessing.sequence.pad_sequences(words, maxlen=LENGTH)
    models[1].compile(keras.optimizers.Adam(0.02), 'sparse_categorical_crossentropy')
    models[1].fit([np.array(x), words], np.array(y), batch_size=8, epochs=200, verbose=0)


def greedy(models, tokenizer, name):
    image = features(models[0], name)[None]
    words, logprob = ['startseq'], 0.0
    while len(words) <= LENGTH:
        ids = tokenizer.texts_to_sequences([' '.join(words)])
        ids = keras.preprocessing.sequence.pad_sequences(ids, maxlen=LENGTH)
        p = models[1].predict([image, ids], verbose=0)[0]
        best = int(p.argmax())
        logprob += float(np.log(p[best]))
        if tokenizer.index_word.get(best, 'endseq') == 'endseq':
            break
        words.append(tokenizer.index_word[best])
    return {'caption': ' '.join(words[1:]), 'logprob': logprob}


def main():
    keras.utils.set_random_seed(3)
    rs = np.random.RandomState(3)
    os.makedirs(path('bundle'), exist_ok=True)
    tokenizer = keras.preprocessing.text.Tokenizer()
    tokenizer.fit_on_texts([text for _, text in PICTURES.values()])
    write('bundle/tokenizer.json', tokenizer.to_json())
    write('bundle/describe.json', json.dumps({
        'format': 'describe captioner 1', 'padding': 'pre', 'max_length': LENGTH,
        'preprocess': 'mean=127,std=128,filter=nearest',
        'golden': f'TensorFlow 2.15, Keras {keras.__version__}, gen-golden-captioner.py'
    }, indent=1))
    for name, (size, _) in PICTURES.items():
        draw(name, size, rs)
    models = encoder(), decoder(len(tokenizer.word_index) + 1)
    teach(models, tokenizer)
    save(models[0], 'bundle/encoder.h5')
    save(models[1], 'bundle/model.h5')
    write('expected.json', json.dumps(
        {name: greedy(models, tokenizer, name) for name in PICTURES}, indent=1))


if __name__ == '__main__':
    main()
