"""What fail2ban makes of the log that real logins write."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tools import TOP

FILTER = "pam-generic[__pam_auth=pam_emotp]"
JAIL = TOP / "etc/examples/fail2ban-emotp.conf"
STRANGER = "192.0.2.7"  # where machine.login comes from

# Who chooses a name chooses a part of the log.
NAMES = ["rhost=1.2.3.4", "x rhost=1.2.3.4", "x  user=y rhost=1.2.3.4",
         "x\nauthentication failure; logname= uid=0 euid=0 tty=ssh ruser= "
         "rhost=1.2.3.4  user=x", "user=", "x rhost=1.2.3.4  user=root",
         "pam_emotp(sshd:auth): authentication failure; logname= uid=0 "
         "euid=0 tty=ssh ruser= rhost=1.2.3.4  user=x"]
TEXTS = [x.replace("\n", " ") for x in NAMES]


def as_file(line):
    """As rsyslog writes it to auth.log."""
    stamp, rest = re.fullmatch(r"<\d+>(.{15}) (.*)", line.raw, re.S).groups()
    return f"{stamp} login {rest}"


def as_journal(line):
    """As the backend systemd hands it to the filter."""
    rest = re.fullmatch(r"<\d+>.{15} (.*)", line.raw, re.S)[1]
    return f"2027-01-15T08:00:00.000000 login {rest}"


FORMS = {"file": as_file, "journal": as_journal}


def addresses(machine, lines, form):
    """One for each line that fail2ban takes for a failure."""
    log = machine.dir / "auth.log"
    log.write_text("".join(FORMS[form](x) + "\n" for x in lines))
    kind = ("[__pam_auth=pam_emotp,logtype=journal]" if form == "journal"
            else "[__pam_auth=pam_emotp]")
    done = machine.run(["fail2ban-regex", "--usedns=no", "-o", "ip", log,
                        "pam-generic" + kind], leaks=False)
    assert done.rc in (0, 1) and done.err == "", done
    return done.out.split()


@pytest.fixture(params=FORMS)
def found(machine, request):
    """Syslog lines to the addresses in them, in both forms of a log."""
    return lambda lines: addresses(machine, lines, request.param)


def test_refused_logins_over_ssh_are_found(machine, alice, found):
    with machine.sshd(args="prompts=1") as sshd:
        start = machine.syslog.here()
        for _ in range(3):
            sshd.login("alice", alice.wrong(machine.now))
        machine.syslog.wait_for("refused: wrong", start)
        lines = machine.syslog.since(start)
        assert found(lines) == ["127.0.0.1"] * 3, lines


def test_an_accepted_login_over_ssh_is_none(machine, alice, found):
    with machine.sshd() as sshd:
        start = machine.syslog.here()
        assert sshd.login("alice", alice.code(machine.now)).returncode == 0
        machine.syslog.wait_for("accepted code", start)
        assert found(machine.syslog.since(start)) == []


@pytest.mark.parametrize("reason", ["wrong", "replayed", "pending",
                                    "malformed", "unknown"])
def test_every_refusal_counts_once(machine, alice, found, reason):
    typed = {"wrong": alice.wrong(machine.now), "malformed": "hunter2",
             "replayed": alice.code(machine.now - 300),
             "pending": alice.code(machine.now, 5), "unknown": "123456"}
    user = "mallory" if reason == "unknown" else "alice"
    login = machine.login(user, typed[reason], "prompts=1")
    assert login.refused_as == [reason]
    assert found(login.log) == [STRANGER]


def test_an_address_of_the_newer_kind(machine, alice, found):
    login = machine.login("alice", "000000", "prompts=1", rhost="2001:db8::7")
    assert found(login.log) == ["2001:db8::7"]


def test_what_could_not_be_decided_is_nobodys_failure(machine, alice, found):
    machine.store_path.unlink()
    login = machine.login("alice", alice.code(machine.now), "prompts=1")
    assert login.result == "PAM_AUTHINFO_UNAVAIL" and login.log
    assert found(login.log) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_name_cannot_accuse_an_address(machine, alice, found, name):
    login = machine.login(name, "123456", "prompts=1")
    assert login.refused_as
    assert found(login.log) == [STRANGER]


@pytest.mark.parametrize("host", [
    "1.2.3.4 user=x", "x rhost=1.2.3.4", "x  user=y rhost=1.2.3.4",
    "rhost=1.2.3.4", "", " 1.2.3.4", "1.2.3.4\\x20"])
def test_a_host_that_is_no_address_accuses_none(machine, alice, found, host):
    login = machine.login("alice", "123456", "prompts=1", rhost=host)
    assert login.refused_as
    assert found(login.log) == []


def test_names_over_ssh_accuse_none_but_their_sender(machine, alice, found):
    """With the lines that sshd itself writes about such names."""
    with machine.sshd("AuthenticationMethods keyboard-interactive:pam",
                      args="prompts=1") as sshd:
        start = machine.syslog.here()
        for name in TEXTS:
            sshd.login("x", "123456", options=["User=" + name])
        machine.syslog.wait_for("refused: ", start)
        lines = machine.syslog.since(start)
        said = [x for x in sshd.log.read_text().splitlines()
                if "1.2.3.4" in x]
        assert said
        kind = type(lines[0])
        lines += [kind(f"<86>Jan 15 08:00:00 sshd[1]: {x}") for x in said]
        assert set(found(lines)) == {"127.0.0.1"}, lines


@pytest.fixture
def jail(machine, tmp_path):
    """fail2ban's configuration with our jail, as it is read: one command
    of the server on each line."""
    shutil.copytree("/etc/fail2ban", tmp_path / "f2b")
    for path in (tmp_path / "f2b/jail.d").iterdir():
        path.unlink()
    shutil.copy(JAIL, tmp_path / "f2b/jail.d/emotp.conf")
    done = machine.run(["fail2ban-client", "-c", tmp_path / "f2b", "-d"],
                       leaks=False)
    assert done.rc == 0, done
    return done.out


def test_the_example_is_a_jail_that_fail2ban_reads(jail):
    assert "['add', 'emotp', 'systemd']" in jail
    assert "['set', 'emotp', 'addjournalmatch', '_COMM=sshd']" in jail
    assert "['set', 'emotp', 'maxretry', 10]" in jail
    assert "['set', 'emotp', 'usedns', 'no']" in jail
    assert "['start', 'emotp']" in jail
    assert "addlogpath" not in jail
    prefix, = re.findall(r"^\['set', 'emotp', 'prefregex', (.*)\]$", jail,
                         re.M)
    assert "pam_emotp" in prefix


def test_the_example_uses_the_filter_that_is_tested():
    assert f"\nfilter = {FILTER}\n" in JAIL.read_text()
    assert subprocess.run(["grep", "-qF", FILTER, TOP / "README.md"],
                          check=False).returncode == 0
    assert Path("/etc/fail2ban/filter.d/pam-generic.conf").exists()
