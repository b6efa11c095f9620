#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""usermod-ext killed at every single system call; see usermod_sweep.py."""

import usermod_sweep
from host import quick
from usermod_box import enter
from usermod_commands import SCENARIOS
from usermod_strace import available

QUICK = ("delete", "both", "create")


def main():
    box, report = enter()
    if available():
        usermod_sweep.run_all(box, report, [scenario for scenario in SCENARIOS
                                            if not quick() or scenario.name in QUICK])
    else:
        report.skip("crash", "needs strace")
    report.finish()


main()
