# SPDX-License-Identifier: BSD-3-Clause
"""Commands on one random host (owner_world.py), and how the ids that newuidmap maps, that each
program lists, and that were removed or granted must relate. The right ids are computed one by
one (name_service.py)."""

import json
import random
import time
from collections import Counter

from name_service import all_lines, any_lines, debian_lines, is_number, our_lines
from owner_world import COUNT, KINDS, UNIVERSE, World

DONE, UNREADABLE, NO_USER, NONE, REFUSED = 0, 3, 6, 7, 20
# causes of doctor for this
NO_RANGE = ("no-range", "other-kind-only")
STEPS = 8           # a host
ASKED = 5           # ids that a map writer is asked for one by one


class Relations:
    """Counts how often each relation was checked and how often it did not hold."""

    def __init__(self, report, title):
        self.report, self.title = report, title
        self.seen, self.bad, self.first, self.where = Counter(), Counter(), {}, ""

    def expect(self, name, holds, *about):
        self.seen[name] += 1
        if not holds:
            self.bad[name] += 1
            self.first.setdefault(name, f"{self.where}: {' | '.join(map(str, about))}")

    def missing(self, names):
        return [name for name in names if not self.seen[name]]

    def finish(self, names):
        """names: the relations that must have been checked."""
        for name in sorted({*names, *self.seen}):
            text = f"{self.title}: {name}"
            if self.bad[name]:
                self.report.fail(text, f"{self.bad[name]} of {self.seen[name]} times; first "
                                       f"{self.first[name]}")
            else:
                self.report.check(f"{text}: {self.seen[name]} times", self.seen[name] > 0,
                                  "never occurs: it proves nothing")


def held(lines, owns, user):
    return set().union(*(line.ids(UNIVERSE) for line in lines if owns(line.owner, user)))


def ids_of(ranges):
    return {number for first, count in ranges for number in UNIVERSE
            if first <= number < first + count}


def has_room(taken):
    free = set(UNIVERSE) - taken
    return any(set(range(first, first + COUNT)) <= free for first in free)


