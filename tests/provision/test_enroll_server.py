"""--server URL enroll: the whole flow against a real emotpd."""

import json
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "server"))

from errors import failed  # noqa: E402
from service import TLS, Service, make_certificate  # noqa: E402
from terminal import ESCAPES, read_qr  # noqa: E402
from test_enroll_terminal import token_of  # noqa: E402
from tools import PROVISION  # noqa: E402
from totp import Token, code as totp  # noqa: E402

ADDRESS = "alice@example.org"
SENT = "is registered, a code is on its way"


@pytest.fixture
def service(machine):
    running = Service(machine)
    yield running
    running.stop()


def at(service, name="127.0.0.1"):
    return ["--server", f"https://{name}:{service.tls_port}"]


def words(service, address=ADDRESS, ca=TLS / "ca.pem"):
    return [*at(service), "--ca", ca, "enroll", address]


@pytest.fixture
def enroll(service, terminal, machine):
    """A session that has asked for the code, and no configuration here."""
    def start(address=ADDRESS, **how):
        machine.conf_path.unlink(missing_ok=True)
        service.mark = service.log.stat().st_size
        session = terminal(*words(service, address), **how)
        assert SENT in session.expect("Registration code: ")
        return session
    return start


def mailed(service, session):
    service.wait_for(r"mail: \d+ sent", service.mark)
    return session.code()


def up_to_the_first_code(service, session):
    session.type(mailed(service, session))
    return token_of(session.expect("First code: "))


def shown_by(machine, service):
    """show, which needs a configuration again."""
    return machine.provision("--config", service.conf, "--json", "show",
                             "alice", ok=True).json


def test_the_whole_flow(machine, service, enroll, tmp_path):
    machine.add("alice")
    session = enroll()
    session.type(mailed(service, session))
    shown = session.expect("First code: ")
    uri, token = token_of(shown)
    assert read_qr(shown, tmp_path) == uri
    assert uri.startswith("otpauth://totp/Example:alice?")
    code = token.code(machine.now)
    session.type(code)
    assert session.end() == 0, session.screen
    assert "clock is right." in session.screen
    assert "first login is possible now" in session.screen
    assert shown_by(machine, service)["state"] == "active"
    machine.conf()
    assert machine.login("alice", code).accepted
    service.stop()
    assert "New token registered for Example" in [
        x.subject for x in machine.mails()]
    assert token.secret not in "\n".join(session.log())


@pytest.mark.parametrize("steps,told", [
    (-4, "about 4 minutes slow"), (9, "about 9 minutes fast"),
    (1, "right"), (-2, "right within 3 minutes")])
def test_a_clock_that_is_off_is_learned(machine, service, enroll, steps,
                                        told):
    machine.add("alice")
    session = enroll()
    _, token = up_to_the_first_code(service, session)
    session.type(token.code(machine.now, steps))
    assert session.end() == 0, session.screen
    assert f"clock is {told}." in session.screen
    drift = shown_by(machine, service)["tokens"][0]["drift"]
    assert drift == (steps if abs(steps) > 1 else 0)
    machine.conf()
    assert machine.login("alice", token.code(machine.now, steps)).accepted


def test_the_clock_of_this_host_does_not_matter(machine, service, enroll):
    machine.add("alice")
    session = enroll()
    _, token = up_to_the_first_code(service, session)
    session.set_clock(machine.now + 86400)
    session.type(token.code(machine.now))
    assert session.end() == 0, session.screen
    assert "clock is right." in session.screen


def test_an_app_that_ignores_the_period(machine, service, enroll):
    machine.add("alice")
    session = enroll()
    _, token = up_to_the_first_code(service, session)
    session.type(totp(token.secret, machine.now, period=30))
    assert "your app ignores the 60-second period" in session.expect(
        "First code: ")
    session.type(token.wrong(machine.now))
    assert "Not accepted (wrong)" in session.expect("First code: ")
    session.type("12345")
    assert "Not accepted (malformed)" in session.expect("First code: ")
    code = token.code(machine.now)
    session.type(f" {code[:3]}-{code[3:]} ")
    assert session.end() == 0, session.screen


def test_a_code_from_far_away_confirms_nothing(machine, service, enroll):
    machine.add("alice")
    session = enroll()
    _, token = up_to_the_first_code(service, session)
    for steps in (-11, 11, -12, 12, 100):
        session.type(token.code(machine.now, steps))
    assert session.end() == 1, session.screen
    assert "registered but not confirmed" in session.screen
    assert not shown_by(machine, service)["tokens"][0]["confirmed"]


def test_a_smaller_resync_of_the_service(machine, terminal):
    """The service decides how far off a clock may be."""
    service = Service(machine, resync=2)
    machine.add("alice")
    service.mark = service.log.stat().st_size
    session = terminal(*words(service))
    session.expect("Registration code: ")
    _, token = up_to_the_first_code(service, session)
    session.type(token.code(machine.now, -5))
    assert "too far off" in session.expect("First code: ")
    session.type(token.code(machine.now, -2))
    assert session.end() == 0, session.screen
    service.stop()


