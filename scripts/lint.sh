#!/bin/sh
# lint.sh - every check of the text of the repository; --format rewrites C files instead.
set -u
cd "$(dirname "$0")/.." || exit 2
c_files() { scripts/list-files.sh . '\.[ch]$'; }
if ! command -v clang-format >/dev/null; then
    echo "lint: clang-format is missing; scripts/setup --dev installs it" >&2
    exit 1
fi
if [ "${1-}" = --format ]; then
    c_files | xargs -r clang-format -i
    exit
fi
bad=0
check() {
    name=$1
    shift
    if "$@"; then echo "lint: $name: fine"; else
        echo "lint: $name: FAILED"
        bad=1
    fi
}
# shellcheck disable=SC2317  # called by check()
format() {
    bad_files=$(c_files | xargs -r clang-format --dry-run 2>&1 |
        sed -n 's/^\([^ :]*\):.*/\1/p' | sort -u)
    [ -z "$bad_files" ] || { printf '%s\n' "$bad_files" '(run make format)'; return 1; }
}
# shellcheck disable=SC2317
shell() {
    scripts/list-files.sh . '(\.sh|^scripts/setup|^\.ci/run|/cmd)$' | xargs -r shellcheck -s sh
}
check 'lint itself' tests/lint/run.sh
check 'who includes whom' scripts/check-deps.sh
check 'style' scripts/check-style.sh
check 'clang-format' format
if command -v shellcheck >/dev/null; then check 'shell scripts' shell; else
    echo 'lint: shell scripts: skipped, no shellcheck'
fi
exit $bad
