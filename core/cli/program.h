/* program.h - a program with verbs: `describe caption ...`, as git has them.
 *
 *     static const struct dsc_verb verbs[] = {
 *         { "caption", cmd_caption, "write a sentence for each picture" },
 *         { NULL, NULL, NULL }
 *     };
 *     static const struct dsc_program program = {
 *         "describe", "Turns pictures into sentences.", verbs, "caption"
 *     };
 *
 *     int main(int argc, char **argv)
 *     {
 *         return dsc_program_run(&program, argc, argv);
 *     }
 */
#ifndef DSC_PROGRAM_H
#define DSC_PROGRAM_H

#include "core/cli/exit.h"

struct dsc_verb {
    const char *name;
    /* argv[0] is the verb; returns the program's exit code */
    int (*run)(int argc, char **argv);
    const char *help; /* one line */
};

struct dsc_program {
    const char *name;
    const char *about; /* one sentence */
    const struct dsc_verb *verbs;
    const char *default_verb; /* runs when the first word is no verb but an option or a file */
};

/* Run the verb that argv[1] names and return its exit code. `--help` lists the
 * verbs, `--version` prints the version. When the first word is no verb, the
 * default verb gets all words if the first looks like one of its operands: an
 * option, `-`, a name with a '.' or a '/', or a file that exists. Anything else
 * is a mistyped verb: the nearest one is named and DSC_EXIT_USAGE returned. DSC_EXIT_FAILED when
 * stdout could not take all that was printed. */
int dsc_program_run(const struct dsc_program *p, int argc, char **argv);

#endif
