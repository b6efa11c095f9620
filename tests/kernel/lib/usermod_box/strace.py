# SPDX-License-Identifier: BSD-3-Clause
"""Commands of usermod-ext under strace(1): the list of their system calls, and one of
them made to fail or to be the last."""

import contextlib
import os
import re
from typing import NamedTuple

from host import CLEAN_PATH, STRACE

ENV = {"PATH": CLEAN_PATH, "LC_ALL": "C.UTF-8"}
# a path in an argument or behind a descriptor, or the directory
TOUCHED = re.compile(r'"(sub[ug]id[-.a-z0-9]*|\.pwd\.lock)"'
                  r"|/etc/(sub[ug]id[-.a-z0-9]*|\.pwd\.lock)(>|\()|\d+</etc>|\"/etc\""
                  r"|[<\"]/var/lib/subid")


class Call(NamedTuple):
    number: int         # of all system calls, from 1
    name: str
    nth: int            # of those of this name, from 1
    text: str           # its arguments

    def __str__(self):
        return f"{self.name} {self.nth} ({self.text[:60]})"

    @property
    def touches(self):
        """Whether it is about a database, its lock, temporary file or backup, or their
        directory."""
        return (TOUCHED.search(self.text) is not None
                and not ('"passwd"' in self.text or '"group"' in self.text))

    @property
    def about(self):
        """The file that it is about: a name below /etc, "" for the directory itself."""
        match = TOUCHED.search(self.text)
        named = [match.group(1), match.group(2)] if match else []
        paths = re.findall(r'"(sub[ug]id[-.a-z0-9]*|\.pwd\.lock)"', self.text)
        return (paths or [name for name in named if name] or [""])[-1]


def available():
    return os.path.exists(STRACE)


def calls(box, args):
    """The system calls of a command without interference."""
    log = f"{box.directory}/strace.log"
    result = box.run("-y", "-s", "80", "-o", log, box.ours, *args, path=STRACE, env=ENV)
    if result.status != 0:
        raise RuntimeError(f"strace: {result}")
    found, counts = [], {}
    with open(log, encoding="utf-8", errors="backslashreplace") as file:
        for line in file:
            match = re.match(r"([a-z_0-9]+)\((.*)", line)
            if match:
                name = match.group(1)
                counts[name] = counts.get(name, 0) + 1
                found.append(Call(len(found) + 1, name, counts[name], match.group(2)))
    return found


def tampered(box, args, call, what, **options):
    """Runs a command with tampering at one system call; see strace(1)."""
    log = f"{box.directory}/strace.log"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(log)
    # the faster way injects errors, but no signals
    fast = ("-f", "--seccomp-bpf") if what.startswith("error=") else ()
    return box.run(*fast, "-o", log, "-e", f"trace={call.name}",
                   "-e", f"inject={call.name}:{what}:when={call.nth}", box.ours, *args,
                   path=STRACE, env=ENV, **options)
