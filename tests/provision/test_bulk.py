"""add -: all users that standard input names, or none."""

import os
import re
import subprocess
import time

import pexpect
import pytest

from errors import failed, rows
from tools import PROVISION

TWO = "alice,alice@example.org\nbob,bob@example.org,pt\n"
BAR = re.compile(r"\[[#.]{20}\] +\d+ %  \d+ of \d+")


@pytest.fixture
def host(machine):
    machine.init()
    return machine


def add(machine, text, *args, **how):
    return machine.provision("add", "-", *args, input=text, **how)


def add_bytes(machine, data, *args):
    """The same for what is no text; from a file, not a pipe."""
    path = machine.dir / "input"
    path.write_bytes(data)
    return machine.run(["sh", "-c", 'exec "$0" add - "$@" <"$INPUT"',
                        PROVISION, *args], env={"INPUT": str(path)},
                       leaks=False)


def users(machine):
    """name: (address, state)."""
    done = machine.provision("--json", "list", ok=True)
    return {x["user"]: (x["email"], x["state"]) for x in done.json}


def start(machine, *args, stderr=subprocess.PIPE):
    """add - that waits for its input."""
    child = subprocess.Popen(
        [PROVISION, "add", "-", *args], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=stderr, text=True,
        env=machine.environment())
    machine.processes.append(child)
    return child


def until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    assert condition()


def reads_input(child):
    """Blocked in read(2) from descriptor 0: whatever comes before is done."""
    try:
        with open(f"/proc/{child.pid}/syscall") as file:
            return file.read().startswith("0 0x0 ")
    except ProcessLookupError:
        return False


def test_adds_all(host):
    done = add(host, TWO)
    assert (done.rc, done.err) == (0, ""), done
    assert done.out.startswith("2 users were added.")
    assert users(host) == {"alice": ("alice@example.org", "invited"),
                           "bob": ("bob@example.org", "invited")}
    assert host.show("alice")["language"] == "en"
    assert host.show("bob")["language"] == "pt"


def test_a_language_for_lines_without_one(host):
    host.conf(language="zh-Hant")
    assert add(host, TWO, "--language", "en").rc == 0
    assert add(host, "carol,carol@example.org\n").rc == 0
    assert [host.show(x)["language"] for x in ("alice", "bob", "carol")] == [
        "en", "pt", "zh-Hant"]


@pytest.mark.parametrize("data", [
    b"\n\n# people\nalice,alice@example.org\n   \n#,\n\t# bob,x\n",
    b"alice,alice@example.org\r\n\r\n",
    b"\xef\xbb\xbfalice,alice@example.org\n",
    b"\xef\xbb\xbf# Excel\r\n alice , alice@example.org , \r\n",
    b"\t alice\t,  alice@example.org  ,en ",
    b"alice,alice@example.org",
    b"# caf\xe9\nalice,alice@example.org,\n",
], ids=["blank and comments", "crlf", "mark", "mark crlf comment",
        "blanks", "no end", "comment in latin 1"])
def test_what_is_tolerated(host, data):
    done = add_bytes(host, data)
    assert (done.rc, done.err) == (0, ""), done
    assert users(host) == {"alice": ("alice@example.org", "invited")}


@pytest.mark.parametrize("line,about", [
    (b"carol", "no address"), (b"carol,", "no address"),
    (b",carol@example.org", "name"), (b"carol,carol@example.org,en,x", "three"),
    (b"carol,carol@example.org,en,", "three"),
    (b"carol,carol@example.org,xx", "language"), (b"carol,carol", "@"),
    (b"user,email", "@"), (b"-carol,carol@example.org", "'-'"),
    (b"car ol,carol@example.org", "name"),
    (b'"carol","carol@example.org"', "name"),
    (b"c" * 129 + b",carol@example.org", "128"),
    (b"carol," + b"c" * 250 + b"@example.org", "254"),
    (b"carol,carol@example.org" + b" " * 1024, "too long"),
    (b"#" * 4096, "too long"), (b"carol,carol@\0example.org", "NUL"),
    (b"c\0a\0r\0o\0l\0", "NUL"), (b"car\xf6l,carol@example.org", "UTF-8"),
    (b"carol,carol@example.org\xff", "UTF-8"),
    (b"carol,\x1b[0mcarol@example.org", "control"),
    ("caröl,carol@example.org".encode(), "ASCII"),
    (b"carol,carol@example.org\rdave,dave@example.org", "control"),
    (b"\xef\xbb\xbfcarol,carol@example.org", "name"),
], ids=str)
@pytest.mark.parametrize("end", [b"\n", b""], ids=["", "last"])
def test_2_a_line_that_will_not_do(host, line, about, end):
    """Nothing is added, not even what stands before it."""
    before = rows(host)
    done = add_bytes(host, TWO.encode() + b"\n" + line + end)
    told = failed(done, 2)
    assert told.startswith("emotp-provision: line 4: ") and about in told
    assert done.out == "" and rows(host) == before


