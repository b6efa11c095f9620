#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""`subid grant`, `revoke` and `rename`: the place of new ranges, compared with a model that tries
every place; refusals and exit statuses; lists with any fault; commands that are killed and
interrupted at every system call; and 100,000 users at once beside Debian's usermod."""

import contextlib
import fcntl
import json
import os
import random
import re
import shutil
import signal
import struct
import subprocess
import time

import host as host_module
import usermod_box
from host import (ELSA, LIBRARY_DIRECTORY, MS_NODEV, mount, process, quick, read, remove, umount,
                  writable)
from usermod_box import OLD, ORACLE, Files, Scenario, available, calls, enter, tampered, words

DONE, USAGE, FINDINGS, UNREADABLE, LOCKED, NOT_WRITTEN, NO_USER, NONE = 0, 1, 2, 3, 4, 5, 6, 7
BUSY, NOT_PERMITTED, POLICY = 8, 9, 20
NO_ID = 2**32 - 1
LIST = "/etc/list"


class Case:
    """One command, and what it must do."""

    def __init__(self, box, report):
        self.box, self.report = box, report

    def __call__(self, name, args, status, old=("", ""), new=None, says=(), out=None,
                 **options):
        box = self.box
        box.sweep()
        box.put(*(text if text is None else text.encode() for text in old))
        result = box.run(*args, **options)
        wanted = Files(*(text if text is None else text.encode() for text in new or old))
        found, said = box.get(), words(result)
        self.report.check(
            name, result.status == status and found == wanted and not box.strays()
            and all(word in said for word in says) and (says or not said)
            and (out is None or result.out.decode() == out),
            f"{result}, {found} and not {wanted}, {box.strays()}")
        return result


# --- the place of new ranges ------------------------------------------------------------

def test_places(case):
    both = lambda text: (text, text)
    case("a user", ("grant", "elsa"), DONE, new=both("elsa:100000:65536\n"),
         out="+ /etc/subuid: elsa:100000:65536\n+ /etc/subgid: elsa:100000:65536\n")
    case("again, if missing", ("grant", "elsa", "--if-missing"), DONE,
         both("elsa:100000:65536\n"), out="")
    case("another", ("grant", "elsa", "--another", "--count", "10"), DONE,
         both("elsa:100000:65536\n"), both("elsa:100000:65546\n"))
    case("by another name, if missing", ("grant", "elsatwin", "--if-missing"), DONE,
         both("elsa:100000:65536\n"))
    case("by uid, if missing", ("grant", "elsa", "--if-missing"), DONE,
         both("5001:100000:65536\n"))
    case("above what is in use in either", ("grant", "bob"), DONE,
         ("ghost:200000:10\n", "ghost:300000:10\n"),
         ("ghost:200000:10\nbob:300010:65536\n", "ghost:300000:10\nbob:300010:65536\n"))
    case("a range beyond the bounds is not above", ("grant", "bob", "--uid-only"), DONE,
         ("ghost:4000000000:10\n", ""), ("ghost:4000000000:10\nbob:100000:65536\n", ""))
    case("aligned", ("grant", "bob", "--align", "65536"), DONE, both("ghost:200000:10\n"),
         both("ghost:200000:10\nbob:262144:65536\n"))
    case("gaps when there is nothing above", ("grant", "bob", "--count", "500000000"), DONE,
         both("ghost:600000000:10\n"), both("ghost:600000000:10\nbob:100000:500000000\n"))
    case("only uids", ("grant", "bob", "-u"), DONE, new=("bob:100000:65536\n", ""))
    case("only gids", ("grant", "bob", "--gid-only"), DONE, new=("", "bob:100000:65536\n"))
    case("the other half", ("grant", "bob", "--if-missing"), DONE,
         ("bob:200000:65536\n", "ghost:900000:5\n"),
         ("bob:200000:65536\n", "ghost:900000:5\nbob:200000:65536\n"))
    case("the other half is taken", ("grant", "bob", "--if-missing"), DONE,
         ("bob:200000:65536\n", "ghost:200005:5\n"),
         ("bob:200000:65536\n", "ghost:200005:5\nbob:200010:65536\n"))
    case("a database that does not exist", ("grant", "bob"), DONE, (None, None),
         both("bob:100000:65536\n"))
    case("no account", ("grant", "containers", "--no-account", "--count", "2147483648",
                        "--range", "2147483647-4294967294"), USAGE,
         says=("--range excludes --count and --align",))
    case("no account: podman's", ("grant", "containers", "--no-account", "--range",
                                  "2147483648-4294967294"), DONE,
         new=both("containers:2147483648:2147483647\n"))
    case("no account: a uid", ("grant", "7777", "--no-account", "--count", "5"), DONE,
         new=both("7777:100000:5\n"))
    case("a login name that is a number is not written as one",
         ("grant", "5002", "--count", "5"), DONE, new=both("5004:100000:5\n"))
    case("the last line has no newline", ("grant", "bob", "--count", "5"), DONE,
         ("ghost:100000:5", "#"), ("ghost:100000:5\nbob:100005:5\n", "#\nbob:100005:5\n"))


def test_range(case):
    both = lambda text: (text, text)
    args = ("grant", "elsa", "--range", "200000-200009")
    case("a range", args, DONE, new=both("elsa:200000:10\n"))
    case("held already", args, DONE, both("elsa:100000:200000\n"), out="",
         says=("note: elsa already has these ids\n",))
    case("held in part", args, DONE, ("elsa:200003:2\n", ""),
         ("elsa:200003:7\nelsa:200000:3\n", "elsa:200000:10\n"))
    case("nothing of the kind that is there, if missing", (*args, "--if-missing"), DONE,
         ("elsa:5:1\n", ""), ("elsa:5:1\n", "elsa:200000:10\n"))
    theirs = both("anna:1:1\nanna:200009:1\n")
    case("another user's", args, POLICY, theirs, says=(
        "uids 200009-200009 belong to anna (/etc/subuid:2)",
        "gids 200009-200009 belong to anna (/etc/subgid:2)", "--allow-overlap"))
    case("shared on purpose", (*args, "--allow-overlap"), DONE, theirs,
         both(theirs[0] + "elsa:200000:10\n"))
    case("an account's", ("grant", "elsa", "-u", "--range", "5000-5002"), POLICY,
         says=("uid 5001 is that of elsa", "uid 5002 is that of anna"))
    case("root's", ("grant", "elsa", "--range", "0-0"), POLICY,
         says=("uid 0 is root's; --allow-root", "gid 0 is root's; --allow-root"))
    case("root's, on purpose", ("grant", "elsa", "--range", "0-0", "--allow-root"), DONE,
         new=both("elsa:0:1\n"))
    case("no id", ("grant", "elsa", "--range", "4294967295-4294967295", "--allow-overlap",
                   "--allow-root"), POLICY, says=("4294967295 is no uid",))


