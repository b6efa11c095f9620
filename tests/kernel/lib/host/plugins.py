# SPDX-License-Identifier: BSD-3-Clause
"""Plugins for `subid:`, built from plugin.c and installed where the programs look for them."""

import os
import shutil
import subprocess

from host.base import NSSWITCH, TOP, build_directory
from host.tools import writable

SOURCE = f"{TOP}/tests/unit/plugin.c"

# another directory of the loader
LOADER_DIRECTORY = "/usr/lib"


def plugin_directory():
    """The directory that the programs under test take plugins from."""
    with open(build_directory()["newuidmap"], "rb") as file:
        strings = file.read().split(b"\0")
    for directory in (f"/usr/lib/{os.uname().machine}-linux-gnu", "/usr/lib64"):
        if directory.encode() in strings and os.path.isdir(directory):
            return directory
    raise RuntimeError("harness: the directory of plugins is another one")


class Plugins:
    """Builds plugins once, and installs them in an overlay over the system's directory."""

    def __init__(self, host):
        self.host, self.built = host, {}
        self.directory = plugin_directory()

    def build(self, *flags):
        """Compiles plugin.c; returns the path of the library."""
        if flags not in self.built:
            path = f"{self.host.tmpdir}/bin/plugin-{len(self.built)}.so"
            subprocess.run(["cc", "-O1", "-w", "-shared", "-fPIC", "-o", path, SOURCE,
                            *(f"-D{flag}" for flag in flags)], check=True)
            self.built[flags] = path
        return self.built[flags]

    def open(self):
        """Makes the directories writable, only in this mount namespace."""
        writable(self.host, self.directory)
        writable(self.host, LOADER_DIRECTORY)

    def install(self, name, *flags, directory=None, mode=0o644, owner=(0, 0)):
        """libsubid_NAME.so of these flags; returns its path."""
        path = f"{directory or self.directory}/libsubid_{name}.so"
        shutil.copyfile(self.build(*flags), path)
        os.chmod(path, mode)
        os.chown(path, *owner)
        return path

    def role(self, name, role, **more):
        """A plugin that has one role of plugin.c for every owner."""
        return self.install(name, f'ROLE="{role}"', **more)

    def text(self, name, text):
        """A file that is no library."""
        self.host.write(f"{self.directory}/libsubid_{name}.so", text)

    def ask(self, words):
        """nsswitch.conf with these sources."""
        self.host.write("/etc/nsswitch.conf", f"{NSSWITCH}subid: {words}\n")
