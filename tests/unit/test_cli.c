#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/cli/console.h"
#include "core/cli/nearest.h"
#include "core/cli/options.h"
#include "core/cli/program.h"

struct values {
    struct dsc_common_options common;
    bool json;
    int shift, padding;
    size_t beam;
    double penalty;
    const char *model;
    struct dsc_string_list data;
};

static const struct dsc_option options[] = {
    DSC_OPTION_SIZE("beam", 'b', struct values, beam, "K", 1, 100, "keep the K best (3)"),
    DSC_OPTION_INT("shift", 0, struct values, shift, "N", 0, 0, "shift by N (0)"),
    DSC_OPTION_DOUBLE("length-penalty", 0, struct values, penalty, "A", 0, 0, "favour length (0)"),
    DSC_OPTION_STRING("model", 'm', struct values, model, "FILE", "the model"),
    DSC_OPTION_LIST("data", 'd', struct values, data, "FILE", "the data, may be repeated"),
    DSC_OPTION_CHOICE("padding", 0, struct values, padding, "pre|post",
                      "where the zeros go, a sentence that is long enough to need a second line"),
    DSC_OPTION_FLAG("json", 0, struct values, json, "one JSON object a line"),
    DSC_OPTION_INCLUDE(dsc_common_options, struct values, common),
    DSC_OPTION_END,
};
static const struct dsc_command command = {
    "describe", "caption", "IMAGE ...", "Describe pictures.\nOne line each.", options,
};

static struct values v;
static struct dsc_args args;

static int parse(int argc, const char *const *words)
{
    char *argv[32] = { 0 };

    cr_assert_lt(argc, 32);
    for (int i = 0; i < argc; i++)
        argv[i] = (char *)words[i];
    v = (struct values){ .beam = 3 };
    dsc_args_release(&args);
    return dsc_args_parse(&args, &command, &v, argc, argv);
}

#define PARSE(...)                                                      \
    parse((int)DSC_COUNT(((const char *[]){ "caption", __VA_ARGS__ })), \
          (const char *[]){ "caption", __VA_ARGS__ })

static void release(void)
{
    dsc_args_release(&args);
}

Test(options, every_spelling_is_read, .fini = release)
{
    cr_assert_eq(PARSE("--beam", "5", "--model=m.h5", "-j2", "-q", "a.jpg", "--json", "-d", "x",
                       "--data", "y", "--shift=-4", "--length-penalty", "0.7", "--padding", "post"),
                 DSC_EXIT_NONE);
    cr_assert_eq(v.beam, 5u);
    cr_assert_str_eq(v.model, "m.h5");
    cr_assert_eq(v.common.threads, 2u);
    cr_assert(v.common.quiet && v.json && !v.common.verbose);
    cr_assert_eq(v.data.count, 2u);
    cr_assert_str_eq(v.data.items[0], "x");
    cr_assert_str_eq(v.data.items[1], "y");
    cr_assert_eq(v.shift, -4);
    cr_assert_eq(v.padding, 1);
    cr_assert_float_eq(v.penalty, 0.7, 1e-12);
    cr_assert_eq(args.operand_count, 1u);
    cr_assert_str_eq(args.operands[0], "a.jpg");
}

Test(options, defaults_stay_when_not_given, .fini = release)
{
    cr_assert_eq(parse(1, (const char *[]){ "caption" }), DSC_EXIT_NONE);
    cr_assert_eq(v.beam, 3u);
    cr_assert_null(v.model);
    cr_assert_eq(args.operand_count, 0u);
}

Test(options, a_flag_can_be_undone_and_the_last_wins, .fini = release)
{
    cr_assert_eq(PARSE("--json", "--no-json", "--beam", "1", "-b", "2"), DSC_EXIT_NONE);
    cr_assert(!v.json);
    cr_assert_eq(v.beam, 2u);
}

Test(options, double_dash_ends_options_and_a_dash_is_an_operand, .fini = release)
{
    cr_assert_eq(PARSE("-", "--", "--json", "-x"), DSC_EXIT_NONE);
    cr_assert(!v.json);
    cr_assert_eq(args.operand_count, 3u);
    cr_assert_str_eq(args.operands[0], "-");
    cr_assert_str_eq(args.operands[1], "--json");
    cr_assert_str_eq(args.operands[2], "-x");
}

