"""enroll: the whole flow, as a person at a terminal sees it."""

import json
import re
import subprocess
import time
from urllib.parse import parse_qs, urlsplit

import pytest

from errors import failed, rows
from office_hours import first_login
from terminal import ESCAPES, qr_lines, read_qr
from tools import PROVISION
from totp import Token, code as totp

URI = re.compile(r"^(otpauth://totp/\S+)$", re.M)


def token_of(screen):
    uri = URI.search(ESCAPES.sub("", screen))[1]
    query = parse_qs(urlsplit(uri).query)
    return uri, Token(query["secret"][0], int(query["digits"][0]),
                      int(query["period"][0]), query["algorithm"][0])


def up_to_the_first_code(session):
    """Types the mailed code; the URI and Token that it shows."""
    session.expect("Registration code: ")
    session.type(session.code())
    return token_of(session.expect("First code: "))


def test_the_whole_flow(machine, terminal, tmp_path):
    machine.add("alice")
    session = terminal("enroll", "alice")
    sent = session.expect("Registration code: ")
    assert "alice@example.org" in sent and "one hour" in sent
    session.type(session.code())
    shown = session.expect("First code: ")
    uri, token = token_of(shown)
    assert read_qr(shown, tmp_path) == uri
    parts = urlsplit(uri)
    assert parts.path == "/Example:alice"
    assert parse_qs(parts.query) == {
        "secret": [token.secret], "issuer": ["Example"],
        "algorithm": ["SHA1"], "digits": ["6"], "period": ["60"]}
    session.type(token.code(machine.now))
    session.expect("from ")
    assert session.end() == 0, session.screen
    assert [x.subject for x in machine.mails()][1:] == [
        "New token registered for Example"]
    assert machine.store.query("SELECT count(*) FROM intents") == [(0,)]
    assert machine.show("alice")["state"] == "active"
    at, seconds = first_login(session.screen)
    assert at == machine.now + 60 == machine.now + seconds
    early = machine.login("alice", token.code(at - 1), "prompts=1", at=at - 1)
    assert early.refused_as == ["replayed"]
    assert machine.login("alice", token.code(at), "prompts=1",
                         at=at).accepted
    assert token.secret not in "\n".join(session.log())


def test_the_screen_is_black_on_white_with_a_quiet_zone(machine, terminal):
    """Whatever the terminal's colours: or no camera reads it."""
    machine.add("alice")
    session = terminal("enroll", "alice")
    session.expect("Registration code: ")
    session.type(session.code())
    lines = qr_lines(session.expect("First code: "))
    for line in lines:
        assert re.match(r"\x1b\[[0-9;]+m", line) and "\x1b[0m" in line
    plain = [ESCAPES.sub("", x) for x in lines]
    assert all(x[:4] == x[-4:] == "    " for x in plain)
    assert set(plain[0]) == set(plain[1]) == {" "}


def test_the_key_to_type_by_hand(machine, terminal):
    machine.add("alice")
    session = terminal("enroll", "alice")
    session.expect("Registration code: ")
    session.type(session.code())
    shown = ESCAPES.sub("", session.expect("First code: "))
    _, token = token_of(shown)
    assert " ".join(re.findall("....", token.secret)) in shown


def test_a_device_that_is_four_minutes_slow(machine, terminal):
    machine.add("alice")
    session = terminal("enroll", "alice")
    _, token = up_to_the_first_code(session)
    session.type(token.code(machine.now, -4))
    again = session.expect("First code: ")
    assert "next code" in again and "accepted" not in again.lower()
    session.wait()
    session.type(token.code(machine.now, -4))
    assert session.end() == 0, session.screen
    assert "about 4 minutes slow" in session.screen
    assert machine.show("alice")["tokens"][0]["drift"] == -4
    at, _ = first_login(session.screen)
    assert at == machine.now + 60
    assert machine.login("alice", token.code(at - 1, -4), "prompts=1",
                         at=at - 1).refused_as == ["replayed"]
    assert machine.login("alice", token.code(at, -4), "prompts=1",
                         at=at).accepted


def test_the_announced_time_of_a_device_within_skew(machine, terminal):
    """One step ahead of us: its next code comes when it comes."""
    machine.add("alice")
    session = terminal("enroll", "alice")
    _, token = up_to_the_first_code(session)
    session.type(token.code(machine.now, 1))
    assert session.end() == 0, session.screen
    at, _ = first_login(session.screen)
    assert machine.login("alice", token.code(at, 1), "prompts=1",
                         at=at).accepted


def test_in_the_middle_of_a_step(machine, terminal):
    machine.now += 25
    machine.add("alice")
    session = terminal("enroll", "alice")
    _, token = up_to_the_first_code(session)
    session.type(token.code(machine.now))
    assert session.end() == 0, session.screen
    at, seconds = first_login(session.screen)
    assert (at - machine.now, seconds) == (35, 35)


def test_an_app_that_ignores_the_period(machine, terminal):
    machine.add("alice")
    session = terminal("enroll", "alice")
    _, token = up_to_the_first_code(session)
    session.type(totp(token.secret, machine.now, period=30))
    shown = session.expect("First code: ")
    assert ("your app ignores the 60-second period; use the emotp token, or"
            " an app that honours it") in shown
    session.type(token.wrong(machine.now))
    shown = session.expect("First code: ")
    assert "30" not in shown and "ignores" not in shown
    session.type(token.code(machine.now))
    assert session.end() == 0


