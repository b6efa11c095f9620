#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What usermod-ext refuses and why, what it allocates, and what it keeps: the overlap
policy on real files, -S, --create, --dry-run, --root and --prefix, sources other than the
files, attributes, and a name service that is slow or silent."""

import contextlib
import os
import re
import shutil
import signal
import stat
import struct
import subprocess

import host as host_module
from host import ELSA, Caller, mount, process, read, remove, spawn, unshare, wait_until
from usermod_box import (BUSY, DONE, NO_USER, PERMISSIVE, POLICY, SUBGID, SUBUID, USAGE, Call,
                         available, calls, enter, running, tampered, words)

DB = b"# first\nelsa:1000000:100\nanna:2000000:100\n5003:2000050:100\nghost:3000000:10\nroot:1:1"

# Seconds, on any machine: a wait would take 15 seconds or forever, and four calls of a name
# service that takes two seconds for each would take 8.
SOON = 7


class Case:
    """Checks that a command did exactly what it should."""

    def __init__(self, box, report):
        self.box, self.report = box, report

    def __call__(self, name, args, status, lines=(), subuid=DB, subgid=DB, before=(DB, DB),
                 out=b"", **options):
        self.box.sweep()
        self.box.put(*before)
        result = self.box.run(*args, **options)
        problem = []
        if result.status != status:
            problem.append(f"status {result.status} and not {status}")
        if result.lines != [f"usermod-ext: {line}" for line in lines]:
            problem.append(f"said {result.lines} and not {list(lines)}")
        if self.box.get() != (subuid, subgid):
            problem.append(f"{self.box.get()}")
        if out is not None and result.out != out:
            problem.append(f"printed {result.out}")
        if self.box.strays():
            problem.append(f"left {self.box.strays()}")
        if result.seconds > SOON and not host_module.emulated():
            problem.append(f"took {result.seconds:.1f} s")
        self.report.check(name, not problem, f"{args}: {'; '.join(problem)}")
        return result


def owned(kind, first, last, owner, line):
    return (f"{kind}s {first}-{last} belong to {owner} (/etc/sub{kind}:{line}); "
            "--allow-overlap shares them")


def account(kind, number, name):
    file = "passwd" if kind == "uid" else "group"
    return f"{kind} {number} is that of {name} in {file}; --allow-overlap delegates it"


def zero(kind):
    return f"{kind} 0 is root's; --allow-root delegates it"


def no_id(kind):
    return f"4294967295 is no {kind} and cannot be delegated"


def added(*lines, text=DB):
    return text + b"".join(b"\n" + line.encode() for line in lines) + b"\n"


# --- the policy -------------------------------------------------------------------------

def test_refusals(case):
    for kind, flag in (("uid", "-v"), ("gid", "-w")):
        for name, args, lines in (
                ("another owner", ("2000000-2000009",),
                 [owned(kind, 2000000, 2000009, "anna", 3)]),
                ("two owners, each with its part", ("1999990-2000200",),
                 [owned(kind, 2000000, 2000099, "anna", 3),
                  owned(kind, 2000050, 2000149, "5003", 4)]),
                ("an owner without account", ("3000009-3000020",),
                 [owned(kind, 3000009, 3000009, "ghost", 5)]),
                ("the last line, without newline", ("1-1",),
                 [account(kind, 1, "daemon"), owned(kind, 1, 1, "root", 6)]),
                ("id 0", ("0-0",), [zero(kind)]),
                ("no id", ("4294967295-4294967295",), [no_id(kind)]),
                ("up to no id", ("4294967290-4294967295",), [no_id(kind)])):
            case(f"{kind}: {name}", (flag, *args, "elsa"), POLICY, lines)
        case(f"{kind}: one of several ranges is enough",
             (flag, "2000000-2000000", flag, "7000000-7000009", "elsa"), POLICY,
             [owned(kind, 2000000, 2000000, "anna", 3)])
        case(f"{kind}: the line as it stands on disk, though others go before",
             (flag.upper(), "1000000-1000099", flag, "2000000-2000000", "elsa"), POLICY,
             [owned(kind, 2000000, 2000000, "anna", 3)])
        case(f"{kind}: only the missing part is asked about",
             (flag, "1000000-1000099", "elsa"), DONE)
        case(f"{kind}: what is held already, by number",
             (flag, "2000050-2000149", "bob"), DONE)
        case(f"{kind}: other ids of the owner's line are no conflict",
             (flag.upper(), "1000000-1000099", flag, "1000000-1000099", "elsa"), DONE,
             **{f"sub{kind}": DB.replace(b"elsa:1000000:100\n", b"")
                              + b"\nelsa:1000000:100\n"})
    case("the owner's own uid, by both its names", ("-v", "5001-5001", "elsa"), POLICY,
         [account("uid", 5001, "elsa"), account("uid", 5001, "elsatwin")])
    case("a group", ("-w", "6000-6000", "elsa"), POLICY, [account("gid", 6000, "team")])
    case("a group's id is no account's", ("-v", "6000-6000", "elsa"), DONE,
         subuid=added("elsa:6000:1"))
    case("several ranges of a kind, all conflicts, each once",
         ("-v", "2000000-2000000", "-v", "3000000-3000009", "-v", "2000000-2000000", "elsa"),
         POLICY, [owned("uid", 2000000, 2000000, "anna", 3),
                  owned("uid", 3000000, 3000009, "ghost", 5)])
    case("several ranges that overlap are written once, the last first",
         ("-v", "7000000-7000009", "-v", "7000005-7000014", "-v", "7000007-7000007", "elsa"),
         DONE, subuid=added("elsa:7000007:1", "elsa:7000005:2", "elsa:7000008:7",
                            "elsa:7000000:5"))
    case("both kinds, all conflicts", ("-v", "2000000-2000000", "-w", "0-0", "elsa"), POLICY,
         [zero("gid"), owned("uid", 2000000, 2000000, "anna", 3)])


def test_overrides(case):
    taken = "2000000-2000009"
    case("--allow-overlap: another owner", ("--allow-overlap", "-v", taken, "elsa"), DONE,
         subuid=added("elsa:2000000:10"))
    case("--allow-overlap: an account", ("--allow-overlap", "-v", "5002-5002", "elsa"), DONE,
         subuid=added("elsa:5002:1"))
    case("--allow-overlap: not id 0", ("--allow-overlap", "-v", "0-0", "elsa"), POLICY,
         [zero("uid")])
    case("--allow-root: id 0", ("--allow-root", "-w", "0-0", "elsa"), DONE,
         subgid=added("elsa:0:1"))
    case("--allow-root: not others", ("--allow-root", "-v", "0-1", "elsa"), POLICY,
         [account("uid", 1, "daemon"), owned("uid", 1, 1, "root", 6)])
    case("both: all that can be", (*PERMISSIVE, "-v", "0-4294967294", "bob"), DONE,
         subuid=added("bob:0:2000050", "bob:2000150:4292967145").replace(b"\n\n", b"\n"))
    for args in (("4294967295-4294967295",), ("0-4294967295",)):
        case(f"both: never 4294967295, {args[0]}", (*PERMISSIVE, "-v", *args, "elsa"), POLICY,
             [no_id("uid")])
    case("a range shared on purpose, as root and lxd do",
         ("--allow-overlap", "-v", "3000000-3000009", "-w", "3000000-3000009", "root"), DONE,
         subuid=added("root:3000000:10"), subgid=added("root:3000000:10"))


def test_slides(case):
    """The command that makes Debian's usermod write a line that overlaps."""
    debian = b"elsa:100000:65536\n"
    args = ("-v", "100000-200000", "-w", "100000-200000", "elsa")
    new = debian + b"elsa:165536:34465\n"
    case("the slides' command", args, DONE, before=(debian, debian), subuid=new, subgid=new)
    case("the slides' command, again", args, DONE, before=(new, new), subuid=new, subgid=new)
    if case.box.oracle:
        case.box.put(debian, debian)
        result = case.box.run_oracle(*args)
        case.report.check("the slides' command with Debian's: an overlapping line",
                          result.status == DONE and
                          case.box.get().subuid == debian + b"elsa:100000:100001\n",
                          f"{result}, {case.box.get()}")