@pytest.mark.parametrize("text", ["", "\n\n", "# nobody\n", "\ufeff"])
def test_2_nothing_to_add(host, text):
    assert "nothing to add" in failed(add(host, text), 2)


@pytest.mark.parametrize("args", [
    ["add", "-", "x@example.org"], ["add", "-", "--language"],
    ["add", "-", "--language", "xx"], ["add", "-", "--label", "x"],
    ["add", "--dry-run"], ["add", "carol", "-", "--dry-run"],
    ["add", "carol", "carol@example.org", "--dry-run"],
    ["add", "carol", "-"], ["add", "-", "--dry-run=x"],
    ["set", "-", "--language", "en", "--dry-run"], ["add", "-", "-"],
], ids=" ".join)
def test_2_usage(host, args):
    before = rows(host)
    failed(host.provision(*args, input=TWO), 2)
    assert rows(host) == before


@pytest.mark.parametrize("last,told", [
    ("carol,x@example.org", "line 3: the user carol "),
    ("CAROL,x@example.org", "line 3: the user CAROL "),
    ("dave,carol@example.org", "line 3: the address carol@example.org "),
    ("dave,Carol@EXAMPLE.org", "line 3: the address Carol@EXAMPLE.org ")])
@pytest.mark.parametrize("dry", [[], ["--dry-run"]], ids=["", "dry"])
def test_4_who_is_there_already(host, last, told, dry):
    host.add("carol")
    before = rows(host)
    line = failed(add(host, TWO + last, *dry), 4)
    assert told in line and "exists already" in line
    assert rows(host) == before


@pytest.mark.parametrize("last,told", [
    ("alice,x@example.org", "the user alice is on line 1"),
    ("Bob,x@example.org", "the user Bob is on line 2"),
    ("carol,BOB@example.org", "the address BOB@example.org is on line 2")])
@pytest.mark.parametrize("dry", [[], ["--dry-run"]], ids=["", "dry"])
def test_4_twice_in_the_input(host, last, told, dry):
    before = rows(host)
    line = failed(add(host, TWO + "\n#\n" + last + "\n", *dry), 4)
    assert f"line 5: {told} already" in line
    assert rows(host) == before


def test_takes_over_what_a_removed_user_left(machine, alice):
    machine.login("alice", alice.wrong(machine.now), "prompts=1")
    machine.provision("remove", "alice", ok=True)
    assert add(machine, TWO).rc == 0
    shown = machine.show("alice")
    assert (shown["state"], shown["tokens"], shown["failures"]) == (
        "invited", [], 1)
    machine.provision("remove", "alice", ok=True)
    before = rows(machine)
    failed(add(machine, "alice,a@example.org\nALICE,b@example.org\n"), 4)
    assert rows(machine) == before


def test_a_dry_run_keeps_nothing(machine, alice):
    machine.provision("remove", "alice", ok=True)
    before = rows(machine)
    done = add(machine, TWO, "--dry-run")
    assert (done.rc, done.err) == (0, ""), done
    assert done.out.startswith("2 users could be added")
    assert rows(machine) == before
    assert add(machine, TWO).out.startswith("2 users were added")


def test_one_warning_for_all_strangers(host):
    text = "".join(f"s{i},s{i}@example.org\n" for i in range(1, 6)) + TWO
    done = add(host, text)
    assert done.rc == 0 and len(users(host)) == 7
    assert done.err == ("emotp-provision: warning: this host knows no account"
                        " for 5 of them: s1, s2, s3, ...\n")
    done = add(host, "t1,t1@example.org\n")
    assert done.err.endswith(" 1 of them: t1\n")


def test_a_great_many(host):
    """Only so many are asked of NSS, which may be a network."""
    text = "".join(f"u{i},u{i}@example.org\n" for i in range(12000))
    done = add(host, text, "--dry-run")
    assert done.rc == 0
    assert " 10000 of the first 10000: u0, u1, u2, ..." in done.err
    assert "first 10000" in done.out and "12000 users" in done.out


def test_one_line_in_the_log(host):
    done = add(host, TWO, env={"SUDO_USER": "carol"})
    line, = done.log
    assert line.startswith("add -: 2 users were added, by ")
    assert "carol" in line and line.facility == "authpriv"
    line, = add(host, "eve,eve@example.org", "--dry-run").log
    assert line.startswith("add - --dry-run: 1 user was tried, by ")
    line, = add(host, TWO).log
    assert line.startswith("add -: exists already, by ")


