#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""All tables of cases, against our map writers and Debian's. A word in SUBID_CASES
selects the cases whose name contains it."""

import gc
import os

import cases_arguments
import cases_files
import cases_grants
import cases_lines
import cases_plugins
import cases_surroundings
import cases_targets
from differential import Runner
from host import Report, enter, quick
from peers import Peer

TABLES = (cases_grants, cases_lines, cases_files, cases_arguments, cases_targets,
          cases_surroundings, cases_plugins)


def main():
    host = enter()
    gc.disable()    # a collection touches all memory, which the next fork copies
    report = Report()
    runner = Runner(host, report, Peer())
    word = os.environ.get("SUBID_CASES", "")
    names = set()
    for module in TABLES:
        for case in module.TABLE:
            if case.name in names:
                report.fail(case.name, "two cases have this name")
            names.add(case.name)
            if word in case.name and not (quick() and case.full_only):
                runner.run_case(case)
    runner.finish(complete=not word)
    report.finish()


main()
