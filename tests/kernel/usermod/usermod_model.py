# SPDX-License-Identifier: BSD-3-Clause
"""What a command of usermod(8) does to the two databases, by a model of its own.

The model has ours and Debian's of several releases. Each intended difference is a rule with
a name, which is either in force (ours) or not (shadow 4.13); for a later shadow some are in
force, see THEIRS. So one model predicts each program, and for a command the rules that make a
difference: the classes that the command belongs to.
"""

import re
from typing import NamedTuple

OTHERS = "-v of another owner's ids: refused, 20"
ACCOUNTS = "-v of an id that an account or a group has: refused, 20"
ROOT_ID = "-v of id 0: refused, 20"
NO_ID = "-v that reaches 4294967295: refused, 20"
PARTLY = "-v partly held already: only the missing part"
SPELLINGS = "-V on a line by number or by another name: trimmed"
BEYOND = "-v or -V beyond 2^32: 3"
NUMBERS = "numbers in arguments that are not plain decimal: 3"
LINE_NUMBERS = "numbers in lines that are not plain decimal: malformed"
LINE_FIELDS = "a fourth field: malformed"
LINE_ZERO = "count 0 in a line: malformed"
LINE_BEYOND = "a line beyond 2^32: malformed"
LINE_NUL = "NUL in a line: the line is kept"
READERS = "an id that another program reads in a malformed line of another user: 20"
REMOVED = "a malformed line of the user that shadow reads: removed as a whole"
RESERVED = "an id that systemd uses: 20"
UID_LOGIN = "-v for a login name that reads as a uid: the line names the uid"
NOTHING = "-V of ids of which the user has none: a note"
CONTROLS = "a control character in a message: shown as \\xNN"

CLASSES = (OTHERS, ACCOUNTS, ROOT_ID, NO_ID, PARTLY, SPELLINGS, BEYOND, NUMBERS,
           LINE_NUMBERS, LINE_FIELDS, LINE_ZERO, LINE_BEYOND, LINE_NUL,
           READERS, REMOVED, RESERVED, UID_LOGIN, NOTHING, CONTROLS)
ALL = frozenset(CLASSES)
NONE = frozenset()
# Rules of later versions of shadow alone:
DIGITS = "a range without a digit: 3"
SHORT = "a range of 2^32 ids: its count is 0"
# version of shadow: the rules that are in force with it
THEIRS = {(4, 13): NONE, (4, 17): frozenset((BEYOND, DIGITS, SHORT))}
# what --allow-overlap, --allow-root and --allow-reserved turn off
OVERRIDDEN = frozenset((OTHERS, READERS, ACCOUNTS, ROOT_ID, RESERVED))
# first and last
SYSTEMD = ((60001, 60577), (61184, 65519), (65534, 65535), (2147352576, 2147418111))

SUBID_STATUS = {"subuid": 16, "subgid": 18}
ID_NONE, ID_END, WORD = 2**32 - 1, 2**32, 2**64
DECIMAL = re.compile(r"(0|[1-9][0-9]*)\Z")
C_BLANK = " \t\n\v\f\r"


class Refused(Exception):
    """Ends a command: exit status and the first line on stderr."""


class Outcome(NamedTuple):
    status: int
    subuid: bytes
    subgid: bytes
    line: str           # on stderr, without the program's name; None: any text


class World(NamedTuple):
    users: dict         # login name -> uid
    groups: dict        # name -> gid
    busy: dict          # uid -> a process that runs as it


class Command(NamedTuple):
    changes: tuple      # of (option letter, argument), as on the command line
    logins: tuple

    def words(self):
        return [word for letter, text in self.changes
                for word in (f"-{letter}", text)] + list(self.logins)


# --- numbers ----------------------------------------------------------------------------

def _strtoll(text):
    """Value and rest, as strtoll(3) with base 10 has them."""
    match = re.match(r"[ \t\n\v\f\r]*([+-]?[0-9]+)", text)
    if not match:
        return 0, text
    return int(match.group(1)), text[match.end():]


