# SPDX-License-Identifier: BSD-3-Clause
"""The process whose map is written: by PID and by descriptor, its owner, its state."""

import os
import re

import differential as d
from differential import (Table, granted, not_allowed, open_failed, refused, usage,
                          write_failed)
from host import ANNA, CLONE_NEWNS, ELSA, ELSA_IN_TEAM, ROOT, Caller, mount, unshare

TABLE = Table()
case = TABLE.case
GRANT = "elsa:100000:65536\n"
ASK = "PID 0 100000 1"
OWN = "PID 0 5001 1"
EPERM = write_failed("Operation not permitted")
EACCES = open_failed("Permission denied")
NO_SETGROUPS = refused("{prog}: failed to setgroups deny")
NO_PROC = d.NO_PROC


def owned_by_another(uid, gid, caller=5001, group=5001):
    return refused("{prog}: Target process is owned by a different user: "
                   f"uid:{caller} pw_uid:{caller} st_uid:{uid}, "
                   f"gid:{group} pw_gid:{group} st_gid:{gid}")


# --- states of an own process ---
case("target is a thread", ASK, granted(), db=GRANT, target="thread")
case("target is a thread, own id", OWN, granted(setgroups="deny"), target="thread")
case("target denies setgroups", ASK, granted(), db=GRANT, target="denied")
case("target denies setgroups, own id", OWN, granted(), db=GRANT, target="denied")
for target in ("nondumpable", "zombie"):
    case(f"target {target}", ASK, EACCES, db=GRANT, target=target, cls=d.NOT_DUMPABLE,
         differs=("setuid",))
    case(f"target {target}, own uid", OWN, EACCES, target=target, kinds=("u",),
         cls=d.NOT_DUMPABLE, differs=("setuid",))
    case(f"target {target}, own gid, installed setuid", OWN, NO_SETGROUPS, target=target,
         kinds=("g",), installs=("setuid",), cls=d.NOT_DUMPABLE)
    case(f"target {target}, own gid, file capabilities", OWN, NO_SETGROUPS, target=target,
         kinds=("g",), installs=("fcaps",), cls=d.SETGROUPS_TEXT)
case("target has ended, own id", OWN, NO_PROC, target="dead")

# --- namespaces ---
case("target in our own namespace", ASK, EPERM, db=GRANT, target="plain")
case("target in our own namespace, own uid", OWN, EPERM, target="plain", kinds=("u",))
case("target in our own namespace, own gid", OWN, NO_SETGROUPS, target="plain",
     kinds=("g",), cls=d.SETGROUPS_TEXT, differs=("fcaps",))
case("target in our own namespace, not delegated", ASK,
     not_allowed("[0-1) -> [100000-100001)"), target="plain")
case("target in a grandchild namespace", ASK, EPERM, db=GRANT, target="grandchild")
case("target in a grandchild namespace, own id", OWN, EPERM, target="grandchild")
case("target that is mapped already", ASK, EPERM, db=GRANT, target="mapped")
case("target that is mapped already, own id", OWN, EPERM, target="mapped")

def map_first(words):
    """Runs the same program with other arguments before the run that is checked."""
    def prepare(context):
        first = [word.replace("PID", str(context.pid)) for word in words.split()]
        result = context.run(first)
        assert result.status == 0, result
    return prepare


case("map written twice, the same", ASK, EPERM, db=GRANT, prepare=map_first(ASK))
case("map written twice, another range", "PID 0 100100 5", EPERM, db=GRANT,
     prepare=map_first(ASK))
case("map written twice, first a range, then own uid", OWN, EPERM, db=GRANT, kinds=("u",),
     prepare=map_first(ASK))
case("map written twice, first a range, then own gid", OWN, NO_SETGROUPS, db=GRANT,
     kinds=("g",), prepare=map_first(ASK))
case("map written twice, first own id, then a range", ASK, EPERM, db=GRANT,
     prepare=map_first(OWN))
case("map written twice, own id", OWN, EPERM, prepare=map_first(OWN))

# --- whose process it is ---
case("target of another user", ASK, owned_by_another(5002, 5002), db=GRANT, owner=ANNA,
     cls=d.OTHER_OWNER)
