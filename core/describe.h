#ifndef DSC_DESCRIBE_H
#define DSC_DESCRIBE_H
/* (public header: filled in when the captioner lands) */
#define DSC_STATUS_MAP(X)              \
    X(OK, 0, "success")                \
    X(NOMEM, 1, "out of memory")       \
    X(IO, 2, "input/output failed")    \
    X(FORMAT, 3, "malformed input")    \
    X(UNSUPPORTED, 4, "not supported") \
    X(INVALID, 5, "invalid argument")  \
    X(CANCELLED, 6, "cancelled")

enum dsc_status {
#define X(name, value, text) DSC_##name = value,
    DSC_STATUS_MAP(X)
#undef X
};

/* Sentence of the last failure in this thread; borrowed until the next one. */
const char *dsc_error_message(void);
const char *dsc_status_text(enum dsc_status status);

#endif
