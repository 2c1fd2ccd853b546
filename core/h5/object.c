#include <string.h>

#include "core/base/alloc.h"
#include "core/h5/h5_internal.h"

#define MAX_DEPTH 64 /* names in a path */

static enum dsc_status add_message(struct dsc_h5_object *o, struct dsc_h5_message m)
{
    if (dsc_grow(&o->messages, &o->cap, o->n + 1, sizeof(*o->messages)))
        return dsc_fail_nomem("an object of a file");
    o->messages[o->n++] = m;
    return DSC_OK;
}

/* The messages of one block. v1 (IV.A.1.a): type, size, flags, 3 bytes; v2 (IV.A.1.b): type,
 * size, flags, and the order of creation when the header's flags say so. */
static enum dsc_status read_block(struct dsc_h5_object *o, struct dsc_h5_cursor c, int version,
                                  bool has_order)
{
    size_t head = version == 1 ? 8 : has_order ? 6 : 4;

    while (!c.failed && (size_t)(c.end - c.at) >= head) {
        struct dsc_h5_message m;
        enum dsc_status st;
        unsigned flags;

        m.type = (unsigned)dsc_h5_take(&c, version == 1 ? 2 : 1);
        m.len = (size_t)dsc_h5_take(&c, 2);
        flags = (unsigned)dsc_h5_take(&c, 1);
        dsc_h5_skip(&c, version == 1 ? 3 : has_order ? 2 : 0);
        m.bytes = dsc_h5_skip(&c, m.len);
        m.is_shared = flags & 2;
        if (!m.bytes)
            break;
        st = add_message(o, m);
        if (st)
            return st;
    }
    return c.failed ? dsc_h5_damaged(o->file, o->path, "the header") : DSC_OK;
}

/* Blocks that go on elsewhere; all together they cannot be larger than the file. */
static enum dsc_status read_continuations(struct dsc_h5_object *o, int version, bool has_order)
{
    uint64_t total = 0;

    for (size_t i = 0; i < o->n; i++) {
        struct dsc_h5_cursor c = dsc_h5_cursor(o->messages[i].bytes, o->messages[i].len);
        uint64_t address, len;
        enum dsc_status st;

        if (o->messages[i].type != DSC_H5_MSG_CONTINUATION)
            continue;
        address = dsc_h5_take(&c, 8);
        len = dsc_h5_take(&c, 8);
        total += DSC_MIN(len, o->file->len_bytes) + 1;
        if (c.failed || total > o->file->len_bytes)
            return dsc_h5_damaged(o->file, o->path, "the header");
        c = dsc_h5_at(o->file, address, len);
        if (version == 2) {
            dsc_h5_expect(&c, "OCHK");
            if (!c.failed && c.end - c.at < 4)
                c.failed = true;
            if (!c.failed)
                c.end -= 4; /* checksum */
        }
        st = c.failed ? dsc_h5_damaged(o->file, o->path, "the header")
                      : read_block(o, c, version, has_order);
        if (st)
            return st;
    }
    return DSC_OK;
}

static enum dsc_status load_v2(struct dsc_h5_object *o, struct dsc_h5_cursor c)
{
    unsigned flags;
    uint64_t len;
    enum dsc_status st;

    dsc_h5_expect(&c, "OHDR");
    dsc_h5_skip(&c, 1);
    flags = (unsigned)dsc_h5_take(&c, 1);
    dsc_h5_skip(&c, flags & 0x20 ? 16 : 0); /* times */
    dsc_h5_skip(&c, flags & 0x10 ? 4 : 0);  /* when attributes leave the header */
    len = dsc_h5_take(&c, (size_t)1 << (flags & 3));
    if (c.failed || len > (size_t)(c.end - c.at))
        return dsc_h5_damaged(o->file, o->path, "the header");
    c.end = c.at + len;
    st = read_block(o, c, 2, flags & 4);
    return st ? st : read_continuations(o, 2, flags & 4);
}

static enum dsc_status load_v1(struct dsc_h5_object *o, struct dsc_h5_cursor c)
{
    uint64_t version = dsc_h5_take(&c, 1), len;
    enum dsc_status st;

    dsc_h5_skip(&c, 7); /* one byte, number of messages, references */
    len = dsc_h5_take(&c, 4);
    dsc_h5_skip(&c, 4);
    if (c.failed || version != 1 || len > (size_t)(c.end - c.at))
        return dsc_h5_damaged(o->file, o->path, "the header");
    c.end = c.at + len;
    st = read_block(o, c, 1, false);
    return st ? st : read_continuations(o, 1, false);
}

enum dsc_status dsc_h5_object_load(struct dsc_h5_object *o, const struct dsc_h5 *f,
                                   uint64_t address, const char *path)
{
    struct dsc_h5_cursor c = dsc_h5_at(f, address, SIZE_MAX);

    o->file = f;
    o->path = path;
    o->n = 0;
    if (!c.failed && c.end - c.at >= 4 && !memcmp(c.at, "OHDR", 4))
        return load_v2(o, c);
    return load_v1(o, c);
}

