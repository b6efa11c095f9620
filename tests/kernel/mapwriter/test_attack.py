#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The caller attacks the running map writer at every system call.

A tracer runs the program from system call to system call, and after each one leaves it
stopped and untraced, as kill -STOP does. Then two processes of the caller, the parent of
the program and an unrelated one, try all attacks of attack.c: to trace it, to access its
memory and descriptors, to change how it runs. A table has the attacks that may work; it
depends only on the ids and capabilities of the program.

Other runs are killed, or lose a resource, after each system call: then the map is written or
not, and a group is never mapped with setgroups allowed.
"""

import contextlib
import os
import resource
import signal
from typing import NamedTuple

from host import CLEAN_PATH, ELSA, NSSWITCH, Report, enter, quick
from tracer import Tracee

# how many stops a quick run skips for each one that is attacked
QUICK_STRIDE = 9
GRANT = "elsa:100000:65536\n"


class Scenario(NamedTuple):
    name: str
    kind: str
    request: tuple          # the one requested extent
    granted: bool
    setgroups: str          # once it is granted


SCENARIOS = (
    Scenario("a delegated uid range", "u", (0, 100000, 65536), True, "allow"),
    Scenario("the own uid", "u", (0, 5001, 1), True, "allow"),
    Scenario("the own gid, with setgroups", "g", (0, 5001, 1), True, "deny"),
    Scenario("a delegated gid range", "g", (0, 100000, 65536), True, "allow"),
    Scenario("a refused uid range", "u", (0, 200000, 65536), False, "allow"),
    Scenario("a refused gid range", "g", (0, 200000, 65536), False, "allow"),
)
INSTALLS = ("setuid", "fcaps")

# What the caller may do, by the ids and capabilities of the program. Of these, only
# signals change what it does, and limits can make it fail.
ANYBODY = {"stat", "status", "cmdline", "wchan", "pidfd_open", "pidfd_signal", "signal_0",
           "signal_stop", "signal_cont", "sigqueue"}
LIMITS = {"prlimit_get", "prlimit_set"}
SCHEDULING = {"affinity", "nice", "scheduler", "ioprio"}
ALLOWED = {
    "other ids, capabilities": ANYBODY,
    "the caller's ids, capabilities": ANYBODY | LIMITS,
    "the caller's ids, none": ANYBODY | LIMITS | SCHEDULING,
}
# attempts that a kernel may not support, or forbid all users
NOT_EVERYWHERE = {"pidfd_namespace", "perf", "io", "move_pages", "kcmp", "personality",
                  "write_autogroup", "write_oom_adj", "write_clear_refs", "map_files",
                  "pagemap", "syscall", "write_projid_map"}


def privileges(state):
    """The words for what a process is allowed: a key of ALLOWED."""
    if set(state.uid) != {ELSA.uid} or set(state.gid) != {ELSA.gid}:
        return "other ids, capabilities"
    return "the caller's ids, " + ("capabilities" if state.permitted else "none")


class Attacker:
    """attack.c, run by elsa."""

    def __init__(self, host, program):
        self.host = host
        gate_read, self.gate = os.pipe()
        self.output = os.memfd_create("output")
        order_read, self.order = os.pipe()
        answer, answer_write = os.pipe()
        if os.fork() == 0:
            try:
                passed = [os.dup(fd) for fd in (order_read, answer_write, 2, gate_read,
                                                self.output)]
                for number, fd in enumerate(passed):
                    os.dup2(fd, number)
                os.closerange(len(passed), 256)
                os.chdir("/home/elsa")
                ELSA.become()
                os.execve(program, [program], {"PATH": CLEAN_PATH})
            finally:
                os._exit(126)
        for fd in (gate_read, order_read, answer_write):
            os.close(fd)
        self.answer = os.fdopen(answer)

    def ask(self, *words):
        os.write(self.order, (" ".join(map(str, words)) + "\n").encode())
        answer = self.answer.readline()
        if not answer:
            raise RuntimeError(f"no answer to {words}")
        return answer.strip()

    def start(self, path, *args):
        """A program as its child, traced by us from its first moment on."""
        self.host.read_log()    # otherwise a full log delays the next refusal
        os.ftruncate(self.output, 0)
        os.lseek(self.output, 0, os.SEEK_SET)
        tracee = Tracee(int(self.ask("run", path, *args)))
        os.write(self.gate, b"!")
        tracee.run_to_exec()
        return tracee

    def wait(self, tracee):
        """The status as waitpid(2) gives it, and the output of the program."""
        status = int(self.ask("wait", tracee.pid))
        return status, os.pread(self.output, 65536, 0).decode()


class Moment(NamedTuple):
    """One attacked stop."""
    stop: str
    privileges: str
    permitted: int
    worked: frozenset


class Test:
    def __init__(self, host, report):
        self.host = host
        self.report = report
        program = host.compile("attack.c")
        self.parent = Attacker(host, program)
        self.stranger = Attacker(host, program)
        self.names = set(self.parent.ask("names").split()) | {"signal_cont"}
        host.write("/etc/subuid", GRANT)
        host.write("/etc/subgid", GRANT)

    # one run

    def arguments(self, scenario, install, target):
        subject = self.host.subjects["ours", install]
        return [subject.path(f"new{scenario.kind}idmap"), target.pid, *scenario.request]

    def assault(self, pid):
        """Both attackers, at a stopped process. Returns what worked for either."""
        return frozenset(self.parent.ask("attack", pid).split()) | frozenset(
            self.stranger.ask("attack", pid).split())

    def attack_stop(self, tracee, stop):
        """Attacks the program at this stop, and lets it continue."""
        state = tracee.state()
        tracee.park()
        worked = set(self.assault(tracee.pid))

        def resume():
            if self.parent.ask("signal", tracee.pid, int(signal.SIGCONT)) == "0":
                worked.add("signal_cont")
            else:
                os.kill(tracee.pid, signal.SIGCONT)
        tracee.wait_parked()
        tracee.unpark(resume)
        return Moment(str(stop), privileges(state), state.permitted, frozenset(worked))

    def attacked_run(self, scenario, install):
        """Returns the moments, and problems with how the run ended."""
        target = self.host.target()
        tracee = self.parent.start(*self.arguments(scenario, install, target))
        moments = []
        count, known = 0, None
        while (stop := tracee.step()):
            if stop.entry:
                continue
            count += 1
            changed = privileges(tracee.state()) != known
            if quick() and not changed and count % QUICK_STRIDE:
                continue
            moments.append(self.attack_stop(tracee, stop))
            known = moments[-1].privileges
        status, output = self.parent.wait(tracee)
        problems = self.end_problems(scenario, target, complete=True)
        if status != (0 if scenario.granted else 1 << 8):
            problems.append(f"status {status:#x}: {output}")
        return moments, problems

    def end_problems(self, scenario, target, complete):
        """What is wrong with the target afterwards. Unless the run is complete the map
        may be missing, and with it setgroups may be denied already."""
        made, setgroups = target.map(scenario.kind), target.setgroups()
        wanted = (scenario.request,) if scenario.granted else ()
        if complete:
            good = made == wanted and setgroups == scenario.setgroups
        elif made == ():
            good = setgroups in ("allow", scenario.setgroups)
        else:
            good = made == wanted and setgroups == scenario.setgroups
        return [] if good else [f"map {made}, setgroups {setgroups}"]

    # the tests

    def control(self):
        """The attacks work on a process without protection."""
        tracee = self.parent.start("/usr/bin/sleep", "60")
        tracee.park()
        worked = self.assault(tracee.pid) | {"signal_cont"}
        os.kill(tracee.pid, signal.SIGKILL)
        self.parent.wait(tracee)
        # only root can open the setgroups file of the initial namespace
        target = self.host.target()
        os.kill(target.pid, signal.SIGSTOP)
        worked |= self.assault(target.pid)
        missing = self.names - worked
        self.report.check("attacks work where nothing protects from them",
                          missing <= NOT_EVERYWHERE, f"these do not: {sorted(missing)}")
        print(f"# {len(worked)} of {len(self.names)} ways work at an ordinary process of "
              f"the caller; not on this kernel: {' '.join(sorted(missing)) or 'none'}")

    def control_dumpable(self):
        """The same for the map writer, after it was made dumpable."""
        scenario = SCENARIOS[4]
        target = self.host.target()
        tracee = self.parent.start(*self.arguments(scenario, "setuid", target))
        while (stop := tracee.step()):
            if stop.entry and stop.name == "write":
                break
        try:
            pr_set_dumpable = 4
            result = tracee.replace_call("prctl", pr_set_dumpable, 1)
        except OSError:
            self.report.skip("a dumpable map writer is an open book",
                             "changing a system call is known for x86_64 alone")
            result = None
        if result == 0:
            tracee.park()
            worked = self.assault(tracee.pid)
            self.report.check("a dumpable map writer is an open book",
                              {"mem_write", "pidfd_getfd", "ptrace_attach"} <= worked,
                              f"only these worked: {sorted(worked)}")
        os.kill(tracee.pid, signal.SIGKILL)
        self.parent.wait(tracee)

    def attack_everywhere(self):
        seen = {}
        for scenario in SCENARIOS:
            for install in INSTALLS:
                moments, problems = self.attacked_run(scenario, install)
                for moment in moments:
                    problems += self.moment_problems(moment)
                    key = install, moment.privileges
                    seen.setdefault(key, []).append((scenario, moment))
                self.report.check(f"attacked at {len(moments)} stops: {scenario.name}, "
                                  f"{install}", not problems, "; ".join(problems[:5]))
        self.print_table(seen)

    def moment_problems(self, moment):
        allowed = ALLOWED[moment.privileges]
        problems = []
        if moment.worked - allowed:
            problems.append(f"behind {moment.stop}, with {moment.privileges}, these work: "
                            f"{' '.join(sorted(moment.worked - allowed))}")
        if allowed - moment.worked:
            problems.append(f"behind {moment.stop}, with {moment.privileges}, these should "
                            f"work: {' '.join(sorted(allowed - moment.worked))}")
        return problems

    # the helper

    def start_helper(self, scenario, install):
        """A run up to the instant at which the process of the helper exists."""
        self.host.write("/etc/nsswitch.conf",
                        NSSWITCH.replace("passwd: files", "passwd: db files"))
        target = self.host.target()
        tracee = self.parent.start(*self.arguments(scenario, install, target))
        return target, tracee, tracee.follow_fork()

    def attack_helper(self):
        """From its fork to its end, through its exec."""
        seen = {}
        for scenario in SCENARIOS[:1] + SCENARIOS[2:3]:
            for install in INSTALLS:
                target, tracee, helper = self.start_helper(scenario, install)
                moments, count = [self.attack_stop(helper, "fork")], 0
                calls = []
                while (stop := helper.step()):
                    calls.append(stop.name)
                    count += 1
                    around = "execveat" in calls[-12:] or stop.name in ("capset", "prctl")
                    if stop.entry or (quick() and not around
                                      and count % (2 * QUICK_STRIDE)):
                        continue
                    try:
                        moments.append(self.attack_stop(helper, stop))
                    except (FileNotFoundError, ProcessLookupError, ChildProcessError):
                        # once it has sent its answer, the map writer ends it
                        if calls.count("write") < 4:
                            raise
                        with contextlib.suppress(ChildProcessError):
                            while helper.step():
                                pass
                        break
                status, output = self.parent.wait(tracee)
                problems = self.end_problems(scenario, target, complete=True)
                if status or "execveat" not in calls:
                    problems.append(f"status {status:#x}: {output}")
                for moment in moments:
                    problems += self.moment_problems(moment)
                    seen.setdefault((install, moment.privileges), []).append(
                        (scenario, moment))
                self.report.check(f"helper attacked at {len(moments)} stops: {scenario.name}, "
                                  f"{install}", not problems, "; ".join(problems[:5]))
        self.print_table(seen)
        self.host.reset_etc("nsswitch.conf")

    def kill_helper(self):
        """The caller may kill it: then nothing is written, unless it has answered."""
        scenario, problems, kills, written = SCENARIOS[2], [], 0, 0
        number, ended = 0, False
        while not ended:
            target, tracee, helper = self.start_helper(scenario, INSTALLS[number % 2])
            for _ in range(number):
                ended = ended or helper.step() is None
            if not ended and self.parent.ask("signal", helper.pid, int(signal.SIGKILL)) != "0":
                problems.append(f"cannot be killed at stop {number}")
            while helper.step():
                pass
            status, output = self.parent.wait(tracee)
            problems += self.end_problems(scenario, target, complete=False)
            whole = target.map(scenario.kind) != ()
            if status != (0 if whole else 1 << 8) or (not whole and not ended
                                                      and "name service" not in output):
                problems.append(f"stop {number}: status {status:#x}, {output}")
            written += whole
            kills += not ended
            number += 2 * QUICK_STRIDE + 1 if quick() else 7
        if not 0 < written < kills:
            problems.append("killing made no difference")
        self.report.check(f"helper killed at {kills} stops", not problems,
                          "; ".join(problems[:5]))
        self.host.reset_etc("nsswitch.conf")

    @staticmethod
    def print_table(seen):
        print("# what the caller may, by how the program is installed and what it holds")
        for (install, words), entries in seen.items():
            worked = frozenset.union(*(moment.worked for _, moment in entries))
            sets = sorted({f"{moment.permitted:#x}" for _, moment in entries})
            print(f"# {install:7} {words:30} {len(entries):4} stops, permitted "
                  f"{', '.join(sets)}")
            print(f"#     {' '.join(sorted(worked))}")

    def count_stops(self, scenario, install):
        """Ends of system calls, and the numbers of those after which privileges
        differ."""
        target = self.host.target()
        tracee = self.parent.start(*self.arguments(scenario, install, target))
        changes, known, count = [], None, 0
        while (stop := tracee.step()):
            if stop.entry:
                continue
            count += 1
            if (now := (privileges(tracee.state()), tracee.state().permitted)) != known:
                changes.append(count)
                known = now
        self.parent.wait(tracee)
        return count, changes

    def run_until(self, scenario, install, number):
        """Starts a run and stops after its system call of this number."""
        target = self.host.target()
        tracee = self.parent.start(*self.arguments(scenario, install, target))
        while number and (stop := tracee.step()):
            number -= not stop.entry
        return target, tracee

    @staticmethod
    def chosen(count, stride=1):
        """Numbers of stops. The last ones, at which the map is written, are never skipped."""
        if quick():
            stride *= QUICK_STRIDE
        return sorted({*range(1, count + 1, stride), *range(max(1, count - 15), count + 1)})

    def kill_everywhere(self):
        for scenario in SCENARIOS:
            if not scenario.granted:
                continue
            for install in INSTALLS:
                count, _ = self.count_stops(scenario, install)
                problems, kills, written = [], 0, 0
                for number in self.chosen(count):
                    target, tracee = self.run_until(scenario, install, number)
                    if self.parent.ask("signal", tracee.pid, int(signal.SIGKILL)) != "0":
                        problems.append(f"cannot be killed at stop {number}")
                        os.kill(tracee.pid, signal.SIGKILL)
                    tracee.step()
                    status, _ = self.parent.wait(tracee)
                    if status != signal.SIGKILL:
                        problems.append(f"status {status:#x} at stop {number}")
                    problems += self.end_problems(scenario, target, complete=False)
                    written += target.map(scenario.kind) != ()
                    kills += 1
                if not 0 < written < kills:
                    problems.append("killing made no difference")
                self.report.check(f"killed at {kills} of {count} stops: {scenario.name}, "
                                  f"{install}", not problems, "; ".join(problems[:5]))

    def starve_everywhere(self):
        """The caller takes a resource away: the program may fail, but the map is never
        partial."""
        limits = {"NOFILE": resource.RLIMIT_NOFILE, "FSIZE": resource.RLIMIT_FSIZE,
                  "AS": resource.RLIMIT_AS, "STACK": resource.RLIMIT_STACK}
        for scenario in SCENARIOS[:1] + SCENARIOS[2:3]:
            for install in INSTALLS:
                count, _ = self.count_stops(scenario, install)
                problems, taken = [], 0
                for name, limit in limits.items():
                    for number in self.chosen(count, 1 if name == "NOFILE" else 5):
                        target, tracee = self.run_until(scenario, install, number)
                        taken += self.parent.ask("limit", tracee.pid, limit) == "0"
                        tracee.detach()
                        status, output = self.parent.wait(tracee)
                        wrong = self.end_problems(scenario, target, status == 0)
                        if status == 1 << 8 and target.map(scenario.kind) != ():
                            wrong.append("failed, but the map is there")
                        if wrong:
                            problems.append(f"{name} 0 at stop {number}: {wrong} {output}")
                self.report.check(f"starved at {taken} stops: {scenario.name}, {install}",
                                  taken and not problems,
                                  "; ".join(problems[:5]) or "no limit could be set")

    def core_dumps(self):
        """There is no core dump, which the caller could read."""
        dumped = 0x80
        tracee = self.parent.start("/usr/bin/sleep", "60")
        tracee.detach()
        self.parent.ask("signal", tracee.pid, int(signal.SIGQUIT))
        if not self.parent.wait(tracee)[0] & dumped:
            self.report.skip("no core dump", "there is none of other programs either")
            return
        scenario, problems = SCENARIOS[0], []
        for install in INSTALLS:
            _, changes = self.count_stops(scenario, install)
            for number in changes:
                _, tracee = self.run_until(scenario, install, number)
                self.parent.ask("signal", tracee.pid, int(signal.SIGQUIT))
                tracee.detach()
                status, _ = self.parent.wait(tracee)
                if status != signal.SIGQUIT:
                    problems.append(f"{install}, stop {number}: status {status:#x}")
        self.report.check("no core dump", not problems, "; ".join(problems))


def main():
    host = enter()
    test = Test(host, Report())
    test.report.parts(test.control, test.control_dumpable, test.attack_everywhere,
                      test.attack_helper, test.kill_helper, test.kill_everywhere,
                      test.starve_everywhere, test.core_dumps)


main()