def test_content(case):
    """A user who has what was asked for gets nothing, and a note; who has less keeps it."""
    both = lambda text: (text, text)
    have = both("elsa:100000:10\n5001:100005:10\nelsa:200000:5\n")
    has = "note: elsa already has 20 uids and 20 gids; --another adds a range\n"
    case("content", ("grant", "elsa"), DONE, have, out="", says=(has,))
    case("content: silent", ("grant", "elsa", "--if-missing"), DONE, have, out="")
    case("content: silent, with a count", ("grant", "elsa", "--if-missing", "--count", "30"),
         DONE, have, out="")
    case("content: one kind", ("grant", "elsa", "-g"), DONE, ("", have[1]), out="",
         says=("note: elsa already has 20 gids; --another",))
    case("content: a count", ("grant", "elsa", "--count", "20"), DONE, have, out="", says=(has,))
    case("content: a total", ("grant", "elsa", "--at-least", "20"), DONE, have, out="",
         says=("note: elsa already has 20 uids and 20 gids\n",))
    case("fewer", ("grant", "elsa", "--count", "21"), FINDINGS, have, out="", says=(
        "elsa has 20 uids, fewer than 21; --at-least 21 adds what is missing", "20 gids",
        "--another adds 21\n"))
    case("fewer of one kind", ("grant", "elsa", "--count", "9"), FINDINGS,
         (have[0], "elsa:5:8\n"), out="", says=("elsa has 8 gids, fewer than 9",))
    case("... which is not asked for", ("grant", "elsa", "-u", "--count", "9"), DONE,
         (have[0], "elsa:5:8\n"), out="", says=("elsa already has 20 uids",))
    case("what is missing", ("grant", "elsa", "--at-least", "21"), DONE, have,
         both(have[0].replace("200000:5", "200000:6")))
    case("what is missing of one kind", ("grant", "elsa", "--at-least", "21"), DONE,
         (have[0], ""), (have[0].replace("200000:5", "200000:6"), "elsa:100000:21\n"))
    case("another", ("grant", "elsa", "--another", "--count", "7"), DONE, have,
         both(have[0].replace("200000:5", "200000:12")))
    case.box.host.write(LIST, "elsa:20\nanna:5\nbob\n")
    case("a list", ("grant", "--batch", LIST, "--count", "3"), DONE, have,
         both(have[0] + "anna:200005:5\nbob:200010:3\n"),
         says=("note: users who already have their ids: 1\n",))
    case.box.host.write(LIST, "elsa:21\nanna:5\n")
    case("a list: fewer", ("grant", "--batch", LIST), FINDINGS, have, out="",
         says=("elsa has 20 uids, fewer than 21", "nothing is changed\n"))
    case("several, one has fewer", ("grant", "anna", "elsa", "--count", "21"), FINDINGS, have,
         out="", says=("elsa has 20 uids, fewer than 21", "nothing is changed\n"))
    remove(LIST)
    for option in ("--at-least", "--range", "--if-missing", "--all-users"):
        value = {"--at-least": ["5"], "--range": ["5-6"]}.get(option, [])
        user = [] if option == "--all-users" else ["elsa"]
        case(f"--another {option}", ("grant", "--another", option, *value, *user), USAGE,
             says=("--another excludes",))


def debians(owner):
    """The ranges of an owner for Debian's getsubids, [(start, count)]."""
    found = subprocess.run(["/usr/bin/getsubids", owner], capture_output=True, text=True,
                           check=True).stdout
    return [tuple(map(int, line.split()[2:])) for line in found.splitlines()]


def test_join(case):
    """Ids that follow the last line of their owner make it longer, in its place. Where ids
    would get other places in a map of the lines in their order, there are two lines."""
    both = lambda text: (text, text)
    args = ("grant", "elsa", "--range", "200010-200019")
    old = "# elsa\nelsa:200000:10\nanna:300000:5\n"
    new = "# elsa\nelsa:200000:20\nanna:300000:5\n"
    shown = "".join(f"- /etc/{name}: elsa:200000:10\n+ /etc/{name}: elsa:200000:20\n"
                    for name in ("subuid", "subgid"))
    case("joined", args, DONE, both(old), both(new), out=shown)
    found = debians("elsa")
    case.report.check("Debian's getsubids finds one range with all of the ids",
                      found == [(200000, 20)], f"{found}")
    case("joined: show", (*args, "--dry-run"), DONE, both(old), out=shown)
    case("joined: again", args, DONE, both(new), out="", says=("already has these ids",))
    case("joined: one of the two files", args, DONE, (old, "anna:300000:5\n"),
         (new, "anna:300000:5\nelsa:200010:10\n"),
         out="".join(shown.splitlines(True)[:2]) + "+ /etc/subgid: elsa:200010:10\n")
    case("joined: one kind", (*args, "-g"), DONE, both(old), (old, new))
    case("joined: the last line has no newline", args, DONE, both("elsa:200000:10"),
         both("elsa:200000:20\n"))
    case("joined: up to the last id", ("grant", "elsa", "-u", "--range",
                                       "4294967200-4294967294"), DONE,
         ("elsa:4294967100:100\n", ""), ("elsa:4294967100:195\n", ""))
    case("joined: the last of several lines", args, DONE,
         both("elsa:100000:5\nelsa:200000:10\n"), both("elsa:100000:5\nelsa:200000:20\n"))
    case("joined: no account", ("grant", "ghost", "--no-account", "--range", "15-19",
                                "--allow-overlap", "-u"), DONE, ("ghost:5:10\n", ""),
         ("ghost:5:15\n", ""))
    case("two users", ("grant", "elsa", "bob", "elsa", "--count", "5"), DONE,
         both("anna:100000:10\n"), both("anna:100000:10\nelsa:100010:5\nbob:100015:5\n"))
    case("two users, one unknown", ("grant", "elsa", "nobody-knows", "bob"), NO_USER,
         says=("user 'nobody-knows' does not exist", "nothing is changed"))
    case.box.host.write(LIST, "elsa:5\nanna:3\nbob\n")
    case("joined: a list", ("grant", "--batch", LIST, "--another", "--count", "2"), DONE,
         both("anna:100000:10\nelsa:100010:10\nghost:100020:5\n"),
         both("anna:100000:10\nelsa:100010:10\nghost:100020:5\n"
              "elsa:100025:5\nanna:100030:3\nbob:100033:2\n"))
    case.box.host.write(LIST, "elsa:5\nanna:3\nbob\n")
    case("joined: a list, one of it", ("grant", "--batch", LIST, "--another", "--count", "2"), DONE,
         both("elsa:100010:10\nbob:100000:10\n"),
         both("elsa:100010:15\nbob:100000:10\nanna:100025:3\nbob:100028:2\n"))
    for name, lines in (
            ("before the line", "elsa:200020:5\n"),
            ("a line that is not the last", "elsa:200000:10\nelsa:300000:5\n"),
            ("... or not by another name", "elsa:200000:10\nelsatwin:300000:5\n"),
            ("a line by uid", "5001:200000:10\n"),
            ("a line of another name", "elsatwin:200000:10\n"),
            ("a line of another user", "anna:200000:10\n"),
            ("a malformed line", "elsa:200000:10:\n")):
        case(f"not joined: {name}", args, DONE, both(lines), both(lines + "elsa:200010:10\n"))
    login_defs(case, "SUB_UID_STORE_BY_UID yes")
    case("joined: by uid", args, DONE, both("5001:200000:10\n"), both("5001:200000:20\n"))
    case.box.host.reset_etc("login.defs")
    case("taken again", ("revoke", "elsa", "--range", "200000-200014"), DONE, both(new),
         both("# elsa\nelsa:200015:5\nanna:300000:5\n"))
    case("taken again: what was given", ("revoke", "elsa", "--range", "200010-200019"), DONE,
         both(new), both(old))


def login_defs(case, *lines):
    case.box.host.write("/etc/login.defs", host_module.LOGIN_DEFS + "".join(
        line + "\n" for line in lines))


