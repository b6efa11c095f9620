#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""buildah as an ordinary user. It asks libsubid in Debian 13, and reads the databases itself in
Debian 12. If the map writers refuse, it prints their message and continues with the user's own
id alone."""

from stage import USERS, main

BUILDAH = "buildah --storage-driver=vfs"
# a line that grants nothing, and that buildah reads as a million ids of anna's: programs
# that read a number with a leading zero as octal read other ids
LINE = "elsa:02000000:1000000\n"


def test(stage):
    stage.both("buildah unshare", f"{BUILDAH} unshare {{probe}}",
               lambda user: user.own_and_range(), directory="$HOME")
    stage.both("buildah run",
               f"c=$({BUILDAH} from scratch) && {BUILDAH} add $c image.tar >/dev/null && "
               f"{BUILDAH} run --isolation=chroot $c -- {{probe}} && {BUILDAH} rm $c >/dev/null",
               lambda user: user.own_and_range())
    if stage.sh(stage.root, "ldd /usr/bin/buildah | grep libsubid").status == 0:
        causes, env = ("NOT_DELEGATED",), stage.other_databases()
    else:
        causes, env = ("LINE_MALFORMED",), None
        for name in ("subuid", "subgid"):
            stage.host.write(f"/etc/{name}", LINE)
    stage.refused("what it takes for ids of elsa", f"{BUILDAH} unshare {{probe}}",
                  causes=causes, falls_back=True, directory="$HOME", env=env)
    stage.reset_database()
    for user in USERS:
        stage.must(user, f"{BUILDAH} unshare rm -rf .local/share/containers")


main("buildah", test)
