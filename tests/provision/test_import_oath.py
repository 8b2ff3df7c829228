"""import users.oath: the file as pam_oath leaves it, all or none."""

import os
import re
import subprocess
import time

import pexpect
import pytest

from errors import failed, rows
from others import Oath, oath_line
from tools import PROVISION


@pytest.fixture
def host(machine):
    for user in ("alice", "bob", "carol"):
        machine.add(user)
    return machine


def take(machine, oath, *args, **how):
    return machine.provision("import", "users.oath", oath.path, *args, **how)


def accepted(machine, user, code):
    return machine.pamtester(user, code, "prompts=1")[0]


def tokens(machine, user):
    return machine.show(user)["tokens"]


@pytest.mark.parametrize("kind", ["HOTP/T30", "HOTP/T30/6", "HOTP/T30/8",
                                  "HOTP/T60", "HOTP/T60/6", "HOTP/T60/8"])
def test_the_next_code_opens_a_session(host, kind):
    line, device = oath_line("alice", kind)
    oath = Oath(host, line)
    if device.digits == 8:
        host.stack("theirs", "auth required pam_oath.so window=10 digits=8 "
                             f"usersfile={oath.path}")
    code = device.code(host.now)
    assert oath.login("alice", code), "the file is theirs"
    done = take(host, oath, ok=True)
    assert "1 token was imported" in done.out and done.err == ""
    assert not accepted(host, "alice", code)
    host.wait(period=device.period)
    assert accepted(host, "alice", device.code(host.now))
    token, = tokens(host, "alice")
    assert (token["period"], token["digits"], token["label"]) == (
        device.period, device.digits, "users.oath")
    assert token["confirmed"] and host.show("alice")["state"] == "active"


def test_a_secret_that_oathtool_knows(host):
    line, device = oath_line("alice")
    oath = Oath(host, line)
    take(host, oath, ok=True)
    host.wait(period=30)
    code = host.run(["oathtool", "--totp", f"--now=@{host.now}",
                     line.split()[3]], leaks=False).out.strip()
    assert code == device.code(host.now)
    assert accepted(host, "alice", code)


def test_a_code_of_a_fast_device_used_there_is_not_good_here(host):
    """The file has the time of the login, not the step of the code."""
    line, device = oath_line("alice")
    oath = Oath(host, line)
    code = device.code(host.now, 3)
    assert oath.login("alice", code)
    assert code in oath.text
    take(host, oath, ok=True)
    host.wait(3, period=30)
    assert not accepted(host, "alice", code)
    host.wait(period=30)
    assert accepted(host, "alice", device.code(host.now))


def test_the_larger_of_what_was_carried_and_now(host):
    line, device = oath_line("alice")
    oath = Oath(host, line)
    assert oath.login("alice", device.code(host.now + 150), host.now + 150)
    take(host, oath, ok=True)
    for _ in range(5):
        host.wait(period=30)
        assert not accepted(host, "alice", device.code(host.now))
    host.wait(period=30)
    assert accepted(host, "alice", device.code(host.now))


def test_the_times_are_those_of_services(host):
    """A shell with a TZ of its own would move them by hours."""
    line, device = oath_line("alice")
    oath = Oath(host, line)
    assert oath.login("alice", device.code(host.now))
    done = take(host, oath, env={"TZ": "Etc/GMT+12"}, ok=True)
    assert done.err == ""
    host.wait(period=30)
    assert accepted(host, "alice", device.code(host.now))


def test_a_code_of_the_far_future_is_warned_about(host):
    line, device = oath_line("alice")
    oath = Oath(host, line)
    later = host.now + 86400
    assert oath.login("alice", device.code(later), later)
    done = take(host, oath, ok=True)
    assert "warning: 1 had used a code of the future" in done.err


