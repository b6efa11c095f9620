# SPDX-License-Identifier: BSD-3-Clause
"""What the tests of libsubid share: the library under test and Debian's, each behind the
same small program (subidcall.c) on the throw-away /etc of a Host."""

import glob
import os
import re
import shutil
import signal
import subprocess

import host as host_module
from host import CLEAN_PATH, HERE, ROOT, TOP, Report, remove

# The number is 4 in Debian 12 and 5 in Debian 13.
DEBIAN_LIBRARIES = sorted(glob.glob("/usr/lib/*-linux-gnu/libsubid.so.[45]"))
DEBIAN_HEADER = "/usr/include/shadow/subid.h"


def build_directory():
    return os.path.realpath(os.environ.get("SUBID_BUILD", ""))


def library_of(build):
    """The real file of the library below a build, or None."""
    found = [path for path in glob.glob(f"{build}/libsubid/.libs/libsubid.so.*.0.0")
             if not os.path.islink(path)]
    newest = sorted(found, key=os.path.getmtime)
    return newest[-1] if newest else None


def soname_of(library):
    return re.search(r"libsubid\.so\.(\d+)", library)[1]


def environment(**more):
    return {"PATH": CLEAN_PATH, "LC_ALL": "C.UTF-8", **more}


class Library:
    """One library, its headers, and the program that was compiled with both."""

    def __init__(self, box, who, directory, includes):
        self.box, self.who, self.directory, self.includes = box, who, directory, includes
        self.caller = self.compile("subidcall", f"{HERE}/subidcall.c")

    def flags(self):
        return [*(f"-I{path}" for path in self.includes), f"-L{self.directory}"]

    def compile(self, name, source, *flags, compiler="cc"):
        """Returns the path of a program that is linked with this library."""
        output = f"{self.box.host.tmpdir}/bin/{name}-{self.who}"
        subprocess.run([compiler, "-g", "-O1", "-Wall", "-Werror", "-o", output, source,
                        *self.flags(), *flags, "-lsubid"], check=True)
        os.chmod(output, 0o755)
        return output

    def environment(self, **more):
        return environment(LD_LIBRARY_PATH=self.directory, **more)

    def run(self, path, args=(), **options):
        """As Host.run(), as root, with this library."""
        options.setdefault("caller", ROOT)
        return self.box.host.run(path, [str(word) for word in args],
                                 env=self.environment(), **options)

    def calls(self, *lines, stdin=None, program=None, **options):
        """Answers to calls, one a line; see subidcall.c. A call that kills the program is
        answered by `signal N`, and so are the calls after it."""
        text = "".join("\t".join(str(word) for word in line) + "\n" for line in lines)
        path = f"{self.box.host.tmpdir}/calls"
        self.box.host.write(path, text)
        before = options.pop("as_root", None)

        def as_root():
            fd = os.open(path, os.O_RDONLY)
            os.dup2(fd, 0)
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            if before:
                before()
        self.last = self.run(program or self.caller, as_root=as_root, **options)
        answers = self.last.out.decode().splitlines()
        if self.last.status < 0:
            answers += [f"signal {-self.last.status}"] * (len(lines) - len(answers))
        return answers

    def call(self, *words, **options):
        return (self.calls(words, **options) or ["nothing"])[0]


class Box:
    def __init__(self, host):
        self.host = host
        self.report = Report()
        self.build = build_directory()
        self.ours = self.library("ours", self.build)
        self.debian, self.debian_soname = None, None
        if os.path.exists(DEBIAN_HEADER) and DEBIAN_LIBRARIES:
            path = DEBIAN_LIBRARIES[-1]
            self.debian_soname = soname_of(path)
            directory = f"{host.tmpdir}/library-debian"
            os.mkdir(directory)
            shutil.copy(os.path.realpath(path), f"{directory}/{os.path.basename(path)}")
            os.symlink(os.path.basename(path), f"{directory}/libsubid.so")
            self.debian = Library(self, "debian", directory, [])

    def library(self, who, build):
        """The library of a build, copied to a directory that all users can read."""
        path = library_of(build)
        directory = f"{self.host.tmpdir}/library-{who}"
        os.mkdir(directory)
        shutil.copy(path, directory)
        os.symlink(os.path.basename(path), f"{directory}/libsubid.so.{soname_of(path)}")
        os.symlink(os.path.basename(path), f"{directory}/libsubid.so")
        for name in ("shadow",):
            shutil.copytree(f"{build}/libsubid/include/{name}", f"{directory}/include/{name}")
        shutil.copy(f"{TOP}/libsubid/include/subid-db.h", f"{directory}/include")
        return Library(self, who, directory, [f"{directory}/include"])

    def build_with(self, *options):
        """Another build of the library and of getsubids, in the host's directory."""
        directory = f"{self.host.tmpdir}/build"
        os.mkdir(directory)
        for command in (
                [f"{TOP}/configure", "-q", "--disable-nls", "--without-criterion",
                 "--without-libpam", "--without-libaudit", "--disable-dependency-tracking",
                 *options],
                ["make", "-s", f"-j{os.cpu_count()}", "libsubid/libsubid.la",
                 "getsubids/getsubids"]):
            done = subprocess.run(command, cwd=directory, capture_output=True, text=True)
            if done.returncode:
                raise RuntimeError(f"{command[0]}: {done.stderr[-2000:]}")
        return directory

    def uid_is_user(self):
        """Whether getsubids and the ten calls take a uid for the user who has
        it, as in libraries of shadow 4.20."""
        return soname_of(library_of(self.build)) == "6"

    def put(self, subuid="", subgid="", passwd=None):
        for name, content in (("subuid", subuid), ("subgid", subgid), ("passwd", passwd)):
            if content is not None:
                self.host.write(f"/etc/{name}", content)
        self.sweep()

    def sweep(self):
        for name in self.strays() + ["subuid-", "subgid-"]:
            remove(f"/etc/{name}")

    def strays(self):
        return sorted(name for name in os.listdir("/etc")
                      if name.startswith(("subuid", "subgid"))
                      and name not in ("subuid", "subgid", "subuid-", "subgid-"))


def read(path):
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        return file.read()


def enter():
    """Returns the Box; ends the test with a skip where it cannot run."""
    if "SUBID_HOST" not in os.environ and library_of(build_directory()) is None:
        report = Report()
        report.skip("library", "SUBID_BUILD names no directory with libsubid")
        report.finish()
    if "SUBID_HOST" not in os.environ and host_module.is_musl():
        report = Report()
        report.skip(host_module.test_name(), "musl: programs that are compiled here have glibc")
        report.finish()
    return Box(host_module.enter())
