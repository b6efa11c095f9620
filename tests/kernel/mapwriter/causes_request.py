# SPDX-License-Identifier: BSD-3-Clause
"""Causes in what is asked for, in the target and in the caller."""

import os
import re
import resource
import shutil
import signal
import tempfile

from explain import (ASK, EACCES, EPERM, GRANT, NO_NAME, NO_SETGROUPS, NO_TARGET, OPEN_EACCES,
                     OWN, WRITE_EINVAL, WRONG_OWNER, Cases, denied)
from host import (ANNA, CLONE_NEWUSER, ELSA, ELSA_IN_TEAM, NOBODY_KNOWS, PASSWD, ROOT, Target, mount,
                  prctl, require, unshare)
import host as host_module

CASES = Cases()
case = CASES.case

PR_SET_PDEATHSIG = 1
FD = 9
JOIN = "join extents that follow one another, inside and outside"
WAIT = "have the process wait until its map is written"
ORDINARY = "start the process from a program file that you can read and that is not setuid"


# --- the request ---

@case("too many extents", "TOO_MANY_EXTENTS")
def _(s):
    s.database(GRANT)
    ask = " ".join(f"{at} {100000 + at} 1" for at in range(341))
    s.refused(f"PID {ask}", WRITE_EINVAL, "TOO_MANY_EXTENTS", JOIN)
    s.granted("PID 0 100000 341")


@case("too many bytes", "TOO_MANY_BYTES")
def _(s):
    s.database("elsa:2147483648:100000\n")
    ask = [(4000000000 + at, 2147483648 + at, 1) for at in range(340)]
    written = "".join("%d %d %d\n" % extent for extent in ask)
    s.refused("PID " + written, WRITE_EINVAL, "TOO_MANY_BYTES", JOIN, bytes=len(written),
              most=os.sysconf("SC_PAGESIZE") - 1)
    s.granted("PID 4000000000 2147483648 340")


def fix_extents(s, extents):
    """Changes the request as the cure of an overlap demands."""
    extents = [list(extent) for extent in extents]
    count = re.fullmatch(r"give extent (\d+) a count of (\d+) at the most", s.cure)
    leave = re.fullmatch(r"leave extent (\d+) out", s.cure)
    pieces = re.fullmatch(r"pass in place of extent (\d+): ([\d ]+)", s.cure)
    require(count or leave or pieces, f"what does {s.cure!r} mean?")
    if count:
        extents[int(count[1]) - 1][2] = int(count[2])
    elif leave:
        del extents[int(leave[1]) - 1]
    else:
        numbers = [int(word) for word in pieces[2].split(" ")]
        extents[int(pieces[1]) - 1:int(pieces[1])] = [
            numbers[at:at + 3] for at in range(0, len(numbers), 3)]
    return extents


def ids_of(extents):
    """How many ids are mapped, each counted once."""
    return len({id for inner, _, count in extents for id in range(inner, inner + count)})


OVERLAPS = {
    "overlap inside": ("OVERLAP_INSIDE", (0, 100000, 10), (5, 110000, 10)),
    "overlap inside, the later extent first": ("OVERLAP_INSIDE", (5, 110000, 10), (0, 100000, 6)),
    "overlap inside, of the same first id": ("OVERLAP_INSIDE", (0, 100000, 10), (0, 110000, 9)),
    "overlap inside, an id in a range": ("OVERLAP_INSIDE", (0, 100000, 100), (33, 110033, 1)),
    "overlap inside, an id at the end": ("OVERLAP_INSIDE", (99, 110033, 1), (0, 100000, 100)),
    "overlap inside, the same twice": ("OVERLAP_INSIDE", (0, 100000, 10), (0, 110000, 10)),
    "overlap outside": ("OVERLAP_OUTSIDE", (0, 100000, 10), (20, 100009, 10)),
    "overlap outside, one in the other": ("OVERLAP_OUTSIDE", (0, 100000, 100), (200, 100050, 1)),
    "overlap outside, the same twice": ("OVERLAP_OUTSIDE", (0, 100000, 1), (1, 100000, 1)),
}


