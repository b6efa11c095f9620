#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""examples/fleet as a whole: a user is added to the directory, and three hosts, each with a systemd
that runs the units, give the same range; the directory dies, and containers start; a range that
overlaps is accepted by the directory, and refused by every host."""

import os
import shutil
import time

import fleet
import machine
from directory_service import ALICE, SERGE, wait_for
from fleet import WEB, Fleet, Web, account, shown
from host import TOP, Report, enter, read

POLICY, SET, BUSY = 20, 21, 8
UNITS = ("subid-fetch.service", "subid-pull.service", "subid-pull.timer")
FIRST = 2147483648
DIANA, MALLORY = account("diana", 50003), account("mallory", 50004)
FILES = ("subuid", "subgid")
NAMES = ("host1", "host2", "host3")


class Host(machine.Machine):
    """A machine that follows README.md of the example."""

    def __init__(self, host, name, key, accounts):
        super().__init__(host, name)
        for unit in UNITS:
            self.write(f"systemd/system/{unit}", read(f"{TOP}/examples/fleet/{unit}"))
        host.write(f"{self.bin}/subid-pull", read(f"{TOP}/examples/fleet/subid-pull"), 0o755)
        for program in ("newuidmap", "newgidmap"):
            shutil.copy(host.subjects["ours", "setuid"].path(program), self.bin)
        self.write("subid-pull/key.gpg", key)
        self.write("subid-pull/ca.pem", read("/etc/ldap/ca.pem"))
        self.options("")
        self.write("nsswitch.conf", "passwd: files\ngroup: files\n")
        for caller in accounts:
            self.write("passwd", self.read("passwd").decode()
                       + f"{caller.name}:x:{caller.uid}:{caller.gid}::/:/bin/sh\n")
        # a user of this host
        self.write("subuid", "elsa:100000:65536\n")
        self.write("subgid", "elsa:100000:65536\n")

    def options(self, words):
        self.write("subid-pull/conf", f"SUBID_SET_URL=https://{WEB}/ranges.set.gpg\n"
                   f"CURL_CA_BUNDLE=/etc/subid-pull/ca.pem\nSUBID_APPLY_OPTIONS={words}\n")

    def files(self):
        return [(self.read(name), os.lstat(f"{self.etc}/{name}").st_mtime_ns,
                 os.lstat(f"{self.etc}/{name}").st_ino) for name in FILES]

    def pull(self):
        """Starts the unit; returns whether it succeeded, and what the units have said."""
        self.run("systemctl", "reset-failed")       # or the fifth start in ten seconds is refused
        result = self.run("systemctl", "start", "subid-pull.service")
        said = "\n".join(filter(None, map(self.journal, UNITS[:2])))
        shown(f"{self.name}# systemctl start subid-pull.service", said.split("\n"),
              f"exit status {result.status}")
        return result.status == 0, said

    def contains(self, caller, first):
        """Whether the user can start a container: a user namespace with the range."""
        result = self.run("unshare", "--user", "--map-auto", "--map-root-user", "cat",
                          "/proc/self/uid_map", "/proc/self/gid_map", uid=caller.uid)
        shown(f"{self.name}, {caller.name}$ unshare --user --map-auto --map-root-user "
              "cat /proc/self/uid_map", result.out.decode().split("\n")[:2], result.err.decode())
        return result.status == 0 and result.out.split() == 2 * [
            b"0", str(caller.uid).encode(), b"1", b"1", str(first).encode(), b"65535"]


class Scene:
    def __init__(self, report, host):
        self.report, self.host = report, host
        people = (ALICE, SERGE, DIANA, MALLORY)
        self.fleet = Fleet(host, people)
        self.hosts = []
        self.report.check("a range in the directory", self.fleet.grant(ALICE, FIRST) == 0, "")
        self.check_published("the first set")
        for name in NAMES:
            one = Host(host, name, self.fleet.key, people)
            one.start()
            self.hosts.append(one)

    def check_published(self, name):
        result = self.fleet.publish()
        self.report.check(f"published: {name}", result.returncode == 0, f"{result}")

    def pulled(self, name, *lines):
        """All hosts fetch, and have these lines besides their own."""
        wanted = "".join(f"{line}\n" for line in ("elsa:100000:65536", *lines)).encode()
        for one in self.hosts:
            done, said = one.pull()
            self.report.check(f"{one.name}: {name}", done and [
                one.read(file) for file in FILES] == [wanted, wanted], f"{done}, {said}")

    def refused(self, name, unit, status, *words, hosts=None):
        """The unit fails, says why, and the files stay as they are, to the inode."""
        for one in hosts or self.hosts:
            before = one.files()
            done, said = one.pull()
            found = one.property(unit, "ExecMainStatus"), one.property(unit, "ActiveState")
            self.report.check(
                f"{one.name}: refused: {name}", not done and one.files() == before
                and found == (str(status), "failed") and all(word in said for word in words),
                f"{done}, {found}, {said}")


def on_the_wire():
    """Bytes on the loopback so far."""
    with open("/proc/net/dev", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.lstrip().startswith("lo:"))


def added(scene):
    scene.pulled("the first set", f"alice:{FIRST}:65536")
    scene.report.check("a second user in the directory",
                       scene.fleet.grant(SERGE, FIRST + 65536) == 0, "")
    scene.check_published("a second user")
    scene.pulled("a second user", f"alice:{FIRST}:65536", f"serge:{FIRST + 65536}:65536")


def unchanged(scene):
    """Nothing is new: nothing is published, sent or written."""
    at = os.stat(scene.fleet.published).st_mtime_ns
    scene.check_published("nothing new")
    scene.report.check("nothing new: the set stays",
                       os.stat(scene.fleet.published).st_mtime_ns == at, "written")
    one, before = scene.hosts[0], scene.hosts[0].files()
    Web.seen.clear()
    sent = on_the_wire()
    done, said = one.pull()
    sent = on_the_wire() - sent
    scene.report.check(f"nothing new: not sent ({sent} bytes in all), not written",
                       done and Web.seen == [304] and sent < 20000
                       and one.files() == before, f"{done}, {Web.seen}, {said}")


def timers(scene):
    """Hosts fetch at different times, within two hours."""
    times = []
    for one in scene.hosts:
        one.run("systemctl", "start", UNITS[2])
        times.append(one.run("date", "+%s", "-d", one.property(
            UNITS[2], "NextElapseUSecRealtime")).out.decode().strip())
    now = time.time()
    scene.report.check("the timers of the hosts", len(set(times)) == len(times)
                       and all(now < int(at) < now + 7201 for at in times), f"{times}, {now}")


def sssd(scene):
    """The directory itself, through sssd's IPA provider, says the same as the set."""
    scene.host.write("/etc/nsswitch.conf",
                     "passwd: files sss\ngroup: files sss\nsubid: sss\n")
    for caller in (ALICE, SERGE):
        # at once it answers from its cache
        wait_for("sub-ids", lambda who=caller: scene.fleet.run(
            "subid", "list", "-r", "-n", "-o", "FIRST", who.name, status=None).stdout)
        for kind in ("uid", "gid"):
            found = scene.fleet.run("subid", "list", f"--{kind}", "-r", "-n", "-o", "FIRST,COUNT",
                                    caller.name, status=None)
            wanted = [line.split(":")[1:] for line in
                      scene.hosts[0].read(f"sub{kind}").decode().splitlines()
                      if line.startswith(f"{caller.name}:")]
            scene.report.check(f"sssd and the set: {kind}s of {caller.name}", [
                line.split() for line in found.stdout.decode().splitlines()] == wanted != [],
                f"{found}, {wanted}")


