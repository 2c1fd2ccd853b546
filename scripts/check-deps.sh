#!/bin/sh
# check-deps.sh - who may include whom, and which outside library enters where.
#
#   scripts/check-deps.sh [FOLDER]      a tree with the layout of this repository (this one)
#
# Prints FILE:LINE: reason for each fault and fails when there is one.
set -u
scripts=$(cd "$(dirname "$0")" && pwd)
cd "${1:-$scripts/..}" || exit 2
# shellcheck disable=SC2016  # the rest is awk
"$scripts/list-files.sh" . '^(core|data|train|infer|serve|tests)/.*\.(c|h|def)$' | xargs -r awk '
BEGIN {
    # Folder, then the folders whose headers it may include besides its own. The most exact wins.
    core = "core/base core/kernels core/tensor core/ops core/graph core/layers core/h5 core/keras" \
        " core/image core/text core/decode core/captioner core/net"
    may["core/base"] = "core/describe.h"
    may["core/h5"] = may["core/net"] = may["core/kernels"] = may["core/tensor"] = "core/base"
    may["core/ops"] = "core/base core/kernels core/tensor"
    may["core/graph"] = "core/base core/kernels core/tensor core/ops"
    may["core/layers"] = "core/base core/tensor core/ops core/graph"
    may["core/optim"] = may["core/layers"] " core/kernels"
    may["core/keras"] = "core/base core/h5 core/tensor core/graph core/layers"
    may["core/text"] = "core/base"
    may["core/image"] = "core/base core/kernels core/tensor"
    may["core/metrics"] = "core/base core/text"
    may["core/decode"] = "core/base core/kernels core/tensor core/ops core/graph core/text"
    may["core/captioner"] = core " core/describe.h"
    may["core/cli"] = "core/base"
    may["core/describe.h"] = ""
    may["core/describe.c"] = "core/describe.h core/base core/captioner"
    may["data"] = core " core/metrics core/describe.h"
    may["train"] = may["infer"] = "core data"
    may["serve"] = "core"
    may["tests"] = "core data train infer serve"

    # Outside header (a pattern), then the files and folders where it may appear.
    lib("c?blas[.]h|openblas.*|lapacke?[.]h", "core/kernels/blas.c")
    lib("hdf5.*|H5.*", "core/h5 tests")
    lib("zlib[.]h|zconf[.]h", "core/h5")
    lib("jpeglib[.]h|jerror[.]h|turbojpeg[.]h|png[.]h|webp/.*|gif_lib[.]h", "core/image")
    lib("zip[.]h", "core/keras/zip.c")
    lib("microhttpd[.]h", "serve/http.c")
    lib("curl/.*", "core/net")
    lib("mpi[.]h", "train/dist.c")
    lib("jansson[.]h", "core/layers core/keras core/text core/captioner" \
        " data train infer serve tests")
    lib("popt[.]h", "core/cli")
    lib("uni(case|conv|ctype|norm|str|types|width|wbrk)[.]h", "core/text core/metrics")
    lib("libstemmer.*", "core/metrics")
    lib("criterion/.*", "tests")
    lib("describe[.]h", "tests/install") # as it is installed
    lib("omp[.]h", "core/base core/ops core/image data core/kernels/blas.c tests")
    lib(".*intrin[.]h", "core/kernels/avx2 core/kernels/avx512 core/kernels/amx")
    lib("cpuid[.]h", "core/base/cpu.c")
    lib("cyaml/.*", "train serve")
    lib("(assert|complex|ctype|errno|fenv|float|inttypes|iso646|limits|locale|math|setjmp|signal" \
        "|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|stdnoreturn|string|tgmath" \
        "|time|uchar|wchar|wctype|dirent|dlfcn|fcntl|fnmatch|ftw|glob|langinfo|netdb|poll|pthread" \
        "|regex|sched|semaphore|strings|syslog|termios|unistd" \
        "|arpa/.*|net/.*|netinet/.*|sys/.*)[.]h", "core data train infer serve tests")
}
function lib(pattern, places) {
    lib_pattern[++lib_count] = pattern
    lib_where[lib_count] = places
}
# Is path one of the listed files, or in one of the listed folders?
function within(path, places,    n, i, p) {
    n = split(places, p, " ")
    for (i = 1; i <= n; i++)
        if (path == p[i] || index(path, p[i] "/") == 1)
            return 1
    return 0
}
# The entry of `may` that speaks for a file: itself or the nearest folder above it.
function owner(path) {
    while (!(path in may) && sub("/[^/]*$", "", path))
        ;
    return path
}
function fault(text) { print FILENAME ":" FNR ": " text; bad = 1 }
function check_ours(inc,    own, to, dir) {
    if (inc ~ /_internal[.]h$/) {
        dir = inc
        sub("/[^/]*$", "", dir)
        if (!within(FILENAME, dir " tests"))
            fault("\"" inc "\" stays in its folder")
        return
    }
    if (inc !~ "^(core|data|train|infer|serve|tests)/") {
        fault("\"" inc "\": includes are written from the root of the repository")
        return
    }
    own = owner(FILENAME)
    to = owner(inc)
    if (to == own || FILENAME ~ "^tests/")
        return
    if (!(own in may))
        fault("folder " own " is not in the table of scripts/check-deps.sh")
    else if (!within(inc, may[own]))
        fault(own " must not include " inc)
}
function check_outside(inc,    i, known) {
    for (i = 1; i <= lib_count && !known; i++)
        if (inc ~ "^(" lib_pattern[i] ")$") {
            known = 1
            if (!within(FILENAME, lib_where[i]))
                fault("<" inc "> belongs in " lib_where[i] " only")
        }
    if (!known)
        fault("<" inc "> is new: give it one place in the table of scripts/check-deps.sh")
    if (inc ~ "^cyaml/") {
        i = owner(FILENAME)
        if (i in yaml_file && yaml_file[i] != FILENAME)
            fault("<" inc "> belongs in one file of " i ", which has " yaml_file[i])
        yaml_file[i] = FILENAME
    }
}
/^[ \t]*#[ \t]*include[ \t]*"/ { split($0, part, "\""); check_ours(part[2]) }
/^[ \t]*#[ \t]*include[ \t]*</ { split($0, part, "[<>]"); check_outside(part[2]) }
/^[ \t]*#[ \t]*pragma[ \t]+omp/ {
    simd = FILENAME ~ "^core/kernels/" && $0 ~ /omp[ \t]+simd/
    if (!simd && !within(FILENAME, "core/ops core/image data tests"))
        fault("threads are started in core/ops, core/image and data only")
}
END { exit bad }
'
