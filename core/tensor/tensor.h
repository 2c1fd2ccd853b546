/* tensor.h - a dense, row-major block of numbers with a shape.
 *
 * Three types are enough inside a graph: f32 numbers, i32 word indices, and
 * bool masks of one byte (0 or 1). Files with other types are converted when
 * they are read. A tensor without data (`data` NULL) stands for a type, that
 * is how shape rules speak; its dimensions may then be DSC_DIM_FREE.
 *
 *     struct dsc_tensor *w;
 *     st = dsc_tensor_new(&w, DSC_F32, DSC_SHAPE(20, 16));
 *     dsc_tensor_f32(w)[3] = 1;
 *     dsc_tensor_free(w);
 */
#ifndef DSC_TENSOR_H
#define DSC_TENSOR_H

#include "core/base/base.h"

#define DSC_MAX_RANK 6
#define DSC_DIM_FREE SIZE_MAX /* not known before a run: batch, sometimes time or picture size */

enum dsc_dtype { DSC_F32, DSC_I32, DSC_BOOL };

struct dsc_shape {
    size_t rank; /* 0: a single number */
    size_t dim[DSC_MAX_RANK];
};

struct dsc_tensor {
    enum dsc_dtype dtype;
    struct dsc_shape shape;
    void *data; /* dense row-major, NULL for a type only */
};

/* A shape from its dimensions: DSC_SHAPE(N, T, E). */
#define DSC_SHAPE(...) \
    ((struct dsc_shape){ sizeof((size_t[]){ __VA_ARGS__ }) / sizeof(size_t), { __VA_ARGS__ } })

/* A new tensor, data 64-byte aligned and not initialised; DSC_INVALID when a
 * dimension is free or the size overflows, DSC_NOMEM. */
DSC_CHECK_RESULT enum dsc_status dsc_tensor_new(struct dsc_tensor **out, enum dsc_dtype dtype,
                                                struct dsc_shape shape);
/* Free a tensor of dsc_tensor_new and its data; takes NULL. */
void dsc_tensor_free(struct dsc_tensor *t);

float *dsc_tensor_f32(const struct dsc_tensor *t);
int32_t *dsc_tensor_i32(const struct dsc_tensor *t);
uint8_t *dsc_tensor_bool(const struct dsc_tensor *t);

/* Bytes of one element: 4, 4, 1. */
size_t dsc_dtype_bytes(enum dsc_dtype dtype);
const char *dsc_dtype_name(enum dsc_dtype dtype); /* "float32", "int32", "bool" */

bool dsc_shape_equal(struct dsc_shape a, struct dsc_shape b);
/* True when the two can be the same once free axes are known. */
bool dsc_shape_fits(struct dsc_shape a, struct dsc_shape b);
bool dsc_shape_is_known(struct dsc_shape s); /* no free axis */
/* Product of dim[begin] .. dim[end - 1]; 1 for an empty range. Asserts that the
 * dimensions are known: for shapes that were checked by dsc_shape_bytes. */
size_t dsc_shape_count(struct dsc_shape s, size_t begin, size_t end);
size_t dsc_tensor_count(const struct dsc_tensor *t); /* all elements */
/* Bytes of one slice of the first axis; the rank is at least 1, the size was checked as above. */
size_t dsc_tensor_row_bytes(const struct dsc_tensor *t);
/* Bytes of a tensor of this type; false when free or overflowing. */
bool dsc_shape_bytes(struct dsc_shape s, enum dsc_dtype dtype, size_t *len_bytes);

/* "[?, 34, 256]"; `text` is returned. */
#define DSC_SHAPE_TEXT 136 /* six lengths of 20 digits */
const char *dsc_shape_text(struct dsc_shape s, char text[DSC_SHAPE_TEXT]);

#endif
