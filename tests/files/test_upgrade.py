"""A store of an earlier version is brought up to date when it is opened."""

import sqlite3

import pytest


def downgrade(machine, version=1):
    """Makes of the store what version 1 would have left."""
    db = sqlite3.connect(machine.store_path)
    db.executescript(f"""
        DROP TABLE recovery;
        ALTER TABLE users DROP COLUMN attempts;
        ALTER TABLE tokens DROP COLUMN tries;
        DROP TABLE hosts;
        UPDATE meta SET schema = {version};
    """)
    db.close()


def schema(machine):
    db = sqlite3.connect(machine.store_path)
    try:
        tables = {row[0] for row in db.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table'")}
        return db.execute("SELECT schema FROM meta").fetchone()[0], tables
    finally:
        db.close()


def test_by_a_login(machine, alice):
    downgrade(machine)
    assert schema(machine)[0] == 1
    assert machine.login("alice", alice.code(machine.now)).accepted
    version, tables = schema(machine)
    assert version == 3 and {"recovery", "hosts"} <= tables
    assert "let in by token 1" in \
        machine.provision("why", "alice", ok=True).out


def test_by_many_at_once(machine, alice):
    downgrade(machine)
    logins = machine.login_many("alice", alice.code(machine.now), 16)
    assert sum(x.accepted for x in logins) == 1
    assert schema(machine)[0] == 3


@pytest.mark.parametrize("version", [0, 4, 99])
def test_what_is_not_known_is_refused_and_left_alone(machine, alice, version):
    downgrade(machine, version)
    login = machine.login("alice", alice.code(machine.now), "prompts=1")
    assert login.result == "PAM_AUTHINFO_UNAVAIL"
    assert machine.provision("list").rc == 6
    assert schema(machine)[0] == version
