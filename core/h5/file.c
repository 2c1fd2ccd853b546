#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/h5/h5_internal.h"

struct dsc_h5_cursor dsc_h5_cursor(const uint8_t *bytes, size_t len)
{
    return (struct dsc_h5_cursor){ bytes, bytes + len, false };
}

const uint8_t *dsc_h5_skip(struct dsc_h5_cursor *c, uint64_t n)
{
    const uint8_t *p = c->at;

    if (c->failed || n > (size_t)(c->end - c->at)) {
        c->failed = true;
        return NULL;
    }
    c->at += n;
    return p;
}

uint64_t dsc_h5_take(struct dsc_h5_cursor *c, size_t n)
{
    const uint8_t *p = dsc_h5_skip(c, n);
    uint64_t v = 0;

    for (size_t i = n; p && i > 0; i--)
        v = v << 8 | p[i - 1];
    return v;
}

void dsc_h5_expect(struct dsc_h5_cursor *c, const char *signature)
{
    const uint8_t *p = dsc_h5_skip(c, 4);

    if (p && memcmp(p, signature, 4))
        c->failed = true;
}

struct dsc_h5_cursor dsc_h5_at(const struct dsc_h5 *f, uint64_t address, uint64_t len)
{
    if (len == SIZE_MAX && address < f->len_bytes)
        len = f->len_bytes - address;
    if (address > f->len_bytes || len > f->len_bytes - address)
        return (struct dsc_h5_cursor){ f->bytes, f->bytes, true };
    return dsc_h5_cursor(f->bytes + address, (size_t)len);
}

enum dsc_status dsc_h5_damaged(const struct dsc_h5 *f, const char *path, const char *what)
{
    return dsc_fail(DSC_FORMAT, "'%s' is damaged: %s of '%s'; copy or download it again", f->name,
                    what, path);
}

/* Superblocks (II.A): where the root group's header is. */
static enum dsc_status read_superblock(struct dsc_h5 *f)
{
    struct dsc_h5_cursor c = dsc_h5_at(f, 8, SIZE_MAX);
    uint64_t version = dsc_h5_take(&c, 1), address_bytes, length_bytes;

    if (version > 3)
        return dsc_fail(DSC_UNSUPPORTED, "'%s' has a superblock of version %u, 0 to 3 are read",
                        f->name, (unsigned)version);
    if (version <= 1)
        dsc_h5_skip(&c, 4);
    address_bytes = dsc_h5_take(&c, 1);
    length_bytes = dsc_h5_take(&c, 1);
    if (version <= 1) /* tree sizes, flags; addresses of base, free space, end, driver; name */
        dsc_h5_skip(&c, (version ? 13 : 9) + 5 * 8);
    else
        dsc_h5_skip(&c, 1 + 3 * 8);
    f->root = dsc_h5_take(&c, 8);
    if (!c.failed && (address_bytes != 8 || length_bytes != 8))
        return dsc_fail(DSC_UNSUPPORTED, "'%s' has addresses of %u bytes, 8 are read", f->name,
                        (unsigned)address_bytes);
    return c.failed ? dsc_h5_damaged(f, "/", "the superblock") : DSC_OK;
}

static enum dsc_status open_bytes(struct dsc_h5 *f, const uint8_t *bytes, size_t len_bytes)
{
    size_t at = 0;
    enum dsc_status st = dsc_h5_sniff(bytes, len_bytes, f->name, &at);

    if (st)
        return st;
    f->bytes = bytes + at;
    f->len_bytes = len_bytes - at;
    return read_superblock(f);
}

static enum dsc_status map_file(struct dsc_h5 *f, int fd)
{
    struct stat info;
    void *p;

    if (fstat(fd, &info))
        return dsc_fail(DSC_IO, "cannot read '%s': %s", f->name, strerror(errno));
    if (!S_ISREG(info.st_mode))
        return dsc_fail(DSC_IO, "'%s' is %s, not a file", f->name,
                        S_ISDIR(info.st_mode) ? "a folder" : "a device");
    if ((uintmax_t)info.st_size > SIZE_MAX / 2)
        return dsc_fail(DSC_IO, "'%s' is too large for this machine", f->name);
    if (info.st_size) {
        p = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (p == MAP_FAILED)
            return dsc_fail(DSC_IO, "cannot map '%s': %s", f->name, strerror(errno));
        f->map = p;
        f->map_bytes = (size_t)info.st_size;
    }
    return open_bytes(f, f->map, f->map_bytes);
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
    enum dsc_status st = new_file(&f, name);

    if (!st)
        st = open_bytes(f, bytes, len_bytes);
    if (st)
        dsc_h5_close(f);
    else
        *out = f;
    return st;
}

void dsc_h5_close(struct dsc_h5 *f)
{
    if (!f)
        return;
    if (f->map)
        munmap((void *)(uintptr_t)f->map, f->map_bytes);
    dsc_free(f->name);
    dsc_free(f);
}

const char *dsc_h5_name(const struct dsc_h5 *f)
{
    return f->name;
}
