# SPDX-License-Identifier: BSD-3-Clause
"""What the tests of subid share: the program in the throw-away host, its rows, and what
its man page says about them."""

import fileinput
import json
import os
import re
import shutil
import sys
from typing import NamedTuple

import host as host_module
from host import Report, ROOT, TOP, remove

DONE, USAGE, FINDINGS, UNREADABLE, NOT_WRITTEN, NO_USER, NONE = 0, 1, 2, 3, 5, 6, 7
KINDS = ("uid", "gid")
NO_ID = 0xffffffff


def program():
    """The path of subid below SUBID_BUILD, or None."""
    base = os.environ.get("SUBID_BUILD", "")
    for path in (f"{base}/subid/subid", f"{base}/subid"):
        if base and os.path.isfile(path):
            return os.path.realpath(path)
    return None


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
        self.path = f"{host.folder}/bin/subid"
        shutil.copyfile(program(), self.path)
        os.chmod(self.path, 0o755)

    def run(self, *args, caller=ROOT, **options):
        return self.host.run(self.path, [str(word) for word in args], caller, **options)

    def rows(self, *args, name=None, status=DONE, **options):
        """The rows of a verb in JSON. What does not parse or ends with another status
        raises."""
        result = self.run(*args, "--json", **options)
        if result.status != status:
            raise RuntimeError(f"{args}: {result}")
        found = json.loads(result.out)
        if len(found) != 1 or (name and name not in found):
            raise RuntimeError(f"{args}: the list is not named {name}: {list(found)}")
        return next(iter(found.values()))

    def put(self, subuid=None, subgid=None):
        """Puts databases in place, text or bytes; None leaves one out."""
        for name, content in (("subuid", subuid), ("subgid", subgid)):
            if content is None:
                remove(f"/etc/{name}")
            else:
                self.host.write(f"/etc/{name}", content)

    def check(self, name, found, expected):
        self.report.check(name, found == expected, f"{found}, not {expected}")


def words(result):
    """Everything that was said on stderr."""
    return result.err.decode("utf-8", "backslashreplace")


def documented():
    """{name of a list in JSON: its keys}, from the man pages."""
    found, keys = {}, None
    pages = [f"{TOP}/subid/subid-{name}" for name in
             ("list.1", "check.1", "doctor.1.in")]
    with fileinput.input(pages, encoding="utf-8") as lines:
        for line in lines:
            start = re.match(r'\.\\" columns of (\w+)', line)
            item = re.match(r"\.It Cm ([A-Z]+)$", line)
            if start:
                keys = found[start[1]] = []
            elif keys is not None and item:
                keys.append(item[1].lower())
            elif keys is not None and line.startswith(".El"):
                keys = None
    return found


def enter():
    """Returns the Box; ends the test with a skip where it cannot run."""
    report = Report()
    if "SUBID_HOST" not in os.environ and program() is None:
        name = os.path.splitext(os.path.basename(sys.argv[0]))[0]
        report.skip(name, "SUBID_BUILD names no folder with subid")
        report.finish()
    return Box(host_module.enter(), report)
