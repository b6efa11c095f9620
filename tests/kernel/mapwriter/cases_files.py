# SPDX-License-Identifier: BSD-3-Clause
"""The database as a file: missing, special, unreadable, untrusted, huge."""

import os
import re

import differential as d
from differential import Table, cannot_open, granted, not_allowed, refused
from host import remove

TABLE = Table()
case = TABLE.case
GRANT = "elsa:100000:65536\n"
ASK = "PID 0 100000 1"
OWN = "PID 0 5001 1"
CANNOT_OPEN = refused(re.compile(r"{prog}: cannot open {file}: .+"))


def special(name, make, want, cls_other, cls_own, **options):
    """A database that is not used: the own id works, everything else fails with the reason."""
    case(f"{name}", ASK, want, db=make, cls=cls_other, **options)
    case(f"{name}, own id", OWN, granted(setgroups="deny"), db=make, cls=cls_own, **options)
    case(f"{name}, own id and more", "PID 0 5001 1 1 100000 1", want, db=make,
         cls=cls_other, **options)


def missing(_, path):
    remove(path)


def symlink(host, path):
    host.write("/etc/subid-elsewhere", GRANT)
    remove(path)
    os.symlink("/etc/subid-elsewhere", path)


def dangling(_, path):
    remove(path)
    os.symlink("/etc/subid-nowhere", path)


def directory(_, path):
    remove(path)
    os.mkdir(path)


def fifo(_, path):
    remove(path)
    os.mkfifo(path, 0o644)


def device(number):
    def make(_, path):
        remove(path)
        os.mknod(path, 0o644 | 0o020000, os.makedev(1, number))
    return make


def with_mode(mode, owner=(0, 0)):
    return lambda host, path: host.write(path, GRANT, mode, owner)


def sparse(size):
    def make(host, path):
        host.write(path, GRANT)
        os.truncate(path, size)
    return make


special("no file", missing, cannot_open("No such file or directory"), d.MISSING_OTHER,
        d.MISSING_OWN)
special("file is a symlink", symlink, cannot_open("Too many levels of symbolic links"),
        d.MISSING_OTHER, d.MISSING_OWN)
special("file is a dangling symlink", dangling,
        cannot_open("Too many levels of symbolic links"), d.MISSING_OTHER, d.MISSING_OWN)
special("file is a directory", directory, CANNOT_OPEN, d.MISSING_OTHER, d.MISSING_OWN)
special("file is a fifo", fifo, CANNOT_OPEN, d.NOT_REGULAR, None)
special("file is /dev/null", device(3), CANNOT_OPEN, d.NOT_REGULAR, None)
special("file is /dev/zero", device(5), CANNOT_OPEN, None, None,
        oracle="Debian's reads it without an end")

# --- who may write it ---
for mode in (0o666, 0o646, 0o602, 0o606, 0o777, 0o1666, 0o4646):
    special(f"file of mode {mode:04o}", with_mode(mode), CANNOT_OPEN, d.UNTRUSTED, None,
            **({} if mode & 4 else {"installs": ("setuid",)}))
for owner in ((5001, 5001), (5002, 0), (1, 1), (65534, 65534), (5001, 0)):
    special(f"file of owner {owner[0]}:{owner[1]}", with_mode(0o644, owner), CANNOT_OPEN,
            d.UNTRUSTED, None)
for mode in (0o644, 0o664, 0o444, 0o755, 0o4644, 0o1644):
    case(f"file of mode {mode:04o}", ASK, granted(), db=with_mode(mode))
case("file of another group", ASK, granted(), db=with_mode(0o664, (0, 5001)))

# --- readable only for root: a program with file capabilities cannot open it ---
for mode in (0o600, 0o640, 0o400, 0o000):
    case(f"file of mode {mode:04o}, installed setuid", ASK, granted(), db=with_mode(mode),
         installs=("setuid",))
    case(f"file of mode {mode:04o}, file capabilities", ASK,
         cannot_open("Permission denied"), db=with_mode(mode), installs=("fcaps",),
         cls=d.MISSING_OTHER)
case("unreadable file, own id", OWN, granted(setgroups="deny"), db=with_mode(0o600),
     installs=("fcaps",), cls=d.MISSING_OWN)

# --- size ---
special("file larger than 1 GiB", sparse((1 << 30) + 1), CANNOT_OPEN, None, None,
        oracle="Debian's takes many seconds and all memory")
case("file of exactly 1 GiB", ASK, granted(), db=sparse(1 << 30), full_only=True,
     oracle="Debian's takes many seconds and all memory")
case("no ids are taken from the backup", ASK, not_allowed("[0-1) -> [100000-100001)"),
     etc={"subuid-": GRANT, "subgid-": GRANT})
