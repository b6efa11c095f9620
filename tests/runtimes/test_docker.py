#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""docker, twice: the daemon of an ordinary user, which rootlesskit starts; and the daemon of
root, whose containers have the ids of a user (--userns-remap)."""

import os
import time

from stage import USERS, Job, main

DOCKER_RUN = "docker run --rm --network=none busybox:1 {probe}"
DAEMON = "--iptables=false --bridge=none --storage-driver=vfs"
ROOTLESS = ("PATH=$PATH:/usr/share/docker.io/contrib DOCKERD_ROOTLESS_ROOTLESSKIT_NET=slirp4netns "
            f"exec dockerd-rootless.sh {DAEMON}")
REMAP = (f"exec dockerd {DAEMON} --userns-remap=elsa --data-root /run/docker-data --exec-root "
         "/run/docker-exec --pidfile /run/docker.pid --cgroup-parent subid-runtimes "
         "-H unix:///run/docker.sock")


def started(stage, user, command, socket):
    """A daemon that answers, or a RuntimeError with its output."""
    daemon = Job(stage, user, command, {})
    end = time.monotonic() + 60
    while stage.sh(user, "docker info", DOCKER_HOST=f"unix://{socket}").status:
        if daemon.process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"no daemon: {daemon.wait(1).output[-2000:]}")
        time.sleep(0.1)
    return daemon


def play(stage, user, command, socket, maps, what):
    daemon = started(stage, user, command, socket)
    try:
        stage.must(user, "docker import /home/elsa/image.tar busybox:1",
                   DOCKER_HOST=f"unix://{socket}")
        stage.each(what, [user], DOCKER_RUN, maps, env={"DOCKER_HOST": f"unix://{socket}"})
    finally:
        daemon.process.terminate()
        daemon.wait(20)


def test(stage):
    if not os.path.exists("/dev/net/tun"):
        stage.device("net/tun", 10, 200)
    elsa = USERS[0]
    play(stage, elsa, ROOTLESS, f"{elsa.home}/run/docker.sock",
         lambda user: user.own_and_range(), "rootless")
    stage.refused("rootless, what getsubids is made to say", ROOTLESS, env=stage.other_databases())
    play(stage, stage.root, REMAP, "/run/docker.sock",
         lambda _: elsa.range_only(1000000), "--userns-remap")
    run = stage.sh(stage.root, REMAP.replace("=elsa", "=bob"))
    stage.note("--userns-remap of a user without a range refused",
               [] if run.status and "bob" in run.output else [str(run)])


main("docker", test, needs=("dockerd", "rootlesskit", "slirp4netns", "runc"))
