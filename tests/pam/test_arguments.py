"""The arguments of the module."""

import pytest

from machine import DENIAL, PROMPT


@pytest.mark.parametrize("argument", [
    "nonsense", "nullokay", "NULLOK", "nullok=1", "prompts=0", "prompts=",
    "prompts=-1", "prompts=x", "prompts=1000", "conf=", "alwaysok", "debug=1",
    "skew=100", "service=local"])
def test_an_argument_that_will_not_do_refuses_everybody(machine, alice,
                                                        argument):
    machine.add("bob")
    for user in ("alice", "bob", "carol"):
        login = machine.login(
            user, [alice.code(machine.now)] * 3, stack=[
                f"auth required {{module}} nullok {argument}",
                "auth required pam_permit.so"])
        assert login.result == "PAM_SERVICE_ERR", login
        assert login.prompts == []
        assert any(argument in x and x.severity in ("err", "crit")
                   for x in login.log), login


@pytest.mark.parametrize("argument", [
    "secret=/home/alice/.google_authenticator", "usersfile=/etc/users.oath",
    "window=30", "digits=6", "noskewadj", "no_increment_hotp", "user=root",
    "no_strict_owner", "allowed_perm=0600", "allow_readonly",
    "grace_period=60"])
def test_what_other_modules_know_is_ignored_with_a_hint(machine, alice,
                                                        argument):
    login = machine.login("alice", alice.code(machine.now), argument)
    assert login.accepted, login
    hints = [x for x in login.log if argument.partition("=")[0] in x]
    assert len(hints) == 1 and "import" in hints[0], login
    again = machine.login("alice", alice.code(machine.now),
                          argument + " prompts=1")
    assert again.refused_as == ["replayed"]


@pytest.mark.parametrize("name", ["prompt", "authtok_prompt"])
def test_prompt_is_asked_word_for_word(machine, alice, name):
    login = machine.login("alice", alice.code(machine.now),
                          f"[{name}=Code for %s%n, please? ]")
    assert login.prompts == [("Code for %s%n, please? ", False)]
    assert login.accepted


def test_the_default_prompt_is_exact_and_hidden(machine, alice):
    login = machine.login("alice", alice.code(machine.now))
    assert login.prompts == [("Verification code: ", False)]
    assert login.messages == []
    assert login.accepted


@pytest.mark.parametrize("name", ["echo", "echo_verification_code"])
def test_echo_shows_what_is_typed(machine, alice, name):
    login = machine.login("alice", alice.code(machine.now), name)
    assert login.prompts == [(PROMPT, True)]
    assert login.accepted


@pytest.mark.parametrize("tries", [1, 2, 3, 10])
def test_prompts_are_all_used_before_the_refusal(machine, alice, tries):
    login = machine.login("alice", ["xxxxxx"] * 20, f"prompts={tries}")
    assert login.prompts == [(PROMPT, False)] * tries
    assert login.messages == [("error", DENIAL)] * tries
    assert login.result == "PAM_AUTH_ERR"


def test_the_right_code_at_the_last_prompt_gets_in(machine, alice):
    login = machine.login("alice", [alice.wrong(machine.now), "",
                                    alice.code(machine.now)])
    assert login.accepted and len(login.prompts) == 3


def test_two_in_a_row_can_be_typed_in_one_conversation(machine):
    token = machine.enrol("alice")
    login = machine.login("alice", [token.code(machine.now, 5),
                                    token.code(machine.now, 6)])
    assert login.accepted, login


@pytest.mark.sqlite
def test_conf_names_another_configuration(machine, alice, tmp_path):
    other = machine.conf(tmp_path / "other.conf",
                         store="sqlite:/nowhere/emotp.db")
    login = machine.login("alice", alice.code(machine.now), f"conf={other}")
    assert login.result == "PAM_AUTHINFO_UNAVAIL"
    machine.conf(other)
    machine.conf(nonsense=1)
    login = machine.login("alice", alice.code(machine.now), f"conf={other}")
    assert login.accepted, login


# The password of an earlier module.

