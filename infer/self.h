/* self.h - where this program lies. */
#ifndef DSC_SELF_H
#define DSC_SELF_H

#include <stdbool.h>
#include <stddef.h>

/* The path of the running program; false when the system does not tell or it does not fit. */
bool self_path(char *out, size_t out_bytes);

#endif