def test_a_wrong_registration_code_may_be_typed_again(machine, terminal):
    machine.add("alice")
    session = terminal("enroll", "alice")
    session.answer("Registration code: ", "ABCDE-FGHJK")
    assert "wrong-code" in session.expect("Registration code: ")
    session.type(session.code().lower().replace("-", ""))
    session.expect("First code: ")
    assert len(machine.show("alice")["tokens"]) == 1


def test_three_wrong_registration_codes_end_it(machine, terminal):
    machine.add("alice")
    session = terminal("enroll", "alice")
    for _ in range(3):
        session.answer("Registration code: ", "ABCDE-FGHJK")
    assert session.end() == 1
    assert "emotp-provision: wrong-code: " in session.screen
    assert machine.show("alice")["tokens"] == []


def test_a_mail_that_took_more_than_an_hour(machine, terminal):
    machine.add("alice")
    session = terminal("enroll", "alice")
    session.expect("Registration code: ")
    session.set_clock(machine.now + 3600)
    session.type(session.code())
    assert "expired" in session.expect("Registration code: ")


def test_an_active_user_is_asked_for_a_current_code(machine, alice, terminal):
    session = terminal("enroll", "alice")
    session.expect("Registration code: ")
    session.type(session.code())
    session.answer("Verification code: ", alice.wrong(machine.now))
    assert "otpauth://" not in session.expect("Verification code: ")
    session.type(alice.code(machine.now))
    _, token = token_of(session.expect("First code: "))
    assert token.secret != alice.secret
    session.type(token.code(machine.now))
    assert session.end() == 0, session.screen
    assert [x["confirmed"] for x in machine.show("alice")["tokens"]] == [
        True, True]
    machine.wait()
    assert machine.login("alice", alice.code(machine.now),
                         "prompts=1").accepted


def test_the_old_tokens_code_does_not_confirm_the_new(machine, alice,
                                                      terminal):
    session = terminal("enroll", "alice")
    session.expect("Registration code: ")
    session.type(session.code())
    session.answer("Verification code: ", alice.code(machine.now))
    session.expect("First code: ")
    session.wait()
    session.type(alice.code(machine.now))
    assert "token 1" in session.expect("First code: ")
    assert [x["confirmed"] for x in machine.show("alice")["tokens"]] == [
        True, False]


@pytest.mark.parametrize("key", ["\x04", "\x03"])
def test_leaving_before_the_code_registers_nothing(machine, terminal, key):
    machine.add("alice")
    session = terminal("enroll", "alice")
    session.expect("Registration code: ")
    session.child.send(key)
    assert session.end() == 1, session.screen
    assert "emotp-provision: " in session.screen
    assert machine.show("alice")["tokens"] == []


@pytest.mark.parametrize("key", ["\x04", "\x03"])
def test_leaving_before_the_first_code(machine, terminal, key):
    """The token is there, unconfirmed, and the user is told by mail."""
    machine.add("alice")
    session = terminal("enroll", "alice")
    _, token = up_to_the_first_code(session)
    session.child.send(key)
    assert session.end() == 1, session.screen
    assert "registered but not confirmed" in session.screen
    assert not machine.show("alice")["tokens"][0]["confirmed"]
    assert len(machine.mails(subject="New token")) == 1
    assert machine.login("alice", token.code(machine.now),
                         "prompts=1").accepted


def test_a_mail_that_is_not_accepted(machine, terminal):
    machine.add("alice")
    before = rows(machine)
    machine.conf(mail=f"maildir:{machine.dir}/no/such")
    failed(machine.provision("enroll", "alice", input="x\n"), 7)
    assert rows(machine) == before


def test_a_success_mail_that_fails_undoes_nothing(machine, terminal):
    machine.add("alice")
    session = terminal("enroll", "alice")
    _, token = up_to_the_first_code(session)
    machine.maildir.rename(machine.dir / "away")
    machine.maildir.write_text("")
    session.type(token.code(machine.now))
    assert session.end() == 0, session.screen
    assert "warning: the success mail waits" in session.screen
    machine.maildir.unlink()
    machine.provision("flush", ok=True)
    assert len(machine.mails(subject="New token")) == 1


def test_the_log_has_one_line_at_once(machine, terminal):
    machine.add("alice")
    session = terminal("enroll", "alice", env={"SUDO_USER": "carol"})
    _, token = up_to_the_first_code(session)
    line, = session.log()
    assert line.facility == "authpriv" and "alice" in line
    assert "sudo: carol" in line and "token 1" in line
    session.type(token.code(machine.now))
    assert session.end() == 0
    assert len([x for x in session.log()
                if x.startswith("enroll")]) == 1, session.log()


def test_nothing_secret_on_the_command_line(machine, terminal):
    machine.add("alice")
    session = terminal("enroll", "alice")
    up_to_the_first_code(session)
    words = open(f"/proc/{session.child.pid}/cmdline").read().split("\0")
    assert words[1:] == ["enroll", "alice", ""]
    environment = open(f"/proc/{session.child.pid}/environ").read()
    assert session.code() not in environment


def test_as_json(machine):
    """The object in the place of the QR code, and nothing else."""
    machine.add("alice")
    child = subprocess.Popen(
        [PROVISION, "--json", "enroll", "alice"], text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, env=machine.environment())
    machine.processes.append(child)
    end = time.monotonic() + 30
    while not machine.mails() and time.monotonic() < end:
        time.sleep(0.05)
    child.stdin.write(machine.mails()[0].code + "\n")
    child.stdin.flush()
    token = Token(**json.loads(child.stdout.readline()))
    out, err = child.communicate(token.code(machine.now) + "\n", timeout=30)
    assert (child.returncode, out, err) == (0, "", "")
    assert machine.show("alice")["state"] == "active"
