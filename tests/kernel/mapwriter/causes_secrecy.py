# SPDX-License-Identifier: BSD-3-Clause
"""A message has nothing that the caller could not find out without the program: it does not
depend on files and processes that the caller cannot read."""

import os
import re

from explain import (ASK, EACCES, GRANT, NO_TARGET, WRONG_OWNER, Cases, cannot_open, cure_in,
                     denied)
from host import ANNA, ELSA, Target, mount, require, root_shell

CASES = Cases()
case = CASES.case

MALFORMED = "elsa:x:1\n"
# databases that grant elsa the same ids, with other lines that a message could show
SAME_GRANTS = {
    "nothing": ("", ["", "anna:100000:65536\n", "anna:100500:10\nbob:100990:65536\n",
                     MALFORMED, "# elsa\n" * 7 + "elsa:0100000:1\n", "5001:1:x\n",
                     "anna:0:4294967295\n", "nobody-knows:100000:1000\n"]),
    "a part": ("elsa:100000:100\n", ["", "anna:100100:5\n", MALFORMED, "anna:100000:65536\n"]),
    "the other kind": ("", ["anna:100000:1\n", MALFORMED]),
    "other ids": ("elsa:900000:10\n", ["", "anna:100000:65536\n", MALFORMED]),
}


def message(s, ask, **options):
    """The message of a run, without the number of the target."""
    s.run(ask, **options)
    require(s.result.status == 1, f"status {s.result.status}")
    s.hints()
    return re.sub(rf"\b(target|process) {s.words[0]}\b", r"\1 PID", s.result.err.decode())


def same(messages):
    """Requires that all values of the dictionary are equal."""
    reference, *others = messages.items()
    for name, text in others:
        require(text == reference[1], f"{name!r} differs from {reference[0]!r}: {text!r} "
                                      f"and {reference[1]!r}")


def names_no_other(text):
    found = re.search(r"anna|bob|nobody|\bline\b|elsatwin", text)
    require(found is None, f"{text!r} names {found}")


@case("databases of mode 0600 that grant the same", installs=("setuid",))
def _(s):
    for mode in (0o600, 0o640, 0o400):
        for name, (grants, others) in SAME_GRANTS.items():
            answers = {}
            for more in others:
                for where in (grants + more, more + grants):
                    for other in ("", GRANT, "anna:1:1\n", MALFORMED):
                        s.database(where, other, mode)
                        answers[where, other] = message(s, ASK)
            same(answers)
            names_no_other(next(iter(answers.values())))


@case("databases of mode 0600 for file capabilities", "FILE_UNREADABLE", installs=("fcaps",))
def _(s):
    answers = {}
    for content in ("", GRANT, "anna:100000:65536\n", MALFORMED):
        for other in ("", GRANT):
            s.database(content, other, 0o600)
            s.refused(ASK, cannot_open(EACCES), "FILE_UNREADABLE", error=EACCES)
            answers[content, other] = message(s, ASK)
    same(answers)


@case("the other database alone is of mode 0600", "NOT_DELEGATED")
def _(s):
    answers = {}
    for content in ("", GRANT, "anna:100000:65536\n"):
        s.database("anna:300000:1\n", content)
        os.chmod(s.other_file, 0o600)
        s.refused(ASK, denied("0-1000", "100000-101000"), "NOT_DELEGATED")
        answers[content] = message(s, ASK)
    same(answers)


@case("a cure for a database of mode 0600 grants no ids of others", installs=("setuid",))
def _(s):
    """The owner is not named, but the command does not overlook its line."""
    for content in ("anna:100000:65536\n", "anna:100500:1\n"):
        s.database(content, mode=0o600)
        message(s, ASK)
        found = root_shell(s.host, cure_in(s.hints()[-1]))
        with open(s.file) as file:
            require(found.returncode != 0 and file.read() == content, f"it is done: {found}")


@case("a group of the caller may read the database", "NOT_DELEGATED", "LINE_MALFORMED",
       installs=("setuid",))
def _(s):
    """Supplementary groups count, as in other programs of the caller."""
    def files(content):
        s.database(content, mode=0o640, owner=(0, 6000))
    denied_range = denied("0-1000", "100000-101000")
    taken = "usermod-ext -S elsa"
    files("anna:100000:65536\n")
    s.refused(ASK, denied_range, "NOT_DELEGATED", missing="100000-100999")
    s.caller = ELSA._replace(groups=(6000,))
    s.refused(ASK, denied_range, "NOT_DELEGATED", taken, line=1, owner="anna")
    files("\n" + MALFORMED)
    s.refused(ASK, denied_range, "LINE_MALFORMED", line=2,
              reason="the start is not a plain decimal number")


# --- processes of others ---

STATES = ("ns", "plain", "zombie", "nondumpable", "mapped", "grandchild", "denied")


@case("processes of others under hidepid", "TARGET_GONE")
def _(s):
    s.database(GRANT)
    hidden = {state: s.host.target(state, ANNA) for state in STATES}
    hidden["process 1"] = Target(1)
    dead = s.host.target("dead", ELSA)
    for options in ("hidepid=2", "hidepid=4"):
        mount("proc", "/proc", "proc", 0, options)
        for ask in (ASK, "PID 0 5001 1", "PID 0 5002 1", "PID 0 700000 5"):
            s.refused(ask, NO_TARGET, "TARGET_GONE", target=dead)
            answers = {"no process": message(s, ask, target=dead)}
            for state, target in hidden.items():
                answers[state] = message(s, ask, target=target)
            same(answers)


@case("processes of others under hidepid=1", "OTHER_USER")
def _(s):
    """Every user can see their owner, and nothing else."""
    s.database(GRANT)
    hidden = {state: s.host.target(state, ANNA) for state in STATES}
    mount("proc", "/proc", "proc", 0, "hidepid=1")
    answers = {}
    for state, target in hidden.items():
        shown = s.host.run("/usr/bin/stat", ["-c", "%u %g", f"/proc/{target.pid}"], ELSA)
        require(shown.out == b"5002 5002\n", f"harness: {shown}")
        owner = dict(pw_uid=5001, st_uid=5002, pw_gid=5001, st_gid=5002)
        s.refused(ASK, (WRONG_OWNER, owner), "OTHER_USER", owner=5002, target=target)
        answers[state] = message(s, ASK, target=target)
    same(answers)


@case("processes of others", "OTHER_USER")
def _(s):
    """Without hidepid: their state and their namespace are not shown."""
    s.database(GRANT)
    answers = {}
    for state in STATES:
        s.owner, s.kind_of_target = ANNA, state
        owner = dict(pw_uid=5001, st_uid=5002, pw_gid=5001, st_gid=5002)
        s.refused(ASK, (WRONG_OWNER, owner), "OTHER_USER", owner=5002)
        answers[state] = message(s, ASK)
    same(answers)
