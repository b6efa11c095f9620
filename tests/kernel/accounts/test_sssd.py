#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Subordinate ids from a directory service, through sssd and its plugin: for a user without
a local account, in the order of nsswitch.conf, and while sssd is stopped, killed and started
again."""

import os
import resource
import signal
import subprocess
import threading
import time

from directory_service import ALICE, COUNT, FIRST, SERGE, Directory, missing, wait_for
from host import CLEAN_PATH, ELSA, PASSWD, PROGRAMS, Report, enter, quick

INSTALLS = ("setuid", "fcaps")
NSSWITCH = "passwd: files sss\ngroup: files sss\nshadow: files\n"
# ranges in the files, adjacent to those of the directory service
BELOW = FIRST - COUNT


class Box:
    def __init__(self, host, report):
        self.host, self.report = host, report
        self.directory = Directory(host)

    def sources(self, words, files=""):
        self.host.write("/etc/nsswitch.conf", f"{NSSWITCH}subid: {words}\n")
        for name in ("subuid", "subgid"):
            self.host.write(f"/etc/{name}", files)

    def start(self):
        """Starts sssd, which answers from its cache before it has reached the directory."""
        self.directory.start_sssd()
        self.sources("sss")
        wait_for("sub-ids", lambda: self.run("newuidmap", "setuid", ALICE, FIRST, 1)[1])

    def run(self, program, install, caller, first, count, **more):
        """Asks for one extent. Returns the result, and whether the map is as asked for."""
        target = self.host.target("ns", caller)
        subject = self.host.subjects["ours", install]
        result = self.host.run(subject.path(program), [str(target.pid), "0", str(first),
                                                       str(count)], caller, **more)
        found = target.map(program[3])
        if found not in ((), ((0, first, count),)):
            self.report.fail(f"{program} {install}", f"map {found}")
        return result, bool(found)

    def granted(self, what, caller, first, count):
        for program, install in places():
            result, mapped = self.run(program, install, caller, first, count)
            self.report.check(f"{what}: {program} {install}", mapped and result.status == 0
                              and not result.err, f"{result.status}, {result.err}")

    def refused(self, what, caller, first, count, hint):
        for program, install in places():
            result, mapped = self.run(program, install, caller, first, count)
            self.report.check(f"{what}: {program} {install}", is_refusal(
                result, mapped, program, first, count, hint),
                f"{result.status}, {mapped}, {result.err}")


def places():
    every = [(program, install) for program in PROGRAMS for install in INSTALLS]
    return every[::3] if quick() else every


def is_refusal(result, mapped, program, first, count, hint):
    line = (f"{program}: {program[3]}id range [0-{count}) -> [{first}-{first + count}) "
            "not allowed")
    return (not mapped and result.status == 1 and result.line == line
            and len(result.lines) == 3 and hint.format(k=program[3]) in result.lines[1])


DOWN = "the source 'sss' does not reach the service that it asks"
NO_RANGE = "none of the sources '{}' delegates {{k}}ids to {}"
ONLY_SSS = f"sss delegates only {FIRST}-{FIRST + COUNT - 1} to alice"


def test_sss(box):
    box.sources("sss", f"alice:{BELOW}:{COUNT}\nserge:100000:65536\nelsa:200000:65536\n")
    box.granted("sss: all of it", ALICE, FIRST, COUNT)
    box.granted("sss: the last id", ALICE, FIRST + COUNT - 1, 1)
    box.granted("sss: the own id", ALICE, ALICE.uid, 1)
    box.refused("sss: one id more", ALICE, FIRST, COUNT + 1, "of extent 1 the {k}ids "
                f"{FIRST + COUNT}-{FIRST + COUNT} are not delegated to alice, others are")
    box.refused("sss: what the files have", ALICE, BELOW, COUNT, ONLY_SSS)
    box.refused("sss: a user without a range", SERGE, 100000, 1, NO_RANGE.format("sss", "serge"))
    box.refused("sss: an unknown user", ELSA, 200000, 1, NO_RANGE.format("sss", "elsa"))
    box.granted("sss: an unknown user, the own id", ELSA, ELSA.uid, 1)


def test_files_sss(box):
    box.sources("files sss", "elsa:200000:65536\n")
    box.granted("files sss: from sss", ALICE, FIRST, COUNT)
    box.granted("files sss: from the files", ELSA, 200000, 65536)
    box.refused("files sss: who has nothing", SERGE, 100000, 1,
                NO_RANGE.format("files sss", "serge"))
    box.sources("files sss", f"alice:{BELOW}:{COUNT}\n")
    box.granted("files sss: the files are first", ALICE, BELOW, COUNT)
    box.refused("files sss: then sss is not asked", ALICE, FIRST, COUNT,
                "{}-{} to alice".format(BELOW, FIRST - 1))
    box.refused("files sss: an extent of both", ALICE, BELOW, 2 * COUNT,
                f"{FIRST}-{FIRST + COUNT - 1} are not delegated to alice, others are")


def test_sss_files(box):
    box.sources("sss [NOTFOUND=continue] files",
                f"{ALICE.uid}:{BELOW}:{COUNT}\nserge:100000:65536\n")
    box.granted("sss files: sss is first", ALICE, FIRST, COUNT)
    box.refused("sss files: then the files are not asked", ALICE, BELOW, COUNT, ONLY_SSS)
    box.refused("sss files: an extent of both", ALICE, BELOW, 2 * COUNT,
                f"{BELOW}-{FIRST - 1} are not delegated to alice, others are")
    box.granted("sss files: who has nothing there", SERGE, 100000, 65536)
    # without free descriptors there is no other answer
    wrong = []
    for limit in range(4, 24):
        limits = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
        result, mapped = box.run("newuidmap", "setuid", ALICE, BELOW, COUNT, as_user=limits)
        if mapped or result.status == 0:
            wrong.append(limit)
    box.report.check("sss files: few descriptors do not choose the source", not wrong,
                     f"granted with {wrong}")


def test_tools(box):
    """Programs that list ranges, if built, print the same as the distribution's."""
    ours = f"{os.environ['SUBID_BUILD']}/getsubids/getsubids"
    if not os.path.exists(ours):
        return
    box.sources("sss")
    for args in ((ALICE.name,), ("-g", ALICE.name), (SERGE.name,)):
        found = [subprocess.run((path, *args), env={"PATH": CLEAN_PATH, "LC_ALL": "C"},
                                capture_output=True, timeout=20)
                 for path in (ours, "/usr/bin/getsubids")]
        first_line = [result.stderr.split(b"\n", 1)[0] for result in found]
        box.report.check(f"getsubids {' '.join(args)}",
                         found[0].returncode == found[1].returncode
                         and found[0].stdout == found[1].stdout
                         and first_line[0] == first_line[1], f"{found}")


