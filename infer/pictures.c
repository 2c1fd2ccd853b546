#include "infer/pictures.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/alloc.h"
#include "core/image/image.h"

#define SNIFF_BYTES 64

/* A folder that is being listed, and the one it lies in. */
struct folder {
    const struct folder *above; /* NULL: an operand */
    const char *path;
    dev_t device;
    ino_t number;
};

static enum dsc_status list_folder(struct picture_list *list, const char *path, bool recursive,
                                   const struct folder *above);

static bool is_folder(const char *path)
{
    struct stat s;

    return !stat(path, &s) && S_ISDIR(s.st_mode);
}

static bool is_file(const char *path)
{
    struct stat s;

    return !stat(path, &s) && S_ISREG(s.st_mode);
}

static enum dsc_status add(struct picture_list *list, const char *path)
{
    char *copy = dsc_arena_strdup(&list->arena, path);

    if (!copy || dsc_grow(&list->paths, &list->cap, list->n + 1, sizeof(*list->paths)))
        return dsc_fail_nomem("a list of pictures");
    list->paths[list->n++] = copy;
    return DSC_OK;
}

static bool looks_like_picture(const char *path)
{
    unsigned char bytes[SNIFF_BYTES];
    FILE *f = is_file(path) ? fopen(path, "rb") : NULL;
    size_t n;

    if (!f)
        return false;
    n = fread(bytes, 1, sizeof(bytes), f);
    fclose(f);
    return dsc_image_recognised(bytes, n);
}

static int skip_hidden(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static enum dsc_status add_entry(struct picture_list *list, const struct folder *folder,
                                 const char *name, bool recursive)
{
    size_t len = strlen(folder->path) + strlen(name) + 2;
    bool has_slash = folder->path[strlen(folder->path) - 1] == '/';
    char *path = dsc_arena_alloc(&list->arena, len, 1);

    if (!path)
        return dsc_fail_nomem("a list of pictures");
    snprintf(path, len, "%s%s%s", folder->path, has_slash ? "" : "/", name);
    if (is_folder(path))
        return recursive ? list_folder(list, path, recursive, folder) : DSC_OK;
    return looks_like_picture(path) ? add(list, path) : DSC_OK;
}

/* A link back to a folder that it lies in would never end. */
static bool is_above(const struct folder *f, const struct stat *s)
{
    for (; f; f = f->above)
        if (f->device == s->st_dev && f->number == s->st_ino)
            return true;
    return false;
}

/* A folder that cannot be read is listed itself: reading it as a picture says why, in its turn. */
static enum dsc_status list_folder(struct picture_list *list, const char *path, bool recursive,
                                   const struct folder *above)
{
    struct folder folder = { .above = above, .path = path };
    struct dirent **entries;
    enum dsc_status st = DSC_OK;
    struct stat s;
    int n;

    if (stat(path, &s))
        return add(list, path);
    if (is_above(above, &s))
        return DSC_OK;
    folder.device = s.st_dev;
    folder.number = s.st_ino;
    n = scandir(path, &entries, skip_hidden, by_name);
    if (n < 0)
        return add(list, path);
    for (int i = 0; i < n; i++) {
        if (!st)
            st = add_entry(list, &folder, entries[i]->d_name, recursive);
        dsc_free(entries[i]);
    }
    dsc_free(entries);
    return st;
}

enum dsc_status pictures_list(struct picture_list *list, const char *const *operands, size_t n,
                              bool recursive)
{
    for (size_t i = 0; i < n; i++) {
        bool folder = strcmp(operands[i], "-") && is_folder(operands[i]);
        enum dsc_status st =
            folder ? list_folder(list, operands[i], recursive, NULL) : add(list, operands[i]);

        if (st)
            return st;
    }
    return DSC_OK;
}

void pictures_release(struct picture_list *list)
{
    dsc_free(list->paths);
    dsc_arena_release(&list->arena);
    *list = (struct picture_list){ 0 };
}

bool pictures_is_single(const char *const *operands, size_t n)
{
    return n == 1 && (!strcmp(operands[0], "-") || !is_folder(operands[0]));
}
