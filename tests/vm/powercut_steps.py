# SPDX-License-Identifier: BSD-3-Clause
"""The commands of the power-cut test, for both sides: the virtual machine, which runs them on
a device whose writes are recorded, and this machine, which checks every state that a power cut
could have left."""

import os
import shutil
from typing import NamedTuple

DATABASES = ("subuid", "subgid")
STATE = "var/lib/subid"
ALL = "0-4294967295"


class Step(NamedTuple):
    """One command and the databases after it, (subuid, subgid)."""
    args: tuple
    after: tuple
    input: str = ""         # its standard input
    accounts: tuple = ()    # (old, new) text of passwd, which is exchanged before it


class Section(NamedTuple):
    """Steps of one writer. Its files after a power cut must be good, or, if the writer is
    wrong on purpose, must be found bad."""
    name: str
    writer: str
    good: bool
    before: tuple
    steps: tuple


def step(words, subuid, subgid, **others):
    return Step(tuple(words.split()), (subuid, subgid), **others)


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
# After the account has another name, and is gone.
MANY = LONG.replace(OLD, "")
ANNETTE = MANY.replace("anna", "annette")
GONE = MANY.replace("anna", "~annette")
RETIRE = Section("subid retire and release", "subid", True, (OLD, LONG), (
    step("retire --if-held elsa", *(text.replace("elsa", "~elsa") for text in (OLD, LONG))),
    step("release --if-held --range 100000-100099",
         *(text.replace("elsa:100000:65536", "~elsa:100100:65436") for text in (OLD, LONG))),
    step("grant --if-missing elsa",
         *(text.replace("elsa:100000:65536", "elsa:100100:65436") for text in (OLD, LONG))),
    step("retire --if-held -g --range 10000000-10000999 anna",
         OLD.replace("elsa:100000:65536", "elsa:100100:65436"),
         OLD.replace("elsa:100000:65536", "elsa:100100:65436")
         + "".join(f"{'~' * (number < 10001000)}anna:{number}:1\n"
                   for number in range(10000000, 10002000, 2))),
))
FOLLOW = Section("subid follow", "subid", True, (OLD + "anna:5000000:5\n", LONG), (
    step("follow", OLD + "anna:5000000:5\n", LONG),
    step("follow", OLD + "annette:5000000:5\n", OLD + ANNETTE,
         accounts=("\nanna:", "\nannette:")),
    step("follow", OLD + "~annette:5000000:5\n", OLD + GONE,
         accounts=("\nannette:", "\n#")),
))
APPLY = Section("subid apply", "subid", True, (OLD, OLD), (
    step("apply -", *("# kept\nnobody-knows:1:x\nelsa:300000:10\n",) * 2,
         input="subid-set 1 5\nboth elsa:300000:10\nend 1 15c5bf0f\n"),
    step("apply -", *("# kept\nnobody-knows:1:x\nelsa:300000:10\n",) * 2,
         input="subid-set 1 6\nboth elsa:300000:10\nend 1 f1fb8cd3\n"),
    step("apply --prune -", *("# kept\nnobody-knows:1:x\n~elsa:300000:10\n"
                              "anna:400000:5\n",) * 2,
         input="subid-set 1 7\nboth anna:400000:5\nend 1 40cf3948\n"),
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
SECTIONS = (OURS, CREATE, RETIRE, APPLY, FOLLOW, NO_FSYNC, IN_PLACE)


def put(root, databases):
    """Writes the databases at the beginning of a section, and removes our other files."""
    for name in os.listdir(f"{root}/etc"):
        if name.startswith(DATABASES):
            os.unlink(f"{root}/etc/{name}")
    shutil.rmtree(f"{root}/{STATE}", ignore_errors=True)
    for name, text in zip(DATABASES, databases):
        if text is not None:
            with open(f"{root}/etc/{name}", "w") as file:
                file.write(text)


def put_accounts(root, step):
    """Exchanges the accounts that a step needs."""
    if step.accounts:
        text = read(f"{root}/etc/passwd")
        assert step.accounts[0] in text
        with open(f"{root}/etc/passwd", "w") as file:
            file.write(text.replace(*step.accounts))


def get(root):
    """The databases: their texts, or None."""
    return tuple(read(f"{root}/etc/{name}") for name in DATABASES)


def read(path):
    try:
        with open(path, errors="backslashreplace") as file:
            return file.read()
    except FileNotFoundError:
        return None
