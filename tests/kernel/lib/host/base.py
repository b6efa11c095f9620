# SPDX-License-Identifier: BSD-3-Clause
"""The throw-away host that the kernel tests run in.

A test calls enter() first of all. It starts itself again in new mount and pid namespaces
with private propagation, and gets a Host there: a temporary file system for all files that
are written, an overlay on /etc with test users, an empty /home, a small /dev with a /dev/log
that the test reads, and copies of the map writers in every way they can be installed. Nothing
of the real machine changes, and whenever the test ends, the kernel removes all its mounts and
processes.

A map writer's Result is its exit status, output, the map as the kernel reports it, the content
of setgroups and the records in syslog.

Environment: SUBID_BUILD is the directory with the programs under test; SUBID_NO_SKIP=1
turns every skip into a failure. In a virtual machine SUBID_EMULATED=1 leaves out tests of
time, and SUBID_HELPERS is a directory with helpers that were compiled elsewhere, see compile().
"""

import contextlib
import ctypes
import errno
import os
import select
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import threading
import time
from typing import NamedTuple, Optional

import documents

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TOP = os.path.realpath(f"{HERE}/../../..")    # of the sources
PROGRAMS = ("newuidmap", "newgidmap")
ORACLE_DIRECTORY = "/usr/bin"
CLEAN_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"

# how a map writer can be installed: mode bits, and capabilities of newuidmap and newgidmap
CAP_SETGID, CAP_SETUID, CAP_SETFCAP = 6, 7, 31
INSTALLS = {
    "setuid": (0o4755, None, None),
    "fcaps": (0o755, (CAP_SETUID,), (CAP_SETGID,)),
    "setfcap": (0o755, (CAP_SETUID, CAP_SETFCAP), (CAP_SETGID,)),
    "bare": (0o755, None, None),
    # the same two on a file system mounted nosuid
    "nosuid": (0o4755, None, None),
    "nosuid-fcaps": (0o755, (CAP_SETUID,), (CAP_SETGID,)),
}

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND, MS_MOVE = \
    1, 2, 4, 8, 32, 4096, 8192
CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID = 0x20000, 0x10000000, 0x20000000

libc = ctypes.CDLL(None, use_errno=True)


def checked(result, what):
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def mount(source, target, kind=None, flags=0, data=None):
    encode = lambda text: None if text is None else text.encode()
    checked(libc.mount(encode(source), encode(target), encode(kind), ctypes.c_ulong(flags),
                      encode(data)), f"mount {target}")


def umount(target):
    checked(libc.umount2(target.encode(), 0), f"umount {target}")


def unshare(flags):
    checked(libc.unshare(flags), "unshare")


def setns(path):
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        checked(libc.setns(fd, 0), f"setns {path}")
    finally:
        os.close(fd)


def prctl(*args):
    padded = [ctypes.c_ulong(arg) for arg in args] + [ctypes.c_ulong(0)] * (5 - len(args))
    checked(libc.prctl(*padded), f"prctl {args}")


# keyctl(2), which libc does not have, by machine
SYS_KEYCTL = {"x86_64": 250, "i686": 288, "aarch64": 219, "riscv64": 219, "ppc64le": 271,
              "s390x": 280}.get(os.uname().machine)
KEYCTL_UNLINK, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING = 9, 10, -4


def forget_refusals():
    """Removes the key of message/syslog.c, as if no map of this user had been refused."""
    if SYS_KEYCTL:
        key = libc.syscall(SYS_KEYCTL, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, b"user",
                           b"subid-utils:lines", 0)
        if key > 0:
            libc.syscall(SYS_KEYCTL, KEYCTL_UNLINK, key, KEY_SPEC_USER_KEYRING)


def become_caller(caller, as_root=None, as_user=None):
    """Makes this process the caller's; as_root() is called before, as_user() after."""
    if as_root:
        as_root()
    caller.become()
    forget_refusals()
    if as_user:
        as_user()


