#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The owner of a line: one rule for all programs. Random hosts and commands, with a name service
that answers (owner_trial.py) and with one that is silent (owner_silent.py).

SUBID_SEED starts another sequence (the default is always the same), SUBID_SECONDS limits
the time, SUBID_WORLD is the number of the only host to be made."""

import os

import name_service
from host import Report, quick
from owner_silent import SilentTrial
from owner_trial import Relations, run_trials

LEAST = 40          # the smallest number of hosts, on any machine

# the relations that must have been checked
PROGRAMS = {
    "revoke": ("the map writers map nothing that was removed", "lines of others stay",
               "what was not to be removed stays", "a command that fails changes nothing",
               "what is not held is exit status 7", "an unknown user is refused"),
    "usermod-ext": ("the map writers map nothing that was removed", "lines of others stay",
                    "a note if nothing was held", "an unknown user is refused",
                    "no id of any user is given", "no id of another user is given",
                    "who has a range gets no other one"),
    "library": ("the map writers map nothing that was removed", "lines of others stay",
                "no id of any user is given"),
    "the library": ("owners are the users that newuidmap lets map the id",
                    "local owners are found", "an owner without account is one string"),
    "grant": ("no id of any user is given", "no id of another user is given",
              "who has a range gets no other one", "where there is room a range is given",
              "no map writer maps a new id for another user"),
    "rename": ("the ranges follow", "who has a range gets no other one"),
    "check": ("revoke is offered for owners who do not exist",
              "a line in dispute is an error",
              "another spelling of a user is reported, and no other name",
              "an owner who does not exist is reported"),
    "doctor": ("reports no range only if there is none",),
    "newuidmap": ("maps what the rule says", "maps nothing else"),
}
# and for each program that lists
LISTS = ("nothing that newuidmap does not map", "what is found without a question",
         "the service is asked where nothing is found")


def wanted():
    found = [f"{program}: {name}" for program in ("getsubids", "the library", "list", "map")
             for name in LISTS]
    for program, names in PROGRAMS.items():
        separator = " " if program == "newuidmap" else ": "
        found += [f"{program}{separator}{name}" for name in names]
    return [*found, *SilentTrial.WANTED]


def main():
    report = Report()
    programs = name_service.Programs(report)
    relations = Relations(report, "owner rule")
    seed = os.environ.get("SUBID_SEED", "20261129")
    seconds = float(os.environ.get("SUBID_SECONDS", "25" if quick() else "120"))
    only = os.environ.get("SUBID_WORLD")
    done = run_trials(SilentTrial, programs, relations, seed, seconds, LEAST, only, wanted())
    relations.finish(() if only else wanted())
    report.ok(f"owner rule: {done}")
    report.finish()


main()
