/* kernel_case.h - run each kernel of every table against the scalar one, on buffers with
 * guards behind them and at every alignment.
 */
#ifndef DSC_KERNEL_CASE_H
#define DSC_KERNEL_CASE_H

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "core/base/base.h"
#include "core/kernels/kernels.h"
#include "tests/support/heavy_case.h"

#define CASE_FLOATS 8192
#define CASE_GUARD  (-12345.0F)

/* Two results: of the table under test and of the reference. */
struct kernel_case {
    float got[CASE_FLOATS], want[CASE_FLOATS];
};

static inline const struct dsc_kernels *fast_table(enum dsc_isa isa)
{
    return isa <= dsc_cpu_isa() ? dsc_kernels_of(isa) : NULL;
}

static inline void case_fill(float *x, size_t n, unsigned seed)
{
    for (size_t i = 0; i < n; i++)
        x[i] = 2 * heavy_random(&seed);
}

static inline void case_begin(struct kernel_case *c)
{
    for (size_t i = 0; i < CASE_FLOATS; i++)
        c->got[i] = c->want[i] = CASE_GUARD;
}

/* The two agree, guards included. `rtol` is relative to 1 + |want|. */
static inline void case_end(const struct kernel_case *c, float rtol, const char *what, size_t n)
{
    for (size_t i = 0; i < CASE_FLOATS; i++) {
        const float w = c->want[i], g = c->got[i];

        if (w == g || (isnan(w) && isnan(g)))
            continue;
        cr_assert(w != CASE_GUARD, "%s of %zu writes element %zu", what, n, i);
        cr_assert(fabsf(g - w) <= rtol * (1 + fabsf(w)), "%s of %zu: element %zu is %.9g, not %.9g",
                  what, n, i, (double)g, (double)w);
    }
}

#endif
