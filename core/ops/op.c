#include "core/ops/op.h"

#include <assert.h>

static const struct dsc_op *const ops[] = {
#define DSC_OP(name) &dsc_op_##name,
#include "core/ops/ops.def"
#undef DSC_OP
};

const struct dsc_op *dsc_op_at(size_t i)
{
    assert(i < DSC_COUNT(ops));
    return ops[i];
}

size_t dsc_op_count(void)
{
    return DSC_COUNT(ops);
}
