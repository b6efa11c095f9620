#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Changes between check and use: the map writer is stopped between two system calls, and
meanwhile its target or the database is replaced."""

import contextlib
import errno
import os
import subprocess
import threading
import time

from host import ANNA, CLEAN_PATH, ELSA, Report, Target, enter, quick
from changing_target import ChangingTarget, take_pid
from tracer import Run

GRANT = "elsa:100000:65536\n"
INSTALLS = ("setuid", "fcaps")
NO_CHOICE = "the kernel does not let us choose process ids"


@contextlib.contextmanager
def reading_log(host):
    """Reads the log continuously, since a full log delays each refusal."""
    done = threading.Event()

    def read():
        while not done.wait(0.001):
            host.read_log()
    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield
    finally:
        done.set()
        reader.join()


class Race:
    """One stopped run."""

    def __init__(self, test, kind, install, args, **options):
        self.kind = kind
        path = test.host.subjects["ours", install].path(f"new{kind}idmap")
        self.run = Run(test.host, path, args.split(), **options)

    def stop_at(self, name, path, entry=True):
        if self.run.stop_at(name, path, entry) is None:
            raise RuntimeError(f"no {name} of {path}: {self.run.finish()}")

    def finish(self):
        return self.run.finish()


class Test:
    def __init__(self, host, report):
        self.host = host
        self.report = report
        host.write("/etc/subuid", GRANT)
        host.write("/etc/subgid", GRANT)

    def expect(self, name, result, status, line, *facts):
        """facts: (what, value, wanted)"""
        problems = [] if (result.status, result.line) == (status, line) else [
            f"status {result.status}, {result.lines}"]
        problems += [f"{what} is {value}, not {wanted}" for what, value, wanted in facts
                     if value != wanted]
        self.report.check(name, not problems, "; ".join(problems))

    def each(self):
        return ((kind, install) for kind in "ug" for install in INSTALLS)

    @staticmethod
    def whole_map():
        """Of the initial namespace."""
        return Target(os.getpid()).map("u")

    # --- setgroups, CVE-2018-7169 ---

    def setgroups_race(self):
        for install in INSTALLS:
            target = ChangingTarget()
            race = Race(self, "g", install, f"{target.pid} 0 5001 1")
            race.stop_at("open", "setgroups", entry=False)
            target.do("unshare")
            self.expect(f"target enters its namespace behind the open of setgroups, {install}",
                        race.finish(), 1, "newgidmap: failed to setgroups deny",
                        ("map", target.map("g"), ()),
                        ("setgroups", target.setgroups(), "allow"))
            target.kill()

            target = ChangingTarget()
            race = Race(self, "g", install, f"{target.pid} 0 5001 1")
            race.stop_at("open", "setgroups")
            target.do("unshare")
            self.expect(f"target enters its namespace before the open of setgroups, {install}",
                        race.finish(), 0, "", ("map", target.map("g"), ((0, 5001, 1),)),
                        ("setgroups", target.setgroups(), "deny"))
            target.kill()

            target = ChangingTarget("unshare")
            race = Race(self, "g", install, f"{target.pid} 0 5001 1")
            race.stop_at("open", "gid_map")
            again = target.do("unshare")
            self.expect(f"target cannot leave the namespace that denies setgroups, {install}",
                        race.finish(), 0, "", ("unshare", again, errno.EPERM),
                        ("map", target.map("g"), ((0, 5001, 1),)),
                        ("setgroups", target.setgroups(), "deny"))
            target.kill()

    def setgroups_by_chance(self):
        tries = 50 if quick() else 1000
        program = self.host.compile("attack.c")
        for install in INSTALLS:
            newgidmap = self.host.subjects["ours", install].path("newgidmap")
            empty = denied = allowed = rounds = 0
            # on a busy machine a round may meet the moment at no try
            while rounds == 0 or (denied == 0 and rounds < 20):
                rounds += 1
                # the writer reaches setgroups about a millisecond after its start
                with reading_log(self.host):
                    answer = subprocess.run(
                        [program], input=f"race {tries} {newgidmap} 0 5001 1500\n", text=True,
                        capture_output=True, user=ELSA.uid, group=ELSA.gid, extra_groups=[],
                        env={"PATH": CLEAN_PATH}, check=True).stdout
                found = tuple(map(int, answer.split()))
                empty, denied, allowed = empty + found[0], denied + found[1], allowed + found[2]
            self.report.check(f"target enters its namespace at any time, {tries} tries, "
                              f"{install}", allowed == 0 and denied > 0,
                              f"{allowed} maps with setgroups allowed, {denied} denied")
            print(f"# {install}: {empty} maps empty, {denied} with setgroups denied, "
                  f"{allowed} with setgroups allowed, {rounds} rounds")

    # --- the target has ended, and another process has its id ---

    def reused(self, name, kind, install, stop, line, status=1):
        """The process is replaced while the writer is stopped at `stop`."""
        name = f"{name}, {kind}id, {install}"
        target = ChangingTarget("unshare")
        race = Race(self, kind, install, f"{target.pid} 0 100000 10")
        race.stop_at(*stop(target.pid))
        target.kill()
        other = take_pid(target.pid, "unshare")
        result = race.finish()
        if other is None:
            self.report.skip(name, NO_CHOICE)
            return
        line = line.format(prog=f"new{kind}idmap", k=kind, pid=target.pid)
        self.expect(name, result, status, line, ("map", other.map(kind), ()),
                    ("setgroups", other.setgroups(), "allow"))
        other.kill()

    def reused_ids(self):
        for kind, install in self.each():
            self.reused("id reused behind the open of /proc/PID", kind, install,
                        lambda pid: ("open", f"/proc/{pid}", False),
                        "{prog}: Could not open proc directory for target {pid}")
            self.reused("id reused before the open of the map", kind, install,
                        lambda pid: ("open", f"{kind}id_map"),
                        "{prog}: open of {k}id_map failed: No such process")
            # the write goes to the namespace that has no process any more
            self.reused("id reused before the write", kind, install,
                        lambda pid: ("write", f"{kind}id_map"), "", status=0)

    def reused_descriptor(self):
        """A descriptor of /proc/PID stays with the process that it was opened for."""
        for kind, install in self.each():
            name = f"id reused, target by descriptor, {kind}id, {install}"
            target = ChangingTarget("unshare")
            directory = os.open(f"/proc/{target.pid}", os.O_PATH | os.O_DIRECTORY)
            target.kill()
            other = take_pid(target.pid, "unshare")
            if other is None:
                self.report.skip(name, NO_CHOICE)
                os.close(directory)
                continue
            path = self.host.subjects["ours", install].path(f"new{kind}idmap")
            result = self.host.run(path, [f"fd:{directory}", "0", "100000", "10"],
                                   as_user=lambda: os.set_inheritable(directory, True))
            os.close(directory)
            self.expect(name, result, 1,
                        f"new{kind}idmap: Could not open proc directory for target fd:{directory}",
                        ("map", other.map(kind), ()),
                        ("taken for another user's",
                         any("different user" in line for line in result.lines), False))
            other.kill()

    # --- the target becomes another program, or enters another namespace ---

    def executes(self):
        """A target that executes a setuid program is no longer the caller's."""
        programs = {}
        for owner in (0, ANNA.uid):
            programs[owner] = f"{self.host.tmpdir}/bin/sleep-{owner}"
            with open("/usr/bin/sleep", "rb") as file:
                self.host.write(programs[owner], file.read(), 0o4755, (owner, 0))
            os.chmod(programs[owner], 0o4755)   # chown has cleared the setuid bit
        for kind, install in self.each():
            for owner, program in programs.items():
                target = ChangingTarget()
                race = Race(self, kind, install, f"{target.pid} 0 100000 10")
                race.stop_at("open", f"{kind}id_map")
                target.do(f"exec {program} 1000")
                # its descriptors are closed a moment before its ids change
                while os.stat(f"/proc/{target.pid}").st_uid != owner:
                    time.sleep(0)
                self.expect(f"target executes a program setuid {owner}, {kind}id, {install}",
                            race.finish(), 1,
                            f"new{kind}idmap: open of {kind}id_map failed: Permission denied",
                            ("map", target.map(kind), self.whole_map()))
                target.kill()

    def unshares(self):
        for kind, install in self.each():
            target = ChangingTarget()
            race = Race(self, kind, install, f"{target.pid} 0 100000 10")
            race.stop_at("open", f"{kind}id_map")
            target.do("unshare")
            self.expect(f"target enters its namespace before the open, {kind}id, {install}",
                        race.finish(), 0, "", ("map", target.map(kind), ((0, 100000, 10),)))
            target.kill()

            target = ChangingTarget()
            race = Race(self, kind, install, f"{target.pid} 0 100000 10")
            race.stop_at("write", f"{kind}id_map")
            target.do("unshare")
            self.expect(f"target enters its namespace before the write, {kind}id, {install}",
                        race.finish(), 1,
                        f"new{kind}idmap: write to {kind}id_map failed: "
                        "Operation not permitted", ("map", target.map(kind), ()))
            target.kill()

    def second_writer(self):
        for kind, install in self.each():
            target = ChangingTarget("unshare")
            race = Race(self, kind, install, f"{target.pid} 0 100000 10")
            race.stop_at("write", f"{kind}id_map")
            path = self.host.subjects["ours", install].path(f"new{kind}idmap")
            first = self.host.run(path, [str(target.pid), "7", "100100", "3"])
            self.expect(f"two writers at once, {kind}id, {install}", race.finish(), 1,
                        f"new{kind}idmap: write to {kind}id_map failed: "
                        "Operation not permitted", ("the other writer", first.status, 0),
                        ("map", target.map(kind), ((7, 100100, 3),)))
            target.kill()

    # --- the database changes ---

    def revoked(self):
        """After the decision the map is written, though the database has changed. The program
        reads the file that it opened at the start."""
        for kind, install in self.each():
            database = f"/etc/sub{kind}id"
            target = self.host.target()
            race = Race(self, kind, install, f"{target.pid} 0 100000 10")
            race.stop_at("open", f"{kind}id_map")
            self.host.write(database, "anna:100000:65536\n")
            self.expect(f"range revoked behind the decision: written, {kind}id, {install}",
                        race.finish(), 0, "", ("map", target.map(kind), ((0, 100000, 10),)))

            self.host.write(database, GRANT)
            target = self.host.target()
            race = Race(self, kind, install, f"{target.pid} 0 100000 10")
            race.stop_at("pread64", database)
            with open(database, "w", encoding="ascii") as file:
                file.write("anna:100000:65536\n")
            self.expect(f"range revoked before it is read: refused, {kind}id, {install}",
                        race.finish(), 1,
                        f"new{kind}idmap: {kind}id range [0-10) -> [100000-100010) not allowed",
                        ("map", target.map(kind), ()))
            self.host.write(database, GRANT)

    def truncated(self):
        """A database of several reads that shrinks between two of them."""
        for kind, install in self.each():
            database = f"/etc/sub{kind}id"
            self.host.write(database, "anna:200000:65536\n" * 8000 + GRANT)
            target = self.host.target()
            race = Race(self, kind, install, f"{target.pid} 0 100000 10")
            race.stop_at("pread64", database)
            race.stop_at("pread64", database)
            os.truncate(database, 0)
            self.expect(f"database shrinks while it is read, {kind}id, {install}",
                        race.finish(), 1,
                        f"new{kind}idmap: {kind}id range [0-10) -> [100000-100010) not allowed",
                        ("map", target.map(kind), ()))
            self.host.write(database, GRANT)


def main():
    host = enter()
    test = Test(host, Report())
    test.report.parts(test.setgroups_race, test.setgroups_by_chance, test.reused_ids,
                      test.reused_descriptor, test.executes, test.unshares, test.second_writer,
                      test.revoked, test.truncated)


main()
