#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The rules of subid.d(5): what is given, by subid, usermod-ext and the library; `subid
policy`; what an error stops; and that map writers never open the files."""

import json
import os
import random
import re
import shutil
import subprocess

import host as host_module
import subid_box
from host import CLEAN_PATH, ELSA, ROOT, Account, NameService, built, quick
from library_box import library_of
from subid_box import (DONE, FINDINGS, NO_USER, NONE, UNREADABLE, USAGE, documented, etc_text,
                       words)

POLICY = 20
POOLS = "pool a 3000000-3000999 count=10\npool b 4000000-4000999 count=10\n"


class Site:
    """The policy of the throw-away host, and the programs."""

    def __init__(self, box):
        self.box, self.host, self.report = box, box.host, box.report
        self.usermod = f"{self.host.tmpdir}/bin/usermod-ext"
        shutil.copyfile(built("usermod-ext"), self.usermod)
        os.chmod(self.usermod, 0o755)

    def rules(self, text, name="10-site.conf"):
        os.makedirs("/etc/subid.d", exist_ok=True)
        os.chmod("/etc/subid.d", 0o755)
        self.host.write(f"/etc/subid.d/{name}", text)
        os.chmod(f"/etc/subid.d/{name}", 0o644)

    def forget(self):
        shutil.rmtree("/etc/subid.d", ignore_errors=True)

    def gives(self, name, *args, status=DONE, wanted="", said="", before="", program=None):
        """A command gives these lines in both databases and says why."""
        self.box.put(before, before)
        result = self.host.run(program, list(args), ROOT) if program else \
            self.box.run("grant", *args)
        self.box.check(f"{name}: exit status", result.status, status)
        self.box.check(f"{name}: the databases", (etc_text("subuid"), etc_text("subgid")),
                       (before + wanted, before + wanted))
        self.report.check(f"{name}: says why", said in words(result), f"{result}")


def grants(site):
    site.rules(POOLS + "assign user=elsa pool=a\nassign group=team pool=b\n"
               "assign uids=5002-5002 pool=b count=5\nreserve 100000-200000 the lab\n"
               "pool c 200001-200004\n")
    site.gives("a user of a pool", "elsa", wanted="elsa:3000000:10\n")
    site.gives("by another name of the uid", "elsatwin", wanted="elsatwin:3000000:10\n")
    site.gives("--count", "--count", "3", "elsa", wanted="elsa:3000000:3\n")
    site.gives("a primary group", "bob", wanted="bob:4000000:10\n")
    site.gives("by uid, with a count", "anna", wanted="anna:4000000:5\n")
    site.gives("others", "daemon", wanted="daemon:200005:65536\n")
    site.gives("no room", "--count", "1001", "elsa", status=NONE,
               said="/etc/subid.d/10-site.conf:3: no free range of 1001 uids is left in pool 'a'")
    site.gives("usermod-ext -S", "-S", "elsa", program=site.usermod,
               wanted="elsa:3000000:10\n")
    site.box.put("", "")
    site.box.check("list --free: ids for others are not free",
                   [(row["first"], row["last"]) for row in
                    site.box.rows("list", "-u", "--free", name="gaps")],
                   [(200005, 2999999), (3001000, 3999999), (4001000, 600100000)])
    site.gives("reserved ids", "--range", "150000-150009", "elsa", status=POLICY,
               said="(/etc/subid.d/10-site.conf:6: the lab)")
    site.gives("reserved ids, allowed", "--allow-reserved", "--range", "150000-150009", "elsa",
               wanted="elsa:150000:10\n")
    site.gives("usermod-ext -v", "-v", "150000-150009", "-w", "150000-150009", "elsa",
               program=site.usermod, status=POLICY, said="the lab")
    site.gives("--range elsewhere", "--range", "700000-700009", "elsa",
               wanted="elsa:700000:10\n")
    site.rules(POOLS + "assign uids=5000-5099 pool=a by-uid=5000\n")
    site.gives("by formula", "bob", wanted="bob:3000030:10\n")
    site.gives("by formula, again", "--another", "bob", before="bob:3000030:10\n",
               said="bob already has these ids")
    site.gives("by formula, ids of another", "bob", before="x:3000035:1\n", status=POLICY,
               said="belong to x")
    site.gives("by formula, another count", "--count", "5", "bob", status=NONE,
               said="no count can be chosen")
    site.rules(POOLS + "assign group=team pool=a by-uid=5004\n")
    site.gives("by formula, outside", "bob", status=NONE, said="uid 5003 has no place in pool 'a'")
    site.rules("share root lxd\nshare elsa 5003\n")
    before = "root:100000:65536\nbob:700000:10\n"
    site.gives("shared", "--no-account", "--range", "100000-165535", "lxd", before=before,
               wanted="lxd:100000:65536\n")
    site.gives("not shared", "--range", "100000-165535", "elsa", before=before, status=POLICY,
               said="belong to root")
    site.forget()
    site.gives("without files", "elsa", wanted="elsa:100000:65536\n")


def deterministic(site):
    """With SUB_UID_DETERMINISTIC, users of a pool get any ids of it, and only once."""
    site.host.write("/etc/login.defs", host_module.LOGIN_DEFS + "SUB_UID_DETERMINISTIC yes\n"
                    "SUB_UID_MAX 2999999\nSUB_GID_MAX 2999999\nUID_MIN 5000\n")
    site.rules(POOLS + "assign user=elsa pool=a\nassign uids=5003-5003 pool=b by-uid=5003\n")
    anna = 100000 + 2 * 65536
    site.gives("deterministic: a pool", "elsa", wanted="elsa:3000000:10\n")
    site.gives("deterministic: a pool, again", "elsa", before="elsa:3000000:10\n",
               said="elsa already has 10 uids and 10 gids; --another adds a range")
    site.gives("deterministic: a pool, by another name of the uid", "elsa",
               before="elsatwin:3000000:10\n", said="elsa already has 10 uids")
    site.gives("deterministic: a pool, another", "--another", "elsa",
               before="elsa:3000000:10\nbob:3000010:5\n", wanted="elsa:3000015:10\n")
    site.gives("deterministic: a pool, a count", "--count", "16", "--align", "16", "elsa", "elsa",
               wanted="elsa:3000000:16\n")
    site.gives("deterministic: a pool, fewer than the count", "--count", "16", "elsa",
               before="elsa:3000000:10\n", status=FINDINGS, said="fewer than 16")
    site.gives("deterministic: two users", "elsa", "anna", before="elsa:3000000:10\n",
               wanted=f"anna:{anna}:65536\n", said="elsa already has 10 uids")
    site.gives("deterministic: a count for one without a pool", "--count", "16", "elsa", "anna",
               status=USAGE, said="no count and no alignment")
    site.rules(POOLS + "assign user=ghost pool=a\n")
    site.gives("deterministic: a pool, no uid", "--no-account", "ghost",
               wanted="ghost:3000000:10\n")
    site.host.reset_etc("login.defs")
    site.forget()


def errors(site):
    """An error stops whoever gives ids, and nobody else."""
    for name, text, said in (
            ("an unknown rule", "\nallow user=elsa\n", ":2: 'allow' is no rule"),
            ("a range", "pool a 5\n", ":1: '5' is no range FIRST-LAST"),
            ("two pools", "pool a 5-9\npool b 9-12\n", ":2: pool 'b' shares ids with that of "
             "/etc/subid.d/10-site.conf:1"),
            ("a carriage return", "owner x\r\n", ":1: the line has a control character")):
        site.rules(text)
        said = f"/etc/subid.d/10-site.conf{said}"
        site.gives(f"{name}: grant", "elsa", status=UNREADABLE, said=said)
        site.gives(f"{name}: --range", "--range", "700000-700009", "elsa", status=UNREADABLE,
                   said=said)
        site.gives(f"{name}: usermod-ext -S", "-S", "elsa", program=site.usermod, status=16,
                   said=said)
        site.gives(f"{name}: usermod-ext -v", "-v", "700000-700009", "elsa",
                   program=site.usermod, status=16, said=said)
        site.box.put("elsa:100000:10\n", "elsa:100000:10\n")
        result = site.box.run("list", "elsa")
        site.box.check(f"{name}: list", (result.status, result.err), (DONE, b""))
        result = site.box.run("check")
        site.report.check(f"{name}: check goes on", result.status == UNREADABLE
                          and said in words(result), f"{result}")
        result = site.box.run("revoke", "elsa")
        site.box.check(f"{name}: revoke", (result.status, etc_text("subuid")), (DONE, ""))
        site.box.put("elsa:700000:10\n", "")
        result = site.host.run(site.usermod, ["-V", "700000-700009", "elsa"], ROOT)
        site.box.check(f"{name}: usermod-ext -V", (result.status, etc_text("subuid")), (0, ""))
    site.rules("owner x\n")
    for name, change, said in (
            ("writable", lambda: os.chmod("/etc/subid.d/10-site.conf", 0o664),
             "chmod go-w /etc/subid.d/10-site.conf"),
            ("of a user", lambda: os.chown("/etc/subid.d/10-site.conf", 5001, 0),
             "chown root /etc/subid.d/10-site.conf"),
            ("a directory that others may write", lambda: os.chmod("/etc/subid.d", 0o777),
             "chmod go-w /etc/subid.d")):
        site.forget()
        site.rules("owner x\n")
        change()
        site.gives(name, "elsa", status=UNREADABLE, said=said)
    site.forget()


def services(site):
    """A group of the name service; without an answer nothing is given. All names count."""
    directory = NameService(site.host)
    directory.set((Account(5001, 5001, ("elsa@corp",)),))
    for args in (("--at-least", "60000"), ("--count", "60000")):
        site.gives(f"a name of the name service, {args[0]}", *args, "elsa",
                   before="elsa:100000:1000\nelsa@corp:200000:65536\n",
                   said="elsa already has 66536 uids and 66536 gids")
    site.rules(POOLS + "assign group=staff pool=b\n")
    directory.set(groups=((5001, "staff"),))
    site.gives("a group of the name service", "elsa", wanted="elsa:4000000:10\n")
    site.rules(POOLS + "assign group=others pool=a\nassign group=team pool=b\n")
    directory.set(groups=((7001, "others"),))
    site.gives("a member by the file", "elsa", wanted="elsa:4000000:10\n")
    directory.mode("unavail", call="initgroups")
    site.gives("the service does not say who is a member", "elsa", status=UNREADABLE,
               said="cannot look up group 'others'")
    # with this line glibc asks its services for the groups of a user
    with open("/etc/nsswitch.conf", encoding="utf-8") as file:
        before = file.read()
    with open("/etc/group", "a", encoding="utf-8") as file:
        file.write("others:x:7001:\n")
    for also, result in (("subiddir", {"status": UNREADABLE,
                                       "said": "cannot look up group 'others'"}),
                         ("", {"wanted": "elsa:4000000:10\n"})):
        site.host.write("/etc/nsswitch.conf", re.sub("(?m)^group:.*$", "group: files", before)
                        + f"initgroups: files [SUCCESS=continue] {also}\n")
        site.gives(f"initgroups: files {also}", "elsa", **result)
    site.host.write("/etc/nsswitch.conf", before)
    site.host.reset_etc("group")
    site.rules(POOLS + "assign group=team pool=b\nassign group=others pool=a\n")
    site.gives("a member by the file, the service is silent", "elsa",
               wanted="elsa:4000000:10\n")
    site.rules(POOLS + "assign group=staff pool=b\n")
    directory.mode("unavail")
    site.gives("the service is silent", "elsa", status=UNREADABLE,
               said="cannot look up group 'staff'")
    result = site.box.run("policy", "--for", "elsa")
    site.report.check("the service is silent: policy", result.status == UNREADABLE
                      and "cannot look up group 'staff'" in words(result), f"{result}")
    site.host.reset_etc("nsswitch.conf")
    site.forget()


def shown(site):
    """`subid policy`, in rows and for one user."""
    site.rules(POOLS + "assign uids=5000-5099 pool=a by-uid=5000 login\nshare elsa root\n"
               "owner x\nreserve uid 5-6 why not\n")
    rows = site.box.rows("policy", name="rules")
    site.box.check("the keys are those of the manual", sorted(rows[0]),
                   sorted(documented()["rules"]))
    site.box.check("all rules", [row["rule"] for row in rows],
                   ["reserve", "pool", "pool", "assign", "share", "owner"])
    site.box.check("a reservation", [rows[0][key] for key in ("kind", "first", "last", "details")],
                   ["uid", 5, 6, "why not"])
    rows = site.box.rows("policy", "--for", "elsa", name="rules")
    site.box.check("for a user", [(row["rule"], row["first"], row["last"]) for row in rows],
                   [("assign", 3000010, 3000019), ("share", None, None)])
    site.box.check("for a login", rows[0]["details"], "by-uid=5000 login")
    site.box.check("where it is", (rows[0]["file"], rows[0]["line"]),
                   ("/etc/subid.d/10-site.conf", 3))
    rows = site.box.rows("policy", "--for", "root", name="rules")
    site.box.check("for others", [(row["rule"], row["kind"], row["first"]) for row in rows[:2]],
                   [("login.defs", "uid", 100000), ("login.defs", "gid", 100000)])
    for user, status, said in (("elsaa", NO_USER, "user 'elsaa' does not exist\nsubid: did you "
                                "mean 'elsa'?"), ("x", DONE, "note: user 'x' does not exist")):
        result = site.box.run("policy", "--for", user)
        site.report.check(f"for {user}, who has no account", result.status == status
                          and said in words(result), f"{result}")
    result = site.box.run("policy", "elsa")
    site.report.check("a user, without --for", result.status == USAGE
                      and "--for USER shows" in words(result), f"{result}")
    result = site.box.run("policy", caller=ELSA)
    site.box.check("a user may see it", (result.status, len(result.out.splitlines())), (DONE, 7))
    site.rules("pool a 5\n")
    result = site.box.run("policy")
    site.report.check("an error", result.status == UNREADABLE and ":1: '5'" in words(result)
                      and "10-site.conf:1: the form is: pool NAME FIRST-LAST" in words(result),
                      f"{result}")
    site.forget()
    rows = site.box.rows("policy", "--for", "elsa", name="rules")
    site.box.check("for a user, without files", [(row["rule"], row["kind"]) for row in rows],
                   [("login.defs", "uid"), ("login.defs", "gid")])


def library(site):
    """The library obeys as well; an error is EBADMSG."""
    code = """
import ctypes, sys
lib = ctypes.CDLL(sys.argv[1], use_errno=True)
class Range(ctypes.Structure):
    _fields_ = [("owner", ctypes.c_char_p), ("start", ctypes.c_ulong), ("count", ctypes.c_ulong)]
lib.subid_grant_uid_range.restype = ctypes.c_bool
lib.subid_grant_uid_range.argtypes = (ctypes.POINTER(Range), ctypes.c_bool)
wanted = Range(b"elsa", 0, 7)
done = lib.subid_grant_uid_range(ctypes.byref(wanted), False)
print(done, wanted.start if done else ctypes.get_errno())
"""
    path = f"{site.host.tmpdir}/bin/libsubid.so"
    shutil.copyfile(library_of(os.environ["SUBID_BUILD"]), path)

    def grant():
        site.box.put("", "")
        return subprocess.run(["/usr/bin/python3", "-c", code, path], capture_output=True,
                              text=True).stdout.split()
    site.rules(POOLS + "assign user=elsa pool=b\n")
    site.box.check("library: of the pool", grant(), ["True", "4000000"])
    site.rules("pool\n")
    site.box.check("library: an error", grant(), ["False", "74"])
    site.forget()


def map_writers(site):
    """Neither map writer opens a file of the policy, when it grants and when it refuses; the
    trace of a grant shows that it would be seen."""
    strace = shutil.which("strace", path=CLEAN_PATH)
    if not strace:
        site.report.skip("map writers", "needs strace")
        return
    site.rules("this is an error\n")
    site.box.put("elsa:3000000:10\n", "elsa:3000000:10\n")
    trace = f"{site.host.tmpdir}/trace"
    for install in ("setuid", "fcaps"):
        subject = site.host.subjects["ours", install]
        for program in ("newuidmap", "newgidmap"):
            for first, status in ((3000000, 0), (4000000, 1)):
                result = site.host.run(
                    strace, ["-f", "-u", ELSA.name, "-o", trace, "-e", "trace=%file",
                             subject.path(program), str(site.host.target().pid), "0",
                             str(first), "10"], ROOT)
                with open(trace, errors="replace") as file:
                    text = file.read()
                site.report.check(
                    f"{subject}: {program} {first}: opens no file of the policy",
                    result.status == status and "/sub" in text and "subid.d" not in text,
                    f"{result} {text[-500:]}")
    site.host.run(strace, ["-f", "-o", trace, "-e", "trace=%file", site.box.path, "grant",
                           "anna"], ROOT)
    with open(trace, errors="replace") as file:
        site.report.check("a grant opens it", "subid.d" in file.read(), "no trace of it")
    site.forget()


def linked(site):
    """In this system a link is followed, also if a filter of system calls refuses openat2(2)."""
    strace = shutil.which("strace", path=CLEAN_PATH)
    if not strace:
        site.report.skip("without openat2(2)", "needs strace")
        return
    site.rules("pool a 3000000-3000999 count=10\nassign user=elsa pool=a\n")
    os.rename("/etc/subid.d", "/etc/site.d")
    os.symlink("site.d", "/etc/subid.d")
    for error in ("ENOSYS", "EPERM"):
        site.gives(f"openat2(2) fails with {error}", "-f", "-o", "/dev/null", "-e",
                   "trace=openat2", "-e", f"inject=openat2:error={error}", site.box.path,
                   "grant", "elsa", program=strace, wanted="elsa:3000000:10\n")
    os.remove("/etc/subid.d")
    shutil.rmtree("/etc/site.d")


def directories(site):
    """Which file counts, in an image."""
    image = f"{site.host.tmpdir}/image"
    for path in ("etc/subid.d", "run/subid.d", "usr/local/lib/subid.d", "usr/lib/subid.d"):
        os.makedirs(f"{image}/{path}")

    def put(path, text):
        with open(f"{image}/{path}", "w") as file:
            file.write(text)
    put("etc/passwd", host_module.PASSWD)
    put("etc/group", host_module.GROUP)
    put("usr/lib/subid.d/10.conf", "owner vendor\n")
    put("run/subid.d/20.conf", "owner run\n")

    def owners():
        return [row["who"] for row in
                site.box.rows("policy", "-R", image, name="rules")]
    site.rules("owner host\n")
    site.box.check("of all directories, in the order of names", owners(), ["vendor", "run"])
    put("etc/subid.d/10.conf", "owner etc\n")
    site.box.check("hidden by name", owners(), ["etc", "run"])
    os.symlink("/dev/null", f"{image}/etc/subid.d/20.conf")
    site.box.check("masked", owners(), ["etc"])
    os.symlink("/etc/subid.d/10-site.conf", f"{image}/etc/subid.d/30.conf")
    result = site.box.run("policy", "-R", image)
    site.report.check("a link out of the image is not followed", result.status == UNREADABLE
                      and "host" not in result.out.decode(), f"{result}")
    site.forget()


def unchanged(site):
    """Without rules, and with those about others, grants are byte for byte the same."""
    numbers = random.Random(7)
    for i in range(5 if quick() else 40):
        lines = "".join(f"{numbers.choice(('x', 'elsa', 'root', '5003'))}:"
                        f"{numbers.randrange(90000, 400000)}:{numbers.randrange(1, 70000)}\n"
                        for _ in range(numbers.randrange(6)))
        args = numbers.choice((("elsa",), ("--if-missing", "bob"), ("--count", "7", "anna"),
                               ("--align", "4096", "bob"), ("--all-users",)))
        found = []
        for rules in (None, "", "# nothing\n", "owner x\nshare y z\nreserve 600200000-600200001\n"
                      "pool a 3000000000-3000000999\nassign user=none pool=a\n"):
            site.forget()
            if rules is not None:
                site.rules(rules)
            site.box.put(lines, lines)
            result = site.box.run("grant", *args)
            found.append((result.status, result.out, result.err, etc_text("subuid"),
                          etc_text("subgid")))
        site.report.check(f"{i}: {args} is the same with rules about others",
                          all(one == found[0] for one in found), f"{found}")
    site.forget()


def main():
    site = Site(subid_box.enter())
    for part in (grants, deterministic, errors, shown, library, map_writers, linked, directories,
                 unchanged, services):
        site.report.part(part, site)
    site.report.finish()


main()
