#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""`subid list`, `whois` and `map`: compared with a model on random databases, with every
wrong command line and file, an output that is lost, and a million lines."""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys

import subid_box
from host import (CLEAN_PATH, CLONE_NEWNS, ELSA, STRACE, mount, quick, remove, unshare,
                  wait_until)
from subid_box import (DONE, FINDINGS, KINDS, NONE, NOT_WRITTEN, NO_ID, NO_USER, UNREADABLE,
                       USAGE, Line, words)

# by login name, by another name of the uid, by uid, by an unknown name, and by digits that
# are the login name of another uid
OWNERS = {"elsa": 5001, "elsatwin": 5001, "5001": 5001, "anna": 5002, "5002": 5002,
          "bob": 5003, "ghost": None, "7777": 7777}
# the uid of one user and the login name of another: a list of one user leaves it out
DISPUTED = "5002"
BAD_LINES = ("elsa:0100:5", "elsa:1:0", ":1:1", "elsa:1", "elsa:1:1:1", "elsa:0x10:5",
             "elsa:1:1 ", "elsa:4294967295:2")


def database(lines):
    return "".join(line + "\n" for line in lines)


def random_lines(rng, overlap):
    """Lines of a database, some of them nothing; valid ones may overlap or not."""
    lines, at = [], rng.randrange(5000, 200000)
    for _ in range(rng.randrange(1, 25)):
        kind = rng.random()
        if kind < 0.1:
            lines.append(rng.choice(BAD_LINES))
        elif kind < 0.2:
            lines.append(rng.choice(("", "# a comment", " ")))
        else:
            count = rng.choice((1, 2, 10, 65536, rng.randrange(1, 100000)))
            lines.append(f"{rng.choice(list(OWNERS))}:{at}:{count}")
            at += rng.randrange(-count, 100) if overlap else count + rng.choice((0, 0, 1, 500))
            at = max(at, 0)
    if not overlap:
        rng.shuffle(lines)
    return lines


def parse(kind, lines):
    found = []
    for number, text in enumerate(lines, 1):
        if text.strip() and not text.startswith("#") and text not in BAD_LINES:
            owner, start, count = text.split(":")
            found.append(Line(kind, owner, int(start), int(count), number))
    return found


def key(owner):
    """The ids that two lines of one owner share."""
    return owner if OWNERS.get(owner) is None else OWNERS[owner]


def inside(lines, line, identity):
    """1, and the number of ids that the owner has below."""
    before = sum(other.count for other in lines if key(other.owner) == key(line.owner) and
                 (other.start, other.number) < (line.start, line.number))
    return 1 + before + identity - line.start


# --- against the model ------------------------------------------------------------------

def row_of(line):
    return {"kind": line.kind, "owner": line.owner, "uid": OWNERS[line.owner],
            "first": line.start, "last": line.last, "count": line.count,
            "where": f"/etc/sub{line.kind}:{line.number}",
            "file": f"/etc/sub{line.kind}", "line": line.number,
            "former": None, "since": None}


def whois_of(lines, kind, identity):
    return sorted((line.owner, inside(lines, line, identity), line.number)
                  for line in lines if line.start <= identity <= line.last)


def model_list(box, lines):
    rows = [row_of(line) for kind in KINDS for line in lines[kind]]
    if box.rows("list") != rows:
        return "list"
    for word, uid in (("elsa", 5001), ("5001", 5001), ("elsatwin", 5001), ("anna", 5002)):
        expected = [row for row in rows if row["uid"] == uid and row["owner"] != DISPUTED]
        status = DONE if expected else NONE
        if box.rows("list", word, status=status) != expected:
            return f"list {word}"
    return None


def model_whois(box, lines, rng):
    edges = [edge for line in lines["uid"] + lines["gid"]
             for edge in (line.start - 1, line.start, line.last, line.last + 1)]
    ids = [identity for identity in rng.sample(edges, min(12, len(edges))) if identity >= 0]
    if not ids:
        return None
    # the status is about accounts as well, which the model does not know
    rows = json.loads(box.run("whois", "--json", *ids).out)["ids"]
    for identity in ids:
        for kind in KINDS:
            found = sorted((row["owner"], row["inside"], int(row["where"].split(":")[1]))
                           for row in rows if (row["id"], row["kind"]) == (identity, kind)
                           and row["state"] == "delegated")
            # an id that is named twice is answered twice
            expected = whois_of(lines[kind], kind, identity) * ids.count(identity)
            if found != sorted(expected):
                return f"whois {identity}: {kind}: {found}, not {expected}"
    return None


def free_ids(lines, accounts, low, high):
    """The gaps between low and high, both inclusive."""
    used = sorted([(line.start, line.last) for line in lines] + [(a, a) for a in accounts])
    gaps, at = [], low
    for first, last in used:
        if first > at and at <= high:
            gaps.append((at, min(first - 1, high)))
        at = max(at, last + 1)
    if at <= high:
        gaps.append((at, high))
    return [gap for gap in gaps if gap[0] <= gap[1]]


def model_free(box, lines):
    """With the bounds of the host's login.defs; accounts are below them."""
    rows = box.rows("list", "--free")
    for kind, ranges in (*lines.items(), ("both", lines["uid"] + lines["gid"])):
        expected = [(first, last, last - first + 1, (last - first + 1) // 65536)
                    for first, last in free_ids(ranges, (), 100000, 600100000)]
        found = [(row["first"], row["last"], row["count"], row["fits"])
                 for row in rows if row["kind"] == kind]
        if found != expected:
            return f"list --free, {kind}: {found}, not {expected}"
    return None


def overlapping(lines):
    """Whether two of these share an id."""
    spans = sorted((line.start, line.last) for line in lines)
    return any(after[0] <= before[1] for before, after in zip(spans, spans[1:]))


def model_map(box, lines):
    """Every user's mapping; ids of users are below the ranges."""
    for name, uid in (("elsa", 5001), ("anna", 5002)):
        own = {kind: sorted((line for line in lines[kind] if OWNERS[line.owner] == uid
                             and line.owner != DISPUTED), key=lambda line: line.start)
               for kind in KINDS}
        if not all(own.values()):
            if box.run("map", name).status not in (NONE, FINDINGS):
                return f"map {name}: not refused"
            continue
        clash = any(overlapping(own[kind]) or
                    any(line.start <= uid <= line.last for line in own[kind])
                    for kind in KINDS)
        if clash:
            if box.run("map", name).status != FINDINGS:
                return f"map {name}: ranges overlap"
            continue
        expected = []
        for kind in KINDS:
            expected.append((kind, 0, uid, 1))
            for line in own[kind]:
                expected.append((kind, inside(own[kind], line, line.start), line.start,
                                 line.count))
        found = [(row["kind"], row["inside"], row["outside"], row["count"])
                 for row in box.rows("map", name)]
        if found != expected:
            return f"map {name}: {found}, not {expected}"
    return None


def model(box):
    rng = random.Random(6)
    for number in range(8 if quick() else 50):
        texts = {kind: random_lines(rng, overlap=number % 2) for kind in KINDS}
        lines = {kind: parse(kind, text) for kind, text in texts.items()}
        box.put(database(texts["uid"]), database(texts["gid"]))
        wrong = (model_list(box, lines) or model_whois(box, lines, rng) or
                 model_free(box, lines) or model_map(box, lines))
        if wrong:
            box.report.fail("list, whois and map are as the model has it",
                            f"{wrong}; subuid {texts['uid']}; subgid {texts['gid']}")
            return
    box.report.ok("list, whois and map are as the model has it")


# --- details ----------------------------------------------------------------------------

SLIDES = "anna:2000000:1000000\nelsa:3000000:1000000\n"


def whois_details(box):
    box.put(SLIDES, SLIDES)
    states = {0: "account", 5001: "account", 65534: "account", 65535: "reserved",
              61184: "reserved", 60001: "reserved", 2147352576: "reserved", NO_ID: "reserved",
              3000000: "delegated", 4000000: "free"}
    rows = box.rows("whois", "--uid", *states, status=NONE)
    box.check("the states of ids", {row["id"]: row["state"] for row in rows}, states)
    rows = box.rows("whois", "-u", 3001000) + box.rows("whois", "-u", "-z", 3001000)
    box.check("3001000 is elsa's 1001 of podman and her 1000 of LXC",
              [(row["owner"], row["inside"]) for row in rows],
              [("elsa", 1001), ("elsa", 1000)])
    box.put("root:5002:1\nelsa:4294967000:296\n", "")
    rows = box.rows("whois", "-u", 5002, 4294967294, NO_ID)
    box.check("an account inside a range is named, 4294967295 is no id",
              [(row["state"], row["owner"], row["account"]) for row in rows],
              [("delegated", "root", "anna"), ("delegated", "elsa", None),
               ("reserved", None, None)])
    box.put("root:100000:65536\nlxd:100000:65536\nlxd:300000:1\n", "")
    rows = box.rows("whois", "-u", 165535)
    box.check("a shared range has two owners", sorted(row["owner"] for row in rows),
              ["lxd", "root"])


def list_details(box):
    box.put(SLIDES + "elsa:0100:1\n", SLIDES)
    result = box.run("list", "-u", "-r", "-n", "-o", "owner,first")
    box.check("raw, chosen columns", result.out, b"anna 2000000\nelsa 3000000\n")
    box.report.check("lines that grant nothing are counted",
                     "/etc/subuid: lines that grant nothing: 1" in words(result),
                     words(result))
    box.put("a\\b:1:1\nbl\u00e4:2:1\nq\"q:3:1\n".encode() + b"bad\xff:4:1\n", "")
    names = [row["owner"] for row in box.rows("list", "-u")]
    box.check("names of any bytes are JSON", names, ["a\\b", "bl\u00e4", 'q"q', "bad\u00ff"])
    raw = box.run("list", "-u", "-r", "-n", "-o", "OWNER").out
    box.check("names of any bytes are one word", raw.split(b"\n")[0], b"a\\x5cb")
    image = f"{box.host.tmpdir}/image"
    os.makedirs(f"{image}/etc")
    for name, text in (("subuid", "elsa:9000000:5\n"), ("subgid", ""),
                       ("passwd", "elsa:x:77:77::/:/bin/sh\n")):
        box.host.write(f"{image}/etc/{name}", text)
    rows = box.rows("list", "--root", image, "elsa")
    box.check("an image has its own users", [(row["uid"], row["first"]) for row in rows],
              [(77, 9000000)])
    # a link of an image is resolved inside the image
    os.rename(f"{image}/etc", f"{image}/real")
    os.symlink("/real", f"{image}/etc")
    rows = box.rows("list", "--root", image)
    box.check("a link stays in the image", [row["first"] for row in rows], [9000000])
    result = box.run("map", "--root", image, "elsa")
    box.check("no gids, no mapping", result.status, NONE)


def keys(box):
    box.put(SLIDES, SLIDES)
    page = subid_box.documented()
    asked = {"ranges": ("list",), "gaps": ("list", "--free"), "ids": ("whois", 3000000),
             "extents": ("map", "elsa"), "processes": ("ps", "--all"),
             "files": ("files", "--all", "/etc/subuid")}
    for name, args in asked.items():
        rows = box.rows(*args, name=name)
        box.check(f"the keys of {name} are those of the man page",
                  {tuple(row) for row in rows}, {tuple(page.get(name, ()))})


# --- failures ---------------------------------------------------------------------------

COMMANDS = (
    # words, status, a word of the message
    ((), USAGE, "verb"), (("frobnicate",), USAGE, "frobnicate"), (("--frob",), USAGE, "the verb comes first"),
    (("-R", "/", "list"), USAGE, "the verb comes first"),
    (("list", "--frob"), USAGE, "--frob"), (("list", "--free", "elsa"), USAGE, "--free"),
    (("list", "--free", "--map"), USAGE, "--map"), (("list", "--map", "--json"), USAGE, "--map"),
    (("list", "--map", "5-3"), USAGE, "'5-3' is no range"),
    (("list", "--map", "elsa", "1-4294967296"), USAGE, "'1-4294967296' is no range"),
    (("list", "--json", "--raw"), USAGE, "--raw"), (("list", "-o", "FOO"), USAGE, "FOO"),
    (("list", "-o", ""), USAGE, "column"), (("list", "nosuchuser"), NO_USER, "nosuchuser"),
    (("map", "5003"), NONE, "usermod-ext -S bob"),
    (("map", "-R", "/mnt/an image", "bob"), NONE, "usermod-ext -R '/mnt/an image' -S bob"),
    (("list", "bob"), NONE, "bob"), (("list", "-R", "/nonexistent"), UNREADABLE, "/nonexistent"),
    (("list", "-R", "x" * 5000), USAGE, "xxx"),
    (("whois",), USAGE, "id"), (("whois", "-1"), USAGE, ""), (("whois", "0x10"), USAGE, "0x10"),
    (("whois", "010"), USAGE, "010"), (("whois", "4294967296"), USAGE, "4294967296"),
    (("whois", ""), USAGE, "''"), (("whois", "elza"), NO_USER, "did you mean 'elsa'?"),
    (("whois", "5-4"), USAGE, "5-4"), (("whois", "0-65536"), USAGE, "at most 65536"),
    (("whois", "/nowhere"), UNREADABLE, "/nowhere: No such file"),
    (("whois", " 1"), USAGE, "' 1'"), (("whois", "123456789"), NONE, ""),
    (("map",), USAGE, "user"), (("map", "elsa", "anna"), USAGE, "user"),
    (("map", "nosuchuser"), NO_USER, "nosuchuser"), (("map", "bob"), NONE, "usermod-ext -S bob"),
    (("map", "elsa", "--for", "qemu"), USAGE, "bwrap"),
    (("map", "elsa", "--for"), USAGE, "--for"), (("map", "elsa", "-f", "lxc", "-J"), USAGE, "--for"),
    (("ps", "1"), USAGE, "'1'"), (("ps", "-R", "/"), USAGE, "R"),
    (("files",), USAGE, "a directory is missing"),
    (("files", "/nonexistent"), UNREADABLE, "/nonexistent"),
)


def wrong_commands(box):
    box.put(SLIDES, SLIDES)
    os.makedirs("/mnt/an image/etc")
    for name, text in (("passwd", "bob:x:5003:6000::/:/bin/sh\n"), ("subuid", ""),
                       ("subgid", "")):
        box.host.write(f"/mnt/an image/etc/{name}", text)
    for args, status, word in COMMANDS:
        result = box.run(*args)
        shown = " ".join(args)[:60]
        box.report.check(f"subid {shown}: status {status}, and why",
                         result.status == status and word in words(result) and
                         (word == "" or words(result).startswith("subid")), f"{result}")
    for args in (("list",), ("check",), ("grant", "--dry-run", "bob")):
        box.check(f"{args[0]}: an empty --root is none", box.run(*args, "--root", "")[:2],
                  box.run(*args)[:2])
    for word, like in (("help", "--help"), ("version", "--version"), ("-V", "--version")):
        box.check(f"subid {word}", box.run(word)[:2], box.run(like)[:2])
    for verb in ("list", "whois", "map", "ps", "files"):
        result = box.run(verb, "--help")
        box.report.check(f"subid {verb} --help", result.status == DONE and not result.err and
                         result.out.startswith(f"Usage: subid {verb} ".encode()), f"{result}")


def reading(box):
    """Commands of all verbs that only read, and what each shows of gids or processes; elsa's
    gid 3000000 has a file."""
    path = f"{box.host.tmpdir}/bin/of-elsa"
    box.host.write(path, "", owner=(3000000, 3000000))
    return ((("list",), b"gid"), (("whois", 3000000), b"gid"), (("list", "--free"), b"gid"),
            (("list", "--map"), b"gid"), (("ps", "-a"), b"subid ps -a"),
            (("files", path), b"elsa"))


def states(box, status, *ids):
    rows = box.rows("whois", *ids, status=status, caller=ELSA)
    return {(row["id"], row["kind"]): row["state"] for row in rows}


def broken_off(box):
    """A read fails of a database that can be opened; each database in turn."""
    if not os.path.exists(STRACE):
        box.report.skip("a read that fails", "needs strace")
        return
    box.put(SLIDES, SLIDES)
    asked = ["whois", "-u", "--json", 3000000, 4000000]
    for nth in range(1, 10):
        result = box.host.run(STRACE, ["-o", "/dev/null", "-P", "/etc/subuid",
                                       "-e", f"inject=pread64:error=EIO:when={nth}",
                                       box.path, *map(str, asked)])
        found = {row["id"]: row["state"] for row in json.loads(result.out)["ids"]}
        if b"Input/output error" not in result.err:
            break
        box.report.check(f"read {nth} of subuid fails: nothing is free",
                         result.status == UNREADABLE and found[4000000] == "unknown"
                         and found[3000000] in ("delegated", "unknown"), f"{result}")
    box.report.check("reads fail in several passes", nth > 2, f"{nth}: {result}")


def hidden_processes(box):
    """A message reports if /proc hides processes or their contents."""
    box.put(SLIDES, SLIDES)
    for options, word in (("hidepid=1", "processes that cannot be read: "),
                          ("hidepid=2", "Operation not permitted")):
        def hide(options=options):
            unshare(CLONE_NEWNS)
            mount("proc", "/proc", "proc", 0, options)
        result = box.run("ps", "--json", caller=ELSA, as_root=hide)
        box.report.check(f"{options}: ps", result.status == UNREADABLE
                         and words(result).count("\n") == 1 and word in words(result)
                         and json.loads(result.out)["processes"] == [], f"{result}")
        result = box.run("ps", "--json", as_root=hide)
        box.report.check(f"{options}: root sees all", result.status == DONE
                         and not result.err, f"{result}")


def wrong_files(box):
    """What can be read is shown, and the status reports that the rest is missing."""
    verbs = reading(box)
    for name, make, word in (
            ("missing", lambda: remove("/etc/subuid"), "No such file"),
            ("a directory", lambda: (remove("/etc/subuid"), os.mkdir("/etc/subuid")), "directory"),
            ("a fifo", lambda: (remove("/etc/subuid"), os.mkfifo("/etc/subuid")),
             "'subid check'"),
            ("a link", lambda: (remove("/etc/subuid"), os.symlink("passwd", "/etc/subuid")),
             "symbolic"),
            ("not for others", lambda: os.chmod("/etc/subuid", 0o600), "denied")):
        box.put(SLIDES, SLIDES)
        make()
        for verb, known in verbs:
            result = box.run(*verb, caller=ELSA)
            box.report.check(f"subuid is {name}: {verb[0]} {verb[-1]} shows the rest",
                             result.status == UNREADABLE and word in words(result)
                             and known in result.out, f"{result}")
        box.check(f"subuid is {name}: map", box.run("map", "elsa", caller=ELSA).status,
                  UNREADABLE)
        box.check(f"subuid is {name}: whois calls no uid free",
                  states(box, UNREADABLE, 3000000, 4000000, 5002, NO_ID), {
                      (3000000, "uid"): "unknown", (3000000, "gid"): "delegated",
                      (4000000, "uid"): "unknown", (4000000, "gid"): "free",
                      (5002, "uid"): "account", (5002, "gid"): "account",
                      (NO_ID, "uid"): "reserved", (NO_ID, "gid"): "reserved"})
    remove("/etc/subuid")
    box.put(SLIDES, SLIDES)
    os.chmod("/etc/subuid", 0o666)
    result = box.run("list", "-u")
    box.report.check("a file that all can write grants nothing, and is shown",
                     result.status == DONE and b"elsa" in result.out and
                     "grants nothing" in words(result), f"{result}")
    box.put(SLIDES, SLIDES)
    for name in ("passwd", "group", "nsswitch.conf"):
        remove(f"/etc/{name}")
        for verb, known in verbs:
            result = box.run(*verb)
            box.report.check(f"without {name}: {verb[0]} {verb[-1]}", result.status == DONE
                             and known in result.out and not result.err, f"{result}")
        box.host.reset_etc(name)
    box.host.write("/etc/login.defs", "SUB_UID_DETERMINISTIC yes\nSUB_UID_MIN 100000\n"
                   "SUB_UID_MAX 430000\nSUB_GID_MIN 100001\nSUB_GID_MAX 430000\n")
    box.put("x:200000:1\n", "")
    # places of uids begin each 65536 ids: of the five the line is in the second one
    rows = [(row["kind"], row["first"], row["fits"]) for row in box.rows("list", "--free")]
    box.check("where ranges follow from uids, a gap fits those whose range is free", rows,
              [("uid", 100000, 1), ("uid", 200001, 3), ("gid", 100001, 5)])
    box.host.write("/etc/login.defs", "SUB_UID_DETERMINISTIC yes\n")
    rows = [(row["kind"], row["first"], row["fits"]) for row in box.rows("list", "--free")]
    box.check("... the same range of both where the bounds begin alike",
              [row for row in rows if row[0] == "both"],
              # the foreign ids of systemd are the place of one uid
              [("both", 65536, 2), ("both", 200001, 32762), ("both", 2147418112, 32768)])
    box.put(SLIDES, SLIDES)
    box.host.write("/etc/login.defs", "SUB_UID_MIN 10x\n")
    result = box.run("list", "--free")
    box.report.check("settings that make no sense", result.status == UNREADABLE and
                     "SUB_UID_MIN" in words(result), f"{result}")
    box.host.reset_etc("login.defs")


def wrong_accounts(box):
    """Ids without names: the output is right, and unknown facts are left out."""
    verbs = reading(box)
    # only passwd shows which of these are one user's
    box.put("elsa:3000000:10\n5001:2000000:10\n", "elsa:3000000:10\n5001:2000000:10\n")
    for name, make, word in (
            ("a directory", lambda path: (remove(path), os.mkdir(path)), "directory"),
            ("not for others", lambda path: os.chmod(path, 0o600), "denied")):
        for file in ("passwd", "group"):
            make(f"/etc/{file}")
            note = f"subid: note: /etc/{file}: "
            for verb, known in verbs:
                if file == "group" and verb[0] in ("list", "ps") and "--free" not in verb:
                    continue        # no name of a group is shown
                if "--free" in verb:
                    # primary groups are in passwd, so without it no gid is known to be free
                    known = b"uid" if file == "group" else b""
                result = box.run(*verb, caller=ELSA)
                said = words(result)
                box.report.check(
                    f"{file} is {name}: {verb[0]} {verb[-1]} shows the rest",
                    result.status == UNREADABLE and known in result.out and word in said
                    and (note in said or "--free" in verb) and said.count("\n") == 1,
                    f"{result}")
            rows = box.rows("whois", 3000000, 3000010, 5002, status=UNREADABLE, caller=ELSA)
            unread = file[0] == "g"
            box.check(f"{file} is {name}: whois calls nothing free, and no id inside one",
                      {(row["id"], row["kind"]): (row["state"], row["inside"]) for row in rows},
                      {(3000000, "uid"): ("delegated", 11 if unread else None),
                       (3000000, "gid"): ("delegated", 11 if unread else None),
                       (3000010, "uid"): ("free" if unread else "unknown", None),
                       # a gid can be a user's primary group, which passwd shows
                       (3000010, "gid"): ("unknown", None),
                       (5002, "uid"): ("account" if unread else "unknown", None),
                       (5002, "gid"): ("account", None)})
            rows = box.rows("files", verbs[-1][0][1], status=UNREADABLE, caller=ELSA)
            box.check(f"{file} is {name}: files",
                      [(row["owner"], row["inside"], row["ginside"]) for row in rows],
                      [("elsa", 11, 11) if unread else ("elsa", None, None)])
            if os.path.isdir(f"/etc/{file}"):
                os.rmdir(f"/etc/{file}")
            box.host.reset_etc(file)


def lost_output(box):
    box.put(SLIDES, SLIDES)

    def to(path, flags):
        fd = os.open(path, flags)
        os.dup2(fd, 1)
    cases = {"a full disk": (lambda: to("/dev/full", os.O_WRONLY), "No space left"),
             "nothing": (lambda: os.close(1), "Bad file descriptor"),
             "a file to read": (lambda: to("/dev/null", os.O_RDONLY), "Bad file descriptor")}
    verbs = (("list",), ("list", "-J"), ("list", "-r"), ("list", "--map"), ("list", "--free"),
             ("whois", 1), ("map", "elsa"), ("map", "elsa", "-f", "lxc"), ("ps", "-a"),
             ("files", "-a", "/etc/subuid"), ("--help",), ("list", "--help"))
    for name, (prepare, word) in cases.items():
        for verb in verbs:
            result = box.run(*verb, as_user=prepare)
            shown = " ".join(map(str, verb))
            box.report.check(f"{shown} to {name} fails", result.status == NOT_WRITTEN and
                             word in words(result) and words(result).count("\n") == 1,
                             f"{result}")
    # with a million lines the buffer is full before the end
    box.put(large(100000), "")
    result = box.run("list", "-u", as_user=cases["a full disk"][0])
    box.report.check("a long list stops at a full disk", result.status == NOT_WRITTEN and
                     "No space left" in words(result) and words(result).count("\n") == 1,
                     f"{result}")


def closed_pipe(box):
    box.put(large(100000), "")
    for args, ending in ((["list", "-u"], -signal.SIGPIPE), (["list", "-J"], -signal.SIGPIPE)):
        child = subprocess.Popen([box.path, *args], stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, restore_signals=True)
        child.stdout.read(100)
        child.stdout.close()
        err = child.stderr.read()
        box.report.check(f"{' '.join(args)} | head ends in silence",
                         child.wait() == ending and not err, f"{child.returncode} {err}")
    # verbs that change nothing fail, too; a change is made, and its status reports lost output
    def unread():
        read_end, write_end = os.pipe()
        os.close(read_end)
        os.dup2(write_end, 1)
    box.put("elsa:200000:10\n", "")
    for args, status in ((["grant", "--dry-run", "anna"], -signal.SIGPIPE),
                         (["revoke", "--dry-run", "elsa"], -signal.SIGPIPE),
                         (["rename", "--dry-run", "--no-account", "elsa", "ghost"],
                          -signal.SIGPIPE),
                         (["grant", "--help"], -signal.SIGPIPE),
                         (["grant", "anna"], NOT_WRITTEN)):
        result = box.run(*args, as_user=unread)
        with open("/etc/subuid", encoding="utf-8") as file:
            changed = file.read() != "elsa:200000:10\n"
        box.report.check(f"{' '.join(args)} without a reader", result.status == status
                         and changed == (status > 0), f"{result}")


def full_pipe():
    """A full pipe, until it is read."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, bytes(4096))
    os.set_blocking(writer, True)
    return reader, writer


def sleeps(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        return file.read().rpartition(") ")[2].startswith("S")


def interrupted(box):
    """A reader that reads no more; then ^C."""
    box.put(large(100000), "")
    child = subprocess.Popen([box.path, "list", "-u"], stdout=subprocess.PIPE)
    child.stdout.read(1)
    child.send_signal(signal.SIGINT)
    box.check("an interrupt ends it", child.wait(10), -signal.SIGINT)
    child.stdout.close()
    box.put(SLIDES, SLIDES)
    for verb in (("map", "elsa"), *(verb for verb, _ in reading(box))):
        reader, writer = full_pipe()
        with subprocess.Popen([box.path, *map(str, verb)], stdout=writer,
                              stderr=subprocess.PIPE) as child:
            waits = wait_until(lambda: sleeps(child.pid))   # pylint: disable=W0640
            child.send_signal(signal.SIGINT)
            ending, err = child.wait(10), child.stderr.read()
        box.report.check(f"an interrupt ends {verb[0]} {verb[-1]} in silence",
                         waits and ending == -signal.SIGINT and not err, f"{ending} {err}")
        os.close(reader)
        os.close(writer)


# --- a million lines --------------------------------------------------------------------

def large(n):
    return "".join(f"user{i}:{100000 + 1000 * i}:1000\n" for i in range(n))


# A process of its own: the peak of a child begins with what its parent has.
STOPWATCH = """
import os, sys
pid = os.fork()
if pid == 0:
    null = os.open("/dev/null", os.O_RDWR)
    os.dup2(null, 1)
    os.dup2(null, 2)
    os.execvp(sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(pid, 0)
print(usage.ru_utime + usage.ru_stime, usage.ru_maxrss, os.waitstatus_to_exitcode(status))
"""


def measured(args):
    """(seconds of processor time, peak memory in bytes, status) of a program whose output is
    discarded: other work of the machine does not count."""
    done = subprocess.run([sys.executable, "-S", "-E", "-c", STOPWATCH, *args], check=True,
                          capture_output=True, text=True,
                          env={"PATH": CLEAN_PATH, "LC_ALL": "C.UTF-8"})
    seconds, kilobytes, status = done.stdout.split()
    return float(seconds), 1024 * int(kilobytes), int(status)


def million(box):
    n = 100000 if quick() else 1000000
    text = large(n)
    box.put(text, "elsa:3000000:1000000\n")
    awk = ["awk", "-F:", "{ print $1, $2, $2 + $3 - 1, $3 }", "/etc/subuid"]
    for args in (("list",), ("list", "--json"), ("list", "--raw"), ("list", "user77777"),
                 ("list", "--free"), ("whois", 50000000, 60000000), ("map", "elsa")):
        pairs = []
        for _ in range(3):
            ours = measured([box.path, *map(str, args)])
            pairs.append((*ours, measured(awk)[0]))
        seconds, memory, status, reference = min(pairs)
        name = f"{' '.join(map(str, args))} on {n} lines"
        box.report.check(f"{name}: at most four times a pass of awk", seconds < 4 * reference,
                         f"{seconds:.2f} s, awk {reference:.2f} s")
        box.report.check(f"{name}: at most four times the file",
                         memory < 4 * len(text) + 10 * 1024 * 1024,
                         f"{memory} for {len(text)} bytes")
        box.report.check(f"{name}: status", status in (DONE, NONE), f"{status}")
        print(f"# {name}: {seconds:.2f} s, awk {reference:.2f} s, "
              f"{memory / len(text):.2f} of the file", flush=True)


def unknown_owners(box):
    """Owners that no service knows, beside a service that is not installed, which is asked for two
    seconds: each costs the same, however many there are."""
    n = 100000
    box.put(large(n), "")
    passwd = "".join(f"person{i}:x:{10000 + i}:100::/:/bin/sh\n" for i in range(n))
    with open("/etc/passwd", encoding="utf-8") as file:
        box.host.write("/etc/passwd", file.read() + passwd)
    box.host.write("/etc/nsswitch.conf", "passwd: files absent\n")
    (seconds, _, status), reference = min(
        (measured([box.path, "list"]),
         measured(["awk", "-F:", "{ print $1, $2, $3 }", "/etc/passwd", "/etc/subuid"])[0])
        for _ in range(2))
    box.host.reset_etc("passwd", "nsswitch.conf")
    box.report.check(f"list, {n} owners without an account: at most 500 times a pass of awk",
                     seconds < 500 * reference and status == DONE,
                     f"{status} {seconds:.2f} {reference:.2f}")


def million_users(box):
    """As many users as lines, in no order, below --root: a question about one costs less than
    a plain pass over the files, and no question more than six."""
    n = 100000 if quick() else 1000000
    directory = f"{box.host.tmpdir}/million"
    os.makedirs(f"{directory}/etc")
    order = [i * 7919 % n for i in range(n)]    # 7919 does not divide n
    files = {"passwd": "".join(f"user{i}:x:{1000 + i}:{1000 + i}::/:/bin/sh\n" for i in order)
             + "elsa:x:999:999::/:/bin/sh\n",
             "subuid": "".join(f"user{i}:{100000 + 1000 * i}:1000\n" for i in reversed(order))
             + "elsa:2000000000:1000\n",
             "subgid": "elsa:3000000:1000000\n"}
    for name, text in files.items():
        box.host.write(f"{directory}/etc/{name}", text)
    size = len(files["passwd"]) + len(files["subuid"])
    awk = ["awk", "-F:", "{ print $1, $2, $3 }", *(f"{directory}/etc/{name}" for name in files)]
    for limit, args in ((1, ("list", "elsa")), (1, ("list", "999")), (1, ("map", "elsa")),
                        # all ids from the gids to the uids are drawn
                        (6, ("list", "--map", "elsa")), (2, ("list", "--map", "user77")), (6, ("list",)), (6, ("list", "--map")),
                        (6, ("list", "--free")), (6, ("whois", "50000000")), (6, ("check",))):
        name = f"{' '.join(args)} with {n} users"
        (seconds, memory, status), reference = min(
            (measured([box.path, *args, "--root", directory]), measured(awk)[0])
            for _ in range(2))
        box.report.check(f"{name}: at most {limit} times a pass of awk, 4 times the files",
                         seconds < limit * reference and memory < 4 * size + 10 * 1024 * 1024
                         and status in (DONE, 2), f"{status} {seconds} {reference} {memory}")
        print(f"# {name}: {seconds:.2f} s, awk {reference:.2f} s, "
              f"{memory / size:.2f} of the files", flush=True)


def main():
    box = subid_box.enter()
    for part in (model, whois_details, list_details, keys, wrong_commands,
                 wrong_files, broken_off, hidden_processes, wrong_accounts, lost_output, closed_pipe, interrupted,
                 million, unknown_owners, million_users):
        box.report.part(part, box)
    box.report.finish()


main()
