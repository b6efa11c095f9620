#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""`make install` with the default prefix, then podman and unprivileged LXC containers of
two users side by side, then `make uninstall`. While ours are installed, a program that
fails stands in the place of each of Debian's: who executes those gets no container. When
ours are gone, Debian's are back in their place and everything works with them again.

SUBID_BUILD must be a folder that configure has made, for the prefix /usr/local. The
installation goes into an overlay; the machine's /usr/local stays as it is."""

import contextlib
import os
import re
import shutil
import subprocess
import tarfile
from typing import NamedTuple

from host import ANNA, CLEAN_PATH, ELSA, MS_BIND, Report, enter, mount, quick, umount

PREFIX = "/usr/local"
PATH = f"{PREFIX}/sbin:{PREFIX}/bin:{CLEAN_PATH}"
DEBIAN = "/usr/bin"
PROGRAMS = ("newuidmap", "newgidmap")


class User(NamedTuple):
    caller: tuple
    start: int      # of a million ids

    @property
    def home(self):
        return f"/home/{self.caller.name}"


USERS = (User(ELSA, 3000000), User(ANNA, 2000000))
COUNT = 1000000


class Run(NamedTuple):
    status: int
    output: str


class Stage:
    """The host as runtimes expect it."""

    def __init__(self, host, report):
        self.host, self.report = host, report
        host.suit_runtimes()
        for name in ("local", "local-work"):
            os.mkdir(f"{host.folder}/{name}")
        os.chmod(f"{host.folder}/local", 0o755)
        mount("overlay", PREFIX, "overlay", 0, f"lowerdir={PREFIX},"
              f"upperdir={host.folder}/local,workdir={host.folder}/local-work")
        database = "".join(f"{user.caller.name}:{user.start}:{COUNT}\n" for user in USERS)
        host.write("/etc/subuid", database)
        host.write("/etc/subgid", database)
        for user in USERS:
            self.make_home(user)

    def make_home(self, user):
        """The user's settings, and a root file system that is busybox."""
        files = {".config/lxc/default.conf": "".join(
            f"lxc.idmap = {kind} 0 {user.start} 65536\n" for kind in "ug") +
            "lxc.apparmor.profile = unconfined\nlxc.net.0.type = empty\n"}
        for name in ("run", ".local/share/lxc", ".config/lxc"):
            os.makedirs(f"{user.home}/{name}")
        for name, content in files.items():
            self.host.write(f"{user.home}/{name}", content)
        with tarfile.open(f"{user.home}/image.tar", "w") as tar:
            tar.add("/bin/busybox", "bin/busybox")
            for name in ("sh", "cat", "id", "sleep"):
                link = tarfile.TarInfo(f"bin/{name}")
                link.type, link.linkname = tarfile.SYMTYPE, "busybox"
                tar.addfile(link)
        # with a plus sign: there is a user whose name is anna's uid
        subprocess.run(["chown", "-R", f"+{user.caller.uid}:+{user.caller.gid}", user.home],
                       check=True)
        os.chmod(f"{user.home}/run", 0o700)

    def shell(self, user, command, timeout=60):
        env = {"PATH": PATH, "HOME": user.home, "USER": user.caller.name,
               "XDG_RUNTIME_DIR": f"{user.home}/run", "TMPDIR": user.home,
               "LC_ALL": "C.UTF-8"}
        result = self.host.run("/bin/sh", ["-c", f"cd {user.home} && {{ {command}\n}} 2>&1"],
                               user.caller, env=env, timeout=timeout)
        return Run(result.status, result.out.decode("utf-8", "replace"))


@contextlib.contextmanager
def failing(folder):
    """Puts a program that fails over each map writer of a folder."""
    for program in PROGRAMS:
        mount("/usr/bin/false", f"{folder}/{program}", None, MS_BIND)
    try:
        yield
    finally:
        for program in PROGRAMS:
            umount(f"{folder}/{program}")


def files_below(folder):
    """{path: (mode, owner, capabilities)} of all that is no folder."""
    found = {}
    for top, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(top, name)
            status = os.lstat(path)
            caps = b""
            if "security.capability" in os.listxattr(path, follow_symlinks=False):
                caps = os.getxattr(path, "security.capability", follow_symlinks=False)
            found[path] = status.st_mode, status.st_uid, status.st_gid, status.st_size, caps
    return found


# --- what is run ------------------------------------------------------------------------

def maps_in(text):
    """The maps that a container has printed, one extent a tuple."""
    return {tuple(int(word) for word in line.split())
            for line in text.splitlines() if re.fullmatch(r"\s*\d+\s+\d+\s+\d+\s*", line)}


PODMAN = "podman --cgroup-manager=cgroupfs --runtime=runc"


def podman(stage, user):
    """Container root is the user, the rest comes out of the range. `system migrate` ends
    the process that keeps podman's namespace, which was made by other map writers."""
    image = "true" if os.path.exists(f"{user.home}/.local/share/containers") else \
        f"{PODMAN} import -q image.tar busybox:1"
    run = stage.shell(user, f"{image} && {PODMAN} run --rm --network=none busybox:1 "
                            "cat /proc/self/uid_map /proc/self/gid_map\n"
                            f"status=$?; {PODMAN} system migrate; exit $status")
    return run, {(0, user.caller.uid, 1), (1, user.start, COUNT)}


