#!/usr/bin/env python3
"""Write small Keras models with inputs and Keras' own outputs into tests/golden/keras.

    gen-golden-keras.py NAME [CASE ...]

NAME is the ending of the file names, one for each Keras: run this under TensorFlow 2.15 (NAME
tf215) and under Keras 3.15 (NAME k315), see tests/requirements. CASE-NAME.h5 is what
model.save() writes, plus /inputs/<input layer>, /outputs/output_<i> and the root
attribute `golden`: the Keras version and this script's line. A file that exists is never
written again: saved models stay readable for ever, so add cases, do not change them.
"""
import os
import sys
import warnings
import zlib

os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'
os.environ['CUDA_VISIBLE_DEVICES'] = ''
os.environ['TF_USE_LEGACY_KERAS'] = '0'
warnings.filterwarnings('ignore')
import h5py  # noqa: E402
import numpy as np  # noqa: E402
import keras  # noqa: E402

L = keras.layers
IS_3 = keras.__version__.startswith('3')
OUT = os.path.join(os.path.dirname(__file__), '..', 'tests', 'golden', 'keras')
V, E, U, F, T = 19, 6, 8, 10, 7  # words, embedding, units, features, length
cases = {}
rs = None  # one sequence of random numbers for each case


def case(*args, only=None):
    """Register a case; with arguments, one for each (suffix, positional arguments)."""
    def register(f):
        if only in (None, 'tf215' if not IS_3 else 'k315'):
            for suffix, values in args or (('', ()),):
                cases[f.__name__ + suffix] = (f, values)
        return f
    return register


def inp(name, *shape, **kw):
    return L.Input(shape=shape, name=name, **kw)


def sentences(n=8):
    """Word indices, padded before in the first half of the rows, after in the others."""
    a = np.zeros((n, T), 'int32')
    for i in range(n):
        k = [1, 3, T, T - 1][i % 4]
        a[i, slice(T - k, T) if 2 * i < n else slice(0, k)] = rs.randint(1, V, k)
    return a


def normal(*shape):
    return rs.randn(*shape).astype('float32')


def features(n=8):
    return np.abs(normal(n, F))


def pixels(n=2, h=9, w=8, c=3):
    return (rs.rand(n, h, w, c) * 2 - 1).astype('float32')


def words_embedded(mask=True):
    b = inp('words', T)
    return b, L.Embedding(V, E, mask_zero=mask)(b)


# Captioners.

@case(('', ()), ('_nomask', ('LSTM', 'add', False)), ('_concat_gru', ('GRU', 'concatenate')))
def merge(cell='LSTM', join='add', mask=True, **kw):
    a = inp('image', F)
    x = L.Dense(U, activation='relu')(L.Dropout(.5)(a))
    b, s = words_embedded(mask)
    s = getattr(L, cell)(U, **kw)(L.Dropout(.5)(s))
    d = L.Dense(U, activation='relu')(getattr(L, join)([x, s]))
    return [a, b], L.Dense(V, activation='softmax')(d), [features(), sentences()]


@case()
def merge_hardsig():
    return merge(recurrent_activation='hard_sigmoid', activation='relu')


@case()
def merge_gru_noreset():
    return merge('GRU', reset_after=False)


@case()
def merge_integers():
    a = inp('image', F)
    b = inp('words', T, dtype='int32')
    s = L.SimpleRNN(U)(L.Embedding(V, E, mask_zero=True)(b))
    y = L.Dense(V, activation='softmax')(L.add([L.Dense(U)(a), s]))
    return [a, b], y, [features(), sentences()]


@case()
def parinject():
    a = inp('image', F)
    b, e = words_embedded()
    x = L.RepeatVector(T)(L.Dense(U, activation='relu')(a))
    h = L.LSTM(U)(L.concatenate([x, e]))
    return [a, b], L.Dense(V, activation='softmax')(h), [features(), sentences()]


@case()
def parinject_twice():
    a = inp('image', F)
    b, e = words_embedded()
    x = L.RepeatVector(T)(L.Dense(U, activation='relu')(a))
    h = L.TimeDistributed(L.Dense(E))(L.LSTM(U, return_sequences=True)(e))
    h = L.LSTM(U)(L.concatenate([x, h]))
    return [a, b], L.Dense(V, activation='softmax')(h), [features(), sentences()]