def test_settings(case):
    both = lambda text: (text, text)
    login_defs(case, "SUB_UID_DETERMINISTIC yes", "SUB_UID_MAX 4294967294",
               "SUB_GID_MAX 4294967294")
    place = 100000 + (5001 - 1000) * 65536
    case("deterministic", ("grant", "elsa"), DONE, new=both(f"elsa:{place}:65536\n"))
    case("deterministic, again", ("grant", "elsa"), DONE, both(f"elsa:{place}:65536\n"),
         says=("already has these ids",))
    case("deterministic, another", ("grant", "elsa", "--another"), DONE,
         both(f"elsa:{place}:65536\n"), says=("note: elsa already has these ids\n",))
    found = case("deterministic, one of two", ("grant", "elsa", "bob", "--json"), DONE,
                 both(f"elsa:{place}:65536\n"),
                 both(f"elsa:{place}:65536\nbob:{place + 2 * 65536}:65536\n"),
                 says=("note: elsa already has these ids\n",))
    reasons = [user["reason"] for user in json.loads(found.out)["users"]]
    case.report.check("deterministic, one of two: reasons", reasons == ["held", "granted"],
                      f"{reasons}")
    case("deterministic, enough", ("grant", "elsa", "--at-least", "65536"), DONE,
         both(f"elsa:{place}:65536\n"), says=("elsa already has 65536 uids and 65536 gids\n",))
    case("deterministic, at least fewer", ("grant", "elsa", "--at-least", "5"), DONE,
         new=both(f"elsa:{place}:65536\n"))
    case("deterministic, at least more", ("grant", "elsa", "--at-least", "65537"), NONE,
         says=("elsa gets no uids",))
    case("deterministic, at least more than what is held with the range",
         ("grant", "elsa", "--at-least", "131072"), NONE, both(f"elsa:{place}:65536\n"),
         says=("elsa gets no uids", "one range of 65536 uids, too few for a total of 131072"))
    case("... and partly not held", ("grant", "elsa", "--at-least", "65537"), NONE,
         both(f"elsa:{place}:10\n"), says=("elsa gets no uids",))
    case("... and enough with it", ("grant", "elsa", "--at-least", "65537"), DONE,
         both("elsa:200000:10\n"), both(f"elsa:200000:10\nelsa:{place}:65536\n"))
    case("deterministic, held in part", ("grant", "elsa"), DONE,
         (f"elsa:{place}:65536\n", f"elsa:{place}:10\n5001:{place + 65530}:6\n"),
         (f"elsa:{place}:65536\n", f"elsa:{place}:10\n5001:{place + 65530}:6\n"
          f"elsa:{place + 10}:65520\n"))
    case("deterministic, taken", ("grant", "elsa"), POLICY, (f"bob:{place + 5}:1\n", ""),
         says=(f"uids {place + 5}-{place + 5} belong to bob (/etc/subuid:1)",))
    case("deterministic, below UID_MIN", ("grant", "daemon"), NONE,
         says=("daemon gets no uids", "uid 1 is below UID_MIN 1000"))
    far = 100000 + (200000043 - 1000) * 65536
    fits = 1000 + (4294967295 - 100000) // 65536 - 1
    case("deterministic, beyond the bounds",
         ("grant", "200000043", "--no-account", "--gid-only"), NONE,
         says=("by SUB_UID_DETERMINISTIC in /etc/login.defs uid 200000043 would get gids "
               f"{far}-{far + 65535}, but SUB_GID_MIN is 100000 and SUB_GID_MAX 4294967294: "
               f"uids up to {fits} fit",))
    case("deterministic, the last uid that fits", ("grant", str(fits), "--no-account", "-u"),
         DONE, new=(f"{fits}:{100000 + (fits - 1000) * 65536}:65536\n", ""))
    case("deterministic, the next one", ("grant", str(fits + 1), "--no-account", "-u"), NONE,
         says=(f"uids up to {fits} fit",))
    case("deterministic: no count", ("grant", "elsa", "--count", "5"), USAGE,
         says=("SUB_UID_DETERMINISTIC",))
    case("deterministic: no uid", ("grant", "ghost", "--no-account"), NONE,
         says=("ghost has no uid",))
    case("deterministic: a range", ("grant", "elsa", "--range", "5-6"), DONE,
         new=both("elsa:5:2\n"))
    login_defs(case, "SUB_UID_STORE_BY_UID yes")
    case("by uid", ("grant", "elsa", "--count", "5"), DONE, new=both("5001:100000:5\n"))
    case("by uid, without account", ("grant", "ghost", "--no-account", "--count", "5"), DONE,
         new=both("ghost:100000:5\n"))
    login_defs(case, "SUB_UID_COUNT 0", "SUB_GID_COUNT 0")
    case("count 0", ("grant", "elsa"), DONE, says=("SUB_UID_COUNT is 0", "no gids"))
    remove("/etc/subgid")
    nothing = case.box.run("grant", "-g", "elsa")
    case.report.check("count 0: no database is made", nothing.status == DONE and
                      not os.path.exists("/etc/subgid"), f"{nothing}")
    case("count 0, but --count", ("grant", "elsa", "--count", "5"), DONE,
         new=both("elsa:100000:5\n"))
    login_defs(case, "SUB_UID_COUNT 7")
    case("counts that differ", ("grant", "elsa"), DONE,
         new=("elsa:100000:7\n", "elsa:100000:65536\n"))
    login_defs(case, "SUB_UID_MAX 100009", "SUB_GID_MAX 100009")
    case("no room", ("grant", "elsa", "--count", "6"), NONE, ("ghost:100005:1\n", ""),
         says=("elsa gets no uids", "no free range of 6 uids is left"))
    case("no pair, but one of each", ("grant", "elsa", "--count", "5"), DONE,
         ("ghost:100005:5\n", "ghost:100000:5\n"),
         ("ghost:100005:5\nelsa:100000:5\n", "ghost:100000:5\nelsa:100005:5\n"))
    case("more than the bounds hold", ("grant", "root", "--count", "1000000000"), NONE,
         says=("root gets no uids", "1000000000 uids are more than fit between SUB_UID_MIN "
               "100000 and SUB_UID_MAX 100009 of /etc/login.defs; --range gives other ids"))
    login_defs(case, "SUB_GID_COUNT 600100001")
    case("a COUNT that is more than the bounds hold", ("grant", "elsa"), NONE,
         says=("elsa gets no gids", "SUB_GID_COUNT 600100001 is more than the 600000001 ids "
               "from SUB_GID_MIN 100000 to SUB_GID_MAX 600100000"))
    login_defs(case, "SUB_GID_MIN 600100001")
    case("bounds that make no sense", ("grant", "elsa"), UNREADABLE,
         says=("SUB_GID_MIN 600100001 is above SUB_GID_MAX 600100000",))
    login_defs(case, "SUB_UID_MAX x")
    case("settings that make no sense", ("grant", "elsa"), UNREADABLE,
         says=("the value of SUB_UID_MAX is not a decimal number",))
    case("settings do not matter", ("grant", "elsa", "--range", "5-6"), DONE,
         new=both("elsa:5:2\n"))
    case.box.host.reset_etc("login.defs")


# --- a model that tries every place -----------------------------------------------------

LOW, HIGH = 100000, 100063
PEOPLE = [f"user{i}" for i in range(12)]


