#!/usr/bin/env python3
"""Write tests/golden/h5/kinds.h5 by h5py: every kind of attribute and dataset that core/h5 reads,
and every kind that it refuses. Run under either environment of tests/requirements."""
import os

import h5py
import numpy as np

OUT = os.path.join(os.path.dirname(__file__), '..', 'tests', 'golden', 'h5')
PATH = os.path.join(OUT, 'kinds.h5')

os.makedirs(OUT, exist_ok=True)
with h5py.File(PATH, 'w') as f:
    text = h5py.string_dtype()
    f.attrs['golden'] = 'h5py %s, scripts/gen-golden-h5.py' % h5py.__version__
    f.attrs['variable'] = 'two birds'
    f.attrs['fixed'] = np.bytes_(b'a dog')
    f.attrs['latin'] = 'caf\u00e9'
    f.attrs['variable_list'] = np.array(['x', '', 'yz'], dtype=text)
    f.attrs['fixed_list'] = np.array([b'dense_1', b'lstm'])
    f.attrs['empty_list'] = []
    f.attrs['split0'] = np.array([b'a', b'b'])
    f.attrs['split1'] = np.array([b'c'])
    f.attrs['integer'] = np.int64(34)
    f.attrs['number'] = np.float32(0.5)

    rows = np.arange(12, dtype='float32').reshape(4, 3)
    g = f.create_group('data')
    g['f32'] = rows
    g['f64'] = rows.astype('float64')
    g['f16'] = rows.astype('float16')
    g['big_endian'] = rows.astype('>f4')
    g['i32'] = rows.astype('int32')
    g['i64'] = rows.astype('int64')
    g['u8'] = rows.astype('uint8')
    g['i64_large'] = np.array([1, 1 << 40])
    g['f32_whole'] = np.array([1, 2, 3], 'float32')
    g['f32_fraction'] = np.array([1, 2.5, 3], 'float32')
    g['bool'] = np.array([True, False, True])
    g['scalar'] = np.float32(7)
    g['none'] = np.zeros((0, 3), 'float32')
    packed = np.zeros((40, 30), 'float32')
    packed[3, 4] = 1.5
    g.create_dataset('packed', data=packed, chunks=(8, 30), compression='gzip', shuffle=True)

    r = f.create_group('refused')
    r.create_dataset('lzf', data=packed, compression='lzf')
    r['text'] = 'not a number'
    r['rank7'] = np.zeros((1,) * 7, 'float32')
    r['soft'] = h5py.SoftLink('/data/f32')
    r['elsewhere'] = h5py.ExternalLink('/etc/passwd', '/data')
    r.create_dataset('external', (4,), 'float32', external=[('/etc/passwd', 0, 16)])
    r.create_dataset('unwritten', (4,), 'float32')
    layout = h5py.VirtualLayout((4,), 'float32')
    layout[:] = h5py.VirtualSource('other.h5', 'x', shape=(4,))
    r.create_virtual_dataset('virtual', layout)
print(PATH, os.path.getsize(PATH))
