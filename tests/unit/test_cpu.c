#include <criterion/criterion.h>
#include <stdlib.h>

#include "core/base/cpu.h"

/* The level is asked of the machine once per process, and each test is a process. */

Test(cpu, environment_lowers_the_level)
{
    setenv("DSC_ISA", "scalar", 1);
    cr_assert_eq(dsc_cpu_isa(), DSC_ISA_SCALAR);
}

Test(cpu, environment_never_raises_the_level)
{
    setenv("DSC_ISA", "amx", 1);
    cr_assert_lt(dsc_cpu_isa(), DSC_ISA_COUNT);
#if defined(__x86_64__)
    if (!__builtin_cpu_supports("avx512f"))
        cr_assert_lt(dsc_cpu_isa(), DSC_ISA_AVX512);
    if (!__builtin_cpu_supports("avx2"))
        cr_assert_eq(dsc_cpu_isa(), DSC_ISA_SCALAR);
#endif
}

Test(cpu, unknown_name_in_the_environment_is_ignored)
{
    enum dsc_isa isa;

    setenv("DSC_ISA", "sse9", 1);
    isa = dsc_cpu_isa();
    cr_assert_not_null(dsc_isa_name(isa));
}

Test(cpu, levels_have_names)
{
    cr_assert_str_eq(dsc_isa_name(DSC_ISA_SCALAR), "scalar");
    cr_assert_str_eq(dsc_isa_name(DSC_ISA_AMX), "amx");
}
