#!/usr/bin/env python3
"""Make tests/golden/image: pictures of every kind, and what Pillow, TensorFlow and Keras
make of them. Needs Pillow 13, TensorFlow 2.15 and scikit-image; run through
scripts/gen-golden.py or alone. Same versions, same bytes.

  decode.txt      FILE FORMAT MODE ORIENTATION WIDTH HEIGHT, a line per picture
  FILE.rgb        Pillow's Image.open(FILE).convert("RGB"), u8 [H, W, 3]
  orient.rgb      ImageOps.exif_transpose() of the pictures whose ORIENTATION is not 1
  resize.txt      SOURCE FILTER X Y W H WIDTH HEIGHT: a box of a picture and a new size
  resize.rgb      the results one after the other, u8 (Pillow)
  tf.txt, tf.f32  the same for tf.image.resize, f32
  preprocess.txt  SOURCE LIST
  preprocess.f32  the results one after the other, f32 (Keras)
"""

import argparse
import io
import os
import struct
import zlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import PIL
import skimage
import skimage.data
import tensorflow as tf
from PIL import Image, ImageOps

FILTERS = ["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"]
PILLOW = {name: getattr(Image.Resampling, name.upper()) for name in FILTERS}
MODES = ["caffe", "tf", "torch"]
RNG = np.random.default_rng(20)


