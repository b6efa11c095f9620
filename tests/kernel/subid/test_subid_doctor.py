#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""`subid doctor`: each cause that it can find is caused and reported, its command is run as it is
printed, and then the user can run containers again and `subid check` reports nothing new.

The settings of kernels that are patched (kernel.unprivileged_userns_clone) or have AppArmor
are in a recorded /proc/sys here, and a seccomp filter refuses instead of the kernel."""

import contextlib
import ctypes
import errno
import json
import os
import re
import resource
import shutil
import signal
import struct
import subprocess
import tempfile
import time

import subid_box
from cures import NO_COMMAND, OF_USERS, SOMETIMES, Cures, findings, logged_in
from host import (ANNA, CAP_SETGID, CAP_SETUID, CLEAN_PATH, CLONE_NEWNS, CLONE_NEWPID,
                  CLONE_NEWUSER, COMMANDS, ELSA, LOADER_DIRECTORY, MS_BIND, MS_NOSUID, MS_RDONLY,
                  MS_REMOUNT, NOBODY_KNOWS, NSSWITCH, NameService, PR_CAPBSET_DROP,
                  PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, PR_SET_SECUREBITS, Plugins,
                  ROOT, SECBIT_NOROOT, TOP, Wrong, landlocked, libc, mount, nested, own_mounts,
                  prctl, quick, read, remove, require, root_shell, set_file_capabilities, unshare,
                  without_proc, writable)
from subid_box import (DONE, FINDINGS, NOT_WRITTEN, NO_USER, UNREADABLE, USAGE, documented,
                       manual, words)

NOT_PERMITTED = 9
GRANT = "elsa:100000:65536\n"
SYS_UNSHARE = {"aarch64": 97}.get(os.uname().machine, 272)
SYS_FCHOWN = {"aarch64": 55}.get(os.uname().machine, 93)
SYS_OPEN_TREE, SYS_MOVE_MOUNT, SYS_MOUNT_SETATTR = 428, 429, 442
OPEN_TREE_CLONE, MOVE_MOUNT_F_EMPTY_PATH, AT_EMPTY_PATH = 1, 4, 0x1000
MOUNT_ATTR_IDMAP = 0x100000
DUMPABLE = "/proc/sys/fs/suid_dumpable"
SYS_PIDFD_GETFD = 438
SYS_ADD_KEY, SYS_KEYCTL = {"aarch64": (217, 219)}.get(os.uname().machine, (248, 250))

# Causes of map writers that cannot occur here, and why.
NEVER = {
    **dict.fromkeys(("TARGET_NOT_PROC", "TARGET_HIDDEN", "TARGET_GONE", "TARGET_ZOMBIE",
                     "TARGET_NOT_DUMPABLE", "TARGET_NO_MAP", "NAMESPACE_OURS",
                     "NAMESPACE_OTHER", "ALREADY_MAPPED", "OTHER_USER", "GROUP_OF_TARGET"),
                    "the process is its own, and just made"),
    **dict.fromkeys(("OVERLAP_INSIDE", "RANGES_AT_ZERO", "EXTENT_EMPTY"),
                    "it makes the inner ids itself"),
    **dict.fromkeys(("NOT_DELEGATED", "PARTLY_DELEGATED", "PASSED_THROUGH"),
                    "it asks for what is delegated"),
    "UNEXPLAINED": "what refuses everything in a process leaves a sign",
    "OVERLAP_OUTSIDE": "that is two lines of the database, or the own id in one",
    "SHARED_FS": "it starts the map writer itself",
}


class Case:
    def __init__(self, box, cures=None):
        self.box, self.host, self.cures = box, box.host, cures
        self.caller = ELSA
        self.directory = self.copies("setuid")
        self.path = None
        self.program = []
        self.as_root = self.as_user = None
        self.home = "/home/elsa"
        self.args = []
        self.put(GRANT)

    def put(self, uid, gid=None, **options):
        for name, content in (("subuid", uid), ("subgid", uid if gid is None else gid)):
            self.host.write(f"/etc/{name}", content, **options)

    def copies(self, install, directory=None):
        """Map writers to be changed, in a directory of their own."""
        directory = directory or tempfile.mkdtemp(dir=f"{self.host.tmpdir}/bin")
        os.chmod(directory, 0o755)
        for mapper, capability in (("newuidmap", CAP_SETUID), ("newgidmap", CAP_SETGID)):
            copy = f"{directory}/{mapper}"
            shutil.copyfile(self.host.subjects["ours", "bare"].path(mapper), copy)
            os.chmod(copy, 0o4755 if install == "setuid" else 0o755)
            if install == "fcaps":
                set_file_capabilities(copy, (capability,))
        return directory

    def env(self):
        return {"PATH": self.path or f"{self.directory}:{CLEAN_PATH}", "LC_ALL": "C.UTF-8",
                "HOME": self.home, "XDG_RUNTIME_DIR": f"{self.home}/run"}

    def run(self, *args):
        command = [*self.program, self.box.path, "doctor", *self.args, *args]
        return self.host.run(command[0], command[1:], self.caller, env=self.env(),
                             as_root=self.as_root, as_user=self.as_user, timeout=60)

    def rows(self):
        result = self.run("--json")
        require(result.status in (DONE, FINDINGS), f"{result}")
        found = json.loads(result.out)["links"]
        require((result.status == FINDINGS) == any(row["state"] == "broken" for row in found),
                f"status {result.status}: {found}")
        return found

    def broken(self, cause, link=None, kind=None, state="broken"):
        """The first broken link has this cause."""
        rows = self.rows()
        bad = [row for row in rows if row["state"] != "good"]
        name = cause.lower().replace("_", "-")
        require(bad and bad[0]["cause"] == name, f"not {name}: {bad or rows}")
        row = bad[0]
        require(row["state"] == state and row["evidence"], f"{row}")
        require(link in (None, row["link"]), f"{row['link']} is broken, not {link}")
        require(kind in (None, row["kind"]), f"{row['kind']}, not {kind}")
        text = self.run().out.decode()
        shown = row["evidence"].replace("\x1b", "\\x1b")
        require(f"{shown} [{name}]\n" in text, f"sentences say another thing: {text}")
        require(not row["cure"] or f"    {row['cure']}\n" in text, "the cure is not printed")
        command = (row["cure"] or "").startswith(COMMANDS + OF_USERS)
        require(row["as_root"] == (command and not row["cure"].startswith(OF_USERS)),
                f"for whom is it: {row}")
        require(row["as_root"] == (f"  to fix it (as root):\n    {row['cure']}\n" in text),
                f"for whom is it: {text}")
        return row

    def gone(self, cause):
        name = cause.lower().replace("_", "-")
        left = [row for row in self.rows() if row["cause"] == name]
        require(not left, f"not fixed: {left}")

    def healthy(self):
        rows = self.rows()
        bad = [row for row in rows if row["state"] != "good"]
        require(not bad, f"not fixed: {bad}")
        require([row["link"] for row in rows].count("mapping") == 2, f"nothing is mapped: {rows}")

    def fix(self, row, brings=frozenset()):
        """Carries out a command as it is printed, which @brings about these findings: what is
        delegated is gone with the file, and has a cure of its own."""
        cure = row["cure"] or ""
        FIXED.add(row["cause"])
        require(cure.startswith(COMMANDS) or cure.startswith("podman "), f"no command: {cure!r}")
        before = findings(self.box)
        self.cures.carry_out(row["cause"], cure, by_root=row.get("as_root"), env=self.env())
        if before is not None:
            new = {code for code, _ in findings(self.box) - before} - brings
            require(not new, f"{cure!r} brings findings about: {new}")

    def as_caller(self, row):
        """The case runs it in its own way."""
        FIXED.add(row["cause"])
        self.cures.note(row["cause"], row["cure"], row["as_root"])

    def sentence(self, row):
        """A cure that is a sentence."""
        SAID.add(row["cause"])
        require(row["cure"] and not row["cure"].startswith(COMMANDS), f"{row}")

    def fixed(self, cause, link=None, kind=None):
        self.fix(self.broken(cause, link, kind))
        self.healthy()


CASES, KEPT = {}, {}
# Causes that a command fixed, and those for which there was none, by their names.
FIXED, SAID = set(), set()


def case(*causes):
    def add(function):
        for cause in causes:
            CASES.setdefault(cause, []).append(function)
        return function
    return add


# --- account ---

@case("NO_PASSWD_ENTRY")
def _(s):
    s.caller = NOBODY_KNOWS
    s.fix(s.broken("NO_PASSWD_ENTRY", "account"))
    s.gone("NO_PASSWD_ENTRY")


@case("NAME_SERVICE")
def _(s):
    os.chmod("/etc/passwd", 0o600)
    s.sentence(s.broken("NAME_SERVICE", "account"))
    os.chmod("/etc/passwd", 0o644)
    s.healthy()


@case("NO_DESCRIPTORS")
def _(s):
    s.as_user = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (4, 1024))
    row = s.broken("NO_DESCRIPTORS")
    s.as_caller(row)
    s.as_user = None
    s.program = ["/bin/sh", "-c", f'ulimit -S -n 4 && {row["cure"]} && exec "$0" "$@"']
    s.healthy()


@case("NO_MEMORY")
def _(s):
    """The name service has to be asked, and libraries need more memory than a map writer."""
    s.host.write("/etc/nsswitch.conf", OTHER_SERVICE)
    s.as_user = lambda: resource.setrlimit(resource.RLIMIT_AS, (48 << 20, resource.RLIM_INFINITY))
    row = s.broken("NO_MEMORY", "account")
    s.as_caller(row)
    s.as_user = None
    s.program = ["/bin/sh", "-c", f'ulimit -S -v 49152 && {row["cure"]} && exec "$0" "$@"']
    s.healthy()


# --- kernel ---

def refuse(number, error=errno.EPERM):
    """A seccomp filter: a system call is refused."""
    LOAD, JUMP_EQUAL, RETURN, ALLOW, ERRNO = 0x20, 0x15, 0x06, 0x7fff0000, 0x00050000
    code = [(LOAD, 0, 0, 0), (JUMP_EQUAL, 0, 1, number), (RETURN, 0, 0, ERRNO | error),
            (RETURN, 0, 0, ALLOW)]
    filters = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *row) for row in code))
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(code),
                                                      ctypes.addressof(filters)))
    prctl(PR_SET_SECCOMP, 2, ctypes.addressof(program))


def refuse_unshare():
    refuse(SYS_UNSHARE)


def recorded(s, name, value):
    """A /proc/sys/kernel with one more setting, as other kernels have it."""
    directory = tempfile.mkdtemp(dir=f"{s.host.tmpdir}/bin")
    os.chmod(directory, 0o755)
    for setting, text in (("overflowuid", "65534\n"), ("overflowgid", "65534\n"),
                          ("pid_max", "32768\n"), (name, value)):
        s.host.write(f"{directory}/{setting}", text)
    mount(directory, "/proc/sys/kernel", None, MS_BIND)


def by_setting(cause, name, value, cured):
    @case(cause)
    def _(s):
        recorded(s, name, value)
        s.as_root = refuse_unshare
        s.fix(s.broken(cause, "kernel"))
        with open(f"/proc/sys/kernel/{name}") as file:
            require(file.read() == cured, "the cure sets another value")
        s.gone(cause)
        s.as_root = None
        s.healthy()


by_setting("USERNS_UNPRIVILEGED", "unprivileged_userns_clone", "0\n", "1\n")
by_setting("USERNS_APPARMOR", "apparmor_restrict_unprivileged_userns", "1\n", "0\n")


def in_namespace(command=None, value="0"):
    """Before elsa's ids are taken: a user namespace that has all ids, and a limit that is
    of this one alone; the machine's stays."""
    def enter():
        ready, begin = os.pipe()
        done, end = os.pipe()
        parent = os.getpid()
        helper = os.fork()
        if helper == 0:
            os.read(ready, 1)
            for which in "ug":
                with open(f"/proc/{parent}/{which}id_map", "w") as file:
                    file.write("0 0 4294967295\n")
            os.write(end, b"+")
            os._exit(0)
        unshare(CLONE_NEWUSER)
        os.write(begin, b"+")
        os.read(done, 1)
        os.waitpid(helper, 0)
        with open("/proc/sys/user/max_user_namespaces", "w") as file:
            file.write(value)
        if command:
            subprocess.run(["/bin/sh", "-c", command], env={"PATH": CLEAN_PATH}, check=True,
                           stdout=subprocess.DEVNULL)
    return enter