case("target of another user, own id", OWN, owned_by_another(5002, 5002), owner=ANNA,
     cls=d.OTHER_OWNER)
case("target of another user, that user's id", "PID 0 5002 1", owned_by_another(5002, 5002),
     owner=ANNA, cls=d.OTHER_OWNER)
case("target of another user, nothing delegated", ASK, owned_by_another(5002, 5002),
     owner=ANNA, cls=d.OTHER_OWNER)
case("target of the same user in another group", ASK, owned_by_another(5001, 6000),
     db=GRANT, owner=ELSA_IN_TEAM, cls=d.OTHER_OWNER)
case("target of root", ASK, owned_by_another(0, 0), db=GRANT, owner=ROOT, cls=d.OTHER_OWNER)
case("target is process 1", "1 0 100000 1", owned_by_another(0, 0), db=GRANT,
     cls=d.OTHER_OWNER)
case("target is process 1, own id", "1 0 5001 1", owned_by_another(0, 0), db=GRANT,
     cls=d.OTHER_OWNER)
case("root and the target of a user", ASK, owned_by_another(5001, 5001, 0, 0),
     db="root:100000:65536\n", caller=ROOT, owner=ELSA, cls=d.OTHER_OWNER)
case("not dumpable target of another user", ASK, owned_by_another(5002, 5002), db=GRANT,
     target="nondumpable", owner=ANNA, cls=d.OTHER_OWNER)
case("target with effective ids of the caller", ASK, granted(), db=GRANT,
     owner=ELSA._replace(real_uid=5002, real_gid=5002))
case("target with only the real ids of the caller", ASK, owned_by_another(5002, 5002),
     db=GRANT, owner=ANNA._replace(real_uid=5001, real_gid=5001), cls=d.OTHER_OWNER)
MIXED = Caller("elsa", 5002, 5001, real_uid=5001)
case("caller's real uid counts, not the effective one", ASK, granted(), db=GRANT,
     caller=MIXED, owner=ELSA, cls=d.REAL_IDS, differs=("fcaps",))
case("caller's real uid counts, own id", OWN, granted(setgroups="deny"), caller=MIXED,
     owner=ELSA, cls=d.REAL_IDS, differs=("fcaps",))
case("caller's effective uid is not the own one", "PID 0 5002 1",
     not_allowed("[0-1) -> [5002-5003)"), caller=MIXED, owner=ELSA)
MIXED_GID = Caller("elsa", 5001, 6000, real_gid=5001)
case("caller's real gid counts, not the effective one", ASK, granted(), db=GRANT,
     caller=MIXED_GID, owner=ELSA)
case("caller's real gid is the own one", OWN, granted(setgroups="deny"), caller=MIXED_GID,
     owner=ELSA)
case("caller's effective gid is not the own one", "PID 0 6000 1",
     not_allowed("[0-1) -> [6000-6001)"), caller=MIXED_GID, owner=ELSA)
case("caller's effective gid is not the target's", ASK, owned_by_another(5001, 6000),
     db=GRANT, caller=MIXED_GID, owner=ELSA_IN_TEAM, cls=d.OTHER_OWNER)
case("caller's effective uid does not count", ASK,
     refused("{prog}: Target process is owned by a different user: uid:5001 pw_uid:5001 "
             "st_uid:5002, gid:5001 pw_gid:5001 st_gid:5001"),
     db="anna:100000:65536\n", caller=MIXED, owner=ANNA._replace(gid=5001),
     cls=d.OTHER_OWNER)


# --- by descriptor ---

FD = 9


def descriptor(path, flags=os.O_RDONLY | os.O_DIRECTORY):
    """Opens path as the caller and puts it at FD."""
    def as_user(context):
        found = os.open(path.replace("PID", str(context.pid)), flags)
        os.dup2(found, FD)
    return as_user


def pidfd(context):
    os.dup2(os.pidfd_open(context.pid), FD)


