# SPDX-License-Identifier: BSD-3-Clause
"""examples/fleet on one machine: a directory on two servers with sssd, the host that publishes the
set, and the web server from which hosts fetch it."""

import contextlib
import http.server
import os
import signal
import socket
import ssl
import subprocess
import threading

from directory_service import (CLEAN_PATH, EXAMPLE, SCHEMA, SERVER, Directory, be_quiet, listens,
                               subids, user, wait_for)
from directory_service import missing as missing_directory
from host import Caller, built, read

WEB, PROVIDER = "exporter.example.test", "ldap1.example.test"
TOP_ENTRY = "dc=example,dc=test"
COPY = 3890         # the port of the consumer
TOOLS = {"ldapsearch": "ldap-utils", "gpg": "gnupg", "gpgv": "gpgv", "curl": "curl",
         "openssl": "openssl"}


def missing():
    """The reason why it cannot run here, or None."""
    for tool, package in TOOLS.items():
        if not any(os.path.exists(f"{place}/{tool}") for place in CLEAN_PATH.split(":")):
            return f"needs {tool} ({package})"
    return missing_directory()


class Web(http.server.BaseHTTPRequestHandler):
    """Sends one file, unless the client has it; the class has what may go wrong."""
    file, cut, seen = None, None, []

    def do_GET(self):                           # noqa: N802 pylint: disable=C0103
        text = read(self.file)
        tag = f'"{hash(text) & 0xffffffff:x}"'
        same = self.headers["If-None-Match"] == tag
        self.seen.append(304 if same else 200)
        self.send_response(304 if same else 200)
        self.send_header("ETag", tag)
        if not same:
            self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if not same:
            self.wfile.write(text[:self.cut])

    def log_message(self, *_):                  # pylint: disable=W0221
        pass


