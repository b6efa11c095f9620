#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""`make install` with the default prefix, then containers of two users side by side, then
`make uninstall`. While ours are installed, a program that fails replaces each of Debian's, so
that a runtime that runs Debian's gets no container. After `make uninstall` Debian's are back,
and everything works with them again."""

import contextlib
import os
import subprocess

from stage import COUNT, PATH, PREFIX, PROGRAMS, MS_BIND, main, mount, umount

DEBIAN = "/usr/bin"
PODMAN = "podman --cgroup-manager=cgroupfs --storage-driver=vfs"


@contextlib.contextmanager
def failing(directory):
    """Puts a program that fails over each map writer of a directory."""
    for program in PROGRAMS:
        mount("/usr/bin/false", f"{directory}/{program}", None, MS_BIND)
    try:
        yield
    finally:
        for program in PROGRAMS:
            umount(f"{directory}/{program}")


def files_below(directory):
    """{path: (mode, owner, capabilities)} of all files but directories."""
    found = {}
    for top, _, names in os.walk(directory):
        for name in names:
            path = os.path.join(top, name)
            status = os.lstat(path)
            caps = b""
            if "security.capability" in os.listxattr(path, follow_symlinks=False):
                caps = os.getxattr(path, "security.capability", follow_symlinks=False)
            found[path] = status.st_mode, status.st_uid, status.st_gid, status.st_size, caps
    return found


def play(stage, whose):
    """Runtimes that look for the map writers in different ways."""
    stage.both(f"unshare uses {whose}", "unshare --user --map-auto --map-root-user {probe}",
               lambda user: user.own_and_range(COUNT - 1), directory="$HOME")
    stage.both(f"lxc-usernsexec uses {whose}",
               "mkdir -p open && chmod 777 open && lxc-usernsexec -m b:0:$START:65536 -- {probe}",
               lambda user: user.range_only(), directory="open")
    stage.both(f"podman uses {whose}", f"{PODMAN} unshare {{probe}}; status=$?; "
               f"{PODMAN} system migrate; exit $status",
               lambda user: user.own_and_range(), directory="$HOME")


def no_other_way(stage, whose):
    """There are no other map writers: if these fail, nothing is mapped."""
    run = stage.sh(stage.users[0], "unshare --user --map-auto --map-root-user id")
    stage.note(f"nothing works without {whose}", [] if run.status else [str(run)])


def make(goal):
    """Runs make as root, without output; returns what is wrong."""
    done = subprocess.run(["make", "-s", "-C", os.environ["SUBID_BUILD"], goal], text=True,
                          capture_output=True, check=False,
                          env={"PATH": PATH, "LC_ALL": "C.UTF-8", "HOME": "/root"})
    return [f"{done.stdout}{done.stderr}"] if done.returncode else []


def test(stage):
    umount(PREFIX)
    mount("tmpfs", PREFIX, "tmpfs", 0, "mode=755")
    debian = files_below(DEBIAN)
    stage.note("make install", make("install"))
    installed = files_below(PREFIX)
    for program in PROGRAMS:
        mode, owner, group, _, caps = installed.get(f"{PREFIX}/bin/{program}", (0,) * 4 + (b"",))
        privileged = mode & 0o7777 == 0o4755 or (mode & 0o7777 == 0o755 and caps)
        stage.note(f"{program} is installed with privilege",
                   [] if privileged and (owner, group) == (0, 0) else
                   [f"mode {mode:o}, owner {owner}:{group}, capabilities {caps}"])
    stage.note("nothing of Debian's is overwritten",
               [] if files_below(DEBIAN) == debian else ["it is"])
    with failing(DEBIAN):
        play(stage, "ours")
        with failing(f"{PREFIX}/bin"):
            no_other_way(stage, "ours")

    stage.note("make uninstall", make("uninstall"))
    left = sorted(files_below(PREFIX))
    stage.note(f"all {len(installed)} installed files are gone",
               [] if installed and not left else [f"left: {left}"])
    subprocess.run(["ldconfig"], check=True, env={"PATH": PATH})
    play(stage, "Debian's")
    with failing(DEBIAN):
        no_other_way(stage, "Debian's")


main("make", test, needs=("podman", "lxc-usernsexec", "unshare"), title="make install",
     row=False)
