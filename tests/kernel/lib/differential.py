# SPDX-License-Identifier: BSD-3-Clause
"""Cases that are run with our map writers and with Debian's.

A case says what ours must do (never only that it differs): exit status, first line on
stderr, the map and the content of setgroups that the kernel reports afterwards, and the
records in syslog. Debian's programs run on the same case with another target. They must do
the same, unless the case belongs to a class in which ours differ on purpose; then they must
differ. So a class describes exactly the differences. A class without a case fails the run.
peers.py has the differences of other releases of shadow.

Each case runs for newuidmap and newgidmap, installed setuid root and with file
capabilities. In texts, {k} is "u" or "g", {prog} the program, {file} its database; in
arguments the word PID is the target.
"""

import re
import time
from dataclasses import dataclass, field
from typing import Any, Callable, NamedTuple, Optional

from host import ELSA, PROGRAMS, Caller, Host, Report, Subject, Target, quick, remove

# The classes in which ours differ from Debian's 4.13 on purpose.
# Classes that the table of differences for programs and files names:
FD_TARGET = "fd:N as the target"
NO_EXTENTS = "PID without extents"
HELP = "--help, --version"
OTHER_OWNER = "text for a target of another user"
NOT_DUMPABLE = "target not dumpable, or a zombie"
NUMBERS = "octal, hex, sign, leading space"
FOURTH_FIELD = "fourth field"
NUL = "NUL in a line"
COUNT_ZERO = "count 0 in a line"
BEYOND = "start or end beyond 2^32"
MISSING_OWN = "file missing: own id"
MISSING_OTHER = "file missing: anything else"
UNTRUSTED = "file writable by others, or of a foreign owner"
EARLY = "limits checked before the database, overlaps before setgroups"
# Classes that follow from the order of our privilege steps and from other rules:
NOT_REGULAR = "a file that is not regular, or larger than the limit"
BROKEN_LIST = "arguments that form no triples: no debug line before the usage"
SETGROUPS_TEXT = "setgroups cannot be set to deny: error on the first line"
SIGPIPE_STATUS = "stderr without a reader: status 1 instead of SIGPIPE"
HIDDEN = "target hidden by hidepid: its owner is not shown"
PLUGIN_NOTE = "nsswitch plugin that is not installed: silent"
PLUGIN_JOINED = "plugin: ranges that touch are one"
PLUGIN_UNLISTED = "plugin: yes to what it does not list"
UNKNOWN_KEY = "unknown keys in login.defs: silent"
NAME = "the name in messages is not argv[0]"
REAL_IDS = "real and effective ids of the caller differ"
LESS_PRIVILEGE = "bounding set: what needs no capability does without"

CLASSES = (FD_TARGET, NO_EXTENTS, HELP, OTHER_OWNER, NOT_DUMPABLE, NUMBERS, FOURTH_FIELD,
           NUL, COUNT_ZERO, BEYOND, MISSING_OWN, MISSING_OTHER, UNTRUSTED, EARLY,
           NOT_REGULAR, BROKEN_LIST, SETGROUPS_TEXT, SIGPIPE_STATUS, HIDDEN, PLUGIN_NOTE,
           PLUGIN_JOINED, PLUGIN_UNLISTED, UNKNOWN_KEY, NAME, REAL_IDS, LESS_PRIVILEGE)

KINDS = ("u", "g")
INSTALLS = ("setuid", "fcaps")
LOG_AUTHPRIV = 10


class Want(NamedTuple):
    status: int
    line: Any                       # text or compiled pattern; "" is silence
    map: Any = None                 # None: the request if granted, else unchanged
    setgroups: Optional[str] = None     # for newgidmap; None: unchanged
    log: Any = None                 # how many records; None: none, or one if it failed
    out: Any = ""                   # stdout: text or compiled pattern


def granted(setgroups=None, map=None):
    return Want(0, "", map, setgroups, 0)


def refused(line, setgroups=None, log=None, status=1):
    return Want(status, line, (), setgroups, log)


def not_allowed(ranges):
    """The answer to a range that is not delegated; it is recorded."""
    return refused("{prog}: {k}id range %s not allowed" % ranges, log=1)


def usage():
    return refused("usage: {prog} <pid> <{k}id> <lower{k}id> <count> "
                   "[ <{k}id> <lower{k}id> <count> ] ... ")


def write_failed(reason):
    return refused("{prog}: write to {k}id_map failed: " + reason)


def open_failed(reason):
    return refused("{prog}: open of {k}id_map failed: " + reason)


def cannot_open(reason):
    return refused("{prog}: cannot open {file}: " + reason)


EPERM_WRITE = write_failed("Operation not permitted")
OVERFLOW = refused("{prog}: subuid overflow detected.")
NO_PROC = refused("{prog}: Could not open proc directory for target PID")