@case("USERNS_LIMIT")
def _(s):
    s.as_root = in_namespace()
    row = s.broken("USERNS_LIMIT", "kernel")
    require("is 0" in row["evidence"] and row["cure"].startswith("sysctl -w "), f"{row}")
    s.as_root = in_namespace(row["cure"])
    s.as_caller(row)
    s.healthy()


def nest():
    """User namespaces in each other, as deep as the kernel allows."""
    uid, gid = os.getuid(), os.getgid()
    # it has just taken other ids, and /proc/self is root's after that
    prctl(PR_SET_DUMPABLE, 1)
    for _ in range(40):
        try:
            unshare(CLONE_NEWUSER)
        except OSError as error:
            require(error.errno == errno.ENOSPC, f"{error}")
            return
        for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1\n"),
                           ("gid_map", f"{gid} {gid} 1\n")):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                file.write(text)
    raise RuntimeError("harness: there is no limit of the depth")


@case("USERNS_LIMIT")
def _(s):
    """No limit here is reached, so raising it would fix nothing."""
    s.as_user = nest
    row = s.broken("USERNS_LIMIT", "kernel")
    require("nested 32 deep" in row["evidence"], f"{row}")
    s.sentence(row)
    require("sysctl" not in row["cure"], f"{row}")
    s.as_user = None
    s.healthy()


@case("PROC_MISSING")
def _(s):
    """Without /proc root cannot become elsa, and reports the same cause."""
    user = s.caller
    for s.caller, s.args in ((user, []), (ROOT, ["elsa"])):
        s.as_root = without_proc
        row = s.broken("PROC_MISSING", "kernel")
        s.as_root = lambda cure=row["cure"]: without_proc(lambda: require(
            root_shell(s.host, cure).returncode == 0, "the cure fails"))
        s.as_caller(row)
        s.healthy()


def own_processes(proc):
    """A pid namespace. @proc: /proc is that of the new namespace."""
    unshare(CLONE_NEWPID | CLONE_NEWNS)
    pid = os.fork()
    if pid != 0:
        os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    if proc:
        mount("proc", "/proc", "proc")


@case("PROC_OTHER")
def _(s):
    user = s.caller
    for s.caller, s.args in ((user, []), (ROOT, ["elsa"])):
        s.as_root = lambda: own_processes(False)
        s.sentence(s.broken("PROC_OTHER", "kernel"))
        s.as_root = lambda: own_processes(True)
        s.healthy()


@case("SECCOMP")
def _(s):
    s.as_root = refuse_unshare
    s.sentence(s.broken("SECCOMP", "kernel"))
    s.as_root = None
    s.healthy()


@case("SECURITY_MODULE")
def _(s):
    s.as_root = lambda: landlocked(s)
    s.broken("SECURITY_MODULE", "kernel")
    s.as_root = None
    s.healthy()


@case("PROC_READ_ONLY")
def _(s):
    mount("proc", "/proc", "proc", MS_RDONLY | MS_REMOUNT)
    try:
        row = s.broken("PROC_READ_ONLY", "kernel")
        s.fix(row)
    finally:
        mount("proc", "/proc", "proc", MS_REMOUNT)
    s.healthy()


# --- programs ---

@case("MAPPER_MISSING")
def _(s):
    s.path = "/nonexistent:/bin/sh"
    row = s.broken("MAPPER_MISSING", "programs", "uid")
    s.sentence(row)
    require(s.path in row["evidence"], f"{row}")
    s.path = f"/nonexistent:{s.directory}"
    s.healthy()


@case("MAPPER_NOT_FIRST")
def _(s):
    """A program of the user must not become setuid root by a cure."""
    own = s.copies("bare")
    for name in os.listdir(own):
        os.chown(f"{own}/{name}", ELSA.uid, ELSA.gid)
    s.path = f"{own}:{s.directory}"
    row = s.broken("MAPPER_NOT_FIRST", "programs")
    require("chmod" not in row["cure"] and "chown" not in row["cure"], f"{row}")
    s.path = f"{s.directory}:{own}"
    s.healthy()


@case("MAPPER_NOT_FIRST")
def _(s):
    """The map writers of this package are installed, and others are first in PATH."""
    installed(s)
    s.path = f"{s.directory}:{CLEAN_PATH}"
    row = s.broken("MAPPER_NOT_FIRST", "programs", state="warning")
    s.as_caller(row)
    s.program = ["/bin/sh", "-c", f'{row["cure"]} && exec "$0" "$@"']
    s.healthy()


def installed(s):
    """Our map writers in /usr/local/bin, where this build installs them, first in PATH."""
    with open(f"{os.environ['SUBID_BUILD']}/config.status") as file:
        prefix = re.search(r'^S\["prefix"\]="(.*)"$', file.read(), re.M)[1]
    require(prefix == "/usr/local", f"the tests are for the prefix /usr/local, not {prefix}")
    mount("tmpfs", "/usr/local/bin", "tmpfs", 0, "mode=755")
    s.copies("setuid", "/usr/local/bin")
    s.path = f"/usr/local/bin:{CLEAN_PATH}"


# --- the helper of the map writers ---

OTHER_SERVICE = NSSWITCH.replace("passwd: files", "passwd: db files")


def helper_is_tried(s, tried):
    rows = [row["state"] for row in s.rows() if row["link"] == "helper"]
    require(rows == (["good"] if tried else []), f"the helper: {rows}")


def without_helper(s, spoil, cause, fix=None):
    """The helper is spoilt: the doctor says so if the user's map needs it, and only then."""
    installed(s)
    plugins = plugins_of(s)
    plugins.install("zzz")
    for service in (OTHER_SERVICE, f"{NSSWITCH}subid: zzz\n"):
        try:
            s.host.install_helper()
            s.host.write("/etc/nsswitch.conf", service)
            s.healthy()
            helper_is_tried(s, True)
            spoil(s.host.helper)
            s.host.reset_etc("nsswitch.conf")
            s.healthy()
            helper_is_tried(s, False)
            s.host.write("/etc/nsswitch.conf", service)
            row = s.broken(cause, "helper")
            require(row["kind"] is None and s.host.helper in row["evidence"], f"{row}")
            root = s.box.rows("doctor", "elsa", name="links", env=s.env(), status=FINDINGS)
            require([one for one in root if one["state"] == "broken"] == [row],
                    f"root is told another thing: {root}")
            result = s.box.run("revoke", "stranger")
            require(service != OTHER_SERVICE or cause == "HELPER_TRACEABLE" or
                    result.status == UNREADABLE and
                    b"'stranger' is not known: the program that asks the name service cannot be "
                    b"used; " in result.err, f"{result}")
            if fix is None:
                s.fix(row)
            else:
                s.sentence(row)
                fix()
            s.healthy()
            # the map writers of others have no helper
            s.path, path = f"{s.directory}:{CLEAN_PATH}", s.path
            helper_is_tried(s, False)
            s.path = path
        finally:
            s.host.install_helper()


@case("HELPER_MISSING")
def _(s):
    without_helper(s, os.unlink, "HELPER_MISSING", s.host.install_helper)


@case("HELPER_CHANGED")
def _(s):
    without_helper(s, lambda path: os.chmod(os.path.dirname(path), 0o777), "HELPER_CHANGED",
                   s.host.install_helper)


@case("HELPER_READABLE")
def _(s):
    without_helper(s, lambda path: os.chmod(path, 0o755), "HELPER_READABLE")


