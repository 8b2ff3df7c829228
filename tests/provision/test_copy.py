"""copy: a grown installation goes on where it was, in another store."""

import json
import shutil
import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parents[1] / x)
                for x in ("server", "files")]

from copying import FROM, TO, copy, switch, tables, uri  # noqa: E402
from errors import failed, rows  # noqa: E402
from sandbox import tmpfs, umount  # noqa: E402
from service import Service  # noqa: E402
from test_bulk import BAR, on_terminal  # noqa: E402
from test_upgrade import downgrade  # noqa: E402
from tools import PROVISION  # noqa: E402
from totp import Token  # noqa: E402

pytestmark = pytest.mark.sqlite  # both stores are files here


class Grown:
    """Users in all states, on a machine that was in use for a while."""

    def __init__(self, machine):
        self.machine = machine
        at = machine.now
        self.alice = machine.enrol_used("alice")
        self.recovery = machine.provision(
            "--json", "recovery-codes", "alice", ok=True).json["codes"]
        assert self.login("alice", self.recovery[0]).accepted
        self.used = self.alice.code(at)
        assert self.login("alice", self.used).accepted
        # Four steps fast, which is learned; and a first code of a pair.
        self.fast = machine.enrol("fast")
        assert not self.login("fast", self.fast.code(at, 3)).accepted
        assert self.login("fast", self.fast.code(at, 4)).accepted
        self.pair = machine.enrol("pair")
        assert not self.login("pair", self.pair.code(at, 5)).accepted
        self.new = machine.enrol("new")  # unconfirmed
        machine.add("invited")
        self.code = machine.invite("invited")
        self.gone = machine.enrol("gone")
        machine.provision("remove", "gone", ok=True)
        machine.enrol("revoked")
        machine.provision("revoke", "revoked", ok=True)
        self.disabled = machine.enrol("disabled")
        wrong = [self.disabled.wrong(at, i) for i in range(100)]
        machine.login_many("disabled", wrong, 100, distinct=True)
        self.key = machine.provision(
            "host", "add", "web1", "--users", "a*", ok=True).out.strip()

    def login(self, user, typed):
        return self.machine.login(user, typed, "prompts=1")


@pytest.fixture
def grown(machine):
    return Grown(machine)


def seen(machine):
    """All that the tool tells of the store."""
    users = machine.provision("--json", "list", ok=True).json
    return users, [
        machine.provision("--json", command, user["user"], ok=True).json
        for user in users for command in ("show", "why", "export")], \
        machine.provision("--json", "host", "list", ok=True).json


def test_everything_is_there(machine, grown):
    before, told = tables(FROM), seen(machine)
    assert all(before[x] for x in before), "each table has rows"
    done = copy(machine, "--json", ok=True)
    assert done.err == "" and done.out.count("\n") == 1
    assert done.json == {x: len(before[x]) for x in (
        "users", "tokens", "codes", "recovery", "intents", "hosts")}
    assert tables(FROM) == before
    assert tables(TO) == before
    switch(machine)
    assert seen(machine) == told


def test_a_code_is_used_once_in_both_together(machine, grown):
    copy(machine, ok=True)
    switch(machine)
    assert grown.login("alice", grown.used).refused_as == ["replayed"]
    assert grown.login(
        "alice", grown.recovery[0]).refused_as == ["replayed"]
    assert grown.login("alice", grown.recovery[1]).accepted
    assert not grown.login("gone", grown.gone.code(machine.now)).accepted
    code = grown.alice.code(machine.wait())
    assert grown.login("alice", code).accepted
    assert grown.login("alice", code).refused_as == ["replayed"]


def test_what_was_learned_and_begun_goes_on(machine, grown):
    copy(machine, ok=True)
    switch(machine)
    at = machine.wait()
    assert grown.login("fast", grown.fast.code(at, 4)).accepted
    assert grown.login("pair", grown.pair.code(at, 5)).accepted
    assert grown.login("new", grown.new.code(at)).accepted
    assert grown.login(
        "disabled", grown.disabled.code(at)).refused_as == ["disabled"]
    done = machine.register("invited", grown.code)
    assert done.rc == 0
    assert grown.login("invited", Token(**done.json).code(at)).accepted


