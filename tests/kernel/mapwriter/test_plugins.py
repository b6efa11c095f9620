#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Plugins for `subid:` in nsswitch.conf, good and hostile ones, with both map writers, for an
ordinary user, in both ways of installing: which source answers, and that only grants of one
source are written. causes_sources.py tests the messages of refusals."""

import contextlib
import os
import resource
import signal
import threading

from directory_service import wait_for
from host import (ELSA, LOADER_DIRECTORY, PROGRAMS, Plugins, Report, enter, is_musl, own_mounts,
                  quick, root_shell)

INSTALLS = ("setuid", "fcaps")
COUNT = 131072      # two adjacent ranges in plugin.c
FILES = 3000000     # the range in the files, if there is one
NOTHING, HAS = "anna:5000000:65536\n", f"elsa:{FILES}:65536\n"

# Plugins by name: flags of plugin.c. Their answers are ...
GOOD = {"good": (), "nofree": ("NO_FREE",), "noisy": ("NOISY",)}
if not is_musl():   # whose getauxval() keeps AT_SECURE to itself
    GOOD["careful"] = ("CAREFUL",)
SILENT = {name: (f'ROLE="{name}"',) for name in ("nothing", "unknown", "error")}
# ... none, until root fixes the plugin: a later source may answer
BROKEN = {"nocall": ("NO_CALL",), "foreign": (), "writable": (), "group": (), "text": (),
          "empty": (), "directory": (), "elsewhere": ()}
# ... none, and no other source answers
INVALID = ("status", "status-negative", "negative", "least", "huge", "many", "null", "zero",
         "beyond", "far", "wrap", "all")
HARD = {name: (f'ROLE="{name}"',) for name in ("conn", "exit", "crash", *INVALID)}
HARD |= {"exitload": ("EXIT_AT_LOAD",), "elf": ()}
if not is_musl():   # which never unloads
    HARD["exitunload"] = ("EXIT_AT_UNLOAD",)


class Box:
    def __init__(self, host, report, plugins, program, install):
        self.host, self.report, self.plugins = host, report, plugins
        self.program, self.install = program, install
        self.base = 100000 + 10000000 * (program == "newgidmap")
        self.failed = []

    def set_up(self):
        plugins = self.plugins
        plugins.open()
        for name, flags in {**GOOD, **SILENT, **BROKEN, **HARD}.items():
            where = LOADER_DIRECTORY if name == "elsewhere" else None
            plugins.install(name, *flags, directory=where)
        plugins.install("own", 'ROLE="own"')
        for name in ("deny", "says-conn", "says-error", "says-two", "says-status",
                     "says-crash"):
            plugins.role(name, name)
        plugins.install("hang", 'ROLE="hang"')
        path = f"{plugins.directory}/libsubid_{{}}.so".format
        os.chown(path("foreign"), 5002, 5002)
        os.chmod(path("writable"), 0o646)
        os.chmod(path("group"), 0o664)
        plugins.text("text", "no library\n")
        plugins.text("empty", "")
        plugins.text("elf", "\x7fELF and no more")
        os.unlink(path("directory"))
        os.mkdir(path("directory"))

    def run(self, words, files, ask, **more):
        """Returns the result, the map and setgroups. files: the lines of both of them."""
        self.plugins.ask(words)
        for name in ("subuid", "subgid"):
            self.host.write(f"/etc/{name}", files)
        target = self.host.target("ns", ELSA)
        subject = self.host.subjects["ours", self.install]
        result = self.host.run(subject.path(self.program),
                               [str(target.pid), *map(str, ask)], ELSA, **more)
        return result, target.map(self.program[3]), target.setgroups()

    def granted(self, words, files, ask, setgroups="allow", **more):
        result, found, state = self.run(words, files, ask, **more)
        wanted = tuple(tuple(ask[at:at + 3]) for at in range(0, len(ask), 3))
        if (result.status, result.out, result.err, found) != (0, b"", b"", wanted) or (
                self.program == "newgidmap" and state != setgroups):
            self.failed.append(f"{words} {ask}: {result.status} {result.err} {found} {state}")

    def refused(self, words, files, ask, hint=None, **more):
        """Not granted: nothing is written, and the first line is shadow's."""
        result, found, state = self.run(words, files, ask, **more)
        if (result.status != 1 or result.out or found or state != "allow"
                or not result.line.endswith(") not allowed") or len(result.log) != 1
                or (hint and hint not in "".join(result.lines[1:]))):
            self.failed.append(f"{words} {ask}: {result.status} {result.err} {found} {state}")

    def done(self, what):
        self.report.check(f"{what}: {self.program} {self.install}", not self.failed,
                          f"{len(self.failed)}: {self.failed[:3]}")
        self.failed = []

    @property
    def granted_ask(self):
        return [0, self.base, COUNT]


