"""A mailed code alone is for who is invited: never beside a live token."""

import pytest

from office import (
    confirm, guess, register_at_once, registered, second, word)


def numbers(machine, user="alice"):
    return [x["number"] for x in machine.show(user)["tokens"]]


def test_states_on_the_way(machine):
    machine.add("alice")
    assert machine.show("alice")["state"] == "invited"
    token = registered(machine.register("alice", machine.invite("alice")))
    shown = machine.show("alice")
    assert shown["state"] == "invited"
    assert not shown["tokens"][0]["confirmed"]
    confirm(machine, "alice", token)
    shown = machine.show("alice")
    assert shown["state"] == "active" and shown["tokens"][0]["confirmed"]


def test_inviting_an_active_user_mails(machine, alice):
    before = len(machine.mails())
    assert machine.provision("invite", "alice").rc == 0
    new = machine.mails()[before:]
    assert len(new) == 1 and new[0].code


@pytest.mark.parametrize("second_line", [None, " "])
def test_an_active_user_needs_a_current_code_too(machine, alice, second_line):
    code = machine.invite("alice")
    done = machine.register("alice", code, otp=second_line)
    assert word(done) == "otp-required"
    assert numbers(machine) == [1]


def test_otp_required_is_told_only_to_who_has_the_code(machine, alice):
    machine.invite("alice")
    done = machine.register("alice", "ABCDE-FGHJK")
    assert word(done) == "wrong-code"


def test_asking_does_not_use_the_code_up(machine, alice):
    code = machine.invite("alice")
    assert word(machine.register("alice", code)) == "otp-required"
    assert machine.register("alice", code, otp=alice.code(machine.now)).rc == 0


def test_with_a_current_code_it_registers(machine, alice):
    code = machine.invite("alice")
    typed = alice.code(machine.now)
    token = registered(machine.register("alice", code, otp=typed))
    assert numbers(machine) == [1, 2]
    login = machine.login("alice", typed, "prompts=1")
    assert login.refused_as == ["replayed"]
    confirm(machine, "alice", token)
    machine.wait()
    confirm(machine, "alice", alice)
    machine.wait()
    confirm(machine, "alice", token)


def test_a_used_code_is_no_current_code(machine, alice):
    typed = alice.code(machine.now)
    assert machine.login("alice", typed, "prompts=1").accepted
    done = machine.register("alice", machine.invite("alice"), otp=typed)
    assert done.rc == 1 and "replayed" in done.err, done
    assert numbers(machine) == [1]
    assert machine.show("alice")["failures"] == 0


def test_with_a_wrong_code_it_is_refused_and_counted(machine, alice):
    code = machine.invite("alice")
    for i in range(3):
        done = machine.register("alice", code,
                                otp=alice.wrong(machine.now, i))
        assert done.rc == 1 and done.out == "" and "wrong" in done.err, done
    shown = machine.show("alice")
    assert (shown["failures"], shown["failures_24h"]) == (3, 3)
    assert numbers(machine) == [1]
    assert machine.register("alice", code, otp=alice.code(machine.now)).rc == 0
    assert machine.show("alice")["failures"] == 0


def test_a_wrong_mailed_code_does_not_burn_the_current_one(machine, alice):
    machine.invite("alice")
    typed = alice.code(machine.now)
    done = machine.register("alice", "ABCDE-FGHJK", otp=typed)
    assert word(done) == "wrong-code"
    assert machine.login("alice", typed, "prompts=1").accepted


def test_strict_mode_holds_for_registering_too(machine, alice):
    guess(machine, "alice", alice, 5)
    code = machine.invite("alice")
    done = machine.register("alice", code, otp=alice.code(machine.now))
    assert done.rc == 1 and "strict" in done.err, done
    machine.wait()
    assert machine.register("alice", code, otp=alice.code(machine.now)).rc == 0


def test_a_hundred_guesses_with_a_mailed_code_disable(machine, alice):
    """The mailbox does not open a second way to guess."""
    code = machine.invite("alice")
    for i in range(100):
        assert machine.register("alice", code, otp=alice.wrong(
            machine.now, i)).rc == 1
    assert machine.show("alice")["disabled"]
    done = machine.register("alice", code, otp=alice.code(machine.now))
    assert word(done) == "disabled"
    assert numbers(machine) == [1]


def test_the_same_current_code_for_many_at_once(machine, alice):
    codes = [machine.invite("alice") for _ in range(4)]
    typed = alice.code(machine.now)
    done = register_at_once(machine, "alice", [f"{code}\n{typed}\n"
                                               for code in codes * 4])
    assert sorted(x.rc for x in done) == [0] + [1] * 15, done
    assert numbers(machine) == [1, 2]


def test_the_state_counts_when_the_code_is_used(machine, alice):
    code = machine.invite("alice")
    machine.provision("revoke", "alice", ok=True)
    for otp in (None, alice.code(machine.now)):
        done = machine.register("alice", code, otp=otp)
        assert word(done) == "revoked" and "reset" in done.err
    shown = machine.show("alice")
    assert shown["state"] == "revoked" and shown["tokens"] == []


