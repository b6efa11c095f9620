#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Every cause of a refusal, brought about for real: it is named first, and when its cure
is carried out, as it is printed, while the caller is logged in and has a process in a
container, the map is written. A word in SUBID_CASES selects the cases whose name contains
it."""

import os
import re

import causes_database
import causes_helper
import causes_kernel
import causes_request
import causes_secrecy
import causes_sources
import causes_words
from cures import NO_COMMAND, SOMETIMES
from explain import SENTENCES, Setting
from host import COMMANDS, TOP, Report, built, enter, quick
from subid_box import manual, said_in

MODULES = (causes_request, causes_helper, causes_sources, causes_database, causes_kernel,
           causes_secrecy, causes_words)


def check_complete(report):
    """Every cause of the map writers has a sentence here, and a case. Those of the host
    are test_subid_doctor.py's."""
    with open(f"{TOP}/explain/causes.h") as file:
        causes = re.findall(r"^\tCAUSE_([A-Z_]+)(?: = 1)?,$", file.read(), re.M)
    of_host = []
    for name in ("host", "storage", "kubelet"):
        with open(f"{TOP}/explain/causes-{name}.c") as file:
            of_host += re.findall(r"^\t\{ CAUSE_([A-Z_]+),", file.read(), re.M)
    causes = [cause for cause in causes if cause not in of_host]
    report.check("every cause has its sentences", list(SENTENCES) == causes,
                 f"{set(causes) ^ SENTENCES.keys() or 'another order'}")
    met = {cause for module in MODULES for entry in module.CASES for cause in entry.causes}
    report.check("every cause has a case", met == set(causes), f"{set(causes) ^ met}")


def check_cures(report, fixed, shown):
    """A command fixes every cause, but for closed lists."""
    if not built("subid"):
        report.skip("a command fixes every cause", "this build has no subid")
        return
    without = SENTENCES.keys() - fixed - NO_COMMAND.keys()
    report.check("a command fixes every cause, but for a closed list", not without, f"{without}")
    both = fixed & NO_COMMAND.keys()
    report.check("none of that list has a command", not both, f"{both}")
    said = {cause for cause, _, cure in shown if not cure.startswith(COMMANDS)}
    more = said - NO_COMMAND.keys() - SOMETIMES.keys()
    report.check("a sentence has a reason", not more, f"{more}")


def check_manual(report, shown):
    """subid-doctor(1) explains every cause, with each message and each fix of the cases."""
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
    word = os.environ.get("SUBID_CASES", "")
    setting, shown = Setting(host, report), set()
    for module in MODULES:
        shown |= module.CASES.run(setting, quick(), word)
    setting.cures.print("map writers")
    if not word:
        check_complete(report)
        check_cures(report, setting.cures.rows.keys(), shown)
        check_manual(report, shown)
    report.finish()


main()
