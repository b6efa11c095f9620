#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Which service decides whose a line is, if two have the login name: the first one, and its
answer must be certain. The caller's limits do not skip it."""

import contextlib
import os
import resource
import signal
import time

from host import ELSA, PROGRAMS, Account, NameService, Report, enter, quick

MIB = 1 << 20
OWN, TWIN = 200000, 300000
# of another user, whom the first service has; passwd gives elsa the name
OTHER = Account(7000, 7000, ("elsatwin",))
# the module can be loaded only with more address space than this
LARGE = 24 * MIB
TRIES = 3 if quick() else 12


class Box:
    def __init__(self, host, report):
        self.host, self.report = host, report
        self.service = NameService(host, f"-DLARGE={LARGE}")
        for name in ("subuid", "subgid"):
            host.write(f"/etc/{name}", f"elsa:{OWN}:65536\nelsatwin:{TWIN}:65536\n")

    def path(self, program):
        return self.host.subjects["ours", "setuid"].path(program)

    def ask(self, program, first, limit=None):
        """Whether it is granted, and the result."""
        target = self.host.target()
        lower = limit and (lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))
        result = self.host.run(self.path(program), [str(target.pid), "0", str(first), "10"],
                               ELSA, as_user=lower)
        return target.map(program[3]) != (), result

    def expect(self, what, granted, first, hint=b""):
        for program in PROGRAMS:
            found, result = self.ask(program, first)
            self.report.check(f"{what}: {program}", found == granted
                              and (result.status == 0) == granted and hint in result.err,
                              f"{found} {result}")

    def ask_late(self, program):
        """The caller lowers the limit of the helper that waits for a request. Returns
        whether it could, and whether the line is granted."""
        target = self.host.target()
        pid = os.fork()
        if pid == 0:
            os._exit(lower_late(self.path(program), [program, str(target.pid), "0",
                                                     str(TWIN), "10"]))
        _, status = os.waitpid(pid, 0)
        return os.waitstatus_to_exitcode(status) == 0, target.map(program[3]) != ()


def child_of(pid):
    """Its child, or None if it has ended."""
    while True:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            if file.read().split(") ")[1][0] == "Z":
                return None
        with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as file:
            children = file.read().split()
        if children:
            return int(children[0])


def lower_late(path, argv):
    """In a process of its own. Returns 0 if the limit was lowered."""
    os.setgroups([])
    os.setresgid(ELSA.gid, ELSA.gid, ELSA.gid)
    os.setresuid(ELSA.uid, ELSA.uid, ELSA.uid)
    quiet = ((os.POSIX_SPAWN_OPEN, 2, "/dev/null", os.O_WRONLY, 0),)
    pid, lowered = os.posix_spawn(path, argv, {}, file_actions=quiet), False
    helper = child_of(pid)
    if helper:
        os.kill(pid, signal.SIGSTOP)
        time.sleep(0.5)
        with contextlib.suppress(OSError):
            resource.prlimit(helper, resource.RLIMIT_AS, (MIB, resource.RLIM_INFINITY))
            lowered = True
        os.kill(pid, signal.SIGCONT)
    os.waitpid(pid, 0)
    return 0 if lowered else 1


def test_order(box):
    box.service.sources("subiddir files")
    box.service.set((OTHER,))
    box.expect("the first service has another user", False, TWIN, b"not allowed")
    box.expect("lines with the own name", True, OWN)
    box.service.set((Account(ELSA.uid, ELSA.gid, ("elsatwin",)),))
    box.expect("the first service has the caller", True, TWIN)
    box.service.set()
    box.expect("the first service has no such user", True, TWIN)
    box.service.mode("unavail", 2)
    box.expect("the first service is silent", False, TWIN, b"name service")
    box.expect("it is silent, the own name", True, OWN)
    box.service.sources("files subiddir")
    box.expect("a later service is silent", True, TWIN)
    box.service.mode()


def test_limits(box):
    box.service.sources("subiddir files")
    box.service.set((OTHER,))
    wrong = []
    for size in range(4, 41, 4 if quick() else 1):
        for program in PROGRAMS:
            granted, result = box.ask(program, TWIN, size * MIB)
            if granted or result.status == 0:
                wrong.append((size, result))
    box.report.check("a low limit grants nothing", not wrong, f"{wrong[:3]}")


def test_late_limit(box):
    box.service.sources("subiddir files")
    box.service.set((OTHER,))
    found = [box.ask_late(program) for program in PROGRAMS for _ in range(TRIES)]
    box.report.check("a limit that is lowered late grants nothing",
                     not any(granted for _, granted in found), f"{found}")
    box.report.check("the limit was lowered", any(lowered for lowered, _ in found), f"{found}")


def test_missing(box):
    """A service that is not installed is skipped."""
    box.service.sources("absent files")
    box.expect("the first service is not installed", True, TWIN)


def main():
    report = Report()
    box = Box(enter(), report)
    for test in (test_order, test_limits, test_late_limit, test_missing):
        report.part(test, box)
    report.finish()


main()
