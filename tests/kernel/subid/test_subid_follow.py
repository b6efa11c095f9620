#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""`subid follow`: what becomes of lines whose accounts are renamed, renumbered or gone; a name
service that does not answer; and the scene of userdel and useradd with Debian's tools and the
hooks of examples/follow: eve never owns bob's file."""

import os
import re
import shutil

import host as host_module
from host import TOP, Account, NameService, mount, quick, read
from usermod_box import Fault, available, calls, enter, inject, tampered, words

DONE, FINDINGS, UNREADABLE = 0, 2, 3
STATE = "/var/lib/subid"
LINES = "bob:100000:10\n5003:200000:5\n"
BASE = host_module.PASSWD.replace("bob:x:5003:6000:Bob:/home/bob:/bin/sh\n", "")
TOOLS = ("useradd", "userdel", "usermod", "vipw")


def account(name, uid, home="/home/bob"):
    return f"{name}:x:{uid}:6000::{home}:/bin/sh\n"


BOB, EVE = account("bob", 5003), account("eve", 5003, "/home/eve")
# name and uid of bob's account: (same, changed: another account has it, gone)
ACCOUNTS = {
    ("same", "same"): BOB,
    ("same", "changed"): account("bob", 5099) + EVE,
    ("same", "gone"): account("bob", 5099),
    ("changed", "same"): account("robert", 5003),
    ("changed", "changed"): account("robert", 5099) + EVE,
    ("changed", "gone"): account("robert", 5099),
    ("gone", "changed"): EVE,
    ("gone", "gone"): "",
}


def expected(accounts, lines):
    """The exit status, and the lines."""
    name, uid = accounts
    new = {"same": LINES, "changed": "bob:100000:4\n5003:200000:5\n", "gone": ""}[lines]
    if uid == "same":
        return DONE, new.replace("bob:", "robert:") if name == "changed" else new
    if new and (uid == "changed" or name == "same"):
        return FINDINGS, new
    return DONE, {"same": "~bob:100000:10\n~bob:200000:5\n",
                  "changed": "~bob:100000:4\n~bob:200000:5\n~bob:100004:6\n",
                  "gone": "~bob:100000:10\n~bob:200000:5\n"}[lines]


class Follow:
    def __init__(self, box, report):
        self.box, self.report, self.host = box, report, box.host

    def start(self, lines=LINES):
        """It has seen bob with these lines."""
        shutil.rmtree(STATE, ignore_errors=True)
        self.host.write("/etc/passwd", BASE + BOB)
        self.put(lines)
        result = self.box.run("follow")
        if result.status or result.out or result.err:
            raise RuntimeError(f"{result}")

    def put(self, lines):
        self.box.sweep()
        self.box.put(lines.encode(), lines.encode())

    def accounts(self, text):
        self.host.write("/etc/passwd", BASE + text)

    def lines(self):
        found = self.box.get()
        return found.subuid.decode() if found.subuid == found.subgid else f"{found}"


def test_table(s):
    for accounts, text in ACCOUNTS.items():
        for lines in ("same", "changed", "gone"):
            s.start()
            s.accounts(text)
            s.put({"same": LINES, "changed": LINES.replace(":10\n", ":4\n"), "gone": ""}[lines])
            status, wanted = expected(accounts, lines)
            before = s.lines()
            dry = s.box.run("follow", "--dry-run")
            unchanged = s.lines() == before
            result = s.box.run("follow")
            again = s.box.run("follow")
            s.report.check(
                f"name {accounts[0]}, uid {accounts[1]}, lines {lines}",
                result.status == dry.status == status and s.lines() == wanted and unchanged
                and result.out == dry.out and not again.out and again.status == status
                and bool(result.err) == (status == FINDINGS) and not s.box.strays(),
                f"{result}, {dry}, {again}, {s.lines()!r} and not {wanted!r}")