@case()
def initinject():
    a = inp('image', F)
    b, e = words_embedded()
    state = [L.Dense(U, activation='tanh')(a), L.Dense(U)(a)]
    h = L.LSTM(U, return_sequences=True)(e, initial_state=state)
    y = L.TimeDistributed(L.Dense(V, activation='softmax'))(h)
    return [a, b], y, [features(), sentences()]


@case()
def bidirectional_nomask():
    b, e = words_embedded(False)
    h = L.Bidirectional(L.LSTM(5, return_sequences=True))(e)
    return [b], L.Bidirectional(L.GRU(U), merge_mode='mul')(h), [sentences()]


@case()
def bidirectional():
    b, e = words_embedded()
    h = L.Bidirectional(L.LSTM(5, return_sequences=True))(e)
    h = L.Bidirectional(L.GRU(5, return_sequences=True), merge_mode='ave')(h)
    h = L.Bidirectional(L.SimpleRNN(5, return_sequences=True), merge_mode='mul')(h)
    h = L.Bidirectional(L.GRU(U), merge_mode='sum')(h)
    return [b], L.Dense(V, activation='softmax')(L.BatchNormalization()(h)), [sentences()]


@case()
def dot_attention():
    a = inp('image', F)
    b, e = words_embedded(False)
    p = L.RepeatVector(T)(L.Dense(U, activation='relu')(a))
    s = L.LSTM(U, return_sequences=True)(e)
    w = L.Activation('softmax')(L.Dot(axes=[2, 2])([p, s]))
    c = L.GlobalAveragePooling1D()(L.Dot(axes=[2, 1])([w, s]))
    y = L.Dense(V, activation='softmax')(L.concatenate([c, L.Flatten()(p)]))
    return [a, b], y, [features(), sentences()]


@case()
def grid_attention():
    g = inp('grid', 5, F)
    v = L.Dense(U, activation='relu')(g)
    h0 = L.Dense(U, activation='tanh')(L.GlobalAveragePooling1D()(v))
    b, e = words_embedded(False)
    h = L.GRU(U, return_sequences=True)(e, initial_state=h0)
    c = L.AdditiveAttention()([L.Dense(U)(h), v])
    d = L.Attention(use_scale=True)([h, v])
    y = L.Dense(V, activation='softmax')(L.LayerNormalization()(L.Concatenate()([h, c, d])))
    return [g, b], y, [normal(8, 5, F), sentences()]


@case()
def transformer():
    g = inp('grid', 5, F)
    v = L.Dense(U)(g)
    b, e = words_embedded(False)
    x = L.LayerNormalization()(L.Add()([e, L.MultiHeadAttention(2, 4)(e, e, use_causal_mask=True)]))
    x = L.Dense(U)(x)
    x = L.LayerNormalization()(L.Add()([x, L.MultiHeadAttention(2, 3, value_dim=5)(x, v)]))
    f = L.Dense(U)(L.Dense(2 * U, activation='gelu')(x))
    y = L.Dense(V)(L.LayerNormalization()(L.Add()([x, f])))
    return [g, b], y, [normal(8, 5, F), sentences()]


@case()
def states():
    b, e = words_embedded()
    h, s1, s2 = L.LSTM(U, return_sequences=True, return_state=True)(e)
    g = L.GRU(U, go_backwards=True)(h)
    return [b], L.Dense(V)(L.Average()([s1, s2, g])), [sentences()]


@case()
def sequential():
    m = keras.Sequential([L.Input(shape=(T,), name='words'), L.Embedding(V, E),
                          L.GRU(U, return_sequences=True), L.SimpleRNN(U), L.Dense(V),
                          L.Activation('softmax')])
    return m, None, [sentences()]


@case()
def masked_steps():
    """Masking, and what a mask does on its way through other layers."""
    a = inp('steps', T, F)
    m = L.Masking(-1.)(a)
    h = L.SimpleRNN(U, return_sequences=True)(L.Dropout(.3)(m))
    h = L.TimeDistributed(L.Dense(E, activation='tanh'))(h)
    y = [L.GlobalAveragePooling1D()(h), L.LSTM(U)(L.Activation('relu')(h)), L.Add()([h, h])]
    x = normal(8, T, F)
    x[sentences() == 0] = -1
    return [a], y, [x]


