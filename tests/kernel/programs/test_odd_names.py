#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""An image in which a file that our programs open is not regular: a pipe, with and without
another end, a socket, a device, a directory, a symbolic link. No command waits for it, also
while signals are blocked; a command that needs the file ends with a message that names it,
and the databases are unchanged."""

import os
import re
import shutil
import signal
import socket
import stat
import time

from host import ELSA, PASSWD, ROOT, remove, spawn, wait_until
from subid_box import enter, words
import usermod_box

LIMIT = 10      # seconds: less than the wait for a lock, so that it means "at once" on any machine
FILES = {"passwd": PASSWD, "group": "staff:x:50:elsa,bob\n", "login.defs": "UID_MIN 1000\n",
         "subuid": "elsa:400000:65536\n", "subgid": "elsa:400000:65536\n"}
WHO = {"passwd": "user", "group": "group"}
BOTH = {"subuid", "subgid"}
LOCKS = {".pwd.lock", "subuid.lock", "subgid.lock"}
# files that a writer replaces or removes, so that only a directory is an obstacle
REPLACED = {"subuid-", "subgid-", "subuid.subid-undo"} | {
    f"{name}.subid-{end}" for name in BOTH for end in ("new", "backup")}
WRITTEN = BOTH | LOCKS | REPLACED
NAMES = sorted(set(FILES) | WRITTEN)

# the command, and the files that it needs
COMMANDS = (
    ("subid list", BOTH),
    ("subid whois 400000", BOTH),
    ("subid map elsa", BOTH | {"passwd"}),
    ("subid files .", BOTH),
    ("subid check", BOTH | {"passwd", "group"}),
    ("subid check --fix", BOTH | {"passwd", "group", ".pwd.lock", "subuid.lock",
                                  "subgid.lock"}),
    ("subid grant bob", WRITTEN | set(FILES)),
    ("subid grant --all-users --group staff", WRITTEN | set(FILES)),
    ("subid grant --range 900000-900009 bob", WRITTEN | set(FILES)),
    ("subid revoke elsa", WRITTEN | {"passwd"}),
    ("subid rename --no-account elsa eva", WRITTEN | {"passwd"}),
    ("usermod-ext -v 900000-900009 -w 900000-900009 bob", WRITTEN | set(FILES)),
    ("usermod-ext -V 400000-400009 -W 400000-400009 elsa", WRITTEN | {"passwd"}),
    ("usermod-ext -S bob", WRITTEN | set(FILES)),
)


def pipe(path):
    os.mkfifo(path)
    return []


def open_pipe(path):
    os.mkfifo(path)
    return [os.open(path, os.O_RDWR)]


def bound_socket(path):
    sock = socket.socket(socket.AF_UNIX)
    before = os.getcwd()
    os.chdir(os.path.dirname(path))
    sock.bind(os.path.basename(path))
    os.chdir(before)
    return [sock.detach()]


def device(path):
    os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    return []


def directory(path):
    os.mkdir(path)
    with open(f"{path}/inside", "w", encoding="ascii"):
        return []


def link(path):
    os.symlink(os.path.basename(path), path)
    return []


THINGS = (pipe, open_pipe, bound_socket, device, directory, link)


def make_image(box):
    image = f"{box.host.tmpdir}/image"
    shutil.rmtree(image, ignore_errors=True)
    os.makedirs(f"{image}/etc")
    for name, content in FILES.items():
        box.host.write(f"{image}/etc/{name}", content)
    return image


def databases(etc):
    """The databases that are regular files."""
    found = {}
    for name in sorted(BOTH):
        if stat.S_ISREG(os.lstat(f"{etc}/{name}").st_mode):
            with open(f"{etc}/{name}", encoding="ascii") as file:
                found[name] = file.read()
    return found


def judge(result, etc, name, thing, needed, changed):
    """What is wrong, or None."""
    said = words(result) + result.out.decode()
    if result.seconds > LIMIT - 1:
        return "it waits"
    if name not in needed:
        return None
    if name in REPLACED and thing is not directory:
        mode = os.lstat(f"{etc}/{name}").st_mode if os.path.lexists(f"{etc}/{name}") else None
        return None if result.status == 0 and (mode is None or stat.S_ISREG(mode)) \
            else "it is in the way"
    if result.status == 0:
        return "status 0"
    if not re.search(f"etc/{name}|(cannot look up )?{WHO.get(name)} '\\w+'(:| is not known:)",
                     said):
        return "the file is not named"
    return "the databases have changed" if changed else None


def test_image(box, tool, report):
    paths = {"subid": box.path, "usermod-ext": tool.ours}
    for name in NAMES:
        for thing in THINGS:
            for command, needed in COMMANDS:
                image = make_image(box)
                etc = f"{image}/etc"
                remove(f"{etc}/{name}")
                descriptors = thing(f"{etc}/{name}")
                before = databases(etc)
                program, *args = command.split()
                args = [image if word == "." else word for word in args]
                result = box.host.run(paths[program], [*args, "--root", image], ROOT,
                                      timeout=LIMIT)
                why = judge(result, etc, name, thing, needed, databases(etc) != before)
                report.check(f"{name}: {thing.__name__}: {command}", why is None,
                             f"{why}: {result}")
                for descriptor in descriptors:
                    os.close(descriptor)


def test_hole(box, tool, report):
    """A sparse file does not become one that fills the disk."""
    paths = {"subid": box.path, "usermod-ext": tool.ours}
    for command in ("subid grant bob", "subid revoke elsa", "subid check",
                    "subid check --fix", "usermod-ext -v 900000-900009 -w 900000-900009 bob"):
        image = make_image(box)
        os.truncate(f"{image}/etc/subuid", 200 << 20)
        program, *args = command.split()
        result = box.host.run(paths[program], [*args, "--root", image], ROOT, timeout=LIMIT)
        blocks = sum(os.stat(f"{image}/etc/{name}").st_blocks for name in
                     os.listdir(f"{image}/etc"))
        report.check(f"a hole: {command}", result.status != 0 and blocks < 2048 and
                     f"{image}/etc/subuid: The file has a hole" in words(result),
                     f"{blocks}, {result}")


def test_running_system(box, tool, report):
    """nsswitch.conf is a pipe, or the null device, which counts as an empty file."""
    box.put("elsa:400000:65536\n", "elsa:400000:65536\n")
    remove("/etc/nsswitch.conf")
    pipe("/etc/nsswitch.conf")
    mapper = box.host.subjects["ours", "setuid"].path("newuidmap")
    target = box.host.target()
    result = box.host.run(mapper, [str(target.pid), "0", "400000", "10"],
                          timeout=LIMIT)
    report.check("nsswitch.conf: pipe: newuidmap", result.status == 1
                 and "put a regular file in its place" in words(result) and target.map("u") == (), f"{result}")
    remove("/etc/nsswitch.conf")
    os.symlink("/dev/null", "/etc/nsswitch.conf")
    result = box.host.run(mapper, [str(target.pid), "0", "400000", "10"],
                          timeout=LIMIT)
    report.check("nsswitch.conf: /dev/null: newuidmap", result.status == 0
                 and target.map("u") == ((0, 400000, 10),), f"{result}")
    result = tool.run("-v", "900000-900009", "anna", timeout=LIMIT)
    report.check("nsswitch.conf: /dev/null: usermod-ext", result.status == 0, f"{result}")
    remove("/etc/nsswitch.conf")
    box.host.reset_etc("nsswitch.conf")


def test_interrupted(box, report):
    """A command that reads a pipe waits for it, and SIGINT ends the wait."""
    path = f"{box.host.tmpdir}/batch"
    pipe(path)
    pid = spawn(box.path, "grant", "--batch", path)
    time.sleep(0.5)
    waits = os.waitpid(pid, os.WNOHANG)[0] == 0
    os.kill(pid, signal.SIGINT)
    ended = wait_until(lambda: os.waitpid(pid, os.WNOHANG)[0] == pid, LIMIT)
    report.check("--batch: pipe: SIGINT ends the wait", waits and ended, f"{waits}, {ended}")
    remove(path)


def test_run_time_directory(box, report):
    """Another user may have made the file that podman's process id is read from."""
    runtime = f"{box.host.tmpdir}/run"
    os.makedirs(f"{runtime}/libpod/tmp")
    pipe(f"{runtime}/libpod/tmp/pause.pid")
    box.put("elsa:400000:65536\n", "elsa:400000:65536\n")
    result = box.run("doctor", caller=ELSA, timeout=LIMIT,
                     env={"PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": runtime})
    report.check("pause.pid: pipe: doctor", result.status >= 0 and b"podman" in result.out,
                 f"{result}")


def main():
    box = enter()
    tool = usermod_box.Box(box.host)
    report = box.report
    test_image(box, tool, report)
    test_hole(box, tool, report)
    test_running_system(box, tool, report)
    test_interrupted(box, report)
    test_run_time_directory(box, report)
    report.finish()


main()