def test_a_disabled_users_code_waits_for_unlock(machine, alice):
    code = machine.invite("alice")
    guess(machine, "alice", alice, 100)
    for otp in (None, alice.code(machine.now)):
        done = machine.register("alice", code, otp=otp)
        assert word(done) == "disabled" and "unlock" in done.err
    assert numbers(machine) == [1]


@pytest.mark.parametrize("command", ["invite", "enroll"])
def test_a_revoked_user_is_mailed_nothing(machine, alice, command):
    machine.provision("revoke", "alice", ok=True)
    machine.provision("flush", ok=True)
    before = len(machine.mails())
    done = machine.provision(command, "alice")
    assert done.rc == 1 and "reset first" in done.err, done
    assert done.err.count("\n") == 1
    machine.provision("flush", ok=True)
    assert len(machine.mails()) == before
    machine.provision("reset", "alice", ok=True)
    assert machine.register("alice", machine.invite("alice")).rc == 0


@pytest.mark.parametrize("command", ["invite", "enroll"])
def test_a_disabled_user_is_mailed_no_code(machine, alice, command):
    guess(machine, "alice", alice, 100)
    machine.provision("flush", ok=True)
    before = len(machine.mails())
    done = machine.provision(command, "alice")
    assert done.rc == 1 and "unlock first" in done.err, done
    assert done.err.count("\n") == 1
    machine.provision("flush", ok=True)
    assert len(machine.mails()) == before


def test_registering_again_replaces_an_unconfirmed_token(machine):
    machine.add("alice")
    old = registered(machine.register("alice", machine.invite("alice")))
    new = registered(machine.register("alice", machine.invite("alice")))
    assert numbers(machine) == [2]
    login = machine.login("alice", old.code(machine.now), "prompts=1")
    assert login.refused_as == ["wrong"]
    confirm(machine, "alice", new)


def test_but_never_a_confirmed_one(machine, alice):
    machine.wait()
    for number in (2, 3):
        token = registered(second(machine, "alice", alice))
        assert numbers(machine) == [1, number]
    machine.wait()
    confirm(machine, "alice", token)
    machine.wait()
    confirm(machine, "alice", alice)


def test_at_most_eight_tokens(machine, alice):
    tokens = [alice]
    while len(tokens) < 8:
        tokens.append(registered(second(machine, "alice", tokens[-1])))
        machine.wait()
        confirm(machine, "alice", tokens[-1])
    assert numbers(machine) == list(range(1, 9))
    machine.wait()
    done = second(machine, "alice", alice)
    assert done.rc == 1 and "revoke" in done.err, done
    assert numbers(machine) == list(range(1, 9))
    machine.wait()
    for token in tokens:
        machine.wait()
        confirm(machine, "alice", token)
    machine.provision("revoke", "alice", "3", ok=True)
    machine.wait()
    assert registered(second(machine, "alice", alice))
    assert numbers(machine) == [1, 2, 4, 5, 6, 7, 8, 9]


def test_labels(machine, alice):
    done = second(machine, "alice", alice, "--label", "Telefon \u00e9")
    assert done.rc == 0, done
    assert [x["label"] for x in machine.show("alice")["tokens"]] == [
        "", "Telefon \u00e9"]


@pytest.mark.parametrize("label", ["x" * 65, "a\nb", "a\x1b[31mb"])
def test_a_label_that_will_not_do(machine, label):
    machine.add("alice")
    code = machine.invite("alice")
    done = machine.register("alice", code, "--label", label)
    assert done.rc == 2 and done.err.count("\n") == 1, done
    assert "\x1b" not in done.err
    assert machine.register("alice", code).rc == 0


def test_the_name_in_another_case_is_the_same_user(machine):
    machine.add("alice")
    code = machine.invite("alice")
    done = machine.register("ALICE", code)
    assert done.rc == 0 and done.json["account"] == "alice"
    assert numbers(machine) == [1]


@pytest.mark.parametrize("settings,length", [
    ({}, 32), ({"algorithm": "SHA256", "digits": 8}, 52),
    ({"algorithm": "SHA512", "period": 30}, 103)])
def test_new_tokens_are_as_configured(machine, settings, length):
    machine.conf(**settings)
    token = machine.enrol("alice")
    assert len(token.secret.rstrip("=")) == length
    assert token.algorithm == settings.get("algorithm", "SHA1")
    assert token.digits == settings.get("digits", 6)
    assert token.period == settings.get("period", 60)
    assert machine.login("alice", token.code(machine.now),
                         "prompts=1").accepted


def test_secrets_and_ids_are_never_the_same(machine):
    machine.add("alice")
    tokens = [registered(machine.register("alice", machine.invite("alice")))
              for _ in range(8)]
    assert len({x.secret for x in tokens}) == 8
    assert len({x.more["id"] for x in tokens}) == 8


def test_the_success_mail(machine, alice):
    machine.provision("flush", ok=True)
    before = len(machine.mails())
    code = machine.invite("alice")
    done = machine.register("alice", code, "--label", "tablet",
                            otp=alice.code(machine.now))
    assert done.rc == 0
    assert len(machine.mails()) == before + 1
    machine.provision("flush", ok=True)
    mail = machine.mails()[-1]
    assert len(machine.mails()) == before + 2
    assert mail.to == "alice@example.org" and mail.code is None
    assert "tablet" in mail.body and "root" in mail.body
    assert done.json["secret"] not in mail.raw.decode()
