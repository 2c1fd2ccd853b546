/* heavy_case.h - run an op with packed constants and several results, and compare with sums
 * in double. Every function fails the running test by itself.
 */
#ifndef DSC_HEAVY_CASE_H
#define DSC_HEAVY_CASE_H

#include "core/ops/ops.h"

/* How a run is made; heavy_ways() of them: packed or not, one thread or two. */
struct heavy_way {
    bool packed;
    int n_threads;
};
size_t heavy_ways(void);
struct heavy_way heavy_way(size_t i);

/* All results of op, to be freed by heavy_free(). Inputs may be NULL. Outputs have guard bytes
 * behind them and begin as NaN; forward must not allocate. */
struct heavy_out {
    struct dsc_tensor t[DSC_OP_MAX_OUT];
    size_t n;
};
struct heavy_out heavy_run(const struct dsc_op *op, const void *attr,
                           const struct dsc_tensor *const *in, size_t n_in, struct heavy_way way);
void heavy_free(struct heavy_out *out);

/* |got - expected| <= 1e-5 + 1e-4 |expected| everywhere. */
void heavy_expect(const struct dsc_tensor *got, const double *expected, const char *what);

/* act of ops in double precision. */
double heavy_act(double x, struct dsc_act act);

/* A number of -1..1, the same for the same state. */
float heavy_random(unsigned *state);
/* A tensor of them; scale small sums of large products with it. */
struct dsc_tensor *heavy_tensor(struct dsc_shape shape, float scale, unsigned seed);

#endif
