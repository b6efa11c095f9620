#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Runtimes that call the map writers, each made to fail once: the explanation is in the
runtime's output, as in docs/RUNTIMES.md, and its command fixes the fault. With
SUBID_TRANSCRIPTS=1 the outputs are printed."""

import os

from oci import EDIT, bundle
from stage import (HERE, PREFIX, PROGRAMS, USERS, cause_of, cure_in, explanations, main,
                   root_shell)

ELSA = USERS[0]
GRANT = "elsa:200000:65536\n"
MANUAL = f"{os.path.dirname(os.path.dirname(HERE))}/docs/RUNTIMES.md"
PODMAN = "podman --cgroup-manager=cgroupfs"


def reset(stage):
    """Everything as it should be."""
    for name in ("subuid", "subgid"):
        stage.host.write(f"/etc/{name}", GRANT)
    for program in PROGRAMS:
        os.chmod(f"{PREFIX}/bin/{program}", 0o4755)


def play(stage, name, command, spoil, cause, afterwards="true"):
    """A command that works, is made to fail, and works again after the fix."""
    run = stage.sh(ELSA, command)
    stage.note(f"{name} with our map writers", [str(run)] if run.status else [])
    stage.sh(ELSA, afterwards)
    spoil()
    run = stage.sh(ELSA, command)
    if os.environ.get("SUBID_TRANSCRIPTS", "0") not in ("", "0"):
        print(f"$ {command}\n{run.output}")
    causes, cures = causes_and_cures(run.output)
    causes = [text for text in causes if cause_of(text) == cause]
    stage.note(f"{name} shows the cause and the cure",
               [] if run.status and causes and cures else [str(run)])
    if causes and cures:
        with open(MANUAL, encoding="utf-8") as file:
            manual = file.read()
        stage.note(f"{name}: docs/ have this transcript",
                   [text for text in (causes[0], cures[0]) if text not in manual])
        fixed(stage, name, command, cures[0])
    reset(stage)


def fixed(stage, name, command, cure):
    """Runs the printed commands until there are none: first for uids, then for gids."""
    for _ in range(2):
        root_shell(stage.host, cure)
        run = stage.sh(ELSA, command)
        cure = "".join(causes_and_cures(run.output)[1][:1])
    stage.note(f"{name} works again", [str(run)] if run.status else [])


def causes_and_cures(output):
    """Causes, and cures."""
    lines = [line.split(": ", 1)[1] for line in explanations(output)]
    return ([line for line in lines if cause_of(line)],
            [cure for line in lines if (cure := cure_in(line))])


def write_databases(stage, content, *names):
    for name in names:
        stage.host.write(f"/etc/{name}", content)


def podman(stage):
    """A copy of the programs without the setuid bit, as some tools make them."""
    play(stage, "podman", f"{PODMAN} unshare cat /proc/self/uid_map",
         lambda: os.chmod(f"{PREFIX}/bin/newuidmap", 0o755), "NO_PRIVILEGE",
         f"{PODMAN} system migrate; rm -rf run/*")


def lxc(stage):
    """A container of a host on which the user had more ids."""
    stage.must(ELSA, "mkdir -p .local/share/lxc .config/lxc && cat >.config/lxc/default.conf "
               "<<'EOF'\nlxc.idmap = u 0 200000 65536\nlxc.idmap = g 0 200000 65536\n"
               "lxc.apparmor.profile = unconfined\nlxc.net.0.type = empty\nEOF\n"
               "chmod 755 .local .local/share .local/share/lxc; lxc-create -n c1 -t busybox")
    play(stage, "lxc-execute", "lxc-execute -n c1 -- id",
         lambda: write_databases(stage, "elsa:200000:1000\n", "subuid", "subgid"),
         "PARTLY_DELEGATED")


def rootlesskit(stage):
    """A line that some programs read and others do not."""
    play(stage, "rootlesskit", "rootlesskit --subid-source=static cat /proc/self/uid_map",
         lambda: write_databases(stage, "anna:500000:65536\nelsa:0200000:65536\n", "subuid"),
         "LINE_MALFORMED")


def runc(stage):
    """A line that was removed from one of the two files."""
    bundle(stage, "runc", ELSA, 200000)
    stage.must(ELSA, EDIT.replace('os.environ["PROBE"]', '"id"') + "true")
    play(stage, "runc", "runc run --bundle bundle c1",
         lambda: write_databases(stage, "anna:500000:65536\n", "subgid"), "OTHER_KIND_ONLY")


def test(stage):
    reset(stage)
    for runtime in (podman, lxc, rootlesskit, runc):
        runtime(stage)


main("podman", test, needs=("lxc-create", "rootlesskit", "runc"), title="explanations",
     row=False)
