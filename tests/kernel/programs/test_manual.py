#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Types each example of the manual pages and of each --help.

A line `# COMMAND` is typed in a shell of root, `$ COMMAND` and `elsa$ COMMAND` in one of elsa.
What a page shows below a command must be what is printed. A command without output must end
with 0, or with a status of STATUSES. The files that a page shows are used, see FILES. The
examples of the pages in section 3 are programs: test_library compiles and runs them.
"""

import os
import re
import shutil
import subprocess
from typing import NamedTuple

import subid_box
from host import LOGIN_DEFS, TOP, mount
from walkthrough import PATH, Shell, fits, install, make_fresh, take_records

# people of the pages, with the uids that these give
PEOPLE = {"anna": 1001, "elsa": 1002, "serge": 1003, "alice": 1005, "bob": 1006, "builder": 1007}
LINES = ("anna:2000000:1000000\nelsa:3000000:1000000\nserge:100000:65536\nbob:200000:65536\n"
         "root:400000:65536\nroot:1005:1\n")
LOCAL = ("root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1::/:/bin/sh\n"
         "nobody:x:65534:65534::/:/bin/sh\n")
COMMAND = re.compile(r"(#|\$|elsa\$) (.*)")

# commands that cannot run here, and why
LEFT_OUT = {
    "semanage": "needs a machine with SELinux", "restorecon": "needs a machine with SELinux",
    "ssh": "needs another machine", "journalctl": "needs the journal of the machine",
}
# other exit statuses than 0 that mean that a command has worked: it found something
STATUSES = {"subid check": (0, 2, 10), "subid doctor": (0, 2), "subid files --orphans": (0, 2),
            "subid map root --explain": (0, 2), "subid map --explain": (2,)}

BARE = "echo 'anna:2000000:1000000' | tee /etc/subuid >/etc/subgid"
EMPTY = ": >/etc/subuid; : >/etc/subgid"
IMAGE = ("mkdir -p /srv/image/etc; cp /etc/login.defs /etc/nsswitch.conf /etc/group /srv/image/etc; "
         "grep -e ^root -e ^alice /etc/passwd >/srv/image/etc/passwd; touch /srv/image/etc/shadow")
# what is needed before a command: PAGE, the begin of the command: commands of root
BEFORE = (
    ("", "subid check --root", IMAGE + "; cp /etc/subuid /etc/subgid /srv/image/etc"),
    ("", "subid whois /srv/image", IMAGE),
    ("", "subid map elsa --for lxc", "su elsa -c 'mkdir -p ~/.config/lxc'"),
    ("", "subid map root --for lxc", "mkdir -p /etc/lxc"),
    ("", "subid map root --explain /", "mkdir -p /var/lib/lxc/c1; echo 'lxc.idmap = u 0 400000 "
     "65536' >/var/lib/lxc/c1/config"),
    ("", "usermod-ext --root", IMAGE),
    ("", "usermod-ext -v 100000-200000", "echo serge:100000:65536 >/etc/subuid"),
    ("", "usermod-ext -v 3000000-3065535 root", "echo elsa:3000000:65536 >/etc/subuid"),
    ("", "usermod-ext -v 3000000-3999999 -w 3000000-3999999 --dry-run", EMPTY),
    ("", "usermod-ext -v 200000", "sed -i /^bob/d /etc/subuid"),
    ("", "subid grant --range 200000", EMPTY),
    ("", "subid grant anna bob", EMPTY),
    ("subid-grant.8", "subid grant elsa", BARE.replace("anna", "bob")),
    ("", "subid grant --uids", "mkdir -p /etc/subid.d; printf 'pool ad 2200000000-2458047999 "
     "count=4096\\nassign uids=200000000-200062999 pool=ad by-uid=200000000\\n' "
     ">/etc/subid.d/ad.conf"),
    ("subid-grant.8", "sed 's/$/:4096/'", "rm -r /etc/subid.d; printf 'alice\\nserge\\n' >new-users; sed -i "
     "-e /^alice/d -e /^serge/d /etc/subuid /etc/subgid"),
    ("subid-grant.8", "subid fix", "echo 'elsa:100000:65536 ' >>/etc/subuid"),
    ("subid-doctor.1.in", "subid doctor elsa", BARE),
    ("subid-doctor.1.in", "newuidmap 4711", "echo elsa:200000:1000 >/etc/subuid"),
    ("", "subid fix 'anna: ", "echo 'anna: 100000:65536' >/etc/subuid"),
    ("", "subid fix --remove 'anna:x'", "echo anna:x >>/etc/subuid"),
    ("", "subid retire --no-account bob", "sed -i /^bob:/d /etc/passwd; "
     + BARE.replace("anna", "bob")),
    ("", "subid retire --range 100000", EMPTY),
    ("", "subid release --range 100000", "echo '~bob:100000:65536' | tee /etc/subuid >/etc/subgid"),
    ("", "subid rename anna alice", "sed -i -e /^alice/d -e s/^anna/alice/ /etc/passwd"),
)


class Step(NamedTuple):
    user: str
    command: str
    output: list
    first: bool     # of a paragraph


def plain(line):
    """A line of a page, as it is shown."""
    for escape, text in (("\\(dq", '"'), ("\\(aq", "'"), ("\\&", ""), ("\\-", "-"), ("\\e", "\\")):
        line = line.replace(escape, text)
    return line


def section(page):
    with open(f"{TOP}/{page}", encoding="utf-8") as file:
        text = file.read().partition("\n.Sh EXAMPLES\n")[2]
    return text.partition("\n.Sh ")[0].splitlines()


def paragraphs(page):
    """The displays of the examples: lists of lines."""
    found, literal = [], False
    for line in section(page):
        if line.startswith(".Bd -literal"):
            literal = True
            found.append([])
        elif line == ".Ed":
            literal = False
        elif literal:
            found[-1].append(plain(line))
        elif line.startswith(".Dl "):
            found.append([plain(line[4:])])
    return found


def joined(lines):
    """Lines of which one that ends with a backslash is continued."""
    rest = iter(lines)
    for line in rest:
        while line.endswith("\\"):
            line = line[:-1] + next(rest).strip()
        yield line


def steps(page):
    """The commands of a page, and its other displays: files."""
    found, files = [], []
    for lines in paragraphs(page):
        if not COMMAND.match(lines[0]):
            files.append("\n".join(lines) + "\n")
            continue
        for number, line in enumerate(joined(lines)):
            match = COMMAND.fullmatch(line)
            if match:
                user = "root" if match[1] == "#" else "elsa"
                found.append(Step(user, match[2], [], number == 0))
            else:
                found[-1].output.append(line)
    return found, files


class Manual:
    def __init__(self, box):
        self.box, self.host, self.report = box, box.host, box.report
        self.shells = {}
        self.n = 0

    def begin(self):
        """The host as the pages describe it, and new shells."""
        for shell in self.shells.values():
            shell.close()
        self.shells = {}
        self.box.put(LINES, LINES)
        people = "".join(f"{name}:x:{uid}:{uid}::/home/{name}:/bin/bash\n"
                         for name, uid in PEOPLE.items())
        groups = "".join(f"{name}:x:{uid}:\n" for name, uid in PEOPLE.items())
        self.host.write("/etc/passwd", LOCAL + people)
        self.host.write("/etc/group", "root:x:0:\ndaemon:x:1:\nnogroup:x:65534:\n"
                        f"students:x:1100:serge\nstaff:x:1101:elsa\nlab:x:1102:elsa\n{groups}")
        self.host.write("/etc/shadow", "".join(f"{name}:!:1::::::\n"
                                               for name in ("root", *PEOPLE)), 0o600)
        for name, uid in PEOPLE.items():
            os.makedirs(f"/home/{name}", exist_ok=True)
            os.chown(f"/home/{name}", uid, uid)
        self.root("rm -rf /srv/image /etc/subid.d /var/lib/subid/*")

    def root(self, command):
        """Something that an example needs."""
        done = subprocess.run(["bash", "-ec", command], check=False, cwd="/root",
                              env={"PATH": PATH, "LC_ALL": "C.UTF-8", "HOME": "/root"})
        if done.returncode:
            raise RuntimeError(f"harness: {command}: status {done.returncode}")

    def prepare(self, page, command):
        for name, begin, needed in BEFORE:
            if command.startswith(begin) and name in ("", page.rpartition("/")[2]):
                self.root(needed)

    def run(self, step):
        if step.user not in self.shells:
            self.shells[step.user] = Shell(step.user)
            self.shells[step.user].run("set -o pipefail")
        shell = self.shells[step.user]
        if "4711" in step.command:
            shell.run("unshare --user sleep 1000 &")
        status, printed = shell.run(step.command.replace("4711", "$!"))
        return status, [line.replace("/usr/local/bin/", "/usr/bin/") for line in printed]

    def check(self, page, step):
        """Types one command."""
        self.n += 1
        name = f"{page}: {step.command}"
        word = step.command.split()[0]
        if word in LEFT_OUT:
            self.report.ok(f"{name}: left out, {LEFT_OUT[word]}")
            return
        if "| jq" in step.command and not shutil.which("jq"):
            self.report.skip(name, "needs jq")
            return
        self.prepare(page, step.command)
        status, printed = self.run(step)
        statuses = max(((begin, found) for begin, found in STATUSES.items()
                        if step.command.startswith(begin)), default=("", (0,)))[1]
        if step.output:
            good = status is not None and fits(step.output, [line.rstrip() for line in printed])
        else:
            good = status in statuses
        self.report.check(name, good, f"status {status}, printed {printed}, not {step.output}")

    def page(self, page):
        self.begin()
        commands, files = steps(page)
        use = FILES.get(page.rpartition("/")[2])
        if files and not use:
            self.report.fail(page, f"FILES does not say how these are used: {files}")
        for text in files if use else ():
            use(self, page, text)
        started = None
        for step in commands:
            if step.command.startswith("unshare") and step.command.endswith("&"):
                started = step
            elif step.first and started and ("$!" in step.command or "/$!" in step.command):
                self.run(started)   # a process gets one map
            self.check(page, step)

    def help(self, program, *verb):
        """Each example of --help alone."""
        result = subprocess.run([program, *verb, "--help"], check=True, capture_output=True,
                                text=True, env={"PATH": PATH, "LC_ALL": "C.UTF-8"})
        text = result.stdout.partition("\nExamples:\n")[2].partition("\n\n")[0]
        for line in text.splitlines():
            command = re.split(r"  +", line.strip())[0]
            if line.startswith("   "):
                continue    # what the command above does
            self.begin()
            self.check(" ".join((program, *verb, "--help")), Step("root", command, [], True))


# --- the files that pages show -----------------------------------------------------------

def database(manual, page, text):
    """Lines of subuid(5), or the source in nsswitch.conf(5)."""
    manual.n += 1
    if text.startswith("subid:"):
        manual.report.check(f"{page}: {text.strip()}", text == "subid: sss files\n", text)
        return
    manual.box.put(text, text)
    findings = manual.box.rows("check")     # ends with 0 if there are only notes
    manual.report.check(f"{page}: {text}", all(row["severity"] == "note" for row in findings),
                        f"{findings}")
    manual.box.put(LINES, LINES)


def rules(manual, page, text):
    """Rules of subid.d(5)."""
    manual.n += 1
    manual.root("mkdir -p -m 755 /etc/subid.d")
    manual.host.write(f"/etc/subid.d/{manual.n}.conf", text)
    result = manual.box.run("policy")
    manual.report.check(f"{page}: {text}", result.status == 0 and not result.err and
                        all(line.split()[0] in result.out.decode()
                            for line in text.splitlines()), f"{result}")


def script(manual, page, text):
    """Scripts of a package; both are tried, twice."""
    manual.n += 1
    manual.host.write(f"{manual.host.tmpdir}/script", text, 0o755)
    word = "configure" if "configure" in text else "purge"
    done = [subprocess.run([f"{manual.host.tmpdir}/script", word], check=False,
                           capture_output=True, text=True, env={"PATH": PATH, "DPKG_ROOT": ""})
            for _ in range(2)]
    with open("/etc/subuid", encoding="utf-8") as file:
        found = "_builder:" in file.read()
    manual.report.check(f"{page}: {word}", not any(run.returncode for run in done) and
                        found == (word == "configure"), f"{done}")


FILES = {"subuid.5": database, "subgid.5": database, "subid.d.5": rules, "pam_subid.8": rules,
         "usermod-ext.8": script}


def pages():
    """The pages with examples, but those of section 3."""
    found = subprocess.run(["git", "ls-files", "*.[1578]", "*.[1578].in"], cwd=TOP,
                           capture_output=True, text=True, check=False).stdout.split()
    if not found:   # a tarball
        found = [os.path.relpath(os.path.join(directory, name), TOP)
                 for directory, _, names in os.walk(TOP) for name in names
                 if re.search(r"\.[1578](\.in)?$", name)]
    return sorted(found)


def main():
    box = subid_box.enter()
    install(box.host)
    make_fresh(box.host, ())
    box.host.write("/etc/login.defs", LOGIN_DEFS)
    mount("tmpfs", "/srv", "tmpfs")
    mount("tmpfs", "/root", "tmpfs")
    take_records(box.host)
    manual = Manual(box)
    for page in pages():
        box.report.part(manual.page, page)
    listed = subprocess.run(["/usr/local/bin/subid", "--help"], check=True, capture_output=True,
                            text=True, env={"PATH": PATH}).stdout
    for verb in re.findall(r"^  (\w+)  ", listed, re.M):
        box.report.part(manual.help, "subid", verb)
    for program in ("newuidmap", "newgidmap", "getsubids", "usermod-ext"):
        box.report.part(manual.help, program)
    box.report.check("all examples are found", manual.n > 120, f"{manual.n}")
    box.report.finish()


main()
