/* What holds for every op of ops.def. */
#include <criterion/criterion.h>
#include <string.h>

#include "core/ops/ops.h"

Test(ops, all_have_name_shape_and_forward)
{
    for (size_t i = 0; i < dsc_op_count(); i++) {
        const struct dsc_op *op = dsc_op_at(i);

        cr_assert(op->name && op->name[0], "op %zu", i);
        cr_assert(op->shape && op->forward, "%s", op->name);
        cr_assert(op->n_out >= 1 && op->n_out <= DSC_OP_MAX_OUT, "%s", op->name);
        cr_assert(op->min_in >= 1 && op->min_in <= op->max_in, "%s", op->name);
    }
}

Test(ops, are_named_as_in_the_list)
{
    static const char *const names[] = {
#define DSC_OP(name) #name,
#include "core/ops/ops.def"
#undef DSC_OP
    };

    cr_assert_eq(dsc_op_count(), DSC_COUNT(names));
    for (size_t i = 0; i < DSC_COUNT(names); i++)
        cr_assert_str_eq(dsc_op_at(i)->name, names[i]);
}

Test(ops, views_are_not_computed_in_place)
{
    for (size_t i = 0; i < dsc_op_count(); i++) {
        unsigned both = DSC_OP_INPLACE | DSC_OP_VIEW;

        cr_assert_neq(dsc_op_at(i)->flags & both, both, "%s", dsc_op_at(i)->name);
    }
}

Test(ops, states_lie_inside_inputs_and_results)
{
    for (size_t i = 0; i < dsc_op_count(); i++) {
        const struct dsc_op *op = dsc_op_at(i);

        if (!op->n_state)
            continue;
        cr_assert_leq(op->state_in + op->n_state, op->max_in, "%s", op->name);
        cr_assert_leq(op->state_out + op->n_state, op->n_out, "%s", op->name);
        cr_assert_lt(op->mask_in, op->max_in, "%s", op->name);
    }
}
