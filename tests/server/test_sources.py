"""Who a request comes from: as the log has it, and as the limits count it."""

import json
import re
import socket

import pytest

BODY = {"user": "alice", "otp": "123456", "nonce": "0123456789abcdef",
        "service": "sshd", "rhost": ""}
RAW = (b"POST /v1/verifications HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
       b"Content-Type: application/json\r\nAuthorization: Bearer nobody\r\n")

# What stands in X-Forwarded-For, and the source that this is.
FORWARDED = {
    "203.0.113.7": "203.0.113.7",
    "198.51.100.1, 203.0.113.7": "203.0.113.7",
    "198.51.100.1,203.0.113.7": "203.0.113.7",
    "unknown, 203.0.113.7": "203.0.113.7",
    "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64",
    "203.0.113.7, 2001:db8::1": "2001:db8::/64",
    "::ffff:203.0.113.7": "203.0.113.7",
    # no address: whoever it was, the proxy is to blame
    "": "127.0.0.1",
    "unknown": "127.0.0.1",
    "203.0.113.7, unknown": "127.0.0.1",
    "203.0.113.7,": "127.0.0.1",
    "203.0.113.256": "127.0.0.1",
    "203.0.113.7 x": "127.0.0.1",
    "203.0.113": "127.0.0.1",
    "2001:db8:::1": "127.0.0.1",
    "1" * 200: "127.0.0.1",
}


def source_of(service, call):
    mark = service.log.stat().st_size
    call()
    line = service.wait_for("verification turned away", mark)
    return re.search(r" from (\S+)$", line)[1]


def ask(service, headers=None, **how):
    assert service.post("/v1/verifications", BODY, headers={
        "Authorization": "Bearer nobody", **(headers or {})},
        **how).status == 401


def ask_raw(s, head=b""):
    """The same on a socket, with these headers."""
    body = json.dumps(BODY).encode()
    s.sendall(RAW + head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    assert s.recv(1000).startswith(b"HTTP/1.1 401 ")


def test_a_proxy_is_believed_to_its_last_address(service):
    for forwarded, source in FORWARDED.items():
        assert source_of(service, lambda f=forwarded: ask(
            service, plain=True, headers={"X-Forwarded-For": f})) == source, \
            forwarded


def test_of_two_headers_the_last_counts(service):
    def talk():
        with service.connect(plain=True) as s:
            ask_raw(s, b"X-Forwarded-For: 203.0.113.7\r\n"
                    b"x-forwarded-for: 203.0.113.8\r\n")

    assert source_of(service, talk) == "203.0.113.8"


def test_nobody_else_is_believed(service):
    assert source_of(service, lambda: ask(
        service, source="127.0.0.5",
        headers={"X-Forwarded-For": "203.0.113.7"})) == "127.0.0.5"


def test_a_unix_socket(serve, machine):
    path = machine.dir / "proxy.sock"
    service = serve(listen=f"unix:{path}")

    def talk(head=b""):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(str(path))
            ask_raw(s, head)

    assert source_of(service, talk) == "local"
    assert source_of(service, lambda: talk(
        b"X-Forwarded-For: 203.0.113.7\r\n")) == "203.0.113.7"


@pytest.mark.parametrize("listen", ["https://[::1]:0", "https://[::]:0"])
def test_ipv6_counts_by_half(serve, listen):
    service = serve(listen=listen)
    peer = "::1" if listen == "https://[::1]:0" else "127.0.0.1"

    def talk():
        with service.trust().wrap_socket(
                socket.create_connection((peer, service.tls_port), 30),
                server_hostname="localhost") as s:
            ask_raw(s)

    assert source_of(service, talk) == (
        "::/64" if peer == "::1" else "127.0.0.1")