def _strtoul_auto(text):
    """The whole text as strtoul(3) with base 0 reads it, or None."""
    match = re.fullmatch(r"([+-]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)",
                         text.lstrip(C_BLANK))
    if not match:
        return None
    sign, digits = match.groups()
    base = 16 if digits[:2] in ("0x", "0X") else 8 if digits[0] == "0" else 10
    value = int(digits, base)
    if value >= WORD:
        return None
    return -value % WORD if sign == "-" else value


def _plain(text):
    return int(text) if DECIMAL.match(text) else None


def parse_range(rules, text):
    """First and last id of `FIRST-LAST`; the last one may be beyond all ids. None if it
    is no range."""
    first, rest = _strtoll(text)
    last, end = _strtoll(rest[1:])
    if not rest.startswith("-") or end or not 0 <= first <= last < 2**63:
        return None
    if NUMBERS in rules and not re.fullmatch(r"(0|[1-9][0-9]*)-(0|[1-9][0-9]*)", text):
        return None
    if last >= ID_END and BEYOND in rules or DIGITS in rules and text == "-":
        return None
    if SHORT in rules and last - first + 1 == ID_END:
        return first, first - 1
    # Debian's keeps 32 bits of the start, and all of the count
    start = first % ID_END
    return start, start + (last - first)


# --- a database -------------------------------------------------------------------------

class Line(NamedTuple):
    text: bytes
    owner: str
    first: int
    last: int           # below first in a line of count 0

    @staticmethod
    def made(owner, first, last):
        count = (last - first + 1) % WORD
        return Line(f"{owner}:{first}:{count}".encode(), owner, first, last % WORD)


def parse_line(rules, text):
    fault = Line(text, None, 0, 0)
    if b"\0" in text or text.startswith(b"#"):
        return fault
    fields = text.decode("latin-1").split(":")
    if len(fields) < 3 or not fields[0] or (len(fields) > 3 and LINE_FIELDS in rules):
        return fault
    start, count = _strtoul_auto(fields[1]), _strtoul_auto(fields[2])
    if start is None or count is None:
        return fault
    if LINE_NUMBERS in rules and None in (_plain(fields[1]), _plain(fields[2])):
        return fault
    if LINE_ZERO in rules and count == 0:
        return fault
    if LINE_BEYOND in rules and (start >= ID_END or start + count > ID_END):
        return fault
    return Line(text, fields[0], start, (start + count - 1) % WORD)


class Reading(NamedTuple):
    """How other programs than ours read a malformed line."""
    owner: str
    first: int
    last: int
    by_shadow: bool
    wild: bool          # some version reads more ids than it names


def readings(texts):
    """The readings of the first of these lines. For shadow a NUL joins the line and the
    next one; others remove whitespace, and end the line at a `#`."""
    found, joined = [], b""
    if texts[0].startswith(b"#"):
        return found
    for text in texts:
        before, nul, _ = text.partition(b"\0")
        joined += before
        if not nul:
            break
    fields = joined.decode("latin-1").split(":")
    if len(fields) > 2 and fields[0] and fields[0].strip(C_BLANK) == fields[0]:
        start, count = _strtoul_auto(fields[1]), _strtoul_auto(fields[2])
        signs = "-" in fields[1] + fields[2]
        if None not in (start, count) and not (count == 0 and start > 0):
            wild = (count == 0 or start >= ID_END or start + count >= WORD
                    or signs and start + count > ID_END)
            found.append(Reading(fields[0], 0 if wild else start,
                                 ID_NONE if wild else min(start + count, ID_END) - 1, True, wild))
    fields = texts[0].decode("latin-1").strip(C_BLANK).split("#")[0].split(":")
    if len(fields) > 2 and fields[0] and all(re.fullmatch(r"[+]?[0-9]+", field)
                                             for field in fields[1:3]):
        start, count = int(fields[1]), int(fields[2])
        if count > 0 and start < ID_END and max(start, count) < 2**63:
            found.append(Reading(fields[0].rstrip(C_BLANK), start,
                                 min(start + count, ID_END) - 1, False, False))
    return found


