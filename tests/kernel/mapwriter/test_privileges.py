#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What privileges a map writer has, from system call to system call.

Three views: strace(1) shows the order of the calls; a tracer reads the ids and capabilities
that the kernel reports at each of them; and a debug register of the processor shows the first
access to a number on the command line.
"""

import os
import re
from typing import NamedTuple, Optional

import host as host_module
from host import (ANNA, CAP_SETFCAP, CAP_SETGID, CAP_SETUID, ELSA, ELSA_IN_TEAM, NOBODY_KNOWS,
                  ROOT, Report, enter, quick)
from tracer import OPENS, Run, call_is

MOST_CALLS = 80
PR_SET_DUMPABLE = 4
SETUID, SETGID, SETFCAP = 1 << CAP_SETUID, 1 << CAP_SETGID, 1 << CAP_SETFCAP
CAP_NAMES = {"CAP_SETUID": SETUID, "CAP_SETGID": SETGID, "CAP_SETFCAP": SETFCAP}
INSTALLS = ("setuid", "fcaps")
ALL_INSTALLS = ("setuid", "fcaps", "setfcap")


class Scenario(NamedTuple):
    name: str
    kind: str
    args: str                           # PID is the target
    capabilities: Optional[int] = None  # to write with; None: the map is not written
    db: Optional[str] = ""              # None: no file
    line: str = ""                      # the beginning of the first line; "": granted
    caller: tuple = ELSA
    target: str = "ns"
    owner: Optional[tuple] = None       # of the target, if not the caller
    installs: tuple = INSTALLS


GRANT = "elsa:100000:65536\n"
GRANTED = (
    Scenario("own uid", "u", "PID 0 5001 1", 0),
    Scenario("own gid", "g", "PID 0 5001 1", 0),
    Scenario("own uid 0", "u", "PID 0 0 1", SETFCAP, caller=ROOT),
    Scenario("own gid 0", "g", "PID 0 0 1", 0, caller=ROOT),
    Scenario("delegated uids", "u", "PID 0 100000 65536", SETUID, GRANT),
    Scenario("delegated gids", "g", "PID 0 100000 65536", SETGID, GRANT),
    Scenario("own uid and delegated ones", "u", "PID 0 5001 1 1 100000 9", SETUID, GRANT),
    Scenario("own gid and delegated ones", "g", "PID 0 5001 1 1 100000 9", SETGID, GRANT),
    Scenario("own uid, delegated as well", "u", "PID 0 5001 1", 0, "elsa:5001:1\n"),
    Scenario("own gid, delegated as well", "g", "PID 0 5001 1", SETGID, "elsa:5001:1\n"),
    Scenario("delegated uid 0", "u", "PID 0 0 2", SETUID | SETFCAP, "elsa:0:10\n",
             installs=("setuid", "setfcap")),
    Scenario("delegated gid 0", "g", "PID 0 0 2", SETGID, "elsa:0:10\n",
             installs=ALL_INSTALLS),
)


def both(name, *rest, **options):
    """A refusal of either program."""
    line = options.pop("line")
    return tuple(Scenario(name, kind, *rest, line=line.replace("{k}", kind), **options)
                 for kind in "ug")


REFUSED = (
    *both("malformed number", "PID 0 100000 0x9", line="usage: "),
    *both("malformed target", "12x 0 100000 9", line="usage: "),
    *both("incomplete extent", "PID 0 100000", line="usage: "),
    *both("no arguments", "", line="usage: "),
    *both("no extents", "PID", line="new{k}idmap: write to {k}id_map failed: "),
    *both("too many extents", "PID" + " 1 1 1" * 341,
          line="new{k}idmap: write to {k}id_map failed: "),
    *both("number too large", "PID 0 4294967295 1", line="new{k}idmap: subuid overflow"),
    *both("no such process", "4194303 0 5001 1", line="new{k}idmap: Could not open proc"),
    *both("caller without account", "PID 0 5999 1", caller=NOBODY_KNOWS,
          line="new{k}idmap: Cannot determine your user name."),
    *both("another user's process", "PID 0 5001 1", owner=ANNA,
          line="new{k}idmap: Target process is owned by a different user"),
    *both("another group", "PID 0 100000 1", db=GRANT, caller=ELSA_IN_TEAM,
          line="new{k}idmap: Target process is owned by a different user"),
    *both("no database", "PID 0 100000 1", db=None, line="new{k}idmap: cannot open /etc/"),
    *both("range not delegated", "PID 0 100000 65537", db=GRANT,
          line="new{k}idmap: {k}id range [0-65537) -> [100000-165537) not allowed"),
    *both("overlapping extents", "PID 0 100000 2 1 100002 2", db=GRANT,
          line="new{k}idmap: write to {k}id_map failed: Invalid argument"),
    *(Scenario("target not dumpable", kind, "PID 0 100000 1", held, GRANT,
               target="nondumpable",
               line=f"new{kind}idmap: open of {kind}id_map failed: Permission denied")
      for kind, held in (("u", SETUID), ("g", SETGID))),
    *(Scenario("map written already", kind, "PID 0 100000 1", held, GRANT, target="mapped",
               line=f"new{kind}idmap: write to {kind}id_map failed: Operation not permitted")
      for kind, held in (("u", SETUID), ("g", SETGID))),
    Scenario("setgroups cannot be denied", "g", "PID 0 5001 1", 0, target="plain",
             line="newgidmap: failed to setgroups deny"),
    Scenario("uid 0 without CAP_SETFCAP", "u", "PID 0 0 2", SETUID, "elsa:0:10\n",
             line="newuidmap: write to uid_map failed: Operation not permitted",
             installs=("fcaps",)),
)


def left_after_cut(scenario, install):
    """The needed capabilities that the installation gives. Root has all of them."""
    if scenario.kind == "g":
        return SETGID
    return SETUID if install == "fcaps" and scenario.caller != ROOT else SETUID | SETFCAP


def extents_of(scenario):
    """The requested extents; None if the arguments are malformed."""
    words = scenario.args.split()[1:]
    extents = [tuple(map(int, words[i:i + 3])) for i in range(0, len(words), 3)
               if all(word.isdecimal() for word in words[i:i + 3])]
    if (len(words) % 3 or not 0 < len(extents) <= 340 or 3 * len(extents) != len(words)
            or not scenario.args.startswith(("PID", "4194303"))
            or any(outer + count > 0xffffffff for _, outer, count in extents)):
        return None
    return extents


def left_after_arguments(scenario, install):
    """The capabilities that a map with these extents can need."""
    left = left_after_cut(scenario, install)
    extents = extents_of(scenario)
    if extents is None or scenario.kind == "g":
        return left
    own = len(extents) == 1 and extents[0][1:] == (scenario.caller.uid, 1)
    from_zero = any(outer == 0 for _, outer, _ in extents)
    return left & ((0 if own else SETUID) | (SETFCAP if from_zero else 0))


def run_through(host, scenario, install):
    """Prepares the host; returns the program, its arguments and the target."""
    path = f"/etc/sub{scenario.kind}id"
    host.write(path, scenario.db or "")
    if scenario.db is None:
        os.unlink(path)
    target = host.target(scenario.target, scenario.owner or scenario.caller)
    args = scenario.args.replace("PID", str(target.pid)).split()
    program = host.subjects["ours", install].path(f"new{scenario.kind}idmap")
    return program, args, target


def label(scenario, install):
    return f"{scenario.name}, {scenario.kind}id, {install}"


# --- the order of the calls, by strace --------------------------------------------------

class Call(NamedTuple):
    name: str
    text: str       # the whole line


class Order:
    """The calls that one run makes, as strace prints them."""

    def __init__(self, host, program, args, caller):
        log = f"{host.tmpdir}/strace"
        user = [] if caller.uid == 0 else ["-u", caller.name]
        self.result = host.run("/usr/bin/strace",
                               ["-y", "-s", "256", *user, "-o", log, program, *args], ROOT)
        with open(log, encoding="utf-8", errors="replace") as file:
            self.calls = [Call(found[1], line.rstrip("\n")) for line in file
                          if (found := re.match(r"(\w+)\(", line))]

    def where(self, pattern, names=()):
        """Positions of the calls that match a pattern."""
        return [i for i, call in enumerate(self.calls)
                if (not names or call.name in names) and re.search(pattern, call.text)]

    def capsets(self):
        """The requested capability sets: (position, permitted, effective)."""
        sets = []
        for i in self.where("", ("capset",)):
            found = re.search(r"effective=([^,]*), permitted=([^,]*), inheritable=0\}",
                              self.calls[i].text)
            sets.append((i, capability_mask(found[2]), capability_mask(found[1])) if found
                        else (i, self.calls[i].text, None))
        return sets

    def full_capsets(self):
        """The same without repeated sets."""
        sets = []
        for i, permitted, effective in self.capsets():
            if not sets or (permitted, effective) != sets[-1][1:]:
                sets.append((i, permitted, effective))
        return sets

    def end_of_cut(self):
        """The last call that gives up privilege, but for later calls of capset."""
        full = [i for i, *_ in self.full_capsets()]
        return max(self.where(CHANGES) + full[:1], default=len(self.calls))


def capability_mask(words):
    """strace's 1<<CAP_SETUID|1<<CAP_SETFCAP as a number; another capability shows."""
    return sum(CAP_NAMES.get(word, 1 << 63)
               for word in words.replace("1<<", "").split("|") if word != "0")


