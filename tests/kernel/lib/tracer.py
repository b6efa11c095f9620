# SPDX-License-Identifier: BSD-3-Clause
"""Follows a map writer from system call to system call.

The tracer is root, since a program that an ordinary user traces starts without privileges.
Most functions use only ptrace(2) requests of all processors. Functions that need x86_64
(watching memory, changing system calls) say so, and do nothing elsewhere.

    run = Run(host, path, args)             started, and stopped behind its exec
    while (stop := run.tracee.step()):      at each begin and end of a system call
        ... run.tracee.state() ...
    result = run.finish()                   the same Result as of Host.run()
"""

import contextlib
import ctypes
import errno
import os
import platform
import re
import signal
import struct
import subprocess
import threading
import time
from typing import NamedTuple, Optional

from host import CLEAN_PATH, ELSA, Result, become_caller, read_all

(PTRACE_POKEUSER, PTRACE_CONT, PTRACE_GETREGS, PTRACE_SETREGS, PTRACE_DETACH,
 PTRACE_SYSCALL) = 6, 7, 12, 13, 17, 24
PTRACE_SETOPTIONS, PTRACE_GETEVENTMSG = 0x4200, 0x4201
PTRACE_SEIZE, PTRACE_GET_SYSCALL_INFO = 0x4206, 0x420e
PTRACE_O_TRACESYSGOOD, PTRACE_O_TRACEEXEC, PTRACE_O_EXITKILL = 1, 0x10, 0x100000
PTRACE_O_TRACEFORK = 2
PTRACE_EVENT_FORK, PTRACE_EVENT_EXEC = 1, 4
WALL = 0x40000000
RAX, ORIG_RAX = 10, 15      # positions in struct user_regs_struct of x86_64

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
libc.ptrace.restype = ctypes.c_long


def ptrace(request, pid, address=0, data=0):
    result = libc.ptrace(request, pid, address, data)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"ptrace {request:#x}: {os.strerror(code)}")
    return result


def _system_calls():
    text = subprocess.run(["cc", "-E", "-dM", "-include", "sys/syscall.h", "-"], input="",
                          capture_output=True, text=True, check=True).stdout
    return {name: int(number)
            for name, number in re.findall(r"#define __NR_(\w+) (\d+)$", text, re.M)}


CALL_NUMBERS = _system_calls()
CALL_NAMES = {number: name for name, number in CALL_NUMBERS.items()}

# which argument is a path, and which calls work on a descriptor
PATH_AT = {"open": 0, "openat": 1, "openat2": 1, "access": 0, "faccessat": 1,
           "faccessat2": 1, "stat": 0, "lstat": 0, "newfstatat": 1, "statx": 1,
           "readlink": 0, "readlinkat": 1, "execve": 0, "statfs": 0, "getxattr": 0}
OPENS = ("open", "openat", "openat2")
FD_AT = {"read": 0, "write": 0, "pread64": 0, "pwrite64": 0, "readv": 0, "writev": 0,
         "lseek": 0, "fstat": 0, "fstatfs": 0, "ioctl": 0, "sendto": 0, "close": 0}


class Stop(NamedTuple):
    """A system call that begins or, with entry False, has ended with `result`."""
    entry: bool
    name: str
    args: tuple
    result: Optional[int]
    path: str               # the file it names, by path or descriptor, or ""

    def __str__(self):
        end = "" if self.entry else f" = {self.result}"
        return f"{self.name}({self.path}){end}"


class State(NamedTuple):
    """What /proc/PID/status says about privileges."""
    uid: tuple              # real, effective, saved, file system
    gid: tuple
    inheritable: int
    permitted: int
    effective: int
    ambient: int
    no_new_privs: bool
    dumpable: bool          # known only if the effective uid is not 0


