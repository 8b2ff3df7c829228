"""A service that errs or lies: nobody gets in, nobody else is asked."""

import itertools
import json
import shutil
import ssl
import time

import pytest

from relay import DEADLINE_S, False_, login, problem, say
from service import NAMES, TLS, make_certificate

KEY = "A" * 52
SLACK_S = 1  # the module itself waits for 8


@pytest.fixture
def asks(machine, relays):
    """Logs alice in through a relay to these; all is over in time."""
    started = {}

    def asks(*services, user="alice", code="123456"):
        urls = tuple(x if isinstance(x, str) else x.url for x in services)
        if urls not in started:
            started[urls] = relays(urls, KEY)
        done = login(machine, started[urls], user, code)
        done.relay = started[urls]
        assert done.seconds < DEADLINE_S + SLACK_S
        return done

    return asks


def drip(_):
    yield b"HTTP/1.1 200 OK\r\nX: "
    for _ in range(200):
        time.sleep(0.1)
        yield b"x"


def never(_):
    time.sleep(DEADLINE_S + 3)


def long(told):
    head = told.answer().replace(b"Content-Length: ", b"X: ")
    yield head.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    for _ in range(5 * 1024):
        yield b" " * 1024


def twice(told):
    body = told.answer().partition(b"\r\n\r\n")[2]
    return say(body + body)


def repeated(told):
    body = told.answer().partition(b"\r\n\r\n")[2].decode()
    return say(body.replace("{", '{"verdict": "refused", ', 1))


WRONG = {
    "another nonce": (lambda t: t.answer(nonce="f" * 32),
                      "another question's nonce"),
    "another user": (lambda t: t.answer(user="bob"),
                     "a verdict on another user"),
    "another case": (lambda t: t.answer(user="ALICE"),
                     "a verdict on another user"),
    "another word": (lambda t: t.answer(verdict="yes"),
                     "a verdict that does not exist"),
    "no host": (lambda t: t.answer(host=""), "answered for no host"),
    "a key more": (lambda t: t.answer(more="x"), "body breaks the protocol"),
    "two objects": (twice, "body breaks the protocol"),
    "a key twice": (repeated, "body breaks the protocol"),
    "nothing": (lambda t: say(""), "body breaks the protocol"),
    "HTML": (lambda t: say("<html>accepted</html>", kind="text/html"),
             "(status 200, text/html) is none of emotpd"),
    "a verdict as HTML": (
        lambda t: t.answer().replace(b"application/json", b"text/html"),
        "(status 200, text/html) is none of emotpd"),
    "201": (lambda t: t.answer().replace(b"200 OK", b"201 Created"),
            "(status 201, application/json) is none of emotpd"),
    "a verdict with 500": (lambda t: t.answer().replace(b"200 OK", b"500 X"),
                           "(status 500, application/json) is none of emotpd"),
    "302 elsewhere": (
        lambda t: say("", "302 Found", more="Location: https://localhost/\r\n"),
        "(status 302, application/json) is none of emotpd"),
    "5 MiB": (long, "the answer is too long"),
    "5 MiB announced": (
        lambda t: b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        b"Content-Length: 5242880\r\n\r\n" + b" " * 5000,
        "the answer is too long"),
    "headers without end": (
        lambda t: itertools.chain([b"HTTP/1.1 200 OK\r\n"],
                                  (b"X: " + b"x" * 1000 + b"\r\n"
                                   for _ in range(2000))), "Too large response headers"),
    "no HTTP": (lambda t: b"accepted\r\n", "HTTP/0.9"),
    "closes": (lambda t: None, "Empty reply from server"),
    "half an answer": (
        lambda t: iter([t.answer()[:-4]]), "Operation timed out"),
    "a slow drip": (drip, "Operation timed out"),
    "never answers": (never, "Operation timed out"),
    "no-host-key": (lambda t: problem("no-host-key", 401),
                    "answered no-host-key"),
    "user-not-allowed": (lambda t: problem("user-not-allowed", 403),
                         "answered user-not-allowed"),
    "too-many": (lambda t: problem("too-many", 429), "answered too-many"),
    "unavailable": (lambda t: problem("unavailable", 503),
                    "answered unavailable"),
    "a proxy's 503": (
        lambda t: say("<html>", "503 Service Unavailable", "text/html"),
        "(status 503, text/html) is none of emotpd"),
}


@pytest.mark.parametrize("case", WRONG)
def test_anything_else_lets_nobody_in(machine, asks, case):
    answer, reason = WRONG[case]
    with False_(answer) as false, False_(lambda t: t.answer()) as next_one:
        done = asks(false, next_one)
        assert done.result == "PAM_AUTHINFO_UNAVAIL"
        line = done.relay.wait_for("alice not decided")
        assert f"{false.url}: " in line and "it was asked, so no other" in line
        assert reason in line
        assert len(false.requests) == 1 and not next_one.requests
        assert done.relay.said("not decided") == 1
        text = done.relay.log.read_text()
        assert "123456" not in text and KEY not in text


def test_a_right_answer_is_one(machine, asks):
    """What the others differ from; and what a service is told."""
    with False_(lambda t: t.answer()) as false:
        assert asks(false).accepted
        told = false.requests[0]
        assert told.head.startswith("POST /v1/verifications HTTP/1.1\r\n")
        assert f"\r\nAuthorization: Bearer {KEY}" in told.head
        assert {k: v for k, v in told.json.items() if k != "nonce"} == {
            "user": "alice", "otp": "123456", "service": "login",
            "rhost": "192.0.2.7"}


def test_an_answer_to_the_question_before(machine, asks):
    answers = []

    def late(told):
        answers.append(told.answer())
        return answers[0]

    with False_(late) as false:
        assert asks(false).accepted
        assert asks(false).result == "PAM_AUTHINFO_UNAVAIL"


