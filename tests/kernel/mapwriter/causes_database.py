# SPDX-License-Identifier: BSD-3-Clause
"""Causes in the database and in its lines."""

import errno
import os

from explain import ASK, EACCES, GRANT, Cases, cannot_open, denied
from host import ELSA, ROOT, identity, require, root_shell

CASES = Cases()
case = CASES.case
NOT_ALLOWED = denied("0-1000", "100000-101000")


# --- the file ---

@case("file is missing", "FILE_MISSING", "NOT_DELEGATED")
def _(s):
    os.unlink(s.file)
    s.refused(ASK, cannot_open(os.strerror(errno.ENOENT)), "FILE_MISSING")
    s.fix(lambda: s.database(""))
    # the file is empty then
    s.refused(ASK, NOT_ALLOWED, "NOT_DELEGATED")
    s.fix()
    s.granted(ASK)


def not_without_yes(s):
    """The cure shows the content, and changes nothing without the answer `yes`."""
    before = identity(s.file)
    with open(s.file, "rb") as file:
        content = file.read()
    for answer in (b"", b"\n", b"no\n", b"usermod-ext -S elsa\n"):
        found = root_shell(s.host, s.cure, answer)
        require(found.returncode != 0 and content in found.stdout, f"{found}")
        require(identity(s.file) == before, "the file is another")


@case("file is a symbolic link", "FILE_SYMLINK")
def _(s):
    """Any user can have written the file that a link leads to."""
    for target, mode, owner in (("elsewhere", 0o644, 0), ("/etc/elsewhere", 0o666, 5002)):
        s.host.write("/etc/elsewhere", GRANT, mode, (owner, owner))
        os.unlink(s.file)
        os.symlink(target, s.file)
        s.refused(ASK, cannot_open(os.strerror(errno.ELOOP)), "FILE_SYMLINK")
        not_without_yes(s)
        s.fix()
        s.granted(ASK)


@case("file is a symbolic link to no file", "FILE_SYMLINK", "NOT_DELEGATED")
def _(s):
    for target in ("nowhere", s.file):
        os.unlink(s.file)
        os.symlink(target, s.file)
        s.refused(ASK, cannot_open(os.strerror(errno.ELOOP)), "FILE_SYMLINK")
        s.fix()
        s.refused(ASK, NOT_ALLOWED, "NOT_DELEGATED")
        s.fix()
        s.granted(ASK)


@case("file is not regular", "FILE_NOT_REGULAR", "NOT_DELEGATED")
def _(s):
    for make, code in ((os.mkdir, errno.EISDIR), (os.mkfifo, errno.EINVAL)):
        os.unlink(s.file)
        make(s.file)
        s.refused(ASK, cannot_open(os.strerror(code)), "FILE_NOT_REGULAR")
        s.fix()
        s.refused(ASK, NOT_ALLOWED, "NOT_DELEGATED")
        s.fix()
        s.granted(ASK)


@case("file is too large", "FILE_HUGE", "NOT_DELEGATED")
def _(s):
    s.database(GRANT)
    os.truncate(s.file, 2 ** 30 + 1)
    s.refused(ASK, cannot_open(os.strerror(errno.EFBIG)), "FILE_HUGE")
    s.fix()
    with open(f"{s.file}.old") as file:
        require(file.readline() == GRANT, "the delegations are lost")
    s.refused(ASK, NOT_ALLOWED, "NOT_DELEGATED")
    s.fix()
    s.granted(ASK)


@case("file that every user can write", "FILE_WRITABLE")
def _(s):
    s.database(GRANT, mode=0o666)
    s.refused(ASK, cannot_open(EACCES), "FILE_WRITABLE")
    not_without_yes(s)
    s.fix(lambda: os.chmod(s.file, 0o644))
    s.granted(ASK)


@case("file of another user", "FILE_FOREIGN")
def _(s):
    s.database(GRANT, owner=(5002, 5002))
    s.refused(ASK, cannot_open(EACCES), "FILE_FOREIGN", owner=5002)
    not_without_yes(s)
    s.fix(lambda: os.chown(s.file, 0, 0))
    s.granted(ASK)


@case("file that the program cannot read", "FILE_UNREADABLE", installs=("fcaps",))
def _(s):
    s.database(GRANT, mode=0o600)
    s.refused(ASK, cannot_open(EACCES), "FILE_UNREADABLE", error=EACCES)
    s.fix()
    s.granted(ASK)


# --- its lines ---

def read(path):
    with open(path, "rb") as file:
        return file.read().decode()