def test_a_host_may_ask_with_its_key(machine, grown):
    copy(machine, ok=True)
    switch(machine)
    service = Service(machine, store=uri(TO))
    try:
        service.set_clock(machine.wait())
        told = service.post(
            "/v1/verifications",
            {"user": "alice", "otp": grown.alice.code(machine.now),
             "nonce": "0123456789abcdef", "service": "sshd",
             "rhost": "192.0.2.7"},
            headers={"Authorization": f"Bearer {grown.key}"})
    finally:
        service.stop()
    assert told.json["verdict"] == "accepted"


def test_mails_that_wait_are_sent_from_the_new_store(machine, grown):
    copy(machine, ok=True)
    switch(machine)
    waiting = len(tables(TO)["intents"])
    assert waiting > 0
    assert machine.provision("--json", "flush", ok=True).json == {
        "sent": waiting, "kept": 0}


def test_ids_are_new_in_the_new_store(machine, grown):
    machine.provision("flush", ok=True)  # their rows are gone then
    copy(machine, ok=True)
    last = {x: int(y) for x, y in tables(FROM)["ids"]}
    assert set(last) == {"users", "codes", "intents"}
    switch(machine)
    machine.add("zoe")
    machine.invite("zoe")
    machine.provision("reset", "alice", ok=True)
    assert {x: int(y) for x, y in tables(TO)["ids"]} == {
        x: y + 1 for x, y in last.items()}
    machine.add("gone", "elsewhere@example.org")
    assert machine.register("gone", machine.invite("gone")).rc == 0
    assert [x["number"] for x in machine.show("gone")["tokens"]] == [2]


def test_a_store_that_was_only_made_is_taken(machine, alice):
    other = machine.conf(machine.dir / "other.conf", store=uri(TO))
    machine.provision("--config", other, "init", ok=True)
    copy(machine, ok=True)
    assert tables(TO) == tables(FROM)


def test_the_store_of_the_configuration_is_not_touched(machine, alice):
    shutil.copytree(FROM.parent, "/var/lib/emotp-old")
    FROM.unlink()
    machine.conf(store="sqlite:/none/emotp.db")
    copy(machine, source="/var/lib/emotp-old/emotp.db", ok=True)
    assert not FROM.exists() and TO.exists()
    shutil.rmtree("/var/lib/emotp-old")


def test_a_store_of_an_earlier_version(machine, alice):
    downgrade(machine)
    copy(machine, ok=True)
    switch(machine)
    assert machine.login("alice", alice.code(machine.now)).accepted


# ---- what is refused ----

def test_4_a_store_that_is_in_use(machine, alice):
    copy(machine, ok=True)
    machine.add("bob")
    before = tables(TO)
    assert "nothing was changed" in failed(copy(machine), 4)
    assert tables(TO) == before
    switch(machine)
    assert machine.login("alice", alice.code(machine.now)).accepted


@pytest.mark.parametrize("spelled", [
    FROM, "/var/lib/emotp/../emotp/emotp.db", "/var/lib//emotp/emotp.db",
    "/var/lib/link/emotp.db"], ids=str)
def test_2_the_same_store(machine, alice, spelled):
    Path("/var/lib/link").symlink_to("emotp")
    before = rows(machine)
    try:
        assert "the same" in failed(copy(machine, to=spelled), 2)
        assert "the same" in failed(
            copy(machine, source=spelled, to=FROM), 2)
    finally:
        Path("/var/lib/link").unlink()
    assert rows(machine) == before


@pytest.mark.parametrize("words", [
    [str(FROM), uri(TO)], [uri(FROM), str(TO)], ["sqlite:", uri(TO)],
    [uri(FROM), "sqlite:new.db"], [uri(FROM), "mysql://h/emotp"],
    [uri(FROM), uri("/" + "x" * 250)], [uri("/" + "x" * 250), uri(TO)],
], ids=lambda x: " ".join(x)[:50])
def test_2_what_is_no_store(machine, alice, words):
    failed(machine.provision("copy", *words), 2)
    assert not TO.exists()


