"""The examples of PROTOCOL.md, run against the service in their order."""

import json
import re

import pytest

from tools import TOP
from totp import Token

EXAMPLE = re.compile(r"```example (\S+)\n(.*?)```", re.S)


def examples():
    """name -> (method, path, headers, body, status, answer)"""
    found = {}
    for name, text in EXAMPLE.findall((TOP / "PROTOCOL.md").read_text()):
        asked, told = text.strip().split("\n\n")
        first, *rest = asked.splitlines()
        body = rest.pop() if rest and rest[-1].startswith("{") else None
        status, answer = told.splitlines()
        found[name] = (*first.split(), dict(x.split(": ") for x in rest),
                       body, int(status), answer)
    return found


def fill(text, values):
    return re.sub(r"\$([A-Z]+)", lambda m: str(values[m[1]]), text)


def as_pattern(text):
    """An answer, with a group for each word that the service fills in."""
    seen = re.split(r'("?)\$([A-Z]+)\1', text)
    out = ""
    for i in range(0, len(seen), 3):
        out += re.escape(seen[i])
        if i + 1 < len(seen):
            quote, name = seen[i + 1:i + 3]
            out += f'{quote}(?P<{name}>[^",}}]+){quote}'
    return out


@pytest.fixture
def run(service, machine):
    values = {}

    def run(name):
        method, path, headers, body, status, answer = examples()[name]
        told = service.request(
            method, fill(path, values), body and fill(body, values),
            {k: fill(v, values) for k, v in headers.items()})
        match = re.fullmatch(as_pattern(answer), told.body.decode())
        assert told.status == status and match, told
        assert told.headers["cache-control"] == "no-store"
        values.update(match.groupdict())
        return values

    run.values = values
    return run


def test_every_example_in_its_turn(run, service, machine):
    done = []

    def step(name):
        done.append(name)
        return run(name)

    machine.add("alice")
    step("registration-code")
    service.wait_for("mail: 1 sent")
    run.values["CODE"] = machine.mails()[-1].code
    step("register")
    token = Token(run.values["SECRET"])
    run.values["PREVIOUS"] = token.code(machine.now, -1)
    run.values["TIME"] = machine.now
    step("confirm")
    step("time")
    assert run.values["TIME"] == str(machine.now)
    run.values["HOSTKEY"] = machine.provision(
        "host", "add", "web1", ok=True).out.strip()
    run.values["OTP"] = token.code(machine.now)
    step("verify")
    step("health")
    assert sorted(done) == sorted(examples())


def test_problems_have_exactly_their_three_members(service):
    told = service.post("/v1/tokens", {"email": "a@b.c"})
    assert told.headers["content-type"] == "application/problem+json"
    assert json.loads(told.body) == {"type": "about:emotp#malformed",
                                     "title": "Malformed request",
                                     "status": 400}
