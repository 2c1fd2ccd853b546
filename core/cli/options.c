#include "core/cli/options.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <popt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/cli/nearest.h"

/* popt reports an option by a number: an option's index times two, one more for --no-<flag>. */
enum { VAL_HELP = 1, VAL_VERSION = 2, VAL_FIRST = 16 };

struct slot {
    const struct dsc_option *option;
    void *value;
};

struct parser {
    const struct dsc_command *cmd;
    struct dsc_args *args;
    char *values;
    struct slot *slots;
    struct poptOption *table;
    size_t slot_count, table_count;
    bool no_memory;
};

const struct dsc_option dsc_common_options[] = {
    DSC_OPTION_SIZE("threads", 'j', struct dsc_common_options, threads, "N", 1, 4096,
                    "compute with N threads (as many as there are processors)"),
    DSC_OPTION_FLAG("quiet", 'q', struct dsc_common_options, quiet,
                    "no warnings and no progress bar, only errors"),
    DSC_OPTION_FLAG("verbose", 'v', struct dsc_common_options, verbose,
                    "say more of what is being done"),
    DSC_OPTION_END
};

static void walk(const struct dsc_option *table, size_t base, dsc_option_fn *fn, void *arg)
{
    for (const struct dsc_option *o = table; o->type != DSC_OPT_END; o++) {
        if (o->type == DSC_OPT_INCLUDE)
            walk(o->include, base + o->offset, fn, arg);
        else
            fn(arg, o, base + o->offset);
    }
}

void dsc_options_walk(const struct dsc_option *table, dsc_option_fn *fn, void *arg)
{
    walk(table, 0, fn, arg);
}

int dsc_usage_error(const struct dsc_command *cmd, const char *fmt, ...)
{
    const char *verb = cmd->verb ? cmd->verb : "";
    va_list ap;

    fprintf(stderr, "%s: ", cmd->program);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fprintf(stderr, " (see %s%s%s --help)\n", cmd->program, *verb ? " " : "", verb);
    return DSC_EXIT_USAGE;
}

static void count_option(void *arg, const struct dsc_option *option, size_t offset)
{
    struct parser *p = arg;

    (void)offset;
    p->slot_count++;
    p->table_count += option->type == DSC_OPT_FLAG ? 2 : 1;
}

static void add_popt(struct parser *p, const char *name, char letter, int arg_type, int val)
{
    p->table[p->table_count++] = (struct poptOption){
        .longName = name, .shortName = letter, .argInfo = (unsigned)arg_type, .val = val
    };
}

static void add_option(void *arg, const struct dsc_option *option, size_t offset)
{
    struct parser *p = arg;
    bool flag = option->type == DSC_OPT_FLAG;
    int val = VAL_FIRST + 2 * (int)p->slot_count;

    p->slots[p->slot_count++] = (struct slot){ option, p->values + offset };
    add_popt(p, option->name, option->letter, flag ? POPT_ARG_NONE : POPT_ARG_STRING, val);
    if (flag) {
        size_t len = strlen(option->name) + sizeof("no-");
        char *no = dsc_arena_alloc(&p->args->arena, len, 1);

        if (!no) {
            p->no_memory = true;
            return;
        }
        snprintf(no, len, "no-%s", option->name);
        add_popt(p, no, 0, POPT_ARG_NONE, val + 1);
    }
}

static bool make_table(struct parser *p)
{
    struct dsc_arena *arena = &p->args->arena;

    p->table_count = 3; /* --help, --version and the empty entry at the end */
    dsc_options_walk(p->cmd->options, count_option, p);
    p->slots = dsc_arena_alloc(arena, p->slot_count, sizeof(*p->slots));
    p->table = dsc_arena_alloc(arena, p->table_count, sizeof(*p->table));
    if (!p->slots || !p->table)
        return false;
    p->slot_count = p->table_count = 0;
    dsc_options_walk(p->cmd->options, add_option, p);
    add_popt(p, "help", 'h', POPT_ARG_NONE, VAL_HELP);
    add_popt(p, "version", 0, POPT_ARG_NONE, VAL_VERSION);
    return !p->no_memory;
}

