# SPDX-License-Identifier: BSD-3-Clause
"""Causes of what the kernel refuses: namespaces, privilege, and security modules."""

import ctypes
import errno
import os
import re
import signal
import tempfile

from explain import (ASK, EACCES, EPERM, EROFS, GRANT, NO_SETGROUPS, NO_TARGET, OPEN_EACCES, OWN,
                     WRITE_EPERM, WRONG_OWNER, Cases)
from host import (CAP_SETFCAP, CAP_SETGID, CAP_SETUID, CLONE_FS, CLONE_NEWNS, CLONE_NEWUSER, ELSA,
                  MS_NOSUID, MS_RDONLY, MS_REMOUNT, PR_CAPBSET_DROP, PR_SET_DUMPABLE, Skipped,
                  PR_SET_NO_NEW_PRIVS, PR_SET_SECUREBITS, ROOT, SECBIT_NOROOT, SYS_CLONE,
                  SYS_LANDLOCK_CREATE, landlocked, libc, mount, nested, prctl, refuse_openat2,
                  refuse_to_open_for_writing, require, root_shell, set_file_capabilities, unshare,
                  writable)

CASES = Cases()
case = CASES.case

CLONE_NEWPID = 0x20000000


# --- the kernel: namespaces ---

@case("target in the same namespace", "NAMESPACE_OURS")
def _(s):
    s.database(GRANT)
    s.kind_of_target = "plain"
    cure = "have it enter a new one first, as unshare --user does"
    s.refused(ASK, WRITE_EPERM, "NAMESPACE_OURS", cure)
    s.refused(OWN, NO_SETGROUPS if s.kind == "g" else WRITE_EPERM, "NAMESPACE_OURS", cure,
              setgroups=EACCES if s.kind == "g" else None)
    s.kind_of_target = "ns"
    s.granted(ASK)


def parent_of(pid):
    with open(f"/proc/{pid}/status") as file:
        return int(re.search(r"^PPid:\t(\d+)$", file.read(), re.M)[1])


@case("target in a grandchild namespace", "NAMESPACE_OTHER")
def _(s):
    """Carried out with nsenter: inside, the caller's own id is 0."""
    s.database(GRANT + "root:0:1\n")
    s.kind_of_target = "grandchild"
    target = s.host.target("grandchild", ELSA)
    cure = ("run {mapper} in the namespace in which that one was made, as with nsenter --user")
    s.refused(ASK, WRITE_EPERM, "NAMESPACE_OTHER", cure, target=target)
    s.refused(OWN, WRITE_EPERM, "NAMESPACE_OTHER", cure, target=target)
    parent = parent_of(target.pid)
    found = s.host.run("/usr/bin/nsenter", ["--user", "--preserve-credentials", "-t",
                                            str(parent), "--", s.path, str(target.pid),
                                            "0", "0", "1"], ELSA)
    require(found.status == 0, f"not fixed: {found.err}")
    require(target.map(s.kind) == ((0, 5001, 1),), f"map {target.map(s.kind)}")


@case("map is written already", "ALREADY_MAPPED")
def _(s):
    s.database(GRANT)
    cure = "start a new process in a new user namespace, and map all ids at once"
    s.granted(ASK)
    s.refused("PID 0 100000 10", WRITE_EPERM, "ALREADY_MAPPED", cure, target=s.target)
    s.granted(OWN, setgroups="deny")
    s.refused(ASK, WRITE_EPERM, "ALREADY_MAPPED", cure, target=s.target)
    s.granted(ASK)


# --- setgroups ---
#
# A namespace that denies setgroups never prevents a map: newgidmap has nothing
# left to write there, and a range is mapped all the same. What can fail is the change from
# allow to deny. The kernel refuses it once gid_map is written, and in a directory that cannot
# be written to (another namespace, a zombie, a read-only /proc: cases above and below).

@case("map is written already, with setgroups allowed", "ALREADY_MAPPED", kinds="g")
def _(s):
    s.database(GRANT)
    s.granted(ASK, setgroups="allow")
    s.refused(OWN, NO_SETGROUPS, "ALREADY_MAPPED", setgroups=EPERM, target=s.target,
              cure="start a new process in a new user namespace, and map all ids at once")
    s.granted(OWN, setgroups="deny")


