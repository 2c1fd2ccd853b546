/* ops.h - inputs, attributes and results of every op in ops.def.
 *
 * "x?" is an optional input: NULL in dsc_op_io, -1 in a graph. Axis letters are
 * those of STYLE.md 3. All are f32 unless said. Pictures are NHWC; kernels lie
 * as Keras stores them.
 */
#ifndef DSC_OPS_H
#define DSC_OPS_H

#include "core/kernels/act.h"
#include "core/ops/op.h"

/* unary: x -> act(x), any shape. */
struct dsc_unary {
    struct dsc_act act;
};

/* binary: a, b -> act(a <kind> b), shapes broadcast as in numpy. NOT_EQUAL
 * compares f32 or i32 and gives bool; AND, OR take and give bool; the others f32.
 * A b of one number given as attribute: `scalar` is used when in[1] is left out. */
enum dsc_binary_kind {
    DSC_ADD,
    DSC_SUB,
    DSC_MUL,
    DSC_DIV,
    DSC_MAXIMUM,
    DSC_MINIMUM,
    DSC_NOT_EQUAL,
    DSC_AND,
    DSC_OR,
};
struct dsc_binary {
    enum dsc_binary_kind kind;
    float scalar;
    struct dsc_act act;
};

/* cast: any type -> dtype. f32 to i32 truncates as Keras' cast does. */
struct dsc_cast {
    enum dsc_dtype dtype;
};

/* dropout: x -> x at inference; rewrites drop it. */
struct dsc_dropout {
    float rate;
};

/* dense: x [..., K], w [K, M], b? [M], residual? [..., M] -> act(x w + b + residual) [..., M]
 * x may be of any rank >= 1. */
struct dsc_dense {
    struct dsc_act act;
};

/* matmul: a [..., I, K], b [..., K, J] -> scale * a b [..., I, J]; leading axes
 * equal (rank >= 2). transpose_a: a is [..., K, I]; transpose_b: b is [..., J, K]. */
struct dsc_matmul {
    bool transpose_a, transpose_b;
    float scale;
};

/* embedding: ids i32 or f32 [...], w [V, E] -> [..., E]. An id outside 0..V-1
 * fails naming both. */

/* concat: two or more x of one type -> joined along axis. */
struct dsc_concat {
    size_t axis;
};

/* slice: x -> x[begin : begin + size : 1] on each axis; size DSC_DIM_FREE: up to
 * `drop_end` before the end. Axes from `rank` on are whole. */
struct dsc_slice {
    size_t rank;
    size_t begin[DSC_MAX_RANK];
    size_t size[DSC_MAX_RANK];
    size_t drop_end[DSC_MAX_RANK];
};

/* take: x, index i32 [] or [1] -> the one slice x[..., index, ...] of an axis, which
 * stays with length 1. An index outside fails. */
struct dsc_take {
    size_t axis;
};

/* put: x, part, index i32 [] or [1] -> x with the one slice `index` of an axis replaced by part,
 * whose axis has length 1. An index outside fails. */
struct dsc_put {
    size_t axis;
};

/* pad: x -> x with `before` and `after` elements of `value` on each axis. */
struct dsc_pad {
    size_t before[DSC_MAX_RANK];
    size_t after[DSC_MAX_RANK];
    float value;
};

/* transpose: x -> axes in the order perm: out.dim[i] = in.dim[perm[i]]. */
struct dsc_transpose {
    size_t perm[DSC_MAX_RANK];
};

/* reshape: x -> the same numbers under another shape. dim[i]: DSC_RESHAPE_COPY
 * takes in.dim[i], DSC_RESHAPE_INFER (at most one) what is left. */
#define DSC_RESHAPE_COPY  0
#define DSC_RESHAPE_INFER SIZE_MAX
struct dsc_reshape {
    size_t rank;
    size_t dim[DSC_MAX_RANK];
};

/* repeat: x -> a new axis of length n before `axis`, each slice a copy of x (RepeatVector:
 * axis 1). Any type. */
struct dsc_repeat {
    size_t axis;
    size_t n;
};

/* reverse: x -> x with one axis backwards. */
struct dsc_reverse {
    size_t axis;
};

/* reduce: x -> mean, sum, max or min over the axes set in the bit mask. */
enum dsc_reduce_kind { DSC_REDUCE_MEAN, DSC_REDUCE_SUM, DSC_REDUCE_MAX, DSC_REDUCE_MIN };
struct dsc_reduce {
    enum dsc_reduce_kind kind;
    unsigned axes;
    bool keep_axes; /* with length 1 */
};

