#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The ten calls of libsubid: against a model, against Debian's library on the same files,
and each defect of Debian's by name.

Ours must always answer as the model. Debian's must answer the same for a clean database;
other databases have one feature each about which both differ on purpose, and the differences
are counted by the name of that feature."""

import collections
import contextlib
import os
import random
import re
import shutil
import subprocess

from host import ELSA, PASSWD, Plugins, mount, quick, umount
from library_box import TOP, enter, read

UIDS = {"root": 0, "daemon": 1, "nobody": 65534, "elsa": 5001, "anna": 5002, "bob": 5003,
        "elsatwin": 5001, "5002": 5004}
OWNERS = ("elsa", "anna", "bob", "5001", "5003", "9999", "daemon")
ASKED = ("elsa", "elsatwin", "anna", "bob", "5001", "5002", "5003", "9999", "gone", "root",
         "nobody-knows", "", "e", "elsa1")

ALIAS = "another name of the uid"
BY_UID = "a line by uid in subgid"
UID_ASKED = "a uid that is asked about: lines by name"

# feature: lines that may be mixed into a clean database
FEATURES = {
    "clean": (),
    ALIAS: ("elsatwin:{start}:{count}",),
    "owner without account": ("gone:{start}:{count}",),
    "octal": ("elsa:0{start}:{count}", "anna:{start}:010"),
    "hexadecimal": ("elsa:{start:#x}:{count}",),
    "sign": ("elsa:+{start}:{count}",),
    "leading space": ("elsa: {start}:{count}",),
    "fourth field": ("elsa:{start}:{count}:",),
    "count 0": ("elsa:{start}:0",),
    "beyond 2^32": ("elsa:4294967290:7", "anna:4294967296:5"),
    "uid beyond 2^32": ("99999999999:{start}:{count}",),
}


def parse(line):
    """(owner, start, count) of an entry, or None."""
    fields = line.split(":")
    number = re.compile(r"0|[1-9][0-9]*")
    if len(fields) != 3 or not all(number.fullmatch(field) for field in fields[1:]):
        return None
    owner, start, count = fields[0], int(fields[1]), int(fields[2])
    if not owner or owner[0] in "+-#" or count < 1 or start + count > 1 << 32:
        return None
    if owner.isdigit() and (not number.fullmatch(owner) or int(owner) >= (1 << 32) - 1):
        return None
    return owner, start, count


def entries(text):
    return [entry for entry in map(parse, text.splitlines()) if entry]


def model_get(text, name, uid_is_user):
    uid = UIDS.get(name)
    if uid_is_user and uid is None and name.isdigit() and int(name) in UIDS.values():
        uid = int(name)
    mine = {name} if uid is None else {other for other, its in UIDS.items() if its == uid}
    if uid is not None:
        mine.add(str(uid))
    found = [f"{start}:{count}" for owner, start, count in entries(text) if owner in mine]
    return " ".join([str(len(found)), *found])


def model_owners(text, number):
    uids = []
    for owner, start, count in entries(text):
        uid = int(owner) if owner.isdigit() else UIDS.get(owner)
        if start <= number < start + count and uid is not None and uid not in uids:
            uids.append(uid)
    return " ".join(map(str, [len(uids), *uids]))


def random_database(rng, feature):
    """Some lines, some of them overlapping, with those of the feature among them."""
    lines = []
    for _ in range(rng.randrange(7)):
        start = rng.randrange(1000) * 8 if rng.random() < .9 else rng.randrange(1 << 31)
        lines.append(f"{rng.choice(OWNERS)}:{start}:{rng.choice((1, 8, 64, 4096))}")
    if rng.random() < .2:
        lines.append(f"daemon:{(1 << 32) - 6}:6")
    for line in FEATURES[feature]:
        lines.append(line.format(start=rng.randrange(10, 1000) * 8, count=64))
    rng.shuffle(lines)
    if rng.random() < .3:
        lines.insert(rng.randrange(len(lines) + 1), rng.choice(("# a comment", "")))
    return "".join(line + "\n" for line in lines)


def questions(rng, text):
    """Calls about existing ranges, their edges, and missing ones."""
    ids = {0, 1, 5, 65534, 65536, (1 << 32) - 2, (1 << 32) - 1}
    for _, start, count in entries(text):
        ids |= {start - 1, start, start + count - 1, start + count}
    ids |= {rng.randrange(9000) for _ in range(4)}
    # the numbers in malformed lines, in any reading
    ids |= {int(number) + 1 for number in re.findall(r"[0-9]+", text)}
    kind = rng.choice(("uid", "gid"))
    calls = [("get", kind, name) for name in ASKED]
    return calls + [("owners", kind, number) for number in sorted(ids)
                    if 0 <= number < 1 << 32]


def answers_of_model(text, calls, uid_is_user):
    return [model_get(text, word, uid_is_user) if call == "get" else model_owners(text, word)
            for call, _, word in calls]


def class_of(feature, text, call, uid_is_user):
    """Why Debian's answer may differ, by the name of the class; "clean" is no reason."""
    if (feature == "clean" and uid_is_user and call[0] == "get" and call[2].isdigit()
            and call[2] not in UIDS):
        if any(UIDS.get(owner) == int(call[2]) for owner, _, _ in entries(text)):
            return UID_ASKED
    if feature == "clean" and call[0] == "get" and call[2] in UIDS:
        owners = {owner for owner, _, _ in entries(text)}
        uid = UIDS[call[2]]
        if any(UIDS.get(owner) == uid for owner in owners - {call[2]}):
            return ALIAS
        # Debian's library finds lines by uid in subuid alone
        if call[1] == "gid" and str(uid) in owners:
            return BY_UID
    return feature