@case("HELPER_TRACEABLE")
def _(s):
    s.host.write(f"{s.host.tmpdir}/suid_dumpable", "0\n")
    mount(f"{s.host.tmpdir}/suid_dumpable", DUMPABLE, None, MS_BIND)
    def spoil(_):
        with open(DUMPABLE, "w") as file:
            file.write("1\n")
    without_helper(s, spoil, "HELPER_TRACEABLE")


@case("HELPER_VERSION")
def _(s):
    without_helper(s, s.host.false_helper("version 1\n"), "HELPER_VERSION", s.host.install_helper)


@case("HELPER_BROKEN")
def _(s):
    without_helper(s, s.host.false_helper("ends 127\n"), "HELPER_BROKEN", s.host.install_helper)


# --- ranges ---

@case("SOURCE")
def _(s):
    os.chmod("/etc/nsswitch.conf", 0o600)
    s.fixed("SOURCE", "ranges")


def plugins_of(s):
    """Directories that can be written, with no plugin in them, and a source that is asked."""
    plugins = KEPT.setdefault(s.host, Plugins(s.host))
    plugins.open()
    plugins.ask("zzz")
    return plugins


@case("SOURCE_ELSEWHERE")
def _(s):
    plugins = plugins_of(s)
    path = plugins.install("zzz", directory=LOADER_DIRECTORY)
    s.sentence(s.broken("SOURCE_ELSEWHERE", "ranges", "uid"))
    os.rename(path, plugins.install("zzz"))
    s.healthy()


@case("SOURCE_NOT_ROOTS")
def _(s):
    plugins = plugins_of(s)
    os.chown(plugins.install("zzz"), 5002, 0)
    s.fixed("SOURCE_NOT_ROOTS", "ranges", "uid")
    os.chmod(plugins.install("zzz"), 0o664)
    s.fixed("SOURCE_NOT_ROOTS", "ranges", "uid")


@case("SOURCE_BROKEN")
def _(s):
    plugins = plugins_of(s)
    for role in ("negative", "beyond", "crash", "exit"):
        plugins.role("zzz", role)
        s.sentence(s.broken("SOURCE_BROKEN", "ranges", "uid"))
        plugins.install("zzz")
        s.healthy()


@case("SOURCE_SILENT")
def _(s):
    plugins = plugins_of(s)
    for role in ("conn", "hang"):
        plugins.role("zzz", role)
        s.sentence(s.broken("SOURCE_SILENT", "ranges", "uid"))
        plugins.install("zzz")
        s.healthy()


@case("SOURCE_DENIES")
def _(s):
    """A range that the map writers refuse is not the user's, and it is not "no range"."""
    plugins = plugins_of(s)
    plugins.role("zzz", "deny-large")
    s.sentence(s.broken("SOURCE_DENIES", "ranges", "uid"))
    bad = [(row["link"], row["kind"]) for row in s.rows() if row["state"] != "good"]
    require(bad == [("ranges", "uid"), ("ranges", "gid")], f"{bad}")
    plugins.install("zzz")
    s.healthy()


@case("SOURCES_EMPTY")
def _(s):
    plugins = plugins_of(s)
    plugins.role("zzz", "nothing")
    s.sentence(s.broken("SOURCES_EMPTY", "ranges", "uid"))
    plugins.install("zzz")
    s.healthy()


@case("SOURCES_EMPTY")
def _(s):
    """The files are among the sources, and another user has the usual range in them."""
    plugins = plugins_of(s)
    plugins.role("zzz", "nothing")
    plugins.ask("zzz files")
    s.put("anna:100000:65536\n")
    row = s.broken("SOURCES_EMPTY", "ranges", "uid")
    require(row["cure"] == "usermod-ext -S elsa", f"{row}")
    s.fix(row)
    s.healthy()


def by_file(cause, spoil):
    @case(cause)
    def _(s):
        spoil("/etc/subuid")
        row = s.broken(cause, "ranges", "uid")
        s.fix(row, brings={"one-side"})
        s.gone(cause)
        s.put(GRANT)
        s.healthy()


def move_away(path):
    os.rename(path, "/etc/elsewhere")
    os.symlink("elsewhere", path)


def lead_nowhere(path):
    os.remove(path)
    os.symlink("nowhere", path)


def make_directory(path):
    os.unlink(path)
    os.mkdir(path)


by_file("FILE_MISSING", os.unlink)
by_file("FILE_SYMLINK", move_away)
by_file("FILE_SYMLINK", lead_nowhere)
by_file("FILE_NOT_REGULAR", make_directory)
by_file("FILE_HUGE", lambda path: os.truncate(path, 2**30 + 1))
by_file("FILE_WRITABLE", lambda path: os.chmod(path, 0o666))
by_file("FILE_FOREIGN", lambda path: os.chown(path, ANNA.uid, 0))
by_file("FILE_UNREADABLE", lambda path: os.chmod(path, 0o600))


@case("LINE_MALFORMED")
def _(s):
    s.put("elsa:0100000:65536\n", GRANT)
    s.fixed("LINE_MALFORMED", "ranges", "uid")


@case("OTHER_KIND_ONLY")
def _(s):
    for kind, uid, gid in (("gid", GRANT, ""), ("uid", "", GRANT)):
        s.put(uid, gid)
        s.fixed("OTHER_KIND_ONLY", "ranges", kind)
    s.put(GRANT, "anna:100000:65536\n")
    row = s.broken("OTHER_KIND_ONLY", "ranges", "gid")
    require(row["cure"] == "usermod-ext -S elsa", f"{row}")
    s.fix(row)
    s.healthy()


@case("NO_RANGE")
def _(s):
    s.put("anna:100000:65536\n")
    row = s.broken("NO_RANGE", "ranges", "uid")
    require(row["cure"] == "usermod-ext -S elsa", f"{row}")
    s.fix(row)
    s.healthy()


@case("NO_RANGE")
def _(s):
    """Lines with another local login name of the uid are the user's."""
    s.put("elsatwin:100000:65536\n")
    s.healthy()
    s.put("elsatwin:100000:65535\n5001:200000:1\n")
    s.healthy()


@case("NO_RANGE")
def _(s):
    """Another user has nearly all ids that login.defs allows: the cure gives ids beyond."""
    s.put("".join(f"anna:{100000 + at * 65536}:65536\n" for at in range(13)) +
          "root:1000000:1000000000\n")
    row = s.broken("NO_RANGE", "ranges", "uid")
    require(row["cure"] == "subid grant --range 1001000000-1001065535 elsa" and
            "within the bounds" in row["evidence"], f"{row}")
    s.fix(row)
    s.healthy()


@case("NO_RANGE")
def _(s):
    """An update wrote the database anew: the user gets the ids again that files have."""
    root, elsa = "root:1065536:65536\n", "elsa:200000:65536\n"
    for uid, gid, cure in ((root, root, "subid grant --range 200000-265535 elsa"),
                           ("anna:200005:1\n", root, "usermod-ext -S elsa")):
        s.put(uid, gid)
        for name in ("subuid-", "subgid-"):
            s.host.write(f"/etc/{name}", elsa)
        row = s.broken("NO_RANGE", "ranges", "uid")
        require(row["cure"] == cure, f"{row}")
        s.fix(row)
        s.healthy()
    # a former user may have had that name: then the user is not offered the ids
    passwd, record = "elsa:x:{}:5001::/home/elsa:/bin/sh\n", "{} 200000 65536 elsa {} 1 /\n"
    before, state = read("/etc/passwd"), "/var/lib/subid"
    later = time.time() + 60
    writable(s.host, state)
    for name, uid, wanted in (("", 0, False), ("passwd-", 5001, True), ("passwd-", 7001, False),
                              ("owners", 5001, True), ("owners", 7001, False)):
        s.put(root)
        remove("/etc/passwd-")
        for backup in ("subuid-", "subgid-"):
            s.host.write(f"/etc/{backup}", elsa)
        if name == "passwd-":
            s.host.write("/etc/passwd-", passwd.format(uid))
            os.utime("/etc/passwd-", (1, 1))
        elif name:
            s.host.write(f"{state}/owners",
                         "".join(record.format(kind, uid) for kind in ("uid", "gid")))
        os.utime("/etc/passwd", (later, later))
        row = s.broken("NO_RANGE", "ranges", "uid")
        require(row["cure"] == ("subid grant --range 200000-265535 elsa" if wanted else
                                "usermod-ext -S elsa") and "200000-265535" in row["evidence"],
                f"{name}, {uid}: {row}")
        s.fix(row)
    s.host.write("/etc/passwd", before)
    for name in ("/etc/subuid-", "/etc/subgid-", f"{state}/owners"):
        remove(name)


@case("NO_RANGE")
def _(s):
    """Hosts that give new users no range have a count of 0: then `usermod-ext -S` gives none."""
    s.host.write("/etc/login.defs", "SUB_UID_COUNT 0\nSUB_GID_COUNT 0\n")
    s.put("")
    row = s.broken("NO_RANGE", "ranges", "uid")
    require(row["cure"] == "subid grant --count 65536 elsa" and
            "SUB_UID_COUNT is 0" in row["evidence"], f"{row}")
    s.fix(row)
    s.healthy()


@contextlib.contextmanager
def rules(s, text):
    """With this policy of the site."""
    os.makedirs("/etc/subid.d", exist_ok=True)
    s.host.write("/etc/subid.d/site.conf", text)
    try:
        yield
    finally:
        os.remove("/etc/subid.d/site.conf")


