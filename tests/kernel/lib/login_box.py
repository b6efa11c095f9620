# SPDX-License-Identifier: BSD-3-Clause
"""What the tests of pam_subid share: the module and its helper in the throw-away host, and
logins by login.c."""

import contextlib
import fcntl
import os
import re
import shutil
import statistics
from typing import NamedTuple

import usermod_box
from host import CLEAN_PATH, Report, built, test_name

HELPER = "subid-session"
SERVICE = "subid-test"
# results of PAM
SUCCESS, SERVICE_ERR, IGNORED, USER_UNKNOWN, SESSION_ERR = 0, 3, 6, 10, 14

RANGE = b"%s:100000:65536\n"


def module_path():
    base = os.environ.get("SUBID_BUILD", "")
    for path in (f"{base}/pam/.libs/pam_subid.so", f"{base}/pam_subid.so"):
        if os.path.isfile(path):
            return path
    return None


class Logins(NamedTuple):
    """The sessions of one run of login.c."""
    results: tuple      # of PAM
    times: tuple        # microseconds
    noticed: tuple      # what has changed for the program
    log: tuple

    def said(self, *words):
        return any(all(word in line for word in words) for line in self.log)

    @property
    def granted(self):
        return [line for line in self.log if " login-grant " in line]

    @property
    def median(self):
        return statistics.median(self.times)


class LoginBox(usermod_box.Box):
    """The installed module and helper."""

    def __init__(self, host):
        super().__init__(host, HELPER)
        self.module = f"{self.directory}/pam_subid.so"
        shutil.copyfile(module_path(), self.module)
        self.helper = f"{os.path.dirname(host.helper)}/{HELPER}"
        self.install()
        # PAM reads it as well
        host.write("/etc/pam.d/other", "session required pam_deny.so\n")
        self.program = host.compile("login.c", "-lpam", "-pthread")

    def install(self):
        shutil.copyfile(built(HELPER), self.helper)
        os.chmod(self.helper, 0o755)
        os.chown(self.helper, 0, 0)

    def service(self, *arguments, control="required"):
        self.host.write(f"/etc/pam.d/{SERVICE}",
                        f"session {control} {self.module} {' '.join(arguments)}\n")

    def rules(self, text):
        os.makedirs("/etc/subid.d", exist_ok=True)
        self.host.write("/etc/subid.d/test.conf", text)

    def fresh(self, *arguments):
        """No ranges, no rules, and the files of the host."""
        self.sweep()
        self.put()
        self.host.reset_etc("passwd", "group", "nsswitch.conf", "login.defs")
        self.rules("")
        self.service(*arguments)

    def login(self, user, *options, **more):
        """Sessions of a user."""
        result = self.run(SERVICE, user, *options, path=self.program,
                          env={"PATH": CLEAN_PATH}, timeout=40, **more)
        if result.status != 0:
            raise RuntimeError(f"login: {result}")
        out = result.out.decode()
        numbers = [tuple(int(n) for n in re.findall(rf"^{word} (\d+)$", out, re.M))
                   for word in ("result", "time")]
        noticed = [line for line in out.splitlines()
                   if not re.match(r"(result|time|closed) \d+$", line)]
        return Logins(*numbers, tuple(noticed), result.log)


def both(name, first=100000, count=65536):
    line = b"%s:%d:%d\n" % (name.encode(), first, count)
    return usermod_box.Files(line, line)


@contextlib.contextmanager
def locked():
    """Another program has the lock of all account databases."""
    with open("/etc/.pwd.lock", "w", encoding="ascii") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        yield


def enter():
    """Returns (box, report); ends the test with a skip where it cannot run."""
    if "SUBID_HOST" not in os.environ and not (module_path() and built(HELPER)):
        report = Report()
        report.skip(test_name(), "this build has no PAM module")
        report.finish()
    usermod, report = usermod_box.host_module.enter(), Report()
    return LoginBox(usermod), report
