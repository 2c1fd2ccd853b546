/* h5.h - HDF5 files: attributes, numbers, and numbers straight from the file's pages.
 *
 * A file is mapped into memory and read from there, so that opening costs what is
 * looked at and several processes share one copy. Files are hostile: every size is
 * checked against the file before it is used, and what points out of the file (external,
 * soft and user-defined links, external or virtual storage, plugin filters) is refused.
 *
 *     struct dsc_h5 *f;
 *     struct dsc_h5_array a;
 *     st = dsc_h5_open(&f, "model.h5");
 *     st = dsc_h5_array(f, "dense/dense/kernel:0", &a);
 *     if (!a.mapped)
 *         st = dsc_h5_read(f, "dense/dense/kernel:0", DSC_H5_F32, 0, SIZE_MAX, buffer);
 *     dsc_h5_close(f);
 *
 * Every function may be called from several threads.
 * Failures name file and object: DSC_IO for what the system says, DSC_FORMAT for what
 * the file holds, DSC_UNSUPPORTED for what is refused, DSC_NOMEM.
 * A mapped file must not be cut short by others while it is open (replace it by rename, as
 * writer.h does).
 */
#ifndef DSC_H5_H
#define DSC_H5_H

#include "core/base/arena.h"
#include "core/base/base.h"

#define DSC_H5_MAX_RANK 6

struct dsc_h5;

enum dsc_h5_type { DSC_H5_F32, DSC_H5_I32, DSC_H5_BOOL };
enum dsc_h5_kind { DSC_H5_NONE, DSC_H5_GROUP, DSC_H5_DATASET };

struct dsc_h5_array {
    enum dsc_h5_type type; /* floats of any width: F32; whole numbers: I32; numpy's bool: BOOL */
    size_t rank;           /* 0: a single number */
    size_t dim[DSC_H5_MAX_RANK];
    /* All the numbers, as the file holds them, when those are f32 of this machine in one
     * piece; aligned to 4 bytes, borrowed from the file. NULL: use dsc_h5_read. */
    const float *mapped;
};

/* A list of strings; { 0 } before use. */
struct dsc_h5_texts {
    char **text;
    size_t n, cap;
    struct dsc_arena arena;
};
void dsc_h5_texts_release(struct dsc_h5_texts *t);

/* Open for reading. What is not HDF5 is named for what it is (a Git LFS pointer, a web page,
 * a zip archive, text, a file cut short). */
DSC_CHECK_RESULT enum dsc_status dsc_h5_open(struct dsc_h5 **out, const char *path);
/* The same from bytes, which must outlive the file; `name` is for messages. */
DSC_CHECK_RESULT enum dsc_status dsc_h5_open_memory(struct dsc_h5 **out, const void *bytes,
                                                    size_t len_bytes, const char *name);
/* Takes NULL. Mapped arrays are gone afterwards. */
void dsc_h5_close(struct dsc_h5 *f);
/* The path or name it was opened with; borrowed. */
const char *dsc_h5_name(const struct dsc_h5 *f);

/* What `path` ("/" or names joined by '/') is; DSC_H5_NONE when there is no such object. A
 * path that goes on behind a dataset is DSC_FORMAT. */
DSC_CHECK_RESULT enum dsc_status dsc_h5_find(const struct dsc_h5 *f, const char *path,
                                             enum dsc_h5_kind *kind);
/* Names of the links in a group, sorted; `out` is empty before. */
DSC_CHECK_RESULT enum dsc_status dsc_h5_list(const struct dsc_h5 *f, const char *group,
                                             struct dsc_h5_texts *out);

/* Attributes of the object at `path`. A missing one is DSC_FORMAT for the readers. */
DSC_CHECK_RESULT enum dsc_status dsc_h5_has_attr(const struct dsc_h5 *f, const char *path,
                                                 const char *attr, bool *found);
/* One string, of fixed or variable length; the caller frees it with dsc_free. */
DSC_CHECK_RESULT enum dsc_status dsc_h5_attr_text(const struct dsc_h5 *f, const char *path,
                                                  const char *attr, char **out);
/* A list of strings of either length. Keras cuts long lists into attributes ATTR0,
 * ATTR1, ...: they are joined; and it writes an empty list as zero numbers: empty. `out` is
 * empty before. */
DSC_CHECK_RESULT enum dsc_status dsc_h5_attr_texts(const struct dsc_h5 *f, const char *path,
                                                   const char *attr, struct dsc_h5_texts *out);
/* One number. */
DSC_CHECK_RESULT enum dsc_status dsc_h5_attr_number(const struct dsc_h5 *f, const char *path,
                                                    const char *attr, double *out);

/* Type and shape of a dataset. */
DSC_CHECK_RESULT enum dsc_status dsc_h5_array(const struct dsc_h5 *f, const char *path,
                                              struct dsc_h5_array *out);
/* Read rows first .. first + n - 1 along the first axis (n SIZE_MAX: all from `first`; a
 * single number is one row) and convert: to f32, to i32 (DSC_FORMAT when a number has
 * a fraction or does not fit), or to bool (0 or 1, one byte). `out` holds n rows. */
DSC_CHECK_RESULT enum dsc_status dsc_h5_read(const struct dsc_h5 *f, const char *path,
                                             enum dsc_h5_type type, size_t first, size_t n,
                                             void *out);

#endif
