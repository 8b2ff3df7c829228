"""export: the tokens as otpauth URIs, for another system or an app."""

import re
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from errors import failed, rows
from others import Google, Oath, oath_line
from tools import PROVISION
from totp import Token


def device(uri):
    """What an app makes of a URI: account, issuer and the Token."""
    parts = urlsplit(uri)
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    issuer, _, account = unquote(parts.path[1:]).partition(":")
    values = {k: v for k, (v,) in parse_qs(parts.query).items()}
    assert values.pop("issuer") == issuer
    return account, issuer, Token(
        values["secret"], digits=int(values["digits"]),
        period=int(values["period"]), algorithm=values["algorithm"])


@pytest.fixture
def house(machine, alice):
    """alice with a token of ours, bob with one of each other module."""
    machine.add("bob")
    machine.add("carol")
    line, _ = oath_line("bob", "HOTP/T60/8")
    machine.provision("import", "users.oath", Oath(machine, line).path,
                      ok=True)
    machine.provision("import", "google-authenticator",
                      Google(machine).path, "bob", ok=True)
    machine.wait()
    return machine


def test_the_exported_token_logs_in(house, alice):
    uri, = house.provision("export", "alice", ok=True).out.splitlines()
    account, issuer, token = device(uri)
    assert (account, issuer) == ("alice", "Example")
    assert token.secret == alice.secret
    assert house.pamtester("alice", token.code(house.now), "prompts=1")[0]


def test_everybodys_tokens_one_on_a_line(house):
    lines = house.provision("export", ok=True).out.splitlines()
    found = [device(x) for x in lines]
    assert [x[0] for x in found] == ["alice", "bob", "bob"]
    assert [(x[2].period, x[2].digits) for x in found] == [
        (60, 6), (60, 8), (30, 6)]
    assert lines[1:] == house.provision(
        "export", "bob", ok=True).out.splitlines()
    for account, _, token in found:
        assert house.pamtester(account, token.code(house.now),
                               "prompts=1")[0], account


def test_as_json(house):
    done = house.provision("--json", "export", ok=True)
    lines = house.provision("export", ok=True).out.splitlines()
    assert [x["uri"] for x in done.json] == lines
    assert [(x["user"], x["number"], x["label"]) for x in done.json] == [
        ("alice", 1, ""), ("bob", 1, "users.oath"),
        ("bob", 2, "google-authenticator")]
    assert house.provision("--json", "export", "carol", ok=True).json == []


def test_who_has_no_token_or_is_not_there(house):
    done = house.provision("export", "carol", ok=True)
    assert (done.out, done.err) == ("", "")
    for args in (["export", "nobody"], ["--json", "export", "nobody"]):
        done = house.provision(*args)
        failed(done, 3)
        assert done.out == ""
    house.provision("remove", "bob", ok=True)
    failed(house.provision("export", "bob"), 3)
    lines = house.provision("export", ok=True).out.splitlines()
    assert [device(x)[0] for x in lines] == ["alice"]


def test_it_changes_nothing_and_is_logged(house):
    before = rows(house)
    done = house.provision("export", "bob", env={"SUDO_USER": "carol"},
                           ok=True)
    assert rows(house) == before
    line, = done.log
    assert re.match(r"export bob: done, by .*carol", line)
    assert line.facility == "authpriv" and "secret=" not in line
    line, = house.provision("export", ok=True).log
    assert line.startswith("export: done, by ")


def test_odd_names_survive_the_way(machine):
    machine.conf(issuer="Caf\u00e9 & Co/50%")
    machine.add("x+y_z%20", "x@example.org")
    line, _ = oath_line("x+y_z%20")
    machine.provision("import", "users.oath", Oath(machine, line).path,
                      ok=True)
    uri, = machine.provision("export", ok=True).out.splitlines()
    assert device(uri)[:2] == ("x+y_z%20", "Caf\u00e9 & Co/50%")


def test_not_for_everybody(house):
    done = house.provision("export", user="dave")
    failed(done, 5)
    assert done.out == ""


def test_output_that_takes_no_more(house):
    for args in ("", "--json"):
        done = house.run(["sh", "-c", f'"$0" {args} export >/dev/full',
                          PROVISION], leaks=False)
        failed(done, 6)
        assert "done" not in done.log[0]


def test_a_reader_that_leaves(machine):
    """Nobody waits for, or is told of, a thousand secrets nobody reads."""
    machine.init()
    machine.provision("add", "-", ok=True, input="".join(
        f"u{i},u{i}@example.org\n" for i in range(1000)))
    oath = Oath(machine, *(oath_line(f"u{i}", number=i)[0]
                           for i in range(1000)))
    machine.provision("import", "users.oath", oath.path, ok=True)
    done = machine.run(["sh", "-c", '("$0" export; echo "rc $?" >&2) | head -1',
                        PROVISION], leaks=False)
    assert done.out.count("\n") == 1 and "rc 6\n" in done.err
    assert "done" not in done.log[0]


def test_a_sealed_secret_of_another_row_does_not_open(house):
    house.key_path.chmod(0o600)
    house.key_path.write_text("A" * 43 + "=\n")
    house.key_path.chmod(0o400)
    done = house.provision("export")
    failed(done, 8)
    assert done.out == ""
