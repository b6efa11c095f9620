# SPDX-License-Identifier: BSD-3-Clause
"""A throw-away host with our programs installed and two users, for the test of a runtime.

A test file names its runtime, how it is tested and in which modes:

    def test(stage):
        stage.both("a container", "the-runtime {probe}", stage.whole)
        stage.refused("anna's ids", "the-runtime --ids $OTHER_START {probe}")

    main("the-runtime", test, modes=("setuid", "fcaps"))

`{probe}` is a shell inside the container that prints its ids, makes a file, gives it to
user 500 and waits; meanwhile the same process and file are inspected from the host.
A mode is one way to install: "setuid", "fcaps", or "debian", where nothing of ours is
there (SUBID_RUNTIMES=debian).

The file is run by tests/runtimes/run, which hands SUBID_STAGED, a directory with what `make
install` has installed, and SUBID_CACHE, a directory that the files of one run share.
"""

import atexit
import contextlib
import io
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tarfile
import time
from typing import NamedTuple

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, f"{os.path.dirname(HERE)}/kernel/lib")
# pylint: disable=wrong-import-position
from explain import cause_of, cure_in
from host import (ANNA, CAP_SETGID, CAP_SETUID, CLEAN_PATH, ELSA, MS_BIND, PASSWD, PROGRAMS,
                  ROOT, Report, enter, mount, quick, root_shell, set_file_capabilities, umount)

PREFIX = "/usr/local"
PATH = f"{PREFIX}/sbin:{PREFIX}/bin:{CLEAN_PATH}"
COUNT = 1000000
LONGEST = 60        # seconds for one command
CONTAINER_USER = 500

PROBE = """\
say() { echo "probe $1 $2"; }
trap 'exit 0' USR1
cd "$1" || exit
file=$(pwd)/probe-$0
say ids "$(id -u):$(id -g)"
for map in uid_map gid_map; do
    while read -r extent; do say $map "$extent"; done </proc/self/$map
done
say setgroups "$(cat /proc/self/setgroups)"
: >"$file"; chown 500:500 "$file"
say owner "$(stat -c %u:%g "$file")"
say file "$file"
say ready $$
while :; do sleep 0.05; done"""


# the maps of the initial user namespace
EVERYTHING = ((0, 0, 4294967295),)
# the requested ids, from anna's range
REFUSAL = r"new[ug]idmap: [ug]id range \[\d+-\d+\) -> \[2\d{6}-\d+\) not allowed"


class User(NamedTuple):
    """A user with a million ids."""
    caller: tuple
    start: int

    @property
    def name(self):
        return self.caller.name

    @property
    def home(self):
        return "/root" if self.name == "root" else f"/home/{self.name}"

    def owns(self, kind, extents):
        """None of the ids outside are other than its own."""
        own = {"u": self.caller.uid, "g": self.caller.gid}[kind]
        return all((outer, count) == (own, 1) or
                   self.start <= outer and outer + count <= self.start + COUNT
                   for _, outer, count in extents)

    def own_and_range(self, count=COUNT):
        """The usual map of rootless engines: root is the user, then comes the range."""
        return {"u": ((0, self.caller.uid, 1), (1, self.start, count)),
                "g": ((0, self.caller.gid, 1), (1, self.start, count))}

    def range_only(self, count=65536, inner=0):
        return dict.fromkeys("ug", ((inner, self.start, count),))


USERS = (User(ELSA, 3000000), User(ANNA, 2000000))
THE_ROOT = User(ROOT, 0)


def outside(extents, inner):
    """What the kernel makes of an id inside; None if it is not mapped."""
    for first, outer, count in extents:
        if first <= inner < first + count:
            return outer + inner - first
    return None


def extents_of(lines):
    return tuple(tuple(int(word) for word in line.split()) for line in lines)


