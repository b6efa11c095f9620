# SPDX-License-Identifier: BSD-3-Clause
"""What a map writer must answer, by brute force.

Two models: one of our rules, written from their description and not from the code, and one
of Debian's program, which reads more than it should. Ids are checked one by one: there are no
intervals here.
"""

import re
from typing import NamedTuple

LAST = 4294967295           # 4294967295 is no id
LIMIT_LINE = 4096
LIMIT_OWNER = 256
U64 = 1 << 64


class Answer(NamedTuple):
    status: int
    line: str               # first line on stderr, {k} for the kind
    map: tuple
    denied: bool            # setgroups has become deny

    @property
    def verdict(self):
        if self.status == 0:
            return "granted"
        for word in ("not allowed", "overflow", "Invalid argument", "not permitted"):
            if word in self.line:
                return word
        return "silent" if not self.line else "other"


class Grant(NamedTuple):
    """An entry of the database: the ids first to last, and their owner."""
    owner: bytes
    first: int
    last: int


# --- the rules --------------------------------------------------------------------------

PLAIN = re.compile(rb"0|[1-9][0-9]{0,9}")


def strict_grants(data):
    """The entries in a database: exactly owner:start:count, plain decimal, in bounds."""
    grants = []
    for line in data.split(b"\n"):
        fields = line.split(b":")
        if len(fields) != 3 or not fields[0] or len(line) > LIMIT_LINE:
            continue
        owner, start, count = fields
        if b"\0" in line or len(owner) > LIMIT_OWNER:
            continue
        if not PLAIN.fullmatch(start) or not PLAIN.fullmatch(count):
            continue
        first, length = int(start), int(count)
        if length == 0 or first + length > LAST + 1:
            continue
        grants.append(Grant(owner, first, first + length - 1))
    return grants


# --- Debian's reading of the same file --------------------------------------------------

def debian_lines(data):
    """Lines as a reader of C strings sees them: a NUL hides the rest of the line and its
    newline, and the next line is appended. None: such a line is the last one."""
    lines = []
    buffer = b""
    pending = False
    for piece in re.findall(rb"[^\n]*\n|[^\n]+\Z", data):
        buffer += piece.split(b"\0")[0]
        ended = b"\n" in buffer
        if ended or not piece.endswith(b"\n"):
            lines.append(buffer.rstrip(b"\n") if ended else buffer)
            buffer, pending = b"", False
        else:
            pending = True
    return None if pending else lines


def debian_number(text):
    """strtoul(3) with base 0 on the whole string, or None"""
    found = re.fullmatch(rb"[ \t\n\v\f\r]*([+-]?)"
                         rb"(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)", text)
    if not found:
        return None
    digits = found[2].lower()
    if digits.startswith(b"0x"):
        value = int(digits, 16)
    else:
        value = int(digits, 8 if digits.startswith(b"0") else 10)
    if value >= U64:
        return None
    return -value % U64 if found[1] == b"-" else value


def debian_grants(data):
    """The entries as Debian's sees them; None: the file cannot be read."""
    lines = debian_lines(data)
    if lines is None:
        return None
    grants = []
    for line in lines:
        fields = line.split(b":")
        if len(fields) < 3 or not fields[0] or not fields[1] or not fields[2]:
            continue
        start, count = debian_number(fields[1]), debian_number(fields[2])
        if start is None or count is None:
            continue
        grants.append(Grant(fields[0], start, (start + count - 1) % U64))
    return grants


# --- the decision -----------------------------------------------------------------------

def contains(grants, number):
    return any(grant.first <= number <= grant.last for grant in grants)


def overlap(extents, place):
    """Two extents share an id inside (place 0) or outside (place 1)."""
    seen = set()
    for extent in extents:
        ids = set(range(extent[place], extent[place] + extent[2]))
        if ids & seen:
            return True
        seen |= ids
    return False


def answer(kind, install, grants, owners, own_id, extents, checks_overlap_first,
           least_count=0):
    """grants: None if the database cannot be read, which is checked first. owners: the
    names and the uid of the caller. checks_overlap_first: before setgroups is changed.
    least_count: a smaller count is an overflow."""
    if grants is None:
        return Answer(1, "", (), False)
    if any(number > LAST for extent in extents for number in extent) or any(
            max(inner, outer) + count > LAST or count < least_count
            for inner, outer, count in extents):
        return Answer(1, "new{k}idmap: subuid overflow detected.", (), False)
    mine = [grant for grant in grants if grant.owner in owners]
    delegated = False
    for inner, outer, count in extents:
        ids = range(outer, outer + count)
        if count > 0 and all(contains(mine, number) for number in ids):
            delegated = True
        elif not (outer == own_id and count == 1):
            return Answer(1, f"new{{k}}idmap: {{k}}id range [{inner}-{inner + count}) -> "
                             f"[{outer}-{outer + count}) not allowed", (), False)
    denied = kind == "g" and not delegated
    failed = "new{k}idmap: write to {k}id_map failed: "
    if overlap(extents, 0) or overlap(extents, 1):
        return Answer(1, failed + "Invalid argument", (),
                      denied and not checks_overlap_first)
    if kind == "u" and install == "fcaps" and any(
            outer == 0 for _, outer, _ in extents):
        return Answer(1, failed + "Operation not permitted", (), denied)
    return Answer(0, "", tuple(sorted(extents)), denied)


def ours(kind, install, data, owners, own_id, extents):
    return answer(kind, install, strict_grants(data), owners, own_id, extents, True)


def debian(kind, install, data, owners, own_id, extents, version):
    """version: of shadow, as in peers.py."""
    return answer(kind, install, debian_grants(data), owners, own_id, extents, False,
                  1 if version >= (4, 17) else 0)