def directory_dies(scene):
    scene.fleet.kill_slapd()
    at = read(scene.fleet.published)
    result = scene.fleet.publish()
    scene.report.check("the directory is down: nothing is published", result.returncode != 0
                       and b"Can't contact LDAP" in result.stderr
                       and read(scene.fleet.published) == at, f"{result}")
    scene.pulled("the directory is down", f"alice:{FIRST}:65536", f"serge:{FIRST + 65536}:65536")
    for one in scene.hosts:
        for caller, first in ((ALICE, FIRST), (SERGE, FIRST + 65536)):
            scene.report.check(f"{one.name}: the directory is down: {caller.name} starts a "
                               "container", one.contains(caller, first), "no")
    # nor do accounts need it that sssd has in its cache
    host, target = scene.host, scene.host.target("ns", ALICE)
    host.write("/etc/nsswitch.conf", "passwd: files sss\ngroup: files sss\nsubid: files sss\n")
    for name in FILES:
        host.write(f"/etc/{name}", scene.hosts[0].read(name))
    result = host.run(host.subjects["ours", "setuid"].path("newuidmap"),
                      [str(target.pid), "0", str(FIRST), "65536"], ALICE)
    scene.report.check("the directory is down: a user of sssd maps the range of the set",
                       target.map("u") == ((0, FIRST, 65536),), f"{result}")
    scene.fleet.start_slapd()


