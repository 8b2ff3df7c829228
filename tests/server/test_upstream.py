"""A host of a fleet asks the service, and lets in whom it accepts."""

import pytest

from relay import Relay, add_host, login, url_of


@pytest.fixture
def relays(machine, service):
    """Starts relays, by default to the service with a key of web1."""
    running = []

    def start(urls=None, key=None, **settings):
        running.append(Relay(machine, urls or [url_of(service)],
                             key or add_host(machine), **settings))
        return running[-1]

    yield start
    for relay in running:
        relay.stop()


@pytest.fixture
def relay(relays):
    return relays()


def test_the_right_code_once(machine, alice, relay, service):
    code = alice.code(machine.now)
    done = login(machine, relay, "alice", code)
    assert done.accepted
    assert any("accepted code for alice" in x for x in done.log)
    assert f"by={url_of(service)}" in relay.wait_for("accepted code for alice")
    assert "host=web1" in service.wait_for("accepted code for alice")
    again = login(machine, relay, "alice", code)
    assert again.result == "PAM_AUTH_ERR" and again.refused_as == ["refused"]
