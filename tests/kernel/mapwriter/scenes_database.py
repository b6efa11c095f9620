# SPDX-License-Identifier: BSD-3-Clause
"""Causes in the database and in its lines."""

import errno
import os

from explain import ASK, EACCES, GRANT, Plays, cannot_open, denied
from host import ELSA, require

PLAYS = Plays()
scene = PLAYS.scene
NOT_ALLOWED = denied("0-1000", "100000-101000")


# --- the file ---

@scene("file is missing", "FILE_MISSING", "NOT_DELEGATED")
def _(s):
    os.unlink(s.file)
    s.refused(ASK, cannot_open(os.strerror(errno.ENOENT)), "FILE_MISSING")
    s.mend(lambda: s.database(""))
    # it is empty then
    s.refused(ASK, NOT_ALLOWED, "NOT_DELEGATED")
    s.mend()
    s.granted(ASK)


@scene("file is a symbolic link", "FILE_SYMLINK")
def _(s):
    for target in ("elsewhere", "/etc/elsewhere"):
        s.host.write("/etc/elsewhere", GRANT)
        os.unlink(s.file)
        os.symlink(target, s.file)
        s.refused(ASK, cannot_open(os.strerror(errno.ELOOP)), "FILE_SYMLINK")
        s.mend()
        s.granted(ASK)


REPLACE = "put a regular file with the delegations in its place"


@scene("file is no file", "FILE_NOT_REGULAR")
def _(s):
    for make, code in ((os.mkdir, errno.EISDIR), (os.mkfifo, errno.EINVAL)):
        os.unlink(s.file)
        make(s.file)
        s.refused(ASK, cannot_open(os.strerror(code)), "FILE_NOT_REGULAR", REPLACE)
        s.database(GRANT)
        s.granted(ASK)


@scene("file is too large", "FILE_HUGE")
def _(s):
    s.database(GRANT)
    os.truncate(s.file, 2 ** 30 + 1)
    s.refused(ASK, cannot_open(os.strerror(errno.EFBIG)), "FILE_HUGE", REPLACE)
    s.database(GRANT)
    s.granted(ASK)


@scene("file that anybody can write", "FILE_WRITABLE")
def _(s):
    s.database(GRANT, mode=0o666)
    s.refused(ASK, cannot_open(EACCES), "FILE_WRITABLE")
    s.mend(lambda: os.chmod(s.file, 0o644))
    s.granted(ASK)


@scene("file of another user", "FILE_FOREIGN")
def _(s):
    s.database(GRANT, owner=(5002, 5002))
    s.refused(ASK, cannot_open(EACCES), "FILE_FOREIGN", owner=5002)
    s.mend(lambda: os.chown(s.file, 0, 0))
    s.granted(ASK)


@scene("file that the program cannot read", "FILE_UNREADABLE", installs=("fcaps",))
def _(s):
    s.database(GRANT, mode=0o600)
    s.refused(ASK, cannot_open(EACCES), "FILE_UNREADABLE", error=EACCES)
    s.mend()
    s.granted(ASK)


# --- its lines ---

def mend_line(s, number, name):
    """Puts the numbers in that are to be put in."""
    def by_hand():
        with open(s.file) as file:
            lines = file.read().split("\n")
        lines[number - 1] = f"{name}:100000:65536"
        s.host.write(s.file, "\n".join(lines))
    s.cure = s.cure.replace("FIRST", "100000").replace("COUNT", "65536")
    s.mend(by_hand)


MALFORMED = {
    "elsa:0100000:65536": "the start is not a plain decimal number",
    "elsa:100000:0x10000": "the count is not a plain decimal number",
    "elsa:100000:65536:": "the line has not three fields owner:start:count",
    "elsa:100000": "the line has not three fields owner:start:count",
    "elsa:100000:65536 ": "the line ends with a blank",
    "elsa:100000:65536\r": "the line ends with a carriage return",
    "elsa:100000:0": "the count is 0",
    "elsa:100000:4294967295": "the range reaches beyond 4294967296",
    "5001:+100000:1000": "the start is not a plain decimal number",
    " elsa:100000:65536": "the owner holds a blank or a control character",
    "elsa :100000:65536": "the owner holds a blank or a control character",
}


@scene("malformed line", "LINE_MALFORMED")
def _(s):
    for text, reason in MALFORMED.items():
        s.database(f"# a comment\nanna:300000:65536\n{text}\nbob:400000:65536\n")
        s.refused(ASK, NOT_ALLOWED, "LINE_MALFORMED", line=3,
                  reason=reason)
        mend_line(s, 3, "elsa")
        s.granted(ASK)
        with open(s.file) as file:
            require(len(file.readlines()) == 4, "the cure changed other lines")


@scene("malformed lines that do not matter", "NOT_DELEGATED")
def _(s):
    """Those of other users, comments, and others than the caller's."""
    s.database("#elsa:100000:65536\n\nanna:x:1\nelsanna:y:2\nels:z:3\n")
    s.refused(ASK, NOT_ALLOWED, "NOT_DELEGATED")


@scene("delegated in the other file alone", "OTHER_KIND_ONLY")
def _(s):
    for has, missing in (("", "100000-100999"), ("elsa:100000:500\n", "100500-100999")):
        s.database(has, other=GRANT)
        s.refused(ASK, NOT_ALLOWED, "OTHER_KIND_ONLY", missing=missing)
        s.mend()
        s.granted(ASK)


