#include <criterion/criterion.h>
#include <stdio.h>

#include "core/base/log.h"

static void record(void *arg, enum dsc_log_level level, const char *text)
{
    snprintf(arg, 64, "%d %s", (int)level, text);
}

Test(log, goes_to_the_callback_or_nowhere)
{
    char last[64] = "";

    dsc_log(DSC_LOG_WARNING, "unheard");
    dsc_log_set(record, last);
    dsc_log(DSC_LOG_DEBUG, "%d layers", 3);
    cr_assert_str_eq(last, "2 3 layers");
    dsc_log_set(NULL, NULL);
    dsc_log(DSC_LOG_WARNING, "unheard");
    cr_assert_str_eq(last, "2 3 layers");
}
