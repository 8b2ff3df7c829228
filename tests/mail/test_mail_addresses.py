"""Addresses are refused before anybody is asked to send to them."""

import sqlite3

import pytest

BAD = {
    "CR": "alice@example.org\rRCPT TO:<eve@example.net>",
    "LF": "alice@example.org\nRCPT TO:<eve@example.net>",
    "CR LF": "alice@example.org>\r\nRCPT TO:<eve@example.net",
    "LF at the end": "alice@example.org\n",
    "CR LF at the end": "alice@example.org\r\n",
    "<": "<alice@example.org",
    ">": "alice@example.org>",
    "both": "<alice@example.org>",
    "a dash first": "-alice@example.org",
    "an option": "-oQ/tmp@example.org",
    "two @": "alice@example.org@example.net",
    "two @ together": "alice@@example.org",
    "no @": "alice",
    "nothing before @": "@example.org",
    "nothing after @": "alice@",
    "nothing": "",
    "300 bytes": "a" * 288 + "@example.org",
    "255 bytes": "a" * 243 + "@example.org",
    "blank": "alice @example.org",
    "tab": "alice\t@example.org",
    "DEL": "alice\x7f@example.org",
    "ESC": "alice\x1b@example.org",
    "comma": "alice@example.org,eve@example.net",
    "not ASCII": "älice@example.org",
}


@pytest.fixture
def sink(machine, post):
    sink = post.server()
    post.settings(sink.tap)
    machine.init()
    return sink


def invalid(done):
    """One line, without what would move a cursor or begin another line."""
    return (done.rc == 2 and done.err.startswith("emotp-provision: ")
            and done.err.count("\n") == 1 and done.err[:-1].isprintable())


@pytest.mark.parametrize("case", BAD)
def test_add(machine, sink, query, case):
    done = machine.provision("add", "--", "alice", BAD[case])
    assert invalid(done), done
    assert query("SELECT count(*) FROM users") == [(0,)]
    assert machine.provision("invite", "alice").rc == 3
    assert sink.tap.connections == 0


@pytest.mark.parametrize("case", BAD)
def test_set(machine, sink, query, case):
    machine.add("alice")
    done = machine.provision("set", "alice", f"--email={BAD[case]}")
    assert invalid(done), done
    assert machine.show("alice")["email"] == "alice@example.org"
    assert sink.tap.connections == 0


@pytest.mark.parametrize("address", [
    "a@b", "o'hara+tag@example.org", "alice-@example.org",
    "a" * 242 + "@example.org"])
def test_the_rest_is_mailed(machine, sink, address):
    machine.add("alice", address)
    machine.provision("invite", "alice", ok=True)
    assert [x.to for x in sink.letters] == [[address]]


def test_one_that_was_slipped_into_the_store_goes_nowhere(machine, sink,
                                                          nothing_lives):
    """Once more before the wire, whoever wrote the row."""
    machine.add("alice")
    with sqlite3.connect(machine.store_path) as db:
        db.execute("UPDATE users SET email = ?", (BAD["CR LF"],))
    done = machine.provision("invite", "alice")
    assert done.rc in (6, 7), done
    assert sink.tap.connections == 0
    nothing_lives()


@pytest.mark.parametrize("sender", [
    "emotp", "a@b@c", "-f@example.org", "<a@example.org>", "a@", "@b",
    "a b@example.org"])
def test_mail_from(machine, post, sink, sender):
    machine.add("alice")
    post.settings(sink.tap, mail_from=sender)
    done = machine.provision("invite", "alice")
    assert done.rc == 8 and "mail_from" in done.err, done
    assert sink.tap.connections == 0
