"""One code opens one session."""

from tools import sanitized


def refused(login, reason="replayed"):
    return login.result == "PAM_AUTH_ERR" and login.refused_as == [reason]


def test_the_same_code_again_is_refused(machine, alice):
    code = alice.code(machine.now)
    assert machine.login("alice", code).accepted
    assert refused(machine.login("alice", code, "prompts=1"))
    later = machine.login("alice", code, "prompts=1", at=machine.now + 59)
    assert refused(later), later
    assert refused(machine.login("alice", code, "prompts=1",
                                 at=machine.now + 119))


def test_an_older_step_after_a_newer_is_refused(machine, alice):
    assert machine.login("alice", alice.code(machine.now)).accepted
    for steps in (-1, -2, -10):
        login = machine.login("alice", alice.code(machine.now, steps),
                              "prompts=1")
        assert refused(login), (steps, login)


def test_no_code_lives_again_when_the_clock_went_back(machine, alice):
    used = alice.code(machine.now)
    assert machine.login("alice", used).accepted
    machine.wait(-10)
    assert refused(machine.login("alice", used, "prompts=1"))
    assert refused(machine.login("alice", alice.code(machine.now),
                                 "prompts=1"))
    assert refused(machine.login("alice", alice.code(machine.now, 1),
                                 "prompts=1"))
    machine.wait(11)
    assert machine.login("alice", alice.code(machine.now)).accepted


def test_a_clock_that_was_far_ahead_is_named_in_the_log(machine, alice):
    assert machine.login("alice", alice.code(machine.now)).accepted
    machine.wait(-12)
    login = machine.login("alice", alice.code(machine.now), "prompts=1")
    assert login.result == "PAM_AUTH_ERR"
    assert any(" refused: ahead" in x for x in login.log), login
    assert machine.show("alice")["failures"] == 0


def test_spaces_and_dashes_are_no_way_around(machine, alice):
    code = alice.code(machine.now)
    spaced = f" {code[:3]} {code[3:]} "
    dashed = f"{code[:2]}-{code[2:4]}-{code[4:]}-"
    assert machine.login("alice", dashed).accepted
    for again in (code, spaced, dashed):
        assert refused(machine.login("alice", again, "prompts=1"))


def test_spaces_are_dropped(machine, alice):
    code = alice.code(machine.now)
    assert machine.login("alice", f"{code[:3]} {code[3:]}").accepted


def test_both_of_a_pair_are_used_up(machine):
    token = machine.enrol("alice")
    codes = [token.code(machine.now, 4), token.code(machine.now, 5)]
    assert refused(machine.login("alice", codes[0], "prompts=1"), "pending")
    assert machine.login("alice", codes[1]).accepted
    for code in codes:
        assert refused(machine.login("alice", code, "prompts=1"))


def test_a_replay_within_one_conversation_is_refused(machine, alice):
    code = alice.code(machine.now)
    assert machine.login("alice", code).accepted
    login = machine.login("alice", [code] * 3)
    assert login.result == "PAM_AUTH_ERR"
    assert login.refused_as == ["replayed"] * 3


def test_replays_are_not_counted(machine, alice):
    code = alice.code(machine.now)
    assert machine.login("alice", code).accepted
    for _ in range(4):
        machine.login("alice", [code] * 3)
    assert machine.show("alice")["failures"] == 0
    machine.wait()
    assert machine.login("alice", alice.code(machine.now)).accepted


def test_thirty_two_processes_fifty_rounds_one_acceptance_each(machine, alice):
    for _ in range(10 if sanitized() else 50):
        machine.wait()
        logins = machine.login_many("alice", alice.code(machine.now), 32)
        results = sorted(x.result for x in logins)
        assert results == ["PAM_AUTH_ERR"] * 31 + ["PAM_SUCCESS"]
        assert logins[0].refused_as == ["replayed"] * 31
    assert machine.show("alice")["failures"] == 0


def test_pairs_open_one_session_too(machine, alice):
    """32 processes complete the same pair."""
    machine.login("alice", alice.code(machine.now, 4), "prompts=1")
    logins = machine.login_many("alice", alice.code(machine.now, 5), 32)
    assert sorted(x.result for x in logins) == \
        ["PAM_AUTH_ERR"] * 31 + ["PAM_SUCCESS"]


def test_a_code_of_another_user_opens_nothing(machine, alice):
    machine.enrol("bob")
    login = machine.login("bob", alice.code(machine.now), "prompts=1")
    assert refused(login, "wrong"), login
    assert machine.login("alice", alice.code(machine.now)).accepted


def test_a_used_code_stays_used_when_the_users_are_two_cases(machine, alice):
    code = alice.code(machine.now)
    assert machine.login("ALICE", code).accepted
    assert refused(machine.login("alice", code, "prompts=1"))
