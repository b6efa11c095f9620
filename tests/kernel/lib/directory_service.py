# SPDX-License-Identifier: BSD-3-Clause
"""A directory service with subordinate ids: OpenLDAP with FreeIPA's schema for them, MIT
Kerberos, and sssd with its IPA provider, on the loopback of a private network namespace. All
their files are in temporary file systems, and they end with the test."""

import contextlib
import fcntl
import os
import shutil
import signal
import socket
import struct
import subprocess
import time

import host as host_module
from host import CLEAN_PATH, CLONE_NEWNS, MS_BIND, TOP, Caller, mount, unshare

CLONE_NEWNET = 0x40000000
DOMAIN, REALM, SERVER = "example.test", "EXAMPLE.TEST", "vm.example.test"
NEEDED = {"slapd": "slapd", "slapadd": "slapd", "krb5kdc": "krb5-kdc",
          "kdb5_util": "krb5-kdc", "kadmin.local": "krb5-admin-server", "sssd": "sssd-common"}
LIBRARIES = {"sssd/libsss_ipa.so": "sssd-ipa", "libsubid_sss.so": "sssd-common",
             "sasl2/libgssapiv2.so": "libsasl2-modules-gssapi-mit"}

# A user with a range, and one with none.
ALICE = Caller("alice", 50001, 50001)
SERGE = Caller("serge", 50002, 50002)
FIRST, COUNT = 2147483648, 65536

EXAMPLE = f"{TOP}/examples/fleet"
with open(f"{EXAMPLE}/subid.schema", encoding="utf-8") as file:
    SCHEMA = file.read()
# what else sssd's IPA provider looks for
OID = "2.16.840.1.113730.3.8.99"
SCHEMA += f"""
objectclass ( {OID}.1 NAME 'nsContainer' SUP top STRUCTURAL MUST cn )
objectclass ( {OID}.2 NAME 'ipaUser' SUP top AUXILIARY MAY ipaUniqueID )
"""

SLAPD = """\
sasl-host {server}
sasl-realm {realm}
authz-regexp "uid=host/.*,cn=gssapi,cn=auth" "cn=admin,dc=example,dc=test"
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/nis.schema
include /etc/ldap/schema/inetorgperson.schema
include {top}/subid.schema
pidfile {top}/slapd.pid
modulepath /usr/lib/ldap
moduleload back_mdb
database mdb
suffix dc=example,dc=test
rootdn cn=admin,dc=example,dc=test
directory {top}/ldap
index objectClass,uid,ipaOwner,ipaSubUidNumber eq
access to * by * read
"""

KRB5 = """\
[libdefaults]
 default_realm = {realm}
 dns_lookup_kdc = false
 rdns = false
 dns_canonicalize_hostname = false
[realms]
 {realm} = {{
  kdc = 127.0.0.1:88
 }}
[domain_realm]
 .{domain} = {realm}
"""

KDC = """\
[kdcdefaults]
 kdc_listen = 127.0.0.1:88
 kdc_tcp_listen = 127.0.0.1:88
[realms]
 {realm} = {{
  database_name = {top}/kdc/principal
  key_stash_file = {top}/kdc/stash
  acl_file = {top}/kdc/acl
 }}
"""

# added to that of the example
SSSD = """\
auth_provider = none
access_provider = permit
chpass_provider = none
subdomains_provider = none
sudo_provider = none
autofs_provider = none
hostid_provider = none
selinux_provider = none
session_provider = none
ipa_hostname = {server}
krb5_keytab = {top}/keytab
ldap_krb5_keytab = {top}/keytab
krb5_server = 127.0.0.1
krb5_use_kdcinfo = false
ldap_sasl_mech = GSSAPI
ldap_search_base = cn=accounts,dc=example,dc=test
dyndns_update = false
cache_credentials = false
{options}

[nss]
entry_negative_timeout = 0
"""


def sssd_conf(top, options):
    """The one of the example, for this directory."""
    with open(f"{EXAMPLE}/sssd.conf", encoding="utf-8") as file:
        text = file.read().replace("_srv_", SERVER)
    for line in ("auth_provider = ipa\n", "access_provider = ipa\n"):
        text = text.replace(line, "")
    return text + SSSD.format(top=top, server=SERVER, options=options)


def container(name, parent):
    return f"dn: cn={name},{parent}\nobjectClass: nsContainer\ncn: {name}\n\n"


def user(caller):
    return f"""\
dn: uid={caller.name},cn=users,cn=accounts,dc=example,dc=test
objectClass: inetOrgPerson
objectClass: posixAccount
objectClass: ipaUser
uid: {caller.name}
cn: {caller.name}
sn: {caller.name}
uidNumber: {caller.uid}
gidNumber: {caller.gid}
ipaUniqueID: user-{caller.name}
homeDirectory: /home/{caller.name}
loginShell: /bin/sh

"""


def subids(caller, first, count):
    return f"""\
dn: ipaUniqueID=range-{caller.name},cn=subids,cn=accounts,dc=example,dc=test
objectClass: ipaSubordinateIdEntry
objectClass: ipaSubordinateId
ipaUniqueID: range-{caller.name}
ipaOwner: uid={caller.name},cn=users,cn=accounts,dc=example,dc=test
ipaSubUidNumber: {first}
ipaSubUidCount: {count}
ipaSubGidNumber: {first}
ipaSubGidCount: {count}

"""


def entries(people):
    top = "dc=example,dc=test"
    text = f"dn: {top}\nobjectClass: dcObject\nobjectClass: organization\no: x\ndc: example\n\n"
    text += container("accounts", top)
    for name in ("users", "groups", "subids"):
        text += container(name, f"cn=accounts,{top}")
    for caller in people:
        text += user(caller)
    return text + subids(ALICE, FIRST, COUNT)


