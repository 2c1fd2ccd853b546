#!/bin/sh
# coverage.sh - the share of lines that ran, for each C file, from the counts under a build folder.
#
#   scripts/coverage.sh build/coverage
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
find "$1" -name '*.gcda' -not -path '*/tests/*' | sort >"$tmp/list"
while IFS= read -r counts; do
    gcov -n "$counts" 2>/dev/null
done <"$tmp/list" | awk '
    /^File / { file = substr($2, 2, length($2) - 2) }
    /^Lines executed:/ && file ~ /^(core|data|infer|train|serve)\/.*[.]c$/ {
        split($0, part, /[:%]| of /)
        printf "%6.1f%% of %5d  %s\n", part[2], part[4], file
        all += part[4]
        ran += part[4] * part[2] / 100
        file = ""
    }
    END { if (all) printf "%6.1f%% of %5d  all\n", 100 * ran / all, all }'
