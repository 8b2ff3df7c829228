"""A fleet: hosts without secrets, services without state, one PostgreSQL.

    fleet = Fleet(machine, net, uri)
    login1, login2 = fleet.service(), fleet.service()
    web1 = fleet.host(login1, login2)           asks in this order
    web1.login("alice", code).accepted          through PAM, on that host
    fleet.at_once([(web1, 1), (web2, 8)], "alice", code)
    login1.verify(web1.key, "alice", code).json["verdict"]

Each is in a network namespace of its own; the administrator's tool runs on
the machine, over the database's local socket. All have the same clock.
"""

import http.client
import json
import secrets
import ssl
import subprocess
from pathlib import Path

from emotpd import Emotpd
from machine import Login, Result
from netns import DOMAIN
from patroni import PASSFILE
from postgres import PASSWORD, until
from sandbox import RUN
from service import PATIENCE_S, Answer, make_certificate
from tools import LIB
from totp import Token

TLS = RUN / "fleet-tls"
CONF = Path("/etc/emotp/emotp.conf")  # of each place
PGPASS = f"*:*:*:*:{PASSWORD}\n"
NONCE = "0123456789abcdef"
NAMES = f"subjectAltName=DNS:*.{DOMAIN}\nextendedKeyUsage=serverAuth\n"


def certificates():
    """The folder of ca.pem, and of one certificate for every name."""
    if not TLS.exists():
        make_certificate(TLS, "server", NAMES)
    return TLS


def put(place, path, text, mode=0o400):
    """A file of that place's own."""
    path = place.path(path)
    path.write_text(text)
    path.chmod(mode)


class Fleet:
    def __init__(self, machine, net, uri):
        """uri: the database, as the services find it over the network."""
        self.machine, self.net, self.uri = machine, net, uri
        self.services, self.hosts = [], []
        machine.init()
        machine.stack("login", "auth required {module} prompts=1")

    def service(self):
        place = self.net.host(f"login{len(self.services) + 1}")
        self.services.append(Replica(self, place))
        return self.services[-1]

    def host(self, *services, users="*"):
        """A host that asks these services, in this order."""
        place = self.net.host(f"web{len(self.hosts) + 1}")
        self.hosts.append(Host(self, place, services, users))
        return self.hosts[-1]

    def enrol(self, count):
        """Active users u1, u2, ...: their tokens, by name."""
        tokens = {f"u{n}": secrets.token_bytes(20)
                  for n in range(1, count + 1)}
        self.machine.provision(
            "add", "-", ok=True,
            input="".join(f"{x},{x}@{DOMAIN}\n" for x in tokens))
        path = self.machine.dir / "users.oath"
        path.write_text("".join(f"HOTP/T60\t{name}\t-\t{secret.hex()}\n"
                                for name, secret in tokens.items()))
        self.machine.provision("import", "users.oath", path, ok=True,
                               at=self.machine.now - 600)
        return {name: Token(secret) for name, secret in tokens.items()}

    def set_clock(self, at):
        self.machine.now = at
        for daemon in self.machine.daemons:
            daemon.put_clock(at)

    def wait(self, steps=1):
        self.set_clock(self.machine.now + 60 * steps)

    @staticmethod
    def at_once(places, user, code):
        """The same login in (host, count) processes, at the same moment:
        all of them wait for what is typed before any is told.

        Returns the Logins of each host.
        """
        running = [host.start_login(user, count) for host, count in places]
        for process in running:
            until(lambda: waits(process), "pamdrive to read what is typed")
        for process in running:
            process.stdin.write(code + "\n")
            process.stdin.flush()
        for process in running:
            process.stdin.close()
        return [logins_of(process) for process in running]


def waits(process):
    """Whether pamdrive has come as far as reading its answers."""
    stat = Path(f"/proc/{process.pid}/stat").read_text()
    return "(pamdrive) S" in stat


def logins_of(process):
    told = process.stdout.read()
    assert process.wait(PATIENCE_S) == 0
    return [Login(x, []) for x in told.split("end\n")[:-1]]


class Replica(Emotpd):
    """The service, one of several, on a host of its own."""

    def __init__(self, fleet, place):
        machine = fleet.machine
        super().__init__(machine, machine.dir / place.name, place.wrap)
        self.place, self.conf = place, CONF
        self.url = f"https://{place.name}"
        put(place, "/etc/emotp/master.key", machine.key_path.read_text())
        put(place, PASSFILE, PGPASS)
        machine.conf(place.path(CONF), **{
            "store": fleet.uri, "service": None,
            "listen": f"https://{place.address}:443",
            "tls_certificate": TLS / "server.pem",
            "tls_key": TLS / "server.key", "public_url": self.url})
        self.start()

    def verify(self, key, user, otp):
        """What a host is told: an Answer."""
        link = http.client.HTTPSConnection(
            self.place.name, timeout=PATIENCE_S,
            context=ssl.create_default_context(cafile=TLS / "ca.pem"))
        try:
            link.request("POST", "/v1/verifications", json.dumps(
                {"user": user, "otp": otp, "nonce": NONCE, "service": "sshd",
                 "rhost": "192.0.2.7"}), {"Authorization": f"Bearer {key}"})
            return Answer(link.getresponse())
        finally:
            link.close()


class Host(Emotpd):
    """A host of the fleet: a relay, and PAM that asks it."""

    def __init__(self, fleet, place, services, users):
        self.fleet = fleet
        machine = fleet.machine
        super().__init__(machine, machine.dir / place.name, place.wrap)
        self.place, self.conf = place, CONF
        self.name = place.name.partition(".")[0]
        self.key = machine.provision("host", "add", self.name, "--users",
                                     users, ok=True).out.strip()
        put(place, "/etc/emotp/host.key", self.key + "\n")
        machine.conf(place.path(CONF), **{
            "store": None, "mail": None,
            "service": "unix:/run/emotp/emotpd.sock",
            "upstream": " ".join(x.url for x in services),
            "upstream_ca": TLS / "ca.pem",
            "host_key_file": "/etc/emotp/host.key"})
        self.start()

    def start_login(self, user, count=1):
        """count processes that are about to log in, one pamdrive."""
        process = subprocess.Popen(
            [*self.wrap, LIB / "pamdrive", "-f", str(count), "-r",
             "192.0.2.7", "-t", "ssh", "login", user], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env=self.machine.environment(at=self.clock))
        self.machine.processes.append(process)
        return process

    def login(self, user, code):
        """One login by PAM."""
        process = self.start_login(user)
        process.stdin.write(code + "\n")
        process.stdin.close()
        return logins_of(process)[0]

    def accepts(self, user, code):
        return self.login(user, code).accepted
