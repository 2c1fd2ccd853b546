#include "core/h5/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/strbuf.h"

#define MAX_TRIES 100 /* temporary names left behind by runs that were killed */

struct dsc_h5_writer {
    char *path, *temporary;
    hid_t file;
    bool exists; /* the temporary file */
};

/* The HDF5 library is not safe from several threads in every build, and prints errors unless
 * told otherwise: this is held around its calls. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

struct lock {
    H5E_auto2_t print;
    void *print_data;
};

static void lock_begin(struct lock *l)
{
    pthread_mutex_lock(&mutex);
    if (H5Eget_auto2(H5E_DEFAULT, &l->print, &l->print_data) < 0)
        l->print = NULL;
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

static void lock_end(const struct lock *l)
{
    H5Eset_auto2(H5E_DEFAULT, l->print, l->print_data);
    pthread_mutex_unlock(&mutex);
}

static herr_t first_reason(unsigned n, const H5E_error2_t *error, void *text)
{
    const char **reason = text;

    (void)n;
    if (!*reason)
        *reason = error->desc;
    return 0;
}

/* With the innermost reason that the library gives; inside the lock. */
static enum dsc_status fail_write(const struct dsc_h5_writer *w, const char *what)
{
    const char *reason = NULL;

    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, first_reason, &reason);
    return dsc_fail(DSC_IO, "cannot write '%s' in '%s' (HDF5: %s)", what, w->path,
                    reason ? reason : "no reason given");
}

/* A rename would put a file in the place of a device, and /dev/null would be gone. */
static enum dsc_status check_place(const char *path)
{
    struct stat info;

    if (!stat(path, &info) && !S_ISREG(info.st_mode))
        return dsc_fail(DSC_IO,
                        "cannot write '%s': it is a %s; an HDF5 file needs a name of its own", path,
                        S_ISDIR(info.st_mode) ? "folder" : "device or pipe");
    return DSC_OK;
}

/* A name that no file has, in the folder of `path`. */
static enum dsc_status create_file(struct dsc_h5_writer *w)
{
    struct lock lock;
    enum dsc_status st = DSC_OK;
    int e = EEXIST;
    hid_t access;

    for (int i = 0; i < MAX_TRIES && e == EEXIST && !st; i++) {
        struct dsc_strbuf name = DSC_STRBUF_INIT;
        int fd;

        st = dsc_strbuf_printf(&name, "%s.%ld-%d.tmp", w->path, (long)getpid(), i);
        if (st)
            break;
        fd = open(name.text, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0666);
        e = fd < 0 ? errno : 0;
        if (!e) {
            close(fd);
            w->temporary = dsc_strbuf_detach(&name);
            w->exists = true;
        }
        dsc_strbuf_release(&name);
    }
    if (st)
        return st;
    if (e)
        return dsc_fail(DSC_IO, "cannot create '%s': %s", w->path, strerror(e));
    lock_begin(&lock);
    access = H5Pcreate(H5P_FILE_ACCESS);
    /* The oldest form is what every reader knows; later libraries have another default. */
    if (access >= 0 && H5Pset_libver_bounds(access, H5F_LIBVER_EARLIEST, H5F_LIBVER_LATEST) >= 0)
        w->file = H5Fcreate(w->temporary, H5F_ACC_TRUNC, H5P_DEFAULT, access);
    if (w->file < 0)
        st = fail_write(w, "/");
    if (access >= 0)
        H5Pclose(access);
    lock_end(&lock);
    return st;
}

enum dsc_status dsc_h5_writer_open(struct dsc_h5_writer **out, const char *path)
{
    struct dsc_h5_writer *w;
    enum dsc_status st = check_place(path);

    if (st)
        return st;
    w = dsc_calloc(1, sizeof(*w));
    if (!w)
        return dsc_fail_nomem("an HDF5 file");
    w->file = H5I_INVALID_HID;
    w->path = dsc_strdup(path);
    st = w->path ? create_file(w) : dsc_fail_nomem("an HDF5 file");
    if (st)
        dsc_h5_writer_close(w);
    else
        *out = w;
    return st;
}

/* After a rename the folder's entry must reach the disk too; where a file system cannot
 * do that, the rename itself still stands. */
static void sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash ? dsc_strndup(path, (size_t)(slash - path) + 1) : dsc_strdup(".");
    int fd = folder ? open(folder, O_RDONLY | O_CLOEXEC) : -1;

    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    dsc_free(folder);
}