FROM_FILES = [0, FILES, 65536]


def test_good(box):
    """Only its ranges; adjacent ones are joined."""
    for name in GOOD:
        box.granted(name, HAS, box.granted_ask)
        box.granted(name, HAS, [0, 5001, 1, 1, box.base + 65535, 2])
        box.refused(name, HAS, FROM_FILES, f"{name} delegates only {box.base}-")
        box.refused(name, HAS, [0, box.base, COUNT + 1])
        box.refused(name, HAS, [0, box.base - 1, 2])
    box.done("a plugin grants its ranges")


def test_order(box):
    """The first source with a range of the user answers; ranges of two are not combined."""
    below = f"elsa:{box.base - 1000}:1000\n"
    for words in ("files good", "Files [NOTFOUND=return] good", "files absent good"):
        box.granted(words, NOTHING, box.granted_ask)
        box.granted(words, HAS, FROM_FILES)
        box.refused(words, HAS, box.granted_ask, f"delegates only {FILES}-")
        # by uid, and by another name of it
        box.refused(words, f"5001:{FILES}:65536\n", box.granted_ask)
        box.refused(words, f"elsatwin:{FILES}:65536\n", box.granted_ask)
        box.refused(words, below, [0, box.base - 1000, 2000])
    for words in ("good files", "absent good files", "nothing good files"):
        box.granted(words, HAS, box.granted_ask)
        box.refused(words, HAS, FROM_FILES)
        box.refused(words, below, [0, box.base - 1000, 2000])
    box.granted("own good", HAS, [0, 5001, 1])
    box.refused("own good", HAS, [0, 5001, 1, 1, box.base, 1])
    box.done("the first source that has anything answers alone")


def test_denied(box):
    """Its "no" about an extent is an answer: no later source is asked."""
    whole = [0, box.base, 65536]
    for words in ("deny", "deny files", "deny good", "files deny"):
        box.refused(words, NOTHING, whole, "says no to")
        box.refused(words, NOTHING, [0, 5001, 1, 1, box.base, 1], "says no to")
        # it is not asked about an extent over both of its ranges
        box.granted(words, NOTHING, box.granted_ask)
    box.refused("deny files", HAS, FROM_FILES, "delegates only")
    box.granted("files deny", HAS, FROM_FILES)
    for name in ("says-conn", "says-error", "says-two", "says-status", "says-crash"):
        box.refused(f"{name} files", HAS, [0, box.base, 1], f"'{name}'")
        box.refused(f"{name} good", HAS, [0, box.base, 1], f"'{name}'")
        box.refused(f"{name} files", HAS, FROM_FILES, "delegates only")
        box.granted(name, HAS, [0, 5001, 1], setgroups="deny")
    box.done("a plugin that says no to an extent, or nothing")


