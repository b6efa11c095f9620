#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Refused maps in the system log: of the refusals of a user in a loop the first ones and few
others are recorded, in any session, without effect on the lines of other users."""

import ctypes
import os
import re
import time

from host import (KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, PROGRAMS, SYS_KEYCTL, TOP, Caller,
                  Report, enter, forget_refusals, libc, quick)

with open(f"{TOP}/message/syslog.h") as source:
    LINES, SECONDS = (int(re.search(rf"define RATELIMIT_{word}\s+(\d+)", text)[1])
                      for text in [source.read()] for word in ("LINES", "SECONDS"))
LOOP = 200 if quick() else 1000
INSTALLS = ("setuid", "fcaps")
# uids that no other test uses, and probably no parallel run of this one
FIRST_UID = 1000000000 + os.urandom(1)[0] % 64 * 16
KEYCTL_JOIN_SESSION_KEYRING, SYS_ADD_KEY = 1, {250: 248, 219: 217}.get(SYS_KEYCTL)


def early(seconds):
    """The largest number of lines that this time allows."""
    return int(seconds / SECONDS) + 1


def as_user(caller, function):
    """Calls a function in a child process; returns its exit status."""
    pid = os.fork()
    if pid == 0:
        try:
            caller.become()
            function()
            os._exit(0)
        finally:
            os._exit(3)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


class Box:
    def __init__(self, host, report):
        self.host, self.report, self.next = host, report, FIRST_UID

    def user(self):
        """A user whose maps have not been refused yet."""
        self.next += 1
        with open("/etc/passwd", "a") as file:
            file.write(f"u{self.next}:x:{self.next}:{self.next}:::\n")
        caller = Caller(f"u{self.next}", self.next, self.next)
        as_user(caller, forget_refusals)
        return caller

    def path(self, install="setuid", program="newuidmap"):
        return self.host.subjects["ours", install].path(program)

    def refused(self, caller, count, before=lambda: None, paths=None):
        """The records of so many refused maps, one after the other; their time."""
        paths = paths or [self.path()]
        target = self.host.target("ns", caller)
        start = time.monotonic()

        def refuse():
            null = os.open("/dev/null", os.O_RDWR)
            for fd in range(3):
                os.dup2(null, fd)
            before()
            for at in range(count):
                path = paths[at % len(paths)]
                status = os.spawnve(os.P_WAIT, path, [
                    os.path.basename(path), str(target.pid), str(at), "3000000", "1"], {})
                if status != 1:
                    os._exit(2)
        with self.host.log_daemon() as records:
            status = as_user(caller, refuse)
        self.report.check(f"{count} maps are refused", status == 0, f"{status}")
        return records, time.monotonic() - start

    def check(self, name, found, count):
        """The first refusals are recorded in order, then as many as the time allows."""
        records, seconds = found
        numbers = [int(re.search(r"range \[(\d+)-", record)[1]) for record in records]
        first = min(count, LINES)
        self.report.check(f"{name}: the first {first}", numbers[:first] == list(range(first)),
                          f"{numbers[:LINES]}")
        most = LINES + early(seconds)
        self.report.check(f"{name}: {len(records)} lines", len(records) <= most,
                          f"of {count}; {most} at the most, in {seconds:.1f} s")
        said = [number for number, record in zip(numbers, records) if "too many" in record]
        self.report.check(f"{name}: the last of them says so", not said if count < LINES else
                          said and said[0] >= LINES - 1 and said[-1] == numbers[-1], f"{said}")


def test_loop(box):
    """Both programs, in all ways of installing, have one count."""
    user, other = box.user(), box.user()
    box.check("a loop", box.refused(user, LOOP), LOOP)
    # that user's next refusals are too early, another user's are not
    paths = [box.path(install, program) for install in INSTALLS for program in PROGRAMS]
    records, seconds = box.refused(user, 8, paths=paths)
    box.report.check("the other program, and another way of installing",
                     len(records) <= early(seconds), f"{records}")
    box.check("another user meanwhile", box.refused(other, 3, paths=paths), 3)
    box.check("one more", box.refused(box.user(), LINES + 5, paths=paths), LINES + 5)


def test_time(box):
    """After some time another line is recorded."""
    user = box.user()
    box.refused(user, LINES + 1)
    time.sleep(SECONDS + 1)
    records, seconds = box.refused(user, 9)
    box.report.check("a line more after a while", 1 <= len(records) <= 1 + early(seconds)
                     and "too many" in records[-1], f"{records}")


def join_session():
    """A session whose keyring does not lead to that of the user."""
    libc.syscall(SYS_KEYCTL, KEYCTL_JOIN_SESSION_KEYRING, None)


def test_sessions(box):
    """The count is per user, in any session, and does not need the session's keyring."""
    user = box.user()
    box.check("in a session of its own", box.refused(user, LINES + 5, before=join_session),
              LINES + 5)
    records, seconds = box.refused(user, 5, before=join_session)
    box.report.check("another session", len(records) <= early(seconds), f"{records}")


def set_key(bytes_):
    return libc.syscall(SYS_ADD_KEY, b"user", b"subid-utils:lines", bytes_, len(bytes_),
                        KEY_SPEC_USER_KEYRING)


def test_odd_keys(box):
    """A key that the program has not written, or cannot write, suppresses no line."""
    for name, key in (("a long one", b"x" * 100), ("a short one", b"x"),
                      ("the end of time", (2 ** 63 - 1).to_bytes(8, "little")),
                      ("before all time", (2 ** 63).to_bytes(8, "little"))):
        box.check(name, box.refused(box.user(), 3, before=lambda key=key: set_key(key)), 3)

    def use_up():
        for number in range(1000):
            libc.syscall(SYS_ADD_KEY, b"user", b"%d" % number, b"x" * 100, 100,
                         KEY_SPEC_USER_KEYRING)
    box.check("no room for keys", box.refused(box.user(), 3, before=use_up), 3)
    user = box.user()
    box.refused(user, LINES + 1)
    box.check("the user has removed it", box.refused(user, 3, before=forget_refusals), 3)


def test_others(box):
    """One user cannot make or change the key of another one."""
    user, other = box.user(), box.user()
    box.refused(user, 1)
    found = []

    def look():
        """As another user who knows the number of the key."""
        key = found[0]
        for call in ((2, key, b"x" * 8, 8), (15, key, 1), (5, key, 0x3f3f3f3f), (3, key),
                     (21, key)):    # update, set_timeout, setperm, revoke, invalidate
            if libc.syscall(SYS_KEYCTL, *call) == 0:
                os._exit(4)

    read_end, write_end = os.pipe()
    as_user(user, lambda: os.write(write_end, str(libc.syscall(
        SYS_KEYCTL, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, b"user", b"subid-utils:lines",
        0)).encode()))
    found.append(ctypes.c_int(int(os.read(read_end, 32))))
    box.report.check("the key is there", found[0].value > 0, f"{found}")
    box.check("another user reaches for it", box.refused(other, 3, before=look), 3)


def main():
    host = enter()
    report = Report()
    if SYS_KEYCTL is None or SYS_ADD_KEY is None or libc.syscall(
            SYS_KEYCTL, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, b"user", b"none", 0) == 0:
        report.skip("lines of refused maps", "needs keyrings(7)")
        report.finish()
    box = Box(host, report)
    for test in (test_loop, test_sessions, test_odd_keys, test_others, test_time):
        report.part(test, box)
    report.finish()


main()