def differential(box):
    """Random databases, every kind of call, three answers each."""
    rng = random.Random(20130106)
    differences = collections.Counter()
    asked = wrong = unexpected = 0
    first = ""
    for feature in FEATURES:
        for _ in range(2 if quick() else 12):
            text = random_database(rng, feature)
            box.put(text, text)
            calls = questions(rng, text)
            model = answers_of_model(text, calls, box.uid_is_user())
            ours = box.ours.calls(*calls)
            debian = box.debian.calls(*calls)
            asked += len(calls)
            for call, want, got, its in zip(calls, model, ours, debian):
                if got != want:
                    wrong += 1
                    first = first or f"{call} on {text!r}: {got}, not {want}"
                if its != want:
                    name = class_of(feature, text, call, box.uid_is_user())
                    differences[name] += 1
                    if name == "clean":
                        unexpected += 1
                        first = first or f"{call} on {text!r}: Debian says {its}"
            if len(ours) != len(calls):
                wrong += 1
                first = first or f"{len(ours)} answers to {len(calls)} calls on {text!r}"
    report = box.report
    report.check(f"{asked} questions are answered as the model says", wrong == 0,
                 f"{wrong}: {first}")
    report.check("Debian's library says the same of clean databases", unexpected == 0,
                 f"{unexpected}: {first}")
    for feature in (*FEATURES, BY_UID):
        if feature != "clean":
            report.check(f"class: {feature} ({differences[feature]} answers differ)",
                         differences[feature] > 0, "never hit")


def ids_of(text, name):
    return {number for owner, start, count in entries(text) if owner == name
            for number in range(start, start + count)}


