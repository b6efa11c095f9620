#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The helper of the map writers: who starts it, and what they do with one that is wrong.
test_attack.py attacks it, test_plugins.py looks at what it holds, causes_helper.py has the
messages."""

import os
import shutil
import signal

from host import ELSA, NSSWITCH, PROGRAMS, Report, enter, mapwriter_libc, mount, quick
from tracer import Run

INSTALLS = ("setuid", "fcaps")
PROCESSES = {"clone", "clone3", "fork", "vfork", "execve", "execveat"}
LINES = ("elsa:100000:65536\nanna:200000:65536\nelsatwin:400000:10\n"
         "5002:500000:10\nnobody-knows:600000:10\n")
OTHER_SERVICE = NSSWITCH.replace("passwd: files", "passwd: db files")

# How a false helper behaves, see false_helper.c.
FALSE = ("version 1", "version 3", "version 0", "magic", "half", "greets", "ends 0", "ends 3",
         f"crashes {int(signal.SIGSEGV)}", f"crashes {int(signal.SIGKILL)}", "error 24",
         "error 12", "error 2", "error -1", "error 99999", "long 4096", "long 16777217",
         "long 4294967295", "result 0", "result 1000", "result 99",
         "result -4096", "result -2")


def processes_of(host, program, install, request):
    """The processes that it makes or executes, its status and its map."""
    target = host.target()
    run = Run(host, host.subjects["ours", install].path(program), [target.pid, *request])
    calls = [stop.name for stop in run.steps() if stop.entry]
    return PROCESSES.intersection(calls), run.finish().status, target.map(program[3])


def test_local(host, report):
    """Neither a grant nor a refusal of a local user starts it, nor its explanation."""
    for name in ("subuid", "subgid"):
        host.write(f"/etc/{name}", LINES)
    asked = {"granted": (0, 100000, 65536), "own": (0, 5001, 1), "by another name": (0, 400000, 10),
             "of anna": (0, 200000, 10), "of digits": (0, 500000, 10),
             "of no user": (0, 600000, 10), "of no line": (0, 700000, 10),
             "overlap": (0, 100000, 10, 5, 200000, 10)}
    for program in PROGRAMS:
        for install in INSTALLS:
            found, statuses = {}, set()
            for what, request in asked.items():
                made, status, _ = processes_of(host, program, install, request)
                statuses.add(status)
                if made:
                    found[what] = made
            report.check(f"no process for a local user: {program} {install}",
                         not found and statuses == {0, 1}, f"{found} {statuses}")


def test_asked(host, report):
    """Where the files do not decide, it is started once."""
    host.write("/etc/nsswitch.conf", OTHER_SERVICE)
    for program in PROGRAMS:
        for install in INSTALLS:
            made, status, _ = processes_of(host, program, install, (0, 100000, 65536))
            report.check(f"the helper is asked: {program} {install}",
                         made and made <= PROCESSES - {"execve", "execveat"} and status == 0,
                         f"{made} {status}")
    host.reset_etc("nsswitch.conf")


def test_false(host, report):
    """Whatever a false helper does, nothing is written, and in time."""
    program = host.compile("false_helper.c")
    shutil.copyfile(program, host.helper)
    os.chmod(host.helper, 0o711)
    host.write("/etc/nsswitch.conf", OTHER_SERVICE)
    seeds = range(0, 4 if quick() else 40)
    roles = [*FALSE, *(f"{word} {seed}" for word in ("garbage", "raw") for seed in seeds)]
    problems = []
    for number, role in enumerate(roles):
        host.write("/etc/false-helper", role + "\n")
        program = PROGRAMS[number % 2]
        target = host.target()
        result = host.run(host.subjects["ours", INSTALLS[number // 2 % 2]].path(program),
                          [str(target.pid), "0", "100000", "10"], ELSA)
        if (result.status != 1 or target.map(program[3]) or target.setgroups() != "allow"
                or not result.line.endswith("Cannot determine your user name.")
                or len(result.lines) < 2):
            problems.append(f"{role}: {result}")
    report.check(f"{len(roles)} false helpers", not problems, f"{problems[:3]}")
    # these take a minute
    for role in () if quick() else ("quiet", "long 16777216"):
        host.write("/etc/false-helper", role + "\n")
        target = host.target()
        result = host.run(host.subjects["ours", "setuid"].path("newuidmap"),
                          [str(target.pid), "0", "100000", "10"], ELSA, timeout=200)
        report.check(f"a helper that does not answer: {role}",
                     result.status == 1 and not target.map("u")
                     and b"did not answer in time" in result.err, f"{result}")
    host.install_helper()
    host.reset_etc("nsswitch.conf")


def image(host):
    """A root directory with the static map writers alone, as of a container image."""
    root = f"{host.tmpdir}/image"
    for name in ("bin", "etc", "proc"):
        os.makedirs(f"{root}/{name}", 0o755)
    mount("proc", f"{root}/proc", "proc")
    for program in PROGRAMS:
        shutil.copyfile(host.subjects["ours", "bare"].path(program), f"{root}/bin/{program}")
        os.chmod(f"{root}/bin/{program}", 0o4755)
    host.write(f"{root}/etc/passwd", f"elsa:x:{ELSA.uid}:{ELSA.gid}::/:/bin/sh\n")
    for name in ("subuid", "subgid"):
        host.write(f"{root}/etc/{name}", "elsa:100000:65536\n")
    return root


def test_image(host, report):
    """Where only the map writers are installed, they serve users of the passwd file."""
    if mapwriter_libc() == "shared":
        report.skip("an image with only the map writers", "they need the libraries of the image")
        return
    root = image(host)
    missing = f"{host.helper} is missing, which asks the name service and plugins"
    for text, cause in ((None, None), (NSSWITCH, None), (OTHER_SERVICE, missing),
                        (f"{NSSWITCH}subid: sss\n", None)):
        if text is not None:
            host.write(f"{root}/etc/nsswitch.conf", text)
        for program in PROGRAMS:
            target = host.target()
            result = host.run(f"/bin/{program}", [str(target.pid), "0", "100000", "10"], ELSA,
                              as_root=lambda: os.chroot(root))
            granted = (result.status == 0 and not result.err
                       and target.map(program[3]) == ((0, 100000, 10),))
            refused = (result.status == 1 and not target.map(program[3])
                       and result.lines[1:2] == [f"{program}: {cause}"])
            report.check(f"an image with only {program}, {text and text.split()[:3]}",
                         refused if cause else granted, f"{result}")


def main():
    host = enter()
    report = Report()
    for test in (test_local, test_asked, test_false, test_image):
        report.part(test, host, report)
    report.finish()


main()
