#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Each verb that takes longer than a second shows a progress line on a terminal. The line is
erased before output and at the end; if stderr is not a terminal there is none.

Each verb works on a million users, and is stopped in the middle for a second: so it takes
that long on a machine of any speed."""

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unicodedata

import host as host_module
import subid_box
from host import CLEAN_PATH, mount
from subid_box import DONE, FINDINGS, WARNINGS

WIPE = b"\r\033[K"
LINE = re.compile(rb"\r\033\[Ksubid: (\d+ s|[^\r\n]*: \d+( %)?)\r")
ENV = {"PATH": CLEAN_PATH, "LC_ALL": "C.UTF-8", "TERM": "xterm", "NO_COLOR": "1"}

# words, statuses that are right, a word of the output
VERBS = (
    (("list",), (DONE,), b"3000000"),
    (("list", "--json"), (DONE,), b"3000000"),
    (("list", "elsa"), (DONE,), b"3000000"),
    (("list", "--free"), (DONE,), b"uid"),
    (("list", "--map"), (DONE,), b"elsa"),
    (("whois", "3000005"), (DONE,), b"elsa"),
    (("map", "elsa"), (DONE,), b"3000000"),
    (("check",), (DONE, FINDINGS, WARNINGS), b""),
    (("doctor", "elsa"), (DONE, FINDINGS), b"account"),
    (("files", "/mnt/tree"), (DONE,), b"/mnt/tree/file"),
    (("ps", "--all"), (DONE,), b"PID"),
    (("grant", "--batch", "/mnt/batch", "--dry-run"), (DONE,), b"anna"),
    (("grant", "--batch", "/mnt/batch"), (DONE,), b"anna"),
    (("grant", "--all-users", "--max-uid", "10010", "--dry-run"), (DONE,), b"user5"),
    (("grant", "anna", "--range", "9000000-9000009"), (DONE,), b"9000000"),
    (("revoke", "--dry-run", "elsa"), (DONE,), b"3000000"),
    (("revoke", "elsa"), (DONE,), b""),
    (("rename", "els", "elsa", "--dry-run"), (DONE,), b""),
    (("check", "--fix"), (DONE, FINDINGS, WARNINGS), b""),
)


def users(n):
    return host_module.ETC["passwd"] + "".join(
        f"user{i}:x:{10000 + i}:{10000 + i}::/:/bin/sh\n" for i in range(n))


def read_all(*fds):
    """The output of descriptors until all are closed: {fd: bytes}."""
    found, left = {fd: b"" for fd in fds}, set(fds)
    while left:
        for fd in select.select(left, [], [])[0]:
            data = b""
            with contextlib.suppress(OSError):
                data = os.read(fd, 65536)
            found[fd] += data
            if not data:
                left.discard(fd)
    return found


def run(box, args, out_too, size=(24, 80)):
    """Runs a command on a terminal, stopped for a second; (status, stdout, terminal)."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
    source, sink = os.pipe()
    child = subprocess.Popen([box.path, *args], stdin=subprocess.DEVNULL, env=ENV,
                             stdout=slave if out_too else sink, stderr=slave)
    os.close(slave)
    os.close(sink)
    time.sleep(0.03)
    child.send_signal(signal.SIGSTOP)
    time.sleep(1.3)
    child.send_signal(signal.SIGCONT)
    found = read_all(master, source)
    status = child.wait()
    os.close(master)
    os.close(source)
    return status, found[source], found[master]


def verb(box, args, statuses, word, out_too):
    status, out, screen = run(box, args, out_too)
    lines = list(LINE.finditer(screen))
    rest = screen[lines[-1].end():] if lines else b""
    if out_too:
        out = rest
    # at the end the line is erased
    box.report.check(
        f"{'both on a terminal' if out_too else 'stderr on a terminal'}: {' '.join(args)}",
        status in statuses and lines and rest.startswith(WIPE)
        and not LINE.search(rest) and rest.count(b"\033[K") == 1 and word in out,
        f"{status} {screen[:400]} ... {screen[-400:]} {out[:200]}")


