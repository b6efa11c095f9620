# SPDX-License-Identifier: BSD-3-Clause
"""The messages of a refusal, and how a test carries out the cure.

A Case is one map writer, installed in one way, in a mount namespace of its own. It is
refused, which is compared with the sentences below; then the cure is carried out, and
the map has to be written, the doctor must not name the cause again, and `subid check` must
report nothing new.
"""

import errno
import json
import os
import re
import shutil
import string
import tempfile

from cures import Cures, findings, logged_in
from host import (CAP_SETFCAP, CAP_SETGID, CAP_SETUID, CLEAN_PATH, COMMANDS, ELSA, PROGRAMS,
                  Skipped, built, own_mounts, require, set_file_capabilities)
from subid_box import Box, general

HINTS_MAX = 3
TO_FIX, TO_FIX_AS_ROOT, CHECKED = "to fix it: ", "to fix it (as root): ", "checked: "

# Each cause of explain/causes.h, and its sentences. Values that a Case sets itself are
# {file} and {other} (the databases), {k} (u or g), {map}, {mapper}, {program} (its path),
# {target} (as it was given), {uid}, {gid} and {name} of the caller.
SENTENCES = {
    "TOO_MANY_EXTENTS": ("the kernel takes 340 extents at the most",),
    "TOO_MANY_BYTES": ("the map takes {bytes} bytes, and the kernel takes {most} at the most",),
    "LINES_OVERLAP": ("lines {first} and {second} of {file} both grant you {k}id {id}, so "
                      "extents {a} and {b} overlap outside",),
    "OWN_ID_INSIDE": ("the range {range} of {name} holds its own {k}id, {id}, which cannot be "
                      "mapped twice",),
    "RANGES_AT_ZERO": ("extents {a} and {b} are ranges of {name} in {file}, and all ranges are "
                       "asked for at id 0 inside: that works with one",
                       "extents {a} and {b} are ranges of {name} in {file}, and all ranges are "
                       "asked for at id 0 inside: that works with one; processes use the others, "
                       "end them first"),
    "OVERLAP_INSIDE": ("extents {a} and {b} overlap inside",),
    "OVERLAP_OUTSIDE": ("extents {a} and {b} overlap outside",),
    "EXTENT_EMPTY": ("extent {extent} has a count of 0",),
    "NO_DESCRIPTORS": ("the limit of open files leaves {mapper} no descriptor",
                       "the system has no file descriptor left"),
    "NO_MEMORY": ("the limit of memory leaves {mapper} too little",),
    "HELPER_MISSING": ("{helper} is missing, which asks the name service and plugins",),
    "HELPER_CHANGED": ("{helper} or a directory above it does not belong to root, so it is not "
                       "run",
                       "not only root can write {helper} or a directory above it, so it is not "
                       "run"),
    "HELPER_READABLE": ("{helper} is not run, since its mode is not 0711: users could trace it",),
    "HELPER_TRACEABLE": ("{helper} is not run, since fs.suid_dumpable is 1 or cannot be read: "
                         "users could trace it",),
    "HELPER_VERSION": ("{helper} is of another version than this program",),
    "HELPER_BROKEN": ("{helper} does not start",),
    "PROC_MISSING": ("/proc is not mounted",),
    "PROC_OTHER": ("/proc is that of another pid namespace, so its process ids are not yours",),
    "TARGET_NOT_PROC": ("{target} is not an open directory of a process",),
    "TARGET_HIDDEN": ("process {target} is yours, but /proc is mounted with hidepid and the "
                      "process is not dumpable",),
    "TARGET_GONE": ("there is no process {target}, or it has ended",),
    "NO_PASSWD_ENTRY": ("uid {uid} has no passwd entry",),
    "NAME_SERVICE": ("the name service did not answer about owners of lines: {error}",),
    "OTHER_USER": ("process {target} runs as uid {owner}, and you are uid {uid}",),
    "GROUP_NOT_PRIMARY": ("your group is gid {gid} (newgrp, sg?), and your primary one by "
                          "passwd is {primary}",),
    "GROUP_OF_TARGET": ("process {target} runs with gid {group}, and you with gid {gid}",),
    "SOURCE": ("/etc/nsswitch.conf cannot be read, so it is not known which sources there are: "
               "{error}",
               "/etc/nsswitch.conf names more than 8 sources behind 'subid:'"),
    "SOURCE_ELSEWHERE": ("the plugin of the source '{source}' is not in {plugins}, and plugins "
                         "are taken from no other directory",),
    "SOURCE_NOT_ROOTS": ("{path} or its directory does not belong to root, so it is not loaded",
                         "not only root can write {path} or its directory, so it is not loaded"),
    "SOURCE_BROKEN": ("{path} is no shared library, or lacks a call that a plugin has",
                      "{path} cannot be loaded",
                      "the source '{source}' gives an answer that cannot be",
                      "the plugin of the source '{source}' has crashed or ended"),
    "SOURCE_SILENT": ("the source '{source}' does not reach the service that it asks",
                      "the source '{source}' cannot be asked: {error}",
                      "the source '{source}' does not say whether it grants a part of a range "
                      "that it lists"),
    "SOURCE_DENIES": ("the source '{source}' says no to {missing} for {name}, although these "
                      "{k}ids lie in a range that it lists",),
    "FILE_MISSING": ("{file} does not exist, so no {k}id is delegated",),
    "FILE_SYMLINK": ("{file} is a symbolic link, which is not followed",),
    "FILE_NOT_REGULAR": ("{file} is not a regular file",),
    "FILE_HUGE": ("{file} is larger than 1 GiB",),
    "FILE_WRITABLE": ("every user can write {file}, so it is not used; read it first",),
    "FILE_FOREIGN": ("{file} belongs to uid {owner} and not to root, so it is not used; read it "
                     "first",),
    "FILE_UNREADABLE": ("{file} cannot be read: {error}",
                        "{file}: cannot find out whether it belongs to root: {error}"),
    "LINE_MALFORMED": ("line {line} of {file} grants nothing: {reason}",),
    "OTHER_KIND_ONLY": ("{missing} is delegated to {name} in {other} but not in {file}",),
    "SOURCES_EMPTY": ("none of the sources '{sources}' delegates {k}ids to {name}",),
    "PASSED_THROUGH": ("{k}id {id} is not delegated to {name}: to pass it through gives the "
                       "container all rights of that {k}id",),
    "PARTLY_DELEGATED": ("of extent {extent} the {k}ids {missing} are not delegated to {name}, "
                         "others are",
                         "of extent {extent} the {k}ids {missing} are not delegated to {name}, "
                         "others are; line {line} gives some of them to {owner}"),
    "NOT_DELEGATED": ("{file} does not delegate {missing} to {name}",
                      "{file} delegates nothing to {name}",
                      "{file} delegates nothing to {name}; line {line} gives some of these "
                      "{k}ids to {owner}",
                      "line {line} of {file} gives some of these {k}ids to {owner}, and {name} "
                      "has others, as {first}",
                      "{file} delegates only {first} to {name}",
                      "{source} delegates only {first} to {name}",
                      "{file} delegates {ranges} ranges to {name}, as {first}, but not this "
                      "one"),
    "TARGET_ZOMBIE": ("process {target} has ended and waits for its parent",),
    "TARGET_NOT_DUMPABLE": ("process {target} is not dumpable: its program file cannot be "
                            "read, is setuid, or it asked for it",),
    "PROC_READ_ONLY": ("/proc is mounted read-only",),
    "TARGET_NO_MAP": ("/proc/{target} has no file {map}: it is no process, or the kernel has "
                      "no user namespaces",),
    "NAMESPACE_OURS": ("process {target} is in the same user namespace as you",),
    "NAMESPACE_OTHER": ("the user namespace of process {target} is not a child of yours",),
    "ALREADY_MAPPED": ("the {map} of process {target} is already written, and the kernel "
                       "takes it once",),
    "NO_PRIVILEGE": ("{program} has file capabilities, but not {capability}",
                     "{program} belongs to uid {owner} and is not setuid root",
                     "{program} is neither setuid root nor has it the capability "
                     "cap_set{k}id"),
    "NOSUID": ("{program} is on a file system that is mounted nosuid",),
    "PROGRAM_OWNER_UNMAPPED": ("the owner of {program} has no id in this user namespace, so "
                               "its setuid bit does not count",),
    "NO_NEW_PRIVS": ("you run with no_new_privs, so no program gains privilege",),
    "BOUNDING_SET": ("the capability {capability} is missing in your bounding set",),
    "TRACED": ("you are traced (strace, gdb?), so no program gains privilege",),
    "SHARED_FS": ("the process that started {mapper} shares its working directory with others "
                  "(CLONE_FS), so no program gains privilege",),
    "SECUREBITS": ("your securebits hold SECBIT_NOROOT, so setuid root gives nothing",),
    "NO_SETFCAP": ("mapping the outer uid 0 also needs cap_setfcap, which {program} does not "
                   "have",),
    "OUTER_UNMAPPED": ("{k}ids {missing} do not exist in the user namespace that you are in",),
    "OUTER_DIVIDED": ("extent {extent} lies in several lines of /proc/self/{map}, and the "
                      "kernel takes it only within one",),
    "SECCOMP": ("a seccomp filter is in force and may have refused it",),
    "SECURITY_MODULE": ("the AppArmor profile {profile} is enforced for {mapper} and may have "
                        "refused it",
                        "SELinux is enforcing and may have refused it",
                        "a security module (Landlock?) refuses to open files for writing that "
                        "you may write"),
    "UNEXPLAINED": ("the kernel refused, and nothing that can be checked explains it",),
}

