"""While users enrol: whom nullok lets by, and that it is nobody else."""

import contextlib
import os
import re
import shutil
import sqlite3
import time
from pathlib import Path

import pytest

import sandbox
from machine import PROMPT
from tools import LIB

PERMIT = ("auth required {module} nullok", "auth required pam_permit.so")


def let_by(login):
    """Accepted without a question, so the module said PAM_IGNORE."""
    assert "accepted code" not in "".join(login.log)
    return login.accepted and not login.prompts


def try_nullok(machine, user, answers=(), **how):
    return machine.login(user, list(answers), stack=PERMIT, **how)


def assert_asked(machine, user, reason, code="000000"):
    login = try_nullok(machine, user, [code] * 3)
    assert login.result == "PAM_AUTH_ERR", login
    assert login.prompts == [(PROMPT, False)] * 3
    assert login.refused_as == [reason] * 3


@contextlib.contextmanager
def account(name, uid):
    """One more line in passwd."""
    path = Path("/etc/passwd")
    before = path.read_text()
    path.write_text(f"{before}{name}:x:{uid}:{uid}::/:/bin/sh\n")
    try:
        yield
    finally:
        path.write_text(before)


def test_an_unknown_user_is_let_by(machine, alice):
    assert let_by(try_nullok(machine, "carol"))


def test_nouserok_is_the_same(machine, alice):
    login = machine.login("carol", [], stack=[
        x.replace("nullok", "nouserok") for x in PERMIT])
    assert let_by(login)


def test_who_is_let_by_is_logged(machine, alice):
    login = try_nullok(machine, "carol")
    assert any("carol" in x and "nullok" in x for x in login.log), login


def test_an_invited_user_is_let_by(machine, alice):
    machine.add("bob")
    assert let_by(try_nullok(machine, "bob"))


def test_an_invited_user_with_a_code_under_way_is_let_by(machine):
    machine.add("bob")
    machine.invite("bob")
    assert let_by(try_nullok(machine, "bob"))


def test_alone_in_a_stack_nullok_lets_nobody_in(machine, alice):
    login = machine.login("carol", [], "nullok")
    assert not login.accepted, login


def test_without_nullok_nobody_is_let_by(machine, alice):
    machine.add("bob")
    for user in ("bob", "carol"):
        login = machine.login(user, ["000000"] * 3, stack=[
            "auth required {module}", "auth required pam_permit.so"])
        assert login.result == "PAM_AUTH_ERR" and len(login.prompts) == 3


def test_an_active_user_is_asked(machine, alice):
    assert_asked(machine, "alice", "wrong", alice.wrong(machine.now))
    machine.wait()
    assert try_nullok(machine, "alice", [alice.code(machine.now)]).accepted


def test_an_unconfirmed_token_is_asked_for(machine):
    token = machine.enrol("alice")
    assert_asked(machine, "alice", "wrong", token.wrong(machine.now))


def test_a_revoked_user_is_asked(machine, alice):
    machine.provision("revoke", "alice", ok=True)
    assert_asked(machine, "alice", "revoked")


def test_a_reset_user_is_asked(machine, alice):
    machine.provision("reset", "alice", ok=True)
    assert machine.show("alice")["state"] == "invited"
    assert_asked(machine, "alice", "not-enrolled")


def test_a_user_reset_before_the_first_login_is_asked(machine):
    machine.enrol("alice")
    machine.provision("reset", "alice", ok=True)
    assert_asked(machine, "alice", "not-enrolled")


def test_a_removed_user_is_asked(machine, alice):
    machine.provision("remove", "alice", ok=True)
    assert_asked(machine, "alice", "unknown")


def test_a_user_removed_before_ever_having_a_token_is_asked(machine):
    machine.add("alice")
    machine.provision("remove", "alice", ok=True)
    assert_asked(machine, "alice", "unknown")


def test_a_user_removed_and_added_again_is_asked(machine, alice):
    machine.provision("remove", "alice", ok=True)
    machine.add("alice")
    assert_asked(machine, "alice", "not-enrolled")


