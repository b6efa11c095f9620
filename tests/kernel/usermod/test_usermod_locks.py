#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Each lock, between usermod-ext and Debian's usermod in both directions: a command waits for
the holder, and removes only locks of processes that have ended."""

import concurrent.futures
import ctypes
import fcntl
import os
import shutil
import signal
import struct
import time

from host import (ANNA, MS_BIND, MS_RDONLY, MS_REMOUNT, PASSWD, dead_pid, mount, process,
                  quick, read, remove, spawn, umount, wait_until)
from usermod_box import (DONE, EPOCH, NOT_PERMITTED, SUBGID, SUBUID, enter, filler, running,
                         words)

WAIT = 15
SLOW = 10       # seconds: less than WAIT, so that it means "at once" on any machine
ADD = ("-v", "7000000-7000009", "elsa")
ADDED = b"elsa:7000000:10\n"

libc = ctypes.CDLL(None, use_errno=True)


def hold_passwd(kind):
    """Takes .pwd.lock in one of several ways, until the process ends."""
    if kind == "lckpwdf":
        if libc.lckpwdf() != 0:
            raise OSError("lckpwdf")
        return
    fd = os.open("/etc/.pwd.lock", os.O_WRONLY | os.O_CREAT, 0o600)
    if kind == "fcntl":
        fcntl.lockf(fd, fcntl.LOCK_EX)
    else:
        whole = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        fcntl.fcntl(fd, 37, whole)      # F_OFD_SETLK


def held_for(seconds, kind):
    """A function for process(): holds .pwd.lock for some time."""
    def function():
        hold_passwd(kind)
        if os.fork() == 0:
            time.sleep(seconds)
            os.kill(os.getppid(), signal.SIGKILL)
            os._exit(0)
    return function


def write_lock(name, text, when=None):
    path = f"/etc/{name}.lock"
    remove(path)
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    if when:
        os.utime(path, (when, when))


def add(box, *args, program=None):
    box.put(b"", b"")
    return box.run(*args, *ADD, path=program or box.ours)


def test_passwd_lock(box, report):
    """Ours waits for .pwd.lock however it is held."""
    for kind in ("lckpwdf", "fcntl", "ofd"):
        box.sweep()
        with process(held_for(0.7, kind)):
            result = add(box)
        report.check(f".pwd.lock by {kind}: waited for",
                     result.status == DONE and 0.3 < result.seconds < SLOW
                     and box.get().subuid == ADDED, f"{result}")


def at_once(*functions):
    """The exit statuses after a wait of 15 seconds for a lock that stays."""
    with concurrent.futures.ThreadPoolExecutor(len(functions)) as pool:
        return [future.result() for future in [pool.submit(call) for call in functions]]


def gave_up(result, status):
    return result.status == status and WAIT - 1 < result.seconds < WAIT + SLOW


def test_passwd_lock_given_up(box, report):
    """Held by ours and by Debian's, which waits as long."""
    box.sweep()
    box.put(b"", b"")
    with process(lambda: hold_passwd("lckpwdf")) as pid, process() as live:
        write_lock("subgid", f"{live}\0")
        result, other = at_once(
            lambda: box.run(*ADD, timeout=60),
            lambda: box.oracle and box.run_oracle(*ADD, timeout=60))
        report.check(
            ".pwd.lock is not let go: given up, with a name",
            gave_up(result, NOT_PERMITTED)
            and result.lines == ["usermod-ext: cannot lock /etc/passwd; try again later.",
                                 f"usermod-ext: lock /etc/.pwd.lock already used by PID {pid}"]
            and box.get().subuid == b"" and box.strays() == ["subgid.lock"], f"{result}")
        if box.oracle:
            report.check(".pwd.lock is not let go: first line and status as Debian's",
                         other.status == result.status and
                         other.line == result.line.replace("usermod-ext", "usermod"),
                         f"{other}")


