#include "infer/external.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/strbuf.h"
#include "core/cli/exit.h"

/* The path of `name` in the folder that holds this program. */
static enum dsc_status path_beside(struct dsc_strbuf *path, const char *name)
{
    char self[4096];
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self));

    if (len <= 0 || (size_t)len == sizeof(self))
        return dsc_fail(DSC_IO, "cannot find the folder of this program");
    while (len > 0 && self[len - 1] != '/')
        len--;
    return dsc_strbuf_printf(path, "%.*s%s", (int)len, self, name);
}

int cmd_external(int argc, char **argv)
{
    struct dsc_strbuf path = DSC_STRBUF_INIT;
    char name[64];

    (void)argc;
    snprintf(name, sizeof(name), "describe-%s", argv[0]);
    argv[0] = name;
    if (!path_beside(&path, name))
        execv(path.text, argv);
    if (!path.text || errno == ENOENT)
        execvp(name, argv);
    if (errno == ENOENT)
        fprintf(stderr, "describe: '%s' is neither beside describe nor on PATH; is it installed?\n",
                name);
    else
        fprintf(stderr, "describe: cannot run '%s': %s\n", name, strerror(errno));
    dsc_strbuf_release(&path);
    return DSC_EXIT_FAILED;
}
