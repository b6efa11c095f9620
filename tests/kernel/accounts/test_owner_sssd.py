#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The rule of test_owner_rule.py with a real sssd, with short and fully qualified names, with
names in any case, and with a stopped sssd."""

import functools
import os
import subprocess

import directory_service
import name_service
from directory_service import ALICE, DOMAIN, SERGE, missing
from host import CLEAN_PATH, ELSA, NSSWITCH, Account, Report, quick
from name_service import is_number
from owner_trial import Relations, Trial, run_trials
from owner_world import PASSWD, STRANGERS, World

UNREADABLE = 3
# lines for the domain in sssd.conf, and a name that it then knows
SETTINGS = {
    "short names": ("use_fully_qualified_names = false", ALICE.name),
    "qualified names": ("use_fully_qualified_names = true", f"{ALICE.name}@{DOMAIN}"),
    "short names in any case": ("use_fully_qualified_names = false\ncase_sensitive = false",
                                ALICE.name),
}
LEAST = 12


class Service:
    """sssd, asked by getent(1); its answer is the expected one."""

    def __init__(self, host):
        self.sssd = directory_service.Directory(host, (ALICE, SERGE, ELSA))
        host.write("/etc/nsswitch.conf", NSSWITCH.replace(": files", ": files sss"))
        self.groups = ()

    def start(self, options, known):
        if "sssd" in self.sssd.daemons:
            self.sssd.kill_sssd()
        self.sssd.forget()
        self.sssd.configure_sssd(options, known)
        self.sssd.start_sssd()
        self.ask.cache_clear()
        words = [form for caller in (ALICE, SERGE, ELSA) for form in spellings(caller.name)]
        self.users = tuple(self.account(caller.uid, words)
                           for caller in (ALICE, SERGE, ELSA) if self.ask(str(caller.uid)))

    @functools.lru_cache(None)
    def ask(self, word):
        done = subprocess.run(("getent", "-s", "sss", "passwd", word), timeout=60,
                              env={"PATH": CLEAN_PATH}, capture_output=True, text=True)
        fields = done.stdout.split(":")
        return Account(int(fields[2]), int(fields[3]), (fields[0],)) if fields[1:] else None

    def account(self, uid, words):
        account = self.ask(str(uid))
        more = [word for word in words if word != account.name
                and getattr(self.ask(word), "uid", None) == uid]
        return account._replace(names=(account.name, *more))

    def by_name(self, word):
        return None if is_number(word) else self.ask(word)

    def by_uid(self, uid):
        return self.ask(str(uid))


def spellings(name):
    return (name, name.upper(), f"{name}@{DOMAIN}", f"{name}@{DOMAIN.upper()}",
            f"{DOMAIN}\\{name}", f"{name.capitalize()}@{DOMAIN}")


class SssdWorld(World):
    # about a domain that it does not have, sssd answers that it is unavailable
    strangers = tuple(word for word in STRANGERS if "\\" not in word)

    def set_up(self, directory):
        pass

    def all_words(self):
        words = [word for name in ("elsa", "anna", "alice", "serge")
                 for word in spellings(name)]
        words += [name for user in self.users for name in (*user.names, str(user.uid))]
        return sorted(set(words)) + [*self.strangers]


class SssdTrial(Trial):
    make_world = SssdWorld


def random_steps(programs, report, setting, seconds):
    relations = Relations(report, f"sssd, {setting}")
    done = run_trials(SssdTrial, programs, relations, setting, seconds, LEAST)
    relations.finish([f"{program}: the map writers map nothing that was removed"
                      for program in ("revoke", "usermod-ext")])
    report.ok(f"sssd, {setting}: {done}")


def spelled(programs, report, setting):
    """Words that must be known, or the test proves nothing."""
    service = programs.directory
    qualified = f"alice@{DOMAIN}"
    known = {word for word in spellings("alice") if service.by_name(word)}
    expected = {f"alice@{DOMAIN}", f"{DOMAIN}\\alice"} | (
        set() if setting == "qualified names" else {"alice"}) | (
        {"ALICE"} if "any case" in setting else set())
    canonical = qualified if setting == "qualified names" else "alice"
    report.check(f"sssd, {setting}: the names of one user", expected <= known
                 and service.by_uid(ALICE.uid).name == canonical, f"{known}")


def gone(programs, report, setting):
    """sssd is killed; it has never been asked about these owners."""
    programs.directory.sssd.kill_sssd()
    programs.host.write("/etc/passwd", PASSWD)
    data = "elsa:3000:4\nnew1@example.test:3010:4\n5001:3020:4\n"
    rest = "new1@example.test:3010:4\n"
    for words, status, left, said in (
            (("subid", "revoke", "elsa"), UNREADABLE, data, "new1@example.test"),
            (("subid", "revoke", "--no-account", "new1@example.test"), UNREADABLE, data, ""),
            (("subid", "rename", "new1@example.test", "anna"), UNREADABLE, data, ""),
            (("subid", "grant", "new2@example.test"), UNREADABLE, data, ""),
            (("subid", "list", "anna"), UNREADABLE, data, ""),
            (("subid", "check"), UNREADABLE, data, ""),
            (("subid", "grant", "--range", "3030-3030", "elsa"), 0, f"{data}elsa:3030:1\n",
             "name service"),
            (("usermod-ext", "-V", "0-4294967295", "-W", "0-4294967295", "elsa"), 0, rest,
             "new1@example.test")):
        programs.prober.rest()
        programs.put(data)
        result = programs.run(*words)
        found = programs.get()
        report.check(f"sssd, {setting}: gone: {' '.join(words)}", result.status == status
                     and found == dict.fromkeys(("uid", "gid"), left.encode())
                     and said in result.err.decode()
                     and b"subid revoke" not in result.out, f"{result} {found}")


def unknown_domain(programs, report, setting):
    """About a domain that it does not have, sssd answers that it is unavailable: such a
    line prevents no change forever."""
    programs.host.write("/etc/passwd", PASSWD)
    data, line = "elsa:3000:4\nOLD\\elsa:3010:4\n", "OLD\\elsa:3010:4\n"
    for words, allowed in ((("revoke", "elsa"), ((0, line), (UNREADABLE, data))),
                           (("revoke", "--local-only", "elsa"), ((0, line),))):
        programs.prober.rest()
        programs.put(data)
        result = programs.run("subid", *words)
        left = programs.get()["uid"].decode()
        report.check(f"sssd, {setting}: a domain that it does not have: {' '.join(words)}",
                     (result.status, left) in allowed, f"{result} {left}")


def main():
    report = Report()
    if (reason := missing()):
        report.skip("owner sssd", reason)
        report.finish()
    programs = name_service.Programs(report, Service)
    seconds = float(os.environ.get("SUBID_SECONDS", "5" if quick() else "35"))
    for setting, (options, known) in SETTINGS.items():
        programs.directory.start(options, known)
        for part, *args in ((spelled,), (random_steps, seconds), (unknown_domain,), (gone,)):
            report.part(part, programs, report, setting, *args)
    report.finish()


main()
