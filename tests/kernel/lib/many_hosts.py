# SPDX-License-Identifier: BSD-3-Clause
"""Many hosts with some of the users each: by a set and by a formula every user has one range
everywhere, and no two users share an id; by first fit they do."""

import os
import random
import statistics
import subprocess

import host as host_module
from host import read

TABLE = []
for byte in range(256):
    for _ in range(8):
        byte = byte >> 1 ^ (0x82f63b78 if byte & 1 else 0)
    TABLE.append(byte)
FIRST_UID, FIRST_ID, COUNT = 200000000, 600000000, 4096


def crc32c(data):
    value = 0xffffffff
    for byte in data:
        value = value >> 8 ^ TABLE[(value ^ byte) & 0xff]
    return value ^ 0xffffffff


def set_of(*lines, serial=1):
    """A set, whose lines are `kind owner:start:count`, or without a kind of both."""
    lines = [line if " " in line else f"both {line}" for line in lines]
    text = "".join(f"{line}\n" for line in (f"subid-set 1 {serial}", *lines))
    return f"{text}end {len(lines)} {crc32c(text.encode()):08x}\n"


def line_of(uid):
    """As a directory with ranges would export it."""
    return f"u{uid - FIRST_UID}:{FIRST_ID + COUNT * (uid - FIRST_UID)}:{COUNT}"


def rules(users):
    """What /etc/subid.d has on hosts that follow the formula."""
    pool = f"{FIRST_ID}-{FIRST_ID + COUNT * users - 1}"
    return (f"pool ad {pool} count={COUNT}\n"
            f"assign uids={FIRST_UID}-{FIRST_UID + users - 1} pool=ad by-uid={FIRST_UID}\n")


class Hosts:
    """One image, which is each host in turn."""

    def __init__(self, box, image, users):
        self.box, self.image, self.users = box, image, users
        self.meter = box.host.compile("usage.c", "-static")
        for directory in ("etc/subid.d", "var/lib/subid"):
            os.makedirs(f"{image}/{directory}", exist_ok=True)
        self.write("login.defs", f"UID_MIN {FIRST_UID}\nUID_MAX {FIRST_UID + 99999}\n"
                   f"SUB_UID_MIN {FIRST_ID}\nSUB_GID_MIN {FIRST_ID}\nSUB_UID_MAX 4294967294\n"
                   f"SUB_GID_MAX 4294967294\nSUB_UID_COUNT {COUNT}\nSUB_GID_COUNT {COUNT}\n")

    def write(self, name, text):
        with open(f"{self.image}/etc/{name}", "w", encoding="utf-8") as file:
            file.write(text)

    def fresh(self, passwd, policy=""):
        self.write("subid.d/fleet.conf", policy)
        for name, text in (("passwd", passwd), ("subuid", ""), ("subgid", "")):
            self.write(name, text)
        for name in ("applied", "owners"):
            host_module.remove(f"{self.image}/var/lib/subid/{name}")

    def measured(self, verb, *args, data=""):
        """(ms of a processor, KiB) of subid."""
        read_end, write_end = os.pipe()
        done = subprocess.run(
            ["/bin/sh", "-c", f'exec "$@" 3>&{write_end}', "sh", self.meter, self.box.path, verb,
             "-R", self.image, *args], input=data.encode(), capture_output=True, check=True,
            pass_fds=(write_end,))
        os.close(write_end)
        with os.fdopen(read_end) as pipe:
            micros, size, status = map(int, pipe.read().split())
        if status:
            raise RuntimeError(f"{verb}: status {status}: {done.stderr}")
        return micros / 1000, size

    def by_set(self, passwd, uids):
        self.fresh(passwd)
        return self.measured("apply", "-", data=set_of(*map(line_of, uids)))

    def by_formula(self, passwd, _):
        self.fresh(passwd, rules(self.users))
        return self.measured("grant", "--all-users")

    def by_first_fit(self, passwd, _):
        self.fresh(passwd)
        return self.measured("grant", "--all-users")


def compare(box, image, hosts, users, each):
    """Reports what becomes of `hosts` hosts with `each` of `users` users."""
    site, numbers = Hosts(box, image, users), random.Random(8)
    ways = {"a set": site.by_set, "formula": site.by_formula, "first fit": site.by_first_fit}
    places = {way: {} for way in ways}
    costs, other = {way: [] for way in ways}, dict.fromkeys(ways, 0)
    for _ in range(hosts):
        uids = numbers.sample(range(FIRST_UID, FIRST_UID + users), each)
        passwd = "root:x:0:0::/:/bin/sh\n" + "".join(
            f"u{uid - FIRST_UID}:x:{uid}:{uid}::/:/bin/sh\n" for uid in uids)
        for way, function in ways.items():
            costs[way].append(function(passwd, uids))
            lines = read(f"{image}/etc/subuid").decode().splitlines()
            other[way] += lines != read(f"{image}/etc/subgid").decode().splitlines()
            other[way] += len(lines) != each
            for line in lines:
                owner, place = line.split(":", 1)
                other[way] += places[way].setdefault(owner, place) != place
    for way, found in places.items():
        starts = sorted(int(place.split(":")[0]) for place in found.values())
        shared = sum(b - a < COUNT for a, b in zip(starts, starts[1:]))
        milliseconds, sizes = zip(*costs[way])
        box.report.check(
            f"{hosts} hosts x {each} of {users} users by {way}: {len(found)} users, "
            f"{other[way]} times another range, {shared} ranges of two users; a host: "
            f"{statistics.mean(milliseconds):.1f} ms, at most {max(sizes)} KiB",
            (other[way] == shared == 0) == (way != "first fit") and len(found) > each,
            "not so")
