# SPDX-License-Identifier: BSD-3-Clause
"""The users of a name service (host.NameService) and of passwd, the owners of lines of a
database (by brute force), and many runs of map writers (map_probe.c).

Lines of passwd are read by fgetpwent(3), as getpwuid(3) does, not as the programs under test
do."""

import ctypes
import os
import re
import shutil
import subprocess
from typing import NamedTuple

import library_box
import model
import subid_box
import usermod_box
from directory_service import be_quiet
from host import CLEAN_PATH, Account, NameService

ID_NONE = 4294967295


# --- local accounts ---------------------------------------------------------------------

class PasswdEntry(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("password", ctypes.c_char_p),
                ("uid", ctypes.c_uint), ("gid", ctypes.c_uint), ("gecos", ctypes.c_char_p),
                ("home", ctypes.c_char_p), ("shell", ctypes.c_char_p)]


libc = ctypes.CDLL(None, use_errno=True)
libc.fopen.restype = ctypes.c_void_p
libc.fgetpwent.restype = ctypes.POINTER(PasswdEntry)
libc.fgetpwent.argtypes = libc.fclose.argtypes = [ctypes.c_void_p]


def read_passwd(path="/etc/passwd"):
    """The entries as the service `files` finds them, in order."""
    stream = libc.fopen(path.encode(), b"re")
    if not stream:
        raise OSError(ctypes.get_errno(), path)
    found = []
    while (entry := libc.fgetpwent(stream)):
        name = entry.contents.name.decode("utf-8", "surrogateescape")
        if name and name[0] not in "+-":
            found.append(Account(entry.contents.uid, entry.contents.gid, (name,)))
    libc.fclose(stream)
    return found


def read_group(path="/etc/group"):
    """The gids of a file of groups, in any spelling."""
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        return [int(fields[2]) for fields in (line.split(":") for line in file)
                if len(fields) > 2 and re.fullmatch(r"[ \t+]*[0-9]+", fields[2])]


class Accounts:
    """What getpwnam(3) and getpwuid(3) answer with `files subiddir`, as long as neither
    passwd nor the service changes. `service` None: the service is silent."""

    def __init__(self, service, passwd="/etc/passwd"):
        self.local, self.service = read_passwd(passwd), service

    def silent(self):
        found = Accounts.__new__(Accounts)
        found.local, found.service = self.local, None
        return found

    def local_by_name(self, word):
        return next((user for user in self.local if user.name == word), None)

    def by_name(self, word):
        return self.local_by_name(word) or (self.service and self.service.by_name(word))

    def by_uid(self, uid):
        return (next((user for user in self.local if user.uid == uid), None)
                or (self.service and self.service.by_uid(uid)))

    def everyone(self):
        """One Account for each uid, with all its names."""
        found = {}
        for user in (*self.local, *(self.service.users if self.service else ())):
            first = found.setdefault(user.uid, self.by_uid(user.uid))
            more = [name for name in user.names if name not in first.names
                    and getattr(self.by_name(name), "uid", None) == user.uid]
            found[user.uid] = first._replace(names=(*first.names, *more))
        return list(found.values())

    def is_ambiguous(self, word):
        """Digits that are the uid of one account and the login name of another."""
        named = is_number(word) and self.by_name(word)
        return bool(named and self.by_uid(int(word)) and named.uid != int(word))

    def owns(self, word, user):
        """Whether a line of that owner is the user's. A service that is silent knows
        no name."""
        if word in (user.name, str(user.uid)):
            return True
        if is_number(word):
            return False
        found = self.by_name(word)
        return bool(found and found.uid == user.uid)

    def owns_for_debian(self, word, user):
        """The same for Debian's map writers: digits are a name as well."""
        found = self.by_name(word)
        return word in (user.name, str(user.uid)) or bool(found and found.uid == user.uid)

    def known_names(self, user, typed=None):
        """The owners that are the user's without asking a service."""
        names = {user.name, str(user.uid)}
        for local in self.local:
            if not is_number(local.name) and self.local_by_name(local.name).uid == user.uid:
                names.add(local.name)
        return names | ({typed} if typed and not is_number(typed) else set())

    def is_unknown(self, word):
        """Whether only a service knows the owner of a line."""
        return not is_number(word) and not self.local_by_name(word)


def is_number(word):
    return re.fullmatch("[0-9]+", word) is not None


# --- lines of a database ----------------------------------------------------------------

class Line(NamedTuple):
    """What a reader makes of a line: ids first to last of an owner."""
    owner: str
    first: int
    last: int

    def ids(self, universe):
        return {number for number in universe if self.first <= number <= self.last}


def is_owner(word):
    """Whether a line can have this owner, see subuid(5); `#` begins a comment."""
    if not word or len(word.encode("utf-8", "surrogateescape")) > 256 or word[0] in "+- #":
        return False
    if word[-1] == " " or any(ord(char) < 32 or ord(char) == 127 for char in word):
        return False
    return not is_number(word) or (str(int(word)) == word and int(word) < ID_NONE)


def as_lines(grants):
    return [Line(grant.owner.decode("utf-8", "surrogateescape"), grant.first, grant.last)
            for grant in grants]


