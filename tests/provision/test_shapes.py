"""What --json prints, exactly; --help and --version."""

import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest

from errors import GOOGLE, OATH, write_imports

COMMANDS = ("init add set remove enroll invite register list show why revoke"
            " reset unlock recovery-codes verify import export host"
            " copy flush").split()


def object_of(done):
    """The only thing on standard output, on one line."""
    assert (done.rc, done.err) == (0, ""), done
    assert done.out.endswith("\n") and done.out.count("\n") == 1, done
    return json.loads(done.out)


def types(value):
    return {k: type(v) for k, v in value.items()}


USER = {"user": str, "email": str, "language": str, "state": str,
        "disabled": bool, "failures": int, "failures_24h": int,
        "last_login": int, "last_refusal": int, "tokens": list}
TOKEN = {"number": int, "label": str, "algorithm": str, "digits": int,
         "period": int, "confirmed": bool, "drift": int, "created": int,
         "last_used": int}


def test_list(machine, alice):
    machine.add("bob")
    done = machine.provision("--json", "list", ok=True)
    assert done.err == "" and done.json == [
        {"user": "alice", "email": "alice@example.org", "state": "active",
         "disabled": False, "tokens": 1},
        {"user": "bob", "email": "bob@example.org", "state": "invited",
         "disabled": False, "tokens": 0}]
    assert type(done.json[0]["tokens"]) is int


def test_list_of_nobody(machine):
    machine.init()
    assert machine.provision("--json", "list", ok=True).json == []


def test_show(machine, alice):
    machine.login("alice", alice.wrong(machine.now), "prompts=1")
    shown = object_of(machine.provision("--json", "show", "alice"))
    assert types(shown) == USER
    assert types(shown["tokens"][0]) == TOKEN
    assert {k: v for k, v in shown.items() if k != "tokens"} == {
        "user": "alice", "email": "alice@example.org", "language": "en",
        "state": "active", "disabled": False, "failures": 1,
        "failures_24h": 1, "last_login": machine.now - 300,
        "last_refusal": machine.now}
    assert shown["tokens"] == [
        {"number": 1, "label": "", "algorithm": "SHA1", "digits": 6,
         "period": 60, "confirmed": True, "drift": 0,
         "created": machine.now - 600, "last_used": machine.now - 300}]


def test_show_of_who_did_nothing_yet(machine):
    machine.add("alice")
    shown = object_of(machine.provision("--json", "show", "alice"))
    assert set(shown) == set(USER)
    assert shown["tokens"] == []
    assert (shown["last_login"], shown["last_refusal"]) == (None, None)


def test_why(machine, alice):
    machine.login("alice", alice.wrong(machine.now), "prompts=1")
    told = object_of(machine.provision("--json", "why", "alice"))
    assert types(told) == {"user": str, "attempts": list}
    assert told["user"] == "alice"
    accepted, wrong = told["attempts"]
    assert types(accepted) == {"time": int, "verdict": str, "recovery": bool,
                               "token": int, "clock": int, "text": str}
    assert set(wrong) == set(accepted) and wrong["token"] is None
    assert [(x["time"], x["verdict"]) for x in (accepted, wrong)] == [
        (machine.now - 300, "accepted"), (machine.now, "wrong")]


def test_why_of_who_did_nothing_yet(machine):
    machine.add("alice")
    assert object_of(machine.provision("--json", "why", "alice")) == {
        "user": "alice", "attempts": []}


def test_recovery_codes(machine, alice):
    told = object_of(machine.provision("--json", "recovery-codes", "alice"))
    assert types(told) == {"user": str, "codes": list}
    assert told["user"] == "alice" and len(set(told["codes"])) == 10
    for code in told["codes"]:
        assert re.fullmatch("[0-9A-Z]{5}-[0-9A-Z]{5}", code)


def test_export(machine, alice):
    token, = machine.provision("--json", "export", "alice", ok=True).json
    assert types(token) == {"user": str, "number": int, "label": str,
                            "uri": str}
    assert (token["user"], token["number"], token["label"]) == ("alice", 1, "")
    assert f"secret={alice.secret}&" in token["uri"]


def test_register(machine):
    machine.add("alice")
    done = machine.register("alice", machine.invite("alice"))
    answer = object_of(done)
    assert types(answer) == {
        "id": str, "account": str, "issuer": str, "secret": str,
        "algorithm": str, "digits": int, "period": int, "time": int,
        "uri": str}
    assert re.fullmatch("[0-9a-f]{32}", answer["id"])
    assert (answer["account"], answer["issuer"]) == ("alice", "Example")
    assert (answer["algorithm"], answer["digits"], answer["period"],
            answer["time"]) == ("SHA1", 6, 60, machine.now)
    assert re.fullmatch("[A-Z2-7]{32}", answer["secret"])
    parts = urlsplit(answer["uri"])
    assert (parts.scheme, parts.netloc, parts.path) == (
        "otpauth", "totp", "/Example:alice")
    assert parse_qs(parts.query) == {
        "secret": [answer["secret"]], "issuer": ["Example"],
        "algorithm": ["SHA1"], "digits": ["6"], "period": ["60"]}


def test_register_for_people_prints_the_uri(machine):
    machine.add("alice")
    code = machine.invite("alice")
    done = machine.provision("register", "alice", input=code + "\n", ok=True)
    assert re.search(r"^otpauth://totp/Example:alice\?secret=\w{32}&issuer="
                     r"Example&algorithm=SHA1&digits=6&period=60$", done.out,
                     re.M)


@pytest.mark.parametrize("args", [
    ["add", "bob", "bob@example.org"], ["set", "alice", "--language", "pt"],
    ["invite", "alice"], ["unlock", "alice"], ["reset", "alice"],
    ["revoke", "alice"], ["remove", "alice"], ["init"],
    ["import", "google-authenticator", str(GOOGLE), "alice"],
    ["import", "users.oath", str(OATH)]], ids=" ".join)
def test_other_commands_print_nothing(machine, alice, args):
    write_imports()
    done = machine.provision("--json", *args)
    assert (done.rc, done.out, done.err) == (0, "", ""), done


def test_help(machine):
    done = machine.provision("--help", ok=True)
    assert done.err == ""
    for command in COMMANDS:
        assert re.search(rf"^ +{command}\b", done.out, re.M), command


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command(machine, command):
    done = machine.provision(command, "--help", ok=True)
    assert done.err == "" and done.out.startswith("usage: emotp-provision ")
    assert command in done.out and not machine.key_path.exists()


def test_version(machine):
    done = machine.provision("--version", ok=True)
    assert done.err == ""
    assert re.fullmatch(r"emotp-provision \d+(\.\d+)+\S*\n", done.out)
