"""What wrong codes cost, and whom they must not cost anything."""

import signal

import pytest

from tools import sanitized


def guess(machine, token, count, start=0):
    """Wrong codes, one process each, one after the other."""
    for i in range(count):
        login = machine.login("alice", token.wrong(machine.now, start + i),
                              "prompts=1")
        assert login.refused_as == ["wrong"], login


def guess_at_once(machine, token, count, start=0):
    codes = [token.wrong(machine.now, start + i) for i in range(count)]
    return machine.login_many("alice", codes, count, distinct=True)


def code(machine, token, steps=0):
    return machine.login("alice", token.code(machine.now, steps), "prompts=1")


def test_four_wrong_codes_change_nothing(machine, alice):
    guess(machine, alice, 4)
    assert code(machine, alice).accepted
    assert machine.show("alice")["failures"] == 0
    assert machine.show("alice")["failures_24h"] == 4


def test_after_five_in_a_row_two_codes_are_needed(machine, alice):
    guess(machine, alice, 5)
    assert code(machine, alice).refused_as == ["strict"]
    machine.wait()
    assert code(machine, alice).accepted
    machine.wait()
    assert code(machine, alice).accepted
    shown = machine.show("alice")
    assert (shown["failures"], shown["failures_24h"]) == (0, 5)


def test_after_ten_in_a_day_two_codes_are_needed_for_a_day(machine, alice):
    first = machine.now
    for count in (4, 4, 2):
        guess(machine, alice, count)
        machine.wait()
        if count == 4:
            assert code(machine, alice).accepted
    assert machine.show("alice")["failures"] == 2
    assert code(machine, alice).refused_as == ["strict"]
    machine.wait()
    assert code(machine, alice).accepted
    machine.now = first + 23 * 3600
    assert code(machine, alice).refused_as == ["strict"]
    machine.now = first + 25 * 3600
    assert code(machine, alice).accepted


def test_two_in_a_row_get_in_whatever_a_stranger_guesses(machine, alice):
    guess(machine, alice, 5)
    assert code(machine, alice).refused_as == ["strict"]
    guess(machine, alice, 20, 5)
    machine.wait()
    guess(machine, alice, 5, 25)
    assert code(machine, alice).accepted


def test_two_in_a_row_get_a_drifted_device_in_too(machine):
    token = machine.enrol("alice")
    guess(machine, token, 7)
    assert code(machine, token, -7).refused_as == ["pending"]
    guess(machine, token, 3, 7)
    machine.wait()
    assert code(machine, token, -7).accepted
    machine.wait()
    assert machine.show("alice")["tokens"][0]["drift"] == -7


def test_strict_logins_do_not_keep_the_owner_strict(machine, alice):
    guess(machine, alice, 10)
    start = machine.now
    for i in range(10):
        machine.now = start + i * 3600
        assert code(machine, alice).refused_as == ["strict"]
        machine.wait()
        assert code(machine, alice).accepted
    shown = machine.show("alice")
    assert (shown["failures"], shown["failures_24h"]) == (0, 10)
    machine.now = start + 24 * 3600 + 60
    assert code(machine, alice).accepted


def test_a_single_code_never_does_in_strict_mode(machine, alice):
    guess(machine, alice, 5)
    for _ in range(6):
        assert code(machine, alice).refused_as == ["strict"]
        machine.wait(2)


def test_failures_that_lie_in_the_future_do_not_stay_for_ever(machine, alice):
    machine.wait(100_000)  # a clock that is two months fast
    guess(machine, alice, 10)
    machine.wait(-100_000)
    assert code(machine, alice).refused_as == ["strict"]
    machine.wait()
    assert code(machine, alice).accepted
    machine.wait(24 * 60 + 1)
    assert code(machine, alice).accepted


def test_ninety_nine_are_not_a_hundred(machine, alice):
    guess_at_once(machine, alice, 99)
    shown = machine.show("alice")
    assert (shown["failures"], shown["disabled"]) == (99, False)
    code(machine, alice)
    machine.wait()
    assert code(machine, alice).accepted


