#include "core/base/arena.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/base.h"

#define CHUNK_BYTES 16384
#define BLOCK_ALIGN 16

struct dsc_arena_chunk {
    struct dsc_arena_chunk *next;
    size_t used, size;
    _Alignas(BLOCK_ALIGN) unsigned char bytes[];
};

static struct dsc_arena_chunk *add_chunk(struct dsc_arena *a, size_t len_bytes)
{
    size_t size = DSC_MAX(len_bytes, (size_t)CHUNK_BYTES), total;
    struct dsc_arena_chunk *c;

    if (!dsc_add_size(size, sizeof(*c), &total))
        return NULL;
    c = dsc_malloc(total, 1);
    if (!c)
        return NULL;
    c->used = 0;
    c->size = size;
    c->next = a->head;
    a->head = c;
    return c;
}

void *dsc_arena_alloc(struct dsc_arena *a, size_t n, size_t size)
{
    struct dsc_arena_chunk *c = a->head;
    size_t len_bytes, total;
    void *p;

    if (!dsc_mul_size(n, size, &len_bytes) || !dsc_add_size(len_bytes, BLOCK_ALIGN - 1, &total))
        return NULL;
    len_bytes = total & ~(size_t)(BLOCK_ALIGN - 1);
    if (!dsc_add_size(a->used_bytes, len_bytes, &total) || (a->max_bytes && total > a->max_bytes))
        return NULL;
    if (!c || c->size - c->used < len_bytes) {
        c = add_chunk(a, len_bytes);
        if (!c)
            return NULL;
    }
    p = c->bytes + c->used;
    c->used += len_bytes;
    a->used_bytes = total;
    memset(p, 0, len_bytes);
    return p;
}

char *dsc_arena_strndup(struct dsc_arena *a, const char *s, size_t n)
{
    size_t len = strnlen(s, n);
    char *p = dsc_arena_alloc(a, len + 1, 1);

    if (p)
        memcpy(p, s, len);
    return p;
}

char *dsc_arena_strdup(struct dsc_arena *a, const char *s)
{
    return dsc_arena_strndup(a, s, strlen(s));
}

void dsc_arena_release(struct dsc_arena *a)
{
    while (a->head) {
        struct dsc_arena_chunk *c = a->head;

        a->head = c->next;
        dsc_free(c);
    }
    a->used_bytes = 0;
}
