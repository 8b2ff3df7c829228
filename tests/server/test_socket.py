"""The local socket: the module asks, and trusts no stranger's answer."""

import contextlib
import os
import socket
import struct
import threading
import time

import pytest

from service import LOCAL

NONCE = b"0123456789abcdef" * 2


@pytest.fixture
def asks(alice, service, machine):
    """The module asks the service."""
    machine.conf(service=f"unix:{LOCAL}")
    return machine


def record(*fields):
    return b"".join(x + b"\0" for x in fields)


def talk(message, path=LOCAL):
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
        s.settimeout(30)
        s.connect(str(path))
        s.send(message)
        return s.recv(2000).split(b"\0")


def test_a_login_goes_through_it(asks, alice):
    code = alice.code(asks.now)
    login = asks.login("alice", code)
    assert login.accepted
    assert any("accepted code for alice" in x and "token=1" in x
               for x in login.log)
    again = asks.login("alice", code, "prompts=1")
    assert again.result == "PAM_AUTH_ERR" and again.refused_as == ["replayed"]


@pytest.mark.sqlite
def test_its_store_and_key_are_not_opened(asks, alice):
    os.chmod(asks.key_path, 0)
    asks.store_path.parent.rename("/var/lib/elsewhere")
    try:
        assert asks.login("alice", alice.code(asks.now)).accepted
    finally:
        os.rename("/var/lib/elsewhere", asks.store_path.parent)


@pytest.mark.parametrize("user,ignored", [("bob", True), ("alice", False)])
def test_nullok_asks_too(asks, alice, user, ignored):
    login = asks.login(user, "000000", "nullok prompts=1")
    assert (login.prompts == []) == ignored


def test_nobody_there_is_a_refusal(asks, alice, service):
    service.stop()
    assert asks.login("alice", alice.code(asks.now),
                      "prompts=1").result == "PAM_AUTHINFO_UNAVAIL"


def test_one_code_at_once_lets_one_in(asks, alice):
    logins = asks.login_many("alice", alice.code(asks.now), 16)
    assert sum(x.accepted for x in logins) == 1


QUESTION = [b"emotp1", b"verify", NONCE, b"alice", b"123456", b"su", b""]


def test_root_learns_the_reason(service, machine, alice):
    told = talk(record(*QUESTION))
    assert told[:4] == [b"emotp1", NONCE, b"alice", b"wrong"]


def as_user(uid, call):
    """Calls in a child that has become uid; its return value, as bytes."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
            os.write(write, call())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as f:
        said = f.read()
    os.waitpid(pid, 0)
    return said


def test_an_ordinary_user_asks_for_nobody_else(service, machine, alice):
    def word(user):
        return talk(record(*QUESTION[:3], user, *QUESTION[4:]))[3]

    assert as_user(2001, lambda: word(b"alice")) == b"refused"
    assert as_user(2002, lambda: word(b"alice")) == b"not-allowed"
    assert as_user(2001, lambda: word(b"root")) == b"not-allowed"
    assert machine.show("alice")["failures"] == 1


def test_a_screen_locker_of_an_ordinary_user(asks, alice):
    """The module in a process that is not root: for its own name only."""
    code = alice.code(asks.now)
    login = asks.login("bob", code, "prompts=1", service="locker",
                       uid="alice", rhost=None, tty=":0")
    assert login.result == "PAM_AUTHINFO_UNAVAIL"
    assert asks.login("alice", code, "prompts=1", service="locker",
                      uid="alice", rhost=None, tty=":0").accepted
    again = asks.login("alice", code, "prompts=1", service="locker",
                       uid="alice", rhost=None, tty=":0")
    assert again.result == "PAM_AUTH_ERR"
    assert not any("replayed" in x for x in again.log)  # others may cause it


@pytest.mark.parametrize("message", [
    b"", b"x", record(*QUESTION)[:-1], record(*QUESTION, b"more"),
    record(b"emotp2", *QUESTION[1:]), record(*QUESTION[:2], b"short",
                                             *QUESTION[3:]),
    record(*QUESTION) + b"x" * 1024])
def test_what_is_no_question_gets_no_answer(service, message):
    assert talk(message) == [b""]


def answering(path, answer):
    """A false service: answer(question fields) gives records to send."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(str(path))
    listener.listen()
    own = listener.dup()  # whose number is nobody else's once that is closed

    def serve():
        peer, _ = own.accept()
        fields = peer.recv(2000).split(b"\0")
        with contextlib.suppress(BrokenPipeError):
            for one in answer(fields):
                peer.send(one)
        peer.close()

    threading.Thread(target=serve, daemon=True).start()
    return listener