def test_a_disabled_user_is_asked(machine, alice):
    codes = [alice.wrong(machine.now, i) for i in range(100)]
    machine.login_many("alice", codes, 100, distinct=True)
    assert_asked(machine, "alice", "disabled")


def test_another_case_is_no_way_around(machine, alice):
    with account("ALICE", 2001):
        for user in ("ALICE", "Alice", "aLICE"):
            login = try_nullok(machine, user, [alice.wrong(machine.now)] * 3)
            assert not login.accepted and len(login.prompts) == 3, login


@pytest.fixture
def directory_service(machine):
    """A name service that knows users by other names too."""
    path = Path("/etc/nsswitch.conf")
    before = path.read_text()
    path.write_text(before.replace("passwd: files", "passwd: files alias"))
    yield {"LD_LIBRARY_PATH": str(LIB)}
    path.write_text(before)


def test_another_name_for_alice_is_no_way_around(machine, alice,
                                                 directory_service):
    login = try_nullok(machine, "alias-alice", ["000000"] * 3,
                       env=directory_service)
    assert not login.accepted and len(login.prompts) == 3, login


def test_another_name_for_carol_is_let_by(machine, alice, directory_service):
    login = try_nullok(machine, "alias-carol", env=directory_service)
    assert let_by(login), login


def test_a_name_that_cannot_be_looked_up_is_refused(machine, alice,
                                                    directory_service):
    login = try_nullok(machine, "broken-carol", ["000000"] * 3,
                       env=directory_service)
    assert not login.accepted, login


def test_a_name_that_the_system_does_not_know_is_refused(machine, alice):
    for user in ("mallory", "", " ", "../alice", "carol\n", "2003"):
        login = try_nullok(machine, user, ["000000"] * 3)
        assert not login.accepted, (user, login)


# "Cannot tell" is never "has none".

@contextlib.contextmanager
def store_gone(machine):
    machine.store_path.unlink()
    yield


@contextlib.contextmanager
def directory_gone(machine):
    shutil.rmtree(machine.store_path.parent)
    yield


@contextlib.contextmanager
def corrupt_header(machine):
    for path in machine.store_path.parent.iterdir():
        path.write_bytes(b"This is not a database, whatever it was." * 100)
    yield


@contextlib.contextmanager
def corrupt_pages(machine):
    with sqlite3.connect(machine.store_path) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    size = machine.store_path.stat().st_size
    with machine.store_path.open("r+b") as f:
        f.seek(4096)
        f.write(b"\x5a" * (size - 4096))
    yield


@contextlib.contextmanager
def empty(machine):
    for path in machine.store_path.parent.iterdir():
        path.write_bytes(b"")
    yield


@contextlib.contextmanager
def table_gone(machine):
    db = sqlite3.connect(machine.store_path)
    names = [x for x, in db.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table'"
        " AND name LIKE '%user%'")]
    assert names
    db.execute("PRAGMA foreign_keys=OFF")
    for name in names:
        db.execute(f"DROP TABLE {name}")
    db.commit()
    db.close()
    yield


@contextlib.contextmanager
def newer_version(machine):
    db = sqlite3.connect(machine.store_path)
    db.execute("UPDATE meta SET schema = 9999")
    db.commit()
    db.close()
    yield


@contextlib.contextmanager
def locked(machine):
    db = sqlite3.connect(machine.store_path, isolation_level=None)
    db.execute("BEGIN IMMEDIATE")
    yield
    db.execute("ROLLBACK")
    db.close()


@contextlib.contextmanager
def locked_out(machine):
    db = sqlite3.connect(machine.store_path, isolation_level=None)
    db.execute("PRAGMA locking_mode=EXCLUSIVE")
    db.execute("BEGIN EXCLUSIVE")
    yield
    db.execute("ROLLBACK")
    db.close()


@contextlib.contextmanager
def disk_full(machine):
    folder = machine.store_path.parent
    away = machine.dir / "away"
    shutil.copytree(folder, away)
    sandbox.tmpfs(folder, mode="700", size="1m")
    try:
        for path in away.iterdir():
            shutil.copy2(path, folder)
        with contextlib.suppress(OSError), (folder / "fill").open("wb") as f:
            while True:
                os.write(f.fileno(), b"x" * 4096)
        yield
    finally:
        sandbox.umount(folder)


