#!/bin/sh
# run.sh - the command line tests: one folder per case.
#
#   tests/cli/run.sh PROGRAMS [CASE ...]
#
# PROGRAMS is the folder that holds the built programs. A case is a folder with
#   cmd             sh runs it in an empty folder of its own, PROGRAMS first on PATH;
#                   $ROOT is the repository, $CASE the case's folder
#   stdout          what must come out, exactly; or
#   stdout.pattern  one extended regular expression a line, each of which must match a line
#                   (neither: nothing may come out)
#   stderr          the same for stderr, always patterns
#   exit            the exit code (0)
#   skip-unless     paths that must exist, from $ROOT, or else the case is skipped
# JOBS cases run at a time (2), each for TIMEOUT_S seconds at most (120).
set -u

root=$(cd "$(dirname "$0")/../.." && pwd)

# Each line of file $1 is a pattern; without the file, $2 must be empty.
check_patterns() {
    if [ ! -e "$1" ]; then
        [ ! -s "$2" ] || { echo "    unexpected:"; sed 's/^/    | /' "$2"; return 1; }
        return 0
    fi
    while IFS= read -r pattern; do
        grep -qE -e "$pattern" "$2" && continue
        echo "    no line matches: $pattern"
        sed 's/^/    | /' "$2"
        return 1
    done <"$1"
}

run_case() {
    CASE=$root/tests/cli/$1
    ROOT=$root
    export CASE ROOT
    if [ -e "$CASE/skip-unless" ]; then
        while IFS= read -r path; do
            [ -e "$root/$path" ] || { echo "skip $1: no $path"; return; }
        done <"$CASE/skip-unless"
    fi
    tmp=$(mktemp -d)
    mkdir "$tmp/work"
    (cd "$tmp/work" && timeout "${TIMEOUT_S:-120}" sh "$CASE/cmd" \
        >"$tmp/stdout" 2>"$tmp/stderr" </dev/null)
    code=$?
    expected=0
    [ ! -e "$CASE/exit" ] || read -r expected <"$CASE/exit"
    {
        [ "$code" = "$expected" ] || echo "    exit code $code, expected $expected"
        if [ -e "$CASE/stdout" ]; then
            diff -u "$CASE/stdout" "$tmp/stdout" | sed 's/^/    /'
        else
            check_patterns "$CASE/stdout.pattern" "$tmp/stdout"
        fi
        check_patterns "$CASE/stderr" "$tmp/stderr"
    } >"$tmp/report"
    if [ -s "$tmp/report" ]; then
        printf 'FAIL %s\n%s\n' "$1" "$(cat "$tmp/report")"
        [ "$code" = "$expected" ] || sed 's/^/    stderr: /' "$tmp/stderr"
    else
        echo "ok   $1"
    fi
    rm -rf "$tmp"
}

if [ "$1" = --case ]; then
    run_case "$2"
    exit 0
fi

programs=$(cd "$1" && pwd) || exit 2
shift
PATH=$programs:$PATH
LC_ALL=C
export PATH LC_ALL
unset DESCRIBE_MODEL
if [ $# = 0 ]; then
    cd "$root/tests/cli" || exit 2
    set -- */cmd
    [ -e "$1" ] || set --
    cd "$root" || exit 2
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for c in "$@"; do
    c=${c%/cmd}
    printf '%s\n' "${c##*/}"
done | xargs -r -P "${JOBS:-2}" -n 1 "$root/tests/cli/run.sh" --case | tee "$log"
passed=$(grep -c '^ok ' "$log")
failed=$(grep -c '^FAIL ' "$log")
skipped=$(grep -c '^skip ' "$log")
echo "command line: $passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ $((passed + skipped)) = $# ]
