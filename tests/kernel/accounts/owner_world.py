# SPDX-License-Identifier: BSD-3-Clause
"""Random hosts for test_owner_rule.py: local users with second names and odd lines of
passwd, a directory with several spellings of each user, databases and commands. All ids
that are delegated lie in a small universe, so that each can be checked by itself."""

from typing import NamedTuple

from host import Account
from name_service import Accounts, any_lines, is_number

FIRST, LAST, COUNT = 3000, 3039, 4
UNIVERSE = range(FIRST, LAST + 1)
ALL = (0, 4294967295)
KINDS = ("uid", "gid")

LOGIN_DEFS = f"""\
UID_MIN 1000
UID_MAX 60000
SUB_UID_MIN {FIRST}
SUB_UID_MAX {LAST}
SUB_UID_COUNT {COUNT}
SUB_GID_MIN {FIRST}
SUB_GID_MAX {LAST}
SUB_GID_COUNT {COUNT}
"""
PASSWD = """\
root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
elsa:x:5001:5001:Elsa:/home/elsa:/bin/sh
anna:x:5002:5002:Anna:/home/anna:/bin/sh
"""
GROUP = "root:x:0:\ndaemon:x:1:\nnogroup:x:65534:\nelsa:x:5001:\nanna:x:5002:\nteam:x:6000:\n"
# other lines that a host may have: lines that getpwuid(3) reads and a strict reader does not,
# second names, names of digits, and ids inside the universe
MORE_PASSWD = (
    "bob:x:5003:6000:Bob:/home/bob:/bin/sh",
    "bob:x:05003:6000:Bob:/home/bob:/bin/sh",
    "\tbob:x:+5003:6000:Bob:/home/bob:/bin/sh",
    "elsatwin:x:5001:5001:::",
    "elsazero:x:05001:5001:::",
    "  elsaspace:x:5001:5001:::",
    "elsaplus:x:+5001:5001:::",
    "elsablank:x: 5001:5001:::",
    "elsacut:x:5001:5001",
    "elsacut2:x:5001:",
    "annazero:x:0000005002:5002",
    "5002:x:5004:5004:::",
    "80025037:x:5005:5005:::",
    "twin:x:5001:5001:::",
    "twin:x:5002:5002:::",
    "zoe:x:3010:3031:::",
    "eve:x:03024:5001:::",
    "#elsahash:x:5001:5001:::",
    "+elsacompat:x:5001:5001:::",
)
MORE_GROUP = ("staff:x:3017:", "wheel:x:03035:")
# names of one user of the service; the first is canonical
JOE = (("joe", "joe@corp.example", "CORP\\joe"), ("joe@corp.example", "CORP\\joe", "joe"),
       ("joe@corp.example", "CORP\\joe"), ("joe", "corp.example\\joe"), ("CORP\\joe", "joe"))
SUE = (("sue@corp.example",), ("Sue", "sue@corp.example"), ("sue",))
ELSA = (("elsa", "elsa@corp.example", "CORP\\elsa"), ("elsa@corp.example",), None, None)
STRANGERS = ("ghost", "containers", "ghost@corp.example", "12345", "CORP\\ghost")


