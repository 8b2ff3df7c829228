"""What a stranger can learn, spend or forge at the public face."""

import re

import pytest

from tools import TOP
from totp import Token

PUBLIC = TOP / "server/web"
POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; "
          "img-src 'self'; connect-src 'self'; manifest-src 'self'; "
          "worker-src 'self'; base-uri 'none'; form-action 'none'; "
          "frame-ancestors 'none'")
EVIL = "evil.example"


@pytest.fixture
def everybody(service, machine):
    """Users in every state there is; their addresses, and one of nobody."""
    for user in ("invited", "active", "revoked", "disabled", "full",
                 "removed"):
        machine.add(user, f"{user}@example.org")
        if user not in ("invited", "removed"):
            told = machine.register(user, machine.invite(user)).json
            token = Token(told["secret"])
            machine.login(user, token.code(machine.now, 1))
    machine.provision("revoke", "revoked", ok=True)
    machine.provision("remove", "removed", ok=True)
    for n in range(100):
        machine.login("disabled", token.wrong(machine.now, n), "prompts=1")
    assert machine.show("disabled")["disabled"]
    return [f"{x}@example.org" for x in (
        "invited", "active", "revoked", "disabled", "full", "removed",
        "nobody", "INVITED", "Nobody")]


def raw(service, path, body, source):
    """Every byte of the answer but the date's."""
    with service.connect(plain=True) as s:
        s.sendall(f"POST {path} HTTP/1.1\r\nHost: login.example.org\r\n"
                  f"X-Forwarded-For: {source}\r\nConnection: close\r\n"
                  f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
        data = b""
        while more := s.recv(65536):
            data += more
    return re.sub(rb"(?i)\r\ndate: [^\r]*", b"", data)


def test_who_asks_for_a_code_cannot_tell_who_is_there(service, everybody):
    """Nor which limit has been reached: a user's or a source's."""
    answers = set()
    for turn in range(3):  # from the second on, a user's minute is not over
        for n, address in enumerate(everybody):
            answers.add(raw(service, "/v1/registration-codes",
                            f'{{"email":"{address}"}}',
                            f"192.0.2.{turn * 16 + n}"))
    for _ in range(12):  # and then the source's ten an hour
        answers.add(raw(service, "/v1/registration-codes",
                        f'{{"email":"{everybody[0]}"}}', "198.51.100.7"))
    assert len(answers) == 1
    assert answers.pop().startswith(b"HTTP/1.1 202 ")


def test_nor_who_tries_a_code(service, everybody):
    answers = set()
    for n, address in enumerate(everybody):
        for _ in range(7):  # two more than a source may
            answers.add(raw(
                service, "/v1/tokens",
                f'{{"email":"{address}","code":"00000-00000","label":""}}',
                f"192.0.2.{n}"))
    assert len(answers) == 1
    assert answers.pop().startswith(b"HTTP/1.1 403 ")


def test_nor_who_asks_a_host(service, machine, everybody):
    key = machine.provision("host", "add", "web1", ok=True).out.strip()

    def verify(user):
        answer = service.post(
            "/v1/verifications",
            {"user": user, "otp": "000000", "nonce": "0" * 16,
             "service": "", "rhost": ""},
            headers={"Authorization": f"Bearer {key}"})
        return answer.status, answer.body.replace(user.encode(), b"x")

    assert len({verify(x.split("@")[0]) for x in everybody}) == 1


def test_get_consumes_nothing(service, machine):
    """Mail scanners follow links."""
    machine.add("alice")
    code = machine.invite("alice")
    mails = len(machine.mails())
    token = f"/v1/tokens/{'0' * 32}/confirmations"
    for method in ("GET", "HEAD", "OPTIONS", "TRACE"):
        for path in ("/v1/registration-codes?email=alice@example.org",
                     f"/v1/tokens?email=alice@example.org&code={code}&label=",
                     f"/?email=alice@example.org&code={code}",
                     f"/register?code={code}", f"/{code}", token,
                     f"/v1/verifications?user=alice&otp=000000",
                     "/v1/time", "/healthz"):
            answer = service.request(method, path)
            assert answer.status in (200, 404, 405), (method, path)
            assert "set-cookie" not in answer.headers
    assert machine.show("alice")["tokens"] == []
    assert service.post("/v1/tokens", {
        "email": "alice@example.org", "code": code,
        "label": ""}).status == 201
    assert len(machine.mails()) - mails <= 1  # the success mail


@pytest.mark.parametrize("service_settings", [{}, {"public_url": None}])
def test_no_host_header_reaches_a_mail(serve, machine, service_settings):
    service = serve(**service_settings)
    forged = [
        {"Host": EVIL}, {"Host": f"{EVIL}:443"},
        {"Host": "login.example.org", "X-Forwarded-Host": EVIL},
        {"Host": "login.example.org", "Forwarded": f"host={EVIL}"},
        {"Host": "login.example.org", "X-Original-URL": f"//{EVIL}/"},
        {"Host": "login.example.org", "Origin": f"https://{EVIL}"},
        {"Host": "login.example.org", "Referer": f"https://{EVIL}/"}]
    for n, headers in enumerate(forged):
        machine.add(f"u{n}", f"u{n}@example.org")
        mark = service.log.stat().st_size
        for how in ({"source": f"127.0.0.{n + 2}"}, {"plain": True}):
            assert service.post(
                "/v1/registration-codes", {"email": f"u{n}@example.org"},
                headers=headers, **how).status == 202
        service.wait_for("mail: 1 sent", mark)
    mails = machine.mails()
    assert len(mails) == len(forged)
    for mail in mails:
        assert EVIL.encode() not in mail.raw
        assert ("https://login.example.org" in mail.body) == (
            service_settings == {})
    assert EVIL not in service.log.read_text()


@pytest.mark.parametrize("host", [
    "evil.example\r\nX-Y: z", "evil example", "a@evil.example", "evil/x",
    "<script>", ""])
def test_what_is_no_host_is_no_request(service, host):
    with service.connect(plain=True) as s:
        s.sendall(f"GET /v1/time HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        said = s.recv(1000)
    assert said.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 200 "))
    assert said.startswith(b"HTTP/1.1 200 ") == ("X-Y" in host)
    assert b"evil" not in said


def test_the_page_and_its_policy(service):
    total = 0
    for file in PUBLIC.iterdir():
        path = "/" if file.name == "index.html" else f"/{file.name}"
        answer = service.get(path)
        assert (answer.status, answer.body) == (200, file.read_bytes())
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "strict-transport-security" in answer.headers
        again = service.get(path, headers={
            "If-None-Match": answer.headers["etag"]})
        assert (again.status, again.body) == (304, b"")
        total += len(answer.body)
    assert total < 60_000


@pytest.mark.parametrize("path", [
    "/../etc/passwd", "/%2e%2e/etc/passwd", "/.", "/index.html/", "/web.h",
    "/sw.js%00", "/SW.JS", "/app.js.map", "/.git/config", "/etc/passwd"])
def test_nothing_else_is_served(service, path):
    assert service.get(path).status == 404


@pytest.mark.parametrize("method,path,body", [
    ("GET", "/v1/time", None), ("GET", "/healthz", None),
    ("POST", "/v1/tokens", "x"), ("GET", "/v1/none", None),
    ("GET", "/v1/tokens", None),
    ("POST", "/v1/registration-codes", '{"email":"a@b.c"}')])
def test_no_answer_of_the_api_is_stored(service, method, path, body):
    for plain in (True, False):
        answer = service.request(method, path, body, plain=plain)
        assert answer.headers["cache-control"] == "no-store"


def test_metrics_are_not_for_strangers(service):
    assert service.get("/metrics").status == 404
    assert service.get("/metrics", plain=True).status == 200
    assert service.get("/metrics", plain=True, headers={
        "X-Forwarded-For": "127.0.0.1"}).status == 404  # through a proxy


def test_no_name_of_the_program_or_its_version(service):
    session = service.session()
    for path in ("/", "/v1/time", "/none"):
        assert "server" not in service.ask(session, "GET", path).headers