MALFORMED = {
    "elsa:0100000:65536": "the start is not a plain decimal number",
    "elsa:100000:0x10000": "the count is not a plain decimal number",
    "elsa:100000:65536:": "the line has not three fields owner:start:count",
    "elsa:100000": "the line has not three fields owner:start:count",
    "elsa:100000:65536 ": "the line ends with whitespace",
    "elsa:100000:65536\r": "the line ends with a carriage return",
    "elsa:100000:0": "the count is 0",
    "elsa:100000:4294967295": "the range reaches beyond 4294967296",
    "5001:+100000:1000": "the start is not a plain decimal number",
    " elsa:100000:65536": "the owner holds whitespace or a control character",
    "elsa :100000:65536": "the owner holds whitespace or a control character",
}


@case("malformed line", "LINE_MALFORMED")
def _(s):
    """The line keeps its numbers and its place, and no other line changes."""
    for text, reason in MALFORMED.items():
        before = "# a comment\nanna:300000:65536\n{}bob:400000:65536\n"
        s.database(before.format(f"{text}\n"))
        s.refused(ASK, NOT_ALLOWED, "LINE_MALFORMED", line=3, reason=reason)
        s.fix()
        owner = "5001" if text.startswith("5001") else "elsa"
        count = 1000 if text.endswith(":1000") else 65536
        kept = before.format(f"{owner}:100000:{count}\n")
        if text in ("elsa:100000:0", "elsa:100000:4294967295"):
            kept = before.format("") + "elsa:100000:65536\n"
        require(read(s.file) == kept, f"{text!r}: {s.cure}: {read(s.file)!r}")
        s.granted(ASK)
        root_shell(s.host, s.cure)
        require(read(s.file) == kept, f"again: {s.cure}: {read(s.file)!r}")


@case("malformed line with ids of another user", "LINE_MALFORMED")
def _(s):
    """The caller does not get these ids, but others."""
    for text, taken, cure in (
            ("elsa:100000:65536 ", "anna:165535:1\n", "--remove 'elsa:100000:65536 ' && "
             "usermod-ext -S elsa"),
            ("elsa:0100000:1000", "anna:100000:65536\n", "--as 32768-33767 elsa:0100000:1000"),
            ("elsa:0:5:", "", "--remove elsa:0:5: && usermod-ext -S elsa")):
        s.database(f"{taken}{text}\n")
        s.refused(ASK, NOT_ALLOWED, "LINE_MALFORMED", line=1 + bool(taken),
                  reason=("the line ends with whitespace" if text.endswith(" ") else
                          "the start is not a plain decimal number" if ":01" in text else
                          "the line has not three fields owner:start:count"))
        require(s.cure == f"subid fix -{s.kind} {cure}", s.cure)
        s.fix()
        require(read(s.file).startswith(taken), f"{read(s.file)!r}")
        first = int(read(s.file).removeprefix(taken).split(":")[1])
        s.granted(f"PID 0 {first} 1000")


@case("malformed line that is long, or has a NUL", "LINE_MALFORMED")
def _(s):
    for end in (" " * 300, "\0"):
        s.host.write(s.file, f"elsa:100000:65536{end}\n")
        s.refused(ASK, NOT_ALLOWED, "LINE_MALFORMED", line=1,
                  reason="the line holds a NUL byte" if end == "\0" else
                  "the line ends with whitespace")
        require(" --begins elsa:100000:65536" in s.cure or " --begins 'elsa:100000:65536 " in
                s.cure, s.cure)
        s.fix()
        require(read(s.file) == GRANT, f"{read(s.file)!r}")
        s.granted(ASK)


@case("malformed lines that do not matter", "NOT_DELEGATED")
def _(s):
    """Lines of other users, comments, and lines with other owners."""
    s.database("#elsa:100000:65536\n\nanna:x:1\nelsanna:y:2\nels:z:3\n")
    s.refused(ASK, NOT_ALLOWED, "NOT_DELEGATED")


@case("delegated in the other file alone", "OTHER_KIND_ONLY")
def _(s):
    for has, missing in (("", "100000-100999"), ("elsa:100000:500\n", "100500-100999")):
        s.database(has, other=GRANT)
        s.refused(ASK, NOT_ALLOWED, "OTHER_KIND_ONLY", missing=missing)
        s.fix()
        s.granted(ASK)


