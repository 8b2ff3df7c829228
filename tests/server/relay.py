"""A host of a fleet: emotpd with `upstream`, and services, true and false.

    relay = Relay(machine, [service.url], key)
    login(machine, relay, "alice", code).accepted     through the module
    with False_(lambda told: told.answer()) as false:  false.url, .requests
"""

import contextlib
import json
import socket
import ssl
import threading
import time

from service import PATIENCE_S, TLS, Service, make_certificate

DEADLINE_S = 7  # of a question; the module waits for 8


def add_host(machine, name="web1", *args):
    """A host's key."""
    return machine.provision("host", "add", name, *args, ok=True).out.strip()


class Relay(Service):
    """emotpd on a host without a store. key is that of `host add`."""

    def __init__(self, machine, urls, key, **settings):
        self.key_path = machine.dir / f"host{len(machine.processes)}.key"
        self.write_key(key)
        folder = machine.dir / f"relay{len(machine.processes)}"
        folder.mkdir(mode=0o755)
        self.socket = folder / "s"
        super().__init__(machine, **{
            "listen": None, "tls_certificate": None, "tls_key": None,
            "public_url": None, "store": "sqlite:/nonexistent/emotp.db",
            "key_file": "/nonexistent/master.key", "socket": self.socket,
            "upstream": " ".join(urls), "upstream_ca": TLS / "ca.pem",
            "host_key_file": self.key_path, **settings})

    def write_key(self, key):
        self.key_path.write_text(key + "\n")
        self.key_path.chmod(0o400)

    def reload(self):
        mark = self.log.stat().st_size
        self.process.send_signal(1)
        return self.wait_for("the host's key", mark)

    @property
    def lines(self):
        return self.log.read_text().splitlines()

    def said(self, pattern):
        """How many lines hold this text."""
        return sum(pattern in x for x in self.lines)


def url_of(service, host="localhost"):
    return f"https://{host}:{service.tls_port}"


def login(machine, relay, user, code, args="prompts=1", **how):
    """A login on the relay's host; and what it took, in seconds."""
    machine.conf(service=f"unix:{relay.socket}")
    began = time.monotonic()
    done = machine.login(user, code, args, **how)
    done.seconds = time.monotonic() - began
    return done


class Told:
    """A request that a false service was told."""

    def __init__(self, head, body):
        self.head, self.body = head, body
        self.json = json.loads(body)

    def answer(self, **other):
        """An acceptance, in all but what is said otherwise."""
        return say(json.dumps({
            "verdict": "accepted", "nonce": self.json["nonce"],
            "user": self.json["user"], "host": "web1", **other}))


def say(body, status="200 OK", kind="application/json", more=""):
    body = body if isinstance(body, bytes) else body.encode()
    return (f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{more}"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body


def problem(kind, status):
    return say(json.dumps({"type": f"about:emotp#{kind}", "title": "x",
                           "status": status}),
               f"{status} No", "application/problem+json")


class False_:
    """Answers requests with answer(Told): bytes, or None to close.

    An iterator of bytes is sent piece by piece. requests are those that came
    in whole, connections those that shook hands.
    """

    def __init__(self, answer, certificate="server", folder=TLS, version=None,
                 clear=False):
        if not (folder / f"{certificate}.pem").exists():
            make_certificate(folder, certificate)
        self.answer = answer
        self.requests, self.connections, self.open = [], 0, []
        self.clear = clear
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if version is not None:
            self.context.set_ciphers("ALL:@SECLEVEL=0")
            self.context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
            self.context.maximum_version = version
        self.context.load_cert_chain(folder / f"{certificate}.pem",
                                     folder / f"{certificate}.key")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = (f"http://127.0.0.1:{self.port}" if clear else
                    f"https://localhost:{self.port}")
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=[peer],
                             daemon=True).start()

    def serve(self, peer):
        with contextlib.suppress(OSError, ValueError):
            peer.settimeout(PATIENCE_S)
            if not self.clear:
                peer = self.context.wrap_socket(peer, server_side=True)
            self.connections += 1
            self.open.append(peer)
            while (told := self.read(peer)) is not None:
                self.requests.append(told)
                answer = self.answer(told)
                if answer is None:
                    break
                for piece in ([answer] if isinstance(answer, bytes)
                              else answer):
                    peer.sendall(piece)
        with contextlib.suppress(OSError):
            peer.close()

    @staticmethod
    def read(peer):
        data = b""
        while b"\r\n\r\n" not in data:
            more = peer.recv(4096)
            if not more:
                return None
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        length = next(int(x.split(b":")[1]) for x in head.split(b"\r\n")
                      if x.lower().startswith(b"content-length:"))
        while len(body) < length:
            body += peer.recv(4096)
        return Told(head.decode(), body.decode())

    def hang_up(self, politely=True):
        """Closes what is open: with TLS's farewell, or without."""
        for peer in self.open:
            with contextlib.suppress(OSError, ValueError):
                if politely and not self.clear:
                    peer.settimeout(0)
                    peer.unwrap()
            with contextlib.suppress(OSError):
                peer.shutdown(socket.SHUT_RDWR)
            peer.close()
        self.open = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.hang_up(politely=False)
