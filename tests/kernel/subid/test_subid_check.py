#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""`subid check`: each finding is caused and reported, its command is run as it is printed, and
then it is not reported again, newuidmap maps the remaining ids, and the doctor finds nothing.
Then what --fix changes and does not change, failures of --fix, and a million lines."""

import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

import subid_box
from cures import NO_COMMAND_FINDINGS, Cures, logged_in
from host import (ANNA, BOB, CLEAN_PATH, ELSA, MS_BIND, MS_NOSUID, MS_RDONLY, MS_REMOUNT, PASSWD,
                  ROOT, SILENT, TOP,
                  Account, NameService, Wrong, identity, mount, own_mounts, process, quick, remove,
                  require, root_shell, umount, writable)
from subid_box import (DONE, FINDINGS, NO_USER, NOT_WRITTEN, UNREADABLE, USAGE, WARNINGS, documented,
                       words)

BUDGET = 2  # seconds in which a command asks a name service about the ids of all ranges
LOCKED, NOT_PERMITTED = 4, 9
MAPPERS = {"newuidmap": 0o4755, "newgidmap": 0o4755}
GOOD = "elsa:100000:65536\n"


def codes_in_sources():
    """{code: severity} of all findings that the program knows."""
    found = {}
    for name in ("libsubid/findings/findings.c", "subid/check/check-report.c"):
        with open(f"{TOP}/{name}") as file:
            found.update(re.findall(r'\[(?:FINDING|CHECK)_[A-Z_]+\] = \{ "([a-z-]+)",\s*'
                                    r"FINDING_([A-Z]+)", file.read()))
    return {code: severity.lower() for code, severity in found.items()}


RANKS = ("error", "warning", "note")


def status_of(rows):
    """The exit status of these findings."""
    left = {row["severity"] for row in rows if not row["fixed"]}
    return FINDINGS if "error" in left else WARNINGS if "warning" in left else DONE


class Case:
    def __init__(self, box, cures, fixed):
        self.box, self.host = box, box.host
        self.cures, self.fixed = cures, fixed

    def put(self, uid, gid=None):
        self.box.put(uid, uid if gid is None else gid)

    def rows(self, *args):
        result = self.box.run("check", "--json", *args)
        rows = json.loads(result.out)["findings"]
        require(result.status == status_of(rows), f"{result}")
        return rows

    def found(self, code):
        return [row for row in self.rows() if row["code"] == code]

    def named(self, code, **values):
        """The finding is reported with these values, in rows and in sentences."""
        rows = self.found(code)
        require(rows, f"{code} is not among {[row['code'] for row in self.rows()]}")
        for key, value in values.items():
            require(rows[0][key] == value, f"{key} is {rows[0][key]!r}, not {value!r}")
        require(not rows[0]["fixed"] and rows[0]["message"], f"{rows[0]}")
        severity = codes_in_sources()[code]
        text = self.box.run("check").out.decode()
        where = rows[0]["file"] + (f":{rows[0]['line']}" if rows[0]["line"] else "")
        line = f"{where}: {rows[0]['severity']}: {rows[0]['message']} [{code}]\n"
        require(line in text, f"{line!r} is not printed")
        if rows[0]["cure"]:
            root = "  to fix it (as root):\n" if rows[0]["as_root"] else ""
            require(f"{root}    {rows[0]['cure']}\n" in text, "the cure is not printed")
        # every database but for root's lines has the severity of the code
        require(rows[0]["severity"] in (severity, "note"), f"{rows[0]['severity']}")
        return rows[0]

    def gone(self, code):
        """The finding is not reported. If there are no others, users can map their ids."""
        rows = self.rows()
        left = [row for row in rows if row["code"] == code]
        require(not left, f"not fixed: {left}")
        if all(row["severity"] == "note" for row in rows):
            for user in (ELSA, ANNA, BOB):
                self.healthy(user.name)

    def healthy(self, user):
        """The doctor makes the map writers map what the user has."""
        if {row["kind"] for row in json.loads(self.box.run("list", "--json", user).out)["ranges"]
                } != {"uid", "gid"}:
            return
        directory = self.host.subjects["ours", "setuid"].directory
        self.host.write("/etc/login.defs", f"ENV_PATH PATH={directory}:{CLEAN_PATH}\n")
        links = json.loads(self.box.run("doctor", "--json", user).out)["links"]
        self.host.reset_etc("login.defs")
        mapped = [link["state"] for link in links if link["link"] == "mapping"]
        require(mapped == ["good", "good"], f"nothing is mapped for {user}: {links}")
        bad = [link for link in links if link["state"] == "broken"]
        require(not bad, f"the doctor of {user} reports {bad}")

    def fix(self, row):
        """Runs the command as it is printed."""
        cure = row["cure"] or ""
        require(re.match(r"(subid|chmod|chown|cp|install|rm|setcap|mount|test|dpkg-statoverride) ", cure)
                and not re.search(r"\b(sed|FIRST|LAST|COUNT|OWNER|usermod-ext -[VW])\b", cure),
                f"no command: {cure!r}")
        require(row["as_root"], f"it does not say that root runs it: {row}")
        self.cures.carry_out(row["code"], cure)
        self.fixed.add(row["code"])

    def fix_all(self):
        """Runs all commands of one report in their order."""
        for row in self.rows():
            if row["cure"] and row["severity"] != "note":
                self.fix(row)

    def cured(self, code, **values):
        row = self.named(code, **values)
        self.fix(row)
        for again in self.found(code):
            self.fix(again)
        self.gone(code)
        return row

    def after(self, uid, gid=None):
        """The whole content of the databases."""
        found = read("/etc/subuid").decode(), read("/etc/subgid").decode()
        require(found == (uid, uid if gid is None else gid), f"{found}")


CASES = {}


def case(*codes):
    def add(function):
        for code in codes:
            require(code not in CASES, f"{code} has two cases")
            CASES[code] = function
        return function
    return add


def by_line(code, line, cure, new="", **values):
    """A line that grants nothing, between good ones; the printed command rewrites it in
    its place, or removes it, and touches no other line."""
    @case(code)
    def _(s):
        text = line if isinstance(line, bytes) else line.encode()
        s.put(GOOD.encode() + text + b"\nanna:200000:10\n")
        row = s.named(code, line=2, kind="uid", **values)
        require(row["cure"] == f"subid fix -u {cure}", f"{row['cure']!r}, not {cure!r}")
        s.fix(row)
        for again in s.found(code):
            s.fix(again)
        s.gone(code)
        s.after(GOOD + new + "anna:200000:10\n")


by_line("line-too-long", "anna:" + "1" * 4096 + ":1", "--remove --begins anna:" + "1" * 155)
by_line("line-nul", b"anna:1\0:1", "--remove --begins anna:1")
by_line("line-fields", "anna:700000", "--as 700000-765535 anna:700000", "anna:700000:65536\n")
by_line("owner-empty", ":100000:65536", "--remove :100000:65536")
by_line("owner-long", "a" * 257 + ":100000:65536", "--remove --begins " + "a" * 160)
by_line("owner-sign", "-anna:700000:1", "--owner anna -- -anna:700000:1", "anna:700000:1\n")
by_line("owner-blank", " anna:700000:1", "' anna:700000:1'", "anna:700000:1\n")
by_line("owner-number", "05002:200000:15", "--owner anna 05002:200000:15", "anna:200010:5\n")
by_line("start-number", "anna:a:1", "--remove anna:a:1")
by_line("count-number", "anna:1:2/3*[4]", "--remove 'anna:1:2/3*[4]'")
by_line("count-cr", "anna:300000:5\r", "\"$(printf 'anna:300000:5\\015')\"", "anna:300000:5\n")
by_line("count-blank", "anna:300000:5 ", "'anna:300000:5 '", "anna:300000:5\n")
by_line("count-zero", "anna:300000:0", "--remove anna:300000:0")
by_line("range-beyond", "anna:4294967290:20", "anna:4294967290:20", "anna:4294967290:5\n")
by_line("read-differently", "anna:0300000:65536",
        "--as 300000-365535 anna:0300000:65536", "anna:300000:65536\n", owner="anna")


@case("owner-odd")
def _(s):
    """Quotes, markup, marks that are not visible, variables, and another case: the user
    who is likely meant gets the ids, if they are free; else the owner loses them."""
    for owner, shown, likely in (
            ('"anna"', '"anna"', "anna"), ("Anna", "Anna", "anna"), ("**anna**",) * 2 + ("anna",),
            ("\ufeffanna", "\\xef\\xbb\\xbfanna", "anna"), ("<5003>", "<5003>", "bob"),
            ("an\u200bna", "an\\xe2\\x80\\x8bna", "anna"), ("'nobody",) * 2 + ("nobody",),
            ("@anna", "@anna", "anna"), ("$USER", "$USER", None), ("${USER}", "${USER}", None),
            ("{{ user }}", "{{\\x20user\\x20}}", None)):
        s.put(f"{GOOD}{owner}:700000:10\nanna:200000:10\n")
        row = s.named("owner-odd", line=2, severity="warning")
        require(f"the name {shown}" in row["message"], f"{row}")
        require((f"likely {likely} is meant" in row["message"]) == bool(likely), f"{row}")
        for row in s.found("owner-odd"):
            s.fix(row)
        s.gone("owner-odd")
        s.after(GOOD + (f"{likely}:700000:10\n" if likely else "") + "anna:200000:10\n")
    s.put(f"{GOOD}Anna:165530:10\n")
    row = s.named("owner-odd", line=2)
    require("its ids are not free" in row["message"], f"{row}")
    s.fix_all()
    s.after(GOOD)
    # names that directory services have
    s.put("joe@corp.example:700000:10\nCORP\\dom users:800000:10\nhost$:900000:1\n"
          "jos\u00e9:910000:1\n")
    require(not s.found("owner-odd"), f"{s.rows()}")


@case("no-final-newline")
def _(s):
    s.put(GOOD.rstrip())
    s.cured("no-final-newline", line=1)
    with open("/etc/subuid") as file:
        require(file.read() == GOOD, "the database is another one")


@case("id-zero")
def _(s):
    s.put("elsa:0:10\n")
    s.cured("id-zero", owner="elsa", first=0, last=0)


@case("no-id")
def _(s):
    s.put("elsa:4294967000:296\n")
    s.cured("no-id", first=4294967295, last=4294967295)


@case("reserved")
def _(s):
    s.put("elsa:61000:1000\n")
    row = s.named("reserved", owner="elsa", first=61184, last=61999, severity="warning")
    require(not row["cure"], f"a cure: {row['cure']}")
    s.put("root:61000:1000\n")
    s.named("reserved", owner="root", severity="note")


def rules(box, text):
    os.makedirs("/etc/subid.d", mode=0o755, exist_ok=True)
    box.host.write("/etc/subid.d/site.conf", text)
    os.chmod("/etc/subid.d/site.conf", 0o644)


@case("not-as-assigned")
def _(s):
    """Outside the pool; not at the place of the uid; in a pool of others. What is declared to be
    on purpose is silent."""
    try:
        pool = "pool p 3000000-3000999 count=10\n"
        rules(s, pool + "assign user=elsa pool=p\n")
        s.put("elsa:3000000:10\nanna:100000:10\n")
        s.gone("not-as-assigned")
        s.put("elsa:100000:10\nanna:200000:10\n")
        row = s.named("not-as-assigned", line=1, owner="elsa", first=100000, last=100009)
        require(not row["cure"] and "3000000-3000999" in row["message"], f"{row}")
        s.put("elsa:3000000:10\n5002:3000100:10\n")
        row = s.named("not-as-assigned", line=2, owner="5002")
        require("for other users" in row["message"], f"{row}")
        rules(s, pool + "assign uids=5000-5099 pool=p by-uid=5000\n")
        s.put("elsa:3000010:10\nanna:3000020:10\n")
        s.gone("not-as-assigned")
        s.put("elsa:3000020:10\n")
        s.named("not-as-assigned", owner="elsa")
        rules(s, "share elsa anna\nowner nobodys\n")
        s.put("elsa:100000:10\nanna:100000:10\nnobodys:200000:10\n")
        codes = {row["code"] for row in s.rows()}
        require(not codes & {"overlap", "no-account"}, f"{codes}")
        rules(s, "owner nobodys\n")
        require({"overlap"} <= {row["code"] for row in s.rows()}, f"{s.rows()}")
    finally:
        shutil.rmtree("/etc/subid.d")


@case("own-id")
def _(s):
    s.put("elsa:5000:2\n")
    s.cured("own-id", first=5001, last=5001, other="elsa")


@case("account")
def _(s):
    s.put("elsa:5002:3\n", "elsa:6000:1\n")
    row = s.named("account", kind="uid", first=5002, last=5004, other="anna")
    s.put("elsa:5000:3001\n")
    row = s.named("account", kind="uid", first=5002, other="anna")
    s.fix_all()
    left = read("/etc/subuid").decode()
    require("elsa:5000:1\n" in left and "5005" in left, f"ids between accounts are gone: {left}")
    s.put("elsa:5002:3\n", "elsa:6000:1\n")
    row = s.named("account", kind="uid", first=5002, last=5004, other="anna")
    require(s.found("account")[1]["other"] == "team", "the group is not named")
    s.fix(row)
    for row in s.found("account"):
        s.fix(row)
    s.gone("account")
    # primary groups that are no lines of the file of groups, but for the owner's own
    s.host.write("/etc/passwd", f"{PASSWD}zoe:x:7000:150000:::\nzack:x:7001:150007:::\n")
    for text, message in (
            ("elsa:150000:1\n", "the range of elsa holds 150000, the primary gid of zoe"),
            ("zoe:150000:8\n", "the range of zoe holds 150007, the primary gid of zack"),
            ("elsa:149990:20\n", "the range of elsa holds gids of accounts: the first is "
             "150000, the primary gid of zoe, the last 150007"),
            ("elsa:6000:144001\n", "the range of elsa holds gids of accounts: the first is "
             "6000 of team, the last 150000")):
        s.put("", text)
        row = s.named("account", kind="gid", line=1)
        require(row["message"] == message, f"{row}")
        s.fix(row)
        s.gone("account")
    s.put("elsa:100000:65536\n", "elsa:100000:50000\nelsa:150001:6\nelsa:150008:15528\n")
    row = s.named("sides-differ", first=150000)
    require(not row["cure"] and row["message"].endswith("; these gids are not free"), f"{row}")


@case("ambiguous-owner")
def _(s):
    """In both databases, in each line, by name and by uid."""
    s.put("anna:100000:10\n5002:200000:10\n5002:300000:10\n",
          "5004:100000:10\n5002:200000:10\n5002:300000:10\n")
    row = s.named("ambiguous-owner", owner="5002", other="5002", severity="error", line=2)
    require(sorted((row["kind"], row["line"]) for row in s.found("ambiguous-owner"))
            == [("gid", 2), ("gid", 3), ("uid", 2), ("uid", 3)], f"{s.rows()}")
    require(row["cure"] == "subid fix -u --owner anna 5002:200000:10" and
            "--owner 5002 for the login name" in row["message"], f"{row}")
    s.fix(row)
    root_shell(s.host, "subid fix -u --owner 5002 5002:300000:10")
    for row in s.found("ambiguous-owner"):
        s.fix(row)
    s.gone("ambiguous-owner")
    s.after("anna:100000:10\nanna:200000:10\n5004:300000:10\n",
            "5004:100000:10\nanna:200000:10\nanna:300000:10\n")
    # a login name that is no uid is not ambiguous
    s.host.write("/etc/passwd", f"{PASSWD}80025037:x:7000:7000:::\n")
    s.put("80025037:200000:10\n7000:300000:10\n")
    require(not s.rows(), f"{s.rows()}")


@case("spelling")
def _(s):
    """Other names that the name service has for a user; lines by uid and second local
    names are none."""
    directory = NameService(s.host)
    directory.set((Account(7000, 7000, ("joe", "joe@corp.example", "CORP\\joe")),
                   Account(7001, 7001, ("bob", "bob@corp.example"))))
    text = ("joe:100000:10\n7000:200000:10\nCORP\\joe:300000:10\nelsa:400000:10\n"
            "elsatwin:500000:10\nbob@corp.example:600000:10\n")
    s.put(text)
    # the login name bob is a local user's: it is not that of the line
    require([row["line"] for row in s.found("spelling")] == [3, 3], f"{s.found('spelling')}")
    s.cured("spelling", owner="CORP\\joe", other="joe", severity="note", line=3)
    require(read("/etc/subuid") == text.replace("CORP\\joe", "joe").encode(),
            f"{read('/etc/subuid')}")
    require(s.box.run("check").status == DONE, "a note is an error")
    # two of them are one owner
    s.put("joe:100000:10\njoe@corp.example:100005:10\n")
    require(not s.found("overlap"), "a user overlaps with itself")
    s.cured("own-overlap", line=2, otherline=1)
    s.put("joe:100000:10\n", "CORP\\joe:100000:10\n")
    require({row["code"] for row in s.rows()} == {"spelling"}, f"{s.rows()}")


@case("no-account")
def _(s):
    s.put("containers:2147483647:2147483648\n")
    row = s.named("no-account", owner="containers")
    require(row["severity"] == "note" and row["cure"] is None, f"{row}")
    require(s.box.run("check").status == DONE, "a note is an error")
    # the command takes all lines of that owner, and no other
    for owner in ("ghost", "gh o s", "7777"):
        s.put(f"{owner}:100000:10\n{GOOD}{owner}:300000:10\n", GOOD)
        s.cured("no-account", owner=owner, line=1)
        require(read("/etc/subuid") == GOOD.encode(), f"{owner}: {read('/etc/subuid')}")
    # a name that looks like another one is written byte by byte
    s.put("gh\u043est:100000:10\nghost:200000:10\n")
    row = s.named("no-account", owner="gh\u043est")
    require("printf 'gh\\320\\276st'" in row["cure"], f"{row}")
    s.fix(row)
    s.after("ghost:200000:10\n")
    # a user who has another name or uid now, by the backup of passwd, or the home
    s.host.write("/etc/passwd-", f"{PASSWD}ghost:x:7001:7001::/home/ghost:\n"
                 "zoe:x:7002:7002::/home/zoe:\n")
    s.host.write("/etc/passwd", f"{PASSWD}newton:x:7001:7001::/:\nzoe:x:7003:7002::/:\n"
                 "kim:x:7004:7004::/home/old/:\njim:x:7005:7005::/home/former:\n")
    s.put("ghost:100000:10\n7002:200000:10\nzoe:200005:10\nformer:300000:10\n"
          "gone:100005:100\n", "ghost:100000:10\nnewton:100005:10\n")
    said = {row["owner"]: row["message"].partition("; it ")[2] for row in s.found("no-account")}
    require(said == {
        "ghost": "has become newton (uid 7001)", "7002": "has become zoe (uid 7003)", "gone": "",
        "former": "may have become jim (uid 7005), whose home directory has this name"}, f"{said}")
    for row in s.rows():
        if row["cure"]:
            s.fix(row)
    s.after("newton:100000:10\nzoe:200000:5\nzoe:200005:10\njim:300000:10\n",
            "newton:100000:5\nnewton:100005:10\nzoe:200000:15\njim:300000:10\n")
    remove("/etc/passwd-")
    s.host.write("/etc/passwd", PASSWD)
    # a name that is misspelt in one database
    s.put(f"{GOOD}elsa:300000:10\n", f"elsaa:300000:10\n{GOOD.replace('elsa', 'elsaa')}")
    row = s.found("no-account")[0]
    require("; likely elsa (uid " in row["message"] and
            row["cure"] == "subid rename --merge elsaa elsa", f"{row}")
    other = s.named("one-side", cure=None)
    require("; elsaa has these gids, " in other["message"] and s.found("one-side")[1]["cure"] is None
            and len(s.rows()) == 3, f"{s.rows()}")
    s.fix(row)
    require(not s.rows(), f"{s.rows()}")
    # the same ids alone do not show that one person is meant
    s.put("elsa:300000:10\n", "ghost:300000:10\n")
    row = s.found("no-account")[0]
    require("likely" not in row["message"] and "rename" not in row["cure"], f"{row}")
    s.put(GOOD, f"{GOOD}elsaa:300000:10\n")
    require("revoke" in s.named("no-account")["cure"], "elsa has gids")
    s.put("elsa:100000:10\n", "elsaa:100000:10\nelsaa:200000:10\n")
    require("revoke" in s.named("no-account")["cure"], "other ids")
    # a login name that is digits, and no uid
    s.host.write("/etc/passwd", PASSWD.replace("anna:x:5002:", "anna:x:5009:"))
    s.put("5002:100000:10\n")
    s.gone("no-account")
    s.host.write("/etc/passwd", PASSWD)
    s.put("elsa:2147483647:2147483648\n")
    s.gone("no-account")


@case("retired")
def _(s):
    s.put(f"~ghost:200000:10\n{GOOD}~ghost:300000:10\n", GOOD)
    row = s.named("retired", owner="~ghost", line=1)
    require(row["severity"] == "note", f"{row}")
    require(s.box.run("check").status == DONE, "a note is an error")
    s.cured("retired", owner="~ghost", line=1)
    require(read("/etc/subuid") == GOOD.encode(), f"{read('/etc/subuid')}")


@case("retired-account")
def _(s):
    s.put("~ghost:100000:10\n")
    s.host.write("/etc/passwd", f"{PASSWD}~ghost:x:7001:7001::/:\n")
    row = s.named("retired-account", owner="~ghost", line=1)
    require(row["severity"] == "error" and "usermod -l NAME '~ghost'" in row["cure"], f"{row}")
    s.host.write("/etc/passwd", PASSWD)
    s.gone("retired-account")


@case("overlap")
def _(s):
    """By name, by number, and by another name: elsatwin is elsa."""
    s.put("elsa:100000:65536\n5002:165000:10\nelsatwin:300000:1\n")
    s.named("overlap", line=2, other="elsa", otherline=1, first=165000, last=165009)
    s.fix_all()
    s.after("elsa:100000:65536\nelsatwin:300000:1\n")
    # a line that overlaps with several owners loses, though its first id is between theirs
    s.put("elsa:100000:65536\nanna:165536:65536\nbob:900000:1\n5003:165000:65636\n")
    row = s.named("overlap", line=4, other="elsa", first=165000, last=165535)
    require(row["message"].endswith("; 5003 loses them, and keeps of the line 231072-230635")
            or "keeps of the line" not in row["message"], f"{row}")
    s.fix_all()
    s.gone("overlap")
    s.after("elsa:100000:65536\nanna:165536:65536\nbob:900000:1\n")
    # in any order, and with other lines of the same owners
    s.put("anna:100000:10\nelsa:100005:10\nanna:100010:10\nelsa:100000:6\n")
    s.fix_all()
    s.gone("overlap")
    s.gone("own-overlap")
    # an owner without an account loses, though it comes first; the rest of it stays
    s.put("$(id):100000:20\nghost:100000:20\nelsa:100005:10\n")
    for row in s.found("overlap"):
        s.fix(row)
    s.gone("overlap")
    require("elsa:100005:10\n" in read("/etc/subuid").decode(), "elsa has lost ids")
    # a process in a container that uses ids in dispute
    s.put("anna:100000:65536\nelsa:100000:65536\n")
    row = s.named("overlap", line=2, kind="uid")
    require("; process " in row["message"] and " --in-use " in row["cure"] and
            "uses uid 100000" in row["message"], f"{row}")
    s.fix_all()
    s.gone("overlap")
    s.after("anna:100000:65536\n")
    s.put("root:100000:65536\nelsa:100000:65536\n")
    require(s.named("overlap")["severity"] == "note", "root shares ids on purpose")
    require(s.box.run("check").status == DONE, "a note is an error")


@case("duplicate")
def _(s):
    s.put(GOOD + "anna:200000:10\n" + GOOD)
    s.cured("duplicate", line=3, otherline=1)


@case("own-overlap")
def _(s):
    s.put("elsa:100000:65536\n5001:165535:10\n")
    s.cured("own-overlap", line=2, otherline=1)
    s.after("elsa:100000:65536\n5001:165536:9\n")
    s.put("elsa:100:10\nelsa:90:30\nelsatwin:95:3\n5001:119:2\nelsa:100:10\n")
    s.cured("own-overlap")
    s.after("elsa:100:10\nelsa:90:10\nelsa:110:10\n5001:120:1\n")
    # digits that are also another user's login name
    s.put("anna:100:10\n5002:105:10\n")
    row = s.named("own-overlap", line=2)
    require(not row["cure"], f"{row}")
    s.fix_all()
    s.gone("own-overlap")


@case("one-side")
def _(s):
    s.put(GOOD, "")
    s.cured("one-side", kind="uid", first=100000, last=165535)
    s.put("", GOOD)
    s.cured("one-side", kind="gid")
    # taken on the other side: by others' lines, by an account
    for uid, gid in ((GOOD, "anna:100000:65536\n"), ("elsa:5000:10\n", ""),
                     (GOOD, "5003:165535:1\nbob:200000:1\nelsatwin:5:0\n")):
        for sides in ((uid, gid), (gid, uid)):
            s.put(*sides)
            before = read("/etc/subuid"), read("/etc/subgid")
            row = s.named("one-side")
            require("grant" in row["cure"] and "--if-missing" in row["cure"], f"{row}")
            for row in s.found("one-side"):
                s.fix(row)
            s.gone("one-side")
            require(not s.found("overlap"), "ids are given twice")
            require(all(read(f"/etc/{name}").startswith(old) for name, old in
                        zip(("subuid", "subgid"), before)), "a line has changed")


@case("kubelet-range")
def _(s):
    """Every rule of kubelet. A line that kubelet takes stays, and the other database gets the
    same; anything else is replaced in both."""
    good, far = "kubelet:65536:65536\n", "kubelet:524288:65536\n"
    for account in ("kubelet:x:996:996::/:/bin/false\n", ""):
        with open("/etc/passwd", "a", encoding="utf-8") as file:
            file.write(account)
        for uid, gid, words, after in (
                ("kubelet:100000:65536\n", None, "100000, is not", None),
                ("kubelet:65536:100000\n", None, "kubelet has 100000 ", None),
                (good + far, None, "2 lines", None), (good, far, "not the same", good),
                (good, "", "has no line", good), ("", good, "has no line", good),
                (good + "elsa:524288:65536\nelsa:131072:10\n", far, "not the same", None),
                ("996:100000:10\n" + good, far, "2 lines", far)):
            if not account and "996" in uid:
                continue
            s.put(uid, gid)
            row = s.cured("kubelet-range", kind="uid" if uid else "gid")
            require(words in row["message"], f"{row}")
            left = [row for row in s.rows() if row["owner"] == "kubelet"]
            require(not [row for row in left if row["code"] != "no-account"], f"{left}")
            if after:
                s.after(after)
        s.put(good)
        s.gone("kubelet-range")
        with open("/etc/passwd", encoding="utf-8") as file:
            lines = [line for line in file if not line.startswith("kubelet")]
        s.host.write("/etc/passwd", "".join(lines))


@case("sides-differ")
def _(s):
    s.put(GOOD, "elsa:100000:65535\n")
    row = s.cured("sides-differ", kind="uid", first=165535, last=165535)
    require(row["severity"] == "note", "different ids are not wrong")
    s.put(GOOD, "elsa:100000:65535\n5002:165535:1\n")
    row = s.named("sides-differ", kind="uid", owner="elsa")
    require(not row["cure"] and row["message"].endswith("; these gids are not free"), f"{row}")


# --- files ---

@case("file-symlink")
def _(s):
    s.put(GOOD)
    os.rename("/etc/subuid", "/etc/elsewhere")
    os.symlink("elsewhere", "/etc/subuid")
    approved(s, "file-symlink")
    remove("/etc/elsewhere")
    for target in ("nowhere", "subuid", "/etc", "/dev/null"):
        remove("/etc/subuid")
        os.symlink(target, "/etc/subuid")
        emptied(s, "file-symlink")
        require(os.readlink("/etc/subuid.old") == target, "the link is lost")


def approved(s, code):
    """The cure shows the lines that would be valid, and changes nothing without the answer."""
    before = identity("/etc/subuid")
    row = s.named(code, file="/etc/subuid")
    for answer in (b"", b"no\n"):
        found = root_shell(s.host, row["cure"], answer)
        require(found.returncode != 0 and GOOD.encode() in found.stdout, f"{found}")
        require(identity("/etc/subuid") == before, "the file is another")
        # a link may lead to any file
        require(mode_of("/etc/subuid.new") == 0o600, "every user can read the copy")
    meanwhile = row["cure"].replace("test ", "echo anna:300000:1 >>/etc/subuid; test ", 1)
    found = root_shell(s.host, meanwhile)
    require(found.returncode != 0 and read("/etc/subuid").decode() == GOOD + "anna:300000:1\n",
            f"a line that was written meanwhile is lost: {found}")
    with open("/etc/subuid", "w", encoding="ascii") as file:
        file.write(GOOD)
    s.cured(code)
    require(read("/etc/subuid").decode() == GOOD, "the content is another")
    require(mode_of("/etc/subuid") == 0o644 and os.stat("/etc/subuid").st_uid == 0, "not root's")


def emptied(s, code):
    """The cure renames what was there; the next report is about an empty database."""
    remove("/etc/subuid.old")
    s.cured(code)
    require(read("/etc/subuid") == b"" and os.path.lexists("/etc/subuid.old"), "not kept")


@case("file-not-regular")
def _(s):
    s.put(GOOD)
    for make in (os.mkdir, os.mkfifo):
        remove("/etc/subuid")
        make("/etc/subuid")
        emptied(s, "file-not-regular")


@case("file-huge")
def _(s):
    s.put(GOOD)
    os.truncate("/etc/subuid", 2**30 + 1)
    emptied(s, "file-huge")
    remove("/etc/subuid.old")


@case("file-writable")
def _(s):
    s.put(GOOD)
    os.chmod("/etc/subuid", 0o666)
    s.box.run("check", "--fix")
    approved(s, "file-writable")


@case("file-foreign")
def _(s):
    s.put(GOOD)
    os.chown("/etc/subuid", ELSA.uid, 0)
    s.box.run("check", "--fix")
    approved(s, "file-foreign")


@case("file-group-writable")
def _(s):
    s.put(GOOD)
    os.chown("/etc/subuid", 0, 6000)
    os.chmod("/etc/subuid", 0o664)
    s.cured("file-group-writable")


@case("file-unreadable")
def _(s):
    s.put(GOOD)
    os.chmod("/etc/subuid", 0o600)
    s.cured("file-unreadable")


@case("backup-linked")
def _(s):
    s.put(GOOD)
    os.link("/etc/subuid", "/etc/subuid-")
    s.cured("backup-linked", file="/etc/subuid-")
    with open("/etc/subuid-") as file:
        require(file.read() == GOOD, "the backup is gone")


@case("backup-writable")
def _(s):
    s.put(GOOD)
    s.host.write("/etc/subuid-", GOOD, 0o646)
    s.cured("backup-writable")


def dead_pid():
    child = subprocess.Popen(["/bin/true"])
    child.wait()
    return child.pid


@case("lock-left")
def _(s):
    s.put(GOOD)
    s.host.write("/etc/subuid.lock", f"{dead_pid()}\0")
    s.cured("lock-left", file="/etc/subuid.lock")
    s.host.write("/etc/subuid.lock", f"{os.getpid()}\0")
    s.host.write("/etc/subuid.subid-new", "x")
    s.gone("lock-left")
    s.gone("temporary-left")


@case("temporary-left")
def _(s):
    s.put(GOOD)
    for name in (f"subgid.{dead_pid()}", "subuid.subid-new", "subgid.subid-undo"):
        s.host.write(f"/etc/{name}", "x")
        s.cured("temporary-left", file=f"/etc/{name}")


# --- map writers ---

def install(s, directory, **options):
    """Copies of our map writers, first in PATH."""
    s.put(GOOD)
    mount("tmpfs", directory, "tmpfs", options.pop("flags", 0), "mode=755")
    for mapper in MAPPERS:
        shutil.copyfile(s.host.subjects["ours", "bare"].path(mapper), f"{directory}/{mapper}")
        os.chmod(f"{directory}/{mapper}", 0o4755)
    return f"{directory}/newuidmap"


@case("mapper-missing")
def _(s):
    s.put(GOOD)
    writable(s.host, "/usr/bin")
    s.gone("mapper-missing")
    os.rename("/usr/bin/newuidmap", "/usr/bin/away")
    row = s.named("mapper-missing", file="newuidmap", kind="uid")
    require("install it" in row["cure"], f"{row}")
    os.rename("/usr/bin/away", "/usr/bin/newuidmap")
    s.gone("mapper-missing")
    # a file that cannot be read is not missing
    os.chmod("/usr/bin/newuidmap", 0o4711)
    result = s.box.run("check", caller=ELSA)
    require(result.status == UNREADABLE and b"mapper-missing" not in result.out
            and b"/usr/bin/newuidmap: Permission denied" in result.err, f"{result}")


@case("helper-unusable")
def _(s):
    install(s, "/usr/local/bin")
    s.host.install_helper()
    path = s.host.helper
    try:
        s.gone("helper-unusable")
        os.chmod(path, 0o755)
        s.cured("helper-unusable", file=path)
        for spoil in (lambda: os.chown(path, 5002, 0), lambda: os.chmod(path, 0o731),
                      lambda: os.chmod(os.path.dirname(path), 0o777), lambda: os.unlink(path),
                      lambda: s.host.write(path, "no program", 0o711)):
            s.host.install_helper()
            spoil()
            row = s.named("helper-unusable", file=path)
            require("install" in row["cure"] and not row["as_root"], f"{row}")
    finally:
        s.host.install_helper()
    s.gone("helper-unusable")
    # where our map writers are not installed, theirs need no helper
    umount("/usr/local/bin")
    os.chmod(path, 0o755)
    require(not s.found("helper-unusable"), "it is reported without our map writers")
    s.host.install_helper()


@case("mapper-no-privilege")
def _(s):
    s.put(GOOD)
    path = install(s, "/usr/local/bin")
    os.chmod(path, 0o755)
    s.cured("mapper-no-privilege", file=path)
    # dpkg removes the bit that chmod sets, unless its own record has it
    writable(s.host, "/var/lib/dpkg")
    for mode, command in ((None, "chmod 4755"), ("0755", "dpkg-statoverride"),
                          ("755", "dpkg-statoverride"), ("04755", "chmod 4755"),
                          ("4755", "chmod 4755")):
        lines = "" if mode is None else f"root root {mode} {path}\n"
        s.host.write("/var/lib/dpkg/statoverride", f"root root 0755 {path}x\n{lines}")
        os.chmod(path, 0o755)
        row = s.cured("mapper-no-privilege", file=path)
        require(row["cure"].startswith(command), f"{mode}: {row}")
    require(f"root root 4755 {path}\n" in open("/var/lib/dpkg/statoverride").read(),
            "the record is not the new one")
    root_shell(s.host, f"setcap cap_setgid=ep {path}")
    os.chmod(path, 0o755)
    s.cured("mapper-no-privilege")
    # a file that others could write is not made setuid root
    for owner, mode in ((5002, 0o4755), (5002, 0o755), (0, 0o775), (0, 0o757)):
        os.chown(path, owner, owner)
        os.chmod(path, mode)
        row = s.named("mapper-no-privilege", file=path)
        require(row["cure"] == f"install {path} again, as root: others could change it",
                f"{row}")
    os.unlink(path)
    s.gone("mapper-no-privilege")


@case("comment")
def _(s):
    for comment in ("# Managed by Puppet", "#elsa:100000:65536", "#'x'", "# " + "x" * 300):
        s.put(f"anna:300000:65536\n{comment}\n{GOOD}# another\n", f"anna:300000:65536\n{GOOD}")
        require(s.box.run("check").status == DONE, "a note is an error")
        row = s.named("comment", line=2)
        s.fix(row)
        s.fix(s.named("comment", line=3))
        s.gone("comment")
        s.after(f"anna:300000:65536\n{GOOD}")


def name_sources(s, text):
    s.host.reset_etc("nsswitch.conf")
    with open("/etc/nsswitch.conf", "a", encoding="utf-8") as file:
        file.write(text)


@case("nsswitch-key")
def _(s):
    s.put(GOOD)
    for text in (" subid: sss\n", "subuid: files\n", "\tSUBGID : files\n", "subid : files\n"):
        name_sources(s, text)
        row = s.named("nsswitch-key", file="/etc/nsswitch.conf")
        require(row["cure"] == "begin the line with 'subid:'", f"{row}")
    for text in ("subid: files\n", "Subid:files\n", "#subuid: files\n", "subuidx: files\n", ""):
        name_sources(s, text)
        s.gone("nsswitch-key")
    s.host.reset_etc("nsswitch.conf")


@case("nsswitch-plugin")
def _(s):
    s.put(GOOD)
    for word in ("systemd", "db"):
        name_sources(s, f"subid: {word} files\n")
        row = s.named("nsswitch-plugin", file="/etc/nsswitch.conf")
        require(f"libsubid_{word}.so is not installed" in row["message"], f"{row}")
    name_sources(s, "subid: files\n")
    s.gone("nsswitch-plugin")
    s.host.reset_etc("nsswitch.conf")


@case("mapper-nosuid")
def _(s):
    s.put(GOOD)
    path = install(s, "/usr/local/bin", flags=MS_NOSUID)
    s.cured("mapper-nosuid", file=path)


@case("mapper-writable")
def _(s):
    s.put(GOOD)
    path = install(s, "/usr/local/bin")
    os.chmod(path, 0o4775)
    s.cured("mapper-writable", file=path)


def each_case(box):
    """Each case, while elsa is logged in and has a process in a container."""
    report, known = box.report, codes_in_sources()
    cures, fixed = Cures(box.host), set()
    report.check("every code has a case", known.keys() == CASES.keys(),
                 f"{known.keys() ^ CASES.keys()}")
    with open(f"{TOP}/subid/subid-check.1") as file:
        written = dict(re.findall(r"^\.It Sy ([a-z-]+) Pq ([a-z]+)$", file.read(), re.M))
    report.check("the manual has every code and its severity", known == written,
                 f"{set(known.items()) ^ set(written.items())}")
    for code, function in CASES.items():
        box.host.reset_etc()
        sweep()
        try:
            with own_mounts(), logged_in(box.host):
                function(Case(box, cures, fixed))
        except Wrong as wrong:
            report.fail(f"finding {code}", str(wrong))
        else:
            report.ok(f"finding {code}")
    cures.print("check")
    report.check("a command removes every finding, but for a closed list",
                 fixed | NO_COMMAND_FINDINGS.keys() == known.keys(),
                 f"{known.keys() ^ (fixed | NO_COMMAND_FINDINGS.keys())}")
    report.check("none of that list has a command", not fixed & NO_COMMAND_FINDINGS.keys(),
                 f"{fixed & NO_COMMAND_FINDINGS.keys()}")


def sweep():
    for name in os.listdir("/etc"):
        if name.startswith(("subuid", "subgid")) and name not in ("subuid", "subgid"):
            remove(f"/etc/{name}")
    for name in ("subuid", "subgid"):
        remove(f"/etc/{name}")


# --- the name service ---

def silent(box):
    """An owner without an answer is neither reported as missing nor removed; the exit status
    is the same whatever else is found."""
    sweep()
    text = "elsa:100000:10\nghost:200000:10\n12345:300000:10\nghost:400000:10\nanna:0500:1\n"
    with own_mounts():
        directory = NameService(box.host)
        box.put(text, text)
        rows = box.rows("check", status=FINDINGS)
        box.check("owners who are known not to exist", sorted(
            (row["owner"], row["cure"]) for row in rows if row["code"] == "no-account"),
            [(owner, f"subid revoke --no-account {owner}") for owner in ("12345", "ghost")])
        for mode in SILENT:
            directory.mode(*mode)
            result = box.run("check", "--json")
            rows = json.loads(result.out)["findings"]
            about = f"{result}"
            box.report.check(f"{mode}: exit status", result.status == UNREADABLE, about)
            box.report.check(f"{mode}: what else is wrong is reported",
                             {row["code"] for row in rows} == {"read-differently"}, about)
            box.report.check(f"{mode}: how many are not known", re.search(
                r"^subid: note: the name service [a-z ]+; owners that could not be looked "
                "up: 2$", words(result)), about)
            box.put("elsa:100000:10\n", "elsa:100000:10\n")
            result = box.run("check")
            box.report.check(f"{mode}: about ids alone", result.status == UNREADABLE and
                             not result.out and "what it knows of owners and ids is missing here"
                             in words(result), f"{result}")
            # the command would depend on the owner
            box.put("elsa:100000:10\nghost:100000:10\n", "")
            rows = json.loads(box.run("check", "--json").out)["findings"]
            box.report.check(f"{mode}: nothing is to be removed", rows and not any(
                re.match("subid (revoke|fix|rename)", row["cure"] or "")
                for row in rows), f"{rows}")
            rules(box, "pool p 3000000-3000999\nassign uids=7000-7099 pool=p\n")
            box.put("ghost:3000000:10\n", "ghost:3000000:10\n")
            rows = json.loads(box.run("check", "--json").out)["findings"]
            shutil.rmtree("/etc/subid.d")
            box.check(f"{mode}: the pool of an owner who is not known", rows, [])
            box.put(text, text)
        directory.mode()
        # a module that is not installed: as if its name were not there
        directory.sources("files nosuchservice")
        result = box.run("check", "--json")
        box.report.check("a module that is not installed", result.status == FINDINGS and
                         not result.err and b"revoke --no-account ghost" in result.out,
                         f"{result}")
        directory.sources("files")
        os.chmod("/etc/nsswitch.conf", 0)
        result = box.run("check", caller=ELSA)
        box.report.check("nsswitch.conf cannot be read", result.status == UNREADABLE and
                         "/etc/nsswitch.conf: Permission denied" in words(result), f"{result}")


def digits(box):
    """A uid that is the login name of an account of the name service, or the reverse."""
    sweep()
    with own_mounts():
        directory = NameService(box.host)
        directory.set((Account(9001, 9001, ("5001",)), Account(12345, 1, ("joe",)),
                       Account(9002, 1, ("12345",)), Account(9003, 1, ("80025037",)),
                       Account(999, 1, ("999",))))
        lines = ("5001:100000:1\n12345:200000:1\n80025037:300000:1\n999:400000:1\n"
                 "5003:500000:1\n54321:600000:1\n")
        box.put(lines, lines)
        rows = box.rows("check", status=FINDINGS)
        box.check("digits: what is in dispute", sorted(
            (row["kind"], row["code"], row["owner"]) for row in rows), [
                ("gid", "ambiguous-owner", "12345"), ("gid", "ambiguous-owner", "5001"),
                ("uid", "ambiguous-owner", "12345"), ("uid", "ambiguous-owner", "5001"),
                ("uid", "no-account", "54321")])
        for call, unknown in (("getpwnam", 2), ("getpwuid", 4)):
            directory.mode("unavail", 2, call)
            result = box.run("check", "--json")
            box.report.check(f"digits: {call} is silent", result.status == UNREADABLE and
                             b"no-account" not in result.out and
                             words(result).endswith(f"looked up: {unknown}\n"), f"{result}")
            directory.mode()


def asked_about(result):
    """How many ids a name service was asked about, and the largest gap between them."""
    found = re.search(r"asked about: ([0-9]+); the largest gap between them: ([0-9]+)\n$",
                      words(result))
    return (int(found[1]), int(found[2])) if found else (0, 0)


def too_slow(result, got, wanted):
    """Whether the machine cannot ask enough: each range where nothing is found took its part
    of the time, and what is found in others is right, though not all of a block."""
    whole = {row[:2]: row for row in wanted}
    rows = {row[:2]: row for row in got}
    return (result.seconds >= BUDGET * (1 - len(rows) / len(whole)) > 0
            and rows.keys() <= whole.keys() and all(
                whole[key][2] <= row[2] <= row[3] <= whole[key][3]
                for key, row in rows.items()))


def network(box):
    """Ids of accounts that only the name service has, in the ranges of many lines."""
    sweep()
    size, block, n = 65536, 60, 6
    with own_mounts():
        directory = NameService(box.host)
        begins = [100000 + i * size + 7 + i * 9001 for i in range(n)]
        ids = [begin + i for begin in begins for i in range(block)]
        text = "".join(f"{'elsa' if i % 2 else 'anna'}:{100000 + i * size}:{size}\n"
                       for i in range(n))
        box.put(text + "bob:4000000:1\n", text)
        users = tuple(Account(number, 300000000 + number, (f"u{number}",)) for number in ids)
        groups = tuple((number, f"g{number}") for number in ids)
        for enumerates in (True, False):
            directory.set(users, groups, enumerates=enumerates)
            result = box.run("check", "--json", "--verbose")
            rows = [row for row in json.loads(result.out)["findings"]
                    if row["code"] == "account"]
            about = f"enumerates {enumerates}: {rows} {result}"
            got = [(row["kind"], row["line"], row["first"], row["last"], row["other"])
                   for row in rows]
            wanted = [(kind, i + 1, begins[i], begins[i] + block - 1, f"{kind[0]}{begins[i]}")
                      for kind in ("uid", "gid") for i in range(n)]
            asked, gap = asked_about(result)
            slow = gap >= block and not enumerates and too_slow(result, got, wanted)
            box.report.check("accounts in each line of both databases" + (
                ", enumerated" if enumerates else ""), result.status == FINDINGS
                and (got == wanted or slow), about)
            box.report.check("--verbose" + (", enumerated" if enumerates else ""), asked > 0
                             and (gap < block or slow), about)
        # primary groups without a group, whether there are uids to ask about or not
        directory.set((Account(9000, 150000, ("joe",)),), enumerates=True)
        for uids in ("elsa:150000:1\n", ""):
            box.put(uids, "elsa:150000:1\n")
            box.check("a primary group of the name service", [
                row["message"] for row in box.rows("check", status=FINDINGS)
                if row["code"] == "account"],
                ["the range of elsa holds 150000, the primary gid of joe"])
        # an id in a small range is found wherever it is, and one that is free is none
        directory.set((Account(4000077, 1, ("joe",)),))
        for first, status in ((4000000, FINDINGS), (5000000, DONE)):
            box.put(f"elsa:{first}:4096\n", f"elsa:{first}:4096\n")
            result = box.run("check", "--verbose")
            asked, gap = asked_about(result)
            # a machine that is too slow uses all the time, and reports what it left out
            box.report.check(f"4096 ids from {first} on", asked > 0 and (
                result.status == status and gap == 0 or
                result.status in (status, DONE) and gap > 0 and result.seconds >= BUDGET),
                             f"{result}")
        directory.sources("files")
        result = box.run("check", "--verbose")
        box.check("no name service", (result.status, result.err), (DONE, b""))


# --- --fix ---

def read(path):
    with open(path, "rb") as file:
        return file.read()


SPOILT = (b"# ours\n\nelsa:100000:10\nanna:0200:5\nelsa:100000:10\n5001:100000:10\nbad\n"
          b"elsa:300000:1\nelsa:100000:10\nbob:4294967295:1\nelsa:300000:1")
FIXED = (b"# ours\n\nelsa:100000:10\nanna:0200:5\nbad\nelsa:300000:1\n"
          b"bob:4294967295:1\n")


# without accounts
IMAGE_FIXED = FIXED.replace(b"bad\n", b"5001:100000:10\nbad\n")


def spoil(box):
    sweep()
    box.put(SPOILT, SPOILT)
    os.chown("/etc/subgid", 0, 6000)
    os.chmod("/etc/subgid", 0o664)
    box.host.write("/etc/subuid.subid-new", "x")
    box.host.write("/etc/subgid.lock", f"{dead_pid()}\0")


def fix(box):
    """Only repairs that change no user's rights; each is reported; the second time none."""
    spoil(box)
    result = box.run("check", "--fix", "--json")
    box.check("--fix: one line in the system log",
              [line.partition(": ")[2] for line in result.log],
              ["fix lines=10 by uid 0: done"])
    rows = json.loads(result.out)["findings"]
    fixed = sorted(row["code"] for row in rows if row["fixed"])
    box.check("--fix reports each repair", fixed,
              sorted(["duplicate", "duplicate", "duplicate", "no-final-newline",
                      "own-overlap"] * 2 +
                     ["temporary-left", "lock-left", "file-group-writable"]))
    box.check("--fix drops the very same lines alone",
              (read("/etc/subuid"), read("/etc/subgid")), (FIXED, FIXED))
    box.check("the old ones are the backups", read("/etc/subuid-"), SPOILT)
    box.check("mode after --fix", os.stat("/etc/subgid").st_mode & 0o7777, 0o644)
    box.check("nothing is left behind", strays(), [])
    before = os.stat("/etc/subuid").st_ino
    box.check("nothing to do is not recorded", box.run("check", "--fix").log, ())
    rows = box.rows("check", "--fix", status=FINDINGS)
    box.check("nothing is left to repair", [row for row in rows if row["fixed"]], [])
    box.check("and nothing is written", os.stat("/etc/subuid").st_ino, before)
    spoil(box)
    box.run("check")
    box.check("without --fix nothing is changed", read("/etc/subuid"), SPOILT)
    box.put("5003:200000:10\nbob:100000:110000\n", "")
    users = json.loads(box.run("check", "--fix", "--json").out)["users"]
    box.check("the owner of the changed line, by another name than the finding's",
              sorted((user["user"], user["changed"]) for user in users),
              [("5003", False), ("bob", True)])


