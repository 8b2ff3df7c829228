"""Fixtures: the web token in a real browser, against the real service."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "server"))

from phone import Phone  # noqa: E402
from service import Service  # noqa: E402


@pytest.fixture
def service(machine, request):
    """With the settings of an indirect parameter."""
    running = Service(machine, **getattr(request, "param", {}))
    yield running
    running.stop()


@pytest.fixture
def open_phone(service, machine):
    """open_phone(language="pt", ahead_s=240): a Phone at the first page."""
    phones = []

    def open_phone(**how):
        phones.append(Phone(machine, service, **how))
        return phones[-1]

    yield open_phone
    for phone in phones:
        phone.close()


@pytest.fixture
def phone(open_phone):
    return open_phone()