void dsc_h5_object_release(struct dsc_h5_object *o)
{
    dsc_free(o->messages);
    *o = (struct dsc_h5_object){ 0 };
}

const struct dsc_h5_message *dsc_h5_object_find(const struct dsc_h5_object *o, unsigned type)
{
    for (size_t i = 0; i < o->n; i++)
        if (o->messages[i].type == type)
            return &o->messages[i];
    return NULL;
}

static enum dsc_h5_kind kind_of(const struct dsc_h5_object *o)
{
    static const unsigned group[] = { DSC_H5_MSG_SYMBOL_TABLE, DSC_H5_MSG_LINK_INFO,
                                      DSC_H5_MSG_GROUP_INFO, DSC_H5_MSG_LINK };

    if (dsc_h5_object_find(o, DSC_H5_MSG_LAYOUT))
        return DSC_H5_DATASET;
    for (size_t i = 0; i < DSC_COUNT(group); i++)
        if (dsc_h5_object_find(o, group[i]))
            return DSC_H5_GROUP;
    return DSC_H5_NONE;
}

/* One name of a path being looked for in a group. */
struct search {
    const struct dsc_h5_object *group;
    const char *path, *name;
    size_t len;
    bool found;
    uint64_t address;
};

static enum dsc_status match(void *arg, const struct dsc_h5_link *link)
{
    static const char *const text[] = { "", "a soft", "an external", "a user-defined" };
    struct search *s = arg;

    if (s->found || link->len != s->len || memcmp(link->name, s->name, s->len))
        return DSC_OK;
    if (link->kind != DSC_H5_LINK_HARD)
        return dsc_fail(DSC_UNSUPPORTED, "'%s': '%.*s' is %s link, and links are not followed",
                        s->group->file->name, (int)(s->name + s->len - s->path), s->path,
                        text[link->kind]);
    s->found = true;
    s->address = link->address;
    return DSC_OK;
}

/* One name down: `o` becomes what it names. */
static enum dsc_status step(const struct dsc_h5 *f, struct search *s, struct dsc_h5_object *o)
{
    enum dsc_status st;
    char *name;

    if (kind_of(o) != DSC_H5_GROUP)
        return dsc_fail(DSC_FORMAT, "'%s': '%s' goes on behind what is no group", f->name, s->path);
    name = dsc_strndup(s->name, s->len);
    if (!name)
        return dsc_fail_nomem("a path");
    s->found = false;
    st = dsc_h5_group_visit(o, name, match, s);
    dsc_free(name);
    if (st || !s->found)
        return st;
    return dsc_h5_object_load(o, f, s->address, s->path);
}

enum dsc_status dsc_h5_walk(const struct dsc_h5 *f, const char *path, struct dsc_h5_object *o,
                            enum dsc_h5_kind *kind)
{
    struct search s = { .group = o, .path = path, .name = path };
    enum dsc_status st = dsc_h5_object_load(o, f, f->root, path);

    for (size_t depth = 0; !st; depth++) {
        s.name += s.len;
        s.name += strspn(s.name, "/");
        s.len = strcspn(s.name, "/");
        if (!s.len)
            break;
        if (depth == MAX_DEPTH)
            return dsc_fail(DSC_FORMAT, "'%s': '%s' has more than %d levels", f->name, path,
                            MAX_DEPTH);
        st = step(f, &s, o);
        if (!st && !s.found) {
            *kind = DSC_H5_NONE;
            return DSC_OK;
        }
    }
    if (st)
        return st;
    *kind = kind_of(o);
    if (*kind == DSC_H5_NONE)
        return dsc_fail(DSC_FORMAT, "'%s': '%s' is neither a group nor a dataset", f->name, path);
    return DSC_OK;
}

enum dsc_status dsc_h5_object_open(const struct dsc_h5 *f, const char *path, enum dsc_h5_kind want,
                                   struct dsc_h5_object *o)
{
    static const char *const text[] = { "an object", "a group", "a dataset" };
    enum dsc_h5_kind kind;
    enum dsc_status st = dsc_h5_walk(f, path, o, &kind);

    if (st)
        return st;
    if (kind == DSC_H5_NONE)
        return dsc_fail(DSC_FORMAT, "'%s' holds no '%s'", f->name, path);
    if (want && kind != want)
        return dsc_fail(DSC_FORMAT, "'%s': '%s' is %s, expected %s", f->name, path, text[kind],
                        text[want]);
    return DSC_OK;
}

enum dsc_status dsc_h5_find(const struct dsc_h5 *f, const char *path, enum dsc_h5_kind *kind)
{
    struct dsc_h5_object o = { 0 };
    enum dsc_status st = dsc_h5_walk(f, path, &o, kind);

    dsc_h5_object_release(&o);
    return st;
}