# Layers used in unusual ways.

@case()
def shared():
    """One layer used three times, two outputs, inputs in another order than listed."""
    a, b = inp('left', F), inp('right', F)
    d = L.Dense(U, activation='tanh', name='twin')
    x, y = d(b), d(a)
    z = d(L.Concatenate()([x, L.Dense(2)(y)]))
    return [b, a], [L.Subtract()([x, y]), z], [normal(3, F), normal(3, F)]


@case()
def nested():
    """A Functional and a Sequential model used as layers."""
    a = inp('image', F)
    i = inp('inner', F)
    q = L.BatchNormalization(name='norm')(L.Dense(U, name='first')(i))
    inner = keras.Model(i, L.Dense(U, activation='relu', name='second')(q), name='block')
    s = keras.Sequential([L.Input(shape=(U,)), L.Dense(F, name='third')], name='tail')
    return [a], L.Dense(3)(s(L.Add()([inner(a), inner(L.Dense(F)(a))]))), [normal(3, F)]


# Layers by family.

@case()
def activations():
    a = inp('x', 3, F)
    names = ['relu', 'sigmoid', 'hard_sigmoid', 'tanh', 'elu', 'selu', 'softplus', 'softsign',
             'swish', 'gelu', 'exponential', 'linear', 'softmax']
    names += ['silu', 'relu6', 'leaky_relu', 'hard_silu', 'mish'] if IS_3 else []
    y = [L.Activation(n)(a) for n in names]
    y += [L.ReLU(1.5, negative_slope=.2, threshold=.3)(a), L.LeakyReLU(.1)(a), L.ELU(.7)(a),
          L.PReLU()(a), L.PReLU(shared_axes=[1])(a), L.Softmax(axis=1)(a), L.Softmax()(a)]
    return [a], y, [normal(3, 3, F) * 3]


@case()
def arithmetic():
    a, b, c = inp('a', 3, F), inp('b', 3, F), inp('c', 3, 1)
    y = [L.Add()([a, b, c]), L.Subtract()([a, c]), L.Multiply()([a, b]), L.Average()([a, b]),
         L.Maximum()([a, b]), L.Minimum()([a, b]), L.Concatenate(axis=1)([a, b]),
         L.Concatenate()([a, b, c]), L.Dot(axes=2)([a, b]),
         L.Dot(axes=(2, 2), normalize=True)([a, b]), L.Dot(axes=(1, 1))([a, c])]
    return [a, b, c], y, [normal(3, 3, F), normal(3, 3, F), normal(3, 3, 1)]


@case()
def shapes():
    a, p = inp('x', 6, 4), inp('pixels', 5, 4, 3)
    y = [L.Flatten()(a), L.Reshape((4, -1))(a), L.Permute((2, 1))(a),
         L.RepeatVector(2)(L.Flatten()(a)), L.Cropping1D((1, 2))(a), L.ZeroPadding1D((2, 1))(a),
         L.UpSampling1D(3)(a),
         L.Permute((3, 1, 2))(p), L.Reshape((20, 3))(p), L.Cropping2D(((1, 0), (1, 2)))(p),
         L.ZeroPadding2D(((1, 2), (0, 3)))(p), L.UpSampling2D((2, 3))(p),
         L.UpSampling2D(2, interpolation='bilinear')(p), L.Flatten()(p)]
    return [a, p], y, [normal(3, 6, 4), pixels(3, 5, 4)]


@case()
def normalizations():
    p, a = inp('pixels', 5, 4, 3), inp('x', 4, 6)
    n = L.Normalization(mean=[.1, .2, .3], variance=[1., 2., .5])
    y = [L.BatchNormalization(epsilon=.01)(p), L.BatchNormalization(center=False, scale=False)(p),
         L.BatchNormalization(axis=1)(a), L.LayerNormalization(epsilon=.01)(a),
         L.LayerNormalization(center=False, scale=False)(p), L.Rescaling(2., offset=-.5)(p), n(p)]
    return [p, a], y, [pixels(3, 5, 4), normal(3, 4, 6)]


