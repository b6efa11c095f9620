#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""bwrap_mapped.py START COMMAND...: bubblewrap with more than one id. bubblewrap makes the
namespace, reports the process in it, and waits; this program calls the map writers."""

import json
import os
import subprocess
import sys


def main():
    start, command = sys.argv[1], sys.argv[2:]
    info_read, info_write = os.pipe()
    block_read, block_write = os.pipe()
    child = subprocess.Popen(
        ["bwrap", "--unshare-all", "--unshare-user", "--info-fd", str(info_write),
         "--userns-block-fd", str(block_read), "--bind", "rootfs", "/", "--proc", "/proc", "--dev", "/dev",
         "--uid", "0", "--gid", "0", "--cap-add", "ALL", "--", *command],
        pass_fds=(info_write, block_read))
    os.close(info_write)
    os.close(block_read)
    info = b""
    while b"}" not in info:
        part = os.read(info_read, 4096)
        if not part:
            sys.exit(child.wait() or 1)
        info += part
    pid = str(json.loads(info)["child-pid"])
    for program, own in (("newuidmap", os.getuid()), ("newgidmap", os.getgid())):
        status = subprocess.call([program, pid, "0", str(own), "1", "1", start, "65535"])
        if status:
            child.kill()
            child.wait()
            sys.exit(status)
    os.write(block_write, b"1")
    sys.exit(child.wait())


main()
