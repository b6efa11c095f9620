# SPDX-License-Identifier: BSD-3-Clause
"""What the benchmarks share: generated databases, laps, the table and the targets."""

import json
import math
import os
import platform
import random
import statistics
import subprocess
import sys
from typing import NamedTuple

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "../tests/kernel/lib"))
import host  # noqa: E402

# --- data -------------------------------------------------------------------------------

FIRST_START = 100_000

GIVEN = """
    ada ali amir ana andrea anna bob boris carla chen clara dana david elena elsa
    emil eva felix finn grace hana hugo ida igor ines ivan jana jonas julia kai
    karin lars lea li lena luca maria marta max mei mila nina noah olga omar paul
    petra rosa sami sara sofia tim tom uma vera wei yara yusuf zoe
""".split()
FAMILY = """
    abe ahmed bauer berg brown castro chen costa cruz diaz dubois evans fischer
    garcia gruber haddad hansen hoffmann huber ivanov jansen jensen johnson kaya
    keller khan kim klein koch kowalski kumar larsen lee lopez martin meyer moreau
    muller nguyen novak okafor olsen patel pereira petrov popov ramos rossi santos
    sato schmidt silva singh smith suzuki tanaka wagner wang weber yilmaz
""".split()


def logins(count):
    """Distinct login names like those of organisations, the same at each call."""
    rng = random.Random(20130106)
    seen = {"elsa"}
    while len(seen) <= count:
        given, family = rng.choice(GIVEN), rng.choice(FAMILY)
        name = rng.choice((given, given[0] + family, given + "." + family))
        if name in seen:
            name += str(rng.randrange(1, 100_000))
        if name not in seen:
            seen.add(name)
            yield name


def range_size(lines, end=4_200_000_000, begin=FIRST_START):
    """A power of two, 65536 at the most, with which that many ranges end before `end`."""
    return min(65536, 1 << int(math.log2((end - begin) / lines)))


def database(lines, own=(), end=4_200_000_000, prefix="", first=False,
             begin=FIRST_START):
    """A subuid(5): ranges of other users in ascending order, from `begin` to `end`, and
    after them, or with `first` before them, the lines of `own`. With a prefix the other owners
    have no account."""
    size = range_size(lines, end, begin)
    others = [f"{prefix}{name}:{begin + i * size}:{size}"
              for i, name in enumerate(logins(lines - len(own)))]
    return "\n".join([*own, *others] if first else [*others, *own]) + "\n"


def passwd(accounts):
    """The accounts of the host, then those of the first owners, elsa last."""
    few = [line for line in host.PASSWD.splitlines() if not line.startswith("elsa")]
    many = [f"{name}:x:{10000 + i}:{10000 + i}::/home/{name}:/bin/bash"
            for i, name in enumerate(logins(accounts - len(few) - 1))]
    elsa = "elsa:x:5001:5001:Elsa:/home/elsa:/bin/bash"
    return "\n".join([*few, *many, elsa]) + "\n"


# --- laps -------------------------------------------------------------------------------

class Lap(NamedTuple):
    nanoseconds: int
    processor: int  # nanoseconds of it
    kib: int


def laps_of(row):
    """The laps in a line that a stopwatch printed."""
    numbers = [int(word) for word in row.split()]
    return [Lap(*numbers[i:i + 3]) for i in range(0, len(numbers), 3)]


class Outcome(NamedTuple):
    program: str
    case: tuple     # has a `group` and a `name`
    laps: tuple     # pairs of Lap

    def milliseconds(self, side):
        return sorted(pair[side].nanoseconds / 1e6 for pair in self.laps)

    def kib(self, side):
        return max(pair[side].kib for pair in self.laps)

    def median(self, side, field="nanoseconds"):
        """In ms."""
        return statistics.median(getattr(pair[side], field) for pair in self.laps) / 1e6

    def ratio(self):
        return statistics.median(a.nanoseconds / b.nanoseconds for a, b in self.laps)

    def processor_ratio(self):
        return statistics.median(a.processor / b.processor for a, b in self.laps)

    def total_ratio(self):
        return (sum(a.nanoseconds for a, _ in self.laps)
                / sum(b.nanoseconds for _, b in self.laps))


def build_here(name, target, *flags, compiler="cc"):
    """Builds a C file of this directory."""
    subprocess.run([compiler, "-O2", "-o", target, f"{HERE}/{name}", *flags], check=True)
    return target


def compile_here(name, directory, *flags):
    """Builds a C file of this directory, static and with musl, since it must take less memory
    than what it measures."""
    return build_here(name, f"{directory}/{os.path.splitext(name)[0]}", "-static", *flags,
                      compiler="musl-gcc")


# what minimal-mapwriter.c needs to be built without libc
FREESTANDING = ("-DSTATIC", "-static", "-nostdlib", "-nostartfiles", "-fno-stack-protector",
                "-fcf-protection=none")


# --- reporting --------------------------------------------------------------------------

def percentile(ascending, share):
    return ascending[math.ceil(share * len(ascending)) - 1]


def as_ratio(value):
    return f"{value:.2f}" if value >= 0.1 else f"1/{1 / value:.1f}"


ROW = "{:<10} {:<43} {:>4}  {:>9} {:>9} {:>7}  {:>9} {:>9} {:>7}  {:>7} {:>7}"
HEAD = ROW.format("", "", "runs", "a median", "90 %", "KiB", "b median", "90 %", "KiB",
                  "a / b", "cpu")


def row(outcome):
    cells = []
    for side in (0, 1):
        times = outcome.milliseconds(side)
        cells += [f"{statistics.median(times):.3f}", f"{percentile(times, 0.9):.3f}",
                  outcome.kib(side)]
    return ROW.format(outcome.program, outcome.case.name, len(outcome.laps), *cells,
                      as_ratio(outcome.ratio()), as_ratio(outcome.processor_ratio()))


def print_targets(judged):
    """judged: [(text, limit, measured, on a processor, met)]. Returns how many are missed."""
    line = "{:<72} {:>8} {:>9} {:>9}  {}"
    print("\n" + line.format("targets", "at most", "measured", "cpu", ""))
    missed = 0
    for *cells, met in judged:
        missed += not met
        print(line.format(*cells, "met" if met else "MISSED"))
    return missed


def output(*command):
    """The output of a command, or an empty text if it is not installed."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.decode().strip()


def load():
    return " ".join(f"{number:.1f}" for number in os.getloadavg())


def about(program, package):
    """The machine and the versions of the programs."""
    installed = output("dpkg-query", "-W", "-f", "${Package} ${Version}", package)
    return (f"ours: {output(program, '--version')}; "
            f"Debian's: {installed or 'unknown'}; {platform.system()} "
            f"{platform.release()} {platform.machine()}, {os.cpu_count()} processors")


def save(file, head, outcomes, targets):
    rows = [{"program": outcome.program, "group": outcome.case.group,
             "case": outcome.case.name, "ratio": outcome.ratio(),
             "processor_ratio": outcome.processor_ratio(), "laps": outcome.laps}
            for outcome in outcomes]
    json.dump({"about": head, "load": load(), "outcomes": rows, "targets": targets}, file)
    file.write("\n")
    file.close()