def test_database_lock_given_up(box, report):
    """A lock of a running process; in parallel a command that waits below --prefix."""
    box.sweep()
    box.put(b"", b"")
    directory, args = image(box)
    lock = f"{directory}/subuid.lock"
    with process() as live:
        write_lock("subgid", f"{live}\0")
        box.host.write(lock, f"{live}\0")
        os.utime(lock, (EPOCH, EPOCH))
        result, below = at_once(
            lambda: box.run("-w", "7000000-7000009", *ADD, timeout=60),
            lambda: box.run(*args, "-v", "7000020-7000029", "elsa", timeout=60))
        report.check(
            "subgid.lock of a live process is not broken: given up, with a name",
            gave_up(result, SUBGID)
            and result.lines == [
                f"usermod-ext: lock /etc/subgid.lock already used by PID {live}",
                "usermod-ext: cannot lock /etc/subgid; try again later."]
            and box.get() == (b"", b"") and box.strays() == ["subgid.lock"],
            f"{result}, {box.strays()}")
        report.check("--prefix: the lock of a live process is never broken",
                     gave_up(below, SUBUID) and os.path.exists(lock)
                     and str(live) in words(below), f"{below}")
        if box.oracle:
            other = box.run_oracle("-w", "7000000-7000009", "elsa", timeout=60)
            report.check("subgid.lock of a live process: lines and status as Debian's",
                         other.status == result.status and other.lines ==
                         [line.replace("usermod-ext", "usermod") for line in result.lines],
                         f"{other}")


def test_database_lock_waited_for(box, report):
    """A running holder that ends, and one that removes its lock."""
    box.sweep()
    box.put(b"", b"")
    for what, end in (("ends", lambda pid: os.kill(pid, signal.SIGKILL)),
                      ("lets it go", lambda _: remove("/etc/subuid.lock"))):
        box.put(b"", b"")
        with process() as live:
            write_lock("subuid", f"{live}\0")
            pid = spawn(box.ours, *ADD)
            time.sleep(0.5)
            waits = os.waitpid(pid, os.WNOHANG)[0] == 0
            end(live)
            if what == "ends":
                os.waitpid(live, 0)
            _, status = os.waitpid(pid, 0)
        report.check(f"subuid.lock whose holder {what}: waited for",
                     waits and status == 0 and box.get().subuid == ADDED
                     and not box.strays(), f"{waits}, {status}, {box.strays()}")


def test_interrupted_wait(box, report):
    """A signal ends a wait at once, and nothing of it is left; also one to the whole
    process group, as a terminal sends it, and SIGKILL."""
    def hold(what, live):
        if what == "subgid.lock":
            write_lock("subgid", f"{live}\0")
    for what, args in ((".pwd.lock", ADD), ("subgid.lock", ("-w", "7000000-7000009", *ADD))):
        for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGKILL", "group"):
            box.sweep()
            box.put(b"", b"")
            number = getattr(signal, name, signal.SIGINT)
            holder = (lambda: hold_passwd("lckpwdf")) if what == ".pwd.lock" else None
            with process(holder) as live:
                hold(what, live)
                pid = spawn(box.ours, *args, setpgroup=0)
                waits = wait_until(lambda: running() and (
                    what != ".pwd.lock" or len(running()) == 2))
                time.sleep(0.1)
                start = time.monotonic()
                (os.killpg if name == "group" else os.kill)(pid, number)
                _, status = os.waitpid(pid, 0)
                seconds = time.monotonic() - start
                gone = wait_until(lambda: not running(), 2)
            strays = [stray for stray in box.strays() if stray != what]
            report.check(f"{what}: a wait is ended by {name}",
                         waits and gone and os.waitstatus_to_exitcode(status) == -number
                         and seconds < SLOW and box.get() == (b"", b"")
                         and (name == "SIGKILL" or not strays),
                         f"{waits}, {gone}, {status}, {seconds}, {strays}")
            remove("/etc/subgid.lock")
            result = box.run(*args)
            report.check(f"{what}: the next one after {name}",
                         result.status == DONE and result.seconds < SLOW and not box.strays(),
                         f"{result}, {box.strays()}")


