#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Whether an id is free, without a name service: primary gids that no group has, ids that
systemd reserves, and user namespaces in which only some ids exist."""

import json
import os
import shutil
import subprocess

import name_service
from host import (CLEAN_PATH, ELSA, GROUP, MS_NODEV, PASSWD, ROOT, Account, Caller, Report,
                  make_dpkg, mount, prctl)

DONE, FINDINGS, NONE, REFUSED = 0, 2, 7, 20
KINDS = ("uid", "gid")
EMPTY = {"uid": b"", "gid": b""}
# the first and the last id of systemd's ranges
RESERVED = ((60001, 60577), (61184, 65519), (65534, 65534), (65535, 65535),
            (2147352576, 2147418111))
BESIDE = (60000, 60578, 61183, 65520, 65533, 65536, 2147352575, 2147418112)
EXIST = 65539       # ids that exist in the user namespace


class Box:
    def __init__(self, programs, report):
        self.programs, self.report, self.host = programs, report, programs.host

    def check(self, name, holds, *about):
        self.report.check(name, holds, " | ".join(map(str, about)))

    def bounds(self, first, last, count):
        """Where ranges are allocated, and how large."""
        text = "UID_MIN 1000\nUID_MAX 60000\n"
        for kind in ("UID", "GID"):
            text += f"SUB_{kind}_MIN {first}\nSUB_{kind}_MAX {last}\nSUB_{kind}_COUNT {count}\n"
        self.host.write("/etc/login.defs", text)

    def accounts(self, passwd="", group=""):
        self.host.write("/etc/passwd", PASSWD + passwd)
        self.host.write("/etc/group", GROUP + group)

    def run(self, program, *words, data="", gid=None, **options):
        self.programs.put(data, gid)
        return self.programs.run(program, *words, **options), self.programs.get()

    def refused(self, what, program, *words, **options):
        result, left = self.run(program, *words, **options)
        self.check(f"{what}: {program} {' '.join(words)}", result.status == REFUSED
                   and left == EMPTY, result, left)

    def findings(self, *words, data="", gid=None, **options):
        result, _ = self.run("subid", "check", "--json", *words, data=data, gid=gid, **options)
        return json.loads(result.out)["findings"], result


def ranges_of(data):
    return [(int(line.split(b":")[1]), int(line.split(b":")[2]))
            for line in data.splitlines()]


# --- primary gids -----------------------------------------------------------------------

def primary_gids(box):
    for field in ("150000", "0150000", "+150000"):
        box.accounts(f"zoe:x:7000:{field}:::\n")
        box.bounds(150000, 160000, 10)
        what = f"a primary gid {field}"
        for words in ("150000-150000", "149990-150010", "100000-200000"):
            box.refused(what, "usermod-ext", "-w", words, "elsa")
            box.refused(what, "subid", "grant", "-g", "--range", words, "elsa")
        for program, words in (("usermod-ext", ("-S", "elsa")), ("subid", ("grant", "elsa"))):
            result, left = box.run(program, *words)
            box.check(f"{what}: {program} {' '.join(words)}", result.status == DONE and all(
                first > 150000 for kind in KINDS for first, _ in ranges_of(left[kind])),
                result, left)
        result, _ = box.run("subid", "whois", "--json", "150000")
        states = {row["kind"]: row["state"] for row in json.loads(result.out)["ids"]}
        box.check(f"{what}: whois", states == {"uid": "free", "gid": "account"}
                  and result.status == DONE, result)
        rows, result = box.findings(gid="elsa:149999:3\n")
        box.check(f"{what}: check", any(
            row["code"] == "account" and row["kind"] == "gid" and row["first"] == 150000
            for row in rows), result)
        result, _ = box.run("subid", "list", "--free", "--json")
        gaps = [row for row in json.loads(result.out)["gaps"] if row["kind"] != "uid"]
        box.check(f"{what}: list --free", gaps and not any(
            row["first"] <= 150000 <= row["last"] for row in gaps), result)
        # no user has this uid
        result, left = box.run("usermod-ext", "-v", "150000-150000", "elsa")
        box.check(f"{what}: is no uid", result.status == DONE
                  and left["uid"] == b"elsa:150000:1\n", result)
    box.accounts()


# --- reserved ids -----------------------------------------------------------------------

def reserved(box):
    box.accounts()
    box.bounds(100000, 600100000, 65536)
    for first, last in RESERVED:
        for number in sorted({first, last}):
            words, data = f"{number}-{number}", f"elsa:{number}:1\n"
            what = f"reserved: {words}"
            for program, *options in (("usermod-ext", "-v", words, "-w", words),
                                      ("subid", "grant", "--range", words)):
                box.refused(what, program, *options, "elsa")
                # 65534 is also an account
                overlap = ["--allow-overlap"] if number == 65534 else []
                result, left = box.run(program, *options, *overlap, "--allow-reserved", "elsa")
                box.check(f"{what}: {program} --allow-reserved", result.status == DONE
                          and left == dict.fromkeys(KINDS, data.encode()), result, left)
            rows, result = box.findings(data=data)
            rows = [row for row in rows if row["code"] == "reserved"]
            box.check(f"{what}: check warns and takes nothing", {row["kind"] for row in rows}
                      == {*KINDS} and all(row["severity"] == "warning" for row in rows)
                      and not any(takes(row["cure"]) for row in rows), rows, result)
            box.programs.put(data)
            elsa = Account(*ELSA[1:3], ("elsa",))
            found = [box.programs.prober.one_each("ours", kind, elsa, [number])
                     for kind in KINDS]
            box.check(f"{what}: the map writers ignore it", found == [{number}] * 2, found)
    box.programs.prober.rest()
    for number in BESIDE:
        words = f"{number}-{number}"
        result, left = box.run("subid", "grant", "--range", words, "elsa")
        box.check(f"not reserved: {words}", result.status == DONE
                  and left["uid"] == f"elsa:{number}:1\n".encode(), result)


def takes(cure):
    return cure and ("-V " in cure or "-W " in cure or "revoke" in cure)


def allocation(box):
    """The allocators skip reserved ids, on the host, in an image and for many users."""
    image = f"{box.host.tmpdir}/image"
    os.makedirs(f"{image}/etc")
    for first, last, count in ((59900, 66000, 100), (2147352000, 2147419000, 200),
                               (61000, 65700, 30)):
        box.bounds(first, last, count)
        box.programs.put("")
        for name in ("passwd", "group", "login.defs"):
            shutil.copy(f"/etc/{name}", f"{image}/etc/{name}")
        for root in ((), ("--root", image)):
            for name in ("subuid", "subgid"):
                box.host.write(f"{image}/etc/{name}", "")
            box.programs.put("")
            words = ("subid", "grant", "--another", *root)
            wrong, given = [], 0
            # two users in turn: ids behind a user's last line would make it longer
            for user in ("elsa", "anna") * 4:
                if box.programs.run(*words, user).status != DONE:
                    break
            with open(f"{image if root else ''}/etc/subuid", "rb") as file:
                for start, size in ranges_of(file.read()):
                    given += 1
                    wrong += [(start, size) for low, high in RESERVED
                              if start <= high and low < start + size]
            box.check(f"allocated from {first} to {last}{' in an image' if root else ''}",
                      given >= 4 and not wrong, given, wrong)
    # an image may run on a host with other ids
    for name in ("subuid", "subgid"):
        box.host.write(f"{image}/etc/{name}", "")
    result = box.programs.run("subid", "grant", "--root", image, "--range", "61184-61190",
                              "elsa")
    box.check("reserved: a range is not refused in an image", result.status == DONE, result)
    rows, result = box.findings("--root", image)
    box.check("reserved: an image has no such finding", "reserved" not in
              {row["code"] for row in rows}, result)


# --- user namespaces --------------------------------------------------------------------

class Namespace:
    """A user namespace in which the first ids of the host exist, and no others."""

    def __init__(self, box, ids=EXIST):
        self.box = box
        self.pid = box.host.target("ns", ROOT).pid
        for kind in KINDS:
            with open(f"/proc/{self.pid}/{kind}_map", "w", encoding="ascii") as file:
                file.write(f"0 0 {ids}\n")
        self.root = Caller("root", 0, 0, (), self.pid)
        self.elsa = Caller("elsa", ELSA.uid, ELSA.gid, (), self.pid)

    def run(self, program, *words, data="", **options):
        return self.box.run(program, *words, data=data, caller=self.root, **options)

    def shell(self, command, caller, **more):
        """Runs a command in the namespace, with our programs first in PATH."""
        directory = self.box.host.subjects["ours", "setuid"].directory
        env = {"PATH": f"{directory}:{os.path.dirname(self.box.programs.subid.path)}:"
                       f"{self.box.programs.usermod.directory}:{CLEAN_PATH}",
               "LC_ALL": "C.UTF-8", "HOME": "/home/elsa", "TMPDIR": "/home/elsa", **more}
        return self.box.host.run("/bin/sh", ["-c", command], caller, env=env, timeout=120,
                                 as_user=lambda: prctl(4, 1))


def allocation_inside(box, inside):
    """Existing ids are preferred; if there are too few, others are given, with a note."""
    for first, last, count in ((1000, 600100000, 4096), (60000, 200000, 500),
                               (10000, 70000, 10000)):
        box.bounds(first, last, count)
        for program, words in (("subid", ("grant", "elsa")), ("usermod-ext", ("-S", "elsa"))):
            # above the highest range there is no id
            result, left = inside.run(program, *words, data=f"bob:{EXIST + 1}:10\n")
            found = ranges_of(left["uid"])[1:]
            box.check(f"inside: {program} with bounds {first}-{last}", result.status == DONE
                      and left["uid"] == left["gid"] and found
                      and found[0][0] + found[0][1] <= EXIST, result, left)
    # one range fits into the existing ids, the next one does not
    box.programs.host.write(f"{box.host.tmpdir}/list", "elsa\nanna\n")
    box.bounds(40000, 600100000, 20000)
    result, left = inside.run("subid", "grant", "--batch", f"{box.host.tmpdir}/list")
    found = ranges_of(left["uid"])
    box.check("inside: a list, with ids that exist for one of two", result.status == DONE
              and [start + count <= EXIST for start, count in found] == [True, False]
              and f"note: new ids between {found[1][0]} and {sum(found[1]) - 1} do not exist"
              in result.err.decode() and result.err.count(b"namespace") == 1, result, left)
    for first, count, exist in ((40000, 20000, True), (40000, 30000, False),
                                (100000, 65536, False)):
        box.bounds(first, 600100000, count)
        result, _ = inside.run("subid", "list", "--free", "--json")
        gaps = json.loads(result.out)["gaps"]
        box.check(f"inside: list --free with {count} ids from {first} on",
                  {row["kind"] for row in gaps} == {"uid", "gid", "both"}
                  and any(row["last"] >= EXIST for row in gaps) != exist, result)
    box.bounds(100000, 600100000, 65536)
    for program, words in (("subid", ("grant", "elsa")), ("usermod-ext", ("-S", "elsa"))):
        result, left = inside.run(program, *words)
        notes = [line for line in result.lines if "note" in line and "namespace" in line]
        box.check(f"inside: {program} with bounds where no ids exist", result.status == DONE
                  and ranges_of(left["uid"]) == [(100000, 65536)] and len(notes) == 1,
                  result, left)
    # --root is about another system
    image = f"{box.host.tmpdir}/image"
    box.bounds(1000, 600100000, 65536)
    shutil.copy("/etc/login.defs", f"{image}/etc/login.defs")
    for name in ("subuid", "subgid"):
        box.host.write(f"{image}/etc/{name}", "elsa:1000:80000\n")
    result, _ = inside.run("subid", "grant", "--root", image, "anna")
    box.check("inside: an image is not asked which ids exist here", result.status == DONE
              and not result.err, result)
    result, left = inside.run("subid", "grant", "--range", "61184-61190", "elsa")
    box.check("inside: nothing is reserved", result.status == DONE
              and left["uid"] == b"elsa:61184:7\n", result)
    rows, result = box.findings(data="elsa:61184:7\n", caller=inside.root)
    box.check("inside: check does not speak of reserved ids", "reserved" not in
              {row["code"] for row in rows}, result)


def containers_inside(box, inside):
    """Ids granted in the namespace can be used there."""
    box.bounds(10000, 65538, 10000)
    result, left = inside.run("subid", "grant", "elsa")
    start = ranges_of(left["uid"])[0][0] if left["uid"] else 0
    found = inside.shell("unshare --map-auto --map-root-user cat /proc/self/uid_map",
                         inside.elsa)
    lines = [line.split() for line in found.out.decode().splitlines()]
    # a version of unshare leaves out the last id
    box.check("inside: unshare --map-auto", found.status == DONE and start > 0 and lines in (
        [["0", str(ELSA.uid), "1"], ["1", str(start), str(count)]]
        for count in (9999, 10000)), found, result)
    if not shutil.which("mmdebstrap"):
        box.report.skip("inside: mmdebstrap", "needs mmdebstrap")
        return
    repository(box)
    found = inside.shell(
        f"cd && mmdebstrap --mode=unshare --variant=extract --include=tiny "
        f"--architectures=all bookworm tiny.tar 'deb [trusted=yes] copy:{box.host.tmpdir}/"
        "repository ./' && tar -tf tiny.tar", inside.elsa)
    box.check("inside: mmdebstrap --mode=unshare", found.status == DONE
              and b"./etc/tiny/version" in found.out, found)


def package(directory, name, **scripts):
    tree = f"{directory}/{name}-tree"
    os.makedirs(f"{tree}/DEBIAN")
    os.makedirs(f"{tree}/etc/{name}")
    with open(f"{tree}/etc/{name}/version", "w", encoding="ascii") as file:
        file.write("1.0\n")
    with open(f"{tree}/DEBIAN/control", "w", encoding="ascii") as file:
        file.write(f"Package: {name}\nVersion: 1.0\nArchitecture: all\nMaintainer: Elsa "
                   "<elsa@example.org>\nDescription: a package\n")
    for script, text in scripts.items():
        with open(f"{tree}/DEBIAN/{script}", "w", encoding="ascii") as file:
            file.write(f"#!/bin/sh\nset -e\n{text}\n")
        os.chmod(f"{tree}/DEBIAN/{script}", 0o755)
    subprocess.run(["dpkg-deb", "--build", "--root-owner-group", tree, f"{directory}/{name}.deb"],
                   check=True, stdout=subprocess.DEVNULL)


def repository(box):
    """A repository with one package, so that no network is needed."""
    directory = f"{box.host.tmpdir}/repository"
    os.mkdir(directory)
    package(box.host.tmpdir, "tiny")
    shutil.copy(f"{box.host.tmpdir}/tiny.deb", directory)
    listed = subprocess.run(["dpkg-deb", "--show", "--showformat",
                             "Package: ${Package}\nVersion: ${Version}\n"
                             "Architecture: ${Architecture}\nMaintainer: ${Maintainer}\n"
                             "Description: ${Description}\n", f"{directory}/tiny.deb"],
                            check=True, capture_output=True, text=True).stdout
    sums = subprocess.run(["sha256sum", f"{directory}/tiny.deb"], check=True, capture_output=True,
                          text=True).stdout.split()[0]
    with open(f"{directory}/Packages", "w", encoding="ascii") as file:
        size = os.path.getsize(f"{directory}/tiny.deb")
        file.write(f"{listed}Filename: ./tiny.deb\nSize: {size}"
                   f"\nSHA256: {sums}\n\n")


def scripts_inside(box, inside):
    """A package that gives its user ids, installed by the root of the namespace, twice, and
    purged after its user is gone."""
    package(box.host.tmpdir, "builder", postinst="""\