def is_name(owner):
    """Whether an owner can stand in a line of ours."""
    if re.fullmatch("[0-9]+", owner):
        return DECIMAL.match(owner) and int(owner) < ID_NONE
    return not re.match(r"[-+ ]|.*[\x00-\x1f\x7f]|.* \Z", owner)


class Table:
    def __init__(self, rules, content, name="subuid"):
        self.rules = rules
        self.content = content
        self.changed = False
        if LINE_NUL not in rules:
            # the line goes on behind the next newline, which has to be there
            last = content[:-1].rpartition(b"\n")[2]
            if b"\0" in last and content.endswith(b"\n"):
                raise Refused(SUBID_STATUS[name], f"cannot open /etc/{name}")
            content = re.sub(rb"\0[^\n]*(\n|\Z)", b"", content)
        texts = content.split(b"\n")
        if texts[-1] == b"":
            texts.pop()
        self.lines = [parse_line(rules, text) for text in texts]

    def result(self):
        if not self.changed:
            return self.content
        return b"".join(line.text + b"\n" for line in self.lines)

    def readings(self, i):
        """The readings of a malformed line; a line with an owner that no line may have is one."""
        owner = self.lines[i].owner
        if owner is not None and is_name(owner):
            return []
        return readings([line.text for line in self.lines[i:]])

    def of(self, is_owner):
        return [line for line in self.lines if line.owner is not None
                and is_owner(line.owner)]

    def part(self, lines):
        """An empty line after a line with a NUL, since the next would be read as its rest."""
        if LINE_NUL in self.rules and lines and b"\0" in lines[-1].text:
            lines.append(Line(b"", None, 0, 0))

    def has(self, is_owner, first, last):
        """Whether remove() would remove any ids."""
        return any(line.first <= last and line.last >= first for line in self.of(is_owner)) \
            or REMOVED in self.rules and any(
                reading.by_shadow and is_owner(reading.owner) and reading.first <= last
                and reading.last >= first
                for i in range(len(self.lines)) for reading in self.readings(i))

    def remove(self, is_owner, first, last):
        kept, appended = [], []
        for i, line in enumerate(self.lines):
            if REMOVED in self.rules and any(
                    reading.by_shadow and is_owner(reading.owner) and reading.first <= last
                    and reading.last >= first for reading in self.readings(i)):
                self.changed = True
                self.part(kept)
                continue
            if (line.owner is None or not is_owner(line.owner)
                    or line.last < first or line.first > last):
                kept.append(line)
                continue
            self.changed = True
            self.part(kept)
            if line.first >= first and line.last <= last:
                continue
            if line.first >= first:
                kept.append(Line.made(line.owner, last + 1, line.last))
                continue
            kept.append(Line.made(line.owner, line.first, first - 1))
            if line.last > last:
                appended.append(Line.made(line.owner, last + 1, line.last))
        if appended:
            self.part(kept)
        self.lines = kept + appended

    def missing(self, is_owner, first, last):
        """The parts of the range that no line of the owner has, as pairs."""
        parts = [(first, last)]
        for line in self.of(is_owner):
            left = []
            for low, high in parts:
                if line.last < low or line.first > high:
                    left.append((low, high))
                    continue
                if low < line.first:
                    left.append((low, line.first - 1))
                if high > line.last:
                    left.append((line.last + 1, high))
            parts = left
        return parts

    def append(self, name, first, last):
        self.part(self.lines)
        self.lines.append(Line.made(name, first, last))
        self.changed = True


# --- a command --------------------------------------------------------------------------

def _objections(rules, table, is_owner, first, last, ids):
    """The rules that refuse the ids from first to last."""
    found = set()
    if any(is_name(line.owner) and line.first <= last and line.last >= first
           for line in table.of(lambda owner: not is_owner(owner))):
        found.add(OTHERS)
    if any(not reading.wild and not is_owner(reading.owner) and reading.first <= last
           and reading.last >= first
           for i in range(len(table.lines)) for reading in table.readings(i)):
        found.add(READERS)
    if any(first <= high and last >= low for low, high in SYSTEMD):
        found.add(RESERVED)
    if any(first <= number <= last for number in ids if number != 0):
        found.add(ACCOUNTS)
    if first == 0:
        found.add(ROOT_ID)
    if last >= ID_NONE:
        found.add(NO_ID)
    return found & rules


