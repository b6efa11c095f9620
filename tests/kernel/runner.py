# SPDX-License-Identifier: BSD-3-Clause
"""Runs the test files of a folder one by one, passes their lines on and counts them. Each
finding is a line `ok NAME`, `not ok NAME: why` or `skip NAME # reason`, and the last line
counts them."""

import glob
import os
import subprocess
import sys
import time

LONGEST = 900   # seconds for one file


def find(folder, words):
    """The files to run, by the words on the command line."""
    if not words:
        return sorted(glob.glob(f"{folder}/test_*.py")), []
    found, unknown = [], []
    for word in words:
        name = os.path.basename(word).removesuffix(".py").removeprefix("test_")
        path = f"{folder}/test_{name}.py"
        if os.path.exists(path):
            found.append(path)
        else:
            unknown.append(word)
    return found, unknown


def run_file(path, counts, take=None):
    """Runs one file, passes its lines on and counts them; take(line) sees each."""
    name = os.path.basename(path).removesuffix(".py")
    start = time.monotonic()
    seen = dict.fromkeys(counts, 0)
    env = dict(os.environ, PYTHONDONTWRITEBYTECODE="1")
    child = subprocess.Popen(["/usr/bin/timeout", "--kill-after=10", str(LONGEST), path],
                             stdout=subprocess.PIPE, text=True, errors="backslashreplace",
                             env=env)
    try:
        for line in child.stdout:
            print(line, end="", flush=True)
            if take:
                take(line)
            for kind in seen:
                if line.startswith(kind + " "):
                    seen[kind] += 1
        status = child.wait()
    except BaseException:
        child.terminate()
        child.wait()
        raise
    problem = None
    if status == 124:
        problem = f"took more than {LONGEST} seconds"
    elif status != 0 and seen["not ok"] == 0:
        problem = f"ended with status {status} and no failure told"
    elif status == 0 and seen["not ok"] > 0:
        problem = "ended with status 0 in spite of failures"
    elif sum(seen.values()) == 0:
        problem = "found nothing at all"
    if problem:
        print(f"not ok {name}: {problem}", flush=True)
        seen["not ok"] += 1
    for kind in counts:
        counts[kind] += seen[kind]
    print(f"# {name}: {time.monotonic() - start:.1f} s", flush=True)


def run(folder, words, take=None, finish=None):
    """Runs the files of a folder that `words` name, by default all; take(line) sees each
    line, and finish(counts) is called before the last one. Returns the exit status."""
    files, unknown = find(folder, words)
    counts = {"ok": 0, "not ok": 0, "skip": 0}
    for word in unknown:
        print(f"not ok {word}: no such test")
        counts["not ok"] += 1
    for path in files:
        run_file(path, counts, take)
    if finish:
        finish(counts)
    print(f"{counts['ok']} passed, {counts['not ok']} failed, {counts['skip']} skipped")
    return 1 if counts["not ok"] or not sum(counts.values()) else 0
