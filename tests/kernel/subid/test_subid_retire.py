#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""`subid retire` and `release`: ids whose user is gone stay out of every allocator, Debian's
too, go back to the same user and to no other one, and are freed only by release, or by the
days of the policy; commands that are killed at system calls, and whose calls fail."""

import errno
import os
import re
import shutil

import host as host_module
import usermod_box
from host import Account, NameService, built, mount, process, quick, read, remove
from usermod_box import (OLD, Fault, Files, Scenario, available, calls, enter, inject, prepare,
                         tampered, words)

DONE, USAGE, UNREADABLE, NOT_WRITTEN, NO_USER, NONE, BUSY, POLICY = 0, 1, 3, 5, 6, 7, 8, 20
STATE = "/var/lib/subid"
RETIRED = f"{STATE}/retired"
LONG_AGO, NEVER = 1000, 99999999999     # before any clock, and after it
USERADD = "/usr/sbin/useradd"


def records():
    """The lines of the file without their dates."""
    text = (read(RETIRED) or b"").decode()
    return [re.sub(r" \d+ (\w+)$", r" \1", line) for line in text.splitlines()]


class Case:
    """One command, and what it must do to both databases and the records."""

    def __init__(self, box, report):
        self.box, self.report = box, report

    def put(self, text, known=()):
        self.box.sweep()
        self.box.put(text.encode(), text.encode())
        shutil.rmtree(STATE, ignore_errors=True)
        if known:
            os.mkdir(STATE, 0o755)
            self.box.host.write(RETIRED, "".join(line + "\n" for line in known))

    def __call__(self, name, args, status, old, new=None, says=(), left=None, known=(),
                 **options):
        self.put(old, known)
        result = self.box.run(*args, **options)
        new = (old if new is None else new).encode()
        said = words(result)
        self.report.check(
            name, result.status == status and self.box.get() == (new, new)
            and not self.box.strays() and all(word in said for word in says)
            and (says or not said) and (left is None or records() == left),
            f"{result}, {self.box.get()}, {records()}, {self.box.strays()}")
        return result

    def policy(self, text):
        shutil.rmtree("/etc/subid.d", ignore_errors=True)
        if text:
            os.mkdir("/etc/subid.d", 0o755)
            self.box.host.write("/etc/subid.d/10.conf", text)


def both(*lines):
    return [f"{kind} {line}" for kind in ("uid", "gid") for line in lines]


def test_retire(case):
    case("a user", ("retire", "bob"), DONE, "anna:1:2\nbob:100000:10\n#\nbob:200000:5",
         "anna:1:2\n~bob:100000:10\n#\n~bob:200000:5\n",
         left=both("100000 10 bob 5003 retire", "200000 5 bob 5003 retire"))
    case("nothing is written by --dry-run", ("retire", "bob", "--dry-run"), DONE,
         "bob:100000:10\n", left=[])
    case("by uid and another name", ("retire", "elsa"), DONE,
         "5001:100000:10\nelsatwin:100020:10\nanna:7:1\n",
         "~elsa:100000:10\n~elsa:100020:10\nanna:7:1\n",
         left=both("100000 10 elsa 5001 retire", "100020 10 elsa 5001 retire"))
    result = case("a part of a line", ("retire", "bob", "--range", "100003-100004"), DONE,
                  "bob:100000:10\n", "bob:100000:3\n~bob:100003:2\nbob:100005:5\n",
                  left=both("100003 2 bob 5003 retire"))
    case.report.check("the lines that go and come", result.out.decode() == "".join(
        f"- /etc/{name}: bob:100000:10\n+ /etc/{name}: bob:100000:3\n"
        f"+ /etc/{name}: ~bob:100003:2\n+ /etc/{name}: bob:100005:5\n"
        for name in ("subuid", "subgid")), str(result))
    case("lines that share ids give each id once", ("retire", "bob"), DONE,
         "bob:100000:10\nbob:100005:10\n", "~bob:100000:10\n~bob:100010:5\n",
         left=both("100000 10 bob 5003 retire", "100010 5 bob 5003 retire"))
    case("a malformed line that shadow reads", ("retire", "bob"), DONE,
         "bob:0100000:010\n", "~bob:32768:8\n")
    case("a user without account", ("retire", "ghost"), NO_USER, "ghost:100000:10\n",
         says=("user 'ghost' does not exist",))
    case("no account", ("retire", "--no-account", "ghost"), DONE, "ghost:100000:10\n",
         "~ghost:100000:10\n", left=both("100000 10 ghost - retire"))
    case.box.host.write("/etc/passwd-", "ghost:x:7003:7003::/:/bin/sh\n")
    case("the uid is that of the backup", ("retire", "--no-account", "ghost"), DONE,
         "ghost:100000:10\n", "~ghost:100000:10\n", left=both("100000 10 ghost 7003 retire"))
    remove("/etc/passwd-")
    case("a uid without account", ("retire", "--no-account", "7777"), DONE,
         "7777:100000:10\n", "~7777:100000:10\n", left=both("100000 10 7777 7777 retire"))
    case("a name with a space", ("retire", "--no-account", "two words"), DONE,
         "two words:100000:10\n", "~two words:100000:10\n",
         left=both("100000 10 two\\040words - retire"))
    long = "n" * 256
    case("a name that is too long", ("retire", "--no-account", long), DONE,
         f"{long}:100000:10\n", f"~{long[:255]}:100000:10\n",
         left=both(f"100000 10 {long} - retire"))
    case("nothing to retire", ("retire", "bob"), NONE, "anna:1:2\n",
         says=("bob has no subordinate ids",))
    case("nothing to retire any more", ("retire", "bob"), NONE, "anna:1:2\n~bob:100000:10\n",
         says=("the ids of bob are retired already (/etc/subuid:2)",))
    case("retired twice", ("retire", "--no-account", "~bob"), DONE, "~bob:100000:10\n")
    case("an owner that is too long", ("retire", "--range", "100000-100009"), POLICY,
         f"{'x' * 700}:100000:10\n", says=("longer than 256 bytes",))
    case("no user", ("retire",), USAGE, "", says=("a USER or --range is required",))


def test_ranges(case):
    args = ("retire", "--range", "100000-100009")
    case("ids of no user", args, DONE, "anna:100002:2\n".replace("anna", "ghost"),
         "~ghost:100002:2\n~:100000:2\n~:100004:6\n", left=both("100002 2 ghost - retire"))
    case("... again", args, DONE, "~:100000:10\n")
    case("ids of a user", args, POLICY, "anna:100002:2\n",
         says=("belong to anna (/etc/subuid:1): name the user",))
    case("... who is named", (*args, "anna"), DONE, "anna:100002:20\n",
         "~anna:100002:8\nanna:100010:12\n")


def test_release(case):
    case("release", ("release", "--range", "100000-100009"), DONE,
         "~bob:100000:10\nbob:100005:10\n~bob:200000:1\n", "bob:100005:10\n~bob:200000:1\n",
         known=both("100000 10 bob 5003 5 retire", "200000 1 bob 5003 5 retire"),
         left=both("200000 1 bob 5003 retire"))
    case("a part", ("release", "--range", "100003-100003"), DONE, "~bob:100000:10\n",
         "~bob:100000:3\n~bob:100004:6\n", known=both("100000 10 bob 5003 5 retire"),
         left=both("100000 10 bob 5003 retire"))
    case("a user", ("release", "bob"), USAGE, "~bob:100000:10\n",
         says=("'bob': ids are named, not users: --range FIRST-LAST; 'subid list --retired'",))
    case("nothing", ("release", "--range", "1-5"), NONE, "bob:1:5\n",
         says=("no id of 1-5 is retired",))
    case("nothing, and that is right", ("release", "--if-held", "--range", "1-5"), DONE,
         "bob:1:5\n")
    case("no range", ("release",), USAGE, "", says=("--range is required",))
    with process(lambda: os.setresuid(100003, 100003, 100003)) as pid:
        case("a process has the id", ("release", "--range", "100000-100009"), BUSY,
             "~bob:100000:10\n", says=(f"process {pid} ", "uid 100003"))
        case("a process has the id of a user", ("retire", "bob"), BUSY, "bob:100000:10\n",
             says=(f"process {pid} ", "uid 100003"), left=[])
        case("... with --in-use", ("release", "--in-use", "--range", "100000-100009"), DONE,
             "~bob:100000:10\n", "", says=("note: process",))


def test_policy(case):
    case.policy("retire forever\n")
    case("revoke retires by the policy", ("revoke", "bob"), DONE, "bob:100000:10\n",
         "~bob:100000:10\n", says=("by /etc/subid.d/10.conf:1 the ids are retired; --free",),
         left=both("100000 10 bob 5003 revoke"))
    result = case("nothing to revoke: no note about the rule", ("revoke", "bob"), NONE,
                  "anna:1:2\n", says=("bob has no subordinate ids",))
    case.report.check("... none", "by /etc" not in words(result), str(result))
    case("revoke --free", ("revoke", "--free", "bob"), DONE, "bob:100000:10\n", "", left=[])
    case.policy("retire off\n")
    case("retire off", ("revoke", "bob"), DONE, "bob:100000:10\n", "", left=[])
    case.policy("pool a 5-6\n")
    case("a policy without the word", ("revoke", "bob"), DONE, "bob:100000:10\n", "", left=[])
    case.policy("retire never\n")
    case("a policy that is wrong: nothing is freed", ("revoke", "bob"), DONE,
         "bob:100000:10\n", "~bob:100000:10\n", says=("'never' is no number",))
    case.policy("retire 5\nretire 6\n")
    case("two rules", ("grant", "bob"), UNREADABLE, "",
         says=("10.conf:2: /etc/subid.d/10.conf:1 says already how ids are retired",))
    case.policy("")
    case("no policy", ("revoke", "bob"), DONE, "bob:100000:10\n", "", left=[])


def test_back(case):
    known = both(f"100000 10 bob 5003 {LONG_AGO} retire")
    note = "note: bob gets the ids back that were retired on 1970-01-01"
    case("the same user", ("grant", "bob"), DONE, "~bob:100000:10\nanna:100010:5\n",
         "bob:100000:10\nanna:100010:5\n", says=(note,), known=known)
    case("... silent otherwise", ("grant", "--if-missing", "bob"), DONE,
         "~bob:100000:10\n", "bob:100000:10\n", says=(note,), known=known)
    case("another uid", ("grant", "bob"), DONE, "~bob:100000:10\n",
         "~bob:100000:10\nbob:100010:65536\n",
         known=both(f"100000 10 bob 5009 {LONG_AGO} retire"))
    case("another name", ("grant", "bob"), DONE, "~eve:100000:10\n",
         "~eve:100000:10\nbob:100010:65536\n",
         known=both(f"100000 10 eve 5003 {LONG_AGO} retire"))
    case("another user with the uid", ("grant", "bob"), DONE, "~5003:100000:10\n",
         "~5003:100000:10\nbob:100010:65536\n",
         known=both(f"100000 10 5003 5003 {LONG_AGO} retire"))
    case("an unknown uid", ("grant", "bob"), DONE, "~bob:100000:10\n",
         "~bob:100000:10\nbob:100010:65536\n",
         known=both(f"100000 10 bob - {LONG_AGO} retire"))
    case("a lost record", ("grant", "bob"), DONE, "~bob:100000:10\n",
         "~bob:100000:10\nbob:100010:65536\n")
    case("the newest record counts", ("grant", "bob"), DONE, "~bob:100000:10\n",
         "~bob:100000:10\nbob:100010:65536\n",
         known=known + both("100000 10 bob 5009 2000 retire"))
    case("a line that is more than the record", ("grant", "bob"), DONE, "~bob:100000:11\n",
         "~bob:100000:11\nbob:100011:65536\n", known=known)
    case("another user has some of the ids", ("grant", "bob"), DONE,
         "~bob:100000:10\nanna:100004:1\n",
         "~bob:100000:10\nanna:100004:1\nbob:100010:65536\n", known=known)
    case("a user who has ids", ("grant", "--another", "bob"), DONE,
         "~bob:100000:10\nbob:200000:1\n", "~bob:100000:10\nbob:200000:65537\n", known=known)
    case("what is asked for exactly", ("grant", "--range", "100000-100009", "bob"), POLICY,
         "~bob:100000:10\n", known=known, says=(
             "uids 100000-100009 are retired, formerly of bob (/etc/subuid:1); "
             "'subid release --range 100000-100009' frees them",))
    case("... in an image", ("grant", "-R", "/", "--range", "100000-100009", "bob"), POLICY,
         "~bob:100000:10\n", known=known, says=(
             "formerly of bob (/etc/subuid:1); 'subid release -R / --range 100000-100009' frees",))
    case.put("~bob:100000:10\n", known)
    os.chmod(RETIRED, 0o666)
    result = case.box.run("grant", "bob")
    case.report.check("records that others may write are not used",
                      case.box.get().subuid == b"~bob:100000:10\nbob:100010:65536\n",
                      f"{result}, {case.box.get()}")


def test_days(case):
    """login.defs(5) has room for ten ids."""
    host = case.box.host
    host.write("/etc/login.defs", "".join(
        f"SUB_{kind}_MIN 100000\nSUB_{kind}_MAX 100009\nSUB_{kind}_COUNT 5\n"
        for kind in ("UID", "GID")))
    lines = "~anna:100000:5\nelsa:100005:5\n"
    known = both(f"100000 5 anna 5002 {LONG_AGO} retire")
    case("retired forever", ("grant", "bob"), NONE, lines, known=known,
         says=("bob gets no uids",))
    case.policy("retire 30\n")
    case("after the days", ("grant", "bob"), DONE, lines, "elsa:100005:5\nbob:100000:5\n",
         known=known, says=("note: gids 100000-100004 were those of anna until 1970-01-01: files "
                            "that have them are those of bob now",))
    case("exactly these ids", ("grant", "--range", "100001-100002", "bob"), DONE, lines,
         "elsa:100005:5\nbob:100001:2\n", known=known,
         says=("note: uids 100001-100002 were those of anna until 1970-01-01",))
    case("before the days", ("grant", "bob"), NONE, lines, says=("bob gets no uids",),
         known=both(f"100000 5 anna 5002 {NEVER} retire"))
    case("it is not known since when", ("grant", "bob"), NONE, lines,
         says=("bob gets no uids",))
    case("while other ids are free", ("grant", "bob"), DONE, "~anna:100000:5\n",
         "~anna:100000:5\nbob:100005:5\n", known=known)
    case("another conflict", ("grant", "--range", "100003-100006", "bob"), POLICY, lines,
         says=("belong to elsa",), known=known)
    case.policy("")
    host.reset_etc("login.defs")


def test_shown(case):
    box, report = case.box, case.report
    known = both(f"100000 10 bob 5003 {LONG_AGO} retire")
    case.put("~bob:100000:10\nanna:100010:5\n", known)
    result = box.run("list", "--retired", "-u", "-r", "-n", "-o", "OWNER,FIRST,FORMER,SINCE")
    report.check("list --retired", result.out == b"~bob 100000 bob 1970-01-01\n", str(result))
    result = box.run("whois", "-u", "-r", "-n", "-o", "STATE,OWNER,INSIDE,FORMER,SINCE",
                     "100004")
    report.check("whois", result.status == DONE and
                 result.out.split() == [b"retired", b"~bob", b"bob", b"1970-01-01"],
                 str(result))
    result = box.run("check", "--code", "retired", "-r", "-n", "-o", "severity,message,cure")
    text = result.out.decode("utf-8").replace("\\x20", " ")
    report.check("check: a note, and how the ids get free", result.status == DONE
                 and "note the uids 100000-100009 are retired, formerly of bob (uid 5003), "
                 "since 1970-01-01 subid release -u --range 100000-100009" in text, str(result))
    result = box.run("check")
    report.check("check: nothing else", b"~bob" not in result.out, str(result))
    box.host.write("/etc/passwd", host_module.PASSWD + "~bob:x:5099:5099::/:/bin/sh\n")
    result = box.run("check", "--code", "retired-account")
    report.check("check: an account with such a name", result.status == 2
                 and b"[retired-account]" in result.out, str(result))
    box.host.reset_etc("passwd")


def test_neighbours(case):
    """Programs beside ours, and a domain user with such a login name."""
    box, report, host = case.box, case.report, case.box.host
    if os.path.exists(USERADD):
        case.put("~bob:100000:65536\n")
        result = box.run("-M", "eve", path=USERADD)
        report.check("Debian's useradd keeps off retired ids",
                     box.get().subuid == b"~bob:100000:65536\neve:165536:65536\n",
                     f"{result}, {box.get()}")
        result = box.run("-M", "~bob", path=USERADD)
        # Debian 12, and 13
        report.check("Debian's useradd takes no such name", result.status in (3, 19)
                     and b"~bob" not in read("/etc/passwd"), str(result))
        host.reset_etc("passwd", "group", "shadow", "gshadow")
    else:
        report.skip("Debian's useradd", f"needs {USERADD}")
    service = NameService(host)
    service.set([Account(7001, 7001, ("~dom",))])
    case.put("~dom:100000:10\n")
    service.forget()
    found = [box.run(*words).status for words in (("grant", "~dom"), ("map", "~dom"))]
    report.check("a domain user gets and has nothing by that name",
                 found == [NO_USER, NO_USER], f"{found}")
    box.run("check")
    box.run("list")
    box.run("whois", "100001")
    report.check("the name service is not asked about it", "~dom" not in service.asked(),
                 f"{service.asked()}")
    dom = host_module.Caller("dom", 7001, 7001)
    found = []
    for owner in ("~dom", "7001"):
        case.put(f"{owner}:100000:10\n")
        target = host.target(caller=dom)
        found.append(host.run(host.subjects["ours", "setuid"].path("newuidmap"),
                              [str(target.pid), "0", "100000", "10"], dom).status)
    report.check("a map writer gives that user ids by uid alone", found == [1, 0], f"{found}")
    getsubids = shutil.copy(built("getsubids"), f"{box.directory}/getsubids")
    case.put("~bob:100000:10\n~dom:200000:10\n")
    found = [box.run(owner, path=getsubids) for owner in ("~bob", "~dom", "bob")]
    report.check("getsubids and the library list them for no one",
                 all(result.status == 1 and not result.out for result in found), f"{found}")
    host.reset_etc("nsswitch.conf")


# --- killed, and failing ----------------------------------------------------------------

SCENARIOS = (
    Scenario("retire", ("retire", "anna", "--if-held"),
             Files(OLD.subuid.replace(b"anna", b"~anna") + b"\n",
                   OLD.subgid.replace(b"anna", b"~anna"))),
    Scenario("release", ("release", "--if-held", "--range", "2000000-2000099"),
             Files(OLD.subuid.replace(b"anna:2000000:100\n", b"") + b"\n",
                   OLD.subgid.replace(b"anna:2000000:100\n", b"")),
             Files(OLD.subuid.replace(b"anna", b"~anna") + b"\n",
                   OLD.subgid.replace(b"anna", b"~anna"))),
)


def start(box, scenario):
    """The files before a command; what is released is on record."""
    prepare(box, scenario)
    shutil.rmtree(STATE, ignore_errors=True)
    if scenario.name == "release":
        os.mkdir(STATE, 0o755)
        box.host.write(RETIRED, "".join(
            f"{line}\n" for line in both("2000000 100 anna 5002 5 retire")))


def look_at_records():
    """What is wrong with the records, or None: each retired line must have one."""
    text = (read(RETIRED) or b"").decode()
    if not re.fullmatch(r"([ug]id \d+ \d+ anna 5002 \d+ retire\n)*", text):
        return f"{RETIRED}: {text!r}"
    known = [line.rsplit(" ", 2)[0] for line in text.splitlines()]
    for name, kind in (("subuid", "uid"), ("subgid", "gid")):
        for ids in re.findall(r"(?m)^~anna:(\d+:\d+)$", read(f"/etc/{name}").decode()):
            if f"{kind} {ids.replace(':', ' ')} anna 5002" not in known:
                return f"{kind} {ids} is on no record: {known}"
    return None


def kill_at_records(box, report, scenario):
    """Whenever a line is retired, it is on record who had it."""
    start(box, scenario)
    problems, seen = [], 0
    for call in calls(box, scenario.args):
        if "/var/lib" not in call.text and "retired" not in call.text and not (
                call.name.startswith("rename")):
            continue
        start(box, scenario)
        tampered(box, scenario.args, call, "signal=KILL")
        seen += 1
        problem = look_at_records()
        if problem:
            problems.append(f"at {call}: {problem}")
    report.check(f"{scenario.name}: killed at {seen} calls, each retired line is on record",
                 seen > 5 and not problems, "; ".join(problems[:3]))


def test_sweeps(case):
    box, report = case.box, case.report
    if not available():
        report.skip("killed and failing", "needs strace")
        return
    usermod_box.run_all(box, report, SCENARIOS[:1] if quick() else SCENARIOS,
                        150 if quick() else 5)
    for scenario in SCENARIOS:
        kill_at_records(box, report, scenario)
    fail_at_records(box, report, SCENARIOS[0])


def test_failing_calls(case):
    """Each call on the databases and records fails."""
    box, report = case.box, case.report
    if not available():
        report.skip("failing calls", "needs strace")
        return
    for scenario in SCENARIOS:
        inject(box, report, Fault(
            scenario.name, scenario.args, lambda scenario=scenario: start(box, scenario),
            tuple(scenario.old), tuple(scenario.new), look_at_records,
            # records are removed after the change
            harmless="/var/lib|retired" if scenario.name == "release" else "$^"))


def fail_at_records(box, report, scenario):
    """A record that cannot be written: nothing is retired, and the reason is named."""
    problems, seen = [], 0
    prepare(box, scenario)
    shutil.rmtree(STATE, ignore_errors=True)
    found = calls(box, scenario.args)
    written = max(i for i, call in enumerate(found)
                  if call.name.startswith("rename") and "subgid" in call.text)
    # after it the owners of lines are recorded, which changes no record of retired ids
    found = [call for call in found[:written]
             if re.search(r'"/var/lib|/var/lib/subid|"retired|"subid"', call.text)
             and call.name not in ("close", "unlinkat", "newfstatat", "fstat", "fcntl")]
    for call in found:
        for code in ("ENOSPC",) if quick() else ("ENOSPC", "EIO", "EROFS"):
            prepare(box, scenario)
            shutil.rmtree(STATE, ignore_errors=True)
            result = tampered(box, scenario.args, call, f"error={code}")
            seen += 1
            if (result.status != NOT_WRITTEN or box.get() != scenario.old or box.strays()
                    or os.strerror(getattr(errno, code)) not in words(result)):
                problems.append(f"{call} {code}: {result}, {box.get()}")
    report.check(f"{scenario.name}: {seen} failures of records change nothing",
                 seen > 5 and not problems, "; ".join(problems[:3]))
    prepare(box, scenario)
    shutil.rmtree(STATE, ignore_errors=True)
    box.host.write(STATE, "a file")
    result = box.run(*scenario.args)
    report.check(f"{scenario.name}: a file in place of the directory",
                 result.status == NOT_WRITTEN and box.get() == scenario.old
                 and f"{RETIRED}: Not a directory" in words(result), str(result))
    remove(STATE)


def main():
    box, report = enter("subid")
    mount("tmpfs", "/var/lib", "tmpfs", 0, "mode=755")
    case = Case(box, report)
    for part in (test_retire, test_ranges, test_release, test_policy, test_back, test_days,
                 test_shown, test_neighbours, test_sweeps, test_failing_calls):
        report.part(part, case)
    report.finish()


main()
