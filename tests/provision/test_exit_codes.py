"""Exit codes 1 to 8, and the one line that comes with each."""

import base64
import os
import sqlite3

import pytest

from errors import (ALL, OF_A_USER, failed, give_to_dave, named, rows,
                    write_imports)
from tools import PROVISION


@pytest.fixture
def filled(machine):
    machine.add("alice")
    write_imports()
    return machine


@pytest.mark.parametrize("args", [
    [], ["nonsense"], ["--nonsense"], ["--config"], ["--nonsense", "list"],
    ["init", "x"], ["list", "x"], ["flush", "x"], ["list", "--json"],
    ["add"], ["add", "carol"], ["add", "carol", "carol@example.org", "x"],
    ["add", "carol", "carol@example.org", "--language"],
    ["add", "carol", "carol@example.org", "--language", "xx"],
    ["add", "carol", "carol@example.org", "--label", "x"],
    ["add", "car ol", "carol@example.org"],
    ["add", "#carol", "carol@example.org"],
    ["add", "", "carol@example.org"], ["add", "carol", "nobody"],
    ["add", "carol", ""], ["add", "c" * 200, "carol@example.org"],
    ["set"], ["set", "alice"], ["set", "alice", "bob"],
    ["set", "alice", "--email"], ["set", "alice", "--email", "nobody"],
    ["set", "alice", "--language", "xx"], ["set", "alice", "--label", "x"],
    ["remove"], ["remove", "alice", "bob"], ["enroll"],
    ["enroll", "alice", "x"], ["invite"], ["invite", "alice", "x"],
    ["register"], ["register", "alice", "--label"],
    ["register", "alice", "--email", "a@b"], ["show"], ["show", "alice", "x"],
    ["revoke"], ["revoke", "alice", "1", "2"], ["revoke", "alice", "x"],
    ["revoke", "alice", "0"], ["revoke", "alice", "1x"],
    ["revoke", "alice", ""], ["reset"], ["reset", "alice", "x"], ["unlock"],
    ["unlock", "alice", "x"], ["verify"], ["verify", "alice", "123456"],
    ["why"], ["why", "alice", "x"], ["recovery-codes"],
    ["recovery-codes", "alice", "x"], ["export", "alice", "x"], ["import"],
    ["import", "users.oath"], ["import", "nonsense", "/etc/emotp/google"],
    ["import", "google-authenticator", "/etc/emotp/google"],
    ["import", "users.oath", "/etc/emotp/users.oath", "alice"],
    ["import", "users.oath", "/no/such"],
], ids=" ".join)
def test_2_usage(filled, args):
    before = rows(filled)
    done = filled.provision(*args, input="junk\n")
    failed(done, 2)
    assert done.out == ""
    assert rows(filled) == before and filled.mails() == []


@pytest.mark.parametrize("where", ["never added", "removed"])
@pytest.mark.parametrize("args", **named(OF_A_USER))
def test_3_no_such_user(filled, args, where):
    if where == "removed":
        filled.provision("remove", "alice", ok=True)
    args = [x if x != "alice" or where == "removed" else "nobody-else"
            for x in args]
    done = filled.provision(*args, input="123456\n")
    failed(done, 3)
    assert done.out == ""


def test_3_no_such_token(machine, alice):
    for number in ("2", "999999999"):
        failed(machine.provision("revoke", "alice", number), 3)
    assert len(machine.show("alice")["tokens"]) == 1


@pytest.mark.parametrize("user,address", [
    ("alice", "new@example.org"), ("ALICE", "new@example.org"),
    ("bob", "alice@example.org"), ("bob", "Alice@EXAMPLE.org")])
def test_4_exists_already(filled, user, address):
    before = rows(filled)
    failed(filled.provision("add", user, address), 4)
    assert rows(filled) == before


def test_4_an_address_that_is_taken(filled):
    filled.add("bob")
    failed(filled.provision("set", "bob", "--email", "ALICE@example.org"), 4)
    assert filled.show("bob")["email"] == "bob@example.org"


def test_ones_own_address_may_change_its_case(filled):
    filled.provision("set", "alice", "--email", "Alice@example.org", ok=True)
    assert filled.show("alice")["email"] == "Alice@example.org"


@pytest.mark.parametrize("args", **named([["init"], *ALL]))
def test_5_not_permitted(filled, args):
    done = filled.provision(*args, user="bob", input="123456\n")
    assert "root" in failed(done, 5)


def test_5_nobody_makes_a_key(machine):
    failed(machine.provision("init", user="bob"), 5)
    assert not machine.key_path.exists()


