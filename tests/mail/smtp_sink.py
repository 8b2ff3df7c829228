"""A mail server of our own, and a wire that remembers what went over it.

The server is aiosmtpd; in front of it stands a Tap through which every byte
goes, so that a test can say what was sent in clear. Both live in one event
loop in a thread of the test, and so in the test's private network.
"""

import asyncio
import contextlib
import email
import email.policy
import ssl
import threading
import warnings

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from sandbox import RUN

USER, PASSWORD = "emotp", "correct horse=battery"
CERTS = RUN / "certs"
DAY_S = 24 * 60 * 60

# Name: SAN, who signed it, for how many days from a week before now.
CERTIFICATES = {
    "good": ("DNS:localhost", "ca", 3650),
    "foreign": ("DNS:localhost", "other-ca", 3650),
    "elsewhere": ("DNS:mail.example.net", "ca", 3650),
    "expired": ("DNS:localhost", "ca", 1),
}


def make_certificates(machine):
    """Once for a test process; valid by the machine's clock."""
    if CERTS.exists():
        return

    def openssl(*args):
        done = machine.run(["openssl", *args], at=machine.now - 7 * DAY_S,
                           leaks=False)
        assert done.rc == 0, done

    CERTS.mkdir()
    new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    for ca in ("ca", "other-ca"):
        openssl("req", "-x509", *new, "-keyout", CERTS / f"{ca}.key", "-out",
                CERTS / f"{ca}.pem", "-days", "3650", "-subj", f"/CN={ca}",
                "-addext", "basicConstraints=critical,CA:TRUE")
    for name, (san, ca, days) in CERTIFICATES.items():
        base = CERTS / name
        base.with_suffix(".ext").write_text(f"subjectAltName={san}\n")
        openssl("req", "-new", *new, "-keyout", f"{base}.key", "-out",
                f"{base}.csr", "-subj", "/CN=localhost")
        openssl("x509", "-req", "-in", f"{base}.csr", "-CA",
                CERTS / f"{ca}.pem", "-CAkey", CERTS / f"{ca}.key",
                "-CAcreateserial", "-days", str(days), "-out",
                f"{base}.pem", "-extfile", f"{base}.ext")


class Letter:
    """What the server took: the envelope, and the message strictly read."""

    def __init__(self, sink, session, envelope):
        self.sender = envelope.mail_from
        self.to = list(envelope.rcpt_tos)
        self.raw = envelope.original_content
        self.tls = session.ssl is not None or sink.mode == "smtps"
        self.login = session.auth_data
        self.greeting = session.host_name
        self.message = email.message_from_bytes(
            self.raw, policy=email.policy.default)
        self.subject = self.message["Subject"]
        self.body = self.message.get_content()


class Handler:
    def __init__(self, sink):
        self.sink = sink

    async def handle_MAIL(self, server, session, envelope, address, options):
        envelope.mail_from = address
        return self.sink.refuse("MAIL", address) or "250 2.1.0 good"

    async def handle_RCPT(self, server, session, envelope, address, options):
        refusal = self.sink.refuse("RCPT", address)
        if refusal is None:
            envelope.rcpt_tos.append(address)
        return refusal or "250 2.1.5 good"

    async def handle_DATA(self, server, session, envelope):
        letter = Letter(self.sink, session, envelope)
        self.sink.seen.append(letter)
        await asyncio.sleep(self.sink.delay)
        refusal = self.sink.refuse("DATA", envelope.rcpt_tos[0])
        if refusal is None:
            self.sink.letters.append(letter)
        return refusal or "250 2.0.0 kept"


