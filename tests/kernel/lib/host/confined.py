# SPDX-License-Identifier: BSD-3-Clause
"""Callers that the kernel confines: a user namespace inside another, seccomp filters and
Landlock; with the numbers of prctl(2) and of system calls for it."""

import ctypes
import errno
import os
import struct

from host.base import ELSA, Caller, libc, prctl

PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_CAPBSET_DROP = 4, 22, 24
PR_SET_SECUREBITS, PR_SET_NO_NEW_PRIVS = 28, 38
SECBIT_NOROOT = 1
CLONE_FS = 0x200
# numbers of system calls
SYS_CLONE, SYS_OPENAT = {"aarch64": (220, 56)}.get(os.uname().machine, (56, 257))
SYS_OPENAT2, SYS_LANDLOCK_CREATE, SYS_LANDLOCK_ADD, SYS_LANDLOCK_RESTRICT = 437, 444, 445, 446
LANDLOCK_WRITE_FILE, LANDLOCK_PATH = 1 << 1, 1


def nested(s, maps, uid):
    """A caller in a new namespace of elsa's with these maps."""
    target = s.host.target("ns", ELSA)
    for which in "ug":
        with open(f"/proc/{target.pid}/{which}id_map", "w") as file:
            file.write(maps)
    return Caller("root", uid, uid, userns=target.pid)


LOAD, JUMP_EQUAL, AND, RETURN = 0x20, 0x15, 0x54, 0x06
ALLOW, ERRNO = 0x7fff0000, 0x00050000


def filter_calls(code):
    """Installs a seccomp filter."""
    filters = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *row) for row in code))
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(code),
                                                      ctypes.addressof(filters)))
    prctl(PR_SET_SECCOMP, 2, ctypes.addressof(program))


def refuse_to_open_for_writing(_):
    """openat2() answers EPERM, and openat() with O_WRONLY too."""
    filter_calls([(LOAD, 0, 0, 0), (JUMP_EQUAL, 4, 0, SYS_OPENAT2), (JUMP_EQUAL, 0, 4, SYS_OPENAT),
                  (LOAD, 0, 0, 32), (AND, 0, 0, os.O_ACCMODE),
                  (JUMP_EQUAL, 0, 1, os.O_WRONLY), (RETURN, 0, 0, ERRNO | errno.EPERM),
                  (RETURN, 0, 0, ALLOW)])


def refuse_openat2(number):
    """As filters that are older than openat2() do."""
    return lambda _: filter_calls([(LOAD, 0, 0, 0), (JUMP_EQUAL, 0, 1, SYS_OPENAT2),
                                   (RETURN, 0, 0, ERRNO | number), (RETURN, 0, 0, ALLOW)])


def landlocked(_, path=None):
    """Landlock: no file can be opened for writing, but for this one."""
    ruleset = ctypes.create_string_buffer(struct.pack("Q", LANDLOCK_WRITE_FILE), 8)
    fd = libc.syscall(SYS_LANDLOCK_CREATE, ruleset, ctypes.c_size_t(8), 0)
    if fd < 0:
        raise OSError(ctypes.get_errno(), "landlock")
    if path:
        # kept open, since /proc makes a new file when it drops an old one
        rule = ctypes.create_string_buffer(struct.pack("=Qi", LANDLOCK_WRITE_FILE,
                                                       os.open(path, os.O_PATH)), 12)
        if libc.syscall(SYS_LANDLOCK_ADD, fd, LANDLOCK_PATH, rule, 0) != 0:
            raise OSError(ctypes.get_errno(), "landlock")
    if libc.syscall(SYS_LANDLOCK_RESTRICT, fd, 0) != 0:
        raise OSError(ctypes.get_errno(), "landlock")
    os.close(fd)
