#!/bin/sh
# run-valgrind.sh - the unit tests under valgrind; fails on any error or definite leak.
#
#   scripts/run-valgrind.sh BUILD [PATTERN]     PATTERN of tests as Criterion has it: suite/test
#
# Valgrind knows no instructions above AVX2. The test runner ignores how its children end, so
# what counts besides is what valgrind has written about each of them.
set -u
build=$1
rm -f "$build"/vg.*
DSC_ISA=avx2 OPENBLAS_CORETYPE=Haswell OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 \
    valgrind -q --trace-children=yes --leak-check=full --errors-for-leak-kinds=definite \
    --show-leak-kinds=definite --log-file="$build/vg.%p" \
    "$build/unit" "-j${JOBS:-2}" ${2:+--filter "$2"} || exit 1
cat "$build"/vg.* >"$build/valgrind.log"
[ ! -s "$build/valgrind.log" ] || { cat "$build/valgrind.log"; exit 1; }