@dataclass
class Case:
    name: str
    args: Any                       # text, list, or callable(context)
    want: Any                       # Want, or callable(kind, install)
    db: Any = ""                    # content, or callable(host, path) that makes the file
    other: str = ""                 # content of the other kind's database
    target: str = "ns"
    caller: Any = ELSA              # or callable(host)
    owner: Any = None               # of the target, if not the caller
    cls: Optional[str] = None       # the class, if Debian's answer differs
    differs: tuple = ()             # where it differs ("u", "g", "setuid", "g/fcaps");
                                    # empty: everywhere
    kinds: tuple = KINDS
    installs: tuple = INSTALLS
    oracle: Any = True              # or the reason why Debian's cannot run
    etc: dict = field(default_factory=dict)     # content of other files, None: no file
    prepare: Optional[Callable] = None  # functions of the context
    as_root: Optional[Callable] = None
    as_user: Optional[Callable] = None
    run: Optional[Callable] = None  # instead of the plain run; returns a Result
    env: Optional[dict] = None
    full_only: bool = False         # left out of a quick run


class Table(list):
    """A list of cases with a short way to write one."""

    def case(self, name, args, want, **options):
        self.append(Case(name, args, want, **options))


@dataclass
class Context:
    """The argument of a case's functions."""
    host: Host
    case: Case
    kind: str
    subject: Subject
    caller: Caller
    target: Optional[Target] = None
    args: tuple = ()

    @property
    def program(self):
        return PROGRAMS[KINDS.index(self.kind)]

    @property
    def path(self):
        return self.subject.path(self.program)

    @property
    def pid(self):
        return self.target.pid

    def run(self, args=None, **options):
        """The plain run, or one with other arguments or options."""
        wrap = lambda function: None if function is None else lambda: function(self)
        settings = dict(env=self.case.env, as_root=wrap(self.case.as_root),
                        as_user=wrap(self.case.as_user))
        settings.update(options)
        return self.host.run(self.path, list(self.args if args is None else args),
                             self.caller, **settings)


class Observed(NamedTuple):
    """What is compared between ours and Debian's."""
    status: int
    line: str
    map: Any
    setgroups: str


def fill(text, kind):
    for word, value in (("{k}", kind), ("{prog}", PROGRAMS[KINDS.index(kind)]),
                        ("{file}", f"/etc/sub{kind}id")):
        text = text.replace(word, value)
    return text


def requested(args):
    """The extents that an argument list asks for, or None if it is no such list."""
    numbers = [int(word) for word in args[1:] if re.fullmatch(r"\d+", word)]
    if len(numbers) != len(args) - 1 or len(numbers) % 3:
        return None
    return tuple(sorted(tuple(numbers[at:at + 3]) for at in range(0, len(numbers), 3)))


def matches(expected, text):
    if isinstance(expected, re.Pattern):
        return expected.fullmatch(text) is not None
    return expected == text


def stamped_now(record):
    """The time in a record is in the machine's time zone, not in the caller's."""
    found = re.match(r"<\d+>(\w{3} [ \d]\d) (\d\d):(\d\d):\d\d ", record)
    now = time.localtime()
    minutes = int(found[2]) * 60 + int(found[3]) if found else -9999
    distance = abs(minutes - now.tm_hour * 60 - now.tm_min)
    return min(distance, 24 * 60 - distance) <= 2


def record_problems(want, result, program):
    """Checks the records in syslog."""
    if want.log is not None and len(result.log) != want.log:
        return [f"{len(result.log)} records in syslog, not {want.log}: {result.log}"]
    if len(result.log) > 1:
        return [f"more than one record in syslog: {result.log}"]
    problems = []
    for record in result.log:
        if not stamped_now(record):
            problems.append(f"record with another time: {record!r}")
        found = re.match(r"<(\d+)>(\w{3} [ \d]\d [\d:]{8} )?" + program +
                         r"(\[\d+\])?: ", record)
        if not found or int(found[1]) >> 3 != LOG_AUTHPRIV:
            problems.append(f"record of another form: {record!r}")
        if re.search(r"[\x00-\x1f\x7f]", record.rstrip("\n\0")):
            problems.append(f"record with control characters: {record!r}")
    return problems