# input that other users or the administrator control
LOOKS = {
    "the database": (r"^(read|pread64|mmap)\(.*</etc/sub[ug]id>", ()),
    "passwd": (r"/etc/passwd", ()),
    "nsswitch.conf": (r"/etc/nsswitch\.conf", ()),
    "login.defs": (r"/etc/login\.defs", ()),
    "/proc": (r'"/proc', ()),
    "output": (r"^(write|writev|sendto|sendmsg)\(", ()),
}
# also at the start: only the files of the loader, and the database
OPENED_EARLY = re.compile(r'"(/etc/ld\.so\.cache|/[^"]*/libc\.so\.6|/etc/sub[ug]id)"')
CHANGES = r"^(set\w*[ug]id|setgroups)\(|PR_SET_(DUMPABLE|NO_NEW_PRIVS|KEEPCAPS|SECUREBITS)"


# which static glibc reads when it starts
OWN_NAME = re.compile(r"^readlink\W+/proc/self/exe\b")


def order_problems(order, scenario, install):
    """The complete cut comes first."""
    end = order.end_of_cut()
    problems = [f"missing: {pattern}" for pattern in (
        r"^prctl\(PR_SET_NO_NEW_PRIVS, 1", r"^prctl\(PR_SET_DUMPABLE, (0|SUID_DUMP_DISABLE)",
        r"^setresuid\({0}, {0}, {0}\)".format(scenario.caller.uid),
        r"^setresgid\({0}, {0}, {0}\)".format(scenario.caller.gid))
        if not order.where(pattern)]
    for what, (pattern, names) in LOOKS.items():
        seen = [i for i in order.where(pattern, names) if not OWN_NAME.search(order.calls[i].text)]
        if seen and seen[0] < end:
            problems.append(f"{what} before the end of the cut: {order.calls[seen[0]].text}")
    problems += [f"opened before the end of the cut: {order.calls[i].text}"
                 for i in order.where("", OPENS)
                 if i < end and not OPENED_EARLY.search(order.calls[i].text)]
    return problems