class Model:
    """Two databases of a few ids; places are tried one after the other."""

    def __init__(self, rng):
        self.lines = [[], []]
        self.used = [set(), set()]
        for k in (0, 1):
            for _ in range(rng.randrange(6)):
                start = rng.randrange(LOW - 5, HIGH + 5)
                count = rng.randrange(1, 9)
                self.lines[k].append((rng.choice(PEOPLE + ["ghost"] * 8), start, count))
                self.used[k].update(range(start, start + count))
        # some accounts may have ids between the ranges
        self.accounts = {rng.randrange(LOW, HIGH) for _ in range(rng.randrange(2))}
        self.above = [max([LOW] + [min(end, HIGH + 1) for end in (
            start + count for _, start, count in self.lines[k]
            if start <= HIGH and start + count > LOW)]) for k in (0, 1)]

    def text(self, k):
        return "".join(f"{owner}:{start}:{count}\n" for owner, start, count in self.lines[k])

    def free(self, kinds, start, count):
        return start + count - 1 <= HIGH and not any(
            i in self.used[k] or (k == 0 and i in self.accounts)
            for k in kinds for i in range(start, start + count))

    def find(self, kinds, count, align):
        above = max(self.above[k] for k in kinds)
        for begin in (above, LOW):
            for start in range(begin, HIGH + 1):
                if start % align == 0 and self.free(kinds, start, count):
                    return start
        return None

    def holds(self, owner, k):
        return any(line[0] == owner for line in self.lines[k])

    def held(self, owner, k):
        return len({id for name, start, count in self.lines[k] if name == owner
                    for id in range(start, start + count)})

    def give(self, wanted, default, align, how):
        """All or nothing: pairs first, then what has no pair. False: there is no room."""
        new = {}
        sizes = [[(count or default) - (self.held(owner, k) if how == "--at-least" else 0)
                  for k in (0, 1)] for owner, count in wanted]
        missing = [[sizes[i][k] > 0 and (how != "--if-missing" or not self.holds(owner, k))
                    for k in (0, 1)] for i, (owner, _) in enumerate(wanted)]
        if how != "--another":
            for k in (0, 1):
                self.mirror(wanted, sizes, missing, new, k)
        for i in range(len(wanted)):
            if all(missing[i]) and sizes[i][0] == sizes[i][1]:
                start = self.find((0, 1), sizes[i][0], align)
                if start is not None:
                    self.take(new, missing, i, (0, 1), start, sizes[i][0])
        for k in (0, 1):
            for i in range(len(wanted)):
                if missing[i][k]:
                    start = self.find((k,), sizes[i][k], align)
                    if start is None:
                        return False
                    self.take(new, missing, i, (k,), start, sizes[i][k])
        for k in (0, 1):
            for i, (owner, count) in enumerate(wanted):
                if (i, k) in new:
                    self.add(k, owner, *new[i, k])
        return True

    def add(self, k, owner, start, count):
        """Ids behind the owner's last line make it longer."""
        at = max((i for i, line in enumerate(self.lines[k]) if line[0] == owner), default=None)
        if at is not None and self.lines[k][at][1] + self.lines[k][at][2] == start:
            self.lines[k][at] = owner, self.lines[k][at][1], self.lines[k][at][2] + count
        else:
            self.lines[k].append((owner, start, count))

    def mirror(self, wanted, sizes, missing, new, k):
        names = [owner for owner, _ in wanted]
        for owner, start, count in list(self.lines[1 - k]):
            if owner not in names:
                continue
            i = names.index(owner)
            if (missing[i][k] and not missing[i][1 - k] and start >= LOW
                    and count == sizes[i][k]
                    and self.free((k,), start, count)):
                self.take(new, missing, i, (k,), start, count)

    def take(self, new, missing, i, kinds, start, count):
        for k in kinds:
            new[i, k] = (start, count)
            missing[i][k] = False
            self.used[k].update(range(start, start + count))


def set_people(box, accounts=()):
    """Users of the model, and accounts with ids that ranges must not have."""
    passwd = host_module.PASSWD + "".join(
        f"{name}:x:{20000 + i}:5001::/:\n" for i, name in enumerate(PEOPLE))
    box.host.write("/etc/passwd", passwd + "".join(
        f"taken{number}:x:{number}:5001::/:\n" for number in accounts))


def one_round(box, seed):
    """One random list on random databases. Returns (whether there was room, problem)."""
    rng = random.Random(seed)
    model = Model(rng)
    before = [model.text(k) for k in (0, 1)]
    default, align = rng.randrange(1, 7), rng.choice((1, 1, 2, 3, 8))
    how = rng.choice(("--another", "--if-missing", "--at-least"))
    wanted = [(name, rng.choice((None, None, rng.randrange(1, 9))))
              for name in rng.sample(PEOPLE, rng.randrange(1, 9))]
    set_people(box, model.accounts)
    box.host.write(LIST, "".join(
        name + (f":{count}" if count else "") + "\n" for name, count in wanted))
    box.put(*(text.encode() for text in before))
    room = model.give(wanted, default, align, how)
    size = (how, default) if how == "--at-least" else ("--count", default, how)
    result = box.run("grant", "--batch", LIST, "--align", align, *size)
    expected = tuple((model.text(k) if room else before[k]).encode() for k in (0, 1))
    if result.status != (DONE if room else NONE) or tuple(box.get()) != expected:
        return room, f"seed {seed}: {result}, {box.get()}, not {expected}"
    return room, None


def test_model(case):
    box, rounds = case.box, 60 if quick() else 600
    seed = int(os.environ.get("SUBID_SEED", random.randrange(2**32)))
    login_defs(case, f"SUB_UID_MIN {LOW}", f"SUB_UID_MAX {HIGH}", f"SUB_GID_MIN {LOW}",
               f"SUB_GID_MAX {HIGH}")
    found = [one_round(box, seed + i) for i in range(rounds)]
    problems = [problem for _, problem in found if problem]
    room = sum(had_room for had_room, _ in found)
    case.report.check(f"{rounds} lists on random databases, {rounds - room} without room",
                      not problems and 0 < room < rounds, "; ".join(problems[:3]))
    box.host.reset_etc("login.defs", "passwd")
    remove(LIST)


# --- lists ------------------------------------------------------------------------------

def test_lists(case):
    box = case.box
    box.host.write(LIST, "# new people\n\nbob:10\nelsa\nanna:5")
    case("a list", ("grant", "--batch", LIST), DONE,
         new=("bob:100000:10\nelsa:100010:65536\nanna:165546:5\n",) * 2)
    with open(LIST, encoding="ascii") as file:
        case("from standard input", ("grant", "--batch", "-"), DONE,
             new=("bob:100000:10\nelsa:100010:65536\nanna:165546:5\n",) * 2,
             as_root=lambda: os.dup2(file.fileno(), 0))
    box.host.write(LIST, "bob\nnobody-knows\nelsa:0\nelsa\nelsatwin\n bob\nanna:5:6\n-x\n"
                   "bob:7\nanna:0x5\n:5\nroot:4294967297\n\x01\nx" + "y" * 5000 + "\n")
    result = case("everything is wrong", ("grant", "--batch", LIST), USAGE, says=(
        f"{LIST}:2: user 'nobody-knows' does not exist", f"{LIST}:3: the count is no",
        f"{LIST}:5: user 'elsatwin' has the same uid as 'elsa'", f"{LIST}:6: that is no name",
        f"{LIST}:7: the count", f"{LIST}:8: that is no name",
        f"{LIST}:9: the user is in line 1 already", f"{LIST}:10: the count",
        f"{LIST}:11: that is no name", f"{LIST}:12: the count", f"{LIST}:13: that is no name",
        f"{LIST}:14: that is no name", "nothing is changed"))
    case.report.check("each of them once", len(words(result).splitlines()) == 13, str(result))
    box.host.write(LIST, "bob\nghost\n")
    case("one of them is unknown", ("grant", "--batch", LIST), NO_USER,
         says=(f"{LIST}:2: user 'ghost' does not exist", "nothing is changed"))
    case("... which may be", ("grant", "--batch", LIST, "--no-account", "--count", "1"), DONE,
         new=("bob:100000:1\nghost:100001:1\n",) * 2)
    box.host.write(LIST, "bob:600000000\nelsa:600000000\n")
    case("room for one of two", ("grant", "--batch", LIST), NONE, says=("elsa gets no uids",))
    box.host.write(LIST, "")
    case("an empty list", ("grant", "--batch", LIST), DONE)
    case("no list", ("grant", "--batch", "/etc/none"), UNREADABLE,
         says=("/etc/none: No such file or directory",))
    case("a directory", ("grant", "--batch", "/etc"), UNREADABLE, says=("/etc: Is a directory",))
    remove(LIST)


