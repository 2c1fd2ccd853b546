/* pickle.h - what a Python pickle holds, read without running any of it.
 *
 * A pickle is a program for a small stack machine that may import any module
 * and call any function. This reader runs the machine on data alone: imports
 * become names, calls become records, and a name that no tokenizer needs ends
 * the reading with a sentence. Protocols 0 to 5, every opcode but those that
 * ask for things outside the file (persistent ids, extension codes, out-of-band
 * buffers), which are refused.
 *
 *     struct dsc_pickle p;
 *     st = dsc_pickle_parse(&p, bytes, len, "t.pkl", NULL);
 *     ... p.root ...
 *     dsc_pickle_release(&p);
 *
 * Source: the module pickletools of CPython, which documents each opcode.
 */
#ifndef DSC_PICKLE_H
#define DSC_PICKLE_H

#include "core/base/arena.h"
#include "core/base/base.h"

enum dsc_pickle_type {
    DSC_PICKLE_NONE,
    DSC_PICKLE_BOOL,
    DSC_PICKLE_INT,
    DSC_PICKLE_FLOAT,
    DSC_PICKLE_STR,
    DSC_PICKLE_BYTES,
    DSC_PICKLE_LIST,
    DSC_PICKLE_TUPLE,
    DSC_PICKLE_DICT,
    DSC_PICKLE_SET,
    DSC_PICKLE_GLOBAL,
    DSC_PICKLE_OBJECT
};

/* The classes and functions that may be named. */
enum dsc_pickle_class {
    DSC_PICKLE_TOKENIZER,     /* Keras' Tokenizer, under the module paths of every era */
    DSC_PICKLE_DICT_CLASS,    /* collections.OrderedDict and defaultdict, builtins.dict */
    DSC_PICKLE_OTHER_CLASS,   /* builtins: int, list, set, object and the like */
    DSC_PICKLE_BYTES_CLASS,   /* builtins.bytes and bytearray */
    DSC_PICKLE_CODECS_ENCODE, /* _codecs.encode: how protocols 0-2 write bytes */
    DSC_PICKLE_RECONSTRUCTOR, /* copyreg._reconstructor: how protocols 0-1 write objects */
    DSC_PICKLE_NP_RECONSTRUCT,
    DSC_PICKLE_NP_FROMBUFFER,
    DSC_PICKLE_NP_SCALAR,
    DSC_PICKLE_NP_NDARRAY,
    DSC_PICKLE_NP_DTYPE
};

struct dsc_pickle_global {
    const char *module, *name;
    enum dsc_pickle_class id;
};

/* One value. Values are shared when the pickle shares them, so the graph may
 * hold cycles and may be deeper than `depth` tells: visit it to a depth that
 * the shape you look for has, never until it ends. */
struct dsc_pickle_value {
    enum dsc_pickle_type type;
    uint32_t depth; /* of nesting, as seen when the value was put together */
    size_t n;       /* STR, BYTES: bytes; LIST, TUPLE, SET: items; DICT: pairs */
    union {
        bool truth;
        int64_t integer;
        double real;
        const char *bytes;               /* STR: UTF-8 as found, unchecked; no NUL at the end */
        struct dsc_pickle_value **items; /* DICT: key, value, key, value ... in order of writing */
        const struct dsc_pickle_global *global;
        struct dsc_pickle_object *object;
    };
    size_t cap; /* of items */
};

/* A construction that was recorded and not made: class(*args), then a state. */
struct dsc_pickle_object {
    const struct dsc_pickle_global *global;
    const struct dsc_pickle_value *args;  /* TUPLE */
    const struct dsc_pickle_value *state; /* of BUILD, usually a DICT; or NULL */
    struct dsc_pickle_value *pairs;       /* DICT of the items set one by one; or NULL */
};

struct dsc_pickle_limits {
    size_t max_bytes;  /* of the file */
    size_t max_values; /* values and references between them */
    size_t max_depth;  /* of nesting */
};

#define DSC_PICKLE_MAX_BYTES ((size_t)64 << 20)

struct dsc_pickle {
    const struct dsc_pickle_value *root;
    unsigned protocol; /* 0..5; 0 stands for 1 too, which no opcode announces */
    struct dsc_arena arena;
};

/* Parse `len` bytes. Strings of the result point into `bytes`, which must live
 * as long as *p. What follows the first STOP is ignored, as Python does.
 *
 * name    the file, for messages only
 * limits  NULL: 64 MiB, 8 million values, depth 1000
 *
 * Fails, with *p empty: DSC_FORMAT for a damaged pickle or one over the limits,
 * naming the byte; DSC_UNSUPPORTED for a name or an opcode that is refused;
 * DSC_NOMEM. Time and memory are linear in len. */
DSC_CHECK_RESULT enum dsc_status dsc_pickle_parse(struct dsc_pickle *p, const void *bytes,
                                                  size_t len, const char *name,
                                                  const struct dsc_pickle_limits *limits);
/* Takes an empty (zero-filled) one as well. */
void dsc_pickle_release(struct dsc_pickle *p);

/* Whether `bytes` begin as a pickle does, of any protocol. */
bool dsc_pickle_looks_like(const void *bytes, size_t len);

#endif
