#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Commands about users who have several names in a name service: what each option changes,
what is asked and how often, and the effect of a silent service. test_owner_rule.py tests the
rule itself."""

import errno
import json
import os
import subprocess
import sys
import time
from collections import Counter

import name_service
from host import CLEAN_PATH, PASSWD, SERVICE, SILENT, Report, quick, remove, root_shell
from owner_case import (ALL_JOE, BOTH, DB, DISPUTED, DONE, FAILED, JOE, LOCAL, NO_USER, NONE,
                        NOT_PERMITTED, REFUSED, SUE, UNREADABLE, ZEROS, Box, Case, without)

ANSWERS = (
    *(Case(f"subid revoke {word}", DB, DONE, ALL_JOE) for word in JOE.names),
    *(Case(f"usermod-ext {BOTH} {word}", DB, DONE, ALL_JOE) for word in JOE.names),
    Case("subid revoke --range 3010-3011 joe", DB, DONE,
         DB.replace("joe@corp.example:3010:4", "joe@corp.example:3012:2")),
    Case("usermod-ext -V 3021-3021 -W 3021-3021 joe", DB, DONE,
         DB.replace("CORP\\joe:3020:4", "CORP\\joe:3020:1") + "CORP\\joe:3022:2\n"),
    Case("subid revoke sue", DB, NONE, DB, ("sue",)),
    Case("subid revoke --range 4000-4003 joe", DB, NONE, DB, ("joe",)),
    Case("usermod-ext -V 4000-4003 -W 4000-4003 joe", DB, DONE, DB, ("usermod-ext: ", "joe")),
    Case("subid revoke nobody-knows", DB, NO_USER, DB, ("nobody-knows",)),
    # --if-held
    Case("subid revoke --if-held joe", DB, DONE, ALL_JOE),
    Case("subid revoke --if-held sue", DB, DONE, DB),
    Case("subid revoke --if-held --range 4000-4003 joe", DB, DONE, DB),
    Case("subid revoke --if-held nobody-knows", DB, DONE, DB),
    Case("subid revoke --if-held ghost", DB, DONE, DB),
    # --no-account
    Case("subid revoke --no-account ghost", DB, DONE, without(DB, "ghost")),
    Case("subid revoke --no-account 12345", DB, DONE, without(DB, "12345")),
    Case("subid revoke --no-account nobody-knows", DB, NONE, DB),
    Case("subid revoke --no-account --if-held nobody-knows", DB, DONE, DB),
    Case("subid revoke --no-account --if-held ghost", DB, DONE, without(DB, "ghost")),
    Case("subid grant --no-account --range 5000-5000 containers", DB, DONE,
         f"{DB}containers:5000:1\n"),
    # --if-missing and -S find lines by every name
    Case("subid grant --if-missing joe", without(DB, "joe", "7001"), DONE,
         without(DB, "joe", "7001")),
    Case("usermod-ext -S joe", without(DB, "joe", "7001"), DONE, without(DB, "joe", "7001")),
    # new lines have the login name, also if another name was typed
    *(Case(f"{command} {word}", DB, DONE, f"{DB}{user.name}:5000:1\n") for user in (JOE, SUE)
      for word in user.names for command in ("subid grant --range 5000-5000",
                                             "usermod-ext -v 5000-5000 -w 5000-5000")),
    # ranges of the user by another name are no conflict, and not written again
    *(Case(command, DB, DONE, f"{DB}joe:3014:6\njoe:3024:6\n")
      for command in ("subid grant --range 3010-3029 joe",
                      "usermod-ext -v 3010-3029 -w 3010-3029 joe")),
    Case("subid grant --range 3010-3013 joe", DB, DONE, DB),
    Case("subid grant --range 3010-3013 sue", DB, REFUSED, DB, ("joe@corp.example",)),
    # a removed range does not count any more; another one stays
    Case("usermod-ext -V 3000-3003 -W 3000-3003 -S joe", without(DB, "7001"), DONE,
         without(DB, "7001", "joe")),
    # rename gives no user a second range
    Case("subid rename ghost joe", without(DB, "joe", "7001"), None,
         without(DB, "joe", "7001")),
    Case("subid rename ghost sue@corp.example", DB, DONE,
         DB.replace("ghost", "sue@corp.example")),
    Case("subid rename joe@corp.example elsa", DB, None, DB),
)

# a silent service: a line that may be the user's stays
SILENCE = (
    Case("subid revoke joe", DB, UNREADABLE, DB, ("joe", "name service")),
    Case("subid revoke elsa", DB, UNREADABLE, DB, ("ghost", "joe@corp.example", "CORP\\joe")),
    Case("subid revoke --range 4000-4012 elsa", DB, UNREADABLE, DB, ("ghost",)),
    Case("subid revoke --range 4000-4003 elsa", DB, DONE, without(DB, "elsa")),
    Case("subid revoke elsa", "elsa:4000:4\n12345:4020:4\n", DONE, "12345:4020:4\n"),
    Case("subid revoke --if-held nobody-knows", DB, UNREADABLE, DB, ("name service",)),
    Case("subid revoke --if-held bob", DB, UNREADABLE, DB),
    Case("subid revoke --no-account ghost", DB, UNREADABLE, DB, ("name service",)),
    Case("subid grant --no-account containers", DB, UNREADABLE, DB, ("name service",)),
    Case("subid grant --range 5000-5000 joe", DB, UNREADABLE, DB, ("name service",)),
    Case("subid grant --range 5000-5000 elsa", DB, DONE, f"{DB}elsa:5000:1\n",
         ("name service",)),
    Case("subid grant --if-missing elsa", DB, DONE, DB),
    *(Case(command, DB, DONE, f"{DB}bob:100000:65536\n", ("who other owners are",))
      for command in ("subid grant --if-missing bob", "usermod-ext -S bob")),
    *(Case(command, DB, REFUSED, DB, ("ghost", "who other owners are"))
      for command in ("subid grant --range 4010-4012 elsa",
                      "usermod-ext -v 4010-4012 -w 4010-4012 elsa")),
    Case("subid grant --strict --range 5000-5000 elsa", DB, UNREADABLE, DB, ("--strict",)),
    Case("subid rename elsa joe", DB, UNREADABLE, DB, ("name service",)),
    Case("subid rename ghost bob", DB, UNREADABLE, DB, ("name service",)),
    Case("subid list sue", DB, UNREADABLE, DB),
    Case("subid list bob", DB, UNREADABLE, DB),
    Case("subid list elsa", DB, DONE, DB),
    Case("subid map bob", DB, UNREADABLE, DB),
    Case("subid check", "elsa:0100:1\nghost:4010:4\n", UNREADABLE,
         "elsa:0100:1\nghost:4010:4\n"),
    Case("subid check", DB, UNREADABLE, DB),
    Case("subid doctor joe", DB, UNREADABLE, DB),
    Case("subid doctor bob", DB, UNREADABLE, DB),
    # --local-only continues with the known names
    Case("subid revoke --local-only elsa", DB, DONE, without(DB, "elsa"),
         ("ghost", "joe@corp.example", "CORP\\joe")),
    Case("subid revoke --local-only --range 4002-4012 elsa", DB, DONE,
         DB.replace("elsa:4000:4", "elsa:4000:2"), ("ghost",)),
    # usermod-ext continues as usermod does
    Case(f"usermod-ext {BOTH} elsa", DB, DONE, without(DB, "elsa"),
         ("ghost", "joe@corp.example", "CORP\\joe")),
    Case(f"usermod-ext {BOTH} joe", DB, NO_USER, DB,
         ("usermod-ext: user 'joe' is not known: the name service ",)),
    Case("usermod-ext -v 5000-5000 -w 5000-5000 elsa", DB, DONE, f"{DB}elsa:5000:1\n",
         ("name service",)),
    Case("usermod-ext -S elsa", DB, DONE, DB),
)

DIGITS = (
    Case("subid revoke anna", DISPUTED, DONE, without(DISPUTED, "anna")),
    Case("subid revoke 5002", DISPUTED, DONE, without(DISPUTED, "5004")),
    Case("subid revoke --as-uid anna", DISPUTED, DONE, without(DISPUTED, "anna", "5002")),
    Case("subid revoke --as-name 5002", DISPUTED, DONE, without(DISPUTED, "5004", "5002")),
    Case("subid revoke --range 3000-3003 anna", DISPUTED, NONE, DISPUTED),
    Case("subid revoke --as-uid --range 3000-3001 anna", DISPUTED, DONE,
         DISPUTED.replace("5002:3000:4", "5002:3002:2")),
    Case("subid revoke --as-name --range 3000-3001 5002", DISPUTED, DONE,
         DISPUTED.replace("5002:3000:4", "5002:3002:2")),
    Case("subid grant --range 5000-5000 5002", "", DONE, "5004:5000:1\n"),
    # an ambiguous line is not counted, and not given
    Case("subid grant --if-missing anna", "5002:3000:4\n", DONE,
         "5002:3000:4\nanna:100000:65536\n"),
    Case("subid grant --range 3000-3001 anna", DISPUTED, REFUSED, DISPUTED, ("5002",)),
    Case("subid revoke 80025037", "80025037:3000:4\n5005:3010:4\n", DONE, ""),
    Case("subid list 80025037", "80025037:3000:4\n", DONE, "80025037:3000:4\n"),
)
MALFORMED = f"{ZEROS}:3000:4\n5009:3010:4\n"
NOT_IN_LINES = (
    Case(f"subid revoke {ZEROS}", MALFORMED, DONE, ""),
    Case(f"subid revoke --if-held {ZEROS}", MALFORMED, DONE, ""),
    Case(f"usermod-ext {BOTH} {ZEROS}", MALFORMED, DONE, ""),
    Case(f"subid list {ZEROS}", MALFORMED, DONE, MALFORMED),
    Case(f"getsubids {ZEROS}", MALFORMED, DONE, MALFORMED),
    Case(f"subid grant --if-missing {ZEROS}", MALFORMED, DONE, MALFORMED),
    Case(f"subid grant --no-account --range 5000-5000 0{ZEROS}", "", NO_USER, ""),
    *(Case(f"{command} {word}", "", DONE, f"{uid}:5000:1\n")
      for word, uid in ((ZEROS, 5009), ("zed", 7003))
      for command in ("subid grant --range 5000-5000", "usermod-ext -v 5000-5000 -w 5000-5000")),
)


def answers(box):
    for case in ANSWERS:
        box.run(case, "several names")
    for case in DIGITS:
        box.run(case, "digits")
    for case in NOT_IN_LINES:
        box.run(case, "a name that no line can have")
    box.programs.host.write("/etc/batch", f"{ZEROS}:10\nzed:10\n")
    box.run(Case("subid grant --batch /etc/batch", "", DONE, "5009:100000:10\n7003:100010:10\n"),
            "a name that no line can have")
    box.programs.put(DISPUTED)
    for user in ("anna", "5002"):
        result = box.programs.run("subid", "list", "-u", "--json", user)
        box.check(f"digits: list {user} leaves out what is in dispute",
                  "5002" not in {row["owner"] for row in json.loads(result.out)["ranges"]},
                  result)
    box.programs.put("80025037:3000:4\n5002:4000:4\n6999:5000:4\n")
    for command, name in (("list", "ranges"), ("whois 3000 4000 5000", "ids")):
        result = box.programs.run("subid", *command.split(), "--json")
        uids = {row["owner"]: row["uid"] for row in json.loads(result.out)[name]}
        box.check(f"digits: {command} shows the uid of the owner", uids
                  == {"80025037": 5005, "5002": 5002, "6999": 6999}, result)
    box.programs.put("80025037:3000:4\n")
    result = box.programs.run("subid", "check", "--json")
    codes = {row["code"] for row in json.loads(result.out)["findings"]}
    box.check("digits: a login name that is no uid has an account",
              not codes & {"no-account", "ambiguous-owner"}, result)


def login_name_of_two(box):
    """A login name of the name service that passwd has for another user: a line with it
    would give the ids to both."""
    box.programs.host.write("/etc/passwd", f"{PASSWD}joe:x:5009:5009:::\n")
    for command in ("subid grant --range 5000-5000", "usermod-ext -v 5000-5000 -w 5000-5000"):
        for word, line in (("joe@corp.example", "7001:5000:1\n"), ("joe", "joe:5000:1\n")):
            box.run(Case(f"{command} {word}", "", DONE, line), "a login name of two users")
    call(box, "a login name of two users", "", ("db_grant", "joe@corp.example", 5000, 1),
         ("0", None), "7001:5000:1\n")
    box.programs.host.write("/etc/passwd", LOCAL)


def silence(box):
    for mode in SILENT[::2] if quick() else SILENT:
        box.directory.mode(*mode)
        for case in SILENCE:
            box.run(case, f"silent ({mode[0]} {mode[1]})")
    box.directory.mode()


def not_installed(box):
    """A word without a module has no effect."""
    box.directory.sources("files nosuchservice")
    for case in (Case("subid revoke elsa", DB, DONE, without(DB, "elsa")),
                 Case("subid revoke bob", DB, NONE, DB),
                 Case("subid revoke nobody-knows", DB, NO_USER, DB),
                 Case("subid revoke --no-account ghost", DB, DONE, without(DB, "ghost")),
                 Case("subid list bob", DB, NONE, DB),
                 Case("subid rename ghost bob", DB, DONE, DB.replace("ghost", "bob")),
                 Case("usermod-ext -V 1-2 nobody-knows", DB, NO_USER, DB,
                      ("does not exist",))):
        box.run(case, "a module that is not installed")
    box.programs.put("elsa:4000:4\n")
    result = box.programs.run("subid", "grant", "--range", "5100-5101", "elsa")
    box.check("a module that is not installed: nothing is said", result.status == DONE
              and not result.err, result)
    box.directory.sources(f"files {SERVICE}")


def odd_lines(box):
    """Lines of nsswitch.conf: to libc `#` is a service and no comment, and so are the words
    behind it; of a line that is not read to its end, no user is known not to exist."""
    many = " ".join(f"service{n}" for n in range(40))
    for words, status in ((f"files # {SERVICE}", DONE), (f"files\v{SERVICE}\r", DONE),
                          (f"files{' ' * 5000}{SERVICE}", UNREADABLE),
                          (f"files {many} {SERVICE}", UNREADABLE)):
        box.directory.sources(words)
        left = ALL_JOE if status == DONE else DB
        for case in (Case("subid revoke joe", DB, status, left),
                     Case("subid revoke --no-account ghost", DB, status,
                          without(DB, "ghost") if status == DONE else DB),
                     Case("subid revoke nobody-knows", DB,
                          NO_USER if status == DONE else UNREADABLE, DB)):
            box.run(case, f"nsswitch.conf: {words[:20]!r}")
    box.directory.sources(f"files {SERVICE}")


def unreadable(box):
    """Without nsswitch.conf it is not known which users exist."""
    remove("/etc/nsswitch.conf")
    os.mkdir("/etc/nsswitch.conf")
    for case in (Case("subid check", DB, UNREADABLE, DB, ("/etc/nsswitch.conf",)),
                 Case("subid revoke --no-account ghost", DB, NOT_PERMITTED, DB,
                      ("/etc/nsswitch.conf",)),
                 Case("getsubids elsa", DB, FAILED, DB, ("/etc/nsswitch.conf",))):
        box.run(case, "nsswitch.conf cannot be read")
    result = box.programs.run("subid", "check", "--json")
    rows = json.loads(result.out)["findings"]
    box.check("nsswitch.conf cannot be read: no owner is called unknown", not [
        row for row in rows if row["code"] == "no-account" or "revoke" in (row["cure"] or "")],
        rows)
    box.directory.sources(f"files {SERVICE}")


STRANGERS = [f"stranger{n}" for n in range(30)]
# a command, and the unknown owners that it asks for
QUESTIONS = (
    ("subid revoke elsa", STRANGERS),
    ("subid revoke --range 6000-6019 elsa", STRANGERS[:2]),
    ("subid revoke --range 4000-4001 elsa", []),
    ("subid rename stranger7 bob", STRANGERS),
    ("subid grant --if-missing elsa", []),
    ("subid grant --if-missing --dry-run bob", STRANGERS),
    ("subid grant --all-users --dry-run", STRANGERS),
    ("subid grant --range 6000-6019 elsa", STRANGERS[:2]),
    ("subid grant --range 4000-4001 elsa", []),
    ("subid grant --dry-run bob", STRANGERS),
    ("subid grant --dry-run elsa", []),
    ("subid grant --at-least 65536 --dry-run bob", STRANGERS),
    ("subid grant --another --dry-run bob", []),
    ("subid list elsa", STRANGERS),
    ("subid list bob", STRANGERS),
    ("subid map elsa", STRANGERS),
    ("getsubids elsa", []),
    ("getsubids bob", STRANGERS),
    ("usermod-ext -S elsa", []),
    ("usermod-ext -S --dry-run bob", STRANGERS),
    ("usermod-ext -v 6000-6009 elsa", STRANGERS[:1]),
    ("usermod-ext -v 4000-4003 elsa", []),
    ("usermod-ext -V 6000-6009 elsa", STRANGERS[:1]),
)


def questions(box):
    """Each owner is asked for once, for any number of lines, and only if the answer
    matters. libc asks a module, and a "no" may be confirmed by calling the module."""
    many = "".join(f"{name}:{6000 + 10 * n}:10\n" for n, name in enumerate(STRANGERS))
    data = f"elsa:4000:4\n{many}{many}anna:4010:4\n"
    for command, expected in QUESTIONS:
        box.programs.put(data)
        box.directory.forget()
        program, *words = command.split(" ")
        result = box.programs.run(program, *words)
        asked = Counter(word for word in box.directory.asked("getpwnam")
                        if word.startswith("stranger"))
        box.check(f"questions: {command}", sorted(asked) == sorted(expected)
                  and max(asked.values(), default=0) <= 2, asked, result)
    box.directory.stop_counting()


def spelling(box):
    """check reports two spellings, and its command makes one of them."""
    box.programs.put(DB)
    result = box.programs.run("subid", "check", "--json")
    rows = [row for row in json.loads(result.out)["findings"] if row["code"] == "spelling"]
    box.check("spelling: is a note", rows and all(row["severity"] == "note" for row in rows),
              rows or result)
    for cure in sorted({row["cure"] for row in rows}):
        box.check(f"spelling: the cure works: {cure}", cure.startswith("subid rename ")
                  and root_shell(box.programs.host, cure).returncode == 0)
    left = DB.replace("joe@corp.example", "joe").replace("CORP\\joe", "joe")
    box.check("spelling: all lines by name have the canonical one", box.programs.get()
              == dict.fromkeys(("uid", "gid"), left.encode()), box.programs.get())


CALLS = """\
import ctypes, os, sys
lib = ctypes.CDLL(sys.argv[1], use_errno=True)
class Owned(ctypes.Structure):
    _fields_ = [("owner", ctypes.c_char_p), ("start", ctypes.c_ulong),
                ("count", ctypes.c_ulong)]
