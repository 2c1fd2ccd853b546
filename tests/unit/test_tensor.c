#include <criterion/criterion.h>
#include <string.h>

#include "core/tensor/tensor.h"

Test(tensor, text_holds_the_longest_shape)
{
    const size_t most = SIZE_MAX - 1;
    char text[DSC_SHAPE_TEXT];
    struct dsc_shape s = DSC_SHAPE(most, most, most, most, most, most);

    cr_assert_eq(strlen(dsc_shape_text(s, text)), 2 + 6 * 20 + 5 * 2);
    cr_assert_str_eq(dsc_shape_text(DSC_SHAPE(DSC_DIM_FREE, 34), text), "[?, 34]");
    cr_assert_str_eq(dsc_shape_text((struct dsc_shape){ 0 }, text), "[]");
}