def linked_image(box):
    """In an image /etc may be a symbolic link: it means what it means inside."""
    directory = tempfile.mkdtemp(dir=box.host.tmpdir)
    sweep()
    box.put(SPOILT, SPOILT)
    os.makedirs(f"{directory}/usr/etc")
    for name in ("subuid", "subgid"):
        box.host.write(f"{directory}/usr/etc/{name}", SPOILT)
    for target in ("usr/etc", "/usr/etc", "../../../usr/etc"):
        os.symlink(target, f"{directory}/etc")
        box.host.write(f"{directory}/usr/etc/subuid", SPOILT)
        result = box.run("check", "--fix", "--root", directory)
        box.check(f"--fix in an image, /etc -> {target}",
                  (result.err, read(f"{directory}/usr/etc/subuid"), read("/etc/subuid")),
                  (b"", IMAGE_FIXED, SPOILT))
        os.unlink(f"{directory}/etc")
    # the printed commands are about the image's files, not those of this system
    os.symlink("/usr/etc", f"{directory}/etc")
    os.makedirs(f"{directory}/usr/bin")
    os.symlink("/usr/bin", f"{directory}/bin")
    shutil.copy("/usr/bin/newuidmap", f"{directory}/usr/bin/newgidmap")
    os.chmod(f"{directory}/usr/bin/newgidmap", 0o755)
    os.symlink("/bin/bash", f"{directory}/usr/bin/newuidmap")
    os.chmod(f"{directory}/usr/etc/subuid", 0o602)
    os.unlink(f"{directory}/usr/etc/subgid")
    os.symlink("/etc/shadow", f"{directory}/usr/etc/subgid")
    found = box.rows("check", "--all", "--root", directory, status=FINDINGS)
    box.report.check("no command is for a file outside an image", all(
        row["file"].startswith(f"{directory}/usr/") for row in found)
        and {"file-writable", "file-symlink", "mapper-no-privilege"}
        <= {row["code"] for row in found}, f"{found}")
    box.report.check("nor does one copy what a link means here, or make it setuid",
                     not any("readlink" in row["cure"] or "newuidmap" in row["cure"]
                             for row in found if row["cure"]), f"{found}")
    os.unlink(f"{directory}/etc")
    os.symlink("/proc/self/root/etc", f"{directory}/etc")
    result = box.run("check", "--fix", "--root", directory)
    box.check("--fix: no link leads out of an image",
              (result.status, read("/etc/subuid")), (UNREADABLE, SPOILT))
    shutil.rmtree(directory)


