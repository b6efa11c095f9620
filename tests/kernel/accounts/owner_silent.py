# SPDX-License-Identifier: BSD-3-Clause
"""Commands of owner_trial.py while the name service is silent: unknown is not "no"."""

import json

from host import SILENT
from name_service import all_lines, excessive_lines, is_number, our_lines
from owner_trial import DONE, NONE, NO_USER, REFUSED, UNREADABLE, Trial, held
from owner_world import KINDS

CALLS = ("getsubids", "the library", "list", "map")


class SilentTrial(Trial):
    WANTED = (
        "silent: revoke: an unknown line stops it with 3",
        "silent: revoke: names the lines that it does not know",
        "silent: revoke: without such a line it continues",
        "silent: revoke: a user who may exist is exit status 3",
        "silent: usermod-ext: continues with the known names",
        "silent: usermod-ext: names the lines that it does not know",
        "silent: usermod-ext: a user who may exist is not known",
        "silent: library: an unknown line makes it fail",
        "silent: grant: a user who may exist is exit status 3",
        "silent: grant: a local user gets ids, with a message",
        "silent: usermod-ext: a local user gets ids, with a message",
        "silent: rename: changes nothing, and exits with 3",
        "silent: newuidmap maps what is known",
        "silent: check: no line is offered for removal",
        "silent: check: ends with 3",
        *(f"silent: {program}: what is found stands" for program in CALLS),
        *(f"silent: {program}: unknown is not none" for program in CALLS),
    )

    def step(self):
        if self.dice.random() < 0.7:
            super().step()
            return
        step, before = self.world.step(self.data, self.dice.random() < 0.6), self.data
        word, number = self.dice.choice(SILENT)
        if step.program == "library":
            word = "unavail"
        self.programs.directory.mode(word, number)
        try:
            status, said, about = self.run(step)
            about = (f"{word} {number}", *about)
            if status != DONE:
                self.silently(f"{step.name}: a command that fails changes nothing",
                              before == self.data, about)
            user = self.known.by_name(step.typed)
            if not user:
                self.unknown_user(step, before, status, said, about)
            else:
                getattr(self, f"silent_{step.act}")(step, user, before, status, said, about)
            if word != "crash":
                self.silent_maps()
                self.silent_lists()
            if self.dice.random() < 0.2:
                self.silent_check()
        finally:
            self.programs.directory.mode()

    def silently(self, name, holds, about):
        self.expect(f"silent: {name}", holds, *about)

    def lines_unknown(self, data, step, lines):
        """Lines with ids of the command that have an owner only the service may know."""
        return [line for line in lines(data) if self.accounts.is_unknown(line.owner)
                and (step.ids is None or line.first <= step.ids[1]
                     and line.last >= step.ids[0])]

    def unknown_user(self, step, before, status, said, about):
        self.silently(f"{step.name}: nothing is changed for a user who may exist",
                      before == self.data, about)
        if step.program == "subid":
            self.silently(f"{step.name}: a user who may exist is exit status 3",
                          status == UNREADABLE and said, about)
        elif step.program == "usermod-ext":
            self.silently(
                "usermod-ext: a user who may exist is not known", status == NO_USER
                and said.startswith(f"usermod-ext: user '{step.typed}' is not known: "
                                    "the name service "), about)

    # removals

    def silent_take(self, step, user, before, status, said, about):
        sure, perhaps = ([line for kind in step.kinds
                          for line in self.lines_unknown(before[kind], step, lines)]
                         for lines in (our_lines, all_lines))
        if step.name == "usermod-ext":
            self.goes_on(step, user, before, status, about)
            if sure:
                self.silently("usermod-ext: names the lines that it does not know",
                              all(line.owner in said for line in sure), about)
        elif step.program == "library":
            if sure:
                self.silently("library: an unknown line makes it fail",
                              status != DONE, about)
        elif sure:
            self.silently("revoke: an unknown line stops it with 3",
                          status == UNREADABLE, about)
            self.silently("revoke: names the lines that it does not know",
                          all(line.owner in said for line in sure), about)
        elif not perhaps and not any(self.accounts.is_unknown(line.owner) for kind in step.kinds
                                     for line in excessive_lines(before[kind])):
            self.silently("revoke: without such a line it continues", status in (DONE, NONE),
                          about)
            if status == DONE:
                self.goes_on(step, user, before, status, about)

    def goes_on(self, step, user, before, status, about):
        for kind in step.kinds:
            left = held(our_lines(self.data[kind]), self.known.owns, user)
            left &= step.about() - self.disputed(before[kind])
            self.silently(f"{step.name}: continues with the known names",
                          status == DONE and not left, (kind, sorted(left), *about))

    # grants

    def silent_give(self, step, user, before, status, said, about):
        free = True
        for kind in step.kinds:
            new = step.about() - held(our_lines(before[kind]), self.known.owns, user)
            free &= not new & self.taken(before[kind], kind, user, all_lines, self.known)
        if free and not self.is_odd(before, user):
            self.silently(f"{step.name}: a local user gets ids, with a message", status == DONE
                          and (before == self.data or "name service" in said), about)
        elif before != self.data:
            self.silently(f"{step.name}: nothing is given without a word",
                          "name service" in said, about)

    def silent_allocate(self, step, user, before, status, said, about):
        if self.is_odd(before, user):
            return
        for kind in step.kinds:
            if step.if_missing and self.counted(before[kind], user, self.known):
                self.silently(f"{step.name}: who has a range gets no other one",
                              before[kind] == self.data[kind], (kind, *about))
        # the ten calls cannot report it
        if before != self.data and step.program != "library":
            self.silently(f"{step.name}: a local user gets ids, with a message",
                          status == DONE and "name service" in said, about)

    def silent_rename(self, step, user, before, status, said, about):
        old = self.known.by_name(step.words[1])
        # renaming between two names of one user needs no lookup
        if old and old.uid == user.uid:
            return
        if step.typed != step.words[1] and not is_number(step.typed) and any(
                self.lines_unknown(before[kind], step, our_lines) for kind in KINDS):
            # two users of this system are different users for any service
            self.silently("rename: changes nothing, and exits with 3", before == self.data
                          and status in (UNREADABLE, NONE, *((REFUSED,) if old else ()))
                          and said, about)

    # what is mapped and listed

    def silent_maps(self):
        user, kind = self.dice.choice(self.world.local), self.dice.choice(KINDS)
        right = held(our_lines(self.data[kind]), self.known.owns, user)
        self.silently("newuidmap maps what is known",
                      self.programs.prober.all_at_once("ours", kind, user, right),
                      (kind, user, sorted(right), self.data[kind], *self.state()))

    def silent_lists(self):
        user, kind = self.dice.choice(self.world.local), self.dice.choice(KINDS)
        typed = self.world.word_for(user, self.known)
        for program, ask in zip(CALLS, (self.ask_getsubids, self.ask_library, self.ask_list,
                                        self.ask_map)):
            found, said = ask(kind, typed)
            about = (kind, typed, f"found {sorted(found)}", said, self.data, *self.state())
            self.judge_silent_list(program, kind, user, found, said, about)

    def judge_silent_list(self, program, kind, user, found, said, about):
        data = self.data[kind]
        known = self.counted(data, user, self.known)
        unknown = [line for line in our_lines(data) if self.accounts.is_unknown(line.owner)]
        if self.is_odd(self.data, user):
            return
        if known and (program != "map" or self.is_mapped(user)):
            self.silently(f"{program}: what is found stands", found == known, about)
        elif not known and unknown:
            self.silently(f"{program}: unknown is not none", not found
                          and says_unknown(program, said), about)

    def silent_check(self):
        result = self.programs.run("subid", "check", "--json")
        rows = json.loads(result.out or "{}").get("findings", ())
        wrong = [row for row in rows if row["owner"] and "revoke" in (row["cure"] or "")
                 and self.accounts.is_unknown(row["owner"])]
        about = (wrong, result, self.data, *self.state())
        self.silently("check: no line is offered for removal", not wrong, about)
        if any(self.accounts.is_unknown(line.owner) for kind in KINDS
               for line in our_lines(self.data[kind])):
            self.silently("check: ends with 3", result.status == UNREADABLE, about)

    def is_mapped(self, user):
        return self.is_mappable(user) and all(
            self.counted(self.data[kind], user, self.known) for kind in KINDS)


def says_unknown(program, said):
    """Whether a program has not reported "none"."""
    if program == "the library":
        return said == "-1"
    if program == "getsubids":
        return said.status == 1 and b"no subordinate ids are" not in said.err
    return said.status == UNREADABLE
