"""A host of a fleet asks the service, and lets in whom it accepts."""

import os
import re
import signal
import socket
import threading

import pytest

from relay import False_, add_host, login, url_of
from emotpd import EMOTPD
from test_socket import NONCE, as_user, record, talk


def test_the_right_code_once(machine, alice, relay, service):
    code = alice.code(machine.now)
    done = login(machine, relay, "alice", code)
    assert done.accepted
    assert any("accepted code for alice" in x for x in done.log)
    assert f"by={url_of(service)}" in relay.wait_for("accepted code for alice")
    assert "host=web1" in service.wait_for("accepted code for alice")
    again = login(machine, relay, "alice", code)
    assert again.result == "PAM_AUTH_ERR" and again.refused_as == ["refused"]
    assert "refused: replayed" in service.wait_for("alice refused")


def test_a_wrong_code_and_then_the_right_one(machine, alice, relay, service):
    done = login(machine, relay, "alice",
                 [alice.wrong(machine.now, 1), alice.code(machine.now)],
                 "prompts=3")
    assert done.accepted and done.refused_as == ["refused"]
    assert machine.show("alice")["failures"] == 0


def test_where_and_for_what_is_passed_on(machine, alice, relay, service):
    login(machine, relay, "alice", "123456", rhost="198.51.100.9",
          service="su")
    line = service.wait_for("alice refused: wrong")
    assert "rhost=198.51.100.9" in line and "service=su" in line


def test_one_code_on_two_hosts_lets_one_in(
        machine, alice, relay, relays, service):
    other = relays([url_of(service)], add_host(machine, "web2"))
    code = alice.code(machine.now)
    question = record(b"emotp1", b"verify", NONCE, b"alice", code.encode(),
                      b"sshd", b"")
    for _ in range(10):
        told = machine.together([
            lambda r=r: talk(question, r.socket)[3]
            for r in [relay, other] * 4])
        assert told.count(b"accepted") == 1
        assert told.count(b"refused") == 7
        service.set_clock(machine.now + 60)
        code = alice.code(machine.now)
        question = record(b"emotp1", b"verify", NONCE, b"alice",
                          code.encode(), b"sshd", b"")


@pytest.mark.parametrize("typed", [
    "", "password", "12345", "ABCDE-FGHJK", "\b\r\x7fINCORRECT",
    "x" * 500])
def test_what_is_no_code_is_refused_alike(machine, alice, relay, typed):
    done = login(machine, relay, "alice", typed)
    assert done.result == "PAM_AUTH_ERR" and done.refused_as == ["refused"]
    assert machine.show("alice")["failures"] == 0


def test_what_is_no_utf8_is_refused_alike(machine, alice, relay, service):
    told = talk(record(b"emotp1", b"verify", NONCE, b"alice", b"\xff\xfe",
                       b"s\xff", b"\xc0\x80"), relay.socket)
    assert told[3] == b"refused"
    service.wait_for("alice refused: malformed")
    told = talk(record(b"emotp1", b"verify", NONCE, b"al\xff", b"123456",
                       b"sshd", b""), relay.socket)
    assert told[3] == b"unavailable"
    relay.wait_for(r"al\\xff not decided: .*cannot be sent")
    assert login(machine, relay, "alice", alice.code(machine.now)).accepted


# Keys.


def test_only_its_users(machine, alice, relays, service):
    relay = relays([url_of(service)],
                   add_host(machine, "db1", "--users", "dba-*"))
    done = login(machine, relay, "alice", alice.code(machine.now))
    assert done.result == "PAM_AUTHINFO_UNAVAIL"
    relay.wait_for(f"alice not decided: {url_of(service)}: answered"
                   " user-not-allowed")


def test_a_key_that_nobody_has(machine, alice, relays, service):
    add_host(machine)
    relay = relays([url_of(service)], "A" * 52)
    done = login(machine, relay, "alice", alice.code(machine.now))
    assert done.result == "PAM_AUTHINFO_UNAVAIL"
    relay.wait_for("answered no-host-key")


