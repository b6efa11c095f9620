#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Types the walk-through of README.md from top to bottom, on a host without subordinate ids and
without the users that it makes, and compares what is printed with what the page shows.

A line `root# COMMAND` is typed in a shell of root; `USER$ COMMAND` and `root@USER# COMMAND` in
a shell of the user, where the second means root of a user namespace that this shell has
entered. The lines below a command are its output; a line `...` stands for any lines. A command
without output must succeed and print nothing. The apt line of the page names `packages_build`
of tests/packages.sh. The lines that build and install are those of runtests; here the programs
below SUBID_BUILD are put where `make install` puts them.
"""

import re
from typing import NamedTuple

import subid_box
from host import TOP
from walkthrough import Shell, fits, install, make_fresh, take_records

PAGE = f"{TOP}/README.md"
PACKAGES = f"{TOP}/tests/packages.sh"
COMMAND = re.compile(r"    (?:(root)#|(\w+)\$|root@(\w+)#) (.*)")


class Step(NamedTuple):
    user: str
    command: str
    output: list


def steps(page):
    """The commands of the page, in order."""
    found, lines = [], iter(page.splitlines())
    step = None
    for line in lines:
        match = COMMAND.fullmatch(line)
        if match:
            command = match[4]
            while command.endswith("\\"):
                command = command[:-1] + next(lines).strip()
            step = Step(match[1] or match[2] or match[3], command, [])
            found.append(step)
        elif step and line.startswith("    "):
            step.output.append(line[4:])
        else:
            step = None
    return found


def test_walk_through(report, page):
    shells = {}
    for number, step in enumerate(steps(page), 1):
        if step.user not in shells:
            shells[step.user] = Shell(step.user)
        status, printed = shells[step.user].run(step.command)
        good = (fits(step.output, [line.rstrip() for line in printed])
                and status is not None and (status == 0 or step.output))
        report.check(f"readme {number}: {step.command}", good,
                     f"status {status}, printed {printed}, not {step.output}")


def test_packages(report, page):
    """One line installs what the build needs."""
    lines = re.findall(r"^    sudo apt-get install (.*)$", page, re.M)
    with open(PACKAGES, encoding="utf-8") as file:
        wanted = re.search(r"^packages_build=\((.*?)\)", file.read(), re.M | re.S)[1]
    report.check("readme: one apt line", [sorted(line.split()) for line in lines]
                 == [sorted(["git", *wanted.split()])], f"{lines}, not git {wanted}")


def main():
    box = subid_box.enter()
    with open(PAGE, encoding="utf-8") as file:
        page = file.read()
    install(box.host)
    make_fresh(box.host, set(re.findall(r"useradd .*?(\w+)$", page, re.M)) | {"bob"})
    take_records(box.host)
    test_packages(box.report, page)
    test_walk_through(box.report, page)
    box.report.finish()


main()
