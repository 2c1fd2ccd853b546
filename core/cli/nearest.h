/* nearest.h - "did you mean": the known name nearest to a mistyped one. */
#ifndef DSC_NEAREST_H
#define DSC_NEAREST_H

#include <stddef.h>

struct dsc_nearest {
    const char *word; /* what was typed */
    const char *best; /* borrowed from the last offer that was better; NULL at first */
    size_t distance;
};

/* Insertions, deletions, replacements and swaps of neighbours that turn a into
 * b; names above 63 bytes are cut. */
size_t dsc_edit_distance(const char *a, const char *b);

void dsc_nearest_begin(struct dsc_nearest *n, const char *word);
void dsc_nearest_offer(struct dsc_nearest *n, const char *name);
/* The best name offered, or NULL when none is near enough to be what was meant:
 * more than a third of its letters differ (one may always). */
const char *dsc_nearest_end(const struct dsc_nearest *n);

#endif