# Findings that an empty file causes; they have cures of their own.
EMPTIED = {"one-side"}

# The first lines, without the program's name.
DENIED = "{k}id range [{inner}) -> [{outer}) not allowed"
WRITE_EINVAL = "write to {k}id_map failed: Invalid argument"
WRITE_EPERM = "write to {k}id_map failed: Operation not permitted"
OPEN_EACCES = "open of {k}id_map failed: Permission denied"
NO_SETGROUPS = "failed to setgroups deny"
NO_TARGET = "Could not open proc directory for target {target}"
NO_NAME = "Cannot determine your user name."
NO_NSSWITCH = "cannot open /etc/nsswitch.conf: {error}"
CANNOT_OPEN = "cannot open {file}: {error}"
WRONG_OWNER = ("Target process is owned by a different user: uid:{uid} pw_uid:{pw_uid} "
               "st_uid:{st_uid}, gid:{gid} pw_gid:{pw_gid} st_gid:{st_gid}")


EPERM, EACCES, EROFS = (os.strerror(code) for code in (errno.EPERM, errno.EACCES, errno.EROFS))

# What most cases ask for, and what is delegated then.
GRANT = "elsa:100000:65536\n"
ASK = "PID 0 100000 1000"
OWN = "PID 0 5001 1"


def denied(inner, outer):
    return DENIED, {"inner": inner, "outer": outer}