# --- results of a test -----------------------------------------------------------------

class Wrong(Exception):
    """Something that is not as it must be."""


class Skipped(Exception):
    """Why something cannot be tested here."""


def identity(path):
    """What lstat(2) says of a file, but for when it was read."""
    return [value for index, value in enumerate(os.lstat(path)) if index != stat.ST_ATIME]


class Report:
    """Prints one line for each finding and keeps the exit status."""

    def __init__(self):
        self.failed = 0

    def ok(self, name):
        print(f"ok {name}", flush=True)

    def fail(self, name, why):
        self.failed += 1
        print(f"not ok {name}: {why}".replace("\n", "\\n"), flush=True)

    def skip(self, name, reason):
        if os.environ.get("SUBID_NO_SKIP", "0") not in ("", "0"):
            self.fail(name, f"skipped: {reason}")
        else:
            print(f"skip {name} # {reason}", flush=True)

    def check(self, name, condition, why):
        if condition:
            self.ok(name)
        else:
            self.fail(name, why)

    @staticmethod
    def row(*cells):
        """A line of a table for readers, which nothing counts."""
        print(f"| {' | '.join(cells)} |", flush=True)

    def part(self, function, *args):
        """One part of a test. An exception is a failure, and the next part still runs."""
        try:
            return function(*args)
        except (OSError, RuntimeError) as error:
            self.fail(function.__name__, repr(error))
            return None

    @contextlib.contextmanager
    def case(self, name):
        """A part whose body raises Wrong if it fails, Skipped, or a fault of the test."""
        try:
            yield
        except Skipped as reason:
            self.skip(name, str(reason))
        except Wrong as wrong:
            self.fail(name, str(wrong))
        except (OSError, subprocess.SubprocessError) as error:
            self.fail(name, f"harness: {error!r}")
        else:
            self.ok(name)

    def parts(self, *functions):
        """All parts of a test, which then ends."""
        for function in functions:
            self.part(function)
        self.finish()

    def finish(self):
        sys.exit(1 if self.failed else 0)


def quick():
    return os.environ.get("SUBID_QUICK", "0") not in ("", "0")


def emulated():
    """Whether the machine is so slow that times have no meaning."""
    return os.environ.get("SUBID_EMULATED", "0") not in ("", "0")


# --- entering ---------------------------------------------------------------------------

def _die_with_parent():
    libc.prctl(1, signal.SIGKILL)


def _start_again(directory):
    """Runs this command again in the namespaces; the caller waits outside."""
    env = dict(os.environ, SUBID_HOST=directory, PATH=CLEAN_PATH)
    command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
               "--propagation", "private", "--", sys.executable, *sys.argv]
    child = subprocess.Popen(command, env=env, preexec_fn=_die_with_parent)
    try:
        status = child.wait()
    except BaseException:
        child.kill()
        child.wait()
        raise
    return status if status >= 0 else 128 - status


def _mount_point():
    """An existing directory to mount over: so nothing is made on the real machine, and
    nothing can be left there."""
    needed = [HERE, os.getcwd(), sys.executable, *(build_directory() or {}).values()]
    for directory in ("/mnt", "/media", "/srv", "/opt"):
        if os.path.isdir(directory) and not os.path.islink(directory) and not any(
                os.path.realpath(path).startswith(directory + "/") for path in needed):
            return directory
    raise RuntimeError("no directory can be covered by a temporary file system")


def missing_parts():
    """The reason why no test of this directory can run here, or None."""
    if os.geteuid() != 0:
        return "needs root"
    for tool in ("unshare",) if os.environ.get("SUBID_HELPERS") else ("unshare", "cc"):
        if not shutil.which(tool, path=CLEAN_PATH + ":" + os.environ.get("PATH", "")):
            return f"needs {tool}"
    if not os.path.exists("/proc/self/ns/user"):
        return "needs a kernel with user namespaces"
    if not os.environ.get("SUBID_BUILD"):
        return "SUBID_BUILD does not name the directory with newuidmap and newgidmap"
    return None


