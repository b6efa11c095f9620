#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""podman as root, with containers that share no ids: --userns=auto takes the ids from the
range of an owner named `containers`, which need not be a user. podman writes the maps itself,
and asks libsubid.so for the ranges."""

from stage import COUNT, main

# version 5 mounts in $TMPDIR, which root of the container must be able to search
PODMAN = ("TMPDIR=/tmp podman --root /root/storage --runroot /run/podman-root "
          "--cgroup-manager=cgroupfs --runtime=crun --storage-driver=vfs")
# rlimits that this process may set even where it lacks CAP_SYS_RESOURCE
RUN = (f"{PODMAN} run --rm --pull=never --network=none --cgroups=disabled "
       "--ulimit nofile=1024:1024 --ulimit nproc=1024:1024 %s busybox:1 {probe}")
CONTAINERS = 2147483648


def test(stage):
    stage.control_groups_2()
    for name in ("subuid", "subgid"):
        with open(f"/etc/{name}", "a", encoding="utf-8") as file:
            file.write(f"containers:{CONTAINERS}:65536\n")
    stage.must(stage.root, f"{PODMAN} import -q /home/elsa/image.tar busybox:1")
    stage.each("--userns=auto", [stage.root], RUN % "--userns=auto:size=1000",
               lambda user: dict.fromkeys("ug", ((0, CONTAINERS, 1000),)))
    stage.each("--subuidname", [stage.root], RUN % "--subuidname=elsa --subgidname=elsa",
               lambda user: dict.fromkeys("ug", ((0, 3000000, COUNT),)))
    stage.reset_database()
    run = stage.sh(stage.root, (RUN % "--userns=auto").replace("{probe}", "true"))
    stage.note("without a range of `containers` refused",
               [] if run.status and "containers" in run.output else [str(run)])


main("podman", test, needs=("crun",), title="podman (root)")
