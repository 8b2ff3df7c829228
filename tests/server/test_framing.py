"""Where a request begins and ends: nothing that two readers could read in
two ways gets an answer of its own, or lets what follows it through."""

import contextlib
import json
import socket
import threading

import pytest

HOST = b"Host: login.example.org\r\n"
TIME = b"GET /v1/time HTTP/1.1\r\n" + HOST
GET = TIME + b"\r\n"
ASK = b"POST /v1/registration-codes HTTP/1.1\r\n" + HOST
BODY = b'{"email":"alice@example.org"}'
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
SMUGGLED = b"GET /v1/time?smuggled HTTP/1.1\r\n" + HOST + b"\r\n"


def until_end(s):
    """All that comes before the other side closes."""
    data = b""
    with contextlib.suppress(ConnectionResetError):
        while more := s.recv(65536):
            data += more
    return data


def talk(service, *parts, plain=True):
    """Sends the parts at once; all that is answered until the end."""
    with service.connect(plain) as s:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            s.sendall(b"".join(parts))
        return until_end(s)


def heads(data):
    """The status codes of all answers in data."""
    return [int(x[1:5]) for x in data.split(b"HTTP/1.")[1:]
            for x in [x[1:]]]


def check_malformed(data):
    """One answer, 400, in the API's own words, that announces the end."""
    assert heads(data) == [400], data
    head, _, body = data.partition(b"\r\n\r\n")
    assert json.loads(body)["type"] == "about:emotp#malformed", data
    assert b"content-type: application/problem+json" in head.lower()
    assert b"connection: close" in head.lower()
    assert b"content-length: %d" % len(body) in head.lower()


MALFORMED = {
    "two lengths that differ":
        ASK + LENGTH + b"Content-Length: 3\r\n\r\n" + BODY,
    "two lengths that agree": ASK + LENGTH * 2 + b"\r\n" + BODY,
    "a list of lengths": ASK + b"Content-Length: 29, 29\r\n\r\n" + BODY,
    "a signed length": ASK + b"Content-Length: +29\r\n\r\n" + BODY,
    "a negative length": ASK + b"Content-Length: -1\r\n\r\n",
    "a hexadecimal length": ASK + b"Content-Length: 0x1d\r\n\r\n" + BODY,
    "an empty length": ASK + b"Content-Length: \r\n\r\n" + BODY,
    "a length beyond 64 bits":
        ASK + b"Content-Length: 18446744073709551645\r\n\r\n" + BODY,
    "chunks":
        ASK + b"Transfer-Encoding: chunked\r\n\r\n1d\r\n" + BODY
        + b"\r\n0\r\n\r\n",
    "chunks and a length":
        ASK + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n"
        b"1d\r\n" + BODY + b"\r\n0\r\n\r\n",
    "a transfer encoding of none":
        ASK + b"Transfer-Encoding: identity\r\n" + LENGTH + b"\r\n" + BODY,
    "an obscured transfer encoding":
        ASK + b"Transfer-Encoding: xchunked\r\n" + LENGTH + b"\r\n" + BODY,
    "a space before the colon":
        ASK + b"Content-Length : 29\r\n\r\n" + BODY,
    "a length on a continued line":
        ASK + b"X: y\r\n " + LENGTH + b"\r\n" + BODY,
    "a continued line": ASK + LENGTH + b"X: y\r\n z\r\n\r\n" + BODY,
    "a header without a colon": TIME + b"Nonsense\r\n\r\n",
    "a header without a name": TIME + b": x\r\n\r\n",
    "a NUL in a header": TIME + b"X: a\0b\r\n\r\n",
    "a bare CR in a header": TIME + b"X: a\rContent-Length: 4\r\n\r\n",
    "a bare LF in a header": TIME + b"X: a\nY: b\r\n\r\n",
    "lines that end in LF": GET.replace(b"\r\n", b"\n"),
    "no host": b"GET /v1/time HTTP/1.1\r\n\r\n",
    "two hosts": TIME + b"Host: evil.example\r\n\r\n",
    "the same host twice": TIME + HOST + b"\r\n",
    "an absolute target":
        b"GET http://login.example.org/v1/time HTTP/1.1\r\n" + HOST + b"\r\n",
    "a target without its slash": b"GET v1/time HTTP/1.1\r\n" + HOST + b"\r\n",
    "a target of two slashes":
        b"GET //evil.example/v1/time HTTP/1.1\r\n" + HOST + b"\r\n",
    "the server as a whole": b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n",
    "a tunnel": b"CONNECT example.org:22 HTTP/1.1\r\n" + HOST + b"\r\n",
    "a tunnel to a path": b"CONNECT /v1/time HTTP/1.1\r\n" + HOST + b"\r\n",
    "a NUL in the target": b"GET /v1/\0time HTTP/1.1\r\n" + HOST + b"\r\n",
    "a tab in the target": b"GET /v1/\ttime HTTP/1.1\r\n" + HOST + b"\r\n",
    "a space in the target": b"GET /v1/ time HTTP/1.1\r\n" + HOST + b"\r\n",
    "high bytes in the target":
        b"GET /v1/t\xc3\xa9 HTTP/1.1\r\n" + HOST + b"\r\n",
    "a fragment": b"GET /v1/time#x HTTP/1.1\r\n" + HOST + b"\r\n",
    "a method of odd bytes": b"G\x01T /v1/time HTTP/1.1\r\n" + HOST + b"\r\n",
    "an older protocol": b"GET /v1/time\r\n" + HOST + b"\r\n",
    "a newer protocol": b"GET /v1/time HTTP/2.0\r\n" + HOST + b"\r\n",
    "an odd protocol": b"GET /v1/time HTTP/1.1x\r\n" + HOST + b"\r\n",
    "a body where there is none to read":
        b"HEAD /v1/time HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n"
        % len(GET) + GET,
    "a body of a method nobody knows":
        b"BREW /v1/time HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n"
        % len(GET) + GET,
    "an expectation nobody knows":
        TIME + b"Expect: 200-ok\r\n\r\n",
    "a line too long": TIME + b"X: " + b"x" * 9000 + b"\r\n\r\n",
    "lines too many": TIME + b"X: yyyyyyyyyyyyyyyy\r\n" * 500 + b"\r\n",
    "a target too long":
        b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "a body one byte too long":
        ASK + b"Content-Length: 4097\r\n\r\n" + b" " * 4097,
}