@scene("delegated in part", "PARTLY_DELEGATED")
def _(s):
    for has, missing in (("elsa:100000:999\n", "100999-100999"),
                         ("elsa:100001:65536\n", "100000-100000"),
                         ("elsa:100000:400\nelsa:100500:9999\n", "100400-100499"),
                         ("elsa:100000:400\n5001:100400:500\n", "100900-100999")):
        s.database(has)
        s.refused("PID 5000 100000 1000", denied("5000-6000", "100000-101000"),
                  "PARTLY_DELEGATED", extent=1, missing=missing)
        s.mend()
        s.granted(ASK)
    s.database("elsa:100000:10\nelsa:200000:10\n")
    s.refused("PID 0 100000 10 10 200000 20", denied("10-30", "200000-200020"),
              "PARTLY_DELEGATED", extent=2, missing="200010-200019")
    s.mend()
    s.granted("PID 0 100000 10 10 200000 20")


@scene("delegated in part, to another name of the user", "PARTLY_DELEGATED")
def _(s):
    s.database("elsatwin:100000:500\n")
    s.refused(ASK, NOT_ALLOWED, "PARTLY_DELEGATED", extent=1,
              missing="100500-100999")
    s.mend()
    s.granted(ASK)


@scene("delegated, but not this, to another name of the user", "NOT_DELEGATED",
       "LINE_MALFORMED")
def _(s):
    s.database("anna:100000:10\nelsatwin:300000:65536\n")
    s.refused(ASK, NOT_ALLOWED, "NOT_DELEGATED", "ask for ids of yours, as 300000-365535",
              first="300000-365535")
    s.granted("PID 0 300000 65536")
    s.database("elsatwin:0100000:1000\n")
    s.refused(ASK, NOT_ALLOWED, "LINE_MALFORMED", line=1,
              reason="the start is not a plain decimal number")



@scene("nothing is delegated", "NOT_DELEGATED")
def _(s):
    s.database("anna:200000:65536\n")
    s.refused(ASK, NOT_ALLOWED, "NOT_DELEGATED")
    s.mend()
    s.granted(ASK)


@scene("another range is delegated", "NOT_DELEGATED")
def _(s):
    s.database("elsa:300000:65536\n")
    s.refused(ASK, NOT_ALLOWED, "NOT_DELEGATED", first="300000-365535")
    s.mend()
    s.granted(ASK)
    s.database("elsa:300000:65536\n5001:400000:1\n")
    s.refused(ASK, NOT_ALLOWED, "NOT_DELEGATED", first="300000-365535",
              ranges=2)
    s.mend()
    s.granted(ASK)


@scene("delegated to somebody else", "NOT_DELEGATED")
def _(s):
    s.database("anna:100000:65536\n")
    s.refused(ASK, NOT_ALLOWED, "NOT_DELEGATED",
              "have other ids delegated: line 1 gives some of these to anna")
    # the user's own, where there are any
    s.database("bob:200000:5\nanna:100000:65536\nelsa:500000:2000\n")
    s.refused(ASK, NOT_ALLOWED, "NOT_DELEGATED",
              "ask for ids of yours, as 500000-501999", first="500000-501999")
    s.granted("PID 0 500000 2000")


@scene("the end of it delegated to somebody else", "NOT_DELEGATED", "PARTLY_DELEGATED")
def _(s):
    """A cure does not give away what another user has."""
    for content, cause, values in (("anna:100500:65536\n", "NOT_DELEGATED", {}),
                                   ("elsa:100000:100\nanna:100500:65536\n", "PARTLY_DELEGATED",
                                    {"extent": 1, "missing": "100100-100999"})):
        s.database(content)
        s.refused(ASK, NOT_ALLOWED, cause, **values)
        require("usermod" not in s.cure, f"the cure gives elsa ids of anna's: {s.cure}")


@scene("login names that a shell or sed would take apart", "NOT_DELEGATED", "LINE_MALFORMED")
def _(s):
    """Directories have them."""
    for name in ("DOM\\elsa", "elsa smith", "elsa;exit", "$elsa", "elsa&co", "o'elsa", "elsa/x"):
        s.host.write("/etc/passwd", f"root:x:0:0::/root:/bin/sh\n{name}:x:5001:5001::/:/bin/sh\n")
        s.caller = ELSA._replace(name=name)
        s.database("")
        s.refused(ASK, NOT_ALLOWED, "NOT_DELEGATED")
        s.mend()
        s.granted(ASK)
        s.database(f"{name}:x:y\n")
        s.refused(ASK, NOT_ALLOWED, "LINE_MALFORMED", line=1,
                  reason="the start is not a plain decimal number")
        mend_line(s, 1, name)
        s.granted(ASK)


@scene("low ids", "NOT_DELEGATED")
def _(s):
    """Nobody is told to give the ids of accounts away."""
    s.database("")
    for ask, first in (("PID 0 0 1", denied("0-1", "0-1")),
                       ("PID 0 1000 65536", denied("0-65536", "1000-66536")),
                       ("PID 0 99999 2", denied("0-2", "99999-100001"))):
        s.refused(ask, first, "NOT_DELEGATED",
                  "have ids from 100000 on delegated: usermod-ext {flag} FIRST-LAST elsa".replace(
                      "{flag}", "-v" if s.kind == "u" else "-w"))
    s.cure = s.cure.split(": ")[1].replace("FIRST", "100000").replace("LAST", "100999")
    s.mend()
    s.granted(ASK)
    s.refused("PID 0 0 1", denied("0-1", "0-1"), "NOT_DELEGATED",
              "ask for ids of yours, as 100000-100999", first="100000-100999")
