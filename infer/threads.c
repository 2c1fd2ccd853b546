#include "infer/threads.h"

#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "infer/self.h"

#define SPINS "500" /* some 10 us: more than the threads of most ops differ by */

static bool set(const char *name, const char *value)
{
    return !getenv(name) && !setenv(name, value, 0);
}

void threads_settle(char **argv)
{
    bool spin = !getenv("OMP_WAIT_POLICY") && set("GOMP_SPINCOUNT", SPINS);
    bool blas = set("OPENBLAS_NUM_THREADS", "1");
    char self[4096];

    /* By its own path: by /proc/self/exe it would be called "exe" in lists of processes. */
    if ((spin || blas) && self_path(self, sizeof(self)))
        execv(self, argv);
}
