"""Fixtures for every test: see lib/README.md."""

import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent / "lib"))

import pytest  # noqa: E402

import sandbox  # noqa: E402
import stores  # noqa: E402
import tools  # noqa: E402
from machine import Machine  # noqa: E402

WORLD = None
STORE = None


def pytest_addoption(parser):
    parser.addoption(
        "--store", choices=stores.NAMES, default=stores.NAMES[0],
        help="what the machine keeps its users in")


def pytest_configure(config):
    """Helpers are built once; each process that runs tests gets a world."""
    global WORLD
    config.addinivalue_line(
        "markers", "plain: not under sanitizers, which change what it counts")
    config.addinivalue_line(
        "markers", "sqlite: of the store's file, or of a module that opens it")
    worker = hasattr(config, "workerinput")
    if not worker:
        tools.build_helpers()
    if worker or not config.getoption("numprocesses", None):
        WORLD = sandbox.Sandbox()


def pytest_unconfigure():
    if STORE is not None:
        STORE.close()


def store_of(config):
    """Made when the first test asks for it."""
    global STORE
    if STORE is None:
        STORE = (stores.Sqlite() if config.getoption("store") == "sqlite"
                 else stores.Postgresql())
    return STORE


def pytest_runtest_setup(item):
    if (item.config.getoption("store") != "sqlite"
            and item.get_closest_marker("sqlite")):
        pytest.skip("of SQLite alone")
    if tools.sanitized() and item.get_closest_marker("plain"):
        pytest.skip("counts what sanitizers change")


@pytest.fixture
def machine(request):
    """A host with a configuration, without a store."""
    host = Machine(WORLD, store_of(request.config))
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