class Trial:
    make_world = World

    def __init__(self, programs, relations, dice):
        self.programs, self.relations, self.dice = programs, relations, dice
        self.world = self.make_world(programs, dice)
        self.accounts, self.known = self.world.accounts, self.world.known
        self.programs.put(self.world.database(), self.world.database())
        self.data = self.programs.get()
        self.expect = relations.expect

    def state(self):
        """The state of the host, for the report of a failure."""
        return (f"passwd {self.world.passwd[256:]!r}",
                f"directory {self.programs.directory.users}")

    # what is right

    def ours(self, data, user):
        return held(our_lines(data), self.accounts.owns, user)

    def debian(self, data, user):
        return held(debian_lines(data), self.accounts.owns_for_debian, user)

    def disputed(self, data):
        """Ids in lines with an owner that is the uid of one user and the name of another."""
        return set().union(*(line.ids(UNIVERSE) for line in any_lines(data)
                             if self.accounts.is_ambiguous(line.owner)))

    def in_dispute(self, data, user):
        """Whether such a line may be the user's."""
        return any(self.accounts.is_ambiguous(line.owner) and self.accounts.owns(
            line.owner, user) for line in any_lines(data))

    def counted(self, data, user, accounts=None):
        """What the verbs count as the user's."""
        lines = [line for line in our_lines(data)
                 if not self.accounts.is_ambiguous(line.owner)]
        return held(lines, (accounts or self.accounts).owns, user)

    def taken(self, data, kind, user=None, lines=any_lines, accounts=None):
        """Ids that any reader gives to another owner, and those of accounts."""
        accounts = accounts or self.accounts
        found = set().union(*(line.ids(UNIVERSE) for line in lines(data)
                              if not (user and accounts.owns(line.owner, user))))
        return found | self.programs.ids_of_accounts(kind, self.accounts)

    # one step

    def begin(self):
        self.lists()
        if any(self.disputed(self.data[kind]) for kind in KINDS):
            self.check()

    def run(self, step):
        """Returns the status, the messages, and the report for a failure."""
        self.programs.prober.rest()
        before = self.data
        if step.program == "library":
            said = self.programs.call(*step.words)
            status = DONE if said.startswith("true") else 1
        else:
            result = self.programs.run(step.program, *step.words)
            status, said = result.status, result.err.decode("utf-8", "backslashreplace")
        self.data = self.programs.get()
        return status, said, (step.words, status, said, f"before {before}",
                              f"after {self.data}", *self.state())

    def step(self):
        step, before = self.world.step(self.data), self.data
        status, said, about = self.run(step)
        user = self.accounts.by_name(step.typed)
        if status != DONE:
            self.expect(f"{step.name}: a command that fails changes nothing",
                        before == self.data, *about)
        if user:
            judge = getattr(self, f"judge_{step.act}")
            judge(step, user, before, self.data, status, said, about)
        elif step.act != "rename" and step.program != "library":
            self.expect(f"{step.name}: an unknown user is refused", status == NO_USER, *about)
        self.maps(user if user and self.dice.random() < 0.7
                  else self.dice.choice(self.world.users))
        if self.dice.random() < 0.5:
            self.lists()
        if self.dice.random() < 0.1:
            self.check()
        if self.dice.random() < 0.03:
            self.doctor()

    # removals

    def judge_take(self, step, user, before, after, status, said, about):
        had, more, dispute = set(), set(), False
        for kind in step.kinds:
            dispute |= self.in_dispute(before[kind], user)
            ids = step.about() - self.disputed(before[kind])
            had |= self.counted(before[kind], user) & ids
            more |= self.debian(before[kind], user) & ids
        if step.name == "revoke" and not had | more:
            self.expect("revoke: what is not held is exit status 7", status == NONE, *about)
        elif not more - had:
            self.expect(f"{step.name}: a removal succeeds", status == DONE, *about)
        if step.name == "usermod-ext" and not had | more and not dispute:
            self.expect("usermod-ext: a note if nothing was held", said, *about)
        if status == DONE:
            self.nothing_left(step, user, before, after, about)
            self.others_keep(step, user, before, after, about)

    def nothing_left(self, step, user, before, after, about):
        for kind in step.kinds:
            gone = self.ours(before[kind], user) | self.debian(before[kind], user)
            gone &= step.about() - self.disputed(before[kind]) - {user.uid, user.gid}
            gone = self.dice.sample(sorted(gone), min(len(gone), ASKED))
            for who in self.programs.map_writers() if gone else ():
                left = self.programs.prober.one_each(who, kind, user, gone)
                self.expect(f"{step.name}: the map writers map nothing that was removed",
                            not left, who, kind, sorted(left), *about)
            self.expect(f"{step.name}: what was not to be removed stays",
                        self.ours(before[kind], user) - step.about()
                        <= self.ours(after[kind], user), kind, *about)

    def others_keep(self, step, user, before, after, about):
        """Lines of other users are unchanged, in their places."""
        for kind in KINDS:
            old, new = (self.lines_of_others(data[kind], user) for data in (before, after))
            self.expect(f"{step.name}: lines of others stay", old == new
                        and (kind in step.kinds or before[kind] == after[kind]), kind, *about)

    def lines_of_others(self, data, user):
        def others(line):
            word = line.split(":")[0]
            return not (self.accounts.owns(word, user)
                        or self.accounts.owns_for_debian(word, user))
        return [line for line in data.decode("utf-8").split("\n") if others(line)]

    # grants

    def judge_give(self, step, user, before, after, status, _, about):
        ids, free = step.about(), True
        for kind in step.kinds:
            new = ids - self.counted(before[kind], user)
            taken = new & self.taken(before[kind], kind, user)
            if status == DONE:
                self.expect(f"{step.name}: a range that is given is mapped",
                            ids <= self.ours(after[kind], user), kind, *about)
                self.expect(f"{step.name}: no id of another user is given", not taken,
                            kind, sorted(taken), *about)
            elif taken:
                self.expect(f"{step.name}: ids of another user are refused",
                            status == REFUSED, kind, *about)
            free &= not new & self.taken(before[kind], kind, user, all_lines)
        if free and not self.is_odd(before, user):
            spelled = any(self.counted(before[kind], user) - self.by_known_names(
                before[kind], user, step.typed) for kind in step.kinds)
            self.expect(f"{step.name}: ids that are the user's by another spelling can be given"
                        if spelled else f"{step.name}: free ids are given", status == DONE,
                        *about)
        self.others_keep(step, user, before, after, about)

    def is_odd(self, data, user):
        """Whether a line with the user's name is or would be ambiguous."""
        return is_number(user.name) or any(self.in_dispute(data[kind], user)
                                           for kind in KINDS)

    def judge_allocate(self, step, user, before, after, status, _, about):
        if self.is_odd(before, user):
            return
        wanted = [kind for kind in step.kinds
                  if not (step.if_missing and self.counted(before[kind], user))]
        for kind in step.kinds:
            new = self.ours(after[kind], user) - self.ours(before[kind], user)
            taken = self.taken(before[kind], kind)
            if kind not in wanted:
                self.expect(f"{step.name}: who has a range gets no other one",
                            before[kind] == after[kind], kind, *about)
            elif status == DONE:
                self.expect(f"{step.name}: a new range has the usual size",
                            len(new) == COUNT, kind, sorted(new), *about)
                self.expect(f"{step.name}: no id of any user is given",
                            not new & taken, kind, sorted(new & taken), *about)
                self.not_shared(step, kind, user, new, about)
        if all(has_room(self.taken(before[kind], kind, None, all_lines)) for kind in wanted):
            self.expect(f"{step.name}: where there is room a range is given",
                        status == DONE, *about)
        self.others_keep(step, user, before, after, about)

    def not_shared(self, step, kind, user, new, about):
        """No map writer maps the new ids for another user."""
        other = self.dice.choice([found for found in self.world.users if found.uid != user.uid])
        wide = any(self.accounts.owns_for_debian(line.owner, other)
                   and line.last > 2 * UNIVERSE[-1] for line in debian_lines(self.data[kind]))
        for who in self.programs.map_writers() if not wide else ():
            found = self.programs.prober.one_each(who, kind, other, new)
            self.expect(f"{step.name}: no map writer maps a new id for another user",
                        not found, who, other, sorted(found), *about)

    def judge_rename(self, step, user, before, after, status, _, about):
        old = step.words[1]
        if status != DONE:
            return
        found = self.accounts.by_name(old)
        self.expect("rename: two users are not one", not found or found.uid == user.uid, *about)
        for kind in KINDS:
            lines = our_lines(before[kind])
            ids = held([line for line in lines if line.owner == old], lambda *_: True, user)
            own = self.counted(b"\n".join(
                line for line in before[kind].split(b"\n")
                # lines by uid stay the user's under any name
                if line.split(b":")[0] not in (old.encode(), b"%d" % user.uid)), user)
            if ids and not found:
                self.expect("rename: who has a range gets no other one", not own, *about)
            self.expect("rename: the ranges follow", ids <= self.ours(after[kind], user),
                        kind, *about)

    # what newuidmap maps, and what programs list

    def maps(self, user):
        kind = self.dice.choice(KINDS)
        right = self.ours(self.data[kind], user)
        about = (kind, user, sorted(right), self.data[kind], *self.state())
        self.expect("newuidmap maps what the rule says",
                    self.programs.prober.all_at_once("ours", kind, user, right), *about)
        wrong = sorted(set(UNIVERSE) - right - {user.uid, user.gid})
        wrong = self.dice.sample(wrong, min(3, len(wrong)))
        found = self.programs.prober.one_each("ours", kind, user, wrong)
        self.expect("newuidmap maps nothing else", not found, sorted(found), *about)

    def lists(self):
        user, kind = self.dice.choice(self.world.users), self.dice.choice(KINDS)
        typed = self.world.word_for(user)
        if self.dice.random() < 0.2 and not self.accounts.by_name(
                str(user.uid)) and self.programs.library.uid_is_user():
            typed = str(user.uid)
        for program, ask in (("getsubids", self.ask_getsubids), ("the library", self.ask_library),
                             ("list", self.ask_list), ("map", self.ask_map)):
            found, said = ask(kind, typed)
            about = (kind, typed, user, f"found {sorted(found)}", said, self.data,
                     *self.state())
            self.judge_list(program, kind, user, typed, found, about)

        self.owners(kind)
        if self.dice.random() < 0.3:
            self.strangers(kind, self.dice.choice(self.world.strangers))

    def owners(self, kind):
        """The owners of an id, by the library."""
        lines = our_lines(self.data[kind])
        number = self.dice.choice([line.first for line in lines] or UNIVERSE)
        answer = self.programs.call("owners", kind, number)
        found = {int(word) for word in answer.split(" ")[1:]}
        words = {line.owner for line in lines if line.first <= number <= line.last}
        right = {user.uid for user in self.accounts.everyone()
                 if any(self.accounts.owns(word, user) for word in words)}
        right |= {int(word) for word in words if is_number(word)}
        about = (kind, number, answer, sorted(right), self.data, *self.state())
        self.expect("the library: owners are the users that newuidmap lets map the id",
                    found <= right, *about)
        if not any(self.accounts.is_ambiguous(word) for word in words):
            local = {self.accounts.local_by_name(word).uid for word in words
                     if self.accounts.local_by_name(word)}
            self.expect("the library: local owners are found", local <= found, *about)

    def strangers(self, kind, typed):
        """Owners without an account are answered by string."""
        if self.accounts.by_name(typed):
            return
        right = held([line for line in our_lines(self.data[kind]) if line.owner == typed],
                     lambda *_: True, None)
        for program, ask in (("getsubids", self.ask_getsubids), ("the library", self.ask_library),
                             ("list", self.ask_list)):
            found, said = ask(kind, typed)
            self.expect(f"{program}: an owner without account is one string", found == right,
                        kind, typed, sorted(found), said, self.data, *self.state())

    def judge_list(self, program, kind, user, typed, found, about):
        data = self.data[kind]
        if program == "map" and not found and not (
                self.has_map(user, typed) and self.is_mappable(user)):
            return
        counted, by_name = self.counted(data, user), self.by_known_names(data, user, typed)
        self.expect(f"{program}: nothing that newuidmap does not map",
                    found <= self.ours(data, user), *about)
        if by_name:
            self.expect(f"{program}: what is found without a question", by_name <= found,
                        *about)
        elif counted:
            self.expect(f"{program}: the service is asked where nothing is found",
                        counted <= found, *about)
        if program in ("list", "map"):
            self.expect(f"{program}: what only the service knows is found as well",
                        counted <= found, *about)
            self.expect(f"{program}: lines in dispute are not counted", found <= counted,
                        *about)

    def by_known_names(self, data, user, typed):
        names = self.accounts.known_names(user, typed)
        return held([line for line in our_lines(data) if line.owner in names
                     and not self.accounts.is_ambiguous(line.owner)], lambda *_: True, user)

    def has_map(self, user, typed):
        """Whether the user has ids of both kinds, or by known names none of either."""
        return all(self.by_known_names(self.data[kind], user, typed) for kind in KINDS) or all(
            self.counted(self.data[kind], user)
            and not self.by_known_names(self.data[kind], user, typed) for kind in KINDS)

    def is_mappable(self, user):
        """Whether no two lines of the user have the same id, nor one the user's own."""
        for kind in KINDS:
            found = [number for line in our_lines(self.data[kind])
                     if self.accounts.owns(line.owner, user)
                     for number in line.ids(UNIVERSE)]
            if len(found) != len({*found} - {user.uid, user.gid}):
                return False
        return True

    def ask_getsubids(self, kind, typed):
        result = self.programs.run("getsubids", *(["-g"] if kind == "gid" else []), typed)
        rows = [line.split(" ") for line in result.out.decode().splitlines()]
        return ids_of((int(row[-2]), int(row[-1])) for row in rows), result

    def ask_library(self, kind, typed):
        answer = self.programs.call("get", kind, typed)
        return ids_of(tuple(map(int, word.split(":")))
                      for word in answer.split(" ")[1:]), answer

    def ask_list(self, kind, typed):
        result = self.programs.run("subid", "list", f"-{kind[0]}", "--json", typed)
        rows = json.loads(result.out or "{}").get("ranges", ())
        return ids_of((row["first"], row["count"]) for row in rows), result

    def ask_map(self, kind, typed):
        result = self.programs.run("subid", "map", "--json", typed)
        rows = json.loads(result.out or "{}").get("extents", ())
        return ids_of((row["outside"], row["count"]) for row in rows
                      if row["kind"] == kind and row["inside"] > 0), result

    # check and doctor

    def check(self):
        result = self.programs.run("subid", "check", "--all", "--json")
        found = json.loads(result.out or "{}").get("findings", ())
        about = (result, self.data, *self.state())
        for row in found:
            # of ids of two owners one owner loses them, also one who exists
            cure = row["cure"] or ""
            if "revoke" in cure and ("--range" not in cure or "--no-account" in cure):
                self.expect("check: revoke is offered for owners who do not exist",
                            not self.exists(row["owner"]), row, *about)
        for kind in KINDS:
            self.check_lines(our_lines(self.data[kind]), found, about)

    def exists(self, word):
        return self.accounts.by_name(word) or (
            is_number(word) and self.accounts.by_uid(int(word)))

    def check_lines(self, lines, rows, about):
        for line in lines:
            if self.accounts.is_ambiguous(line.owner):
                self.expect("check: a line in dispute is an error", any(
                    row["owner"] == line.owner and row["severity"] == "error"
                    and row["code"] == "ambiguous-owner" for row in rows), line, *about)
            if not self.exists(line.owner):
                self.expect("check: an owner who does not exist is reported", any(
                    row["owner"] == line.owner and row["code"] in ("no-account", "owner-odd")
                    for row in rows), line, *about)
            if not is_number(line.owner):
                self.expect("check: another spelling of a user is reported, and no other name",
                            self.is_spelling(line.owner) == any(
                                row["code"] == "spelling" and row["severity"] == "note"
                                and row["owner"] == line.owner for row in rows), line, *about)

    def is_spelling(self, word):
        """Whether the name service has another login name for the user, which a line can
        have. Of several local names each is one."""
        user = self.accounts.by_name(word)
        named = user and not is_number(user.name) and self.accounts.by_name(user.name)
        return bool(named and user.name != word and named.uid == user.uid)

    def doctor(self):
        user = self.dice.choice(self.world.users)
        env = {"PATH": self.programs.host.subjects["ours", "setuid"].directory
               + ":/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        result = self.programs.run("subid", "doctor", "--json", self.world.word_for(user),
                                   env=env)
        rows = {row["kind"]: row for row in json.loads(result.out or "{}").get("links", ())
                if row["link"] == "ranges"}
        for kind in KINDS:
            counted = self.counted(self.data[kind], user)
            if kind in rows and not self.in_dispute(self.data[kind], user):
                self.expect("doctor: reports no range only if there is none",
                            rows[kind]["cause"] not in NO_RANGE if counted
                            else rows[kind]["state"] == "broken", user, kind, rows[kind],
                            self.data, *self.state())


def run_trials(make, programs, relations, seed, seconds, least, only=None, wanted=()):
    """Commands on one host after the other until the time is over, on at least so many and,
    if a relation was not checked, on up to three times as many. Returns what was run."""
    begin, number = time.monotonic(), 0
    while time.monotonic() - begin < seconds or number < least or (
            number < 3 * least and relations.missing(wanted)):
        number += 1
        relations.where = f"host {seed}/{only or number}"
        trial = make(programs, relations, random.Random(f"{seed}/{only or number}"))
        trial.begin()
        for _ in range(STEPS):
            trial.step()
        if only:
            break
    return f"{number * STEPS} commands on {number} hosts from seed {seed}"