# --- -S ---------------------------------------------------------------------------------

@contextlib.contextmanager
def login_defs(case, *lines):
    case.box.host.write("/etc/login.defs",
                        host_module.LOGIN_DEFS + "".join(f"{line}\n" for line in lines))
    yield
    case.box.host.reset_etc("login.defs")


def test_allocate(case):
    both = lambda line: {"subuid": line, "subgid": line}
    bob = b"bob:100000:65536\n"
    case("-S: the first free range, in both", ("-S", "bob"), DONE, before=(b"", b""),
         **both(bob))
    case("-S: again", ("-S", "bob"), DONE, before=(bob, bob), **both(bob))
    case("-S: the long name", ("--add-subids", "bob"), DONE, before=(b"", b""), **both(bob))
    case("-S: by number and by another name counts", ("-S", "elsa"), DONE,
         before=(b"5001:1:1\n", b"elsatwin:1:1\n"), subuid=b"5001:1:1\n",
         subgid=b"elsatwin:1:1\n")
    case("-S: the one that is missing", ("-S", "bob"), DONE,
         before=(b"bob:200000:5\n", b"anna:100000:10\n"), subuid=b"bob:200000:5\n",
         subgid=b"anna:100000:10\nbob:100010:65536\n")
    case("-S: paired, free in both", ("-S", "bob"), DONE,
         before=(b"anna:100000:65536\n", b"anna:165536:65536\n"),
         subuid=b"anna:100000:65536\nbob:231072:65536\n",
         subgid=b"anna:165536:65536\nbob:231072:65536\n")
    case("-S: after what goes", ("-V", "100000-165535", "-W", "100000-165535", "-S", "bob"),
         DONE, before=(bob, bob), **both(bob))
    with login_defs(case, "SUB_UID_MIN 5000", "SUB_GID_MIN 5000", "SUB_UID_COUNT 10",
                    "SUB_GID_COUNT 10"):
        # 5000-5004 are accounts or groups, 5005-5014 are free
        case("-S: not the ids of accounts", ("-S", "bob"), DONE, before=(b"", b""),
             **both(b"bob:5005:10\n"))
    for maximum, wanted in ((100009, b"bob:100000:10\n"), (100008, None)):
        with login_defs(case, f"SUB_UID_MAX {maximum}", f"SUB_GID_MAX {maximum}",
                        "SUB_UID_COUNT 10", "SUB_GID_COUNT 10"):
            if wanted:
                case(f"-S: up to {maximum}", ("-S", "bob"), DONE, before=(b"", b""),
                     **both(wanted))
            else:
                case(f"-S: not beyond {maximum}", ("-S", "bob"), SUBUID,
                     ["/etc/login.defs: SUB_UID_COUNT 10 is more than the 9 ids from "
                      "SUB_UID_MIN 100000 to SUB_UID_MAX 100008"],
                     before=(b"", b""), **both(b""))
    with login_defs(case, "SUB_GID_COUNT 600000002"):
        case("-S: more gids than the bounds hold", ("-S", "bob"), SUBGID,
             ["/etc/login.defs: SUB_GID_COUNT 600000002 is more than the 600000001 ids from "
              "SUB_GID_MIN 100000 to SUB_GID_MAX 600100000"], before=(b"", b""), **both(b""))
        case("-S: ... which does not matter to a user who has gids", ("-S", "bob"), DONE,
             before=(b"", b"bob:7:1\n"), subuid=bob, subgid=b"bob:7:1\n")
    with login_defs(case, "SUB_UID_MAX 165535", "SUB_GID_MAX 165535"):
        other = b"anna:100000:1\n"
        no_room = lambda kind: [
            f"no free range of 65536 {kind.lower()}s is left between SUB_{kind}_MIN 100000 and "
            f"SUB_{kind}_MAX 165535 of /etc/login.defs",
            f"raise SUB_{kind}_MAX, or remove lines of users who are gone: 'subid check' shows "
            "them"]
        case("-S: no room for uids", ("-S", "bob"), SUBUID, no_room("UID"),
             before=(other, b""), subuid=other, subgid=b"")
        case("-S: no room for gids", ("-S", "bob"), SUBGID, no_room("GID"),
             before=(b"", other), subuid=b"", subgid=other)
    with login_defs(case, "SUB_GID_MIN 300000"):
        case("-S: bounds that differ: the same where both allow it", ("-S", "bob"), DONE,
             before=(b"", b""), **both(b"bob:300000:65536\n"))
    with login_defs(case, "SUB_GID_MAX 99999", "SUB_GID_MIN 90000", "SUB_GID_COUNT 10",
                    "SUB_UID_COUNT 10"):
        case("-S: separate bounds: a range of each kind", ("-S", "bob"), DONE, before=(b"", b""),
             subuid=b"bob:100000:10\n", subgid=b"bob:90000:10\n")
    with login_defs(case, "SUB_UID_COUNT 0"):
        case("-S: COUNT 0 is off for uids", ("-S", "bob"), DONE, before=(b"", b""),
             subuid=b"", subgid=bob)
    with login_defs(case, "SUB_UID_COUNT 0", "SUB_GID_COUNT 0"):
        case("-S: COUNT 0 is off", ("-S", "bob"), DONE, before=(b"", b""), **both(b""))
        case("COUNT 0 does not keep -v from working", ("-v", "7000000-7000009", "bob"), DONE,
             before=(b"", b""), subuid=b"bob:7000000:10\n", subgid=b"")
    with login_defs(case, "SUB_UID_STORE_BY_UID yes"):
        case("SUB_UID_STORE_BY_UID: -S", ("-S", "bob"), DONE, before=(b"", b""),
             **both(b"5003:100000:65536\n"))
        case("SUB_UID_STORE_BY_UID: -v", ("-v", "7000000-7000009", "bob"), DONE,
             before=(b"bob:1:1\n", b""), subuid=b"bob:1:1\n5003:7000000:10\n", subgid=b"")
    with login_defs(case, "SUB_UID_DETERMINISTIC yes"):
        start = 100000 + (5003 - 1000) * 65536
        line = b"bob:%d:65536\n" % start
        case("SUB_UID_DETERMINISTIC", ("-S", "bob"), DONE, before=(b"", b""), **both(line))
        case("SUB_UID_DETERMINISTIC: again", ("-S", "bob"), DONE, before=(line, line),
             **both(line))
        case("SUB_UID_DETERMINISTIC: taken", ("-S", "bob"), POLICY,
             [owned("uid", start, start, "anna", 1)], before=(b"anna:%d:1\n" % start, b""),
             subuid=b"anna:%d:1\n" % start, subgid=b"")
        case("SUB_UID_DETERMINISTIC: a uid below UID_MIN", ("-S", "daemon"), SUBUID,
             ["uid 1 is below UID_MIN 1000: by SUB_UID_DETERMINISTIC in /etc/login.defs it "
              "gets no uids"], before=(b"", b""), **both(b""))
    with login_defs(case, "SUB_UID_DETERMINISTIC yes", f"SUB_GID_MAX {start + 65535}"):
        case("SUB_UID_DETERMINISTIC: up to the end of the bounds", ("-S", "bob"), DONE,
             before=(b"", b""), **both(line))
    with login_defs(case, "SUB_UID_DETERMINISTIC yes", f"SUB_GID_MAX {start + 65534}"):
        case("SUB_UID_DETERMINISTIC: beyond the bounds", ("-S", "bob"), SUBGID,
             ["by SUB_UID_DETERMINISTIC in /etc/login.defs uid 5003 would get gids "
              f"{start}-{start + 65535}, but SUB_GID_MIN is 100000 and SUB_GID_MAX "
              f"{start + 65534}: "
              "uids up to 5002 fit"], before=(b"", b""), **both(b""))
    for setting, status, message in (
            ("SUB_UID_MIN many", SUBUID, "the value of SUB_UID_MIN is not a decimal number"),
            ("SUB_GID_MAX x", SUBGID, "the value of SUB_GID_MAX is not a decimal number"),
            ("UID_MIN x", SUBUID, "the value of UID_MIN is not a decimal number"),
            ("SUB_UID_MIN 600100001", SUBUID,
             "SUB_UID_MIN 600100001 is above SUB_UID_MAX 600100000"),
            ("SUB_GID_MAX 99999", SUBGID, "SUB_GID_MIN 100000 is above SUB_GID_MAX 99999"),
            ("SUB_GID_MAX 4294967296", SUBGID,
             "SUB_GID_MAX 4294967296 is above 4294967295")):
        with login_defs(case, setting):
            case(f"-S: {setting}", ("-S", "bob"), status, [f"/etc/login.defs: {message}"],
                 before=(b"", b""), **both(b""))
    with login_defs(case, "NOBODY_KNOWS this"):
        case("an unknown key is silent", ("-S", "bob"), DONE, before=(b"", b""), **both(bob))