@pytest.mark.parametrize("address", [
    "postgresql://emotp:h4nds0ff@db/emotp",
    "postgresql://emotp@db/emotp?password=h4nds0ff",
    "postgresql://emotp:h4nds0ff@/emotp"])
def test_2_a_password_is_no_argument_and_not_logged(machine, alice, address):
    for words in ([uri(FROM), address], [address, uri(TO)]):
        done = machine.provision("copy", *words)
        assert "passfile" in failed(done, 2)
        line, = done.log
        assert line.startswith("copy ") and ": not valid, by root" in line
        assert "h4nds0ff" not in line + done.err + done.out


def test_5_nobody_but_the_owner(machine, alice):
    assert "root" in failed(copy(machine, user="bob"), 5)


def test_5_two_owners(machine, alice):
    copy(machine, ok=True)
    before = tables(TO)
    for path in (TO.parent, *TO.parent.iterdir()):
        shutil.chown(path, "dave", "dave")
    line = failed(copy(machine), 5)
    assert "uid 0" in line and "uid 2004" in line
    assert tables(TO) == before


def test_the_owner_of_both_needs_no_root(machine, alice):
    TO.parent.mkdir(mode=0o700)
    for path in (FROM.parent, *FROM.parent.iterdir(), TO.parent,
                 machine.key_path):
        shutil.chown(path, "dave", "dave")
    copy(machine, ok=True)
    assert TO.stat().st_uid == 2004
    TO.unlink()
    assert "-wal: is left" in failed(copy(machine, user="dave"), 6)
    for path in TO.parent.iterdir():
        path.unlink()
    copy(machine, user="dave", ok=True)
    assert tables(TO) == tables(FROM)


def test_6_no_store(machine, alice):
    assert "no such store" in failed(
        copy(machine, source="/var/lib/none/emotp.db"), 6)
    assert not TO.exists() and not Path("/var/lib/none").exists()


def test_6_no_room(machine, alice):
    TO.parent.mkdir(mode=0o700)
    tmpfs(TO.parent, mode="700", size="96k")
    try:
        assert "full" in failed(copy(machine), 6)
        switch(machine)
        failed(machine.provision("list"), 6)
    finally:
        umount(TO.parent)


def test_8_a_key_that_is_not_theirs(machine, alice):
    shutil.move(machine.key_path, machine.dir)
    machine.provision("--config", machine.conf(
        machine.dir / "other.conf", store=uri(TO)), "init", ok=True)
    failed(copy(machine), 8)
    machine.key_path.unlink()
    shutil.move(machine.dir / "master.key", machine.key_path)
    before = tables(TO)
    failed(copy(machine), 8)
    assert tables(TO) == before


def test_8_no_configuration(machine, alice):
    machine.conf_path.unlink()
    failed(copy(machine), 8)


# ---- what is told ----

def test_says_what_is_next(machine, alice):
    machine.add("bob")
    done = copy(machine, env={"SUDO_USER": "carol"}, ok=True)
    assert done.out.startswith(
        "Copied: users 2, tokens 1, hosts 0, other rows ")
    assert f"    store = {uri(TO)}\n" in done.out
    assert "emotpd" in done.out and "old store away from logins" in done.out
    assert max(map(len, done.out.splitlines())) <= 80
    line, = done.log
    assert line == (f"copy {uri(FROM)} {uri(TO)}: done, "
                    "by root (sudo: carol)")
    assert line.facility == "authpriv"


def test_a_bar_on_a_terminal(machine, alice):
    shown = on_terminal(machine, f"{PROVISION} copy {uri(FROM)} {uri(TO)}")
    drawn = shown.split("\r\x1b[K")
    bars = [x for x in drawn if x.startswith("Copying [")]
    assert bars and all(BAR.search(x) for x in bars)
    assert drawn[-1].startswith("Copied: ")
    shutil.rmtree(TO.parent)
    assert set(json.loads(on_terminal(
        machine, f"{PROVISION} --json copy {uri(FROM)} {uri(TO)}"))) == {
        "users", "tokens", "codes", "recovery", "intents", "hosts"}