@contextlib.contextmanager
def key_missing(machine):
    machine.key_path.unlink()
    yield


@contextlib.contextmanager
def key_of_another(machine):
    other = "A" * 43 + "="
    machine.key_path.chmod(0o600)
    machine.key_path.write_text(other + "\n")
    machine.key_path.chmod(0o400)
    yield


@contextlib.contextmanager
def conf_missing(machine):
    machine.conf_path.unlink()
    yield


@contextlib.contextmanager
def conf_bad(machine):
    machine.conf(nonsense="yes")
    yield


TROUBLES = {
    store_gone: "emotp.db", directory_gone: "emotp.db",
    corrupt_header: "emotp.db|database", corrupt_pages: "damaged|malformed|"
    "emotp.db", empty: "emotp.db|store", table_gone: "table|store",
    newer_version: "version", locked: "locked", locked_out: "locked",
    disk_full: "full|disk|I/O", key_missing: "master.key",
    key_of_another: "key", conf_missing: "emotp.conf",
    conf_bad: "emotp.conf.*nonsense|nonsense",
}
ANSWERS = {"PAM_AUTHINFO_UNAVAIL", "PAM_SERVICE_ERR"}


@pytest.mark.sqlite
@pytest.mark.parametrize("user", ["carol", "bob", "alice"])
@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda x: x.__name__)
def test_trouble_is_a_refusal(machine, alice, trouble, user):
    """Of the unknown and the invited too, with a log line of its own."""
    machine.add("bob")
    with trouble(machine):
        login = try_nullok(machine, user, [alice.code(machine.now)] * 3)
    assert login.result in ANSWERS, login
    lines = [x for x in login.log if "could not decide" in x]
    assert len(lines) == 1 and user in lines[0], login
    assert re.search(TROUBLES[trouble], lines[0]), lines
    assert lines[0].severity == "err"
    assert not any("accepted" in x for x in login.log)


@pytest.mark.sqlite
def test_each_trouble_has_its_own_log_line(machine, alice):
    seen = {}
    saved = machine.dir / "saved"
    shutil.copytree(machine.store_path.parent, saved / "store")
    shutil.copytree(machine.conf_path.parent, saved / "etc")
    for trouble in (store_gone, corrupt_header, locked, disk_full,
                    key_missing):
        with trouble(machine):
            login = try_nullok(machine, "carol")
        line = [x for x in login.log if "could not decide" in x]
        assert len(line) == 1, (trouble, login)
        seen[trouble.__name__] = line[0]
        for away, path in (("store", machine.store_path.parent),
                           ("etc", machine.conf_path.parent)):
            shutil.rmtree(path, ignore_errors=True)
            shutil.copytree(saved / away, path)
        shutil.rmtree(machine.dir / "away", ignore_errors=True)
    assert len(set(seen.values())) == len(seen), seen


def test_a_store_that_the_caller_may_not_read_is_a_refusal(machine, alice):
    machine.key_path.chmod(0o400)
    login = try_nullok(machine, "carol", uid="dave")
    assert login.result in ANSWERS, login


@pytest.mark.sqlite
def test_a_short_lock_is_waited_for(machine, alice):
    """The writer ends as soon as the login is seen to wait for it."""
    db = sqlite3.connect(machine.store_path, isolation_level=None,
                         check_same_thread=False)
    db.execute("BEGIN IMMEDIATE")
    trace = machine.dir / "trace"

    def release():
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if trace.exists() and "nanosleep" in trace.read_text():
                break
            time.sleep(0.005)
        db.execute("ROLLBACK")

    def login():
        return machine.login(
            "alice", alice.code(machine.now), leaks=False,
            wrap=["strace", "-f", "-o", trace, "-e",
                  "trace=nanosleep,clock_nanosleep"])

    _, result = machine.together([release, login])
    db.close()
    assert result.accepted, result
