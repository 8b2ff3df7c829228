"""Fixtures for every test: see lib/README.md."""

import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent / "lib"))

import pytest  # noqa: E402

import sandbox  # noqa: E402
import tools  # noqa: E402
from machine import Machine  # noqa: E402

WORLD = None


def pytest_configure(config):
    """Helpers are built once; each process that runs tests gets a world."""
    global WORLD
    config.addinivalue_line(
        "markers", "plain: not under sanitizers, which change what it counts")
    worker = hasattr(config, "workerinput")
    if not worker:
        tools.build_helpers()
    if worker or not config.getoption("numprocesses", None):
        WORLD = sandbox.Sandbox()


def pytest_runtest_setup(item):
    if tools.sanitized() and item.get_closest_marker("plain"):
        pytest.skip("counts what sanitizers change")


@pytest.fixture
def machine():
    """A host with a configuration, without a store."""
    host = Machine(WORLD)
    yield host
    host.close()


@pytest.fixture
def tmp_path(machine):
    """On the private tmpfs, so that nothing is left behind."""
    path = machine.dir / "tmp"
    path.mkdir()
    return path


@pytest.fixture
def alice(machine):
    """An active user, who logged in five steps ago: her Token."""
    return machine.enrol_used("alice")
