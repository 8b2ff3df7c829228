"""Help and errors: one style for every command, seen from outside."""

import base64
import re
import subprocess

import pytest

from errors import failed
from tools import PROVISION

# What every release has had to offer, so that none goes missing.
PROMISED = """init add set remove enroll enrol invite register list show why
    revoke reset unlock recovery-codes verify import export flush host
    copy""".split()

# Words that are enough for a command, and as many as it takes.
WORDS = {"init": [], "list": [], "flush": [], "export": ["alice"],
         "add": ["alice", "alice@example.org"], "revoke": ["alice", "1"],
         "import": ["google-authenticator", "/none", "alice"],
         "host": ["remove", "web1"], "copy": ["sqlite:/a", "sqlite:/b"]}


def told():
    """{command: (its synopsis, its line of help)}, by --help itself."""
    text = subprocess.run([PROVISION, "--help"], capture_output=True,
                          text=True, check=True).stdout
    found = {}
    for synopsis, line in re.findall(r"^  (\S.*)\n {6}(.*)$", text, re.M):
        name, _, arguments = synopsis.partition(" ")
        found[name] = arguments, line
        for alias in re.findall(r"; also: (\S+)$", line):
            found[alias] = arguments, line
    return found


TOLD = told() if PROVISION.exists() else {}
COMMANDS = sorted({*TOLD, *PROMISED})
every = pytest.mark.parametrize("command", COMMANDS)


def words(command):
    return WORDS.get(command, ["alice"])


def in_style(line, rc):
    """One line, the prefix, a remedy behind what is wrong, no more."""
    text = line.removeprefix("emotp-provision: ").removesuffix("\n")
    assert text.isprintable() and text == text.strip(), line
    assert not text.startswith(("error", "Error", "emotp", "warning")), line
    assert not re.search(r"[.;:,]$|;;|::|\(null\)|%\w|  ", text), line
    if rc == 2:
        assert "; usage: emotp-provision " in line or "--help" in line, line


def test_the_commands_are_those_that_are_promised():
    assert set(TOLD) == set(PROMISED)


def test_help_of_all(machine):
    done = machine.provision("--help", ok=True)
    first, remote, second, blank, *rest = done.out.splitlines()
    assert first == ("usage: emotp-provision [--config FILE] [--json] "
                     "COMMAND ...")
    assert remote == ("       emotp-provision --server URL [--ca FILE] "
                      "[--json] enroll EMAIL")
    assert second == "       emotp-provision --help | --version"
    assert blank == "" and done.err == ""
    assert rest[-2] == "" and rest[-1].endswith("See emotp-provision(8).")
    for synopsis, line in zip(rest[:-2:2], rest[1:-2:2]):
        assert re.fullmatch(r"  [a-z][\w-]*( \S.*)?", synopsis), synopsis
        assert re.fullmatch(r" {6}[a-z].*[^.]", line), line


@pytest.mark.parametrize("args", [["--help"], ["-h"], ["--json", "--help"],
                                  ["--help", "list"], ["--help", "--json"]],
                         ids=" ".join)
def test_help_needs_nothing_and_changes_nothing(machine, args):
    machine.conf_path.unlink()
    done = machine.provision(*args, user="bob", ok=True)
    assert done.out == machine.provision("--help", ok=True).out
    assert not machine.conf_path.exists() and done.log == []


@every
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_of_each(machine, command, option):
    """The same two lines as in the help of all, wherever it stands."""
    arguments, line = TOLD[command]
    for args in ([option], [*words(command), option], [option, "x", "y"]):
        done = machine.provision(command, *args, user="bob", ok=True)
        assert done.err == "" and done.log == []
        usage, _, said = done.out.removesuffix("\n").rpartition("\n")
        name = "enroll" if command == "enrol" else command
        assert re.sub(r"\s+", " ", usage) == (
            "usage: emotp-provision [--config FILE] [--json] "
            f"{name} {arguments}").rstrip()
        assert said == f"    {line}"


@pytest.mark.parametrize("args", [["--version"], ["--json", "--version"]],
                         ids=" ".join)
def test_version(machine, args):
    done = machine.provision(*args, user="bob", ok=True)
    assert re.fullmatch(r"emotp-provision \d+\.\d+\.\d+\n", done.out)
    assert done.err == ""


