#include "core/cli/nearest.h"

#include <stdint.h>
#include <string.h>

#include "core/base/base.h"

#define MAX_LEN 63

/* Optimal string alignment: Levenshtein's table with one more move, the swap. */
size_t dsc_edit_distance(const char *a, const char *b)
{
    size_t rows[3][MAX_LEN + 1];
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    size_t len_a = strnlen(a, MAX_LEN), len_b = strnlen(b, MAX_LEN);

    for (size_t j = 0; j <= len_b; j++)
        last[j] = j;
    for (size_t i = 1; i <= len_a; i++) {
        size_t *spare = before;

        row[0] = i;
        for (size_t j = 1; j <= len_b; j++) {
            size_t d = last[j - 1] + (a[i - 1] != b[j - 1]);

            d = DSC_MIN(d, DSC_MIN(last[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d = DSC_MIN(d, before[j - 2] + 1);
            row[j] = d;
        }
        before = last;
        last = row;
        row = spare;
    }
    return last[len_b];
}

void dsc_nearest_begin(struct dsc_nearest *n, const char *word)
{
    *n = (struct dsc_nearest){ .word = word, .distance = SIZE_MAX };
}

void dsc_nearest_offer(struct dsc_nearest *n, const char *name)
{
    size_t d = dsc_edit_distance(n->word, name);

    if (d < n->distance) {
        n->distance = d;
        n->best = name;
    }
}

const char *dsc_nearest_end(const struct dsc_nearest *n)
{
    size_t limit;

    if (!n->best)
        return NULL;
    limit = strlen(n->best) / 3;
    return n->distance <= DSC_MAX(limit, (size_t)1) ? n->best : NULL;
}