def built(name):
    """The path of a program below SUBID_BUILD, or None."""
    base = os.environ.get("SUBID_BUILD", "")
    for path in (f"{base}/{name}/{name}", f"{base}/helper/{name}", f"{base}/pam/{name}",
                 f"{base}/{name}"):
        if base and os.path.isfile(path):
            return os.path.realpath(path)
    return None


def helper_path():
    """The path of the helper in the map writers."""
    with open(built("newuidmap"), "rb") as file:
        words = [word for word in file.read().split(b"\0") if word.endswith(b"/subid-utils")
                 and word.startswith(b"/")]
    if len(words) != 1:
        raise RuntimeError(f"harness: directories of the helper: {words}")
    return f"{words[0].decode()}/subid-ask"


def overlay(place, path):
    """Mounts an overlay, so that files can be made at a path that may not exist. Its upper
    directory is made in `place`."""
    directory = path
    while not os.path.isdir(directory):
        directory = os.path.dirname(directory)
    top = tempfile.mkdtemp(dir=place, prefix="overlay.")
    for name in ("up", "work"):
        os.mkdir(f"{top}/{name}", 0o755)
    os.chmod(f"{top}/up", stat.S_IMODE(os.stat(directory).st_mode))
    mount("overlay", directory, "overlay", 0,
          f"lowerdir={directory},upperdir={top}/up,workdir={top}/work")
    os.makedirs(path, 0o755, exist_ok=True)


def build_directory():
    """{program: path} of the map writers below SUBID_BUILD, or None."""
    found = {program: built(program) for program in PROGRAMS}
    return found if all(found.values()) else None


def content_of(name):
    """A program below SUBID_BUILD. The begin has the name of the loader, if it needs one."""
    path = built(name)
    if not path:
        return b""
    with open(path, "rb") as file:
        return file.read()


def is_musl():
    """Whether the programs under test were built with musl: their loader is its libc."""
    return b"/ld-musl-" in content_of("getsubids")[:4096]


def mapwriter_libc():
    """How the map writers are linked, as --with-mapwriter-libc of configure names it."""
    content = content_of(PROGRAMS[0])
    if b"/ld-" in content[:4096]:
        return "shared"
    return "glibc" if b"GLIBC_TUNABLES" in content else "musl"


def without_modules():
    """The reason why the programs under test load no module of the name service, or None."""
    return "musl has no modules of the name service" if is_musl() else None


def test_name():
    return os.path.splitext(os.path.basename(sys.argv[0]))[0]


def enter():
    """Returns the Host; in the process outside this never returns."""
    directory = os.environ.pop("SUBID_HOST", None)
    if directory is not None:
        os.environ.pop("PYTHONPATH", None)      # for the test, not for the programs that it runs
        # the machine's local time, as for programs without the variable
        os.environ.pop("TZ", None)
        time.tzset()
        return Host(directory)
    name = test_name()
    report = Report()
    reason = missing_parts()
    if reason:
        report.skip(name, reason)
        report.finish()
    if build_directory() is None:
        report.fail(name, "newuidmap and newgidmap are not in SUBID_BUILD")
        report.finish()

    def stop(*_):
        raise SystemExit(143)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    sys.exit(_start_again(_mount_point()))


# --- the parts of a run -----------------------------------------------------------------

class Caller(NamedTuple):
    """The user who starts a program. With `userns` the ids are those inside the user
    namespace of that process; `real_uid` and `real_gid` differ from the effective ids if
    given."""
    name: str
    uid: int
    gid: int
    groups: tuple = ()
    userns: Optional[int] = None
    real_uid: Optional[int] = None
    real_gid: Optional[int] = None

    def become(self):
        if self.userns is not None:
            setns(f"/proc/{self.userns}/ns/user")
        os.setgroups(list(self.groups))
        uid, gid = self.real_ids()
        os.setresgid(gid, self.gid, self.gid)
        os.setresuid(uid, self.uid, self.uid)

    def real_ids(self):
        return (self.uid if self.real_uid is None else self.real_uid,
                self.gid if self.real_gid is None else self.real_gid)


