#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Whether an id is free if a name service has accounts: a block of 60 users and groups
anywhere in the range that would be given next, or one account in a small range. SUBID_SEED
selects other places."""

import errno
import glob
import json
import os
import random
import re

import name_service
from host import LOGIN_DEFS, PASSWD, SERVICE, SILENT, Account, Report, quick

ALONE = "a service is asked as much as it can answer in a time"

DONE, FINDINGS, UNREADABLE, REFUSED = 0, 2, 3, 20
BLOCK, FIRST, SIZE = 60, 100000, 65536
CANDIDATE = f"{FIRST}-{FIRST + SIZE - 1}"
SMALL = 4096        # all ids of a range of that size are asked for
KINDS = ("uid", "gid")
CALL = {"uid": "getpwuid", "gid": "getgrgid"}
# seconds in which ids of one kind and range are asked for
BUDGET, BUDGET_OF_CHECK = 0.3, 2
MICROSECONDS = 100
NOTE = "name service"


class Box:
    def __init__(self, programs, report, dice):
        self.programs, self.report, self.dice = programs, report, dice
        self.directory = programs.directory
        self.name, self.ids, self.kinds = "", range(0), KINDS

    def accounts(self, first, count, enumerates, kinds=KINDS):
        """Network accounts with these ids; their ids of the other kind are far away."""
        self.ids, self.kinds = range(first, first + count), kinds
        place = {kind: first if kind in kinds else 4000000000 for kind in KINDS}
        users = [Account(place["uid"] + n, 4100000000, (f"net{n}",)) for n in range(count)]
        groups = [(place["gid"] + n, f"net{n}") for n in range(count)]
        self.directory.set(users, groups, enumerates=enumerates)
        self.name = f"{count} {'and '.join(f'{kind}s ' for kind in kinds)}from {first} on, " + (
            "enumerable" if enumerates else "not enumerable")

    def check(self, name, holds, *about):
        self.report.check(f"{self.name}: {name}", holds, " | ".join(map(str, about)))

    def run(self, program, *words, data=""):
        self.programs.put(data)
        self.directory.forget()
        return self.programs.run(program, *words, timeout=60), self.programs.get()

    def excused(self, result, seconds):
        """Whether the machine is too slow for the test: all the time was used, and the
        requests are evenly spread, with gaps larger than the block."""
        gaps = []
        for kind in self.kinds:
            asked = sorted({int(word) for word in self.directory.asked(CALL[kind])
                            if FIRST <= int(word) < FIRST + SIZE})
            places = [FIRST - 1, *asked, FIRST + SIZE]
            gap = max(after - before - 1 for before, after in zip(places, places[1:]))
            gaps.append(gap if gap <= 2 * SIZE / (len(asked) + 1) else 0)
        return (not self.directory.enumerates and result.seconds >= seconds
                and min(gaps) >= len(self.ids))

    def given(self, program, *words, kinds=KINDS):
        """A command that gives ranges: the same for both kinds, with none of the ids."""
        result, left = self.run(program, *words)
        ranges = {kind: ranges_of(left[kind]) for kind in kinds}
        wrong = [line for kind in kinds for line in ranges[kind]
                 if line[0] < self.ids.stop and self.ids.start < line[0] + line[1]]
        same = len(set(map(tuple, ranges.values()))) == 1
        self.check(f"{program} {' '.join(words)}", result.status == DONE
                   and ranges[kinds[0]] and same
                   and (not wrong or self.excused(result, BUDGET)), wrong, ranges, result)
        return result

    def refused(self, program, *words):
        result, left = self.run(program, *words)
        self.check(f"{program} {' '.join(words)}", result.status == REFUSED
                   and left == {"uid": b"", "gid": b""}
                   or result.status == DONE and self.excused(result, BUDGET), result, left)


def ranges_of(data):
    return [(int(line.split(b":")[1]), int(line.split(b":")[2]))
            for line in data.splitlines()]


def block(box, enumerates, microseconds):
    """A block of both kinds, of uids alone, or of gids alone."""
    kinds = box.dice.choice((KINDS, KINDS, ("uid",), ("gid",)))
    box.accounts(FIRST + box.dice.randrange(SIZE - BLOCK + 1), BLOCK, enumerates, kinds)
    box.directory.mode("delay", microseconds)
    box.given("subid", "grant", "elsa")
    box.given("usermod-ext", "-S", "anna")
    options = [f"-{'v' if kind == 'uid' else 'w'}" for kind in kinds]
    words = [word for option in options for word in (option, CANDIDATE)]
    box.refused("usermod-ext", *words, "bob")
    box.refused("subid", "grant", "--range", CANDIDATE, "bob")
    middle = box.ids[BLOCK // 2]
    small = f"{middle - 5}-{middle + 5}"
    box.refused("subid", "grant", f"-{kinds[0][0]}", "--range", small, "bob")
    result, _ = box.run("subid", "check", "--json", data=f"elsa:{FIRST}:{SIZE}\n")
    rows = [row for row in json.loads(result.out)["findings"] if row["code"] == "account"
            and row["owner"] == "elsa"]
    box.check("check", result.status == FINDINGS and {row["kind"] for row in rows} == {*kinds}
              and all(row["first"] in box.ids for row in rows)
              or not rows and box.excused(result, BUDGET_OF_CHECK), rows, result)
    box.directory.mode()


def batch(box):
    """Many users at once: no range of them has an id of the block, and the largest gap of
    ids that were not asked for is reported."""
    box.accounts(FIRST + box.dice.randrange(SIZE - BLOCK + 1), BLOCK, False)
    box.directory.mode("delay", MICROSECONDS)
    path = f"{box.programs.host.tmpdir}/batch"
    box.programs.host.write(path, "elsa\nanna\nbob\n")
    for words in (("grant", "--batch", path), ("grant", "--all-users")):
        result = box.given("subid", *words, "--verbose")
        box.check(f"{' '.join(words)} --verbose reports the largest gap",
                  0 < gap_of(result) < SIZE, result)
        strict(box, *words)
        result = box.given("subid", *words)
        box.check(f"{' '.join(words)} reports it without being asked", gap_of(result) > 0
                  and len(result.lines) == 1, result)
    strict(box, "grant", "elsa")
    result, _ = box.run("subid", "grant", "elsa")
    box.check("one user: nothing is said", result.status == DONE and not result.err, result)
    asked = []
    for option in ("--verbose", "--thorough"):
        result, _ = box.run("subid", "grant", "-u", "--verbose", option, "bob")
        asked += [int(number) for number in re.findall(r"about: ([0-9]+);", said(result))]
    box.check("--thorough asks for more", len(asked) == 2 and asked[1] > 2 * asked[0] > 0,
              asked)
    result, left = box.run("subid", "grant", "--count", str(SMALL), "--strict", "elsa")
    box.check("--strict, and all ids are asked about", result.status == DONE
              and left["uid"] == b"elsa:%d:%d\n" % (left_start(left), SMALL), result, left)
    box.directory.mode()


def gap_of(result):
    """The largest gap that is reported; -1: none is."""
    gaps = [int(number) for number in re.findall(r"gap\D*?([0-9]+)", said(result))]
    return max(gaps, default=-1)


def left_start(left):
    return ranges_of(left["uid"])[0][0] if left["uid"] else -1


def strict(box, *words):
    result, left = box.run("subid", *words, "--strict")
    box.check(f"{' '.join(words)} --strict", result.status == UNREADABLE
              and left == {"uid": b"", "gid": b""} and result.err, result, left)


def single(box, enumerates):
    """One account in a range that is so small that all its ids are asked for."""
    place = FIRST + box.dice.randrange(SMALL)
    box.accounts(place, 1, enumerates)
    size = ("--count", str(SMALL))
    box.given("subid", "grant", *size, "elsa")
    words = f"{FIRST}-{FIRST + SMALL - 1}"
    for kind, option in (("uid", "-v"), ("gid", "-w")):
        box.refused("usermod-ext", option, words, "elsa")
        box.refused("subid", "grant", f"-{kind[0]}", "--range", words, "elsa")
        box.programs.put("")
        answer = box.programs.call("grant", kind, "elsa", FIRST, SMALL, 0)
        start = int(answer.split(" ")[1]) if answer.startswith("true") else -1
        box.check(f"the library's grant: {kind}s", start >= 0
                  and not start <= place < start + SMALL, answer)


def all_asked(box):
    """Each id of a small range is asked for once."""
    box.accounts(4000000000, 1, False)
    for program, words in (("usermod-ext", ("-v", "200000-204095", "elsa")),
                           ("subid", ("grant", "-u", "--range", "200000-204095", "elsa"))):
        result, _ = box.run(program, *words)
        asked = [int(word) for word in box.directory.asked("getpwuid")]
        ours = sorted(number for number in asked if 200000 <= number <= 204095)
        box.check(f"{program}: all ids of a small range are asked about",
                  result.status == DONE and ours == [*range(200000, 204096)], len(ours),
                  len(set(ours)), result)


def primary_groups(box):
    """Primary groups of enumerated users: named after the user, unless a group has the gid."""
    gid = FIRST + 100
    box.directory.set([Account(4000000000, gid, ("net",)), Account(4000000001, gid + 1, ("two",))],
                      [(gid + 1, "netgroup")], enumerates=True)
    box.name = "primary groups"
    for number, owner in ((gid, "is the primary group of net in passwd"),
                          (gid + 1, "is that of netgroup in group")):
        for program, words in (("usermod-ext", ("-w", f"{number}-{number}", "elsa")),
                               ("subid", ("grant", "-g", "--range", f"{number}-{number}",
                                          "elsa"))):
            result, left = box.run(program, *words)
            box.check(f"{program} {number}", result.status == REFUSED and not left["gid"]
                      and said(result).count("gid ") == 1
                      and f"gid {number} {owner}" in said(result), result)
    box.programs.put("", f"elsa:{gid}:1\n")
    result = box.programs.run("subid", "check")
    box.check("check", result.status == FINDINGS and b"the primary gid of net" in result.out,
              result)


def said(result):
    return result.err.decode("utf-8", "backslashreplace")


def silence(box):
    """A range is given to a local user, and a note reports what is unknown."""
    box.accounts(FIRST + 1000, BLOCK, True)
    path = f"{box.programs.host.tmpdir}/batch"
    box.programs.host.write(path, "elsa\nanna\n")
    modes = [(*mode, "all") for mode in SILENT]
    modes += [("unavail", errno.ENOENT, "getpwuid"), ("unavail", errno.ENOENT, "getgrgid")]
    for word, number, call in modes[::2] if quick() else modes:
        box.directory.mode()
        box.directory.mode(word, number, call)
        box.name = f"silent ({word} {number} {call})"
        for program, *words in (("subid", "grant", "elsa"),
                                ("subid", "grant", "--batch", path),
                                ("subid", "grant", "--all-users"),
                                ("subid", "grant", "--range", "200000-200009", "elsa"),
                                ("usermod-ext", "-S", "elsa"),
                                ("usermod-ext", "-v", "200000-200009", "-w", "200000-200009",
                                 "elsa")):
            result, left = box.run(program, *words)
            box.check(f"{program} {' '.join(words)}", result.status == DONE
                      and NOTE in said(result) and left["uid"] == left["gid"] != b"",
                      result, left)
        strict(box, "grant", "elsa")
        result, _ = box.run("subid", "check", data=f"elsa:{FIRST}:10\n")
        box.check("check", result.status == UNREADABLE and NOTE in said(result), result)
    box.directory.mode()


def no_service(box):
    """If only files are asked, everything is known."""
    box.directory.sources("files")
    box.name = "no service"
    result, left = box.run("subid", "grant", "--strict", "elsa")
    box.check("--strict", result.status == DONE and left["uid"] and not result.err, result)
    result, _ = box.run("subid", "grant", "--verbose", "elsa")
    box.check("--verbose says nothing", result.status == DONE and not result.err, result)
    box.directory.sources("files nosuchservice systemd")
    result, _ = box.run("subid", "grant", "elsa")
    box.check("a service that is not installed: nothing is said", result.status == DONE
              and not result.err, result)
    result, _ = box.run("subid", "grant", "--verbose", "--strict", "elsa")
    # that of systemd is a package of its own
    missing = "nosuchservice" if glob.glob("/usr/lib/*/libnss_systemd.so.2") \
        else "nosuchservice systemd"
    box.check("a service that is not installed: --verbose names it for users and for groups",
              result.status == DONE and len(result.lines) == 3
              and [line.endswith(f"not installed: {missing}") for line in result.lines]
              == [False, True, True] and gap_of(result) == 0, result)
    box.directory.sources(f"files {SERVICE}")


def main():
    report = Report()
    seed = os.environ.get("SUBID_SEED", "20261129")
    programs = name_service.Programs(report)
    programs.host.write("/etc/login.defs", LOGIN_DEFS)
    programs.host.write("/etc/passwd", PASSWD)
    box = Box(programs, report, random.Random(seed))
    for enumerates, microseconds, times in ((False, MICROSECONDS, (1, 4)), (False, 0, (1, 5)),
                                            (True, 0, (1, 4))):
        for _ in range(times[not quick()]):
            report.part(block, box, enumerates, microseconds)
    for enumerates in (False, True):
        report.part(single, box, enumerates)
    for part in (batch, all_asked, primary_groups, silence, no_service):
        report.part(part, box)
    report.finish()


main()