@case()
def training_only():
    a, s, p = inp('x', F), inp('steps', T, E), inp('pixels', 3, 4, 3)
    x = L.ActivityRegularization(l2=.1)(L.GaussianNoise(.3)(L.GaussianDropout(.2)(a)))
    return [a, s, p], [L.AlphaDropout(.1)(L.Dropout(.4)(x)), L.SpatialDropout1D(.2)(s),
                       L.SpatialDropout2D(.2)(p)], [normal(2, F), normal(2, T, E), pixels(2, 3, 4)]


@case()
def pictures_1d():
    a = inp('steps', 11, E)
    x = L.Conv1D(5, 3, padding='same', activation='relu')(a)
    y = [L.Conv1D(4, 3, strides=2)(x), L.Conv1D(4, 2, dilation_rate=2, padding='causal')(x),
         L.MaxPooling1D(2)(x), L.AveragePooling1D(3, strides=2, padding='same')(x),
         L.GlobalMaxPooling1D()(x), L.GlobalAveragePooling1D(keepdims=True)(x)]
    return [a], y, [normal(3, 11, E)]


@case()
def pictures_plain():
    a = inp('pixels', 9, 8, 3)
    x = L.Conv2D(6, 3, padding='same', activation='relu')(a)
    x = L.BatchNormalization()(L.Conv2D(4, (3, 2), strides=2)(x))
    x = L.MaxPooling2D(2, padding='same')(L.Activation('relu')(x))
    x = L.SeparableConv2D(5, 3, padding='same', activation='elu')(L.ZeroPadding2D(1)(x))
    x = L.AveragePooling2D(3, strides=1, padding='same')(x)
    return [a], L.Dense(V, activation='softmax')(L.Flatten()(x)), [pixels()]


@case()
def pictures_inception():
    a = inp('pixels', 9, 8, 3)
    x = L.Conv2D(6, 3, strides=2, use_bias=False)(a)
    x = L.Activation('relu')(L.BatchNormalization(scale=False)(x))
    p = L.Conv2D(4, (1, 5), padding='same', use_bias=False)(x)
    p = L.Conv2D(5, (5, 1), padding='same', use_bias=False)(p)
    q = L.Conv2D(3, 1)(L.AveragePooling2D(3, strides=1, padding='same')(x))
    r = L.MaxPooling2D(3, strides=1, padding='same')(x)
    x = L.MaxPooling2D(2, strides=1)(L.concatenate([p, q, r], axis=-1))
    return [a], L.GlobalAveragePooling2D()(x), [pixels()]


@case()
def pictures_mobile():
    a = inp('pixels', 9, 8, 3)
    x = L.Rescaling(1 / 127.5, offset=-1)(a)
    x = L.LeakyReLU()(L.Conv2D(8, 3, dilation_rate=2, padding='same')(x))
    x = L.Conv2D(8, 3, groups=4, padding='same')(x)
    y = L.DepthwiseConv2D(3, strides=2, padding='same', depth_multiplier=2)(x)
    y = L.PReLU(shared_axes=[1, 2])(y)
    s = L.Reshape((1, 1, 16))(L.GlobalAveragePooling2D()(y))
    s = L.Conv2D(16, 1, activation='sigmoid')(L.Conv2D(4, 1, activation='relu')(s))
    y = L.multiply([y, s])
    z = L.Conv2DTranspose(6, 3, strides=2, padding='same')(y)
    z = L.Conv2D(6, 3, activation='softplus')(L.Cropping2D(1)(z))
    y = [L.GlobalMaxPooling2D()(z), L.GlobalAveragePooling2D(keepdims=True)(y)]
    return [a], y, [pixels() * 127]


@case(only='k315')
def operations():
    """What Keras 3 saves for Python's operators and indexing."""
    a, b = inp('a', 3, F), inp('b', 3, F)
    c = b * b + 1.
    y = [a + b, a - b, a * b, a / c, keras.ops.divide(a, c), a[:, 1], a[:, -1, :4], a[:, 1:, ::1]]
    return [a, b], y, [normal(3, 3, F), normal(3, 3, F)]


@case(only='k315')
def masks_joined():
    """Two masked branches, and masks that a program makes by itself."""
    b, e = words_embedded()
    c = inp('more', T)
    f = L.Embedding(V, E, mask_zero=True)(c)
    both = keras.ops.logical_and(keras.ops.not_equal(b, 0), keras.ops.not_equal(c, 0))
    y = [L.LSTM(U)(L.Add()([e, f])), L.GRU(U)(L.Concatenate()([e, f])),
         L.SimpleRNN(U)(L.Dense(U)(e), mask=both)]
    return [b, c], y, [sentences(), np.roll(sentences(), 1, 0)]