def test_reports(s):
    """What is left to root: a user with another uid keeps the lines with his name, and commands
    can be pasted."""
    s.start("bob:100000:10\n")
    s.accounts(account("bob", 5099) + EVE)
    s.put("bob:100000:10\n")
    result = s.box.run("follow")
    s.report.check("a uid that another has now: lines by name stay", result.status == DONE
                   and not result.err and s.lines() == "bob:100000:10\n", f"{result}")
    s.start()
    s.accounts(account("bob", 5099) + EVE)
    result = s.box.run("follow")
    s.report.check("... of lines by uid is reported", result.status == FINDINGS
                   and "bob had the uid 5003 and has another one now" in words(result),
                   f"{words(result)}")
    s.start()
    s.accounts(account("bob", 5099))
    said = words(s.box.run("follow"))
    cures = re.findall(r"'subid ([^']*)'", said)
    s.report.check("a new uid: it may be another person", cures == [
        "rename --merge 5003 bob", "retire --no-account 5003"], said)
    done = [s.box.run(*cures[0].split()), s.box.run("follow")]
    s.report.check("... or the same one", s.lines() == LINES.replace("5003:", "bob:")
                   and done[1].status == DONE and not words(done[1]), f"{done}, {s.lines()}")
    s.start()
    s.accounts(account("bob", 5099))
    done = [s.box.run("follow"), s.box.run(*cures[1].split()), s.box.run("follow")]
    s.report.check("... or not", s.lines() == LINES.replace("5003:", "~5003:")
                   and done[2].status == DONE and not words(done[2]), f"{done}, {s.lines()}")
    s.start()
    s.accounts(account("e$v e", 5003, "/home/eve"))
    said = words(s.box.run("follow"))
    s.report.check("a name is one word of a command", "subid rename bob 'e$v e'" in said, said)
    for decision, wanted in ((0, "eve"), (1, "~5003")):
        s.start("5003:200000:5\n")
        s.accounts(EVE)
        cures = re.findall(r"'subid ([^']*)'", words(s.box.run("follow")))
        done = [s.box.run(*cures[decision].split()), s.box.run("follow"), s.box.run("follow")]
        s.report.check(f"lines by a uid that another has: {cures}", not done[2].status
                       and not words(done[2]) and s.lines() == f"{wanted}:200000:5\n",
                       f"{done}, {s.lines()}")
    for home in ("/nonexistent", "/", "/home/other"):
        s.start("")
        s.accounts(account("bob", 5003, home))
        s.put(LINES)
        s.box.run("follow")
        s.accounts(account("eve", 5003, home))
        result = s.box.run("follow")
        s.report.check(f"a home that others have, {home}: nothing is renamed",
                       result.status == FINDINGS and s.lines() == LINES, f"{result}")
    image = "/mnt/image"
    os.makedirs(f"{image}/etc", exist_ok=True)
    for name in ("subuid", "subgid"):
        s.host.write(f"{image}/etc/{name}", LINES)
    for text, status in ((BASE + BOB, DONE), ("", UNREADABLE), (EVE[:10], UNREADABLE)):
        s.host.write(f"{image}/etc/passwd", text)
        result = s.box.run("follow", "-R", image)
        s.report.check(f"a passwd of {len(text)} bytes", result.status == status
                       and read(f"{image}/etc/subuid") == LINES.encode(), f"{result}")


def test_between(s):
    """What has changed since the last run is known: a grant, and what root has freed."""
    s.start("bob:100000:10\n")
    s.box.run("grant", "--another", "--count", "5", "bob")
    granted = s.lines()
    s.accounts("")
    s.put("")
    result = s.box.run("follow")
    s.report.check("ids that were granted since the last run", result.status == DONE
                   and granted == "bob:100000:15\n" and s.lines() == "~bob:100000:15\n",
                   f"{result}, {granted!r}, {s.lines()!r}")
    s.start()
    result = s.box.run("revoke", "--range", "100003-100009", "bob")
    before = s.lines()
    s.accounts("")
    again = s.box.run("follow")
    s.report.check("ids that root has freed stay free", before == "bob:100000:3\n5003:200000:5\n"
                   and again.status == DONE and s.lines() == "~bob:100000:3\n~bob:200000:5\n",
                   f"{result}, {again}, {before!r}, {s.lines()!r}")
    s.start()
    shutil.rmtree(STATE)
    s.box.run("revoke", "bob")
    s.report.check("no run yet: nothing is recorded", not os.path.exists(f"{STATE}/owners"),
                   f"{read(f'{STATE}/owners')}")
    s.start("")
    s.accounts(BOB)
    s.box.run("grant", "--range", "100000-100009", "bob")
    granted = s.lines()
    s.accounts("")
    s.put("")
    result = s.box.run("follow")
    s.report.check("the first line of a host", result.status == DONE
                   and granted == "bob:100000:10\n" and s.lines() == "~bob:100000:10\n",
                   f"{result}, {granted!r}, {s.lines()!r}")
    s.start("bob:100000:10\n")
    s.host.write(f"{STATE}/owners", damaged := read(f"{STATE}/owners").decode()[1:])
    done = [s.box.run("grant", "--range", "300000-300009", "bob"), s.box.run("follow")]
    s.report.check("a damaged file", [result.status for result in done] == [DONE, UNREADABLE]
                   and all("lines that are no records" in words(result) for result in done)
                   and read(f"{STATE}/owners") == damaged.encode(), f"{done}")


