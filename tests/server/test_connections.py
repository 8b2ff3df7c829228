"""How long connections live, and how many there are."""

import contextlib
import resource
import select
import socket
import ssl
import struct
import threading
import time

import pytest

from test_framing import ASK, BODY, GET, HOST, LENGTH, TIME, heads, until_end

DEADLINE_S = 10
SLACK_S = 15  # on a machine that has much else to do
PER_SOURCE = 64


def drip(s, data, pause=0.3):
    """A byte now and then, until the other side has had enough."""
    with contextlib.suppress(OSError):
        for byte in data:
            s.sendall(bytes([byte]))
            if select.select([s], [], [], pause)[0]:
                return


def end_of(s):
    """What still comes, and when it ended."""
    s.settimeout(DEADLINE_S + SLACK_S)
    data = until_end(s)
    return data, time.monotonic()


def raw(service, data=b""):
    """A TCP connection to the TLS port."""
    s = service.connect_raw()
    s.sendall(data)
    return s


def test_slow_clients_are_cut_off(service):
    """However they are slow, and all at the same time."""
    slow = {
        "sends its headers in drips": (
            service.connect(plain=True), TIME + b"X: " + b"x" * 1000),
        "sends its body in drips": (
            service.connect(plain=True),
            ASK + b"Content-Length: 1000\r\n\r\n" + b" " * 900),
        "sends headers in drips over TLS": (
            service.connect(), TIME + b"X: " + b"x" * 1000),
        "sends half a request": (service.connect(plain=True), b""),
        "sends half a body": (service.connect(), b""),
        "begins no handshake": (raw(service), b""),
        "begins a handshake": (raw(service, b"\x16\x03\x01\x02\0\x01"), b""),
    }
    slow["sends half a request"][0].sendall(TIME)
    slow["sends half a body"][0].sendall(ASK + LENGTH + b"\r\n" + BODY[:9])
    begin, found = time.monotonic(), {}

    def watch(name, s, data):
        drip(s, data)
        answer, end = end_of(s)
        found[name] = heads(answer), end - begin

    threads = [threading.Thread(target=watch, args=(k, *v))
               for k, v in slow.items()]
    for thread in threads:
        thread.start()
    honest = service.session()
    while any(x.is_alive() for x in threads):
        assert service.ask(honest, "GET", "/v1/time").status == 200
        time.sleep(0.1)
    for name, (answers, seconds) in found.items():
        assert 200 not in answers and 202 not in answers, name
        assert DEADLINE_S - 1 < seconds < DEADLINE_S + SLACK_S, name
    assert len(found) == len(slow)