static enum dsc_status sync_file(const struct dsc_h5_writer *w)
{
    int fd = open(w->temporary, O_RDONLY | O_CLOEXEC);
    int e = fd < 0 || fsync(fd) ? errno : 0;

    if (fd >= 0)
        close(fd);
    return e ? dsc_fail(DSC_IO, "cannot write '%s': %s", w->path, strerror(e)) : DSC_OK;
}

enum dsc_status dsc_h5_writer_commit(struct dsc_h5_writer *w)
{
    enum dsc_status st = DSC_OK;
    struct lock lock;

    lock_begin(&lock);
    if (H5Fflush(w->file, H5F_SCOPE_GLOBAL) < 0)
        st = fail_write(w, "/");
    if (H5Fclose(w->file) < 0 && !st)
        st = fail_write(w, "/");
    w->file = H5I_INVALID_HID;
    lock_end(&lock);
    if (!st)
        st = sync_file(w);
    if (!st && rename(w->temporary, w->path))
        st = dsc_fail(DSC_IO, "cannot write '%s': %s", w->path, strerror(errno));
    if (!st) {
        w->exists = false;
        sync_folder(w->path);
    }
    return st;
}

void dsc_h5_writer_close(struct dsc_h5_writer *w)
{
    struct lock lock;

    if (!w)
        return;
    if (w->file >= 0) {
        lock_begin(&lock);
        H5Fclose(w->file);
        lock_end(&lock);
    }
    if (w->exists)
        unlink(w->temporary);
    dsc_free(w->temporary);
    dsc_free(w->path);
    dsc_free(w);
}

/* Links that make the groups on their way; below 0 on failure. */
static hid_t new_link_plist(void)
{
    hid_t plist = H5Pcreate(H5P_LINK_CREATE);

    if (plist >= 0 && H5Pset_create_intermediate_group(plist, 1) < 0) {
        H5Pclose(plist);
        return H5I_INVALID_HID;
    }
    return plist;
}

/* Datasets without a time stamp: the same numbers give the same file. */
static hid_t new_set_plist(void)
{
    hid_t plist = H5Pcreate(H5P_DATASET_CREATE);

    if (plist >= 0 && H5Pset_obj_track_times(plist, false) < 0) {
        H5Pclose(plist);
        return H5I_INVALID_HID;
    }
    return plist;
}

enum dsc_status dsc_h5_writer_add_group(struct dsc_h5_writer *w, const char *path)
{
    enum dsc_status st = DSC_OK;
    struct lock lock;
    hid_t plist, group = H5I_INVALID_HID;

    lock_begin(&lock);
    plist = new_link_plist();
    if (plist >= 0)
        group = H5Gcreate2(w->file, path, plist, H5P_DEFAULT, H5P_DEFAULT);
    if (group < 0)
        st = fail_write(w, path);
    else
        H5Gclose(group);
    if (plist >= 0)
        H5Pclose(plist);
    lock_end(&lock);
    return st;
}

/* Bool as h5py stores it, so that numpy reads it as such. */
static hid_t new_bool_type(void)
{
    hid_t type = H5Tenum_create(H5T_NATIVE_INT8);
    int8_t no = 0, yes = 1;

    if (type >= 0 &&
        (H5Tenum_insert(type, "FALSE", &no) < 0 || H5Tenum_insert(type, "TRUE", &yes) < 0)) {
        H5Tclose(type);
        return H5I_INVALID_HID;
    }
    return type;
}

static hid_t new_type(enum dsc_h5_type type)
{
    switch (type) {
    case DSC_H5_F32:
        return H5Tcopy(H5T_IEEE_F32LE);
    case DSC_H5_I32:
        return H5Tcopy(H5T_STD_I32LE);
    case DSC_H5_BOOL:
        break;
    }
    return new_bool_type();
}

/* The type of `data` in memory for a dataset of this type. */
static hid_t memory_type(hid_t type)
{
    switch (H5Tget_class(type)) {
    case H5T_FLOAT:
        return H5T_NATIVE_FLOAT;
    case H5T_INTEGER:
        return H5T_NATIVE_INT32;
    default:
        return type;
    }
}