class Tracee:
    """One process under trace."""

    OPTIONS = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL

    def __init__(self, pid, seized=False):
        self.pid = pid
        self.status = None      # once it has ended: as waitpid(2) gives it
        self.call = None        # the system call that is going on
        if not seized:
            self._seize()

    def _seize(self):
        ptrace(PTRACE_SEIZE, self.pid, 0, self.OPTIONS)

    def _wait(self):
        """Returns the signal and the event of the next stop; (None, 0) is the end."""
        _, status = os.waitpid(self.pid, WALL)
        if os.WIFSTOPPED(status):
            return os.WSTOPSIG(status), status >> 16
        self.status = status
        return None, 0

    def run_to_exec(self):
        """Continues to the start of the next program."""
        while True:
            number, event = self._wait()
            if number is None:
                raise RuntimeError(f"no exec, but status {self.status:#x}")
            if event == PTRACE_EVENT_EXEC:
                return
            ptrace(PTRACE_CONT, self.pid, 0, 0 if event else number)

    def follow_fork(self):
        """Continues until it makes a process, which is returned at its first instant, and
        then runs on, untraced. None if it ends before."""
        ptrace(PTRACE_SETOPTIONS, self.pid, 0, self.OPTIONS | PTRACE_O_TRACEFORK)
        deliver = 0
        while True:
            ptrace(PTRACE_CONT, self.pid, 0, deliver)
            number, event = self._wait()
            if number is None:
                return None
            if event == PTRACE_EVENT_FORK:
                child = ctypes.c_ulong()
                ptrace(PTRACE_GETEVENTMSG, self.pid, 0, ctypes.addressof(child))
                os.waitpid(child.value, WALL)
                self.detach()
                return Tracee(child.value, seized=True)
            deliver = 0 if event else number

    def step(self):
        """Continues to the next begin or end of a system call; None when it has ended."""
        deliver = 0
        while self.status is None:
            with contextlib.suppress(ProcessLookupError):   # killed meanwhile
                ptrace(PTRACE_SYSCALL, self.pid, 0, deliver)
            number, event = self._wait()
            if number == signal.SIGTRAP | 0x80:
                with contextlib.suppress(ProcessLookupError):   # killed meanwhile
                    return self._stop()
                continue
            deliver = 0 if event or number is None else number
        return None

    def _stop(self):
        buffer = ctypes.create_string_buffer(88)
        ptrace(PTRACE_GET_SYSCALL_INFO, self.pid, 88, ctypes.addressof(buffer))
        if buffer.raw[0] == 1:
            number, *args = struct.unpack_from("7Q", buffer, 24)
            name = CALL_NAMES.get(number, str(number))
            self.call = Stop(True, name, tuple(args), None, self._path(name, args))
            return self.call
        result, = struct.unpack_from("q", buffer, 24)
        # the end of execve belongs to a begin that was not seen
        call = self.call or Stop(True, "execve", (0,) * 6, None, "")
        self.call = None
        return call._replace(entry=False, result=result)

    def _path(self, name, args):
        path = self.string(args[PATH_AT[name]]) if name in PATH_AT else ""
        if path or name not in PATH_AT and name not in FD_AT:
            return path
        try:
            return os.readlink(f"/proc/{self.pid}/fd/{args[0] & 0xffffffff}")
        except OSError:
            return ""

    def read(self, address, size):
        with open(f"/proc/{self.pid}/mem", "rb", buffering=0) as memory:
            memory.seek(address)
            return memory.read(size)

    def string(self, address):
        """A string of up to a page in its memory, or ""."""
        try:
            data = self.read(address, 4096 - address % 4096)
            if b"\0" not in data:
                data += self.read(address + len(data), 4096)
        except (OSError, OverflowError):
            return ""
        return data.split(b"\0")[0].decode("utf-8", "replace")

    def state(self):
        with open(f"/proc/{self.pid}/status") as file:
            fields = dict(line.rstrip("\n").split(":\t", 1) for line in file)
        ids = lambda name: tuple(int(word) for word in fields[name].split())
        caps = lambda name: int(fields[name], 16)
        uid = ids("Uid")
        # of a process that is not dumpable, root owns what is in its directory
        dumpable = os.stat(f"/proc/{self.pid}/environ").st_uid == uid[1] != 0
        return State(uid, ids("Gid"), caps("CapInh"), caps("CapPrm"), caps("CapEff"),
                     caps("CapAmb"), fields["NoNewPrivs"] == "1", dumpable)

    def park(self):
        """Detaches from it, stopped as by kill -STOP, so that other processes can attack it."""
        os.kill(self.pid, signal.SIGSTOP)
        ptrace(PTRACE_DETACH, self.pid)
        self.wait_parked()

    def wait_parked(self):
        while process_state(self.pid) != "T":
            time.sleep(0)

    def unpark(self, resume):
        """Attaches again; resume() sends the SIGCONT."""
        self._seize()
        self._wait()
        resume()

    def detach(self):
        ptrace(PTRACE_DETACH, self.pid)

    # from here on: only x86_64

    def watch(self, addresses):
        """From now on each access to one of up to four bytes is a stop of wait_access().
        Returns whether this machine can do it."""
        if platform.machine() != "x86_64":
            return False
        debug_registers = 848       # offsetof(struct user, u_debugreg)
        control = 0
        try:
            for i, address in enumerate(addresses):
                ptrace(PTRACE_POKEUSER, self.pid, debug_registers + 8 * i, address)
                control |= 1 << 2 * i | 3 << 16 + 4 * i     # read and write, one byte
            ptrace(PTRACE_POKEUSER, self.pid, debug_registers + 8 * 7, control)
        except OSError:
            return False
        return True

    def wait_access(self):
        """Continues to the next access to a watched byte; False when it has ended."""
        deliver = 0
        while self.status is None:
            ptrace(PTRACE_CONT, self.pid, 0, deliver)
            number, event = self._wait()
            if number == signal.SIGTRAP and not event:
                return True
            deliver = 0 if event or number is None else number
        return False

    def _set_registers(self, values):
        """values: by position in struct user_regs_struct."""
        if platform.machine() != "x86_64":
            raise OSError(errno.ENOSYS, "registers are known for x86_64 alone")
        registers = ctypes.create_string_buffer(27 * 8)
        ptrace(PTRACE_GETREGS, self.pid, 0, ctypes.addressof(registers))
        for position, value in values.items():
            struct.pack_into("Q", registers, 8 * position, value & 0xffffffffffffffff)
        ptrace(PTRACE_SETREGS, self.pid, 0, ctypes.addressof(registers))

    def replace_call(self, name, *args):
        """Replaces the system call that begins by another one; returns its result."""
        rdi, rsi, rdx, r10, r8, r9 = 14, 13, 12, 7, 9, 8
        values = dict(zip((rdi, rsi, rdx, r10, r8, r9), args))
        self._set_registers({ORIG_RAX: CALL_NUMBERS[name], **values})
        stop = self.step()
        return stop.result if stop else None

    def fake_call(self, answer):
        """Skips the system call that begins, and returns a result in the kernel's place."""
        self._set_registers({ORIG_RAX: -1})
        self.step()
        self._set_registers({RAX: answer})