def mode_of(path):
    return os.stat(path).st_mode & 0o7777


def others_files(box):
    """A name in an image may be that of another user's file: neither --fix nor the printed
    command changes its mode."""
    directory = tempfile.mkdtemp(dir=f"{box.host.tmpdir}/bin")
    etc = f"{directory}/etc"
    os.mkdir(etc)
    for owner in (ELSA.uid, 0):
        os.chown(etc, owner, 0)
        box.host.write(f"{directory}/shared", GOOD, 0o666)
        box.host.write(f"{directory}/team", GOOD, 0o664, (0, 6000))
        for source, name in (("shared", "subuid-"), ("team", "subuid"), ("team", "subgid")):
            remove(f"{etc}/{name}")
            os.link(f"{directory}/{source}", f"{etc}/{name}")
        fixed = codes_fixed(box.run("check", "--fix", "--json", "--root", directory))
        rows = box.rows("check", "--root", directory, status=FINDINGS)
        for row in rows:
            if row["cure"] and "chmod" in row["cure"]:
                root_shell(box.host, row["cure"])
        box.check(f"names of files elsewhere, the directory is {owner}'s: nothing is fixed",
                  fixed, [])
        box.check("... and reported", {"backup-writable", "file-group-writable"} <=
                  {row["code"] for row in rows}, True)
        box.check("... their modes stay", (mode_of(f"{directory}/shared"),
                                           mode_of(f"{directory}/team")), (0o666, 0o664))
        box.check("... the printed command fixes it", [
            mode_of(f"{etc}/{name}") for name in ("subuid-", "subuid", "subgid")],
            [0o664, 0o644, 0o644])
    # one name, and another owner than the directory has
    box.host.write(f"{etc}/subuid-", GOOD, 0o646, (ELSA.uid, 0))
    box.check("a file of another owner: nothing is fixed",
              (codes_fixed(box.run("check", "--fix", "--json", "--root", directory)),
               mode_of(f"{etc}/subuid-")), ([], 0o646))
    # the second name is that of the backup
    sweep()
    box.put(GOOD, GOOD)
    os.chown("/etc/subuid", 0, 6000)
    os.chmod("/etc/subuid", 0o664)
    os.link("/etc/subuid", "/etc/subuid-")
    box.check("a database that is its own backup, too",
              (codes_fixed(box.run("check", "--fix", "--json")), mode_of("/etc/subuid")),
              (["backup-linked", "file-group-writable"], 0o644))