static int bad_value(const struct parser *p, const struct dsc_option *o, const char *text,
                     const char *expected)
{
    return dsc_usage_error(p->cmd, "option '--%s': expected %s, not '%s'", o->name, expected, text);
}

/* kind: "number" or "whole number", which the option's limits follow. */
static int bad_number(const struct parser *p, const struct dsc_option *o, const char *text,
                      const char *kind)
{
    char expected[96];

    if (o->min < o->max)
        snprintf(expected, sizeof(expected), "a %s from %.15g to %.15g", kind, o->min, o->max);
    else
        snprintf(expected, sizeof(expected), "a %s", kind);
    return bad_value(p, o, text, expected);
}

static bool in_range(const struct dsc_option *o, double v)
{
    return o->min >= o->max || (v >= o->min && v <= o->max);
}

/* A whole number as the digits say it: no blanks, and no sign unless it may be negative. */
static bool parse_whole(const char *text, bool is_signed, long long *out)
{
    const char *digits = text + (is_signed && *text == '-');
    char *end;

    if (*digits < '0' || *digits > '9')
        return false;
    errno = 0;
    *out = strtoll(text, &end, 10);
    return !errno && !*end;
}

static int set_int(const struct parser *p, const struct slot *s, const char *text)
{
    long long v;

    if (!parse_whole(text, true, &v) || v < INT_MIN || v > INT_MAX ||
        !in_range(s->option, (double)v))
        return bad_number(p, s->option, text, "whole number");
    *(int *)s->value = (int)v;
    return DSC_EXIT_NONE;
}

static int set_size(const struct parser *p, const struct slot *s, const char *text)
{
    long long v;

    if (!parse_whole(text, false, &v) || !in_range(s->option, (double)v))
        return bad_number(p, s->option, text, "whole number");
    *(size_t *)s->value = (size_t)v;
    return DSC_EXIT_NONE;
}

static int set_double(const struct parser *p, const struct slot *s, const char *text)
{
    char *end;
    double v = strtod(text, &end);

    if (end == text || *end || !isfinite(v) || !in_range(s->option, v))
        return bad_number(p, s->option, text, "number");
    *(double *)s->value = v;
    return DSC_EXIT_NONE;
}

static int set_choice(const struct parser *p, const struct slot *s, const char *text)
{
    size_t len = strlen(text);
    char expected[160];
    int i = 0;

    for (const char *word = s->option->arg; word; i++) {
        size_t word_len = strcspn(word, "|");

        if (word_len == len && !memcmp(word, text, len)) {
            *(int *)s->value = i;
            return DSC_EXIT_NONE;
        }
        word = word[word_len] ? word + word_len + 1 : NULL;
    }
    snprintf(expected, sizeof(expected), "one of %s", s->option->arg);
    return bad_value(p, s->option, text, expected);
}

static int out_of_memory(const struct parser *p)
{
    fprintf(stderr, "%s: out of memory for the command line\n", p->cmd->program);
    return DSC_EXIT_FAILED;
}

/* Arena blocks cannot grow: a full list moves to one of twice the size. */
static bool list_add(struct dsc_arena *arena, struct dsc_string_list *list, const char *text)
{
    if (list->count == list->cap) {
        size_t cap = list->cap ? list->cap * 2 : 8;
        const char **items = dsc_arena_alloc(arena, cap, sizeof(*items));

        if (!items)
            return false;
        if (list->count)
            memcpy(items, list->items, list->count * sizeof(*items));
        list->items = items;
        list->cap = cap;
    }
    list->items[list->count++] = text;
    return true;
}

static int set_text(const struct parser *p, const struct slot *s, const char *text)
{
    const char *copy = dsc_arena_strdup(&p->args->arena, text);

    if (!copy)
        return out_of_memory(p);
    if (s->option->type == DSC_OPT_STRING)
        *(const char **)s->value = copy;
    else if (!list_add(&p->args->arena, s->value, copy))
        return out_of_memory(p);
    return DSC_EXIT_NONE;
}

