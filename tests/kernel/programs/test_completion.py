#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Completion in bash, zsh and fish: each shell runs on a terminal, and the tab key completes
words of command lines that are then printed."""

import os
import pty
import select
import shutil
import signal
import subprocess
import time

import subid_box
from host import CLEAN_PATH, TOP, built

# the line that is typed, and what the tab key makes of it
LINES = (
    ("subid whoi", "subid whois "),
    ("subid help doc", "subid help doctor "),
    ("subid list --noh", "subid list --noheadings "),
    ("subid map an", "subid map anna "),
    ("subid map --for pod", "subid map --for podman "),
    ("subid map --for=pod", "subid map --for=podman "),
    ("subid map -f nsp", "subid map -f nspawn "),
    ("subid list -o OWNER,COU", "subid list -o OWNER,COUNT"),
    ("subid list -o +COU", "subid list -o +COUNT"),
    ("subid list --output=OW", "subid list --output=OWNER"),
    ("subid grant bo", "subid grant bob "),
    ("subid grant anna bo", "subid grant anna bob "),
    ("subid grant --all-users --group staff-", "subid grant --all-users --group staff-of-elsa "),
    ("subid revoke anna --range 3", "subid revoke anna --range 3000000-3065535 "),
    ("subid check --code owner-od", "subid check --code owner-odd"),
    ("subid check --severity warn", "subid check --severity warning "),
    ("subid doctor --for kube", "subid doctor --for kubelet "),
    ("subid files /mnt/some", "subid files /mnt/some-directory/"),
    ("subid grant --batch /mnt/some-f", "subid grant --batch /mnt/some-file "),
    ("usermod-ext --add-subui", "usermod-ext --add-subuids "),
    ("usermod-ext -V 3", "usermod-ext -V 3000000-3065535 "),
    ("usermod-ext -S bo", "usermod-ext -S bob "),
    ("getsubids an", "getsubids anna "),
    ("getsubids --ver", "getsubids --version "),
)

SETUP = {
    "bash": "set -o emacs; bind 'set enable-bracketed-paste off'; . COMPLETIONS/bash",
    "zsh": "bindkey -e; unset zle_bracketed_paste; setopt no_prompt_cr no_prompt_sp; "
           "fpath=(/mnt/zsh $fpath); autoload -U compinit; compinit -u -D",
}
COMMANDS = {"bash": ("bash", "--norc", "--noprofile", "-i"), "zsh": ("zsh", "-f", "-i")}


class Terminal:
    """A shell on a terminal. Only what a command has printed is read: the shell must have
    ended its line before."""

    def __init__(self, shell, path):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            env = {"PATH": path, "LC_ALL": "C.UTF-8", "TERM": "xterm", "HOME": "/mnt",
                   "COLUMNS": "200", "PS1": "", "INPUTRC": "/dev/null"}
            os.execvpe(shell, COMMANDS[shell], env)
        self.text = b""
        self.number = 0

    def until(self, mark):
        """What the terminal shows up to the mark, which comes after that."""
        end = time.monotonic() + 60
        while mark not in self.text and time.monotonic() < end:
            if select.select([self.fd], [], [], 1)[0]:
                self.text += os.read(self.fd, 65536)
        found, _, self.text = self.text.partition(mark)
        return found

    def type(self, text):
        os.write(self.fd, text.encode())

    def complete(self, line):
        """The line after the tab key, printed by a command that surrounds it."""
        self.number += 1
        first, last = f"<{self.number}<", f">{self.number}>"
        # The marks are split, so that the line as it is typed does not have them.
        self.type(f"{line}\t\x01printf '%s' '<''{self.number}<"
                  f"\x05>''{self.number}>' ; echo\r")
        self.until(first.encode())
        return self.until(last.encode()).decode("utf-8", "replace")

    def end(self):
        os.kill(self.pid, signal.SIGKILL)
        os.close(self.fd)
        os.waitpid(self.pid, 0)


def typed(box, shell, path):
    terminal = Terminal(shell, path)
    terminal.type(SETUP[shell].replace("COMPLETIONS", f"{TOP}/completions")
                  + "; echo rea''dy\r")
    terminal.until(b"ready")
    for line, wanted in LINES:
        # zsh removes the space or slash that it has added when the cursor moves.
        box.check(f"{shell}: {line}", terminal.complete(line),
                  wanted.rstrip(" /") if shell == "zsh" else wanted)
    terminal.end()


def fish(box, path):
    """`complete -C` prints what the tab key would offer for a line."""
    for line, wanted in LINES:
        found = subprocess.run(
            ["fish", "-N", "-c", f"source {TOP}/completions/fish; complete -C '{line}'"],
            env={"PATH": path, "LC_ALL": "C.UTF-8", "HOME": "/mnt", "TERM": "dumb"},
            capture_output=True, text=True, check=False)
        words = {word.split("\t")[0] for word in found.stdout.splitlines()}
        box.check(f"fish: {line}", words, {wanted.split()[-1]})


def offered(box):
    """The words that the programs print, which all shells show."""
    def words(*args):
        return box.run("--complete", *args).out.decode().splitlines()

    def names(*args):
        return {word.split("\t")[0] for word in words(*args)}

    box.check("verbs", {"list", "help", "fix", "--version"} <= names(""), True)
    box.check("owners, none that a shell would run", names("list", ""),
              {"anna", "joe@corp.example", "5001"})
    box.check("also those with an option before", names("list", "-u", "--free", "an"), {"anna"})
    box.check("ranges of one user", names("revoke", "anna", "--range", ""),
              {"3000000-3065535"})
    box.check("ranges of all", len(names("revoke", "--range", "")), 4)
    box.check("no options after --", names("list", "--", "-"), set())
    box.check("a number", names("grant", "--count", ""), set())
    box.check("a flag has no argument", names("list", "--raw="), set())
    box.check("an option says what it does", words("list", "--fre"),
              ["--free\tthe gaps, and how many ranges still fit"])
    box.check("a directory", names("list", "--root", ""), {":directories"})
    box.check("an unknown verb", names("lsit", ""), set())
    box.put(None, None)
    box.check("no database", names("list", ""), set())


def main():
    box = subid_box.enter()
    box.host.suit_runtimes()
    directory = os.path.dirname(box.path)
    for name in ("usermod-ext", "getsubids"):
        shutil.copyfile(built(name), f"{directory}/{name}")
        os.chmod(f"{directory}/{name}", 0o755)
    path = f"{directory}:{CLEAN_PATH}"
    os.makedirs("/mnt/some-directory")
    box.host.write("/mnt/some-file", "")
    os.mkdir("/mnt/zsh")
    shutil.copyfile(f"{TOP}/completions/zsh", "/mnt/zsh/_subid")
    with open("/etc/group", "a", encoding="ascii") as file:
        file.write("staff-of-elsa:x:7000:\n")
    lines = ("anna:3000000:65536\n$(reboot):4000000:1\njoe@corp.example:4000001:1\n"
             "5001:4000002:1\n")
    box.put(lines, lines)
    for shell in ("bash", "zsh"):
        if shutil.which(shell):
            box.report.part(typed, box, shell, path)
        else:
            box.report.skip(f"completion in {shell}", "it is not installed")
    if shutil.which("fish"):
        box.report.part(fish, box, path)
    else:
        box.report.skip("completion in fish", "it is not installed")
    box.report.part(offered, box)
    box.report.finish()


main()
