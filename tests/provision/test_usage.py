"""The command line: what an error names, and how wide all of it is."""

import re

import pytest

from errors import failed
from test_shapes import COMMANDS
from totp import Token

WIDTH = 80


def width(text):
    return max(len(x.expandtabs(8)) for x in text.splitlines())


@pytest.mark.parametrize("args,names,problem", [
    (["add", "a", "b@c", "--email", "secret"], "--email", "no such"),
    (["add", "a", "b@c", "--email=secret"], "--email", "no such"),
    (["add", "a", "b@c", "--em", "secret"], "--email", "no such"),
    (["add", "a", "b@c", "--nonsense=secret"], "--nonsense", "no such"),
    (["add", "a", "b@c", "--nonsense", "secret"], "--nonsense", "no such"),
    (["--nonsense=secret", "list"], "--nonsense", "no such"),
    (["list", "-qsecret"], "-q", "no such"), (["-q", "list"], "-q", "no such"),
    (["add", "-", "--dry-run=secret"], "--dry-run", "takes no value"),
    (["--json=secret", "list"], "--json", "takes no value"),
    (["set", "a", "--email"], "--email", "needs a value"),
    (["--config"], "--config", "needs a value"),
    (["list", "--json"], "--json", "before the command"),
    (["list", "--config", "secret"], "--config", "before the command"),
    (["list", "secret"], "list", "too many"),
    (["invite", "secret", "secret"], "invite", "too many"),
    (["invite"], "invite", "missing"), (["add", "secret"], "add", "missing"),
    (["invite", "secret", "--all"], "invite", "together"),
    (["add", "-", "secret"], "add", "together"),
    (["add", "secret", "a@b", "--dry-run"], "add", "together"),
], ids=lambda x: " ".join(x) if isinstance(x, list) else None)
def test_2_says_what_is_wrong_and_never_a_value(machine, args, names, problem):
    machine.init()
    line = failed(machine.provision(*args), 2)
    assert re.match(rf"emotp-provision: {names}: [a-z ]*{problem}", line), line
    assert "; usage: emotp-provision " in line and "secret" not in line


@pytest.mark.parametrize("args", [["--help"], *([x, "--help"]
                                                for x in COMMANDS)],
                         ids=" ".join)
def test_help_fits_a_terminal(machine, args):
    assert width(machine.provision(*args, ok=True).out) <= WIDTH


def test_what_is_said_fits_a_terminal(machine):
    """At values as they are: names of eight letters, addresses of thirty."""
    said = []

    def run(*args, **how):
        said.append(machine.provision(*args, ok=True, **how).out)

    address = "carol.nunes@mail.example.org"
    run("init")
    run("add", "carol", address, "--language", "en")
    run("set", "carol", "--email", address)
    run("add", "-", "--dry-run", input="bob,bob@example.org\n")
    run("add", "-", input="bob,bob@example.org\n")
    run("invite", "--all")
    run("invite", "carol")
    code, = {x.code for x in machine.mails(to=address)[-1:]}
    token = Token(**machine.register("carol", code).json)
    at = machine.wait()
    assert machine.login("carol", token.code(at), "prompts=1").accepted
    run("invite", "carol")
    run("show", "carol")
    run("verify", "carol", input=token.code(machine.wait()) + "\n")
    run("flush")
    run("unlock", "carol")
    run("revoke", "carol")
    run("reset", "carol")
    run("list")
    run("remove", "carol")
    assert max(map(width, said)) <= WIDTH, max(said, key=width)