def test_a_hundred_in_a_row_disable_and_unlock_gives_back(machine, alice):
    guess_at_once(machine, alice, 99)
    last = machine.login("alice", alice.wrong(machine.now, 99), "prompts=1")
    assert last.refused_as == ["wrong"]
    shown = machine.show("alice")
    assert (shown["failures"], shown["disabled"]) == (100, True)
    assert shown["state"] == "active"
    for _ in range(3):
        login = code(machine, alice)
        assert login.result == "PAM_AUTH_ERR"
        assert login.refused_as == ["disabled"]
        machine.wait()
    assert machine.show("alice")["failures"] == 100
    machine.provision("unlock", "alice", ok=True)
    shown = machine.show("alice")
    assert (shown["failures"], shown["failures_24h"]) == (0, 0)
    assert not shown["disabled"]
    assert code(machine, alice).accepted


def test_a_disabled_users_codes_leave_nothing_pending(machine, alice):
    guess_at_once(machine, alice, 100)
    assert code(machine, alice, 5).refused_as == ["disabled"]
    machine.provision("unlock", "alice", ok=True)
    assert code(machine, alice, 6).refused_as == ["pending"]


def test_the_disabled_user_is_mailed(machine, alice):
    machine.provision("flush", ok=True)
    before = len(machine.mails())
    guess_at_once(machine, alice, 100)
    guess_at_once(machine, alice, 20, 100)
    machine.provision("flush", ok=True)
    new = machine.mails()[before:]
    assert [x.to for x in new] == ["alice@example.org"], new
    assert new[0].code is None


def test_reset_lets_a_disabled_user_enrol_again(machine, alice):
    guess_at_once(machine, alice, 100)
    machine.provision("reset", "alice", ok=True)
    shown = machine.show("alice")
    assert (shown["state"], shown["disabled"], shown["failures"]) == (
        "invited", False, 0)
    assert code(machine, alice).refused_as == ["not-enrolled"]


@pytest.mark.parametrize("typed", [
    "", " ", "12345", "1234567", "12345678", "abcdef", "12345a", "-1234",
    "१२३४५६", "123456\t", "password123", "0" * 600, "ABCDE-FGHJKL",
    "\b\n\r\x7fINCORRECT"])
def test_malformed_input_is_refused_and_not_counted(machine, alice, typed):
    typed = typed.replace("\n", "")
    login = machine.login("alice", typed, "prompts=1")
    assert login.result == "PAM_AUTH_ERR"
    assert login.refused_as == ["malformed"]
    assert machine.show("alice")["failures"] == 0


def test_pending_codes_are_not_counted(machine, alice):
    for steps in (3, 5, 7, 9, 4, 6, 8, 10):
        assert code(machine, alice, steps).refused_as == ["pending"]
    shown = machine.show("alice")
    assert (shown["failures"], shown["failures_24h"]) == (0, 0)
    assert code(machine, alice).accepted


def test_who_has_no_token_is_not_counted(machine):
    machine.add("alice")
    for _ in range(6):
        login = machine.login("alice", "000000", "prompts=1")
        assert login.refused_as == ["not-enrolled"]
    assert machine.show("alice")["failures"] == 0


def test_a_guess_counts_though_the_line_drops_after_it(machine, alice):
    login = machine.login("alice", [alice.wrong(machine.now), "!die"],
                          leaves_by=signal.SIGKILL)
    assert len(login.prompts) == 2
    assert machine.show("alice")["failures"] == 1


def test_every_guess_of_a_conversation_counts(machine, alice):
    login = machine.login("alice", [alice.wrong(machine.now, i)
                                    for i in range(10)], "prompts=10")
    assert login.refused_as == ["wrong"] * 10
    assert machine.show("alice")["failures"] == 10


def test_a_thousand_parallel_guesses_stay_within_the_budget(machine, alice):
    """Even with the right code among them, once strict mode has begun."""
    refusals = 0
    for i in range(5 if sanitized() else 20):
        codes = [alice.wrong(machine.now, 50 * i + j) for j in range(50)]
        if i > 0:
            codes[25] = alice.code(machine.now)
        logins = machine.login_many("alice", codes, 50, distinct=True)
        assert {x.result for x in logins} == {"PAM_AUTH_ERR"}
        refusals += logins[0].refused_as.count("wrong")
        assert machine.show("alice")["failures"] == refusals <= 100
    assert refusals == 100
    assert machine.show("alice")["disabled"]
