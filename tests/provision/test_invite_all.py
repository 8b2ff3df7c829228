"""invite --all: a code for everybody who is invited, one after the other."""

import shutil
import signal
import socket
import subprocess

import pytest

from errors import failed, give_to_dave
from test_bulk import BAR, on_terminal
from tools import PROVISION

BROKEN = "Subject\n\n{nonsense}\n"


@pytest.fixture
def people(machine):
    """Adds users named n1, n2 ...; those in pt cannot be mailed."""
    machine.init()
    folder = machine.dir / "templates" / "pt"
    folder.mkdir(parents=True)
    (folder / "code.txt").write_text(BROKEN)
    machine.conf(templates=folder.parent)

    def add(*languages):
        lines = [f"n{i},n{i}@example.org,{x}"
                 for i, x in enumerate(languages, 1)]
        machine.provision("add", "-", input="\n".join(lines), ok=True)
    return add


def invite_all(machine, **how):
    return machine.provision("--json", "invite", "--all", **how)


def counts(done):
    return [done.json[x] for x in ("mailed", "failed", "skipped")]


def recipients(machine):
    """Names of those who were mailed; files of one instant have no order."""
    return sorted(x.to.split("@")[0] for x in machine.mails())


@pytest.fixture
def silence(machine):
    """A mail server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)
        machine.conf(mail=f"smtp://127.0.0.1:{server.getsockname()[1]}")
        yield server


def start(machine):
    child = subprocess.Popen(
        [PROVISION, "--json", "invite", "--all"], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=machine.environment())
    machine.processes.append(child)
    return child


def test_mails_whoever_is_invited(machine, alice):
    for user in ("bob", "carol", "dave"):
        machine.add(user)
    machine.enrol("nobody-else")
    machine.provision("revoke", "nobody-else", ok=True)
    machine.provision("remove", "dave", ok=True)
    shutil.rmtree(machine.maildir)
    done = machine.provision("invite", "--all")
    assert (done.rc, done.out, done.err) == (0, "2 mailed\n", "")
    assert recipients(machine) == ["bob", "carol"]
    for mail in machine.mails():
        user = mail.to.split("@")[0]
        assert machine.register(user, mail.code).rc == 0


def test_not_whoever_is_disabled(machine, alice):
    """Removing and adding again leaves the flag."""
    machine.login_many("alice", [alice.wrong(machine.now, i)
                                 for i in range(100)], 100, distinct=True)
    machine.provision("remove", "alice", ok=True)
    machine.add("alice")
    shown = machine.show("alice")
    assert (shown["state"], shown["disabled"]) == ("invited", True)
    machine.add("bob")
    shutil.rmtree(machine.maildir)
    assert counts(invite_all(machine)) == [1, 0, 0]
    assert recipients(machine) == ["bob"]


def test_nobody_to_invite(machine, alice):
    before = recipients(machine)
    done = machine.provision("invite", "--all")
    assert (done.rc, done.out, done.err) == (0, "nobody to invite\n", "")
    done = invite_all(machine)
    assert done.rc == 0 and done.json == {"mailed": 0, "failed": 0,
                                          "skipped": 0}
    assert recipients(machine) == before


def test_root_meets_no_limit(machine, people):
    people("en", "en")
    for _ in range(3):
        assert counts(invite_all(machine)) == [2, 0, 0]


def test_whoever_is_at_the_limit_is_skipped(machine, people):
    people("en", "en", "en")
    machine.maildir.mkdir()
    give_to_dave(machine, machine.key_path, machine.maildir)
    machine.provision("invite", "n2", user="dave", ok=True)
    done = machine.provision("invite", "--all", user="dave", ok=True)
    assert done.out.startswith("2 mailed\n1 skipped: ") and done.err == ""
    assert recipients(machine) == ["n1", "n2", "n3"]
    assert counts(invite_all(machine, user="dave")) == [0, 0, 3]


def test_7_a_failure_is_not_the_end(machine, people):
    """Two in a row, and two more after a success."""
    people("en", "pt", "pt", "en", "pt", "pt", "en")
    done = machine.provision("invite", "--all")
    line = failed(done, 7)
    assert line.startswith("emotp-provision: 3 mailed, 4 not: ")
    assert "code.txt" in line and done.out == ""
    assert recipients(machine) == ["n1", "n4", "n7"]


def test_7_three_failures_in_a_row_are(machine, people):
    people("en", "pt", "pt", "pt", "en")
    done = invite_all(machine)
    line = failed(done, 7)
    assert "1 mailed, 3 not: " in line and "three failures" in line
    assert counts(done) == [1, 3, 0]
    assert recipients(machine) == ["n1"]


def test_7_a_server_that_is_down(machine, people):
    people(*["en"] * 5)
    machine.conf(mail=f"maildir:{machine.dir}/no/such")
    done = invite_all(machine)
    assert "0 mailed, 3 not: " in failed(done, 7)
    assert counts(done) == [0, 3, 0]


@pytest.mark.parametrize("args", [
    ["invite"], ["invite", "--all", "n1"], ["invite", "n1", "--all"],
    ["invite", "--all=n1"], ["show", "--all"], ["invite", "--", "--all"],
], ids=" ".join)
def test_2_usage(machine, people, args):
    people("en")
    failed(machine.provision(*args), 3 if "--" in args else 2)
    assert machine.mails() == []


def test_one_line_in_the_log(machine, people):
    people("en", "pt")
    done = machine.provision("invite", "--all", env={"SUDO_USER": "carol"})
    line, = done.log
    assert line.startswith("invite --all: 1 mailed, 1 failed, 0 skipped, by ")
    assert "carol" in line and line.facility == "authpriv"


def test_logins_go_on_while_a_mail_is_under_way(machine, alice, silence):
    machine.add("bob")
    child = start(machine)
    connection, _ = silence.accept()
    with connection:
        assert machine.login("alice", alice.code(machine.now),
                             "prompts=1").accepted
        machine.add("carol")
        assert child.poll() is None
    silence.close()
    out, err = child.communicate(timeout=60)
    assert child.returncode == 7 and "0 mailed, 2 not" in err


def test_stops_after_the_mail_that_is_under_way(machine, people, silence):
    people("en", "en", "en")
    machine.conf(mail=f"smtp://127.0.0.1:{silence.getsockname()[1]}")
    here = machine.syslog.here()
    child = start(machine)
    connection, _ = silence.accept()
    child.send_signal(signal.SIGINT)
    connection.close()
    out, err = child.communicate(timeout=60)
    assert child.returncode == 7, err
    line, = [x for x in machine.syslog.since(here) if "invite" in x]
    assert "0 mailed, 1 failed, 0 skipped" in line


def test_a_bar_on_a_terminal(machine, people):
    people("en", "en")
    drawn = on_terminal(machine, f"{PROVISION} invite --all").split(
        "\r\x1b[K")
    bars = [x for x in drawn if x.startswith("Mailing codes [")]
    assert bars and all(BAR.search(x) and "of 2" in x for x in bars)
    assert drawn[-1] == "2 mailed\r\n"
    assert on_terminal(machine, f"{PROVISION} --json invite --all") == (
        '{"mailed":2,"failed":0,"skipped":0}\r\n')
