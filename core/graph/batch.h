/* batch.h - many samples through a model, a few at a time.
 *
 * Pictures of a large batch would drive each other's activations out of the caches, and hold
 * memory for all at once; but one at a time every weight is read anew for each. So
 * samples go in slices: one for a small network, more the more bytes its weights have
 * (EfficientNet-Lite0, batch of 8: 4.8 ms a picture one by one, 5.9 ms together).
 *
 *     st = dsc_batch_new(&b, model, 2);
 *     st = dsc_batch_run(b, in, n_in);
 *     features = dsc_batch_output(b, 0);      // [N, ...]
 */
#ifndef DSC_BATCH_H
#define DSC_BATCH_H

#include "core/graph/session.h"

struct dsc_batch;

/* n_threads as in dsc_session_new; the model must outlive the batch. */
DSC_CHECK_RESULT enum dsc_status dsc_batch_new(struct dsc_batch **out, const struct dsc_model *m,
                                               int n_threads);
void dsc_batch_free(struct dsc_batch *b); /* takes NULL */

/* As dsc_session_run; the first axis of every input counts the samples. A batch of a shape that
 * was run before allocates nothing. DSC_INVALID also when an output has not one row for each
 * sample, so that samples cannot be taken apart. */
DSC_CHECK_RESULT enum dsc_status dsc_batch_run(struct dsc_batch *b,
                                               const struct dsc_tensor *const *in, size_t n_in);
/* Output i of the last run, all samples; borrowed until the next. */
const struct dsc_tensor *dsc_batch_output(const struct dsc_batch *b, size_t i);

#endif
