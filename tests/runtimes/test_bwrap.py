#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""bubblewrap, whose caller runs the map writers; and bubblewrap in an existing namespace."""

from stage import USERS, main


def test(stage):
    mapped = f"/usr/bin/python3 {stage.files}/bwrap_mapped.py"
    for user in USERS:
        stage.must(user, "[ -e rootfs ] || { mkdir rootfs; tar -C rootfs -xf image.tar; }")
    stage.both("root is the user", mapped + " $START {probe}",
               lambda user: user.own_and_range(65535))
    stage.both("in a namespace of unshare(1)",
               "unshare --user --map-auto --map-root-user sh -c 'exec bwrap --bind rootfs / "
               "--proc /proc --cap-add ALL -- sh -c \"$PROBE\" \"$TOKEN\" /'",
               lambda user: user.own_and_range(999999))
    stage.refused("anna's ids", mapped + " $OTHER_START {probe}")


main("bwrap", test)
