#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""`subid files --orphans`: files of ids that no account, line, rule or reservation has, and the
command of find(1) that it prints."""

import json
import os
import re
import shutil
import subprocess

import subid_box
from host import CLEAN_PATH, ELSA, NSSWITCH, PASSWD, Account, NameService, Plugins, mount, umount
from subid_box import DONE, FINDINGS, UNREADABLE, USAGE, words

RETIRED = 1_000_000
ORPHAN = 3_000_000
LINES = (f"elsa:100000:65536\n~bob:{RETIRED}:65536\nelsa:{RETIRED + 100}:10\n"
         "anna:02000000:10\n~alice:6000000:10:\n")
# an id, and whether it is an orphan, as a uid and as a gid
IDS = {
    "root": (0, False, False),
    "an account": (5001, False, False),
    "a user alone": (5003, False, True),
    "a group alone": (6000, True, False),
    "of a line": (100_500, False, False),
    "reserved": (61_500, False, False),
    "nobody": (65_534, False, False),
    "kept by a rule": (4_000_005, False, False),
    "uids kept by a rule": (4_100_005, False, True),
    "octal for some programs": (524_290, False, False),
    "decimal for others": (2_000_005, False, False),
    "retired": (RETIRED + 5, True, True),
    "retired and delegated": (RETIRED + 105, False, False),
    "retired and an account": (RETIRED + 300, False, True),
    "in a malformed retired line": (6_000_005, False, False),
    "a removed user": (5005, True, True),
    "a former range": (ORPHAN + 7, True, True),
    "the last id": (4_294_967_294, True, True),
}
RULES = "reserve 4000000-4000009 the lab\nreserve uid 4100000-4100009\n"


def make(path, uid=0, gid=0):
    with open(path, "w", encoding="utf-8"):
        pass
    os.chown(path, uid, gid)


def fresh(name="/home/tree"):
    shutil.rmtree(name, ignore_errors=True)
    os.makedirs(name)
    return name


def files_of(box, *args, status=FINDINGS, **options):
    """{file: its row}"""
    rows = box.rows("files", "--orphans", *args, name="files", status=status, **options)
    return {row["file"]: row for row in rows}


def document_of(box, *args):
    return json.loads(box.run("files", "--orphans", "--json", *args).out)


def found_by(command, cwd="/"):
    """The files that the printed command finds."""
    text = subprocess.run(["sh", "-c", command + " -print0"], cwd=cwd, check=True,
                          capture_output=True, env={"PATH": CLEAN_PATH}).stdout
    return set(text.decode("utf-8", "surrogateescape").split("\0")) - {""}


def rules(box, text):
    os.makedirs("/etc/subid.d", mode=0o755, exist_ok=True)
    box.host.write("/etc/subid.d/10-site.conf", text)


def decided(box):
    """Which ids are orphans, as uids and as gids; the command finds the same files."""
    box.put(LINES, LINES)
    rules(box, RULES)
    box.host.write("/etc/passwd", f"{PASSWD}alice:x:{RETIRED + 300}:5002::/:/bin/sh\n")
    tree, expected = fresh(), set()
    for name, (number, uid, gid) in IDS.items():
        make(f"{tree}/uid of {name}", uid=number)
        make(f"{tree}/gid of {name}", gid=number)
        expected |= {f"{tree}/uid of {name}"} if uid else set()
        expected |= {f"{tree}/gid of {name}"} if gid else set()
    os.symlink("/nowhere", f"{tree}/link")
    os.chown(f"{tree}/link", ORPHAN, 0, follow_symlinks=False)
    expected.add(f"{tree}/link")
    found = files_of(box, tree)
    box.check("the orphans", set(found), expected)
    row = found[f"{tree}/uid of retired"]
    box.check("of a retired line", (row["owner"], row["former"], row["inside"]),
              ("~bob", "bob", None))
    row = found[f"{tree}/gid of retired"]
    box.check("a gid of one", (row["owner"], row["gowner"], row["former"]),
              ("root", "~bob", "bob"))
    row = found[f"{tree}/uid of a former range"]
    box.check("without a line", (row["owner"], row["former"], row["inside"]),
              (None, None, None))
    document = document_of(box, tree)
    box.check("the summary", document["summary"], {"orphans": len(expected), "unknown": 0})
    box.check("find(1) finds them", found_by(document["command"]), expected)
    result = box.run("files", "--orphans", "--raw", "-n", "-o", "file", tree)
    box.check("... and as a message", result.lines[-1],
              f"subid: to find these files: {document['command']}")
    box.check("all files alone are not shown", len(files_of(box, tree)), len(expected))


def noted(box):
    """`files` without --orphans does not show files of unknown ids, but says that they exist."""
    plain = box.run("files", "--json", "/home/tree")
    document = json.loads(plain.out)
    n = document["summary"]["orphans"]
    box.check("a note about orphans", (plain.status, words(plain)),
              (DONE, "subid: note: /etc/subuid: lines that grant nothing: 2; see 'subid check'\n"
               "subid: note: /etc/subgid: lines that grant nothing: 2; see 'subid check'\n"
               f"subid: note: files whose ids have no owner: {n}; 'subid files --orphans' "
               "shows them\n"))
    box.check("as many as there are", n, len(files_of(box, "/home/tree")))
    former = {row["file"]: row["former"] for row in document["files"]}
    box.check("a former owner", former["/home/tree/uid of retired"], "bob")
    box.put("elsa:100000:65536\n", "elsa:100000:65536\n")
    make(f"{fresh('/home/clean')}/file", 100_000, 100_000)
    result = box.run("files", "/home/clean")
    box.check("nothing to note", (result.status, result.err), (DONE, b""))
    result = box.run("files", "--orphans", "/home/clean")
    box.check("no orphans", (result.status, result.out, result.err), (DONE, b"", b""))


def summary(box):
    """A row for each retired line, and for neighbours."""
    box.put(f"~bob:{RETIRED}:65536\n", "")
    box.host.write("/etc/passwd", PASSWD)
    tree = fresh()
    for name, uid, gid in (("a", RETIRED + 1, 0), ("b", RETIRED + 60_000, 0), ("c", 5005, 0),
                           ("d", 5006, 0), ("e", 100_000 + 65_535, 0), ("f", 165_536, 0),
                           ("g", 165_537, 165_536)):
        make(f"{tree}/{name}", uid, gid)
    with open(f"{tree}/g", "wb") as file:
        file.write(bytes(100_000))
    on_disk = os.stat(f"{tree}/g").st_blocks * 512
    rows = box.rows("files", "--orphans", "--summary", tree, name="orphans", status=FINDINGS)
    box.check("the groups", [(row["kind"], row["first"], row["last"], row["files"],
                              row["former"]) for row in rows],
              [("uid", 5005, 5005, 1, None), ("uid", 5006, 5006, 1, None),
               ("uid", 165_535, 165_535, 1, None), ("uid", 165_536, 165_537, 2, None),
               ("uid", RETIRED + 1, RETIRED + 60_000, 2, "bob"),
               ("gid", 165_536, 165_536, 1, None)])
    box.check("bytes on the disk", [row["bytes"] for row in rows], [0, 0, 0, on_disk, 0, on_disk])
    box.report.check("when it was last changed", rows[0]["newest"] <= rows[3]["newest"] and
                     len(rows[0]["newest"]) == len("2026-01-01T00:00:00Z"), f"{rows[0]}")
    box.check("each command finds its files", [found_by(row["command"]) for row in rows],
              [{f"{tree}/{name}" for name in names} for names in ("c", "d", "e", "fg", "ab", "g")])
    box.check("a retired line is one term", rows[4]["command"],
              f"find -H {tree} -uid +{RETIRED} -uid -{RETIRED + 60_001}")
    box.host.write("/etc/login.defs", "SUB_UID_MIN 165536\nSUB_UID_COUNT 1\n")
    rows = box.rows("files", "--orphans", "--summary", "/home/tree", status=FINDINGS)
    box.check("groups by login.defs", [row["first"] for row in rows if row["kind"] == "uid"],
              [5005, 5006, 165_535, 165_536, RETIRED + 1])
    box.host.write("/etc/login.defs", "SUB_UID_MIN wrong\n")
    result = box.run("files", "--orphans", "--summary", "/home/tree")
    box.check("a wrong login.defs matters to those who allocate", result.status, FINDINGS)
    box.host.write("/etc/login.defs", "")


def former(box):
    """What `subid retire` has recorded: the owner of ids, and of the uid of the account."""
    image = fresh("/home/image")
    os.mkdir(f"{image}/etc")
    os.makedirs(f"{image}/var/lib")
    lines = f"bob:{RETIRED}:65536\n"
    for name, text in (("passwd", PASSWD), ("subuid", lines), ("subgid", lines)):
        box.host.write(f"{image}/etc/{name}", text)
    result = box.run("retire", "-R", image, "bob")
    box.report.check("bob's ids are retired", result.status == DONE, f"{result}")
    box.host.write(f"{image}/etc/passwd", re.sub("(?m)^bob:.*\n", "", PASSWD))
    tree = fresh()
    make(f"{tree}/container", 0, RETIRED + 1)
    make(f"{tree}/home", 5003, 5003)
    make(f"{tree}/other", 5999, 0)
    found = files_of(box, "-R", image, tree)
    box.check("the former owners", {path: row["former"] for path, row in found.items()},
              {f"{tree}/container": "bob", f"{tree}/home": "bob", f"{tree}/other": None})
    box.report.check("since when", all(
        re.fullmatch(r"\d{4}-\d\d-\d\d", row["since"]) if row["former"] else not row["since"]
        for row in found.values()), f"{found}")
    rows = box.rows("files", "--orphans", "--summary", "-R", image, tree, status=FINDINGS)
    box.check("... of the groups", [(row["first"], row["former"], bool(row["since"]))
                                    for row in rows],
              [(5003, "bob", True), (5999, None, False), (5003, None, False),
               (RETIRED + 1, "bob", True)])


def never_others(box):
    """A term has no id that belongs to somebody, even if no file of it was there."""
    lines = f"~bob:{RETIRED}:65536\nelsa:{RETIRED + 100}:10\n"
    box.put(lines, lines)
    box.host.write("/etc/passwd", f"{PASSWD}alice:x:{RETIRED + 200}:5002::/:/bin/sh\n")
    tree = fresh()
    for offset in (50, 150, 250, 350):
        make(f"{tree}/{offset}", RETIRED + offset, 0)
    command = document_of(box, tree)["command"]
    for offset in (105, 200):
        make(f"{tree}/{offset}", RETIRED + offset, 0)
    box.check("a line and an account within", found_by(command),
              {f"{tree}/{offset}" for offset in (50, 150, 250, 350)})
    make(f"{tree}/alone", ORPHAN, 0)
    make(f"{tree}/next", ORPHAN + 2, 0)
    command = document_of(box, tree)["command"]
    make(f"{tree}/between", ORPHAN + 1, 0)
    box.report.check("... and without a line, only what was found",
                     f"{tree}/between" not in found_by(command), command)


def quoted(box):
    """The command is safe to paste, whatever the directory is called."""
    box.put("", "")
    os.chdir("/home")
    for name in ("a b", "it's $HOME `id`", "new\nline", "ends\n", "-delete", "(", "ümlaut",
                 "\x1b[31mred"):
        directory = fresh(f"/home/{name}")
        make(f"{directory}/f\n", ORPHAN, 0)
        command = document_of(box, "--", name)["command"]
        box.report.check(f"{name!r}", command.isprintable() and
                         [os.path.normpath(path) for path in found_by(command, "/home")] ==
                         [f"{name}/f\n"] and
                         os.path.isdir(directory), command)
    os.chdir("/")
    directory = fresh("/home/" + "d" * 200 + "/" + "d" * 200)
    make(f"{directory}/f", ORPHAN, 0)
    box.check("too long to paste", document_of(box, directory)["command"], None)
    result = box.run("files", "--orphans", directory)
    box.report.check("... which is said", "one command of find(1) cannot" in words(result),
                     f"{result.err}")


def many(box):
    """More ids than a command can have."""
    tree = fresh()
    for i in range(1001):
        make(f"{tree}/{i}", ORPHAN + 2 * i, 0)
    box.check("no command", document_of(box, tree)["command"], None)
    box.check("a command for each row", [bool(row["command"]) for row in
              box.rows("files", "--orphans", "--summary", tree, status=FINDINGS)], [False])
    os.unlink(f"{tree}/1000")
    box.check("as many as it can", len(found_by(document_of(box, tree)["command"])), 1000)


def file_systems(box):
    """-x, for the walk and the command."""
    tree = fresh()
    os.mkdir(f"{tree}/mounted")
    mount("tmpfs", f"{tree}/mounted", "tmpfs")
    try:
        make(f"{tree}/here", ORPHAN, 0)
        make(f"{tree}/mounted/there", ORPHAN, 0)
        both = {f"{tree}/here", f"{tree}/mounted/there"}
        for options, expected in (((), both), (("-x",), {f"{tree}/here"})):
            box.check(f"{options}", set(files_of(box, *options, tree)), expected)
            box.check(f"{options}: find(1)",
                      found_by(document_of(box, *options, tree)["command"]), expected)
    finally:
        umount(f"{tree}/mounted")
    os.symlink(tree, "/home/link")
    box.check("the first link is followed, by both", (
        set(files_of(box, "/home/link")),
        found_by(document_of(box, "/home/link")["command"])), ({"/home/link/here"},) * 2)


def not_known(box):
    """What cannot be read makes no orphans."""
    tree = fresh()
    make(f"{tree}/file", ORPHAN, 0)
    box.put(None, "")
    document = document_of(box, tree)
    box.check("without a database", (document["files"], document["summary"]),
              ([], {"orphans": 0, "unknown": 1}))
    box.check("... the exit status", box.run("files", "--orphans", tree).status, UNREADABLE)
    box.put("", "")
    os.mkdir(f"{tree}/secret", 0o700)
    result = box.run("files", "--orphans", tree, caller=ELSA)
    box.report.check("a directory that cannot be read", result.status == UNREADABLE and
                     b"file" in result.out and "secret: Permission denied" in words(result),
                     f"{result}")
    rules(box, "reserve 4000000-4000009\nreserve wrong\n")
    make(f"{tree}/kept", 4_000_000, 0)
    result = box.run("files", "--orphans", tree)
    box.report.check("a wrong rule: said, and the others count",
                     result.status == UNREADABLE and b"/kept" not in result.out and
                     "/etc/subid.d/10-site.conf:2: 'wrong'" in words(result), f"{result}")
    box.check("... which files alone does not need", box.run("files", tree).status, DONE)
    rules(box, RULES)


def services(box):
    """Users of the name service have their files; a silent one says nothing about them."""
    service = NameService(box.host)
    service.set(users=[Account(ORPHAN, 7_000_000, ("alice",))], groups=[(ORPHAN + 1, "staff")])
    tree = fresh()
    for i in range(40):
        make(f"{tree}/{i}", ORPHAN + i % 4, ORPHAN + i % 4)
    service.forget()
    found = files_of(box, tree)
    box.check("neither a user nor a group of it", set(found),
              {f"{tree}/{i}" for i in range(40)})
    box.check("the others are named", (found[f"{tree}/0"]["owner"],
                                       found[f"{tree}/1"]["gowner"]), ("alice", "staff"))
    # the helper asks again after a "no"
    asked = service.asked("getpwuid")
    box.report.check("an id is asked for once", len(asked) <= 8 and set(asked) ==
                     {str(ORPHAN + i) for i in range(4)}, f"{asked}")
    service.set(users=[Account(ORPHAN + i, 0, (f"u{i}",)) for i in range(4)],
                groups=[(ORPHAN + i, f"g{i}") for i in range(4)])
    box.check("all have an owner", files_of(box, tree, status=DONE), {})
    for mode in (("unavail", 2), ("crash", 0), ("hang", 0)):
        service.mode(*mode)
        result = box.run("files", "--orphans", "--json", tree)
        document = json.loads(result.out)
        box.check(f"{mode[0]}: no orphans", (
            result.status, document["files"], document["summary"], document["unanswered"],
            document["command"]),
            (UNREADABLE, [], {"orphans": 0, "unknown": 40}, ["passwd"], None))
        box.report.check(f"{mode[0]}: said", "files left out, as the owners of their ids are not "
                         "known: 40" in words(result), words(result))
    result = box.run("files", "--orphans", "-R", "/", tree)
    box.check("-R does not ask it", result.status, FINDINGS)
    service.sources("files")


def plugins(box):
    """Ids that a plugin has, or may have."""
    ours = Plugins(box.host)
    ours.open()
    tree = fresh()
    make(f"{tree}/granted", 100_005, 0)
    make(f"{tree}/orphan", ORPHAN, 0)
    ours.ask("files zzz")
    for role, expected, unknown in (("elsa", {f"{tree}/orphan"}, 0), ("error", set(), 2),
                                    ("conn", set(), 2)):
        ours.role("zzz", role)
        document = document_of(box, tree)
        box.check(f"a plugin: {role}", ({row["file"] for row in document["files"]},
                                        document["summary"]["unknown"]), (expected, unknown))
        document = json.loads(box.run("files", "--json", tree).out)
        box.check("... files alone does not ask it", document["summary"]["orphans"], 0)
    box.host.write("/etc/nsswitch.conf", NSSWITCH)


def misuse(box):
    for args, said in ((("--summary", "/home"), "--summary needs --orphans"),
                       (("--orphans", "--all", "/home"), "--all and --orphans exclude each other"),
                       (("--orphans",), "a directory is missing")):
        result = box.run("files", *args)
        box.check(f"{args}", (result.status, result.lines[0]), (USAGE, f"subid: {said}"))
    tree = fresh()
    make(f"{tree}/file", ORPHAN, 0)
    result = box.run("files", "--orphans", tree,
                     as_user=lambda: os.dup2(os.open("/dev/full", os.O_WRONLY), 1))
    box.check("a full disk", (result.status, result.line),
              (5, "subid: standard output: No space left on device"))


def main():
    box = subid_box.enter()
    for part in (decided, noted, summary, former, never_others, quoted, many, file_systems, not_known,
                 services, plugins, misuse):
        box.report.part(part, box)
    box.report.finish()


main()
