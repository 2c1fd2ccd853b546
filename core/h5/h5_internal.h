/* h5_internal.h - what the files of core/h5 share.
 *
 * Reading does not go through the HDF5 library: one changed bit in a file crashes it
 * (1.10.8: H5HG_read among others). What Keras and h5py write by default is a small part of
 * the format (https://docs.hdfgroup.org/hdf5/v1_14/_f_m_t3.html), and is read here with every
 * address and size checked: superblocks 0 to 3, object headers 1 and 2, groups as symbol
 * tables or compact links, attributes in headers, datasets that are compact, contiguous, or
 * in chunks under a version 1 tree. Section numbers below are those of that document.
 */
#ifndef DSC_H5_INTERNAL_H
#define DSC_H5_INTERNAL_H

#include "core/h5/h5.h"

#define DSC_H5_NOWHERE UINT64_MAX /* the address of what was never stored */

struct dsc_h5 {
    char *name;
    const uint8_t *map; /* the whole file, to unmap; NULL: bytes are the caller's */
    size_t map_bytes;
    const uint8_t *bytes; /* from the superblock on: addresses count from here */
    size_t len_bytes;
    uint64_t root; /* header of the root group */
};

/* Numbers taken one after another; once one is missing all are 0. */
struct dsc_h5_cursor {
    const uint8_t *at, *end;
    bool failed;
};
struct dsc_h5_cursor dsc_h5_cursor(const uint8_t *bytes, size_t len);
/* Little-endian number of n <= 8 bytes. */
uint64_t dsc_h5_take(struct dsc_h5_cursor *c, size_t n);
/* Pass over n bytes; where they begin, or NULL. */
const uint8_t *dsc_h5_skip(struct dsc_h5_cursor *c, uint64_t n);
/* Pass over 4 bytes and fail when they are not these. */
void dsc_h5_expect(struct dsc_h5_cursor *c, const char *signature);
/* len bytes at an address, failed from the start when they are not in the file; SIZE_MAX: up
 * to its end. */
struct dsc_h5_cursor dsc_h5_at(const struct dsc_h5 *f, uint64_t address, uint64_t len);

/* The sentence for an object that contradicts the format. */
enum dsc_status dsc_h5_damaged(const struct dsc_h5 *f, const char *path, const char *what);

/* Header messages (IV.A.2). */
enum dsc_h5_message_type {
    DSC_H5_MSG_DATASPACE = 0x01,
    DSC_H5_MSG_LINK_INFO = 0x02,
    DSC_H5_MSG_DATATYPE = 0x03,
    DSC_H5_MSG_LINK = 0x06,
    DSC_H5_MSG_EXTERNAL = 0x07,
    DSC_H5_MSG_LAYOUT = 0x08,
    DSC_H5_MSG_GROUP_INFO = 0x0a,
    DSC_H5_MSG_FILTERS = 0x0b,
    DSC_H5_MSG_ATTRIBUTE = 0x0c,
    DSC_H5_MSG_CONTINUATION = 0x10,
    DSC_H5_MSG_SYMBOL_TABLE = 0x11,
    DSC_H5_MSG_ATTRIBUTE_INFO = 0x15,
};
struct dsc_h5_message {
    unsigned type;
    bool is_shared; /* the bytes only say where the message is */
    const uint8_t *bytes;
    size_t len;
};

/* An object's header. */
struct dsc_h5_object {
    const struct dsc_h5 *file;
    const char *path; /* for messages; borrowed */
    struct dsc_h5_message *messages;
    size_t n, cap;
};
DSC_CHECK_RESULT enum dsc_status dsc_h5_object_load(struct dsc_h5_object *o, const struct dsc_h5 *f,
                                                    uint64_t address, const char *path);
void dsc_h5_object_release(struct dsc_h5_object *o);
/* The first message of a type, or NULL. */
const struct dsc_h5_message *dsc_h5_object_find(const struct dsc_h5_object *o, unsigned type);
/* Follow the links of a path from the root. kind: NONE when there is no such object, and then
 * `o` holds nothing. Release `o` in every case. */
