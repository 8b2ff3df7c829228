"""Tab in bash and in zsh: what is offered, and that names are only data."""

import pytest

import completing
from completing import BASH, ZSH, complete
from tools import TOP

COMMANDS = set("""init add set remove enroll enrol invite register list show
    why revoke reset unlock recovery-codes verify import export
    flush host copy""".split())
OF_A_USER = sorted(COMMANDS - {"init", "add", "list", "flush", "import",
                                "host", "copy"})

# Each would leave a file "pwned" if a shell ever took it for more than text.
HOSTILE = ["$(touch${IFS}pwned)", "`touch${IFS}pwned`", "x;touch${IFS}pwned;",
           "a*", "~root", "${HOME}", "a@b", "a|touch&",
           "<pwned", ">pwned", "a=b", "[a]", "{a}", "!!", "a#", "a?",
           r"CORP\x", r"\$(touch${IFS}pwned)"]


@pytest.fixture
def users(machine):
    for name in ("alice", "alan", "bob"):
        machine.add(name)
    return machine


@pytest.fixture
def hostile(machine):
    machine.init()
    machine.provision("add", "-", ok=True, input="".join(
        f"{x},u{i}@example.org\n" for i, x in enumerate(HOSTILE)))
    return machine


def test_the_commands(machine):
    assert set(complete(machine, "")) == COMMANDS
    assert complete(machine, "re") == [
        "recovery-codes", "register", "remove", "reset", "revoke"]
    assert complete(machine, "--json", "wh") == ["why"]
    assert complete(machine, "--config", "x", "wh") == ["why"]
    assert complete(machine, "--config", "=", "x", "wh") == ["why"]


def test_the_options_before_the_command(machine):
    assert complete(machine, "-") == [
        "--ca", "--config", "--help", "--json", "--server", "--version"]


def test_the_user_of_a_service_elsewhere_is_not_one_of_ours(users):
    assert "alice" in complete(users, "enroll", "")
    for words in (["--server", "https://h"], ["--server", "=", "https://h"]):
        assert complete(users, *words, "enr") == ["enrol", "enroll"]
        assert complete(users, *words, "enroll", "") == []


@pytest.mark.parametrize("command,options", [
    ("add", ["--dry-run", "--help", "--language"]), ("list", ["--help"]),
    ("set", ["--email", "--help", "--language"]),
    ("invite", ["--all", "--help"]), ("register", ["--help", "--label"]),
    ("import", ["--dry-run", "--help"]), ("nonsense", ["--help"])])
def test_the_options_of_a_command(machine, command, options):
    assert complete(machine, command, "--") == options


def test_languages(machine):
    assert complete(machine, "add", "--language", "") == [
        "en", "pt", "zh-Hant"]
    assert complete(machine, "set", "alice", "--language", "z") == ["zh-Hant"]
    assert complete(machine, "set", "--email", "") == []


@pytest.mark.parametrize("command", OF_A_USER)
def test_users_where_a_user_is_expected(users, command):
    assert complete(users, command, "") == ["alan", "alice", "bob"]
    assert complete(users, command, "al") == ["alan", "alice"]
    assert complete(users, command, "alice", "") == []


def test_users_behind_an_option(users):
    assert complete(users, "set", "--language", "pt", "b") == ["bob"]
    assert complete(users, "register", "--label", "x", "b") == ["bob"]


@pytest.mark.parametrize("command", ["init", "list", "flush", "copy",
                                     "nonsense"])
def test_nothing_where_nothing_is_expected(users, command):
    assert complete(users, command, "") == []


def test_who_is_added_is_not_there_yet(users):
    assert complete(users, "add", "") == ["-"]
    assert complete(users, "add", "alice", "") == []


def test_users_of_the_configuration_that_is_named(users):
    other = users.conf(users.dir / "other.conf",
                       store=f"sqlite:{users.dir}/other/emotp.db",
                       key_file=f"{users.dir}/other.key")
    (users.dir / "other").mkdir(mode=0o700)
    users.provision("--config", other, "init", ok=True)
    users.provision("--config", other, "add", "dave", "d@example.org",
                    ok=True)
    assert complete(users, "--config", other, "show", "") == ["dave"]
    assert complete(users, "--config", "=", other, "show", "") == ["dave"]
    assert complete(users, "--config", "/none", "show", "") == []


def test_import(users, tmp_path):
    (tmp_path / "users.oath").touch()
    assert complete(users, "import", "") == ["google-authenticator",
                                             "users.oath"]
    for kind in ("google-authenticator", "users.oath"):
        assert complete(users, "import", kind, "us", cwd=tmp_path) == [
            "users.oath"]
    assert complete(users, "import", "google-authenticator", "x", "b") == [
        "bob"]
    assert complete(users, "import", "users.oath", "x", "") == []