# --- files that are missing, or something else --------------------------------------------

def test_create(case):
    missing = ["/etc/subuid does not exist, you cannot use the flags -v or -V",
               "to make it: usermod-ext --create ..."]
    args = ("-v", "7000000-7000009", "elsa")
    case("a missing file", args, USAGE, missing, before=(None, DB), subuid=None)
    case("a missing file, and -S", ("-S", "bob"), USAGE, missing, before=(None, DB),
         subuid=None)
    case("a missing file, from which is to be taken", ("-V", "1-1", "elsa"), USAGE, missing[:1],
         before=(None, DB), subuid=None)
    case("a missing file, from which is to be taken, and the other kind",
         ("-W", "1-1", *args), USAGE,
         ["/etc/subgid does not exist, you cannot use the flags -w or -W"],
         before=(DB, None), subgid=None)
    case("a missing file of the other kind", args, DONE, before=(DB, None),
         subuid=added("elsa:7000000:10"), subgid=None)
    os.umask(0o077)
    case("--create", ("--create", *args), DONE, before=(None, None),
         subuid=b"elsa:7000000:10\n", subgid=None)
    os.umask(0o022)
    status = os.stat("/etc/subuid")
    case.report.check("--create: mode and owner",
                      (status.st_mode, status.st_uid, status.st_gid) == (0o100644, 0, 0)
                      and not os.path.exists("/etc/subuid-"), f"{status}")
    case("--create, nothing else to do", ("--create", "-V", "1-1", "elsa"), DONE,
         [NOTHING.format("elsa", "1-1")], before=(None, DB), subuid=b"")
    case("--create: refused", ("--create", "-v", "0-0", "elsa"), POLICY, [zero("uid")],
         before=(None, DB), subuid=None)
    case("--create of a file that is there", ("--create", *args), DONE,
         subuid=added("elsa:7000000:10"))