def writes(box):
    """Takes and reuses as Debian's does; the given ids are free."""
    rng = random.Random(5)
    report, wrong, compared, first = box.report, 0, 0, ""
    for _ in range(4 if quick() else 40):
        text = "".join(f"{rng.choice(('elsa', 'anna', 'x-y'))}:{100000 + i * 200}:"
                       f"{rng.choice((50, 100, 200))}\n" for i in range(rng.randrange(6)))
        name = rng.choice(("elsa", "anna", "x-y", "nobody-knows"))
        start, count = 100000 + rng.randrange(1200), rng.choice((0, 1, 60, 400, 1 << 32))
        kind = rng.choice(("uid", "gid"))
        after = []
        for library in (box.ours, box.debian):
            box.put(text, text)
            done = library.call("ungrant", kind, name, start, count)
            after.append((done, *(ids_of(read(f"/etc/sub{kind}"), owner)
                                  for owner in ("elsa", "anna", "x-y", "nobody-knows"))))
        held = [int(entry[2]) for entry in entries(text) if entry[0] == name]
        if held:
            for library in (box.ours, box.debian):
                box.put(text, text)
                after.append(library.call("grant", kind, name, 7, max(held) - 10, 1))
                box.sweep()
            same = after[0] == after[1] and after[2] == after[3]
        else:
            same = after[0] == after[1]
        compared += len(after) // 2
        if not same:
            wrong += 1
            first = first or f"{name} {start} {count} {kind} on {text!r}: {after}"
    report.check(f"{compared} changes end as with Debian's library", wrong == 0,
                 f"{wrong}: {first}")


def grants(box):
    """Allocation: free, within bounds, appended, and not ids of an account."""
    report = box.report
    text = "# kept\nanna:100000:65536\nanna:0100:5\nelsa:300000:10"
    box.put(text, text, PASSWD + "carla:x:165600:100::/:/bin/sh\n")
    found = box.ours.calls(("grant", "uid", "elsa", 7, 65536, 0),
                           ("get", "uid", "elsa"))
    report.check("a grant takes the first gap that holds no account",
                 found == ["true 165601 65536", "2 300000:10 165601:65536"], f"{found}")
    report.check("the line is appended and all else stays",
                 read("/etc/subuid") == text + "\nelsa:165601:65536\n", read("/etc/subuid"))
    report.check("the backup is the old file", read("/etc/subuid-") == text,
                 read("/etc/subuid-"))
    box.put(text, text, PASSWD + "carla:x:165600:100::/:/bin/sh\n")
    its = box.debian.call("grant", "uid", "elsa", 7, 165601 - 100000, 0)
    box.put("anna:100000:100\n", "", PASSWD + "carla:x:100150:100::/:/bin/sh\n")
    its = box.debian.call("grant", "uid", "elsa", 7, 65536, 0)
    report.check("defect of Debian's: the allocator hands out ids of live accounts",
                 its == "true 100100 65536", its)
    box.sweep()
    its = [box.ours.call("grant", "uid", name, 7, count, 0)
           for name, count in (("elsa", 0), ("elsa", 1 << 32), ("elsa", (1 << 32) + 1),
                               ("elsa", 600000002), ("elsa", (1 << 64) - 1))]
    report.check("what cannot be a range is refused", its == ["false"] * 5, f"{its}")
    box.put("", "", PASSWD)
    box.host.write("/etc/login.defs", "SUB_UID_MIN 5000\nSUB_UID_MAX 5010\n")
    its = [box.ours.call("grant", "uid", "elsa", 7, count, 0) for count in (7, 6, 1)]
    box.host.reset_etc("login.defs")
    report.check("the bounds of login.defs hold",
                 its == ["false", "true 5005 6", "true 5000 1"], f"{its}")


BAD_OWNERS = ("x:1:1\\nroot", "x\\ny", "x:y", ":x", "-x", "+x", " x", "x ", "#x", "",
              "x\x01y", "x" * 257, "0123", "4294967295", "99999999999")


def owners_are_validated(box):
    report = box.report
    text = "elsa:100000:65536\n"
    box.put(text, text, PASSWD)
    calls = [(call, kind, owner, 0, 10, 0) for owner in BAD_OWNERS
             for call in ("grant", "ungrant") for kind in ("uid", "gid")]
    found = box.ours.calls(*calls)
    bad = [call for call, answer in zip(calls, found) if answer != "false"]
    report.check(f"{len(BAD_OWNERS)} owners that no line can have are refused",
                 not bad and len(found) == len(calls), f"{bad}")
    report.check("and nothing is written", read("/etc/subuid") == text
                 and not box.strays() and not os.path.exists("/etc/subuid-"),
                 read("/etc/subuid"))
    good = ("x" * 256, "a b", "x-y", "DOMAIN\\\\user", "käthe", "x@example.com")
    found = box.ours.calls(*(("grant", "uid", owner, 0, 10, 0) for owner in good))
    report.check("other owners without account are not",
                 all(answer.startswith("true") for answer in found), f"{found}")
    box.put(text, text)
    its = box.debian.call("grant", "uid", "x:1:1\\nroot", 0, 10, 0)
    report.check("defect of Debian's: a newline in the owner injects a line",
                 its.startswith("true") and "\nroot:" in read("/etc/subuid"), its)
    box.sweep()


