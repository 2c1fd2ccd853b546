#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

#include "core/base/alloc.h"

Test(alloc, blocks_are_aligned_and_can_be_empty)
{
    for (size_t n = 0; n < 300; n += 7) {
        void *p = dsc_malloc(n, 1);

        cr_assert_not_null(p);
        cr_assert_eq((uintptr_t)p % DSC_ALIGN, 0u);
        dsc_free(p);
    }
    dsc_free(NULL);
}

Test(alloc, a_product_that_overflows_is_refused)
{
    cr_assert_null(dsc_malloc(SIZE_MAX / 2, 3));
    cr_assert_null(dsc_calloc(SIZE_MAX, SIZE_MAX));
}

Test(alloc, calloc_clears)
{
    unsigned char *p = dsc_calloc(100, 3);

    cr_assert_not_null(p);
    for (size_t i = 0; i < 300; i++)
        cr_assert_eq(p[i], 0);
    dsc_free(p);
}

Test(alloc, grow_keeps_what_was_there)
{
    int *v = NULL;
    size_t cap = 0;

    for (int i = 0; i < 1000; i++) {
        cr_assert_eq(dsc_grow(&v, &cap, (size_t)i + 1, sizeof(*v)), 0);
        v[i] = i;
    }
    for (int i = 0; i < 1000; i++)
        cr_assert_eq(v[i], i);
    cr_assert_geq(cap, 1000u);
    dsc_free(v);
}

Test(alloc, grow_that_fails_changes_nothing)
{
    int *v = NULL, *before;
    size_t cap = 0, cap_before;

    cr_assert_eq(dsc_grow(&v, &cap, 3, sizeof(*v)), 0);
    v[2] = 5;
    before = v;
    cap_before = cap;
    cr_assert_eq(dsc_grow(&v, &cap, SIZE_MAX, sizeof(*v)), -1);
    dsc_alloc_fail_after(1);
    cr_assert_eq(dsc_grow(&v, &cap, 100, sizeof(*v)), -1);
    dsc_alloc_fail_after(0);
    cr_assert_eq(v, before);
    cr_assert_eq(cap, cap_before);
    cr_assert_eq(v[2], 5);
    dsc_free(v);
}

Test(alloc, strings_are_copied_up_to_their_end)
{
    char *a = dsc_strndup("hello", 3), *b = dsc_strndup("hi", 100), *c = dsc_strdup("");

    cr_assert_str_eq(a, "hel");
    cr_assert_str_eq(b, "hi");
    cr_assert_str_eq(c, "");
    dsc_free(a);
    dsc_free(b);
    dsc_free(c);
}

Test(alloc, the_nth_and_all_later_calls_fail)
{
    uint64_t calls = dsc_alloc_count();
    void *p;

    dsc_alloc_fail_after(2);
    p = dsc_malloc(1, 1);
    cr_assert_not_null(p);
    cr_assert_null(dsc_malloc(1, 1));
    cr_assert_null(dsc_strdup("x"));
    dsc_alloc_fail_after(0);
    dsc_free(p);
    p = dsc_malloc(1, 1);
    cr_assert_not_null(p);
    dsc_free(p);
    cr_assert_eq(dsc_alloc_count() - calls, 4u);
}