def test_all_users(case):
    ours = "elsa:1:1\n"
    case("all users who have none", ("grant", "--all-users", "--count", "5"), DONE,
         (ours, ours), (ours + "anna:100000:5\nbob:100005:5\n5004:100010:5\n",) * 2)
    case("... again", ("grant", "--all-users", "--count", "5"), DONE,
         (ours + "anna:100000:5\nbob:100005:5\n5004:100010:5\n",) * 2)
    case("from a uid to another", ("grant", "--all-users", "--count", "5", "--min-uid", "5002",
                                   "--max-uid", "5003"), DONE,
         new=("anna:100000:5\nbob:100005:5\n",) * 2)
    case("of a group: its members, and whose it is",
         ("grant", "--all-users", "--group", "team", "--count", "5"), DONE,
         new=("elsa:100000:5\nbob:100005:5\n",) * 2)
    group = read("/etc/group").decode()
    case.box.host.write("/etc/group", group + "mixed:x:7999:elsa,remote,distant\n")
    case("of a group with members who are not local",
         ("grant", "--all-users", "--group", "mixed", "--count", "5"), DONE,
         new=("elsa:100000:5\n",) * 2,
         says=("note: members of group 'mixed' who are not in /etc/passwd: 2",))
    case.box.host.write("/etc/group", group)
    case("of no group", ("grant", "--all-users", "--group", "none"), NO_USER,
         says=("group 'none' does not exist",))
    case("who has half of it", ("grant", "--all-users", "--max-uid", "5002", "--count", "5"),
         DONE, ("elsa:7:5\nanna:3:5\n", "anna:3:5\n"),
         ("elsa:7:5\nanna:3:5\n", "anna:3:5\nelsa:100000:5\n"))


# --- revoke and rename ------------------------------------------------------------------

def test_revoke(case):
    old = ("elsa:100:10\nanna:200:10\n5001:300:10\nelsatwin:400:10\nelsa:bad\n",) * 2
    left = ("anna:200:10\nelsa:bad\n",) * 2
    case("everything", ("revoke", "elsa"), DONE, old, left)
    case("everything, with --all", ("revoke", "elsa", "--all"), DONE, old, left)
    case("nothing is left", ("revoke", "elsa", "--all"), NONE, left,
         says=("elsa has no subordinate ids",))
    case("a part", ("revoke", "elsa", "--range", "105-305"), DONE, old,
         ("elsa:100:5\nanna:200:10\n5001:306:4\nelsatwin:400:10\nelsa:bad\n",) * 2)
    case("uids", ("revoke", "elsa", "-u"), DONE, old, (left[0], old[1]))
    case("of a user who is gone", ("revoke", "ghost"), NO_USER, ("ghost:5:5\n", ""),
         says=("user 'ghost' does not exist",))
    case("of a user who is gone, as such", ("revoke", "ghost", "--no-account"), DONE,
         ("ghost:5:5\nelsa:1:1\n", "ghost:5:5\n"), ("elsa:1:1\n", ""))
    case("of a uid", ("revoke", "7777", "--no-account"), DONE, ("7777:5:5\n", ""), ("", ""))
    case("no database", ("revoke", "elsa"), NONE, (None, None),
         says=("elsa has no subordinate ids",))
    case("show", ("revoke", "elsa", "--range", "103-104", "--dry-run", "--gid-only"), DONE,
         old, out="- /etc/subgid: elsa:100:10\n+ /etc/subgid: elsa:100:3\n"
                  "+ /etc/subgid: elsa:105:5\n")
    case("two users", ("revoke", "elsa", "anna", "elsatwin", "anna"), DONE, old,
         ("elsa:bad\n",) * 2)
    case("two users, one unknown", ("revoke", "anna", "nobody-knows", "elsa"), NO_USER, old,
         says=("user 'nobody-knows' does not exist", "nothing is changed"))
    case("two users, one without ranges", ("revoke", "anna", "bob"), NONE, old,
         says=("bob has no subordinate ids", "nothing is changed"))
    case("two users, with --if-held", ("revoke", "nobody-knows", "bob", "anna", "--if-held"),
         DONE, old, (old[0].replace("anna:200:10\n", ""),) * 2)
    with process(caller=host_module.Caller("inside", 403, 403)) as pid:
        case("busy: one of two", ("revoke", "anna", "elsa"), BUSY, old,
             says=(f"process {pid} (", "uid 403", "nothing is changed"))
        case("busy", ("revoke", "elsa"), BUSY, old, says=(f"process {pid} (", "uid 403"))
        case("busy: all the same", ("revoke", "elsa", "--in-use", "--dry-run", "-u", "--range",
                                    "400-409"), DONE, old, says=(f"process {pid} (",),
             out="- /etc/subuid: elsatwin:400:10\n")
        case("busy: another one", ("revoke", "anna"), DONE, old,
             (old[0].replace("anna:200:10\n", ""),) * 2)
    case("two things", ("revoke", "elsa", "--all", "--range", "1-2"), USAGE, old,
         says=("exclude each other",))


def test_rename(case):
    box = case.box
    old = ("ghost:100:10\n5001:1:1\nghost:300:10\nghosts:4:1\nghost:bad\n",) * 2
    new = (old[0].replace("ghost:1", "elsa:1").replace("ghost:3", "elsa:3"),) * 2
    case("after usermod -l", ("rename", "ghost", "elsa"), DONE, old, new)
    case("again", ("rename", "ghost", "elsa"), DONE, new, out="",
         says=("note: no line has the owner ghost\n",))
    case("the other database", ("rename", "ghost", "elsa"), DONE, (new[0], old[1]), new)
    case("show", ("rename", "ghost", "elsa", "--dry-run", "-u"), DONE, ("ghost:1:1\n", ""),
         out="- /etc/subuid: ghost:1:1\n+ /etc/subuid: elsa:1:1\n")
    case("show: the lines behind stay as they are", ("rename", "ghost", "elsa", "--dry-run"),
         DONE, ("ghost:1:1\nbob:2:2\nghost:5:1\nanna:3:3\n", "bob:1:1\n"),
         out="- /etc/subuid: ghost:1:1\n+ /etc/subuid: elsa:1:1\n"
             "- /etc/subuid: ghost:5:1\n+ /etc/subuid: elsa:5:1\n")
    case("another name of the uid", ("rename", "elsa", "elsatwin"), DONE,
         ("elsa:1:1\n", ""), ("elsatwin:1:1\n", ""))
    case("two users", ("rename", "elsa", "anna"), POLICY, ("elsa:1:1\n", ""),
         says=("elsa (uid 5001) and anna (uid 5002) are two users", "to hand ranges over: subid revoke --free -u elsa && "
               "subid grant -u --range 1-1 anna"))
    case("the new one has ranges", ("rename", "ghost", "elsa"), POLICY,
         ("ghost:1:1\nelsa:5:5\n", "ghost:1:1\n"),
         says=("elsa has a range of its own (/etc/subuid:2)",))
    case("no such user", ("rename", "elsa", "emma"), NO_USER, ("elsa:1:1\n", ""),
         says=("user 'emma' does not exist", "usermod -l emma elsa"))
    case("no such user, and no old one", ("rename", "~ghost", "zoe"), NO_USER,
         ("~ghost:1:1\nbob:5:5\n", ""), says=("user 'zoe' does not exist\n"
         "subid: make the account first: useradd zoe; or",))
    case("no such user, with --no-account", ("rename", "ghost", "emma", "--no-account"), DONE,
         ("ghost:1:1", ""), ("emma:1:1\n", ""))
    case("to a number", ("rename", "ghost", "5001"), USAGE, old, says=("no name",))
    case("to two lines", ("rename", "ghost", "x:1:1\nroot"), USAGE, old, says=("no name",))
    # as administrators do it
    box.put(b"anna:200:10\n", b"anna:200:10\n")
    for name in ("shadow", "gshadow"):
        box.host.write(f"/etc/{name}", "", 0o600)
    if box.oracle:
        first = box.run_oracle("-l", "emma", "anna")
        second = box.run("rename", "anna", "emma")
        case.report.check("Debian's usermod -l, then ours", first.status == 0
                          and second.status == DONE and box.get() == (b"emma:200:10\n",) * 2,
                          f"{first}, {second}, {box.get()}")
    else:
        case.report.skip("Debian's usermod -l, then ours", "needs usermod")
    box.host.reset_etc("passwd", "group", "shadow", "gshadow")


