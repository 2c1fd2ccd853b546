/* options.h - the command line of one verb as a table.
 *
 * A table is const and knows no variables: an option holds the offset of its
 * value in a struct of the verb's own, which the verb fills with defaults first.
 * Tests and --help walk the same table.
 *
 *     struct caption_options {
 *         struct dsc_common_options common;
 *         size_t beam;
 *         const char *model;
 *         bool json;
 *     };
 *     static const struct dsc_option options[] = {
 *         DSC_OPTION_SIZE("beam", 'b', struct caption_options, beam, "K", 1, 1000,
 *                         "keep the K best sentences (3)"),
 *         DSC_OPTION_STRING("model", 'm', struct caption_options, model, "FILE",
 *                           "the model that writes the words"),
 *         DSC_OPTION_FLAG("json", 0, struct caption_options, json, "one JSON object a line"),
 *         DSC_OPTION_INCLUDE(dsc_common_options, struct caption_options, common),
 *         DSC_OPTION_END
 *     };
 *     static const struct dsc_command command = {
 *         "describe", "caption", "IMAGE|DIR|- ...", "Describe pictures.", options
 *     };
 *
 *     struct caption_options o = { .beam = 3 };
 *     struct dsc_args args = { 0 };
 *     int code = dsc_args_parse(&args, &command, &o, argc, argv);
 *
 *     if (code == DSC_EXIT_NONE)
 *         code = caption(&o, args.operands, args.operand_count);
 *     dsc_args_release(&args);
 *     return code;
 *
 * `--name V`, `--name=V`, `-n V`, `-nV`; a flag `--name` is undone by `--no-name`;
 * options may follow operands; `--` ends options; `-` is an operand. The last of
 * several wins, except in lists. `-h`, `--help` and `--version` are always there.
 */
#ifndef DSC_OPTIONS_H
#define DSC_OPTIONS_H

#include <stddef.h>
#include <stdio.h>

#include "core/base/arena.h"
#include "core/base/base.h"
#include "core/cli/exit.h"

enum dsc_option_type {
    DSC_OPT_FLAG,    /* bool */
    DSC_OPT_INT,     /* int */
    DSC_OPT_SIZE,    /* size_t */
    DSC_OPT_DOUBLE,  /* double, finite */
    DSC_OPT_STRING,  /* const char *; belongs to the struct dsc_args */
    DSC_OPT_LIST,    /* struct dsc_string_list, in the order given */
    DSC_OPT_CHOICE,  /* int, the index in `arg`, which lists the words: "pre|post" */
    DSC_OPT_INCLUDE, /* another table, whose struct lies at `offset` */
    DSC_OPT_END
};

struct dsc_string_list {
    const char **items;
    size_t count, cap;
};

struct dsc_option {
    const char *name; /* long name without dashes */
    char letter;      /* short name, or 0 */
    enum dsc_option_type type;
    size_t offset;    /* of the value in the verb's struct */
    const char *arg;  /* what --help calls the value; NULL for a flag */
    const char *help; /* one sentence, the default in brackets at its end */
    double min, max;  /* of a number, both included; no limits when equal */
    const struct dsc_option *include;
};

/* offsetof, with a warning from the compiler when the field is not of the type that the option
 * writes to. */
#define DSC_OFFSET(s, field, ctype) \
    (offsetof(s, field) + 0 * sizeof(&((s *)0)->field == (ctype *)0))
#define DSC_OPTION_(long_name, short_name, kind, at, value, lo, hi, text)                  \
    {                                                                                      \
        .name = long_name, .letter = short_name, .type = kind, .offset = at, .arg = value, \
        .help = text, .min = lo, .max = hi                                                 \
    }

#define DSC_OPTION_FLAG(name, letter, s, field, help) \
    DSC_OPTION_(name, letter, DSC_OPT_FLAG, DSC_OFFSET(s, field, bool), NULL, 0, 0, help)
#define DSC_OPTION_INT(name, letter, s, field, arg, min, max, help) \
    DSC_OPTION_(name, letter, DSC_OPT_INT, DSC_OFFSET(s, field, int), arg, min, max, help)
#define DSC_OPTION_SIZE(name, letter, s, field, arg, min, max, help) \
    DSC_OPTION_(name, letter, DSC_OPT_SIZE, DSC_OFFSET(s, field, size_t), arg, min, max, help)
#define DSC_OPTION_DOUBLE(name, letter, s, field, arg, min, max, help) \
    DSC_OPTION_(name, letter, DSC_OPT_DOUBLE, DSC_OFFSET(s, field, double), arg, min, max, help)
#define DSC_OPTION_STRING(name, letter, s, field, arg, help) \
    DSC_OPTION_(name, letter, DSC_OPT_STRING, DSC_OFFSET(s, field, const char *), arg, 0, 0, help)
#define DSC_OPTION_LIST(name, letter, s, field, arg, help)                                        \
    DSC_OPTION_(name, letter, DSC_OPT_LIST, DSC_OFFSET(s, field, struct dsc_string_list), arg, 0, \
                0, help)
#define DSC_OPTION_CHOICE(name, letter, s, field, words, help) \
    DSC_OPTION_(name, letter, DSC_OPT_CHOICE, DSC_OFFSET(s, field, int), words, 0, 0, help)
#define DSC_OPTION_INCLUDE(table, s, field)                                     \
    {                                                                           \
        .type = DSC_OPT_INCLUDE, .offset = offsetof(s, field), .include = table \
    }
#define DSC_OPTION_END      \
    {                       \
        .type = DSC_OPT_END \
    }

/* What every verb has: -j, -q, -v. */
struct dsc_common_options {
    size_t threads; /* 0: as many as there are processors */
    bool quiet, verbose;
};
extern const struct dsc_option dsc_common_options[];

struct dsc_command {
    const char *program;  /* "describe" */
    const char *verb;     /* "caption"; NULL for a program without verbs */
    const char *operands; /* as shown in the usage line: "IMAGE|DIR|- ..." */
    const char *about;    /* a few sentences; --help wraps them, a newline breaks the line */
    const struct dsc_option *options;
};

struct dsc_args {
    const char **operands;
    size_t operand_count;
    struct dsc_arena arena; /* operands and strings of options */
};

/* Fill `values` (the struct that the table's offsets are about) and `args`,
 * initialised with { 0 }, from argv[1] on. DSC_EXIT_NONE: go on. Otherwise the
 * code to exit with: DSC_EXIT_OK after --help or --version on stdout,
 * DSC_EXIT_USAGE after one line on stderr that names the option at fault.
 * dsc_args_release() is called in every case. */
DSC_CHECK_RESULT int dsc_args_parse(struct dsc_args *args, const struct dsc_command *cmd,
                                    void *values, int argc, char **argv);
void dsc_args_release(struct dsc_args *args);

/* Print "PROGRAM: <text>" and how to get help to stderr; returns DSC_EXIT_USAGE. */
int dsc_usage_error(const struct dsc_command *cmd, const char *fmt, ...) DSC_PRINTF(2, 3);

/* Call fn for each option of the table and of those it includes; `offset` is
 * that of the value in the outermost struct. */
typedef void dsc_option_fn(void *arg, const struct dsc_option *option, size_t offset);
void dsc_options_walk(const struct dsc_option *table, dsc_option_fn *fn, void *arg);

/* The text of --help. */
void dsc_help_print(FILE *to, const struct dsc_command *cmd);

#endif