Test(options, lists_grow, .fini = release)
{
    cr_assert_eq(PARSE("-d1", "-d2", "-d3", "-d4", "-d5", "-d6", "-d7", "-d8", "-d9", "-d10"),
                 DSC_EXIT_NONE);
    cr_assert_eq(v.data.count, 10u);
    cr_assert_str_eq(v.data.items[0], "1");
    cr_assert_str_eq(v.data.items[9], "10");
}

struct bad {
    const char *words[2];
    const char *message;
};

static const struct bad bad_lines[] = {
    { { "--beem", "3" }, "unknown option '--beem', did you mean '--beam'?" },
    { { "--no-jsn", "" }, "unknown option '--no-jsn', did you mean '--no-json'?" },
    { { "--quux=4", "" }, "unknown option '--quux=4' (" },
    { { "-x", "" }, "unknown option '-x' (" },
    { { "--beam", NULL }, "option '--beam' needs a value" },
    { { "--json=yes", "" }, "option '--json=yes' takes no value" },
    { { "--beam", "0" }, "option '--beam': expected a whole number from 1 to 100, not '0'" },
    { { "--beam", "101" }, "option '--beam': expected a whole number from 1 to 100, not '101'" },
    { { "--beam", "-1" }, "option '--beam': expected a whole number from 1 to 100, not '-1'" },
    { { "--beam", "3x" }, "option '--beam': expected a whole number from 1 to 100, not '3x'" },
    { { "--beam", " 3" }, "option '--beam': expected a whole number from 1 to 100, not ' 3'" },
    { { "--beam=", "" }, "option '--beam': expected a whole number from 1 to 100, not ''" },
    { { "--shift", "4000000000" }, "option '--shift': expected a whole number, not '4000000000'" },
    { { "--shift", "99999999999999999999" }, "option '--shift': expected a whole number, not '9" },
    { { "--length-penalty", "nan" }, "option '--length-penalty': expected a number, not 'nan'" },
    { { "--length-penalty", "" }, "option '--length-penalty': expected a number, not ''" },
    { { "--padding", "before" }, "option '--padding': expected one of pre|post, not 'before'" },
    { { "--padding", "pre|post" }, "option '--padding': expected one of pre|post, not 'pre|post'" },
};

static void redirect(void)
{
    cr_redirect_stderr();
    cr_redirect_stdout();
}

static void stderr_has(const char *text)
{
    FILE *f = cr_get_redirected_stderr();
    char all[4096];
    size_t len;

    fflush(stderr);
    fclose(stderr);
    len = fread(all, 1, sizeof(all) - 1, f);
    all[len] = '\0';
    cr_assert_not_null(strstr(all, text), "'%s' is not in '%s'", text, all);
}

Test(options, a_bad_line_names_the_option, .init = redirect, .fini = release)
{
    for (size_t i = 0; i < DSC_COUNT(bad_lines); i++) {
        const struct bad *b = &bad_lines[i];

        fprintf(stderr, "[%zu]", i);
        cr_assert_eq(
            parse(b->words[1] ? 3 : 2, (const char *[]){ "caption", b->words[0], b->words[1] }),
            DSC_EXIT_USAGE, "%s", b->message);
    }
    fflush(stderr);
    fclose(stderr);
    for (size_t i = 0; i < DSC_COUNT(bad_lines); i++) {
        char expected[160], line[512];

        snprintf(expected, sizeof(expected), "[%zu]describe: %s", i, bad_lines[i].message);
        cr_assert_not_null(fgets(line, sizeof(line), cr_get_redirected_stderr()));
        cr_assert_eq(strncmp(line, expected, strlen(expected)), 0, "'%s' is not '%s'", line,
                     expected);
        cr_assert_not_null(strstr(line, " (see describe caption --help)\n"));
    }
}

Test(options, help_goes_to_stdout, .init = redirect, .fini = release)
{
    cr_assert_eq(PARSE("--help"), DSC_EXIT_OK);
    fflush(stdout);
    cr_assert_stdout_eq_str(
        "Usage: describe caption [OPTION ...] IMAGE ...\n"
        "Describe pictures.\n"
        "One line each.\n"
        "\n"
        "Options:\n"
        "  -b, --beam K              keep the K best (3)\n"
        "      --shift N             shift by N (0)\n"
        "      --length-penalty A    favour length (0)\n"
        "  -m, --model FILE          the model\n"
        "  -d, --data FILE           the data, may be repeated\n"
        "      --padding pre|post    where the zeros go, a sentence that is long enough\n"
        "                            to need a second line\n"
        "      --json                one JSON object a line\n"
        "  -j, --threads N           compute with N threads (as many as there are\n"
        "                            processors)\n"
        "  -q, --quiet               no warnings and no progress bar, only errors\n"
        "  -v, --verbose             say more of what is being done\n"
        "  -h, --help                print this and exit\n"
        "      --version             print the version and exit\n");
}

