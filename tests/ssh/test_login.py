"""A real sshd, a stock client, a public key and a code."""

import os
import pty
import signal
import time

import pytest

from machine import DENIAL, PROMPT
from tools import readable

COMMAND = 'echo "in as $(id -un)"'


def test_key_and_code_end_in_the_remote_commands_output(machine, alice):
    with machine.sshd() as sshd:
        start = machine.syslog.here()
        code = alice.code(machine.now)
        done = sshd.login("alice", code, COMMAND)
        assert (done.returncode, done.stdout) == (0, "in as alice\n"), done
        line, = [x for x in machine.syslog.since(start)
                 if "accepted code" in x]
        assert line == ("pam_emotp(sshd:auth): accepted code for alice from "
                        "127.0.0.1 token=1 drift=0")

        done = sshd.login("alice", code, COMMAND)
        assert done.returncode == 255 and done.stdout == ""
        assert DENIAL in done.stderr
        machine.syslog.wait_for("alice refused: replayed", start)

        done = sshd.login("alice", alice.wrong(machine.now), COMMAND)
        assert done.returncode == 255 and done.stdout == ""
        assert DENIAL in done.stderr
        machine.syslog.wait_for("alice refused: wrong", start)

        done = sshd.login("alice", None, COMMAND)
        assert done.returncode == 255 and done.stdout == ""
        assert "Permission denied (keyboard-interactive)" in done.stderr

        sshd.set_clock(machine.now + 60)
        done = sshd.login("alice", alice.code(machine.now), COMMAND, key=False)
        assert done.returncode == 255 and done.stdout == ""
        assert "Permission denied (publickey)" in done.stderr

        done = sshd.login("alice", alice.code(machine.now), COMMAND)
        assert (done.returncode, done.stdout) == (0, "in as alice\n"), done


def test_a_failure_in_the_log_reads_as_documented(machine, alice):
    with machine.sshd() as sshd:
        start = machine.syslog.here()
        sshd.login("alice", alice.wrong(machine.now))
        machine.syslog.wait_for("refused: wrong", start)
        lines = [x for x in machine.syslog.since(start)
                 if x.startswith("pam_emotp")]
        assert lines[:2] == [
            "pam_emotp(sshd:auth): authentication failure; logname= uid=0 "
            "euid=0 tty=ssh ruser= rhost=127.0.0.1  user=alice",
            "pam_emotp(sshd:auth): alice refused: wrong"]


def test_a_drifted_device_gets_in_with_two_codes(machine):
    token = machine.enrol("alice")
    with machine.sshd() as sshd:
        done = sshd.login("alice", token.code(machine.now, -6), COMMAND)
        assert done.returncode == 255
        sshd.set_clock(machine.now + 60)
        done = sshd.login("alice", token.code(machine.now, -6), COMMAND)
        assert done.stdout == "in as alice\n", done
        assert "Your device's clock is about 6 minutes slow" in done.stderr


def test_thirty_two_sessions_one_acceptance(machine, alice):
    with machine.sshd(args="prompts=1") as sshd:
        for _ in range(2):
            start = machine.syslog.here()
            code = alice.code(machine.now)
            done = machine.together(
                [lambda: sshd.login("alice", code, COMMAND)] * 32)
            assert [x.stdout for x in done if x.returncode == 0] == \
                ["in as alice\n"], done
            assert all(x.returncode == 255 and x.stdout == "" for x in done
                       if x.returncode != 0)
            lines = machine.syslog.since(start)
            assert len([x for x in lines if "accepted code" in x]) == 1
            assert len([x for x in lines
                        if "alice refused: replayed" in x]) == 31
            sshd.set_clock(machine.now + 60)
        assert machine.show("alice")["failures"] == 0


def read_until(fd, text, timeout=30):
    data = b""
    end = time.monotonic() + timeout
    while text not in data:
        ready = readable([fd], max(0, end - time.monotonic()))
        assert ready, data
        data += os.read(fd, 4096)
    return data


