# SPDX-License-Identifier: BSD-3-Clause
"""Data of test_owner_options.py: users that a name service knows by several names,
databases with their lines, and a command with what it leaves."""

from typing import NamedTuple

from host import PASSWD, Account

DONE, FAILED, FINDINGS, UNREADABLE, NO_USER, NONE, REFUSED = 0, 1, 2, 3, 6, 7, 20
NOT_PERMITTED = 9
JOE = Account(7001, 7001, ("joe", "joe@corp.example", "CORP\\joe"))
SUE = Account(7002, 7002, ("sue@corp.example", "sue"))
OF_JOE = "joe:3000:4\njoe@corp.example:3010:4\nCORP\\joe:3020:4\n7001:3030:4\n"
OTHERS = "elsa:4000:4\nghost:4010:4\n12345:4020:4\n"
DB = OF_JOE + OTHERS
# both map it: the uid of anna is the login name of another user
DISPUTED = "5002:3000:4\nanna:3010:4\n5004:3020:4\n"
BOTH = "-V 0-4294967295 -W 0-4294967295"


def without(data, *owners):
    return "".join(line for line in data.splitlines(True) if line.split(":")[0] not in owners)


ALL_JOE = without(DB, "joe", "joe@corp.example", "CORP\\joe", "7001")


class Case(NamedTuple):
    """A command with a database, its status, and the database afterwards; said: on stderr.
    status None: any but 0."""
    words: str
    data: str
    status: int
    left: str
    said: tuple = ()


# a login name that no line can have: lines by it are malformed, but shadow's read them
ZEROS = "00123456"
LOCAL = f"{PASSWD}80025037:x:5005:5005:::\n{ZEROS}:x:5009:5009:::\n"


class Box:
    def __init__(self, programs, report):
        self.programs, self.report, self.directory = programs, report, programs.directory
        programs.host.write("/etc/passwd", LOCAL)
        self.directory.set((JOE, SUE, Account(7003, 7003, ("00700300", "zed"))))

    def check(self, name, holds, *about):
        self.report.check(name, holds, " | ".join(map(str, about)))

    def run(self, case, what):
        self.programs.put(case.data)
        program, *words = case.words.split(" ")
        result = self.programs.run(program, *words)
        left = self.programs.get()
        said = result.err.decode("utf-8", "backslashreplace")
        right = result.status == case.status if case.status is not None else result.status != 0
        self.check(f"{what}: {case.words}", right
                   and left == dict.fromkeys(("uid", "gid"), case.left.encode())
                   and all(word in said for word in case.said),
                   f"status {result.status}", f"left {left}", result.out, said)