@case("setgroups denied before", kinds="g", installs=("setuid", "fcaps", "bare"))
def _(s):
    """The map is written, also by a program without privilege."""
    s.database(GRANT)
    s.kind_of_target = "denied"
    s.granted(OWN, setgroups="deny")
    if s.install != "bare":
        s.granted(ASK, setgroups="deny")


@case("own gid from the database, without privilege", "NO_PRIVILEGE", kinds="g",
       installs=("bare",))
def _(s):
    """setgroups stays allowed then, which needs CAP_SETGID."""
    s.database("elsa:5001:1\n")
    s.refused(OWN, WRITE_EPERM, "NO_PRIVILEGE")
    s.fix()
    s.granted(OWN, setgroups="allow")


# --- the kernel: privilege ---

@case("program without setuid bit", "NO_PRIVILEGE", installs=("bare",))
def _(s):
    s.database(GRANT)
    s.refused(ASK, WRITE_EPERM, "NO_PRIVILEGE")
    s.granted(OWN, setgroups="deny")
    s.fix()
    s.granted(ASK)


@case("mode on record at dpkg", "NO_PRIVILEGE", installs=("bare",))
def _(s):
    s.database(GRANT)
    writable(s.host, "/var/lib/dpkg")
    for mode, command in (
            ("4755", "chmod 4755 {program}"),
            ("0755", "dpkg-statoverride --update --force-statoverride-add --add root root 4755 "
             "{program}")):
        s.host.write("/var/lib/dpkg/statoverride", f"root root {mode} {s.path}\n")
        s.refused(ASK, WRITE_EPERM, "NO_PRIVILEGE", command)
    s.fix()
    with open("/var/lib/dpkg/statoverride") as file:
        require(file.read() == f"root root 4755 {s.path}\n", "the record is not the new one")
    s.granted(ASK)


@case("program of another owner", "NO_PRIVILEGE", installs=("setuid",))
def _(s):
    s.database(GRANT)
    os.chown(s.path, 5002, 5002)
    os.chmod(s.path, 0o4755)
    s.refused(ASK, WRITE_EPERM, "NO_PRIVILEGE", owner=5002)

    def install_again():
        s.path = s.copy("setuid")
    s.fix(install_again)
    s.granted(ASK)


@case("program with other capabilities", "NO_PRIVILEGE", installs=("bare",))
def _(s):
    s.database(GRANT)
    set_file_capabilities(s.path, (CAP_SETGID if s.kind == "u" else CAP_SETUID,))
    s.refused(ASK, WRITE_EPERM, "NO_PRIVILEGE", capability=f"cap_set{s.kind}id")
    s.fix()
    s.granted(ASK)


@case("capabilities replace the setuid bit", "NO_PRIVILEGE", installs=("setuid",))
def _(s):
    s.database(GRANT)
    set_file_capabilities(s.path, (CAP_SETFCAP,))
    s.refused(ASK, WRITE_EPERM, "NO_PRIVILEGE", capability=f"cap_set{s.kind}id")
    s.fix()
    s.granted(ASK)


@case("file system mounted nosuid", "NOSUID")
def _(s):
    s.database(GRANT)
    directory = tempfile.mkdtemp(dir=f"{s.host.tmpdir}/bin")
    mount("tmpfs", directory, "tmpfs", MS_NOSUID, "mode=755")
    s.path = s.copy(s.install, directory)
    s.refused(ASK, WRITE_EPERM, "NOSUID")
    s.fix()
    s.granted(ASK)


@case("no_new_privs", "NO_NEW_PRIVS")
def _(s):
    s.database(GRANT)
    s.as_user = lambda _: prctl(PR_SET_NO_NEW_PRIVS, 1)
    s.refused(ASK, WRITE_EPERM, "NO_NEW_PRIVS",
              "start again outside of what set it (a sandbox, NoNewPrivileges=, allowPrivilegeEscalation: false, setpriv)")
    s.as_user = None
    s.granted(ASK)


