#include <string.h>

#include "core/base/alloc.h"
#include "core/h5/h5_internal.h"

#define MAX_CHUNK_BYTES ((size_t)256 << 20)
#define MAX_INFLATE     1032 /* deflate cannot grow data by more */

/* An open dataset, checked by open_dataset: its numbers fit in the file as stored. */
struct dataset {
    const struct dsc_h5 *file;
    const char *path;
    hid_t id, type, space, plist;
    size_t n; /* elements */
    size_t len_bytes;
    hsize_t dim[DSC_H5_MAX_RANK];
    H5D_layout_t layout;
    struct dsc_h5_array array;
};

static void close_dataset(struct dataset *d)
{
    if (d->plist >= 0)
        H5Pclose(d->plist);
    if (d->space >= 0)
        H5Sclose(d->space);
    if (d->type >= 0)
        H5Tclose(d->type);
    if (d->id >= 0)
        H5Dclose(d->id);
}

static enum dsc_status fail_dataset(const struct dataset *d, const char *what)
{
    return dsc_h5_fail(DSC_FORMAT, "'%s': dataset '%s' %s", d->file->name, d->path, what);
}

static enum dsc_status refuse(const struct dataset *d, enum dsc_status st, const char *what)
{
    return dsc_fail(st, "'%s': dataset '%s' %s", d->file->name, d->path, what);
}

static enum dsc_status check_type(struct dataset *d)
{
    switch (H5Tget_class(d->type)) {
    case H5T_FLOAT:
        d->array.type = DSC_H5_F32;
        break;
    case H5T_INTEGER:
        d->array.type = DSC_H5_I32;
        break;
    case H5T_ENUM: /* how h5py stores numpy's bool */
        d->array.type = DSC_H5_BOOL;
        break;
    default:
        return refuse(d, DSC_UNSUPPORTED, "does not hold plain numbers");
    }
    return H5Tget_size(d->type) <= 16 ? DSC_OK
                                      : refuse(d, DSC_UNSUPPORTED, "holds numbers too wide");
}

static enum dsc_status check_shape(struct dataset *d)
{
    H5S_class_t class = H5Sget_simple_extent_type(d->space);
    int rank = H5Sget_simple_extent_ndims(d->space);

    if (rank < 0 || (class != H5S_SIMPLE && class != H5S_SCALAR))
        return refuse(d, DSC_FORMAT, "has no shape");
    if (rank > DSC_H5_MAX_RANK)
        return dsc_fail(DSC_UNSUPPORTED, "'%s': dataset '%s' has %d axes, at most %d are known",
                        d->file->name, d->path, rank, DSC_H5_MAX_RANK);
    if (H5Sget_simple_extent_dims(d->space, d->dim, NULL) < 0)
        return fail_dataset(d, "has no shape");
    d->array.rank = (size_t)rank;
    d->n = 1;
    for (int i = 0; i < rank; i++) {
        d->array.dim[i] = (size_t)d->dim[i];
        if (d->dim[i] > SIZE_MAX / 16 || !dsc_mul_size(d->n, (size_t)d->dim[i], &d->n))
            return refuse(d, DSC_FORMAT, "is too large");
    }
    if (!dsc_mul_size(d->n, H5Tget_size(d->type), &d->len_bytes))
        return refuse(d, DSC_FORMAT, "is too large");
    return DSC_OK;
}

/* Only filters that come with HDF5 and undo themselves: no plugin is ever loaded. */
static enum dsc_status check_filters(const struct dataset *d, bool *deflates)
{
    int n = H5Pget_nfilters(d->plist);

    *deflates = false;
    for (int i = 0; i < n; i++) {
        unsigned flags, config;
        size_t n_values = 0;
        char name[64] = "";
        H5Z_filter_t id = H5Pget_filter2(d->plist, (unsigned)i, &flags, &n_values, NULL,
                                         sizeof(name), name, &config);

        if (id < 0)
            return fail_dataset(d, "has unreadable filters");
        *deflates |= id == H5Z_FILTER_DEFLATE;
        if (id != H5Z_FILTER_DEFLATE && id != H5Z_FILTER_SHUFFLE && id != H5Z_FILTER_FLETCHER32)
            return dsc_fail(DSC_UNSUPPORTED,
                            "'%s': dataset '%s' is packed by filter %d ('%s'); gzip and shuffle "
                            "are known",
                            d->file->name, d->path, (int)id, name);
    }
    return n < 0 ? fail_dataset(d, "has unreadable filters") : DSC_OK;
}

