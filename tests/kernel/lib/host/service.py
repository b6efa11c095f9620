# SPDX-License-Identifier: BSD-3-Clause
"""A name service on the throw-away host, by the module nss_directory.c: its accounts, how it
answers, and what it was asked."""

import errno
import os
import re
import shutil
import sysconfig
from typing import NamedTuple

from host.base import NSSWITCH, Report, remove, test_name, without_modules
from host.tools import writable

SERVICE = "subiddir"
SERVICE_FILE, SERVICE_ASKED = "/etc/nss-directory", "/etc/nss-directory.asked"
LIBRARY_DIRECTORY = f"/usr/lib/{sysconfig.get_config_var('MULTIARCH')}"
# the ways not to answer; a hang takes seconds
SILENT = (("unavail", errno.ENOENT), ("unavail", 0), ("unavail", errno.EAGAIN),
          ("tryagain", errno.EAGAIN), ("crash", 0))


class Account(NamedTuple):
    """A user of the service, or a local one: the first name is that of getpwuid(3)."""
    uid: int
    gid: int
    names: tuple

    @property
    def name(self):
        return self.names[0]


class NameService:
    """The module, installed in this mount namespace."""

    def __init__(self, host, *options):
        reason = without_modules()
        if reason:
            report = Report()
            report.skip(test_name(), reason)
            report.finish()
        self.host = host
        self.users, self.groups, self.modes = (), (), {}
        self.fold = self.enumerates = False
        module = host.compile("nss_directory.c", "-shared", "-fPIC", *options)
        writable(host, LIBRARY_DIRECTORY)
        self.path = f"{LIBRARY_DIRECTORY}/libnss_{SERVICE}.so.2"
        shutil.copyfile(module, self.path)
        os.chmod(self.path, 0o755)
        self.sources(f"files {SERVICE}")
        self.write()

    def sources(self, words):
        self.host.write("/etc/nsswitch.conf", re.sub(
            "^(passwd|group):.*", f"\\1: {words}", NSSWITCH, flags=re.M))

    def set(self, users=(), groups=(), fold=False, enumerates=False):
        """Sets its accounts; groups are (gid, name)."""
        self.users, self.groups = tuple(users), tuple(groups)
        self.fold, self.enumerates = fold, enumerates
        self.write()

    def mode(self, word="answer", number=0, call="all"):
        """Sets how it answers; `all` clears the settings of single calls."""
        if call == "all":
            self.modes = {}
        self.modes[call] = (word, number)
        self.write()

    def write(self):
        yes = {True: "yes", False: "no"}
        lines = [f"fold {yes[self.fold]}", f"enumerate {yes[self.enumerates]}"]
        lines += [f"user {user.uid} {user.gid} {' '.join(user.names)}" for user in self.users]
        lines += [f"group {gid} {name}" for gid, name in self.groups]
        lines += [f"mode {call} {word} {number}"
                  for call, (word, number) in self.modes.items()]
        self.host.write(SERVICE_FILE, "\n".join(lines) + "\n")

    def silent(self):
        return any(word not in ("answer", "delay", "print") for word, _ in self.modes.values())

    def by_name(self, word):
        for user in self.users:
            if word in user.names or self.fold and word.lower() in map(str.lower, user.names):
                return user
        return None

    def by_uid(self, uid):
        return next((user for user in self.users if user.uid == uid), None)

    # the calls that it got

    def forget(self):
        self.host.write(SERVICE_ASKED, "", 0o666)

    def asked(self, *calls):
        """The words that it was asked for since forget(), in order."""
        with open(SERVICE_ASKED, encoding="utf-8") as file:
            pairs = [line.rstrip("\n").split(" ", 1) for line in file]
        return [word for call, word in pairs if not calls or call in calls]

    def stop_counting(self):
        remove(SERVICE_ASKED)