OUTSIDE = "start again outside of what took it (a container, CapabilityBoundingSet=, capsh)"


@case("capability missing in the bounding set", "BOUNDING_SET", installs=("setuid",))
def _(s):
    """With file capabilities the program does not start at all."""
    s.database(GRANT)
    s.as_root = lambda s: prctl(PR_CAPBSET_DROP, CAP_SETUID if s.kind == "u" else CAP_SETGID)
    s.refused(ASK, WRITE_EPERM, "BOUNDING_SET", OUTSIDE, capability=f"cap_set{s.kind}id")
    s.as_root = None
    s.granted(ASK)


@case("CAP_SETFCAP missing in the bounding set", "BOUNDING_SET", kinds="u",
       installs=("setuid",))
def _(s):
    s.database("elsa:0:1\n")
    s.as_root = lambda _: prctl(PR_CAPBSET_DROP, CAP_SETFCAP)
    s.refused("PID 0 0 1", WRITE_EPERM, "BOUNDING_SET", OUTSIDE, capability="cap_setfcap")
    s.as_root = None
    s.granted("PID 0 0 1")


@case("root without the capability", "BOUNDING_SET", installs=("setuid", "bare"))
def _(s):
    """Root needs no setuid bit, and does not gain from one."""
    s.database("root:100000:65536\n")
    s.caller = ROOT
    s.as_root = lambda s: prctl(PR_CAPBSET_DROP, CAP_SETUID if s.kind == "u" else CAP_SETGID)
    s.refused(ASK, WRITE_EPERM, "BOUNDING_SET", OUTSIDE, capability=f"cap_set{s.kind}id")
    s.as_root = None
    s.granted(ASK)


@case("outer uid 0 with cap_setuid alone", "NO_SETFCAP", kinds="u", installs=("fcaps",))
def _(s):
    s.database("elsa:0:1\nelsa:100000:10\n")
    s.refused("PID 0 0 1", WRITE_EPERM, "NO_SETFCAP")
    s.fix()
    s.granted("PID 0 0 1")


@case("program without setuid bit, outer uid 0", "NO_PRIVILEGE", kinds="u",
       installs=("bare",))
def _(s):
    s.database("elsa:0:1\n")
    s.refused("PID 0 0 1", WRITE_EPERM, "NO_PRIVILEGE")
    s.fix()
    s.granted("PID 0 0 1")


@case("program with other capabilities, outer uid 0", "NO_PRIVILEGE", kinds="u",
       installs=("bare",))
def _(s):
    s.database("elsa:0:1\n")
    set_file_capabilities(s.path, (CAP_SETGID,))
    s.refused("PID 0 0 1", WRITE_EPERM, "NO_PRIVILEGE", capability="cap_setuid")
    s.fix()
    s.granted("PID 0 0 1")


@case("caller is traced", "TRACED")
def _(s):
    s.database(GRANT)
    ask = ASK.split()
    program, s.path = s.path, "/usr/bin/strace"
    strace = ["-o", "/dev/null", "-e", "trace=none"]
    s.run([*strace, program, *ask])
    s.path = program
    s.explained(WRITE_EPERM, "TRACED", "run it without, or as root with strace -u")
    s.granted(ASK)
    s.path, s.caller, s.owner = "/usr/bin/strace", ROOT, ELSA
    s.granted(["-u", "elsa", *strace, program, *ask], [(0, 100000, 1000)])


def share_working_directory(_):
    """The program is started by a process that shares its root and working directory."""
    prctl(PR_SET_DUMPABLE, 1)
    pid = libc.syscall(SYS_CLONE, ctypes.c_ulong(CLONE_FS | signal.SIGCHLD), 0, 0, 0, 0)
    if pid != 0:
        os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


@case("started with CLONE_FS", "SHARED_FS")
def _(s):
    s.database(GRANT)
    s.as_user = share_working_directory
    s.refused(ASK, WRITE_EPERM, "SHARED_FS",
              "start it by fork or posix_spawn, not by clone with CLONE_FS")
    s.as_user = None
    s.granted(ASK)


