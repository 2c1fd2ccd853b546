/* arena.h - many small blocks that die together.
 *
 * A chain of chunks; a block is never moved and never freed alone. Zero-filled,
 * aligned to 16 bytes. Initialise with { 0 }.
 */
#ifndef DSC_ARENA_H
#define DSC_ARENA_H

#include <stddef.h>

struct dsc_arena {
    struct dsc_arena_chunk *head;
    size_t used_bytes; /* handed out, all chunks */
    size_t max_bytes;  /* refuse above this; 0: no limit */
};

/* n elements of size bytes, zero-filled; NULL when out of memory or over max_bytes. */
void *dsc_arena_alloc(struct dsc_arena *a, size_t n, size_t size);
char *dsc_arena_strndup(struct dsc_arena *a, const char *s, size_t n);
char *dsc_arena_strdup(struct dsc_arena *a, const char *s);
/* Free every block; the arena can be used again. */
void dsc_arena_release(struct dsc_arena *a);

#endif
