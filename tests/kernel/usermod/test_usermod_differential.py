#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Random commands over random databases, through Debian's usermod and ours: the same
bytes, the same exit status and the same first line on stderr, except where a class of
differences foretells something else, and then exactly that (usermod_model.py). A class
that no command belongs to fails the run. SUBID_SEED repeats one."""

import os
import random
from collections import Counter

import host as host_module
from host import quick
from usermod_box import DATABASES, ORACLE, OURS, PERMISSIVE, enter
from peers import Peer
from usermod_model import (ACCOUNTS, ALL, BEYOND, CLASSES, CONTROLS, ID_NONE,
                           LINE_BEYOND, LINE_FIELDS, LINE_NUL, LINE_NUMBERS, LINE_ZERO,
                           NO_ID, NOTHING, NUMBERS, OTHERS, OVERRIDDEN, PARTLY,
                           READERS, REMOVED, RESERVED, ROOT_ID, SPELLINGS, THEIRS, UID_LOGIN,
                           Command, Table, World, classes, outcome)

FILES, COMMANDS = (55, 7) if quick() else (220, 10)
OWNERS = ("elsa", "elsa", "elsa", "elsatwin", "5001", "anna", "anna", "5002", "bob", "5003",
          "root", "0", "ghost", "99999", "5004", "Elsa Example", "05001", "0x1389")
LOGINS = ("elsa",) * 8 + ("anna",) * 4 + ("bob", "elsatwin", "elsatwin", "5002", "root")
BAD_RANGES = (
    "", "-", "5", "5-", "-5", "5-4", "5--6", "a-b", "5-6-7", "5-6 ", " 5-6", "5- 6", "+5-6",
    "5-+6", "05-06", "0x10-0x20", "5-6\n", "5:6", "1000-x", "1e3-2e3", "00-0",
    "1000000-01000009", "18446744073709551616-18446744073709551617",
    "2-18446744073709551615", "9223372036854775807-9223372036854775807",
)
BEYOND_RANGES = ("4294967296-4294967296", "4294967296-4294967305", "4294967295-4294967296",
                 "1000000-4294967296", "8589934592-8589934601", "1-4294967296")
MALFORMED = (
    "%s:1000010:20:", "%s:1000010:20:x", "%s:01000010:20", "%s:1000010:020",
    "%s:0xf4240:100", "%s:0xF4240:0x10", "%s:+1000000:10", "%s: 1000000:10",
    "%s:1000000: 10", "%s:\t1000000:10", "%s:1000010:0", "%s:0:0", "%s:4294967290:100",
    "%s:4294967296:5", "%s:1000010:4294967295", "%s:1000010:20 ", "%s:1000010:20\r",
    "%s::20", "%s:1000010:", "%s:1000010", "%s", "%s:x:20", "%s:1000010:x", ":1000010:20",
    "%s:99999999999999999999:3", "%s:1_0:3", "%s:0x:3", "%s:08:3", " %s:1000010:20",
    "%s :1000010:20", "+%s:1000010:20", "-%s:1000010:20",
)
PLAIN = ("", "", "#", "# %s:1000010:20", "   ", "#%s:1000010:20")

# at least one command for each class, in any random sequence: database, change, class
FIXED = (
    (b"anna:1000000:10\n", ("v", "1000005-1000020"), OTHERS),
    (b"", ("v", "4990-5010"), ACCOUNTS),
    (b"", ("v", "0-0"), ROOT_ID),
    (b"", ("v", "1-4294967295"), NO_ID),
    (b"elsa:100000:65536\n", ("v", "100000-200000"), PARTLY),
    (b"5001:1000000:10\n", ("V", "1000005-1000006"), SPELLINGS),
    (b"elsatwin:1000000:10\n", ("V", "1000005-1000006"), SPELLINGS),
    (b"anna:1000000:10\n", ("V", "1000000-1000009"), NOTHING),
    (b"", ("v", "4294967296-4294967305"), BEYOND),
    (b"", ("v", "01000000-01000009"), NUMBERS),
    (b"elsa:0xf4240:10\n", ("V", "1000000-1000004"), LINE_NUMBERS),
    (b"elsa:1000000:10:\n", ("V", "1000000-1000004"), LINE_FIELDS),
    (b"elsa:0:0\n", ("v", "1000000-1000009"), LINE_ZERO),
    (b"elsa:4294967290:100\n", ("V", "4294967290-4294967294"), LINE_BEYOND),
    (b"anna:+1000000:10\n", ("v", "1000005-1000020"), READERS),
    (b"anna:01000000:10\n", ("v", "1000005-1000020"), READERS),
    (b"elsa:+1000000:10\n", ("V", "1000000-1000004"), REMOVED),
    (b"", ("v", "61184-61190"), RESERVED),
    (b"", ("v", "5-6\n"), CONTROLS),
    (b"", ("v", "1000000-1000009"), UID_LOGIN),
    (b"elsa:1:\0\nanna:1:1\n", ("v", "1000000-1000009"), LINE_NUL),
)


class Generator:
    def __init__(self, rng):
        self.rng = rng

    def zone(self):
        """A range that is likely to touch others; both ends belong to it."""
        rng = self.rng
        where = rng.random()
        if where < 0.70:
            first = 1000000 + rng.randrange(400)
        elif where < 0.80:
            first = rng.choice((0, 1, 2, 3, 4990, 5000, 5002, 5003, 5999, 65500, 65530))
        elif where < 0.90:
            first = ID_NONE - rng.randrange(60)
        else:
            first = 100000 + rng.randrange(6) * 65536
        length = rng.choice((1, 1, 2, 3, 5, 10, 20, 50, 100, 65536))
        return first, min(first + length - 1, ID_NONE)

    def line(self):
        rng = self.rng
        owner, what = rng.choice(OWNERS), rng.random()
        if what < 0.70:
            first, last = self.zone()
            return f"{owner}:{first}:{last - first + 1}".encode()
        if what < 0.85:
            text = rng.choice(MALFORMED)
        elif what < 0.995:
            text = rng.choice(PLAIN)
        else:
            return b"elsa:1000010:2\0:" + rng.choice((b"", b"\0", b"x:y"))
        return (text % owner if "%s" in text else text).encode()

    def content(self):
        rng = self.rng
        if rng.random() < 0.03:
            return None
        lines = [self.line() for _ in range(rng.choice((0, 1, 2, 3, 5, 8, 13, 30)))]
        text = b"".join(line + b"\n" for line in lines)
        if text and rng.random() < 0.15 and not text.endswith(b"\0\n"):
            text = text[:-1]
        return text

    def free_range(self, content, world, letter):
        """A range that the policy allows, if one is found."""
        table = Table(ALL, content or b"")
        taken = world.groups if letter == "w" else world.users
        for _ in range(30):
            first, last = self.zone()
            if (last < ID_NONE and first > 0
                    and not any(first <= number <= last for number in taken.values())
                    and not any(line.owner is not None and line.first <= last
                                and line.last >= first for line in table.lines)):
                return first, last
        first = 7000000 + self.rng.randrange(1000) * 1000
        return first, first + self.rng.randrange(1000)

    def held_range(self, content):
        """A range around one of a line."""
        lines = [line for line in Table(ALL, content or b"").lines
                 if line.owner is not None and line.last >= line.first]
        if not lines:
            return self.zone()
        line = self.rng.choice(lines)
        first = line.first + self.rng.choice((-2, -1, 0, 0, 1, 5))
        last = line.last + self.rng.choice((-5, -1, 0, 0, 1, 2))
        first = max(first, 0)
        return first, min(max(first, last), ID_NONE)

    def change(self, contents, world):
        rng = self.rng
        letter = rng.choice("vvvVVwwW")
        content = contents[letter in "wW"]
        what = rng.random()
        if what < 0.04:
            return letter, rng.choice(BAD_RANGES)
        if what < 0.06:
            return letter, rng.choice(BEYOND_RANGES)
        if what < 0.07:
            return letter, "0-4294967295"
        if letter in "vw" and what < 0.75:
            first, last = self.free_range(content, world, letter)
        elif what < 0.90:
            first, last = self.held_range(content)
        else:
            first, last = self.zone()
        return letter, f"{first}-{last}"

    def command(self, contents, world):
        rng = self.rng
        n = rng.choice((1, 1, 1, 1, 2, 2, 3, 5))
        changes = tuple(self.change(contents, world) for _ in range(n))
        what = rng.random()
        if what < 0.02:
            logins = (rng.choice(("nobodyknows", "5001", "0", "elsa ", "Elsa")),)
        elif what < 0.03:
            logins = rng.choice(((), ("elsa", "anna")))
        elif what < 0.035:
            return Command((), ("elsa",))
        else:
            logins = (rng.choice(LOGINS),)
        return Command(changes, logins)


class Differential:
    def __init__(self, box, report):
        self.box, self.report = box, report
        self.world = World(ids(host_module.PASSWD), ids(host_module.GROUP), {0: 1})
        self.hits, self.counts = Counter(), Counter()
        self.peer = Peer()
        self.theirs = THEIRS[self.peer.known]
        self.now = [None, None]
        self.failures = 0

    def put(self, contents):
        """Writes only the files that the last command has changed."""
        for i, (name, content) in enumerate(zip(DATABASES, contents)):
            if self.now[i] == content:
                continue
            path = f"/etc/{name}"
            if content is None or self.now[i] is None:
                self.box.host.write(path, content or b"")
            else:
                with open(path, "wb") as file:
                    file.write(content)
            if content is None:
                os.unlink(path)
            self.now[i] = content

    def run(self, path, name, extra, contents, command):
        self.put(contents)
        result = self.box.run(*extra, *command.words(), path=path)
        self.now = list(self.box.get())
        line = result.line.removeprefix(f"{name}: ")
        line = line.replace(f"Usage: {name} ", "Usage: PROGRAM ")
        return (result.status, *self.now, line)

    def compare(self, who, found, wanted, contents, command):
        same = (found[:3] == wanted[:3]
                and (found[3] != "" if wanted.line is None else
                     found[3] == wanted.line.split("\n")[0]))
        if same:
            return True
        self.failures += 1
        if self.failures <= 8:
            self.report.fail(f"{who} {command.words()}",
                             f"{contents}: {found}, and not {tuple(wanted)}")
        return False

    def case(self, contents, command, permissive):
        """One command on one pair of files through both programs."""
        extra = PERMISSIVE if permissive else ()
        rules = ALL - OVERRIDDEN if permissive else ALL
        wanted = outcome(rules, self.world, contents, command)
        oracle = outcome(self.theirs, self.world, contents, command)
        found = self.run(self.box.ours, OURS, extra, contents, command)
        reference = self.run(ORACLE, "usermod", (), contents, command)
        self.compare("ours", found, wanted, contents, command)
        self.compare("Debian's", reference, oracle, contents, command)

        hit = classes(rules, self.world, contents, command, self.theirs)
        # a note alone changes nothing
        self.counts["different" if hit - {NOTHING} else "equal"] += 1
        self.counts["changed", found[1:3] != contents] += 1
        for rule in hit:
            self.hits[rule] += 1
        if bool(hit) == (found == reference):
            self.failures += 1
            self.report.fail(f"classes of {command.words()}",
                             f"{contents}: {sorted(hit)}, but {found} and {reference}")

    def one(self, contents, command):
        self.counts["commands"] += 1
        self.case(contents, command, False)
        # commands that only the policy refuses are also compared without the policy
        if classes(ALL, self.world, contents, command, self.theirs) & OVERRIDDEN:
            self.case(contents, command, True)

    def finish(self):
        counts = self.counts
        self.report.row(self.peer.name, "usermod-ext", f"{counts['equal']} equal",
                        f"{counts['different']} different",
                        f"{sum(rule not in self.theirs for rule in self.hits)} classes")
        self.report.check(
            f"{counts['commands']} commands over {FILES} files: {counts['equal']} equal, "
            f"{counts['different']} different by class, "
            f"{counts['changed', True]} changed something",
            self.failures == 0, f"{self.failures} failures")
        for rule in CLASSES:
            if rule not in self.theirs:
                self.report.check(f"class {rule}: {self.hits[rule]} with {self.peer.name}",
                                  self.hits[rule], "no command belongs to it")
        self.report.check("most commands change something and most are equal",
                          counts["changed", True] > counts["commands"] / 3
                          and counts["equal"] > counts["different"],
                          f"{dict(counts)}")
        self.report.check("nothing is left in /etc", not self.box.strays(),
                          f"{self.box.strays()}")


def ids(text):
    return {line.split(":")[0]: int(line.split(":")[2]) for line in text.splitlines()}


def main():
    box, report = enter()
    if box.oracle is None:
        report.skip("differential", "needs Debian's usermod")
        report.finish()
    seed = int(os.environ.get("SUBID_SEED") or random.randrange(2**32))
    print(f"# SUBID_SEED={seed}", flush=True)
    generator = Generator(random.Random(seed))
    test = Differential(box, report)
    for content, change, rule in FIXED:
        login = "5002" if rule == UID_LOGIN else "elsa"
        contents, command = (content, b""), Command((change,), (login,))
        if rule in test.theirs:
            continue
        if rule not in classes(ALL, test.world, contents, command, test.theirs):
            report.fail(f"class {rule}", f"{command.words()} does not belong to it")
        test.one(contents, command)
    for _ in range(FILES):
        contents = (generator.content(), generator.content())
        for _ in range(COMMANDS):
            test.one(contents, generator.command(contents, test.world))
    test.finish()
    report.finish()


main()
