#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Failures while usermod-ext changes the databases: errors injected into every system call on
a database, its lock, temporary file, backup and directory, and the same errors for real. A
failure has its exit status and its reason, and leaves only both old files; a command that
succeeds has made the whole change."""

import contextlib
import errno
import fcntl
import os
import resource
import signal
import struct
from collections import Counter

import usermod_box
from host import MS_BIND, MS_REMOUNT, checked, libc, mount, quick, read
from usermod_box import (DONE, EARLIER, NOT_PERMITTED, OLD, SCENARIOS, SUBGID, SUBUID, Files,
                         available, calls, enter, prepare, tampered, words)

ERRORS = ("EIO", "ENOSPC") if quick() else ("EIO", "ENOSPC", "EROFS", "EMFILE", "ENOMEM")
INJECTED = ("both",) if quick() else ("both", "allocate", "create", "delete")
# calls that may fail without harm: what is removed need not be there, and what is read
# only to tidy up
HARMLESS = ("unlinkat", "close", "getdents64", "fcntl", "newfstatat", "fstat", "stat", "lseek")
MS_RDONLY, MNT_DETACH = 1, 2
FS_IOC_GETFLAGS, FS_IOC_SETFLAGS, FS_IMMUTABLE = 0x80086601, 0x40086602, 0x10
POWER_CUT = "may not survive a power cut"


def umount(path):
    checked(libc.umount2(path.encode(), MNT_DETACH), f"umount {path}")


# --- injected ---------------------------------------------------------------------------

def status_for(call):
    """The exit statuses that a failure of the call may have."""
    if call.about.startswith("subgid"):
        return (SUBGID,)
    if call.about.startswith("subuid"):
        return (SUBUID,)
    if call.about == ".pwd.lock":
        return (NOT_PERMITTED,)
    return NOT_PERMITTED, SUBUID, SUBGID


def judge_failure(box, scenario, call, code, result):
    """What is wrong after a command that has failed because of the call."""
    text = words(result)
    if result.status not in status_for(call):
        return f"status {result.status}, {text}"
    if os.strerror(getattr(errno, code)) not in text and POWER_CUT not in text:
        return f"the reason is not named: {text}"
    if POWER_CUT in text:
        if call.name != "fsync" or call.about or box.get() != scenario.new:
            return f"{text}: {box.get()}"
    elif box.get() != scenario.old:
        return f"{text}: {box.get()}"
    for i, name in enumerate(("subuid-", "subgid-")):
        if read(f"/etc/{name}") not in (EARLIER[i], scenario.old[i]):
            return f"{name} is {read(f'/etc/{name}')}"
    return None


def lists_directory(call, before):
    """Whether the call looks for leftovers, or is one that newer libcs make after open."""
    return call.name == "openat" and '"."' in call.text or \
        call.name == "fstat" and before is not None and lists_directory(before, None)


def is_about_owners(call):
    """The change is made, and a note says that its owners are not recorded."""
    return call.name == "openat" and "/var/lib/subid" in call.text


def judge(box, scenario, call, before, code, result):
    """What is wrong after a command with one call that failed; before: the call before."""
    if result.status != DONE:
        problem = judge_failure(box, scenario, call, code, result)
    elif call.name not in HARMLESS and not lists_directory(call, before) and \
            not is_about_owners(call):
        problem = "status 0"
    elif box.get() != scenario.new:
        problem = f"status 0, but {box.get()}"
    else:
        problem = None
    if problem:
        return problem
    # a file that cannot be removed stays; the next command removes it
    if box.strays() and call.name != "unlinkat":
        return f"left: {box.strays()}"
    result = box.run(*scenario.args)
    if result.status != DONE or box.get() != scenario.new or box.strays():
        return f"the next command: {result}, {box.get()}, {box.strays()}"
    return None


def test_injected(box, report):
    for scenario in SCENARIOS:
        if scenario.name not in INJECTED:
            continue
        prepare(box, scenario)
        found = [call for call in calls(box, scenario.args) if call.touches]
        for code in ERRORS:
            counts, problems = Counter(), []
            for before, call in zip([None, *found], found):
                prepare(box, scenario)
                result = tampered(box, scenario.args, call, f"error={code}")
                counts["done" if result.status == DONE else "failed"] += 1
                problem = judge(box, scenario, call, before, code, result)
                if problem:
                    problems.append(f"{call}: {problem}")
            report.check(f"{code} in {len(found)} calls of {scenario.name}: "
                         f"{counts['failed']} failures reported, {counts['done']} harmless",
                         not problems and counts["failed"] > len(found) / 3,
                         f"{len(problems)} times: " + "; ".join(problems[:6]))


def test_renames(box, report):
    """The first rename, the second one, and the directory that cannot be synced."""
    scenario = next(scenario for scenario in SCENARIOS if scenario.name == "both")
    prepare(box, scenario)
    found = calls(box, scenario.args)

    def last(name, about):
        return [call for call in found if call.name == name and call.about == about][-1]
    for what, call, status, files in (
            ("first rename", last("renameat", "subuid"), SUBUID, scenario.old),
            ("second rename: the first is put back", last("renameat", "subgid"), SUBGID,
             scenario.old),
            ("sync of the directory", last("fsync", ""), SUBUID, scenario.new)):
        prepare(box, scenario)
        result = tampered(box, scenario.args, call, "error=EIO")
        report.check(f"EIO, {what}",
                     result.status == status and box.get() == files and not box.strays()
                     and (POWER_CUT in words(result)) == (files == scenario.new),
                     f"{call}: {result}, {box.get()}, {box.strays()}")


def test_signals(box, report):
    scenario = next(scenario for scenario in SCENARIOS if scenario.name == "both")
    usermod_box.interrupt(box, report, scenario)


def test_signals_ignored(box, report):
    """Signals that the parent has ignored or blocked stay so."""
    scenario = next(scenario for scenario in SCENARIOS if scenario.name == "both")
    prepare(box, scenario)
    call = [call for call in calls(box, scenario.args) if call.name == "linkat"][0]
    for what, function in (
            ("ignored", lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)),
            ("blocked", lambda: signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP}))):
        prepare(box, scenario)
        result = tampered(box, scenario.args, call, "signal=HUP", as_user=function)
        report.check(f"SIGHUP {what}: it goes on",
                     result.status == DONE and not words(result)
                     and box.get() == scenario.new and not box.strays(),
                     f"{result}, {box.get()}")


# --- for real ---------------------------------------------------------------------------

@contextlib.contextmanager
def small_etc(box, options, old=OLD):
    """A separate file system as /etc, with all that a command needs."""
    directory = f"{box.directory}/etc"
    os.makedirs(directory, exist_ok=True)
    mount("tmpfs", directory, "tmpfs", 0, f"mode=755,{options}")
    try:
        os.mkdir(f"{directory}/pam.d", 0o755)
        for name in ("passwd", "group", "nsswitch.conf", "login.defs",
                     "pam.d/usermod-ext", "pam.d/other"):
            content = read(f"/etc/{name}") if name != "pam.d/other" else b""
            box.host.write(f"{directory}/{name}", content)
        mount(directory, "/etc", None, MS_BIND)
        try:
            box.put(*old)
            yield "/etc"
        finally:
            umount("/etc")
    finally:
        umount(directory)


def failed(box, report, name, result, statuses, reason, old=OLD):
    """Reports whether the command has failed for this reason and changed nothing."""
    problem = []
    if result.status not in statuses:
        problem.append(f"status {result.status}")
    if os.strerror(reason) not in words(result):
        problem.append("the reason is not named")
    if box.get() != old:
        problem.append(f"{box.get()}")
    if box.strays():
        problem.append(f"left: {box.strays()}")
    report.check(name, not problem, f"{', '.join(problem)}: {result}")


BOTH = ("-v", "7000000-7000009", "-w", "7000000-7000009", "elsa")


def fill_until_it_works(box, report, name, options, steps, fill):
    """Fewer and fewer obstacles, until the command works; each failure is clean."""
    big = Files(OLD.subuid + b"#\n" * 10000, OLD.subgid + b"#\n" * 10000)
    statuses, problems = Counter(), []
    for step in steps:
        with small_etc(box, options(step), big):
            # exists in every system since the first account was made
            box.host.write("/etc/.pwd.lock", "", 0o600)
            fill(step)
            result = box.run(*BOTH)
            statuses[result.status] += 1
            if result.status == DONE:
                if box.get().subuid == big.subuid or box.get().subgid == big.subgid:
                    problems.append(f"{step}: done, but nothing is there")
            elif (result.status not in (SUBUID, SUBGID) or box.get() != big
                  or os.strerror(errno.ENOSPC) not in words(result)):
                problems.append(f"{step}: {result}")
            if box.strays():
                problems.append(f"{step}: left {box.strays()}")
    report.check(f"{name}: {dict(statuses)}",
                 not problems and {DONE, SUBUID, SUBGID} <= set(statuses),
                 f"{len(problems)} times: " + "; ".join(problems[:4]))


def test_full(box, report):
    def leave_pages(n):
        """Fills the file system except for n pages."""
        with open("/etc/filler", "wb", buffering=0) as file:
            with contextlib.suppress(OSError):
                while True:
                    file.write(b"x" * 4096)
            size = os.fstat(file.fileno()).st_size
            os.ftruncate(file.fileno(), max(size - 4096 * n, 0))

    fill_until_it_works(box, report, "full disk", lambda _: "size=256k",
                        range(0, 26, 3 if quick() else 1), leave_pages)

    def use_inodes(n):
        """Uses all inodes but n."""
        made = 0
        with contextlib.suppress(OSError):
            while True:
                with open(f"/etc/inode{made}", "x", encoding="ascii"):
                    made += 1
        for i in range(min(n, made)):
            os.unlink(f"/etc/inode{i}")

    fill_until_it_works(box, report, "no inodes", lambda _: "nr_inodes=64", range(0, 9),
                        use_inodes)


def test_read_only(box, report):
    with small_etc(box, "size=1m"):
        box.host.write("/etc/.pwd.lock", "", 0o600)
        mount(None, "/etc", None, MS_REMOUNT | MS_BIND | MS_RDONLY)
        failed(box, report, "read-only", box.run(*BOTH), (NOT_PERMITTED,), errno.EROFS)
        result = box.run("--help")
        report.check("read-only: --help", result.status == DONE and not result.err,
                     f"{result}")


def set_immutable(path, on):
    fd = os.open(path, os.O_RDONLY)
    try:
        flags = struct.unpack("l", fcntl.ioctl(fd, FS_IOC_GETFLAGS, struct.pack("l", 0)))[0]
        flags = flags | FS_IMMUTABLE if on else flags & ~FS_IMMUTABLE
        fcntl.ioctl(fd, FS_IOC_SETFLAGS, struct.pack("l", flags))
    finally:
        os.close(fd)


def test_immutable(box, report):
    with small_etc(box, "size=1m"):
        box.host.write("/etc/.pwd.lock", "", 0o600)
        for name, status in (("subuid", SUBUID), ("subgid", SUBGID),
                             ("", SUBUID), (".pwd.lock", NOT_PERMITTED)):
            try:
                set_immutable(f"/etc/{name}", True)
            except OSError as error:
                report.skip(f"immutable {name}", f"this file system has no such thing: {error}")
                continue
            result = box.run(*BOTH)
            set_immutable(f"/etc/{name}", False)
            failed(box, report, f"immutable /etc/{name}", result, (status,), errno.EPERM)


def test_bind_mount(box, report):
    for name, status in (("subuid", SUBUID), ("subgid", SUBGID)):
        box.sweep()
        box.put(*OLD)
        mount(f"/etc/{name}", f"/etc/{name}", None, MS_BIND)
        try:
            result = box.run(*BOTH)
            failed(box, report, f"/etc/{name} is a mount of its own", result, (status,),
                   errno.EBUSY)
            report.check("... and the message explains it", result.lines[-1] ==
                         f"usermod-ext: /etc/{name} is a mount of its own, as in "
                         "containers: change the file that it is a mount of", f"{result}")
            if name == "subgid":
                result = box.run("-v", "7000000-7000009", "elsa")
                report.check("a mount that is not touched is not in the way",
                             result.status == DONE and not box.strays(), f"{result}")
        finally:
            umount(f"/etc/{name}")


def test_limits(box, report):
    old_size = max(len(text) for text in OLD)
    for size in (0, 10, old_size, old_size + 5):
        prepare(box, SCENARIOS[0])

        def limit(size=size):
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        failed(box, report, f"file size limit {size}", box.run(*BOTH, as_user=limit),
               (SUBUID, SUBGID), errno.EFBIG)
    problems, statuses = [], Counter()
    for count in range(0, 16):
        prepare(box, SCENARIOS[0])

        def limit(count=count):
            resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))
        result = box.run(*BOTH, as_user=limit)
        statuses[result.status] += 1
        if result.status == DONE and box.get() == OLD:
            problems.append(f"{count}: done, but nothing is there")
        if result.status != DONE and (box.get() != OLD or not result.err):
            problems.append(f"{count}: {result}, {box.get()}")
        if "does not exist" in words(result):
            problems.append(f"{count}: {result}")
        if box.strays():
            problems.append(f"{count}: left {box.strays()}")
    report.check(f"limit of descriptors: {dict(statuses)}",
                 not problems and statuses[DONE] and len(statuses) > 2, "; ".join(problems[:4]))


def test_output(box, report):
    """stdout full or closed: an error if there was output, otherwise ignored. The number
    of a closed descriptor is never used for a database."""
    def full():
        os.dup2(os.open("/dev/full", os.O_WRONLY), 1)
    change = ("-v", "7000000-7000009", "elsa")
    for args in (("--help",), ("--version",), ("--dry-run", *change)):
        for what, prepare_child in (("full", full), ("closed", lambda: os.close(1))):
            prepare(box, SCENARIOS[0])
            result = box.run(*args, as_user=prepare_child)
            report.check(f"stdout {what}: {args[0]}",
                         result.status == NOT_PERMITTED and "standard output" in result.line
                         and box.get() == OLD and not box.strays(), f"{result}")
    for closed in ((0,), (1,), (2,), (0, 1), (1, 2), (0, 1, 2)):
        for args, new in ((change, OLD.subuid + b"\nelsa:7000000:10\n"),
                          (("-v", "5002-5003", "elsa"), OLD.subuid)):
            prepare(box, SCENARIOS[0])
            box.host.write("/etc/.pwd.lock", "", 0o600)

            def close(closed=closed):
                for fd in closed:
                    os.close(fd)
            result = box.run(*args, as_user=close)
            report.check(
                f"descriptors {closed} closed: {args[1]}",
                box.get() == Files(new, OLD.subgid) and not box.strays()
                and result.status == (DONE if args == change else 20)
                and read("/etc/.pwd.lock") == b"",
                f"{result}, {box.get()}, {box.strays()}, {read('/etc/.pwd.lock')}")
    # messages are not read, also while locks are held
    prepare(box, SCENARIOS[0])
    read_end, write_end = os.pipe()
    os.close(read_end)
    result = box.run("-v", "5002-5003", "elsa", stderr=write_end)
    os.close(write_end)
    report.check("stderr without a reader", result.status == 20 and not box.strays(),
                 f"{result}, {box.strays()}")


def main():
    box, report = enter()
    test_full(box, report)
    test_read_only(box, report)
    test_immutable(box, report)
    test_bind_mount(box, report)
    test_limits(box, report)
    test_output(box, report)
    if not available():
        report.skip("injected", "needs strace")
        report.finish()
    test_renames(box, report)
    test_signals(box, report)
    test_signals_ignored(box, report)
    test_injected(box, report)
    report.finish()


main()