def happened(order, scenario):
    """Whether the run ended as the scenario says."""
    return order.result.status == (1 if scenario.line else 0) and (
        order.result.line.startswith(scenario.line) if scenario.line
        else order.result.line == "")


def test_order(host, report, scenarios):
    """Every scenario, by strace: the cut, the second and the last capset."""
    seen = dict.fromkeys(LOOKS, 0)
    for scenario in scenarios:
        if scenario.caller not in (ROOT, ELSA):
            continue    # strace starts programs with the groups of the user
        for install in scenario.installs:
            program, args, _ = run_through(host, scenario, install)
            order = Order(host, program, args, scenario.caller)
            problems = order_problems(order, scenario, install)
            for what, (pattern, names) in LOOKS.items():
                seen[what] += bool(order.where(pattern, names))
            if not happened(order, scenario):
                problems.append(f"not what was to happen: {order.result}")
            protected = order.where(r"^mprotect\(.*PROT_READ\) = 0")
            opened = order.where(r"/etc/sub[ug]id")
            if not protected or opened and opened[0] < protected[0]:
                problems.append("relocated data is not read-only when the database is opened")
            problems += capset_problems(order, scenario, install)
            report.check(f"order of calls: {label(scenario, install)}", not problems,
                         "; ".join(problems))
    # login.defs is only read for a caller whose group is not the one in passwd
    missing = [what for what, n in seen.items() if n == 0 and what != "login.defs"]
    report.check("everything that must not be looked at early is looked at", not missing,
                 f"never seen: {missing}")