def overlap(name, cause, a, b):
    @case(name, cause)
    def _(s):
        s.database(GRANT)
        # one more extent, so that numbers of extents and places in the list differ
        extents = [(1000, 120000, 5), a, (2000, 130000, 5), b]
        write = lambda found: "PID " + " ".join("%d %d %d" % tuple(one) for one in found)
        s.refused(write(extents), WRITE_EINVAL, cause, a="2 (%d %d %d)" % a,
                  b="4 (%d %d %d)" % b)
        fixed = fix_extents(s, extents)
        if cause == "OVERLAP_INSIDE" and not s.cure.startswith("give"):
            require(ids_of(fixed) == ids_of(extents), f"ids are lost: {s.cure!r}")
        s.granted(write(fixed))


for title, row in OVERLAPS.items():
    overlap(title, *row)


def twice(name, lines, cure, fixed):
    """Lines as podman and rootlesskit ask for them: each an extent of its own."""
    @case(name, "LINES_OVERLAP")
    def _(s):
        database = "anna:500000:10\n# a line between\n" + "".join(lines)
        write = lambda text: "PID " + " ".join(
            f"{1 + 1000000 * at} {start} {count}" for at, (owner, start, count) in enumerate(
                line.split(":") for line in text.splitlines() if not line.startswith("#"))
            if owner != "anna")
        s.database(database)
        s.refused(write(database), WRITE_EINVAL, "LINES_OVERLAP", cure, first=3, second=4,
                  id=100000, a=1, b=2)
        s.fix()
        with open(s.file) as file:
            changed = file.read()
        require(changed == "anna:500000:10\n# a line between\n" + fixed, f"{changed!r}")
        s.granted(write(changed))


twice("lines that overlap: as usermod(8) leaves them",
      ("elsa:100000:65536\n", "elsa:100000:100001\n"), "subid fix -{k} elsa:100000:65536",
      "elsa:100000:100001\n")
twice("lines that overlap: the same twice", ("elsa:100000:10\n", "5001:100000:10\n"),
      "subid fix -{k} 5001:100000:10", "elsa:100000:10\n")
twice("lines that overlap: the same text twice", ("elsa:100000:10\n", "elsa:100000:10\n"),
      "subid check --fix", "elsa:100000:10\n")
twice("lines that overlap: one before the other", ("elsa:99990:20\n", "elsa:100000:65536\n"),
      "subid fix -{k} elsa:100000:65536", "elsa:99990:20\nelsa:100010:65526\n")


@case("own id in the own range", "OWN_ID_INSIDE")
def _(s):
    """As container engines ask: the own id as 0, then the ranges. The user is logged in, and
    a process of a container has the id."""
    s.database("anna:7000:10\nelsa:5000:65536\n")
    s.refused("PID 0 5001 1 1 5000 65536", WRITE_EINVAL, "OWN_ID_INSIDE",
              range="5000-70535", id=5001)
    s.fix()
    with open(s.file) as file:
        require(file.read() == "anna:7000:10\nelsa:5000:1\nelsa:5002:65534\n", "other lines")
    s.granted("PID 0 5001 1 1 5000 1 2 5002 65534")
    s.fix()


@case("own id in the own range, in a closed file", "OVERLAP_OUTSIDE",
       installs=("setuid",))
def _(s):
    s.database("elsa:5000:65536\n", mode=0o600)
    extents = [(0, 5001, 1), (1, 5000, 65536)]
    write = lambda found: "PID " + " ".join("%d %d %d" % tuple(one) for one in found)
    s.refused(write(extents), WRITE_EINVAL, "OVERLAP_OUTSIDE", a="1 (0 5001 1)",
              b="2 (1 5000 65536)")
    s.granted(write(fix_extents(s, extents)))


@case("every range at inner 0", "RANGES_AT_ZERO")
def _(s):
    """As Incus and LXD ask for the ranges of root."""
    s.caller = ROOT
    s.database("root:100000:65536\nlxd:165536:65536\nroot:1000000:1000000000\n")
    s.refused("PID 0 100000 65536 0 1000000 1000000000", WRITE_EINVAL, "RANGES_AT_ZERO",
              a=1, b=2)
    s.fix()
    with open(s.file) as file:
        require(file.read() == "lxd:165536:65536\nroot:1000000:1000000000\n", "other lines")
    s.granted("PID 0 1000000 1000000000")
    s.fix()