# --- failures ---------------------------------------------------------------------------

def test_words(case):
    old = ("elsa:1:1\n", "")
    for args, says in (
            ((), "a verb is missing"), (("grant",), "one of USER, --batch, --all-users"),
            (("grant", "elsa", "anna", "--range", "5-6"), "--range is for one user"),
            (("grant", "elsa", "--batch", LIST), "USER, --batch, --all-users and --uids exclude"),
            (("grant", "--group", "users"), "--group require --all-users"),
            (("grant", "elsa", "--count", "0"), "--count: '0' is no decimal number"),
            (("grant", "elsa", "--count", "010"), "--count"),
            (("grant", "elsa", "--count", "4294967297"), "--count"),
            (("grant", "elsa", "--align", "0x10"), "--align"),
            (("grant", "elsa", "--range", "5-4"), "--range: '5-4' is no range"),
            (("grant", "elsa", "--range", "5"), "no range FIRST-LAST"),
            (("grant", "--all-users", "--range", "5-6"), "--range is for one user"),
            (("grant", "--all-users", "--no-account"), "exclude each other"),
            (("grant", "elsa", "--min-uid", "5"), "require --all-users"),
            (("grant", "elsa", "-u", "-g"), "exclude each other"),
            (("grant", "elsa", "--nonsense"), "--nonsense"),
            (("revoke",), "a USER is required"),
            (("revoke", "elsa", "--range", "x"), "no range"),
            (("rename", "elsa"), "OLD and NEW are required")):
        case(f"wrong: {' '.join(args)}", args, USAGE, old, says=(says, "--help'"))
    for args in (("grant", "nobody-knows"), ("grant", "5001"), ("revoke", "nobody-knows"),
                 ("grant", "x:1:1\nroot")):
        case(f"unknown: {args!r}", args, NO_USER, old, says=("does not exist",))
    case("a name that no line can have", ("grant", "x:1:1\nroot", "--no-account"), NO_USER,
         old, says=(r"x:1:1\x0aroot",))
    for verb in ("grant", "revoke", "rename"):
        result = case.box.run(verb, "--help")
        case.report.check(f"{verb} --help", result.status == DONE and not result.err
                          and f"subid {verb}".encode() in result.out, str(result))


# a command of each verb, with the lines that stand in both databases before and after
CHANGES = (
    (("grant", "bob", "--count", "5"), "elsa:1:1\n", "elsa:1:1\nbob:100000:5\n"),
    (("revoke", "elsa"), "elsa:1:1\nbob:3:1\n", "bob:3:1\n"),
    (("rename", "elsa", "elsatwin"), "elsa:1:1\nbob:3:1\n", "elsatwin:1:1\nbob:3:1\n"),
)


def test_lost_output(case):
    """stdout cannot be written: a change is made nevertheless, and --dry-run changes nothing."""
    with open("/dev/full", "w", encoding="ascii") as full:
        for args, old, new in CHANGES:
            for name, lose, says in (
                    ("full", lambda: os.dup2(full.fileno(), 1), "No space left on device"),
                    ("closed", lambda: os.close(1), "Bad file descriptor")):
                case(f"stdout is {name}: {args[0]} --dry-run", (*args, "--dry-run"),
                     NOT_WRITTEN, (old,) * 2, says=(f"standard output: {says}",), as_root=lose)
                case(f"stdout is {name}: {args[0]}", args, NOT_WRITTEN, (old,) * 2,
                     (new,) * 2, says=(f"standard output: {says}",), as_root=lose)


def spoil(path, kind):
    """Replaces a database by a file of another type."""
    remove(path)
    if kind == "directory":
        os.mkdir(path)
    elif kind == "link":
        os.symlink("group", path)
    else:
        os.mkfifo(path)


def test_unreadable(case):
    """A database that cannot be read or is not a regular file: neither database changes."""
    box = case.box
    for args, old, _ in CHANGES:
        for kind in ("directory", "link", "fifo"):
            for name, other in (("subuid", "subgid"), ("subgid", "subuid")):
                box.sweep()
                box.put(old.encode(), old.encode())
                spoil(f"/etc/{name}", kind)
                before, group = os.lstat(f"/etc/{name}"), read("/etc/group")
                result = box.run(*args)
                case.report.check(
                    f"{args[0]}: {name} is a {kind}", result.status == UNREADABLE
                    and f"/etc/{name}: " in words(result) and not result.out
                    and os.path.samestat(before, os.lstat(f"/etc/{name}"))
                    and read(f"/etc/{other}") == old.encode() and not box.strays()
                    and read("/etc/group") == group
                    and not os.path.exists(f"/etc/{other}-"), f"{result}, {box.strays()}")
                if kind == "directory":
                    os.rmdir(f"/etc/{name}")
                else:
                    os.unlink(f"/etc/{name}")
        if not available():
            case.report.skip(f"{args[0]}: a database that fails", "needs strace")
            continue
        for name in ("subuid", "subgid"):
            box.sweep()
            box.put(old.encode(), old.encode())
            call = next(call for call in calls(box, args)
                        if call.name == "openat" and f'"{name}"' in call.text)
            box.sweep()
            box.put(old.encode(), old.encode())
            result = tampered(box, args, call, "error=EIO")
            case.report.check(
                f"{args[0]}: {name} cannot be opened", result.status == UNREADABLE
                and f"/etc/{name}: Input/output error" in words(result) and not result.out
                and box.get() == (old.encode(),) * 2 and not box.strays(), str(result))


def test_surroundings(case):
    box, old = case.box, ("elsa:1:1\n", "anna:2:2\n")
    for args in (("grant", "elsa"), ("revoke", "elsa"), ("rename", "elsa", "elsatwin")):
        case(f"an ordinary user: {args[0]}", args, NOT_PERMITTED, old,
             says=("PAM: Authentication failure",), caller=ELSA)
    box.put(*(text.encode() for text in old))
    with process(lambda: hold_lock("/etc/.pwd.lock")) as pid:
        result = box.run("grant", "elsa", timeout=0.5 if quick() else 20)
        case.report.check("locked: it waits" + ("" if quick() else ", and names the process"),
                          result.status == -signal.SIGALRM if quick()
                          else result.status == LOCKED and f"by PID {pid}" in words(result),
                          str(result))
    for args in (("grant", "bob"), ("grant", "--all-users"), ("revoke", "elsa"),
                 ("rename", "elsa", "elsatwin")):
        case(f"--dry-run: {' '.join(args)}", (*args, "--dry-run"), DONE, old,
             says=("there is room for all",) if "--all-users" in args else ())
        case.report.check("... leaves no backup",
                          not os.path.exists("/etc/subuid-"), str(os.listdir("/etc")))


def hold_lock(path):
    fd = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    fcntl.fcntl(fd, fcntl.F_SETLKW, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))


@contextlib.contextmanager
def image(case, options):
    """A system in a directory of its own file system."""
    directory = f"{case.box.directory}/image"
    os.makedirs(directory, exist_ok=True)
    mount("tmpfs", directory, "tmpfs", MS_NODEV, options)
    try:
        os.mkdir(f"{directory}/etc")
        case.box.host.write(f"{directory}/etc/passwd", host_module.PASSWD)
        yield directory
    finally:
        umount(directory)


