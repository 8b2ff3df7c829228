"""Fixtures of the tool's tests."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from terminal import Terminal  # noqa: E402


@pytest.fixture
def terminal(machine):
    """Starts the tool on a terminal: terminal("enroll", "alice")."""
    started = []

    def start(*args, **how):
        started.append(Terminal(machine, args, **how))
        return started[-1]
    yield start
    for one in started:
        one.close()
