"""Sockets that a service manager hands over, as systemd does."""

import os
import re
import signal
import socket
import subprocess

import pytest

from emotpd import EMOTPD
from service import LOCAL
from test_socket import QUESTION, record, talk

pytestmark = pytest.mark.plain


def stream(address):
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    s = socket.socket(family, socket.SOCK_STREAM)
    s.bind(address)
    s.listen()
    return s


@pytest.fixture
def activate(serve, machine):
    """activate({name: socket}): emotpd with them, from descriptor 3 on."""
    service = serve()
    service.stop()
    for path in LOCAL.parent.iterdir():
        path.unlink()
    service.told = machine.dir / "notify"
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notify.bind(str(service.told))
    notify.settimeout(30)

    def start(sockets, names=None):
        def hand_over():
            kept = [os.dup(x.fileno()) for x in sockets.values()]
            high = [os.dup2(x, 100 + n) for n, x in enumerate(kept)]
            for n, fd in enumerate(high):
                os.dup2(fd, 3 + n)

        names_now = ":".join(sockets) if names is None else names
        with service.log.open("w") as log:
            service.process = subprocess.Popen(
                ["sh", "-c", f'LISTEN_PID=$$ exec "{EMOTPD}" --config '
                 f'"{service.conf}"'], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, preexec_fn=hand_over, close_fds=False,
                env={**machine.environment(at=service.clock),
                     "LISTEN_FDS": str(len(sockets)),
                     "LISTEN_FDNAMES": names_now, "JOURNAL_STREAM": "8:1",
                     "NOTIFY_SOCKET": str(service.told)})
        machine.processes.append(service.process)
        return service

    start.notify = notify
    return start


def test_they_are_served_and_the_manager_is_told(activate, machine):
    tls, near = stream(("0.0.0.0", 0)), stream(("127.0.0.1", 0))
    local = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    local.bind(str(LOCAL))
    local.listen()
    LOCAL.chmod(0o666)
    service = activate({"https": tls, "plain": near, "local": local})
    assert activate.notify.recv(100) == b"READY=1"
    service.tls_port = tls.getsockname()[1]
    service.plain_port = near.getsockname()[1]
    assert service.get("/v1/time").status == 200
    assert service.get("/v1/time", plain=True).status == 200
    machine.add("alice")
    assert talk(record(*QUESTION))[3] == b"not-enrolled"
    assert re.search(r"^<[0-7]>ready$", service.log.read_text(), re.M)
    environment = open(f"/proc/{service.process.pid}/cmdline", "rb").read()
    assert b"LISTEN" not in environment
    service.process.send_signal(signal.SIGTERM)
    assert activate.notify.recv(100) == b"STOPPING=1"
    assert service.process.wait(30) == 0
    assert LOCAL.exists()  # it is the manager's


def test_it_is_started_again_on_the_same_sockets(activate):
    tls = stream(("127.0.0.1", 0))
    for _ in range(3):
        service = activate({"https": tls})
        service.tls_port = tls.getsockname()[1]
        # whoever connects before it is there is only kept waiting
        assert service.get("/v1/time").status == 200
        service.stop(signal.SIGKILL)


def test_nothing_goes_in_clear_but_nearby(activate):
    service = activate({"plain": stream(("0.0.0.0", 0))})
    assert service.process.wait(30) == 8
    assert "cannot be served" in service.log.read_text()


def test_what_is_no_socket_is_refused(activate):
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    service = activate({"https": datagrams})
    assert service.process.wait(30) == 8