@case("NO_RANGE")
def _(s):
    """A rule that is wrong, and a pool without room: then no command gives a range."""
    for text in ("pool hpc 300000-200000\n",
                 "pool hpc 200000-200099 count=1000\nassign user=elsa pool=hpc\n",
                 "pool hpc 200000-299999 count=1000\nassign uids=6000-6001 pool=hpc by-uid=6000\n"
                 "assign user=elsa pool=hpc by-uid=6000\n"):
        with rules(s, text):
            s.put("")
            row = s.broken("NO_RANGE", "ranges", "uid")
            s.sentence(row)
            require("'subid grant --dry-run elsa'" in row["cure"] and
                    "by the rules or settings" in row["evidence"], f"{row}")
            require(s.box.run("grant", "--dry-run", "elsa").status != DONE,
                    "a range can be given")
    with rules(s, "pool hpc 200000-400000 count=65536\nassign user=elsa pool=hpc\n"):
        s.fix(s.broken("NO_RANGE", "ranges", "uid"))
        s.healthy()


@case("RANGE_SMALL")
def _(s):
    """By the rules of the site a user has 2048 ids: no setting of login.defs is to blame."""
    with rules(s, "pool hpc 200000-400000000 count=2048\n"
                  "assign uids=5000-6000 pool=hpc by-uid=5000\n"):
        s.put("")
        require(s.box.run("grant", "elsa").status == DONE, "nothing is given")
        for row in warned(s, "RANGE_SMALL", ("uid", "gid")):
            s.sentence(row)
            require("'subid policy --for elsa'" in row["cure"], f"{row}")


def warned(s, cause, kinds):
    """No link is broken, and each kind has one warning with this cause."""
    name = cause.lower().replace("_", "-")
    s.broken(cause, "ranges", kinds[0], state="warning")
    rows = s.rows()
    bad = [row for row in rows if row["state"] != "good"]
    require([(row["kind"], row["cause"]) for row in bad] == [(kind, name) for kind in kinds],
            f"{rows}")
    require([row["state"] for row in rows if row["link"] == "mapping"] == ["good", "good"],
            f"nothing is mapped: {rows}")
    require(s.run().status == DONE, "a warning changes the exit status")
    return bad


def databases():
    found = []
    for name in ("subuid", "subgid"):
        with open(f"/etc/{name}", encoding="utf-8") as file:
            found.append(file.read())
    return found


@case("RANGE_SMALL")
def _(s):
    s.put("elsa:100000:1000\n5001:200000:64534\n", GRANT)
    row, = warned(s, "RANGE_SMALL", ("uid",))
    require("above 65534 " in row["evidence"], f"{row}")
    s.fix(row)
    s.healthy()


@case("RANGE_SMALL")
def _(s):
    """Both kinds: one command for both, in each row."""
    s.put("elsa:100000:1000\n")
    rows = warned(s, "RANGE_SMALL", ("uid", "gid"))
    require(rows[0]["cure"] == rows[1]["cure"], f"{rows}")
    s.fix(rows[0])
    s.fix(rows[1])
    s.healthy()
    require(len(set(databases())) == 1, "they differ")


@case("RANGE_SMALL")
def _(s):
    """As in the image of podman: the own id is the last one that is missing."""
    s.put("elsa:1:5000\nelsa:5002:60534\n")
    warned(s, "RANGE_SMALL", ("uid", "gid"))
    s.put("elsa:100000:65535\n")
    s.healthy()


@case("RANGE_SMALL")
def _(s):
    """No ids are free: in a user namespace, and within the bounds."""
    s.put("root:1:1000\n", owner=(65534, 65534))
    s.caller = nested(s, "0 5001 1\n1 100000 1000\n", 0)
    s.host.write("/etc/passwd", "root:x:0:0::/:/bin/sh\n")
    for row in warned(s, "RANGE_SMALL", ("uid", "gid")):
        s.sentence(row)
        require("user namespace" in row["cure"], f"{row}")


@case("RANGE_SMALL")
def _(s):
    s.host.write("/etc/login.defs", "SUB_UID_MIN 100000\nSUB_UID_MAX 110000\n")
    s.put("elsa:100000:1000\n", GRANT)
    row, = warned(s, "RANGE_SMALL", ("uid",))
    s.sentence(row)
    require("SUB_UID_MAX" in row["cure"], f"{row}")


@case("AUTO_EMPTY")
def _(s):
    """For --userns=auto root's podman takes no ids of root, but those of `containers`."""
    s.caller, s.home = ROOT, "/root"
    s.host.write(f"{s.directory}/podman", "#!/bin/sh\n", 0o755)
    root, auto = "root:100000:65536\n", "containers:300000:200000\n"
    for uid, gid, kind, only in ((root, root, "uid", ""),
                                 (root + auto, root, "gid", "--gid-only "),
                                 (root, root + auto, "uid", "--uid-only ")):
        s.put(uid, gid)
        row = s.broken("AUTO_EMPTY", "podman", kind, state="warning")
        require(row["cure"].startswith(f"subid grant --no-account {only}--range "), f"{row}")
        s.fix(row, {"no-account"})
        s.healthy()
    s.host.write("/etc/login.defs", "SUB_UID_MAX 170000\nSUB_GID_MAX 170000\n")
    s.put(root)
    s.sentence(s.broken("AUTO_EMPTY", "podman", "uid", state="warning"))
    result = s.box.run("doctor", "containers")
    require(result.status == NO_USER and "'subid doctor root' checks" in words(result), f"{result}")


def shared(s, loser, *options):
    """A warning for each kind; its command removes the ids from the loser."""
    rows = warned(s, "RANGE_SHARED", ("uid", "gid"))
    for row in rows:
        require(row["cure"].endswith(f" {loser}"), f"{loser} is to lose: {row}")
        require({"--no-account", "--in-use"} & set(row["cure"].split()) == set(options), f"{row}")
        s.fix(row)
    s.gone("RANGE_SHARED")


@case("RANGE_SHARED")
def _(s):
    s.put(GRANT + "anna:165000:65536\n")
    shared(s, "anna")
    s.healthy()
    require(databases() == [GRANT + "anna:165536:65000\n"] * 2, f"{databases()}")


@case("RANGE_SHARED")
def _(s):
    """The line of the user loses, while a container runs with these ids."""
    s.put("anna:100000:65536\nelsa:165000:70000\n")
    with container(s, "0 5001 1 1 165000 70000"):
        shared(s, "elsa", "--in-use")
    s.healthy()


@case("RANGE_SHARED")
def _(s):
    """An owner that is not a user, and one that is another name of the user, or root."""
    s.put(GRANT + "5001:300000:65536\nelsatwin:400000:65536\nroot:100000:65536\n")
    s.healthy()
    s.put(GRANT + "ghost:165000:65536\n")
    shared(s, "ghost", "--no-account")
    s.healthy()


@case("RANGE_SHARED")
def _(s):
    """While the name service is silent, the other owner is unknown."""
    s.put(GRANT + "ghost:165000:65536\n")
    NameService(s.host).mode("unavail")
    for row in warned(s, "RANGE_SHARED", ("uid", "gid")):
        s.sentence(row)


def renamed(s, uid, gid=None, state="broken", kind=None):
    s.put(uid, gid)
    row = s.broken("OWNER_RENAMED", "ranges", kind, state)
    s.fix(row)
    s.gone("OWNER_RENAMED")
    return row["cure"]


@case("OWNER_ODD")
def _(s):
    for owner in ('"elsa"', "Elsa", "@elsa", "\ufeffelsa"):
        s.put(f"anna:200000:10\n{owner}:100000:65536\n")
        for kind in ("uid", "gid"):
            row = s.broken("OWNER_ODD", "ranges", kind)
            require(" line 2 " in row["evidence"], f"{row}")
            s.fix(row, brings={"one-side"})
        s.healthy()
        require(databases() == ["anna:200000:10\n" + GRANT] * 2, f"{databases()}")
    # others have the ids, or root's, or another one may be meant
    for text in ("anna:165535:1\nElsa:100000:65536\n", "Elsa:0:10\nelsa_:100000:65536\n"):
        s.put(text)
        s.gone("OWNER_ODD")
        require(databases() == [text] * 2, f"{databases()}")


@case("OWNER_RENAMED")
def _(s):
    """The account had another name, or another uid, when the lines were written."""
    s.host.write("/etc/passwd-", "joe:x:5001:5001::/home/joe:/bin/sh\n"
                                 "elsa:x:7001:5001::/home/elsa:/bin/sh\n")
    for former in ("joe", "7001"):
        line = f"{former}:100000:65536\n"
        for gid, kind in ((None, None), (GRANT, "uid")):
            require(renamed(s, line, gid, "broken", kind) ==
                    f"subid rename {'--merge ' if gid else ''}{former} elsa", "another cure")
            s.healthy()
        require(renamed(s, line + "elsa:200000:10\n", None, "warning") ==
                f"subid rename --merge {former} elsa", "another cure")
        s.healthy()
        require(databases() == [GRANT + "elsa:200000:10\n"] * 2, f"{databases()}")
        renamed(s, GRANT, line.replace("100000", "200000") + GRANT, "warning", "gid")
        s.healthy()


@case("OWNER_RENAMED")
def _(s):
    """Another user has the name now, or may have it."""
    s.host.write("/etc/passwd-", "joe:x:5001:5001::/home/joe:/bin/sh\n")
    s.put("joe:100000:65536\n")
    service = NameService(s.host)
    service.mode("unavail")
    found = s.run()
    require(b"owner-renamed" not in found.out and found.status == UNREADABLE, f"{found}")
    service.mode("answer")
    with open("/etc/passwd", "a", encoding="utf-8") as file:
        file.write("joe:x:6001:6001::/home/joe:/bin/sh\n")
    s.gone("OWNER_RENAMED")


@case("OWNER_RENAMED")
def _(s):
    """The name is misspelt in one database."""
    for uid, gid in ((GRANT, "elsaa:100000:65536\n"), ("elsaa:100000:65536\n", GRANT)):
        s.put(uid, gid)
        row = s.broken("OWNER_RENAMED", "ranges")
        require(row["cure"] == "subid rename --merge elsaa elsa" and
                "likely elsa is meant" in row["evidence"], f"{row}")
        s.fix(row)
        s.healthy()
    for owner, count in (("elsaa", 65537), ("ghost", 65536)):
        s.put(GRANT, f"{owner}:100000:{count}\n")
        s.gone("OWNER_RENAMED")