def test_image(case):
    box = case.box
    before = box.get()
    with image(case, "size=1m") as directory:
        for args, wanted in ((("grant", "elsa", "--count", "5"), "elsa:100000:5\n"),
                             (("grant", "--all-users", "--max-uid", "5001"), "elsa:100000:5\n"),
                             (("rename", "elsa", "elsatwin"), "elsatwin:100000:5\n"),
                             (("revoke", "elsa"), "")):
            result = box.run(*args, "--root", directory)
            case.report.check(f"in an image: {' '.join(args)}", result.status == DONE
                              and read(f"{directory}/etc/subuid") == wanted.encode()
                              and read(f"{directory}/etc/subgid") == wanted.encode()
                              and box.get() == before and not result.log, str(result))
    result = box.run("grant", "elsa", "--root", "/none")
    case.report.check("in no image", result.status == UNREADABLE
                      and "/none/etc: No such file" in words(result), str(result))


FILLER = b"ghost:1:1\n" * 2000
FULL = (
    (("grant", "--batch", LIST, "--no-account", "--count", "5"), FILLER,
     FILLER + b"".join(b"new%d:%d:5\n" % (i, 100000 + i * 5) for i in range(2000))),
    (("revoke", "elsa"), b"elsa:5:5\n" + FILLER, FILLER),
    (("rename", "ghost", "gone", "--no-account"), FILLER, FILLER.replace(b"ghost", b"gone")),
)


def fill(path, kilobytes):
    remove(path)
    with contextlib.suppress(OSError), open(path, "wb", buffering=0) as file:
        for _ in range(kilobytes):
            file.write(bytes(1024))


def full_disk(case, directory, args, old, new):
    problems, counts = [], {DONE: 0, NOT_WRITTEN: 0}
    for kilobytes in range(0, 220, 8 if quick() else 4):
        remove(f"{directory}/fill")
        for name in ("subuid", "subgid"):
            case.box.host.write(f"{directory}/etc/{name}", old)
            remove(f"{directory}/etc/{name}-")
        fill(f"{directory}/fill", kilobytes)
        result = case.box.run(*args, "--root", directory)
        now = [read(f"{directory}/etc/{name}") for name in ("subuid", "subgid")]
        counts[result.status] = counts.get(result.status, 0) + 1
        left = [name for name in os.listdir(f"{directory}/etc")
                if name not in ("passwd", "subuid", "subgid", "subuid-", "subgid-",
                                ".pwd.lock")]
        done = result.status == DONE
        if left or now != [new if done else old] * 2 or (
                not done and b"No space left on device" not in result.err):
            problems.append(f"{kilobytes} KiB: {result.status}, {words(result)}, {left}")
    case.report.check(f"a full disk: {args[0]}: {counts}", not problems and counts[DONE] > 2
                      and counts[NOT_WRITTEN] > 2 and len(counts) == 2,
                      f"{counts}, " + "; ".join(problems[:3]))


def test_full(case):
    """A disk with less and less free space: all or nothing, with the reason."""
    case.box.host.write(LIST, "".join(f"new{i}\n" for i in range(2000)))
    with image(case, "size=256k") as directory:
        for args, old, new in FULL:
            full_disk(case, directory, args, old, new)
    remove(LIST)


def test_records(case):
    box = case.box
    box.put(b"", b"")
    box.host.write(LIST, "bob:10\nelsa:10\nanna:10\n")
    box.host.write(f"{LIST}.large", "bob:10\nelsa:4294967295\n")
    for args, *wanted in (
            (("grant", "elsa", "--count", "5"),
             "elsa grant uids=100000-100004 gids=100000-100004 by uid 0: done"),
            (("grant", "--batch", LIST, "--if-missing"),
             "bob grant uids=100005-100014 gids=100005-100014 by uid 0: done",
             "anna grant uids=100015-100024 gids=100015-100024 by uid 0: done"),
            (("revoke", "bob", "-g"), "bob revoke gids=0-4294967295 by uid 0: done"),
            (("grant", "--all-users", "--min-uid", "5000", "--max-uid", "5003"),
             "bob grant gids=100025-165560 by uid 0: done"),
            (("grant", "--batch", f"{LIST}.large", "--another"),
             "grant users=2 uids=165561-165570 gids=165561-165570 by uid 0: refused"),
            (("grant", "elsa", "--range", "0-5"),
             "elsa grant uids=0-5 gids=0-5 by uid 0: refused"),
            (("grant", "bob", "anna", "--another", "--count", "5", "-u"),
             "bob grant uids=100025-100029 by uid 0: done",
             "anna grant uids=100030-100034 by uid 0: done"),
            (("revoke", "bob", "anna", "--range", "100025-100034", "-u"),
             "bob revoke uids=100025-100034 by uid 0: done",
             "anna revoke uids=100025-100034 by uid 0: done"),
            (("revoke", "elsa", "nobody-knows"),),
            (("revoke", "elsa", "--range", "100000-100001", "-u"),
             "elsa revoke uids=100000-100001 by uid 0: done"),
            (("rename", "elsa", "elsatwin"), "elsa rename new=elsatwin by uid 0: done"),
            (("rename", "elsa", "elsatwin"),),
            (("grant", "elsa", "--if-missing"),),
            (("grant", "--all-users", "--if-missing", "--max-uid", "5003"),),
            (("grant", "--batch", LIST, "--dry-run"),),
            (("grant", "elsa", "--dry-run"),)):
        result = box.run(*args)
        found = [record.split("]: ", 1)[1].strip("\0\n") for record in result.log]
        case.report.check(f"recorded: {' '.join(args)}",
                          found == wanted, f"{found}, {result}")
    remove(LIST)


def test_reads(case):
    """Each database is read once to find names and once under the locks, for any number of
    ranges."""
    box, lines = case.box, "".join(f"elsa:{start}:10\n" for start in (1000, 2000, 3000))
    if not available():
        case.report.skip("revoke reads each database twice", "needs strace")
        return
    box.host.write("/etc/nsswitch.conf", "passwd: files systemd\ngroup: files\n")
    box.put(lines.encode(), lines.encode())
    args = ["revoke", "elsa", "--range", "1000-1001", "--range", "2000-2001",
            "--range", "3000-3001"]
    opened = [call.about for call in calls(box, args) if call.name == "openat" and
              call.about in ("subuid", "subgid") and "O_RDONLY" in call.text]
    case.report.check("revoke reads each database twice",
                      sorted(opened) == ["subgid"] * 2 + ["subuid"] * 2, f"{opened}")
    box.host.reset_etc("nsswitch.conf")


def test_name_service(case):
    """A directory service is asked once for all users, for two seconds per kind; its ids are
    not given."""
    box = case.box
    path = box.host.compile("usermod_nss.c", "-shared", "-fPIC")
    writable(box.host, LIBRARY_DIRECTORY)
    shutil.move(path, f"{LIBRARY_DIRECTORY}/libnss_subidtest.so.2")
    box.host.write(LIST, "bob:2048\nelsa:2048\nanna:2048\n")
    env = {"PATH": host_module.CLEAN_PATH, "LC_ALL": "C.UTF-8"}
    # a loaded machine is slow without the service, too
    box.host.write("/etc/nsswitch.conf", "passwd: files\ngroup: files\n")
    box.put(b"", b"")
    usual = box.run("grant", "--dry-run", "--batch", LIST, env=env).seconds
    box.host.write("/etc/nsswitch.conf", "passwd: files subidtest\ngroup: files subidtest\n")
    for what, mode, new, longest, says in (
            ("its account is passed by", "0 103072",
             "bob:100000:2048\nelsa:106144:2048\nanna:104096:2048\n", 2, ()),
            ("it is slow", "300 1", "bob:100000:2048\nelsa:102048:2048\nanna:104096:2048\n",
             5.5, ("did not answer in time",)),
            ("it never answers", "-1 1",
             "bob:100000:2048\nelsa:102048:2048\nanna:104096:2048\n", 3.5,
             ("did not answer in time",))):
        box.host.write("/etc/nss-mode", mode + "\n")
        result = case(f"the name service: {what}", ("grant", "--batch", LIST), DONE,
                      new=(new,) * 2, says=says, env=env)
        case.report.check(f"... {longest} s at the most", result.seconds < longest + 10 * usual,
                          f"{result.seconds:.1f} s, and {usual:.2f} s without the service")
    box.host.write("/etc/nss-mode", "0 100010\n")
    case("the name service: its account is just behind what is in use",
         ("grant", "bob", "--count", "5"), DONE, ("ghost:100000:10\n",) * 2,
         ("ghost:100000:10\nbob:100011:5\n",) * 2, env=env)
    case("the name service: a range with its account", ("grant", "bob", "--range",
                                                        "100010-100014"), POLICY,
         says=("uid 100010 is that of directory",), env=env)
    box.host.write("/etc/nss-mode", "-3 1\n")
    for args in (("elsa", "-u"), ("elsa", "--range", "7000000-7004999"), ("--batch", LIST)):
        box.put(b"", b"")
        result = box.run("grant", "--dry-run", *args, env=env)
        rows = result.out.decode().splitlines()
        case.report.check(f"a module that prints: grant --dry-run {' '.join(args)}",
                          result.status == DONE and not result.err and rows
                          and all(re.fullmatch(r"[-+] /etc/sub[ug]id: [\w:]+", row)
                                  for row in rows), f"{result}")
    box.host.reset_etc("nsswitch.conf")
    for name in ("/etc/nss-mode", LIST):
        remove(name)


