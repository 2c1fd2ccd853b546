/* alloc.h - the only callers of the malloc family.
 *
 * Every block is freed with dsc_free(), which takes NULL. Blocks are aligned to
 * DSC_ALIGN (64) bytes so that tensors can be used by the widest kernels.
 * dsc_alloc_fail_after(n) makes the n-th allocation from now fail, so that
 * tests can walk every out-of-memory path; dsc_alloc_count() counts calls, so
 * that a test can prove that a warm run allocates nothing.
 */
#ifndef DSC_ALLOC_H
#define DSC_ALLOC_H

#include <stddef.h>
#include <stdint.h>

#define DSC_ALIGN 64

/* n elements of size bytes, not initialised; NULL when the product overflows or
 * memory is short. n 0 gives a block that can be freed. */
void *dsc_malloc(size_t n, size_t size);
/* The same, filled with zeros. */
void *dsc_calloc(size_t n, size_t size);
/* Make *array hold at least `need` elements of `size` bytes, growing by doubling;
 * *cap counts elements. Returns 0, or -1 with *array and *cap untouched. */
int dsc_grow(void *array, size_t *cap, size_t need, size_t size);
char *dsc_strdup(const char *s);
char *dsc_strndup(const char *s, size_t n);
void dsc_free(void *p);

/* n > 0: the n-th allocation from now fails, and every one after it; 0: none. */
void dsc_alloc_fail_after(uint64_t n);
/* Allocations asked for since the program began, by all threads. */
uint64_t dsc_alloc_count(void);

#endif