def call_is(stop, name, first):
    """Whether it is this call with this first argument."""
    return stop.name == name and stop.args[0] & 0xffffffff == first


def process_state(pid):
    """The letter of proc_pid_stat(5)."""
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0]


class Run:
    """A program started as Host.run() does it, and traced from its start."""

    def __init__(self, host, path, args, caller=ELSA, as_root=None, as_user=None):
        self.host = host
        gate_read, gate_write = os.pipe()
        out_read, out_write = os.pipe()
        err_read, err_write = os.pipe()
        host.read_log()
        self.start = time.monotonic()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
                os.dup2(out_write, 1)
                os.dup2(err_write, 2)
                become_caller(caller, as_root, as_user)
                os.read(gate_read, 1)
                os.execve(path, [os.path.basename(path), *map(str, args)],
                          {"PATH": CLEAN_PATH, "LC_ALL": "C.UTF-8"})
            finally:
                os._exit(126)
        for fd in (gate_read, out_write, err_write):
            os.close(fd)
        self.output = []
        # in a thread, since a program with much output would wait for its reader forever
        self.reader = threading.Thread(
            target=lambda: self.output.extend(read_all(out_read, err_read)), daemon=True)
        self.reader.start()
        self.tracee = Tracee(self.pid)
        os.write(gate_write, b"!")
        os.close(gate_write)
        self.tracee.run_to_exec()

    def steps(self):
        while (stop := self.tracee.step()):
            yield stop

    def stop_at(self, name, path="", entry=True):
        """Continues to the begin (or end) of the next call of this name whose path ends
        so; "open" is any call that opens a file. Returns the stop, or None if the program
        has ended before."""
        names = OPENS if name == "open" else (name,)
        for stop in self.steps():
            if stop.name in names and stop.entry == entry and stop.path.endswith(path):
                return stop
        return None

    def finish(self):
        """Lets the program run to its end, untraced."""
        status = self.tracee.status
        if status is None:
            self.tracee.detach()
            _, status = os.waitpid(self.pid, 0)
        self.reader.join()
        return Result(os.waitstatus_to_exitcode(status), *self.output,
                      self.host.read_log(), time.monotonic() - self.start)
