#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/h5/h5_internal.h"

/* Objects of a heap looked at in one call: more is a file that makes a search of it. */
#define MAX_HEAP_STEPS ((size_t)1 << 26)

/* An attribute (IV.A.2.m) and what it holds; the bytes lie in the header. */
struct attr {
    const struct dsc_h5 *file;
    const char *path, *name;
    struct dsc_h5_datatype type;
    size_t n; /* elements */
    const uint8_t *data;
    size_t heap_steps, text_bytes; /* used up by texts in heaps */
};

static enum dsc_status fail_attr(const struct attr *a, enum dsc_status st, const char *what)
{
    return dsc_fail(st, "'%s': attribute '%s' of '%s' %s", a->file->name, a->name, a->path, what);
}

/* Version 1 fills name, type and space up to 8 bytes each. */
static struct dsc_h5_cursor take_part(struct dsc_h5_cursor *c, uint64_t len, uint64_t version)
{
    const uint8_t *p = dsc_h5_skip(c, len);

    if (version == 1)
        dsc_h5_skip(c, (8 - len % 8) % 8);
    return p ? dsc_h5_cursor(p, (size_t)len) : (struct dsc_h5_cursor){ NULL, NULL, true };
}

static enum dsc_status parse_attr(struct attr *a, const struct dsc_h5_message *m, bool *matches)
{
    struct dsc_h5_cursor c = dsc_h5_cursor(m->bytes, m->len), name, type, space;
    uint64_t version = dsc_h5_take(&c, 1), name_len, type_len, space_len;
    unsigned flags = (unsigned)dsc_h5_take(&c, 1);
    struct dsc_h5_space s;
    size_t bytes;

    name_len = dsc_h5_take(&c, 2);
    type_len = dsc_h5_take(&c, 2);
    space_len = dsc_h5_take(&c, 2);
    dsc_h5_skip(&c, version >= 3 ? 1 : 0);
    name = take_part(&c, name_len, version);
    if (c.failed || version < 1 || version > 3)
        return dsc_h5_damaged(a->file, a->path, "an attribute");
    *matches = name_len == strlen(a->name) + 1 && !memcmp(name.at, a->name, name_len);
    if (!*matches)
        return DSC_OK;
    if (version > 1 && flags & 3)
        return fail_attr(a, DSC_UNSUPPORTED, "has a type that is kept elsewhere");
    type = take_part(&c, type_len, version);
    space = take_part(&c, space_len, version);
    if (c.failed || !dsc_h5_datatype_parse(&a->type, type.at, type_len) ||
        !dsc_h5_space_parse(&s, space.at, space_len) || !dsc_mul_size(s.n, a->type.bytes, &bytes))
        return fail_attr(a, DSC_FORMAT, "is damaged");
    a->n = s.n;
    a->data = dsc_h5_skip(&c, bytes);
    return a->data ? DSC_OK : fail_attr(a, DSC_FORMAT, "is larger than its place in the file");
}

/* Many attributes, or large ones, live in a heap of their own (IV.A.2.v). */
static bool is_dense(const struct dsc_h5_object *o)
{
    const struct dsc_h5_message *m = dsc_h5_object_find(o, DSC_H5_MSG_ATTRIBUTE_INFO);
    struct dsc_h5_cursor c;
    unsigned flags;

    if (!m)
        return false;
    c = dsc_h5_cursor(m->bytes, m->len);
    dsc_h5_skip(&c, 1);
    flags = (unsigned)dsc_h5_take(&c, 1);
    dsc_h5_skip(&c, flags & 1 ? 2 : 0);
    return dsc_h5_take(&c, 8) != DSC_H5_NOWHERE && !c.failed;
}

static enum dsc_status find_attr(struct attr *a, const struct dsc_h5_object *o, bool *found)
{
    bool elsewhere = is_dense(o);

    *found = false;
    for (size_t i = 0; i < o->n && !*found; i++) {
        enum dsc_status st;

        if (o->messages[i].type != DSC_H5_MSG_ATTRIBUTE)
            continue;
        elsewhere |= o->messages[i].is_shared;
        st = o->messages[i].is_shared ? DSC_OK : parse_attr(a, &o->messages[i], found);
        if (st)
            return st;
    }
    if (*found || !elsewhere)
        return DSC_OK;
    return dsc_fail(DSC_UNSUPPORTED,
                    "'%s': the attributes of '%s' are stored in a way that Keras does not use; "
                    "write the file again with h5py's default libver",
                    a->file->name, a->path);
}

static enum dsc_status add_text(struct dsc_h5_texts *out, const uint8_t *text, size_t len)
{
    char *copy = dsc_arena_strndup(&out->arena, (const char *)text, len);

    if (!copy || dsc_grow(&out->text, &out->cap, out->n + 1, sizeof(*out->text)))
        return dsc_fail_nomem("texts of a file");
    out->text[out->n++] = copy;
    return DSC_OK;
}

/* An object of a global heap (III.E). */
static const uint8_t *heap_object(struct attr *a, uint64_t address, uint64_t index, size_t *len)
{
    struct dsc_h5_cursor c = dsc_h5_at(a->file, address, 16);
    uint64_t size;

    dsc_h5_expect(&c, "GCOL");
    dsc_h5_skip(&c, 4);
    size = dsc_h5_take(&c, 8);
    if (c.failed)
        return NULL;
    c = dsc_h5_at(a->file, address, size);
    dsc_h5_skip(&c, 16);
    while (!c.failed && a->heap_steps++ < MAX_HEAP_STEPS) {
        uint64_t number = dsc_h5_take(&c, 2);
        const uint8_t *bytes;

        dsc_h5_skip(&c, 6);
        size = dsc_h5_take(&c, 8);
        if (!number)
            return NULL;
        bytes = dsc_h5_skip(&c, size);
        if (bytes && number == index) {
            *len = (size_t)size;
            return bytes;
        }
        dsc_h5_skip(&c, (8 - size % 8) % 8);
    }
    return NULL;
}

