#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""For how many users there is room: what `subid list --free` and `subid grant --dry-run` say is
compared, on random systems with few ids, with a model that looks at each id, and with what a grant
gives to so many users, and to one more."""

import json
import os
import random
from typing import NamedTuple, Optional

import subid_box
from host import quick
from subid_box import DONE, KINDS, NO_ID, NONE, words

REFUSED = 20
AREA = 3000000      # no other test and no default has ids here
FIRST_UID = {None: 1000, "a": 2000, "b": 3000}
ASSIGNED = 200      # uids of each pool


class Space(NamedTuple):
    """The ids outside of pools, or those of a pool."""
    pool: Optional[str]
    bounds: dict        # by kind: (first, last)
    count: dict         # by kind
    align: int
    by_uid: bool


class System:
    """A system in a directory."""

    def __init__(self, rng, box, directory):
        self.rng, self.box, self.directory = rng, box, directory
        self.used = {kind: set() for kind in KINDS}     # by lines, accounts and rules
        self.lines = {kind: [] for kind in KINDS}       # (owner, first, count)
        self.accounts = []
        self.make_settings()
        self.rules = self.make_rules()
        for kind in KINDS:
            self.make_lines(kind)
        self.make_accounts()
        self.write()

    def make_settings(self):
        rng = self.rng
        count, first = rng.randint(1, 9), AREA + rng.randint(0, 5)
        last = first + rng.randint(0, 60 * count)
        self.count = {"uid": count, "gid": count if rng.random() < .8 else rng.randint(0, 9)}
        self.bounds = {"uid": (first, last), "gid": (first, last)}
        if rng.random() < .3:
            self.bounds["gid"] = (first + rng.randint(0, 9), last + rng.randint(0, 50))
        self.deterministic = rng.random() < .4

    def make_rules(self):
        rng, rules, self.pools = self.rng, [], []
        first, last = self.bounds["uid"]
        if rng.random() < .5:
            return rules
        for name in ("a", "b")[:rng.randint(1, 2)]:
            begin = first + (0 if name == "a" else (last - first) // 2 + 1) + rng.randint(0, 20)
            count, by_uid = rng.randint(1, 8), rng.random() < .5
            end = begin + rng.randint(count - 1, max(count, (last - first) // 3))
            if any(begin <= pool.bounds["uid"][1] for pool in self.pools):
                continue
            base = FIRST_UID[name]
            uids = (end - begin + 1) // count if by_uid else ASSIGNED
            if uids > 1 and rng.random() < .3:
                uids -= 1
            align = 0 if by_uid else rng.choice((0, 0, 2, 4, 5))
            if align and -begin % align + count > end - begin + 1:
                align = 0
            self.pools.append(Space(name, dict.fromkeys(KINDS, (begin, end)),
                                    dict.fromkeys(KINDS, count), align, by_uid))
            rules += [f"pool {name} {begin}-{end} count={count}" +
                      (f" align={align}" if align else ""),
                      f"assign uids={base}-{base + uids - 1} pool={name}" +
                      (f" by-uid={base}" if by_uid else "")]
        for kinds in (("uid",), ("gid",), KINDS)[:rng.randint(0, 3)]:
            begin = rng.randint(first, last)
            end = begin + rng.randint(0, 9)
            if any(begin <= pool.bounds["uid"][1] and pool.bounds["uid"][0] <= end
                   for pool in self.pools):
                continue
            rules.append(f"reserve {kinds[0] if len(kinds) == 1 else ''} {begin}-{end}")
            for kind in kinds:
                self.used[kind].update(range(begin, end + 1))
        return rules

    def spaces(self):
        return [Space(None, self.bounds, self.count, 0, self.deterministic), *self.pools]

    def make_lines(self, kind):
        rng = self.rng
        for number in range(rng.choice((0, 1, 3, 12))):
            first, last = self.bounds[kind]
            begin, count = rng.randint(first - 9, last), rng.choice((1, 2, 3, 7, 30))
            owner = f"other{number}"
            space = rng.choice(self.spaces())
            if space.by_uid and space.count[kind] and rng.random() < .7:
                # a line at the place of a uid, which this user or another one has
                place = rng.randint(0, 30)
                begin = space.bounds[kind][0] + place * space.count[kind]
                count = space.count[kind]
                uid = FIRST_UID[space.pool] + place
                owner = str(uid if rng.random() < .7 else uid + 1)
            ids = range(begin, begin + count)
            if self.used[kind] & set(ids):
                continue
            self.lines[kind].append((owner, begin, count))
            self.used[kind].update(ids)

    def make_accounts(self):
        for _ in range(self.rng.choice((0, 0, 2, 5))):
            account = self.rng.randint(*self.bounds["uid"])
            kind = self.rng.choice(KINDS)
            if account not in self.used[kind]:
                self.accounts.append((kind, account))
                self.used[kind].add(account)

    def write(self):
        def put(name, lines):
            path = f"{self.directory}/etc/{name}"
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write("".join(f"{line}\n" for line in lines))

        put("login.defs", [f"SUB_{kind.upper()}_{what} {value}" for kind in KINDS
                           for what, value in (("MIN", self.bounds[kind][0]),
                                               ("MAX", self.bounds[kind][1]),
                                               ("COUNT", self.count[kind]))] +
            ["SUB_UID_DETERMINISTIC yes"] * self.deterministic)
        put("subid.d/10.conf", self.rules)
        put("passwd", ["root:x:0:0::/:/bin/sh"] +
            [f"other{i}:x:{700 + i}:0::/:/bin/sh" for i in range(12)] +
            [f"p{uid}:x:{uid}:0::/:/bin/sh" for kind, uid in self.accounts if kind == "uid"])
        put("group", ["root:x:0:"] + [f"g{gid}:x:{gid}:" for kind, gid in self.accounts
                                      if kind == "gid"])
        for kind in KINDS:
            put(f"sub{kind}", [":".join(map(str, line)) for line in self.lines[kind]])

    # the model

    def of_pools(self):
        ids = set()
        for pool in self.pools:
            ids.update(range(pool.bounds["uid"][0], pool.bounds["uid"][1] + 1))
        return ids

    def free(self, space, kind):
        first, last = space.bounds[kind]
        ids = set(range(first, last + 1)) - self.used[kind]
        return ids if space.pool else ids - self.of_pools()

    @staticmethod
    def take(ids, count, align):
        """Takes the first free range out of a set."""
        for begin in sorted(ids):
            if not (align and begin % align) and \
                    all(begin + i in ids for i in range(count)):
                return set(range(begin, begin + count))
        return None

    def first_fit(self, space):
        free = {kind: self.free(space, kind) for kind in KINDS}
        count, users = space.count, 0
        wanted = [kind for kind in KINDS if count[kind]]
        while len(wanted) == 2 and count["uid"] == count["gid"]:
            common = free["uid"] & free["gid"]
            ids = self.take(common, count["uid"], space.align)
            if not ids:
                break
            users += 1
            free = {kind: free[kind] - ids for kind in KINDS}
        while wanted:
            ids = {kind: self.take(free[kind], count[kind], space.align) for kind in wanted}
            if not all(ids.values()):
                break
            users += 1
            free.update({kind: free[kind] - ids[kind] for kind in wanted})
        return users

    def state(self, space, uid):
        """Of a uid whose place follows from it: outside, blocked, held or free."""
        states = set()
        for kind in KINDS:
            count = space.count[kind]
            if not count:
                continue
            begin = space.bounds[kind][0] + (uid - FIRST_UID[space.pool]) * count
            place = set(range(begin, begin + count))
            if begin + count - 1 > space.bounds[kind][1]:
                return "outside"
            if place <= self.free(space, kind):
                states.add("free")
            elif (str(uid), begin, count) in self.lines[kind] and not (
                    space.pool is None and place & self.of_pools()):
                states.add("held")
            else:
                return "blocked"
        return "free" if "free" in states else "held"

    def candidates(self, space):
        """The uids that the rules mean, and one more."""
        first = FIRST_UID[space.pool]
        n = ASSIGNED
        for rule in self.rules:
            words_of = rule.split()
            if words_of[0] == "assign" and f"pool={space.pool}" in words_of:
                n = int(words_of[1].split("-")[1]) + 1 - first
        return range(first, first + n)

    # what the programs say

    def run(self, *args):
        return self.box.run(*args, "-R", self.directory)

    def capacity(self, pool, *args, status=DONE):
        """The item for this pool, and the number of users who get ids."""
        result = self.run(*args, "--json")
        if result.status not in ([status] if isinstance(status, int) else status):
            raise AssertionError(f"{args}: {result.status}, not {status}: {words(result)}")
        document = json.loads(result.out)
        found = [item for item in document["capacity"] if item["pool"] == pool]
        if len(found) != 1:
            raise AssertionError(f"{args}: no item for {pool}: {document}")
        return found[0], sum(user["changed"] for user in document.get("users", ()))

    def grant(self, pool, first, n, status=DONE):
        return self.capacity(pool, "grant", "--uids", f"{first}-{first + n - 1}", "--dry-run",
                             status=status)

    def compare_first_fit(self, space, said):
        expected = self.first_fit(space)
        assert said["fits"] == expected, f"fits: {said}, not {expected}"
        # these uids have no line
        first = FIRST_UID[space.pool] + 50
        most = len(self.candidates(space)) - 50
        if not any(space.count.values()):
            return
        if 0 < expected <= most:
            found, users = self.grant(space.pool, first, expected)
            assert (found["fits"], found["wanted"], found["missing"], users) == \
                (expected, expected, 0, expected), f"{found}, {users} users"
        if expected + 3 <= most:
            found, users = self.grant(space.pool, first, expected + 3, status=NONE)
            assert (found["fits"], found["wanted"], found["missing"], users) == \
                (expected, expected + 3, 3, 0), f"{found}, {users} users"

    def compare_by_uid(self, space, said):
        if not any(space.count.values()):
            return
        uids = self.candidates(space)
        states = {uid: self.state(space, uid) for uid in uids}
        free = [uid for uid in uids if states[uid] == "free"]
        bad = [uid for uid in uids if states[uid] in ("blocked", "outside")]
        unfit = bad[0] if bad else uids[-1] + 1
        if states[uids[0]] == "outside":
            unfit = None
        assert (said["fits"], said["first_unfit_uid"]) == (len(free), unfit), \
            f"{said}, not {len(free)}, {unfit}"
        for uid in self.rng.sample(free, min(2, len(free))):
            found, users = self.grant(space.pool, uid, 1)
            assert users == 1 and found["missing"] == 0, f"{uid}: {found}"
        for uid in self.rng.sample(bad, min(2, len(bad))):
            found, users = self.grant(space.pool, uid, 1, status=(NONE, REFUSED))
            assert (found["missing"], found["first_missing_uid"], users) == (1, uid, 0), \
                f"{uid}: {found}"
        if free and bad:
            low, high = min(free[0], bad[0]), max(free[0], bad[0])
            found, _ = self.grant(space.pool, low, high - low + 1, status=(NONE, REFUSED))
            missing = [uid for uid in bad if low <= uid <= high]
            assert (found["missing"], found["first_missing_uid"]) == \
                (len(missing), missing[0]), f"{low}-{high}: {found}"

    def compare(self):
        for space in self.spaces():
            said, _ = self.capacity(space.pool, "list", "--free")
            assert said["by_uid"] == space.by_uid, f"{said}"
            if space.by_uid:
                self.compare_by_uid(space, said)
            else:
                self.compare_first_fit(space, said)

    def __str__(self):
        return "; ".join(f"{name}: " + open(f"{self.directory}/etc/{name}",
                                            encoding="utf-8").read().replace("\n", ", ")
                         for name in ("login.defs", "subid.d/10.conf", "subuid", "subgid",
                                      "passwd", "group"))


def model(box):
    """Random systems."""
    rng, n, wrong = random.Random(21), 20 if quick() else 80, None
    spaces = {False: 0, True: 0}
    for number in range(n):
        system = System(rng, box, f"{box.host.tmpdir}/image")
        try:
            system.compare()
        except AssertionError as error:
            wrong = f"system {number}: {error}; {system}"
            break
        for space in system.spaces():
            spaces[space.by_uid] += 1
    box.report.check(f"{n} systems: what fits is what the model finds and a grant gives",
                     wrong is None, wrong)
    box.report.check("the systems are of both sorts", min(spaces.values()) > n / 5, f"{spaces}")


def site(box):
    """63,000 users with 65,536 ids each: there is room, but three ranges are named."""
    directory = f"{box.host.tmpdir}/site"
    os.makedirs(f"{directory}/etc")
    for name, text in (("login.defs", "".join(
            f"SUB_{kind}_MIN 131072\nSUB_{kind}_MAX 4294967294\nSUB_{kind}_COUNT 65536\n"
            for kind in ("UID", "GID"))), ("passwd", "root:x:0:0::/:/bin/sh\n"),
            ("group", "root:x:0:\n"), ("subuid", ""), ("subgid", "")):
        with open(f"{directory}/etc/{name}", "w", encoding="utf-8") as file:
            file.write(text)
    users = 2000 if quick() else 63000
    result = box.run("grant", "--uids", f"1000-{1000 + users - 1}", "--dry-run", "--json", "-R",
                     directory)
    item = json.loads(result.out)["capacity"][0]
    fits = (NO_ID - 131072) // 65536 - 1
    box.check("there is room for so many", (item["fits"], item["wanted"], item["missing"]),
              (fits, users, 0))
    box.check("... and what is in the way, or a risk", [
        (found["what"], found["kind"], found["first"], found["last"])
        for found in item["in_the_way"]], [
            ("reserved", "both", 2147352576, 2147418111),
            ("chosen", "both", 524288, 1879048191), ("large", "both", 2147483648, 4294967294)])
    result = box.run("list", "--free", "-R", directory)
    box.report.check("... also as text", all(word in result.out for word in (
        f"there is room: {fits}".encode(), b"in the way: ids 2147352576-2147418111: owners of",
        b"can be given, but: ids 524288-1879048191: systemd-nspawn",
        b"can be given, but: ids 2147483648-4294967294: FreeIPA")), f"{result}")
    with open(f"{directory}/etc/login.defs", "a", encoding="utf-8") as file:
        file.write("SUB_UID_DETERMINISTIC yes\n")
    result = box.run("grant", "--uids", "33760-33770", "--dry-run", "-R", directory)
    box.report.check("by uid: the first one without a place", result.status == REFUSED and
                     "there is none: uid 33764" in words(result) and
                     "no room for 1 of them" in words(result), f"{result}")


def main():
    box = subid_box.enter()
    for part in (site, model):
        box.report.part(part, box)
    box.report.finish()


main()
