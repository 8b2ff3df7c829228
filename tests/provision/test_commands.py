"""init, add, verify, unlock; the log; and whose files they are."""

import base64
import os
import re
import shutil
import subprocess
import time

import pytest

from errors import failed, give_to_dave, rows
from sandbox import ACCOUNTS
from tools import PROVISION


def mode(path):
    return path.stat().st_mode & 0o7777


def test_init_makes_all_three(machine):
    shutil.rmtree("/etc/emotp")
    done = machine.provision("init", ok=True)
    assert "copy" in done.out and "key" in done.out
    assert mode(machine.conf_path) == 0o644
    assert mode(machine.key_path) == 0o400
    assert len(base64.b64decode(machine.key_path.read_text(),
                                validate=False)) == 32
    assert mode(machine.store_path.parent) == 0o700
    assert mode(machine.store_path) & 0o077 == 0
    assert machine.provision("--json", "list", ok=True).json == []


def test_init_may_be_repeated(machine, alice):
    kept = [machine.conf_path.read_bytes(), machine.key_path.read_bytes()]
    before = rows(machine)
    for _ in range(2):
        machine.provision("init", ok=True)
    assert kept == [machine.conf_path.read_bytes(),
                    machine.key_path.read_bytes()]
    assert rows(machine) == before
    assert machine.login("alice", alice.code(machine.now),
                         "prompts=1").accepted


def test_init_makes_only_what_is_missing(machine):
    machine.init()
    key = machine.key_path.read_bytes()
    machine.store_path.unlink()
    machine.provision("init", ok=True)
    assert machine.key_path.read_bytes() == key
    machine.provision("list", ok=True)


def test_two_keys_are_never_the_same(machine):
    machine.init()
    first = machine.key_path.read_bytes()
    machine.clear()
    machine.dir.mkdir()
    machine.provision("init", ok=True)
    assert machine.key_path.read_bytes() != first


def test_many_inits_at_once_agree(machine):
    children = [subprocess.Popen(
        [PROVISION, "init"], stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True, env=machine.environment())
        for _ in range(8)]
    machine.processes += children
    for child in children:
        child.communicate(timeout=60)
    ends = {x.returncode for x in children}
    assert ends <= {0, 4, 6, 8}
    machine.provision("init", ok=True)
    machine.add("alice")
    assert [x.name for x in machine.store_path.parent.iterdir()
            if x.name.endswith(".new")] == []


def test_add_warns_about_who_is_not_known_here(machine):
    machine.init()
    done = machine.provision("add", "stranger", "stranger@example.org")
    assert done.rc == 0
    assert done.err.startswith("emotp-provision: warning: ")
    assert "stranger" in done.err and done.err.count("\n") == 1
    assert machine.show("stranger")["state"] == "invited"
    assert machine.provision("add", "alice", "alice@example.org").err == ""


def verdict(machine, typed, user="alice"):
    """What verify says; it must leave the store as it is."""
    before = rows(machine)
    done = machine.provision("verify", user, input=typed + "\n")
    assert rows(machine) == before
    assert done.log == []
    if done.rc == 0:
        assert re.search("^accepted: ", done.out, re.M), done
        return "accepted"
    return re.search(r" refused: ([a-z-]+): ", failed(done, 1))[1]


def test_a_number_sign_begins_no_new_name(machine, alice):
    """It begins a comment for `add -`; who has such a name keeps it."""
    told = failed(machine.provision("add", "#bob", "bob@example.org"), 2)
    assert "'#'" in told
    machine.provision("add", "bo#b", "bob@example.org", ok=True)
    machine.store.execute(
        "UPDATE users SET name = '#alice', name_key = '#alice'"
        " WHERE name = 'alice'")
    path = machine.dir / "users.oath"
    path.write_text(f"HOTP/T30\t#alice\t-\t{'0b' * 20}\n")
    machine.provision("import", "users.oath", path, ok=True)
    assert len(machine.show("#alice")["tokens"]) == 2
    assert machine.login("#alice", alice.code(machine.now),
                         "prompts=1").accepted
    machine.provision("reset", "#alice", ok=True)
    machine.provision("remove", "#alice", ok=True)


