#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""usermod-ext killed at every single system call; see usermod_box/sweep.py."""

import usermod_box
from host import quick
from usermod_box import SCENARIOS, available, enter

QUICK = ("delete", "both", "create")


def main():
    box, report = enter()
    if available():
        usermod_box.run_all(box, report, [scenario for scenario in SCENARIOS
                                            if not quick() or scenario.name in QUICK])
    else:
        report.skip("crash", "needs strace")
    report.finish()


main()
