"""What the registration tests share."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from machine import Result
from tools import PROVISION
from totp import Token

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def word(done):
    """The stable word of a registration that was refused: "expired"."""
    assert done.rc == 1 and done.out == "", done
    assert done.err.count("\n") == 1, done
    return re.match(r"emotp-provision: ([a-z-]+): ", done.err)[1]


def other(code, number=0):
    """A code of the right form that was mailed to nobody (that near)."""
    first = ALPHABET[(ALPHABET.index(code[0]) + 1 + number // 32) % 32]
    return first + ALPHABET[number % 32] + code[2:]


def try_wrong(machine, user, code, count, start=0):
    for number in range(start, start + count):
        assert word(machine.register(user, other(code, number))) == \
            "wrong-code"


def registered(done):
    assert done.rc == 0, done
    return Token(**done.json)


def second(machine, user, token, *args):
    """Registers one more token of an active user."""
    machine.wait()
    return machine.register(user, machine.invite(user), *args,
                            otp=token.code(machine.now))


def register_at_once(machine, user, inputs):
    """One process for each input, all running at the same moment."""
    children = []
    for number, text in enumerate(inputs):
        path = machine.dir / f"input-{number}"
        path.write_text(text)
        with open(path) as stdin:
            children.append(subprocess.Popen(
                [PROVISION, "--json", "register", user], stdin=stdin,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                env=machine.environment()))
    machine.processes += children
    results = []
    for child in children:
        out, err = child.communicate(timeout=120)
        results.append(Result(child.returncode, out, err, []))
    return results


def confirm(machine, user, token):
    """Logs in with a token for the first time."""
    login = machine.login(user, token.code(machine.now), "prompts=1")
    assert login.accepted, login


def guess(machine, user, token, count):
    codes = [token.wrong(machine.now, i) for i in range(count)]
    machine.login_many(user, codes, count, distinct=True)


class Office:
    def __init__(self, machine):
        self.machine = machine
        machine.init()
        machine.maildir.mkdir()
        for path in (*machine.store.files(), machine.key_path,
                     machine.maildir):
            shutil.chown(path, "dave", "dave")

    def provision(self, *args, **how):
        return self.machine.provision(*args, user="dave", **how)

    def add(self, user):
        self.provision("add", user, f"{user}@example.org", ok=True)

    def invite(self, user, at):
        return self.provision("invite", user, at=at)

    def register(self, user, code, at):
        return self.provision("--json", "register", user, at=at,
                              input=code + "\n")


def files(*places):
    """The bytes of every file below these places, by path."""
    found = {}
    for place in places:
        for folder, _, names in os.walk(place):
            for name in names:
                path = Path(folder, name)
                found[path] = path.read_bytes()
    return found