def test_verify_judges_and_burns_nothing(machine, alice):
    typed = alice.code(machine.now)
    for _ in range(3):
        assert verdict(machine, typed) == "accepted"
    login = machine.login("alice", typed, "prompts=1")
    assert login.accepted
    assert verdict(machine, typed) == "replayed"


def test_verify_says_what_a_login_would(machine, alice):
    for _ in range(7):
        assert verdict(machine, alice.wrong(machine.now)) == "wrong"
    assert machine.show("alice")["failures"] == 0
    assert verdict(machine, alice.code(machine.now, 5)) == "pending"
    machine.wait()
    assert verdict(machine, alice.code(machine.now, 5)) == "pending"
    assert verdict(machine, "12345") == "malformed"
    machine.login_many("alice", [alice.wrong(machine.now, i)
                                 for i in range(5)], 5, distinct=True)
    assert verdict(machine, alice.code(machine.now)) == "strict"
    machine.login_many("alice", [alice.wrong(machine.now, i)
                                 for i in range(95)], 95, distinct=True)
    assert verdict(machine, alice.code(machine.now)) == "disabled"
    machine.provision("revoke", "alice", ok=True)
    machine.provision("unlock", "alice", ok=True)
    assert verdict(machine, alice.code(machine.now)) == "revoked"
    machine.provision("reset", "alice", ok=True)
    assert verdict(machine, alice.code(machine.now)) == "not-enrolled"


def test_verify_sees_a_pair(machine, alice):
    login = machine.login("alice", alice.code(machine.now, 5), "prompts=1")
    assert login.refused_as == ["pending"]
    machine.wait()
    assert verdict(machine, alice.code(machine.now, 5)) == "accepted"
    assert machine.login("alice", alice.code(machine.now, 5),
                         "prompts=1").accepted


def test_unlock_clears_failures_but_no_used_code(machine, alice):
    typed = alice.code(machine.now)
    assert machine.login("alice", typed, "prompts=1").accepted
    machine.login_many("alice", [alice.wrong(machine.now, i)
                                 for i in range(5)], 5, distinct=True)
    machine.provision("unlock", "alice", ok=True)
    shown = machine.show("alice")
    assert (shown["failures"], shown["failures_24h"]) == (0, 0)
    assert machine.login("alice", typed, "prompts=1").refused_as == [
        "replayed"]
    machine.wait()
    assert machine.login("alice", alice.code(machine.now),
                         "prompts=1").accepted


CHANGING = [["init"], ["add", "bob", "bob@example.org"],
            ["set", "alice", "--email", "new@example.org"],
            ["invite", "alice"], ["register", "alice"], ["enroll", "alice"],
            ["unlock", "alice"], ["revoke", "alice", "1"],
            ["reset", "alice"], ["remove", "alice"], ["flush"]]


@pytest.mark.parametrize("args", CHANGING, ids=" ".join)
def test_one_line_in_the_log_with_the_caller(machine, alice, args):
    machine.conf_path.chmod(0o644)
    done = machine.provision(*args, input="ABCDE-FGHJK\n",
                             env={"SUDO_USER": "carol"})
    assert done.rc == (1 if args[0] in ("register", "enroll") else 0), done
    line, = done.log
    assert line.facility == "authpriv"
    assert line.ident.startswith("emotp-provision")
    assert line.startswith(args[0]) and "carol" in line
    for word in args[1:2]:
        assert word in line
    assert alice.secret not in line and "ABCDE" not in line


def test_a_registration_is_logged_with_its_number(machine):
    machine.add("alice")
    code = machine.invite("alice")
    done = machine.provision("--json", "register", "alice",
                             input=code + "\n", env={"SUDO_USER": "carol"})
    line, = done.log
    assert "alice" in line and "token 1" in line and "carol" in line
    assert code not in line and done.json["secret"] not in line


@pytest.mark.parametrize("args,rc", [
    (["add", "alice", "x@example.org"], 4), (["revoke", "bob"], 3)])