@case("SECBIT_NOROOT", "SECUREBITS", installs=("setuid",))
def _(s):
    s.database(GRANT)
    s.as_root = lambda _: prctl(PR_SET_SECUREBITS, SECBIT_NOROOT)
    s.refused(ASK, WRITE_EPERM, "SECUREBITS")
    s.fix()
    s.granted(ASK)


@case("SECBIT_NOROOT, outer uid 0", "SECUREBITS", kinds="u", installs=("setuid",))
def _(s):
    s.database("elsa:0:1\n")
    s.as_root = lambda _: prctl(PR_SET_SECUREBITS, SECBIT_NOROOT)
    s.refused("PID 0 0 1", WRITE_EPERM, "SECUREBITS")
    s.fix()
    s.granted("PID 0 0 1")


# --- the kernel: nested ---

@case("ids that do not exist in a container", "OUTER_UNMAPPED")
def _(s):
    s.database("root:1:500\nroot:100000:65536\nroot:600:1000\n")
    s.caller = nested(s, "0 5001 1\n1 100000 1000\n", 0)
    cure = "map ids that /proc/self/{map} shows, or give the outer namespace more"
    s.refused("PID 0 100000 65536", WRITE_EPERM, "OUTER_UNMAPPED", cure,
              missing="100000-165535")
    s.refused("PID 0 600 1000", WRITE_EPERM, "OUTER_UNMAPPED", cure, missing="1001-1599")
    s.granted("PID 0 1 500", [(0, 100000, 500)])
    s.caller = nested(s, "0 5001 1\n1 100000 65536\n", 0)
    s.granted("PID 0 600 1000", [(0, 100599, 1000)])


@case("extent across a border of the outer mapping", "OUTER_DIVIDED")
def _(s):
    """The kernel looks up an extent in one line of the outer mapping; single ids that a user
    has besides a range make several lines."""
    s.database("root:1:65536\n")
    s.caller = nested(s, "0 5001 1\n1 100007 1\n2 100005 1\n3 200000 65536\n", 0)
    s.refused("PID 70000 0 1 0 1 65536", WRITE_EPERM, "OUTER_DIVIDED",
              "pass in place of extent 2: 0 1 1 1 2 1 2 3 65534", extent="2 (0 1 65536)")
    pieces = s.cure.rpartition(": ")[2]
    s.granted(f"PID 70000 0 1 {pieces}",
              [(70000, 5001, 1), (0, 100007, 1), (1, 100005, 1), (2, 200000, 65534)])


@case("extent across many borders", "OUTER_DIVIDED")
def _(s):
    """More extents than fit."""
    s.database("root:1:65536\n")
    outer = "".join(f"{at} {100000 + 2 * at} 1\n" for at in range(1, 200))
    s.caller = nested(s, "0 5001 1\n" + outer, 0)
    s.refused("PID 1000000000 1 199", WRITE_EPERM, "OUTER_DIVIDED",
              "divide it where a line of /proc/self/{map} ends",
              extent="1 (1000000000 1 199)")
    s.granted("PID 0 1 1 1 2 1", [(0, 100002, 1), (1, 100004, 1)])


@case("setuid program of an owner outside", "PROGRAM_OWNER_UNMAPPED", installs=("setuid",))
def _(s):
    """In a container, root of the container has to make a setuid copy."""
    s.database("elsa:1:500\n", owner=(65534, 65534))
    s.host.write("/etc/passwd", "root:x:0:0::/:/bin/sh\nelsa:x:1000:1000::/:/bin/sh\n")
    maps = "0 100000 1000\n1000 5001 1\n"
    s.caller = nested(s, maps, 1000)._replace(name="elsa")
    s.refused("PID 0 1 500", WRITE_EPERM, "PROGRAM_OWNER_UNMAPPED",
              "use a copy that the root of this namespace has made setuid")
    os.chown(s.path, 100000, 100000)
    os.chmod(s.path, 0o4755)
    s.granted("PID 0 1 500", [(0, 100001, 500)])


# --- the kernel: filters and security modules ---

