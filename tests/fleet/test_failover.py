"""The primary dies, and the standby takes over: logins resume."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fleet import PGPASS, Fleet, certificates
from patroni import PASSFILE, Patroni

pytestmark = pytest.mark.plain  # what is new here is Patroni's
USERS = 24
PATIENCE_S = 120  # it takes about 20: the leader's lease has to run out


@pytest.fixture
def cluster(machine, net):
    with Patroni(net, machine.dir / "patroni", certificates()) as cluster:
        Path(PASSFILE).write_text(PGPASS)
        Path(PASSFILE).chmod(0o400)
        with machine.kept_in(cluster):
            yield cluster


@pytest.fixture
def fleet(machine, net, cluster):
    fleet = Fleet(machine, net, cluster.uri(machine.store.db))
    yield fleet
    for daemon in [*fleet.hosts, *fleet.services]:
        daemon.stop()


def test_kill_9_of_the_primary(fleet, cluster, machine):
    one, two = fleet.service(), fleet.service()
    hosts = [fleet.host(one, two), fleet.host(two, one)]
    tokens = fleet.enrol(USERS)
    told = []  # (user, code) of every acceptance that anybody heard of

    def log_in(number, user, steps=0):
        code = tokens[user].code(machine.now, steps)
        accepted = hosts[number % 2].accepts(user, code)
        if accepted:
            told.append((user, code))
        return accepted

    assert all(log_in(n, user) for n, user in enumerate(tokens))
    before, after = cluster.primary(), cluster.standby()

    def come(number, user):
        if number == USERS // 3:
            before.kill()
        log_in(number, user, steps=1)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(come, range(USERS), tokens))
    # One at least was in time, and the last ones were not.
    assert USERS < len(told) < 2 * USERS

    end = time.monotonic() + PATIENCE_S
    while True:
        fleet.wait()
        if log_in(0, "u1"):
            break
        assert time.monotonic() < end, one.text() + two.text()
    assert cluster.primary() is after
    fleet.wait()
    assert all(log_in(n, user) for n, user in enumerate(tokens))
    assert len(told) == len(set(told))
    assert {(one, two)[n % 2].verify(hosts[0].key, user, code).json["verdict"]
            for n, (user, code) in enumerate(told)} == {"refused"}
