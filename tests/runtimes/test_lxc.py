#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Unprivileged LXC: a container is created, started, entered, stopped, copied, and runs one
command; busybox and a Debian root file system."""

import io
import tarfile

from stage import COUNT, USERS, main, quick

CONFIG = """\
lxc.idmap = u 0 {start} 65536
lxc.idmap = g 0 {start} 65536
lxc.apparmor.profile = unconfined
lxc.net.0.type = empty
"""
KEEP_OWN = """\
lxc.idmap = {k} 0 {start} {own}
lxc.idmap = {k} {own} {own} 1
lxc.idmap = {k} {after} {start_after} {rest}
"""

THROUGH = """\
    { subid map $USER --for lxc --through $(id -u) && echo lxc.apparmor.profile = unconfined &&
      echo lxc.net.0.type = empty; } >.config/lxc/through.conf &&
    lxc-create -n t1 -t busybox -f .config/lxc/through.conf && lxc-start -n t1 &&
    lxc-attach -n t1 -- {probe} && lxc-stop -k -n t1 && lxc-destroy -n t1"""


def configure(stage):
    for user in USERS:
        directory = f"{user.home}/.config/lxc"
        stage.must(user, "mkdir -p .config/lxc .local/share/lxc; chmod 755 .local .local/share "
                         ".local/share/lxc")
        owner = user.caller.uid, user.caller.gid
        stage.host.write(f"{directory}/default.conf", CONFIG.format(start=user.start), owner=owner)
        own = user.caller.uid
        stage.host.write(f"{directory}/keep.conf", "".join(KEEP_OWN.format(
            k=kind, start=user.start, own=own, after=own + 1, start_after=user.start + own + 1,
            rest=65536 - own - 1) for kind in "ug") +
            "lxc.apparmor.profile = unconfined\nlxc.net.0.type = empty\n", owner=owner)


def keep_own(user):
    own = user.caller.uid
    return dict.fromkeys("ug", ((0, user.start, own), (own, own, 1),
                                (own + 1, user.start + own + 1, 65536 - own - 1)))


def through(user):
    own = user.caller.uid
    return dict.fromkeys("ug", ((0, user.start, own), (own, own, 1),
                                (own + 1, user.start + own + 1, COUNT - own - 1)))


def test(stage):
    configure(stage)
    stage.both("created, started, entered",
               "lxc-create -n c1 -t busybox && lxc-start -n c1 && "
               "lxc-wait -n c1 -s RUNNING -t 20 && lxc-attach -n c1 -- {probe} && "
               "lxc-stop -k -n c1", lambda user: user.range_only())
    stage.both("copied, one command",
               "lxc-copy -n c1 -N c2 && lxc-execute -n c2 -- {probe} && lxc-destroy -n c2",
               lambda user: user.range_only())
    stage.both("the user's own id is kept",
               "lxc-create -n k1 -t busybox -f .config/lxc/keep.conf && lxc-start -n k1 && "
               "lxc-attach -n k1 -- {probe} && lxc-stop -k -n k1 && lxc-destroy -n k1", keep_own)
    if stage.mode != "debian":
        stage.both("the user's own id is passed through, as subid prints it", THROUGH, through)
    stage.both("lxc-usernsexec", "lxc-usernsexec -m b:0:$START:65536 -- {probe}",
               lambda user: user.range_only(), directory=".local/share/lxc/c1/rootfs")
    stage.refused("anna's ids", "sed -i 's/= u 0 .*/= u 0 2000000 65536/' "
                  ".local/share/lxc/c1/config; lxc-execute -n c1 -- {probe}")
    stage.sh(USERS[0], "sed -i 's/= u 0 .*/= u 0 3000000 65536/' .local/share/lxc/c1/config")
    if stage.mode != "fcaps" and not quick():
        debian(stage)
    for user in USERS:
        stage.must(user, "lxc-destroy -n c1")


def debian(stage):
    """The template `local` unpacks an image as a second archive describes."""
    root = stage.debian_root()
    metadata(f"{USERS[0].home}/meta.tar.xz")
    stage.each("a Debian root file system", USERS[:1],
               f"lxc-create -n d1 -t local -- -m meta.tar.xz -f {root} && "
               "lxc-execute -n d1 -- {probe} && lxc-destroy -n d1",
               lambda user: user.range_only())


def metadata(path):
    """As in the images that the template `download` fetches."""
    config = "".join(f"lxc.include = /usr/share/lxc/config/{name}.conf\n"
                     for name in ("common", "userns"))
    with tarfile.open(path, "w:xz") as tar:
        for name, content in (("config", config), ("config-user", config), ("create-message", "")):
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), 0o644
            tar.addfile(info, io.BytesIO(content.encode()))


main("lxc-start", test, modes=("setuid", "fcaps"),
     needs=("lxc-create", "lxc-copy", "rsync", "mmdebstrap"))
