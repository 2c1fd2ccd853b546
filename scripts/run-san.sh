#!/bin/sh
# run-san.sh - the unit and command line tests of a build with sanitizers.
#
#   scripts/run-san.sh BUILD [no-leaks]
#
# The unit test runner ignores what a sanitizer says when a child exits, so the logs are read:
# anything in them is a failure. no-leaks is for clang 14, whose leak checker now and then crashes
# beside OpenMP's threads; gcc's looks for leaks.
set -u

build=$(cd "$1" && pwd)
leaks=1
[ "${2-}" != no-leaks ] || leaks=0
export ASAN_OPTIONS="log_path=$build/san:detect_leaks=$leaks" UBSAN_OPTIONS=print_stacktrace=1
export OPENBLAS_NUM_THREADS=1

rm -f "$build"/san.*
code=0
"$build/unit" || code=1
tests/cli/run.sh "$build" || code=1
for log in "$build"/san.*; do
    [ ! -e "$log" ] || { cat "$log"; code=1; }
done
exit $code