@case("OWN_ID_INSIDE")
def _(s):
    s.put("elsa:4990:70000\n", "elsa:5001:70000\n")
    for kind in ("uid", "gid"):
        s.fix(s.broken("OWN_ID_INSIDE", "ranges", kind))
    s.healthy()


# --- mapping ---

def several(count, start, step):
    return "".join(f"elsa:{start + i * step}:{200}\n" for i in range(count))


@case("TOO_MANY_EXTENTS")
def _(s):
    s.put(several(341, 100000, 1000), GRANT)
    s.sentence(s.broken("TOO_MANY_EXTENTS", "mapping", "uid"))
    s.put(GRANT)
    s.healthy()


@case("TOO_MANY_BYTES")
def _(s):
    s.put(several(339, 3000000000, 1000), GRANT)
    s.sentence(s.broken("TOO_MANY_BYTES", "mapping", "uid"))
    s.put(GRANT)
    s.healthy()


@case("LINES_OVERLAP")
def _(s):
    """While one kind is not mapped, the storage is not checked: no file can be made there."""
    s.put(GRANT + "5001:165530:10\n")
    s.fix(s.broken("LINES_OVERLAP", "mapping", "uid"))
    row, = (row for row in s.rows() if row["state"] != "good")
    require((row["link"], row["kind"]) == ("mapping", "gid"), f"{row}")
    s.fix(row)
    s.healthy()


@case("LINES_OVERLAP")
def _(s):
    for line in ("5001:100000:10\n", "elsa:165530:10\n", GRANT):
        s.put(GRANT + line, GRANT)
        s.fixed("LINES_OVERLAP", "mapping", "uid")


@case("GROUP_NOT_PRIMARY")
def _(s):
    s.caller = ELSA._replace(gid=6000)
    s.sentence(s.broken("GROUP_NOT_PRIMARY", "mapping", "uid"))
    s.caller = ELSA
    s.healthy()


@case("NO_PRIVILEGE")
def _(s):
    for install in ("bare", "fcaps"):
        s.directory = s.copies(install)
        for name, wrong in (("newuidmap", CAP_SETGID), ("newgidmap", CAP_SETUID)):
            if install == "fcaps":
                set_file_capabilities(f"{s.directory}/{name}", (wrong,))
        for kind in ("uid", "gid"):
            row = s.broken("NO_PRIVILEGE", "mapping", kind)
            require(s.directory in row["evidence"], f"{row}")
            s.fix(row)
        s.healthy()


@case("NO_PRIVILEGE")
def _(s):
    """dpkg removes the bit that chmod sets, unless its record has it."""
    writable(s.host, "/var/lib/dpkg")
    s.host.write("/var/lib/dpkg/statoverride", "".join(
        f"root root 0755 {s.directory}/{name}\n" for name in ("newuidmap", "newgidmap")))
    for name in ("newuidmap", "newgidmap"):
        os.chmod(f"{s.directory}/{name}", 0o755)
    for kind in ("uid", "gid"):
        row = s.broken("NO_PRIVILEGE", "mapping", kind)
        require(row["cure"] == "dpkg-statoverride --update --force-statoverride-add --add "
                f"root root 4755 {s.directory}/new{kind}map", f"{row}")
        s.fix(row)
    s.healthy()


@case("NO_PRIVILEGE")
def _(s):
    """Debian's map writers print no cause; doctor finds it."""
    if ("debian", "bare") not in s.host.subjects:
        return
    for name in ("newuidmap", "newgidmap"):
        shutil.copyfile(s.host.subjects["debian", "bare"].path(name), f"{s.directory}/{name}")
        os.chmod(f"{s.directory}/{name}", 0o755)
    for kind in ("uid", "gid"):
        s.fix(s.broken("NO_PRIVILEGE", "mapping", kind))
    s.healthy()


@case("NOSUID")
def _(s):
    directory = tempfile.mkdtemp(dir=f"{s.host.tmpdir}/bin")
    mount("tmpfs", directory, "tmpfs", MS_NOSUID, "mode=755")
    s.directory = s.copies("setuid", directory)
    s.fixed("NOSUID", "mapping", "uid")


@case("PROGRAM_OWNER_UNMAPPED")
def _(s):
    s.put("elsa:1:65536\n", owner=(65534, 65534))
    s.host.write("/etc/passwd", "root:x:0:0::/:/bin/sh\nelsa:x:70000:70000::/:/bin/sh\n")
    caller = nested(s, "0 100000 70000\n70000 5001 1\n", 70000)
    s.caller = caller._replace(name="elsa")
    s.sentence(s.broken("PROGRAM_OWNER_UNMAPPED", "mapping", "uid"))
    for name in ("newuidmap", "newgidmap"):
        os.chown(f"{s.directory}/{name}", 100000, 100000)
        os.chmod(f"{s.directory}/{name}", 0o4755)
    s.healthy()


@case("OUTER_UNMAPPED")
def _(s):
    s.put("root:100000:65536\nroot:1:1000\n", owner=(65534, 65534))
    s.caller = nested(s, "0 5001 1\n1 100000 1000\n", 0)
    s.sentence(s.broken("OUTER_UNMAPPED", "mapping", "uid"))
    s.put("root:1:65536\n", owner=(65534, 65534))
    s.caller = nested(s, "0 5001 1\n1 100000 65536\n", 0)
    s.healthy()


@case("OUTER_DIVIDED")
def _(s):
    """Container engines ask for a range as it is delegated."""
    s.put("root:1:65536\n", owner=(65534, 65534))
    s.caller = nested(s, "0 5001 1\n1 100000 1000\n1001 200000 65536\n", 0)
    s.sentence(s.broken("OUTER_DIVIDED", "mapping", "uid"))
    s.caller = nested(s, "0 5001 1\n1 100000 65536\n", 0)
    s.healthy()


@case("NO_NEW_PRIVS")
def _(s):
    s.as_user = lambda: prctl(PR_SET_NO_NEW_PRIVS, 1)
    s.sentence(s.broken("NO_NEW_PRIVS", "mapping", "uid"))
    s.as_user = None
    s.healthy()


@case("BOUNDING_SET")
def _(s):
    """With file capabilities the map writer does not even start."""
    for install in ("setuid", "fcaps"):
        s.directory = s.copies(install)
        s.as_root = lambda: prctl(PR_CAPBSET_DROP, CAP_SETUID)
        s.sentence(s.broken("BOUNDING_SET", "mapping", "uid"))
        s.as_root = None
        s.healthy()


@case("TRACED")
def _(s):
    s.program = ["/usr/bin/strace", "-f", "-o", "/dev/null", "-e", "trace=none"]
    s.sentence(s.broken("TRACED", "mapping", "uid"))
    s.program = []
    s.healthy()


@case("SECUREBITS")
def _(s):
    s.as_root = lambda: prctl(PR_SET_SECUREBITS, SECBIT_NOROOT)
    for kind in ("uid", "gid"):
        s.fix(s.broken("SECUREBITS", "mapping", kind))
    s.healthy()


@case("NO_SETFCAP")
def _(s):
    s.directory = s.copies("fcaps")
    s.put(GRANT + "elsa:0:1\n", GRANT)
    s.fixed("NO_SETFCAP", "mapping", "uid")


@case("UNKNOWN")
def _(s):
    """A map writer with an unknown message: doctor shows the message, and no cause."""
    s.host.write(f"{s.directory}/newuidmap", "#!/bin/sh\nprintf 'no \\033[31midea\\n' >&2\n"
                 "exit 1\n", mode=0o755)
    row = s.broken("UNKNOWN", "mapping", "uid")
    require(row["evidence"] == "no \x1b[31midea" and not row["cure"], f"{row}")
    s.directory = s.copies("setuid")
    s.healthy()


# --- kubelet ---

KUBELET = "kubelet:65536:7208960\n"


def for_kubelet(s, *options):
    """Checks kubelet, a user with a good range."""
    with open("/etc/passwd", "a", encoding="ascii") as file:
        file.write("kubelet:x:996:996::/:/bin/false\n")
    s.host.write(f"{s.directory}/getsubids", "#!/bin/sh\n", 0o755)
    s.args = ["--for", "kubelet", *options]
    s.put(KUBELET)


def kubelet_is_good(s, links=("account", "programs", "ranges")):
    rows = s.rows()
    require([(row["link"], row["state"]) for row in rows] == [(link, "good") for link in links],
            f"{rows}")


@case("KUBELET_RANGE")
def _(s):
    """Each rule; afterwards each database has one line, with the same ids."""
    for_kubelet(s)
    kubelet_is_good(s)
    for uid, gid, said in (
            ("", "", "no line"), (KUBELET, "", "/etc/subgid has no line"),
            ("kubelet:65536:65536\nkubelet:131072:7143424\n", KUBELET, "2 lines"),
            ("kubelet:100000:7208960\n", None, "100000, is not"),
            ("kubelet:0:7208960\n", None, "or is 0"), ("kubelet:65536:7208961\n", None, "7208961"),
            (KUBELET, "kubelet:131072:7208960\n", "not the same"),
            ("kubelet:65536:7143424\n", None, "109 pods, and not for 110"),
            ("kubelet:65536:65536\n996:900000000:10\n", None, "2 lines")):
        s.put(uid + GRANT, gid if gid is None else gid + GRANT)
        row = s.broken("KUBELET_RANGE", "ranges")
        require(said in row["evidence"], f"{said}: {row}")
        s.fix(row)
        kubelet_is_good(s)
        for text in databases():
            require(GRANT in text and text.count("\n") == 2, f"{said}: {text}")


@case("KUBELET_RANGE")
def _(s):
    """Pods run with the removed ids; and too few ids are free."""
    for_kubelet(s, "--pods", "1")
    s.put("kubelet:100000:65536\n")
    with subprocess.Popen(["sleep", "300"], user=100033, group=100033, extra_groups=[]) as pod:
        row = s.broken("KUBELET_RANGE", "ranges")
        require("--in-use" in row["cure"], f"{row}")
        s.fix(row)
        pod.kill()
    kubelet_is_good(s)
    s.args[-1] = "65535"
    s.sentence(s.broken("KUBELET_RANGE", "ranges"))


