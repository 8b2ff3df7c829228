"""A store that has grown on one host moves to PostgreSQL, while in use."""

import random
import signal
import subprocess
import time

import pytest

from postgres import Postgres
from stores import Sqlite
from tools import PROVISION

MANY = 20000


@pytest.fixture
def server(machine):
    """A PostgreSQL; the machine's own store is a file."""
    server = Postgres(machine.dir / "pg")
    server.create("emotp")
    before, machine.store = machine.store, Sqlite()
    machine.store.clear()
    machine.conf()
    yield server
    server.stop()
    machine.store.clear()
    machine.store = before


def words(server):
    return ["copy", f"sqlite:{Sqlite.path}", server.uri("emotp")]


def switch(machine, server):
    machine.conf(store=server.uri("emotp"), service="unix:/run/emotp/x.sock")


def seen(machine, users):
    return [machine.provision("--json", *x, ok=True).json for x in (
        ["list"], ["host", "list"], *(["show", x] for x in users))]


def test_what_was_used_stays_used(machine, server):
    tokens = {x: machine.enrol(x) for x in ("alice", "bob")}
    code = tokens["alice"].code(machine.now)
    assert machine.login("alice", code, "prompts=1").accepted
    assert not machine.login("bob", tokens["bob"].wrong(machine.now),
                             "prompts=1").accepted
    machine.provision("host", "add", "web1", ok=True)
    before = seen(machine, tokens)
    machine.provision(*words(server), ok=True)
    switch(machine, server)
    assert seen(machine, tokens) == before
    for user, typed, rc in (
            ("alice", code, 1), ("bob", tokens["bob"].code(machine.now), 0),
            ("alice", tokens["alice"].code(machine.now, 1), 0)):
        done = machine.provision("verify", user, input=typed + "\n")
        assert done.rc == rc, (user, done)


def test_killed_at_any_time_it_is_done_again(machine, server):
    machine.init()
    machine.provision("add", "-", ok=True, input="".join(
        f"u{n},u{n}@example.org\n" for n in range(MANY)))
    chance = random.Random(5)
    for _ in range(5):
        child = subprocess.Popen([PROVISION, *words(server)],
                                 stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL,
                                 env=machine.environment(leaks=False))
        machine.processes.append(child)
        time.sleep(chance.random() * 0.5)
        child.send_signal(signal.SIGKILL)
        child.wait()
    done = machine.provision(*words(server))
    # The last one may have come to its end before it was killed.
    assert done.rc in (0, 4), done
    switch(machine, server)
    users = machine.provision("--json", "list", ok=True).json
    assert sorted(x["user"] for x in users) == sorted(
        f"u{n}" for n in range(MANY))
