#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""usermod-ext in parallel with Debian's usermod and useradd on one /etc: no update that was
reported as done is lost."""

import os
import time

from host import quick, spawn
from usermod_box import NOT_PERMITTED, SUBGID, SUBUID, enter, filler

ALONE = "a hundred programs at once, which wait no longer than 15 seconds for each other"
# how long they wait
LOCK_SECONDS = 15
EACH = 50
SIZES = (100, 10_000) if quick() else (100, 10_000, 1_000_000)
# a size beyond which programs may give up waiting for each other
ALL_WORK = 10_000
USERADD = "/usr/sbin/useradd"


def crowd(box, lines):
    """Starts everything at once; returns [(what, status, kind, line)]."""
    content = filler(lines, 2_000_000_000)
    box.sweep()
    for name in ("passwd", "group"):
        box.host.reset_etc(name)
    box.put(content, content)
    for name in ("shadow", "gshadow"):
        box.host.write(f"/etc/{name}", "", 0o600)
    running = {}
    for i in range(EACH):
        first = 10_000_000 + i * 100
        flag, kind = (("-v", "subuid"), ("-w", "subgid"))[i % 2]
        running[spawn(box.ours, flag, f"{first}-{first + 9}", "elsa")] = (
            "ours", kind, b"elsa:%d:10" % first)
        if not box.oracle:
            continue
        first += 50
        if i % 5 == 4:
            running[spawn(USERADD, "-M", f"new{i}")] = ("useradd", "subuid", b"new%d:" % i)
        else:
            running[spawn(box.oracle, flag, f"{first}-{first + 9}", "anna")] = (
                "usermod", kind, b"anna:%d:10" % first)
    found = []
    while running:
        # a program that writes to an unread log waits, Debian's while it has its locks
        box.host.read_log()
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            time.sleep(0.005)
        elif pid in running:
            what, kind, line = running.pop(pid)
            found.append((what, os.waitstatus_to_exitcode(status), kind, line))
    return content, found


def test_crowd(box, report, lines):
    start = time.monotonic()
    content, found = crowd(box, lines)
    seconds = time.monotonic() - start
    files = dict(zip(("subuid", "subgid"), box.get()))
    texts = {name: set(text.split(b"\n")) for name, text in files.items()}
    lost = [(what, line) for what, status, kind, line in found if status == 0 and not
            (line in texts[kind] if what != "useradd" else
             any(text.startswith(line) for text in texts[kind]))]
    failed = [(what, status, line) for what, status, kind, line in found if status]
    done = {what: sum(status == 0 for kind, status, _, _ in found if kind == what)
            for what in ("ours", "usermod", "useradd")}
    report.check(f"{lines} lines, {len(found)} at once: {done} done in {seconds:.1f} s, "
                 "nothing is lost", not lost, f"{lost[:5]}")
    # useradd sorts what it writes
    wanted = {name: lines + sum(status == 0 and (kind == name or what == "useradd")
                                for what, status, kind, _ in found) for name in files}
    report.check(f"{lines} lines: what was there is there, once",
                 all(set(content.split(b"\n")) <= texts[name]
                     and files[name].count(b"\n") == wanted[name] for name in files),
                 f"{wanted}, {[text.count(bytes([10])) for text in files.values()]}")
    if lines <= ALL_WORK and seconds < LOCK_SECONDS:
        report.check(f"{lines} lines: none fails", not failed, f"{failed[:5]}")
    else:
        # programs may give up waiting for each other; only ours is checked
        report.check(f"{lines} lines: {len(failed)} gave up with a status that says so",
                     all(status in (NOT_PERMITTED, SUBUID, SUBGID, 9, 10)
                         for _, status, _ in failed), f"{failed[:5]}")
        report.check(f"{lines} lines: some of ours and of Debian's were done",
                     done["ours"] and (done["usermod"] or not box.oracle), f"{done}")
    report.check(f"{lines} lines: no file is left", not box.strays(), f"{box.strays()}")


def main():
    box, report = enter()
    for lines in SIZES:
        test_crowd(box, report, lines)
    report.finish()


main()
