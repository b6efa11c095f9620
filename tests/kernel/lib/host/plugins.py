# SPDX-License-Identifier: BSD-3-Clause
"""Plugins for `subid:`, built from plugin.c and put where the programs look for them."""

import os
import shutil
import subprocess

from host.base import NSSWITCH, TOP, build_folder
from host.tools import writable

SOURCE = f"{TOP}/tests/unit/plugin.c"

# where the loader looks, besides
LOADER_FOLDER = "/usr/lib"


def plugin_folder():
    """The folder that the programs under test take plugins from."""
    with open(build_folder()["newuidmap"], "rb") as file:
        strings = file.read().split(b"\0")
    for folder in (f"/usr/lib/{os.uname().machine}-linux-gnu", "/usr/lib64"):
        if folder.encode() in strings and os.path.isdir(folder):
            return folder
    raise RuntimeError("harness: the folder of plugins is another one")


class Plugins:
    """Builds plugins once, and installs them in an overlay over the system's folder."""

    def __init__(self, host):
        self.host, self.built = host, {}
        self.folder = plugin_folder()

    def build(self, *flags):
        """Compiles plugin.c; returns the path of the library."""
        if flags not in self.built:
            path = f"{self.host.folder}/bin/plugin-{len(self.built)}.so"
            subprocess.run(["cc", "-O1", "-w", "-shared", "-fPIC", "-o", path, SOURCE,
                            *(f"-D{flag}" for flag in flags)], check=True)
            self.built[flags] = path
        return self.built[flags]

    def open(self):
        """From here on the folders can be written, in this mount namespace alone."""
        writable(self.host, self.folder)
        writable(self.host, LOADER_FOLDER)

    def install(self, name, *flags, folder=None, mode=0o644, owner=(0, 0)):
        """libsubid_NAME.so of these flags; returns its path."""
        path = f"{folder or self.folder}/libsubid_{name}.so"
        shutil.copyfile(self.build(*flags), path)
        os.chmod(path, mode)
        os.chown(path, *owner)
        return path

    def role(self, name, role, **more):
        """One that plays a role of plugin.c, whomever it is asked about."""
        return self.install(name, f'ROLE="{role}"', **more)

    def text(self, name, text):
        """A file that is no library."""
        self.host.write(f"{self.folder}/libsubid_{name}.so", text)

    def ask(self, words):
        """nsswitch.conf with these sources."""
        self.host.write("/etc/nsswitch.conf", f"{NSSWITCH}subid: {words}\n")
