#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""`subid revoke` refuses while a process uses an id that is removed, names the process, and
removes the id nevertheless with --in-use. A process of the user, or one with an id that stays,
is no reason. A process that could not be read is not "no process"."""

import contextlib
import ctypes
import os
import resource

import host as host_module
import usermod_box
from host import ELSA, Caller, mount, prctl, process, read, unshare, without_proc
from subid_box import DONE, UNREADABLE, enter, words

BUSY = 8
IDS = "elsa:1000000:100\n"
END = "subid: nothing is changed: end the processes first, or remove the ids nevertheless " \
      "with --in-use"
CLONE_NEWNS = 0x20000
PR_SET_NAME, PR_CAPBSET_DROP = 15, 24
CAP_SYS_PTRACE = 19
INSIDE = Caller("inside", 1000003, 1000003)


def named(pid, kind, number, name="python3"):
    return f"subid: process {pid} ({name}) runs with {kind} {number}, which would be removed"


def noted(line):
    return line.replace("subid: ", "subid: note: ").replace("would be removed", "is removed")


class Case:
    def __init__(self, box):
        self.box, self.report = box, box.report

    def __call__(self, name, args, status, lines, database=IDS, left=None, **options):
        """Revokes, and checks the status, stderr and both databases afterwards."""
        self.box.put(database, database)
        result = self.box.run("revoke", *args, **options)
        found = tuple(read(f"/etc/{name}").decode() for name in
                      ("subuid", "subgid"))
        wanted = left if isinstance(left, tuple) else (left, left)
        if left is None:
            wanted = ("", "") if status == DONE else (database, database)
        self.report.check(name, result.status == status and result.lines == list(lines)
                          and found == wanted, f"{result}, {found}")
        return result


def become(uids=None, gids=None, groups=None):
    def function():
        if groups is not None:
            os.setgroups(groups)
        if gids:
            os.setresgid(*gids)
        if uids:
            os.setresuid(*uids)
    return function


def test_ids(case):
    """Which ids of a process count."""
    with process(caller=ELSA) as pid:
        case("a process of the user", ("elsa",), DONE, [])
        case("the id of the account, delegated to it", ("--range", "5001-5001", "elsa"), DONE,
             [], database="elsa:5001:1\n")
        case("... and to another user", ("anna",), BUSY, [named(pid, "uid", 5001), END],
             database="anna:5001:1\n")
    with process(caller=INSIDE) as pid:
        case("a process with an id that is removed", ("elsa",), BUSY,
             [named(pid, "uid", 1000003), END])
        case("... in part", ("--range", "1000003-1000003", "elsa"), BUSY,
             [named(pid, "uid", 1000003), END])
        case("... by another name of the user", ("elsatwin",), BUSY,
             [named(pid, "uid", 1000003), END])
        case("... which is only shown", ("--dry-run", "elsa"), BUSY,
             [named(pid, "uid", 1000003), END])
        case("a process with an id that stays", ("--range", "1000004-1000099", "elsa"), DONE,
             [], left="elsa:1000000:4\n")
        case("a process with an id of another user", ("anna",), DONE, [],
             database=IDS + "anna:2000000:10\n", left=IDS)
        case("--in-use", ("--in-use", "elsa"), DONE, [noted(named(pid, "uid", 1000003))])
        case("--in-use: only shown", ("--in-use", "--dry-run", "elsa"), DONE,
             [noted(named(pid, "uid", 1000003))], left=IDS)
    with process(lambda: unshare(host_module.CLONE_NEWUSER), caller=INSIDE) as pid:
        case("in another user namespace", ("elsa",), BUSY, [named(pid, "uid", 1000003), END])
    own = 5002
    for what, uids in (("real", (1000005, own, own)), ("effective", (own, 1000005, own)),
                       ("saved", (own, own, 1000005))):
        with process(become(uids=uids)) as pid:
            case(f"{what} uid", ("elsa",), BUSY, [named(pid, "uid", 1000005), END])
            case(f"{what} uid, gids alone are taken", ("-g", "elsa"), DONE, [], left=(IDS, ""))
        with process(become(gids=uids)) as pid:
            case(f"{what} gid", ("elsa",), BUSY, [named(pid, "gid", 1000005), END])
            case(f"{what} gid, uids alone are taken", ("-u", "elsa"), DONE, [], left=("", IDS))
    many = [4_000_000_000 + i for i in range(2000)]
    with process(become(groups=[*many, 1000006])) as pid:
        case("a supplementary group, of many", ("elsa",), BUSY,
             [named(pid, "gid", 1000006), END])
    with process(caller=Caller("elsa", 5001, 5001, (5001,))):
        case("the user's own group", ("elsa",), DONE, [], database="elsa:5001:1\n")


def test_root(case):
    """Root always has processes."""
    database = "root:1000:1\nroot:100000:65536\n"
    case("root's", ("--range", "1000-1000", "root"), DONE, [], database=database,
         left="root:100000:65536\n")
    case("all of root's", ("root",), DONE, [], database=database)
    with process(caller=Caller("other", 1000, 1000)) as pid:
        case("root's, and the user with that id has a process",
             ("--range", "1000-1000", "root"), BUSY, [named(pid, "uid", 1000), END],
             database=database)


def zombie(uid):
    """A process that has ended, and is not waited for."""
    pid = os.fork()
    if pid == 0:
        os.setresuid(uid, uid, uid)
        os._exit(0)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    return pid


def test_processes(case):
    """Many processes, a zombie, and one with a name that would clear the screen."""
    with contextlib.ExitStack() as stack:
        pids = [stack.enter_context(process(caller=INSIDE)) for _ in range(12)]
        case("many", ("elsa",), BUSY, [
            *(named(pid, "uid", 1000003) for pid in sorted(pids)[:10]),
            "subid: and 2 more processes", END])
    pid = zombie(1000003)
    case("one that has ended", ("elsa",), DONE, [])
    os.waitpid(pid, 0)
    pid = zombie(5001)
    case.box.put(IDS, IDS)
    result = case.tool.run("-V", "1000000-1000000", "elsa")
    case.report.check("usermod-ext: one that has ended", result.status == DONE, f"{result}")
    os.waitpid(pid, 0)

    def rename():
        ctypes.CDLL(None).prctl(PR_SET_NAME, b"a\x1b[2J\nb\x9b", 0, 0, 0)
    with process(rename, caller=INSIDE) as pid:
        case.box.put(IDS, IDS)
        result = case.box.run("revoke", "elsa")
        case.report.check("a name with control characters", result.status == BUSY
                          and f"process {pid} (a" in words(result)
                          and len(result.lines) == 2 and b"\x1b" not in result.err,
                          f"{result}")


def hidden_processes():
    """Root without the right to inspect processes of others, which /proc does not list."""
    unshare(CLONE_NEWNS)
    mount("proc", "/proc", "proc", 0, "hidepid=4")
    prctl(PR_CAPBSET_DROP, CAP_SYS_PTRACE)


def test_not_known(case):
    """No /proc, one that hides processes, or too few descriptors: this does not mean that
    there is no process."""
    with process(caller=INSIDE):
        case("/proc hides processes", ("elsa",), UNREADABLE, [
            "subid: cannot find all processes that use these ids: /proc: Operation not permitted; "
            "--in-use removes the ids nevertheless"], as_root=hidden_processes)
    error = "/proc: No such file or directory"
    case("without /proc", ("elsa",), UNREADABLE, [
        f"subid: cannot find all processes that use these ids: {error}; --in-use removes the ids "
        "nevertheless"], as_root=without_proc)
    case("without /proc, --in-use", ("--in-use", "elsa"), DONE, [
        f"subid: note: cannot find all processes that use these ids: {error}"],
        as_root=without_proc)
    case("without /proc, nothing is removed", ("--if-held", "anna"), DONE, [], left=IDS,
         as_root=without_proc)
    case.box.put(IDS, IDS)
    result = case.tool.run("-V", "1000000-1000000", "elsa", as_root=without_proc)
    case.report.check("usermod-ext without /proc goes on, as usermod", result.status == DONE
                      and result.lines == [f"usermod-ext: note: cannot find all processes: "
                                           f"{error}"], f"{result}")
    with process(caller=INSIDE):
        for number in range(3, 24):
            case.box.put(IDS, IDS)
            result = case.box.run("revoke", "elsa", as_user=lambda: resource.setrlimit(
                resource.RLIMIT_NOFILE, (number, number)))
            if result.status == BUSY:
                break
            case.report.check(f"{number} descriptors", result.status not in (DONE, BUSY)
                              and read("/etc/subuid") == IDS.encode(), f"{result}")
        case.report.check("enough descriptors", result.status == BUSY and number > 5,
                          f"{number}, {result}")


def test_image(case):
    """Processes of this system do not use ids of an image."""
    etc = f"{case.box.host.tmpdir}/image/etc"
    os.makedirs(etc)
    for name, content in (("passwd", host_module.PASSWD), ("subuid", IDS), ("subgid", IDS)):
        case.box.host.write(f"{etc}/{name}", content)
    with process(caller=INSIDE):
        result = case.box.run("revoke", "--root", os.path.dirname(etc), "elsa")
    case.report.check("in an image", result.status == DONE and not result.err and
                      read(f"{etc}/subuid") == b"", f"{result}")


def main():
    box = enter()
    case = Case(box)
    case.tool = usermod_box.Box(box.host)
    for part in (test_ids, test_root, test_processes, test_not_known, test_image):
        box.report.part(part, case)
    box.report.finish()


main()