def locks(box):
    """After any answer no lock is left."""
    report = box.report
    for library, what, left in ((box.ours, "a reuse leaves no lock", []),
                                (box.debian, "defect of Debian's: a reuse keeps its locks",
                                 ["subuid.lock"])):
        box.put("elsa:100000:65536\n", "")
        done = library.call("grant", "uid", "elsa", 7, 65536, 1)
        report.check(what, done == "true 100000 65536" and box.strays() == left,
                     f"{done}, {box.strays()}")
    box.put("elsa:100000:65536\n", "")


def callers_without_privilege(box):
    """Without init and without root: an answer, no crash, and no output."""
    report = box.report
    box.put("elsa:100000:65536\n", "elsa:100000:65536\n")
    calls = [("get", "uid", "elsa"), ("owners", "gid", 100001),
             ("grant", "uid", "elsa", 7, 10, 0), ("ungrant", "gid", "elsa", 100000, 5),
             ("grant", "uid", "elsa", 7, 10, 1)]
    found = box.ours.calls(*calls, caller=ELSA)
    report.check("an ordinary user reads, and is refused what is root's",
                 found == ["1 100000:65536", "1 5001", "false", "false", "false"], f"{found}")
    report.check("the library prints nothing", box.ours.last.err == b"", f"{box.ours.last}")
    found = box.debian.calls(*calls[2:3], caller=ELSA)
    report.check("defect of Debian's: SIGSEGV without init as an ordinary user",
                 found == ["signal 11"], f"{found}")
    box.put("elsa:100000:65536\n", "elsa:100000:65536\n")
    os.unlink("/etc/subuid")
    found = box.ours.calls(("init",), ("get", "uid", "elsa"), ("owners", "uid", 1),
                           ("grant", "uid", "elsa", 7, 10, 0), ("get", "gid", "elsa"))
    report.check("a missing database is an error, and says nothing either",
                 found == ["true", "-1", "-1", "false", "1 100000:65536"]
                 and box.ours.last.err == b"", f"{found} {box.ours.last}")
    box.put("elsa:100000:65536\n", "")
    os.chmod("/etc/subuid", 0o666)
    report.check("a database that every user can write is refused",
                 box.ours.call("get", "uid", "elsa") == "-1", "it is")
    box.put("gone:100000:65536\nelsa:100000:10\n", "")
    both = [library.call("owners", "uid", 100005) for library in (box.ours, box.debian)]
    report.check("one owner without account does not spoil the answer about others",
                 both == ["1 5001", "-1"], f"ours, then Debian's: {both}")


def full_disk(box):
    """/etc itself is a small file system, and full."""
    report = box.report
    text = "".join(f"anna:{200000 + 20 * i}:10\n" for i in range(400))
    for library, what, want in ((box.ours, "a full disk is no success", "false"),
                                (box.debian, "defect of Debian's: a grant on a full disk "
                                 "returns true and writes nothing", "true")):
        mount("tmpfs", "/etc", "tmpfs", 0, "size=64k,mode=755")
        try:
            box.host.reset_etc()
            box.put(text, text, PASSWD)
            box.host.write("/etc/subuid-", "the backup\n")
            with open("/etc/filler", "wb", buffering=0) as file:
                with contextlib.suppress(OSError):
                    while True:
                        file.write(b"x" * 4096)
                # the lock still fits
                file.truncate(file.tell() - 4096)
            # Debian's crashes on an error that it cannot print, so it gets a stream for messages
            done = library.calls(("init",), ("grant", "uid", "elsa", 7, 10, 0))[1]
            its = read("/etc/subuid")
            report.check(what, done.split()[0] == want and "elsa" not in its, done)
            if library is box.ours:
                report.check("a full disk leaves database and backup as they were",
                             its == text and read("/etc/subuid-") == "the backup\n"
                             and not box.strays(), f"{len(its)} {box.strays()}")
            else:
                report.check("defect of Debian's: a full disk truncates the backup",
                             read("/etc/subuid-") != "the backup\n", "it does not")
        finally:
            umount("/etc")