Test(options, version_goes_to_stdout, .init = redirect, .fini = release)
{
    cr_assert_eq(PARSE("--version"), DSC_EXIT_OK);
    fflush(stdout);
    cr_assert_stdout_eq_str("describe " DSC_VERSION "\n");
}

Test(options, out_of_memory_is_a_failure, .init = redirect, .fini = release)
{
    const char *argv[] = { "caption", "--model=m", "a.jpg", NULL };
    int code = DSC_EXIT_FAILED;

    for (uint64_t n = 1; code == DSC_EXIT_FAILED; n++) {
        cr_assert_lt(n, 100u);
        args = (struct dsc_args){ .arena = { .max_bytes = n * 64 } };
        v = (struct values){ 0 };
        code = dsc_args_parse(&args, &command, &v, 3, (char **)argv);
        if (code == DSC_EXIT_FAILED)
            dsc_args_release(&args);
    }
    cr_assert_eq(code, DSC_EXIT_NONE);
    cr_assert_str_eq(v.model, "m");
}

static void count(void *arg, const struct dsc_option *option, size_t offset)
{
    cr_assert_not_null(option->name);
    cr_assert_lt(offset, sizeof(struct values));
    ++*(int *)arg;
}

Test(options, a_table_can_be_walked)
{
    int n = 0;

    dsc_options_walk(options, count, &n);
    cr_assert_eq(n, 10);
}

Test(nearest, counts_edits)
{
    cr_assert_eq(dsc_edit_distance("", ""), 0u);
    cr_assert_eq(dsc_edit_distance("beam", ""), 4u);
    cr_assert_eq(dsc_edit_distance("", "beam"), 4u);
    cr_assert_eq(dsc_edit_distance("beam", "beam"), 0u);
    cr_assert_eq(dsc_edit_distance("baem", "beam"), 1u);
    cr_assert_eq(dsc_edit_distance("kitten", "sitting"), 3u);
}

Test(nearest, far_names_are_not_offered)
{
    struct dsc_nearest n;

    dsc_nearest_begin(&n, "inspct");
    cr_assert_null(dsc_nearest_end(&n));
    dsc_nearest_offer(&n, "caption");
    cr_assert_null(dsc_nearest_end(&n));
    dsc_nearest_offer(&n, "inspect");
    cr_assert_str_eq(dsc_nearest_end(&n), "inspect");
}

static int verb_caption(int argc, char **argv)
{
    return 40 + argc + (argv[argc] == NULL ? 0 : 100);
}

static int verb_inspect(int argc, char **argv)
{
    return 60 + argc + (strcmp(argv[0], "inspect") ? 100 : 0);
}

static const struct dsc_verb verbs[] = {
    { "caption", verb_caption, "write sentences" },
    { "inspect", verb_inspect, "say what a file is" },
    { NULL, NULL, NULL },
};
static const struct dsc_program program = { "describe", "Describes.", verbs, "caption" };

static int run(int argc, const char *const *words)
{
    char *argv[8] = { 0 };

    cr_assert_lt(argc, 8);
    for (int i = 0; i < argc; i++)
        argv[i] = (char *)words[i];
    return dsc_program_run(&program, argc, argv);
}

#define RUN(...) \
    run((int)DSC_COUNT(((const char *[]){ __VA_ARGS__ })), (const char *[]){ __VA_ARGS__ })

Test(program, the_first_word_chooses_the_verb)
{
    cr_assert_eq(RUN("describe", "inspect", "x"), 62);
    cr_assert_eq(RUN("describe", "caption"), 41);
}

Test(program, files_and_options_go_to_the_default_verb)
{
    cr_assert_eq(RUN("describe", "a.jpg"), 42);
    cr_assert_eq(RUN("describe", "pictures/inspct", "b"), 43);
    cr_assert_eq(RUN("describe", "--beam", "3", "x"), 44);
    cr_assert_eq(RUN("describe", "-"), 42);
    cr_assert_eq(RUN("describe", "core"), 42);
}

Test(program, a_mistyped_verb_is_a_usage_error, .init = redirect)
{
    cr_assert_eq(RUN("describe", "inspct"), DSC_EXIT_USAGE);
    stderr_has("describe: 'inspct' is neither a verb nor a file, did you mean 'inspect'? "
               "(see describe --help)\n");
}

