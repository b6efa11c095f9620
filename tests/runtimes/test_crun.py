#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""crun as an ordinary user. It wants the second version of control groups, which every
mount namespace can have at a place of its own."""


from oci import test_with
from stage import main

run = test_with("crun", "crun --cgroup-manager=disabled run --bundle bundle")


def test(stage):
    stage.control_groups_2()
    run(stage)


main("crun", test)
