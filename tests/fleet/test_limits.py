"""Budgets and keys are the fleet's, whichever service is asked."""

import itertools

import pytest


@pytest.fixture
def services(fleet):
    return fleet.service(), fleet.service()


@pytest.fixture
def pair(fleet, services):
    one, two = services
    return fleet.host(one, two), fleet.host(two, one)


def in_turn(places, codes, ask):
    """Each code at the next of these places; what ask says to each."""
    return [ask(x, code) for x, code in zip(itertools.cycle(places), codes)]


def test_five_wrong_codes_on_two_hosts_are_strict_on_both(fleet, pair):
    token = fleet.enrol(1)["u1"]
    now = fleet.machine.now
    assert not any(in_turn(pair, [token.wrong(now, n) for n in range(5)],
                           lambda host, code: host.accepts("u1", code)))
    assert fleet.machine.show("u1")["failures"] == 5
    one, two = pair
    for host in pair:
        assert not host.accepts("u1", token.code(fleet.machine.now))
        fleet.wait(3)
    # Two in a row do, typed wherever.
    assert not one.accepts("u1", token.code(fleet.machine.now))
    fleet.wait()
    assert two.accepts("u1", token.code(fleet.machine.now))


def test_a_hundred_wrong_codes_on_two_hosts_disable(fleet, pair):
    token = fleet.enrol(1)["u1"]
    now = fleet.machine.now
    assert not any(in_turn(pair, [token.wrong(now, n) for n in range(99)],
                           lambda host, code: host.accepts("u1", code)))
    assert not fleet.machine.show("u1")["disabled"]
    assert not pair[1].accepts("u1", token.wrong(now, 99))
    assert fleet.machine.show("u1")["disabled"]
    for host in pair:
        for _ in range(2):  # not even two in a row
            fleet.wait()
            assert not host.accepts("u1", token.code(fleet.machine.now))
    fleet.machine.provision("unlock", "u1", ok=True)
    fleet.wait()
    assert pair[0].accepts("u1", token.code(fleet.machine.now))


def test_three_hundred_refusals_of_a_host_wherever_it_asks(
        fleet, services, pair):
    token = fleet.enrol(1)["u1"]
    web1, web2 = pair
    told = in_turn(services, ["123456"] * 300,
                   lambda x, code: x.verify(web1.key, "nobody", code))
    assert {x.json["verdict"] for x in told} == {"refused"}
    code = token.code(fleet.machine.now)
    for service in services:
        told = service.verify(web1.key, "u1", code)
        assert (told.status, told.type) == (429, "too-many")
    assert web1.login("u1", code).result == "PAM_AUTHINFO_UNAVAIL"
    assert "u1 not decided: " in web1.text() and "too-many" in web1.text()
    assert web2.accepts("u1", code)  # another host is another budget
    fleet.wait(10)
    assert web1.accepts("u1", token.code(fleet.machine.now))


def test_a_removed_host_is_out_at_once_on_every_service(
        fleet, services, pair):
    token = fleet.enrol(1)["u1"]
    web1, web2 = pair
    assert web1.accepts("u1", token.code(fleet.machine.now))
    fleet.wait()
    fleet.machine.provision("host", "remove", "web1", ok=True)
    code = token.code(fleet.machine.now)
    for service in services:
        told = service.verify(web1.key, "u1", code)
        assert (told.status, told.type) == (401, "no-host-key")
    assert web1.login("u1", code).result == "PAM_AUTHINFO_UNAVAIL"
    assert "u1 not decided: " in web1.text()
    assert "no-host-key" in web1.text()
    assert web2.accepts("u1", code)  # which is not used up


def test_a_host_asks_for_its_users_alone(fleet, services):
    machine = fleet.machine
    tokens = fleet.enrol(2)
    web1 = fleet.host(*services, users="u1")
    for service in services:
        told = service.verify(web1.key, "u2", tokens["u2"].code(machine.now))
        assert (told.status, told.type) == (403, "user-not-allowed")
    assert web1.login("u2", tokens["u2"].code(
        machine.now)).result == "PAM_AUTHINFO_UNAVAIL"
    assert web1.accepts("u1", tokens["u1"].code(machine.now))
    other = fleet.host(*services)
    assert other.accepts("u2", tokens["u2"].code(machine.now))
    assert [(x["name"], x["users"]) for x in machine.provision(
        "--json", "host", "list", ok=True).json] == [
            ("web1", "u1"), ("web2", "*")]
