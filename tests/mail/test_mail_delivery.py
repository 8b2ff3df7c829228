"""Mail that arrives: over STARTTLS and TLS, with and without a login."""

import re

import pytest

from machine import CODE
from smtp_sink import CERTS, USER


def code_of(letter):
    return CODE.search(letter.body)[1]


@pytest.mark.parametrize("scheme, mode", [("smtp", "starttls"),
                                          ("smtps", "smtps")])
@pytest.mark.parametrize("login", [True, False])
def test_a_code_is_mailed_and_registers(machine, post, scheme, mode, login):
    sink = post.server(mode=mode, auth=login)
    post.settings(sink.tap, scheme, login=login)
    machine.add("alice")
    machine.provision("invite", "alice", ok=True)
    letter, = sink.letters
    assert letter.to == ["alice@example.org"]
    assert letter.sender == "emotp@login.example.org"
    assert letter.greeting == "login.example.org"
    assert letter.tls
    assert (letter.login == USER.encode()) == login
    assert machine.register("alice", code_of(letter)).rc == 0


@pytest.mark.parametrize("scheme, mode", [("smtp", "starttls"),
                                          ("smtps", "smtps")])
def test_nothing_but_a_greeting_is_said_in_clear(machine, post, scheme, mode):
    sink = post.server(mode=mode)
    post.settings(sink.tap, scheme)
    machine.add("alice")
    machine.provision("invite", "alice", ok=True)
    assert len(sink.letters) == 1
    assert sink.tap.clear == (b"EHLO login.example.org\r\nSTARTTLS\r\n"
                              if scheme == "smtp" else b"")


def test_what_was_queued_arrives_with_flush(machine, post, query):
    sink = post.server()
    machine.enrol("alice")
    post.settings(sink.tap)
    machine.provision("reset", "alice", ok=True)
    assert sink.tap.connections == 0
    machine.provision("flush", ok=True)
    assert [x.to for x in sink.letters] == [["alice@example.org"]] * 2
    registered, reset = sink.letters
    assert "registered" in registered.subject and "reset" in reset.subject
    assert re.search(r"Time:  20\d\d-\d\d-\d\d \d\d:\d\d UTC\r?\n",
                     reset.body)
    assert query("SELECT count(*) FROM intents") == [(0,)]
    machine.provision("flush", ok=True)
    assert len(sink.letters) == 2


def test_a_line_with_a_dot_alone_arrives(machine, post):
    templates = machine.dir / "texts"
    (templates / "en").mkdir(parents=True)
    (templates / "en/code.txt").write_text(
        "Subject\n\nbefore\n.\n..\n.dot\n{code}\nafter\n")
    sink = post.server()
    post.settings(sink.tap, templates=templates)
    machine.add("alice")
    machine.provision("invite", "alice", ok=True)
    lines = sink.letters[0].body.splitlines()
    assert lines[:4] == ["before", ".", "..", ".dot"]
    assert lines[5:] == ["after"]


def test_the_system_s_certificates_are_the_default(machine, post):
    """mail_ca is left out, and the system's bundle holds our CA."""
    bundle = "/etc/ssl/certs/ca-certificates.crt"
    with open(bundle, "rb") as f:
        before = f.read()
    sink = post.server()
    post.settings(sink.tap, mail_ca=None)
    machine.add("alice")
    assert machine.provision("invite", "alice").rc == 7
    try:
        with open(bundle, "wb") as f:  # of the private copy of /etc
            f.write(before + (CERTS / "ca.pem").read_bytes())
        machine.provision("invite", "alice", ok=True)
    finally:
        with open(bundle, "wb") as f:
            f.write(before)
    assert len(sink.letters) == 1
