"""Fixtures of the mail tests."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from smtp_sink import Post  # noqa: E402


@pytest.fixture
def post(machine):
    """Mail servers: see smtp_sink.py."""
    office = Post(machine)
    yield office
    office.close()


@pytest.fixture
def query(machine):
    """Rows of the store, read beside the program under test."""
    return machine.store.query


@pytest.fixture
def nothing_lives(query):
    """Asserts that no code can be used and nothing waits to be sent."""
    def check():
        assert query("SELECT count(*) FROM codes WHERE state = 1") == [(0,)]
        assert query("SELECT count(*) FROM intents") == [(0,)]
    return check