static enum dsc_status check_chunks(const struct dataset *d, size_t *max_bytes)
{
    hsize_t dim[DSC_H5_MAX_RANK + 1];
    int rank = H5Pget_chunk(d->plist, DSC_H5_MAX_RANK, dim);
    size_t bytes = H5Tget_size(d->type);
    bool deflates;
    enum dsc_status st;

    if (rank < 0 || (size_t)rank != d->array.rank)
        return refuse(d, DSC_FORMAT, "has chunks of another rank");
    for (int i = 0; i < rank; i++)
        if (!dim[i] || dim[i] > SIZE_MAX || !dsc_mul_size(bytes, (size_t)dim[i], &bytes) ||
            bytes > MAX_CHUNK_BYTES)
            return refuse(d, DSC_FORMAT, "has chunks above 256 MiB");
    st = check_filters(d, &deflates);
    if (!st && deflates && !dsc_mul_size(*max_bytes, MAX_INFLATE, max_bytes))
        *max_bytes = SIZE_MAX;
    return st;
}

/* The numbers must be in this file, and not more than it can hold. */
static enum dsc_status check_storage(struct dataset *d)
{
    size_t max_bytes = (size_t)DSC_MIN(H5Dget_storage_size(d->id), d->file->len_bytes);
    enum dsc_status st = DSC_OK;

    d->layout = H5Pget_layout(d->plist);
    if (H5Pget_external_count(d->plist) > 0)
        return refuse(d, DSC_UNSUPPORTED, "keeps its numbers in another file");
    if (d->layout == H5D_VIRTUAL)
        return refuse(d, DSC_UNSUPPORTED, "is virtual: its numbers are elsewhere");
    if (d->n && !max_bytes)
        return refuse(d, DSC_FORMAT, "was never written");
    if (d->layout == H5D_CHUNKED)
        st = check_chunks(d, &max_bytes);
    if (!st && d->len_bytes > max_bytes)
        st = refuse(d, DSC_FORMAT, "is larger than what the file holds of it");
    return st;
}

static bool is_native_f32(hid_t type)
{
    return H5Tequal(type, H5T_NATIVE_FLOAT) > 0;
}

static void find_mapping(struct dataset *d)
{
    haddr_t at;

    if (d->layout != H5D_CONTIGUOUS || !is_native_f32(d->type) || !d->n)
        return;
    at = H5Dget_offset(d->id);
    if (at == HADDR_UNDEF || at > d->file->len_bytes || d->len_bytes > d->file->len_bytes - at)
        return;
    if ((uintptr_t)(d->file->bytes + at) % sizeof(float))
        return;
    d->array.mapped = (const float *)(const void *)(d->file->bytes + at);
}

static enum dsc_status open_dataset(struct dataset *d)
{
    enum dsc_status st;

    d->type = d->space = d->plist = d->id = H5I_INVALID_HID;
    st = dsc_h5_object(d->file, d->path, DSC_H5_DATASET, &d->id);
    if (st)
        return st;
    d->type = H5Dget_type(d->id);
    d->space = H5Dget_space(d->id);
    d->plist = H5Dget_create_plist(d->id);
    if (d->type < 0 || d->space < 0 || d->plist < 0)
        return fail_dataset(d, "cannot be opened");
    st = check_type(d);
    if (!st)
        st = check_shape(d);
    if (!st)
        st = check_storage(d);
    if (!st)
        find_mapping(d);
    return st;
}

enum dsc_status dsc_h5_array(const struct dsc_h5 *f, const char *path, struct dsc_h5_array *out)
{
    struct dataset d = { .file = f, .path = path };
    struct dsc_h5_lock lock;
    enum dsc_status st;

    dsc_h5_lock(&lock);
    st = open_dataset(&d);
    if (!st)
        *out = d.array;
    close_dataset(&d);
    dsc_h5_unlock(&lock);
    return st;
}

/* A word index that does not fit must not become another word. */
static H5T_conv_ret_t on_conversion(H5T_conv_except_t what, hid_t from, hid_t to, void *src,
                                    void *dst, void *lossy)
{
    (void)from;
    (void)to;
    (void)src;
    (void)dst;
    if (what == H5T_CONV_EXCEPT_PRECISION)
        return H5T_CONV_UNHANDLED;
    *(bool *)lossy = true;
    return H5T_CONV_ABORT;
}