static int set_value(const struct parser *p, const struct slot *s, const char *text)
{
    switch (s->option->type) {
    case DSC_OPT_INT:
        return set_int(p, s, text);
    case DSC_OPT_SIZE:
        return set_size(p, s, text);
    case DSC_OPT_DOUBLE:
        return set_double(p, s, text);
    case DSC_OPT_CHOICE:
        return set_choice(p, s, text);
    default:
        return set_text(p, s, text);
    }
}

static int handle(const struct parser *p, poptContext ctx, int val)
{
    const struct slot *s;
    char *text;
    int code;

    if (val == VAL_HELP) {
        dsc_help_print(stdout, p->cmd);
        return DSC_EXIT_OK;
    }
    if (val == VAL_VERSION) {
        printf("%s %s\n", p->cmd->program, DSC_VERSION);
        return DSC_EXIT_OK;
    }
    s = &p->slots[(val - VAL_FIRST) / 2];
    if (s->option->type == DSC_OPT_FLAG) {
        *(bool *)s->value = !((val - VAL_FIRST) & 1);
        return DSC_EXIT_NONE;
    }
    text = poptGetOptArg(ctx);
    code = set_value(p, s, text ? text : "");
    dsc_free(text);
    return code;
}

static int unknown_option(const struct parser *p, const char *bad)
{
    const char *name = bad + strspn(bad, "-");
    size_t len = strcspn(name, "=");
    char word[64];
    struct dsc_nearest nearest;

    len = DSC_MIN(len, sizeof(word) - 1);
    memcpy(word, name, len);
    word[len] = '\0';
    dsc_nearest_begin(&nearest, word);
    for (size_t i = 0; len > 1 && p->table[i].longName; i++)
        dsc_nearest_offer(&nearest, p->table[i].longName);
    if (dsc_nearest_end(&nearest))
        return dsc_usage_error(p->cmd, "unknown option '%s', did you mean '--%s'?", bad,
                               dsc_nearest_end(&nearest));
    return dsc_usage_error(p->cmd, "unknown option '%s'", bad);
}

static int popt_error(const struct parser *p, poptContext ctx, int error)
{
    const char *bad = poptBadOption(ctx, 0);

    switch (error) {
    case POPT_ERROR_BADOPT:
        return unknown_option(p, bad);
    case POPT_ERROR_NOARG:
        return dsc_usage_error(p->cmd, "option '%s' needs a value", bad);
    case POPT_ERROR_UNWANTEDARG:
        return dsc_usage_error(p->cmd, "option '%s' takes no value", bad);
    case POPT_ERROR_MALLOC:
        return out_of_memory(p);
    default:
        return dsc_usage_error(p->cmd, "option '%s': %s", bad, poptStrerror(error));
    }
}

static int take_operands(const struct parser *p, poptContext ctx)
{
    struct dsc_string_list list = { 0 };
    const char *text;

    while ((text = poptGetArg(ctx)) != NULL) {
        text = dsc_arena_strdup(&p->args->arena, text);
        if (!text || !list_add(&p->args->arena, &list, text))
            return out_of_memory(p);
    }
    p->args->operands = list.items;
    p->args->operand_count = list.count;
    return DSC_EXIT_NONE;
}

int dsc_args_parse(struct dsc_args *args, const struct dsc_command *cmd, void *values, int argc,
                   char **argv)
{
    struct parser p = { .cmd = cmd, .args = args, .values = values };
    int code = DSC_EXIT_NONE, val;
    poptContext ctx;

    if (!make_table(&p))
        return out_of_memory(&p);
    ctx = poptGetContext(cmd->program, argc, (const char **)argv, p.table, 0);
    if (!ctx)
        return out_of_memory(&p);
    while (code == DSC_EXIT_NONE && (val = poptGetNextOpt(ctx)) != -1)
        code = val > 0 ? handle(&p, ctx, val) : popt_error(&p, ctx, val);
    if (code == DSC_EXIT_NONE)
        code = take_operands(&p, ctx);
    poptFreeContext(ctx);
    return code;
}

void dsc_args_release(struct dsc_args *args)
{
    dsc_arena_release(&args->arena);
    *args = (struct dsc_args){ 0 };
}