class Range(ctypes.Structure):
    _fields_ = [("start", ctypes.c_uint64), ("count", ctypes.c_uint64)]
lib.subid_ungrant_uid_range.restype = lib.subid_grant_uid_range.restype = ctypes.c_bool
lib.subid_db_grant.argtypes = [ctypes.c_void_p, ctypes.c_uint, ctypes.c_char_p, Range,
                               ctypes.c_uint]
ranges = ctypes.c_void_p()
ctypes.set_errno(0)
if sys.argv[2] == "get":
    print(lib.subid_get_uid_ranges(sys.argv[3].encode(), ctypes.byref(ranges)))
elif sys.argv[2] == "db_grant":
    db = ctypes.c_void_p()
    lib.subid_db_open(None, ctypes.byref(db))
    lib.subid_db_begin(db, 1)
    print(lib.subid_db_grant(db, 1, sys.argv[3].encode(),
                             Range(int(sys.argv[4]), int(sys.argv[5])), 0))
    lib.subid_db_commit(db)
else:
    one = Owned(sys.argv[3].encode(), int(sys.argv[4]), int(sys.argv[5]))
    if sys.argv[2] == "ungrant":
        print(lib.subid_ungrant_uid_range(ctypes.byref(one)))
    else:
        print(lib.subid_grant_uid_range(ctypes.byref(one), True) and one.start)
