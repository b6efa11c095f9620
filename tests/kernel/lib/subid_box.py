# SPDX-License-Identifier: BSD-3-Clause
"""What the tests of subid share: the program in the throw-away host, its rows, and their
description in the man pages."""

import fileinput
import glob
import json
import os
import re
import shutil
import subprocess
import sys
from typing import NamedTuple

import host as host_module
from host import ROOT, TOP, Report, built, remove

DONE, USAGE, FINDINGS, UNREADABLE, NOT_WRITTEN, NO_USER, NONE, WARNINGS = 0, 1, 2, 3, 5, 6, 7, 10
KINDS = ("uid", "gid")
NO_ID = 0xffffffff


def etc_text(name):
    """The text of a file in /etc."""
    with open(f"/etc/{name}", encoding="utf-8", newline="") as file:
        return file.read()


class Line(NamedTuple):
    """A line that grants something."""
    kind: str
    owner: str
    start: int
    count: int
    number: int

    @property
    def last(self):
        return self.start + self.count - 1


class Box:
    """subid on the throw-away /etc of a Host."""

    def __init__(self, host, report):
        self.host, self.report = host, report
        self.path = f"{host.tmpdir}/bin/subid"
        shutil.copyfile(built("subid"), self.path)
        os.chmod(self.path, 0o755)

    def run(self, *args, caller=ROOT, **options):
        return self.host.run(self.path, [str(word) for word in args], caller, **options)

    def rows(self, *args, name=None, status=DONE, **options):
        """The rows of a verb in JSON. Output that does not parse or another exit status
        raises."""
        result = self.run(*args, "--json", **options)
        if result.status != status:
            raise RuntimeError(f"{args}: {result}")
        found = json.loads(result.out)
        lists = [key for key, value in found.items() if isinstance(value, list)]
        if not lists or (name and name != lists[0]):
            raise RuntimeError(f"{args}: the list is not named {name}: {list(found)}")
        return found[lists[0]]

    def put(self, subuid=None, subgid=None):
        """Writes databases, text or bytes; None: there is no file."""
        for name, content in (("subuid", subuid), ("subgid", subgid)):
            if content is None:
                remove(f"/etc/{name}")
            else:
                self.host.write(f"/etc/{name}", content)

    def check(self, name, found, expected):
        self.report.check(name, found == expected, f"{found}, not {expected}")


def words(result):
    """All text on stderr."""
    return result.err.decode("utf-8", "backslashreplace")


def documented():
    """{name of a list in JSON: its keys}, from the man pages."""
    found, keys = {}, None
    pages = [f"{TOP}/subid/subid-{name}" for name in
             ("list.1", "check.1", "doctor.1.in", "policy.8")]
    with fileinput.input(pages, encoding="utf-8") as lines:
        for line in lines:
            start = re.match(r'\.\\" columns of (\w+)', line)
            item = re.match(r"\.It Cm ([A-Z_]+)$", line)
            if start:
                keys = found[start[1]] = []
            elif keys is not None and item:
                keys.append(item[1].lower())
            elif keys is not None and line.startswith(".El"):
                keys = None
    return found


def general(text):
    """A text without its numbers, the same for both programs."""
    for gid, uid in (("gid", "uid"), ("subgid", "subuid"), (" -w ", " -v "), (" -g ", " -u ")):
        text = text.replace(gid, uid)
    return re.sub(r"\d+", "0", text)


# Words of the manual that stand for values.
VALUES = ("CAPABILITY|DIRECTORIES|DIRECTORY|ERROR|EXTENTS|FILE|FIRST|GID|LAST|LINE|N|OTHER|PID|PROGRAM|"
          "REASON|SOURCES|SOURCE|UID|USER|WORD")


def manual():
    """The entries of subid-doctor(1), which is made as the build makes it.
    {name: (patterns of messages, patterns of fixes)}"""
    page = subprocess.run(
        ["awk", "-f", f"{TOP}/subid/subid-doctor.awk", f"{TOP}/explain/facts.h",
         *sorted(glob.glob(f"{TOP}/explain/causes*.c")), f"{TOP}/subid/subid-doctor.1.in"],
        check=True, capture_output=True, text=True).stdout
    entries, entry = {}, None
    for line in page.splitlines():
        start = re.match(r"\.It Sy ([a-z-]+)$", line)
        shared = re.match(r"\.Sy ([a-z-]+) \.$", line)
        if start:
            entry = entries[start[1]] = ([], [])
        elif line == ".Ss Other programs":
            break
        elif entry and line.startswith(".Bl -item"):
            texts = entry["-offset" in line]
        elif entry and shared:
            texts += entries[shared[1]][1]
        elif entry and not line.startswith("."):
            texts.append(pattern_of(line))
    return entries


def pattern_of(line):
    """A line of the manual, in which [] is optional; a source can stand in the place of the
    file."""
    for escape, char in (("\\-", "-"), ("\\(aq", "'"), ("\\(ga", "`"), ("\\(ha", "^"),
                         ("\\(ti", "~"), ("\\%", ""), ("\\e", "\\")):
        line = line.replace(escape, char)
    parts = re.split(rf"(?<![A-Z])(?:{VALUES})(?![A-Z])", general(line))
    pattern = ".+".join(map(re.escape, parts))
    pattern = re.sub(r"\\\[(.*?)\\\]", r"(?:\1)?", pattern)
    return re.compile(re.sub("^/etc/subuid", "(?:/etc/subuid|zzz)", pattern))


def said_in(entry, *texts):
    """Whether an entry of manual() has a message and a fix."""
    return entry and all(any(pattern.fullmatch(text) for pattern in patterns)
                         for patterns, text in zip(entry, texts))


def enter():
    """Returns the Box; ends the test with a skip where it cannot run."""
    report = Report()
    if "SUBID_HOST" not in os.environ and built("subid") is None:
        name = os.path.splitext(os.path.basename(sys.argv[0]))[0]
        report.skip(name, "SUBID_BUILD names no directory with subid")
        report.finish()
    return Box(host_module.enter(), report)