def test_freed(s):
    """Ids of a user who is gone, which root frees before follow runs."""
    for commands, wanted in (
            (("revoke --free --no-account bob",), "5003:200000:5\n"),
            (("retire --no-account bob", "release --range 100002-100009"),
             "~bob:100000:2\n5003:200000:5\n")):
        s.start()
        s.accounts("")
        done = [s.box.run(*command.split()) for command in commands]
        before = s.lines()
        done += [s.box.run("follow"), s.box.run("follow")]
        s.report.check(f"{commands[-1]}: the ids stay free", before == wanted
                       and s.lines() == wanted.replace("5003:", "~bob:")
                       and not any(result.status for result in done),
                       f"{done}, {before!r}, {s.lines()!r}")


def test_new_account(s):
    """The login name is that of another person by now."""
    s.start("bob:100000:10\n")
    s.accounts(account("bob", 5099))
    s.put("bob:300000:10\n")
    done = [s.box.run("follow"), s.box.run("follow")]
    s.report.check("userdel, useradd: the old ids are retired", done[0].status == DONE
                   and s.lines() == "bob:300000:10\n~bob:100000:10\n" and not done[1].status,
                   f"{done}, {s.lines()}")
    for commands, wanted in (
            (("revoke --free bob", "grant --range 100000-100009 robert"), "robert:100000:10\n"),
            (("retire bob",), "~bob:100000:10\n")):
        s.start("bob:100000:10\n")
        s.accounts(account("robert", 5003) + account("bob", 5099))
        done = [s.box.run("follow"), s.box.run("follow")]
        s.report.check("usermod -l, useradd: root must decide", all(
            result.status == FINDINGS and "bob had the uid 5003 and has another one now"
            in words(result) for result in done) and s.lines() == "bob:100000:10\n", f"{done}")
        done = [s.box.run(*command.split()) for command in commands]
        done += [s.box.run("follow"), s.box.run("follow")]
        s.report.check(f"... {commands[0]}", s.lines() == wanted and not any(
            result.status or result.err for result in done)
            and b" bob 5003 " not in read(f"{STATE}/owners"),
            f"{done}, {s.lines()}, {read(f'{STATE}/owners')}")


def test_nothing(s):
    s.start()
    times = [os.stat(path).st_mtime_ns for path in ("/etc/subuid", f"{STATE}/owners")]
    if available():
        text = " ".join(str(call) for call in calls(s.box, ("follow",)))
        s.report.check("nothing has changed: no lock", "lock" not in text.replace("flock", ""),
                       text[:500])
    s.report.check("... and no write", times == [
        os.stat(path).st_mtime_ns for path in ("/etc/subuid", f"{STATE}/owners")], "written")


def test_network(s):
    """A service that is down is no reason to retire."""
    service = NameService(s.host)
    joe, zoe = Account(7001, 7001, ("joe",)), Account(7002, 7002, ("zoe",))
    service.set([joe, zoe])
    shutil.rmtree(STATE, ignore_errors=True)
    s.put("joe:100000:10\nzoe:200000:10\n")
    s.box.run("follow", "--network")
    s.report.check("a network owner is known", b" joe 7001 " in read(f"{STATE}/owners"),
                   f"{read(f'{STATE}/owners')}")
    for name, mode, args, status, wanted in (
            ("the service is down", "unavail", ("--network",), UNREADABLE, "joe"),
            ("the service fails", "tryagain", ("--network",), UNREADABLE, "joe"),
            # as sssd without a cache, while its directory is down
            ("there is no user at all", "answer", ("--network",), UNREADABLE, "joe"),
            ("there is no such user, but follow does not ask", "answer", (), DONE, "joe"),
            ("there is no such user", "answer", ("--network",), DONE, "~joe")):
        service.set([] if "at all" in name else [zoe])
        service.mode(mode)
        result = s.box.run("follow", *args)
        s.report.check(f"network: {name}", result.status == status
                       and (b"stay as they are" in result.err or b"may be down" in result.err)
                       == (status != DONE)
                       and s.lines() == f"{wanted}:100000:10\nzoe:200000:10\n",
                       f"{result}, {s.lines()}")
    service.mode("answer")
    service.set([])
    s.start()
    s.accounts("")
    service.mode("unavail")
    result = s.box.run("follow")
    s.report.check("a local user is gone while the service is down",
                   result.status == UNREADABLE and s.lines() == LINES, f"{result}, {s.lines()}")
    service.mode("answer")
    result = s.box.run("follow")
    s.report.check("... and when it is back", result.status == DONE
                   and "~bob" in s.lines(), f"{result}, {s.lines()}")
    s.host.reset_etc("nsswitch.conf")