def killed(box):
    """A kill at some points leaves the file old or new, and the next call works."""
    report = box.report
    if not shutil.which("strace"):
        report.skip("a kill in the middle of a grant", "needs strace")
        return
    old, new = "anna:100000:10\n", "anna:100000:10\nelsa:100010:10\n"
    bad, seen = [], set()
    points = ("openat", "fsync", "renameat", "linkat", "unlinkat", "write", "fchmod")
    for name in points:
        for when in (1, 2, 3):
            box.put(old, "")
            with open(f"{box.host.tmpdir}/one-call", "w") as file:
                file.write("grant\tuid\telsa\t7\t10\t0\n")
            subprocess.run(
                ["strace", "-o", "/dev/null", "-e", f"trace={name}",
                 "-e", f"inject={name}:signal=KILL:when={when}", box.ours.caller],
                stdin=open(f"{box.host.tmpdir}/one-call"), stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, env=box.ours.environment())
            state = read("/etc/subuid")
            seen.add(state)
            done = box.ours.call("grant", "uid", "elsa", 7, 10, 1)
            if state not in (old, new) or done != "true 100010 10" or box.strays():
                bad.append((name, when, state, done, box.strays()))
    report.check(f"killed at {len(points)} calls: old or new, and no leftovers",
                 not bad and seen == {old, new}, f"{bad} {seen}")


def name_service(box):
    """How often the accounts are read does not depend on the number of lines."""
    report = box.report
    if not shutil.which("strace"):
        report.skip("no getpwnam a line", "needs strace")
        return
    lines = "".join(f"user{i}:{200000 + i * 10}:10\n" for i in range(2000))
    box.put(lines + "elsa:100000:10\n", "")
    counts = {}
    for call in (("get", "uid", "elsa"), ("owners", "uid", 100005),
                 ("ungrant", "uid", "elsa", 100000, 1)):
        with open(f"{box.host.tmpdir}/one-call", "w") as file:
            file.write("\t".join(map(str, call)) + "\n")
        trace = f"{box.host.tmpdir}/trace"
        subprocess.run(["strace", "-f", "-o", trace, "-e", "trace=openat", box.ours.caller],
                       stdin=open(f"{box.host.tmpdir}/one-call"), check=True,
                       stdout=subprocess.DEVNULL, env=box.ours.environment())
        counts[call[0]] = read(trace).count('passwd"')
    report.check("accounts are read at most three times a call, with 2,000 owners",
                 all(count <= 3 for count in counts.values()), f"{counts}")
    report.check("a library makes no child process", "clone" not in read(trace), "it does")