def test_failures_are_logged_too(machine, alice, args, rc):
    done = machine.provision(*args, env={"SUDO_USER": "carol"})
    failed(done, rc)
    line, = done.log
    assert "carol" in line and "done" not in line


@pytest.mark.parametrize("args", [["list"], ["show", "alice"],
                                  ["verify", "alice"]], ids=" ".join)
def test_looking_is_not_logged(machine, alice, args):
    assert machine.provision(*args, input="000000\n").log == []


def test_sudo_user_cannot_forge_a_line(machine):
    machine.init()
    done = machine.provision("add", "alice", "alice@example.org", ok=True,
                             env={"SUDO_USER": "x\nforged by root \x1b[0m"})
    line, = done.log
    assert "\n" not in line and "\x1b" not in line


def test_only_root_is_believed_about_sudo(machine):
    machine.init()
    give_to_dave(machine, machine.key_path)
    done = machine.provision("add", "alice", "alice@example.org", ok=True,
                             user="dave", env={"SUDO_USER": "carol"})
    line, = done.log
    assert "dave" in line and "carol" not in line


@pytest.fixture
def daves(machine):
    """A store that belongs to dave; configuration and key are root's."""
    machine.init()
    machine.maildir.mkdir()
    give_to_dave(machine, machine.maildir)
    return machine


@pytest.mark.sqlite
def test_files_of_anothers_store_stay_the_owners(daves):
    daves.add("alice")
    daves.register("alice", daves.invite("alice"))
    daves.provision("flush", ok=True)
    found = [*daves.store_path.parent.iterdir(),
             *(daves.maildir / "new").iterdir()]
    assert len(found) >= 3
    assert {(x.stat().st_uid, x.stat().st_gid) for x in found} == {
        (ACCOUNTS["dave"], ACCOUNTS["dave"])}


@pytest.mark.sqlite
def test_root_becomes_the_owner_of_the_store(daves):
    daves.add("alice")
    child = subprocess.Popen([PROVISION, "verify", "alice"],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             env=daves.environment())
    daves.processes.append(child)
    want = {"Uid": [str(ACCOUNTS["dave"])] * 4,
            "Gid": [str(ACCOUNTS["dave"])] * 4}
    end = time.monotonic() + 20
    seen = {}
    while time.monotonic() < end and seen != want:
        time.sleep(0.02)
        with open(f"/proc/{child.pid}/status") as status:
            lines = dict(x.rstrip("\n").split(":\t", 1) for x in status
                         if ":\t" in x)
        seen = {k: lines[k].split() for k in want}
    assert seen == want
    assert set(lines["Groups"].split()) <= {str(ACCOUNTS["dave"])}
    assert int(lines["CapEff"], 16) == int(lines["CapPrm"], 16) == 0
    child.communicate(b"\n")


def test_root_is_exempt_though_it_becomes_the_owner(daves):
    daves.add("alice")
    assert len({daves.invite("alice") for _ in range(3)}) == 3


def test_root_works_where_the_key_is_the_owners_too(daves):
    """The tool becomes the owner, whose key is then the caller's own."""
    shutil.chown(daves.key_path, "dave", "dave")
    daves.add("alice")
    assert daves.show("alice")["state"] == "invited"


def test_a_closed_standard_input(machine, alice):
    code = machine.invite("alice")
    assert code
    done = machine.run(["sh", "-c", 'exec "$0" "$@" <&-', PROVISION,
                        "register", "alice"], leaks=False)
    failed(done, 1)


def test_no_core_file_and_no_leftover_descriptor(machine, alice):
    child = subprocess.Popen([PROVISION, "verify", "alice"],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             env=machine.environment())
    machine.processes.append(child)
    end = time.monotonic() + 20
    limits = ""
    while "core file size            0 " not in limits \
            and time.monotonic() < end:
        time.sleep(0.02)
        with open(f"/proc/{child.pid}/limits") as file:
            limits = file.read()
    assert re.search(r"(?i)max core file size +0 +0 ", limits), limits
    assert child.poll() is None
    child.communicate(alice.code(machine.now).encode() + b"\n")
    assert child.returncode == 0
    assert not os.path.exists("core")
