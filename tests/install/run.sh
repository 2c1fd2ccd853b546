#!/bin/sh
# run.sh - what `make install` copies is enough to build programs with, exports only what
# describe.h declares, and `make uninstall` takes all of it away.
#
#   tests/install/run.sh PROGRAMS       the folder that holds the built programs
#
# MAKE and CC come from the Makefile.
set -eu
cd "$(dirname "$0")/../.."
build=$(cd "$1" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
make=${MAKE:-make}
cc=${CC:-cc}
passed=0

fail() {
    echo "FAIL $*"
    echo "install: $passed passed, 1 failed"
    exit 1
}
ok() {
    echo "ok   $*"
    passed=$((passed + 1))
}

$make --no-print-directory install DESTDIR="$tmp/root" || fail 'make install'
prefix=$(cd "$tmp/root" && find . -path '*/bin/describe' | sed 's|^\.||; s|/bin/describe$||')
[ -n "$prefix" ] || fail 'describe is not installed'
ok 'make install'

# Paths in the .pc file are those of the final place; PKG_CONFIG_SYSROOT_DIR puts DESTDIR in front.
export PKG_CONFIG_PATH="$tmp/root$prefix/lib/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$tmp/root"
flags=$(pkg-config --cflags --libs describe) || fail 'pkg-config describe'
# shellcheck disable=SC2086  # a list of flags
$cc -std=c11 -Wall -Wextra -Werror -o "$tmp/use" tests/install/use.c $flags ||
    fail 'a program with the shared library'
LD_LIBRARY_PATH="$tmp/root$prefix/lib" "$tmp/use" || fail 'running with the shared library'
ok 'a program with the shared library'

# Without the sysroot: the libraries below ours are those of the system.
flags=$(PKG_CONFIG_SYSROOT_DIR='' pkg-config --static --libs describe)
# shellcheck disable=SC2046,SC2086
$cc -std=c11 -I"$tmp/root$prefix/include" -o "$tmp/use" tests/install/use.c \
    "$tmp/root$prefix/lib/libdescribe.a" $(printf '%s' "$flags" | sed 's/-ldescribe//') ||
    fail 'a program with the static library'
"$tmp/use" || fail 'running with the static library'
ok 'a program with the static library'

nm -D --defined-only "$tmp/root$prefix/lib/libdescribe.so" | awk '$2 == "T" { print $3 }' |
    sed 's/@.*//' | sort >"$tmp/exported"
$cc -E -P core/describe.h | grep -o '\<dsc_[a-z0-9_]* *(' | tr -d ' (' | sort -u >"$tmp/declared"
diff "$tmp/declared" "$tmp/exported" || fail 'the shared library exports what describe.h declares'
ok 'the shared library exports what describe.h declares'

# The example in the comment of describe.h: from its first #include to the brace that closes main.
awk '/^ [*] +#include <describe.h>/ { indent = index($0, "#") }
    indent { line = substr($0, indent); print line; if (line == "}") exit }' \
    core/describe.h >"$tmp/example.c"
# shellcheck disable=SC2046,SC2086
$cc -std=c11 -Wall -Wextra -Werror -o "$tmp/example" "$tmp/example.c" \
    $(pkg-config --cflags --libs describe) || fail 'the example of describe.h'
picture=$(find data/default/pictures -name '*.jpg' | sort | head -n 1)
DESCRIBE_MODEL=$build/share/model.h5 LD_LIBRARY_PATH="$tmp/root$prefix/lib" \
    "$tmp/example" "$picture" >"$tmp/captions" || fail 'running the example of describe.h'
grep -q "^${picture}[[:space:]][a-z]" "$tmp/captions" || fail 'a caption from the example'
ok 'the example of describe.h'

# OpenBLAS's own threads would ask for memory for ever; a sanitizer could not run under the limit,
# hence the test is here.
prlimit --as=100000000 timeout 60 "$build/describe" "$picture" >"$tmp/out" 2>&1 &&
    fail 'a limit on memory'
grep -q '^describe: .*out of memory' "$tmp/out" || fail "under a limit on memory: $(cat "$tmp/out")"
ok 'a limit on memory ends in a sentence'

$make --no-print-directory uninstall DESTDIR="$tmp/root" || fail 'make uninstall'
[ -z "$(find "$tmp/root" ! -type d)" ] || fail "left behind: $(find "$tmp/root" ! -type d)"
ok 'make uninstall'
echo "install: $passed passed, 0 failed"