# --- killed and interrupted -------------------------------------------------------------

TAIL = "bob:3000005:10\ndaemon:3000015:20\n"
SCENARIOS = (
    Scenario("grant", ("grant", "bob", "--if-missing"),
             Files(OLD.subuid + b"\nbob:3000005:65536\n",
                   OLD.subgid + b"bob:3000005:65536\n")),
    Scenario("batch", ("grant", "--batch", LIST, "--if-missing"),
             Files(OLD.subuid + b"\n" + TAIL.encode(), OLD.subgid + TAIL.encode())),
    Scenario("rename", ("rename", "elsa", "elsatwin"),
             Files(OLD.subuid.replace(b"elsa", b"elsatwin") + b"\n",
                   OLD.subgid.replace(b"elsa", b"elsatwin"))),
    Scenario("revoke", ("revoke", "anna", "--if-held"),
             Files(b"# comment\nelsa:1000000:100\n\nbroken\n5001:3000000:5\n",
                   b"elsa:1000000:100\n")),
)


def test_sweeps(case):
    box, report = case.box, case.report
    if not available():
        report.skip("killed and interrupted", "needs strace")
        return
    box.host.write(LIST, "bob:10\ndaemon:20\n")
    # most of the others load libraries
    others = 200 if quick() else 12
    usermod_box.run_all(box, report, SCENARIOS[2:3] if quick() else SCENARIOS, others)
    usermod_box.interrupt(box, report, SCENARIOS[1], ("INT",), others)
    for scenario in SCENARIOS[2:]:
        usermod_box.interrupt(box, report, scenario, ("INT",), 200, 2)
    remove(LIST)


# --- many -------------------------------------------------------------------------------

def put_crowd(box, users, lines):
    """That many accounts, a list of them, and databases of unknown owners with gaps."""
    box.host.write("/etc/passwd", host_module.PASSWD + "".join(
        f"user{i}:x:{700000000 + i}:100::/nonexistent:/bin/sh\n" for i in range(users)))
    box.host.write("/etc/group", host_module.GROUP)
    for name in ("shadow", "gshadow"):
        box.host.write(f"/etc/{name}", "", 0o600)
    box.host.write(LIST, "".join(f"user{i}\n" for i in range(users)))
    text = "".join(f"ghost{i}:{100000 + i * 20}:16\n" for i in range(lines)).encode()
    box.put(text, text)
    return text


def owned(text):
    """The ranges of a database, sorted, as (start, end, owner)."""
    fields = (line.split(b":") for line in text.splitlines())
    return sorted((int(start), int(start) + int(count), owner)
                  for owner, start, count in fields)


def oracle_seconds(box, calls):
    """The average time of a call of Debian's usermod, for both databases."""
    start = time.monotonic()
    for i in range(calls):
        first = 650000000 + i * 100
        result = box.run_oracle("-v", f"{first}-{first + 99}", "-w", f"{first}-{first + 99}",
                                f"user{i}", timeout=120)
        if result.status != 0:
            raise RuntimeError(f"usermod: {result}")
    return (time.monotonic() - start) / calls


def on_processor():
    """Processor seconds of children that have ended; other processes do not count."""
    times = os.times()
    return times.children_user + times.children_system


def test_many(case, users, lines, calls, args=("--count", "2048")):
    box, report = case.box, case.report
    before = put_crowd(box, users, lines)
    inode = os.stat("/etc/subuid").st_ino
    start = on_processor()
    with box.host.log_daemon():
        result = box.run("grant", "--batch", LIST, *args, timeout=120)
    took = on_processor() - start
    after = box.get()
    name = f"{users} users on {lines} lines{'' if len(args) == 2 else ', into gaps'}"
    ranges = owned(after.subuid)
    new = after.subuid[len(before):]
    report.check(f"{name}: each has a range, in order, the same of both, none overlaps",
                 result.status == DONE and after.subuid == after.subgid
                 and after.subuid.startswith(before) and not box.strays()
                 and [line.split(b":")[0] for line in new.splitlines()]
                 == [b"user%d" % i for i in range(users)]
                 and all(a[1] <= b[0] for a, b in zip(ranges, ranges[1:]))
                 and ranges[0][0] >= 100000 and ranges[-1][1] <= 600100001,
                 f"status {result.status}, {words(result)[:500]}")
    report.check(f"{name}: one write",
                 read("/etc/subuid-") == before and os.stat("/etc/subuid").st_ino != inode,
                 "the backup is not what was there before")
    report.check(f"{name}: {result.seconds:.2f} s, {took:.2f} s of a processor", took < 5,
                 "over 5 s")
    start = on_processor()
    again = box.run("grant", "--batch", LIST, "--if-missing", *args, timeout=120)
    took = on_processor() - start
    report.check(f"{name}: again, {again.seconds:.2f} s, {took:.2f} s of a processor",
                 again.status == DONE and not again.out and box.get() == after and took < 5,
                 str(again)[:500])
    if calls and box.oracle:
        box.sweep()
        box.put(before, before)
        each = oracle_seconds(box, calls)
        ratio = result.seconds / (each * users)
        report.check(f"{name}: 1/{1 / ratio:.0f} of what as many calls of Debian's usermod take",
                     ratio <= 0.01, f"{each:.3f} s a call")
    elif calls:
        report.skip(f"{name}: beside Debian's usermod", f"needs {ORACLE}")
    box.host.reset_etc("passwd", "group", "shadow", "gshadow")
    box.put(b"", b"")
    remove(LIST)


def test_crowds(case):
    users = 10_000 if quick() else 100_000
    test_many(case, users, 0, 10)
    test_many(case, users, 100_000 if quick() else 1_000_000, 2 if quick() else 10)
    # no room above: each gap of 4 ids, one after the other
    lines = 100_000 if quick() else 1_000_000
    login_defs(case, f"SUB_UID_MAX {100000 + lines * 20 - 5}",
               f"SUB_GID_MAX {100000 + lines * 20 - 5}")
    test_many(case, users, lines, 0, ("--count", "4", "--align", "4"))
    case.box.host.reset_etc("login.defs")


def main():
    box, report = enter("subid")
    case = Case(box, report)
    for part in (test_places, test_range, test_content, test_join, test_settings, test_model, test_lists,
                 test_all_users, test_revoke, test_rename, test_words, test_surroundings,
                 test_lost_output, test_unreadable, test_image, test_full, test_records,
                 test_reads, test_name_service, test_sweeps, test_crowds):
        report.part(part, case)
    report.finish()


main()
