"""What the application and the log are told."""

import re

import pytest

from machine import DENIAL, PROMPT, Token

PREFIX = "pam_emotp(login:auth): "
FAILURE = (PREFIX + "authentication failure; logname= uid=0 euid=0 tty=ssh "
           "ruser= rhost=192.0.2.7  user=alice")


def test_an_acceptance_reads_as_documented(machine, alice):
    login = machine.login("alice", alice.code(machine.now))
    assert login.result == "PAM_SUCCESS"
    assert login.messages == []
    assert login.log == [
        PREFIX + "accepted code for alice from 192.0.2.7 token=1 drift=0"]
    assert login.log[0].facility == "authpriv"
    assert login.log[0].severity in ("notice", "info")


def test_the_log_names_the_token_and_its_drift(machine, alice):
    code = machine.invite("alice")
    machine.login("alice", alice.code(machine.now))
    machine.wait()
    done = machine.register("alice", code, "--label", "tablet",
                            otp=alice.code(machine.now))
    assert done.rc == 0, done
    second = Token(**done.json)
    machine.wait()
    machine.login("alice", second.code(machine.now, -4), "prompts=1")
    machine.wait()
    login = machine.login("alice", second.code(machine.now, -4))
    assert login.log == [
        PREFIX + "accepted code for alice from 192.0.2.7 token=2 drift=-4"]
    machine.wait()
    login = machine.login("alice", alice.code(machine.now))
    assert login.log == [
        PREFIX + "accepted code for alice from 192.0.2.7 token=1 drift=0"]


def test_a_local_login_has_no_from(machine, alice):
    login = machine.login("alice", alice.code(machine.now), rhost=None)
    assert login.log == [PREFIX + "accepted code for alice token=1 drift=0"]


def test_a_denial_reads_like_pam_unix_and_names_the_reason(machine, alice):
    login = machine.login("alice", alice.wrong(machine.now), "prompts=1")
    assert login.log == [FAILURE, PREFIX + "alice refused: wrong"]
    assert all(x.facility == "authpriv" for x in login.log)
    code = alice.code(machine.now)
    machine.login("alice", code)
    login = machine.login("alice", code, "prompts=1")
    assert login.log == [FAILURE, PREFIX + "alice refused: replayed"]


def test_every_denial_of_a_conversation_is_logged(machine, alice):
    login = machine.login("alice", [alice.wrong(machine.now), "x",
                                    alice.code(machine.now, 5)])
    assert login.log == [
        FAILURE, PREFIX + "alice refused: wrong",
        FAILURE, PREFIX + "alice refused: malformed",
        FAILURE, PREFIX + "alice refused: pending"]


def test_fail2bans_pattern_finds_the_host(machine, alice):
    """pam-generic: ^...pam_emotp(...): authentication failure; ... rhost="""
    login = machine.login("alice", "000", "prompts=1", tty="ssh")
    found = re.search(
        r"pam_emotp\(\S+\): authentication failure; logname=\S* uid=\S* "
        r"euid=\S* tty=\S* ruser=\S* rhost=(\S+)(?:\s+user=.*)?\s*$",
        login.log[0])
    assert found and found[1] == "192.0.2.7"


def test_the_code_is_nowhere_in_the_log(machine, alice):
    code, wrong = alice.code(machine.now), alice.wrong(machine.now)
    start = machine.syslog.here()
    machine.login("alice", [wrong, "hunter2", "sesame" + wrong])
    machine.login("alice", code)
    machine.login("alice", code)
    text = "\n".join(x.raw for x in machine.syslog.since(start))
    for secret in (code, wrong, "hunter2", "sesame", alice.secret):
        assert secret not in text


@pytest.mark.parametrize("broken", ["!fail", "!null"])
def test_a_broken_conversation_is_no_login(machine, alice, broken):
    login = machine.login("alice", broken)
    assert login.result == "PAM_CONV_ERR", login
    assert machine.show("alice")["failures"] == 0


def test_a_conversation_that_breaks_off_later_is_no_login(machine, alice):
    login = machine.login("alice", [alice.wrong(machine.now), "!fail"])
    assert login.result == "PAM_CONV_ERR"
    assert len(login.prompts) == 2


def of_sqlite(*values):
    """A module that asks emotpd has no use for these."""
    return pytest.param(*values, marks=pytest.mark.sqlite)


@pytest.mark.parametrize("line,result", [
    of_sqlite("store = sqlite:/nowhere/emotp.db", "PAM_AUTHINFO_UNAVAIL"),
    of_sqlite("store = postgresql://127.0.0.1/emotp", "PAM_SERVICE_ERR"),
    of_sqlite("store = emotp.db", "PAM_SERVICE_ERR"),
    of_sqlite("key_file = /nowhere/key", "PAM_SERVICE_ERR"),
    ("nonsense = 1", "PAM_SERVICE_ERR"),
    ("skew = 11", "PAM_SERVICE_ERR"),
    ("skew = -1", "PAM_SERVICE_ERR"),
    ("resync = 1000000", "PAM_SERVICE_ERR"),
    ("digits = 7", "PAM_SERVICE_ERR"),
    ("no equals sign", "PAM_SERVICE_ERR"),
    ("service = udp:127.0.0.1", "PAM_SERVICE_ERR")])
