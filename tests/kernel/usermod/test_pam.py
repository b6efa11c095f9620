#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The permission to run usermod-ext: the PAM service permits, denies, asks for a password, or does
not exist; the caller is root, or a user of a setuid copy."""

import contextlib
import fcntl
import os
import pty
import shutil
import signal
import termios
import time

import usermod_box
from host import CLEAN_PATH, ELSA, ROOT, TOP, mount, read, remove, set_file_capabilities
from usermod_box import DONE, NOT_PERMITTED, words

SERVICE = "/etc/pam.d/usermod-ext"
SHIPPED = f"{TOP}/usermod-ext/usermod-ext.pam"
CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER = 0, 1, 3
PASSWORD = "secret"
HASH = ("$6$subidutils$BpHzPRTqSM0bg1dsetYTvMGBDLmb5tenCvbeBI0yYrXLYE"
        "U0QOfnSXu8b8MnRLKf.dwsO1oylr4cGz2nMY8pX/")
NO_SERVICE = "there is no PAM service usermod-ext"
ADD = ("-v", "3000000-3000009", "anna")
ADDED = b"anna:3000000:10\n"


def service(auth, account="pam_permit.so"):
    return f"auth required {auth}\naccount required {account}\n"


ASKS = service("pam_unix.so nodelay")

CASES = (
    # name, service (None: there is none), caller, copy, status, the message
    ("root, a service that permits", service("pam_permit.so"), ROOT, "plain", DONE, ""),
    ("root, a service that denies", service("pam_permit.so", "pam_deny.so"), ROOT, "plain",
     NOT_PERMITTED, "usermod-ext: PAM: "),
    ("root is not authenticated", service("pam_deny.so"), ROOT, "plain", DONE, ""),
    ("root is asked for no password", ASKS, ROOT, "plain", DONE, ""),
    ("root, no service", None, ROOT, "plain", DONE, f"usermod-ext: note: {NO_SERVICE}\n"),
    ("root, the service that is shipped", SHIPPED, ROOT, "plain", DONE, ""),
    ("a user without privilege", service("pam_permit.so"), ELSA, "plain",
     NOT_PERMITTED, "usermod-ext: "),
    ("a user, a service that permits", service("pam_permit.so"), ELSA, "setuid", DONE, ""),
    ("a user who is not authenticated", service("pam_deny.so"), ELSA, "setuid",
     NOT_PERMITTED, "usermod-ext: PAM: Authentication failure\n"),
    ("a user whose account is denied", service("pam_permit.so", "pam_deny.so"), ELSA,
     "setuid", NOT_PERMITTED, "usermod-ext: PAM: "),
    ("a user, no service", None, ELSA, "setuid", NOT_PERMITTED,
     f"usermod-ext: {NO_SERVICE}, so only root may do this\n"),
    ("a user, the service that is shipped", SHIPPED, ELSA, "setuid", NOT_PERMITTED,
     "usermod-ext: PAM: Authentication failure\n"),
    ("no terminal, no password", ASKS, ELSA, "setuid", NOT_PERMITTED, "usermod-ext: PAM: "),
    ("a service that is no service", "auth required pam_of_nobody.so\n", ELSA, "setuid",
     NOT_PERMITTED, "usermod-ext: PAM: "),
    ("a service that is empty", "", ELSA, "setuid", NOT_PERMITTED, "usermod-ext: PAM: "),
)


def put_service(host, text):
    if text is None:
        remove(SERVICE)
    elif text == SHIPPED:
        shutil.copyfile(SHIPPED, SERVICE)
    else:
        host.write(SERVICE, text)


def test_cases(box, copies, report):
    for name, text, caller, copy, status, said in CASES:
        box.sweep()
        box.put()
        put_service(box.host, text)
        result = box.run(*ADD, path=copies[copy], caller=caller)
        done = result.status == DONE
        good = result.status == status \
            and box.get().subuid == (ADDED if done else b"") and not box.strays() \
            and words(result).startswith(said) and (said or not result.err) \
            and "assword" not in words(result) and result.seconds < 10
        report.check(f"pam: {name}", good,
                     f"{result} {box.get()} strays {box.strays()}")
        record = [line for line in result.log if "anna change-subids" in line]
        report.check(f"pam: {name}: one record of it", len(record) == 1
                     and f"add-uids=3000000-3000009 by uid {caller.uid}: "
                     f"{'done' if done else 'refused'}" in record[0], result.log)


def test_no_change(box, copies, report):
    """A refused command takes no lock and leaves no file."""
    put_service(box.host, service("pam_deny.so", "pam_deny.so"))
    remove("/etc/.pwd.lock")
    before = sorted(os.listdir("/etc"))
    result = box.run(*ADD, path=copies["setuid"], caller=ELSA)
    report.check("pam: refused before any file is touched",
                 result.status == NOT_PERMITTED and sorted(os.listdir("/etc")) == before,
                 f"{result} {set(os.listdir('/etc')) ^ set(before)}")


def test_image(box, copies, report):
    """PAM is not used for images, so only real root may write there."""
    image = f"{box.host.tmpdir}/image"
    os.makedirs(f"{image}/etc")
    for name in ("passwd", "group", "login.defs"):
        shutil.copyfile(f"/etc/{name}", f"{image}/etc/{name}")
    for kind in ("--root", "--prefix"):
        for directory in ("/", image):
            put_service(box.host, service("pam_permit.so"))
            box.put()
            result = box.run(kind, directory, "--create", *ADD, path=copies["setuid"],
                             caller=ELSA)
            report.check(f"pam: {kind} {directory}: not for a user of a setuid copy",
                         result.status == NOT_PERMITTED and box.get().subuid == b""
                         and words(result) == "usermod-ext: only root may do this\n"
                         and os.listdir(f"{image}/etc").count("subuid") == 0, result)
    for kind in ("--root", "--prefix"):
        put_service(box.host, service("pam_deny.so", "pam_deny.so"))
        remove(f"{image}/etc/subuid")
        result = box.run(kind, image, "--create", *ADD, path=copies["plain"])
        report.check(f"pam: {kind}: PAM is not asked", result.status == DONE
                     and not result.err and read(f"{image}/etc/subuid") == ADDED,
                     result)


def test_capabilities(box, report):
    """A copy with capabilities: what it makes is not the caller's."""
    copy = f"{box.directory}/capabilities"
    shutil.copyfile(box.ours, copy)
    os.chmod(copy, 0o755)
    set_file_capabilities(copy, (CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER))
    put_service(box.host, service("pam_permit.so"))
    box.put(None, None)
    result = box.run("--create", *ADD, path=copy, caller=ELSA)
    report.check("pam: a copy with capabilities", result.status == DONE
                 and box.get().subuid == ADDED and not box.strays(), result)
    status = os.stat("/etc/subuid")
    report.check("pam: a new database is root's",
                 (status.st_uid, status.st_gid, status.st_mode & 0o7777) == (0, 0, 0o644),
                 status)