def test_no_file(case):
    """A database that is a symbolic link, a directory or a pipe is refused."""
    for what, make, reason in (
            ("symbolic link", lambda path: os.symlink("subgid", path),
             "Too many levels of symbolic links"),
            ("dangling symbolic link", lambda path: os.symlink("nowhere", path),
             "Too many levels of symbolic links"),
            ("directory", os.mkdir, "Is a directory"),
            ("pipe", os.mkfifo, "Not a regular file")):
        case.box.sweep()
        case.box.put(None, DB)
        make("/etc/subuid")
        before = os.lstat("/etc/subuid")
        for flag in ((), ("--create",)):
            result = case.box.run(*flag, "-v", "7000000-7000009", "elsa")
            case.report.check(
                f"a {what} {' '.join(flag)}",
                result.status == SUBUID and result.lines == [
                    "usermod-ext: cannot open /etc/subuid", f"usermod-ext: /etc/subuid: {reason}",
                    "usermod-ext: note: 'subid check' shows what is wrong with it, and how to "
                    "fix it"]
                and os.lstat("/etc/subuid").st_ino == before.st_ino
                and read("/etc/subgid") == DB and not case.box.strays(), f"{result}")
        remove("/etc/subuid")


def test_dry_run(case):
    case("--dry-run: what goes and comes",
         ("--dry-run", "-V", "1000010-1000019", "-v", "7000000-7000009", "-W",
          "1000000-1000099", "elsa"), DONE,
         out=b"- /etc/subuid: elsa:1000000:100\n+ /etc/subuid: elsa:1000000:10\n"
             b"+ /etc/subuid: elsa:1000020:80\n+ /etc/subuid: elsa:7000000:10\n"
             b"- /etc/subgid: elsa:1000000:100\n")
    case("--dry-run: nothing to do", ("--dry-run", "-v", "1000000-1000009", "elsa"), DONE)
    case("--dry-run: a refusal", ("--dry-run", "-v", "0-0", "elsa"), POLICY, [zero("uid")])
    case("--dry-run: -S", ("--dry-run", "-S", "bob"), DONE, before=(b"", b""), subuid=b"",
         subgid=b"",
         out=b"+ /etc/subuid: bob:100000:65536\n+ /etc/subgid: bob:100000:65536\n")
    result = case("--dry-run: --create", ("--dry-run", "--create", "-v", "7000000-7000009",
                                          "elsa"), DONE, before=(None, DB), subuid=None,
                  out=b"+ /etc/subuid: elsa:7000000:10\n")
    case.report.check("--dry-run: nothing is recorded", not result.log, f"{result.log}")


# --- other systems ------------------------------------------------------------------------

def make_image(box):
    image = f"{box.directory}/image"
    os.makedirs(f"{image}/etc", exist_ok=True)
    for name in os.listdir(f"{image}/etc"):
        remove(f"{image}/etc/{name}")
    for name, text in (("passwd", "carl:x:4242:4242::/:/bin/sh\ndora:x:9000000:9000000::/:\n"),
                       ("group", "carl:x:4242:\n"), ("subuid", ""), ("subgid", ""),
                       ("login.defs", "SUB_UID_MIN 800000\nSUB_GID_MIN 800000\n")):
        box.host.write(f"{image}/etc/{name}", text)
    return image