def test_left_over(box, report):
    """Only leftover locks are removed, at once."""
    dead = dead_pid()
    cases = [("empty", "", None), ("a NUL", "\0", None), ("garbage", "garbage", None),
             ("zero", "0\0", None), ("negative", "-1\0", None), ("too large", "9" * 30, None),
             ("with a sign", "+1\0", None), ("a dead process", f"{dead}\0", None),
             ("a dead process, no NUL", f"{dead}", None),
             ("a dead process, newline", f"{dead}\n", None),
             ("a process that started later", f"{os.getpid()}\0", EPOCH)]
    for what, text, when in cases:
        for name in ("subuid", "subgid"):
            box.sweep()
            box.put(b"", b"")
            write_lock(name, text, when)
            result = box.run("-w", "7000000-7000009", *ADD)
            report.check(f"{name}.lock left over, {what}",
                         result.status == DONE and result.seconds < SLOW
                         and box.get() == (ADDED, ADDED) and not box.strays(),
                         f"{result}, {box.strays()}")
    # of a dead process between making and linking its file; not of a live one
    box.sweep()
    box.put(b"", b"")
    with process() as live:
        names = [f"subuid.{dead}", f"subuid.{live}", "subuid.bak", "subuid.01", f"subgid.{dead}"]
        for name in names:
            box.host.write(f"/etc/{name}", "")
        result = box.run(*ADD)
        report.check("only files of the dead are removed",
                     result.status == DONE and box.strays() == sorted(names[1:]),
                     f"{result}, {box.strays()}")


def test_same_process_id(box, report):
    """In a container a process id means another process at each start: a lock with our own
    id is a leftover."""
    box.sweep()
    box.put(b"", b"")
    pid = os.fork()
    if pid == 0:
        write_lock("subuid", f"{os.getpid()}\0", EPOCH)
        box.host.write(f"/etc/subuid.{os.getpid()}", "x")
        os.execv(box.ours, ["usermod-ext", *ADD])
    _, status = os.waitpid(pid, 0)
    report.check("a lock with our own process id is left over",
                 status == 0 and box.get().subuid == ADDED and not box.strays(),
                 f"{status}, {box.strays()}")


def test_debian_waits_for_ours(box, report):
    """Debian's usermod while ours is stopped with its locks: one of both fails, and each
    change that was reported as done is there."""
    if not box.oracle:
        report.skip("Debian's beside ours", "needs Debian's usermod")
        return
    box.sweep()
    box.put(filler(200_000, 2_000_000_000), b"")
    pid = spawn(box.ours, *ADD)
    seen = wait_until(lambda: os.path.exists("/etc/subuid.lock"))
    os.kill(pid, signal.SIGSTOP)
    held = os.path.exists("/etc/subuid.lock")
    other = spawn(box.oracle, "-v", "8000000-8000009", "anna")
    time.sleep(0.5)
    waits = os.waitpid(other, os.WNOHANG)[0] == 0
    os.kill(pid, signal.SIGCONT)
    _, status = os.waitpid(pid, 0)
    _, oracle_status = os.waitpid(other, 0) if waits else (0, 0)
    text = box.get().subuid
    report.check("Debian's usermod waits for ours",
                 seen and held and waits and status == 0 and oracle_status == 0
                 and ADDED in text and b"anna:8000000:10\n" in text and not box.strays(),
                 f"{seen}, {held}, {waits}, {status}, {oracle_status}, {text[-60:]}")


def image(box):
    """A system that is not running: its /etc, and the option for it."""
    directory = f"{box.directory}/image/etc"
    shutil.rmtree(directory, ignore_errors=True)
    os.makedirs(directory)
    for name, content in (("passwd", PASSWD), ("subuid", ""), ("subgid", "")):
        box.host.write(f"{directory}/{name}", content)
    return directory, ("--prefix", os.path.dirname(directory))


