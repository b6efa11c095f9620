# SPDX-License-Identifier: BSD-3-Clause
"""A command that changes the databases, killed at every system call. Afterwards each database
is the old one or the new one, byte for byte, the backup is a whole old version, and the next
command, ours or Debian's, works without help; the same command again gives the intended
result, without stray files. If a signal interrupts the command instead, it leaves no file
and ends by the signal."""

import os
import re
import signal
from collections import Counter

from host import quick, read
from usermod_box.box import DONE, words
from usermod_box.commands import EARLIER, prepare
from usermod_box.strace import calls, tampered

NEXT = b"bob:9000000:10\n"      # the line that Debian's next command appends


def attributes(path):
    status = os.stat(path)
    return status.st_mode, status.st_uid, status.st_gid, status.st_nlink


def look(box, scenario):
    """What is wrong with the files after the kill."""
    found = box.get()
    for i, name in enumerate(("subuid", "subgid")):
        if found[i] not in (scenario.old[i], scenario.new[i]):
            return f"{name} is {found[i]}"
        backup = read(f"/etc/{name}-")
        if backup not in (EARLIER[i], scenario.old[i]):
            return f"{name}- is {backup}"
        if found[i] is not None and attributes(f"/etc/{name}")[:3] != (0o100644, 0, 0):
            return f"{name} has {attributes(f'/etc/{name}')}"
        if attributes(f"/etc/{name}-")[3] != 1:
            return f"{name}- is a hard link"
    return None


def oracle_next(box, scenario):
    """Runs Debian's usermod after the killed command."""
    flag = "-w" if scenario.args[0] in ("-w", "-W") else "-v"
    before = box.get()["-w" == flag]
    if before is None:
        return None
    result = box.run_oracle(flag, "9000000-9000009", "bob")
    after = box.get()["-w" == flag]
    wanted = before + (b"" if before.endswith(b"\n") else b"\n") + NEXT
    if result.status != 0 or after != wanted:
        return f"Debian's next command: {result}, {after}"
    result = box.run_oracle("-V" if flag == "-v" else "-W", "9000000-9000009", "bob")
    if result.status != 0:
        return f"Debian's next but one command: {result}"
    return None


def ours_next(box, scenario, backups):
    """The same command again. Returns what is wrong."""
    result = box.run(*scenario.args)
    # ids that are removed already cause a note, and an owner that is renamed
    if result.status != 0 or any(not re.search(rb" holds none of the |no line has the owner", line)
                                 for line in result.err.splitlines()):
        return f"the next command: {result}"
    if box.get() != scenario.new:
        return f"after the next command: {box.get()}"
    problem = look(box, scenario) if backups else None
    if box.strays() and scenario.cleaner:
        box.run(*scenario.cleaner)
    if box.strays():
        return f"left after the next command: {box.strays()}"
    return problem


def points(found, others):
    """The system calls to tamper with: those on the databases, their locks, backups and
    directory, and of the others every n-th."""
    return [call for call in found if call.touches or call.number % others == 0]


def run_scenario(box, report, scenario, others):
    counts, problems = Counter(), []
    prepare(box, scenario)
    for call in points(calls(box, scenario.args), others):
        prepare(box, scenario)
        result = tampered(box, scenario.args, call, "signal=KILL")
        counts["killed" if result.status == -signal.SIGKILL else "ended"] += 1
        found = box.get()
        counts[tuple("new" if found[i] == scenario.new[i] != scenario.old[i] else "old"
                     for i in (0, 1))] += 1
        counts["left something"] += bool(box.strays())
        problem = look(box, scenario)
        oracle = box.oracle and call.number % 4 == 0
        if not problem and oracle:
            problem = oracle_next(box, scenario)
            counts["oracle"] += 1
        if not problem:
            problem = ours_next(box, scenario, not oracle)
        if problem:
            problems.append(f"at {call}: {problem}")
    total = counts["killed"] + counts["ended"]
    states = ", ".join(f"{'/'.join(key)} {n}" for key, n in sorted(
        (key, n) for key, n in counts.items() if isinstance(key, tuple)))
    report.check(f"{scenario.name}: killed at {counts['killed']} of {total} calls, {states}, "
                 f"strays at {counts['left something']}, "
                 f"and {counts['oracle']} times Debian's usermod next",
                 not problems, f"{len(problems)} times: " + "; ".join(problems[:4]))
    # the number of calls may vary a little, and the last one ends the program
    report.check(f"{scenario.name}: nearly every call killed it",
                 counts["killed"] > 0.9 * total, f"{dict(counts)}")
    report.check(f"{scenario.name}: old files, new files and left locks were all seen",
                 counts["left something"] and ("old", "old") in counts
                 and any("new" in key for key in counts if isinstance(key, tuple)),
                 f"{dict(counts)}")


def run_all(box, report, scenarios, others=None):
    """Each scenario, first without interference."""
    others = others or (40 if quick() else 1)
    for scenario in scenarios:
        prepare(box, scenario)
        result = box.run(*scenario.args)
        report.check(f"{scenario.name}: undisturbed",
                     result.status == 0 and box.get() == scenario.new and not box.strays(),
                     f"{result}, {box.get()}, {box.strays()}")
        run_scenario(box, report, scenario, others)


def interrupt(box, report, scenario, names=("INT", "TERM", "HUP", "QUIT"), others=1,
              every=1):
    """A signal in the middle of it: both files old or both new, no lock, no temporary
    file, and the program ends by the signal. At one of @every calls."""
    prepare(box, scenario)
    found = calls(box, scenario.args)
    for name in names:
        problems, seen = [], Counter()
        number = getattr(signal, f"SIG{name}")
        chosen = points(found, others if name == "INT" else len(found) + 1)
        # from the end, since few calls follow the first rename, and the first calls vary
        for call in chosen[::-4 if quick() else -every]:
            prepare(box, scenario)
            result = tampered(box, scenario.args, call, f"signal={name}")
            now = box.get()
            state = "old" if now == scenario.old else "new" if now == scenario.new else "?"
            seen[state, result.status == -number] += 1
            if state == "?" or box.strays() or result.status not in (-number, DONE) or (
                    result.status == DONE and state != "new"):
                problems.append(f"{call}: {result}, {now}, {box.strays()}")
            # databases are both old or both new
            if call.touches and result.status == -number and state == "new" and (
                    "interrupted, but the change is made" not in words(result)):
                seen["silent"] += 1
        report.check(f"{scenario.name}: SIG{name}: {seen['old', True]} times undone, "
                     f"{seen['new', True]} times finished, {seen['new', False]} times too late",
                     not problems and seen["old", True] > 5 and seen["new", True] > 1
                     and seen["silent"] < 3,
                     f"{seen}; {len(problems)} times: " + "; ".join(problems[:4]))
