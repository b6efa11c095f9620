# SPDX-License-Identifier: BSD-3-Clause
"""A command of subid that changes the databases and files in /var/lib/subid, with each of its
system calls on them failing. SUBID_EVERY=1 takes all calls and more errors, which is too long
for the daily run."""

import errno
import os
import re
from collections import Counter
from typing import Callable, NamedTuple

from host import quick
from usermod_box.box import DONE, words
from usermod_box.strace import calls, tampered

# exit statuses of subid
UNREADABLE, LOCKED, NOT_WRITTEN, NOT_PERMITTED = 3, 4, 5, 9
POWER_CUT = "may not survive a power cut"
# calls that may fail without harm: what is removed need not be there, and what is read only
# to tidy up
HARMLESS = ("unlinkat", "close", "getdents64", "fcntl", "newfstatat", "fstat", "stat", "lseek",
            "flistxattr", "fgetxattr")


class Fault(NamedTuple):
    """A command whose calls fail; start() prepares it, and look() returns what is wrong with
    other files than the databases, or None."""
    name: str
    args: tuple
    start: Callable
    old: tuple      # both databases
    new: tuple
    look: Callable
    harmless: str = "$^"    # arguments of calls that may fail besides
    cleaner: tuple = ()     # a command that takes the locks, if the same one again does not
    steps: bool = False     # after a failure the first steps of several may be done


def lists_directory(call, before):
    """Whether the call looks for leftovers, or is one that newer libcs make after open."""
    return call.name == "openat" and '"."' in call.text or \
        call.name == "fstat" and before is not None and lists_directory(before, None)


def judge(box, fault, call, before, code, result):
    """What is wrong after the command; before: the call before the one that failed."""
    text, found = words(result), tuple(box.get())
    if result.status == DONE:
        if call.name not in HARMLESS and not lists_directory(call, before) and (
                not re.search(fault.harmless, call.text)):
            return "status 0"
        if found != fault.new:
            return f"status 0, but {found}"
    elif result.status not in (UNREADABLE, LOCKED, NOT_WRITTEN, NOT_PERMITTED):
        return f"status {result.status}, {text}"
    elif os.strerror(getattr(errno, code)) not in text and POWER_CUT not in text:
        return f"the reason is not named: {text}"
    elif found != fault.old and not (POWER_CUT in text or fault.steps) or (
            found not in (fault.old, fault.new)):
        return f"{text}: {found}"
    if box.strays() and call.name != "unlinkat":
        return f"left: {box.strays()}"
    problem = fault.look()
    if problem:
        return problem
    result = box.run(*fault.args)
    if box.strays() and fault.cleaner:
        box.run(*fault.cleaner)
    if result.status != DONE or tuple(box.get()) != fault.new or box.strays():
        return f"the next command: {result}, {box.get()}, {box.strays()}"
    return fault.look()


def inject(box, report, fault):
    every = int(os.environ.get("SUBID_EVERY", 20 if quick() else 5))
    codes = ("EIO", "ENOSPC", "EROFS", "EMFILE", "ENOMEM") if every == 1 else ("EIO",)
    fault.start()
    found = [call for call in calls(box, fault.args) if call.touches]
    report.check(f"{fault.name}: undisturbed", tuple(box.get()) == fault.new, f"{box.get()}")
    for code in codes:
        counts, problems = Counter(), []
        for before, call in list(zip([None, *found], found))[::every]:
            fault.start()
            result = tampered(box, fault.args, call, f"error={code}")
            counts["done" if result.status == DONE else "failed"] += 1
            problem = judge(box, fault, call, before, code, result)
            if problem:
                problems.append(f"{call}: {problem}")
        report.check(f"{fault.name}: {code} in {counts.total()} calls: {counts['failed']} "
                     f"failures reported, {counts['done']} harmless",
                     not problems and counts["failed"] > counts.total() / 3,
                     f"{len(problems)} times: " + "; ".join(problems[:6]))