def strays():
    return sorted(name for name in os.listdir("/etc") if name.startswith(("subuid", "subgid"))
                  and name not in ("subuid", "subgid", "subuid-", "subgid-"))


def kill_sweep(box):
    """A kill at any system call leaves each file old or new, and the next --fix ends it."""
    calls = "openat,write,fsync,fchmod,fchown,linkat,renameat,rename,unlink,unlinkat,close"
    torn, last = [], 0
    for number in range(1, 400, 7 if quick() else 2):
        spoil(box)
        result = box.host.run("/usr/bin/strace", [
            "-f", "-o", "/dev/null", "-e", "trace=" + calls, "-e",
            f"inject={calls}:signal=KILL:when={number}", box.path, "check", "--fix"], ROOT)
        found = read("/etc/subuid"), read("/etc/subgid")
        if any(text not in (SPOILT, FIXED) for text in found):
            torn.append(number)
        box.run("check", "--fix")
        if (read("/etc/subuid"), read("/etc/subgid")) != (FIXED, FIXED) or strays():
            torn.append(-number)
        if result.status in (DONE, FINDINGS, WARNINGS):
            break
        last = number
    box.report.check("killed at any call", not torn and last > 20,
                     f"torn at {torn}, the last kill was at {last}")


# --- when it cannot ---

