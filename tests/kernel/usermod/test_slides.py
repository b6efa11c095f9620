#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""`usermod -v 100000-200000 -w 100000-200000 serge`, as slides of 2014 have it, for a user
to whom Debian's useradd gave 100000-165535 already. Debian's usermod writes a second line
that overlaps the first, and podman and rootlesskit no longer start. Ours writes the part
that is missing, and they do, with all ids."""

import os
import pwd
import re
import shutil
import subprocess
import tarfile

from host import CLEAN_PATH, Caller, read
from usermod_box import DONE, enter

USERADD = "/usr/sbin/useradd"
COMMAND = ("-v", "100000-200000", "-w", "100000-200000", "serge")
FIRST = b"serge:100000:65536\n"
OVERLAPPING = FIRST + b"serge:100000:100001\n"
WHOLE = FIRST + b"serge:165536:34465\n"
PODMAN = "podman --cgroup-manager=cgroupfs --runtime=runc"
MAPS = "cat /proc/self/uid_map /proc/self/gid_map"
# each prints the maps inside at the end
RUNTIMES = {
    "podman unshare": ("podman", f"{PODMAN} unshare sh -c '{MAPS}'"),
    "podman run": ("podman", f"{PODMAN} import -q image.tar busybox:1 && {PODMAN} run --rm "
                             f"--network=none busybox:1 sh -c '{MAPS}'"),
    "rootlesskit": ("rootlesskit", f"rootlesskit sh -c '{MAPS}'"),
}
NEEDS = {"podman": ("runc", "busybox", "newuidmap"), "rootlesskit": ("getsubids", "newuidmap")}


def find(tool):
    return shutil.which(tool, path=CLEAN_PATH)


def prepare(box):
    """What runtimes need on a host, and a user as Debian makes one."""
    box.host.suit_runtimes()
    box.put(b"", b"")
    for name in ("shadow", "gshadow"):
        box.host.write(f"/etc/{name}", "", 0o600)
    subprocess.run([USERADD, "-m", "-s", "/bin/sh", "serge"], check=True,
                   stderr=subprocess.DEVNULL)
    entry = pwd.getpwnam("serge")
    os.mkdir(f"{entry.pw_dir}/run", 0o700)
    if find("busybox"):
        with tarfile.open(f"{entry.pw_dir}/image.tar", "w") as tar:
            tar.add(find("busybox"), "bin/busybox")
            for name in ("sh", "cat"):
                link = tarfile.TarInfo(f"bin/{name}")
                link.type, link.linkname = tarfile.SYMTYPE, "busybox"
                tar.addfile(link)
    subprocess.run(["chown", "-R", f"+{entry.pw_uid}:+{entry.pw_gid}", entry.pw_dir],
                   check=True)
    return Caller("serge", entry.pw_uid, entry.pw_gid), entry.pw_dir


def shell(box, user, home, command):
    """Runs it as the user, in a storage of its own; returns status and output."""
    env = {"PATH": CLEAN_PATH, "HOME": home, "USER": user.name, "LC_ALL": "C.UTF-8",
           "XDG_RUNTIME_DIR": f"{home}/run", "TMPDIR": home}
    # podman keeps a process with the namespace that it made
    last = f"\nstatus=$?; {PODMAN} system migrate; exit $status" if "podman" in command else ""
    result = box.host.run("/bin/sh", ["-c", f"cd {home} && {{ {command}{last}\n}} 2>&1"], user,
                          env=env, timeout=60)
    return result.status, result.out.decode("utf-8", "replace")


def ids_inside(text):
    """How many ids are mapped, uids and gids together."""
    return sum(int(count) for count in re.findall(r"^\s*\d+\s+\d+\s+(\d+)\s*$", text, re.M))


def start(box, report, user, home, works):
    """Each runtime with the databases as they are."""
    whose = "ours" if works else "Debian's"
    for name, (tool, command) in RUNTIMES.items():
        title = f"{name} after {whose} {'starts' if works else 'fails'}"
        missing = [need for need in (tool, *NEEDS[tool]) if not find(need)]
        if missing:
            report.skip(title, f"needs {', '.join(missing)}")
            continue
        status, text = shell(box, user, home, command)
        if works:
            # its own id, 65536 and 34465, of each kind
            report.check(title, status == 0 and ids_inside(text) == 2 * 100002,
                         f"status {status}: {text}")
        else:
            report.check(title, status != 0 and "nvalid argument" in text,
                         f"status {status}: {text}")


def main():
    box, report = enter()
    if not box.oracle or not os.path.exists(USERADD):
        report.skip("slides", "needs Debian's usermod and useradd")
        report.finish()
    user, home = prepare(box)
    report.check("Debian's useradd delegates 100000-165535", box.get() == (FIRST, FIRST),
                 f"{box.get()}")

    result = box.run_oracle(*COMMAND)
    report.check("Debian's usermod writes a line that overlaps",
                 result.status == DONE and box.get() == (OVERLAPPING, OVERLAPPING),
                 f"{result}, {box.get()}")
    start(box, report, user, home, False)

    box.put(FIRST, FIRST)
    result = box.run(*COMMAND)
    report.check("ours writes the part that is missing",
                 result.status == DONE and box.get() == (WHOLE, WHOLE)
                 and read("/etc/subuid-") == FIRST, f"{result}, {box.get()}")
    start(box, report, user, home, True)

    result = box.run(*COMMAND)
    report.check("ours once more changes nothing",
                 result.status == DONE and box.get() == (WHOLE, WHOLE), f"{result}, {box.get()}")
    report.finish()


main()
