#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""`subid files` in directories that others write to: paths longer than PATH_MAX, directories
that are exchanged for symbolic links meanwhile, and more names than should be in memory.

SUBID_TRIES=10000 walks so many times where directories are exchanged."""

import ctypes
import os
import resource
import signal

import subid_box
from host import CLEAN_PATH, ELSA, libc, quick
from subid_box import DONE, UNREADABLE, words

RENAME_EXCHANGE, AT_FDCWD = 2, -100
FIRST, ORPHAN = 3_000_000, 7_000_000
DATABASE = f"elsa:{FIRST}:65536\n"
NAME = "a-directory-with-a-name-of-its-own-that-is-rather-long-for-a-name"
LEVELS = 200
DATA = 2 << 20     # bytes for what grows


def deep(box):
    """Each file has its row, with a path of any length, as find(1) lists it."""
    box.put(DATABASE, DATABASE)
    os.mkdir("/home/deep")
    at = os.open("/home/deep", os.O_RDONLY)
    for _ in range(LEVELS):
        for name in ("a", "z"):
            os.close(os.open(name, os.O_CREAT | os.O_WRONLY, 0o644, dir_fd=at))
            os.chown(name, FIRST, FIRST, dir_fd=at)
        os.mkdir(NAME, dir_fd=at)
        below = os.open(NAME, os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    os.close(at)
    expected = {"/home/deep" + f"/{NAME}" * level + f"/{name}"
                for level in range(LEVELS) for name in ("a", "z")}
    rows = box.rows("files", "/home/deep")
    box.report.check("a row a file in JSON", len(rows) == len(expected) and
                     {row["file"] for row in rows} == expected, f"{len(rows)}")
    for form in ((), ("--raw",)):
        result = box.run("files", "-n", "-o", "file", *form, "/home/deep")
        box.report.check(f"a row a file {form}", result.status == DONE and
                         set(result.out.decode().split()) == expected, f"{result.err}")
    box.report.check("longer than a path may be", max(map(len, expected)) > 3 * 4096, "")


def unreadable_deep(box):
    """A message about a long path has the reason in it."""
    at = os.open("/home/deep", os.O_RDONLY)
    for _ in range(LEVELS - 1):
        below = os.open(NAME, os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    os.chmod(NAME, 0o700, dir_fd=at)
    os.close(at)
    result = box.run("files", "/home/deep", caller=ELSA)
    lines = words(result).splitlines()
    box.report.check("the reason is not cut off", result.status == UNREADABLE and
                     len(lines) == 1 and lines[0].startswith("subid: ...") and
                     lines[0].endswith(f"{NAME}: Permission denied"), f"{result.err}")


def exchange_for_ever(a, b):
    libc.prctl(1, signal.SIGKILL)
    while True:
        libc.renameat2(AT_FDCWD, a, AT_FDCWD, b, ctypes.c_uint(RENAME_EXCHANGE))


def exchanged(box):
    """A directory that at times is a link to a directory of root: it is never entered."""
    tries = int(os.environ.get("SUBID_TRIES", "30" if quick() else "200"))
    box.put(DATABASE, DATABASE)
    subdirectories = 200
    for i in range(subdirectories):
        os.makedirs(f"/home/elsa/d/b/s{i}", 0o755)
        os.makedirs(f"/home/root-secret/s{i}")
        with open(f"/home/root-secret/s{i}/TOPSECRET", "w"):
            pass
        for directory in ("elsa/d/b", "root-secret"):
            os.chown(f"/home/{directory}/s{i}", ORPHAN, ORPHAN)
        os.chown(f"/home/root-secret/s{i}/TOPSECRET", ORPHAN, ORPHAN)
    os.chmod("/home/root-secret", 0o700)
    os.symlink("/home/root-secret", "/home/elsa/d/link")
    pid = os.fork()
    if pid == 0:
        exchange_for_ever(b"/home/elsa/d/b", b"/home/elsa/d/link")
    try:
        seen, shown = 0, set()
        for i in range(tries):
            result = box.run("files", "--orphans" if i % 2 else "--all", "--raw",
                             "/home/elsa/d")
            seen += b"TOPSECRET" in result.out
            shown.add(result.out.count(b"\n"))
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    box.check("nothing of what a link leads to", seen, 0)
    box.report.check("the directory was gone into at times",
                     max(shown) >= subdirectories, f"{shown}")


def peak(box, *args):
    """The memory that a run takes at most, in KiB, and how many lines it prints."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.dup2(write_end, 1)
            os.execve(box.path, ["subid", *args], {"PATH": CLEAN_PATH, "LC_ALL": "C.UTF-8"})
        finally:
            os._exit(126)
    os.close(write_end)
    lines = 0
    while True:
        data = os.read(read_end, 1 << 20)
        if not data:
            break
        lines += data.count(b"\n")
    os.close(read_end)
    _, status, usage = os.wait4(pid, 0)
    if status:
        raise RuntimeError(f"{args}: status {status}")
    return usage.ru_maxrss, lines


def memory(box):
    """A directory with many names takes no more than one with few."""
    box.put(DATABASE, DATABASE)
    n = 60_000 if quick() else 300_000
    os.mkdir("/home/few")
    os.mkdir("/home/many")
    for i in range(n):
        os.mknod(f"/home/many/{i}")
    for i in range(2000):
        os.mknod(f"/home/few/{i}")
    few, _ = peak(box, "files", "--all", "/home/few")
    many, lines = peak(box, "files", "--all", "/home/many")
    box.report.check(f"memory for {n} names", lines > n and many < few + 4096,
                     f"{many} KiB, and {few} KiB for 2000")
    result = box.run("files", "--orphans", "--summary", "/home/many", as_user=lambda:
                     resource.setrlimit(resource.RLIMIT_DATA, (DATA, DATA)))
    box.report.check(f"--summary: memory for {n} names", result.status == DONE, f"{result}")


def main():
    box = subid_box.enter()
    for part in (deep, unreadable_deep, exchanged, memory):
        box.report.part(part, box)
    box.report.finish()


main()
