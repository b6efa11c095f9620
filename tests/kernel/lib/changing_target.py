# SPDX-License-Identifier: BSD-3-Clause
"""Targets that change while a map writer runs: a process that a test controls step by step,
and a directory of /proc in which a mount covers a file."""

import contextlib
import ctypes
import os
import signal

from host import CLONE_NEWNS, CLONE_NEWUSER, ELSA, MS_BIND, Target, libc, mount, prctl, unshare

PR_SET_PDEATHSIG, PR_SET_DUMPABLE = 1, 4
LAST_PID = "/proc/sys/kernel/ns_last_pid"


def close_others(*kept):
    """Closes descriptors of other parts of the test, since there is no exec to do it."""
    begin = 3
    for fd in sorted(kept):
        os.closerange(begin, fd)
        begin = fd + 1
    os.closerange(begin, os.sysconf("SC_OPEN_MAX"))


@contextlib.contextmanager
def process_with_cover(pid, name, content, caller=ELSA):
    """A descriptor of /proc/PID as it looks in a mount namespace of the caller's own, where
    a file with this content is mounted over /proc/PID/NAME."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            close_others(write_end)
            caller.become()
            prctl(PR_SET_DUMPABLE, 1)
            unshare(CLONE_NEWUSER | CLONE_NEWNS)
            for file, text in (("setgroups", "deny"), ("uid_map", f"0 {caller.uid} 1"),
                               ("gid_map", f"0 {caller.gid} 1")):
                with open(f"/proc/self/{file}", "w", encoding="ascii") as stream:
                    stream.write(text)
            mount("tmpfs", "/home", "tmpfs")
            with open("/home/cover", "w", encoding="ascii") as stream:
                stream.write(content)
            mount("/home/cover", f"/proc/{pid}/{name}", None, MS_BIND)
            directory = os.open(f"/proc/{pid}", os.O_PATH | os.O_DIRECTORY)
            os.write(write_end, b"%d" % directory)
            signal.pause()
        finally:
            os._exit(1)
    os.close(write_end)
    try:
        number = int(os.read(read_end, 16) or b"-1")
        directory = os.open(f"/proc/{child}/fd/{number}", os.O_PATH | os.O_DIRECTORY)
        try:
            yield directory
        finally:
            os.close(directory)
    finally:
        os.close(read_end)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


class ChangingTarget(Target):
    """`unshare` enters a user namespace of its own, `exec PROGRAM` becomes another
    program, which must wait for ever. Both answer with an errno; exec only if it fails."""

    def __new__(cls, *steps, caller=ELSA):
        order_read, order = os.pipe()
        answer, answer_write = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                close_others(order_read, answer_write)
                caller.become()
                prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
                prctl(PR_SET_DUMPABLE, 1)
                os.write(answer_write, b"0")
                cls._live(order_read, answer_write)
            finally:
                os._exit(1)
        os.close(order_read)
        os.close(answer_write)
        self = super().__new__(cls, pid)
        self.order, self.answer = order, answer
        os.read(answer, 1)
        for step in steps:
            if self.do(step) != 0:
                raise RuntimeError(f"the target cannot {step}")
        return self

    @staticmethod
    def _live(order, answer):
        while (words := os.read(order, 4096).decode().split()):
            code = 0
            if words[0] == "unshare":
                code = 0 if libc.unshare(CLONE_NEWUSER) == 0 else ctypes.get_errno()
            elif words[0] == "exec":
                os.execv(words[1], words[1:])
            os.write(answer, b"%d" % code)

    def do(self, step):
        os.write(self.order, step.encode())
        return int(os.read(self.answer, 16) or b"0")

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.order)
        os.close(self.answer)


def take_pid(pid, *steps, tries=50):
    """Makes a process with the id of one that has ended, or returns None if the kernel
    does not let us choose."""
    for _ in range(tries):
        try:
            with open(LAST_PID, "w") as file:
                file.write(str(pid - 1))
        except OSError:
            return None
        target = ChangingTarget(*steps)
        if target.pid == pid:
            return target
        target.kill()
    return None
