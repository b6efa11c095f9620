#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Resource limits down to 0. With any limit a map writer writes the whole map or none, ends
with a status other than 0 if none, and reports the right reason: too few descriptors or too
little memory is not a missing account, a foreign owner or a range that is not delegated."""

import resource
from collections import Counter

from host import ELSA, Report, enter, quick

DATABASE = "anna:1:1\nelsatwin:100000:50\nelsa:100050:50\n"
# the request, the map if granted, and the line if refused
REQUESTS = (
    ("range", "0 100050 50", ((0, 100050, 50),), None),
    ("range through an alias", "0 100000 100", ((0, 100000, 100),), None),
    ("own id", "0 5001 1", ((0, 5001, 1),), None),
    ("refused range", "0 300000 1", None,
     "new{k}idmap: {k}id range [0-1) -> [300000-300001) not allowed"),
)
WRONG = ("user name", "different user", "not allowed", "overflow", "proc directory",
         "usage")
KIB = 1024
LIMITS = (
    ("NOFILE", tuple(range(0, 13)), 1),
    ("AS", tuple(range(256 * KIB, 8192 * KIB, 64 * KIB)), 5),
    ("DATA", tuple(range(0, 2048 * KIB, 32 * KIB)), 5),
    ("STACK", tuple(range(4 * KIB, 512 * KIB, 16 * KIB)), 4),
    ("RSS", (0,), 1),
    ("RTTIME", (0,), 1),
    ("SIGPENDING", (0,), 1),
)


def judge(result, found, granted, refused, kind):
    """Returns (what happened, what is wrong with it or None)."""
    line = result.line
    if result.status == 0:
        if found != granted:
            return "granted", f"status 0, but the map is {found}"
        return "granted", f"output {result.err!r}" if result.err else None
    if found:
        return "failed", f"status {result.status}, but the map is {found}"
    if refused and line == refused.replace("{k}", kind):
        return "refused", None
    for word in WRONG:
        # the line if the limit prevents opening the process or the program, or starting the
        # helper, which needs more than the map writer
        if word in line and not any(said in result.err.decode() for said in (
                "open files", "the limit of memory")):
            return "failed", f"blames the wrong thing: {result.err!r}"
    if result.status > 0 and not result.err:
        return "failed", f"status {result.status} without a word"
    if result.status in (127, 126) or result.status < 0:
        return "did not start", None
    return "failed", None


def main():
    host = enter()
    report = Report()
    for kind in "ug":
        host.write(f"/etc/sub{kind}id", DATABASE)
    for name, values, step in LIMITS:
        number = getattr(resource, f"RLIMIT_{name}")
        counts, problems = Counter(), []
        for value in values[::step] if quick() else values:
            def limit(value=value, number=number):
                resource.setrlimit(number, (value, value))
            for install in ("setuid", "fcaps"):
                for kind in "ug":
                    for what, words, granted, refused in REQUESTS:
                        target = host.target("ns", ELSA)
                        path = host.subjects["ours", install].path(f"new{kind}idmap")
                        result = host.run(path, [str(target.pid), *words.split()],
                                          as_user=limit)
                        found = target.map(kind)
                        verdict, problem = judge(result, found, granted, refused, kind)
                        counts[verdict] += 1
                        if problem:
                            problems.append(f"{value}, {kind}/{install}, {what}: {problem}")
                        if not found and target.setgroups() == "allow":
                            host.give_back(target, "ns", ELSA)
        summary = ", ".join(f"{count} {verdict}"
                            for verdict, count in sorted(counts.items()))
        report.check(f"RLIMIT_{name}: {summary}", not problems,
                     f"{len(problems)} times: " + "; ".join(problems[:6]))
        # with a high limit everything must work, or the test proves nothing
        report.check(f"RLIMIT_{name}: enough at the upper end", counts["granted"] > 0,
                     f"never granted: {summary}")
    report.finish()


main()