static enum dsc_status read_pointer(struct attr *a, const uint8_t *element,
                                    struct dsc_h5_texts *out)
{
    struct dsc_h5_cursor c = dsc_h5_cursor(element, 16);
    uint64_t len = dsc_h5_take(&c, 4), address = dsc_h5_take(&c, 8), index = dsc_h5_take(&c, 4);
    const uint8_t *bytes;
    size_t have = 0;

    if (!len || !address)
        return add_text(out, element, 0);
    bytes = heap_object(a, address, index, &have);
    if (!bytes || len > have)
        return fail_attr(a, DSC_FORMAT, "is damaged");
    a->text_bytes += len; /* each text is stored once: they cannot be more than the file */
    if (a->text_bytes > a->file->len_bytes)
        return fail_attr(a, DSC_FORMAT, "is larger than the file");
    return add_text(out, bytes, strnlen((const char *)bytes, (size_t)len));
}

static enum dsc_status read_fixed(const struct attr *a, const uint8_t *element,
                                  struct dsc_h5_texts *out)
{
    size_t len = strnlen((const char *)element, a->type.bytes);

    while (a->type.space_padded && len && element[len - 1] == ' ')
        len--;
    return add_text(out, element, len);
}

static enum dsc_status read_texts(struct attr *a, struct dsc_h5_texts *out)
{
    enum dsc_status st = DSC_OK;

    if (a->n && a->type.class != DSC_H5_TEXT && a->type.class != DSC_H5_TEXT_POINTER)
        return fail_attr(a, DSC_FORMAT, "holds no text");
    for (size_t i = 0; i < a->n && !st; i++) {
        const uint8_t *element = a->data + i * a->type.bytes;

        st = a->type.class == DSC_H5_TEXT ? read_fixed(a, element, out)
                                          : read_pointer(a, element, out);
    }
    return st;
}

static enum dsc_status fail_missing(const struct attr *a)
{
    return dsc_fail(DSC_FORMAT, "'%s': '%s' has no attribute '%s'", a->file->name, a->path,
                    a->name);
}

static enum dsc_status read_all_texts(struct attr *a, const struct dsc_h5_object *o,
                                      struct dsc_h5_texts *out)
{
    const char *whole = a->name;
    char name[80];
    bool found;
    enum dsc_status st = find_attr(a, o, &found);

    if (st || found)
        return st ? st : read_texts(a, out);
    a->name = name;
    for (unsigned i = 0; !st; i++) {
        snprintf(name, sizeof(name), "%.64s%u", whole, i);
        st = find_attr(a, o, &found);
        if (st || !found) {
            a->name = whole;
            return st || i ? st : fail_missing(a);
        }
        st = read_texts(a, out);
    }
    return st;
}

enum dsc_status dsc_h5_attr_texts(const struct dsc_h5 *f, const char *path, const char *attr,
                                  struct dsc_h5_texts *out)
{
    struct attr a = { .file = f, .path = path, .name = attr };
    struct dsc_h5_object o = { 0 };
    enum dsc_status st = dsc_h5_object_open(f, path, DSC_H5_NONE, &o);

    if (!st)
        st = read_all_texts(&a, &o, out);
    dsc_h5_object_release(&o);
    return st;
}

enum dsc_status dsc_h5_has_attr(const struct dsc_h5 *f, const char *path, const char *attr,
                                bool *found)
{
    struct attr a = { .file = f, .path = path, .name = attr };
    struct dsc_h5_object o = { 0 };
    enum dsc_status st = dsc_h5_object_open(f, path, DSC_H5_NONE, &o);

    if (!st)
        st = find_attr(&a, &o, found);
    dsc_h5_object_release(&o);
    return st;
}

static enum dsc_status find_single(struct attr *a)
{
    struct dsc_h5_object o = { 0 };
    bool found = false;
    enum dsc_status st = dsc_h5_object_open(a->file, a->path, DSC_H5_NONE, &o);

    if (!st)
        st = find_attr(a, &o, &found);
    dsc_h5_object_release(&o);
    if (st)
        return st;
    if (!found)
        return fail_missing(a);
    if (a->n != 1)
        return dsc_fail(DSC_FORMAT, "'%s': attribute '%s' of '%s' has %zu elements, expected 1",
                        a->file->name, a->name, a->path, a->n);
    return DSC_OK;
}

enum dsc_status dsc_h5_attr_text(const struct dsc_h5 *f, const char *path, const char *attr,
                                 char **out)
{
    struct attr a = { .file = f, .path = path, .name = attr };
    struct dsc_h5_texts texts = { 0 };
    enum dsc_status st = find_single(&a);
    char *copy;

    if (!st)
        st = read_texts(&a, &texts);
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
    struct attr a = { .file = f, .path = path, .name = attr };
    enum dsc_status st = find_single(&a);

    if (!st && a.type.class != DSC_H5_INTEGER && a.type.class != DSC_H5_FLOAT)
        st = fail_attr(&a, DSC_FORMAT, "is not a number");
    if (!st)
        *out = dsc_h5_number(&a.type, a.data);
    return st;
}