@case("delegated in part", "PARTLY_DELEGATED")
def _(s):
    for has, missing in (("elsa:100000:999\n", "100999-100999"),
                         ("elsa:100001:65536\n", "100000-100000"),
                         ("elsa:100000:400\nelsa:100500:9999\n", "100400-100499"),
                         ("elsa:100000:400\n5001:100400:500\n", "100900-100999")):
        s.database(has)
        s.refused("PID 5000 100000 1000", denied("5000-6000", "100000-101000"),
                  "PARTLY_DELEGATED", extent=1, missing=missing)
        s.fix()
        s.granted(ASK)
    s.database("elsa:100000:10\nelsa:200000:10\n")
    s.refused("PID 0 100000 10 10 200000 20", denied("10-30", "200000-200020"),
              "PARTLY_DELEGATED", extent=2, missing="200010-200019")
    s.fix()
    s.granted("PID 0 100000 10 10 200000 20")


@case("delegated in part, to another name of the user", "PARTLY_DELEGATED")
def _(s):
    s.database("elsatwin:100000:500\n")
    s.refused(ASK, NOT_ALLOWED, "PARTLY_DELEGATED", extent=1,
              missing="100500-100999")
    s.fix()
    s.granted(ASK)


@case("another range is delegated to another name of the user", "NOT_DELEGATED",
       "LINE_MALFORMED")
def _(s):
    s.database("anna:100000:10\nelsatwin:300000:65536\n")
    s.refused(ASK, NOT_ALLOWED, "NOT_DELEGATED", "ask for ids of yours, as 300000-365535",
              first="300000-365535", line=1, owner="anna")
    s.granted("PID 0 300000 65536")
    s.database("elsatwin:0100000:1000\n")
    s.refused(ASK, NOT_ALLOWED, "LINE_MALFORMED", line=1,
              reason="the start is not a plain decimal number")



@case("nothing is delegated", "NOT_DELEGATED")
def _(s):
    s.database("anna:200000:65536\n")
    s.refused(ASK, NOT_ALLOWED, "NOT_DELEGATED")
    s.fix()
    s.granted(ASK)


@case("another range is delegated", "NOT_DELEGATED")
def _(s):
    s.database("elsa:300000:65536\n")
    s.refused(ASK, NOT_ALLOWED, "NOT_DELEGATED", first="300000-365535")
    s.fix()
    s.granted(ASK)
    s.database("elsa:300000:65536\n5001:400000:1\n")
    s.refused(ASK, NOT_ALLOWED, "NOT_DELEGATED", first="300000-365535",
              ranges=2)
    s.fix()
    s.granted(ASK)


def own_range(s, name="elsa"):
    """The user has one range in the database."""
    with open(s.file) as file:
        found = [line.split(":") for line in file.read().splitlines()
                 if line.startswith(f"{name}:")]
    require(len(found) == 1, f"{found}")
    return int(found[0][1]), int(found[0][2])


@case("delegated to another user", "NOT_DELEGATED")
def _(s):
    s.database("anna:100000:65536\n")
    s.refused(ASK, NOT_ALLOWED, "NOT_DELEGATED", "usermod-ext -S elsa", line=1, owner="anna")
    s.fix()
    first, count = own_range(s)
    s.fix()
    require(own_range(s) == (first, count), "the second time gives more")
    s.granted(f"PID 0 {first} {count}")
    # the ranges of the user, if there are any
    s.database("bob:200000:5\nanna:100000:65536\nelsa:500000:2000\n")
    s.refused(ASK, NOT_ALLOWED, "NOT_DELEGATED",
              "ask for ids of yours, as 500000-501999", first="500000-501999", line=2,
              owner="anna")
    s.granted("PID 0 500000 2000")


@case("root wants ids of another user", "NOT_DELEGATED")
def _(s):
    """Containers of the user have these ids already; root has all rights over them."""
    s.caller = ROOT
    s.database("anna:100000:65536\n")
    s.refused(ASK, NOT_ALLOWED, "NOT_DELEGATED", line=1, owner="anna")
    s.fix()
    s.granted(ASK)
    s.fix()
    with open(s.file) as file:
        require(file.read() == "anna:100000:65536\nroot:100000:1000\n", "other lines")