def test_wrong_codes_and_a_right_one(machine, service, enroll):
    machine.add("alice")
    session = enroll()
    for wrong in ("ABCDE-FGHJK", "x" * 100):
        session.type(wrong)
        assert "wrong-code" in session.expect("Registration code: ")
    session.type(mailed(service, session).lower().replace("-", ""))
    session.expect("First code: ")


def test_an_unknown_address_gets_the_same_words(machine, service, enroll):
    machine.add("alice")
    known = enroll().screen
    session = enroll("nobody@example.org")
    assert session.screen.replace("nobody@", "alice@") == known
    for _ in range(3):
        session.type("ABCDE-FGHJK")
    assert session.end() == 1
    assert "emotp-provision: wrong-code: " in session.screen


def test_an_expired_code(machine, service, enroll):
    machine.add("alice")
    session = enroll()
    code = mailed(service, session)
    service.set_clock(machine.now + 3600)
    session.type(code)
    assert "expired" in session.expect("Registration code: ")


def test_enter_asks_for_another_mail(machine, service, enroll):
    machine.add("alice")
    session = enroll()
    mailed(service, session)
    for count in (2, 3):
        service.set_clock(machine.now + 61)
        mark = service.log.stat().st_size
        session.type("")
        assert SENT in session.expect("Registration code: ")
        service.wait_for(r"mail: \d+ sent", mark)
        assert len(machine.mails()) == count
    session.type("")
    assert session.end() == 1
    assert "nothing was registered" in session.screen


def test_an_active_user_is_asked_for_a_current_code(machine, alice, service,
                                                    enroll):
    session = enroll()
    session.type(mailed(service, session))
    assert "token already" in session.expect("Verification code: ")
    session.type(alice.wrong(machine.now))
    assert "Not accepted" in session.expect("Verification code: ")
    session.type(alice.code(machine.now))
    _, token = token_of(session.expect("First code: "))
    session.type(token.code(machine.now))
    assert session.end() == 0, session.screen
    assert [x["confirmed"] for x in shown_by(machine, service)["tokens"]] == [
        True, True]


@pytest.mark.parametrize("key", ["\x04", "\x03"])
def test_leaving_before_the_first_code(machine, service, enroll, key):
    machine.add("alice")
    session = enroll()
    _, token = up_to_the_first_code(service, session)
    session.child.send(key)
    assert session.end() == 1, session.screen
    assert "registered but not confirmed" in session.screen
    machine.conf()
    assert machine.login("alice", token.code(machine.now)).accepted


@pytest.mark.parametrize("key", ["\x04", "\x03"])
def test_leaving_before_the_code_registers_nothing(machine, service, enroll,
                                                   key):
    machine.add("alice")
    session = enroll()
    session.child.send(key)
    assert session.end() == 1, session.screen
    assert "nothing was registered" in session.screen
    assert shown_by(machine, service)["tokens"] == []


def test_the_log_has_one_line_at_once(machine, service, enroll):
    machine.add("alice")
    session = enroll(env={"SUDO_USER": "carol"})
    _, token = up_to_the_first_code(service, session)
    line, = (x for x in session.log() if x.startswith("enroll"))
    assert line.facility == "authpriv"
    assert line.startswith(f"enroll {ADDRESS}: registered a token at a "
                           "service, by root (sudo: carol)")
    session.type(token.code(machine.now))
    assert session.end() == 0
    assert len([x for x in session.log() if x.startswith("enroll")]) == 1


def test_as_json_and_as_an_ordinary_user(machine, service):
    machine.add("alice")
    machine.conf_path.unlink()
    mark = service.log.stat().st_size
    ca = machine.dir / "ca.pem"
    ca.write_bytes((TLS / "ca.pem").read_bytes())
    child = subprocess.Popen(
        [PROVISION, *at(service), "--ca", ca, "--json", "enroll", ADDRESS],
        text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, env=machine.environment(),
        user="bob", group="bob", extra_groups=[])
    machine.processes.append(child)
    service.wait_for(r"mail: \d+ sent", mark)
    child.stdin.write(machine.mails()[0].code + "\n")
    child.stdin.flush()
    told = json.loads(child.stdout.readline())
    assert list(told) == ["id", "account", "issuer", "secret", "algorithm",
                          "digits", "period", "time", "uri"]
    assert (told["account"], told["time"]) == ("alice", machine.now)
    code = Token(told["secret"]).code(machine.now)
    assert child.communicate(code + "\n", timeout=30) == ("", "")
    assert child.returncode == 0


# Whom it talks to.

