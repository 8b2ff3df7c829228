"""The outbox: every mail once, whoever flushes and whatever happens."""

import collections
import os
import signal
import sqlite3
import subprocess
import time

import pytest

from machine import CODE
from tools import PROVISION

USERS = ["alice", "bob", "carol", "dave", "nobody-else", "frank"]


@pytest.fixture
def queued(machine):
    """A function that queues one mail for each user, who is then invited."""
    def queue(users=USERS):
        machine.init()
        for user in users:
            machine.add(user)
            machine.provision("reset", user, ok=True)
    return queue


def counted(sink):
    return collections.Counter(x.to[0] for x in sink.letters)


def each_once(users=USERS):
    return {f"{x}@example.org": 1 for x in users}


@pytest.mark.parametrize("count", [2, 6])
def test_several_at_once_send_each_mail_once(machine, post, queued, query,
                                             count):
    sink = post.server(delay=0.05)
    queued()
    post.settings(sink.tap)
    results = machine.together(
        [lambda: machine.provision("flush")] * count)
    assert [x.rc for x in results] == [0] * count, results
    assert counted(sink) == each_once()
    assert query("SELECT count(*) FROM intents") == [(0,)]


def test_one_refused_mail_does_not_stop_the_rest(machine, post, queued,
                                                 query):
    sink = post.server(refuse=lambda verb, address: "550 no such user" if (
        verb, address) == ("RCPT", "carol@example.org") else None)
    queued()
    post.settings(sink.tap)
    done = machine.provision("flush")
    assert done.rc == 7 and "550" in done.err, done
    assert counted(sink) == each_once([x for x in USERS if x != "carol"])
    assert query("SELECT users.name FROM intents JOIN users "
                 "ON users.id = intents.user_id") == [("carol",)]
    sink.refuse = lambda verb, address: None
    machine.provision("flush", ok=True)
    assert counted(sink) == each_once()


def start_flush(machine, at=None):
    """Another process, as the machine would run it."""
    process = subprocess.Popen([PROVISION, "flush"],
                               env=machine.environment(at, leaks=False),
                               stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    machine.processes.append(process)
    return process


def wait_until(ready):
    end = time.monotonic() + 20
    while not ready():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_the_store_is_free_while_a_mail_is_under_way(machine, post, queued):
    sink = post.server(delay=3)
    queued(["alice"])
    post.settings(sink.tap)
    process = start_flush(machine)
    wait_until(lambda: sink.seen)
    begun = time.monotonic()
    machine.provision("set", "alice", "--language", "pt", ok=True)
    assert time.monotonic() - begun < 2
    assert process.poll() is None
    assert process.wait(20) == 0


def test_what_a_dead_process_had_claimed_is_sent_later(machine, post, queued,
                                                       query):
    sink = post.server(delay=60)
    queued(["alice", "bob"])
    post.settings(sink.tap)
    process = start_flush(machine)
    wait_until(lambda: sink.seen)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    sink.delay = 0
    machine.provision("flush", ok=True)
    assert counted(sink) == each_once(["bob"])
    machine.provision("flush", ok=True, at=machine.now + 599)
    assert counted(sink) == each_once(["bob"])
    machine.provision("flush", ok=True, at=machine.now + 601)
    assert counted(sink) == each_once(["alice", "bob"])
    assert query("SELECT count(*) FROM intents") == [(0,)]


def test_a_killed_invite_queues_nothing(machine, post, query):
    sink = post.server(delay=60)
    post.settings(sink.tap)
    machine.add("alice")
    process = subprocess.Popen([PROVISION, "invite", "alice"],
                               env=machine.environment(leaks=False))
    machine.processes.append(process)
    wait_until(lambda: sink.seen)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert query("SELECT count(*) FROM intents") == [(0,)]


def test_a_removed_user_is_told_and_then_forgotten(machine, post, queued,
                                                   query):
    email = "SELECT email FROM users WHERE name = 'alice'"
    sink = post.server(refuse=lambda verb, address: "450 later")
    queued(["alice"])
    post.settings(sink.tap)
    machine.provision("remove", "alice", ok=True)
    assert machine.provision("flush").rc == 7
    assert query(email) == [("alice@example.org",)]
    machine.add("bob", "alice@example.org")  # free for others at once
    sink.refuse = lambda verb, address: None
    machine.provision("flush", ok=True)
    assert [x.subject for x in sink.letters] == [
        "Your registration for Example was reset",
        "You were removed from Example"]
    assert query(email) == [("",)]


def test_a_user_without_an_address_is_passed_over(machine, post, queued,
                                                  query):
    sink = post.server()
    queued(["alice", "bob"])
    post.settings(sink.tap)
    with sqlite3.connect(machine.store_path) as db:
        db.execute("UPDATE users SET state = 4, email = '', "
                   "email_key = NULL WHERE name = 'alice'")
    machine.provision("flush", ok=True)
    assert counted(sink) == each_once(["bob"])
    assert query("SELECT count(*) FROM intents") == [(0,)]


def test_what_was_for_a_removed_user_does_not_reach_the_next(machine, post,
                                                             queued):
    """The name was given to somebody else before the outbox was flushed."""
    sink = post.server()
    queued(["alice"])
    post.settings(sink.tap)
    machine.provision("remove", "alice", ok=True)
    machine.provision("add", "alice", "other@example.net", ok=True)
    machine.provision("flush", ok=True)
    assert "other@example.net" not in counted(sink)


def queue_code(machine, user, at):
    """As the service does for a token that asks."""
    with sqlite3.connect(machine.store_path) as db:
        db.execute("INSERT INTO intents (user_id, kind, token, label, source,"
                   " created) SELECT id, 1, 0, '', '', ? FROM users"
                   " WHERE name = ?", (at, user))


def test_a_queued_code_is_made_when_it_is_sent(machine, post, query):
    sink = post.server()
    post.settings(sink.tap)
    machine.add("alice")
    queue_code(machine, "alice", machine.now)
    later = machine.now + 3000
    machine.provision("flush", ok=True, at=later)
    code = CODE.search(sink.letters[0].body)[1]
    assert query("SELECT handed_at FROM codes") == [(later,)]
    assert machine.register("alice", code, at=later + 3599).rc == 0


def test_a_queued_code_that_is_refused_waits_and_no_code_lives(
        machine, post, query):
    sink = post.server(refuse=lambda verb, address: "550 no")
    post.settings(sink.tap)
    machine.add("alice")
    queue_code(machine, "alice", machine.now)
    assert machine.provision("flush").rc == 7
    assert query("SELECT count(*) FROM intents") == [(1,)]
    assert query("SELECT count(*) FROM codes") == [(0,)]
    sink.refuse = lambda verb, address: None
    machine.provision("flush", ok=True)
    assert len(sink.letters) == 1


def test_queued_codes_keep_the_limits_for_root_too(machine, post, query):
    """They were asked for by a stranger: what is too many is dropped."""
    sink = post.server()
    post.settings(sink.tap)
    machine.add("alice")
    for _ in range(3):
        queue_code(machine, "alice", machine.now)
    machine.provision("flush", ok=True)
    assert len(sink.letters) == 1
    assert query("SELECT count(*) FROM intents") == [(0,)]
