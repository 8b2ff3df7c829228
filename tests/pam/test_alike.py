"""Whoever does not know the code learns nothing but that."""

import re

import pytest

from machine import DENIAL, PROMPT
from tools import LIB

CASES = {  # name: (user, the reason in the log)
    "wrong": ("alice", "wrong"),
    "replayed": ("alice", "replayed"),
    "pending": ("alice", "pending"),
    "strict": ("strict", "strict"),
    "malformed": ("alice", "malformed"),
    "disabled": ("disabled", "disabled"),
    "unknown": ("stranger", "unknown"),
    "without a token": ("invited", "not-enrolled"),
    "revoked": ("revoked", "revoked"),
    "reset": ("reset", "not-enrolled"),
    "removed": ("removed", "unknown"),
}


@pytest.fixture
def crowd(machine, tmp_path):
    """A user of every kind, and what to type in every case."""
    tokens = {x: machine.enrol_used(x) for x in (
        "alice", "strict", "disabled", "revoked", "reset", "removed")}
    machine.add("invited")
    machine.provision("revoke", "revoked", ok=True)
    machine.provision("reset", "reset", ok=True)
    machine.provision("remove", "removed", ok=True)
    for user, count in (("strict", 5), ("disabled", 100)):
        codes = [tokens[user].wrong(machine.now, i) for i in range(count)]
        machine.login_many(user, codes, count, distinct=True)
    machine.wait()
    typed = {x: tokens.get(user, tokens["alice"]).code(machine.now)
             for x, (user, _) in CASES.items()}
    typed["wrong"] = tokens["alice"].wrong(machine.now)
    typed["replayed"] = tokens["alice"].code(machine.now - 360)
    typed["pending"] = tokens["alice"].code(machine.now, 5)
    typed["malformed"] = "hunter2"
    # One login of each, so that what is made once is made.
    machine.login("alice", tokens["alice"].wrong(machine.now))
    saved = machine.store.save(tmp_path / "store")
    return typed, lambda: machine.store.load(saved)


def each(crowd, look):
    """What look(user, typed) returns in every case, on equal stores."""
    typed, restore = crowd
    seen = {}
    for name, (user, reason) in CASES.items():
        restore()
        seen[name] = look(user, typed[name], reason)
    return seen


def assert_same(seen):
    assert len(set(map(str, seen.values()))) == 1, seen


def test_prompts_texts_and_results_are_the_same(machine, crowd):
    def look(user, typed, reason):
        login = machine.login(user, [typed] * 3)
        assert login.refused_as[0] == reason, login
        return login.prompts, login.messages, login.result

    seen = each(crowd, look)
    assert_same(seen)
    assert seen["wrong"] == ([(PROMPT, False)] * 3,
                             [("error", DENIAL)] * 3, "PAM_AUTH_ERR")


@pytest.mark.sqlite
def test_the_number_of_hmacs_is_the_same(machine, crowd, tmp_path):
    def look(user, typed, reason):
        count = tmp_path / "count"
        count.unlink(missing_ok=True)
        login = machine.login(
            user, typed, "prompts=1",
            env={"EMOTP_TEST_COUNT": str(count), "LD_PRELOAD": " ".join([
                *machine.environment()["LD_PRELOAD"].split(),
                str(LIB / "countmac.so")])})
        assert login.refused_as == [reason]
        return int(count.read_text())

    seen = each(crowd, look)
    assert_same(seen)
    assert seen["wrong"] >= 21  # every step within resync


def synced(machine, tmp_path, user, typed):
    """A login, and the files that it made durable, in order."""
    trace = tmp_path / "trace"
    login = machine.login(
        user, typed, "prompts=1", leaks=False, wrap=[
            "strace", "-f", "-y", "-o", trace, "-e",
            "trace=fsync,fdatasync,sync_file_range,msync,syncfs,sync"])
    return login, re.findall(r"sync\w*\(\d+<(.*)>", trace.read_text())


@pytest.mark.sqlite
def test_the_durable_writes_are_the_same(machine, crowd, tmp_path):
    def look(user, typed, reason):
        login, files = synced(machine, tmp_path, user, typed)
        assert login.refused_as == [reason]
        return files

    seen = each(crowd, look)
    assert_same(seen)
    assert seen["wrong"].count(f"{machine.store_path}-wal") == 1, seen
    assert len(seen["wrong"]) <= 2  # the other one: what SQLite opens with


@pytest.mark.sqlite
def test_the_files_that_are_written_are_the_same(machine, crowd, tmp_path):
    """Down to the number of bytes that the log of the store grows by."""
    def look(user, typed, reason):
        folder = machine.store_path.parent

        def sizes():
            return {x.name: x.stat().st_size for x in folder.iterdir()}

        before = sizes()
        machine.login(user, typed, "prompts=1")
        return sorted(k for k, v in sizes().items()
                      if v != before.get(k) and not k.endswith("-shm"))

    assert_same(each(crowd, look))


@pytest.mark.sqlite
def test_an_acceptance_is_one_durable_write(machine, alice, tmp_path):
    machine.login("alice", alice.wrong(machine.now), "prompts=1")
    login, files = synced(machine, tmp_path, "alice", alice.code(machine.now))
    assert login.accepted
    assert files.count(f"{machine.store_path}-wal") == 1, files
    assert len(files) <= 2


@pytest.mark.sqlite
def test_the_answer_comes_after_the_sync(machine, alice, tmp_path):
    """Of an acceptance the log speaks first when it is on the disk."""
    trace = tmp_path / "trace"
    machine.login("alice", alice.code(machine.now), leaks=False, wrap=[
        "strace", "-f", "-o", trace, "-e",
        "trace=fsync,fdatasync,sendto,sendmsg,write", "-s", "200"])
    lines = trace.read_text().splitlines()
    durable = [i for i, x in enumerate(lines) if "sync(" in x]
    said = [i for i, x in enumerate(lines) if "accepted code for" in x]
    told = [i for i, x in enumerate(lines) if "PAM_SUCCESS" in x]
    assert durable and said and told
    assert durable[-1] < said[0] < told[0]


def test_a_denial_is_silent_when_the_application_wants_it(machine, alice):
    """PAM_SILENT: nothing is said, and nothing else changes."""
    login = machine.login("alice", alice.wrong(machine.now), "prompts=1",
                          options=["-q"])
    assert login.result == "PAM_AUTH_ERR"
    assert login.messages == []
    assert login.prompts == [(PROMPT, False)]


def test_an_unknown_user_leaves_no_row(machine, alice):
    before = machine.provision("--json", "list", ok=True).json
    for _ in range(3):
        machine.login("mallory", "123456")
    assert machine.provision("--json", "list", ok=True).json == before
