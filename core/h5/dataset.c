#include <string.h>

#include "core/base/alloc.h"
#include "core/h5/h5_internal.h"

#define MAX_INFLATE     1032 /* deflate cannot grow data by more */
#define MAX_CHUNK_BYTES ((size_t)1 << 30)

/* An open dataset, checked: its numbers fit in the file as stored. */
struct dataset {
    const struct dsc_h5 *file;
    const char *path;
    struct dsc_h5_object object;
    struct dsc_h5_datatype type;
    struct dsc_h5_space space;
    size_t len_bytes;
    const uint8_t *data; /* all elements in one piece; NULL: in chunks */
    struct dsc_h5_chunks chunks;
};

static enum dsc_status fail_dataset(const struct dataset *d, enum dsc_status st, const char *what)
{
    return dsc_fail(st, "'%s': dataset '%s' %s", d->file->name, d->path, what);
}

static enum dsc_status check_type(struct dataset *d)
{
    const struct dsc_h5_message *m = dsc_h5_object_find(&d->object, DSC_H5_MSG_DATATYPE);

    if (m && m->is_shared)
        return fail_dataset(d, DSC_UNSUPPORTED, "has a type that is kept elsewhere");
    if (!m || !dsc_h5_datatype_parse(&d->type, m->bytes, m->len))
        return dsc_h5_damaged(d->file, d->path, "the type");
    if (d->type.class != DSC_H5_INTEGER && d->type.class != DSC_H5_FLOAT)
        return fail_dataset(d, DSC_UNSUPPORTED, "does not hold plain numbers");
    return DSC_OK;
}

static enum dsc_status check_space(struct dataset *d)
{
    const struct dsc_h5_message *m = dsc_h5_object_find(&d->object, DSC_H5_MSG_DATASPACE);

    if (!m || m->is_shared || !dsc_h5_space_parse(&d->space, m->bytes, m->len) ||
        !dsc_mul_size(d->space.n, d->type.bytes, &d->len_bytes))
        return dsc_h5_damaged(d->file, d->path, "the shape");
    if (d->space.rank > DSC_H5_MAX_RANK)
        return dsc_fail(DSC_UNSUPPORTED, "'%s': dataset '%s' has %zu axes, at most %d are known",
                        d->file->name, d->path, d->space.rank, DSC_H5_MAX_RANK);
    return DSC_OK;
}

static enum dsc_status find_contiguous(struct dataset *d, uint64_t address, uint64_t size)
{
    struct dsc_h5_cursor c;

    if (!d->space.n) {
        d->data = d->file->bytes;
        return DSC_OK;
    }
    if (address == DSC_H5_NOWHERE)
        return fail_dataset(d, DSC_FORMAT, "was never written");
    c = dsc_h5_at(d->file, address, d->len_bytes);
    if (c.failed || size < d->len_bytes)
        return fail_dataset(d, DSC_FORMAT, "is larger than what the file holds of it");
    d->data = c.at;
    return DSC_OK;
}

/* The last number of a chunk's shape is the size of an element. */
static enum dsc_status find_chunks(struct dataset *d, struct dsc_h5_cursor *c)
{
    const struct dsc_h5_message *m = dsc_h5_object_find(&d->object, DSC_H5_MSG_FILTERS);
    size_t rank = (size_t)dsc_h5_take(c, 1), max_bytes = d->file->len_bytes;
    struct dsc_h5_chunks *k = &d->chunks;
    bool inflates = false;
    enum dsc_status st;

    *k = (struct dsc_h5_chunks){ .file = d->file, .path = d->path, .rank = d->space.rank };
    k->tree = dsc_h5_take(c, 8);
    k->element_bytes = k->chunk_bytes = d->type.bytes;
    if (rank != k->rank + 1 || rank == 1)
        return dsc_h5_damaged(d->file, d->path, "the chunks");
    for (size_t i = 0; i < k->rank; i++) {
        k->dim[i] = d->space.dim[i];
        k->chunk[i] = (size_t)dsc_h5_take(c, 4);
        if (!k->chunk[i] || !dsc_mul_size(k->chunk_bytes, k->chunk[i], &k->chunk_bytes) ||
            k->chunk_bytes > MAX_CHUNK_BYTES)
            return dsc_h5_damaged(d->file, d->path, "the chunks");
    }
    if (dsc_h5_take(c, 4) != d->type.bytes || c->failed || (m && m->is_shared))
        return dsc_h5_damaged(d->file, d->path, "the chunks");
    k->filters = m ? m->bytes : NULL;
    k->filters_len = m ? m->len : 0;
    st = dsc_h5_filters_check(k, &inflates);
    if (st)
        return st;
    if (inflates && !dsc_mul_size(max_bytes, MAX_INFLATE, &max_bytes))
        max_bytes = SIZE_MAX;
    if (d->space.n && k->tree == DSC_H5_NOWHERE)
        return fail_dataset(d, DSC_FORMAT, "was never written");
    if (d->len_bytes > max_bytes || k->chunk_bytes > max_bytes)
        return fail_dataset(d, DSC_FORMAT, "is larger than what the file holds of it");
    return DSC_OK;
}