ROOT = Caller("root", 0, 0)
ELSA = Caller("elsa", 5001, 5001)
ANNA = Caller("anna", 5002, 5002)
# bob's primary group is team, of which elsa is a member
BOB = Caller("bob", 5003, 6000)
ELSA_IN_TEAM = Caller("elsa", 5001, 6000)
# a login name that is another user's uid
DIGITS = Caller("5002", 5004, 5004)
NOBODY_KNOWS = Caller("nobody-knows", 5999, 5999)

PASSWD = """\
root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
elsa:x:5001:5001:Elsa:/home/elsa:/bin/sh
anna:x:5002:5002:Anna:/home/anna:/bin/sh
bob:x:5003:6000:Bob:/home/bob:/bin/sh
elsatwin:x:5001:5001:Elsa too:/home/elsa:/bin/sh
5002:x:5004:5004:digits:/nonexistent:/bin/sh
"""
GROUP = """\
root:x:0:
daemon:x:1:
nogroup:x:65534:
elsa:x:5001:
anna:x:5002:
team:x:6000:elsa
digits:x:5004:
"""
NSSWITCH = "passwd: files\ngroup: files\nshadow: files\ngshadow: files\n"
LOGIN_DEFS = """\
UID_MIN 1000
UID_MAX 60000
SUB_UID_MIN 100000
SUB_UID_MAX 600100000
SUB_UID_COUNT 65536
SUB_GID_MIN 100000
SUB_GID_MAX 600100000
SUB_GID_COUNT 65536
"""
ETC = {"passwd": PASSWD, "group": GROUP, "nsswitch.conf": NSSWITCH,
       "login.defs": LOGIN_DEFS, "subuid": "", "subgid": ""}


class Subject(NamedTuple):
    """One copy of the two programs: ours or Debian's, and how it is installed."""
    who: str
    install: str
    directory: str

    def path(self, program):
        return f"{self.directory}/{program}"

    def __str__(self):
        return f"{self.who}/{self.install}"


class Result(NamedTuple):
    status: int         # exit status, or minus the signal that ended it
    out: bytes
    err: bytes
    log: tuple          # records at /dev/log
    seconds: float

    @property
    def line(self):
        """The first line of stderr, without its newline."""
        return self.err.decode("utf-8", "backslashreplace").split("\n", 1)[0]

    @property
    def lines(self):
        return self.err.decode("utf-8", "backslashreplace").splitlines()


class Target(NamedTuple):
    pid: int

    def map(self, kind):
        """The extents of uid_map or gid_map as the kernel reports them, or a word for a
        process that has ended."""
        try:
            with open(f"/proc/{self.pid}/{kind}id_map") as file:
                return tuple(tuple(int(word) for word in line.split()) for line in file)
        except OSError as error:
            return errno.errorcode[error.errno]

    def setgroups(self):
        try:
            with open(f"/proc/{self.pid}/setgroups") as file:
                return file.read().strip()
        except OSError as error:
            return errno.errorcode[error.errno]


class Keeper:
    """One running target program and the processes that it has made."""

    def __init__(self, host, kind, caller, count, as_root=None):
        read_end, write_end = os.pipe()
        stdin_read, self.stdin = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.dup2(stdin_read, 0)
                os.dup2(write_end, 1)
                if as_root:
                    as_root()
                caller.become()
                os.execve(host.target_program, ["target", kind, str(count)], {})
            finally:
                os._exit(126)
        os.close(write_end)
        os.close(stdin_read)
        with os.fdopen(read_end) as pipe:
            lines = iter(pipe.readline, "\n")
            self.pids = [int(line) for line in (next(lines, "") for _ in range(count))
                         if line]
        if len(self.pids) != count:
            raise RuntimeError(f"target {kind}: {len(self.pids)} of {count} processes")

    def stop(self):
        os.close(self.stdin)
        os.waitpid(self.pid, 0)


