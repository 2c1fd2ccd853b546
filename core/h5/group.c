#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/h5/h5_internal.h"

#define MAX_LEVEL 32 /* of a tree */

/* Walking a symbol table (III.A.1, III.B, III.D). */
struct walk {
    const struct dsc_h5_object *group;
    const char *name; /* leave out what this cannot be in; NULL: nothing */
    dsc_h5_visit_fn *visit;
    void *arg;
    struct dsc_h5_cursor heap; /* the names */
    size_t budget;             /* nodes that the file has room for: more are a loop */
};

static enum dsc_status damaged(const struct walk *w)
{
    return dsc_h5_damaged(w->group->file, w->group->path, "the table of names");
}

/* The name at an offset of the heap, ended by a NUL inside it; NULL otherwise. */
static const char *heap_name(const struct walk *w, uint64_t offset)
{
    struct dsc_h5_cursor c = w->heap;
    const uint8_t *p;

    dsc_h5_skip(&c, offset);
    if (c.failed)
        return NULL;
    p = c.at;
    return memchr(p, 0, (size_t)(c.end - p)) ? (const char *)p : NULL;
}

static enum dsc_status open_heap(struct walk *w, uint64_t address)
{
    struct dsc_h5_cursor c = dsc_h5_at(w->group->file, address, 32);
    uint64_t len, at;

    dsc_h5_expect(&c, "HEAP");
    dsc_h5_skip(&c, 4);
    len = dsc_h5_take(&c, 8);
    dsc_h5_skip(&c, 8);
    at = dsc_h5_take(&c, 8);
    w->heap = dsc_h5_at(w->group->file, at, len);
    return c.failed || w->heap.failed ? damaged(w) : DSC_OK;
}

static enum dsc_status walk_leaf(struct walk *w, uint64_t address)
{
    struct dsc_h5_cursor c = dsc_h5_at(w->group->file, address, SIZE_MAX);
    uint64_t n;

    dsc_h5_expect(&c, "SNOD");
    dsc_h5_skip(&c, 2);
    n = dsc_h5_take(&c, 2);
    for (uint64_t i = 0; i < n && !c.failed; i++) {
        struct dsc_h5_link link = { 0 };
        uint64_t offset = dsc_h5_take(&c, 8), cache;
        enum dsc_status st;

        link.address = dsc_h5_take(&c, 8);
        cache = dsc_h5_take(&c, 4);
        dsc_h5_skip(&c, 20);
        link.kind = cache == 2 ? DSC_H5_LINK_SOFT : DSC_H5_LINK_HARD;
        link.name = c.failed ? NULL : heap_name(w, offset);
        if (!link.name)
            return damaged(w);
        link.len = strlen(link.name);
        st = w->visit(w->arg, &link);
        if (st)
            return st;
    }
    return c.failed ? damaged(w) : DSC_OK;
}

/* level: that of the parent. */
static enum dsc_status walk_tree(struct walk *w, uint64_t address, unsigned parent_level)
{
    struct dsc_h5_cursor c = dsc_h5_at(w->group->file, address, SIZE_MAX);
    unsigned type, level;
    enum dsc_status st;
    uint64_t n;

    dsc_h5_expect(&c, "TREE");
    type = (unsigned)dsc_h5_take(&c, 1);
    level = (unsigned)dsc_h5_take(&c, 1);
    n = dsc_h5_take(&c, 2);
    dsc_h5_skip(&c, 16 + 8); /* siblings, first key */
    if (c.failed || type != 0 || level >= parent_level)
        return damaged(w);
    for (uint64_t i = 0; i < n; i++) {
        uint64_t child = dsc_h5_take(&c, 8), key = dsc_h5_take(&c, 8);
        const char *last = c.failed ? NULL : heap_name(w, key);

        if (!last || !w->budget--)
            return damaged(w);
        if (w->name && strcmp(w->name, last) > 0)
            continue;
        st = level ? walk_tree(w, child, level) : walk_leaf(w, child);
        if (st)
            return st;
    }
    return DSC_OK;
}

static enum dsc_status visit_table(struct walk *w, const struct dsc_h5_message *m)
{
    struct dsc_h5_cursor c = dsc_h5_cursor(m->bytes, m->len);
    uint64_t tree = dsc_h5_take(&c, 8), heap = dsc_h5_take(&c, 8);
    enum dsc_status st = c.failed ? damaged(w) : open_heap(w, heap);