def test_nothing(box):
    """A user that it does not know may be known to a later source; otherwise: refused."""
    for name in SILENT:
        box.granted(f"{name} files", HAS, FROM_FILES)
        box.granted(f"{name} good", HAS, box.granted_ask)
        box.refused(name, HAS, FROM_FILES, f"none of the sources '{name}' delegates")
        box.refused(f"{name} files", NOTHING, FROM_FILES, "none of the sources")
    box.granted("absent", HAS, FROM_FILES)
    box.granted("absent gone", HAS, FROM_FILES)
    box.granted("absent good", HAS, box.granted_ask)
    box.refused("absent nothing", HAS, FROM_FILES)
    box.done("what a plugin does not know, or is not installed")


def test_broken(box):
    """An error unless a later source answers; a source that is not asked has no effect."""
    for name in BROKEN:
        box.refused(name, HAS, FROM_FILES)
        box.refused(name, HAS, box.granted_ask)
        box.granted(f"{name} files", HAS, FROM_FILES)
        box.granted(f"{name} good", HAS, box.granted_ask)
        box.granted(f"files {name}", HAS, FROM_FILES)
        box.refused(f"{name} files", NOTHING, FROM_FILES, f"libsubid_{name}.so" if
                    name != "elsewhere" else "the plugin of the source 'elsewhere'")
        box.refused(f"files {name}", NOTHING, box.granted_ask)
    box.done("a plugin that is broken until root fixes it")


def test_hard(box):
    """With any failure nothing is written, and no other source answers."""
    for name in HARD:
        box.refused(name, HAS, box.granted_ask)
        box.refused(f"{name} files", HAS, FROM_FILES)
        box.refused(f"{name} good", HAS, box.granted_ask)
        box.refused(f"files {name}", NOTHING, [0, 100000, 1])
        box.granted(f"files {name}", HAS, FROM_FILES)
        # the own id needs no source
        box.granted(name, HAS, [0, 5001, 1], setgroups="deny")
    box.done("a plugin that fails, lies, crashes or ends")


def test_directory(box):
    """A user who can write to the directory can put a plugin there."""
    for spoil, fix in ((lambda path: os.chmod(path, 0o1777), lambda path: os.chmod(path, 0o755)),
                        (lambda path: os.chown(path, 5002, 0), lambda path: os.chown(path, 0, 0))):
        spoil(box.plugins.directory)
        box.refused("good", HAS, box.granted_ask, "or its directory")
        fix(box.plugins.directory)
        box.granted("good", HAS, box.granted_ask)
    os.symlink("libsubid_good.so", f"{box.plugins.directory}/libsubid_link.so")
    os.symlink(box.plugins.build(), f"{box.plugins.directory}/libsubid_out.so")
    box.granted("link", HAS, box.granted_ask)
    box.refused("out", HAS, box.granted_ask)
    for word in ("../good", f"{box.plugins.directory}/libsubid_good"):
        box.granted(word, HAS, FROM_FILES)
    box.done("the directory of plugins")


def test_setgroups(box):
    """A group that a plugin grants is delegated, as one in the files; any other own group is
    mapped with setgroups denied."""
    own = [0, 5001, 1]
    box.granted("own", HAS, own, setgroups="allow")
    for words in ("good", "nothing", "conn", "text", "crash", "absent", "files good"):
        box.granted(words, HAS, own, setgroups="deny")
    box.granted("good", HAS, [0, 5001, 1, 1, box.base, 1], setgroups="allow")
    box.done("setgroups where a plugin answers")


def test_files_fail(box):
    """If the files cannot be used, no plugin answers for them, unless they are missing."""
    def spoil():
        path = f"/etc/sub{box.program[3]}id"
        os.chmod(path, 0o666)
    result, found, _ = box.run("files good", NOTHING, box.granted_ask, as_root=spoil)
    box.report.check(f"files that every user can write: {box.program} {box.install}",
                     result.status == 1 and not found and b"cannot open /etc/sub" in result.err,
                     f"{result}")
    gone = lambda: os.unlink(f"/etc/sub{box.program[3]}id")
    box.granted("files good", NOTHING, box.granted_ask, as_root=gone)
    box.refused("files nothing", NOTHING, box.granted_ask, as_root=gone)
    box.done("files that do not exist")


