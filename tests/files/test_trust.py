"""Configuration, key and store are taken only from who may have made them."""

import base64
import os
import shutil
import socket
import sqlite3

import pytest

from tools import PROVISION

WHAT = ["conf", "key", "store"]
RESULT = {"conf": "PAM_SERVICE_ERR", "key": "PAM_SERVICE_ERR",
          "store": "PAM_AUTHINFO_UNAVAIL"}
EXIT = {"conf": 8, "key": 8, "store": 6}


def path_of(machine, what):
    return {"conf": machine.conf_path, "key": machine.key_path,
            "store": machine.store_path}[what]


def symlink(path):
    real = path.with_name("real")
    path.rename(real)
    path.symlink_to(real)


def relative_symlink(path):
    path.rename(path.with_name("real"))
    path.symlink_to("real")


def dangling_symlink(path):
    path.unlink()
    path.symlink_to("/nowhere")


def fifo(path):
    path.unlink()
    os.mkfifo(path, 0o400)


def directory(path):
    path.unlink()
    path.mkdir(mode=0o700)


def device(path):
    path.unlink()
    path.symlink_to("/dev/zero")


def character_device(path):
    path.unlink()
    os.mknod(path, 0o20600, os.makedev(1, 5))


def unix_socket(path):
    path.unlink()
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(str(path))


def world_writable(path):
    path.chmod(0o646)


def group_writable(path):
    path.chmod(0o660)


def owned_by_another(path):
    os.chown(path, 2005, 2005)


def multiply_linked(path):
    os.link(path, path.with_name("other"))


HOW = [symlink, relative_symlink, dangling_symlink, fifo, directory, device,
       character_device, unix_socket, world_writable, group_writable,
       owned_by_another, multiply_linked]


@pytest.mark.parametrize("how", HOW, ids=lambda x: x.__name__)
@pytest.mark.parametrize("what", WHAT)
def test_it_is_refused_at_once(machine, alice, what, how):
    """By the module and by the tool; a FIFO is not waited for."""
    path = path_of(machine, what)
    how(path)
    code = alice.code(machine.now)
    login = machine.login("alice", [code] * 3, timeout=20)
    assert login.result == RESULT[what], login
    assert login.prompts == []
    lines = [x for x in login.log if "alice refused, could not decide" in x]
    assert len(lines) == 1 and str(path) in lines[0], login
    for command in (["list"], ["show", "alice"], ["reset", "alice"]):
        done = machine.provision(*command, timeout=20)
        if (what, how) == ("store", owned_by_another):
            # Root becomes that user first, who may not read the key.
            assert done.rc in (5, 6, 8), done
        else:
            assert done.rc == EXIT[what], done
        assert str(path) in done.err or "master.key" in done.err, done
        assert done.err.startswith("emotp-provision: ")
        assert done.err.count("\n") == 1, done
        assert done.out == ""


@pytest.mark.parametrize("mode", [0o440, 0o404, 0o444, 0o644])
def test_a_key_that_others_can_read_is_refused(machine, alice, mode):
    machine.key_path.chmod(mode)
    login = machine.login("alice", alice.code(machine.now))
    assert login.result == "PAM_SERVICE_ERR", login
    assert any("master.key" in x for x in login.log)


@pytest.mark.parametrize("mode", [0o400, 0o600])
def test_a_key_for_root_alone_will_do(machine, alice, mode):
    machine.key_path.chmod(mode)
    assert machine.login("alice", alice.code(machine.now)).accepted


@pytest.mark.parametrize("content", [
    b"", b"\n", b"A" * 42 + b"=", b"A" * 44, b"A" * 43 + b"=\nmore",
    b"!" * 44, b"\0" * 44, b"A" * 10000, b"A" * 20 + b"\0" + b"A" * 23])
def test_a_key_that_is_none_is_refused(machine, alice, content):
    machine.key_path.chmod(0o600)
    machine.key_path.write_bytes(content)
    login = machine.login("alice", alice.code(machine.now))
    assert login.result == "PAM_SERVICE_ERR", login
    assert machine.provision("list").rc == 8