/* softmax: x, mask? bool broadcast to x, first? i32 [1] -> softmax(x - 1e9 [not mask]) over an
 * axis, as Keras masks scores. causal: x is [..., T, S], an entry with s > t counts as masked
 * (needs axis = last); row 0 is t = first, or 0. */
struct dsc_softmax {
    size_t axis;
    bool causal;
};

/* layer_norm: x, gamma? [C], beta? [C] -> over the last axis, (x - mean) / sqrt(var + epsilon)
 * gamma + beta; rms: x / sqrt(mean(x^2) + epsilon) gamma. */
struct dsc_layer_norm {
    float epsilon;
    bool rms;
};

/* batch_norm: x, gamma? [C], beta? [C], mean [C], var [C] -> gamma (x - mean) / sqrt(var + epsilon)
 * + beta with the moving moments, C the length of `axis`. Rewrites turn it into affine
 * or fold it away. */
struct dsc_batch_norm {
    size_t axis;
    float epsilon;
};

/* affine: x, scale? [C], shift? [C] -> act(x scale + shift), C the length of `axis`. */
struct dsc_affine {
    size_t axis;
    struct dsc_act act;
};

/* prelu: x, alpha (shape of x without the batch axis, 1 where shared) -> x > 0 ? x : alpha x */

/* A window over a picture: kernel size comes from the weights or from kh, kw. */
enum dsc_padding {
    DSC_PAD_VALID,    /* none */
    DSC_PAD_SAME,     /* TensorFlow's: out = ceil(in / stride), the odd pixel after */
    DSC_PAD_EXPLICIT, /* the four numbers below */
};
struct dsc_window {
    size_t stride_h, stride_w;
    size_t dilation_h, dilation_w;
    enum dsc_padding padding;
    size_t top, bottom, left, right;
};

/* conv2d: x [N, H, W, C], w [kh, kw, C / groups, M], b? [M], residual? [N, H', W', M]
 * -> act(conv + b + residual) [N, H', W', M] */
struct dsc_conv2d {
    struct dsc_window window;
    size_t groups;
    struct dsc_act act;
};

/* depthwise: x [N, H, W, C], w [kh, kw, C, m], b? [C m] -> act(conv + b) [N, H', W', C m] */
struct dsc_depthwise {
    struct dsc_window window;
    struct dsc_act act;
};

/* conv2d_transpose: x [N, H, W, C], w [kh, kw, M, C], b? [M] -> [N, H', W', M] as Keras'
 * Conv2DTranspose: H' = H stride (same), H stride + max(kh - stride, 0) (valid), dilation 1;
 * with output_padding: (H - 1) stride + kh - 2 pad + output_padding, pad = same ? kh / 2 : 0. */
struct dsc_conv2d_transpose {
    size_t stride_h, stride_w;
    bool same;
    bool has_output_padding;
    size_t output_padding_h, output_padding_w;
    struct dsc_act act;
};

/* pool2d: x [N, H, W, C] -> maximum or average of each window; padded pixels count in
 * neither. */
struct dsc_pool2d {
    bool average;
    size_t kh, kw;
    struct dsc_window window;
};

/* upsample2d: x [N, H, W, C] -> [N, H fh, W fw, C], nearest or bilinear (half-pixel centres). */
struct dsc_upsample2d {
    size_t fh, fw;
    bool bilinear;
};

/* Recurrent ops. x [N, T, E], w [E, G U], r [U, G U], b?, mask? bool [N, T], then one state
 * [N, U] each, zeros when left out. Gates lie as in Keras files. A masked step keeps the
 * state and repeats the last output (zeros before the first; zero_masked: always zeros).
 * backwards: from T - 1 down to 0; y is in the order of processing, as Keras gives it.
 * y is [N, T, U] with sequences, else the last output [N, U].
 *
 * lstm: G 4, gates i f c o, b [4 U];              x w r b? mask? h? c? -> y, h, c
 * gru:  G 3, gates z r h;                         x w r b? mask? h?    -> y, h
 *       b [3 U], or with reset_after [2, 3 U]: input bias, recurrent bias
 * rnn:  G 1 (SimpleRNN), b [U];                   x w r b? mask? h?    -> y, h
 */
struct dsc_recurrent {
    struct dsc_act act;      /* of the candidate and the output */
    struct dsc_act gate_act; /* recurrent_activation; not used by rnn */
    bool sequences, backwards, zero_masked;
    bool reset_after; /* gru only */
};

#endif