class Sink:
    """letters: what it took. seen: also what it refused after DATA."""

    def __init__(self, mode="starttls", auth=True, cert="good", delay=0,
                 refuse=lambda verb, address: None, newest_tls=None):
        self.letters, self.seen = [], []
        self.mode, self.auth, self.delay = mode, auth, delay
        self.refuse = refuse
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(CERTS / f"{cert}.pem",
                                     CERTS / f"{cert}.key")
        if newest_tls is not None:
            self.context.minimum_version = ssl.TLSVersion.TLSv1
            self.context.maximum_version = newest_tls
            self.context.set_ciphers("ALL:@SECLEVEL=0")

    def check(self, server, session, envelope, mechanism, data):
        good = (isinstance(data, LoginPassword)
                and data.login == USER.encode()
                and data.password == PASSWORD.encode())
        return AuthResult(success=good, handled=good,
                          auth_data=data.login if good else None)

    def protocol(self):
        tls = self.mode == "starttls"
        with warnings.catch_warnings():  # it does not see TLS around it
            warnings.simplefilter("ignore")
            return SMTP(Handler(self), hostname="sink.example.org",
                        tls_context=self.context if tls else None,
                        require_starttls=tls, authenticator=self.check,
                        auth_required=self.auth, auth_require_tls=tls)

    async def start(self):
        server = await asyncio.get_running_loop().create_server(
            self.protocol, "127.0.0.1", 0,
            ssl=self.context if self.mode == "smtps" else None)
        return server.sockets[0].getsockname()[1]


class Tap:
    """Passes bytes on to a port, remembers them, and may change answers.

    port 0: somebody who listens and never says a word.
    """

    def __init__(self, port, edit=lambda data: data):
        self.target, self.edit = port, edit
        self.connections = 0
        self.sent = b""  # by the client, as it went over the wire
        self.port = None

    async def start(self):
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]

    async def serve(self, reader, writer):
        self.connections += 1
        with contextlib.suppress(OSError, asyncio.CancelledError):
            if self.target == 0:
                self.sent += await reader.read(65536)
                return
            there = await asyncio.open_connection("127.0.0.1", self.target)
            await asyncio.gather(self.up(reader, there[1]),
                                 self.down(there[0], writer))
        writer.close()

    async def up(self, reader, writer):
        while data := await reader.read(65536):
            self.sent += data
            writer.write(data)
        writer.close()

    async def down(self, reader, writer):
        while data := await reader.read(65536):
            writer.write(self.edit(data))
        writer.close()

    @property
    def clear(self):
        """All that the client sent outside of TLS records (RFC 8446, 5.1)."""
        start = self.sent.find(b"\x16\x03\x01")
        if start < 0:
            return self.sent
        at = start
        while (self.sent[at:at + 1] in (b"\x14", b"\x15", b"\x16", b"\x17")
               and self.sent[at + 1:at + 2] == b"\x03"):
            at += 5 + int.from_bytes(self.sent[at + 3:at + 5], "big")
        return self.sent[:start] + self.sent[at:]


class Post:
    """Servers for one test. settings() points the machine at one of them."""

    def __init__(self, machine):
        make_certificates(machine)
        self.machine = machine
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever,
                                       daemon=True)
        self.thread.start()

    def do(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine,
                                                self.loop).result(20)

    def tap(self, port, edit=lambda data: data):
        tap = Tap(port, edit)
        self.do(tap.start())
        return tap

    def server(self, edit=lambda data: data, **how):
        """A Sink behind a Tap; sink.tap.port is where to send."""
        sink = Sink(**how)
        sink.tap = self.tap(self.do(sink.start()), edit)
        return sink

    def settings(self, tap, scheme="smtp", login=True, **more):
        """Writes emotp.conf for mail by that port of localhost."""
        password = self.machine.conf_path.parent / "mail.password"
        password.write_text(PASSWORD + "\n")
        password.chmod(0o600)
        return self.machine.conf(**{
            "mail": f"{scheme}://localhost:{tap.port}",
            "mail_ca": CERTS / "ca.pem",
            "mail_user": USER if login else None,
            "mail_password_file": password if login else None, **more})

    async def finish(self):
        for task in asyncio.all_tasks():
            if task is not asyncio.current_task():
                task.cancel()
        await asyncio.sleep(0)

    def close(self):
        self.do(self.finish())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(20)