def test_two_thousand_slow_connections(service):
    """From everywhere, in clear and over TLS: an honest client goes on."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    with contextlib.ExitStack() as stack:
        for i in range(2000):
            s = stack.enter_context(socket.socket())
            s.bind((f"127.{i % 50 + 1}.{i // 250 + 1}.1", 0))
            plain = i % 2 == 0
            s.connect(("127.0.0.1", service.plain_port if plain
                       else service.tls_port))
            s.sendall(TIME[:20] if plain else b"\x16\x03\x01\x02\0\x01")
        took = []
        for _ in range(20):
            session = service.session()
            for _ in range(20):
                start = time.monotonic()
                assert service.ask(session, "GET", "/v1/time").status == 200
                took.append(time.monotonic() - start)
        assert service.metrics()["emotpd_connections"] > 1900
        assert sorted(took)[len(took) * 99 // 100] < 1
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def ended(sockets, count):
    """Those that the other side has closed, once there are count of them."""
    over, end = set(), time.monotonic() + 20
    while len(over) < count and time.monotonic() < end:
        for s in select.select(list(set(sockets) - over), [], [], 1)[0]:
            with contextlib.suppress(ConnectionResetError):
                assert s.recv(1) == b""
            over.add(s)
    return over


def test_a_source_has_so_many_connections(service):
    """One more is closed at once; others, and a proxy, are not meant."""
    with contextlib.ExitStack() as stack:
        sockets = []
        for _ in range(PER_SOURCE + 6):
            s = stack.enter_context(socket.socket())
            s.bind(("127.0.0.9", 0))
            s.connect(("127.0.0.1", service.tls_port))
            sockets.append(s)
        assert len(ended(sockets, 6)) == 6
        assert service.metrics()["emotpd_connections_refused_total"] == 6
        assert service.get("/v1/time", source="127.0.0.10").status == 200
        proxied = [stack.enter_context(service.connect(plain=True))
                   for _ in range(PER_SOURCE + 6)]
        for s in proxied:
            s.sendall(GET)
            assert heads(s.recv(65536)) == [200]
    for _ in range(100):  # those are over now, and it sees so soon
        with contextlib.suppress(OSError):
            assert service.get("/v1/time", source="127.0.0.9").status == 200
            break
        time.sleep(0.05)
    else:
        raise AssertionError("127.0.0.9 is still shut out")


def test_clients_that_do_not_wait_for_their_answer(service):
    """They leave at once, one half of them with a reset."""
    request = (b"POST /v1/verifications HTTP/1.1\r\n" + HOST
               + b"Authorization: Bearer nobody\r\n"
               b"Content-Type: application/json\r\n")
    body = (b'{"user":"alice","otp":"123456","nonce":"0123456789abcdef",'
            b'"service":"sshd","rhost":""}')
    for i in range(200):
        with service.connect(plain=i % 4 != 0) as s:
            s.sendall(request + b"Content-Length: %d\r\n\r\n" % len(body)
                      + body)
            if i % 2:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack("ii", 1, 0))
    assert service.get("/v1/time").status == 200
    assert service.stop() == 0


@pytest.mark.plain
def test_a_client_that_never_reads(service):
    """Requests without end, no answer taken: no memory is taken either."""
    def resident():
        with open(f"/proc/{service.process.pid}/status") as f:
            return int(f.read().split("VmRSS:")[1].split()[0])

    service.get("/v1/time")
    before = resident()
    for plain in (True, False):
        with service.connect(plain) as s:
            s.setblocking(False)
            end = time.monotonic() + 2
            while time.monotonic() < end:
                with contextlib.suppress(BlockingIOError,
                                         ssl.SSLWantWriteError):
                    s.send(GET * 500)
            assert resident() - before < 8192  # KiB
            assert service.get("/v1/time").status == 200


def test_at_the_end_every_request_is_answered(service):
    """SIGTERM: idle connections end, those amid a request after its answer."""
    idle, busy, tls = (service.connect(plain=True),
                       service.connect(plain=True), service.connect())
    idle.sendall(GET)
    assert heads(idle.recv(65536)) == [200]
    for s in (busy, tls):
        s.sendall(ASK + LENGTH + b"Content-Type: application/json\r\n\r\n"
                  + BODY[:10])
    service.get("/v1/time")  # by now it has seen these bytes
    service.process.terminate()
    assert until_end(idle) == b""
    for s in (busy, tls):
        s.sendall(BODY[10:])
        data = until_end(s)
        assert heads(data) == [202] and b"connection: close" in data.lower()
    assert service.process.wait(30) == 0


def test_at_the_end_nobody_is_waited_for_long(service):
    with service.connect(plain=True) as s:
        s.sendall(TIME)
        service.get("/v1/time")
        assert service.stop() == 0


def test_connections_leave_nothing_behind(service):
    service.get("/v1/time")
    before = service.descriptors()
    for i in range(100):
        service.get("/v1/time", plain=i % 2 == 0)
        raw(service, b"\x15\x03\x01").close()
    for _ in range(100):
        if (service.descriptors() <= before
                and service.metrics()["emotpd_connections"] == 1):
            return
        time.sleep(0.05)
    raise AssertionError(service.metrics())
