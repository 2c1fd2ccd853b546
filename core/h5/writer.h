/* writer.h - a new HDF5 file that appears whole or not at all.
 *
 * Everything goes to a temporary file in the same folder; commit flushes it to the disk and
 * renames it, so that a reader sees the old file or the new one.
 *
 *     struct dsc_h5_writer *w;
 *     struct dsc_h5_array a = { .type = DSC_H5_F32, .rank = 2, .dim = { 5, 61 } };
 *     st = dsc_h5_writer_open(&w, "out.h5");
 *     st = dsc_h5_writer_add_array(w, "outputs/output_0", &a, numbers);
 *     st = dsc_h5_writer_commit(w);
 *     dsc_h5_writer_close(w);
 *
 * One thread uses a writer; several writers may be used at once. Fails: DSC_IO.
 */
#ifndef DSC_H5_WRITER_H
#define DSC_H5_WRITER_H

#include "core/h5/h5.h"

struct dsc_h5_writer;

DSC_CHECK_RESULT enum dsc_status dsc_h5_writer_open(struct dsc_h5_writer **out, const char *path);
/* Flush to the disk and give the file its name. Nothing may be added afterwards. */
DSC_CHECK_RESULT enum dsc_status dsc_h5_writer_commit(struct dsc_h5_writer *w);
/* Takes NULL; without a commit before, the temporary file is removed. */
void dsc_h5_writer_close(struct dsc_h5_writer *w);

/* Groups on the way to an object are made as needed. */
DSC_CHECK_RESULT enum dsc_status dsc_h5_writer_add_group(struct dsc_h5_writer *w, const char *path);
/* A contiguous dataset of type and shape `a` (`mapped` is not looked at). data: all its
 * numbers (float, int32_t or bytes 0 and 1), or NULL: rows follow. */
DSC_CHECK_RESULT enum dsc_status dsc_h5_writer_add_array(struct dsc_h5_writer *w, const char *path,
                                                         const struct dsc_h5_array *a,
                                                         const void *data);
/* Rows first .. first + n - 1 of a dataset that was added with rank >= 1. */
DSC_CHECK_RESULT enum dsc_status dsc_h5_writer_put_rows(struct dsc_h5_writer *w, const char *path,
                                                        size_t first, size_t n, const void *data);
/* Attributes of an object that was added, or of "/": a UTF-8 string, a list of them. */
DSC_CHECK_RESULT enum dsc_status dsc_h5_writer_add_text(struct dsc_h5_writer *w, const char *path,
                                                        const char *attr, const char *text);
DSC_CHECK_RESULT enum dsc_status dsc_h5_writer_add_texts(struct dsc_h5_writer *w, const char *path,
                                                         const char *attr, const char *const *text,
                                                         size_t n);

#endif
