"""Hosts with keys: for which users, how often, and no longer than they may."""

import pytest

NONCE = "0123456789abcdef"


def add(machine, name, *args):
    return machine.provision("host", "add", name, *args, ok=True).out.strip()


@pytest.fixture
def verify(service):
    def verify(key, user, otp, nonce=NONCE):
        return service.post(
            "/v1/verifications",
            {"user": user, "otp": otp, "nonce": nonce, "service": "sshd",
             "rhost": "192.0.2.7"},
            headers={"Authorization": f"Bearer {key}"} if key else {})

    return verify


def test_the_right_code_once(machine, alice, verify):
    key = add(machine, "web1")
    code = alice.code(machine.now)
    assert verify(key, "alice", code).json == {
        "verdict": "accepted", "nonce": NONCE, "user": "alice",
        "host": "web1"}
    assert verify(key, "alice", code).json["verdict"] == "refused"


def test_one_code_on_two_hosts_lets_one_in(machine, alice, verify):
    keys = [add(machine, f"web{n}") for n in range(8)]
    code = alice.code(machine.now)
    told = machine.together([lambda k=k: verify(k, "alice", code)
                             for k in keys])
    assert [x.json["verdict"] for x in told].count("accepted") == 1


@pytest.mark.parametrize("user", ["nobody", "bob"])
def test_unknown_users_are_refused_alike(machine, alice, verify, user):
    key = add(machine, "web1")
    told = verify(key, user, "123456")
    assert (told.status, told.json["verdict"]) == (200, "refused")


@pytest.mark.parametrize("key", [None, "", "x", "A" * 52, "A" * 500])
def test_no_valid_key(alice, verify, key):
    told = verify(key, "alice", "123456")
    assert (told.status, told.type) == (401, "no-host-key")
    assert told.headers["www-authenticate"] == "Bearer"


def test_a_removed_key_is_dead_at_once(machine, alice, verify):
    key = add(machine, "web1")
    machine.provision("host", "remove", "WEB1", ok=True)
    told = verify(key, "alice", alice.code(machine.now))
    assert told.status == 401
    assert machine.login("alice", alice.code(machine.now)).accepted


def test_only_its_users(machine, alice, verify):
    key = add(machine, "db1", "--users", "dba-*")
    told = verify(key, "alice", alice.code(machine.now))
    assert (told.status, told.type) == (403, "user-not-allowed")
    assert machine.login("alice", alice.code(machine.now)).accepted


def test_300_refusals_in_ten_minutes_are_enough(
        machine, alice, service, verify):
    key = add(machine, "web1")
    for _ in range(300):
        assert verify(key, "nobody", "123456").status == 200
    told = verify(key, "alice", alice.code(machine.now))
    assert (told.status, told.type) == (429, "too-many")
    assert told.headers["retry-after"] == "600"
    other = add(machine, "web2")
    assert verify(other, "nobody", "123456").status == 200
    service.set_clock(machine.now + 600)
    assert verify(key, "alice",
                  alice.code(machine.now)).json["verdict"] == "accepted"


@pytest.mark.parametrize("nonce", ["", "a" * 15, "a" * 65, "a" * 15 + " "])
def test_bad_nonces(machine, alice, verify, nonce):
    told = verify(add(machine, "web1"), "alice", "123456", nonce)
    assert (told.status, told.type) == (400, "malformed")


def test_list_and_exit_codes(machine, service):
    key = add(machine, "web1", "--users", "a*")
    assert machine.provision("--json", "host", "list").json == [
        {"name": "web1", "users": "a*", "created": machine.now}]
    assert key not in machine.provision("host", "list").out
    assert machine.provision("host", "add", "Web1").rc == 4
    assert machine.provision("host", "remove", "web2").rc == 3
    for wrong in (["host"], ["host", "add"], ["host", "list", "x"],
                  ["host", "remove"], ["host", "burn", "x"]):
        assert machine.provision(*wrong).rc == 2, wrong
