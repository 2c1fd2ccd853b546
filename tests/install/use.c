#include <describe.h>

#include <string.h>

int main(void)
{
    return strcmp(dsc_status_text(DSC_NOMEM), "out of memory") != 0;
}
