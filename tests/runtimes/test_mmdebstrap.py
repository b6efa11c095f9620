#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""mmdebstrap as an ordinary user: a Debian root file system, whose packages give files to
other users. It reads the databases itself."""

import subprocess

from stage import MMDEBSTRAP, main

HOOK = ("mkdir -p \"$1/proc\"; mount -t proc proc \"$1/proc\" && "
        "chroot \"$1\" sh -c \"$PROBE\" \"$TOKEN\" / && umount \"$1/proc\"")
SMALL = (f"{MMDEBSTRAP} --variant=extract --include=coreutils,dash,libc-bin "
         f"--extract-hook='{HOOK}' bookworm small.tar")


def test(stage):
    stage.both("extracted packages", SMALL, lambda user: user.range_only(1000000), timeout=180)
    path = stage.debian_root()
    names = subprocess.run(["tar", "-tvf", path, "--numeric-owner", "--no-recursion",
                            "./var/local/", "./var/mail/"],
                           capture_output=True, text=True, check=False)
    owners = [line.split()[1] for line in names.stdout.splitlines()]
    stage.note("installed packages, directories of groups staff and mail",
               [] if owners == ["0/50", "0/8"] else [f"{names}"])
    stage.refused("what is said to be in /etc/subuid", SMALL,
                  env=stage.other_databases(), timeout=180)


main("mmdebstrap", test)
