# SPDX-License-Identifier: BSD-3-Clause
"""What the tests of usermod-ext share: our program and Debian's usermod in the throw-away
host, reading and writing databases, and processes that hold locks."""

import contextlib
import os
import re
import shutil
import sys
from typing import NamedTuple

import host as host_module
from host import ROOT, Report, built, read, remove

ORACLE = "/usr/sbin/usermod"
OURS = "usermod-ext"
# with these options ours refuses only 4294967295
PERMISSIVE = ("--allow-overlap", "--allow-root", "--allow-reserved")

DONE, NOT_PERMITTED, USAGE, BAD_RANGE, NO_USER, BUSY = 0, 1, 2, 3, 6, 8
SUBUID, SUBGID, POLICY = 16, 18, 20

DATABASES = ("subuid", "subgid")
KINDS = ("uid", "gid")
EPOCH = 1_600_000_000   # an old time, for files that must not look new


class Files(NamedTuple):
    """The two databases: bytes, or None for one that does not exist."""
    subuid: bytes
    subgid: bytes


class Box:
    """Our program and Debian's on the throw-away /etc of a Host."""

    def __init__(self, host, name=OURS):
        self.host = host
        self.directory = f"{host.tmpdir}/bin/usermod"
        os.mkdir(self.directory)
        self.ours = f"{self.directory}/{name}"
        shutil.copyfile(built(name), self.ours)
        os.chmod(self.ours, 0o755)
        self.oracle = ORACLE if os.path.isfile(ORACLE) else None
        host.write("/etc/pam.d/usermod-ext", "account required pam_permit.so\n"
                   "auth required pam_rootok.so\n")
        self.sweep()

    def sweep(self):
        """Removes locks, temporary files and backups of earlier commands."""
        for name in os.listdir("/etc"):
            if name.startswith(("subuid", "subgid")) and name not in DATABASES:
                remove(f"/etc/{name}")
        remove("/etc/.pwd.lock")

    def put(self, subuid=b"", subgid=b"", backups=True):
        """Writes databases, as new files; None removes one."""
        for name, content in zip(DATABASES, (subuid, subgid)):
            if content is None:
                remove(f"/etc/{name}")
            else:
                self.host.write(f"/etc/{name}", content)
            if backups:
                remove(f"/etc/{name}-")

    def get(self):
        return Files(*(read(f"/etc/{name}") for name in DATABASES))

    def strays(self):
        """Names in /etc that no command should leave behind."""
        return sorted(name for name in os.listdir("/etc")
                      if name.startswith(("subuid", "subgid"))
                      and name not in ("subuid", "subgid", "subuid-", "subgid-"))

    def run(self, *args, path=None, **options):
        """Runs our program as root; see Host.run()."""
        options.setdefault("caller", ROOT)
        return self.host.run(path or self.ours, [str(word) for word in args], **options)

    def run_oracle(self, *args, **options):
        return self.run(*args, path=self.oracle, **options)


def enter(name=OURS):
    """Returns (box, report); ends the test with a skip where it cannot run."""
    if "SUBID_HOST" not in os.environ and built(name) is None:
        report = Report()
        test = os.path.splitext(os.path.basename(sys.argv[0]))[0]
        report.skip(test, f"SUBID_BUILD names no directory with {name}")
        report.finish()
    return Box(host_module.enter(), name), Report()


def filler(lines, first):
    """A database with that many lines of unknown owners."""
    return b"".join(b"ghost%d:%d:1\n" % (i, first + i) for i in range(lines))


def words(result):
    """All text on stderr."""
    return result.err.decode("utf-8", "backslashreplace")


# --- processes --------------------------------------------------------------------------


def running():
    """Processes of our program, and of its helper."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            with open(f"/proc/{name}/stat", encoding="ascii") as file:
                # no process reaps an orphan here
                if re.match(r"\d+ \((?:usermod-ext|subid-ask)\) [^Z]", file.read()):
                    found.append(int(name))
    return found