static enum dsc_status select_rows(struct dataset *d, size_t first, size_t *n, hid_t *memory)
{
    hsize_t start[DSC_H5_MAX_RANK] = { 0 }, count[DSC_H5_MAX_RANK];
    size_t rows = d->array.rank ? d->array.dim[0] : 1;
    hsize_t total = 1;

    if (*n == SIZE_MAX && first <= rows)
        *n = rows - first;
    if (first > rows || *n > rows - first)
        return dsc_fail(DSC_INVALID, "'%s': dataset '%s' has %zu rows, asked for %zu from %zu",
                        d->file->name, d->path, rows, *n, first);
    memcpy(count, d->dim, sizeof(count));
    start[0] = first;
    count[0] = *n;
    for (size_t i = 0; i < d->array.rank; i++)
        total *= count[i];
    if (d->array.rank && total && *n < rows &&
        H5Sselect_hyperslab(d->space, H5S_SELECT_SET, start, NULL, count, NULL) < 0)
        return fail_dataset(d, "cannot be cut into rows");
    *memory = d->array.rank ? H5Screate_simple(1, &total, NULL) : H5Screate(H5S_SCALAR);
    d->n = (size_t)total;
    return *memory < 0 ? fail_dataset(d, "cannot be cut into rows") : DSC_OK;
}

static enum dsc_status fail_lossy(const struct dataset *d, enum dsc_h5_type type)
{
    return refuse(d, DSC_FORMAT,
                  type == DSC_H5_BOOL ? "holds a number that is neither true nor false"
                                      : "holds a number that is not a whole 32-bit number");
}

/* Floats to whole numbers, by way of double: exact for every width. */
static enum dsc_status convert_floats(struct dataset *d, enum dsc_h5_type type, hid_t memory,
                                      void *out)
{
    double *x = dsc_malloc(d->n, sizeof(*x));
    enum dsc_status st = DSC_OK;

    if (!x)
        return dsc_fail_nomem("numbers of a file");
    if (H5Dread(d->id, H5T_NATIVE_DOUBLE, memory, d->space, H5P_DEFAULT, x) < 0)
        st = fail_dataset(d, "cannot be read");
    for (size_t i = 0; i < d->n && !st; i++) {
        if (!(x[i] >= INT32_MIN && x[i] <= INT32_MAX) || x[i] != (double)(int32_t)x[i])
            st = fail_lossy(d, type);
        else if (type == DSC_H5_I32)
            ((int32_t *)out)[i] = (int32_t)x[i];
        else
            ((uint8_t *)out)[i] = x[i] != 0;
    }
    dsc_free(x);
    return st;
}

static enum dsc_status convert(struct dataset *d, enum dsc_h5_type type, hid_t memory, void *out)
{
    hid_t native = type == DSC_H5_F32   ? H5T_NATIVE_FLOAT
                   : type == DSC_H5_I32 ? H5T_NATIVE_INT32
                                        : H5T_NATIVE_UINT8;
    hid_t transfer = H5Pcreate(H5P_DATASET_XFER);
    enum dsc_status st = DSC_OK;
    bool lossy = false;
    uint8_t *flag = out;

    if (transfer < 0 ||
        (type != DSC_H5_F32 && H5Pset_type_conv_cb(transfer, on_conversion, &lossy) < 0) ||
        H5Dread(d->id, native, memory, d->space, transfer, out) < 0) {
        if (lossy)
            st = fail_lossy(d, type);
        else
            st = fail_dataset(d, "cannot be read");
    }
    if (transfer >= 0)
        H5Pclose(transfer);
    for (size_t i = 0; !st && type == DSC_H5_BOOL && i < d->n; i++)
        flag[i] = flag[i] != 0;
    return st;
}

enum dsc_status dsc_h5_read(const struct dsc_h5 *f, const char *path, enum dsc_h5_type type,
                            size_t first, size_t n, void *out)
{
    struct dataset d = { .file = f, .path = path };
    struct dsc_h5_lock lock;
    hid_t memory = H5I_INVALID_HID;
    enum dsc_status st;

    dsc_h5_lock(&lock);
    st = open_dataset(&d);
    if (!st)
        st = select_rows(&d, first, &n, &memory);
    if (!st && d.n)
        st = d.array.type == DSC_H5_F32 && type != DSC_H5_F32
                 ? convert_floats(&d, type, memory, out)
                 : convert(&d, type, memory, out);
    if (memory >= 0)
        H5Sclose(memory);
    close_dataset(&d);
    dsc_h5_unlock(&lock);
    return st;
}