def install_hooks(s):
    with open(f"{TOP}/examples/follow/subid-hook", encoding="utf-8") as file:
        hook = file.read().replace("subid follow ||", f"{s.box.ours} follow ||")
    for when in ("useradd-post", "userdel-pre", "userdel-post"):
        os.makedirs(f"/etc/shadow-maint/{when}.d", exist_ok=True)
        s.host.write(f"/etc/shadow-maint/{when}.d/50-subid", hook, 0o755)


def test_scene(s):
    """With Debian's tools."""
    if not all(os.path.exists(f"/usr/sbin/{tool}") for tool in TOOLS):
        s.report.skip("the scene", "needs " + ", ".join(TOOLS))
        return
    for name in ("group", "shadow", "gshadow"):
        s.host.write(f"/etc/{name}", host_module.GROUP if name == "group" else "",
                     0o644 if name == "group" else 0o600)
    run = lambda tool, *args: s.box.run(*args, path=f"/usr/sbin/{tool}")
    for hooks in (False, True):
        shutil.rmtree("/etc/shadow-maint", ignore_errors=True)
        if hooks:
            install_hooks(s)
        shutil.rmtree(STATE, ignore_errors=True)
        s.host.write("/etc/passwd", BASE)
        s.put("")
        done = [run("useradd", "-M", "bob"), run("userdel", "bob"), run("useradd", "-M", "eve")]
        s.report.check(f"userdel bob, useradd eve, {'with' if hooks else 'without'} hooks",
                       all(result.status == 0 for result in done)
                       and s.lines() == ("~bob:100000:65536\neve:165536:65536\n" if hooks
                                         else "eve:100000:65536\n"), f"{done}, {s.lines()}")
    done = [run("usermod", "-l", "adam", "eve"), s.box.run("follow")]
    s.report.check("usermod -l", "adam:165536:65536\n" in s.lines(), f"{done}, {s.lines()}")
    uid = next(line.split(b":")[2].decode() for line in read("/etc/passwd").splitlines()
               if line.startswith(b"adam:"))
    s.box.put(*[f"{uid}:400000:5\n".encode()] * 2)
    done = [s.box.run("follow"), run("usermod", "-u", "4321", "adam"), s.box.run("follow")]
    s.report.check("usermod -u: root must decide", done[2].status == FINDINGS
                   and s.lines() == f"{uid}:400000:5\n", f"{done}, {s.lines()}")
    done = [s.box.run("rename", uid, "adam"), s.box.run("follow")]
    s.report.check("... and has decided", s.lines() == "adam:400000:5\n"
                   and done[1].status == DONE, f"{done}, {s.lines()}")
    # vipw takes a file that was changed in the same second as unchanged
    os.utime("/etc/passwd", (1, 1))
    done = [s.box.run("-c", "EDITOR='sed -i /^adam:/d' /usr/sbin/vipw -q", path="/bin/sh"),
            s.box.run("follow")]
    s.report.check("vipw", s.lines() == "~adam:400000:5\n", f"{done}, {s.lines()}")
    shutil.rmtree("/etc/shadow-maint", ignore_errors=True)
    s.host.reset_etc("group", "shadow", "gshadow", "passwd")