def test_another_key_is_refused_and_spoils_nothing(machine, alice):
    saved = machine.key_path.read_bytes()
    machine.key_path.chmod(0o600)
    machine.key_path.write_bytes(b"QUJD" * 10 + b"QUI=")
    login = machine.login("alice", alice.code(machine.now))
    assert login.result == "PAM_SERVICE_ERR", login
    machine.key_path.write_bytes(saved)
    assert machine.login("alice", alice.code(machine.now)).accepted


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702, 0o720, 0o1777])
def test_a_store_in_a_directory_that_others_write_is_refused(machine, alice,
                                                             mode):
    machine.store_path.parent.chmod(mode)
    login = machine.login("alice", alice.code(machine.now))
    assert login.result == "PAM_AUTHINFO_UNAVAIL", login
    assert machine.provision("list").rc == 6


def test_a_store_in_somebody_elses_directory_is_refused(machine, alice):
    os.chown(machine.store_path.parent, 2005, 2005)
    login = machine.login("alice", alice.code(machine.now))
    assert login.result == "PAM_AUTHINFO_UNAVAIL", login


@pytest.mark.parametrize("suffix", ["-wal", "-shm"])
@pytest.mark.parametrize("how", ["link", "symlink"])
def test_a_planted_wal_is_refused(machine, alice, suffix, how):
    """SQLite would write to it, and change its owner."""
    victim = machine.store_path.parent / "victim"
    victim.write_bytes(b"precious")
    planted = machine.store_path.with_name(machine.store_path.name + suffix)
    planted.unlink(missing_ok=True)
    if how == "link":
        os.link(victim, planted)
    else:
        planted.symlink_to(victim)
    login = machine.login("alice", alice.code(machine.now))
    assert login.result == "PAM_AUTHINFO_UNAVAIL", login
    assert machine.provision("list").rc == 6
    assert victim.read_bytes() == b"precious"


def test_the_directories_above_are_not_judged(machine, alice):
    machine.conf_path.parent.chmod(0o777)
    assert machine.login("alice", alice.code(machine.now)).accepted


def test_a_directory_above_may_be_a_symlink(machine, alice):
    folder = machine.store_path.parent
    folder.rename(folder.with_name("emotp-real"))
    folder.symlink_to("emotp-real")
    try:
        assert machine.login("alice", alice.code(machine.now)).accepted
    finally:
        folder.unlink()
        shutil.rmtree(folder.with_name("emotp-real"))


def test_what_is_made_is_for_its_owner_alone(machine, alice):
    assert machine.login("alice", alice.code(machine.now)).accepted
    assert machine.key_path.stat().st_mode & 0o7777 == 0o400
    folder = machine.store_path.parent
    assert folder.stat().st_mode & 0o7777 == 0o700
    for path in folder.iterdir():
        assert path.stat().st_mode & 0o7777 == 0o600, path
    for path in [folder, machine.key_path, *folder.iterdir()]:
        assert (path.stat().st_uid, path.stat().st_gid) == (0, 0)


def test_an_open_umask_opens_nothing(machine):
    done = machine.run(["/bin/sh", "-c", 'umask 0; exec "$0" init',
                        PROVISION])
    assert done.rc == 0, done
    assert machine.key_path.stat().st_mode & 0o7777 == 0o400
    assert machine.store_path.stat().st_mode & 0o7777 == 0o600
    assert machine.store_path.parent.stat().st_mode & 0o7777 == 0o700


def test_no_secret_lies_in_the_store_in_clear(machine, alice):
    secret = base64.b32decode(alice.secret)
    for path in machine.store_path.parent.iterdir():
        data = path.read_bytes()
        for form in (secret, alice.secret.encode(), secret.hex().encode(),
                     base64.b64encode(secret)):
            assert form not in data, path


def test_a_row_copied_onto_another_user_does_not_open(machine, alice):
    machine.enrol("bob")
    db = sqlite3.connect(machine.store_path)
    rows = dict(db.execute("SELECT u.name, u.id FROM users u"))
    sealed, = db.execute("SELECT sealed FROM tokens WHERE user_id = ?",
                         (rows["alice"],)).fetchone()
    db.execute("UPDATE tokens SET sealed = ? WHERE user_id = ?",
               (sealed, rows["bob"]))
    db.commit()
    db.close()
    login = machine.login("bob", [alice.code(machine.now)] * 3)
    assert not login.accepted
    assert any("could not decide" in x for x in login.log), login
    assert machine.login("alice", alice.code(machine.now)).accepted
