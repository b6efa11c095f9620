#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""rootlesskit, which rootless docker, k3s and others use. It asks getsubids(1) for the
ranges, and reads the databases itself if there is none."""

from stage import main


def test(stage):
    stage.comes_first("getsubids", "command -v getsubids")
    stage.both("root is the user", "rootlesskit {probe}", lambda user: user.own_and_range(),
               directory="$HOME")
    stage.both("the databases, read by itself", "rootlesskit --subid-source=static {probe}",
               lambda user: user.own_and_range(), directory="$HOME")
    stage.refused("what getsubids is made to say", "rootlesskit {probe}",
                  env=stage.other_databases())


main("rootlesskit", test, modes=("setuid", "fcaps"))