grep -q ^_builder: /etc/passwd || useradd --system --shell /usr/sbin/nologin _builder
subid grant --if-missing _builder
usermod-ext -S _builder""", postrm="""\
if [ "$1" = purge ]; then
    userdel _builder || true
    subid revoke --if-held --no-account _builder
    subid revoke --if-held --no-account _builder
fi""")
    mount("tmpfs", "/var/log", "tmpfs", MS_NODEV, "mode=755")
    mount("tmpfs", "/var/lib/dpkg", "tmpfs", MS_NODEV, "mode=755")
    make_dpkg("/var/lib/dpkg")
    box.bounds(1000, 600100000, 1000)
    box.programs.put("")
    install = f"dpkg --log=/dev/null -i {box.host.tmpdir}/builder.deb"
    for name, command, lines in (("installed", install, 1), ("installed again", install, 1),
                                 ("purged", "dpkg --log=/dev/null --purge builder", 0)):
        box.host.read_log()
        found = inside.shell(command, inside.root)
        left = box.programs.get()
        ranges = ranges_of(left["uid"])
        box.check(f"inside: a package is {name}", found.status == DONE
                  and left["uid"] == left["gid"] and len(ranges) == lines
                  and all(start + count <= EXIST for start, count in ranges), found, left)


def main():
    report = Report()
    programs = name_service.Programs(report)
    box = Box(programs, report)
    for part in (primary_gids, reserved, allocation):
        report.part(part, box)
    inside = Namespace(box)
    for part in (allocation_inside, containers_inside, scripts_inside):
        report.part(part, box, inside)
    report.finish()


main()
