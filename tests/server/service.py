"""A running emotpd, and what a client of it needs.

    service.request("GET", "/v1/time").json["time"]     over TLS
    service.post("/v1/tokens", {...}, plain=True)       as behind a proxy
    service.connect()                                   a raw TLS socket
    service.log.read_text(), service.wait_for(pattern)
    service.set_clock(at), service.reload(), service.stop()
"""

import http.client
import json
import os
import signal
import socket
import ssl
import subprocess

from emotpd import LOCAL, PATIENCE_S, Emotpd
from sandbox import RUN

TLS = RUN / "tls"
NAMES = "subjectAltName=DNS:localhost,DNS:login.example.org,IP:127.0.0.1," \
        "IP:::1\nextendedKeyUsage=serverAuth\n"
KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


class Answer:
    """status, headers (names in small letters), body; json, type."""

    def __init__(self, response):
        self.status = response.status
        self.headers = {k.lower(): v for k, v in response.getheaders()}
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def type(self):
        """"wrong-code" and the like, of a problem."""
        return self.json["type"].removeprefix("about:emotp#")

    def __repr__(self):
        return f"{self.status} {self.headers} {self.body!r}"


def make_certificate(folder, name, names=NAMES, days=7000):
    """name.pem and name.key of a test CA (ca.pem), valid 2024 to 2043."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "names").write_text(names)
    commands = [
        ["req", "-new", *KEY, "-keyout", f"{name}.key", "-out",
         f"{name}.csr", "-subj", f"/CN={name}"],
        ["x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey",
         "ca.key", "-CAcreateserial", "-days", str(days), "-extfile", "names",
         "-out", f"{name}.pem"]]
    if not (folder / "ca.pem").exists():
        commands.insert(0, [
            "req", "-x509", *KEY, "-keyout", "ca.key", "-out", "ca.pem",
            "-days", "7000", "-subj", "/CN=emotp test CA", "-addext",
            "basicConstraints=critical,CA:TRUE", "-addext",
            "keyUsage=critical,keyCertSign,cRLSign"])
    for command in commands:
        subprocess.run(
            ["faketime", "2024-03-01", "openssl", *command], cwd=folder,
            check=True, capture_output=True)
    (folder / f"{name}.key").chmod(0o600)


class Service(Emotpd):
    def __init__(self, machine, **settings):
        super().__init__(machine,
                         machine.dir / f"service{len(machine.processes)}")
        if not TLS.exists():
            make_certificate(TLS, "server")
        LOCAL.parent.mkdir(mode=0o755, exist_ok=True)
        machine.init()
        machine.conf(self.conf, **{
            "listen": "https://127.0.0.1:0 http://127.0.0.1:0",
            "tls_certificate": TLS / "server.pem",
            "tls_key": TLS / "server.key",
            "public_url": "https://login.example.org",
            "socket": LOCAL, **settings})
        self.start()

    def start(self, wrap=(), env=None, **how):
        """Starts it (again); returns when it serves."""
        super().start(wrap, env, **how)
        self.tls_port = self.port_of("https")
        self.plain_port = self.port_of("http")

    def port_of(self, scheme):
        """The first port with this scheme, or None."""
        return next((int(x.rpartition(":")[2]) for x in self.listening
                     if x.startswith(scheme + "://")), None)

    def set_clock(self, at):
        """The service's wall clock from now on; its timers go on."""
        self.put_clock(at)
        self.machine.now = at

    def reload(self):
        mark = self.log.stat().st_size
        self.process.send_signal(signal.SIGHUP)
        return self.wait_for("certificate", mark)

    # Clients.

    @staticmethod
    def trust(ca=None):
        return ssl.create_default_context(cafile=str(ca or TLS / "ca.pem"))

    def connect_raw(self, plain=False, source=None):
        """A TCP connection, from source if that is given."""
        port = self.plain_port if plain else self.tls_port
        s = socket.create_connection(
            ("127.0.0.1", port), PATIENCE_S,
            source_address=(source, 0) if source else None)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return s

    def connect(self, plain=False, source=None):
        """The same after the TLS handshake, unless plain."""
        s = self.connect_raw(plain, source)
        return s if plain else self.trust().wrap_socket(
            s, server_hostname="localhost")

    def session(self, plain=False, source=None):
        """An http.client connection, kept alive, for ask()."""
        connection = http.client.HTTPConnection("localhost")
        connection.sock = self.connect(plain, source)
        return connection

    @staticmethod
    def ask(session, method, path, body=None, headers=None):
        if isinstance(body, dict):
            body = json.dumps(body)
        headers = {"Host": "login.example.org",
                   **({"Content-Type": "application/json"} if body else {}),
                   **(headers or {})}
        session.request(method, path, body, headers)
        return Answer(session.getresponse())

    def request(self, method, path, body=None, headers=None, plain=False,
                source=None):
        """One request on a connection of its own. A dict goes as JSON."""
        session = self.session(plain, source)
        try:
            return self.ask(session, method, path, body, headers)
        finally:
            session.close()

    def get(self, path, **how):
        return self.request("GET", path, **how)

    def post(self, path, body, **how):
        return self.request("POST", path, body, **how)

    # What an operator sees.

    def metrics(self):
        """Name (with its labels) to number."""
        text = self.get("/metrics", plain=True).body.decode()
        return {k: float(v) for k, v in (
            x.rsplit(" ", 1) for x in text.splitlines()
            if x and not x.startswith("#"))}

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))
