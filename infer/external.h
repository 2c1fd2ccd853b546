/* external.h - verbs that are programs of their own: `describe train` is describe-train. */
#ifndef DSC_EXTERNAL_H
#define DSC_EXTERNAL_H

/* Become describe-<argv[0]> with the words that follow: the one beside this
 * program, or else the first on PATH. Returns an exit code only when there is
 * none, or when it cannot be run, after saying so on stderr. */
int cmd_external(int argc, char **argv);

#endif