def troubles(box):
    report = box.report
    sweep()
    box.put(GOOD, GOOD)
    result = box.run("check")
    box.check("a clean system", (result.status, result.out, result.err), (DONE, b"", b""))
    box.check("clean, in JSON", box.rows("check", name="findings"), [])
    for args in (("--unknown",), ("--json", "--raw"), ("-o", "NOTHING"), ("--fix=1",)):
        result = box.run("check", *args)
        report.check(f"misuse: {args}", result.status == USAGE and result.err and
                     not result.out, f"{result}")
    remove("/etc/subuid")
    result = box.run("check")
    report.check("no database", result.status == UNREADABLE and
                 "/etc/subuid: No such file" in words(result), f"{result}")
    box.put(GOOD, GOOD)
    os.chmod("/etc/subgid", 0o600)
    result = box.run("check", caller=ELSA)
    report.check("unreadable for a user", result.status == UNREADABLE and
                 "/etc/subgid: Permission denied" in words(result), f"{result}")
    box.put(f"{GOOD}anna:100000:10\n", "")
    os.mkdir("/etc/subid.d", 0o700)
    result = box.run("check", caller=ELSA)
    report.check("rules that a user cannot read", result.status == UNREADABLE and
                 b"[overlap]" in result.out and b"can be read, perhaps as root: " in result.out and
                 b"name service" not in result.out, f"{result}")
    os.rmdir("/etc/subid.d")
    box.put(SPOILT, GOOD)
    result = box.run("check", caller=ELSA)
    report.check("reading needs no root", result.status == FINDINGS and
                 b"[duplicate]" in result.out, f"{result}")
    result = box.run("check", "--fix", caller=ELSA)
    report.check("--fix as a user", result.status == NOT_PERMITTED and
                 read("/etc/subuid") == SPOILT, f"{result}")
    for name, prepare in (("full", lambda: os.dup2(os.open("/dev/full", os.O_WRONLY), 1)),
                          ("closed", lambda: os.close(1))):
        for args in ((), ("--json",), ("--fix",)):
            result = box.run("check", *args, as_user=prepare)
            report.check(f"standard output is {name}: {args}", result.status == NOT_WRITTEN
                         and result.err, f"{result}")
    def unread():
        read_end, write_end = os.pipe()
        os.close(read_end)
        os.dup2(write_end, 1)
    for args, status in (((), -signal.SIGPIPE), (("--json",), -signal.SIGPIPE),
                         (("--fix",), NOT_WRITTEN)):
        box.put(SPOILT, SPOILT)
        result = box.run("check", *args, as_user=unread)
        report.check(f"standard output without a reader: check {args}", result.status == status
                     and (read("/etc/subuid") == FIXED) == (status > 0), f"{result}")
    box.put("elsa:1:1\nelsa\x1b[31m:1:1\n", "")
    report.check("no control character comes through",
                 b"\x1b" not in box.run("check").out, "one does")
    result = box.run("check", "--root", "/nonexistent")
    report.check("no such system", result.status == UNREADABLE and result.err, f"{result}")