def capset_problems(order, scenario, install):
    """The requested sets: at the cut, for these arguments, for this map, for the write,
    and none before a message. Only for the write they are effective."""
    left = left_after_cut(scenario, install)
    expected = [(left, 0), (left_after_arguments(scenario, install), 0)]
    if scenario.capabilities is not None:
        needed = scenario.capabilities & left
        expected += [(needed, 0), (needed, needed)]
    if scenario.line:
        expected.append((0, 0))
    expected = [entry for i, entry in enumerate(expected)
                if i == 0 or entry != expected[i - 1]]
    sets = order.full_capsets()
    if [entry[1:] for entry in sets] != expected:
        return [f"capset to {sets}, not {expected}"]
    if not scenario.line:
        return []
    problems = []
    last = sets[-1][0]
    for what, pattern in SPEAKING.items():
        seen = order.where(pattern)
        if seen and seen[0] < last:
            problems.append(f"{what} before the last capset: {order.calls[seen[0]].text}")
        if what == "stderr" and not seen:
            problems.append("nothing is said")
    return problems


SPEAKING = {"stderr": r"^write\(2<", "/dev/log": r'"/dev/log"', "a locale": r"/locale",
            "a time zone": r"/etc/localtime"}


def test_help(host, report):
    for install in INSTALLS:
        for kind in "ug":
            for option in ("--help", "--version"):
                program = host.subjects["ours", install].path(f"new{kind}idmap")
                order = Order(host, program, [option], ELSA)
                problems = order_problems(order, Scenario("", kind, ""), install)
                said = order.where(r"^writev?\(|/locale")
                last, *none = order.full_capsets()[-1]
                if not said or none != [0, 0] or last > said[0]:
                    problems.append("capabilities are left when it speaks")
                report.check(f"order of calls: {option}, {kind}id, {install}",
                             not problems and order.result.status == 0,
                             "; ".join(problems) or f"{order.result}")


# --- how many calls, and which libraries ------------------------------------------------

