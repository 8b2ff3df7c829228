"""How far a device's clock may be off. Steps are the device's."""

import pytest

SECONDS = [0, 59]  # the first and the last second of a step


def accepted_with(login, drift):
    return login.accepted and \
        f"accepted code for alice from 192.0.2.7 token=1 drift={drift}" in \
        [x.partition(": ")[2] for x in login.log]


@pytest.mark.parametrize("second", SECONDS)
@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_one_step_off_needs_one_code(machine, steps, second):
    token = machine.enrol("alice")
    at = machine.now + second
    first = machine.login("alice", token.code(at, steps), "prompts=1", at=at)
    assert accepted_with(first, 0), first


@pytest.mark.parametrize("second", SECONDS)
@pytest.mark.parametrize("steps", [*range(-10, -1), *range(2, 11)])
def test_further_off_needs_two_in_a_row_then_one(machine, steps, second):
    token = machine.enrol("alice")
    at = machine.now + second
    first = machine.login("alice", token.code(at, steps), "prompts=1", at=at)
    assert first.result == "PAM_AUTH_ERR"
    assert first.refused_as == ["pending"]
    at += 60
    second_ = machine.login("alice", token.code(at, steps), "prompts=1", at=at)
    assert accepted_with(second_, steps), second_
    at += 60
    third = machine.login("alice", token.code(at, steps), "prompts=1", at=at)
    assert accepted_with(third, steps), third
    assert machine.show("alice")["tokens"][0]["drift"] == steps


@pytest.mark.parametrize("second", SECONDS)
@pytest.mark.parametrize("steps", [-13, -12, -11, 11, 12, 13])
def test_eleven_off_never_gets_in(machine, steps, second):
    token = machine.enrol("alice")
    for i in range(4):
        at = machine.now + second + 60 * i
        login = machine.login("alice", token.code(at, steps), "prompts=1",
                              at=at)
        assert login.result == "PAM_AUTH_ERR", login
        assert login.refused_as == ["wrong"], login
    assert machine.show("alice")["failures"] == 4


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_drift_of_ten_does_not_open_step_eleven(machine, sign):
    token = machine.enrol("alice")
    for _ in range(2):
        login = machine.login("alice", token.code(machine.now, 10 * sign),
                              "prompts=1")
        machine.wait()
    assert accepted_with(login, 10 * sign)
    machine.wait()
    beyond = machine.login("alice", token.code(machine.now, 11 * sign),
                           "prompts=1")
    assert beyond.refused_as == ["wrong"], beyond
    machine.wait(3)
    within = machine.login("alice", token.code(machine.now, 9 * sign),
                           "prompts=1")
    assert accepted_with(within, 10 * sign), within


def test_a_pair_is_good_for_three_periods(machine):
    token = machine.enrol("alice")
    at = machine.now
    first = machine.login("alice", token.code(at, 5), "prompts=1", at=at)
    assert first.refused_as == ["pending"]
    last = machine.login("alice", token.code(at, 6), "prompts=1", at=at + 180)
    assert accepted_with(last, 3), last


def test_a_pair_is_dead_a_second_later(machine):
    token = machine.enrol("alice")
    at = machine.now
    first = machine.login("alice", token.code(at, 5), "prompts=1", at=at)
    assert first.refused_as == ["pending"]
    late = machine.login("alice", token.code(at, 6), "prompts=1", at=at + 181)
    assert late.result == "PAM_AUTH_ERR"
    assert late.refused_as == ["pending"]


def test_a_pending_code_from_the_future_makes_no_pair(machine):
    token = machine.enrol("alice")
    first = machine.login("alice", token.code(machine.now, 4), "prompts=1")
    assert first.refused_as == ["pending"]
    back = machine.login("alice", token.code(machine.now, 5), "prompts=1",
                         at=machine.now - 60)
    assert back.refused_as == ["pending"], back


def test_two_that_are_not_in_a_row_make_no_pair(machine):
    token = machine.enrol("alice")
    for steps, verdict in ((4, "pending"), (6, "pending"), (5, "pending")):
        login = machine.login("alice", token.code(machine.now, steps),
                              "prompts=1")
        assert login.refused_as == [verdict], (steps, login)


def test_a_late_typed_pair_does_not_move_a_healthy_device(machine, alice):
    shown = machine.now
    first = machine.login("alice", alice.code(shown), "prompts=1",
                          at=shown + 120)
    assert first.refused_as == ["pending"]
    second = machine.login("alice", alice.code(shown + 60), "prompts=1",
                           at=shown + 121)
    assert accepted_with(second, 0), second
    assert machine.show("alice")["tokens"][0]["drift"] == 0


def test_a_wide_skew_is_honoured_and_zero_too(machine, alice):
    machine.conf(skew=0)
    off = machine.login("alice", alice.code(machine.now, 1), "prompts=1")
    assert off.refused_as == ["pending"]
    machine.wait(5)
    machine.conf(skew=3)
    on = machine.login("alice", alice.code(machine.now, 3), "prompts=1")
    assert accepted_with(on, 0), on


@pytest.mark.parametrize("minutes,text", [
    (3, None),
    (4, "Your device's clock is about 4 minutes fast"),
    (-4, "Your device's clock is about 4 minutes slow"),
    (10, "Your device's clock is about 10 minutes fast")])
def test_a_clock_more_than_three_minutes_off_is_told(machine, minutes, text):
    token = machine.enrol("alice")
    machine.login("alice", token.code(machine.now, minutes), "prompts=1")
    machine.wait()
    login = machine.login("alice", token.code(machine.now, minutes))
    assert accepted_with(login, minutes), login
    assert [x.rstrip(".") for x in login.texts] == ([text] if text else [])


@pytest.mark.parametrize("settings", [
    {"digits": 8}, {"algorithm": "SHA256"}, {"algorithm": "SHA512"},
    {"period": 30}, {"digits": 8, "algorithm": "SHA512", "period": 30}])
def test_other_tokens_log_in_too(machine, settings):
    machine.conf(**settings)
    token = machine.enrol("alice")
    assert (token.digits, token.algorithm, token.period) == (
        settings.get("digits", 6), settings.get("algorithm", "SHA1"),
        settings.get("period", 60))
    machine.conf()  # what a token is like was settled when it was made
    login = machine.login("alice", token.code(machine.now))
    assert login.accepted, login


def test_a_clock_before_2024_lets_nobody_in(machine, alice):
    at = 1704067199
    login = machine.login("alice", alice.code(at), at=at)
    if machine.store.local:
        assert login.result == "PAM_SYSTEM_ERR", login
        assert any("could not decide" in x and "clock" in x
                   for x in login.log)
    else:
        assert login.result == "PAM_AUTHINFO_UNAVAIL", login