@case("root has other ids and wants some of another user", "NOT_DELEGATED", "PARTLY_DELEGATED")
def _(s):
    """Incus keeps the ids of an instance when root's range has changed: before root shares
    the ids, the message says with whom."""
    s.caller = ROOT
    s.database("anna:655360:65536\nroot:1000000:1000000000\n")
    s.refused("PID 0 655360 65536", denied("0-65536", "655360-720896"), "NOT_DELEGATED",
              line=1, owner="anna", first="1000000-1000999999")
    s.fix()
    s.granted("PID 0 655360 65536")
    s.database("anna:200000:10\nroot:200010:65526\n")
    s.refused("PID 0 200000 65536", denied("0-65536", "200000-265536"), "PARTLY_DELEGATED",
              extent=1, missing="200000-200009", line=1, owner="anna")
    s.fix()
    s.granted("PID 0 200000 65536")


@case("an id that root passes through", "PASSED_THROUGH")
def _(s):
    s.caller = ROOT
    s.database("root:100000:65536\n")
    ask = "PID 0 100000 1005 1005 1005 1 1006 101006 64530"
    s.refused(ask, denied("1005-1006", "1005-1006"), "PASSED_THROUGH", id=1005)
    s.fix()
    s.granted(ask)
    s.fix()
    # the id of an account
    ask = "PID 0 100000 5001 5001 5001 1"
    s.refused(ask, denied("5001-5002", "5001-5002"), "PASSED_THROUGH", id=5001)
    s.fix()
    s.granted(ask)


@case("an id that a user other than root wants to pass through", "NOT_DELEGATED")
def _(s):
    """Only root has the rights of every user."""
    s.database("elsa:100000:65536\n")
    s.refused("PID 0 5002 1", denied("0-1", "5002-5003"), "NOT_DELEGATED",
              "ask for ids of yours, as 100000-165535", first="100000-165535")


@case("a group of the caller", "PASSED_THROUGH", kinds="g")
def _(s):
    s.caller = ELSA._replace(groups=(44,))
    s.database("elsa:100000:65536\n")
    ask = "PID 0 100000 44 44 44 1"
    s.refused(ask, denied("44-45", "44-45"), "PASSED_THROUGH", id=44)
    s.fix()
    s.granted(ask)


@case("the end of it delegated to another user", "NOT_DELEGATED", "PARTLY_DELEGATED")
def _(s):
    """No cure gives ids that another user has."""
    for content, cause, values in (("anna:100500:65536\n", "NOT_DELEGATED",
                                    {"line": 1, "owner": "anna"}),
                                   ("elsa:100000:100\nanna:100500:65536\n", "PARTLY_DELEGATED",
                                    {"extent": 1, "missing": "100100-100999", "line": 2,
                                    "owner": "anna"})):
        s.database(content)
        anna = "anna:100500:65536\n"
        s.refused(ASK, NOT_ALLOWED, cause, **values)
        s.fix(lambda: None)
        with open(s.file) as file:
            require(anna in file.read(), "anna's line is another")
        first, count = own_range(s)
        require(first + count <= 100500 or first >= 100500 + 65536,
                f"the cure gives elsa ids of anna's: {s.cure}")


@case("login names that a shell would take apart", "NOT_DELEGATED", "LINE_MALFORMED")
def _(s):
    """A directory service has such names."""
    for name in ("DOM\\elsa", "elsa smith", "elsa;exit", "$elsa", "elsa&co", "o'elsa", "elsa/x"):
        s.host.write("/etc/passwd", f"root:x:0:0::/root:/bin/sh\n{name}:x:5001:5001::/:/bin/sh\n")
        s.caller = ELSA._replace(name=name)
        s.database("")
        s.refused(ASK, NOT_ALLOWED, "NOT_DELEGATED")
        s.fix()
        s.granted(ASK)
        s.database(f"{name}:x:y\n")
        s.refused(ASK, NOT_ALLOWED, "LINE_MALFORMED", line=1,
                  reason="the start is not a plain decimal number")
        s.fix()
        s.granted(ASK)


@case("low ids", "NOT_DELEGATED")
def _(s):
    """No cure gives ids of accounts."""
    s.database("")
    for ask, first in (("PID 0 0 1", denied("0-1", "0-1")),
                       ("PID 0 1000 65536", denied("0-65536", "1000-66536")),
                       ("PID 0 99999 2", denied("0-2", "99999-100001"))):
        s.refused(ask, first, "NOT_DELEGATED", "usermod-ext -S elsa")
    s.fix()
    first, count = own_range(s)
    require(first >= 100000, f"{first}")
    s.granted(f"PID 0 {first} {count}")
    s.refused("PID 0 0 1", denied("0-1", "0-1"), "NOT_DELEGATED",
              f"ask for ids of yours, as {first}-{first + count - 1}",
              first=f"{first}-{first + count - 1}")
