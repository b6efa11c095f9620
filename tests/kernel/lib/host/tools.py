# SPDX-License-Identifier: BSD-3-Clause
"""What tests do on the throw-away host: processes, private mounts, and commands as in a shell
of root."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

from host.base import (CLEAN_PATH, CLONE_NEWNS, MS_NODEV, Skipped, Wrong, built, libc, mount,
                       overlay, unshare)

# How cures begin that are commands; others are sentences.
COMMANDS = ("cat ", "chmod ", "chown ", "cp ", "dpkg-statoverride ", "echo ", "getent ", "grep ",
            "groupadd ", "install -",
            "journalctl ", "ls ", "mount ", "mv ", "printf ", "setcap ", "subid ",
            "sysctl ", "test ", "ulimit ", "useradd ", "usermod-ext ")


def require(condition, why):
    if not condition:
        raise Wrong(why)


@contextlib.contextmanager
def own_mounts():
    """A block in a private mount namespace, whose mounts are gone afterwards."""
    outside = os.open("/proc/self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
    directory = os.getcwd()
    unshare(CLONE_NEWNS)
    try:
        yield
    finally:
        # fails while a joined thread has not yet ended for the kernel
        for _ in range(1000):
            if libc.setns(outside, 0) == 0:
                break
            time.sleep(0.01)
        else:
            raise RuntimeError("cannot go back to the mounts outside")
        os.close(outside)
        os.chdir(directory)


def without_proc(then=lambda: None):
    """A mount namespace without /proc, in which @then is done."""
    unshare(CLONE_NEWNS)
    mount("tmpfs", "/proc", "tmpfs", MS_NODEV, "mode=755")
    then()


def root_shell(host, command, answer=b"yes\n"):
    """Runs a command as root, with our usermod-ext and subid beside the system's
    programs. answer: what is typed."""
    directory = f"{host.tmpdir}/bin/sbin"
    if not os.path.isdir(directory):
        os.mkdir(directory, 0o755)
        for name in ("usermod-ext", "subid"):
            if built(name):
                shutil.copy(built(name), directory)
    # not through a pipe: a command that does not read it would end the writer by SIGPIPE
    with tempfile.TemporaryFile() as typed:
        typed.write(answer)
        typed.seek(0)
        return subprocess.run(["/bin/sh", "-c", command], stdin=typed, capture_output=True,
                              env={"PATH": f"{CLEAN_PATH}:{directory}"}, timeout=20)


def writable(host, path):
    """Mounts an overlay, so that files can be made at a path that may not exist."""
    overlay(f"{host.tmpdir}/bin", path)


def catalogs_of(program):
    """Where a program of this build looks for its translations."""
    with open(program, "rb") as file:
        found = re.search(rb"\0(/[^\0]*/locale)\0", file.read())
    if not found:
        raise Skipped("this build has no translations")
    return found[1].decode()


def install_locale(host, name):
    """A locale NAME.UTF-8 like C.UTF-8, in which newer C libraries translate nothing."""
    writable(host, "/usr/lib/locale")
    if not os.path.isdir("/usr/lib/locale/C.utf8"):
        raise Skipped("there is no locale to copy")
    os.symlink("C.utf8", f"/usr/lib/locale/{name}.utf8")


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except (FileNotFoundError, IsADirectoryError):
        return None


@contextlib.contextmanager
def process(function=None, caller=None):
    """A process that calls @function, which returns when it is ready, and then sleeps;
    yields its id."""
    ready, report_ready = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(ready)
            if caller:
                caller.become()
            if function:
                function()
            os.write(report_ready, b"+")
            while True:
                signal.pause()
        finally:
            os._exit(1)
    os.close(report_ready)
    try:
        if os.read(ready, 1) != b"+":
            raise RuntimeError("a helper process did not start")
        yield pid
    finally:
        os.close(ready)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)


def dead_pid():
    """The id of a process that has ended."""
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return pid


def spawn(path, *args, env=None, **options):
    """Starts a program in the background, without output; returns its pid."""
    null = os.open("/dev/null", os.O_RDWR)
    try:
        return os.posix_spawn(
            path, [os.path.basename(path), *args],
            env or {"PATH": CLEAN_PATH, "LC_ALL": "C.UTF-8"},
            file_actions=[(os.POSIX_SPAWN_DUP2, null, fd) for fd in (0, 1, 2)], **options)
    finally:
        os.close(null)


def wait_until(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.002)
    return True


def make_dpkg(directory):
    """The state of dpkg when no package is installed."""
    for name in ("info", "updates", "parts"):
        os.makedirs(f"{directory}/{name}")
    for name in ("status", "available"):
        with open(f"{directory}/{name}", "w"):
            pass


STRACE = "/usr/bin/strace"
