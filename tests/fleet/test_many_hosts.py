#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""10,000 hosts with 100 of 63,000 users each, in SUBID_HOSTS another number; and what a host takes
that applies the set of all users."""

import os

import many_hosts
import subid_box
from host import quick, read
from many_hosts import FIRST_UID, set_of

USERS = 63000


def whole_set(box, site):
    """All 63,000 lines: new, and when nothing differs."""
    site.fresh("root:x:0:0::/:/bin/sh\n")
    text = set_of(*map(many_hosts.line_of, range(FIRST_UID, FIRST_UID + USERS)))
    new = site.measured("apply", "-", data=text)
    before = [os.stat(f"{site.image}/etc/{name}").st_mtime_ns for name in ("subuid", "subgid")]
    same = min(site.measured("apply", "-", data=text) for _ in range(5))
    after = [os.stat(f"{site.image}/etc/{name}").st_mtime_ns for name in ("subuid", "subgid")]
    box.report.check(
        f"a set of {USERS} users, {len(text)} bytes: new {new[0]:.0f} ms, {new[1]} KiB; "
        f"without change {same[0]:.0f} ms, {same[1]} KiB", before == after
        and read(f"{site.image}/etc/subuid").count(b"\n") == USERS, "written, or not complete")


def main():
    box = subid_box.enter()
    image = f"{box.host.tmpdir}/image"
    box.report.part(whole_set, box, many_hosts.Hosts(box, image, USERS))
    hosts = int(os.environ.get("SUBID_HOSTS") or (300 if quick() else 10000))
    box.report.part(many_hosts.compare, box, image, hosts, USERS, 100)
    box.report.finish()


main()