def test_subid(box):
    """subid, if built, shows what the map writers grant."""
    program = f"{os.environ['SUBID_BUILD']}/subid/subid"
    if not os.path.exists(program):
        return

    def ask(*args):
        result = subprocess.run((program, *map(str, args)), capture_output=True, timeout=20,
                                env={"PATH": CLEAN_PATH, "LC_ALL": "C.UTF-8"})
        return result.returncode, result.stdout.decode(), result.stderr.decode()

    def check(name, args, status, out, err=""):
        found = ask(*args)
        box.report.check(f"subid {name}", found[0] == status and found[1] == out
                         and err in found[2], f"{found}")

    row = ("-u", "-r", "-n", "-o", "OWNER,UID,FIRST,COUNT,WHERE")
    below = f"alice {ALICE.uid} {BELOW} {COUNT} /etc/subuid:1\n"
    directory = f"alice {ALICE.uid} {FIRST} {COUNT} sss\n"
    box.sources("sss", f"alice:{BELOW}:{COUNT}\n")
    check("list: sss", ("list", *row, "alice"), 0, directory, "lines of alice that grant nothing")
    check("list: sss, by uid", ("list", *row, ALICE.uid), 0, directory)
    check("list: sss, a user without a range", ("list", *row, "serge"), 7, "")
    check("map: sss", ("map", "alice", "-r", "-n", "-o", "KIND,INSIDE,OUTSIDE,COUNT"), 0,
          "".join(f"{kind} 0 {own} 1\n{kind} 1 {FIRST} {COUNT}\n"
                  for kind, own in (("uid", ALICE.uid), ("gid", ALICE.gid))))
    check("whois: sss cannot answer", ("whois", "-u", "-r", "-n", "-o", "STATE", FIRST), 3,
          "unknown\n", "'sss' cannot find the owner of an id")
    box.sources("files sss", f"alice:{BELOW}:{COUNT}\n")
    check("list: files sss, the files are first", ("list", *row, "alice"), 0, below)
    box.sources("files sss")
    check("list: files sss, the files have nothing", ("list", *row, "alice"), 0, directory)
    box.sources("sss files", f"alice:{BELOW}:{COUNT}\n")
    check("list: sss files, sss is first", ("list", *row, "alice"), 0, directory)
    box.directory.signal_sssd(signal.SIGSTOP)
    make_account(box)
    check("list: sss is stopped", ("list", *row, "alice"), 3, "",
          "the source 'sss' does not answer in time")
    box.directory.signal_sssd(signal.SIGCONT)


