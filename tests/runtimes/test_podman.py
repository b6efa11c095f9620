#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""podman as an ordinary user. It asks libsubid.so for the ranges, and keeps its namespace in
a process; `podman system migrate` ends that process."""

from stage import COUNT, USERS, main, quick

PODMAN = "podman --cgroup-manager=cgroupfs --runtime=runc --storage-driver={driver}"
RUN = "{podman} run --rm --pull=never --network=none {options} busybox:1 {{probe}}"


def keep_id(user):
    """The user has its own id inside, and root is its first subordinate id."""
    own = user.caller.uid
    return dict.fromkeys("ug", ((0, user.start, own), (own, own, 1),
                                (own + 1, user.start + own, COUNT - own)))


def second_level(extents):
    """A map onto podman's own namespace, as the host sees it."""
    return lambda user: dict.fromkeys("ug", tuple(
        (inner, user.start + outer - 1, count) for inner, outer, count in extents))


CASES = {
    "keep-id": ("--userns=keep-id --user 0:0", keep_id),
    "nomap": ("--userns=nomap", second_level([(0, 1, COUNT)])),
    "auto": ("--userns=auto:size=2000", None),
    "--uidmap": ("--uidmap 0:1000:1000 --gidmap 0:1000:1000", second_level([(0, 1000, 1000)])),
}


def test(stage):
    stage.comes_first("libsubid.so", "ldd /usr/bin/podman | grep libsubid")
    drivers = ("vfs",) if quick() else ("vfs", "overlay")
    for driver in drivers:
        podman = PODMAN.format(driver=driver)
        for user in USERS:
            stage.must(user, f"{podman} import -q image.tar busybox:1")
        stage.both(f"{driver}, root is the user", RUN.format(podman=podman, options=""),
                   lambda user: user.own_and_range())
        if stage.mode != "fcaps" and not quick():
            for name, (options, maps) in CASES.items():
                stage.both(f"{driver}, {name}", RUN.format(podman=podman, options=options),
                           maps, nested=True)
        for user in USERS:
            stage.must(user, f"{podman} system migrate; {podman} system reset -f; rm -rf run/*")
    stage.refused("what libsubid.so is made to say",
                  RUN.format(podman=PODMAN.format(driver="vfs"), options=""),
                  env=stage.other_databases())
    stage.sh(USERS[0], f"{PODMAN.format(driver='vfs')} system migrate; rm -rf run/*")


main("podman", test, modes=("setuid", "fcaps"), needs=("runc",))
