#include <string.h>

#include "core/base/alloc.h"
#include "core/h5/h5_internal.h"

#define MAX_DEPTH 64 /* names in a path */

/* One name further: `part` is the path up to and with it. */
static enum dsc_status check_link(const struct dsc_h5 *f, const char *part, bool *found)
{
    H5L_info_t info;
    htri_t there = H5Lexists(f->file, part, H5P_DEFAULT);

    if (there < 0)
        return dsc_h5_fail(DSC_FORMAT, "'%s': cannot look up '%s'", f->name, part);
    *found = there > 0;
    if (!*found)
        return DSC_OK;
    if (H5Lget_info(f->file, part, &info, H5P_DEFAULT) < 0)
        return dsc_h5_fail(DSC_FORMAT, "'%s': cannot look up '%s'", f->name, part);
    if (info.type == H5L_TYPE_HARD)
        return DSC_OK;
    return dsc_fail(DSC_UNSUPPORTED, "'%s': '%s' is %s link, and links are not followed", f->name,
                    part,
                    info.type == H5L_TYPE_EXTERNAL ? "an external"
                    : info.type == H5L_TYPE_SOFT   ? "a soft"
                                                   : "a user-defined");
}

static enum dsc_status walk_names(const struct dsc_h5 *f, char *path, bool *found)
{
    enum dsc_status st = DSC_OK;
    size_t depth = 0;

    *found = true;
    for (char *p = path; *p && *found && !st;) {
        char saved;

        p += strspn(p, "/");
        if (!*p)
            break;
        if (++depth > MAX_DEPTH)
            return dsc_fail(DSC_FORMAT, "'%s': '%s' has more than %d levels", f->name, path,
                            MAX_DEPTH);
        p += strcspn(p, "/");
        saved = *p;
        *p = '\0';
        st = check_link(f, path, found);
        *p = saved;
    }
    return st;
}

static enum dsc_status object_kind(const struct dsc_h5 *f, const char *path, enum dsc_h5_kind *kind)
{
    hid_t id = H5Oopen(f->file, path, H5P_DEFAULT);
    H5I_type_t type;

    if (id < 0)
        return dsc_h5_fail(DSC_FORMAT, "'%s': cannot open '%s'", f->name, path);
    type = H5Iget_type(id);
    H5Oclose(id);
    if (type != H5I_GROUP && type != H5I_DATASET)
        return dsc_fail(DSC_FORMAT, "'%s': '%s' is neither a group nor a dataset", f->name, path);
    *kind = type == H5I_GROUP ? DSC_H5_GROUP : DSC_H5_DATASET;
    return DSC_OK;
}

enum dsc_status dsc_h5_walk(const struct dsc_h5 *f, const char *path, enum dsc_h5_kind *kind)
{
    enum dsc_status st;
    bool found;
    char *copy;

    if (!path[strspn(path, "/")]) {
        *kind = DSC_H5_GROUP;
        return DSC_OK;
    }
    copy = dsc_strdup(path);
    if (!copy)
        return dsc_fail_nomem("a path");
    st = walk_names(f, copy, &found);
    dsc_free(copy);
    if (st)
        return st;
    if (!found) {
        *kind = DSC_H5_NONE;
        return DSC_OK;
    }
    return object_kind(f, path, kind);
}

enum dsc_status dsc_h5_object(const struct dsc_h5 *f, const char *path, enum dsc_h5_kind want,
                              hid_t *out)
{
    static const char *const text[] = { "an object", "a group", "a dataset" };
    enum dsc_h5_kind kind;
    enum dsc_status st = dsc_h5_walk(f, path, &kind);
    hid_t id;

    if (st)
        return st;
    if (kind == DSC_H5_NONE)
        return dsc_fail(DSC_FORMAT, "'%s' holds no '%s'", f->name, path);
    if (want && kind != want)
        return dsc_fail(DSC_FORMAT, "'%s': '%s' is %s, expected %s", f->name, path, text[kind],
                        text[want]);
    id = H5Oopen(f->file, *path ? path : "/", H5P_DEFAULT);
    if (id < 0)
        return dsc_h5_fail(DSC_FORMAT, "'%s': cannot open '%s'", f->name, path);
    *out = id;
    return DSC_OK;
}

enum dsc_status dsc_h5_find(const struct dsc_h5 *f, const char *path, enum dsc_h5_kind *kind)
{
    struct dsc_h5_lock lock;
    enum dsc_status st;

    dsc_h5_lock(&lock);
    st = dsc_h5_walk(f, path, kind);
    dsc_h5_unlock(&lock);
    return st;
}

void dsc_h5_texts_release(struct dsc_h5_texts *t)
{
    dsc_free(t->text);
    dsc_arena_release(&t->arena);
    *t = (struct dsc_h5_texts){ 0 };
}

struct listing {
    struct dsc_h5_texts *out;
    enum dsc_status st;
};

static herr_t add_name(hid_t group, const char *name, const H5L_info_t *info, void *arg)
{
    struct listing *l = arg;
    struct dsc_h5_texts *t = l->out;
    char *copy = dsc_arena_strdup(&t->arena, name);

    (void)group;
    (void)info;
    if (!copy || dsc_grow(&t->text, &t->cap, t->n + 1, sizeof(*t->text))) {
        l->st = dsc_fail_nomem("names in a file");
        return -1;
    }
    t->text[t->n++] = copy;
    return 0;
}

enum dsc_status dsc_h5_list(const struct dsc_h5 *f, const char *group, struct dsc_h5_texts *out)
{
    struct listing l = { out, DSC_OK };
    struct dsc_h5_lock lock;
    enum dsc_status st;
    hid_t id;

    dsc_h5_lock(&lock);
    st = dsc_h5_object(f, group, DSC_H5_GROUP, &id);
    if (!st) {
        if (H5Literate(id, H5_INDEX_NAME, H5_ITER_INC, NULL, add_name, &l) < 0)
            st = l.st ? l.st
                      : dsc_h5_fail(DSC_FORMAT, "'%s': cannot list group '%s'", f->name, group);
        H5Oclose(id);
    }
    dsc_h5_unlock(&lock);
    return st;
}
