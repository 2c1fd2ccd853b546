#!/bin/sh
# run-fuzz.sh - run each fuzzer on its past crashes, then for some seconds from its seeds.
#
#   scripts/run-fuzz.sh SECONDS FUZZER ...
#
# A fuzzer build/fuzz/fuzz/NAME reads tests/fuzz/seeds/NAME/, tests/fuzz/crashes/NAME/ and, when
# there, tests/fuzz/NAME.dict. What it finds stays in the build folder: new inputs in NAME.corpus,
# crashes as NAME.found-*; a crash that is fixed belongs in tests/fuzz/crashes/NAME/.
# JOBS fuzzers run at a time (2).
set -u

run_one() {
    bin=$2
    name=$(basename "$bin")
    fuzz=tests/fuzz
    mkdir -p "$bin.corpus"
    set -- "$1" -timeout=20 -rss_limit_mb=3072 -print_final_stats=1 -artifact_prefix="$bin.found-"
    seconds=$1
    shift
    [ ! -e "$fuzz/$name.dict" ] || set -- "$@" -dict="$fuzz/$name.dict"
    if [ -d "$fuzz/crashes/$name" ] && ! "$bin" "$@" "$fuzz/crashes/$name"/* >"$bin.log" 2>&1; then
        echo "fuzz $name: a past crash is back"
        cat "$bin.log"
        return 1
    fi
    [ ! -d "$fuzz/seeds/$name" ] || set -- "$@" "$fuzz/seeds/$name"
    if ! "$bin" -max_total_time="$seconds" "$bin.corpus" "$@" >"$bin.log" 2>&1; then
        echo "fuzz $name: FAILED, see $bin.found-*"
        tail -n 60 "$bin.log"
        return 1
    fi
    sed -n "s/^stat::number_of_executed_units: */fuzz $name: fine, inputs: /p" "$bin.log"
}

if [ "$1" = --one ]; then
    export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
    run_one "$2" "$3"
    exit
fi
seconds=$1
shift
[ $# != 0 ] || { echo 'fuzz: no fuzzers in tests/fuzz'; exit 1; }
rm -f build/fuzz/fuzz/*.found-*
printf '%s\n' "$@" | xargs -P "${JOBS:-2}" -n 1 "$0" --one "$seconds"
