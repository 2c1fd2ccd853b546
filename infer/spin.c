#include "infer/spin.h"

#include <stdlib.h>
#include <unistd.h>

#define SPINS "500" /* some 10 us: more than the threads of most ops differ by */

void spin_briefly(char **argv)
{
    if (getenv("GOMP_SPINCOUNT") || getenv("OMP_WAIT_POLICY") || setenv("GOMP_SPINCOUNT", SPINS, 1))
        return;
    execv("/proc/self/exe", argv);
}
