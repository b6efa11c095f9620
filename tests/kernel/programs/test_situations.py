#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Hosts as in reports of public bug trackers, from the refusal to the map: newuidmap or newgidmap,
the doctor and `subid check` report one cause, the command is run as it is printed, and then the
map is written and no message is printed.

Others are cases of a cause alone: no user namespaces (USERNS_LIMIT), a pod without privilege
escalation (NO_NEW_PRIVS) and a storage of a former range (STORAGE_FOREIGN)."""

import json
import shutil

import subid_box
from cures import Cures, logged_in
from explain import cure_in
from host import (CLEAN_PATH, ELSA, LOGIN_DEFS, PASSWD, PROGRAMS, ROOT, Caller, Wrong, mount,
                  own_mounts, require)

SITUATIONS = []


def situation(name):
    def add(function):
        SITUATIONS.append((name, function))
        return function
    return add


class Situation:
    def __init__(self, box, cures):
        self.box, self.host, self.cures = box, box.host, cures
        self.directory = self.host.subjects["ours", "setuid"].directory

    def account(self, name, uid, gid=None):
        self.host.write("/etc/passwd", f"{PASSWD}{name}:x:{uid}:{gid or 0}::/home/{name}:/bin/sh\n")
        return Caller(name, uid, gid or 0)

    def ask(self, mapper, ask, caller):
        target = self.host.target("ns", caller)
        return self.host.run(f"{self.directory}/{mapper}", [str(target.pid), *ask.split()], caller)

    def refused(self, mapper, ask, caller, cause):
        """Returns the cure."""
        result = self.ask(mapper, ask, caller)
        require(result.status == 1 and cause in result.lines[1], f"{result}")
        return cure_in(result.lines[2].removeprefix(f"{mapper}: "))

    def granted(self, mapper, ask, caller):
        result = self.ask(mapper, ask, caller)
        require(result.status == 0 and not result.err, f"{result}")

    def doctor(self, user, *causes, args=(), ignore=("auto-empty",)):
        """Its causes are these; returns their cures."""
        self.host.write("/etc/login.defs", f"{LOGIN_DEFS}ENV_PATH PATH={self.directory}:{CLEAN_PATH}\n"
                        f"ENV_SUPATH PATH={self.directory}:{CLEAN_PATH}\n")
        result = self.box.run("doctor", "--json", *args, *user.split())
        bad = [row for row in json.loads(result.out)["links"]
               if row["state"] != "good" and row["cause"] not in ignore]
        require([row["cause"] for row in bad] == list(causes), f"{bad}")
        return [row["cure"] for row in bad]

    def check(self, *codes):
        result = self.box.run("check", "--json")
        rows = [row for row in json.loads(result.out)["findings"] if row["severity"] != "note"]
        require([row["code"] for row in rows] == list(codes), f"{rows}")
        return [row["cure"] for row in rows]

    def fix(self, *commands):
        for command in commands:
            self.cures.carry_out("situation", command)


@situation("a service of root's with another group")
def _(s):
    s.box.put("root:1000000:1000000000\n", "root:1000000:1000000000\n")
    ask = "0 1000000 1000000000"
    for mapper in PROGRAMS:
        cure = s.refused(mapper, ask, Caller("root", 0, 402), "your group is gid 402")
        require("without Group=" in cure, cure)
        s.granted(mapper, ask, ROOT)
    s.doctor("root")


@situation("an image that was copied without capabilities")
def _(s):
    s.box.put("elsa:100000:65536\n", "elsa:100000:65536\n")
    mount("tmpfs", "/usr/local/bin", "tmpfs", 0, "mode=755")
    s.directory = "/usr/local/bin"
    for mapper in PROGRAMS:
        shutil.copy(s.host.subjects["ours", "bare"].path(mapper), s.directory)
    ask = "0 5001 1 1 100000 65536"
    cures = [s.refused(mapper, ask, ELSA, "is neither setuid root nor") for mapper in PROGRAMS]
    require(cures == s.doctor("elsa", *["no-privilege"] * 2) ==
            s.check(*["mapper-no-privilege"] * 2), f"{cures}")
    s.fix(*cures)
    for mapper in PROGRAMS:
        s.granted(mapper, ask, ELSA)
    s.doctor("elsa")
    s.check()


@situation("an image that adds the line of adduser once more")
def _(s):
    s.box.put("elsa:100000:65536\n" * 2, "elsa:100000:65536\n" * 2)
    cure = s.refused("newuidmap", "0 5001 1 1 100000 65536 65537 100000 65536", ELSA,
                     "lines 1 and 2 of /etc/subuid both grant you uid 100000")
    require([cure, cure] == s.doctor("elsa", "lines-overlap", "lines-overlap") ==
            s.check("duplicate", "duplicate"), cure)
    s.fix(cure)
    for mapper in PROGRAMS:
        s.granted(mapper, "0 5001 1 1 100000 65536", ELSA)
    s.doctor("elsa")
    s.check()


@situation("a uid of a billion within its own range")
def _(s):
    user = s.account("user", 1000160000)
    s.box.put("user:100000:1000160000\n", "user:100000:1000160000\n")
    cure = s.refused("newuidmap", "0 1000160000 1 1 100000 1000160000", user,
                     "holds its own uid, 1000160000")
    require([cure] == s.doctor("user", "own-id-inside"), cure)
    s.check("own-id")
    s.fix(cure)
    s.granted("newuidmap", "0 1000160000 1 1 100000 1000060000 1000060001 1000160001 99999", user)
    s.granted("newgidmap", "0 0 1 1 100000 1000160000", user)
    s.doctor("user")
    s.check()


@situation("kubelet has all ids up to the last number")
def _(s):
    s.account("kubelet", 996)
    s.host.write(f"{s.host.tmpdir}/bin/getsubids", "#!/bin/sh\n", 0o755)
    s.box.put("kubelet:65536:4294901760\n", "kubelet:65536:4294901760\n")
    s.directory = f"{s.host.tmpdir}/bin"
    s.fix(*s.doctor("", "kubelet-range", args=("--for", "kubelet")))
    s.doctor("", args=("--for", "kubelet"))
    require(not {"no-id", "kubelet-range"} & {row["code"] for row in json.loads(
        s.box.run("check", "--json").out)["findings"]}, "check still says so")


@situation("root has all ids but few, and a user is to get some")
def _(s):
    text = "".join(f"anna:{100000 + at * 65536}:65536\n" for at in range(13))
    s.box.put(f"{text}root:1000000:1000000000\n", f"{text}root:1000000:1000000000\n")
    s.refused("newuidmap", "0 5001 1 1 1000000 65536", ELSA, "delegates nothing to elsa")
    s.fix(s.doctor("elsa", "no-range", "no-range")[0])
    for mapper in PROGRAMS:
        s.granted(mapper, "0 5001 1 1 1001000000 65536", ELSA)
    s.doctor("elsa")


@situation("root's second range lies in the first one")
def _(s):
    for first, second in (("1000000:1000000000", "1000000:65536"),
                          ("1000000:65536", "1000000:1000000000")):
        text = f"root:{first}\nanna:300000:65536\nroot:{second}\n"
        s.box.put(text, text)
        cures = [s.refused(mapper, f"0 {first.replace(':', ' ')} 0 {second.replace(':', ' ')}",
                           ROOT, "lines 1 and 3 of") for mapper in PROGRAMS]
        require(cures == s.doctor("root", "lines-overlap", "lines-overlap"), f"{cures}")
        s.fix(*cures)
        for mapper in PROGRAMS:
            s.granted(mapper, "0 1000000 1000000000", ROOT)
        s.doctor("root")
        s.check()


@situation("an instance keeps the ids of the time before root's range")
def _(s):
    s.box.put("anna:655360:65536\nroot:1000000:1000000000\n", "root:1000000:1000000000\n")
    s.refused("newuidmap", "0 655360 65536", ROOT, "line 1 of /etc/subuid gives some of these uids "
              "to anna, and root has others, as 1000000-1000999999")
    s.refused("newgidmap", "0 655360 65536", ROOT, "delegates only 1000000-1000999999 to root")


@situation("an update writes the databases anew")
def _(s):
    """The backup still has the line; containers of the user have files with these ids."""
    s.box.put("root:1065536:65536\n", "root:1065536:65536\n")
    for name in ("subuid-", "subgid-"):
        s.host.write(f"/etc/{name}", "elsa:100000:65536\n")
    cure, = set(s.doctor("elsa", "no-range", "no-range"))
    s.fix(cure)
    for mapper in PROGRAMS:
        s.granted(mapper, "0 5001 1 1 100000 65536", ELSA)
    s.doctor("elsa")


@situation("an administrator delegates one id")
def _(s):
    s.box.put("elsa:21204:1\n", "elsa:21204:1\n")
    cure, = set(s.doctor("elsa", "range-small", "range-small"))
    s.fix(cure)
    s.doctor("elsa")
    s.check()


@situation("a script adds ids to those that the image gives")
def _(s):
    s.box.put("elsa:165536:65536\n", "elsa:165536:65536\n")
    s.fix("usermod-ext -v 165536-1048575 -w 165536-1048575 elsa")
    s.granted("newuidmap", "0 5001 1 1 165536 65536 65537 231072 817504", ELSA)
    s.box.put("elsa:165536:65536\nelsa:165536:883040\n", "elsa:165536:65536\nelsa:165536:883040\n")
    s.refused("newuidmap", "0 5001 1 1 165536 65536 65537 165536 883040", ELSA,
              "lines 1 and 2 of /etc/subuid both grant you uid 165536")
    s.fix("subid check --fix")
    s.granted("newgidmap", "0 5001 1 1 165536 883040", ELSA)
    s.check()


@situation("a site gives few ids, and the last one of an image")
def _(s):
    s.box.put("elsa:200000:2000\nelsa:202000:1\n", "elsa:200000:2000\nelsa:202000:1\n")
    for mapper in PROGRAMS:
        s.granted(mapper, "0 5001 1 1 200000 2000 65534 202000 1", ELSA)


@situation("another program gave a range without a look at the lines")
def _(s):
    s.account("bob", 1002)
    text = "elsa:65636000:65536\nbob:65636000:65536\n"
    s.box.put(text, text)
    cures = s.check("overlap", "overlap")
    require(set(s.doctor("elsa", "range-shared", "range-shared")) ==
            set(s.doctor("bob", "range-shared", "range-shared")), "the doctor differs")
    s.fix(*cures)
    s.fix(s.doctor("bob", "no-range", "no-range")[0])
    s.check()
    s.doctor("bob")
    s.doctor("elsa")


@situation("no room for one more user")
def _(s):
    s.host.write("/etc/login.defs", f"{LOGIN_DEFS}SUB_UID_MAX 231071\nSUB_GID_MAX 231071\n")
    s.box.put("anna:100000:65536\ngone:165536:65536\n", "anna:100000:65536\ngone:165536:65536\n")
    result = s.box.run("grant", "elsa")
    require(b"between SUB_UID_MIN 100000 and SUB_UID_MAX 231071" in result.err and
            b"raise SUB_UID_MAX, or remove lines" in result.err, f"{result}")
    s.fix("subid revoke --no-account gone")
    require(s.box.run("grant", "elsa").status == 0, "the room is not used")


def main():
    box = subid_box.enter()
    cures = Cures(box.host)
    for name, function in SITUATIONS:
        box.host.reset_etc()
        try:
            with own_mounts(), logged_in(box.host):
                function(Situation(box, cures))
        except Wrong as wrong:
            box.report.fail(name, str(wrong))
        else:
            box.report.ok(name)
    cures.print("situations")
    box.report.finish()


main()