/* IV.A.2.i */
static enum dsc_status check_layout(struct dataset *d)
{
    const struct dsc_h5_message *m = dsc_h5_object_find(&d->object, DSC_H5_MSG_LAYOUT);
    struct dsc_h5_cursor c = dsc_h5_cursor(m->bytes, m->len);
    uint64_t version = dsc_h5_take(&c, 1), class = dsc_h5_take(&c, 1), address, len;

    if (dsc_h5_object_find(&d->object, DSC_H5_MSG_EXTERNAL))
        return fail_dataset(d, DSC_UNSUPPORTED, "keeps its numbers in another file");
    if (class == 3 && version == 4)
        return fail_dataset(d, DSC_UNSUPPORTED, "is virtual: its numbers are elsewhere");
    if (version != 3 && (version != 4 || class == 2))
        return fail_dataset(d, DSC_UNSUPPORTED,
                            "is stored in a way that Keras does not use; write the file again "
                            "with h5py's default libver");
    if (class == 2)
        return find_chunks(d, &c);
    if (class == 1) {
        address = dsc_h5_take(&c, 8);
        len = dsc_h5_take(&c, 8);
        return c.failed ? dsc_h5_damaged(d->file, d->path, "the place")
                        : find_contiguous(d, address, len);
    }
    len = dsc_h5_take(&c, 2);
    d->data = dsc_h5_skip(&c, len);
    if (class != 0 || !d->data || len < d->len_bytes)
        return dsc_h5_damaged(d->file, d->path, "the place");
    return DSC_OK;
}

static enum dsc_status open_dataset(struct dataset *d)
{
    enum dsc_status st = dsc_h5_object_open(d->file, d->path, DSC_H5_DATASET, &d->object);

    if (!st)
        st = check_type(d);
    if (!st)
        st = check_space(d);
    return st ? st : check_layout(d);
}

/* Floats of this machine, aligned as C wants them. */
static const float *find_mapping(const struct dataset *d)
{
    if (!d->data || !d->space.n || !dsc_h5_is_native(&d->type) ||
        (uintptr_t)d->data % sizeof(float))
        return NULL;
    return (const float *)(const void *)d->data;
}

enum dsc_status dsc_h5_array(const struct dsc_h5 *f, const char *path, struct dsc_h5_array *out)
{
    struct dataset d = { .file = f, .path = path };
    enum dsc_status st = open_dataset(&d);

    if (!st) {
        *out = (struct dsc_h5_array){ .rank = d.space.rank, .mapped = find_mapping(&d) };
        memcpy(out->dim, d.space.dim, sizeof(out->dim));
        out->type = d.type.is_enum                 ? DSC_H5_BOOL
                    : d.type.class == DSC_H5_FLOAT ? DSC_H5_F32
                                                   : DSC_H5_I32;
    }
    dsc_h5_object_release(&d.object);
    return st;
}

static enum dsc_status convert(const struct dataset *d, const uint8_t *from, size_t n,
                               enum dsc_h5_type type, void *out)
{
    if (dsc_h5_convert(&d->type, from, n, type, out))
        return DSC_OK;
    return fail_dataset(d, DSC_FORMAT, "holds a number that is not a whole 32-bit number");
}

static enum dsc_status read_rows(const struct dataset *d, enum dsc_h5_type type, size_t first,
                                 size_t n, size_t row, void *out)
{
    enum dsc_status st;
    uint8_t *raw;

    if (d->data)
        return convert(d, d->data + first * row * d->type.bytes, n * row, type, out);
    raw = dsc_calloc(n * row, d->type.bytes);
    if (!raw)
        return dsc_fail_nomem("numbers of a file");
    st = dsc_h5_chunks_read(&d->chunks, first, n, raw);
    if (!st)
        st = convert(d, raw, n * row, type, out);
    dsc_free(raw);
    return st;
}

enum dsc_status dsc_h5_read(const struct dsc_h5 *f, const char *path, enum dsc_h5_type type,
                            size_t first, size_t n, void *out)
{
    struct dataset d = { .file = f, .path = path };
    enum dsc_status st = open_dataset(&d);

    if (!st) {
        size_t rows = d.space.rank ? d.space.dim[0] : 1;

        if (n == SIZE_MAX && first <= rows)
            n = rows - first;
        if (first > rows || n > rows - first)
            st = dsc_fail(DSC_INVALID, "'%s': dataset '%s' has %zu rows, asked for %zu from %zu",
                          f->name, path, rows, n, first);
        else if (n && d.space.n)
            st = read_rows(&d, type, first, n, d.space.n / rows, out);
    }
    dsc_h5_object_release(&d.object);
    return st;
}