@case("part of a range at inner 0", "OVERLAP_INSIDE")
def _(s):
    """No line of the user is removed if the request can be changed instead."""
    s.database("elsa:100000:65536\nelsa:300000:65536\n")
    s.refused("PID 0 100000 65536 0 300000 10", WRITE_EINVAL, "OVERLAP_INSIDE",
              a="1 (0 100000 65536)", b="2 (0 300000 10)")
    s.granted("PID 10 100010 65526 0 300000 10")


@case("extents that overlap, and lines that do not", "OVERLAP_OUTSIDE")
def _(s):
    s.database("elsa:100000:10\nelsa:100010:10\nanna:100000:20\n")
    s.refused("PID 0 100000 11 20 100010 10", WRITE_EINVAL, "OVERLAP_OUTSIDE",
              a="1 (0 100000 11)", b="2 (20 100010 10)")
    s.granted("PID 0 100000 10 20 100010 10")


@case("lines that overlap, in a closed file", "OVERLAP_OUTSIDE", installs=("setuid",))
def _(s):
    """The message does not show the lines."""
    s.database("elsa:100000:65536\nelsa:100000:65536\n", mode=0o600)
    s.refused("PID 0 100000 10 20 100000 10", WRITE_EINVAL, "OVERLAP_OUTSIDE",
              a="1 (0 100000 10)", b="2 (20 100000 10)")


@case("extent without ids", "EXTENT_EMPTY")
def _(s):
    s.database(GRANT)
    s.refused("PID 0 100000 10 10 100010 0", denied("10-10", "100010-100010"), "EXTENT_EMPTY",
              "give it a count, or leave it out", extent=2)
    s.granted("PID 0 100000 10")
    s.granted("PID 0 100000 10 10 100010 1")


# --- limits of the caller ---

@case("no descriptor is left", "NO_DESCRIPTORS")
def _(s):
    """Each resource that may be missing."""
    s.database(GRANT)
    first_lines = set()
    for limit in range(4, 12):
        s.as_user = lambda _, limit=limit: resource.setrlimit(resource.RLIMIT_NOFILE,
                                                              (limit, 1024))
        if s.run(ASK).status == 0:
            break
        first = s.result.line.removeprefix(f"{s.mapper}: ").replace(s.words[0], "{target}")
        s.refused(ASK, first, "NO_DESCRIPTORS")
        first_lines.add(first)
        s.as_user = None
        s.cured_in_shell(f"ulimit -S -n {limit}", ASK)
    require(len(first_lines) > 1, f"it was missing in few places: {first_lines}")


@case("no memory is left", "NO_MEMORY")
def _(s):
    """A database that does not fit the buffer that a map writer has from the start."""
    s.database("".join(f"user{i}:{i * 10}:10\n" for i in range(1000)) + GRANT)
    small = host_module.is_musl() or host_module.mapwriter_libc() != "shared"
    for limit in range(200 if small else 2000, 6000, 20):
        s.as_user = lambda _, limit=limit: resource.setrlimit(
            resource.RLIMIT_AS, (limit * 1024, resource.RLIM_INFINITY))
        if 0 <= s.run(ASK).status < 127:
            break
    s.refused(ASK, s.result.line.removeprefix(f"{s.mapper}: "), "NO_MEMORY")
    s.as_user = None
    s.cured_in_shell(f"ulimit -S -v {limit}", ASK)


# --- the target ---

def open_as(s, path, flags):
    found = os.open(path.replace("PID", str(s.target.pid)), flags)
    os.dup2(found, FD)


@case("target is a pidfd", "TARGET_NOT_PROC")
def _(s):
    s.database(GRANT)
    s.as_user = lambda s: os.dup2(os.pidfd_open(s.target.pid), FD)
    s.refused(f"fd:{FD} 0 100000 10", NO_TARGET, "TARGET_NOT_PROC",
              "open the directory /proc/PID, and not a pidfd, and pass that")
    s.as_user = lambda s: open_as(s, "/proc/PID", os.O_PATH)
    s.granted(f"fd:{FD} 0 100000 10")


@case("target is a directory elsewhere, a closed descriptor", "TARGET_NOT_PROC")
def _(s):
    s.database(GRANT)
    for hook in (lambda s: open_as(s, "/tmp", os.O_RDONLY), None):
        s.as_user = hook
        s.refused(f"fd:{FD} 0 100000 10", NO_TARGET, "TARGET_NOT_PROC")


