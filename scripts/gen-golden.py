#!/usr/bin/env python3
"""Run every maker of golden files under the Keras that it needs.

    scripts/gen-golden.py [NAME ...]

NAME chooses makers: captioner h5 image keras text (all). The Pythons are build/venv/tf215 and
build/venv/k315 (scripts/setup --keras), or those in DESCRIBE_PYTHON_K2 and DESCRIBE_PYTHON_K3.
Golden files are for ever: makers add those that are missing and leave the others, or write the
same bytes again, so afterwards `git status tests/golden` must show new files only.
"""
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PYTHONS = {"tf215": "DESCRIBE_PYTHON_K2", "k315": "DESCRIBE_PYTHON_K3"}
# (name, environment, arguments)
MAKERS = [
    ("image", "tf215", []),
    ("text", "tf215", []),
    ("text", "k315", []),
    ("keras", "tf215", ["tf215"]),
    ("keras", "k315", ["k315"]),
    ("captioner", "tf215", []),
    ("h5", "tf215", []),
]
# Made in one go, with times in it: once there, it stays.
ONCE = {"h5": "tests/golden/h5/kinds.h5"}


def python(environment):
    path = os.environ.get(PYTHONS[environment],
                          os.path.join(ROOT, "build/venv", environment, "bin/python"))
    if not os.access(path, os.X_OK):
        sys.exit(f"gen-golden: no {path}: run scripts/setup --keras, or set "
                 f"{PYTHONS[environment]}")
    return path


def main():
    chosen, names = sys.argv[1:], {name for name, _, _ in MAKERS}
    if not set(chosen) <= names:
        sys.exit(__doc__)
    for name, environment, arguments in MAKERS:
        if chosen and name not in chosen:
            continue
        if os.path.exists(os.path.join(ROOT, ONCE.get(name, "-"))):
            print(f"gen-golden: {name}: there")
            continue
        print(f"gen-golden: {name}, {environment}", flush=True)
        script = os.path.join(ROOT, f"scripts/gen-golden-{name}.py")
        subprocess.run([python(environment), script, *arguments], cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