def test_everybody_at_once(host):
    (one, first), (two, second), (three, third) = (
        oath_line("alice", number=1), oath_line("bob", "HOTP/T60", number=2),
        oath_line("Carol", "HOTP/T30/8", number=3))
    four, fourth = oath_line("alice", "HOTP/T60", number=4)
    oath = Oath(host, "# users of this house", "", one, "  " + two, "   ",
                "\t#", three.replace("\t", "   \t ") + " \r", four)
    assert "4 tokens were imported" in take(host, oath, ok=True).out
    host.wait()
    for user, device in (("alice", first), ("bob", second), ("carol", third)):
        assert accepted(host, user, device.code(host.now))
    host.wait()
    assert accepted(host, "alice", fourth.code(host.now))


def test_a_pin_is_warned_about(host):
    lines = [oath_line("alice", pin="-", number=1)[0],
             oath_line("bob", pin="+", number=2)[0]]
    assert take(host, Oath(host, *lines), "--dry-run", ok=True).err == ""
    lines += [oath_line(user, pin="4711", number=number)[0]
              for number, user in enumerate(
                  ["carol", "alice", "bob", "carol"], 3)]
    for args in (["--dry-run"], []):
        done = take(host, Oath(host, *lines), *args, ok=True)
        assert done.err == ("emotp-provision: warning: a PIN is not carried "
                            "over, and 4 had one: carol, alice, bob, ...\n")
        assert "4711" not in done.out + "".join(done.log)


GOOD = oath_line("alice")[0]
SECRET = "abad1deacafe5ec4e7"
BAD = {
    "HOTP": (1, f"HOTP bob - {SECRET}", "counter (HOTP)"),
    "HOTP/E": (1, f"HOTP/E bob - {SECRET}", "counter (HOTP)"),
    "HOTP/E/8": (1, f"HOTP/E/8 bob - {SECRET}", "counter (HOTP)"),
    "seven digits": (1, f"HOTP/T30/7 bob - {SECRET}", "6 and of 8"),
    "another period": (2, f"HOTP/T45 bob - {SECRET}", "type"),
    "another type": (2, f"kangaroo bob - {SECRET}", "type"),
    "no secret": (2, "HOTP/T30 bob kangaroo", "no secret"),
    "only a type": (2, "HOTP/T30", "no secret"),
    "odd hexadecimal": (2, f"HOTP/T30 bob - {SECRET}0", "hexadecimal"),
    "no hexadecimal": (2, "HOTP/T30 bob - kangaroo", "hexadecimal"),
    "long secret": (2, "HOTP/T30 bob - " + "ab" * 65, "hexadecimal"),
    "bad user": (2, f"HOTP/T30 kangaroo:x - {SECRET}", "name"),
    "bad code": (2, f"HOTP/T30 bob - {SECRET} 0 12345x", "sixth"),
    "short code": (2, f"HOTP/T30 bob - {SECRET} 0 12345", "sixth"),
    "no time": (2, f"HOTP/T30 bob - {SECRET} 0 123456", "seventh"),
    "bad time": (2, f"HOTP/T30 bob - {SECRET} 0 123456 2026-13-01T00:00:00L",
                 "seventh"),
    "eight fields": (2, f"HOTP/T30 bob - {SECRET} 0 123456 "
                        "2026-01-01T00:00:00L kangaroo", "seven fields"),
    "NUL": (2, f"HOTP/T30 bob - {SECRET}\0", "NUL"),
    "long line": (2, f"HOTP/T30 bob - {SECRET}" + " " * 1024, "too long"),
    "unknown user": (3, f"HOTP/T30 zed - {SECRET}", "no user zed"),
    "the same token": (4, GOOD, "already"),
}


@pytest.mark.parametrize("args", [[], ["--dry-run"]])
@pytest.mark.parametrize("rc, line, word", BAD.values(), ids=BAD)
def test_all_or_none(host, rc, line, word, args):
    oath = Oath(host, "# a comment", GOOD, line)
    before = rows(host)
    error = failed(take(host, oath, *args), rc)
    assert error.startswith("emotp-provision: line 3: ") and word in error
    assert SECRET not in error and "kangaroo" not in error
    assert rows(host) == before