def program_that_cannot_be_read(s, mode):
    """A target of the caller's that runs a program of that mode, in a new namespace."""
    directory = tempfile.mkdtemp(dir=f"{s.host.tmpdir}/bin")
    os.chmod(directory, 0o755)
    program = shutil.copy("/bin/sleep", directory)
    os.chmod(program, mode)
    ready, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            s.caller.become()
            unshare(CLONE_NEWUSER)
            os.set_inheritable(writing, False)
            os.execve(program, ["sleep", "1000"], {})
        finally:
            os._exit(126)
    os.close(writing)
    os.read(ready, 1)
    os.close(ready)
    return Target(pid)


def proc_with(options):
    mount("proc", "/proc", "proc", 0, options)


@case("target from a program that cannot be read", "TARGET_NOT_DUMPABLE")
def _(s):
    s.database(GRANT)
    target = program_that_cannot_be_read(s, 0o711)
    s.refused(ASK, OPEN_EACCES, "TARGET_NOT_DUMPABLE", ORDINARY, target=target)
    s.refused(OWN, NO_SETGROUPS if s.kind == "g" else OPEN_EACCES, "TARGET_NOT_DUMPABLE",
              ORDINARY, target=target, setgroups=EACCES if s.kind == "g" else None)
    os.kill(target.pid, signal.SIGKILL)
    target = program_that_cannot_be_read(s, 0o755)
    s.granted(ASK, target=target)
    os.kill(target.pid, signal.SIGKILL)


@case("target hidden although it is the caller's", "TARGET_HIDDEN")
def _(s):
    s.database(GRANT)
    target = program_that_cannot_be_read(s, 0o711)
    for options in ("hidepid=2", "hidepid=4"):
        proc_with(options)
        s.refused(ASK, NO_TARGET, "TARGET_HIDDEN", ORDINARY, target=target)
    os.kill(target.pid, signal.SIGKILL)
    target = program_that_cannot_be_read(s, 0o755)
    s.granted(ASK, target=target)
    os.kill(target.pid, signal.SIGKILL)


@case("target not dumpable under hidepid=1", "TARGET_NOT_DUMPABLE")
def _(s):
    s.database(GRANT)
    proc_with("hidepid=1")
    s.kind_of_target = "nondumpable"
    s.refused(ASK, f"open of {s.kind}id_map failed: {EPERM}", "TARGET_NOT_DUMPABLE", ORDINARY)
    s.kind_of_target = "ns"
    s.granted(ASK)


@case("target has ended", "TARGET_GONE")
def _(s):
    s.database(GRANT)
    s.kind_of_target = "dead"
    s.refused(ASK, NO_TARGET, "TARGET_GONE", WAIT)
    s.kind_of_target = "ns"
    s.granted(ASK)


@case("target has ended, by descriptor", "TARGET_GONE")
def _(s):
    def ended(_):
        child = os.fork()
        if child == 0:
            os._exit(0)
        found = os.open(f"/proc/{child}", os.O_RDONLY)
        os.waitpid(child, 0)
        os.dup2(found, FD)
    s.database(GRANT)
    s.as_user = ended
    s.refused(f"fd:{FD} 0 100000 10", NO_TARGET, "TARGET_GONE", WAIT)
    s.as_user = lambda s: open_as(s, "/proc/PID", os.O_PATH)
    s.granted(f"fd:{FD} 0 100000 10")


@case("target is a zombie", "TARGET_ZOMBIE")
def _(s):
    s.database(GRANT)
    s.kind_of_target = "zombie"
    s.refused(ASK, OPEN_EACCES, "TARGET_ZOMBIE", WAIT)
    s.refused(OWN, NO_SETGROUPS if s.kind == "g" else OPEN_EACCES, "TARGET_ZOMBIE", WAIT,
              setgroups=EACCES if s.kind == "g" else None)
    s.kind_of_target = "ns"
    s.granted(ASK)


@case("target is a directory of a process without a map", "TARGET_NO_MAP")
def _(s):
    s.database(GRANT)
    s.as_user = lambda s: open_as(s, "/proc/PID/ns", os.O_RDONLY)
    s.refused(f"fd:{FD} 0 100000 10", "open of {map} failed: No such file or directory",
              "TARGET_NO_MAP")

    def open_process():
        s.as_user = lambda s: open_as(s, "/proc/PID", os.O_RDONLY)
    s.fix(open_process)
    s.granted(f"fd:{FD} 0 100000 10")


