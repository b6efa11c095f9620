#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""buildah as an ordinary user. It reads the databases itself, and where the map writers refuse
it passes on what they say and goes on with the user's own id alone."""

from stage import USERS, main

BUILDAH = "buildah --storage-driver=vfs"
# a line that it takes for a million ids of anna's, and that grants nothing: who reads a number
# with a leading zero as octal reads another one
LINE = "elsa:02000000:1000000\n"


def test(stage):
    stage.both("buildah unshare", f"{BUILDAH} unshare {{probe}}",
               lambda user: user.own_and_range(), folder="$HOME")
    stage.both("buildah run",
               f"c=$({BUILDAH} from scratch) && {BUILDAH} add $c image.tar >/dev/null && "
               f"{BUILDAH} run --isolation=chroot $c -- {{probe}} && {BUILDAH} rm $c >/dev/null",
               lambda user: user.own_and_range())
    for name in ("subuid", "subgid"):
        stage.host.write(f"/etc/{name}", LINE)
    stage.refused("a line that grants nothing", f"{BUILDAH} unshare {{probe}}",
                  causes=("LINE_MALFORMED",), falls_back=True, folder="$HOME")
    stage.reset_database()
    for user in USERS:
        stage.must(user, f"{BUILDAH} unshare rm -rf .local/share/containers")


main("buildah", test)