def test_caller(box):
    """Settings of the caller's process do not choose the source that answers."""
    ignore = lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    box.granted("good", HAS, box.granted_ask, as_user=ignore)
    box.refused("crash", HAS, box.granted_ask, as_user=ignore)
    limits = [(resource.RLIMIT_NPROC, 0), (resource.RLIMIT_STACK, 65536),
              (resource.RLIMIT_FSIZE, 0)]
    limits += [(resource.RLIMIT_NOFILE, number) for number in range(4, 12)]
    limits += [(resource.RLIMIT_AS, size << 16) for size in range(40, 200, 16 if quick() else 4)]
    for what, limit in limits:
        lower = lambda: resource.setrlimit(what, (limit, limit))
        result, found, _ = box.run("good files", HAS, FROM_FILES, as_user=lower)
        if found or result.status == 0:
            box.failed.append(f"limit {what} {limit}: granted by the files")
        result, found, _ = box.run("good files", HAS, box.granted_ask, as_user=lower)
        if found != ((0, box.base, COUNT),) and (found or result.status == 0):
            box.failed.append(f"limit {what} {limit}: {result.status} {found}")
    box.done("a caller who takes memory, descriptors or processes away")


def processes(name):
    """{pid: parent} of a program."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat") as file:
                fields = file.read().rsplit(")", 1)
        except OSError:
            continue
        if fields[0].endswith(f"({name}"):
            found[int(pid)] = int(fields[1].split()[1])
    return found


def status_of(pid):
    with open(f"/proc/{pid}/status") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def as_elsa(function):
    """Whether it works for the caller."""
    pid = os.fork()
    if pid == 0:
        try:
            ELSA.become()
            function()
            os._exit(0)
        except OSError:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


@contextlib.contextmanager
def asking(box, answers):
    """A plugin hangs: yields its process and the process that waits for it."""
    pair = []
    thread = threading.Thread(target=lambda: answers.append(
        box.run("hang", HAS, box.granted_ask)))
    thread.start()
    try:
        wait_for("the question", lambda: pair.extend(asked(box.program)) or pair)
        yield pair
    finally:
        for pid in pair[:1] or processes(box.program):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        thread.join(60)


def test_orphan(box):
    """If the waiting program is killed, the plugin's process ends, too."""
    answers = []
    with asking(box, answers) as pair:
        os.kill(pair[1], signal.SIGKILL)
        try:
            # a zombie executes nothing
            wait_for("the end", lambda: not os.path.exists(f"/proc/{pair[0]}/exe"), 5)
            ended = True
        except RuntimeError:
            ended = False
    result, found, _ = answers[0] if answers else (None, None, None)
    box.report.check(f"a plugin ends with the program: {box.program} {box.install}",
                     ended and result and result.status == -signal.SIGKILL and not found,
                     f"{result} {found}")


def test_apart(box):
    """The process of a plugin has no capability and no open database, and the caller can
    access it as little as the program itself. If it is killed, nothing is written."""
    answers = []
    with asking(box, answers) as pair:
        look_at(box, *pair)
    result, found, _ = answers[0] if answers else (None, None, None)
    box.report.check(f"a plugin that is killed: {box.program} {box.install}",
                     result and result.status == 1 and not found
                     and b"crashed or ended" in result.err, f"{result} {found}")


def asked(program):
    """The process that has loaded the plugin, and its parent; or nothing."""
    found = processes(program)
    for pid, parent in processes("subid-ask").items():
        with contextlib.suppress(OSError):
            if parent in found and "libsubid_hang" in open(f"/proc/{pid}/maps").read():
                return pid, parent
    return ()


