#!/usr/bin/env python3
"""One picture, again and again, through libdescribe.so. scripts/bench-peers.py runs it.

    python3 tests/bench/peer_describe.py LIBRARY THREADS MODEL.h5 PICTURE

Prints one JSON object: seconds (one per repetition, loading and one warm-up left out) and
captions. The structures are those of core/describe.h.
"""
import ctypes
import json
import sys
import time
from ctypes import POINTER, Structure, byref, c_char_p, c_double, c_int, c_size_t, c_void_p

REPEAT_S = 3


class CaptionerOptions(Structure):
    _fields_ = [(name, c_char_p) for name in ("model", "tokenizer", "encoder", "preprocess",
                                              "padding", "start_word", "end_word")]
    _fields_ += [("max_length", c_size_t), ("threads", c_int)]


class CaptionOptions(Structure):
    _fields_ = [("beam", c_size_t), ("candidates", c_size_t), ("length_penalty", c_double),
                ("exif_orientation", c_int), ("max_pixels", c_size_t)]


class Caption(Structure):
    _fields_ = [("text", c_char_p), ("logprob", c_double), ("probability", c_double)]


class Captions(Structure):
    _fields_ = [("items", POINTER(Caption)), ("n", c_size_t), ("time_ms", c_double)]


def check(library, status):
    if status:
        sys.exit(library.dsc_error_message().decode())


def main():
    library = ctypes.CDLL(sys.argv[1])
    library.dsc_error_message.restype = c_char_p
    library.dsc_captions_free.argtypes = [c_void_p]
    options = CaptionerOptions(model=sys.argv[3].encode(), threads=int(sys.argv[2]))
    greedy = CaptionOptions(beam=1)
    captioner, captions = c_void_p(), POINTER(Captions)()
    check(library, library.dsc_captioner_open(byref(captioner), byref(options)))
    with open(sys.argv[4], "rb") as f:
        data = f.read()
    seconds = []
    while sum(seconds[1:]) < REPEAT_S:
        begin = time.perf_counter()
        check(library, library.dsc_caption_memory(captioner, data, c_size_t(len(data)),
                                                  byref(greedy), byref(captions)))
        seconds.append(time.perf_counter() - begin)
        text = captions.contents.items[0].text.decode()
        library.dsc_captions_free(captions)
    library.dsc_captioner_close(captioner)
    print(json.dumps({"seconds": seconds[1:], "captions": [text]}))


if __name__ == "__main__":
    main()