def cannot_open(error):
    return CANNOT_OPEN, {"error": error}


def placeholders(template):
    return {field for _, field, _, _ in string.Formatter().parse(template) if field}


def cause_of(sentence):
    """The cause of a sentence, with any values; None if it is no such sentence."""
    for cause, templates in SENTENCES.items():
        for template in templates:
            parts = [".+" if field else "" for _, field, _, _ in
                     string.Formatter().parse(template)]
            texts = [re.escape(text) for text, *_ in string.Formatter().parse(template)]
            if re.fullmatch("".join(a + b for a, b in zip(texts, parts)), sentence):
                return cause
    return None


def cure_in(line):
    """The cure in a line of a refusal; None if there is none."""
    for prefix in (TO_FIX_AS_ROOT, TO_FIX):
        if line.startswith(prefix):
            return line.removeprefix(prefix)
    return None


class Case:
    """See the head of this file."""

    def __init__(self, setting, kind, install):
        self.host, self.kind, self.install = setting.host, kind, install
        self.box, self.cures = setting.box, setting.cures
        self.by_root = self.fixed = None   # who runs the cure; the cause that it was for
        self.mapper = PROGRAMS["ug".index(kind)]
        self.file, self.other_file = f"/etc/sub{kind}id", f"/etc/sub{'gu'['ug'.index(kind)]}id"
        self.caller, self.owner, self.kind_of_target = ELSA, None, "ns"
        self.as_root = self.as_user = self.env = None
        self.target = self.result = self.cure = None
        self.met, self.shown = set(), set()
        self.path = self.copy(install)

    # the copy of the program

    def copy(self, install, directory=None):
        """A copy of the program, to be changed by cures; returns its path."""
        directory = directory or tempfile.mkdtemp(dir=f"{self.host.tmpdir}/bin", prefix="copy.")
        os.chmod(directory, 0o755)
        path = f"{directory}/{self.mapper}"
        shutil.copyfile(self.host.subjects["ours", install].path(self.mapper), path)
        own = CAP_SETUID if self.kind == "u" else CAP_SETGID
        os.chmod(path, 0o4755 if install == "setuid" else 0o755)
        if install == "fcaps":
            set_file_capabilities(path, (own,))
        elif install == "setfcap":
            set_file_capabilities(path, (own, CAP_SETFCAP))
        return path

    def database(self, content, other="", mode=0o644, owner=(0, 0)):
        self.host.write(self.file, content, mode, owner)
        self.host.write(self.other_file, other, mode, owner)

    def values(self, **more):
        return dict(file=self.file, other=self.other_file, k=self.kind,
                    map=f"{self.kind}id_map", mapper=self.mapper, program=self.path,
                    target=self.words[0], uid=self.caller.uid, gid=self.caller.gid,
                    name=self.caller.name, **more)

    # the run

    def run(self, ask, target=None):
        self.target = target or self.host.target(self.kind_of_target,
                                                 self.owner or self.caller)
        words = ask.split() if isinstance(ask, str) else ask
        self.words = [str(self.target.pid) if word == "PID" else str(word) for word in words]
        self.before = self.target.map(self.kind)
        bind = lambda hook: None if hook is None else lambda: hook(self)
        self.result = self.host.run(self.path, self.words, self.caller, env=self.env,
                                    as_root=bind(self.as_root), as_user=bind(self.as_user))
        return self.result

    def refused(self, ask, first_line, cause, cure=None, setgroups=None, target=None, **values):
        """Runs, and requires this first line, this cause named first, and this cure if
        it is no command. first_line: a template, or one and its values. setgroups: the
        error that comes before the cause."""
        self.run(ask, target)
        self.explained(first_line, cause, cure, setgroups, **values)
        require(self.target.map(self.kind) == self.before, "the map is written all the same")

    def explained(self, first_line, cause, cure=None, setgroups=None, **values):
        """Requires this of the last run."""
        self.met.add(cause)
        result = self.result
        template, more = first_line if isinstance(first_line, tuple) else (first_line, {})
        line = f"{self.mapper}: " + template.format(**self.values(**more))
        require(result.status == 1, f"status {result.status}: {result.err}")
        require(result.out == b"", f"stdout {result.out}")
        require(result.line == line, f"first line {result.line!r}, not {line!r}")
        hints = self.hints()
        if setgroups:
            error = f"setgroups of process {self.words[0]}: {setgroups}"
            require(hints[:1] == [error], f"second line {hints[:1]}, not {error!r}")
            hints = hints[1:]
        require(hints, "no cause is reported")
        wanted = [text.format(**self.values(**values)) for text in SENTENCES[cause]
                  if placeholders(text) - self.values().keys() == values.keys()]
        require(wanted, f"harness: no sentence of {cause} has just {sorted(values)}")
        require(hints[0] in wanted,
                f"{cause_of(hints[0]) or 'no cause'} is reported, not {cause}: {hints[0]!r}, "
                f"not {wanted}")
        begins = TO_FIX_AS_ROOT, TO_FIX, CHECKED if cause == "UNEXPLAINED" else TO_FIX
        require(len(hints) == 2 and hints[1].startswith(begins), f"no cure: {hints[1:]}")
        self.cure = hints[1].removeprefix(TO_FIX_AS_ROOT).removeprefix(TO_FIX)
        self.by_root = self.cure.startswith(COMMANDS) and not self.cure.startswith("ulimit ")
        require(self.by_root == hints[1].startswith(TO_FIX_AS_ROOT), f"root? {hints[1]!r}")
        self.cause, self.fixed = cause, None
        self.shown.add((cause, self.general(hints[0]), self.general(self.cure)))
        if cure is not None:
            cure = cure.format(**self.values(**values))
            require(self.cure == cure, f"cure {self.cure!r}, not {cure!r}")

    def general(self, text):
        """A text without the values of the case."""
        return general(text.replace(os.path.dirname(self.path), "/usr/bin"))

    def hints(self):
        """The lines after the first one, without the name of the program."""
        lines = self.result.lines[1:]
        require(len(lines) <= HINTS_MAX, f"{len(lines)} lines behind the first: {lines}")
        for line in lines:
            require(line.startswith(f"{self.mapper}: ") and line.isprintable(),
                    f"a line has another form: {line!r}")
        require(self.result.err.endswith(b"\n"), "the last line has no end")
        return [line.removeprefix(f"{self.mapper}: ") for line in lines]

    def fix(self, by_hand=None):
        """Carries the cure out: a command as root, as it is printed; a sentence @by_hand."""
        if not self.cure.startswith(COMMANDS):
            require(by_hand, f"no command: {self.cure!r}")
            by_hand()
            return
        if "subid" in re.split(r"[ ;]+", self.cure) and not self.box:
            raise Skipped("this build has no subid")
        before = findings(self.box) if self.box else None
        self.cures.carry_out(self.cause, self.cure, self.by_root)
        if before is not None:
            new = {code for code, _ in findings(self.box) - before} - EMPTIED
            require(not new, f"{self.cure!r} brings findings about: {new}")
        self.fixed = self.cause if self.box else None

    def healthy(self):
        """The doctor does not name what was fixed; it needs an account in this namespace."""
        name, self.fixed = self.fixed.lower().replace("_", "-"), None
        result = self.host.run(self.box.path, ["doctor", "--json"], self.caller, timeout=60, env={
            "PATH": f"{os.path.dirname(self.path)}:{CLEAN_PATH}", "LC_ALL": "C.UTF-8",
            "HOME": "/nonexistent"})
        require(result.status in (0, 2, 3), f"{result}")
        links = json.loads(result.out)["links"]
        again = [link for link in links if link["cause"] == name and
                 link["kind"] in (None, f"{self.kind}id")]
        require(not again, f"{self.cure!r} fixes it, and the doctor says {again}")

    def in_shell(self, commands, ask):
        """Runs commands in the caller's own shell, and there the program."""
        path, words = self.path, ask.split()
        self.path = "/bin/sh"
        try:
            return self.run(["-c", f'{commands} && exec "$0" "$@"', path, *words])
        finally:
            self.path = path

    def cured_in_shell(self, limit, ask):
        """Runs the command that causes the failure and then the cure, in one shell."""
        result = self.in_shell(f"{limit} && {self.cure}", ask)
        require(result.status == 0, f"not fixed: status {result.status}, {result.err}")
        self.cures.note(self.cause, self.cure, by_root=False)

    def granted(self, ask, extents=None, target=None, setgroups=None):
        """Runs, and requires that the map is written: that of the arguments, or @extents."""
        result = self.run(ask, target)
        require(result.status == 0 and not result.err and not result.out,
                f"not fixed: status {result.status}, {result.err}")
        if extents is None:
            numbers = [int(word) for word in self.words[1:]]
            extents = [tuple(numbers[at:at + 3]) for at in range(0, len(numbers), 3)]
        found = self.target.map(self.kind)
        require(sorted(found) == sorted(extents), f"map {found}, not {extents}")
        if setgroups and self.kind == "g":
            found = self.target.setgroups()
            require(found == setgroups, f"setgroups {found}, not {setgroups}")
        if self.fixed:
            self.healthy()


