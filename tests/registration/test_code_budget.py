"""Wrong registration codes, and how many mails there may be."""

import pytest

from office import (
    guess, other, register_at_once, registered, try_wrong, word)

HOUR, DAY = 3600, 86400


def test_ninety_nine_wrong_codes_cost_nothing(machine):
    machine.add("alice")
    code = machine.invite("alice")
    try_wrong(machine, "alice", code, 99)
    assert machine.show("alice")["failures"] == 0
    assert machine.register("alice", code).rc == 0


def test_a_hundred_wrong_codes_kill_the_live_ones(machine):
    machine.add("alice")
    codes = [machine.invite("alice") for _ in range(2)]
    try_wrong(machine, "alice", codes[0], 100)
    for code in codes:
        assert word(machine.register("alice", code)) == "expired"
    assert machine.show("alice")["tokens"] == []
    assert machine.register("alice", machine.invite("alice")).rc == 0


def test_a_mail_that_root_sends_refills_the_tries(machine):
    machine.add("alice")
    first = machine.invite("alice")
    try_wrong(machine, "alice", first, 99)
    machine.invite("alice")
    try_wrong(machine, "alice", first, 99, 100)
    assert machine.register("alice", first).rc == 0


def test_a_mail_that_another_sends_does_not(machine, office):
    office.add("alice")
    assert office.invite("alice", machine.now).rc == 0
    first = machine.mails()[-1].code
    for i in range(99):
        office.register("alice", other(first, i), machine.now)
    machine.wait()
    assert office.invite("alice", machine.now).rc == 0
    office.register("alice", other(first, 99), machine.now)
    for code in (x.code for x in machine.mails()):
        assert word(office.register("alice", code, machine.now)) == "expired"


def test_wrong_codes_of_one_user_do_not_hurt_another(machine):
    machine.add("alice")
    machine.add("bob")
    code = machine.invite("bob")
    try_wrong(machine, "alice", machine.invite("alice"), 100)
    assert machine.register("bob", code).rc == 0


@pytest.mark.parametrize("more,good", [(3, True), (4, False)])
def test_tries_at_once_are_counted_exactly(machine, more, good):
    machine.add("alice")
    code = machine.invite("alice")
    for i in range(6):
        done = register_at_once(
            machine, "alice", [other(code, n) + "\n"
                               for n in range(16 * i, 16 * i + 16)])
        assert [word(x) for x in done] == ["wrong-code"] * 16
    try_wrong(machine, "alice", code, more, 96)
    assert (machine.register("alice", code).rc == 0) is good


def allowed(machine, office, at):
    """Whether dave may have alice mailed at that time."""
    before = len(machine.mails())
    done = office.invite("alice", at)
    sent = len(machine.mails()) - before
    assert (done.rc, sent) in ((0, 1), (1, 0)), done
    if done.rc == 1:
        assert done.err.startswith("emotp-provision: "), done
        assert done.err.count("\n") == 1
    return done.rc == 0


def test_one_mail_a_minute(machine, office):
    office.add("alice")
    start = machine.now
    times = [(0, True), (0, False), (59, False), (60, True), (119, False),
             (120, True)]
    assert [allowed(machine, office, start + t) for t, _ in times] == [
        x for _, x in times]


def test_five_mails_an_hour(machine, office):
    office.add("alice")
    start = machine.now
    times = [(60 * i, True) for i in range(5)] + [
        (300, False), (3599, False), (3600, True), (3659, False),
        (3660, True)]
    assert [allowed(machine, office, start + t) for t, _ in times] == [
        x for _, x in times]


def test_ten_mails_a_day(machine, office):
    office.add("alice")
    start = machine.now
    for i in range(10):
        assert allowed(machine, office, start + i * HOUR)
    assert not allowed(machine, office, start + 10 * HOUR)
    assert not allowed(machine, office, start + DAY - 1)
    assert allowed(machine, office, start + DAY)
    assert not allowed(machine, office, start + DAY + HOUR - 1)


def test_limits_are_each_users_own(machine, office):
    office.add("alice")
    office.add("bob")
    assert office.invite("alice", machine.now).rc == 0
    assert office.invite("bob", machine.now).rc == 0
    assert len(machine.mails()) == 2


def test_a_limit_leaves_the_earlier_code_alone(machine, office):
    office.add("alice")
    office.invite("alice", machine.now)
    assert not allowed(machine, office, machine.now)
    code = machine.mails()[0].code
    assert office.register("alice", code, machine.now).rc == 0


def test_enroll_meets_the_same_limit(machine, office):
    office.add("alice")
    assert allowed(machine, office, machine.now)
    done = office.provision("enroll", "alice", at=machine.now, input="x\n")
    assert done.rc == 1 and len(machine.mails()) == 1, done


def test_removing_and_adding_is_no_new_allowance(machine, office):
    office.add("alice")
    assert allowed(machine, office, machine.now)
    office.provision("remove", "alice", ok=True)
    office.add("alice")
    assert not allowed(machine, office, machine.now + 59)
    assert allowed(machine, office, machine.now + 60)


def test_nor_is_reset(machine, office):
    office.add("alice")
    assert allowed(machine, office, machine.now)
    office.provision("reset", "alice", ok=True)
    assert not allowed(machine, office, machine.now + 59)


def test_a_mail_that_was_not_sent_does_not_count(machine, office):
    office.add("alice")
    machine.conf(mail=f"maildir:{machine.dir}/no/such")
    assert office.invite("alice", machine.now).rc == 7
    machine.conf()
    assert allowed(machine, office, machine.now)


def test_root_meets_no_limit(machine):
    machine.add("alice")
    codes = [machine.invite("alice") for _ in range(12)]
    assert len(set(codes)) == 12


def test_guessing_login_codes_does_not_touch_registration(machine, alice):
    guess(machine, "alice", alice, 9)
    code = machine.invite("alice")
    machine.provision("unlock", "alice", ok=True)
    assert registered(machine.register(
        "alice", code, otp=alice.code(machine.now)))