class Runner:
    """Runs cases and keeps the counts."""

    def __init__(self, host: Host, report: Report, peer):
        self.host = host
        self.report = report
        self.peer = peer
        self.hits = {name: 0 for name in peer.classes()}
        self.has_oracle = ("debian", "setuid") in host.subjects
        self.runs = self.equal = 0
        self.turn = 0

    def run_case(self, case):
        problems = []
        for kind, install in self._places(case):
            try:
                problems += self._run_pair(case, kind, install)
            except OSError as error:
                problems.append(f"{kind}/{install}: harness: {error!r}")
        if problems:
            self.report.fail(case.name, "; ".join(problems))
        else:
            self.report.ok(case.name)

    def finish(self, complete):
        """One line a class; complete: every class must have been hit."""
        if not self.has_oracle:
            self.report.skip("classes", "Debian's programs are not installed")
            return
        self.report.row(self.peer.name, "map writers, cases", f"{self.equal} equal",
                        f"{sum(self.hits.values())} different",
                        f"{sum(map(bool, self.hits.values()))} classes")
        for name, count in self.hits.items():
            if count:
                self.report.ok(f"class {name}: {count} hits with {self.peer.name}")
            elif complete:
                self.report.fail(f"class {name}", f"no case belongs to it with {self.peer.name}")

    def _places(self, case):
        """The programs and installs that a case runs with. A quick run takes turns: with
        a class, each program and each install occurs; without one, a single place."""
        places = [(kind, install) for kind in case.kinds for install in case.installs]
        if not quick() or case.differs:
            return places
        self.turn += 1
        if case.cls is None:
            return [places[self.turn % len(places)]]
        shift = self.turn % 2
        return [place for number, place in enumerate(places)
                if (number // len(case.installs) + number + shift) % 2 == 0] or places

    # one case, one program, one way of installation

    def _run_pair(self, case, kind, install):
        where = f"{kind}/{install}"
        want = case.want(kind, install) if callable(case.want) else case.want
        subjects = self.host.subjects
        ours, problems = self._run_one(case, kind, subjects["ours", install], want)
        problems = [f"{where}: {problem}" for problem in problems]
        if not self.has_oracle or case.oracle is not True:
            return problems
        theirs, _ = self._run_one(case, kind, subjects["debian", install], None)
        same = ours == theirs
        self.equal += same
        cls, differs = self.peer.expects(case)
        expected_to_differ = cls is not None and (
            not differs or any(set(place.split("/")) <= {kind, install}
                               for place in differs))
        if expected_to_differ and not same:
            self.hits[cls] += 1
        elif expected_to_differ:
            problems.append(f"{where}: no difference from Debian's, although the case "
                            f"belongs to the class '{cls}': {ours}")
        elif not same:
            problems.append(f"{where}: differs from Debian's: ours {ours}, "
                            f"Debian's {theirs}")
        return problems

    def _run_one(self, case, kind, subject, want):
        host = self.host
        self.runs += 1
        changed = self._write_files(case, kind)
        try:
            caller = case.caller(host) if callable(case.caller) else case.caller
            owner = case.owner or caller
            context = Context(host, case, kind, subject, caller)
            context.target = host.target(case.target, owner)
            args = case.args(context) if callable(case.args) else case.args
            if isinstance(args, str):
                args = args.split()
            context.args = tuple(word.replace("PID", str(context.pid)) for word in args)
            if case.prepare:
                case.prepare(context)
            before = context.target.map(kind), context.target.setgroups()
            result = case.run(context) if case.run else context.run()
            after = context.target.map(kind), context.target.setgroups()
        finally:
            if changed:
                host.reset_etc(*changed)
        line = re.sub(rf"\b{context.pid}\b", "PID", result.line)
        observed = Observed(result.status, line, after[0], after[1])
        if want is None:
            return observed, []
        return observed, self._problems(want, context, result, observed, before)

    def _write_files(self, case, kind):
        host = self.host
        for which in KINDS:
            path = f"/etc/sub{which}id"
            content = case.db if which == kind else case.other
            if callable(content):
                content(host, path)
            else:
                host.write(path, content)
        for name, content in case.etc.items():
            if content is None:
                remove(f"/etc/{name}")
            else:
                host.write(f"/etc/{name}", content)
        return tuple(case.etc)

    def _problems(self, want, context, result, observed, before):
        kind, program = context.kind, context.program
        problems = []
        if observed.status != want.status:
            problems.append(f"status {observed.status}, not {want.status}")
        line = fill(want.line, kind) if isinstance(want.line, str) else want.line
        if isinstance(line, re.Pattern):
            line = re.compile(fill(line.pattern, kind))
        if not matches(line, observed.line):
            wanted = line.pattern if isinstance(line, re.Pattern) else line
            problems.append(f"first line {observed.line!r}, not {wanted!r}")
        problems += self._output_problems(want, result, program)
        if want.map is not None and want.status == 0:
            wanted = tuple(sorted(want.map))
        elif want.status == 0 and want.line == "":
            wanted = requested(context.args)
        else:
            wanted = before[0]
        found = observed.map
        if isinstance(found, tuple):
            found = tuple(sorted(found))
        if isinstance(wanted, tuple):
            wanted = tuple(sorted(wanted))
        if found != wanted:
            problems.append(f"map {found}, not {wanted}")
        setgroups = want.setgroups if kind == "g" and want.setgroups else before[1]
        if observed.setgroups != setgroups:
            problems.append(f"setgroups {observed.setgroups}, not {setgroups}")
        return problems + record_problems(want, result, program)

    @staticmethod
    def _output_problems(want, result, program):
        problems = []
        out = result.out.decode("utf-8", "backslashreplace")
        if not matches(want.out, out):
            problems.append(f"stdout {out!r}")
        if len(result.lines) > 4:
            problems.append(f"{len(result.lines)} lines on stderr")
        for number, text in enumerate(result.lines):
            if not text.startswith((f"{program}: ", "usage: ")[:2 if number == 0 else 1]):
                problems.append(f"line {number + 1} on stderr has another form: {text!r}")
        if result.err and not result.err.endswith(b"\n"):
            problems.append("stderr ends without a newline")
        return problems