def test_cost(host, report):
    counted = []
    for scenario in GRANTED:
        if scenario.caller != ELSA:
            continue
        for install in scenario.installs:
            counts = {}
            problems = []
            for who in ("ours", "debian"):
                if (who, install) not in host.subjects:
                    continue
                program, args, target = run_through(host, scenario, install)
                program = host.subjects[who, install].path(os.path.basename(program))
                order = Order(host, program, args, scenario.caller)
                counts[who] = len(order.calls)
                if order.result.status or not target.map(scenario.kind):
                    problems.append(f"{who}: {order.result}")
                if who == "ours":
                    opened = [order.calls[i].text for i in order.where(r"\.so[.0-9]*\"",
                                                                       ("open", "openat"))]
                    # the loader of musl is its libc
                    expected = (host_module.mapwriter_libc() == "shared"
                                and not host_module.is_musl())
                    if len(opened) != expected or (opened and "/libc.so.6" not in opened[0]):
                        problems.append(f"libraries: {opened}")
            name = label(scenario, install)
            report.check(f"libc is the only library: {name}", not problems,
                         "; ".join(problems))
            report.check(f"at most {MOST_CALLS} system calls: {name}",
                         counts["ours"] <= MOST_CALLS, f"{counts['ours']}")
            counted.append((name, counts))
    print("# system calls of a granted map, execve and exit_group included")
    for name, counts in counted:
        print(f"# {name:42} {counts['ours']:4}  Debian's {counts.get('debian', '-'):>4}")


# --- the state at each call -------------------------------------------------------------

def is_end_of_cut(stop):
    return call_is(stop, "prctl", PR_SET_DUMPABLE) and not stop.entry


def state_problems(state, scenario, allowed, in_effect=False):
    """What the kernel says about the process, once the cut is done."""
    problems = []
    if set(state.uid) != {scenario.caller.uid}:
        problems.append(f"uids {state.uid}")
    if set(state.gid) != {scenario.caller.gid}:
        problems.append(f"gids {state.gid}")
    if state.permitted not in allowed:
        problems.append(f"permitted {state.permitted:#x}")
    if (state.effective not in (0, state.permitted if in_effect else 0)
            or state.inheritable or state.ambient):
        problems.append(f"effective {state.effective:#x} inheritable "
                        f"{state.inheritable:#x} ambient {state.ambient:#x}")
    if not state.no_new_privs:
        problems.append("no_new_privs is not set")
    if state.dumpable:
        problems.append("dumpable")
    return problems


def touches_target(stop):
    return stop.entry and stop.name in (*OPENS, "write") and stop.path.endswith(
        ("uid_map", "gid_map", "setgroups"))


# the calls while capabilities are effective: raising, dropping, writing the map, exit
IN_EFFECT = {"capset", "capget", "close", "munmap", "brk", "exit_group"}
OF_MAP = (*OPENS, "write")
FOREIGN = re.compile(r"/etc/(passwd|nsswitch\.conf|login\.defs)$|^/proc\b")


class Follower:
    """Watches one run from stop to stop."""

    def __init__(self, scenario, install):
        self.scenario = scenario
        self.left = left_after_cut(scenario, install)
        self.allowed = {self.left, left_after_arguments(scenario, install), 0}
        if scenario.capabilities is not None:
            self.needed = scenario.capabilities & self.left
            self.allowed.add(self.needed)
        self.cut = False
        self.stops = 0
        self.problems = []
        self.read = set()       # input that others control

    def see(self, stop, state):
        self.cut = self.cut or is_end_of_cut(stop)
        foreign = FOREIGN.search(stop.path)
        if not self.cut and OWN_NAME.search(f"{stop.name} {stop.path}"):
            foreign = None
        if foreign:
            self.read.add(foreign[0])
        if self.cut:
            self.stops += 1
            problems = self.problems_after_cut(stop, state)
        else:
            problems = ["before the end of the cut"] if foreign else []
        self.problems += [f"at {stop}: {text}" for text in problems]

    def problems_after_cut(self, stop, state):
        in_effect = stop.name in IN_EFFECT or (
            stop.name in OF_MAP and stop.path.endswith("id_map"))
        problems = state_problems(state, self.scenario, self.allowed, in_effect)
        # fewer, never more
        self.allowed = {mask for mask in self.allowed if mask & ~state.permitted == 0}
        if (call_is(stop, "write", 2) or "locale" in stop.path) and state.permitted:
            problems.append("speaks with capabilities")
        if touches_target(stop) and self.scenario.capabilities is not None:
            # after a refusal the map may be read again, without capabilities
            explains = self.scenario.line and state.permitted == 0
            if state.permitted != self.needed and not explains:
                problems.append(f"permitted {state.permitted:#x}")
            wanted = 0 if explains or "setgroups" in stop.path else self.needed
            if state.effective != wanted:
                problems.append(f"in effect {state.effective:#x}")
        return problems


