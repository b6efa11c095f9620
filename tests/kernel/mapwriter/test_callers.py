#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Callers with unusual privileges, ids or namespaces, and programs that are installed in two
ways at once. No caller gets more than an ordinary one, and none is refused without need."""

import os
import re
import shutil

from host import (ANNA, CAP_SETFCAP, CAP_SETGID, CAP_SETUID, ELSA, Caller, Report, Subject,
                  enter, prctl, set_file_capabilities, setns)
from changing_target import ChangingTarget, process_with_cover
from tracer import Run

GRANT = "elsa:100000:65536\nelsa:0:1\n"   # not the own id
INSTALLS = ("setuid", "fcaps")
CAP_NET_RAW, CAP_AUDIT_WRITE, LAST_CAP = 13, 29, 40
PR_CAPBSET_DROP, PR_SET_SECUREBITS = 24, 28
SECUREBITS = {"NOROOT": 1, "NO_SETUID_FIXUP": 4, "KEEP_CAPS": 16, "KEEP_CAPS_LOCKED": 32,
              "NO_CAP_AMBIENT_RAISE": 64}

RANGE, OWN, ZERO = "0 100000 65536", "0 5001 1", "0 0 1"
EPERM = "new{k}idmap: write to {k}id_map failed: Operation not permitted"
DENIED = "new{k}idmap: {k}id range "
OWNER = "new{k}idmap: Target process is owned by a different user: "


def extent(words):
    return tuple(int(word) for word in words.split())


class Test:
    def __init__(self, host, report):
        self.host = host
        self.report = report
        host.write("/etc/subuid", GRANT)
        host.write("/etc/subgid", GRANT)

    def expect(self, name, kind, subject, request, line="", caller=ELSA, owner=None,
               **options):
        """One run. line: the beginning of the first line; "" if the map must be written."""
        target = self.host.target("ns", owner or caller)
        result = self.host.run(subject.path(f"new{kind}idmap"),
                               [str(target.pid), *request.split()], caller, **options)
        line = line.format(k=kind)
        problems = []
        if result.status != (1 if line else 0):
            problems.append(f"status {result.status}")
        if not result.line.startswith(line) or (not line and result.err):
            problems.append(f"{result.lines}")
        wanted = () if line else (extent(request),)
        if target.map(kind) != wanted:
            problems.append(f"map {target.map(kind)}")
        self.report.check(f"{name}: {request}, {kind}id, {subject}", not problems,
                          "; ".join(problems))

    def each(self, installs=INSTALLS):
        return ((kind, self.host.subjects["ours", install])
                for kind in "ug" for install in installs)

    # --- capabilities that the program cannot get ---

    def without(self, *numbers):
        def drop():
            for number in numbers:
                prctl(PR_CAPBSET_DROP, number)
        return drop

    def bounding_set(self):
        """Capabilities outside the bounding set are not requested, and are an error only
        if the map needs them. (A file with such a capability cannot be executed.)"""
        everything = [number for number in range(LAST_CAP + 1)
                      if number not in (CAP_SETUID, CAP_SETGID)]
        sets = {"CAP_SETFCAP": [CAP_SETFCAP], "CAP_AUDIT_WRITE": [CAP_AUDIT_WRITE],
                "all but CAP_SETUID and CAP_SETGID": everything}
        for what, numbers in sets.items():
            name = f"bounding set without {what}"
            for kind, subject in self.each():
                drop = self.without(*numbers)
                self.expect(name, kind, subject, RANGE, as_root=drop)
                self.expect(name, kind, subject, OWN, as_root=drop)
                no_zero = kind == "u" and (CAP_SETFCAP in numbers or
                                           subject.install == "fcaps")
                self.expect(name, kind, subject, ZERO, EPERM if no_zero else "",
                            as_root=drop)
        for kind, subject in self.each(("setuid",)):
            drop = self.without(CAP_SETUID, CAP_SETGID)
            self.expect("bounding set without what it takes", kind, subject, RANGE, EPERM,
                        as_root=drop)
            self.expect("bounding set without what it takes", kind, subject, OWN,
                        as_root=drop)

    def two_ways_at_once(self):
        """A setuid file with capabilities gets only these capabilities."""
        sets = {"the one": ((CAP_SETUID,), (CAP_SETGID,)),
                "both": ((CAP_SETUID, CAP_SETFCAP), (CAP_SETGID, CAP_SETFCAP)),
                "the other's": ((CAP_SETGID,), (CAP_SETUID,)),
                "a foreign": ((CAP_NET_RAW,), (CAP_NET_RAW,))}
        plain = self.host.subjects["ours", "setuid"]
        for what, pair in sets.items():
            subject = Subject("ours", f"setuid with {what} capability",
                              f"{self.host.tmpdir}/bin/{what.replace(' ', '-')}")
            os.mkdir(subject.directory)
            for kind, numbers in zip("ug", pair):
                path = subject.path(f"new{kind}idmap")
                shutil.copyfile(plain.path(f"new{kind}idmap"), path)
                os.chmod(path, 0o4755)
                set_file_capabilities(path, numbers)
                own = CAP_SETUID if kind == "u" else CAP_SETGID
                zero = own in numbers and (kind == "g" or CAP_SETFCAP in numbers)
                self.expect("two ways at once", kind, subject, RANGE,
                            "" if own in numbers else EPERM)
                self.expect("two ways at once", kind, subject, OWN)
                self.expect("two ways at once", kind, subject, ZERO, "" if zero else EPERM)

    def secure_bits(self):
        """capabilities(7), "The securebits flags". If root's uid gives no capabilities, no
        range can be mapped, but the own id can."""
        for what, bits in SECUREBITS.items():
            for kind, subject in self.each():
                powerless = subject.install == "setuid" and what == "NOROOT"
                as_root = lambda bits=bits: prctl(PR_SET_SECUREBITS, bits)
                name = f"SECBIT_{what}"
                self.expect(name, kind, subject, RANGE, EPERM if powerless else "",
                            as_root=as_root)
                self.expect(name, kind, subject, OWN, as_root=as_root)

    # --- ids ---

    def ids_that_differ(self):
        """The real ids decide who the caller is."""
        other = Caller("elsa, effectively anna", ANNA.uid, ANNA.gid, real_uid=ELSA.uid,
                       real_gid=ELSA.gid)
        for kind, subject in self.each():
            name = "real ids elsa's, effective ids anna's"
            self.expect(name, kind, subject, RANGE, caller=other, owner=ELSA)
            self.expect(name, kind, subject, OWN, caller=other, owner=ELSA)
            self.expect(name, kind, subject, "0 5002 1", DENIED, caller=other, owner=ELSA)
            self.expect(name, kind, subject, OWN, OWNER, caller=other, owner=ANNA)
            self.expect(name, kind, subject, "0 5002 1", OWNER, caller=other, owner=ANNA)
            other_way = other._replace(name="anna, effectively elsa", uid=ELSA.uid,
                                       gid=ELSA.gid, real_uid=ANNA.uid, real_gid=ANNA.gid)
            name = "real ids anna's, effective ids elsa's"
            self.expect(name, kind, subject, RANGE, OWNER, caller=other_way, owner=ELSA)
            self.expect(name, kind, subject, RANGE, DENIED, caller=other_way, owner=ANNA)
            self.expect(name, kind, subject, "0 5002 1", caller=other_way, owner=ANNA)
            self.states_of(other, kind, subject)

    def states_of(self, caller, kind, subject):
        """Effective and saved ids become the real ones, in both ways of installing."""
        target = self.host.target("ns", ELSA)
        run = Run(self.host, subject.path(f"new{kind}idmap"),
                  [target.pid, *RANGE.split()], caller)
        stop = run.stop_at("open", f"/proc/{target.pid}")
        state = run.tracee.state() if stop else None
        result = run.finish()
        self.report.check(f"one uid and one gid are left, {kind}id, {subject}",
                          state and {*state.uid, *state.gid} == {ELSA.uid}
                          and result.status == 0, f"{state} {result}")

    # --- descriptors ---

    def own_descriptors(self):
        """Neither a descriptor of the program nor a closed one is a target."""
        for kind, subject in self.each():
            problems = []
            path = subject.path(f"new{kind}idmap")
            for number in (*range(12), 1023, 1024, 2147483647, 2147483648):
                for closed in (False, True):
                    shut = (lambda: os.closerange(0, 2)) if closed else None
                    result = self.host.run(path, [f"fd:{number}", *OWN.split()], as_user=shut)
                    if result.status != 1 or not re.match(
                            rf"new{kind}idmap: Could not open proc directory for target "
                            rf"fd:{number}$|usage: ", result.line):
                        problems.append(f"fd:{number}: {result.lines}")
            self.report.check(f"own descriptors as the target, {kind}id, {subject}",
                              not problems, "; ".join(problems[:3]))

    def covered_files(self):
        """In a private mount namespace the caller can mount any file over the files of a
        process, and a descriptor of the directory leads there."""
        for kind, subject in self.each():
            lines = {f"{kind}id_map": f"new{kind}idmap: open of {kind}id_map failed: "
                                      "Invalid cross-device link"}
            if kind == "g":
                lines["setgroups"] = "newgidmap: failed to setgroups deny"
            for name, line in lines.items():
                target = ChangingTarget("unshare")
                with process_with_cover(target.pid, name, "deny\n") as directory:
                    result = self.host.run(
                        subject.path(f"new{kind}idmap"), [f"fd:{directory}", *OWN.split()],
                        as_user=lambda fd=directory: os.set_inheritable(fd, True))
                self.report.check(f"another file over {name}, {kind}id, {subject}",
                                  result.status == 1 and result.line == line and
                                  target.map(kind) == (), f"{result}, {target.map(kind)}")
                target.kill()

    # --- a caller who traces ---

    def traced(self):
        """A program that is traced from its start has no privilege."""
        if not os.path.exists("/usr/bin/strace"):
            self.report.skip("traced by the caller", "needs strace")
            return
        for kind, subject in self.each():
            for request, line in ((RANGE, EPERM), (OWN, "")):
                target = self.host.target()
                result = self.host.run(
                    "/usr/bin/strace", ["-o", "/dev/null", subject.path(f"new{kind}idmap"),
                                        str(target.pid), *request.split()])
                self.report.check(
                    f"traced by the caller: {request}, {kind}id, {subject}",
                    result.line == line.format(k=kind) and
                    target.map(kind) == (() if line else (extent(request),)), f"{result}")

    # --- a caller in a new namespace ---

    def own_namespace(self):
        """File capabilities work in a namespace that the caller has made, with any
        database of the caller. They apply only to the ids of that namespace."""
        self.host.write("/etc/subuid", "elsa:0:4294967294\n")
        self.host.write("/etc/subgid", "elsa:0:4294967294\n")
        for kind, subject in self.each():
            inside = ChangingTarget("unshare")
            for name in ("uid_map", "gid_map"):
                with open(f"/proc/{inside.pid}/{name}", "w", encoding="ascii") as file:
                    file.write("5001 5001 1")
            caller = Caller("elsa", 5001, 5001, userns=inside.pid)
            where = "in a namespace of the caller's"
            for request in (RANGE, ZERO, "0 5002 1", "0 5000 3"):
                self.expect(f"{where}, ids that it has not", kind, subject, request, EPERM,
                            caller=caller)
            # for a delegated gid setgroups is not changed, which needs a capability
            self.expect(f"{where}, the one id it has", kind, subject, OWN,
                        EPERM if kind == "g" and subject.install == "setuid" else "",
                        caller=caller)
            for request in (RANGE, OWN):
                self.foreign_target(f"{where}, a process beside it", kind, subject, request,
                                    caller, self.host.target())
                self.foreign_target(f"{where}, a process outside", kind, subject, request,
                                    caller, self.host.target("plain"))
                self.foreign_target(f"{where}, another user's", kind, subject, request,
                                    caller, self.host.target("ns", ANNA))
            inside.kill()
        self.host.write("/etc/subuid", GRANT)
        self.host.write("/etc/subgid", GRANT)

    def unmapped_in_namespace(self):
        """A caller without an id in the current namespace shows the overflow id, which
        belongs to another user there. The program must not become that user."""
        for kind, subject in self.each():
            inside = ChangingTarget("unshare")
            for which in "ug":
                with open(f"/proc/{inside.pid}/{which}id_map", "w", encoding="ascii") as file:
                    file.write("65534 100000 1" if which == kind else "5001 5001 1")
            run = Run(self.host, subject.path(f"new{kind}idmap"),
                      [self.host.target().pid, *OWN.split()],
                      as_user=lambda pid=inside.pid: setns(f"/proc/{pid}/ns/user"))
            ids = set()
            for _ in run.steps():
                state = run.tracee.state()
                ids |= {*state.uid, *state.gid}
            result = run.finish()
            self.report.check(f"a caller without an id in his namespace, {kind}id, {subject}",
                              ids == {ELSA.uid} and result.status == 1, f"{ids} {result}")
            inside.kill()

    def foreign_target(self, name, kind, subject, request, caller, target):
        before = target.map(kind)
        result = self.host.run(subject.path(f"new{kind}idmap"),
                               [str(target.pid), *request.split()], caller)
        self.report.check(f"{name}: {request}, {kind}id, {subject}",
                          result.status == 1 and target.map(kind) == before,
                          f"{result}, map {target.map(kind)}")


def main():
    host = enter()
    test = Test(host, Report())
    test.report.parts(test.bounding_set, test.two_ways_at_once, test.secure_bits,
                      test.ids_that_differ, test.own_descriptors, test.covered_files, test.traced,
                      test.own_namespace, test.unmapped_in_namespace)


main()