    return st ? st : walk_tree(w, tree, MAX_LEVEL);
}

/* A link message (IV.A.2.g). */
static enum dsc_status visit_link(struct walk *w, const struct dsc_h5_message *m)
{
    struct dsc_h5_cursor c = dsc_h5_cursor(m->bytes, m->len);
    struct dsc_h5_link link = { 0 };
    uint64_t version = dsc_h5_take(&c, 1), len;
    unsigned flags = (unsigned)dsc_h5_take(&c, 1);
    unsigned kind = flags & 8 ? (unsigned)dsc_h5_take(&c, 1) : 0;

    dsc_h5_skip(&c, (flags & 4 ? 8 : 0) + (flags & 0x10 ? 1 : 0)); /* order, character set */
    len = dsc_h5_take(&c, (size_t)1 << (flags & 3));
    link.name = (const char *)dsc_h5_skip(&c, len);
    link.len = (size_t)len;
    link.kind = kind == 0    ? DSC_H5_LINK_HARD
                : kind == 1  ? DSC_H5_LINK_SOFT
                : kind == 64 ? DSC_H5_LINK_EXTERNAL
                             : DSC_H5_LINK_USER;
    if (link.kind == DSC_H5_LINK_HARD)
        link.address = dsc_h5_take(&c, 8);
    if (c.failed || version != 1 || !len || memchr(link.name, 0, link.len))
        return damaged(w);
    return w->visit(w->arg, &link);
}

/* Many links, or links in the order of their making, live in a heap of their own. */
static enum dsc_status check_dense(const struct dsc_h5_object *o)
{
    const struct dsc_h5_message *m = dsc_h5_object_find(o, DSC_H5_MSG_LINK_INFO);
    struct dsc_h5_cursor c;
    unsigned flags;

    if (!m)
        return DSC_OK;
    c = dsc_h5_cursor(m->bytes, m->len);
    dsc_h5_skip(&c, 1);
    flags = (unsigned)dsc_h5_take(&c, 1);
    dsc_h5_skip(&c, flags & 1 ? 8 : 0);
    if (dsc_h5_take(&c, 8) == DSC_H5_NOWHERE && !c.failed)
        return DSC_OK;
    return dsc_fail(DSC_UNSUPPORTED,
                    "'%s': group '%s' is stored in a way that Keras does not use; write the file "
                    "again with h5py's default libver",
                    o->file->name, o->path);
}

enum dsc_status dsc_h5_group_visit(const struct dsc_h5_object *o, const char *name,
                                   dsc_h5_visit_fn *visit, void *arg)
{
    struct walk w = { .group = o, .name = name, .visit = visit, .arg = arg };
    const struct dsc_h5_message *table = dsc_h5_object_find(o, DSC_H5_MSG_SYMBOL_TABLE);
    enum dsc_status st = check_dense(o);

    w.budget = o->file->len_bytes / 16;
    if (!st && table)
        return visit_table(&w, table);
    for (size_t i = 0; i < o->n && !st; i++)
        if (o->messages[i].type == DSC_H5_MSG_LINK)
            st = visit_link(&w, &o->messages[i]);
    return st;
}

void dsc_h5_texts_release(struct dsc_h5_texts *t)
{
    dsc_free(t->text);
    dsc_arena_release(&t->arena);
    *t = (struct dsc_h5_texts){ 0 };
}

static enum dsc_status add_name(void *arg, const struct dsc_h5_link *link)
{
    struct dsc_h5_texts *t = arg;
    char *copy = dsc_arena_strndup(&t->arena, link->name, link->len);

    if (!copy || dsc_grow(&t->text, &t->cap, t->n + 1, sizeof(*t->text)))
        return dsc_fail_nomem("names in a file");
    t->text[t->n++] = copy;
    return DSC_OK;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

enum dsc_status dsc_h5_list(const struct dsc_h5 *f, const char *group, struct dsc_h5_texts *out)
{
    struct dsc_h5_object o = { 0 };
    enum dsc_status st = dsc_h5_object_open(f, group, DSC_H5_GROUP, &o);

    if (!st)
        st = dsc_h5_group_visit(&o, NULL, add_name, out);
    dsc_h5_object_release(&o);
    if (!st && out->n)
        qsort(out->text, out->n, sizeof(*out->text), compare);
    return st;
}
