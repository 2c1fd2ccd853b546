#include "core/h5/h5_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

void dsc_h5_lock(struct dsc_h5_lock *l)
{
    pthread_mutex_lock(&mutex);
    if (H5Eget_auto2(H5E_DEFAULT, &l->print, &l->print_data) < 0)
        l->print = NULL;
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

void dsc_h5_unlock(const struct dsc_h5_lock *l)
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

enum dsc_status dsc_h5_fail(enum dsc_status status, const char *fmt, ...)
{
    const char *reason = NULL;
    char text[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, first_reason, &reason);
    return dsc_fail(status, "%s (HDF5: %s)", text, reason ? reason : "no reason given");
}

/* The callbacks through which HDF5 reads the file's bytes where they lie. */
static void *image_malloc(size_t size, H5FD_file_image_op_t op, void *file)
{
    const struct dsc_h5 *f = file;

    (void)op;
    return size == f->len_bytes ? (void *)(uintptr_t)f->bytes : NULL;
}

static void *image_memcpy(void *to, const void *from, size_t size, H5FD_file_image_op_t op,
                          void *file)
{
    (void)size;
    (void)op;
    (void)file;
    return to == from ? to : NULL;
}

static void *image_realloc(void *p, size_t size, H5FD_file_image_op_t op, void *file)
{
    (void)p;
    (void)size;
    (void)op;
    (void)file;
    return NULL;
}

static herr_t image_free(void *p, H5FD_file_image_op_t op, void *file)
{
    (void)p;
    (void)op;
    (void)file;
    return 0;
}

static void *image_copy_file(void *file)
{
    return file;
}

static herr_t image_free_file(void *file)
{
    (void)file;
    return 0;
}

static enum dsc_status open_image(struct dsc_h5 *f)
{
    H5FD_file_image_callbacks_t callbacks = {
        image_malloc, image_memcpy, image_realloc, image_free, image_copy_file, image_free_file, f,
    };
    enum dsc_status st = DSC_OK;
    struct dsc_h5_lock lock;
    char unique[48];
    hid_t access;

    /* HDF5 wants a name that no file has and that no other open file was given. */
    snprintf(unique, sizeof(unique), "/dev/null/%p", (void *)f);
    dsc_h5_lock(&lock);
    access = H5Pcreate(H5P_FILE_ACCESS);
    if (access < 0 || H5Pset_fapl_core(access, 65536, 0) < 0 ||
        H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) < 0 ||
        H5Pset_file_image_callbacks(access, &callbacks) < 0 ||
        H5Pset_file_image(access, (void *)(uintptr_t)f->bytes, f->len_bytes) < 0) {
        st = dsc_h5_fail(DSC_NOMEM, "cannot prepare to read '%s'", f->name);
    } else {
        f->file = H5Fopen(unique, H5F_ACC_RDONLY, access);
        if (f->file < 0)
            st = dsc_h5_fail(DSC_FORMAT, "'%s' is a damaged HDF5 file", f->name);
    }
    if (access >= 0)
        H5Pclose(access);
    dsc_h5_unlock(&lock);
    return st;
}

static enum dsc_status map_file(struct dsc_h5 *f, int fd)
{
    enum dsc_status st;
    struct stat info;
    void *p;

    if (fstat(fd, &info))
        return dsc_fail(DSC_IO, "cannot read '%s': %s", f->name, strerror(errno));
    if (!S_ISREG(info.st_mode))
        return dsc_fail(DSC_IO, "'%s' is %s, not a file", f->name,
                        S_ISDIR(info.st_mode) ? "a folder" : "a device");
    if ((uintmax_t)info.st_size > SIZE_MAX)
        return dsc_fail(DSC_IO, "'%s' is too large for this machine", f->name);
    if (!info.st_size)
        return dsc_h5_sniff(NULL, 0, f->name);
    p = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED)
        return dsc_fail(DSC_IO, "cannot map '%s': %s", f->name, strerror(errno));
    f->bytes = p;
    f->len_bytes = (size_t)info.st_size;
    f->is_mapped = true;
    st = dsc_h5_sniff(f->bytes, f->len_bytes, f->name);
    return st ? st : open_image(f);
}

static enum dsc_status new_file(struct dsc_h5 **out, const char *name)
{
    struct dsc_h5 *f = dsc_calloc(1, sizeof(*f));
    char *copy = dsc_strdup(name);

    if (!f || !copy) {
        dsc_free(f);
        dsc_free(copy);
        return dsc_fail_nomem("an HDF5 file");
    }
    f->name = copy;
    f->file = H5I_INVALID_HID;
    *out = f;
    return DSC_OK;
}

enum dsc_status dsc_h5_open(struct dsc_h5 **out, const char *path)
{
    struct dsc_h5 *f = NULL;
    enum dsc_status st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return dsc_fail(DSC_IO, "cannot open '%s': %s", path, strerror(errno));
    st = new_file(&f, path);
    if (!st)
        st = map_file(f, fd);
    close(fd);
    if (st)
        dsc_h5_close(f);
    else
        *out = f;
    return st;
}

enum dsc_status dsc_h5_open_memory(struct dsc_h5 **out, const void *bytes, size_t len_bytes,
                                   const char *name)
{
    struct dsc_h5 *f = NULL;
    enum dsc_status st = dsc_h5_sniff(bytes, len_bytes, name);

    if (!st)
        st = new_file(&f, name);
    if (!st) {
        f->bytes = bytes;
        f->len_bytes = len_bytes;
        st = open_image(f);
    }
    if (st)
        dsc_h5_close(f);
    else
        *out = f;
    return st;
}

void dsc_h5_close(struct dsc_h5 *f)
{
    struct dsc_h5_lock lock;

    if (!f)
        return;
    if (f->file >= 0) {
        dsc_h5_lock(&lock);
        H5Fclose(f->file);
        dsc_h5_unlock(&lock);
    }
    if (f->is_mapped)
        munmap((void *)(uintptr_t)f->bytes, f->len_bytes);
    dsc_free(f->name);
    dsc_free(f);
}

const char *dsc_h5_name(const struct dsc_h5 *f)
{
    return f->name;
}
