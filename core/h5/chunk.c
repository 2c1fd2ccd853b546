#include <string.h>
#include <zlib.h>

#include "core/base/alloc.h"
#include "core/h5/h5_internal.h"

#define MAX_LEVEL   32 /* of a tree */
#define MAX_FILTERS 32 /* as in the HDF5 library */

enum { FILTER_DEFLATE = 1, FILTER_SHUFFLE = 2, FILTER_FLETCHER32 = 3 };

/* Undoing the filters of chunks: two buffers, each result in the other. */
struct unpacking {
    unsigned filter[MAX_FILTERS];
    size_t n_filters;
    uint8_t *buffer[2];
    size_t buffer_bytes;
};

/* The filter message (IV.A.2.l): version 1 has reserved bytes and fills up to 8. */
static bool parse_filters(const struct dsc_h5_chunks *k, struct unpacking *u, char name[32])
{
    struct dsc_h5_cursor c = dsc_h5_cursor(k->filters, k->filters_len);
    uint64_t version = dsc_h5_take(&c, 1), n = dsc_h5_take(&c, 1);

    if (version < 1 || version > 2 || n > MAX_FILTERS)
        return false;
    dsc_h5_skip(&c, version == 1 ? 6 : 0);
    for (uint64_t i = 0; i < n; i++) {
        unsigned id = (unsigned)dsc_h5_take(&c, 2);
        uint64_t len = version == 1 || id >= 256 ? dsc_h5_take(&c, 2) : 0, n_values;
        const uint8_t *text;

        dsc_h5_skip(&c, 2);
        n_values = dsc_h5_take(&c, 2);
        text = dsc_h5_skip(&c, len);
        if (text && id > FILTER_FLETCHER32) {
            memcpy(name, text, DSC_MIN(len, 31));
            name[DSC_MIN(len, 31)] = '\0';
        }
        dsc_h5_skip(&c, 4 * n_values + (version == 1 && n_values % 2 ? 4 : 0));
        u->filter[u->n_filters++] = id;
    }
    return !c.failed;
}

/* Only filters that are part of the format and undo themselves: no plugin is ever loaded. */
enum dsc_status dsc_h5_filters_check(const struct dsc_h5_chunks *k, bool *inflates)
{
    struct unpacking u = { .n_filters = 0 };
    char name[32] = "";

    *inflates = false;
    if (!k->filters)
        return DSC_OK;
    if (!parse_filters(k, &u, name))
        return dsc_h5_damaged(k->file, k->path, "the filters");
    for (size_t i = 0; i < u.n_filters; i++) {
        if (u.filter[i] == FILTER_DEFLATE)
            *inflates = true;
        else if (u.filter[i] != FILTER_SHUFFLE && u.filter[i] != FILTER_FLETCHER32)
            return dsc_fail(DSC_UNSUPPORTED,
                            "'%s': dataset '%s' is packed by filter %u ('%s'); gzip and shuffle "
                            "are known",
                            k->file->name, k->path, u.filter[i], name);
    }
    return DSC_OK;
}

static voidpf zlib_alloc(voidpf arg, uInt n, uInt size)
{
    (void)arg;
    return dsc_malloc(n, size);
}

static void zlib_free(voidpf arg, voidpf p)
{
    (void)arg;
    dsc_free(p);
}

/* Length of what comes out, 0 when the bytes are not whole. */
static size_t inflate_bytes(const uint8_t *from, size_t len, uint8_t *to, size_t max_len)
{
    z_stream z = { .zalloc = zlib_alloc, .zfree = zlib_free };
    size_t out = 0;

    z.next_in = (Bytef *)(uintptr_t)from;
    z.avail_in = (uInt)len;
    z.next_out = to;
    z.avail_out = (uInt)max_len;
    if (inflateInit(&z) != Z_OK)
        return 0;
    if (inflate(&z, Z_FINISH) == Z_STREAM_END)
        out = max_len - z.avail_out;
    inflateEnd(&z);
    return out;
}

/* Byte j of element i was moved to j n + i; what is left over stayed at the end. */
static void unshuffle(const uint8_t *from, size_t len, size_t element_bytes, uint8_t *to)
{
    size_t n = len / element_bytes;

    for (size_t j = 0; j < element_bytes; j++)
        for (size_t i = 0; i < n; i++)
            to[i * element_bytes + j] = from[j * n + i];
    memcpy(to + n * element_bytes, from + n * element_bytes, len - n * element_bytes);
}

/* The elements of a stored chunk, or NULL when it is damaged. A set bit of mask leaves that
 * filter out. */
static const uint8_t *unpack(const struct dsc_h5_chunks *k, const struct unpacking *u,
                             struct dsc_h5_cursor stored, uint32_t mask)
{
    size_t len = (size_t)(stored.end - stored.at);
    const uint8_t *from = stored.at;
    int turn = 0;

    for (size_t i = u->n_filters; i > 0; i--) {
        uint8_t *to = u->buffer[turn];

        if (mask & (uint32_t)1 << (i - 1))
            continue;
        if (u->filter[i - 1] == FILTER_FLETCHER32) {
            if (len < 4)
                return NULL;
            len -= 4;
            continue;
        }
        if (u->filter[i - 1] == FILTER_DEFLATE) {
            len = inflate_bytes(from, len, to, u->buffer_bytes);
        } else {
            if (len > u->buffer_bytes)
                return NULL;
            unshuffle(from, len, k->element_bytes, to);
        }
        from = to;
        turn = !turn;
    }
    return len >= k->chunk_bytes ? from : NULL;
}

/* Reading rows first .. first + n - 1 of all chunks. */
struct reading {
    const struct dsc_h5_chunks *chunks;
    struct unpacking unpacking;
    size_t first, n;
    uint8_t *out;
    size_t budget;                   /* nodes that the file has room for: more are a loop */
    size_t want_bytes, copied_bytes; /* all chunks together must fill `out` */
};

