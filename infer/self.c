#include "infer/self.h"

#include <unistd.h>

bool self_path(char *out, size_t out_bytes)
{
    ssize_t len = readlink("/proc/self/exe", out, out_bytes);

    if (len <= 0 || (size_t)len == out_bytes)
        return false;
    out[len] = '\0';
    return true;
}