class Fleet(Directory):
    """Directory has Kerberos and sssd, which asks the provider."""

    def __init__(self, host, people):
        self.home = f"{host.tmpdir}/gnupg"
        self.published = f"{host.tmpdir}/ranges.set.gpg"
        super().__init__(host, people)
        self.env |= {"GNUPGHOME": self.home, "PATH": f"{os.path.dirname(built('subid'))}:"
                     f"{EXAMPLE}:{CLEAN_PATH}"}
        os.mkdir(self.home, 0o700)
        for name in ("fleet", "other"):
            self.run("gpg", "--batch", "--passphrase", "", "--quick-gen-key", name, "ed25519",
                     "sign", "never")
        self.key = self.run("gpg", "--export", "fleet").stdout
        Web.file = self.published
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 443), Web)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain("/etc/ldap/server.pem", "/etc/ldap/server.key")
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def _configure(self):
        super()._configure()
        write = self.host.write
        write("/etc/hosts", f"127.0.0.1 localhost\n127.0.0.1 {SERVER} {PROVIDER} {WEB}\n")
        os.makedirs("/etc/ldap/schema", exist_ok=True)
        write("/etc/ldap/schema/subid.schema", SCHEMA)
        os.mkdir("/run/slapd")
        self.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                 "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", f"/CN={PROVIDER}",
                 "-addext", f"subjectAltName=DNS:{PROVIDER},DNS:{WEB}",
                 "-keyout", "/etc/ldap/server.key", "-out", "/etc/ldap/server.pem")
        write("/etc/ldap/ca.pem", read("/etc/ldap/server.pem"))
        for name in ("provider", "consumer"):
            directory = f"{self.top}/{name}"
            os.mkdir(directory, 0o700)
            text = read(f"{EXAMPLE}/{name}.conf").decode().replace("/var/lib/ldap", directory)
            text = text.replace("slapd/slapd.pid", f"slapd/{name}.pid").replace("retry=\"5 ",
                                                                                "retry=\"1 ")
            if name == "provider":              # for sssd
                text = f"sasl-host {SERVER}\nsasl-realm EXAMPLE.TEST\n{text}"
            write(f"{directory}.conf", text)

    def run(self, *words, status=0, data=None):
        """Runs a program where the set is published. Another exit status raises."""
        done = subprocess.run(words, env=self.env, input=data or b"", capture_output=True,
                              timeout=120, check=False)
        if status is not None and done.returncode != status:
            raise RuntimeError(f"{words}: {done}")
        return done

    def _start_ldap(self):
        base = read(f"{EXAMPLE}/base.ldif") + b"\n" + "".join(map(user, self.people)).encode()
        self.run("slapadd", "-f", f"{self.top}/provider.conf", data=base)
        self.start_slapd()

    def start_slapd(self):
        for name, port in (("provider", 389), ("consumer", COPY)):
            log = open(f"{self.top}/{name}.log", "ab")
            self.daemons[name] = subprocess.Popen(
                ["slapd", "-f", f"{self.top}/{name}.conf", "-d", "0", "-h",
                 f"ldap://127.0.0.1:{port} {self.socket(name)}"], env=self.env,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                preexec_fn=be_quiet)
            wait_for(name, lambda wanted=port: listens(wanted))

    def kill_slapd(self):
        for name in ("provider", "consumer"):
            self.daemons[name].send_signal(signal.SIGKILL)
            self.daemons.pop(name).wait()

    def start_sssd_unknown(self):
        """While the directory is down; waits until it can be asked."""
        self._start("sssd", "-i")
        with socket.socket(socket.AF_UNIX) as probe:
            wait_for("sssd", lambda: probe.connect_ex("/var/lib/sss/pipes/nss") == 0)

    @staticmethod
    def socket(name):
        return f"ldapi://%2Frun%2Fslapd%2F{name}"

    def add(self, text, tool="ldapadd"):
        """Adds entries as root of the provider; the exit status, which is LDAP's."""
        return self.run(tool, "-Q", "-Y", "EXTERNAL", "-H", self.socket("provider"), status=None,
                        data=text.encode()).returncode

    def copied(self, caller):
        """Waits until the consumer has the range of a user."""
        wait_for(caller.name, lambda: b"dn:" in self.run(
            "ldapsearch", "-x", "-LLL", "-H", self.socket("consumer"), "-b", TOP_ENTRY,
            f"(ipaUniqueID=range-{caller.name})", status=None).stdout)

    def grant(self, caller, first, count=65536):
        """Gives a user a range in the directory."""
        status = self.add(subids(caller, first, count))
        shown(f"ldap1# ldapadd: {caller.name} {first} {count}", (), f"exit status {status}")
        if status == 0:
            self.copied(caller)
        return status

    def publish(self):
        """Runs subid-publish."""
        done = self.run("subid-publish", f"{self.host.tmpdir}/state", self.published, "fleet",
                        "-Q", "-Y", "EXTERNAL", "-H", self.socket("consumer"),
                        "-b", f"cn=subids,cn=accounts,{TOP_ENTRY}", status=None)
        shown("exporter# subid-publish ...", done.stderr.decode().split("\n"),
              f"exit status {done.returncode}")
        return done

    def put(self, text, key="fleet"):
        """Publishes a set without any check."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.published)
        self.run("gpg", "--batch", "--local-user", key, "--sign", "--output", self.published,
                 data=text.encode())

    def put_serial(self, number, *lines, key="fleet"):
        """The same, with these lines."""
        image = f"{self.host.tmpdir}/image"
        os.makedirs(f"{image}/etc", exist_ok=True)
        for name in ("subuid", "subgid"):
            self.host.write(f"{image}/etc/{name}", "".join(f"{line}\n" for line in lines))
        done = self.run("subid", "export", "-R", image, "--serial", str(number))
        self.put(done.stdout.decode(), key)


def shown(command, lines, end):
    """A part of the transcript, which nothing counts."""
    print(f"# {command}", *(f"#     {line}" for line in (*lines, end) if line), sep="\n")


def account(name, uid):
    return Caller(name, uid, uid)