@case("KUBELET_RANGE")
def _(s):
    """A range that ends with a number that is no id; the ids that pods can have stay."""
    for_kubelet(s)
    s.put("kubelet:65536:4294901760\n")
    row = s.broken("KUBELET_RANGE", "ranges", "uid")
    require("4294967295, which is no id" in row["evidence"], f"{row}")
    s.fix(row)
    kubelet_is_good(s)
    require(databases() == ["kubelet:65536:4294836224\n"] * 2, f"{databases()}")


@case("KUBELET_PROGRAM")
def _(s):
    for_kubelet(s)
    os.unlink(f"{s.directory}/getsubids")
    s.path = s.directory
    s.sentence(s.broken("KUBELET_PROGRAM", "programs", state="warning"))
    s.host.write(f"{s.directory}/getsubids", "#!/bin/sh\n", 0o755)
    kubelet_is_good(s)
    # without such a user its ids do not come from the databases
    s.host.reset_etc("passwd")
    kubelet_is_good(s, ("account",))


# --- podman ---

def make_run(s):
    os.chmod("/dev/shm", 0o1777)
    os.makedirs(f"{s.home}/run", exist_ok=True)
    os.chown(f"{s.home}/run", ELSA.uid, ELSA.gid)
    os.chmod(f"{s.home}/run", 0o700)


def podman(s, *words_of):
    result = s.host.run("/usr/bin/podman", ["--cgroup-manager=cgroupfs", *words_of], ELSA,
                        env=s.env(), timeout=60)
    require(result.status == 0, f"podman {words_of}: {result}")
    return result


def forget(s):
    """The files of podman belong to the user and to subordinate ids."""
    for name in ("run", ".local", ".local.old", ".config"):
        shutil.rmtree(f"{s.home}/{name}", ignore_errors=True)


def idmapped_home(s, ids):
    """The home on an id-mapped mount, as of systemd-homed: it has these ids."""
    os.makedirs(s.home, exist_ok=True)
    mount("tmpfs", s.home, "tmpfs", 0, "mode=755")
    os.chown(s.home, ELSA.uid, ELSA.gid)
    with subprocess.Popen(["unshare", "--user", "sleep", "60"]) as child:
        name = f"/proc/{child.pid}/ns/user"
        while os.readlink(name) == os.readlink("/proc/self/ns/user"):
            time.sleep(0.01)
        for kind in "ug":
            with open(f"/proc/{child.pid}/{kind}id_map", "w", encoding="ascii") as file:
                file.write(ids)
        namespace = os.open(name, os.O_RDONLY)
        tree = syscall(SYS_OPEN_TREE, -100, s.home.encode(), OPEN_TREE_CLONE)
        attributes = struct.pack("QQQQ", MOUNT_ATTR_IDMAP, 0, 0, namespace)
        syscall(SYS_MOUNT_SETATTR, tree, b"", AT_EMPTY_PATH, attributes,
                ctypes.c_size_t(len(attributes)))
        syscall(SYS_MOVE_MOUNT, tree, b"", -100, s.home.encode(), MOVE_MOUNT_F_EMPTY_PATH)
        os.close(tree)
        os.close(namespace)
        child.kill()


def syscall(number, *arguments):
    result = libc.syscall(number, *arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), f"system call {number}")
    return result


@contextlib.contextmanager
def container(s, ids):
    """A process of elsa in a container runs with inner id 33."""
    run = {"user": ELSA.uid, "group": ELSA.gid, "extra_groups": [], "env": s.env()}
    with subprocess.Popen(["unshare", "--user", "sleep", "300"], **run) as target:
        name = f"/proc/{target.pid}/ns/user"
        while os.readlink(name) == os.readlink("/proc/self/ns/user"):
            time.sleep(0.01)
        for mapper in ("newuidmap", "newgidmap"):
            subprocess.run([f"{s.directory}/{mapper}", str(target.pid), *ids.split()], check=True,
                           **run)
        with subprocess.Popen(["nsenter", "-t", str(target.pid), "-U", "-S", "33", "-G", "33",
                               "sleep", "300"]) as process:
            while f"Uid:\t{int(ids.split()[4]) + 32}" not in open(
                    f"/proc/{process.pid}/status", encoding="ascii").read():
                time.sleep(0.01)
            yield
            process.kill()
        target.kill()


@case("STORAGE_IDMAPPED")
def _(s):
    """While a process uses the ids, the command has --in-use."""
    idmapped_home(s, "5001 5001 1\n524288 524288 1000000\n")
    s.put("elsa:200000:65536\n")
    row = s.broken("STORAGE_IDMAPPED", "storage", "uid")
    require("--in-use" not in row["cure"] and "200000 of elsa" in row["evidence"], f"{row}")
    s.put(GRANT)
    with container(s, "0 5001 1 1 100000 65536"):
        row = s.broken("STORAGE_IDMAPPED", "storage", "uid")
        require("--in-use" in row["cure"], f"{row}")
        s.fix(row)
    s.healthy()
    require(os.listdir(s.home) == [], "the trial has left something")


@case("STORAGE_IDMAPPED")
def _(s):
    """Enough ids are left without those that the mount lacks."""
    idmapped_home(s, "5001 5001 1\n524288 524288 1000000\n")
    s.put(GRANT + "elsa:600000:65536\n")
    row = s.broken("STORAGE_IDMAPPED", "storage", "uid")
    require("grant" not in row["cure"], f"{row}")
    s.fix(row)
    s.healthy()


@case("STORAGE_IDMAPPED")
def _(s):
    """Such ids are not free."""
    idmapped_home(s, "5001 5001 1\n524288 524288 1000000\n")
    s.put(GRANT + "anna:524288:1878523904\n")
    s.sentence(s.broken("STORAGE_IDMAPPED", "storage", "uid"))


@case("STORAGE_REFUSES")
def _(s):
    """A file system with files of the user only, as NFS may be: here a filter refuses."""
    os.makedirs(s.home, exist_ok=True)
    mount("tmpfs", s.home, "tmpfs", 0, "mode=755")
    os.chown(s.home, ELSA.uid, ELSA.gid)
    s.as_root = lambda: refuse(SYS_FCHOWN)
    row = s.broken("STORAGE_REFUSES", "storage", "uid")
    s.sentence(row)
    require("Operation not permitted" in row["evidence"], f"{row}")
    s.as_root = None
    s.healthy()


@case("STORAGE_FOREIGN")
def _(s):
    """A storage that podman has made with another range; no file of it is lost."""
    storage = f"{s.home}/.local/share/containers/storage"
    s.put("elsa:900000:65536\n")
    make_run(s)
    try:
        podman(s, "unshare", "sh", "-c", f"mkdir -p {storage}/vfs/dir/x/root && "
               f"touch {storage}/vfs/dir/x/root/file && chown 33:33 {storage}/vfs/dir/x/root/file")
        podman(s, "system", "migrate")
        s.healthy()
        s.put(GRANT)
        row = s.broken("STORAGE_FOREIGN", "storage", "uid")
        require("900032" in row["evidence"], f"{row}")
        s.fix(row)
        s.healthy()
        require(os.path.exists(f"{storage}.old/vfs/dir/x/root/file"), "the storage is lost")
    finally:
        forget(s)


@case("PAUSE_OLD")
def _(s):
    make_run(s)
    try:
        podman(s, "unshare", "true")
        s.healthy()
        s.put("elsa:900000:65536\n")
        row = s.broken("PAUSE_OLD", "podman", "uid")
        require(row["cure"] == "podman system migrate", f"{row}")
        podman(s, *row["cure"].split()[1:])
        s.as_caller(row)
        s.healthy()
    finally:
        forget(s)


# --- unknown states ---

def unknown_row(s, link, *evidence):
    """One link is unknown, the others are good, and the exit status is that of unknown."""
    result = s.run("--json")
    rows = [row for row in json.loads(result.out)["links"] if row["state"] != "good"]
    require(result.status == UNREADABLE, f"{result}")
    require([(row["link"], row["state"]) for row in rows] == [(link, "unknown")], f"{rows}")
    require(all(word in rows[0]["evidence"] for word in evidence), f"{rows}")
    require("broken" not in s.run().out.decode(), "sentences say that a link is broken")


def closed_storage(s):
    """A storage that the user cannot read counts neither as missing nor as empty."""
    storage = f"{s.home}/.local/share/containers/storage"
    os.makedirs(storage)
    try:
        for directory in (os.path.dirname(storage), storage):
            os.chmod(directory, 0)
            unknown_row(s, "storage", storage, "Permission denied")
            os.chmod(directory, 0o755)
        s.healthy()
    finally:
        shutil.rmtree(f"{s.home}/.local")


def linked_storage(s):
    """A storage in another place is checked."""
    directory = f"{s.host.tmpdir}/storage"
    os.makedirs(directory)
    s.host.write(f"{directory}/file", "", owner=(900000, ELSA.gid))
    os.makedirs(f"{s.home}/.local/share/containers")
    os.symlink(directory, f"{s.home}/.local/share/containers/storage")
    try:
        row = s.broken("STORAGE_FOREIGN", "storage", "uid")
        require("900000" in row["evidence"], f"{row}")
    finally:
        shutil.rmtree(f"{s.home}/.local")


def closed_pause(s):
    """The file of podman's process, and that process, which cannot be read."""
    make_run(s)
    directory = f"{s.home}/run/libpod"
    os.makedirs(f"{directory}/tmp")
    try:
        os.chmod(directory, 0)
        unknown_row(s, "podman", f"{directory}/tmp/pause.pid", "Permission denied")
        os.chmod(directory, 0o755)
        s.healthy()
        with subprocess.Popen(["unshare", "--user", "sleep", "60"], user=ELSA.uid,
                              group=ELSA.gid, extra_groups=[]) as child:
            name = f"/proc/{child.pid}/ns/user"
            while os.readlink(name) == os.readlink("/proc/self/ns/user"):
                time.sleep(0.01)
            s.host.write(f"{directory}/tmp/pause.pid", f"{child.pid}\n")
            unknown_row(s, "podman", str(child.pid))
            child.kill()
    finally:
        shutil.rmtree(f"{s.home}/run")


