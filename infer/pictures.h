/* pictures.h - operands IMAGE|DIR|- as a list of pictures. */
#ifndef DSC_PICTURES_H
#define DSC_PICTURES_H

#include "core/base/arena.h"
#include "core/base/base.h"

struct picture_list {
    const char **paths;
    size_t n, cap;
    struct dsc_arena arena; /* the paths */
};

/* Append what the operands name, in their order. A folder stands for the files in it, sorted by
 * name, that begin as a picture does; with `recursive` also for those in its folders.
 * Hidden files are skipped, and links back to a folder that they lie in. Files named themselves
 * are taken as they are, and so is a folder that cannot be read: whoever reads it as a picture
 * learns why. Fails: DSC_NOMEM. */
DSC_CHECK_RESULT enum dsc_status pictures_list(struct picture_list *list,
                                               const char *const *operands, size_t n,
                                               bool recursive);
void pictures_release(struct picture_list *list);

/* Whether the operands are one file or standard input, not a folder. */
bool pictures_is_single(const char *const *operands, size_t n);

#endif