def test_image(case):
    box, report = case.box, case.report
    box.host.write("/etc/nsswitch.conf", host_module.NSSWITCH + "subid: zzz\n")
    box.sweep()
    box.put(DB, DB)
    for option in ("--root", "--prefix", "-R", "-P"):
        image = make_image(box)
        # a process of the running system is not one of the image
        with process(caller=Caller("carl", 4242, 4242)):
            result = box.run(option, image, "-V", "1-1", "-S", "carl")
        found = [read(f"{image}/etc/{name}") for name in ("subuid", "subgid")]
        report.check(f"{option}: accounts and login.defs of the image",
                     result.status == DONE and not result.log
                     and result.line == "usermod-ext: " + NOTHING.format("carl", "1-1")
                     and found == [b"carl:800000:65536\n"] * 2, f"{result}, {found}")
        for args, status, line in (
                (("-v", "5001-5001", "elsa"), NO_USER, "user 'elsa' does not exist"),
                (("-v", "9000000-9000000", "carl"), POLICY, account("uid", 9000000, "dora")),
                (("-v", "5002-5002", "carl"), DONE, "")):
            result = box.run(option, image, *args)
            report.check(f"{option}: {args}", result.status == status and result.line ==
                         (f"usermod-ext: {line}" if line else ""), f"{result}")
        names = set(os.listdir(f"{image}/etc"))
        report.check(f"{option}: no file is left", names <= {
            "passwd", "group", "subuid", "subgid", "subuid-", "subgid-", "login.defs",
            ".pwd.lock"}, f"{names}")
    for option in ("--root", "--prefix"):
        result = box.run(option, f"{box.directory}/nowhere", "-S", "carl")
        report.check(f"{option}: no such directory", result.status == USAGE and result.err,
                     f"{result}")
    result = box.run("--root", "/", "--prefix", "/", "-S", "elsa")
    report.check("--root and --prefix exclude each other", result.status == USAGE,
                 f"{result}")
    for option in ("--root", "--prefix"):
        result = box.run(option, image, "-v", "1-1", "carl", caller=ELSA)
        report.check(f"{option}: only root", result.status == 1, f"{result}")
    report.check("the running system is untouched", box.get() == (DB, DB)
                 and not os.path.exists("/etc/.pwd.lock"), f"{box.get()}")
    box.host.reset_etc("nsswitch.conf")


def link_image(box, target):
    """An image whose /etc is a symbolic link, or with a directory, a link in it."""
    image = make_image(box)
    os.makedirs(f"{image}/usr", exist_ok=True)
    remove(f"{image}/usr/etc")
    os.rename(f"{image}/etc", f"{image}/usr/etc")
    os.symlink(target, f"{image}/etc")
    return image


def unlink_image(image):
    """Back to what make_image() knows."""
    os.unlink(f"{image}/etc")
    os.rename(f"{image}/usr/etc", f"{image}/etc")


def test_image_links(case):
    """Symbolic links of an image are followed inside it."""
    box, report = case.box, case.report
    new = b"carl:7000000:10\n"
    args = ("-v", "7000000-7000009", "carl")
    box.sweep()
    box.put(DB, DB)
    before = sorted(os.listdir("/etc"))
    for option in ("--root", "--prefix"):
        for target in ("usr/etc", "/usr/etc", "../../../../usr/etc", "usr/../usr/./etc"):
            image = link_image(box, target)
            result = box.run(option, image, *args)
            found = read(f"{image}/usr/etc/subuid")
            linked = os.path.islink(f"{image}/etc")
            allocated = box.run(option, image, "-S", "carl")
            unlink_image(image)
            report.check(f"{option}: /etc -> {target}",
                         result.status == DONE and found == new and linked
                         and allocated.status == DONE
                         and read(f"{image}/etc/subgid") == b"carl:800000:65536\n",
                         f"{result}, {found}, {allocated}")
        for target, status, reason in (("/etc", 1, "Too many levels of symbolic links"),
                                       ("nowhere", USAGE, "No such file or directory"),
                                       ("/proc/self/root/etc", USAGE,
                                        "No such file or directory")):
            image = link_image(box, target)
            result = box.run(option, image, *args)
            found = read(f"{image}/usr/etc/subuid")
            unlink_image(image)
            report.check(f"{option}: /etc -> {target}",
                         result.status == status and reason in words(result) and found == b"",
                         f"{result}, {found}")
        for name, target, status in (("passwd", "/etc/passwd", NO_USER),
                                     ("group", "/etc/group", SUBGID),
                                     ("login.defs", "/etc/login.defs", SUBUID),
                                     ("subuid", "/etc/subuid", SUBUID)):
            image = make_image(box)
            remove(f"{image}/etc/{name}")
            os.symlink(target, f"{image}/etc/{name}")
            result = box.run(option, image, "-S", "elsa" if name == "passwd" else "carl")
            report.check(f"{option}: {name} -> {target} does not lead out",
                         result.status == status and f"{image}/etc/{name}: Too many levels of "
                         "symbolic links" in words(result), f"{result}")
        image = make_image(box)
        remove(f"{image}/etc/passwd")
        os.mkfifo(f"{image}/etc/passwd")
        result = box.run(option, image, *args)
        remove(f"{image}/etc/passwd")
        report.check(f"{option}: a pipe is not waited for",
                     result.status == NO_USER and result.seconds < SOON, f"{result}")
    report.check("the running system is untouched by links",
                 box.get() == (DB, DB) and sorted(os.listdir("/etc")) == before,
                 f"{box.get()}, {os.listdir('/etc')}")


def test_image_without_openat2(case):
    """An old kernel, or a filter of system calls: a directory works, a link is refused."""
    box, report = case.box, case.report
    if not available():
        report.skip("no openat2", "needs strace")
        return
    args = ("-v", "7000000-7000009", "carl")
    for error in ("ENOSYS", "EPERM"):
        image = make_image(box)
        call = Call(0, "openat2", 1, "")
        result = tampered(box, ("--root", image, *args), call, f"error={error}")
        report.check(f"openat2 fails with {error}: an image without links",
                     result.status == DONE
                     and read(f"{image}/etc/subuid") == b"carl:7000000:10\n", f"{result}")
        image = link_image(box, "usr/etc")
        result = tampered(box, ("--root", image, *args), call, f"error={error}")
        found = read(f"{image}/usr/etc/subuid")
        unlink_image(image)
        report.check(f"openat2 fails with {error}: a link is refused",
                     result.status == 1 and found == b""
                     and f"{image}/etc: a symbolic link" in words(result), f"{result}, {found}")


