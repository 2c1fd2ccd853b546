/* recurrent_internal.h - what lstm, gru and rnn share: shapes, the product of all inputs
 * before the first step, the walk over the words, masks and outputs. A cell adds its step.
 */
#ifndef DSC_RECURRENT_INTERNAL_H
#define DSC_RECURRENT_INTERNAL_H

#include "core/ops/matrix_internal.h"
#include "core/ops/ops.h"

#define DSC_RECURRENT_MASK     4
#define DSC_RECURRENT_STATE_IN 5

/* One run. Rows of z are a word of a sequence: [N, T, gates U]. */
struct dsc_recurrent_run {
    const struct dsc_recurrent *attr;
    size_t n, t, e, u, gates;
    const float *x, *b;
    const uint8_t *mask;   /* [N, T], or NULL */
    const float *right[3]; /* packed: w, then r, whole or in the parts the cell asked for */
    float *z;
    float *extra; /* [N, U] for the cell */
    float *h, *c; /* the states */
    float *y;
};

/* What one thread of several does. */
struct dsc_recurrent_share {
    int i, of;
    struct dsc_part units;
};

struct dsc_cell {
    const char *name;
    size_t gates;
    size_t n_state;       /* 2 with c */
    size_t first_columns; /* of r, in gates, when it is packed in two; 0: in one */
    bool has_extra;
    /* Advance h (and c) by word t, where row n is not masked: all threads call it. */
    void (*step)(const struct dsc_recurrent_run *r, size_t t,
                 const struct dsc_recurrent_share *who);
};

DSC_CHECK_RESULT enum dsc_status dsc_recurrent_shape(const struct dsc_op_io *io,
                                                     const struct dsc_cell *cell);
DSC_CHECK_RESULT enum dsc_status dsc_recurrent_pack(const struct dsc_op_io *io,
                                                    const struct dsc_cell *cell, void **out);
size_t dsc_recurrent_work_bytes(const struct dsc_op_io *io, const struct dsc_cell *cell);
DSC_CHECK_RESULT enum dsc_status dsc_recurrent_forward(const struct dsc_op_io *io,
                                                       const struct dsc_cell *cell);
enum dsc_time dsc_recurrent_time(const struct dsc_op_io *io, const int *in_axis, int *out_axis);

/* The op dsc_op_<op_name> of a cell with so many states: C has no closures, so each op needs
 * functions of its own that know their cell. */
#define DSC_RECURRENT_OP(op_name, cell, states)                         \
    static enum dsc_status shape(const struct dsc_op_io *io)            \
    {                                                                   \
        return dsc_recurrent_shape(io, cell);                           \
    }                                                                   \
    static enum dsc_status pack(const struct dsc_op_io *io, void **out) \
    {                                                                   \
        return dsc_recurrent_pack(io, cell, out);                       \
    }                                                                   \
    static size_t work_bytes(const struct dsc_op_io *io)                \
    {                                                                   \
        return dsc_recurrent_work_bytes(io, cell);                      \
    }                                                                   \
    static enum dsc_status forward(const struct dsc_op_io *io)          \
    {                                                                   \
        return dsc_recurrent_forward(io, cell);                         \
    }                                                                   \
    const struct dsc_op dsc_op_##op_name = {                            \
        .name = #op_name,                                               \
        .attr_bytes = sizeof(struct dsc_recurrent),                     \
        .min_in = 3,                                                    \
        .max_in = DSC_RECURRENT_STATE_IN + (states),                    \
        .n_out = 1 + (states),                                          \
        .n_state = states,                                              \
        .state_in = DSC_RECURRENT_STATE_IN,                             \
        .state_out = 1,                                                 \
        .mask_in = DSC_RECURRENT_MASK,                                  \
        .shape = shape,                                                 \
        .pack = pack,                                                   \
        .work_bytes = work_bytes,                                       \
        .forward = forward,                                             \
        .time = dsc_recurrent_time,                                     \
    }

/* For steps. */
static inline bool dsc_recurrent_is_masked(const struct dsc_recurrent_run *r, size_t n, size_t t)
{
    return r->mask && !r->mask[n * r->t + t];
}

static inline float *dsc_recurrent_z(const struct dsc_recurrent_run *r, size_t n, size_t t)
{
    return r->z + (n * r->t + t) * r->gates * r->u;
}

/* The thread's columns of c += a right, for all rows: a [N, U], c and the product's width m
 * given; bias may be NULL. `add`: false to set c. */
struct dsc_step_product {
    const float *a, *right, *bias;
    float *c;
    size_t ldc, m;
    bool add;
};
void dsc_recurrent_product(const struct dsc_recurrent_run *r, const struct dsc_step_product *p,
                           const struct dsc_recurrent_share *who);
/* Wait until every thread has come here. */
void dsc_recurrent_wait(void);

#endif