def examples(box):
    """The programs of the manual pages, as C and as C++, on a separate root."""
    report = box.report
    root = f"{box.host.tmpdir}/root"
    os.makedirs(f"{root}/etc")
    for page in ("subid.3", "subid-db.3"):
        text = read(f"{TOP}/libsubid/{page}")
        block = text.split(".Sh EXAMPLES")[1]
        code = re.search(r"^\.Bd -literal[^\n]*\n(#include.*?)^\.Ed", block, re.M | re.S)[1]
        code = code.replace("\\e", "\\")
        for compiler, suffix in (("cc", "c"), ("g++", "cc")):
            if not shutil.which(compiler):
                report.skip(f"{page}: example by {compiler}", f"needs {compiler}")
                continue
            source = f"{box.host.tmpdir}/example.{suffix}"
            box.host.write(source, code)
            program = box.ours.compile(f"example-{page}-{suffix}", source,
                                       compiler=compiler)
            if page == "subid.3":
                box.put("elsa:100000:65536\nelsa:300000:5\n", "")
                done = box.ours.run(program)
                report.check(f"{page}: example by {compiler}",
                             (done.status, done.out) == (0, b"100000 65536\n300000 5\n"),
                             f"{done}")
                continue
            for name, content in (("passwd", "elsa:x:5001:5001::/:/bin/sh\n"),
                                  ("group", "elsa:x:5001:\n"), ("subuid", ""),
                                  ("subgid", "")):
                box.host.write(f"{root}/etc/{name}", content)
            want = b"elsa may use 65536 ids from 100000 on\n"
            done = [box.ours.run(program, ["elsa", root]) for _ in range(2)]
            report.check(f"{page}: example by {compiler}, twice",
                         all((one.status, one.out) == (0, want) for one in done)
                         and read(f"{root}/etc/subgid") == "elsa:100000:65536\n", f"{done}")
            done = box.ours.run(program, ["nobody-knows", root])
            report.check(f"{page}: example by {compiler} says why",
                         done.status == 1 and b"no account" in done.err, f"{done}")


def sources(box):
    """The sources of nsswitch.conf are asked in order; answers are not combined, and a
    source that cannot answer is an error. Changes are made only if the files are named."""
    report, plugins = box.report, Plugins(box.host)
    plugins.open()
    for role in ("elsa", "conn", "unknown", "negative"):
        plugins.role(role, role)
    plugins.role("foreign", "elsa", owner=(5002, 5002))
    get = ("get", "uid", "elsa")
    for words, call, want in (
            ("elsa", get, "1 100000:131072"), ("elsa files", get, "1 100000:131072"),
            ("files elsa", get, "1 7:7"), ("unknown", get, "0"),
            ("unknown files", get, "1 7:7"), ("absent", get, "1 7:7"),
            ("absent elsa", get, "1 100000:131072"), ("conn", get, "-1"),
            ("conn files", get, "-1"), ("negative files", get, "-1"),
            ("foreign", get, "-1"), ("foreign files", get, "1 7:7"),
            # plugin.c reports two users as owners of its ids
            ("elsa", ("owners", "gid", 10100005), "2 5001 5002"),
            ("elsa", ("owners", "uid", 99999), "0"),
            ("conn", ("owners", "uid", 4), "-1"), ("files elsa", ("owners", "uid", 7), "1 5001"),
            ("elsa", ("grant", "uid", "elsa", 7, 10, 0), "false"),
            ("elsa", ("ungrant", "uid", "elsa", 7, 7), "false"),
            ("elsa files", ("grant", "uid", "elsa", 7, 10, 0), "true 100000 10")):
        box.put("elsa:7:7\n", "")
        plugins.ask(words)
        answer = box.ours.call(*call)
        report.check(f"subid: {words}: {' '.join(map(str, call))} is {want}",
                     answer == want and box.ours.last.err == b"",
                     f"{answer} {box.ours.last.err}")
    box.host.reset_etc("nsswitch.conf")


DB_RANGES = """\
#include <stdio.h>
#include <stdlib.h>
#include <subid-db.h>

/* What elsa has, and what of her first 65536 ids a map could not have. */
int main(void)
{
	struct subid_db_range *ranges = NULL, asked = { 100000, 65536 };
	struct subid_db_conflict *conflicts;
	struct subid_db *db;
	size_t n = 0;
	int r;

	if (subid_db_open(NULL, &db))
		return 1;
	r = subid_db_ranges(db, SUBID_DB_UID, "elsa", &ranges, &n);
	if (r && r != SUBID_DB_NO_RANGE)
		return 1;
	for (size_t i = 0; i < n; i++)
		printf("%llu:%llu ", (unsigned long long)ranges[i].start,
		       (unsigned long long)ranges[i].count);
	free(ranges);
	if (subid_db_explain(db, SUBID_DB_UID, "elsa", asked, &conflicts, &n))
		return 1;
	for (size_t i = 0; i < n; i++)
		if (conflicts[i].why == SUBID_DB_NOT_HELD)
			printf("not %llu:%llu", (unsigned long long)conflicts[i].ids.start,
			       (unsigned long long)conflicts[i].ids.count);
	free(conflicts);
	subid_db_close(db);
	return 0;
}
"""


