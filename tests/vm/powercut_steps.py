# SPDX-License-Identifier: BSD-3-Clause
"""The commands of the power-cut test, for both sides: the virtual machine, which runs them on
a device whose writes are recorded, and this machine, which checks every state that a power cut
could have left."""

import os
from typing import NamedTuple

DATABASES = ("subuid", "subgid")
ALL = "0-4294967295"


class Step(NamedTuple):
    """One command and the databases after it, (subuid, subgid)."""
    args: tuple
    after: tuple


class Section(NamedTuple):
    """Steps of one writer. Its files after a power cut must be good, or, if the writer is
    wrong on purpose, must be found bad."""
    name: str
    writer: str
    good: bool
    before: tuple
    steps: tuple


def step(words, subuid, subgid):
    return Step(tuple(words.split()), (subuid, subgid))


OLD = "# kept\nelsa:100000:65536\nnobody-knows:1:x\n"
# A file of many blocks, so that it can be half on disk.
LONG = OLD + "".join(f"anna:{number}:1\n" for number in range(10000000, 10002000, 2))

OURS = Section("usermod-ext", "usermod-ext", True, (OLD, LONG), (
    step("-v 3000000-3065535 elsa", OLD + "elsa:3000000:65536\n", LONG),
    step("-w 3000000-3065535 elsa", OLD + "elsa:3000000:65536\n",
         LONG + "elsa:3000000:65536\n"),
    step("-v 4000000-4000009 -w 4000000-4000009 anna",
         OLD + "elsa:3000000:65536\nanna:4000000:10\n",
         LONG + "elsa:3000000:65536\nanna:4000000:10\n"),
    step("-V 3000010-3000019 -W 3000010-3000019 elsa",
         OLD + "elsa:3000000:10\nanna:4000000:10\nelsa:3000020:65516\n",
         LONG + "elsa:3000000:10\nanna:4000000:10\nelsa:3000020:65516\n"),
    step(f"-V {ALL} -W {ALL} anna",
         OLD + "elsa:3000000:10\nelsa:3000020:65516\n",
         OLD + "elsa:3000000:10\nelsa:3000020:65516\n"),
    step("-S anna",
         OLD + "elsa:3000000:10\nelsa:3000020:65516\nanna:165536:65536\n",
         OLD + "elsa:3000000:10\nelsa:3000020:65516\nanna:165536:65536\n"),
    step(f"-V {ALL} -v 3000000-3000009 -W {ALL} elsa",
         "# kept\nnobody-knows:1:x\nanna:165536:65536\nelsa:3000000:10\n",
         "# kept\nnobody-knows:1:x\nanna:165536:65536\n"),
))
CREATE = Section("usermod-ext --create", "usermod-ext", True, (None, None), (
    step("--create -v 5000000-5000009 -w 5000000-5000009 elsa",
         "elsa:5000000:10\n", "elsa:5000000:10\n"),
    step("-v 6000000-6000009 elsa", "elsa:5000000:10\nelsa:6000000:10\n",
         "elsa:5000000:10\n"),
))
NO_FSYNC = Section("usermod-ext with an fsync that does nothing", "no-fsync", False,
                   (OLD, OLD), (
    step("-v 3000000-3065535 elsa", OLD + "elsa:3000000:65536\n", OLD),
    step("-w 3000000-3065535 elsa", OLD + "elsa:3000000:65536\n",
         OLD + "elsa:3000000:65536\n"),
))
IN_PLACE = Section("a script that writes into the file", "in-place", False, (OLD, OLD), (
    step("-v 3000000-3065535 elsa", OLD + "elsa:3000000:65536\n", OLD),
))
SECTIONS = (OURS, CREATE, NO_FSYNC, IN_PLACE)


def put(directory, databases):
    """Writes the databases at the beginning of a section, and removes our other files."""
    for name in os.listdir(directory):
        if name.startswith(DATABASES):
            os.unlink(f"{directory}/{name}")
    for name, text in zip(DATABASES, databases):
        if text is not None:
            with open(f"{directory}/{name}", "w") as file:
                file.write(text)


def get(directory):
    """The databases: their texts, or None."""
    return tuple(read(f"{directory}/{name}") for name in DATABASES)


def read(path):
    try:
        with open(path, errors="backslashreplace") as file:
            return file.read()
    except FileNotFoundError:
        return None