enum dsc_status dsc_h5_writer_add_array(struct dsc_h5_writer *w, const char *path,
                                        const struct dsc_h5_array *a, const void *data)
{
    hid_t plist, create, type, space, set = H5I_INVALID_HID;
    hsize_t dim[DSC_H5_MAX_RANK];
    enum dsc_status st = DSC_OK;
    struct lock lock;

    for (size_t i = 0; i < a->rank; i++)
        dim[i] = a->dim[i];
    lock_begin(&lock);
    plist = new_link_plist();
    create = new_set_plist();
    type = new_type(a->type);
    space = a->rank ? H5Screate_simple((int)a->rank, dim, NULL) : H5Screate(H5S_SCALAR);
    if (plist >= 0 && create >= 0 && type >= 0 && space >= 0)
        set = H5Dcreate2(w->file, path, type, space, plist, create, H5P_DEFAULT);
    if (set < 0 ||
        (data && H5Dwrite(set, memory_type(type), H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0))
        st = fail_write(w, path);
    if (set >= 0)
        H5Dclose(set);
    if (space >= 0)
        H5Sclose(space);
    if (type >= 0)
        H5Tclose(type);
    if (create >= 0)
        H5Pclose(create);
    if (plist >= 0)
        H5Pclose(plist);
    lock_end(&lock);
    return st;
}

/* Write rows of an open dataset; negative on failure. */
static herr_t put_rows(hid_t set, size_t first, size_t n, const void *data)
{
    hsize_t start[DSC_H5_MAX_RANK] = { 0 }, count[DSC_H5_MAX_RANK];
    hid_t space = H5Dget_space(set), type = H5Dget_type(set), memory = H5I_INVALID_HID;
    int rank = H5Sget_simple_extent_dims(space, count, NULL);
    herr_t result = -1;

    if (rank >= 1) {
        start[0] = first;
        count[0] = n;
        memory = H5Screate_simple(rank, count, NULL);
        if (H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0)
            result = H5Dwrite(set, memory_type(type), memory, space, H5P_DEFAULT, data);
    }
    if (memory >= 0)
        H5Sclose(memory);
    H5Tclose(type);
    H5Sclose(space);
    return result;
}

enum dsc_status dsc_h5_writer_put_rows(struct dsc_h5_writer *w, const char *path, size_t first,
                                       size_t n, const void *data)
{
    enum dsc_status st = DSC_OK;
    struct lock lock;
    hid_t set;

    lock_begin(&lock);
    set = H5Dopen2(w->file, path, H5P_DEFAULT);
    if (set < 0 || put_rows(set, first, n, data) < 0)
        st = fail_write(w, path);
    if (set >= 0)
        H5Dclose(set);
    lock_end(&lock);
    return st;
}

static hid_t new_text_type(void)
{
    hid_t type = H5Tcopy(H5T_C_S1);

    if (type >= 0 &&
        (H5Tset_size(type, H5T_VARIABLE) < 0 || H5Tset_cset(type, H5T_CSET_UTF8) < 0)) {
        H5Tclose(type);
        return H5I_INVALID_HID;
    }
    return type;
}

/* n SIZE_MAX: one string, not a list. */
static enum dsc_status write_texts(struct dsc_h5_writer *w, const char *path, const char *attr,
                                   const char *const *text, size_t n)
{
    bool single = n == SIZE_MAX;
    hid_t type, space, object, id = H5I_INVALID_HID;
    enum dsc_status st = DSC_OK;
    struct lock lock;
    hsize_t dim = n;

    lock_begin(&lock);
    type = new_text_type();
    space = single ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &dim, NULL);
    object = H5Oopen(w->file, path, H5P_DEFAULT);
    if (type >= 0 && space >= 0 && object >= 0)
        id = H5Acreate2(object, attr, type, space, H5P_DEFAULT, H5P_DEFAULT);
    if (id < 0 || (n && H5Awrite(id, type, text) < 0))
        st = fail_write(w, attr);
    if (id >= 0)
        H5Aclose(id);
    if (object >= 0)
        H5Oclose(object);
    if (space >= 0)
        H5Sclose(space);
    if (type >= 0)
        H5Tclose(type);
    lock_end(&lock);
    return st;
}

enum dsc_status dsc_h5_writer_add_text(struct dsc_h5_writer *w, const char *path, const char *attr,
                                       const char *text)
{
    return write_texts(w, path, attr, &text, SIZE_MAX);
}

enum dsc_status dsc_h5_writer_add_texts(struct dsc_h5_writer *w, const char *path, const char *attr,
                                        const char *const *text, size_t n)
{
    return write_texts(w, path, attr, text, n);
}
