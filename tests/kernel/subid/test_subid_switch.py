#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""`subid check --before-switch`: what it lists is what the map writers of Debian grant and
ours refuse, id by id, and its commands are those of `subid check`."""

import os

import subid_box
from host import ANNA, Account, ELSA, own_mounts, quick
from name_service import Prober
from subid_box import DONE, FINDINGS, USAGE, WARNINGS, documented

USERS = {caller.name: Account(caller.uid, caller.gid, (caller.name,)) for caller in (ELSA, ANNA)}

LINES = (
    "elsa:100000:65536", "elsa:0100000:65536", "anna:0x493e0:10", f"{ANNA.uid}:400000:10:more",
    "anna:  500000:10", "elsa:+600000:010", "elsa:700000:10 ", "elsa:800000:10\r",
    " elsa:900000:10", "ghost:01:1", "#anna:1000000:10", "anna:1100000", "elsa:1200000:0",
    "elsa:100010:0x10", "anna:0100000:100", "elsa:1300000:-1", "anna:4294967290:100",
    "elsa: 1400000: 5", "elsa:1500000:10\nelsa:01500000:8", "elsa:1600000:10:", "::", "elsa:1:")

# Ids at the borders of what any program may read in these lines.
EDGES = sorted({number + step for number in
                (10, 20, 32768, 32868, 98304, 100000, 100010, 100026, 165536, 300000, 300010, 400000,
                 400010, 500000, 500010, 600000, 600008, 700000, 800000, 900000, 1000000, 1100000,
                 1200000, 1300000, 1400000, 1400005, 1500000, 1500010, 1600000, 1600010, 434176,
                 434184, 4294967290)
                for step in (-1, 0, 1)})


def rows_of(box, *args):
    result = box.run("check", "--json", *args)
    if result.status not in (DONE, FINDINGS, WARNINGS):
        raise RuntimeError(f"{args}: {result}")
    rows = box.rows("check", *args, status=result.status, name="findings")
    box.report.check(f"status of {args}", result.status == min(
        ({"error": FINDINGS, "warning": WARNINGS}.get(row["severity"], 99) for row in rows),
        default=99) % 99, f"{result}")
    return rows


def lost(prober, kind, user):
    """The ids that Debian's map writer grants a user and ours does not."""
    return (prober.one_each("debian", kind, user, EDGES) -
            prober.one_each("ours", kind, user, EDGES))


def of_old_versions(row):
    """Debian's version does not read every id in such a line."""
    return (row["first"], row["last"]) == (0, 2**32 - 1) and "old versions" in row["message"]


def compare(box, prober, name, rows, kind):
    for login, user in USERS.items():
        listed = {number for number in EDGES for row in rows
                  if row["owner"] == login and row["kind"] == kind and
                  row["first"] <= number <= row["last"] and not of_old_versions(row)}
        box.check(f"{name}: {kind}s of {login}", listed, lost(prober, kind, user))


def same_cures(box, name, rows):
    """Each command is the one that `subid check` shows for that line or file."""
    known = {(row["file"], row["line"], row["code"]): row["cure"] for row in rows_of(box)}
    wrong = []
    for row in rows:
        of_line, of_file = ((row["file"], line, row["code"]) for line in (row["line"], None))
        cure = known.get(of_line, known.get(of_file))
        if row["cure"] != cure:
            wrong.append((row["cure"], cure))
    box.report.check(f"{name}: commands of subid check", rows and not wrong, f"{wrong}")


def lines(box, prober):
    """Each line alone, and all of them together, which is enough for a quick round."""
    for text in (*LINES[: 1 if quick() else None], "\n".join(LINES)):
        box.put(text + "\n", "elsa:100000:65536\n")
        rows = rows_of(box, "--before-switch")
        name = repr(text if text in LINES else "all")
        compare(box, prober, name, rows, "uid")
        box.check(f"{name}: nothing of gids", [row for row in rows if row["kind"] == "gid"], [])
    same_cures(box, "lines", rows)
    order = [(row["owner"], row["kind"], row["line"]) for row in rows]
    box.report.check("user by user", order == sorted(order) and len({*order}) > 5, f"{order}")
    box.check("keys are those of the manual", list(rows[0]), documented()["findings"])


def files(box, prober):
    """A database that is refused as a whole; a symbolic link Debian's refuse as well."""
    def link():
        os.rename("/etc/subgid", "/etc/elsewhere")
        os.symlink("elsewhere", "/etc/subgid")

    for name, spoil in (("writable", lambda: os.chmod("/etc/subgid", 0o666)),
                        ("foreign", lambda: os.chown("/etc/subgid", ANNA.uid, 0)),
                        ("linked", link)):
        box.put("elsa:100000:65536\n", "elsa:100000:65536\nanna:0600000:10\nghost:1:1\n"
                f"{ANNA.uid}:400000:10\n")
        box.check(f"{name}: before", {row["owner"] for row in rows_of(box, "--before-switch")},
                  {"anna"})
        spoil()
        rows = rows_of(box, "--before-switch")
        compare(box, prober, name, rows, "gid")
        box.check(f"{name}: nothing of uids", [row for row in rows if row["kind"] == "uid"], [])
        if rows:
            same_cures(box, name, rows)
        box.check(f"{name}: something is lost", bool(rows), name != "linked")


def good(box):
    """Findings that cost no user an id are not listed."""
    box.put("elsa:100000:65536\nanna:100000:65536\nelsa:0100000:0\nelsa:100000:65536", "")
    rows = rows_of(box, "--before-switch")
    box.check("nothing is lost", rows, [])
    result = box.run("check", "--before-switch")
    box.report.check("nothing is printed", result.status == DONE and not result.out, f"{result}")
    result = box.run("check", "--before-switch", "--fix")
    box.report.check("not with --fix", result.status == USAGE and result.err, f"{result}")


def main():
    box = subid_box.enter()
    if ("debian", "setuid") not in box.host.subjects:
        box.report.skip("test_subid_switch", "there are no map writers of Debian")
        box.report.finish()
    prober = Prober(box.host)
    box.host.reset_etc()
    with own_mounts():
        for part in (lines, files):
            part(box, prober)
        good(box)
    prober.rest()
    box.report.finish()


main()
