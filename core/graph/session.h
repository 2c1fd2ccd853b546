/* session.h - the changing state of runs of one model; one session per thread.
 *
 *     struct dsc_session *s;
 *     const struct dsc_tensor *y;
 *     st = dsc_session_new(&s, model, 2);
 *     st = dsc_session_run(s, (const struct dsc_tensor *[]){ &image, &words }, 2);
 *     y = dsc_session_output(s, 0);
 *
 * A plan (memory places for every value) is made for each set of input shapes and
 * kept; a second run with the same shapes allocates nothing.
 */
#ifndef DSC_SESSION_H
#define DSC_SESSION_H

#include "core/graph/model.h"

struct dsc_session;

/* n_threads >= 1: how many threads one run may use. The model must outlive the session. */
DSC_CHECK_RESULT enum dsc_status dsc_session_new(struct dsc_session **out,
                                                 const struct dsc_model *m, int n_threads);
void dsc_session_free(struct dsc_session *s);

/* Run on one tensor for each graph input, in their order. The caller's tensors are only
 * read. DSC_INVALID names the input whose type or shape does not fit. */
DSC_CHECK_RESULT enum dsc_status dsc_session_run(struct dsc_session *s,
                                                 const struct dsc_tensor *const *in, size_t n_in);
/* Output i of the last run; borrowed until the next run. */
const struct dsc_tensor *dsc_session_output(const struct dsc_session *s, size_t i);

#endif