def read_lines(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read().splitlines()


class Run(NamedTuple):
    status: int
    output: str


class Job:
    """A running command, with all of its output in one file: a process that it leaves
    in the background then keeps no pipe open."""

    def __init__(self, stage, user, command, env):
        stage.jobs += 1
        self.token = f"{user.name}-{stage.jobs}"
        self.host, self.user = stage.host, user
        self.path = f"{stage.host.tmpdir}/output-{self.token}"
        env = {**stage.environment(user), "TOKEN": self.token, **env}
        with open(self.path, "wb") as output:
            self.process = subprocess.Popen(
                ["/bin/sh", "-c", f"cd {user.home} && {{ {command}\n}}"], env=env,
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True, preexec_fn=user.caller.become)

    @property
    def output(self):
        with open(self.path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def said(self):
        """{word: [what the probe has said]}"""
        found = {}
        for word, rest in re.findall(r"^probe (\w+) (.*?)\r?$", self.output, re.M):
            found.setdefault(word, []).append(" ".join(rest.split()))
        return found

    def wait(self, timeout=LONGEST):
        """Returns the Run; a command that takes too long is killed."""
        end = time.monotonic() + timeout
        while self.process.poll() is None and time.monotonic() < end:
            self.host.read_log()
            time.sleep(0.01)
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            return Run(-1, f"no end after {timeout} s: {self.output}")
        return Run(self.process.returncode, self.output)

    def probe_pid(self, timeout=LONGEST):
        """The probe as the host sees it, when it is ready; None if it does not start."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            self.host.read_log()
            ready = self.said().get("ready")
            if ready:
                return self._find(ready[0])
            if self.process.poll() is not None:
                return None
            time.sleep(0.01)
        return None

    def _find(self, inner_pid):
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
                    words = file.read().split("\0")
                if words[1:4] == ["-c", PROBE, self.token] and inner_pid == next(
                        line.split()[-1] for line in read_lines(f"/proc/{pid}/status")
                        if line.startswith("NSpid:")):
                    return int(pid)
        return None


class Stage:
    """The host, in one mode after the other."""

    def __init__(self, host, report, runtime):
        self.host, self.report, self.runtime = host, report, runtime
        self.mode, self.jobs, self.passed = None, 0, 0
        self.users, self.root = USERS, THE_ROOT
        # a directory that users can read, and that no mount below hides
        self.files = shutil.copytree(HERE, f"{host.tmpdir}/runtimes")
        self._mount_directories()
        for user in USERS:
            self._make_home(user)

    def _mount_directories(self):
        # some runtimes write files beside $TMPDIR and $HOME
        self.cache = f"{self.host.tmpdir}/cache"
        os.mkdir(self.cache)
        mount(os.environ["SUBID_CACHE"], self.cache, None, MS_BIND)
        for directory in ("/tmp", "/var"):
            self.overlay(directory, directory, directory[1:])
        self.host.suit_runtimes()
        mount("tmpfs", "/root", "tmpfs", 0, "mode=700")

    def overlay(self, lower, directory, name):
        """Mounts `lower` at `directory`; changes are only in this host."""
        upper, work = (f"{self.host.tmpdir}/{part}-{name}" for part in ("upper", "work"))
        os.mkdir(upper)
        os.chmod(upper, stat.S_IMODE(os.stat(lower).st_mode))
        os.mkdir(work)
        mount("overlay", directory, "overlay", 0,
              f"lowerdir={lower},upperdir={upper},workdir={work}")

    @staticmethod
    def device(name, major, minor):
        """A device for all users, only in the /dev of this host."""
        path = f"/dev/{name}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(major, minor))
        os.chmod(path, 0o666)

    @staticmethod
    def control_groups_2():
        """Mounts version 2 of control groups where runtimes look for it."""
        if not os.path.exists("/sys/fs/cgroup/cgroup.controllers"):
            mount("cgroup2", "/sys/fs/cgroup", "cgroup2")

    def _make_home(self, user):
        for name in ("run", ".config", ".local/share"):
            os.makedirs(f"{user.home}/{name}")
        image(f"{user.home}/image.tar")
        subprocess.run(["chown", "-R", f"+{user.caller.uid}:+{user.caller.gid}", user.home],
                       check=True)
        os.chmod(f"{user.home}/run", 0o700)
        os.chmod(user.home, 0o711)

    # modes

    def install(self, mode):
        """Installs our programs, or none; then delegates the ids with the installed ones."""
        if self.mode is not None:
            umount(PREFIX)
        self.mode = mode
        if mode == "debian":
            mount("tmpfs", PREFIX, "tmpfs", 0, "mode=755")
        else:
            self._mount_ours(mode)
        subprocess.run(["ldconfig"], check=True, env={"PATH": PATH})
        self.host.reset_etc()
        # not the user whose name is anna's uid: templates of LXC call chown with a number
        self.host.write("/etc/passwd", "".join(
            f"{line}\n" for line in PASSWD.splitlines() if not line.startswith("5002:")))
        tool = "usermod" if mode == "debian" else "usermod-ext"
        for user in USERS:
            ids = f"{user.start}-{user.start + COUNT - 1}"
            run = self.sh(self.root, f"{tool} -v {ids} -w {ids} {user.name}")
            if run.status:
                raise RuntimeError(f"{tool}: {run.output}")
        self.database = {name: "\n".join(read_lines(f"/etc/{name}")) + "\n"
                         for name in ("subuid", "subgid")}

    def _mount_ours(self, mode):
        staged = os.environ["SUBID_STAGED"]
        self.overlay(f"{staged}{PREFIX}", PREFIX, mode)
        shutil.copytree(f"{staged}/etc", "/etc", dirs_exist_ok=True)
        if mode == "fcaps":
            for program, number in zip(PROGRAMS, (CAP_SETUID, CAP_SETGID)):
                os.chmod(f"{PREFIX}/bin/{program}", 0o755)
                set_file_capabilities(f"{PREFIX}/bin/{program}", (number,))

    def reset_database(self):
        for name, content in self.database.items():
            self.host.write(f"/etc/{name}", content)

    # commands

    def environment(self, user):
        other = USERS[0] if user == USERS[1] else USERS[1]
        return {"PATH": PATH, "HOME": user.home, "USER": user.name, "LC_ALL": "C.UTF-8",
                "XDG_RUNTIME_DIR": f"{user.home}/run", "TMPDIR": user.home, "PROBE": PROBE,
                "START": str(user.start), "OTHER_START": str(other.start),
                "OWN_UID": str(user.caller.uid), "OWN_GID": str(user.caller.gid)}

    def sh(self, user, command, timeout=LONGEST, **env):
        return Job(self, user, command, env).wait(timeout)

    def must(self, user, command, timeout=LONGEST, **env):
        """Runs a command that a test needs but does not test."""
        run = self.sh(user, command, timeout, **env)
        if run.status:
            raise RuntimeError(f"{command}: status {run.status}: {run.output}")
        return run.output

    def comes_first(self, what, command):
        """Whether `command` finds our program for a user, or Debian's if ours is not installed."""
        run = self.sh(USERS[0], command)
        wanted = "/usr/bin/|/lib/" if self.mode == "debian" else f"{PREFIX}/(bin|lib)/"
        self.note(f"{what} is the right one",
                  [] if re.search(f"(^|=> )({wanted})", run.output) else [str(run)])

    def other_databases(self):
        """An environment in which a user's programs read databases with the other user's ids."""
        library = f"{self.host.tmpdir}/preload_databases.so"
        directory = f"{self.host.tmpdir}/databases"
        if not os.path.exists(library):
            subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", library,
                            f"{self.files}/preload_databases.c"], check=True)
            os.chmod(library, 0o755)
            os.mkdir(directory, 0o755)
            for name in ("subuid", "subgid"):
                self.host.write(f"{directory}/{name}", "".join(
                    f"{one.name}:{other.start}:{COUNT}\n" for one, other in
                    (USERS, USERS[::-1])))
        return {"LD_PRELOAD": library, "DATABASES": directory}

    # checks

    def note(self, what, wrong):
        """One finding; `wrong` is a list of what is."""
        title = f"{self.runtime}, {self.mode}: {what}"
        self.report.check(title, not wrong, "; ".join(wrong))
        self.passed += not wrong

    def both(self, what, command, maps, **how):
        """The command as each user, both at once."""
        self.each(what, USERS, command, maps, **how)

    def each(self, what, users, command, maps=None, *, directory="/", inside=(0, 0),
             setgroups="allow", nested=False, timeout=LONGEST, env=None):
        """Runs `command` as users at the same time, and inspects each probe from both sides.
        maps(user): {"u" and "g": extents as the host sees them}; None: any ids of the user.
        directory: where the probe makes its file. nested: the map as seen inside is that of
        a namespace in between, and is not compared."""
        command = command.replace("{probe}", f'sh -c "$PROBE" "$TOKEN" {directory}')
        jobs = [Job(self, user, command, env or {}) for user in users]
        pids = [job.probe_pid(timeout) for job in jobs]
        seen = [pid and self._seen(job, pid) for job, pid in zip(jobs, pids)]
        for pid in filter(None, pids):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGUSR1)
        for job, facts in zip(jobs, seen):
            run = job.wait(timeout)
            wrong = [f"status {run.status}"] if run.status else []
            if facts is None:
                wrong.append("no probe")
            else:
                wrong += differences(job, facts, maps and maps(job.user), inside, setgroups,
                                     nested)
            if wrong:
                wrong.append(run.output)
            self.note(f"{what}, {job.user.name}", wrong)

    @staticmethod
    def _seen(job, pid):
        """What the host sees of a probe."""
        status = {line.split(":")[0]: line.split()[1:] for line in
                  read_lines(f"/proc/{pid}/status")}
        file = os.stat(f"/proc/{pid}/root{job.said()['file'][0]}")
        maps = {kind: extents_of(read_lines(f"/proc/{pid}/{kind}id_map")) for kind in "ug"}
        return {"maps": maps, "setgroups": read_lines(f"/proc/{pid}/setgroups")[0],
                "ids": {"u": status["Uid"], "g": status["Gid"]},
                "file": {"u": file.st_uid, "g": file.st_gid}}

    def refused(self, what, command, *, causes=("NOT_DELEGATED",), falls_back=False, env=None,
                directory="/", timeout=LONGEST):
        """elsa asks for ids that are not hers: the runtime fails, its output has our
        message, and no process of hers has such an id. With falls_back it continues with
        her own id."""
        command = command.replace("{probe}", f'sh -c "$PROBE" "$TOKEN" {directory}')
        job = Job(self, USERS[0], command, env or {})
        pid = job.probe_pid(timeout)
        wrong = self._strays()
        if pid:
            os.kill(pid, signal.SIGUSR1)
        run = job.wait(timeout)
        if not falls_back and (job.said() or run.status == 0):
            wrong.append("it succeeds")
        if falls_back and pid and job.said()["uid_map"] != [f"0 {USERS[0].caller.uid} 1"]:
            wrong.append("she has more than her own id")
        wrong += self._not_explained(run.output, causes)
        self.note(f"{what} refused", [*wrong, run.output] if wrong else [])

    def _not_explained(self, output, causes):
        wrong = [] if re.search(REFUSAL, output) else ["no first line"]
        named = {cause_of(line.split(": ", 1)[1]) for line in explanations(output)}
        if self.mode != "debian" and not named & set(causes):
            wrong.append("no explanation")
        return wrong

    def _strays(self):
        """Processes with ids of anna in a namespace that is not hers, since it does not have
        her own id."""
        found, anna = [], USERS[1]
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                for kind, own in (("u", anna.caller.uid), ("g", anna.caller.gid)):
                    extents = extents_of(read_lines(f"/proc/{pid}/{kind}id_map"))
                    outer = [range(first, first + count) for _, first, count in extents]
                    if extents != EVERYTHING and not any(own in ids for ids in outer) and any(
                            ids.start < anna.start + COUNT and anna.start < ids.stop
                            for ids in outer):
                        found.append(f"process {pid} has {extents}")
        return found

    # images

    def debian_root(self):
        """A .tar.xz with a Debian that elsa has made; the files of one run share it."""
        path = f"{self.cache}/debian.tar.xz"
        if not os.path.exists(path):
            self.must(USERS[0], f"{MMDEBSTRAP} --variant=essential bookworm debian.tar",
                      timeout=240)
            without_devices(f"{USERS[0].home}/debian.tar", path + ".new")
            os.rename(path + ".new", path)
            os.unlink(f"{USERS[0].home}/debian.tar")
        return path