def make_account(box):
    """From here on sssd is asked only for ranges, not for accounts."""
    box.host.write("/etc/passwd", f"{PASSWD}alice:x:{ALICE.uid}:{ALICE.gid}:::/bin/sh\n")


def test_killed_while_asked(box):
    """sssd is stopped when the request comes, and killed before it answers."""
    make_account(box)
    for program, install in places():
        box.sources("sss files", f"alice:{BELOW}:{COUNT}\n")
        answers = []
        box.directory.signal_sssd(signal.SIGSTOP)
        asking = threading.Thread(target=lambda: answers.append(
            box.run(program, install, ALICE, FIRST, COUNT)))
        asking.start()
        wait_for("the question", lambda: waits_for_sssd(program))
        box.directory.kill_sssd()
        asking.join(30)
        result, mapped = answers[0] if answers else (None, None)
        box.report.check(f"sssd is killed while it is asked: {program} {install}",
                         result and is_refusal(result, mapped, program, FIRST, COUNT, DOWN),
                         f"{result}")
        box.start()


def waits_for_sssd(program):
    """Whether the child that asks has a connection, and sleeps."""
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat") as file:
                comm, state = file.read().split()[1:3]
            files = [os.readlink(f"/proc/{name}/fd/{fd}") for fd in
                     os.listdir(f"/proc/{name}/fd")]
        except OSError:
            continue
        if comm == f"({program})" and state == "S" and any(
                path.startswith("socket:") for path in files):
            return True
    return False


def test_killed_in_the_middle(box):
    """sssd is killed during a series of requests: each gets the right answer or a clear
    error, and the files never answer in its place."""
    make_account(box)
    box.sources("sss files", f"alice:{BELOW}:{COUNT}\n")
    right, down, wrong, files = 0, 0, [], 0
    killer = threading.Timer(0.05, box.directory.kill_sssd)
    end = time.monotonic() + 30
    while down < 5 and time.monotonic() < end:
        result, mapped = box.run("newuidmap", "setuid", ALICE, FIRST, COUNT)
        if mapped and result.status == 0:
            right += 1
        elif is_refusal(result, mapped, "newuidmap", FIRST, COUNT, DOWN):
            down += 1
        else:
            wrong.append(result)
        result, mapped = box.run("newuidmap", "fcaps", ALICE, BELOW, COUNT)
        files += mapped or result.status == 0
        if right == 1 and not killer.is_alive() and not killer.finished.is_set():
            killer.start()
    killer.join()
    box.report.check("sssd is killed in the middle", right > 0 and down > 0 and not wrong
                     and files == 0, f"{right} right, {down} down, {files} by the files, "
                     f"{wrong[:3]}")
    box.refused("sssd is gone", ALICE, FIRST, COUNT, DOWN)
    box.refused("sssd is gone: the files do not answer", ALICE, BELOW, COUNT, DOWN)
    box.granted("sssd is gone: the own id", ALICE, ALICE.uid, 1)
    box.sources("files sss", f"alice:{BELOW}:{COUNT}\n")
    box.granted("sssd is gone: what the files say before it", ALICE, BELOW, COUNT)
    box.start()
    box.granted("sssd is back", ALICE, FIRST, COUNT)


def main():
    host = enter()
    report = Report()
    reason = missing()
    if reason:
        report.skip("sssd", reason)
        report.finish()
    box = report.part(Box, host, report)
    if box:
        for test in (test_sss, test_files_sss, test_sss_files, test_tools, test_subid,
                     test_killed_while_asked, test_killed_in_the_middle):
            report.part(test, box)
    report.finish()


main()