@contextlib.contextmanager
def overlay(box, directory):
    """Files can be added to a directory of the system."""
    top = f"{box.directory}/overlay"
    os.makedirs(f"{top}/up", exist_ok=True)
    os.makedirs(f"{top}/work", exist_ok=True)
    mount("overlay", directory, "overlay", 0,
          f"lowerdir={directory},upperdir={top}/up,workdir={top}/work")
    try:
        yield
    finally:
        host_module.libc.umount2(directory.encode(), 2)


def test_source(case):
    """If the files are not among the sources, an error, and nothing changes."""
    box, report = case.box, case.report
    if not available():
        report.skip("subid: in nsswitch.conf", "needs strace to find the directory of plugins")
        return
    box.host.write("/etc/nsswitch.conf", host_module.NSSWITCH + "subid: zzz files\n")
    case("subid: a plugin that is not installed means the files",
         ("-v", "7000000-7000009", "elsa"), DONE, subuid=added("elsa:7000000:10"))
    box.put(DB, DB)
    asked = [re.search(r'"(/[^"]*)/libsubid_zzz\.so"', call.text)
             for call in calls(box, ("-v", "7000000-7000009", "elsa"))]
    directory = next((match.group(1) for match in asked if match), None)
    if directory is None or not os.path.isdir(directory):
        report.fail("subid: the directory of plugins", f"{directory}")
        return
    line = "/etc/nsswitch.conf names the source 'zzz': nothing is changed in files"
    with overlay(box, directory):
        box.host.write(f"{directory}/libsubid_zzz.so", "")
        note = ("note: /etc/nsswitch.conf names 'zzz' before the files: their lines "
                "count only for users without ranges there")
        case("subid: a plugin before the files",
             ("-v", "7000000-7000009", "elsa"), DONE, [note], subuid=added("elsa:7000000:10"))
        box.host.write("/etc/nsswitch.conf", host_module.NSSWITCH + "subid: files zzz\n")
        case("subid: a plugin behind the files",
             ("-v", "7000000-7000009", "elsa"), DONE, subuid=added("elsa:7000000:10"))
        box.host.write("/etc/nsswitch.conf", host_module.NSSWITCH + "subid: zzz\n")
        for args in (("-v", "7000000-7000009", "elsa"), ("-V", "1000000-1000000", "elsa"),
                     ("-S", "bob"), ("--dry-run", "-v", "7000000-7000009", "elsa")):
            case(f"subid: a plugin, {args[0]}", args, SUBUID, [line])
    box.host.reset_etc("nsswitch.conf")


# --- unchanged attributes -----------------------------------------------------------------

