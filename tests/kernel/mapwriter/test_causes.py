#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Every cause of a refusal, brought about for real: it is named first, and when its cure
is carried out, as it is printed, while the caller is logged in and has a process in a
container, the map is written. A word in SUBID_SCENES selects the scenes whose name contains
it."""

import os
import re

import scenes_database
import scenes_kernel
import scenes_request
import scenes_secrecy
import scenes_sources
import scenes_words
from cures import NO_COMMAND, SOMETIMES
from explain import SENTENCES, Stage
from host import COMMANDS, TOP, Report, enter, quick
from subid_box import manual, said_in

MODULES = (scenes_request, scenes_sources, scenes_database, scenes_kernel, scenes_secrecy,
           scenes_words)


def check_complete(report):
    """Every cause of the map writers has a sentence here, and a scene. Those of the host
    are test_subid_doctor.py's."""
    with open(f"{TOP}/explain/causes.h") as file:
        causes = re.findall(r"^\tCAUSE_([A-Z_]+)(?: = 1)?,$", file.read(), re.M)
    of_host = []
    for name in ("host", "kubelet"):
        with open(f"{TOP}/explain/causes-{name}.c") as file:
            of_host += re.findall(r"^\t\{ CAUSE_([A-Z_]+),", file.read(), re.M)
    causes = [cause for cause in causes if cause not in of_host]
    report.check("every cause has its sentences", list(SENTENCES) == causes,
                 f"{set(causes) ^ SENTENCES.keys() or 'another order'}")
    met = {cause for module in MODULES for play in module.PLAYS for cause in play.causes}
    report.check("every cause has a scene", met == set(causes), f"{set(causes) ^ met}")


def check_cures(report, fixed, shown):
    """A command fixes every cause, but for closed lists."""
    without = SENTENCES.keys() - fixed - NO_COMMAND.keys()
    report.check("a command fixes every cause, but for a closed list", not without, f"{without}")
    both = fixed & NO_COMMAND.keys()
    report.check("none of that list has a command", not both, f"{both}")
    said = {cause for cause, _, cure in shown if not cure.startswith(COMMANDS)}
    more = said - NO_COMMAND.keys() - SOMETIMES.keys()
    report.check("a sentence has a reason", not more, f"{more}")


def check_manual(report, shown):
    """subid-doctor(1) explains every cause, with each message and each fix of the scenes."""
    entries = manual()
    names = {cause: cause.lower().replace("_", "-") for cause in SENTENCES}
    missing = [(cause, sentence, cure) for cause, sentence, cure in shown
               if not said_in(entries.get(names[cause]), sentence, cure)]
    report.check("the manual has all that was shown", shown and not missing, f"{missing}")
    without = set(names.values()) - entries.keys()
    report.check("the manual has every cause", not without, f"{without}")


def main():
    host = enter()
    report = Report()
    word = os.environ.get("SUBID_SCENES", "")
    stage, shown = Stage(host, report), set()
    for module in MODULES:
        shown |= module.PLAYS.perform(stage, quick(), word)
    stage.cures.print("map writers")
    if not word:
        check_complete(report)
        check_cures(report, stage.cures.rows.keys(), shown)
        check_manual(report, shown)
    report.finish()


main()