BY_FD = f"fd:{FD} 0 100000 1"
BY_FD_OWN = f"fd:{FD} 0 5001 1"
for name, flags in (("O_RDONLY", os.O_RDONLY), ("O_PATH", os.O_PATH),
                    ("O_PATH and O_DIRECTORY", os.O_PATH | os.O_DIRECTORY),
                    ("O_RDONLY and O_DIRECTORY", os.O_RDONLY | os.O_DIRECTORY)):
    case(f"descriptor of /proc/PID, {name}", BY_FD, granted(), db=GRANT,
         as_user=descriptor("/proc/PID", flags), cls=d.FD_TARGET)
    case(f"descriptor of /proc/PID, {name}, own id", BY_FD_OWN, granted(setgroups="deny"),
         as_user=descriptor("/proc/PID", flags), cls=d.FD_TARGET)
    case(f"descriptor of /proc/PID, {name}, not delegated", BY_FD,
         not_allowed("[0-1) -> [100000-100001)"), as_user=descriptor("/proc/PID", flags),
         cls=d.FD_TARGET)
case("descriptor of /proc/PID/task/PID", BY_FD, granted(), db=GRANT,
     as_user=descriptor("/proc/PID/task/PID"), cls=d.FD_TARGET)
case("descriptor of another user's process", BY_FD, owned_by_another(5002, 5002), db=GRANT,
     owner=ANNA, as_user=descriptor("/proc/PID", os.O_PATH), cls=d.FD_TARGET)
case("descriptor of process 1", BY_FD, owned_by_another(0, 0), db=GRANT,
     as_user=descriptor("/proc/1", os.O_PATH), cls=d.FD_TARGET)
case("descriptor of a process in our own namespace", BY_FD, EPERM, db=GRANT, target="plain",
     as_user=descriptor("/proc/PID"), cls=d.FD_TARGET)
case("descriptor of a process that is mapped already", BY_FD, EPERM, db=GRANT,
     target="mapped", as_user=descriptor("/proc/PID"), cls=d.FD_TARGET)
case("descriptor of a not dumpable process", BY_FD, EACCES, db=GRANT, target="nondumpable",
     as_user=descriptor("/proc/PID"), cls=d.FD_TARGET)
case("descriptor 0", "fd:0 0 100000 1", granted(), db=GRANT, cls=d.FD_TARGET,
     as_user=lambda context: os.dup2(os.open(f"/proc/{context.pid}", os.O_RDONLY), 0))

NOT_A_PROCESS = refused(re.compile(
    "{prog}: Could not open proc directory for target fd:[0-9]+"))
for name, path in (("/proc", "/proc"), ("/tmp", "/tmp"), ("/", "/"), ("/etc", "/etc"),
                   ("/proc/PID/ns", "/proc/PID/ns"), ("/proc/PID/fd", "/proc/PID/fd"),
                   ("/proc/PID/task", "/proc/PID/task"), ("/proc/sys", "/proc/sys"),
                   ("the caller's home", "/home/elsa")):
    case(f"descriptor of {name}", BY_FD, refused(re.compile("{prog}: .+")), db=GRANT,
         as_user=descriptor(path), cls=d.FD_TARGET)
    case(f"descriptor of {name}, own id", BY_FD_OWN, refused(re.compile("{prog}: .+")),
         as_user=descriptor(path), cls=d.FD_TARGET)
for name, path, flags in (("a file", "/etc/passwd", os.O_RDONLY),
                          ("/proc/PID/uid_map", "/proc/PID/uid_map", os.O_RDWR),
                          ("/proc/PID/uid_map, O_PATH", "/proc/PID/uid_map", os.O_PATH),
                          ("/proc/PID/status", "/proc/PID/status", os.O_RDONLY),
                          ("/proc/PID/ns/user", "/proc/PID/ns/user", os.O_RDONLY),
                          ("/dev/null", "/dev/null", os.O_RDONLY)):
    case(f"descriptor of {name}", BY_FD, NOT_A_PROCESS, db=GRANT,
         as_user=descriptor(path, flags), cls=d.FD_TARGET)
case("descriptor from pidfd_open", BY_FD, NOT_A_PROCESS, db=GRANT, as_user=pidfd,
     cls=d.FD_TARGET)
case("descriptor that is closed", BY_FD, NOT_A_PROCESS, db=GRANT, cls=d.FD_TARGET)
for number in range(3, 9):
    # only the program itself opens a descriptor there
    case(f"descriptor {number} of the program's own", f"fd:{number} 0 100000 1",
         NOT_A_PROCESS, db=GRANT, cls=d.FD_TARGET)