def type_password(master, text):
    """Types when the terminal stops to echo, as a person does at the prompt."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if not termios.tcgetattr(master)[3] & termios.ECHO:
            os.write(master, text.encode() + b"\n")
            return
        time.sleep(0.01)


@contextlib.contextmanager
def person(text):
    """A terminal with a user; yields a function that moves the child to it."""
    master, slave = pty.openpty()
    pid = os.fork()
    if pid == 0:
        try:
            type_password(master, text)
            signal.pause()
        finally:
            os._exit(0)

    def sit_down():
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        os.dup2(slave, 0)
    try:
        yield sit_down
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(master)
        os.close(slave)


def test_terminal(box, copies, report):
    os.mkdir("/dev/pts")
    mount("devpts", "/dev/pts", "devpts", 0, "newinstance,ptmxmode=0666,mode=0620")
    os.symlink("pts/ptmx", "/dev/ptmx")
    with open("/etc/shadow", "a") as file:
        file.write(f"elsa:{HASH}:19000:0:99999:7:::\n")
    put_service(box.host, ASKS)
    for text, status in ((PASSWORD, DONE), ("guess", NOT_PERMITTED)):
        box.put()
        with person(text) as sit_down:
            result = box.run(*ADD, path=copies["setuid"], caller=ELSA, as_root=sit_down)
        report.check(f"pam: at a terminal: {'right' if status == DONE else 'wrong'} password",
                     result.status == status and "assword" in words(result)
                     and box.get().subuid == (ADDED if status == DONE else b""),
                     f"{result} {box.get()}")
    box.put()
    with person(PASSWORD) as sit_down:
        result = box.run(*ADD, path=copies["plain"], as_root=sit_down)
    report.check("pam: at a terminal: root is not asked",
                 result.status == DONE and not result.err, result)


def test_translation_is_harmless(box, copies, report):
    """Variables of the caller's environment have no effect on a setuid copy."""
    put_service(box.host, service("pam_permit.so"))
    box.put()
    env = {"PATH": CLEAN_PATH, "LANG": "../../home/elsa", "LANGUAGE": "../../home/elsa",
           "LC_ALL": "../../home/elsa", "TEXTDOMAINDIR": "/home/elsa",
           "NLSPATH": "/home/elsa/%N", "LD_PRELOAD": "/home/elsa/hostile.so"}
    result = box.run("-v", "1-x", "anna", path=copies["setuid"], caller=ELSA, env=env)
    report.check("pam: a setuid copy in a strange environment", result.status == 3
                 and words(result) == "usermod-ext: invalid subordinate uid range '1-x'\n",
                 result)


def test_without(box, copies, report):
    """A build without PAM: only root may, with any service file."""
    put_service(box.host, service("pam_permit.so"))
    for caller, copy, status, said in (
            (ROOT, "plain", DONE, ""), (ROOT, "setuid", DONE, ""),
            (ELSA, "plain", NOT_PERMITTED, "usermod-ext: only root may do this\n"),
            (ELSA, "setuid", NOT_PERMITTED, "usermod-ext: only root may do this\n")):
        box.put()
        result = box.run(*ADD, path=copies[copy], caller=caller)
        report.check(f"pam: none in the build: {caller.name}, {copy}",
                     result.status == status and words(result) == said
                     and box.get().subuid == (b"" if status else ADDED), result)


def main():
    box, report = usermod_box.enter()
    copies = {"plain": box.ours, "setuid": f"{box.directory}/setuid"}
    shutil.copyfile(box.ours, copies["setuid"])
    os.chmod(copies["setuid"], 0o4755)
    with open(box.ours, "rb") as file:
        if b"libpam.so" not in file.read():
            test_without(box, copies, report)
            report.skip("pam", "this build has no PAM")
            report.finish()
    # PAM falls back to this service if there is none
    box.host.write("/etc/pam.d/other", service("pam_deny.so", "pam_deny.so"))
    test_cases(box, copies, report)
    test_no_change(box, copies, report)
    test_image(box, copies, report)
    test_capabilities(box, report)
    test_terminal(box, copies, report)
    test_translation_is_harmless(box, copies, report)
    report.finish()


if __name__ == "__main__":
    main()
