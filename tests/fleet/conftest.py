"""Fixtures: a network, a database, a fleet. See fleet.py."""

import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent),
                str(Path(__file__).parents[1] / "server")]

from fleet import Fleet, certificates  # noqa: E402
from netns import DOMAIN, Net  # noqa: E402
from patroni import PASSFILE  # noqa: E402
from postgres import Postgres  # noqa: E402


@pytest.fixture
def net():
    with Net() as net:
        yield net


@pytest.fixture
def server(machine, net):
    """A PostgreSQL, in which the machine keeps its users."""
    server = Postgres(machine.dir / "pg", listen=[net.address],
                      tls=certificates())
    with machine.kept_in(server):
        yield server
    server.stop()


@pytest.fixture
def fleet(machine, net, server):
    fleet = Fleet(machine, net, server.uri(
        machine.store.db, host=f"hub.{DOMAIN}",
        sslrootcert=certificates() / "ca.pem",
        passfile=PASSFILE))
    yield fleet
    for daemon in [*fleet.hosts, *fleet.services]:
        daemon.stop()