def test_a_removed_key_is_dead_at_once(machine, alice, relay, service):
    assert login(machine, relay, "alice", alice.code(machine.now)).accepted
    machine.conf()
    machine.provision("host", "remove", "web1", ok=True)
    service.set_clock(machine.now + 60)
    done = login(machine, relay, "alice", alice.code(machine.now))
    assert done.result == "PAM_AUTHINFO_UNAVAIL"
    relay.wait_for("answered no-host-key")


def test_a_new_key_after_a_reload(machine, alice, relay, service):
    assert login(machine, relay, "alice", alice.code(machine.now)).accepted
    relay.wait_for("calls this host web1")
    machine.conf()
    machine.provision("host", "remove", "web1", ok=True)
    relay.write_key(add_host(machine, "web1-new"))
    assert "read again" in relay.reload()
    service.set_clock(machine.now + 60)
    assert login(machine, relay, "alice", alice.code(machine.now)).accepted
    relay.wait_for("calls this host web1-new")


def test_a_bad_key_changes_nothing(machine, alice, relay):
    relay.write_key("junk")
    assert "stays as it was: " in relay.reload()
    assert login(machine, relay, "alice", alice.code(machine.now)).accepted


def test_300_refusals_are_enough(machine, alice, relay, service):
    question = record(b"emotp1", b"verify", NONCE, b"nobody", b"123456",
                      b"sshd", b"")
    for _ in range(300):
        assert talk(question, relay.socket)[3] == b"refused"
    assert talk(question, relay.socket)[3] == b"unavailable"
    relay.wait_for("nobody not decided: .*answered too-many")


# Who may ask, and what.


def word_for(relay, user):
    return talk(record(b"emotp1", b"verify", NONCE, user, b"123456", b"su",
                       b""), relay.socket)[3]


def test_an_ordinary_user_asks_for_nobody_else(machine, alice, relay):
    assert as_user(2001, lambda: word_for(relay, b"alice")) == b"refused"
    assert as_user(2002, lambda: word_for(relay, b"alice")) == b"not-allowed"
    assert machine.show("alice")["failures"] == 1


def test_one_user_cannot_spend_what_the_host_may_be_refused(
        machine, alice, relay):
    told = as_user(2001, lambda: b" ".join(
        word_for(relay, b"alice") for _ in range(14))).split()
    assert told == [b"refused"] * 10 + [b"unavailable"] * 4
    relay.wait_for("uid 2001 was refused too often")
    assert as_user(2002, lambda: word_for(relay, b"bob")) == b"refused"
    assert word_for(relay, b"alice") == b"refused"  # root


def test_nullok_lets_nobody_by(machine, alice, relay):
    done = login(machine, relay, "bob", "000000", "nullok prompts=1")
    assert done.prompts and done.result == "PAM_AUTH_ERR"


# What it has, and what it needs.


def test_it_opens_no_store_and_no_port(machine, alice, relay):
    assert login(machine, relay, "alice", alice.code(machine.now)).accepted
    folder = f"/proc/{relay.process.pid}/fd"
    targets = [os.readlink(f"{folder}/{x}") for x in os.listdir(folder)]
    assert not any("emotp.db" in x or "master.key" in x for x in targets)
    assert not relay.listening
    with open(f"/proc/{relay.process.pid}/net/tcp") as f:
        listening = {x.split()[9] for x in f if x.split()[3] == "0A"}
    assert not listening & {x[8:-1] for x in targets if "socket" in x}


def test_no_key_or_code_is_logged(machine, alice, relay):
    code = alice.code(machine.now)
    assert login(machine, relay, "alice", code).accepted
    login(machine, relay, "alice", code)
    text = relay.log.read_text()
    assert code not in text
    assert relay.key_path.read_text().strip() not in text


def start_fails(machine, text, code, **settings):
    """emotpd with these settings ends with code and says text."""
    conf = machine.conf(machine.dir / "bad.conf", **settings)
    done = machine.run([EMOTPD, "--config", conf], timeout=30)
    assert done.rc == code and text in done.err, done


GOOD = {"upstream": "https://localhost:1",
        "host_key_file": "/etc/emotp/host.key"}


@pytest.fixture
def key_file(machine):
    path = machine.conf_path.parent / "host.key"
    path.write_text("A" * 52 + "\n")
    path.chmod(0o400)
    return path