def test_kill(s):
    """After a kill at any call the next run makes it good."""
    if not available():
        s.report.skip("killed", "needs strace")
        return
    s.start()
    s.accounts("")
    points = [call for call in calls(s.box, ("follow",))
              if call.touches or call.number % (100 if quick() else 10) == 0]
    problems = []
    for call in points[::3] if quick() else points:
        s.start()
        s.accounts("")
        tampered(s.box, ("follow",), call, "signal=KILL")
        text = s.lines()
        found = s.box.get()
        if any(b":100000:10\n" not in part or b":200000:5\n" not in part for part in found):
            problems.append(f"{call}: an id is free: {text}")
        result = s.box.run("follow")
        if result.status or s.lines() != "~bob:100000:10\n~bob:200000:5\n":
            problems.append(f"{call}: {result}, {s.lines()}")
    s.report.check(f"killed at {len(points)} calls", len(points) > 10 and not problems,
                   "; ".join(problems[:3]))


def test_sysusers(s):
    """systemd-sysusers(8) gives a service the uid of a user who is gone."""
    path = shutil.which("systemd-sysusers")
    if not path:
        s.report.skip("systemd-sysusers", "needs systemd")
        return
    s.host.write("/mnt/eve.conf", 'u eve 5003 "a service" /home/eve /bin/sh\n')
    for name in ("shadow", "gshadow"):
        s.host.write(f"/etc/{name}", "", 0o600)
    for between in (False, True):
        s.start()
        s.accounts("")
        done = [s.box.run("follow")] if between else []
        done += [s.box.run("/mnt/eve.conf", path=path), s.box.run("follow")]
        s.report.check(
            f"systemd-sysusers, {'after' if between else 'before'} follow",
            b"\neve:x:5003:" in read("/etc/passwd")
            and s.lines() == ("~bob:100000:10\n~bob:200000:5\n" if between else LINES)
            and done[-1].status == (DONE if between else FINDINGS), f"{done}, {s.lines()}")
    s.host.reset_etc("group", "shadow", "gshadow", "passwd")


def look_at_state():
    """What is wrong with the files in /var/lib/subid, or None."""
    for name, note in (("owners", r"local \S*"), ("retired", "follow")):
        text = (read(f"{STATE}/{name}") or b"").decode()
        if not re.fullmatch(rf"([ug]id \d+ \d+ bob 5003 \d+ {note}\n)*", text):
            return f"{name}: {text!r}"
    lines = b"".join(read(f"/etc/{name}") for name in ("subuid", "subgid"))
    if lines.count(b"~bob:") != 0 and not text:
        return "a line is retired, and not on record"
    return None


def test_failing_calls(s):
    """Each call fails. The lines may be followed, and the owners not be on record yet."""
    if not available():
        s.report.skip("failing calls", "needs strace")
        return

    def start():
        s.start()
        s.accounts("")
    inject(s.box, s.report, Fault(
        "follow", ("follow",), start, (LINES.encode(),) * 2,
        (b"~bob:100000:10\n~bob:200000:5\n",) * 2, look_at_state,
        cleaner=("retire", "--if-held", "elsa"), steps=True))
    grant = ("grant", "--another", "--count", "5", "bob")
    s.start()
    call = [call for call in calls(s.box, grant) if call.name == "fsync" and not call.about][0]
    s.start()
    result = tampered(s.box, grant, call, "error=EIO")
    s.report.check("an owner of lines that may not be durable", result.status == 5
                   and read(f"{STATE}/owners").count(b"\n") > 4 and s.lines() != LINES, str(result))


def test_units(s):
    if not shutil.which("systemd-analyze"):
        s.report.skip("the units", "needs systemd")
        return
    directory = f"{s.host.tmpdir}/bin"
    for name in ("subid-follow.path", "subid-follow.service"):
        with open(f"{TOP}/examples/follow/{name}", encoding="utf-8") as file:
            text = file.read().replace("ExecStart=subid", f"ExecStart={s.box.ours}")
        s.host.write(f"{directory}/{name}", text)
    result = s.box.run("verify", "--man=no", f"{directory}/subid-follow.path",
                       path=shutil.which("systemd-analyze"), timeout=60)
    s.report.check("systemd-analyze verify", result.status == 0 and not words(result), str(result))


def main():
    box, report = enter("subid")
    mount("tmpfs", "/var/lib", "tmpfs", 0, "mode=755")
    s = Follow(box, report)
    for part in (test_table, test_reports, test_between, test_freed, test_new_account,
                 test_nothing, test_network, test_scene, test_sysusers, test_kill,
                 test_failing_calls, test_units):
        report.part(part, s)
    report.finish()


main()
