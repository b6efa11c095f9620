#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Runtimes that call the map writers, with ours in front of Debian's, each made to fail
once: the explanation is in the runtime's own output, and what it says mends it. With
SUBID_TRANSCRIPTS=1 the outputs are printed."""

import json
import os
import re
import shutil

from explain import TO_MEND, cause_of, root_shell, writable
from host import CLEAN_PATH, ELSA, HERE, Report, enter, mount

FOLDER = "/usr/local/bin"
HOME = f"/home/{ELSA.name}"
GRANT = "elsa:200000:65536\n"
MANUAL = f"{os.path.dirname(os.path.dirname(HERE))}/docs/EXPLANATIONS.md"


class Stage:
    """The host as runtimes expect it."""

    def __init__(self, host, report):
        self.host, self.report = host, report
        with open(MANUAL) as file:
            self.manual = file.read()
        os.chmod("/dev/shm", 0o1777)
        os.mkdir("/dev/pts", 0o755)
        mount("devpts", "/dev/pts", "devpts", 0, "newinstance,ptmxmode=0666,mode=0620")
        os.symlink("pts/ptmx", "/dev/ptmx")
        writable(host, FOLDER)
        self.reset()
        self.make_folder("run", 0o700)

    def reset(self):
        """Everything as it should be."""
        self.host.reset_etc()
        self.host.write("/etc/subuid", GRANT)
        self.host.write("/etc/subgid", GRANT)
        for program in ("newuidmap", "newgidmap"):
            shutil.copyfile(self.host.subjects["ours", "setuid"].path(program),
                            f"{FOLDER}/{program}")
            os.chmod(f"{FOLDER}/{program}", 0o4755)

    def make_folder(self, name, mode=0o755):
        path = HOME
        for part in name.split("/"):
            path = f"{path}/{part}"
            os.makedirs(path, exist_ok=True)
            os.chmod(path, 0o755)
            os.chown(path, ELSA.uid, ELSA.gid)
        os.chmod(path, mode)
        return path

    def shell(self, command):
        """Runs it as the user, whose output all goes one way; returns status and output."""
        env = {"PATH": f"{FOLDER}:{CLEAN_PATH}", "HOME": HOME, "USER": ELSA.name,
               "LC_ALL": "C.UTF-8", "XDG_RUNTIME_DIR": f"{HOME}/run"}
        found = self.host.run("/bin/sh", ["-c", f"cd {HOME} && {{ {command}; }} 2>&1"], ELSA,
                              env=env)
        return found.status, found.out.decode("utf-8", "replace")

    def play(self, name, command, spoil, cause, afterwards="true"):
        """A command that works, that is spoilt, and that works when it is mended."""
        if not shutil.which(name):
            self.report.skip(name, f"{name} is not installed")
            return
        status, output = self.shell(command)
        if status != 0:
            self.report.fail(f"{name} with our map writers", f"status {status}: {output}")
            return
        self.report.ok(f"{name} with our map writers")

        self.shell(afterwards)
        spoil()
        status, output = self.shell(command)
        if os.environ.get("SUBID_TRANSCRIPTS", "0") not in ("", "0"):
            print(f"$ {command}\n{output}")
        causes, cures = explanations(output)
        causes = [text for text in causes if cause_of(text) == cause]
        self.report.check(f"{name} shows the cause and the cure", status != 0 and causes and cures,
                          f"status {status}: {output}")
        if causes and cures:
            missing = [text for text in (causes[0], cures[0]) if text not in self.manual]
            self.report.check(f"{name}: docs/ have this transcript", not missing, f"{missing}")
            self.mended(name, command, cures[0])
        self.reset()

    def mended(self, name, command, cure):
        """Carries cures out until there are none: first for uids, then for gids."""
        for _ in range(2):
            cure = cure.replace("FIRST", "200000").replace("COUNT", "65536")
            root_shell(self.host, cure)
            status, output = self.shell(command)
            cure = "".join(explanations(output)[1][:1])
        self.report.check(f"{name} works again", status == 0, f"status {status}: {output}")


def explanations(output):
    """The lines of map writers in the output of a runtime: causes, and cures."""
    # a runtime that logs whole messages in a line of its own writes \\n for a newline
    lines = re.findall(r"\bnew[ug]idmap: (.*?)(?=\"|$)", output.replace("\\n", "\n"), re.M)
    cures = [line.removeprefix(TO_MEND) for line in lines if line.startswith(TO_MEND)]
    return [line for line in lines if cause_of(line)], cures


def podman(stage):
    """A copy of the programs without the setuid bit, as some tools make them."""
    stage.play("podman", "podman --cgroup-manager=cgroupfs unshare cat /proc/self/uid_map",
               lambda: os.chmod(f"{FOLDER}/newuidmap", 0o755), "NO_PRIVILEGE",
               f"podman --cgroup-manager=cgroupfs system migrate; rm -rf {HOME}/run/*")


def lxc(stage):
    """A container of a host on which the user had more ids."""
    stage.make_folder(".local/share/lxc")
    stage.host.write(f"{stage.make_folder('.config/lxc')}/default.conf",
                     "lxc.idmap = u 0 200000 65536\nlxc.idmap = g 0 200000 65536\n"
                     "lxc.apparmor.profile = unconfined\nlxc.net.0.type = empty\n")
    stage.shell("lxc-create -n c1 -t busybox -B dir")

    def spoil():
        for file in ("/etc/subuid", "/etc/subgid"):
            stage.host.write(file, "elsa:200000:1000\n")
    stage.play("lxc-execute", "lxc-execute -n c1 -- id", spoil, "PARTLY_DELEGATED")


def rootlesskit(stage):
    """A line that some programs read and others do not."""
    stage.play("rootlesskit", "rootlesskit cat /proc/self/uid_map",
               lambda: stage.host.write("/etc/subuid", "anna:500000:65536\nelsa:0200000:65536\n"),
               "LINE_MALFORMED")


def runc(stage):
    """A line that was removed from one of the two files."""
    bundle = stage.make_folder("bundle")
    stage.make_folder("bundle/rootfs/bin")
    for name in ("dev", "proc", "sys"):
        stage.make_folder(f"bundle/rootfs/{name}")
    shutil.copy("/bin/busybox", f"{bundle}/rootfs/bin/id")
    stage.shell("cd bundle && runc spec --rootless")
    with open(f"{bundle}/config.json") as file:
        config = json.load(file)
    config["process"].update(terminal=False, args=["id"])
    for kind in "ug":
        config["linux"][f"{kind}idMappings"] = [
            {"containerID": 0, "hostID": 5001, "size": 1},
            {"containerID": 1, "hostID": 200000, "size": 65536}]
    stage.host.write(f"{bundle}/config.json", json.dumps(config))
    stage.play("runc", "runc run --bundle bundle c1",
               lambda: stage.host.write("/etc/subgid", "anna:500000:65536\n"), "OTHER_KIND_ONLY")


def main():
    host = enter()
    stage = Stage(host, Report())
    for runtime in (podman, lxc, rootlesskit, runc):
        runtime(stage)
    stage.report.finish()


main()
