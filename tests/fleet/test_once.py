"""One code opens one session, on however many hosts it is typed at once."""

import pytest

from ssh import Sshd


@pytest.fixture
def pair(fleet):
    """Two hosts, each of which asks another service first."""
    one, two = fleet.service(), fleet.service()
    return fleet.host(one, two), fleet.host(two, one)


def accepted(logins):
    return [x for host in logins for x in host if x.accepted]


def decided(service):
    """How many codes of u1 it accepted or refused."""
    return sum("accepted code for u1" in x or "u1 refused: " in x
               for x in service.text().splitlines())


def test_two_hosts_at_once_a_hundred_times(fleet, pair):
    token = fleet.enrol(1)["u1"]
    for _ in range(100):
        fleet.wait()
        logins = fleet.at_once([(x, 1) for x in pair], "u1",
                               token.code(fleet.machine.now))
        assert len(accepted(logins)) == 1, logins
        assert {x.result for host in logins for x in host} == {
            "PAM_SUCCESS", "PAM_AUTH_ERR"}
    assert [decided(x) for x in fleet.services] == [100, 100]


def test_eight_hosts_with_eight_logins_each(fleet):
    services = [fleet.service(), fleet.service()]
    hosts = [fleet.host(*services[::1 - 2 * (n % 2)]) for n in range(8)]
    token = fleet.enrol(1)["u1"]
    for turn in range(5):
        fleet.wait()
        logins = fleet.at_once([(x, 8) for x in hosts], "u1",
                               token.code(fleet.machine.now))
        assert len(accepted(logins)) == 1, logins
        assert sum(x.result == "PAM_AUTH_ERR" for host in logins
                   for x in host) == 63, logins
    assert [decided(x) for x in services] == [160, 160]


def test_two_real_sshds_at_once(fleet, pair, machine):
    machine.stack("sshd", "auth required {module}",
                  "session required pam_permit.so")
    doors = [Sshd(machine, place=x.place) for x in pair]
    token = machine.enrol("alice")
    for _ in range(5):
        fleet.wait()
        code = token.code(machine.now)
        for door in doors:
            door.set_clock(machine.now)
        done = machine.together([
            lambda d=d: d.login("alice", code, "hostname") for d in doors])
        assert sorted(x.returncode for x in done) == [0, 255], done
        inside = next(n for n, x in enumerate(done) if x.returncode == 0)
        assert done[inside].stdout == f"web{inside + 1}\n"
        assert all(x.prompts[0].endswith("Verification code: ")
                   for x in done), done
    for door in doors:
        door.stop()