class Host:
    """The throw-away host; see the head of this file. There is one at a time."""

    def __init__(self, tmpdir):
        self.tmpdir = tmpdir
        self.keepers = {}
        self.subjects = {}
        self._mount_everything()
        self._install("ours", build_directory())
        self.helper = None
        self.install_helper()
        oracle = {program: f"{ORACLE_DIRECTORY}/{program}" for program in PROGRAMS}
        if all(os.path.isfile(path) for path in oracle.values()):
            self._install("debian", oracle)
        self.target_program = self.compile("target.c", "-pthread")
        self.become_program = self.compile("become.c", "-static")

    # the file system

    def _mount_everything(self):
        top = self.tmpdir
        mount("tmpfs", top, "tmpfs", MS_NODEV, "mode=755")
        for name in ("up", "work", "bin", "nosuid", "dev"):
            os.mkdir(f"{top}/{name}")
        # the real /etc is the lower directory, changes go to the upper one
        os.chmod(f"{top}/up", 0o755)
        mount("overlay", "/etc", "overlay", 0,
              f"lowerdir=/etc,upperdir={top}/up,workdir={top}/work")
        for name in ("subuid-", "subgid-", "subuid.lock", "subgid.lock"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f"/etc/{name}")
        self.reset_etc()
        mount("tmpfs", "/home", "tmpfs", MS_NODEV, "mode=755")
        # what this system remembers of owners is not for tests to change
        if os.path.isdir("/var/lib/subid"):
            mount("tmpfs", "/var/lib/subid", "tmpfs", MS_NODEV, "mode=755")
        for caller in (ELSA, ANNA, BOB):
            os.mkdir(f"/home/{caller.name}", 0o755)
            os.chown(f"/home/{caller.name}", caller.uid, caller.gid)
        mount("tmpfs", f"{top}/nosuid", "tmpfs", MS_NODEV | MS_NOSUID, "mode=755")
        self._mount_dev(f"{top}/dev")

    def _mount_dev(self, directory):
        mount("tmpfs", directory, "tmpfs", MS_NOSUID, "mode=755")
        for name in ("null", "zero", "full", "random", "urandom", "tty"):
            with open(f"{directory}/{name}", "w"):
                pass
            mount(f"/dev/{name}", f"{directory}/{name}", None, MS_BIND)
        for fd, name in enumerate(("stdin", "stdout", "stderr")):
            os.symlink(f"/proc/self/fd/{fd}", f"{directory}/{name}")
        os.symlink("/proc/self/fd", f"{directory}/fd")
        os.mkdir(f"{directory}/shm", 0o1777)
        mount(directory, "/dev", None, MS_MOVE)
        self.log_socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.log_socket.bind("/dev/log")
        os.chmod("/dev/log", 0o666)
        self.log_socket.setblocking(False)

    def _install(self, who, paths):
        for install, (mode, uid_caps, gid_caps) in INSTALLS.items():
            parent = "nosuid" if install.startswith("nosuid") else "bin"
            directory = f"{self.tmpdir}/{parent}/{who}-{install}"
            os.mkdir(directory)
            for program, caps in zip(PROGRAMS, (uid_caps, gid_caps)):
                copy = f"{directory}/{program}"
                shutil.copyfile(paths[program], copy)
                with open(copy, "rb") as file:
                    if file.read(4) != b"\x7fELF":
                        raise RuntimeError(f"{paths[program]} is a script, not a program")
                os.chmod(copy, mode)
                if caps:
                    set_file_capabilities(copy, caps)
            self.subjects[who, install] = Subject(who, install, directory)

    def install_helper(self):
        """Puts the helper where the map writers look for it, in an overlay."""
        source = built("subid-ask")
        if source is None:
            raise RuntimeError("harness: subid-ask is not in SUBID_BUILD")
        if self.helper is None:
            self.helper = helper_path()
            overlay(f"{self.tmpdir}/bin", os.path.dirname(self.helper))
        os.chown(os.path.dirname(self.helper), 0, 0)
        os.chmod(os.path.dirname(self.helper), 0o755)
        with open(source, "rb") as file:
            self.write(self.helper, file.read(), 0o711)

    def false_helper(self, role):
        """A function that puts a helper with faults in place of the real one; false_helper.c
        has the roles."""
        false = self.compile("false_helper.c")
        self.write("/etc/false-helper", role)
        def spoil(path):
            shutil.copyfile(false, path)
            os.chmod(path, 0o711)
        return spoil

    def compile(self, source, *flags):
        """Builds a helper of this directory; returns its path."""
        name = source.removesuffix(".c")
        output = f"{self.tmpdir}/bin/{name}"
        if os.environ.get("SUBID_HELPERS"):
            shutil.copyfile(f"{os.environ['SUBID_HELPERS']}/{name}", output)
        else:
            subprocess.run(["cc", "-O1", "-w", "-o", output, f"{HERE}/{source}", *flags],
                           check=True)
        os.chmod(output, 0o755)
        return output

    def write(self, path, content, mode=0o644, owner=(0, 0)):
        """Replaces a file of any type; content may be text or bytes."""
        remove(path)
        if isinstance(content, str):
            content = content.encode()
        with open(path, "wb") as file:
            file.write(content)
        os.chmod(path, mode)
        os.chown(path, *owner)

    def reset_etc(self, *names):
        for name in names or ETC:
            if name in ETC:
                self.write(f"/etc/{name}", ETC[name])
            else:
                remove(f"/etc/{name}")

    def suit_runtimes(self):
        """Makes what container engines also need: terminals, and empty, writable
        directories. Once a test."""
        os.chmod("/dev/shm", 0o1777)
        os.mkdir("/dev/pts", 0o755)
        mount("devpts", "/dev/pts", "devpts", 0, "newinstance,ptmxmode=0666,mode=0620")
        os.symlink("pts/ptmx", "/dev/ptmx")
        for directory in ("/run", "/var/tmp"):
            mount("tmpfs", directory, "tmpfs", 0, "mode=1777")

    # processes

    def target(self, kind="ns", caller=ELSA):
        """A new target. One program makes many of them in advance."""
        if kind == "init":
            return Target(1)
        if kind == "self":
            return Target(os.getpid())
        key = kind, caller
        keeper = self.keepers.get(key)
        if keeper is None or not keeper.pids:
            if keeper is not None:
                keeper.stop()
            count = 32 if kind == "ns" and caller == ELSA else 8
            keeper = self.keepers[key] = Keeper(self, kind, caller, count)
        return Target(keeper.pids.pop())

    def give_back(self, target, kind="ns", caller=ELSA):
        """Returns a target that nothing has changed."""
        self.keepers[kind, caller].pids.append(target.pid)

    def run(self, path, args, caller=ELSA, env=None, as_root=None, as_user=None,
            stderr=None, timeout=20, argv0=None):
        """Runs a program as caller. as_root and as_user are called in the child before
        and after it takes the caller's ids. stderr: a descriptor instead of a pipe."""
        if env is None:
            env = {"PATH": CLEAN_PATH, "LC_ALL": "C.UTF-8"}
        out_read, out_write = os.pipe()
        err_read, err_write = os.pipe()
        self.read_log()
        start = time.monotonic()
        files = out_write, err_write if stderr is None else stderr
        argv = [argv0 or os.path.basename(path), *args]
        pid = None
        if not as_root and not as_user and caller.userns is None and len(env) <= 256:
            pid = self._spawn(path, argv, env, caller, files, timeout)
        if pid is None:
            pid = self._fork(path, argv, env, caller, files, timeout, as_root, as_user)
        os.close(out_write)
        os.close(err_write)
        out, err = read_all(out_read, err_read)
        _, status = os.waitpid(pid, 0)
        seconds = time.monotonic() - start
        documents.check(argv, out)
        return Result(os.waitstatus_to_exitcode(status), out, err, self.read_log(), seconds)

    def _spawn(self, path, argv, env, caller, files, timeout):
        """Starts a program as caller with become.c. Returns None if its arguments leave no
        room for more."""
        uid, gid = caller.real_ids()
        words = (int(timeout * 1e6), uid, caller.uid, gid, caller.gid,
                 ",".join(map(str, caller.groups)), path, len(env))
        variables = [os.fsencode(name) + b"=" + os.fsencode(value)
                     for name, value in env.items()]
        try:
            return os.posix_spawn(
                self.become_program, ["become", *map(str, words), *variables, *argv], {},
                file_actions=[(os.POSIX_SPAWN_DUP2, files[0], 1),
                              (os.POSIX_SPAWN_DUP2, files[1], 2),
                              (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0)],
                setsigdef=[signal.SIGPIPE, signal.SIGXFSZ])
        except OSError as error:
            if error.errno != errno.E2BIG:
                raise
            return None

    @staticmethod
    def _fork(path, argv, env, caller, files, timeout, as_root, as_user):
        """The same with functions that the child calls."""
        pid = os.fork()
        if pid != 0:
            return pid
        try:
            os.dup2(files[0], 1)
            os.dup2(files[1], 2)
            null = os.open("/dev/null", os.O_RDONLY)
            os.dup2(null, 0)
            for number in (signal.SIGPIPE, signal.SIGXFSZ):
                signal.signal(number, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_REAL, timeout)
            become_caller(caller, as_root, as_user)
            os.execve(path, argv, env)
        except BaseException as error:
            with contextlib.suppress(OSError):
                os.write(2, f"harness: {error!r}\n".encode())
        finally:
            os._exit(126)

    def read_log(self):
        records = []
        while True:
            try:
                records.append(self.log_socket.recv(65536).decode("utf-8", "replace"))
            except BlockingIOError:
                return tuple(records)

    @contextlib.contextmanager
    def log_daemon(self):
        """Reads the system log continuously, as a daemon does. Yields the records, which are
        complete at the end."""
        def read_on():
            while not over.is_set():
                if select.select([self.log_socket], [], [], 0.05)[0]:
                    records.extend(self.read_log())
        records, over = [], threading.Event()
        reader = threading.Thread(target=read_on)
        reader.start()
        try:
            yield records
        finally:
            over.set()
            reader.join()
            records.extend(self.read_log())


# --- small tools ------------------------------------------------------------------------

def remove(path):
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
    except IsADirectoryError:
        os.rmdir(path)


def read_all(*fds):
    """Reads descriptors to their end, all at once, and closes them."""
    parts = {fd: [] for fd in fds}
    left = list(fds)
    while left:
        for fd in select.select(left, [], [])[0]:
            data = os.read(fd, 65536)
            if data:
                parts[fd].append(data)
            else:
                left.remove(fd)
                os.close(fd)
    return [b"".join(parts[fd]) for fd in fds]


def set_file_capabilities(path, numbers):
    """security.capability, revision 2, permitted and effective"""
    mask = sum(1 << number for number in numbers)
    value = struct.pack("<5I", 0x02000000 | 1, mask & 0xffffffff, 0, mask >> 32, 0)
    os.setxattr(path, "security.capability", value)


def rendered(extents):
    """An extent list as a map writer writes it to the kernel."""
    return "".join(f"{inner} {outer} {count}\n" for inner, outer, count in extents)


PAGE = os.sysconf("SC_PAGESIZE")
MAX_EXTENTS = 340