@case()
def masks_merged():
    """Masks of some inputs: Keras 2 joins them, Keras 3 drops them and leaves elements out."""
    b, e = words_embedded()
    c, p = inp('more', T), inp('steps', T, E)
    f = L.Embedding(V, E, mask_zero=True)(c)
    y = [L.LSTM(U)(L.Multiply()([e, p])), L.GRU(U)(L.Multiply()([e, f])),
         L.LSTM(U)(L.Maximum()([p, e, f])), L.GRU(U)(L.Minimum()([f, e])),
         L.SimpleRNN(U)(L.Average()([e, p])), L.LSTM(U)(L.Concatenate(axis=1)([e, f]))]
    return [b, c, p], y, [sentences(), np.roll(sentences(), 1, 0), normal(8, T, E)]


@case()
def masks_attended():
    """What may be attended to, what masks come out, and that Keras 3 takes them off the inputs."""
    b, e = words_embedded()
    c, p = inp('more', T), inp('steps', T, E)
    f = L.Embedding(V, E, mask_zero=True)(c)
    s = L.MultiHeadAttention(2, 4)(e, e, use_causal_mask=True)
    x = L.LayerNormalization()(L.Add()([e, s]))
    z, w = L.MultiHeadAttention(2, 3, value_dim=5, output_shape=4)(
        L.Embedding(V, E, mask_zero=True)(c), x, return_attention_scores=True)
    c1 = L.Attention(use_scale=True, score_mode='concat')([p, f])
    c2, u = L.AdditiveAttention()([x, f], return_attention_scores=True)
    y = [L.LSTM(U)(L.MultiHeadAttention(1, 4)(x, x)), z, w, c1, c2, u, L.LSTM(U)(c2),
         L.Attention()([f, p], use_causal_mask=True)]
    return [b, c, p], y, [sentences(), np.roll(sentences(), 1, 0), normal(8, T, E)]


def random_weights(layer):
    """Weights large enough that a wrong one shows; moments as after training."""
    for w in layer.weights:
        name = w.name if IS_3 else w.name.split('/')[-1].split(':')[0]
        r = np.asarray(rs.randn(*w.shape))
        if name in ('variance', 'count', 'mean'):
            continue  # Normalization: given by the case
        if 'moving_variance' in name:
            v = 1 + .3 * np.abs(r)
        elif 'gamma' in name or name == 'scale':
            v = 1 + .2 * r
        elif len(w.shape) <= 1:
            v = .3 * r
        else:
            v = r * 1.2 / np.sqrt(max(1, np.prod(w.shape[:-1])))
        w.assign(v.astype(str(w.dtype) if IS_3 else w.dtype.name))


def make(name, ending):
    global rs
    f, args = cases[name]
    path = os.path.join(OUT, '%s-%s.h5' % (name, ending))
    if os.path.exists(path):
        return
    keras.backend.clear_session()
    rs = np.random.RandomState(zlib.crc32(name.encode()))
    ins, outs, x = f(*args)
    m = ins if outs is None else keras.Model(ins, outs)
    random_weights(m)
    y = m.predict(x if len(x) > 1 else x[0], verbose=0)
    m.save(path)
    names = [t.name.split(':')[0] if IS_3 else t.node.layer.name for t in m.inputs]
    with h5py.File(path, 'a') as h:
        line = f.__code__.co_firstlineno
        h.attrs['golden'] = 'Keras %s, scripts/gen-golden-keras.py:%d' % (keras.__version__, line)
        for n, v in zip(names, x):
            h['inputs/' + n] = v
        for i, v in enumerate(y if isinstance(y, (list, tuple)) else [y]):
            h['outputs/output_%d' % i] = v
    print(path, os.path.getsize(path))


if __name__ == '__main__':
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    os.makedirs(OUT, exist_ok=True)
    failed = []
    for c in sys.argv[2:] or cases:
        try:
            make(c, sys.argv[1])
        except Exception as e:
            failed.append('%s: %s' % (c, ' '.join(str(e).split())[:300]))
    sys.exit('\n'.join(failed) or 0)
