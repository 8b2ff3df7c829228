"""Fixtures: emotpd, running. See service.py."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

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
