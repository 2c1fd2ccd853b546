/* h5_internal.h - what the files of core/h5 share. */
#ifndef DSC_H5_INTERNAL_H
#define DSC_H5_INTERNAL_H

#include <hdf5.h>

#include "core/h5/h5.h"

struct dsc_h5 {
    char *name;
    const uint8_t *bytes;
    size_t len_bytes;
    bool is_mapped; /* bytes is ours to unmap */
    hid_t file;
};

/* HDF5 is not safe from several threads in every build, and prints errors unless told
 * otherwise: hold this around its calls. */
struct dsc_h5_lock {
    H5E_auto2_t print;
    void *print_data;
};
void dsc_h5_lock(struct dsc_h5_lock *l);
void dsc_h5_unlock(const struct dsc_h5_lock *l);

/* dsc_fail with the innermost reason HDF5 gives behind the sentence; inside the lock. */
enum dsc_status dsc_h5_fail(enum dsc_status status, const char *fmt, ...) DSC_PRINTF(2, 3);

/* Check, inside the lock, that `path` is reached by hard links only. kind: as dsc_h5_find. */
DSC_CHECK_RESULT enum dsc_status dsc_h5_walk(const struct dsc_h5 *f, const char *path,
                                             enum dsc_h5_kind *kind);
/* Open the object at `path`, which must be of this kind (NONE: either); inside the lock. */
DSC_CHECK_RESULT enum dsc_status dsc_h5_object(const struct dsc_h5 *f, const char *path,
                                               enum dsc_h5_kind want, hid_t *out);

/* One sentence for bytes that are not a whole HDF5 file; DSC_OK when they may be one. */
DSC_CHECK_RESULT enum dsc_status dsc_h5_sniff(const uint8_t *bytes, size_t len_bytes,
                                              const char *name);

#endif