def test_states(host, report, scenarios):
    read = set()
    for scenario in scenarios:
        for install in scenario.installs:
            program, args, _ = run_through(host, scenario, install)
            follower = Follower(scenario, install)
            run = Run(host, program, args, scenario.caller)
            for stop in run.steps():
                follower.see(stop, run.tracee.state())
            result = run.finish()
            if result.status != (1 if scenario.line else 0):
                follower.problems.append(f"{result}")
            read |= follower.read
            report.check(f"state at {follower.stops} stops: {label(scenario, install)}",
                         follower.stops > 10 and not follower.problems,
                         "; ".join(follower.problems[:5]))
    wanted = {"/etc/passwd", "/etc/nsswitch.conf", "/etc/login.defs", "/proc"}
    report.check("what must not be read early is read later", read == wanted, f"{read}")


def test_saved_ids(host, report):
    """Tries, in place of the program, whether the saved ids give privilege."""
    scenario = next(case for case in REFUSED if case.name == "range not delegated")
    for name in ("setresuid", "setresgid", "seteuid"):
        for install in INSTALLS:
            program, args, _ = run_through(host, scenario, install)
            run = Run(host, program, args)
            for stop in run.steps():
                if stop.entry and call_is(stop, "write", 2):
                    break
            keep = -1
            ids = {"setresuid": (0, 0, 0), "setresgid": (0, 0, 0), "seteuid": (keep, 0, keep)}
            call = "setresuid" if name == "seteuid" else name
            try:
                answer = run.tracee.replace_call(call, *ids[name])
                report.check(f"the way back to root, {name}, {install}", answer == -1,
                             f"{answer}")
            except OSError:
                report.skip(f"the way back to root, {name}, {install}",
                            "changing a system call is known for x86_64 alone")
            run.finish()


# --- the numbers on the command line ----------------------------------------------------

def test_argument_access(host, report):
    """The first access to a number on the command line. Many extents: numbers near the
    ends of the argument list share a machine word with argv[0] or the environment, which
    libc reads before main()."""
    host.write("/etc/subuid", GRANT)
    host.write("/etc/subgid", GRANT)
    extents = [f"{i} {100000 + i} 1" for i in range(60)]
    for kind in "ug":
        for install in INSTALLS:
            for ending, status in (("", 0), (" 0 x 1", 1)):
                name = (f"numbers are touched after the cut: {kind}id, {install}, "
                        f"{'granted' if status == 0 else 'malformed'}")
                target = host.target()
                args = f"{target.pid} {' '.join(extents)}{ending}".split()
                run = Run(host, host.subjects["ours", install].path(f"new{kind}idmap"), args)
                addresses = argument_addresses(run.tracee)
                if not run.tracee.watch(addresses[90:94]):
                    run.finish()
                    report.skip(name, "this machine has no debug registers")
                    continue
                touched, problems = 0, []
                plain = Scenario(name, kind, "")
                while run.tracee.wait_access():
                    touched += 1
                    problems += state_problems(run.tracee.state(), plain,
                                               {left_after_cut(plain, install)})
                result = run.finish()
                if touched < 4 or result.status != status:
                    problems.append(f"touched {touched} times: {result}")
                report.check(name, not problems, "; ".join(problems[:3]))


