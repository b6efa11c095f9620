# SPDX-License-Identifier: BSD-3-Clause
"""Differences between releases of shadow's map writers.

The tables of cases say where ours differ from shadow 4.13 (Debian 12). This file has the
changes of later releases: classes in which they do as ours do, and cases that belong to a
class only with them. A version that is not listed counts as the latest one before it."""

import re
import subprocess

import differential as d

# Classes of later versions alone:
OVERFLOW = "count 0, or a number beyond 2^64: an overflow"
NO_PROCESS = "no such process: the reason on the first line, and no program"
PID_ZERO = "PID 0: usage"

# version: classes that are none there, [(pattern of names, class or None, where)]
CHANGES = {
    (4, 13): ((), ()),
    (4, 17): ((d.OTHER_OWNER, d.NAME), (
        (r"own id with count 0", OVERFLOW, ()),
        (r"count 0 (inside a range|with all ids delegated|at the (inner|outer) id \d+)",
         OVERFLOW, ()),
        (r"(inner id|outer id|count) '(18446744073709551616|9{24})' .*", OVERFLOW, ()),
        (r"count '0x' .*", OVERFLOW, ()),
        (r"(inner id|outer id|count) '0b11' .*", d.NUMBERS, ()),
        (r"malformed: (start|count) with binary", d.NUMBERS, ()),
        (r"PID ('-1'|'-PID'|'00')", None, ()),
        (r"PID 0", PID_ZERO, ()),
        (r"PID (2147483647|4194305|of no process.*|of a process that has ended)", NO_PROCESS, ()),
        (r"target has ended, own id", NO_PROCESS, ()),
        (r"process that does not exist under hidepid=2", NO_PROCESS, ()),
        (r"(another user's target|process 1|not dumpable target) under hidepid=[24].*visible.*",
         None, ()),
        (r"(another user's target|process 1|not dumpable target) under hidepid=[24].*",
         d.HIDDEN, ()),
        (r"another user's target under hidepid=1", d.HIDDEN, ("fcaps",)),
        (r"PID and no extents", d.NO_EXTENTS, ()),
    )),
}


def version():
    """(4, 13) or so: of Debian's package uidmap, or the first that is known."""
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "uidmap"],
                          capture_output=True, text=True, check=False)
    found = re.match(r"(?:\d+:)?(\d+)\.(\d+)", done.stdout)
    return (int(found[1]), int(found[2])) if found else min(CHANGES)


class Peer:
    def __init__(self, number=None):
        number = number or version()
        self.known = max([key for key in CHANGES if key <= number], default=min(CHANGES))
        self.name = f"shadow {self.known[0]}.{self.known[1]}"
        self.gone, self.own = CHANGES[self.known]

    def classes(self):
        """Those that a whole run must hit."""
        own = [cls for _, cls, _ in self.own if cls]
        return [cls for cls in dict.fromkeys((*d.CLASSES, *own)) if cls not in self.gone]

    def expects(self, case):
        """(class or None, where): see Case."""
        for pattern, cls, where in self.own:
            if re.fullmatch(pattern, case.name, re.S):
                return cls, where
        return (None, ()) if case.cls in self.gone else (case.cls, case.differs)