def test_nothing_in_it(host):
    failed(take(host, Oath(host, "# a comment", "")), 2)
    failed(take(host, Oath(host)), 2)


def test_who_has_eight_tokens_or_is_revoked(host):
    lines = [oath_line("alice", number=i)[0] for i in range(9)]
    before = rows(host)
    assert "line 9: alice has 8" in failed(take(host, Oath(host, *lines)), 1)
    assert rows(host) == before
    take(host, Oath(host, *lines[:8]), ok=True)
    host.provision("revoke", "alice", ok=True)
    assert "reset" in failed(take(host, Oath(host, lines[8])), 1)


def test_a_dry_run_changes_nothing(host):
    before = rows(host)
    done = take(host, Oath(host, GOOD), "--dry-run", ok=True)
    assert "1 token could be imported; nothing was changed" in done.out
    assert rows(host) == before
    line, = done.log
    assert ": 1 token was tried, by " in line


def test_one_line_in_the_log(host):
    done = take(host, Oath(host, GOOD), ok=True)
    line, = done.log
    assert re.match(r"import users.oath \S+: 1 token was imported, by ", line)
    assert GOOD.split()[3] not in line + done.out


def test_as_json_nothing_is_printed(host):
    oath = Oath(host, GOOD)
    done = host.provision("--json", "import", "users.oath", oath.path)
    assert (done.rc, done.out, done.err) == (0, "", "")


# Many.

def many(machine, count):
    """So many users, and a users.oath with a token for each."""
    machine.init()
    people = "".join(f"u{i},u{i}@example.org\n" for i in range(count))
    machine.provision("add", "-", input=people, ok=True)
    return Oath(machine, *(oath_line(f"u{i}", number=i)[0]
                           for i in range(count)))


def test_a_bar_on_a_terminal(machine):
    oath = many(machine, 5000)
    child = pexpect.spawn(
        str(PROVISION), ["import", "users.oath", str(oath.path)],
        encoding="utf-8", timeout=120, dimensions=(24, 80),
        env=machine.environment(leaks=False))
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0, child.before
    drawn = child.before.split("\r\x1b[K")
    assert any(re.match(r"Importing \[[#.]{20}\] +\d+ %  \d+ of 5000", x)
               for x in drawn), child.before
    assert "5000 tokens were imported" in drawn[-1] and "[" not in drawn[-1]


@pytest.mark.plain
def test_memory_stays_flat(machine):
    def peak(count):
        child = subprocess.Popen(
            [PROVISION, "import", "users.oath", oath.path, "--dry-run"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, env=machine.environment())
        _, status, usage = os.wait4(child.pid, 0)
        assert status == 0
        return usage.ru_maxrss

    oath = many(machine, 30000)
    large = peak(30000)
    oath.write(*oath.text.splitlines()[:3000])
    assert large < peak(3000) + 8192


@pytest.mark.plain
def test_a_file_that_changes_meanwhile_changes_nothing(machine):
    """It is read twice; between the two, what was checked is exchanged."""
    oath = many(machine, 10)
    more, _ = oath_line("u1", number=4711)
    trace = machine.dir / "trace"
    before = rows(machine)
    child = subprocess.Popen(
        ["strace", "-qq", "-o", trace, "-P", oath.path, "-e",
         "inject=lseek:delay_enter=1000000", PROVISION, "import",
         "users.oath", oath.path], stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "LC_ALL": "C.UTF-8"})
    while '"", 65536) ' not in (trace.read_text() if trace.exists() else ""):
        assert child.poll() is None, child.stderr.read()
        time.sleep(0.05)
    with open(oath.path, "a") as file:
        file.write(more + "\n")
    _, err = child.communicate(timeout=60)
    assert child.returncode == 6, err
    assert "changed while it was read" in err
    assert rows(machine) == before