@pytest.mark.parametrize("args", **named(ALL))
def test_6_no_store(filled, args):
    filled.store.empty()
    assert "init" in failed(filled.provision(*args, input="123456\n"), 6)
    assert filled.store.is_empty()


@pytest.mark.sqlite
@pytest.mark.parametrize("args", **named(ALL))
def test_6_a_corrupt_store(filled, args):
    filled.store_path.write_bytes(os.urandom(20000))
    failed(filled.provision(*args, input="123456\n"), 6)


@pytest.mark.sqlite
def test_6_a_locked_store(filled):
    db = sqlite3.connect(filled.store_path, isolation_level=None)
    db.execute("BEGIN IMMEDIATE")
    try:
        failed(filled.provision("unlock", "alice"), 6)
        filled.provision("list", ok=True)
    finally:
        db.close()
    filled.provision("unlock", "alice", ok=True)


def test_6_a_clock_that_is_not_set(filled):
    failed(filled.provision("invite", "alice", at=1_600_000_000), 6)
    assert filled.mails() == []


@pytest.mark.parametrize("command", ["invite", "enroll", "flush"])
def test_7_mail_not_accepted(machine, alice, command):
    machine.conf(mail=f"maildir:{machine.dir}/no/such")
    machine.provision("reset", "alice", ok=True)  # a mail waits
    args = [command] if command == "flush" else [command, "alice"]
    failed(machine.provision(*args, input="x\n"), 7)


def new_key(machine, data):
    machine.key_path.unlink()
    machine.key_path.write_bytes(data)
    machine.key_path.chmod(0o400)


@pytest.mark.parametrize("args", **named([["init"], *ALL]))
def test_8_another_key(filled, args):
    before = rows(filled)
    new_key(filled, base64.b64encode(bytes(range(32))) + b"\n")
    failed(filled.provision(*args, input="123456\n"), 8)
    assert rows(filled) == before


@pytest.mark.parametrize("key", [
    b"", b"\n", b"junk", base64.b64encode(bytes(31)),
    base64.b64encode(bytes(33)), bytes(32)])
def test_8_what_is_no_key(filled, key):
    new_key(filled, key)
    assert "/etc/emotp/master.key" in failed(filled.provision("list"), 8)


@pytest.mark.parametrize("args", [["list"], ["init"]])
def test_8_no_key_though_there_is_a_store(filled, args):
    filled.key_path.unlink()
    assert "key" in failed(filled.provision(*args), 8)
    assert not filled.key_path.exists()


@pytest.mark.parametrize("line", [
    "nonsense = 1", "skew = x", "period = 0", "digits = 7",
    "algorithm = MD5", "language = xx", "key_file = relative", "nonsense"])
@pytest.mark.parametrize("args", [["list"], ["init"]])
def test_8_configuration_with_file_and_line(filled, line, args):
    filled.conf_path.write_text(f"# one\n\nissuer = X\n{line}\nskew = 1\n")
    assert "/etc/emotp/emotp.conf:4" in failed(filled.provision(*args), 8)


def test_8_no_configuration(filled):
    filled.conf_path.unlink()
    assert "init" in failed(filled.provision("list"), 8)
    path = filled.dir / "none.conf"
    error = failed(filled.provision("--config", path, "list"), 8)
    assert str(path) in error


def test_an_error_stays_one_line_whatever_was_typed(filled):
    for name in ("a\nb", "a\x1b[31mb", "a\rb", "\u00e9" * 300):
        done = filled.provision("show", name)
        assert done.rc in (2, 3)
        error = failed(done, done.rc)
        assert error.rstrip("\n").isprintable()


@pytest.mark.parametrize("args", [
    ["list"], ["show", "alice"], ["--json", "list"],
    ["--json", "show", "alice"], ["--help"], ["--version"],
    ["show", "--help"], ["add", "carol", "carol@example.org"]],
    ids=" ".join)
@pytest.mark.parametrize("where", [">/dev/full", ">&-"])
def test_output_that_is_lost(filled, args, where):
    done = filled.run(["sh", "-c", f'exec "$0" "$@" {where}', PROVISION,
                       *args], leaks=False)
    assert done.rc not in (0, 127, 139), done
    failed(done, done.rc)


def test_the_owner_of_the_store_needs_no_root(filled):
    give_to_dave(filled, filled.key_path)
    assert filled.provision("--json", "list", user="dave", ok=True).json
    filled.provision("add", "bob", "bob@example.org", user="dave", ok=True)