def good(fields, nonce=None, user=None, result=b"accepted"):
    return record(b"emotp1", nonce or fields[2], user or fields[3], result,
                  b"1", b"0", b"60", b"-1", b"en")


@pytest.mark.parametrize("answer,accepted", [
    (lambda f: [good(f)], True),
    (lambda f: [good(f, nonce=b"f" * 32)], False),
    (lambda f: [good(f, user=b"bob")], False),
    (lambda f: [good(f), good(f)], False),
    (lambda f: [good(f, result=b"yes")], False),
    (lambda f: [good(f)[:-1]], False),
    (lambda f: [good(f) + b"x\0"], False),
    (lambda f: [], False),
], ids=["good", "nonce", "user", "two", "word", "cut", "more", "none"])
def test_only_one_answer_to_this_question(machine, answer, accepted):
    folder = machine.dir / "false"
    folder.mkdir(mode=0o755)
    machine.conf(service=f"unix:{folder}/s")
    with answering(folder / "s", answer):
        login = machine.login("alice", "123456", "prompts=1")
    assert login.accepted == accepted
    assert accepted or login.result == "PAM_AUTHINFO_UNAVAIL"


def test_an_answer_that_does_not_come_in_8_seconds(machine):
    """Neither is a late one looked at, nor does the login hang."""
    folder = machine.dir / "false"
    folder.mkdir(mode=0o755)
    machine.conf(service=f"unix:{folder}/s")

    def late(fields):
        time.sleep(10)
        return [good(fields)]

    began = time.monotonic()
    with answering(folder / "s", late):
        login = machine.login("alice", "123456", "prompts=1")
    assert login.result == "PAM_AUTHINFO_UNAVAIL"
    assert 7.5 < time.monotonic() - began < 8 + 15


@pytest.mark.parametrize("mode,owner", [(0o777, 0), (0o775, 0), (0o755, 2002)])
def test_a_place_where_others_may_write_is_not_trusted(machine, mode, owner):
    folder = machine.dir / "false"
    folder.mkdir()
    folder.chmod(mode)
    os.chown(folder, owner, owner)
    machine.conf(service=f"unix:{folder}/s")
    with answering(folder / "s", lambda f: [good(f)]):
        login = machine.login("alice", "123456", "prompts=1")
    assert login.result == "PAM_AUTHINFO_UNAVAIL"


def test_a_peer_that_is_neither_root_nor_the_owner(machine):
    folder = machine.dir / "false"
    folder.mkdir(mode=0o755)
    os.chown(folder, 2002, 2002)
    machine.conf(service=f"unix:{folder}/s")
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.setgid(2002)
        os.setuid(2002)
        listener = answering(folder / "s", lambda f: [good(f)])
        os.write(write, b"x")
        listener.accept()
        os._exit(0)
    os.read(read, 1)
    os.chown(folder / "s", 2003, 2003)
    os.chown(folder, 0, 0)
    login = machine.login("alice", "123456", "prompts=1")
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    assert login.result == "PAM_AUTHINFO_UNAVAIL"
    assert any("neither root nor" in x for x in login.log)


def test_peer_credentials_are_the_listeners():
    """What the module relies on: SO_PEERCRED names who called listen()."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(b"\0emotp-test-peer")
        listener.listen()
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
            s.connect(b"\0emotp-test-peer")
            peer = s.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    assert struct.unpack("iII", peer)[0] == os.getpid()
