"""copy: while it runs, and when it is killed."""

import random
import shutil
import signal
import time

import pytest

from copying import FROM, TO, copy, populate, start, switch, tables, uri
from errors import failed, rows

pytestmark = pytest.mark.sqlite  # both stores are files here
MANY = 51000  # more than one transaction takes
KILLS, CAUGHT = 80, 4  # at most, and how many before the end


@pytest.fixture
def crowd(machine):
    populate(machine, MANY)
    return machine


def stop_inside(machine):
    """A copy that stands still before its end, with the source locked."""
    for _ in range(20):
        child = start(machine)
        while child.poll() is None and not TO.exists():
            time.sleep(0.001)
        time.sleep(0.01)
        child.send_signal(signal.SIGSTOP)
        done = machine.provision("--config", machine.conf(
            machine.dir / "new.conf", store=uri(TO)), "show", "u1")
        if done.rc == 6:
            return child
        child.send_signal(signal.SIGCONT)
        child.communicate(timeout=120)
        shutil.rmtree(TO.parent, ignore_errors=True)
    raise AssertionError("no copy was to be caught")


def test_killed_at_random_it_is_no_store_or_all_of_it(crowd):
    machine = crowd
    before = tables(FROM)
    new = machine.conf(machine.dir / "new.conf", store=uri(TO))
    began = time.monotonic()
    copy(machine, ok=True)
    took = time.monotonic() - began
    shutil.rmtree(TO.parent)
    chance = random.Random()
    unfinished = 0
    for _ in range(KILLS):
        child = start(machine)
        time.sleep(chance.random() * took)
        child.kill()
        child.communicate(timeout=60)
        done = machine.provision("--config", new, "show", "u1")
        if done.rc == 0:
            assert tables(TO) == before
            shutil.rmtree(TO.parent)
            continue
        error = failed(done, 6)
        assert "was not finished" in error or "no such store" in error
        unfinished += "was not finished" in error
        if unfinished == CAUGHT:
            break
    assert unfinished == CAUGHT
    copy(machine, ok=True)
    assert tables(TO) == before == tables(FROM)


def test_a_code_that_is_used_meanwhile_is_not_lost(crowd):
    """It is refused in the old store, after a wait, and good afterwards."""
    machine = crowd
    alice = machine.enrol("alice")
    child = stop_inside(machine)
    code = alice.code(machine.now)
    login = machine.login("alice", code, "prompts=1")
    assert login.result == "PAM_AUTHINFO_UNAVAIL"
    failed(machine.provision("unlock", "alice"), 6)
    machine.provision("show", "alice", ok=True)  # who only reads waits not
    child.send_signal(signal.SIGCONT)
    child.communicate(timeout=120)
    assert child.returncode == 0
    assert machine.login("alice", code, "prompts=1").accepted
    switch(machine)
    assert machine.login("alice", code, "prompts=1").accepted


def test_an_unfinished_one_opens_for_nobody(crowd):
    machine = crowd
    before = rows(machine)
    child = stop_inside(machine)
    child.kill()
    child.communicate(timeout=60)
    switch(machine)
    login = machine.login("u1", "123456", "prompts=1")
    assert login.result == "PAM_AUTHINFO_UNAVAIL"
    for args in (["init"], ["list"], ["add", "x", "x@example.org"],
                 ["copy", uri(TO), "sqlite:/var/lib/third/emotp.db"]):
        assert "emotp-provision copy" in failed(machine.provision(*args), 6)
    copy(machine, ok=True)
    assert len(machine.provision("--json", "list", ok=True).json) == MANY
    machine.conf()
    assert rows(machine) == before


def test_two_at_once(crowd):
    """The second waits for the source in vain, and does no harm."""
    machine = crowd
    child = stop_inside(machine)
    failed(copy(machine), 6)
    child.send_signal(signal.SIGCONT)
    child.communicate(timeout=120)
    assert child.returncode == 0
    assert tables(TO) == tables(FROM)