def test_as_json_nothing_is_printed(host):
    done = host.provision("--json", "add", "-", input=TWO)
    assert (done.rc, done.out, done.err) == (0, "", "")


def test_standard_input_that_cannot_be_read(host):
    for how in ("<&-", "</"):
        done = host.run(["sh", "-c", f'exec "$0" add - {how}', PROVISION],
                        leaks=False)
        failed(done, 2 if how == "<&-" else 6)


def test_logins_go_on_while_it_waits_for_input(machine, alice):
    child = start(machine)
    child.stdin.write("bob,bob@example.org\n")
    child.stdin.flush()
    until(lambda: reads_input(child))
    begun = time.monotonic()
    assert machine.login("alice", alice.code(machine.now),
                         "prompts=1").accepted
    assert time.monotonic() - begun < 4
    machine.add("carol")
    assert "bob" not in users(machine)
    out, err = child.communicate("dave,dave@example.org\n", timeout=30)
    assert (child.returncode, err) == (0, "")
    assert set(users(machine)) == {"alice", "bob", "carol", "dave"}


@pytest.mark.sqlite
def test_what_is_read_has_no_name(host):
    """Addresses of thousands lie in no file that stays."""
    child = start(host)
    child.stdin.write(TWO * 1000)
    child.stdin.flush()
    until(lambda: reads_input(child))
    folder = f"/proc/{child.pid}/fd"
    open_files = [os.readlink(f"{folder}/{x}") for x in os.listdir(folder)]
    beside = str(host.store_path.parent)
    spool, = [x for x in open_files if x.startswith(beside)
              and x.endswith(" (deleted)")]
    assert not os.path.exists(spool.removesuffix(" (deleted)"))
    assert {x.name for x in host.store_path.parent.iterdir()} <= {
        "emotp.db", "emotp.db-wal", "emotp.db-shm"}


def test_leaving_while_it_reads_changes_nothing(host, terminal):
    before = rows(host)
    session = terminal("add", "-")
    session.expect("Ctrl-D.")
    session.type("alice,alice@example.org")
    session.child.sendintr()
    session.child.expect(pexpect.EOF)
    session.child.close()
    assert session.child.signalstatus == 2
    assert rows(host) == before


def test_typed_at_a_terminal(host, terminal):
    session = terminal("add", "-")
    session.expect("Ctrl-D.")
    session.type("alice,alice@example.org")
    session.child.sendeof()
    assert session.end() == 0, session.screen
    assert "1 user was added" in session.screen
    assert set(users(host)) == {"alice"}


def on_terminal(machine, command):
    """What a shell command, its stderr a terminal, writes to that."""
    child = pexpect.spawn("sh", ["-c", command], encoding="utf-8", timeout=60,
                          dimensions=(24, 80), env=machine.environment(
                              leaks=False))
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0, child.before
    return child.before


def test_a_bar_on_a_terminal(host):
    lines = host.dir / "lines"
    lines.write_text("".join(f"u{i},u{i}@example.org\n"
                             for i in range(30000)))
    shown = on_terminal(host, f"(cat {lines}; sleep 0.3; echo '#') |"
                              f" {PROVISION} add -")
    drawn = shown.split("\r\x1b[K")
    assert any(x.startswith("Reading ... ") for x in drawn), shown
    bars = [x for x in drawn if x.startswith("Adding [")]
    assert all(BAR.search(x) and "of 30000" in x for x in bars)
    assert "  0 of 30000" in bars[0] and "30000 of 30000" in bars[-1], shown
    assert max(len(x.rstrip("\r\n")) for x in bars) < 80
    assert "30000 users were added" in drawn[-1]
    assert not BAR.search(drawn[-1]), "erased at the end"


def test_no_bar_in_a_pipe_or_with_json(host):
    assert add(host, TWO).err == ""
    shown = on_terminal(host, "echo carol,carol@example.org |"
                              f" {PROVISION} --json add -")
    assert shown == ""


def test_an_error_stands_on_a_line_of_its_own(host):
    shown = on_terminal(host, f"echo x | {PROVISION} add - || true")
    assert shown.split("\r\x1b[K")[-1].startswith("emotp-provision: line 1")


@pytest.mark.plain
def test_memory_stays_flat(host):
    """Ten times the users, and no more memory than a page cache takes."""
    def peak(count):
        text = "".join(f"m{count}-{i},m{count}-{i}@example.org\n"
                       for i in range(count))
        (host.dir / "lines").write_text(text)
        child = subprocess.Popen(
            [PROVISION, "add", "-", "--dry-run"],
            stdin=open(host.dir / "lines"), stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, env=host.environment())
        _, status, usage = os.wait4(child.pid, 0)
        assert status == 0
        return usage.ru_maxrss

    assert peak(100000) < peak(10000) + 8192