def not_known(box):
    """An unknown state is reported neither as good nor as broken."""
    for function in (closed_storage, linked_storage, closed_pause):
        box.host.reset_etc()
        with own_mounts():
            try:
                function(Case(box))
            except Wrong as wrong:
                box.report.fail(f"not known: {function.__name__}", str(wrong))
            else:
                box.report.ok(f"not known: {function.__name__}")


# --- all checks ---

# A word in it selects causes.
ONLY = os.environ.get("SUBID_CASES", "")


def each_case(box):
    report, cures = box.report, Cures(box.host)
    with open(f"{TOP}/explain/causes.h") as file:
        causes = re.findall(r"^\tCAUSE_([A-Z_]+)(?: = 1)?,$", file.read(), re.M)
    missing = set(causes) - CASES.keys() - NEVER.keys()
    report.check("every cause has a case", not missing, f"{missing}")
    report.check("no case is of what is never met", not CASES.keys() & NEVER.keys(), "")
    for cause, functions in CASES.items():
        for number, function in enumerate(functions if ONLY in cause else ()):
            name = f"cause {cause}{f' {number + 1}' if number else ''}"
            box.host.reset_etc()
            with report.case(name), own_mounts(), logged_in(box.host):
                function(Case(box, cures))
    cures.print("doctor")
    if ONLY:
        return
    by_name = lambda names: {name.lower().replace("_", "-") for name in names}
    known, none, some = by_name(CASES), by_name(NO_COMMAND), by_name(SOMETIMES)
    # another program's words
    none.add("unknown")
    without = known - FIXED - none
    report.check("a command fixes every cause, but for a closed list", not without, f"{without}")
    report.check("none of that list has a command", not FIXED & none, f"{FIXED & none}")
    more = SAID - none - some
    report.check("a sentence has a reason", not more, f"{more}")


def as_root(box):
    """Root asks: the answer is that of the user, and the process has nothing of root."""
    report = box.report
    box.host.reset_etc()
    directory = box.host.subjects["ours", "setuid"].directory
    with own_mounts():
        box.put(GRANT, GRANT)
        box.host.write("/etc/login.defs", f"ENV_PATH PATH={directory}:{CLEAN_PATH}\n")
        env = {"PATH": "/nonexistent", "LC_ALL": "C.UTF-8", "SECRET": "of root",
               "HOME": "/root"}
        result = box.run("doctor", "elsa", env=env)
        report.check("root asks", result.status == DONE and
                     f"{directory}/newuidmap" in result.out.decode(), f"{result}")
        rows = box.rows("doctor", "elsa", name="links", env=env)
        report.check("root asks, in JSON", [row["state"] for row in rows] == ["good"] * 10,
                     f"{rows}")
        box.check("keys are those of the manual", list(rows[0]), documented()["links"])
        box.put("anna:100000:65536\n", GRANT)
        result = box.run("doctor", "elsa", env=env)
        report.check("root asks, and something is broken", result.status == FINDINGS and
                     b"[other-kind-only]" in result.out, f"{result}")
        # a map writer that shows what it was given
        spy = tempfile.mkdtemp(dir=f"{box.host.tmpdir}/bin")
        os.chmod(spy, 0o755)
        box.host.write(f"{spy}/newuidmap", "#!/bin/sh\n"
                       "echo \"$(id -u):$(id -g):$(id -G) $SECRET $HOME $(ls /proc/self/fd | wc -l)"
                       " $(cut -d' ' -f7 /proc/$$/stat) $(readlink /proc/$PPID/fd/0)"
                       " $(grep ^CapEff /proc/$$/status)\" >&2; printf '\\033[31m' >&2; exit 1\n",
                       0o755)
        box.put(GRANT, GRANT)
        box.host.write("/etc/login.defs", f"ENV_PATH {spy}:{directory}:{CLEAN_PATH}\n")
        out = box.run("doctor", "elsa", env=env).out.decode()
        report.check("nothing of root's goes along", re.search(
            r"5001:5001:5001 6000  /home/elsa \d+ 0 /dev/null CapEff:\\x090+", out) and
            "SECRET" not in out and "\x1b" not in out, f"{out!r}")


def reserved(box):
    """For a good range, ids that systemd uses are reported, too."""
    s = Case(box)
    for first, said in ((100000, ""), (600000, "systemd-nspawn chooses"),
                        (2147352576, "images of systemd")):
        s.put(f"elsa:{first}:65536\n")
        rows = [row for row in s.rows() if row["link"] == "ranges"]
        box.report.check(f"elsa has ids from {first} on", len(rows) == 2 and all(
            row["state"] == "good" and row["evidence"].startswith("65536 ids")
            and (said in row["evidence"]) and bool(said) == ("use some" in row["evidence"])
            for row in rows), f"{rows}")


def root_keyring(path):
    """The login of root has a session keyring with a key; a file has the number of the key."""
    def make():
        libc.syscall(SYS_KEYCTL, 1, None)
        key = libc.syscall(SYS_ADD_KEY, b"user", b"root's", b"hunter2", ctypes.c_size_t(7), -3)
        if key < 0:
            raise OSError(ctypes.get_errno(), "add_key")
        with open(path, "w", encoding="ascii") as file:
            file.write(str(key))
    return make


def hostile(box):
    """The user's process does what it can to root: reads root's keys, and colours its terminal
    by control characters that ASCII has not."""
    report = box.report
    box.host.reset_etc()
    spy = tempfile.mkdtemp(dir=f"{box.host.tmpdir}/bin")
    os.chmod(spy, 0o755)
    box.host.write(f"{spy}/newuidmap", f"""#!/usr/bin/python3
import ctypes, os
text = ctypes.create_string_buffer(64)
key = int(open("{spy}/key").read())
ctypes.CDLL(None).syscall({SYS_KEYCTL}, 11, key, text, ctypes.c_size_t(64))
os.write(2, "straße … ".encode() + text.value + b" \\xc2\\x9b31m \\x9b31m \\xc3\\n")
raise SystemExit(1)
""", 0o755)
    with own_mounts():
        box.put(GRANT, GRANT)
        box.host.write("/etc/login.defs", f"ENV_PATH {spy}:{CLEAN_PATH}\n")
        result = box.run("doctor", "elsa", as_root=root_keyring(f"{spy}/key"))
    report.check("root's keys are not the user's", "straße … ".encode() in result.out and
                 b"hunter2" not in result.out, f"{result}")
    report.check("no control character of Latin-1 reaches root",
                 b"\\xc2\\x9b31m \\x9b31m \\xc3 " in result.out, f"{result}")


# Runs a program with root's pipe, the standard output of the doctor, for its own.
GRAB = f"""#!/usr/bin/python3
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
pipe = libc.syscall({SYS_PIDFD_GETFD}, os.pidfd_open(int(sys.argv[1])), 1, 0)
if pipe < 0:
    raise OSError(ctypes.get_errno(), "pidfd_getfd")
os.dup2(pipe, 1)
os.execvp(sys.argv[2], sys.argv[2:])
"""