for number in range(3):
    case(f"descriptor {number}, no directory", f"fd:{number} 0 100000 1", NOT_A_PROCESS,
         db=GRANT, cls=d.FD_TARGET)
case("descriptor 2147483647", "fd:2147483647 0 100000 1", NOT_A_PROCESS, db=GRANT,
     cls=d.FD_TARGET)
for text in ("fd:", "fd", "fd:x", "fd:-1", "fd:+9", "fd: 9", "fd:09", "fd:0x9", "fd:9x",
             "fd:9 ", " fd:9", "FD:9", "Fd:9", "fd:9:", "fd:2147483648", "fd:4294967305",
             "fd:18446744073709551625", "fd:fd:9", "pid:9", "fd=9"):
    case(f"descriptor written {text!r}", [text, "0", "100000", "1"], usage(), db=GRANT,
         as_user=descriptor("/proc/PID"))


def descriptor_of_ended(context):
    """The process behind the descriptor ends before the program starts."""
    descriptor("/proc/PID")(context)
    child = os.fork()
    if child == 0:
        os._exit(0)
    found = os.open(f"/proc/{child}", os.O_RDONLY)
    os.waitpid(child, 0)
    os.dup2(found, FD)


case("descriptor of a process that has ended", BY_FD, NOT_A_PROCESS, db=GRANT,
     as_user=descriptor_of_ended, cls=d.FD_TARGET)
case("descriptor of a process that has ended, own id", BY_FD_OWN, NOT_A_PROCESS,
     as_user=descriptor_of_ended, cls=d.FD_TARGET)


# --- hidepid ---

def proc_with(options):
    def as_root(_):
        unshare(CLONE_NEWNS)
        mount("proc", "/proc", "proc", 0, options)
    return as_root


def proc_read_only(_):
    unshare(CLONE_NEWNS)
    mount("proc", "/proc", "proc", 1)


for options in ("hidepid=1", "hidepid=2", "hidepid=4", "subset=pid", "hidepid=2,gid=6000"):
    case(f"own target under {options}", ASK, granted(), db=GRANT,
         as_root=proc_with(options))
    case(f"own target under {options}, own id", OWN, granted(setgroups="deny"),
         as_root=proc_with(options))
for options in ("hidepid=2", "hidepid=4"):
    case(f"another user's target under {options}", ASK, NO_PROC, db=GRANT, owner=ANNA,
         as_root=proc_with(options), cls=d.HIDDEN, differs=("setuid",))
    case(f"another user's target under {options}, own id", OWN, NO_PROC, owner=ANNA,
         as_root=proc_with(options), cls=d.HIDDEN, differs=("setuid",))
    case(f"process 1 under {options}", "1 0 100000 1",
         refused("{prog}: Could not open proc directory for target 1"), db=GRANT,
         as_root=proc_with(options), cls=d.HIDDEN, differs=("setuid",))
    case(f"not dumpable target under {options}", ASK, NO_PROC, db=GRANT,
         target="nondumpable", as_root=proc_with(options), cls=d.NOT_DUMPABLE,
         differs=("setuid",))
# hidepid=1 shows the owner of a directory to all users, but not its files
case("another user's target under hidepid=1", ASK, owned_by_another(5002, 5002), db=GRANT,
     owner=ANNA, as_root=proc_with("hidepid=1"), cls=d.OTHER_OWNER)
case("not dumpable target under hidepid=1", ASK, open_failed("Operation not permitted"),
     db=GRANT, target="nondumpable", as_root=proc_with("hidepid=1"), cls=d.NOT_DUMPABLE)
case("another user's target under hidepid=2, visible for a group", ASK,
     owned_by_another(5002, 5002), db=GRANT, owner=ANNA,
     caller=ELSA._replace(groups=(6000,)), as_root=proc_with("hidepid=2,gid=6000"),
     cls=d.OTHER_OWNER)
case("process that does not exist under hidepid=2", "4194305 0 100000 1",
     refused("{prog}: Could not open proc directory for target 4194305"), db=GRANT,
     as_root=proc_with("hidepid=2"))
case("read-only /proc", ASK, open_failed("Read-only file system"), db=GRANT,
     as_root=proc_read_only)
