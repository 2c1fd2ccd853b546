#include "core/base/alloc.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/base.h"

static _Atomic uint64_t calls;
static _Atomic uint64_t fail_at;

static bool refused(void)
{
    uint64_t n = atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed) + 1;
    uint64_t at = atomic_load_explicit(&fail_at, memory_order_relaxed);

    return at && n >= at;
}

void *dsc_malloc(size_t n, size_t size)
{
    size_t len_bytes;
    void *p = NULL;

    if (refused() || !dsc_mul_size(n, size, &len_bytes))
        return NULL;
    if (posix_memalign(&p, DSC_ALIGN, len_bytes ? len_bytes : 1))
        return NULL;
    return p;
}

void *dsc_calloc(size_t n, size_t size)
{
    void *p = dsc_malloc(n, size);

    if (p)
        memset(p, 0, n * size);
    return p;
}

int dsc_grow(void *array, size_t *cap, size_t need, size_t size)
{
    void *old, *p;
    size_t n = *cap ? *cap : 8;

    if (need <= *cap)
        return 0;
    while (n < need)
        n = n > SIZE_MAX / 2 ? need : n * 2;
    p = dsc_malloc(n, size);
    if (!p)
        return -1;
    memcpy(&old, array, sizeof(old));
    if (old)
        memcpy(p, old, *cap * size);
    dsc_free(old);
    memcpy(array, &p, sizeof(p));
    *cap = n;
    return 0;
}

char *dsc_strndup(const char *s, size_t n)
{
    size_t len = strnlen(s, n);
    char *p = len < SIZE_MAX ? dsc_malloc(len + 1, 1) : NULL;

    if (!p)
        return NULL;
    memcpy(p, s, len);
    p[len] = '\0';
    return p;
}

char *dsc_strdup(const char *s)
{
    return dsc_strndup(s, SIZE_MAX);
}

void dsc_free(void *p)
{
    free(p);
}

void dsc_alloc_fail_after(uint64_t n)
{
    atomic_store(&fail_at, n ? atomic_load(&calls) + n : 0);
}

uint64_t dsc_alloc_count(void)
{
    return atomic_load(&calls);
}
