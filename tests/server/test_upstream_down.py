"""Services that are down, or go while they are asked; and connections."""

import contextlib
import os
import signal
import socket
import threading
import time
from pathlib import Path

import pytest

from relay import DEADLINE_S, False_, add_host, login, url_of
from test_socket import NONCE, record, talk
from test_upstream import connect_as
from tools import readable

KEY = "A" * 52
CONNECT_S = 2
SLACK_S = 1.5  # on a machine that has much else to do
QUESTION = record(b"emotp1", b"verify", NONCE, b"alice", b"123456", b"sshd",
                  b"")


def good(told):
    return told.answer()


@contextlib.contextmanager
def closed():
    """An address where nobody listens."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        yield f"https://localhost:{s.getsockname()[1]}"


@contextlib.contextmanager
def black_hole():
    """An address where nothing comes back: the queue is full."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            s = stack.enter_context(socket.socket())
            s.setblocking(False)
            s.connect_ex(listener.getsockname())
        time.sleep(0.1)
        yield f"https://localhost:{listener.getsockname()[1]}"


@contextlib.contextmanager
def mute():
    """An address where connections come about, but no handshake does."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield f"https://localhost:{listener.getsockname()[1]}"


@pytest.fixture
def nameless():
    """A name that is looked up for ever."""
    changed = {Path("/etc/nsswitch.conf"): "hosts: files dns\n",
               Path("/etc/resolv.conf"): "nameserver 127.0.0.1\n"}
    old = {x: x.read_text() if x.exists() else "" for x in changed}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 53))
        for path, text in changed.items():
            path.write_text(text)
        yield "https://login9.example.org"
        for path, text in old.items():
            path.write_text(text)


@pytest.mark.parametrize("down,cost_s", [
    (closed, 0), (black_hole, CONNECT_S), (mute, CONNECT_S)],
    ids=lambda x: getattr(x, "__name__", ""))
def test_the_next_is_asked(machine, alice, relays, service, down, cost_s):
    with down() as first:
        relay = relays([first, url_of(service)], add_host(machine))
        done = login(machine, relay, "alice", alice.code(machine.now))
        assert done.accepted and cost_s <= done.seconds < cost_s + SLACK_S
        line = relay.wait_for("alice not decided")
        assert f"{first}: " in line and "it was not asked" in line
        for _ in range(3):  # it is passed over now
            service.set_clock(machine.now + 60)
            done = login(machine, relay, "alice", alice.code(machine.now))
            assert done.accepted and done.seconds < SLACK_S
        assert relay.said("not decided") == 1


def test_a_name_that_cannot_be_looked_up(machine, relays, nameless):
    with False_(good) as second:
        relay = relays([nameless, second.url], KEY)
        done = login(machine, relay, "alice", "123456")
        assert done.accepted
        assert CONNECT_S <= done.seconds < CONNECT_S + SLACK_S
        assert "esolving timed out" in relay.wait_for("alice not decided")


def test_all_down_is_a_refusal_at_once(machine, relays):
    with closed() as first, closed() as second:
        relay = relays([first, second], KEY)
        for turn in range(2):  # however long they are to be passed over
            done = login(machine, relay, "alice", "123456")
            assert done.result == "PAM_AUTHINFO_UNAVAIL"
            assert done.seconds < SLACK_S
            assert relay.said(f"{first}: ") == relay.said(f"{second}: ") \
                == turn + 1


@pytest.mark.parametrize("count,seconds", [(2, 4), (4, 5)])
def test_all_out_of_reach_is_a_refusal_in_time(
        machine, relays, count, seconds):
    with contextlib.ExitStack() as stack:
        relay = relays([stack.enter_context(black_hole())
                        for _ in range(count)], KEY)
        done = login(machine, relay, "alice", "123456")
        assert done.result == "PAM_AUTHINFO_UNAVAIL"
        assert seconds - 0.1 <= done.seconds < seconds + SLACK_S


def test_those_passed_over_are_tried_if_no_other_answers(
        machine, alice, relays, service):
    port = service.tls_port
    service.stop()
    with False_(good) as second:
        relay = relays([f"https://localhost:{port}", second.url],
                       add_host(machine))
        assert login(machine, relay, "alice", "123456").accepted
        service.conf.write_text(service.conf.read_text().replace(
            "https://127.0.0.1:0", f"https://127.0.0.1:{port}"))
        service.start()
    done = login(machine, relay, "alice", alice.code(machine.now))
    assert done.accepted
    relay.wait_for(f"https://localhost:{port}: answers again")


SKIP_S = 30  # so long is a service passed over


def test_several_out_of_reach_cost_a_login_one_connect_at_most(
        machine, relays):
    """When their time is over too; else it would come too late for the rest."""
    with contextlib.ExitStack() as stack:
        holes = [stack.enter_context(black_hole()) for _ in range(3)]
        last = stack.enter_context(False_(good))
        relay = relays([*holes, last.url], KEY)
        login(machine, relay, "alice", "123456")  # finds out about them
        time.sleep(SKIP_S + 1)
        for _ in range(4):
            done = login(machine, relay, "alice", "123456")
            assert done.accepted and done.seconds < CONNECT_S + SLACK_S
        assert [relay.said(f"{x}: ") for x in holes] == [2] * 3


def test_who_cannot_ask_does_not_try_a_service_again(machine, relays):
    """Or whoever types such names would keep it passed over for ever."""
    nameless = record(b"emotp1", b"verify", NONCE, b"al\xff", b"123456",
                      b"sshd", b"")
    with False_(lambda told: None) as first, False_(good) as second:
        relay = relays([first.url, second.url], KEY)
        assert talk(QUESTION, relay.socket)[3] == b"unavailable"
        first.answer = good
        time.sleep(SKIP_S + 1)
        assert talk(nameless, relay.socket)[3] == b"unavailable"
        assert talk(QUESTION, relay.socket)[3] == b"accepted"
        assert len(first.requests) == 2 and not second.requests


def test_a_slow_service_is_waited_for(machine, relays):
    def slowly(told):
        time.sleep(DEADLINE_S - 1.5)
        return told.answer()

    with False_(slowly) as false:
        relay = relays([false.url], KEY)
        assert login(machine, relay, "alice", "123456").accepted


# Once written, never again.


def test_a_service_that_dies_while_it_is_asked(machine, alice, relays,
                                               service):
    with False_(good) as second:
        relay = relays([url_of(service), second.url], add_host(machine))
        assert login(machine, relay, "alice",
                     alice.code(machine.now)).accepted
        service.set_clock(machine.now + 60)
        service.process.send_signal(signal.SIGSTOP)
        killer = threading.Timer(1, service.stop, [signal.SIGKILL])
        killer.start()
        done = login(machine, relay, "alice", alice.code(machine.now))
        killer.join()
        assert done.result == "PAM_AUTHINFO_UNAVAIL"
        assert "it was asked, so no other is" in relay.wait_for("not decided")
        assert not second.requests
        assert login(machine, relay, "alice", "123456").accepted  # the second
    service.start()


def test_closed_when_it_was_asked_on_a_connection_that_was_kept(
        machine, relays):
    """Here libcurl by itself would ask again."""
    turns = iter([good, lambda told: None])
    with False_(lambda told: next(turns, good)(told)) as false, \
            False_(good) as second:
        relay = relays([false.url, second.url], KEY)
        assert login(machine, relay, "alice", "123456").accepted
        done = login(machine, relay, "alice", "654321")
        assert done.result == "PAM_AUTHINFO_UNAVAIL"
        assert [x.json["otp"] for x in false.requests] == ["123456", "654321"]
        assert not second.requests
        line = relay.wait_for("not decided")
        assert "closed the connection when it was asked" in line
        assert "it was asked, so no other is" in line


@pytest.mark.parametrize("reset", [False, True])
def test_closed_as_soon_as_something_came(machine, relays, reset):
    """The service saw nothing, or not all; who asked cannot know that."""
    written = []

    def serve():
        with contextlib.suppress(OSError):
            peer, _ = listener.accept()
            peer.sendall(False_.read(peer).answer())
            readable([peer], 30)
            if not reset:  # else what is unread makes it one
                peer.recv(65536)
            peer.close()
            while True:
                peer, _ = listener.accept()
                peer.settimeout(3)
                written.append(peer.recv(65536))

    with socket.create_server(("127.0.0.1", 0)) as listener, \
            False_(good) as second:
        threading.Thread(target=serve, daemon=True).start()
        relay = relays([f"http://127.0.0.1:{listener.getsockname()[1]}",
                        second.url], KEY)
        assert login(machine, relay, "alice", "123456").accepted
        done = login(machine, relay, "alice", "654321")
        assert done.result == "PAM_AUTHINFO_UNAVAIL"
        assert "it was asked, so no other is" in relay.wait_for("not decided")
        relay.stop()
        time.sleep(0.1)
        assert b"".join(written) == b"" and not second.requests
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("how", ["farewell", "hung up", "in clear"])
def test_closed_between_two_logins(machine, relays, how):
    """Nothing was written: on a new connection it is asked all the same."""
    with False_(good, clear=how == "in clear") as false:
        relay = relays([false.url], KEY)
        for turn in range(1, 6):
            assert login(machine, relay, "alice", "123456").accepted
            assert (false.connections, len(false.requests)) == (turn, turn)
            false.hang_up(politely=how == "farewell")
            time.sleep(0.05)
        assert not relay.said("not decided")


def test_a_stopped_service_is_left_and_found_again(
        machine, alice, relays, service):
    port = service.tls_port
    relay = relays([url_of(service)], add_host(machine))
    service.conf.write_text(service.conf.read_text().replace(
        "https://127.0.0.1:0", f"https://127.0.0.1:{port}"))
    for number in (signal.SIGTERM, signal.SIGKILL):
        assert login(machine, relay, "alice",
                     alice.code(machine.now)).accepted
        service.stop(number)
        service.start()
        service.set_clock(machine.now + 60)
        assert login(machine, relay, "alice",
                     alice.code(machine.now)).accepted
        service.set_clock(machine.now + 60)
    assert not relay.said("not decided")


def test_kill_9_under_load_accepts_no_code_twice(machine, relays, service):
    users = ["alice", "bob", "carol", "dave"]
    tokens = {x: machine.enrol(x) for x in users}
    port = service.tls_port
    relay = relays([url_of(service)], add_host(machine))
    service.conf.write_text(service.conf.read_text().replace(
        "https://127.0.0.1:0", f"https://127.0.0.1:{port}"))
    accepted = []

    def ask(user):
        code = tokens[user].code(machine.now)
        told = talk(record(b"emotp1", b"verify", NONCE, user.encode(),
                           code.encode(), b"sshd", b""), relay.socket)[3]
        if told == b"accepted":
            accepted.append((user, code))

    for turn in range(8):
        service.set_clock(machine.now + 120)
        killer = threading.Timer(0.003 * turn, service.stop,
                                 [signal.SIGKILL])
        killer.start()
        machine.together([lambda x=x: ask(x) for x in users * 2])
        killer.join()
        service.start()
        for user in users:
            ask(user)
    assert len(accepted) == len(set(accepted)) > 8


# Connections and threads.


def test_a_connection_is_kept(machine, relays):
    with False_(good) as false:
        relay = relays([false.url], KEY)
        for _ in range(5):
            assert login(machine, relay, "alice", "123456").accepted
        assert (false.connections, len(false.requests)) == (1, 5)


def threads(relay):
    return len(os.listdir(f"/proc/{relay.process.pid}/task"))


def test_nothing_grows(machine, relays):
    """However often the service hangs up, refuses and comes back."""
    def soon(told):
        time.sleep(0.02)  # so that all of its threads have something to do
        return told.answer()

    with False_(soon) as false, closed() as nobody:
        relay = relays([nobody, false.url], KEY)

        def round(count):
            for _ in range(count):
                told = machine.together(
                    [lambda: talk(QUESTION, relay.socket)[3]] * 16)
                assert told == [b"accepted"] * 16
                false.hang_up(politely=count % 2 == 0)
                time.sleep(0.02)
            return relay.descriptors(), threads(relay)

        before = round(5)
        after = round(40)
        # A thread that tries the other address again has a handle for it.
        assert after[0] <= before[0] + 16 and after[1] == before[1] == 10


def test_more_questions_than_can_be_asked(machine, relays):
    """The late ones are not written; all are decided in time."""
    began = time.monotonic()
    with False_(lambda told: time.sleep(DEADLINE_S + 3)) as false:
        relay = relays([false.url], KEY)
        told = machine.together(
            [lambda: talk(QUESTION, relay.socket)[3]] * 40)
        assert told == [b"unavailable"] * 40
        assert time.monotonic() - began < DEADLINE_S + SLACK_S
        assert len(false.requests) == 8
        assert relay.said("it had to wait for too long") == 32


def test_a_slow_service_leaves_room_for_root(machine, relays):
    """However many questions another user asks it."""
    def slowly(told):
        if told.json["user"] == "alice":
            time.sleep(DEADLINE_S + 3)
        return told.answer()

    with False_(slowly) as false, contextlib.ExitStack() as stack:
        relay = relays([false.url], KEY)
        for _ in range(12):
            s = stack.enter_context(connect_as(2001, relay.socket))
            s.send(QUESTION)
        time.sleep(0.5)
        done = login(machine, relay, "bob", "123456")
        assert done.accepted and done.seconds < SLACK_S
        assert 0 < sum(x.json["user"] == "alice" for x in false.requests) < 8


@contextlib.contextmanager
def endless():
    """Users are looked up for ever: in a pipe that nobody writes into."""
    users, aside = Path("/etc/passwd"), Path("/etc/passwd.aside")
    users.rename(aside)
    os.mkfifo(users)
    yield
    pipe = os.open(users, os.O_RDWR | os.O_NONBLOCK)
    aside.rename(users)
    os.close(pipe)


def test_users_that_are_looked_up_for_ever_leave_room_for_root(
        machine, relays):
    with False_(good) as false, contextlib.ExitStack() as stack:
        relay = relays([false.url], KEY)
        stack.enter_context(endless())
        for _ in range(12):
            s = stack.enter_context(connect_as(2001, relay.socket))
            s.send(QUESTION)
        time.sleep(0.5)
        began = time.monotonic()
        assert talk(QUESTION, relay.socket)[3] == b"accepted"
        assert time.monotonic() - began < SLACK_S
        relay.stop(signal.SIGKILL)


def test_many_at_a_time(machine, relays, service, alice):
    relay = relays([url_of(service)], add_host(machine))
    question = record(b"emotp1", b"verify", NONCE, b"alice",
                      alice.code(machine.now).encode(), b"sshd", b"")
    told = machine.together([lambda: talk(question, relay.socket)[3]] * 64)
    assert told.count(b"accepted") == 1 and told.count(b"refused") == 63