@pytest.fixture
def counted(service):
    """Calls a function; how many requests the service answered meanwhile."""
    def count(call):
        before = service.metrics()["emotpd_requests_total"]
        call()
        return service.metrics()["emotpd_requests_total"] - before - 1

    return count


def test_malformed_requests_end_their_connection(service):
    """However they go on: what comes behind them is not even looked at."""
    wrong = {}
    for name, data in MALFORMED.items():
        try:
            check_malformed(talk(service, data, SMUGGLED, SMUGGLED))
        except AssertionError as e:
            wrong[name] = str(e).splitlines()[0]
    assert wrong == {}


def test_malformed_requests_over_tls(service):
    for name in ("chunks and a length", "a line too long",
                 "two lengths that differ", "a NUL in the target"):
        check_malformed(talk(service, MALFORMED[name], SMUGGLED, plain=False))


def test_malformed_requests_come_in_pieces_too(service):
    for name in ("chunks", "a bare LF in a header", "lines that end in LF",
                 "two hosts"):
        with service.connect(plain=True) as s:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                for byte in MALFORMED[name] + SMUGGLED:
                    s.sendall(bytes([byte]))
            check_malformed(until_end(s))


def test_malformed_requests_after_a_good_one(service):
    for name in ("chunks and a length", "no host", "an absolute target",
                 "a body of a method nobody knows"):
        data = talk(service, GET, MALFORMED[name], SMUGGLED)
        first, rest = data[:data.rindex(b"HTTP/1.")], data[
            data.rindex(b"HTTP/1."):]
        assert heads(first) == [200], (name, data)
        check_malformed(rest)


def test_smuggled_requests_are_no_requests(service, counted):
    """Each form is one request at most for the service, a malformed one."""
    def smuggle():
        for name in ("chunks and a length", "two lengths that differ",
                     "a space before the colon", "a bare CR in a header"):
            talk(service, MALFORMED[name], SMUGGLED)

    assert counted(smuggle) <= 4


def test_a_length_hides_nothing(service):
    """What the body holds is body, and what follows it a request."""
    inner = json.dumps({"email": SMUGGLED.decode()}).encode()
    data = talk(service, ASK, b"Content-Type: application/json\r\n",
                b"Content-Length: %d\r\n\r\n" % len(inner), inner,
                TIME, b"Connection: close\r\n\r\n")
    assert heads(data) in ([202, 200], [400, 200]), data
    assert data.endswith(b"}")


