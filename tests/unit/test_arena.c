#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/arena.h"

Test(arena, blocks_are_cleared_aligned_and_apart)
{
    struct dsc_arena a = { 0 };
    unsigned char *block[200];

    for (size_t i = 0; i < 200; i++) {
        block[i] = dsc_arena_alloc(&a, i * 3, 1);
        cr_assert_not_null(block[i]);
        cr_assert_eq((uintptr_t)block[i] % 16, 0u);
        for (size_t k = 0; k < i * 3; k++)
            cr_assert_eq(block[i][k], 0);
        memset(block[i], (int)i, i * 3);
    }
    for (size_t i = 0; i < 200; i++)
        for (size_t k = 0; k < i * 3; k++)
            cr_assert_eq(block[i][k], i);
    dsc_arena_release(&a);
}

Test(arena, a_block_may_be_larger_than_a_chunk)
{
    struct dsc_arena a = { 0 };
    char *small = dsc_arena_strdup(&a, "small"), *big = dsc_arena_alloc(&a, 1000000, 1);

    cr_assert_not_null(big);
    memset(big, 1, 1000000);
    cr_assert_str_eq(small, "small");
    dsc_arena_release(&a);
}

Test(arena, refuses_above_its_limit)
{
    struct dsc_arena a = { .max_bytes = 100 };

    cr_assert_not_null(dsc_arena_alloc(&a, 90, 1));
    cr_assert_null(dsc_arena_alloc(&a, 10, 1));
    cr_assert_null(dsc_arena_alloc(&a, SIZE_MAX, 1));
    cr_assert_null(dsc_arena_alloc(&a, SIZE_MAX, 2));
    cr_assert_not_null(dsc_arena_alloc(&a, 0, 1));
    dsc_arena_release(&a);
}

Test(arena, out_of_memory_leaves_it_usable)
{
    struct dsc_arena a = { 0 };
    char *first = dsc_arena_strndup(&a, "first", 3);

    dsc_alloc_fail_after(1);
    cr_assert_null(dsc_arena_alloc(&a, 1000000, 1));
    dsc_alloc_fail_after(0);
    cr_assert_str_eq(first, "fir");
    cr_assert_not_null(dsc_arena_strdup(&a, "second"));
    dsc_arena_release(&a);
    cr_assert_eq(a.used_bytes, 0u);
    cr_assert_not_null(dsc_arena_strdup(&a, "third"));
    dsc_arena_release(&a);
}
