"""The module under valgrind: uninitialised memory, which ASan cannot see."""

import re

import pytest

VALGRIND = ["valgrind", "--quiet", "--error-exitcode=99", "--leak-check=full",
            "--show-leak-kinds=definite,indirect", "--track-fds=no",
            "--errors-for-leak-kinds=definite,indirect", "--num-callers=30",
            "--keep-debuginfo=yes"]

pytestmark = pytest.mark.plain


def under_valgrind(machine, user, answers, args="", **how):
    log = machine.dir / "valgrind"
    login = machine.login(user, answers, args, wrap=[
        *VALGRIND, f"--log-file={log}"], **how)
    report = log.read_text()
    assert not re.search(r"^==\d+== \S", report, re.M), report
    return login


def test_logins_of_every_kind_are_clean(machine, alice):
    code = alice.code(machine.now)
    login = under_valgrind(machine, "alice", code, "debug")
    assert login.accepted
    login = under_valgrind(machine, "alice", [
        code, alice.wrong(machine.now), "hunter2", alice.code(machine.now, 5),
        alice.code(machine.now, 6)], "prompts=5")
    assert login.accepted
    assert login.refused_as == ["replayed", "wrong", "malformed", "pending"]


@pytest.mark.sqlite
def test_refusals_without_a_decision_are_clean(machine, alice):
    assert under_valgrind(machine, "stranger", "000000",
                          "prompts=1").refused_as == ["unknown"]
    assert under_valgrind(machine, "alice", "!fail").result == "PAM_CONV_ERR"
    for path in machine.store_path.parent.iterdir():
        path.write_bytes(b"garbage" * 1000)
    login = under_valgrind(machine, "alice", "000000")
    assert login.result == "PAM_AUTHINFO_UNAVAIL"
    machine.key_path.unlink()
    assert under_valgrind(machine, "alice", "0").result == "PAM_SERVICE_ERR"
    machine.conf(nonsense=1)
    assert under_valgrind(machine, "alice", "0").result == "PAM_SERVICE_ERR"


def test_nullok_and_passwords_are_clean(machine, alice):
    login = under_valgrind(machine, "carol", [], stack=[
        "auth required {module} nullok", "auth required pam_permit.so"])
    assert login.accepted
    login = under_valgrind(
        machine, "alice", "hunter2" + alice.code(machine.now), stack=[
            "auth required {module} forward_pass",
            "auth required {firstpass} show"])
    assert login.accepted