def interactive(sshd, user):
    """ssh at a terminal of its own: (pid, descriptor)."""
    argv = sshd.command(user, COMMAND)
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.pop("LD_PRELOAD", None)
        os.execvp(argv[0], argv)
    return pid, fd


def test_a_guess_counts_though_the_connection_drops(machine, alice):
    with machine.sshd() as sshd:
        start = machine.syslog.here()
        for i in range(3):
            pid, fd = interactive(sshd, "alice")
            read_until(fd, PROMPT.strip().encode())
            os.write(fd, alice.wrong(machine.now, i).encode() + b"\n")
            read_until(fd, PROMPT.strip().encode())
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            os.close(fd)
        lines = [x for x in machine.syslog.since(start)
                 if "alice refused: wrong" in x]
        assert len(lines) == 3
    assert machine.show("alice")["failures"] == 3


def test_the_code_is_not_shown_and_three_tries_are_given(machine, alice):
    with machine.sshd() as sshd:
        pid, fd = interactive(sshd, "alice")
        wrong = alice.wrong(machine.now)
        seen = b""
        for typed in (wrong, "hunter2", alice.code(machine.now)):
            seen += read_until(fd, PROMPT.strip().encode())
            os.write(fd, typed.encode() + b"\n")
        seen += read_until(fd, b"in as alice")
        os.close(fd)
        os.waitpid(pid, 0)
    assert seen.count(DENIAL.encode()) == 2, seen
    assert wrong.encode() not in seen and b"hunter2" not in seen


@pytest.mark.parametrize("user", ["alice", "bob", "carol", "nobody-else"])
def test_every_denial_looks_alike_from_outside(machine, alice, user):
    """A wrong code, an invited user, a revoked one, an unknown one."""
    machine.add("bob")
    machine.enrol("carol")
    machine.provision("revoke", "carol", ok=True)
    with machine.sshd() as sshd:
        done = sshd.login(user, "000000")
        assert done.returncode == 255 and done.stdout == ""
        again = f"({user}@127.0.0.1) {DENIAL}\n{PROMPT}"
        assert done.prompts == [f"({user}@127.0.0.1) {PROMPT}", again, again]
        assert done.stderr.count(DENIAL) == 1, done
        assert "Permission denied (keyboard-interactive)" in done.stderr


def test_the_client_that_scripts_use_gets_in(machine, alice):
    with machine.sshd() as sshd:
        done = sshd.sshpass("alice", alice.code(machine.now), COMMAND)
        assert (done.returncode, done.stdout) == (0, "in as alice\n"), done


def test_an_account_that_may_not_log_in_learns_nothing(machine, alice):
    """sshd answers for such users with junk; it is not judged as a code."""
    with machine.sshd("DenyUsers alice") as sshd:
        start = machine.syslog.here()
        done = sshd.login("alice", alice.code(machine.now))
        assert done.returncode == 255
        assert not any("accepted code" in x
                       for x in machine.syslog.since(start))
    assert machine.show("alice")["failures"] == 0


def test_nullok_lets_the_key_alone_do(machine, alice):
    with machine.sshd(stack=["auth required {module} nullok",
                             "auth required pam_permit.so"]) as sshd:
        done = sshd.login("carol", "000000", COMMAND)
        assert done.stdout == "in as carol\n", done
        assert done.prompts == []
        done = sshd.login("alice", alice.wrong(machine.now), COMMAND)
        assert done.returncode == 255 and done.stdout == ""
        assert len(done.prompts) == 3


@pytest.mark.parametrize("broken", ["store", "key", "conf"])
def test_nobody_gets_in_while_the_store_is_away(machine, alice, broken):
    with machine.sshd(stack=["auth required {module} nullok",
                             "auth required pam_permit.so"]) as sshd:
        {"store": machine.store_path, "key": machine.key_path,
         "conf": machine.conf_path}[broken].unlink()
        for user in ("alice", "carol"):
            done = sshd.login(user, alice.code(machine.now), COMMAND)
            assert done.returncode != 0 and done.stdout == "", done