def test_what_cannot_be_decided_is_refused(machine, alice, line, result):
    with machine.conf_path.open("a") as f:
        f.write(line + "\n")
    login = machine.login("alice", [alice.code(machine.now)] * 3)
    assert login.result == result, login
    assert login.prompts == []  # before a code was given away
    assert DENIAL not in login.texts
    lines = [x for x in login.log if "alice refused, could not decide: " in x]
    assert len(lines) == 1 and lines[0].severity == "err", login


def test_a_bad_setting_is_named_with_file_and_line(machine, alice):
    machine.conf_path.write_text("# one\n\nskew = 1\nnonsense = 1\n")
    login = machine.login("alice", "000000")
    assert any("/etc/emotp/emotp.conf" in x and "4" in x and "nonsense" in x
               for x in login.log), login


@pytest.mark.sqlite
@pytest.mark.parametrize("line,name", [
    ("key_file = /nowhere/key", "/nowhere/key"),
    ("store = sqlite:/nowhere/emotp.db", "/nowhere/emotp.db")])
def test_a_missing_file_is_named(machine, alice, line, name):
    with machine.conf_path.open("a") as f:
        f.write(line + "\n")
    login = machine.login("alice", "000000")
    assert any(name in x for x in login.log), login


HOSTILE = [
    "alice\nroot refused: wrong", "al\rice", "\x1b[2J\x1b[31malice", "%s%n%x",
    "alice\x07", "al\x08\x08ice", "é" * 40, "\x7f", "a" * 5000,
    'alice" user=root', "alice accepted code for root from 10.0.0.1"]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("where", ["user", "rhost", "tty"])
def test_hostile_texts_cannot_forge_a_log_line(machine, alice, text, where):
    if where == "user" and len(text) > 128 and not machine.store.local:
        pytest.skip("is no question to emotpd: no user is called so")
    how = {where: text}
    user = how.pop("user", "alice")
    login = machine.login(user, "000000", "prompts=1", **how)
    assert login.result == "PAM_AUTH_ERR"
    ours = [x for x in login.log if x.startswith(PREFIX)]
    assert len(ours) == len(login.log) == 2, login.log
    for line in ours:
        assert line.isprintable() and line.isascii(), repr(line)
        assert len(line) < 1200
    # No blank of theirs either, so that no field can be added.
    head = ours[0]
    assert head.startswith(FAILURE.partition(" tty=")[0])
    fields = [x.partition("=")[0] for x in head.split(";")[1].split()]
    assert fields == ["logname", "uid", "euid", "tty", "ruser", "rhost",
                      "user"], head
    assert ours[1].rpartition(" refused: ")[2] in ("wrong", "unknown")
    if where == "user":
        assert len(ours[1][len(PREFIX):].split()) == 3, ours[1]


def test_a_hostile_rhost_cannot_forge_an_acceptance(machine, alice):
    login = machine.login("alice", alice.code(machine.now),
                          rhost="192.0.2.7 token=9 drift=9\nalice refused")
    assert login.accepted
    assert len(login.log) == 1
    assert "token=9 " not in login.log[0].replace("\\x20", "_")


def test_setcred_follows_an_acceptance(machine, alice):
    login = machine.login("alice", alice.code(machine.now),
                          options=["-o", "authenticate,setcred,acct_mgmt"])
    assert login.results == [("authenticate", "PAM_SUCCESS"),
                             ("setcred", "PAM_SUCCESS"),
                             ("acct_mgmt", "PAM_SUCCESS")]


@pytest.mark.parametrize("kind,operation", [
    ("account", "acct_mgmt"), ("session", "open_session"),
    ("password", "chauthtok")])
def test_a_misplaced_line_fails_closed(machine, alice, kind, operation):
    login = machine.login("alice", [], options=["-o", operation],
                          stack=[f"{kind} required {{module}} nullok"])
    assert login.results[0][1] != "PAM_SUCCESS", login


def test_sufficient_does_not_open_on_a_refusal(machine, alice):
    login = machine.login("alice", "000000", stack=[
        "auth sufficient {module} prompts=1", "auth required pam_deny.so"])
    assert not login.accepted


def test_the_stock_pamtester_agrees(machine, alice):
    code = alice.code(machine.now)
    accepted, done = machine.pamtester("alice", code)
    assert accepted, done
    accepted, done = machine.pamtester("alice", code, "prompts=1")
    assert not accepted and DENIAL in done.out + done.err
    accepted, done = machine.pamtester("alice", alice.wrong(machine.now),
                                       "prompts=1")
    assert not accepted
    assert PROMPT in done.out + done.err


def test_names_compare_without_regard_to_case(machine, alice):
    login = machine.login("ALICE", alice.code(machine.now))
    assert login.accepted, login
