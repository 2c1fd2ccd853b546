#!/bin/sh
# list-files.sh - the files of a tree, one a line: those git knows or would add, or all.
#
#   scripts/list-files.sh FOLDER [GREP-PATTERN]
cd "$1" || exit 2
if [ -e .git ]; then
    git ls-files -co --exclude-standard
else
    find . -type f | sed 's|^\./||'
fi | grep -E "${2:-.}" | while IFS= read -r f; do
    [ ! -f "$f" ] || printf '%s\n' "$f"
done