@every
@pytest.mark.parametrize("option", ["--nonsense", "--nonsense=x", "-x"])
def test_an_unknown_option_is_refused(machine, command, option):
    for args in ([option], [*words(command), option]):
        done = machine.provision(command, *args)
        line = failed(done, 2)
        in_style(line, 2)
        assert line.startswith(
            f"emotp-provision: {option.partition('=')[0]}: no such option")
        assert f"{'enroll' if command == 'enrol' else command}" in line
        assert done.out == "" and done.log == []
    assert not machine.store.exists()


@every
def test_a_surplus_argument_is_refused(machine, command):
    done = machine.provision(command, *words(command), "surplus")
    line = failed(done, 2)
    in_style(line, 2)
    assert ": too many arguments; usage: " in line and done.out == ""
    assert not machine.store.exists()


@every
def test_an_option_of_another_command_is_refused(machine, command):
    """Each takes those that its synopsis names, and no other."""
    for option in ("--email", "--language", "--label", "--all", "--dry-run"):
        done = machine.provision(command, *words(command), option)
        refused = f"{option}: no such option here" in done.err
        assert refused == (option not in TOLD[command][0]), done


@pytest.mark.parametrize("command", sorted(
    set(COMMANDS) - {"init", "list", "flush", "export"}))
def test_too_little_is_refused(machine, command):
    line = failed(machine.provision(command), 2)
    in_style(line, 2)
    assert ": an argument is missing; usage: " in line


@pytest.mark.parametrize("typed,meant", [
    ("shw", "show"), ("shows", "show"), ("shew", "show"), ("ad", "add"),
    ("recovery_codes", "recovery-codes"), ("import1", "import")])
def test_a_slip_of_the_finger_is_told(machine, typed, meant):
    line = failed(machine.provision(typed, "alice"), 2)
    in_style(line, 2)
    assert f"{typed}: no such command, but there is {meant};" in line


@pytest.mark.parametrize("typed", ["", "nonsense", "help", "sohw", "sh", "-",
                                   "SHOW", "x" * 5000, "a\nb"])
def test_an_unknown_command(machine, typed):
    line = failed(machine.provision(typed), 2)
    assert "no such command; usage: " in line and len(line) < 250
    assert line.endswith("; --help lists the commands\n")


def test_no_command(machine):
    for args in ([], ["--json"], ["--"]):
        line = failed(machine.provision(*args), 2)
        in_style(line, 2)
        assert line == ("emotp-provision: a command is missing; usage: "
                        "emotp-provision [--config FILE] [--json] COMMAND "
                        "...; --help lists the commands\n")


# One failure for each exit code: how to bring it about, and what its line
# tells the administrator to do.

def wrong_code(machine):
    return ["register", "alice"], {"input": "ZZZZZ-ZZZZZ\n"}


def bad_name(machine):
    return ["add", "a b", "a@example.org"], {}


def no_user(machine):
    return ["show", "nobody-else"], {}


def exists(machine):
    return ["add", "alice", "new@example.org"], {}


def not_root(machine):
    return ["list"], {"user": "bob"}


def no_store(machine):
    machine.store.empty()
    return ["list"], {}


def no_mail(machine):
    machine.conf(mail=f"maildir:{machine.dir}/no/such")
    return ["invite", "alice"], {}


def other_key(machine):
    machine.key_path.unlink()
    machine.key_path.write_bytes(base64.b64encode(bytes(32)) + b"\n")
    machine.key_path.chmod(0o400)
    return ["list"], {}


def bad_setting(machine):
    machine.conf(skew="x")
    return ["list"], {}


FAILURES = [(1, wrong_code, r"invite"), (2, bad_name, r"printable ASCII"),
            (3, no_user, r"emotp-provision list"),
            (4, exists, r"emotp-provision \w+"), (5, not_root, r"root|sudo"),
            (6, no_store, r"emotp-provision init"),
            (7, no_mail, r"check the mail settings"),
            (8, other_key, r"put your copy of the key back"),
            (8, bad_setting, r"see emotp\.conf\(5\)")]


@pytest.mark.parametrize("rc,failure,remedy", FAILURES,
                         ids=[f"{x[0]} {x[1].__name__}" for x in FAILURES])
@pytest.mark.parametrize("json", [[], ["--json"]], ids=["", "json"])
def test_a_failure_says_what_to_do(machine, rc, failure, remedy, json):
    machine.add("alice")
    args, how = failure(machine)
    done = machine.provision(*json, *args, **how)
    line = failed(done, rc)
    in_style(line, 0)
    assert re.search(remedy, line), line
    assert done.out == ""
