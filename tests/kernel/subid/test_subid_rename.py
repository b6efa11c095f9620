#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""`subid rename` where a name service knows users by several names: `--canonical`, and the
lines that NEW has already."""

import errno
import fcntl
import os
import subprocess
import time

import name_service
from host import CLEAN_PATH, PASSWD, SERVICE, SILENT, Account, Report, wait_until

DONE, USAGE, UNREADABLE, NO_USER = 0, 1, 3, 6

POLICY = 20
JOE = Account(7001, 7001, ("joe", "joe@corp.example", "CORP\\joe"))
SUE = Account(7002, 7002, ("sue@corp.example", "sue"))
# one with the login name of a local user, and one with digits as name
BOB = Account(7003, 7003, ("bob", "bob@corp.example"))
SAM = Account(7004, 7004, ("5555", "sam"))
DB = ("# ours\n\njoe:3000:4\njoe@corp.example:3010:4\n7001:3030:4\nCORP\\joe:3020:4\n"
      "elsa:4000:4\nelsatwin:4010:4\nghost:4020:4\n12345:4030:4\nsue:4040:4\nbob:4050:4\n"
      "bob@corp.example:4060:4\nsam:4070:4\njoe@corp.example:0100:4\nsue:4080:4")
CANONICAL = (DB.replace("joe@corp.example:3", "joe:3").replace("CORP\\joe", "joe")
             .replace("sue", "sue@corp.example") + "\n")


class Box:
    def __init__(self, programs, report):
        self.programs, self.report, self.directory = programs, report, programs.directory
        self.host = programs.host
        self.reset()

    def reset(self):
        self.directory.set((JOE, SUE, BOB, SAM))
        self.directory.mode()

    def run(self, name, words, status, left=DB, said=(), data=DB):
        """left: both databases, or a pair. Returns the result."""
        if data is not None:
            self.programs.put(data)
        result = self.programs.run("subid", "rename", *words)
        expected = left if isinstance(left, tuple) else (left, left)
        found = self.programs.get()
        text = result.err.decode("utf-8", "backslashreplace")
        self.report.check(name, result.status == status and [found["uid"], found["gid"]]
                          == [part.encode() for part in expected]
                          and all(word in text for word in said), f"{result} {found}")
        return result

    def check(self, name, found, expected):
        self.report.check(name, found == expected, f"{found}, not {expected}")


def canonical(box):
    result = box.run("--canonical", ("--canonical",), DONE, CANONICAL)
    box.check("--canonical: each owner has a record", [
        line.partition("]: ")[2] for line in result.log],
        [f"{old} rename new={new} by uid 0: done" for old, new in
         (("joe@corp.example", "joe"), ("CORP\\joe", "joe"), ("sue", "sue@corp.example"))])
    result = box.run("--canonical: again", ("--canonical",), DONE, CANONICAL, data=None)
    box.check("--canonical: nothing to do is not recorded", result.log, ())
    box.run("--canonical: uids", ("--canonical", "-u"), DONE, (CANONICAL, DB))
    box.run("--canonical: gids", ("--canonical", "-g"), DONE, (DB, CANONICAL))
    result = box.run("--canonical --dry-run", ("--canonical", "--dry-run", "-u"), DONE)
    box.check("--canonical --dry-run: shows the lines", result.out.decode(), "".join(
        f"- /etc/subuid: {line}\n+ /etc/subuid: {line.replace(old, new)}\n"
        for line, old, new in (("joe@corp.example:3010:4", "joe@corp.example", "joe"),
                               ("CORP\\joe:3020:4", "CORP\\joe", "joe"),
                               ("sue:4040:4", "sue", "sue@corp.example"),
                               ("sue:4080:4", "sue", "sue@corp.example"))))
    box.check("--canonical --dry-run: no record", result.log, ())
    for words in (("--canonical", "joe"), ("--canonical", "joe", "sue"),
                  ("--canonical", "--no-account"), ("--canonical", "-u", "-g"), ("joe",)):
        box.run(f"misuse: {' '.join(words)}", words, USAGE)
    # local names alone: they are looked up in the local file, and all names in an image
    box.run("--canonical: local names", ("--canonical",), DONE, "elsatwin:1:1\nelsa:2:1\n",
            data="elsatwin:1:1\nelsa:2:1\n")
    directory = f"{box.host.tmpdir}/image"
    os.makedirs(f"{directory}/etc", exist_ok=True)
    for name, text in (("passwd", PASSWD), ("subuid", DB), ("subgid", DB)):
        box.host.write(f"{directory}/etc/{name}", text)
    box.run("--canonical -R", ("--canonical", "-R", directory), DONE)
    with open(f"{directory}/etc/subuid", encoding="ascii") as file:
        box.check("--canonical -R: nothing is known there", file.read(), DB)


def silent(box):
    """Nothing is changed unless the owners of all lines are known."""
    unknown = [(number + 1, line.split(":")[0]) for number, line in enumerate(DB.split("\n"))
               if line.split(":")[0] in ("joe", "joe@corp.example", "CORP\\joe", "ghost", "sue",
                                         "bob@corp.example", "sam") and ":0" not in line]
    lines = [f"/etc/{name}:{number}: it is not known who '{owner}' is: the name service"
             for name in ("subuid", "subgid") for number, owner in unknown]
    for mode in SILENT:
        box.directory.mode(*mode)
        result = box.run(f"{mode}: --canonical", ("--canonical",), UNREADABLE, DB, lines)
        box.check(f"{mode}: no other lines are reported", result.err.count(b"it is not known"),
                  len(lines))
        box.check(f"{mode}: the refusal is recorded", [
            line.partition("]: ")[2] for line in result.log],
            ["rename canonical by uid 0: refused"])
        box.run(f"{mode}: --local-only", ("--canonical", "--local-only"), DONE, DB, lines)
        box.run(f"{mode}: only gids are meant", ("--canonical", "-g"), UNREADABLE, DB,
                (lines[-1],))
        box.run(f"{mode}: local names alone", ("--canonical",), DONE, "elsatwin:1:1\n5555:2:1\n",
                data="elsatwin:1:1\n5555:2:1\n")
        # OLD or NEW
        for words in (("ghost", "anna"), ("anna", "joe"), ("elsa", "joe"),
                      ("--no-account", "elsa", "joe"), ("--local-only", "elsa", "joe")):
            box.run(f"{mode}: {' '.join(words)}", words, UNREADABLE, DB,
                    ("is not known: the name service",))
        box.run(f"{mode}: two local names of a user", ("elsa", "elsatwin"), DONE,
                DB.replace("elsa:", "elsatwin:") + "\n")
        box.run(f"{mode}: OLD --local-only", ("--local-only", "ghost", "anna"), DONE,
                DB.replace("ghost", "anna") + "\n",
                ("/etc/subgid:3: it is not known whether 'joe' is anna", "left as they are"))
        box.run(f"{mode}: NEW --local-only --no-account",
                ("--local-only", "--no-account", "ghost", "emma"), DONE,
                DB.replace("ghost", "emma") + "\n")
        box.reset()
    box.directory.sources("files nosuchservice")
    box.run("a module that is not installed", ("--canonical",), DONE)
    box.directory.sources(f"files {SERVICE}")


def half_silent(box):
    """A silent service has no effect if it need not be asked."""
    box.directory.mode("unavail", errno.ENOENT, "getpwuid")
    box.run("only uids are not answered", ("--canonical",), DONE, CANONICAL)
    box.reset()


def plain(box):
    """Lines of NEW, by any name, prevent the renaming, unless OLD is the same user."""
    one = "joe@corp.example:1:1\nCORP\\joe:2:1\nelsa:3:1\n7001:5:1\n"
    box.run("another name of the user", ("joe@corp.example", "joe"), DONE,
            one.replace("joe@corp.example", "joe"), data=one)
    box.run("another name, and NEW has lines", ("CORP\\joe", "joe@corp.example"), DONE,
            one.replace("CORP\\joe", "joe@corp.example"), data=one)
    box.run("to a name that is not canonical", ("ghost", "sue"), DONE, "sue:1:1\n",
            data="ghost:1:1\n")
    box.run("local names of one user", ("elsatwin", "elsa"), DONE, "elsa:1:1\nelsa:2:1\n",
            data="elsa:1:1\nelsatwin:2:1\n")
    for line in ("joe:2:1\n", "joe@corp.example:2:1\n", "CORP\\joe:2:1\n"):
        for new in JOE.names:
            box.run(f"{new} has {line.strip()}", ("ghost", new), POLICY, f"ghost:1:1\n{line}",
                    (f"{new} has a range of its own (/etc/subuid:2)",),
                    data=f"ghost:1:1\n{line}")
    box.run("elsa has a line by a second name", ("ghost", "elsa"), POLICY,
            "ghost:1:1\nelsatwin:2:1\n", data="ghost:1:1\nelsatwin:2:1\n")
    box.run("--merge: NEW has ranges, of which some are the same",
            ("--merge", "ghost", "elsa"), DONE,
            "elsa:1:3\nelsa:4:1\nelsa:9:1\nghosts:1:1\n",
            data="ghost:1:4\nelsa:4:1\nghost:4:1\nghost:9:1\nghosts:1:1\n")
    both = "ghost:1:1\nghost:0100:64\nelsa:70:2\n"
    box.run("--merge, and a malformed line of OLD has ids of NEW", ("--merge", "ghost", "elsa"),
            POLICY, both, ("line 2 of /etc/subuid is malformed",), data=both)
    box.run("--merge, and NEW has none", ("--merge", "ghost", "elsa"), DONE, "elsa:1:1\n",
            data="ghost:1:1\n")
    for name, data, shown in (
            ("NEW has all of a line", "ghost:100:10\nelsa:100:10\nanna:1:1\n", ("-ghost:100:10",)),
            ("... and of the next one a part", "ghost:100:10\nghost:200:10\nelsa:95:15\n"
             "bob:7:1\nelsa:205:90\n", ("-ghost:100:10", "-ghost:200:10", "+elsa:200:5")),
            ("several lines, each with what is left of it",
             "ghost:100:30\nbob:5:1\nelsa:110:10\nghost:200:30\nelsa:210:5\nghost:300:5\n",
             ("-ghost:100:30", "+elsa:100:10", "+elsa:120:10", "-ghost:200:30", "+elsa:200:10",
              "+elsa:215:15", "-ghost:300:5", "+elsa:300:5")),
            ("a line in three parts", "ghost:100:30\nelsa:105:5\nelsa:115:5\n",
             ("-ghost:100:30", "+elsa:100:5", "+elsa:110:5", "+elsa:120:10")),
            ("only an upper part is left", "elsa:100:10\nghost:100:30\n",
             ("-ghost:100:30", "+elsa:110:20")),
            ("the same ids in two lines", "ghost:100:30\nghost:100:30\nelsa:110:10\n",
             ("-ghost:100:30", "+elsa:100:10", "+elsa:120:10", "+elsa:120:10", "-ghost:100:30",
              "+elsa:100:10")),
            ("NEW has none", "ghost:100:10\nanna:1:1\nghost:200:5\n",
             ("-ghost:100:10", "+elsa:100:10", "-ghost:200:5", "+elsa:200:5"))):
        result = box.run(f"--merge --dry-run, {name}",
                         ("--merge", "-u", "--dry-run", "ghost", "elsa"), DONE, data, data=data)
        box.check(f"--merge shows pairs, {name}", result.out.decode(), "".join(
            f"{line[0]} /etc/subuid: {line[1:]}\n" for line in shown))
    box.run("the former uid of a user", ("7777", "elsa"), DONE, "elsa:1:1\n77777:2:1\n",
            data="7777:1:1\n77777:2:1\n")
    box.run("a uid that an account has", ("7001", "elsa"), POLICY, one,
            ("7001 is the uid of joe",), data=one)
    box.run("NEW is a uid", ("ghost", "7001"), USAGE, one, data=one)
    box.run("lines by uid follow", ("ghost", "joe"), DONE, "joe:1:1\n7001:2:1\n",
            data="ghost:1:1\n7001:2:1\n")
    box.run("two users", ("joe@corp.example", "elsa"), POLICY, one,
            ("joe@corp.example (uid 7001) and elsa (uid 5001) are two users",), data=one)
    box.run("NEW is no user", ("joe", "emma"), NO_USER, one, ("user 'emma' does not exist",),
            data=one)


def malformed(box):
    """A malformed line that another program reads as one of OLD is left and reported."""
    lines = ("ghost:0100:4", "ghost:5:1:x", "ghost: 7:1", "ghost:010:04:")
    others = "ghostly:0100:4\nghost:x:4\nghost:1\nanna:0100:4\n#ghost:0100:4\n"
    for first in ("ghost:1:1\n", ""):
        for line in lines:
            data = f"{first}{others}{line}\n"
            number = data.count("\n")
            result = box.run(f"{line} is left: {first!r}", ("ghost", "joe"), DONE,
                             data.replace("ghost:1:1", "joe:1:1"), data=data)
            box.check(f"{line} is reported: {first!r}", result.lines, [
                f"subid: note: /etc/{name}:{number} is left: it is malformed, and other programs "
                "read it as a line of ghost; 'subid check' shows how to correct it"
                for name in ("subuid", "subgid")])
    result = box.run("nothing is left", ("ghost", "joe"), DONE, f"joe:1:1\n{others}",
                     data=f"ghost:1:1\n{others}")
    box.check("nothing is left: nothing is reported", result.lines, [])


def questions(box):
    """Each owner is asked about once, in a pipeline, and what libc has answered not again."""
    n = 300
    names = [f"stranger{i:03}" for i in range(n)]
    box.directory.set(tuple(Account(20000 + i, 1, (f"s{i:03}", name))
                            for i, name in enumerate(names)))
    data = "".join(f"{name}:{100000 + i * 2}:1\n{name}:{100001 + i * 2}:1\n"
                   for i, name in enumerate(names))
    box.directory.forget()
    # not for real: each of them would be a record
    result = box.run(f"{n} owners", ("--canonical", "--dry-run"), DONE, data, data=data)
    box.check(f"{n} owners: all have another name", [
        line.split(": ")[1] for line in result.out.decode().splitlines() if line[0] == "+"],
        data.replace("stranger", "s").splitlines() * 2)
    asked = box.directory.asked("getpwnam")
    box.check("each is asked about once", sorted(word for word in asked if word in set(names)),
              names)
    box.directory.stop_counting()
    box.reset()


def locks(box):
    """Names are looked up before the locks are taken, and again for lines added meanwhile."""
    box.programs.put(DB)
    box.directory.forget()
    lock = os.open("/etc/.pwd.lock", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.lockf(lock, fcntl.LOCK_EX)
    child = subprocess.Popen([box.programs.subid.path, "rename", "--canonical"],
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, env={"PATH": CLEAN_PATH})
    try:
        wait_until(lambda: {"joe@corp.example", "CORP\\joe", "ghost", "sue"}
                   <= set(box.directory.asked("getpwnam")))
        time.sleep(0.2)
        before = box.directory.asked("getpwnam").count("ghost")
        with open("/etc/subuid", "ab") as file:
            file.write(b"\njoe@corp.example:9000:4\nbob@corp.example:9010:1\n")
        box.directory.set((*box.directory.users, Account(7009, 1, ("eve", "eve@corp.example"))))
        with open("/etc/subgid", "ab") as file:
            file.write(b"\neve@corp.example:9000:4\n")
    finally:
        os.close(lock)
    said = child.communicate(timeout=30)
    found = box.programs.get()
    box.report.check("lines that came while it waited for the lock", child.returncode == DONE
                     and found["uid"] == f"{CANONICAL}joe:9000:4\nbob@corp.example:9010:1\n".encode()
                     and found["gid"] == f"{CANONICAL}eve:9000:4\n".encode(),
                     f"{child.returncode} {said} {found}")
    box.check("who was asked about before is not again",
              box.directory.asked("getpwnam").count("ghost"), before)
    box.directory.stop_counting()
    box.reset()


def main():
    report = Report()
    box = Box(name_service.Programs(report), report)
    for part in (canonical, silent, half_silent, plain, malformed, questions, locks):
        report.part(part, box)
    report.finish()


main()