def keys(box):
    sweep()
    box.put("elsa:100000:10\nanna:100000:10\n", "")
    rows = box.rows("check", status=FINDINGS)
    box.check("keys are those of the manual", list(rows[0]), documented()["findings"])
    result = box.run("check", "--raw", "-o", "CODE,LINE", "--noheadings")
    box.check("columns", result.out.decode().splitlines()[:1], ["overlap 2"])


def sorted_and_chosen(box):
    """The worst findings come first, then by file and line; options and owners choose some of
    them, and the exit status and the numbers are of those."""
    sweep()
    text = ("# comment\nelsa:100000:10\nghost:200000:10\nanna:100005:10\nelsa:100000:10\n"
            "bob:300000:5\n")
    box.put(text, "elsa:100000:10\nanna:100005:10\nbob:300000:5\n")
    rows = box.rows("check", status=FINDINGS)
    def place(row):
        files = ("/etc/subuid", "/etc/subgid")
        return (RANKS.index(row["severity"]),
                files.index(row["file"]) if row["file"] in files else 2, row["line"] or 0)
    box.check("worst first, then by file and line", [place(row) for row in rows],
              sorted(map(place, rows)))
    found = {row["severity"] for row in rows}
    box.check("... all three", found, set(RANKS))
    out = box.run("check").out.decode().splitlines()
    numbers = [sum(row["severity"] == rank for row in rows) for rank in RANKS]
    box.check("the last line counts them", out[-1],
              "errors: {}, warnings: {}, notes: {}".format(*numbers))
    def names(rows):
        return {row["owner"] for row in rows} | {row["other"] for row in rows}
    for number, rank in enumerate(RANKS):
        wanted = [row for row in rows if row["severity"] in RANKS[:number + 1]]
        result = box.run("check", "--severity", rank, "--json")
        document = json.loads(result.out)
        box.check(f"--severity {rank}", (document["findings"], result.status, document["summary"]),
                  (wanted, status_of(wanted), dict(zip(("errors", "warnings", "notes", "fixed"),
                                                       (*numbers[:number + 1], 0, 0, 0)))
                   | {"fixed": 0}))
    for codes in ("overlap", "duplicate,comment", "no-account", "count-zero"):
        wanted = [row for row in rows if row["code"] in codes.split(",")]
        result = box.run("check", "--code", codes, "--json")
        box.check(f"--code {codes}", (json.loads(result.out)["findings"], result.status),
                  (wanted, status_of(wanted)))
        result = box.run("check", "--code", codes, "--quiet")
        box.check(f"--code {codes} --quiet", result[:3], (status_of(wanted), b"", b""))
    for owner in ("elsa", "5001", "anna", "ghost", "bob"):
        name = "elsa" if owner == "5001" else owner
        wanted = [row for row in rows if name in (row["owner"], row["other"])]
        result = box.run("check", "--json", owner)
        box.check(f"check {owner}", (json.loads(result.out)["findings"], result.status),
                  (wanted, status_of(wanted)))
    both = box.rows("check", "bob", "ghost", status=WARNINGS)
    box.check("two owners", names(both) - {None}, {"ghost"})
    result = box.run("check", "nosuchuser")
    box.report.check("an unknown owner", result.status == NO_USER and not result.out
                     and b"nosuchuser" in result.err, f"{result}")
    for args in (("--severity", "fatal"), ("--code", "overlap,nonsense"), ("--code", ""),
                 ("--quiet", "--json"), ("--before-switch", "elsa"),
                 ("--before-switch", "--severity", "error")):
        result = box.run("check", *args)
        box.report.check(f"misuse: {args}", result.status == USAGE and not result.out and result.err,
                         f"{result}")
    # of an owner all are shown, also more than the first thousand
    box.put("elsa:1000000:1\n" * 1501 + "anna:500000:1\nanna:500000:1\n", "")
    box.check("findings of one owner", len([row for row in box.rows(
        "check", "anna", status=WARNINGS) if row["code"] == "duplicate"]), 1)
    result = box.run("check", "--code", "duplicate")
    box.report.check("those that are not shown count", result.status == WARNINGS
                     and b"errors: 0, warnings: 1501, notes: 0\n" in result.out
                     and b"501 more" in result.err, f"{result.out[-100:]} {result.err}")
    box.put(SPOILT, SPOILT)
    for args in (("--severity", "error"), ("--code", "overlap"), ("anna",)):
        box.put("elsa:1000000:1\nelsa:1000000:1\nanna:500000:1\n", "")
        result = box.run("check", "--fix", *args)
        box.report.check(f"each repair is reported, {args}", b"[duplicate]" in result.out
                         and b"\nfixed: 1, " in result.out, f"{result}")
    box.put(SPOILT, SPOILT)
    result = box.run("check", "--fix", "--code", "duplicate")
    box.report.check("repairs are counted", re.search(rb"^fixed: \d+, errors: 0, warnings: 0, notes: 0$",
                                                    result.out, re.M) and result.status == DONE,
                     f"{result}")