def gradient(w, h):
    """Slopes, edges and noise: every filter and every JPEG block has work to do."""
    y, x = np.mgrid[0:h, 0:w].astype(np.float64)
    r = 255 * x / max(w - 1, 1)
    g = 255 * y / max(h - 1, 1)
    b = 127 + 127 * np.sin(x * 0.7) * np.cos(y * 0.4)
    rgb = np.stack([r, g, b], -1) + RNG.integers(-20, 21, (h, w, 3))
    rgb[h // 4 : h // 2, w // 4 : w // 2] = 255 - rgb[h // 4 : h // 2, w // 4 : w // 2]
    return Image.fromarray(np.clip(rgb, 0, 255).astype(np.uint8))


def photo(name, box):
    return Image.fromarray(getattr(skimage.data, name)()[..., :3]).crop(box)


def exif(orientation):
    e = Image.Exif()
    e[0x0112] = orientation
    return e


def save(image, fmt, **options):
    f = io.BytesIO()
    image.save(f, fmt, **options)
    return f.getvalue()


# --- PNG by hand: Pillow cannot write most kinds -------------------------------------


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


ADAM7 = [
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
]
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def png_rows(samples, depth):
    """Samples [H, W, C] as unfiltered rows."""
    out = b""
    for row in samples:
        flat = row.reshape(-1)
        if depth == 16:
            data = flat.astype(">u2").tobytes()
        elif depth == 8:
            data = flat.astype(np.uint8).tobytes()
        else:
            bits = ((flat[:, None] >> np.arange(depth - 1, -1, -1)) & 1).astype(np.uint8)
            data = np.packbits(bits.reshape(-1)).tobytes()
        out += b"\0" + data
    return out


def png(w, h, depth, colour, interlaced=False, palette=None, extra=b"", after=b"", samples=None):
    if samples is None:
        top = min(1 << depth, len(palette) // 3 if palette else 1 << 16)
        samples = RNG.integers(0, top, (h, w, CHANNELS[colour]))
        if depth == 16:  # half of them dark, where clipping and cutting differ
            dark = RNG.integers(0, 400, samples.shape)
            samples = np.where(RNG.random(samples.shape) < 0.5, dark, samples)
    if interlaced:
        parts = [samples[y::dy, x::dx] for x, y, dx, dy in ADAM7]
        raw = b"".join(png_rows(p, depth) for p in parts if p.size)
    else:
        raw = png_rows(samples, depth)
    head = struct.pack(">IIBBBBB", w, h, depth, colour, 0, 0, int(interlaced))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + (chunk(b"PLTE", palette) if palette else b"")
        + extra
        + chunk(b"IDAT", zlib.compress(raw, 9))
        + after
        + chunk(b"IEND", b"")
    )


def png_cases():
    cases = {}
    for colour, depths in {
        0: (1, 2, 4, 8, 16),
        2: (8, 16),
        3: (1, 2, 4, 8),
        4: (8, 16),
        6: (8, 16),
    }.items():
        for depth in depths:
            palette = (
                RNG.integers(0, 256, 3 << depth, dtype=np.uint8).tobytes() if colour == 3 else None
            )
            for interlaced in (False, True):
                name = f"png_c{colour}_d{depth}{'_i' if interlaced else ''}.png"
                cases[name] = png(19, 13, depth, colour, interlaced, palette)
    short = bytes(range(1, 31))
    wide = RNG.integers(0, 256, (9, 11, 1))
    cases["png_short_palette.png"] = png(11, 9, 8, 3, palette=short, samples=wide)
    cases["png_trns_grey.png"] = png(9, 7, 8, 0, extra=chunk(b"tRNS", struct.pack(">H", 100)))
    cases["png_trns_deep.png"] = png(9, 7, 16, 0, extra=chunk(b"tRNS", struct.pack(">H", 300)))
    cases["png_trns_rgb.png"] = png(9, 7, 8, 2, extra=chunk(b"tRNS", struct.pack(">3H", 1, 2, 3)))
    cases["png_trns_rgb16.png"] = png(
        9, 7, 16, 2, extra=chunk(b"tRNS", struct.pack(">3H", 1, 2, 3))
    )
    cases["png_trns_palette.png"] = png(
        9, 7, 4, 3, palette=bytes(range(48)), extra=chunk(b"tRNS", bytes([0, 128, 255, 7]))
    )
    cases["png_trns_one.png"] = png(
        9, 7, 2, 3, palette=bytes(range(12)), extra=chunk(b"tRNS", b"\xff\0")
    )
    cases["png_trns_interlaced.png"] = png(
        9, 7, 4, 3, True, palette=bytes(range(48)), extra=chunk(b"tRNS", bytes(16))
    )
    cases["png_gamma.png"] = png(
        9, 7, 8, 2, extra=chunk(b"gAMA", struct.pack(">I", 100000)) + chunk(b"sRGB", b"\0")
    )
    cases["png_exif_late.png"] = png(9, 7, 8, 2, after=chunk(b"eXIf", exif(6).tobytes()[6:]))
    cases["png_1x1.png"] = png(1, 1, 8, 2)
    cases["png_1x1_interlaced.png"] = png(1, 1, 16, 6, True)
    cases["png_narrow_interlaced.png"] = png(2, 11, 1, 0, True)
    frames = [gradient(16, 12) for _ in range(3)]
    cases["png_animated.png"] = save(frames[0], "PNG", save_all=True, append_images=frames[1:])
    cases["png_animated_default.png"] = save(
        frames[0], "PNG", save_all=True, append_images=frames[1:], default_image=True
    )
    cases["png_photo.png"] = save(photo("coffee", (180, 100, 244, 148)), "PNG", optimize=True)
    return cases


# --- JPEG -----------------------------------------------------------------------------


def jpeg_marker_removed(data, marker):
    at = 2
    while data[at + 1] != 0xDA:
        n = struct.unpack(">H", data[at + 2 : at + 4])[0] + 2
        if data[at + 1] == marker:
            return data[:at] + data[at + n :]
        at += n
    raise ValueError("no such marker")


def jpeg_cases():
    cases = {}
    astronaut = photo("astronaut", (180, 60, 277, 131))
    for name, subsampling in (("444", 0), ("422", 1), ("420", 2)):
        for progressive in (False, True):
            cases[f"jpeg_{name}{'_progressive' if progressive else ''}.jpg"] = save(
                astronaut, "JPEG", quality=88, subsampling=subsampling, progressive=progressive
            )
    cases["jpeg_low.jpg"] = save(astronaut, "JPEG", quality=15)
    cases["jpeg_restart.jpg"] = save(astronaut, "JPEG", quality=80, restart_marker_blocks=3)
    cases["jpeg_rgb.jpg"] = save(astronaut.crop((0, 0, 40, 30)), "JPEG", quality=90, keep_rgb=True)
    cases["jpeg_grey.jpg"] = save(astronaut.convert("L"), "JPEG", quality=85)
    cases["jpeg_grey_progressive.jpg"] = save(
        astronaut.convert("L"), "JPEG", quality=85, progressive=True
    )
    inks = Image.fromarray(
        np.concatenate(
            [np.asarray(gradient(37, 29)), RNG.integers(0, 256, (29, 37, 1), dtype=np.uint8)], -1
        ),
        "CMYK",
    )
    cases["jpeg_cmyk.jpg"] = save(inks, "JPEG", quality=92)
    cases["jpeg_cmyk_progressive.jpg"] = save(inks, "JPEG", quality=92, progressive=True)
    cases["jpeg_cmyk_unmarked.jpg"] = jpeg_marker_removed(cases["jpeg_cmyk.jpg"], 0xEE)
    # The transform byte of Adobe's marker says YCCK: the same data, read as that.
    at = cases["jpeg_cmyk.jpg"].index(b"Adobe") + 11
    ycck = bytearray(cases["jpeg_cmyk.jpg"])
    ycck[at] = 2
    cases["jpeg_ycck.jpg"] = bytes(ycck)
    for w, h in ((1, 1), (1, 9), (17, 1), (8, 8), (16, 16), (33, 31)):
        cases[f"jpeg_{w}x{h}.jpg"] = save(gradient(w, h), "JPEG", quality=85)
    for o in range(1, 9):
        cases[f"jpeg_exif{o}.jpg"] = save(gradient(12, 7), "JPEG", quality=90, exif=exif(o))
    cases["jpeg_trailing.jpg"] = cases["jpeg_8x8.jpg"] + b"junk after the end"
    cases["jpeg_extra_byte.jpg"] = cases["jpeg_8x8.jpg"][:-2] + b"\x00\x12\xff\xd9"
    return cases


# --- WebP and GIF ---------------------------------------------------------------------


def webp_cases():
    photo_rgb = photo("chelsea", (100, 40, 171, 95))
    alpha = photo_rgb.convert("RGBA")
    alpha.putalpha(gradient(*alpha.size).convert("L"))
    frames = [gradient(20, 16).convert("RGBA") for _ in range(3)]
    cases = {
        "webp_lossy.webp": save(photo_rgb, "WEBP", quality=70),
        "webp_lossless.webp": save(gradient(23, 17), "WEBP", lossless=True),
        "webp_alpha.webp": save(alpha, "WEBP", quality=80),
        "webp_alpha_lossless.webp": save(
            alpha.crop((0, 0, 30, 20)), "WEBP", lossless=True, exact=True
        ),
        "webp_animated.webp": save(
            frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True
        ),
        "webp_exif.webp": save(gradient(12, 7), "WEBP", lossless=True, exif=exif(8)),
        "webp_1x1.webp": save(gradient(1, 1), "WEBP", quality=80),
    }
    # A first frame smaller than the canvas and away from its corner.
    still = save(gradient(10, 6), "WEBP", lossless=True)
    body = still[12:]
    frame = (
        struct.pack("<I", 4 // 2)[:3]
        + struct.pack("<I", 6 // 2)[:3]
        + struct.pack("<I", 9)[:3]
        + struct.pack("<I", 5)[:3]
        + struct.pack("<I", 100)[:3]
        + b"\0"
        + body
    )
    riff = lambda kind, data: kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) & 1)
    vp8x = riff(b"VP8X", b"\x02\0\0\0" + struct.pack("<I", 19)[:3] + struct.pack("<I", 15)[:3])
    anim = riff(b"ANIM", b"\x10\x20\x30\xff\0\0")
    whole = b"WEBP" + vp8x + anim + riff(b"ANMF", frame)
    cases["webp_offset.webp"] = b"RIFF" + struct.pack("<I", len(whole)) + whole
    return cases


def lzw(indices, bits):
    """GIF's LZW with a clear code before the table can grow: literal, but valid."""
    clear, out, acc, n = 1 << bits, bytearray(), 0, 0
    codes, room = [clear], 0
    for i in indices:
        if room == (1 << bits) - 2:
            codes.append(clear)
            room = 0
        codes.append(int(i))
        room += 1
    for code in codes + [clear + 1]:
        acc |= code << n
        n += bits + 1
        while n >= 8:
            out.append(acc & 255)
            acc >>= 8
            n -= 8
    if n:
        out.append(acc & 255)
    blocks = b"".join(
        bytes([len(out[i : i + 255])]) + bytes(out[i : i + 255]) for i in range(0, len(out), 255)
    )
    return bytes([bits]) + blocks + b"\0"


def palette_bits(palette):
    """The flag and the size of a palette, as GIF writes them."""
    return 0x80 | ((len(palette) // 3).bit_length() - 2) if palette else 0


def gif(
    screen, frame, indices, bits, palette=None, local=None, interlaced=False, transparent=None
):
    flags = palette_bits(palette)
    out = b"GIF89a" + struct.pack("<HHBBB", *screen, flags, 0, 0) + (palette or b"")
    if transparent is not None:
        out += b"!\xf9\x04" + struct.pack("<BHB", 1, 0, transparent) + b"\0"
    flags = palette_bits(local) | (0x40 if interlaced else 0)
    out += b"," + struct.pack("<HHHHB", *frame, flags) + (local or b"")
    rows = indices
    if interlaced:
        rows = np.concatenate([indices[0::8], indices[4::8], indices[2::4], indices[1::2]])
    return out + lzw(rows.reshape(-1), max(bits, 2)) + b";"


def gif_cases():
    colours = lambda n: RNG.integers(0, 256, n * 3, dtype=np.uint8).tobytes()
    pixels = lambda w, h, top: RNG.integers(0, top, (h, w))
    ramp = bytes(v for i in range(16) for v in (i, i, i))
    frames = [gradient(20, 15).quantize(32) for _ in range(3)]
    return {
        "gif_photo.gif": save(photo("coffee", (180, 100, 240, 140)).quantize(64), "GIF"),
        "gif_animated.gif": save(frames[0], "GIF", save_all=True, append_images=frames[1:]),
        "gif_grey.gif": save(gradient(20, 15).convert("L"), "GIF"),
        "gif_interlaced.gif": gif(
            (13, 21), (0, 0, 13, 21), pixels(13, 21, 16), 4, colours(16), interlaced=True
        ),
        "gif_interlaced_thin.gif": gif(
            (5, 2), (0, 0, 5, 2), pixels(5, 2, 4), 2, colours(4), interlaced=True
        ),
        "gif_local.gif": gif((9, 8), (0, 0, 9, 8), pixels(9, 8, 8), 3, colours(8), colours(8)),
        "gif_offset.gif": gif((19, 17), (3, 4, 9, 8), pixels(9, 8, 8), 3, colours(8)),
        "gif_offset_transparent.gif": gif(
            (19, 17), (3, 4, 9, 8), pixels(9, 8, 8), 3, colours(8), transparent=5
        ),
        "gif_outside.gif": gif((6, 6), (3, 4, 9, 8), pixels(9, 8, 8), 3, colours(8)),
        "gif_no_palette.gif": gif((9, 8), (0, 0, 9, 8), pixels(9, 8, 16), 4),
        "gif_ramp.gif": gif((9, 8), (0, 0, 9, 8), pixels(9, 8, 16), 4, ramp),
        "gif_local_ramp.gif": gif((9, 8), (0, 0, 9, 8), pixels(9, 8, 16), 4, colours(16), ramp),
        "gif_transparent_ramp.gif": gif(
            (12, 9), (1, 1, 9, 8), pixels(9, 8, 16), 4, ramp, transparent=200
        ),
        "gif_short_palette.gif": gif((9, 8), (0, 0, 9, 8), pixels(9, 8, 16), 4, colours(4)),
        "gif_1x1.gif": gif((1, 1), (0, 0, 1, 1), pixels(1, 1, 4), 2, colours(4)),
    }


# --- the files ------------------------------------------------------------------------


def write(folder, name, data):
    with open(os.path.join(folder, name), "wb") as f:
        f.write(data)


def rgb_of(image):
    return np.asarray(image.convert("RGB"))


def write_decode(folder, cases):
    lines, turned = [], b""
    for name, data in cases.items():
        image = Image.open(io.BytesIO(data))
        fmt, mode, orientation = image.format, image.mode, image.getexif().get(0x0112, 1)
        pixels = rgb_of(image)
        write(folder, name, data)
        write(folder, name + ".rgb", pixels.tobytes())
        fmt = "WebP" if fmt == "WEBP" else fmt
        lines.append(f"{name} {fmt} {mode} {orientation} {pixels.shape[1]} {pixels.shape[0]}\n")
        if orientation != 1:
            turned += rgb_of(ImageOps.exif_transpose(Image.open(io.BytesIO(data)))).tobytes()
    write(folder, "decode.txt", "".join(lines).encode())
    write(folder, "orient.rgb", turned)


# source, then sizes: up, down, one way only, to and from one pixel, tall (down first), thin
RESIZES = [
    (
        "resize_a.png",
        [(24, 24), (80, 61), (37, 12), (11, 29), (37, 29), (1, 1), (90, 29), (36, 28)],
    ),
    ("resize_b.png", [(7, 9), (1, 40), (60, 60)]),
    ("resize_tall.png", [(9, 20), (12, 20), (30, 15), (8, 16)]),
    ("png_1x1.png", [(5, 4)]),
    ("jpeg_17x1.jpg", [(5, 5), (40, 2)]),
]
BOXES = [
    ("resize_a.png", (5, 3, 30, 20), (12, 16)),
    ("resize_a.png", (0, 3, 37, 20), (37, 20)),
    ("resize_tall.png", (2, 8, 11, 60), (7, 19)),
    ("resize_b.png", (1, 2, 13, 11), (26, 22)),
]


def crop_box(image, w, h):
    """Keras' load_img(keep_aspect_ratio=True)."""
    iw, ih = image.size
    ch, cw = min(ih, iw * h // w), min(iw, ih * w // h)
    return (iw - cw) // 2, (ih - ch) // 2, (iw - cw) // 2 + cw, (ih - ch) // 2 + ch


def write_resize(folder, sources):
    boxes = [(s, (0, 0) + sources[s].size, size) for s, sizes in RESIZES for size in sizes] + BOXES
    lines, out, tf_lines, tf_out = [], b"", [], b""
    for source, (x0, y0, x1, y1), (w, h) in boxes:
        image = sources[source]
        place = f"{x0} {y0} {x1 - x0} {y1 - y0} {w} {h}\n"
        for name in FILTERS:
            lines.append(f"{source} {name} {place}")
            out += np.asarray(image.resize((w, h), PILLOW[name], box=(x0, y0, x1, y1))).tobytes()
        part = np.asarray(image)[y0:y1, x0:x1]
        tf_lines.append(f"{source} tf-bilinear {place}")
        tf_out += tf.image.resize(part, (h, w)).numpy().astype("<f4").tobytes()
    write(folder, "resize.txt", "".join(lines).encode())
    write(folder, "resize.rgb", out)
    write(folder, "tf.txt", "".join(tf_lines).encode())
    write(folder, "tf.f32", tf_out)


def preprocessed(image, mode, w, h, name, fit):
    if name == "tf-bilinear":
        x0, y0, x1, y1 = crop_box(image, w, h) if fit == "crop" else (0, 0) + image.size
        x = tf.image.resize(np.asarray(image)[y0:y1, x0:x1], (h, w)).numpy().astype(np.float32)
    else:
        x = keras.utils.img_to_array(
            keras.utils.load_img(
                io.BytesIO(save(image, "PNG")),
                target_size=(h, w),
                interpolation=name,
                keep_aspect_ratio=fit == "crop",
            )
        )
    if mode in MODES:
        return keras.applications.imagenet_utils.preprocess_input(x.copy(), mode=mode)
    if mode == "raw":
        return x
    values = dict(part.split("=") for part in mode.split(","))
    numbers = lambda key: np.array([float(v) for v in values[key].split("/")], np.float32)
    return (x - numbers("mean")) / numbers("std")


def write_preprocess(folder, sources):
    lines, out = [], b""
    modes = MODES + [
        "raw",
        "mean=127,std=128",
        "mean=123.675/116.28/103.53,std=58.395/57.12/57.375",
    ]
    cases = [("resize_a.png", m, 14, 10, "nearest", "stretch") for m in modes]
    cases += [("resize_a.png", m, 14, 10, "bicubic", "crop") for m in modes]
    cases += [("resize_tall.png", m, 12, 10, "tf-bilinear", "crop") for m in modes]
    cases += [
        ("resize_a.png", "tf", 37, 29, "bilinear", "stretch"),
        ("resize_a.png", "caffe", 37, 29, "tf-bilinear", "stretch"),
        ("resize_tall.png", "torch", 9, 13, "lanczos", "crop"),
        ("resize_b.png", "tf", 30, 7, "hamming", "crop"),
    ]
    for source, mode, w, h, name, fit in cases:
        lines.append(f"{source} {mode},size={w}x{h},filter={name},fit={fit}\n")
        out += preprocessed(sources[source], mode, w, h, name, fit).astype("<f4").tobytes()
    write(folder, "preprocess.txt", "".join(lines).encode())
    write(folder, "preprocess.f32", out)


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", default=os.path.join(here, "../tests/golden/image"))
    folder = parser.parse_args().folder
    os.makedirs(folder, exist_ok=True)
    cases = {**png_cases(), **jpeg_cases(), **webp_cases(), **gif_cases()}
    cases["resize_a.png"] = save(gradient(37, 29), "PNG")
    cases["resize_b.png"] = save(photo("chelsea", (140, 90, 154, 103)), "PNG")
    cases["resize_tall.png"] = save(gradient(13, 70), "PNG")
    write_decode(folder, cases)
    names = [s for s, _ in RESIZES]
    sources = {s: Image.open(io.BytesIO(cases[s])).convert("RGB") for s in names}
    write_resize(folder, sources)
    write_preprocess(folder, sources)
    about = (
        f"Made by scripts/gen-golden-image.py with Pillow {PIL.__version__}, TensorFlow "
        f"{tf.__version__}, Keras {keras.__version__}, NumPy {np.__version__}, scikit-image "
        f"{skimage.__version__}.\n\nPictures come from the script but for crops of scikit-image's "
        "samples: astronaut (NASA, public\ndomain), coffee and chelsea (CC0).\n"
    )
    write(
        folder,
        "README.md",
        b"# Pictures and what Pillow, TensorFlow and Keras make of them\n\n"
        + about.encode()
        + b"\nThe script's first lines say what each file holds.\n",
    )


if __name__ == "__main__":
    main()