def denied(box):
    """A plugin lists a range and refuses it as an extent. getsubids and the ten calls show
    what it lists, as Debian's do; <subid-db.h> shows what the map writers grant."""
    report, plugins = box.report, Plugins(box.host)
    plugins.open()
    source = f"{box.host.tmpdir}/db-ranges.c"
    box.host.write(source, DB_RANGES)
    program = box.ours.compile("db-ranges", source)
    programs = [f"{box.build}/getsubids/getsubids", "/usr/bin/getsubids"]
    for role, granted in (("deny-large", b"not 100000:65536"),
                          ("deny-unknown", b"not 100000:65536"), ("more", b"100000:65536 ")):
        # as Debian's libraries need it: memory of malloc(3), and a call that frees it
        plugins.install(role, f'ROLE="{role}"', "MALLOC")
        box.put("elsa:7:7\n", "")
        plugins.ask(role)
        found = [one.call("get", "uid", "elsa") for one in (box.ours, box.debian) if one]
        report.check(f"a plugin's no: {role}: the ten calls",
                     set(found) == {"1 100000:65536"}, found)
        found = [box.host.run(path, ["elsa"], ELSA) for path in programs
                 if os.path.exists(path)]
        report.check(f"a plugin's no: {role}: getsubids", {one.out for one in found}
                     == {b"0: elsa 100000 65536\n"}, found)
        found = box.ours.run(program)
        report.check(f"a plugin's no: {role}: subid-db.h", (found.status, found.out)
                     == (0, granted), found)
    for role in ("says-conn", "says-error"):
        plugins.role(role, role)
        plugins.ask(role)
        found = box.ours.run(program)
        report.check(f"a plugin's no: {role}: subid-db.h: no answer", found.status == 1, found)
    box.host.reset_etc("nsswitch.conf")


def no_range(box):
    """getsubids prints why there is no range: a malformed line, or a refused file."""
    path = f"{box.build}/getsubids/getsubids"
    line = "getsubids: line 2 of /etc/subuid grants nothing: "
    for text, said in (
            ("anna:1:1\nelsa:0100000:65536\n",
             f"{line}the start is not a plain decimal number; see 'subid check'"),
            ("anna:0:1x\n elsa:100000:65536\n",
             f"{line}the owner holds whitespace or a control character; see 'subid check'"),
            ("#elsa:1:1\nelsax:0100:1\n", "getsubids: elsa: no subordinate ids are delegated"),
            (None, "getsubids: /etc/subuid: Is a directory\n"
             "getsubids: note: 'subid check' shows what is wrong with it, and how to fix it")):
        box.put(text or "", "")
        if text is None:
            os.unlink("/etc/subuid")
            os.mkdir("/etc/subuid")
        found = box.host.run(path, ["elsa"], ELSA)
        box.report.check(f"no range, {text!r}: why", (found.status, found.out, found.err.decode())
                         == (1, b"", f"Error fetching ranges\n{said}\n"), found)
    os.rmdir("/etc/subuid")


def main():
    box = enter()
    report = box.report
    report.part(grants, box)
    report.part(owners_are_validated, box)
    report.part(callers_without_privilege, box)
    report.part(examples, box)
    report.part(name_service, box)
    report.part(killed, box)
    report.part(sources, box)
    report.part(denied, box)
    report.part(no_range, box)
    if box.debian is None:
        report.skip("comparison with Debian's library", "needs libsubid-dev")
    else:
        for part in (differential, writes, locks, full_disk):
            report.part(part, box)
    report.finish()


main()