def lxc(stage, user):
    """A container that is created, started, entered and stopped."""
    run = stage.shell(user, "rm -rf run/*; lxc-create -n c1 -t busybox && lxc-start -n c1 && "
                            "lxc-attach -n c1 -- cat /proc/self/uid_map /proc/self/gid_map && "
                            "lxc-stop -k -n c1 && lxc-destroy -n c1")
    return run, {(0, user.start, 65536)}


def unshare(stage, user):
    """util-linux, which reads /etc/subuid itself, and leaves the last id out."""
    run = stage.shell(user, "unshare --user --map-auto --map-root-user "
                            "cat /proc/self/uid_map /proc/self/gid_map")
    return run, {(0, user.caller.uid, 1), (1, user.start, COUNT - 1)}


RUNTIMES = {"podman": podman, "lxc-start": lxc, "unshare": unshare}
NEEDS = {"podman": ("runc",)}


def play(stage, whose):
    """Each runtime for each user."""
    for name, runtime in RUNTIMES.items():
        missing = [tool for tool in (name, *NEEDS.get(name, ()), "busybox")
                   if not shutil.which(tool, path=CLEAN_PATH)]
        for user in USERS:
            title = f"{name} of {user.caller.name} uses {whose} map writers"
            if missing:
                stage.report.skip(title, f"needs {', '.join(missing)}")
                continue
            run, maps = runtime(stage, user)
            found = maps_in(run.output)
            stage.report.check(title, run.status == 0 and maps <= found,
                               f"status {run.status}, not mapped: {sorted(maps - found)}: "
                               f"{run.output}")


def refused(stage):
    """elsa tries anna's range."""
    if not shutil.which("lxc-usernsexec", path=CLEAN_PATH):
        stage.report.skip("lxc with another user's range is refused", "needs lxc-usernsexec")
        return
    run = stage.shell(USERS[0], f"lxc-usernsexec -m b:0:{USERS[1].start}:65536 -- id")
    line = (f"newuidmap: uid range [0-65536) -> [{USERS[1].start}-{USERS[1].start + 65536}) "
            "not allowed")
    stage.report.check("lxc with another user's range is refused",
                       run.status != 0 and line in run.output, f"{run}")


def no_other_way(stage, whose):
    """There is no third place: where these fail, nothing is mapped."""
    run, _ = unshare(stage, USERS[0])
    stage.report.check(f"nothing works without {whose} map writers", run.status != 0, f"{run}")


def make(host, goal):
    """As root would type it, apart from the output."""
    return subprocess.run(["make", "-s", "-C", os.environ["SUBID_BUILD"], goal],
                          capture_output=True, text=True,
                          env={"PATH": PATH, "LC_ALL": "C.UTF-8", "HOME": host.folder})


def build_prefix():
    """The prefix that the build is configured for, or None."""
    try:
        with open(f"{os.environ['SUBID_BUILD']}/Makefile", encoding="utf-8") as file:
            found = re.search(r"^prefix = (.*)$", file.read(), re.M)
    except OSError:
        return None
    return found[1] if found else None


def check_installed(stage, before):
    installed = {path: facts for path, facts in files_below(PREFIX).items()
                 if before.get(path) != facts}
    for program in PROGRAMS:
        mode, owner, group, _, caps = installed.get(f"{PREFIX}/bin/{program}", (0,) * 4 + (b"",))
        privileged = mode & 0o7777 == 0o4755 or (mode & 0o7777 == 0o755 and caps)
        stage.report.check(f"{program} is installed with privilege",
                           privileged and (owner, group) == (0, 0),
                           f"mode {mode:o}, owner {owner}:{group}, capabilities {caps}")
    return installed


def main():
    host = enter()
    report = Report()
    if build_prefix() != PREFIX:
        report.skip("runtimes", f"SUBID_BUILD is not configured for the prefix {PREFIX}")
        report.finish()
    if not shutil.which("make", path=CLEAN_PATH) or ("debian", "setuid") not in host.subjects:
        report.skip("runtimes", "needs make, and Debian's newuidmap and newgidmap")
        report.finish()
    stage = Stage(host, report)
    before, debian = files_below(PREFIX), files_below(DEBIAN)

    done = make(host, "install")
    report.check("make install", done.returncode == 0, f"{done.stdout}{done.stderr}")
    installed = check_installed(stage, before)
    report.check("nothing of Debian's is overwritten", files_below(DEBIAN) == debian, "it is")
    with failing(DEBIAN):
        play(stage, "our")
        refused(stage)
        with failing(f"{PREFIX}/bin"):
            no_other_way(stage, "our")

    done = make(host, "uninstall")
    report.check("make uninstall", done.returncode == 0, f"{done.stdout}{done.stderr}")
    after = files_below(PREFIX)
    left = sorted(path for path in {*before, *after} if before.get(path) != after.get(path))
    report.check(f"all {len(installed)} installed files are gone", installed and not left,
                 f"different: {left}")
    if quick():
        for name in ("podman", "lxc-start"):
            del RUNTIMES[name]
    play(stage, "Debian's")
    with failing(DEBIAN):
        no_other_way(stage, "Debian's")
    report.finish()


main()