Test(program, without_words_help_goes_to_stderr, .init = redirect)
{
    cr_assert_eq(RUN("describe"), DSC_EXIT_USAGE);
    stderr_has("Usage: describe VERB");
}

Test(program, help_lists_the_verbs, .init = redirect)
{
    cr_assert_eq(RUN("describe", "--help"), DSC_EXIT_OK);
    fflush(stdout);
    cr_assert_stdout_eq_str("Usage: describe VERB [OPTION ...] ...\n"
                            "       describe FILE ...   the same as describe caption FILE ...\n"
                            "Describes.\n"
                            "\n"
                            "Verbs:\n"
                            "  caption    write sentences\n"
                            "  inspect    say what a file is\n"
                            "\n"
                            "Options of a verb: describe VERB --help\n");
}

static void log_all(enum dsc_console_level level)
{
    struct dsc_console c;

    dsc_console_init(&c, "describe", level);
    dsc_log(DSC_LOG_WARNING, "w%d", 1);
    dsc_log(DSC_LOG_INFO, "i");
    dsc_log(DSC_LOG_DEBUG, "d");
    dsc_fail(DSC_IO, "broken");
    dsc_console_fail(&c);
    dsc_progress_begin(&c, 10);
    dsc_progress_add(&c, 10);
    dsc_progress_end(&c);
    dsc_console_release(&c);
    dsc_log(DSC_LOG_WARNING, "nobody listens");
}

Test(console, quiet_leaves_errors, .init = redirect)
{
    log_all(DSC_CONSOLE_QUIET);
    cr_assert_stderr_eq_str("describe: broken\n");
}

Test(console, normal_warns, .init = redirect)
{
    log_all(DSC_CONSOLE_NORMAL);
    cr_assert_stderr_eq_str("describe: warning: w1\ndescribe: note: i\ndescribe: broken\n");
}

Test(console, verbose_tells_all, .init = redirect)
{
    log_all(DSC_CONSOLE_VERBOSE);
    cr_assert_stderr_eq_str(
        "describe: warning: w1\ndescribe: note: i\ndescribe: debug: d\ndescribe: broken\n");
}

Test(console, levels_follow_the_options)
{
    cr_assert_eq(dsc_console_level(&(struct dsc_common_options){ .quiet = true }),
                 DSC_CONSOLE_QUIET);
    cr_assert_eq(dsc_console_level(&(struct dsc_common_options){ .verbose = true }),
                 DSC_CONSOLE_VERBOSE);
    cr_assert_eq(dsc_console_level(&(struct dsc_common_options){ 0 }), DSC_CONSOLE_NORMAL);
}

Test(console, results_go_to_stdout, .init = redirect)
{
    struct dsc_console c;

    dsc_console_init(&c, "describe", DSC_CONSOLE_NORMAL);
    cr_assert_eq(dsc_console_print(&c, "a dog\n"), DSC_OK);
    dsc_console_release(&c);
    cr_assert_stdout_eq_str("a dog\n");
}

Test(console, a_full_disk_is_seen)
{
    struct dsc_console c;

    if (!freopen("/dev/full", "w", stdout))
        cr_skip_test("no /dev/full");
    dsc_console_init(&c, "describe", DSC_CONSOLE_NORMAL);
    cr_assert_eq(dsc_console_print(&c, "a dog\n"), DSC_IO);
    dsc_console_release(&c);
    cr_assert_str_eq(dsc_error_message(),
                     "cannot write to standard output: No space left on device");
}

Test(progress, shows_rate_and_time_left)
{
    char line[96];

    dsc_progress_format(line, sizeof(line), 125, 500, 4);
    cr_assert_str_eq(line, "125/500 [#####---------------]  25%  31.2/s  ETA 0:12");
    dsc_progress_format(line, sizeof(line), 0, 500, 4);
    cr_assert_str_eq(line, "0/500 [--------------------]   0%");
    dsc_progress_format(line, sizeof(line), 500, 500, 4);
    cr_assert_str_eq(line, "500/500 [####################] 100%  125.0/s");
    dsc_progress_format(line, sizeof(line), 1, 1000000000, 4);
    cr_assert_str_eq(line, "1/1000000000 [--------------------]   0%  0.2/s  ETA 5999:59");
    dsc_progress_format(line, sizeof(line), 3, 0, 0);
    cr_assert_str_eq(line, "3/0 [####################] 100%");
    dsc_progress_format(line, 10, 125, 500, 4);
    cr_assert_str_eq(line, "125/500 [");
}
