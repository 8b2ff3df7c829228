"""How long a registration code is good, for whom, and how often."""

import pytest

from office import other, register_at_once, registered, word
from totp import Token

HOUR, DAY = 3600, 86400


def test_good_at_3599_seconds(machine):
    machine.add("alice")
    start = machine.now
    code = machine.invite("alice")
    done = machine.register("alice", code, at=start + 3599)
    assert done.rc == 0, done
    assert len(machine.show("alice")["tokens"]) == 1


@pytest.mark.parametrize("age", [3600, 3601, HOUR + DAY - 1])
def test_dead_at_3600_and_says_so(machine, age):
    machine.add("alice")
    code = machine.invite("alice")
    done = machine.register("alice", code, at=machine.now + age)
    assert word(done) == "expired"
    assert machine.show("alice")["tokens"] == []


def test_an_expired_code_does_not_come_back_with_the_clock(machine):
    """Nor does looking at it move its hour."""
    machine.add("alice")
    code = machine.invite("alice")
    for age in (3600, 4000):
        assert word(machine.register("alice", code,
                                     at=machine.now + age)) == "expired"
    assert machine.register("alice", code, at=machine.now + 3599).rc == 0


def test_expired_is_told_only_to_who_has_the_code(machine):
    machine.add("alice")
    code = machine.invite("alice")
    done = machine.register("alice", other(code), at=machine.now + 3600)
    assert word(done) == "wrong-code"


def test_the_second_use(machine):
    machine.add("alice")
    code = machine.invite("alice")
    first = machine.register("alice", code)
    assert first.rc == 0
    assert word(machine.register("alice", code)) == "used"
    assert [x["number"] for x in machine.show("alice")["tokens"]] == [1]
    assert machine.login("alice", Token(**first.json).code(machine.now),
                         "prompts=1").accepted


def test_another_users_code(machine):
    machine.add("alice")
    machine.add("bob")
    code = machine.invite("alice")
    machine.invite("bob")
    assert word(machine.register("bob", code)) == "wrong-code"
    assert machine.show("bob")["tokens"] == []
    assert machine.register("alice", code).rc == 0


@pytest.mark.parametrize("typed", [
    "", "-", "ABCDE", "ABCDE-FGHJ", "ABCDE-FGHJKM", "UUUUU-UUUUU",
    "ABCDE FGHJK!", "A" * 5000, "\u0660" * 10])
def test_what_is_no_code_at_all(machine, typed):
    machine.add("alice")
    machine.invite("alice")
    assert word(machine.register("alice", typed)) == "wrong-code"


def test_no_input_at_all(machine):
    machine.add("alice")
    machine.invite("alice")
    done = machine.provision("--json", "register", "alice", input="")
    assert word(done) == "wrong-code"


def test_earlier_codes_stay_good_for_their_own_hour(machine):
    machine.add("alice")
    start = machine.now
    codes = [machine.invite("alice", at=start + 600 * i) for i in range(5)]
    assert len(set(codes)) == 5
    assert word(machine.register("alice", codes[0],
                                 at=start + 3600)) == "expired"
    assert machine.register("alice", codes[1], at=start + 4199).rc == 0


def test_the_first_of_five_still_works(machine):
    machine.add("alice")
    codes = [machine.invite("alice") for _ in range(5)]
    assert machine.register("alice", codes[0]).rc == 0


def test_the_sixth_live_code_kills_the_oldest(machine):
    machine.add("alice")
    codes = [machine.invite("alice") for _ in range(6)]
    assert word(machine.register("alice", codes[0])) == "expired"
    assert machine.register("alice", codes[1]).rc == 0


def test_dead_codes_do_not_count_among_the_five(machine):
    machine.add("alice")
    start = machine.now
    for _ in range(3):
        machine.invite("alice")
    codes = [machine.invite("alice", at=start + HOUR) for _ in range(5)]
    assert machine.register("alice", codes[0], at=start + HOUR).rc == 0