def argument_addresses(tracee):
    with open(f"/proc/{tracee.pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    # arg_start and arg_end are fields 48 and 49, the state is field 3
    start, end = int(fields[48 - 3]), int(fields[49 - 3])
    text = tracee.read(start, end - start)
    return [start] + [start + i + 1 for i, byte in enumerate(text[:-1]) if byte == 0]


# --- what the kernel does not do --------------------------------------------------------

PRIVILEGE_CALLS = {"prctl", "setresuid", "setresgid", "setuid", "setgid", "seteuid", "capset",
                   "setgroups", "capget", "getresuid", "getresgid"}
SETTERS = {"capset", "setresuid", "setresgid"}  # and prctl(PR_SET_...)
PR_GET = {3, 39}                                # dumpable, no_new_privs


def privilege_calls(host, scenario, install):
    """Calls that change or read privileges: [(number, whether success can be faked)]."""
    program, args, _ = run_through(host, scenario, install)
    run = Run(host, program, args)
    calls = []
    for number, stop in enumerate(run.steps()):
        if stop.entry and stop.name in PRIVILEGE_CALLS:
            sets = stop.name in SETTERS or (stop.name == "prctl" and stop.args[0] not in PR_GET)
            calls.append((number, str(stop.name), sets))
    run.finish()
    return calls


def faulty_run(host, scenario, install, number, answer):
    """One run in which the call at this stop is skipped and returns `answer`. Returns the
    result, the target, and the states when it first opens the target, writes the map, and
    prints."""
    program, args, target = run_through(host, scenario, install)
    run = Run(host, program, args)
    moments = {}
    for at, stop in enumerate(run.steps()):
        if at == number:
            run.tracee.fake_call(answer)
        if not stop.entry:
            continue
        if stop.name in OPENS and stop.path.startswith("/proc/"):
            moments.setdefault("look", run.tracee.state())
        if touches_target(stop):
            moments.setdefault("write", run.tracee.state())
        if call_is(stop, "write", 2):
            moments.setdefault("speak", run.tracee.state())
    return run.finish(), target, moments


def test_faults(host, report):
    """Each call that changes privileges fails, or has no effect but returns success. The
    program either ends with the message for that, or continues in the same state as in an
    ordinary run."""
    scenarios = [case for case in GRANTED + REFUSED
                 if case.name in ("delegated uids", "own gid", "range not delegated")
                 and not (case.line and case.kind == "g")]
    for scenario in scenarios:
        for install in INSTALLS:
            name = f"privilege calls that fail or lie: {label(scenario, install)}"
            calls = privilege_calls(host, scenario, install)
            _, _, good = faulty_run(host, scenario, install, None, 0)
            problems, ended = [], 0
            for number, call, sets in calls:
                for answer in (-1, 0) if sets else (-1,):
                    try:
                        result, target, moments = faulty_run(host, scenario, install,
                                                             number, answer)
                    except OSError:
                        report.skip(name, "changing a system call is known for x86_64 alone")
                        return
                    fault = f"{call} at {number} = {answer}"
                    caps = result.line == f"new{scenario.kind}idmap: Could not set caps"
                    ended += caps
                    for place, state in moments.items():
                        if state != good.get(place) and not (place == "speak" and caps):
                            problems.append(f"{fault}: {place} in {state}")
                    if caps and (result.status != 1 or target.map(scenario.kind)):
                        problems.append(f"{fault}: {result}")
                    if not caps and result.status != (1 if scenario.line else 0):
                        problems.append(f"{fault}: {result}")
            report.check(f"{name}: {len(calls)} calls, {ended} faults end it",
                         len(calls) > 8 and ended > 8 and not problems,
                         "; ".join(problems[:4]))


def main():
    host = enter()
    report = Report()
    scenarios = GRANTED + REFUSED
    if quick():
        scenarios = GRANTED[:6] + REFUSED[:1] + REFUSED[-14:]
    if os.path.exists("/usr/bin/strace"):
        report.part(test_order, host, report, scenarios)
        report.part(test_help, host, report)
        report.part(test_cost, host, report)
    else:
        report.skip("order of calls", "needs strace")
    report.part(test_states, host, report, scenarios)
    report.part(test_saved_ids, host, report)
    report.part(test_argument_access, host, report)
    report.part(test_faults, host, report)
    report.finish()


main()
