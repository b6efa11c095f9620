#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""In the virtual machine: runs commands on an /etc on a device whose writes are recorded. The
record also has a mark before each command and one after its success, so that it shows for each
state what had been promised."""

import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/kernel/lib")
from host import CLONE_NEWNS, MS_BIND, Report, mount, umount, unshare
from powercut_steps import DATABASES, SECTIONS, get, put, put_accounts

DISK, LOG, DEVICE = "/dev/vdb", "/dev/vdc", "subid"
HERE = os.path.dirname(os.path.abspath(__file__))
MS_REC, MS_PRIVATE = 0x4000, 0x40000


def run(*command, **options):
    return subprocess.run(command, stdin=subprocess.DEVNULL, check=True, **options)


def mark(word, section, number=0):
    run("dmsetup", "message", DEVICE, "0", "mark",
        f"{word}/{SECTIONS.index(section)}/{number}")


def own_etc():
    """Mounts the device, with a copy of /etc on it, over /etc, and an empty directory of it
    over /var/lib. The policy stays where it is: no command writes there."""
    sectors = subprocess.check_output(["blockdev", "--getsz", DISK], text=True).strip()
    os.environ["DM_DISABLE_UDEV"] = "1"
    run("dmsetup", "create", DEVICE, "--table", f"0 {sectors} log-writes {DISK} {LOG}")
    unshare(CLONE_NEWNS)
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    run("mount", "-t", "ext4", f"/dev/mapper/{DEVICE}", "/mnt")
    run("restorecon", "/mnt")
    os.mkdir("/mnt/etc")
    os.makedirs("/mnt/var/lib")
    run("sh", "-c", "cd /etc && tar -cf - --exclude=./selinux . | tar -C /mnt/etc -xf -")
    os.mkdir("/mnt/etc/selinux")
    mount("/etc/selinux", "/mnt/etc/selinux", None, MS_BIND)
    mount("/mnt/etc", "/etc", None, MS_BIND | MS_REC)
    mount("/mnt/var/lib", "/var/lib", None, MS_BIND)
    run("restorecon", "-R", "-e", "/etc/selinux", "/etc", "/var/lib")


def write_in_place(step):
    """A wrong writer: the file is empty, then half, then whole. The kernel may write a file
    back at any time; here it does so at the worst time."""
    for name, text in zip(DATABASES, step.after):
        with open(f"/etc/{name}", "w") as file:
            for part in ("", text[:len(text) // 2], text[len(text) // 2:]):
                file.write(part)
                file.flush()
                os.sync()


def write(writer, step):
    """Returns None, or what went wrong."""
    if writer == "in-place":
        write_in_place(step)
        return None
    env = dict(os.environ)
    if writer == "no-fsync":
        env["LD_PRELOAD"] = f"{HERE}/lib/no-fsync.so"
    program = "subid" if writer == "subid" else "usermod-ext"
    result = subprocess.run([program, *step.args], env=env, input=step.input,
                            capture_output=True, text=True)
    return None if result.returncode == 0 else f"{result.returncode}, {result.stderr}"


def record(section, report):
    put("/", section.before)
    run("restorecon", "-i", *(f"/etc/{name}" for name in DATABASES))
    os.sync()
    for number, step in enumerate(section.steps):
        if step.accounts:
            mark("end", section)
            put_accounts("/", step)
            os.sync()
        mark("begin", section, number)
        problem = write(section.writer, step)
        mark("done", section, number)
        if not problem and get("/") != step.after:
            problem = "not what it should leave"
        report.check(f"recorded: {section.name}: {' '.join(step.args)}", not problem, problem)
    os.sync()
    mark("end", section)


def main():
    report = Report()
    own_etc()
    for section in SECTIONS:
        report.part(record, section, report)
    umount("/var/lib")
    umount("/etc/selinux")
    umount("/etc")
    umount("/mnt/etc/selinux")
    umount("/mnt")
    run("dmsetup", "remove", DEVICE)
    report.finish()


main()
