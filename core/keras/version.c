#include <ctype.h>
#include <string.h>

#include "core/keras/load.h"

#define MAX_NUMBER 9999

static bool parse_number(const char **p, int *out)
{
    int n = 0;

    if (!isdigit((unsigned char)**p))
        return false;
    for (; isdigit((unsigned char)**p); ++*p)
        n = n > MAX_NUMBER ? n : n * 10 + (**p - '0');
    *out = n;
    return n <= MAX_NUMBER;
}

enum dsc_status dsc_keras_version_parse(struct dsc_keras_version *out, const char *text)
{
    struct dsc_keras_version v = { 0 };
    const char *p = text;

    if (!parse_number(&p, &v.major) || *p++ != '.' || !parse_number(&p, &v.minor))
        return dsc_fail(DSC_FORMAT, "'%.40s' is not a version of Keras", text);
    v.is_tf = v.major == 2 && (v.minor >= 4 || strstr(p, "-tf"));
    *out = v;
    return DSC_OK;
}
