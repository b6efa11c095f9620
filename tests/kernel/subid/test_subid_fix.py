#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""`subid fix`: the new line, refusals, and records."""

import os

import subid_box
from host import ELSA
from subid_box import DONE, NONE, NO_USER, USAGE, etc_text, words

POLICY, NOT_PERMITTED = 20, 9
REST = "elsa:100000:10\n\n# a comment\nbad\n"

# name, arguments, the line, what it becomes (None: it stays), exit status, words
CASES = (
    ("a carriage return", ("elsa:200000:5\r",), "elsa:200000:5\r", "elsa:200000:5\n", DONE),
    ("by its beginning", ("--begins", "elsa:200000:5"), "elsa:200000:5 # x",
     "elsa:200000:5\n", DONE),
    ("by its beginning, ids of another user", ("--begins", "anna:100005:5"), "anna:100005:5:x",
     None, POLICY, "belong to elsa"),
    ("by its beginning, id 0", ("--begins", "anna:0:5"), "anna:0:5:x", None, POLICY,
     "--allow-root"),
    ("with a NUL at its end", ("--begins", "elsa:200000:5"), "elsa:200000:5\0", "elsa:200000:5\n",
     DONE),
    ("... and ids of another user", ("--begins", "anna:100005:5"), "anna:100005:5\0", None, POLICY,
     "belong to elsa"),
    ("by less than its owner", ("--begins", "anna"), "annabel:300000:5 ", None, USAGE, "--owner"),
    ("ids that the user has already", ("elsa:100005:10 ",), "elsa:100005:10 ",
     "elsa:100010:5\n", DONE),
    ("the same, all of them", ("elsa:100005:5 ",), "elsa:100005:5 ", "", DONE),
    ("ids of another user", ("anna:100005:5 ",), "anna:100005:5 ", None, POLICY, "belong to elsa"),
    ("the same, allowed", ("--allow-overlap", "anna:100005:5 "), "anna:100005:5 ",
     "anna:100005:5\n", DONE),
    ("id 0", ("anna:0:5 ",), "anna:0:5 ", None, POLICY, "--allow-root"),
    ("ids of accounts", ("anna:5001:5 ",), "anna:5001:5 ", None, POLICY, "is that of"),
    ("two readings", ("elsa:0300000:5",), "elsa:0300000:5", None, USAGE,
     "read 98304-98308, container engines 300000-300004: --as"),
    ("one of them", ("--as", "98304-98308", "elsa:0300000:5"), "elsa:0300000:5",
     "elsa:98304:5\n", DONE),
    ("none of them", ("--as", "98304-98309", "elsa:0300000:5"), "elsa:0300000:5", None, USAGE),
    ("no range", ("elsa:300000",), "elsa:300000", None, USAGE, "--as says which"),
    ("one that is said", ("--as", "300000-300009", "elsa:300000"), "elsa:300000",
     "elsa:300000:10\n", DONE),
    ("--remove", ("--remove", "elsa:300000"), "elsa:300000", "", DONE),
    ("--remove of a good line", ("--remove", "elsa:300000:1"), "elsa:300000:1", None, USAGE),
    ("a good line", ("elsa:300000:1",), "elsa:300000:1", None, USAGE, "nothing to fix"),
    ("an owner that is no user", ("--owner", "elsa", "'elsa':300000:5"), "'elsa':300000:5",
     "elsa:300000:5\n", DONE),
    ("an owner that is another user", ("--owner", "elsa", "anna:300000:5"), "anna:300000:5",
     None, POLICY, "the line is for the user anna"),
    ("no such user", ("--owner", "zoe", "x:300000:5 "), "x:300000:5 ", None, NO_USER),
    ("an owner that none can be", ("+elsa:300000:5",), "+elsa:300000:5", None, NO_USER),
    ("another line", ("elsa:200000:5",), "elsa:200000:5 ", None, NONE, "no line"),
    ("a line that is too long", ("--remove", "--begins", "elsa:1111"), "elsa:" + "1" * 5000, "",
     DONE),
    ("no argument", (), "elsa:300000", None, USAGE),
    ("two arguments", ("a", "b"), "elsa:300000", None, USAGE),
    ("--remove and --as", ("--remove", "--as", "1-2", "a"), "a", None, USAGE),
)


def each_line(box):
    for name, args, line, after, status, *said in CASES:
        text = f"{REST}{line}\nbob:500000:1\n"
        wanted = text if after is None else f"{REST}{after}bob:500000:1\n"
        for options in (("--dry-run",), ()):
            box.put(text, text)
            result = box.run("fix", *options, *args)
            about = f"{name} {options}"
            box.check(f"{about}: exit status", result.status, status)
            box.check(f"{about}: the databases", (etc_text("subuid"), etc_text("subgid")),
                      (text, text) if options else (wanted, wanted))
            box.report.check(f"{about}: says why", all(part in words(result) for part in said),
                             f"{result}")
            if status == DONE:
                shown = result.out.decode().splitlines()
                box.check(f"{about}: the line before and after, of both databases",
                          [shown[0][:15]] + [row for row in shown if row.startswith("+")],
                          ["- /etc/subuid: "] + [f"+ /etc/{base}: {after.strip()}" for base in
                                                 ("subuid", "subgid") if after])
                box.check(f"{about}: records", len(result.log), 0 if options else 1)
                # the users that got or lost ids
                named = all(any(f"]: {name} " in row for name in ("elsa", "anna", "5002"))
                            for row in result.log)
                box.report.check(f"{about}: the record names a user", named, f"{result}")
            if status == DONE and not options:
                box.run("fix", *args)
                box.check(f"{about}: the second time nothing changes",
                          (etc_text("subuid"), etc_text("subgid")), (wanted, wanted))


def removals(box):
    """The record of a removed line has the ids that other programs read."""
    for line, record in (("elsa:0x10:5", "elsa fix remove uids=16-20"),
                         ("elsa:0100:5", "elsa fix remove uids=64-68 uids=100-104"),
                         ("+elsa:300000:5", "+elsa fix remove uids=300000-300004"),
                         ("elsa:300000", "elsa fix remove")):
        box.put(f"{line}\n", "")
        result = box.run("fix", "-u", "--remove", "--", line)
        box.report.check(f"the record of a removed line: {line}", result.status == DONE
                         and len(result.log) == 1
                         and f"]: {record} by uid 0: done" in result.log[0], f"{result}")


def kinds(box):
    """One database; the same line twice; users without permission."""
    line = "elsa:300000:5 \n"
    box.put(line, line)
    box.run("fix", "-g", line[:-1])
    box.check("-g", (etc_text("subuid"), etc_text("subgid")), (line, "elsa:300000:5\n"))
    box.put(line + line, "")
    box.run("fix", line[:-1])
    box.check("the same line twice", etc_text("subuid"), "elsa:300000:5\n")
    box.put(line, line)
    result = box.run("fix", line[:-1], caller=ELSA)
    box.check("a user may not", (result.status, etc_text("subuid")), (NOT_PERMITTED, line))
    box.put("elsa:1\nelsa:12\n", "")
    result = box.run("fix", "--remove", "--begins", "elsa:1")
    box.check("two lines begin so", (result.status, etc_text("subuid")),
              (USAGE, "elsa:1\nelsa:12\n"))
    os.unlink("/etc/subgid")
    box.host.write("/etc/subuid", line)
    box.check("a database is missing", box.run("fix", line[:-1]).status, DONE)
    box.check("... and is not made", os.path.exists("/etc/subgid"), False)


def main():
    box = subid_box.enter()
    each_line(box)
    removals(box)
    kinds(box)
    box.report.finish()


main()