@pytest.mark.parametrize("settings,text", [
    ({"listen": "http://127.0.0.1:0"}, "listen: not beside upstream"),
    ({"host_key_file": None}, "upstream: needs host_key_file"),
    ({"upstream": "login.example.org"}, "upstream: https:// expected"),
    ({"upstream": "https://a ftp://b"}, "upstream: https:// expected"),
    ({"upstream": "http://login.example.org"}, "upstream: the service's"),
    ({"upstream": "http://localhost"}, "upstream: the service's"),
    ({"upstream": "https://u:p@h"}, "upstream: the service's"),
    ({"upstream": "https://h/path"}, "upstream: the service's"),
    ({"upstream": " ".join(["https://h"] * 9)}, "upstream: 1 to 8"),
    ({"upstream_ca": "/nonexistent"}, "upstream_ca: /nonexistent: No such"),
], ids=lambda x: str(x)[:40])
def test_bad_settings(machine, key_file, settings, text):
    start_fails(machine, text, 8, **{**GOOD, **settings})


@pytest.mark.parametrize("damage,text", [
    ("missing", "No such file"), ("link", "is a symbolic link"),
    ("fifo", "is not a regular file"), ("mode", "can be read by others"),
    ("owner", "belongs to another user"), ("empty", "holds no host key"),
    ("short", "holds no host key"), ("long", "is too long"),
    ("two lines", "is too long"), ("header", "holds no host key")])
def test_bad_key_files(machine, key_file, damage, text):
    key = "A" * 52
    contents = {"empty": "", "short": key[1:], "long": key + "A\n",
                "two lines": key + "\n\n", "header": key[:-4] + "\r\nX:"}
    if damage in contents:
        key_file.chmod(0o600)
        key_file.write_text(contents[damage])
    elif damage == "mode":
        key_file.chmod(0o440)
    elif damage == "owner":
        os.chown(key_file, 2002, 2002)
    else:
        key_file.rename(key_file.with_name("moved"))
        if damage == "link":
            key_file.symlink_to("moved")
        elif damage == "fifo":
            os.mkfifo(key_file, 0o400)
    start_fails(machine, text, 8, **GOOD)


def test_a_key_without_a_newline_will_do(machine, alice, relays, service):
    relay = relays([url_of(service)], "A" * 52)
    relay.key_path.chmod(0o600)
    relay.key_path.write_text(add_host(machine))
    relay.reload()
    assert login(machine, relay, "alice", alice.code(machine.now)).accepted


# Sockets that a service manager hands over, and the end.


def activated(machine, relay, listener, name):
    """emotpd as systemd starts it, with one socket."""
    return [
        "/usr/bin/python3", "-c",
        "import os, sys\n"
        f"os.dup2({listener.fileno()}, 3)\n"
        "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1',\n"
        f"                  LISTEN_FDNAMES='{name}')\n"
        "os.execv(sys.argv[1], sys.argv[1:])"]


def test_it_serves_the_local_socket_of_a_service_manager(
        machine, alice, relay):
    relay.stop()
    relay.socket.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(str(relay.socket))
        listener.listen()
        os.set_inheritable(listener.fileno(), True)
        relay.start(wrap=activated(machine, relay, listener, "local"),
                    pass_fds=[listener.fileno()])
        assert login(machine, relay, "alice",
                     alice.code(machine.now)).accepted


def test_it_serves_no_other_of_them(machine, relay):
    relay.stop()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        os.set_inheritable(listener.fileno(), True)
        with pytest.raises(AssertionError, match="serves itself alone"):
            relay.start(wrap=activated(machine, relay, listener, "https"),
                        pass_fds=[listener.fileno()])
        assert relay.process.wait(30) == 8


def test_what_was_asked_is_answered_before_the_end(machine, relays):
    going = threading.Event()

    def slowly(told):
        going.set()
        threading.Event().wait(1)
        return told.answer()

    with False_(slowly) as false:
        relay = relays([false.url], "A" * 52)
        threading.Thread(target=lambda: (going.wait(30), relay.stop())).start()
        assert login(machine, relay, "alice", "123456").accepted
        assert relay.stop(signal.SIGTERM) == 0
    assert re.search("ending: what was asked", relay.log.read_text())