def test_files_after_config(machine, tmp_path):
    (tmp_path / "trial.conf").touch()
    assert complete(machine, "--config", "tr", cwd=tmp_path) == ["trial.conf"]


def test_nothing_and_no_noise_for_who_may_not_read_the_store(users):
    assert complete(users, "show", "", cwd="/", user="bob") == []
    assert complete(users, "sh", cwd="/", user="bob") == ["show"]


def test_no_wait_for_a_store_that_does_not_answer(machine):
    completing.path(machine)
    program = machine.dir / "path/emotp-provision"
    program.unlink()
    program.write_text("#!/bin/sh\nexec sleep 300\n")
    program.chmod(0o755)
    assert complete(machine, "show", "", timeout=20) == []


def test_what_is_offered_is_quoted_and_nothing_ran(hostile, tmp_path):
    offered = complete(hostile, "show", "", cwd=tmp_path)
    assert len(offered) == len(HOSTILE)
    back = hostile.run(["bash", "-c", "cd \"$0\"; printf '%s\\0' "
                        + " ".join(offered), tmp_path], leaks=False)
    assert sorted(back.out.split("\0")[:-1]) == sorted(HOSTILE)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [
    ["$(touch pwned)", ""], ["show", "$(touch pwned)"], ["a[$(touch pwned)]",
                                                         ""],
    ["--config", "$(touch pwned)", "show", ""], ["show", "`touch pwned`"],
    ["x]+$(touch pwned)", ""], ["$(touch pwned)", "--"], ["@", ""],
    ["show", "'al"], ["show", "*"]], ids=" ".join)
def test_what_is_typed_is_never_run(users, tmp_path, words):
    complete(users, *words, cwd=tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(params=["bash", "zsh"])
def shell(request, machine, tmp_path):
    machine.init()
    one = getattr(completing, request.param)(machine, tmp_path)
    yield one
    one.close()


def test_a_terminal_completes(machine, shell):
    machine.add("alice")
    assert shell.arguments("emotp-provision recov") == ["recovery-codes"]
    assert shell.arguments("emotp-provision show al") == ["show", "alice"]
    assert shell.arguments("emotp-provision set alice --lang") == [
        "set", "alice", "--language"]
    assert shell.arguments("emotp-provision add --language z") == [
        "add", "--language", "zh-Hant"]
    assert shell.arguments("emotp-provision import goo") == [
        "import", "google-authenticator"]


@pytest.mark.parametrize("name,typed", [
    ("$(touch${IFS}pwned)", ""), ("x;touch${IFS}pwned;", "x"),
    ("`touch${IFS}pwned`", ""), ("a@corp.example", "a@co"), ("a*", "a"),
    ("a=b", "a="), ("a|b", "a"), (">pwned", ""), ("~bob", ""), ("b#ob", "b"),
    (r"CORP\bob", "CO")])
def test_a_terminal_hands_on_the_name_as_it_is(machine, shell, name, typed):
    machine.add(name, "x@example.org")
    assert shell.arguments(f"emotp-provision show {typed}") == ["show", name]
    assert not (shell.folder / "pwned").exists()


def test_zsh_can_read_it(machine):
    done = machine.run(["zsh", "-n", ZSH], leaks=False)
    assert (done.rc, done.err) == (0, ""), done


@pytest.mark.parametrize("path,old,new", [
    (BASH, "[why]=''", ""), (BASH, "[list]=''", "[list]='--all'"),
    (BASH, "--email --language", "--email"), (BASH, "zh-Hant pt", "zh-Hant"),
    (BASH, "--json --help", "--help"), (ZSH, "\t\twhy ''\n", ""),
    (ZSH, "'why:", "'wy:"), (ZSH, "who is known", "who is there"),
    (ZSH, "invite '--all'", "invite ''"), (ZSH, "en zh-Hant", "en")])
def test_a_file_that_drifts_is_found(machine, tmp_path, path, old, new):
    """By the house's own check, on a copy of what it reads."""
    check = TOP / "tests/style/completions"
    for one in (check, BASH, ZSH, TOP / "provision/main.c",
                TOP / "provision/options.c", TOP / "common/config.c"):
        copy = tmp_path / one.relative_to(TOP)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(one.read_text())
    check = ["/usr/bin/python3", tmp_path / check.relative_to(TOP)]
    done = machine.run(check, leaks=False)
    assert (done.rc, done.out) == (0, ""), done
    copy = tmp_path / path.relative_to(TOP)
    assert old in copy.read_text()
    copy.write_text(copy.read_text().replace(old, new, 1))
    done = machine.run(check, leaks=False)
    assert done.rc == 1 and str(path.relative_to(TOP)) in done.out, done