@pytest.mark.plain
def test_a_large_body_is_refused_unread(service):
    def peak():
        with open(f"/proc/{service.process.pid}/status") as f:
            return int(f.read().split("VmHWM:")[1].split()[0])

    service.get("/v1/time")
    before = peak()
    for plain in (True, False):
        size = 5 << 20
        check_malformed(talk(
            service, ASK, b"Content-Length: %d\r\n\r\n" % size, b"x" * size,
            SMUGGLED, plain=plain))
    assert peak() - before < 2048  # KiB


def test_a_body_of_the_largest_size(service):
    body = BODY + b" " * (4096 - len(BODY))
    data = talk(service, ASK, b"Connection: close\r\n"
                b"Content-Type: application/json\r\n"
                b"Content-Length: 4096\r\n\r\n", body)
    assert heads(data) == [202], data


def test_head_is_get_without_its_body(service):
    session = service.session()
    for path in ("/v1/time", "/", "/none"):
        get = service.ask(session, "GET", path)
        head = service.ask(session, "HEAD", path)
        assert head.status == get.status
        assert head.body == b""
        assert {**head.headers, "date": ""} == {**get.headers, "date": ""}
        assert int(head.headers["content-length"]) == len(get.body) > 0


def test_other_methods_are_answered(service):
    session = service.session()
    for method in ("PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "GET",
                   "BREW", "PROPFIND"):
        answer = service.ask(session, method, "/v1/tokens")
        assert (answer.status, answer.type) == (405, "wrong-method"), method
        assert answer.headers["allow"] == "POST"


def test_a_connection_carries_many_requests(service):
    for plain in (True, False):
        session = service.session(plain)
        socket_before = session.sock
        for _ in range(50):
            assert service.ask(session, "GET", "/v1/time").status == 200
        assert session.sock is socket_before


def test_requests_in_a_row_are_answered_in_a_row(service):
    paths = ["/v1/time", "/none", "/healthz", "/v1/tokens"] * 25
    row = [b"GET %s HTTP/1.1\r\n" % x.encode() + HOST for x in paths]
    row[-1] += b"Connection: close\r\n"
    for plain in (True, False):
        data = talk(service, *[x + b"\r\n" for x in row], plain=plain)
        assert heads(data) == [200, 404, 200, 405] * 25, data


def test_close_is_obeyed(service):
    data = talk(service, TIME, b"Connection: close\r\n\r\n", SMUGGLED)
    assert heads(data) == [200]
    assert b"connection: close" in data.lower()


def test_http_1_0(service):
    old = b"GET /v1/time HTTP/1.0\r\n" + HOST
    assert heads(talk(service, old, b"\r\n", SMUGGLED)) == [200]
    data = talk(service, old, b"Connection: keep-alive\r\n\r\n", old, b"\r\n")
    assert heads(data) == [200, 200]
    check_malformed(talk(service, b"GET /v1/time HTTP/1.0\r\n\r\n"))


def test_who_expects_to_go_on_is_told_to(service):
    head = (ASK + b"Content-Type: application/json\r\nConnection: close\r\n"
            b"Expect: 100-continue\r\n" + LENGTH + b"\r\n")
    for plain in (True, False):
        with service.connect(plain) as s:
            s.sendall(head)
            told = s.recv(1000)
            assert told == b"HTTP/1.1 100 Continue\r\n\r\n"
            s.sendall(BODY)
            assert heads(until_end(s)) == [202]
        # nobody has to wait for it
        assert heads(talk(service, head, BODY, plain=plain))[-1] == 202
        # and for what is too long nobody is asked
        check_malformed(talk(service, head.replace(
            LENGTH, b"Content-Length: 5000\r\n"), plain=plain))


def test_a_client_that_sends_no_more_still_gets_its_answer(service):
    with service.connect(plain=True) as s:
        s.sendall(GET)
        s.shutdown(socket.SHUT_WR)
        assert heads(until_end(s)) in ([200], [])
    assert service.get("/v1/time").status == 200


def test_many_odd_streams_at_once(service):
    """Threads that send every form, cut anywhere; the service goes on."""
    forms = list(MALFORMED.values()) + [GET, ASK + LENGTH + b"\r\n" + BODY]

    def send(start):
        for i in range(start, len(forms) * 4, 4):
            form = forms[i % len(forms)]
            with service.connect(plain=True) as s, contextlib.suppress(
                    BrokenPipeError, ConnectionResetError):
                s.sendall(form[:len(form) * (i % 7 + 1) // 7])

    threads = [threading.Thread(target=send, args=(x,)) for x in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert service.get("/v1/time").status == 200
    assert service.stop() == 0
