"""why: the last attempts in plain words, with the remedy."""


def login(machine, code, **more):
    return machine.login("alice", code, "prompts=1", **more)


def why(machine, user="alice"):
    return machine.provision("why", user, ok=True).out


def attempts(machine):
    return machine.provision("--json", "why", "alice",
                             ok=True).json["attempts"]


def test_a_slow_phone_and_what_mends_it(machine, alice):
    assert login(machine, alice.code(machine.now, -4)).refused_as == \
        ["pending"]
    told = why(machine)
    assert "about 4 minutes slow" in told
    assert "two codes in a row mend it" in told
    machine.wait()
    assert login(machine, alice.code(machine.now, -4)).accepted
    assert [x["verdict"] for x in attempts(machine)[-2:]] == \
        ["pending", "accepted"]
    assert attempts(machine)[-1]["clock"] == -240


def test_each_kind_has_its_remedy(machine, alice):
    code = alice.code(machine.now)
    assert login(machine, code).accepted
    login(machine, code)
    login(machine, "nonsense")
    login(machine, "AAAAA-AAAAA")
    told = why(machine)
    assert "let in by token 1" in told
    assert "used already" in told
    assert "as many digits" in told
    assert "recovery-codes" in told
    for i in range(5):
        login(machine, alice.wrong(machine.now, i))
    assert "two codes in a row" in why(machine)


def test_disabled_says_unlock(machine, alice):
    codes = [alice.wrong(machine.now, i) for i in range(100)]
    machine.login_many("alice", codes, 100, distinct=True)
    assert "emotp-provision unlock" in why(machine)


def test_bounded_to_ten_and_in_order(machine, alice):
    for i in range(12):
        login(machine, "x" * (i % 3), at=machine.now + i)
    times = [x["time"] for x in attempts(machine)]
    assert times == [machine.now + i for i in range(2, 12)]


def test_no_code_is_kept(machine, alice):
    wrong = alice.wrong(machine.now, 7777)
    code = alice.code(machine.now)
    login(machine, wrong)
    login(machine, code)
    told = machine.provision("--json", "why", "alice", ok=True).out
    assert wrong not in told and code not in told


def test_before_anything_happened(machine):
    machine.init()
    machine.add("alice", "alice@example.org")
    told = why(machine)
    assert "No attempt" in told and "emotp-provision invite" in told


def test_unknown_users_and_tombstones(machine, alice):
    assert machine.provision("why", "nobody").rc == 3
    machine.provision("remove", "alice", ok=True)
    assert machine.provision("why", "alice").rc == 3


def test_a_new_user_of_an_old_name_starts_afresh(machine, alice):
    machine.provision("remove", "alice", ok=True)
    machine.add("alice", "alice@example.org")
    assert "No attempt" in why(machine)