def hold_directory(directory):
    """Every user who may read a directory can hold flock(2) on it."""
    fcntl.flock(os.open(directory, os.O_RDONLY), fcntl.LOCK_EX)


def test_prefix(box, report):
    """Below --prefix .pwd.lock is the one there, which no user can hold."""
    directory, args = image(box)
    with process(lambda: hold_passwd("lckpwdf")), \
            process(lambda: hold_directory(directory), caller=ANNA):
        result = box.run(*args, *ADD)
    report.check("--prefix: neither .pwd.lock of the running system nor a lock of a user "
                 "is waited for",
                 result.status == DONE and result.seconds < SLOW
                 and read(f"{directory}/subuid") == ADDED and
                 sorted(os.listdir(directory)) == [".pwd.lock", "passwd", "subgid", "subuid",
                                                "subuid-"]
                 and os.stat(f"{directory}/.pwd.lock").st_mode & 0o777 == 0o600,
                 f"{result}, {os.listdir(directory)}")
    lock = f"{directory}/subuid.lock"
    for what in ("", "garbage"):
        box.host.write(lock, what)
        result = box.run(*args, *ADD)
        report.check(f"--prefix: a lock with {what or 'nothing'} in it is removed",
                     result.status == DONE and not os.path.exists(lock), f"{result}")


def test_other_namespace(box, report):
    """Below --prefix: a lock of a process that cannot be seen here, such as that of a
    container. It is kept, and the command in the message removes it."""
    directory, args = image(box)
    lock, own = (f"{directory}/subuid.{end}" for end in ("lock", dead_pid()))
    box.host.write(lock, f"{dead_pid()}\0")
    box.host.write(own, "")
    result = box.run(*args, *ADD, timeout=60)
    report.check("--prefix: the lock of a process that is not seen here is kept",
                 gave_up(result, SUBUID) and os.path.exists(lock) and os.path.exists(own)
                 and result.lines[-1].endswith(f" rm -f {lock}"), f"{result}")
    os.system("rm " + result.lines[-1].partition(": rm ")[2])
    result = box.run(*args, *ADD)
    report.check("--prefix: what the message says removes it",
                 result.status == DONE and read(f"{directory}/subuid") == ADDED, f"{result}")


def test_read_only(box, report):
    """--dry-run needs no lock: it works with a held one, or on a read-only file system."""
    shown = f"+ /etc/subuid: {ADDED.decode()}".encode()
    box.sweep()
    box.put(b"", b"")
    with process(lambda: hold_passwd("lckpwdf")):
        result = box.run("--dry-run", *ADD)
    report.check("--dry-run: .pwd.lock is not waited for",
                 result.status == DONE and result.out == shown and result.seconds < SLOW,
                 f"{result}")
    box.sweep()
    directory, _ = image(box)
    mount(directory, directory, None, MS_BIND)
    mount(None, directory, None, MS_BIND | MS_REMOUNT | MS_RDONLY)
    for option in ("--root", "--prefix"):
        result = box.run(option, os.path.dirname(directory), "--dry-run", *ADD)
        report.check(f"--dry-run: a read-only file system, {option}", result.status == DONE
                     and result.out == shown.replace(b"/etc", directory.encode()), f"{result}")
    umount(directory)


def main():
    box, report = enter()
    test_passwd_lock(box, report)
    test_interrupted_wait(box, report)
    test_left_over(box, report)
    test_same_process_id(box, report)
    test_database_lock_waited_for(box, report)
    test_debian_waits_for_ours(box, report)
    if not quick():
        test_database_lock_given_up(box, report)
        test_passwd_lock_given_up(box, report)
        test_other_namespace(box, report)
    test_prefix(box, report)
    test_read_only(box, report)
    report.finish()


main()
