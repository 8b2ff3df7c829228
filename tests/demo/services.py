"""A mail server with STARTTLS and AUTH, and a reader of /dev/log."""

import asyncio
import logging
import os
import re
import socket
import ssl
import time

from aiosmtpd.smtp import SMTP, AuthResult


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def comes_up(port, daemon, timeout_s=10):
    """Whether something listens there before the daemon gives up."""
    end = time.time() + timeout_s
    while daemon.poll() is None and time.time() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return True
        except OSError:
            time.sleep(0.05)
    return False


class _Keeper:
    """Keeps each mail as a file: 1.eml, 2.eml, as it arrived."""

    def __init__(self, folder):
        self.folder = folder
        self.count = 0

    async def handle_DATA(self, _server, _session, envelope):
        self.count += 1
        path = self.folder / ("%04d.eml" % self.count)
        new = path.with_suffix(".new")
        new.write_bytes(envelope.content.replace(b"\r\n", b"\n"))
        new.rename(path)
        return "250 2.0.0 kept"


class _LogReader(asyncio.DatagramProtocol):
    def __init__(self, path):
        self.file = open(path, "a", buffering=1, errors="replace")

    def datagram_received(self, data, _address):
        text = data.decode("utf-8", "replace").rstrip("\0\n")
        self.file.write(re.sub(r"^<\d+>", "", text) + "\n")


def _authenticator(login):
    wanted = tuple(x.encode() for x in login)

    def check(_server, _session, _envelope, _mechanism, data):
        right = (data.login, data.password) == wanted
        return AuthResult(success=right, handled=right)
    return check


async def _serve(listening, log, context, login, mails, log_path):
    loop = asyncio.get_running_loop()
    keeper = _Keeper(mails)
    await loop.create_server(lambda: SMTP(
        keeper, hostname="localhost", tls_context=context,
        require_starttls=True, auth_required=True, auth_require_tls=True,
        authenticator=_authenticator(login), loop=loop), sock=listening)
    await loop.create_datagram_endpoint(lambda: _LogReader(log_path),
                                        sock=log)
    await asyncio.Event().wait()


def start(certificate, key, login, mails, log_path):
    """Starts both in a process of their own; returns the mail port."""
    log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    log.bind("/dev/log")
    os.chmod("/dev/log", 0o666)
    log_path.touch(mode=0o600)
    listening = socket.create_server(("127.0.0.1", 0))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    if os.fork() == 0:
        logging.getLogger("mail.log").setLevel(logging.ERROR)
        try:
            asyncio.run(_serve(listening, log, context, login, mails,
                               log_path))
        finally:
            os._exit(1)
    log.close()
    port = listening.getsockname()[1]
    listening.close()
    return port