def look_at(box, pid, parent):
    status, above = status_of(pid), status_of(parent)
    box.report.check(f"no capability where the plugin runs: {box.program} {box.install}",
                     all(int(status[name], 16) == 0 for name in ("CapPrm", "CapEff", "CapInh",
                                                                 "CapAmb"))
                     and status["Uid"].split() == ["5001"] * 4 and status["NoNewPrivs"] == "1",
                     f"{status}")
    box.report.check(f"the one that waits has no more than before: {box.program} {box.install}",
                     above["Uid"].split() == ["5001"] * 4 and bin(int(above["CapPrm"], 16)).count(
                         "1") <= 2, f"{above}")
    held = {int(fd): os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}
    signals = sum(1 << number - 1 for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT,
                                                 signal.SIGTERM))
    with open(f"/proc/{pid}/environ", "rb") as file:
        environment = file.read()
    box.report.check(f"what the helper holds: {box.program} {box.install}",
                     held.keys() == {0, 1, 2, 3} and held[3].startswith("socket:")
                     and all("/memfd:nothing" in held[fd] or held[fd] == "/dev/null"
                             for fd in (0, 1, 2))
                     and environment == b"" and os.readlink(f"/proc/{pid}/cwd") == "/"
                     and os.readlink(f"/proc/{pid}/exe") == box.host.helper
                     and int(status["SigIgn"], 16) == 0 and int(status["SigBlk"], 16) == signals,
                     f"{held} {environment} {status}")
    files = [os.readlink(f"/proc/{which}/fd/{fd}") for which in (pid, parent)
             for fd in os.listdir(f"/proc/{which}/fd")]
    box.report.check(f"the database is closed meanwhile: {box.program} {box.install}",
                     not any(path.startswith("/etc/") for path in files), f"{files}")
    reached = [what for what in ("mem", "fd", "environ") for which in (pid, parent)
            if as_elsa(lambda: os.listdir(f"/proc/{which}/{what}") if what == "fd" else
                       open(f"/proc/{which}/{what}", "rb").read(1))]
    box.report.check(f"the caller cannot reach in: {box.program} {box.install}", not reached,
                     f"{reached}")


def test_writers(box):
    """usermod-ext writes if the files are among the sources, and reports the sources asked
    before them."""
    line = "usermod-ext -v 7000000-7000009 elsa"
    note = "note: /etc/nsswitch.conf names 'good' before the files"
    for words, status, said in (("files good", 0, ""), ("good files", 0, note),
                                ("absent", 0, ""), ("absent good files", 0, note),
                                ("good", 16, "names the source 'good': nothing is changed"),
                                ("text absent", 16, "names the source 'text'")):
        box.plugins.ask(words)
        for name in ("subuid", "subgid"):
            box.host.write(f"/etc/{name}", "")
        done = root_shell(box.host, line)
        with open("/etc/subuid") as file:
            text = file.read()
        err = "".join(line for line in done.stderr.decode().splitlines()
                      if "PAM service" not in line)
        if done.returncode != status or text != ("" if status else "elsa:7000000:10\n") or (
                said not in err or (not said and err)):
            box.failed.append(f"{words}: {done.returncode} {err!r} {text!r}")
    box.done("usermod-ext with other sources")


def main():
    host = enter()
    report = Report()
    places = [(program, install) for program in PROGRAMS for install in INSTALLS]
    tests = (test_good, test_order, test_denied, test_nothing, test_broken, test_hard,
             test_directory, test_setgroups, test_files_fail, test_caller, test_apart, test_orphan)
    plugins = Plugins(host)
    for number, (program, install) in enumerate(places):
        host.reset_etc()
        with own_mounts():
            box = Box(host, report, plugins, program, install)
            box.set_up()
            for at, test in enumerate(tests):
                if not quick() or at % len(places) in (number, number - 1):
                    report.part(test, box)
            if number == 0:
                report.part(test_writers, box)
    report.finish()


main()