MMDEBSTRAP = "mmdebstrap --mode=unshare --quiet " + " ".join(
    f"--dpkgopt=path-exclude=/usr/{directory}/*" for directory in
    ("share/doc", "share/locale", "share/man", "share/zoneinfo", "lib/x86_64-linux-gnu/gconv"))


def explanations(output):
    """The messages of map writers, line by line. A runtime that logs a whole message in one line
    of its own writes \\n for a newline."""
    return re.findall(r"\b(new[ug]idmap: .*?)(?=\"|\r?$)", output.replace("\\n", "\n"), re.M)


def without_devices(path, new_path):
    """Copies a root file system, but for the nodes that no user namespace can make."""
    with tarfile.open(path) as old, tarfile.open(new_path, "w:xz", preset=0) as new:
        for member in old:
            if not member.isdev():
                new.addfile(member, old.extractfile(member) if member.isreg() else None)


def image(path):
    """A root file system that is busybox."""
    with tarfile.open(path, "w") as tar:
        for name in ("bin", "etc", "dev", "proc", "sys", "root", "tmp", "run"):
            directory = tarfile.TarInfo(name)
            directory.type, directory.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
            tar.addfile(directory)
        tar.add("/bin/busybox", "bin/busybox",
                lambda info: info.replace(uid=0, gid=0, uname="", gname="", mode=0o755))
        for name in ("sh", "cat", "id", "sleep", "chown", "stat", "true", "ls", "touch"):
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
        for name, content in (("passwd", "root:x:0:0:root:/root:/bin/sh\n"),
                              ("group", "root:x:0:\n")):
            info = tarfile.TarInfo(f"etc/{name}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content.encode()))


def differences(job, facts, expected, inside, setgroups, nested):
    """What is wrong with a probe and with what the host sees."""
    wrong, said, user, maps = [], job.said(), job.user, facts["maps"]

    def compare(what, found, wanted):
        if found != wanted:
            wrong.append(f"{what} is {found}, not {wanted}")

    compare("ids inside", said.get("ids"), [f"{inside[0]}:{inside[1]}"])
    compare("owner inside", said.get("owner"), [f"{CONTAINER_USER}:{CONTAINER_USER}"])
    compare("setgroups inside", said.get("setgroups"), [setgroups])
    compare("setgroups", facts["setgroups"], setgroups)
    for kind, inner in zip("ug", inside):
        name = f"{kind}id_map"
        if expected:
            compare(name, maps[kind], expected[kind])
        if not nested:
            compare(f"{name} inside", extents_of(said.get(name, ())), maps[kind])
        if user != THE_ROOT and not user.owns(kind, maps[kind]):
            wrong.append(f"{name} {maps[kind]} has ids of others")
        compare(f"{kind}ids of the process", facts["ids"][kind],
                [str(outside(maps[kind], inner))] * 4)
        compare(f"{kind}id of the file", facts["file"][kind],
                outside(maps[kind], CONTAINER_USER))
    return wrong


def version_of(words):
    """The first number with dots in a program's version."""
    run = subprocess.run(words, capture_output=True, text=True, check=False,
                         env={"PATH": PATH, "HOME": "/root"})
    found = re.search(r"\d+(\.\d+)+", run.stdout + run.stderr)
    return found[0] if found else "?"


def play(stage, test, mode):
    stage.install(mode)
    test(stage)


def control_groups():
    return [directory for directory, _, _ in os.walk("/sys/fs/cgroup", topdown=False)]


def remove_control_groups(before):
    """Removes control groups that runtimes of root have made: groups of these names that
    were not there before, as soon as they are empty. The kernel does not remove them."""
    for _ in range(100):
        left = [group for group in control_groups()
                if group not in before and GROUPS & set(group.split("/"))]
        for group in left:
            with contextlib.suppress(OSError):
                os.rmdir(group)
        if not left:
            return
        time.sleep(0.02)


# the names that docker was given, and those of systemd-nspawn and podman
GROUPS = {"subid-runtimes", "payload", "supervisor", "libpod_parent"}


def main(runtime, test, modes=("setuid",), needs=(), title=None, row=True):
    """Runs test(stage) in each mode, and prints a line for the table after it, if it is to
    have a `row`. `title`: how the runtime is called, if not by its program."""
    if "SUBID_HOST" not in os.environ:
        atexit.register(remove_control_groups, frozenset(control_groups()))
    host, report = enter(), Report()
    missing = [tool for tool in (runtime, *needs) if not shutil.which(tool, path=PATH)]
    if missing:
        report.skip(runtime, f"needs {', '.join(missing)}")
        report.finish()
    if os.environ.get("SUBID_RUNTIMES") == "debian":
        modes = ("debian",)
    title = title or runtime
    stage = Stage(host, report, title)
    for mode in modes[:1] if quick() else modes:
        failed, stage.passed = report.failed, 0
        report.part(play, stage, test, mode)
        if row:
            print(f"# row {title}|{version_of([runtime, '--version'])}|{mode}|"
                  f"{stage.passed}|{report.failed - failed}", flush=True)
    report.finish()