def our_lines(data):
    return [line for line in as_lines(model.strict_grants(data)) if is_owner(line.owner)]


def debian_lines(data):
    return as_lines(model.debian_grants(data) or ())


def engine_lines(data):
    """As container engines in Go read it: three fields, decimal, zeros and a sign, and
    whitespace around the line."""
    found = []
    for text in data.decode("utf-8", "surrogateescape").split("\n"):
        fields = text.strip().split(":")
        if len(fields) == 3 and all(re.fullmatch("[+-]?[0-9]+", part) for part in fields[1:]):
            first, count = int(fields[1]), int(fields[2])
            if first >= 0 and count > 0:
                found.append(Line(fields[0], first, first + count - 1))
    return found


def is_excessive(line):
    """A line that a reader extends beyond its numbers: a count of 0, a sum beyond all ids."""
    return not line.first <= line.last < 2 * ID_NONE


def excessive_lines(data):
    return [line for line in debian_lines(data) if is_excessive(line)]


def all_lines(data):
    """The lines by the union of all readers, those of owners that cannot be users among
    them, without the excessive ones."""
    return {line for line in (*our_lines(data), *debian_lines(data), *engine_lines(data))
            if not is_excessive(line)}


def any_lines(data):
    """The lines that could be a user's."""
    return {line for line in all_lines(data) if is_owner(line.owner)}


# --- programs ---------------------------------------------------------------------------

class Prober:
    """Map writers, many a second. A caller is an Account."""

    def __init__(self, host):
        self.host = host
        path = host.compile("map_probe.c")
        self.child = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      env={"PATH": CLEAN_PATH}, text=True, bufsize=1,
                                      preexec_fn=be_quiet)

    def ask(self, who, kind, user, extents):
        """The exit status of one map writer, `ours` or `debian`; 0: the map is made."""
        return self.ask_all([(who, kind, user, extents)])[0]

    def ask_all(self, questions):
        text = ""
        for who, kind, user, extents in questions:
            path = self.host.subjects[who, "setuid"].path(f"new{kind[0]}idmap")
            words = " ".join(f"{inner} {outer} {count}" for inner, outer, count in extents)
            text += f"{path} {user.uid} {user.gid} {words}\n"
        self.child.stdin.write(text)
        self.child.stdin.flush()
        return [int(self.child.stdout.readline()) for _ in questions]

    def one_each(self, who, kind, user, ids):
        """Those of the ids that a map writer maps, each in its own map."""
        ids = sorted(ids)
        found = self.ask_all([(who, kind, user, ((0, number, 1),)) for number in ids])
        strange = [status for status in found if status not in (0, 1)]
        if strange:
            raise RuntimeError(f"{who} {kind} {user}: status {strange}")
        return {number for number, status in zip(ids, found) if status == 0}

    def all_at_once(self, who, kind, user, ids):
        """Whether one map of all these ids is made."""
        extents = [(inner, number, 1) for inner, number in enumerate(sorted(ids))]
        return not extents or self.ask(who, kind, user, extents) == 0

    def rest(self):
        """Ends all processes of users."""
        self.child.stdin.write("\n")
        self.child.stdin.flush()
        self.child.stdout.readline()


class Programs:
    """All programs of a build in one throw-away host, with a name service: this one, or
    another class with the same methods."""

    def __init__(self, report, directory=NameService):
        self.library = library_box.enter()
        self.host, self.report = self.library.host, report
        self.subid = subid_box.Box(self.host, report)
        self.usermod = usermod_box.Box(self.host)
        self.getsubids = f"{self.host.tmpdir}/bin/getsubids"
        shutil.copyfile(f"{self.library.build}/getsubids/getsubids", self.getsubids)
        os.chmod(self.getsubids, 0o755)
        self.directory = directory(self.host)
        self.prober = Prober(self.host)
        self.caller = None

    def put(self, subuid="", subgid=None):
        self.usermod.put(subuid, subuid if subgid is None else subgid)

    def get(self):
        return dict(zip(("uid", "gid"), self.usermod.get()))

    def run(self, program, *words, **options):
        path = {"subid": self.subid.path, "usermod-ext": self.usermod.ours,
                "getsubids": self.getsubids}[program]
        return self.usermod.run(*words, path=path, **options)

    def map_writers(self):
        return [who for who in ("ours", "debian") if (who, "setuid") in self.host.subjects]

    def call(self, *words):
        """One of the ten calls, in a process that stays; see subidcall.c."""
        if self.caller is None or self.caller.poll() is not None:
            self.caller = subprocess.Popen(
                [self.library.ours.caller], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                env=self.library.ours.environment(), text=True, bufsize=1)
        self.caller.stdin.write("\t".join(map(str, words)) + "\n")
        self.caller.stdin.flush()
        return self.caller.stdout.readline().rstrip("\n")

    def ids_of_accounts(self, kind, accounts):
        """Ids of local accounts, local groups and the name service."""
        users = (*accounts.local, *(accounts.service.users if accounts.service else ()))
        if kind == "uid":
            return {user.uid for user in users}
        groups = {user.gid for user in users} | {gid for gid, _ in self.directory.groups}
        return groups | set(read_group())
