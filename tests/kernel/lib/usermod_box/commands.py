# SPDX-License-Identifier: BSD-3-Clause
"""The commands that crash and fault tests interrupt, with the databases before and after."""

from typing import NamedTuple

from usermod_box.box import Files

OLD = Files(b"# comment\nelsa:1000000:100\nanna:2000000:100\n\nbroken\n5001:3000000:5",
            b"anna:2000000:100\nelsa:1000000:100\n")
EARLIER = Files(b"elsa:1000000:100\n", b"")     # in the backups


class Scenario(NamedTuple):
    name: str
    args: tuple
    new: Files
    old: Files = OLD
    cleaner: tuple = ()     # a command that changes something, if the same one again does not


SCENARIOS = (
    Scenario("add", ("-v", "7000000-7000009", "elsa"),
             Files(OLD.subuid + b"\nelsa:7000000:10\n", OLD.subgid)),
    Scenario("delete", ("-W", "1000000-1000099", "elsa"),
             Files(OLD.subuid, b"anna:2000000:100\n")),
    Scenario("split", ("-V", "1000010-1000019", "elsa"),
             Files(b"# comment\nelsa:1000000:10\nanna:2000000:100\n\nbroken\n5001:3000000:5\n"
                   b"elsa:1000020:80\n", OLD.subgid)),
    Scenario("allocate", ("-S", "bob"),
             Files(OLD.subuid + b"\nbob:100000:65536\n", OLD.subgid + b"bob:100000:65536\n")),
    Scenario("both", ("-V", "3000000-3000001", "-w", "7000000-7000009", "elsa"),
             Files(OLD.subuid[:-14] + b"5001:3000002:3\n",
                   OLD.subgid + b"elsa:7000000:10\n")),
    Scenario("create", ("--create", "-v", "7000000-7000009", "-w", "7000000-7000009", "elsa"),
             Files(b"elsa:7000000:10\n", b"elsa:7000000:10\n"), Files(None, None)),
)


def prepare(box, scenario):
    """Databases, and backups of an earlier command."""
    box.sweep()
    box.put(*scenario.old)
    for name, content in zip(("subuid-", "subgid-"), EARLIER):
        box.host.write(f"/etc/{name}", content)
