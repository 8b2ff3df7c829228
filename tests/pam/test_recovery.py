"""Recovery codes: ten, each good for one login, whatever the phone does."""

import re

import pytest

SHAPE = re.compile(r"^[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$")


def sheet(machine, user="alice"):
    codes = machine.provision("--json", "recovery-codes", user,
                              ok=True).json["codes"]
    assert len(set(codes)) == 10
    assert all(SHAPE.match(code) for code in codes), codes
    return codes


def login(machine, code):
    return machine.login("alice", code, "prompts=1")


def guess(machine, token, count):
    for i in range(count):
        login(machine, token.wrong(machine.now, i))


def disable(machine, token):
    codes = [token.wrong(machine.now, i) for i in range(100)]
    machine.login_many("alice", codes, 100, distinct=True)
    assert machine.show("alice")["disabled"]


def test_ten_logins_and_none_more(machine, alice):
    codes = sheet(machine)
    for code in codes:
        assert login(machine, code).accepted
    for code in codes:
        assert login(machine, code).refused_as == ["replayed"]
    assert machine.show("alice")["failures"] == 0


@pytest.mark.parametrize("typed", [str.lower, lambda c: f" {c} ",
                                   lambda c: c.replace("0", "o"),
                                   lambda c: c.replace("1", "I")])
def test_typed_as_people_type(machine, alice, typed):
    assert login(machine, typed(sheet(machine)[0])).accepted


def test_only_with_its_dash(machine, alice):
    code = sheet(machine)[0]
    assert login(machine, code.replace("-", "")).refused_as == ["malformed"]
    assert login(machine, code).accepted


def test_in_strict_mode(machine, alice):
    codes = sheet(machine)
    guess(machine, alice, 5)
    assert login(machine, codes[0]).accepted
    assert machine.show("alice")["failures"] == 0


def test_for_a_disabled_user_who_stays_disabled(machine, alice):
    codes = sheet(machine)
    disable(machine, alice)
    assert login(machine, alice.code(machine.now)).refused_as == ["disabled"]
    assert login(machine, codes[0]).accepted
    assert machine.show("alice")["disabled"]
    assert login(machine, alice.code(machine.now)).refused_as == ["disabled"]


def test_when_the_clock_was_once_ahead(machine, alice):
    codes = sheet(machine)
    year = machine.now + 365 * 86400
    assert machine.login("alice", alice.code(year), at=year).accepted
    assert not login(machine, alice.code(machine.now)).accepted
    assert login(machine, codes[0]).accepted


def test_a_miss_counts_towards_nothing(machine, alice):
    sheet(machine)
    for i in range(6):
        assert login(machine, f"AAAAA-{i:05}").refused_as == ["wrong"]
    shown = machine.show("alice")
    assert shown["failures"] == shown["failures_24h"] == 0


def test_a_miss_does_not_clear_a_pending_code(machine, alice):
    sheet(machine)
    assert login(machine, alice.code(machine.now, 6)).refused_as == ["pending"]
    assert login(machine, "AAAAA-AAAAA").refused_as == ["wrong"]
    machine.wait()
    assert login(machine, alice.code(machine.now, 6)).accepted


def test_one_code_at_once_opens_one_session(machine, alice):
    code = sheet(machine)[0]
    logins = machine.login_many("alice", code, 16)
    assert sum(x.accepted for x in logins) == 1


def test_a_new_sheet_ends_the_old_one(machine, alice):
    old = sheet(machine)
    new = sheet(machine)
    assert login(machine, old[0]).refused_as == ["wrong"]
    assert login(machine, new[0]).accepted


@pytest.mark.parametrize("command", ["reset", "remove"])
def test_gone_with_reset_and_remove(machine, alice, command):
    code = sheet(machine)[0]
    machine.provision(command, "alice", ok=True)
    if command == "remove":
        machine.add("alice", "alice@example.org")
    machine.register("alice", machine.invite("alice"))
    assert login(machine, code).refused_as == ["wrong"]


def test_nobody_gets_past_a_revocation(machine, alice):
    code = sheet(machine)[0]
    machine.provision("revoke", "alice", ok=True)
    assert login(machine, code).refused_as == ["revoked"]


def test_not_another_users(machine, alice):
    codes = sheet(machine)
    machine.enrol("bob")
    sheet(machine, "bob")
    assert machine.login("bob", codes[0], "prompts=1").refused_as == ["wrong"]


def test_no_current_code_for_another_token(machine, alice):
    """A mailbox and a found sheet of paper are not two factors."""
    codes = sheet(machine)
    mailed = machine.invite("alice")
    assert machine.register("alice", mailed, otp=codes[0]).rc == 1
    assert login(machine, codes[0]).accepted


def test_only_for_who_has_a_token(machine):
    machine.init()
    machine.add("alice", "alice@example.org")
    refused = machine.provision("recovery-codes", "alice")
    assert refused.rc == 3 and "enrol" in refused.err
    assert machine.provision("recovery-codes", "nobody").rc == 3


def test_the_user_is_mailed_and_told_how_many_are_left(machine, alice):
    codes = sheet(machine)
    logins = [login(machine, code) for code in codes[:3]]
    assert any("Codes left: 7." in text for _, text in logins[2].messages)
    machine.provision("flush", ok=True)
    mails = machine.mails(to="alice@example.org", subject="ecovery")
    assert len(mails) == 3
    assert "7" in mails[-1].body
    assert not any(code in mail.raw.decode() for code in codes
                   for mail in mails)


def test_logged_as_what_it_is(machine, alice):
    codes = sheet(machine)
    log = [x.partition(": ")[2] for x in login(machine, codes[0]).log]
    assert "accepted recovery code for alice from 192.0.2.7 left=9" in log


def test_verify_tells_and_uses_nothing_up(machine, alice):
    code = sheet(machine)[0]
    told = machine.provision("verify", "alice", input=code + "\n", ok=True)
    assert "recovery code; 9 would be left" in told.out
    assert login(machine, code).accepted


def test_never_in_the_log_nor_in_the_store(machine, alice):
    start = machine.syslog.here()
    codes = sheet(machine)
    login(machine, codes[0])
    kept = machine.store.contents()
    log = "\n".join(machine.syslog.since(start))
    for code in codes:
        assert code.encode() not in kept
        assert code not in log


def test_show_counts_them(machine, alice):
    codes = sheet(machine)
    login(machine, codes[0])
    assert "9 codes left" in machine.provision("show", "alice", ok=True).out