def quiet(box, args, statuses):
    child = subprocess.Popen([box.path, *args], stdin=subprocess.DEVNULL, env=ENV,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(0.03)
    child.send_signal(signal.SIGSTOP)
    time.sleep(1.2)
    child.send_signal(signal.SIGCONT)
    out, err = child.communicate()
    box.report.check(f"no terminal: {' '.join(args)}", child.returncode in statuses
                     and b"\033" not in err + out, f"{child.returncode} {err}")


def interrupted(box):
    """The line is also erased if a signal ends the program."""
    master, slave = pty.openpty()
    child = subprocess.Popen([box.path, "grant", "--batch", "-"], stdin=subprocess.PIPE,
                             env=ENV, stdout=subprocess.PIPE, stderr=slave)
    os.close(slave)
    time.sleep(1.3)
    child.send_signal(signal.SIGINT)
    screen = read_all(master)[master]
    box.report.check("interrupted", child.wait() == -signal.SIGINT and LINE.search(screen)
                     and screen.endswith(WIPE), f"{child.returncode} {screen}")
    os.close(master)


def pager(box):
    """The reader of a pipe may use the terminal: no progress is shown once rows are printed."""
    master, slave = pty.openpty()
    child = subprocess.Popen([box.path, "list"], stdin=subprocess.DEVNULL, env=ENV,
                             stdout=subprocess.PIPE, stderr=slave)
    os.close(slave)
    child.stdout.read(10)   # more output than a pipe holds
    before = b""
    while select.select([master], [], [], 0)[0]:
        before += os.read(master, 65536)
    time.sleep(1.3)
    child.terminate()
    after = read_all(master)[master]
    box.report.check("a pager", child.wait() == -signal.SIGTERM and not LINE.search(after)
                     and before.endswith(WIPE if before else b""),
                     f"{child.returncode} {before} {after}")
    os.close(master)


def background(box):
    """A background job shows no progress, and is not stopped by the terminal."""
    os.mkfifo("/mnt/never")
    pid, master = pty.fork()
    if pid == 0:
        os.execve("/bin/bash", ["bash", "-c", f"stty tostop; set -m; {box.path} grant --batch - "
                                "<>/mnt/never & sleep 1.5; jobs; kill %1; wait %1"], ENV)
    screen = read_all(master)[master]
    os.waitpid(pid, 0)
    os.close(master)
    box.report.check("in the background", b"Running" in screen and not LINE.search(screen),
                     f"{screen}")


def quick_ones(box):
    """A quick command shows no progress."""
    master, slave = pty.openpty()
    child = subprocess.Popen([box.path, "list", "-R", "/mnt/none"], stdin=subprocess.DEVNULL,
                             env=ENV, stdout=subprocess.PIPE, stderr=slave)
    os.close(slave)
    screen = read_all(master)[master]
    box.report.check("what is quick", child.wait() == DONE and screen == b"", f"{screen}")
    os.close(master)


def names(box):
    """Names of files are escaped on the terminal."""
    os.mkdir("/mnt/controls")
    for i in range(20):
        os.mkdir(f"/mnt/controls/\033]0;{i}\a\x9b")
    _, _, screen = run(box, ("files", "/mnt/controls"), False)
    box.report.check("no control character of a name", b"\a" not in screen
                     and b"\033]" not in screen, f"{screen}")


def cells(text):
    return sum(2 if unicodedata.east_asian_width(char) == "W" else 1 for char in text)


def narrow(box):
    """The line is narrower than the terminal, however long the name is of the file that is read."""
    top = "/mnt/" + "/".join(["\u65e5\u672c" * 20] * 3)
    os.makedirs(f"{top}/etc")
    for name in ("passwd", "group", "subuid", "subgid"):
        box.host.write(f"{top}/etc/{name}", "" if name in ("passwd", "group") else
                       "".join(f"{i}:{3000000 + i}:1\n" for i in range(500_000)))
    for width in (10, 40, 80, 300):
        _, _, screen = run(box, ("whois", "5", "-R", top), False, (24, width))
        shown = [cells(line) for line in re.findall(r"\033\[K([^\r\n]+)\r", screen.decode())]
        box.report.check(f"{width} columns", shown and max(shown) < max(width, 20)
                         and (width > 80 or max(shown) >= min(width - 4, 76)), f"{shown} {screen}")


def main():
    box = subid_box.enter()
    os.mkdir("/dev/pts", 0o755)
    mount("devpts", "/dev/pts", "devpts", 0, "newinstance,ptmxmode=0666,mode=0620")
    os.symlink("pts/ptmx", "/dev/ptmx")
    n = 300_000 if host_module.quick() else 1_000_000
    box.host.write("/etc/passwd", users(n))
    # all groups are read to find those of a user, as doctor does
    box.host.write("/etc/group", host_module.ETC["group"] + "".join(
        f"user{i}:x:{10000 + i}:\n" for i in range(n)))
    box.host.write("/etc/pam.d/usermod-ext", "account required pam_permit.so\n")
    box.host.write("/mnt/batch", "anna\n")
    os.mkdir("/mnt/tree")
    box.host.write("/mnt/tree/file", "", 0o644, (3000005, 3000005))
    database = "elsa:3000000:1000\n"
    verbs = VERBS[::10] if host_module.quick() else VERBS
    for number, (args, statuses, word) in enumerate(verbs):
        box.put(database, database)
        box.report.part(verb, box, args, statuses, word, number % 2 == 0)
    if not host_module.quick():
        box.put(database, database)
        verb(box, ("whois", "3000005"), (DONE,), b"elsa", True)
        verb(box, ("check",), (DONE, FINDINGS, WARNINGS), b"", False)
    for args in (("list",), ("check",), ("grant", "--dry-run", "anna"))[2 * host_module.quick():]:
        box.report.part(quiet, box, args, (DONE, FINDINGS, WARNINGS))
    box.put("".join(f"user{i}:{3000000 + i}:1\n" for i in range(10000)), "")
    box.report.part(interrupted, box)
    box.report.part(pager, box)
    box.report.part(background, box)
    os.makedirs("/mnt/none/etc")
    box.host.write("/mnt/none/etc/subuid", "")
    box.host.write("/mnt/none/etc/subgid", "")
    box.report.part(quick_ones, box)
    box.report.part(names, box)
    box.report.part(narrow, box)
    box.report.finish()


main()