# --- the caller ---

@case("caller without an account", "NO_PASSWD_ENTRY")
def _(s):
    s.database("user5999:100000:10\n")
    s.caller = NOBODY_KNOWS
    s.refused("PID 0 5999 1", NO_NAME, "NO_PASSWD_ENTRY")
    s.fix(lambda: s.host.write("/etc/passwd", f"{PASSWD}user5999:x:5999:5999::/:/bin/sh\n"))
    s.granted("PID 0 5999 1", setgroups="deny")
    s.granted("PID 0 100000 10")


@case("passwd cannot be read", "NAME_SERVICE")
def _(s):
    s.database(GRANT)
    os.chmod("/etc/passwd", 0o600)
    s.refused(ASK, NO_NAME, "NAME_SERVICE", error=EACCES)
    s.fix(lambda: os.chmod("/etc/passwd", 0o644))
    s.granted(ASK)


@case("target of another user", "OTHER_USER")
def _(s):
    s.database("anna:100000:65536\n")
    s.owner = ANNA
    owner = dict(pw_uid=5001, st_uid=5002, pw_gid=5001, st_gid=5002)
    s.refused(ASK, (WRONG_OWNER, owner), "OTHER_USER",
              "run {mapper} as the user who started the process", owner=5002)
    s.caller = ANNA
    s.granted(ASK)


@case("target of root", "OTHER_USER")
def _(s):
    s.database(GRANT)
    owner = dict(pw_uid=5001, st_uid=0, pw_gid=5001, st_gid=0)
    s.refused("1 0 100000 10", (WRONG_OWNER, owner), "OTHER_USER", owner=0, target=Target(1))


LEAVE = "run it with your primary group: leave newgrp or sg, log in again, or start the service without Group="


@case("caller and target in newgrp", "GROUP_NOT_PRIMARY")
def _(s):
    s.database(GRANT)
    s.caller = ELSA_IN_TEAM
    owner = dict(pw_uid=5001, st_uid=5001, pw_gid=5001, st_gid=6000)
    for ask in (ASK, OWN):
        s.refused(ask, (WRONG_OWNER, owner), "GROUP_NOT_PRIMARY", LEAVE, primary=5001)
    s.caller = ELSA
    s.granted(ASK)


@case("caller in newgrp, target not", "GROUP_OF_TARGET")
def _(s):
    s.database(GRANT)
    s.caller, s.owner = ELSA_IN_TEAM, ELSA
    owner = dict(pw_uid=5001, st_uid=5001, pw_gid=5001, st_gid=5001)
    s.refused(ASK, (WRONG_OWNER, owner), "GROUP_OF_TARGET", group=5001,
              cure="start both with the same primary group, without newgrp or sg between")
    s.caller = ELSA
    s.granted(ASK)


@case("target in newgrp, caller not", "GROUP_OF_TARGET")
def _(s):
    s.database(GRANT)
    s.owner = ELSA_IN_TEAM
    owner = dict(pw_uid=5001, st_uid=5001, pw_gid=5001, st_gid=6000)
    s.refused(ASK, (WRONG_OWNER, owner), "GROUP_OF_TARGET", group=6000)
    s.owner = ELSA
    s.granted(ASK)


@case("in the real sg", "GROUP_NOT_PRIMARY", installs=("setuid",))
def _(s):
    """A process and a map writer that were both started in sg(1)."""
    s.database(GRANT)
    script = ('unshare --user sleep 1000 & target=$!; '
              'while [ "$(readlink /proc/$target/ns/user)" = "$(readlink /proc/self/ns/user)" ]; '
              f'do sleep 0.01; done; {s.path} $target 0 100000 10; status=$?; kill $target; '
              'exit $status')
    behind_sg = ("/usr/bin/sg", ["team", "-c", script], ELSA)
    s.result, s.words, s.caller = s.host.run(*behind_sg), [None], ELSA_IN_TEAM
    owner = dict(pw_uid=5001, st_uid=5001, pw_gid=5001, st_gid=6000)
    s.explained((WRONG_OWNER, owner), "GROUP_NOT_PRIMARY", LEAVE, primary=5001)
    found = s.host.run("/bin/sh", ["-c", script], ELSA)
    require(found.status == 0, f"not fixed: {found}")
