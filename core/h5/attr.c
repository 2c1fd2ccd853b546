#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/h5/h5_internal.h"

/* An open attribute and what it holds. */
struct attr {
    const struct dsc_h5 *file;
    const char *path, *name;
    hid_t id, type, space;
    H5T_class_t class;
    size_t n; /* elements */
    size_t element_bytes;
};

static void close_attr(struct attr *a)
{
    if (a->space >= 0)
        H5Sclose(a->space);
    if (a->type >= 0)
        H5Tclose(a->type);
    if (a->id >= 0)
        H5Aclose(a->id);
}

static enum dsc_status fail_attr(const struct attr *a, const char *what)
{
    return dsc_h5_fail(DSC_FORMAT, "'%s': attribute '%s' of '%s' %s", a->file->name, a->name,
                       a->path, what);
}

/* Open and measure; the elements must lie inside the file. */
static enum dsc_status open_attr(struct attr *a, hid_t object)
{
    hssize_t n;
    size_t bytes;

    a->type = a->space = H5I_INVALID_HID;
    a->id = H5Aopen(object, a->name, H5P_DEFAULT);
    if (a->id < 0)
        return fail_attr(a, "cannot be opened");
    a->type = H5Aget_type(a->id);
    a->space = H5Aget_space(a->id);
    if (a->type < 0 || a->space < 0)
        return fail_attr(a, "cannot be opened");
    a->class = H5Tget_class(a->type);
    a->element_bytes = H5Tget_size(a->type);
    n = H5Sget_simple_extent_npoints(a->space);
    if (n < 0 || a->class == H5T_NO_CLASS || (n > 0 && !a->element_bytes))
        return fail_attr(a, "cannot be measured");
    a->n = (size_t)n;
    if (!dsc_mul_size(a->n, a->element_bytes, &bytes) || bytes > a->file->len_bytes)
        return dsc_fail(DSC_FORMAT, "'%s': attribute '%s' of '%s' is larger than the file",
                        a->file->name, a->name, a->path);
    return DSC_OK;
}

static enum dsc_status add_text(struct dsc_h5_texts *out, const char *text, size_t len)
{
    char *copy = dsc_arena_strndup(&out->arena, text, len);

    if (!copy || dsc_grow(&out->text, &out->cap, out->n + 1, sizeof(*out->text)))
        return dsc_fail_nomem("texts of a file");
    out->text[out->n++] = copy;
    return DSC_OK;
}

static enum dsc_status read_variable(const struct attr *a, struct dsc_h5_texts *out)
{
    char **text = dsc_calloc(a->n, sizeof(*text));
    enum dsc_status st = DSC_OK;

    if (!text)
        return dsc_fail_nomem("texts of a file");
    if (H5Aread(a->id, a->type, text) < 0)
        st = fail_attr(a, "cannot be read");
    for (size_t i = 0; i < a->n && !st; i++)
        st = add_text(out, text[i] ? text[i] : "", text[i] ? strlen(text[i]) : 0);
    H5Dvlen_reclaim(a->type, a->space, H5P_DEFAULT, text);
    dsc_free(text);
    return st;
}

static enum dsc_status read_fixed(const struct attr *a, struct dsc_h5_texts *out)
{
    char *text = dsc_calloc(a->n, a->element_bytes);
    bool spaces = H5Tget_strpad(a->type) == H5T_STR_SPACEPAD;
    enum dsc_status st = DSC_OK;

    if (!text)
        return dsc_fail_nomem("texts of a file");
    if (H5Aread(a->id, a->type, text) < 0)
        st = fail_attr(a, "cannot be read");
    for (size_t i = 0; i < a->n && !st; i++) {
        const char *p = text + i * a->element_bytes;
        size_t len = strnlen(p, a->element_bytes);

        while (spaces && len && p[len - 1] == ' ')
            len--;
        st = add_text(out, p, len);
    }
    dsc_free(text);
    return st;
}

static enum dsc_status read_texts(const struct attr *a, struct dsc_h5_texts *out)
{
    if (!a->n)
        return DSC_OK;
    if (a->class != H5T_STRING)
        return dsc_fail(DSC_FORMAT, "'%s': attribute '%s' of '%s' holds no text", a->file->name,
                        a->name, a->path);
    return H5Tis_variable_str(a->type) > 0 ? read_variable(a, out) : read_fixed(a, out);
}

static enum dsc_status attr_exists(const struct attr *a, hid_t object, bool *found)
{
    htri_t there = H5Aexists(object, a->name);

    if (there < 0)
        return fail_attr(a, "cannot be looked up");
    *found = there > 0;
    return DSC_OK;
}

