#include "core/cli/program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/base.h"
#include "core/cli/nearest.h"

static const struct dsc_verb *find(const struct dsc_program *p, const char *name)
{
    for (const struct dsc_verb *v = p->verbs; v->name; v++)
        if (!strcmp(v->name, name))
            return v;
    return NULL;
}

static int print_help(const struct dsc_program *p, FILE *to, int code)
{
    fprintf(to, "Usage: %s VERB [OPTION ...] ...\n", p->name);
    if (p->default_verb)
        fprintf(to, "       %s FILE ...   the same as %s %s FILE ...\n", p->name, p->name,
                p->default_verb);
    fprintf(to, "%s\n\nVerbs:\n", p->about);
    for (const struct dsc_verb *v = p->verbs; v->name; v++)
        fprintf(to, "  %-10s %s\n", v->name, v->help);
    fprintf(to, "\nOptions of a verb: %s VERB --help\n", p->name);
    return code;
}

static bool is_operand(const char *word)
{
    return *word == '-' || strpbrk(word, "./") || !access(word, F_OK);
}

static int unknown_verb(const struct dsc_program *p, const char *word)
{
    struct dsc_nearest nearest;
    const char *what = p->default_verb ? "neither a verb nor a file" : "not a verb";

    dsc_nearest_begin(&nearest, word);
    for (const struct dsc_verb *v = p->verbs; v->name; v++)
        dsc_nearest_offer(&nearest, v->name);
    fprintf(stderr, "%s: '%s' is %s", p->name, word, what);
    if (dsc_nearest_end(&nearest))
        fprintf(stderr, ", did you mean '%s'?", dsc_nearest_end(&nearest));
    fprintf(stderr, " (see %s --help)\n", p->name);
    return DSC_EXIT_USAGE;
}

/* A stream that was closed gets a descriptor that can neither be read nor written, or else the
 * next file opened would take its number and what is said to the user would end up in it. */
static void hold_streams(void)
{
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            (void)!open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

static int run(const struct dsc_program *p, int argc, char **argv)
{
    const struct dsc_verb *verb;
    const char *word = argc > 1 ? argv[1] : NULL;

    if (!word)
        return print_help(p, stderr, DSC_EXIT_USAGE);
    if (!strcmp(word, "--help") || !strcmp(word, "-h"))
        return print_help(p, stdout, DSC_EXIT_OK);
    if (!strcmp(word, "--version")) {
        printf("%s %s\n", p->name, DSC_VERSION);
        return DSC_EXIT_OK;
    }
    verb = find(p, word);
    if (verb)
        return verb->run(argc - 1, argv + 1);
    if (p->default_verb && is_operand(word))
        return find(p, p->default_verb)->run(argc, argv);
    return unknown_verb(p, word);
}

int dsc_program_run(const struct dsc_program *p, int argc, char **argv)
{
    int code;

    hold_streams();
    code = run(p, argc, argv);
    if (code == DSC_EXIT_OK && (fflush(stdout) || ferror(stdout))) {
        fprintf(stderr, "%s: cannot write to standard output: %s\n", p->name, strerror(errno));
        code = DSC_EXIT_FAILED;
    }
    return code;
}
