#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Random small databases and extent lists, with our map writers and Debian's. Each
answer must be that of the brute-force model; where the two models agree, the programs must
agree, too. For a granted map the kernel must report exactly the requested map.

SUBID_SEED starts another sequence (the default is always the same), SUBID_SECONDS limits
the time (each verdict occurs among the first 500 requests of the default sequence).
"""

import os
import random
import re
import time
from collections import Counter

import model
from host import ELSA, Report, enter, quick
from peers import Peer

OWNERS = {b"elsa", b"5001", b"elsatwin"}
# few ids, so that ranges touch, overlap and miss by one: around elsa's own, and at both
# ends of the id space
PLACES = (4996, 4996, 4996, 4996, 0, 0, 4294967286)
SPREAD = 10
LAST_INNER = 4294967295
LEAST = 500         # the smallest number of requests: each verdict occurs among them
WANTED = ("granted", "not allowed", "overflow", "Invalid argument", "not permitted")


def some_id(dice):
    place = dice.choice(PLACES)
    # outer id 0 is special, so it occurs more often
    return place + dice.randrange(SPREAD if place else dice.choice((1, SPREAD)))


def some_line(dice):
    """A line of the database, well formed most of the time."""
    owner = dice.choice((b"elsa", b"elsa", b"5001", b"elsatwin", b"anna", b"5002", b"ghost",
                         b"root", b"els", b"elsaa"))
    start = b"%d" % some_id(dice)
    count = b"%d" % dice.choice((1, 1, 2, 2, 3, 3, 4, 5, 7, 0))
    line = b"%s:%s:%s" % (owner, start, count)
    if dice.random() < 0.75:
        return line
    fields = [owner, start, count]
    form = dice.randrange(14)
    place = dice.randrange(3)
    if form == 0:
        fields[place] = b"0" + fields[place]
    elif form == 1 and place > 0:
        fields[place] = hex(int(fields[place])).encode()
    elif form == 2 and place > 0:
        fields[place] = b"0%o" % int(fields[place])
    elif form == 3:
        fields[place] = dice.choice((b"+", b"-", b" ", b"\t", b"\r", b" +")) + fields[place]
    elif form == 4:
        fields[place] += dice.choice((b" ", b"\r", b"x", b"\t", b".0"))
    elif form == 5:
        fields[place] = b""
    elif form == 6:
        fields.append(dice.choice((b"", b"x", b"1")))
    elif form == 7:
        del fields[place]
    elif form == 8 and place > 0:
        more = dice.choice((2**32, 2**63, 2**64 - 1, 2**64))
        fields[place] = b"%d" % (int(fields[place]) + more)
    elif form == 9:
        at = dice.randrange(len(line) + 1)
        return line[:at] + b"\0" + line[at:]
    elif form == 10:
        return b"#" + line
    elif form == 11:
        return b""
    elif form == 12:
        fields[1:] = [b"0", b"0"]
    elif form == 13:
        return b"x" * dice.choice((100, 4096, 9000)) + line
    return b":".join(fields)


def some_database(dice):
    data = b"\n".join(some_line(dice) for _ in range(dice.randrange(1, 9)))
    return data + (b"\n" if dice.random() < 0.85 else b"")


def some_extents(dice, data):
    """One to six extents, most of them about what the database grants."""
    near = [(grant.first, grant.last - grant.first + 1)
            for grant in model.strict_grants(data) if grant.owner in OWNERS]
    near.append((ELSA.uid, 1))
    extents = []
    inner = 0
    for _ in range(dice.choice((1, 1, 1, 2, 2, 3, 4, 6))):
        outer, length = dice.choice(near)
        outer += dice.choice((0, 0, 0, 0, 1, 1, 2, -1))
        count = dice.choice((1, 1, 2, min(length, 5), min(length + 1, 6), length % 5))
        if dice.random() < 0.1:
            outer = some_id(dice)
        extents.append((inner, max(outer, 0), count))
        # inner ids mostly with gaps, sometimes adjacent, overlapping or at the end
        inner += dice.choice((count, count, count, count + 1, count + 5, max(count - 1, 0)))
        if dice.random() < 0.02:
            inner = LAST_INNER - dice.randrange(4)
    dice.shuffle(extents)
    return extents


def shown(data):
    """The database for a message, without the long runs in it."""
    return re.sub(r"x{100,}", lambda found: f"<{len(found[0])} x>", repr(data))


class Trial:
    """One database and one request, through one program in one install."""

    def __init__(self, host, kind, install, extents):
        self.host = host
        self.kind = kind
        self.install = install
        self.extents = extents

    def ask(self, who):
        """Returns what happened, in the words of the model."""
        host = self.host
        subject = host.subjects[who, self.install]
        target = host.target("ns", ELSA)
        words = [str(number) for extent in self.extents for number in extent]
        result = host.run(subject.path(f"new{self.kind}idmap"), [str(target.pid), *words])
        found = target.map(self.kind)
        denied = target.setgroups() == "deny"
        if not found and not denied:
            host.give_back(target, "ns", ELSA)
        return model.Answer(result.status, result.line.replace(
            f"new{self.kind}idmap", "new{k}idmap").replace(
            f"{self.kind}id", "{k}id"), tuple(sorted(found)), denied)


def normal(answer):
    return answer._replace(line=answer.line.replace("sub{k}id", "subuid"))


def main():
    host = enter()
    report = Report()
    seed = int(os.environ.get("SUBID_SEED", "20130815"))
    seconds = float(os.environ.get("SUBID_SECONDS", "8" if quick() else "55"))
    dice = random.Random(seed)
    has_oracle = ("debian", "setuid") in host.subjects
    peer = Peer()
    verdicts, differences = Counter(), 0
    failures = number = 0
    end = time.monotonic() + seconds
    while (time.monotonic() < end or number < LEAST) and failures < 10:
        data = some_database(dice)
        for kind in "ug":
            host.write(f"/etc/sub{kind}id", data)
        for _ in range(4):
            number += 1
            trial = Trial(host, dice.choice("ug"), dice.choice(("setuid", "fcaps")),
                          some_extents(dice, data))
            about = (trial.kind, trial.install, data, OWNERS, ELSA.uid, trial.extents)
            expected = model.ours(*about)
            found = normal(trial.ask("ours"))
            verdicts[expected.verdict] += 1
            name = f"random {seed}/{number} {trial.kind}/{trial.install}"
            words = " ".join(f"{a} {b} {c}" for a, b, c in trial.extents)
            if found != expected:
                failures += 1
                report.fail(name, f"database {shown(data)}, request '{words}': {found}, "
                                  f"the model says {expected}")
            if not has_oracle:
                continue
            theirs = normal(trial.ask("debian"))
            predicted = model.debian(*about, peer.known)
            differences += predicted != expected
            if theirs != predicted:
                failures += 1
                report.fail(f"{name} (Debian's)",
                            f"database {shown(data)}, request '{words}': {theirs}, the "
                            f"model of it says {predicted}")
    if failures == 0:
        report.ok(f"random: {number} requests from seed {seed}, as the model says, and as "
                  f"Debian's but for {differences} that the model predicts")
    if has_oracle:
        report.row(peer.name, "map writers, random requests", f"{number - differences} equal",
                   f"{differences} different")
    for verdict in WANTED:
        report.check(f"random: {verdict}: {verdicts[verdict]} times", verdicts[verdict] > 0,
                     "never occurs: the random cases prove too little")
    if not has_oracle:
        report.skip("random: Debian's", "its newuidmap and newgidmap are not installed")
    report.finish()


main()
