#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""`subid export` and `subid apply`: what changes, what is refused, kills, and many hosts.

The hosts of this test are directories, as with --root, or the throw-away /etc."""

import collections
import os
import re
import signal
import subprocess

import host as host_module
import many_hosts
import subid_box
from host import ROOT, STRACE, quick
from many_hosts import set_of
from subid_box import DONE, NONE, NOT_WRITTEN, UNREADABLE, USAGE, words

LOCKED, BUSY, NOT_PERMITTED, POLICY, SET = 4, 8, 9, 20, 21
APPLIED = "/etc/subid.applied"


def read(path):
    with open(path, encoding="utf-8", newline="") as file:
        return file.read()


def state(directory="/etc"):
    """What must stay as it is if nothing is written."""
    found = []
    for name in sorted(os.listdir(directory)):
        status = os.lstat(f"{directory}/{name}")
        found.append((name, status.st_ino, status.st_mtime_ns, status.st_size))
    return found, os.stat(directory).st_mtime_ns


class Site:
    def __init__(self, box):
        self.box, self.host, self.report = box, box.host, box.report
        self.images = 0

    def put(self, subuid, subgid=None, applied=None):
        self.box.put(subuid, subuid if subgid is None else subgid)
        host_module.remove(APPLIED)
        if applied:
            self.host.write(APPLIED, applied)

    def file(self, text):
        """The path of a file with the set."""
        path = f"{self.host.tmpdir}/a.set"
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        os.chmod(path, 0o644)
        return path

    def apply(self, text, *args, **options):
        return self.box.run("apply", "--serial-file", APPLIED, *args, self.file(text), **options)

    def applies(self, name, text, *args, before="", wanted=None, gids=None, status=DONE, said="",
                keep=False):
        """@wanted: the databases then; None: as before."""
        if not keep:
            self.put(before)
        result = self.apply(text, *args)
        wanted = before if wanted is None else wanted
        found = result.status, read("/etc/subuid"), read("/etc/subgid")
        self.report.check(name, found == (status, wanted, wanted if gids is None else gids)
                          and said in words(result), f"{result}; {found[1:]}")
        return result

    def image(self, subuid=None, subgid=None):
        self.images += 1
        path = f"{self.host.tmpdir}/image{self.images}"
        os.makedirs(f"{path}/etc")
        for name, text in (("subuid", subuid), ("subgid", subgid),
                           ("passwd", host_module.PASSWD), ("group", host_module.GROUP)):
            if text is not None:
                with open(f"{path}/etc/{name}", "w", encoding="utf-8") as file:
                    file.write(text)
        return path


def texts(site):
    """What export writes, and that it is the same everywhere."""
    image = site.image("zoe:300000:10\n\n# x\nelsa:100000:5\nbad\n~bob:500000:5\nelsa:100000:5\n",
                       "elsa:100000:5\nzoe:300000:11\n")
    result = site.box.run("export", "-R", image, "--serial", "7")
    wanted = set_of("elsa:100000:5", "uid  zoe:300000:10", "gid  zoe:300000:11", serial=7)
    site.box.check("export", (result.status, result.out.decode()), (DONE, wanted))
    site.report.check("export: a malformed line is a note", "grant nothing: 1" in words(result),
                      f"{result}")
    result = site.box.run("export", "-R", image, "--serial", "7", "-g", "zoe")
    site.box.check("export: of a user and a kind", (result.status, result.out.decode()),
                   (DONE, set_of("gid  zoe:300000:11", serial=7)))
    image = site.image("elsatwin:100000:5\nbob:7:1\n", "5001:100005:5\n")
    result = site.box.run("export", "-R", image, "--serial", "7", "elsa")
    site.box.check("export: by other names of the user", (result.status, result.out.decode()),
                   (DONE, set_of("uid  elsatwin:100000:5", "gid  5001:100005:5", serial=7)))
    result = site.box.run("export", "-R", image, "zoe")
    site.box.check("export: a user without a line", (result.status, result.out), (NONE, b""))
    for name in ("subuid", "subgid"):
        os.utime(f"{image}/etc/{name}", ns=(0, (2000 if name == "subgid" else 1000) * 10**9))
    result = site.box.run("export", "-R", image)
    site.box.check("export: the serial is the time of the last change",
                   result.out.split(b"\n", 1)[0], b"subid-set 1 2000")
    serials = []
    for name in ("subuid", "subgid", "subuid"):
        os.utime(f"{image}/etc/{name}")
        serials.append(int(site.box.run("export", "-R", image).out.split(maxsplit=3)[2]))
    site.report.check("export: each change has a serial of its own",
                      serials == sorted(set(serials)), f"{serials}")
    other = site.image("", "")
    subprocess.run([site.box.path, "apply", "-R", other, "-"], input=result.out, check=True)
    again = site.box.run("export", "-R", other, "--serial", "2000")
    site.box.check("export, apply, export", again.out, result.out)


def changes(site):
    applies = site.applies
    result = applies("new owners", set_of("elsa:300000:10", "zoe:400000:10"),
                     before="bob:100000:10\n",
                     wanted="bob:100000:10\nelsa:300000:10\nzoe:400000:10\n")
    site.box.check("... are counted", result.out.decode(),
                   "owners changed: 2, retired: 0; lines removed: 0, added: 4\n")
    site.box.check("what is remembered", read(APPLIED).splitlines()[1:],
                   ["owner elsa", "owner zoe"])
    applies("kinds", set_of("uid elsa:300000:10", "gid elsa:300010:10"),
            wanted="elsa:300000:10\n", gids="elsa:300010:10\n")
    applies("other ranges", set_of("elsa:300000:10"), before="elsa:100000:10\nbob:500000:10\n",
            wanted="bob:500000:10\nelsa:300000:10\n")
    applies("a range more", set_of("elsa:300000:10", "elsa:400000:10"),
            before="elsa:300000:10\nbob:500000:10\n",
            wanted="elsa:300000:10\nbob:500000:10\nelsa:400000:10\n")
    applies("the order is that of the set", set_of("elsa:300000:10", "elsa:400000:10"),
            before="elsa:400000:10\nelsa:300000:10\n", wanted="elsa:300000:10\nelsa:400000:10\n")
    applies("a range less", set_of("elsa:300000:10"), before="elsa:400000:10\nelsa:300000:10\n",
            wanted="elsa:300000:10\n")
    applies("twice in the file", set_of("elsa:300000:10"),
            before="elsa:300000:10\nelsa:300000:10\n", wanted="elsa:300000:10\n")
    applies("other names of the user", set_of("elsa:300000:10"),
            before="elsatwin:300000:10\n5001:400000:10\n", wanted="elsatwin:300000:10\n")
    applies("by the uid", set_of("5001:300000:10"), before="elsa:400000:10\n",
            wanted="5001:300000:10\n")
    applies("a malformed line that shadow reads", set_of("elsa:300000:10"),
            before="elsa:0400000:10\nbob:0500000:10\n",
            wanted="bob:0500000:10\nelsa:300000:10\n")
    applies("lines without an owner", set_of("elsa:300000:10"), before="# x\n\nbad\n",
            wanted="# x\n\nbad\nelsa:300000:10\n")
    applies("what a split would share", set_of("elsa:300000:5", "bob:300005:5"),
            before="elsa:300000:10\n", wanted="elsa:300000:5\nbob:300005:5\n")
    site.put("elsa:100000:10\n")
    result = site.apply(set_of("elsa:300000:10"), "--dry-run")
    site.box.check("--dry-run", (result.status, read("/etc/subuid"), os.path.exists(APPLIED),
                                 result.out.decode().splitlines()[:2]),
                   (DONE, "elsa:100000:10\n", False,
                    ["- /etc/subuid: elsa:100000:10", "+ /etc/subuid: elsa:300000:10"]))
    site.put("elsa:100000:10\nbob:500000:10\n")
    rows = site.box.rows("apply", "--serial-file", APPLIED, "--dry-run",
                         site.file(set_of("elsa:300000:10", "bob:500000:10")), name="users")
    site.box.check("--dry-run --json has what changes",
                   [(row["user"], row["reason"], row["before"]["uid"][0]["first"],
                     row["after"]["gid"][0]["first"]) for row in rows],
                   [("elsa", "applied", 100000, 300000)])


def refusals(site):
    applies, before = site.applies, "bob:500000:10\nelsa:100000:10\n"
    for name, lines, said in (
            ("ids of another line", ("elsa:500005:10",), "5-500009: they belong to bob"),
            ("ids of an account", ("elsa:5001:1",), "is that of"),
            ("root's id", ("elsa:0:10",), "root's"),
            ("no id", ("elsa:4294967290:6",), "that is no uid"),
            ("reserved ids", ("elsa:61184:10",), "reserved"),
            ("two owners", ("elsa:300000:10", "zoe:300009:10"), ":3: zoe and elsa (line 2) both "
             "have uids 300009-300009"),
            ("one owner, twice", ("elsa:300000:10", "elsa:300009:10"), "elsa and elsa"),
            ("two owners, one kind", ("elsa:300000:10", "gid zoe:300000:10"), "both have gids")):
        applies(name, set_of(*lines), before=before, status=POLICY, said=said)
        site.box.check(f"{name}: nothing is remembered", os.path.exists(APPLIED), False)
    os.makedirs("/etc/subid.d", exist_ok=True)
    site.host.write("/etc/subid.d/share.conf", "share elsa zoe\nreserve 700000-700009 lab\n")
    applies("shared on purpose", set_of("elsa:300000:10", "zoe:300009:10"), wanted=
            "elsa:300000:10\nzoe:300009:10\n")
    applies("... and again", set_of("elsa:300000:10", "zoe:300009:10"), keep=True,
            before="elsa:300000:10\nzoe:300009:10\n")
    applies("reserved by the policy", set_of("elsa:700000:10"), status=POLICY, said="lab")
    site.host.write("/etc/subid.d/share.conf", "x\n")
    applies("a wrong policy", set_of("elsa:300000:10"), status=UNREADABLE, said="share.conf:1")
    host_module.remove("/etc/subid.d/share.conf")

    for name, text, said in (
            ("no set", "elsa:300000:10\n", ":1: this is no set"),
            ("nothing", "", "this is no set"),
            ("another version", set_of().replace("set 1", "set 2"), "version"),
            ("a line that is none", set_of("elsa:300000:0"), ":2: "),
            ("another checksum", set_of("elsa:300000:10").replace("300", "301"), "checksum"),
            ("a line less", set_of("elsa:300000:10", "zoe:1:1").replace("both zoe:1:1\n", ""),
             "number of lines"),
            ("something behind it", set_of("elsa:300000:10") + "\n", "follows"),
            ("empty", set_of(), "is empty")):
        applies(name, text, before=before, status=SET, said=said)
    text = set_of(*(f"u{i}:{300000 + i}:1" for i in range(9000)))
    site.put(before)
    at = state()
    wrong = [cut for cut in range(0, len(text), 997 * (20 if quick() else 1))
             if site.apply(text[:cut]).status != SET]
    site.report.check(f"cut at every 997th of {len(text)} bytes", not wrong and state() == at,
                      f"{wrong}")

    applies("serial 5", set_of("elsa:300000:10", serial=5), wanted="elsa:300000:10\n")
    applies("serial 4", set_of("elsa:400000:10", serial=4), status=SET, keep=True,
            before="elsa:300000:10\n", said="serial 4 after 5; --force")
    applies("serial 5 with other ranges", set_of("elsa:400000:10", serial=5), status=SET,
            keep=True, before="elsa:300000:10\n", said="has the serial of the last one, 5, and "
            "other contents; --force")
    applies("... with --force", set_of("elsa:400000:10", serial=5), "--force", keep=True,
            wanted="elsa:400000:10\n")
    applies("... and then the first", set_of("elsa:300000:10", serial=5), status=SET, keep=True,
            before="elsa:400000:10\n")
    applies("serial 4 with --force", set_of("elsa:300000:10", serial=4), "--force", keep=True,
            wanted="elsa:300000:10\n")
    site.host.write(APPLIED, "x\n")
    applies("a damaged file", set_of("elsa:300000:10"), keep=True, before="elsa:300000:10\n",
            status=UNREADABLE, said="damaged")
    many = [f"u{i}:{300000 + i}:1" for i in range(9)]
    lines = "".join(f"{line}\n" for line in many)
    applies("nine owners", set_of(*many), wanted=lines)
    applies("four of nine owners", set_of(*many[:4], serial=2), keep=True, before=lines, status=SET,
            said="has 4 owners, fewer than half of the 9")
    result = applies("five of them", set_of(*many[:5], serial=2), keep=True, before=lines,
                     said="u5 is no longer in the set")
    site.box.check("the others are named", words(result).count("no longer in the set"), 4)
    applies("two, with --force", set_of(*many[:2], serial=3), "--force", keep=True, before=lines)
    at = state()
    applies("... and again", set_of(*many[:2], serial=3), keep=True, before=lines,
            said="u8 is no longer in the set")
    site.box.check("... nothing is written", state(), at)
    applies("they come back", set_of(*many, serial=4), keep=True, before=lines)
    site.box.check("... and are known again", "gone" in read(APPLIED), False)

    site.put(before)
    child = subprocess.Popen(["/bin/sleep", "1000"], user=100003, group=100003, extra_groups=[])
    applies("ids in use", set_of("elsa:300000:10"), before=before, status=BUSY,
            said="runs with uid 100003")
    applies("ids in use that stay", set_of("elsa:100000:9"), before=before,
            wanted="bob:500000:10\nelsa:100000:9\n")
    child.kill()
    child.wait()

    for name, args, status in (("no file", (), USAGE), ("two", ("-", "-"), USAGE),
                               ("one that is not there", ("/nonexistent",), UNREADABLE)):
        site.box.check(name, site.box.run("apply", *args).status, status)
    path = "/etc/a.set"
    site.host.write(path, set_of("elsa:300000:10"))
    os.chmod(path, 0o664)
    result = site.box.run("apply", "--serial-file", APPLIED, path)
    site.report.check("a file that others may write", result.status == UNREADABLE
                      and "chmod go-w" in words(result), f"{result}")
    os.chmod(path, 0o644)
    os.chown(path, 5001, 0)
    result = site.box.run("apply", "--serial-file", APPLIED, path)
    site.report.check("a file of a user", result.status == UNREADABLE
                      and "chown root" in words(result), f"{result}")
    os.chown(path, 0, 0)
    site.put("")
    result = site.box.run("apply", "--serial-file", APPLIED, path)
    site.box.check("a file of root", (result.status, read("/etc/subuid")),
                   (DONE, "elsa:300000:10\n"))
    host_module.remove(path)
    result = site.apply(set_of("elsa:300000:10"), caller=host_module.ELSA)
    site.report.check("by a user", result.status in (LOCKED, NOT_PERMITTED, NOT_WRITTEN)
                      or not result.err, f"{result}")


def unchanged(site):
    """Nothing differs: no lock, no write."""
    text = set_of("elsa:300000:10", "uid zoe:400000:10")
    site.put("elsa:300000:10\nbob:500000:10\nzoe:400000:10\n", "elsa:300000:10\n")
    host_module.remove("/etc/.pwd.lock")
    site.report.check("the same set", site.apply(text).status == DONE, "")
    host_module.remove("/etc/.pwd.lock")
    at = state()
    for args in ((), ("--prune",), ("--force",), ("--json",), ("--dry-run",)):
        result = site.apply(text, *args)
        site.box.check(f"nothing differs {args}", (result.status, state()), (DONE, at))
    image = site.image("", "")
    site.box.run("apply", "-R", image, site.file(text))
    site.box.check("an image has its own memory",
                   read(f"{image}/var/lib/subid/applied").splitlines()[1:],
                   ["owner elsa", "owner zoe"])
    at = state(f"{image}/etc"), state(f"{image}/var/lib/subid")
    result = site.box.run("apply", "-R", image, site.file(text))
    site.box.check("nothing differs in an image", (result.status, state(f"{image}/etc"),
                                                   state(f"{image}/var/lib/subid")), (DONE, *at))


def prunes(site):
    """--prune retires; who comes back gets the ids back."""
    image = site.image("bob:500000:10\nzoe:700000:10\n", "bob:500000:10\n")

    def apply(*args):
        result = site.box.run("apply", "-R", image, *args)
        return result, read(f"{image}/etc/subuid"), read(f"{image}/etc/subgid")
    first = site.file(set_of("elsa:300000:10", "anna:400000:10"))
    apply(first)
    text = set_of("elsa:300000:10", serial=2)
    result, _, gids = apply(site.file(text))
    site.report.check("without --prune", "anna is no longer in the set" in words(result)
                      and "anna:400000:10" in gids, f"{result}, {gids}")
    result = site.box.run("apply", "-R", image, "--prune", "--dry-run", site.file(text))
    site.box.check("--prune --dry-run", result.out.decode().splitlines(),
                   [f"{sign} {image}/etc/{name}: {owner}:400000:10" for name in
                    ("subuid", "subgid") for sign, owner in (("-", "anna"), ("+", "~anna"))])
    for args in ((), ("--prune",)):
        result, uids, _ = apply(*args, site.file(set_of("elsa:300000:10", "eve:400000:10",
                                                        serial=3)))
        site.report.check(f"the set gives the ids to another {args}", result.status == POLICY
                          and f"belong to anna ({image}/etc/subuid:4)" in words(result)
                          and f"subid revoke --free -R {image} anna" in words(result)
                          and "~" not in uids, f"{result}")
    for name in ("subuid-", "subgid-"):     # no backup can be written
        host_module.remove(f"{image}/etc/{name}")
        os.makedirs(f"{image}/etc/{name}/x")
    result, *_ = apply("--prune", site.file(text))
    site.report.check("--prune: the commit fails", result.status == NOT_WRITTEN, f"{result}")
    for name in ("subuid-", "subgid-"):
        os.rmdir(f"{image}/etc/{name}/x")
        os.rmdir(f"{image}/etc/{name}")
    result, uids, gids = apply("--prune", site.file(text))
    site.box.check("--prune", (result.status, uids, gids),
                   (DONE, "bob:500000:10\nzoe:700000:10\nelsa:300000:10\n~anna:400000:10\n",
                    "bob:500000:10\nelsa:300000:10\n~anna:400000:10\n"))
    site.box.check("--prune: what is done", result.out.decode(), "owners changed: 0, retired: 1; "
                   "lines removed: 2, added: 0\n")
    site.report.check("--prune: who had them", "uid 400000 10 anna 5002 " in
                      read(f"{image}/var/lib/subid/retired"),
                      read(f"{image}/var/lib/subid/retired"))
    at = state(f"{image}/etc"), state(f"{image}/var/lib/subid")
    result, *_ = apply("--prune", site.file(text))
    site.box.check("--prune, again", (result.status, result.err, state(f"{image}/etc"),
                                      state(f"{image}/var/lib/subid")), (DONE, b"", *at))
    result = site.box.run("export", "-R", image, "--serial", "2")
    site.report.check("retired ranges are not exported", b"anna" not in result.out, f"{result}")
    result, *_ = apply(site.file(set_of("elsa:300000:10", "eve:400000:10", serial=3)))
    site.report.check("no other user gets them", result.status == POLICY
                      and "they belong to ~anna" in words(result) and "'subid release -R "
                      f"{image} --range 400000-400009' frees" in words(result), f"{result}")
    result, uids, _ = apply(site.file(set_of("elsa:300000:10", "anna:400000:10", serial=3)))
    site.box.check("anna comes back", (result.status, uids),
                   (DONE, "bob:500000:10\nzoe:700000:10\nelsa:300000:10\nanna:400000:10\n"))


def kills(site):
    """Killed at any system call, each database is old or new, and the same set ends it."""
    old = "bob:500000:10\nelsa:100000:10\n"
    new = "bob:500000:10\nelsa:300000:10\nzoe:400000:10\n"
    text = set_of("elsa:300000:10", "zoe:400000:10", serial=3)
    site.host.write("/etc/new.set", text)
    if not os.path.exists(STRACE):
        site.report.skip("killed at any call", "needs strace")
        return
    args = [site.box.path, "apply", "--serial-file", APPLIED, "/etc/new.set"]
    log = f"{site.host.tmpdir}/strace.log"

    def begin(*options):
        site.put(old)
        site.apply(set_of("elsa:100000:10", serial=2))
        return site.host.run(STRACE, ["-o", *options, *args], ROOT)
    begin(log)
    counts, calls = {}, []
    for name in re.findall(r"^([a-z_0-9]+)\(", read(log), re.M):
        counts[name] = counts.get(name, 0) + 1
        calls.append((name, counts[name]))
    wrong, states, killed = [], collections.Counter(), 0
    # the last calls change the files
    for name, nth in calls[::-11 if quick() else -1]:
        result = begin("/dev/null", "-e", f"inject={name}:signal=KILL:when={nth}")
        found = read("/etc/subuid"), read("/etc/subgid")
        killed += result.status == -signal.SIGKILL
        states["".join("on"[text == new] if text in (old, new) else "?" for text in found)] += 1
        again = site.apply(text)
        ended = again.status, read("/etc/subuid"), read("/etc/subgid")
        # the next change removes what is left, as any program that writes
        site.apply(set_of("elsa:300000:10", "zoe:400000:11", serial=4))
        left = [file for file in os.listdir("/etc") if file.startswith(("subuid.", "subgid.",
                                                                       "subid.applied."))]
        if not set("".join(states)) <= set("on") or left or (
                ended != (DONE, new, new)):
            wrong.append((name, nth, found, again, left))
    site.report.check(f"killed at {killed} of {len(calls)} calls: {dict(states)}", not wrong and
                      killed > len(calls) / (14 if quick() else 1.1) and
                      {"oo", "nn"} <= set(states), f"{wrong[:3]}")
    host_module.remove("/etc/new.set")


def hosts_agree(site):
    """tests/fleet has more of them."""
    many_hosts.compare(site.box, site.image("", ""), *((20, 2000, 50) if quick() else
                                                       (150, 63000, 100)))


def main():
    site = Site(subid_box.enter())
    for part in (texts, changes, refusals, unchanged, prunes, kills, hosts_agree):
        site.report.part(part, site)
    site.report.finish()


main()