static enum dsc_status fail_missing(const struct attr *a)
{
    return dsc_fail(DSC_FORMAT, "'%s': '%s' has no attribute '%s'", a->file->name, a->path,
                    a->name);
}

static enum dsc_status append_texts(struct attr *a, hid_t object, struct dsc_h5_texts *out)
{
    enum dsc_status st = open_attr(a, object);

    if (!st)
        st = read_texts(a, out);
    close_attr(a);
    return st;
}

static enum dsc_status read_all_texts(struct attr *a, hid_t object, struct dsc_h5_texts *out)
{
    const char *whole = a->name;
    char name[80];
    bool found = false;
    enum dsc_status st = attr_exists(a, object, &found);

    if (st || found)
        return st ? st : append_texts(a, object, out);
    a->name = name;
    for (unsigned i = 0;; i++) {
        snprintf(name, sizeof(name), "%.64s%u", whole, i);
        st = attr_exists(a, object, &found);
        if (st || !found) {
            a->name = whole;
            return !st && !i ? fail_missing(a) : st;
        }
        st = append_texts(a, object, out);
        if (st)
            return st;
    }
}

enum dsc_status dsc_h5_attr_texts(const struct dsc_h5 *f, const char *path, const char *attr,
                                  struct dsc_h5_texts *out)
{
    struct attr a = { .file = f, .path = path, .name = attr };
    struct dsc_h5_lock lock;
    enum dsc_status st;
    hid_t object;

    dsc_h5_lock(&lock);
    st = dsc_h5_object(f, path, DSC_H5_NONE, &object);
    if (!st) {
        st = read_all_texts(&a, object, out);
        H5Oclose(object);
    }
    dsc_h5_unlock(&lock);
    return st;
}

enum dsc_status dsc_h5_has_attr(const struct dsc_h5 *f, const char *path, const char *attr,
                                bool *found)
{
    struct attr a = { .file = f, .path = path, .name = attr };
    struct dsc_h5_lock lock;
    enum dsc_status st;
    hid_t object;

    dsc_h5_lock(&lock);
    st = dsc_h5_object(f, path, DSC_H5_NONE, &object);
    if (!st) {
        st = attr_exists(&a, object, found);
        H5Oclose(object);
    }
    dsc_h5_unlock(&lock);
    return st;
}

/* Open the one-element attribute `a` of its object. */
static enum dsc_status open_single(struct attr *a)
{
    hid_t object;
    bool found = false;
    enum dsc_status st = dsc_h5_object(a->file, a->path, DSC_H5_NONE, &object);

    if (st)
        return st;
    st = attr_exists(a, object, &found);
    if (!st)
        st = found ? open_attr(a, object) : fail_missing(a);
    if (!st && a->n != 1)
        st = dsc_fail(DSC_FORMAT, "'%s': attribute '%s' of '%s' has %zu elements, expected 1",
                      a->file->name, a->name, a->path, a->n);
    H5Oclose(object);
    return st;
}

#define NO_ATTR .id = H5I_INVALID_HID, .type = H5I_INVALID_HID, .space = H5I_INVALID_HID

enum dsc_status dsc_h5_attr_text(const struct dsc_h5 *f, const char *path, const char *attr,
                                 char **out)
{
    struct attr a = { .file = f, .path = path, .name = attr, NO_ATTR };
    struct dsc_h5_texts texts = { 0 };
    struct dsc_h5_lock lock;
    enum dsc_status st;
    char *copy;

    dsc_h5_lock(&lock);
    st = open_single(&a);
    if (!st)
        st = read_texts(&a, &texts);
    close_attr(&a);
    dsc_h5_unlock(&lock);
    if (!st) {
        copy = dsc_strdup(texts.text[0]);
        if (copy)
            *out = copy;
        else
            st = dsc_fail_nomem("a text of a file");
    }
    dsc_h5_texts_release(&texts);
    return st;
}

enum dsc_status dsc_h5_attr_number(const struct dsc_h5 *f, const char *path, const char *attr,
                                   double *out)
{
    struct attr a = { .file = f, .path = path, .name = attr, NO_ATTR };
    struct dsc_h5_lock lock;
    enum dsc_status st;
    double value;

    dsc_h5_lock(&lock);
    st = open_single(&a);
    if (!st && a.class != H5T_INTEGER && a.class != H5T_FLOAT)
        st = dsc_fail(DSC_FORMAT, "'%s': attribute '%s' of '%s' is not a number", f->name, attr,
                      path);
    if (!st && H5Aread(a.id, H5T_NATIVE_DOUBLE, &value) < 0)
        st = fail_attr(&a, "cannot be read");
    if (!st)
        *out = value;
    close_attr(&a);
    dsc_h5_unlock(&lock);
    return st;
}