DSC_CHECK_RESULT enum dsc_status dsc_h5_walk(const struct dsc_h5 *f, const char *path,
                                             struct dsc_h5_object *o, enum dsc_h5_kind *kind);
/* The same, for an object that must be there and of this kind (NONE: either). */
DSC_CHECK_RESULT enum dsc_status dsc_h5_object_open(const struct dsc_h5 *f, const char *path,
                                                    enum dsc_h5_kind want, struct dsc_h5_object *o);

struct dsc_h5_link {
    const char *name; /* for the call */
    size_t len;
    enum { DSC_H5_LINK_HARD, DSC_H5_LINK_SOFT, DSC_H5_LINK_EXTERNAL, DSC_H5_LINK_USER } kind;
    uint64_t address; /* of a hard link */
};
/* Call visit for the links of a group until it returns anything but DSC_OK. `name`: links of
 * another name may be left out; NULL: all. */
typedef enum dsc_status dsc_h5_visit_fn(void *arg, const struct dsc_h5_link *link);
DSC_CHECK_RESULT enum dsc_status dsc_h5_group_visit(const struct dsc_h5_object *o, const char *name,
                                                    dsc_h5_visit_fn *visit, void *arg);

/* A datatype (IV.A.2.d), as far as it is known here. */
enum dsc_h5_class { DSC_H5_INTEGER, DSC_H5_FLOAT, DSC_H5_TEXT, DSC_H5_TEXT_POINTER, DSC_H5_OTHER };
struct dsc_h5_datatype {
    enum dsc_h5_class class;
    size_t bytes; /* of one element */
    bool is_signed, big_endian, space_padded, is_enum;
    unsigned mantissa_bits; /* floats: 10 (f16), 7 (bf16), 23, 52 */
};
/* Shape of a dataspace; n 0 for a null one. */
struct dsc_h5_space {
    size_t rank; /* may be above DSC_H5_MAX_RANK: then dim holds the first ones */
    size_t dim[DSC_H5_MAX_RANK];
    size_t n;
};
/* False when the bytes contradict the format. */
bool dsc_h5_datatype_parse(struct dsc_h5_datatype *t, const uint8_t *bytes, size_t len);
bool dsc_h5_space_parse(struct dsc_h5_space *s, const uint8_t *bytes, size_t len);
/* f32 as this machine has them. */
bool dsc_h5_is_native(const struct dsc_h5_datatype *t);
/* n elements to floats, whole numbers or flags. False when one does not fit. */
bool dsc_h5_convert(const struct dsc_h5_datatype *t, const uint8_t *from, size_t n,
                    enum dsc_h5_type type, void *to);
/* One number; integers and floats only. */
double dsc_h5_number(const struct dsc_h5_datatype *t, const uint8_t *from);

/* A dataset stored in chunks. */
struct dsc_h5_chunks {
    const struct dsc_h5 *file;
    const char *path;
    uint64_t tree;
    size_t rank;
    size_t dim[DSC_H5_MAX_RANK];   /* of the dataset */
    size_t chunk[DSC_H5_MAX_RANK]; /* of a chunk */
    size_t element_bytes, chunk_bytes;
    const uint8_t *filters; /* the filter message; NULL: none */
    size_t filters_len;
};
/* Copy rows first .. first + n - 1, elements as stored, to `out`. */
DSC_CHECK_RESULT enum dsc_status dsc_h5_chunks_read(const struct dsc_h5_chunks *c, size_t first,
                                                    size_t n, uint8_t *out);
/* Refuse filters that cannot be undone here. */
DSC_CHECK_RESULT enum dsc_status dsc_h5_filters_check(const struct dsc_h5_chunks *c,
                                                      bool *inflates);

/* One sentence for bytes that are not a whole HDF5 file; DSC_OK when they may be one.
 * at: where the superblock is. */
DSC_CHECK_RESULT enum dsc_status dsc_h5_sniff(const uint8_t *bytes, size_t len_bytes,
                                              const char *name, size_t *at);

#endif
