#include "core/ops/dims_internal.h"
#include "core/ops/ops.h"

static enum dsc_status fail_at(const struct dsc_op_io *io, const char *why)
{
    const struct dsc_reshape *attr = io->attr;
    char text[DSC_SHAPE_TEXT], to[DSC_SHAPE_TEXT];
    struct dsc_shape target = { .rank = DSC_MIN(attr->rank, (size_t)DSC_MAX_RANK) };

    /* What is inferred prints as "?", as a free axis does. */
    for (size_t i = 0; i < target.rank; i++) {
        target.dim[i] = attr->dim[i];
        if (attr->dim[i] == DSC_RESHAPE_COPY)
            target.dim[i] = i < io->in[0]->shape.rank ? io->in[0]->shape.dim[i] : 0;
    }
    return dsc_fail(DSC_INVALID, "reshape: %s cannot become %s: %s",
                    dsc_shape_text(io->in[0]->shape, text), dsc_shape_text(target, to), why);
}

/* The product of what is not copied, on one side; free when an axis is. */
struct rest {
    size_t in, out;
    size_t inferred; /* the axis, attr->rank when there is none */
};

static enum dsc_status multiply(const struct dsc_op_io *io, struct rest *r, struct dsc_shape *s)
{
    const struct dsc_reshape *attr = io->attr;
    struct dsc_shape in = io->in[0]->shape;

    for (size_t i = 0; i < attr->rank; i++) {
        s->dim[i] = attr->dim[i];
        if (attr->dim[i] == DSC_RESHAPE_COPY) {
            if (i >= in.rank)
                return fail_at(io, "there is no such axis to copy");
            s->dim[i] = in.dim[i];
        } else if (attr->dim[i] == DSC_RESHAPE_INFER) {
            if (r->inferred < attr->rank)
                return fail_at(io, "two axes are to be inferred");
            r->inferred = i;
        } else if (!dsc_dim_mul(r->out, attr->dim[i], &r->out)) {
            return fail_at(io, "too large");
        }
    }
    for (size_t i = 0; i < in.rank; i++)
        if ((i >= attr->rank || attr->dim[i] != DSC_RESHAPE_COPY) &&
            !dsc_dim_mul(r->in, in.dim[i], &r->in))
            return fail_at(io, "too large");
    return DSC_OK;
}

static enum dsc_status shape(const struct dsc_op_io *io)
{
    const struct dsc_reshape *attr = io->attr;
    struct dsc_shape s = { .rank = attr->rank };
    struct rest r = { 1, 1, attr->rank };
    enum dsc_status st;

    if (attr->rank > DSC_MAX_RANK)
        return fail_at(io, "too many axes");
    st = multiply(io, &r, &s);
    if (st)
        return st;
    if (r.inferred < attr->rank && r.in != DSC_DIM_FREE) {
        if (r.in % r.out)
            return fail_at(io, "the lengths do not divide");
        s.dim[r.inferred] = r.in / r.out;
    } else if (r.inferred == attr->rank && r.in != DSC_DIM_FREE && r.in != r.out) {
        return fail_at(io, "the numbers of elements differ");
    }
    io->out[0].dtype = io->in[0]->dtype;
    io->out[0].shape = s;
    return DSC_OK;
}

/* A view: the result is the input's memory. */
static enum dsc_status forward(const struct dsc_op_io *io)
{
    (void)io;
    return DSC_OK;
}

/* Lengths from the word axis + 1 on multiply to the same on both sides. */
static bool tails_match(const struct dsc_reshape *attr, struct dsc_shape in, size_t axis)
{
    size_t n_in = 1, n_out = 1;

    for (size_t i = axis + 1; i < in.rank; i++)
        if (!dsc_dim_mul(n_in, in.dim[i], &n_in))
            return false;
    for (size_t i = axis + 1; i < attr->rank; i++) {
        size_t dim = attr->dim[i];

        if (dim == DSC_RESHAPE_COPY)
            dim = in.dim[i];
        if (!dsc_dim_mul(n_out, dim, &n_out))
            return false;
    }
    return n_in != DSC_DIM_FREE && n_in == n_out;
}

/* Stepwise when the words and all before them keep their places, so that what is
 * said about the shape holds for one word as well. */
static enum dsc_time time_of(const struct dsc_op_io *io, const int *in_axis, int *out_axis)
{
    const struct dsc_reshape *attr = io->attr;
    struct dsc_shape in = io->in[0]->shape;
    size_t axis = (size_t)in_axis[0];

    if (axis >= attr->rank)
        return DSC_TIME_WHOLE;
    for (size_t i = 0; i < axis; i++)
        if (attr->dim[i] != DSC_RESHAPE_COPY &&
            (attr->dim[i] == DSC_RESHAPE_INFER || attr->dim[i] != in.dim[i]))
            return DSC_TIME_WHOLE;
    if (attr->dim[axis] != DSC_RESHAPE_COPY &&
        (attr->dim[axis] != DSC_RESHAPE_INFER || !tails_match(attr, in, axis)))
        return DSC_TIME_WHOLE;
    *out_axis = in_axis[0];
    return DSC_TIME_STEPWISE;
}

const struct dsc_op dsc_op_reshape = {
    .name = "reshape",
    .attr_bytes = sizeof(struct dsc_reshape),
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .flags = DSC_OP_VIEW,
    .shape = shape,
    .forward = forward,
    .time = time_of,
};