def test_an_answer_that_nobody_asked_for_yet(machine, asks):
    """It is not taken for the answer to the next question."""
    seen = []

    def two(told):
        seen.append(told)
        yield told.answer()
        time.sleep(0.2)
        yield seen[0].answer(nonce="0" * 32, verdict="accepted")

    with False_(two) as false:
        assert asks(false).accepted
        time.sleep(0.5)
        assert asks(false).accepted
        assert false.connections == 2  # not on the one that said more


def test_another_host_than_before(machine, asks):
    host = "web1"
    with False_(lambda t: t.answer(host=host)) as first, \
            False_(lambda t: t.answer(host="web2")) as second:
        assert asks(first, second).accepted
        host = "web2"
        done = asks(first, second)
        assert done.result == "PAM_AUTHINFO_UNAVAIL"
        done.relay.wait_for(f'{first.url}: answered for the host "web2", not'
                            " web1")
        assert asks(first, second).result == "PAM_AUTHINFO_UNAVAIL"
        done.relay.wait_for(f'{second.url}: answered for the host "web2", not'
                            " web1")
        assert (len(first.requests), len(second.requests)) == (2, 1)


def test_a_name_that_would_forge_a_line(machine, asks):
    name = "web1\nemotpd: accepted code for root"
    with False_(lambda t: t.answer(host=name)) as false:
        assert asks(false).accepted
        false.answer = lambda t: t.answer()
        done = asks(false)
        assert done.result == "PAM_AUTHINFO_UNAVAIL"
        done.relay.wait_for(r'for the host "web1", not web1\\x0aemotpd:')
        assert not any("for root" in x and x.startswith("emotpd: accepted")
                       for x in done.relay.lines)


def test_a_redirect_is_not_followed(machine, asks):
    with False_(lambda t: t.answer()) as elsewhere:
        with False_(lambda t: say(
                json.dumps({}), "307 Elsewhere",
                more=f"Location: {elsewhere.url}/v1/verifications\r\n")
                ) as false:
            assert asks(false).result == "PAM_AUTHINFO_UNAVAIL"
        assert not elsewhere.connections


def test_one_that_could_not_decide_is_passed_over(machine, asks):
    """Only the login that found out is refused."""
    with False_(lambda t: problem("unavailable", 503)) as first, \
            False_(lambda t: t.answer()) as second:
        assert not asks(first, second).accepted
        for _ in range(3):
            assert asks(first, second).accepted
        assert (len(first.requests), len(second.requests)) == (1, 3)


@pytest.mark.parametrize("kind,status", [
    ("no-host-key", 401), ("user-not-allowed", 403), ("too-many", 429)])
def test_one_that_decided_is_asked_again(machine, asks, kind, status):
    with False_(lambda t: problem(kind, status)) as first, \
            False_(lambda t: t.answer()) as second:
        for _ in range(2):
            assert not asks(first, second).accepted
        assert (len(first.requests), len(second.requests)) == (2, 0)


# TLS. A host whose service cannot prove its name asks it nothing.


def elsewhere(folder):
    make_certificate(folder, "server", NAMES.replace("DNS:localhost,", ""))


def expired(folder):
    make_certificate(folder, "server", days=1)


def for_clients(folder):
    make_certificate(folder, "server",
                     NAMES.replace("serverAuth", "clientAuth"))


def self_signed(folder):
    make_certificate(folder, "server")  # of another authority
    for kind in ("pem", "key"):
        (folder / f"ca.{kind}").rename(folder / f"server.{kind}")


UNPROVEN = {"another name": (elsewhere, "no alternative certificate subject"),
            "expired": (expired, "certificate has expired"),
            "for clients": (for_clients, "unsuitable certificate purpose"),
            "self-signed": (self_signed, "self-signed certificate"),
            "another authority": (make_certificate, "unable to get local")}


@pytest.mark.parametrize("case", UNPROVEN)
def test_a_service_that_cannot_prove_its_name(machine, asks, case, relays):
    make, reason = UNPROVEN[case]
    folder = machine.dir / "tls"
    if case in ("another authority", "self-signed"):
        make(*[folder, "server"][:make.__code__.co_argcount])
    else:
        folder.mkdir()
        for name in ("ca.pem", "ca.key"):
            shutil.copy(TLS / name, folder)
        make(folder)
    with False_(lambda t: t.answer(), folder=folder) as false, \
            False_(lambda t: t.answer()) as second:
        done = asks(false)
        assert done.result == "PAM_AUTHINFO_UNAVAIL"
        line = done.relay.wait_for("alice not decided")
        assert f"{false.url}: " in line and reason in line, line
        assert "it was not asked" in line
        assert asks(false, second).accepted
        assert not false.requests


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_old_versions_are_not_spoken(machine, asks):
    with False_(lambda t: t.answer(), version=ssl.TLSVersion.TLSv1_1) as old:
        done = asks(old)
        assert done.result == "PAM_AUTHINFO_UNAVAIL"
        assert "protocol version" in done.relay.wait_for("alice not decided")
        assert not old.requests
    with False_(lambda t: t.answer(), version=ssl.TLSVersion.TLSv1_2) as new:
        assert asks(new).accepted


def test_in_clear_on_loopback_alone(machine, asks):
    with False_(lambda t: t.answer(), clear=True) as false:
        assert asks(false).accepted
        assert false.url.startswith("http://127.0.0.1:")


def test_tls_to_who_speaks_clear_and_the_other_way(machine, asks):
    with False_(lambda t: t.answer(), clear=True) as clear:
        url = clear.url.replace("http://127.0.0.1", "https://localhost")
        assert asks(url).result == "PAM_AUTHINFO_UNAVAIL"
        assert not clear.requests
