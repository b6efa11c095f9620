#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""unshare(1) of util-linux. It reads the databases itself, and takes the first range that it
finds without the last id."""

from stage import COUNT, USERS, main

# a process of container user 500, which has given up root
AS_500 = "setpriv --reuid 500 --regid 500 --clear-groups"


def own_id_kept(user):
    own = user.caller.uid
    return dict.fromkeys("ug", ((own, own, 1), (0, user.start, own),
                                (own + 1, user.start + own, COUNT - own - 1)))


def test(stage):
    for kind in ("auto", "explicit"):
        ids = "--map-auto" if kind == "auto" else \
            f"--map-users $START,1,{COUNT - 1} --map-groups $START,1,{COUNT - 1}"
        stage.both(f"root is the user, {kind}", f"unshare --user {ids} --map-root-user {{probe}}",
                   lambda user: user.own_and_range(COUNT - 1), directory="$HOME")
    stage.both("root is a subordinate id",
               "chmod 777 . && unshare --map-users $START,0,65536 --map-groups $START,0,65536 "
               "--setuid 0 --setgid 0 {probe}",
               lambda user: user.range_only(), directory="$HOME")
    stage.both("the user's own id is kept",
               "unshare --user --map-auto --map-current-user --setuid 0 --setgid 0 {probe}",
               own_id_kept, directory="$HOME")
    a_user_of_the_container(stage)
    stage.refused("anna's ids", "unshare --map-users $OTHER_START,0,65536 "
                  "--map-groups $START,0,65536 --setuid 0 --setgid 0 {probe}")
    stage.refused("what is said to be in /etc/subuid",
                  "unshare --user --map-auto --map-root-user {probe}", env=stage.other_databases())


def a_user_of_the_container(stage):
    """Not only root inside has ids of the range outside."""
    for user in USERS:
        run = stage.sh(user, "rm -rf shared; mkdir shared; chmod 777 shared\n"
                             "unshare --user --map-auto --map-root-user "
                             f"{AS_500} touch shared/file && stat -c %u:%g shared/file")
        owner = user.start + 499
        stage.note(f"a file of container user 500, {user.name}",
                   [] if run == (0, f"{owner}:{owner}\n") else [str(run)])


main("unshare", test, modes=("setuid", "fcaps"))
