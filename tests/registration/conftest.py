"""Fixtures of the registration tests."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from office import Office  # noqa: E402


@pytest.fixture
def office(machine):
    """A host whose store belongs to dave, who is not root."""
    return Office(machine)
