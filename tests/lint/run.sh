#!/bin/sh
# run.sh - every rule of scripts/check-deps.sh and scripts/check-style.sh refuses a file that
# breaks it, and lets one pass that only looks as if it did.
set -u
scripts=$(cd "$(dirname "$0")/../../scripts" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
results=$tmp/results # a file, for the counting is done in subshells

# expect SCRIPT FILE REASON: FILE, as standard input has it, is refused for REASON ('' for none).
expect() {
    rm -rf "$tmp/tree"
    mkdir -p "$tmp/tree/$(dirname "$2")"
    cat >"$tmp/tree/$2"
    out=$("$scripts/$1" "$tmp/tree" 2>&1)
    code=$?
    if [ -z "$3" ] && [ $code = 0 ] && [ -z "$out" ]; then
        echo passed >>"$results"
    elif [ -n "$3" ] && [ $code != 0 ] && printf '%s\n' "$out" | grep -qF -e "$3"; then
        echo passed >>"$results"
    else
        echo failed >>"$results"
        printf 'FAIL %s %s: expected "%s", got %s:\n%s\n' "$1" "$2" "$3" "$code" "$out"
    fi
}
# One line of text as the file.
deps() { printf '%s\n' "$2" | expect check-deps.sh "$1" "$3"; }
style() { printf '%b\n' "$2" | expect check-style.sh "$1" "$3"; }

deps core/base/a.c '#include "core/base/alloc.h"' ''
deps core/base/a.c '#include "core/describe.h"' ''
deps core/base/a.c '#include "core/h5/h5.h"' 'core/base must not include core/h5/h5.h'
deps core/kernels/avx2/a.c '#include "core/tensor/tensor.h"' 'core/kernels must not include'
deps core/ops/a.c '#include "core/kernels/kernels.h"' ''
deps core/ops/a.c '#include "core/graph/graph.h"' 'core/ops must not include'
deps core/graph/a.c '# include "core/layers/layers.h"' 'core/graph must not include'
deps core/layers/a.c '#include "core/kernels/kernels.h"' 'core/layers must not include'
deps core/layers/layers.def '#include "core/h5/h5.h"' 'core/layers must not include'
deps core/keras/a.c '#include "core/layers/layers.h"' ''
deps core/image/a.c '#include "core/text/vocab.h"' 'core/image must not include'
deps core/decode/a.c '#include "core/text/vocab.h"' ''
deps core/captioner/a.c '#include "core/keras/model.h"' ''
deps core/captioner/a.c '#include "core/cli/options.h"' 'core/captioner must not include'
deps core/cli/a.c '#include "core/keras/model.h"' 'core/cli must not include'
deps core/describe.h '#include "core/base/base.h"' 'core/describe.h must not include'
deps core/describe.c '#include "core/text/vocab.h"' 'core/describe.c must not include'
deps data/a.c '#include "core/cli/options.h"' 'data must not include'
deps infer/a.c '#include "data/dataset.h"' ''
deps infer/a.c '#include "train/fit.h"' 'infer must not include'
deps serve/a.c '#include "data/dataset.h"' 'serve must not include'
deps infer/a.c '#include "tests/unit/near.h"' 'infer must not include'
deps tests/unit/a.c '#include "infer/cmd.h"' ''
deps core/new/a.c '#include "core/base/base.h"' 'is not in the table'
deps core/text/a.c '#include "core/keras/x_internal.h"' 'stays in its folder'
deps core/text/a.c '#include "core/text/x_internal.h"' ''
deps core/text/a.c '#include "vocab.h"' 'written from the root'
deps core/kernels/blas.c '#include <cblas.h>' ''
deps core/kernels/gemm.c '#include <cblas.h>' 'belongs in core/kernels/blas.c only'
deps core/keras/a.c '#include <hdf5.h>' 'belongs in core/h5'
deps core/ops/a.c '#include <jansson.h>' '<jansson.h> belongs in'
deps infer/a.c '#include <popt.h>' '<popt.h> belongs in core/cli only'
deps infer/a.c '#include <webp/decode.h>' 'belongs in core/image only'
deps core/ops/a.c '#include <immintrin.h>' '<immintrin.h> belongs in'
deps core/kernels/scalar/a.c '#include <immintrin.h>' '<immintrin.h> belongs in'
deps serve/a.c '#include <mpi.h>' 'belongs in train/dist.c only'
deps core/text/a.c '#include <expat.h>' '<expat.h> is new'
deps core/text/a.c '#include <string.h>' ''
deps core/kernels/scalar/a.c '#pragma omp parallel for' 'threads are started in'
deps core/kernels/scalar/a.c '#pragma omp simd' ''
deps core/ops/a.c '    #pragma omp parallel for' ''
deps core/decode/a.c '    #pragma omp parallel for' 'threads are started in'

style core/a.c 'int x; ' 'blanks at the end'
style core/a.c '\tint x;' 'tab'
style Makefile 'all:\n\ttrue' ''
style core/a.c 'int x;\r' 'carriage return'
style core/a.c "$(printf '%0101d' 0)" 'longer than 100 columns (101)'
style core/a.c "$(printf '%0100d' 0)" ''
style core/a.c '/* TODO: later */' 'TODO without an issue'
style core/a.c '/* TODO(#12): later */' ''
style scripts/a.py "open('/""home/me/x')" 'path of one machine'
style README.md 'see https://host/home/x' ''
style core/a.c 'strcpy(a, b);' 'banned function'
style tests/unit/a.c 'n = atoi(s);' 'banned function'
style infer/a.c 'system("rm");' 'banned function'
style core/a.c '/* strcpy(a, b) and "sprintf(" */ s = "gets(x)"; c = my_strtok(a);' ''
style core/a.c '/* a comment that\n strcpy(a, b)\n ends */ int x;' ''
style core/a.c 'p = malloc(3);' 'memory comes from'
style infer/a.c 'free(p);' 'memory comes from'
style core/base/alloc.c 'free(p);' ''
style core/a.c 'dsc_free(p); ops->free(p); v.free(p);' ''
style core/a.c 'printf("x");' 'never prints'
style core/a.c 'fprintf(stderr, "x");' 'never prints'
style core/cli/a.c 'fprintf(stderr, "x");' ''
style core/a.c 'snprintf(a, n, "printf(stderr)");' ''
style core/a.c 'exit(1);' 'never exits'
style infer/a.c 'exit(1);' ''
awk 'BEGIN { print "void f(void)\n{"; for (i = 0; i < 99; i++) print "    g();"; print "}" }' |
    expect check-style.sh core/a.c ''
awk 'BEGIN { print "void f(void)\n{"; for (i = 0; i < 100; i++) print "    g();"; print "}" }' |
    expect check-style.sh core/a.c 'function of 101 lines'
awk 'BEGIN { print "void f(void)\n{"; for (i = 0; i < 150; i++) print "    g();"; print "}" }' |
    expect check-style.sh core/kernels/avx2/a.c ''
awk 'BEGIN { for (i = 0; i < 801; i++) print "int x" i ";" }' |
    expect check-style.sh core/a.c 'more than 800 lines'

failed=$(grep -c failed "$results")
echo "lint: $(grep -c passed "$results") passed, $failed failed"
[ "$failed" = 0 ]
