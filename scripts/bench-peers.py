#!/usr/bin/env python3
"""Time Describe and Keras 3 at the same work, in one run, and write the table in README.md.

    scripts/bench-peers.py [BUILD] [--model MODEL.h5] [--threads N] [--pictures N] [--no-table]

BUILD is the build folder (build/release); MODEL.h5 a captioner in one file, for both programs
(BUILD/share/model.h5). Keras runs under $DESCRIBE_PYTHON_K3, else build/venv/k315/bin/python
(scripts/setup --keras). Both get the same N processors and N threads (2), and caption greedily.
The batch is of 500 pictures of Flickr8k's test split where ../shared has them, else of the shipped
pictures, repeated.

Prints a JSON line per measurement: the fastest and the median of `runs`, and the largest share of
the machine that other programs took. Threads that wait for each other suffer most from those, so
the figures are worth little where it is above a few percent. Fails, and writes nothing, when the
captions of the two programs differ.
"""
import argparse
import datetime
import itertools
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SHARED = os.path.join(ROOT, "../shared")
SHIPPED = os.path.join(ROOT, "data/default/pictures")
LOOP_PICTURES = 20
STARTS = 3


def busy_seconds():
    """Processor time of the whole machine that was not idle, stolen time included."""
    with open("/proc/stat", encoding="ascii") as f:
        user, nice, system, _, _, irq, softirq, steal = map(int, f.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def run(command):
    """(stdout, wall seconds, peak MB, share of the processors that others took meanwhile) of a
    program that has to succeed."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        busy, begin = busy_seconds(), time.perf_counter()
        child = subprocess.Popen(command, stdout=out, stderr=err)
        _, status, usage = os.wait4(child.pid, 0)
        took = time.perf_counter() - begin
        child.returncode = os.waitstatus_to_exitcode(status)
        for f in (out, err):
            f.seek(0)
        if child.returncode:
            sys.exit(f"bench-peers: {' '.join(command[:4])} ...: {err.read().decode()[-2000:]}")
        others = busy_seconds() - busy - usage.ru_utime - usage.ru_stime
        share = max(0, others) / took / os.cpu_count()
        return out.read().decode(), took, usage.ru_maxrss / 1024, share


class Bench:
    def __init__(self, args):
        self.describe = os.path.join(args.build, "describe")
        self.model = args.model or os.path.join(args.build, "share/model.h5")
        self.library = os.path.join(args.build, next(
            n for n in sorted(os.listdir(args.build)) if n.startswith("libdescribe.so")))
        self.threads = str(args.threads)
        self.python = os.environ.get("DESCRIBE_PYTHON_K3",
                                     os.path.join(ROOT, "build/venv/k315/bin/python"))
        if not os.access(self.python, os.X_OK):
            sys.exit(f"bench-peers: no {self.python}: run scripts/setup --keras, or say in "
                     "DESCRIBE_PYTHON_K3 which Python has Keras 3")
        self.versions = {}
        self.captions = {}
        self.others, self.taken = [], 0

    def run(self, command):
        text, took, peak, others = run(command)
        self.others.append(others)
        return text, took, peak

    def keras(self, task, pictures):
        script = os.path.join(ROOT, "tests/bench/peer_keras.py")
        text, took, peak = self.run([self.python, script, task, self.threads, self.model,
                                     *pictures])
        answer = json.loads(text)
        self.versions = {"keras": answer["keras"], "tensorflow": answer["tensorflow"]}
        return answer, took, peak

    def note(self, who, pictures, captions):
        for picture, caption in zip(pictures, captions):
            self.captions.setdefault(picture, {})[who] = caption

    def report(self, work, peer, seconds, **more):
        line = {"work": work, "peer": peer, "seconds": min(seconds),
                "median": statistics.median(seconds), "runs": len(seconds), **more,
                "others": round(max(self.others), 3)}
        self.taken, self.others = max(self.taken, *self.others), []
        print(json.dumps(line), flush=True)
        return line

    def warm(self, picture):
        text, _, _ = self.run([sys.executable, os.path.join(ROOT, "tests/bench/peer_describe.py"),
                          self.library, self.threads, self.model, picture])
        ours = json.loads(text)
        self.note("describe", [picture], ours["captions"])
        lines = {"describe": self.report("warm", "describe", ours["seconds"])}
        for task in ("predict", "function"):
            answer, _, _ = self.keras(task, [picture])
            self.note(task, [picture], answer["captions"])
            lines[task] = self.report("warm", f"keras {task}", answer["seconds"])
        return lines

    def start(self, picture):
        command = [self.describe, "caption", "--beam", "1", "-j", self.threads, "-m", self.model,
                   picture]
        lines = {"describe": self.report(
            "start", "describe", [self.run(command)[1] for _ in range(5 * STARTS)])}
        lines["predict"] = self.report(
            "start", "keras predict", [self.keras("first", [picture])[1] for _ in range(STARTS)])
        return lines

    def batch(self, pictures):
        command = [self.describe, "caption", "--json", "--beam", "1", "-q", "-j", self.threads,
                   "-m", self.model, *pictures]
        runs = [self.run(command) for _ in range(3)]
        self.note("describe", pictures,
                  [json.loads(line)["caption"] for line in runs[0][0].splitlines()])
        more = {"pictures": len(pictures), "peak_mb": max(r[2] for r in runs)}
        lines = {"describe": self.report("batch", "describe", [r[1] for r in runs], **more)}
        some = pictures[:LOOP_PICTURES]
        for name, task, given in (("predict", "loop", some), ("batched", "batch", pictures)):
            answer, _, peak = self.keras(task, given)
            self.note(task, given, answer["captions"])
            lines[name] = self.report("batch", f"keras {task}", answer["seconds"],
                                      pictures=len(given), peak_mb=peak)
        return lines

    def check(self):
        bad = {p: c for p, c in self.captions.items() if len(set(c.values())) > 1}
        for picture, captions in bad.items():
            print(f"bench-peers: {picture}: {captions}", file=sys.stderr)
        if bad:
            sys.exit(f"bench-peers: {len(bad)} of {len(self.captions)} captions differ")
        print(json.dumps({"work": "check", "pictures": len(self.captions), "equal": True}))


def choose_pictures(n):
    """(pictures, what they are)"""
    expected = os.path.join(SHARED, "models/first/expected_greedy.json")
    folder = os.path.join(SHARED, "data/flickr8k/Images")
    if os.path.exists(expected) and os.path.isdir(folder):
        with open(expected, encoding="utf-8") as f:
            names = list(json.load(f))[:n]
        return [os.path.join(folder, name) for name in names], "of Flickr8k, 224 x 224"
    shipped = sorted(os.path.join(SHIPPED, name) for name in os.listdir(SHIPPED)
                     if name.endswith((".jpg", ".png")))
    return list(itertools.islice(itertools.cycle(shipped), n)), "those shipped, repeated"


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        text = f.read()
    name = re.search(r"^model name\s*:\s*(.*)$", text, re.M).group(1)
    has = [i for i in ("avx2", "avx512f", "amx_tile") if re.search(rf"\b{i}\b", text)]
    return f"{name} ({', '.join(has)})" if has else name


def commit():
    git = ["git", "-C", ROOT]
    try:
        head = subprocess.check_output(git + ["rev-parse", "--short", "HEAD"], text=True).strip()
        dirty = subprocess.call(git + ["diff", "--quiet", "HEAD", "--", "core", "infer"])
        return head + (" with changes" if dirty else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def cell(value, unit, ours, digits=0):
    """A peer's figure, and how many times it is ours."""
    ratio = max(value / ours, ours / value)
    return f"{value:.{digits}f}{unit} ({ratio:.{1 if ratio < 10 else 0}f} x)"


def row(*cells):
    return "| " + " | ".join(cells) + " |\n"


def table(bench, warm, start, batch, kind):
    ms = {k: v["seconds"] * 1e3 for k, v in warm.items()}
    first = {k: v["seconds"] for k, v in start.items()}
    rate = {k: v["pictures"] / v["seconds"] for k, v in batch.items()}
    peak = {k: v["peak_mb"] for k, v in batch.items()}
    n = batch["describe"]["pictures"]
    fast, mb = rate["describe"], peak["describe"]
    text = row("", "Describe", f"Keras {bench.versions['keras']}, predict per word",
               "tf.function per word", f"predict, {n} at once")
    text += row(*["---"] * 5)
    text += row("one warm picture, JPEG to caption", f"{ms['describe']:.1f} ms",
                cell(ms["predict"], " ms", ms["describe"]),
                cell(ms["function"], " ms", ms["describe"]), "")
    text += row(f"{n} pictures {kind}, a second", f"{fast:.0f}", cell(rate["predict"], "", fast, 1),
                "", cell(rate["batched"], "", fast))
    text += row("peak memory of that", f"{mb:.0f} MB", cell(peak["predict"], " MB", mb), "",
                cell(peak["batched"], " MB", mb))
    text += row("from nothing to the first caption", f"{first['describe']:.2f} s",
                cell(first["predict"], " s", first["describe"], 1), "", "")
    return text + f"""
The captioner is the one shipped, greedy, f32; {bench.threads} threads on as many processors of
{processor()}.
TensorFlow {bench.versions["tensorflow"]}; {datetime.date.today()}, commit {commit()}. The fastest
of several runs. Describe's {n} pictures are a whole process, start included; Keras' start is left
out, and its loop is timed on {batch["predict"]["pictures"]} pictures. Other programs took up to
{100 * bench.taken:.0f} % of the machine meanwhile.
"""


def write_table(text):
    path = os.path.join(ROOT, "README.md")
    with open(path, encoding="utf-8") as f:
        readme = f.read()
    begin, end = "<!-- bench-peers -->\n", "<!-- /bench-peers -->"
    if begin not in readme or end not in readme:
        sys.exit("bench-peers: README.md has no place for the table (<!-- bench-peers -->)")
    head, tail = readme.split(begin)[0], readme.split(end)[1]
    with open(path + ".new", "w", encoding="utf-8") as f:
        f.write(head + begin + text + end + tail)
    os.replace(path + ".new", path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", nargs="?", default=os.path.join(ROOT, "build/release"))
    parser.add_argument("--model")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--pictures", type=int, default=500)
    parser.add_argument("--no-table", action="store_true", help="leave README.md alone")
    args = parser.parse_args()
    bench = Bench(args)
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: args.threads])

    picture = os.path.join(SHIPPED, "astronaut.jpg")
    pictures, kind = choose_pictures(args.pictures)
    warm, start, batch = bench.warm(picture), bench.start(picture), bench.batch(pictures)
    bench.check()
    text = table(bench, warm, start, batch, kind)
    if args.no_table:
        print(text)
    else:
        write_table(text)


if __name__ == "__main__":
    main()
