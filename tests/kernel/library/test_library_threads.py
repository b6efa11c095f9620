#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Threads: every answer is right while others write, ThreadSanitizer and valgrind report
nothing, and nothing is left when the library is closed. The same program runs with Debian's
library."""

import glob
import os
import re
import shutil
import subprocess

from host import HERE, PASSWD, ROOT, quick
from library_box import TOP, enter, read

USERS, WRITERS = 50, 16
TRUTH = "".join(f"u{i}:{10000000 + i * 1000}:1000\n" for i in range(USERS)) + \
    "".join(f"{20000 + i}:{20000000 + i * 1000}:1000\n" for i in range(USERS))
ACCOUNTS = PASSWD + "".join(f"u{i}:x:{20000 + i}:100::/:/bin/sh\n" for i in range(USERS))


def put(box):
    box.put(TRUTH, TRUTH, ACCOUNTS)


def counted(result):
    """The numbers of the last line: reads, wrong, changes, failed, shared."""
    found = re.search(rb"(\d+) reads, (\d+) wrong, (\d+) changes, (\d+) failed, (\d+) shared",
                      result.out)
    return tuple(int(number) for number in found.groups()) if found else None


def all_true(box, title, program, sizes, prefix=(), env=None, timeout=240):
    """One run without wrong answers, after which the databases are as before."""
    put(box)
    readers, reads, writers, changes = sizes
    words = [*prefix, program, *map(str, sizes)]
    result = box.host.run(shutil.which(words[0]), words[1:], ROOT,
                          env=env or box.ours.environment(), timeout=timeout)
    want = readers * reads, 0, writers * changes * 2, 0, 0
    box.report.check(f"{title}: {readers} threads x {reads} reads beside "
                     f"{writers} x {changes} grants and revokes",
                     (result.status, result.err, counted(result)) == (0, b"", want),
                     f"{result.status} {result.out} {result.err[-2000:]}")
    left = read("/etc/subuid") == TRUTH and read("/etc/subgid") == TRUTH
    box.report.check(f"{title}: the databases are as before", left and not box.strays(),
                     f"{box.strays()}")


def defect(box, program):
    put(box)
    result = box.debian.run(program, (8, 500, 0, 0), timeout=60)
    numbers = counted(result)
    box.report.check("defect of Debian's: threads crash it, or get wrong answers",
                     result.status < 0 or (numbers and numbers[1] > 0),
                     f"{result.status} {result.out}")


def sources():
    return [path for name in ("core", "findings", "sys", "user", "source", "store", "api")
            for path in sorted(glob.glob(f"{TOP}/libsubid/{name}/*.c"))
            if not path.endswith(("label-libselinux.c", "nss-modules-none.c"))]


def sanitized(box):
    """The library's sources and the program, all of it seen by ThreadSanitizer."""
    program = f"{box.host.tmpdir}/bin/subidthreads-tsan"
    done = subprocess.run(
        ["gcc", "-g", "-O1", "-std=gnu17", "-fsanitize=thread", "-include",
         f"{box.build}/config.h", "-DSYSCONFDIR=\"/etc\"", "-DPLUGINDIR=\"/usr/lib\"",
         f"-I{TOP}", *(f"-I{path}" for path in box.ours.includes), "-o", program,
         f"{HERE}/subidthreads.c", *sources()], capture_output=True, text=True)
    if done.returncode and "tsan" in done.stderr:
        box.report.skip("ThreadSanitizer", "gcc has none")
        return
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    os.chmod(program, 0o755)
    env = box.ours.environment(TSAN_OPTIONS="exitcode=0")
    all_true(box, "ThreadSanitizer", program, (8, 150, 4, 10), env=env)


def loaded_and_closed(box, program):
    """By the full file name, as toolbox does it."""
    box.put("elsa:100000:65536\n", "elsa:100000:65536\n", PASSWD)
    path = os.path.realpath(f"{box.ours.directory}/libsubid.so")
    times = 300 if quick() else 1000
    result = box.ours.run(program, (path, times), timeout=120)
    # a leak is 24 bytes a time at least; tables of the loader grow a little
    found = re.fullmatch(rb"threads 0, descriptors 0, bytes (-?\d+), mapped 0, wrong 0\n",
                         result.out)
    box.report.check(f"opened, called and closed {times} times: nothing is left",
                     result.status == 0 and found and int(found[1]) < 16 * times,
                     f"{result.status} {result.out} {result.err}")


def cancelled_and_forked(box):
    """Threads and processes that end during a call leave nothing."""
    box.put("elsa:100000:5\n", "", PASSWD)
    program = box.ours.compile("subidcancel", f"{HERE}/subidcancel.c", "-pthread")
    result = box.ours.run(program, timeout=60)
    box.report.check("a thread that is cancelled, a child that cleans up: locks are kept and "
                     "given back", (result.status, result.out, result.err, box.strays(),
                                    read("/etc/subuid").count("elsa:"))
                     == (0, b"right\n", b"", [], 3), f"{result} {read('/etc/subuid')!r}")


def main():
    box = enter()
    report = box.report
    threads = box.ours.compile("subidthreads", f"{HERE}/subidthreads.c", "-pthread")
    load = box.ours.compile("subidload", f"{HERE}/subidload.c")
    if quick():
        report.part(all_true, box, "threads", threads, (8, 500, 4, 5))
    else:
        report.part(all_true, box, "threads", threads, (8, 20000, 4, 50))
        report.part(sanitized, box)
        if shutil.which("valgrind"):
            report.part(all_true, box, "valgrind", threads, (4, 60, 2, 4),
                        ("valgrind", "-q", "--leak-check=full",
                         "--show-leak-kinds=definite,indirect"))
        else:
            report.skip("valgrind", "needs valgrind")
    report.part(loaded_and_closed, box, load)
    report.part(cancelled_and_forked, box)
    if box.debian is None:
        report.skip("Debian's library in threads", "needs libsubid-dev")
    else:
        report.part(defect, box, box.debian.compile(
            "subidthreads", f"{HERE}/subidthreads.c", "-pthread"))
    report.finish()


main()