def acl(*entries):
    """system.posix_acl_access: of (tag, permissions, id)."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def test_attributes(case):
    box, report = case.box, case.report
    access = acl((1, 6, 2**32 - 1), (2, 4, 5002), (4, 4, 2**32 - 1), (16, 4, 2**32 - 1),
                 (32, 0, 2**32 - 1))
    for what, mode, owner in (("plain", 0o644, (0, 0)), ("narrow", 0o600, (0, 0)),
                              ("a group may write", 0o664, (0, 6000)),
                              ("another owner", 0o640, (5001, 5002))):
        box.sweep()
        box.host.write("/etc/subuid", DB, mode, owner)
        box.host.write("/etc/subgid", DB)
        result = box.run("-v", "7000000-7000009", "elsa")
        found = [(stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid)
                 for status in map(os.stat, ("/etc/subuid", "/etc/subuid-"))]
        report.check(f"mode and owner: {what}",
                     result.status == DONE and found == [(mode, *owner)] * 2, f"{found}")
    box.sweep()
    box.put(DB, DB)
    try:
        os.setxattr("/etc/subuid", "user.note", b"kept\0as it is")
        os.setxattr("/etc/subuid", "user.empty", b"")
        os.setxattr("/etc/subuid", "system.posix_acl_access", access)
    except OSError as error:
        report.skip("attributes", f"this file system has none: {error}")
        return
    host_module.set_file_capabilities("/etc/subuid", (0,))
    os.setxattr("/etc/subuid", "trusted.subidtest", b"x")
    before = {name: os.getxattr("/etc/subuid", name) for name in os.listxattr("/etc/subuid")}
    result = box.run("-v", "7000000-7000009", "elsa")
    for name in ("subuid", "subuid-"):
        after = {key: os.getxattr(f"/etc/{name}", key) for key in os.listxattr(f"/etc/{name}")}
        kept = {key: value for key, value in before.items()
                if key.startswith("user.") or key == "system.posix_acl_access"}
        report.check(f"{name}: ACL and user.* stay, others do not",
                     result.status == DONE and after == kept and len(kept) == 3
                     and "security.capability" in before, f"{after}, and not {kept}")
    report.check("the backup is a copy", os.stat("/etc/subuid-").st_nlink == 1
                 and os.stat("/etc/subuid").st_nlink == 1, "a hard link")


# --- who uses it ----------------------------------------------------------------------------

def test_busy(case):
    with process(caller=ELSA) as pid:
        line = f"user elsa is currently used by process {pid}"
        for flag in ("-V", "-W"):
            case(f"busy: {flag}", (flag, "1000000-1000000", "elsa"), BUSY, [line])
        case("busy: by another name of the same uid", ("-V", "1-1", "elsatwin"), BUSY,
             [line.replace("elsa", "elsatwin")])
        case("busy: -v may", ("-v", "7000000-7000009", "elsa"), DONE,
             subuid=added("elsa:7000000:10"))
        case("busy: another user", ("-V", "2000000-2000099", "anna"), DONE,
             subuid=DB.replace(b"anna:2000000:100\n", b"") + b"\n")
    inside = Caller("inside", 1000003, 1000003)
    with process(caller=inside):
        case("busy: not by a subordinate uid in our own namespace",
             ("-V", "1000000-1000099", "elsa"), DONE,
             subuid=DB.replace(b"elsa:1000000:100\n", b"") + b"\n")
    with process(lambda: unshare(host_module.CLONE_NEWUSER), caller=inside) as pid:
        for flag in ("-V", "-W"):
            case(f"busy: a subordinate uid in another namespace, {flag}",
                 (flag, "1000000-1000000", "elsa"), BUSY,
                 [f"user elsa is currently used by process {pid}"])


# --- a name service ---------------------------------------------------------------------------

NEVER, CRASH, TALK = -1, -2, -3
NOTHING = "note: {} holds none of the uids {}"
UNSURE = ("note: the name service did not answer in time; ids of its accounts may be among "
          "these")


def without_lock(box, report, add, env):
    """An editor takes no lock. Its changes meanwhile are not overwritten."""
    for way in ("in place", "by another file"):
        box.sweep()
        box.put(DB, DB)
        pid = spawn(box.ours, *add, env=env)
        # the second process asks for sampled ids, not for the user
        asked = wait_until(lambda: os.path.exists("/etc/subuid.lock")
                           and len(running()) == 2)
        if way == "in place":
            with open("/etc/subuid", "ab") as file:
                file.write(b"\nemma:9000000:10\n")
        else:
            box.host.write("/etc/subuid.edited", DB + b"\nemma:9000000:10\n")
            os.rename("/etc/subuid.edited", "/etc/subuid")
        _, status = os.waitpid(pid, 0)
        found = box.get()
        report.check(f"changed {way} without a lock: that is not lost",
                     asked and os.waitstatus_to_exitcode(status) == SUBUID
                     and found == (DB + b"\nemma:9000000:10\n", DB) and not box.strays(),
                     f"{asked}, {status}, {found}, {box.strays()}")


def test_unusual_accounts(case):
    """Ids of users that the name service finds in these lines are not given."""
    for line in ("odd:x:300000", "odd:x:0300000:", "odd:x: +300000:", "  odd:x:300000:",
                 "odd:x:300000:not-a-gid::/:"):
        for name, flag, kind in (("passwd", "-v", "uid"), ("group", "-w", "gid")):
            case.box.host.write(f"/etc/{name}", f"{host_module.ETC[name]}{line}\n")
            case(f"{name}: {line!r}", (flag, "299999-300001", "elsa"), POLICY,
                 [account(kind, 300000, "odd")])
            case.box.host.reset_etc(name)


def test_number_as_second_name(case):
    """A second login name that looks like a uid owns nothing: its lines are that uid's."""
    case.box.host.write("/etc/passwd",
                        host_module.ETC["passwd"] + "5003:x:5001:100::/:/bin/sh\n")
    old = b"5003:7000000:10\n"
    case("the lines of a uid are not taken through it", ("-V", "7000000-7000009", "elsa"), DONE,
         [NOTHING.format("elsa", "7000000-7000009")], before=(old, old), subuid=old, subgid=old)
    case("nor given", ("-v", "7000000-7000009", "elsa"), POLICY,
         [owned("uid", 7000000, 7000009, "5003", 1)], before=(old, old), subuid=old, subgid=old)
    case("nor held", ("-S", "elsa"), DONE, before=(old, old),
         subuid=old + b"elsa:100000:65536\n", subgid=old + b"elsa:100000:65536\n")
    case.box.host.reset_etc("passwd")


def test_slow_reader(case):
    """A slow reader of --dry-run does not delay other commands."""
    box = case.box
    lines = b"".join(b"elsa:%d:1\n" % (1000000 + 2 * i) for i in range(20000))
    box.sweep()
    box.put(lines, DB)
    with subprocess.Popen([box.ours, "--dry-run", "-V", "0-4294967294", "elsa"],
                          stdout=subprocess.PIPE) as reader:
        first = reader.stdout.read(1)
        result = box.run("-v", "7000000-7000009", "anna")
        rest = reader.stdout.read()
    case.report.check("--dry-run: a slow reader keeps no lock",
                      result.status == DONE and result.seconds < SOON
                      and (first + rest).count(b"\n") == 20000 and reader.returncode == 0
                      and box.get().subuid == lines + b"anna:7000000:10\n",
                      f"{result}, {reader.returncode}")


