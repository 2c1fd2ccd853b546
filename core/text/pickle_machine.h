/* pickle_machine.h - the stack machine that pickle.c runs opcodes on.
 *
 * Its first failure stays in `status`; after that every function here returns
 * a harmless placeholder, so an opcode may run to its end before anyone looks.
 */
#ifndef DSC_PICKLE_MACHINE_H
#define DSC_PICKLE_MACHINE_H

#include "core/text/pickle.h"

struct dsc_machine {
    enum dsc_status status;
    const char *name;
    const uint8_t *begin, *at, *end;
    const uint8_t *op; /* the opcode that runs */
    uint64_t arg;      /* and the number that follows it */
    struct dsc_pickle *out;
    struct dsc_pickle_limits limits;
    size_t values; /* and references, against limits.max_values */
    struct dsc_pickle_value **stack;
    size_t n_stack, cap_stack;
    size_t *marks; /* heights of the stack */
    size_t n_marks, cap_marks;
    struct dsc_pickle_value **memo; /* NULL where nothing was put */
    size_t n_memo, cap_memo;
    struct dsc_pickle_value placeholder; /* NONE */
    bool stopped;
};

struct dsc_span {
    const char *bytes;
    size_t len;
};

struct dsc_values {
    struct dsc_pickle_value **items;
    size_t n;
};

/* Record a failure at the running opcode, unless one is recorded already. */
void dsc_machine_fail(struct dsc_machine *m, enum dsc_status status, const char *fmt, ...)
    DSC_PRINTF(3, 4);
/* `what` is wrong with the pickle. */
void dsc_machine_damaged(struct dsc_machine *m, const char *what);
void dsc_machine_cut_short(struct dsc_machine *m);
void dsc_machine_too_deep(struct dsc_machine *m);
void dsc_machine_no_memory(struct dsc_machine *m);

/* Zero-filled memory that lives as long as the result; NULL on failure. */
void *dsc_machine_keep(struct dsc_machine *m, size_t n, size_t size);
/* A new value, to be filled by the caller. */
struct dsc_pickle_value *dsc_machine_new(struct dsc_machine *m, enum dsc_pickle_type type);
struct dsc_pickle_value *dsc_machine_new_list(struct dsc_machine *m, enum dsc_pickle_type type,
                                              struct dsc_values v);
/* Append to a LIST, TUPLE or SET; to a DICT, keys and values in turn. */
void dsc_machine_append(struct dsc_machine *m, struct dsc_pickle_value *list, struct dsc_values v);
/* v holds child: make it one deeper than child. */
void dsc_machine_nest(struct dsc_machine *m, struct dsc_pickle_value *v,
                      const struct dsc_pickle_value *child);

void dsc_machine_push(struct dsc_machine *m, struct dsc_pickle_value *v);
struct dsc_pickle_value *dsc_machine_top(struct dsc_machine *m);
struct dsc_pickle_value *dsc_machine_pop(struct dsc_machine *m);
/* The height of the stack that an opcode may not pop below: the last mark. */
size_t dsc_machine_fence(const struct dsc_machine *m);
/* Remove the last mark and the values above it, which stay readable until the
 * next push. */
struct dsc_values dsc_machine_pop_mark(struct dsc_machine *m);

/* The next len bytes of the file, or those up to the end of the line. */
struct dsc_span dsc_machine_take(struct dsc_machine *m, uint64_t len);
struct dsc_span dsc_machine_take_line(struct dsc_machine *m);

#endif