static enum dsc_status damaged(const struct reading *r)
{
    return dsc_h5_damaged(r->chunks->file, r->chunks->path, "a chunk");
}

/* Copy what a chunk at `at` and the rows have in common, one run along the last axis at a time. */
static void copy_chunk(struct reading *r, const uint8_t *from, const size_t *at)
{
    const struct dsc_h5_chunks *k = r->chunks;
    size_t begin[DSC_H5_MAX_RANK] = { 0 }, end[DSC_H5_MAX_RANK] = { 0 }, i[DSC_H5_MAX_RANK];
    size_t last = k->rank - 1, run;

    for (size_t a = 0; a < k->rank; a++) {
        begin[a] = i[a] = at[a];
        end[a] = DSC_MIN(at[a] + k->chunk[a], k->dim[a]);
    }
    begin[0] = i[0] = DSC_MAX(begin[0], r->first);
    end[0] = DSC_MIN(end[0], r->first + r->n);
    for (size_t a = 0; a < k->rank; a++)
        if (begin[a] >= end[a])
            return;
    run = (end[last] - begin[last]) * k->element_bytes;
    for (;;) {
        size_t source = 0, target = 0, a = last;

        for (size_t b = 0; b < k->rank; b++) {
            source = source * k->chunk[b] + (i[b] - at[b]);
            target = target * k->dim[b] + (b ? i[b] : i[b] - r->first);
        }
        memcpy(r->out + target * k->element_bytes, from + source * k->element_bytes, run);
        r->copied_bytes += run;
        while (a > 0 && ++i[a - 1] == end[a - 1]) {
            i[a - 1] = begin[a - 1];
            a--;
        }
        if (!a)
            return;
    }
}

static enum dsc_status read_chunk(struct reading *r, uint64_t address, uint32_t len, uint32_t mask,
                                  const size_t *at)
{
    struct dsc_h5_cursor stored = dsc_h5_at(r->chunks->file, address, len);
    const uint8_t *elements;

    if (stored.failed)
        return damaged(r);
    if (at[0] >= r->first + r->n || at[0] + r->chunks->chunk[0] <= r->first)
        return DSC_OK;
    if (r->copied_bytes >= r->want_bytes)
        return damaged(r); /* the same place again */
    elements = unpack(r->chunks, &r->unpacking, stored, mask);
    if (!elements)
        return damaged(r);
    copy_chunk(r, elements, at);
    return DSC_OK;
}

/* A version 1 tree (III.A.1) whose keys are length, filters left out, and place of a chunk. */
static enum dsc_status read_tree(struct reading *r, uint64_t address, unsigned parent_level)
{
    const struct dsc_h5_chunks *k = r->chunks;
    struct dsc_h5_cursor c = dsc_h5_at(k->file, address, SIZE_MAX);
    unsigned type, level;
    enum dsc_status st;
    uint64_t n;

    dsc_h5_expect(&c, "TREE");
    type = (unsigned)dsc_h5_take(&c, 1);
    level = (unsigned)dsc_h5_take(&c, 1);
    n = dsc_h5_take(&c, 2);
    dsc_h5_skip(&c, 16); /* siblings */
    if (c.failed || type != 1 || level >= parent_level)
        return damaged(r);
    for (uint64_t i = 0; i < n; i++) {
        uint32_t len = (uint32_t)dsc_h5_take(&c, 4), mask = (uint32_t)dsc_h5_take(&c, 4);
        size_t at[DSC_H5_MAX_RANK];
        uint64_t child;

        for (size_t a = 0; a < k->rank; a++) {
            at[a] = (size_t)dsc_h5_take(&c, 8);
            if (at[a] % k->chunk[a] || (!level && at[a] >= k->dim[a]))
                return damaged(r);
        }
        dsc_h5_skip(&c, 8);
        child = dsc_h5_take(&c, 8);
        if (c.failed || !r->budget--)
            return damaged(r);
        st = level ? read_tree(r, child, level) : read_chunk(r, child, len, mask, at);
        if (st)
            return st;
    }
    return DSC_OK;
}

static enum dsc_status prepare(struct reading *r)
{
    const struct dsc_h5_chunks *k = r->chunks;
    struct unpacking *u = &r->unpacking;
    char name[32];

    if (!k->filters)
        return DSC_OK;
    if (!parse_filters(k, u, name))
        return dsc_h5_damaged(k->file, k->path, "the filters");
    u->buffer_bytes = k->chunk_bytes + 4; /* a checksum may come before packing */
    for (int i = 0; i < 2; i++) {
        u->buffer[i] = dsc_malloc(u->buffer_bytes, 1);
        if (!u->buffer[i])
            return dsc_fail_nomem("a chunk of a file");
    }
    return DSC_OK;
}

enum dsc_status dsc_h5_chunks_read(const struct dsc_h5_chunks *k, size_t first, size_t n,
                                   uint8_t *out)
{
    struct reading r = { .chunks = k, .first = first, .n = n, .out = out };
    enum dsc_status st = prepare(&r);

    r.budget = k->file->len_bytes / 16;
    r.want_bytes = n * k->element_bytes;
    for (size_t a = 1; a < k->rank; a++)
        r.want_bytes *= k->dim[a];
    if (!st)
        st = read_tree(&r, k->tree, MAX_LEVEL);
    if (!st && r.copied_bytes != r.want_bytes)
        st = dsc_fail(DSC_FORMAT, "'%s': parts of dataset '%s' were never written", k->file->name,
                      k->path);
    dsc_free(r.unpacking.buffer[0]);
    dsc_free(r.unpacking.buffer[1]);
    return st;
}