def test_name_service(case):
    box, reason = case.box, host_module.without_modules()
    if reason:
        case.report.skip("accounts of a directory", reason)
        return
    path = box.host.compile("usermod_nss.c", "-shared", "-fPIC")
    host_module.writable(box.host, host_module.LIBRARY_DIRECTORY)
    shutil.move(path, f"{host_module.LIBRARY_DIRECTORY}/libnss_subidtest.so.2")
    env = {"PATH": host_module.CLEAN_PATH, "LC_ALL": "C.UTF-8"}
    box.host.write("/etc/nsswitch.conf",
                   "passwd: files subidtest\ngroup: files [NOTFOUND=continue] subidtest\n")

    def service(milliseconds, number=0):
        box.host.write("/etc/nss-mode", f"{milliseconds} {number}\n")

    add = ("-v", "7000000-7009999", "elsa")
    new = added("elsa:7000000:10000")
    for number in (7000000, 7001024, 7009999):
        service(0, number)
        case(f"a directory's account {number}: sampled", add, POLICY,
             [account("uid", number, "directory")], env=env)
        case(f"a directory's group {number}: sampled", ("-w", *add[1:]), POLICY,
             [account("gid", number, "directory")], env=env)
        case(f"a directory's account {number}: --allow-overlap", ("--allow-overlap", *add),
             DONE, subuid=new, env=env)
    service(0, 7000000)
    case("a directory's account: not in the part that is missing", add, DONE,
         before=(b"elsa:7000000:10\n", b""), subuid=b"elsa:7000000:10\nelsa:7000010:9990\n",
         subgid=b"", env=env)
    service(0, 100000)
    case("-S: not what a directory has", ("-S", "bob"), DONE, before=(b"", b""),
         subuid=b"bob:100001:65536\n", subgid=b"bob:100001:65536\n", env=env)

    service(NEVER)
    case("never an answer: done, with a note", add, DONE, [UNSURE], subuid=new, env=env)
    case("never an answer: two seconds in all", ("-v", "7000000-7000009", "-v",
                                                 "7100000-7100009", "-w", "7000000-7000009",
                                                 "-w", "7100000-7100009", "elsa"), DONE,
         [UNSURE], subuid=added("elsa:7100000:10", "elsa:7000000:10").replace(b"\n\n", b"\n"),
         subgid=added("elsa:7100000:10", "elsa:7000000:10").replace(b"\n\n", b"\n"), env=env)
    case("never an answer: what is refused is refused", ("-v", "2000000-2000009", "elsa"),
         POLICY, [UNSURE, owned("uid", 2000000, 2000009, "anna", 3)], env=env)
    case("never an answer: not asked about what goes", ("-V", "1000000-1000099", "elsa"),
         DONE, subuid=DB.replace(b"elsa:1000000:100\n", b"") + b"\n", env=env)
    case("never an answer: not asked with --allow-overlap", ("--allow-overlap", *add), DONE,
         subuid=new, env=env)
    case("never an answer: -S", ("-S", "bob"), DONE, [UNSURE], before=(b"", b""),
         subuid=b"bob:100000:65536\n", subgid=b"bob:100000:65536\n", env=env)
    box.sweep()
    box.put(DB, DB)
    pid = spawn(box.ours, *add, env=env)
    asked = wait_until(lambda: len(running()) == 2)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    result = box.run("--allow-overlap", *add, env=env)
    case.report.check("never an answer: who is killed meanwhile keeps no lock, no process",
                      asked and result.status == DONE and result.seconds < SOON
                      and box.get().subuid == new and not box.strays()
                      and wait_until(lambda: not running(), 2),
                      f"{asked}, {result}, {box.get()}, {running()}")
    without_lock(box, case.report, add, env)
    service(300, 7000000)
    case("a slow answer that comes in time counts", add, POLICY,
         [account("uid", 7000000, "directory")], env=env)
    service(300, 7009999)
    case("a slow answer that comes too late does not", add, DONE, [UNSURE], subuid=new,
         env=env)
    service(CRASH)
    case("a crash is no answer", add, DONE, [UNSURE], subuid=new, env=env)
    case("a crash is no answer, SIGCHLD being ignored", add, DONE, [UNSURE], subuid=new,
         env=env, as_root=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
    service(0)
    case("an answer is one, SIGCHLD being ignored", add, DONE, subuid=new, env=env,
         as_root=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
    test_module_prints(case, env, add, service)
    box.host.reset_etc("nsswitch.conf")
    remove("/etc/nss-mode")


def test_module_prints(case, env, add, service):
    """The output of a module is discarded, and the rows of --dry-run are complete."""
    box = case.box
    service(TALK)
    for command in (add, ("-w", *add[1:]), ("-S", "bob"), ("-V", "1000000-1000099", "elsa")):
        box.put(*(b"", b"") if "-S" in command else (DB, DB))
        result = box.run("--dry-run", *command, env=env)
        rows = result.out.decode().splitlines()
        case.report.check(f"a module that prints: --dry-run {command[0]}",
                          result.status == DONE and not result.err and rows
                          and all(re.fullmatch(r"[-+] /etc/sub[ug]id: [\w:]+", row)
                                  for row in rows), f"{result}")


def test_local_user(case):
    """For a user who is certainly local no process asks the name service; if that is
    uncertain, one does, with the same result."""
    box, report = case.box, case.report
    if not available():
        report.skip("local users", "needs strace")
        return

    def check(name, asks):
        box.put(DB, DB)
        made = [call.name for call in calls(box, ("-v", "7000000-7000009", "elsa"))
                if call.name in ("clone", "clone3", "fork", "vfork")]
        report.check(f"local users: {name}",
                     bool(made) == asks and box.get()[0] == added("elsa:7000000:10"),
                     f"{made}, {box.get()[0]}")

    others = host_module.NSSWITCH.split("\n", 1)[1]
    for line, asks in (("passwd: files", False), (" passwd: files", True),
                       ("passwd: files [NOTFOUND=return]", True),
                       ("passwd: systemd files", True)):
        box.host.write("/etc/nsswitch.conf", f"{line}\n{others}")
        check(f"'{line}' {'asks' if asks else 'does not ask'}", asks)
    box.host.reset_etc("nsswitch.conf")
    with overlay(box, "/run"):
        os.makedirs("/run/nscd")
        check("nscd's directory alone", False)
        box.host.write("/run/nscd/socket", "")
        check("nscd is asked where it may be", True)


def main():
    box, report = enter()
    case = Case(box, report)
    tests = [test_refusals, test_overrides, test_slides, test_allocate, test_create,
             test_no_file, test_dry_run, test_image, test_image_links, test_busy,
             test_unusual_accounts, test_number_as_second_name,
             test_slow_reader]
    # strace, a tmpfs with attributes, time: not in every virtual machine
    if not host_module.emulated():
        tests += [test_image_without_openat2, test_source, test_attributes, test_local_user,
                  test_name_service]
    for test in tests:
        test(case)
    report.finish()


main()
