/* op.h - what every op of the graph tells about itself.
 *
 * An op is one const struct in one file, listed in ops.def; ops.h has the
 * attributes of each. The same struct dsc_op_io serves all phases:
 *
 *   shape     when a graph is built, and again when a plan is made: in[i] are
 *             types (data may be NULL, axes may be free), out[] is filled.
 *   pack      once per node when a model is made: constants have data; what it
 *             returns is shared, read-only, by every session.
 *   forward   every axis known, all data present, out[] and work allocated.
 */
#ifndef DSC_OP_H
#define DSC_OP_H

#include "core/tensor/tensor.h"

#define DSC_OP_MAX_OUT 3

struct dsc_op_io {
    const void *attr;                   /* the op's struct of ops.h, or NULL */
    const struct dsc_tensor *const *in; /* NULL: an optional input left out */
    size_t n_in;
    struct dsc_tensor *out; /* op->n_out of them */
    const void *pack;       /* what pack() made, or NULL */
    void *work;             /* 64-byte aligned, op->work_bytes() long */
    int n_threads;          /* at least 1 */
};

/* How an op behaves along the words (DESIGN.md 5). */
enum dsc_time {
    DSC_TIME_STEPWISE,  /* word t of the result needs word t only */
    DSC_TIME_RECURRENT, /* needs the state after word t - 1 */
    DSC_TIME_WHOLE,     /* needs all words */
};

enum dsc_op_flag {
    DSC_OP_INPLACE = 1 << 0, /* out[0] may be in[0]'s memory when the types are equal */
    DSC_OP_VIEW = 1 << 1, /* out[0] is in[0]'s memory under another shape: forward does nothing */
};

struct dsc_op {
    const char *name;
    size_t attr_bytes;     /* of the struct in ops.h; 0: none */
    size_t min_in, max_in; /* inputs, optional ones counted; SIZE_MAX: any number */
    size_t n_out;
    unsigned flags;

    /* Recurrent ops: in[state_in + i] and out[state_out + i] are state i of
     * n_state; 0 elsewhere. in[mask_in] is the mask [N, T]. */
    size_t n_state, state_in, state_out, mask_in;

    /* Fill dtype and shape of io->out. DSC_INVALID with a sentence that names
     * the shapes when the inputs do not fit. Free axes pass through. */
    enum dsc_status (*shape)(const struct dsc_op_io *io);

    /* Prepare constant inputs once; *out is one dsc_malloc block or stays NULL
     * when there is nothing to prepare. NULL: never. */
    enum dsc_status (*pack)(const struct dsc_op_io *io, void **out);

    /* Scratch bytes of one run (shapes known, n_threads and pack set). NULL: none. */
    size_t (*work_bytes)(const struct dsc_op_io *io);

    /* Compute io->out. Allocates nothing. Fails only for values that no shape
     * rule can see (a word index outside the table): DSC_INVALID. */
    enum dsc_status (*forward)(const struct dsc_op_io *io);

    /* Behaviour along the words. in_axis[i]: the axis of in[i] that runs over
     * the words, or -1 when in[i] does not depend on them. Sets *out_axis, the
     * same axis in out[0], when the answer is DSC_TIME_STEPWISE. NULL: whole
     * whenever an input depends on the words. */
    enum dsc_time (*time)(const struct dsc_op_io *io, const int *in_axis, int *out_axis);
};

#define DSC_OP(name) extern const struct dsc_op dsc_op_##name;
#include "core/ops/ops.def"
#undef DSC_OP

/* All ops, in the order of ops.def. */
const struct dsc_op *dsc_op_at(size_t i);
size_t dsc_op_count(void);

#endif