def codes_fixed(result):
    return sorted(row["code"] for row in json.loads(result.out)["findings"] if row["fixed"])


def not_written(box):
    """Repairs made before the databases are written are reported, though that fails."""
    spoil(box)
    box.host.write("/etc/subuid-", "old", 0o646)
    os.link("/etc/subgid", "/etc/subgid-")
    result = box.host.run("/usr/bin/strace", [
        "-f", "-o", "/dev/null", "-e", "trace=renameat", "-e",
        "inject=renameat:error=ENOSPC", box.path, "check", "--fix", "--json"], ROOT)
    box.report.check("not written", result.status == NOT_WRITTEN and
                     b"No space left" in result.err and
                     (read("/etc/subuid"), read("/etc/subgid")) == (SPOILT, SPOILT), f"{result}")
    box.check("... and the repairs that were made are reported", codes_fixed(result), sorted(
        ["temporary-left", "lock-left", "backup-writable", "file-group-writable"]))
    box.check("... as it is", (strays(), [os.stat(f"/etc/{name}").st_mode & 0o7777
                                          for name in ("subuid-", "subgid", "subgid-")]),
              ([], [0o644] * 3))


def read_only(box):
    """The same status as of a grant there; what is only shown is shown."""
    directory = tempfile.mkdtemp(dir=f"{box.host.tmpdir}/bin")
    os.mkdir(f"{directory}/etc")
    for name, content in (("passwd", PASSWD), ("subuid", SPOILT), ("subgid", SPOILT)):
        box.host.write(f"{directory}/etc/{name}", content)
    with own_mounts():
        mount(directory, directory, None, MS_BIND)
        mount(None, directory, None, MS_BIND | MS_REMOUNT | MS_RDONLY)
        for args, status in ((("check", "--fix"), NOT_WRITTEN), (("grant", "bob"), NOT_WRITTEN),
                             (("revoke", "elsa"), NOT_WRITTEN),
                             (("grant", "--dry-run", "--another", "bob"), DONE),
                             (("revoke", "--dry-run", "elsa"), DONE)):
            result = box.run(*args, "--root", directory)
            box.report.check(f"a read-only file system: {' '.join(args)}",
                             result.status == status and
                             (status == DONE) == (b"Read-only" not in result.err) and
                             b"try again later" not in result.err and
                             (result.out or status != DONE), f"{result}")
    shutil.rmtree(directory)