def test_using_one_kills_all(machine):
    machine.add("alice")
    codes = [machine.invite("alice") for _ in range(5)]
    assert machine.register("alice", codes[2]).rc == 0
    for code in codes:
        assert word(machine.register("alice", code)) in ("used", "expired")
    assert [x["number"] for x in machine.show("alice")["tokens"]] == [1]


def change_address(machine):
    machine.provision("set", "alice", "--email", "new@example.org", ok=True)


def reset(machine):
    machine.provision("reset", "alice", ok=True)


def remove_and_add(machine):
    machine.provision("remove", "alice", ok=True)
    machine.add("alice")


@pytest.mark.parametrize("kill", [change_address, reset, remove_and_add])
def test_what_kills_live_codes(machine, kill):
    machine.add("alice")
    codes = [machine.invite("alice") for _ in range(2)]
    kill(machine)
    for code in codes:
        assert word(machine.register("alice", code)) in ("expired",
                                                         "wrong-code")
    assert machine.show("alice")["tokens"] == []
    assert machine.register("alice", machine.invite("alice")).rc == 0


def test_a_changed_address_gets_the_next_code(machine):
    machine.add("alice")
    old = machine.invite("alice")
    change_address(machine)
    new = machine.invite("alice")
    assert [x.code for x in machine.mails(to="alice@example.org")] == [old]
    assert [x.code for x in machine.mails(to="new@example.org")] == [new]


def test_the_way_back_to_an_old_address_does_not_revive_its_codes(machine):
    machine.add("alice")
    code = machine.invite("alice")
    change_address(machine)
    machine.provision("set", "alice", "--email", "alice@example.org", ok=True)
    assert word(machine.register("alice", code)) == "expired"


def test_another_language_kills_nothing(machine):
    machine.add("alice")
    code = machine.invite("alice")
    machine.provision("set", "alice", "--language", "pt", ok=True)
    assert machine.register("alice", code).rc == 0


@pytest.mark.parametrize("change", [
    str.lower, lambda x: x.replace("-", ""), lambda x: x.swapcase(),
    lambda x: x.lower().replace("-", "")])
def test_case_does_not_matter_and_the_dash_is_optional(machine, change):
    machine.add("alice")
    assert machine.register("alice", change(machine.invite("alice"))).rc == 0


@pytest.mark.parametrize("digit,read_as", [
    ("0", "O"), ("0", "o"), ("1", "I"), ("1", "i"), ("1", "L"), ("1", "l")])
def test_letters_that_look_like_digits(machine, digit, read_as):
    machine.add("alice")
    code = machine.invite("alice")
    while digit not in code:
        code = machine.invite("alice")
    assert machine.register("alice", code.replace(digit, read_as)).rc == 0


def test_one_of_many_at_once(machine):
    """One wins, and what it was given is what the store keeps."""
    machine.add("alice")
    code = machine.invite("alice")
    done = register_at_once(machine, "alice", [code + "\n"] * 32)
    winners = [x for x in done if x.rc == 0]
    assert len(winners) == 1, done
    for loser in done:
        if loser is not winners[0]:
            assert word(loser) == "used"
    token = registered(winners[0])
    shown = machine.show("alice")["tokens"]
    assert [x["number"] for x in shown] == [1]
    typed = token.code(machine.now)
    assert machine.provision("verify", "alice", input=typed + "\n").rc == 0
    assert machine.login("alice", typed, "prompts=1").accepted


def test_all_five_codes_at_once_win_once(machine):
    machine.add("alice")
    codes = [machine.invite("alice") for _ in range(5)]
    done = register_at_once(machine, "alice",
                            [code + "\n" for code in codes * 4])
    assert sorted(x.rc for x in done) == [0] + [1] * 19, done
    token = registered(next(x for x in done if x.rc == 0))
    assert machine.login("alice", token.code(machine.now),
                         "prompts=1").accepted
