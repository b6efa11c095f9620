#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""crun as an ordinary user. It needs version 2 of control groups, which each mount namespace
can have at another place."""


from oci import test_with
from stage import main

run = test_with("crun", "crun --cgroup-manager=disabled run --bundle bundle")


def test(stage):
    stage.control_groups_2()
    run(stage)


main("crun", test)
