#include <string.h>

#include "core/cli/options.h"

#define WIDTH     80
#define HELP_LEFT 28

/* Print words from column `left` on, where the cursor is, breaking lines before WIDTH and at
 * newlines of the text. */
static void print_wrapped(FILE *to, const char *text, int left)
{
    int column = left;

    while (*text) {
        int len = (int)strcspn(text, " \n");

        if (column > left && column + 1 + len > WIDTH) {
            fprintf(to, "\n%*s", left, "");
            column = left;
        }
        if (column > left) {
            fputc(' ', to);
            column++;
        }
        fprintf(to, "%.*s", len, text);
        column += len;
        text += len;
        if (*text == '\n') {
            fprintf(to, "\n%*s", left, "");
            column = left;
        }
        text += *text != '\0';
    }
    fputc('\n', to);
}

static void print_line(FILE *to, char letter, const char *name, const char *value, const char *help)
{
    char left[96];
    int len = snprintf(left, sizeof(left), letter ? "  -%c, --%s%s%s" : "  %c   --%s%s%s",
                       letter ? letter : ' ', name, value ? " " : "", value ? value : "");

    if (len + 2 > HELP_LEFT)
        fprintf(to, "%s\n%*s", left, HELP_LEFT, "");
    else
        fprintf(to, "%-*s", HELP_LEFT, left);
    print_wrapped(to, help, HELP_LEFT);
}

static void print_option(void *arg, const struct dsc_option *option, size_t offset)
{
    (void)offset;
    print_line(arg, option->letter, option->name, option->arg, option->help);
}

void dsc_help_print(FILE *to, const struct dsc_command *cmd)
{
    fprintf(to, "Usage: %s%s%s [OPTION ...]%s%s\n", cmd->program, cmd->verb ? " " : "",
            cmd->verb ? cmd->verb : "", *cmd->operands ? " " : "", cmd->operands);
    print_wrapped(to, cmd->about, 0);
    fputs("\nOptions:\n", to);
    dsc_options_walk(cmd->options, print_option, to);
    print_line(to, 'h', "help", NULL, "print this and exit");
    print_line(to, 0, "version", NULL, "print the version and exit");
}
