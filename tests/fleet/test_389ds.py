#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""subid-publish of examples/fleet with 389 Directory Server, which FreeIPA uses: the schema is
accepted, and the set is that of the entries."""

import os
import re
import shutil
import subprocess

import subid_box
from directory_service import ALICE, CLONE_NEWNET, EXAMPLE, SERGE, raise_loopback, subids
from host import CLEAN_PATH, read, unshare, writable

URL, SUFFIX, MANAGER = "ldap://127.0.0.1:3389", "dc=example,dc=test", "cn=Directory Manager"
SECRET = "Secret123"
INSTANCE = f"""\
[general]
config_version = 2
full_machine_name = localhost.localdomain
strict_host_checking = False
systemd = False
[slapd]
instance_name = subid
root_password = {SECRET}
port = 3389
secure_port = 3636
self_sign_cert = False
[backend-userroot]
suffix = {SUFFIX}
create_suffix_entry = True
sample_entries = no
"""
# dscreate starts the server by systemd, also without it.
SYSTEMCTL = """\
#!/bin/sh
case $1 in
is-active) exec kill -0 "$(cat /run/dirsrv/slapd-subid.pid)" ;;
start)
    /usr/sbin/ns-slapd -D /etc/dirsrv/slapd-subid -i /run/dirsrv/slapd-subid.pid >"$HOME/log" 2>&1
    for i in $(seq 50); do
        ldapsearch -x -H ldap://127.0.0.1:3389 -s base -b '' dn >/dev/null 2>&1 && exit
        sleep 0.2
    done
    tail -n 5 /var/log/dirsrv/slapd-subid/errors >>"$HOME/log"
    exit 1
    ;;
esac
"""
FIRST = 2147483648


def schema():
    """The example's, as an entry that changes cn=schema."""
    text = re.sub(r"\n\t", " ", read(f"{EXAMPLE}/subid.schema").decode())
    parts = ["dn: cn=schema", "changetype: modify"]
    for word, name in (("attributetype", "attributeTypes"), ("objectclass", "objectClasses")):
        parts += [f"add: {name}", *re.findall(rf"^{word} (\(.*\))$", text, re.M), "-"]
        parts = [f"{name}: {part}" if part.startswith("(") else part for part in parts]
    return "\n".join(parts) + "\n"


class Server:
    def __init__(self, box):
        self.box, top = box, box.host.tmpdir
        unshare(CLONE_NEWNET)
        raise_loopback()
        box.host.suit_runtimes()
        for path in ("/var/lib", "/var/log", "/var/cache"):
            writable(box.host, path)
        owner = os.stat("/etc/dirsrv")
        with open("/etc/passwd", "a") as passwd, open("/etc/group", "a") as group:
            passwd.write(f"dirsrv:x:{owner.st_uid}:{owner.st_gid}::/:/usr/sbin/nologin\n")
            group.write(f"dirsrv:x:{owner.st_gid}:\n")
        self.env = {"LC_ALL": "C.UTF-8", "GNUPGHOME": f"{top}/gnupg", "HOME": top, "PATH":
                    f"{top}/fake:{os.path.dirname(box.path)}:{EXAMPLE}:{CLEAN_PATH}"}
        os.mkdir(f"{top}/gnupg", 0o700)
        os.mkdir(f"{top}/fake")
        box.host.write(f"{top}/fake/systemctl", SYSTEMCTL, 0o755)
        os.makedirs("/run/lock/dirsrv", exist_ok=True)
        box.host.write(f"{top}/ds.inf", INSTANCE)
        self.run("gpg", "--batch", "--passphrase", "", "--quick-gen-key", "fleet", "ed25519",
                 "sign", "never")
        self.run("dscreate", "from-file", f"{top}/ds.inf")

    def run(self, *words, data="", status=0):
        done = subprocess.run(words, env=self.env, input=data.encode(), capture_output=True,
                              timeout=300, check=False)
        if done.returncode != status:
            raise RuntimeError(f"{words}: {done}, {read(self.env['HOME'] + '/log')}")
        return done

    def change(self, tool, text):
        self.run(tool, "-x", "-H", URL, "-D", MANAGER, "-w", SECRET, data=text)

    def publish(self, status):
        return self.run("subid-publish", f"{self.box.host.tmpdir}/state",
                        f"{self.box.host.tmpdir}/set.gpg", "fleet", "-x", "-H", URL, "-D",
                        MANAGER, "-w", SECRET, "-b", f"cn=subids,cn=accounts,{SUFFIX}",
                        status=status)


def play(server):
    box, state = server.box, f"{server.box.host.tmpdir}/state"
    server.change("ldapmodify", schema())
    base = read(f"{EXAMPLE}/base.ldif").decode().split("\n\n", 1)[1]
    server.change("ldapadd", base)
    server.change("ldapadd", subids(ALICE, FIRST, 65536) + subids(SERGE, FIRST + 65536, 65536))
    server.publish(0)
    box.check("389ds: the set", read(f"{state}/last.set").decode().splitlines()[1:3],
              [f"both alice:{FIRST}:65536", f"both serge:{FIRST + 65536}:65536"])
    server.change("ldapadd", subids(ALICE._replace(name="mallory"), FIRST + 1, 65536))
    result = server.publish(20)
    box.report.check("389ds: an overlap is not published",
                     b"mallory and alice" in result.stderr, f"{result}")


def main():
    box = subid_box.enter()
    for tool, package in (("dscreate", "389-ds-base"), ("ldapadd", "ldap-utils"), ("gpg", "gnupg")):
        if not shutil.which(tool, path=CLEAN_PATH):
            box.report.skip("389ds", f"needs {tool} ({package})")
            box.report.finish()
    server = box.report.part(Server, box)
    if server:
        box.report.part(play, server)
    box.report.finish()


main()