print(ctypes.get_errno())
"""


def call(box, what, data, words, expected, left):
    """A call of the library: what it returns and, unless it is None, errno."""
    directory = box.programs.library.ours.directory
    box.programs.put(data)
    found = subprocess.run([sys.executable, "-c", CALLS, f"{directory}/libsubid.so",
                            *map(str, words)], capture_output=True, text=True, timeout=60)
    lines = found.stdout.split()
    box.check(f"library: {what}: {' '.join(map(str, words))}", len(lines) == 2
              and lines[0] == expected[0] and expected[1] in (None, int(lines[1]))
              and box.programs.get()["uid"] == left.encode(), found,
              box.programs.get()["uid"])


def library(box):
    """The ten calls: EAGAIN for what only a silent service knows; a grant finds what the
    user has by every name, and a silent service does not stop it."""
    by_service = without(DB, "joe", "7001")
    call(box, "several names", by_service, ("grant", "joe", 0, 4), ("3010", None), by_service)
    call(box, "several names", by_service, ("grant", "elsa", 0, 4), ("4000", None), by_service)
    call(box, "several names", DB, ("db_grant", "joe", 3010, 6), ("0", None),
         f"{DB}joe:3014:2\n")
    box.directory.mode("unavail", errno.ENOENT)
    for words, expected, left in (
            (("get", "elsa"), ("1", None), DB), (("get", "bob"), ("-1", errno.EAGAIN), DB),
            (("ungrant", "elsa", 4000, 20), ("False", errno.EAGAIN), DB),
            (("ungrant", "elsa", 4000, 4), ("True", None), without(DB, "elsa")),
            (("grant", "bob", 0, 4), ("100000", None), f"{DB}bob:100000:4\n")):
        call(box, "silent", DB, words, expected, left)
    box.directory.mode()


def prints(box):
    """The output of a module is discarded."""
    box.directory.mode("print")
    env = box.programs.library.ours.environment()
    for program, words in (("getsubids", ["CORP\\joe"]), ("subid", ["list", "joe"]),
                           ("subid", ["grant", "--dry-run", "joe"]),
                           ("subid", ["revoke", "--dry-run", "joe"]),
                           ("usermod-ext", ["--dry-run", "-V", "3010-3011", "joe"]),
                           ("usermod-ext", ["--dry-run", "-S", "sue"])):
        box.programs.put(DB)
        result = box.programs.run(program, *words, env=env)
        box.check(f"a module that prints: {program} {' '.join(words)}",
                  result.status == DONE and b"module prints" not in result.out + result.err,
                  result)
    box.directory.mode()


def hangs(box):
    """All in parallel, since they wait for the same time."""
    box.directory.mode("hang")
    box.programs.put(DB)
    paths = {"subid": box.programs.subid.path, "usermod-ext": box.programs.usermod.ours,
             "getsubids": box.programs.getsubids}
    cases = (("subid revoke --dry-run elsa", UNREADABLE), ("subid list bob", UNREADABLE),
             ("subid map bob", UNREADABLE), ("getsubids bob", FAILED),
             ("subid rename --dry-run ghost bob", UNREADABLE),
             ("subid grant --dry-run joe", UNREADABLE), ("usermod-ext --dry-run -S joe", NO_USER),
             ("usermod-ext --dry-run -V 4010-4010 elsa", DONE), ("subid check", UNREADABLE),
             ("subid revoke --dry-run --local-only elsa", DONE))
    running = []
    for words, status in cases:
        program, *rest = words.split(" ")
        running.append((words, status, subprocess.Popen(
            [paths[program], *rest], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env={"PATH": CLEAN_PATH, "LC_ALL": "C.UTF-8"})))
    end = time.monotonic() + 60
    for words, status, child in running:
        try:
            out, err = child.communicate(timeout=max(end - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            child.kill()
            out, err = child.communicate()
        box.check(f"a module that hangs: {words}", child.returncode == status,
                  child.returncode, out, err)
    box.directory.mode()


def slow(box):
    """Each answer takes four seconds, and ten are needed: getsubids gives up after fifteen
    seconds, before it is killed."""
    box.programs.put("".join(f"owner{i}:{4000 + i}:1\n" for i in range(10)))
    box.directory.mode("delay", 4_000_000)
    result = box.programs.host.run(box.programs.getsubids, ["bob"])
    box.directory.mode()
    box.check("a slow service: getsubids ends", result.status == FAILED
              and b"name service did not answer" in result.err, result)


def main():
    report = Report()
    box = Box(name_service.Programs(report), report)
    for part in (answers, login_name_of_two, silence, not_installed, odd_lines, unreadable,
                 questions, spelling, library, prints, hangs, slow):
        report.part(part, box)
    report.finish()


main()
