"""sendmail -t: a program that takes the mail, or does not."""

import email
import email.policy
import json
import time
from pathlib import Path

import pytest

from machine import CODE
from tools import LIB

RECORD = """#!/usr/bin/python3
import json, os, sys
fds = sorted(int(x) for x in os.listdir("/proc/self/fd"))
text = sys.stdin.buffer.read()
json.dump({"argv": sys.argv[1:], "env": dict(os.environ), "fds": fds,
           "text": text.decode("latin-1"), "cwd": os.getcwd()},
          open("%s", "w"))
"""


@pytest.fixture
def program(machine):
    """A function that makes a script the host's mail program."""
    path = machine.dir / "sendmail"

    def install(text):
        path.write_text(text)
        path.chmod(0o755)
        machine.conf(mail=f"sendmail:{path}")
        machine.add("alice", "alice@example.org")
        return path
    return install


@pytest.fixture
def recorded(machine, program):
    """Runs what sends one mail; what the program saw."""
    note = machine.dir / "note"
    program(RECORD % note)

    def run(*args, **options):
        machine.provision(*args, ok=True, **options)
        return json.loads(note.read_text())
    return run


def test_the_letter(machine, recorded):
    seen = recorded("invite", "alice")
    assert "\r" not in seen["text"] and seen["text"].endswith("\n")
    letter = email.message_from_string(seen["text"],
                                       policy=email.policy.default)
    assert letter["To"] == "alice@example.org"
    assert letter["Subject"] == "Your registration code for Example"
    code = CODE.search(letter.get_content())[1]
    assert machine.register("alice", code).rc == 0


def test_what_the_program_is_given(recorded):
    seen = recorded("invite", "alice", env={"SECRET": "x", "LC_ALL": "pt_PT"})
    assert seen["argv"] == ["-t", "-i"]
    assert set(seen["env"]) - {"LC_CTYPE"} == {"PATH"}
    assert seen["fds"] in ([0, 1, 2], [0, 1, 2, 3])  # 3: the listing itself
    assert seen["cwd"] == "/"


# What the program does, and what the error line says.
FAILING = {
    "status": ("echo no such luck >&2; exit 75", "status 75: no such luck"),
    "silent": ("exit 1", "exit status 1"),
    "signal": ("kill -9 $$", "signal 9"),
    "first line": ("echo one >&2; echo two >&2; exit 1", "status 1: one"),
    "escapes": ("printf 'a\\033[2Jb\\n' >&2; exit 1", "status 1: a"),
    "much": ("yes | head -c 1000000 >&2; exit 1", "status 1: y"),
    "unread": ("exec 0<&-; exit 2", "exit status 2"),
}


@pytest.mark.parametrize("case", FAILING)
def test_a_failure_is_exit_7(machine, program, nothing_lives, case):
    script, says = FAILING[case]
    path = program(f"#!/bin/bash\n{script}\n")
    done = machine.provision("invite", "alice")
    assert done.rc == 7 and says in done.err, done
    assert done.err.startswith(f"emotp-provision: {path}: ")
    assert done.err.count("\n") == 1 and "\x1b" not in done.err
    nothing_lives()


@pytest.mark.parametrize("obstacle", ["missing", "not executable",
                                      "directory"])
def test_a_program_that_cannot_run_is_exit_7(machine, program, nothing_lives,
                                             obstacle):
    path = program("#!/bin/sh\n")
    if obstacle == "not executable":
        path.chmod(0o644)
    else:
        path.unlink()
        if obstacle == "directory":
            path.mkdir()
    done = machine.provision("invite", "alice")
    assert done.rc == 7 and str(path) in done.err, done
    nothing_lives()


def test_a_program_that_leaves_a_child_behind_is_not_waited_for(
        machine, program):
    program("#!/bin/sh\ncat >/dev/null\nsleep 30 &\nexit 0\n")
    machine.provision("invite", "alice", ok=True)


def hurried(machine, times):
    """An environment in which deadlines come so many times as soon."""
    base = machine.environment()
    return {"EMOTP_TEST_HURRY": str(times), "LD_PRELOAD": " ".join(
        [base["LD_PRELOAD"], str(LIB / "hurry.so")])}


def test_a_program_that_is_not_done_in_a_minute_is_killed(
        machine, program, nothing_lives):
    """The minute is one second here, and the program would take four."""
    note = machine.dir / "pid"
    path = program(f"#!/bin/sh\necho $$ >{note}\nexec sleep 4\n")
    started = time.monotonic()
    done = machine.provision("invite", "alice", env=hurried(machine, 60))
    took = time.monotonic() - started
    assert done.rc == 7 and f"{path}: not done after 60 seconds" in done.err
    assert took > 0.9, "it had its minute"
    assert not Path("/proc", note.read_text().strip()).exists()
    nothing_lives()


@pytest.mark.parametrize("setting", ["sendmail:", "sendmail:sendmail",
                                     "sendmail:~/sendmail",
                                     "sendmail", "/usr/sbin/sendmail"])
def test_the_path_is_absolute(machine, nothing_lives, setting):
    machine.add("alice")
    machine.conf(mail=setting)
    done = machine.provision("invite", "alice")
    assert done.rc == 8 and "mail" in done.err, done
    nothing_lives()


def test_what_waits_goes_out_by_flush(machine, program):
    machine.enrol("alice")
    machine.provision("reset", "alice", ok=True)
    note = machine.dir / "note"
    path = machine.dir / "sendmail"
    path.write_text("#!/bin/sh\nexit 1\n")
    path.chmod(0o755)
    machine.conf(mail=f"sendmail:{path}")
    assert machine.provision("flush").rc == 7
    path.write_text(RECORD % note)
    machine.provision("flush", ok=True)
    assert "alice@" in json.loads(note.read_text())["text"]