def test_use_first_pass_judges_the_password_and_never_asks(machine, alice):
    code = alice.code(machine.now)
    stack = [f"auth required {{firstpass}} set={code}",
             "auth required {module} use_first_pass"]
    first = machine.login("alice", [], stack=stack)
    assert first.accepted and first.prompts == []
    again = machine.login("alice", [code] * 3, stack=stack)
    assert again.result == "PAM_AUTH_ERR" and again.prompts == []
    assert again.refused_as == ["replayed"]


@pytest.mark.parametrize("argument", ["", "forward_pass"])
def test_use_first_pass_without_a_password_is_a_refusal(machine, alice,
                                                        argument):
    login = machine.login("alice", [alice.code(machine.now)],
                          f"use_first_pass {argument}")
    assert not login.accepted and login.prompts == []


def test_try_first_pass_asks_when_the_password_is_no_code(machine, alice):
    login = machine.login("alice", alice.code(machine.now), stack=[
        "auth required {firstpass} set=hunter2",
        "auth required {module} try_first_pass",
        "auth required {firstpass} show"])
    assert login.accepted and login.prompts == [(PROMPT, False)]


def test_try_first_pass_takes_a_code(machine, alice):
    login = machine.login("alice", [], stack=[
        f"auth required {{firstpass}} set={alice.code(machine.now)}",
        "auth required {module} try_first_pass"])
    assert login.accepted and login.prompts == []


def test_try_first_pass_asks_when_there_is_no_password(machine, alice):
    login = machine.login("alice", alice.code(machine.now), "try_first_pass")
    assert login.accepted and login.prompts == [(PROMPT, False)]


@pytest.mark.parametrize("password", ["hunter2", "x", "pass word-7", "123456",
                                      "", "pässwörd"])
def test_forward_pass_hands_the_password_on(machine, alice, password):
    login = machine.login("alice", password + alice.code(machine.now), stack=[
        "auth required {module} forward_pass",
        "auth required {firstpass} show"])
    assert login.accepted, login
    assert login.prompts == [(PROMPT, False)]
    assert login.messages[-1] in (
        ("info", f"authtok={password}"),
        ("info", f"authtok={password or '(none)'}"))


def test_forward_pass_splits_the_password_of_an_earlier_module(machine, alice):
    login = machine.login("alice", "hunter2" + alice.code(machine.now), stack=[
        "auth required {firstpass} ask",
        "auth required {module} use_first_pass forward_pass",
        "auth required {firstpass} show"])
    assert login.accepted, login
    assert len(login.prompts) == 1
    assert login.messages == [("info", "authtok=hunter2")]


def test_forward_pass_counts_as_many_digits_as_configured(machine):
    machine.conf(digits=8)
    token = machine.enrol("alice")
    login = machine.login("alice", "pw" + token.code(machine.now), stack=[
        "auth required {module} forward_pass",
        "auth required {firstpass} show"])
    assert login.accepted, login
    assert login.messages[-1] == ("info", "authtok=pw")


def test_without_forward_pass_the_code_is_not_handed_on(machine, alice):
    login = machine.login("alice", alice.code(machine.now), stack=[
        "auth required {module}", "auth required {firstpass} show"])
    assert login.accepted
    assert login.messages == [("info", "authtok=(none)")]


def test_debug_tells_more_and_never_a_secret(machine, alice):
    code, wrong = alice.code(machine.now), alice.wrong(machine.now)
    quiet = machine.login("alice", [wrong, "hunter2", "passw0rd" + wrong])
    loud = machine.login("alice", [wrong, "hunter2", "passw0rd" + wrong],
                         "debug")
    right = machine.login("alice", [code], "debug")
    assert right.accepted
    assert len(loud.log) > len(quiet.log)
    text = "\n".join(loud.log + right.log)
    for secret in (code, wrong, "hunter2", "passw0rd", alice.secret,
                   str(int(code)) if int(code) > 9999 else code):
        assert secret not in text
    assert all(x.severity == "debug" for x in loud.log
               if x not in quiet.log)