def requests_of(service):
    return service.metrics()["emotpd_requests_total"]


def refused(machine, service, args, **how):
    """Nothing was said to the service."""
    before = requests_of(service)
    line = failed(machine.provision(*args, **how), 6)
    # The question itself counts as one.
    assert requests_of(service) == before + 1
    return line


def test_a_ca_that_is_not_named_is_not_trusted(machine, service):
    line = refused(machine, service, [*at(service), "enroll", ADDRESS])
    assert "certificate" in line and "--ca" in line


def test_another_ca_is_not_trusted(machine, service):
    make_certificate(machine.dir / "other", "server")
    other = machine.dir / "other" / "ca.pem"
    assert "certificate" in refused(machine, service,
                                    words(service, ca=other))


def test_a_ca_file_that_is_missing_trusts_nobody(machine, service):
    refused(machine, service, words(service, ca="/no/such/file"))


def test_a_certificate_of_another_name_is_not_trusted(machine, service):
    hosts = Path("/etc/hosts")
    before = hosts.read_text() if hosts.exists() else ""
    hosts.write_text(before + "127.0.0.1 elsewhere.example.org\n")
    try:
        line = refused(machine, service, [
            *at(service, "elsewhere.example.org"), "--ca", TLS / "ca.pem",
            "enroll", ADDRESS])
    finally:
        hosts.write_text(before)
    assert "elsewhere.example.org" in line


def test_the_environment_names_neither_proxy_nor_ca(machine, service):
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        proxy.settimeout(0.5)
        url = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        env = {**{name: url for name in (
            "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
            "ALL_PROXY")}, "SSL_CERT_FILE": str(TLS / "ca.pem"),
            "CURL_CA_BUNDLE": str(TLS / "ca.pem"),
            "SSLKEYLOGFILE": str(machine.dir / "keys")}
        refused(machine, service, [*at(service), "enroll", ADDRESS], env=env)
        done = machine.provision(*words(service), env=env, input="")
        assert done.rc == 1 and SENT in done.out, done
        with pytest.raises(TimeoutError):
            proxy.accept()
    assert not (machine.dir / "keys").exists()


def test_a_service_that_is_down(machine, service):
    service.stop()
    line = failed(machine.provision(*words(service)), 6)
    assert f"https://127.0.0.1:{service.tls_port}" in line


def test_a_service_that_says_nothing(machine):
    """Absolute: 15 seconds, however slowly it speaks."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        start = time.monotonic()
        line = failed(machine.provision("--server", url, "enroll", ADDRESS),
                      6)
    assert 14 < time.monotonic() - start < 25
    assert re.search(r"timed? ?out", line, re.I), line


# The command line.

@pytest.mark.parametrize("args,told", [
    (["--server", "https://h", "enroll", "alice"], "alice@example.org"),
    (["--server", "https://h", "enroll", "a@b\x1b"], "alice@example.org"),
    (["--server", "h", "enroll", ADDRESS], "https://HOST"),
    (["--server", "", "enroll", ADDRESS], "https://HOST"),
    (["--server", "http://h", "enroll", ADDRESS], "https://HOST"),
    (["--server", "http://localhost", "enroll", ADDRESS], "https://HOST"),
    (["--server", "http://127.0.0.1.h", "enroll", ADDRESS], "https://HOST"),
    (["--server", "ftp://127.0.0.1", "enroll", ADDRESS], "https://HOST"),
    (["--server", "file:///etc/passwd", "enroll", ADDRESS], "https://HOST"),
    (["--server", "https://u:p@h", "enroll", ADDRESS], "https://HOST"),
    (["--server", "https://h/path", "enroll", ADDRESS], "https://HOST"),
    (["--server", "https://h?q", "enroll", ADDRESS], "https://HOST"),
    (["--server", "https://h#f", "enroll", ADDRESS], "https://HOST"),
    (["--server", "https://h:99999", "enroll", ADDRESS], "https://HOST"),
    (["--server", "https://" + "h" * 300, "enroll", ADDRESS],
     "https://HOST"),
    (["--server", "https://h", "enroll", "x" * 300 + "@b"], "too long"),
    (["--server", "https://h", "list"], "--server: list is for the store"),
    (["--server", "https://h", "register", "alice"], "--server: register"),
    (["--ca", "f", "enroll", "alice"], "--ca: goes with --server"),
    (["enroll", "--server", "https://h", ADDRESS], "before the command"),
    (["enroll", ADDRESS, "--ca", "f"], "before the command"),
    (["--server"], "--server: needs a value"),
    (["--ca"], "--ca: needs a value"),
], ids=lambda x: " ".join(x)[:48] if isinstance(x, list) else "")
def test_what_is_no_usage(machine, args, told):
    done = machine.provision(*args)
    assert told in failed(done, 2) and done.out == "", done
    assert not ESCAPES.search(done.err)