class World:
    """One host: its accounts are written, its databases are made by database()."""

    strangers = STRANGERS

    def __init__(self, programs, dice):
        self.dice = dice
        host = programs.host
        self.passwd = PASSWD + "".join(f"{line}\n" for line in MORE_PASSWD
                                       if dice.random() < 0.35)
        host.write("/etc/passwd", self.passwd)
        host.write("/etc/group", GROUP + "".join(f"{line}\n" for line in MORE_GROUP
                                                 if dice.random() < 0.3))
        host.write("/etc/login.defs", LOGIN_DEFS)
        self.set_up(programs.directory)
        self.accounts = Accounts(programs.directory)
        self.known = self.accounts.silent()
        self.near = None    # a line that the next command is about
        self.users, self.local = ([user for user in accounts.everyone()
                                   if 5000 < user.uid < 60000]
                                  for accounts in (self.accounts, self.known))
        self.words = self.all_words()
        # owners of lines; on some hosts only owners that only the service knows
        self.owners = [word for word in self.words if self.accounts.is_unknown(word)
                       ] if dice.random() < 0.3 else self.words

    def set_up(self, directory):
        """The users and groups of the name service."""
        dice = self.dice
        users = [Account(7001, 7001, dice.choice(JOE)), Account(7002, 7002, dice.choice(SUE))]
        if (names := dice.choice(ELSA)):
            users.append(Account(5001, 5001, names))
        groups = []
        if dice.random() < 0.2:
            users.append(Account(3027, 3013, ("dora",)))
            groups.append((3013, "dora"))
        directory.set(users, groups, dice.random() < 0.4, dice.random() < 0.5)
        directory.mode()

    def all_words(self):
        """Owners that lines may have."""
        words = [name for user in self.users for name in (*user.names, str(user.uid))]
        words += [name.upper() for name in words] + ["Elsa", "JOE@CORP.EXAMPLE"]
        rare = [word for word in set(words) if self.accounts.is_ambiguous(word)] * 4
        return sorted(set(words)) + rare + [*self.strangers] * 2

    def word_for(self, user, accounts=None):
        """A word that a caller may type for the user, one that getpwnam(3) finds."""
        accounts = accounts or self.accounts
        words = [word for word in self.words
                 if getattr(accounts.by_name(word), "uid", None) == user.uid]
        return self.dice.choice(words)

    # databases

    def line(self):
        dice = self.dice
        owner, first = dice.choice(self.owners), dice.choice(UNIVERSE)
        count = min(dice.choice((1, 1, 2, 3, 4)), LAST + 1 - first)
        text = f"{owner}:{first}:{count}"
        if dice.random() < 0.75:
            return text
        return dice.choice((
            f"{owner}:0{first:o}:{count}", f"{owner}:{first:#x}:{count}",
            f"{owner}:+{first}:{count}", f"{owner}: {first}:{count}",
            f"{owner}:{first}:{count}:", f"{owner}:{first}:{count}:x",
            f"{owner}:{first}:0{count}", f"{owner}:0{first}:{count}",
            f"{owner}:{first}:0", f"{owner}:0:0", f"{owner}:{first}:{count}\r",
            f"{owner}:{LAST - 1}:4294967296",
            f"{owner}:{first}:{count} ", f"# {text}", "", f"{owner}:{first}",
            f" {text}", f"{owner} :{first}:{count}", f"{first}:{owner}:{count}"))

    def database(self):
        lines = [self.line() for _ in range(self.dice.randrange(1, 8))]
        return "\n".join(lines) + "\n"

    # commands

    def step(self, data, local=False):
        """A random command, most often about a user and ids that the databases have;
        local: about a user who is in passwd, by a name there."""
        dice = self.dice
        user, self.near = dice.choice(self.users), None
        lines = [(line, found) for line in sorted(any_lines(data[dice.choice(KINDS)]))
                 for found in self.users if self.accounts.owns(line.owner, found)]
        if lines and dice.random() < 0.7:
            self.near, user = dice.choice(lines)
        typed = dice.choice(self.strangers) if dice.random() < 0.08 else self.word_for(user)
        if local:
            typed = self.word_for(dice.choice(self.local), self.known)
        make = dice.choice((self.revoke, self.revoke, self.remove, self.remove, self.ungrant,
                            self.grant, self.grant_range, self.add, self.allocate,
                            self.library_grant, self.rename))
        return make(typed)

    def ids(self):
        dice = self.dice
        first = dice.choice(UNIVERSE)
        if self.near and dice.random() < 0.8:
            first = min(max(self.near.first + dice.choice((-1, 0, 0, 1)), FIRST), LAST)
        return first, min(first + dice.choice((0, 1, 2, 3, 5, 9)), LAST)

    def kinds(self):
        return self.dice.choice((KINDS, KINDS, ("uid",), ("gid",)))

    def revoke(self, typed):
        kinds, words, ids = self.kinds(), ["revoke"], ALL
        if len(kinds) == 1:
            words.append(f"-{kinds[0][0]}")
        if self.dice.random() < 0.5:
            ids = self.ids()
            words += ["--range", f"{ids[0]}-{ids[1]}"]
        return Step("take", "subid", (*words, typed), typed, kinds, ids)

    def remove(self, typed):
        kinds, ids, words = self.kinds(), self.dice.choice((self.ids(), ALL)), []
        for kind in kinds:
            words += ["-V" if kind == "uid" else "-W", f"{ids[0]}-{ids[1]}"]
        return Step("take", "usermod-ext", (*words, typed), typed, kinds, ids)

    def ungrant(self, typed):
        kind, ids = self.dice.choice(KINDS), self.ids()
        return Step("take", "library",
                    ("ungrant", kind, typed, ids[0], ids[1] - ids[0] + 1), typed, (kind,), ids)

    def grant(self, typed):
        kinds, words = self.kinds(), ["grant"]
        if len(kinds) == 1:
            words.append(f"-{kinds[0][0]}")
        missing = self.dice.random() < 0.6
        words.append("--if-missing" if missing else "--another")
        return Step("allocate", "subid", (*words, typed), typed, kinds, None, missing)

    def allocate(self, typed):
        return Step("allocate", "usermod-ext", ("-S", typed), typed, KINDS, None, True)

    def library_grant(self, typed):
        kind = self.dice.choice(KINDS)
        return Step("allocate", "library", ("grant", kind, typed, 0, COUNT, 0), typed, (kind,),
                    None)

    def grant_range(self, typed):
        kinds, ids, words = self.kinds(), self.ids(), ["grant"]
        if len(kinds) == 1:
            words.append(f"-{kinds[0][0]}")
        return Step("give", "subid", (*words, "--range", f"{ids[0]}-{ids[1]}", typed), typed,
                    kinds, ids)

    def add(self, typed):
        kinds, ids, words = self.kinds(), self.ids(), []
        for kind in kinds:
            words += ["-v" if kind == "uid" else "-w", f"{ids[0]}-{ids[1]}"]
        return Step("give", "usermod-ext", (*words, typed), typed, kinds, ids)

    def rename(self, typed):
        old = self.dice.choice([word for word in self.words if not is_number(word)])
        return Step("rename", "subid", ("rename", old, typed), typed, KINDS, ALL)


class Step(NamedTuple):
    """A command: what it does, for which user, and with which ids."""
    act: str
    program: str
    words: tuple
    typed: str
    kinds: tuple
    ids: tuple
    if_missing: bool = False

    def about(self, universe=UNIVERSE):
        return {number for number in universe if self.ids[0] <= number <= self.ids[1]}

    @property
    def name(self):
        return self.words[0] if self.program == "subid" else self.program
