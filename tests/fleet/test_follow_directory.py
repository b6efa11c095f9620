#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""`subid follow --network` with a real directory, which nslcd or sssd asks: while it is down
nothing is retired, whoever is asked and whatever is cached; who is removed from it is retired."""

import os
import shutil
import subprocess
import time

import fleet
import subid_box
from directory_service import ALICE, SERGE, wait_for
from fleet import Fleet, account
from host import Report, enter, read
from subid_box import DONE, UNREADABLE, Box, words

NSLCD = """\
uri ldap://127.0.0.1/
base dc=example,dc=test
bind_timelimit 2
timelimit 2
reconnect_sleeptime 1
reconnect_retrytime 1
"""
STATE = "/var/lib/subid"
DIANA = account("diana", 50003)
NO_ANSWER = "the name service did not answer; lines of"
LINES = "alice:100000:65536\nserge:200000:65536\n"


class Site(Box):
    def __init__(self, host, report):
        super().__init__(host, report)
        self.fleet = Fleet(host, (ALICE, SERGE, DIANA))
        os.mkdir("/run/nslcd")
        host.write("/etc/nslcd.conf", NSLCD, 0o600)
        self.nslcd = None

    def start_nslcd(self):
        self.nslcd = subprocess.Popen(["nslcd", "-n"], env=self.fleet.env,
                                      stdin=subprocess.DEVNULL, start_new_session=True)
        wait_for("nslcd", lambda: self.known("alice"))

    def service(self, name):
        self.name = name
        self.host.write("/etc/nsswitch.conf", f"passwd: files {name}\ngroup: files {name}\n")

    def known(self, name):
        return subprocess.run(["getent", "passwd", name], env=self.fleet.env,
                              capture_output=True, timeout=60, check=False).returncode == 0

    def begin(self):
        """follow knows alice and serge as users of the network."""
        shutil.rmtree(STATE, ignore_errors=True)
        self.put(LINES, LINES)
        result = self.run("follow", "--network", timeout=60)
        found = read(f"{STATE}/owners") or b""
        self.report.check(f"{self.name}: two users of the network", result.status == DONE
                          and found.count(b" network\n") == 4, f"{result}, {found}")

    def follows(self, name, statuses, lines, *said):
        result = self.run("follow", "--network", timeout=60)
        found = [read(f"/etc/{file}").decode() for file in ("subuid", "subgid")]
        self.report.check(f"{self.name}: {name}", result.status in statuses
                          and found == [lines, lines]
                          and all(word in words(result) for word in said),
                          f"{result}, {found}")

    def remove(self, caller):
        status = self.fleet.add(f"dn: uid={caller.name},cn=users,cn=accounts,dc=example,dc=test\n"
                                "changetype: delete\n", "ldapmodify")
        self.report.check(f"{self.name}: {caller.name} is removed", status == 0, f"{status}")


def by_nslcd(site):
    site.service("ldap")
    site.start_nslcd()
    site.begin()
    site.fleet.kill_slapd()
    site.follows("slapd is down", (UNREADABLE,), LINES, NO_ANSWER)
    site.nslcd.kill()
    site.nslcd.wait()
    site.follows("nslcd is down, too", (UNREADABLE,), LINES, NO_ANSWER)
    site.fleet.start_slapd()
    site.start_nslcd()
    site.follows("all is up again", (DONE,), LINES)
    site.remove(SERGE)
    site.follows("serge is removed", (DONE,), LINES.replace("serge", "~serge"))


def by_sssd(site):
    site.service("sss")
    site.fleet.kill_sssd()
    site.fleet.forget()
    site.fleet.configure_sssd("entry_cache_timeout = 1\noffline_timeout = 1\n"
                              "offline_timeout_random_offset = 0\n[nss]\nmemcache_timeout = 0")
    site.fleet.start_sssd()
    lines = LINES.replace("serge", "diana")
    wait_for("sssd", lambda: site.known("alice") and site.known("diana"))
    shutil.rmtree(STATE, ignore_errors=True)
    site.put(lines, lines)
    site.run("follow", "--network", timeout=60)
    site.fleet.kill_slapd()
    site.follows("slapd is down", (DONE, UNREADABLE), lines)
    time.sleep(2)
    site.follows("... and nothing in its cache is valid any more", (DONE, UNREADABLE), lines)
    site.fleet.kill_sssd()
    site.follows("sssd is down, too", (UNREADABLE,), lines)
    site.fleet.forget()
    site.fleet.start_sssd_unknown()
    # sssd says then that there is no such user
    site.follows("sssd is up with an empty cache, slapd is down", (UNREADABLE,), lines,
                 "its directory may be down")
    site.fleet.start_slapd()
    wait_for("sssd", lambda: site.known("alice") and site.known("diana"), 120)
    site.follows("all is up again", (DONE,), lines)
    site.remove(DIANA)
    time.sleep(2)
    site.follows("diana is removed", (DONE,), lines.replace("diana", "~diana"))


def main():
    report = Report()
    reason = fleet.missing() or (None if shutil.which("nslcd") else "needs nslcd (nslcd)")
    if reason:
        report.skip("follow directory", reason)
        report.finish()
    site = report.part(Site, enter(), report)
    for part in (by_nslcd, by_sssd):
        report.part(part, site)
    report.finish()


main()
