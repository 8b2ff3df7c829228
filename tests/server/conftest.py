"""Fixtures: emotpd, running. See service.py."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from relay import Relay, add_host, url_of  # noqa: E402
from service import Service  # noqa: E402


@pytest.fixture
def serve(machine):
    """Starts emotpd with these settings; as often as a test likes."""
    running = []

    def start(**settings):
        running.append(Service(machine, **settings))
        return running[-1]

    yield start
    for service in running:
        service.stop()


@pytest.fixture
def service(serve):
    """emotpd over an empty store, on https and http."""
    return serve()


@pytest.fixture
def relays(machine):
    """Starts relays to these addresses, with this host's key."""
    running = []

    def start(urls, key, **settings):
        running.append(Relay(machine, urls, key, **settings))
        return running[-1]

    yield start
    for relay in running:
        relay.stop()


@pytest.fixture
def relay(relays, machine, service):
    """The host web1, which asks the service."""
    return relays([url_of(service)], add_host(machine))