def overlap(scene):
    """The directory accepts it, the publishing host does not, and no other host would."""
    fleet_ = scene.fleet
    same = fleet_.grant(MALLORY, FIRST)
    odd = fleet_.grant(MALLORY, FIRST + 131072, 65535)
    scene.report.check("the directory refuses the same first id, and another count",
                       (same, odd) == (19, 19), f"{same}, {odd}")
    scene.report.check("the directory accepts ranges that share 65,535 ids",
                       fleet_.grant(MALLORY, FIRST + 65537) == 0, "")
    at = read(fleet_.published)
    result = fleet_.publish()
    scene.report.check("an overlap is not published", result.returncode == POLICY
                       and b"mallory and serge" in result.stderr
                       and read(fleet_.published) == at, f"{result}")
    fleet_.put(read(f"{scene.host.tmpdir}/state/new/set").decode())
    scene.refused("an overlap", UNITS[1], POLICY, "mallory and serge (line 3) both have uids "
                  f"{FIRST + 65537}-{FIRST + 131071}")
    one = scene.hosts[0]
    found = one.run("systemctl", "--failed", "--plain", "--no-legend").out
    scene.report.check("systemctl --failed names the unit", b"subid-pull.service" in found,
                       f"{found}")
    scene.report.check("... containers still start", one.contains(SERGE, FIRST + 65536), "no")


def attacks(scene):
    """What a web server could do."""
    fleet_, one = scene.fleet, scene.hosts[:1]
    lines = f"alice:{FIRST}:65536", f"serge:{FIRST + 65536}:65536"
    fleet_.put_serial(5, *lines)
    scene.refused("an older set", UNITS[1], SET, "serial 5 after", hosts=one)
    fleet_.put_serial(4000000000, f"mallory:{FIRST}:65536", key="other")
    scene.refused("another key", UNITS[0], 1, "not signed by a key of", hosts=one)
    scene.host.write(fleet_.published, f"subid-set 1 4000000000\nboth mallory:{FIRST}:65536\n")
    scene.refused("no signature", UNITS[0], 1, "not signed by a key of", hosts=one)
    fleet_.put_serial(4000000000, *lines, f"diana:{FIRST + 131072}:65536")
    text = read(fleet_.published)
    for cut in (0, 1, len(text) // 2, len(text) - 1):
        Web.cut = cut
        scene.refused(f"a download that ends after {cut} bytes", UNITS[0], 18, "curl: (18)",
                      hosts=one)
    Web.cut = None
    for at in (30, len(text) // 2, len(text) - 20):
        scene.host.write(fleet_.published, text[:at] + bytes([text[at] ^ 1]) + text[at + 1:])
        scene.refused(f"byte {at} is another one", UNITS[0], 1, "not signed by a key of", hosts=one)
    scene.host.write(fleet_.published, text)
    scene.pulled("then the right one", *lines, f"diana:{FIRST + 131072}:65536")


def in_use(scene):
    """A process of a container has ids that its user would lose."""
    one = scene.hosts[0]
    scene.fleet.put_serial(4000000001, f"alice:{FIRST + 262144}:65536",
                           f"serge:{FIRST + 65536}:65536")
    one.run("systemd-run", "--no-block", "--unit=container", "setpriv", f"--reuid={FIRST + 5}",
            f"--regid={FIRST + 5}", "--clear-groups", "sleep", "1000")
    scene.refused("ids in use", UNITS[1], BUSY, f"runs with uid {FIRST + 5}", hosts=[one])
    one.options("--in-use --prune")
    done, said = one.pull()
    scene.report.check("--in-use --prune", done and one.read("subuid").decode().splitlines() == [
        "elsa:100000:65536", f"serge:{FIRST + 65536}:65536", f"~diana:{FIRST + 131072}:65536",
        f"alice:{FIRST + 262144}:65536"], f"{said}, {one.read('subuid')}")


def main():
    report = Report()
    if (reason := fleet.missing() or machine.missing()):
        report.skip("fleet", reason)
        report.finish()
    host = enter()
    host.suit_runtimes()            # PrivateDevices= needs terminals
    scene = report.part(Scene, report, host)
    for part in (added, unchanged, timers, sssd, directory_dies, overlap, attacks, in_use):
        report.part(part, scene)
    report.finish()


main()