@case("seccomp filter", "SECCOMP")
def _(s):
    s.database(GRANT)
    s.as_root = refuse_to_open_for_writing
    s.refused(ASK, "open of {map} failed: " + EPERM, "SECCOMP",
              "start again outside of what set it (a container, SystemCallFilter=)")
    for number in (errno.EPERM, errno.ENOSYS):
        s.as_root = refuse_openat2(number)
        s.granted(ASK)
    s.as_root = None
    s.granted(ASK)


def under_landlock(s, first_line, cause, **values):
    if libc.syscall(SYS_LANDLOCK_CREATE, None, ctypes.c_size_t(0), 1) < 0:
        raise Skipped("this kernel has no Landlock")
    s.database(GRANT)
    s.refused(ASK, first_line, cause, **values)

    def leave():
        s.as_root = None
    s.fix(leave)
    s.granted(ASK)


@case("security module", "SECURITY_MODULE")
def _(s):
    s.as_root = landlocked
    under_landlock(s, OPEN_EACCES, "SECURITY_MODULE")


@case("a refusal without any sign", "UNEXPLAINED")
def _(s):
    """No module is named without a sign of it."""
    s.as_root = lambda s: landlocked(s, f"/proc/{s.target.pid}/comm")
    under_landlock(s, OPEN_EACCES, "UNEXPLAINED")
    require("checked: " in s.cure and "SELinux" in s.cure, s.cure)


# --- /proc ---

def without_proc(then=lambda: None):
    """A mount namespace without /proc, in which @then is done."""
    unshare(CLONE_NEWNS)
    mount("tmpfs", "/proc", "tmpfs")
    then()


@case("/proc is not mounted", "PROC_MISSING")
def _(s):
    s.database(GRANT)
    s.as_root = lambda _: without_proc()
    s.refused(ASK, NO_TARGET, "PROC_MISSING")
    cure = s.cure
    s.as_root = lambda s: without_proc(lambda: require(
        root_shell(s.host, cure).returncode == 0, "the cure fails"))
    s.granted(ASK)
    s.cures.note("PROC_MISSING", cure)


def own_processes(s, proc):
    """A pid namespace, and in it process 2 of elsa's in a new user namespace. @proc: /proc is
    that of the new namespace."""
    unshare(CLONE_NEWPID | CLONE_NEWNS)
    pid = os.fork()
    if pid != 0:
        os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    if proc:
        mount("proc", "/proc", "proc")
    ready, ended = os.pipe()
    if os.fork() == 0:
        ELSA.become()
        prctl(PR_SET_DUMPABLE, 1)
        unshare(CLONE_NEWUSER)
        os.close(ended)
        signal.pause()
    os.close(ended)
    os.read(ready, 1)


@case("/proc is that of another pid namespace", "PROC_OTHER")
def _(s):
    """In the /proc outside, process 2 is another process, or there is none."""
    s.database(GRANT)
    ask = "2 0 100000 1000"
    first_line = NO_TARGET
    if os.path.exists("/proc/2"):
        status = os.stat("/proc/2")
        first_line = WRONG_OWNER, {"pw_uid": 5001, "st_uid": status.st_uid, "pw_gid": 5001,
                                   "st_gid": status.st_gid}
    s.as_root = lambda s: own_processes(s, proc=False)
    s.refused(ask, first_line, "PROC_OTHER",
              "start again with a /proc of this pid namespace, as by unshare --mount-proc or "
              "bwrap --proc /proc")
    s.as_root = lambda s: own_processes(s, proc=True)
    result = s.run(ask)
    require(result.status == 0, f"not fixed: {result.err}")


@case("/proc is read-only", "PROC_READ_ONLY")
def _(s):
    s.database(GRANT)
    for ask, first, setgroups in (
            (ASK, "open of {map} failed: " + EROFS, None),
            (OWN, NO_SETGROUPS if s.kind == "g" else "open of {map} failed: " + EROFS,
             EROFS if s.kind == "g" else None)):
        mount("proc", "/proc", "proc", MS_RDONLY | MS_REMOUNT)
        try:
            s.refused(ask, first, "PROC_READ_ONLY", setgroups=setgroups)
            s.fix()
        finally:
            mount("proc", "/proc", "proc", MS_REMOUNT)
        s.granted(ask)
