# SPDX-License-Identifier: BSD-3-Clause
"""Runtimes of the Open Container Initiative, which find the map in a file."""

import json

from stage import USERS


def bundle(stage, tool, user, start):
    """A directory with a root file system and the settings: root is the user, and 65536 ids
    from `start` on follow."""
    stage.must(user, f"rm -rf bundle && mkdir -p bundle/rootfs && tar -C bundle/rootfs -xf "
                     f"image.tar && cd bundle && {tool} spec --rootless")
    path = f"{user.home}/bundle/config.json"
    with open(path, encoding="utf-8") as file:
        config = json.load(file)
    config["root"]["readonly"] = False
    config["process"].update(terminal=False, cwd="/")
    # the limit in the file may be above ours, which cannot be raised
    config["process"].pop("rlimits", None)
    for names in config["process"]["capabilities"].values():
        names.append("CAP_CHOWN")
    for kind, own in (("u", user.caller.uid), ("g", user.caller.gid)):
        config["linux"][f"{kind}idMappings"] = [
            {"containerID": 0, "hostID": own, "size": 1},
            {"containerID": 1, "hostID": start, "size": 65536}]
    stage.host.write(path, json.dumps(config), owner=(user.caller.uid, user.caller.gid))


# The words of the probe are in the environment; jq is not everywhere.
EDIT = ("python3 -c 'import json, os; path = \"bundle/config.json\"; "
        "config = json.load(open(path)); config[\"process\"][\"args\"] = "
        "[\"sh\", \"-c\", os.environ[\"PROBE\"], os.environ[\"TOKEN\"], \"/\"]; "
        "json.dump(config, open(path, \"w\"))' && ")


def test_with(tool, command):
    """The test of a runtime; `command` runs a bundle."""
    def test(stage):
        for user in USERS:
            bundle(stage, tool, user, user.start)
        stage.both("a bundle", EDIT + command + " c1",
                   lambda user: user.own_and_range(65536))
        bundle(stage, tool, USERS[0], USERS[1].start)
        stage.refused("anna's ids", EDIT + command + " c1")
    return test
