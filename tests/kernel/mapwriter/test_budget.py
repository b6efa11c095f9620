#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""How many instructions a granted map costs in the program, under callgrind: the same number
on every machine, however busy it is. Linked statically the program includes its libc. The
number may exceed the recorded one by 5 %; made by another compiler than the recorded one, by 20 %.

    SUBID_BUILD=DIRECTORY SUBID_RECORD=1 tests/kernel/run budget

writes the numbers of this build to tests/kernel/mapwriter/budget: after a change that makes the program cheaper, or
one that is worth what it costs; the commit says which.
"""

import os
import shutil
import subprocess

from host import (CLEAN_PATH, PROGRAMS, ROOT, Report, build_directory, enter, mapwriter_libc)

BUDGET = f"{os.path.dirname(os.path.abspath(__file__))}/budget"
SLACK, OTHER_SLACK = 0.05, 0.2
LINES = (1, 10_000)
EXTENT = "0 3000000000 65536"
OWN = "root:3000000000:65536"


def compiler(path):
    """The compiler of most of a program, without the last part of its version."""
    done = subprocess.run(["readelf", "-p", ".comment", path], stdout=subprocess.PIPE,
                          text=True, check=True)
    words = [line.split("]", 1)[1].strip() for line in done.stdout.splitlines() if "]" in line]
    return ", ".join(sorted({word.rsplit(".", 1)[0] for word in words}))


def database(lines):
    """Ranges of other users, followed by the caller's."""
    others = (f"user{i}:{100_000 + i * 65536}:65536" for i in range(lines - 1))
    return "\n".join([*others, OWN]) + "\n"


def own_instructions(path, program):
    """The sum over all functions of the program itself, from callgrind's file. A number
    after `calls=` is of the called function, and counted there."""
    total, ours, called = 0, False, False
    names = {}
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.startswith(("ob=", "cob=")):
                # a name is given once, and afterwards its number
                number, _, name = line.split("=", 1)[1].strip().partition(" ")
                names.setdefault(number, name)
                if line.startswith("ob="):
                    ours = names[number] == program
            elif line.startswith("calls="):
                called = True
            elif line[:1].isdigit() or line[:1] in "+-*":
                if ours and not called:
                    total += int(line.split()[1])
                called = False
    return total


def measure(host, program, path, lines):
    """Instructions of one granted map, or raises."""
    host.write(f"/etc/{'subuid' if program == 'newuidmap' else 'subgid'}", database(lines))
    target = host.target("ns", ROOT)
    out = f"{host.tmpdir}/callgrind"
    done = subprocess.run(
        ["env", "-i", f"PATH={CLEAN_PATH}", "setarch", "-R", "valgrind", "--tool=callgrind",
         f"--callgrind-out-file={out}", path, str(target.pid), *EXTENT.split()],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    extents = tuple(map(int, EXTENT.split()))
    if done.returncode != 0 or target.map(program[3]) != (extents,):
        raise RuntimeError(f"{program} under callgrind: {done.returncode}, {done.stdout}")
    found = own_instructions(out, path)
    if found == 0:
        raise RuntimeError(f"callgrind reports nothing about {path}")
    return found


def recorded():
    """{(program, libc, lines): instructions}, and {libc: compilers} that they are true for."""
    numbers, made_by = {}, {}
    with open(BUDGET, encoding="utf-8") as file:
        for line in file:
            words = line.split()
            if words[0] == "compiler":
                made_by[words[1]] = line.split(None, 2)[2].strip()
            elif words[0] != "#":
                numbers[words[0], words[1], int(words[2])] = int(words[3])
    return numbers, made_by


def record(found, made_by):
    numbers, makers = recorded()
    numbers |= found
    makers |= made_by
    with open(BUDGET, "w", encoding="utf-8") as file:
        file.write("# SPDX-License-Identifier: BSD-3-Clause\n"
                   "# Instructions of a granted map, in the program alone, by `SUBID_RECORD=1\n"
                   "# tests/kernel/run budget`. Program, its libc, lines, instructions.\n")
        for libc, compilers in sorted(makers.items()):
            file.write(f"compiler {libc} {compilers}\n")
        for (program, libc, lines), number in sorted(numbers.items()):
            file.write(f"{program} {libc} {lines} {number}\n")


def main():
    host = enter()
    report = Report()
    for tool in ("valgrind", "readelf", "setarch"):
        if not shutil.which(tool, path=CLEAN_PATH):
            report.skip("budget", f"needs {tool}")
            report.finish()
    built = build_directory()
    made_by = compiler(built["newuidmap"])
    paths = {program: host.subjects["ours", "bare"].path(program) for program in PROGRAMS}
    found, libc = {}, mapwriter_libc()
    for program in PROGRAMS:
        for lines in LINES:
            found[program, libc, lines] = measure(host, program, paths[program], lines)
    if os.environ.get("SUBID_RECORD"):
        record(found, {libc: made_by})
        report.ok("budget recorded")
        report.finish()

    budget, budget_of = recorded()
    slack = SLACK if made_by == budget_of.get(libc) else OTHER_SLACK
    for key, number in found.items():
        name = f"{key[0]}, {libc}, {key[2]:,} lines: {number:,} instructions"
        report.check(name, number <= budget[key] * (1 + slack),
                     f"the budget is {budget[key]:,}; see test_budget.py")
        # a record that is far too high would accept everything
        report.check(f"{name}, about the budget", number >= budget[key] * (1 - 2 * slack),
                     f"the budget is {budget[key]:,}: record what it has become")
    for program in PROGRAMS:
        few, many = (found[program, libc, lines] for lines in LINES)
        report.check(f"{program}: what lines cost is seen", many > few * (1 + SLACK),
                     f"{few:,} for one line, {many:,} for {LINES[1]:,}")
    report.finish()


main()
