#!/bin/sh
# check-style.sh - what STYLE asks of the text of files and no compiler checks.
#
#   scripts/check-style.sh [FOLDER]     a tree with the layout of this repository (this one)
#
# Prints FILE:LINE: reason for each fault and fails when there is one.
set -u
scripts=$(cd "$(dirname "$0")" && pwd)
cd "${1:-$scripts/..}" || exit 2
texts='(\.(c|h|def|sh|py|md|in|yaml|txt|1)|(^|/)(Makefile|setup|run|cmd|NOTICE))$'
# shellcheck disable=SC2016  # the rest is awk
"$scripts/list-files.sh" . "$texts" | xargs -r awk '
function fault(text) { print FILENAME ":" FNR ": " text; bad = 1 }
# The line without comments, strings and characters: what a compiler sees as code.
function code_of(line,    out, c, two, i, n) {
    n = length(line)
    for (i = 1; i <= n; i++) {
        c = substr(line, i, 1)
        two = substr(line, i, 2)
        if (in_comment) {
            if (two == "*/") { in_comment = 0; i++; out = out " " }
        } else if (quote != "") {
            if (c == "\\") i++
            else if (c == quote) { quote = ""; out = out c }
        } else if (two == "/*") { in_comment = 1; i++ }
        else if (two == "//") return out
        else if (c == "\"" || c == "\047") { quote = c; out = out c }
        else out = out c
    }
    quote = ""
    return out
}
function calls(code, names) { return code ~ "(^|[^A-Za-z0-9_.>])(" names ")[ \t]*[(]" }
function end_of_file() {
    if (last_file ~ /[.][ch]$/ && last_line > 800)
        { print last_file ":" last_line ": more than 800 lines: split it"; bad = 1 }
}
FNR == 1 {
    end_of_file()
    in_comment = 0
    quote = ""
    function_at = 0
    is_c = FILENAME ~ /[.](c|h|def)$/
    is_code = is_c || FILENAME ~ /([.](sh|py)|setup|run|cmd)$/
    is_lib = FILENAME ~ "^(core|data|infer|train|serve)/" && is_c
    is_core = FILENAME ~ "^core/" && FILENAME !~ "^core/cli/" && is_c
}
{ last_file = FILENAME; last_line = FNR }
/\r$/ { fault("line ends with a carriage return") }
/[ \t]$/ && FILENAME !~ /[.]md$/ { fault("blanks at the end of the line") }
is_code && /\t/ { fault("tab: indent with 4 spaces") }
is_code && length($0) > 100 { fault("longer than 100 columns (" length($0) ")") }
is_code && /(TODO|FIXME)/ && !/TODO[(]#[0-9]+[)]:/ && FILENAME !~ /check-style|tests\/lint/ {
    fault("TODO without an issue: TODO(#12):")
}
/(^|[^A-Za-z0-9_.])\/(home|root|work|Users|opt\/venv)\// { fault("path of one machine") }
is_c {
    code = code_of($0)
    if (calls(code, "strcpy|strcat|v?sprintf|gets|atoi|atol|atoll|atof|strtok|system|abort|alloca"))
        fault("banned function")
    if (is_lib && FILENAME != "core/base/alloc.c" && calls(code, \
        "malloc|calloc|realloc|reallocarray|free|strn?dup|posix_memalign|aligned_alloc|v?asprintf"))
        fault("memory comes from core/base/alloc.h")
    if (is_core && (calls(code, "v?printf|puts|putchar|perror") || \
                    code ~ /(^|[^A-Za-z0-9_])std(out|err)([^A-Za-z0-9_]|$)/))
        fault("the library never prints")
    if (is_core && calls(code, "_?_?[eE]xit|quick_exit"))
        fault("the library never exits")
    if (code ~ /^[{]/)
        function_at = FNR
    if (code ~ /^[}]/ && function_at) {
        if (FNR - function_at > 100 && FILENAME !~ "^core/kernels/")
            fault("function of " FNR - function_at " lines: 100 at most")
        function_at = 0
    }
}
END { end_of_file(); exit bad }
'
