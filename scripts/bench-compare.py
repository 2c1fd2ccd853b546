#!/usr/bin/env python3
"""Two files of `make bench` side by side: what became faster or slower.

    scripts/bench-compare.py BEFORE.jsonl AFTER.jsonl

A line for each op, shape, number of threads and instruction set in both files: microseconds
before and after, and after divided by before. Lines in one file only are counted.
"""
import json
import sys


def read(path):
    with open(path, encoding="utf-8") as f:
        rows = [json.loads(line) for line in f if line.strip()]
    return {(r["op"], r["shape"], r["threads"], r["isa"]): r for r in rows}


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    before, after = map(read, sys.argv[1:])
    both = [key for key in before if key in after]
    machines = {r["processor"] for rows in (before, after) for r in rows.values()}
    if len(machines) > 1:
        print("bench-compare: made on different machines:", "; ".join(sorted(machines)),
              file=sys.stderr)
    for key in both:
        old, new = before[key]["time_us"], after[key]["time_us"]
        op, shape, threads, isa = key
        print(f"{op:<14} {shape:<44} {threads} x {isa:<7} {old:>10.1f} {new:>10.1f} "
              f"{new / old if old else float('nan'):>6.2f}")
    lonely = len(before) + len(after) - 2 * len(both)
    if lonely:
        print(f"bench-compare: {lonely} lines in one file only", file=sys.stderr)


if __name__ == "__main__":
    main()
