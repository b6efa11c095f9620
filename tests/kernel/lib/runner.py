# SPDX-License-Identifier: BSD-3-Clause
"""Runs the test files below a directory, passes their lines on in the order of the files and
counts them. Each finding is a line `ok NAME`, `not ok NAME: why` or `skip NAME # reason`,
and the last line counts them.

run() is given the number of files that run at once. A file with a line `ALONE = "why"` runs
when no other file does. SUBID_ALONE=no leaves these files out, SUBID_ALONE=only the others."""

import concurrent.futures
import glob
import os
import queue
import re
import signal
import subprocess
import sys
import time

LONGEST = 1500  # seconds after which a file counts as hanging


def find(directory, words):
    """The files to run, by the words on the command line."""
    every = sorted(glob.glob(f"{directory}/**/test_*.py", recursive=True))
    if not words:
        return every, []
    found, unknown = [], []
    for word in words:
        name = os.path.basename(word).removesuffix(".py").removeprefix("test_")
        paths = [path for path in every if os.path.basename(path) == f"test_{name}.py"]
        found += paths
        if not paths:
            unknown.append(word)
    return found, unknown


def environment():
    """A test imports modules of its own directory and of this one."""
    return dict(os.environ, PYTHONDONTWRITEBYTECODE="1",
                PYTHONPATH=os.path.dirname(os.path.abspath(__file__)))


def alone(path):
    with open(path, encoding="utf-8") as file:
        return re.search(r'^ALONE = ".', file.read(), re.M) is not None


class File:
    """One test file: run() in a thread of its own, passed_on() in that of the caller."""

    def __init__(self, path):
        self.path = path
        self.name = os.path.basename(path).removesuffix(".py")
        self.lines = queue.SimpleQueue()    # and behind them (status, seconds)
        self.child = None

    def run(self):
        start, status, computed = time.monotonic(), None, 0
        try:
            self.child = subprocess.Popen(
                ["/usr/bin/timeout", "--kill-after=10", str(LONGEST), self.path],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                errors="backslashreplace", env=environment())
            for line in self.child.stdout:
                self.lines.put(line)
            _, ended, usage = os.wait4(self.child.pid, 0)
            status = self.child.returncode = os.waitstatus_to_exitcode(ended)
            computed = usage.ru_utime + usage.ru_stime
        finally:
            self.lines.put((status, time.monotonic() - start, computed))

    def stop(self):
        if self.child:
            self.child.terminate()

    def passed_on(self, counts, take=None):
        """Prints the lines as they come, and counts them; take(line) sees each."""
        seen = dict.fromkeys(counts, 0)
        while isinstance(line := self.lines.get(), str):
            print(line, end="", flush=True)
            if take:
                take(line)
            for kind in seen:
                if line.startswith(kind + " "):
                    seen[kind] += 1
        status, seconds, computed = line
        problem = self.problem(status, seen)
        if problem:
            print(f"not ok {self.name}: {problem}", flush=True)
            seen["not ok"] += 1
        for kind in counts:
            counts[kind] += seen[kind]
        print(f"# {self.name}: {seconds:.1f} s, {computed:.1f} s of a processor", flush=True)

    @staticmethod
    def problem(status, seen):
        if status == 124:
            return f"took more than {LONGEST} seconds"
        if status != 0 and seen["not ok"] == 0:
            return f"ended with status {status} and reported no failure"
        if status == 0 and seen["not ok"] > 0:
            return "ended with status 0 in spite of failures"
        if sum(seen.values()) == 0:
            return "found nothing at all"
        return None


def run_files(files, jobs, counts, take, first):
    """Runs `jobs` files at once; those that `first` names are begun before the rest,
    in that order."""
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        try:
            order = [*first, *(file.name for file in files if file.name not in first)]
            for file in sorted(files, key=lambda file: order.index(file.name)):
                pool.submit(file.run)
            for file in files:
                file.passed_on(counts, take)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for file in files:
                file.stop()
            raise


def run(directory, words, take=None, finish=None, jobs=1, first=()):
    """Runs the files of a directory that `words` name, by default all; take(line) sees each
    line, and finish(counts) is called before the last one. Returns the exit status."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    paths, unknown = find(directory, words)
    counts = {"ok": 0, "not ok": 0, "skip": 0}
    for word in unknown:
        print(f"not ok {word}: no such test")
        counts["not ok"] += 1
    which = os.environ.get("SUBID_ALONE")
    if which in ("no", "only"):
        paths = [path for path in paths if alone(path) == (which == "only")]
    together = [File(path) for path in paths if jobs > 1 and not alone(path)]
    run_files(together, jobs, counts, take, first)
    run_files([File(path) for path in paths if jobs == 1 or alone(path)], 1, counts, take, ())
    if finish:
        finish(counts)
    print(f"{counts['ok']} passed, {counts['not ok']} failed, {counts['skip']} skipped")
    return 1 if counts["not ok"] or not sum(counts.values()) else 0