class Setting:
    """What cases share: the host, subid on it, and how cures are carried out."""

    def __init__(self, host, report):
        self.host, self.report = host, report
        self.box = Box(host, report) if built("subid") else None
        self.cures = Cures(host)


class Entry:
    """A case by name, and the programs for which it runs."""

    def __init__(self, name, function, causes, kinds, installs):
        self.name, self.function, self.causes = name, function, causes
        self.kinds, self.installs = kinds, installs


class Cases(list):
    def case(self, name, *causes, kinds="ug", installs=("setuid", "fcaps")):
        """Adds a function that takes a Case. causes: all that must occur in it."""
        def add(function):
            self.append(Entry(name, function, causes, tuple(kinds), installs))
            return function
        return add

    def run(self, setting, quick, word=""):
        """Runs the cases. Returns the causes, sentences and cures that were shown."""
        shown = set()
        for number, entry in enumerate(self):
            places = [(kind, install) for kind in entry.kinds for install in entry.installs]
            if quick:
                places = [places[number % len(places)]]
            if word in entry.name:
                for kind, install in places:
                    shown |= self._one(setting, entry, kind, install)
        return shown

    @staticmethod
    def _one(setting, entry, kind, install):
        case, host, report = None, setting.host, setting.report
        name = f"{entry.name}: {PROGRAMS['ug'.index(kind)]} {install}"
        host.reset_etc()
        with report.case(name):
            with own_mounts(), logged_in(host):
                case = Case(setting, kind, install)
                entry.function(case)
            require(case.met == set(entry.causes), f"harness: it meets {case.met}")
        return case.shown if case else set()