class Spy:
    """A map writer that does as a shell script says, in the process that root started as
    elsa. $PPID is the doctor, and $at a directory with `grab`."""

    def __init__(self, box, script):
        self.box = box
        self.directory = tempfile.mkdtemp(dir=f"{box.host.tmpdir}/bin")
        os.chmod(self.directory, 0o755)
        os.mkdir(f"{self.directory}/notes")
        os.chmod(f"{self.directory}/notes", 0o777)
        box.host.write(f"{self.directory}/grab", GRAB, 0o755)
        box.host.write(f"{self.directory}/newuidmap",
                       f"#!/bin/sh\nat={self.directory}\necho $PPID >$at/notes/doctor\n{script}\n",
                       0o755)
        box.host.write(f"{self.directory}/newgidmap", "#!/bin/sh\nexit 0\n", 0o755)
        box.put(GRANT, GRANT)
        box.host.write("/etc/login.defs", f"ENV_PATH {self.directory}:{CLEAN_PATH}\n")
        self.begin = time.monotonic()
        self.process = subprocess.Popen(
            [box.path, "doctor", "elsa"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env={"PATH": CLEAN_PATH, "LC_ALL": "C.UTF-8"})

    def note(self, name):
        """A process id that the script has noted."""
        path = f"{self.directory}/notes/{name}"
        end = time.monotonic() + 20
        while time.monotonic() < end:
            if os.path.exists(path) and os.path.getsize(path):
                with open(path, encoding="ascii") as file:
                    return int(file.read())
            time.sleep(0.02)
        raise RuntimeError(f"harness: no {path}")

    def end(self, timeout):
        """Its (status, stdout, stderr, seconds)."""
        try:
            out, err = self.process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            return None, b"", b"", timeout
        return self.process.returncode, out, err, time.monotonic() - self.begin


def lives(pid):
    """A process that is not a zombie."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def ends(pid):
    """Whether the killed process has ended, which may take the kernel a moment."""
    end = time.monotonic() + 5
    while lives(pid) and time.monotonic() < end:
        time.sleep(0.02)
    return not lives(pid)


def keeping(box):
    """Processes of the user keep the pipes of root and of the map writer open."""
    spy = Spy(box, "$at/grab $PPID setsid sleep 300 & echo $! >$at/notes/away\n"
              "$at/grab $PPID sleep 300 & echo $! >$at/notes/near\n"
              "sleep 1; echo kept >&2; exit 1")
    found = spy.end(30)
    away, near = spy.note("away"), spy.note("near")
    box.report.check("a pipe that is kept open does not hold root", found[0] == FINDINGS and
                     b"kept" in found[1] and b"podman" in found[1] and found[3] < 10,
                     f"{found}")
    box.report.check("the one in another session has kept it", lives(away), "it is gone")
    box.report.check("the process group is ended", ends(near), f"{near} lives")
    os.kill(away, signal.SIGKILL)


def flooding(box):
    """The user's process writes without end."""
    spy = Spy(box, "exec $at/grab $PPID yes")
    status, out, err, seconds = spy.end(50)
    box.report.check("an answer without end is cut off", status == UNREADABLE and
                     len(out) < 2**23 and err == b"subid: user 'elsa': the output did not "
                     b"end and was cut off\n", f"{status} {len(out)} {err} {seconds}")
    box.report.check("who wrote it is ended", ends(spy.note("doctor")), "it lives")


def standing(box):
    """The user stops the process that root waits for."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        spy = Spy(box, "kill -STOP $PPID; sleep 300 & wait")
        doctor = spy.note("doctor")
        time.sleep(0.2)
        box.report.check(f"{number.name}: root waits", spy.process.poll() is None and
                         lives(doctor), "it has ended")
        spy.process.send_signal(number)
        found = spy.end(10)
        box.report.check(f"{number.name} ends root's process and the user's",
                         found[0] == -number and ends(doctor), f"{found}")
    if quick():
        return
    stopped = Spy(box, "kill -STOP $PPID; sleep 300 & wait")
    stopped.note("doctor")
    hanging = Spy(box, "sleep 300")
    found = hanging.end(40)
    box.report.check("a map writer that does not end", found[0] == FINDINGS and
                     b"does not end [unknown]" in found[1] and
                     b"1 extents" not in found[1], f"{found}")
    found = stopped.end(90)
    box.report.check("a process that stands still is ended", found[0] == UNREADABLE and
                     b"did not end" in found[2] and ends(stopped.note("doctor")), f"{found}")


def endless(box):
    box.host.reset_etc()
    with own_mounts():
        for part in (keeping, flooding, standing):
            part(box)


def runtime_directory(path):
    """elsa's."""
    os.makedirs(path)
    os.chmod(path, 0o700)
    os.chown(path, ELSA.uid, ELSA.gid)
    return path


def page(box):
    """One page for a bug tracker; each name of another user is replaced by one number."""
    report = box.report
    box.host.reset_etc()
    others = ("anna", "AD\\joe", "zoe@corp.example", "bad guy", "good", "lines", "Zoe")
    text = ("elsa:100000:65536\nanna:150000:65536\nlxd:100000:10\nroot:100000:20\n"
            "AD\\joe:120000:100\nzoe@corp.example:120000:1\nbad guy:120001:1\n"
            "good:0120000:1\n elsa:5\nlines:5000000:10\nanna:165530:1\nZoe 100000 5\n"
            "5001:0x10:1\nelsatwin:700000:1\n")
    with own_mounts():
        with open("/etc/passwd", "a", encoding="ascii") as file:
            file.write("lxd:x:120:120::/:/bin/sh\ngood:x:7001:7001::/:/bin/sh\n"
                       "lines:x:7002:7002::/:/bin/sh\nZoe:x:7003:7003::/:/bin/sh\n")
        box.put(text, text)
        # where there is none, podman makes one in /tmp
        mount("tmpfs", "/run", "tmpfs", 0, "mode=755")
        runtime_directory("/run/user/5001")
        result = box.run("doctor", "--report", "elsa", env={
            "PATH": CLEAN_PATH, "LC_ALL": "C.UTF-8", "LANGUAGE": "de"})
        out = result.out.decode()
        box.put(GRANT + "anna:165000:65536\n", GRANT + "ghost:1:1\nanna:165000:65536\n")
        advice = box.run("doctor", "--report", "elsa").out.decode()
    report.check("the page ends as the checks do", result.status in (DONE, FINDINGS) and
                 out.startswith("```\nsubid-utils ") and out.endswith("\n```\n"), f"{result}")
    lines = out.split("Lines of /etc/subuid", 1)[-1].split("Lines of", 1)[0].splitlines()[1:]
    names = {}
    for line in filter(None, lines):
        number, shown = line.split(": ", 1)
        owner = text.splitlines()[int(number) - 1]
        owner = owner.partition(":")[0] if ":" in owner else owner
        names.setdefault(owner, set()).add(shown.partition(":")[0].strip())
    expected = {"elsa": {"elsa"}, "lxd": {"lxd"}, "root": {"root"}, "5001": {"5001"},
                "elsatwin": {"elsatwin"}}
    report.check("the user's names and those of the system stay",
                 {owner: names.get(owner) for owner in expected} == expected, f"{names}")
    hidden = {owner: shown for owner, shown in names.items()
              if owner in others}
    report.check("each other name has one number", len(hidden) == 5 and all(
        len(shown) == 1 and re.fullmatch("user[1-9]", *shown) for shown in hidden.values()) and
        len(set.union(*hidden.values())) == 5, f"{names}")
    # words of our sentences are no names, so names are looked for in lines and evidence
    left = [name for name in ("anna", "joe", "zoe", "guy", "Zoe", "corp") if name in out]
    report.check("no other name is on the page", not left, f"{left}: {out}")
    report.check("nor in what is advised", advice.count(" to user1 too: ") == 2 and
                 advice.count("--range 165000-165535 user1\n") == 2 and "anna" not in advice and
                 "3: user1:165000" in advice and "2: user1:165000" in advice, advice)


def versions(box):
    """Engines are asked for their version, without privilege; one that fails, hangs or is not
    there is left out, and what they say is hidden and escaped as all the rest. What they make
    for root is gone with them."""
    directory = f"{box.host.tmpdir}/bin/engines"
    os.mkdir(directory, 0o755)
    runtime = runtime_directory(f"{directory}/run")
    for name, script in (
            ("podman", 'mkdir "${XDG_RUNTIME_DIR-/tmp}/podman-run" || exit; '
             'echo "podman $1 $(id -u) anna"; echo more; echo broken >&2'),
            ("crun", "sleep 100"), ("runc", "echo runc; exit 1"), ("docker", "echo broken >&2"),
            ("buildah", r"printf 'buildah\033[1m\n'"), ("lxc-start", "echo $HOME"),
            ("dpkg-query", 'case $1 in -S) echo "pkg: $2";; -W) printf "$2\\t1.0\\n";; esac')):
        box.host.write(f"{directory}/{name}", f"#!/bin/sh\n{script}\n", mode=0o755)
    path = f"{directory}:{box.host.subjects['ours', 'setuid'].directory}:/usr/sbin:/sbin:/bin"
    for caller, uid, home in ((ELSA, 5001, "/home/elsa"), (ROOT, 65534, "/")):
        box.host.reset_etc()
        box.put(GRANT, GRANT)
        begin = time.monotonic()
        result = box.run("doctor", "--report", caller=caller, timeout=60, env={
            "PATH": path, "LC_ALL": "C.UTF-8", "HOME": "/home/elsa",
            "XDG_RUNTIME_DIR": runtime})
        took = time.monotonic() - begin
        found = result.out.decode().partition("\nPrograms and databases:\n")[2].splitlines()
        found = [line for line in found[:found.index("")] if re.match(
            "(podman|crun|runc|docker|buildah|lxc-start): ", line) or ": package " in line]
        box.report.check(
            f"versions, for {caller.name}", found[:3] == [
                f"podman: podman --version {uid} user1", "buildah: buildah\\x1b[1m",
                f"lxc-start: {home}"] and len(found) == 5 and
            all(re.fullmatch("/.*/new[ug]idmap: package pkg 1.0", line) for line in found[3:]),
            f"{found}: {result}")
        box.report.check("... and one that hangs is ended", took < 40, f"{took}")
        made = [top for top in ("/tmp", "/root", runtime)
                if os.path.exists(f"{top}/podman-run")]
        box.report.check("... and what podman made is elsa's, or gone",
                         made == [runtime] * (caller is ELSA), f"{made}")
        shutil.rmtree(f"{runtime}/podman-run", ignore_errors=True)


def troubles(box):
    report = box.report
    box.host.reset_etc()
    for args in (("--unknown",), ("elsa", "anna"), ("--json", "--raw"), ("-o", "X"),
                 ("--for", "podman"), ("--pods", "1"), ("--for", "kubelet", "--pods", "0"),
                 ("--for", "kubelet", "elsa"), ("--report", "--json"), ("--report", "-n")):
        result = box.run("doctor", *args)
        report.check(f"misuse: {args}", result.status == USAGE and result.err, f"{result}")
    result = box.run("doctor", "nosuch")
    report.check("no such user", result.status == NO_USER and words(result) ==
                 "subid: user 'nosuch' does not exist\n", f"{result}")
    result = box.run("doctor", "anna", caller=ELSA)
    report.check("another user", result.status == NOT_PERMITTED and result.err and
                 not result.out, f"{result}")
    result = box.run("doctor", "elsa", caller=ELSA)
    report.check("oneself by name", result.status == FINDINGS, f"{result}")
    for name, prepare in (("full", lambda: os.dup2(os.open("/dev/full", os.O_WRONLY), 1)),
                          ("closed", lambda: os.close(1))):
        result = box.run("doctor", caller=ELSA, as_user=prepare)
        report.check(f"standard output is {name}", result.status == NOT_WRITTEN and
                     result.err, f"{result}")


def causes(box):
    """subid-doctor(1) has an entry for each cause and none for another."""
    with open(f"{TOP}/explain/causes.h") as file:
        known = {name.lower().replace("_", "-")
                 for name in re.findall(r"^\tCAUSE_([A-Z_]+)(?: = 1)?,$", file.read(), re.M)}
    box.check("the manual has every cause", set(manual()), known)


def main():
    box = subid_box.enter()
    each_case(box)
    for part in (not_known, as_root, reserved, hostile, endless, page, versions, troubles,
                 causes):
        box.report.part(part, box)
    box.report.finish()


main()