def missing():
    """The reason why no directory service can run here, or None."""
    for tool, package in NEEDED.items():
        if not shutil.which(tool, path=CLEAN_PATH):
            return f"needs {tool} ({package})"
    for library, package in LIBRARIES.items():
        if not os.path.exists(f"/usr/lib/{os.uname().machine}-linux-gnu/{library}"):
            return f"needs {library} ({package})"
    return host_module.without_modules()


def wait_for(what, condition, seconds=30):
    """Polls; the machine may be slow."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"{what}: not within {seconds} s")
        time.sleep(0.02)


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def raise_loopback():
    with socket.socket() as probe:
        flags = struct.unpack("16sH", fcntl.ioctl(probe, 0x8913,
                                                  struct.pack("16sH14x", b"lo", 0))[:18])[1]
        fcntl.ioctl(probe, 0x8914, struct.pack("16sH14x", b"lo", flags | 1))


def be_quiet():
    """For a daemon, which would wait, since the test does not always read /dev/log."""
    unshare(CLONE_NEWNS)
    mount("/dev/null", "/dev/log", None, MS_BIND)


class Directory:
    def __init__(self, host, people=(ALICE, SERGE)):
        self.host, self.top = host, f"{host.tmpdir}/directory"
        self.people = people
        self.env = {"PATH": CLEAN_PATH, "KRB5_KDC_PROFILE": f"{self.top}/kdc.conf",
                    "KRB5_KTNAME": f"{self.top}/keytab", "LC_ALL": "C",
                    "KRB5RCACHEDIR": self.top}
        self.daemons, self.known = {}, ALICE.name
        unshare(CLONE_NEWNET)
        raise_loopback()
        for directory in ("", "/ldap", "/kdc"):
            os.mkdir(self.top + directory, 0o700)
        self._configure()
        self._start_kerberos()
        self._start_ldap()
        self.start_sssd()

    def _configure(self):
        values = dict(top=self.top, domain=DOMAIN, realm=REALM, server=SERVER)
        write = self.host.write
        write("/etc/hosts", f"127.0.0.1 localhost\n127.0.0.1 {SERVER}\n")
        write("/etc/krb5.conf", KRB5.format(**values))
        write(f"{self.top}/kdc.conf", KDC.format(**values))
        write(f"{self.top}/subid.schema", SCHEMA)
        write(f"{self.top}/slapd.conf", SLAPD.format(**values))
        write(f"{self.top}/entries.ldif", entries(self.people))
        os.makedirs("/etc/sssd", exist_ok=True)
        self.configure_sssd("")
        for directory in ("/run", "/var/log"):
            mount("tmpfs", directory, "tmpfs", 0, "mode=755")
        os.mkdir("/var/log/sssd", 0o755)
        for name in ("up", "work"):
            os.mkdir(f"{self.top}/{name}", 0o755)
        mount("overlay", "/var/lib/sss", "overlay", 0, "lowerdir=/var/lib/sss,"
              f"upperdir={self.top}/up,workdir={self.top}/work")
        self.forget()

    def configure_sssd(self, options, known=ALICE.name):
        """Adds lines for the domain, for the next start of sssd; known: a name that it
        then has."""
        self.known = known
        self.host.write("/etc/sssd/sssd.conf", sssd_conf(self.top, options), 0o600)

    @staticmethod
    def forget():
        """Removes the stored data of sssd, which does not run."""
        for directory in ("db", "mc"):
            for name in os.listdir(f"/var/lib/sss/{directory}"):
                os.unlink(f"/var/lib/sss/{directory}/{name}")

    def _run(self, *words):
        done = subprocess.run(words, env=self.env, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            raise RuntimeError(f"{words}: {done.stdout}{done.stderr}")

    def _start(self, *words):
        with open(f"{self.top}/{words[0]}.log", "wb") as log:
            self.daemons[words[0]] = subprocess.Popen(
                words, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=be_quiet)

    def _start_kerberos(self):
        self._run("kdb5_util", "create", "-s", "-W", "-r", REALM, "-P", "secret")
        for name in ("host", "ldap"):
            self._run("kadmin.local", "-q", f"addprinc -randkey {name}/{SERVER}")
            self._run("kadmin.local", "-q", f"ktadd -k {self.top}/keytab {name}/{SERVER}")
        self._start("krb5kdc", "-n")
        wait_for("krb5kdc", lambda: listens(88))

    def _start_ldap(self):
        config = ("-f", f"{self.top}/slapd.conf")
        self._run("slapadd", *config, "-l", f"{self.top}/entries.ldif")
        self._start("slapd", *config, "-d", "0", "-h", "ldap://127.0.0.1:389")
        wait_for("slapd", lambda: listens(389))

    def knows(self, name):
        return subprocess.run(("getent", "-s", "sss", "passwd", name), env=self.env,
                              capture_output=True, timeout=60).returncode == 0

    def start_sssd(self):
        self._start("sssd", "-i")
        wait_for("sssd", lambda: self.knows(self.known))

    def signal_sssd(self, number):
        """Sends a signal to sssd and its children; returns how many there are."""
        pids = [self.daemons["sssd"].pid]
        for name in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError), open(f"/proc/{name}/comm") as file:
                if file.read().startswith("sssd_"):
                    pids.append(int(name))
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        return len(pids)

    def kill_sssd(self):
        self.signal_sssd(signal.SIGKILL)
        self.daemons.pop("sssd").wait()
