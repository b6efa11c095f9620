#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""systemd-nspawn as root, in the range of a user. It takes the range from its command line
and writes the map itself: the test is that these are the delegated ids."""

from stage import main

NSPAWN = ("systemd-nspawn --quiet --directory=/root/tree --private-users=$FIRST:65536 "
          "--private-users-ownership=off --register=no --keep-unit --private-network "
          "--link-journal=no --as-pid2")


def test(stage):
    stage.must(stage.root, "rm -rf tree; mkdir -p tree/usr && tar -C tree -xf /home/elsa/image.tar"
                           " && touch tree/etc/os-release")
    for user in stage.users:
        stage.must(stage.root, f"chown -R +{user.start}:+{user.start} tree")
        first = stage.must(stage.root, f"grep ^{user.name}: /etc/subuid | cut -d: -f2").strip()
        stage.each(f"the range of {user.name}", [stage.root], f"{NSPAWN} {{probe}}",
                   lambda _, user=user: user.range_only(), env={"FIRST": first})


main("systemd-nspawn", test)