def locked(box):
    """Another process holds the lock of all databases, or of the second one."""
    spoil(box)
    before = strays()
    box.host.write("/etc/subuid-", "old", 0o646)
    fix_it = ("check", "--fix", "--json")
    with process(lambda: hold_lock("/etc/.pwd.lock")) as pid:
        result = box.run(*fix_it, timeout=0.5 if quick() else 20)
        box.report.check("locked" + (": it waits" if quick() else ", and names the process"),
                         result.status == -signal.SIGALRM if quick()
                         else result.status == LOCKED and f"by PID {pid}" in words(result)
                         and codes_fixed(result) == [] and len(result.log) == 1, f"{result}")
        box.check("... changes nothing", (read("/etc/subuid"), read("/etc/subgid"), strays(),
                                          os.stat("/etc/subuid-").st_mode & 0o7777),
                  (SPOILT, SPOILT, before, 0o646))
    if quick():
        return
    with process() as pid:
        box.host.write("/etc/subgid.lock", f"{pid}\0")
        result = box.run(*fix_it)
        box.report.check("the second is locked", result.status == LOCKED and
                         f"by PID {pid}" in words(result), f"{result}")
        box.check("... earlier repairs are reported", codes_fixed(result), sorted(
            ["temporary-left", "backup-writable", "file-group-writable"]))
        box.check("... and no line is gone", (read("/etc/subuid"), read("/etc/subgid")),
                  (SPOILT, SPOILT))


def hold_lock(path):
    fcntl.lockf(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), fcntl.LOCK_EX)


def full_disk(box):
    """--fix below --root on a full file system: nothing is lost."""
    with own_mounts():
        directory = tempfile.mkdtemp(dir=f"{box.host.tmpdir}/bin")
        mount("tmpfs", directory, "tmpfs", 0, "size=64k,mode=755")
        os.mkdir(f"{directory}/etc")
        for name in ("subuid", "subgid"):
            box.host.write(f"{directory}/etc/{name}", SPOILT)
        with open(f"{directory}/fill", "wb") as file:
            try:
                while True:
                    file.write(b"x" * 4096)
                    file.flush()
            except OSError:
                pass
            finally:
                try:
                    file.close()
                except OSError:
                    pass
        result = box.run("check", "--root", directory, "--fix")
        box.report.check("full disk", result.status in (LOCKED, NOT_WRITTEN) and
                         b"No space left" in result.err and
                         read(f"{directory}/etc/subuid") == SPOILT and
                         sorted(os.listdir(f"{directory}/etc"))[:1] != [], f"{result}")
        os.unlink(f"{directory}/fill")
        result = box.run("check", "--root", directory, "--fix")
        box.report.check("and then there is room", result.status == FINDINGS and
                         read(f"{directory}/etc/subuid") == IMAGE_FIXED, f"{result}")


def interrupted(box):
    """SIGINT while it waits for a lock: the program ends, and nothing is changed."""
    spoil(box)
    before = strays()
    holder = os.open("/etc/.pwd.lock", os.O_WRONLY | os.O_CREAT, 0o600)
    fcntl.lockf(holder, fcntl.LOCK_EX)
    child = subprocess.Popen([box.path, "check", "--fix"], stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE)
    time.sleep(0.3)
    child.send_signal(signal.SIGINT)
    said = child.communicate(timeout=10)[1]
    os.close(holder)
    box.report.check("interrupted", child.returncode == -signal.SIGINT and
                     read("/etc/subuid") == SPOILT and strays() == before,
                     f"{child.returncode} {said}")


def slow_reader(box):
    """The reader of the report may be slow: a signal ends the program at once."""
    sweep()
    box.put(b"elsa:1:1\n" * 20000, b"")
    child = subprocess.Popen([box.path, "check", "--fix", "--all"], stdout=subprocess.PIPE)
    first = child.stdout.read(1)
    child.send_signal(signal.SIGINT)
    try:
        status = child.wait(timeout=10)
    except subprocess.TimeoutExpired:
        child.kill()
        status = child.wait()
    child.stdout.close()
    box.check("a slow reader: SIGINT ends it, and the change is made",
              (first, status, read("/etc/subuid")), (b"/", -signal.SIGINT, b"elsa:1:1\n"))
    box.report.check("... and recorded", sum("fix lines=19999" in line for line in
                                             box.host.read_log()) == 1, "it is not")


# --- a million lines ---

def measure(*args):
    """(status, seconds of processors, bytes of memory)"""
    pid = os.fork()
    if pid == 0:
        null = os.open("/dev/null", os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        os.execv(args[0], args)
    _, status, usage = os.wait4(pid, 0)
    return (os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime,
            usage.ru_maxrss * 1024)


MILLION = (
    # name, a line of both databases, whether there are as many users and groups, and the status
    ("owners", "user{0:06d}:{1}:4000\n", False, DONE),
    ("one owner", "elsa:{1}:4000\n", False, DONE),
    ("overlaps", "user{0:06d}:100000:{2}\n", False, FINDINGS),
    ("no entries", "user{0:06d}:0{1}:4000\n", False, FINDINGS),
    ("users", "user{0:06d}:{1}:4000\n", True, DONE),
    ("users by uid", "{3}:{1}:4000\n", True, DONE),
)
PASSES = 5      # as long as so many passes of awk over the same files


def million(box):
    """1,000,000 lines: of as many owners, of one owner, with an error in each line, and with as
    many users. The time is compared with that of plain passes over the same files, and the memory
    with that of the program without lines."""
    n = 100000 if quick() else 1000000
    empty = tempfile.mkdtemp(dir=f"{box.host.tmpdir}/bin")
    os.mkdir(f"{empty}/etc")
    without = measure(box.path, "check", "--root", empty)[2]
    for name, line, users, status in MILLION:
        directory = tempfile.mkdtemp(dir=f"{box.host.tmpdir}/bin")
        os.mkdir(f"{directory}/etc")
        text = "".join(line.format(i, 2000000 + i * 4000, i + 1, 1000 + i) for i in range(n))
        box.host.write(f"{directory}/etc/subuid", text)
        box.host.write(f"{directory}/etc/subgid", text)
        if users:
            box.host.write(f"{directory}/etc/passwd", "".join(
                f"user{i:06d}:x:{1000 + i}:{1000 + i}:::\n" for i in range(n)))
            box.host.write(f"{directory}/etc/group", "".join(
                f"user{i:06d}:x:{1000 + i}:\n" for i in range(n)))
        paths = [entry.path for entry in os.scandir(f"{directory}/etc")]
        size = sum(map(os.path.getsize, paths))
        pass_over = ["/usr/bin/awk", "-F:", "{ n += $2 + $3 } END { print n }", *paths]
        runs = [(measure(box.path, "check", "--root", directory), measure(*pass_over))
                for _ in range(3)]
        ours, plain = (min(run[i][1] for run in runs) for i in (0, 1))
        memory = max(run[0][2] for run in runs)
        box.report.check(
            f"{n} lines, {name}: {ours / plain:.1f} passes, {memory / size:.1f} times the files",
            runs[0][0][0] == status and ours < PASSES * plain and memory < without + 4 * size + 2**22,
            f"{without} bytes without lines, {runs}")
        shutil.rmtree(directory)
    shutil.rmtree(empty)


def main():
    box = subid_box.enter()
    each_case(box)
    for part in (silent, digits, network, keys, sorted_and_chosen, fix, linked_image, others_files, kill_sweep,
                 troubles, not_written, read_only, locked, full_disk, interrupted, slow_reader,
                 million):
        box.report.part(part, box)
    box.report.finish()


main()
