#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""pam_subid: who gets a range at a login, who does not, that no login fails or waits for it, and
that the login program does not notice it."""

import concurrent.futures
import contextlib
import os
import shutil
import signal
import threading
import time

import host as host_module
import usermod_box
from host import (ANNA, ELSA, MS_BIND, MS_REMOUNT, MS_RDONLY, Account, NameService, Plugins, mount,
                  own_mounts, quick, read, wait_until)
from login_box import (IGNORED, SERVICE, SERVICE_ERR, SESSION_ERR, SUCCESS, USER_UNKNOWN, both,
                       enter, locked)
from usermod_box import Files, Scenario

NOTHING = Files(b"", b"")


class Test:
    def __init__(self, box, report):
        self.box, self.report = box, report

    def expect(self, name, logins, result, files, *said, log=None):
        """One session with this result, these databases, and these words in one line of the
        log. No word: nothing is logged."""
        found = self.box.get()
        good = (set(logins.results) == {result} and found == files and not self.box.strays()
                and not logins.noticed
                and (logins.said(*said) if said else log or not logins.log))
        self.report.check(name, good, f"{logins}, {found}, {self.box.strays()}")

    # who gets a range

    def first_login(self):
        self.box.fresh()
        logins = self.box.login("elsa")
        self.expect("the first login gives a range", logins, SUCCESS, both("elsa"),
                    f"elsa login-grant service={SERVICE} uids=100000-165535 "
                    "gids=100000-165535 by uid 0: done")
        self.report.check("it is one record", len(logins.log) == 1, logins.log)
        before = [os.stat(path) for path in ("/etc", "/etc/subuid", "/etc/.pwd.lock")]
        logins = self.box.login("elsa", "times=50", "close")
        self.expect("a later login", logins, SUCCESS, both("elsa"))
        self.report.check("it writes nothing", before == [
            os.stat(path) for path in ("/etc", "/etc/subuid", "/etc/.pwd.lock")], before)
        self.report.check(f"it takes {logins.median} microseconds",
                          host_module.emulated() or min(logins.times) < 500, logins.times)

    def half(self):
        self.box.fresh()
        self.box.put(b"elsa:300000:65536\n", b"")
        self.expect("a user with uids only gets the same gids", self.box.login("elsa"), SUCCESS,
                    both("elsa", 300000), f"login-grant service={SERVICE} gids=300000-365535")

    def others(self):
        for user, result in (("root", IGNORED), ("daemon", IGNORED), ("nobody", IGNORED),
                             ("eve", USER_UNKNOWN), ("", USER_UNKNOWN), ("a:b", USER_UNKNOWN),
                             ("-h", USER_UNKNOWN), ("x" * 300, USER_UNKNOWN),
                             ("../elsa", USER_UNKNOWN), ("elsa\nroot", USER_UNKNOWN)):
            self.box.fresh()
            logins = self.box.login(user)
            self.expect(f"{user[:20]!r} gets none", logins, result, NOTHING)

    def by_rules(self):
        pool = "pool a 700000-799999 count=1000\n"
        for name, rules, user, files in (
                ("a rule without the word", "assign uids=5000-5009 pool=a", "elsa", NOTHING),
                ("a rule with it", "assign uids=5000-5009 pool=a login", "elsa",
                 both("elsa", 700000, 1000)),
                ("no rule for the user", "assign user=anna pool=a login", "elsa", NOTHING),
                ("the first rule counts", "assign user=elsa pool=a\n"
                 "assign uids=0-9999 pool=a login", "elsa", NOTHING),
                ("a group", "assign group=team pool=a login", "elsa",
                 both("elsa", 700000, 1000)),
                ("a primary group", "assign group=team pool=a login", "bob",
                 both("bob", 700000, 1000)),
                ("not of the group", "assign group=team pool=a login", "anna", NOTHING),
                ("by the uid", "assign uids=5000-5009 pool=a by-uid=5000 login", "anna",
                 both("anna", 702000, 1000)),
                ("never root", "assign uids=0-9999 pool=a login", "root", NOTHING)):
            self.box.fresh()
            self.box.rules(f"{pool}{rules}\n")
            self.expect(f"rules: {name}", self.box.login(user),
                        IGNORED if files == NOTHING else SUCCESS, files, log=True)
        for argument, result in ((), SUCCESS), (("required",), SESSION_ERR):
            self.box.fresh(*argument)
            self.box.rules(f"{pool}assign elsa\n")
            self.expect(f"rules with an error {argument}", self.box.login("elsa"), result,
                        NOTHING, "/etc/subid.d/test.conf:2")

    def arguments(self):
        for argument in ("x", "timeout=", "timeout=0", "timeout=31", "timeout=05",
                         "timeout=-1", "required=yes"):
            self.box.fresh(argument)
            self.expect(f"argument {argument}", self.box.login("elsa"), SERVICE_ERR, NOTHING,
                        "unknown argument", argument)
        self.box.fresh("debug", "quiet", "required", "timeout=30")
        self.expect("all arguments", self.box.login("elsa"), SUCCESS, both("elsa"),
                    "has ranges now")

    # a login does not fail

    def fails(self, name, files, *said, strays=(), user="elsa"):
        """The sessions open, in time; with `required` they do not."""
        for arguments, result in (("timeout=1",), SUCCESS), (("timeout=1", "required"),
                                                             SESSION_ERR):
            self.box.service(*arguments)
            logins = self.box.login(user)
            found = self.box.get()
            self.report.check(
                f"{name} {arguments[1:]}", logins.results == (result,) and not logins.noticed
                and logins.times[0] < 4_000_000 and found == files
                and logins.said("gets no subordinate ids", *said)
                and self.box.strays() == list(strays), f"{logins} {found} {self.box.strays()}")
        self.box.service("timeout=1", "quiet")
        logins = self.box.login(user)
        self.report.check(f"{name}: quiet", logins.results == (SUCCESS,)
                          and not logins.said("gets no subordinate ids"), logins)

    def lock(self):
        self.box.fresh()
        with locked():
            self.fails("a held lock", NOTHING, "pam_subid")
        self.box.host.write("/etc/subuid.lock", f"{os.getpid()}\0")
        self.fails("a held lock of a database", NOTHING, strays=("subuid.lock",))
        os.unlink("/etc/subuid.lock")
        self.box.service()
        self.expect("and then", self.box.login("elsa"), SUCCESS, both("elsa"), "login-grant")

    def file_systems(self):
        self.box.fresh()
        with own_mounts():
            mount("/etc", "/etc", None, MS_BIND)
            mount(None, "/etc", None, MS_REMOUNT | MS_BIND | MS_RDONLY)
            for arguments, result in ((), SUCCESS), (("required",), SESSION_ERR):
                mount(None, "/etc", None, MS_REMOUNT | MS_BIND)
                self.box.service(*arguments)
                mount(None, "/etc", None, MS_REMOUNT | MS_BIND | MS_RDONLY)
                self.expect(f"a read-only /etc {arguments}", self.box.login("elsa"), result,
                            NOTHING, "gets no subordinate ids", "Read-only file system")
        self.box.service()
        for size in (range(0, 9, 3) if quick() else range(9)):
            with own_mounts():
                names = ("passwd", "group", "nsswitch.conf", "login.defs", "subuid", "subgid",
                         f"pam.d/{SERVICE}", "pam.d/other")
                contents = [read(f"/etc/{name}") for name in names]
                mount("tmpfs", "/etc", "tmpfs", 0, "mode=755,size=128k")
                os.mkdir("/etc/pam.d")
                for name, content in zip(names, contents):
                    self.box.host.write(f"/etc/{name}", content)
                with open("/etc/filler", "wb", buffering=0) as file:
                    with contextlib.suppress(OSError):
                        while True:
                            file.write(b"x" * 4096)
                    os.ftruncate(file.fileno(), max(0, os.fstat(file.fileno()).st_size
                                                    - 4096 * size))
                logins, found = self.box.login("elsa"), self.box.get()
                self.report.check(
                    f"a full /etc, {size} pages", logins.results == (SUCCESS,)
                    and not logins.noticed and not self.box.strays()
                    and (found == both("elsa") if not logins.said("gets no") else
                         found == NOTHING and logins.said("gets no", "No space left")),
                    f"{logins} {found} {self.box.strays()}")

    def helper_faults(self):
        helper = self.box.helper
        for name, spoil, said in (
                ("missing", lambda: os.unlink(helper), "is missing"),
                ("a directory", lambda: (os.unlink(helper), os.mkdir(helper)), "is missing"),
                ("a link", lambda: (os.rename(helper, f"{helper}.real"),
                                    os.symlink(f"{helper}.real", helper)), "is missing"),
                ("writable by others", lambda: os.chmod(helper, 0o757), "could change it"),
                ("of a user", lambda: os.chown(helper, ELSA.uid, 0), "could change it"),
                ("not executable", lambda: os.chmod(helper, 0o644), "cannot be run"),
                ("no program", lambda: self.box.host.write(helper, b"x", 0o755),
                 "cannot be run"),
                ("one that fails", lambda: shutil.copyfile("/bin/false", helper), "cannot be run"),
        ):
            self.box.fresh()
            spoil()
            self.fails(f"the helper: {name}", NOTHING, said)
            with contextlib.suppress(FileNotFoundError, IsADirectoryError):
                os.unlink(helper)
            if os.path.isdir(helper):
                os.rmdir(helper)
            self.box.install()

    def killed(self):
        """A helper that is killed while it waits."""
        self.box.fresh("timeout=20")
        pids = []
        def kill_it():
            if wait_until(lambda: self.pids_of_helper()):
                pids.extend(self.pids_of_helper())
                for pid in pids:
                    os.kill(pid, signal.SIGKILL)
        with locked():
            killer = threading.Thread(target=kill_it)
            killer.start()
            logins = self.box.login("elsa")
            killer.join()
        self.expect("a helper that is killed", logins, SUCCESS, NOTHING, "was killed")

    @staticmethod
    def pids_of_helper():
        found = []
        for name in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                if read(f"/proc/{name}/comm") == b"subid-session\n" \
                        and read(f"/proc/{name}/cmdline").startswith(b"subid-session\0"):
                    found.append(int(name))
        return found

    def at_every_call(self):
        """Each state that a killed helper leaves is a whole one, and the next login ends well."""
        if not usermod_box.available():
            self.report.skip("killed at every call", "needs strace")
            return
        self.box.fresh()
        old = Files(b"# comment\nanna:2000000:100\n", b"anna:2000000:100\n")
        usermod_box.run_all(self.box, self.report, [Scenario(
            "login", ("bob", "sshd", "30"),
            Files(*(text + b"bob:2000100:65536\n" for text in old)), old,
            # bob has a range then, and no lock is taken for him
            cleaner=("elsa", "sshd", "30"))])

    # the login program

    def program(self):
        for options in ((), ("ignore",), ("closed",), ("limits",), (f"ruid={ELSA.uid}",),
                        ("ignore", "closed", "limits", f"ruid={ANNA.uid}", "threads=4")):
            self.box.fresh()
            logins = self.box.login("elsa", *options)
            self.expect(f"the login program notices nothing {options}", logins, SUCCESS,
                        both("elsa"), "login-grant", "by uid 0: done")
        self.box.fresh()
        logins = self.box.login("elsa", caller=ELSA)
        self.report.check("a login program that is not root", logins.results == (SUCCESS,)
                          and self.box.get() == NOTHING and logins.said("does not run as root"),
                          logins)
        self.box.put(*both("elsa"))
        self.expect("it needs no root to find a range", self.box.login("elsa", caller=ELSA),
                    SUCCESS, both("elsa"))

    def at_once(self):
        """First logins of 50 users at once, by programs and by threads."""
        n = 50
        users = [f"user{i}" for i in range(n)]
        self.box.fresh("timeout=30", "required")
        with open("/etc/passwd", "a", encoding="ascii") as file:
            file.writelines(f"{user}:x:{7000 + i}:7000::/:/bin/sh\n"
                            for i, user in enumerate(users))
        with concurrent.futures.ThreadPoolExecutor(n) as pool, self.box.host.log_daemon():
            begin = time.monotonic()
            results = list(pool.map(self.box.login, users))
            seconds = time.monotonic() - begin
        lines = [sorted(text.decode().split()) for text in self.box.get()]
        starts = sorted(int(line.split(":")[1]) for line in lines[0])
        self.report.check(
            f"{n} first logins at once: {seconds:.1f} s",
            all(found.results == (SUCCESS,) and not found.noticed for found in results)
            and lines[0] == lines[1] and starts == [100000 + 65536 * i for i in range(n)]
            and sorted(line.split(":")[0] for line in lines[0]) == sorted(users)
            and not self.box.strays(), f"{results[:3]} {lines[0][:3]}")
        self.box.fresh("timeout=30", "required")
        logins = self.box.login("elsa", "threads=20", "times=3")
        self.report.check("one user 20 times at once", set(logins.results) == {SUCCESS}
                          and len(logins.results) == 60 and self.box.get() == both("elsa")
                          and not logins.noticed, logins)

    # the name service and other sources

    def service(self):
        directory = NameService(self.box.host)
        serge = Account(8001, 8001, ("serge",))

        def start(word="answer", number=0, arguments=("timeout=3",), call="all"):
            self.box.fresh(*arguments)
            directory.sources("files subiddir")
            directory.set(users=(serge,))
            directory.mode(word, number, call)
            directory.forget()

        start()
        self.expect("a user of the name service", self.box.login("serge"), SUCCESS,
                    both("serge"), "login-grant")
        directory.forget()
        self.expect("and the next time", self.box.login("serge"), SUCCESS, both("serge"))
        self.report.check("the name service is not asked then", not directory.asked(),
                          directory.asked())
        start()
        self.box.put(b"8001:300000:65536\n", b"8001:300000:65536\n")
        self.expect("a user whose lines have the uid", self.box.login("serge"), SUCCESS,
                    Files(b"8001:300000:65536\n", b"8001:300000:65536\n"))
        start()
        self.expect("a user whom no service knows", self.box.login("eve"), USER_UNKNOWN,
                    NOTHING)
        pool = "pool a 700000-799999 count=1000\n"
        for name, rules, uid, files in (
                ("not in the rules", "assign uids=8001-8001 pool=a", 8001, NOTHING),
                ("in the rules", "assign uids=8001-8001 pool=a login", 8001,
                 both("serge", 700000, 1000)),
                ("no member", "assign group=team pool=a login", 8001, NOTHING),
                ("no rules, a large uid", "", 70000, NOTHING)):
            start()
            directory.set(users=(Account(uid, 8001, ("serge",)),))
            self.box.rules(f"{pool}{rules}\n" if rules else "")
            self.expect(f"a user of the name service: {name}", self.box.login("serge"),
                        IGNORED if files == NOTHING else SUCCESS, files, log=True)
        start("unavail", arguments=("timeout=1",), call="getgrnam")
        self.box.rules(f"{pool}assign group=far pool=a login\n")
        self.fails("the groups are not known", NOTHING, "groups of anna are not known", user="anna")
        for word in ("hang", "crash", "unavail", "exit"):
            start(word, arguments=("timeout=2",))
            self.fails(f"a name service: {word}", NOTHING, user="serge")
            start(word, arguments=("timeout=4",))
            logins = self.box.login("elsa")
            self.report.check(
                f"a local user, and a name service: {word}", logins.results == (SUCCESS,)
                and logins.times[0] < 6_000_000 and not logins.noticed
                and self.box.get() in (NOTHING, both("elsa")), f"{logins} {self.box.get()}")
        self.host_is_clean()
        self.box.host.reset_etc("nsswitch.conf")

    def host_is_clean(self):
        """No process of ours is left."""
        self.report.check("no helper is left", wait_until(lambda: not self.pids_of_helper(), 5),
                          self.pids_of_helper())

    def sources(self):
        plugins = Plugins(self.box.host)
        plugins.open()
        for role, words, files, *wanted in (
                # and the results without and with `required`
                ("conn", "dir", NOTHING, IGNORED, SESSION_ERR),
                ("conn", "dir files", NOTHING, SUCCESS, SESSION_ERR),
                ("conn", "files dir", NOTHING, SUCCESS, SESSION_ERR),
                ("elsa", "dir", NOTHING, IGNORED, SUCCESS),
                ("elsa", "dir files", NOTHING, SUCCESS, SUCCESS),
                ("elsa", "files dir", NOTHING, SUCCESS, SUCCESS),
                ("unknown", "dir", NOTHING, IGNORED, SESSION_ERR),
                ("unknown", "dir files", both("elsa"), SUCCESS, SUCCESS)):
            for arguments, result in zip(((), ("required",)), wanted):
                self.box.fresh(*arguments)
                plugins.role("dir", role)
                plugins.ask(words)
                self.expect(f"subid: {words}, {role} {arguments}", self.box.login("elsa"), result,
                            files, log=True)
        self.box.host.reset_etc("nsswitch.conf")


def main():
    box, report = enter()
    test = Test(box, report)
    report.parts(test.first_login, test.half, test.others, test.by_rules, test.arguments,
                 test.lock, test.file_systems, test.helper_faults, test.killed,
                 test.program, test.at_once, test.sources, test.service, test.at_every_call)


if __name__ == "__main__":
    main()