def _change(rules, world, ranges, login, tables):
    uid = world.users[login]
    names = {name for name, number in world.users.items() if number == uid}
    names |= {login, str(uid)}
    # digits that are the uid of one user and the login name of another: no spelling
    disputed = {name for name, number in world.users.items()
                if DECIMAL.match(name) and int(name) in world.users.values()
                and int(name) != number}
    is_same = names.__contains__
    is_spelled = (names - disputed | {login}).__contains__ if SPELLINGS in rules \
        else lambda owner: owner == login
    refused = False
    owner = str(uid) if UID_LOGIN in rules and DECIMAL.match(login) else login

    line = ""
    for letter, first, last in reversed(ranges):
        if (NOTHING in rules and letter in "VW"
                and not tables[letter == "W"].has(is_spelled, first, last)):
            kind = "uid" if letter == "V" else "gid"
            line = f"note: {login} holds none of the {kind}s {first}-{last}"
    # of several, the last on the command line comes first
    for letter, first, last in reversed(ranges):
        if letter in "VW":
            tables[letter == "W"].remove(is_spelled, first, last)
    for letter, first, last in reversed(ranges):
        if letter not in "vw":
            continue
        table = tables[letter == "w"]
        missing = table.missing(is_same, first, last)
        if not missing:
            continue
        ids = (world.groups if letter == "w" else world.users).values()
        for part in missing if PARTLY in rules else [(first, last)]:
            refused |= bool(_objections(rules, table, is_same, *part, ids))
            table.append(owner, *part)
    if refused:
        raise Refused(20, None)
    return line


def _run(rules, world, contents, command):
    ranges = []
    for letter, text in command.changes:
        parsed = parse_range(rules, text)
        if parsed is None:
            kind = "uid" if letter in "vV" else "gid"
            if CONTROLS in rules:
                text = "".join(c if c >= " " and c != "\x7f" else f"\\x{ord(c):02x}"
                               for c in text)
            raise Refused(3, f"invalid subordinate {kind} range '{text}'")
        ranges.append((letter, *parsed))
    if len(command.logins) != 1:
        raise Refused(2, "Usage: PROGRAM [options] LOGIN")
    if not ranges:
        raise Refused(2, "no options")
    login = command.logins[0]
    if login not in world.users:
        raise Refused(6, f"user '{login}' does not exist")
    letters = {letter for letter, _, _ in ranges}
    for content, flags, name in zip(contents, ("vV", "wW"), ("subuid", "subgid")):
        if letters & set(flags) and content is None:
            raise Refused(2, f"/etc/{name} does not exist, you cannot use the flags "
                          f"-{flags[0]} or -{flags[1]}")
    uid = world.users[login]
    if letters & set("VW") and uid in world.busy:
        raise Refused(8, f"user {login} is currently used by process {world.busy[uid]}")

    tables = [Table(rules, content, name) if letters & set(flags) else None
              for content, flags, name in zip(contents, ("vV", "wW"), ("subuid", "subgid"))]
    line = _change(rules, world, ranges, login, tables)
    return [content if table is None else table.result()
            for content, table in zip(contents, tables)] + [line]


def outcome(rules, world, contents, command):
    try:
        return Outcome(0, *_run(rules, world, contents, command))
    except Refused as refused:
        status, line = refused.args
        return Outcome(status, *contents, line)


def classes(rules, world, contents, command, theirs=NONE):
    """The rules that make ours differ from Debian's; nothing where they agree."""
    ours = outcome(rules, world, contents, command)
    oracle = outcome(theirs, world, contents, command)
    if ours == oracle:
        return set()
    return {rule for rule in rules - theirs
            if outcome(rules - {rule}, world, contents, command) != ours
            or outcome(theirs | {rule}, world, contents, command) != oracle}
